//! Lists, and the cursors that lead from page to page.

use crate::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use e2e::{Client, Gateway, Room, Value, json, unique};

/// All pages of a list. Answers the bookings' ids.
async fn all(client: &mut Client, mut request: Value) -> Vec<String> {
    let mut ids = vec![];
    loop {
        let page = client.ok(request.clone()).await;
        let bookings = page["bookings"].as_array().unwrap();
        assert!(bookings.len() <= 50);
        ids.extend(bookings.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        match page.get("cursor") {
            Some(cursor) => request["cursor"] = cursor.clone(),
            None => return ids,
        }
    }
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[tokio::test]
async fn a_customer_lists_their_own_bookings_in_pages() {
    let gateway = Gateway::shared();
    let room = Room::with(gateway, json!({"capacity": 9})).await;
    let mut alice = room.customer().await;
    let mut bob = room.customer().await;
    let mut made = vec![];
    for slot in 0..7 {
        bob.ok(room.one("book", slot)).await;
        let action = if slot % 2 == 0 { "book" } else { "hold" };
        let booking = alice.ok(room.one(action, slot)).await;
        made.push(booking["id"].as_str().unwrap().to_owned());
    }
    let cancelled = made[0].clone();
    alice.ok(json!({"action": "cancel", "booking": cancelled})).await;

    let every = json!({"action": "list"});
    assert_eq!(sorted(all(&mut alice, every.clone()).await), sorted(made.clone()));
    for limit in [1, 3, 7, 100] {
        let mut request = every.clone();
        request["limit"] = json!(limit);
        assert_eq!(sorted(all(&mut alice, request).await), sorted(made.clone()), "limit {limit}");
    }
    let of = |status: &str| json!({"action": "list", "status": status, "limit": 2});
    let held: Vec<_> = made.iter().skip(1).step_by(2).cloned().collect();
    let confirmed: Vec<_> = made.iter().step_by(2).skip(1).cloned().collect();
    assert_eq!(sorted(all(&mut alice, of("held")).await), sorted(held));
    assert_eq!(sorted(all(&mut alice, of("confirmed")).await), sorted(confirmed));
    assert_eq!(all(&mut alice, of("cancelled")).await, [cancelled]);
    assert_eq!(all(&mut alice, of("pending")).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_operator_lists_a_resources_bookings_between_two_instants() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 2})).await;
    let mut other = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let mut bob = room.customer().await;
    let mut made = vec![];
    for slot in 0..6 {
        for customer in [&mut alice, &mut bob] {
            let booking = customer.ok(room.one("book", slot)).await;
            made.push(booking["id"].as_str().unwrap().to_owned());
        }
        alice.ok(other.one("book", slot)).await;
    }
    let mut list = json!({
        "action": "list",
        "resource": room.id,
        "from": room.slot(1),
        "to": room.slot(5),
        "limit": 3,
    });
    assert_eq!(sorted(all(&mut room.operator, list.clone()).await), sorted(made[2..10].to_vec()));
    alice.ok(json!({"action": "cancel", "booking": made[2]})).await;
    list["status"] = json!("confirmed");
    assert_eq!(sorted(all(&mut other.operator, list).await), sorted(made[3..10].to_vec()));
}

