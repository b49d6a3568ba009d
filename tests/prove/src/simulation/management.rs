//! The @connections API, as the unchanged SDK finds it.

use super::clock::Clock;
use super::gateway::Gateway;
use super::life::{Goes, Life};
use super::plan::Outage;
use super::sockets::{Frame, State, Untaken};
use super::world::{Fault, World};
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_apigatewaymanagement::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// The way of one process to the gateway.
#[derive(Debug, Clone)]
struct Connector {
    gateway: Gateway,
    life: Arc<Life>,
}

/// A client without retries of its own, as `push` has it.
pub fn client(gateway: &Gateway, life: &Arc<Life>) -> Client {
    let connector = Connector { gateway: gateway.clone(), life: Arc::clone(life) };
    let connector = SharedHttpConnector::new(connector);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "simulation"))
        .endpoint_url("https://gateway.test/live")
        .retry_config(RetryConfig::disabled())
        .timeout_config(super::functions::timeouts())
        .time_source(Clock::of(gateway.world()))
        .http_client(http_client_fn(move |_, _| connector.clone()));
    Client::from_conf(config.build())
}

/// A status; `None` if the answer is lost.
type Answer = Option<u16>;

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let path = request.uri().split('?').next().unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default().replace("%3D", "=");
        let goes = self.life.calls(self.gateway.world());
        let (answer, answered) = oneshot::channel();
        if goes != Goes::Nowhere {
            let call = Call {
                method: request.method().to_owned(),
                id,
                frame: request.body().bytes().unwrap_or_default().to_vec(),
                began: self.life.began().unwrap_or_else(Instant::now),
                by: self.life.name(),
            };
            tokio::spawn(call.run(self.gateway.clone(), answer));
        }
        HttpConnectorFuture::new(async move {
            if goes != Goes::There {
                std::future::pending::<()>().await;
            }
            match answered.await {
                Ok(Some(status)) => {
                    let status = status.try_into().expect("a status");
                    Ok(HttpResponse::new(status, SdkBody::empty()))
                }
                _ => Err(ConnectorError::io("the answer was lost".into())),
            }
        })
    }
}

struct Call {
    method: String,
    id: String,
    frame: Vec<u8>,
    /// When the invocation began that makes it.
    began: Instant,
    by: String,
}

impl Call {
    async fn run(self, gateway: Gateway, answer: oneshot::Sender<Answer>) {
        let world = Arc::clone(gateway.world());
        let _busy = world.busy();
        sleep(world.latency() + world.late()).await;
        let said = self.answer(&gateway);
        world.note(|| {
            let frame = String::from_utf8_lossy(&self.frame);
            format!("  {} {} {} -> {said:?} {frame}", self.by, self.method, self.id)
        });
        sleep(world.latency()).await;
        let _ = answer.send(said);
    }

    fn answer(&self, gateway: &Gateway) -> Answer {
        let world = gateway.world();
        // Where there are too many calls, hardly any is taken.
        if world.is_out(Outage::Throttling) && world.chance(0.97) {
            self.untaken(world, |untaken| untaken.refused = true);
            return Some(429);
        }
        if world.is_out(Outage::Failing) || world.fault(Fault::PostFails) {
            self.untaken(world, |untaken| untaken.failed = true);
            return match world.below(3) {
                0 => None,
                1 => Some(500),
                _ => Some(503),
            };
        }
        let answer = match self.method.as_str() {
            "POST" => self.post(world),
            "DELETE" => self.close(gateway),
            _ => self.look(world),
        };
        if answer == 200 && world.fault(Fault::PostFailsAfter) {
            self.untaken(world, |untaken| untaken.failed = true);
            return if world.chance(0.5) { None } else { Some(500) };
        }
        Some(answer)
    }

    fn untaken(&self, world: &World, how: impl FnOnce(&mut Untaken)) {
        // Only what is not told is a reason to close.
        if self.method != "POST" {
            return;
        }
        if let Some(socket) = world.sockets().get_mut(&self.id) {
            how(socket.untaken.entry(self.by.clone()).or_default());
        }
    }

    fn look(&self, world: &World) -> u16 {
        let is_open = world.sockets().get(&self.id).is_some_and(|it| it.state == State::Open);
        if is_open { 200 } else { 410 }
    }

    fn post(&self, world: &Arc<World>) -> u16 {
        let text = String::from_utf8_lossy(&self.frame).into_owned();
        let mut sockets = world.sockets();
        let Some(socket) = sockets.get_mut(&self.id).filter(|it| it.state == State::Open) else {
            return 410;
        };
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        for update in frame["updates"].as_array().into_iter().flatten() {
            let topic = update["topic"].as_str().unwrap_or_default();
            if let Err(why) = socket.rights.allow(world, topic, self.began) {
                world.broken("nobody is told what they may not know", || {
                    format!("{} by {}: {why}: {text}", self.id, self.by)
                });
            }
        }
        socket.untaken.remove(&self.by);
        socket.send(world, Frame::Text(text));
        200
    }

    fn close(&self, gateway: &Gateway) -> u16 {
        let world = gateway.world();
        let known = {
            let sockets = world.sockets();
            let socket = sockets.get(&self.id).filter(|it| it.state == State::Open);
            socket.map(|socket| socket.untaken.get(&self.by).copied().unwrap_or_default())
        };
        let Some(untaken) = known else { return 410 };
        if untaken.refused && !untaken.failed {
            world
                .broken("nobody is closed for 429 alone", || format!("{} by {}", self.id, self.by));
        }
        gateway.close(&self.id, true);
        204
    }
}
