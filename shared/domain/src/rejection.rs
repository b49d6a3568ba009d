//! Why a command is refused.

use crate::booking::Booking;
use crate::calendar::NotWhole;
use crate::ids::ResourceId;
use crate::numbers::Version;
use jiff::SignedDuration;

/// Why a command is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such resource, or none that the caller may know of.
    #[error("there is no resource of this id")]
    NoSuchResource,
    /// No resource is in the pool.
    #[error("there is no resource in this pool")]
    EmptyPool,
    /// No such booking, or none that the caller may know of.
    #[error("there is no booking of this id")]
    NoSuchBooking,
    /// Not for this caller.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The resource cannot be booked then.
    #[error("{0}")]
    Closed(&'static str),
    /// The time is not of whole, adjacent slots that are offered.
    #[error(transparent)]
    NotWhole(NotWhole),
    /// Not enough free capacity in every slot asked for.
    #[error("not enough free capacity in every slot asked for")]
    SlotFull,
    /// There is nothing to wait for.
    #[error("there are enough places: hold or book them")]
    NotFull,
    /// The hold ran out before the command came.
    #[error("the hold has run out")]
    HoldExpired,
    /// The deadline has passed, at the latest with the booking's start.
    #[error("it is too late for this")]
    TooLate(Box<Booking>),
    /// The booking is not in a status that allows the command.
    #[error("a booking that is {} does not allow this now", .0.status.as_str())]
    InvalidTransition(Box<Booking>),
    /// The caller's `ifVersion` is not the current version.
    #[error("the booking is at version {}", .0.version)]
    VersionConflict(Box<Booking>),
    /// The caller's `ifVersion` is not the resource's current version, which is this; 0 where there is
    /// none.
    #[error("{}", at_version(*.0))]
    ResourceVersionConflict(Version),
    /// The key was used before, for something else.
    #[error("this key was used before with other fields")]
    IdempotencyMismatch,
    /// More than is allowed at once.
    #[error("{0}")]
    LimitExceeded(String),
    /// The resource's hours have just changed: what does not fit the former ones as well is sold
    /// again after this time.
    #[error("the opening hours have just changed: this time can be booked in a moment")]
    InTransition(SignedDuration),
    /// One of several resources that are asked for together is refused.
    #[error("{reason}")]
    Of {
        /// Which, as a JSON pointer into the request.
        field: String,
        /// Why.
        reason: Box<Rejection>,
    },
    /// A value that is well formed, but not for this resource.
    #[error("{message}")]
    Unacceptable {
        /// The field, as a JSON pointer into the request.
        field: &'static str,
        /// What stands against it.
        message: String,
    },
}

impl Rejection {
    /// The same, because of one of the resources beside the booking's own.
    #[must_use]
    pub fn of_other(self, index: usize) -> Self {
        Self::Of { field: format!("/with/{index}"), reason: Box::new(self) }
    }

    /// The same, because of one of a booking's resources: where that is one beside its own, with its place
    /// among them.
    #[must_use]
    pub fn because_of(self, resource: &ResourceId, booking: &Booking) -> Self {
        match booking.with.iter().position(|claim| claim.resource == *resource) {
            Some(index) => self.of_other(index),
            None => self,
        }
    }

    /// Whether there was not enough free capacity.
    pub fn is_full(&self) -> bool {
        match self {
            Self::SlotFull => true,
            Self::Of { reason, .. } => reason.is_full(),
            _ => false,
        }
    }
}

fn at_version(current: Version) -> String {
    if current == Version::default() {
        return "there is no resource of this id yet, which counts as version 0".to_owned();
    }
    format!("the resource is at version {current}")
}

impl From<NotWhole> for Rejection {
    fn from(reason: NotWhole) -> Self {
        match reason {
            NotWhole::TooLong => Self::LimitExceeded(reason.to_string()),
            reason => Self::NotWhole(reason),
        }
    }
}
