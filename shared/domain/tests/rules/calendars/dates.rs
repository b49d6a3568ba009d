//! Local dates with hours of their own.

use super::{check, daily, list, never, weekly, with_dates};
use domain::calendar::{Dates, Day, Invalid};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

/// From 23 to 26 December 2027, Thursday to Sunday, UTC.
const WINDOW: (&str, &str) = ("2027-12-23T00:00Z", "2027-12-27T00:00Z");

fn dates(dates: &[(&str, &[&str])]) -> Result<Dates, Invalid> {
    let date = |(date, openings): &(&str, &[&str])| (date.parse().unwrap(), list(openings));
    Dates::new(dates.iter().map(date).collect())
}

#[test]
fn a_dates_own_hours_replace_its_weekdays() {
    let calendar = daily("UTC", 60, &["10:00-12:00"]);
    let calendar = with_dates(
        calendar,
        &[("2027-12-25", &[]), ("2027-12-24", &["09:00-10:00", "11:00-12:00"])],
    );
    check(
        &calendar,
        WINDOW,
        &[
            ("2027-12-23T10:00Z", "2027-12-23T11:00Z"),
            ("2027-12-23T11:00Z", "2027-12-23T12:00Z"),
            ("2027-12-24T09:00Z", "2027-12-24T10:00Z"),
            ("2027-12-24T11:00Z", "2027-12-24T12:00Z"),
            ("2027-12-26T10:00Z", "2027-12-26T11:00Z"),
            ("2027-12-26T11:00Z", "2027-12-26T12:00Z"),
        ],
    );
}

#[test]
fn a_date_may_be_open_where_its_week_never_is() {
    let calendar = with_dates(never("UTC", 0), &[("2027-12-24", &["22:00-04:00"])]);
    check(&calendar, WINDOW, &[("2027-12-24T22:00Z", "2027-12-25T04:00Z")]);
}

/// The night of the 23rd goes on into a date that is closed, and that date's own night is not.
#[test]
fn an_opening_belongs_to_the_local_date_on_which_it_starts() {
    let nights = daily("UTC", 0, &["20:00-04:00"]);
    let calendar = with_dates(nights, &[("2027-12-24", &[])]);
    check(
        &calendar,
        WINDOW,
        &[
            ("2027-12-23T20:00Z", "2027-12-24T04:00Z"),
            ("2027-12-25T20:00Z", "2027-12-26T04:00Z"),
            ("2027-12-26T20:00Z", "2027-12-27T04:00Z"),
        ],
    );
    let abroad =
        with_dates(daily("Pacific/Kiritimati", 0, &["20:00-21:00"]), &[("2027-12-24", &[])]);
    check(
        &abroad,
        WINDOW,
        &[
            ("2027-12-23T06:00Z", "2027-12-23T07:00Z"),
            ("2027-12-25T06:00Z", "2027-12-25T07:00Z"),
            ("2027-12-26T06:00Z", "2027-12-26T07:00Z"),
        ],
    );
}

#[test]
fn where_dates_make_two_overlap_the_earlier_ends_when_the_later_begins() {
    let nights = daily("UTC", 0, &["20:00-04:00"]);
    // A date's own hours begin in the night before, and its own night goes on.
    let calendar = with_dates(nights.clone(), &[("2027-12-24", &["02:00-03:00", "12:00-13:00"])]);
    check(
        &calendar,
        ("2027-12-23T00:00Z", "2027-12-25T00:00Z"),
        &[
            ("2027-12-23T20:00Z", "2027-12-24T02:00Z"),
            ("2027-12-24T02:00Z", "2027-12-24T03:00Z"),
            ("2027-12-24T12:00Z", "2027-12-24T13:00Z"),
        ],
    );
    // A date's own night is the earlier one.
    let early = daily("UTC", 0, &["01:00-05:00"]);
    let calendar = with_dates(early, &[("2027-12-24", &["12:00-12:00"])]);
    check(
        &calendar,
        ("2027-12-24T00:00Z", "2027-12-26T00:00Z"),
        &[("2027-12-24T12:00Z", "2027-12-25T01:00Z"), ("2027-12-25T01:00Z", "2027-12-25T05:00Z")],
    );
    // Both are dates.
    let both =
        with_dates(nights, &[("2027-12-24", &["23:00-23:00"]), ("2027-12-25", &["22:30-23:30"])]);
    check(
        &both,
        ("2027-12-24T12:00Z", "2027-12-26T00:00Z"),
        &[("2027-12-24T23:00Z", "2027-12-25T22:30Z"), ("2027-12-25T22:30Z", "2027-12-25T23:30Z")],
    );
}

