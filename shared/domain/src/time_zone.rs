//! Time zones by name.

use crate::ids::Malformed;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};

/// A time zone of the IANA database, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// The zone of this name, as `Europe/Zurich` or `UTC`.
    pub fn parse(name: &str) -> Result<Self, Malformed> {
        let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(Self).ok_or(Malformed("a time zone of the IANA database, like Europe/Zurich"))
    }

    /// The rules of the zone.
    pub fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl Hash for TimeZoneName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iana_name().hash(state);
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = Malformed;
    fn try_from(name: String) -> Result<Self, Malformed> {
        Self::parse(&name)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0.iana_name().unwrap_or("UTC").to_owned()
    }
}
