//! What is known of an object from its row, and the properties that follow from it.

use protocol::oxcdata::{PropertyTag, PropertyValue};
use runtime::{FileTime, Guid};
use rusqlite::{Connection, Row};

use super::content;
use super::property::{self, Extent};
use super::transfer::EMBEDDED;
use crate::store::collate::fold_case;
use crate::store::computed::{ObjectKind, is_read_only};
use crate::store::tags::{self, message_flags};
use crate::store::value::{binary, string, text};
use crate::store::{PropertyChange, Result, StoreError, ids};

/// The code page of 8-bit text that the store itself has to read.
pub(super) const CODE_PAGE: u16 = 1252;

/// PidTagObjectType (MS-OXCPRPT 2.2.1.7).
mod object_type {
    pub const STORE: i32 = 1;
    pub const FOLDER: i32 = 3;
    pub const MESSAGE: i32 = 5;
    pub const ATTACHMENT: i32 = 7;
}

/// What is known of an object without its properties.
pub(super) enum Facts {
    Mailbox(MailboxFacts),
    Folder(FolderFacts),
    Message(MessageFacts),
    Attachment { object: i64, number: u32, size: u64 },
    Recipient { object: i64, row_id: u32 },
}

pub(super) struct MailboxFacts {
    pub(super) object: i64,
}

/// A row of `folder`.
pub(super) struct FolderFacts {
    pub(super) object: i64,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) folder_type: i32,
    pub(super) change_number: u64,
    pub(super) created: FileTime,
    pub(super) modified: FileTime,
    pub(super) child_count: u32,
    pub(super) content_count: u32,
    pub(super) unread_count: u32,
    pub(super) associated_count: u32,
    pub(super) hierarchy_changes: u32,
    /// Below the folder whose hierarchy table this is a row of.
    pub(super) depth: Option<u32>,
}

/// A row of `message`.
pub(super) struct MessageFacts {
    pub(super) object: i64,
    pub(super) id: u64,
    /// 0 for an embedded message.
    pub(super) folder: u64,
    pub(super) soft_deleted: bool,
    pub(super) associated: bool,
    pub(super) change_number: u64,
    pub(super) flags: u32,
    pub(super) size: u64,
    pub(super) created: FileTime,
    pub(super) modified: FileTime,
    pub(super) recipient_count: u32,
    pub(super) attachment_count: u32,
}

/// The columns of `folder` that [`FolderFacts::from_row`] reads.
pub(super) const FOLDER_COLUMNS: &str = "folder.object, folder.id, folder.parent, folder.folder_type, \
     folder.change_number, folder.created, folder.modified, folder.child_count, folder.content_count, \
     folder.unread_count, folder.associated_count, folder.hierarchy_changes";

/// The columns of `message` that [`MessageFacts::from_row`] reads.
pub(super) const MESSAGE_COLUMNS: &str = "object, id, folder, associated, change_number, flags, size, created, \
     modified, recipient_count, attachment_count";

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

impl FolderFacts {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            object: row.get(0)?,
            id: unsigned(row, 1)?,
            parent: row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
            folder_type: row.get(3)?,
            change_number: unsigned(row, 4)?,
            created: FileTime(unsigned(row, 5)?),
            modified: FileTime(unsigned(row, 6)?),
            child_count: row.get(7)?,
            content_count: row.get(8)?,
            unread_count: row.get(9)?,
            associated_count: row.get(10)?,
            hierarchy_changes: row.get(11)?,
            depth: None,
        })
    }
}

impl MessageFacts {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            object: row.get(0)?,
            id: unsigned(row, 1)?,
            folder: row.get::<_, i64>(2)?.unsigned_abs(),
            soft_deleted: row.get::<_, i64>(2)? < 0,
            associated: row.get(3)?,
            change_number: unsigned(row, 4)?,
            flags: row.get(5)?,
            size: unsigned(row, 6)?,
            created: FileTime(unsigned(row, 7)?),
            modified: FileTime(unsigned(row, 8)?),
            recipient_count: row.get(9)?,
            attachment_count: row.get(10)?,
        })
    }

    /// PidTagMessageFlags with the bits that follow from the message.
    pub(super) fn message_flags(&self) -> u32 {
        let attached = if self.attachment_count > 0 { message_flags::HAS_ATTACH } else { 0 };
        let associated = if self.associated { message_flags::FAI } else { 0 };
        self.flags | attached | associated
    }
}

impl Facts {
    /// The object that has the stored properties.
    pub(super) fn object(&self) -> i64 {
        match self {
            Self::Mailbox(facts) => facts.object,
            Self::Folder(facts) => facts.object,
            Self::Message(facts) => facts.object,
            Self::Attachment { object, .. } | Self::Recipient { object, .. } => *object,
        }
    }

