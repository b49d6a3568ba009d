//! Every command on a booking of every status, by whom and when: what PROTOCOL allows, and how the
//! rest is refused.

use crate::fixtures::{at, attempt, booking, code, decide, half_hours, moved_to, stretch_of};
use domain::details::Detail;
use domain::{
    Action, Approval, Attempt, Booking, Claim, Command, ConfirmationCode, Confirming, Deadlines,
    Destination, Details, HoldSeconds, MaxHoldSeconds, Rejection, Role, Status, Stretch, Version,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Refused: the status, or the time, does not allow it.
const NO: &str = "invalid_transition";
/// Refused: the hold has run out.
const OUT: &str = "hold_expired";
/// Refused: the booking has begun.
const LATE: &str = "too_late";

/// The statuses in the order of the tables' columns; `run out` is a hold past its end that nobody
/// has recorded.
const COLUMNS: [&str; 10] = [
    "held",
    "run out",
    "pending",
    "confirmed",
    "waitlisted",
    "cancelled",
    "expired",
    "declined",
    "completed",
    "noShow",
];

/// What stays as it is: that it has run out is recorded.
const SAME: [&str; 10] = [
    "held",
    "expired",
    "pending",
    "confirmed",
    "waitlisted",
    "cancelled",
    "expired",
    "declined",
    "completed",
    "noShow",
];

type Table = [(&'static str, [&'static str; 10]); 10];

/// The same once it begins: what waited for places is over.
const SAME_BEGUN: [&str; 10] = {
    let mut same = SAME;
    same[4] = "expired";
    same
};

