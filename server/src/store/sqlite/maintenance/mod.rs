//! What an administrator does to a store besides using it: figures, checks, copies, removal.
//!
//! | what | beside a running server |
//! |---|---|
//! | [`SqliteStore::open_beside`]: users and passwords | yes |
//! | [`figures`], [`check`], [`backup`], [`snapshot`] | yes: they read one state of each file |
//! | [`repair`], [`SqliteStore::delete_user`], [`restore`] | no |

mod backup;
mod check;
mod checksum;
mod figures;
mod snapshot;

pub use backup::{BackupError, BackupFigures, backup, restore};
pub use check::{Finding, check, repair};
pub use figures::{MailboxFigures, figures};
pub use snapshot::{Snapshot, snapshot};

use std::fs;
use std::path::{Path, PathBuf};

use runtime::Guid;

use super::database::{Database, lock};
use super::{Open, Place, SqliteStore, directory, file_error, mailbox_file, migrate};
use crate::store::{Result, Store as _, StoreError, system_clock};

/// The database of users in a store's directory.
fn directory_file(store: &Path) -> Result<PathBuf> {
    let file = store.join("directory.sqlite");
    if file.is_file() { Ok(file) } else { Err(StoreError::NotFound("store in this directory")) }
}

/// The file of a mailbox in a store's directory.
fn file_of(store: &Path, mailbox: Guid) -> PathBuf {
    mailbox_file(&store.join("mailboxes"), mailbox)
}

impl SqliteStore {
    /// Opens the users of a store that another process may be serving. Mailboxes cannot be opened.
    ///
    /// # Errors
    /// `NotFound` when there is no store; as [`SqliteStore::open`].
    pub fn open_beside(store: &Path) -> Result<Self> {
        let database = Database::open(Some(&directory_file(store)?), migrate::DIRECTORY, system_clock)?;
        let place = Place::Beside { mailboxes: store.join("mailboxes") };
        Ok(Self { directory: database, place, clock: system_clock, open: std::sync::Mutex::default() })
    }

    /// Removes a user and the mailbox with all that is in it.
    ///
    /// # Errors
    /// `NotFound` when no user has the address; `AccessDenied` while the mailbox is open, and for a store that
    /// is open beside another process.
    pub fn delete_user(&self, address: &str) -> Result<()> {
        let user = self.user_by_address(address)?.ok_or(StoreError::NotFound("user"))?;
        let mut open = lock(&self.open);
        let held = match open.get(&user.mailbox) {
            Some(Open::File(held)) => held.strong_count() > 0,
            Some(Open::Memory(held)) => std::sync::Arc::strong_count(held) > 1,
            None => false,
        };
        if held || matches!(self.place, Place::Beside { .. }) {
            return Err(StoreError::AccessDenied("a mailbox in use"));
        }
        // First the user: a file that nobody owns is found by a check, a user without one could not log on.
        self.directory.write(|transaction| directory::remove(transaction, &user.address))?;
        open.remove(&user.mailbox);
        if let Place::Directory { mailboxes, .. } = &self.place {
            let file = mailbox_file(mailboxes, user.mailbox);
            for end in ["-wal", "-shm", ""] {
                let mut name = file.clone().into_os_string();
                name.push(end);
                match fs::remove_file(&name) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(file_error("remove the file of a mailbox")(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
