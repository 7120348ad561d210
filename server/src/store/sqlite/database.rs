//! One SQLite file: a writer connection, and reader connections that see the last commit.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::feed::Feed;
use super::migrate::{Migration, migrate};
use crate::store::{Clock, Result};

/// Reader connections that are kept open; more are opened when more threads read at once. Opening one costs many times
/// what reading costs.
const MAX_IDLE_READERS: usize = 16;
/// Memory for pages of a connection, in KiB; what is read again is in the system's cache.
const PAGE_CACHE: i64 = 1024;
/// Statements that a connection keeps prepared.
const STATEMENT_CACHE: usize = 128;
/// How long one connection waits for another: only checkpoints ever hold each other up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A database, in a file or in memory.
pub(super) struct Database {
    /// `None`: in memory, where readers use the writer's connection.
    path: Option<PathBuf>,
    /// Before the writer, since fields are dropped in their order: the last connection to close moves the
    /// write-ahead log into the database, which one that only reads cannot.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
}

impl Database {
    /// Opens or creates a database with this schema.
    ///
    /// # Errors
    /// When it cannot be opened, or its schema is not ours.
    pub(super) fn open(path: Option<&Path>, migrations: &[Migration], clock: Clock) -> Result<Self> {
        let mut writer = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        configure(&writer)?;
        if path.is_some() {
            // Readers do not wait for the writer, and a commit has reached the disk when it returns.
            writer.pragma_update(None, "journal_mode", "WAL")?;
            writer.pragma_update(None, "synchronous", "FULL")?;
        }
        migrate(&mut writer, migrations, clock)?;
        Ok(Self { path: path.map(Path::to_path_buf), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Reads in one snapshot.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        match &self.path {
            None => read(&self.writer()),
            Some(path) => self.read_file(path, |_| Ok(()), |connection, ()| read(connection)),
        }
    }

    /// Reads in one snapshot, which is that of a commit of this feed.
    pub(super) fn read_commit<T>(&self, feed: &Feed, read: impl FnOnce(&Connection, u64) -> Result<T>) -> Result<T> {
        let begin = |connection: &Connection| {
            let _held = feed.hold();
            // A snapshot begins with the first read.
            connection.prepare_cached("SELECT 1 FROM migration LIMIT 1")?.exists([])?;
            Ok(feed.commits())
        };
        match &self.path {
            None => {
                let writer = self.writer();
                let commit = feed.commits();
                read(&writer, commit)
            }
            Some(path) => self.read_file(path, begin, read),
        }
    }

    fn read_file<B, T>(
        &self,
        path: &Path,
        begin: impl FnOnce(&Connection) -> Result<B>,
        read: impl FnOnce(&Connection, B) -> Result<T>,
    ) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(path)?,
        };
        let result = {
            // A connection that is not given back below is closed, and its snapshot with it.
            connection.prepare_cached("BEGIN")?.execute([])?;
            let result = begin(&connection).and_then(|begun| read(&connection, begun));
            connection.prepare_cached("COMMIT")?.execute([])?;
            result
        };
        let mut readers = lock(&self.readers);
        if readers.len() < MAX_IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    /// Writes all of what `write` writes, or nothing when it fails.
    pub(super) fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        transact(&mut self.writer(), write)
    }

    /// The connection that writes, until the guard is dropped.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        lock(&self.writer)
    }
}

/// One transaction, committed when `write` succeeds.
pub(super) fn transact<T>(connection: &mut Connection, write: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = write(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// A panic while a lock was held left nothing half done: its transaction was rolled back.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], for reading.
pub(super) fn read_lock<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], for writing.
pub(super) fn write_lock<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "foreign_keys", true)?;
    // A message in a message in a message goes with the outermost.
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::StoreError;
    use crate::store::sqlite::migrate::DIRECTORY;
    use crate::store::system_clock;

    fn users(connection: &Connection) -> Result<i64> {
        Ok(connection.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?)
    }

    const ADD: &str = "INSERT INTO user VALUES ('a', '', '', 'a', zeroblob(16), '', 1, NULL)";

    #[test]
    fn commits_reach_the_disk_before_they_return() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(Some(&directory.path().join("x")), DIRECTORY, system_clock).unwrap();
        let pragma = |name: &str| -> String {
            let value = |row: &rusqlite::Row<'_>| {
                row.get_ref(0)
                    .map(|value| value.as_str().map_or_else(|_| value.as_i64().unwrap().to_string(), str::to_owned))
            };
            database.writer().query_row(&format!("PRAGMA {name}"), [], value).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2", "FULL");
        assert_eq!(pragma("foreign_keys"), "1");
    }

    #[test]
    fn closing_leaves_a_single_file() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(Some(&directory.path().join("x")), DIRECTORY, system_clock).unwrap();
        database.write(|transaction| Ok(transaction.execute(ADD, [])?)).unwrap();
        assert_eq!(database.read(users).unwrap(), 1);
        drop(database);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_fails_is_rolled_back() {
        let database = Database::open(None, DIRECTORY, system_clock).unwrap();
        let result = database.write(|transaction| {
            transaction.execute(ADD, [])?;
            Err::<(), _>(StoreError::Conflict)
        });
        assert!(matches!(result, Err(StoreError::Conflict)));
        assert_eq!(database.read(users).unwrap(), 0);
    }

    #[test]
    fn readers_see_one_state_while_others_write() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(Some(&directory.path().join("x")), DIRECTORY, system_clock).unwrap();
        database
            .read(|connection| {
                assert_eq!(users(connection)?, 0);
                database.write(|transaction| Ok(transaction.execute(ADD, [])?))?;
                assert_eq!(users(connection)?, 0);
                Ok(())
            })
            .unwrap();
        assert_eq!(database.read(users).unwrap(), 1);
    }
}
