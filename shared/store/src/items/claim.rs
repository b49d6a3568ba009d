//! What a booking takes of a resource, as parts of bookings' items.

use super::{Unavailable, malformed};
use domain::{Claim, Period, Quantity, ResourceId, SlotLength, Stretch};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The slots of a booking that starts at a known instant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotsItem {
    /// How long each slot lasts, if all of them last as long.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    slot_minutes: Option<SlotLength>,
    /// How long each slot lasts, if not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    lengths: Vec<SlotLength>,
}

/// What a booking takes of a resource beside its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimItem {
    resource: ResourceId,
    quantity: Quantity,
    /// Absent: the quantity.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    places: Option<Quantity>,
    #[serde(flatten)]
    slots: SlotsItem,
}

impl SlotsItem {
    pub fn of(stretch: &Stretch) -> Self {
        let slot_minutes = stretch.even_length();
        let lengths = if slot_minutes.is_some() { &[] } else { stretch.lengths() };
        Self { slot_minutes, lengths: lengths.to_vec() }
    }

    /// The slots, which fill this time.
    pub fn stretch(self, time: Period) -> Result<Stretch, Unavailable> {
        let stretch = match self.slot_minutes {
            Some(length) => Stretch::even(time, length),
            None => Stretch::new(time.start, self.lengths),
        };
        let stretch = stretch.filter(|stretch| stretch.time() == time);
        stretch.ok_or_else(|| malformed("not the slots of a booking"))
    }
}

impl ClaimItem {
    pub fn of(claim: Claim) -> Self {
        let Claim { resource, stretch, quantity, places } = claim;
        let slots = SlotsItem::of(&stretch);
        Self { resource, quantity, places: other_than(places, quantity), slots }
    }

    pub fn claim(self, start: Timestamp, end: Timestamp) -> Result<Claim, Unavailable> {
        let Self { resource, quantity, places, slots } = self;
        let stretch = slots.stretch(Period { start, end })?;
        Ok(Claim { resource, stretch, quantity, places: places.unwrap_or(quantity) })
    }
}

/// The places that a booking takes, where they are not those that were asked for.
pub(super) fn other_than(places: Quantity, quantity: Quantity) -> Option<Quantity> {
    Some(places).filter(|places| *places != quantity)
}
