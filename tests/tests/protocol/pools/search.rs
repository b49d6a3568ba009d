//! What could be booked of several resources.

use super::Tables;
use crate::stage::Stage;
use e2e::{Client, Gateway, Value, json};
use jiff::{SignedDuration, Timestamp};

fn search(tables: &Tables, fields: &Value) -> Value {
    let (from, to) = (tables.rooms[0].slot(0), tables.rooms[0].slot(12));
    let mut request = json!({"action": "search", "anyOf": tables.any_of, "from": from, "to": to});
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// All that is found, over all pages, each as long as asked for or less.
async fn all(client: &mut Client, mut request: Value) -> Vec<Value> {
    let limit = request["limit"].as_u64().unwrap_or(50);
    let mut all = Vec::new();
    loop {
        let page = client.ok(request.clone()).await;
        let found = page["found"].as_array().unwrap();
        assert!(found.len() as u64 <= limit, "{page}");
        all.extend(found.iter().cloned());
        let Some(cursor) = page.get("cursor") else { return all };
        request["cursor"] = cursor.clone();
    }
}

#[tokio::test]
async fn what_is_found_is_what_can_be_booked() {
    let gateway = Gateway::shared();
    let tables = Tables::with(gateway, &[4, 2], &json!({})).await;
    let mut alice = tables.customer().await;
    let [large, small] = [0, 1].map(|number| tables.rooms[number].id.clone());
    let slot = |number| tables.rooms[0].slot(number);
    let whole = all(&mut alice, search(&tables, &json!({}))).await;
    assert_eq!(whole.len(), 24);
    assert_eq!(
        whole[..3],
        [
            json!({"resource": small, "start": slot(0), "end": slot(1), "free": 2}),
            json!({"resource": large, "start": slot(0), "end": slot(1), "free": 4}),
            json!({"resource": small, "start": slot(1), "end": slot(2), "free": 2}),
        ]
    );
    for limit in [1, 2, 5, 23, 24, 25, 100] {
        let paged = all(&mut alice, search(&tables, &json!({"limit": limit}))).await;
        assert_eq!(paged, whole, "by {limit}");
    }
    // Of three places there is the large one.
    let mut three = tables.one("book", 5);
    three["quantity"] = json!(3);
    alice.ok(three).await;
    let found = all(&mut alice, search(&tables, &json!({"slots": 2, "quantity": 2}))).await;
    let of = |id: &str| found.iter().filter(|it| it["resource"] == json!(id)).count();
    // The slots of the hour that is sold are in two pairs.
    assert_eq!((of(&small), of(&large)), (11, 9));
    let first = json!({"resource": small, "start": slot(0), "end": slot(2), "free": 2});
    assert_eq!(found[0], first);
    assert_eq!(all(&mut alice, search(&tables, &json!({"slots": 13}))).await, [json!(null); 0]);
    assert_eq!(all(&mut alice, search(&tables, &json!({"quantity": 5}))).await, [json!(null); 0]);
    // What was found first is what is chosen.
    let booked = alice.ok(tables.one("book", 0)).await;
    assert_eq!(booked["resource"], json!(small));
    // A hold leaves no more than what is free besides.
    let left = all(&mut alice, search(&tables, &json!({"to": slot(1)}))).await;
    assert_eq!(left[0], json!({"resource": small, "start": slot(0), "end": slot(1), "free": 1}));
}

#[tokio::test]
async fn what_the_caller_cannot_book_is_left_out() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[2], &json!({})).await;
    let mut alice = tables.customer().await;
    let slot = |number| tables.rooms[0].slot(number);
    let (from, to) = (slot(3), slot(5));
    let two_days_on: Timestamp = slot(6).parse().unwrap();
    let minutes = two_days_on.duration_since(Timestamp::now()).as_mins();
    let cases = [
        (json!({}), 12, 12),
        (json!({"closures": [{"from": from, "to": to}]}), 10, 10),
        (json!({"rules": {"noticeMinutes": minutes}}), 6, 12),
        (json!({"rules": {"horizonDays": 1}}), 0, 12),
        (json!({"rules": {"minSlots": 2}}), 0, 12),
        (json!({"rules": {"minQuantity": 2}}), 0, 12),
        (json!({"state": "paused"}), 0, 0),
        (json!({"state": "archived"}), 0, 0),
    ];
    for (fields, to_customers, to_operators) in cases {
        tables.put(0, 2, &fields).await;
        let request = search(&tables, &json!({}));
        assert_eq!(all(&mut alice, request.clone()).await.len(), to_customers, "{fields}");
        let olga = &mut tables.rooms[0].operator;
        assert_eq!(all(olga, request).await.len(), to_operators, "{fields}");
    }
    // What has begun or passed.
    tables.put(0, 2, &json!({})).await;
    let now = Timestamp::now();
    let week = SignedDuration::from_hours(7 * 24);
    let passed = json!({"from": (now - week).to_string(), "to": now.to_string()});
    assert_eq!(all(&mut alice, search(&tables, &passed)).await, [json!(null); 0]);
    let around = json!({"from": (now - week).to_string(), "to": (now + week).to_string()});
    for found in all(&mut alice, search(&tables, &around)).await {
        assert!(found["start"].as_str().unwrap().parse::<Timestamp>().unwrap() >= now, "{found}");
    }
}

