//! What the checks cost.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::net::TcpListener;

use crate::world::{World, local};

const ROUNDS: u32 = 5;
const READS: u32 = 100;

/// How long a read takes.
async fn read(client: &Client, table: &str) -> Duration {
    let key = AttributeValue::S("x".to_owned());
    let started = Instant::now();
    for _ in 0..READS {
        let get = client.get_item().table_name(table).consistent_read(true);
        get.key("PK", key.clone()).key("SK", key.clone()).send().await.unwrap();
    }
    started.elapsed() / READS
}

/// Prints how much longer a read takes here than at the library's own endpoint, which checks
/// nothing. Read with `--nocapture`; nothing is asserted of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_by_the_side_of_an_unchecked_one() {
    let world = World::start().await;
    let table = world.table("Bookings");
    let file = tempfile::NamedTempFile::new().unwrap();
    let unchecked = dynoxide::Database::new(&file.path().to_string_lossy()).unwrap();
    let create = world.plan.tables.values().find(|it| it.name == table).unwrap().create.clone();
    unchecked.create_table(serde_json::from_value(create).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = listener.into_std().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            dynoxide::server::serve_on(listener, unchecked).await;
        });
    });
    let config = world.dynamodb(local()).config().to_builder();
    let config = config.endpoint_url(format!("http://{address}")).build();
    let (checked, unchecked) =
        (world.dynamodb(world.keys_of("message")), Client::from_conf(config));
    let (mut least_checked, mut least_unchecked) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        least_checked = least_checked.min(read(&checked, &table).await);
        least_unchecked = least_unchecked.min(read(&unchecked, &table).await);
    }
    let ratio = least_checked.as_secs_f64() / least_unchecked.as_secs_f64();
    println!("a read: {least_checked:?} checked, {least_unchecked:?} unchecked, ratio {ratio:.2}");
}
