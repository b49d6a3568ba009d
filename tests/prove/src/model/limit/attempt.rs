//! An attempt to book, as `store::bookings::sell` makes it and `store::bookings::open` bounds it.

use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::{Limit, State};
use domain::Booking;
use jiff::Timestamp;
use store::bookings::open::OpenBookings;

/// An attempt under way.
#[derive(Debug, Clone, Hash)]
pub struct Attempt {
    /// Which order it carries out.
    pub order: usize,
    /// When it began.
    pub now: Timestamp,
    /// Whether it has entered what it is about to make.
    pub entered: bool,
    /// What it does next.
    pub phase: Phase,
}

/// What an attempt does next.
#[derive(Debug, Clone, Hash)]
pub enum Phase {
    /// Reads, in any order: its booking, what is open, whether there are places.
    Reading(Option<Option<Kept<Booking>>>, Option<Kept<OpenBookings>>, Option<bool>),
    /// Reads what is open once more: somebody else has written it.
    ReadingOpen,
    /// Looks up which entries are still open.
    Dropping(Kept<OpenBookings>),
    /// Writes that it is entered.
    Entering(Kept<OpenBookings>),
    /// Writes the booking and its places.
    Writing,
    /// There were no places: looks whether another attempt of its key was faster.
    LookingAgain,
    /// Reads what is open, to take back what it entered.
    ReadingToTakeBack,
    /// Writes what it takes back.
    TakingBack(Kept<OpenBookings>),
}

/// What comes of a step.
#[derive(Debug)]
pub enum After {
    /// The attempt goes on.
    Next(Attempt),
    /// It is answered.
    Answer(&'static str),
}

impl Attempt {
    /// An attempt that begins.
    pub fn new(order: usize, now: Timestamp) -> Self {
        Self { order, now, entered: false, phase: Phase::Reading(None, None, None) }
    }

    /// Its next step.
    pub fn step(mut self, limit: &Limit, state: &mut State, which: u8) -> After {
        let key = limit.key(self.order);
        match self.phase.clone() {
            Phase::Reading(mut made, mut open, mut full) => {
                match which {
                    0 => made = Some(state.bookings[key].clone()),
                    1 => open = Some(state.open.clone()),
                    _ => full = Some(state.full),
                }
                match (made, open, full) {
                    (Some(Some(made)), _, _) => self.made(limit, &made),
                    (Some(None), Some(open), Some(false)) => self.enter(limit, open),
                    (Some(None), Some(_), Some(true)) => self.next(Phase::LookingAgain),
                    (made, open, full) => self.next(Phase::Reading(made, open, full)),
                }
            }
            Phase::ReadingOpen => self.enter(limit, state.open.clone()),
            Phase::Dropping(open) => {
                let made = state.bookings.iter().flatten().map(|booking| (**booking).clone());
                let mut open = (*open).clone();
                if !limit.wrong(Mutation::NeverDropClosed) {
                    open.keep(&made.collect::<Vec<_>>(), self.now, Booking::is_open);
                }
                if self.takes(limit, &open) {
                    self.next(Phase::Entering(Kept::new(open)))
                } else {
                    self.reject(": no more may be open")
                }
            }
            Phase::Entering(open) => {
                let booking = limit.booking(self.order, self.now);
                let mut open = (*open).clone();
                open.enter(&booking, self.now);
                if !put(limit, state, open) {
                    return self.next(Phase::ReadingOpen);
                }
                self.entered = true;
                if limit.wrong(Mutation::EnterAfterwards) {
                    return After::Answer(": answered");
                }
                self.next(Phase::Writing)
            }
            Phase::Writing if state.full || state.bookings[key].is_some() => {
                self.next(Phase::Reading(None, None, None))
            }
            Phase::Writing => {
                state.bookings[key] = Some(Kept::new(limit.booking(self.order, self.now)));
                if limit.wrong(Mutation::EnterAfterwards) {
                    return self.next(Phase::ReadingOpen);
                }
                After::Answer(": answered")
            }
            Phase::LookingAgain => match state.bookings[key].clone() {
                Some(made) => self.made(limit, &made),
                None => self.reject(": there are no places"),
            },
            Phase::ReadingToTakeBack => {
                let mut open = (*state.open).clone();
                let hash = limit.request(self.order).hash();
                let mut taken = open.take_back(&hash);
                while limit.wrong(Mutation::TakeBackAll) && open.take_back(&hash) {
                    taken = true;
                }
                if taken {
                    self.next(Phase::TakingBack(Kept::new(open)))
                } else {
                    After::Answer(": refused")
                }
            }
            Phase::TakingBack(open) => {
                if put(limit, state, (*open).clone()) {
                    After::Answer(": refused")
                } else {
                    self.next(Phase::ReadingToTakeBack)
                }
            }
        }
    }

    fn next(mut self, phase: Phase) -> After {
        self.phase = phase;
        After::Next(self)
    }

    /// Its key has made a booking already: this one, if it was for the same.
    fn made(self, limit: &Limit, made: &Booking) -> After {
        match limit.request(self.order).repeats(made) {
            Ok(()) => After::Answer(": answered"),
            Err(_) => self.reject(": the key was used for something else"),
        }
    }

    fn takes(&self, limit: &Limit, open: &OpenBookings) -> bool {
        let request = limit.request(self.order);
        open.takes(&request.hash(), request.quantity, limit.max())
    }

    /// Enters what it is about to make, if it may; once only.
    fn enter(self, limit: &Limit, open: Kept<OpenBookings>) -> After {
        let written =
            limit.wrong(Mutation::EnterAfterwards) && matches!(self.phase, Phase::Reading(..));
        if self.entered || written {
            return self.next(Phase::Writing);
        }
        let takes = self.takes(limit, &open) && !open.is_crowded();
        self.next(if takes { Phase::Entering(open) } else { Phase::Dropping(open) })
    }

    /// Nothing is sold, for certain: what was entered is taken back.
    fn reject(self, answer: &'static str) -> After {
        if self.entered { self.next(Phase::ReadingToTakeBack) } else { After::Answer(answer) }
    }
}

/// Writes what is open over the version that was read; whether it was still that one.
fn put(limit: &Limit, state: &mut State, mut open: OpenBookings) -> bool {
    let read = open.count_write();
    if state.open.version() != read && !limit.wrong(Mutation::EnterOverwrites) {
        return false;
    }
    state.open = Kept::new(open);
    true
}

impl Phase {
    /// What may be done next: several, where they are read at the same time.
    pub fn choices(&self) -> impl Iterator<Item = u8> {
        let open = match self {
            Self::Reading(made, open, full) => [made.is_none(), open.is_none(), full.is_none()],
            _ => [true, false, false],
        };
        (0..3).zip(open).filter(|(_, open)| *open).map(|(which, _)| which)
    }

    /// In words.
    pub fn doing(&self, which: u8) -> &'static str {
        match self {
            Self::Reading(..) if which == 0 => "reads its booking",
            Self::Reading(..) if which == 1 => "reads what is open",
            Self::Reading(..) => "reads whether there are places",
            Self::ReadingOpen => "reads what is open once more",
            Self::Dropping(_) => "looks up which entries are still open",
            Self::Entering(_) => "enters its booking",
            Self::Writing => "writes its booking",
            Self::LookingAgain => "reads its booking once more",
            Self::ReadingToTakeBack => "reads what is open, to take back what it entered",
            Self::TakingBack(_) => "takes back what it entered",
        }
    }
}
