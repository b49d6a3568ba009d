//! The authorizer's answers to events as API Gateway sends them, against a real issuer.
#![cfg(test)]

use authorizer::{AuthorizerError, handle};
use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest as Event;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use axum::Router;
use axum::routing::get;
use identity::{Settings, Verifier};
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const METHOD_ARN: &str = "arn:aws:execute-api:eu-central-1:123456789012:abcdef123/live/$connect";

fn now() -> Timestamp {
    "2027-01-11T09:00:00Z".parse().unwrap()
}

struct Issuer {
    url: String,
    key: EncodingKey,
}

impl Issuer {
    async fn start() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(key.to_pkcs8v1().unwrap().as_ref());
        let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        let set = json!({"keys": [jwk]}).to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/.well-known/jwks.json", get(move || async { set }));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, key }
    }

    fn verifier(&self) -> Verifier {
        let settings = Settings {
            issuer: self.url.clone(),
            audience: "app".to_owned(),
            jwks_url: None,
            operator_claim: "scope".to_owned(),
            operator_value: "bookings/operate".to_owned(),
            venue_claim: "venue".to_owned(),
        };
        Verifier::new(settings, SharedHttpConnector::new(Connector::builder().build_http()))
    }

    fn token(&self, sub: &str, scope: &str, lifetime: i64) -> String {
        self.sign(&json!({
            "iss": self.url, "aud": "app", "sub": sub, "scope": scope,
            "iat": now().as_second() - 5, "exp": now().as_second() + lifetime,
        }))
    }

    /// A token of Olga, with this as the claim that binds an operator to a venue.
    fn bound_token(&self, scope: &str, venue: &Value) -> String {
        self.sign(&json!({
            "iss": self.url, "aud": "app", "sub": "olga", "scope": scope, "venue": venue,
            "exp": now().as_second() + 60,
        }))
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&Header::new(Algorithm::ES256), claims, &self.key).unwrap()
    }
}

/// As in API Gateway's documentation of a WebSocket API's authorizer.
fn event(header: &str, value: &str) -> Event {
    let event = json!({
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": {header: value, "Host": "abcdef123.execute-api.eu-central-1.amazonaws.com"},
        "multiValueHeaders": {header: [value]},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": {},
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN",
            "extendedRequestId": "TXzPWFkkjoEF92g=", "requestId": "TXzPWFkkjoEF92g=",
            "requestTime": "19/Jan/2023:21:13:26 +0000", "requestTimeEpoch": 1_674_162_806_345_u64,
            "connectedAt": 1_674_162_806_344_u64, "stage": "live", "apiId": "abcdef123",
            "identity": {"sourceIp": "192.0.2.1"}, "connectionId": "TXzPWdnOjoECGjA=",
            "domainName": "abcdef123.execute-api.eu-central-1.amazonaws.com",
        },
    });
    serde_json::from_value(event).unwrap()
}

fn policy(effect: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": METHOD_ARN},
        ],
    })
}

#[tokio::test]
async fn a_good_token_is_allowed_from_either_header() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let token = issuer.token("alice", "openid bookings/operate", 60);
    for event in [
        event("Authorization", &format!("Bearer {token}")),
        event("Sec-WebSocket-Protocol", &format!("booking.v1, bearer.{token}")),
    ] {
        let answer = handle(&verifier, &event, now()).await.unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({
                "principalId": "alice",
                "policyDocument": policy("Allow"),
                "context": {
                    "customer": "alice",
                    "role": "operator",
                    "iat": (now().as_second() - 5).to_string(),
                    "exp": (now().as_second() + 60).to_string(),
                },
            })
        );
    }
}

#[tokio::test]
async fn bad_tokens_are_unauthorized_to_the_letter() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let expired = issuer.token("alice", "", 0);
    for event in [
        event("X-Nothing", ""),
        event("Authorization", "Bearer not.a.token"),
        event("Authorization", &format!("Bearer {expired}")),
        event("Authorization", &format!("Bearer {expired}x")),
        event("Sec-WebSocket-Protocol", "booking.v1"),
    ] {
        let error = handle(&verifier, &event, now()).await.unwrap_err();
        assert_eq!(error.to_string(), "Unauthorized");
    }
}

#[tokio::test]
async fn a_subject_that_cannot_be_a_customer_is_denied() {
    let issuer = Issuer::start().await;
    for subject in [&"x".repeat(129), "", "  ", "guest:ann"] {
        let token = issuer.token(subject, "bookings/operate", 60);
        let event = event("Authorization", &format!("Bearer {token}"));
        let answer = handle(&issuer.verifier(), &event, now()).await.unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({"principalId": "nobody", "policyDocument": policy("Deny")}),
            "{subject:?}"
        );
    }
}

#[tokio::test]
async fn an_operator_is_bound_to_the_venue_of_the_token() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let decide = async |scope: &str, venue: &Value| {
        let bearer = format!("Bearer {}", issuer.bound_token(scope, venue));
        let answer = handle(&verifier, &event("Authorization", &bearer), now()).await.unwrap();
        serde_json::to_value(answer).unwrap()
    };
    let bound = decide("bookings/operate", &json!("harbour")).await;
    assert_eq!(bound["context"]["venue"], "harbour");
    // Nobody whose bound cannot be read serves all venues.
    for unreadable in [json!("The harbour"), json!(""), json!(null), json!(["harbour"])] {
        let answer = decide("bookings/operate", &unreadable).await;
        assert_eq!(
            answer,
            json!({"principalId": "nobody", "policyDocument": policy("Deny")}),
            "{unreadable}"
        );
        // A customer is one at every venue.
        let customer = decide("", &unreadable).await;
        assert_eq!(customer["context"]["role"], "customer");
        assert_eq!(customer["context"].get("venue"), None);
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_is_not_the_clients_fault() {
    let issuer = Issuer::start().await;
    let event = event("Authorization", &format!("Bearer {}", issuer.token("alice", "", 60)));
    let settings = Settings {
        issuer: issuer.url.clone(),
        audience: "app".to_owned(),
        jwks_url: Some(format!("{}/nowhere", issuer.url)),
        operator_claim: String::new(),
        operator_value: String::new(),
        venue_claim: String::new(),
    };
    let verifier =
        Verifier::new(settings, SharedHttpConnector::new(Connector::builder().build_http()));
    let error = handle(&verifier, &event, now()).await.unwrap_err();
    assert!(matches!(error, AuthorizerError::Unavailable(_)), "{error:?}");
    assert_ne!(error.to_string(), "Unauthorized");
}
