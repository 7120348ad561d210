//! Messages and attachments as their handles have them: what is changed and not saved, what opening them tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::oxcdata::{
    ErrorCode, FolderId, GlobalIdentifier, MessageId, OpenRecipientRow, PropertyTag, PropertyValue, TypedString,
};
use protocol::oxcmsg::{CODE_PAGE_OF_LOGON, ReadFlags};
use runtime::rop::Fill;
use runtime::{Guid, Utf16};

use super::entry_ids::{packed, user_entry_id};
use super::errors::of_open_object;
use super::objects::{Attachment, Folder, Inbox, Message, OpenMailbox, Version};
use super::properties::changes_size;
use super::recipients::Recipients;
use super::streams::Streams;
use crate::store::tags::{self as t, message_flags};
use crate::store::value::{binary, string};
use crate::store::{MessageChange, MessageTarget, ObjectId, PartChange, PropertyChanges, StoredValue, ids};

/// The most recipients that a reply of RopOpenMessage lists.
pub const MAX_RECIPIENT_ROWS: usize = 254;

/// So many recipients are listed as long as they have room; more only where enough of it stays free for the
/// replies that follow.
pub const FEW_RECIPIENT_ROWS: usize = 5;

/// Bytes of the room that are enough for them, when they are less than half of it.
const ROOM_FOR_REPLIES: usize = 8 * 1024;

/// The most recipients that a handle holds changes of (MS-OXCMSG 2.2.3.5.1).
pub(super) const MAX_RECIPIENTS: usize = 0x7FEF;

/// PidTagTrustSender (MS-OXCMSG 2.2.1.45).
const PID_TAG_TRUST_SENDER: PropertyTag = PropertyTag(0x0E79_0003);

/// Bytes of a recipient beside its properties.
pub(super) const RECIPIENT_SIZE: usize = 256;

/// The code page that a request names.
pub(super) fn code_page(mailbox: &OpenMailbox, code_page_id: u16) -> u16 {
    if code_page_id == CODE_PAGE_OF_LOGON { mailbox.code_page() } else { code_page_id }
}

/// A string that may not be there.
fn typed_string(text: Option<String>) -> TypedString<'static> {
    match text {
        None => TypedString::NoString,
        // A zero would end it on the wire.
        Some(text) => match text.split('\0').next() {
            None | Some("") => TypedString::Empty,
            Some(text) => TypedString::Unicode(Utf16::new(text.to_owned())),
        },
    }
}

/// The recipient rows that a reply has room for.
fn recipient_rows(recipients: &Recipients, room: usize) -> Vec<OpenRecipientRow<'static>> {
    let mut fill = Fill::new(room, |row: &OpenRecipientRow<'static>| row.packed_size());
    for row in recipients.rows() {
        let many = fill.len() >= FEW_RECIPIENT_ROWS;
        if many && fill.room().saturating_sub(row.packed_size()) < ROOM_FOR_REPLIES.min(room / 2) {
            break;
        }
        if !fill.push(row) {
            break;
        }
    }
    fill.finish().unwrap_or_default()
}

