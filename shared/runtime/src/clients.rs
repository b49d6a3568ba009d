//! The SDK's clients: one configuration and one HTTP client for a process, built before the first
//! invocation. Nothing is looked up that Lambda already says: no profile, no IMDS, no chain.

use crate::Error;
use crate::config::{ConfigError, optional, required};
use crate::http::Trust;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_apigatewaymanagement::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use delivery::Callback;
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
    http: SharedHttpClient,
    trust: Trust,
}

impl Clients {
    /// The clients of this process.
    pub fn from_env() -> Result<Self, Error> {
        let elsewhere = optional(DYNAMODB_ENDPOINT);
        let trust = elsewhere.as_deref().map_or(Trust::Aws, Trust::of);
        let http = trust.client()?;
        let credentials = Credentials::from_keys(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
        );
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http.clone())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .retry_config(
                RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF),
            )
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        Ok(Self { sdk, http, trust })
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
        let config = config.endpoint_url(url).build();
        Ok(Callback::new(aws_sdk_apigatewaymanagement::Client::from_conf(config)))
    }

    /// What tells who is calling.
    pub fn verifier(&self) -> Result<identity::Verifier, Error> {
        let tokens = crate::config::tokens()?;
        let trust = Trust::of(&tokens.key_set_url());
        let http = if trust == self.trust { self.http.clone() } else { trust.client()? };
        Ok(identity::Verifier::new(tokens, http))
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
        config.set_endpoint_url(optional(DYNAMODB_ENDPOINT));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}
