//! What the on-failure destination is told of records that were given up.
//!
//! As documented under "Retain discarded records for a DynamoDB event source in Lambda". The
//! message says where in the stream the records are, not what is in them.

use super::record::Change;
use dynoxide::streams::shard_id;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Why records were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Condition {
    /// The function or pipe failed too often.
    RetryAttemptsExhausted,
    /// The records became too old.
    RecordAgeExceeded,
}

/// What the function did with them the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastResult {
    /// They were never given to it.
    NotInvoked,
    /// It said which of them failed.
    Reported,
    /// It failed altogether.
    Unhandled,
}

/// Who gave records up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arn<'a> {
    /// The mapping to this function.
    Function(&'a str),
    /// This pipe.
    Pipe(&'a str),
}

/// Records that were given up, and by whom.
pub(super) struct GivenUp<'a> {
    pub(super) by: Arn<'a>,
    pub(super) stream_arn: &'a str,
    pub(super) table: &'a str,
    pub(super) changes: &'a [Change],
    pub(super) condition: Condition,
    pub(super) invocations: u32,
    pub(super) last_result: LastResult,
}

impl GivenUp<'_> {
    /// The message's text.
    pub(super) fn message(&self) -> String {
        let (Some(first), Some(last)) = (self.changes.first(), self.changes.last()) else {
            return String::new();
        };
        let mut message = json!({
            "version": "1.0",
            "timestamp": format!("{:.3}", Timestamp::now()),
            "DDBStreamBatchInfo": {
                "shardId": shard_id(self.table),
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": instant(first.created),
                "approximateArrivalOfLastRecord": instant(last.created),
                "batchSize": self.changes.len(),
                "streamArn": self.stream_arn,
            },
        });
        let function_arn = match self.by {
            Arn::Function(arn) => arn,
            // <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html>
            Arn::Pipe(arn) => {
                message["context"] =
                    json!({"partnerResourceArn": arn, "condition": self.condition});
                return message.to_string();
            }
        };
        message["requestContext"] = json!({
            "requestId": uuid::Uuid::new_v4().to_string(),
            "functionArn": function_arn,
            "condition": self.condition,
            "approximateInvokeCount": self.invocations,
        });
        if self.last_result != LastResult::NotInvoked {
            message["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
        }
        if self.last_result == LastResult::Unhandled {
            message["responseContext"]["functionError"] = json!("Unhandled");
        }
        message.to_string()
    }
}

fn instant(seconds: i64) -> Value {
    Timestamp::from_second(seconds).map_or(Value::Null, |instant| json!(instant.to_string()))
}
