//! What a function's result says of its batch.
//!
//! As documented under "Configuring partial batch response with DynamoDB and Lambda".

use serde_json::Value;

use super::record::Change;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is done.
    Done,
    /// Everything before this index is done, the rest has to come again.
    FailedFrom(usize),
}

/// Reads the result of a function that reports its failures.
pub fn read(result: &[u8], batch: &[Change]) -> Verdict {
    let all_failed = Verdict::FailedFrom(0);
    let failures = match serde_json::from_slice(result) {
        Ok(Value::Null) => return Verdict::Done,
        Ok(Value::Object(mut result)) => result.remove("batchItemFailures").unwrap_or_default(),
        _ => return all_failed,
    };
    let failures = match failures {
        Value::Null => return Verdict::Done,
        Value::Array(failures) => failures,
        _ => return all_failed,
    };
    let mut first = None;
    for failure in failures {
        let index = failure["itemIdentifier"]
            .as_str()
            .and_then(|number| batch.iter().position(|it| it.sequence_number == number));
        // An identifier that is missing or of no record of this batch: all of it comes again.
        let Some(index) = index else { return all_failed };
        first = Some(first.map_or(index, |first: usize| first.min(index)));
    }
    first.map_or(Verdict::Done, Verdict::FailedFrom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(result: &str) -> Verdict {
        let batch: Vec<_> = ["100", "200", "300"]
            .map(|number| Change {
                sequence_number: number.to_owned(),
                created: 0,
                json: String::new(),
            })
            .into();
        read(result.as_bytes(), &batch)
    }

    #[test]
    fn nothing_reported_is_success() {
        for result in ["null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(verdict(result), Verdict::Done, "{result}");
        }
    }

    #[test]
    fn the_lowest_reported_record_is_where_to_go_on() {
        let one = r#"{"batchItemFailures":[{"itemIdentifier":"200"}]}"#;
        assert_eq!(verdict(one), Verdict::FailedFrom(1));
        let two = r#"{"batchItemFailures":[{"itemIdentifier":"300"},{"itemIdentifier":"200"}]}"#;
        assert_eq!(verdict(two), Verdict::FailedFrom(1));
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
            assert_eq!(verdict(result), Verdict::FailedFrom(0), "{result}");
        }
    }
}
