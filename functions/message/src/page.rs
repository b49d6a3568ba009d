//! Lists that fit a frame.

use crate::failure::Failure;
use domain::Status;
use protocol::MAX_OUTBOUND;
use serde::Serialize;
use store::cursor::List;

/// Which page of which list.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The list.
    pub list: List,
    /// From the page before.
    pub cursor: Option<&'a str>,
    /// Entries at most.
    pub limit: u32,
    /// Only bookings of this status.
    pub status: Option<Status>,
}

impl Wanted<'_> {
    /// The place to go on from, as `parse` reads it.
    pub fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let place = self.list.place(cursor)?;
        Ok(Some(parse(&place).ok_or(store::Error::BadCursor)?))
    }

    /// Entries at most.
    pub fn most(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// What is left of a frame for a list beside the envelope: the request's own `id` comes back in
/// it, and that may be nearly as large as an inbound frame.
const ROOM: usize = MAX_OUTBOUND - 40 * 1024;

/// As many of the entries as fit, and whether any had to go.
pub fn fit<T: Serialize>(mut entries: Vec<T>) -> Result<(Vec<T>, bool), Failure> {
    let mut size = 0;
    for place in 0..entries.len() {
        size += serde_json::to_string(&entries[place])?.len() + 1;
        if size > ROOM && place > 0 {
            entries.truncate(place);
            return Ok((entries, true));
        }
    }
    Ok((entries, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits_and_at_least_one() {
        let entry = "x".repeat(ROOM / 3);
        let (kept, cut) = fit(vec![entry.clone(); 4]).unwrap();
        assert_eq!((kept.len(), cut), (2, true));
        assert_eq!(fit(vec![entry.repeat(4)]).unwrap().0.len(), 1);
        assert!(!fit(vec![entry; 2]).unwrap().1);
    }
}
