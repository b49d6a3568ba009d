//! What each command costs, as `ReturnConsumedCapacity` reports it.
//!
//! A transactional write costs two units for each KB of each item, whichever of the two images is
//! larger; our items are under one KB here. An index costs what the same write costs outside a
//! transaction: one unit for an entry that comes or goes, two for one that moves, none for one that
//! stays as it is. The two indexes hold keys only, so only a new or a moved booking writes them.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>

use crate::support::Tables;
use crate::support::fixtures::{NOW, at, book, hold, room};
use domain::{Approval, Booking, Command, Request, Resource};
use std::future::Future;
use store::{Bookings, Error};

/// One item of at most one KB in a transaction.
const ITEM: u64 = 2;
/// A new booking's entries in both indexes.
const INDEXED: u64 = 1 + 1;
/// A booking's entry by resource and start goes from one place to another.
const MOVED: u64 = 1 + 1;

/// Counts what one command costs.
struct Meter<'a>(&'a Bookings);

impl Meter<'_> {
    async fn units<T>(&self, command: impl Future<Output = Result<T, Error>>) -> (T, u64) {
        let before = self.0.units().written();
        let done = command.await.unwrap();
        (done, self.0.units().written() - before)
    }

    /// What it costs to make a booking, and then to carry out this command.
    async fn both(&self, request: &Request, command: &Command) -> (u64, u64) {
        let now = at(NOW);
        let (made, first) = self.units(self.0.place(request, 50, now)).await;
        (first, self.change(&made, command).await)
    }

    async fn change(&self, made: &Booking, command: &Command) -> u64 {
        let change = self.0.change(&made.customer, &made.id, command, None, at(NOW));
        self.units(change).await.1
    }
}

/// From 09:00: one slot, or as many as it takes to get to `end`.
fn stretch(request: Request, slots: u64) -> Request {
    let end = (slots > 1).then(|| at("09:00:00") + jiff::SignedDuration::from_mins(90));
    assert!(slots == 1 || slots == 3);
    Request { end, ..request }
}

async fn costs_of(slots: u64) {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    let auto = room(100);
    let manual = Resource { approval: Approval::Manual, ..auto.clone() };
    tables.bookings.put_resource(auto, at(NOW)).await.unwrap();

    let confirm = Command::Confirm(Approval::Auto);
    let held = stretch(hold("alice", "1", "09:00:00"), slots);
    let (hold_units, confirm_units) = meter.both(&held, &confirm).await;
    assert_eq!(hold_units, ITEM * (slots + 1) + INDEXED);
    assert_eq!(confirm_units, ITEM * (slots + 1));
    if slots == 1 {
        assert_eq!((hold_units, confirm_units), (6, 4));
        assert!(hold_units + confirm_units <= 10);
    }

    let cancel = Command::Cancel(Some("changed my mind".to_owned()));
    let held = stretch(hold("alice", "2", "09:00:00"), slots);
    assert_eq!(meter.both(&held, &cancel).await.1, ITEM * (slots + 1));

    for (key, command) in [("3", cancel), ("4", Command::Complete), ("5", Command::NoShow)] {
        let booked = stretch(book("alice", key, "09:00:00"), slots);
        let (book_units, units) = meter.both(&booked, &command).await;
        assert_eq!(book_units, ITEM * (slots + 1) + INDEXED);
        assert_eq!(units, ITEM * (slots + 1), "{command:?}");
    }

    tables.bookings.put_resource(manual, at(NOW)).await.unwrap();
    let pending = stretch(book("alice", "6", "09:00:00"), slots);
    // A yes leaves the slots as they are.
    assert_eq!(meter.both(&pending, &Command::Approve(None)).await.1, ITEM);
    let pending = stretch(book("alice", "7", "09:00:00"), slots);
    assert_eq!(meter.both(&pending, &Command::Decline(None)).await.1, ITEM * (slots + 1));
}

#[tokio::test]
async fn a_command_on_one_slot() {
    costs_of(1).await;
}

#[tokio::test]
async fn a_command_on_three_slots() {
    costs_of(3).await;
}

#[tokio::test]
async fn a_reschedule_pays_for_the_slots_that_it_leaves_and_takes() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let booked = stretch(book("alice", "1", "09:00:00"), 3);
    let made = tables.bookings.place(&booked, 50, at(NOW)).await.unwrap();

    let to = |start: &str, end: &str| (at(start), Some(at(end)));
    let moves = [
        // 09:00, 09:30, 10:00 -> 11:00, 11:30, 12:00: the booking and six slots.
        (to("11:00:00", "12:30:00"), ITEM * (1 + 6) + MOVED),
        // -> 11:30, 12:00, 12:30: the booking and the two slots at the ends.
        (to("11:30:00", "13:00:00"), ITEM * (1 + 2) + MOVED),
        // -> 11:30: the booking and two slots left; where it starts stays.
        (to("11:30:00", "12:00:00"), ITEM * (1 + 2)),
        // One slot -> another.
        (to("15:00:00", "15:30:00"), ITEM * (1 + 2) + MOVED),
        // To where it is.
        (to("15:00:00", "15:30:00"), ITEM),
    ];
    for (place, expected) in moves {
        let moved = tables.bookings.reschedule(&made.customer, &made.id, place, None, at(NOW));
        assert_eq!(meter.units(moved).await.1, expected, "{place:?}");
    }
}

#[tokio::test]
async fn a_resource_is_two_items() {
    let tables = Tables::start();
    let put = tables.bookings.put_resource(room(1), at(NOW));
    assert_eq!(Meter(&tables.bookings).units(put).await.1, 2 * ITEM);
}

#[tokio::test]
async fn what_is_refused_or_found_again_writes_nothing() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let booked = book("alice", "1", "09:00:00");
    tables.bookings.place(&booked, 50, at(NOW)).await.unwrap();
    let (_, units) = meter.units(tables.bookings.place(&booked, 50, at(NOW))).await;
    assert_eq!(units, 0);
    let before = tables.bookings.units().written();
    tables.bookings.place(&book("bob", "1", "09:00:00"), 50, at(NOW)).await.unwrap_err();
    // DynamoDB bills a cancelled transaction but reports no units of it.
    assert_eq!(tables.bookings.units().written(), before);
}

/// Sweeping holds that have run out costs nothing beyond the write that needs their places.
#[tokio::test]
async fn run_out_holds_give_way_for_free() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(3), at(NOW)).await.unwrap();
    for name in ["alice", "bob", "carol"] {
        let held = hold(name, "1", "09:00:00");
        tables.bookings.place(&held, 50, at(NOW)).await.unwrap();
    }
    let held = hold("dave", "1", "09:00:00");
    let taken = tables.bookings.place(&held, 50, at("08:05:00"));
    assert_eq!(meter.units(taken).await.1, ITEM * 2 + INDEXED);
}

/// The longest texts there can be make items of more than one KB: each further KB costs two more.
#[tokio::test]
async fn the_longest_texts_cost_more() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let name = "\u{1F600}".repeat(128);
    let cancel = Command::Cancel(Some("\u{1F600}".repeat(500)));
    let (book_units, cancel_units) = meter.both(&book(&name, "1", "09:00:00"), &cancel).await;
    // The name is in the key and in the item: 1 to 2 KB; with the reason, 3 to 4 KB. An entry of an
    // index has the keys only, and stays under one KB.
    assert_eq!(book_units, 2 * ITEM + ITEM + INDEXED);
    assert_eq!(cancel_units, 4 * ITEM + ITEM);
}
