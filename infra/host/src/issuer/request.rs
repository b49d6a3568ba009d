//! What a caller may ask of a token.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Ten years, in seconds: times beyond are mistakes.
const LONGEST: i64 = 10 * 366 * 24 * 60 * 60;

const KNOWN: &str = "sub, role, venue, ttl, issuer, audience";

/// Why a token is not issued, in one line that says what to write instead.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("unknown parameter {0:?}: there are {KNOWN}")]
    Unknown(String),
    #[error("sub is missing: name the customer, as in /dev/token?sub=alice")]
    NoSubject,
    #[error("{0} is given twice")]
    Twice(&'static str),
    #[error("role must be customer or operator, not {0:?}")]
    Role(String),
    #[error(
        "ttl must be a whole number of seconds from -{LONGEST} to {LONGEST}, not {0:?}; \
         with 0 or less the token is already expired"
    )]
    Ttl(String),
    #[error("the query is not form-encoded: write for example sub=alice&role=operator")]
    Encoding,
}

/// The parameters of `/dev/token`. Any `sub` and any `venue` is signed, also one that the gateway
/// refuses: how it refuses such a token is worth trying out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenRequest {
    sub: String,
    role: Option<String>,
    venue: Option<String>,
    ttl: Option<i64>,
    issuer: Option<String>,
    audience: Option<String>,
}

impl TokenRequest {
    pub(super) fn parse(query: &str) -> Result<Self, RequestError> {
        let uri = format!("/?{query}").parse().map_err(|_| RequestError::Encoding)?;
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri)
            .map_err(|_| RequestError::Encoding)?;
        let (mut sub, mut role, mut venue, mut ttl) = (None, None, None, None);
        let (mut issuer, mut audience) = (None, None);
        for (name, value) in pairs.0 {
            match name.as_str() {
                "sub" => once("sub", &mut sub, value)?,
                "role" if matches!(value.as_str(), "customer" | "operator") => {
                    once("role", &mut role, value)?;
                }
                "role" => return Err(RequestError::Role(value)),
                "venue" => once("venue", &mut venue, value)?,
                "ttl" => {
                    let seconds = value
                        .parse()
                        .ok()
                        .filter(|seconds| (-LONGEST..=LONGEST).contains(seconds))
                        .ok_or(RequestError::Ttl(value))?;
                    once("ttl", &mut ttl, seconds)?;
                }
                "issuer" => once("issuer", &mut issuer, value)?,
                "audience" => once("audience", &mut audience, value)?,
                _ => return Err(RequestError::Unknown(name)),
            }
        }
        Ok(Self { sub: sub.ok_or(RequestError::NoSubject)?, role, venue, ttl, issuer, audience })
    }

    pub(super) fn claims(&self, issuer: &str, audience: &str, now: Timestamp) -> Value {
        let issued_at = now.as_second();
        let mut claims = json!({
            "iss": self.issuer.as_deref().unwrap_or(issuer),
            "aud": self.audience.as_deref().unwrap_or(audience),
            "sub": self.sub,
            "iat": issued_at,
            "exp": issued_at + self.ttl.unwrap_or(3600),
        });
        if let Some(role) = &self.role {
            claims["role"] = json!(role);
        }
        if let Some(venue) = &self.venue {
            claims["venue"] = json!(venue);
        }
        claims
    }
}

fn once<T>(name: &'static str, slot: &mut Option<T>, value: T) -> Result<(), RequestError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(RequestError::Twice(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(query: &str) -> Value {
        let now = Timestamp::from_second(1000).unwrap();
        TokenRequest::parse(query).unwrap().claims("http://here/dev", "app", now)
    }

    #[test]
    fn defaults() {
        assert_eq!(
            claims("sub=alice"),
            json!({"iss": "http://here/dev", "aud": "app", "sub": "alice", "iat": 1000, "exp": 4600})
        );
    }

    #[test]
    fn everything_can_be_asked_for() {
        assert_eq!(
            claims("sub=b%C3%B6b+x&role=operator&venue=pier+1&ttl=-1&issuer=http://a&audience="),
            json!({
                "iss": "http://a", "aud": "", "sub": "böb x", "role": "operator",
                "venue": "pier 1", "iat": 1000, "exp": 999,
            })
        );
        assert_eq!(claims("sub=")["sub"], "");
    }

    #[test]
    fn mistakes_are_told_in_one_line() {
        let error = |query: &str| TokenRequest::parse(query).unwrap_err();
        assert_eq!(error(""), RequestError::NoSubject);
        assert_eq!(error("role=operator"), RequestError::NoSubject);
        assert_eq!(error("user=bob"), RequestError::Unknown("user".into()));
        assert_eq!(error("role=admin"), RequestError::Role("admin".into()));
        assert_eq!(error("sub=a&sub=b"), RequestError::Twice("sub"));
        for ttl in ["", "1h", "1.5", "99999999999", "-99999999999", "1e3"] {
            assert_eq!(error(&format!("ttl={ttl}")), RequestError::Ttl(ttl.into()));
            assert!(!error(&format!("ttl={ttl}")).to_string().contains('\n'));
        }
    }
}
