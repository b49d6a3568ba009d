//! `approval: "fulfilment"`: the team's own endpoint decides.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Client, Host, Room, Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

type Answers = Arc<Mutex<Vec<(u16, Value)>>>;
type Questions = Arc<Mutex<Vec<Question>>>;

/// What the endpoint was asked.
#[derive(Debug, Clone)]
struct Question {
    id: String,
    body: Value,
}

/// A team's endpoint: it answers as it is told, one after the other, the last for ever.
struct Endpoint {
    url: String,
    questions: Questions,
    answers: Answers,
    _server: tokio::task::JoinSet<()>,
}

impl Endpoint {
    async fn start(answers: Vec<(u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/fulfil", listener.local_addr().unwrap());
        let (questions, answers) = (Questions::default(), Arc::new(Mutex::new(answers)));
        let state = (Arc::clone(&questions), Arc::clone(&answers));
        let router = Router::new().route("/fulfil", post(answer)).with_state(state);
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, questions, answers, _server: server }
    }

    fn host(&self) -> Host {
        let url = format!("FulfilmentUrl={}", self.url);
        let secrets = format!("FulfilmentSecrets={NEW} {OLD}");
        Host::start(&["--parameter", &url, "--parameter", &secrets])
    }

    fn asked(&self) -> Vec<Question> {
        self.questions.lock().unwrap().clone()
    }
}

async fn answer(
    State((questions, answers)): State<(Questions, Answers)>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, second) = (header("webhook-id"), header("webhook-timestamp"));
    let body = std::str::from_utf8(&body).unwrap();
    // As a team would check it: with the secret that it knows.
    for secret in [OLD, NEW] {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
        let signed = format!("{id}.{second}.{body}");
        let signature = header("webhook-signature");
        let good = signature.split(' ').filter_map(|it| it.strip_prefix("v1,")).any(|it| {
            let tag = STANDARD.decode(it).unwrap();
            aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
        });
        assert!(good, "{signature}");
    }
    let body = serde_json::from_str(body).unwrap();
    questions.lock().unwrap().push(Question { id, body });
    let (status, answer) = {
        let mut answers = answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    };
    (StatusCode::from_u16(status).unwrap(), answer.to_string())
}

async fn pending(host: &Host, fields: &Value) -> (Room, Client, Value) {
    let mut fields = fields.clone();
    fields["approval"] = json!("fulfilment");
    let room = Room::with(&host.gateway, fields).await;
    let mut owner = room.customer().await;
    let mut booked = room.one("book", 0);
    booked["details"] = json!({"allergies": "peanuts"});
    let booking = owner.ok(booked).await;
    assert_eq!(booking["status"], "pending");
    (room, owner, booking)
}

