//! Topics: as clients name them, and as the table does.

use domain::{Booking, CustomerId, Pool, ResourceId, VenueId};
use protocol::TopicName;
use store::{Concerned, TopicKey};

/// What its subscribers call this topic. A topic that nobody names is some customer's own.
pub fn name(topic: &TopicKey) -> TopicName {
    TopicName::try_from(topic.name().to_owned()).unwrap_or(TopicName::Me)
}

/// This customer's own bookings.
pub fn me(customer: &CustomerId) -> TopicKey {
    TopicKey::new(format!("me:{customer}"))
}

/// A resource's availability.
pub fn resource(resource: &ResourceId) -> TopicKey {
    TopicKey::new(TopicName::Resource(resource.clone()).to_string())
}

/// The availability of all resources of a pool.
pub fn pool(pool: &Pool) -> TopicKey {
    TopicKey::new(TopicName::Pool(pool.clone()).to_string())
}

/// A resource's bookings, for the operators of its venue.
pub fn resource_bookings(resource: &ResourceId, venue: &VenueId) -> TopicKey {
    TopicKey::resource_bookings(resource, venue)
}

/// A venue's bookings, for its operators.
pub fn venue_bookings(venue: &VenueId) -> TopicKey {
    TopicKey::venue_bookings(venue)
}

/// All topics in which a booking is told of.
pub fn of_booking(booking: &Booking) -> impl Iterator<Item = TopicKey> + '_ {
    let own = [me(&booking.customer), venue_bookings(&booking.venue)];
    own.into_iter()
        .chain(booking.resources().map(|resource| resource_bookings(resource, &booking.venue)))
}

/// The topic in which somebody hears of an item.
pub fn of(concerned: &Concerned) -> TopicKey {
    match concerned {
        Concerned::Customer(customer) => me(customer),
        Concerned::Watchers(of) => resource(of),
        Concerned::Operators(of, venue) => resource_bookings(of, venue),
        Concerned::Venue(venue) => venue_bookings(venue),
    }
}
