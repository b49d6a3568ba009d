//! New bookings: what a request makes, and when it is the same request as before.

use crate::fixtures::{at, code, grid, half_hours, request, room};
use domain::calendar::NotWhole;
use domain::details::Detail;
use domain::resource::TRANSITION;
use domain::{
    Approval, Booking, Capacity, CustomerId, Deadlines, Details, HoldSeconds, Key, MadeBy,
    NewBooking, Quantity, Rejection, Resource, ResourceId, Sale, Status, VenueId, Version,
};
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;

const NOW: &str = "2027-01-11T08:00:00.5Z";

fn hold() -> NewBooking {
    request(at("2027-01-11T09:00Z"))
}

/// A room of three places that are held for 64 seconds.
fn busy_room(approval: Approval) -> Resource {
    Resource {
        approval,
        capacity: Capacity::new(3).unwrap(),
        hold_seconds: HoldSeconds::new(64).unwrap(),
        ..room("UTC", 30, &["09:00-12:00"])
    }
}

fn decide(request: &NewBooking, approval: Approval) -> Result<Booking, Rejection> {
    request.decide(&busy_room(approval), &[], &code(), at(NOW))
}

#[test]
fn a_hold_lasts_as_long_as_the_resource_says() {
    for approval in [Approval::Auto, Approval::Manual, Approval::Fulfilment] {
        let made = decide(&hold(), approval).unwrap();
        let expected = Booking {
            id: hold().id(),
            resource: ResourceId::parse("room-1").unwrap(),
            venue: VenueId::default(),
            customer: CustomerId::parse("alice").unwrap(),
            stretch: half_hours("2027-01-11T09:00Z", "2027-01-11T09:30Z"),
            quantity: Quantity::ONE,
            places: Quantity::ONE,
            with: Vec::new(),
            status: Status::Held,
            version: Version::FIRST,
            // To the next whole second, a 64th of its length.
            hold_expires_at: Some(at("2027-01-11T08:01:05Z")),
            pending_expires_at: None,
            deadlines: Deadlines::at_the_start(at("2027-01-11T09:00Z")),
            confirmation_code: None,
            reason: None,
            details: Details::default(),
            note: None,
            created_by: CustomerId::parse("alice").unwrap(),
            updated_by: CustomerId::parse("alice").unwrap(),
            created_at: at(NOW),
            updated_at: at(NOW),
            ended_at: None,
            fingerprint: hold().fingerprint(),
            last_attempt: None,
        };
        assert_eq!(made, expected);
    }
}

#[test]
fn a_book_is_sold_at_once_or_waits_for_an_operator() {
    let book = NewBooking { sale: Sale::Book, ..hold() };
    let made = decide(&book, Approval::Auto).unwrap();
    assert_eq!(
        (made.status, made.version, made.hold_expires_at),
        (Status::Confirmed, Version::FIRST, None)
    );
    assert_eq!(made.confirmation_code, Some(code()));

    let made = decide(&book, Approval::Manual).unwrap();
    assert_eq!(
        (made.status, made.version, made.hold_expires_at),
        (Status::Pending, Version::FIRST, None)
    );
    assert_eq!(made.confirmation_code, None);
}

#[test]
fn more_places_than_the_resource_has_are_never_free() {
    let of = |quantity| NewBooking { quantity: Quantity::new(quantity).unwrap(), ..hold() };
    assert!(decide(&of(3), Approval::Auto).is_ok());
    let refused = Rejection::Unacceptable {
        field: "/quantity",
        message: "expected 1 to 3, the resource's capacity".to_owned(),
    };
    assert_eq!(decide(&of(4), Approval::Auto), Err(refused));
}

#[test]
fn a_request_for_a_closed_time_makes_nothing() {
    let asked = NewBooking { start: at("2027-01-11T12:00Z"), ..hold() };
    let refused = decide(&asked, Approval::Auto);
    assert_eq!(refused, Err(Rejection::NotWhole(NotWhole::Start)));
}

#[test]
fn what_may_be_sold_on_a_former_grid_is_not_sold_yet() {
    let old = busy_room(Approval::Auto);
    let moved = Resource { calendar: grid("UTC", 60, &["09:00-12:00"]), ..old.clone() };
    let moved = moved.replacing(&old, at(NOW)).unwrap();
    let ask =
        |now: Timestamp| hold().decide(&moved, &[], &code(), now).map(|made| made.stretch.end());
    assert_eq!(ask(at(NOW)), Err(Rejection::InTransition(TRANSITION)));
    assert_eq!(ask(at(NOW) + TRANSITION), Ok(at("2027-01-11T10:00Z")));
    // What is wrong with it for good comes first.
    let closed = NewBooking { start: at("2027-01-11T09:30Z"), ..hold() };
    let closed = closed.decide(&moved, &[], &code(), at(NOW));
    assert_eq!(closed, Err(Rejection::NotWhole(NotWhole::Start)));
    let large = NewBooking { quantity: Quantity::new(4).unwrap(), ..hold() };
    let large = large.decide(&moved, &[], &code(), at(NOW));
    assert!(matches!(large, Err(Rejection::Unacceptable { field: "/quantity", .. })));
}

