//! `customer.revoke`: connections are ended, and tokens are refused.

use crate::stage::Stage;
use crate::venues::operator;
use e2e::client::Refused;
use e2e::gateway::{beyond_http, revoked};
use e2e::wait::eventually;
use e2e::{Client, Gateway, Room, Value, json, unique};
use futures::future::join_all;

fn revoke(customer: &str) -> Value {
    json!({"action": "customer.revoke", "customer": customer})
}

async fn refusal(gateway: &Gateway, token: &str) -> Option<Refused> {
    let authorization = format!("Bearer {token}");
    Client::open(gateway, &[("authorization", &authorization)]).await.err()
}

/// A token that was issued after all that were revoked before, and who has connected with it.
async fn newer(gateway: &Gateway, customer: &str) -> (String, Client) {
    eventually("a second in which nothing was revoked", async || {
        let token = gateway.token(customer).await;
        let authorization = format!("Bearer {token}");
        let opened = Client::open(gateway, &[("authorization", &authorization)]).await;
        Some((token, opened.ok()?.0))
    })
    .await
}

/// Its requests are refused, or it is closed.
async fn assert_ended(client: &mut Client) {
    if client.send_or_end(&json!({"action": "ping", "id": "last"})).await {
        while let Some(frame) = client.frame_or_end().await {
            if frame["id"] == "last" {
                assert_eq!(frame["error"]["code"], "unauthenticated", "{frame}");
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_customers_connections_are_ended_and_their_tokens_refused() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 9})).await;
    let [alice, bob] = ["alice", "bob"].map(unique);
    let token = gateway.token(&alice).await;
    let mut windows = vec![];
    for _ in 0..3 {
        windows.push(Client::connect(gateway, &token).await);
    }
    let booked = windows[0].ok(room.one("book", 0)).await;
    // Who watches nothing of their own is found as well.
    windows[1].ok(json!({"action": "unsubscribe", "topic": "me"})).await;
    windows[2].ok(json!({"action": "subscribe", "topic": room.topic()})).await;
    let mut other = room.named_customer(&bob).await;
    assert_eq!(room.operator.ok(revoke(&alice)).await, json!({"closed": 3}));
    for window in &mut windows {
        window.closed().await;
    }
    assert_eq!(refusal(gateway, &token).await, Some(Refused { status: revoked() }));
    assert_eq!(gateway.tables.connections_of(&alice).await.len(), 0);
    assert_eq!(room.operator.ok(revoke(&alice)).await, json!({"closed": 0}));
    other.ok(json!({"action": "ping"})).await;

    let (newer, mut window) = newer(gateway, &alice).await;
    // What was hers is hers.
    let listed = window.ok(json!({"action": "list"})).await;
    assert_eq!(listed["bookings"][0]["id"], booked["id"]);
    assert_eq!(listed["bookings"][0]["status"], "confirmed");
    // An old token does not come back by a refresh, and takes nothing from who tries.
    let old = json!({"action": "refresh", "token": token});
    let error = window.refused("unauthenticated", old).await;
    assert_eq!(error["field"], "/token", "{error}");
    window.ok(json!({"action": "refresh", "token": newer})).await;
    assert_eq!(refusal(gateway, &token).await, Some(Refused { status: revoked() }));
    let seen = window.ok(room.one("book", 1)).await;
    window.booking_pushed(&seen, 1).await;
    // What was issued since is revoked by the next time alone.
    assert_eq!(room.operator.ok(revoke(&alice)).await, json!({"closed": 1}));
    window.closed().await;
    assert_eq!(refusal(gateway, &newer).await, Some(Refused { status: revoked() }));
}