impl Message {
    /// Fails where the message was opened or saved as read only.
    pub(super) fn check_writable(&self) -> Result<(), ErrorCode> {
        if self.writable { Ok(()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }
    }

    /// Bytes of all changes that are not saved.
    pub(super) fn pending_size(&self) -> usize {
        let recipient = |change: &PartChange| match change {
            PartChange::Change(properties) | PartChange::Replace(properties) => changes_size(properties),
            PartChange::Remove => 0,
        };
        let parts = self.recipients.values().chain(self.attachments.values());
        let parts: usize = parts.map(|change| RECIPIENT_SIZE + recipient(change)).sum();
        let embedded: usize = self.embedded.values().map(change_size).sum();
        parts.saturating_add(embedded).saturating_add(changes_size(&self.properties))
    }

    /// Who changed the message last, and when it was stored (MS-OXCMSG 2.2.1.49, MS-OXCPRPT 2.2.1.5).
    fn stamp(&self, properties: &mut PropertyChanges) -> Result<(), ErrorCode> {
        let user = &self.mailbox.user;
        properties
            .set(t::PID_TAG_LAST_MODIFIER_NAME, string(user.display_name.clone()))
            .set(t::PID_TAG_LAST_MODIFIER_ENTRY_ID, binary(user_entry_id(user)?))
            .set(t::PID_TAG_LOCAL_COMMIT_TIME, PropertyValue::PtypTime((self.mailbox.clock)()));
        Ok(())
    }

    /// What saving writes.
    pub(super) fn pending(&self, force: bool) -> Result<MessageChange, ErrorCode> {
        let target = match self.version {
            Version::New { .. } => {
                MessageTarget::Create { folder: self.folder, associated: self.associated, id: Some(self.id) }
            }
            Version::Saved { change_number } => {
                MessageTarget::Update { id: self.id, expected_change_number: (!force).then_some(change_number) }
            }
        };
        let mut change = MessageChange::new(if self.home.is_some() { MessageTarget::Embedded } else { target });
        change.properties = self.properties.clone();
        change.recipients = self.recipients.clone();
        change.remove_all_recipients = self.removes_recipients;
        change.attachments = self.attachments.clone();
        change.embedded = self.embedded.clone();
        self.stamp(&mut change.properties)?;
        Ok(change)
    }
}

/// A key of 16 bytes that no other message has: the mailbox's GUID with a counter of its own mixed in. The
/// same store makes the same keys again when the same is done on it.
fn new_search_key(mailbox: &OpenMailbox) -> Result<Vec<u8>, ErrorCode> {
    let global_counter = mailbox.mailbox.allocate_counters(1)?;
    let mut key = packed(|e| GlobalIdentifier { database_guid: mailbox.identity.replica, global_counter }.pack(e))?;
    let counter = key.split_off(Guid::SIZE);
    key.iter_mut().rev().zip(counter.iter().rev()).for_each(|(byte, counter)| *byte ^= counter);
    Ok(key)
}

/// The properties that a new message begins with (MS-OXCMSG 3.2.5.2).
pub(super) fn initial_properties(mailbox: &OpenMailbox, associated: bool) -> Result<PropertyChanges, ErrorCode> {
    use PropertyValue as V;
    let fai = if associated { message_flags::FAI } else { 0 };
    let flags = message_flags::READ | message_flags::UNSENT | fai;
    let locale = V::PtypInteger32(mailbox.locale.lcid_string.cast_signed());
    let search_key = new_search_key(mailbox)?;
    let (name, entry_id) = (mailbox.user.display_name.clone(), user_entry_id(&mailbox.user)?);
    let mut properties = PropertyChanges::new();
    properties
        .set(t::PID_TAG_IMPORTANCE, V::PtypInteger32(1))
        .set(t::PID_TAG_MESSAGE_CLASS, string("IPM.Note"))
        .set(t::PID_TAG_SENSITIVITY, V::PtypInteger32(0))
        .set(t::PID_TAG_MESSAGE_FLAGS, V::PtypInteger32(flags.cast_signed()))
        .set(PID_TAG_TRUST_SENDER, V::PtypInteger32(1))
        .set(t::PID_TAG_SEARCH_KEY, binary(search_key))
        .set(t::PID_TAG_MESSAGE_LOCALE_ID, locale.clone())
        .set(t::PID_TAG_LOCALE_ID, locale)
        .set(t::PID_TAG_CREATOR_NAME, string(name.clone()))
        .set(t::PID_TAG_CREATOR_ENTRY_ID, binary(entry_id.clone()))
        .set(t::PID_TAG_LAST_MODIFIER_NAME, string(name))
        .set(t::PID_TAG_LAST_MODIFIER_ENTRY_ID, binary(entry_id));
    Ok(properties)
}

/// Bytes of memory that a change of a message takes.
fn change_size(change: &MessageChange) -> usize {
    let part = |change: &PartChange| match change {
        PartChange::Change(properties) | PartChange::Replace(properties) => changes_size(properties),
        PartChange::Remove => 0,
    };
    let parts = change.recipients.values().chain(change.attachments.values()).map(part);
    let embedded = change.embedded.values().map(change_size);
    parts.chain(embedded).fold(changes_size(&change.properties), usize::saturating_add)
}

/// What replies that open a message tell of it.
pub(super) struct Header {
    pub(super) has_named_properties: bool,
    pub(super) subject_prefix: TypedString<'static>,
    pub(super) normalized_subject: TypedString<'static>,
    pub(super) recipient_count: u16,
    pub(super) recipient_columns: Vec<PropertyTag>,
    pub(super) recipient_rows: Vec<OpenRecipientRow<'static>>,
}

impl Header {
    /// Reads it, with as many recipients as `room` bytes hold beside the rest.
    pub(super) fn read(message: &Message, room: usize) -> Result<Self, ErrorCode> {
        let recipients = Recipients::read(message, 0, MAX_RECIPIENT_ROWS)?;
        let properties = message.properties();
        let subject_prefix = typed_string(properties.text(t::PID_TAG_SUBJECT_PREFIX)?);
        let normalized_subject = typed_string(properties.text(t::PID_TAG_NORMALIZED_SUBJECT)?);
        let taken = FIXED + subject_prefix.packed_size() + normalized_subject.packed_size();
        let room = room.saturating_sub(taken + recipients.columns.len() * size_of::<u32>());
        Ok(Self {
            has_named_properties: properties.has_named_properties()?,
            subject_prefix,
            normalized_subject,
            recipient_count: u16::try_from(recipients.count).unwrap_or(u16::MAX),
            recipient_columns: recipients.columns.clone(),
            recipient_rows: recipient_rows(&recipients, room),
        })
    }
}

/// Bytes of such a reply that are always there: HasNamedProperties, three counts; MessageId and Reserved of
/// RopOpenEmbeddedMessage.
const FIXED: usize = 15;

impl Message {
    /// A message that is opened or created, without changes.
    pub(super) fn new(mailbox: &Arc<OpenMailbox>, id: MessageId, folder: FolderId) -> Result<Self, ErrorCode> {
        Ok(Self {
            mailbox: Arc::clone(mailbox),
            id,
            folder,
            associated: false,
            code_page: mailbox.code_page(),
            writable: true,
            version: Version::New { created: (mailbox.clock)() },
            properties: PropertyChanges::new(),
            removes_recipients: false,
            recipients: BTreeMap::new(),
            attachments: BTreeMap::new(),
            embedded: BTreeMap::new(),
            next_attachment: 0,
            parts: Inbox::default(),
            streams: Streams::default(),
            home: None,
            held: mailbox.budget.hold(0)?,
        })
    }

