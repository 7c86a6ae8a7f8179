//! The file of a SQLite queue: made, recognised, watched.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, MAIN_DB, OpenFlags, TransactionBehavior};

use super::error::from_sqlite;
use crate::error::Error;

/// Marks a database as ours: the letters `socq` as a number.
const APPLICATION_ID: i32 = 0x736f_6371;
/// The version of [`SCHEMA`].
const SCHEMA_VERSION: i32 = 3;
const SCHEMA: &str = include_str!("schema.sql");
/// What makes of a file of one version one of the next, beginning with version 1.
const MIGRATIONS: [&str; SCHEMA_VERSION as usize - 1] = [
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
];
/// A write-ahead log longer than this is cut after a checkpoint.
const KEEP_LOG_BYTES: u64 = 16 << 20;

/// Where the database is, and which file it was when it was opened.
#[derive(Debug)]
pub(super) struct QueueFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What tells a file from another of the same name: device and inode.
type Identity = (u64, u64);

impl QueueFile {
    /// Opens the database at `path`, an absolute path, and makes it when there is none.
    pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<(Self, Connection), Error> {
        let mut file = Self {
            path: path.to_owned(),
            identity: None,
        };
        file.check_place()?;
        let connection = file
            .connect(busy_timeout)
            .map_err(|error| file.sqlite_error(error))?;
        if is_read_only(&connection).map_err(|error| file.sqlite_error(error))? {
            return Err(file.denied("the file cannot be written; change its permissions"));
        }
        // Before anything is written: the file may belong to somebody else.
        if file.contents_at_once(&connection)? != Contents::Queue {
            file.bring_up_to_date(&connection)?;
        }
        file.configure(&connection)?;
        file.identity = identity(path).ok().flatten();
        Ok((file, connection))
    }

    /// The name of the queue for logs and errors.
    pub(super) fn name(&self) -> String {
        name_of(&self.path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes the database and what belongs to it; says whether it was there.
    pub(super) fn delete(&self) -> Result<bool, Error> {
        // The database last: a log that is left would be taken for that of a new one.
        for suffix in ["-wal", "-shm"] {
            let mut beside = self.path.clone().into_os_string();
            beside.push(suffix);
            self.remove(Path::new(&beside))?;
        }
        self.remove(&self.path)
    }

    fn remove(&self, path: &Path) -> Result<bool, Error> {
        match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.denied(&format!("cannot delete {}: {error}", path.display()))),
        }
    }

    /// What an error of SQLite means for this file.
    pub(super) fn sqlite_error(&self, error: rusqlite::Error) -> Error {
        from_sqlite(&self.name(), error)
    }

    /// Whether the file that is open is still the one at its path. Messages written to a deleted
    /// file would be gone with the last process that has it open.
    pub(super) fn check_in_place(&self) -> Result<(), Error> {
        if self.identity.is_none() || identity(&self.path).ok().flatten() == self.identity {
            return Ok(());
        }
        Err(Error::Unavailable {
            queue: self.name(),
            reason: "the file was deleted or replaced while it was open; restart this process"
                .to_owned(),
            retry_after: None,
            source: None,
        })
    }

    /// Empties the write-ahead log if it has become long.
    ///
    /// SQLite copies it into the database every 1000 pages, but can only start it anew at a moment
    /// when nobody reads, and many polling processes leave no such moment.
    pub(super) fn keep_log_short(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        if fs::metadata(log).is_ok_and(|log| log.len() > KEEP_LOG_BYTES) {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Tells apart what SQLite would all call "unable to open".
    fn check_place(&self) -> Result<(), Error> {
        match fs::metadata(&self.path) {
            Ok(found) if found.is_file() => Ok(()),
            Ok(found) => Err(self.wrong_format(if found.is_dir() {
                "it is a directory; name a file in it"
            } else {
                "it is no regular file; choose another file name"
            })),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(self.denied("a directory on the way cannot be entered; change its permissions"))
            }
            Err(_) => match self.path.parent() {
                Some(directory) if !directory.is_dir() => Err(Error::NotCreated {
                    queue: self.name(),
                    reason: format!(
                        "the directory {} does not exist; make it first",
                        directory.display()
                    ),
                }),
                _ => Ok(()),
            },
        }
    }

    fn connect(&self, busy_timeout: Duration) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(busy_timeout)?;
        Ok(connection)
    }

