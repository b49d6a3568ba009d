//! What a resource asks of customers, and not of operators; and what is frozen when it sells.

use crate::fixtures::{at, attempt, booking, code, decide, half_hours, moved_to, request, room};
use domain::calendar::NotWhole;
use domain::numbers::{HorizonDays, MaxActive, RuleMinutes, RuleSlots};
use domain::{
    Action, Booking, Deadlines, MadeBy, NewBooking, Quantity, Rejection, Resource, Role, Rules,
    Status,
};
use jiff::{SignedDuration, Timestamp, ToSpan};

const NOW: &str = "2027-01-11T08:00Z";

fn minutes(number: u32) -> Option<RuleMinutes> {
    RuleMinutes::new(number).ok()
}

fn slots(number: u32) -> Option<RuleSlots> {
    RuleSlots::new(number).ok()
}

fn with(rules: Rules) -> Resource {
    Resource {
        rules,
        capacity: domain::Capacity::new(9).unwrap(),
        ..room("UTC", 30, &["09:00-12:00"])
    }
}

fn sell(rules: Rules, request: &NewBooking) -> Result<Booking, Rejection> {
    request.decide(&with(rules), &[], &code(), at(NOW))
}

/// The request as each of those makes it whom rules do not bind.
fn by_operators(request: &NewBooking) -> [NewBooking; 2] {
    let olga = MadeBy::OperatorFor(attempt(Role::Operator).by);
    [MadeBy::Operator, olga].map(|by| NewBooking { by, ..request.clone() })
}

#[track_caller]
fn refused(rules: Rules, request: &NewBooking, expected: Result<(), &str>) {
    match (sell(rules, request), expected) {
        (Err(Rejection::Closed(_)), Err("closed")) | (Ok(_), Ok(())) => {}
        (Err(Rejection::Unacceptable { field, .. }), Err(expected)) => assert_eq!(field, expected),
        (other, _) => panic!("{rules:?} {request:?}: {other:?} and not {expected:?}"),
    }
    for request in by_operators(request) {
        sell(rules, &request).unwrap();
    }
}

#[test]
fn a_booking_is_made_in_time_and_not_too_early() {
    let notice = |number| Rules { notice_minutes: minutes(number), ..Rules::default() };
    let nine = request(at("2027-01-11T09:00Z"));
    refused(notice(0), &nine, Ok(()));
    refused(notice(60), &nine, Ok(()));
    refused(notice(61), &nine, Err("closed"));
    refused(notice(527_040), &nine, Err("closed"));
    let days = HorizonDays::new(2).unwrap();
    let horizon = Rules { horizon_days: Some(days), ..Rules::default() };
    let on = |day: u32, time: &str| request(at(&format!("2027-01-{day}T{time}Z")));
    refused(horizon, &on(12, "11:30"), Ok(()));
    refused(horizon, &on(13, "09:00"), Err("closed"));
    let resource = with(horizon);
    let exactly = on(13, "09:00").decide(&resource, &[], &code(), at("2027-01-11T09:00Z"));
    assert!(exactly.is_ok(), "{exactly:?}");
    // What bounds the caller is what they are told.
    let both = Rules { notice_minutes: minutes(61), ..horizon };
    let (from, to) = (at("2027-01-11T09:01Z"), at("2027-01-13T08:00Z"));
    assert_eq!(both.bookable(Role::Customer, at(NOW)), (Some(from), Some(to)));
    assert_eq!(both.bookable(Role::Operator, at(NOW)), (None, None));
    assert_eq!(Rules::default().bookable(Role::Customer, at(NOW)), (None, None));
    let far = both.bookable(Role::Customer, Timestamp::MAX);
    assert_eq!(far, (Some(Timestamp::MAX), Some(Timestamp::MAX)));
}

#[test]
fn slots_and_places_are_bounded() {
    let rules = Rules { min_slots: slots(2), max_slots: slots(3), ..Rules::default() };
    let start = at("2027-01-11T09:00Z");
    let until =
        |count: i64| NewBooking { end: Some(start + (30 * count).minutes()), ..request(start) };
    refused(rules, &until(1), Err("/end"));
    refused(rules, &until(2), Ok(()));
    refused(rules, &until(3), Ok(()));
    refused(rules, &until(4), Err("/end"));
    // Without an end it is as many as the resource asks for, whoever asks.
    for request in [request(start), by_operators(&request(start))[0].clone()] {
        let made = sell(rules, &request).unwrap();
        assert_eq!(made.stretch, half_hours("2027-01-11T09:00Z", "2027-01-11T10:00Z"));
    }
    // Where there are not so many, it is closed.
    let last = sell(rules, &request(at("2027-01-11T11:30Z")));
    assert_eq!(last, Err(Rejection::NotWhole(NotWhole::TooShort)));
    let rules = Rules { min_quantity: Some(Quantity::new(2).unwrap()), ..Rules::default() };
    let places = |count| NewBooking { quantity: Quantity::new(count).unwrap(), ..request(start) };
    refused(rules, &places(1), Err("/quantity"));
    refused(rules, &places(2), Ok(()));
}

