//! A token issuer for development: whoever asks gets a token for whom they name.
//!
//! It has a real key set, so that the code that verifies is the same as in the cloud. It is
//! mounted only where the host is bound to loopback, and behind the [`guard`](crate::guard): a token
//! is for whoever sits at this machine, and for no page in their browser.
//!
//! - `GET /dev/token?sub=alice&role=operator&venue=harbour&ttl=3600` answers a signed token as text;
//! - `GET /dev/.well-known/jwks.json` answers the key set.

mod key;
mod request;

pub use key::IssuerError;

use crate::issuer::key::SigningKey;
use crate::issuer::request::TokenRequest;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// The audience of every token that does not ask for another one.
pub const AUDIENCE: &str = "booking-gateway";

const PLAIN: &str = "text/plain; charset=utf-8";

/// The issuer and its key. Clones are the same issuer.
#[derive(Debug, Clone)]
pub struct Issuer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: String,
    key: SigningKey,
}

impl Issuer {
    /// The issuer at `base_url`, such as `http://127.0.0.1:8080/dev`.
    ///
    /// With a key file, its key is used, or a new one is left there: tokens stay good over a
    /// restart. Without, the key lives as long as the issuer.
    pub fn new(base_url: &str, key_file: Option<&Path>) -> Result<Self, IssuerError> {
        let key = match key_file {
            Some(file) => SigningKey::kept_in(file)?,
            None => SigningKey::generate()?,
        };
        let issuer = base_url.trim_end_matches('/').to_owned();
        Ok(Self(Arc::new(Inner { issuer, key })))
    }

    /// What the tokens' `iss` is.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What the tokens' `aud` is.
    pub fn audience(&self) -> &'static str {
        AUDIENCE
    }

    /// The two routes, with their full paths.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/dev/token", get(token))
            .route("/dev/.well-known/jwks.json", get(key_set))
            .with_state(self.clone())
    }
}

async fn token(State(issuer): State<Issuer>, RawQuery(query): RawQuery) -> Response {
    let (status, text) = match TokenRequest::parse(query.as_deref().unwrap_or_default()) {
        Ok(request) => {
            let claims = request.claims(issuer.issuer(), AUDIENCE, Timestamp::now());
            match issuer.0.key.sign(&claims) {
                Ok(token) => (StatusCode::OK, token),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            }
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    (status, [(CONTENT_TYPE, PLAIN), (CACHE_CONTROL, "no-store")], text).into_response()
}

async fn key_set(State(issuer): State<Issuer>) -> Response {
    ([(CONTENT_TYPE, "application/json")], issuer.0.key.set().to_owned()).into_response()
}

#[cfg(test)]
mod tests;
