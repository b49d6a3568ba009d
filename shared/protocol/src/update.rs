//! What changed in one topic, cut by its measured size.

use crate::fields::TopicName;
use crate::size::{self, MAX_OUTBOUND, take_fitting};
use crate::view::{BookingView, ResourceView, SlotView};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What changed in one topic, newest version only.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Update {
    /// The topic.
    pub topic: TopicName,
    /// Bookings that changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub bookings: Vec<BookingView>,
    /// Slots that changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub slots: Vec<SlotView>,
    /// The resource itself, when an operator changed it. The slots known of it are stale, and none
    /// of them need be among `slots`: subscribe again for a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceView>,
}

/// A frame without updates, in bytes.
pub(crate) const FRAME: usize = r#"{"type":"update","updates":[]}"#.len();
/// What a list adds to an update beside the list itself, in bytes.
const LIST: usize = r#","bookings":"#.len();

impl Update {
    /// An update of a topic that says nothing yet.
    pub fn new(topic: TopicName) -> Self {
        Self { topic, bookings: Vec::new(), slots: Vec::new(), resource: None }
    }

    /// The update as JSON, in one piece or, where that would not fit a frame, in several; in none if
    /// it says nothing. Each piece is as full as can be, so that no two of them fit one frame.
    pub fn pieces(self) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
        self.pieces_within(MAX_OUTBOUND - FRAME)
    }

    fn pieces_within(self, max: usize) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
        if self.bookings.is_empty() && self.slots.is_empty() && self.resource.is_none() {
            return Ok(Vec::new());
        }
        let whole = to_raw_value(&self)?;
        if whole.get().len() <= max {
            return Ok(vec![whole]);
        }
        let Self { topic, mut bookings, mut slots, resource } = self;
        let mut piece = Self { resource, ..Self::new(topic.clone()) };
        let mut pieces = Vec::new();
        loop {
            let room = max.saturating_sub(size::of(&piece)? + LIST);
            piece.bookings = take_fitting(&mut bookings, room)?;
            if piece.bookings.is_empty() {
                piece.slots = take_fitting(&mut slots, room)?;
            }
            pieces.push(to_raw_value(&piece)?);
            if bookings.is_empty() && slots.is_empty() {
                return Ok(pieces);
            }
            piece = Self::new(topic.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Instant;
    use jiff::{SignedDuration, Timestamp};
    use std::collections::BTreeMap;

    /// An update of so many slots.
    fn update(slots: i64) -> Update {
        let start = |hour| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let slot = |hour| SlotView {
            resource: None,
            start: Instant(start(hour)),
            end: Instant(start(hour + 1)),
            capacity: 1,
            free: 1,
            version: 1,
        };
        let slots = (0..slots).map(slot).collect();
        Update { slots, ..Update::new("resource:room-1".to_owned().try_into().unwrap()) }
    }

    #[test]
    fn pieces_are_full_and_lose_nothing() {
        let whole = update(100);
        let size = size::of(&whole).unwrap();
        assert_eq!(whole.clone().pieces_within(size).unwrap().len(), 1);
        for max in [size - 1, size / 2, size / 7, 300] {
            let pieces = whole.clone().pieces_within(max).unwrap();
            assert!(pieces.iter().all(|piece| piece.get().len() <= max));
            for pair in pieces.windows(2) {
                let both: usize = pair.iter().map(|piece| piece.get().len()).sum();
                let first: serde_json::Value = serde_json::from_str(pair[1].get()).unwrap();
                let next = size::of(&first["slots"][0]).unwrap();
                assert!(pair[0].get().len() + 1 + next > max && both > max, "{pair:?}");
            }
            let read = |piece: &RawValue| {
                let piece: serde_json::Value = serde_json::from_str(piece.get()).unwrap();
                piece["slots"].as_array().unwrap().clone()
            };
            let slots: Vec<_> = pieces.iter().flat_map(|piece| read(piece)).collect();
            assert_eq!(serde_json::to_value(&whole.slots).unwrap(), serde_json::Value::from(slots));
        }
        assert!(update(0).pieces().unwrap().is_empty());
        // An entry that is larger than a piece stands alone.
        assert_eq!(update(3).pieces_within(1).unwrap().len(), 3);
    }

    /// A topic stands once in a frame, also where its resource was written together with its slots.
    #[test]
    fn a_resource_stands_beside_its_slots() {
        let resource = ResourceView {
            id: "room-1".to_owned(),
            venue: "main".to_owned(),
            name: "Room 1".to_owned(),
            time_zone: "UTC".to_owned(),
            slot_minutes: Some(60),
            opening: BTreeMap::new(),
            dates: BTreeMap::new(),
            closures: Vec::new(),
            state: domain::State::Open,
            capacity: 1,
            sharing: true,
            hold_seconds: 300,
            max_hold_seconds: 900,
            approval: domain::Approval::Auto,
            confirm_by: domain::ConfirmBy::Owner,
            pending_minutes: None,
            pools: domain::Pools::default(),
            rank: 0,
            rules: domain::Rules::default(),
            details: domain::Details::default(),
            version: 2,
        };
        let both = Update { resource: Some(resource), ..update(3) };
        let [piece] = &both.clone().pieces().unwrap()[..] else { panic!("in one piece") };
        assert_eq!(piece.get(), serde_json::to_string(&both).unwrap());
        // Cut, the first piece has the resource, and as many slots as there is room for.
        let pieces = both.pieces_within(piece.get().len() - 1).unwrap();
        let with = pieces.iter().map(|piece| piece.get().contains(r#""resource":{"#));
        assert_eq!(with.collect::<Vec<_>>(), [true, false]);
    }
}
