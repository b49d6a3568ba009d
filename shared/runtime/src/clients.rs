//! The SDK's clients: one configuration and one HTTP client for a process, built before the first
//! invocation. Nothing is looked up that Lambda already says: no profile, no IMDS, no chain.

use crate::config::{ConfigError, optional, required};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_apigatewaymanagement::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use delivery::Callback;
use store::{Bookings, Connections};

/// Builds what a function stands on from its environment.
#[derive(Debug)]
pub struct Clients {
    sdk: SdkConfig,
    http: SharedHttpClient,
}

impl Clients {
    /// The clients of this process.
    pub fn from_env() -> Result<Self, ConfigError> {
        let http = http_client();
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
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        Ok(Self { sdk, http })
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
    pub fn verifier(&self) -> Result<identity::Verifier, ConfigError> {
        Ok(identity::Verifier::new(crate::config::tokens()?, self.http.clone()))
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
        config.set_endpoint_url(optional("AWS_ENDPOINT_URL_DYNAMODB"));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}

/// One pool of connections for everything: the SDK's clients and the issuer's keys.
fn http_client() -> SharedHttpClient {
    let elsewhere = optional("AWS_ENDPOINT_URL_DYNAMODB");
    if elsewhere.is_some_and(|url| url.starts_with("http://")) {
        return aws_smithy_http_client::Builder::new().build_http();
    }
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https()
}
