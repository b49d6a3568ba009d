//! Who confirms, and what is pending: for how long, and what becomes of it.

use crate::stage::Stage;
use e2e::scene::every_day;
use e2e::{Client, Gateway, Room, Value, json, unique};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

fn instant(of: &Value) -> Timestamp {
    of.as_str().unwrap_or_else(|| panic!("no instant: {of}")).parse().unwrap()
}

/// Waits until an instant has passed by this machine's clock.
async fn pass(end: Timestamp) {
    let left = Timestamp::now().duration_until(end);
    if left.is_positive() {
        tokio::time::sleep(left.unsigned_abs() + Duration::from_millis(1)).await;
    }
}

fn ask(action: &str, booking: &Value) -> Value {
    json!({"action": action, "booking": booking["id"]})
}

#[tokio::test]
async fn where_an_operator_confirms_a_customer_may_only_hold() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let fields = json!({"confirmBy": "operator", "capacity": 9});
    let mut room = Room::with(&stage.gateway, fields).await;
    let mut owner = room.named_customer(&alice).await;
    stage.refuses(&mut owner, &room.one("book", 0), "forbidden", None).await;
    let held = owner.ok(room.one("hold", 0)).await;
    stage.refuses(&mut owner, &ask("confirm", &held), "forbidden", None).await;
    // It may be held for longer, changed and given back as ever.
    let extended = owner.ok(ask("extend", &held)).await;
    assert_eq!(extended["status"], "held");
    let confirmed = room.operator.ok(ask("confirm", &held)).await;
    assert_eq!(
        (&confirmed["status"], &confirmed["customer"]),
        (&json!("confirmed"), &json!(alice))
    );
    owner.ok(ask("cancel", &held)).await;
    let booked = room.operator.ok(room.one("book", 0)).await;
    assert_eq!(booked["status"], "confirmed");
    // A stranger is told that there is no such booking, as ever.
    let mut stranger = room.customer().await;
    stage.refuses(&mut stranger, &ask("confirm", &booked), "not_found", None).await;
    // What was sold under a key before is answered as ever.
    let mut keyed = room.one("book", 1);
    keyed["key"] = json!("1");
    let open = Room::definition(&room.id, &json!({"capacity": 9}));
    let closed = Room::definition(&room.id, &fields_of_operator());
    room.operator.ok(json!({"action": "resource.put", "resource": open})).await;
    let first = owner.ok(keyed.clone()).await;
    room.operator.ok(json!({"action": "resource.put", "resource": closed})).await;
    assert_eq!(owner.ok(keyed).await, first);
}

fn fields_of_operator() -> Value {
    json!({"confirmBy": "operator", "capacity": 9})
}

#[tokio::test]
async fn a_pending_booking_says_when_it_runs_out() {
    let gateway = Gateway::shared();
    let fields = json!({"approval": "manual", "capacity": 99, "pendingMinutes": 30});
    let mut room = Room::with(gateway, fields).await;
    let mut owner = room.customer().await;
    let before = Timestamp::now();
    let booked = owner.ok(room.one("book", 0)).await;
    let held = owner.ok(room.one("hold", 0)).await;
    let confirmed = owner.ok(ask("confirm", &held)).await;
    let after = Timestamp::now();
    for pending in [&booked, &confirmed] {
        assert_eq!(pending["status"], "pending");
        let end = instant(&pending["pendingExpiresAt"]);
        let length = SignedDuration::from_mins(30);
        // Rounded up by a 64th of it at most.
        assert!((before + length..=after + length + length / 64).contains(&end), "{pending}");
        assert_eq!(pending.get("holdExpiresAt"), None);
    }
    // A note leaves it; a yes or no ends it.
    let mut note = ask("update", &booked);
    note["note"] = json!("paid by card");
    let noted = room.operator.ok(note).await;
    assert_eq!(noted["pendingExpiresAt"], booked["pendingExpiresAt"]);
    for (action, booking) in [("approve", &booked), ("decline", &confirmed)] {
        let settled = room.operator.ok(ask(action, booking)).await;
        assert_eq!(settled.get("pendingExpiresAt"), None, "{settled}");
    }
    assert_eq!(room.free().await[0], 98);
    // Where nothing is said it waits until it starts, and never for longer.
    for fields in
        [json!({"approval": "manual"}), json!({"approval": "manual", "pendingMinutes": 10080})]
    {
        let room = Room::with(gateway, fields).await;
        let mut owner = room.customer().await;
        let pending = owner.ok(room.one("book", 2)).await;
        assert_eq!(pending["pendingExpiresAt"], pending["start"], "{pending}");
    }
}

