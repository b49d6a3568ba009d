//! What can go wrong.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use domain::Rejection;
use std::error::Error as StdError;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The tables were not read or written.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Why the tables were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Contention outlasted the retries. Nothing was changed.
    #[error("too many requests change the same at once")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The database failed.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// A call failed.
    #[error("the database did not answer")]
    Call(#[source] Box<dyn StdError + Send + Sync>),
    /// An item is not what this version of the code writes.
    #[error("an item cannot be read")]
    Item(#[from] serde_dynamo::Error),
    /// A request could not be built.
    #[error("a request to the database is incomplete")]
    Build(#[from] BuildError),
}

impl CommandError {
    /// Whether nothing was written, for certain: where the database failed, it may have been.
    pub(crate) fn wrote_nothing(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Failed(Error::Busy))
    }
}

impl From<Unavailable> for CommandError {
    fn from(error: Unavailable) -> Self {
        Self::Failed(error.into())
    }
}

impl<E, R> From<SdkError<E, R>> for Unavailable
where
    E: StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self::Call(Box::new(error))
    }
}

impl<E, R> From<SdkError<E, R>> for Error
where
    E: StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<serde_dynamo::Error> for Error {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::Unavailable(error.into())
    }
}
