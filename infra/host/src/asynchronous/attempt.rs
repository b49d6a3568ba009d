//! One attempt at an invocation, and what follows from it.

use super::AsyncSurroundings;
use super::record::{Condition, Record};
use crate::events::NewEvent;
use crate::invocations::{Invocations, Pending};
use crate::journal::JournalError;
use crate::lambda::InvokeError;
use crate::queues::NewMessage;
use crate::template::{AsyncInvocation, Destination, Events};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The pause after the function was too busy; it doubles with each further time.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Who makes the invocations of one function.
pub(super) struct Maker {
    pub(super) function: String,
    pub(super) arn: String,
    pub(super) settings: AsyncInvocation,
    pub(super) plan: Arc<Events>,
    pub(super) surroundings: AsyncSurroundings,
}

impl Maker {
    pub(super) async fn attempt(&self, mut pending: Pending) {
        let record = |condition| Record {
            function_arn: self.arn.clone(),
            request_id: pending.id.clone(),
            condition,
            invocations: pending.failures,
            payload: pending.event.clone(),
            outcome: None,
        };
        if self.is_too_old(&pending) {
            tracing::error!(function = self.function, "an event became too old");
            let given_up = record(Condition::EventAgeExceeded);
            return self.end(&pending, self.settings.on_failure.as_ref(), &given_up);
        }
        let event = pending.event.clone().into_bytes();
        match self.surroundings.functions.invoke(&self.function, event).await {
            Ok(result) => {
                let mut done = record(Condition::Success);
                done.invocations += 1;
                done.outcome = Some(Ok(result));
                self.end(&pending, self.settings.on_success.as_ref(), &done);
            }
            Err(InvokeError::Throttled) => {
                let factor = 1_u32.checked_shl(pending.throttles).unwrap_or(u32::MAX);
                pending.throttles += 1;
                self.again(&pending, FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE));
            }
            Err(error @ InvokeError::Failed { .. }) => {
                tracing::warn!(function = self.function, %error, "an invocation failed that nobody waits for");
                pending.failures += 1;
                pending.throttles = 0;
                if pending.failures <= self.settings.retries {
                    let after = self.surroundings.retry_after * pending.failures;
                    return self.again(&pending, after);
                }
                tracing::error!(function = self.function, "an invocation was given up");
                let given_up = Record {
                    function_arn: self.arn.clone(),
                    request_id: pending.id.clone(),
                    condition: Condition::RetriesExhausted,
                    invocations: pending.failures,
                    payload: pending.event.clone(),
                    outcome: Some(Err(error)),
                };
                self.end(&pending, self.settings.on_failure.as_ref(), &given_up);
            }
        }
    }

    fn is_too_old(&self, pending: &Pending) -> bool {
        let age = Timestamp::now().as_millisecond().saturating_sub(pending.created_ms);
        u128::try_from(age).is_ok_and(|age| age > self.settings.age.as_millis())
    }

    fn again(&self, pending: &Pending, after: Duration) {
        if let Err(error) = self.surroundings.invocations.again(pending, after) {
            // It begins anew when the host starts again.
            tracing::error!(function = self.function, %error, "cannot put off an invocation");
        }
    }

    /// Ends an invocation and tells a destination, both or neither.
    fn end(&self, pending: &Pending, destination: Option<&Destination>, record: &Record) {
        if let Err(error) = self.try_end(pending, destination, record) {
            // It begins anew when the host starts again, which functions must bear.
            tracing::error!(function = self.function, %error, "cannot end an invocation");
        }
    }

    fn try_end(
        &self,
        pending: &Pending,
        destination: Option<&Destination>,
        record: &Record,
    ) -> Result<(), JournalError> {
        let AsyncSurroundings { invocations, queues, buses, journal, .. } = &self.surroundings;
        let end = |transaction: &rusqlite::Transaction<'_>| Invocations::end(transaction, pending);
        match destination {
            None => journal.together(end),
            Some(Destination::Queue(queue)) => {
                let message = NewMessage::of_service(record.json().to_string());
                journal.together(|transaction| {
                    queues.put(transaction, queue, &message)?;
                    end(transaction)
                })?;
                queues.tell(queue);
                Ok(())
            }
            Some(Destination::Function(function)) => {
                let event = record.json().to_string();
                journal.together(|transaction| {
                    invocations.put(transaction, function, &event, Duration::ZERO)?;
                    end(transaction)
                })?;
                invocations.tell(function);
                Ok(())
            }
            Some(Destination::Bus(bus)) => {
                let bus_arn = self.plan.buses.get(bus).map(|bus| bus.arn.clone());
                let resources = [Some(self.arn.clone()), bus_arn].into_iter().flatten().collect();
                let event = NewEvent {
                    source: "lambda".to_owned(),
                    detail_type: record.detail_type().to_owned(),
                    detail: record.json(),
                    resources,
                    time: None,
                };
                let put = journal.together(|transaction| {
                    let put = buses.put(transaction, bus, &self.function, &[event])?;
                    end(transaction)?;
                    Ok(put)
                })?;
                buses.tell(put);
                Ok(())
            }
        }
    }
}
