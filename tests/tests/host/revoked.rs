//! A revocation that does not come to its end the first time, and goes on where it is asked for again.

use crate::skipped;
use e2e::client::Refused;
use e2e::{Client, Host, Value, json, unique};

fn revoke(customer: &str) -> Value {
    json!({"action": "customer.revoke", "customer": customer})
}

/// A host in which things can go wrong, an operator, and a customer with their token.
async fn scene() -> (Host, Client, String, String) {
    let host = Host::start_faulty(&[]);
    let operator = host.gateway.operator_token(&unique("operator")).await;
    let operator = Client::connect(&host.gateway, &operator).await;
    let alice = unique("alice");
    let token = host.gateway.token(&alice).await;
    (host, operator, alice, token)
}

async fn assert_refused(host: &Host, token: &str) {
    let authorization = format!("Bearer {token}");
    let opened = Client::open(&host.gateway, &[("authorization", &authorization)]).await;
    assert_eq!(opened.err(), Some(Refused { status: 401 }));
}

/// From the first time on it can do nothing; closed it is by the next.
#[tokio::test]
async fn who_cannot_be_closed_can_do_nothing_and_is_closed_the_next_time() {
    if skipped("revoked::who_cannot_be_closed_can_do_nothing_and_is_closed_the_next_time") {
        return;
    }
    for (fault, code) in [("fail", "unavailable"), ("tooMany", "busy")] {
        let (host, mut operator, alice, token) = scene().await;
        let mut client = Client::connect(&host.gateway, &token).await;
        host.inject(json!({"posts": {fault: 1}})).await;
        operator.refused(code, revoke(&alice)).await;
        for request in [
            json!({"action": "ping"}),
            json!({"action": "subscribe", "topic": "me"}),
            json!({"action": "refresh", "token": token}),
        ] {
            client.refused("unauthenticated", request).await;
        }
        assert_refused(&host, &token).await;
        host.inject(json!({})).await;
        assert_eq!(operator.ok(revoke(&alice)).await, json!({"closed": 1}), "{fault}");
        client.closed().await;
        assert_eq!(operator.ok(revoke(&alice)).await, json!({"closed": 0}), "{fault}");
        assert_eq!(host.gateway.tables.connections_of(&alice).await.len(), 0, "{fault}");
    }
}

/// The process dies anywhere in it, again and again.
#[tokio::test]
async fn a_revocation_whose_process_dies_goes_on_the_next_time() {
    if skipped("revoked::a_revocation_whose_process_dies_goes_on_the_next_time") {
        return;
    }
    let (host, mut operator, _, _) = scene().await;
    for milliseconds in [5, 10, 20, 40, 80] {
        let alice = unique("alice");
        let token = host.gateway.token(&alice).await;
        let mut windows = vec![];
        for _ in 0..6 {
            windows.push(Client::connect(&host.gateway, &token).await);
        }
        let crash = json!({"seed": milliseconds, "most": 2,
                           "functions": {"crashDuring": 1, "crashMs": milliseconds}});
        host.inject(crash).await;
        // A process that dies is answered for by API Gateway, and an answer is an answer.
        loop {
            operator.send(revoke(&alice)).await;
            let frame = operator.answer().await;
            if frame["type"] == "reply" {
                break;
            }
            assert_eq!(frame["message"], "Internal server error", "{frame}");
        }
        host.inject(json!({})).await;
        for window in &mut windows {
            window.closed().await;
        }
        assert_refused(&host, &token).await;
        assert_eq!(host.gateway.tables.connections_of(&alice).await.len(), 0);
    }
}