    /// What kind of object.
    pub(super) fn kind(&self) -> ObjectKind {
        match self {
            Self::Mailbox(_) => ObjectKind::Mailbox,
            Self::Folder(_) => ObjectKind::Folder,
            Self::Message(_) => ObjectKind::Message,
            Self::Attachment { .. } => ObjectKind::Attachment,
            Self::Recipient { .. } => ObjectKind::Recipient,
        }
    }

    /// The value of a computed property under its own tag; `None` for one that this object does not compute
    /// or has no value of.
    pub(super) fn compute(
        &self,
        connection: &Connection,
        replica: Guid,
        tag: PropertyTag,
    ) -> Result<Option<PropertyValue<'static>>> {
        match self {
            Self::Mailbox(_) => Ok(match tag {
                tags::PID_TAG_OBJECT_TYPE => Some(PropertyValue::PtypInteger32(object_type::STORE)),
                tags::PID_TAG_MESSAGE_SIZE => Some(size32(content::size(connection, None)?)),
                tags::PID_TAG_MESSAGE_SIZE_EXTENDED => Some(size64(content::size(connection, None)?)),
                _ => None,
            }),
            Self::Folder(facts) => match facts.compute(replica, tag) {
                Some(value) => Ok(Some(value)),
                None => facts.compute_from_content(connection, tag),
            },
            Self::Message(facts) if tag == tags::PID_TAG_SUBJECT => subject(connection, facts.object),
            Self::Message(facts) => Ok(facts.compute(replica, tag)),
            Self::Attachment { number, size, .. } => Ok(match tag {
                tags::PID_TAG_ATTACH_NUMBER => Some(PropertyValue::PtypInteger32(number.cast_signed())),
                tags::PID_TAG_ATTACH_SIZE => Some(size32(*size)),
                tags::PID_TAG_OBJECT_TYPE => Some(PropertyValue::PtypInteger32(object_type::ATTACHMENT)),
                _ => None,
            }),
            Self::Recipient { row_id, .. } => {
                Ok((tag == tags::PID_TAG_ROWID).then_some(PropertyValue::PtypInteger32(row_id.cast_signed())))
            }
        }
    }
}

impl MessageFacts {
    fn compute(&self, replica: Guid, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        use PropertyValue as V;
        let mid = ids::as_integer(ids::message_id(self.id).0);
        let of_folder =
            [tags::PID_TAG_FOLDER_ID, tags::PID_TAG_PARENT_FOLDER_ID, tags::PID_TAG_PARENT_SOURCE_KEY].contains(&tag);
        if of_folder && self.folder == EMBEDDED {
            return None;
        }
        let folder = ids::as_integer(ids::folder_id(self.folder).0);
        Some(match tag {
            tags::PID_TAG_MID | tags::PID_TAG_INST_ID => V::PtypInteger64(mid),
            tags::PID_TAG_FOLDER_ID | tags::PID_TAG_PARENT_FOLDER_ID => V::PtypInteger64(folder),
            tags::PID_TAG_INSTANCE_NUM => V::PtypInteger32(0),
            tags::PID_TAG_HAS_ATTACHMENTS => V::PtypBoolean(self.attachment_count > 0),
            tags::PID_TAG_MESSAGE_SIZE => size32(self.size),
            tags::PID_TAG_MESSAGE_SIZE_EXTENDED => size64(self.size),
            tags::PID_TAG_MESSAGE_FLAGS => V::PtypInteger32(self.message_flags().cast_signed()),
            tags::PID_TAG_READ => V::PtypBoolean(self.flags & message_flags::READ != 0),
            tags::PID_TAG_ASSOCIATED => V::PtypBoolean(self.associated),
            tags::PID_TAG_CREATION_TIME => V::PtypTime(self.created),
            tags::PID_TAG_LAST_MODIFICATION_TIME => V::PtypTime(self.modified),
            tags::PID_TAG_OBJECT_TYPE => V::PtypInteger32(object_type::MESSAGE),
            tags::PID_TAG_PARENT_SOURCE_KEY => binary(ids::key(replica, self.folder)),
            tags::PID_TAG_SOURCE_KEY => binary(ids::key(replica, self.id)),
            other => return change_property(replica, self.change_number, other),
        })
    }
}

