//! What could be booked of several resources: all of it, in order, on whatever pages, at a cost that has
//! an end.

use crate::pools::{id, pool, pools, put, table};
use crate::units::Meter;
use domain::numbers::RuleSlots;
use domain::{AnyOf, NewBooking, Quantity, Rank, Rejection, Resource, Role, Rules, Sought, State};
use fastrand::Rng;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::CommandError;
use store::bookings::search::{Found, SearchPlace};
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, grid, hold, sessions};

fn sought(slots: u32, quantity: u32) -> Sought {
    let (slots, quantity) = (RuleSlots::new(slots).unwrap(), Quantity::new(quantity).unwrap());
    Sought { from: at(NOW), to: at("23:00:00"), slots, quantity }
}

fn tables_pool() -> AnyOf {
    AnyOf::Pool(pool("main/tables"))
}

/// All pages, each as long as it may be.
async fn search(
    tables: &Tables,
    any_of: &AnyOf,
    sought: &Sought,
    role: Role,
    limit: usize,
    now: Timestamp,
) -> Vec<Found> {
    let (mut all, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = (limit, after.as_ref());
        let page = tables.bookings.search(any_of, sought, |_| role, page, now).await;
        let (page, next) = page.unwrap();
        assert!(page.len() <= limit);
        all.extend(page);
        pages += 1;
        assert!(pages < 2000, "it has no end");
        let Some(next) = next else { return all };
        // The place goes through a cursor's text, and always on.
        let next = SearchPlace::parse(&next.to_string()).unwrap();
        assert!(after.is_none_or(|after| after < next));
        after = Some(next);
    }
}

async fn found(tables: &Tables, sought: &Sought) -> Vec<Found> {
    search(tables, &tables_pool(), sought, Role::Customer, 100, at(NOW)).await
}

fn short(found: &[Found]) -> Vec<String> {
    let one = |it: &Found| {
        let (start, end) = (it.start.to_string(), it.end.to_string());
        format!("{}-{} {} {}", &start[11..16], &end[11..16], it.resource, it.free)
    };
    found.iter().map(one).collect()
}

/// A table that is open from nine to half past ten.
fn morning(name: &str, capacity: u32) -> Resource {
    Resource { calendar: grid("UTC", 30, &["09:00-10:30"]), ..table(name, capacity) }
}

#[tokio::test]
async fn by_start_then_in_the_order_of_choice() {
    let tables = Tables::start();
    let ranked = Resource { rank: Rank::new(1).unwrap(), ..morning("a", 2) };
    let late = Resource { calendar: grid("UTC", 45, &["09:15-10:45"]), ..table("z", 1) };
    for resource in [morning("b", 4), ranked, morning("c", 2), late] {
        put(&tables, &resource).await;
    }
    let two = NewBooking { resource: id("c"), ..book("alice", "1", "09:30:00") };
    tables.bookings.place(&two, 50, at(NOW)).await.unwrap();
    assert_eq!(
        short(&found(&tables, &sought(1, 1)).await),
        [
            "09:00-09:30 c 2",
            "09:00-09:30 a 2",
            "09:00-09:30 b 4",
            "09:15-10:00 z 1",
            "09:30-10:00 c 1",
            "09:30-10:00 a 2",
            "09:30-10:00 b 4",
            "10:00-10:45 z 1",
            "10:00-10:30 c 2",
            "10:00-10:30 a 2",
            "10:00-10:30 b 4",
        ]
    );
    assert_eq!(
        short(&found(&tables, &sought(2, 2)).await),
        ["09:00-10:00 a 2", "09:00-10:00 b 4", "09:30-10:30 a 2", "09:30-10:30 b 4"]
    );
    assert_eq!(short(&found(&tables, &sought(3, 1)).await)[0], "09:00-10:30 c 1");
    assert_eq!(short(&found(&tables, &sought(4, 1)).await), [""; 0]);
    assert_eq!(short(&found(&tables, &sought(1, 5)).await), [""; 0]);
    let named = AnyOf::Resources(vec![id("z"), id("b")]);
    let by_name = search(&tables, &named, &sought(2, 1), Role::Customer, 9, at(NOW)).await;
    assert_eq!(short(&by_name), ["09:00-10:00 b 4", "09:15-10:45 z 1", "09:30-10:30 b 4"]);
}

