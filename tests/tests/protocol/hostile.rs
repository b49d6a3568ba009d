//! Input that was made to do harm: it is answered, in time and within a frame, and changes nothing.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use e2e::{Gateway, Room, json};

/// Quoted by an error, a control character may grow sevenfold: `\\u{7f}` for one byte.
#[tokio::test]
async fn what_grows_when_it_is_quoted_stays_small() {
    let room = Room::single(Gateway::shared()).await;
    let mut client = room.customer().await;
    let long = "\u{7f}".repeat(30_000);
    let start = room.slot(0);
    for request in [
        json!({"action": "hold", "resource": room.id, "start": start, "quantity": long}),
        json!({"action": "hold", "resource": long, "start": start}),
        json!({"action": "hold", "resource": room.id, "start": long}),
        json!({"action": "list", "status": long}),
        json!({"action": "list", "cursor": long}),
        json!({"action": "subscribe", "topic": long}),
        json!({"action": "ping", &long: 1}),
        json!({"action": "get", "booking": 1, &long: 1}),
    ] {
        let error = client.error(request).await;
        assert_eq!(error["code"], "bad_request");
        assert!(error.to_string().len() < 2000, "{} bytes", error.to_string().len());
    }
    client.send(json!({"action": long})).await;
    let unknown = client.answer().await;
    assert_eq!((&unknown["action"], &unknown["error"]["field"]), (&json!(null), &json!("/action")));
}

/// A cursor as anybody can make one who has read how it is made.
fn forged(list: &[&str], place: &str) -> String {
    let name = |name: String, part: &&str| name + &part.len().to_string() + ":" + part;
    let name = list.iter().fold(String::new(), name);
    let sum = digest(&SHA256, format!("{name}{place}").as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode([&sum.as_ref()[..8], place.as_bytes()].concat())
}

#[tokio::test]
async fn a_forged_cursor_leads_nowhere_else() {
    let mut room = Room::single(Gateway::shared()).await;
    let (from, to) = (room.slot(2), room.slot(5));
    let list = ["availability", &room.id, &from, &to];
    let mut asked = json!({"action": "availability", "resource": room.id, "from": from, "to": to});
    let whole = room.operator.ok(asked.clone()).await["slots"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 3);
    for (place, slots) in [
        ("9999-12-30T22:00:00.999999999Z", &whole[3..]),
        ("9999-12-30T21:59:59.999999999Z", &whole[3..]),
        ("-009999-01-02T01:59:59Z", &whole[..]),
        ("0000-01-01T00:00:00Z", &whole[..]),
        (&room.slot(0), &whole[..]),
        (&room.slot(3), &whole[2..]),
        (&room.slot(9), &whole[3..]),
    ] {
        asked["cursor"] = json!(forged(&list, place));
        let page = room.operator.ok(asked.clone()).await;
        assert_eq!(page["slots"], json!(slots), "{place}");
    }
    for place in ["", "x", "+010000-01-01T00:00:00Z"] {
        asked["cursor"] = json!(forged(&list, place));
        let error = room.operator.refused("bad_request", asked.clone()).await;
        assert_eq!(error["field"], "/cursor", "{place}");
    }
    let mut asked = json!({"action": "list", "resource": room.id, "from": from, "to": to});
    let list = ["list at", &room.id, &from, &to, ""];
    for place in ["9999-12-30T22:00:00Z#", "-009999-01-02T01:59:59Z#"] {
        let place = format!("{place}{}", "0".repeat(32));
        asked["cursor"] = json!(forged(&list, &place));
        let page = room.operator.ok(asked.clone()).await;
        assert_eq!(page["bookings"], json!([]), "{place}");
    }
}

/// Whatever is open counts, with its places: also what waits for an operator.
#[tokio::test]
async fn nobody_hoards_by_way_of_manual_approval() {
    let manual = json!({"capacity": 10_000, "approval": "manual"});
    let room = Room::with(Gateway::shared(), manual).await;
    let mut client = room.customer().await;
    let mut request = room.one("book", 0);
    request["quantity"] = json!(10);
    let mut made = 0;
    for _ in 0..70 {
        let answer = client.request(request.clone()).await;
        if answer["type"] == "reply" {
            made += 1;
        } else {
            assert_eq!(answer["error"]["code"], "limit_exceeded");
        }
    }
    assert_eq!(made, 5);
    request["action"] = json!("hold");
    client.refused("limit_exceeded", request).await;
}
