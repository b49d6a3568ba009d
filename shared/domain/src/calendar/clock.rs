//! When the clock of a zone first reaches a local time.

use crate::calendar::hours::DAY;
use jiff::civil::{Date, Time, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Until then, a zone may change its clocks in any way. Later changes follow a rule that repeats each
/// year, and leave out some hours at most: tables of changes end in 2037.
const RULES_ONLY: Date = date(2040, 1, 1);
/// Seconds of a day on the clock.
const DAY_SECONDS: i32 = 24 * 60 * 60;
/// The shortest time there is.
const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// The instant at which the clock of `zone` first reaches this minute of this date. Minutes from
/// 1440 on are those of the next date, up to its end. None before or after all time.
pub fn instant(date: Date, minute: u16, zone: &TimeZone) -> Option<Timestamp> {
    let (date, minute) =
        if minute < DAY { (date, minute) } else { (date.tomorrow().ok()?, minute - DAY) };
    let clock = |part: u16| i8::try_from(part).ok();
    let time = Time::new(clock(minute / 60)?, clock(minute % 60)?, 0, 0).ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        // Transitions are asked for strictly before an instant, and a gap begins with its own.
        let after = ambiguous.later().ok()?.checked_add(NANOSECOND).ok()?;
        return zone.preceding(after).next().map(|transition| transition.timestamp());
    }
    ambiguous.earlier().ok()
}

/// The instant at which this date begins, or the end of all time that is nearer to it.
pub fn midnight(date: Date, zone: &TimeZone) -> Timestamp {
    let end_of_time = if date.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    instant(date, 0, zone).unwrap_or(end_of_time)
}

/// The last date after `after` and not after `date` that the zone leaves out, as Samoa did with
/// 30 December 2011. It reads the zone's changes from there back: some 300 at most, two for each year.
pub fn last_left_out(date: Date, after: Option<Date>, zone: &TimeZone) -> Option<Date> {
    // A date is left out by the change that the next date begins with.
    let begins = |next: Date| midnight(next.saturating_add(1.day()), zone);
    let until = begins(date.min(RULES_ONLY)).checked_add(NANOSECOND).unwrap_or(Timestamp::MAX);
    let from = after.map_or(Timestamp::MIN, begins);
    let changes = zone.preceding(until).map(|change| (change.timestamp(), change.offset()));
    let mut changes = changes.take_while(|(change, _)| *change >= from);
    changes.find_map(|(change, offset)| {
        let before = change.checked_sub(NANOSECOND).ok()?;
        let skips_a_day = offset.seconds() - zone.to_offset(before).seconds() >= DAY_SECONDS;
        let last = skips_a_day.then(|| zone.to_datetime(change).date().yesterday().ok())??;
        (last > zone.to_datetime(before).date()).then(|| last.min(date))
    })
}
