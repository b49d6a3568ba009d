//! Several resources of which any will do, as requests name them.

use crate::error::WireError;
use domain::{AnyOf, Pool, PoolName, ResourceId, VenueId};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A pool, or resources one by one.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "Forms", inline)]
pub struct AnyOfInput(AnyOf);

/// What the contract says of both forms.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "it is a schema")]
enum Forms {
    Pool(PoolInput),
    /// 1 to 20 ids, each of them once.
    Resources(Vec<String>),
}

/// A pool.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct PoolInput {
    /// Its name.
    #[schemars(with = "String")]
    pool: PoolName,
    /// Its venue. Defaults to `main`.
    #[serde(default)]
    #[schemars(with = "String")]
    venue: VenueId,
}

impl AnyOfInput {
    /// What is named, if it is something and nothing twice.
    pub fn any_of(&self) -> Result<AnyOf, WireError> {
        let AnyOf::Resources(ids) = &self.0 else { return Ok(self.0.clone()) };
        let refuse = |message: &str, field: &str| Err(WireError::bad_request(message, Some(field)));
        if ids.is_empty() || ids.len() > AnyOf::MOST {
            return refuse(&format!("expected 1 to {} ids", AnyOf::MOST), "/anyOf");
        }
        let twice = |(index, id): &(usize, &ResourceId)| ids[..*index].contains(id);
        match ids.iter().enumerate().find(twice) {
            Some((index, _)) => refuse("this id is there already", &format!("/anyOf/{index}")),
            None => Ok(self.0.clone()),
        }
    }
}

impl<'de> Deserialize<'de> for AnyOfInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

/// Reads either form. What is read at once as "untagged" would not say which field is at fault.
struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = AnyOfInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool like {\"pool\":\"tables\"} or a list of ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnyOfInput, A::Error> {
        let PoolInput { pool, venue } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        Ok(AnyOfInput(AnyOf::Pool(Pool { venue, name: pool })))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<AnyOfInput, A::Error> {
        let ids = Deserialize::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(AnyOfInput(AnyOf::Resources(ids)))
    }
}
