//! Resources and their slots.

use e2e::{Client, Gateway, Room, Value, json, unique};

async fn operator(gateway: &Gateway) -> Client {
    Client::connect(gateway, &gateway.operator_token(&unique("operator")).await).await
}

#[tokio::test]
async fn a_resource_is_what_was_put_with_the_defaults_filled_in() {
    let gateway = Gateway::shared();
    let mut operator = operator(gateway).await;
    let id = unique("room");
    let mut resource = Room::definition(&id, &json!({"opening": {"mon": ["09:00-12:30"]}}));
    let put = json!({"action": "resource.put", "resource": resource});
    let made = operator.ok(put.clone()).await;
    for (name, value) in [
        ("dates", json!({})),
        ("closures", json!([])),
        ("state", json!("open")),
        ("stranded", json!(0)),
        ("venue", json!("main")),
        ("capacity", json!(1)),
        ("sharing", json!(true)),
        ("pools", json!([])),
        ("rank", json!(0)),
        ("holdSeconds", json!(300)),
        ("maxHoldSeconds", json!(900)),
        ("approval", json!("auto")),
        ("confirmBy", json!("owner")),
        ("sharing", json!(true)),
        ("pools", json!([])),
        ("rank", json!(0)),
        ("rules", json!({})),
        ("details", json!({})),
        ("version", json!(1)),
    ] {
        resource[name] = value;
    }
    assert_eq!(made, resource);
    let get = json!({"action": "resource.get", "resource": id});
    let read = |resource: &Value| {
        let mut read = resource.clone();
        read.as_object_mut().unwrap().remove("stranded");
        read
    };
    assert_eq!(operator.ok(get.clone()).await, read(&resource));

    let mut changed = put;
    changed["resource"]["name"] = json!("A smaller room");
    resource["name"] = json!("A smaller room");
    resource["version"] = json!(2);
    assert_eq!(operator.ok(changed).await, resource);
    let mut customer = Client::connect(gateway, &gateway.token(&unique("alice")).await).await;
    assert_eq!(customer.ok(get).await, read(&resource));
}

