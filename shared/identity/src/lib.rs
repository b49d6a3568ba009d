//! Who is calling: verifies a JSON Web Token against the issuer's key set.
//!
//! - [`Verifier`] turns a token into an [`Identity`], or says why not.
//! - [`credential()`] finds the token in the headers of a WebSocket upgrade, [`bearer`] in those of any request.
//! - [`IdentityError::refusal`] says what becomes of whoever brings another.
//!
//! Accepted are RS256, ES256 and `EdDSA` (Ed25519), each only with a key of its own type. Tokens
//! are never logged and never part of an error.

mod cache;
mod claims;
mod credential;
mod fetch;
mod keys;
mod outcome;
mod verifier;

pub use cache::{MAX_AGE, REFETCH_AFTER, RETRY_AFTER};
pub use claims::NOT_BEFORE_LEEWAY;
pub use credential::{SUBPROTOCOL_PREFIX, bearer, credential};
pub use fetch::{FETCH_TIMEOUT, KeySetError, MAX_KEY_SET_BYTES};
pub use outcome::{Identity, IdentityError, Reason, Refusal};
pub use verifier::{MAX_TOKEN_BYTES, Settings, Verifier};
