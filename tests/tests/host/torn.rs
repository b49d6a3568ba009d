//! A function that dies while it changes a connection: all of the change was made, or none.

use crate::skipped;
use e2e::processes::{Process, signal};
use e2e::wait::eventually;
use e2e::{Client, Host, Room, Value, json, unique};
use fastrand::Rng;
use std::collections::BTreeSet;
use std::time::Duration;

const ROOMS: usize = 20;
const ROUNDS: u64 = 16;

#[tokio::test]
async fn a_change_of_a_connection_is_whole_or_not_made() {
    if skipped("torn::a_change_of_a_connection_is_whole_or_not_made") {
        return;
    }
    let host = Host::start(&[]);
    let gateway = &host.gateway;
    let mut room = Room::single(gateway).await;
    let mut topics = vec![room.bookings_topic()];
    for number in 1..ROOMS {
        let id = format!("{}-{number}", room.id);
        let resource = Room::definition(&id, &json!({}));
        room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
        topics.push(format!("resource:{id}/bookings"));
    }
    let alice = unique("alice");
    let mut client = Client::connect(gateway, &gateway.operator_token(&alice).await).await;
    let subscribe = |topic: &String| json!({"action": "subscribe", "topic": topic});
    for round in 0..ROUNDS {
        let mut random = Rng::with_seed(round);
        let operator = token(&host, &alice, "operator", 3600).await;
        client.ok(refresh(&operator)).await;
        let all: Vec<_> = topics.iter().map(subscribe).collect();
        for frame in pipeline(&mut client, &all).await {
            assert_eq!(frame["type"], "reply", "{frame}");
        }
        let (_, before) = gateway.tables.only_connection_of(&alice).await;
        before.assert_agree(&format!("before round {round}"));
        assert_eq!(before.topics.len(), ROOMS + 1);

        let next = token(&host, &alice, if round % 2 == 0 { "customer" } else { "operator" }, 7200);
        let next = next.await;
        let id = client.send(refresh(&next)).await;
        let processes = host.processes("message").await;
        tokio::time::sleep(Duration::from_micros(random.u64(0..30_000))).await;
        for process in &processes {
            signal(process.pid, "KILL");
        }
        // Until the host has noticed, it gives the next request to one of them.
        eventually("the host to notice", async || {
            let left = host.processes("message").await;
            let killed = |one: &Process| processes.iter().any(|process| process.pid == one.pid);
            (!left.iter().any(killed)).then_some(())
        })
        .await;
        let frame = client.answer().await;
        assert!(frame["id"] == id || frame["message"] == "Internal server error", "{frame}");
        // Whatever the dead process had sent to the database is carried out before this is.
        client.ok(json!({"action": "ping"})).await;
        let (_, after) = gateway.tables.only_connection_of(&alice).await;
        after.assert_agree(&format!("after round {round}"));
        let known = after.entitlement.as_ref().unwrap();
        if known.role == "customer" {
            assert_eq!(after.topic_names().collect::<Vec<_>>(), ["me"], "round {round}");
        } else {
            assert_eq!(after.topics.len(), ROOMS + 1, "round {round}");
        }
    }
}

fn refresh(token: &str) -> Value {
    json!({"action": "refresh", "token": token})
}

async fn token(host: &Host, customer: &str, role: &str, ttl: u32) -> String {
    let ttl = ttl.to_string();
    host.gateway.token_with(&[("sub", customer), ("role", role), ("ttl", &ttl)]).await
}

/// Sends all requests without waiting in between; answers the frames that answer them.
async fn pipeline(client: &mut Client, requests: &[Value]) -> Vec<Value> {
    let mut open = BTreeSet::new();
    for request in requests {
        open.insert(client.send(request.clone()).await.to_string());
    }
    let mut frames = vec![];
    while !open.is_empty() {
        let frame = client.answer().await;
        assert!(open.remove(&frame["id"].to_string()), "{frame} answers nothing");
        frames.push(frame);
    }
    frames
}
