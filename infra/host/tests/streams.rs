//! Event source mappings: real tables, real function processes, the limits of the template.
//!
//! The processes are this test binary, started again: see [`function_process`].
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use host::data_dir::DataDir;
use host::database::{Database, Service};
use host::faults::Faults;
use host::iam::Iam;
use host::journal::Journal;
use host::lambda::{Functions, Launch};
use host::off_the_bus::OffTheBus;
use host::streams::{Mappings, Surroundings};
use host::template::{Function, Plan, StartingPosition, StreamMapping};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use support::signed;
use tempfile::TempDir;

/// Not a test: the host starts this binary with this name to be a function.
///
/// It writes down the keys of every batch, then does what the items in it say.
#[test]
fn function_process() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(subject))).unwrap();
}

async fn subject(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let folder = PathBuf::from(std::env::var("SUBJECT_FOLDER")?);
    let records = event.payload["Records"].as_array().ok_or("no Records")?;
    let keys: Vec<_> = records.iter().map(|it| &it["dynamodb"]["Keys"]["PK"]["S"]).collect();
    // Whoever reads the log finds the event there.
    std::fs::write(folder.join("last.json"), event.payload.to_string())?;
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    log.write_all(format!("{}\n", json!(keys)).as_bytes())?;

    let mut failures = Vec::new();
    for record in records {
        let key = record["dynamodb"]["Keys"]["PK"]["S"].as_str().unwrap_or_default();
        let first_time = || std::fs::File::create_new(folder.join(key)).is_ok();
        match record["dynamodb"]["NewImage"]["do"]["S"].as_str().unwrap_or_default() {
            "fail" => return Err("poison".into()),
            "fail once" if first_time() => return Err("not yet".into()),
            "exit once" if first_time() => std::process::exit(1),
            "report" => {
                failures.push(json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}));
            }
            "report once" if first_time() => {
                failures.push(json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}));
            }
            _ => {}
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

/// The host's parts around one mapping.
struct World {
    plan: Plan,
    surroundings: Surroundings,
    service: Service,
    mappings: Option<Mappings>,
    /// Where the function writes.
    folder: Arc<TempDir>,
    /// Locked, or removed, when the world ends.
    _data: DataDir,
}

impl World {
    /// With the settings of the synthesized template, but for what the test changes.
    async fn start(change: impl FnOnce(&mut StreamMapping)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(folder, DataDir::temporary().unwrap(), change).await
    }

    /// With faults, as a file would have them.
    async fn start_faulty(plan: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let file = folder.path().join("faults.json");
        std::fs::write(&file, plan).unwrap();
        let faults = Faults::read(&file).unwrap();
        Self::start_with(folder, DataDir::temporary().unwrap(), faults, |_| {}).await
    }

    async fn start_in(
        folder: Arc<TempDir>,
        data: DataDir,
        change: impl FnOnce(&mut StreamMapping),
    ) -> Self {
        Self::start_with(folder, data, Faults::default(), change).await
    }

    async fn start_with(
        folder: Arc<TempDir>,
        data: DataDir,
        faults: Faults,
        change: impl FnOnce(&mut StreamMapping),
    ) -> Self {
        let mut plan = support::template::plan();
        let mapping = plan.stream_mappings.values_mut().next().unwrap();
        change(mapping);
        let function: &mut Function = plan.functions.get_mut(&mapping.function).unwrap();
        function.timeout = Duration::from_mins(1);
        let path = folder.path().to_string_lossy().into_owned();
        function.environment = BTreeMap::from([("SUBJECT_FOLDER".to_owned(), path)]);

        let journal = Journal::open(&data.journal(), data.is_kept()).unwrap();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let (database, service) =
            Database::open(&data, &plan.tables, &journal, iam, Faults::default(), Vec::new())
                .unwrap();
        let launch = Launch {
            program: std::env::current_exe().unwrap(),
            arguments: ["--exact", "function_process", "--nocapture"].map(Into::into).to_vec(),
            environment: BTreeMap::new(),
            keys: BTreeMap::new(),
            max_processes: 8,
            faults: Faults::default(),
        };
        let functions = Functions::start(&plan.functions, launch).await.unwrap();
        let off_the_bus =
            OffTheBus::open(&plan, &journal, &Faults::default(), &data.buckets()).unwrap();
        let (queues, buses) = (off_the_bus.queues, off_the_bus.buses);
        // The pipe reads the same stream: it would meet these tests' faults too.
        plan.events.pipes.clear();
        let surroundings = Surroundings { database, functions, journal, queues, buses, faults };
        let mut mappings = Mappings::prepare(&plan, &surroundings).unwrap();
        mappings.start();
        Self { plan, surroundings, service, mappings: Some(mappings), folder, _data: data }
    }

