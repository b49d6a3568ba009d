//! Opening hours on any date in any zone, against a calendar read off the clock minute by minute.

use crate::fixtures::{WEEK, at, grid, open};
use domain::{Grid, MAX_SLOTS, Rejection};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Zones that change their clocks in every way known: by whole hours, by half ones, by two; at
/// midnight and a minute after it; by a day; backwards in summer; in the middle of Ramadan; never.
const ZONES: [&str; 26] = [
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Caracas",
    "America/Goose_Bay",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
];

/// A zone, and a date of 1990 to 2060 in it: mostly one on or next to which clocks change.
pub fn days() -> impl Strategy<Value = (&'static str, Date)> {
    (select(&ZONES[..]), 0..25_568_i64, -1..=1_i64, prop::bool::weighted(0.8)).prop_map(
        |(name, days, beside, near)| {
            let random = jiff::civil::date(1990, 1, 1) + days.days();
            let zone = TimeZone::get(name).unwrap();
            let from = zone.to_timestamp(random.into()).unwrap();
            let change = zone.following(from).next().filter(|_| near);
            let change = change.map(|change| zone.to_datetime(change.timestamp()).date());
            (name, change.filter(|date| date.year() < 2060).unwrap_or(random) + beside.days())
        },
    )
}

/// Openings of a day: any minutes, and often those at which clocks like to change.
pub fn openings() -> impl Strategy<Value = Vec<(u16, u16)>> {
    let popular =
        vec![0, 1, 30, 60, 90, 120, 135, 150, 180, 210, 240, 1320, 1380, 1410, 1439, 1440];
    let minute = prop_oneof![1 => 0..=1440_u16, 2 => select(popular)];
    let minutes = prop::collection::btree_set(minute, 2..9);
    let kept = prop::collection::vec(prop::bool::weighted(0.75), 8);
    (minutes, kept).prop_map(|(minutes, kept)| {
        let minutes: Vec<u16> = minutes.into_iter().collect();
        let pairs = minutes.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.zip(kept).filter_map(|(opening, kept)| kept.then_some(opening)).collect()
    })
}

pub fn slot_minutes() -> impl Strategy<Value = u32> {
    select(vec![1, 5, 7, 15, 20, 30, 45, 60, 90, 120, 720, 1440_u32])
}

fn daily(zone: &str, minutes: u32, openings: &[(u16, u16)]) -> Grid {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let texts = openings.iter().map(|(from, to)| format!("{}-{}", clock(*from), clock(*to)));
    let texts: Vec<String> = texts.collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Grid { opening: open(&WEEK, &texts), ..grid(zone, minutes, &[]) }
}

/// What the clock shows, minute by minute, from before a date begins anywhere to after it ends.
fn clock(zone: &TimeZone, date: Date) -> Vec<(Timestamp, DateTime)> {
    let from = TimeZone::UTC.to_timestamp((date - 1.day()).into()).unwrap();
    let minutes = (0..4 * 24 * 60).map(|minute| from + SignedDuration::from_mins(minute));
    minutes.map(|instant| (instant, zone.to_datetime(instant))).collect()
}

/// The instant at which the clock first shows this minute of the date, or one after it.
fn reached(clock: &[(Timestamp, DateTime)], date: Date, minute: u16) -> Timestamp {
    let time = DateTime::from(date) + i64::from(minute).minutes();
    clock.iter().find(|(_, shown)| *shown >= time).unwrap().0
}

/// Noon in UTC of the day before.
pub fn noon_before(date: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp((date - 1.day()).at(12, 0, 0, 0)).unwrap()
}

/// Up to three days: whole minutes, or a nanosecond beside them.
pub fn nearby() -> impl Strategy<Value = SignedDuration> {
    (0..4_320_i64, -1..=1_i64).prop_map(|(minutes, off)| {
        SignedDuration::from_mins(minutes) + SignedDuration::from_nanos(off)
    })
}

fn starts(grid: &Grid, date: Date) -> Vec<Vec<Timestamp>> {
    grid.opening.slots_on(date, grid.time_zone.zone(), grid.slot_minutes)
}

