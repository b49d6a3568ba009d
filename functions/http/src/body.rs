//! What the gateway made of a body -> a frame.
//!
//! It passes bodies on as they are whose type says that they are text or JSON, and all others in base64: those
//! of `curl -d` too, which says that they are forms.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::{Frame, MAX_INBOUND, WireError};
use std::borrow::Cow;

/// Reads the frame in a body.
pub(crate) fn frame(body: &str, is_base64: bool) -> Frame {
    match text(body, is_base64) {
        Ok(text) => protocol::decode(&text),
        Err(error) => Frame::unreadable(error),
    }
}

fn text(body: &str, is_base64: bool) -> Result<Cow<'_, str>, WireError> {
    let refuse = |message: &str| WireError::bad_request(message, None);
    let too_large = || refuse(&format!("a request has at most {} KiB", MAX_INBOUND / 1024));
    // Nothing is decoded that is too large anyway.
    if body.len() > most(is_base64) {
        return Err(too_large());
    }
    if !is_base64 {
        return Ok(body.into());
    }
    let bytes = STANDARD.decode(body).map_err(|_| refuse("the body is not base64"))?;
    if bytes.len() > MAX_INBOUND {
        return Err(too_large());
    }
    String::from_utf8(bytes).map(Cow::from).map_err(|_| refuse("a request is text in UTF-8"))
}

/// The longest body, in bytes; in base64, three bytes are four.
fn most(is_base64: bool) -> usize {
    if is_base64 { MAX_INBOUND.div_ceil(3) * 4 } else { MAX_INBOUND }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str, is_base64: bool) -> String {
        frame(body, is_base64).request.unwrap_err().message
    }

    #[test]
    fn a_body_may_be_in_base64() {
        let ping = r#"{"action":"ping","id":7}"#;
        assert!(frame(ping, false).request.is_ok());
        assert!(frame(&STANDARD.encode(ping), true).request.is_ok());
        assert!(refused(ping, true).contains("not base64"));
        assert!(refused(&STANDARD.encode(b"\xff\xfe"), true).contains("UTF-8"));
        assert!(refused("", false).contains("not JSON") && refused("", true).contains("not JSON"));
    }

    #[test]
    fn a_body_has_the_bound_of_a_frame() {
        let text = r#"{"action":"ping"}"#;
        let ping = |bytes: usize| text.to_owned() + &" ".repeat(bytes - text.len());
        for (text, is_base64) in
            [(ping(MAX_INBOUND), false), (STANDARD.encode(ping(MAX_INBOUND)), true)]
        {
            assert!(frame(&text, is_base64).request.is_ok());
        }
        for (text, is_base64) in [
            (ping(MAX_INBOUND + 1), false),
            (STANDARD.encode(ping(MAX_INBOUND + 1)), true),
            (STANDARD.encode(ping(3 * MAX_INBOUND)), true),
        ] {
            assert!(refused(&text, is_base64).contains("at most 32 KiB"));
        }
    }
}