    async fn request(&self, operation: &str, body: Value) -> Value {
        let url = format!("http://{}/", self.service.address());
        let mut request =
            signed::request("dynamodb", reqwest::Method::POST, &url, body.to_string());
        let target = format!("DynamoDB_20120810.{operation}");
        request.headers_mut().insert("x-amz-target", target.parse().unwrap());
        let response = reqwest::Client::new().execute(request).await.unwrap();
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{operation}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn table(&self) -> &str {
        let mapping = self.plan.stream_mappings.values().next().unwrap();
        &self.plan.tables[&mapping.reader.table].name
    }

    async fn put(&self, key: &str, order: &str) {
        let item = json!({"PK": {"S": key}, "SK": {"S": "META"}, "do": {"S": order}});
        self.request("PutItem", json!({"TableName": self.table(), "Item": item})).await;
    }

    /// One transaction, so that a mapping reads all of it at once.
    async fn put_together(&self, items: &[(&str, &str)]) {
        let puts: Vec<_> = items
            .iter()
            .map(|(key, order)| {
                let item = json!({"PK": {"S": key}, "SK": {"S": "META"}, "do": {"S": order}});
                json!({"Put": {"TableName": self.table(), "Item": item}})
            })
            .collect();
        self.request("TransactWriteItems", json!({ "TransactItems": puts })).await;
    }

    /// The batches that the function was given.
    fn batches(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn last_event(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("last.json")).unwrap())
            .unwrap()
    }

    /// The messages of the on-failure destination.
    fn failures(&self) -> Vec<Value> {
        let mapping = self.plan.stream_mappings.values().next().unwrap();
        let queue = mapping.reader.on_failure.as_ref().unwrap();
        let messages = self.surroundings.queues.messages(queue).unwrap().unwrap();
        messages.iter().map(|it| serde_json::from_str(&it.body).unwrap()).collect()
    }