#[tokio::test]
async fn who_is_passed_over_is_not_found() {
    let tables = Tables::start();
    let rules = Rules {
        min_quantity: Some(Quantity::new(2).unwrap()),
        max_slots: Some(RuleSlots::new(2).unwrap()),
        ..Rules::default()
    };
    for resource in [
        Resource { state: State::Paused, ..morning("paused", 4) },
        Resource { state: State::Archived, ..morning("archived", 4) },
        Resource { rules, ..morning("ruled", 4) },
        Resource { pools: pools(&["rooms"]), ..morning("elsewhere", 4) },
    ] {
        put(&tables, &resource).await;
    }
    let by = async |role, slots, quantity| {
        let sought = sought(slots, quantity);
        search(&tables, &tables_pool(), &sought, role, 9, at(NOW)).await.len()
    };
    assert_eq!(by(Role::Customer, 1, 1).await, 0);
    assert_eq!(by(Role::Customer, 1, 2).await, 3);
    assert_eq!(by(Role::Customer, 3, 2).await, 0);
    assert_eq!(by(Role::Operator, 3, 1).await, 1);
    let any = sought(1, 1);
    for (any_of, field, reason) in [
        (AnyOf::Pool(pool("main/nobody")), "/anyOf", Rejection::EmptyPool),
        (AnyOf::Resources(vec![id("ruled"), id("none")]), "/anyOf/1", Rejection::NoSuchResource),
    ] {
        let answer = tables.bookings.search(&any_of, &any, |_| Role::Customer, (9, None), at(NOW));
        let Err(CommandError::Rejected(answer)) = answer.await else { panic!("{any_of:?}") };
        assert_eq!(answer, Rejection::Of { field: field.to_owned(), reason: Box::new(reason) });
    }
}

/// Everything on every page, against what one look at each resource says; and what is found can be
/// booked, what is not cannot.
#[tokio::test]
async fn nothing_is_lost_or_doubled_over_pages() {
    for seed in 0..3 {
        let mut random = Rng::with_seed(seed);
        let tables = Tables::start();
        let calendars = [
            grid("UTC", 30, &["09:00-12:00"]),
            grid("UTC", 20, &["08:10-11:30", "11:30-13:00"]),
            grid("Europe/Paris", 60, &["10:00-16:00"]),
            sessions("UTC", &["09:00-10:30", "10:30-12:00", "13:00-14:00"]),
        ];
        let mut resources = Vec::new();
        for number in 0..7 {
            let calendar = calendars[random.usize(..calendars.len())].clone();
            let rank = Rank::new(random.u32(0..2)).unwrap();
            let resource = table(&format!("t-{number}"), random.u32(1..4));
            resources.push(put(&tables, &Resource { calendar, rank, ..resource }).await);
        }
        for number in 0..60 {
            let resource = &resources[random.usize(..resources.len())];
            let slots: Vec<_> = resource.calendar.slots(at(NOW), at("17:00:00")).collect();
            let start = slots[random.usize(..slots.len())].start;
            let who = format!("c-{number}");
            let request =
                NewBooking { resource: resource.id.clone(), start, ..hold(&who, "1", NOW) };
            let now = if random.bool() { at(NOW) } else { at("07:00:00") };
            // Some have run out; some find it full.
            drop(tables.bookings.place(&request, 50, now).await);
        }
        for (slots, quantity) in [(1, 1), (2, 1), (3, 2), (1, 3)] {
            let sought = sought(slots, quantity);
            let mut expected = Vec::new();
            for resource in &resources {
                for stretch in resource.could_sell(&sought, Role::Customer, at(NOW)) {
                    let slots: Vec<_> = stretch.slots().collect();
                    let offered = tables.bookings.availability(resource, &slots, at(NOW)).await;
                    let free = offered.unwrap().iter().map(|slot| slot.free).min().unwrap();
                    if free >= quantity {
                        let (start, end) = (stretch.start(), stretch.end());
                        let order = (start, resource.capacity, resource.rank, resource.id.clone());
                        expected.push((
                            order,
                            Found { resource: resource.id.clone(), start, end, free },
                        ));
                    }
                }
            }
            expected.sort_by_key(|(order, _)| order.clone());
            let expected: Vec<_> = expected.into_iter().map(|(_, found)| found).collect();
            for limit in [1, 2, 3, 7, 100] {
                let any_of = tables_pool();
                let all = search(&tables, &any_of, &sought, Role::Customer, limit, at(NOW)).await;
                assert_eq!(
                    all, expected,
                    "seed {seed}, {slots} slots, {quantity} places, by {limit}"
                );
            }
        }
    }
}

