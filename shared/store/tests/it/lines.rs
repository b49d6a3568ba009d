//! Lines of several slots, and of those that have begun: found by the simulation of `tests/prove`, or
//! while it was written.

use crate::ledger::Ledger;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Booking, Calendar, NewBooking, Resource, Sale, SlotMinutes, Status};
use jiff::{SignedDuration, Timestamp};
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, hold, room};

fn wait(name: &str, start: &str) -> NewBooking {
    NewBooking { sale: Sale::Wait, ..hold(name, "wait", start) }
}

async fn tables() -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    tables
}

async fn place(tables: &Tables, request: &NewBooking, now: Timestamp) -> Booking {
    tables.bookings.place(request, 50, now).await.unwrap()
}

async fn status(tables: &Tables, booking: &Booking, now: Timestamp) -> Status {
    let read = tables.bookings.booking(&booking.customer, &booking.id, now).await;
    read.unwrap().unwrap().status
}

/// One waits for a slot, another for that one and the next. The first slot comes free by itself, the
/// second is given back: who gives it back looks at both lines.
#[tokio::test]
async fn who_waits_for_several_slots_overtakes_nobody() {
    let tables = tables().await;
    let held = place(&tables, &hold("bob", "1", "09:00:00"), at(NOW)).await;
    let sold = place(&tables, &book("bob", "2", "09:30:00"), at(NOW)).await;
    let one = place(&tables, &wait("one", "09:00:00"), at("08:00:01")).await;
    let both = NewBooking { end: Some(at("10:00:00")), ..wait("both", "09:00:00") };
    let both = place(&tables, &both, at("08:00:02")).await;
    let now = held.hold_expires_at.unwrap();
    tables.bookings.carry_out(&sold.customer, &sold.id, &cancel(), None, now).await.unwrap();
    assert_eq!(status(&tables, &one, now).await, Status::Held);
    assert_eq!(status(&tables, &both, now).await, Status::Waitlisted);
    Ledger::read(&tables).await.assert_balanced(1, now);
}

/// Of the slots that are given back, one is in nobody's line.
#[tokio::test]
async fn what_is_given_back_beside_a_line_does_not_hide_it() {
    let tables = tables().await;
    let end = Some(at("10:00:00"));
    for (key, sale, writes) in [("1", Sale::Hold, 3), ("2", Sale::Book, 7)] {
        let both = NewBooking { end, sale, ..hold("bob", key, "09:00:00") };
        let both = place(&tables, &both, at(NOW)).await;
        let waits = NewBooking { sale: Sale::Wait, ..hold("carol", key, "09:30:00") };
        let waits = place(&tables, &waits, at(NOW)).await;
        let now = at("08:01:00");
        tables.bookings.carry_out(&both.customer, &both.id, &cancel(), None, now).await.unwrap();
        assert_eq!(status(&tables, &waits, now).await, Status::Held);
        // By nobody else: the hold was made at the version of the slot that gave the places back.
        let slots = Ledger::read(&tables).await.slots;
        assert_eq!(slots[&at("09:30:00")].version.get() / VERSIONS_PER_WRITE, writes);
        tables.bookings.carry_out(&waits.customer, &waits.id, &cancel(), None, now).await.unwrap();
    }
}

/// What waits begins by the clock of one process, and is cancelled by that of another.
#[tokio::test]
async fn who_is_over_leaves_a_line_once() {
    let tables = tables().await;
    let end = Some(at("10:00:00"));
    place(&tables, &NewBooking { end, ..book("bob", "1", "09:00:00") }, at(NOW)).await;
    let both = place(&tables, &NewBooking { end, ..wait("both", "09:00:00") }, at(NOW)).await;
    place(&tables, &wait("one", "09:30:00"), at("08:00:01")).await;
    let (start, moment) = (at("09:00:00"), SignedDuration::from_millis(100));
    // Whoever writes a resource looks at its lines.
    tables.bookings.put_resource(room(1), start + moment).await.unwrap();
    let (who, early) = (&both.customer, start - moment);
    let cancelled = tables.bookings.carry_out(who, &both.id, &cancel(), None, early).await;
    assert!(cancelled.is_err(), "that it is over is written");
    assert_eq!(status(&tables, &both, early).await, Status::Expired);
    let slots = Ledger::read(&tables).await.slots;
    assert_eq!(slots[&at("09:30:00")].waiting, 1);
}

/// Nobody has touched the slot, and it is full all the same.
#[tokio::test]
async fn somebody_waits_for_the_time_of_what_was_sold_on_a_former_grid() {
    let tables = tables().await;
    let sold = place(&tables, &book("bob", "1", "09:00:00"), at(NOW)).await;
    let finer = Some(SlotMinutes::new(15).unwrap());
    let finer = Calendar { slot_minutes: finer, ..room(1).calendar };
    tables.bookings.put_resource(Resource { calendar: finer, ..room(1) }, at(NOW)).await.unwrap();
    let now = at("08:01:00");
    let waits = place(&tables, &wait("carol", "09:15:00"), now).await;
    assert_eq!(waits.status, Status::Waitlisted);
    tables.bookings.carry_out(&sold.customer, &sold.id, &cancel(), None, now).await.unwrap();
    let offered = tables.bookings.place(&book("dave", "1", "09:15:00"), 50, now).await;
    assert!(offered.is_err(), "{offered:?}");
    assert_eq!(status(&tables, &waits, now).await, Status::Held);
}
