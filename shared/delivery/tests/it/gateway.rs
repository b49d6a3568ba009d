//! API Gateway's side of the @connections API, with clients of every mood behind it.

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How API Gateway answers for one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// There is no such connection.
    Gone,
    /// Every post fails.
    Fails,
    /// No post is ever answered.
    Hangs,
    /// Nothing works, closing neither.
    Broken,
    /// The first post of each frame fails.
    Stumbles,
    /// Its client does not read, and its buffer is full.
    Full,
    /// So many posts are refused, as if there were too many.
    Refuses(usize),
}

/// What happened, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame was taken for this connection.
    Sent(String, String),
    /// This connection was closed.
    Closed(String),
}

/// A rate limit, as API Gateway has one for an account: requests a second, and so many at once.
#[derive(Debug)]
struct Throttle {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Option<Instant>,
    /// Tokens that there were for those who asked, from the first request on.
    offered: f64,
    accepted: usize,
    refused: usize,
}

impl Throttle {
    fn admits(&mut self) -> bool {
        let now = Instant::now();
        match self.at {
            Some(at) => {
                let earned = (now - at).as_secs_f64() * self.rate;
                self.offered += earned;
                self.tokens = (self.tokens + earned).min(self.burst);
            }
            None => self.offered = self.burst,
        }
        self.at = Some(now);
        if self.tokens < 1.0 {
            self.refused += 1;
            return false;
        }
        self.tokens -= 1.0;
        self.accepted += 1;
        true
    }
}

/// What came of a rate limit.
#[derive(Debug, Clone, Copy)]
pub struct Throttled {
    /// Requests that it let through up to the last one.
    pub accepted: usize,
    /// Requests that it refused.
    pub refused: usize,
    /// Requests that it would have let through between the first and the last one.
    pub offered: f64,
}

#[derive(Debug, Default)]
struct Inner {
    throttle: Option<Throttle>,
    moods: BTreeMap<String, Mood>,
    events: Vec<Event>,
    attempts: usize,
    in_flight: usize,
    gather: usize,
}

/// A running gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Mutex<Inner>>,
    /// The most posts that were under way at once.
    most: watch::Sender<usize>,
    url: String,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/live", listener.local_addr().unwrap());
        let gateway = Self { inner: Arc::default(), most: watch::Sender::new(0), url };
        let router = Router::new()
            .route("/live/@connections/{id}", get(look).post(take).delete(close))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        gateway
    }

    /// The unchanged SDK, without retries as the functions have it.
    pub fn client(&self, attempt: Duration) -> Client {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
        let config = aws_sdk_apigatewaymanagement::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("tests", "tests", None, None, "tests"))
            .endpoint_url(&self.url)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Client::from_conf(config.build())
    }

    pub fn mood(&self, id: &str, mood: Mood) {
        self.inner.lock().unwrap().moods.insert(id.to_owned(), mood);
    }

    /// No post is answered before so many are under way.
    pub fn gather(&self, posts: usize) {
        self.inner.lock().unwrap().gather = posts;
    }

    /// From now on, so many requests a second are let through, and so many at once.
    pub fn throttle(&self, rate: f64, burst: f64) {
        let (at, offered, accepted, refused) = (None, 0.0, 0, 0);
        let throttle = Throttle { rate, burst, tokens: burst, at, offered, accepted, refused };
        self.inner.lock().unwrap().throttle = Some(throttle);
    }

    pub fn throttled(&self) -> Throttled {
        let inner = self.inner.lock().unwrap();
        let throttle = inner.throttle.as_ref().unwrap();
        let Throttle { accepted, refused, offered, .. } = *throttle;
        Throttled { accepted, refused, offered }
    }

    pub fn most(&self) -> usize {
        *self.most.borrow()
    }

    pub fn events(&self) -> Vec<Event> {
        self.inner.lock().unwrap().events.clone()
    }

    /// Posts so far, failed ones too.
    pub fn attempts(&self) -> usize {
        self.inner.lock().unwrap().attempts
    }

    /// Those who were closed.
    pub fn closed(&self) -> Vec<String> {
        let closed = |event| match event {
            Event::Closed(id) => Some(id),
            Event::Sent(..) => None,
        };
        self.events().into_iter().filter_map(closed).collect()
    }

    /// The frames that a connection got, as they were sent.
    pub fn texts(&self, id: &str) -> Vec<String> {
        let sent = |event| match event {
            Event::Sent(to, frame) if to == id => Some(frame),
            _ => None,
        };
        self.events().into_iter().filter_map(sent).collect()
    }

    /// The updates of each frame that a connection got.
    pub fn frames(&self, id: &str) -> Vec<Vec<Value>> {
        let updates = |text: String| {
            let mut frame: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(frame["type"], "update");
            serde_json::from_value(frame["updates"].take()).unwrap()
        };
        self.texts(id).into_iter().map(updates).collect()
    }
}

async fn take(State(gateway): State<Gateway>, Path(id): Path<String>, frame: String) -> Response {
    let (mood, gather) = {
        let mut inner = gateway.inner.lock().unwrap();
        inner.attempts += 1;
        if inner.throttle.as_mut().is_some_and(|throttle| !throttle.admits()) {
            return too_many();
        }
        inner.in_flight += 1;
        let now = inner.in_flight;
        gateway.most.send_modify(|most| *most = now.max(*most));
        let mood = inner.moods.get(&id).copied();
        let next = match mood {
            Some(Mood::Stumbles | Mood::Refuses(1)) => None,
            Some(Mood::Refuses(left)) => Some(Mood::Refuses(left - 1)),
            mood => mood,
        };
        match next {
            Some(next) => inner.moods.insert(id.clone(), next),
            None => inner.moods.remove(&id),
        };
        (mood, inner.gather)
    };
    if gather > 0 {
        gateway.most.subscribe().wait_for(|most| *most >= gather).await.unwrap();
        // More than are meant to come would come now.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if mood == Some(Mood::Hangs) {
        std::future::pending::<()>().await;
    }
    let mut inner = gateway.inner.lock().unwrap();
    inner.in_flight -= 1;
    match mood {
        Some(Mood::Gone) => gone(),
        Some(Mood::Full | Mood::Refuses(_)) => too_many(),
        Some(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        None => {
            inner.events.push(Event::Sent(id, frame));
            StatusCode::OK.into_response()
        }
    }
}

async fn look(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let mut inner = gateway.inner.lock().unwrap();
    if inner.throttle.as_mut().is_some_and(|throttle| !throttle.admits()) {
        return too_many();
    }
    match inner.moods.get(&id) {
        Some(Mood::Gone) => gone(),
        Some(Mood::Broken) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => (StatusCode::OK, "{}").into_response(),
    }
}

async fn close(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let mut inner = gateway.inner.lock().unwrap();
    if inner.throttle.as_mut().is_some_and(|throttle| !throttle.admits()) {
        return too_many();
    }
    match inner.moods.get(&id) {
        Some(Mood::Gone) => gone(),
        Some(Mood::Broken) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => {
            inner.events.push(Event::Closed(id));
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

fn gone() -> Response {
    (StatusCode::GONE, [("x-amzn-errortype", "GoneException")]).into_response()
}

fn too_many() -> Response {
    let kind = [("x-amzn-errortype", "LimitExceededException")];
    (StatusCode::TOO_MANY_REQUESTS, kind).into_response()
}
