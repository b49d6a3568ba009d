//! The host's parts around a table, a pipe and a bus.

use aws_credential_types::Credentials;
use host::data_dir::DataDir;
use host::database::{Database, Service};
use host::events::LoggedEvent;
use host::faults::Faults;
use host::iam::Iam;
use host::journal::Journal;
use host::lambda::{Functions, Launch};
use host::off_the_bus::{Deliveries, Endpoints, OffTheBus};
use host::streams::{Mappings, Surroundings};
use host::template::Plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use support::signed;
use tempfile::TempDir;

pub const QUEUE: &str = "Work";
pub const DEAD: &str = "Dead";
/// How long after its first failure an invocation is made again, here.
pub const RETRY: Duration = Duration::from_millis(200);

pub struct World {
    pub plan: Plan,
    pub off_the_bus: OffTheBus,
    iam: Iam,
    served: Endpoints,
    functions: Functions,
    service: Service,
    deliveries: Option<(Mappings, Deliveries)>,
    /// Where the function writes.
    folder: Arc<TempDir>,
    /// Locked, or removed, when the world ends.
    _data: DataDir,
}

pub fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": [id, "Arn"]})
}

/// The logical id of the resource of that type in the synthesized template, of which there is one.
pub fn only(template: &Value, kind: &str) -> String {
    let resources = template["Resources"].as_object().unwrap();
    let mut found = resources.iter().filter(|(_, it)| it["Type"] == kind);
    found.next().unwrap().0.clone()
}

pub fn bus(template: &Value) -> String {
    only(template, "AWS::Events::EventBus")
}

/// A policy that lets rules send to a queue.
pub fn queue_policy(queue: &str, rules: &[&str]) -> Value {
    let statement = json!({
        "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": arn(queue),
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": rules.iter().map(|it| arn(it)).collect::<Vec<_>>()}},
    });
    json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {
        "Queues": [{"Ref": queue}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }})
}

/// The synthesized template, without what hangs off its bus, and with two queues, a function and two rules more.
pub fn template() -> Value {
    let mut template = support::template::without_consumers();
    let bus = bus(&template);
    let rule = |pattern: Value, target: Value| {
        json!({"Type": "AWS::Events::Rule", "Properties": {
            "EventBusName": {"Ref": bus}, "State": "ENABLED", "EventPattern": pattern,
            "Targets": [target],
        }})
    };
    let more = json!({
        QUEUE: {"Type": "AWS::SQS::Queue", "Properties": {}},
        DEAD: {"Type": "AWS::SQS::Queue", "Properties": {}},
        "ToQueue": rule(
            json!({"source": ["booking-gateway"], "detail": {"status": ["held"]}}),
            json!({"Id": "Target0", "Arn": arn(QUEUE)}),
        ),
        "ToFunction": rule(
            json!({"detail": {"status": [{"prefix": "f-"}]}}),
            json!({"Id": "Target0", "Arn": arn("Worker")}),
        ),
        "QueuePolicy": queue_policy(QUEUE, &["ToQueue"]),
        "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": arn("Worker"),
            "Principal": "events.amazonaws.com", "SourceArn": arn("ToFunction"),
        }},
        "WorkerRole": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {},
            "Policies": [{"PolicyName": "All", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["sqs:SendMessage", "events:PutEvents", "lambda:InvokeFunction"],
                "Resource": "*",
            }]}}],
        }},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {}, "Handler": "worker", "Runtime": "provided.al2023", "Timeout": 5,
            "Role": arn("WorkerRole"),
        }},
    });
    template["Resources"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    template
}

pub fn properties<'a>(template: &'a mut Value, id: &str) -> &'a mut Value {
    &mut template["Resources"][id]["Properties"]
}

pub fn plan(template: &Value) -> Result<Plan, String> {
    let parameters = ["TokenIssuer", "TokenAudience"].map(|it| (it.to_owned(), "x".to_owned()));
    Plan::read(&template.to_string(), &parameters.into()).map_err(|error| error.to_string())
}

impl World {
    pub async fn start() -> Self {
        Self::changed(|_| {}).await
    }

    /// With a template that the test changes.
    pub async fn changed(change: impl FnOnce(&mut Value)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(folder, DataDir::temporary().unwrap(), "{}", change).await
    }

