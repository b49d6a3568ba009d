//! What may happen next.

use super::super::mutation::Mutation;
use super::Pushes;
use super::push::{Fate, Push};
use super::request::What;
use super::state::{Socket, State};
use super::table::CONNECTIONS;

/// What may happen next.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The clock steps.
    Tick,
    /// The client connects.
    Connect(usize),
    /// A connection breaks; whether API Gateway says so.
    Break(usize, bool),
    /// The client asks for something, over this connection.
    Ask(usize, usize),
    /// A request goes on.
    Go(usize),
    /// The process that works on a request dies.
    Die(usize),
    /// The room changes.
    Commit,
    /// The records up to this one are told.
    Push(usize),
    /// The push reads a topic's subscribers.
    Read(usize, Fate),
    /// The push posts to a connection.
    Post(usize, Fate),
    /// The push closes a connection.
    Close(usize, Fate),
    /// The push reports.
    Report,
    /// The push dies.
    PushDies,
    /// The topics grow: subscriptions to come are spread over more shards.
    Grow,
    /// A late frame arrives.
    Arrive(usize),
    /// The index catches up with the table, in a design that reads it.
    Index,
}

impl Pushes {
    /// All that may happen next.
    pub(super) fn all_steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        self.asks(state, &mut steps);
        for number in 0..state.requests.len() {
            steps.extend([Step::Go(number), Step::Die(number)]);
        }
        for (number, socket) in state.sockets.iter().enumerate().take(self.scenario.connections) {
            let alone = state.sockets[..number].iter().all(|one| *one == Socket::Gone);
            match socket {
                Socket::Never if alone => steps.push(Step::Connect(number)),
                Socket::Open if state.breaks > 0 => {
                    steps.extend([true, false].map(|said| Step::Break(number, said)));
                }
                _ => {}
            }
        }
        if state.written < self.scenario.commits {
            steps.push(Step::Commit);
        }
        if let Some(push) = &state.push {
            Self::push_steps(state, push, &mut steps);
        } else {
            let records = self.records(state.written);
            steps.extend((state.told + 1..=records).map(Step::Push));
        }
        if self.scenario.grows && !state.grown {
            steps.push(Step::Grow);
        }
        steps.extend((0..state.late.len()).map(Step::Arrive));
        // It is taken for granted that a connection opens within a minute.
        let opening = state.sockets.contains(&Socket::Opening);
        if state.clock < self.scenario.ticks && !opening {
            steps.push(Step::Tick);
        }
        if self.wrong(Mutation::SubscribersFromIndex)
            && state.table.index != state.table.subscriptions
        {
            steps.push(Step::Index);
        }
        steps
    }

    /// What the client may ask for now.
    fn asks(&self, state: &State, steps: &mut Vec<Step>) {
        let open = |socket: &Socket| *socket == Socket::Open;
        let Some(number) = state.sockets.iter().position(open) else { return };
        let asked = || state.requests.iter().filter(|one| one.what != What::Forget);
        if asked().count() >= self.scenario.at_once {
            return;
        }
        for (place, (what, _)) in self.scenario.menu.iter().enumerate() {
            // One request about a topic after the other, and one refresh.
            let same = |other: &What| match (what, other) {
                (
                    What::Subscribe(topic) | What::Unsubscribe(topic),
                    What::Subscribe(other) | What::Unsubscribe(other),
                ) => topic == other,
                (What::Refresh(..), What::Refresh(..)) => true,
                _ => false,
            };
            let busy = asked().any(|one| one.connection == number && same(&one.what));
            let sensible = match what {
                What::Unsubscribe(topic) => state.client.believes[*topic],
                _ => true,
            };
            if state.left[place] > 0 && !busy && sensible {
                steps.push(Step::Ask(number, place));
            }
        }
    }

    /// How a push may go on.
    fn push_steps(state: &State, push: &Push, steps: &mut Vec<Step>) {
        let faulty = state.faults > 0;
        let some = |fates: &'static [Fate]| {
            let well = std::iter::once(Fate::Well);
            well.chain(fates.iter().copied().filter(move |_| faulty))
        };
        for which in 0..push.unread.len() {
            steps.extend(some(&[Fate::Fails]).map(|fate| Step::Read(which, fate)));
        }
        let reading = !push.unread.is_empty();
        let posting = push.outboxes.iter().any(Option::is_some);
        for number in 0..CONNECTIONS {
            if !reading && push.outboxes[number].is_some() {
                let fates = match state.sockets[number] {
                    Socket::Open => &[Fate::Slowly, Fate::Fails, Fate::Refused][..],
                    _ => &[],
                };
                steps.extend(some(fates).map(|fate| Step::Post(number, fate)));
            }
            if !reading && !posting && push.closing[number].is_some() {
                steps.extend(some(&[Fate::Fails]).map(|fate| Step::Close(number, fate)));
            }
        }
        if push.is_done() {
            steps.push(Step::Report);
        }
        if faulty {
            steps.push(Step::PushDies);
        }
    }
}
