//! Random commands on the store and on the pure rules side by side: after each, every slot and
//! booking is the same on both sides, and the books balance.

mod memory;

use crate::ledger::Ledger;
use domain::{
    Action, Approval, Attempt, Booking, Capacity, HoldSeconds, Key, MaxHoldSeconds, NewBooking,
    PendingMinutes, Quantity, Rejection, Reschedule, Resource, Role, Sale, Slot, Version,
};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use memory::Memory;
use store::CommandError;
use store::bookings::change::{Intent, Target};
use support::Tables;
use support::fixtures::{NOW, Shortly, approve, at, cancel, confirm, customer, grid, hold, room};

const CUSTOMERS: [&str; 3] = ["alice", "bob", "carol"];
/// Slots that are asked for; the room has more.
const SLOTS: i64 = 5;
const STEPS: usize = 60;

/// What happens next.
#[derive(Debug)]
enum Step {
    Sell(NewBooking),
    Change(Box<(Booking, Intent, Attempt)>),
    Put(Resource),
    Pass(SignedDuration),
}

fn start_of(slot: i64) -> Timestamp {
    at("09:00:00") + SignedDuration::from_mins(30 * slot)
}

fn stretch(random: &mut Rng) -> (Timestamp, Option<Timestamp>) {
    let slot = random.i64(-1..SLOTS);
    let slots = random.i64(1..=3);
    (start_of(slot), (slots > 1 || random.bool()).then(|| start_of(slot + slots)))
}

fn sell(random: &mut Rng) -> Step {
    let name = random.choice(CUSTOMERS).unwrap();
    let key = random.u32(0..12).to_string();
    let (start, end) = stretch(random);
    let quantity = Quantity::new(random.u32(1..=3)).unwrap();
    let sale = if random.u32(0..10) < 7 { Sale::Hold } else { Sale::Book };
    Step::Sell(NewBooking { start, end, quantity, sale, ..hold(name, &key, "09:00:00") })
}

fn next(random: &mut Rng, memory: &Memory, now: Timestamp) -> Step {
    let bookings: Vec<&Booking> = memory.bookings.values().collect();
    let Some(booking) = random.choice(bookings).cloned() else { return sell(random) };
    let current = booking.at(now).version;
    let if_version = match random.u32(0..6) {
        0 => Some(current),
        1 => Some(Version::new(current.get() + random.u64(0..2))),
        _ => None,
    };
    let (number, which, to) = (random.u32(0..100), random.u32(0..15), stretch(random));
    let act = |action| Intent::Act(action);
    let reason = || Some("because".to_owned());
    // Sometimes the same attempt is sent again, or another under its key.
    let key = (random.u32(0..3) == 0).then(|| Key::parse(&random.u32(0..2).to_string()).unwrap());
    let mut attempt = |intent: &Intent, fields: String| {
        let role = if random.bool() { Role::Customer } else { Role::Operator };
        let (by, intent) = (booking.customer.clone(), intent.clone());
        let attempt = Attempt { by, role, key: key.clone(), fields, if_version };
        Step::Change(Box::new((booking.clone(), intent, attempt)))
    };
    match number {
        0..35 => sell(random),
        35..75 => {
            let intent = match which {
                0..5 => confirm(),
                5..8 => cancel(),
                8..11 => Intent::Extend,
                11 => approve(),
                12 => act(Action::Decline(reason())),
                13 => act(Action::Complete),
                _ => act(Action::NoShow),
            };
            attempt(&intent, which.to_string())
        }
        75..88 => attempt(&Intent::Reschedule(Reschedule::to(to.0, to.1), 200), format!("{to:?}")),
        88..90 => {
            let capacity = Capacity::new(random.u32(1..=4)).unwrap();
            let approval = *random.choice([Approval::Auto, Approval::Manual].iter()).unwrap();
            let calendar = match random.u32(0..4) {
                0 => grid("UTC", 60, &["09:00-17:00"]),
                1 => grid("UTC", 30, &["09:00-17:00"]),
                _ => memory.resource.calendar.clone(),
            };
            let pending_minutes = random.bool().then(|| PendingMinutes::new(1).unwrap());
            let old = memory.resource.clone();
            Step::Put(Resource { calendar, capacity, approval, pending_minutes, ..old })
        }
        90..96 => Step::Pass(SignedDuration::from_millis(random.i64(0..90_000))),
        _ => {
            // To the instant at which the next hold runs out, or a millisecond before or after.
            let ends = memory.bookings.values().filter_map(Booking::runs_out_at);
            let off = SignedDuration::from_millis(random.i64(-1..=1));
            let ahead = ends.map(|end| end.duration_since(now) + off);
            Step::Pass(ahead.filter(SignedDuration::is_positive).min().unwrap_or_default())
        }
    }
}

