//! Tokens: good ones from the development issuer, and bad ones made here out of good ones.

use crate::gateway::Gateway;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

impl Gateway {
    /// A token of a customer, good for an hour.
    pub async fn token(&self, customer: &str) -> String {
        self.token_with(&[("sub", customer)]).await
    }

    /// A token of an operator.
    pub async fn operator_token(&self, operator: &str) -> String {
        self.token_with(&[("sub", operator), ("role", "operator")]).await
    }

    /// A token as the development issuer makes it for these parameters.
    pub async fn token_with(&self, parameters: &[(&str, &str)]) -> String {
        let client = reqwest::Client::new();
        let mut url = reqwest::Url::parse(&self.token_url).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        let answer = client.get(url).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap().trim().to_owned();
        assert!(status.is_success(), "a token for {parameters:?}: {status} {text}");
        text
    }
}

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The token with `alg: none` and no signature.
pub fn unsigned(token: &str) -> String {
    let header = encode(&json!({"alg": "none", "typ": "JWT"}));
    format!("{header}.{}.", middle(token))
}

/// The token with other claims under the old signature.
pub fn altered(token: &str, claim: &str, value: Value) -> String {
    let mut claims = claims(token);
    claims[claim] = value;
    let mut parts = token.split('.');
    let header = parts.next().unwrap();
    format!("{header}.{}.{}", encode(&claims), parts.nth(1).unwrap())
}

/// The token without its signature's last bytes.
pub fn cut(token: &str) -> String {
    token[..token.len() - 8].to_owned()
}

/// The token signed by a key of our own, under the issuer's key id.
pub fn signed_by_another(token: &str) -> String {
    let header = part(token, 0);
    let input = format!("{}.{}", encode(&header), middle(token));
    let signature = if header["alg"] == "EdDSA" {
        let key = Ed25519KeyPair::generate().unwrap();
        key.sign(input.as_bytes()).as_ref().to_vec()
    } else {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        key.sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec()
    };
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The token signed by our own key, which its header brings along.
pub fn with_own_key(token: &str) -> String {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref();
    let mut header = part(token, 0);
    header["alg"] = json!("ES256");
    header["jwk"] = json!({
        "kty": "EC",
        "crv": "P-256",
        "kid": header["kid"],
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
        "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
    });
    let input = format!("{}.{}", encode(&header), middle(token));
    let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// The token signed with HMAC, the secret being the issuer's public key as its key set has it.
pub fn signed_with_public_key(token: &str, public_key: &Value) -> String {
    let mut header = part(token, 0);
    header["alg"] = json!("HS256");
    let input = format!("{}.{}", encode(&header), middle(token));
    let secret = public_key["x"].as_str().or(public_key["n"].as_str()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(secret).unwrap());
    let signature = hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn middle(token: &str) -> &str {
    token.split('.').nth(1).unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
