//! Transactions, their retries, and what made them fail.

use crate::error::{Error, Unavailable};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConsumedCapacity, ReturnConsumedCapacity, TransactWriteItem,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Transactions on one item cancel each other; attempts before [`Error::Busy`].
pub(crate) const TRIES: u32 = 10;
/// The longest wait before the second try; it doubles with each try.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// No single wait is longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was written.
    Written,
    /// Nothing was written: the conditions of these writes, by their index, did not hold, or could
    /// not be told because somebody else was writing there.
    Refused(Vec<usize>),
}

/// Counts capacity units, as DynamoDB reports them.
#[derive(Debug, Clone, Default)]
pub struct Units(Arc<Counts>);

/// Reads may take half a unit: both are counted in halves.
#[derive(Debug, Default)]
struct Counts {
    read: AtomicU64,
    written: AtomicU64,
}

/// Capacity units consumed since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Consumed {
    /// Read units, of 4 KB read strongly consistently each.
    pub read: f64,
    /// Write units, of 1 KB each; two for each in a transaction.
    pub written: f64,
}

impl Units {
    /// What has been consumed so far.
    pub fn consumed(&self) -> Consumed {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 units")]
        let units = |halves: &AtomicU64| halves.load(Ordering::Relaxed) as f64 / 2.0;
        Consumed { read: units(&self.0.read), written: units(&self.0.written) }
    }

    pub(crate) fn read(&self, used: Option<&ConsumedCapacity>) {
        let units = used.and_then(|it| it.read_capacity_units().or_else(|| it.capacity_units()));
        add(&self.0.read, units);
    }

    pub(crate) fn written(&self, used: Option<&ConsumedCapacity>) {
        let units = used.and_then(|it| it.write_capacity_units().or_else(|| it.capacity_units()));
        add(&self.0.written, units);
    }
}

fn add(halves: &AtomicU64, units: Option<f64>) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few units, in halves"
    )]
    halves.fetch_add((units.unwrap_or_default() * 2.0) as u64, Ordering::Relaxed);
}

/// Writes all or nothing. Conflicts with other transactions and throttling are tried again after a
/// random wait; conditions that do not hold are the caller's to decide anew.
pub async fn transact(
    client: &Client,
    units: &Units,
    writes: Vec<TransactWriteItem>,
) -> Result<Outcome, Error> {
    let mut token = new_token();
    let mut in_doubt = None;
    for attempt in 0..TRIES {
        if let Some(before) = attempt.checked_sub(1) {
            tracing::debug!(attempt, "a transaction met another, trying again");
            wait(before).await;
        }
        let result = client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()))
            .client_request_token(&token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let error = match result {
            Ok(output) => {
                output.consumed_capacity().iter().for_each(|used| units.written(Some(used)));
                return Ok(Outcome::Written);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                match why(cancelled.cancellation_reasons()) {
                    Cancelled::Refused(indices) => return Ok(Outcome::Refused(indices)),
                    Cancelled::Retry => (token, in_doubt) = (new_token(), None),
                    Cancelled::Broken => return Err(error.into()),
                }
            }
            // An earlier attempt is under way, or done: the token makes all of them one.
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                in_doubt = Some(Unavailable::from(error));
            }
            Some(
                TransactWriteItemsError::ProvisionedThroughputExceededException(_)
                | TransactWriteItemsError::RequestLimitExceeded(_)
                | TransactWriteItemsError::ThrottlingException(_),
            ) => {}
            _ => return Err(Unavailable::from(error).into()),
        }
    }
    // Busy is only what has changed nothing, for certain.
    Err(in_doubt.map_or(Error::Busy, Error::from))
}

/// The name of one transaction, however often it is asked for: at most 36 characters.
fn new_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

enum Cancelled {
    Refused(Vec<usize>),
    Retry,
    Broken,
}

/// A condition that does not hold outweighs a conflict beside it: it must be decided anew anyway.
fn why(reasons: &[CancellationReason]) -> Cancelled {
    const FAILED: &str = "ConditionalCheckFailed";
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let codes = || reasons.iter().map(|reason| reason.code().unwrap_or("None"));
    let broken = codes().any(|code| !["None", FAILED].contains(&code) && !passing.contains(&code));
    if broken || reasons.is_empty() {
        Cancelled::Broken
    } else if codes().any(|code| code == FAILED) {
        let refused = codes().enumerate().filter(|(_, code)| *code != "None");
        Cancelled::Refused(refused.map(|(index, _)| index).collect())
    } else {
        Cancelled::Retry
    }
}

/// Full jitter: any wait up to twice the one before, so that those who met do not meet again.
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
pub(crate) async fn wait(attempt: u32) {
    let longest = FIRST_WAIT.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
