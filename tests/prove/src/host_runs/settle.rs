//! How it ends: nothing goes on any more, and everybody knows how it is.

use super::actor::{Actor, forget_positions};
use super::world::{PATIENCE, SLOTS, World, hours};
use crate::history::{Row, Witness, instant};
use e2e::{Gateway, unique};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long pushes are waited for before it is looked at again.
const LOOK: Duration = Duration::from_millis(50);

impl World {
    /// Waits until no hold can run out any more, and has every slot written once again: nobody is told
    /// of the mere passing of time.
    pub(super) async fn outlast_holds(&mut self, skew: SignedDuration) -> Result<(), String> {
        self.empty_lines().await?;
        let held = self.actors.iter().flat_map(|actor| actor.known.bookings.values());
        let ends = held.filter_map(|it| instant(&it["holdExpiresAt"])).max();
        let left = ends.map(|end| end.duration_since(Timestamp::now()) + skew + skew);
        let left = left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default();
        tokio::time::sleep(left + Duration::from_millis(20)).await;
        let (rooms, slots, first) = (self.rooms.clone(), self.setting.slots, self.first);
        let customers: Vec<usize> = (0..self.setting.customers).collect();
        // Their owners look at them: that they have run out is written then.
        for number in customers {
            let actor = &mut self.actors[number];
            actor
                .insist(json!({"action": "list", "limit": 100}), 100, Instant::now() + PATIENCE)
                .await;
        }
        let operator = self.operator();
        for room in rooms {
            for slot in 0..=slots {
                let start = (first + hours(slot)).to_string();
                let book = json!({"action": "book", "resource": room, "start": start, "key": unique("touch")});
                let Some(booked) = operator.insist(book, 100, Instant::now() + PATIENCE).await
                else {
                    continue;
                };
                let cancel =
                    json!({"action": "cancel", "booking": booked["id"], "key": unique("touch")});
                let cancelled = operator.insist(cancel, 100, Instant::now() + PATIENCE).await;
                cancelled.ok_or("what was booked last cannot be cancelled")?;
            }
        }
        Ok(())
    }

    /// Nobody waits any more: each offer would run out, and be the next one's.
    async fn empty_lines(&mut self) -> Result<(), String> {
        let (from, to) = (self.first.to_string(), (self.first + hours(SLOTS)).to_string());
        for room in self.rooms.clone() {
            let list = json!({
                "action": "list", "resource": room, "from": from, "to": to, "limit": 100,
                "status": "waitlisted",
            });
            let operator = self.operator();
            loop {
                let page = operator.insist(list.clone(), 100, Instant::now() + PATIENCE).await;
                let page = page.ok_or("the lines cannot be listed")?;
                let waiting = page["bookings"].as_array().cloned().unwrap_or_default();
                if waiting.is_empty() {
                    break;
                }
                for booking in waiting {
                    let key = unique("leave");
                    let cancel = json!({"action": "cancel", "booking": booking["id"], "key": key});
                    operator.insist(cancel, 100, Instant::now() + PATIENCE).await;
                }
            }
        }
        Ok(())
    }

    /// How everything is: waits until all know it, for as long as that may take.
    pub(super) async fn witness(&mut self, gateway: &Gateway) -> Result<Witness, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let witness = self.look(gateway).await?;
            let until = Instant::now() + LOOK;
            let listening = self.actors.iter_mut().map(|actor| actor.listen(until));
            futures::future::join_all(listening).await;
            let knows = |actor: &Actor| {
                let topics = actor.topics();
                actor.is_connected()
                    && actor.known.difference(&actor.customer, topics, &witness).is_empty()
            };
            if self.actors.iter().all(knows) {
                return Ok(witness);
            }
            if Instant::now() > end {
                // The checker says what those who are there have missed.
                let away = self.actors.iter().find(|actor| !actor.is_connected());
                return match away {
                    Some(actor) => Err(format!("{} does not stay connected", actor.customer)),
                    None => Ok(witness),
                };
            }
            for actor in &mut self.actors {
                actor.connect(end).await;
            }
        }
    }

    /// Asks the operator's way, and reads the tables.
    async fn look(&mut self, gateway: &Gateway) -> Result<Witness, String> {
        let (from, to) = (self.first.to_string(), (self.first + hours(SLOTS)).to_string());
        let (mut bookings, mut slots) = (BTreeMap::new(), BTreeMap::new());
        let mut taken = BTreeMap::new();
        let end = Instant::now() + PATIENCE;
        for room in self.rooms.clone() {
            let window =
                |action: &str| json!({"action": action, "resource": room, "from": from, "to": to});
            let mut list = window("list");
            list["limit"] = json!(100);
            loop {
                let page = self.operator().insist(list.clone(), 100, end).await;
                let page = page.ok_or("the bookings cannot be listed")?;
                for mut booking in page["bookings"].as_array().cloned().unwrap_or_default() {
                    forget_positions(&mut booking);
                    // One of several resources is in the list of each.
                    let id = booking["id"].as_str().unwrap_or_default().to_owned();
                    bookings.insert(id, booking);
                }
                if !page["cursor"].is_string() {
                    break;
                }
                list["cursor"] = page["cursor"].clone();
            }
            let page = self.operator().insist(window("availability"), 100, end).await;
            let page = page.ok_or("the slots cannot be read")?;
            slots.insert(room.clone(), page["slots"].as_array().cloned().unwrap_or_default());
        }
        let at = self.recorder.elapsed();
        let now = Timestamp::now();
        for room in &self.rooms {
            let rows = gateway.tables.slots(room).await;
            let rows = rows.into_iter().map(|(start, row)| (start, row.taken_at(now)));
            taken.insert(room.clone(), rows.collect());
        }
        let mut rows = Vec::new();
        for actor in &self.actors {
            let theirs = gateway.tables.bookings(&actor.customer).await;
            rows.extend(theirs.into_iter().map(|row| Row {
                hash: row.id,
                status: row.status,
                version: row.version,
                start: row.start,
                end: row.end,
                quantity: row.quantity,
            }));
        }
        let bookings = bookings.into_values().collect();
        Ok(Witness { at, bookings, slots, rows, taken })
    }
}
