//! What goes wrong -> the error that the client sees. Inner causes are logged, never sent.

use domain::{Booking, Rejection, Role};
use protocol::{Code, WireError};
use std::error::Error;
use store::CommandError;
use store::cursor::BadCursor;

/// Why a request is not answered with a result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The client is told exactly this.
    #[error("refused: {}", .0.message)]
    Refused(Box<WireError>),
    /// The rules say no.
    #[error("rejected: {0}")]
    Rejected(#[from] Rejection),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] store::Error),
    /// The issuer's keys could not be had.
    #[error("the token issuer did not answer")]
    Issuer(#[source] identity::IdentityError),
    /// A client could not be closed.
    #[error("API Gateway failed")]
    Callback(#[source] delivery::Undelivered),
    /// The database took too long.
    #[error("the request was given up: the database took too long")]
    TooSlow,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// A reply could not be written.
    #[error("a reply could not be written")]
    Json(#[from] serde_json::Error),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejection) => rejection.into(),
            CommandError::Failed(error) => error.into(),
        }
    }
}

impl From<BadCursor> for Failure {
    fn from(error: BadCursor) -> Self {
        WireError::bad_request(&error.to_string(), Some("/cursor")).into()
    }
}

impl From<store::Unavailable> for Failure {
    fn from(error: store::Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl Failure {
    /// What a client is told who has this role to a booking that it is told of.
    pub fn into_wire(self, role: impl Fn(&Booking) -> Role) -> WireError {
        match self {
            Self::Refused(error) => *error,
            Self::Rejected(rejection) => WireError::rejected(rejection, role),
            Self::Store(error @ store::Error::Busy) => {
                WireError::new(Code::Busy, &format!("{error}: try again"))
            }
            error @ (Self::Store(store::Error::Unavailable(_))
            | Self::Issuer(_)
            | Self::Callback(_)
            | Self::TooSlow
            | Self::Random
            | Self::Json(_)) => {
                tracing::error!(error = &error as &dyn Error, "a dependency failed");
                let message = "something behind this gateway did not answer: try again, with the \
                               same key if there is one";
                WireError::new(Code::Unavailable, message)
            }
        }
    }
}
