//! A client's message: its route, its function, its reply.

use super::connection::Connection;
use super::integration::IntegrationError;
use super::response::ProxyResponse;
use super::session::notice;
use super::{Shared, ids};
use crate::template::Route;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Utf8Bytes;

const DEFAULT_ROUTE: &str = "$default";

impl Shared {
    /// Answers one message in a task of its own: messages of one connection are answered at the
    /// same time, and in no promised order. The permit is given back with the reply.
    pub(super) fn receive(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        text: Utf8Bytes,
        permit: OwnedSemaphorePermit,
    ) {
        let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
        tokio::spawn(async move {
            if let Some(reply) = shared.answer(&connection, &text).await {
                connection.reply(reply).await;
            }
            drop(permit);
        });
    }

    /// What the client gets for a message, if anything.
    async fn answer(&self, connection: &Connection, text: &str) -> Option<Utf8Bytes> {
        let request_id = ids::new();
        let say = |message| Some(notice(message, connection.id(), &request_id).into());
        let Some((key, route)) = self.route(text) else {
            return say("Forbidden");
        };
        if !self.throttle.admits(key, Instant::now()) {
            return say("Too Many Requests");
        }
        let event = connection.session.message_event(key, &request_id, text);
        let fault = |error: &dyn std::fmt::Display| {
            tracing::warn!(
                connection = connection.id(),
                request = request_id,
                route = key,
                function = route.function,
                "no reply: {error}"
            );
        };
        match self.call(&route.function, &event, route.timeout).await {
            Err(error @ IntegrationError::Timeout(_)) => {
                fault(&error);
                say("Endpoint request timed out")
            }
            Err(error) => {
                fault(&error);
                say("Internal server error")
            }
            Ok(answer) => match ProxyResponse::parse(&answer) {
                None => {
                    fault(&"the function's answer has no statusCode, or a body that is not text");
                    say("Internal server error")
                }
                Some(_) if !route.route_response => None,
                Some(response) => match response.into_body()? {
                    body if body.len() > self.limits.message_bytes => {
                        fault(&format!("its body of {} bytes is too large", body.len()));
                        say("Internal server error")
                    }
                    body => Some(body.into()),
                },
            },
        }
    }

    /// The route that the selection expression names, else `$default`. The routes of connecting
    /// and disconnecting cannot be named.
    fn route(&self, text: &str) -> Option<(&str, &Route)> {
        let routes = &self.api.routes;
        self.selection
            .evaluate(text)
            .filter(|key| !key.starts_with('$'))
            .and_then(|key| routes.get_key_value(&key))
            .or_else(|| routes.get_key_value(DEFAULT_ROUTE))
            .map(|(key, route)| (key.as_str(), route))
    }
}