/// Pages of which nothing has room have a cursor, and lead on to what has.
#[tokio::test]
async fn a_page_may_be_empty_and_lead_on() {
    let tables = Tables::start();
    let minutes = Resource { calendar: grid("UTC", 1, &["00:00-24:00"]), ..table("a", 1) };
    put(&tables, &minutes).await;
    let full = |n: i64| at(NOW) + SignedDuration::from_mins(n);
    let requests = (0..25).map(|n| NewBooking {
        resource: id("a"),
        end: Some(full(96 * (n + 1))),
        start: full(96 * n),
        ..book(&format!("c-{n}"), "1", NOW)
    });
    let requests: Vec<_> = requests.collect();
    for request in &requests {
        tables.bookings.place(request, 500, at(NOW)).await.unwrap();
    }
    let sought = Sought { to: full(31 * 24 * 60), ..sought(1, 1) };
    let (any_of, limit) = (tables_pool(), 2);
    let (mut after, mut empty) = (None, 0);
    let first = loop {
        let page = (limit, after.as_ref());
        let search = tables.bookings.search(&any_of, &sought, |_| Role::Customer, page, at(NOW));
        let ((found, next), units) = Meter(&tables.bookings).units(search).await;
        assert!(units.read < 300.0, "{units:?}");
        if let Some(first) = found.first() {
            break first.start;
        }
        empty += 1;
        after = Some(next.unwrap());
    };
    assert_eq!((first, empty), (full(25 * 96), 2));
}

/// What one request reads has an end, whatever the pool and however little is free.
#[tokio::test]
async fn a_search_is_bounded() {
    let mut costs = Vec::new();
    for count in [10, 100, 300] {
        let tables = Tables::start();
        let make = async |n: usize| drop(put(&tables, &table(&format!("t-{n:03}"), 1)).await);
        join_all((0..count).map(make)).await;
        let full = (0..count).map(|n| {
            let request = book(&format!("c-{n}"), "1", "09:00:00");
            let end = Some(at("17:00:00"));
            NewBooking { resource: id(&format!("t-{n:03}")), end, ..request }
        });
        for request in full {
            tables.bookings.place(&request, 500, at(NOW)).await.unwrap();
        }
        let sought = Sought { to: at(NOW) + SignedDuration::from_hours(31 * 24), ..sought(2, 1) };
        let (any_of, page) = (tables_pool(), (50, None));
        let search = tables.bookings.search(&any_of, &sought, |_| Role::Customer, page, at(NOW));
        let ((_, next), units) = Meter(&tables.bookings).units(search).await;
        println!("{count} tables: {units:?}");
        assert!(next.is_some() && units.written == 0.0);
        costs.push(units.read);
    }
    assert!(costs[2] <= 300.0 + 200.0 * 2.0 + 20.0, "{costs:?}");
}

#[test]
fn a_place_is_written_in_one_way() {
    let text = "2099-06-01T09:00:00Z/4/0/room-1";
    assert_eq!(SearchPlace::parse(text).unwrap().to_string(), text);
    let bad = ["", "/", "2099-06-01T09:00:00Z", "2099-06-01T09:00:00Z/0/0/a", "x/1/0/a"];
    let more = [
        "2099-06-01T09:00:00Z/4/1001/a",
        "2099-06-01T09:00:00Z/4/0/A",
        "2099-06-01T09:00:00Z/4/0/a/b",
    ];
    for text in bad.into_iter().chain(more) {
        assert_eq!(SearchPlace::parse(text), None, "{text}");
    }
    let ordered: BTreeSet<_> = ["2099-06-01T09:00:00Z/4/0/a", "2099-06-01T09:00:00Z/10/0/a"]
        .into_iter()
        .map(|text| SearchPlace::parse(text).unwrap())
        .collect();
    assert!(ordered.first().unwrap().to_string().contains("/4/"));
}
