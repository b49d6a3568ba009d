//! What a function's result says of its batch of messages.

use super::message::Received;
use crate::lambda::reported_failures;

/// Which messages of a batch are done, by the result of a function that reports its failures. One
/// that is reported and not in the batch fails all of it:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
pub(super) fn done<'a>(result: &[u8], batch: &'a [Received]) -> Vec<&'a Received> {
    let Some(failures) = reported_failures(result) else { return Vec::new() };
    let is_in = |failure: &String| batch.iter().any(|message| message.message_id == *failure);
    if !failures.iter().all(is_in) {
        return Vec::new();
    }
    batch.iter().filter(|message| !failures.contains(&message.message_id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn done_of(result: &str) -> Vec<String> {
        let batch = ["a", "b", "c"].map(|id| Received {
            message_id: id.to_owned(),
            receipt_handle: String::new(),
            body: String::new(),
            attributes: BTreeMap::new(),
            sender: String::new(),
            sent_ms: 0,
            first_received_ms: 0,
            receives: 1,
            dead_from: None,
        });
        done(result.as_bytes(), &batch).iter().map(|it| it.message_id.clone()).collect()
    }

    #[test]
    fn nothing_reported_is_success() {
        for result in ["null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(done_of(result), ["a", "b", "c"], "{result}");
        }
    }

    #[test]
    fn what_is_reported_stays() {
        let result = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(done_of(result), ["a", "c"]);
    }

    #[test]
    fn what_cannot_be_told_apart_fails_whole() {
        for result in [
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"id":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"x"}]}"#,
            r#"{"batchItemFailures":"a"}"#,
            r#""ok""#,
            "not json",
        ] {
            assert!(done_of(result).is_empty(), "{result}");
        }
    }
}
