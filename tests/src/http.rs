//! Requests over HTTP, as a server sends them.

use crate::gateway::Gateway;
use crate::shape;
use crate::wait::within;
use reqwest::header::HeaderMap;
use reqwest::{Body, Method};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The frame in the body, checked against what the protocol allows, and against the status.
    pub fn frame(&self) -> Value {
        let Self { status, headers, text } = self;
        let frame: Value = text.parse().unwrap_or_else(|_| panic!("{status}, no JSON: {text}"));
        assert!(frame["type"] == "reply" || frame["type"] == "error", "{status}: {text}");
        shape::check(text, &frame);
        let code = frame["error"]["code"].as_str();
        assert_eq!(*status, status_of(code), "{text}");
        assert_eq!(headers["content-type"], "application/json", "{text}");
        let wait = frame["error"]["retryAfterMs"].as_u64().map(|wait| wait.div_ceil(1000));
        let header = headers.get("retry-after").map(|it| it.to_str().unwrap().parse().unwrap());
        assert_eq!(header, wait, "{text}");
        frame
    }
}

/// The status of an error's code, of none for a reply.
fn status_of(code: Option<&str>) -> u16 {
    match code {
        None => 200,
        Some("bad_request") => 400,
        Some("unauthenticated") => 401,
        Some("forbidden") => 403,
        Some("not_found") => 404,
        Some("busy" | "limit_exceeded") => 429,
        Some("unavailable") => 503,
        Some(_) => 409,
    }
}

/// Sends any request to an address below that of the HTTP API, such as `/v1`.
pub async fn send(
    gateway: &Gateway,
    (method, path): (Method, &str),
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let root = gateway.http_url.strip_suffix("/v1").unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{root}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer_to(request.body(body)).await
}

/// Posts a body to the HTTP API with these headers.
pub async fn post(gateway: &Gateway, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    send(gateway, (Method::POST, "/v1"), headers, body).await
}

async fn answer_to(request: reqwest::RequestBuilder) -> Answer {
    let answer = within("an answer over HTTP", request.send()).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = within("a body over HTTP", answer.text()).await.unwrap();
    Answer { status, headers, text }
}

/// Somebody who asks over HTTP. Requests may overlap; their answers come in the order in which they are there.
#[derive(Debug)]
pub struct Poster {
    url: String,
    token: String,
    client: reqwest::Client,
    answers: (UnboundedSender<Answer>, UnboundedReceiver<Answer>),
    /// Requests that are not answered yet.
    open: usize,
}

impl Poster {
    /// Somebody with this token.
    pub fn new(gateway: &Gateway, token: &str) -> Self {
        Self {
            url: gateway.http_url.clone(),
            token: token.to_owned(),
            client: reqwest::Client::new(),
            answers: unbounded_channel(),
            open: 0,
        }
    }

    /// Whether this may be asked over HTTP: what belongs to a connection may not.
    pub fn takes(request: &Value) -> bool {
        !["subscribe", "unsubscribe", "refresh"].iter().any(|only| request["action"] == *only)
    }

    /// From now on with this token.
    pub fn refresh(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// Sends a request without waiting for its answer.
    pub fn send(&mut self, text: String) {
        let request = self.client.post(&self.url).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(text);
        let answers = self.answers.0.clone();
        self.open += 1;
        tokio::spawn(async move {
            let _ = answers.send(answer_to(request).await);
        });
    }

    /// Whether answers are still to come.
    pub fn waits(&self) -> bool {
        self.open > 0
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Value {
        let answer = within("an answer over HTTP", self.answers.1.recv()).await.unwrap();
        self.open -= 1;
        answer.frame()
    }
}
