//! What is kept with bookings and resources: written, read, and absent from items of earlier releases.

use domain::details::Detail;
use domain::{Action, Booking, Details, MadeBy, NewBooking, Resource};
use std::collections::BTreeMap;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, customer, hold, room};

fn details() -> Details {
    let texts = BTreeMap::from([("table", "7"), ("", "\u{1F600}")]);
    let entry = |(key, text): (&str, &str)| (key.to_owned(), Detail::Text(text.to_owned()));
    let numbers = [("whole".to_owned(), Detail::Whole(i64::MIN))];
    Details::try_from(texts.into_iter().map(entry).chain(numbers).collect::<BTreeMap<_, _>>())
        .unwrap()
}

/// Takes these attributes from all items that have them.
async fn without(tables: &Tables, attributes: &[&str]) {
    for mut item in tables.raw.scan("bookings").await {
        let before = item.len();
        item.retain(|name, _| !attributes.contains(&name.as_str()));
        if item.len() < before {
            let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
            put.set_item(Some(item)).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_kept_with_a_booking_is_read_as_it_was_written() {
    let tables = Tables::start();
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let request = NewBooking {
        by: MadeBy::OperatorFor(customer("olga")),
        details: details(),
        note: Some("regular".to_owned()),
        ..hold("alice", "1", "09:00:00")
    };
    let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let read = async || tables.bookings.booking(&held.customer, &held.id, at(NOW)).await.unwrap();
    assert_eq!(read().await.as_ref(), Some(&held));
    assert_eq!((&held.details, held.note.as_deref()), (&details(), Some("regular")));
    assert_eq!(held.created_by, customer("olga"));

    let update = Intent::Act(Action::Update(Some(Details::default()), Some(String::new())));
    let cleared = tables.bookings.carry_out(&held.customer, &held.id, &update, None, at(NOW));
    let cleared = cleared.await.unwrap();
    assert_eq!(read().await.as_ref(), Some(&cleared));
    assert_eq!((cleared.details.is_empty(), &cleared.note), (true, &None));
    assert_eq!(cleared.hold_expires_at, held.hold_expires_at);
    assert_eq!(cleared.updated_by, customer("operator"));
}

#[tokio::test]
async fn a_booking_of_an_earlier_release_is_its_customers_and_has_nothing_kept_with_it() {
    let tables = Tables::start();
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let by = MadeBy::OperatorFor(customer("olga"));
    let request = NewBooking {
        by,
        details: details(),
        note: Some("regular".to_owned()),
        ..hold("alice", "1", "09:00:00")
    };
    let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    without(&tables, &["details", "note", "createdBy", "updatedBy"]).await;
    let read = tables.bookings.booking(&held.customer, &held.id, at(NOW)).await.unwrap();
    let alice = customer("alice");
    let expected = Booking {
        details: Details::default(),
        note: None,
        created_by: alice.clone(),
        updated_by: alice,
        ..held
    };
    assert_eq!(read, Some(expected));
}

#[tokio::test]
async fn what_is_kept_with_a_resource_is_read_as_it_was_written() {
    let tables = Tables::start();
    let resource = Resource { details: details(), ..room(1) };
    let written = tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    let read = async || tables.bookings.resource(&written.id).await.unwrap();
    assert_eq!(read().await, written);
    without(&tables, &["details"]).await;
    assert_eq!(read().await, Resource { details: Details::default(), ..written.clone() });
}
