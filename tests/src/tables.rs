//! The tables behind the gateway, read with the AWS SDK.
//!
//! This is the one place of the suite that knows how items are written.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where the tables are.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The address of the database.
    pub endpoint: String,
    /// The physical name of the bookings table.
    pub bookings: String,
    /// The physical name of the connections table.
    pub connections: String,
    /// The access key's id, and its secret: development keys are one word.
    pub key: &'static str,
}

pub(crate) type Item = HashMap<String, AttributeValue>;

/// All items of both tables in one comparable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, String>);

impl Contents {
    /// Only the items that name one of these somewhere.
    #[must_use]
    pub fn about(mut self, names: &[String]) -> Self {
        self.0.retain(|key, item| names.iter().any(|it| key.contains(it) || item.contains(it)));
        self
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in one and not in the other, for a failed test's message.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let lines =
            |of: &Self| -> BTreeSet<_> { of.0.iter().map(|it| format!("{it:?}")).collect() };
        lines(self).symmetric_difference(&lines(other)).cloned().collect()
    }
}

/// A slot as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRow {
    /// Places taken, by holds that have run out too until somebody sweeps them.
    pub taken: u64,
    /// Those of them that are held, by the ends of the holds.
    pub expiring: Vec<(u64, jiff::Timestamp)>,
}

impl SlotRow {
    /// Places taken at this instant.
    pub fn taken_at(&self, now: jiff::Timestamp) -> u64 {
        let over = self.expiring.iter().filter(|(_, until)| *until <= now);
        self.taken - over.map(|(places, _)| places).sum::<u64>()
    }
}

/// A booking as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRow {
    /// Its id.
    pub id: String,
    /// Its status on the wire.
    pub status: String,
    /// Its first instant.
    pub start: jiff::Timestamp,
    /// Its end.
    pub end: jiff::Timestamp,
    /// How many places it takes.
    pub quantity: u64,
    /// Its version.
    pub version: u64,
    /// While held: when the hold runs out.
    pub hold_until: Option<jiff::Timestamp>,
}

impl BookingRow {
    /// Whether it takes capacity at this instant.
    pub fn takes_capacity(&self, now: jiff::Timestamp) -> bool {
        match self.status.as_str() {
            "held" => self.hold_until.is_some_and(|until| until > now),
            status => matches!(status, "pending" | "confirmed" | "completed"),
        }
    }
}

impl Tables {
    /// The tables of a local host.
    pub(crate) fn of_host(http: &str) -> Self {
        let endpoints = blocking_get(&format!("{http}/dev/endpoints"));
        let endpoint = endpoints["dynamodb"].as_str().expect("the database has an address");
        let tables = endpoints["tables"].as_object().expect("the tables have names");
        let named = |logical_id: &str| {
            let found = tables.iter().find(|(id, _)| id.starts_with(logical_id));
            let name = found.and_then(|(_, name)| name.as_str());
            name.unwrap_or_else(|| panic!("no {logical_id} in {endpoints}")).to_owned()
        };
        Self {
            endpoint: endpoint.to_owned(),
            bookings: named("Bookings"),
            connections: named("Connections"),
            key: "local",
        }
    }

    fn client(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::from_keys(self.key, self.key, None))
            .http_client(Builder::new().build_http())
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// The names of all tables that there are.
    pub async fn names(&self) -> Vec<String> {
        self.client().list_tables().send().await.unwrap().table_names.unwrap_or_default()
    }

    pub(crate) async fn scan(&self, table: &str) -> Vec<Item> {
        let pages = self.client().scan().table_name(table).consistent_read(true);
        pages
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .unwrap_or_else(|error| panic!("reading {table}: {error:?}"))
    }

    async fn partition(&self, key: &str) -> Vec<Item> {
        let query = self
            .client()
            .query()
            .table_name(&self.bookings)
            .consistent_read(true)
            .key_condition_expression("PK = :key")
            .expression_attribute_values(":key", AttributeValue::S(key.to_owned()));
        query.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap()
    }

    /// Everything that is in both tables.
    pub async fn contents(&self) -> Contents {
        let mut all = BTreeMap::new();
        for table in [&self.bookings, &self.connections] {
            for item in self.scan(table).await {
                let key = format!("{table} {} {}", string(&item, "PK"), string(&item, "SK"));
                all.insert(key, written(&AttributeValue::M(item)));
            }
        }
        Contents(all)
    }

    /// All that the bookings table has in the partitions of these customers.
    pub async fn of_customers(&self, customers: &[String]) -> Contents {
        let mut all = BTreeMap::new();
        for customer in customers {
            for item in self.partition(&format!("C#{customer}")).await {
                let key = format!("{customer} {}", string(&item, "SK"));
                all.insert(key, written(&AttributeValue::M(item)));
            }
        }
        Contents(all)
    }

