//! Records of the bookings table's stream.

use super::Change;

/// A record of something that somebody may watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What was written.
    pub new: Change,
    /// What was there before.
    pub old: OldImage,
}

/// What was there before a write.
#[derive(Debug, Clone, PartialEq)]
pub enum OldImage {
    /// Nothing.
    Absent,
    /// This.
    Read(Box<Change>),
    /// Something that cannot be read, because a newer or a broken release wrote it.
    Unreadable,
}

impl OldImage {
    /// What it tells of, as far as that is known.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Read(change) => Some(change),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl From<Change> for Record {
    /// A record of something that was not there before.
    fn from(new: Change) -> Self {
        Self { new, old: OldImage::Absent }
    }
}
