//! What a client does, at random.

use super::actor::Actor;
use super::world::{PATIENCE, SLOTS, Setting, hours};
use e2e::unique;
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// One client's life.
pub(super) async fn live(
    actor: &mut Actor,
    rooms: &[String],
    setting: Setting,
    first: Timestamp,
    mut random: Rng,
) {
    let end = Instant::now() + PATIENCE;
    let time = |slot: i64| (first + hours(slot)).to_string();
    for _ in 0..setting.steps {
        if !actor.connect(end).await {
            return;
        }
        if random.u32(0..100) < setting.offline {
            actor.leave();
            tokio::time::sleep(Duration::from_millis(random.u64(0..200))).await;
            continue;
        }
        if actor.looks {
            actor.listen(Instant::now() + Duration::from_millis(random.u64(0..60))).await;
            continue;
        }
        let room = &rooms[random.usize(..rooms.len())];
        let start = random.i64(0..setting.slots);
        let length = if random.u32(0..4) == 0 { 2 } else { 1 };
        let quantity = if random.u32(0..4) == 0 { setting.capacity.min(2) } else { 1 };
        // Of two rooms, sometimes both.
        let other = rooms.iter().find(|it| *it != room).filter(|_| random.u32(0..5) == 0);
        let moves = random.u32(0..4);
        let ids: Vec<&String> = actor.known.bookings.keys().collect();
        let one = random.choice(&ids).map(ToString::to_string);
        let key = unique("attempt");
        let sell = |action: &str| {
            let mut sale = json!({
                "action": action, "resource": room, "start": time(start), "quantity": quantity, "key": key,
            });
            if length > 1 {
                sale["end"] = json!(time(start + length));
            }
            if let Some(other) = other.filter(|_| action != "waitlist") {
                sale["with"] = json!([{"resource": other}]);
            }
            sale
        };
        let change = |action: &str, id: &str| json!({"action": action, "booking": id, "key": key});
        let request = match (random.u32(0..100), one) {
            // The operator gives back what others have, and takes little.
            (0..10, Some(id)) if actor.operator => change("cancel", &id),
            (0..60, _) if actor.operator => {
                json!({"action": "availability", "resource": room, "from": time(0), "to": time(SLOTS)})
            }
            (60..100, _) if actor.operator => {
                actor.listen(Instant::now() + Duration::from_millis(random.u64(0..40))).await;
                continue;
            }
            (0..26, _) => sell("hold"),
            (26..34, _) => sell("book"),
            (34..40, _) => sell("waitlist"),
            (40..48, Some(id)) => change("extend", &id),
            (48..60, Some(id)) => change("confirm", &id),
            (60..72, Some(id)) => change("cancel", &id),
            (72..82, Some(id)) => {
                let mut reschedule = change("reschedule", &id);
                // To another time, to another number of places, or both.
                if moves > 0 {
                    reschedule["start"] = json!(time(start));
                    reschedule["end"] = json!(time(start + length));
                }
                if moves < 2 {
                    reschedule["quantity"] = json!(quantity);
                }
                reschedule
            }
            (82..88, Some(id)) => json!({"action": "get", "booking": id}),
            (88..92, _) => json!({"action": "list", "limit": 100}),
            (92..96, _) => {
                json!({"action": "availability", "resource": room, "from": time(0), "to": time(SLOTS)})
            }
            _ => {
                actor.listen(Instant::now() + Duration::from_millis(random.u64(0..40))).await;
                continue;
            }
        };
        if random.u32(0..100) < setting.offline / 4 {
            actor.hurry(request).await;
            continue;
        }
        let tries = random.u32(1..4);
        actor.insist(request, tries, end).await;
    }
}
