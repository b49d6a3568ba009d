//! The host's parts around one queue, its dead-letter queue and one function.

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use host::data_dir::DataDir;
use host::faults::Faults;
use host::iam::Iam;
use host::journal::Journal;
use host::lambda::{Functions, Launch};
use host::queues::{NewMessage, QueueMappings, Queues};
use host::sqs::SqsFront;
use host::template::Plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const QUEUE: &str = "Work";
pub const DEAD: &str = "Dead";

pub struct World {
    pub queues: Queues,
    pub iam: Iam,
    functions: Functions,
    mappings: Option<QueueMappings>,
    sqs: String,
    /// Where the function writes.
    folder: Arc<TempDir>,
    /// Locked, or removed, when the world ends.
    _data: DataDir,
}

/// The synthesized template, without what hangs off its bus, and with a queue, a function and a mapping more.
pub fn template() -> Value {
    let mut template = support::template::without_consumers();
    let arn = |id: &str| json!({"Fn::GetAtt": [id, "Arn"]});
    let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"]
        .map(|it| format!("sqs:{it}"));
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": arn(QUEUE)});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    let more = json!({
        QUEUE: {"Type": "AWS::SQS::Queue", "Properties": {
            "VisibilityTimeout": 1,
            "RedrivePolicy": {"deadLetterTargetArn": arn(DEAD), "maxReceiveCount": 2},
        }},
        DEAD: {"Type": "AWS::SQS::Queue", "Properties": {}},
        "WorkerRole": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {},
            "Policies": [{"PolicyName": "Queue", "PolicyDocument": policy}],
        }},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {}, "Handler": "worker", "Runtime": "provided.al2023", "Timeout": 1,
            "Role": arn("WorkerRole"),
            "Environment": {"Variables": {"QUEUE_URL": {"Ref": QUEUE}}},
        }},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "EventSourceArn": arn(QUEUE), "FunctionName": {"Ref": "Worker"},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }},
    });
    let resources = template["Resources"].as_object_mut().unwrap();
    resources.extend(more.as_object().unwrap().clone());
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

    /// With faults, as a file would have them.
    pub async fn faulty(faults: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(folder, DataDir::temporary().unwrap(), faults, |_| {}).await
    }

    /// In folders that outlive it.
    pub async fn start_in(
        folder: Arc<TempDir>,
        data: DataDir,
        faults: &str,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let mut template = template();
        change(&mut template);
        let mut plan = plan(&template).unwrap();
        let path = folder.path().to_string_lossy().into_owned();
        let worker = plan.functions.get_mut("Worker").unwrap();
        worker.environment.insert("WORKER_FOLDER".to_owned(), path);
        let file = folder.path().join("faults.json");
        std::fs::write(&file, faults).unwrap();
        let faults = Faults::read(&file).unwrap();

        let journal = Journal::open(&data.journal(), data.is_kept()).unwrap();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        iam.check_mappings(&plan).unwrap();
        let queues = Queues::new(&plan.queues, journal, faults.clone()).unwrap();
        let front = SqsFront { queues: queues.clone(), iam: iam.clone(), faults };
        let (address, _) = front.serve(Vec::new()).await.unwrap();
        let sqs = format!("http://{address}");
        let launch = Launch {
            program: std::env::current_exe().unwrap(),
            arguments: ["--exact", "worker::function_process", "--nocapture"]
                .map(Into::into)
                .to_vec(),
            environment: BTreeMap::from([("AWS_ENDPOINT_URL_SQS".to_owned(), sqs.clone())]),
            keys: iam.environments(),
            max_processes: 8,
            faults: Faults::default(),
        };
        let functions = Functions::start(&plan.functions, launch).await.unwrap();
        let mappings = Some(QueueMappings::start(&plan, &queues, &functions));
        Self { queues, iam, functions, mappings, sqs, folder, _data: data }
    }

    pub fn send(&self, body: &str) -> String {
        self.queues.send_message(QUEUE, &NewMessage::of_service(body)).unwrap()
    }

    pub fn send_later(&self, body: &str, delay: Duration) {
        let message = NewMessage { delay: Some(delay), ..NewMessage::of_service(body) };
        self.queues.send_message(QUEUE, &message).unwrap();
    }

    /// What the function was given, and when.
    pub fn events(&self) -> Vec<Value> {
        let path: PathBuf = self.folder.path().join("log");
        let log = std::fs::read_to_string(path).unwrap_or_default();
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The texts of the messages that the function was given, by event.
    pub fn batches(&self) -> Vec<Vec<String>> {
        let texts = |event: &Value| {
            let records = event["event"]["Records"].as_array().unwrap().clone();
            records.iter().map(|it| it["body"].as_str().unwrap().to_owned()).collect()
        };
        self.events().iter().map(texts).collect()
    }

    /// Waits until something is so.
    pub async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn until_empty(&self) {
        self.until(|world| world.queues.count(QUEUE).unwrap().all() == 0).await;
    }

    /// A client of the endpoint.
    pub fn client(&self, keys: Credentials) -> Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.sqs)
            .credentials_provider(keys)
            .http_client(Builder::new().build_http());
        Client::from_conf(config.build())
    }

    /// A developer's client.
    pub fn developer(&self) -> Client {
        self.client(Credentials::new("local", "local", None, None, "test"))
    }

    /// A client with the function's own keys.
    pub fn worker(&self) -> Client {
        let keys = &self.iam.environments()["Worker"];
        self.client(Credentials::new(
            &keys["AWS_ACCESS_KEY_ID"],
            &keys["AWS_SECRET_ACCESS_KEY"],
            Some(keys["AWS_SESSION_TOKEN"].clone()),
            None,
            "test",
        ))
    }

    /// Nobody receives from the queue any more but the test.
    pub fn stop_mapping(&mut self) {
        drop(self.mappings.take());
    }

    /// As a killed host ends: nothing is finished.
    pub async fn stop(mut self) {
        self.stop_mapping();
        self.functions.stop().await;
    }
}

/// The URL by which programs know a queue.
pub fn url(queue: &str) -> String {
    format!("https://sqs.us-east-1.amazonaws.com/000000000000/{queue}")
}
