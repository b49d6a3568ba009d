//! The SDK's clients: one configuration and one HTTP client for a process, built before the first
//! invocation. Nothing is looked up that Lambda already says: no profile, no IMDS, no chain.

use crate::Error;
use crate::config::{ConfigError, optional, required};
use crate::http::{Pool, Trust};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_apigatewaymanagement::config::BehaviorVersion;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use delivery::Callback;
use std::sync::OnceLock;
use std::time::Duration;
use store::{Bookings, Connections};

/// A call is answered in this time, or tried again.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Each call is tried so often, with full jitter between: less than a client waits for an answer.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);

/// As every SDK reads it.
const DYNAMODB_ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// Builds what a function stands on from its environment.
#[derive(Debug)]
pub struct Clients {
    sdk: SdkConfig,
    pool: Pool,
    trust: Trust,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
}

impl Clients {
    /// The clients of this process.
    pub fn from_env() -> Result<Self, Error> {
        let elsewhere = optional(DYNAMODB_ENDPOINT);
        let trust = elsewhere.as_deref().map_or(Trust::Aws, Trust::of);
        let pool = trust.pool()?;
        let credentials = Credentials::from_keys(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
        );
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(pool.client())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .retry_config(
                RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF),
            )
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        Ok(Self { sdk, pool, trust, dynamodb: OnceLock::new() })
    }

    /// The table of resources, slots and bookings.
    pub fn bookings(&self) -> Result<Bookings, ConfigError> {
        Ok(Bookings::new(self.dynamodb(), required("BOOKINGS_TABLE")?))
    }

    /// The table of connections and subscriptions.
    pub fn connections(&self) -> Result<Connections, ConfigError> {
        Ok(Connections::new(self.dynamodb(), required("CONNECTIONS_TABLE")?))
    }

    /// What reaches connected clients.
    pub fn callback(&self) -> Result<Callback, ConfigError> {
        let url = match optional("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") {
            Some(url) => url,
            None => required("CALLBACK_URL")?,
        };
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.sdk);
        // It retries by itself: see `delivery::callback`.
        let config = config.retry_config(RetryConfig::disabled()).endpoint_url(url).build();
        Ok(Callback::new(aws_sdk_apigatewaymanagement::Client::from_conf(config)))
    }

    /// What tells who is calling.
    pub fn verifier(&self) -> Result<identity::Verifier, Error> {
        let tokens = crate::config::tokens()?;
        let trust = Trust::of(&tokens.key_set_url());
        let pool = if trust == self.trust { self.pool.clone() } else { trust.pool()? };
        Ok(identity::Verifier::new(tokens, pool.client()))
    }

    /// Connects to the database ahead of the first invocation.
    pub async fn warm(&self) {
        crate::ahead("connection to the database", self.connect()).await;
    }

    /// Asks the database how it is. DynamoDB answers `GET /` with `healthy`, to anybody and for
    /// nothing, and keeps the connection open.
    async fn connect(&self) -> Result<(), Error> {
        // Where the SDK's own calls go, or the connection is not the one that they look for.
        let database = Params::builder()
            .set_region(self.sdk.region().map(Region::to_string))
            .set_endpoint(optional(DYNAMODB_ENDPOINT))
            .build()?;
        let database = DefaultResolver::new().resolve_endpoint(&database).await?;
        self.pool.connect(database.url()).await
    }

    /// One client for both tables: making it reads the SDK's table of regions.
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let client = self.dynamodb.get_or_init(|| {
            let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
            config.set_endpoint_url(optional(DYNAMODB_ENDPOINT));
            aws_sdk_dynamodb::Client::from_conf(config.build())
        });
        client.clone()
    }
}
