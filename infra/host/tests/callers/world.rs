//! The database and the WebSocket endpoint with the roles of the synthesized template.

use aws_credential_types::Credentials;
use aws_sdk_apigatewaymanagement::Client as Connections;
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use host::data_dir::DataDir;
use host::database::{Database, Service};
use host::faults::Faults;
use host::gateway::{Gateway, Limits};
use host::iam::Iam;
use host::journal::{Journal, OpenConnections};
use host::lambda::{Functions, Launch};
use host::template::{Effect, Grant, Plan};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What runs, and who may do what with it.
pub struct World {
    pub plan: Plan,
    pub iam: Iam,
    pub database: String,
    pub stage: String,
    _service: Service,
    _database: Database,
    _folder: DataDir,
}

impl World {
    /// With the policies of the template.
    pub async fn start() -> Self {
        Self::changed(|_| {}).await
    }

    /// With policies that the test changes.
    pub async fn changed(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = support::template::plan();
        change(&mut plan);
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let folder = DataDir::temporary().unwrap();
        let journal = Journal::open(&folder.journal(), false).unwrap();
        let (database, service) = Database::open(
            &folder,
            &plan.tables,
            &journal,
            iam.clone(),
            Faults::default(),
            Vec::new(),
        )
        .unwrap();
        let launch = Launch {
            program: "/nonexistent".into(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            keys: BTreeMap::new(),
            max_processes: 1,
            faults: Faults::default(),
        };
        let functions = Functions::start(&plan.functions, launch).await.unwrap();
        let (api, remembered) = (plan.api.clone(), OpenConnections::new(journal));
        let gateway = Gateway::with_limits(
            api,
            functions,
            remembered,
            iam.clone(),
            Faults::default(),
            Limits::AWS,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stage = format!("http://{}/live", listener.local_addr().unwrap());
        let gateway = gateway.unwrap();
        let router = gateway.clients_router().merge(gateway.management_router());
        let serve = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, serve).await });
        let url = format!("http://{}/", service.address());
        Self {
            plan,
            iam,
            database: url,
            stage,
            _service: service,
            _database: database,
            _folder: folder,
        }
    }

    /// The keys of the function with this handler.
    pub fn keys_of(&self, handler: &str) -> Credentials {
        let (id, _) = self.plan.functions.iter().find(|(_, it)| it.handler == handler).unwrap();
        let keys = &self.iam.environments()[id];
        Credentials::new(
            &keys["AWS_ACCESS_KEY_ID"],
            &keys["AWS_SECRET_ACCESS_KEY"],
            Some(keys["AWS_SESSION_TOKEN"].clone()),
            None,
            "test",
        )
    }

    /// The name of the table whose logical id begins so.
    pub fn table(&self, prefix: &str) -> String {
        let table = self.plan.tables.iter().find(|(id, _)| id.starts_with(prefix)).unwrap();
        table.1.name.clone()
    }

    /// The logical id of the role of the function with this handler.
    pub fn role_of(&self, handler: &str) -> String {
        role_of(&self.plan, handler)
    }

    pub fn dynamodb(&self, credentials: Credentials) -> DynamoDb {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.database)
            .credentials_provider(credentials)
            .http_client(Builder::new().build_http());
        DynamoDb::from_conf(config.build())
    }

    pub fn connections(&self, credentials: Credentials) -> Connections {
        let config = aws_sdk_apigatewaymanagement::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.stage)
            .credentials_provider(credentials)
            .http_client(Builder::new().build_http());
        Connections::from_conf(config.build())
    }
}

pub fn role_of(plan: &Plan, handler: &str) -> String {
    plan.functions.values().find(|it| it.handler == handler).unwrap().role.clone()
}

/// Adds to what a function's role may do.
pub fn add(plan: &mut Plan, handler: &str, effect: Effect, action: &str, resource: &str) {
    let role = role_of(plan, handler);
    plan.roles.get_mut(&role).unwrap().grants.push(Grant {
        policy: "Added".to_owned(),
        effect,
        action: action.to_owned(),
        resource: resource.to_owned(),
    });
}

/// A developer's keys.
pub fn local() -> Credentials {
    Credentials::new("local", "local", None, None, "test")
}
