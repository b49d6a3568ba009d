//! Requests that are well formed and still refused: the code, and no trace in the tables.

use crate::stage::Stage;
use e2e::{Client, Room, json, unique};

#[tokio::test]
async fn what_is_not_there() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::single(&stage.gateway).await;
    let nowhere = unique("nowhere");
    let from_to = json!({"from": room.slot(0), "to": room.slot(1), "start": room.slot(0)});
    let with = |action: &str, fields: &[&str]| {
        let mut request = json!({"action": action, "resource": nowhere});
        for field in fields {
            request[*field] = from_to[*field].clone();
        }
        request
    };
    let mut requests = vec![
        with("resource.get", &[]),
        with("availability", &["from", "to"]),
        with("hold", &["start"]),
        with("book", &["start"]),
        with("list", &["from", "to"]),
        json!({"action": "subscribe", "topic": format!("resource:{nowhere}")}),
        json!({"action": "subscribe", "topic": format!("resource:{nowhere}/bookings")}),
    ];
    for booking in [
        "",
        "no-such-booking",
        "00000000000000000000000000000000",
        "room-1.2yk3w0.00000000000000000000000000000000",
        "a#b",
        "\u{1F600}",
    ] {
        for action in [
            "get",
            "extend",
            "confirm",
            "update",
            "cancel",
            "reschedule",
            "approve",
            "decline",
            "complete",
            "noShow",
        ] {
            let mut request = json!({"action": action, "booking": booking});
            if action == "reschedule" {
                request["start"] = json!(room.slot(0));
            }
            requests.push(request);
        }
    }
    let mut client = room.named_customer(&alice).await;
    for request in requests {
        let books = request["action"] == "hold" || request["action"] == "book";
        let by = if books { &mut client } else { &mut room.operator };
        stage.refuses(by, &request, "not_found", None).await;
    }
}

#[tokio::test]
async fn what_is_not_yours() {
    let (alice, mallory) = (unique("alice"), unique("mallory"));
    let stage = Stage::set(&[&alice, &mallory]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let mut owner = room.named_customer(&alice).await;
    let mut stranger = room.named_customer(&mallory).await;
    let held = owner.ok(room.one("hold", 0)).await;
    let booked = owner.ok(room.one("book", 0)).await;
    for booking in [&held, &booked] {
        for action in ["get", "extend", "confirm", "update", "cancel", "reschedule"] {
            let mut request = json!({"action": action, "booking": booking["id"]});
            if action == "reschedule" {
                request["start"] = json!(room.slot(1));
            }
            stage.refuses(&mut stranger, &request, "not_found", None).await;
            if action != "get" {
                request["ifVersion"] = json!(1);
                stage.refuses(&mut stranger, &request, "not_found", None).await;
            }
        }
    }
    let listed = stranger.ok(json!({"action": "list"})).await;
    assert_eq!(listed["bookings"], json!([]));
    // An operator sees it all, and acts for whoever is on the telephone.
    let confirm = json!({"action": "confirm", "booking": held["id"]});
    let confirmed = room.operator.ok(confirm).await;
    assert_eq!(
        (&confirmed["customer"], &confirmed["status"]),
        (&json!(alice), &json!("confirmed"))
    );
}

#[tokio::test]
async fn what_only_operators_do() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let room = Room::with(&stage.gateway, json!({"approval": "manual", "capacity": 9})).await;
    let mut client = room.named_customer(&alice).await;
    let pending = client.ok(room.one("book", 0)).await;
    let mut requests = vec![
        json!({"action": "resource.put", "resource": Room::definition(&room.id, &json!({}))}),
        json!({"action": "list", "resource": room.id, "from": room.slot(0), "to": room.slot(9)}),
        json!({"action": "subscribe", "topic": room.bookings_topic()}),
    ];
    for action in ["approve", "decline", "complete", "noShow"] {
        requests.push(json!({"action": action, "booking": pending["id"]}));
    }
    for request in requests {
        stage.refuses(&mut client, &request, "forbidden", None).await;
    }
}

