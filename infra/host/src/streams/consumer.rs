//! What a reader of a stream delivers to.

use super::batch_result::BatchResult;
use super::give_up::Arn;
use super::record::{self, Change};
use crate::events::{PipeError, PipeTarget};
use crate::lambda::{Functions, InvokeError};
use std::time::Duration;
use thiserror::Error;

/// What a reader delivers to.
pub(super) enum Consumer {
    /// A function, by its logical id.
    Function { id: String, arn: String, reports_failures: bool, functions: Functions },
    /// A pipe.
    Pipe(Box<PipeTarget>),
}

/// Why a batch is not taken.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// It did not reach the function.
    #[error("the function is throttled")]
    Throttled,
    /// The function failed with it.
    #[error(transparent)]
    Function(InvokeError),
    /// The pipe did.
    #[error(transparent)]
    Pipe(#[from] PipeError),
}

impl Consumer {
    pub(super) async fn consume(&self, changes: &[Change]) -> Result<BatchResult, Failure> {
        match self {
            Self::Function { id, reports_failures, functions, .. } => {
                let result = functions.invoke(id, record::event(changes)).await;
                let result = result.map_err(|error| match error {
                    InvokeError::Throttled => Failure::Throttled,
                    failed @ InvokeError::Failed { .. } => Failure::Function(failed),
                })?;
                Ok(if *reports_failures {
                    BatchResult::read(&result, changes)
                } else {
                    BatchResult::Done
                })
            }
            Self::Pipe(target) => {
                target.publish(changes.iter().map(|change| change.json.as_str()))?;
                Ok(BatchResult::Done)
            }
        }
    }

    /// How long to wait for more changes once there is one. Nobody waits for a pipe, which on AWS polls four
    /// times a second; so it leaves the database to those whom somebody waits for.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Function { .. } => Duration::ZERO,
            Self::Pipe(_) => Duration::from_millis(20),
        }
    }

    /// Who gives records up.
    pub(super) fn arn(&self) -> Arn<'_> {
        match self {
            Self::Function { arn, .. } => Arn::Function(arn),
            Self::Pipe(target) => Arn::Pipe(&target.pipe.arn),
        }
    }
}
