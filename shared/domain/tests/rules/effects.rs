//! What a booking's changes do to its slots.

use crate::fixtures::{at, booking, half_hours};
use domain::{Booking, Effect, Period, Quantity, SlotOf, Status};
use jiff::ToSpan;

const TEN: &str = "2027-01-11T10:00Z";
const HALF_PAST: &str = "2027-01-11T10:30Z";

fn two() -> Quantity {
    Quantity::new(2).unwrap()
}

/// The fixture's booking of this status, closed or changed at this instant.
fn since(status: Status, now: &str) -> Booking {
    Booking { updated_at: at(now), ..booking(status) }
}

/// The half hour from this instant on.
fn slot(start: &str) -> SlotOf {
    let resource = booking(Status::Held).resource;
    SlotOf { resource, slot: Period { start: at(start), end: at(start) + 30.minutes() } }
}

/// The same effect on both of the fixture's slots.
fn both(effect: Effect) -> Vec<(SlotOf, Effect)> {
    vec![(slot(TEN), effect), (slot(HALF_PAST), effect)]
}

#[test]
fn a_new_booking_takes_its_places() {
    let until = booking(Status::Held).hold_expires_at;
    assert!(until.is_some());
    for (status, until) in
        [(Status::Held, until), (Status::Pending, None), (Status::Confirmed, None)]
    {
        let effects = Booking::effects(None, &booking(status));
        assert_eq!(effects, both(Effect::take(two(), until)), "{status:?}");
    }
}

#[test]
fn a_sale_keeps_what_was_held() {
    let held = booking(Status::Held);
    for status in [Status::Pending, Status::Confirmed] {
        let effects = Booking::effects(Some(&held), &booking(status));
        let keep = Effect::keep(two(), held.hold_expires_at.unwrap());
        assert_eq!(effects, both(keep), "{status:?}");
    }
}

#[test]
fn an_extension_moves_what_is_held_to_its_later_end() {
    let held = booking(Status::Held);
    let until = held.hold_expires_at.unwrap();
    let later = at("2027-01-11T09:07Z");
    let extended = Booking { hold_expires_at: Some(later), ..held.clone() };
    let effects = Booking::effects(Some(&held), &extended);
    assert_eq!(effects, both(Effect::extend(two(), until, later)));
    let written = Booking { version: held.version.next(), ..held.clone() };
    assert_eq!(Booking::effects(Some(&held), &written), [], "to the end that it has");
}

#[test]
fn what_is_given_back_is_released_as_it_was_taken() {
    for (before, after) in [
        (Status::Held, Status::Cancelled),
        (Status::Pending, Status::Cancelled),
        (Status::Pending, Status::Declined),
        (Status::Confirmed, Status::Cancelled),
    ] {
        let before = booking(before);
        let effects = Booking::effects(Some(&before), &booking(after));
        assert_eq!(effects, both(Effect::release(two(), before.hold_expires_at)), "{before:?}");
    }
}

#[test]
fn what_stays_sold_does_nothing() {
    for (before, after) in [
        (Status::Pending, Status::Confirmed),
        (Status::Confirmed, Status::Confirmed),
        (Status::Confirmed, Status::Completed),
    ] {
        assert_eq!(Booking::effects(Some(&booking(before)), &booking(after)), [], "{before:?}");
    }
}

#[test]
fn a_no_show_frees_the_slots_that_have_not_begun() {
    let release = Effect::release(two(), None);
    for (now, freed) in [
        (TEN, vec![(slot(HALF_PAST), release)]),
        ("2027-01-11T10:29:59.999999999Z", vec![(slot(HALF_PAST), release)]),
        (HALF_PAST, vec![]),
        ("2027-01-12T10:00Z", vec![]),
    ] {
        let no_show = since(Status::NoShow, now);
        assert_eq!(Booking::effects(Some(&booking(Status::Confirmed)), &no_show), freed, "{now}");
        let left = u32::from(freed.is_empty()) * 2;
        let places = |start| no_show.places_in(&no_show.resource, at(start));
        assert_eq!((places(TEN), places(HALF_PAST)), (2, left));
    }
}

