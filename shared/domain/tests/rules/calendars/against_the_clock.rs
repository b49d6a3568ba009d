//! Random calendars against what the clock shows, minute by minute. 256 of them; more with
//! `PROPTEST_CASES=10000`.

use super::oracle::Spec;
use super::random::{nearby, noon, specs};
use domain::calendar::{Calendar, Length, NotWhole, Period};
use domain::{MAX_SLOTS, Stretch};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseResult;

/// What is asked of each calendar: instants nearby, and slots by chance.
#[derive(Debug)]
struct Asked {
    instants: Vec<SignedDuration>,
    slots: Vec<Index>,
    counts: Vec<usize>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let instants = prop::collection::vec(nearby(), 2..6);
    let slots = prop::collection::vec(any::<Index>(), 4);
    let counts = prop::collection::vec(prop_oneof![1..5_usize, 1..120_usize], 2);
    (instants, slots, counts).prop_map(|(instants, slots, counts)| Asked {
        instants,
        slots,
        counts,
    })
}

proptest! {
    #[test]
    fn a_calendar_has_the_slots_that_the_clock_shows(spec in specs(), asked in asked()) {
        let clock = Clock::read(&spec, &asked);
        let calendar = spec.calendar();
        let starts = clock.near.iter().map(|slot| slot.start);
        let mut instants: Vec<Timestamp> = clock.instants.iter().copied().chain(starts).collect();
        // The first and the last of all, and each of a few in between.
        instants.sort();
        clock.check_windows(&calendar, &instants)?;
        let mut coverage = calendar.coverage();
        for start in &instants {
            clock.check_stretches(&calendar, *start, &asked.counts)?;
            for end in &instants {
                let time = Period { start: *start, end: *end };
                clock.check_whole(&calendar, time)?;
                prop_assert_eq!(coverage.covers(time), calendar.covers(time), "{:?}", time);
                if start < end {
                    clock.check_agreement(&calendar, time)?;
                }
            }
        }
    }
}

/// What the clock says of a calendar.
struct Clock {
    slots: Vec<Period>,
    closures: Vec<Period>,
    instants: Vec<Timestamp>,
    /// Some of the slots.
    near: Vec<Period>,
    /// Slots that end later may be missing.
    known_until: Timestamp,
}

impl Clock {
    fn read(spec: &Spec, asked: &Asked) -> Self {
        let noon = noon(spec.date);
        let mut slots = spec.slots();
        let instants = asked.instants.iter().map(|off| noon + *off).collect();
        let days = |days: i64| noon + SignedDuration::from_hours(24 * days);
        // All that is asked for is nearer than that.
        slots.retain(|slot| days(-8) < slot.start);
        let within: Vec<usize> = (0..slots.len())
            .filter(|index| days(-5) <= slots[*index].start && slots[*index].end < days(5))
            .collect();
        let picked = asked.slots.iter().filter(|_| !within.is_empty());
        let near = picked.map(|index| slots[*index.get(&within)]).collect();
        Self { slots, closures: spec.closures.clone(), instants, near, known_until: days(8) }
    }

    fn is_closed(&self, time: Period) -> bool {
        self.closures.iter().any(|closure| closure.start < time.end && time.start < closure.end)
    }

    /// The slots from this start on that follow each other without a break.
    fn adjacent(&self, start: Timestamp) -> Vec<Period> {
        let from = self.slots.partition_point(|slot| slot.start < start);
        let mut adjacent: Vec<Period> = Vec::new();
        for slot in &self.slots[from..] {
            if adjacent.is_empty() && slot.start != start {
                break;
            }
            if adjacent.last().is_some_and(|last| last.end != slot.start) {
                break;
            }
            adjacent.push(*slot);
        }
        adjacent
    }

