//! A process: it may die at any await, and what it has sent by then is on its way.

use super::world::{Fault, World};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::time::{Instant, sleep_until};

/// A process.
#[derive(Debug)]
pub struct Life {
    name: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    dead: bool,
    /// Calls left before it dies.
    left: Option<usize>,
    /// Whether the call at which it dies is sent.
    sent: bool,
    /// When the invocation began.
    began: Option<Instant>,
}

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// To whom it is for, and the caller waits for the answer.
    There,
    /// To whom it is for, but the caller dies.
    Unheard,
    /// The caller dies before it is sent.
    Nowhere,
}

impl Life {
    /// A process of this name.
    pub fn new(name: String) -> Self {
        Self { name, state: Mutex::default() }
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An invocation begins; it may be the last.
    pub fn begin(&self, world: &World) {
        let dies = world.fault(Fault::Death);
        let mut state = self.state();
        state.began = Some(Instant::now());
        if dies {
            state.left = Some(world.below(9));
            state.sent = world.chance(0.5);
        }
    }

    /// When the invocation began that is under way.
    pub fn began(&self) -> Option<Instant> {
        self.state().began
    }

    /// It makes a call.
    pub fn calls(&self, world: &World) -> Goes {
        let mut state = self.state();
        if state.dead {
            return Goes::Nowhere;
        }
        match &mut state.left {
            None => Goes::There,
            Some(0) => {
                state.dead = true;
                let sent = state.sent;
                drop(state);
                world.note(|| format!("  {} dies", self.name));
                if sent { Goes::Unheard } else { Goes::Nowhere }
            }
            Some(left) => {
                *left -= 1;
                Goes::There
            }
        }
    }

    /// What comes of this while the process lives and until Lambda ends it.
    pub async fn of<T>(&self, work: impl Future<Output = T>, end: Instant) -> Option<T> {
        let (mut work, mut end) = (pin!(work), pin!(sleep_until(end)));
        std::future::poll_fn(move |context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            let over = end.as_mut().poll(context).is_ready();
            if over || self.state().dead { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}
