//! Names of topics, and who may be told of them.

use domain::{ResourceId, Role, VenueId};
use serde::{Deserialize, Serialize};

/// A topic as this table knows it: one name for one audience.
///
/// An operators' topic names the venue whose operators may be told of it, so that this is known
/// wherever the topic is, without a look at the resource. The venue `main` is left out, as it
/// was by earlier releases, which knew no venues.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicKey(String);

const RESOURCE: &str = "resource:";
const VENUE: &str = "venue:";
const BOOKINGS: &str = "/bookings";
const AT: char = '@';

impl TopicKey {
    /// The topic of this name, for everyone.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// A resource's bookings, for the operators of its venue.
    pub fn resource_bookings(resource: &ResourceId, venue: &VenueId) -> Self {
        let name = format!("{RESOURCE}{resource}{BOOKINGS}");
        Self(if venue.as_str() == VenueId::MAIN { name } else { format!("{name}{AT}{venue}") })
    }

    /// A venue's bookings, for its operators.
    pub fn venue_bookings(venue: &VenueId) -> Self {
        Self(format!("{VENUE}{venue}{BOOKINGS}"))
    }

    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What its subscribers call it, but for a customer's own.
    pub fn name(&self) -> &str {
        match self.bookings_of_resource() {
            Some((resource, _)) => &self.0[..RESOURCE.len() + resource.len() + BOOKINGS.len()],
            None => &self.0,
        }
    }

    /// Whether only operators may be subscribed to this topic.
    pub fn is_for_operators(&self) -> bool {
        self.operators_of().is_some()
    }

    /// Whether somebody in this role, bound to this venue or to none, may be told of this topic.
    pub fn is_open_to(&self, role: Role, bound: Option<&VenueId>) -> bool {
        self.operators_of().is_none_or(|venue| {
            VenueId::parse(venue).is_ok_and(|venue| role.operates(bound, &venue))
        })
    }

    /// The venue whose operators alone may be told.
    fn operators_of(&self) -> Option<&str> {
        if let Some(rest) = self.0.strip_prefix(VENUE) {
            return rest.strip_suffix(BOOKINGS);
        }
        self.bookings_of_resource().map(|(_, venue)| venue)
    }

    fn bookings_of_resource(&self) -> Option<(&str, &str)> {
        let (resource, rest) = self.0.strip_prefix(RESOURCE)?.split_once(BOOKINGS)?;
        let venue = if rest.is_empty() { VenueId::MAIN } else { rest.strip_prefix(AT)? };
        Some((resource, venue))
    }
}
