//! What comes of a token.

use crate::fetch::KeySetError;
use domain::{CustomerId, Role, VenueId};
use jiff::Timestamp;

/// Who a token speaks for, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The token's `sub`.
    pub customer: CustomerId,
    /// Operator where the configured claim says so, else customer.
    pub role: Role,
    /// The one venue that an operator is bound to; `None` for an operator of all venues, and for a
    /// customer.
    pub venue: Option<VenueId>,
    /// The token's `iat`, in whole seconds; the beginning of 1970 where it says none that can be read.
    pub issued_at: Timestamp,
    /// The token's `exp`: from this instant on the identity is worth nothing.
    pub expires_at: Timestamp,
}

/// Why a token gives no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The token cannot be believed.
    #[error("the token is not valid: {0}")]
    Invalid(#[source] Reason),
    /// The token was good, and its time is over.
    #[error("the token has expired")]
    Expired,
    /// The token is good, but whom it names cannot be a customer here: `sub` is missing, blank,
    /// longer than 128 characters, holds control characters or begins with `guest:`.
    #[error("the token's subject cannot be a customer")]
    Barred,
    /// The token is good and its subject an operator, but the claim that is to say of which venue does
    /// not hold the name of one.
    #[error("the token binds an operator to something that is no venue's name")]
    UnreadableVenue,
    /// The issuer's keys could not be had, so nothing is known of the token: not the client's
    /// fault, and worth another try.
    #[error("the token issuer's keys are unavailable")]
    KeysUnavailable(#[source] KeySetError),
}

/// What becomes of whoever brings a token that gives no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They have not shown who they are: HTTP's 401.
    Unauthenticated,
    /// It is known who they are, and they may not: HTTP's 403.
    Barred,
    /// Nothing can be said of them now: no fault of theirs.
    Undecided,
}

impl IdentityError {
    /// What becomes of whoever brings the token.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Invalid(_) | Self::Expired => Refusal::Unauthenticated,
            Self::Barred | Self::UnreadableVenue => Refusal::Barred,
            Self::KeysUnavailable(_) => Refusal::Undecided,
        }
    }
}

/// What is wrong with an invalid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not three dot-separated parts of base64url JSON, signed by no known algorithm (`none` is
    /// not one), or longer than [`crate::MAX_TOKEN_BYTES`].
    #[error("it is not a signed JSON Web Token")]
    Malformed,
    /// `alg` is none of RS256, ES256 and `EdDSA`.
    #[error("its algorithm is not one of RS256, ES256 and EdDSA")]
    Algorithm,
    /// The header demands an extension (`crit`) that this crate does not know.
    #[error("its header demands an extension that is not supported")]
    Critical,
    /// No key of that id and algorithm is in the issuer's key set.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// The signature is not that key's over this content.
    #[error("its signature does not verify")]
    Signature,
    /// `iss` is not the configured issuer.
    #[error("it comes from another issuer")]
    Issuer,
    /// Neither `aud` nor, where there is no `aud`, `client_id` names the configured audience.
    #[error("it is meant for another audience")]
    Audience,
    /// `exp` is missing or not a time.
    #[error("it does not say when it expires")]
    NoExpiry,
    /// `nbf` is in the future or not a time.
    #[error("it is not valid yet")]
    NotYetValid,
}
