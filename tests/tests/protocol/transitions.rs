//! Every status met by every change, before the booking begins: what the protocol allows, and nothing
//! else. What is allowed once it has begun is in `begun`.

use e2e::{Client, Gateway, Room, Value, json};

const CHANGES: [&str; 8] =
    ["extend", "confirm", "cancel", "reschedule", "approve", "decline", "complete", "noShow"];

/// What a change leads to, in a room without approval.
fn expected(status: &str, change: &str) -> Result<&'static str, &'static str> {
    match (status, change) {
        ("held", "confirm") | ("pending", "approve") | ("confirmed", "reschedule") => {
            Ok("confirmed")
        }
        ("held", "extend" | "reschedule") => Ok("held"),
        ("pending", "reschedule") => Ok("pending"),
        ("held" | "pending" | "confirmed", "cancel") => Ok("cancelled"),
        ("pending", "decline") => Ok("declined"),
        ("expired", "extend" | "confirm") => Err("hold_expired"),
        _ => Err("invalid_transition"),
    }
}

/// A booking of this status.
async fn booking(status: &str, people: &mut People) -> Value {
    let action = if matches!(status, "held" | "expired") { "hold" } else { "book" };
    let room = match status {
        "pending" | "declined" => &people.manual,
        "expired" => &people.brief,
        _ => &people.auto,
    };
    let made = people.alice.ok(room.one(action, 0)).await;
    let change = match status {
        "cancelled" => "cancel",
        "declined" => "decline",
        _ => return made,
    };
    people.auto.operator.ok(json!({"action": change, "booking": made["id"]})).await
}

struct People {
    alice: Client,
    auto: Room,
    manual: Room,
    brief: Room,
}

#[tokio::test]
async fn every_status_meets_every_change() {
    let gateway = Gateway::shared();
    let auto = Room::with(gateway, json!({"capacity": 1000})).await;
    let manual = Room::with(gateway, json!({"capacity": 1000, "approval": "manual"})).await;
    let brief = Room::with(gateway, json!({"capacity": 1000, "holdSeconds": 1})).await;
    let alice = auto.customer().await;
    let mut people = People { alice, auto, manual, brief };
    let statuses = ["expired", "held", "pending", "confirmed", "cancelled", "declined"];
    for status in statuses {
        let mut bookings = vec![];
        for _ in CHANGES {
            bookings.push(booking(status, &mut people).await);
        }
        for (change, mut before) in CHANGES.into_iter().zip(bookings) {
            if status == "expired" {
                before = e2e::wait::eventually("the hold to run out", async || {
                    let get = json!({"action": "get", "booking": before["id"]});
                    let read = people.alice.ok(get).await;
                    (read["status"] == "expired").then_some(read)
                })
                .await;
            }
            assert_eq!(before["status"], status);
            let mut request = json!({"action": change, "booking": before["id"]});
            if change == "reschedule" {
                request["start"] = json!(people.auto.slot(3));
            }
            let operators = matches!(change, "approve" | "decline" | "complete" | "noShow");
            let by = if operators { &mut people.auto.operator } else { &mut people.alice };
            match expected(status, change) {
                Ok(next) => {
                    let after = by.ok(request).await;
                    assert_eq!(after["status"], next, "{status} + {change}");
                    let version = before["version"].as_u64().unwrap() + 1;
                    assert_eq!(after["version"], version, "{status} + {change}");
                }
                Err(code) => {
                    let error = by.refused(code, request).await;
                    if code == "invalid_transition" {
                        assert_eq!(error["current"], before, "{status} + {change}");
                    }
                }
            }
        }
    }
}
