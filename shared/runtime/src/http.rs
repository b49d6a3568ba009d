//! HTTP connections: one pool for a process, its roots parsed once, before the first invocation.

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, HttpClientError};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use std::time::Duration;

/// A connection is made in this time, or not at all.
const CONNECT: Duration = Duration::from_secs(1);
/// All that AWS endpoints chain to. The system's own bundle has some 140 roots, and parsing them
/// was nine tenths of a function's start-up.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// Which servers a client may have to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Plain HTTP, for endpoints on this machine.
    Plain,
    /// AWS's own.
    Aws,
    /// Whomever the system trusts.
    System,
}

impl Trust {
    /// What a client of this URL needs.
    pub fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        match scheme {
            "http" => Self::Plain,
            _ if host.ends_with(".amazonaws.com") => Self::Aws,
            _ => Self::System,
        }
    }

    /// A client that trusts these, with a pool of its own.
    pub fn client(self) -> Result<SharedHttpClient, HttpClientError> {
        let builder = Connector::builder()
            .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT).build())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
        let roots = match self {
            Self::Plain => return Ok(shared(builder.build_http())),
            Self::Aws => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
            Self::System => TrustStore::default(),
        };
        let tls = TlsContext::builder().with_trust_store(roots).build()?;
        let provider = Provider::Rustls(CryptoMode::AwsLc);
        Ok(shared(builder.tls_provider(provider).tls_context(tls).build()))
    }
}

/// The library's own clients would build a connector, roots and all, for each SDK client and once
/// more for its first request.
fn shared(connector: Connector) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_no_more_than_it_must() {
        for (url, trust) in [
            ("http://127.0.0.1:8080/dev", Trust::Plain),
            ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x", Trust::Aws),
            ("https://amazonaws.com.example.org/", Trust::System),
            ("https://example.eu.auth0.com/.amazonaws.com", Trust::System),
            ("", Trust::System),
        ] {
            assert_eq!(Trust::of(url), trust, "{url}");
        }
    }

    #[test]
    fn the_roots_are_whole() {
        assert!(Trust::Aws.client().is_ok());
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 5);
    }
}