    fn check_windows(&self, calendar: &Calendar, cuts: &[Timestamp]) -> TestCaseResult {
        for pair in cuts.windows(2).chain([&[cuts[0], cuts[cuts.len() - 1]][..]]) {
            let (from, to) = (pair[0], pair[1]);
            let within = self.slots.iter().filter(|slot| from <= slot.start && slot.start < to);
            let within: Vec<Period> = within.copied().collect();
            let found: Vec<Period> = calendar.slots(from, to).collect();
            prop_assert_eq!(&found, &within, "slots from {} to {}", from, to);
            prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start), "apart");
            let open: Vec<Period> =
                within.into_iter().filter(|slot| !self.is_closed(*slot)).collect();
            let found: Vec<Period> = calendar.offered(from, to).collect();
            prop_assert_eq!(found, open, "offered from {} to {}", from, to);
            prop_assert_eq!(calendar.slots(to, from).next(), None, "backwards");
        }
        Ok(())
    }

    fn check_stretches(
        &self,
        calendar: &Calendar,
        start: Timestamp,
        counts: &[usize],
    ) -> TestCaseResult {
        let adjacent = self.adjacent(start);
        for count in counts.iter().copied() {
            let found = calendar.stretch(start, Length::Slots(count));
            let wanted = &adjacent[..count.min(adjacent.len())];
            if wanted.last().is_some_and(|last| last.end > self.known_until) {
                continue;
            }
            let whole = wanted.last().map(|last| Period { start, end: last.end });
            match found {
                Ok(found) => {
                    prop_assert!(found.slots().eq(wanted.iter().copied()));
                    prop_assert!(found.time().length() <= calendar.longest_stretch());
                    prop_assert!(wanted.len() == count && !self.is_closed(whole.unwrap()));
                    prop_assert!(count <= MAX_SLOTS);
                }
                Err(NotWhole::Start) => prop_assert!(adjacent.is_empty()),
                Err(NotWhole::TooShort) => prop_assert!(wanted.len() < count),
                Err(NotWhole::TooLong) => prop_assert!(wanted.len() > MAX_SLOTS),
                Err(NotWhole::Closed(_)) => prop_assert!(self.is_closed(whole.unwrap())),
                Err(NotWhole::End) => prop_assert!(false, "no end was asked for"),
            }
        }
        Ok(())
    }

    fn check_whole(&self, calendar: &Calendar, time: Period) -> TestCaseResult {
        let adjacent = self.adjacent(time.start);
        let whole = adjacent.iter().position(|slot| slot.end == time.end);
        let closed = self.is_closed(time);
        match calendar.stretch(time.start, Length::Until(time.end)) {
            Ok(found) => {
                let found: Vec<Period> = found.slots().collect();
                prop_assert_eq!(Some(found.len() - 1), whole);
                prop_assert_eq!(&found, &adjacent[..found.len()]);
                prop_assert!(!closed && found.len() <= MAX_SLOTS);
            }
            Err(NotWhole::Start) => prop_assert!(adjacent.is_empty()),
            Err(NotWhole::End) => prop_assert_eq!(whole, None),
            Err(NotWhole::TooLong) => {
                prop_assert!(adjacent.len() > MAX_SLOTS && adjacent[MAX_SLOTS - 1].end < time.end);
            }
            Err(NotWhole::Closed(_)) => prop_assert!(closed && whole.is_some()),
            Err(NotWhole::TooShort) => prop_assert!(false, "no number was asked for"),
        }
        prop_assert_eq!(calendar.covers(time), whole.is_some() && !closed, "{:?}", time);
        Ok(())
    }

    fn check_agreement(&self, calendar: &Calendar, time: Period) -> TestCaseResult {
        let overlap = |slot: &Period| slot.start < time.end && time.start < slot.end;
        let cut = |end: Timestamp| [Period { end, ..time }, Period { start: end, ..time }];
        let within = self.slots.iter().find(|slot| time.start < slot.end && slot.end < time.end);
        let pieces = within.map(|slot| cut(slot.end));
        for slots in [&[time][..], pieces.as_ref().map_or(&[], |pieces| &pieces[..])] {
            let Some(stretch) = Stretch::of(slots) else { continue };
            let agrees = self.slots.iter().all(|slot| !overlap(slot) || slots.contains(slot));
            prop_assert_eq!(calendar.agrees_with(&stretch), agrees, "{:?}", slots);
        }
        Ok(())
    }
}
