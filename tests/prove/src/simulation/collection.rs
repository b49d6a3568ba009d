//! Time to live: weeks pass between two rounds, and items that are over vanish one after the other,
//! or never, whoever works with them.

use super::gateway::Gateway;
use super::setup::SETUP;
use super::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use store::Change;
use tokio::time::sleep;

/// Within this time whatever is collected is gone.
const SWEEP: Duration = Duration::from_secs(20);
/// The share of items that is collected at all: DynamoDB promises no time.
const COLLECTED: f64 = 0.7;

/// Weeks pass in which nobody is there; then items that are over begin to vanish.
pub async fn leap(world: &Arc<World>, gateway: &Gateway, time: Duration) {
    let ids: Vec<String> = world.sockets().keys().cloned().collect();
    for id in ids {
        // API Gateway closes every connection after two hours.
        gateway.close(&id, true);
    }
    tokio::time::advance(time).await;
    world.leap(SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO));
    for table in [&SETUP.bookings, &SETUP.connections] {
        for item in world.scan(table).into_iter().filter(|item| is_over(world, item)) {
            if world.chance(COLLECTED) {
                let (world, after) = (Arc::clone(world), world.within(SWEEP));
                tokio::spawn(async move {
                    let _busy = world.busy();
                    sleep(after).await;
                    collect(&world, table, &item);
                });
            }
        }
    }
}

/// Whether an item's time to live is over.
pub fn is_over(world: &World, item: &Value) -> bool {
    let ttl = item["ttl"]["N"].as_str().and_then(|ttl| ttl.parse::<i64>().ok());
    ttl.is_some_and(|ttl| ttl < world.now().as_second())
}

/// Deletes an item, unless it was written since.
fn collect(world: &World, table: &str, item: &Value) {
    let body = json!({
        "TableName": table,
        "Key": {"PK": item["PK"], "SK": item["SK"]},
        "ConditionExpression": "#ttl = :ttl",
        "ExpressionAttributeNames": {"#ttl": "ttl"},
        "ExpressionAttributeValues": {":ttl": item["ttl"]},
    });
    let (status, _) = world.memory.call("DynamoDB_20120810.DeleteItem", &body.to_string());
    if status != 200 {
        return;
    }
    world.note(|| format!("  collected {}|{}", item["PK"]["S"], item["SK"]["S"]));
    if *table == SETUP.connections {
        world.stale().carried_out("DeleteItem", &body);
        return;
    }
    world.committed();
    let item = serde_json::from_value(item.clone()).expect("it is an item");
    match Change::of(item) {
        Ok(Some(Change::Booking(booking))) => {
            let mut ledger = world.ledger();
            ledger.bookings.remove(&booking.id);
            ledger.collected.insert(booking.id.to_string());
        }
        Ok(Some(Change::Slot(resource, slot))) => {
            world.ledger().slots.remove(&(resource, slot.start));
        }
        _ => {}
    }
}
