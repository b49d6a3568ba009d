//! The upgrade: the client waits until authorizer and `$connect` function have answered. As on API
//! Gateway, `Origin` is nobody's business but theirs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{StatusCode, request};
use hyper::upgrade::OnUpgrade;
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::close::Close;
use super::connection::Connection;
use super::head::{Head, NoHandshake};
use super::integration::IntegrationError;
use super::policy::{Decision, decide};
use super::response::ProxyResponse;
use super::session::{Session, notice};
use super::{Shared, ids};
use crate::lambda::InvokeError;
use crate::template::{ACCOUNT, Authorizer, PARTITION, REGION, Route};

const CONNECT_ROUTE: &str = "$connect";

/// `GET /{stage}`.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let (head, socket) = match handshake(&mut parts, peer) {
        Ok(handshake) => handshake,
        Err(error) => {
            let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
            let (host, stage) = (host.unwrap_or("HOST"), &shared.api.stage);
            let text = format!("{error}, for example: wscat -c ws://{host}/{stage}\n");
            let headers = [(SEC_WEBSOCKET_VERSION, "13")];
            return (StatusCode::BAD_REQUEST, headers, text).into_response();
        }
    };
    // In a task of its own: a client that leaves while it waits must not stop halfway what the
    // functions have begun, or its `$disconnect` would never come.
    tokio::spawn(async move { shared.connect(head, socket).await })
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn handshake(
    parts: &mut request::Parts,
    peer: SocketAddr,
) -> Result<(Head, OnUpgrade), NoHandshake> {
    let head = Head::read(&parts.method, parts.version, &parts.uri, &parts.headers, peer)?;
    let socket = parts.extensions.remove::<OnUpgrade>().ok_or(NoHandshake::NoUpgrade)?;
    Ok((head, socket))
}

/// A refused handshake: a status, and what the gateway says or the function said.
struct Refusal {
    status: u16,
    says: Says,
}

enum Says {
    Gateway(&'static str),
    Function(Option<String>),
}

impl Refusal {
    fn gateway(status: u16, message: &'static str) -> Self {
        Self { status, says: Says::Gateway(message) }
    }
}

impl Shared {
    async fn connect(self: Arc<Self>, head: Head, socket: OnUpgrade) -> Response {
        let request_id = ids::new();
        let mut session = Session::new(&self.api.id, &self.api.stage, &head, Timestamp::now());
        let id = session.connection_id.clone();
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let most = self.limits.connections;
            tracing::warn!("a client is refused: {most} are connected, and no more fit");
            return refuse(&Refusal::gateway(503, "Service Unavailable"), &id, &request_id);
        };
        match self.admit(&mut session, &head, &request_id).await {
            Ok(protocol) => {
                if self.open(session, socket, place) {
                    switch(&head.key, protocol.as_deref())
                } else {
                    refuse(&Refusal::gateway(503, "Service Unavailable"), &id, &request_id)
                }
            }
            Err(refusal) => {
                tracing::debug!(connection = id, status = refusal.status, "refused");
                refuse(&refusal, &id, &request_id)
            }
        }
    }

    /// Asks throttle, authorizer and function; answers the subprotocol that the function chose.
    async fn admit(
        &self,
        session: &mut Session,
        head: &Head,
        request_id: &str,
    ) -> Result<Option<String>, Refusal> {
        if self.registry.is_closed() {
            return Err(Refusal::gateway(503, "Service Unavailable"));
        }
        let Some(route) = self.api.routes.get(CONNECT_ROUTE) else {
            return Ok(None);
        };
        if !self.throttle.admits(CONNECT_ROUTE, Instant::now()) {
            return Err(Refusal::gateway(429, "Too Many Requests"));
        }
        if let Some(authorizer) = &route.authorizer {
            self.authorize(authorizer, session, head, request_id).await?;
        }
        self.ask(route, session, head, request_id).await
    }

