//! A bad day at the database: a proxy that refuses, throttles, or loses answers, as DynamoDB does
//! and the embedded database never would.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// What happens to one transaction.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Cancelled, for these reasons: one for each item, the last one for all that follow.
    Cancelled(&'static [&'static str]),
    /// Refused altogether with this exception.
    Refused(&'static str),
    /// Carried out, but the connection is cut before the answer.
    AnswerLost,
    /// Carried out only when the test lets it: see [`Proxy::arrived`].
    HeldBack,
}

#[derive(Debug, Default)]
struct Script {
    next: VecDeque<Fault>,
    then: Option<Fault>,
    tokens: Vec<String>,
    unprocessed: usize,
    hold_query: bool,
    items_read: usize,
    arrived: Arc<Notify>,
    released: Arc<Notify>,
}

/// A running proxy.
pub struct Proxy {
    /// Its address.
    pub url: String,
    script: Arc<Mutex<Script>>,
}

impl Proxy {
    /// Starts a proxy before the database at this address.
    pub async fn before(database: &str) -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (http, database) = (reqwest::Client::new(), database.to_owned());
        tokio::spawn({
            let script = script.clone();
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    let (http, database, script) = (http.clone(), database.clone(), script.clone());
                    let answer = service_fn(move |request| {
                        answer(request, http.clone(), database.clone(), script.clone())
                    });
                    tokio::spawn(
                        http1::Builder::new().serve_connection(TokioIo::new(socket), answer),
                    );
                }
            }
        });
        Self { url, script }
    }

    /// What happens to the next transactions; those after them are carried out.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.script.lock().unwrap().next.extend(faults);
    }

    /// What happens to every transaction from now on.
    pub fn always(&self, fault: Fault) {
        self.script.lock().unwrap().then = Some(fault);
    }

    /// Waits until a transaction is held back.
    pub async fn arrived(&self) {
        let arrived = self.script.lock().unwrap().arrived.clone();
        arrived.notified().await;
    }

    /// Lets the transaction go that is held back.
    pub fn release(&self) {
        self.script.lock().unwrap().released.notify_one();
    }

    /// The next so many batches of reads leave all but one of their keys unread.
    pub fn leave_unread(&self, batches: usize) {
        self.script.lock().unwrap().unprocessed = batches;
    }

    /// The next query is carried out only when the test lets it, as a transaction that is held back.
    pub fn hold_back_query(&self) {
        self.script.lock().unwrap().hold_query = true;
    }

    /// How many single items have been read so far.
    pub fn items_read(&self) -> usize {
        self.script.lock().unwrap().items_read
    }

    /// The client request tokens of all transactions so far.
    pub fn tokens(&self) -> Vec<String> {
        self.script.lock().unwrap().tokens.clone()
    }
}

/// The answer was lost.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer was lost")
    }
}

impl std::error::Error for Lost {}

async fn answer(
    request: Request<Incoming>,
    http: reqwest::Client,
    database: String,
    script: Arc<Mutex<Script>>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let target = head.headers["x-amz-target"].to_str().unwrap();
    let operation = target.rsplit('.').next().unwrap();
    let (mut fault, mut unread) = (None, None);
    {
        let mut script = script.lock().unwrap();
        if operation == "TransactWriteItems" {
            script.tokens.push(asked["ClientRequestToken"].as_str().unwrap().to_owned());
            fault = script.next.pop_front().or_else(|| script.then.clone());
            if !is_within_limits(&asked) {
                return Ok(failure("ValidationException", json!({})));
            }
        } else if operation == "Query" && std::mem::take(&mut script.hold_query) {
            fault = Some(Fault::HeldBack);
        } else if operation == "BatchGetItem" && script.unprocessed > 0 {
            script.unprocessed -= 1;
            unread = Some(asked["RequestItems"].clone());
        }
    }
    match fault {
        Some(Fault::Cancelled(reasons)) => return Ok(cancelled(&asked, reasons)),
        Some(Fault::Refused(exception)) => return Ok(failure(exception, json!({}))),
        Some(Fault::HeldBack) => {
            let (arrived, released) = {
                let script = script.lock().unwrap();
                (script.arrived.clone(), script.released.clone())
            };
            arrived.notify_one();
            released.notified().await;
        }
        Some(Fault::AnswerLost) | None => {}
    }
    // The caller has signed it as it is, the host's name too.
    let mut onwards = http.post(database).body(body);
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != "content-length") {
        onwards = onwards.header(name, value);
    }
    let answer = onwards.send().await.map_err(|_| Lost)?;
    let status = answer.status();
    let mut body = answer.bytes().await.map_err(|_| Lost)?;
    if let Some(Fault::AnswerLost) = fault {
        return Err(Lost);
    }
    if operation == "GetItem" {
        script.lock().unwrap().items_read += 1;
    }
    if let Some(unread) = unread {
        let mut answered = serde_json::from_slice(&body).unwrap();
        leave_out(&mut answered, unread);
        body = answered.to_string().into();
    }
    Ok(response(status.as_u16(), body))
}

/// An expression has at most 4 KB and 300 operators, which the embedded database does not check.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
fn is_within_limits(asked: &Value) -> bool {
    let items = asked["TransactItems"].as_array().unwrap();
    let writes = items.iter().flat_map(|item| item.as_object().unwrap().values());
    let texts = writes.flat_map(|write| {
        ["ConditionExpression", "UpdateExpression"].map(|name| write[name].as_str().unwrap_or(""))
    });
    let operators = |text: &str| {
        text.split_whitespace().filter(|word| ["=", "<=", ">=", "AND", "OR"].contains(word)).count()
    };
    texts.into_iter().all(|text| text.len() <= 4096 && operators(text) <= 300)
}

/// Takes all but the item of the first key out of a batch of reads, as DynamoDB leaves them
/// unprocessed.
fn leave_out(answered: &mut Value, mut asked: Value) {
    let (name, table) = asked.as_object_mut().unwrap().iter_mut().next().unwrap();
    let keys = table["Keys"].as_array_mut().unwrap();
    let left = keys.split_off(1);
    let first = keys[0].as_object().unwrap();
    let read = answered["Responses"][name].as_array_mut().unwrap();
    read.retain(|item| first.iter().all(|(name, value)| item[name] == *value));
    if !left.is_empty() {
        let left = json!({"Keys": left, "ConsistentRead": true});
        answered["UnprocessedKeys"] = json!({ name: left });
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn cancelled(asked: &Value, reasons: &[&str]) -> Response<Full<Bytes>> {
    let items = asked["TransactItems"].as_array().unwrap();
    let codes: Vec<&str> =
        (0..items.len()).map(|place| *reasons.get(place).or(reasons.last()).unwrap()).collect();
    let reason = |code: &&str| match *code {
        "None" => json!({"Code": "None"}),
        "ConditionalCheckFailed" => {
            json!({"Code": code, "Message": "The conditional request failed"})
        }
        code => json!({"Code": code, "Message": "Transaction is ongoing for the item"}),
    };
    let reasons: Vec<Value> = codes.iter().map(reason).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let body = json!({"CancellationReasons": reasons, "Message": message});
    failure("TransactionCanceledException", body)
}

fn failure(exception: &str, mut body: Value) -> Response<Full<Bytes>> {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{exception}"));
    let status = if exception == "InternalServerError" { 500 } else { 400 };
    response(status, body.to_string().into())
}

fn response(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let response =
        Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    response.body(Full::new(body)).unwrap()
}
