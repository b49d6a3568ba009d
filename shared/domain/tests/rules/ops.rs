//! What can happen to a resource and its bookings, in any order.

use domain::resource::REQUEST_LIFE;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The slots of the day on which everything happens, before the grid is changed.
pub const SLOTS: i64 = 4;
/// Lengths and openings of the grids that a resource may move to. They meet at some starts, at the
/// same length or another, and overlap elsewhere.
pub const GRIDS: [(u32, &str); 8] = [
    (30, "09:00-11:00"),
    (60, "09:00-11:00"),
    (60, "09:30-11:30"),
    (15, "09:00-11:00"),
    (45, "09:00-11:15"),
    (120, "09:00-11:00"),
    (30, "09:15-11:15"),
    (30, "09:00-10:00"),
];

/// What can happen.
#[derive(Debug, Clone)]
pub enum Op {
    /// Somebody holds or books.
    Place { asked: Asked, late: SignedDuration },
    /// Something is done to a booking.
    Change { which: Which, what: What, how: How, late: SignedDuration },
    /// It is recorded that a booking's hold has run out, if it has.
    Record(Index),
    /// A slot's buckets that have run out are dropped.
    Sweep(i64),
    /// Time passes.
    Pass(SignedDuration),
    /// Time passes until the first hold's end, or so many nanoseconds beside it.
    PassToAnEnd(i64),
    /// Time passes until a slot of the first grid begins, or so many nanoseconds beside it.
    PassToASlot(i64),
    /// An operator changes how many places there are, or when.
    Put { capacity: u32, grid: usize, late: SignedDuration },
}

/// What a new booking asks for; times in minutes from 09:00 on.
#[derive(Debug, Clone)]
pub struct Asked {
    pub customer: u8,
    pub key: u8,
    pub hold: bool,
    pub start: i64,
    pub length: Option<i64>,
    pub quantity: u32,
}

/// Which booking something is done to.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// Any.
    Any(Index),
    /// The hold whose end, past or to come, is the nearest.
    NearItsEnd,
}

/// What is done to a booking; times in minutes from 09:00 on.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Extend,
    Confirm,
    Cancel,
    Approve,
    Decline,
    Complete,
    NoShow,
    Note,
    Move { start: i64, length: i64 },
}

/// By whom, under which key, and as if the booking were at its version plus `off`.
#[derive(Debug, Clone)]
pub struct How {
    pub operator: bool,
    pub key: Option<u8>,
    pub off: Option<i8>,
}

impl Op {
    /// The same without a delay between its decision and its commit.
    pub fn in_time(mut self) -> Self {
        if let Self::Place { late, .. } | Self::Change { late, .. } | Self::Put { late, .. } =
            &mut self
        {
            *late = SignedDuration::ZERO;
        }
        self
    }

    /// How long ago it was decided when it is committed.
    pub fn late(&self) -> SignedDuration {
        match self {
            Self::Place { late, .. } | Self::Change { late, .. } | Self::Put { late, .. } => *late,
            _ => SignedDuration::ZERO,
        }
    }
}

fn late() -> impl Strategy<Value = SignedDuration> {
    let longest = i64::try_from(REQUEST_LIFE.as_millis()).unwrap();
    let some = (1..=longest).prop_map(SignedDuration::from_millis);
    prop_oneof![Just(SignedDuration::ZERO), some]
}

fn place(
    start: impl Strategy<Value = i64>,
    length: impl Strategy<Value = Option<i64>>,
    most: u32,
) -> impl Strategy<Value = Op> {
    let who = (0..3_u8, 0..5_u8, prop::bool::weighted(0.7));
    (who, start, length, 1..=most, late()).prop_map(
        |((customer, key, hold), start, length, quantity, late)| Op::Place {
            asked: Asked { customer, key, hold, start, length, quantity },
            late,
        },
    )
}

fn change(
    start: impl Strategy<Value = i64>,
    length: impl Strategy<Value = i64>,
) -> impl Strategy<Value = Op> {
    let what = prop_oneof![
        6 => Just(What::Extend),
        8 => Just(What::Confirm),
        3 => Just(What::Cancel),
        2 => Just(What::Approve),
        2 => Just(What::Decline),
        2 => Just(What::Complete),
        2 => Just(What::NoShow),
        2 => Just(What::Note),
        4 => (start, length).prop_map(|(start, length)| What::Move { start, length }),
    ];
    let off = prop_oneof![5 => Just(None), 2 => Just(Some(0)), 1 => (-1..=1_i8).prop_map(Some)];
    let key = prop_oneof![2 => Just(None), 1 => (0..2_u8).prop_map(Some)];
    let how = (any::<bool>(), key, off).prop_map(|(operator, key, off)| How { operator, key, off });
    let which = prop_oneof![2 => any::<Index>().prop_map(Which::Any), 1 => Just(Which::NearItsEnd)];
    (which, what, how, late()).prop_map(|(which, what, how, late)| Op::Change {
        which,
        what,
        how,
        late,
    })
}

