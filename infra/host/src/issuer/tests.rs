use super::*;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use tokio::net::TcpListener;

const BASE: &str = "http://127.0.0.1:8080/dev";

/// What the real server answers to a GET.
async fn get_text(issuer: &Issuer, path: &str) -> (u16, String, http::HeaderMap) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, issuer.router()).into_future());
    let answer = reqwest::get(url).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    server.abort();
    (status, text, headers)
}

async fn claims(issuer: &Issuer, token: &str) -> Option<Value> {
    let (status, set, _) = get_text(issuer, "/dev/.well-known/jwks.json").await;
    assert_eq!(status, 200);
    let set: JwkSet = serde_json::from_str(&set).unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid)?).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[BASE]);
    decode(token, &key, &validation).ok().map(|data| data.claims)
}

#[tokio::test]
async fn a_token_verifies_by_the_key_set() {
    let issuer = Issuer::new(BASE, None).unwrap();
    let (status, token, headers) = get_text(&issuer, "/dev/token?sub=bob&role=operator").await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(!headers.contains_key("access-control-allow-origin"));
    let claims = claims(&issuer, &token).await.unwrap();
    assert_eq!((&claims["sub"], &claims["role"]), (&"bob".into(), &"operator".into()));
}

#[tokio::test]
async fn a_bad_request_is_told_why() {
    let issuer = Issuer::new(BASE, None).unwrap();
    let (status, text, headers) = get_text(&issuer, "/dev/token?ttl=soon").await;
    assert_eq!(status, 400);
    assert!(text.starts_with("ttl must be a whole number"), "{text}");
    assert_eq!(text.lines().count(), 1);
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn tokens_outlive_a_restart_with_a_key_file_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuer.pem");
    let first = Issuer::new(BASE, Some(&file)).unwrap();
    let (_, token, _) = get_text(&first, "/dev/token?sub=alice").await;
    let second = Issuer::new(BASE, Some(&file)).unwrap();
    assert!(claims(&second, &token).await.is_some());
    let other = Issuer::new(BASE, None).unwrap();
    assert!(claims(&other, &token).await.is_none());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_file_of_something_else_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuer.pem");
    std::fs::write(&file, "hello").unwrap();
    let error = Issuer::new(BASE, Some(&file)).unwrap_err().to_string();
    assert!(error.contains("issuer.pem") && error.contains("delete it"), "{error}");
    let error = Issuer::new(BASE, Some(&folder.path().join("no/such"))).unwrap_err().to_string();
    assert!(error.contains("no/such"), "{error}");
}
