//! A frame -> the frame that answers it, in time.

use crate::app::App;
use crate::asker::{Asker, Connected};
use crate::dispatch::dispatch;
use crate::failure::Failure;
use domain::{Booking, Role};
use jiff::Timestamp;
use protocol::{Frame, Reply, Request, WireError};
use std::time::Duration;
use store::ConnectionId;
use tokio::time::Instant;

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
        let Frame { id, action, request } = frame;
        // What is no action may be anything that a client writes: that is sent back, and not logged.
        let unknown = |error: &WireError| error.field.as_deref() == Some("/action");
        let known = !request.as_ref().is_err_and(unknown);
        let before = self.bookings.units().consumed();
        let outcome = match request {
            Ok(request) => self.in_time(connection, request, now, deadline).await,
            Err(error) => Err(error),
        };
        let after = self.bookings.units().consumed();
        tracing::info!(
            %connection,
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
        connection: &ConnectionId,
        request: Request,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Reply, WireError> {
        let last = deadline.checked_sub(FAREWELL).unwrap_or(deadline);
        let end = last.min(Instant::now() + LONGEST);
        let answer = Box::pin(self.ask(connection, request, now, end));
        let answer = tokio::time::timeout_at(end, answer).await;
        // Nobody's role is known where there was no answer, and no booking is told of.
        answer.unwrap_or_else(|_| Err(Failure::TooSlow.into_wire(|_| Role::Customer)))
    }

    async fn ask(
        &self,
        connection: &ConnectionId,
        request: Request,
        now: Timestamp,
        end: Instant,
    ) -> Result<Reply, WireError> {
        let known = self.connections.get(connection).await.map_err(Failure::from);
        let asker = known.and_then(Connected::new).map(Asker::Connection);
        let asker = asker.map_err(|failure| failure.into_wire(|_| Role::Customer))?;
        let role = |booking: &Booking| asker.caller().role_at(&booking.venue);
        let reply = dispatch(self, &asker, request, now, end).await;
        reply.map_err(|failure| failure.into_wire(role))
    }
}
