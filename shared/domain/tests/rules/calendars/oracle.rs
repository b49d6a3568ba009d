//! A calendar read off the clock, minute by minute. It asks what the clock shows at each minute of a
//! walk, which opening that is in, and counts; it knows nothing of how slots are found elsewhere.

use crate::fixtures::WEEK;
use domain::calendar::{Calendar, Closure, Closures, Dates, Hours, Period, Week};
use domain::{SlotMinutes, TimeZoneName};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Minutes of a day.
pub const DAY: i64 = 1440;
/// A walk begins so many days before its date. Whatever breaks a run does so within that time: a
/// run that the walk begins in has no beginning.
const BEFORE: i64 = 25;
/// And it ends so many days after.
const AFTER: i64 = 10;

/// What a random calendar is made of: openings by the minute at which they begin and how many minutes
/// they last on the clock, 1 to 1440.
#[derive(Debug, Clone)]
pub struct Spec {
    pub zone: &'static str,
    pub date: Date,
    pub slot_minutes: Option<u32>,
    pub week: [Vec<(i64, i64)>; 7],
    pub dates: BTreeMap<Date, Vec<(i64, i64)>>,
    pub closures: Vec<Period>,
}

impl Spec {
    /// The calendar, as an operator would write it.
    pub fn calendar(&self) -> Calendar {
        let list = |openings: &[(i64, i64)]| openings.iter().copied().map(written).collect();
        let week = WEEK.into_iter().zip(&self.week).map(|(day, openings)| (day, list(openings)));
        let dates = self.dates.iter().map(|(date, openings)| (*date, list(openings)));
        let closures = self.closures.iter().map(|time| Closure { time: *time, reason: None });
        Calendar {
            time_zone: TimeZoneName::parse(self.zone).unwrap(),
            slot_minutes: self.slot_minutes.map(|minutes| SlotMinutes::new(minutes).unwrap()),
            week: Week::new(week.collect()).unwrap(),
            dates: Dates::new(dates.collect()).unwrap(),
            closures: Closures::new(closures.collect()).unwrap(),
        }
    }

    /// All slots of the walk in order, closed ones too; those near its ends may be missing.
    pub fn slots(&self) -> Vec<Period> {
        let walk = Walk::of(self.zone, self.date);
        let openings = self.openings_by_minute(&walk);
        let found = match self.slot_minutes {
            Some(minutes) => cut(&openings, &walk.midnights, i64::from(minutes)),
            None => pieces(&openings),
        };
        let instant = |minute: usize| walk.begins + minutes(i64::try_from(minute).unwrap());
        let period = |(start, end)| Period { start: instant(start), end: instant(end) };
        found.into_iter().map(period).collect()
    }

    /// Which opening it is open for, at each minute of the walk.
    fn openings_by_minute(&self, Walk { reached, dates, .. }: &Walk) -> Vec<Option<usize>> {
        let mut open = vec![None; reached.len()];
        let mut open_until = 0;
        let mut count = 0;
        for date in dates {
            for (begins, lasts) in self.written_on(*date) {
                let begins = date * DAY + begins;
                let first = reached.partition_point(|clock| *clock < begins);
                let end = reached.partition_point(|clock| *clock < begins + lasts);
                if first < end {
                    // The one before ends now, whether or not this one lasts as long.
                    open[first..open_until.max(first)].fill(None);
                    open[first..end].fill(Some(count));
                    (open_until, count) = (end, count + 1);
                }
            }
        }
        open
    }

    /// The openings of a date, which is given in days since 1970.
    fn written_on(&self, days: i64) -> Vec<(i64, i64)> {
        let date = Date::constant(1970, 1, 1) + days.days();
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
        self.dates.get(&date).unwrap_or(&self.week[weekday]).clone()
    }
}

/// An opening as text. Midnight at its end is written in both ways.
fn written((begins, lasts): (i64, i64)) -> Hours {
    let ends = (begins + lasts) % DAY;
    let ends = if ends == 0 && begins % 2 == 0 { DAY } else { ends };
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    Hours::parse(&format!("{}-{}", clock(begins), clock(ends))).unwrap()
}

/// What is open without a break, from its first minute to its end.
fn runs(open: &[Option<usize>]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (minute, _) in open.iter().enumerate().filter(|(_, open)| open.is_some()) {
        match runs.last_mut() {
            Some((_, end)) if *end == minute => *end += 1,
            _ => runs.push((minute, minute + 1)),
        }
    }
    runs
}

/// Slots of this length: from the beginning of each run, or from each midnight if it has none.
fn cut(open: &[Option<usize>], midnights: &[usize], length: i64) -> Vec<(usize, usize)> {
    let length = usize::try_from(length).unwrap();
    let mut slots = Vec::new();
    let mut fill = |from: usize, to: usize| {
        let mut start = from;
        while start + length <= to {
            slots.push((start, start + length));
            start += length;
        }
    };
    for (begins, ends) in runs(open) {
        if begins > 0 {
            fill(begins, ends);
            continue;
        }
        for pair in midnights.windows(2).filter(|pair| pair[0] < ends) {
            fill(pair[0], pair[1].min(ends));
        }
    }
    slots
}

/// Each opening whole, but for one that the walk begins in.
fn pieces(open: &[Option<usize>]) -> Vec<(usize, usize)> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    for minute in 1..open.len() {
        if open[minute].is_none() {
            continue;
        }
        if open[minute] != open[minute - 1] {
            pieces.push((minute, minute + 1));
        } else if let Some((_, end)) = pieces.last_mut() {
            *end += 1;
        }
    }
    pieces
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// What the clock of a zone has shown, at each minute around a date.
struct Walk {
    begins: Timestamp,
    /// The latest local time that was shown until each minute, in minutes since 1970: a clock that
    /// goes back shows nothing new until it is as far again.
    reached: Vec<i64>,
    /// The minutes at which a new date is reached.
    midnights: Vec<usize>,
    /// The dates that are reached, in days since 1970, and the one before: the walk may begin in an
    /// opening of it.
    dates: Vec<i64>,
}

thread_local! {
    static WALKS: RefCell<BTreeMap<(&'static str, Date), Rc<Walk>>> = RefCell::default();
}

impl Walk {
    fn of(zone: &'static str, date: Date) -> Rc<Self> {
        WALKS.with_borrow_mut(|walks| {
            walks.entry((zone, date)).or_insert_with(|| Rc::new(Self::new(zone, date))).clone()
        })
    }

    fn new(zone: &str, date: Date) -> Self {
        let zone = TimeZone::get(zone).unwrap();
        let noon = TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0)).unwrap();
        let begins = noon - minutes(BEFORE * DAY);
        let mut reached: Vec<i64> = Vec::new();
        for minute in 0..(BEFORE + AFTER) * DAY {
            let shown = zone.to_datetime(begins + minutes(minute));
            let shown = shown.duration_since(Date::constant(1970, 1, 1).into()).as_mins();
            reached.push(shown.max(reached.last().copied().unwrap_or(shown)));
        }
        let date = |minute: usize| reached[minute].div_euclid(DAY);
        let midnights = (1..reached.len()).filter(|minute| date(*minute) > date(minute - 1));
        let midnights: Vec<usize> = midnights.collect();
        let first = [date(0) - 1, date(0)];
        let dates = first.into_iter().chain(midnights.iter().copied().map(date)).collect();
        Self { begins, reached, midnights, dates }
    }
}