#[tokio::test]
async fn a_window_has_31_days_at_most() {
    let stage = Stage::set(&[]);
    let tables = Tables::with(&stage.gateway, &[1], &json!({})).await;
    let mut alice = tables.customer().await;
    let from: Timestamp = tables.rooms[0].slot(0).parse().unwrap();
    let to = from + SignedDuration::from_hours(31 * 24);
    let found = alice.ok(search(&tables, &json!({"to": to.to_string()}))).await;
    assert_eq!(found["found"].as_array().unwrap().len(), 50);
    for to in [to + SignedDuration::from_nanos(1), from, from - SignedDuration::from_secs(1)] {
        let request = search(&tables, &json!({"to": to.to_string()}));
        stage.refuses(&mut alice, &request, "bad_request", Some("/to")).await;
    }
    for (fields, pointer) in [
        (json!({"slots": 0}), "/slots"),
        (json!({"slots": 97}), "/slots"),
        (json!({"quantity": 0}), "/quantity"),
        (json!({"limit": 0}), "/limit"),
        (json!({"limit": 101}), "/limit"),
        (json!({"cursor": "forged"}), "/cursor"),
        (json!({"resource": tables.rooms[0].id}), "/resource"),
    ] {
        stage.refuses(&mut alice, &search(&tables, &fields), "bad_request", Some(pointer)).await;
    }
    // A cursor is good for the search that gave it out.
    let cursor = found["cursor"].clone();
    let other = search(&tables, &json!({"cursor": cursor, "slots": 2}));
    stage.refuses(&mut alice, &other, "bad_request", Some("/cursor")).await;
}

/// Somebody else's hold shows at once, and so does its end.
#[tokio::test]
async fn it_shows_what_is_free_now() {
    let gateway = Gateway::shared();
    let tables = Tables::with(gateway, &[1, 1], &json!({"holdSeconds": 1})).await;
    let mut alice = tables.customer().await;
    let window = search(&tables, &json!({"to": tables.rooms[0].slot(1)}));
    for left in [2, 1, 0] {
        assert_eq!(all(&mut alice, window.clone()).await.len(), left);
        if left > 0 {
            alice.ok(tables.one("book", 0)).await;
        }
    }
    tables.rooms[0].abandon_hold(1).await;
    let second =
        search(&tables, &json!({"from": tables.rooms[0].slot(1), "to": tables.rooms[0].slot(2)}));
    assert_eq!(all(&mut alice, second).await.len(), 2);
}
