//! Whom an item concerns, as far as that can be told without reading it: all that is left where an
//! item cannot be read, because a newer or a broken release wrote it.

use crate::keys;
use domain::{CustomerId, ResourceId, VenueId};
use serde_dynamo::{AttributeValue, Item};

/// Somebody whom an item concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concerned {
    /// The customer whose booking it is.
    Customer(CustomerId),
    /// Whoever watches the availability of this resource.
    Watchers(ResourceId),
    /// Whoever watches the bookings of this resource, which is of this venue.
    Operators(ResourceId, VenueId),
    /// Whoever watches the bookings of this venue.
    Venue(VenueId),
}

impl Concerned {
    /// All whom this item concerns: by its key, and by the resource that a booking names.
    pub fn by(item: &Item) -> Vec<Self> {
        let text = |name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => text.as_str(),
            _ => "",
        };
        let key = text(keys::PK);
        let customer = keys::customer_of(key).and_then(Result::ok);
        let resource = keys::resource_of(key).and_then(Result::ok);
        // Bookings named no venue before there were any.
        let venue = VenueId::parse(text("venue")).unwrap_or_default();
        let booked = ResourceId::parse(text("resource")).ok();
        let is_booked = booked.is_some();
        let booked = booked.into_iter().chain(others(item));
        let operators = booked.map(|booked| Self::Operators(booked, venue.clone()));
        let all = customer.map(Self::Customer).into_iter();
        let all = all.chain(resource.map(Self::Watchers)).chain(operators);
        all.chain(is_booked.then(|| Self::Venue(venue.clone()))).collect()
    }
}

/// The resources that a booking has beside its own.
fn others(item: &Item) -> Vec<ResourceId> {
    let Some(AttributeValue::L(claims)) = item.get("with") else { return Vec::new() };
    let resource = |claim: &AttributeValue| match claim {
        AttributeValue::M(claim) => match claim.get("resource") {
            Some(AttributeValue::S(resource)) => ResourceId::parse(resource).ok(),
            _ => None,
        },
        _ => None,
    };
    claims.iter().filter_map(resource).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(attributes: &[(&str, &str)]) -> Vec<Concerned> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
        Concerned::by(&attributes.collect::<std::collections::HashMap<_, _>>().into())
    }

    #[test]
    fn whom_a_broken_item_concerns() {
        let room = ResourceId::parse("room-1").unwrap();
        let alice = Concerned::Customer(CustomerId::parse("alice").unwrap());
        let [main, harbour] = ["main", "harbour"].map(|name| VenueId::parse(name).unwrap());
        let operators = |venue: &VenueId| {
            [Concerned::Operators(room.clone(), venue.clone()), Concerned::Venue(venue.clone())]
        };
        assert_eq!(by(&[("PK", "C#alice"), ("SK", "B#1")]), std::slice::from_ref(&alice));
        let booked = [("PK", "C#alice"), ("resource", "room-1")];
        assert_eq!(by(&booked), [&[alice.clone()][..], &operators(&main)].concat());
        let booked = [("PK", "C#alice"), ("resource", "room-1"), ("venue", "harbour")];
        assert_eq!(by(&booked), [&[alice][..], &operators(&harbour)].concat());
        assert_eq!(by(&[("PK", "R#room-1"), ("SK", "S#1")]), [Concerned::Watchers(room.clone())]);
        assert_eq!(by(&[("PK", "R#"), ("SK", "META")]), []);
        assert_eq!(by(&[("PK", "X#room-1")]), []);
        assert_eq!(by(&[]), []);
    }
}