    /// Numbers of all attachments as this handle has them.
    pub(super) fn attachment_numbers(&self) -> Result<Vec<u32>, ErrorCode> {
        let mut numbers: BTreeSet<u32> = self.stored_attachments()?.into_iter().collect();
        for (number, change) in &self.attachments {
            match change {
                PartChange::Remove => _ = numbers.remove(number),
                PartChange::Change(_) | PartChange::Replace(_) => _ = numbers.insert(*number),
            }
        }
        Ok(numbers.into_iter().collect())
    }

    fn stored_attachments(&self) -> Result<Vec<u32>, ErrorCode> {
        match self.version {
            Version::New { .. } => Ok(Vec::new()),
            Version::Saved { .. } => self.mailbox.mailbox.attachments(self.id).map_err(of_open_object),
        }
    }

    /// An attachment of this number, as it is through this handle.
    pub(super) fn attachment(&self, number: u32, writable: bool) -> Result<Attachment, ErrorCode> {
        let replaced = matches!(self.attachments.get(&number), Some(PartChange::Replace(_)));
        let properties = match self.attachments.get(&number) {
            Some(PartChange::Change(properties) | PartChange::Replace(properties)) => properties.clone(),
            Some(PartChange::Remove) | None => PropertyChanges::new(),
        };
        Ok(Attachment {
            mailbox: Arc::clone(&self.mailbox),
            message: self.id,
            stored: !replaced && self.stored_attachments()?.contains(&number),
            number,
            code_page: self.code_page,
            writable,
            held: self.mailbox.budget.hold(changes_size(&properties))?,
            properties,
            embedded: self.embedded.get(&number).cloned(),
            inner: Inbox::default(),
            owner: self.parts.clone(),
            streams: Streams::default(),
        })
    }

