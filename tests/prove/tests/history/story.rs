//! Histories written by hand.

use jiff::{SignedDuration, Timestamp};
use prove::history::{Booking, Checked, Event, History, Row, Rules, Terms, What, Witness, check};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Alice, Bob and the operator, by their numbers.
pub const ALICE: usize = 0;
pub const BOB: usize = 1;
pub const OLGA: usize = 2;

const BEGUN: &str = "2027-01-10T00:00:00Z";
/// The slot in which everything happens.
pub const NINE: &str = "2027-01-11T09:00:00Z";
pub const TEN: &str = "2027-01-11T10:00:00Z";
pub const ELEVEN: &str = "2027-01-11T11:00:00Z";

fn begun() -> Timestamp {
    BEGUN.parse().unwrap()
}

/// An instant so many milliseconds after the beginning.
pub fn instant(millis: i64) -> String {
    (begun() + SignedDuration::from_millis(millis)).to_string()
}

/// A booking of one slot, as frames show it.
pub fn booking(id: &str, customer: &str, start: &str, status: &str, version: u64) -> Value {
    let end = if start == NINE { TEN } else { ELEVEN };
    json!({
        "id": id,
        "resource": "room",
        "customer": customer,
        "start": start,
        "end": end,
        "quantity": 1,
        "status": status,
        "version": version,
        "createdAt": instant(0),
        "updatedAt": instant(0),
    })
}

/// Alice's booking of a hall that is not looked at, with the room.
pub fn of_the_hall_with_the_room() -> Value {
    let mut booked = booking("x", "alice", NINE, "confirmed", 1);
    booked["resource"] = json!("hall");
    booked["with"] = json!([{"resource": "room", "quantity": 1}]);
    booked
}

/// A hold that runs out so many milliseconds after the beginning.
pub fn hold(id: &str, customer: &str, ends: i64) -> Value {
    let mut hold = booking(id, customer, NINE, "held", 1);
    hold["holdExpiresAt"] = json!(instant(ends));
    hold
}

/// The same hold, when it was extended.
pub fn extended(id: &str, customer: &str, ends: i64) -> Value {
    let mut hold = hold(id, customer, ends);
    hold["version"] = json!(2);
    hold
}

/// A slot as frames show it.
pub fn slot(start: &str, free: u64, version: u64) -> Value {
    let end = if start == NINE { TEN } else { ELEVEN };
    json!({"start": start, "end": end, "capacity": 1, "free": free, "version": version})
}

/// A history in the making, of a room with one place.
pub struct Story {
    history: History,
    requests: u64,
}

impl Story {
    /// Everybody is connected.
    pub fn begin() -> Self {
        let mut story = Self { history: History::new(begun()), requests: 0 };
        for (client, name) in [(ALICE, "alice"), (BOB, "bob"), (OLGA, "olga")] {
            let operator = client == OLGA;
            story.add(0, client, What::Connected { customer: name.to_owned(), operator });
        }
        story
    }

    /// Everybody is connected, and Alice holds the place at nine until a second after the beginning.
    pub fn of_a_hold() -> Self {
        let mut story = Self::begin();
        story.asks(ALICE, [0, 5], ask("hold", "a"), Ok(hold("x", "alice", 1000)));
        story
    }

    /// Everybody is connected, and Alice has booked the place at nine.
    pub fn of_a_booking() -> (Self, Value) {
        let mut story = Self::begin();
        let booked = booking("x", "alice", NINE, "confirmed", 1);
        story.asks(ALICE, [3, 5], ask("book", "a"), Ok(booked.clone()));
        (story, booked)
    }

    fn add(&mut self, millis: u64, client: usize, what: What) {
        let at = Duration::from_millis(millis);
        self.history.events.push(Event { at, client, what });
    }

    /// Somebody asks for something between these times, and hears this.
    pub fn asks(
        &mut self,
        client: usize,
        [call, end]: [u64; 2],
        request: Value,
        answer: Result<Value, &str>,
    ) {
        let id = self.sends(client, call, request);
        let frame = match answer {
            Ok(result) => json!({"type": "reply", "id": id, "result": result}),
            Err(code) => json!({"type": "error", "id": id, "error": {"code": code}}),
        };
        self.add(end, client, What::Heard(frame));
    }

