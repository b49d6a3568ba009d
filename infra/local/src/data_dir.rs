//! The folder in which everything lies that the host writes.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

pub use crate::journal::Connections;

/// The folder of one run. It is removed at the end unless it was asked for by name.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Held for as long as the host runs, so that no second one uses the folder.
    _lock: File,
    temporary: Option<TempDir>,
}

/// Why a folder cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// The system refuses.
    #[error("cannot use the data folder {path}: {source}")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another host has it open.
    #[error(
        "the data folder {0} is in use by another running host: stop that one or name another folder"
    )]
    Locked(PathBuf),
}

impl DataDir {
    /// Opens a folder, which is made if it is not there, and keeps it at the end.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock, temporary: None }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Makes a folder for this run alone.
    pub fn temporary() -> Result<Self, DataDirError> {
        let folder = tempfile::Builder::new()
            .prefix("booking-gateway-")
            .tempdir()
            .map_err(|source| DataDirError::Unusable { path: std::env::temp_dir(), source })?;
        let mut opened = Self::open(folder.path())?;
        opened.temporary = Some(folder);
        Ok(opened)
    }

    /// Whether the folder outlives the run, so that what is in it has to survive a crash.
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// The file of the tables.
    pub fn tables(&self) -> PathBuf {
        self.path.join("tables.sqlite3")
    }

    /// The file of what the host itself has to remember.
    pub fn journal(&self) -> PathBuf {
        self.path.join("host.sqlite3")
    }

    /// The file of the development issuer's key, if it is to be kept.
    pub fn issuer_key(&self) -> Option<PathBuf> {
        self.is_kept().then(|| self.path.join("issuer.pem"))
    }
}
