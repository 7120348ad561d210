//! The REPLID and REPLGUID to-and-from mapping table (MS-OXCSTOR 3.2.5.8, 3.2.5.9).

use runtime::Guid;
use rusqlite::{Connection, Transaction};

use super::property::optional;
use crate::store::{MailboxIdentity, Result, StoreError};

/// The most REPLIDs of a mailbox, its own included (MS-OXCSTOR 3.2.5.9.1).
const LIMIT: i64 = 32_768;

/// The REPLID of a replica, if it has one.
pub(super) fn find(connection: &Connection, identity: MailboxIdentity, replica: Guid) -> Result<Option<u16>> {
    if replica == identity.replica {
        return Ok(Some(identity.repl_id));
    }
    let mut statement = connection.prepare_cached("SELECT id FROM replica WHERE guid = ?1")?;
    let row: Option<i64> = optional(statement.query_row([replica.0], |row| row.get(0)))?;
    row.map(|row| id_of_row(identity, row)).transpose()
}

/// The REPLID of a replica; one that has none gets the next.
pub(super) fn create(transaction: &Transaction<'_>, identity: MailboxIdentity, replica: Guid) -> Result<u16> {
    if let Some(id) = find(transaction, identity, replica)? {
        return Ok(id);
    }
    transaction.prepare_cached("INSERT INTO replica (guid) VALUES (?1)")?.execute([replica.0])?;
    id_of_row(identity, transaction.last_insert_rowid())
}

/// The replica that a REPLID stands for.
pub(super) fn replica(connection: &Connection, identity: MailboxIdentity, repl_id: u16) -> Result<Option<Guid>> {
    if repl_id == identity.repl_id {
        return Ok(Some(identity.replica));
    }
    let mut statement = connection.prepare_cached("SELECT guid FROM replica WHERE id = ?1")?;
    optional(statement.query_row([i64::from(repl_id) - i64::from(identity.repl_id)], |row| Ok(Guid(row.get(0)?))))
}

/// Leaves REPLIDs out that may have been given since a backup was made: 1024, or half of what there is left.
pub(super) fn skip(transaction: &Transaction<'_>) -> Result<()> {
    let sql = "UPDATE sqlite_sequence SET seq = seq + min(1024, max(?1 - 1 - seq, 0) / 2) WHERE name = 'replica'";
    transaction.execute(sql, [LIMIT])?;
    Ok(())
}

/// Rows count from 1; none is ever removed, so no REPLID ever stands for two replicas.
fn id_of_row(identity: MailboxIdentity, row: i64) -> Result<u16> {
    let id = (row < LIMIT).then(|| i64::from(identity.repl_id) + row).and_then(|id| u16::try_from(id).ok());
    id.ok_or(StoreError::Exhausted("replica ids"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::FileTime;

    #[test]
    fn there_are_32768_replica_ids() {
        let identity =
            MailboxIdentity { mailbox: Guid([1; 16]), replica: Guid([2; 16]), repl_id: 1, created: FileTime(0) };
        assert_eq!(id_of_row(identity, 1).ok(), Some(2));
        assert_eq!(id_of_row(identity, 32_767).ok(), Some(32_768));
        assert!(matches!(id_of_row(identity, 32_768), Err(StoreError::Exhausted(_))));
    }
}
