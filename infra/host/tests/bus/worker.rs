//! The function of these tests.

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

/// Writes down the event, then does what its status says.
async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let folder = PathBuf::from(std::env::var("WORKER_FOLDER")?);
    let entry = json!({"event": event.payload, "at": jiff::Timestamp::now().as_millisecond()});
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    log.write_all(format!("{entry}\n").as_bytes())?;
    let detail = &event.payload["detail"];
    let id = detail["id"].as_str().unwrap_or("none");
    let first_time = || std::fs::File::create_new(folder.join(id)).is_ok();
    match detail["status"].as_str().unwrap_or_default() {
        "f-fail" => return Err("poison".into()),
        "f-once" if first_time() => return Err("not yet".into()),
        "f-exit" if first_time() => std::process::exit(1),
        "f-slow" => tokio::time::sleep(Duration::from_millis(400)).await,
        _ => {}
    }
    Ok(json!({"did": id}))
}
