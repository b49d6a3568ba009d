//! Every command on a booking of every status: what PROTOCOL allows, and how the rest is refused.

use crate::fixtures::{at, booking, half_hours};
use domain::{Approval, Booking, Command, Rejection, Status, Version};
use jiff::Timestamp;

/// Refused: the status does not allow it.
const NO: &str = "invalid_transition";
/// Refused: the hold has run out.
const LATE: &str = "hold_expired";

/// The statuses in the order of the table's columns; `run out` is a hold past its end that
/// nobody has swept up.
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

/// What each command makes of each status. Nothing leads to `waitlisted` yet, so nothing leads
/// away from it.
#[rustfmt::skip]
const TABLE: [(&str, [&str; 10]); 9] = [
    // command           held         run out    pending      confirmed    wait cancel expired decl compl noShow
    ("confirm",         ["confirmed", LATE,      NO,          NO,          NO,  NO,    LATE,   NO,  NO,   NO]),
    ("confirm, manual", ["pending",   LATE,      NO,          NO,          NO,  NO,    LATE,   NO,  NO,   NO]),
    ("cancel",          ["cancelled", NO,        "cancelled", "cancelled", NO,  NO,    NO,     NO,  NO,   NO]),
    ("reschedule",      [NO,          NO,        NO,          "confirmed", NO,  NO,    NO,     NO,  NO,   NO]),
    ("approve",         [NO,          NO,        "confirmed", NO,          NO,  NO,    NO,     NO,  NO,   NO]),
    ("decline",         [NO,          NO,        "declined",  NO,          NO,  NO,    NO,     NO,  NO,   NO]),
    ("complete",        [NO,          NO,        NO,          "completed", NO,  NO,    NO,     NO,  NO,   NO]),
    ("noShow",          [NO,          NO,        NO,          "noShow",    NO,  NO,    NO,     NO,  NO,   NO]),
    ("expire",          [NO,          "expired", NO,          NO,          NO,  NO,    NO,     NO,  NO,   NO]),
];

fn command(name: &str) -> Command {
    let reason = Some("because".to_owned());
    match name {
        "confirm" => Command::Confirm(Approval::Auto),
        "confirm, manual" => Command::Confirm(Approval::Manual),
        "cancel" => Command::Cancel(reason),
        "reschedule" => Command::Reschedule(half_hours("2027-01-12T10:00Z", "2027-01-12T10:30Z")),
        "approve" => Command::Approve(reason),
        "decline" => Command::Decline(reason),
        "complete" => Command::Complete,
        "noShow" => Command::NoShow,
        "expire" => Command::Expire,
        other => panic!("no command {other}"),
    }
}

/// The booking of a column, and an instant at which it is what the column says.
fn column(name: &str) -> (Booking, Timestamp) {
    if name == "run out" {
        return (booking(Status::Held), at("2027-01-11T09:05Z"));
    }
    let status = Status::ALL.into_iter().find(|status| status.as_str() == name).unwrap();
    (booking(status), at("2027-01-11T09:04:59.999999999Z"))
}

fn cells() -> impl Iterator<Item = (String, Command, Booking, Timestamp, &'static str)> {
    TABLE.into_iter().flat_map(|(row, expected)| {
        COLUMNS.into_iter().zip(expected).map(move |(name, expected)| {
            let (before, now) = column(name);
            (format!("{row} of {name}"), command(row), before, now, expected)
        })
    })
}

#[test]
fn the_table_has_every_status() {
    let missing = Status::ALL.into_iter().find(|status| !COLUMNS.contains(&status.as_str()));
    assert_eq!(missing, None);
    assert_eq!(COLUMNS.len(), Status::ALL.len() + 1);
}

#[test]
fn every_command_leads_where_the_table_says() {
    for (cell, command, before, now, expected) in cells() {
        let outcome = command.decide(&before, None, now);
        match expected {
            NO => assert_eq!(
                outcome,
                Err(Rejection::InvalidTransition(Box::new(before.at(now)))),
                "{cell}"
            ),
            LATE => assert_eq!(outcome, Err(Rejection::HoldExpired), "{cell}"),
            status => {
                let after = outcome.unwrap_or_else(|refused| panic!("{cell}: {refused}"));
                assert_eq!(after.status.as_str(), status, "{cell}");
                assert_eq!(after.version, before.version.next(), "{cell}");
            }
        }
    }
}

#[test]
fn a_command_changes_only_what_it_is_about() {
    for (cell, command, before, now, expected) in cells() {
        let Ok(after) = command.decide(&before, None, now) else { continue };
        let confirms = expected == "confirmed" && before.status != Status::Confirmed;
        let reason = match &command {
            Command::Cancel(reason) | Command::Approve(reason) | Command::Decline(reason) => {
                reason.clone()
            }
            _ => None,
        };
        let expected = Booking {
            status: after.status,
            version: before.version.next(),
            hold_expires_at: None,
            stretch: match &command {
                Command::Reschedule(stretch) => *stretch,
                _ => before.stretch,
            },
            confirmation_code: confirms.then(|| before.id.confirmation_code()),
            reason,
            // A hold ran out when it ran out, not when somebody noticed.
            updated_at: before.hold_expires_at.filter(|until| *until <= now).unwrap_or(now),
            ..before
        };
        assert_eq!(after, expected, "{cell}");
    }
}

#[test]
fn another_version_than_the_current_one_is_a_conflict_whatever_the_command() {
    for (cell, command, before, now, _) in cells() {
        let current = before.at(now);
        let versions = [0, 1, 3, 4, 5, 6, u64::MAX].map(Version::new);
        for wrong in versions.into_iter().filter(|version| *version != current.version) {
            let late = matches!(command, Command::Confirm(_)) && current.status == Status::Expired;
            let refused = if late {
                Rejection::HoldExpired
            } else {
                Rejection::VersionConflict(Box::new(current.clone()))
            };
            let decided = command.decide(&before, Some(wrong), now);
            assert_eq!(decided, Err(refused), "{cell}, at {wrong}");
        }
        assert_eq!(
            command.decide(&before, Some(current.version), now),
            command.decide(&before, None, now),
            "{cell}"
        );
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
fn only_held_pending_and_confirmed_bookings_take_places() {
    let takes = Status::ALL.into_iter().filter(|status| status.takes_capacity());
    assert!(takes.eq([Status::Held, Status::Pending, Status::Confirmed]));
}

#[test]
fn a_confirmed_booking_keeps_its_code_and_a_pending_one_has_none() {
    let now = at("2027-01-11T09:01Z");
    let held = booking(Status::Held);
    let pending = Command::Confirm(Approval::Manual).decide(&held, None, now).unwrap();
    assert_eq!(pending.confirmation_code, None);

    let confirmed = Command::Approve(None).decide(&pending, None, now).unwrap();
    let code = confirmed.confirmation_code.clone();
    assert_eq!(code, Some(held.id.confirmation_code()));
    let moved = command("reschedule").decide(&confirmed, None, now).unwrap();
    assert_eq!(moved.confirmation_code, code);
    assert_eq!(Command::Complete.decide(&moved, None, now).unwrap().confirmation_code, code);
}
