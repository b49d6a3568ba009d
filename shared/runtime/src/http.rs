//! HTTP connections: one pool for a process, its roots parsed once.

use crate::error::Error;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, HttpClientError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use std::fmt;
use std::sync::{Arc, LazyLock};
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

    /// Connections to these, in a pool of their own.
    pub fn pool(self) -> Result<Pool, HttpClientError> {
        let builder = Connector::builder()
            .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT).build())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
        let roots = match self {
            Self::Plain => return Ok(Pool::new(|| builder.build_http())),
            Self::Aws => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
            Self::System => TrustStore::default(),
        };
        let tls = TlsContext::builder().with_trust_store(roots).build()?;
        let builder = builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls);
        Ok(Pool::new(|| builder.build()))
    }
}

type Build = Box<dyn FnOnce() -> SharedHttpConnector + Send>;

/// Connections that all clients over them share. The library's own clients would build a connector,
/// roots and all, for each SDK client and once more for its first request; this one is built when
/// it is first used, so that roots that no call needs are never parsed.
#[derive(Clone)]
pub(crate) struct Pool(Arc<LazyLock<SharedHttpConnector, Build>>);

impl Pool {
    fn new(build: impl FnOnce() -> Connector + Send + 'static) -> Self {
        let build: Build = Box::new(|| SharedHttpConnector::new(build()));
        Self(Arc::new(LazyLock::new(build)))
    }

    /// A client over these connections.
    pub fn client(&self) -> SharedHttpClient {
        let pool = self.clone();
        http_client_fn(move |_, _| SharedHttpConnector::clone(&pool.0))
    }

    /// Makes a connection, for the next call to find. Whatever the server answers will do.
    pub async fn connect(&self, url: &str) -> Result<(), Error> {
        let answer = self.0.call(HttpRequest::get(url)?).await?;
        // A connection goes back to the pool once its answer has been read.
        ByteStream::new(answer.into_body()).collect().await?;
        Ok(())
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.call(request)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

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
        let _ = SharedHttpConnector::clone(&Trust::Aws.pool().unwrap().0);
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 5);
    }

    #[tokio::test]
    async fn a_connection_made_ahead_is_the_one_that_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let made = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                made.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    while connection.read(&mut request).await.unwrap() > 0 {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhealthy";
                        connection.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let pool = Trust::Plain.pool().unwrap();
        pool.connect(&url).await.unwrap();
        pool.connect(&url).await.unwrap();
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    }
}
