//! A client as a user's program is: it comes back when its connection ends, asks again when it hears
//! nothing, and knows the newest version of everything that it saw.

use crate::history::{Known, Recorder, What};
use e2e::{Client, Gateway};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an answer is waited for: longer than API Gateway lets a function take.
const PATIENCE: Duration = Duration::from_secs(35);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// One client.
#[derive(Debug)]
pub(super) struct Actor {
    number: usize,
    pub(super) customer: String,
    pub(super) operator: bool,
    /// Whether it only looks.
    pub(super) looks: bool,
    /// Where it connects, and with what.
    gateway: Gateway,
    token: String,
    recorder: Recorder,
    connection: Option<Client>,
    /// What it subscribes to when it comes back.
    pub(super) topics: Vec<Value>,
    pub(super) known: Known,
    requests: u64,
    /// What it is asking for at present.
    asking: Option<Value>,
    /// Attempts of which it does not know what came.
    pub(super) doubtful: Vec<Value>,
}

impl Actor {
    pub(super) async fn new(
        gateway: &Gateway,
        recorder: &Recorder,
        number: usize,
        customer: String,
        operator: bool,
        topics: Vec<Value>,
    ) -> Self {
        let token = token(gateway, &customer, operator).await;
        Self {
            number,
            customer,
            operator,
            looks: false,
            gateway: gateway.clone(),
            token,
            recorder: recorder.clone(),
            connection: None,
            topics,
            known: Known::default(),
            requests: 0,
            asking: None,
            doubtful: Vec::new(),
        }
    }

    /// The gateway is elsewhere from now on, and has another issuer.
    pub(super) async fn follow(&mut self, gateway: &Gateway) {
        self.gateway = gateway.clone();
        self.token = token(gateway, &self.customer, self.operator).await;
        self.lost();
        let interrupted = self.asking.take().filter(|request| request["key"].is_string());
        self.doubtful.extend(interrupted);
    }

    /// Connects, if it is not connected, and reads a snapshot of each of its topics; false where that
    /// cannot be done until `end`.
    pub(super) async fn connect(&mut self, end: Instant) -> bool {
        while Instant::now() < end {
            if self.connection.is_some() {
                return true;
            }
            let reached = timeout_at(end, Client::reach(&self.gateway, &self.token)).await;
            let Ok(Some(client)) = reached else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.connection = Some(client);
            let (customer, operator) = (self.customer.clone(), self.operator);
            self.recorder.add(self.number, What::Connected { customer, operator });
            for subscribe in self.topics.clone() {
                self.subscribe(subscribe, end).await;
            }
        }
        self.connection.is_some()
    }

    /// Subscribes and reads all pages of the snapshot. Without the snapshot it would not know what it
    /// has missed: then it rather is not connected.
    async fn subscribe(&mut self, mut request: Value, end: Instant) {
        while self.connection.is_some() {
            let Some(frame) = self.ask(request.clone()).await else { return };
            let cursor = &frame["result"]["cursor"];
            match (frame["type"] == "reply", cursor.is_string()) {
                (true, true) => request["cursor"] = cursor.clone(),
                (true, false) => return,
                (false, _) if Instant::now() < end => tokio::time::sleep(PAUSE).await,
                (false, _) => self.leave(),
            }
        }
    }

    /// Sends one request and waits for what answers it; nothing where the connection ends before.
    pub(super) async fn ask(&mut self, mut request: Value) -> Option<Value> {
        self.requests += 1;
        request["id"] = json!(format!("{}-{}", self.number, self.requests));
        let client = self.connection.as_mut()?;
        self.recorder.add(self.number, What::Sent(request.clone()));
        if !client.send_or_end(&request).await {
            self.lost();
            return None;
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let frame = self.hear(end, request["resource"].as_str()).await?;
            if frame["type"] != "update" {
                return Some(frame);
            }
        }
    }

    /// Asks until there is an answer that says what came of it, for up to `tries` times, and comes back
    /// in between. What stays open then is kept, if it can be asked for again by its key.
    pub(super) async fn insist(
        &mut self,
        request: Value,
        tries: u32,
        end: Instant,
    ) -> Option<Value> {
        self.asking = Some(request.clone());
        let answer = self.answer(&request, tries, end).await;
        self.asking = None;
        if answer.is_none() && request["key"].is_string() {
            self.doubtful.push(request);
        }
        let result = |frame: Value| (frame["type"] == "reply").then(|| frame["result"].clone());
        answer.and_then(result)
    }

    /// The answer that says what came of a request, if there is one.
    async fn answer(&mut self, request: &Value, tries: u32, end: Instant) -> Option<Value> {
        for _ in 0..tries {
            if !self.connect(end).await {
                return None;
            }
            match self.ask(request.clone()).await {
                Some(frame) if frame["type"] == "reply" || is_certain(&frame) => {
                    return Some(frame);
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
        None
    }

    /// Reads what is pushed, until `end`.
    pub(super) async fn listen(&mut self, end: Instant) {
        while let Some(client) = self.connection.as_mut() {
            match timeout_at(end, client.frame_or_end()).await {
                Err(_) => return,
                Ok(Some(frame)) => self.heard(frame, None),
                Ok(None) => self.lost(),
            }
        }
        tokio::time::sleep_until(end).await;
    }

    /// The next frame; nothing where there is none until `end`, or the connection ends.
    async fn hear(&mut self, end: Instant, resource: Option<&str>) -> Option<Value> {
        let client = self.connection.as_mut()?;
        if let Ok(Some(frame)) = timeout_at(end, client.frame_or_end()).await {
            self.heard(frame.clone(), resource);
            Some(frame)
        } else {
            self.lost();
            None
        }
    }

    fn heard(&mut self, mut frame: Value, resource: Option<&str>) {
        forget_positions(&mut frame);
        self.known.learn(&frame, resource);
        self.recorder.add(self.number, What::Heard(frame));
    }

    /// Goes offline, as a machine does that loses its network.
    pub(super) fn leave(&mut self) {
        if let Some(client) = self.connection.take() {
            client.vanish();
            self.recorder.add(self.number, What::Ended);
        }
    }

    /// Sends a request and goes offline before there can be an answer.
    pub(super) async fn hurry(&mut self, mut request: Value) {
        let again = request.clone();
        self.requests += 1;
        request["id"] = json!(format!("{}-{}", self.number, self.requests));
        let Some(client) = self.connection.as_mut() else { return };
        self.recorder.add(self.number, What::Sent(request.clone()));
        let _ = client.send_or_end(&request).await;
        self.leave();
        if again["key"].is_string() {
            self.doubtful.push(again);
        }
    }

    fn lost(&mut self) {
        if self.connection.take().is_some() {
            self.recorder.add(self.number, What::Ended);
        }
    }

    /// The topics that it subscribes to.
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().filter_map(|request| request["topic"].as_str())
    }

    /// Whether it has a connection, as far as it knows.
    pub(super) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }
}

/// A place in a line changes without a version: of two views of one version, each is as it was.
pub(super) fn forget_positions(frame: &mut Value) {
    match frame {
        Value::Object(fields) => {
            fields.remove("position");
            fields.values_mut().for_each(forget_positions);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_positions),
        _ => {}
    }
}

async fn token(gateway: &Gateway, customer: &str, operator: bool) -> String {
    if operator { gateway.operator_token(customer).await } else { gateway.token(customer).await }
}

/// Whether an error says what came of the request.
fn is_certain(frame: &Value) -> bool {
    let code = frame["error"]["code"].as_str();
    code.is_some_and(|code| !matches!(code, "unavailable" | "busy"))
}
