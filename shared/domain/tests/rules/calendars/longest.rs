//! How long a booking can be, and what an earlier release made of touching openings.

use super::{daily, weekly, with_dates};
use crate::fixtures::{at, period, room};
use domain::Resource;
use domain::calendar::{Calendar, Day, LONGEST_SLOT, Length};
use jiff::SignedDuration;

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[test]
fn where_no_opening_reaches_midnight_no_stretch_is_longer_than_a_slot_may_be() {
    for minutes in [0, 1, 60, 1440] {
        let calendar = daily("Europe/Zurich", minutes, &["00:00-12:00", "12:00-23:59"]);
        assert_eq!(calendar.longest_stretch(), LONGEST_SLOT);
    }
    assert_eq!(daily("UTC", 1440, &[]).longest_stretch(), LONGEST_SLOT);
}

#[test]
fn where_openings_may_touch_over_midnight_it_is_as_long_as_its_slots() {
    let longest = |calendar: &Calendar| calendar.longest_stretch() - LONGEST_SLOT;
    let hours = SignedDuration::from_hours;
    assert_eq!(longest(&daily("UTC", 60, &["00:00-24:00"])), hours(96));
    assert_eq!(longest(&daily("UTC", 30, &["22:00-02:00"])), hours(48));
    assert_eq!(longest(&daily("UTC", 0, &["22:00-02:00", "08:00-14:00"])), hours(6 * 96));
    assert_eq!(longest(&daily("UTC", 0, &["12:00-12:00"])), days(96));
    // One date is enough.
    let short = weekly("UTC", 0, &[(Day::Mon, &["09:00-17:00"])]);
    assert_eq!(short.longest_stretch(), LONGEST_SLOT);
    assert_eq!(longest(&with_dates(short, &[("2027-12-24", &["20:00-24:00"])])), hours(8 * 96));
}

/// The longest of all bookings: 96 slots, each a whole day, while clocks go back.
#[test]
fn no_stretch_is_longer() {
    for (zone, from) in [
        ("America/New_York", "2027-09-01T00:00Z"),
        ("Antarctica/Troll", "2027-09-01T00:00Z"),
        ("Australia/Lord_Howe", "2027-03-01T00:00Z"),
    ] {
        let stays = daily(zone, 0, &["12:00-12:00"]);
        let noon = stays.slots(at(from), at(from) + days(2)).next().unwrap();
        let most = stays.stretch(noon.start, Length::Slots(96)).unwrap().time().length();
        assert!(days(96) < most && most <= stays.longest_stretch(), "{zone}: {most}");
    }
}

/// Times that are far apart, of a calendar that is never open again, and one before another.
#[test]
fn whether_times_are_covered_can_be_asked_in_any_order() {
    let daily = daily("UTC", 60, &["09:00-17:00"]);
    let never = with_dates(weekly("UTC", 60, &[]), &[("2027-12-24", &["09:00-12:00"])]);
    let hour = |start| period(start, &start.replace("T10:", "T11:"));
    let times = [
        "2027-12-23T10:00Z",
        "2027-12-24T10:00Z",
        "2027-12-24T10:30Z",
        "2028-01-23T10:00Z",
        "2028-01-24T10:00Z",
        "9999-12-30T10:00Z",
        "2027-12-24T10:00Z",
        "1900-01-01T10:00Z",
    ];
    for calendar in [daily, never] {
        let mut coverage = calendar.coverage();
        for start in times {
            assert_eq!(coverage.covers(hour(start)), calendar.covers(hour(start)), "{start}");
        }
    }
}

/// Whoever lists a resource's bookings looks back as far as one can have been long on any calendar
/// that it had.
#[test]
fn a_resource_remembers_the_longest_of_its_calendars() {
    let now = at("2027-01-11T08:00Z");
    let of = |calendar: Calendar| Resource { calendar, ..room("UTC", 30, &["09:00-17:00"]) };
    let hours = of(daily("UTC", 60, &["09:00-17:00"])).first();
    assert_eq!(hours.longest_booking, LONGEST_SLOT);
    let stays = of(daily("UTC", 0, &["12:00-12:00"])).replacing(&hours, now).unwrap();
    assert_eq!(stays.longest_booking, days(96) + LONGEST_SLOT);
    let again = hours.replacing(&stays, now).unwrap();
    assert_eq!(again.longest_booking, stays.longest_booking);
}

#[test]
fn openings_of_a_week_that_touch_are_told_from_whole_days() {
    for (openings, runs, whole_days) in [
        (&["09:00-17:00"][..], false, false),
        (&["09:00-12:00", "12:01-17:00"], false, false),
        (&["09:00-12:00", "12:00-17:00"], true, false),
        (&["22:00-22:00"], true, true),
        (&["00:00-24:00"], true, true),
        (&["00:00-12:00", "12:00-24:00"], true, false),
    ] {
        let week = daily("UTC", 60, openings).week;
        assert_eq!((week.has_runs(), week.is_of_whole_days()), (runs, whole_days), "{openings:?}");
    }
    let nights = weekly("UTC", 60, &[(Day::Sun, &["20:00-04:00"]), (Day::Mon, &["04:00-05:00"])]);
    assert!(nights.week.has_runs(), "around the week");
}
