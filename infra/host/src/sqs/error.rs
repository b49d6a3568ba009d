//! Refusals, by the names that SDKs know.

use crate::endpoint::Unreadable;
use crate::faults::QueueFault;
use crate::iam::{Denied, SignatureError};
use crate::journal::JournalError;
use crate::queues::HandleError;
use http::StatusCode;
use thiserror::Error;

/// Why a request, or an entry of a batch, is not carried out. The messages are those of SQS.
#[derive(Debug, Error)]
pub(super) enum SqsError {
    #[error("no such operation")]
    UnknownOperation,
    #[error("The action or operation requested is invalid here: {0}")]
    Unsupported(&'static str),
    #[error("the request cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("The request must contain the parameter {0}.")]
    Missing(&'static str),
    #[error("Value {value} for parameter {name} is invalid. Reason: {reason}")]
    Value { name: &'static str, value: String, reason: String },
    #[error("One or more parameters are invalid. Reason: {0}")]
    Invalid(String),
    #[error("Unknown Attribute {0}.")]
    UnknownAttribute(String),
    #[error("The specified queue does not exist.")]
    NoQueue,
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    Characters,
    #[error("There should be at least one {0} in the request.")]
    EmptyBatch(&'static str),
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntries(usize),
    #[error("Id {0} repeated.")]
    RepeatedId(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    EntryId,
    #[error("Batch requests cannot be longer than {most} bytes. You have sent {sent} bytes.")]
    BatchTooLong { most: usize, sent: usize },
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeInProgress(String),
    #[error(transparent)]
    Handle(#[from] HandleError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Fault(#[from] QueueFault),
}

/// The name of an error.
pub(super) struct Name {
    /// As SDKs of this protocol have it.
    pub(super) shape: &'static str,
    /// As those of the older protocol had it, which many programs still compare with.
    pub(super) code: &'static str,
}

impl SqsError {
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html> and
    /// its siblings; the model of the service, `sqs-2012-11-05`, has both names.
    pub(super) fn name(&self) -> Name {
        let modelled = |name: &'static str, code| Name { shape: name, code };
        let same = |name: &'static str| Name { shape: name, code: name };
        match self {
            Self::UnknownOperation => same("UnknownOperationException"),
            Self::Unsupported(_) => {
                modelled("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
            Self::Unreadable(_) => same("SerializationException"),
            Self::Missing(_) => modelled("MissingRequiredParameterException", "MissingParameter"),
            Self::Value { .. } | Self::Invalid(_) | Self::Handle(HandleError::TooLong) => {
                modelled("InvalidParameterValueException", "InvalidParameterValue")
            }
            Self::UnknownAttribute(_) => same("InvalidAttributeName"),
            Self::NoQueue => {
                modelled("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
            }
            Self::Characters => same("InvalidMessageContents"),
            Self::EmptyBatch(_) => {
                modelled("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            Self::TooManyEntries(_) => modelled(
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Self::RepeatedId(_) => modelled(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            ),
            Self::EntryId => {
                modelled("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            Self::BatchTooLong { .. } => {
                modelled("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::PurgeInProgress(_) => {
                modelled("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress")
            }
            Self::Handle(HandleError::Invalid) => same("ReceiptHandleIsInvalid"),
            Self::Handle(HandleError::NotInFlight) => {
                modelled("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            Self::Signature(error) => same(error.name()),
            Self::Denied(_) => modelled("AccessDeniedException", "AccessDenied"),
            Self::Journal(_) | Self::Fault(_) | Self::Handle(HandleError::Journal(_)) => {
                same("InternalFailure")
            }
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Signature(_) | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::Journal(_) | Self::Fault(_) | Self::Handle(HandleError::Journal(_)) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether the sender is to blame, and not the service.
    pub(super) fn is_senders(&self) -> bool {
        self.status().is_client_error()
    }
}
