//! Refusals, by the names that SDKs know.

use crate::endpoint::Unreadable;
use crate::events::ReplayError;
use crate::iam::{Denied, SignatureError};
use crate::journal::JournalError;
use http::StatusCode;
use thiserror::Error;

/// Why a request is not carried out.
#[derive(Debug, Error)]
pub(super) enum EventBridgeError {
    #[error("no such operation")]
    UnknownOperation,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("{0}")]
    Invalid(String),
    #[error("{0} does not exist.")]
    Missing(String),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EventBridgeError {
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html> and its siblings.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "UnknownOperationException",
            Self::Unreadable(_) | Self::Invalid(_) => "ValidationException",
            Self::Missing(_) => "ResourceNotFoundException",
            Self::Replay(ReplayError::Exists(_)) => "ResourceAlreadyExistsException",
            Self::Signature(error) => error.name(),
            Self::Denied(_) => "AccessDeniedException",
            Self::Replay(ReplayError::Journal(_)) | Self::Journal(_) => "InternalException",
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Replay(ReplayError::Journal(_)) | Self::Journal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
