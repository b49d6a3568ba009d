//! A frame -> the frame that answers it, in time.

use crate::app::App;
use crate::asker::{Asker, Connected};
use crate::caller::{Caller, unauthenticated};
use crate::dispatch::dispatch;
use crate::failure::Failure;
use domain::{Booking, Role};
use identity::{Identity, Refusal};
use jiff::Timestamp;
use protocol::{Code, Frame, Reply, Request, WireError};
use std::time::Duration;
use store::ConnectionId;
use tokio::time::Instant;
use tracing::field::display;

/// No request is worked on for longer. The store's rules rest on it:
/// [`domain::resource::REQUEST_LIFE`] is longer by what a call under way may take.
const LONGEST: Duration = Duration::from_secs(10);
/// What it takes to write and send an answer, many times over.
const FAREWELL: Duration = Duration::from_millis(500);

/// What a client is told.
#[derive(Debug)]
pub struct Answer {
    /// The frame.
    pub frame: String,
    /// The error in it, unless it is a reply.
    pub error: Option<WireError>,
}

/// What comes with a request over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    /// The token, where there is one.
    pub token: Option<&'a str>,
    /// API Gateway's name for the request, for the log.
    pub request_id: &'a str,
}

/// What a request comes with, that tells who asks.
#[derive(Clone, Copy)]
enum Credential<'a> {
    Connection(&'a ConnectionId),
    Bearer(&'a Bearer<'a>),
}

impl App {
    /// Answers a frame of a connection.
    ///
    /// # Errors
    ///
    /// The answer cannot be written.
    pub async fn on_connection(
        &self,
        connection: &ConnectionId,
        frame: Frame,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Answer, runtime::Error> {
        self.answer(Credential::Connection(connection), frame, now, deadline).await
    }

    /// Answers a frame that came with a token.
    ///
    /// # Errors
    ///
    /// The answer cannot be written.
    pub async fn with_token(
        &self,
        bearer: &Bearer<'_>,
        frame: Frame,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Answer, runtime::Error> {
        self.answer(Credential::Bearer(bearer), frame, now, deadline).await
    }

    async fn answer(
        &self,
        credential: Credential<'_>,
        Frame { id, action, request }: Frame,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Answer, runtime::Error> {
        let (connection, request_id) = match credential {
            Credential::Connection(id) => (Some(display(id)), None),
            Credential::Bearer(bearer) => (None, Some(bearer.request_id)),
        };
        // What is no action may be anything that a client writes: that is sent back, and not logged.
        let unknown = |error: &WireError| error.field.as_deref() == Some("/action");
        let known = !request.as_ref().is_err_and(unknown);
        let before = self.bookings.units().consumed();
        let outcome = self.in_time(credential, request, now, deadline).await;
        let after = self.bookings.units().consumed();
        tracing::info!(
            connection,
            request = request_id,
            action = action.as_deref().filter(|_| known),
            code = outcome.as_ref().err().map(|error| tracing::field::debug(error.code)),
            read_units = after.read - before.read,
            write_units = after.written - before.written,
            "answered"
        );
        let frame = protocol::outbound::answer(id.as_ref(), action.as_deref(), &outcome)?;
        Ok(Answer { frame, error: outcome.err() })
    }

    /// Answers in time, whatever the database does: a function that Lambda ends for its time answers
    /// without saying to which request.
    async fn in_time(
        &self,
        credential: Credential<'_>,
        request: Result<Request, WireError>,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Reply, WireError> {
        let last = deadline.checked_sub(FAREWELL).unwrap_or(deadline);
        let end = last.min(Instant::now() + LONGEST);
        let outcome = Box::pin(async {
            let (asker, request) = self.admit(credential, request, now).await.map_err(to_nobody)?;
            let role = |booking: &Booking| asker.caller().role_at(&booking.venue);
            let reply = dispatch(self, &asker, request, now, end).await;
            reply.map_err(|failure| failure.into_wire(role))
        });
        let outcome = tokio::time::timeout_at(end, outcome).await;
        outcome.unwrap_or_else(|_| Err(to_nobody(Failure::TooSlow)))
    }

    /// Who asks, and what. A token is looked at before what it comes with, since that costs nothing; tables
    /// are read only for what can be read.
    async fn admit(
        &self,
        credential: Credential<'_>,
        request: Result<Request, WireError>,
        now: Timestamp,
    ) -> Result<(Asker, Request), Failure> {
        match credential {
            Credential::Connection(id) => {
                let request = request?;
                let connected = Connected::new(self.connections.get(id).await?)?;
                Ok((Asker::Connection(connected), request))
            }
            Credential::Bearer(bearer) => {
                let identity = self.verify(bearer.token, now).await?;
                let request = request?;
                Ok((Asker::Token(Caller::with(identity, &self.bookings).await?), request))
            }
        }
    }

    /// Whom a token speaks for.
    async fn verify(&self, token: Option<&str>, now: Timestamp) -> Result<Identity, Failure> {
        let missing = || unauthenticated("expected a header Authorization: Bearer, with a token");
        let verified = self.verifier.verify(token.ok_or_else(missing)?, now).await;
        verified.map_err(|error| match error.refusal() {
            Refusal::Unauthenticated => unauthenticated(&error.to_string()),
            Refusal::Barred => WireError::new(Code::Forbidden, &error.to_string()).into(),
            Refusal::Undecided => Failure::Issuer(error),
        })
    }
}

/// What somebody is told whose role is not known: of no booking.
fn to_nobody(failure: Failure) -> WireError {
    failure.into_wire(|_| Role::Customer)
}