    /// In folders that outlive it, with faults as a file would have them.
    pub async fn start_in(
        folder: Arc<TempDir>,
        data: DataDir,
        faults: &str,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let mut template = template();
        change(&mut template);
        let mut plan = plan(&template).unwrap();
        // The stream is the pipe's alone: the stack's own functions are not these tests'.
        plan.stream_mappings.clear();
        let path = folder.path().to_string_lossy().into_owned();
        let worker = plan.functions.get_mut("Worker").unwrap();
        worker.environment.insert("WORKER_FOLDER".to_owned(), path);
        let file = folder.path().join("faults.json");
        std::fs::write(&file, faults).unwrap();
        let faults = Faults::read(&file).unwrap();

        let journal = Journal::open(&data.journal(), data.is_kept()).unwrap();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        iam.check_mappings(&plan).unwrap();
        Iam::check_rules(&plan).unwrap();
        let (database, service) = Database::open(
            &data,
            &plan.tables,
            &journal,
            iam.clone(),
            Faults::default(),
            Vec::new(),
        )
        .unwrap();
        let launch = Launch {
            program: std::env::current_exe().unwrap(),
            arguments: ["--exact", "worker::function_process", "--nocapture"]
                .map(Into::into)
                .to_vec(),
            environment: BTreeMap::new(),
            keys: BTreeMap::new(),
            max_processes: 8,
            faults: Faults::default(),
        };
        let functions = Functions::start(&plan.functions, launch).await.unwrap();
        let off_the_bus = OffTheBus::open(&plan, &journal, &faults, &data.buckets()).unwrap();
        let served = off_the_bus.serve(&iam, &faults, &[]).await.unwrap();
        let surroundings = Surroundings {
            database,
            functions: functions.clone(),
            journal,
            queues: off_the_bus.queues.clone(),
            buses: off_the_bus.buses.clone(),
            faults,
        };
        let mut mappings = Mappings::prepare(&plan, &surroundings).unwrap();
        mappings.start();
        let deliveries = Some((mappings, off_the_bus.start(&plan, &functions, RETRY)));
        Self { plan, off_the_bus, iam, served, functions, service, deliveries, folder, _data: data }
    }

    async fn request(&self, operation: &str, body: Value) {
        let url = format!("http://{}/", self.service.address());
        let mut request =
            signed::request("dynamodb", reqwest::Method::POST, &url, body.to_string());
        let target = format!("DynamoDB_20120810.{operation}");
        request.headers_mut().insert("x-amz-target", target.parse().unwrap());
        let response = reqwest::Client::new().execute(request).await.unwrap();
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{operation}: {body}");
    }

    /// Asks EventBridge for something, as a developer. Gives the status and the answer.
    pub async fn events(&self, operation: &str, body: Value) -> (u16, Value) {
        self.events_of(&Credentials::new("local", "local", None, None, "test"), operation, body)
            .await
    }

    /// As the function.
    pub async fn events_of_worker(&self, operation: &str, body: Value) -> (u16, Value) {
        let keys = &self.iam.environments()["Worker"];
        let token = Some(keys["AWS_SESSION_TOKEN"].clone());
        let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
        self.events_of(&Credentials::new(id, secret, token, None, "test"), operation, body).await
    }

    async fn events_of(&self, keys: &Credentials, operation: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/", self.served.eventbridge);
        let mut request = reqwest::Request::new(reqwest::Method::POST, url.parse().unwrap());
        let target = format!("AWSEvents.{operation}");
        request.headers_mut().insert("x-amz-target", target.parse().unwrap());
        let body = body.to_string();
        signed::add_signature(&mut request, keys, "events", body.as_bytes(), SystemTime::now());
        *request.body_mut() = Some(body.into());
        let response = reqwest::Client::new().execute(request).await.unwrap();
        let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Writes a booking's item.
    pub async fn put(&self, id: &str, status: &str) {
        let item = json!({
            "PK": {"S": "C#alice"}, "SK": {"S": format!("B#{id}")}, "id": {"S": id},
            "status": {"S": status}, "version": {"N": "3"},
        });
        self.put_item(item).await;
    }

    pub async fn put_item(&self, item: Value) {
        let table = self.plan.tables.iter().find(|(id, _)| id.starts_with("Bookings")).unwrap();
        self.request("PutItem", json!({"TableName": table.1.name, "Item": item})).await;
    }

    /// What the function was given, and when.
    pub fn invocations(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The bookings that the function was told of, by id.
    pub fn told(&self) -> Vec<String> {
        let id = |it: &Value| it["event"]["detail"]["id"].as_str().unwrap_or_default().to_owned();
        self.invocations().iter().map(id).collect()
    }

    /// The messages of a queue.
    pub fn messages(&self, queue: &str) -> Vec<Value> {
        let messages = self.off_the_bus.queues.messages(queue).unwrap().unwrap();
        let body = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        messages.iter().map(|it| body(&it.body)).collect()
    }

    /// Waits until a queue has so many messages, and gives them.
    pub async fn expect(&self, queue: &str, count: usize) -> Vec<Value> {
        self.until(|world| world.messages(queue).len() >= count).await;
        assert_eq!(self.messages(queue).len(), count);
        self.messages(queue)
    }

    /// Waits until a booking's event is logged, and gives it.
    pub async fn logged(&self, id: &str) -> Arc<LoggedEvent> {
        loop {
            let latest = self.off_the_bus.buses.latest();
            if let Some(event) = latest.into_iter().find(|it| it.event["detail"]["id"] == id) {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until something is so.
    pub async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until no invocation is left to be made.
    pub async fn until_done(&self) {
        self.until(|world| world.off_the_bus.invocations.counts().unwrap().is_empty()).await;
    }

    /// As a killed host ends: nothing is finished.
    pub async fn stop(mut self) {
        drop(self.deliveries.take());
        self.functions.stop().await;
        self.service.stop().await;
    }
}
