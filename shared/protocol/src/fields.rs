//! The values that fields take, checked where they enter.

use domain::{BookingId, Pool, ResourceId, VenueId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::fmt;

/// The client's name for a request: a string or an integer, sent back as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RequestId {
    /// As in `"id":"7"`.
    Text(String),
    /// As in `"id":7`.
    Number(i64),
}

/// An instant: RFC 3339 in UTC with `Z`, as `2027-01-11T09:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Instant(#[schemars(extend("format" = "date-time"), with = "String")] pub Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FORM: &str = "an instant in UTC like 2027-01-11T09:00:00Z";
        let text = String::deserialize(deserializer)?;
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 20
            && bytes.ends_with(b"Z")
            && bytes[..19].iter().zip(b"0000-00-00T00:00:00").all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                mark => byte == mark,
            });
        let parsed = shaped.then(|| text.parse().ok()).flatten();
        parsed.map(Self).ok_or_else(|| de::Error::custom(format_args!("expected {FORM}")))
    }
}

/// A booking as a request names it: any text, so that one that is no id of ours reads as a
/// booking that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct BookingRef(String);

impl BookingRef {
    /// The id, if the text can be one.
    pub fn id(&self) -> Option<BookingId> {
        BookingId::parse(&self.0).ok()
    }
}

/// A value that a field cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No topic is named so.
    #[error(
        "expected me, resource:{{id}}, pool:{{venue}}/{{pool}}, resource:{{id}}/bookings or \
         venue:{{id}}/bookings"
    )]
    Topic,
    /// A text is too short or too long.
    #[error("expected {min} to {max} characters")]
    Length {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// No date is written so.
    #[error("expected a date like 2027-12-25")]
    Date,
    /// Too many other resources, or one of them twice.
    #[error("expected at most 9 resources, each of them once")]
    Companions,
    /// A page is too short or too long.
    #[error("expected 1 to 100")]
    Limit,
}

/// A topic as a client names it: `me`, `resource:{id}`, `pool:{venue}/{pool}`, `resource:{id}/bookings`
/// or `venue:{id}/bookings`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub enum TopicName {
    /// The caller's own bookings.
    Me,
    /// A resource's availability.
    Resource(ResourceId),
    /// The availability of all resources of a pool.
    Pool(Pool),
    /// A resource's bookings, for its operators.
    ResourceBookings(ResourceId),
    /// The bookings of a venue's resources, for its operators.
    VenueBookings(VenueId),
}

impl TryFrom<String> for TopicName {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        if text == "me" {
            return Ok(Self::Me);
        }
        if let Some(rest) = text.strip_prefix("venue:") {
            let id = rest.strip_suffix("/bookings").ok_or(FieldError::Topic)?;
            return VenueId::parse(id).map(Self::VenueBookings).map_err(|_| FieldError::Topic);
        }
        if let Some(pool) = text.strip_prefix("pool:") {
            return Pool::parse(pool).map(Self::Pool).map_err(|_| FieldError::Topic);
        }
        let rest = text.strip_prefix("resource:").ok_or(FieldError::Topic)?;
        let (id, bookings) = match rest.strip_suffix("/bookings") {
            Some(id) => (id, true),
            None => (rest, false),
        };
        let id = ResourceId::parse(id).map_err(|_| FieldError::Topic)?;
        Ok(if bookings { Self::ResourceBookings(id) } else { Self::Resource(id) })
    }
}

impl From<TopicName> for String {
    fn from(topic: TopicName) -> Self {
        topic.to_string()
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Resource(id) => write!(f, "resource:{id}"),
            Self::Pool(pool) => write!(f, "pool:{pool}"),
            Self::ResourceBookings(id) => write!(f, "resource:{id}/bookings"),
            Self::VenueBookings(id) => write!(f, "venue:{id}/bookings"),
        }
    }
}

/// A text of a bounded length, in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> TryFrom<String> for Text<MIN, MAX> {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        if (MIN..=MAX).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(FieldError::Length { min: MIN, max: MAX })
        }
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

/// What operators keep with a booking.
pub type Note = Text<0, 500>;

/// A flat map of texts, numbers and booleans, as [`domain::Details`] takes it.
pub type DetailsMap = BTreeMap<String, DetailValue>;

/// A value of such a map.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum DetailValue {
    /// As in `"seven"`.
    Text(String),
    /// As in `7` or `7.5`.
    Number(f64),
    /// As in `true`.
    Flag(bool),
}

/// The most entries that a page has: 1 to 100. Defaults to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32", inline)]
pub struct Limit(u32);

impl Limit {
    /// The number itself.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = FieldError;
    fn try_from(number: u32) -> Result<Self, FieldError> {
        if (1..=100).contains(&number) { Ok(Self(number)) } else { Err(FieldError::Limit) }
    }
}
