//! Messages, their recipients and attachments (MS-OXCMSG 3.2.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, GlobalIdentifier, OpenRecipientRow, PropertyTag, PropertyValue, TypedString};
use protocol::oxcmsg::{
    CODE_PAGE_OF_LOGON, MessageOpenModeFlags, RopCreateMessageRequest, RopCreateMessageResponse,
    RopGetAttachmentTableRequest, RopGetAttachmentTableResponse, RopModifyRecipientsRequest,
    RopModifyRecipientsResponse, RopOpenAttachmentRequest, RopOpenAttachmentResponse, RopOpenMessageRequest,
    RopOpenMessageResponse, RopSaveChangesMessageRequest, RopSaveChangesMessageResponse, SaveFlags,
};
use protocol::oxcprpt::AccessMode;
use protocol::rops::{LogonOrFolder, OxcmsgHandler};
use runtime::rop::{Fill, RopContext};
use runtime::{Guid, Utf16};

use super::RopHandlers;
use super::entry_ids::{packed, user_entry_id};
use super::errors::of_open_object;
use super::objects::{Attachment, Message, OpenMailbox, Source, Table, Version};
use super::oxcfold::mailbox_of;
use super::properties::changes_size;
use super::recipients::{self, Recipients};
use crate::store::tags::{self as t, message_flags};
use crate::store::value::{binary, string};
use crate::store::{MessageChange, MessageTarget, PartChange, PropertyChanges, ids};

/// The most recipients that a reply of RopOpenMessage lists.
pub const MAX_RECIPIENT_ROWS: usize = 254;

/// So many recipients are listed as long as they have room; more only where enough of it stays free for the
/// replies that follow.
pub const FEW_RECIPIENT_ROWS: usize = 5;

/// Bytes of the room that are enough for them, when they are less than half of it.
const ROOM_FOR_REPLIES: usize = 8 * 1024;

/// The most recipients that a handle holds changes of (MS-OXCMSG 2.2.3.5.1).
const MAX_RECIPIENTS: usize = 0x7FEF;

/// PidTagTrustSender (MS-OXCMSG 2.2.1.45).
const PID_TAG_TRUST_SENDER: PropertyTag = PropertyTag(0x0E79_0003);

/// Bytes of a recipient beside its properties.
const RECIPIENT_SIZE: usize = 256;

