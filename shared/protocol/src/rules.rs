//! What a resource asks of customers, as operators write it.

use domain::numbers::{HorizonDays, MaxActive, RuleMinutes, RuleSlots};
use domain::{Quantity, Rules};
use schemars::JsonSchema;
use serde::Deserialize;

/// What a resource asks of customers, in elapsed time. What is not said is not asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RulesInput {
    /// A booking is made so many minutes before its start at least, 0 to 527040; later it is `closed`.
    #[schemars(with = "Option<u32>")]
    pub notice_minutes: Option<RuleMinutes>,
    /// And so many days of 24 hours before at most, 1 to 1100; earlier it is `closed`.
    #[schemars(with = "Option<u32>")]
    pub horizon_days: Option<HorizonDays>,
    /// The fewest slots of a booking, 1 to 96; also those that it has where its end is not said.
    #[schemars(with = "Option<u32>")]
    pub min_slots: Option<RuleSlots>,
    /// The most slots of a booking, 1 to 96.
    #[schemars(with = "Option<u32>")]
    pub max_slots: Option<RuleSlots>,
    /// The fewest places of a booking, 1 to the capacity.
    #[schemars(with = "Option<u32>")]
    pub min_quantity: Option<Quantity>,
    /// A booking is cancelled so many minutes before its start at least, 0 to 527040.
    #[schemars(with = "Option<u32>")]
    pub cancel_minutes: Option<RuleMinutes>,
    /// A booking is moved so many minutes before its start at least, 0 to 527040.
    #[schemars(with = "Option<u32>")]
    pub reschedule_minutes: Option<RuleMinutes>,
    /// The most bookings of it that one customer has held, pending or confirmed and not over, 1 to 100.
    #[schemars(with = "Option<u32>")]
    pub max_active: Option<MaxActive>,
}

impl From<RulesInput> for Rules {
    fn from(input: RulesInput) -> Self {
        let RulesInput {
            notice_minutes,
            horizon_days,
            min_slots,
            max_slots,
            min_quantity,
            cancel_minutes,
            reschedule_minutes,
            max_active,
        } = input;
        Self {
            notice_minutes,
            horizon_days,
            min_slots,
            max_slots,
            min_quantity,
            cancel_minutes,
            reschedule_minutes,
            max_active,
        }
    }
}
