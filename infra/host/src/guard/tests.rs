use super::*;
use http::HeaderValue;

fn guard(address: &str) -> Guard {
    Guard::new(address.parse().unwrap(), Vec::new())
}

fn headers(named: &[(&HeaderName, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    named.iter().map(|(name, text)| ((*name).clone(), value(text))).collect()
}

fn host_ok(guard: &Guard, host: &str) -> bool {
    guard.check_host(&Uri::from_static("/"), &headers(&[(&HOST, host)])).is_ok()
}

#[test]
fn hosts_of_a_loopback_listener() {
    let guard = guard("127.0.0.1:8080");
    for own in [
        "127.0.0.1:8080",
        "localhost:8080",
        "LocalHost:8080",
        "127.0.0.2:8080",
        "[::1]:8080",
        "[::ffff:127.0.0.1]:8080",
    ] {
        assert!(host_ok(&guard, own), "{own}");
    }
    for foreign in [
        "",
        "evil.example",
        "evil.example:8080",
        "localhost",
        "localhost:80",
        "127.0.0.1:8081",
        "127.0.0.1:",
        "127.0.0.1:+8080",
        "127.0.0.1:08080x",
        "127.0.0.1:8080:8080",
        "127.0.0.1.evil.example:8080",
        "localhost.evil.example:8080",
        "evil.localhost:8080",
        "localhost.:8080",
        "a@127.0.0.1:8080",
        "127.0.0.1:8080/",
        "127.1:8080",
        "2130706433:8080",
        "0.0.0.0:8080",
        "192.0.2.1:8080",
        "[::2]:8080",
        "[::1:8080",
        "[::1]8080",
        "[::1]x:8080",
        "127.0.0.1:8080, evil.example",
    ] {
        assert!(!host_ok(&guard, foreign), "{foreign}");
    }
}

#[test]
fn hosts_of_other_listeners() {
    assert!(host_ok(&guard("127.0.0.1:80"), "localhost"));
    assert!(host_ok(&guard("[::1]:8080"), "localhost:8080"));
    let home = guard("192.0.2.1:8080");
    assert!(host_ok(&home, "192.0.2.1:8080"));
    for foreign in ["127.0.0.1:8080", "localhost:8080", "192.0.2.2:8080"] {
        assert!(!host_ok(&home, foreign), "{foreign}");
    }
    for everywhere in ["0.0.0.0:8080", "[::]:8080"] {
        let everywhere = guard(everywhere);
        for own in ["127.0.0.1:8080", "localhost:8080", "192.0.2.1:8080", "[2001:db8::1]:8080"] {
            assert!(host_ok(&everywhere, own), "{own}");
        }
        assert!(!host_ok(&everywhere, "evil.example:8080"));
        assert!(!host_ok(&everywhere, "192.0.2.1:80"));
    }
}

#[test]
fn names_that_were_allowed() {
    let names = ["booking.test", "localhost:5173"].map(|name| name.parse().unwrap());
    let guard = Guard::new("127.0.0.1:8080".parse().unwrap(), names.into());
    for own in ["booking.test", "Booking.test:9", "localhost:5173", "localhost:8080"] {
        assert!(host_ok(&guard, own), "{own}");
    }
    assert!(!host_ok(&guard, "localhost:5174") && !host_ok(&guard, "a.booking.test"));
    let origin = |origin| {
        let headers = headers(&[(&HOST, "booking.test"), (&ORIGIN, origin)]);
        guard.check(&Uri::from_static("/"), &headers).is_ok()
    };
    assert!(origin("https://booking.test") && origin("http://localhost:5173"));
    assert!(!origin("https://localhost:8080") && !origin("https://localhost:5173.evil.example"));
    for bad in ["", "a b", "http://booking.test", "a:b", ":80", "a:99999"] {
        assert_eq!(bad.parse::<HostName>(), Err(NoHostName), "{bad:?}");
    }
}

#[test]
fn a_request_names_exactly_one_host() {
    let guard = guard("127.0.0.1:8080");
    let none = guard.check_host(&Uri::from_static("/"), &HeaderMap::new());
    assert!(matches!(none, Err(Foreign::NoHost { .. })));
    let mut two = headers(&[(&HOST, "127.0.0.1:8080")]);
    two.append(HOST, HeaderValue::from_static("127.0.0.1:8080"));
    let two = guard.check_host(&Uri::from_static("/"), &two);
    assert!(matches!(two, Err(Foreign::NoHost { .. })));
    let host = headers(&[(&HOST, "127.0.0.1:8080")]);
    assert!(guard.check_host(&Uri::from_static("http://127.0.0.1:8080/"), &host).is_ok());
    let elsewhere = guard.check_host(&Uri::from_static("http://evil.example/"), &host);
    assert!(matches!(elsewhere, Err(Foreign::NoHost { .. })));
}

#[test]
fn origins() {
    let guard = guard("127.0.0.1:8080");
    let check = |extra: &[(&HeaderName, &str)]| {
        let all = [&[(&HOST, "127.0.0.1:8080")], extra].concat();
        guard.check(&Uri::from_static("/"), &headers(&all)).is_ok()
    };
    assert!(check(&[]));
    for own in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
        assert!(check(&[(&ORIGIN, own)]), "{own}");
    }
    for foreign in [
        "null",
        "",
        "https://evil.example",
        "http://evil.example:8080",
        "http://localhost:5173",
        "http://localhost",
        "https://localhost:8080",
        "http://localhost:8080.evil.example",
        "http://localhost:8080@evil.example",
        "localhost:8080",
        "file://",
    ] {
        assert!(!check(&[(&ORIGIN, foreign)]), "{foreign}");
    }
    let own = (&ORIGIN, "http://127.0.0.1:8080");
    assert!(!check(&[own, own]));
}

#[test]
fn foreign_pages_that_send_no_origin() {
    let guard = guard("127.0.0.1:8080");
    let check = |site, mode, destination| {
        let all =
            [(&HOST, "127.0.0.1:8080"), (&SITE, site), (&MODE, mode), (&DESTINATION, destination)];
        guard.check(&Uri::from_static("/"), &headers(&all)).is_ok()
    };
    for site in ["cross-site", "same-site"] {
        assert!(!check(site, "no-cors", "image"));
        assert!(!check(site, "no-cors", "script"));
        assert!(!check(site, "navigate", "iframe"));
        assert!(check(site, "navigate", "document"));
    }
    assert!(check("same-origin", "cors", "empty"));
    assert!(check("none", "navigate", "document"));
}
