//! An object's properties as its handle shows them: what follows from the object, what was changed through
//! the handle and is not saved, what is stored (MS-OXCPRPT 3.2.5.1, 3.2.5.4).

use std::collections::BTreeMap;

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyType, PropertyValue};
use runtime::{String8, Utf16};

use super::entry_ids::packed;
use super::errors::of_open_object;
use super::known::{Known, object_of};
use super::objects::{Attachment, Content, Folder, Logon, Message, OpenMailbox, Version};
use super::values::{TextForm, convert};
use super::{body, recipients};
use crate::store::tags::{self as t, message_flags};
use crate::store::value::{binary, same_type, size_of, string, text};
use crate::store::{LARGE_VALUE, ObjectId, PropertyChange, PropertyChanges, StoreError, StoredValue, ids, read_whole};

/// Bytes of a value that is read into memory to be converted.
pub(super) const CONVERSION_LIMIT: u64 = 16 * 1024 * 1024;

/// The first id of a named property (MS-OXCDATA 2.9).
pub(super) const FIRST_NAMED: u16 = 0x8000;

/// PidTagObjectType of a message (MS-OXCPRPT 2.2.1.7).
const OBJECT_TYPE_MESSAGE: i32 = 5;

/// Properties that a message's handle computes itself, always or until the message is saved.
const OF_HANDLE: &[PropertyTag] = &[
    t::PID_TAG_SUBJECT,
    t::PID_TAG_READ,
    t::PID_TAG_HAS_NAMED_PROPERTIES,
    t::PID_TAG_NATIVE_BODY,
    t::PID_TAG_DISPLAY_TO,
    t::PID_TAG_DISPLAY_CC,
    t::PID_TAG_DISPLAY_BCC,
    t::PID_TAG_MID,
    t::PID_TAG_INST_ID,
    t::PID_TAG_INSTANCE_NUM,
    t::PID_TAG_FOLDER_ID,
    t::PID_TAG_PARENT_FOLDER_ID,
    t::PID_TAG_HAS_ATTACHMENTS,
    t::PID_TAG_MESSAGE_SIZE,
    t::PID_TAG_MESSAGE_SIZE_EXTENDED,
    t::PID_TAG_ASSOCIATED,
    t::PID_TAG_OBJECT_TYPE,
    t::PID_TAG_CREATION_TIME,
    t::PID_TAG_LAST_MODIFICATION_TIME,
    t::PID_TAG_SOURCE_KEY,
    t::PID_TAG_PARENT_SOURCE_KEY,
];

/// An object's properties through its handle.
pub(super) struct Properties<'a> {
    pub(super) mailbox: &'a OpenMailbox,
    pub(super) known: Known,
    /// What the store calls it; nothing before a message is saved.
    pub(super) object: Option<ObjectId>,
    /// Of 8-bit strings.
    pub(super) code_page: u16,
    changes: Option<&'a PropertyChanges>,
    message: Option<&'a Message>,
}

/// What the handle says of a property.
enum Own {
    Value(StoredValue),
    Missing,
    /// Nothing: the store knows.
    Store,
}

impl From<Option<PropertyValue<'static>>> for Own {
    fn from(value: Option<PropertyValue<'static>>) -> Self {
        value.map_or(Self::Missing, |value| Self::Value(StoredValue::Value(value)))
    }
}

impl Logon {
    /// The properties of the mailbox.
    pub(super) fn properties(&self) -> Properties<'_> {
        Properties::of_store(&self.mailbox, Known::Logon)
    }
}

impl Folder {
    /// The properties of the folder.
    pub(super) fn properties(&self) -> Properties<'_> {
        let rights = self.mailbox.rights(self.id).unwrap_or_default();
        Properties::of_store(&self.mailbox, Known::Folder(self.id, rights))
    }
}

impl Message {
    /// What the message is.
    pub(super) fn known(&self) -> Known {
        let saved = matches!(self.version, Version::Saved { .. });
        let rights = self.mailbox.message_rights(self.folder).unwrap_or_default();
        Known::Message { folder: self.folder, id: self.id, saved, writable: self.writable, rights, depth: 0 }
    }

    /// The properties of the message.
    pub(super) fn properties(&self) -> Properties<'_> {
        let known = self.known();
        Properties {
            mailbox: &self.mailbox,
            known,
            object: object_of(known),
            code_page: self.code_page,
            changes: Some(&self.properties),
            message: Some(self),
        }
    }
}

