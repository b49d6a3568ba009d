//! Whose request it is: Signature Version 4 in the header `Authorization`.
//!
//! The request is signed once more as the AWS SDKs do it, over the headers that the caller says are
//! signed and over the body as it came, and has to come to the same signature. A presigned URL is
//! not accepted: nothing that runs here makes one.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use aws_credential_types::Credentials;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

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
        keys: &Credentials,
        service: &'static str,
        now: Timestamp,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        // A key that comes with a session token is good with that token only.
        let given = parts.headers.get(TOKEN).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let wanted = keys.session_token().unwrap_or_default().as_bytes();
        verify_slices_are_equal(given, wanted).map_err(|_| SignatureError::UnknownKey)?;
        let time = self.time(now)?;
        let [day, region, claimed_service, terminator] = self.scope;
        if claimed_service != service {
            return Err(SignatureError::Service(service));
        }
        if terminator != TERMINATOR || !self.date.starts_with(day) {
            return Err(SignatureError::Mismatch);
        }
        let signature = self.sign(keys, region, service, time, parts, body);
        let signature = signature.ok_or(SignatureError::Mismatch)?;
        verify_slices_are_equal(signature.as_bytes(), self.signature.as_bytes())
            .map_err(|_| SignatureError::Mismatch)
    }

    /// When the request was signed, if that is about now.
    fn time(&self, now: Timestamp) -> Result<Timestamp, SignatureError> {
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
        let (written, now) = (text(date), text(now));
        if date < earliest {
            Err(SignatureError::Expired { date: written, earliest: text(earliest), now })
        } else if date > latest {
            Err(SignatureError::NotYet { date: written, latest: text(latest), now })
        } else {
            Ok(date)
        }
    }

    /// The signature that these keys give the request; `None` if it cannot have one.
    fn sign(
        &self,
        keys: &Credentials,
        region: &str,
        service: &str,
        time: Timestamp,
        parts: &Parts,
        body: &[u8],
    ) -> Option<String> {
        let signed: Vec<_> = self.signed_headers.split(';').collect();
        // A signature that does not say for whom it is could be used elsewhere.
        if !signed.contains(&HOST.as_str()) || !parts.headers.contains_key(HOST) {
            return None;
        }
        let headers = parts.headers.iter().filter(|(name, _)| signed.contains(&name.as_str()));
        let headers = headers.map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers = headers.collect::<Option<Vec<_>>>()?.into_iter();
        let (method, uri) = (parts.method.as_str(), parts.uri.to_string());
        let request = SignableRequest::new(method, uri, headers, SignableBody::Bytes(body)).ok()?;
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        let identity = keys.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time.into())
            .settings(settings)
            .build();
        let (_, signature) = sign(request, &parameters.ok()?.into()).ok()?.into_parts();
        Some(signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const NOW: &str = "2015-08-30T12:40:00Z";

    fn keys(session_token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, session_token.map(str::to_owned), None, "test")
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

    /// Signatures computed by hand.
    #[test]
    fn a_path_is_encoded_once_more_and_parameters_are_in_order() {
        let signature = "9381a47cfdd79ca8dd3abba4dd9d1ea2b7e4e106f53d0aac22a319d9fd445797";
        let path = "/test/@connections/JBDvjfGEIAMCERw%3D";
        check(&request("POST", path, &[HOST, DAY], signature), b"", None).unwrap();
        let signature = "f383c4671be74a01fb11ec1826e111c4906c4582552077e9d509b83b1131e459";
        check(&request("GET", "/?b&a=2&a=1", &[HOST, DAY], signature), b"", None).unwrap();
        let other = request("GET", "/?b&a=2&a=3", &[HOST, DAY], signature);
        assert_eq!(check(&other, b"", None), Err(SignatureError::Mismatch));
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
