//! Properties that follow from what an object is: entry ids, keys and access.

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyTag, PropertyValue};
use protocol::oxcperm::MemberRights;
use protocol::oxcstor::StoreState;

use super::entry_ids::{attachment_key, user_entry_id};
use super::errors::of_open_object;
use super::objects::OpenMailbox;
use super::permissions::without_free_busy;
use crate::store::computed::ObjectKind;
use crate::store::tags as t;
use crate::store::value::{binary, same_type, string};
use crate::store::{ContentsKind, FolderType, HierarchyDepth, ObjectId, SpecialFolder, TableQuery};

/// Bits of PidTagAccess (MS-OXCPRPT 2.2.1.1).
mod access {
    pub const MODIFY: i32 = 0x01;
    pub const READ: i32 = 0x02;
    pub const DELETE: i32 = 0x04;
    pub const HIERARCHY: i32 = 0x08;
    pub const CONTENTS: i32 = 0x10;
    pub const ASSOCIATED: i32 = 0x20;
}

/// PidTagRowType of a row that is no header (MS-OXCTABL 2.2.1.3).
const TBL_LEAF_ROW: i32 = 1;

/// How many folders PidTagAdditionalRenEntryIds lists; Junk E-mail is the last (MS-OXOSFLD 2.2.4).
const ADDITIONAL_REN: usize = 5;

const LOGON: &[PropertyTag] = &[
    t::PID_TAG_ENTRY_ID,
    t::PID_TAG_RECORD_KEY,
    t::PID_TAG_STORE_ENTRY_ID,
    t::PID_TAG_STORE_RECORD_KEY,
    t::PID_TAG_MAPPING_SIGNATURE,
    t::PID_TAG_MAILBOX_OWNER_NAME,
    t::PID_TAG_MAILBOX_OWNER_ENTRY_ID,
    t::PID_TAG_USER_ENTRY_ID,
    t::PID_TAG_STORE_STATE,
    t::PID_TAG_CODE_PAGE_ID,
    t::PID_TAG_CONTENT_COUNT,
    t::PID_TAG_IPM_OUTBOX_ENTRY_ID,
    t::PID_TAG_IPM_SENT_MAIL_ENTRY_ID,
    t::PID_TAG_IPM_WASTEBASKET_ENTRY_ID,
    t::PID_TAG_VIEWS_ENTRY_ID,
    t::PID_TAG_COMMON_VIEWS_ENTRY_ID,
    t::PID_TAG_FINDER_ENTRY_ID,
];

const LOGON_DEFAULTS: &[PropertyTag] = &[t::PID_TAG_DISPLAY_NAME, t::PID_TAG_OUT_OF_OFFICE_STATE, t::PID_TAG_LOCALE_ID];

const FOLDER: &[PropertyTag] = &[
    t::PID_TAG_ENTRY_ID,
    t::PID_TAG_PARENT_ENTRY_ID,
    t::PID_TAG_RECORD_KEY,
    t::PID_TAG_INSTANCE_KEY,
    t::PID_TAG_STORE_ENTRY_ID,
    t::PID_TAG_STORE_RECORD_KEY,
    t::PID_TAG_MAPPING_SIGNATURE,
    t::PID_TAG_ACCESS,
    t::PID_TAG_RIGHTS,
    t::PID_TAG_HAS_RULES,
    t::PID_TAG_DELETED_COUNT_TOTAL,
];

/// The special folders that the Inbox and the root tell of (MS-OXOSFLD 2.2.3).
const SPECIAL: &[(PropertyTag, SpecialFolder)] = &[
    (t::PID_TAG_IPM_APPOINTMENT_ENTRY_ID, SpecialFolder::Calendar),
    (t::PID_TAG_IPM_CONTACT_ENTRY_ID, SpecialFolder::Contacts),
    (t::PID_TAG_IPM_JOURNAL_ENTRY_ID, SpecialFolder::Journal),
    (t::PID_TAG_IPM_NOTE_ENTRY_ID, SpecialFolder::Notes),
    (t::PID_TAG_IPM_TASK_ENTRY_ID, SpecialFolder::Tasks),
    (t::PID_TAG_IPM_DRAFTS_ENTRY_ID, SpecialFolder::Drafts),
];

