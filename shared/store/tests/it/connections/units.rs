//! What each change of a connection costs, alone at it: two write units for each item in its
//! transaction (`tests/it/units.rs` says why), and the reads before that.

use super::{alice, topic};
use domain::Role;
use store::transact::Consumed;
use store::{Connection, Connections};
use support::Tables;
use support::fixtures::{NOW, at};

/// One item of at most one KB in a transaction.
const ITEM: f64 = 2.0;

struct Meter<'a> {
    connections: &'a Connections,
    before: Consumed,
}

impl Meter<'_> {
    /// Fails unless so much was consumed since the last look.
    fn assert(&mut self, what: &str, read: f64, items: f64) {
        let now = self.connections.units().consumed();
        let used = (now.read - self.before.read, now.written - self.before.written);
        println!("{what}: {} read units, {} write units", used.0, used.1);
        assert_eq!(used, (read, items * ITEM), "{what}");
        self.before = now;
    }
}

#[tokio::test]
async fn a_change_writes_the_connection_and_what_is_different() {
    let tables = Tables::start();
    let connections = &tables.connections;
    let mut meter = Meter { connections, before: connections.units().consumed() };
    let alice = alice("A");
    connections.remember(&alice).await.unwrap();
    // With its place in its customer's list.
    meter.assert("remember", 0.0, 3.0);
    let mut read = alice.clone();
    let again = async |read: &mut Connection| {
        *read = connections.get(&read.id).await.unwrap().unwrap();
        Meter { connections, before: connections.units().consumed() }
    };
    for name in ["resource:room-1", "resource:room-2"] {
        connections.subscribe(&read, &topic(name), at(NOW)).await.unwrap();
        // How many shards the topic has.
        meter.assert("subscribe", 1.0, 2.0);
        meter = again(&mut read).await;
    }
    connections.subscribe(&read, &topic("resource:room-1"), at(NOW)).await.unwrap();
    meter.assert("subscribe, again", 0.0, 0.0);
    connections.refresh(&read, Role::Customer, None, at(NOW), at("12:00:00")).await.unwrap();
    meter.assert("refresh, with three topics", 0.0, 4.0);
    connections.unsubscribe(&read, &topic("resource:room-2")).await.unwrap();
    // The refresh was not read: decided anew, once. What was refused counts nothing here; AWS
    // charges for it as if it had been written.
    meter.assert("unsubscribe, overtaken", 1.0, 2.0);
    meter = again(&mut read).await;
    connections.unsubscribe(&read, &topic("resource:room-1")).await.unwrap();
    meter.assert("unsubscribe", 0.0, 2.0);
    connections.forget(&alice.id).await.unwrap();
    meter.assert("forget, with one topic", 1.0, 3.0);
}
