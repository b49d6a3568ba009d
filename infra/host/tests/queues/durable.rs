//! A host that ends, however it does, loses no message.

use crate::world::{QUEUE, World, properties};
use host::data_dir::DataDir;
use host::faults::Faults;
use host::journal::Journal;
use host::queues::Queues;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A process that is just being made may hold the lock of the run before for a moment.
async fn open(data: &TempDir) -> DataDir {
    for _ in 0..200 {
        if let Ok(folder) = DataDir::open(data.path()) {
            return folder;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    DataDir::open(data.path()).unwrap()
}

async fn start(folder: &Arc<TempDir>, data: &TempDir) -> World {
    let kept = open(data).await;
    World::start_in(Arc::clone(folder), kept, "{}", |template| {
        // However often a message was in hand when the host ended, it is no dead letter.
        properties(template, QUEUE).as_object_mut().unwrap().remove("RedrivePolicy");
    })
    .await
}

#[tokio::test]
async fn what_was_in_flight_or_delayed_comes_after_a_restart() {
    let (folder, data) = (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());
    let world = start(&folder, &data).await;
    let sent = jiff::Timestamp::now().as_millisecond();
    world.send_later("delayed", Duration::from_millis(2500));
    world.send("slow");
    world.until(|world| world.batches().concat().contains(&"slow".to_owned())).await;
    // While the function works.
    world.stop().await;

    let world = start(&folder, &data).await;
    world.until(|world| world.batches().len() == 3).await;
    world.until_empty().await;
    assert_eq!(world.batches(), [["slow"], ["slow"], ["delayed"]]);
    let waited = world.events()[2]["at"].as_i64().unwrap() - sent;
    assert!(waited >= 2500, "it came after {waited} ms");
    world.stop().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_nothing() {
    let (folder, data) = (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());
    for round in 0..12_u64 {
        let world = start(&folder, &data).await;
        for number in 0..20 {
            world.send(&format!("{round}-{number}"));
        }
        tokio::time::sleep(Duration::from_millis(round * 9)).await;
        world.stop().await;
    }
    let world = start(&folder, &data).await;
    world.until_empty().await;
    let given = world.batches().concat();
    for round in 0..12 {
        for number in 0..20 {
            let text = format!("{round}-{number}");
            assert!(given.contains(&text), "{text} is lost");
        }
    }
    world.stop().await;
}

/// Releases before 0.2 wrote messages that nobody could receive.
#[test]
fn messages_of_an_earlier_release_are_still_there() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("host.sqlite3");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE messages (number INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL,
                 id TEXT NOT NULL, sent_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;",
        )
        .unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    let sql = "INSERT INTO messages (queue, id, sent_ms, body) VALUES (?1, 'id', ?2, 'old')";
    connection.execute(sql, rusqlite::params![QUEUE, now]).unwrap();
    drop(connection);
    let plan = crate::world::plan(&crate::world::template()).unwrap();
    for _ in 0..2 {
        let journal = Journal::open(&file, true).unwrap();
        let queues = Queues::new(&plan.queues, journal, Faults::default()).unwrap();
        let messages = queues.messages(QUEUE).unwrap().unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0].message_id.as_str(), messages[0].body.as_str()), ("id", "old"));
    }
}

#[test]
fn what_is_older_than_the_queue_keeps_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("host.sqlite3");
    let plan = crate::world::plan(&crate::world::template()).unwrap();
    let journal = Journal::open(&file, true).unwrap();
    let queues = Queues::new(&plan.queues, journal, Faults::default()).unwrap();
    queues.send(QUEUE, "a").unwrap();
    queues.send(QUEUE, "b").unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    // Four days and a second ago.
    let sql = "UPDATE queued SET sent_ms = sent_ms - 345601000 WHERE body = 'a'";
    other.execute(sql, []).unwrap();
    let received = queues.receive(QUEUE, 10, None, None).unwrap();
    assert_eq!(received.iter().map(|it| it.body.as_str()).collect::<Vec<_>>(), ["b"]);
    let counts: BTreeMap<_, _> = queues.counts().unwrap();
    assert_eq!(counts[QUEUE], 1);
}
