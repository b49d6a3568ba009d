//! Calendars: nights and sessions, dates with hours of their own, closures, states, and what a change
//! leaves stranded.

use e2e::scene::every_day;
use e2e::{Client, Gateway, Room, Value, json, unique};

/// Puts a room again, with these fields; answers the result.
async fn put(room: &mut Room, fields: &Value) -> Value {
    let resource = Room::definition(&room.id, fields);
    room.operator.ok(json!({"action": "resource.put", "resource": resource})).await
}

/// A room without `slotMinutes`.
async fn sessions(fields: &Value) -> Room {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let id = unique("sessions");
    let mut resource = Room::definition(&id, fields);
    resource.as_object_mut().unwrap().remove("slotMinutes");
    room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    room.id = id;
    room
}

/// The resource as it is pushed to who watches it.
async fn resource_pushed(watcher: &mut Client, version: u64) -> Value {
    let resource = |push: &Value| {
        let mut updates = push["updates"].as_array().unwrap().iter();
        updates.find_map(|it| it.get("resource").filter(|it| it["version"] == version).cloned())
    };
    let pushed = watcher.pushed("the resource itself", |push| resource(push).is_some()).await;
    resource(&pushed).unwrap()
}

fn window(action: &str, room: &Room, from: &str, to: &str) -> Value {
    json!({"action": action, "resource": room.id, "from": from, "to": to})
}

