//! Pending bookings -> the team's own endpoint -> approved or declined.
//!
//! | module | what it knows |
//! |---|---|
//! | [`endpoint`] | how to ask |
//! | [`sign`] | signatures of requests |
//! | [`breaker`] | when not to ask |
//!
//! Whatever is no decision is asked again, later and later, until the booking runs out: then its places are free and
//! its customer is told, without this function. A decision counts only while the booking is at the version that
//! was asked about, so that the first one stands.

pub mod breaker;
pub mod endpoint;
pub mod sign;

use crate::endpoint::{Answer, Decision, Endpoint, Undecided};
use crate::sign::Secrets;
use aws_lc_rs::rand;
use domain::{Action, Attempt, Booking, ConfirmationCode, CustomerId, Rejection, Role, Status};
use jiff::Timestamp;
use runtime::{Failures, Message, Messages, Queue};
use std::time::Duration;
use store::bookings::change::{Intent, Target};
use store::{Bookings, CommandError, Published};
use tokio::time::Instant;

/// Time that Lambda is left to take the answer.
const ANSWER: Duration = Duration::from_millis(500);
/// The shortest and the longest time until the endpoint is asked again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(15));
/// Who has decided, as bookings say it.
const BY: &str = "fulfilment";

/// What is worked with.
#[derive(Debug)]
pub struct App {
    /// Resources, slots and bookings.
    pub bookings: Bookings,
    /// Where messages come from, and go back to.
    pub queue: Queue,
    /// Who decides, if anybody does.
    pub endpoint: Option<Endpoint>,
}

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let endpoint = config.fulfilment()?.map(|(url, secrets)| {
        let connector = clients.connector(url)?;
        Ok::<_, runtime::Error>(Endpoint::new(url, Secrets::parse(secrets)?, connector))
    });
    let app = App {
        bookings: Bookings::new(clients.dynamodb(), config.bookings_table()?),
        queue: clients.queue(config.queue_url()?),
        endpoint: endpoint.transpose()?,
    };
    clients.warm().await;
    runtime::run(async |messages, deadline| Ok(app.handle(messages, deadline).await)).await
}

impl App {
    async fn handle(&self, messages: Messages, deadline: Instant) -> Failures {
        let work = async |message: &Message| {
            if let Some(later) = self.see_to(&message.body).await? {
                self.queue.send(&message.body, later).await?;
            }
            Ok(())
        };
        messages.each(deadline - ANSWER, work).await
    }

    /// Asks about the booking that an event tells of, and does what is decided. Answers after which time to ask
    /// again, if nothing was.
    async fn see_to(&self, event: &str) -> Result<Option<Duration>, runtime::Error> {
        let Published::Booking { id, version, status: Status::Pending, .. } =
            Published::read(event)?
        else {
            return Ok(None);
        };
        let now = runtime::now();
        let Some(booking) = self.bookings.to_fulfil(&id, version, now).await? else {
            return Ok(None);
        };
        let Some(endpoint) = &self.endpoint else {
            tracing::warn!(booking = %id, "waits for a fulfilment endpoint, and the stack has none");
            return Ok(None);
        };
        match endpoint.ask(&booking, now).await {
            Ok(answer) => {
                tracing::info!(booking = %id, decision = ?answer.decision, "decided");
                self.decide(&booking, answer, runtime::now()).await?;
                Ok(None)
            }
            Err(undecided) => {
                let error: &dyn std::error::Error = &undecided;
                tracing::warn!(error, booking = %id, "the endpoint is asked again");
                Ok(again(&booking, &undecided, runtime::now()))
            }
        }
    }

    /// Carries out what was decided, unless the booking has changed since.
    async fn decide(
        &self,
        booking: &Booking,
        answer: Answer,
        now: Timestamp,
    ) -> Result<(), runtime::Error> {
        let action = match answer.decision {
            Decision::Approve => {
                let mut random = [0; 8];
                rand::fill(&mut random)?;
                Action::Approve(answer.reason, ConfirmationCode::from_random(random))
            }
            Decision::Decline => Action::Decline(answer.reason),
        };
        let attempt = Attempt {
            by: CustomerId::parse(BY)?,
            role: Role::Operator,
            key: None,
            fields: String::new(),
            if_version: Some(booking.version),
        };
        let target = Target { customer: &booking.customer, id: &booking.id };
        match self.bookings.change(target, &Intent::Act(action), &attempt, now).await {
            Ok(_) => Ok(()),
            Err(CommandError::Rejected(
                rejection @ (Rejection::VersionConflict(_)
                | Rejection::InvalidTransition(_)
                | Rejection::NoSuchBooking),
            )) => {
                tracing::info!(booking = %booking.id, %rejection, "the decision came too late");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// After which time to ask again: half of what has passed since the booking became pending, so that there are ever
/// fewer attempts; not at all once it has run out by then.
fn again(booking: &Booking, undecided: &Undecided, now: Timestamp) -> Option<Duration> {
    let (shortest, longest) = AGAIN;
    let passed = now.duration_since(booking.updated_at);
    let passed = Duration::try_from(passed).unwrap_or_default();
    let mut pause = (passed / 2).clamp(shortest, longest);
    if let Undecided::LeftAlone(left) = undecided {
        pause = pause.max(*left);
    }
    let then = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
    booking.runs_out_at().is_none_or(|end| then < end).then_some(pause)
}