    /// A new attachment; the message knows of it once it is saved (MS-OXCMSG 3.2.5.13).
    pub(super) fn new_attachment(&mut self) -> Result<Attachment, ErrorCode> {
        let numbers = self.attachment_numbers()?;
        if numbers.len() >= MAX_ATTACHMENTS {
            return Err(ErrorCode::EC_MAX_ATTACHMENT_EXCEEDED);
        }
        // Numbers that this handle has given out are not given out again.
        let number = numbers.last().map_or(0, |last| last.saturating_add(1)).max(self.next_attachment);
        self.next_attachment = number.saturating_add(1);
        let mut attachment = self.attachment(number, true)?;
        let now = PropertyValue::PtypTime((self.mailbox.clock)());
        attachment.stored = false;
        attachment
            .properties
            .set(t::PID_TAG_RENDERING_POSITION, PropertyValue::PtypInteger32(-1))
            .set(t::PID_TAG_CREATION_TIME, now.clone())
            .set(t::PID_TAG_LAST_MODIFICATION_TIME, now);
        Ok(attachment)
    }
}

impl Attachment {
    /// The message in it, as it is through this handle; a new one where there is none and `create` is set.
    pub(super) fn message(&self, code_page: u16, writable: bool, create: bool) -> Result<Message, ErrorCode> {
        let stored = match self.stored {
            true => self.mailbox.mailbox.embedded(self.message, self.number).map_err(of_open_object)?,
            false => None,
        };
        let id = match stored {
            Some(id) => id,
            None if self.embedded.is_some() || create => ids::message_id(self.mailbox.mailbox.allocate_counters(1)?),
            None => return Err(ErrorCode::EC_NOT_FOUND),
        };
        let mut message = Message::new(&self.mailbox, id, FolderId::default())?;
        message.code_page = code_page;
        message.writable = writable;
        message.home = Some(self.inner.clone());
        if let Some(id) = stored {
            let change_number = self.mailbox.mailbox.message(id)?.change_number;
            message.version = Version::Saved { change_number };
        }
        match &self.embedded {
            Some(change) => {
                message.properties = change.properties.clone();
                message.removes_recipients = change.remove_all_recipients;
                message.recipients = change.recipients.clone();
                message.attachments = change.attachments.clone();
                message.embedded = change.embedded.clone();
            }
            None if stored.is_none() => message.properties = initial_properties(&self.mailbox, false)?,
            None => {}
        }
        message.held.resize(message.pending_size())?;
        Ok(message)
    }
}

impl Message {
    /// Sets or clears mfRead of a message that is not saved.
    pub(super) fn mark_read(&mut self, read: bool) -> Result<(), ErrorCode> {
        let flags = self.properties().raw(t::PID_TAG_MESSAGE_FLAGS)?;
        let flags = match flags.as_ref().and_then(StoredValue::value) {
            Some(PropertyValue::PtypInteger32(flags)) => flags.cast_unsigned(),
            _ => 0,
        };
        let flags = if read { flags | message_flags::READ } else { flags & !message_flags::READ };
        self.properties.set(t::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(flags.cast_signed()));
        Ok(())
    }
}

/// The most attachments of a message.
const MAX_ATTACHMENTS: usize = 2048;

/// What ReadFlags make of mfRead; `None` where it stays as it is (MS-OXCMSG 2.2.3.10.1).
///
/// # Errors
/// ecInvalidParam for bits that contradict each other.
pub(super) fn read_state(flags: ReadFlags) -> Result<Option<bool>, ErrorCode> {
    let clears = flags.contains(ReadFlags::RF_CLEAR_READ_FLAG);
    let receipt_only = flags.contains(ReadFlags::RF_GENERATE_RECEIPT_ONLY);
    let notify = flags.contains(ReadFlags::RF_CLEAR_NOTIFY_READ) || flags.contains(ReadFlags::RF_CLEAR_NOTIFY_UNREAD);
    match (clears, receipt_only || notify) {
        (true, true) => Err(ErrorCode::EC_INVALID_PARAM),
        (true, false) => Ok(Some(false)),
        (false, true) => Ok(None),
        (false, false) => Ok(Some(true)),
    }
}

/// The message of a folder that a request names.
pub(super) fn message_of(folder: &Folder, id: MessageId) -> Result<crate::store::Message, ErrorCode> {
    let store = &folder.mailbox.mailbox;
    let stored = store.message(id)?;
    if !stored.soft_deleted && store.contains(folder.id, id)? { Ok(stored) } else { Err(ErrorCode::EC_NOT_FOUND) }
}

/// PidTagMessageStatus of a message (MS-OXCMSG 2.2.1.8).
pub(super) fn status_of(folder: &Folder, id: MessageId) -> Result<u32, ErrorCode> {
    let stored = message_of(folder, id)?.id;
    let store = folder.mailbox.mailbox.as_ref();
    match crate::store::property(store, ObjectId::Message(stored), t::PID_TAG_MESSAGE_STATUS)? {
        Some(PropertyValue::PtypInteger32(status)) => Ok(status.cast_unsigned()),
        _ => Ok(0),
    }
}