    /// The slots of a resource that have an item, by their start.
    pub async fn slots(&self, resource: &str) -> BTreeMap<jiff::Timestamp, SlotRow> {
        let items = self.partition(&format!("R#{resource}")).await;
        let slots = items.iter().filter_map(|item| {
            let start = string(item, "SK").strip_prefix("S#")?.parse().unwrap();
            let taken = number(item.get("taken"));
            let expiring = item.iter().filter_map(bucket).collect();
            Some((start, SlotRow { taken, expiring }))
        });
        slots.collect()
    }

    /// The bookings of a customer.
    pub async fn bookings(&self, customer: &str) -> Vec<BookingRow> {
        let items = self.partition(&format!("C#{customer}")).await;
        let bookings = items.iter().filter(|item| string(item, "SK").starts_with("B#"));
        bookings.map(booking_row).collect()
    }

    /// All bookings, by resource.
    pub async fn all_bookings(&self) -> BTreeMap<String, Vec<BookingRow>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for item in self.scan(&self.bookings).await {
            if string(&item, "SK").starts_with("B#") {
                let resource = string(&item, "resource").to_owned();
                all.entry(resource).or_default().push(booking_row(&item));
            }
        }
        all
    }

    /// The ids of a customer's connections that have any item.
    pub async fn connections_of(&self, customer: &str) -> BTreeSet<String> {
        let items = self.scan(&self.connections).await;
        let names = [format!("\"{customer}\""), format!("\"U#{customer}\"")];
        let wanted = |item: &&Item| {
            let item = format!("{item:?}");
            names.iter().any(|name| item.contains(name))
        };
        items.iter().filter(wanted).filter_map(connection_of).collect()
    }

    /// The keys of all items that have to do with a connection.
    pub async fn traces_of(&self, connection: &str) -> Vec<String> {
        let items = self.scan(&self.connections).await;
        let wanted = |item: &&Item| connection_of(item).as_deref() == Some(connection);
        let key = |item: &Item| format!("{} {}", string(item, "PK"), string(item, "SK"));
        items.iter().filter(wanted).map(key).collect()
    }
}

/// What the gateway would not write, for a test to find it there.
impl Tables {
    /// A connection of a customer that ended without anybody saying so.
    pub async fn leave_connection(&self, id: &str, customer: &str) {
        let me = format!("me:{customer}");
        let topics = HashMap::from([(me.clone(), AttributeValue::N("0".into()))]);
        let mut connection = item(&format!("C#{id}"), "META", customer, 3600);
        connection.insert("id".into(), AttributeValue::S(id.into()));
        connection.insert("role".into(), AttributeValue::S("customer".into()));
        connection.insert("topics".into(), AttributeValue::M(topics));
        self.put(&self.connections, connection).await;
        self.put(&self.connections, item(&format!("T#{me}#0"), id, customer, 3600)).await;
    }

    /// So many subscriptions to a customer's own topic, whose tokens have all run out.
    pub async fn leave_expired_subscriptions(&self, customer: &str, many: usize) {
        let numbers: Vec<_> = (0..many).collect();
        for some in numbers.chunks(25) {
            let puts = some.iter().map(async |number| {
                let id = format!("{customer}-{number}");
                let item = item(&format!("T#me:{customer}#0"), &id, customer, -60);
                self.put(&self.connections, item).await;
            });
            futures::future::join_all(puts).await;
        }
    }

    /// How many shards a customer's own topic has, if more than one.
    pub async fn shards_of(&self, customer: &str) -> Option<u64> {
        let topic = format!("T#me:{customer}#0");
        let items = self.scan(&self.connections).await;
        let found =
            items.iter().find(|item| string(item, "PK") == topic && string(item, "SK") == "!")?;
        Some(number(found.get("shards")))
    }

    /// Lets a connection have been open for an hour.
    pub async fn age_connection(&self, id: &str) {
        let made = jiff::Timestamp::now().as_millisecond() - 3_600_000;
        for mut item in self.scan(&self.connections).await {
            if connection_of(&item).as_deref() == Some(id) {
                item.insert("connected".into(), AttributeValue::N(made.to_string()));
                self.put(&self.connections, item).await;
            }
        }
    }

