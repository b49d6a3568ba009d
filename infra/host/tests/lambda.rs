//! Functions in processes of their own, through the real `lambda_runtime`.
//!
//! The processes are this test binary, started again: see [`function_process`].
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use host::faults::Faults;
use host::lambda::{Functions, InvokeError, Launch};
use host::template::Function;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const NAME: &str = "Subject";

/// Not a test: the host starts this binary with this name to be a function.
#[test]
fn function_process() {
    let Ok(mode) = std::env::var("SUBJECT_INIT") else { return };
    match mode.as_str() {
        "exit" => std::process::exit(3),
        "error" => {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(post_init_error());
            std::process::exit(1);
        }
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(subject))).unwrap();
}

async fn subject(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload["do"].as_str().unwrap_or_default() {
        "echo" => Ok(event.payload),
        "sleep" => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            Ok(Value::Null)
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        "exit" => std::process::exit(7),
        "abort" => std::process::abort(),
        "panic" => panic!("out of cheese"),
        "error" => Err("no such room".into()),
        "large" => Ok(Value::from("x".repeat(7 * 1024 * 1024))),
        "pid" => Ok(Value::from(std::process::id())),
        "environment" => Ok(std::env::vars().collect()),
        "context" => Ok(json!({
            "requestId": event.context.request_id,
            "deadline": event.context.deadline,
            "arn": event.context.invoked_function_arn,
        })),
        // Answers once as many invocations run at the same time as it is told.
        "meet" => {
            let folder = event.payload["folder"].as_str().unwrap_or_default().to_owned();
            std::fs::write(format!("{folder}/{}", std::process::id()), "")?;
            let count = event.payload["count"].as_u64();
            while (std::fs::read_dir(&folder)?.count() as u64) < count.unwrap_or_default() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(Value::from(std::process::id()))
        }
        other => Err(format!("unknown order {other:?}").into()),
    }
}

async fn post_init_error() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let (authority, path) = api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = r#"{"errorType":"Config.Missing","errorMessage":"BOOKINGS_TABLE is not set"}"#;
    let mut connection = tokio::net::TcpStream::connect(authority).await.unwrap();
    let request = format!(
        "POST /{path}/2018-06-01/runtime/init/error HTTP/1.1\r\nhost: {authority}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    connection.read_to_end(&mut Vec::new()).await.unwrap();
}

struct Settings {
    init: &'static str,
    timeout: Duration,
    reserved: Option<usize>,
    max_processes: usize,
    faults: Faults,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            init: "",
            timeout: Duration::from_mins(1),
            reserved: None,
            max_processes: 8,
            faults: Faults::default(),
        }
    }
}

async fn start(settings: Settings) -> Functions {
    let function = Function {
        name: "booking-subject".to_owned(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:booking-subject".to_owned(),
        handler: "subject".to_owned(),
        role: "SubjectRole".to_owned(),
        environment: BTreeMap::from([
            ("SUBJECT_INIT".to_owned(), settings.init.to_owned()),
            ("COLOUR".to_owned(), "the template's".to_owned()),
            ("_HANDLER".to_owned(), "overridden".to_owned()),
        ]),
        timeout: settings.timeout,
        memory_mib: 512,
        reserved_concurrency: settings.reserved,
    };
    let launch = Launch {
        program: std::env::current_exe().unwrap(),
        arguments: ["--exact", "function_process", "--nocapture"].map(Into::into).to_vec(),
        environment: BTreeMap::from([
            ("COLOUR".to_owned(), "the machine's".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), "http://127.0.0.1:1".to_owned()),
        ]),
        keys: BTreeMap::new(),
        max_processes: settings.max_processes,
        faults: settings.faults,
    };
    Functions::start(&BTreeMap::from([(NAME.to_owned(), function)]), launch).await.unwrap()
}