    /// Bob watches the slots from the beginning, and sees that one free.
    pub fn is_watched(&mut self) {
        let topic = "resource:room";
        let slots = json!({"topic": topic, "slots": [slot(NINE, 1, 1)]});
        self.asks(BOB, [1, 2], json!({"action": "subscribe", "topic": topic}), Ok(slots));
    }

    /// Somebody asks for something.
    pub fn sends(&mut self, client: usize, call: u64, mut request: Value) -> u64 {
        self.requests += 1;
        request["id"] = json!(self.requests);
        self.add(call, client, What::Sent(request));
        self.requests
    }

    /// Somebody's connection ends.
    pub fn loses(&mut self, client: usize, at: u64) {
        self.add(at, client, What::Ended);
    }

    /// Somebody is pushed bookings or slots on a topic.
    pub fn hears(&mut self, client: usize, at: u64, topic: &str, list: &str, items: &Value) {
        let update = json!({"topic": topic, list: items});
        self.add(at, client, What::Heard(json!({"type": "update", "updates": [update]})));
    }

    fn rules(skew: i64) -> Rules {
        let terms = Terms {
            capacity: 1,
            slot: SignedDuration::from_hours(1),
            hold: SignedDuration::from_secs(1),
            most: SignedDuration::from_secs(2),
        };
        let terms = BTreeMap::from([("room".to_owned(), terms)]);
        Rules { terms, skew: SignedDuration::from_millis(skew) }
    }

    fn sorted(&self) -> History {
        let mut history = self.history.clone();
        history.events.sort_by_key(|event| event.at);
        history
    }

    /// What the checker says with clocks that are so far off.
    pub fn verdict_with(&self, skew: i64, witness: Option<&Witness>) -> Result<Checked, String> {
        check(&self.sorted(), &Self::rules(skew), witness).map_err(|broken| broken.to_string())
    }

    /// What the checker says.
    pub fn verdict(&self) -> Result<Checked, String> {
        self.verdict_with(0, None)
    }

    /// What the checker says where this is how it ends, and all of it is in the tables.
    pub fn verdict_at(
        &self,
        at: u64,
        bookings: &[Value],
        slots: &[Value],
    ) -> Result<Checked, String> {
        self.verdict_with(0, Some(&witness(at, bookings, slots)))
    }

    /// Fails unless it is accepted.
    pub fn is_good(&self) {
        assert_eq!(self.verdict().map(|it| it.undecided), Ok(0));
    }

    /// Fails unless this promise is broken.
    pub fn breaks(&self, promise: &str) {
        let broken = self.verdict().unwrap_err();
        assert!(broken.contains(promise), "{broken}");
    }
}

/// How it ends at a time.
pub fn witness(at: u64, bookings: &[Value], slots: &[Value]) -> Witness {
    let rows = bookings.iter().map(|booking| {
        let Booking { id, status, version, start, end, quantity, .. } =
            Booking::read(booking).unwrap();
        Row { hash: id, status, version, start, end, quantity }
    });
    let taken = slots.iter().map(|slot| {
        let start = slot["start"].as_str().unwrap().parse().unwrap();
        (start, 1 - slot["free"].as_u64().unwrap())
    });
    Witness {
        at: Duration::from_millis(at),
        rows: rows.collect(),
        taken: BTreeMap::from([("room".to_owned(), taken.collect())]),
        bookings: bookings.to_vec(),
        slots: BTreeMap::from([("room".to_owned(), slots.to_vec())]),
    }
}

/// A request for the slot at nine.
pub fn ask(action: &str, key: &str) -> Value {
    json!({"action": action, "resource": "room", "start": NINE, "key": key})
}

/// A request about a booking.
pub fn about(action: &str, booking: &str) -> Value {
    json!({"action": action, "booking": booking})
}

/// A request for what is free.
pub fn look() -> Value {
    json!({"action": "availability", "resource": "room"})
}