/// The code page that a request names.
fn code_page(mailbox: &OpenMailbox, code_page_id: u16) -> u16 {
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
        let recipients: usize = self.recipients.values().map(|change| RECIPIENT_SIZE + recipient(change)).sum();
        recipients.saturating_add(changes_size(&self.properties))
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
    fn pending(&self, force: bool) -> Result<MessageChange, ErrorCode> {
        let target = match self.version {
            Version::New { .. } => {
                MessageTarget::Create { folder: self.folder, associated: self.associated, id: Some(self.id) }
            }
            Version::Saved { change_number } => {
                MessageTarget::Update { id: self.id, expected_change_number: (!force).then_some(change_number) }
            }
        };
        let mut change = MessageChange::new(target);
        change.properties = self.properties.clone();
        change.recipients = self.recipients.clone();
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
fn initial_properties(mailbox: &OpenMailbox, associated: bool) -> Result<PropertyChanges, ErrorCode> {
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

impl OxcmsgHandler for RopHandlers {
    /// MS-OXCMSG 3.2.5.1. FolderId is the message's folder, or 0 for any. The mailbox's owner may write, so
    /// that BestAccess is read and write.
    fn rop_open_message(
        &mut self,
        context: RopContext,
        parent: LogonOrFolder<'_, Self>,
        request: &RopOpenMessageRequest,
    ) -> Result<(RopOpenMessageResponse<'static>, Message), ErrorCode> {
        let mailbox = Arc::clone(mailbox_of(&parent));
        let stored = mailbox.mailbox.message(request.message_id)?;
        let hidden = stored.embedded
            || (stored.soft_deleted && !request.open_mode_flags.contains(MessageOpenModeFlags::OPEN_SOFT_DELETED));
        if hidden || (request.folder_id.0 != 0 && request.folder_id != stored.folder) {
            return Err(ErrorCode::EC_NOT_FOUND);
        }
        let access = request.open_mode_flags.access();
        let message = Message {
            id: stored.id,
            folder: stored.folder,
            associated: stored.associated,
            code_page: code_page(&mailbox, request.code_page_id),
            writable: access == AccessMode::READ_WRITE || access == AccessMode::BEST_ACCESS,
            version: Version::Saved { change_number: stored.change_number },
            properties: PropertyChanges::new(),
            recipients: BTreeMap::new(),
            held: mailbox.budget.hold(0)?,
            mailbox,
        };
        let recipients = Recipients::read(&message, MAX_RECIPIENT_ROWS)?;
        let properties = message.properties();
        let mut response = RopOpenMessageResponse {
            has_named_properties: properties.has_named_properties()?,
            subject_prefix: typed_string(properties.text(t::PID_TAG_SUBJECT_PREFIX)?),
            normalized_subject: typed_string(properties.text(t::PID_TAG_NORMALIZED_SUBJECT)?),
            recipient_count: u16::try_from(stored.recipient_count).unwrap_or(u16::MAX),
            recipient_columns: recipients.columns.clone(),
            recipient_rows: Vec::new(),
        };
        let room = context.room.saturating_sub(response.packed_size());
        response.recipient_rows = recipient_rows(&recipients, room);
        Ok((response, message))
    }

    /// MS-OXCMSG 3.2.5.2: nothing is stored before RopSaveChangesMessage.
    fn rop_create_message(
        &mut self,
        _context: RopContext,
        parent: LogonOrFolder<'_, Self>,
        request: &RopCreateMessageRequest,
    ) -> Result<(RopCreateMessageResponse, Message), ErrorCode> {
        let mailbox = Arc::clone(mailbox_of(&parent));
        let folder = mailbox.mailbox.folder(request.folder_id)?.id;
        let id = ids::message_id(mailbox.mailbox.allocate_counters(1)?);
        let mut message = Message {
            id,
            folder,
            associated: request.associated_flag,
            code_page: code_page(&mailbox, request.code_page_id),
            writable: true,
            version: Version::New { created: (mailbox.clock)() },
            properties: initial_properties(&mailbox, request.associated_flag)?,
            recipients: BTreeMap::new(),
            held: mailbox.budget.hold(0)?,
            mailbox,
        };
        message.held.resize(message.pending_size())?;
        Ok((RopCreateMessageResponse { message_id: Some(id) }, message))
    }

    /// MS-OXCMSG 3.2.5.3. A failure leaves the message open as it was.
    fn rop_save_changes_message(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        request: &RopSaveChangesMessageRequest,
    ) -> Result<RopSaveChangesMessageResponse, ErrorCode> {
        if !message.writable {
            return Err(ErrorCode::EC_ERROR);
        }
        let flags = request.save_flags;
        let change = message.pending(flags.contains(SaveFlags::FORCE_SAVE))?;
        let saved = message.mailbox.mailbox.save_message(&change).map_err(of_open_object)?;
        message.version = Version::Saved { change_number: saved.change_number };
        message.properties = PropertyChanges::new();
        message.recipients.clear();
        message.held.resize(0)?;
        let keeps_writable = flags.contains(SaveFlags::KEEP_OPEN_READ_WRITE) || flags.contains(SaveFlags::FORCE_SAVE);
        if flags.contains(SaveFlags::KEEP_OPEN_READ_ONLY) && !keeps_writable {
            message.writable = false;
        }
        Ok(RopSaveChangesMessageResponse { message_id: saved.id })
    }

    /// MS-OXCMSG 3.2.5.5.
    fn rop_modify_recipients(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        request: &RopModifyRecipientsRequest<'_>,
    ) -> Result<RopModifyRecipientsResponse, ErrorCode> {
        message.check_writable()?;
        let added = request.recipient_rows.iter().filter(|row| !message.recipients.contains_key(&row.row_id)).count();
        if message.recipients.len().saturating_add(added) > MAX_RECIPIENTS {
            return Err(ErrorCode::EC_TOO_MANY_RECIPS);
        }
        let more: usize = request.recipient_rows.iter().map(|row| RECIPIENT_SIZE + row.packed_size()).sum();
        message.held.resize(message.pending_size().saturating_add(more))?;
        for row in &request.recipient_rows {
            let change = match &row.recipient_row {
                None => PartChange::Remove,
                Some(recipient) => PartChange::Replace(recipients::from_row(
                    recipient,
                    row.recipient_type,
                    &request.recipient_columns,
                    recipients::dn_prefix(&message.mailbox),
                    message.code_page,
                )),
            };
            message.recipients.insert(row.row_id, change);
        }
        message.held.resize(message.pending_size())?;
        Ok(RopModifyRecipientsResponse)
    }

    /// MS-OXCMSG 3.2.5.17. String columns come in the type of their tags, which TableFlags do not change.
    fn rop_get_attachment_table(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        _request: &RopGetAttachmentTableRequest,
    ) -> Result<(RopGetAttachmentTableResponse, Table), ErrorCode> {
        let saved = matches!(message.version, Version::Saved { .. }).then_some(message.id);
        let mut table = Table::new(&message.mailbox, Source::Attachments { message: saved }, message.code_page);
        table.length()?;
        Ok((RopGetAttachmentTableResponse, table))
    }

    /// MS-OXCMSG 3.2.5.12.
    fn rop_open_attachment(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        request: &RopOpenAttachmentRequest,
    ) -> Result<(RopOpenAttachmentResponse, Attachment), ErrorCode> {
        let writable = match request.open_attachment_flags {
            AccessMode::READ_ONLY => false,
            AccessMode::READ_WRITE => {
                message.check_writable()?;
                true
            }
            AccessMode::BEST_ACCESS => message.writable,
            _ => return Err(ErrorCode::EC_INVALID_PARAM),
        };
        let numbers = match message.version {
            Version::New { .. } => Vec::new(),
            Version::Saved { .. } => message.mailbox.mailbox.attachments(message.id).map_err(of_open_object)?,
        };
        if !numbers.contains(&request.attachment_id) {
            return Err(ErrorCode::EC_NOT_FOUND);
        }
        let attachment = Attachment {
            mailbox: Arc::clone(&message.mailbox),
            message: message.id,
            number: request.attachment_id,
            code_page: message.code_page,
            writable,
            properties: PropertyChanges::new(),
            held: message.mailbox.budget.hold(0)?,
        };
        Ok((RopOpenAttachmentResponse, attachment))
    }
}
