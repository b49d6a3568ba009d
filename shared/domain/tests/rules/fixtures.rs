//! Short ways to write down what the tests are about.

use domain::calendar::{Closures, Dates, Day, Hours, LONGEST_SLOT, Week};
use domain::{
    Action, Approval, Attempt, Booking, BookingHash, BookingId, Calendar, Capacity, Claim, Command,
    ConfirmBy, ConfirmationCode, CustomerId, Deadlines, Decision, Destination, Details,
    HoldSeconds, Key, MadeBy, MaxHoldSeconds, NewBooking, Period, Pools, Quantity, Rank, Rejection,
    Resource, ResourceId, Role, Rules, Sale, SlotLength, SlotMinutes, State, Status, Stretch,
    Terms, TimeZoneName, VenueId, Version,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub const WEEK: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

/// An instant, as `2027-01-11T09:00Z`.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One opening, as `09:00-12:30`.
pub fn hours(text: &str) -> Hours {
    Hours::parse(text).unwrap()
}

/// The same openings on each of these days.
pub fn open(days: &[Day], openings: &[&str]) -> Week {
    let openings: Vec<Hours> = openings.iter().copied().map(hours).collect();
    let week: BTreeMap<_, _> = days.iter().map(|day| (*day, openings.clone())).collect();
    Week::new(week).unwrap()
}

/// Slots of this length in these openings of every day of the week.
pub fn grid(zone: &str, minutes: u32, openings: &[&str]) -> Calendar {
    Calendar {
        time_zone: TimeZoneName::parse(zone).unwrap(),
        slot_minutes: Some(SlotMinutes::new(minutes).unwrap()),
        week: open(&WEEK, openings),
        dates: Dates::default(),
        closures: Closures::default(),
    }
}

/// The time from one instant to another, as `2027-01-11T09:00Z`.
pub fn period(start: &str, end: &str) -> Period {
    Period { start: at(start), end: at(end) }
}

/// A slot's length.
pub fn length(minutes: u32) -> SlotLength {
    SlotLength::new(minutes).unwrap()
}

/// A room of one place that is open like this every day of the week.
pub fn room(zone: &str, minutes: u32, openings: &[&str]) -> Resource {
    Resource {
        id: ResourceId::parse("room-1").unwrap(),
        venue: VenueId::default(),
        name: "Room 1".to_owned(),
        calendar: grid(zone, minutes, openings),
        state: State::Open,
        capacity: Capacity::ONE,
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

/// The terms on which half hours of so many places are sold.
pub fn terms(places: u32) -> Terms {
    Terms { minutes: length(30), places }
}

/// Alice's request to hold one place for one slot.
pub fn request(start: Timestamp) -> NewBooking {
    NewBooking {
        customer: CustomerId::parse("alice").unwrap(),
        by: MadeBy::Customer,
        key: Key::parse("1").unwrap(),
        sale: Sale::Hold,
        resource: ResourceId::parse("room-1").unwrap(),
        chosen_from: None,
        start,
        end: None,
        quantity: Quantity::ONE,
        with: Vec::new(),
        details: Details::default(),
        note: None,
    }
}

/// A confirmation code, as random as any.
pub fn code() -> ConfirmationCode {
    ConfirmationCode::from_random(*b"thecode!")
}

/// A stretch of half-hour slots.
pub fn half_hours(start: &str, end: &str) -> Stretch {
    stretch_of(30, start, end)
}

/// A stretch of slots of so many minutes.
pub fn stretch_of(minutes: u32, start: &str, end: &str) -> Stretch {
    Stretch::even(period(start, end), length(minutes)).unwrap()
}

/// A booking of two places from 10:00 to 11:00, of this status at version 4; a held one is held
/// until 09:05, and one that has come to its end was closed at 10:30.
pub fn booking(status: Status) -> Booking {
    let (resource, customer) = (room("UTC", 30, &[]).id, CustomerId::parse("alice").unwrap());
    let stretch = half_hours("2027-01-11T10:00Z", "2027-01-11T11:00Z");
    let hash = BookingHash::derive(&customer, &Key::parse("1").unwrap());
    let closed = matches!(status, Status::Completed | Status::NoShow);
    Booking {
        id: BookingId::new(resource.clone(), stretch.start(), hash),
        resource,
        created_by: customer.clone(),
        updated_by: customer.clone(),
        venue: VenueId::default(),
        customer,
        deadlines: Deadlines::at_the_start(stretch.start()),
        stretch,
        quantity: Quantity::new(2).unwrap(),
        places: Quantity::new(2).unwrap(),
        with: Vec::new(),
        status,
        version: Version::new(4),
        hold_expires_at: (status == Status::Held).then(|| at("2027-01-11T09:05Z")),
        pending_expires_at: None,
        confirmation_code: None,
        reason: None,
        details: Details::default(),
        note: None,
        created_at: at("2027-01-11T09:00Z"),
        updated_at: at(if closed { "2027-01-11T10:30Z" } else { "2027-01-11T09:00Z" }),
        ended_at: None,
        fingerprint: "as asked".to_owned(),
        last_attempt: None,
    }
}

/// The fixture's booking goes there, with these deadlines.
pub fn moved_to(stretch: Stretch, deadlines: Deadlines) -> Action {
    let there = Destination::of(&booking(Status::Confirmed));
    let claim = Claim { stretch, ..there.claim };
    Action::Reschedule(Box::new(Destination { claim, deadlines, ..there }))
}

/// An attempt without a key, of Alice or of an operator.
pub fn attempt(role: Role) -> Attempt {
    let by = match role {
        Role::Customer => "alice",
        Role::Operator => "olga",
    };
    let by = CustomerId::parse(by).unwrap();
    Attempt { by, role, key: None, fields: String::new(), if_version: None }
}

/// What an attempt without a key makes of a booking.
pub fn decide(
    action: Action,
    role: Role,
    booking: &Booking,
    now: Timestamp,
) -> Result<Booking, Rejection> {
    let command = Command { action, attempt: attempt(role) };
    match command.decide(booking, now)? {
        Decision::Change(next) => Ok(*next),
        Decision::Done(done) => panic!("an attempt without a key was taken for another: {done:?}"),
    }
}
