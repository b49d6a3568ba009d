//! Whose request it is: Signature Version 4 in the header `Authorization`.
//!
//! The signature that a request ought to have is computed by the crate with which the SDKs sign,
//! over the headers that the caller says are signed and over the body as it came. A presigned URL
//! is not accepted: nothing that runs here makes one.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::SystemTime;

use aws_credential_types::Credentials as Signer;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::http_request::{
    SessionTokenMode, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::credentials::Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
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
    signed_headers: Vec<&'a str>,
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
        for part in rest.split([' ', ',']) {
            match part.split_once('=') {
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
        let signed_headers = signed_headers.split(';').collect();
        Ok(Self { access_key, scope, signed_headers, signature, date })
    }

    /// Whether the request was signed with these credentials, for this service and about now. The
    /// region is whatever the caller calls it: there is only one here.
    pub(super) fn verify(
        &self,
        credentials: &Credentials,
        service: &'static str,
        now: Timestamp,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        self.verify_token(credentials, &parts.headers)?;
        let time = self.verify_time(now)?;
        let [day, region, claimed_service, end] = self.scope;
        if claimed_service != service {
            return Err(SignatureError::Service(service));
        }
        if end != "aws4_request" || !self.date.starts_with(day) {
            return Err(SignatureError::Mismatch);
        }
        let expected = self
            .signature_of(credentials, region, service, time, parts, body)
            .ok_or(SignatureError::Mismatch)?;
        verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes())
            .map_err(|_| SignatureError::Mismatch)
    }

    /// A key that comes with a session token is good with that token only.
    fn verify_token(
        &self,
        credentials: &Credentials,
        headers: &HeaderMap,
    ) -> Result<(), SignatureError> {
        let given = headers.get(TOKEN).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let wanted = credentials.session_token.as_deref().unwrap_or_default();
        verify_slices_are_equal(given, wanted.as_bytes()).map_err(|_| SignatureError::UnknownKey)
    }

    fn verify_time(&self, now: Timestamp) -> Result<SystemTime, SignatureError> {
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
        let (named, now) = (text(date), text(now));
        if date < earliest {
            return Err(SignatureError::Expired { date: named, earliest: text(earliest), now });
        }
        if date > latest {
            return Err(SignatureError::NotYet { date: named, latest: text(latest), now });
        }
        Ok(date.into())
    }

    /// The signature that the request ought to have; `None` if it cannot have one.
    fn signature_of(
        &self,
        credentials: &Credentials,
        region: &str,
        service: &str,
        time: SystemTime,
        parts: &Parts,
        body: &[u8],
    ) -> Option<String> {
        // A signature that does not say for whom it is could be used elsewhere.
        if !self.signed_headers.contains(&"host") {
            return None;
        }
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        if !self.signed_headers.contains(&TOKEN) {
            settings.session_token_mode = SessionTokenMode::Exclude;
        }
        let identity = Signer::new(
            &credentials.access_key,
            &credentials.secret_key,
            credentials.session_token.clone(),
            None,
            "local",
        )
        .into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time)
            .settings(settings)
            .build()
            .ok()?
            .into();
        let mut headers = Vec::new();
        // The signer adds the date and the token itself.
        for name in self.signed_headers.iter().filter(|name| ![DATE, TOKEN].contains(name)) {
            let mut values = parts.headers.get_all(*name).iter().peekable();
            values.peek()?;
            for value in values {
                headers.push((*name, value.to_str().ok()?));
            }
        }
        let uri = parts.uri.path_and_query()?.as_str();
        let request = SignableRequest::new(
            parts.method.as_str(),
            uri,
            headers.into_iter(),
            SignableBody::Bytes(body),
        )
        .ok()?;
        Some(sign(request, &params).ok()?.into_parts().1)
    }
}