/// The slots of a window, by start and end.
async fn slots(room: &mut Room, from: &str, to: &str) -> Vec<(String, String)> {
    let request = window("availability", room, from, to);
    let page = room.operator.ok(request).await;
    let text = |slot: &Value, name: &str| slot[name].as_str().unwrap().to_owned();
    let slots = page["slots"].as_array().unwrap().iter();
    slots.map(|slot| (text(slot, "start"), text(slot, "end"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(start, end)| ((*start).to_owned(), (*end).to_owned())).collect()
}

/// Nights from 15:00 to 11:00 in New York; 4 November 2035 has 25 hours.
#[tokio::test]
async fn without_a_length_each_opening_is_one_slot() {
    let fields = json!({"timeZone": "America/New_York", "opening": every_day("15:00-11:00")});
    let mut room = sessions(&fields).await;
    let read = room.operator.ok(json!({"action": "resource.get", "resource": room.id})).await;
    assert_eq!(read.get("slotMinutes"), None);
    assert_eq!(read["opening"], every_day("15:00-11:00"));
    let found = slots(&mut room, "2035-11-02T00:00:00Z", "2035-11-05T00:00:00Z").await;
    let expected = [
        ("2035-11-02T19:00:00Z", "2035-11-03T15:00:00Z"),
        ("2035-11-03T19:00:00Z", "2035-11-04T16:00:00Z"),
        ("2035-11-04T20:00:00Z", "2035-11-05T16:00:00Z"),
    ];
    assert_eq!(found, pairs(&expected));

    let mut alice = room.customer().await;
    let night = json!({"action": "hold", "resource": room.id, "start": "2035-11-03T19:00:00Z"});
    let held = alice.ok(night).await;
    assert_eq!(held["end"], "2035-11-04T16:00:00Z");
    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!((&confirmed["status"], &confirmed["end"]), (&json!("confirmed"), &held["end"]));
    // A break of four hours is between two nights.
    let two = json!({"action": "hold", "resource": room.id, "start": "2035-11-02T19:00:00Z",
        "end": "2035-11-04T16:00:00Z"});
    alice.refused("closed", two).await;
    let moved =
        json!({"action": "reschedule", "booking": held["id"], "start": "2035-11-05T20:00:00Z"});
    let refused = alice.refused("closed", moved).await;
    assert_eq!(refused.get("field"), None, "a night of 20 hours is not as long as one of 21");
}

/// Stays that touch at noon are booked together, listed to their last hour, and moved as they are.
#[tokio::test]
async fn nights_that_touch_are_booked_together() {
    let mut room = sessions(&json!({"opening": every_day("12:00-12:00")})).await;
    let mut alice = room.customer().await;
    let stay = |start: &str, end: &str| json!({"action": "book", "resource": room.id, "start": start, "end": end});
    let weeks = alice.ok(stay("2035-06-01T12:00:00Z", "2035-07-11T12:00:00Z")).await;
    alice.refused("slot_full", stay("2035-07-10T12:00:00Z", "2035-07-12T12:00:00Z")).await;
    let beyond =
        alice.refused("limit_exceeded", stay("2036-01-01T12:00:00Z", "2036-04-07T12:00:00Z"));
    assert_eq!(beyond.await["retryable"], false, "97 nights");

    let last = window("list", &room, "2035-07-11T11:00:00Z", "2035-07-13T00:00:00Z");
    let found = room.operator.ok(last.clone()).await;
    assert_eq!(found["bookings"], json!([weeks]));
    let mut topic = json!({"action": "subscribe", "topic": room.bookings_topic()});
    topic["from"] = last["from"].clone();
    topic["to"] = last["to"].clone();
    assert_eq!(room.operator.ok(topic).await["bookings"], json!([weeks]));

    let moved =
        json!({"action": "reschedule", "booking": weeks["id"], "start": "2035-09-01T12:00:00Z"});
    let moved = alice.ok(moved).await;
    assert_eq!(moved["end"], "2035-10-11T12:00:00Z", "40 nights, as before");
    assert_eq!(room.operator.ok(last).await["bookings"], json!([]));
}

#[tokio::test]
async fn a_move_without_an_end_keeps_the_length() {
    let mut room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.stretch("book", 0, 3)).await;
    let moved = json!({"action": "reschedule", "booking": booked["id"], "start": room.slot(5)});
    let moved = alice.ok(moved).await;
    assert_eq!((&moved["start"], &moved["end"]), (&json!(room.slot(5)), &json!(room.slot(8))));
    assert_eq!(room.free().await, [1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1]);
    // No three hours are left before it closes.
    let late = json!({"action": "reschedule", "booking": booked["id"], "start": room.slot(10)});
    alice.refused("closed", late).await;
    let shorter = json!({"action": "reschedule", "booking": booked["id"], "start": room.slot(10),
        "end": room.slot(12)});
    assert_eq!(alice.ok(shorter).await["end"], room.slot(12));
}

/// Christmas is closed, the day before it is short and reaches into the night; a Tuesday goes on where
/// Monday's night ends.
#[tokio::test]
async fn dates_have_hours_of_their_own() {
    let opening = json!({"mon": ["22:00-02:00"], "tue": ["02:00-03:00", "10:00-12:00"]});
    let dates = json!({"2035-12-25": [], "2035-12-24": ["23:00-01:00", "09:00-10:00"]});
    let fields = json!({"opening": opening, "dates": dates});
    let mut room = Room::with(Gateway::shared(), fields).await;
    let read = room.operator.ok(json!({"action": "resource.get", "resource": room.id})).await;
    assert_eq!(read["dates"]["2035-12-24"], json!(["09:00-10:00", "23:00-01:00"]), "in order");
    assert_eq!(read["dates"]["2035-12-25"], json!([]));
    // The 17th and the 24th of December 2035 are Mondays.
    let found = slots(&mut room, "2035-12-17T00:00:00Z", "2035-12-27T00:00:00Z").await;
    let expected = [
        ("2035-12-17T22:00:00Z", "2035-12-17T23:00:00Z"),
        ("2035-12-17T23:00:00Z", "2035-12-18T00:00:00Z"),
        ("2035-12-18T00:00:00Z", "2035-12-18T01:00:00Z"),
        ("2035-12-18T01:00:00Z", "2035-12-18T02:00:00Z"),
        ("2035-12-18T02:00:00Z", "2035-12-18T03:00:00Z"),
        ("2035-12-18T10:00:00Z", "2035-12-18T11:00:00Z"),
        ("2035-12-18T11:00:00Z", "2035-12-18T12:00:00Z"),
        ("2035-12-24T09:00:00Z", "2035-12-24T10:00:00Z"),
        ("2035-12-24T23:00:00Z", "2035-12-25T00:00:00Z"),
        ("2035-12-25T00:00:00Z", "2035-12-25T01:00:00Z"),
    ];
    assert_eq!(found, pairs(&expected));
    let mut alice = room.customer().await;
    let book = |start: &str, end: &str| json!({"action": "book", "resource": room.id, "start": start, "end": end});
    alice.ok(book("2035-12-17T22:00:00Z", "2035-12-18T03:00:00Z")).await;
    alice.ok(book("2035-12-24T23:00:00Z", "2035-12-25T01:00:00Z")).await;
    alice.refused("closed", book("2035-12-25T10:00:00Z", "2035-12-25T11:00:00Z")).await;
}

#[tokio::test]
async fn what_a_closure_overlaps_is_not_offered() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 2})).await;
    let mut alice = room.customer().await;
    let before = alice.ok(room.one("hold", 5)).await;
    let mut watcher = room.watcher().await;
    let half_past = room.slot(4).replace(":00:00Z", ":30:00Z");
    let closures = json!([
        {"from": half_past, "to": room.slot(6), "reason": "painting"},
        {"from": room.slot(8), "to": room.slot(9)},
    ]);
    let made = put(&mut room, &json!({"capacity": 2, "closures": closures})).await;
    assert_eq!((&made["closures"], &made["stranded"]), (&closures, &json!(1)));
    let pushed = resource_pushed(&mut watcher, 2).await;
    assert_eq!(pushed["closures"], closures);

    let (from, to) = (room.slot(3), room.slot(10));
    let starts = |slots: &Value| -> Vec<String> {
        let slots = slots["slots"].as_array().unwrap().iter();
        slots.map(|slot| slot["start"].as_str().unwrap().to_owned()).collect()
    };
    let expected = [3, 6, 7, 9].map(|slot| room.slot(slot));
    let page = alice.ok(window("availability", &room, &from, &to)).await;
    assert_eq!(starts(&page), expected);
    let snapshot = json!({"action": "subscribe", "topic": room.topic(), "from": from, "to": to});
    assert_eq!(starts(&watcher.ok(snapshot).await), expected);
    for (first, end) in [(4, 5), (5, 6), (3, 5), (5, 7), (3, 7), (8, 9)] {
        for action in ["hold", "book"] {
            alice.refused("closed", room.stretch(action, first, end)).await;
        }
    }
    alice.ok(room.stretch("book", 6, 8)).await;
    // What was made before is confirmed, cancelled, and moved out of it, but not into it.
    let confirmed = alice.ok(json!({"action": "confirm", "booking": before["id"]})).await;
    assert_eq!(confirmed["status"], "confirmed");
    let to = |slot: u32| json!({"action": "reschedule", "booking": before["id"], "start": room.slot(slot)});
    alice.refused("closed", to(4)).await;
    alice.ok(to(9)).await;
    // The grid is as it was: nothing is in transition, and what opens again is free at once.
    let open = put(&mut room, &json!({"capacity": 2})).await;
    assert_eq!((&open["closures"], &open["stranded"]), (&json!([]), &json!(0)));
    alice.ok(room.one("book", 5)).await;
}

