//! The other resources that a booking takes, as a request names them.

use crate::fields::FieldError;
use domain::{Quantity, ResourceId, With};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A booking is of no more resources beside its own.
const MOST: usize = 9;

/// Another resource of the venue, for the same time on its own grid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// The resource's id.
    #[schemars(with = "String")]
    pub resource: ResourceId,
    /// The places in each slot, from 1 to the resource's capacity. Defaults to 1.
    #[schemars(with = "Option<u32>")]
    pub quantity: Option<Quantity>,
}

/// At most 9 of them, each resource once.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Vec<Companion>")]
pub struct Companions(Vec<With>);

impl Companions {
    /// What is asked of each.
    pub fn into_inner(self) -> Vec<With> {
        self.0
    }
}

impl TryFrom<Vec<Companion>> for Companions {
    type Error = FieldError;
    fn try_from(companions: Vec<Companion>) -> Result<Self, FieldError> {
        let distinct: BTreeSet<_> = companions.iter().map(|one| &one.resource).collect();
        if companions.len() > MOST || distinct.len() < companions.len() {
            return Err(FieldError::Companions);
        }
        let with = companions.into_iter().map(|Companion { resource, quantity }| With {
            resource,
            quantity: quantity.unwrap_or(Quantity::ONE),
        });
        Ok(Self(with.collect()))
    }
}