impl FolderFacts {
    fn compute(&self, replica: Guid, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        use PropertyValue as V;
        let count = |count: u32| V::PtypInteger32(count.cast_signed());
        let id = |counter: u64| V::PtypInteger64(ids::as_integer(ids::folder_id(counter).0));
        Some(match tag {
            tags::PID_TAG_FOLDER_ID => id(self.id),
            tags::PID_TAG_PARENT_FOLDER_ID => id(self.parent?),
            tags::PID_TAG_FOLDER_TYPE => V::PtypInteger32(self.folder_type),
            tags::PID_TAG_CONTENT_COUNT => count(self.content_count),
            tags::PID_TAG_CONTENT_UNREAD_COUNT => count(self.unread_count),
            tags::PID_TAG_ASSOCIATED_CONTENT_COUNT => count(self.associated_count),
            tags::PID_TAG_SUBFOLDERS => V::PtypBoolean(self.child_count > 0),
            tags::PID_TAG_CREATION_TIME => V::PtypTime(self.created),
            tags::PID_TAG_LAST_MODIFICATION_TIME | tags::PID_TAG_LOCAL_COMMIT_TIME => V::PtypTime(self.modified),
            tags::PID_TAG_HIERARCHY_CHANGE_NUMBER => count(self.hierarchy_changes),
            tags::PID_TAG_DEPTH => count(self.depth?),
            tags::PID_TAG_OBJECT_TYPE => V::PtypInteger32(object_type::FOLDER),
            tags::PID_TAG_SOURCE_KEY => binary(ids::key(replica, self.id)),
            tags::PID_TAG_PARENT_SOURCE_KEY => binary(ids::key(replica, self.parent?)),
            other => return change_property(replica, self.change_number, other),
        })
    }
}

impl FolderFacts {
    /// A property that follows from what is in the folder or where it is (MS-OXCFOLD 2.2.2.2.1).
    fn compute_from_content(
        &self,
        connection: &Connection,
        tag: PropertyTag,
    ) -> Result<Option<PropertyValue<'static>>> {
        use PropertyValue as V;
        Ok(Some(match tag {
            tags::PID_TAG_MESSAGE_SIZE => size32(content::size(connection, Some(self.id))?),
            tags::PID_TAG_MESSAGE_SIZE_EXTENDED => size64(content::size(connection, Some(self.id))?),
            tags::PID_TAG_LOCAL_COMMIT_TIME_MAX => {
                V::PtypTime(content::last_change(connection, self.id)?.unwrap_or(self.modified))
            }
            tags::PID_TAG_FOLDER_FLAGS => V::PtypInteger32(content::folder_flags(connection, self)?),
            _ => return Ok(None),
        }))
    }
}

/// PidTagChangeNumber and what is made of it (MS-OXCFXICS 2.2.1.2.7, 2.2.1.2.8).
fn change_property(replica: Guid, change_number: u64, tag: PropertyTag) -> Option<PropertyValue<'static>> {
    Some(match tag {
        tags::PID_TAG_CHANGE_NUMBER => PropertyValue::PtypInteger64(ids::as_integer(ids::folder_id(change_number).0)),
        tags::PID_TAG_CHANGE_KEY => binary(ids::key(replica, change_number)),
        tags::PID_TAG_PREDECESSOR_CHANGE_LIST => binary(ids::predecessors(replica, change_number)),
        _ => return None,
    })
}

fn size32(size: u64) -> PropertyValue<'static> {
    PropertyValue::PtypInteger32(i32::try_from(size).unwrap_or(i32::MAX))
}

fn size64(size: u64) -> PropertyValue<'static> {
    PropertyValue::PtypInteger64(size.cast_signed())
}

/// PidTagSubject: prefix and normalized subject; neither there, no subject.
fn subject(connection: &Connection, object: i64) -> Result<Option<PropertyValue<'static>>> {
    let part = |tag| property::find(connection, object, tag);
    joined_subject(connection, part(tags::PID_TAG_SUBJECT_PREFIX)?, part(tags::PID_TAG_NORMALIZED_SUBJECT)?)
}

/// PidTagSubject of its parts.
pub(super) fn joined_subject(
    connection: &Connection,
    prefix: Option<property::Stored>,
    normalized: Option<property::Stored>,
) -> Result<Option<PropertyValue<'static>>> {
    let part = |stored: Option<property::Stored>| -> Result<Option<String>> {
        let Some(stored) = stored else { return Ok(None) };
        let value = stored.load_extent(connection, Extent::Searched)?;
        Ok(text(&value, CODE_PAGE).map(std::borrow::Cow::into_owned))
    };
    let (prefix, normalized) = (part(prefix)?, part(normalized)?);
    Ok(match (prefix, normalized) {
        (None, None) => None,
        (prefix, normalized) => Some(string(prefix.unwrap_or_default() + &normalized.unwrap_or_default())),
    })
}

/// Refuses changes to what is computed.
pub(super) fn check_writable(kind: ObjectKind, tag: PropertyTag) -> Result<()> {
    if is_read_only(kind, tag) { Err(StoreError::ReadOnly(tag)) } else { Ok(()) }
}

/// The text that a change gives a property; `None` when it deletes it.
///
/// # Errors
/// `InvalidParameter` when it is not short text.
pub(super) fn changed_text(change: &PropertyChange, what: &'static str) -> Result<Option<String>> {
    match change {
        PropertyChange::Set(value) => match text(value, CODE_PAGE) {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(StoreError::InvalidParameter(what)),
        },
        PropertyChange::SetBlob(_) => Err(StoreError::InvalidParameter(what)),
        PropertyChange::Delete => Ok(None),
    }
}

/// A folder's name as it is compared.
pub(super) fn name_key(name: &str) -> String {
    fold_case(name)
}
