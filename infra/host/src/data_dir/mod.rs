//! The folder in which everything lies that the host writes.

mod file;
mod form;
mod left_over;

pub(crate) use file::{Content, content};
pub use file::{DamagedFile, Fault};
pub use form::{FORM, FormError};
pub use left_over::sweep;

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};
use thiserror::Error;

/// What the names of temporary folders begin with.
const PREFIX: &str = "booking-gateway-";
/// Locked by the host that uses the folder.
const LOCK: &str = "lock";
/// Tells a temporary folder from one that somebody named and wants to keep. It is written once the
/// folder is locked: a folder that has it and is not locked has no owner any more.
const TEMPORARY: &str = "temporary";
const TABLES: &str = "tables.sqlite3";
const JOURNAL: &str = "host.sqlite3";
/// The folder of buckets.
const BUCKETS: &str = "buckets";

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
        // What customers book is nobody else's business, on this machine neither.
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = lock(path)?;
        // Whoever names what a killed host left wants to have it.
        match std::fs::remove_file(path.join(TEMPORARY)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error)),
            _ => Ok(Self { path: path.to_owned(), _lock: lock, temporary: None }),
        }
    }

    /// Makes a folder for this run alone.
    pub fn temporary() -> Result<Self, DataDirError> {
        let parent = std::env::temp_dir();
        let unusable = |source| DataDirError::Unusable { path: parent.clone(), source };
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(unusable)?;
        let path = folder.path().to_owned();
        let lock = lock(&path)?;
        File::create(path.join(TEMPORARY)).map_err(unusable)?;
        Ok(Self { path, _lock: lock, temporary: Some(folder) })
    }

    /// Whether the folder outlives the run, so that what is in it has to survive a crash.
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the tables.
    pub fn tables(&self) -> PathBuf {
        self.path.join(TABLES)
    }

    /// The file of what the host itself has to remember.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// The folder of buckets, which is made with the first file in it.
    pub fn buckets(&self) -> PathBuf {
        self.path.join(BUCKETS)
    }

    /// The file of the development issuer's key, if it is to be kept.
    pub fn issuer_key(&self) -> Option<PathBuf> {
        self.is_kept().then(|| self.path.join("issuer.pem"))
    }
}

/// Writes a file that nobody else may read, and never half of it: the name is given to a finished
/// file.
pub(crate) fn write_whole(file: &Path, content: &str) -> io::Result<()> {
    let mut unfinished = NamedTempFile::new_in(file.parent().unwrap_or(file))?;
    unfinished.write_all(content.as_bytes())?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(file)?;
    Ok(())
}

fn lock(path: &Path) -> Result<File, DataDirError> {
    let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
    let lock = File::create(path.join(LOCK)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DataDirError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}
