//! Which route a request takes.

use crate::gateway::Bucket;
use crate::template::{HttpApi, HttpRoute};
use http::Method;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The method of a route that takes what no other route of its path does.
const ANY: &str = "ANY";
/// Where this host has pages of its own, with all that is below.
const OWN: [&str; 3] = ["/", "/health", "/dev"];

/// A route that would stand in the way of something else that this host serves.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the template's route {route} ({key}) cannot be served here: {with} is at {path}")]
pub struct ClashError {
    /// The route's logical id.
    pub route: String,
    /// Its method and path.
    pub key: String,
    /// What else is there.
    pub with: &'static str,
    /// Where.
    pub path: String,
}

/// All routes, by path and method.
#[derive(Debug)]
pub(super) struct Routes(BTreeMap<String, BTreeMap<String, Route>>);

/// A route, and how much of its limit is left.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) api_id: String,
    /// Such as `POST /v1`.
    pub(super) key: String,
    pub(super) function: String,
    pub(super) timeout: Duration,
    bucket: Option<Bucket>,
}

impl Route {
    /// Whether one more request may take it now.
    pub(super) fn admits(&self, now: Instant) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| bucket.admits(now))
    }
}

impl Routes {
    pub(super) fn new(apis: Vec<HttpApi>, stage: &str) -> Result<Self, ClashError> {
        let mut routes: BTreeMap<String, BTreeMap<String, Route>> = BTreeMap::new();
        for HttpApi { id: api_id, routes: of_api } in apis {
            for HttpRoute { id, method, path, function, timeout, throttling } in of_api {
                let key = format!("{method} {path}");
                let clash = |with, path: &str| ClashError {
                    route: id.clone(),
                    key: key.clone(),
                    with,
                    path: path.to_owned(),
                };
                if let Some(own) = OWN.into_iter().find(|own| is_at_or_below(&path, own)) {
                    return Err(clash("a page of this host", own));
                }
                let stage = format!("/{stage}");
                if is_at_or_below(&path, &stage) {
                    return Err(clash("the stage of the WebSocket API", &stage));
                }
                let Entry::Vacant(place) = routes.entry(path.clone()).or_default().entry(method)
                else {
                    return Err(clash("another route", &path));
                };
                let bucket = throttling.map(|limit| Bucket::full(limit, Instant::now()));
                let api_id = api_id.clone();
                place.insert(Route { api_id, key, function, timeout, bucket });
            }
        }
        Ok(Self(routes))
    }

    /// Every path that has a route.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The most specific route wins.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Route> {
        let routes = self.0.get(path)?;
        routes.get(method.as_str()).or_else(|| routes.get(ANY))
    }
}

/// Whether one path is another, or continues it by a segment. All continue `/`, which is a page alone.
fn is_at_or_below(path: &str, at: &str) -> bool {
    let below = path.strip_prefix(at);
    below.is_some_and(|rest| rest.is_empty() || (at != "/" && rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(keys: &[&str]) -> HttpApi {
        let route = |key: &&str| {
            let (method, path) = key.split_once(' ').unwrap();
            HttpRoute {
                id: "Route1".to_owned(),
                method: method.to_owned(),
                path: path.to_owned(),
                function: format!("function of {key}"),
                timeout: Duration::from_secs(30),
                throttling: None,
            }
        };
        HttpApi { id: "abcdefghij".to_owned(), routes: keys.iter().map(route).collect() }
    }

    #[test]
    fn a_method_of_its_own_comes_before_any() {
        let routes = Routes::new(vec![api(&["POST /v1", "ANY /v1", "GET /v2"])], "live").unwrap();
        let found =
            |method: &Method, path| routes.find(method, path).map(|route| route.key.clone());
        assert_eq!(found(&Method::POST, "/v1").as_deref(), Some("POST /v1"));
        assert_eq!(found(&Method::DELETE, "/v1").as_deref(), Some("ANY /v1"));
        assert_eq!(found(&Method::GET, "/v2").as_deref(), Some("GET /v2"));
        assert_eq!(found(&Method::POST, "/v2"), None);
        for elsewhere in ["/v1/", "/v11", "/V1", "/", "/v3"] {
            assert_eq!(found(&Method::POST, elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn what_is_served_already_is_named() {
        for (key, with) in [
            ("POST /", "a page of this host is at /"),
            ("GET /health", "a page of this host is at /health"),
            ("POST /dev/token", "a page of this host is at /dev"),
            ("POST /live", "the stage of the WebSocket API is at /live"),
            ("POST /live/@connections", "the stage of the WebSocket API is at /live"),
        ] {
            let error = Routes::new(vec![api(&[key])], "live").unwrap_err().to_string();
            assert!(error.contains(with) && error.contains("Route1"), "{error}");
        }
        let twice = Routes::new(vec![api(&["POST /v1"]), api(&["POST /v1"])], "live");
        assert!(twice.unwrap_err().to_string().contains("another route is at /v1"));
        assert!(Routes::new(vec![api(&["POST /livery", "GET /developers"])], "live").is_ok());
    }
}
