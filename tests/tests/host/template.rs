//! The host does what the template says: other settings in the CDK app, another behaviour.

use crate::skipped;
use e2e::processes::{runs, thaw};
use e2e::template::Variant;
use e2e::wait::eventually;
use e2e::{Client, Host, Room, json, unique};

/// How many invocations it takes to push this many bookings that were made while the function
/// was stopped.
async fn invocations_for(host: &Host, bookings: u32) -> u64 {
    let room = Room::with(&host.gateway, json!({"capacity": 99})).await;
    let mut alice = room.customer().await;
    let first = alice.ok(room.one("book", 0)).await;
    alice.booking_pushed(&first, 1).await;
    let frozen = host.freeze("push").await;
    let before = host.invocations("push").await;
    let mut last = json!(null);
    for _ in 0..bookings {
        last = alice.ok(room.one("book", 1)).await;
    }
    host.busy("push").await;
    thaw(&frozen);
    alice.booking_pushed(&last, 1).await;
    host.invocations("push").await - before
}

#[tokio::test]
async fn the_streams_batches_are_as_large_as_the_template_says() {
    if skipped("template::the_streams_batches_are_as_large_as_the_template_says") {
        return;
    }
    let as_it_is = invocations_for(&Host::start(&[]), 12).await;
    let variant = Variant::synthesized(&["streamBatchSize=1"]);
    let one_by_one = invocations_for(&Host::start(&["--template", &variant.path()]), 12).await;
    // What came first, and all that came while it was stopped; or each slot and booking alone.
    assert!(as_it_is <= 3, "{as_it_is} invocations");
    assert!(one_by_one >= 23, "{one_by_one} invocations");
}

#[tokio::test]
async fn a_function_may_take_as_long_as_the_template_says() {
    if skipped("template::a_function_may_take_as_long_as_the_template_says") {
        return;
    }
    let variant = Variant::synthesized(&["messageTimeout=1"]);
    let patient = Host::start(&[]);
    let hasty = Host::start(&["--template", &variant.path()]);
    let mut clients = vec![];
    for host in [&patient, &hasty] {
        let token = host.gateway.token(&unique("alice")).await;
        let mut client = Client::connect(&host.gateway, &token).await;
        client.ok(json!({"action": "ping"})).await;
        host.freeze("message").await;
        client.send(json!({"action": "ping"})).await;
        let busy = host.busy("message").await;
        clients.push((client, busy));
    }
    let (mut client, process) = clients.pop().unwrap();
    let frame = client.answer().await;
    assert_eq!(frame["message"], "Internal server error", "{frame}");
    eventually("the process to be ended", async || (!runs(process.pid)).then_some(())).await;
    client.ok(json!({"action": "ping"})).await;

    // The other was asked before and is still waited for.
    let (mut client, process) = clients.pop().unwrap();
    assert!(runs(process.pid));
    assert_eq!(patient.busy("message").await.pid, process.pid);
    thaw(&[process]);
    assert_eq!(client.answer().await["type"], "reply");
}

#[tokio::test]
async fn what_the_cdk_app_synthesizes_runs_as_it_comes() {
    if skipped("template::what_the_cdk_app_synthesizes_runs_as_it_comes") {
        return;
    }
    let variant = Variant::synthesized(&["maxOpenHolds=2"]);
    let host = Host::start(&["--template", &variant.path()]);
    let room = Room::with(&host.gateway, json!({"capacity": 9})).await;
    let mut alice = room.customer().await;
    for _ in 0..2 {
        alice.ok(room.one("hold", 0)).await;
    }
    alice.refused("limit_exceeded", room.one("hold", 0)).await;
}
