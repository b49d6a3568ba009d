//! Which tokens are believed.

use crate::issuer::{Issuer, SigningKey, forged, later, now};
use domain::Role;
use identity::{IdentityError, MAX_TOKEN_BYTES, Reason};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

async fn refused(issuer: &Issuer, token: &str) -> Reason {
    match issuer.verifier().verify(token, now()).await {
        Err(IdentityError::Invalid(reason)) => reason,
        other => panic!("not refused as invalid: {other:?}"),
    }
}

#[tokio::test]
async fn every_algorithm_with_its_key() {
    let keys = [SigningKey::rs256("r"), SigningKey::es256("e"), SigningKey::ed25519("d")];
    let issuer = Issuer::start(&[&keys[0], &keys[1], &keys[2]]).await;
    let verifier = issuer.verifier();
    for key in &keys {
        let identity = verifier.verify(&key.sign(&issuer.claims()), now()).await.unwrap();
        assert_eq!(identity.customer.as_str(), "alice");
        assert_eq!(identity.role, Role::Customer);
        assert_eq!(identity.expires_at, later(3600));
    }
    assert_eq!(issuer.requests(), 1, "one fetch serves all tokens");
}

#[tokio::test]
async fn operators_and_cognito_access_tokens() {
    let key = SigningKey::rs256("r");
    let issuer = Issuer::start(&[&key]).await;
    let mut claims = issuer.claims_without("aud");
    claims["client_id"] = json!(crate::issuer::AUDIENCE);
    claims["token_use"] = json!("access");
    claims["cognito:groups"] = json!(["staff", "operators"]);
    let identity = issuer.verifier().verify(&key.sign(&claims), now()).await.unwrap();
    assert_eq!(identity.role, Role::Operator);
}

#[tokio::test]
async fn time() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    let token = key.sign(&issuer.claims());
    assert!(verifier.verify(&token, later(3599)).await.is_ok());
    for at in [3600, 3601, 90_000] {
        let verdict = verifier.verify(&token, later(at)).await;
        assert!(matches!(verdict, Err(IdentityError::Expired)), "{verdict:?}");
    }
    let early = key.sign(&issuer.claims_with("nbf", json!(later(600).as_second())));
    assert_eq!(refused(&issuer, &early).await, Reason::NotYetValid);
    assert!(verifier.verify(&early, later(600)).await.is_ok());
    let endless = key.sign(&issuer.claims_without("exp"));
    assert_eq!(refused(&issuer, &endless).await, Reason::NoExpiry);
}

#[tokio::test]
async fn wrong_issuer_audience_and_subject() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    for (name, value, reason) in [
        ("iss", json!("https://elsewhere.example"), Reason::Issuer),
        ("aud", json!("another-app"), Reason::Audience),
        ("aud", json!(["a", "b"]), Reason::Audience),
    ] {
        let token = key.sign(&issuer.claims_with(name, value));
        assert_eq!(refused(&issuer, &token).await, reason);
    }
    for name in ["iss", "aud"] {
        let token = key.sign(&issuer.claims_without(name));
        assert!(matches!(refused(&issuer, &token).await, Reason::Issuer | Reason::Audience));
    }
    let barred = [
        issuer.claims_without("sub"),
        issuer.claims_with("sub", json!("")),
        issuer.claims_with("sub", json!(7)),
        issuer.claims_with("sub", json!("a\nb")),
        issuer.claims_with("sub", json!("x".repeat(129))),
        issuer.claims_with("sub", json!(" \u{a0}\u{200b}")),
        issuer.claims_with("sub", json!("guest:ann")),
    ];
    for claims in barred {
        let verdict = issuer.verifier().verify(&key.sign(&claims), now()).await;
        assert!(matches!(verdict, Err(IdentityError::Barred)), "{claims}: {verdict:?}");
    }
}

