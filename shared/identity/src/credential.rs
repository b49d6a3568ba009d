//! Where a client puts its token.

use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};

/// What stands before the token in a subprotocol's name.
pub const SUBPROTOCOL_PREFIX: &str = "bearer.";

/// The token in the headers of a WebSocket upgrade: `Authorization: Bearer <token>` (native
/// clients), else a subprotocol `bearer.<token>` (browsers, whose `WebSocket` sets no headers).
pub fn credential(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).or_else(|| subprotocol(headers))
}

/// The token in the headers of any request: `Authorization: Bearer <token>`, whatever the case of the scheme.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(AUTHORIZATION).iter().find_map(|value| {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    })
}

fn subprotocol(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().strip_prefix(SUBPROTOCOL_PREFIX))
        .find(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn authorization_header() {
        let found = |value| credential(&headers(&[("authorization", value)])).map(str::to_owned);
        assert_eq!(found("Bearer a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(found("bearer   a.b.c ").as_deref(), Some("a.b.c"));
        assert_eq!(found("Basic dTpw"), None);
        assert_eq!(found("Bearer"), None);
        assert_eq!(found("Bearer "), None);
        assert_eq!(found("a.b.c"), None);
    }

    #[test]
    fn subprotocol_list_in_one_header_or_several() {
        let one = headers(&[("sec-websocket-protocol", "booking.v1, bearer.a.b.c")]);
        assert_eq!(credential(&one), Some("a.b.c"));
        let two = headers(&[
            ("sec-websocket-protocol", "bearer.a.b.c"),
            ("sec-websocket-protocol", "booking.v1"),
        ]);
        assert_eq!(credential(&two), Some("a.b.c"));
        assert_eq!(
            credential(&headers(&[("sec-websocket-protocol", "booking.v1, bearer.")])),
            None
        );
        assert_eq!(credential(&HeaderMap::new()), None);
    }

    #[test]
    fn the_authorization_header_wins_unless_it_is_of_another_scheme() {
        let both = headers(&[
            ("sec-websocket-protocol", "bearer.browser"),
            ("authorization", "Bearer native"),
        ]);
        assert_eq!(credential(&both), Some("native"));
        let basic = headers(&[
            ("sec-websocket-protocol", "bearer.browser"),
            ("authorization", "Basic dTpw"),
        ]);
        assert_eq!(credential(&basic), Some("browser"));
    }
}
