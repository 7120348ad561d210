//! Objects of all kinds by their ids, and their properties stored and computed.

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue};
use runtime::Guid;
use rusqlite::Connection;

use super::facts::{FOLDER_COLUMNS, Facts, FolderFacts, MESSAGE_COLUMNS, MailboxFacts, MessageFacts};
use super::property::{self, Extent, optional};
use crate::store::computed::{computed_tag, computed_tags};
use crate::store::restriction::PropertySource;
use crate::store::value::{cut, size_of};
use crate::store::{ObjectId, ROW_VALUE, Result, StoreError, StoredValue, ids, tags};

/// Finds an object.
///
/// # Errors
/// `NotFound`.
pub(super) fn find(connection: &Connection, object: ObjectId) -> Result<Facts> {
    match object {
        ObjectId::Mailbox => {
            let object = connection.query_row("SELECT object FROM mailbox", [], |row| row.get(0))?;
            Ok(Facts::Mailbox(MailboxFacts { object }))
        }
        ObjectId::Folder(id) => folder(connection, id).map(Facts::Folder),
        ObjectId::Message(id) => message(connection, id).map(Facts::Message),
        ObjectId::Attachment(id, number) => {
            let message = ids::message_counter(id).ok_or(StoreError::NotFound("message"))?;
            let mut statement =
                connection.prepare_cached("SELECT object, size FROM attachment WHERE message = ?1 AND number = ?2")?;
            let row = statement.query_row([message.cast_signed(), i64::from(number)], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
            });
            let (object, size) = optional(row)?.ok_or(StoreError::NotFound("attachment"))?;
            Ok(Facts::Attachment { object, number, size })
        }
        ObjectId::Recipient(id, row_id) => {
            let message = ids::message_counter(id).ok_or(StoreError::NotFound("message"))?;
            let mut statement =
                connection.prepare_cached("SELECT object FROM recipient WHERE message = ?1 AND row_id = ?2")?;
            let row = statement.query_row([message.cast_signed(), i64::from(row_id)], |row| row.get(0));
            let object = optional(row)?.ok_or(StoreError::NotFound("recipient"))?;
            Ok(Facts::Recipient { object, row_id })
        }
    }
}

/// A folder by its id.
pub(super) fn folder(connection: &Connection, id: FolderId) -> Result<FolderFacts> {
    let counter = ids::folder_counter(id).ok_or(StoreError::NotFound("folder"))?;
    folder_by_counter(connection, counter)?.ok_or(StoreError::NotFound("folder"))
}

/// A folder by its global counter.
pub(super) fn folder_by_counter(connection: &Connection, counter: u64) -> Result<Option<FolderFacts>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {FOLDER_COLUMNS} FROM folder WHERE id = ?1"))?;
    optional(statement.query_row([counter.cast_signed()], FolderFacts::from_row))
}

/// A message by its id.
pub(super) fn message(connection: &Connection, id: MessageId) -> Result<MessageFacts> {
    let counter = ids::message_counter(id).ok_or(StoreError::NotFound("message"))?;
    let mut statement = connection.prepare_cached(&format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE id = ?1"))?;
    let row = statement.query_row([counter.cast_signed()], MessageFacts::from_row);
    optional(row)?.ok_or(StoreError::NotFound("message"))
}

/// An object together with where its properties are.
pub(super) struct View<'c> {
    pub(super) connection: &'c Connection,
    pub(super) replica: Guid,
    pub(super) facts: Facts,
}

impl View<'_> {
    /// One property, computed or stored, whole unless it is large.
    pub(super) fn property(&self, tag: PropertyTag) -> Result<Option<StoredValue>> {
        if let Some(own) = computed_tag(self.facts.kind(), tag) {
            let value = self.facts.compute(self.connection, self.replica, own)?;
            return Ok(value.map(StoredValue::Value));
        }
        let stored = property::find(self.connection, self.facts.object(), tag)?;
        stored.map(|stored| stored.load(self.connection)).transpose()
    }

    /// All properties in the order of their tags.
    pub(super) fn all(&self) -> Result<Vec<(PropertyTag, StoredValue)>> {
        let mut properties = Vec::new();
        for stored in property::all(self.connection, self.facts.object())? {
            properties.push((stored.tag, stored.load(self.connection)?));
        }
        for tag in computed_tags(self.facts.kind()) {
            if let Some(value) = self.facts.compute(self.connection, self.replica, *tag)? {
                properties.push((*tag, StoredValue::Value(value)));
            }
        }
        properties.sort_by_key(|(tag, _)| *tag);
        Ok(properties)
    }

    /// As much of a property as is wanted.
    pub(super) fn extent(&self, tag: PropertyTag, extent: Extent) -> Result<Option<PropertyValue<'static>>> {
        if let Some(own) = computed_tag(self.facts.kind(), tag) {
            let value = self.facts.compute(self.connection, self.replica, own)?;
            return Ok(value.map(|value| if extent == Extent::Row { cut(value, ROW_VALUE) } else { value }));
        }
        let stored = property::find(self.connection, self.facts.object(), tag)?;
        stored.map(|stored| stored.load_extent(self.connection, extent)).transpose()
    }

    /// The objects of one kind that belong to a message.
    fn parts(&self, sql: &str, part: impl Fn(i64, u32, u64) -> Facts) -> Result<Vec<Box<dyn PropertySource + '_>>> {
        let Facts::Message(message) = &self.facts else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([message.id.cast_signed()], |row| {
            Ok(part(row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.cast_unsigned()))
        })?;
        let mut parts: Vec<Box<dyn PropertySource + '_>> = Vec::new();
        for facts in rows {
            parts.push(Box::new(View { connection: self.connection, replica: self.replica, facts: facts? }));
        }
        Ok(parts)
    }
}

impl PropertySource for View<'_> {
    fn property(&self, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>> {
        self.extent(tag, Extent::Searched)
    }

    fn size(&self, tag: PropertyTag) -> Result<Option<u64>> {
        if computed_tag(self.facts.kind(), tag).is_some() {
            return Ok(self.extent(tag, Extent::Row)?.map(|value| size_of(&value)));
        }
        let stored = property::find(self.connection, self.facts.object(), tag)?;
        Ok(stored.map(|stored| stored.size()))
    }

    fn sub_objects(&self, subobject: PropertyTag) -> Result<Vec<Box<dyn PropertySource + '_>>> {
        match subobject {
            tags::PID_TAG_MESSAGE_RECIPIENTS => self.parts(
                "SELECT object, row_id, 0 FROM recipient WHERE message = ?1 ORDER BY row_id",
                |object, row_id, _| Facts::Recipient { object, row_id },
            ),
            tags::PID_TAG_MESSAGE_ATTACHMENTS => self.parts(
                "SELECT object, number, size FROM attachment WHERE message = ?1 ORDER BY number",
                |object, number, size| Facts::Attachment { object, number, size },
            ),
            _ => Err(StoreError::Unsupported("a restriction on these sub-objects")),
        }
    }
}
