//! `ping`, `refresh`.

use crate::app::App;
use crate::caller::{Caller, unauthenticated, unknown};
use crate::failure::Failure;
use identity::IdentityError;
use jiff::Timestamp;
use protocol::{Code, Instant, Reply, WireError};

/// Tells the time, and when the token ends.
pub fn ping(caller: &Caller, now: Timestamp) -> Result<Reply, Failure> {
    let expires = Timestamp::from_second(caller.connection.expires);
    let expires = expires.map_err(|_| unauthenticated("the token never ends: refresh it"))?;
    Ok(Reply::Ping { now: Instant(now), token_expires_at: Instant(expires) })
}

/// Takes a new token of the same customer.
pub async fn refresh(
    app: &App,
    caller: &Caller,
    token: &str,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let refuse = |message: &str| {
        let error = WireError::new(Code::Unauthenticated, message);
        Failure::from(WireError { field: Some("/token".to_owned()), ..error })
    };
    let identity = match app.verifier.verify(token, now).await {
        Ok(identity) => identity,
        Err(error @ IdentityError::KeysUnavailable(_)) => return Err(Failure::Issuer(error)),
        Err(error) => return Err(refuse(&error.to_string())),
    };
    if identity.customer != *caller.customer() {
        return Err(refuse("the token is another customer's: connect anew with it"));
    }
    let read = &caller.connection;
    let (role, venue) = (identity.role, identity.venue.as_ref());
    let refreshed = app.connections.refresh(read, role, venue, identity.expires_at).await?;
    refreshed.ok_or_else(unknown)?;
    Ok(Reply::Refresh { token_expires_at: Instant(identity.expires_at) })
}
