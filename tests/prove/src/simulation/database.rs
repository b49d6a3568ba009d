//! DynamoDB, as the unchanged SDK finds it: each call takes its time there and back, and may fail in
//! every way that the real one does.

use super::life::{Goes, Life};
use super::setup::SETUP;
use super::world::{Fault, World};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::sleep;

const TARGET: &str = "x-amz-target";

/// The way of one process to the database.
#[derive(Debug, Clone)]
struct Connector {
    world: Arc<World>,
    life: Arc<Life>,
}

/// The HTTP client of one process.
pub fn client(world: &Arc<World>, life: &Arc<Life>) -> SharedHttpClient {
    let connector = Connector { world: Arc::clone(world), life: Arc::clone(life) };
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

/// What a call is answered with: a status and a body; `None` if the answer is lost.
type Answer = Option<(u16, String)>;

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get(TARGET).unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let body = String::from_utf8_lossy(body).into_owned();
        let goes = self.life.calls(&self.world);
        let (answer, answered) = oneshot::channel();
        // What was sent is on its way, whatever becomes of who sent it.
        if goes != Goes::Nowhere {
            let call = Call { target, body, by: self.life.name() };
            tokio::spawn(call.run(Arc::clone(&self.world), answer));
        }
        HttpConnectorFuture::new(async move {
            if goes != Goes::There {
                std::future::pending::<()>().await;
            }
            match answered.await {
                Ok(Some((status, body))) => {
                    let status = status.try_into().expect("a status");
                    let mut response = HttpResponse::new(status, SdkBody::from(body));
                    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
                    Ok(response)
                }
                _ => Err(ConnectorError::io("the answer was lost".into())),
            }
        })
    }
}

struct Call {
    target: String,
    body: String,
    by: String,
}

