//! What the checks cost.

use crate::world::{World, local};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt as _;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const ROUNDS: u32 = 5;
const READS: u32 = 100;

/// How long a read takes on average.
async fn read(client: &Client, table: &str) -> Duration {
    let key = AttributeValue::S("x".to_owned());
    let started = Instant::now();
    for _ in 0..READS {
        let get = client.get_item().table_name(table).consistent_read(true);
        get.key("PK", key.clone()).key("SK", key.clone()).send().await.unwrap();
    }
    started.elapsed() / READS
}

/// Answers reads and checks nothing.
async fn answer(State(database): State<dynoxide::Database>, body: Bytes) -> Response {
    let answer = database.get_item(serde_json::from_slice(&body).unwrap()).unwrap();
    let headers = [(CONTENT_TYPE, "application/x-amz-json-1.0")];
    (headers, serde_json::to_string(&answer).unwrap()).into_response()
}

/// Serves a database with this table, on a thread of its own as the host does.
fn serve_unchecked(create: Value) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    database.create_table(serde_json::from_value(create).unwrap()).unwrap();
    let router = Router::new().fallback(answer).with_state(database);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap().tap_io(|connection| {
                connection.set_nodelay(true).unwrap();
            });
            axum::serve(listener, router).await.unwrap();
        });
    });
    url
}

/// Prints how much longer a read takes than at an endpoint that checks nothing. Read with
/// `--nocapture`; nothing is asserted of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_by_the_side_of_an_unchecked_one() {
    let world = World::start().await;
    let table = world.table("Bookings");
    let create = world.plan.tables.values().find(|it| it.name == table).unwrap().create.clone();
    let config = world.dynamodb(local()).config().to_builder();
    let config = config.endpoint_url(serve_unchecked(create)).build();
    let checked = world.dynamodb(world.keys_of("message"));
    let unchecked = Client::from_conf(config);
    let (mut least_checked, mut least_unchecked) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        least_checked = least_checked.min(read(&checked, &table).await);
        least_unchecked = least_unchecked.min(read(&unchecked, &table).await);
    }
    let ratio = least_checked.as_secs_f64() / least_unchecked.as_secs_f64();
    println!("a read: {least_checked:?} checked, {least_unchecked:?} unchecked, ratio {ratio:.2}");
}
