//! The real store on the embedded database, with the tables of the checked-in template: a database
//! of its own for each test.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::StreamExt as _;
use host::data_dir::DataDir;
use host::database::{Database, Service};
use host::faults::Faults;
use host::iam::Iam;
use host::journal::Journal;
use host::template::Plan;
use std::collections::HashMap;
use std::time::Duration;
use store::{Bookings, Connections};

/// Items that one request writes at most.
const BATCH: usize = 25;
/// Such requests under way.
const AT_ONCE: usize = 8;

/// An item as the table has it.
pub type Item = HashMap<String, AttributeValue>;

/// Both tables, and the store that works on them.
pub struct Tables {
    pub bookings: Bookings,
    pub connections: Connections,
    pub raw: Raw,
    _service: Service,
    _database: Database,
    _folder: DataDir,
}

/// The tables without the store.
#[derive(Clone)]
pub struct Raw {
    pub client: Client,
    pub url: String,
    names: HashMap<&'static str, String>,
}

impl Tables {
    /// Starts a database in a temporary folder, on a free port.
    pub fn start() -> Self {
        Self::of(&crate::template::plan())
    }

    /// As [`Tables::start`], but without streams: a write takes a third of the time.
    pub fn start_unwatched() -> Self {
        let mut plan = crate::template::plan();
        for table in plan.tables.values_mut() {
            table.create.as_object_mut().unwrap().remove("StreamSpecification");
            table.stream_arn = None;
        }
        Self::of(&plan)
    }

    fn of(plan: &Plan) -> Self {
        let folder = DataDir::temporary().unwrap();
        let journal = Journal::open(&folder.journal(), folder.is_kept()).unwrap();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        // What a client signs names the proxy that a test puts before the database.
        let names = vec!["127.0.0.1".parse().unwrap()];
        let (database, service) =
            Database::open(&folder, &plan.tables, &journal, iam, Faults::default(), names).unwrap();
        let url = format!("http://{}", service.address());
        let name = |prefix| {
            let mut tables = plan.tables.iter();
            let (_, table) = tables.find(|(id, _)| id.starts_with(prefix)).unwrap();
            table.name.clone()
        };
        let names = [("bookings", name("Bookings")), ("connections", name("Connections"))];
        let raw = Raw { client: client(&url), url, names: names.into() };
        Self {
            bookings: raw.bookings(&raw.client),
            connections: Connections::new(raw.client.clone(), raw.name("connections")),
            raw,
            _service: service,
            _database: database,
            _folder: folder,
        }
    }
}

impl Raw {
    /// The name of the `bookings` or the `connections` table.
    pub fn name(&self, table: &str) -> String {
        self.names[table].clone()
    }

    /// The bookings table through this client, with a count of units of its own.
    pub fn bookings(&self, client: &Client) -> Bookings {
        Bookings::new(client.clone(), self.name("bookings"))
    }

    /// Writes items as they are, some batches at a time.
    pub async fn fill(&self, table: &str, items: impl IntoIterator<Item = store::Item>) {
        let mut items = items.into_iter().map(Item::from).peekable();
        let batches = std::iter::from_fn(|| {
            items.peek()?;
            Some(items.by_ref().take(BATCH).collect::<Vec<_>>())
        });
        futures::stream::iter(batches)
            .for_each_concurrent(AT_ONCE, |batch| async {
                let put = |item| {
                    let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
                    WriteRequest::builder().put_request(put).build()
                };
                let puts = batch.into_iter().map(put).collect();
                let write = self.client.batch_write_item();
                let written = write.request_items(self.name(table), puts).send().await.unwrap();
                assert!(written.unprocessed_items.is_none_or(|left| left.is_empty()));
            })
            .await;
    }

    /// Every item of a table.
    pub async fn scan(&self, table: &str) -> Vec<Item> {
        let scan = self.client.scan().table_name(self.name(table)).consistent_read(true);
        scan.into_paginator().items().send().try_collect().await.unwrap()
    }
}

/// The unchanged SDK, with retries as the functions have them.
pub fn client(url: &str) -> Client {
    let retries =
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(5));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .endpoint_url(url)
        .retry_config(retries)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
