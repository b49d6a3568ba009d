//! A bad day at the database: a proxy between the functions and DynamoDB.
//!
//! The embedded database never conflicts, throttles or loses an answer. The proxy does so on
//! demand; a template variant puts it in a function's way.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every write meets another transaction.
    Conflict,
    /// Every write meets another transaction, and it takes two seconds to hear of it.
    SlowConflict,
    /// Every call fails on DynamoDB's side.
    Down,
    /// The next write is done, and its answer is lost.
    LoseOneAnswer,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Arc<Mutex<Script>>,
}

#[derive(Debug)]
struct Script {
    target: String,
    fault: Fault,
    hits: u64,
}

impl Proxy {
    /// Starts a proxy, on a thread of its own: a test blocks its runtime while a host starts.
    pub fn start() -> Self {
        let script = Script { target: String::new(), fault: Fault::None, hits: 0 };
        let shared = Arc::new(Mutex::new(script));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(forward).with_state(shared.clone());
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                listener.set_nonblocking(true).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { url, shared }
    }

    /// Sets the database to pass calls on to.
    pub fn to(&self, endpoint: &str) {
        endpoint.clone_into(&mut self.shared.lock().unwrap().target);
    }

    /// From now on, this goes wrong.
    pub fn inject(&self, fault: Fault) {
        let mut script = self.shared.lock().unwrap();
        script.fault = fault;
        script.hits = 0;
    }

    /// How many calls the present fault has met.
    pub fn hits(&self) -> u64 {
        self.shared.lock().unwrap().hits
    }
}

async fn forward(
    State(shared): State<Arc<Mutex<Script>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("");
    let operation = target.rsplit('.').next().unwrap_or("").to_owned();
    let writes = matches!(
        operation.as_str(),
        "TransactWriteItems" | "UpdateItem" | "PutItem" | "DeleteItem"
    );
    let (database, fault) = {
        let mut script = shared.lock().unwrap();
        let fault = match script.fault {
            Fault::Conflict | Fault::SlowConflict | Fault::LoseOneAnswer if !writes => Fault::None,
            fault => fault,
        };
        if fault != Fault::None {
            script.hits += 1;
        }
        if fault == Fault::LoseOneAnswer {
            script.fault = Fault::None;
        }
        (script.target.clone(), fault)
    };
    if database.is_empty() {
        return warm_up();
    }
    match fault {
        Fault::Conflict => conflict(&operation, &body),
        Fault::SlowConflict => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            conflict(&operation, &body)
        }
        Fault::Down => failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", json!({})),
        Fault::None => pass_on(&database, &headers, body).await,
        Fault::LoseOneAnswer => {
            pass_on(&database, &headers, body).await;
            failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", json!({}))
        }
    }
}

/// Functions make their connection to the database before the host tells where it is: by asking how
/// it is, whatever the answer.
fn warm_up() -> Response<Body> {
    let response = Response::builder().header("content-type", "application/x-amz-json-1.0");
    response.body(Body::from("{}")).unwrap()
}

async fn pass_on(database: &str, headers: &HeaderMap, body: Bytes) -> Response<Body> {
    let mut request = reqwest::Client::new().post(database).body(body);
    // The caller has signed them, the host's name too.
    for (name, value) in headers.iter().filter(|(name, _)| *name != "content-length") {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "content-length" {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// What DynamoDB answers to a write on an item that another transaction is writing.
fn conflict(operation: &str, body: &Bytes) -> Response<Body> {
    if operation != "TransactWriteItems" {
        return failure(StatusCode::BAD_REQUEST, "TransactionConflictException", json!({}));
    }
    let request: Value = serde_json::from_slice(body).unwrap();
    let items = request["TransactItems"].as_array().unwrap().len();
    let conflict = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing"});
    let reasons = json!({"CancellationReasons": vec![conflict; items]});
    failure(StatusCode::BAD_REQUEST, "TransactionCanceledException", reasons)
}

fn failure(status: StatusCode, kind: &str, mut body: Value) -> Response<Body> {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{kind}"));
    body["message"] = json!("injected by a test");
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0")
        .body(Body::from(body.to_string()))
        .unwrap()
}
