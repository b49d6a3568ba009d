//! What there is: how much, and who is looked at.

use domain::{CustomerId, PoolName, Pools, Resource, ResourceId, VenueId};
use jiff::{SignedDuration, Timestamp};
use support::fixtures::{customer, grid, room};

/// Slots of an hour, so many each day.
pub const SLOTS_A_DAY: i64 = 12;

/// How much there is.
#[derive(Debug, Clone)]
pub struct Size {
    /// Venues that nobody asks about.
    pub venues: u32,
    /// Resources in each venue, also in that of [`OLD`].
    pub resources: u32,
    /// Days of a full calendar, before the instant of the requests and again after it.
    pub days: i64,
    /// Bookings that a customer has behind them.
    pub bookings: u32,
}

impl Size {
    /// Nothing but a resource that was never booked.
    pub const EMPTY: Self = Self { venues: 0, resources: 0, days: 0, bookings: 0 };
    /// As much of everything as one request looks at, and a little more.
    pub const PAGE: Self = Self { venues: 0, resources: 100, days: 45, bookings: 600 };
    /// What `./test` has the time for.
    pub const SMALL: Self = Self { venues: 10, resources: 100, days: 90, bookings: 1_200 };
    /// 200,000 resources, and two years.
    pub const WHOLE: Self = Self { venues: 2_000, resources: 100, days: 365, bookings: 10_000 };
}

/// Whom the requests are about: a customer, a resource, and its venue.
#[derive(Debug)]
pub struct Subject {
    pub customer: &'static str,
    pub resource: &'static str,
    pub venue: &'static str,
}

/// Who has nothing yet, at a resource that was never booked.
pub const NEW: Subject = Subject { customer: "new", resource: "new", venue: "new" };
/// Who has as much as the size says.
pub const OLD: Subject =
    Subject { customer: "old", resource: "room-00old-00000", venue: "venue-00old" };

/// The instant of all requests: far enough ahead that nothing is collected as too old.
pub fn now() -> Timestamp {
    "2099-06-01T07:30:00Z".parse().unwrap()
}

/// The start of a slot, by the day from that of the requests, and its number in that day.
pub fn slot(day: i64, number: i64) -> Timestamp {
    let first: Timestamp = "2099-06-01T08:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * day + number)
}

/// Slots of tomorrow that stay free in the full calendar, for what the requests book there.
pub const FREE: [i64; 3] = [4, 5, 6];

/// The pool that all resources of a venue are in.
pub const POOL: &str = "rooms";

/// A resource of one place, open for [`SLOTS_A_DAY`] hours every day.
pub fn resource(venue: &str, id: &str) -> Resource {
    Resource {
        id: ResourceId::parse(id).unwrap(),
        venue: VenueId::parse(venue).unwrap(),
        calendar: grid("UTC", 60, &["08:00-20:00"]),
        pools: Pools::try_from(vec![PoolName::parse(POOL).unwrap()]).unwrap(),
        ..room(1)
    }
}

/// The resources of this size.
pub fn resources(size: &Size) -> impl Iterator<Item = Resource> {
    let (venues, each) = (size.venues, size.resources);
    let others = (0..venues).flat_map(move |venue| {
        let name = format!("venue-{venue:05}");
        (0..each).map(move |number| resource(&name, &format!("room-{venue:05}-{number:05}")))
    });
    let old = (0..each).map(|number| resource(OLD.venue, &format!("room-00old-{number:05}")));
    [resource(NEW.venue, NEW.resource)].into_iter().chain(old).chain(others)
}

/// A customer who is nobody's subject.
pub fn somebody(number: impl std::fmt::Display) -> CustomerId {
    customer(&format!("somebody-{number}"))
}
