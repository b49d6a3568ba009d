//! The upgrade: the client waits until authorizer and `$connect` function have answered. As on API
//! Gateway, `Origin` is nobody's business but theirs.

use super::close::Close;
use super::connection::Connection;
use super::head::Head;
use super::integration::IntegrationError;
use super::policy::{Decision, decide};
use super::response::ProxyResponse;
use super::session::{Session, notice};
use super::{Shared, ids};
use crate::lambda::InvokeError;
use crate::template::{ACCOUNT, Authorizer, PARTITION, REGION, Route};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::StatusCode;
use http::header::{
    CONTENT_TYPE, HOST, HeaderValue, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
};
use hyper::upgrade::OnUpgrade;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

const CONNECT_ROUTE: &str = "$connect";

/// `GET /{stage}`.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let switch = match create_response_with_body(&request, Body::empty) {
        Ok(switch) => switch,
        Err(error) => {
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
            let (host, stage) = (host.unwrap_or("HOST"), &shared.api.stage);
            let text = format!(
                "This is a WebSocket endpoint ({error}): connect with a WebSocket client, for \
                 example: wscat -c ws://{host}/{stage}\n"
            );
            let headers = [(SEC_WEBSOCKET_VERSION, "13")];
            return (StatusCode::BAD_REQUEST, headers, text).into_response();
        }
    };
    let head = Head::read(request.uri(), request.headers(), peer);
    let socket = hyper::upgrade::on(&mut request);
    // In a task of its own: a client that leaves while it waits must not stop halfway what the
    // functions have begun, or its `$disconnect` would never come.
    tokio::spawn(async move { shared.connect(head, socket, switch).await })
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// What refuses a handshake.
enum Refusal {
    /// The gateway, which says this.
    Gateway(StatusCode, &'static str),
    /// The function, by its answer.
    Function(ProxyResponse),
}

impl Refusal {
    const UNAVAILABLE: Self = Self::Gateway(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    const UNAUTHORIZED: Self = Self::Gateway(StatusCode::UNAUTHORIZED, "Unauthorized");
    const INTERNAL: Self =
        Self::Gateway(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error");
    const BAD_GATEWAY: Self = Self::Gateway(StatusCode::BAD_GATEWAY, "Internal server error");

    fn into_response(self, connection_id: &str, request_id: &str) -> Response {
        match self {
            Self::Gateway(status, message) => {
                let body = notice(message, connection_id, request_id);
                (status, [(CONTENT_TYPE, "application/json")], body).into_response()
            }
            Self::Function(answer) => {
                (answer.status_code(), answer.into_body().unwrap_or_default()).into_response()
            }
        }
    }
}

impl Shared {
    async fn connect(self: Arc<Self>, head: Head, socket: OnUpgrade, switch: Response) -> Response {
        let request_id = ids::new();
        let mut session = Session::new(&self.api.id, &self.api.stage, &head, Timestamp::now());
        let id = session.connection_id.clone();
        let refusal = if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            match self.admit(&mut session, &head, &request_id).await {
                Ok(protocol) if self.open(session, socket, permit) => {
                    let protocol = protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol));
                    return (AppendHeaders(protocol), switch).into_response();
                }
                Ok(_) => Refusal::UNAVAILABLE,
                Err(refusal) => refusal,
            }
        } else {
            let most = self.limits.connections;
            tracing::warn!("a client is refused: {most} are connected, and no more fit");
            Refusal::UNAVAILABLE
        };
        let response = refusal.into_response(&id, &request_id);
        tracing::debug!(connection = id, status = response.status().as_u16(), "refused");
        response
    }

    /// Asks throttle, authorizer and function; answers the subprotocol that the function chose.
    async fn admit(
        &self,
        session: &mut Session,
        head: &Head,
        request_id: &str,
    ) -> Result<Option<HeaderValue>, Refusal> {
        if self.registry.is_closed() {
            return Err(Refusal::UNAVAILABLE);
        }
        let Some(route) = self.api.routes.get(CONNECT_ROUTE) else {
            return Ok(None);
        };
        if !self.throttle.admits(CONNECT_ROUTE, Instant::now()) {
            return Err(Refusal::Gateway(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"));
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
        let broken = |error: &dyn std::fmt::Display| {
            tracing::warn!(function = authorizer.function, "no decision: {error}");
            Refusal::INTERNAL
        };
        if !authorizer.identity_sources.iter().all(|source| head.has(source)) {
            return Err(Refusal::UNAUTHORIZED);
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
                    Refusal::UNAUTHORIZED
                }
                error => broken(&error),
            })?;
        match decide(&answer, &method_arn).map_err(|error| broken(&error))? {
            Decision::Deny => Err(Refusal::Gateway(StatusCode::FORBIDDEN, "Forbidden")),
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
    ) -> Result<Option<HeaderValue>, Refusal> {
        let event = session.connect_event(request_id, head);
        let answer = self.call(&route.function, &event, route.timeout).await.map_err(|error| {
            tracing::warn!(function = route.function, "no connection: {error}");
            match error {
                IntegrationError::Timeout(_) => {
                    Refusal::Gateway(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out")
                }
                IntegrationError::Invoke(InvokeError::Throttled) => Refusal::INTERNAL,
                IntegrationError::Invoke(_) => Refusal::BAD_GATEWAY,
            }
        })?;
        let Some(response) = ProxyResponse::parse(&answer) else {
            tracing::warn!(
                function = route.function,
                "no connection: the answer has no statusCode"
            );
            return Err(Refusal::BAD_GATEWAY);
        };
        if !response.status_code().is_success() {
            return Err(Refusal::Function(response));
        }
        let protocol = response.header(SEC_WEBSOCKET_PROTOCOL.as_str());
        Ok(protocol.filter(|name| !name.is_empty()).and_then(|name| name.parse().ok()))
    }

    /// From here on the connection can be posted to, and its end will be told. False when the
    /// gateway closed in the meantime.
    fn open(
        self: &Arc<Self>,
        session: Session,
        socket: OnUpgrade,
        permit: OwnedSemaphorePermit,
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
            drop((permit, alive));
        });
        opened
    }
}
