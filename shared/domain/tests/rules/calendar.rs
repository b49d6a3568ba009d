//! Opening hours on days on which clocks change, against instants worked out by hand.

use crate::fixtures::{at, grid, hours};
use domain::opening::{Day, Hours};
use domain::{Opening, SlotMinutes, TimeZoneName};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The slots of this local date, which is open like this, in one list for each opening.
fn slots(zone: &str, date: &str, minutes: u32, openings: &[&str]) -> Vec<Vec<Timestamp>> {
    let date: Date = date.parse().unwrap();
    let zone = TimeZoneName::parse(zone).unwrap();
    let minutes = SlotMinutes::new(minutes).unwrap();
    let week = BTreeMap::from([(
        Day::from(date.weekday()),
        openings.iter().copied().map(hours).collect::<Vec<_>>(),
    )]);
    Opening::try_from(week).unwrap().slots_on(date, zone.zone(), minutes)
}

/// Checks one opening of a date: exactly these slots.
#[track_caller]
fn check(zone: &str, date: &str, minutes: u32, opening: &str, expected: &[&str]) {
    let expected: Vec<Timestamp> = expected.iter().copied().map(at).collect();
    assert_eq!(slots(zone, date, minutes, &[opening]), [expected], "{zone} {date} {opening}");
}

/// Checks a date that is open around the clock: so many adjacent slots from here to there.
#[track_caller]
fn check_day(zone: &str, date: &str, minutes: u32, count: usize, (from, to): (&str, &str)) {
    let step = SignedDuration::from_mins(minutes.into());
    let found = slots(zone, date, minutes, &["00:00-24:00"]).concat();
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
fn openings_stay_apart_even_where_they_touch() {
    let found = slots("UTC", "2027-01-11", 45, &["09:00-10:00", "10:00-11:00", "11:00-11:45"]);
    let expected = ["2027-01-11T09:00Z", "2027-01-11T10:00Z", "2027-01-11T11:00Z"];
    assert_eq!(found, expected.map(|start| vec![at(start)]));
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

/// Newfoundland's clocks went back at 00:01, so that Sunday's first minute was followed by the last
/// hour of Saturday: slots of Sunday's opening that read Saturday on the clock.
#[test]
fn a_slot_belongs_to_its_opening_whatever_date_the_clock_shows() {
    let grid = grid("America/St_Johns", 30, &["00:00-01:00"]);
    let sunday =
        ["02:30", "03:00", "03:30", "04:00"].map(|time| at(&format!("2010-11-07T{time}Z")));
    let (from, to) = (at("2010-11-06T12:00Z"), at("2010-11-07T12:00Z"));
    assert!(grid.slots_between(from, to).eq(sunday));
    for (index, start) in sunday.into_iter().enumerate() {
        assert!(grid.stretch(start, None, from).is_ok(), "{start}");
        assert!(grid.slots_between(start, to).eq(sunday[index..].iter().copied()), "{start}");
        assert!(grid.slots_between(from, start).eq(sunday[..index].iter().copied()), "{start}");
    }
    assert!(grid.stretch(sunday[0], Some(at("2010-11-07T04:30Z")), from).is_ok());
}

#[test]
fn a_week_has_the_openings_of_its_days() {
    let opening: BTreeMap<Day, Vec<Hours>> = BTreeMap::from([
        (Day::Mon, vec![hours("09:00-10:00"), hours("11:00-12:00")]),
        (Day::Tue, Vec::new()),
        (Day::Fri, vec![hours("23:00-24:00")]),
    ]);
    let mut grid = grid("Europe/Zurich", 60, &[]);
    grid.opening = Opening::try_from(opening).unwrap();
    let found = grid.slots_between(at("2027-01-11T00:00Z"), at("2027-01-18T10:00Z"));
    let expected =
        ["2027-01-11T08:00Z", "2027-01-11T10:00Z", "2027-01-15T22:00Z", "2027-01-18T08:00Z"];
    assert!(found.eq(expected.map(at)));
}

#[test]
fn hours_are_read_as_documented() {
    for good in ["00:00-24:00", "09:00-12:30", "23:59-24:00", "00:00-00:01"] {
        assert_eq!(String::from(hours(good)), good);
    }
    let bad = [
        "",
        "-",
        ":-:",
        "9:00-12:00",
        "09:00-9:30",
        "09:00",
        "12:00-09:00",
        "09:00-09:00",
        "09:60-10:00",
        "24:00-24:00",
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
    ];
    for bad in bad {
        assert!(Hours::try_from(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[test]
fn a_days_openings_are_in_order_and_apart() {
    let day = |openings: &[&str]| {
        let openings: Vec<Hours> = openings.iter().copied().map(hours).collect();
        Opening::try_from(BTreeMap::from([(Day::Mon, openings)]))
    };
    assert!(day(&["09:00-10:00", "10:00-11:00"]).is_ok());
    assert!(day(&["09:00-10:01", "10:00-11:00"]).is_err());
    assert!(day(&["10:00-11:00", "09:00-10:00"]).is_err());
    assert!(day(&["09:00-10:00", "09:00-10:00"]).is_err());
    let minutes: Vec<String> =
        (10..35).map(|minute| format!("09:{minute}-09:{}", minute + 1)).collect();
    let minutes: Vec<&str> = minutes.iter().map(String::as_str).collect();
    assert!(day(&minutes[..24]).is_ok());
    assert!(day(&minutes).is_err(), "25 openings");
}

#[test]
fn zones_are_those_of_the_iana_database() {
    for good in ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
        assert_eq!(String::from(TimeZoneName::parse(good).unwrap()), good);
    }
    let zurich = TimeZoneName::parse("europe/zurich").unwrap();
    assert_eq!(String::from(zurich), "Europe/Zurich", "kept as the database spells it");
    let bad = [
        "",
        "Mars/Olympus",
        "+02:00",
        "EST5EDT4",
        "../../etc/passwd",
        "/etc/localtime",
        "Etc/Unknown",
        "right/Europe/Zurich",
        "Europe/Zurich\0",
        "Europe",
        "tzdata.zi",
    ];
    for bad in bad {
        assert!(TimeZoneName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn zones_are_known_where_the_system_knows_none() {
    let bundled = jiff::tz::TimeZoneDatabase::bundled();
    for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] {
        assert!(bundled.get(zone).is_ok(), "{zone}");
    }
}
