//! An operator changes the grid while others sell: whoever comes first, no time is sold twice.

use e2e::scene::every_day;
use e2e::{Gateway, Room, Value, json};
use jiff::{SignedDuration, Timestamp};

const ROUNDS: u32 = 24;

/// A room of one place in slots of an hour; its slots become half hours while its hours are sold.
#[tokio::test]
async fn a_change_of_the_grid_meets_sales() {
    let gateway = Gateway::shared();
    let mut rooms = Vec::new();
    for round in 0..ROUNDS {
        rooms.push(round_of(gateway, round));
    }
    let mut crossed = 0;
    for sold in futures::future::join_all(rooms).await {
        crossed += u32::from(sold);
    }
    println!("{crossed} of {ROUNDS} sales came through");
}

/// Whether the sale came through.
async fn round_of(gateway: &Gateway, round: u32) -> bool {
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let mut bob = room.customer().await;
    let halves = json!({"slotMinutes": 30});
    let change = json!({"action": "resource.put", "resource": Room::definition(&room.id, &halves)});
    // In either order, and closely together.
    let sale = room.one("book", 0);
    if round.is_multiple_of(2) {
        alice.send(sale).await;
        room.operator.send(change).await;
    } else {
        room.operator.send(change).await;
        alice.send(sale).await;
    }
    let (changed, sale) = (room.operator.answer().await, alice.answer().await);
    assert_eq!(changed["type"], "reply", "{changed}");
    // Somebody wants each half of the same hour.
    let start: Timestamp = room.slot(0).parse().unwrap();
    for minutes in [0, 30] {
        let start = (start + SignedDuration::from_mins(minutes)).to_string();
        let half = json!({"action": "book", "resource": room.id, "start": start});
        let answer = bob.request(half).await;
        let code = &answer["error"]["code"];
        // Until no request of before the change can be under way, such a time waits.
        assert!(code == "busy" || code == "slot_full", "{answer}");
        if code == "busy" {
            let after = answer["error"]["retryAfterMs"].as_u64().unwrap();
            assert!((500..=30_000).contains(&after), "{answer}");
        }
    }
    let sold = sold(&mut room).await;
    // Sold by the hour, before the change; or waits as the halves do, and is off the grid.
    let came_through = sale["type"] == "reply";
    if came_through {
        assert_eq!(sold.len(), 1, "{sold:?}");
    } else {
        let code = &sale["error"]["code"];
        assert!(code == "closed" || code == "busy", "{sale}");
        assert_eq!(sold.len(), 0, "{sold:?}");
    }
    came_through
}

async fn sold(room: &mut Room) -> Vec<Value> {
    let list =
        json!({"action": "list", "resource": room.id, "from": room.slot(0), "to": room.slot(2)});
    room.operator.ok(list).await["bookings"].as_array().unwrap().clone()
}

/// What is sold off the grid is shown as taken, and its places come back with it.
#[tokio::test]
async fn what_is_sold_off_the_grid_is_not_free() {
    let mut room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 0)).await;
    let halves = json!({"slotMinutes": 30});
    let mut watcher = room.watcher().await;
    let put = json!({"action": "resource.put", "resource": Room::definition(&room.id, &halves)});
    room.operator.ok(put).await;
    let rewritten = |push: &Value| push["updates"][0].get("resource").is_some();
    watcher.pushed("the resource itself", rewritten).await;
    let again = json!({"action": "subscribe", "topic": room.topic()});
    watcher.ok(again).await;
    assert_eq!(free(&mut room).await, [0, 0, 1, 1]);
    alice.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    // Each of the halves is told, and nothing that no snapshot has.
    let start: Timestamp = room.slot(0).parse().unwrap();
    for minutes in [0, 30] {
        let start = (start + SignedDuration::from_mins(minutes)).to_string();
        let pushed = watcher.slot_pushed(&room.id, &start, 1).await;
        let end = start.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(30);
        assert_eq!(pushed["end"], json!(end.to_string()));
    }
    assert_eq!(free(&mut room).await, [1, 1, 1, 1]);
}

/// After a closing, what is given back outside of the hours is told to nobody.
#[tokio::test]
async fn a_slot_outside_of_the_hours_is_not_pushed() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 5})).await;
    let mut alice = room.customer().await;
    let outside = alice.ok(room.one("book", 0)).await;
    let inside = alice.ok(room.one("book", 4)).await;
    let mut watcher = room.watcher().await;
    let later = json!({"capacity": 5, "opening": every_day("10:00-20:00")});
    let put = json!({"action": "resource.put", "resource": Room::definition(&room.id, &later)});
    room.operator.ok(put).await;
    for booking in [&outside, &inside] {
        alice.ok(json!({"action": "cancel", "booking": booking["id"]})).await;
    }
    watcher.slot_pushed(&room.id, &room.slot(4), 5).await;
    let starts = watcher.pushed_on(&room.topic(), "slots");
    assert!(starts.iter().all(|slot| slot["start"] != json!(room.slot(0))), "{starts:?}");
}

/// Free places in each slot of the first two hours.
async fn free(room: &mut Room) -> Vec<u64> {
    let request = json!({"action": "availability", "resource": room.id, "from": room.slot(0),
        "to": room.slot(2)});
    let slots = room.operator.ok(request).await;
    slots["slots"].as_array().unwrap().iter().map(|slot| slot["free"].as_u64().unwrap()).collect()
}
