//! What is done to a booking once it has begun.

use e2e::scene::every_day;
use e2e::{Client, Gateway, Room, Value, json};
use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A room of a hundred places whose slots are minutes, and Alice's bookings of the next two of them.
struct Scene {
    room: Room,
    alice: Client,
    start: Timestamp,
}

impl Scene {
    async fn new() -> Self {
        let always = every_day("00:00-24:00");
        let fields = json!({"slotMinutes": 1, "opening": always, "capacity": 100});
        let room = Room::with(Gateway::shared(), fields).await;
        let alice = room.customer().await;
        let now = Timestamp::now().as_second();
        // Far enough ahead to make all the bookings first.
        let start = Timestamp::from_second((now + 5).div_euclid(60) * 60 + 60).unwrap();
        Self { room, alice, start }
    }

    async fn book(&mut self, quantity: u32) -> Value {
        let (resource, end) = (&self.room.id, self.start + MINUTE + MINUTE);
        let request = json!({"action": "book", "resource": resource, "start": self.start.to_string(),
            "end": end.to_string(), "quantity": quantity});
        self.alice.ok(request).await
    }

    /// Free places in the two minutes.
    async fn free(&mut self) -> Vec<u64> {
        let (resource, end) = (&self.room.id, self.start + MINUTE + MINUTE);
        let request = json!({"action": "availability", "resource": resource,
            "from": self.start.to_string(), "to": end.to_string()});
        let slots = self.alice.ok(request).await;
        slots["slots"].as_array().unwrap().iter().map(|it| it["free"].as_u64().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_booking_that_has_begun() {
    let mut scene = Scene::new().await;
    let came = scene.book(1).await;
    let stayed_away = scene.book(2).await;
    let running = scene.book(4).await;
    assert_eq!(scene.free().await, [93, 93]);
    let ask = |action: &str, booking: &Value| json!({"action": action, "booking": booking["id"]});
    for (action, booking) in [("complete", &came), ("noShow", &stayed_away)] {
        let refused = scene.room.operator.refused("invalid_transition", ask(action, booking)).await;
        assert_eq!(refused["current"], *booking, "{action} before the start");
    }

    let left = scene.start.duration_since(Timestamp::now());
    tokio::time::sleep(left.unsigned_abs()).await;
    let mut to = ask("reschedule", &running);
    to["start"] = json!((scene.start + 30 * MINUTE).to_string());
    for request in [to.clone(), ask("cancel", &running)] {
        let refused = scene.alice.refused("too_late", request).await;
        assert_eq!((&refused["current"], &refused["retryable"]), (&running, &json!(false)));
    }
    scene.room.operator.refused("invalid_transition", to).await;

    // Who came keeps their places; who did not frees what has not begun.
    let completed = scene.room.operator.ok(ask("complete", &came)).await;
    assert_eq!((&completed["status"], &completed["version"]), (&json!("completed"), &json!(2)));
    assert_eq!(scene.free().await, [93, 93]);
    let absent = scene.room.operator.ok(ask("noShow", &stayed_away)).await;
    assert_eq!((&absent["status"], &absent["version"]), (&json!("noShow"), &json!(2)));
    assert_eq!(scene.free().await, [93, 95]);

    for booking in [&completed, &absent] {
        for action in ["confirm", "cancel", "complete", "noShow", "approve", "decline"] {
            let refused = scene.room.operator.refused("invalid_transition", ask(action, booking));
            assert_eq!(refused.await["current"], *booking, "{action}");
        }
    }
    let cancelled = scene.room.operator.ok(ask("cancel", &running)).await;
    assert_eq!(cancelled["status"], "cancelled");
}
