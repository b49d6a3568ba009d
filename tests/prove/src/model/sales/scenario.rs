//! Who may ask for what, how often, and by which clocks.

use super::super::mutation::Mutation;
use domain::calendar::{Closures, Dates, Day, Hours, Week};
use domain::{
    Action, Approval, Attempt, BookingHash, Calendar, Capacity, ConfirmBy, ConfirmationCode,
    CustomerId, Details, HoldSeconds, Key, MadeBy, MaxHoldSeconds, NewBooking, Pools, Quantity,
    Rank, Resource, ResourceId, Role, Rules, Sale, SlotLength, SlotMinutes, State, TimeZoneName,
    VenueId, Version, With,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Who may ask for what, how often, and by which clocks.
#[derive(Debug)]
#[must_use]
pub struct Scenario {
    /// What it is called in figures and failures.
    pub name: &'static str,
    /// What may be asked for.
    pub orders: Vec<Order>,
    /// The resource, as it is at first.
    pub resource: Resource,
    /// What may be booked with it, and by itself; it stays as it is.
    pub beside: Option<Resource>,
    /// Requests under way at once.
    pub at_once: usize,
    /// How often the clock steps.
    pub ticks: u8,
    /// How far it steps.
    pub tick: SignedDuration,
    /// By how many steps the clocks of processes differ from it.
    pub skews: &'static [i8],
    /// Over how many steps of the clock a request may live.
    pub life: u8,
    /// How it begins.
    pub base: Timestamp,
    /// What is done wrong.
    pub mutation: Option<Mutation>,
}

/// One thing that may be asked for.
#[derive(Debug)]
pub struct Order {
    /// In words.
    pub text: String,
    /// How often it may be sent: whoever lost the answer sends again.
    pub times: u8,
    /// What it is.
    pub kind: Kind,
}

/// What may be asked for.
#[derive(Debug)]
pub enum Kind {
    /// A new booking.
    Sell {
        /// Which booking it makes.
        booking: usize,
        /// What it asks for.
        request: NewBooking,
    },
    /// A change of a booking.
    Change {
        /// Which booking.
        booking: usize,
        /// What is to be done.
        intent: Intent,
        /// By whom.
        attempt: Attempt,
    },
    /// Another grid or capacity of the resource.
    Put(Box<Resource>),
}

/// What is to be done to a booking, as [`store::bookings::change::Intent`] says it.
#[derive(Debug)]
pub enum Intent {
    /// This.
    Act(Action),
    /// Move it to the stretch from here to there, or to one slot.
    Reschedule(Timestamp, Option<Timestamp>),
}

/// A slot of the resource: the first, the second, ...
pub fn slot(number: i64, minutes: i64) -> Timestamp {
    opens() + SignedDuration::from_mins(number * minutes)
}

/// 2027-01-11T09:00:00Z, a Monday.
fn opens() -> Timestamp {
    Timestamp::from_second(1_799_658_000).expect("it is a time")
}

/// Whoever asks.
pub fn customer(name: &str) -> CustomerId {
    CustomerId::parse(name).expect("it is a name")
}

/// The code of whatever is confirmed: that nobody may know it before is not what this is about.
pub fn code() -> ConfirmationCode {
    ConfirmationCode::from_random([0; 8])
}

/// A room with slots of this length, three hours from nine on.
pub fn room(minutes: u32, capacity: u32, hold_seconds: u32) -> Resource {
    let hours = Hours::parse("09:00-12:00").expect("they are hours");
    let week = Week::new(BTreeMap::from([(Day::Mon, vec![hours])]));
    let calendar = Calendar {
        time_zone: TimeZoneName::parse("UTC").expect("it is a zone"),
        slot_minutes: Some(SlotMinutes::new(minutes).expect("it is a length")),
        week: week.expect("it is a week"),
        dates: Dates::default(),
        closures: Closures::default(),
    };
    Resource {
        id: ResourceId::parse("room").expect("it is an id"),
        venue: VenueId::default(),
        name: "Room".to_owned(),
        longest_booking: calendar.longest_stretch(),
        calendar,
        state: State::Open,
        capacity: Capacity::new(capacity).expect("it is a capacity"),
        sharing: true,
        hold_seconds: HoldSeconds::new(hold_seconds).expect("it is a length"),
        max_hold_seconds: MaxHoldSeconds::new(3 * hold_seconds).expect("it is a length"),
        approval: Approval::Auto,
        confirm_by: ConfirmBy::Owner,
        pending_minutes: None,
        pools: Pools::default(),
        rank: Rank::default(),
        rules: Rules::default(),
        counts_since: None,
        details: Details::default(),
        version: Version::FIRST,
        former: Vec::new(),
        grid_epoch: 0,
    }
}

/// How long the slots of such a room last.
pub fn length_of_a_slot(room: &Resource) -> SlotLength {
    room.calendar.slot_minutes.expect("a room has slots of one length").into()
}

impl Scenario {
    /// A room of slots of an hour, where holds last two steps of 4 s and nobody asks for anything.
    pub fn new(name: &'static str, capacity: u32) -> Self {
        Self {
            name,
            orders: Vec::new(),
            resource: room(60, capacity, 8),
            beside: None,
            at_once: 2,
            ticks: 3,
            tick: SignedDuration::from_secs(4),
            skews: &[0],
            life: 3,
            base: opens() - SignedDuration::from_hours(1),
            mutation: None,
        }
    }

    /// The resource begins so many steps of the clock after the start.
    pub fn opening_after(mut self, steps: i32) -> Self {
        self.base = opens() - self.tick * steps;
        self
    }

    /// The order for a new booking of places in slots of so many minutes.
    pub fn sell(
        mut self,
        times: u8,
        who: &str,
        key: &str,
        sale: Sale,
        (first, slots, minutes): (i64, i64, i64),
        places: u32,
    ) -> Self {
        let request = NewBooking {
            customer: customer(who),
            by: MadeBy::Customer,
            key: Key::parse(key).expect("it is a key"),
            sale,
            resource: self.resource.id.clone(),
            chosen_from: None,
            start: slot(first, minutes),
            end: Some(slot(first + slots, minutes)),
            quantity: Quantity::new(places).expect("it is a quantity"),
            with: Vec::new(),
            details: Details::default(),
            note: None,
        };
        let booking = self.booking(&request.hash());
        let what = match sale {
            Sale::Hold => "hold",
            Sale::Book => "book",
            Sale::Wait => "wait for",
        };
        let last = if slots > 1 { format!("-{}", first + slots - 1) } else { String::new() };
        let text = format!(
            "{who}: {what} slot {first}{last} of {minutes} min, {places} places, key {key}"
        );
        self.orders.push(Order { text, times, kind: Kind::Sell { booking, request } });
        self
    }

    /// There is a projector, which the order before this one asks for, too.
    pub fn with_projector(mut self) -> Self {
        let resource = self.projector();
        if let Some(Order { kind: Kind::Sell { request, .. }, text, .. }) = self.orders.last_mut() {
            request.with = vec![With { resource, quantity: Quantity::ONE }];
            text.push_str(", with the projector");
        }
        self
    }

    /// There is a projector, and it alone is what the order before this one asks for.
    pub fn of_projector(mut self) -> Self {
        let projector = self.projector();
        if let Some(Order { kind: Kind::Sell { request, .. }, text, .. }) = self.orders.last_mut() {
            request.resource = projector;
            text.push_str(", of the projector");
        }
        self
    }

    fn projector(&mut self) -> ResourceId {
        let id = ResourceId::parse("projector").expect("it is an id");
        self.beside = Some(Resource { id: id.clone(), ..room(60, 1, 8) });
        id
    }

    /// The number of the booking of this hash.
    fn booking(&self, hash: &BookingHash) -> usize {
        let mut count = 0;
        for order in &self.orders {
            if let Kind::Sell { booking, request } = &order.kind {
                if request.hash() == *hash {
                    return *booking;
                }
                count = count.max(booking + 1);
            }
        }
        count
    }

    /// An order to change the booking of this number.
    pub fn change(
        mut self,
        times: u8,
        (who, role): (&str, Role),
        booking: usize,
        key: Option<&str>,
        (what, intent): (&str, Intent),
    ) -> Self {
        let attempt = Attempt {
            by: customer(who),
            role,
            key: key.map(|key| Key::parse(key).expect("it is a key")),
            fields: what.to_owned(),
            if_version: None,
        };
        let text = format!("{who}: {what} booking {booking}");
        self.orders.push(Order { text, times, kind: Kind::Change { booking, intent, attempt } });
        self
    }

    /// A customer's own order to confirm.
    pub fn confirm(self, times: u8, who: &str, booking: usize) -> Self {
        let confirm = Action::Confirm(self.resource.confirming(), code());
        self.own(times, who, booking, "confirm", Intent::Act(confirm))
    }

    /// A customer's own order to hold for longer.
    pub fn extend(self, times: u8, who: &str, booking: usize) -> Self {
        let extend = Action::Extend(self.resource.hold_seconds, self.resource.max_hold_seconds);
        self.own(times, who, booking, "extend", Intent::Act(extend))
    }

    /// A customer's own order to cancel.
    pub fn cancel(self, times: u8, who: &str, booking: usize) -> Self {
        self.own(times, who, booking, "cancel", Intent::Act(Action::Cancel(None)))
    }

    /// A customer's own order to move to slots of so many minutes.
    pub fn reschedule(
        self,
        times: u8,
        who: &str,
        booking: usize,
        (first, slots, minutes): (i64, i64, i64),
    ) -> Self {
        let what = format!("move to slot {first}, {slots} of {minutes} min,");
        let (start, end) = (slot(first, minutes), slot(first + slots, minutes));
        self.own(times, who, booking, &what, Intent::Reschedule(start, Some(end)))
    }

    fn own(self, times: u8, who: &str, booking: usize, what: &str, intent: Intent) -> Self {
        self.change(times, (who, Role::Customer), booking, Some(what), (what, intent))
    }

    /// An operator's order.
    pub fn operator(self, times: u8, booking: usize, what: &str, action: Action) -> Self {
        self.change(times, ("olga", Role::Operator), booking, None, (what, Intent::Act(action)))
    }

    /// An operator's order to change the resource.
    pub fn put(mut self, times: u8, minutes: u32, capacity: u32) -> Self {
        let hold_seconds = self.resource.hold_seconds.get();
        let resource = room(minutes, capacity, hold_seconds);
        let text = format!("olga: make slots of {minutes} min, capacity {capacity}");
        self.orders.push(Order { text, times, kind: Kind::Put(Box::new(resource)) });
        self
    }

    /// With this done wrong.
    pub fn with(mut self, mutation: Mutation) -> Self {
        self.mutation = Some(mutation);
        self
    }

    /// How many bookings there can be.
    pub fn bookings(&self) -> usize {
        let numbers = self.orders.iter().map(|order| match &order.kind {
            Kind::Sell { booking, .. } => booking + 1,
            _ => 0,
        });
        numbers.max().unwrap_or(0)
    }

    /// Whether somebody may change the resource: where nobody can, reading it is not a step.
    pub fn moves(&self) -> bool {
        self.orders.iter().any(|order| matches!(order.kind, Kind::Put(_)))
    }

    /// The most places that a slot can have.
    pub fn most(&self) -> u32 {
        let put = self.orders.iter().filter_map(|order| match &order.kind {
            Kind::Put(resource) => Some(resource.capacity.get()),
            _ => None,
        });
        put.chain([self.resource.capacity.get()]).max().unwrap_or(0)
    }

    /// The starts of all slots that there are before or after any order.
    pub fn starts(&self) -> BTreeSet<Timestamp> {
        let put = self.orders.iter().filter_map(|order| match &order.kind {
            Kind::Put(resource) => Some(&**resource),
            _ => None,
        });
        let day = (opens(), opens() + SignedDuration::from_hours(3));
        let all = put.chain([&self.resource]);
        all.flat_map(|room| room.calendar.slots(day.0, day.1)).map(|slot| slot.start).collect()
    }

    /// What a clock shows.
    pub fn time(&self, clock: u8, skew: i8) -> Timestamp {
        self.base + self.tick * (i32::from(clock) + i32::from(skew))
    }

    /// What the fastest clock shows.
    pub fn fastest(&self, clock: u8) -> Timestamp {
        self.time(clock, self.skews.iter().copied().max().unwrap_or(0))
    }
}
