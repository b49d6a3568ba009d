//! A queue, to send messages to.

use crate::error::Error;
use aws_sdk_sqs::Client;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// The longest that SQS keeps a message back, in whole seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
const LONGEST_DELAY: Duration = Duration::from_mins(15);

type Build = Box<dyn FnOnce() -> Client + Send>;

/// A queue, to send messages to. Its client is made with the first message: it reads the SDK's table of Regions,
/// which a start has no time for.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Arc<LazyLock<Client, Build>>,
    url: String,
}

impl Queue {
    pub(crate) fn new(client: impl FnOnce() -> Client + Send + 'static, url: &str) -> Self {
        let build: Build = Box::new(client);
        Self { client: Arc::new(LazyLock::new(build)), url: url.to_owned() }
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
