//! What a client may ask for, what happens meanwhile, and what may fail.

use super::super::mutation::Mutation;
use super::super::sales::scenarios::Size;
use super::request::What;
use domain::Role;
use jiff::SignedDuration;

/// What a client may ask for, what happens meanwhile, and what may fail.
#[derive(Debug)]
#[must_use]
pub struct Scenario {
    /// What it is called in figures and failures.
    pub name: &'static str,
    /// What the client may ask for, and how often.
    pub menu: Vec<(What, u8)>,
    /// Requests of it under way at once.
    pub at_once: usize,
    /// What the client may do at first.
    pub role: Role,
    /// At which step of the clock its first token ends.
    pub end: Option<u8>,
    /// Whether it is connected at the start.
    pub open: bool,
    /// How often it may connect, one connection after the other.
    pub connections: usize,
    /// How often a connection may break.
    pub breaks: u8,
    /// Changes of the room: each is two records of the stream.
    pub commits: usize,
    /// Calls that fail, frames that are late, pushes that die.
    pub faults: u8,
    /// How often the clock steps.
    pub ticks: u8,
    /// How far it steps.
    pub tick: SignedDuration,
    /// Over how many steps of the clock a request may live.
    pub life: u8,
    /// Whether topics grow: subscriptions to come are spread over more shards.
    pub grows: bool,
    /// What is done wrong.
    pub mutation: Option<Mutation>,
}

/// The topics, by number.
pub const ME: usize = 0;
/// The room's availability.
pub const ROOM: usize = 1;
/// The room's bookings, for operators.
pub const BOOKINGS: usize = 2;
/// The end of a token that outlasts all of it.
pub const NEVER: i64 = 4_000_000_000;

impl Scenario {
    fn new(name: &'static str, role: Role, menu: Vec<(What, u8)>) -> Self {
        Self {
            name,
            menu,
            at_once: 2,
            role,
            end: None,
            open: true,
            connections: 1,
            breaks: 0,
            commits: 2,
            faults: 0,
            ticks: 0,
            tick: SignedDuration::from_secs(9),
            life: 0,
            grows: false,
            mutation: None,
        }
    }

    /// With this done wrong.
    pub fn with(self, mutation: Mutation) -> Self {
        Self { mutation: Some(mutation), ..self }
    }
}

/// Subscribes, reads its pages, unsubscribes, all at once.
pub fn subscribing(size: Size) -> Scenario {
    let menu = vec![
        (What::Subscribe(ROOM), size.pick(1, 2)),
        (What::Subscribe(BOOKINGS), 1),
        (What::Unsubscribe(ROOM), 1),
    ];
    let scenario = Scenario::new("subscribing", Role::Operator, menu);
    Scenario { commits: size.pick(1, 2), at_once: size.pick(2, 3), ..scenario }
}

/// The topic grows while it subscribes.
pub fn growing(size: Size) -> Scenario {
    let menu = vec![
        (What::Subscribe(ROOM), 2),
        (What::Unsubscribe(ROOM), 1),
        (What::Subscribe(BOOKINGS), size.pick(0, 1)),
    ];
    let scenario = Scenario::new("topics that grow", Role::Operator, menu);
    Scenario { commits: size.pick(1, 2), grows: true, ..scenario }
}

/// A new token of a lower role, while it subscribes.
pub fn demoted(size: Size) -> Scenario {
    let menu = vec![
        (What::Subscribe(BOOKINGS), size.pick(1, 2)),
        (What::Subscribe(ROOM), 1),
        (What::Refresh(Role::Customer, NEVER), 1),
    ];
    let scenario = Scenario::new("a role that is taken away", Role::Operator, menu);
    Scenario { commits: size.pick(1, 2), at_once: size.pick(2, 3), ..scenario }
}

/// A new token of a higher role, while it subscribes.
pub fn promoted(size: Size) -> Scenario {
    let menu = vec![
        (What::Subscribe(BOOKINGS), 1),
        (What::Subscribe(ME), 1),
        (What::Refresh(Role::Operator, NEVER), 1),
    ];
    let scenario = Scenario::new("a role that is given", Role::Customer, menu);
    Scenario { commits: size.pick(1, 2), at_once: size.pick(2, 3), ..scenario }
}

/// The token ends, and a new one comes in time or not.
pub fn ending(size: Size) -> Scenario {
    let menu = vec![(What::Subscribe(ROOM), 2), (What::Refresh(Role::Customer, NEVER), 1)];
    let scenario = Scenario::new("a token that ends", Role::Customer, menu);
    Scenario { commits: size.pick(1, 2), ticks: 2, life: 1, end: Some(1), ..scenario }
}

/// Posts fail, are late, are refused; pushes die; the client comes back.
pub fn failing(size: Size) -> Scenario {
    let menu = vec![(What::Subscribe(ROOM), size.pick(1, 2))];
    let scenario = Scenario::new("posts that fail", Role::Customer, menu);
    Scenario { connections: size.pick(1, 2), faults: size.pick(1, 3), at_once: 1, ..scenario }
}

/// Connections that open slowly, break without a word, and come back.
pub fn breaking(size: Size) -> Scenario {
    let menu = vec![(What::Subscribe(ME), size.pick(1, 2))];
    let scenario = Scenario::new("connections that break", Role::Customer, menu);
    let tick = SignedDuration::from_secs(61);
    let (connections, breaks, ticks) = (2, 1, 1);
    let commits = size.pick(1, 2);
    Scenario { open: false, connections, breaks, commits, ticks, tick, at_once: 1, ..scenario }
}

/// Several pages, several changes, posts that fail.
fn paging() -> Scenario {
    let menu = vec![(What::Subscribe(BOOKINGS), 1)];
    let scenario = Scenario::new("pages while it changes", Role::Operator, menu);
    Scenario { commits: 3, faults: 2, ..scenario }
}

/// All that a client may ask for at once.
fn pipelined() -> Scenario {
    let menu = vec![
        (What::Subscribe(BOOKINGS), 2),
        (What::Subscribe(ROOM), 2),
        (What::Unsubscribe(ROOM), 1),
        (What::Refresh(Role::Customer, NEVER), 1),
    ];
    let scenario = Scenario::new("three requests at once", Role::Operator, menu);
    Scenario { commits: 1, at_once: 3, ..scenario }
}

/// The token ends while posts fail.
fn ending_badly() -> Scenario {
    let name = "a token that ends while posts fail";
    Scenario { name, at_once: 1, faults: 1, ..ending(Size::Large) }
}

/// All of them; in the small, those that are small.
pub fn all(size: Size) -> Vec<Scenario> {
    let all = [subscribing, growing, demoted, promoted, ending, failing, breaking];
    let mut all: Vec<Scenario> = all.map(|scenario| scenario(size)).into();
    if size == Size::Large {
        all.extend([paging(), pipelined(), ending_badly()]);
    }
    all
}