impl Attachment {
    /// The properties of the attachment.
    pub(super) fn properties(&self) -> Properties<'_> {
        let known = Known::Attachment { message: self.message, number: self.number, writable: self.writable };
        Properties {
            mailbox: &self.mailbox,
            known,
            object: object_of(known).filter(|_| self.stored),
            code_page: self.code_page,
            changes: Some(&self.properties),
            message: None,
        }
    }
}

/// Bytes of memory that changes take.
pub(super) fn changes_size(changes: &PropertyChanges) -> usize {
    // What a change takes beside its value.
    const CHANGE: usize = 64;
    let size = |change: &PropertyChange| match change {
        PropertyChange::Set(value) => usize::try_from(size_of(value)).unwrap_or(usize::MAX),
        PropertyChange::SetBlob(_) | PropertyChange::Delete => 0,
    };
    changes.iter().map(|(_, change)| size(change).saturating_add(CHANGE)).fold(0, usize::saturating_add)
}

/// Whether a request for `asked` means the property `own`.
pub(super) fn means(own: PropertyTag, asked: PropertyTag) -> bool {
    own.property_id() == asked.property_id() && same_type(asked.property_type(), own.property_type())
}

impl<'a> Properties<'a> {
    fn of_store(mailbox: &'a OpenMailbox, known: Known) -> Self {
        let code_page = mailbox.code_page();
        Self { mailbox, known, object: object_of(known), code_page, changes: None, message: None }
    }

