//! What was on the bus: what the pipe made of changes, as the archive keeps it.

use crate::Host;
use crate::wait::within;
use rusqlite::Connection;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The events that the archive has, oldest first, in the data folder of a host that has ended.
pub fn archived(data: &Path) -> Vec<String> {
    let file = Connection::open(data.join("host.sqlite3")).unwrap();
    let mut query = file.prepare("SELECT event FROM archived ORDER BY number").unwrap();
    let events = query.query_map([], |row| row.get(0)).unwrap();
    events.map(Result::unwrap).collect()
}

impl Host {
    /// What `/dev/events` tells of a booking's latest event, once there is one. What was changed before
    /// that has been on the bus by then.
    pub async fn event_of(&self, booking: &Value) -> Value {
        within("an event", async {
            loop {
                let told = self.get_json("/dev/events").await;
                let events = told["events"].as_array().unwrap();
                let found = events.iter().find(|it| it["event"]["detail"]["id"] == booking["id"]);
                if let Some(found) = found {
                    return found.clone();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }
}
