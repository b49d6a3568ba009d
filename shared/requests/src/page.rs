//! Lists that fit a frame.

use crate::failure::Failure;
use domain::Status;
use protocol::size::{MAX_OUTBOUND, take_fitting};
use serde::Serialize;
use store::cursor::{BadCursor, ListName};

/// Which page of which list.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The list.
    pub list: ListName,
    /// From the page before.
    pub cursor: Option<&'a str>,
    /// Entries at most.
    pub limit: u32,
    /// Only bookings of this status.
    pub status: Option<Status>,
}

impl Wanted<'_> {
    /// The position to go on from, as `parse` reads it.
    pub fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let position = self.list.position(cursor)?;
        Ok(Some(parse(&position).ok_or(BadCursor)?))
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
    let kept = take_fitting(&mut entries, ROOM)?;
    Ok((kept, !entries.is_empty()))
}
