//! What front ends keep with a booking or a resource: a flat map of texts, numbers and booleans.

use crate::ids::{Malformed, fingerprint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// The most keys of a map.
const MAX_KEYS: usize = 16;
/// The most bytes of a map: the keys and the texts in UTF-8, numbers and booleans as JSON writes
/// them. What JSON adds to structure them is not counted.
const MAX_BYTES: usize = 1024;

/// A flat map, at most 16 keys and 1 KiB.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Detail>", into = "BTreeMap<String, Detail>")]
pub struct Details(BTreeMap<String, Detail>);

/// A value of the map.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, a number or a boolean")]
pub enum Detail {
    /// As in `true`.
    Flag(bool),
    /// As in `7`: what fits 64 bits.
    Whole(i64),
    /// As in `7.5`.
    Real(Real),
    /// As in `"seven"`.
    Text(String),
}

/// A number that is not whole, or too large for 64 bits: a double, never infinite nor `NaN`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Real(f64);

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Real {}

impl Hash for Real {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl Detail {
    /// The value as text, and a letter for what it is: `"7"` is not `7`.
    fn written(&self) -> (&'static str, String) {
        match self {
            Self::Flag(flag) => ("b", flag.to_string()),
            Self::Whole(number) => ("n", number.to_string()),
            // As short as JSON: 1e300, not 301 digits.
            Self::Real(Real(number)) => ("n", format!("{number:?}")),
            Self::Text(text) => ("t", text.clone()),
        }
    }
}

impl Details {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells this map from any other, in few bytes.
    pub fn fingerprint(&self) -> String {
        let entries = self.0.iter().flat_map(|(key, value)| {
            let (kind, written) = value.written();
            [key.clone(), kind.to_owned(), written]
        });
        let texts: Vec<String> = entries.collect();
        fingerprint(texts.iter().map(String::as_str))
    }
}

impl TryFrom<BTreeMap<String, Detail>> for Details {
    type Error = Malformed;
    fn try_from(map: BTreeMap<String, Detail>) -> Result<Self, Malformed> {
        let bytes = map.iter().map(|(key, value)| key.len() + value.written().1.len());
        if map.len() > MAX_KEYS || bytes.sum::<usize>() > MAX_BYTES {
            return Err(Malformed("at most 16 keys, and 1024 bytes of keys and values together"));
        }
        Ok(Self(map))
    }
}

impl From<Details> for BTreeMap<String, Detail> {
    fn from(details: Details) -> Self {
        details.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: impl IntoIterator<Item = (String, Detail)>) -> Result<Details, Malformed> {
        Details::try_from(entries.into_iter().collect::<BTreeMap<_, _>>())
    }

    fn text(text: &str) -> Detail {
        Detail::Text(text.to_owned())
    }

    #[test]
    fn keys_and_bytes_are_bounded() {
        let keys = |count: usize| map((0..count).map(|n| (format!("k{n}"), Detail::Flag(true))));
        assert!(keys(0).unwrap().is_empty());
        assert!(keys(16).is_ok() && keys(17).is_err());
        let bytes = |count: usize| map([("k".to_owned(), text(&"x".repeat(count)))]);
        assert!(bytes(1023).is_ok() && bytes(1024).is_err());
        // In bytes, not characters; and whatever the value is.
        assert!(map([("k".to_owned(), text(&"é".repeat(512)))]).is_err());
        assert!(map([("x".repeat(1020), Detail::Flag(true))]).is_ok());
        assert!(map([("x".repeat(1020), Detail::Whole(-1000))]).is_err());
        assert!(map([("x".repeat(1019), Detail::Real(Real(1e300)))]).is_ok());
    }

    #[test]
    fn other_maps_have_other_fingerprints() {
        let of = |entries: &[(&str, Detail)]| {
            let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            map(entries).unwrap().fingerprint()
        };
        let maps = [
            of(&[]),
            of(&[("a", text("7"))]),
            of(&[("a", Detail::Whole(7))]),
            of(&[("a", Detail::Real(Real(7.5)))]),
            of(&[("a", Detail::Flag(true))]),
            of(&[("a", text("true"))]),
            of(&[("a", text("")), ("b", text(""))]),
            of(&[("a", text("b"))]),
        ];
        for (index, one) in maps.iter().enumerate() {
            assert!(maps[..index].iter().all(|other| other != one), "{index}");
        }
    }
}
