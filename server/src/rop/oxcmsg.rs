//! Messages, their recipients and attachments (MS-OXCMSG 3.2.5).

use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, MessageId, PropertyValue};
use protocol::oxcmsg::*;
use protocol::oxcperm::MemberRights;
use protocol::oxcprpt::AccessMode;
use protocol::rops::{LogonOrFolder, OxcmsgHandler};
use runtime::rop::{Fill, RopContext};

use super::entry_ids::packed;
use super::errors::of_open_object;
use super::messages::{
    Header, MAX_RECIPIENT_ROWS, MAX_RECIPIENTS, RECIPIENT_SIZE, code_page, initial_properties, message_of, read_state,
    status_of,
};
use super::objects::{Attachment, Folder, Message, Part, Source, Table, Version};
use super::oxcfold::mailbox_of;
use super::permissions::Act;
use super::recipients::{self, Recipients};
use super::{RopHandlers, code_pages};
use crate::store::tags as t;
use crate::store::{ContentsKind, FolderType, PartChange, TableQuery, ids};

impl OxcmsgHandler for RopHandlers {
    /// MS-OXCMSG 3.2.5.1. FolderId is the message's folder, a search folder that shows it, or 0 for any.
    /// BestAccess is read and write for who may edit the message.
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
        let elsewhere = request.folder_id.0 != 0 && request.folder_id != stored.folder;
        if hidden || (elsewhere && !mailbox.mailbox.contains(request.folder_id, stored.id)?) {
            return Err(ErrorCode::EC_NOT_FOUND);
        }
        if !mailbox.may(Act::Read, stored.folder, stored.id)? {
            return Err(ErrorCode::EC_ACCESS_DENIED);
        }
        let access = request.open_mode_flags.access();
        let may_edit = mailbox.may(Act::Edit, stored.folder, stored.id)?;
        if access == AccessMode::READ_WRITE && !may_edit {
            return Err(ErrorCode::EC_ACCESS_DENIED);
        }
        let mut message = Message::new(&mailbox, stored.id, stored.folder)?;
        message.associated = stored.associated;
        message.code_page = code_page(&mailbox, request.code_page_id);
        message.writable = may_edit && (access == AccessMode::READ_WRITE || access == AccessMode::BEST_ACCESS);
        message.version = Version::Saved { change_number: stored.change_number };
        let header = Header::read(&message, context.room)?;
        let response = RopOpenMessageResponse {
            has_named_properties: header.has_named_properties,
            subject_prefix: header.subject_prefix,
            normalized_subject: header.normalized_subject,
            recipient_count: header.recipient_count,
            recipient_columns: header.recipient_columns,
            recipient_rows: header.recipient_rows,
        };
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
        let folder = mailbox.mailbox.folder(request.folder_id)?;
        mailbox.require(folder.id, MemberRights::CREATE)?;
        if folder.folder_type == FolderType::Search {
            return Err(ErrorCode::EC_SEARCH_FOLDER);
        }
        let folder = folder.id;
        let id = ids::message_id(mailbox.mailbox.allocate_counters(1)?);
        let mut message = Message::new(&mailbox, id, folder)?;
        message.associated = request.associated_flag;
        message.code_page = code_page(&mailbox, request.code_page_id);
        message.properties = initial_properties(&mailbox, request.associated_flag)?;
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
        message.absorb()?;
        let flags = request.save_flags;
        let message_id = match &message.home {
            // Its attachment has it now; it comes into the store with the outermost message.
            Some(home) => {
                home.post(message.pending(true)?);
                message.id
            }
            None => message.save(flags.contains(SaveFlags::FORCE_SAVE))?,
        };
        let keeps_writable = flags.contains(SaveFlags::KEEP_OPEN_READ_WRITE) || flags.contains(SaveFlags::FORCE_SAVE);
        if flags.contains(SaveFlags::KEEP_OPEN_READ_ONLY) && !keeps_writable {
            message.writable = false;
        }
        Ok(RopSaveChangesMessageResponse { message_id })
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
        message.absorb()?;
        let saved = matches!(message.version, Version::Saved { .. }).then_some(message.id);
        let mut table = Table::new(&message.mailbox, Source::Attachments { message: saved }, message.code_page);
        table.pending = message.attachments.clone();
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
        message.absorb()?;
        if !message.attachment_numbers()?.contains(&request.attachment_id) {
            return Err(ErrorCode::EC_NOT_FOUND);
        }
        let attachment = message.attachment(request.attachment_id, writable)?;
        Ok((RopOpenAttachmentResponse, attachment))
    }

    /// MS-OXCMSG 3.2.5.4.
    fn rop_remove_all_recipients(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        _request: &RopRemoveAllRecipientsRequest,
    ) -> Result<RopRemoveAllRecipientsResponse, ErrorCode> {
        message.check_writable()?;
        message.recipients.clear();
        message.removes_recipients = true;
        message.held.resize(message.pending_size())?;
        Ok(RopRemoveAllRecipientsResponse)
    }

    /// MS-OXCMSG 3.2.5.6.
    fn rop_read_recipients(
        &mut self,
        context: RopContext,
        message: &mut Message,
        request: &RopReadRecipientsRequest,
    ) -> Result<RopReadRecipientsResponse<'static>, ErrorCode> {
        let from = request.row_id;
        let recipients = Recipients::read(message, from, MAX_RECIPIENT_ROWS)?;
        let mut fill = Fill::new(context.room.saturating_sub(1), |row: &ReadRecipientRow<'static>| row.packed_size());
        for (row_id, row) in recipients.numbered() {
            let recipient_row = packed(|e| row.recipient_row.pack(e, &recipients.columns))?;
            let row = ReadRecipientRow {
                row_id,
                recipient_type: row.recipient_type,
                code_page_id: row.code_page_id,
                recipient_row: recipient_row.into(),
            };
            if !fill.push(row) {
                break;
            }
        }
        let recipient_rows = fill.finish().ok_or(ErrorCode::EC_BUFFER_TOO_SMALL)?;
        let known = recipient_rows.first().is_some_and(|row| from == 0 || row.row_id == from);
        if known { Ok(RopReadRecipientsResponse { recipient_rows }) } else { Err(ErrorCode::EC_NOT_FOUND) }
    }

    /// MS-OXCMSG 3.2.5.7.
    fn rop_reload_cached_information(
        &mut self,
        context: RopContext,
        message: &mut Message,
        _request: &RopReloadCachedInformationRequest,
    ) -> Result<RopReloadCachedInformationResponse<'static>, ErrorCode> {
        message.absorb()?;
        let header = Header::read(message, context.room)?;
        Ok(RopReloadCachedInformationResponse {
            has_named_properties: header.has_named_properties,
            subject_prefix: header.subject_prefix,
            normalized_subject: header.normalized_subject,
            recipient_count: header.recipient_count,
            recipient_columns: header.recipient_columns,
            recipient_rows: header.recipient_rows,
        })
    }

    /// MS-OXCMSG 3.2.5.8; the reply tells what the status was before.
    fn rop_set_message_status(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopSetMessageStatusRequest,
    ) -> Result<RopSetMessageStatusResponse, ErrorCode> {
        let before = status_of(folder, request.message_id)?;
        if !folder.mailbox.may(Act::Edit, folder.id, request.message_id)? {
            return Err(ErrorCode::EC_ACCESS_DENIED);
        }
        let mask = request.message_status_mask.0;
        let after = (before & !mask) | (request.message_status_flags.0 & mask);
        folder.mailbox.mailbox.set_message_status(request.message_id, after)?;
        Ok(RopSetMessageStatusResponse { message_status_flags: MessageStatusFlags(before) })
    }

    /// MS-OXCMSG 3.2.5.9.
    fn rop_get_message_status(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopGetMessageStatusRequest,
    ) -> Result<RopGetMessageStatusResponse, ErrorCode> {
        let status = status_of(folder, request.message_id)?;
        Ok(RopGetMessageStatusResponse { message_status_flags: MessageStatusFlags(status) })
    }

    /// MS-OXCMSG 3.2.5.10; the work is done before the reply. No receipts are sent yet.
    fn rop_set_read_flags(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopSetReadFlagsRequest,
    ) -> Result<RopSetReadFlagsResponse, RopSetReadFlagsFailure> {
        // Without ids all messages of the folder are meant.
        let all = match request.message_ids.is_empty() {
            true => {
                let query = TableQuery::default();
                folder.mailbox.mailbox.contents(folder.id, ContentsKind::Normal, &query).map_err(of_open_object)?
            }
            false => request.message_ids.as_slice().into(),
        };
        let ids: &[MessageId] = &all;
        let found = match read_state(request.read_flags)? {
            Some(read) => {
                let allowed = folder.mailbox.allowed(Act::Edit, folder.id, ids)?;
                folder.mailbox.mailbox.set_all_read(folder.id, &allowed, read).map_err(of_open_object)?
            }
            None => ids.iter().filter(|id| message_of(folder, **id).is_ok()).count(),
        };
        Ok(RopSetReadFlagsResponse { partial_completion: found < ids.len() })
    }

    /// MS-OXCMSG 3.2.5.11. Only messages of public folders report their state.
    fn rop_set_message_read_flag(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        request: &RopSetMessageReadFlagRequest,
    ) -> Result<RopSetMessageReadFlagResponse, ErrorCode> {
        if let Some(read) = read_state(request.read_flags)? {
            match message.version {
                Version::Saved { .. } => {
                    if message.home.is_none() && !message.mailbox.may(Act::Edit, message.folder, message.id)? {
                        return Err(ErrorCode::EC_ACCESS_DENIED);
                    }
                    message.mailbox.mailbox.set_read(message.id, read).map_err(of_open_object)?;
                }
                Version::New { .. } => message.mark_read(read)?,
            }
        }
        Ok(RopSetMessageReadFlagResponse { read_status_changed: false, logon_id: None, client_data: None })
    }

    /// MS-OXCMSG 3.2.5.13.
    fn rop_create_attachment(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        _request: &RopCreateAttachmentRequest,
    ) -> Result<(RopCreateAttachmentResponse, Attachment), ErrorCode> {
        message.check_writable()?;
        message.absorb()?;
        let attachment = message.new_attachment()?;
        Ok((RopCreateAttachmentResponse { attachment_id: attachment.number }, attachment))
    }

    /// MS-OXCMSG 3.2.5.14.
    fn rop_delete_attachment(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        request: &RopDeleteAttachmentRequest,
    ) -> Result<RopDeleteAttachmentResponse, ErrorCode> {
        message.check_writable()?;
        message.absorb()?;
        if !message.attachment_numbers()?.contains(&request.attachment_id) {
            return Err(ErrorCode::EC_NOT_FOUND);
        }
        message.attachments.insert(request.attachment_id, PartChange::Remove);
        message.embedded.remove(&request.attachment_id);
        Ok(RopDeleteAttachmentResponse)
    }

    /// MS-OXCMSG 3.2.5.15: the message has it now, the store when the message is saved.
    fn rop_save_changes_attachment(
        &mut self,
        _context: RopContext,
        attachment: &mut Attachment,
        request: &RopSaveChangesAttachmentRequest,
    ) -> Result<RopSaveChangesAttachmentResponse, ErrorCode> {
        if !attachment.writable {
            return Err(ErrorCode::EC_ACCESS_DENIED);
        }
        attachment.absorb()?;
        if attachment.stored {
            let now = PropertyValue::PtypTime((attachment.mailbox.clock)());
            attachment.properties.set(t::PID_TAG_LAST_MODIFICATION_TIME, now);
        }
        let properties = attachment.properties.clone();
        let change = if attachment.stored { PartChange::Change(properties) } else { PartChange::Replace(properties) };
        attachment.owner.post(Part { number: attachment.number, change, embedded: attachment.embedded.clone() });
        let flags = request.save_flags;
        let keeps_writable = flags.contains(SaveFlags::KEEP_OPEN_READ_WRITE) || flags.contains(SaveFlags::FORCE_SAVE);
        if flags.contains(SaveFlags::KEEP_OPEN_READ_ONLY) && !keeps_writable {
            attachment.writable = false;
        }
        Ok(RopSaveChangesAttachmentResponse)
    }

    /// MS-OXCMSG 3.2.5.16.
    fn rop_open_embedded_message(
        &mut self,
        context: RopContext,
        attachment: &mut Attachment,
        request: &RopOpenEmbeddedMessageRequest,
    ) -> Result<(RopOpenEmbeddedMessageResponse<'static>, Message), ErrorCode> {
        attachment.absorb()?;
        let (writable, create) = match request.open_mode_flags {
            AccessMode::READ_ONLY => (false, false),
            AccessMode::READ_WRITE if attachment.writable => (true, false),
            AccessMode::CREATE if attachment.writable => (true, true),
            AccessMode::READ_WRITE | AccessMode::CREATE => return Err(ErrorCode::EC_ACCESS_DENIED),
            AccessMode::BEST_ACCESS => (attachment.writable, false),
            _ => return Err(ErrorCode::EC_INVALID_PARAM),
        };
        let code_page = code_page(&attachment.mailbox, request.code_page_id);
        if !code_pages::is_known(code_page.into()) {
            return Err(ErrorCode::EC_UNKNOWN_CODE_PAGE);
        }
        let message = attachment.message(code_page, writable, create)?;
        let header = Header::read(&message, context.room)?;
        let response = RopOpenEmbeddedMessageResponse {
            message_id: message.id,
            has_named_properties: header.has_named_properties,
            subject_prefix: header.subject_prefix,
            normalized_subject: header.normalized_subject,
            recipient_count: header.recipient_count,
            recipient_columns: header.recipient_columns,
            recipient_rows: header.recipient_rows,
        };
        Ok((response, message))
    }

    /// MS-OXCMSG 2.2.3.18: attachments that were saved.
    fn rop_get_valid_attachments(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        _request: &RopGetValidAttachmentsRequest,
    ) -> Result<RopGetValidAttachmentsResponse, ErrorCode> {
        message.absorb()?;
        Ok(RopGetValidAttachmentsResponse { attachment_id_array: message.attachment_numbers()? })
    }
}