/// The steps of one seed, shown if one of them fails.
#[derive(Default)]
struct Log(Vec<String>);

impl Drop for Log {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0.join("\n"));
        }
    }
}

/// Takes a step on both sides: they must answer the same.
async fn take(step: &Step, tables: &Tables, memory: &mut Memory, now: Timestamp) {
    let store = &tables.bookings;
    let (stored, expected) = match step {
        Step::Sell(request) => (store.place(request, 100, now).await, memory.place(request, now)),
        Step::Change(change) => {
            let (booking, intent, attempt) = &**change;
            let target = Target { customer: &booking.customer, id: &booking.id };
            let stored = store.change(target, intent, attempt, now).await;
            (stored, memory.change(booking.id.hash(), intent, attempt, now))
        }
        Step::Put(resource) => {
            let put = store.put_resource(resource.clone(), now).await.unwrap();
            memory.resource = resource.clone().replacing(&memory.resource, now).unwrap();
            assert_eq!(put, memory.resource);
            return;
        }
        Step::Pass(_) => return,
    };
    let stored = stored.map_err(|error| match error {
        CommandError::Rejected(rejection) => rejection,
        CommandError::Failed(error) => panic!("{error:?}"),
    });
    assert_eq!(stored, expected);
}

async fn assert_same(tables: &Tables, memory: &mut Memory, now: Timestamp) {
    // Whoever looks writes down what has run out.
    memory.bookings.values_mut().for_each(|booking| *booking = booking.at(now));
    let (from, to) = (start_of(-2), start_of(SLOTS + 4));
    let stored = tables.bookings.slots(&memory.resource.id, from, to).await.unwrap();
    for start in stored.keys().chain(memory.slots.keys()) {
        let [stored, expected] = [&stored, &memory.slots].map(|slots| &slots[start]);
        // What the store has swept besides has raised the version, and nothing else.
        assert!(stored.version >= expected.version, "{stored:?}");
        let apart = |slot: &Slot| Slot { version: Version::default(), ..slot.at(now) };
        assert_eq!(apart(stored), apart(expected));
    }
    for name in CUSTOMERS {
        let customer = customer(name);
        let mut expected: Vec<Booking> = memory.bookings.values().cloned().collect();
        expected.retain(|booking| booking.customer == customer);
        let expected: Vec<Booking> = expected.iter().map(|booking| booking.at(now)).collect();
        let listed = tables.bookings.bookings_of(&customer, None, 1000, None, now).await.unwrap();
        assert_eq!(listed, (expected, None));
    }
}

#[tokio::test]
async fn the_store_does_what_the_rules_say() {
    for seed in 0..16 {
        let mut random = Rng::with_seed(seed);
        let tables = Tables::start();
        let mut now = at(NOW);
        let capacity = random.u32(1..=4);
        let resource = Resource {
            hold_seconds: HoldSeconds::new(60).unwrap(),
            max_hold_seconds: MaxHoldSeconds::new(150).unwrap(),
            ..room(capacity)
        };
        let resource = tables.bookings.put_resource(resource, now).await.unwrap();
        let mut memory = Memory::new(resource);
        let (mut largest, mut log) = (capacity, Log::default());
        for number in 0..STEPS {
            let step = next(&mut random, &memory, now);
            log.0.push(format!("seed {seed}, step {number}, at {now}: {step:?}"));
            if let Step::Pass(time) = step {
                now += time;
            }
            take(&step, &tables, &mut memory, now).await;
            assert_same(&tables, &mut memory, now).await;
            largest = largest.max(memory.resource.capacity.get());
        }
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(largest, now);
        let written: Vec<&Booking> = memory.bookings.values().collect();
        assert_eq!(ledger.bookings.len(), written.len());
        assert!(ledger.bookings.iter().all(|booking| written.contains(&booking)));
    }
}

/// A rejection is the same whoever finds it; this only keeps the model honest about one of them.
#[test]
fn the_model_turns_the_second_of_two_away() {
    let mut memory = Memory::new(room(1));
    memory.place(&hold("alice", "1", "09:00:00"), at(NOW)).unwrap();
    let second = memory.place(&hold("bob", "1", "09:00:00"), at(NOW));
    assert_eq!(second, Err(Rejection::SlotFull));
}
