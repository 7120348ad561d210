//! Submitted messages between the mailbox of the sender and those of the recipients.
//!
//! The sender's mailbox keeps a copy until all have it; each recipient's mailbox notes what has arrived in the write
//! that saves it. A delivery that breaks off is done again, and nothing arrives twice.

use protocol::oxcdata::MessageId;
use runtime::Guid;
use rusqlite::{Connection, Transaction, params};

use super::object;
use super::property;
use super::transfer::{EMBEDDED, PER_MESSAGE, Transfer};
use crate::store::{Outgoing, Result, StoreError, Submission, ids};

/// Counters that setting a copy of this message aside takes.
pub(super) fn counters(connection: &Connection, message: MessageId) -> Result<u64> {
    let message = object::message(connection, message)?.id.cast_signed();
    let sql = "WITH RECURSIVE nested (id) AS (
            SELECT ?1
            UNION ALL SELECT attachment.embedded FROM attachment JOIN nested ON attachment.message = nested.id
            WHERE attachment.embedded IS NOT NULL
         ) SELECT count(*) FROM nested";
    let count: i64 = connection.prepare_cached(sql)?.query_row([message], |row| row.get(0))?;
    Ok(1 + PER_MESSAGE * count.cast_unsigned())
}

/// Sets a copy of a message aside for these mailboxes.
pub(super) fn set_aside(transfer: &mut Transfer<'_, '_>, message: MessageId, recipients: &[Guid]) -> Result<Outgoing> {
    let number = transfer.counter()?;
    let facts = object::message(transfer.transaction, message)?;
    let copy = transfer.copy(&facts, EMBEDDED)?;
    transfer
        .transaction
        .prepare_cached("INSERT INTO outgoing (number, message) VALUES (?1, ?2)")?
        .execute([number, copy].map(u64::cast_signed))?;
    let mut add = transfer
        .transaction
        .prepare_cached("INSERT OR IGNORE INTO outgoing_recipient (number, mailbox) VALUES (?1, ?2)")?;
    for recipient in recipients {
        add.execute(params![number.cast_signed(), recipient.0])?;
    }
    Ok(Outgoing { number, message: ids::message_id(copy), recipients: recipients.to_vec() })
}

/// What waits, the oldest first.
pub(super) fn all(connection: &Connection) -> Result<Vec<Outgoing>> {
    let mut statement = connection.prepare_cached("SELECT number, message FROM outgoing ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let mut recipients = connection.prepare_cached("SELECT mailbox FROM outgoing_recipient WHERE number = ?1")?;
    let mut found = Vec::new();
    for row in rows {
        let (number, message) = row?;
        let recipients = recipients.query_map([number], |row| Ok(Guid(row.get(0)?)))?;
        found.push(Outgoing {
            number: number.cast_unsigned(),
            message: ids::message_id(message.cast_unsigned()),
            recipients: recipients.collect::<rusqlite::Result<_>>()?,
        });
    }
    Ok(found)
}

/// These recipients have it; with the last one the copy goes.
pub(super) fn delivered(transaction: &Transaction<'_>, number: u64, recipients: &[Guid]) -> Result<()> {
    let number = number.cast_signed();
    let mut remove = transaction.prepare_cached("DELETE FROM outgoing_recipient WHERE number = ?1 AND mailbox = ?2")?;
    for recipient in recipients {
        remove.execute(params![number, recipient.0])?;
    }
    if transaction.prepare_cached("SELECT 1 FROM outgoing_recipient WHERE number = ?1")?.exists([number])? {
        return Ok(());
    }
    let sql = "SELECT object FROM message WHERE id = (SELECT message FROM outgoing WHERE number = ?1)";
    let copy = property::optional(transaction.prepare_cached(sql)?.query_row([number], |row| row.get(0)))?;
    transaction.prepare_cached("DELETE FROM outgoing WHERE number = ?1")?.execute([number])?;
    copy.map_or(Ok(()), |copy| property::delete_object(transaction, copy))
}

/// Notes that a submission arrives; answers whether it is the first time.
pub(super) fn arrives(transaction: &Transaction<'_>, submission: Submission) -> Result<bool> {
    let number =
        i64::try_from(submission.number).map_err(|_| StoreError::InvalidParameter("number of a submission"))?;
    let sql = "INSERT OR IGNORE INTO arrived (sender, number) VALUES (?1, ?2)";
    Ok(transaction.prepare_cached(sql)?.execute(params![submission.sender.0, number])? == 1)
}