const FOLDER_DEFAULTS: &[PropertyTag] = &[
    t::PID_TAG_IPM_APPOINTMENT_ENTRY_ID,
    t::PID_TAG_IPM_CONTACT_ENTRY_ID,
    t::PID_TAG_IPM_JOURNAL_ENTRY_ID,
    t::PID_TAG_IPM_NOTE_ENTRY_ID,
    t::PID_TAG_IPM_TASK_ENTRY_ID,
    t::PID_TAG_IPM_DRAFTS_ENTRY_ID,
    t::PID_TAG_ADDITIONAL_REN_ENTRY_IDS,
    t::PID_TAG_ATTRIBUTE_HIDDEN,
];

const MESSAGE: &[PropertyTag] = &[
    t::PID_TAG_ENTRY_ID,
    t::PID_TAG_PARENT_ENTRY_ID,
    t::PID_TAG_RECORD_KEY,
    t::PID_TAG_INSTANCE_KEY,
    t::PID_TAG_STORE_ENTRY_ID,
    t::PID_TAG_STORE_RECORD_KEY,
    t::PID_TAG_MAPPING_SIGNATURE,
    t::PID_TAG_ACCESS,
    t::PID_TAG_ACCESS_LEVEL,
];

/// Of messages that no client of this server has saved (MS-OXCMSG 2.2.1.1).
const MESSAGE_DEFAULTS: &[PropertyTag] = &[t::PID_TAG_LAST_MODIFIER_NAME, t::PID_TAG_LAST_MODIFIER_ENTRY_ID];

const ATTACHMENT: &[PropertyTag] = &[
    t::PID_TAG_RECORD_KEY,
    t::PID_TAG_STORE_ENTRY_ID,
    t::PID_TAG_STORE_RECORD_KEY,
    t::PID_TAG_MAPPING_SIGNATURE,
    t::PID_TAG_INSTANCE_KEY,
    t::PID_TAG_ACCESS,
    t::PID_TAG_ACCESS_LEVEL,
    t::PID_TAG_ATTACH_NUMBER,
];

/// What rows of tables have beside the properties of their objects (MS-OXCTABL 2.2.1).
const ROW: &[PropertyTag] = &[t::PID_TAG_ROW_TYPE, t::PID_TAG_DEPTH];

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Logon,
    /// With what the user may do with it.
    Folder(FolderId, MemberRights),
    /// With what the user may do with the folder, and how many categories the row is in.
    Message {
        folder: FolderId,
        id: MessageId,
        saved: bool,
        writable: bool,
        rights: MemberRights,
        depth: usize,
    },
    Attachment {
        message: MessageId,
        number: u32,
        writable: bool,
    },
}

impl Known {
    /// The kind of object that the store sees in it.
    pub(super) fn kind(self) -> ObjectKind {
        match self {
            Self::Logon => ObjectKind::Mailbox,
            Self::Folder(..) => ObjectKind::Folder,
            Self::Message { .. } => ObjectKind::Message,
            Self::Attachment { .. } => ObjectKind::Attachment,
        }
    }

