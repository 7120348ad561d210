//! The Receive folder table (MS-OXCSTOR 3.2.5.2, 3.2.5.3).

use protocol::oxcdata::FolderId;
use runtime::FileTime;
use rusqlite::{Connection, Transaction, params};

use super::object;
use crate::store::message_class::{is_or_descends, validate, validate_settable};
use crate::store::{ReceiveFolder, Result, StoreError, ids};

/// The row with the longest class that `message_class` is or descends from.
pub(super) fn find(connection: &Connection, message_class: &str, inbox: FolderId) -> Result<ReceiveFolder> {
    validate(message_class)?;
    let matching = all(connection)?.into_iter().filter(|row| is_or_descends(message_class, &row.message_class));
    Ok(matching.max_by_key(|row| row.message_class.len()).unwrap_or(ReceiveFolder {
        message_class: String::new(),
        folder: inbox,
        last_modified: FileTime(0),
    }))
}

/// All rows by class.
pub(super) fn all(connection: &Connection) -> Result<Vec<ReceiveFolder>> {
    let mut statement =
        connection.prepare_cached("SELECT message_class, folder, modified FROM receive_folder ORDER BY class_key")?;
    let rows = statement.query_map([], |row| {
        Ok(ReceiveFolder {
            message_class: row.get(0)?,
            folder: ids::folder_id(row.get::<_, i64>(1)?.cast_unsigned()),
            last_modified: FileTime(row.get::<_, i64>(2)?.cast_unsigned()),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Sets or removes a row.
pub(super) fn set(
    transaction: &Transaction<'_>,
    message_class: &str,
    folder: Option<FolderId>,
    now: FileTime,
) -> Result<()> {
    validate_settable(message_class)?;
    let key = message_class.to_ascii_lowercase();
    match folder {
        Some(folder) => {
            let folder = object::folder(transaction, folder)?.id;
            transaction.execute(
                "INSERT INTO receive_folder (class_key, message_class, folder, modified) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (class_key) DO UPDATE SET folder = excluded.folder, modified = excluded.modified",
                params![key, message_class, folder.cast_signed(), now.0.cast_signed()],
            )?;
        }
        None if message_class.is_empty() => {
            return Err(StoreError::Unsupported("removing the receive folder of all classes"));
        }
        None => {
            transaction.execute("DELETE FROM receive_folder WHERE class_key = ?1", [key])?;
        }
    }
    Ok(())
}
