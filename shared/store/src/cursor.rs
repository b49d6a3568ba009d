//! Where the next page starts.
//!
//! A cursor holds a place within a list, never which list: partitions always come from the request
//! and the caller's identity, so that no cursor, however made, leads into somebody else's data. A
//! check sum over both tells a cursor that this list did not give out.

use crate::error::Error;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const SUM: usize = 8;

/// Names a list: what is asked for, in whose name, with which filter.
#[derive(Debug, Clone)]
pub struct List(String);

impl List {
    /// The list of these parts.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        // Each part with its length before it, so that no two lists have one name.
        let name = |name: String, part: &str| name + &part.len().to_string() + ":" + part;
        Self(parts.into_iter().fold(String::new(), name))
    }

    /// A cursor to the entry after this place.
    pub fn cursor(&self, place: &str) -> String {
        let bytes = [&self.sum(place)[..], place.as_bytes()].concat();
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of this list leads to.
    pub fn place(&self, cursor: &str) -> Result<String, Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
        let (sum, place) = bytes.split_at_checked(SUM).ok_or(Error::BadCursor)?;
        let place = std::str::from_utf8(place).map_err(|_| Error::BadCursor)?;
        if self.sum(place) == sum { Ok(place.to_owned()) } else { Err(Error::BadCursor) }
    }

    fn sum(&self, place: &str) -> [u8; SUM] {
        let hash = digest(&SHA256, format!("{}{place}", self.0).as_bytes());
        let mut sum = [0; SUM];
        sum.copy_from_slice(&hash.as_ref()[..SUM]);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let mine = List::new(["list", "alice"]);
        let cursor = mine.cursor("B#1");
        assert_eq!(mine.place(&cursor).unwrap(), "B#1");
        assert!(List::new(["list", "bob"]).place(&cursor).is_err());
        assert!(List::new(["lista", "lice"]).place(&cursor).is_err());
        for forged in ["", "x", "AAAAAAAAAAAA", &format!("{cursor}A"), &cursor[1..], "é"] {
            assert!(mine.place(forged).is_err(), "{forged}");
        }
    }
}