/// A change of a closed slot is pushed to nobody: it is in no snapshot.
#[tokio::test]
async fn a_closed_slot_is_pushed_to_nobody() {
    let mut room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 5)).await;
    let closures = json!([{"from": room.slot(5), "to": room.slot(6)}]);
    put(&mut room, &json!({"closures": closures})).await;
    let mut watcher = room.watcher().await;
    alice.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    alice.ok(room.one("book", 7)).await;
    watcher.slot_pushed(&room.id, &room.slot(7), 0).await;
    let pushed = watcher.pushed_on(&room.topic(), "slots");
    assert!(pushed.iter().all(|slot| slot["start"] != room.slot(5)), "{pushed:?}");
}

#[tokio::test]
async fn what_is_paused_or_archived_sells_nothing_new() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let mut alice = room.customer().await;
    let mut made = vec![];
    for slot in 0..3 {
        made.push(alice.ok(room.one("hold", slot)).await);
    }
    let mut watcher = room.watcher().await;
    for (version, state) in [(2, "paused"), (3, "archived")] {
        let result = put(&mut room, &json!({"capacity": 9, "state": state})).await;
        assert_eq!((&result["state"], &result["stranded"]), (&json!(state), &json!(0)));
        assert_eq!(resource_pushed(&mut watcher, version).await["state"], state);
        for action in ["hold", "book"] {
            alice.refused("closed", room.one(action, 7)).await;
            room.operator.refused("closed", room.one(action, 7)).await;
        }
        // It can be read, by whoever names it.
        let read = alice.ok(json!({"action": "resource.get", "resource": room.id})).await;
        assert_eq!(read["state"], state);
        assert_eq!(room.free().await[3..5], [9, 9]);
        alice.ok(json!({"action": "subscribe", "topic": room.topic()})).await;
    }
    // What was made before goes on as ever.
    let of = |action: &str, booking: &Value| json!({"action": action, "booking": booking["id"]});
    alice.ok(of("extend", &made[0])).await;
    alice.ok(of("confirm", &made[0])).await;
    let mut moved = of("reschedule", &made[0]);
    moved["start"] = json!(room.slot(8));
    assert_eq!(alice.ok(moved).await["start"], room.slot(8));
    alice.ok(of("cancel", &made[1])).await;
    assert_eq!(room.free().await[..3], [9, 9, 8]);

    put(&mut room, &json!({"capacity": 9})).await;
    alice.ok(room.one("book", 7)).await;
}

