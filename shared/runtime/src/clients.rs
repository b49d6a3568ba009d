//! The SDK's clients: one configuration and one HTTP client for a process, built before the first
//! invocation. Nothing is looked up that Lambda already says: no profile, no IMDS, no chain.

use crate::ahead::ahead;
use crate::config::Config;
use crate::error::Error;
use crate::http::{Pool, Trust};
use crate::queue::Queue;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_apigatewaymanagement::config::BehaviorVersion;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::time::Duration;

/// A call is answered in this time, or tried again.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Each call is tried so often, with full jitter between: less than a client waits for an answer.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);

/// The clients of a process, over the same connections.
#[derive(Debug)]
pub struct Clients {
    sdk: SdkConfig,
    pool: Pool,
    trust: Trust,
    dynamodb_endpoint: Option<String>,
    sqs_endpoint: Option<String>,
}

impl Clients {
    /// The clients that the environment asks for.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let dynamodb_endpoint = config.dynamodb_endpoint().map(ToOwned::to_owned);
        let sqs_endpoint = config.sqs_endpoint().map(ToOwned::to_owned);
        let trust = dynamodb_endpoint.as_deref().map_or(Trust::Aws, Trust::of);
        let pool = trust.pool()?;
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region()?.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(config.credentials()?))
            .http_client(pool.client())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .retry_config(
                RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF),
            )
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        Ok(Self { sdk, pool, trust, dynamodb_endpoint, sqs_endpoint })
    }

    /// DynamoDB. Make it once: it reads the SDK's table of Regions.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// `@connections` at this URL, without the SDK's own retries.
    pub fn management(&self, url: &str) -> aws_sdk_apigatewaymanagement::Client {
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.sdk);
        let config = config.retry_config(RetryConfig::disabled()).endpoint_url(url).build();
        aws_sdk_apigatewaymanagement::Client::from_conf(config)
    }

    /// The SQS queue at this URL.
    pub fn queue(&self, url: &str) -> Queue {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.sqs_endpoint.clone());
        Queue::new(|| aws_sdk_sqs::Client::from_conf(config.build()), url)
    }

    /// Connections to the server of this URL, for plain requests: those that are there anyway, if
    /// they trust the server.
    pub fn connector(&self, url: &str) -> Result<SharedHttpConnector, Error> {
        let trust = Trust::of(url);
        let pool = if trust == self.trust { self.pool.clone() } else { trust.pool()? };
        Ok(SharedHttpConnector::new(pool))
    }

    /// Connects to the database ahead of the first invocation.
    pub async fn warm(&self) {
        ahead("connection to the database", self.connect()).await;
    }

    /// Asks the database how it is. DynamoDB answers `GET /` with `healthy`, to anybody and for
    /// nothing, and keeps the connection open.
    async fn connect(&self) -> Result<(), Error> {
        // Where the SDK's own calls go, or the connection is not the one that they look for.
        let database = Params::builder()
            .set_region(self.sdk.region().map(Region::to_string))
            .set_endpoint(self.dynamodb_endpoint.clone())
            .build()?;
        let database = DefaultResolver::new().resolve_endpoint(&database).await?;
        self.pool.connect(database.url()).await
    }
}
