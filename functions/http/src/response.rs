//! The frame that answers a request -> a status, headers and a body.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use protocol::{Code, WireError};
use requests::Answer;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What a 401 has to name (RFC 9110, 15.5.2).
const SCHEME: HeaderValue = HeaderValue::from_static("Bearer");

/// The response with this frame.
pub(crate) fn response(answer: Answer) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    let status = answer.error.as_ref().map_or(StatusCode::OK, |error| status(error.code));
    response.status_code = status.as_u16().into();
    response.headers.insert(CONTENT_TYPE, JSON);
    if status == StatusCode::UNAUTHORIZED {
        response.headers.insert(WWW_AUTHENTICATE, SCHEME);
    }
    if let Some(seconds) = answer.error.as_ref().and_then(retry_after) {
        response.headers.insert(RETRY_AFTER, seconds.into());
    }
    response.body = Some(answer.frame.into());
    response
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::LimitExceeded | Code::Busy => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Closed
        | Code::SlotFull
        | Code::HoldExpired
        | Code::TooLate
        | Code::InvalidTransition
        | Code::VersionConflict
        | Code::IdempotencyMismatch => StatusCode::CONFLICT,
    }
}

/// The header knows whole seconds: no sooner than the frame says.
fn retry_after(error: &WireError) -> Option<u32> {
    error.retry_after_ms.map(|milliseconds| milliseconds.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn answered(error: Option<WireError>) -> Value {
        serde_json::to_value(response(Answer { frame: "{}".to_owned(), error })).unwrap()
    }

    #[test]
    fn each_code_has_its_status() {
        use Code::*;
        for (code, status) in [
            (BadRequest, 400),
            (Unauthenticated, 401),
            (Forbidden, 403),
            (NotFound, 404),
            (Closed, 409),
            (SlotFull, 409),
            (HoldExpired, 409),
            (TooLate, 409),
            (InvalidTransition, 409),
            (VersionConflict, 409),
            (IdempotencyMismatch, 409),
            (LimitExceeded, 429),
            (Busy, 429),
            (Unavailable, 503),
        ] {
            let response = answered(Some(WireError::new(code, "so it is")));
            assert_eq!(response["statusCode"], status, "{code:?}");
            assert_eq!(response["headers"]["content-type"], "application/json");
            assert_eq!(response["headers"].get("www-authenticate").is_some(), status == 401);
            assert_eq!(response["headers"].get("retry-after").is_some(), code.retryable());
        }
        let response = answered(None);
        assert_eq!((&response["statusCode"], &response["body"]), (&200.into(), &"{}".into()));
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_and_never_too_few() {
        for (milliseconds, seconds) in [(1, "1"), (500, "1"), (1000, "1"), (1001, "2")] {
            let error = WireError {
                retry_after_ms: Some(milliseconds),
                ..WireError::new(Code::Busy, "so it is")
            };
            assert_eq!(answered(Some(error))["headers"]["retry-after"], seconds);
        }
    }
}
