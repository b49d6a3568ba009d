//! Fetches a key set: one GET over the connections of the process.

use crate::keys::KeySet;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use http::Uri;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A fetch that has not ended after this long has failed.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// A longer key set is refused: 256 KiB, some hundred keys.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// Why there is no key set.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeySetError {
    /// The configured address is none that can be fetched.
    #[error("the key set's address is not an http or https URL")]
    Address,
    /// No connection, no answer, or one that broke off.
    #[error("the key set could not be fetched")]
    Http(#[source] Arc<dyn Error + Send + Sync>),
    /// An answer other than 200; redirects are not followed.
    #[error("the key set's address answered with status {0}")]
    Status(u16),
    /// No answer within [`FETCH_TIMEOUT`].
    #[error("the key set did not arrive within {} s", FETCH_TIMEOUT.as_secs())]
    Timeout,
    /// More than [`MAX_KEY_SET_BYTES`].
    #[error("the key set is larger than {MAX_KEY_SET_BYTES} bytes")]
    TooLarge,
    /// Not a JSON Web Key Set.
    #[error("what came is not a JSON Web Key Set")]
    Malformed(#[source] Arc<serde_json::Error>),
}

/// Knows where a key set is and how to get there.
#[derive(Debug)]
pub(crate) struct Fetcher {
    /// `None` where it cannot be fetched from.
    url: Option<String>,
    connector: SharedHttpConnector,
}

impl Fetcher {
    pub(crate) fn new(url: &str, connector: SharedHttpConnector) -> Self {
        Self { url: can_be_fetched(url).then(|| url.to_owned()), connector }
    }

    pub(crate) async fn fetch(&self) -> Result<KeySet, KeySetError> {
        let document = tokio::time::timeout(FETCH_TIMEOUT, self.document()).await;
        let document = document.map_err(|_| KeySetError::Timeout)??;
        KeySet::parse(&document).map_err(|error| KeySetError::Malformed(Arc::new(error)))
    }

    async fn document(&self) -> Result<Vec<u8>, KeySetError> {
        let url = self.url.as_deref().ok_or(KeySetError::Address)?;
        let mut request = HttpRequest::get(url).map_err(KeySetError::http)?;
        request.headers_mut().insert("accept", "application/json");
        let answer = self.connector.call(request).await.map_err(KeySetError::http)?;
        if answer.status().as_u16() != 200 {
            return Err(KeySetError::Status(answer.status().as_u16()));
        }
        let mut stream = ByteStream::new(answer.into_body());
        let mut document = Vec::new();
        while let Some(chunk) = stream.try_next().await.map_err(KeySetError::http)? {
            if document.len() + chunk.len() > MAX_KEY_SET_BYTES {
                return Err(KeySetError::TooLarge);
            }
            document.extend_from_slice(&chunk);
        }
        Ok(document)
    }
}

fn can_be_fetched(url: &str) -> bool {
    url.parse().is_ok_and(|uri: Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
    })
}

impl KeySetError {
    fn http(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Http(Arc::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for url in ["https://id.example:8443/a/keys?p=policy", "http://id"] {
            assert!(can_be_fetched(url), "{url}");
        }
        for url in ["", "/keys", "ftp://id/keys", "id.example", "http:///keys", "h ttp://"] {
            assert!(!can_be_fetched(url), "{url}");
        }
    }
}
