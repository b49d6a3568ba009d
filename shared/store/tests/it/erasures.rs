//! What people wrote about a customer is removed from all their bookings, however many.

use crate::crowded::write_all;
use domain::details::Detail;
use domain::{Action, Booking, Details, NewBooking, Rejection, Status};
use std::collections::BTreeMap;
use store::bookings::change::Intent;
use store::items::booking::from_booking;
use store::{CommandError, Error};
use support::fixtures::{NOW, Shortly, at, book, code, customer, hold, room};
use support::{Item, Tables};

fn details() -> Details {
    let allergy = ("allergy".to_owned(), Detail::Text("nuts".to_owned()));
    Details::try_from(BTreeMap::from([allergy])).unwrap()
}

fn noted(request: NewBooking) -> NewBooking {
    NewBooking { details: details(), note: Some("regular".to_owned()), ..request }
}

async fn tables() -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(100), at(NOW)).await.unwrap();
    tables
}

#[tokio::test]
async fn nothing_is_removed_while_one_is_active() {
    let tables = tables().await;
    let (alice, olga) = (customer("alice"), customer("olga"));
    let booked = tables.bookings.place(&noted(book("alice", "1", "09:00:00")), 50, at(NOW)).await;
    let booked = booked.unwrap();
    let held = tables.bookings.place(&noted(hold("alice", "2", "09:00:00")), 50, at(NOW)).await;
    let held = held.unwrap();
    let theirs = tables.bookings.place(&noted(book("bob", "1", "09:00:00")), 50, at(NOW)).await;
    let theirs = theirs.unwrap();
    let erase = async |now| tables.bookings.erase(&alice, &olga, at(now)).await;
    for _ in 0..2 {
        match erase(NOW).await {
            Err(CommandError::Rejected(Rejection::InvalidTransition(current))) => {
                assert!([&booked, &held].contains(&&*current));
            }
            other => panic!("{other:?}"),
        }
    }
    let cancel = Intent::Act(Action::Cancel(Some("ill".to_owned())));
    let over = tables.bookings.carry_out(&alice, &booked.id, &cancel, None, at(NOW)).await.unwrap();
    erase(NOW).await.unwrap_err();
    // The hold has run out meanwhile, and nobody has looked.
    assert_eq!(erase("08:10:00").await.unwrap(), 2);
    let read = async |of: &Booking| {
        tables.bookings.booking(&of.customer, &of.id, at("08:10:00")).await.unwrap().unwrap()
    };
    for (before, version) in [(&over, 3), (&held, 3)] {
        let erased = read(before).await;
        assert_eq!((erased.version.get(), &erased.updated_by), (version, &olga), "{erased:?}");
        assert!(erased.details.is_empty() && erased.note.is_none() && erased.reason.is_none());
    }
    assert_eq!(read(&theirs).await, theirs);
    assert_eq!(erase("08:10:00").await.unwrap(), 0, "there is nothing left");
    let text = format!("{:?}", tables.raw.scan("bookings").await);
    assert_eq!(text.matches("nuts").count(), 1, "bob's");
}

/// More than one call removes: each goes on where the one before ended, and all is gone in the end.
#[tokio::test]
async fn thousands_are_removed_call_by_call() {
    let tables = tables().await;
    let (alice, olga) = (customer("alice"), customer("olga"));
    let resource = tables.bookings.resource(&room(1).id).await.unwrap();
    let made = |n: usize| {
        let request = noted(book("alice", &format!("old {n}"), "09:00:00"));
        let made = request.decide(&resource, &[], &code(), at(NOW)).unwrap();
        let item: Item =
            from_booking(&Booking { status: Status::Completed, ..made }).unwrap().into();
        item
    };
    write_all(&tables, &(0..1_200).map(made).collect::<Vec<_>>()).await;
    let first = tables.bookings.erase(&alice, &olga, at(NOW)).await;
    assert!(matches!(first, Err(CommandError::Failed(Error::Busy))), "{first:?}");
    assert_eq!(tables.bookings.erase(&alice, &olga, at(NOW)).await.unwrap(), 200);
    assert_eq!(tables.bookings.erase(&alice, &olga, at(NOW)).await.unwrap(), 0);
    assert!(!format!("{:?}", tables.raw.scan("bookings").await).contains("nuts"));
}