    /// The properties that every object of this kind has, whatever is stored.
    pub(super) fn tags(self) -> &'static [PropertyTag] {
        match self {
            Self::Logon => LOGON,
            Self::Folder(..) => FOLDER,
            Self::Message { .. } => MESSAGE,
            Self::Attachment { .. } => ATTACHMENT,
        }
    }

    /// Those of them that RopGetPropertiesAll and RopGetPropertiesList tell of. The address book's entry id of a
    /// mailbox's owner is worked out when it is asked for by name.
    pub(super) fn listed_tags(self) -> impl Iterator<Item = &'static PropertyTag> {
        self.tags().iter().filter(|tag| **tag != t::PID_TAG_MAILBOX_OWNER_ENTRY_ID)
    }

    /// The properties that an object of this kind may have as long as none is stored.
    pub(super) fn default_tags(self) -> &'static [PropertyTag] {
        match self {
            Self::Logon => LOGON_DEFAULTS,
            Self::Folder(..) => FOLDER_DEFAULTS,
            Self::Message { .. } => MESSAGE_DEFAULTS,
            Self::Attachment { .. } => &[],
        }
    }

    /// The property of [`Known::tags`] that is asked for, PtypUnspecified and both string types included.
    pub(super) fn tag(self, asked: PropertyTag) -> Option<PropertyTag> {
        find(self.tags(), asked)
    }

    /// The property of a row of a table that is asked for. How deep a folder is the store knows.
    pub(super) fn row_tag(self, asked: PropertyTag) -> Option<PropertyTag> {
        let of_row = find(ROW, asked).filter(|tag| *tag != t::PID_TAG_DEPTH || !matches!(self, Self::Folder(..)));
        self.tag(asked).or(of_row)
    }

    /// The property of [`Known::default_tags`] that is asked for.
    pub(super) fn default_tag(self, asked: PropertyTag) -> Option<PropertyTag> {
        find(self.default_tags(), asked)
    }

    /// The object's entry id; an attachment has none.
    fn entry_id(self, mailbox: &OpenMailbox) -> Result<Option<Vec<u8>>, ErrorCode> {
        match self {
            Self::Logon => mailbox.store_entry_id().map(Some),
            Self::Folder(id, _) => mailbox.folder_entry_id(id).map(Some),
            // An embedded message is in no folder.
            Self::Message { folder, .. } if folder.global_counter() == 0 => Ok(None),
            Self::Message { folder, id, .. } => mailbox.message_entry_id(folder, id).map(Some),
            Self::Attachment { .. } => Ok(None),
        }
    }

    /// The value of a property of [`Known::tags`], [`Known::default_tags`] or [`Known::row_tag`].
    pub(super) fn value(
        self,
        mailbox: &OpenMailbox,
        tag: PropertyTag,
    ) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
        use PropertyValue as V;
        Ok(Some(match tag {
            t::PID_TAG_STORE_ENTRY_ID => binary(mailbox.store_entry_id()?),
            t::PID_TAG_STORE_RECORD_KEY => binary(mailbox.identity.mailbox.0),
            t::PID_TAG_MAPPING_SIGNATURE => binary(mailbox.identity.replica.0),
            t::PID_TAG_ENTRY_ID => return Ok(self.entry_id(mailbox)?.map(binary)),
            t::PID_TAG_RECORD_KEY => match self {
                Self::Logon => binary(mailbox.identity.mailbox.0),
                Self::Attachment { message, number, .. } => binary(attachment_key(message, number)?),
                _ => return Ok(self.entry_id(mailbox)?.map(binary)),
            },
            t::PID_TAG_ACCESS => V::PtypInteger32(self.access()),
            t::PID_TAG_ROW_TYPE => V::PtypInteger32(TBL_LEAF_ROW),
            t::PID_TAG_DEPTH => match self {
                Self::Message { depth, .. } => V::PtypInteger32(i32::try_from(depth).unwrap_or(i32::MAX)),
                _ => V::PtypInteger32(0),
            },
            _ => {
                return match self {
                    Self::Logon => logon(mailbox, tag),
                    Self::Folder(id, rights) => folder(mailbox, id, rights, tag),
                    Self::Message { folder, id, writable, .. } => message(mailbox, folder, id, writable, tag),
                    Self::Attachment { number, writable, .. } => attachment(number, writable, tag),
                };
            }
        }))
    }

    /// PidTagAccess; a message that is not saved cannot be deleted (MS-OXCMSG 3.2.5.2).
    fn access(self) -> i32 {
        let when = |allowed: bool, bit: i32| if allowed { bit } else { 0 };
        match self {
            Self::Message { saved, rights, .. } => {
                let deletes = saved && rights.contains(MemberRights::DELETE_ANY);
                access::READ
                    | when(rights.contains(MemberRights::EDIT_ANY), access::MODIFY)
                    | when(deletes, access::DELETE)
            }
            Self::Attachment { .. } => access::MODIFY | access::READ | access::DELETE,
            Self::Logon => {
                access::MODIFY
                    | access::READ
                    | access::DELETE
                    | access::HIERARCHY
                    | access::CONTENTS
                    | access::ASSOCIATED
            }
            Self::Folder(_, rights) => {
                let owner = rights.contains(MemberRights::FOLDER_OWNER);
                when(rights.contains(MemberRights::READ_ANY), access::READ)
                    | when(owner, access::MODIFY | access::DELETE | access::ASSOCIATED)
                    | when(rights.contains(MemberRights::CREATE_SUB_FOLDER), access::HIERARCHY)
                    | when(rights.contains(MemberRights::CREATE), access::CONTENTS)
            }
        }
    }
}

