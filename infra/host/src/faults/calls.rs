//! What a call to the database meets.

use super::Faults;
use super::chance::Fault;
use http::StatusCode;
use serde_json::{Value, json};
use thiserror::Error;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CallFate(Option<Fault>);

/// How a call fails that is not carried out, or whose answer does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum CallFault {
    /// Another transaction is at the same item: of so many in a transaction, or alone.
    #[error("Transaction is ongoing for the item")]
    Conflict(Option<usize>),
    /// More than the table takes.
    #[error("The level of configured provisioned throughput for the table was exceeded.")]
    Throttled,
    /// DynamoDB's own fault.
    #[error("Internal server error")]
    Failed,
    /// The connection breaks.
    #[error("the answer is lost")]
    Lost,
}

const WRITES: [&str; 4] = ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"];

impl Faults {
    /// Decides what becomes of a function's call, having let it wait where that is its fate.
    pub(crate) async fn call(&self, operation: &str, body: &str) -> CallFate {
        let is_again = self.is_again(operation, body);
        if let Some(wait) = self.wait(Fault::SlowCall, |plan| plan.database.slow_ms) {
            tokio::time::sleep(wait).await;
        }
        let of_writes = [Fault::Conflict, Fault::FailAfter];
        let of_all = [Fault::Throttle, Fault::Fail, Fault::LoseAnswer];
        let writes = WRITES.contains(&operation);
        let possible = of_writes.into_iter().filter(|_| writes).chain(of_all);
        let possible = possible.filter(|fault| *fault != Fault::Conflict || !is_again);
        CallFate(possible.into_iter().find(|fault| self.meets(*fault)))
    }

    /// Whether this transaction was asked for before, by its token. DynamoDB answers it as it answered
    /// then, or that it is under way; it is in nobody's way.
    fn is_again(&self, operation: &str, body: &str) -> bool {
        if operation != "TransactWriteItems" {
            return false;
        }
        let known = self.with(|script| {
            let request: Value = serde_json::from_str(body).unwrap_or_default();
            let token = request["ClientRequestToken"].as_str()?;
            Some(!script.tokens.insert(token.to_owned()))
        });
        known.flatten().unwrap_or(false)
    }
}

impl CallFate {
    /// Whether it fails without being carried out.
    pub(crate) fn before(self, operation: &str, body: &str) -> Result<(), CallFault> {
        match self.0 {
            Some(Fault::Conflict) if operation == "TransactWriteItems" => {
                let request: Value = serde_json::from_str(body).unwrap_or_default();
                Err(CallFault::Conflict(request["TransactItems"].as_array().map(Vec::len)))
            }
            Some(Fault::Conflict) => Err(CallFault::Conflict(None)),
            Some(Fault::Throttle) => Err(CallFault::Throttled),
            Some(Fault::Fail) => Err(CallFault::Failed),
            _ => Ok(()),
        }
    }

    /// Whether nobody hears that it was carried out.
    pub(crate) fn after(self) -> Result<(), CallFault> {
        match self.0 {
            Some(Fault::FailAfter) => Err(CallFault::Failed),
            Some(Fault::LoseAnswer) => Err(CallFault::Lost),
            _ => Ok(()),
        }
    }
}

impl CallFault {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Failed | Self::Lost => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Conflict(_) | Self::Throttled => StatusCode::BAD_REQUEST,
        }
    }

    /// The body of the answer.
    pub(crate) fn body(self) -> Value {
        let kind = match self {
            Self::Conflict(Some(_)) => "TransactionCanceledException",
            Self::Conflict(None) => "TransactionConflictException",
            Self::Throttled => "ProvisionedThroughputExceededException",
            Self::Failed | Self::Lost => "InternalServerError",
        };
        let mut body = json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
            "message": self.to_string(),
        });
        if let Self::Conflict(Some(items)) = self {
            // One of them is enough to cancel all.
            let reasons = (0..items).map(|item| match item {
                0 => json!({"Code": "TransactionConflict", "Message": self.to_string()}),
                _ => json!({"Code": "None"}),
            });
            body["CancellationReasons"] = reasons.collect();
        }
        body
    }
}
