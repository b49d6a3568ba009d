//! Runs that began long before the window that is asked for.

use super::oracle::{DAY, Spec};
use super::random::{CHANGES, weeks};
use super::{daily, weekly, with_dates};
use crate::fixtures::{WEEK, at};
use domain::calendar::{Calendar, Dates, Day, Hours, Period};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::select;

/// The first slot at or after an instant.
fn first_from(calendar: &Calendar, from: &str) -> Timestamp {
    calendar.slots(at(from), Timestamp::MAX).next().unwrap().start
}

/// Slots of 7 hours start at all hours of the day, so whether their grid goes on shows years later.
#[test]
fn a_run_keeps_its_grid_for_good() {
    let around = daily("UTC", 420, &["00:00-24:00"]);
    let calendar = with_dates(around.clone(), &[("2003-12-25", &[])]);
    let began = at("2003-12-26T00:00Z");
    for from in ["2003-12-26T00:00Z", "2004-02-01T12:34Z", "2027-12-26T00:00Z", "9027-01-01T00:00Z"]
    {
        let hours = first_from(&calendar, from).duration_since(began).as_hours();
        assert_eq!(hours % 7, 0, "{from}");
        assert!(
            first_from(&calendar, from).duration_since(at(from)) < SignedDuration::from_hours(7)
        );
    }
    // Before the break, it steps from midnights.
    assert_eq!(first_from(&calendar, "2003-12-24T22:00Z"), began);
    assert_eq!(first_from(&calendar, "2003-12-23T22:00Z"), at("2003-12-24T00:00Z"));
    assert_eq!(first_from(&around, "2027-12-26T22:00Z"), at("2027-12-27T00:00Z"));
}

/// Dates that are open around the clock break nothing.
#[test]
fn the_nearest_break_counts_and_not_the_nearest_date() {
    let around = daily("UTC", 420, &["00:00-24:00"]);
    let calendar = with_dates(
        around,
        &[
            ("2027-03-01", &["00:00-23:00"]),
            ("2027-03-02", &["00:00-24:00"]),
            ("2027-04-01", &["00:00-12:00", "12:00-24:00"]),
            ("2027-05-01", &["00:00-24:00"]),
        ],
    );
    let began = at("2027-03-02T00:00Z");
    for from in ["2027-03-20T00:00Z", "2027-04-01T13:00Z", "2027-05-01T00:00Z", "2027-09-01T00:00Z"]
    {
        assert_eq!(first_from(&calendar, from).duration_since(began).as_hours() % 7, 0, "{from}");
    }
    assert_eq!(first_from(&calendar, "2027-02-20T22:00Z"), at("2027-02-21T00:00Z"));
}

/// The date that Samoa left out took an opening with it that would have begun on it: the run begins
/// at the noon after. Where no opening goes over midnight, nothing is missing.
#[test]
fn a_left_out_date_breaks_a_run_whose_opening_began_on_it() {
    let noons = daily("Pacific/Apia", 420, &["12:00-12:00"]);
    let began = at("2011-12-30T22:00Z");
    for from in ["2012-01-01T00:00Z", "2027-01-01T00:00Z"] {
        assert_eq!(first_from(&noons, from).duration_since(began).as_hours() % 7, 0, "{from}");
    }
    let days = daily("Pacific/Apia", 420, &["00:00-24:00"]);
    assert_eq!(first_from(&days, "2027-01-01T08:00Z"), at("2027-01-01T11:00Z"), "local midnight");
}

/// Nuuk's clocks skipped the last hour of Saturday, 30 March 2024, and with it that date's only
/// opening: nothing of it touches what Sunday opens with.
#[test]
fn a_date_without_openings_is_not_taken_for_an_ordinary_one() {
    let mut days = WEEK.map(|day| (day, &["00:00-24:00"][..]));
    days[4] = (Day::Fri, &["00:00-23:00", "23:00-23:00"]);
    days[5] = (Day::Sat, &["23:00-24:00"]);
    let calendar = weekly("America/Nuuk", 420, &days);
    assert!(calendar.week.is_around_the_clock());
    let calendar = with_dates(calendar, &[("2024-03-31", &["09:00-24:00"])]);
    let began = at("2024-03-31T10:00Z");
    for from in ["2024-03-31T10:00Z", "2024-04-01T00:00Z", "2024-06-01T00:00Z"] {
        assert_eq!(first_from(&calendar, from).duration_since(began).as_hours() % 7, 0, "{from}");
    }
    // The run before ends at the change, and steps from midnights.
    assert_eq!(first_from(&calendar, "2024-03-30T03:00Z"), at("2024-03-30T09:00Z"));
    assert_eq!(first_from(&calendar, "2024-03-30T17:00Z"), began);
}

/// Closed on Sundays at 03:00, but for all Sundays of seven years: dates fill the break of each week.
#[test]
fn dates_may_fill_the_break_of_each_week() {
    let mut days = WEEK.map(|day| (day, &["00:00-24:00"][..]));
    days[6] = (Day::Sun, &["00:00-03:00", "04:00-24:00"]);
    let mut calendar = weekly("UTC", 420, &days);
    let first = date(2027, 1, 3);
    let whole = || vec![Hours::parse("00:00-24:00").unwrap()];
    let sundays = (0..366).map(|week| (first + (7 * week).days(), whole()));
    calendar.dates = Dates::new(sundays.collect()).unwrap();
    let began = at("2026-12-27T04:00Z");
    for from in ["2027-06-01T00:00Z", "2034-01-01T00:00Z", "2034-01-07T23:00Z"] {
        assert_eq!(first_from(&calendar, from).duration_since(began).as_hours() % 7, 0, "{from}");
    }
    assert_eq!(first_from(&calendar, "2034-01-08T02:00Z"), at("2034-01-08T04:00Z"));
}

/// Weeks with dates over three years, two windows that end together, one of which begins earlier.
fn far_apart() -> impl Strategy<Value = (Spec, i64, i64)> {
    let openings = select(vec![
        vec![],
        vec![(0, DAY)],
        vec![(0, 720), (720, 720)],
        vec![(540, 480)],
        vec![(720, DAY)],
    ]);
    let dates = prop::collection::btree_map(-500..500_i64, openings, 0..8);
    let lengths = prop::option::weighted(0.9, select(vec![45, 60, 90, 100, 360, 700, 1440_u32]));
    (select(&CHANGES[..]), lengths, weeks(), dates, -600..600_i64, 1..1000_i64).prop_map(
        |((zone, date), slot_minutes, week, dates, from, earlier)| {
            let dates =
                dates.into_iter().map(|(days, hours)| (date + days.days(), hours)).collect();
            (Spec { zone, date, slot_minutes, week, dates, closures: Vec::new() }, from, earlier)
        },
    )
}

proptest! {
    /// Where a run began is found from any window that it goes on in.
    #[test]
    fn a_window_has_the_same_slots_wherever_it_begins((spec, from, earlier) in far_apart()) {
        let calendar = spec.calendar();
        let days = |count: i64| SignedDuration::from_hours(24 * count);
        let from = super::random::noon(spec.date) + days(from);
        let to = from + days(3);
        let late: Vec<Period> = calendar.slots(from, to).collect();
        let early = calendar.slots(from - days(earlier), to);
        let early: Vec<Period> = early.skip_while(|slot| slot.start < from).collect();
        prop_assert_eq!(late, early);
    }
}
