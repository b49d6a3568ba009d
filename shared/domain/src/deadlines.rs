//! Until when a customer may change a booking.

use jiff::Timestamp;

/// Until when a customer may change a booking: frozen when it is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadlines {
    /// Until when it is cancelled.
    pub cancel_by: Timestamp,
    /// Until when it is moved.
    pub reschedule_by: Timestamp,
}

impl Deadlines {
    /// Those of a booking from this start on of which nothing was asked.
    pub fn at_the_start(start: Timestamp) -> Self {
        Self { cancel_by: start, reschedule_by: start }
    }
}
