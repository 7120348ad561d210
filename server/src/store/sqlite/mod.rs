//! Mailboxes in SQLite: one file for the directory, one for each mailbox.
//!
//! ```text
//! DIR/lock              held while a process has the store open
//! DIR/directory.sqlite
//! DIR/mailboxes/GUID.sqlite
//! ```
//!
//! Files are for their owner only. Every commit is synced before it is answered (WAL, synchronous=FULL):
//! an acknowledged write survives a crash of the process and of the machine.

mod blob;
mod codec;
mod content;
mod database;
mod directory;
mod facts;
mod feed;
mod filter;
mod folder;
mod journal;
mod lists;
mod mailbox;
pub mod maintenance;
mod message;
mod migrate;
mod names;
mod object;
mod order;
mod outgoing;
mod permission;
mod property;
mod receive_folder;
mod replicas;
mod search;
mod table;
mod transfer;
mod tree;

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use runtime::Guid;

use self::database::{Database, lock};
use self::mailbox::SqliteMailbox;
use super::{Clock, Credentials, Mailbox, NewUser, Result, Store, StoreError, User, system_clock};

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Backend { action: "use its database", source: Box::new(source) }
    }
}

/// A store in a directory of the file system, or in memory.
pub struct SqliteStore {
    directory: Database,
    place: Place,
    clock: Clock,
    /// Mailboxes that someone has open.
    open: Mutex<HashMap<Guid, Open>>,
}

enum Place {
    /// The lock is held until the store is dropped.
    Directory {
        mailboxes: PathBuf,
        _lock: File,
    },
    /// Another process may serve the mailboxes.
    Beside {
        mailboxes: PathBuf,
    },
    Memory,
}

enum Open {
    /// Closed when the last user lets go of it.
    File(Weak<SqliteMailbox>),
    /// Has nowhere else to be.
    Memory(Arc<SqliteMailbox>),
}

impl SqliteStore {
    /// Opens the store in this directory, which is made when it is not there.
    ///
    /// # Errors
    /// `Backend` when the directory cannot be used or another process has it open; `Damaged` when a later
    /// version wrote it.
    pub fn open(directory: &Path) -> Result<Self> {
        Self::open_with_clock(directory, system_clock)
    }

    /// As [`SqliteStore::open`], with another clock.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with_clock(directory: &Path, clock: Clock) -> Result<Self> {
        let mailboxes = directory.join("mailboxes");
        create_private_directory(directory)?;
        create_private_directory(&mailboxes)?;
        let lock = hold_lock(&directory.join("lock"))?;
        let place = Place::Directory { mailboxes, _lock: lock };
        let file = directory.join("directory.sqlite");
        create_private_file(&file)?;
        let database = Database::open(Some(&file), migrate::DIRECTORY, clock)?;
        Ok(Self { directory: database, place, clock, open: Mutex::default() })
    }

    /// A store that is gone with this value.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn in_memory() -> Result<Self> {
        let directory = Database::open(None, migrate::DIRECTORY, system_clock)?;
        Ok(Self { directory, place: Place::Memory, clock: system_clock, open: Mutex::default() })
    }

    fn create_mailbox(&self, mailbox: Guid) -> Result<()> {
        match &self.place {
            Place::Directory { mailboxes, .. } | Place::Beside { mailboxes } => {
                let path = mailbox_file(mailboxes, mailbox);
                create_private_file(&path)?;
                SqliteMailbox::create(Some(&path), mailbox, self.clock)?;
            }
            Place::Memory => {
                let created = SqliteMailbox::create(None, mailbox, self.clock)?;
                lock(&self.open).insert(mailbox, Open::Memory(created));
            }
        }
        Ok(())
    }
}

