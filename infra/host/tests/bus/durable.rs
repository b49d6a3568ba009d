//! A host that ends, however it does, loses no event.

use crate::world::{QUEUE, World};
use host::data_dir::DataDir;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A process that is just being made may hold the lock of the run before for a moment.
pub async fn open(data: &TempDir) -> DataDir {
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
    World::start_in(Arc::clone(folder), kept, "{}", |_| {}).await
}

fn folders() -> (Arc<TempDir>, TempDir) {
    (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn an_invocation_that_had_begun_begins_anew() {
    let (folder, data) = folders();
    let world = start(&folder, &data).await;
    world.put("b-1", "f-slow").await;
    world.until(|world| world.told() == ["b-1"]).await;
    // While the function works.
    world.stop().await;
    let world = start(&folder, &data).await;
    world.until(|world| world.told() == ["b-1", "b-1"]).await;
    world.until_done().await;
    world.stop().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_nothing() {
    let (folder, data) = folders();
    for round in 0..10_u64 {
        let world = start(&folder, &data).await;
        for number in 0..5 {
            let status = if number % 2 == 0 { "held" } else { "f-ok" };
            world.put(&format!("{round}-{number}"), status).await;
        }
        tokio::time::sleep(Duration::from_millis(round * 7)).await;
        world.stop().await;
    }
    let world = start(&folder, &data).await;
    world.put("last", "held").await;
    world.logged("last").await;
    world.until_done().await;
    let held: Vec<_> = world.messages(QUEUE).iter().map(|it| it["detail"]["id"].clone()).collect();
    let told = world.told();
    for round in 0..10 {
        for number in 0..5 {
            let id = format!("{round}-{number}");
            let is_there = told.contains(&id) || held.iter().any(|it| *it == id);
            assert!(is_there, "{id} is lost");
        }
    }
    world.stop().await;
}
