//! A queue, to send messages to.

use crate::error::Error;
use std::time::Duration;

/// The longest that SQS keeps a message back, in whole seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// A queue, to send messages to.
#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    pub(crate) fn new(client: aws_sdk_sqs::Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }

    /// Sends a message that arrives no earlier than after this delay: in whole seconds, rounded up, and after 15
    /// minutes at the latest.
    pub async fn send(&self, body: &str, delay: Duration) -> Result<(), Error> {
        let seconds = delay.min(LONGEST_DELAY).as_millis().div_ceil(1000);
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        let send = send.delay_seconds(i32::try_from(seconds).unwrap_or_default());
        Box::pin(send.send()).await?;
        Ok(())
    }
}
