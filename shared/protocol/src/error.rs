//! The error codes.

use crate::view::BookingView;
use domain::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

/// What went wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not JSON, not an object, no or unknown `action`, a field missing, unknown or malformed.
    BadRequest,
    /// The token is expired, or `refresh` brought a bad one.
    Unauthenticated,
    /// Not yours, or operators only.
    Forbidden,
    /// No such resource or booking.
    NotFound,
    /// The resource is not open then, the time is not on its slot grid, or in the past.
    Closed,
    /// Not enough free capacity in every slot asked for.
    SlotFull,
    /// The confirmation came too late.
    HoldExpired,
    /// The booking is not in a status that allows it.
    InvalidTransition,
    /// `ifVersion` is not the current version.
    VersionConflict,
    /// The key was used with other fields.
    IdempotencyMismatch,
    /// Too many topics, open holds or slots.
    LimitExceeded,
    /// Contention outlasted the server's own retries.
    Busy,
    /// A dependency failed; nothing was changed, or the same `key` finds out.
    Unavailable,
}

impl Code {
    /// Whether the same request may succeed later, unchanged.
    pub fn retryable(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable)
    }
}

/// What went wrong, as the client sees it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireError {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
    /// Whether the same request may succeed later, unchanged.
    pub retryable: bool,
    /// The one field at fault, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How long to wait before the next try, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
    /// The booking as it is, on `version_conflict` and `invalid_transition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<BookingView>>,
}

impl WireError {
    /// An error of this code.
    pub fn new(code: Code, message: &str) -> Self {
        // Longer waits do not help: contention on one slot passes within some transactions.
        let retry_after_ms = code.retryable().then_some(500);
        Self {
            code,
            message: message.to_owned(),
            retryable: code.retryable(),
            field: None,
            retry_after_ms,
            current: None,
        }
    }

    /// What the client sent is malformed, at this JSON pointer if one field is at fault.
    pub fn bad_request(message: &str, field: Option<&str>) -> Self {
        Self { field: field.map(ToOwned::to_owned), ..Self::new(Code::BadRequest, message) }
    }
}

impl From<Rejection> for WireError {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        let code = match rejection {
            Rejection::NoSuchResource | Rejection::NoSuchBooking => Code::NotFound,
            Rejection::Forbidden(_) => Code::Forbidden,
            Rejection::Closed(_) => Code::Closed,
            Rejection::SlotFull => Code::SlotFull,
            Rejection::HoldExpired => Code::HoldExpired,
            Rejection::IdempotencyMismatch => Code::IdempotencyMismatch,
            Rejection::LimitExceeded(_) => Code::LimitExceeded,
            Rejection::Unacceptable { field, message } => {
                return Self::bad_request(&message, Some(field));
            }
            Rejection::InvalidTransition(current) => {
                return Self {
                    current: Some(Box::new(BookingView::from(&*current))),
                    ..Self::new(Code::InvalidTransition, &message)
                };
            }
            Rejection::VersionConflict(current) => {
                return Self {
                    current: Some(Box::new(BookingView::from(&*current))),
                    ..Self::new(Code::VersionConflict, &message)
                };
            }
        };
        Self::new(code, &message)
    }
}
