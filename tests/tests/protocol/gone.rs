//! What connections leave behind that nobody said are gone, and many of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use e2e::wait::eventually;
use e2e::{Gateway, Room, json, unique};

#[tokio::test]
async fn the_next_push_forgets_a_connection_that_is_gone() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let alice = unique("alice");
    let mut client = room.named_customer(&alice).await;
    // Formed as API Gateway forms them: of another form, it would be no connection that is gone.
    let gone = URL_SAFE.encode([(); 11].map(|()| fastrand::u8(..)));
    gateway.tables.leave_connection(&gone, &alice).await;
    let booked = client.ok(room.one("book", 0)).await;
    client.booking_pushed(&booked, 1).await;
    eventually("the connection to be forgotten", async || {
        gateway.tables.traces_of(&gone).await.is_empty().then_some(())
    })
    .await;
    assert_eq!(gateway.tables.connections_of(&alice).await.len(), 1);
}

#[tokio::test]
async fn a_topic_of_more_than_a_thousand_grows() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let alice = unique("alice");
    let mut client = room.named_customer(&alice).await;
    gateway.tables.leave_expired_subscriptions(&alice, 1001).await;
    let booked = client.ok(room.one("book", 0)).await;
    client.booking_pushed(&booked, 1).await;
    assert_eq!(gateway.tables.shards_of(&alice).await, Some(4));
    client.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    client.booking_pushed(&booked, 2).await;
}