async fn invoke(functions: &Functions, event: &Value) -> Result<Value, InvokeError> {
    let result = functions.invoke(NAME, event.to_string().into_bytes()).await?;
    Ok(serde_json::from_slice(&result).unwrap())
}

async fn order(functions: &Functions, order: &str) -> Result<Value, InvokeError> {
    invoke(functions, &json!({"do": order})).await
}

/// The type and the message of a failure.
fn failed(result: Result<Value, InvokeError>) -> (String, String) {
    match result {
        Err(InvokeError::Failed { error_type, message }) => (error_type, message),
        other => panic!("not a failure: {other:?}"),
    }
}

/// The status of a request without a body.
async fn call(method: reqwest::Method, url: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// A page in a browser, or whoever looks for open ports, and the paths that can be guessed.
#[tokio::test]
async fn nobody_else_reaches_the_runtime_api() {
    let functions = start(Settings::default()).await;
    let pid = order(&functions, "pid").await.unwrap();
    let environment = order(&functions, "environment").await.unwrap();
    let base = environment["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap();
    let runtime = "2018-06-01/runtime";
    let (known, secret) = base.rsplit_once('/').unwrap();
    let root = known.strip_suffix("/Subject/1").unwrap();
    assert!(secret.len() == 32 && secret.bytes().all(|it| it.is_ascii_hexdigit()), "{secret}");

    let invented = "0".repeat(32);
    for base in [
        root.to_owned(),
        known.to_owned(),
        format!("{root}/fn/Subject/1"),
        format!("{known}/{invented}"),
        format!("{known}/{}", &secret[..31]),
        format!("{root}/Subject/2/{secret}"),
        format!("{root}/Other/1/{secret}"),
    ] {
        for path in ["invocation/next", "invocation/x/response", "invocation/x/error", "init/error"]
        {
            for method in [reqwest::Method::GET, reqwest::Method::POST] {
                let url = format!("{base}/{runtime}/{path}");
                let status = call(method, &url, &[]).await;
                assert!(matches!(status, 404 | 405), "{url}: {status}");
            }
        }
    }
    // Nor does a page that has somehow learnt the path.
    let next = format!("{base}/{runtime}/invocation/next");
    for header in [
        ("host", "evil.example"),
        ("host", "localhost"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(call(reqwest::Method::GET, &next, &[header]).await, 403, "{header:?}");
    }
    assert_eq!(order(&functions, "pid").await.unwrap(), pid, "the process is there and answers");
    assert_eq!(functions.status().functions["subject"].counters.cold_starts, 1);
    functions.stop().await;
}

#[tokio::test]
async fn an_event_comes_back_from_the_same_process_twice() {
    let functions = start(Settings::default()).await;
    let event = json!({"do": "echo", "text": "grüß dich", "n": 1.5});
    assert_eq!(invoke(&functions, &event).await.unwrap(), event);
    let first = order(&functions, "pid").await.unwrap();
    assert_eq!(order(&functions, "pid").await.unwrap(), first);

    let status = functions.status();
    assert_eq!(status.functions["subject"].counters.cold_starts, 1);
    assert_eq!(status.functions["subject"].counters.invocations, 3);
    assert_eq!(status.processes.len(), 1);
    assert_eq!(status.processes[0].pid.map(Value::from), Some(first));
    functions.stop().await;
    assert!(functions.status().processes.is_empty());
}

#[tokio::test]
async fn the_environment_is_the_templates_and_lambdas_alone() {
    let functions = start(Settings::default()).await;
    let environment = order(&functions, "environment").await.unwrap();
    assert_eq!(environment["COLOUR"], "the template's");
    assert_eq!(environment["_HANDLER"], "subject");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "booking-subject");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
    assert_eq!(environment["AWS_ENDPOINT_URL_DYNAMODB"], "http://127.0.0.1:1");
    assert!(environment.get("PATH").is_none() && environment.get("HOME").is_none());
    functions.stop().await;
}

#[tokio::test]
async fn an_invocation_knows_its_id_and_deadline() {
    let functions = start(Settings::default()).await;
    let now = jiff::Timestamp::now().as_millisecond();
    let context = order(&functions, "context").await.unwrap();
    let deadline = context["deadline"].as_i64().unwrap();
    assert!((now + 60_000..now + 120_000).contains(&deadline), "{deadline}");
    assert_eq!(context["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(context["arn"], "arn:aws:lambda:us-east-1:000000000000:function:booking-subject");
    functions.stop().await;
}

#[tokio::test]
async fn an_error_and_a_panic_fail_the_invocation_but_not_the_process() {
    let functions = start(Settings::default()).await;
    let pid = order(&functions, "pid").await.unwrap();
    let (_, message) = failed(order(&functions, "error").await);
    assert_eq!(message, "no such room");
    let (_, message) = failed(order(&functions, "panic").await);
    assert!(message.contains("out of cheese"), "{message}");
    assert_eq!(order(&functions, "pid").await.unwrap(), pid);
    assert_eq!(functions.status().functions["subject"].counters.errors, 2);
    functions.stop().await;
}

#[tokio::test]
async fn an_invocation_over_its_timeout_fails_and_its_process_is_killed() {
    let functions =
        start(Settings { timeout: Duration::from_millis(1500), ..Settings::default() }).await;
    for order_over_time in ["sleep", "spin"] {
        let pid = order(&functions, "pid").await.unwrap();
        let (error_type, message) = failed(order(&functions, order_over_time).await);
        assert_eq!(error_type, "Sandbox.Timedout");
        assert!(message.ends_with("Task timed out after 1.50 seconds"), "{message}");
        assert_ne!(order(&functions, "pid").await.unwrap(), pid);
    }
    assert_eq!(functions.status().functions["subject"].counters.timeouts, 2);
    functions.stop().await;
}

#[tokio::test]
async fn by_a_fault_a_process_is_killed_before_during_or_after_its_work() {
    for fault in ["crashBefore", "crashDuring", "crashAfter"] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let plan = json!({"most": 1, "functions": {fault: 1}});
        std::fs::write(file.path(), plan.to_string()).unwrap();
        let faults = Faults::read(file.path()).unwrap();
        let functions = start(Settings { faults, ..Settings::default() }).await;
        // A process that is killed while it works has to work for a while.
        let work = if fault == "crashDuring" { "sleep" } else { "echo" };
        let (error_type, _) = failed(order(&functions, work).await);
        assert_eq!(error_type, "Runtime.ExitError", "{fault}");
        order(&functions, "echo").await.unwrap();
        functions.stop().await;
    }
}

#[tokio::test]
async fn a_process_that_ends_fails_its_invocation_and_the_next_one_gets_another() {
    let functions = start(Settings::default()).await;
    for (way, reason) in [("exit", "exit status: 7"), ("abort", "signal: 6")] {
        let pid = order(&functions, "pid").await.unwrap();
        let (error_type, message) = failed(order(&functions, way).await);
        assert_eq!(error_type, "Runtime.ExitError");
        assert!(message.contains(reason), "{message}");
        assert_ne!(order(&functions, "pid").await.unwrap(), pid);
    }
    functions.stop().await;
}

#[tokio::test]
async fn a_function_that_cannot_initialise_fails_the_invocation_that_waits() {
    let functions = start(Settings { init: "error", ..Settings::default() }).await;
    let (error_type, message) = failed(order(&functions, "echo").await);
    assert_eq!(
        (error_type.as_str(), message.as_str()),
        ("Config.Missing", "BOOKINGS_TABLE is not set")
    );
    let error = functions.warm().await.unwrap_err().to_string();
    assert!(error.contains("subject does not start: Config.Missing"), "{error}");
    functions.stop().await;

    let functions = start(Settings { init: "exit", ..Settings::default() }).await;
    let all = futures::future::join_all((0..5).map(|_| order(&functions, "echo"))).await;
    for result in all {
        let (error_type, message) = failed(result);
        assert_eq!(error_type, "Runtime.ExitError");
        assert!(message.contains("exit status: 3"), "{message}");
    }
    functions.stop().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_at_once() {
    let mut missing = start(Settings::default()).await;
    missing.stop().await;
    let launch = Launch {
        program: "/nonexistent/program".into(),
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        keys: BTreeMap::new(),
        max_processes: 1,
        faults: Faults::default(),
    };
    let function = Function {
        name: "f".to_owned(),
        arn: "arn".to_owned(),
        handler: "f".to_owned(),
        role: "r".to_owned(),
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(1),
        memory_mib: 128,
        reserved_concurrency: None,
    };
    let functions = BTreeMap::from([(NAME.to_owned(), function)]);
    missing = Functions::start(&functions, launch).await.unwrap();
    let (error_type, message) = failed(order(&missing, "echo").await);
    assert_eq!(error_type, "Runtime.InvalidEntrypoint");
    assert!(message.contains("/nonexistent/program"), "{message}");
    missing.stop().await;
}

#[tokio::test]
async fn invocations_at_the_same_time_run_in_processes_of_their_own() {
    let functions = start(Settings::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let event = json!({"do": "meet", "count": 4, "folder": folder.path()});
    let pids = futures::future::join_all((0..4).map(|_| invoke(&functions, &event))).await;
    let mut pids: Vec<_> = pids.into_iter().map(|pid| pid.unwrap().as_u64()).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 4);
    functions.stop().await;
}

#[tokio::test]
async fn more_invocations_than_processes_wait_for_their_turn() {
    let functions = start(Settings { max_processes: 2, ..Settings::default() }).await;
    let events: Vec<_> = (0..20).map(|n| json!({"do": "echo", "n": n})).collect();
    let results = futures::future::join_all(events.iter().map(|it| invoke(&functions, it))).await;
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(results, events);
    assert_eq!(functions.status().functions["subject"].counters.cold_starts, 2);
    functions.stop().await;
}

#[tokio::test]
async fn reserved_concurrency_throttles_what_is_over_it() {
    let functions = start(Settings { reserved: Some(2), ..Settings::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    // Three files are needed and two invocations may run: they run until the test adds the third.
    let event = json!({"do": "meet", "count": 3, "folder": folder.path()});
    let (first, second, ()) =
        futures::join!(invoke(&functions, &event), invoke(&functions, &event), async {
            assert_eq!(order(&functions, "echo").await, Err(InvokeError::Throttled));
            std::fs::write(folder.path().join("third"), "").unwrap();
        });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(functions.status().functions["subject"].counters.throttles, 1);
    functions.stop().await;

    let closed = start(Settings { reserved: Some(0), ..Settings::default() }).await;
    assert_eq!(order(&closed, "echo").await, Err(InvokeError::Throttled));
    closed.stop().await;
}

#[tokio::test]
async fn what_is_too_large_fails() {
    let functions = start(Settings::default()).await;
    let (error_type, _) = failed(order(&functions, "large").await);
    assert_eq!(error_type, "Function.ResponseSizeTooLarge");
    let (error_type, _) =
        failed(invoke(&functions, &json!({"do": "echo", "text": "x".repeat(7 << 20)})).await);
    assert_eq!(error_type, "RequestTooLargeException");
    functions.stop().await;
}

#[tokio::test]
async fn stopping_fails_what_runs_and_leaves_no_process() {
    let functions = start(Settings::default()).await;
    let pid = order(&functions, "pid").await.unwrap();
    let running = tokio::spawn({
        let functions = functions.clone();
        async move { order(&functions, "spin").await }
    });
    while functions.status().processes[0].state != "busy" {
        tokio::task::yield_now().await;
    }
    functions.stop().await;
    assert!(running.await.unwrap().is_err());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
