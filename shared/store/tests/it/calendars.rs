//! Resources of every calendar: what is sold on them, what is kept of it, and what is left outside.

use crate::ledger::Ledger;
use domain::calendar::{Closure, Closures, Dates, LONGEST_SLOT};
use domain::{
    Booking, Calendar, NewBooking, Period, Rejection, Resource, SlotMinutes, State, Status,
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use store::CommandError;
use support::Tables;
use support::fixtures::{
    NOW, Shortly, at, book, cancel, confirm, grid, hold, length, room, sessions,
};
use support::tables::Item;

async fn put(tables: &Tables, calendar: Calendar) -> Resource {
    let resource = Resource { calendar, ..room(1) };
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Alice's request from one instant to another.
fn stay(key: &str, start: &str, end: &str) -> NewBooking {
    let (start, end) = (instant(start), Some(instant(end)));
    NewBooking { start, end, ..book("alice", key, "09:00:00") }
}

async fn place(tables: &Tables, request: &NewBooking) -> Booking {
    tables.bookings.place(request, 50, at(NOW)).await.unwrap()
}

async fn read(tables: &Tables, booking: &Booking) -> Booking {
    let found = tables.bookings.booking(&booking.customer, &booking.id, at(NOW)).await;
    found.unwrap().unwrap()
}

/// Writes each item again, after a change.
async fn rewrite(tables: &Tables, change: impl Fn(&mut Item)) {
    for mut item in tables.raw.scan("bookings").await {
        change(&mut item);
        let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
        put.set_item(Some(item)).send().await.unwrap();
    }
}

/// Three nights in New York, of which the second has 25 hours.
#[tokio::test]
async fn a_booking_keeps_the_length_of_each_of_its_slots() {
    let tables = Tables::start();
    let resource = put(&tables, sessions("America/New_York", &["12:00-12:00"])).await;
    let nights = stay("1", "2099-10-30T16:00:00Z", "2099-11-02T17:00:00Z");
    let made = place(&tables, &nights).await;
    assert_eq!(made.stretch.lengths(), [length(1440), length(1500), length(1440)]);
    assert_eq!(read(&tables, &made).await, made);
    assert_eq!(place(&tables, &nights).await, made, "the same key");
    let slots: Vec<Period> =
        resource.calendar.offered(nights.start, nights.start + (24 * 4).hours()).collect();
    let free = async || {
        let seen = tables.bookings.availability(&resource, &slots, at(NOW)).await.unwrap();
        seen.iter().map(|slot| slot.free).collect::<Vec<_>>()
    };
    assert_eq!(free().await, [0, 0, 0, 1]);
    Ledger::read(&tables).await.assert_balanced(1, at(NOW));

    // The long night alone is of one length, and stands as bookings always did.
    let change = (&made.customer, &made.id);
    tables.bookings.carry_out(change.0, change.1, &cancel(), None, at(NOW)).await.unwrap();
    assert_eq!(free().await, [1, 1, 1, 1]);
    let night =
        NewBooking { start: instant("2099-10-31T16:00:00Z"), ..book("bob", "1", "09:00:00") };
    let night = place(&tables, &night).await;
    assert_eq!(night.stretch.even_length(), Some(length(1500)));
    assert_eq!(read(&tables, &night).await, night);
    Ledger::read(&tables).await.assert_balanced(1, at(NOW));
}

/// What an earlier release wrote is what it was: each booking had slots of one length, and each opening
/// a grid of its own.
#[tokio::test]
async fn items_of_an_earlier_release_are_read() {
    for (calendar, had_other_slots) in [
        (grid("UTC", 30, &["09:00-17:00"]), false),
        (grid("UTC", 30, &["00:00-24:00"]), false),
        (grid("UTC", 45, &["09:00-12:00", "12:00-17:00"]), true),
        (grid("UTC", 50, &["00:00-12:00", "12:00-24:00"]), true),
    ] {
        let tables = Tables::start();
        let written = put(&tables, calendar).await;
        let slots = written.calendar.slots(at("09:00:00"), at("12:00:00"));
        let slots: Vec<Period> = slots.take(2).collect();
        let request = NewBooking {
            start: slots[0].start,
            end: Some(slots[1].end),
            ..book("alice", "1", "09:00:00")
        };
        let made = place(&tables, &request).await;
        rewrite(&tables, |item| {
            for later in ["longestBooking", "ends"] {
                item.remove(later);
            }
        })
        .await;
        let found = tables.bookings.resource(&written.id).await.unwrap();
        assert_eq!(found.has_moved(), had_other_slots, "{written:?}");
        assert_eq!(found, Resource { grid_epoch: u64::from(had_other_slots), ..written.clone() });
        assert_eq!(read(&tables, &made).await, made);
        let again = tables.bookings.put_resource(written.clone(), at(NOW)).await.unwrap();
        assert_eq!(again.has_moved(), had_other_slots);
        let listed = tables.bookings.bookings_at(
            &again,
            (slots[1].start, slots[1].end),
            None,
            10,
            None,
            at(NOW),
        );
        assert_eq!(listed.await.unwrap(), (vec![made], None));
        assert_eq!(tables.bookings.stranded(&again, at(NOW)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn whatever_a_calendar_has_is_kept() {
    let tables = Tables::start();
    let hours = |text: &str| domain::calendar::Hours::parse(text).unwrap();
    let dates = [
        ("2099-12-24".parse().unwrap(), vec![hours("22:00-02:00"), hours("08:00-09:00")]),
        ("2099-12-25".parse().unwrap(), vec![]),
    ];
    let time = Period { start: at("09:00:00"), end: at("10:00:00.5") };
    let closures =
        vec![Closure { time, reason: Some("painting".to_owned()) }, Closure { time, reason: None }];
    let calendar = Calendar {
        dates: Dates::new(dates.into()).unwrap(),
        closures: Closures::new(closures).unwrap(),
        ..sessions("Europe/Zurich", &["22:00-02:00", "12:00-13:00"])
    };
    for state in [State::Open, State::Paused, State::Archived] {
        let resource = Resource { calendar: calendar.clone(), state, ..room(1) };
        let written = tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
        assert_eq!(tables.bookings.resource(&written.id).await.unwrap(), written);
        assert_eq!(written.state, state);
        assert!(!written.has_moved());
    }
    // What it was before is remembered, but for what was closed.
    let next = put(&tables, sessions("Europe/Zurich", &["22:00-02:00"])).await;
    assert_eq!(next.former.len(), 1);
    assert_eq!(next.former[0].calendar, calendar.grid());
    assert_eq!(tables.bookings.resource(&next.id).await.unwrap(), next);
}

/// Ninety-six nights, found by a look at the last of them; then at the nights of a calendar on which
/// no booking could be as long.
#[tokio::test]
async fn a_long_booking_is_listed_to_its_end() {
    let tables = Tables::start();
    let nights = put(&tables, sessions("UTC", &["12:00-12:00"])).await;
    assert!(nights.longest_booking > SignedDuration::from_hours(96 * 24));
    let made = place(&tables, &stay("1", "2099-06-02T12:00:00Z", "2099-09-06T12:00:00Z")).await;
    assert_eq!(made.stretch.lengths().len(), 96);
    for resource in [nights, put(&tables, grid("UTC", 30, &["09:00-17:00"])).await] {
        let at = async |from: &str, to: &str| {
            let window = (instant(from), instant(to));
            let page = tables.bookings.bookings_at(&resource, window, None, 10, None, at(NOW));
            page.await.unwrap().0
        };
        let found = at("2099-09-06T11:59:59Z", "2099-10-01T00:00:00Z").await;
        assert_eq!(found, std::slice::from_ref(&made));
        assert_eq!(at("2099-09-06T12:00:00Z", "2099-10-01T00:00:00Z").await, []);
        assert_eq!(at("2099-06-01T00:00:00Z", "2099-06-02T12:00:00Z").await, []);
    }
    // What a resource never had is not looked for.
    let short = Resource { id: domain::ResourceId::parse("other").unwrap(), ..room(1) };
    let short = tables.bookings.put_resource(short, at(NOW)).await.unwrap();
    assert_eq!(short.longest_booking, LONGEST_SLOT);
}

/// The many that ended before a window are passed without a look at them.
#[tokio::test]
async fn what_ended_before_a_window_costs_a_pointer_only() {
    let tables = Tables::start();
    let resource = put(&tables, sessions("UTC", &["12:00-12:00"])).await;
    let mut last = None;
    for night in 0..40 {
        let start = at("12:00:00") + (24 * night).hours();
        let request = NewBooking { start, ..book("alice", &night.to_string(), "09:00:00") };
        last = Some(place(&tables, &request).await);
    }
    let last = last.unwrap();
    let window = (last.stretch.start(), last.stretch.end());
    let before = tables.bookings.units().consumed();
    let page = tables.bookings.bookings_at(&resource, window, None, 10, None, at(NOW)).await;
    assert_eq!(page.unwrap(), (vec![last], None));
    let read = tables.bookings.units().consumed().read - before.read;
    assert!(read <= 3.0, "{read} units for 40 pointers and a booking");
}

/// A pointer says when its booking ends only while nobody means another end.
#[tokio::test]
async fn a_booking_that_becomes_longer_or_shorter_is_found_where_it_is() {
    let tables = Tables::start();
    let resource = put(&tables, grid("UTC", 30, &["09:00-17:00"])).await;
    let made = place(&tables, &book("alice", "1", "09:00:00")).await;
    let listed = async |from: &str, to: &str| {
        let window = (at(from), at(to));
        let page = tables.bookings.bookings_at(&resource, window, None, 10, None, at(NOW));
        page.await.unwrap().0.len()
    };
    for (start, end) in [
        ("09:00:00", "11:00:00"),
        ("09:00:00", "09:30:00"),
        ("12:00:00", "13:00:00"),
        ("09:00:00", "10:00:00"),
        ("12:00:00", "12:30:00"),
        ("12:00:00", "16:00:00"),
        ("09:00:00", "09:30:00"),
    ] {
        let to = (at(start), Some(at(end)));
        let moved = tables.bookings.reschedule(&made.customer, &made.id, to, None, at(NOW));
        moved.await.unwrap();
        assert_eq!(listed(start, end).await, 1, "{start} to {end}");
        let last = (at(end) - 1.minute()).to_string();
        let last = &last[11..19];
        assert_eq!(listed(last, "17:00:00").await, 1, "{start} to {end}");
        assert_eq!(listed(end, "17:00:00").await, 0, "{start} to {end}");
    }
}

/// Two moves of one booking to different ends at once: whichever succeeds, it is found.
#[tokio::test]
async fn moves_that_race_leave_a_booking_where_it_is_found() {
    let tables = Tables::start();
    let resource = put(&tables, grid("UTC", 30, &["09:00-17:00"])).await;
    for round in 0..10 {
        let key = round.to_string();
        let made = place(&tables, &book("alice", &key, "16:00:00")).await;
        let ends = ["09:30:00", "10:00:00", "12:00:00"];
        let moves = ends.map(|end| {
            let to = (at("09:00:00"), Some(at(end)));
            tables.bookings.reschedule(&made.customer, &made.id, to, Some(made.version), at(NOW))
        });
        let moves = futures::future::join_all(moves).await;
        assert!(moves.iter().any(Result::is_ok), "{moves:?}");
        let now = read(&tables, &made).await;
        let last = (now.stretch.end() - 1.second(), now.stretch.end());
        let sold = Some(Status::Confirmed);
        let found = tables.bookings.bookings_at(&resource, last, sold, 10, None, at(NOW)).await;
        assert_eq!(found.unwrap().0, std::slice::from_ref(&now));
        let cancelled = (&now.customer, &now.id);
        let done =
            tables.bookings.carry_out(cancelled.0, cancelled.1, &cancel(), None, at(NOW)).await;
        done.unwrap();
    }
}

/// A sale names slots of former grids by their own keys, whatever the new ones are.
#[tokio::test]
async fn sessions_that_become_hours_sell_nothing_twice() {
    let tables = Tables::start();
    put(&tables, sessions("UTC", &["09:00-12:30", "13:00-17:00"])).await;
    place(&tables, &book("alice", "1", "09:00:00")).await;
    let hours = put(&tables, grid("UTC", 60, &["08:00-18:00"])).await;
    let later = at("08:10:00");
    let full = |answer| matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull)));
    for hour in ["09:00:00", "10:00:00", "11:00:00", "12:00:00"] {
        let request = book("bob", hour, hour);
        assert!(full(tables.bookings.place(&request, 50, later).await), "{hour}");
    }
    for hour in ["08:15:00", "13:00:00"] {
        let answer = tables.bookings.place(&book("bob", hour, hour), 50, later).await;
        assert_eq!(answer.is_ok(), hour == "13:00:00", "{answer:?}");
    }
    let offered: Vec<Period> = hours.calendar.offered(at("08:00:00"), at("18:00:00")).collect();
    let seen = tables.bookings.availability(&hours, &offered, later).await.unwrap();
    let free: Vec<u32> = seen.iter().map(|slot| slot.free).collect();
    assert_eq!(free, [1, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
}

/// Those that count are active, not over, and not on the calendar any more.
#[tokio::test]
async fn what_is_stranded_is_counted() {
    let tables = Tables::start();
    let resource = Resource { calendar: grid("UTC", 30, &["08:00-20:00"]), ..room(10) };
    tables.bookings.put_resource(resource.clone(), at(NOW)).await.unwrap();
    let on = |calendar: Calendar| {
        let resource = Resource { calendar, ..resource.clone() };
        let bookings = tables.bookings.clone();
        async move { bookings.stranded(&resource, at("08:05:00")).await.unwrap() }
    };
    let half_hours = |hours: &'static str| grid("UTC", 30, &[hours]);
    assert_eq!(on(half_hours("08:00-20:00")).await, 0);

    let begun = place(&tables, &book("alice", "begun", "08:00:00")).await;
    let sold = place(&tables, &stay("sold", "2099-06-01T10:00:00Z", "2099-06-01T12:00:00Z")).await;
    let late = place(&tables, &book("alice", "late", "18:00:00")).await;
    let gone = place(&tables, &book("alice", "gone", "18:00:00")).await;
    let held = place(&tables, &hold("alice", "held", "19:00:00")).await;
    let out = NewBooking { start: at("19:00:00"), ..hold("bob", "out", "19:00:00") };
    let short = domain::HoldSeconds::new(60).unwrap();
    let brief = Resource { hold_seconds: short, ..resource.clone() };
    tables.bookings.put_resource(brief, at(NOW)).await.unwrap();
    place(&tables, &out).await;
    let done = tables.bookings.carry_out(&gone.customer, &gone.id, &cancel(), None, at(NOW)).await;
    done.unwrap();

    assert_eq!(on(half_hours("08:00-20:00")).await, 0);
    assert_eq!(on(half_hours("08:00-18:00")).await, 2, "late and held");
    assert_eq!(on(half_hours("08:30-18:00")).await, 3, "that which has begun");
    assert_eq!(on(half_hours("08:30-11:30")).await, 4);
    assert_eq!(on(grid("UTC", 60, &["08:00-20:00"])).await, 3, "half an hour is no hour");
    assert_eq!(on(grid("UTC", 15, &["08:00-20:00"])).await, 0, "whole slots of another length");
    assert_eq!(on(half_hours("08:00-20:00")).await, 0);
    assert_eq!(on(sessions("UTC", &["10:00-12:00"])).await, 3);
    let mut closed = half_hours("08:00-20:00");
    let time = Period { start: at("11:59:00"), end: at("18:00:01") };
    closed.closures = Closures::new(vec![Closure { time, reason: None }]).unwrap();
    assert_eq!(on(closed).await, 2, "closures count");

    // A booking that moved counts where it is, and once.
    let to = (at("08:30:00"), None);
    tables.bookings.reschedule(&late.customer, &late.id, to, None, at(NOW)).await.unwrap();
    assert_eq!(on(half_hours("08:00-18:00")).await, 1, "only what is held");
    tables.bookings.carry_out(&held.customer, &held.id, &confirm(), None, at(NOW)).await.unwrap();
    assert_eq!(on(half_hours("08:00-18:00")).await, 1);
    assert_eq!(on(half_hours("20:00-20:30")).await, 4, "{begun:?} {sold:?}");
    let nobody = Resource { id: domain::ResourceId::parse("other").unwrap(), ..resource.clone() };
    assert_eq!(tables.bookings.stranded(&nobody, at(NOW)).await.unwrap(), 0);
}

/// More than one page of pointers, and more than one batch of bookings.
#[tokio::test]
async fn however_many_are_stranded_they_are_counted() {
    let tables = Tables::start();
    let resource = Resource { calendar: grid("UTC", 30, &["08:00-20:00"]), ..room(10_000) };
    let resource = tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    let mut writes = Vec::new();
    for n in 0..1_250_u32 {
        let start = if n % 5 == 0 { "09:00:00" } else { "18:00:00" };
        let request = book(&format!("customer-{n}"), "1", start);
        let made = request.decide(&resource, &[], &support::fixtures::code(), at(NOW)).unwrap();
        let pointer = store::items::pointer::Pointer::to(&made, &made.claim(), at(NOW));
        writes.push(store::items::booking::from_booking(&made).unwrap());
        writes.push(store::items::pointer::from_pointer(&pointer).unwrap());
    }
    for item in writes {
        let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
        put.set_item(Some(item.into())).send().await.unwrap();
    }
    let on = async |hours: &str, minutes| {
        let calendar = grid("UTC", minutes, &[hours]);
        let before = tables.bookings.units().consumed();
        let resource = Resource { calendar, ..resource.clone() };
        let stranded = tables.bookings.stranded(&resource, at(NOW)).await.unwrap();
        (stranded, tables.bookings.units().consumed().read - before.read)
    };
    let (none, cheap) = on("08:00-20:00", 30).await;
    assert_eq!(none, 0);
    // Two pages of pointers, some 150 bytes each, and no booking.
    assert!(cheap < 60.0, "{cheap} units");
    assert_eq!(on("08:00-17:00", 30).await.0, 1_000);
    assert_eq!(on("12:00-17:00", 30).await.0, 1_250);
}

/// The largest calendar that a frame can bring, changed as often as can be within one transition: the
/// resource's item stays below DynamoDB's 400 KB.
#[tokio::test]
async fn the_largest_resource_has_room_for_all_that_it_remembers() {
    let tables = Tables::start();
    let hours = |text: &str| domain::calendar::Hours::parse(text).unwrap();
    // 30 bytes of JSON for each opening of a date, `"2099-12-24":["00:00-24:00"],`; two more a date.
    let date = |day: i64| jiff::civil::date(2099, 1, 1) + day.days();
    let halves = || vec![hours("00:00-11:59"), hours("12:00-23:59")];
    let dates = (0..366).map(|day| (date(day), halves())).collect();
    let text = "x".repeat(100);
    let time = Period { start: at("09:00:00"), end: at("10:00:00") };
    let closures = vec![Closure { time, reason: Some(text) }; 100];
    let calendar = Calendar {
        dates: Dates::new(dates).unwrap(),
        closures: Closures::new(closures).unwrap(),
        ..grid("America/Argentina/ComodRivadavia", 1, &["00:00-24:00"])
    };
    let mut last = None;
    for minutes in 1..=9 {
        let slot_minutes = Some(SlotMinutes::new(minutes).unwrap());
        let resource =
            Resource { calendar: Calendar { slot_minutes, ..calendar.clone() }, ..room(1) };
        last = Some(tables.bookings.put_resource(resource, at(NOW)).await.unwrap());
    }
    let last = last.unwrap();
    assert_eq!(last.former.len(), 8);
    assert_eq!(tables.bookings.resource(&last.id).await.unwrap(), last);
    let largest = tables.raw.scan("bookings").await;
    let largest = largest.iter().map(|item| format!("{item:?}").len()).max().unwrap();
    assert!(largest < 300_000, "{largest} characters with the names of all types");
    // A hold reads it, and the next change forgets what is over.
    let held = hold("alice", "1", "12:00:00");
    tables.bookings.place(&held, 50, at("08:01:00")).await.unwrap();
}
