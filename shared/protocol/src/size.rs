//! How much JSON fits a frame.

use serde::Serialize;
use std::io::{self, Write};

/// No inbound frame is larger, in bytes: API Gateway's limit for one frame, and ours for one body.
pub const MAX_INBOUND: usize = 32 * 1024;
/// No outbound frame is larger than this, in bytes: API Gateway's limit for one message.
pub const MAX_OUTBOUND: usize = 128 * 1024;

/// Counts what is written, and keeps nothing of it.
struct Bytes(usize);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The size of a value as JSON, in bytes.
pub(crate) fn of<T: Serialize>(value: &T) -> Result<usize, serde_json::Error> {
    let mut size = Bytes(0);
    serde_json::to_writer(&mut size, value)?;
    Ok(size.0)
}

/// Takes entries from the front: as many as fit this many bytes as a JSON list, but at least one
/// where there is one.
pub fn take_fitting<T: Serialize>(
    entries: &mut Vec<T>,
    room: usize,
) -> Result<Vec<T>, serde_json::Error> {
    let (mut count, mut size) = (0, "[]".len());
    for entry in entries.iter() {
        size += of(entry)? + usize::from(count > 0);
        if size > room && count > 0 {
            break;
        }
        count += 1;
    }
    let rest = entries.split_off(count);
    Ok(std::mem::replace(entries, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_fits_and_at_least_one() {
        let taken = |mut entries: Vec<&str>, room| {
            let taken = take_fitting(&mut entries, room).unwrap();
            (taken.len(), entries.len())
        };
        // ["a","b"] has nine bytes.
        assert_eq!(taken(vec!["a", "b"], 9), (2, 0));
        assert_eq!(taken(vec!["a", "b"], 8), (1, 1));
        assert_eq!(taken(vec!["a", "b"], 0), (1, 1));
        assert_eq!(taken(vec![], 0), (0, 0));
    }
}
