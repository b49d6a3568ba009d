//! What a client sees of a topic: the newest version of each booking or slot, as PROTOCOL has it.

use crate::simulation::plan::RESOURCES;
use crate::simulation::step::Topic;
use crate::simulation::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a view stands to the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Freshness {
    /// It has to be read anew.
    #[default]
    Stale,
    /// It is being read.
    Asked,
    /// Whatever changes is pushed.
    Fresh,
}

/// What a client sees of a topic.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it stands to the truth.
    pub freshness: Freshness,
    /// Bookings by id, or slots by start.
    pub things: BTreeMap<String, Value>,
    /// What was told since it was asked for.
    told: BTreeSet<String>,
    /// Whether the resource was written since it was asked for.
    rewritten: bool,
}

impl View {
    /// A snapshot is asked for.
    pub fn asks(&mut self) {
        self.freshness = Freshness::Asked;
        self.told.clear();
        self.rewritten = false;
    }

    /// The snapshot is there, with all its pages.
    pub fn is_read(&mut self) {
        self.freshness = if self.rewritten { Freshness::Stale } else { Freshness::Fresh };
        // What no snapshot and no push names any more is on no grid any more.
        let told = std::mem::take(&mut self.told);
        self.things.retain(|name, _| told.contains(name));
    }

    /// The resource was written: what is known is stale.
    pub fn rewrites(&mut self) {
        match self.freshness {
            Freshness::Fresh => self.freshness = Freshness::Stale,
            Freshness::Asked => self.rewritten = true,
            Freshness::Stale => {}
        }
    }

    /// Takes over a booking or a slot of a topic, unless what is known is as new.
    pub fn apply(&mut self, world: &World, topic: Topic, name: &str, thing: &Value) {
        let key = thing[name].as_str().unwrap_or_default().to_owned();
        if self.freshness == Freshness::Asked {
            self.told.insert(key.clone());
        }
        let version = |of: &Value| of["version"].as_u64().unwrap_or_default();
        match self.things.get(&key) {
            Some(known) if version(known) > version(thing) => {}
            Some(known) if version(known) == version(thing) => {
                if known != thing && !may_be_of_two_reads(world, topic) {
                    world.broken("one version says one thing", || format!("{known} and {thing}"));
                }
            }
            _ => {
                self.things.insert(key, thing.clone());
            }
        }
    }
}

/// Where a resource was written again, a view of its slots may have the one before a change and the
/// other after it. Two such views may have one number; what shows both changes follows, and is higher.
fn may_be_of_two_reads(world: &World, topic: Topic) -> bool {
    let Topic::Slots(number) = topic else { return false };
    let ledger = world.ledger();
    let mut resources = ledger.resources.iter();
    resources.any(|(id, versions)| id.as_str() == RESOURCES[number] && versions.len() > 1)
}
