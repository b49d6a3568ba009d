//! The openings of a week as they are written, and what makes none.

use super::{check, daily, list, weekly};
use crate::fixtures::hours;
use domain::calendar::{Day, Hours, Invalid, Week};
use std::collections::BTreeMap;

fn week(days: &[(Day, &[&str])]) -> Result<Week, Invalid> {
    let days: BTreeMap<_, _> = days.iter().map(|(day, openings)| (*day, list(openings))).collect();
    Week::new(days)
}

#[test]
fn hours_are_read_as_documented() {
    for (good, minutes) in [
        ("09:00-12:30", 540..750),
        ("00:00-24:00", 0..1440),
        ("00:00-00:00", 0..1440),
        ("12:00-12:00", 720..2160),
        ("22:00-02:00", 1320..1560),
        ("22:00-24:00", 1320..1440),
        ("22:00-00:00", 1320..1440),
        ("23:59-23:58", 1439..2878),
        ("23:59-23:59", 1439..2879),
        ("00:00-00:01", 0..1),
    ] {
        assert_eq!(hours(good).minutes(), minutes, "{good}");
        assert_eq!(String::from(hours(good)), good, "kept as it is written");
    }
    for bad in [
        "",
        "-",
        ":-:",
        "9:00-12:00",
        "09:00-9:30",
        "09:00",
        "09:60-10:00",
        "24:00-24:00",
        "24:00-02:00",
        "23:00-24:01",
        "23:00-25:00",
        "09:00-12:00-13:00",
        "+9:00-10:00",
        " 09:00-10:00",
        "09:00-10:00 ",
        "09:00 - 10:00",
        "٠٩:00-10:00",
        "09:00:00-10:00:00",
        "99:99-99:99",
        "00:00-99:00",
    ] {
        assert!(Hours::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn an_opening_that_ends_at_or_before_its_start_ends_the_next_day() {
    let nights = weekly("Europe/Zurich", 0, &[(Day::Fri, &["22:00-02:00"])]);
    let window = ("2027-01-11T00:00Z", "2027-01-18T00:00Z");
    check(&nights, window, &[("2027-01-15T21:00Z", "2027-01-16T01:00Z")]);
    let noons = weekly("Europe/Zurich", 0, &[(Day::Sun, &["12:00-12:00"])]);
    check(&noons, window, &[("2027-01-17T11:00Z", "2027-01-18T11:00Z")]);
    for whole in ["00:00-24:00", "00:00-00:00"] {
        let days = weekly("Europe/Zurich", 0, &[(Day::Mon, &[whole])]);
        check(&days, window, &[("2027-01-17T23:00Z", "2027-01-18T23:00Z")]);
    }
}

#[test]
fn a_week_has_the_openings_of_its_days_in_order() {
    let calendar = weekly(
        "Europe/Zurich",
        60,
        &[
            (Day::Mon, &["11:00-12:00", "09:00-10:00"]),
            (Day::Tue, &[]),
            (Day::Fri, &["23:00-01:00"]),
        ],
    );
    check(
        &calendar,
        ("2027-01-11T00:00Z", "2027-01-18T10:00Z"),
        &[
            ("2027-01-11T08:00Z", "2027-01-11T09:00Z"),
            ("2027-01-11T10:00Z", "2027-01-11T11:00Z"),
            ("2027-01-15T22:00Z", "2027-01-15T23:00Z"),
            ("2027-01-15T23:00Z", "2027-01-16T00:00Z"),
            ("2027-01-18T08:00Z", "2027-01-18T09:00Z"),
        ],
    );
    let days = calendar.week.days();
    assert_eq!(days.keys().copied().collect::<Vec<Day>>(), [Day::Mon, Day::Fri]);
    assert_eq!(days[&Day::Mon], list(&["09:00-10:00", "11:00-12:00"]));
}

#[test]
fn equal_weeks_are_equal() {
    let (one, other) = (["09:00-10:00", "11:00-12:00"], ["11:00-12:00", "09:00-10:00"]);
    assert_eq!(week(&[(Day::Mon, &one), (Day::Tue, &[])]), week(&[(Day::Mon, &other)]));
    assert_ne!(week(&[(Day::Mon, &one)]), week(&[(Day::Tue, &one)]));
    assert_eq!(daily("UTC", 30, &one), daily("UTC", 30, &other));
    assert_ne!(daily("UTC", 30, &one), daily("UTC", 60, &one));
    assert_ne!(daily("UTC", 30, &one), daily("UTC", 0, &one));
}

#[test]
fn overlaps_are_refused_also_around_the_week() {
    let refused = |days: &[(Day, &[&str])]| match week(days) {
        Err(Invalid::WeekOverlaps(first, second)) => {
            let text = |(day, hours): (Day, Hours)| format!("{} {hours}", day.as_str());
            (text(first), text(second))
        }
        other => panic!("{days:?}: {other:?}"),
    };
    let check = |days: &[(Day, &[&str])], first: &str, second: &str| {
        assert_eq!(refused(days), (first.to_owned(), second.to_owned()));
    };
    check(&[(Day::Mon, &["10:00-11:00", "09:00-10:01"])], "mon 09:00-10:01", "mon 10:00-11:00");
    check(&[(Day::Mon, &["09:00-10:00", "09:00-10:00"])], "mon 09:00-10:00", "mon 09:00-10:00");
    check(&[(Day::Mon, &["12:00-12:00", "12:00-13:00"])], "mon 12:00-12:00", "mon 12:00-13:00");
    check(
        &[(Day::Mon, &["22:00-02:00"]), (Day::Tue, &["01:59-03:00"])],
        "mon 22:00-02:00",
        "tue 01:59-03:00",
    );
    check(
        &[(Day::Mon, &["00:00-01:00"]), (Day::Sun, &["22:00-00:01"])],
        "sun 22:00-00:01",
        "mon 00:00-01:00",
    );
    let message = week(&[(Day::Sun, &["12:00-12:00"]), (Day::Mon, &["11:00-13:00"])]);
    let message = message.unwrap_err().to_string();
    assert_eq!(message, "sun 12:00-12:00 and mon 11:00-13:00 overlap");

    let touching: &[(Day, &[&str])] = &[
        (Day::Mon, &["00:00-10:00", "10:00-11:00", "22:00-02:00"]),
        (Day::Tue, &["02:00-03:00"]),
        (Day::Sun, &["22:00-24:00"]),
    ];
    assert!(week(touching).is_ok());
    assert!(week(&[(Day::Sun, &["12:00-12:00"])]).is_ok(), "the only one of a week");
}

#[test]
fn a_day_has_openings_of_a_quarter_of_an_hour() {
    let quarter = |quarter: u32| {
        let (from, to) = (quarter * 15, quarter * 15 + 15);
        format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    };
    let quarters: Vec<String> = (0..96).map(quarter).collect();
    let mut quarters: Vec<&str> = quarters.iter().map(String::as_str).collect();
    assert!(week(&[(Day::Mon, &quarters)]).is_ok());
    quarters[95] = "23:45-23:50";
    quarters.push("23:50-24:00");
    assert_eq!(week(&[(Day::Mon, &quarters)]), Err(Invalid::TooManyOpenings));
}

#[test]
fn weeks_around_the_clock_are_known() {
    let around = |openings: &[&str]| daily("UTC", 60, openings).week.is_around_the_clock();
    assert!(around(&["00:00-24:00"]));
    assert!(around(&["12:00-12:00"]));
    assert!(around(&["06:00-22:00", "22:00-06:00"]));
    assert!(!around(&[]));
    assert!(!around(&["00:00-23:59"]));
    assert!(!around(&["12:01-12:00"]));
    assert!(!weekly("UTC", 60, &[(Day::Mon, &["00:00-24:00"])]).week.is_around_the_clock());
}
