//! Whether a database file can be used, before it is.

use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file of the folder that cannot be used. The message is one line that says what to do.
#[derive(Debug, Error)]
#[error(
    "cannot use the database file {file}: {fault}; restore the data folder from a backup, or start \
     with another --data folder"
)]
pub struct DamagedFile {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a database file.
#[derive(Debug, Error)]
pub enum Fault {
    /// The system does not let it be read and written.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is no database, or its beginning is damaged.
    #[error(transparent)]
    NoDatabase(#[from] rusqlite::Error),
    /// It is a database, with a damaged part.
    #[error("its content is damaged")]
    Content,
    /// It was there when the folder was last used.
    #[error("it is missing or empty, but the folder has been used before")]
    Missing,
}

/// What is in a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: it will be made.
    Nothing,
    /// Tables.
    Tables,
}

/// Looks at a file that no one has open, and reads it once from end to end.
pub(crate) fn content(file: &Path) -> Result<Content, DamagedFile> {
    look(file).map_err(|fault| DamagedFile { file: file.to_owned(), fault })
}

fn look(file: &Path) -> Result<Content, Fault> {
    // SQLite says of all that the system refuses that it cannot open the file.
    match OpenOptions::new().read(true).write(true).open(file) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Nothing),
        Err(error) => return Err(error.into()),
    }
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let count = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";
    if connection.query_row(count, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Content::Nothing);
    }
    let checked: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if checked == "ok" { Ok(Content::Tables) } else { Err(Fault::Content) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

    fn database(folder: &Path) -> PathBuf {
        let file = folder.join("tables.sqlite3");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("CREATE TABLE a (b); CREATE INDEX c ON a (b); BEGIN").unwrap();
        for number in 0..2_000 {
            connection.execute("INSERT INTO a VALUES (?1)", [format!("{number:090}")]).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        file
    }

    fn fault(file: &Path) -> String {
        let message = content(file).unwrap_err().to_string();
        assert!(
            message.contains(file.to_str().unwrap()) && message.contains("--data"),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    #[test]
    fn whole_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.sqlite3");
        assert_eq!(content(&file).unwrap(), Content::Nothing);
        assert!(!file.exists());
        std::fs::write(&file, "").unwrap();
        assert_eq!(content(&file).unwrap(), Content::Nothing);
        assert_eq!(content(&database(folder.path())).unwrap(), Content::Tables);
    }

    #[test]
    fn damaged_files() {
        let folder = tempfile::tempdir().unwrap();
        let garbage = folder.path().join("garbage.sqlite3");
        std::fs::write(&garbage, "not a database at all ".repeat(400)).unwrap();
        assert!(fault(&garbage).contains("not a database"));

        let file = database(folder.path());
        let length = std::fs::metadata(&file).unwrap().len();
        let handle = OpenOptions::new().write(true).open(&file).unwrap();
        handle.write_all_at(&[0xaa; 4096], length / 2 / 4096 * 4096).unwrap();
        assert!(fault(&file).contains("damaged"));
        for left in [length / 2, 5_000, 100] {
            handle.set_len(left).unwrap();
            fault(&file);
        }

        let folder_instead = folder.path().join("folder.sqlite3");
        std::fs::create_dir(&folder_instead).unwrap();
        assert!(fault(&folder_instead).contains("directory"));
    }

    #[test]
    fn files_that_the_system_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let file = database(folder.path());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).unwrap();
        // The superuser is refused nothing.
        if !rustix::process::geteuid().is_root() {
            assert!(fault(&file).contains("Permission denied"));
        }
    }
}
