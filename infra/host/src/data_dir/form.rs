//! In which form a kept folder's items are: a number, in a file beside them.
//!
//! Keys and indexes of a table are in the template, and a folder with others is refused for that.
//! How the items are written is nowhere but in the code: a release that writes them so that the one
//! before could not read them, or the other way round, counts [`FORM`] up.

use super::{Content, DataDir, write_whole};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The form of what this release reads and writes.
///
/// | form | since |
/// |---|---|
/// | 1 | 0.1.0, without a file that says so |
/// | 2 | after 0.1.0: expiry buckets in slots, pointers instead of indexes |
/// | 3 | after 0.1.0: the places of what is pending are in expiry buckets too |
/// | 4 | after 0.1.0: openings over midnight, dates, closures, slots of any length |
/// | 5 | after 0.1.0: bookings of several resources, and those that wait in line |
pub const FORM: u32 = 5;

const FILE: &str = "form";

/// Why a folder's tables cannot be used as they are.
#[derive(Debug, Error)]
pub enum FormError {
    /// Another release wrote them.
    #[error(
        "the data folder {folder} was written by {} release (form {found}, and this one uses form \
         {FORM}): start with another --data folder, or use that release",
        if *.found < FORM { "an earlier" } else { "a later" }
    )]
    Other {
        /// The folder.
        folder: PathBuf,
        /// The form that its items have.
        found: u32,
    },
    /// The file does not say in which form they are.
    #[error(
        "cannot tell by which release the data folder {folder} was written: {} holds no number; \
         restore the folder from a backup, or start with another --data folder",
        folder.join(FILE).display()
    )]
    Unknown {
        /// The folder.
        folder: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot use the file {}: {source}", folder.join(FILE).display())]
    File {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataDir {
    /// Makes sure that what is in the tables' file has this release's form. A folder without tables
    /// gets the mark of it.
    pub(crate) fn settle_form(&self, tables: Content) -> Result<(), FormError> {
        let folder = self.path().to_owned();
        match read(&folder)? {
            Some(FORM) => Ok(()),
            Some(found) => Err(FormError::Other { folder, found }),
            None if tables == Content::Tables => Err(FormError::Other { folder, found: 1 }),
            None => write_whole(&folder.join(FILE), &format!("{FORM}\n"))
                .map_err(|source| FormError::File { folder, source }),
        }
    }
}

fn read(folder: &Path) -> Result<Option<u32>, FormError> {
    match std::fs::read(folder.join(FILE)) {
        Ok(bytes) => {
            let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
            Ok(Some(number.ok_or_else(|| FormError::Unknown { folder: folder.to_owned() })?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FormError::File { folder: folder.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_form() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let refusal = |content| {
            let message = data.settle_form(content).unwrap_err().to_string();
            assert!(message.contains(folder.path().to_str().unwrap()), "{message}");
            assert!(message.contains("--data") && !message.contains('\n'), "{message}");
            message
        };
        assert!(refusal(Content::Tables).contains("an earlier release (form 1,"));
        data.settle_form(Content::Nothing).unwrap();
        data.settle_form(Content::Tables).unwrap();
        for (mark, expected) in
            [("1", "an earlier"), ("6\n", "a later"), ("", "no number"), ("two", "no number")]
        {
            std::fs::write(folder.path().join(FILE), mark).unwrap();
            assert!(refusal(Content::Tables).contains(expected), "{mark:?}");
            assert!(refusal(Content::Nothing).contains(expected), "{mark:?}");
        }
    }
}
