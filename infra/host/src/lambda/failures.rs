//! What a function's result says of the records of its batch that failed.

use serde_json::{Map, Value};

/// The identifiers of the records that a function reports as failed, in its order; `None` where one is
/// not a text, or the result cannot be read at all: then all of the batch has failed.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
pub fn reported_failures(result: &[u8]) -> Option<Vec<String>> {
    let result = serde_json::from_slice::<Option<Map<_, _>>>(result).ok()?;
    match result.and_then(|mut result| result.remove("batchItemFailures")) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(failures)) => {
            let identifier =
                |failure: &Value| failure["itemIdentifier"].as_str().map(str::to_owned);
            failures.iter().map(identifier).collect()
        }
        Some(_) => None,
    }
}
