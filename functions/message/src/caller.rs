//! Who asks, and whether they may.

use crate::failure::Failure;
use domain::{BookingId, CustomerId, Rejection, Role};
use jiff::Timestamp;
use protocol::{BookingRef, Code, WireError};
use store::{Bookings, Connection};

/// The client behind a connection.
#[derive(Debug)]
pub struct Caller {
    /// The connection, as remembered.
    pub connection: Connection,
}

impl Caller {
    /// The client behind this connection, if it is remembered.
    pub fn new(connection: Option<Connection>) -> Result<Self, Failure> {
        Ok(Self { connection: connection.ok_or_else(unknown)? })
    }

    /// Refuses a caller whose token has ended.
    pub fn must_be_live(&self, now: Timestamp) -> Result<(), Failure> {
        if self.connection.is_live(now) { Ok(()) } else { Err(expired()) }
    }

    /// Refuses all but operators.
    pub fn must_be_operator(&self) -> Result<(), Failure> {
        if self.is_operator() { Ok(()) } else { Err(operators_only()) }
    }

    /// Who it is.
    pub fn customer(&self) -> &CustomerId {
        &self.connection.customer
    }

    /// Whether it may do what operators do.
    pub fn is_operator(&self) -> bool {
        self.connection.role == Role::Operator
    }

    /// Whose booking this is: the caller's own or, for an operator, whosever. What the caller may
    /// not know of reads as not there.
    pub async fn owner_of(
        &self,
        booking: &BookingRef,
        bookings: &Bookings,
    ) -> Result<(CustomerId, BookingId), Failure> {
        let id = booking.id().ok_or(Rejection::NoSuchBooking)?;
        let owner = if self.is_operator() {
            bookings.owner(&id).await?.ok_or(Rejection::NoSuchBooking)?
        } else {
            self.customer().clone()
        };
        Ok((owner, id))
    }
}

/// There is no such connection, or no longer.
pub fn unknown() -> Failure {
    unauthenticated("this connection is not known any more: connect again")
}

/// The caller's token has ended.
pub fn expired() -> Failure {
    unauthenticated("the token has expired: refresh it")
}

/// The caller is no operator.
pub fn operators_only() -> Failure {
    Rejection::Forbidden("only an operator may do this").into()
}

/// The caller has to show who they are first.
pub fn unauthenticated(message: &str) -> Failure {
    WireError::new(Code::Unauthenticated, message).into()
}