/// Whoever decides in the end, a booking waits as it does for an operator, and an operator may decide.
#[tokio::test]
async fn what_waits_for_fulfilment_is_pending_and_an_operator_may_decide() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let fields = json!({"approval": "fulfilment", "capacity": 9, "pendingMinutes": 30});
    let mut room = Room::with(&stage.gateway, fields).await;
    let get = json!({"action": "resource.get", "resource": room.id});
    assert_eq!(room.operator.ok(get).await["approval"], "fulfilment");
    let mut owner = room.named_customer(&alice).await;
    let mut keyed = room.one("book", 0);
    keyed["key"] = json!("1");
    let booked = owner.ok(keyed.clone()).await;
    let held = owner.ok(room.one("hold", 0)).await;
    let confirmed = owner.ok(ask("confirm", &held)).await;
    for (pending, version) in [(&booked, 1), (&confirmed, 2)] {
        assert_eq!((&pending["status"], &pending["version"]), (&json!("pending"), &json!(version)));
        let left =
            instant(&pending["pendingExpiresAt"]).duration_since(instant(&pending["updatedAt"]));
        let length = SignedDuration::from_mins(30);
        assert!((length..=length + length / 64).contains(&left), "{pending}");
        assert_eq!(owner.booking_pushed(pending, version).await["status"], "pending");
        for action in ["approve", "decline"] {
            stage.refuses(&mut owner, &ask(action, pending), "forbidden", None).await;
        }
    }
    assert_eq!(owner.ok(keyed).await, booked);
    assert_eq!(room.free().await[0], 7);
    let approved = room.operator.ok(ask("approve", &booked)).await;
    assert_eq!(approved["status"], "confirmed");
    assert!(approved["confirmationCode"].is_string(), "{approved}");
    let mut decline = ask("decline", &confirmed);
    decline["reason"] = json!("out of stock");
    let declined = room.operator.ok(decline).await;
    assert_eq!(
        (&declined["status"], &declined["reason"]),
        (&json!("declined"), &json!("out of stock"))
    );
    assert_eq!(room.free().await[0], 8);
    for (booking, status) in [(&booked, "confirmed"), (&confirmed, "declined")] {
        let told = owner.booking_pushed(booking, booking["version"].as_u64().unwrap() + 1).await;
        assert_eq!(told["status"], status, "{told}");
    }
    // An operator's own sale waits as well, and what waits may be given back.
    let own = room.operator.ok(room.one("book", 1)).await;
    assert_eq!(own["status"], "pending");
    assert_eq!(room.operator.ok(ask("cancel", &own)).await["status"], "cancelled");
}

