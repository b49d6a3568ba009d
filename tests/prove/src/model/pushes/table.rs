//! The connections table, and its conditional transactions.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::promises;
use std::collections::BTreeMap;
use store::connections::{Difference, differences};
use store::{Connection, Subscriber, TopicKey};

/// How many connections there may be, one after the other.
pub const CONNECTIONS: usize = 2;

/// How many shards a topic has, and how many after it has grown.
pub const SHARDS: [u32; 2] = [1, 4];

/// Subscriptions by topic and number of the connection.
pub type Subscriptions = BTreeMap<(TopicKey, usize), Kept<Subscriber>>;

/// What is in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Table {
    /// The connections' items, by number.
    pub items: [Option<Kept<Connection>>; CONNECTIONS],
    /// Their subscriptions.
    pub subscriptions: Subscriptions,
    /// The subscriptions as an index has them, for a design that reads it.
    pub index: Subscriptions,
}

impl Table {
    /// Writes what is different after a change, all or nothing: whether nobody has changed the
    /// connection since it was as `before`.
    pub fn commit(
        &mut self,
        number: usize,
        before: Option<&Kept<Connection>>,
        after: Option<&Kept<Connection>>,
        unconditionally: bool,
    ) -> bool {
        let is = self.items[number].as_ref().map(|item| item.version);
        if is != before.map(|before| before.version) && !unconditionally {
            return false;
        }
        self.items[number] = after.cloned();
        self.repeat(number, before, after);
        true
    }

    /// Writes the subscriptions that are different after a change.
    pub fn repeat(
        &mut self,
        number: usize,
        before: Option<&Kept<Connection>>,
        after: Option<&Kept<Connection>>,
    ) {
        for difference in differences(before.map(|it| &**it), after.map(|it| &**it)) {
            match difference {
                Difference::Put(connection, topic, shard) => {
                    let subscriber = Kept::new(repeated(connection, shard));
                    self.subscriptions.insert((topic.clone(), number), subscriber);
                }
                Difference::Delete(_, topic, _) => {
                    self.subscriptions.remove(&(topic.clone(), number));
                }
            }
        }
    }

    /// Checks that subscriptions say what the connections' items say.
    pub fn check(&self) -> Result<(), Broken> {
        let mut expected = Subscriptions::new();
        for (number, item) in self.items.iter().enumerate() {
            for (topic, shard) in item.iter().flat_map(|item| &item.topics) {
                let item = item.as_ref().expect("it has topics");
                let subscriber = Kept::new(repeated(item, *shard));
                expected.insert((topic.clone(), number), subscriber);
            }
        }
        if expected == self.subscriptions {
            return Ok(());
        }
        let keys = |of: &Subscriptions| {
            let one = |((topic, number), it): (&(TopicKey, usize), &Kept<Subscriber>)| {
                format!("{} of {number} as {:?} until {}", topic.as_str(), it.role, it.expires)
            };
            of.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let how =
            format!("the item says {}; there is {}", keys(&expected), keys(&self.subscriptions));
        Err(Broken::new(promises::SAME, how))
    }
}

/// What a subscription repeats of its connection.
fn repeated(connection: &Connection, shard: u32) -> Subscriber {
    Subscriber {
        connection: connection.id.clone(),
        role: connection.role,
        venue: connection.venue.clone(),
        expires: connection.expires,
        connected: connection.connected,
        shard,
    }
}
