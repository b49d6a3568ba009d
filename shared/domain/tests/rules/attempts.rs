//! Attempts that are sent again because the reply was lost.

use crate::fixtures::{at, attempt, booking, code, half_hours, moved_to, request, room};
use domain::{
    Action, Approval, Attempt, Booking, Command, Confirming, CustomerId, Deadlines, Decision,
    HoldSeconds, Key, MaxHoldSeconds, Rejection, Role, Status, Version,
};
use jiff::{Timestamp, ToSpan};

fn now() -> Timestamp {
    at("2027-01-11T09:01Z")
}

/// Alice's attempt under this key.
fn keyed(key: &str, fields: &str) -> Attempt {
    let key = Some(Key::parse(key).unwrap());
    Attempt { key, fields: fields.to_owned(), ..attempt(Role::Customer) }
}

fn decide(action: &Action, attempt: &Attempt, booking: &Booking) -> Result<Decision, Rejection> {
    let command = Command { action: action.clone(), attempt: attempt.clone() };
    command.decide(booking, now())
}

/// What the attempt makes of the booking.
#[track_caller]
fn change(action: &Action, attempt: &Attempt, booking: &Booking) -> Booking {
    match decide(action, attempt, booking).unwrap() {
        Decision::Change(next) => *next,
        Decision::Done(done) => panic!("{attempt:?} was taken for the one before: {done:?}"),
    }
}

fn confirm() -> Action {
    Action::Confirm(Confirming::default(), code())
}

fn extend() -> Action {
    Action::Extend(HoldSeconds::DEFAULT, MaxHoldSeconds::DEFAULT)
}

fn confirmed(attempt: &Attempt) -> Booking {
    change(&confirm(), attempt, &booking(Status::Held))
}

fn refused(booking: &Booking) -> Result<Decision, Rejection> {
    Err(Rejection::InvalidTransition(Box::new(booking.clone())))
}

#[test]
fn the_attempt_that_changed_a_booking_last_is_answered_with_it() {
    let moved = half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z");
    let manual = Confirming { approval: Approval::Manual, ..Confirming::default() };
    for (action, before) in [
        (extend(), Status::Held),
        (confirm(), Status::Held),
        (Action::Confirm(manual, code()), Status::Held),
        (Action::Cancel(None), Status::Held),
        (Action::Cancel(Some("because".to_owned())), Status::Confirmed),
        (moved_to(moved.clone(), Deadlines::at_the_start(moved.start())), Status::Confirmed),
        (Action::Approve(None, code()), Status::Pending),
        (Action::Decline(None), Status::Pending),
    ] {
        let attempt = keyed("1", "as asked");
        let left = change(&action, &attempt, &booking(before));
        let again = decide(&action, &attempt, &left);
        assert_eq!(again, Ok(Decision::Done(Box::new(left))), "{action:?}");
    }
}

#[test]
fn it_is_answered_before_its_version_is_looked_at() {
    let before = booking(Status::Held);
    let attempt = Attempt { if_version: Some(before.version), ..keyed("1", "confirm") };
    let left = confirmed(&attempt);
    assert_ne!(left.version, before.version);
    assert_eq!(decide(&confirm(), &attempt, &left), Ok(Decision::Done(Box::new(left.clone()))));
    let wrong = Attempt { if_version: Some(Version::new(99)), ..attempt };
    assert_eq!(decide(&confirm(), &wrong, &left), Ok(Decision::Done(Box::new(left))));
}

#[test]
fn other_fields_under_its_key_are_a_mismatch() {
    let left = confirmed(&keyed("1", "confirm"));
    for action in [confirm(), Action::Cancel(None)] {
        let other = decide(&action, &keyed("1", "cancel"), &left);
        assert_eq!(other, Err(Rejection::IdempotencyMismatch), "{action:?}");
    }
    // Before anything else is looked at.
    let other = Attempt { if_version: Some(Version::new(99)), ..keyed("1", "cancel") };
    let other = decide(&Action::Cancel(None), &other, &left);
    assert_eq!(other, Err(Rejection::IdempotencyMismatch));
}