#[test]
fn a_booking_is_named_by_where_it_was_first_sold_and_by_its_key() {
    let made = decide(&hold(), Approval::Auto).unwrap();
    assert_eq!(made.id.resource(), &made.resource);
    assert_eq!(made.id.start(), made.stretch.start());
    assert_eq!(made.id.hash(), &hold().hash());
}

#[test]
fn the_same_fields_under_the_same_key_are_the_same_booking() {
    let made = decide(&hold(), Approval::Auto).unwrap();
    let again = NewBooking { start: at("2027-01-11T10:00:00.000+01:00"), ..hold() };
    assert_eq!(again.id(), made.id);
    assert_eq!(again.repeats(&made), Ok(()), "the same instant, written differently");
    let gone = Booking { status: Status::Cancelled, version: Version::new(7), ..made };
    assert_eq!(hold().repeats(&gone), Ok(()), "as it stands now, whatever became of it");
}

#[test]
fn other_fields_under_the_same_key_are_a_mismatch() {
    let made = decide(&hold(), Approval::Auto).unwrap();
    let start = hold().start;
    let others = [
        NewBooking { sale: Sale::Book, ..hold() },
        NewBooking { resource: ResourceId::parse("room-2").unwrap(), ..hold() },
        NewBooking { start: start + 30.minutes(), ..hold() },
        NewBooking { start: start + 1.nanosecond(), ..hold() },
        NewBooking { end: Some(start + 60.minutes()), ..hold() },
        NewBooking { quantity: Quantity::new(2).unwrap(), ..hold() },
        NewBooking { details: details(true), ..hold() },
        NewBooking { note: Some("regular".to_owned()), ..hold() },
    ];
    for other in others {
        assert_eq!(other.hash(), hold().hash(), "the key alone names the booking");
        assert_eq!(other.repeats(&made), Err(Rejection::IdempotencyMismatch), "{other:?}");
    }
}

#[test]
fn another_key_or_another_customer_is_another_booking() {
    let others = [
        NewBooking { key: Key::parse("2").unwrap(), ..hold() },
        NewBooking { key: Key::parse("1 ").unwrap(), ..hold() },
        NewBooking { customer: CustomerId::parse("bob").unwrap(), ..hold() },
        NewBooking { customer: CustomerId::parse("Alice").unwrap(), ..hold() },
    ];
    for other in others {
        assert_ne!(other.hash(), hold().hash(), "{other:?}");
    }
}

fn details(window: bool) -> Details {
    let window = ("window".to_owned(), Detail::Flag(window));
    Details::try_from(BTreeMap::from([window])).unwrap()
}

#[test]
fn what_is_kept_with_a_booking_is_part_of_what_was_asked() {
    let asked = |details, note: &str| {
        NewBooking { details, note: Some(note.to_owned()), ..hold() }.fingerprint()
    };
    // As bookings that are there already have it.
    let plain = "hold room-1 2027-01-11T09:00:00Z/ 1";
    assert_eq!(hold().fingerprint(), plain);
    assert_eq!(asked(Details::default(), ""), plain, "an empty note is none");
    let all = [
        plain.to_owned(),
        asked(details(true), ""),
        asked(details(false), ""),
        asked(details(true), "regular"),
        asked(Details::default(), "regular"),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| other != one), "{one}");
    }
}

#[test]
fn a_sale_for_somebody_is_under_the_operators_key() {
    let operator = |name| MadeBy::OperatorFor(CustomerId::parse(name).unwrap());
    let sold = NewBooking { by: operator("olga"), ..hold() };
    let made = decide(&sold, Approval::Auto).unwrap();
    let (olga, alice) = (CustomerId::parse("olga").unwrap(), hold().customer);
    assert_eq!((&made.customer, &made.created_by, &made.updated_by), (&alice, &olga, &olga));
    let own = decide(&NewBooking { by: MadeBy::Operator, ..hold() }, Approval::Auto).unwrap();
    assert_eq!((own.id, &own.created_by), (hold().id(), &alice), "an operator's own is their own");
    let others = [
        hold(),
        NewBooking { by: operator("otto"), ..hold() },
        NewBooking { by: operator("alice"), ..hold() },
        NewBooking { key: Key::parse("2").unwrap(), ..sold.clone() },
        NewBooking { customer: CustomerId::parse("bob").unwrap(), ..sold.clone() },
    ];
    for other in others {
        assert_ne!(other.hash(), sold.hash(), "{other:?}");
    }
}