/// A pending booking that nobody answers runs out: at that instant its places are free, and it can no
/// longer be approved.
#[tokio::test]
async fn what_nobody_answers_runs_out() {
    let gateway = Gateway::shared();
    let fields = json!({"approval": "manual", "pendingMinutes": 1});
    let mut room = Room::with(gateway, fields).await;
    let mut owner = room.customer().await;
    let mut next = room.customer().await;
    let pending = owner.ok(room.one("book", 0)).await;
    // Another ends with its start, in slots of a minute.
    let fields =
        json!({"approval": "manual", "slotMinutes": 1, "opening": every_day("00:00-24:00")});
    let mut minutes = Room::with(gateway, fields).await;
    let start = Timestamp::from_second(Timestamp::now().as_second().div_euclid(60) * 60 + 60);
    let (start, minute) = (start.unwrap(), SignedDuration::from_mins(1));
    let (start, end) = (start.to_string(), (start + 2 * minute).to_string());
    let soon = json!({"action": "book", "resource": minutes.id, "start": start, "end": end});
    let soon = owner.ok(soon).await;
    assert_eq!(soon["pendingExpiresAt"], soon["start"]);

    next.refused("slot_full", room.one("book", 0)).await;
    pass(instant(&pending["pendingExpiresAt"])).await;
    let free = json!({"action": "availability", "resource": room.id, "from": room.slot(0),
                      "to": room.slot(1)});
    assert_eq!(next.ok(free).await["slots"][0]["free"], 1);
    // The place is sold first, and only then does anybody look at what ran out.
    let taken = next.ok(room.one("book", 0)).await;
    for action in ["approve", "decline"] {
        let refused = room.operator.refused("invalid_transition", ask(action, &pending)).await;
        let current = &refused["current"];
        assert_eq!((&current["status"], &current["version"]), (&json!("expired"), &json!(2)));
        assert_eq!(current["updatedAt"], pending["pendingExpiresAt"]);
    }
    owner.refused("invalid_transition", ask("cancel", &pending)).await;
    let told = owner.booking_pushed(&pending, 2).await;
    assert_eq!((&told["status"], told.get("pendingExpiresAt")), (&json!("expired"), None));
    let approved = room.operator.ok(ask("approve", &taken)).await;
    assert_eq!(approved["status"], "confirmed");

    pass(instant(&soon["start"])).await;
    let refused = minutes.operator.refused("invalid_transition", ask("approve", &soon)).await;
    assert_eq!(refused["current"]["status"], "expired");
    // Its second minute, which has not begun, is free again.
    let rest = json!({"action": "availability", "resource": minutes.id, "from": start, "to": end});
    let slots = minutes.operator.ok(rest).await["slots"].take();
    assert_eq!((&slots[0]["free"], &slots[1]["free"]), (&json!(1), &json!(1)), "{slots}");
}

/// Approvals and the end come at the same time: a booking is approved or it ran out, and its place is
/// never sold twice.
#[tokio::test]
async fn a_yes_races_with_the_end() {
    let gateway = Gateway::shared();
    let fields = json!({"approval": "manual", "pendingMinutes": 1, "capacity": 1});
    let rooms = (0..6).map(|_| Room::with(gateway, fields.clone()));
    let rooms = futures::future::join_all(rooms).await;
    let races = rooms.into_iter().map(async |mut room| {
        let mut owner = room.customer().await;
        let mut next = room.customer().await;
        let pending = owner.ok(room.one("book", 0)).await;
        pass(instant(&pending["pendingExpiresAt"]) - SignedDuration::from_millis(5)).await;
        let book = room.one("book", 0);
        let (yes, taken) = tokio::join!(
            until_sure(&mut room.operator, ask("approve", &pending)),
            until_sure(&mut next, book)
        );
        let get = owner.ok(ask("get", &pending)).await;
        let approved = yes["type"] == "reply";
        assert_eq!(approved, get["status"] == "confirmed", "{yes} {get}");
        assert!(!(approved && taken["type"] == "reply"), "sold twice: {yes} {taken}");
        let free = room.free().await[0];
        assert_eq!(free, u64::from(!approved && taken["type"] == "error"), "{yes} {taken}");
    });
    futures::future::join_all(races).await;
}

async fn until_sure(client: &mut Client, request: Value) -> Value {
    loop {
        let frame = client.request(request.clone()).await;
        if frame["error"]["retryable"] != true {
            return frame;
        }
    }
}
