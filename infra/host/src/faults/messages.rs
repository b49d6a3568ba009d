//! What messages of queues and events of buses meet, and the calls that functions make to queues.

use super::Faults;
use super::chance::Fault;
use std::time::Duration;
use thiserror::Error;

/// A call fails by the service's own fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("We encountered an internal error. Please try again.")]
pub(crate) struct QueueFault;

impl Faults {
    /// Whether a message is in its queue twice.
    pub(crate) fn message_twice(&self) -> bool {
        self.meets(Fault::MessageTwice)
    }

    /// How much later than it should a message can be received.
    pub(crate) fn message_late(&self) -> Duration {
        self.wait(Fault::MessageLate, |plan| plan.queues.late_ms).unwrap_or_default()
    }

    /// Whether an event is delivered to a target twice.
    pub(crate) fn event_twice(&self) -> bool {
        self.meets(Fault::EventTwice)
    }

    /// How late an event is delivered to a target.
    pub(crate) fn event_late(&self) -> Duration {
        self.wait(Fault::EventLate, |plan| plan.bus.late_ms).unwrap_or_default()
    }

    /// Whether a call fails without being carried out.
    pub(crate) fn queue_call(&self) -> Result<(), QueueFault> {
        if self.meets(Fault::FailQueue) { Err(QueueFault) } else { Ok(()) }
    }

    /// Whether nobody hears that a call was carried out.
    pub(crate) fn queue_answer(&self) -> Result<(), QueueFault> {
        if self.meets(Fault::FailQueueAfter) { Err(QueueFault) } else { Ok(()) }
    }
}
