//! Days on which clocks change, against instants worked out by hand.

use super::weekly;
use crate::fixtures::at;
use domain::calendar::Day;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// The slots of this local date, which is open like this.
fn slots(zone: &str, date: &str, minutes: u32, opening: &str) -> Vec<Timestamp> {
    let day: Date = date.parse().unwrap();
    let calendar = weekly(zone, minutes, &[(Day::from(day.weekday()), &[opening])]);
    // The weekday comes once in these days, whatever the zone.
    let days = |count: i64| at(&format!("{date}T12:00Z")) + SignedDuration::from_hours(24 * count);
    calendar.slots(days(-3), days(3)).map(|slot| slot.start).collect()
}

/// Checks one opening of a date: exactly these slots.
#[track_caller]
fn check(zone: &str, date: &str, minutes: u32, opening: &str, expected: &[&str]) {
    let expected: Vec<Timestamp> = expected.iter().copied().map(at).collect();
    assert_eq!(slots(zone, date, minutes, opening), expected, "{zone} {date} {opening}");
}

/// Checks a date that is open around the clock: so many adjacent slots from here to there.
#[track_caller]
fn check_day(zone: &str, date: &str, minutes: u32, count: usize, (from, to): (&str, &str)) {
    let step = SignedDuration::from_mins(minutes.into());
    let found = slots(zone, date, minutes, "00:00-24:00");
    assert_eq!(found.len(), count, "{zone} {date}");
    assert_eq!(found.first(), Some(&at(from)), "{zone} {date}");
    assert_eq!(found.last().map(|last| *last + step), Some(at(to)), "{zone} {date}");
    assert!(found.windows(2).all(|pair| pair[0] + step == pair[1]), "{zone} {date}");
}

#[test]
fn an_ordinary_day() {
    let zone = "America/New_York";
    check(
        zone,
        "2027-01-11",
        60,
        "09:00-12:30",
        &["2027-01-11T14:00Z", "2027-01-11T15:00Z", "2027-01-11T16:00Z"],
    );
    check(zone, "2027-07-12", 90, "09:00-11:59", &["2027-07-12T13:00Z"]);
    check(zone, "2027-07-12", 60, "09:00-09:59", &[]);
    check_day(zone, "2027-01-11", 60, 24, ("2027-01-11T05:00Z", "2027-01-12T05:00Z"));
    check_day(zone, "2027-07-12", 1440, 1, ("2027-07-12T04:00Z", "2027-07-13T04:00Z"));
}

#[test]
fn new_york_in_spring_has_no_hour_from_two_to_three() {
    let (zone, date) = ("America/New_York", "2027-03-14");
    check_day(zone, date, 60, 23, ("2027-03-14T05:00Z", "2027-03-15T04:00Z"));
    check_day(zone, date, 30, 46, ("2027-03-14T05:00Z", "2027-03-15T04:00Z"));
    check(zone, date, 60, "01:00-04:00", &["2027-03-14T06:00Z", "2027-03-14T07:00Z"]);
    // 02:00 and all of the hour after it stand for the instant of the change, 07:00 UTC.
    check(zone, date, 60, "02:00-04:00", &["2027-03-14T07:00Z"]);
    check(zone, date, 60, "02:30-04:00", &["2027-03-14T07:00Z"]);
    check(zone, date, 30, "01:30-02:30", &["2027-03-14T06:30Z"]);
    check(zone, date, 30, "01:30-02:00", &["2027-03-14T06:30Z"]);
    check(zone, date, 30, "02:00-03:00", &[]);
    check(zone, date, 30, "02:15-02:45", &[]);
    check(zone, date, 30, "03:00-03:30", &["2027-03-14T07:00Z"]);
    // A day of 24 hours does not fit into one of 23.
    check(zone, date, 1440, "00:00-24:00", &[]);
}

#[test]
fn new_york_in_autumn_has_the_hour_from_one_to_two_twice() {
    let (zone, date) = ("America/New_York", "2027-11-07");
    check_day(zone, date, 60, 25, ("2027-11-07T04:00Z", "2027-11-08T05:00Z"));
    check(zone, date, 60, "01:00-02:00", &["2027-11-07T05:00Z", "2027-11-07T06:00Z"]);
    // 01:30 is its first coming, whether a day opens or closes then.
    check(zone, date, 60, "00:30-01:30", &["2027-11-07T04:30Z"]);
    check(zone, date, 60, "01:30-03:00", &["2027-11-07T05:30Z", "2027-11-07T06:30Z"]);
    check(zone, date, 60, "02:00-03:00", &["2027-11-07T07:00Z"]);
    check(zone, date, 1440, "00:00-24:00", &["2027-11-07T04:00Z"]);
}