/// Before the booking begins, for customers and operators.
#[rustfmt::skip]
const BEFORE: Table = [
    // action              held         out     pending      confirmed    waitlisted   cancl expired  decl  compl noShow
    ("extend",            ["held",      OUT,    NO,          NO,          NO,          NO,   OUT,     NO,   NO,   NO]),
    ("confirm",           ["confirmed", OUT,    NO,          NO,          NO,          NO,   OUT,     NO,   NO,   NO]),
    ("confirm, manual",   ["pending",   OUT,    NO,          NO,          NO,          NO,   OUT,     NO,   NO,   NO]),
    ("cancel",            ["cancelled", NO,     "cancelled", "cancelled", "cancelled", NO,   NO,      NO,   NO,   NO]),
    ("reschedule",        ["held",      NO,     "pending",   "confirmed", NO,          NO,   NO,      NO,   NO,   NO]),
    ("approve",           [NO,          NO,     "confirmed", NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("decline",           [NO,          NO,     "declined",  NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("complete",          [NO,          NO,     NO,          NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("noShow",            [NO,          NO,     NO,          NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("update",          SAME),
];

/// From its beginning on, for a customer.
#[rustfmt::skip]
const BEGUN_CUSTOMER: Table = [
    ("extend",            ["held",      OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm",           ["confirmed", OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm, manual",   [OUT,         OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("cancel",            ["cancelled", NO,     LATE,        LATE,        NO,          NO,   NO,      NO,   NO,   NO]),
    ("reschedule",        [LATE,        NO,     LATE,        LATE,        NO,          NO,   NO,      NO,   NO,   NO]),
    ("approve",           [NO,          NO,     "confirmed", NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("decline",           [NO,          NO,     "declined",  NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("complete",          [NO,          NO,     NO,          "completed", NO,          NO,   NO,      NO,   NO,   NO]),
    ("noShow",            [NO,          NO,     NO,          "noShow",    NO,          NO,   NO,      NO,   NO,   NO]),
    ("update",          SAME_BEGUN),
];

/// From its beginning on, for an operator.
#[rustfmt::skip]
const BEGUN_OPERATOR: Table = [
    ("extend",            ["held",      OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm",           ["confirmed", OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm, manual",   [OUT,         OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("cancel",            ["cancelled", NO,     "cancelled", "cancelled", NO,          NO,   NO,      NO,   NO,   NO]),
    ("reschedule",        [NO,          NO,     NO,          NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("approve",           [NO,          NO,     "confirmed", NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("decline",           [NO,          NO,     "declined",  NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("complete",          [NO,          NO,     NO,          "completed", NO,          NO,   NO,      NO,   NO,   NO]),
    ("noShow",            [NO,          NO,     NO,          "noShow",    NO,          NO,   NO,      NO,   NO,   NO]),
    ("update",          SAME_BEGUN),
];

/// When it is over, for an operator.
#[rustfmt::skip]
const OVER_OPERATOR: Table = [
    ("extend",            ["held",      OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm",           ["confirmed", OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("confirm, manual",   [OUT,         OUT,    NO,          NO,          OUT,         NO,   OUT,     NO,   NO,   NO]),
    ("cancel",            ["cancelled", NO,     NO,          NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("reschedule",        [NO,          NO,     NO,          NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("approve",           [NO,          NO,     "confirmed", NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("decline",           [NO,          NO,     "declined",  NO,          NO,          NO,   NO,      NO,   NO,   NO]),
    ("complete",          [NO,          NO,     NO,          "completed", NO,          NO,   NO,      NO,   NO,   NO]),
    ("noShow",            [NO,          NO,     NO,          "noShow",    NO,          NO,   NO,      NO,   NO,   NO]),
    ("update",          SAME_BEGUN),
];

/// Each table with the role and the instants that it is of. The booking is from 10:00 to 11:00.
const TABLES: [(Table, Role, &[&str]); 5] = [
    (BEFORE, Role::Customer, &["09:01:00", "09:59:59.999999999"]),
    (BEFORE, Role::Operator, &["09:01:00", "09:59:59.999999999"]),
    (BEGUN_CUSTOMER, Role::Customer, &["10:00:00", "11:00:00"]),
    (BEGUN_OPERATOR, Role::Operator, &["10:00:00", "10:59:59.999999999"]),
    (OVER_OPERATOR, Role::Operator, &["11:00:00", "23:00:00"]),
];

/// One case: what is done to which booking, by whom and when, and what is to become of it.
struct Cell {
    name: String,
    action: Action,
    role: Role,
    before: Booking,
    now: Timestamp,
    expected: &'static str,
}

fn manual() -> Confirming {
    Confirming { approval: Approval::Manual, ..Confirming::default() }
}

fn details() -> Details {
    let table = ("table".to_owned(), Detail::Whole(7));
    Details::try_from(BTreeMap::from([table])).unwrap()
}

/// A move, by no rules.
fn moved(to: Stretch) -> Action {
    let deadlines = Deadlines::at_the_start(to.start());
    moved_to(to, deadlines)
}

fn action(name: &str) -> Action {
    let reason = Some("because".to_owned());
    match name {
        "extend" => Action::Extend(HoldSeconds::DEFAULT, MaxHoldSeconds::DEFAULT),
        "confirm" => Action::Confirm(Confirming::default(), code()),
        "confirm, manual" => Action::Confirm(manual(), code()),
        "cancel" => Action::Cancel(reason),
        "reschedule" => moved(half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z")),
        "approve" => Action::Approve(reason, code()),
        "decline" => Action::Decline(reason),
        "complete" => Action::Complete,
        "noShow" => Action::NoShow,
        "update" => Action::Update(Some(details()), Some("regular".to_owned())),
        other => panic!("no action {other}"),
    }
}

/// The booking of a column as it is at this instant.
fn column(name: &str, now: Timestamp) -> Booking {
    let hold = |until| Booking { hold_expires_at: Some(until), ..booking(Status::Held) };
    match name {
        "held" => hold(now + SignedDuration::from_nanos(1)),
        "run out" => hold(now),
        name => {
            let status = Status::ALL.into_iter().find(|status| status.as_str() == name);
            booking(status.unwrap())
        }
    }
}

fn cells() -> impl Iterator<Item = Cell> {
    TABLES.into_iter().flat_map(|(table, role, times)| {
        let rows = table.into_iter().flat_map(|(row, expected)| {
            COLUMNS.into_iter().zip(expected).map(move |(column, cell)| (row, column, cell))
        });
        rows.flat_map(move |(row, name, expected)| {
            times.iter().map(move |time| {
                let now = at(&format!("2027-01-11T{time}Z"));
                Cell {
                    name: format!("{row} of {name} at {time} by {role:?}"),
                    action: action(row),
                    role,
                    before: column(name, now),
                    now,
                    expected,
                }
            })
        })
    })
}

#[test]
fn the_tables_have_every_status() {
    let missing = Status::ALL.into_iter().find(|status| !COLUMNS.contains(&status.as_str()));
    assert_eq!(missing, None);
    assert_eq!(COLUMNS.len(), Status::ALL.len() + 1);
}

#[test]
fn every_action_leads_where_the_tables_say() {
    for Cell { name, action, role, before, now, expected } in cells() {
        let outcome = decide(action, role, &before, now);
        let current = || Box::new(before.at(now));
        match expected {
            NO => assert_eq!(outcome, Err(Rejection::InvalidTransition(current())), "{name}"),
            LATE => assert_eq!(outcome, Err(Rejection::TooLate(current())), "{name}"),
            OUT => assert_eq!(outcome, Err(Rejection::HoldExpired), "{name}"),
            status => {
                let after = outcome.unwrap_or_else(|refused| panic!("{name}: {refused}"));
                assert_eq!(after.status.as_str(), status, "{name}");
                assert_eq!(after.version, before.at(now).version.next(), "{name}");
            }
        }
    }
}

#[test]
fn an_action_changes_only_what_it_is_about() {
    for Cell { name, action, role, before, now, expected } in cells() {
        let Ok(after) = decide(action.clone(), role, &before, now) else { continue };
        let confirms = expected == "confirmed" && before.status != Status::Confirmed;
        let reason = match &action {
            Action::Cancel(reason) | Action::Approve(reason, _) | Action::Decline(reason) => {
                reason.clone()
            }
            _ => None,
        };
        let before = before.at(now);
        let updates = matches!(action, Action::Update(..));
        let expected = Booking {
            status: after.status,
            version: before.version.next(),
            details: if updates { details() } else { Details::default() },
            note: updates.then(|| "regular".to_owned()),
            ended_at: Some(before.updated_at).filter(|_| updates && before.status.is_final()),
            updated_by: attempt(role).by,
            hold_expires_at: match &action {
                // Until 09:15, a quarter of an hour after it was made: not past that, but for the
                // rounding, and not before the end that it has.
                Action::Extend(length, _) => before
                    .hold_expires_at
                    .map(|end| end.max(length.end_within(now, at("2027-01-11T09:15Z")))),
                Action::Update(..) | Action::Reschedule(_) => before.hold_expires_at,
                _ => None,
            },
            pending_expires_at: match &action {
                // Where nothing is said, until it starts.
                Action::Confirm(..) if after.status == Status::Pending => {
                    Some(before.stretch.start())
                }
                _ => None,
            },
            stretch: match &action {
                Action::Reschedule(to) => to.claim.stretch.clone(),
                _ => before.stretch.clone(),
            },
            deadlines: match &action {
                Action::Reschedule(to) => to.deadlines,
                _ => before.deadlines,
            },
            confirmation_code: confirms.then(code),
            reason,
            updated_at: now,
            ..before
        };
        assert_eq!(after, expected, "{name}");
    }
}

#[test]
fn a_command_is_for_the_version_it_names() {
    for Cell { name, action, role, before, now, expected } in cells() {
        let current = before.at(now);
        let named = |version| {
            let attempt = Attempt { if_version: Some(version), ..attempt(role) };
            Command { action: action.clone(), attempt }.decide(&before, now)
        };
        for other in [0, current.version.get() - 1, current.version.get() + 1, u64::MAX] {
            let refused = match expected {
                OUT if current.status == Status::Expired => Rejection::HoldExpired,
                _ => Rejection::VersionConflict(Box::new(current.clone())),
            };
            assert_eq!(named(Version::new(other)), Err(refused), "{name} at version {other}");
        }
        let unnamed = Command { action: action.clone(), attempt: attempt(role) };
        assert_eq!(named(current.version), unnamed.decide(&before, now), "{name}");
    }
}

#[test]
fn a_hold_is_out_at_its_end_and_not_a_nanosecond_before() {
    let held = booking(Status::Held);
    let before = held.at(at("2027-01-11T09:04:59.999999999Z"));
    assert_eq!(before, held);

    let after = held.at(at("2027-01-11T09:05Z"));
    let expected = Booking {
        status: Status::Expired,
        version: Version::new(5),
        hold_expires_at: None,
        updated_at: at("2027-01-11T09:05Z"),
        ..held.clone()
    };
    assert_eq!(after, expected);
    assert_eq!(held.at(at("2028-01-01T00:00Z")), expected, "however much later one looks");
    assert_eq!(expected.at(at("2028-01-01T00:00Z")), expected, "and it expires once");
}

#[test]
fn a_confirmed_booking_keeps_its_code_and_a_pending_one_has_none() {
    let (now, begun) = (at("2027-01-11T09:01Z"), at("2027-01-13T10:00Z"));
    let other = || ConfirmationCode::from_random(*b"another!");
    let held = booking(Status::Held);
    let confirm = |how| decide(Action::Confirm(how, code()), Role::Customer, &held, now);
    assert_eq!(confirm(Confirming::default()).unwrap().confirmation_code, Some(code()));
    let pending = confirm(manual()).unwrap();
    assert_eq!(pending.confirmation_code, None, "nobody can know it before it is sold");

    let operate = |action, booking, now| decide(action, Role::Operator, booking, now).unwrap();
    let confirmed = operate(Action::Approve(None, other()), &pending, now);
    assert_eq!(confirmed.confirmation_code, Some(other()));
    let moved = operate(action("reschedule"), &confirmed, now);
    assert_eq!(moved.confirmation_code, Some(other()));
    let completed = operate(Action::Complete, &moved, begun);
    assert_eq!(completed.confirmation_code, Some(other()));
}

/// A slot is sold at one length at a time, also to the booking that has it: were its places kept as
/// they are, the slot would go on for longer than the booking, or end before it.
#[test]
fn a_slot_is_not_kept_at_another_length() {
    let confirmed = booking(Status::Confirmed);
    let now = at("2027-01-11T09:01Z");
    let to = |start: &str, end: &str, minutes| {
        let stretch = stretch_of(minutes, start, end);
        let after = decide(moved(stretch.clone()), Role::Customer, &confirmed, now);
        after.map(|after| after.stretch == stretch)
    };
    let (ten, half_past, eleven) = ("2027-01-11T10:00Z", "2027-01-11T10:30Z", "2027-01-11T11:00Z");
    assert_eq!(to(ten, eleven, 60), Err(Rejection::SlotFull));
    assert_eq!(to(half_past, "2027-01-11T11:30Z", 60), Err(Rejection::SlotFull));
    assert_eq!(to(ten, "2027-01-11T10:15Z", 15), Err(Rejection::SlotFull));
    assert_eq!(to("2027-01-11T09:00Z", eleven, 60), Err(Rejection::SlotFull), "its second slot");
    assert_eq!(to(eleven, "2027-01-11T12:00Z", 60), Ok(true));
    assert_eq!(to(ten, eleven, 30), Ok(true));
    let late = moved(stretch_of(60, ten, eleven));
    let late = decide(late, Role::Customer, &confirmed, at(ten));
    assert_eq!(late, Err(Rejection::TooLate(Box::new(confirmed))));
}

#[test]
fn details_are_replaced_whole_and_an_empty_note_is_none() {
    let now = at("2027-01-11T09:01Z");
    let update = |details, note: Option<&str>, booking: &Booking| {
        let action = Action::Update(details, note.map(ToOwned::to_owned));
        decide(action, Role::Operator, booking, now).unwrap()
    };
    let first = update(Some(details()), Some("regular"), &booking(Status::Held));
    assert_eq!((first.details.clone(), first.note.as_deref()), (details(), Some("regular")));
    let same = update(None, None, &first);
    assert_eq!((same.details, same.note.as_deref()), (details(), Some("regular")));
    let none = update(Some(Details::default()), Some(""), &first);
    assert_eq!((none.details.is_empty(), none.note), (true, None));
}

/// Whoever did not come gave back what had not begun then, not what has not begun when somebody writes
/// a note.
#[test]
fn a_note_takes_no_places_back() {
    let absent = Booking { updated_at: at("2027-01-11T10:15Z"), ..booking(Status::NoShow) };
    let action = || Action::Update(None, Some("was ill".to_owned()));
    let mut noted = decide(action(), Role::Operator, &absent, at("2027-01-11T12:00Z")).unwrap();
    assert_eq!(Booking::effects(Some(&absent), &noted), []);
    for time in ["2027-01-11T13:00Z", "2027-01-12T13:00Z"] {
        let again = decide(action(), Role::Operator, &noted, at(time)).unwrap();
        assert_eq!(Booking::effects(Some(&noted), &again), []);
        noted = again;
    }
    let places = |start: &str| noted.places_in(&noted.resource, at(start));
    assert_eq!((places("2027-01-11T10:00Z"), places("2027-01-11T10:30Z")), (2, 0));
}

/// What is pending ends when it starts: it cannot go to what begins now.
#[test]
fn what_waits_for_an_operator_does_not_move_to_what_begins_now() {
    let start = at("2027-01-12T10:00Z");
    let to = half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z");
    let pending =
        Booking { pending_expires_at: Some(at("2027-01-13T10:00Z")), ..booking(Status::Pending) };
    let there = Destination { pending_expires_at: Some(start), ..Destination::of(&pending) };
    let there = Destination { claim: Claim { stretch: to, ..there.claim.clone() }, ..there };
    let move_at = |now| {
        let pending = Booking {
            deadlines: Deadlines::at_the_start(at("2027-01-13T10:00Z")),
            ..pending.clone()
        };
        let pending =
            Booking { stretch: half_hours("2027-01-13T10:00Z", "2027-01-13T11:00Z"), ..pending };
        decide(Action::Reschedule(Box::new(there.clone())), Role::Customer, &pending, now)
    };
    assert!(move_at(start - SignedDuration::from_nanos(1)).is_ok());
    assert!(matches!(move_at(start), Err(Rejection::Closed(_))));
}
