//! What the claims of a token with a good signature must say.

use crate::outcome::{IdentityError, Reason};
use domain::{CustomerId, VenueId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// How far in the future `nbf` may lie, because an issuer's clock may run ahead of ours: one
/// minute. `exp` has no such leeway: a connection outlives its token by nothing.
pub const NOT_BEFORE_LEEWAY: SignedDuration = SignedDuration::from_mins(1);

type Claims = Map<String, Value>;

/// `iss` is the issuer, compared to the character.
pub(crate) fn issuer(claims: &Claims, expected: &str) -> Result<(), Reason> {
    match claims.get("iss").and_then(Value::as_str) {
        Some(issuer) if issuer == expected => Ok(()),
        _ => Err(Reason::Issuer),
    }
}

/// `aud`, a string or an array, names the audience. A token without `aud` may name it as
/// `client_id` instead, as Cognito's access tokens do.
pub(crate) fn audience(claims: &Claims, expected: &str) -> Result<(), Reason> {
    let named = match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected,
        Some(Value::Array(audiences)) => contains(audiences, expected),
        Some(_) => false,
        None => claims.get("client_id").and_then(Value::as_str) == Some(expected),
    };
    if named { Ok(()) } else { Err(Reason::Audience) }
}

/// `nbf`, where there is one, is not in the future by more than [`NOT_BEFORE_LEEWAY`].
pub(crate) fn not_before(claims: &Claims, now: Timestamp) -> Result<(), Reason> {
    let Some(claim) = claims.get("nbf") else {
        return Ok(());
    };
    match numeric_date(claim) {
        Some(start) if start.duration_since(now) <= NOT_BEFORE_LEEWAY => Ok(()),
        _ => Err(Reason::NotYetValid),
    }
}

/// `iat`, in whole seconds: a fraction is cut off. A token that does not say when it was issued counts
/// as the oldest there is: it is revoked with all others of its customer.
pub(crate) fn issued_at(claims: &Claims) -> Timestamp {
    claims.get("iat").and_then(numeric_date).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `exp`, in whole seconds: a fraction is cut off.
pub(crate) fn expires_at(claims: &Claims) -> Result<Timestamp, Reason> {
    claims.get("exp").and_then(numeric_date).ok_or(Reason::NoExpiry)
}

/// `sub`, taken to the character: white space around it makes another customer.
///
/// Barred are a subject that nobody can see, and one that begins with `guest:`, by which operators
/// name walk-ins: whoever had it would read and cancel a walk-in's bookings.
pub(crate) fn subject(claims: &Claims) -> Result<CustomerId, IdentityError> {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if subject.chars().all(is_invisible) || subject.starts_with("guest:") {
        return Err(IdentityError::Barred);
    }
    CustomerId::parse(subject).map_err(|_| IdentityError::Barred)
}

/// The one venue that an operator is bound to, where the claim `name` is there.
///
/// Whatever it holds but the name of a venue is refused: an operator whose bound cannot be read would
/// otherwise serve all venues.
pub(crate) fn venue(claims: &Claims, name: &str) -> Result<Option<VenueId>, IdentityError> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    let venue = claim.as_str().and_then(|venue| VenueId::parse(venue).ok());
    venue.map(Some).ok_or(IdentityError::UnreadableVenue)
}

