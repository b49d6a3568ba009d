//! API Gateway, as clients find it: `$connect` with its authorizer, messages in parallel, and
//! `$disconnect` when it comes to it.

use super::functions::Functions;
use super::sockets::{Frame, Grant, Receiver, Socket, State};
use super::world::{Fault, World};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long API Gateway waits for a function.
const INTEGRATION: Duration = Duration::from_secs(29);

/// The gateway. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Gateway {
    world: Arc<World>,
    functions: Functions,
}

impl Gateway {
    /// The gateway before these functions.
    pub fn new(world: &Arc<World>, functions: &Functions) -> Self {
        Self { world: Arc::clone(world), functions: functions.clone() }
    }

    /// The world that it is in.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// A client connects with a token: the connection's id and the client's end, or the status of the
    /// refusal.
    pub async fn connect(&self, token: &str, grant: Grant) -> Result<(String, Receiver), u16> {
        let _busy = self.world.busy();
        sleep(self.world.latency()).await;
        let authorizer = self.functions.authorize(&authorize_event(token)).await;
        let Some(answer) = authorizer else { return Err(500) };
        let answer =
            answer.map_err(|message| if message == "Unauthorized" { 401_u16 } else { 500 })?;
        let context = passed_on(&answer).ok_or(403_u16)?;
        let (mut socket, receiver) = Socket::new(&self.world);
        socket.context = context;
        socket.rights.grants.push(grant);
        let id = {
            let mut sockets = self.world.sockets();
            let id = format!("conn-{:04}", sockets.len());
            sockets.insert(id.clone(), socket);
            id
        };
        let event = json!({
            "headers": {}, "multiValueHeaders": {},
            "requestContext": self.context(&id, "$connect", "CONNECT"),
            "isBase64Encoded": false,
        });
        let connected = self.functions.connect(event).await;
        let mut sockets = self.world.sockets();
        let socket = sockets.get_mut(&id).expect("it is there for ever");
        if connected == Some(200) {
            socket.state = State::Open;
            Ok((id, receiver))
        } else {
            socket.state = State::Closed;
            Err(502)
        }
    }

    fn context(&self, id: &str, route: &str, kind: &str) -> Value {
        let context = self.world.sockets().get(id).map(|socket| socket.context.clone());
        json!({
            "routeKey": route, "eventType": kind, "messageDirection": "IN", "stage": "live",
            "connectedAt": 0, "requestTimeEpoch": 0, "messageId": "m", "requestId": "r",
            "extendedRequestId": "r", "domainName": "gateway.test", "apiId": "api",
            "identity": {"sourceIp": "192.0.2.1"}, "connectionId": id, "authorizer": context,
        })
    }

    /// A client sends a text; what comes back comes over its socket, in no promised order.
    pub fn receive(&self, id: &str, text: String) {
        let (gateway, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            let _busy = gateway.world.busy();
            sleep(gateway.world.latency()).await;
            let context = gateway.context(&id, "$default", "MESSAGE");
            let event = json!({"requestContext": context, "body": text, "isBase64Encoded": false});
            let answer = gateway.functions.message(event);
            let body = tokio::time::timeout(INTEGRATION, answer).await.ok().flatten();
            let mut sockets = gateway.world.sockets();
            let socket = sockets.get_mut(&id).expect("it is there for ever");
            if socket.state != State::Open {
                return;
            }
            let text = body.unwrap_or_else(|| {
                socket.faults += 1;
                json!({"message": "Internal server error", "connectionId": id, "requestId": "r"})
                    .to_string()
            });
            socket.send(&gateway.world, Frame::Text(text));
        });
    }

    /// A connection ends at the gateway; its client hears of it or not. The function is told when it
    /// comes to it.
    pub fn close(&self, id: &str, heard: bool) {
        {
            let mut sockets = self.world.sockets();
            let Some(socket) = sockets.get_mut(id).filter(|it| it.state == State::Open) else {
                return;
            };
            socket.state = State::Closed;
            if heard {
                socket.send(&self.world, Frame::Closed);
            }
        }
        let (gateway, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            if gateway.world.fault(Fault::Untold) {
                if gateway.world.chance(0.5) {
                    return;
                }
                sleep(gateway.world.within(Duration::from_secs(90))).await;
            }
            let _busy = gateway.world.busy();
            sleep(gateway.world.latency()).await;
            let mut context = gateway.context(&id, "$disconnect", "DISCONNECT");
            context["disconnectStatusCode"] = json!(1005);
            let event = json!({
                "headers": {}, "multiValueHeaders": {}, "requestContext": context,
                "isBase64Encoded": false,
            });
            gateway.functions.disconnect(event).await;
        });
    }

    /// A client's network breaks: the gateway finds out later.
    pub fn cut(&self, id: &str) {
        if let Some(socket) = self.world.sockets().get_mut(id) {
            socket.cut = true;
        }
        let (gateway, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            let longest = if gateway.world.fault(Fault::Untold) { 120 } else { 3 };
            sleep(gateway.world.within(Duration::from_secs(longest))).await;
            gateway.close(&id, false);
        });
    }
}

fn authorize_event(token: &str) -> Value {
    let bearer = format!("Bearer {token}");
    json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/live/$connect",
        "headers": {"Authorization": bearer}, "multiValueHeaders": {"Authorization": [bearer]},
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "connectedAt": 0,
            "requestTimeEpoch": 0, "apiId": "api", "stage": "live",
        },
    })
}

/// What API Gateway passes on of an authorizer's answer, if that allows: everything as text.
fn passed_on(answer: &Value) -> Option<Map<String, Value>> {
    let statement = &answer["policyDocument"]["Statement"][0];
    let context = answer["context"].as_object()?;
    let text = |value: &Value| match value {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    };
    (statement["Effect"] == "Allow")
        .then(|| context.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}
