//! Random calendars around days on which clocks change.

use super::oracle::{DAY, Spec};
use domain::calendar::Period;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

/// Where and when: clocks that change by an hour in the night, by half an hour, at midnight, a minute
/// after it, for Ramadan, by two hours, by a day; and those that never do.
pub const CHANGES: [(&str, Date); 20] = [
    ("UTC", date(2027, 2, 28)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("America/New_York", date(2099, 3, 8)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("America/Santiago", date(2027, 4, 3)),
    ("America/Santiago", date(2027, 9, 5)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Africa/Casablanca", date(2027, 2, 7)),
    ("Africa/Casablanca", date(2027, 3, 14)),
    ("Pacific/Apia", date(2010, 9, 26)),
    ("Pacific/Apia", date(2011, 4, 2)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("America/Nuuk", date(2024, 3, 30)),
    ("America/Goose_Bay", date(2010, 3, 14)),
    ("Antarctica/Troll", date(2027, 3, 28)),
    ("Antarctica/Troll", date(2027, 10, 31)),
];

/// Minutes at which clocks like to change, and resources to open.
const POPULAR: [i64; 20] = [
    0, 1, 30, 60, 90, 120, 135, 150, 180, 210, 240, 540, 720, 1020, 1320, 1350, 1380, 1410, 1430,
    1439,
];

pub fn specs() -> impl Strategy<Value = Spec> {
    let lengths = vec![1, 5, 7, 15, 20, 30, 45, 60, 90, 100, 120, 360, 700, 720, 1439, 1440_u32];
    let slot_minutes = prop::option::weighted(0.75, select(lengths));
    (select(&CHANGES[..]), slot_minutes, weeks(), dates(), closures()).prop_map(
        |((zone, date), slot_minutes, week, dates, closures)| {
            let dates = dates.into_iter().map(|(days, hours)| (date + days.days(), hours));
            let time = |(from, lasts): (SignedDuration, SignedDuration)| {
                let start = noon(date) + from;
                Period { start, end: start + lasts }
            };
            let closures = closures.into_iter().map(time).collect();
            Spec { zone, date, slot_minutes, week, dates: dates.collect(), closures }
        },
    )
}

/// Noon of a date in UTC.
pub fn noon(date: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0)).unwrap()
}

/// Up to five days before or after: whole minutes, or a nanosecond beside them.
pub fn nearby() -> impl Strategy<Value = SignedDuration> {
    (-5 * DAY..5 * DAY, -1..=1_i64).prop_map(|(minutes, off)| {
        SignedDuration::from_mins(minutes) + SignedDuration::from_nanos(off)
    })
}

fn minute() -> impl Strategy<Value = i64> {
    prop_oneof![1 => 0..DAY, 2 => select(&POPULAR[..])]
}

/// Weeks cut at the same minutes of each day and at some more, of which all pieces are open, most or half.
pub fn weeks() -> impl Strategy<Value = [Vec<(i64, i64)>; 7]> {
    let daily = prop::collection::btree_set(minute(), 1..5);
    let days_cut = prop::collection::vec(prop::bool::weighted(0.9), 7);
    let more = prop::collection::btree_set((0..7_i64, minute()), 0..4);
    let kept = select(vec![1.0, 1.0, 0.8, 0.5]);
    let kept = kept.prop_flat_map(|share| prop::collection::vec(prop::bool::weighted(share), 40));
    (daily, days_cut, more, kept).prop_map(|(daily, days_cut, more, kept)| {
        let days = (0..7).zip(days_cut).filter(|(_, cut)| *cut);
        let daily = days.flat_map(|(day, _)| daily.iter().map(move |minute| day * DAY + minute));
        let more = more.into_iter().map(|(day, minute)| day * DAY + minute);
        let cuts: BTreeSet<i64> = daily.chain(more).collect();
        let next_week = cuts.first().map(|first| first + 7 * DAY);
        let ends = cuts.iter().copied().skip(1).chain(next_week);
        let mut week: [Vec<(i64, i64)>; 7] = Default::default();
        for ((begins, ends), kept) in cuts.iter().copied().zip(ends).zip(kept) {
            if kept && ends - begins <= DAY {
                let day = usize::try_from(begins / DAY).unwrap();
                week[day].push((begins % DAY, ends - begins));
            }
        }
        week
    })
}

/// Dates up to eight days before or after, with their own openings: some with none, some with a
/// last one that goes on into the night.
fn dates() -> impl Strategy<Value = BTreeMap<i64, Vec<(i64, i64)>>> {
    let cuts = prop::collection::btree_set(minute(), 0..5);
    let kept = prop::collection::vec(prop::bool::weighted(0.75), 5);
    let last = prop_oneof![1..=DAY, select(vec![DAY, 240, 600])];
    let openings = (cuts, kept, last).prop_map(|(cuts, kept, last)| {
        let cuts: Vec<i64> = cuts.into_iter().collect();
        let ends = cuts.iter().skip(1).copied().chain(cuts.last().map(|cut| cut + last));
        let openings = cuts.iter().zip(ends).zip(kept).filter(|(_, kept)| *kept);
        openings.map(|((begins, ends), _)| (*begins, ends - begins)).collect()
    });
    prop::collection::btree_map(-8..=8_i64, openings, 0..7)
}

fn closures() -> impl Strategy<Value = Vec<(SignedDuration, SignedDuration)>> {
    let lasts = (1..3_000_i64).prop_map(SignedDuration::from_mins);
    prop::collection::vec((nearby(), lasts), 0..3)
}