    /// [`QueueFile::contents`] as of one moment: another process may be making the tables just now.
    fn contents_at_once(&self, connection: &Connection) -> Result<Contents, Error> {
        let transaction =
            rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Deferred)
                .map_err(|error| self.sqlite_error(error))?;
        // Nothing is written, so it does not matter how the transaction ends.
        self.contents(&transaction)
    }

    /// Looks at what is in the file; a queue of ours, or nothing. Asks several times, so that it
    /// has to be inside a transaction.
    fn contents(&self, connection: &Connection) -> Result<Contents, Error> {
        let number = |sql| {
            connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))
                .map_err(|error| self.sqlite_error(error))
        };
        let application = number("PRAGMA application_id")?;
        let version = number("PRAGMA user_version")?;
        if application == i64::from(APPLICATION_ID) {
            return match migrations_from(version) {
                Some([]) => Ok(Contents::Queue),
                Some(missing) => Ok(Contents::OlderQueue(missing)),
                None => Err(self.wrong_format(&format!(
                    "it has version {version} and this program knows version {SCHEMA_VERSION}; use the version of socorro that made it, or another file"
                ))),
            };
        }
        if application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 {
            return Ok(Contents::Nothing);
        }
        Err(self.wrong_format(&format!(
            "it is the SQLite database of another program (application id {application:#x}); choose another file name"
        )))
    }

    /// Makes the tables or changes older ones, unless another process has been faster.
    fn bring_up_to_date(&self, connection: &Connection) -> Result<(), Error> {
        let in_words = |error| self.sqlite_error(error);
        let transaction =
            rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
                .map_err(in_words)?;
        let statements = match self.contents(&transaction)? {
            Contents::Queue => &[],
            Contents::Nothing => &[SCHEMA][..],
            Contents::OlderQueue(missing) => missing,
        };
        for statements in statements {
            transaction.execute_batch(statements).map_err(in_words)?;
        }
        for (pragma, value) in [
            ("application_id", APPLICATION_ID),
            ("user_version", SCHEMA_VERSION),
        ] {
            transaction
                .pragma_update(None, pragma, value)
                .map_err(in_words)?;
        }
        transaction.commit().map_err(in_words)
    }

    /// Sets what holds for this connection only, and the journal mode.
    fn configure(&self, connection: &Connection) -> Result<(), Error> {
        let in_words = |error| self.sqlite_error(error);
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(in_words)?;
        if mode != "wal" {
            return Err(self.wrong_format(
                "its file system cannot share memory between processes; put it on a local disk",
            ));
        }
        // FULL: a commit is on disk when the call returns, also after a power cut.
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(in_words)?;
        connection
            .query_row(
                &format!("PRAGMA journal_size_limit = {KEEP_LOG_BYTES}"),
                [],
                |_| Ok(()),
            )
            .map_err(in_words)
    }

    fn wrong_format(&self, reason: &str) -> Error {
        Error::WrongFormat {
            queue: self.name(),
            reason: reason.to_owned(),
            source: None,
        }
    }

    fn denied(&self, reason: &str) -> Error {
        Error::Denied {
            queue: self.name(),
            reason: reason.to_owned(),
            source: None,
        }
    }
}

/// The name of the queue at `path`, an absolute path, for logs and errors: a URL that opens it.
pub(super) fn name_of(path: &Path) -> String {
    match url::Url::from_file_path(path) {
        Ok(file_url) => format!("sqlite://{}", file_url.path()),
        Err(()) => format!("sqlite:{}", path.display()),
    }
}

/// What is in a database that is none of somebody else's.
#[derive(Debug, PartialEq, Eq)]
enum Contents {
    Nothing,
    Queue,
    /// A queue that lacks these changes.
    OlderQueue(&'static [&'static str]),
}

/// The changes that a queue of this version lacks; `None` for a version that we do not know.
fn migrations_from(version: i64) -> Option<&'static [&'static str]> {
    let done = usize::try_from(version).ok()?.checked_sub(1)?;
    MIGRATIONS.get(done..)
}

