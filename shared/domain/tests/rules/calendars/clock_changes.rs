//! Openings on days on which clocks change, against instants worked out by hand.

use super::{check, daily, weekly, with_dates};
use crate::fixtures::at;
use domain::calendar::{Calendar, Day, Period};

/// New York, 14 March 2027: from 02:00 to 03:00, no local time exists. 07:00 UTC is the change.
#[test]
fn a_local_time_that_does_not_exist_stands_for_the_instant_of_the_change() {
    let day = ("2027-03-14T05:00Z", "2027-03-15T04:00Z");
    let check_day = |opening: &str, expected: &[(&str, &str)]| {
        check(&daily("America/New_York", 0, &[opening]), day, expected);
    };
    check_day("01:00-04:00", &[("2027-03-14T06:00Z", "2027-03-14T08:00Z")]);
    check_day("02:30-04:00", &[("2027-03-14T07:00Z", "2027-03-14T08:00Z")]);
    check_day("01:30-02:30", &[("2027-03-14T06:30Z", "2027-03-14T07:00Z")]);
    check_day("02:00-03:00", &[]);
    check_day("02:15-02:45", &[]);
    // A night ends then, and the next one is as long as ever.
    let night = daily("America/New_York", 0, &["22:00-02:30"]);
    check(
        &night,
        ("2027-03-14T00:00Z", "2027-03-16T00:00Z"),
        &[("2027-03-14T03:00Z", "2027-03-14T07:00Z"), ("2027-03-15T02:00Z", "2027-03-15T06:30Z")],
    );
}

/// What is skipped between two openings is no break.
#[test]
fn openings_on_both_sides_of_a_skipped_hour_touch() {
    let calendar = daily("America/New_York", 90, &["01:00-02:00", "03:00-04:00"]);
    check(
        &calendar,
        ("2027-03-13T05:00Z", "2027-03-16T04:00Z"),
        &[("2027-03-14T06:00Z", "2027-03-14T07:30Z")],
    );
}

/// New York, 7 November 2027: 01:00 to 02:00 comes twice, first at 05:00 UTC.
#[test]
fn a_local_time_that_comes_twice_stands_for_its_first_coming() {
    let day = ("2027-11-07T04:00Z", "2027-11-08T05:00Z");
    let check_day = |opening: &str, expected: &[(&str, &str)]| {
        check(&daily("America/New_York", 0, &[opening]), day, expected);
    };
    check_day("01:00-02:00", &[("2027-11-07T05:00Z", "2027-11-07T07:00Z")]);
    check_day("00:30-01:30", &[("2027-11-07T04:30Z", "2027-11-07T05:30Z")]);
    check_day("01:30-03:00", &[("2027-11-07T05:30Z", "2027-11-07T08:00Z")]);
    check_day("02:00-03:00", &[("2027-11-07T07:00Z", "2027-11-07T08:00Z")]);
}

/// Lord Howe's clocks move by half an hour: a night of 8 hours has 7.5 or 8.5.
#[test]
fn a_night_has_as_many_slots_as_it_lasts() {
    let nights = weekly("Australia/Lord_Howe", 30, &[(Day::Sat, &["20:00-04:00"])]);
    let count = |from, to| nights.slots(at(from), at(to)).count();
    assert_eq!(count("2027-10-02T00:00Z", "2027-10-03T00:00Z"), 15);
    assert_eq!(count("2027-04-03T00:00Z", "2027-04-04T00:00Z"), 17);
    assert_eq!(count("2027-06-05T00:00Z", "2027-06-06T00:00Z"), 16);
}

/// Santiago's clocks go back at midnight, and forward at midnight.
#[test]
fn a_midnight_that_does_not_exist_or_comes_twice_ends_a_day() {
    let days = daily("America/Santiago", 0, &["00:00-24:00"]);
    check(
        &days,
        ("2027-04-03T00:00Z", "2027-04-05T00:00Z"),
        &[("2027-04-03T03:00Z", "2027-04-04T04:00Z"), ("2027-04-04T04:00Z", "2027-04-05T04:00Z")],
    );
    check(
        &days,
        ("2027-09-04T00:00Z", "2027-09-06T00:00Z"),
        &[("2027-09-04T04:00Z", "2027-09-05T04:00Z"), ("2027-09-05T04:00Z", "2027-09-06T03:00Z")],
    );
}

/// Samoa went from the end of 29 December 2011 to the beginning of the 31st, at 10:00 UTC of the 30th.
#[test]
fn a_date_that_a_zone_leaves_out_has_no_openings() {
    let window = ("2011-12-29T10:00Z", "2012-01-01T10:00Z");
    let days = daily("Pacific/Apia", 0, &["09:00-17:00"]);
    check(
        &days,
        window,
        &[
            ("2011-12-29T19:00Z", "2011-12-30T03:00Z"),
            ("2011-12-30T19:00Z", "2011-12-31T03:00Z"),
            ("2011-12-31T19:00Z", "2012-01-01T03:00Z"),
        ],
    );
    // Its night would begin at the change; the night before ends then.
    let nights = daily("Pacific/Apia", 0, &["20:00-04:00"]);
    check(
        &nights,
        window,
        &[
            ("2011-12-30T06:00Z", "2011-12-30T10:00Z"),
            ("2011-12-31T06:00Z", "2011-12-31T14:00Z"),
            ("2012-01-01T06:00Z", "2012-01-01T14:00Z"),
        ],
    );
    // Its own hours are left out with it, and cut nothing short.
    let nights = daily("Pacific/Apia", 0, &["20:00-10:00"]);
    let own = with_dates(nights.clone(), &[("2011-12-30", &["00:00-24:00"])]);
    let slots = |calendar: &Calendar| -> Vec<Period> {
        let (from, to) = window;
        calendar.slots(at(from), at(to)).collect()
    };
    assert_eq!(slots(&own), slots(&nights));
}

/// Two openings that the left-out date is between are one run: no time passes.
#[test]
fn openings_on_both_sides_of_a_left_out_date_touch() {
    let calendar = daily("Pacific/Apia", 420, &["17:00-24:00", "00:00-03:30"]);
    check(
        &calendar,
        ("2011-12-30T00:00Z", "2011-12-30T20:00Z"),
        &[("2011-12-30T03:00Z", "2011-12-30T10:00Z")],
    );
    let calendar = daily("Pacific/Apia", 360, &["19:00-24:00", "00:00-01:00"]);
    check(
        &calendar,
        ("2011-12-30T00:00Z", "2011-12-30T20:00Z"),
        &[("2011-12-30T05:00Z", "2011-12-30T11:00Z")],
    );
}

/// Newfoundland's clocks went back at 00:01, so that Sunday's first minute was followed by the last
/// hour of Saturday: slots of Sunday's opening that read Saturday on the clock.
#[test]
fn a_slot_belongs_to_its_opening_whatever_date_the_clock_shows() {
    let calendar = daily("America/St_Johns", 30, &["00:00-01:00"]);
    let sunday = [
        ("2010-11-07T02:30Z", "2010-11-07T03:00Z"),
        ("2010-11-07T03:00Z", "2010-11-07T03:30Z"),
        ("2010-11-07T03:30Z", "2010-11-07T04:00Z"),
        ("2010-11-07T04:00Z", "2010-11-07T04:30Z"),
    ];
    for (index, (start, _)) in sunday.iter().enumerate() {
        check(&calendar, (start, "2010-11-07T12:00Z"), &sunday[index..]);
        check(&calendar, ("2010-11-06T12:00Z", start), &sunday[..index]);
    }
}
