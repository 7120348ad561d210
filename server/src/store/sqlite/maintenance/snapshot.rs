//! A mailbox as it was at one moment, in a file of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::Guid;

use super::super::database::open_reader;
use super::super::mailbox::SqliteMailbox;
use super::super::{create_private_file, file_error};
use super::file_of;
use crate::store::{Mailbox, Result, StoreError, system_clock};

/// A mailbox as it was at one moment. Its file is gone with this value.
pub struct Snapshot {
    /// `None` once it is being dropped.
    mailbox: Option<Arc<SqliteMailbox>>,
    file: PathBuf,
}

impl Snapshot {
    /// The mailbox, to be read.
    #[must_use]
    pub fn mailbox(&self) -> Option<&dyn Mailbox> {
        self.mailbox.as_deref().map(|mailbox| mailbox as &dyn Mailbox)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // Closed first, so that nothing stands beside the file.
        self.mailbox = None;
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::warn!(file = %self.file.display(), %error, "a copy of a mailbox stays behind");
        }
    }
}

/// Copies a mailbox into a file that is not there yet, whatever a server does to it meanwhile.
///
/// # Errors
/// `NotFound` when the mailbox has no file; when it cannot be read, or the copy not written.
pub fn snapshot(store: &Path, mailbox: Guid, file: &Path) -> Result<Snapshot> {
    let original = file_of(store, mailbox);
    if !original.is_file() {
        return Err(StoreError::NotFound("file of the mailbox"));
    }
    copy_database(&original, file)?;
    let opened = SqliteMailbox::open(file, mailbox, system_clock);
    match opened {
        Ok(opened) => Ok(Snapshot { mailbox: Some(opened), file: file.to_owned() }),
        Err(error) => {
            // What matters is why it could not be opened.
            let _ = std::fs::remove_file(file);
            Err(error)
        }
    }
}

/// Copies one state of a database, for its owner only and durably.
///
/// # Errors
/// When the copy is there already, or one of both cannot be used.
pub(super) fn copy_database(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Err(StoreError::Exists("file"));
    }
    create_private_file(to)?;
    let text = to.to_str().ok_or(StoreError::InvalidParameter("path: it is not Unicode"))?;
    open_reader(from)?.execute("VACUUM INTO ?1", [text])?;
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(file_error("write a copy of a database"))
}
