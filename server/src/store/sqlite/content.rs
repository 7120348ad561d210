//! What follows from all that is in a folder, or from the folders that it is in.

use runtime::FileTime;
use rusqlite::Connection;

use super::facts::FolderFacts;
use super::property::optional;
use crate::store::{FolderType, Result, SpecialFolder, StoreError};

/// Bits of PidTagFolderFlags (MS-OXCFOLD 2.2.2.2.1.5).
mod folder_flags {
    pub const IPM: i32 = 1;
    pub const SEARCH: i32 = 2;
    pub const NORMAL: i32 = 4;
}

/// Folders nested deeper than this are a loop.
pub(super) const MAX_DEPTH: u32 = 1000;

/// Bytes of the messages of a folder, or of all.
pub(super) fn size(connection: &Connection, folder: Option<u64>) -> Result<u64> {
    let size: i64 = match folder {
        Some(folder) => connection
            .prepare_cached("SELECT coalesce(sum(size), 0) FROM message WHERE folder = ?1")?
            .query_row([folder.cast_signed()], |row| row.get(0))?,
        None => connection
            .prepare_cached("SELECT coalesce(sum(size), 0) FROM message WHERE folder > 0")?
            .query_row([], |row| row.get(0))?,
    };
    Ok(size.cast_unsigned())
}

/// When a message of a folder was last changed; `None` for a folder without messages.
pub(super) fn last_change(connection: &Connection, folder: u64) -> Result<Option<FileTime>> {
    let mut statement = connection.prepare_cached("SELECT max(modified) FROM message WHERE folder = ?1")?;
    let time: Option<i64> = statement.query_row([folder.cast_signed()], |row| row.get(0))?;
    Ok(time.map(|time| FileTime(time.cast_unsigned())))
}

/// PidTagFolderFlags; no folder has rules.
pub(super) fn folder_flags(connection: &Connection, folder: &FolderFacts) -> Result<i32> {
    let kind =
        if folder.folder_type == FolderType::Search as i32 { folder_flags::SEARCH } else { folder_flags::NORMAL };
    let mut statement = connection.prepare_cached("SELECT folder FROM special_folder WHERE role = ?1")?;
    let subtree: i64 = statement.query_row([SpecialFolder::IpmSubtree as i64], |row| row.get(0))?;
    let subtree = subtree.cast_unsigned();
    let within = folder.id == subtree || depth_below(connection, subtree, folder)?.is_some();
    Ok(if within { kind | folder_flags::IPM } else { kind })
}

/// How deep a folder is below another; `None` when it is not.
pub(super) fn depth_below(connection: &Connection, root: u64, folder: &FolderFacts) -> Result<Option<u32>> {
    let mut statement = connection.prepare_cached("SELECT parent FROM folder WHERE id = ?1")?;
    let mut parent = folder.parent;
    for depth in 1..=MAX_DEPTH {
        let Some(id) = parent else { return Ok(None) };
        if id == root {
            return Ok(Some(depth));
        }
        let above: Option<Option<i64>> = optional(statement.query_row([id.cast_signed()], |row| row.get(0)))?;
        parent = above.flatten().map(i64::cast_unsigned);
    }
    Err(StoreError::Damaged("folders are nested in a loop".to_owned()))
}
