//! What a function's result says of its batch.
//!
//! As documented under "Configuring partial batch response with DynamoDB and Lambda".

use super::record::Change;
use crate::lambda::reported_failures;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchResult {
    /// All of it is done.
    Done,
    /// Everything before this index is done, the rest has to come again.
    FailedFrom(usize),
}

impl BatchResult {
    /// Reads the result of a function that reports its failures.
    pub fn read(result: &[u8], batch: &[Change]) -> Self {
        let Some(failures) = reported_failures(result) else { return Self::FailedFrom(0) };
        // An identifier of no record of this batch: all of it comes again.
        let index = |failure: &String| {
            batch.iter().position(|it| it.sequence_number == *failure).unwrap_or(0)
        };
        failures.iter().map(index).min().map_or(Self::Done, Self::FailedFrom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(result: &str) -> BatchResult {
        let batch: Vec<_> = ["100", "200", "300"]
            .map(|number| Change {
                sequence_number: number.to_owned(),
                created: 0,
                json: String::new(),
            })
            .into();
        BatchResult::read(result.as_bytes(), &batch)
    }

    #[test]
    fn nothing_reported_is_success() {
        for result in ["null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(read(result), BatchResult::Done, "{result}");
        }
    }

    #[test]
    fn the_lowest_reported_record_is_where_to_go_on() {
        let one = r#"{"batchItemFailures":[{"itemIdentifier":"200"}]}"#;
        assert_eq!(read(one), BatchResult::FailedFrom(1));
        let two = r#"{"batchItemFailures":[{"itemIdentifier":"300"},{"itemIdentifier":"200"}]}"#;
        assert_eq!(read(two), BatchResult::FailedFrom(1));
    }

    #[test]
    fn what_cannot_be_told_apart_fails_whole() {
        for result in [
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"id":"200"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"999"}]}"#,
            r#"{"batchItemFailures":"200"}"#,
            r#""ok""#,
            "not json",
        ] {
            assert_eq!(read(result), BatchResult::FailedFrom(0), "{result}");
        }
    }
}