impl Store for SqliteStore {
    fn create_user(&self, user: &NewUser<'_>) -> Result<User> {
        let address = directory::normalized_address(user.address)?;
        let mailbox = random_guid()?;
        let created =
            User { address, display_name: user.display_name.to_owned(), legacy_dn: user.legacy_dn.to_owned(), mailbox };
        self.directory.read(|connection| directory::check_free(connection, &created))?;
        // First the mailbox: a user without one would be worse than a file without a user.
        self.create_mailbox(mailbox)?;
        self.directory.write(|transaction| directory::insert(transaction, &created, user.password_hash))?;
        Ok(created)
    }

    fn users(&self) -> Result<Vec<User>> {
        self.directory.read(directory::all)
    }

    fn user_by_address(&self, address: &str) -> Result<Option<User>> {
        self.directory.read(|connection| directory::by_address(connection, address))
    }

    fn user_by_legacy_dn(&self, legacy_dn: &str) -> Result<Option<User>> {
        self.directory.read(|connection| directory::by_legacy_dn(connection, legacy_dn))
    }

    fn user_by_mailbox(&self, mailbox: Guid) -> Result<Option<User>> {
        self.directory.read(|connection| directory::by_mailbox(connection, mailbox))
    }

    fn credentials(&self, address: &str) -> Result<Option<Credentials>> {
        self.directory.read(|connection| directory::credentials(connection, address))
    }

    fn set_password(&self, address: &str, password_hash: &str, nt_secret: Option<&[u8]>) -> Result<u64> {
        self.directory.write(|transaction| directory::set_password(transaction, address, password_hash, nt_secret))
    }

    fn mailbox(&self, mailbox: Guid) -> Result<Arc<dyn Mailbox>> {
        if matches!(self.place, Place::Beside { .. }) {
            return Err(StoreError::Unsupported("opening a mailbox beside another process"));
        }
        let known = self.user_by_mailbox(mailbox)?;
        if known.is_none() {
            return Err(StoreError::NotFound("mailbox"));
        }
        let mut open = lock(&self.open);
        let found = match open.get(&mailbox) {
            Some(Open::File(held)) => held.upgrade(),
            Some(Open::Memory(held)) => Some(Arc::clone(held)),
            None => None,
        };
        if let Some(found) = found {
            return Ok(found);
        }
        let Place::Directory { mailboxes, .. } = &self.place else {
            return Err(StoreError::NotFound("mailbox"));
        };
        let opened = SqliteMailbox::open(&mailbox_file(mailboxes, mailbox), mailbox, self.clock)?;
        open.retain(|_, held| !matches!(held, Open::File(held) if held.strong_count() == 0));
        open.insert(mailbox, Open::File(Arc::downgrade(&opened)));
        Ok(opened)
    }
}

fn mailbox_file(mailboxes: &Path, mailbox: Guid) -> PathBuf {
    mailboxes.join(format!("{mailbox}.sqlite"))
}

/// 122 random bits as a version 4 GUID.
fn random_guid() -> Result<Guid> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Backend { action: "get random bytes", source: error.to_string().into() })?;
    let [.., version, variant, _, _, _, _, _, _, _] = &mut bytes;
    // The version is in the high half of data3, whose bytes are swapped on the wire.
    *version = (*version & 0x0F) | 0x40;
    *variant = (*variant & 0x3F) | 0x80;
    Ok(Guid(bytes))
}

fn file_error(action: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Backend { action, source: Box::new(source) }
}

/// Fails when another process holds the lock: two would remove each other's blobs.
fn hold_lock(path: &Path) -> Result<File> {
    create_private_file(path)?;
    let file = File::open(path).map_err(file_error("open its lock file"))?;
    file.try_lock().map_err(|error| StoreError::Backend {
        action: "lock its directory, which another process has open",
        source: Box::new(error),
    })?;
    Ok(file)
}

fn create_private_directory(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(file_error("create its directory"))
}

/// Makes an empty file, which SQLite takes for an empty database, for its owner only; SQLite gives the files
/// beside it the same mode.
fn create_private_file(path: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(file_error("create a file"))?;
    Ok(())
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod lists_tests;
