//! Submitted messages on their way into the mailboxes of local users (MS-OXOMSG 3.3.5.1).

//!
//! A submission is taken in one write of the sender's mailbox, which keeps a copy until every recipient has it; a
//! recipient's mailbox notes what has arrived. What breaks off in between is done again when the server starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyValue};
use protocol::oxorule::ServerEid;
use runtime::{Cursor, Guid};

use super::RopHandlers;
use super::copies;
use super::entry_ids::user_entry_id;
use super::errors::of_open_object;
use super::objects::{Message, OpenMailbox, Version};
use crate::store::changes::{Event, Happening, Subject};
use crate::store::tags::{self as t, message_flags};
use crate::store::value::{binary, string, text};
use crate::store::{
    Clock, Filing, Mailbox, MessageChange, MessageTarget, ObjectId, Outgoing, PartChange, PropertyChange,
    PropertyChanges, Store, StoreError, Submission, User, property,
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
        let recipients: Vec<Guid> = users.iter().map(|user| user.mailbox).collect();
        let filing = filing(&mailbox, message)?;
        // From here on it is on its way, whatever happens to this process.
        let outgoing = mailbox.mailbox.submit(message.id, &recipients, &filing).map_err(of_open_object)?;
        deliver(self.store.as_ref(), mailbox.mailbox.as_ref(), &outgoing, self.clock);
        message.written()
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
}

/// Delivers what earlier processes took for delivery and did not deliver to everybody; answers how many messages.
///
/// # Errors
/// When the users cannot be read. A mailbox that cannot be opened is passed over, with a warning.
pub fn resume_deliveries(store: &dyn Store, clock: Clock) -> Result<usize, StoreError> {
    let mut resumed = 0;
    for user in store.users()? {
        let opened = store.mailbox(user.mailbox).and_then(|from| Ok((from.outgoing()?, from)));
        match opened {
            Ok((waiting, from)) => {
                resumed += waiting.len();
                waiting.iter().for_each(|outgoing| deliver(store, from.as_ref(), outgoing, clock));
            }
            Err(error) => tracing::warn!(mailbox = %user.mailbox, %error, "what it has to deliver is not known"),
        }
    }
    Ok(resumed)
}

/// Puts a message into the receive folders of its recipients. Who cannot get it now gets it when the server starts
/// again.
fn deliver(store: &dyn Store, from: &dyn Mailbox, outgoing: &Outgoing, clock: Clock) {
    let mut done = Vec::with_capacity(outgoing.recipients.len());
    for recipient in &outgoing.recipients {
        match deliver_to(store, from, outgoing, *recipient, clock) {
            Ok(()) => done.push(*recipient),
            Err(error) => tracing::error!(mailbox = %recipient, ?error, "a message is not delivered yet"),
        }
    }
    if let Err(error) = from.delivered(outgoing.number, &done) {
        tracing::error!(%error, "a message is still on the list of those to be delivered");
    }
}

fn deliver_to(
    store: &dyn Store,
    from: &dyn Mailbox,
    outgoing: &Outgoing,
    recipient: Guid,
    clock: Clock,
) -> Result<(), ErrorCode> {
    let Some(user) = store.user_by_mailbox(recipient)? else {
        tracing::warn!(mailbox = %recipient, "a message is for a mailbox that is gone");
        return Ok(());
    };
    let to = store.mailbox(recipient)?;
    let mut change = copies::for_mailbox(from, outgoing.message, to.as_ref())?;
    let class = match change.properties.get(t::PID_TAG_MESSAGE_CLASS) {
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
    let sender = from.identity().mailbox;
    received(&mut change, &user, sender, clock)?;
    if let Some(saved) = to.receive(&change, Submission { sender, number: outgoing.number })? {
        announce(to.as_ref(), &change, folder, saved.id, class);
    }
    Ok(())
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

/// Makes a copy the message that is received.
fn received(change: &mut MessageChange, user: &User, sender: Guid, clock: Clock) -> Result<(), ErrorCode> {
    let entry_id = user_entry_id(user)?;
    let now = PropertyValue::PtypTime(clock());
    let properties = &mut change.properties;
    for tag in [t::PID_TAG_SENT_MAIL_SVR_EID, t::PID_TAG_SENT_MAIL_ENTRY_ID, t::PID_TAG_DELETE_AFTER_SUBMIT] {
        properties.delete(tag);
    }
    let from_me = if user.mailbox == sender { message_flags::FROM_ME } else { 0 };
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

/// Where the sender's message goes, as it says itself: nowhere, into a folder, or it stays where it is.
fn filing(mailbox: &OpenMailbox, message: &mut Message) -> Result<Filing, ErrorCode> {
    let store = mailbox.mailbox.as_ref();
    let value = |tag| property(store, ObjectId::Message(message.id), tag);
    if let Some(PropertyValue::PtypBoolean(true)) = value(t::PID_TAG_DELETE_AFTER_SUBMIT)? {
        return Ok(Filing::Delete);
    }
    let sent_mail = match value(t::PID_TAG_SENT_MAIL_SVR_EID)? {
        Some(PropertyValue::PtypServerId(bytes)) => folder_of(&bytes),
        _ => None,
    };
    let to = sent_mail.filter(|folder| *folder != message.folder && store.folder(*folder).is_ok());
    let now = PropertyValue::PtypTime((mailbox.clock)());
    message
        .properties
        .set(t::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(message_flags::READ.cast_signed()))
        .set(t::PID_TAG_MESSAGE_DELIVERY_TIME, now);
    Ok(Filing::Keep(Box::new(message.pending(true)?), to))
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
        self.written()?;
        Ok(saved.id)
    }

    /// All changes are in the store.
    fn written(&mut self) -> Result<(), ErrorCode> {
        self.properties = PropertyChanges::new();
        self.removes_recipients = false;
        self.recipients.clear();
        self.attachments.clear();
        self.embedded.clear();
        self.held.resize(0)
    }
}
