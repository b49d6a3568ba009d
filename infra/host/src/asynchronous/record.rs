//! What destinations are told of an invocation.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use crate::lambda::InvokeError;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
}

pub(super) struct Record {
    pub(super) function_arn: String,
    pub(super) request_id: String,
    pub(super) condition: Condition,
    pub(super) invocations: u32,
    /// The event, in JSON.
    pub(super) payload: String,
    /// What the function answered, the last time.
    pub(super) outcome: Option<Result<Vec<u8>, InvokeError>>,
}

impl Record {
    pub(super) fn json(&self) -> Value {
        let payload = |bytes: &[u8]| {
            serde_json::from_slice::<Value>(bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
        };
        let mut record = json!({
            "version": "1.0",
            "timestamp": format!("{:.3}", Timestamp::now()),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": format!("{}:$LATEST", self.function_arn),
                "condition": self.condition,
                "approximateInvokeCount": self.invocations,
            },
            "requestPayload": payload(self.payload.as_bytes()),
        });
        match &self.outcome {
            None => {}
            Some(Ok(result)) => {
                record["responseContext"] =
                    json!({"statusCode": 200, "executedVersion": "$LATEST"});
                record["responsePayload"] = payload(result);
            }
            Some(Err(error)) => {
                record["responseContext"] = json!({
                    "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
                });
                record["responsePayload"] = match error {
                    InvokeError::Throttled => json!({"errorMessage": error.to_string()}),
                    InvokeError::Failed { error_type, message } => {
                        json!({"errorMessage": message, "errorType": error_type})
                    }
                };
            }
        }
        record
    }

    /// By which rules choose it.
    pub(super) fn detail_type(&self) -> &'static str {
        match self.condition {
            Condition::Success => "Lambda Function Invocation Result - Success",
            _ => "Lambda Function Invocation Result - Failure",
        }
    }
}
