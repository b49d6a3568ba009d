//! Messages of a queue, as Lambda hands them over, and which of them must come again.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use crate::error::Error;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

/// Messages of a batch that are worked on at once.
const AT_ONCE: usize = 10;

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub struct Messages {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    message_id: String,
    /// Its text, as it was sent.
    pub body: String,
}

/// The messages of a batch that must come again.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Messages {
    /// Works on each message until the deadline; what has failed by then must come again.
    pub async fn each(
        self,
        deadline: Instant,
        work: impl AsyncFn(&Message) -> Result<(), Error>,
    ) -> Failures {
        let work = &work;
        let each = self.records.into_iter().map(|message| async move {
            let done = timeout_at(deadline, work(&message)).await;
            (message, done.unwrap_or_else(|late| Err(late.into())))
        });
        let mut each = futures::stream::iter(each).buffer_unordered(AT_ONCE);
        let mut failures = Failures::default();
        while let Some((message, done)) = each.next().await {
            if let Err(error) = done {
                let (error, message) = (&*error as &dyn std::error::Error, message.message_id);
                tracing::warn!(error, message, "a message comes again");
                failures.batch_item_failures.push(Failure { item_identifier: message });
            }
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn batch(bodies: &[&str]) -> Messages {
        let records: Vec<_> = bodies
            .iter()
            .map(|body| format!(r#"{{"messageId":"id-{body}","body":"{body}","attributes":{{}}}}"#))
            .collect();
        serde_json::from_str(&format!(r#"{{"Records":[{}]}}"#, records.join(","))).unwrap()
    }

    #[tokio::test]
    async fn what_fails_or_is_late_comes_again() {
        let deadline = Instant::now() + Duration::from_millis(50);
        let work = async |message: &Message| match message.body.as_str() {
            "late" => std::future::pending().await,
            "wrong" => Err("it is wrong".into()),
            _ => Ok(()),
        };
        let failures = batch(&["good", "late", "wrong"]).each(deadline, work).await;
        let mut failed: Vec<_> =
            failures.batch_item_failures.iter().map(|it| &*it.item_identifier).collect();
        failed.sort_unstable();
        assert_eq!(failed, ["id-late", "id-wrong"]);
        let answer = serde_json::to_string(&batch(&[]).each(deadline, work).await).unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
    }
}