#[tokio::test]
async fn algorithm_confusion() {
    let (rsa, ec) = (SigningKey::rs256("r"), SigningKey::es256("e"));
    let issuer = Issuer::start(&[&rsa, &ec]).await;
    let claims = issuer.claims_with("cognito:groups", json!(["operators"]));

    for alg in ["none", "None", "NONE", "", "ES256K"] {
        let token = forged(&json!({"alg": alg, "kid": "r"}), &claims, b"");
        assert_eq!(refused(&issuer, &token).await, Reason::Malformed, "{alg}");
    }

    // The public key is public: as an HMAC secret it would let anyone sign.
    let jwk = rsa.jwk();
    let modulus = jwk["n"].as_str().unwrap();
    let public = EncodingKey::from_urlsafe_base64_secret(&format!("{modulus}=="))
        .unwrap_or_else(|_| EncodingKey::from_secret(modulus.as_bytes()));
    for secret in [public, EncodingKey::from_secret(jwk.to_string().as_bytes())] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("r".to_owned());
        let token = encode(&header, &claims, &secret).unwrap();
        assert_eq!(refused(&issuer, &token).await, Reason::Algorithm);
    }

    // A good signature of the one key under the other key's id.
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("r".to_owned());
    let token = encode(&header, &claims, &ec.private).unwrap();
    assert_eq!(refused(&issuer, &token).await, Reason::UnknownKey);

    for algorithm in [Algorithm::RS384, Algorithm::PS256] {
        let mut header = Header::new(algorithm);
        header.kid = Some("r".to_owned());
        let token = encode(&header, &claims, &rsa.private).unwrap();
        assert_eq!(refused(&issuer, &token).await, Reason::Algorithm);
    }
}

#[tokio::test]
async fn tampering() {
    let (key, stranger) = (SigningKey::es256("e"), SigningKey::es256("e"));
    let issuer = Issuer::start(&[&key]).await;
    let token = key.sign(&issuer.claims());

    let stranger = stranger.sign(&issuer.claims());
    assert_eq!(refused(&issuer, &stranger).await, Reason::Signature);

    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let raised = forged(&json!({}), &issuer.claims_with("sub", json!("bob")), b"");
    let payload = raised.split('.').nth(1).unwrap();
    let tampered = format!("{header}.{payload}.{signature}");
    assert_eq!(refused(&issuer, &tampered).await, Reason::Signature);
    let unsigned = format!("{header}.{payload}.");
    assert_eq!(refused(&issuer, &unsigned).await, Reason::Signature);

    for bad in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", " ", "ä.ö.ü"] {
        assert_eq!(refused(&issuer, bad).await, Reason::Malformed, "{bad:?}");
    }
    let long = format!("{token}{}", "A".repeat(MAX_TOKEN_BYTES));
    assert_eq!(refused(&issuer, &long).await, Reason::Malformed);

    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("e".to_owned());
    header.crit = Some(vec!["b64".to_owned()]);
    let critical = encode(&header, &issuer.claims(), &key.private).unwrap();
    assert_eq!(refused(&issuer, &critical).await, Reason::Critical);
}

#[tokio::test]
async fn a_key_in_the_token_itself_is_ignored() {
    let (key, mine) = (SigningKey::es256("e"), SigningKey::es256("e"));
    let issuer = Issuer::start(&[&key]).await;
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("e".to_owned());
    header.jwk = Some(serde_json::from_value(mine.jwk()).unwrap());
    header.jku = Some(format!("{}/elsewhere", issuer.url));
    let token = encode(&header, &issuer.claims(), &mine.private).unwrap();
    assert_eq!(refused(&issuer, &token).await, Reason::Signature);
}

#[tokio::test]
async fn payload_that_is_no_object() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    for payload in [json!([]), json!("text"), Value::Null] {
        assert_eq!(refused(&issuer, &key.sign(&payload)).await, Reason::Malformed);
    }
}

#[tokio::test]
async fn nothing_in_an_error_shows_the_token() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let token = key.sign(&issuer.claims_with("aud", json!("another-app")));
    let error = issuer.verifier().verify(&token, now()).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(token.split('.').all(|part| !shown.contains(part)), "{shown}");
}
