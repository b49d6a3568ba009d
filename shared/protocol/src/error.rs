//! The error codes.

use crate::view::BookingView;
use domain::{Booking, Rejection, Role};
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
    /// No such resource or booking, or nobody in the pool.
    NotFound,
    /// The resource is not open then, or paused, the time is not on its slot grid, too early, too far
    /// ahead, or in the past.
    Closed,
    /// Not enough free capacity in every slot asked for; on `waitlist`, that there is.
    SlotFull,
    /// `confirm` or `extend` came too late.
    HoldExpired,
    /// Past `cancelBy` or `rescheduleBy`.
    TooLate,
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
    /// A dependency failed. Either nothing was changed, or the same request with the same `key` is
    /// answered with what was done.
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
    /// The booking as it is, on `version_conflict`, `too_late` and `invalid_transition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<BookingView>>,
}

/// The longest message, in characters. What serde and the domain say may quote what the client sent.
const MAX_MESSAGE: usize = 300;
/// The longest pointer, in characters: the names of unknown fields are the client's.
const MAX_FIELD: usize = 200;
/// How long a client waits before it tries again, in milliseconds. Longer does not help: contention
/// on one slot passes within some transactions.
const RETRY_AFTER: u32 = 500;

/// The text, cut to a number of characters, without control characters: those would grow sixfold as
/// JSON.
fn bounded(text: &str, most: usize) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut bounded: String = text.chars().take(most).map(plain).collect();
    if text.chars().nth(most).is_some() {
        bounded.push_str("...");
    }
    bounded
}

impl WireError {
    /// An error of this code.
    pub fn new(code: Code, message: &str) -> Self {
        Self {
            code,
            message: bounded(message, MAX_MESSAGE),
            retryable: code.retryable(),
            field: None,
            retry_after_ms: code.retryable().then_some(RETRY_AFTER),
            current: None,
        }
    }

    /// What the client sent is malformed, at this JSON pointer if one field is at fault.
    pub fn bad_request(message: &str, field: Option<&str>) -> Self {
        let field = field.map(|field| bounded(field, MAX_FIELD));
        Self { field, ..Self::new(Code::BadRequest, message) }
    }

    /// Not for this caller, because of this field.
    pub fn forbidden(message: &str, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Code::Forbidden, message) }
    }

    /// The rejection as a caller sees it who has this role to a booking that it tells of.
    pub fn rejected(rejection: Rejection, role: impl Fn(&Booking) -> Role) -> Self {
        let because_of = |code, message: &str, current: &Booking| {
            let current = Some(Box::new(BookingView::of(current, role(current))));
            Self { current, ..Self::new(code, message) }
        };
        let message = rejection.to_string();
        let code = match rejection {
            Rejection::NoSuchResource | Rejection::EmptyPool | Rejection::NoSuchBooking => {
                Code::NotFound
            }
            Rejection::Forbidden(_) => Code::Forbidden,
            Rejection::Closed(_) | Rejection::NotWhole(_) => Code::Closed,
            Rejection::SlotFull | Rejection::NotFull => Code::SlotFull,
            Rejection::HoldExpired => Code::HoldExpired,
            Rejection::IdempotencyMismatch => Code::IdempotencyMismatch,
            Rejection::LimitExceeded(_) => Code::LimitExceeded,
            Rejection::InTransition(left) => {
                let left = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
                return Self {
                    retry_after_ms: Some(left.max(RETRY_AFTER)),
                    ..Self::new(Code::Busy, &message)
                };
            }
            Rejection::Of { field, reason } => {
                return Self { field: Some(field), ..Self::rejected(*reason, role) };
            }
            Rejection::Unacceptable { field, message } => {
                return Self::bad_request(&message, Some(field));
            }
            Rejection::ResourceVersionConflict(_) => {
                let field = Some("/ifVersion".to_owned());
                return Self { field, ..Self::new(Code::VersionConflict, &message) };
            }
            Rejection::TooLate(current) => {
                return because_of(Code::TooLate, &message, &current);
            }
            Rejection::InvalidTransition(current) => {
                return because_of(Code::InvalidTransition, &message, &current);
            }
            Rejection::VersionConflict(current) => {
                return because_of(Code::VersionConflict, &message, &current);
            }
        };
        Self::new(code, &message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_does_not_grow_in_an_error() {
        let quoted = format!("{:?}", "\u{7f}".repeat(30_000));
        let error = WireError::bad_request(&quoted, Some(&format!("/{}", "\u{1}".repeat(30_000))));
        let written = serde_json::to_string(&error).unwrap();
        assert!(written.len() < 1200, "{} bytes", written.len());
        assert_eq!(WireError::bad_request("short", Some("/é")).field.as_deref(), Some("/é"));
    }
}
