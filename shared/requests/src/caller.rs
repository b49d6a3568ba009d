//! Who asks, and whether they may.

use crate::failure::Failure;
use domain::{BookingId, CustomerId, Rejection, Role, VenueId};
use identity::Identity;
use jiff::Timestamp;
use protocol::{BookingRef, Code, Instant, WireError};
use store::{Bookings, Connection};

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    customer: CustomerId,
    role: Role,
    venue: Option<VenueId>,
    /// In seconds since 1970.
    expires: i64,
}

impl Caller {
    /// The client behind this connection.
    pub fn of(connection: &Connection) -> Self {
        let Connection { customer, role, venue, expires, .. } = connection;
        let (customer, venue) = (customer.clone(), venue.clone());
        Self { customer, role: *role, venue, expires: *expires }
    }

    /// Whom a token speaks for that was verified in this request.
    ///
    /// What is revoked is looked up here, as at `$connect`, and strongly consistently: from the moment that a
    /// revocation is answered, no request begins with an older token.
    pub async fn with(identity: Identity, bookings: &Bookings) -> Result<Self, Failure> {
        let Identity { customer, role, venue, issued_at, expires_at } = identity;
        if bookings.is_revoked(&customer, issued_at).await? {
            return Err(unauthenticated("the token is revoked: bring a new one"));
        }
        Ok(Self { customer, role, venue, expires: expires_at.as_second() })
    }

    /// Refuses a caller whose token has ended.
    pub fn must_be_live(&self, now: Timestamp) -> Result<(), Failure> {
        if now.as_second() < self.expires { Ok(()) } else { Err(expired()) }
    }

    /// When the token ends.
    pub fn token_expires_at(&self) -> Result<Instant, Failure> {
        let expires = Timestamp::from_second(self.expires);
        expires.map(Instant).map_err(|_| unauthenticated("the token never ends: refresh it"))
    }

    /// Refuses all but operators, of whatever venue.
    pub fn must_be_operator(&self) -> Result<(), Failure> {
        if self.is_operator() { Ok(()) } else { Err(operators_only()) }
    }

    /// Refuses all but the operators of a venue. A resource's venue never changes, so neither it nor
    /// the answer can be out of date; the caller's own bound is as the connection was read.
    pub fn must_operate(&self, venue: &VenueId) -> Result<(), Failure> {
        self.must_be_operator()?;
        match self.role_at(venue) {
            Role::Operator => Ok(()),
            Role::Customer => {
                Err(Rejection::Forbidden("this belongs to another venue than yours").into())
            }
        }
    }

    /// Refuses all but the operators of all venues.
    pub fn must_operate_all(&self) -> Result<(), Failure> {
        self.must_be_operator()?;
        match self.bound() {
            None => Ok(()),
            Some(_) => {
                Err(Rejection::Forbidden("only an operator of all venues may do this").into())
            }
        }
    }

    /// In which role the caller acts at a venue: an operator who is bound to another one is like any
    /// customer there.
    pub fn role_at(&self, venue: &VenueId) -> Role {
        if self.role.operates(self.bound(), venue) { Role::Operator } else { Role::Customer }
    }

    /// The one venue that the caller is bound to, if an operator is.
    pub fn bound(&self) -> Option<&VenueId> {
        self.venue.as_ref()
    }

    /// Who it is.
    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// What it is where no venue is asked about.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it may do what operators do.
    pub fn is_operator(&self) -> bool {
        self.role == Role::Operator
    }

    /// Which booking this is: the caller's own or, for an operator, whosever at a venue that they
    /// operate. What the caller may not know of reads as not there.
    pub async fn reach(
        &self,
        booking: &BookingRef,
        bookings: &Bookings,
    ) -> Result<Reached, Failure> {
        let id = booking.id().ok_or(Rejection::NoSuchBooking)?;
        if !self.is_operator() {
            return Ok(Reached { owner: self.customer().clone(), id, role: Role::Customer });
        }
        let (owner, venue) = bookings.owner(&id).await?.ok_or(Rejection::NoSuchBooking)?;
        let role = self.role_at(&venue);
        if role == Role::Customer && owner != *self.customer() {
            return Err(Rejection::NoSuchBooking.into());
        }
        Ok(Reached { owner, id, role })
    }
}

/// A booking that a caller may know of.
#[derive(Debug)]
pub struct Reached {
    /// Whose it is.
    pub owner: CustomerId,
    /// Which it is.
    pub id: BookingId,
    /// In which role the caller acts on it.
    pub role: Role,
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