impl Call {
    fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap_or_default()
    }

    /// The token of a transaction; nothing for all else.
    fn token(&self) -> &str {
        let token = self.body.split_once(r#""ClientRequestToken":""#);
        token.and_then(|(_, token)| token.split('"').next()).unwrap_or_default()
    }

    async fn run(self, world: Arc<World>, answer: oneshot::Sender<Answer>) {
        let _busy = world.busy();
        let token = self.token();
        world.departs(token);
        sleep(world.latency() + world.late()).await;
        let twice = world.arrives(token) && !token.is_empty();
        let (said, how) = if twice && world.chance(0.5) {
            // The other one is taken for the one under way, though it is carried out only later.
            let exception = "TransactionInProgressException";
            (Some(failure(400, exception)), exception.to_owned())
        } else {
            self.answer(&world)
        };
        world.note(|| format!("  {} {} {} -> {how}", self.by, self.operation(), self.about()));
        sleep(world.latency() + world.late()).await;
        // Nobody listens any more where the caller died or gave up.
        let _ = answer.send(said);
    }

    /// What becomes of the call, and how that is called.
    fn answer(&self, world: &World) -> (Answer, String) {
        if world.fault(Fault::FailsBefore) {
            return match world.below(3) {
                0 => (None, "lost".to_owned()),
                1 => (Some(failure(500, "InternalServerError")), "500".to_owned()),
                _ => (Some(failure(503, "ServiceUnavailable")), "503".to_owned()),
            };
        }
        if world.fault(Fault::Throttled) {
            let exception = match world.below(3) {
                0 => "ProvisionedThroughputExceededException",
                1 => "ThrottlingException",
                _ => "RequestLimitExceeded",
            };
            return (Some(failure(400, exception)), exception.to_owned());
        }
        let operation = self.operation();
        let writes = !matches!(operation, "GetItem" | "Query" | "BatchGetItem");
        if writes && world.fault(Fault::Conflict) {
            return (Some(self.conflict(world)), "conflict".to_owned());
        }
        let (status, mut body) = self.carry_out(world);
        let mut how = match status {
            200 => "ok".to_owned(),
            _ => said(&body),
        };
        if writes && status == 200 {
            if self.body.contains(&SETUP.connections) {
                let body = serde_json::from_str(&self.body).unwrap_or_default();
                world.stale().carried_out(operation, &body);
            } else {
                world.committed();
            }
        }
        if operation == "BatchGetItem" && status == 200 && world.fault(Fault::Unprocessed) {
            body = leave_out(world, &self.body, &body);
            how.push_str(", some keys left");
        }
        if world.fault(Fault::FailsAfter) {
            return match world.below(2) {
                0 => (None, format!("{how}, answer lost")),
                _ => (Some(failure(500, "InternalServerError")), format!("{how}, then 500")),
            };
        }
        (Some((status, body)), how)
    }

    fn carry_out(&self, world: &World) -> (u16, String) {
        let operation = self.operation();
        if matches!(operation, "GetItem" | "Query")
            && !self.body.contains(r#""ConsistentRead":true"#)
            && self.body.contains(&SETUP.connections)
        {
            let body = serde_json::from_str(&self.body).unwrap_or_default();
            let ago = world.within(world.plan.profile.lag);
            let read = world.stale().read(operation, &body, ago);
            if let Some(read) = read {
                return (200, read);
            }
        }
        world.memory.call(&self.target, &self.body)
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
    fn conflict(&self, world: &World) -> (u16, String) {
        if self.operation() != "TransactWriteItems" {
            return failure(400, "TransactionConflictException");
        }
        let asked: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let items = asked["TransactItems"].as_array().map_or(0, Vec::len);
        let place = world.below(items);
        let reasons: Vec<Value> = (0..items)
            .map(|item| {
                if item == place {
                    let message = "Transaction is ongoing for the item";
                    json!({"Code": "TransactionConflict", "Message": message})
                } else {
                    json!({"Code": "None"})
                }
            })
            .collect();
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        });
        (400, body.to_string())
    }

    /// The keys that a call is about.
    fn about(&self) -> String {
        let asked: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let key = |of: &Value| {
            let of = if of["Item"].is_object() { &of["Item"] } else { &of["Key"] };
            let text = |name: &str| of[name]["S"].as_str().unwrap_or_default().to_owned();
            format!("{}|{}", text("PK"), text("SK"))
        };
        match self.operation() {
            "TransactWriteItems" => {
                let parts = asked["TransactItems"].as_array().into_iter().flatten();
                let named = parts.filter_map(|part| part.as_object()?.iter().next());
                let named = named.map(|(kind, of)| format!("{kind} {}", key(of)));
                named.collect::<Vec<_>>().join(", ")
            }
            "Query" => {
                let values = asked["ExpressionAttributeValues"].as_object();
                let values =
                    values.into_iter().flatten().filter_map(|(_, value)| value["S"].as_str());
                values.collect::<Vec<_>>().join(" ")
            }
            "BatchGetItem" => {
                let tables = asked["RequestItems"].as_object().into_iter().flatten();
                let keys = tables.flat_map(|(_, it)| it["Keys"].as_array().into_iter().flatten());
                let mut keys: Vec<String> =
                    keys.map(|key| format!("{}|{}", key["PK"]["S"], key["SK"]["S"])).collect();
                // They are asked for in no order.
                keys.sort();
                keys.join(", ")
            }
            _ => key(&asked),
        }
    }
}

fn failure(status: u16, exception: &str) -> (u16, String) {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{exception}");
    (status, json!({"__type": kind, "message": "simulated"}).to_string())
}

/// The kind of an error, and the reasons of a cancelled transaction.
fn said(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let kind = body["__type"].as_str().and_then(|it| it.rsplit('#').next()).unwrap_or("error");
    let reasons = body["CancellationReasons"].as_array().into_iter().flatten();
    let reasons: Vec<&str> = reasons.filter_map(|reason| reason["Code"].as_str()).collect();
    format!("{kind} [{}]", reasons.join(", "))
}

/// Takes some items out of a batch, as DynamoDB leaves them unprocessed: at least one stays.
fn leave_out(world: &World, asked: &str, answered: &str) -> String {
    let asked: Value = serde_json::from_str(asked).unwrap_or_default();
    let mut answered: Value = serde_json::from_str(answered).unwrap_or_default();
    let tables = asked["RequestItems"].as_object().into_iter().flatten();
    for (table, request) in tables {
        let mut keys: Vec<Value> = request["Keys"].as_array().cloned().unwrap_or_default();
        // They are asked for in no order.
        keys.sort_by_key(ToString::to_string);
        let left = keys.split_off(1 + world.below(keys.len()));
        if left.is_empty() {
            continue;
        }
        if let Some(read) = answered["Responses"][table].as_array_mut() {
            let is_left = |item: &Value| {
                left.iter().any(|key| key["PK"] == item["PK"] && key["SK"] == item["SK"])
            };
            read.retain(|item| !is_left(item));
        }
        let mut request = request.clone();
        request["Keys"] = json!(left);
        answered["UnprocessedKeys"][table] = request;
    }
    answered.to_string()
}