#[tokio::test]
async fn only_operators_of_all_venues_revoke() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let gateway = &stage.gateway;
    let mut owner = Client::connect(gateway, &gateway.token(&alice).await).await;
    let mut bound = operator(gateway, Some("main")).await;
    let mut all = operator(gateway, None).await;
    stage.refuses(&mut owner, &revoke(&alice), "forbidden", None).await;
    stage.refuses(&mut bound, &revoke(&alice), "forbidden", None).await;
    for nobody in ["", "a\nb"] {
        stage.refuses(&mut all, &revoke(nobody), "bad_request", Some("/customer")).await;
    }
    owner.ok(json!({"action": "ping"})).await;
    // Whom nobody knows has nothing to end; a guest has no token.
    for nobody in [unique("nobody"), unique("guest:ann")] {
        assert_eq!(all.ok(revoke(&nobody)).await, json!({"closed": 0}));
    }
    assert_eq!(all.ok(revoke(&alice)).await, json!({"closed": 1}));
    owner.closed().await;
}

/// The answer comes, and it is the last that does anything.
#[tokio::test]
async fn who_revokes_their_own_tokens_is_told_so() {
    let why = "who asks over HTTP needs no connection that would have to be spared";
    if beyond_http("revocations::who_revokes_their_own_tokens_is_told_so", why) {
        return;
    }
    let gateway = Gateway::shared();
    let olga = unique("olga");
    let token = gateway.operator_token(&olga).await;
    let mut here = Client::connect(gateway, &token).await;
    let mut elsewhere = Client::connect(gateway, &token).await;
    assert_eq!(here.ok(revoke(&olga)).await, json!({"closed": 2}));
    elsewhere.closed().await;
    for request in [
        json!({"action": "ping"}),
        json!({"action": "subscribe", "topic": "me"}),
        json!({"action": "refresh", "token": token}),
        revoke(&olga),
    ] {
        here.refused("unauthenticated", request).await;
    }
    // It can do nothing, and is closed the next time.
    let mut other = operator(gateway, None).await;
    assert_eq!(other.ok(revoke(&olga)).await, json!({"closed": 1}));
    here.closed().await;
    assert_eq!(refusal(gateway, &token).await, Some(Refused { status: revoked() }));
}

/// Whoever connects while tokens are revoked is refused or ended, whichever comes first.
#[tokio::test]
async fn nobody_slips_through_while_tokens_are_revoked() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    for round in 0..8 {
        let alice = unique("alice");
        let token = gateway.token(&alice).await;
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let connecting = join_all((0..6).map(|_| Client::open(gateway, &headers)));
        // Some are there already, or on the way, or come later.
        let mut first = Client::connect(gateway, &token).await;
        let revoking = room.operator.ok(revoke(&alice));
        let (opened, _) = futures::future::join(connecting, revoking).await;
        let there = gateway.tables.connection_rows().await;
        let mut left = there.iter().filter(|(_, rows)| {
            rows.entitlement.as_ref().is_some_and(|known| known.customer == alice)
        });
        assert_eq!(left.next(), None, "round {round}");
        first.closed().await;
        for opened in opened {
            match opened {
                Ok((mut client, _)) => assert_ended(&mut client).await,
                Err(refused) => assert_eq!(refused.status, revoked(), "round {round}"),
            }
        }
    }
}

/// Whatever was sent before it is answered as if it came before, or after, or ends with the connection.
#[tokio::test]
async fn requests_on_their_way_are_done_or_refused() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 100})).await;
    let alice = unique("alice");
    let token = gateway.token(&alice).await;
    let mut client = Client::connect(gateway, &token).await;
    let requests = (0..12).map(|n| match n % 4 {
        0 => json!({"action": "subscribe", "topic": room.topic()}),
        1 => json!({"action": "refresh", "token": token}),
        2 => json!({"action": "unsubscribe", "topic": "me"}),
        _ => room.one("book", 0),
    });
    let requests: Vec<_> = requests.collect();
    for request in requests {
        client.send(request).await;
    }
    assert_eq!(room.operator.ok(revoke(&alice)).await, json!({"closed": 1}));
    while let Some(frame) = client.frame_or_end().await {
        let code = frame["error"]["code"].as_str();
        assert!(matches!(code, None | Some("unauthenticated" | "busy")), "{frame}");
    }
    let there = gateway.tables.connection_rows().await;
    let known = |rows: &e2e::connections::ConnectionRows| rows.entitlement.clone();
    let left = there.values().filter_map(known).filter(|known| known.customer == alice);
    assert_eq!(left.count(), 0);
}
