//! What changes bring about on the bus.

use crate::skipped;
use e2e::events::archived;
use e2e::{Host, Room, json};

#[tokio::test]
async fn what_is_on_the_bus_can_be_looked_at() {
    if skipped("events::what_is_on_the_bus_can_be_looked_at") {
        return;
    }
    let host = Host::start(&[]);
    let room = Room::single(&host.gateway).await;
    let mut alice = room.customer().await;
    let booking = alice.ok(room.one("hold", 0)).await;
    let told = host.event_of(&booking).await;
    assert!(told["from"].as_str().unwrap().contains("Pipe"), "{told}");
    assert!(told["deliveries"].is_array(), "{told}");
    let event = &told["event"];
    assert_eq!(event["source"], "booking-gateway");
    assert_eq!(event["detail"]["status"], "held");
    assert_eq!(event["detail"]["resource"], booking["resource"]);

    let url = format!("{}/dev/events", host.http);
    let browser = reqwest::Client::new().get(url).header("accept", "text/html,*/*;q=0.8");
    let page = browser.send().await.unwrap().text().await.unwrap();
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert!(page.contains(booking["id"].as_str().unwrap()), "{page}");
}

#[tokio::test]
async fn a_kill_keeps_no_change_from_the_bus() {
    if skipped("events::a_kill_keeps_no_change_from_the_bus") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--data", folder.path().to_str().unwrap()];
    let mut ids = Vec::new();
    for _ in 0..4 {
        let host = Host::start(&arguments);
        let room = Room::with(&host.gateway, json!({"capacity": 50})).await;
        for _ in 0..5 {
            let mut customer = room.customer().await;
            ids.push(customer.ok(room.one("hold", 0)).await["id"].clone());
        }
        host.kill();
    }
    let host = Host::start(&arguments);
    let room = Room::single(&host.gateway).await;
    let last = room.customer().await.ok(room.one("hold", 0)).await;
    host.event_of(&last).await;
    host.interrupt();
    let events = archived(folder.path()).join("\n");
    for id in ids {
        assert!(events.contains(id.as_str().unwrap()), "{id} was never on the bus");
    }
}
