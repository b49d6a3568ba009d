//! A simulated client: it does what its plan says, watches, asks again for what was not answered,
//! comes back when it is cut off, and believes nothing but frames.
//!
//! | module | what it does |
//! |---|---|
//! | [`board`] | what the driver and the clients tell each other |
//! | [`view`] | what is seen of a topic |
//! | `steps` | steps of the plan -> requests |
//! | `replies` | what comes back |
//! | `judge` | what an answer shows: whether it may be so |
//! | `duties` | what every client does by itself: connect, refresh, subscribe, ask again |

pub mod board;
mod duties;
mod judge;
mod replies;
mod steps;
pub mod view;

pub use steps::resource;

use super::gateway::Gateway;
use super::plan::{ClientPlan, ROUNDS};
use super::powers::Powers;
use super::sockets::{Frame, Receiver};
use super::step::{Step, Topic};
use super::world::World;
use board::Board;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use view::View;

/// A request that is not answered by then never will be: API Gateway has given it up.
const PATIENCE: Duration = Duration::from_secs(35);

/// A client.
pub struct Client {
    number: usize,
    plan: ClientPlan,
    world: Arc<World>,
    gateway: Gateway,
    board: Arc<Board>,
    /// The steps of this round that are still to be taken, and when the next is due.
    steps: VecDeque<Step>,
    due: Instant,
    round: Option<usize>,
    session: Option<Session>,
    /// When it connects again.
    back: Instant,
    powers: Powers,
    /// When its token ends, in seconds since 1970.
    expires: i64,
    /// Whether a new token was sent of which it does not know whether it was taken.
    unsure: bool,
    /// Whether a change is asked for only at the version that it knows.
    checks: bool,
    wanted: BTreeSet<Topic>,
    views: BTreeMap<Topic, View>,
    /// Bookings that it knows, in the order in which it heard of them.
    seen: Vec<String>,
    known: BTreeMap<String, Value>,
    acknowledged: BTreeMap<String, u64>,
    /// Each request that had a key, and the booking that it was answered with.
    keyed: Vec<(Value, Option<String>)>,
    requests: u64,
    /// What is to be sent, and when.
    later: Vec<(Instant, Asked)>,
}

/// A connection of a client.
struct Session {
    id: String,
    frames: Receiver,
    pending: BTreeMap<u64, Asked>,
    answered: BTreeSet<u64>,
    /// Requests that were never answered.
    unanswered: usize,
}

/// A request.
#[derive(Debug, Clone)]
struct Asked {
    request: Value,
    at: Instant,
    tries: u32,
}

impl Asked {
    fn new(request: Value) -> Self {
        Self { request, at: Instant::now(), tries: 0 }
    }

    fn action(&self) -> &str {
        self.request["action"].as_str().unwrap_or_default()
    }
}

impl Client {
    /// The client of this number in the plan.
    pub fn new(number: usize, gateway: &Gateway, board: &Arc<Board>) -> Self {
        let world = Arc::clone(gateway.world());
        let plan = world.plan.clients[number].clone();
        Self {
            number,
            powers: if plan.operator { Powers::All } else { Powers::Customer },
            wanted: plan.topics.iter().copied().collect(),
            plan,
            world,
            gateway: gateway.clone(),
            board: Arc::clone(board),
            steps: VecDeque::new(),
            due: Instant::now(),
            round: None,
            session: None,
            back: Instant::now(),
            expires: 0,
            unsure: false,
            checks: false,
            views: BTreeMap::new(),
            seen: Vec::new(),
            known: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            keyed: Vec::new(),
            requests: 0,
            later: Vec::new(),
        }
    }

    fn name(&self) -> String {
        format!("{}-{}", self.plan.customer, self.number)
    }

    /// Does what there is to do for as long as the world lasts.
    pub async fn run(mut self) {
        let board = Arc::clone(&self.board);
        loop {
            self.begin_round();
            self.do_duties();
            self.stand();
            let wake = self.wakes_at();
            let frames = self.session.as_mut().map(|session| &mut session.frames);
            let arriving = async {
                match frames {
                    Some(frames) => frames.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                arriving = arriving => match arriving {
                    Some(arriving) => {
                        sleep_until(arriving.at).await;
                        match arriving.what {
                            Frame::Text(text) => self.hear(&text),
                            Frame::Closed => self.is_closed("the gateway closed it"),
                        }
                        drop(arriving.busy);
                    }
                    None => self.is_closed("the socket ended"),
                },
                () = sleep_until(wake) => self.wake().await,
                () = board.changes() => {}
            }
        }
    }

    fn begin_round(&mut self) {
        let phase = self.board.phase();
        if self.round != Some(phase.round) && phase.round < ROUNDS {
            self.round = Some(phase.round);
            self.steps = self.plan.rounds[phase.round].iter().cloned().collect();
            self.prepare();
        }
    }

    /// The next step is due after its pause.
    fn prepare(&mut self) {
        let pause = self.steps.front().map_or(Duration::ZERO, |step| step.pause);
        self.due = Instant::now() + pause;
    }

    /// Whether the next step may be taken once it is due.
    fn may_step(&self) -> bool {
        let Some(session) = &self.session else { return false };
        self.steps
            .front()
            .is_some_and(|step| !step.waits || session.pending.is_empty() && self.later.is_empty())
    }

    fn wakes_at(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(100_000);
        let Some(session) = &self.session else { return self.back };
        let step = self.may_step().then_some(self.due);
        let later = self.later.iter().map(|(at, _)| *at);
        let patience = session.pending.values().map(|asked| asked.at + PATIENCE);
        let refresh = self.refreshes_at();
        step.into_iter().chain(later).chain(patience).chain(refresh).min().unwrap_or(far)
    }

    async fn wake(&mut self) {
        if self.session.is_none() {
            self.connect().await;
            return;
        }
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|it| it.0 <= now);
        self.later = later;
        for (_, asked) in Vec::from_iter::<Vec<_>>(due) {
            self.send(asked);
        }
        self.lose_patience(now);
        if self.refreshes_at().is_some_and(|at| at <= now) {
            self.refresh(self.powers);
        }
        if self.may_step()
            && self.due <= now
            && let Some(step) = self.steps.pop_front()
        {
            self.checks = step.checked;
            self.take(step.act);
            self.prepare();
        }
    }

    /// Says how it is.
    fn stand(&mut self) {
        let restless = self.restless();
        let rests = self.board.phase().rests;
        let mut standings = self.board.standings();
        let standing = &mut standings[self.number];
        standing.done = self.steps.is_empty() && self.later.is_empty();
        standing.restless = restless;
        if rests && restless.is_none() {
            standing.connection = self.session.as_ref().map(|session| session.id.clone());
            let wanted = |topic: &Topic| self.wanted.contains(topic);
            let views = self.views.iter().filter(|(topic, _)| wanted(topic));
            standing.views = views.map(|(topic, view)| (*topic, view.clone())).collect();
            standing.acknowledged.clone_from(&self.acknowledged);
            standing.token = Some((self.powers, self.expires));
        }
    }
}