#[tokio::test]
async fn it_approves_and_declines() {
    let no = json!({"decision": "decline", "reason": "The kitchen is closed."});
    for (answer, status) in [(json!({"decision": "approve"}), "confirmed"), (no, "declined")] {
        let endpoint = Endpoint::start(vec![(200, answer.clone())]).await;
        let host = endpoint.host();
        let (mut room, mut owner, booking) = pending(&host, &json!({})).await;
        let decided = owner.booking_pushed(&booking, 2).await;
        assert_eq!(decided["status"], status);
        assert_eq!(decided.get("reason"), answer.get("reason"));
        assert_eq!(decided["updatedBy"], "fulfilment");
        assert_eq!(decided.get("confirmationCode").is_some(), status == "confirmed");
        assert_eq!(room.free().await[0], u64::from(status == "declined"));
        let asked = endpoint.asked();
        let [Question { id, body }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(*id, format!("{}.1", booking["id"].as_str().unwrap()));
        assert_eq!(body["type"], "booking.pending");
        for field in ["id", "version", "resource", "venue", "customer", "start", "end", "quantity"]
        {
            assert_eq!(body["data"][field], booking[field], "{field}");
        }
        assert_eq!(body["data"]["pendingExpiresAt"], booking["pendingExpiresAt"]);
        assert!(!body.to_string().contains("peanuts"), "{body}");
    }
}

#[tokio::test]
async fn what_it_declines_is_offered_to_who_waits() {
    let endpoint = Endpoint::start(vec![(503, json!(null))]).await;
    let host = endpoint.host();
    let (room, mut owner, booking) = pending(&host, &json!({})).await;
    let mut other = room.customer().await;
    let waits = other.ok(room.one("waitlist", 0)).await;
    *endpoint.answers.lock().unwrap() = vec![(200, json!({"decision": "decline"}))];
    assert_eq!(owner.booking_pushed(&booking, 2).await["status"], "declined");
    assert_eq!(other.booking_pushed(&waits, 2).await["status"], "held");
}

#[tokio::test]
async fn what_is_no_decision_is_asked_again_under_the_same_id() {
    let endpoint = Endpoint::start(vec![
        (500, json!({"decision": "approve"})),
        (200, json!({"decision": "perhaps"})),
        (404, json!("nobody here")),
        (201, json!({"decision": "approve"})),
        (200, json!({"decision": "decline"})),
    ])
    .await;
    let host = endpoint.host();
    let (_room, mut owner, booking) = pending(&host, &json!({})).await;
    assert_eq!(owner.booking_pushed(&booking, 2).await["status"], "confirmed");
    // Whatever may still be on its way, nothing is asked after a decision.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked.iter().all(|it| it.id == asked[0].id), "{asked:?}");
    assert_eq!(endpoint.answers.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_operator_may_be_faster() {
    let endpoint = Endpoint::start(vec![(503, json!(null))]).await;
    let host = endpoint.host();
    let (mut room, mut owner, booking) = pending(&host, &json!({})).await;
    e2e::wait::eventually("the endpoint to be asked", async || {
        (!endpoint.asked().is_empty()).then_some(())
    })
    .await;
    room.operator.ok(json!({"action": "decline", "booking": booking["id"]})).await;
    let declined = owner.booking_pushed(&booking, 2).await;
    assert_eq!(declined["status"], "declined");
    *endpoint.answers.lock().unwrap() = vec![(200, json!({"decision": "approve"}))];
    tokio::time::sleep(Duration::from_secs(3)).await;
    let now = owner.ok(json!({"action": "get", "booking": booking["id"]})).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("declined"), &json!(2)));
}

#[tokio::test]
async fn an_operators_approval_is_none_of_its_business() {
    let endpoint = Endpoint::start(vec![(200, json!({"decision": "decline"}))]).await;
    let host = endpoint.host();
    let room = Room::with(&host.gateway, json!({"approval": "manual"})).await;
    let mut owner = room.customer().await;
    let manual = owner.ok(room.one("book", 0)).await;
    let (_other, mut second, booking) = pending(&host, &json!({})).await;
    assert_eq!(second.booking_pushed(&booking, 2).await["status"], "declined");
    assert_eq!(endpoint.asked().len(), 1);
    let now = owner.ok(json!({"action": "get", "booking": manual["id"]})).await;
    assert_eq!(now["status"], "pending");
}

/// It is dead for all the time that there is.
#[tokio::test]
async fn nobody_decides_and_the_places_are_free_again() {
    let dead = Endpoint::start(vec![(200, json!({"decision": "approve"}))]).await;
    let host = dead.host();
    drop(dead);
    let fields = json!({"pendingMinutes": 1});
    let (mut room, mut owner, booking) = pending(&host, &fields).await;
    let end: jiff::Timestamp = booking["pendingExpiresAt"].as_str().unwrap().parse().unwrap();
    let left = jiff::Timestamp::now().duration_until(end);
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
    // Nobody looks: it is told.
    let expired = owner.booking_pushed(&booking, 2).await;
    assert_eq!(expired["status"], "expired");
    assert_eq!(expired["updatedAt"], booking["pendingExpiresAt"]);
    assert_eq!(room.free().await[0], 1);
}

/// As it stands in `docs/fulfilment.md`.
#[tokio::test]
async fn the_documented_endpoint_decides() {
    let document = include_str!("../../../docs/fulfilment.md");
    let code = document.split("```js\n").nth(1).unwrap().split("```").next().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut node = tokio::process::Command::new("node");
    let node = node.args(["-e", code]).env("SECRET", OLD).env("PORT", port.to_string());
    let _node = node.kill_on_drop(true).spawn().unwrap();
    let url = format!("FulfilmentUrl=http://127.0.0.1:{port}/");
    let secrets = format!("FulfilmentSecrets={NEW} {OLD}");
    let host = Host::start(&["--parameter", &url, "--parameter", &secrets]);
    for (quantity, status) in [(4, "confirmed"), (5, "declined")] {
        let fields = json!({"approval": "fulfilment", "capacity": 9});
        let room = Room::with(&host.gateway, fields).await;
        let mut owner = room.customer().await;
        let mut booked = room.one("book", 0);
        booked["quantity"] = json!(quantity);
        let booking = owner.ok(booked).await;
        assert_eq!(owner.booking_pushed(&booking, 2).await["status"], status);
    }
    let wrong = format!("FulfilmentSecrets={NEW}");
    let host = Host::start(&["--parameter", &url, "--parameter", &wrong]);
    let (_room, mut owner, booking) = pending(&host, &json!({})).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let now = owner.ok(json!({"action": "get", "booking": booking["id"]})).await;
    assert_eq!(now["status"], "pending", "who signs with another secret is not answered");
}