    /// Waits until the function has been given these batches, and no others.
    async fn expect(&self, batches: &[&[&str]]) {
        let expected: Vec<_> = batches.iter().map(|it| json!(it)).collect();
        while self.batches().len() < expected.len() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.batches(), expected);
    }

    /// Waits until the function has been given this item, then gives all keys in order.
    async fn keys_until(&self, last: &str) -> Vec<String> {
        loop {
            let batches = self.batches();
            let keys = batches.iter().flat_map(|batch| batch.as_array().unwrap());
            let keys: Vec<_> = keys.map(|key| key.as_str().unwrap().to_owned()).collect();
            if keys.iter().any(|key| key == last) {
                return keys;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn expect_failures(&self, count: usize) -> Vec<Value> {
        while self.failures().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.failures()
    }

    async fn stop(mut self) {
        drop(self.mappings.take());
        self.surroundings.functions.stop().await;
        self.service.stop().await;
    }
}

#[tokio::test]
async fn a_change_arrives_in_lambdas_shape() {
    let world = World::start(|_| {}).await;
    world.put("room", "").await;
    world.expect(&[&["room"]]).await;

    let event = world.last_event();
    let record = &event["Records"][0];
    assert_eq!(event["Records"].as_array().unwrap().len(), 1);
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/Bookings"), "{arn}");
    assert!(arn.contains("/stream/"), "{arn}");
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventVersion"], "1.1");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["eventID"].as_str().unwrap().len(), 32);
    let change = &record["dynamodb"];
    assert_eq!(change["Keys"], json!({"PK": {"S": "room"}, "SK": {"S": "META"}}));
    assert_eq!(change["NewImage"]["do"], json!({"S": ""}));
    assert!(change.get("OldImage").is_none());
    assert_eq!(change["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert!(change["ApproximateCreationDateTime"].is_u64());
    assert!(change["SizeBytes"].is_u64());
    assert_eq!(change["SequenceNumber"].as_str().unwrap().len(), 21);
    assert!(record.get("userIdentity").is_none());

    let key = json!({"PK": {"S": "room"}, "SK": {"S": "META"}});
    world.request("DeleteItem", json!({"TableName": world.table(), "Key": key})).await;
    world.expect(&[&["room"], &["room"]]).await;
    let event = world.last_event();
    assert_eq!(event["Records"][0]["eventName"], "REMOVE");
    assert!(event["Records"][0]["dynamodb"].get("NewImage").is_none());
    world.stop().await;
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_no_change() {
    let world = World::start(|_| {}).await;
    let item = |numbers: [&str; 2]| {
        let numbers: Vec<_> = numbers.into();
        json!({"PK": {"S": "room"}, "SK": {"S": "META"}, "set": {"NS": numbers}, "map": {"M": {"a": {"N": "1"}}}})
    };
    for numbers in [["1", "2"], ["1", "2"], ["2", "1"]] {
        let request = json!({"TableName": world.table(), "Item": item(numbers)});
        world.request("PutItem", request).await;
    }
    world.put("after", "").await;
    assert_eq!(world.keys_until("after").await, ["room", "after"]);
    world.stop().await;
}

/// The template's filter names the items that clients watch.
#[tokio::test]
async fn only_what_the_filter_lets_through_arrives() {
    let world = World::start(|_| {}).await;
    for sort in ["OPEN", "B#1", "2099-06-01T09:00:00Z#1", "S#2099-06-01T09:00:00Z", "META"] {
        let item = json!({"PK": {"S": sort}, "SK": {"S": sort}});
        let request = json!({"TableName": world.table(), "Item": item});
        world.request("PutItem", request).await;
    }
    assert_eq!(world.keys_until("META").await, ["B#1", "S#2099-06-01T09:00:00Z", "META"]);
    world.stop().await;
}

#[tokio::test]
async fn by_a_fault_a_batch_comes_twice_and_in_parts() {
    let plan = r#"{"stream": {"duplicate": 1, "split": 1, "lag": 1, "lagMs": 20}}"#;
    let world = World::start_faulty(plan).await;
    world.put_together(&[("a", ""), ("b", "")]).await;
    world.expect(&[&["a"], &["a"], &["b"], &["b"]]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_batch_is_no_larger_than_the_template_says() {
    let world = World::start(|mapping| mapping.reader.batch_size = 3).await;
    let items: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(|key| (key, "")).into();
    world.put_together(&items).await;
    world.expect(&[&["a", "b", "c"], &["d", "e", "f"], &["g"]]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_batching_window_gathers_what_comes_later() {
    let world = World::start(|mapping| {
        mapping.reader.batch_size = 3;
        mapping.reader.batching_window = Duration::from_hours(1);
    })
    .await;
    for key in ["a", "b", "c"] {
        world.put(key, "").await;
    }
    world.expect(&[&["a", "b", "c"]]).await;
    world.stop().await;

    let world =
        World::start(|mapping| mapping.reader.batching_window = Duration::from_millis(50)).await;
    world.put("a", "").await;
    world.expect(&[&["a"]]).await;
    world.stop().await;
}

#[tokio::test]
async fn an_event_stays_within_six_megabytes() {
    let world = World::start(|_| {}).await;
    let text = "x".repeat(390_000);
    let keys: Vec<_> = (0..20).map(|number| format!("{number:02}")).collect();
    let (early, late) = keys.split_at(9);
    for keys in [early, late] {
        let puts: Vec<_> = keys
            .iter()
            .map(|key| {
                let item = json!({"PK": {"S": key}, "SK": {"S": "META"}, "text": {"S": text}});
                json!({"Put": {"TableName": world.table(), "Item": item}})
            })
            .collect();
        if keys.len() > 9 {
            // DynamoDB takes four megabytes in a transaction.
            let (first, second) = puts.split_at(puts.len() / 2);
            for puts in [first, second] {
                world.request("TransactWriteItems", json!({ "TransactItems": puts })).await;
            }
        } else {
            world.request("TransactWriteItems", json!({ "TransactItems": puts })).await;
        }
    }
    assert_eq!(world.keys_until("19").await, keys);
    assert!(world.failures().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn what_failed_comes_again_from_the_lowest_record_reported() {
    let world = World::start(|_| {}).await;
    world.put_together(&[("a", ""), ("b", "report once"), ("c", "report once"), ("d", "")]).await;
    world.expect(&[&["a", "b", "c", "d"], &["b", "c", "d"]]).await;
    assert!(world.failures().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn reports_mean_nothing_unless_the_template_asks_for_them() {
    let world = World::start(|mapping| mapping.reports_failures = false).await;
    world.put_together(&[("a", "report"), ("b", "")]).await;
    world.put("c", "").await;
    assert_eq!(world.keys_until("c").await, ["a", "b", "c"]);
    world.stop().await;
}

#[tokio::test]
async fn a_failed_batch_is_halved_until_the_poison_is_alone() {
    let world = World::start(|mapping| mapping.reader.retry_attempts = Some(1)).await;
    world.put_together(&[("a", ""), ("b", ""), ("c", "fail"), ("d", "")]).await;
    let failures = world.expect_failures(1).await;
    world.expect(&[&["a", "b", "c", "d"], &["a", "b"], &["c", "d"], &["c"], &["c"], &["d"]]).await;

    let [message] = failures.as_slice() else { panic!("{failures:?}") };
    let context = &message["requestContext"];
    assert_eq!(context["requestId"].as_str().unwrap().len(), 36);
    let function = context["functionArn"].as_str().unwrap();
    assert!(function.starts_with("arn:aws:lambda:us-east-1:000000000000:function:FunctionsPush"));
    assert_eq!(context["condition"], "RetryAttemptsExhausted");
    assert_eq!(context["approximateInvokeCount"], 2);
    assert_eq!(
        message["responseContext"],
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
    );
    assert_eq!(message["version"], "1.0");
    let timestamp = message["timestamp"].as_str().unwrap();
    assert_eq!((timestamp.len(), &timestamp[19..20], &timestamp[23..]), (24, ".", "Z"));
    let batch = &message["DDBStreamBatchInfo"];
    assert_eq!(batch["batchSize"], 1);
    assert_eq!(batch["startSequenceNumber"], batch["endSequenceNumber"]);
    assert_eq!(batch["startSequenceNumber"].as_str().unwrap().len(), 21);
    assert_eq!(batch["approximateArrivalOfFirstRecord"].as_str().unwrap().len(), 20);
    assert!(batch["shardId"].as_str().unwrap().starts_with("shardId-"));
    assert!(batch["streamArn"].as_str().unwrap().contains("/stream/"));
    world.stop().await;
}

#[tokio::test]
async fn without_bisecting_the_whole_batch_is_given_up() {
    let world = World::start(|mapping| {
        mapping.reader.bisect = false;
        mapping.reader.retry_attempts = Some(2);
    })
    .await;
    world.put_together(&[("a", ""), ("b", "report"), ("c", "")]).await;
    let failures = world.expect_failures(1).await;
    world.put("d", "").await;
    world.expect(&[&["a", "b", "c"], &["b", "c"], &["b", "c"], &["d"]]).await;
    assert_eq!(failures[0]["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(failures[0]["DDBStreamBatchInfo"]["batchSize"], 2);
    // The function did not fail: it said what did.
    assert!(failures[0]["responseContext"].get("functionError").is_none());
    world.stop().await;
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle_of_a_batch_loses_nothing() {
    let world = World::start(|_| {}).await;
    world.put("a", "exit once").await;
    world.expect(&[&["a"], &["a"]]).await;
    world.put("b", "fail once").await;
    world.expect(&[&["a"], &["a"], &["b"], &["b"]]).await;
    assert!(world.failures().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn records_that_became_too_old_are_given_up() {
    let world = World::start(|mapping| {
        mapping.reader.record_age = Some(Duration::from_secs(1));
        mapping.reader.retry_attempts = None;
    })
    .await;
    world.put("a", "fail").await;
    let failures = world.expect_failures(1).await;
    assert_eq!(failures[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert!(failures[0]["requestContext"]["approximateInvokeCount"].as_u64() > Some(0));
    world.stop().await;
}

#[tokio::test]
async fn a_mapping_goes_on_where_the_run_before_stopped() {
    let (folder, data) = (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());

    let kept = DataDir::open(data.path()).unwrap();
    let mut world = World::start_in(Arc::clone(&folder), kept, |_| {}).await;
    let mapping = world.plan.stream_mappings.keys().next().unwrap().clone();
    let position = || world.surroundings.journal.position(&mapping).unwrap();
    let start = position();
    world.put("a", "").await;
    while position() == start {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The mapping stops, writes go on.
    drop(world.mappings.take());
    world.put("b", "").await;
    world.stop().await;

    let kept = DataDir::open(data.path()).unwrap();
    let world = World::start_in(folder, kept, |_| {}).await;
    world.put("c", "").await;
    assert_eq!(world.keys_until("c").await, ["a", "b", "c"]);
    world.stop().await;
}

#[tokio::test]
async fn the_starting_position_is_the_templates() {
    for (position, expected) in
        [(StartingPosition::Latest, "b"), (StartingPosition::TrimHorizon, "a")]
    {
        let mut world = World::start(|mapping| mapping.reader.starting_position = position).await;
        // Another mapping, which has no position yet, begins after a change was made.
        drop(world.mappings.take());
        world.put("a", "").await;
        let mapping = world.plan.stream_mappings.pop_first().unwrap().1;
        world.plan.stream_mappings.insert("Another".to_owned(), mapping);
        let mut mappings = Mappings::prepare(&world.plan, &world.surroundings).unwrap();
        mappings.start();
        world.mappings = Some(mappings);
        world.put("b", "").await;
        assert_eq!(world.keys_until("b").await[0], expected);
        world.stop().await;
    }
}

#[tokio::test]
async fn an_item_whose_time_is_over_is_removed_by_the_database() {
    let (folder, data) = (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());
    let kept = DataDir::open(data.path()).unwrap();
    let world = World::start_in(Arc::clone(&folder), kept, |_| {}).await;
    let item = json!({"PK": {"S": "old"}, "SK": {"S": "META"}, "ttl": {"N": "1700000000"}});
    world.request("PutItem", json!({"TableName": world.table(), "Item": item})).await;
    world.keys_until("old").await;
    world.stop().await;

    // Looking for such items begins with the start.
    let kept = DataDir::open(data.path()).unwrap();
    let world = World::start_in(folder, kept, |_| {}).await;
    let record = loop {
        let record = world.last_event()["Records"].as_array_mut().unwrap().pop().unwrap();
        if record["eventName"] == "REMOVE" {
            break record;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(
        record["userIdentity"],
        json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"})
    );
    world.stop().await;
}