fn find(known: &[PropertyTag], asked: PropertyTag) -> Option<PropertyTag> {
    let means = |own: &&PropertyTag| {
        own.property_id() == asked.property_id() && same_type(asked.property_type(), own.property_type())
    };
    known.iter().find(means).copied()
}

/// Properties of a logon (MS-OXCSTOR 2.2.2.1).
fn logon(mailbox: &OpenMailbox, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
    use PropertyValue as V;
    let special = |folder| mailbox.folder_entry_id(mailbox.mailbox.special_folders().get(folder)).map(binary);
    Ok(Some(match tag {
        t::PID_TAG_MAILBOX_OWNER_NAME | t::PID_TAG_DISPLAY_NAME => string(mailbox.owner.display_name.clone()),
        t::PID_TAG_MAILBOX_OWNER_ENTRY_ID => binary(user_entry_id(&mailbox.owner)?),
        t::PID_TAG_USER_ENTRY_ID => binary(user_entry_id(&mailbox.user)?),
        t::PID_TAG_STORE_STATE => {
            let searches = mailbox.mailbox.is_searching()?;
            V::PtypInteger32(if searches { StoreState::STORE_HAS_SEARCHES.0.cast_signed() } else { 0 })
        }
        t::PID_TAG_CODE_PAGE_ID => V::PtypInteger32(i32::from(mailbox.code_page())),
        t::PID_TAG_LOCALE_ID => V::PtypInteger32(mailbox.locale.lcid_string.cast_signed()),
        t::PID_TAG_OUT_OF_OFFICE_STATE => V::PtypBoolean(false),
        t::PID_TAG_CONTENT_COUNT => V::PtypInteger32(message_count(mailbox)?),
        t::PID_TAG_IPM_OUTBOX_ENTRY_ID => special(SpecialFolder::Outbox)?,
        t::PID_TAG_IPM_SENT_MAIL_ENTRY_ID => special(SpecialFolder::SentItems)?,
        t::PID_TAG_IPM_WASTEBASKET_ENTRY_ID => special(SpecialFolder::DeletedItems)?,
        t::PID_TAG_VIEWS_ENTRY_ID => special(SpecialFolder::Views)?,
        t::PID_TAG_COMMON_VIEWS_ENTRY_ID => special(SpecialFolder::CommonViews)?,
        t::PID_TAG_FINDER_ENTRY_ID => special(SpecialFolder::Search)?,
        _ => return Ok(None),
    }))
}

