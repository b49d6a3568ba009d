//! A key set (RFC 7517), reduced to the keys that can verify a token here.

use jsonwebtoken::jwk::KeyAlgorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The usable keys of one issuer.
#[derive(Debug, Default)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. A key of a kind not supported here, or not for signatures, is left out
    /// and does not disturb the others.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(document)?;
        Ok(Self(document.keys.into_iter().filter_map(usable).collect()))
    }

    /// The key of that id and algorithm. A token that names no key is accepted only where the
    /// set leaves no choice.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let found = fitting.next()?;
        (id.is_some() || fitting.next().is_none()).then_some(&found.public)
    }

    /// Whether the set has a key of that id, of whatever algorithm.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }
}

fn usable(key: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let (algorithm, declared) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let for_signatures =
        common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let may_verify = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let of_this_algorithm = common.key_algorithm.is_none_or(|named| named == declared);
    if !(for_signatures && may_verify && of_this_algorithm) {
        return None;
    }
    let public = DecodingKey::from_jwk(&jwk).ok()?;
    Some(Key { id: jwk.common.key_id, algorithm, public })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn set(keys: &Value) -> KeySet {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn unusable_keys_do_not_disturb_the_usable_one() {
        let set = set(&json!([
            {"kty": "EC", "crv": "P-256", "kid": "good", "x": X, "y": Y, "unheard": {"of": []}},
            {"kty": "EC", "crv": "secp256k1", "kid": "curve", "x": X, "y": Y},
            {"kty": "EC", "crv": "P-384", "kid": "p384", "x": X, "y": Y},
            {"kty": "OKP", "crv": "X25519", "kid": "x25519", "x": X},
            {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"},
            {"kty": "oct", "kid": "secret", "k": "AAAA"},
            {"kty": "RSA", "kid": "half", "e": "AQAB"},
            {"kty": "EC", "crv": "P-256", "kid": "base64", "x": "***", "y": Y},
            {"kid": 7},
            "nonsense",
            null,
        ]));
        assert_eq!(set.0.len(), 1);
        assert!(set.find(Some("good"), Algorithm::ES256).is_some());
    }

    #[test]
    fn a_key_serves_only_what_it_is_declared_for() {
        let key = |extra: &Value| {
            let mut key = json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": X, "y": Y});
            key.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            set(&json!([key])).find(Some("k"), Algorithm::ES256).is_some()
        };
        assert!(key(&json!({"use": "sig", "alg": "ES256", "key_ops": ["verify"]})));
        assert!(!key(&json!({"use": "enc"})));
        assert!(!key(&json!({"alg": "ES384"})));
        assert!(!key(&json!({"alg": "HS256"})));
        assert!(!key(&json!({"alg": "brand-new"})));
        assert!(!key(&json!({"key_ops": ["sign"]})));
    }

    #[test]
    fn a_token_without_key_id_needs_a_set_without_choice() {
        let key = |id: &str| json!({"kty": "EC", "crv": "P-256", "kid": id, "x": X, "y": Y});
        assert!(set(&json!([key("a")])).find(None, Algorithm::ES256).is_some());
        assert!(set(&json!([key("a"), key("b")])).find(None, Algorithm::ES256).is_none());
        assert!(set(&json!([key("a")])).find(None, Algorithm::RS256).is_none());
        assert!(set(&json!([key("a")])).find(Some("a"), Algorithm::RS256).is_none());
        assert!(set(&json!([key("a")])).find(Some("A"), Algorithm::ES256).is_none());
    }

    #[test]
    fn not_a_key_set() {
        for bad in ["", "null", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(KeySet::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
