//! Saving a message with all its parts.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::oxcdata::{PropertyTag, PropertyValue};
use runtime::{FileTime, Guid};
use rusqlite::{Connection, Transaction, params};

use super::blob::Pins;
use super::facts::{Facts, MessageFacts, changed_text, check_writable};
use super::journal::{self, Journal};
use super::object::{self, View};
use super::property::{self, Extent, optional};
use super::transfer::{self, EMBEDDED};
use crate::store::changes::Happening;
use crate::store::computed::{ObjectKind, is_subject};
use crate::store::tags::{self, message_flags};
use crate::store::value::{string, text};
use crate::store::{
    MessageChange, MessageTarget, PartChange, PropertyChange, PropertyChanges, Result, StoreError, ids, subject,
};

/// Bytes of a message beside its properties.
const OVERHEAD: u64 = 64;

/// What saving needs to know besides the change.
pub(super) struct Saving<'t, 'c> {
    pub(super) transaction: &'t Transaction<'c>,
    pub(super) pins: &'t Arc<Pins>,
    pub(super) replica: Guid,
    pub(super) now: FileTime,
    /// Becomes the id of a new message that has none.
    pub(super) new_id: u64,
    pub(super) change_number: u64,
    /// Ids from here on have not been given out.
    pub(super) next_counter: u64,
    /// The next counter for messages in this one.
    pub(super) spare: &'t Cell<u64>,
    pub(super) journal: &'t Journal,
}

/// The counters that saving a change takes.
pub(super) fn counters(change: &MessageChange) -> u64 {
    2 + change.embedded.values().map(counters).sum::<u64>()
}

/// Which parts of a message: their table and the column of their numbers.
struct Parts {
    kind: ObjectKind,
    find: &'static str,
    add: &'static str,
}

const RECIPIENTS: Parts = Parts {
    kind: ObjectKind::Recipient,
    find: "SELECT object FROM recipient WHERE message = ?1 AND row_id = ?2",
    add: "INSERT INTO recipient (message, row_id, object) VALUES (?1, ?2, ?3)",
};

const ATTACHMENTS: Parts = Parts {
    kind: ObjectKind::Attachment,
    find: "SELECT object FROM attachment WHERE message = ?1 AND number = ?2",
    add: "INSERT INTO attachment (message, number, object, size) VALUES (?1, ?2, ?3, 0)",
};

impl Saving<'_, '_> {
    /// Applies a change; answers the message's global counter.
    pub(super) fn save(&self, change: &MessageChange) -> Result<u64> {
        let (mut message, is_new) = match change.target {
            MessageTarget::Create { folder, associated, id } => {
                let counter = id.map_or(Some(self.new_id), ids::message_counter);
                let counter = counter.filter(|counter| *counter < self.next_counter);
                let counter = counter.ok_or(StoreError::InvalidParameter("message id"))?;
                let folder = object::folder(self.transaction, folder)?.id;
                (self.create(counter, folder, associated)?, true)
            }
            MessageTarget::Embedded => return Err(StoreError::InvalidParameter("message")),
            MessageTarget::Update { id, expected_change_number } => {
                let message = object::message(self.transaction, id)?;
                if expected_change_number.is_some_and(|expected| expected != message.change_number) {
                    return Err(StoreError::Conflict);
                }
                (message, false)
            }
        };
        self.apply(&mut message, change, is_new)?;
        if !message.soft_deleted {
            let happening = if is_new { Happening::Created } else { journal::modified(None) };
            self.journal.record(journal::message(&message), happening);
        }
        self.finish(message)
    }