#[test]
fn a_move_touches_only_what_it_leaves_and_takes() {
    let before = booking(Status::Confirmed);
    let moved = |start, end| Booking { stretch: half_hours(start, end), ..before.clone() };
    let (leaves, takes) = (Effect::release(two(), None), Effect::take(two(), None));
    let eleven = "2027-01-11T11:00Z";
    for (start, end, effects) in [
        (TEN, eleven, vec![]),
        (TEN, HALF_PAST, vec![(slot(HALF_PAST), leaves)]),
        (HALF_PAST, eleven, vec![(slot(TEN), leaves)]),
        (HALF_PAST, "2027-01-11T11:30Z", vec![(slot(TEN), leaves), (slot(eleven), takes)]),
        ("2027-01-11T09:30Z", eleven, vec![(slot("2027-01-11T09:30Z"), takes)]),
    ] {
        assert_eq!(
            Booking::effects(Some(&before), &moved(start, end)),
            effects,
            "{start} to {end}"
        );
    }
}

#[test]
fn a_booking_takes_places_in_its_slots_while_it_is_active_or_came_true() {
    for status in Status::ALL {
        let booking = since(status, HALF_PAST);
        let takes = matches!(
            status,
            Status::Held | Status::Pending | Status::Confirmed | Status::Completed | Status::NoShow
        );
        let expected = if takes { 2 } else { 0 };
        for (start, expected) in [
            (TEN, expected),
            (HALF_PAST, expected),
            ("2027-01-11T09:30Z", 0),
            ("2027-01-11T10:15Z", 0),
            ("2027-01-11T11:00Z", 0),
        ] {
            assert_eq!(
                booking.places_in(&booking.resource, at(start)),
                expected,
                "{status:?} at {start}"
            );
        }
    }
}

#[test]
fn what_is_held_pending_or_waitlisted_is_open() {
    let open = Status::ALL.into_iter().filter(|status| booking(*status).is_open());
    assert!(open.eq([Status::Held, Status::Pending, Status::Waitlisted]));
}

/// The fixture's pending booking, with an end.
fn pending_until(end: &str) -> Booking {
    Booking { pending_expires_at: Some(at(end)), ..booking(Status::Pending) }
}

#[test]
fn what_is_pending_with_an_end_is_in_the_buckets_of_that_end() {
    let (end, pending) = (at("2027-01-11T09:30Z"), pending_until("2027-01-11T09:30Z"));
    let held = booking(Status::Held);
    let until = held.hold_expires_at.unwrap();
    let effects = |before, after: &Booking| Booking::effects(before, after);
    assert_eq!(effects(None, &pending), both(Effect::take(two(), Some(end))));
    assert_eq!(effects(Some(&held), &pending), both(Effect::extend(two(), until, end)));
    let confirmed = booking(Status::Confirmed);
    assert_eq!(effects(Some(&pending), &confirmed), both(Effect::keep(two(), end)));
    for over in [Status::Cancelled, Status::Declined] {
        let released = both(Effect::release(two(), Some(end)));
        assert_eq!(effects(Some(&pending), &booking(over)), released);
    }
    assert_eq!(effects(Some(&pending), &pending), [], "a note");
    // A hold may outlast the start, at which what is pending ends.
    let late = Booking { hold_expires_at: Some(at("2027-01-11T10:02Z")), ..held.clone() };
    let moved = Effect::extend(two(), at("2027-01-11T10:02Z"), end);
    assert_eq!(effects(Some(&late), &pending), both(moved));
}

#[test]
fn what_is_pending_runs_out_at_its_end_and_not_a_nanosecond_before() {
    let pending = pending_until("2027-01-11T09:30Z");
    assert_eq!(pending.at(at("2027-01-11T09:29:59.999999999Z")), pending);
    let expired = Booking {
        status: Status::Expired,
        version: pending.version.next(),
        pending_expires_at: None,
        updated_at: at("2027-01-11T09:30Z"),
        ..pending.clone()
    };
    assert_eq!(pending.at(at("2027-01-11T09:30Z")), expired);
    assert_eq!(pending.at(at("2028-01-01T00:00Z")), expired);
    // What became pending before there was an end has none.
    let old = booking(Status::Pending);
    assert_eq!(old.at(at("2028-01-01T00:00Z")), old);
}
