//! The rules on a clock of the tests' own: processes that post, and an account's limit.

use super::*;

fn somebody(number: u32) -> ConnectionId {
    ConnectionId::new(number.to_string())
}

/// A millisecond is the smallest step.
const STEP: Duration = Duration::from_millis(1);

/// API Gateway's token bucket.
struct Account {
    rate: f64,
    burst: f64,
    tokens: f64,
    accepted: u32,
    refused: u32,
}

impl Account {
    fn new(rate: f64, burst: f64) -> Self {
        Self { rate, burst, tokens: burst, accepted: 0, refused: 0 }
    }

    fn step(&mut self) {
        self.tokens = (self.tokens + self.rate * STEP.as_secs_f64()).min(self.burst);
    }

    fn admits(&mut self) -> bool {
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        admitted
    }
}

/// A process with so many posts left, of which it makes at most four in a millisecond.
struct Process {
    pace: Pace,
    left: u32,
}

impl Process {
    fn step(&mut self, account: &mut Account, now: Instant) {
        for _ in 0..4 {
            if self.left == 0 || self.pace.turn(now).is_err() {
                return;
            }
            if account.admits() {
                self.left -= 1;
                self.pace.accepted(now);
            } else {
                self.pace.refused(now, &somebody(account.refused));
            }
        }
    }
}

/// A clock, an account, and who posts to it.
struct World {
    now: Instant,
    account: Account,
    processes: Vec<Process>,
    random: fastrand::Rng,
}

impl World {
    fn new(account: Account, posts: &[u32]) -> Self {
        let now = Instant::now();
        let process = |left: &u32| Process { pace: Pace::new(now), left: *left };
        let processes = posts.iter().map(process).collect();
        Self { now, account, processes, random: fastrand::Rng::with_seed(7) }
    }

    fn step(&mut self) {
        self.now += STEP;
        self.account.step();
        // Nobody is always the first to ask.
        self.random.shuffle(&mut self.processes);
        for process in &mut self.processes {
            process.step(&mut self.account, self.now);
        }
    }

    /// Lets this much time pass. Answers which part of what the account allows was used, and which
    /// part of the posts was refused.
    fn pass(&mut self, time: Duration) -> (f64, f64) {
        (self.account.accepted, self.account.refused) = (0, 0);
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
        let Account { rate, accepted, refused, .. } = self.account;
        let (accepted, refused) = (f64::from(accepted), f64::from(refused));
        (accepted / (rate * time.as_secs_f64()), refused / (accepted + refused))
    }
}

#[test]
fn without_a_refusal_nobody_waits() {
    let mut world = World::new(Account::new(5_000.0, 5_000.0), &[4_000]);
    let start = world.now;
    while world.processes[0].left > 0 {
        world.step();
    }
    assert_eq!((world.now - start, world.account.refused), (STEP * 1_000, 0));
}

#[test]
fn the_limit_is_used_and_few_posts_are_refused() {
    for rate in [300.0, 1_000.0, 3_000.0] {
        for processes in [1_u8, 3, 8] {
            let mut world =
                World::new(Account::new(rate, rate / 10.0), &vec![u32::MAX; processes.into()]);
            world.pass(Duration::from_secs(3));
            let (used, refused) = world.pass(Duration::from_secs(10));
            println!("{rate}/s, {processes} processes: {used:.2} used, {refused:.2} refused");
            assert!(used > 0.9, "{rate}/s, {processes} processes: {used}");
            // Many who share a small limit meet it often: each has to find out by itself.
            let bound = if rate / f64::from(processes) > 50.0 { 0.15 } else { 0.3 };
            assert!(refused < bound, "{rate}/s, {processes} processes: {refused}");
        }
    }
}

/// Three pushes of 800 posts each at 300 a second: within a quarter of the time that this takes.
#[test]
fn three_pushes_at_once_take_little_longer_than_the_limit_asks_for() {
    for burst in [10.0, 30.0, 300.0] {
        let mut world = World::new(Account::new(300.0, burst), &[800, 800, 800]);
        let start = world.now;
        while world.processes.iter().any(|process| process.left > 0) {
            world.step();
        }
        let took = (world.now - start).as_secs_f64();
        let least = (2_400.0 - burst) / 300.0;
        println!(
            "burst {burst}: {took:.2} s of at least {least:.2}, {} refused",
            world.account.refused
        );
        assert!(took <= least * 1.25, "burst {burst}: {took} s instead of {least}");
        assert!(world.account.refused < 2_400, "burst {burst}: {} refused", world.account.refused);
    }
}

/// Others take most of the limit, and leave it again.
#[test]
fn the_rate_follows_the_limit_down_and_up() {
    let mut world = World::new(Account::new(1_000.0, 10.0), &[u32::MAX]);
    world.pass(Duration::from_secs(3));
    world.account.rate = 100.0;
    world.pass(Duration::from_secs(1));
    let (used, refused) = world.pass(Duration::from_secs(3));
    assert!(used > 0.9 && refused < 0.2, "down: {used} used, {refused} refused");
    world.account.rate = 1_000.0;
    world.pass(Duration::from_secs(2));
    let (used, refused) = world.pass(Duration::from_secs(3));
    assert!(used > 0.9 && refused < 0.2, "up: {used} used, {refused} refused");
}

#[test]
fn a_newcomer_gets_a_share() {
    let mut world = World::new(Account::new(300.0, 10.0), &[u32::MAX]);
    world.pass(Duration::from_secs(5));
    world.processes.push(Process { pace: Pace::new(world.now), left: u32::MAX });
    world.pass(Duration::from_secs(5));
    let posted = world.processes.iter().map(|process| u32::MAX - process.left).min();
    assert!(posted > Some(300), "{posted:?} of 1500");
}

/// A client that does not read is refused too, and only it.
#[test]
fn one_connection_that_is_refused_slows_down_no_other() {
    let mut pace = Pace::new(Instant::now());
    let mut now = pace.next;
    for post in 0..2_000 {
        now += Duration::from_micros(250);
        if post % 100 == 50 {
            pace.refused(now, &somebody(0));
        } else {
            pace.accepted(now);
        }
    }
    assert_eq!(pace.rate, None);
    // Two of them, at one time, do so a little.
    pace.refused(now, &somebody(1));
    let rate = pace.rate.unwrap();
    assert!((3_500.0..4_100.0).contains(&rate), "{rate}");
}

#[test]
fn a_limit_that_is_gone_is_forgotten() {
    let mut world = World::new(Account::new(1_000.0, 10.0), &[u32::MAX]);
    world.pass(Duration::from_secs(1));
    assert!(world.processes[0].pace.rate.is_some());
    world.account = Account::new(100_000.0, 100_000.0);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.processes[0].pace.rate, None);
}

#[test]
fn with_nothing_let_through_the_rate_stops_falling() {
    let mut world = World::new(Account::new(0.0, 0.0), &[u32::MAX]);
    world.pass(Duration::from_secs(5));
    world.pass(Duration::from_secs(10));
    assert!((95..=105).contains(&world.account.refused), "{}", world.account.refused);
}