    /// Changes a message and its parts.
    fn apply(&self, message: &mut MessageFacts, change: &MessageChange, is_new: bool) -> Result<()> {
        self.properties(message, &change.properties, is_new)?;
        if change.remove_all_recipients {
            self.transaction
                .prepare_cached("DELETE FROM recipient WHERE message = ?1")?
                .execute([message.id.cast_signed()])?;
        }
        self.parts(message, &RECIPIENTS, &change.recipients)?;
        self.parts(message, &ATTACHMENTS, &change.attachments)?;
        for (number, embedded) in &change.embedded {
            self.embedded(message, *number, embedded)?;
        }
        if is_new || change.remove_all_recipients || !change.recipients.is_empty() {
            self.display_names(message)?;
        }
        Ok(())
    }

    /// Changes the message in an attachment, or makes it.
    fn embedded(&self, message: &MessageFacts, number: u32, change: &MessageChange) -> Result<()> {
        let mut find = self.transaction.prepare_cached(ATTACHMENTS.find)?;
        let attachment: Option<i64> =
            optional(find.query_row(params![message.id.cast_signed(), number], |row| row.get(0)))?;
        let attachment = attachment.ok_or(StoreError::NotFound("attachment"))?;
        let taken = self.spare.get();
        self.spare.set(taken + 2);
        let inner = Self { new_id: taken, change_number: taken + 1, ..*self };
        let (mut embedded, is_new) = match transfer::embedded(self.transaction, attachment)? {
            Some(embedded) => (embedded, false),
            None => (inner.create(taken, EMBEDDED, false)?, true),
        };
        inner.apply(&mut embedded, change, is_new)?;
        let id = inner.finish(embedded)?;
        self.transaction
            .prepare_cached("UPDATE attachment SET embedded = ?2 WHERE object = ?1")?
            .execute(params![attachment, id.cast_signed()])?;
        Ok(())
    }