proptest! {
    #[test]
    fn a_dates_slots_fill_its_openings(
        (zone, date) in days(), openings in openings(), minutes in slot_minutes(),
    ) {
        let grid = daily(zone, minutes, &openings);
        let clock = clock(grid.time_zone.zone(), date);
        let step = grid.step();
        let mut expected = Vec::new();
        for (opens, closes) in openings {
            let (opens, closes) = (reached(&clock, date, opens), reached(&clock, date, closes));
            let slots = std::iter::successors(Some(opens), |slot| Some(*slot + step));
            expected.push(slots.take_while(|slot| *slot + step <= closes).collect::<Vec<_>>());
        }
        let found = starts(&grid, date);
        prop_assert_eq!(&found, &expected);

        let flat = found.concat();
        prop_assert!(flat.windows(2).all(|pair| pair[0] + step <= pair[1]), "in order and apart");
    }

    #[test]
    fn a_window_has_the_slots_of_its_dates_wherever_it_is_cut(
        (zone, date) in days(), openings in openings(), minutes in slot_minutes(),
        cuts in prop::collection::vec(nearby(), 2..6), at_slots in any::<[Index; 2]>(),
    ) {
        let grid = daily(zone, minutes, &openings);
        let mut dates = [-3_i64, -2, -1, 0, 1, 2, 3].map(|beside| date + beside.days());
        dates.sort();
        let all = dates.iter().flat_map(|date| starts(&grid, *date)).flatten();
        let all: Vec<Timestamp> = all.collect();
        let step = grid.step();
        prop_assert!(all.windows(2).all(|pair| pair[0] + step <= pair[1]), "dates in order");

        let noon = noon_before(date);
        let mut cuts: Vec<Timestamp> = cuts.into_iter().map(|time| noon + time).collect();
        cuts.extend(at_slots.iter().filter(|_| !all.is_empty()).map(|index| *index.get(&all)));
        cuts.sort();
        for pair in cuts.windows(2) {
            let within = |slot: &&Timestamp| (pair[0]..pair[1]).contains(*slot);
            let expected: Vec<Timestamp> = all.iter().filter(within).copied().collect();
            let found: Vec<Timestamp> = grid.slots_between(pair[0], pair[1]).collect();
            prop_assert_eq!(found, expected, "{} to {}", pair[0], pair[1]);
            prop_assert_eq!(grid.slots_between(pair[1], pair[0]).next(), None, "backwards");
        }
    }

    #[test]
    fn what_a_window_shows_can_be_booked_and_nothing_else(
        (zone, date) in days(), openings in openings(), minutes in slot_minutes(),
        others in prop::collection::vec(nearby(), 8),
    ) {
        let grid = daily(zone, minutes, &openings);
        let now = at("1980-01-01T00:00Z");
        let noon = noon_before(date);
        let shown: Vec<Timestamp> = grid.slots_between(noon, noon + 3.hours() * 24).collect();
        for start in shown.iter().step_by(1 + shown.len() / 50) {
            let stretch = grid.stretch(*start, None, now);
            prop_assert_eq!(stretch.map(|stretch| stretch.end), Ok(*start + grid.step()));
        }
        for time in others {
            let start = noon + time;
            let found = grid.stretch(start, None, now).is_ok();
            prop_assert_eq!(found, shown.contains(&start), "{}", start);
        }
    }

    /// From each slot of an opening to each later one, and never from one opening to another.
    #[test]
    fn slots_of_one_opening_are_booked_together(
        (zone, date) in days(), openings in openings(), minutes in slot_minutes(),
        picks in any::<[Index; 2]>(),
    ) {
        let grid = daily(zone, minutes, &openings);
        let slots: Vec<(usize, Timestamp)> = starts(&grid, date).into_iter().enumerate()
            .flat_map(|(opening, slots)| slots.into_iter().map(move |slot| (opening, slot)))
            .collect();
        if slots.is_empty() {
            return Ok(());
        }
        let (first, last) = (picks[0].index(slots.len()), picks[1].index(slots.len()));
        let ((from, start), (to, end)) = (slots[first], slots[last]);
        let end = end + grid.step();
        let found = grid.stretch(start, Some(end), at("1980-01-01T00:00Z"));
        if from != to || last < first {
            prop_assert!(matches!(found, Err(Rejection::Closed(_))), "{:?}", found);
        } else if last - first >= MAX_SLOTS {
            prop_assert!(matches!(found, Err(Rejection::LimitExceeded(_))), "{:?}", found);
        } else {
            let expected = slots[first..=last].iter().map(|(_, slot)| *slot);
            prop_assert!(found.unwrap().slots().eq(expected));
        }
    }
}