    /// 401 for a missing identity source or the error `Unauthorized`, 403 for a policy that does
    /// not allow, 500 for everything else that is not a decision.
    async fn authorize(
        &self,
        authorizer: &Authorizer,
        session: &mut Session,
        head: &Head,
        request_id: &str,
    ) -> Result<(), Refusal> {
        let unauthorized = || Refusal::gateway(401, "Unauthorized");
        let broken = |error: &dyn std::fmt::Display| {
            tracing::warn!(function = authorizer.function, "no decision: {error}");
            Refusal::gateway(500, "Internal server error")
        };
        if !authorizer.identity_sources.iter().all(|source| head.has(source)) {
            return Err(unauthorized());
        }
        let (api, stage) = (&self.api.id, &self.api.stage);
        let method_arn =
            format!("arn:{PARTITION}:execute-api:{REGION}:{ACCOUNT}:{api}/{stage}/{CONNECT_ROUTE}");
        let event = session.authorize_event(request_id, head, &method_arn);
        let answer = self
            .call(&authorizer.function, &event, self.limits.authorizer)
            .await
            .map_err(|error| match error {
                IntegrationError::Invoke(InvokeError::Failed { message, .. })
                    if message == "Unauthorized" =>
                {
                    unauthorized()
                }
                error => broken(&error),
            })?;
        match decide(&answer, &method_arn).map_err(|error| broken(&error))? {
            Decision::Deny => Err(Refusal::gateway(403, "Forbidden")),
            Decision::Allow(context) => {
                session.authorizer = Some(context);
                Ok(())
            }
        }
    }

    /// A 2xx of the function connects, any other status is the client's, and an answer that is
    /// none is a bad gateway.
    async fn ask(
        &self,
        route: &Route,
        session: &Session,
        head: &Head,
        request_id: &str,
    ) -> Result<Option<String>, Refusal> {
        let event = session.connect_event(request_id, head);
        let answer = self.call(&route.function, &event, route.timeout).await.map_err(|error| {
            tracing::warn!(function = route.function, "no connection: {error}");
            match error {
                IntegrationError::Timeout(_) => Refusal::gateway(504, "Endpoint request timed out"),
                IntegrationError::Invoke(InvokeError::Throttled) => {
                    Refusal::gateway(500, "Internal server error")
                }
                IntegrationError::Invoke(_) => Refusal::gateway(502, "Internal server error"),
            }
        })?;
        let Some(response) = ProxyResponse::parse(&answer) else {
            tracing::warn!(
                function = route.function,
                "no connection: the answer has no statusCode"
            );
            return Err(Refusal::gateway(502, "Internal server error"));
        };
        match response.status_code() {
            200..300 => {
                let protocol = response.header(SEC_WEBSOCKET_PROTOCOL.as_str());
                Ok(protocol.filter(|name| !name.is_empty()).map(str::to_owned))
            }
            status => Err(Refusal { status, says: Says::Function(response.into_body()) }),
        }
    }

    /// From here on the connection can be posted to, and its end will be told. False when the
    /// gateway closed in the meantime.
    fn open(
        self: &Arc<Self>,
        session: Session,
        socket: OnUpgrade,
        place: OwnedSemaphorePermit,
    ) -> bool {
        let last_words = session.disconnect_event(&ids::new(), &Close::lost());
        self.remembered.open(&session.connection_id, last_words.to_string().as_bytes());
        let (connection, queue) = Connection::new(session, self.limits.queued_messages);
        let connection = Arc::new(connection);
        let opened = self.registry.add(&connection);
        if !opened {
            connection.end(Close::going_away());
        }
        let (shared, alive) = (Arc::clone(self), self.registry.count());
        tokio::spawn(async move {
            shared.serve(connection, queue, socket).await;
            drop((place, alive));
        });
        opened
    }
}

fn switch(key: &str, protocol: Option<&str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    if let Ok(accept) = derive_accept_key(key.as_bytes()).parse() {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol.and_then(|protocol| protocol.parse().ok()) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

fn refuse(refusal: &Refusal, connection_id: &str, request_id: &str) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_GATEWAY);
    match &refusal.says {
        Says::Gateway(message) => {
            let body = notice(message, connection_id, request_id);
            (status, [(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Says::Function(body) => (status, body.clone().unwrap_or_default()).into_response(),
    }
}
