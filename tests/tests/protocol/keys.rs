//! The key of a command: a client that lost the reply sends the command again.

use e2e::{Gateway, Room, json};

#[tokio::test]
async fn a_command_that_is_sent_again_is_answered_with_what_it_did() {
    let manual = json!({"capacity": 9, "approval": "manual"});
    let mut room = Room::with(Gateway::shared(), manual).await;
    let mut alice = room.customer().await;
    let pending = alice.ok(room.one("book", 0)).await;
    let approve = json!({"action": "approve", "booking": pending["id"], "reason": "welcome",
        "key": "1", "ifVersion": 1});
    let approved = room.operator.ok(approve.clone()).await;
    assert_eq!((&approved["status"], &approved["version"]), (&json!("confirmed"), &json!(2)));
    // The version named is the one before, and is not looked at again.
    for _ in 0..2 {
        assert_eq!(room.operator.ok(approve.clone()).await, approved);
    }

    let mut other = approve.clone();
    other["reason"] = json!("another");
    room.operator.refused("idempotency_mismatch", other).await;
    let cancel = json!({"action": "cancel", "booking": pending["id"], "key": "1"});
    room.operator.refused("idempotency_mismatch", cancel.clone()).await;
    // A key is its sender's own.
    let cancelled = alice.ok(cancel.clone()).await;
    assert_eq!((&cancelled["status"], &cancelled["version"]), (&json!("cancelled"), &json!(3)));
    assert_eq!(alice.ok(cancel).await, cancelled);
    // Only the last change can be asked for again.
    room.operator.refused("version_conflict", approve).await;
}

#[tokio::test]
async fn a_hold_and_its_confirmation_may_have_the_same_key() {
    let room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let mut hold = room.one("hold", 0);
    hold["key"] = json!("a1");
    let held = alice.ok(hold.clone()).await;
    let confirm = json!({"action": "confirm", "booking": held["id"], "key": "a1"});
    let confirmed = alice.ok(confirm.clone()).await;
    assert_eq!((&confirmed["status"], &confirmed["version"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(alice.ok(confirm).await, confirmed);
    assert_eq!(alice.ok(hold).await, confirmed);

    let mut move_it = json!({"action": "reschedule", "booking": held["id"], "start": room.slot(3)});
    move_it["key"] = json!("a2");
    let moved = alice.ok(move_it.clone()).await;
    assert_eq!((&moved["start"], &moved["version"]), (&json!(room.slot(3)), &json!(3)));
    assert_eq!(alice.ok(move_it.clone()).await, moved);
    move_it["start"] = json!(room.slot(4));
    alice.refused("idempotency_mismatch", move_it).await;
}

/// Sixteen times at once, as a client that is unsure sends it: done once, told sixteen times.
#[tokio::test]
async fn a_command_sent_sixteen_times_at_once_is_done_once() {
    let room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let held = alice.ok(room.one("hold", 0)).await;
    let confirm = json!({"action": "confirm", "booking": held["id"], "key": "1"});
    let mut answers = Vec::new();
    for _ in 0..16 {
        alice.send(confirm.clone()).await;
    }
    for _ in 0..16 {
        answers.push(alice.answer().await);
    }
    for answer in &answers {
        assert_eq!(answer["result"], answers[0]["result"]);
        assert_eq!((&answer["type"], &answer["result"]["version"]), (&json!("reply"), &json!(2)));
    }
}

/// Nobody can know the code of a booking before it is sold, and it is another one each time.
#[tokio::test]
async fn a_confirmation_code_is_made_when_the_booking_is_sold() {
    let mut room =
        Room::with(Gateway::shared(), json!({"capacity": 9, "approval": "manual"})).await;
    let mut alice = room.customer().await;
    let mut codes = std::collections::BTreeSet::new();
    for slot in 0..4 {
        let pending = alice.ok(room.one("book", slot)).await;
        assert_eq!(pending["confirmationCode"], json!(null));
        let approve = json!({"action": "approve", "booking": pending["id"]});
        let code = room.operator.ok(approve).await["confirmationCode"].as_str().unwrap().to_owned();
        assert_eq!(code.len(), 8);
        let hash = pending["id"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        assert_ne!(code, first_release(&hash));
        codes.insert(code);
    }
    assert_eq!(codes.len(), 4);
}

/// The code that a booking would have if it could be told from its id: what was done once.
fn first_release(id: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let hash = digest(&SHA256, id.as_bytes());
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    hash.as_ref()[..8].iter().map(letter).collect()
}
