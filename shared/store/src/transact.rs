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

/// Transactions on one item cancel each other; so many tries pass before the caller is told so.
const TRIES: u32 = 10;
/// The longest wait before the second try; it doubles with each try.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// No single wait is longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was written.
    Written,
    /// Nothing was written: the conditions of these writes, by their place, did not hold, or could
    /// not be told because somebody else was writing there.
    Refused(Vec<usize>),
}

/// Counts write units, as DynamoDB reports them.
#[derive(Debug, Clone, Default)]
pub struct Units(Arc<AtomicU64>);

impl Units {
    /// Write units consumed since the start of the process.
    pub fn written(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, consumed: &[ConsumedCapacity]) {
        let units: f64 = consumed
            .iter()
            .filter_map(|table| table.write_capacity_units().or_else(|| table.capacity_units()))
            .sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "writes consume whole units, far fewer than 2^64"
        )]
        self.0.fetch_add(units as u64, Ordering::Relaxed);
    }
}

/// Writes all or nothing. Conflicts with other transactions and throttling are tried again after a
/// random wait; conditions that do not hold are the caller's to decide anew.
pub async fn transact(
    client: &Client,
    units: &Units,
    writes: Vec<TransactWriteItem>,
) -> Result<Outcome, Error> {
    let mut token = new_token();
    for attempt in 0..TRIES {
        if let Some(before) = attempt.checked_sub(1) {
            tracing::debug!(attempt, "a transaction met another, trying again");
            wait(before).await;
        }
        let result = client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()))
            .client_request_token(&token)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        let error = match result {
            Ok(output) => {
                units.add(output.consumed_capacity());
                return Ok(Outcome::Written);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                match verdict(cancelled.cancellation_reasons()) {
                    Verdict::Refused(places) => return Ok(Outcome::Refused(places)),
                    Verdict::Retry => token = new_token(),
                    Verdict::Broken => return Err(error.into()),
                }
            }
            // An earlier attempt may be under way, or done: the token makes all of them one.
            Some(
                TransactWriteItemsError::TransactionInProgressException(_)
                | TransactWriteItemsError::ProvisionedThroughputExceededException(_)
                | TransactWriteItemsError::RequestLimitExceeded(_)
                | TransactWriteItemsError::ThrottlingException(_),
            ) => {}
            _ => return Err(Unavailable::from(error).into()),
        }
    }
    Err(Error::Busy)
}

/// The name of one transaction, however often it is asked for: at most 36 characters.
fn new_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

enum Verdict {
    Refused(Vec<usize>),
    Retry,
    Broken,
}

/// A condition that does not hold outweighs a conflict beside it: it must be decided anew anyway.
fn verdict(reasons: &[CancellationReason]) -> Verdict {
    const FAILED: &str = "ConditionalCheckFailed";
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let codes = || reasons.iter().map(|reason| reason.code().unwrap_or("None"));
    let broken = codes().any(|code| !["None", FAILED].contains(&code) && !passing.contains(&code));
    if broken || reasons.is_empty() {
        Verdict::Broken
    } else if codes().any(|code| code == FAILED) {
        let refused = codes().enumerate().filter(|(_, code)| *code != "None");
        Verdict::Refused(refused.map(|(place, _)| place).collect())
    } else {
        Verdict::Retry
    }
}

/// Full jitter: any wait up to twice the one before, so that those who met do not meet again.
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
pub(crate) async fn wait(attempt: u32) {
    let longest = FIRST_WAIT.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
