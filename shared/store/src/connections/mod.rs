//! Connections and subscriptions.
//!
//! A connection's item is the one truth about it: who it is, its role and venue, the end of its
//! token, its topics. Each of its subscriptions repeats that in its topic's partition, where `push` finds it.
//! Every change writes the item and the subscriptions in one transaction, under the condition that
//! the item still is at the version that the change was decided on. So they say the same, in
//! whatever order requests take effect and whatever process dies in between; no subscription
//! outlives its connection, and none is made for a connection that is gone. The list of a customer's
//! connections is written along.
//!
//! | module | what it knows |
//! |---|---|
//! | [`connection`] | a connection, and what each change makes of it |
//! | [`topic`] | names of topics, and who may be told of them |
//! | [`changes`] | remember, forget, subscribe, unsubscribe, refresh |
//! | [`commit`] | a change as one transaction |
//! | [`subscribers`] | whom to tell |
//! | [`shards`] | how a topic's subscriptions are spread |
//! | [`revoke`] | a customer's connections, and their end |

pub mod changes;
pub mod commit;
pub mod connection;
pub mod revoke;
pub mod shards;
pub mod subscribers;
pub mod topic;

pub use commit::{Difference, differences};
pub use connection::{
    Connection, ConnectionId, Decision, FIRST_VERSION, MAX_TOPICS, Revoked, Subscribed,
};
pub use subscribers::Subscriber;
pub use topic::TopicKey;

use crate::error::Unavailable;
use crate::keys;
use crate::table::Table;
use crate::transact::Units;
use aws_sdk_dynamodb::Client;

/// The connections table.
#[derive(Debug, Clone)]
pub struct Connections {
    table: Table,
}

impl Connections {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table { client, name: table.into(), units: Units::default() } }
    }

    /// What has been consumed through this value and its clones, but for the reads of fan-out.
    pub fn units(&self) -> &Units {
        &self.table.units
    }

    /// The connection, if it is still remembered. Strongly consistent.
    pub async fn get(&self, id: &ConnectionId) -> Result<Option<Connection>, Unavailable> {
        let found = self.table.get(keys::connection(id.as_str())).await?;
        Ok(found.map(serde_dynamo::from_item).transpose()?)
    }
}
