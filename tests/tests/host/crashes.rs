//! Function processes that die at work.

use crate::skipped;
use e2e::processes::{runs, signal, thaw};
use e2e::{Client, Host, Room, json, unique};

#[tokio::test]
async fn a_request_whose_process_dies_is_answered_and_the_next_one_works() {
    if skipped("crashes::a_request_whose_process_dies_is_answered_and_the_next_one_works") {
        return;
    }
    let host = Host::start(&[]);
    let mut room = Room::single(&host.gateway).await;
    let mut alice = room.customer().await;
    for round in 0..3 {
        let frozen = host.freeze("message").await;
        alice.send(room.one("book", round)).await;
        let busy = host.busy("message").await;
        signal(busy.pid, "KILL");
        let frame = alice.answer().await;
        assert_eq!(frame["message"], "Internal server error", "{frame}");
        assert!(frame["connectionId"].is_string() && frame["requestId"].is_string(), "{frame}");
        thaw(&frozen);
        alice.ok(json!({"action": "ping"})).await;
        let booked = alice.ok(room.one("book", round)).await;
        alice.booking_pushed(&booked, 1).await;
    }
    assert_eq!(room.free().await[..4], [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_batch_whose_process_dies_is_sent_again_and_nobody_misses_the_change() {
    if skipped("crashes::a_batch_whose_process_dies_is_sent_again_and_nobody_misses_the_change") {
        return;
    }
    let host = Host::start(&[]);
    let room = Room::with(&host.gateway, json!({"capacity": 9})).await;
    let mut watchers = vec![];
    for _ in 0..5 {
        watchers.push(room.watcher().await);
    }
    let mut alice = room.customer().await;
    let first = alice.ok(room.one("book", 0)).await;
    alice.booking_pushed(&first, 1).await;
    for round in 1..4 {
        let frozen = host.freeze("push").await;
        let invocations = host.invocations("push").await;
        let booked = alice.ok(room.one("book", round)).await;
        let busy = host.busy("push").await;
        let held = alice.ok(room.one("hold", round)).await;
        signal(busy.pid, "KILL");
        thaw(&frozen);
        for watcher in &mut watchers {
            watcher.slot_pushed(&room.id, &room.slot(round), 7).await;
        }
        alice.booking_pushed(&booked, 1).await;
        alice.booking_pushed(&held, 1).await;
        assert!(host.invocations("push").await >= invocations + 2);
    }
}

#[tokio::test]
async fn a_connection_whose_function_dies_is_refused_and_the_next_one_works() {
    if skipped("crashes::a_connection_whose_function_dies_is_refused_and_the_next_one_works") {
        return;
    }
    let host = Host::start(&[]);
    let gateway = &host.gateway;
    let alice = unique("alice");
    let token = gateway.token(&alice).await;
    Client::connect(gateway, &token).await.close().await;
    let header = format!("Bearer {token}");
    for (function, status) in [("authorizer", 500), ("connect", 502)] {
        let frozen = host.freeze(function).await;
        let headers = [("authorization", header.as_str())];
        let killed = async {
            let busy = host.busy(function).await;
            signal(busy.pid, "KILL");
        };
        let (opened, ()) = futures::future::join(Client::open(gateway, &headers), killed).await;
        thaw(&frozen);
        assert_eq!(opened.err().unwrap().status, status, "{function}");
        Client::connect(gateway, &token).await.close().await;
    }
}

#[tokio::test]
async fn a_process_that_dies_while_idle_is_not_missed() {
    if skipped("crashes::a_process_that_dies_while_idle_is_not_missed") {
        return;
    }
    let host = Host::start(&[]);
    let room = Room::single(&host.gateway).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 0)).await;
    alice.booking_pushed(&booked, 1).await;
    for function in ["message", "push", "authorizer", "connect"] {
        for process in host.processes(function).await {
            signal(process.pid, "KILL");
            e2e::wait::eventually("the host to notice", async || {
                let gone = !host.processes(function).await.contains(&process);
                (gone && !runs(process.pid)).then_some(())
            })
            .await;
        }
    }
    alice.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    alice.booking_pushed(&booked, 2).await;
    room.customer().await.ok(json!({"action": "ping"})).await;
}