#[test]
fn rules_go_on_where_tables_of_changes_end() {
    // Most time zone files list changes up to 2037.
    let zone = "America/New_York";
    check_day(zone, "2099-03-08", 60, 23, ("2099-03-08T05:00Z", "2099-03-09T04:00Z"));
    check_day(zone, "2099-11-01", 60, 25, ("2099-11-01T04:00Z", "2099-11-02T05:00Z"));
    check(zone, "2099-03-08", 60, "02:00-04:00", &["2099-03-08T07:00Z"]);
}

#[test]
fn lord_howe_moves_its_clocks_by_half_an_hour() {
    let zone = "Australia/Lord_Howe";
    let (spring, autumn) = ("2027-10-03", "2027-04-04");
    check_day(zone, spring, 30, 47, ("2027-10-02T13:30Z", "2027-10-03T13:00Z"));
    check_day(zone, spring, 60, 23, ("2027-10-02T13:30Z", "2027-10-03T12:30Z"));
    check(zone, spring, 45, "02:15-03:15", &["2027-10-02T15:30Z"]);
    check(zone, spring, 30, "02:00-02:30", &[]);

    check_day(zone, autumn, 30, 49, ("2027-04-03T13:00Z", "2027-04-04T13:30Z"));
    check_day(zone, autumn, 60, 24, ("2027-04-03T13:00Z", "2027-04-04T13:00Z"));
    check(zone, autumn, 30, "01:30-02:00", &["2027-04-03T14:30Z", "2027-04-03T15:00Z"]);
    check(zone, autumn, 30, "01:00-01:45", &["2027-04-03T14:00Z"]);
}

#[test]
fn zones_that_never_change_have_24_hours_a_day() {
    for (zone, midnight, next) in [
        ("Asia/Kolkata", "18:30", "2027-03-14T18:30Z"),
        ("Asia/Kathmandu", "18:15", "2027-03-14T18:15Z"),
        ("Pacific/Kiritimati", "10:00", "2027-03-14T10:00Z"),
    ] {
        check_day(zone, "2027-03-14", 30, 48, (&format!("2027-03-13T{midnight}Z"), next));
    }
    check("Asia/Kolkata", "2027-11-07", 60, "09:00-10:00", &["2027-11-07T03:30Z"]);
    check_day("UTC", "2027-02-28", 1, 1440, ("2027-02-28T00:00Z", "2027-03-01T00:00Z"));
}

#[test]
fn sao_paulo_changed_at_midnight() {
    let zone = "America/Sao_Paulo";
    // Spring: 4 November 2018 began at 01:00.
    check_day(zone, "2018-11-04", 60, 23, ("2018-11-04T03:00Z", "2018-11-05T02:00Z"));
    check(zone, "2018-11-04", 60, "00:00-02:00", &["2018-11-04T03:00Z"]);
    check(zone, "2018-11-04", 60, "00:30-02:00", &["2018-11-04T03:00Z"]);
    check(zone, "2018-11-03", 60, "22:00-24:00", &["2018-11-04T01:00Z", "2018-11-04T02:00Z"]);
    // Autumn: 16 February 2019 had the hour before midnight twice.
    check_day(zone, "2019-02-16", 60, 25, ("2019-02-16T02:00Z", "2019-02-17T03:00Z"));
    check(zone, "2019-02-16", 60, "23:00-24:00", &["2019-02-17T01:00Z", "2019-02-17T02:00Z"]);
    check(zone, "2019-02-17", 60, "00:00-01:00", &["2019-02-17T03:00Z"]);
    // And it no longer does.
    check_day(zone, "2027-11-07", 60, 24, ("2027-11-07T03:00Z", "2027-11-08T03:00Z"));
}

#[test]
fn samoa_left_a_whole_day_out() {
    let zone = "Pacific/Apia";
    check(zone, "2011-12-30", 60, "09:00-17:00", &[]);
    check(zone, "2011-12-30", 60, "00:00-24:00", &[]);
    check(zone, "2011-12-29", 60, "23:00-24:00", &["2011-12-30T09:00Z"]);
    check(zone, "2011-12-31", 60, "00:00-01:00", &["2011-12-30T10:00Z"]);
}
