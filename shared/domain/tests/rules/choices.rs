//! A new booking of any of several resources, and what somebody could book.

use crate::fixtures::{at, attempt, code, request, room};
use domain::calendar::{Closure, Closures, Length, Period};
use domain::numbers::{HorizonDays, RuleMinutes, RuleSlots};
use domain::{
    AnyOf, Candidate, Capacity, ConfirmBy, MadeBy, NewBooking, NoneHolds, Pool, PoolName, Pools,
    Quantity, Rank, Rejection, Resource, ResourceId, Role, Rules, Sale, Sought, State, VenueId,
    With,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;

const NOW: &str = "2027-01-11T08:00Z";

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn pool(text: &str) -> AnyOf {
    AnyOf::Pool(Pool::parse(text).unwrap())
}

fn ids(texts: &[&str]) -> AnyOf {
    AnyOf::Resources(texts.iter().copied().map(id).collect())
}

fn any_of(any_of: AnyOf) -> NewBooking<AnyOf> {
    let NewBooking { customer, by, key, sale, start, end, quantity, with, details, note, .. } =
        request(at("2027-01-11T09:00Z"));
    let (resource, chosen_from) = (any_of, None);
    NewBooking {
        customer,
        by,
        key,
        sale,
        resource,
        chosen_from,
        start,
        end,
        quantity,
        with,
        details,
        note,
    }
}

/// A table of the pool `tables`.
fn table(name: &str, capacity: u32) -> Resource {
    let pools = Pools::try_from(vec![PoolName::parse("tables").unwrap()]).unwrap();
    let capacity = Capacity::new(capacity).unwrap();
    Resource { id: id(name), capacity, pools, ..room("UTC", 30, &["09:00-12:00"]) }
}

#[test]
fn a_pool_is_written_in_one_way() {
    let read = Pool::parse("main/tables").unwrap();
    assert_eq!((read.venue.as_str(), read.name.as_str()), ("main", "tables"));
    assert_eq!(read.to_string(), "main/tables");
    for text in ["", "/", "main", "main/", "/tables", "main/tables/", "a/b/c", "Main/tables"] {
        assert!(Pool::parse(text).is_err(), "{text}");
    }
}

/// What the same key is asked for is told apart by what was asked, and not by what it came to.
#[test]
fn a_choice_is_known_by_what_it_is_chosen_from() {
    let asked = [
        any_of(pool("main/tables")),
        any_of(pool("main/rooms")),
        any_of(pool("pier/tables")),
        any_of(ids(&["a"])),
        any_of(ids(&["b"])),
        any_of(ids(&["a", "b"])),
        any_of(ids(&["b", "a"])),
        any_of(ids(&["pool", "main", "tables"])),
    ];
    let mut prints: Vec<String> = asked.iter().map(|one| one.at(id("a")).fingerprint()).collect();
    for (asked, print) in asked.iter().zip(&prints) {
        assert_eq!(asked.at(id("b")).fingerprint(), *print);
        assert_eq!(asked.at(id("a")).hash(), asked.hash());
        assert_eq!(asked.at(id("b")).id().hash(), &asked.hash());
        assert_eq!(asked.at(id("b")).id().resource(), &id("b"));
    }
    prints.push(request(at("2027-01-11T09:00Z")).fingerprint());
    for (index, print) in prints.iter().enumerate() {
        assert!(!prints[..index].contains(print), "{index}");
        assert!(print.len() < 100, "{print}");
    }
    // As it was before there was a choice: stored bookings are compared with it.
    assert_eq!(prints.last().unwrap(), "hold room-1 2027-01-11T09:00:00Z/ 1");
}

#[test]
fn the_smallest_then_the_lowest_rank_then_the_id() {
    let candidate = |(capacity, rank, name)| Candidate {
        capacity: Capacity::new(capacity).unwrap(),
        rank: Rank::new(rank).unwrap(),
        resource: id(name),
    };
    let in_order =
        [(2, 0, "z"), (2, 5, "a"), (2, 5, "b"), (4, 0, "c"), (10, 0, "a"), (10, 1000, "a")];
    let mut candidates: Vec<_> = in_order.into_iter().rev().map(candidate).collect();
    candidates.sort();
    assert_eq!(candidates, in_order.map(candidate));
    let resource = Resource { rank: Rank::new(3).unwrap(), ..table("t", 4) };
    assert_eq!(Candidate::from(&resource), candidate((4, 3, "t")));
}

#[test]
fn what_comes_into_question() {
    let asked = any_of(pool("main/tables"));
    let four = NewBooking { quantity: Quantity::new(4).unwrap(), ..asked.clone() };
    let for_alice = |asked: &NewBooking<AnyOf>| NewBooking {
        by: MadeBy::OperatorFor(attempt(Role::Operator).by),
        ..asked.clone()
    };
    let good = table("t", 4);
    assert!(asked.considers(&good) && four.considers(&good));
    assert!(!four.considers(&table("t", 3)));
    assert!(!any_of(pool("main/rooms")).considers(&good));
    assert!(!any_of(pool("pier/tables")).considers(&good));
    assert!(!asked.considers(&Resource { venue: VenueId::parse("pier").unwrap(), ..good.clone() }));
    assert!(any_of(ids(&["a", "t"])).considers(&good));
    assert!(!any_of(ids(&["a", "b"])).considers(&good));
    let paused = Resource { state: State::Paused, ..good.clone() };
    assert!(!asked.considers(&paused) && for_alice(&asked).considers(&paused));
    let with = vec![With { resource: good.id.clone(), quantity: Quantity::ONE }];
    assert!(!NewBooking { with, ..asked.clone() }.considers(&good));
    let archived = Resource { state: State::Archived, ..good.clone() };
    assert!(!asked.considers(&archived) && !for_alice(&asked).considers(&archived));
    let rules = Rules { min_quantity: Some(Quantity::new(2).unwrap()), ..Rules::default() };
    let large = Resource { rules, ..good };
    assert!(!asked.considers(&large) && four.considers(&large));
    assert!(for_alice(&asked).considers(&large));
    assert!(NewBooking { by: MadeBy::Operator, ..asked }.considers(&large));
}

#[test]
fn why_none_holds() {
    let moving = Rejection::InTransition(SignedDuration::from_secs(7));
    let later = Rejection::InTransition(SignedDuration::from_secs(9));
    let closed = Rejection::Closed("a");
    let end = Rejection::Unacceptable { field: "/end", message: "too long".to_owned() };
    let full = Rejection::SlotFull;
    let beside = Rejection::SlotFull.of_other(0);
    for (reasons, expected) in [
        (vec![], &full),
        (vec![&full], &full),
        (vec![&closed], &closed),
        (vec![&closed, &full], &full),
        (vec![&full, &closed], &full),
        (vec![&full, &moving, &later, &closed], &moving),
        (vec![&end], &end),
        (vec![&end, &closed], &closed),
        (vec![&end, &full], &full),
        (vec![&full, &beside, &closed], &beside),
        (vec![&beside, &moving], &moving),
    ] {
        let mut none = NoneHolds::default();
        for reason in &reasons {
            none.add((*reason).clone());
        }
        assert_eq!(none.reason(), *expected, "{reasons:?}");
    }
}

/// Who confirms, and who may not, is a reason of its own where it is that of all.
#[test]
fn a_customer_cannot_book_what_operators_confirm() {
    let resource = Resource { confirm_by: ConfirmBy::Operator, ..table("t", 1) };
    let book = NewBooking { sale: Sale::Book, ..any_of(pool("main/tables")) };
    assert!(book.considers(&resource));
    let decided = book.at(resource.id.clone()).decide(&resource, &[], &code(), at(NOW));
    assert!(matches!(decided, Err(Rejection::Forbidden(_))), "{decided:?}");
}

/// A resource with rules, closures and perhaps a grid of before.
fn resources() -> impl Strategy<Value = Resource> {
    let minutes = select(vec![None, Some(0), Some(30), Some(100)]);
    let horizon = select(vec![None, Some(1), Some(2)]);
    let few = || select(vec![None, Some(1), Some(2), Some(5)]);
    let states = select(vec![State::Open, State::Open, State::Open, State::Paused]);
    let closures = prop::collection::vec((0..60_i64, 1..5_i64), 0..3);
    let rules = (minutes, horizon, few(), few(), few());
    (rules, states, closures, any::<bool>(), 1..4_u32).prop_map(
        |((notice, horizon, min, max, places), state, closures, moved, capacity)| {
            let rules = Rules {
                notice_minutes: notice.map(|it| RuleMinutes::new(it).unwrap()),
                horizon_days: horizon.map(|it| HorizonDays::new(it).unwrap()),
                min_slots: min.map(|it| RuleSlots::new(it).unwrap()),
                max_slots: max.map(|it| RuleSlots::new(it).unwrap()),
                min_quantity: places.map(|it| Quantity::new(it).unwrap()),
                ..Rules::default()
            };
            let hour = |hours| at(NOW) + SignedDuration::from_hours(hours);
            let closure = |(from, length): (i64, i64)| {
                let time = Period { start: hour(from), end: hour(from + length) };
                Closure { time, reason: None }
            };
            let mut resource = Resource { rules, state, ..table("t", capacity) };
            if moved {
                let old = Resource {
                    calendar: room("UTC", 45, &["08:00-12:00"]).calendar,
                    ..resource.clone()
                };
                resource = resource.replacing(&old, at("2027-01-11T07:59:45Z")).unwrap();
            }
            resource.calendar.closures =
                Closures::new(closures.into_iter().map(closure).collect()).unwrap();
            resource
        },
    )
}

proptest! {
    /// What is found is what the same caller could hold with the same number of slots, if there is room.
    #[test]
    fn what_is_found_can_be_booked_and_all_of_it(
        resource in resources(),
        (from, hours) in (-30..60_i64, 1..80_i64),
        (slots, quantity) in (1..4_u32, 1..4_u32),
        operator in any::<bool>(),
    ) {
        let role = if operator { Role::Operator } else { Role::Customer };
        let now = at("2027-01-11T08:00:00.5Z");
        let from = at(NOW) + SignedDuration::from_mins(30 * from);
        let to = from + SignedDuration::from_hours(hours);
        let (slots, quantity) = (RuleSlots::new(slots).unwrap(), Quantity::new(quantity).unwrap());
        let sought = Sought { from, to, slots, quantity };
        let found: Vec<_> = resource.could_sell(&sought, role, now).collect();

        let starts = resource.calendar.slots(from, to).map(|slot| slot.start);
        let could = |start| {
            resource.sells().ok()?;
            resource.fits(quantity).ok()?;
            resource.rules.suits(quantity, role).ok()?;
            let stretch = resource.bookable(start, Length::Slots(sought.count()), role, now).ok()?;
            resource.settled(&stretch, now).ok()?;
            Some(stretch)
        };
        let expected: Vec<_> = starts.filter_map(could).collect();
        prop_assert_eq!(found, expected);
    }
}