/// The resources of this prefix that a client finds in the list of all.
async fn listed(client: &mut Client, prefix: &str, limit: u32) -> Vec<String> {
    let mut request = json!({"action": "resource.list", "limit": limit});
    let mut ids = vec![];
    loop {
        let page = client.ok(request.clone()).await;
        let resources = page["resources"].as_array().unwrap().iter();
        ids.extend(resources.map(|it| it["id"].as_str().unwrap().to_owned()));
        match page.get("cursor") {
            Some(cursor) => request["cursor"] = cursor.clone(),
            None => break,
        }
    }
    ids.retain(|id| id.starts_with(prefix));
    ids
}

#[tokio::test]
async fn only_operators_find_an_archived_resource_in_the_list() {
    let gateway = Gateway::shared();
    let token = gateway.operator_token(&unique("operator")).await;
    let mut operator = Client::connect(gateway, &token).await;
    let mut customer = Client::connect(gateway, &gateway.token(&unique("alice")).await).await;
    let prefix = unique("archive");
    let states = ["open", "archived", "archived", "archived", "paused"];
    for (number, state) in states.iter().enumerate() {
        let id = format!("{prefix}-{number}");
        let resource = Room::definition(&id, &json!({"state": state}));
        operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    }
    for limit in [1, 2, 100] {
        let ids = |numbers: &[u32]| -> Vec<String> {
            numbers.iter().map(|number| format!("{prefix}-{number}")).collect()
        };
        assert_eq!(listed(&mut operator, &prefix, limit).await, ids(&[0, 1, 2, 3, 4]));
        assert_eq!(listed(&mut customer, &prefix, limit).await, ids(&[0, 4]), "limit {limit}");
    }
}

