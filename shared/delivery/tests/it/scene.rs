//! A room, people who watch it, and what happens to it.

use crate::gateway::Gateway;
use delivery::{Batch, Callback, Fanout, Report, topic};
use domain::{
    Booking, BookingHash, BookingId, Deadlines, Details, Key, Quantity, Role, Status, Stretch,
    Version,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use store::connections::FIRST_VERSION;
use store::{Change, Connection, ConnectionId, Connections, Record, TopicKey};
use support::fixtures::{NOW, at, customer, half_hour, room};
use support::{self, Tables};
use tokio::time::Instant;

/// Longer than any answer takes that comes at all.
pub const PATIENT: Duration = Duration::from_mins(1);

/// Records older than this do not come again.
pub const MAX_AGE: Duration = Duration::from_hours(1);

/// The fan-out between the tables and the gateway.
pub struct Scene {
    pub tables: Tables,
    pub gateway: Gateway,
    pub fanout: Fanout,
}

impl Scene {
    /// `room-1` of three places, and nobody there. A post may take so long.
    pub async fn with_patience(attempt: Duration) -> Self {
        let tables = Tables::start();
        tables.bookings.put_resource(room(3), at(NOW)).await.unwrap();
        let gateway = Gateway::start().await;
        let fanout = process(&tables, &gateway, attempt);
        Self { tables, gateway, fanout }
    }

    /// Another process that pushes: it shares nothing with this one.
    pub fn another(&self) -> Process {
        Process(process(&self.tables, &self.gateway, PATIENT))
    }

    pub async fn new() -> Self {
        Self::with_patience(PATIENT).await
    }

    /// Somebody has been connected for an hour, and is subscribed to this.
    pub async fn connect(&self, id: &str, topics: &[TopicKey]) -> Connection {
        self.connect_at(id, topics, at(NOW) - SignedDuration::from_hours(1)).await
    }

    pub async fn connect_at(&self, id: &str, topics: &[TopicKey], when: Timestamp) -> Connection {
        let connection = Connection {
            id: ConnectionId::new(id),
            customer: customer("somebody"),
            role: if topics.iter().any(TopicKey::is_for_operators) {
                Role::Operator
            } else {
                Role::Customer
            },
            venue: None,
            issued: Some(when.as_second()),
            expires: at("17:00:00").as_second(),
            connected: when.as_millisecond(),
            topics: topics.iter().map(|topic| (topic.clone(), 0)).collect::<BTreeMap<_, _>>(),
            version: FIRST_VERSION,
        };
        self.tables.connections.remember(&connection).await.unwrap();
        connection
    }

    /// Tells of changes in this order.
    pub async fn tell(&self, changes: impl IntoIterator<Item = impl Into<Record>>) -> Report {
        self.tell_at(changes, at(NOW)).await
    }

    pub async fn tell_at(
        &self,
        changes: impl IntoIterator<Item = impl Into<Record>>,
        now: Timestamp,
    ) -> Report {
        self.fanout.tell(batch(changes, now), now, Instant::now() + PATIENT).await
    }

    /// Tells of what was changed this long ago, within so much time.
    pub async fn tell_late(
        &self,
        changes: Vec<Change>,
        age: SignedDuration,
        time: Duration,
    ) -> Report {
        let batch = batch(changes, at(NOW) - age);
        self.fanout.tell(batch, at(NOW), Instant::now() + time).await
    }

    /// Items of the connections table that have to do with a connection.
    pub async fn traces_of(&self, id: &str) -> usize {
        let items = self.tables.raw.scan("connections").await;
        let names = |item: &support::Item| {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            text("PK") == format!("C#{id}") || text("SK") == id
        };
        items.iter().filter(|item| names(item)).count()
    }

    /// The slots of `room-1` as they were written last.
    pub async fn slots(&self) -> Vec<Change> {
        let room = room(3).id;
        let slots = self.tables.bookings.slots(&room, at(NOW), at("17:00:00")).await.unwrap();
        slots.into_values().map(|slot| Change::Slot(room.clone(), slot)).collect()
    }
}

/// A process of its own has clients of its own.
fn process(tables: &Tables, gateway: &Gateway, attempt: Duration) -> Fanout {
    let client = support::client(&tables.raw.url);
    Fanout::new(
        tables.raw.bookings(&client),
        Connections::new(client, tables.raw.name("connections")),
        Callback::new(gateway.client(attempt)),
        MAX_AGE,
    )
}

/// A process that pushes.
pub struct Process(Fanout);

impl Process {
    /// Tells of changes in this order.
    pub async fn tell(&self, changes: impl IntoIterator<Item = impl Into<Record>>) -> Report {
        self.0.tell(batch(changes, at(NOW)), at(NOW), Instant::now() + PATIENT).await
    }
}

/// A batch of these changes, all of them made at one time.
pub fn batch(changes: impl IntoIterator<Item = impl Into<Record>>, made: Timestamp) -> Batch {
    let changes: Vec<_> = changes.into_iter().map(Into::into).enumerate().collect();
    Batch { made: vec![made; changes.len()], changes, ..Batch::default() }
}

pub fn me(name: &str) -> TopicKey {
    topic::me(&customer(name))
}

/// Availability of `room-1`.
pub fn availability() -> TopicKey {
    topic::resource(&room(3).id)
}

/// Bookings of `room-1`.
pub fn everybodys() -> TopicKey {
    topic::resource_bookings(&room(3).id, &room(3).venue)
}

/// A booking of one slot of `room-1`, as a record of the stream tells of it.
pub fn booked(name: &str, key: &str, version: u64) -> Booking {
    let customer = customer(name);
    Booking {
        id: BookingId::new(
            room(3).id,
            at("09:00:00"),
            BookingHash::derive(&customer, &Key::parse(key).unwrap()),
        ),
        resource: room(3).id,
        created_by: customer.clone(),
        updated_by: customer.clone(),
        venue: room(3).venue,
        customer,
        stretch: Stretch::of(&[half_hour(at("09:00:00"))]).unwrap(),
        quantity: Quantity::ONE,
        places: Quantity::ONE,
        with: Vec::new(),
        status: Status::Confirmed,
        version: Version::new(version),
        hold_expires_at: None,
        pending_expires_at: None,
        deadlines: Deadlines::at_the_start(at("09:00:00")),
        confirmation_code: None,
        reason: None,
        details: Details::default(),
        note: None,
        created_at: at(NOW),
        ended_at: None,
        updated_at: at(NOW),
        fingerprint: String::new(),
        last_attempt: None,
    }
}

/// A slot of `room-1` as clients are shown it.
pub fn shown(slot: &domain::Slot, now: Timestamp) -> serde_json::Value {
    let touched = BTreeMap::from([(slot.start, slot.clone())]);
    let offered = room(3).availability(slot.time(), &touched, now);
    serde_json::json!(protocol::view::SlotView::from(offered))
}
