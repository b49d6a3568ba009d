//! Names of topics, and who may be told of them.

use domain::Role;
use serde::{Deserialize, Serialize};

/// A topic as this table knows it: one name for one audience.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicKey(String);

impl TopicKey {
    /// The topic of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only operators may be subscribed to this topic.
    pub fn is_for_operators(&self) -> bool {
        self.0.starts_with("resource:") && self.0.ends_with("/bookings")
    }

    /// Whether somebody in this role may be told of this topic.
    pub fn is_open_to(&self, role: Role) -> bool {
        role == Role::Operator || !self.is_for_operators()
    }
}
