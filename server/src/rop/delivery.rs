//! Submitted messages on their way into the mailboxes of local users (MS-OXOMSG 3.3.5.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyValue};
use protocol::oxorule::ServerEid;
use runtime::Cursor;

use super::RopHandlers;
use super::copies;
use super::entry_ids::user_entry_id;
use super::errors::of_open_object;
use super::objects::{Message, OpenMailbox, Version};
use crate::store::changes::{Event, Happening, Subject};
use crate::store::tags::{self as t, message_flags};
use crate::store::value::{binary, string, text};
use crate::store::{
    Mailbox, MessageChange, MessageTarget, ObjectId, PartChange, PropertyChange, PropertyChanges, User, property,
};

/// PidTagRecipientType of a blind copy, which no one else is told of.
const BCC: i32 = 3;

/// The class of messages without one.
const NOTE: &str = "IPM.Note";

impl RopHandlers {
    /// Saves a message, delivers it, and puts the sender's copy where the sender wants it.
    ///
    /// # Errors
    /// ecNoRecipients; ecInvalidRecips when one recipient is no local user: then no one gets it.
    pub(super) fn submit(&self, message: &mut Message) -> Result<(), ErrorCode> {
        if message.home.is_some() || message.associated {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        message.check_writable()?;
        message.absorb()?;
        let mailbox = Arc::clone(&message.mailbox);
        message.properties.set(t::PID_TAG_CLIENT_SUBMIT_TIME, PropertyValue::PtypTime((mailbox.clock)()));
        sender(&mailbox, message)?;
        message.save(false)?;
        let users = self.recipients(&mailbox, message.id)?;
        let submitted = submitted(&mailbox, message.id)?;
        for user in &users {
            self.deliver(&mailbox, message.id, &submitted, user)?;
        }
        file(&mailbox, message, &submitted)
    }

    /// The local users who are recipients of a stored message.
    fn recipients(&self, mailbox: &OpenMailbox, id: MessageId) -> Result<Vec<User>, ErrorCode> {
        let store = mailbox.mailbox.as_ref();
        let mut users: BTreeMap<String, User> = BTreeMap::new();
        for row_id in store.recipients(id).map_err(of_open_object)? {
            let recipient = ObjectId::Recipient(id, row_id);
            let text_of = |tag| -> Result<Option<String>, ErrorCode> {
                let value = property(store, recipient, tag)?;
                Ok(value.and_then(|value| text(&value, mailbox.code_page()).map(std::borrow::Cow::into_owned)))
            };
            let kind = text_of(t::PID_TAG_ADDRESS_TYPE)?.unwrap_or_default();
            let address = text_of(t::PID_TAG_EMAIL_ADDRESS)?.unwrap_or_default();
            let smtp = text_of(t::PID_TAG_SMTP_ADDRESS)?.unwrap_or_default();
            let mut found = match kind.eq_ignore_ascii_case("EX") {
                true => self.store.user_by_legacy_dn(&address)?,
                false => self.store.user_by_address(&address)?,
            };
            if found.is_none() && !smtp.is_empty() {
                found = self.store.user_by_address(&smtp)?;
            }
            let user = found.ok_or(ErrorCode::EC_INVALID_RECIPS)?;
            users.insert(user.address.clone(), user);
        }
        if users.is_empty() { Err(ErrorCode::EC_NO_RECIPIENTS) } else { Ok(users.into_values().collect()) }
    }

    /// Puts a copy of a message into a user's receive folder.
    fn deliver(
        &self,
        from: &OpenMailbox,
        id: MessageId,
        submitted: &PropertyChanges,
        user: &User,
    ) -> Result<(), ErrorCode> {
        let to = self.store.mailbox(user.mailbox)?;
        let mut change = copies::for_mailbox(from, id, to.as_ref())?;
        let class = match submitted.get(t::PID_TAG_MESSAGE_CLASS) {
            Some(PropertyChange::Set(value)) => text(value, 1252).map(std::borrow::Cow::into_owned),
            _ => None,
        };
        let folder = to.receive_folder(class.as_deref().unwrap_or(NOTE))?.folder;
        change.target = MessageTarget::Create { folder, associated: false, id: None };
        change.recipients.retain(|_, recipient| match recipient {
            PartChange::Replace(properties) => properties.get(t::PID_TAG_RECIPIENT_TYPE).is_none_or(
                |kind| !matches!(kind, PropertyChange::Set(PropertyValue::PtypInteger32(kind)) if kind & 0x0F == BCC),
            ),
            _ => true,
        });
        received(&mut change, to.as_ref(), user, from)?;
        let saved = to.save_message(&change)?;
        announce(to.as_ref(), &change, folder, saved.id, class);
        Ok(())
    }
}

/// Tells those who watch a mailbox that mail has arrived (MS-OXCNOTIF 2.2.1.1, NewMail).
fn announce(to: &dyn Mailbox, change: &MessageChange, folder: FolderId, id: MessageId, class: Option<String>) {
    if !to.changes().is_watched() {
        return;
    }
    let attached = if change.attachments.is_empty() { 0 } else { message_flags::HAS_ATTACH };
    let message_flags = match change.properties.get(t::PID_TAG_MESSAGE_FLAGS) {
        Some(PropertyChange::Set(PropertyValue::PtypInteger32(flags))) => flags.cast_unsigned() | attached,
        _ => attached,
    };
    let happening = Happening::NewMail { message_flags, message_class: class.unwrap_or_else(|| NOTE.to_owned()) };
    let subject = Subject::Message { id, folder, associated: false };
    to.changes().publish(vec![Event { subject, happening }]);
}

/// Who sends, where the client has not said it (MS-OXOMSG 3.3.5.1.3).
fn sender(mailbox: &OpenMailbox, message: &mut Message) -> Result<(), ErrorCode> {
    let (user, owner) = (&mailbox.user, &mailbox.owner);
    let properties = [
        (t::PID_TAG_SENDER_NAME, string(user.display_name.clone())),
        (t::PID_TAG_SENDER_ENTRY_ID, binary(user_entry_id(user)?)),
        (t::PID_TAG_SENDER_ADDRESS_TYPE, string("EX")),
        (t::PID_TAG_SENDER_EMAIL_ADDRESS, string(user.legacy_dn.clone())),
        (t::PID_TAG_SENDER_SMTP_ADDRESS, string(user.address.clone())),
    ];
    properties.into_iter().for_each(|(tag, value)| _ = message.properties.set(tag, value));
    if message.properties().raw(t::PID_TAG_SENT_REPRESENTING_NAME)?.is_none() {
        let properties = [
            (t::PID_TAG_SENT_REPRESENTING_NAME, string(owner.display_name.clone())),
            (t::PID_TAG_SENT_REPRESENTING_ENTRY_ID, binary(user_entry_id(owner)?)),
            (t::PID_TAG_SENT_REPRESENTING_ADDRESS_TYPE, string("EX")),
            (t::PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS, string(owner.legacy_dn.clone())),
            (t::PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS, string(owner.address.clone())),
        ];
        properties.into_iter().for_each(|(tag, value)| _ = message.properties.set(tag, value));
    }
    Ok(())
}

/// What a stored message says of its own delivery.
fn submitted(mailbox: &OpenMailbox, id: MessageId) -> Result<PropertyChanges, ErrorCode> {
    let mut found = PropertyChanges::new();
    for tag in [t::PID_TAG_MESSAGE_CLASS, t::PID_TAG_SENT_MAIL_SVR_EID, t::PID_TAG_DELETE_AFTER_SUBMIT] {
        if let Some(value) = property(mailbox.mailbox.as_ref(), ObjectId::Message(id), tag)? {
            found.set(tag, value);
        }
    }
    Ok(found)
}

/// Makes a copy the message that is received.
fn received(change: &mut MessageChange, to: &dyn Mailbox, user: &User, from: &OpenMailbox) -> Result<(), ErrorCode> {
    let entry_id = user_entry_id(user)?;
    let now = PropertyValue::PtypTime((from.clock)());
    let properties = &mut change.properties;
    for tag in [t::PID_TAG_SENT_MAIL_SVR_EID, t::PID_TAG_SENT_MAIL_ENTRY_ID, t::PID_TAG_DELETE_AFTER_SUBMIT] {
        properties.delete(tag);
    }
    let from_me = if to.identity().mailbox == from.identity.mailbox { message_flags::FROM_ME } else { 0 };
    let flags = message_flags::UNMODIFIED | from_me;
    properties
        .set(t::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(flags.cast_signed()))
        .set(t::PID_TAG_MESSAGE_DELIVERY_TIME, now.clone())
        // What is delivered is not the sender's to change.
        .set(t::PID_TAG_CREATOR_NAME, string(user.display_name.clone()))
        .set(t::PID_TAG_CREATOR_ENTRY_ID, binary(entry_id.clone()))
        .set(t::PID_TAG_CREATION_TIME, now.clone())
        .set(t::PID_TAG_LAST_MODIFICATION_TIME, now)
        .set(t::PID_TAG_RECEIVED_BY_NAME, string(user.display_name.clone()))
        .set(t::PID_TAG_RECEIVED_BY_ENTRY_ID, binary(entry_id.clone()))
        .set(t::PID_TAG_RECEIVED_BY_ADDRESS_TYPE, string("EX"))
        .set(t::PID_TAG_RECEIVED_BY_EMAIL_ADDRESS, string(user.legacy_dn.clone()))
        .set(t::PID_TAG_RECEIVED_REPRESENTING_NAME, string(user.display_name.clone()))
        .set(t::PID_TAG_RECEIVED_REPRESENTING_ENTRY_ID, binary(entry_id))
        .set(t::PID_TAG_RECEIVED_REPRESENTING_ADDRESS_TYPE, string("EX"))
        .set(t::PID_TAG_RECEIVED_REPRESENTING_EMAIL_ADDRESS, string(user.legacy_dn.clone()));
    Ok(())
}

/// Puts the sender's message where it says: nowhere, into a folder, or it stays where it is.
fn file(mailbox: &OpenMailbox, message: &mut Message, submitted: &PropertyChanges) -> Result<(), ErrorCode> {
    let store = mailbox.mailbox.as_ref();
    if let Some(PropertyChange::Set(PropertyValue::PtypBoolean(true))) = submitted.get(t::PID_TAG_DELETE_AFTER_SUBMIT) {
        store.delete_messages(message.folder, &[message.id], true)?;
        return Ok(());
    }
    let now = PropertyValue::PtypTime((mailbox.clock)());
    message
        .properties
        .set(t::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(message_flags::READ.cast_signed()))
        .set(t::PID_TAG_MESSAGE_DELIVERY_TIME, now);
    message.save(true)?;
    let sent_mail = match submitted.get(t::PID_TAG_SENT_MAIL_SVR_EID) {
        Some(PropertyChange::Set(PropertyValue::PtypServerId(bytes))) => folder_of(bytes),
        _ => None,
    };
    match sent_mail {
        Some(folder) if folder != message.folder && store.folder(folder).is_ok() => {
            store.move_messages(message.folder, folder, &[message.id])?;
        }
        _ => {}
    }
    Ok(())
}

/// The folder of this mailbox that a PtypServerId names.
fn folder_of(bytes: &[u8]) -> Option<FolderId> {
    ServerEid::unpack(&mut Cursor::new(bytes)).ok().map(|id| id.folder_id)
}

impl Message {
    /// Writes all that was changed through this handle.
    pub(super) fn save(&mut self, force: bool) -> Result<MessageId, ErrorCode> {
        let change = self.pending(force)?;
        let saved = self.mailbox.mailbox.save_message(&change).map_err(of_open_object)?;
        self.version = Version::Saved { change_number: saved.change_number };
        self.properties = PropertyChanges::new();
        self.removes_recipients = false;
        self.recipients.clear();
        self.attachments.clear();
        self.embedded.clear();
        self.held.resize(0)?;
        Ok(saved.id)
    }
}