#[tokio::test]
async fn concurrent_changes_of_a_resource_each_raise_its_version() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let changes = (0..8).map(async |number| {
        let mut operator = operator(gateway).await;
        let fields = json!({"name": format!("Room {number}")});
        let resource = Room::definition(&room.id, &fields);
        let mut refused = 0;
        loop {
            let put = json!({"action": "resource.put", "resource": resource});
            let frame = operator.request(put).await;
            if frame["type"] == "reply" {
                return frame["result"]["version"].as_u64().unwrap();
            }
            assert_eq!(frame["error"]["code"], "busy", "{frame}");
            refused += 1;
            assert!(refused < 50, "busy for ever");
        }
    });
    let mut versions = futures::future::join_all(changes).await;
    versions.sort_unstable();
    assert_eq!(versions, (2..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn all_resources_are_listed_once_in_pages() {
    let gateway = Gateway::shared();
    let mut operator = operator(gateway).await;
    let prefix = unique("page");
    let ids: Vec<_> = (0..7).map(|number| format!("{prefix}-{number}")).collect();
    for id in &ids {
        let resource = Room::definition(id, &json!({}));
        operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    }
    let mut request = json!({"action": "resource.list", "limit": 3});
    let mut listed = vec![];
    loop {
        let page = operator.ok(request.clone()).await;
        let resources = page["resources"].as_array().unwrap();
        assert!(resources.len() <= 3, "{page}");
        listed.extend(resources.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        match page.get("cursor") {
            Some(cursor) => request["cursor"] = cursor.clone(),
            None => break,
        }
    }
    listed.retain(|id| id.starts_with(&prefix));
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn slots_are_those_of_the_opening_hours() {
    let gateway = Gateway::shared();
    let mut room = Room::with(
        gateway,
        json!({
            "capacity": 3,
            "slotMinutes": 45,
            "opening": {"mon": ["09:00-10:40", "13:30-14:15"], "wed": ["00:00-24:00"]},
        }),
    )
    .await;
    let availability = json!({
        "action": "availability",
        "resource": room.id,
        "from": "2035-01-08T00:00:00Z",
        "to": "2035-01-10T00:00:00Z",
    });
    let slots = room.operator.ok(availability.clone()).await["slots"].take();
    let times: Vec<_> = slots.as_array().unwrap().iter().map(times).collect();
    let expected = [
        ("2035-01-08T09:00:00Z", "2035-01-08T09:45:00Z"),
        ("2035-01-08T09:45:00Z", "2035-01-08T10:30:00Z"),
        ("2035-01-08T13:30:00Z", "2035-01-08T14:15:00Z"),
    ];
    assert_eq!(times, expected);
    assert!(
        slots.as_array().unwrap().iter().all(|slot| slot["free"] == 3 && slot["capacity"] == 3)
    );

    let mut all_day = availability;
    all_day["from"] = json!("2035-01-10T12:00:00Z");
    all_day["to"] = json!("2035-01-11T09:00:00Z");
    let slots = room.operator.ok(all_day).await;
    assert_eq!(slots["slots"].as_array().unwrap().len(), 16, "{slots}");
}

fn times(slot: &Value) -> (&str, &str) {
    (slot["start"].as_str().unwrap(), slot["end"].as_str().unwrap())
}

#[tokio::test]
async fn a_day_on_which_clocks_change_has_fewer_or_more_slots() {
    let gateway = Gateway::shared();
    let mut operator = operator(gateway).await;
    // Sundays from 01:00 to 04:00 in slots of half an hour. The days are in UTC wide enough to
    // cover the local ones.
    let cases = [
        ("America/New_York", "2035-03-04", 6),
        ("America/New_York", "2035-03-11", 4),
        ("America/New_York", "2035-11-04", 8),
        ("Australia/Lord_Howe", "2035-03-25", 6),
        ("Australia/Lord_Howe", "2035-04-01", 7),
        ("Australia/Lord_Howe", "2035-10-07", 5),
        ("Asia/Kolkata", "2035-03-11", 6),
    ];
    for (zone, date, expected) in cases {
        let id = unique("clock");
        let fields =
            json!({"timeZone": zone, "slotMinutes": 30, "opening": {"sun": ["01:00-04:00"]}});
        let resource = Room::definition(&id, &fields);
        operator.ok(json!({"action": "resource.put", "resource": resource})).await;
        let day: jiff::Timestamp = format!("{date}T00:00:00Z").parse().unwrap();
        let wide = jiff::SignedDuration::from_hours(36);
        let availability = json!({
            "action": "availability",
            "resource": id,
            "from": (day - wide).to_string(),
            "to": (day + wide).to_string(),
        });
        let slots = operator.ok(availability).await["slots"].take();
        let slots = slots.as_array().unwrap();
        assert_eq!(slots.len(), expected, "{zone} {date}: {slots:?}");
        for slot in slots {
            let (start, end) = times(slot);
            let [from, to] = [start, end].map(|at| at.parse::<jiff::Timestamp>().unwrap());
            assert_eq!(to.duration_since(from).as_mins(), 30);
            // Each of them can be booked, the odd ones too.
            operator.ok(json!({"action": "book", "resource": id, "start": start})).await;
        }
        let free = slots.len();
        let whole = json!({"action": "book", "resource": id, "start": slots[0]["start"], "end": slots[free - 1]["end"]});
        operator.refused("slot_full", whole).await;
    }
}

#[tokio::test]
async fn a_long_window_comes_in_pages_that_fit_a_frame() {
    let gateway = Gateway::shared();
    let mut room = Room::with(
        gateway,
        json!({"slotMinutes": 5, "opening": e2e::scene::every_day("00:00-24:00")}),
    )
    .await;
    let mut request = json!({
        "action": "availability",
        "resource": room.id,
        "from": "2035-01-01T00:00:00Z",
        "to": "2035-01-22T00:00:00Z",
    });
    let (mut starts, mut pages) = (vec![], 0);
    loop {
        let mut page = room.operator.ok(request.clone()).await;
        pages += 1;
        for slot in page["slots"].as_array().unwrap() {
            starts.push(slot["start"].as_str().unwrap().to_owned());
        }
        match page.get_mut("cursor") {
            Some(cursor) => request["cursor"] = cursor.take(),
            None => break,
        }
    }
    assert!(pages > 1);
    assert_eq!(starts.len(), 21 * 24 * 12);
    assert!(starts.is_sorted());
    starts.dedup();
    assert_eq!(starts.len(), 21 * 24 * 12);
}

#[tokio::test]
async fn a_change_of_capacity_applies_at_once() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 3})).await;
    let mut alice = room.customer().await;
    for _ in 0..2 {
        alice.ok(room.one("book", 0)).await;
    }
    assert_eq!(room.free().await[..2], [1, 3]);
    for (capacity, free) in [(1, [0, 1]), (5, [3, 5]), (2, [0, 2])] {
        let resource = Room::definition(&room.id, &json!({"capacity": capacity}));
        room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
        assert_eq!(room.free().await[..2], free, "capacity {capacity}");
        if free[0] == 0 {
            alice.refused("slot_full", room.one("book", 0)).await;
        }
    }
}

#[tokio::test]
async fn other_opening_rules_sell_no_sold_time_again() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    alice.ok(room.one("book", 1)).await;
    let resource = Room::definition(&room.id, &json!({"slotMinutes": 30}));
    // Whether the operator may make such a change at all is not what matters here.
    room.operator.request(json!({"action": "resource.put", "resource": resource})).await;
    let start: jiff::Timestamp = room.slot(1).parse().unwrap();
    let half_past = (start + jiff::SignedDuration::from_mins(30)).to_string();
    let mut bob = room.customer().await;
    let overlap = json!({"action": "book", "resource": room.id, "start": half_past});
    let frame = bob.request(overlap).await;
    assert_eq!(frame["type"], "error", "sold twice: {frame}");
}
