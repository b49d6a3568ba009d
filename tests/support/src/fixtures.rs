//! Short ways to write down what the tests are about.

use domain::calendar::{Closures, Dates, Day, Hours, LONGEST_SLOT, Week};
use domain::{
    Action, Approval, Attempt, Booking, BookingId, Calendar, Capacity, ConfirmBy, ConfirmationCode,
    CustomerId, Details, HoldSeconds, Key, MadeBy, MaxHoldSeconds, NewBooking, Period, Pools,
    Quantity, Rank, Reschedule, Resource, ResourceId, Role, Rules, Sale, SlotLength, SlotMinutes,
    State, TimeZoneName, VenueId, Version,
};
use jiff::{SignedDuration, Timestamp};
use store::bookings::change::{Intent, Target};
use store::{Bookings, CommandError};

/// The time at which most tests happen: far enough ahead that nothing is collected as too old.
pub const NOW: &str = "08:00:00";

/// An instant of the one day that the tests are about, as `09:30:00`.
pub fn at(time: &str) -> Timestamp {
    format!("2099-06-01T{time}Z").parse().unwrap()
}

pub fn customer(name: &str) -> CustomerId {
    CustomerId::parse(name).unwrap()
}

/// Slots of so many minutes, with the same openings on every day.
pub fn grid(zone: &str, minutes: u32, openings: &[&str]) -> Calendar {
    Calendar { slot_minutes: Some(SlotMinutes::new(minutes).unwrap()), ..sessions(zone, openings) }
}

/// The same openings on every day, each of them one slot.
pub fn sessions(zone: &str, openings: &[&str]) -> Calendar {
    let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
    let openings: Vec<Hours> = openings.iter().map(|text| Hours::parse(text).unwrap()).collect();
    Calendar {
        time_zone: TimeZoneName::parse(zone).unwrap(),
        slot_minutes: None,
        week: Week::new(week.map(|day| (day, openings.clone())).into()).unwrap(),
        dates: Dates::default(),
        closures: Closures::default(),
    }
}

/// The length of a slot.
pub fn length(minutes: u32) -> SlotLength {
    SlotLength::new(minutes).unwrap()
}

/// The half hour from this instant on: a slot of `room-1`.
pub fn half_hour(start: Timestamp) -> Period {
    Period { start, end: start + SignedDuration::from_mins(30) }
}

/// `room-1`: half hours from 09:00 to 17:00 every day, held for five minutes.
pub fn room(capacity: u32) -> Resource {
    Resource {
        id: ResourceId::parse("room-1").unwrap(),
        venue: VenueId::default(),
        name: "Room 1".to_owned(),
        calendar: grid("UTC", 30, &["09:00-17:00"]),
        state: State::Open,
        capacity: Capacity::new(capacity).unwrap(),
        sharing: true,
        hold_seconds: HoldSeconds::DEFAULT,
        max_hold_seconds: MaxHoldSeconds::DEFAULT,
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
        longest_booking: LONGEST_SLOT,
    }
}

/// A customer's request to hold one place of `room-1` for one slot.
pub fn hold(name: &str, key: &str, start: &str) -> NewBooking {
    NewBooking {
        customer: customer(name),
        by: MadeBy::Customer,
        key: Key::parse(key).unwrap(),
        sale: Sale::Hold,
        resource: room(1).id,
        chosen_from: None,
        start: at(start),
        end: None,
        quantity: Quantity::ONE,
        with: Vec::new(),
        details: Details::default(),
        note: None,
    }
}

/// A customer's request to book one place of `room-1` for one slot.
pub fn book(name: &str, key: &str, start: &str) -> NewBooking {
    NewBooking { sale: Sale::Book, ..hold(name, key, start) }
}

/// A confirmation code; every test has the same.
pub fn code() -> ConfirmationCode {
    ConfirmationCode::from_random([7; 8])
}

pub fn confirm() -> Intent {
    Intent::Confirm(code())
}

pub fn cancel() -> Intent {
    Intent::Act(Action::Cancel(None))
}

pub fn approve() -> Intent {
    Intent::Act(Action::Approve(None, code()))
}

/// An operator's attempt without a key.
pub fn attempt(if_version: Option<Version>) -> Attempt {
    let fields = String::new();
    Attempt { by: customer("operator"), role: Role::Operator, key: None, fields, if_version }
}

/// What most tests say of a command, and no more.
pub trait Shortly {
    /// Holds or books.
    fn place(
        &self,
        request: &NewBooking,
        max_open: u64,
        now: Timestamp,
    ) -> impl Future<Output = Result<Booking, CommandError>>;

    /// What an operator does to a booking.
    fn carry_out(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        intent: &Intent,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Booking, CommandError>>;

    /// An operator moves a booking.
    fn reschedule(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        to: (Timestamp, Option<Timestamp>),
        if_version: Option<Version>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Booking, CommandError>> {
        let intent = Intent::Reschedule(Reschedule::to(to.0, to.1), 200);
        async move { self.carry_out(customer, id, &intent, if_version, now).await }
    }
}

impl Shortly for Bookings {
    async fn place(
        &self,
        request: &NewBooking,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        self.sell(request, &code(), max_open, now).await
    }

    async fn carry_out(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        intent: &Intent,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        self.change(Target { customer, id }, intent, &attempt(if_version), now).await
    }
}