#[tokio::test]
async fn a_change_says_what_it_leaves_stranded() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 3})).await;
    let mut alice = room.customer().await;
    assert_eq!(put(&mut room, &json!({"capacity": 3})).await["stranded"], 0);
    alice.ok(room.one("book", 0)).await;
    let held = alice.ok(room.stretch("hold", 9, 12)).await;
    let gone = alice.ok(room.one("book", 11)).await;
    alice.ok(json!({"action": "cancel", "booking": gone["id"]})).await;
    let mut stranded = async |fields: Value| {
        let result = put(&mut room, &fields).await;
        result["stranded"].as_u64().unwrap()
    };
    let hours = |hours: &str| json!({"capacity": 3, "opening": every_day(hours)});
    assert_eq!(stranded(hours("08:00-18:00")).await, 1, "what is held in the evening");
    assert_eq!(stranded(hours("09:00-18:00")).await, 2);
    assert_eq!(stranded(json!({"slotMinutes": 30})).await, 0, "whole slots of another length");
    assert_eq!(stranded(json!({"slotMinutes": 50})).await, 2);
    assert_eq!(stranded(json!({"state": "paused"})).await, 0);
    assert_eq!(stranded(hours("08:00-20:00")).await, 0);
    alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
}

/// An opening of 24 hours on each day of the week: slots of 7 hours step from each local midnight.
#[tokio::test]
async fn around_the_clock_slots_step_from_midnight() {
    let fields = json!({"timeZone": "Asia/Kolkata", "slotMinutes": 420,
        "opening": every_day("00:00-24:00")});
    let mut room = Room::with(Gateway::shared(), fields).await;
    let found = slots(&mut room, "2035-01-08T00:00:00Z", "2035-01-09T18:30:00Z").await;
    let expected = [
        ("2035-01-08T01:30:00Z", "2035-01-08T08:30:00Z"),
        ("2035-01-08T08:30:00Z", "2035-01-08T15:30:00Z"),
        ("2035-01-08T18:30:00Z", "2035-01-09T01:30:00Z"),
        ("2035-01-09T01:30:00Z", "2035-01-09T08:30:00Z"),
        ("2035-01-09T08:30:00Z", "2035-01-09T15:30:00Z"),
    ];
    assert_eq!(found, pairs(&expected));
}

/// As much calendar as fits an inbound frame: it is read, listed and pushed in one frame each.
#[tokio::test]
async fn the_largest_calendar_fits_a_frame() {
    let mut room = Room::single(Gateway::shared()).await;
    let mut watcher = room.watcher().await;
    let date = |day: i64| jiff::civil::date(2035, 1, 1) + jiff::ToSpan::days(day);
    let hours = json!(["08:00-12:00", "13:00-17:00"]);
    let dates: serde_json::Map<_, _> =
        (0..366).map(|day| (date(day).to_string(), hours.clone())).collect();
    // As JSON, a control character is six times as long.
    let closure = json!({"from": "2035-01-01T08:00:00Z", "to": "2035-01-01T09:00:00Z",
        "reason": "\u{1}".repeat(12)});
    let fields = json!({"dates": dates, "closures": vec![closure; 100]});
    let request =
        json!({"action": "resource.put", "resource": Room::definition(&room.id, &fields)});
    let size = request.to_string().len();
    assert!((29_000..32_700).contains(&size), "{size} bytes");
    let made = room.operator.ok(request).await;
    assert_eq!((&made["dates"], &made["closures"]), (&fields["dates"], &fields["closures"]));
    assert_eq!(resource_pushed(&mut watcher, 2).await["dates"], fields["dates"]);
    let read = room.operator.ok(json!({"action": "resource.get", "resource": room.id})).await;
    assert_eq!(read["closures"], fields["closures"]);
    room.operator.ok(json!({"action": "resource.list", "limit": 100})).await;
    // The hours of the first date but one.
    let found = slots(&mut room, "2035-01-02T00:00:00Z", "2035-01-03T00:00:00Z").await;
    assert_eq!(found.len(), 8);
}