    fn create(&self, counter: u64, folder: u64, associated: bool) -> Result<MessageFacts> {
        let mut taken = self
            .transaction
            .prepare_cached("SELECT 1 FROM message WHERE id = ?1 UNION ALL SELECT 1 FROM folder WHERE id = ?1")?;
        if taken.exists([counter.cast_signed()])? {
            return Err(StoreError::Exists("message"));
        }
        let object = property::new_object(self.transaction)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO message (id, object, folder, associated, change_number, read_change_number, flags, size,
                    created, modified, delivered, recipient_count, attachment_count)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0, 0, ?6, ?6, NULL, 0, 0)",
            )?
            .execute(params![
                counter.cast_signed(),
                object,
                folder.cast_signed(),
                associated,
                self.change_number.cast_signed(),
                self.now.0.cast_signed(),
            ])?;
        Ok(MessageFacts {
            object,
            id: counter,
            folder,
            soft_deleted: false,
            associated,
            change_number: self.change_number,
            flags: 0,
            size: 0,
            created: self.now,
            modified: self.now,
            recipient_count: 0,
            attachment_count: 0,
        })
    }

    /// Changes the message's own properties, those in its row included.
    fn properties(&self, message: &mut MessageFacts, changes: &PropertyChanges, is_new: bool) -> Result<()> {
        message.modified = self.now;
        if !is_new {
            message.flags &= !message_flags::UNMODIFIED;
        }
        if is_new && changes.get(tags::PID_TAG_SEARCH_KEY).is_none() {
            let key = PropertyValue::PtypBinary(super::random_guid()?.0.to_vec().into());
            property::set(self.transaction, message.object, tags::PID_TAG_SEARCH_KEY, &key)?;
        }
        for (tag, change) in changes.iter() {
            check_writable(ObjectKind::Message, tag)?;
            match (tag, change) {
                (tags::PID_TAG_MESSAGE_FLAGS, PropertyChange::Set(PropertyValue::PtypInteger32(flags))) => {
                    let computed = message_flags::HAS_ATTACH | message_flags::FAI;
                    message.flags = flags.cast_unsigned() & !computed;
                }
                (tags::PID_TAG_CREATION_TIME, PropertyChange::Set(PropertyValue::PtypTime(time))) => {
                    message.created = *time;
                }
                (tags::PID_TAG_LAST_MODIFICATION_TIME, PropertyChange::Set(PropertyValue::PtypTime(time))) => {
                    message.modified = *time;
                }
                (
                    tags::PID_TAG_MESSAGE_FLAGS | tags::PID_TAG_CREATION_TIME | tags::PID_TAG_LAST_MODIFICATION_TIME,
                    _,
                ) => return Err(StoreError::ReadOnly(tag)),
                (tag, change) if is_subject(tag) => self.subject(message.object, change)?,
                (tag, change) => property::apply(self.transaction, self.pins, message.object, tag, change)?,
            }
        }
        Ok(())
    }

    /// PidTagSubject sets its two parts.
    fn subject(&self, object: i64, change: &PropertyChange) -> Result<()> {
        let parts = [tags::PID_TAG_SUBJECT_PREFIX, tags::PID_TAG_NORMALIZED_SUBJECT];
        match changed_text(change, "subject")? {
            Some(whole) => {
                let (prefix, normalized) = subject::split(&whole);
                for (tag, part) in parts.into_iter().zip([prefix, normalized]) {
                    property::set(self.transaction, object, tag, &string(part))?;
                }
            }
            None => {
                for tag in parts {
                    property::delete(self.transaction, object, tag)?;
                }
            }
        }
        Ok(())
    }

    fn parts(&self, message: &MessageFacts, parts: &Parts, changes: &BTreeMap<u32, PartChange>) -> Result<()> {
        for (number, change) in changes {
            let mut find = self.transaction.prepare_cached(parts.find)?;
            let key = params![message.id.cast_signed(), number];
            let mut object: Option<i64> = optional(find.query_row(key, |row| row.get(0)))?;
            if let (Some(old), PartChange::Replace(_) | PartChange::Remove) = (object, change) {
                property::delete_object(self.transaction, old)?;
                object = None;
            }
            let (PartChange::Change(properties) | PartChange::Replace(properties)) = change else { continue };
            let object = match object {
                Some(object) => object,
                None => {
                    let object = property::new_object(self.transaction)?;
                    self.transaction.prepare_cached(parts.add)?.execute(params![
                        message.id.cast_signed(),
                        number,
                        object
                    ])?;
                    object
                }
            };
            for (tag, change) in properties.iter() {
                check_writable(parts.kind, tag)?;
                property::apply(self.transaction, self.pins, object, tag, change)?;
            }
        }
        Ok(())
    }

    /// PidTagDisplayTo, Cc and Bcc from the recipients (MS-OXOMSG 2.2.1.7 to 2.2.1.9).
    fn display_names(&self, message: &MessageFacts) -> Result<()> {
        let mut names = [
            (tags::PID_TAG_DISPLAY_TO, 1, Vec::new()),
            (tags::PID_TAG_DISPLAY_CC, 2, Vec::new()),
            (tags::PID_TAG_DISPLAY_BCC, 3, Vec::new()),
        ];
        for (row_id, object) in part_objects(self.transaction, message.id, "recipient", "row_id")? {
            let view = View {
                connection: self.transaction,
                replica: self.replica,
                facts: Facts::Recipient { object, row_id },
            };
            let value = |tag: PropertyTag| view.extent(tag, Extent::Row);
            let kind = match value(tags::PID_TAG_RECIPIENT_TYPE)? {
                // The upper bits say how a resend treats the recipient (MS-OXCMSG 2.2.3.1.2).
                Some(PropertyValue::PtypInteger32(kind)) => kind & 0x0F,
                _ => continue,
            };
            let name = match value(tags::PID_TAG_DISPLAY_NAME)? {
                Some(name) => Some(name),
                None => value(tags::PID_TAG_EMAIL_ADDRESS)?,
            };
            let name = name.as_ref().and_then(|name| text(name, 1252)).map(|name| name.into_owned());
            if let (Some(name), Some((_, _, list))) = (name, names.iter_mut().find(|(_, own, _)| *own == kind)) {
                list.push(name);
            }
        }
        for (tag, _, list) in names {
            property::set(self.transaction, message.object, tag, &string(list.join("; ")))?;
        }
        Ok(())
    }

    /// Counts what the message has become and writes its row.
    fn finish(&self, message: MessageFacts) -> Result<u64> {
        let recipients = part_objects(self.transaction, message.id, "recipient", "row_id")?;
        let attachments = part_objects(self.transaction, message.id, "attachment", "number")?;
        let mut size = OVERHEAD + property::total_size(self.transaction, message.object)?;
        for (_, object) in &recipients {
            size += property::total_size(self.transaction, *object)?;
        }
        let mut set_size = self.transaction.prepare_cached("UPDATE attachment SET size = ?2 WHERE object = ?1")?;
        for (_, object) in &attachments {
            let embedded = transfer::embedded(self.transaction, *object)?.map_or(0, |message| message.size);
            let attachment = property::total_size(self.transaction, *object)? + embedded;
            set_size.execute(params![object, attachment.cast_signed()])?;
            size += attachment;
        }
        let delivered = property::find(self.transaction, message.object, tags::PID_TAG_MESSAGE_DELIVERY_TIME)?;
        let delivered = match delivered.map(|stored| stored.load_extent(self.transaction, Extent::Row)).transpose()? {
            Some(PropertyValue::PtypTime(time)) => Some(i64::try_from(time.0).unwrap_or(i64::MAX)),
            _ => None,
        };
        self.transaction
            .prepare_cached(
                "UPDATE message SET change_number = ?2, flags = ?3, size = ?4, created = ?5, modified = ?6,
                    delivered = ?7, recipient_count = ?8, attachment_count = ?9 WHERE id = ?1",
            )?
            .execute(params![
                message.id.cast_signed(),
                self.change_number.cast_signed(),
                ever_read(message.flags),
                size.cast_signed(),
                message.created.0.cast_signed(),
                message.modified.0.cast_signed(),
                delivered,
                recipients.len() as i64,
                attachments.len() as i64,
            ])?;
        Ok(message.id)
    }
}

