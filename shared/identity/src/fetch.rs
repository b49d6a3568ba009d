//! Fetches a key set through the process's one HTTP client.

use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use http::Uri;

use crate::keys::KeySet;

/// A fetch that has not ended after this long has failed.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// A longer key set is refused: 256 KiB, some hundred keys.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// Why there is no key set.
#[derive(Clone, Debug, thiserror::Error)]
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
    operation: Option<Operation<(), Answer, Infallible>>,
}

impl Fetcher {
    pub(crate) fn new(url: &str, http_client: SharedHttpClient) -> Self {
        Self {
            operation: endpoint_and_path(url)
                .map(|(endpoint, path)| operation(&endpoint, path, http_client)),
        }
    }

    pub(crate) async fn fetch(&self) -> Result<KeySet, KeySetError> {
        let operation = self.operation.as_ref().ok_or(KeySetError::Address)?;
        let document = tokio::time::timeout(FETCH_TIMEOUT, document(operation))
            .await
            .map_err(|_| KeySetError::Timeout)??;
        KeySet::parse(&document).map_err(|error| KeySetError::Malformed(Arc::new(error)))
    }
}

/// The SDK joins an endpoint and a path with a slash, and an endpoint has no query, so that the
/// two have to be given apart.
fn endpoint_and_path(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let path = uri.path_and_query()?.as_str().to_owned();
    Some((format!("{scheme}://{}", uri.authority()?), path))
}

fn operation(
    endpoint: &str,
    path: String,
    http_client: SharedHttpClient,
) -> Operation<(), Answer, Infallible> {
    Operation::builder()
        .service_name("TokenIssuer")
        .operation_name("GetKeySet")
        // The same defaults as the other clients of the process, so that they share connectors.
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client)
        .endpoint_url(endpoint)
        .no_auth()
        .no_retry()
        .sleep_impl(TokioSleep::new())
        .serializer(move |()| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(path.as_str())?;
            request.headers_mut().insert("accept", "application/json");
            Ok(request)
        })
        .deserializer_impl(Unread)
        .build()
}

async fn document(operation: &Operation<(), Answer, Infallible>) -> Result<Vec<u8>, KeySetError> {
    let answer = operation.invoke(()).await.map_err(KeySetError::http)?;
    if answer.status != 200 {
        return Err(KeySetError::Status(answer.status));
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

impl KeySetError {
    fn http(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Http(Arc::new(error))
    }
}

/// An answer whose body is still to be read. The SDK wants its outputs `Sync`, which a body in
/// flight is not.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Mutex<SdkBody>,
}

impl Answer {
    fn into_body(self) -> SdkBody {
        self.body.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Hands the body over unread: the SDK would read all of it, however long.
#[derive(Debug)]
struct Unread;

impl DeserializeResponse for Unread {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _config: &ConfigBag,
    ) -> Option<Result<context::Output, OrchestratorError<context::Error>>> {
        Some(Ok(context::Output::erase(Answer {
            status: response.status().as_u16(),
            body: Mutex::new(std::mem::replace(response.body_mut(), SdkBody::taken())),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let split = |url| endpoint_and_path(url);
        assert_eq!(
            split("https://id.example:8443/a/keys?p=policy"),
            Some(("https://id.example:8443".into(), "/a/keys?p=policy".into()))
        );
        assert_eq!(split("http://id"), Some(("http://id".into(), "/".into())));
        for bad in ["", "/keys", "ftp://id/keys", "id.example", "http:///keys", "h ttp://"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
