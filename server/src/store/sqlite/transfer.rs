//! Messages that are moved, copied and deleted, with all that is in them.

use std::ops::Range;

use protocol::oxcdata::{MessageId, PropertyValue};
use runtime::FileTime;
use rusqlite::{Connection, Transaction, params};

use super::facts::MessageFacts;
use super::journal::{self, Journal};
use super::property;
use super::{message, object, search};
use crate::store::changes::{Happening, Subject};
use crate::store::{ContentsKind, Result, StoreError, ids, tags};

/// Counters that a message takes on its way: its id and its change number.
pub(super) const PER_MESSAGE: u64 = 2;

/// The hidden folder of embedded messages.
pub(super) const EMBEDDED: u64 = 0;

/// One write that moves or copies.
pub(super) struct Transfer<'t, 'c> {
    pub(super) transaction: &'t Transaction<'c>,
    /// For ids and change numbers.
    pub(super) counters: Range<u64>,
    pub(super) now: FileTime,
    pub(super) journal: &'t Journal,
}

/// The row of `folder` that has the messages of a kind.
pub(super) fn shelf(folder: u64, kind: ContentsKind) -> i64 {
    let deleted = matches!(kind, ContentsKind::SoftDeleted | ContentsKind::SoftDeletedAssociated);
    if deleted { -folder.cast_signed() } else { folder.cast_signed() }
}

/// The most counters that copying all messages of a mailbox would take.
pub(super) fn counters_for_copies(connection: &Connection) -> Result<u64> {
    let sql = "SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM folder)";
    let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(PER_MESSAGE * count.cast_unsigned())
}

impl Transfer<'_, '_> {
    pub(super) fn counter(&mut self) -> Result<u64> {
        self.counters.next().ok_or(StoreError::Exhausted("counters of this write"))
    }