#[tokio::test]
async fn when_it_is_closed() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let opening = json!({"mon": ["09:00-12:00", "12:00-15:00"], "tue": ["09:00-12:30"]});
    let room = Room::with(&stage.gateway, json!({"opening": opening})).await;
    let mut client = room.named_customer(&alice).await;
    // The 8th of January 2035 is a Monday; the 7th of January 2019 was one.
    let starts = [
        ("2035-01-08T08:00:00Z", "before it opens"),
        ("2035-01-08T15:00:00Z", "when it closes"),
        ("2035-01-08T09:30:00Z", "off the grid"),
        ("2035-01-08T09:00:01Z", "off the grid by a second"),
        ("2035-01-08T09:00:00.001Z", "off the grid by a thousandth of a second"),
        ("2035-01-09T12:00:00Z", "half a slot is left"),
        ("2035-01-10T09:00:00Z", "not open that day"),
        ("2019-01-07T09:00:00Z", "in the past"),
        ("0001-01-01T09:00:00Z", "long ago"),
        ("9999-12-30T09:00:00Z", "at the end of time"),
    ];
    for action in ["hold", "book"] {
        for (start, why) in starts {
            let request = json!({"action": action, "resource": room.id, "start": start});
            let error = stage.refuses(&mut client, &request, "closed", None).await;
            assert!(error["message"].as_str().unwrap().len() > 5, "{why}: {error}");
        }
        for end in [
            "2035-01-08T10:30:00Z",
            "2035-01-08T10:00:01Z",
            "2035-01-08T16:00:00Z",
            "2035-01-08T18:00:00Z",
            "2035-01-09T10:00:00Z",
            "9999-12-30T09:00:00Z",
        ] {
            let start = "2035-01-08T09:00:00Z";
            let request =
                json!({"action": action, "resource": room.id, "start": start, "end": end});
            stage.refuses(&mut client, &request, "closed", None).await;
        }
    }
}

#[tokio::test]
async fn when_it_is_full() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let room = Room::with(&stage.gateway, json!({"capacity": 3})).await;
    let mut client = room.named_customer(&alice).await;
    let mut most = room.one("book", 4);
    most["quantity"] = json!(2);
    client.ok(most.clone()).await;
    for action in ["hold", "book"] {
        most["action"] = json!(action);
        stage.refuses(&mut client, &most, "slot_full", None).await;
        let mut stretch = room.stretch(action, 2, 7);
        stretch["quantity"] = json!(2);
        stage.refuses(&mut client, &stretch, "slot_full", None).await;
    }
}

#[tokio::test]
async fn when_it_is_too_much() {
    let (alice, bob) = (unique("alice"), unique("bob"));
    let stage = Stage::set(&[&alice, &bob]);
    let fields = json!({"slotMinutes": 10, "opening": {"mon": ["00:00-24:00"]}, "capacity": 60});
    let room = Room::with(&stage.gateway, fields).await;
    let mut client = room.named_customer(&alice).await;
    let stretch = |end: &str| {
        json!({
            "action": "book",
            "resource": room.id,
            "start": "2035-01-08T00:00:00Z",
            "end": end,
        })
    };
    stage.refuses(&mut client, &stretch("2035-01-08T16:10:00Z"), "limit_exceeded", None).await;
    let longest = client.ok(stretch("2035-01-08T16:00:00Z")).await;
    assert_eq!(longest["status"], "confirmed");

    let mut holder = room.named_customer(&bob).await;
    let hold = json!({"action": "hold", "resource": room.id, "start": "2035-01-08T20:00:00Z"});
    let mut last = json!(null);
    for _ in 0..50 {
        last = holder.ok(hold.clone()).await;
    }
    stage.refuses(&mut holder, &hold, "limit_exceeded", None).await;
    holder.ok(json!({"action": "confirm", "booking": last["id"]})).await;
    holder.ok(hold).await;
}

#[tokio::test]
async fn one_topic_more_than_fifty() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::single(&stage.gateway).await;
    let mut client = room.named_customer(&alice).await;
    let subscribe = |number: usize| json!({"action": "subscribe", "topic": format!("resource:{}-{number}", room.id)});
    for number in 0..50 {
        let resource = Room::definition(&format!("{}-{number}", room.id), &json!({}));
        room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    }
    // `me` is one of the fifty from the start.
    for number in 0..49 {
        client.ok(subscribe(number)).await;
    }
    stage.refuses(&mut client, &subscribe(49), "limit_exceeded", None).await;
    // What is subscribed already may be asked for again: a client catches up so.
    client.ok(subscribe(7)).await;
    let topic = format!("resource:{}-7", room.id);
    client.ok(json!({"action": "unsubscribe", "topic": topic})).await;
    client.ok(subscribe(49)).await;
    stage.refuses(&mut client, &subscribe(7), "limit_exceeded", None).await;
    another_connection_has_its_own(&mut room.named_customer(&alice).await, &subscribe(7)).await;
}

async fn another_connection_has_its_own(client: &mut Client, subscribe: &e2e::Value) {
    client.ok(subscribe.clone()).await;
}