#[tokio::test]
async fn a_cursor_leads_nowhere_but_on() {
    let (alice, mallory) = (unique("alice"), unique("mallory"));
    let stage = Stage::set(&[&alice, &mallory]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let mut owner = room.named_customer(&alice).await;
    let mut stranger = room.named_customer(&mallory).await;
    for slot in 0..3 {
        owner.ok(room.one("book", slot)).await;
        stranger.ok(room.one("book", slot)).await;
    }
    let another = Room::definition(&unique("room"), &json!({}));
    room.operator.ok(json!({"action": "resource.put", "resource": another})).await;

    let own = json!({"action": "list", "limit": 1});
    let (from, to) = (room.slot(0), room.slot(9));
    let of_room =
        json!({"action": "list", "resource": room.id, "from": from, "to": to, "limit": 1});
    let resources = json!({"action": "resource.list", "limit": 1});
    let cursor_of_owner = owner.ok(own.clone()).await["cursor"].take();
    let cursor_of_room = room.operator.ok(of_room.clone()).await["cursor"].take();
    let cursor_of_resources = room.operator.ok(resources.clone()).await["cursor"].take();
    let cursors = [&cursor_of_owner, &cursor_of_room, &cursor_of_resources];
    assert!(cursors.iter().all(|cursor| cursor.is_string()), "{cursors:?}");

    // Somebody else's, another list's, or a changed one of one's own.
    let mut forged = vec![
        (own.clone(), cursor_of_owner.clone()),
        (own.clone(), cursor_of_room.clone()),
        (own.clone(), cursor_of_resources.clone()),
        (resources.clone(), cursor_of_owner.clone()),
    ];
    let cursor_of_stranger = stranger.ok(own.clone()).await["cursor"].take();
    for changed in changed(cursor_of_stranger.as_str().unwrap(), &mallory, &alice) {
        forged.push((own.clone(), json!(changed)));
    }
    for (mut request, cursor) in forged {
        request["cursor"] = cursor;
        stage.refuses(&mut stranger, &request, "bad_request", Some("/cursor")).await;
    }
    let mut filtered = own.clone();
    filtered["status"] = json!("held");
    filtered["cursor"] = cursor_of_stranger.clone();
    // Another filter is another list: refused, or at least nobody else's bookings.
    let frame = stranger.request(filtered).await;
    assert!(!frame.to_string().contains(&alice), "{frame}");
    // Untouched, all of them lead on.
    for (client, mut request, cursor) in
        [(&mut owner, own.clone(), &cursor_of_owner), (&mut stranger, own, &cursor_of_stranger)]
    {
        request["cursor"] = cursor.clone();
        let page = client.ok(request).await;
        assert_eq!(page["bookings"].as_array().unwrap().len(), 1, "{page}");
    }
    for (mut request, cursor) in [(of_room, cursor_of_room), (resources, cursor_of_resources)] {
        request["cursor"] = cursor;
        room.operator.ok(request).await;
    }
}

/// The cursor with a byte changed, cut, lengthened, and with another name where it has a name.
fn changed(cursor: &str, own: &str, others: &str) -> Vec<String> {
    let mut changed = vec![
        cursor[..cursor.len() - 1].to_owned(),
        cursor[1..].to_owned(),
        format!("{cursor}A"),
        format!("{cursor} "),
        cursor.to_uppercase(),
    ];
    for at in [0, cursor.len() / 3, cursor.len() / 2] {
        let mut bytes = cursor.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        changed.push(String::from_utf8(bytes).unwrap());
    }
    for engine in [&URL_SAFE_NO_PAD, &STANDARD] {
        if let Ok(plain) = engine.decode(cursor) {
            let renamed = String::from_utf8_lossy(&plain).replace(own, others);
            changed.push(engine.encode(renamed.as_bytes()));
        }
    }
    changed.retain(|it| it != cursor);
    changed
}

/// A pointer in a resource's calendar whose booking is not there, as an interrupted sale leaves it:
/// whoever lists the day next sees nothing of it, and takes it away once it is an hour old.
#[tokio::test]
async fn a_pointer_that_leads_nowhere_is_taken_away() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 1)).await;
    let stale = gateway.tables.leave_pointer(&room.id, &room.slot(1), "nobody").await;
    assert!(gateway.tables.pointers(&room.id).await.contains(&stale));
    let list =
        json!({"action": "list", "resource": room.id, "from": room.slot(0), "to": room.slot(9)});
    for _ in 0..2 {
        assert_eq!(room.operator.ok(list.clone()).await["bookings"], json!([booked]));
    }
    let left = gateway.tables.pointers(&room.id).await;
    assert!(left.len() == 1 && left[0] != stale, "{left:?}");
}
