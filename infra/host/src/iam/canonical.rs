//! The text of a request that is signed.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request>

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use http::request::Parts;

/// The canonical form of a request with these signed headers, such as `host;x-amz-date`; `None` if
/// it cannot have one.
pub(super) fn canonical_request(
    parts: &Parts,
    signed_headers: &str,
    body: &[u8],
) -> Option<String> {
    let mut text = String::with_capacity(1024);
    text.push_str(parts.method.as_str());
    text.push('\n');
    push_path(&mut text, parts.uri.path());
    text.push('\n');
    push_query(&mut text, parts.uri.query().unwrap_or_default());
    text.push('\n');
    let mut names_host = false;
    for name in signed_headers.split(';') {
        names_host |= name == "host";
        push_header(&mut text, parts, name)?;
    }
    text.push('\n');
    text.push_str(signed_headers);
    text.push('\n');
    text.push_str(&hash(body));
    // A signature that does not say for whom it is could be used elsewhere.
    names_host.then_some(text)
}

/// The path as it came, encoded once more: every service but S3 wants it so.
fn push_path(text: &mut String, path: &str) {
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            // Writing to a text does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
}

/// The parameters in order. They are encoded already.
fn push_query(text: &mut String, query: &str) {
    let mut parameters: Vec<_> = query.split('&').filter(|it| !it.is_empty()).collect();
    parameters.sort_unstable();
    for (number, parameter) in parameters.into_iter().enumerate() {
        if number > 0 {
            text.push('&');
        }
        text.push_str(parameter);
        if !parameter.contains('=') {
            text.push('=');
        }
    }
}

/// All values of a header, without needless spaces.
fn push_header(text: &mut String, parts: &Parts, name: &str) -> Option<()> {
    let mut values = parts.headers.get_all(name).iter().peekable();
    values.peek()?;
    text.push_str(name);
    for (number, value) in values.enumerate() {
        text.push(if number == 0 { ':' } else { ',' });
        let value = value.to_str().ok()?.trim();
        if value.contains("  ") {
            text.extend(value.split(' ').filter(|word| !word.is_empty()).flat_map(|it| [it, " "]));
            text.pop();
        } else {
            text.push_str(value);
        }
    }
    text.push('\n');
    Some(())
}

/// The SHA-256 hash in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = digest(&SHA256, bytes);
    let digits = digest.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(value(*pair.first()?)? << 4 | value(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_path_is_encoded_once_more() {
        let request = Request::post("/test/@connections/JBDvjfGEIAMCERw%3D")
            .header("host", "tj9n5r0m12.execute-api.us-east-1.amazonaws.com")
            .body(())
            .unwrap();
        let text = canonical_request(&request.into_parts().0, "host", b"").unwrap();
        assert!(text.starts_with("POST\n/test/%40connections/JBDvjfGEIAMCERw%253D\n\nhost:"));
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(text.ends_with(&format!("\n\nhost\n{nothing}")));
    }

    #[test]
    fn parameters_are_in_order_and_headers_are_there() {
        let request = Request::get("/?b&a=2&a=1").header("host", "h").body(()).unwrap();
        let parts = request.into_parts().0;
        let text = canonical_request(&parts, "host", b"").unwrap();
        assert!(text.starts_with("GET\n/\na=1&a=2&b=\nhost:h\n"), "{text}");
        assert_eq!(canonical_request(&parts, "host;x-amz-date", b""), None);
        assert_eq!(canonical_request(&parts, "", b""), None);
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(from_hex("00ff1A"), Some(vec![0, 255, 26]));
        assert_eq!((from_hex("0"), from_hex("0g"), from_hex("")), (None, None, Some(Vec::new())));
    }
}
