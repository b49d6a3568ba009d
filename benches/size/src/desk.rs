//! Asks the handler, and counts.

use crate::world::now;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use delivery::Callback;
use domain::Role;
use identity::{Settings, Verifier};
use jiff::SignedDuration;
use requests::App;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use store::connections::FIRST_VERSION;
use store::transact::Consumed;
use store::{Connection, ConnectionId};
use support::Tables;
use support::fixtures::customer;
use tokio::time::Instant;

/// No request takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a request took.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Units.
    pub units: Consumed,
    /// How long until it was answered, by the clock on the wall.
    pub time: Duration,
}

/// The handler, and the tables that it works on.
pub struct Desk {
    app: App,
    tables: Tables,
}

impl Desk {
    /// A handler on these tables.
    pub fn new(tables: Tables) -> Self {
        // Only `refresh` asks it anything.
        let settings = Settings {
            issuer: "http://127.0.0.1".to_owned(),
            audience: "size".to_owned(),
            jwks_url: None,
            operator_claim: "role".to_owned(),
            operator_value: "operator".to_owned(),
            venue_claim: "venue".to_owned(),
        };
        let connector = SharedHttpConnector::new(Connector::builder().build_http());
        let app = App {
            bookings: tables.bookings.clone(),
            connections: tables.connections.clone(),
            callback: Callback::new(support::nobody()),
            verifier: Verifier::new(settings, connector),
            max_open_holds: 10,
        };
        Self { app, tables }
    }

    /// A connection of this name and role.
    pub async fn connect(&self, name: &str, role: Role) -> Caller<'_> {
        let id = ConnectionId::new(format!("{name}-{role:?}="));
        let connection = Connection {
            id: id.clone(),
            customer: customer(name),
            role,
            venue: None,
            expires: (now() + SignedDuration::from_hours(1)).as_second(),
            connected: now().as_millisecond(),
            issued: None,
            topics: BTreeMap::new(),
            version: FIRST_VERSION,
        };
        self.tables.connections.remember(&connection).await.unwrap();
        Caller { desk: self, id }
    }

    fn consumed(&self) -> Consumed {
        let bookings = self.app.bookings.units().consumed();
        let connections = self.app.connections.units().consumed();
        Consumed {
            read: bookings.read + connections.read,
            written: bookings.written + connections.written,
        }
    }
}

/// A connection.
pub struct Caller<'a> {
    desk: &'a Desk,
    id: ConnectionId,
}

impl Caller<'_> {
    /// Sends a frame; answers the frame that answers it, and what that took.
    pub async fn ask(&self, frame: &Value) -> (Value, Used) {
        let event = json!({
            "requestContext": {
                "connectionId": self.id.as_str(),
                "connectedAt": now().as_millisecond(),
                "requestTimeEpoch": now().as_millisecond(),
                "identity": {},
            },
            "body": frame.to_string(),
            "isBase64Encoded": false,
        });
        let event = serde_json::from_value(event).unwrap();
        let before = self.desk.consumed();
        let begun = Instant::now();
        let answer = message::handle(&self.desk.app, &event, now(), begun + PATIENCE);
        let answer = answer.await.unwrap();
        let time = begun.elapsed();
        let after = self.desk.consumed();
        let answer = serde_json::to_value(answer).unwrap();
        let body = answer["body"].as_str().unwrap().parse().unwrap();
        let units =
            Consumed { read: after.read - before.read, written: after.written - before.written };
        (body, Used { units, time })
    }
}
