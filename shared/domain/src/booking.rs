//! One booking and the statuses it goes through.

use crate::ids::{BookingId, CustomerId, ResourceId};
use crate::numbers::{Quantity, Version};
use crate::resource::Stretch;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a booking stands. See [`crate::command`] for what leads from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Places are kept until the hold runs out.
    Held,
    /// Waits for an operator.
    Pending,
    /// Sold.
    Confirmed,
    /// Waits for places to come free.
    Waitlisted,
    /// Given back.
    Cancelled,
    /// The hold ran out.
    Expired,
    /// An operator said no.
    Declined,
    /// The customer came.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Pending,
        Self::Confirmed,
        Self::Waitlisted,
        Self::Cancelled,
        Self::Expired,
        Self::Declined,
        Self::Completed,
        Self::NoShow,
    ];

    /// Whether a booking of this status takes places in its slots.
    pub fn takes_capacity(self) -> bool {
        matches!(self, Self::Held | Self::Pending | Self::Confirmed)
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Waitlisted => "waitlisted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Completed => "completed",
            Self::NoShow => "noShow",
        }
    }
}

/// One booking as it was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id: see [`BookingId::derive`].
    pub id: BookingId,
    /// What is booked.
    pub resource: ResourceId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which slots.
    pub stretch: Stretch,
    /// Places in each slot.
    pub quantity: Quantity,
    /// Where it stands.
    pub status: Status,
    /// How often it was written.
    pub version: Version,
    /// While held: when the hold runs out.
    pub hold_expires_at: Option<Timestamp>,
    /// Once confirmed.
    pub confirmation_code: Option<String>,
    /// Why it was cancelled or declined, in the caller's words, at most 500 characters.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// The fields that it was asked for with, to tell a repeated request from a different one.
    pub fingerprint: String,
}

impl Booking {
    /// The booking as it is at this instant: a hold that has run out is expired, one version on,
    /// whether that has been recorded or not.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut booking = self.clone();
        if self.status == Status::Held
            && let Some(until) = self.hold_expires_at
            && until <= now
        {
            booking.status = Status::Expired;
            booking.hold_expires_at = None;
            booking.version = self.version.next();
            booking.updated_at = until;
        }
        booking
    }
}
