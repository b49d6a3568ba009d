//! A token issuer: signing keys and an HTTP server with the key set.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::{Settings, Verifier};
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

pub const AUDIENCE: &str = "booking-gateway";

/// The instant of all tests: tokens are dated around it.
pub fn now() -> Timestamp {
    "2027-01-11T09:00:00Z".parse().unwrap()
}

pub fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds).unwrap()
}

/// A signing key and the public half of it as the key set shows it.
#[derive(Clone)]
pub struct SigningKey {
    pub id: String,
    pub algorithm: Algorithm,
    pub private: EncodingKey,
}

impl SigningKey {
    pub fn es256(id: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = key.to_pkcs8v1().unwrap();
        Self::new(id, Algorithm::ES256, EncodingKey::from_ec_der(der.as_ref()))
    }

    pub fn ed25519(id: &str) -> Self {
        let der = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        Self::new(id, Algorithm::EdDSA, EncodingKey::from_ed_der(der.as_ref()))
    }

    pub fn rs256(id: &str) -> Self {
        let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der = key.as_der().unwrap();
        let der = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        Self::new(id, Algorithm::RS256, key)
    }

    fn new(id: &str, algorithm: Algorithm, private: EncodingKey) -> Self {
        Self { id: id.to_owned(), algorithm, private }
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.clone());
        serde_json::to_value(jwk).unwrap()
    }

    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        encode(&header, claims, &self.private).unwrap()
    }
}

/// What the server answers, and how often it was asked.
#[derive(Default)]
struct Served {
    answer: Mutex<(u16, String)>,
    requests: AtomicUsize,
}

pub struct Issuer {
    pub url: String,
    served: Arc<Served>,
}

impl Issuer {
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let served = Arc::new(Served::default());
        let shared = Arc::clone(&served);
        let answer = move || async move {
            shared.requests.fetch_add(1, Ordering::SeqCst);
            let (status, body) = shared.answer.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), body)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tenant", listener.local_addr().unwrap());
        let routes = Router::new().route("/tenant/.well-known/jwks.json", get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let issuer = Self { url, served };
        issuer.publish(keys);
        issuer
    }

    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.answer(200, &json!({"keys": keys}).to_string());
    }

    pub fn answer(&self, status: u16, body: &str) {
        *self.served.answer.lock().unwrap() = (status, body.to_owned());
    }

    pub fn requests(&self) -> usize {
        self.served.requests.load(Ordering::SeqCst)
    }

    pub fn claims(&self) -> Value {
        json!({
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "alice",
            "exp": later(3600).as_second(),
        })
    }

    pub fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    pub fn claims_without(&self, name: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    pub fn verifier(&self) -> Verifier {
        verifier(&self.url, None)
    }
}

pub fn verifier(issuer: &str, jwks_url: Option<&str>) -> Verifier {
    let settings = Settings {
        issuer: issuer.to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks_url: jwks_url.map(ToOwned::to_owned),
        operator_claim: "cognito:groups".to_owned(),
        operator_value: "operators".to_owned(),
        venue_claim: "venue".to_owned(),
    };
    Verifier::new(settings, SharedHttpConnector::new(Connector::builder().build_http()))
}

/// A token put together by hand, for what no library would sign.
pub fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        "{}.{}.{}",
        part(header.to_string().as_bytes()),
        part(claims.to_string().as_bytes()),
        part(signature)
    )
}
