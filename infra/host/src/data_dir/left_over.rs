//! What hosts leave in the temporary folder when they are killed.

use super::{BUCKETS, JOURNAL, LOCK, PREFIX, TABLES, TEMPORARY};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How many characters the folder's name has after the prefix.
const RANDOM: usize = 6;

/// Removes temporary folders of hosts that are gone.
///
/// Only what is certainly one of them: a folder of ours by name, owner and content, marked as
/// temporary, that no host has locked. Nothing else is touched, and no link is followed.
pub fn sweep(temporary: &Path) {
    let Ok(entries) = temporary.read_dir() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(is_our_name) {
            continue;
        }
        let folder = entry.path();
        match left_over(&folder) {
            Ok(Some(lock)) => match std::fs::remove_dir_all(&folder) {
                Ok(()) => tracing::debug!(?folder, "removed what a killed host left"),
                Err(error) => {
                    tracing::warn!(?folder, %error, "cannot remove what a killed host left");
                    drop(lock);
                }
            },
            Ok(None) => {}
            // Another host may be ending, or sweeping, at this moment.
            Err(error) => tracing::debug!(?folder, %error, "cannot look at a folder"),
        }
    }
}

fn is_our_name(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The folder's lock, if it is one that a host left.
fn left_over(folder: &Path) -> io::Result<Option<File>> {
    let itself = folder.symlink_metadata()?;
    if !itself.is_dir() || itself.uid() != rustix::process::geteuid().as_raw() {
        return Ok(None);
    }
    let (mut marked, mut locked) = (false, false);
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { return Ok(None) };
        let kind = entry.file_type()?;
        if kind.is_dir() && name == BUCKETS {
            continue;
        }
        if !kind.is_file() || !is_our_file(name) {
            return Ok(None);
        }
        marked |= name == TEMPORARY;
        locked |= name == LOCK;
    }
    if !marked || !locked {
        return Ok(None);
    }
    let lock = OpenOptions::new().write(true).open(folder.join(LOCK))?;
    // An owner that lives holds it since before the folder was marked.
    Ok(lock.try_lock().is_ok().then_some(lock))
}

fn is_our_file(name: &str) -> bool {
    let database = |of: &str| {
        let rest = name.strip_prefix(of);
        rest.is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm" | "-journal"))
    };
    name == LOCK || name == TEMPORARY || database(TABLES) || database(JOURNAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A folder as a killed host leaves it, with this name.
    fn left(parent: &Path, name: &str) -> PathBuf {
        let folder = parent.join(name);
        std::fs::create_dir(&folder).unwrap();
        for file in [LOCK, TEMPORARY, TABLES, "tables.sqlite3-wal", JOURNAL] {
            std::fs::write(folder.join(file), "x").unwrap();
        }
        std::fs::create_dir_all(folder.join(BUCKETS).join("backup/2027")).unwrap();
        folder
    }

    #[test]
    fn what_a_killed_host_left_goes() {
        let parent = tempfile::tempdir().unwrap();
        let folder = left(parent.path(), "booking-gateway-aB3xY9");
        sweep(parent.path());
        assert!(!folder.exists());
        sweep(&parent.path().join("nowhere"));
    }

    #[test]
    fn all_else_stays() {
        let parent = tempfile::tempdir().unwrap();
        let stays = |name: &str, change: &dyn Fn(&Path)| {
            let folder = left(parent.path(), name);
            change(&folder);
            sweep(parent.path());
            assert!(folder.join(LOCK).exists(), "{name}");
            std::fs::remove_dir_all(folder).unwrap();
        };
        let nothing = |_: &Path| {};
        for name in
            ["booking-gateway", "booking-gateway-data", "other-aB3xY9", "booking-gateway-a b3xY"]
        {
            stays(name, &nothing);
        }
        let name = "booking-gateway-aB3xY9";
        stays(name, &|folder| std::fs::remove_file(folder.join(TEMPORARY)).unwrap());
        stays(name, &|folder| std::fs::write(folder.join("issuer.pem"), "key").unwrap());
        stays(name, &|folder| std::fs::write(folder.join("letter.txt"), "dear").unwrap());
        stays(name, &|folder| std::fs::create_dir(folder.join("tables.sqlite3-shm")).unwrap());
        stays(name, &|folder| {
            std::os::unix::fs::symlink("/etc/hosts", folder.join("host.sqlite3-wal")).unwrap();
        });

        stays(name, &|folder| {
            std::fs::remove_dir_all(folder.join(BUCKETS)).unwrap();
            std::os::unix::fs::symlink("/etc", folder.join(BUCKETS)).unwrap();
        });

        let locked = left(parent.path(), name);
        let lock = File::create(locked.join(LOCK)).unwrap();
        lock.lock().unwrap();
        sweep(parent.path());
        assert!(locked.exists());
        drop(lock);

        let elsewhere = tempfile::tempdir().unwrap();
        let target = left(elsewhere.path(), "booking-gateway-target");
        std::os::unix::fs::symlink(&target, parent.path().join("booking-gateway-linked")).unwrap();
        sweep(parent.path());
        assert!(target.exists() && !locked.exists());
    }
}
