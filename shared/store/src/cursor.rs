//! Where the next page starts.
//!
//! A cursor holds a position within a list, never which list: partitions always come from the request
//! and the caller's identity, so that no cursor, however made, leads into somebody else's data. A
//! check sum over both tells a cursor that this list did not give out.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const SUM: usize = 8;

/// A cursor that this list did not give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this list gave out")]
pub struct BadCursor;

/// Names a list: what is asked for, in whose name, with which filter.
#[derive(Debug, Clone)]
pub struct ListName(String);

impl ListName {
    /// The list of these parts.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        // Each part with its length before it, so that no two lists have one name.
        let name = |name: String, part: &str| name + &part.len().to_string() + ":" + part;
        Self(parts.into_iter().fold(String::new(), name))
    }

    /// A cursor to the entry after this position.
    pub fn cursor(&self, position: &str) -> String {
        let bytes = [&self.sum(position)[..], position.as_bytes()].concat();
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a cursor of this list leads to.
    pub fn position(&self, cursor: &str) -> Result<String, BadCursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
        let (sum, position) = bytes.split_at_checked(SUM).ok_or(BadCursor)?;
        let position = std::str::from_utf8(position).map_err(|_| BadCursor)?;
        if self.sum(position) == sum { Ok(position.to_owned()) } else { Err(BadCursor) }
    }

    fn sum(&self, position: &str) -> [u8; SUM] {
        let hash = digest(&SHA256, format!("{}{position}", self.0).as_bytes());
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
        let mine = ListName::new(["list", "alice"]);
        let cursor = mine.cursor("B#1");
        assert_eq!(mine.position(&cursor).unwrap(), "B#1");
        assert!(ListName::new(["list", "bob"]).position(&cursor).is_err());
        assert!(ListName::new(["lista", "lice"]).position(&cursor).is_err());
        for forged in ["", "x", "AAAAAAAAAAAA", &format!("{cursor}A"), &cursor[1..], "é"] {
            assert!(mine.position(forged).is_err(), "{forged}");
        }
    }
}