#[test]
fn another_key_or_none_is_another_attempt() {
    let left = confirmed(&keyed("1", "confirm"));
    for other in [keyed("2", "confirm"), keyed("1 ", "confirm"), attempt(Role::Customer)] {
        assert_eq!(decide(&confirm(), &other, &left), refused(&left), "{other:?}");
        change(&Action::Cancel(None), &other, &left);
    }
    let left = confirmed(&attempt(Role::Customer));
    assert_eq!(left.last_attempt, None);
    assert_eq!(decide(&confirm(), &attempt(Role::Customer), &left), refused(&left));
}

#[test]
fn the_same_key_of_another_actor_is_another_attempt() {
    let left = confirmed(&keyed("1", "confirm"));
    let operator = Attempt { key: keyed("1", "").key, ..attempt(Role::Operator) };
    for fields in ["confirm", "cancel"] {
        let other = Attempt { fields: fields.to_owned(), ..operator.clone() };
        assert_eq!(decide(&confirm(), &other, &left), refused(&left));
        change(&Action::Cancel(None), &other, &left);
    }
    // A key is not read together with the name before it.
    let by = CustomerId::parse("alice1").unwrap();
    let other = Attempt { by, ..keyed("1", "confirm") };
    assert_eq!(decide(&confirm(), &other, &confirmed(&keyed("11", "confirm"))).ok(), None);
}

#[test]
fn an_actor_is_the_same_in_any_role() {
    let left = confirmed(&keyed("1", "confirm"));
    let attempt = Attempt { role: Role::Operator, ..keyed("1", "confirm") };
    assert_eq!(decide(&confirm(), &attempt, &left), Ok(Decision::Done(Box::new(left))));
}

#[test]
fn only_the_last_change_is_remembered() {
    let left = confirmed(&keyed("1", "confirm"));
    let to = half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z");
    let deadlines = Deadlines::at_the_start(to.start());
    let moved = moved_to(to, deadlines);
    for later in [keyed("2", "reschedule"), attempt(Role::Customer), attempt(Role::Operator)] {
        let later = change(&moved, &later, &left);
        assert_eq!(decide(&confirm(), &keyed("1", "confirm"), &later), refused(&later));
    }
}

#[test]
fn a_refused_attempt_leaves_nothing_behind() {
    let held = booking(Status::Held);
    let stale = Attempt { if_version: Some(Version::new(1)), ..keyed("1", "confirm") };
    let refused = decide(&confirm(), &stale, &held);
    assert_eq!(refused, Err(Rejection::VersionConflict(Box::new(held.clone()))));
    change(&Action::Cancel(None), &keyed("1", "cancel"), &held);
}

#[test]
fn running_out_is_a_change_that_nobody_attempted() {
    let held = change(&extend(), &keyed("1", "extend"), &booking(Status::Held));
    let end = held.hold_expires_at.unwrap();
    let repeats = |now| keyed("1", "extend").repeats(&held.at(now));
    assert_eq!(repeats(end - 1.nanosecond()), Ok(true));
    assert_eq!(repeats(end), Ok(false));
    assert_eq!(keyed("1", "confirm").repeats(&held.at(end)), Ok(false));
}

#[test]
fn the_key_that_made_a_booking_is_not_that_of_a_command() {
    let asked = request(at("2027-01-11T10:00Z"));
    let made = asked.decide(&room("UTC", 30, &["09:00-12:00"]), &[], &code(), now()).unwrap();
    assert_eq!(made.last_attempt, None);
    let left = change(&confirm(), &keyed(asked.key.as_str(), &asked.fingerprint()), &made);
    assert_eq!(left.status, Status::Confirmed);
    assert_eq!(asked.repeats(&left), Ok(()), "and a command's key is not the request's");
}
