//! Topics: as clients name them, and as the table does.

use domain::{CustomerId, ResourceId};
use protocol::TopicName;
use store::{Concerned, TopicKey};

/// The topic that this customer means by this name: `me` is each customer's own.
pub fn key(name: &TopicName, customer: &CustomerId) -> TopicKey {
    match name {
        TopicName::Me => me(customer),
        TopicName::Resource(_) | TopicName::ResourceBookings(_) => TopicKey::new(name.to_string()),
    }
}

/// What its subscribers call this topic. A topic that nobody names is some customer's own.
pub fn name(topic: &TopicKey) -> TopicName {
    TopicName::try_from(topic.as_str().to_owned()).unwrap_or(TopicName::Me)
}

/// This customer's own bookings.
pub fn me(customer: &CustomerId) -> TopicKey {
    TopicKey::new(format!("me:{customer}"))
}

/// A resource's availability.
pub fn resource(resource: &ResourceId) -> TopicKey {
    TopicKey::new(TopicName::Resource(resource.clone()).to_string())
}

/// A resource's bookings.
pub fn resource_bookings(resource: &ResourceId) -> TopicKey {
    TopicKey::new(TopicName::ResourceBookings(resource.clone()).to_string())
}

/// The topic in which somebody hears of an item.
pub fn of(concerned: &Concerned) -> TopicKey {
    match concerned {
        Concerned::Customer(customer) => me(customer),
        Concerned::Watchers(of) => resource(of),
        Concerned::Operators(of) => resource_bookings(of),
    }
}