/// Of 90 minutes: the night begins at 20:00, and its grid goes on until 05:00.
#[test]
fn where_a_night_and_a_dates_hours_meet_they_are_one_run() {
    let nights = weekly("UTC", 90, &[(Day::Thu, &["20:00-04:00"])]);
    let calendar = with_dates(nights, &[("2027-12-24", &["02:00-05:00"])]);
    check(
        &calendar,
        WINDOW,
        &[
            ("2027-12-23T20:00Z", "2027-12-23T21:30Z"),
            ("2027-12-23T21:30Z", "2027-12-23T23:00Z"),
            ("2027-12-23T23:00Z", "2027-12-24T00:30Z"),
            ("2027-12-24T00:30Z", "2027-12-24T02:00Z"),
            ("2027-12-24T02:00Z", "2027-12-24T03:30Z"),
            ("2027-12-24T03:30Z", "2027-12-24T05:00Z"),
        ],
    );
    // Where nothing overlaps, but they meet, it is the same.
    let nights = weekly("UTC", 90, &[(Day::Thu, &["23:00-01:00"])]);
    let calendar = with_dates(nights, &[("2027-12-24", &["01:00-02:00"])]);
    check(
        &calendar,
        WINDOW,
        &[("2027-12-23T23:00Z", "2027-12-24T00:30Z"), ("2027-12-24T00:30Z", "2027-12-24T02:00Z")],
    );
}

#[test]
fn overlaps_within_a_date_are_refused() {
    let overlap = dates(&[("2027-12-24", &["13:00-14:00", "12:00-12:00"]), ("2027-12-25", &[])]);
    let overlap = overlap.unwrap_err();
    assert_eq!(overlap.to_string(), "on 2027-12-24, 12:00-12:00 and 13:00-14:00 overlap");
    let Invalid::DateOverlaps { date, .. } = overlap else { panic!("{overlap:?}") };
    assert_eq!(date, jiff::civil::date(2027, 12, 24));
    let same = dates(&[("2027-12-24", &["09:00-10:00", "09:00-10:00"])]);
    assert!(matches!(same, Err(Invalid::DateOverlaps { .. })));
    // Those of two dates are for the calendar to part.
    assert!(dates(&[("2027-12-24", &["20:00-04:00"]), ("2027-12-25", &["01:00-02:00"])]).is_ok());
    assert!(dates(&[("2027-12-24", &["09:00-10:00", "10:00-11:00"])]).is_ok());
}

#[test]
fn there_are_dates_for_a_year() {
    let first: Date = date(2028, 1, 1);
    let days = |count: i64| -> BTreeMap<Date, _> {
        (0..count).map(|day| (first + day.days(), list(&["09:00-10:00"]))).collect()
    };
    let year = Dates::new(days(366)).unwrap();
    assert_eq!(year.dates().len(), 366);
    assert_eq!(Dates::new(days(367)), Err(Invalid::TooManyDates));
    let quarters = vec!["09:00-09:15"; 97];
    assert_eq!(dates(&[("2027-12-24", &quarters)]), Err(Invalid::TooManyOpenings));
}

#[test]
fn equal_dates_are_equal() {
    let one = dates(&[("2027-12-24", &["11:00-12:00", "09:00-10:00"]), ("2027-12-25", &[])]);
    assert_eq!(one, dates(&[("2027-12-24", &["09:00-10:00", "11:00-12:00"]), ("2027-12-25", &[])]));
    assert_ne!(one, dates(&[("2027-12-24", &["09:00-10:00", "11:00-12:00"])]), "one is closed");
}
