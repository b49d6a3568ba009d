//! The team's own endpoint, which decides about pending bookings.

use crate::breaker::Breaker;
use crate::sign::Secrets;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use domain::{Booking, Claim};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The endpoint answers in this time, or is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// The longest reason, in characters: longer ones are cut.
const REASON: usize = 500;

/// What the endpoint decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Yes or no.
    pub decision: Decision,
    /// Why, for the customer.
    pub reason: Option<String>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// The booking is confirmed.
    Approve,
    /// It is declined.
    Decline,
}

/// Why the endpoint did not decide: it is asked again.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    /// It failed too often of late.
    #[error("the fulfilment endpoint is left alone for now")]
    LeftAlone(Duration),
    /// The request cannot be made.
    #[error("the request cannot be made")]
    Request(#[source] Box<dyn Error + Send + Sync>),
    /// No connection, no answer, or one that broke off.
    #[error("the fulfilment endpoint could not be asked")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// No answer within ten seconds.
    #[error("the fulfilment endpoint did not answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    /// An answer other than 2xx.
    #[error("the fulfilment endpoint answered with status {0}")]
    Status(u16),
    /// An answer that is not read to its end.
    #[error("the fulfilment endpoint's answer is larger than {LONGEST} bytes")]
    TooLarge,
    /// An answer that decides nothing.
    #[error("the fulfilment endpoint's answer is not {{\"decision\":\"approve\"}} or \"decline\"")]
    Malformed(#[source] serde_json::Error),
}

/// The endpoint, and how to get there.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    secrets: Secrets,
    connector: SharedHttpConnector,
    breaker: Breaker,
}

/// What the endpoint is asked, after Standard Webhooks.
#[derive(Debug, Serialize)]
struct Question<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Asked<'a>,
}

/// The booking, without what people wrote.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    id: String,
    version: u64,
    resource: &'a str,
    venue: &'a str,
    customer: &'a str,
    start: Timestamp,
    end: Timestamp,
    quantity: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    with: Vec<AskedWith<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_expires_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct AskedWith<'a> {
    resource: &'a str,
    quantity: u32,
}

impl<'a> From<&'a Booking> for Asked<'a> {
    fn from(booking: &'a Booking) -> Self {
        let with = |claim: &'a Claim| AskedWith {
            resource: claim.resource.as_str(),
            quantity: claim.quantity.get(),
        };
        Self {
            id: booking.id.to_string(),
            version: booking.version.get(),
            resource: booking.resource.as_str(),
            venue: booking.venue.as_str(),
            customer: booking.customer.as_str(),
            start: booking.stretch.start(),
            end: booking.stretch.end(),
            quantity: booking.quantity.get(),
            with: booking.with.iter().map(with).collect(),
            pending_expires_at: booking.pending_expires_at,
        }
    }
}

impl Endpoint {
    /// The endpoint at this URL.
    pub fn new(url: &str, secrets: Secrets, connector: SharedHttpConnector) -> Self {
        Self { url: url.to_owned(), secrets, connector, breaker: Breaker::default() }
    }

    /// Asks about a booking. The same booking at the same version is asked about under the same `webhook-id`.
    pub async fn ask(&self, booking: &Booking, now: Timestamp) -> Result<Answer, Undecided> {
        if let Some(pause) = self.breaker.is_open(Instant::now()) {
            return Err(Undecided::LeftAlone(pause));
        }
        let answer = timeout(PATIENCE, self.send(booking, now)).await;
        let answer = answer.unwrap_or(Err(Undecided::TooSlow));
        self.breaker.note(answer.is_ok(), Instant::now());
        answer
    }

    async fn send(&self, booking: &Booking, now: Timestamp) -> Result<Answer, Undecided> {
        let call = self.connector.call(self.request(booking, now)?);
        let answer = call.await.map_err(|error| Undecided::Http(Box::new(error)))?;
        let status = answer.status().as_u16();
        if !(200..300).contains(&status) {
            return Err(Undecided::Status(status));
        }
        let mut answer: Answer =
            serde_json::from_slice(&body(answer).await?).map_err(Undecided::Malformed)?;
        answer.reason = answer.reason.map(|reason| reason.chars().take(REASON).collect());
        Ok(answer)
    }

    fn request(&self, booking: &Booking, now: Timestamp) -> Result<HttpRequest, Undecided> {
        let failed = |error| Undecided::Request(error);
        let question = Question { r#type: "booking.pending", timestamp: now, data: booking.into() };
        let body = serde_json::to_string(&question).map_err(|error| failed(Box::new(error)))?;
        let id = format!("{}.{}", booking.id, booking.version);
        let signature = self.secrets.sign(&id, now.as_second(), &body);
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(self.url.as_str()).map_err(|error| failed(Box::new(error)))?;
        request.set_method("POST").map_err(|error| failed(Box::new(error)))?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json");
        headers.insert("webhook-id", id);
        headers.insert("webhook-timestamp", now.as_second().to_string());
        headers.insert("webhook-signature", signature);
        Ok(request)
    }
}

async fn body(answer: HttpResponse) -> Result<Vec<u8>, Undecided> {
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(chunk) =
        stream.try_next().await.map_err(|error| Undecided::Http(Box::new(error)))?
    {
        if body.len() + chunk.len() > LONGEST {
            return Err(Undecided::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