#[test]
fn rules_that_nobody_could_meet_are_none() {
    let check = |rules: Rules| rules.check(9).err().map(|(rule, _)| rule);
    let slots =
        |min, max| Rules { min_slots: slots(min), max_slots: slots(max), ..Rules::default() };
    assert_eq!(check(Rules::default()), None);
    assert_eq!((check(slots(2, 2)), check(slots(3, 2))), (None, Some("maxSlots")));
    let places = |count| {
        let min_quantity = Some(Quantity::new(count).unwrap());
        check(Rules { min_quantity, ..Rules::default() })
    };
    assert_eq!((places(9), places(10)), (None, Some("minQuantity")));
    assert!(MaxActive::new(0).is_err() && MaxActive::new(101).is_err());
}

#[test]
fn deadlines_are_frozen_when_it_is_sold() {
    let rules =
        Rules { cancel_minutes: minutes(60), reschedule_minutes: minutes(90), ..Rules::default() };
    let nine = request(at("2027-01-11T09:00Z"));
    let expected =
        Deadlines { cancel_by: at("2027-01-11T08:00Z"), reschedule_by: at("2027-01-11T07:30Z") };
    // An operator's sale too: it is the customer who cancels.
    for request in [vec![nine.clone()], by_operators(&nine).to_vec()].concat() {
        assert_eq!(sell(rules, &request).unwrap().deadlines, expected);
    }
    assert_eq!(
        sell(Rules::default(), &nine).unwrap().deadlines,
        Deadlines::at_the_start(nine.start)
    );
    let longest = Rules { cancel_minutes: minutes(527_040), ..Rules::default() };
    assert_eq!(longest.deadlines(Timestamp::MIN).cancel_by, Timestamp::MIN);
}

#[test]
fn a_customer_is_too_late_at_the_deadline_and_an_operator_is_not() {
    let deadlines =
        Deadlines { cancel_by: at("2027-01-11T09:20Z"), reschedule_by: at("2027-01-11T09:10Z") };
    let to = half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z");
    let anew = Deadlines::at_the_start(to.start());
    for status in [Status::Confirmed, Status::Pending] {
        let sold = Booking { deadlines, ..booking(status) };
        for (action, deadline) in [
            (Action::Cancel(None), deadlines.cancel_by),
            (moved_to(to.clone(), anew), deadlines.reschedule_by),
        ] {
            let early = deadline - SignedDuration::from_nanos(1);
            let at_once = |role, now| decide(action.clone(), role, &sold, now);
            assert!(at_once(Role::Customer, early).is_ok(), "{action:?}");
            let late = at_once(Role::Customer, deadline);
            assert_eq!(late, Err(Rejection::TooLate(Box::new(sold.clone()))), "{action:?}");
            assert!(at_once(Role::Operator, deadline).is_ok(), "{action:?}");
        }
    }
    // A hold is given back at any time.
    let held = Booking { deadlines, ..booking(Status::Held) };
    decide(Action::Cancel(None), Role::Customer, &held, at("2027-01-11T09:04Z")).unwrap();
    let sold = Booking { deadlines, ..booking(Status::Confirmed) };
    let moved = moved_to(to.clone(), anew);
    let moved = decide(moved, Role::Customer, &sold, at(NOW)).unwrap();
    assert_eq!((moved.stretch, moved.deadlines), (to, anew));
}

#[test]
fn what_people_wrote_is_erased_and_nothing_else() {
    let by = attempt(Role::Operator).by;
    let now = at("2027-01-12T09:00Z");
    for status in Status::ALL {
        assert_eq!(booking(status).erased(&by, now), None, "nothing was written");
        let written = Booking { reason: Some("ill".to_owned()), ..booking(status) };
        let erased = written.erased(&by, now).unwrap();
        let expected = Booking {
            reason: None,
            version: written.version.next(),
            updated_by: by.clone(),
            updated_at: now,
            ended_at: Some(written.updated_at),
            ..written.clone()
        };
        assert_eq!(erased, expected);
        assert_eq!(erased.erased(&by, now), None);
        if status.is_final() {
            assert_eq!(Booking::effects(Some(&written), &erased), []);
        }
    }
}
