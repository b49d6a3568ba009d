//! `customer.erase`, `customer.revoke`.

use crate::app::App;
use crate::asker::Asker;
use crate::caller::Caller;
use crate::failure::Failure;
use delivery::{Undelivered, may_be_opening, topic};
use domain::CustomerId;
use futures::StreamExt;
use jiff::Timestamp;
use protocol::Reply;
use std::time::Duration;
use store::{ConnectionId, Error, Revoked};
use tokio::time::{Instant, timeout_at};

/// Connections that one request ends.
const MOST: usize = 1000;
/// Connections that are ended at once.
const AT_ONCE: usize = 32;
/// Time that is left, at the end, for saying that there was not enough; less where there is little time
/// in all.
const SAYING: Duration = Duration::from_secs(1);

/// Removes what was written about a customer.
pub async fn erase(
    app: &App,
    caller: &Caller,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_operate_all()?;
    let erased = app.bookings.erase(customer, caller.customer(), now).await?;
    Ok(Reply::Erased { erased })
}

/// Revokes a customer's tokens, and ends the connections that were made with them.
///
/// It is written down first, and connections are read after that: who connects or refreshes does it the
/// other way round, and so is found here or finds that. Each connection is forgotten before it is closed:
/// from then on nobody pushes to it, and its requests are refused. What is forgotten and not closed, since
/// this was given up or has died in between, stays in the customer's list for the next time.
pub async fn revoke(
    app: &App,
    asker: &Asker,
    customer: &CustomerId,
    now: Timestamp,
    end: Instant,
) -> Result<Reply, Failure> {
    asker.caller().must_operate_all()?;
    let left = end.saturating_duration_since(Instant::now());
    let end = end - SAYING.min(left / 4);
    let busy = || Failure::Store(Error::Busy);
    timeout_at(end, async {
        let up_to = app.bookings.revoke(customer, now).await?;
        let own = topic::me(customer);
        let (all, more) = app.connections.of_customer(customer, &own, MOST).await?;
        let ending = Ending { app, asker, customer, up_to, now, end };
        let ended = all.into_iter().map(|id| ending.end(id));
        let ended: Vec<_> = futures::stream::iter(ended).buffer_unordered(AT_ONCE).collect().await;
        // Those that can be ended are, whatever becomes of the others.
        let mut closed = 0;
        for ended in ended {
            closed += usize::from(ended?);
        }
        if more { Err(busy()) } else { Ok(Reply::Revoked { closed }) }
    })
    .await
    .unwrap_or_else(|_| Err(busy()))
}

/// The end of a customer's connections.
struct Ending<'a> {
    app: &'a App,
    asker: &'a Asker,
    customer: &'a CustomerId,
    up_to: i64,
    now: Timestamp,
    end: Instant,
}

impl Ending<'_> {
    /// Whether this connection was ended here.
    async fn end(&self, id: ConnectionId) -> Result<bool, Failure> {
        let Self { app, .. } = self;
        let connected = match app.connections.revoke(&id, self.up_to).await? {
            Revoked::Newer => return Ok(false),
            Revoked::Forgotten(connected) => Some(connected),
            Revoked::Gone => None,
        };
        // Who revokes their own tokens is still told so; closed, they would not be. A connection that is
        // still opening is not there to be closed yet. The next time finds both.
        if self.asker.connection_id() == Some(&id) {
            return Ok(connected.is_some());
        }
        let is_open = self.close(&id).await?;
        let is_opening = connected.is_some_and(|connected| may_be_opening(connected, self.now));
        if is_open || !is_opening {
            app.connections.unlist(self.customer, &id).await?;
        }
        Ok(connected.is_some() || is_open)
    }

    async fn close(&self, id: &ConnectionId) -> Result<bool, Failure> {
        self.app.callback.close(id, self.end).await.map_err(|error| match error {
            Undelivered::Late => Failure::Store(Error::Busy),
            error => Failure::Callback(error),
        })
    }
}
