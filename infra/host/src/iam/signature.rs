//! Whose request it is: Signature Version 4 in the header `Authorization`.
//!
//! A signature is checked over the headers that the caller says are signed and over the body as it
//! came. A presigned URL is not accepted: nothing that runs here makes one.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::canonical::{canonical_request, from_hex, hash};
use super::credentials::Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// How far a request's date may be from now, either way: "Signature expired: ... is now earlier
/// than ... (... - 5 min.)" is what both services say
/// (<https://github.com/aws/aws-sdk-js-v3/issues/7605>,
/// <https://github.com/cognitect-labs/aws-api/issues/255>).
const LATITUDE: SignedDuration = SignedDuration::from_mins(5);

/// Why it is not known whose request it is. The messages are those of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum SignatureError {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("{0}")]
    Incomplete(String),
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Signature expired: {date} is now earlier than {earliest} ({now} - 5 min.)")]
    Expired { date: String, earliest: String, now: String },
    #[error("Signature not yet current: {date} is still later than {latest} ({now} + 5 min.)")]
    NotYet { date: String, latest: String, now: String },
    #[error("Credential should be scoped to correct service: '{0}'.")]
    Service(&'static str),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method. Consult the service documentation for \
         details."
    )]
    Mismatch,
}

impl SignatureError {
    /// The name by which SDKs know it:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html>
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            _ => "InvalidSignatureException",
        }
    }
}

/// The parts of `AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/SERVICE/aws4_request,
/// SignedHeaders=a;b, Signature=HEX`.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    pub(super) access_key: &'a str,
    scope: [&'a str; 4],
    signed_headers: &'a str,
    signature: &'a str,
    date: &'a str,
}

impl<'a> Claim<'a> {
    /// What a request says of itself.
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self, SignatureError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let header = text(AUTHORIZATION.as_str()).ok_or(SignatureError::Missing)?;
        let rest = header.strip_prefix(ALGORITHM).ok_or(SignatureError::Missing)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {}
            }
        }
        let incomplete = |what: &str| {
            SignatureError::Incomplete(format!(
                "Authorization header requires {what}. Authorization={header}"
            ))
        };
        let credential = credential.ok_or_else(|| incomplete("'Credential' parameter"))?;
        let signature = signature.ok_or_else(|| incomplete("'Signature' parameter"))?;
        let signed_headers =
            signed_headers.ok_or_else(|| incomplete("'SignedHeaders' parameter"))?;
        let date = text(DATE)
            .ok_or_else(|| incomplete("existence of either a 'X-Amz-Date' or a 'Date' header"))?;
        // A key of a developer's own making might have a slash in it, the scope has none.
        let mut scope: Vec<&str> = credential.rsplitn(5, '/').collect();
        scope.reverse();
        let [access_key, day, region, service, end] = scope[..] else {
            return Err(SignatureError::Incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{credential}'"
            )));
        };
        let scope = [day, region, service, end];
        Ok(Self { access_key, scope, signed_headers, signature, date })
    }

    /// Whether the request was signed with these keys, for this service and about now. The region
    /// is whatever the caller calls it: there is only one here.
    pub(super) fn verify(
        &self,
        keys: &SigningKeys,
        service: &'static str,
        now: Timestamp,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        Self::verify_token(&keys.credentials, &parts.headers)?;
        self.verify_time(now)?;
        let [day, region, claimed_service, terminator] = self.scope;
        if claimed_service != service {
            return Err(SignatureError::Service(service));
        }
        if terminator != TERMINATOR || !self.date.starts_with(day) {
            return Err(SignatureError::Mismatch);
        }
        let request =
            canonical_request(parts, self.signed_headers, body).ok_or(SignatureError::Mismatch)?;
        let signed = format!(
            "{ALGORITHM}\n{}\n{day}/{region}/{service}/{TERMINATOR}\n{}",
            self.date,
            hash(request.as_bytes())
        );
        let signature = from_hex(self.signature).ok_or(SignatureError::Mismatch)?;
        let key = keys.derive(day, region, service);
        hmac::verify(&key, signed.as_bytes(), &signature).map_err(|_| SignatureError::Mismatch)
    }

    /// A key that comes with a session token is good with that token only.
    fn verify_token(credentials: &Credentials, headers: &HeaderMap) -> Result<(), SignatureError> {
        let given = headers.get(TOKEN).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let wanted = credentials.session_token.as_deref().unwrap_or_default();
        verify_slices_are_equal(given, wanted.as_bytes()).map_err(|_| SignatureError::UnknownKey)
    }

    fn verify_time(&self, now: Timestamp) -> Result<(), SignatureError> {
        let date = DateTime::strptime(DATE_FORMAT, self.date)
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .map_err(|_| {
                SignatureError::Incomplete(format!(
                    "Date must be in ISO-8601 'basic format'. Got '{}'. See \
                     http://en.wikipedia.org/wiki/ISO_8601",
                    self.date
                ))
            })?
            .timestamp();
        let text = |instant: Timestamp| instant.strftime(DATE_FORMAT).to_string();
        let (earliest, latest) = (now - LATITUDE, now + LATITUDE);
        if date < earliest {
            let (date, now) = (text(date), text(now));
            return Err(SignatureError::Expired { date, earliest: text(earliest), now });
        }
        if date > latest {
            let (date, now) = (text(date), text(now));
            return Err(SignatureError::NotYet { date, latest: text(latest), now });
        }
        Ok(())
    }
}

