//! A token in, an identity out.

use crate::cache::KeyCache;
use crate::claims;
use crate::fetch::Fetcher;
use crate::outcome::{Identity, IdentityError, Reason};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use domain::Role;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};

/// Longer tokens are refused unread: 16 KiB, well above what issuers send and what the headers
/// of an upgrade may hold.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Whose tokens are accepted, and what they must say.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What `iss` must be, to the character.
    pub issuer: String,
    /// What `aud` must name (or `client_id`, where there is no `aud`: access tokens of Cognito).
    pub audience: String,
    /// Where the issuer's key set is; `None` for `{issuer}/.well-known/jwks.json`.
    pub jwks_url: Option<String>,
    /// The claim that makes an operator, for example `cognito:groups` or `scope`.
    pub operator_claim: String,
    /// The word that this claim must hold.
    pub operator_value: String,
    /// The claim that binds an operator to one venue, for example `venue`.
    pub venue_claim: String,
}

impl Settings {
    /// Where the issuer's key set is.
    pub fn key_set_url(&self) -> String {
        self.jwks_url.clone().unwrap_or_else(|| {
            format!("{}/.well-known/jwks.json", self.issuer.trim_end_matches('/'))
        })
    }
}

/// Verifies tokens. One per process: it keeps the issuer's keys.
#[derive(Debug)]
pub struct Verifier {
    settings: Settings,
    keys: KeyCache,
}

impl Verifier {
    /// A verifier that fetches keys over these connections; nothing is fetched yet.
    pub fn new(settings: Settings, connector: SharedHttpConnector) -> Self {
        let fetcher = Fetcher::new(&settings.key_set_url(), connector);
        Self { settings, keys: KeyCache::new(fetcher) }
    }

    /// Fetches the issuer's keys ahead of the first token, so that no client waits for it.
    pub async fn warm(&self, now: Timestamp) -> Result<(), IdentityError> {
        self.keys.warm(now).await.map_err(IdentityError::KeysUnavailable)
    }

    /// Who `token` speaks for at `now`.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, IdentityError> {
        let claims = self.signed_claims(token, now).await?;
        let invalid = IdentityError::Invalid;
        claims::issuer(&claims, &self.settings.issuer).map_err(invalid)?;
        claims::audience(&claims, &self.settings.audience).map_err(invalid)?;
        claims::not_before(&claims, now).map_err(invalid)?;
        let expires_at = claims::expires_at(&claims).map_err(invalid)?;
        if now >= expires_at {
            return Err(IdentityError::Expired);
        }
        let customer = claims::subject(&claims)?;
        let operator = &self.settings;
        let role = if claims::holds(&claims, &operator.operator_claim, &operator.operator_value) {
            Role::Operator
        } else {
            Role::Customer
        };
        let venue = match role {
            Role::Operator => claims::venue(&claims, &self.settings.venue_claim)?,
            // What a customer may do is the same everywhere.
            Role::Customer => None,
        };
        let issued_at = claims::issued_at(&claims);
        Ok(Identity { customer, role, venue, issued_at, expires_at })
    }

    /// The token's content, once its signature is that of one of the issuer's keys.
    async fn signed_claims(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, IdentityError> {
        let invalid = IdentityError::Invalid;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid(Reason::Malformed));
        }
        let header = decode_header(token).map_err(|_| invalid(Reason::Malformed))?;
        let algorithm = match header.alg {
            Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => header.alg,
            _ => return Err(invalid(Reason::Algorithm)),
        };
        if header.crit.is_some() {
            return Err(invalid(Reason::Critical));
        }
        let key = self
            .keys
            .find(header.kid.as_deref(), algorithm, now)
            .await
            .map_err(IdentityError::KeysUnavailable)?
            .ok_or(invalid(Reason::UnknownKey))?;
        // Only the signature is left to the library: what the claims must say depends on `now`,
        // which is this function's argument and not the library's clock.
        let mut signature_only = Validation::new(algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        decode::<Map<String, Value>>(token, &key, &signature_only).map(|data| data.claims).map_err(
            |error| {
                use jsonwebtoken::errors::ErrorKind;
                invalid(match error.kind() {
                    ErrorKind::Json(_) | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => {
                        Reason::Malformed
                    }
                    _ => Reason::Signature,
                })
            },
        )
    }
}
