//! What clients of a system saw, and whether its promises can explain it.
//!
//! | file | what it knows |
//! |---|---|
//! | `record` | events, by one clock |
//! | `operation` | requests with what came of them |
//! | `view` | bookings and slots, as frames show them |
//! | `search` | whether some order of overlapping calls explains their answers |
//! | `calls` | what each object was asked and answered, and when |
//! | `slot`, `slot_calls` | a slot never has more places taken than there are, and loses none |
//! | `booking`, `booking_calls` | a booking's versions follow each other as its commands say |
//! | `told` | everybody was told exactly what concerns them |
//! | `witness` | how it is in the end, by the tables |
//! | `broken` | a promise that is broken |
//!
//! Each slot and each booking is looked at by itself: what is linearizable in its parts is so as a
//! whole. Two things are not asked for. A refusal for several slots does not say which was full, so
//! that it is not checked; nor who is first in a line, which the simulation and the models judge at each
//! commit: who waits has no places until they are offered some, at a time that nobody tells. And time: a function takes the time once and reads the tables after, so
//! that a hold that runs out while a request is under way may count either way for it.

mod booking;
mod booking_calls;
mod broken;
mod calls;
mod operation;
mod record;
mod search;
mod slot;
mod slot_calls;
mod told;
mod view;
mod witness;

use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::fmt::Display;

use booking_calls::BookingCalls;
pub use broken::Broken;
use operation::attempts;
pub use operation::{Operation, Outcome, operations};
pub use record::{Event, History, Recorder, What};
use search::{Call, Found, Object, search};
use slot_calls::SlotCalls;
pub use told::Known;
pub use view::{Booking, Terms, instant};
pub use witness::{Row, Witness};

/// What the checker goes by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The resources of the history; what is said of others is not checked.
    pub terms: BTreeMap<String, Terms>,
    /// How far the clocks of the system may be off from that of the history.
    pub skew: SignedDuration,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Requests.
    pub operations: u64,
    /// Those of them without a certain answer.
    pub open: u64,
    /// Updates.
    pub pushes: u64,
    /// Slots for which there is an order.
    pub slots: u64,
    /// Bookings for which there is an order.
    pub bookings: u64,
    /// Slots and bookings for which the search was too long.
    pub undecided: u64,
}

impl Checked {
    /// Adds what was looked at elsewhere.
    pub fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.open += other.open;
        self.pushes += other.pushes;
        self.slots += other.slots;
        self.bookings += other.bookings;
        self.undecided += other.undecided;
    }
}

/// Whether the promises explain a history, and where there is a witness, how everything is in the end.
pub fn check(
    history: &History,
    rules: &Rules,
    witness: Option<&Witness>,
) -> Result<Checked, Broken> {
    let operations = attempts(operations(history));
    let versions = view::Versions::of(history);
    told::check(history, witness)?;
    ends(&versions, rules)?;
    if let Some(witness) = witness {
        witness::agree(history, &rules.terms, witness)?;
        known(&operations, witness)?;
    }
    let is_push =
        |event: &&Event| matches!(&event.what, What::Heard(frame) if frame["type"] == "update");
    let mut checked = Checked {
        operations: operations.len() as u64,
        open: operations.iter().filter(|it| it.outcome == Outcome::Open).count() as u64,
        pushes: history.events.iter().filter(is_push).count() as u64,
        ..Checked::default()
    };
    let mut slots = SlotCalls::of(history, &rules.terms, &versions, rules.skew);
    slots.operations(&operations);
    slots.pushes();
    if let Some(witness) = witness {
        slots.end(witness);
    }
    for ((resource, start), calls) in slots.finish() {
        let Some(terms) = rules.terms.get(&resource) else { continue };
        let slot = slot::Slot { capacity: terms.capacity };
        let what = format!("the slot {start} of {resource}");
        if order(&slot, &calls, &what)? { checked.slots += 1 } else { checked.undecided += 1 }
    }
    let mut bookings = BookingCalls::of(history, &rules.terms, &versions, rules.skew);
    bookings.operations(&operations);
    if let Some(witness) = witness {
        bookings.end(witness);
    }
    for (id, life, calls) in bookings.finish() {
        let what = format!("the booking {id}");
        if order(&life, &calls, &what)? { checked.bookings += 1 } else { checked.undecided += 1 }
    }
    Ok(checked)
}

/// Whether every hold ends as late as the terms say, and no later than the rounding of 1/64; and no
/// extension cuts it short. Offers to who waited are left out.
fn ends(versions: &view::Versions, rules: &Rules) -> Result<(), Broken> {
    for booking in versions.holds() {
        let Some(terms) = rules.terms.get(&booking.resource) else { continue };
        if versions.waited(&booking.id) {
            // It begins with the offer, whenever that was; an extension goes by when it joined.
            continue;
        }
        let lasts = booking.hold_ends.map(|end| end.duration_since(booking.created));
        let longest = if booking.version == 1 { terms.first() } else { terms.longest() };
        let before = versions.all(&booking.id).filter(|it| it.version < booking.version);
        let cut_short =
            before.filter_map(|it| it.hold_ends).any(|end| Some(end) > booking.hold_ends);
        if cut_short || !lasts.is_some_and(|lasts| (terms.hold..=longest).contains(&lasts)) {
            let promise = "a hold lasts as long as its resource says";
            return Err(Broken::new(promise, vec![format!("{lasts:?}: {booking:?}")]));
        }
    }
    Ok(())
}

/// Whether everything that was made was told to whoever made it.
fn known(operations: &[Operation], witness: &Witness) -> Result<(), Broken> {
    let made = operations.iter().filter_map(|it| match &it.outcome {
        Outcome::Result(result) if matches!(it.action(), "hold" | "book" | "waitlist") => {
            result["id"].as_str()
        }
        _ => None,
    });
    let made: std::collections::BTreeSet<_> = made.collect();
    for booking in &witness.bookings {
        if !booking["id"].as_str().is_some_and(|id| made.contains(id)) {
            let mut lines = vec![format!("there is {booking}")];
            let theirs = operations.iter().filter(|it| booking["customer"] == it.customer.as_str());
            lines.extend(theirs.map(ToString::to_string));
            return Err(Broken::new("each booking was answered to whoever asked for it", lines));
        }
    }
    Ok(())
}

/// Whether some order explains the calls; false where the search was too long.
fn order<O: Object>(object: &O, calls: &[Call<O::Step>], what: &str) -> Result<bool, Broken>
where
    O::Step: Display,
{
    let longest = match search(object, calls) {
        Found::Order => return Ok(true),
        Found::Undecided => return Ok(false),
        Found::Nothing { longest } => longest,
    };
    let millis = |at: std::time::Duration| at.as_secs_f64() * 1000.0;
    let line = |place: &usize| {
        let Call { begin, end, step } = &calls[*place];
        let end = end.map_or_else(|| "?".to_owned(), |end| format!("{:.3}", millis(end)));
        format!("{:>10.3} .. {end:>10} ms  {step}", millis(*begin))
    };
    let mut lines = vec!["the longest order that explains its answers:".to_owned()];
    lines.extend(longest.iter().map(line));
    lines.push("what it cannot explain:".to_owned());
    lines.extend((0..calls.len()).filter(|place| !longest.contains(place)).map(|it| line(&it)));
    Err(Broken::new(format!("some order explains what was answered of {what}"), lines))
}
