//! A connection and its token: how long it lasts, and how a new one is brought.

use crate::stage::Stage;
use e2e::wait::eventually;
use e2e::{Client, Gateway, Room, json, tokens, unique};

async fn until_expired(client: &mut Client) {
    eventually("the token to expire", async || {
        let frame = client.request(json!({"action": "ping"})).await;
        (frame["error"]["code"] == "unauthenticated").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_ping_tells_the_time_and_the_tokens_end() {
    let gateway = Gateway::shared();
    let token = gateway.token_with(&[("sub", &unique("alice")), ("ttl", "600")]).await;
    let mut client = Client::connect(gateway, &token).await;
    let pong = client.ok(json!({"action": "ping"})).await;
    let instant = |name: &str| pong[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let expires = tokens::claims(&token)["exp"].as_i64().unwrap();
    assert_eq!(instant("tokenExpiresAt").as_second(), expires);
    assert!(instant("now").as_second() <= expires && instant("now").as_second() >= expires - 660);
}

#[tokio::test]
async fn a_refresh_brings_a_later_end() {
    let gateway = Gateway::shared();
    let alice = unique("alice");
    let token = gateway.token_with(&[("sub", &alice), ("ttl", "600")]).await;
    let mut client = Client::connect(gateway, &token).await;
    let later = gateway.token_with(&[("sub", &alice), ("ttl", "7200")]).await;
    let refreshed = client.ok(json!({"action": "refresh", "token": later})).await;
    let expires: jiff::Timestamp = refreshed["tokenExpiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.as_second(), tokens::claims(&later)["exp"].as_i64().unwrap());
    let pong = client.ok(json!({"action": "ping"})).await;
    assert_eq!(pong["tokenExpiresAt"], refreshed["tokenExpiresAt"]);
}

#[tokio::test]
async fn a_refresh_with_a_bad_token_changes_nothing() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let gateway = &stage.gateway;
    let good = gateway.token(&alice).await;
    let mut client = Client::connect(gateway, &good).await;
    let before = client.ok(json!({"action": "ping"})).await["tokenExpiresAt"].take();
    let with = |name, value| [("sub", alice.as_str()), (name, value)];
    let bad = [
        String::new(),
        "token".into(),
        tokens::unsigned(&good),
        tokens::altered(&good, "exp", json!(4_000_000_000_u32)),
        tokens::altered(&good, "role", json!("operator")),
        tokens::cut(&good),
        tokens::signed_by_another(&good),
        tokens::with_own_key(&good),
        gateway.token_with(&with("ttl", "-60")).await,
        gateway.token_with(&with("issuer", "https://issuer.invalid")).await,
        gateway.token_with(&with("audience", "somebody-else")).await,
        gateway.token(&unique("bob")).await,
        gateway.token(&format!("guest:{alice}")).await,
        gateway.token(&format!(" {alice}")).await,
        gateway.token(" ").await,
    ];
    for token in bad {
        let request = json!({"action": "refresh", "token": token});
        let contents = stage.contents().await;
        let error = client.refused("unauthenticated", request).await;
        assert!(token.len() < 20 || !error.to_string().contains(&token), "a token in {error}");
        assert_eq!(contents.difference(&stage.contents().await), Vec::<String>::new());
        let now = client.ok(json!({"action": "ping"})).await;
        assert_eq!(now["tokenExpiresAt"], before);
    }
}

#[tokio::test]
async fn an_expired_token_stops_everything_until_a_refresh() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let gateway = &stage.gateway;
    let room = Room::with(gateway, json!({"capacity": 9})).await;
    let brief = gateway.token_with(&[("sub", &alice), ("ttl", "3")]).await;
    let mut expiring = Client::connect(gateway, &brief).await;
    let mut lasting = room.named_customer(&alice).await;
    for window in [&mut expiring, &mut lasting] {
        window.ok(json!({"action": "subscribe", "topic": room.topic()})).await;
    }
    until_expired(&mut expiring).await;

    let contents = stage.contents().await;
    for request in [
        room.one("hold", 0),
        room.one("book", 0),
        json!({"action": "ping"}),
        json!({"action": "list"}),
        json!({"action": "resource.get", "resource": room.id}),
        json!({"action": "subscribe", "topic": "me"}),
        json!({"action": "unsubscribe", "topic": "me"}),
        json!({"action": "refresh", "token": brief}),
    ] {
        expiring.refused("unauthenticated", request).await;
    }
    assert_eq!(contents.difference(&stage.contents().await), Vec::<String>::new());

    let missed = lasting.ok(room.one("book", 0)).await;
    lasting.booking_pushed(&missed, 1).await;
    lasting.slot_pushed(&room.id, &room.slot(0), 8).await;

    let fresh = gateway.token(&alice).await;
    expiring.ok(json!({"action": "refresh", "token": fresh})).await;
    expiring.ok(json!({"action": "ping"})).await;
    let seen = lasting.ok(room.one("book", 1)).await;
    expiring.booking_pushed(&seen, 1).await;
    expiring.slot_pushed(&room.id, &room.slot(1), 8).await;
    let all = format!("{:?}", expiring.pushes());
    assert!(!all.contains(missed["id"].as_str().unwrap()), "{all}");
    assert!(!all.contains(&room.slot(0)), "{all}");
    // What was missed comes with the next snapshot.
    let snapshot = expiring.ok(json!({"action": "subscribe", "topic": "me"})).await;
    assert_eq!(snapshot["bookings"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_caller_may_do_follows_their_newest_token() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let carol = unique("carol");
    let as_customer = gateway.token(&carol).await;
    let as_operator = gateway.operator_token(&carol).await;
    let put = json!({
        "action": "resource.put",
        "resource": Room::definition(&unique("room"), &json!({})),
    });
    let bookings = json!({"action": "subscribe", "topic": room.bookings_topic()});
    let refresh = |token: &str| json!({"action": "refresh", "token": token});
    let mut client = Client::connect(gateway, &as_customer).await;
    client.refused("forbidden", put.clone()).await;
    client.ok(refresh(&as_operator)).await;
    client.ok(put.clone()).await;
    client.ok(bookings.clone()).await;
    client.ok(refresh(&as_customer)).await;
    client.refused("forbidden", put).await;
    client.refused("forbidden", bookings).await;

    // Nor is it told any more what only operators may see.
    let mut watching = room.watcher().await;
    let mut alice = room.customer().await;
    let hidden = alice.ok(room.one("book", 0)).await;
    watching.slot_pushed(&room.id, &room.slot(0), 0).await;
    let own = client.ok(room.one("book", 1)).await;
    client.booking_pushed(&own, 1).await;
    let all = format!("{:?}", client.pushes());
    assert!(!all.contains(hidden["id"].as_str().unwrap()), "{all}");
}