fn pass() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..60_000_i64).prop_map(|ms| Op::Pass(SignedDuration::from_millis(ms))),
        5 => (-1..=1_i64).prop_map(Op::PassToAnEnd),
        3 => (-1..=1_i64).prop_map(Op::PassToASlot),
    ]
}

/// Steps on a resource whose grid stays as it is; its capacity may be changed.
pub fn on_one_grid(resize: bool) -> impl Strategy<Value = Vec<Op>> {
    let length = (1..=3_i64).prop_map(|slots| (slots > 1).then_some(30 * slots));
    let resized =
        (1..=4_u32, late()).prop_map(|(capacity, late)| Op::Put { capacity, grid: 0, late });
    let op = prop_oneof![
        8 => place((0..=SLOTS).prop_map(|slot| 30 * slot), length, 3),
        12 => change((0..SLOTS).prop_map(|slot| 30 * slot), (1..=3_i64).prop_map(|slots| 30 * slots)),
        2 => any::<Index>().prop_map(Op::Record),
        1 => (0..SLOTS).prop_map(Op::Sweep),
        5 => pass(),
        u32::from(resize) => resized,
    ];
    prop::collection::vec(op, 1..50)
}

/// Starts of half hours.
fn half_hours() -> impl Strategy<Value = i64> {
    (0..4_i64).prop_map(|slot| 30 * slot)
}

/// A change to one of the first so many grids.
fn put(capacity: u32, grids: usize) -> impl Strategy<Value = Op> {
    (0..grids, late()).prop_map(move |(grid, late)| Op::Put { capacity, grid, late })
}

/// Steps on a resource of this capacity whose grid is changed again and again.
pub fn on_moving_grids(capacity: u32) -> impl Strategy<Value = Vec<Op>> {
    let start = || prop_oneof![3 => half_hours(), 1 => (0..9_i64).prop_map(|slot| 15 * slot)];
    let lengths = || select(vec![15, 30, 45, 60, 90, 120_i64]);
    let length = prop_oneof![3 => Just(None), 1 => lengths().prop_map(Some)];
    let op = prop_oneof![
        10 => place(start(), length, 3),
        10 => change(start(), lengths()),
        1 => any::<Index>().prop_map(Op::Record),
        1 => (0..SLOTS).prop_map(Op::Sweep),
        7 => pass(),
        2 => put(capacity, GRIDS.len()),
    ];
    prop::collection::vec(op, 1..60)
}

/// Steps on a resource of one place that moves between grids which have few starts in common: in
/// the order in which what takes its time to be committed may meet what was decided meanwhile, each
/// left out now and then.
pub fn races_of_grids() -> impl Strategy<Value = Vec<Op>> {
    let sale = || place(half_hours(), Just(None), 1).boxed();
    let put = || put(1, 3).boxed();
    let wait = || (1..=31_000_i64).prop_map(|ms| Op::Pass(SignedDuration::from_millis(ms))).boxed();
    let end = || (0..=1_i64).prop_map(Op::PassToAnEnd).boxed();
    let how = How { operator: true, key: None, off: None };
    let change = |what: BoxedStrategy<What>| {
        let (which, how) = (Which::NearItsEnd, how.clone());
        let change = move |(what, late)| Op::Change { which, what, how: how.clone(), late };
        (what, late()).prop_map(change).boxed()
    };
    let extend = || change(Just(What::Extend).boxed());
    let last = || change(select(vec![What::Confirm, What::Extend]).boxed());
    let steps = [sale(), put(), wait(), sale(), extend(), sale(), wait(), end(), sale(), last()];
    let steps = [&steps[..], &steps, &[sale(), sale()]].concat();
    let steps: Vec<_> = steps.into_iter().map(|step| prop::option::weighted(0.8, step)).collect();
    steps.prop_map(|steps| steps.into_iter().flatten().collect())
}