    /// The pending change of a property, whichever string type it is asked for in.
    fn pending(&self, asked: PropertyTag) -> Option<&'a PropertyChange> {
        self.changes?.iter().find(|(tag, _)| means(*tag, asked)).map(|(_, change)| change)
    }

    /// What the handle itself knows of a property.
    fn own(&self, asked: PropertyTag) -> Result<Own, ErrorCode> {
        if let Some(tag) = self.known.tag(asked) {
            return Ok(self.known.value(self.mailbox, tag)?.into());
        }
        match self.pending(asked) {
            Some(PropertyChange::Set(value)) => return Ok(Own::Value(StoredValue::Value(value.clone()))),
            Some(PropertyChange::SetBlob(blob)) => return Ok(Own::Value(StoredValue::Large { size: blob.size() })),
            Some(PropertyChange::Delete) => return Ok(Own::Missing),
            None => {}
        }
        if let (Known::Attachment { .. }, None) = (self.known, self.object)
            && means(t::PID_TAG_ATTACH_SIZE, asked)
        {
            let size = i32::try_from(self.pending_size()).unwrap_or(i32::MAX);
            return Ok(Some(PropertyValue::PtypInteger32(size)).into());
        }
        let handle = self.message.zip(OF_HANDLE.iter().find(|own| means(**own, asked)));
        match handle {
            Some((message, tag)) => self.of_handle(message, *tag),
            None => Ok(Own::Store),
        }
    }

    /// A property of [`OF_HANDLE`] that has no pending change.
    fn of_handle(&self, message: &Message, tag: PropertyTag) -> Result<Own, ErrorCode> {
        let parts = [t::PID_TAG_SUBJECT_PREFIX, t::PID_TAG_NORMALIZED_SUBJECT];
        match tag {
            t::PID_TAG_SUBJECT if self.object.is_none() || parts.iter().any(|part| self.pending(*part).is_some()) => {
                Ok(self.subject()?.into())
            }
            t::PID_TAG_READ => {
                let flags = self.raw(t::PID_TAG_MESSAGE_FLAGS)?;
                let flags = flags.as_ref().and_then(StoredValue::value);
                let PropertyValue::PtypInteger32(flags) = flags.unwrap_or(&PropertyValue::PtypInteger32(0)) else {
                    return Ok(Own::Missing);
                };
                let read = flags.cast_unsigned() & message_flags::READ != 0;
                Ok(Some(PropertyValue::PtypBoolean(read)).into())
            }
            t::PID_TAG_HAS_NAMED_PROPERTIES => {
                Ok(Some(PropertyValue::PtypBoolean(self.has_named_properties()?)).into())
            }
            t::PID_TAG_NATIVE_BODY => match self.stored(&[tag])?.pop().flatten() {
                Some(stored) => Ok(Own::Value(stored)),
                None => Ok(Some(body::native_body(self)?).into()),
            },
            t::PID_TAG_DISPLAY_TO | t::PID_TAG_DISPLAY_CC | t::PID_TAG_DISPLAY_BCC
                if self.object.is_none() || !message.recipients.is_empty() || message.removes_recipients =>
            {
                Ok(Some(string(recipients::display_names(message, tag)?)).into())
            }
            _ => match message.version {
                Version::New { created } => {
                    Ok(self.unsaved(message, created, tag).map_or(Own::Store, |value| Some(value).into()))
                }
                Version::Saved { .. } => Ok(Own::Store),
            },
        }
    }

    /// What a message has that is not saved yet (MS-OXCMSG 3.2.5.2).
    fn unsaved(
        &self,
        message: &Message,
        created: runtime::FileTime,
        tag: PropertyTag,
    ) -> Option<PropertyValue<'static>> {
        use PropertyValue as V;
        let replica = self.mailbox.identity.replica;
        Some(match tag {
            t::PID_TAG_MID | t::PID_TAG_INST_ID => V::PtypInteger64(ids::as_integer(message.id.0)),
            t::PID_TAG_INSTANCE_NUM => V::PtypInteger32(0),
            t::PID_TAG_FOLDER_ID | t::PID_TAG_PARENT_FOLDER_ID => V::PtypInteger64(ids::as_integer(message.folder.0)),
            t::PID_TAG_HAS_ATTACHMENTS => V::PtypBoolean(!message.attachments.is_empty()),
            t::PID_TAG_MESSAGE_SIZE => V::PtypInteger32(i32::try_from(self.pending_size()).unwrap_or(i32::MAX)),
            t::PID_TAG_MESSAGE_SIZE_EXTENDED => V::PtypInteger64(self.pending_size().cast_signed()),
            t::PID_TAG_ASSOCIATED => V::PtypBoolean(message.associated),
            t::PID_TAG_OBJECT_TYPE => V::PtypInteger32(OBJECT_TYPE_MESSAGE),
            t::PID_TAG_CREATION_TIME | t::PID_TAG_LAST_MODIFICATION_TIME => V::PtypTime(created),
            t::PID_TAG_SOURCE_KEY => binary(ids::key(replica, message.id.global_counter())),
            t::PID_TAG_PARENT_SOURCE_KEY => binary(ids::key(replica, message.folder.global_counter())),
            _ => return None,
        })
    }

    /// Bytes of all pending values.
    fn pending_size(&self) -> u64 {
        let size = |change: &PropertyChange| match change {
            PropertyChange::Set(value) => size_of(value),
            PropertyChange::SetBlob(blob) => blob.size(),
            PropertyChange::Delete => 0,
        };
        self.changes.map_or(0, |changes| changes.iter().map(|(_, change)| size(change)).sum())
    }

    /// PidTagSubject from its two parts (MS-OXCMSG 2.2.1.46).
    fn subject(&self) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
        let mut whole: Option<String> = None;
        for tag in [t::PID_TAG_SUBJECT_PREFIX, t::PID_TAG_NORMALIZED_SUBJECT] {
            if let Some(part) = self.text(tag)? {
                whole.get_or_insert_default().push_str(&part);
            }
        }
        Ok(whole.map(string))
    }

    /// Whether the message has a property that a name stands for (MS-OXCMSG 2.2.1.39).
    pub(super) fn has_named_properties(&self) -> Result<bool, ErrorCode> {
        let named = |tag: PropertyTag| tag.property_id() >= FIRST_NAMED;
        let pending = self.changes.is_some_and(|changes| {
            changes.iter().any(|(tag, change)| named(tag) && !matches!(change, PropertyChange::Delete))
        });
        if pending {
            return Ok(true);
        }
        let deleted = |tag: PropertyTag| matches!(self.pending(tag), Some(PropertyChange::Delete));
        let stored = self.all_stored()?;
        Ok(stored.iter().any(|(tag, _)| named(*tag) && !deleted(*tag)))
    }

    /// Stored properties, one for each tag.
    fn stored(&self, tags: &[PropertyTag]) -> Result<Vec<Option<StoredValue>>, ErrorCode> {
        match self.object {
            Some(object) => self.mailbox.mailbox.properties(object, tags).map_err(of_open_object),
            None => Ok(vec![None; tags.len()]),
        }
    }

    fn all_stored(&self) -> Result<Vec<(PropertyTag, StoredValue)>, ErrorCode> {
        match self.object {
            Some(object) => self.mailbox.mailbox.all_properties(object).map_err(of_open_object),
            None => Ok(Vec::new()),
        }
    }

    /// A property as it is set or computed, without the forms that are made of others.
    pub(super) fn raw(&self, tag: PropertyTag) -> Result<Option<StoredValue>, ErrorCode> {
        match self.own(tag)? {
            Own::Value(value) => Ok(Some(value)),
            Own::Missing => Ok(None),
            Own::Store => Ok(self.stored(&[tag])?.pop().flatten()),
        }
    }

    /// The text of a short string property.
    pub(super) fn text(&self, tag: PropertyTag) -> Result<Option<String>, ErrorCode> {
        let value = self.raw(tag)?;
        let value = value.as_ref().and_then(StoredValue::value);
        Ok(value.and_then(|value| text(value, self.code_page)).map(std::borrow::Cow::into_owned))
    }

    /// What a property that is neither set nor computed is made of: a default or another form of the body.
    fn made(&self, tag: PropertyTag) -> Result<Option<StoredValue>, ErrorCode> {
        if let Some(own) = self.known.default_tag(tag) {
            return Ok(self.known.value(self.mailbox, own)?.map(StoredValue::Value));
        }
        if self.message.is_some() { body::made(self, tag) } else { Ok(None) }
    }

    /// Properties, one for each tag.
    ///
    /// # Errors
    /// ecObjectDeleted when the object is gone.
    pub(super) fn get(&self, tags: &[PropertyTag]) -> Result<Vec<Option<StoredValue>>, ErrorCode> {
        let mut found = Vec::with_capacity(tags.len());
        let mut wanted = Vec::new();
        for tag in tags {
            found.push(match self.own(*tag)? {
                Own::Value(value) => Some(value),
                Own::Missing => None,
                Own::Store => {
                    wanted.push((found.len(), *tag));
                    None
                }
            });
        }
        let asked: Vec<PropertyTag> = wanted.iter().map(|(_, tag)| *tag).collect();
        for ((index, tag), stored) in wanted.into_iter().zip(self.stored(&asked)?) {
            if let Some(slot) = found.get_mut(index) {
                *slot = match stored {
                    Some(value) => Some(value),
                    None => self.made(tag)?.map(without_large),
                };
            }
        }
        Ok(found)
    }

    /// All properties in the order of their tags.
    ///
    /// # Errors
    /// ecObjectDeleted when the object is gone.
    pub(super) fn all(&self) -> Result<BTreeMap<PropertyTag, StoredValue>, ErrorCode> {
        let mut all: BTreeMap<PropertyTag, StoredValue> = self.all_stored()?.into_iter().collect();
        for (tag, change) in self.changes.into_iter().flat_map(PropertyChanges::iter) {
            all.retain(|own, _| !means(*own, tag));
            match change {
                PropertyChange::Set(value) => _ = all.insert(tag, StoredValue::Value(value.clone())),
                PropertyChange::SetBlob(blob) => _ = all.insert(tag, StoredValue::Large { size: blob.size() }),
                PropertyChange::Delete => {}
            }
        }
        let of_handle = if self.message.is_some() { OF_HANDLE } else { &[] };
        for tag in self.known.listed_tags().chain(of_handle) {
            match self.own(*tag)? {
                Own::Value(value) => {
                    all.retain(|own, _| !means(*own, *tag));
                    all.insert(*tag, value);
                }
                Own::Missing => all.retain(|own, _| !means(*own, *tag)),
                Own::Store => {}
            }
        }
        for tag in self.known.default_tags() {
            if !all.keys().any(|own| means(*own, *tag))
                && let Some(value) = self.known.value(self.mailbox, *tag)?
            {
                all.insert(*tag, StoredValue::Value(value));
            }
        }
        Ok(all)
    }

    /// The whole of a string or binary property as bytes: UTF-16 for PtypString; `None` when it is not set.
    ///
    /// # Errors
    /// ecInsufficientResrc when it is longer than [`CONVERSION_LIMIT`].
    pub(super) fn bytes(&self, tag: PropertyTag) -> Result<Option<Vec<u8>>, ErrorCode> {
        match self.raw(tag)? {
            None => Ok(None),
            Some(StoredValue::Value(value)) => bytes_of(convert(value, tag.property_type(), self.form())?).map(Some),
            Some(StoredValue::Large { .. }) if matches!(self.pending(tag), Some(PropertyChange::SetBlob(_))) => {
                let Some(content) = self.content(tag)? else { return Ok(None) };
                let mut bytes = Vec::new();
                loop {
                    let piece = content.read_at(bytes.len() as u64, LARGE_VALUE)?;
                    if piece.is_empty() {
                        return Ok(Some(bytes));
                    }
                    bytes.extend_from_slice(&piece);
                    if bytes.len() as u64 > CONVERSION_LIMIT {
                        return Err(ErrorCode::EC_INSUFFICIENT_RESRC);
                    }
                }
            }
            Some(StoredValue::Large { .. }) => match self.stream_of_store(tag)? {
                Some(Content::Memory(bytes)) => Ok(Some(bytes)),
                Some(Content::Stored(_)) => {
                    let object = self.object.ok_or(ErrorCode::EC_NOT_FOUND)?;
                    Ok(Some(read_whole(self.mailbox.mailbox.as_ref(), object, tag, CONVERSION_LIMIT)?))
                }
                None => Ok(None),
            },
        }
    }

    /// The content of a string or binary property; `None` when it is not there.
    ///
    /// # Errors
    /// ecNotSupported for values of other types.
    pub(super) fn content(&self, tag: PropertyTag) -> Result<Option<Content>, ErrorCode> {
        let made = |value: Option<StoredValue>| match value {
            None => Ok(None),
            Some(StoredValue::Large { .. }) => Err(ErrorCode::EC_NOT_SUPPORTED),
            Some(StoredValue::Value(value)) => {
                let bytes = bytes_of(convert(value, tag.property_type(), self.form())?)?;
                Ok(Some(Content::Memory(bytes)))
            }
        };
        if let Some(PropertyChange::SetBlob(blob)) = self.pending(tag) {
            return Ok(Some(Content::Stored(self.mailbox.mailbox.open_blob(blob)?)));
        }
        match self.own(tag)? {
            Own::Value(value) => made(Some(value)),
            Own::Missing => Ok(None),
            Own::Store => match self.stream_of_store(tag)? {
                Some(content) => Ok(Some(content)),
                None => made(self.made(tag)?),
            },
        }
    }

    /// A stored property's content in the type that is asked for.
    fn stream_of_store(&self, tag: PropertyTag) -> Result<Option<Content>, ErrorCode> {
        let Some(object) = self.object else { return Ok(None) };
        let stream = match self.mailbox.mailbox.open_stream(object, tag) {
            Ok(stream) => stream,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let asked = tag.property_type();
        if asked == PropertyType::PTYP_BINARY || self.stored_type(tag)? == asked {
            return Ok(Some(Content::Stored(stream)));
        }
        let bytes = read_whole(self.mailbox.mailbox.as_ref(), object, tag, CONVERSION_LIMIT)?;
        let other = match asked {
            PropertyType::PTYP_STRING8 => PropertyValue::PtypString(Utf16::from_wire(&bytes).into_owned()),
            _ => PropertyValue::PtypString8(String8::new(bytes)),
        };
        bytes_of(convert(other, asked, self.form())?).map(|bytes| Some(Content::Memory(bytes)))
    }

    /// The type in which a string is stored.
    fn stored_type(&self, tag: PropertyTag) -> Result<PropertyType, ErrorCode> {
        match self.stored(&[tag])?.pop().flatten() {
            Some(StoredValue::Value(value)) => Ok(value.property_type()),
            _ => {
                let stored = self.all_stored()?.into_iter().find(|(own, _)| means(*own, tag));
                Ok(stored.map_or(tag.property_type(), |(own, _)| own.property_type()))
            }
        }
    }

    fn form(&self) -> TextForm {
        TextForm { unicode: true, code_page: self.code_page }
    }
}

/// A value that was made, or its size when it is too large for a reply.
fn without_large(made: StoredValue) -> StoredValue {
    match made {
        StoredValue::Value(value) if size_of(&value) >= LARGE_VALUE as u64 => {
            StoredValue::Large { size: size_of(&value) }
        }
        made => made,
    }
}

/// The bytes of a string, without terminator, or of a binary.
fn bytes_of(value: PropertyValue<'static>) -> Result<Vec<u8>, ErrorCode> {
    match value {
        PropertyValue::PtypBinary(bytes) => Ok(bytes.into_owned()),
        PropertyValue::PtypString8(text) => Ok(text.as_bytes().to_vec()),
        PropertyValue::PtypString(text) => packed(|e| text.pack_units(e)),
        _ => Err(ErrorCode::EC_NOT_SUPPORTED),
    }
}
