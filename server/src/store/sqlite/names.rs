//! Named properties: names and the ids that stand for them in this mailbox (MS-OXCPRPT 3.2.5.9).

use rusqlite::{Connection, Transaction, params};

use super::property::optional;
use crate::store::{PropertyName, Result, StoreError};
use runtime::Guid;

/// The first property id of named properties.
const FIRST: u16 = 0x8000;
/// The last one that may be given (MS-OXCDATA 2.9: 0xFFFF is no id).
const LAST: u16 = 0xFFFE;

/// The ids of names; `None` for those that have none.
pub(super) fn find(connection: &Connection, names: &[PropertyName]) -> Result<Vec<Option<u16>>> {
    names.iter().map(|name| find_one(connection, name)).collect()
}

fn find_one(connection: &Connection, name: &PropertyName) -> Result<Option<u16>> {
    let row: Option<i64> = match name {
        PropertyName::Lid { guid, lid } => optional(
            connection
                .prepare_cached("SELECT id FROM named_property WHERE guid = ?1 AND lid = ?2")?
                .query_row(params![guid.0, lid], |row| row.get(0)),
        )?,
        PropertyName::Name { guid, name } => optional(
            connection
                .prepare_cached("SELECT id FROM named_property WHERE guid = ?1 AND name = ?2")?
                .query_row(params![guid.0, name], |row| row.get(0)),
        )?,
    };
    row.map(id_of_row).transpose()
}

/// The ids of names; those that have none get the next.
pub(super) fn create(transaction: &Transaction<'_>, names: &[PropertyName]) -> Result<Vec<Option<u16>>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let id = match find_one(transaction, name)? {
            Some(id) => id,
            None => {
                let (guid, lid, text) = match name {
                    PropertyName::Lid { guid, lid } => (guid, Some(*lid), None),
                    PropertyName::Name { guid, name } => (guid, None, Some(name)),
                };
                transaction
                    .prepare_cached(
                        "INSERT INTO named_property (id, guid, lid, name) VALUES (
                            max((SELECT ifnull(max(id), 0) + 1 FROM named_property),
                                (SELECT ifnull(max(next_named_property), 1) FROM mailbox)),
                            ?1, ?2, ?3)",
                    )?
                    .execute(params![guid.0, lid, text])?;
                id_of_row(transaction.last_insert_rowid())?
            }
        };
        ids.push(Some(id));
    }
    Ok(ids)
}

/// Leaves ids out that may have been given since a backup was made: 1024, or half of what there is left.
pub(super) fn skip(transaction: &Transaction<'_>) -> Result<()> {
    let sql = "UPDATE mailbox SET next_named_property = next + min(1024, max(?1 - next, 0) / 2)
        FROM (SELECT max(ifnull(max(named_property.id), 0) + 1,
                         (SELECT next_named_property FROM mailbox)) AS next FROM named_property)";
    transaction.execute(sql, [i64::from(LAST) - i64::from(FIRST) + 1])?;
    Ok(())
}

/// Rows count from 1; none is ever removed, so no id is ever used twice.
fn id_of_row(row: i64) -> Result<u16> {
    let id = u16::try_from(i64::from(FIRST) + row - 1).ok().filter(|id| *id <= LAST);
    id.ok_or(StoreError::Exhausted("named property ids"))
}

/// All names with their ids.
pub(super) fn all(connection: &Connection) -> Result<Vec<(u16, PropertyName)>> {
    let mut statement = connection.prepare_cached("SELECT id FROM named_property ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get::<_, i64>(0))?;
    let mut ids = Vec::new();
    for row in rows {
        ids.push(id_of_row(row?)?);
    }
    let names = names(connection, &ids)?;
    Ok(ids.into_iter().zip(names).filter_map(|(id, name)| Some((id, name?))).collect())
}

/// The names of ids; `None` for those that have none.
pub(super) fn names(connection: &Connection, ids: &[u16]) -> Result<Vec<Option<PropertyName>>> {
    let mut statement = connection.prepare_cached("SELECT guid, lid, name FROM named_property WHERE id = ?1")?;
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        let row = optional(statement.query_row([i64::from(*id) - i64::from(FIRST) + 1], |row| {
            Ok((Guid(row.get(0)?), row.get::<_, Option<u32>>(1)?, row.get::<_, Option<String>>(2)?))
        }))?;
        names.push(match row {
            Some((guid, Some(lid), _)) => Some(PropertyName::Lid { guid, lid }),
            Some((guid, None, Some(name))) => Some(PropertyName::Name { guid, name }),
            _ => None,
        });
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_32767_ids() {
        assert_eq!(id_of_row(1).ok(), Some(0x8000));
        assert_eq!(id_of_row(32_767).ok(), Some(0xFFFE));
        assert!(matches!(id_of_row(32_768), Err(StoreError::Exhausted(_))));
    }
}