/// White space, and what leaves no ink: Unicode's `Default_Ignorable_Code_Point` and the blank
/// Braille pattern. <https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>
fn is_invisible(char: char) -> bool {
    char.is_whitespace()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether the claim `name` is a list of words, in one string or in an array, with `word` in it.
pub(crate) fn holds(claims: &Claims, name: &str, word: &str) -> bool {
    !word.is_empty()
        && match claims.get(name) {
            Some(Value::String(words)) => words.split_whitespace().any(|held| held == word),
            Some(Value::Array(words)) => contains(words, word),
            _ => false,
        }
}

fn contains(values: &[Value], expected: &str) -> bool {
    values.iter().any(|value| value.as_str() == Some(expected))
}

/// Seconds since 1970, whole or with a fraction (RFC 7519, `NumericDate`).
fn numeric_date(claim: &Value) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and what saturates is outside of Timestamp's range"
    )]
    let seconds =
        claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds.floor() as i64))?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        match value {
            Value::Object(claims) => claims,
            _ => unreachable!("claims are an object"),
        }
    }

    #[test]
    fn audience_in_all_its_forms() {
        let verdict = |value| audience(&claims(value), "web");
        assert_eq!(verdict(json!({"aud": "web"})), Ok(()));
        assert_eq!(verdict(json!({"aud": ["other", "web"]})), Ok(()));
        assert_eq!(verdict(json!({"client_id": "web"})), Ok(()));
        for bad in [
            json!({}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"aud": 7}),
            json!({"aud": null, "client_id": "web"}),
            json!({"aud": "other", "client_id": "web"}),
            json!({"client_id": ["web"]}),
        ] {
            assert_eq!(verdict(bad.clone()), Err(Reason::Audience), "{bad}");
        }
    }

    #[test]
    fn issuer_is_one_exact_string() {
        assert_eq!(issuer(&claims(json!({"iss": "https://a"})), "https://a"), Ok(()));
        for bad in [json!({}), json!({"iss": "https://a/"}), json!({"iss": ["https://a"]})] {
            assert_eq!(issuer(&claims(bad), "https://a"), Err(Reason::Issuer));
        }
    }

    #[test]
    fn dates() {
        let second = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(expires_at(&claims(json!({"exp": 1000}))), Ok(second(1000)));
        assert_eq!(expires_at(&claims(json!({"exp": 1000.9}))), Ok(second(1000)));
        for bad in [
            json!({}),
            json!({"exp": "1000"}),
            json!({"exp": null}),
            json!({"exp": 1e300}),
            json!({"exp": u64::MAX}),
        ] {
            assert_eq!(expires_at(&claims(bad)), Err(Reason::NoExpiry));
        }
        let issued = |value| issued_at(&claims(value)).as_second();
        assert_eq!(issued(json!({"iat": 1000})), 1000);
        assert_eq!(issued(json!({"iat": 1000.9})), 1000);
        for unknown in
            [json!({}), json!({"iat": "1000"}), json!({"iat": null}), json!({"iat": 1e300})]
        {
            assert_eq!(issued(unknown), 0);
        }
        let start = |nbf| not_before(&claims(json!({"nbf": nbf})), second(1000));
        assert_eq!(start(json!(1060)), Ok(()));
        assert_eq!(start(json!(1061)), Err(Reason::NotYetValid));
        assert_eq!(start(json!("soon")), Err(Reason::NotYetValid));
        assert_eq!(not_before(&Claims::new(), second(1000)), Ok(()));
    }

    #[test]
    fn subjects() {
        let parse = |sub: &str| subject(&claims(json!({"sub": sub})));
        for good in ["alice", " alice ", "auth0|5f7c", "GUEST:ann", "guest", " guest:ann", "ö"] {
            assert_eq!(parse(good).unwrap().as_str(), good);
        }
        for barred in [
            "",
            " ",
            "\u{a0}\u{2003}\u{3000}",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\u{ad}\u{180e}",
            "\u{3164}\u{2800}\u{e0020}",
            "guest:",
            "guest:ann",
            "guest: ",
            "a\tb",
        ] {
            assert!(matches!(parse(barred), Err(IdentityError::Barred)), "{barred:?}");
        }
        for no_text in [json!({}), json!({"sub": 7}), json!({"sub": null}), json!({"sub": ["a"]})] {
            assert!(matches!(subject(&claims(no_text)), Err(IdentityError::Barred)));
        }
    }

    #[test]
    fn venues() {
        let bound = |value| venue(&claims(value), "venue");
        assert_eq!(bound(json!({})).unwrap(), None);
        assert_eq!(bound(json!({"custom:venue": "harbour"})).unwrap(), None);
        let harbour = bound(json!({"venue": "harbour"})).unwrap().unwrap();
        assert_eq!(harbour.as_str(), "harbour");
        for bad in [json!(""), json!("Harbour"), json!(" harbour"), json!("a b"), json!(null)] {
            let refused = bound(json!({"venue": bad}));
            assert!(matches!(refused, Err(IdentityError::UnreadableVenue)), "{bad}");
        }
        for bad in [json!(["harbour"]), json!([]), json!(7), json!({}), json!("x".repeat(64))] {
            let refused = bound(json!({"venue": bad}));
            assert!(matches!(refused, Err(IdentityError::UnreadableVenue)), "{bad}");
        }
    }

    #[test]
    fn operators_by_scope_or_group() {
        let is = |value| holds(&claims(json!({"role": value})), "role", "operator");
        assert!(is(json!("operator")));
        assert!(is(json!("read operator write")));
        assert!(is(json!(["staff", "operator"])));
        assert!(!is(json!("operators")));
        assert!(!is(json!("Operator")));
        assert!(!is(json!(["staff operator"])));
        assert!(!is(json!({"operator": true})));
        assert!(!is(json!(true)));
        assert!(!holds(&claims(json!({"role": [""]})), "role", ""));
        assert!(!holds(&Claims::new(), "role", "operator"));
    }
}