/// Messages of the whole mailbox without associated ones (MS-OXCSTOR 2.2.2.1.1.6).
fn message_count(mailbox: &OpenMailbox) -> Result<i32, ErrorCode> {
    let store = &mailbox.mailbox;
    let root = store.special_folders().get(SpecialFolder::Root);
    let mut folders = store.hierarchy(root, HierarchyDepth::Descendants, &TableQuery::default())?;
    folders.push(root);
    let mut count: u32 = 0;
    for id in folders {
        let folder = store.folder(id)?;
        if folder.folder_type != FolderType::Search {
            count = count.saturating_add(folder.content_count);
        }
    }
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

fn folder(
    mailbox: &OpenMailbox,
    id: FolderId,
    rights: MemberRights,
    tag: PropertyTag,
) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
    use PropertyValue as V;
    let specials = mailbox.mailbox.special_folders();
    Ok(Some(match tag {
        t::PID_TAG_PARENT_ENTRY_ID => {
            let folder = mailbox.mailbox.folder(id).map_err(of_open_object)?;
            // The root is its own parent.
            binary(mailbox.folder_entry_id(folder.parent.unwrap_or(id))?)
        }
        t::PID_TAG_INSTANCE_KEY => binary(OpenMailbox::instance_key(id.0)?),
        t::PID_TAG_RIGHTS => V::PtypInteger32(without_free_busy(rights).0.cast_signed()),
        t::PID_TAG_HAS_RULES => V::PtypBoolean(false),
        t::PID_TAG_DELETED_COUNT_TOTAL => {
            let kinds = [ContentsKind::SoftDeleted, ContentsKind::SoftDeletedAssociated];
            let mut count: u32 = 0;
            for kind in kinds {
                let of_kind = mailbox.mailbox.count_contents(id, kind, &TableQuery::default());
                count = count.saturating_add(of_kind.map_err(of_open_object)?);
            }
            V::PtypInteger32(i32::try_from(count).unwrap_or(i32::MAX))
        }
        t::PID_TAG_ATTRIBUTE_HIDDEN => V::PtypBoolean(false),
        _ if id != specials.get(SpecialFolder::Inbox) && id != specials.get(SpecialFolder::Root) => return Ok(None),
        t::PID_TAG_ADDITIONAL_REN_ENTRY_IDS => {
            let junk = mailbox.folder_entry_id(specials.get(SpecialFolder::JunkEmail))?;
            let mut list = vec![Vec::new(); ADDITIONAL_REN - 1];
            list.push(junk);
            V::PtypMultipleBinary(list.into_iter().map(Into::into).collect())
        }
        tag => match SPECIAL.iter().find(|(own, _)| *own == tag) {
            Some((_, special)) => binary(mailbox.folder_entry_id(specials.get(*special))?),
            None => return Ok(None),
        },
    }))
}

fn message(
    mailbox: &OpenMailbox,
    folder: FolderId,
    id: MessageId,
    writable: bool,
    tag: PropertyTag,
) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
    use PropertyValue as V;
    Ok(Some(match tag {
        t::PID_TAG_PARENT_ENTRY_ID => binary(mailbox.folder_entry_id(folder)?),
        t::PID_TAG_INSTANCE_KEY => binary(OpenMailbox::instance_key(id.0)?),
        t::PID_TAG_ACCESS_LEVEL => V::PtypInteger32(i32::from(writable)),
        // What is delivered is the work of whom it is delivered to.
        t::PID_TAG_LAST_MODIFIER_NAME => string(mailbox.owner.display_name.clone()),
        t::PID_TAG_LAST_MODIFIER_ENTRY_ID => binary(user_entry_id(&mailbox.owner)?),
        _ => return Ok(None),
    }))
}

fn attachment(number: u32, writable: bool, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
    Ok(Some(match tag {
        t::PID_TAG_INSTANCE_KEY => binary(OpenMailbox::instance_key(number.into())?),
        t::PID_TAG_ATTACH_NUMBER => PropertyValue::PtypInteger32(number.cast_signed()),
        t::PID_TAG_ACCESS_LEVEL => PropertyValue::PtypInteger32(i32::from(writable)),
        _ => return Ok(None),
    }))
}

/// What a store calls the object.
pub(super) fn object_of(known: Known) -> Option<ObjectId> {
    match known {
        Known::Logon => Some(ObjectId::Mailbox),
        Known::Folder(id, _) => Some(ObjectId::Folder(id)),
        Known::Message { id, saved, .. } => saved.then_some(ObjectId::Message(id)),
        Known::Attachment { message, number, .. } => Some(ObjectId::Attachment(message, number)),
    }
}
