//! `$connect`: remembers the connection and subscribes it to `me`, before the client knows that it
//! is connected; and refuses a client whose token is revoked.
//!
//! The connection is remembered first: whoever revokes does it the other way round, and so finds the
//! connection or is found here.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use delivery::topic;
use domain::{CustomerId, Role, VenueId};
use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use store::connections::FIRST_VERSION;
use store::{Bookings, Connection, ConnectionId, Connections};

/// The subprotocol that browsers offer beside the one that carries their token.
const SUBPROTOCOL: &str = "booking.v1";

/// What the gateway should have said and did not.
#[derive(Debug, thiserror::Error)]
#[error("the event has no usable {0}: is the authorizer attached to $connect?")]
pub struct Incomplete(&'static str);

/// What connections are decided by.
#[derive(Debug)]
pub struct App {
    /// Whose tokens are revoked.
    pub bookings: Bookings,
    /// Who is connected.
    pub connections: Connections,
}

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let database = clients.dynamodb();
    let app = App {
        bookings: Bookings::new(database.clone(), config.bookings_table()?),
        connections: Connections::new(database, config.connections_table()?),
    };
    clients.warm().await;
    runtime::run(async |event, _deadline| handle(&app, &event, runtime::now()).await).await
}

/// Remembers the connection, unless its token is revoked.
pub async fn handle(
    app: &App,
    event: &ApiGatewayWebsocketProxyRequest,
    now: Timestamp,
) -> Result<ApiGatewayProxyResponse, runtime::Error> {
    let (connection, issued) = connection(event, now)?;
    let mut response = ApiGatewayProxyResponse::default();
    app.connections.remember(&connection).await?;
    if app.bookings.is_revoked(&connection.customer, issued).await? {
        app.connections.take_back(&connection).await?;
        tracing::info!(connection = %connection.id, "refused: the token is revoked");
        response.status_code = 401;
        return Ok(response);
    }
    tracing::info!(connection = %connection.id, "connected");
    response.status_code = 200;
    if offers_subprotocol(&event.multi_value_headers) || offers_subprotocol(&event.headers) {
        let chosen = HeaderValue::from_static(SUBPROTOCOL);
        response.headers.insert(SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    Ok(response)
}

/// What the event and the authorizer say of the connection, and when its token was issued.
fn connection(
    event: &ApiGatewayWebsocketProxyRequest,
    now: Timestamp,
) -> Result<(Connection, Timestamp), Incomplete> {
    let context = &event.request_context;
    let said = |name: &str| context.authorizer.fields.get(name).and_then(Value::as_str);
    let id = context.connection_id.as_deref().ok_or(Incomplete("connectionId"))?;
    let customer = said("customer").and_then(|customer| CustomerId::parse(customer).ok());
    let customer = customer.ok_or(Incomplete("authorizer.customer"))?;
    let role = match said("role") {
        Some("operator") => Role::Operator,
        _ => Role::Customer,
    };
    // Who is bound to what cannot be read must not pass for an operator of all venues.
    let venue = said("venue").map(VenueId::parse).transpose();
    // An authorizer of the release before does not say.
    let issued = said("iat").and_then(|iat| iat.parse().ok());
    let issued = issued.and_then(|iat| Timestamp::from_second(iat).ok());
    let issued = issued.unwrap_or(Timestamp::UNIX_EPOCH);
    let expires = said("exp").and_then(|exp| exp.parse().ok());
    let me = topic::me(&customer);
    let connection = Connection {
        id: ConnectionId::new(id),
        customer,
        role,
        venue: venue.map_err(|_| Incomplete("authorizer.venue"))?,
        issued: Some(issued.as_second()),
        expires: expires.ok_or(Incomplete("authorizer.exp"))?,
        connected: now.as_millisecond(),
        topics: BTreeMap::from([(me, 0)]),
        version: FIRST_VERSION,
    };
    Ok((connection, issued))
}

/// Of a header that comes several times, only the multi-value form has all values.
fn offers_subprotocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    let mut offered = offers.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    offered.any(|offer| offer.trim() == SUBPROTOCOL)
}