    /// A slot of a resource, as no release writes one; and an item of which nothing can be known.
    pub async fn leave_unreadable_items(&self, resource: &str, start: &str) {
        for partition in [format!("R#{resource}"), "R#?".to_owned()] {
            let text = |text: String| AttributeValue::S(text);
            let item = HashMap::from([
                ("PK".to_owned(), text(partition)),
                ("SK".to_owned(), text(format!("S#{start}"))),
                ("taken".to_owned(), text("some".to_owned())),
            ]);
            let put = self.client().put_item().table_name(&self.bookings);
            put.set_item(Some(item)).send().await.unwrap();
        }
    }

    /// A pointer to a booking that was never made, some hours old; its sort key.
    pub async fn leave_pointer(&self, resource: &str, start: &str, customer: &str) -> String {
        let sort = format!("{start}#{:032x}", fastrand::u128(..));
        let written = jiff::Timestamp::now().as_millisecond() - 3 * 3_600_000;
        let item = HashMap::from([
            ("PK".into(), AttributeValue::S(format!("L#{resource}"))),
            ("SK".into(), AttributeValue::S(sort.clone())),
            ("customer".into(), AttributeValue::S(customer.into())),
            ("written".into(), AttributeValue::N(written.to_string())),
        ]);
        self.put(&self.bookings, item).await;
        sort
    }

    /// The sort keys of all pointers in a resource's calendar.
    pub async fn pointers(&self, resource: &str) -> Vec<String> {
        let items = self.partition(&format!("L#{resource}")).await;
        items.iter().map(|item| string(item, "SK").to_owned()).collect()
    }

    async fn put(&self, table: &str, item: Item) {
        let put = self.client().put_item().table_name(table);
        put.set_item(Some(item)).send().await.unwrap();
    }
}

/// An item of the connections table, made an hour ago, good for so many seconds more.
fn item(partition: &str, sort: &str, customer: &str, seconds: i64) -> Item {
    let now = jiff::Timestamp::now();
    let connected = now.as_millisecond() - 3_600_000;
    HashMap::from([
        ("PK".into(), AttributeValue::S(partition.into())),
        ("SK".into(), AttributeValue::S(sort.into())),
        ("customer".into(), AttributeValue::S(customer.into())),
        ("connected".into(), AttributeValue::N(connected.to_string())),
        ("expires".into(), AttributeValue::N((now.as_second() + seconds).to_string())),
        ("ttl".into(), AttributeValue::N((now.as_second() + 3600).to_string())),
    ])
}

/// `C#conn`/..., `U#customer`/`conn` and `T#topic#shard`/`conn` are about a connection; `T#topic#shard`/`!` is not.
fn connection_of(item: &Item) -> Option<String> {
    let partition = string(item, "PK");
    if let Some(connection) = partition.strip_prefix("C#") {
        return Some(connection.to_owned());
    }
    let sort = string(item, "SK");
    (partition.starts_with(['T', 'U']) && sort != "!").then(|| sort.to_owned())
}

fn booking_row(item: &Item) -> BookingRow {
    BookingRow {
        id: string(item, "SK").trim_start_matches("B#").to_owned(),
        status: string(item, "status").to_owned(),
        start: string(item, "start").parse().unwrap(),
        end: string(item, "end").parse().unwrap(),
        quantity: number(item.get("quantity")),
        version: number(item.get("version")),
        hold_until: item.get("holdUntil").map(|until| instant(Some(until))),
    }
}

/// An attribute `x` and an instant to the base of 36, with the places that run out then.
fn bucket((name, places): (&String, &AttributeValue)) -> Option<(u64, jiff::Timestamp)> {
    let milliseconds = i64::from_str_radix(name.strip_prefix('x')?, 36).ok()?;
    Some((number(Some(places)), jiff::Timestamp::from_millisecond(milliseconds).ok()?))
}

fn instant(milliseconds: Option<&AttributeValue>) -> jiff::Timestamp {
    let milliseconds = i64::try_from(number(milliseconds)).unwrap();
    jiff::Timestamp::from_millisecond(milliseconds).unwrap()
}

/// A value as text, the same text for the same value.
fn written(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> =
                map.iter().map(|(name, value)| (name, written(value))).collect();
            format!("{sorted:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(written).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

pub(crate) fn string<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text,
        _ => "",
    }
}

pub(crate) fn number(value: Option<&AttributeValue>) -> u64 {
    match value {
        Some(AttributeValue::N(digits)) => digits.parse().unwrap(),
        other => panic!("no number: {other:?}"),
    }
}

/// Asks from a thread of its own, since a host is started inside and outside of runtimes.
fn blocking_get(url: &str) -> serde_json::Value {
    let url = url.to_owned();
    let asked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer = reqwest::get(&url).await.unwrap();
            let text = answer.text().await.unwrap();
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{url} answers no JSON: {text}"))
        })
    });
    asked.join().unwrap()
}
