//! Where the keys come from, and how often.

use crate::issuer::{Issuer, SigningKey, now, verifier};
use identity::{IdentityError, KeySetError, MAX_AGE, MAX_KEY_SET_BYTES, REFETCH_AFTER, Reason};
use identity::{RETRY_AFTER, Verifier};
use jiff::Timestamp;

fn after(duration: jiff::SignedDuration) -> Timestamp {
    now() + duration
}

async fn unavailable(verifier: &Verifier, token: &str, at: Timestamp) -> KeySetError {
    match verifier.verify(token, at).await {
        Err(IdentityError::KeysUnavailable(source)) => source,
        other => panic!("not unavailable: {other:?}"),
    }
}

#[tokio::test]
async fn rotation_is_noticed_by_the_new_key_id() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::ed25519("new"));
    let issuer = Issuer::start(&[&old]).await;
    let verifier = issuer.verifier();
    let claims = issuer.claims();
    verifier.verify(&old.sign(&claims), now()).await.unwrap();

    issuer.publish(&[&old, &new]);
    let soon = verifier.verify(&new.sign(&claims), now()).await;
    assert!(matches!(soon, Err(IdentityError::Invalid(Reason::UnknownKey))));
    assert_eq!(issuer.requests(), 1);

    verifier.verify(&new.sign(&claims), after(REFETCH_AFTER)).await.unwrap();
    verifier.verify(&old.sign(&claims), after(REFETCH_AFTER)).await.unwrap();
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_in_time() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::es256("new"));
    let issuer = Issuer::start(&[&old]).await;
    let verifier = issuer.verifier();
    let token = old.sign(&issuer.claims());
    verifier.verify(&token, now()).await.unwrap();
    issuer.publish(&[&new]);
    let verdict = verifier.verify(&token, after(MAX_AGE)).await;
    assert!(matches!(verdict, Err(IdentityError::Invalid(Reason::UnknownKey))));
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch() {
    let key = SigningKey::es256("known");
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    verifier.verify(&key.sign(&issuer.claims()), now()).await.unwrap();

    let at = after(REFETCH_AFTER);
    let tokens: Vec<String> = (0..200)
        .map(|n| {
            let stranger = SigningKey { id: format!("made-up-{n}"), ..key.clone() };
            stranger.sign(&issuer.claims())
        })
        .collect();
    let verifier = std::sync::Arc::new(verifier);
    let flood: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let verifier = std::sync::Arc::clone(&verifier);
            tokio::spawn(async move { verifier.verify(&token, at).await })
        })
        .collect();
    for verdict in flood {
        let verdict = verdict.await.unwrap();
        assert!(matches!(verdict, Err(IdentityError::Invalid(Reason::UnknownKey))));
    }
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn many_first_tokens_are_one_fetch() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let verifier = std::sync::Arc::new(issuer.verifier());
    let all: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (std::sync::Arc::clone(&verifier), key.sign(&issuer.claims()));
            tokio::spawn(async move { verifier.verify(&token, now()).await.unwrap() })
        })
        .collect();
    for task in all {
        task.await.unwrap();
    }
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn an_issuer_that_fails_is_not_the_clients_fault() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    let token = key.sign(&issuer.claims());

    issuer.answer(503, "later");
    assert!(matches!(unavailable(&verifier, &token, now()).await, KeySetError::Status(503)));
    issuer.publish(&[&key]);
    assert!(matches!(unavailable(&verifier, &token, now()).await, KeySetError::Status(503)));
    assert_eq!(issuer.requests(), 1, "not asked again at once");
    verifier.verify(&token, after(RETRY_AFTER)).await.unwrap();

    // With keys at hand, an issuer that is down hurts only tokens of keys not yet seen.
    issuer.answer(500, "");
    verifier.verify(&token, after(MAX_AGE + REFETCH_AFTER)).await.unwrap();
    let new = SigningKey::es256("new").sign(&issuer.claims());
    let at = after(MAX_AGE + REFETCH_AFTER + RETRY_AFTER);
    assert!(matches!(unavailable(&verifier, &new, at).await, KeySetError::Status(500)));
}

#[tokio::test]
async fn answers_that_are_no_key_set() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let token = key.sign(&issuer.claims());
    issuer.answer(200, "<html>sign in</html>");
    let error = unavailable(&issuer.verifier(), &token, now()).await;
    assert!(matches!(error, KeySetError::Malformed(_)), "{error:?}");
    issuer.answer(200, &format!("{{\"keys\":[]{}}}", " ".repeat(MAX_KEY_SET_BYTES)));
    let error = unavailable(&issuer.verifier(), &token, now()).await;
    assert!(matches!(error, KeySetError::TooLarge), "{error:?}");
    issuer.answer(302, "");
    let error = unavailable(&issuer.verifier(), &token, now()).await;
    assert!(matches!(error, KeySetError::Status(302)), "{error:?}");
}

#[tokio::test]
async fn addresses_that_answer_nothing() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let token = key.sign(&issuer.claims());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    drop(listener);
    let error = unavailable(&verifier(&issuer.url, Some(&closed)), &token, now()).await;
    assert!(matches!(error, KeySetError::Http(_)), "{error:?}");
    let error = unavailable(&verifier(&issuer.url, Some("jwks.json")), &token, now()).await;
    assert!(matches!(error, KeySetError::Address), "{error:?}");
}

#[tokio::test]
async fn an_explicit_key_set_address() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let address = format!("{}/.well-known/jwks.json?tenant=1", issuer.url);
    let mut claims = issuer.claims();
    claims["iss"] = serde_json::json!("https://id.example/");
    let verifier = verifier("https://id.example/", Some(&address));
    verifier.warm(now()).await.unwrap();
    assert_eq!(issuer.requests(), 1);
    verifier.verify(&key.sign(&claims), now()).await.unwrap();
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn a_cold_start_before_the_issuer_is_there_costs_the_first_client_nothing() {
    let key = SigningKey::es256("e");
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    issuer.answer(503, "starting");
    let error = verifier.warm(now()).await.unwrap_err();
    assert!(matches!(error, IdentityError::KeysUnavailable(KeySetError::Status(503))), "{error:?}");
    issuer.publish(&[&key]);
    verifier.verify(&key.sign(&issuer.claims()), now()).await.unwrap();
}
