//! `ping`, `refresh`.

use crate::app::App;
use crate::asker::Connected;
use crate::caller::{Caller, unknown};
use crate::failure::Failure;
use identity::Refusal;
use jiff::Timestamp;
use protocol::{Code, Instant, Reply, WireError};

const REVOKED: &str = "the token is revoked: connect with a new one";

/// Tells the time, and when the token ends.
pub fn ping(caller: &Caller, now: Timestamp) -> Result<Reply, Failure> {
    Ok(Reply::Ping { now: Instant(now), token_expires_at: caller.token_expires_at()? })
}

/// Takes a new token of the same customer.
pub async fn refresh(
    app: &App,
    Connected { caller, connection }: &Connected,
    token: &str,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let refuse = |message: &str| {
        let error = WireError::new(Code::Unauthenticated, message);
        Failure::from(WireError { field: Some("/token".to_owned()), ..error })
    };
    let identity = match app.verifier.verify(token, now).await {
        Ok(identity) => identity,
        Err(error) if error.refusal() == Refusal::Undecided => return Err(Failure::Issuer(error)),
        Err(error) => return Err(refuse(&error.to_string())),
    };
    if identity.customer != *caller.customer() {
        return Err(refuse("the token is another customer's: connect anew with it"));
    }
    let (role, venue) = (identity.role, identity.venue.as_ref());
    let (issued, expires) = (identity.issued_at, identity.expires_at);
    let revoked = async || app.bookings.is_revoked(caller.customer(), issued).await;
    // What the connection has may be better: it stays as it is.
    if revoked().await? {
        return Err(refuse(REVOKED));
    }
    let refreshed = app.connections.refresh(connection, role, venue, issued, expires).await?;
    refreshed.ok_or_else(unknown)?;
    // Who has revoked meanwhile may have seen the connection with the token that it had before.
    if revoked().await? {
        app.connections.revoke(&connection.id, issued.as_second()).await?;
        return Err(refuse(REVOKED));
    }
    Ok(Reply::Refresh { token_expires_at: Instant(identity.expires_at) })
}
