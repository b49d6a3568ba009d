//! Changes that this release cannot read.

use crate::skipped;
use e2e::{Host, Room, json};

/// It would be no better if it came again. Those whom it concerns are closed, so that they come back
/// and read what is there; nobody else waits for it.
#[tokio::test]
async fn an_unreadable_change_closes_those_whom_it_concerns_and_holds_up_nobody() {
    if skipped("unreadable::an_unreadable_change_closes_those_whom_it_concerns_and_holds_up_nobody")
    {
        return;
    }
    let host = Host::start(&[]);
    let room = Room::with(&host.gateway, json!({"capacity": 9})).await;
    let other = Room::with(&host.gateway, json!({"capacity": 9})).await;
    let mut concerned = room.watcher().await;
    let mut watcher = other.watcher().await;
    host.gateway.tables.leave_unreadable_items(&room.id, &room.slot(5)).await;
    concerned.closed().await;
    let mut buyer = other.customer().await;
    let booked = buyer.ok(other.one("book", 0)).await;
    buyer.booking_pushed(&booked, 1).await;
    watcher.slot_pushed(&other.id, &other.slot(0), 8).await;
    assert!(host.log().contains("a change cannot be read"));
    // It was dealt with, not given up.
    assert!(!host.log().contains("records given up"));
}