/// Credentials with the keys derived from them, which are the same for a day and a service.
#[derive(Debug)]
pub(super) struct SigningKeys {
    credentials: Credentials,
    /// By service: the rest of the scope, and the key.
    derived: Mutex<BTreeMap<&'static str, (String, hmac::Key)>>,
}

impl SigningKeys {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, derived: Mutex::default() }
    }

    /// The key for what is signed on this day, in this region, for this service.
    fn derive(&self, day: &str, region: &str, service: &'static str) -> hmac::Key {
        let scope = format!("{day}/{region}");
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = derived.get(service).filter(|(known, _)| *known == scope) {
            return key.clone();
        }
        let secret = format!("AWS4{}", self.credentials.secret_key);
        let mut key = hmac::Key::new(HMAC_SHA256, secret.as_bytes());
        for part in [day, region, service, TERMINATOR] {
            key = hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        derived.insert(service, (scope, key.clone()));
        key
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const NOW: &str = "2015-08-30T12:40:00Z";

    fn keys(session_token: Option<&str>) -> SigningKeys {
        SigningKeys::new(Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: session_token.map(str::to_owned),
        })
    }

    fn request(method: &str, uri: &str, headers: &[(&str, &str)], signature: &str) -> Parts {
        let mut names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={}, Signature={signature}",
            names.join(";")
        );
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.header("authorization", authorization).body(()).unwrap().into_parts().0
    }

    fn check(parts: &Parts, body: &[u8], token: Option<&str>) -> Result<(), SignatureError> {
        let now = NOW.parse().unwrap();
        Claim::read(&parts.headers)?.verify(&keys(token), "service", now, parts, body)
    }

    const HOST: (&str, &str) = ("host", "example.amazonaws.com");
    const DAY: (&str, &str) = ("x-amz-date", "20150830T123600Z");

    /// Signatures that AWS publishes in its test suite for signers.
    #[test]
    fn published_signatures() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        check(&request("GET", "/", &[HOST, DAY], vanilla), b"", None).unwrap();

        let query = "/?Param2=value2&Param1=value1";
        let signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        check(&request("GET", query, &[HOST, DAY], signature), b"", None).unwrap();

        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        let signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
        let headers = [HOST, DAY, ("x-amz-security-token", token)];
        check(&request("GET", "/", &headers, signature), b"", Some(token)).unwrap();

        let body = b"Param1=value1";
        let sum = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        let signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
        let headers = [
            HOST,
            DAY,
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "13"),
            ("x-amz-content-sha256", sum),
        ];
        let post = request("POST", "/", &headers, signature);
        check(&post, body, None).unwrap();
        assert_eq!(check(&post, b"Param1=value2", None), Err(SignatureError::Mismatch));
    }

    #[test]
    fn needless_spaces_do_not_count() {
        let signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736";
        let headers = [HOST, DAY, ("my-header1", " value1"), ("my-header2", " \"a   b   c\"  ")];
        check(&request("GET", "/", &headers, signature), b"", None).unwrap();
    }

    #[test]
    fn headers_that_are_not_signed_may_differ_and_the_host_is_signed() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let mut parts = request("GET", "/", &[HOST, DAY], vanilla);
        parts.headers.insert("accept", "text/plain".parse().unwrap());
        check(&parts, b"", None).unwrap();
        let without = request("GET", "/", &[DAY], vanilla);
        assert_eq!(check(&without, b"", None), Err(SignatureError::Mismatch));
        parts.headers.remove("host");
        assert_eq!(check(&parts, b"", None), Err(SignatureError::Mismatch));
    }

    #[test]
    fn the_time_is_good_for_five_minutes_either_way() {
        let parts = request("GET", "/", &[HOST, DAY], "0");
        let at = |now: &str| {
            let claim = Claim::read(&parts.headers).unwrap();
            claim.verify(&keys(None), "service", now.parse().unwrap(), &parts, b"")
        };
        for good in ["2015-08-30T12:41:00Z", "2015-08-30T12:31:00Z"] {
            assert_eq!(at(good), Err(SignatureError::Mismatch), "{good}");
        }
        let late = at("2015-08-30T12:41:01Z").unwrap_err();
        assert_eq!(
            late.to_string(),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
             (20150830T124101Z - 5 min.)"
        );
        assert!(matches!(at("2015-08-30T12:30:59Z"), Err(SignatureError::NotYet { .. })));
    }
}