/// Marks a message as read or unread; answers whether it was otherwise.
pub(super) fn set_read(
    transaction: &Transaction<'_>,
    facts: &MessageFacts,
    read: bool,
    change_number: u64,
    journal: &Journal,
) -> Result<bool> {
    if (facts.flags & message_flags::READ != 0) == read {
        return Ok(false);
    }
    let flags = ever_read(facts.flags ^ message_flags::READ);
    transaction
        .prepare_cached("UPDATE message SET flags = ?2, read_change_number = ?3 WHERE id = ?1")?
        .execute(params![facts.id.cast_signed(), flags, change_number.cast_signed()])?;
    journal.record(journal::message(facts), journal::modified(Some(vec![tags::PID_TAG_MESSAGE_FLAGS])));
    Ok(true)
}

/// Tells the feed that a property of a message has changed without its row.
pub(super) fn touch(transaction: &Transaction<'_>, facts: &MessageFacts) -> Result<()> {
    transaction
        .prepare_cached("UPDATE message SET modified = modified WHERE id = ?1")?
        .execute([facts.id.cast_signed()])?;
    Ok(())
}

/// mfEverRead follows mfRead (MS-OXCMSG 2.2.1.6).
pub(super) fn ever_read(flags: u32) -> u32 {
    if flags & message_flags::READ != 0 { flags | message_flags::EVER_READ } else { flags & !message_flags::EVER_READ }
}

/// The numbers and objects of a message's parts, ascending.
pub(super) fn part_objects(
    connection: &Connection,
    message: u64,
    table: &'static str,
    number: &'static str,
) -> Result<Vec<(u32, i64)>> {
    let sql = format!("SELECT {number}, object FROM {table} WHERE message = ?1 ORDER BY {number}");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([message.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
