//! The function of these tests.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::Builder;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Not a test: the host starts this binary with this name to be a function.
#[test]
fn function_process() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(work))).unwrap();
}

/// Writes down the event, then does what the messages in it say.
async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let folder = PathBuf::from(std::env::var("WORKER_FOLDER")?);
    let entry = json!({"event": event.payload, "at": jiff::Timestamp::now().as_millisecond()});
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    log.write_all(format!("{entry}\n").as_bytes())?;

    let mut failures = Vec::new();
    for record in event.payload["Records"].as_array().ok_or("no Records")? {
        let id = record["messageId"].as_str().ok_or("no messageId")?;
        let first_time = || std::fs::File::create_new(folder.join(id)).is_ok();
        let body = record["body"].as_str().ok_or("no body")?;
        match body {
            "fail" => return Err("poison".into()),
            "fail once" if first_time() => return Err("not yet".into()),
            "exit once" if first_time() => std::process::exit(1),
            "hang once" if first_time() => std::future::pending().await,
            "report" => failures.push(json!({"itemIdentifier": id})),
            "report once" if first_time() => failures.push(json!({"itemIdentifier": id})),
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "later" if first_time() => send_back(&body.replace("later", "back")).await?,
            _ => {}
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

/// As a function does that is not yet due: with its own keys, to its own queue, in a second.
async fn send_back(body: &str) -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name);
    let keys = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        Some(variable("AWS_SESSION_TOKEN")?),
        None,
        "test",
    );
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(variable("AWS_ENDPOINT_URL_SQS")?)
        .credentials_provider(keys)
        .http_client(Builder::new().build_http());
    let client = Client::from_conf(config.build());
    let url = variable("QUEUE_URL")?;
    client.send_message().queue_url(url).message_body(body).delay_seconds(1).send().await?;
    Ok(())
}
