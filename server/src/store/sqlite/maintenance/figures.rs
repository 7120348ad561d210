//! How much is in a mailbox.

use std::path::Path;

use runtime::Guid;

use super::super::database::open_reader;
use super::file_of;
use crate::store::{Result, StoreError};

/// How much is in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxFigures {
    /// Folders that clients see.
    pub folders: u64,
    /// Messages in them, associated ones included.
    pub messages: u64,
    /// Messages that are unread.
    pub unread: u64,
    /// Messages that can be restored.
    pub soft_deleted: u64,
    /// PidTagMessageSize of all messages, in bytes.
    pub message_bytes: u64,
    /// Contents that are kept once each, however many messages have them.
    pub blobs: u64,
    /// Their size in bytes.
    pub blob_bytes: u64,
    /// Bytes of the file, without its write-ahead log.
    pub file_bytes: u64,
}

/// Counts what is in a mailbox, in one state of it.
///
/// # Errors
/// `NotFound` when the mailbox has no file; when it cannot be read.
pub fn figures(store: &Path, mailbox: Guid) -> Result<MailboxFigures> {
    let path = file_of(store, mailbox);
    let file_bytes = std::fs::metadata(&path).map_err(|_| StoreError::NotFound("file of the mailbox"))?.len();
    let connection = open_reader(&path)?;
    let snapshot = connection.unchecked_transaction()?;
    let count = |sql: &str| -> Result<u64> {
        Ok(snapshot.query_row(sql, [], |row| row.get::<_, i64>(0))?.try_into().unwrap_or_default())
    };
    Ok(MailboxFigures {
        folders: count("SELECT count(*) FROM folder WHERE id > 0")?,
        messages: count("SELECT count(*) FROM message WHERE folder > 0")?,
        unread: count("SELECT count(*) FROM message WHERE folder > 0 AND associated = 0 AND flags & 1 = 0")?,
        soft_deleted: count("SELECT count(*) FROM message WHERE folder < 0")?,
        message_bytes: count("SELECT coalesce(sum(size), 0) FROM message WHERE folder <> 0")?,
        blobs: count("SELECT count(*) FROM blob")?,
        blob_bytes: count("SELECT coalesce(sum(size), 0) FROM blob")?,
        file_bytes,
    })
}