/// SQLite opens a file that cannot be written for reading, without a word.
fn is_read_only(connection: &Connection) -> rusqlite::Result<bool> {
    connection.is_readonly(MAIN_DB)
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|found| Some((found.dev(), found.ino())))
}

/// Elsewhere an open file cannot be deleted or replaced.
#[cfg(not(unix))]
fn identity(_path: &Path) -> io::Result<Option<Identity>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_can_only_read_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queue.sqlite");
        let (_, writable) = QueueFile::open(&path, Duration::ZERO).unwrap();
        assert!(!is_read_only(&writable).unwrap());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let read_only = Connection::open_with_flags(&path, flags).unwrap();
        assert!(is_read_only(&read_only).unwrap());
    }

    /// The tables as version 1 made them.
    const VERSION_1: &str = "
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            lane TEXT NOT NULL CHECK (lane IN ('standard', 'priority', 'reprocessing')),
            body BLOB NOT NULL,
            published_at_ms INTEGER NOT NULL,
            first_received_at_ms INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            due_at_ms INTEGER NOT NULL,
            leased INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX messages_by_due ON messages (lane, due_at_ms, id);
        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY,
            lane TEXT NOT NULL CHECK (lane IN ('standard', 'priority', 'reprocessing')),
            body BLOB NOT NULL,
            reason TEXT NOT NULL,
            last_error TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            published_at_ms INTEGER NOT NULL,
            first_received_at_ms INTEGER NOT NULL,
            dead_lettered_at_ms INTEGER NOT NULL,
            host TEXT NOT NULL
        ) STRICT;
        PRAGMA application_id = 0x736f6371;
        PRAGMA user_version = 1;";

    /// Name, type, nullability and default of all columns, whatever their place.
    fn columns(connection: &Connection) -> Vec<String> {
        let sql = "SELECT t.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\"
                || ' ' || coalesce(c.dflt_value, '')
            FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn a_file_of_version_1_becomes_one_of_today_and_keeps_its_messages() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queue.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(VERSION_1).unwrap();
        old.execute_batch(
            "INSERT INTO messages (lane, body, published_at_ms, attempts, due_at_ms)
                 VALUES ('priority', x'61', 1, 7, 2);
             INSERT INTO dead_letters VALUES (9, 'standard', x'62', 'r', 'e', 3, 1, 2, 3, 'h');",
        )
        .unwrap();

        let (_, migrated) = QueueFile::open(&path, Duration::ZERO).unwrap();
        let kept: (i64, i64, i64) = migrated
            .query_row(
                "SELECT m.attempts, m.failures, d.attempts FROM messages m, dead_letters d",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(kept, (7, 0, 3));
        let fresh = directory.path().join("fresh.sqlite");
        let (_, fresh) = QueueFile::open(&fresh, Duration::ZERO).unwrap();
        assert_eq!(columns(&migrated), columns(&fresh));
        // Opening it once more changes nothing.
        QueueFile::open(&path, Duration::ZERO).unwrap();
    }

    #[test]
    fn every_commit_reaches_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queue.sqlite");
        let (_, connection) = QueueFile::open(&path, Duration::ZERO).unwrap();
        let pragma = |name: &str| -> String {
            let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
    }

    #[test]
    fn a_long_log_is_emptied() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queue.sqlite");
        let (file, connection) = QueueFile::open(&path, Duration::ZERO).unwrap();
        // Somebody reads all the time, so that the log can only grow.
        let (_, reader) = QueueFile::open(&path, Duration::ZERO).unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM messages")
            .unwrap();
        for _ in 0..3 {
            connection
                .execute(
                    "INSERT INTO messages (lane, body, published_at_ms, due_at_ms)
                     VALUES ('standard', zeroblob(8000000), 0, 0)",
                    [],
                )
                .unwrap();
        }
        let log = directory.path().join("queue.sqlite-wal");
        assert!(fs::metadata(&log).unwrap().len() > KEEP_LOG_BYTES);

        reader.execute_batch("COMMIT").unwrap();
        file.keep_log_short(&connection).unwrap();
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    }
}