    /// Those of the messages that are in a folder or shown by it, soft deleted ones included.
    fn found(&self, folder: u64, messages: &[MessageId]) -> Result<Vec<MessageFacts>> {
        let mut found: Vec<MessageFacts> = Vec::new();
        for id in messages {
            match object::message(self.transaction, *id) {
                Ok(facts) => {
                    if search::shows(self.transaction, folder, &facts)? && found.iter().all(|own| own.id != facts.id) {
                        found.push(facts);
                    }
                }
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Moves messages, each under a new id; answers how many.
    pub(super) fn move_messages(&mut self, from: u64, to: u64, messages: &[MessageId]) -> Result<usize> {
        let found = self.found(from, messages)?;
        // Parts are told of the new id after the message has it.
        self.transaction.pragma_update(None, "defer_foreign_keys", true)?;
        for facts in &found {
            let (id, change_number) = (self.counter()?, self.counter()?);
            self.transaction
                .prepare_cached(
                    "UPDATE message SET id = ?2, folder = ?3, change_number = ?4, read_change_number = ?4 WHERE id = ?1",
                )?
                .execute([facts.id, id, to, change_number].map(u64::cast_signed))?;
            for parts in ["recipient", "attachment"] {
                let sql = format!("UPDATE {parts} SET message = ?2 WHERE message = ?1");
                self.transaction.prepare_cached(&sql)?.execute([facts.id, id].map(u64::cast_signed))?;
            }
            property::delete(self.transaction, facts.object, tags::PID_TAG_DELETED_ON)?;
            let happening = Happening::Moved { from: journal::message(facts) };
            self.journal.record(placed(facts, id, to), happening);
        }
        Ok(found.len())
    }

    /// Copies messages; answers how many.
    pub(super) fn copy_messages(&mut self, from: u64, to: u64, messages: &[MessageId]) -> Result<usize> {
        let found = self.found(from, messages)?;
        for facts in &found {
            self.copy(facts, to)?;
        }
        Ok(found.len())
    }

    /// Copies all messages of a folder.
    pub(super) fn copy_contents(&mut self, from: u64, to: u64) -> Result<()> {
        for facts in contents(self.transaction, from.cast_signed(), None)? {
            self.copy(&facts, to)?;
        }
        Ok(())
    }

    /// Copies one message with its parts; answers the new id.
    pub(super) fn copy(&mut self, facts: &MessageFacts, to: u64) -> Result<u64> {
        let (id, change_number) = (self.counter()?, self.counter()?);
        let copy = copy_object(self.transaction, facts.object)?;
        property::delete(self.transaction, copy, tags::PID_TAG_DELETED_ON)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO message (id, object, folder, associated, change_number, read_change_number, flags, size,
                    created, modified, delivered, recipient_count, attachment_count)
                 SELECT ?2, ?3, ?4, associated, ?5, ?5, flags, size, created, modified, delivered, recipient_count,
                    attachment_count
                 FROM message WHERE id = ?1",
            )?
            .execute(params![
                facts.id.cast_signed(),
                id.cast_signed(),
                copy,
                to.cast_signed(),
                change_number.cast_signed()
            ])?;
        for (row_id, part) in message::part_objects(self.transaction, facts.id, "recipient", "row_id")? {
            let part = copy_object(self.transaction, part)?;
            self.transaction
                .prepare_cached("INSERT INTO recipient (message, row_id, object) VALUES (?1, ?2, ?3)")?
                .execute(params![id.cast_signed(), row_id, part])?;
        }
        for (number, part) in message::part_objects(self.transaction, facts.id, "attachment", "number")? {
            let embedded = match embedded(self.transaction, part)? {
                Some(message) => Some(self.copy(&message, EMBEDDED)?.cast_signed()),
                None => None,
            };
            let copy = copy_object(self.transaction, part)?;
            self.transaction
                .prepare_cached(
                    "INSERT INTO attachment (message, number, object, size, embedded)
                     SELECT ?2, ?3, ?4, size, ?5 FROM attachment WHERE object = ?1",
                )?
                .execute(params![part, id.cast_signed(), number, copy, embedded])?;
        }
        if to != EMBEDDED {
            self.journal.record(placed(facts, id, to), Happening::Copied { from: journal::message(facts) });
        }
        Ok(id)
    }

    /// Deletes messages for good or so that they can be restored; answers how many.
    pub(super) fn delete_messages(&self, folder: u64, messages: &[MessageId], hard: bool) -> Result<usize> {
        let found = self.found(folder, messages)?;
        self.delete(&found, hard)?;
        Ok(found.len())
    }

    /// Deletes all messages of a folder, associated ones when they are wanted.
    pub(super) fn delete_contents(&self, folder: u64, associated: bool, hard: bool) -> Result<()> {
        let kind = (!associated).then_some(false);
        let found = contents(self.transaction, folder.cast_signed(), kind)?;
        self.delete(&found, hard)
    }

    fn delete(&self, messages: &[MessageFacts], hard: bool) -> Result<()> {
        for facts in messages {
            if !hard {
                // What a search folder shows is in other folders.
                self.ensure_shelf(facts.folder)?;
            }
            if !facts.soft_deleted {
                self.journal.record(journal::message(facts), Happening::Deleted);
            }
            if hard {
                property::delete_object(self.transaction, facts.object)?;
            } else if !facts.soft_deleted {
                self.transaction
                    .prepare_cached("UPDATE message SET folder = -folder WHERE id = ?1")?
                    .execute([facts.id.cast_signed()])?;
                let now = PropertyValue::PtypTime(self.now);
                property::set(self.transaction, facts.object, tags::PID_TAG_DELETED_ON, &now)?;
            }
        }
        Ok(())
    }

    /// Makes the folder of the soft deleted messages of a folder, when it is not there.
    fn ensure_shelf(&self, folder: u64) -> Result<()> {
        let shelf = -folder.cast_signed();
        if self.transaction.prepare_cached("SELECT 1 FROM folder WHERE id = ?1")?.exists([shelf])? {
            return Ok(());
        }
        let object = property::new_object(self.transaction)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO folder (id, object, parent, folder_type, name_key, change_number, created, modified)
                 VALUES (?1, ?2, NULL, 1, '', 0, ?3, ?3)",
            )?
            .execute(params![shelf, object, self.now.0.cast_signed()])?;
        Ok(())
    }
}

/// A message under another id in another folder.
fn placed(facts: &MessageFacts, id: u64, folder: u64) -> Subject {
    Subject::Message { id: ids::message_id(id), folder: ids::folder_id(folder), associated: facts.associated }
}

/// The messages in a row of `folder`, all or of one kind.
fn contents(connection: &Connection, folder: i64, associated: Option<bool>) -> Result<Vec<MessageFacts>> {
    let sql = format!(
        "SELECT {} FROM message WHERE folder = ?1 AND (?2 IS NULL OR associated = ?2) ORDER BY id",
        super::facts::MESSAGE_COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![folder, associated], MessageFacts::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The message that is embedded in an attachment.
pub(super) fn embedded(connection: &Connection, attachment: i64) -> Result<Option<MessageFacts>> {
    let columns = super::facts::MESSAGE_COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM message WHERE id = (SELECT embedded FROM attachment WHERE attachment.object = ?1)"
    );
    property::optional(connection.prepare_cached(&sql)?.query_row([attachment], MessageFacts::from_row))
}

/// A new object with the properties of another.
pub(super) fn copy_object(transaction: &Transaction<'_>, object: i64) -> Result<i64> {
    let copy = property::new_object(transaction)?;
    transaction
        .prepare_cached(
            "INSERT INTO property (object, tag, value, blob) SELECT ?2, tag, value, blob FROM property WHERE object = ?1",
        )?
        .execute([object, copy])?;
    Ok(copy)
}
