//! What a [`Grid`] can express has the same slots as a calendar, as long as no openings touch: a grid
//! keeps those apart.

use super::daily;
use crate::calendar_properties::{days, nearby, noon_before, openings, slot_minutes};
use crate::fixtures::{at, grid};
use domain::calendar::{Calendar, Length, Period};
use domain::{Grid, MAX_SLOTS, Rejection};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Openings as text, without those that touch the one before; a whole day as it is.
fn apart(openings: &[(u16, u16)]) -> Vec<String> {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut last = None;
    let mut apart = Vec::new();
    for (from, to) in openings {
        let touches = last == Some(*from) || (*to == 1440 && openings[0].0 == 0 && *from > 0);
        if !touches {
            apart.push(format!("{}-{}", clock(*from), clock(*to)));
            last = Some(*to);
        }
    }
    apart
}

proptest! {
    #[test]
    fn a_grid_and_a_calendar_have_the_same_slots(
        (zone, date) in days(), openings in openings(), minutes in slot_minutes(),
        from in nearby(), instants in prop::collection::vec(nearby(), 4),
    ) {
        let texts = apart(&openings);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (grid, calendar) = (grid(zone, minutes, &texts), daily(zone, minutes, &texts));
        let noon = noon_before(date);
        let to = noon + SignedDuration::from_hours(96);

        // A change of the clock may skip what is between two openings.
        let pieces = daily(zone, 0, &texts);
        let around = SignedDuration::from_hours(72);
        let pieces: Vec<Period> = pieces.slots(noon - around, to + around).collect();
        let touch = pieces.windows(2).any(|pair| pair[0].end == pair[1].start);
        prop_assume!(!touch || texts == ["00:00-24:00"]);

        let slots: Vec<Period> = calendar.slots(noon + from, to).collect();
        let starts = slots.iter().map(|slot| slot.start);
        prop_assert!(starts.eq(grid.slots_between(noon + from, to)));
        prop_assert!(slots.iter().all(|slot| slot.length() == grid.step()));

        let instants = instants.into_iter().map(|off| noon + off);
        let near = slots.iter().step_by(1 + slots.len() / 4).map(|slot| slot.start);
        let instants: Vec<Timestamp> = instants.chain(near).collect();
        for start in &instants {
            for end in instants.iter().filter(|end| *end > start) {
                check_time(&grid, &calendar, *start, *end, texts == ["00:00-24:00"])?;
            }
        }
    }
}

fn check_time(
    grid: &Grid,
    calendar: &Calendar,
    start: Timestamp,
    end: Timestamp,
    around_the_clock: bool,
) -> TestCaseResult {
    prop_assert_eq!(calendar.agrees_with(start, end), grid.agrees_with(start, end));
    let old = grid.stretch(start, Some(end), at("1900-01-01T00:00Z"));
    let new = calendar.stretch(start, Length::Until(end));
    match (&old, &new) {
        (Ok(old), Ok(new)) => prop_assert!(new.iter().map(|slot| slot.start).eq(old.slots())),
        // A grid ends a stretch at midnight, a calendar goes on.
        (Err(_), Ok(_)) => prop_assert!(around_the_clock),
        (Ok(_), Err(_)) => prop_assert!(false, "{:?} {:?}", old, new),
        (Err(Rejection::LimitExceeded(_)), Err(_)) => {
            prop_assert!(
                end.duration_since(start).as_nanos()
                    > grid.step().as_nanos() * i128::try_from(MAX_SLOTS).unwrap()
            );
        }
        (Err(_), Err(_)) => {}
    }
    Ok(())
}
