//! By which a receiver names what it received.

use crate::journal::JournalError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Which row, and which time that it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) number: i64,
    pub(super) receipt: String,
}

/// Why a message cannot be deleted or kept.
#[derive(Debug, Error)]
pub enum HandleError {
    /// It is no handle of this queue.
    #[error("The input receipt handle is invalid.")]
    Invalid,
    /// Nobody has the message: it is visible, deleted, or received by somebody else meanwhile.
    #[error("The specified message isn't in flight.")]
    NotInFlight,
    /// It would be invisible for more than twelve hours in all.
    #[error("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")]
    TooLong,
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Handle {
    /// A new one for that row.
    pub(super) fn new(number: i64) -> Self {
        Self { number, receipt: uuid::Uuid::new_v4().to_string() }
    }

    /// The text that the receiver is given. It names the queue: it is good for no other one.
    pub(super) fn text(&self, queue: &str) -> String {
        STANDARD.encode(format!("{} {} {queue}", self.number, self.receipt))
    }

    /// Reads such a text.
    pub(super) fn read(text: &str, queue: &str) -> Result<Self, HandleError> {
        let read = || {
            let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
            let (number, rest) = text.split_once(' ')?;
            let (receipt, of) = rest.split_once(' ')?;
            let number = number.parse().ok()?;
            (of == queue).then(|| Self { number, receipt: receipt.to_owned() })
        };
        read().ok_or(HandleError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_good_for_its_queue() {
        let handle = Handle::new(7);
        let text = handle.text("Orders");
        assert_eq!(Handle::read(&text, "Orders").unwrap(), handle);
        for (text, queue) in
            [(text.as_str(), "Other"), ("", "Orders"), ("AAAA", "Orders"), ("?", "Orders")]
        {
            assert!(
                matches!(Handle::read(text, queue), Err(HandleError::Invalid)),
                "{text} {queue}"
            );
        }
    }
}
