//! Watchers come and go while everything changes: in the end each has it as it is.

use e2e::{Client, Gateway, Room, Value, json, unique, wait};
use std::collections::BTreeMap;

const WRITERS: u64 = 6;
const WATCHERS: u64 = 12;
const CHANGES: u32 = 25;

/// What a client that keeps the newest version of everything knows of a topic.
#[derive(Default)]
struct Known(BTreeMap<String, Value>);

impl Known {
    fn learn(&mut self, items: &[Value], key: &str) {
        for item in items {
            let newer = self.0.get(&item[key].to_string()).is_none_or(|known| {
                known["version"].as_u64().unwrap() < item["version"].as_u64().unwrap()
            });
            if newer {
                self.0.insert(item[key].to_string(), item.clone());
            }
        }
    }
}

/// Applies a topic's pushes to its snapshot until that is how it really is.
async fn converges(client: &mut Client, topic: &str, snapshot: &Value, truth: &Value) {
    let (list, key) =
        if snapshot.get("slots").is_some() { ("slots", "start") } else { ("bookings", "id") };
    let mut expected = Known::default();
    expected.learn(truth[list].as_array().unwrap(), key);
    let mut known = Known::default();
    known.learn(snapshot[list].as_array().unwrap(), key);
    let started = std::time::Instant::now();
    loop {
        known.learn(&client.pushed_on(topic, list), key);
        if known.0 == expected.0 {
            return;
        }
        assert!(started.elapsed() < *wait::LIMIT, "missed: {:?}\nnot {:?}", known.0, expected.0);
        client.next_push().await;
    }
}

/// Holds, books, moves and cancels at random.
async fn write(room: &Room, name: &str, seed: u64) -> (Client, Value) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut client = room.named_customer(name).await;
    let snapshot = client.ok(json!({"action": "subscribe", "topic": "me"})).await;
    let mut mine: Vec<Value> = vec![];
    for _ in 0..CHANGES {
        let slot = random.u32(0..8);
        let request = match random.u32(0..6) {
            0 | 1 => room.stretch("hold", slot, slot + random.u32(1..4)),
            2 => room.one("book", slot),
            _ if mine.is_empty() => room.one("hold", slot),
            3 => json!({"action": "confirm", "booking": random.choice(&mine)}),
            4 => json!({"action": "cancel", "booking": random.choice(&mine)}),
            _ => json!({
                "action": "reschedule",
                "booking": random.choice(&mine),
                "start": room.slot(slot),
            }),
        };
        let frame = client.request(request.clone()).await;
        if let (Some("hold" | "book"), Some(id)) =
            (request["action"].as_str(), frame["result"].get("id"))
        {
            mine.push(id.clone());
        }
    }
    (client, snapshot)
}

#[tokio::test]
async fn nobody_misses_a_change() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 3})).await;
    let window = |action: &str| json!({"action": action, "resource": room.id, "from": room.slot(0), "to": room.slot(12)});
    let mut subscribe = json!({"action": "subscribe", "topic": room.topic()});
    subscribe["from"] = json!(room.slot(0));
    subscribe["to"] = json!(room.slot(12));
    let operators = json!({"action": "subscribe", "topic": room.bookings_topic()});
    let mut operator = Client::connect(gateway, &gateway.operator_token(&unique("op")).await).await;

    let names: Vec<_> = (0..WRITERS).map(|_| unique("writer")).collect();
    let writers = names.iter().zip(0..).map(|(name, seed)| write(&room, name, seed));
    let watchers = (0..WATCHERS).map(async |number| {
        let mut watcher = room.customer().await;
        // Each comes at another point of the writers' work.
        for _ in 0..number * 4 {
            watcher.ok(json!({"action": "ping"})).await;
        }
        let snapshot = watcher.ok(subscribe.clone()).await;
        (watcher, snapshot)
    });
    let operating = async {
        for _ in 0..10 {
            operator.ok(json!({"action": "ping"})).await;
        }
        operator.ok(operators).await
    };
    let (writers, watchers, snapshot) = futures::future::join3(
        futures::future::join_all(writers),
        futures::future::join_all(watchers),
        operating,
    )
    .await;

    let (availability, mut list) = (window("availability"), window("list"));
    list["limit"] = json!(100);
    let truth = room.operator.ok(availability).await;
    for (mut watcher, snapshot) in watchers {
        converges(&mut watcher, &room.topic(), &snapshot, &truth).await;
    }
    for (mut writer, snapshot) in writers {
        let truth = writer.ok(json!({"action": "list", "limit": 100})).await;
        converges(&mut writer, "me", &snapshot, &truth).await;
    }
    let mut bookings = vec![];
    loop {
        let mut page = room.operator.ok(list.clone()).await;
        bookings.append(page["bookings"].as_array_mut().unwrap());
        match page.get_mut("cursor") {
            Some(cursor) => list["cursor"] = cursor.take(),
            None => break,
        }
    }
    let truth = json!({"bookings": bookings});
    converges(&mut operator, &room.bookings_topic(), &snapshot, &truth).await;
}
