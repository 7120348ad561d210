//! Properties and parts copied from one object to another (MS-OXCPRPT 3.2.5.7, 3.2.5.8).

use std::collections::BTreeMap;

use protocol::oxcdata::{ErrorCode, MessageId, PropertyProblem, PropertyTag};
use protocol::oxcperm::MemberRights;
use protocol::oxcprpt::PropertyCopyFlags;
use protocol::rops::FolderOrMessageOrAttachment as Object;

use super::RopHandlers;
use super::changes::refusal;
use super::errors::of_open_object;
use super::objects::{Message, OpenMailbox, Version};
use super::properties::{FIRST_NAMED, Properties, means};
use super::values::to_stored;
use crate::store::tags as t;
use crate::store::{
    Mailbox, MessageChange, MessageTarget, ObjectId, PartChange, PropertyChange, PropertyChanges, StoredValue,
};

/// Bytes that are copied at a time.
const PIECE: usize = 32 * 1024;

/// Messages in messages are copied down to here.
const MAX_DEPTH: u32 = 32;

/// Which properties are copied.
pub(super) enum Copied<'r> {
    Only(&'r [PropertyTag]),
    AllBut(&'r [PropertyTag]),
}

/// Copies a source's properties, and its parts when they are wanted; answers which could not be copied. Without
/// a destination that is the source itself, and nothing changes.
pub(super) fn copy(
    mut source: Object<'_, RopHandlers>,
    dest: Option<Object<'_, RopHandlers>>,
    what: &Copied<'_>,
    flags: PropertyCopyFlags,
    parts: bool,
) -> Result<Vec<PropertyProblem>, ErrorCode> {
    let known = PropertyCopyFlags::NAMES.iter().fold(0, |known, (bit, _)| known | bit);
    if flags.0 & !known != 0 {
        return Err(ErrorCode::EC_INVALID_PARAM);
    }
    let moves = flags.contains(PropertyCopyFlags::MOVE);
    match (&mut source, dest) {
        (_, None) => Ok(Vec::new()),
        (Object::Folder(_), Some(Object::Folder(_))) if moves => Err(ErrorCode::EC_NOT_SUPPORTED),
        (Object::Folder(source), Some(Object::Folder(dest))) => {
            dest.mailbox.require(dest.id, MemberRights::FOLDER_OWNER)?;
            let (changes, problems) = changes(&source.properties(), &dest.properties(), None, what, flags)?;
            if !changes.is_empty() {
                let id = ObjectId::Folder(dest.id);
                dest.mailbox.mailbox.change_properties(id, &changes).map_err(of_open_object)?;
            }
            Ok(problems)
        }
        (Object::Message(source), Some(Object::Message(dest))) => {
            source.absorb()?;
            dest.absorb()?;
            dest.check_writable()?;
            let (changes, problems) = changes(&source.properties(), &dest.properties(), Some(dest), what, flags)?;
            take(&mut dest.properties, &changes);
            if parts {
                copy_parts(source, dest, what)?;
            }
            if moves && source.writable {
                changes.iter().for_each(|(tag, _)| _ = source.properties.delete(tag));
            }
            dest.held.resize(dest.pending_size())?;
            Ok(problems)
        }
        (Object::Attachment(source), Some(Object::Attachment(dest))) => {
            source.absorb()?;
            dest.absorb()?;
            if !dest.writable {
                return Err(ErrorCode::EC_ACCESS_DENIED);
            }
            let (changes, problems) = changes(&source.properties(), &dest.properties(), None, what, flags)?;
            take(&mut dest.properties, &changes);
            if parts {
                dest.embedded = match (&source.embedded, source.stored) {
                    (Some(inner), _) => Some(inner.clone()),
                    (None, true) => match source.mailbox.mailbox.embedded(source.message, source.number)? {
                        Some(inner) => Some(stored(&source.mailbox, inner, 0)?),
                        None => None,
                    },
                    (None, false) => None,
                };
            }
            if moves && source.writable {
                changes.iter().for_each(|(tag, _)| _ = source.properties.delete(tag));
            }
            dest.absorb()?;
            Ok(problems)
        }
        _ => Err(ErrorCode::EC_NOT_SUPPORTED),
    }
}

fn take(pending: &mut PropertyChanges, changes: &PropertyChanges) {
    for (tag, change) in changes.iter() {
        match change {
            PropertyChange::Set(value) => _ = pending.set(tag, value.clone()),
            PropertyChange::SetBlob(blob) => _ = pending.set_blob(tag, blob.clone()),
            PropertyChange::Delete => _ = pending.delete(tag),
        }
    }
}

/// What the destination gets, and what it cannot get.
fn changes(
    source: &Properties<'_>,
    dest: &Properties<'_>,
    message: Option<&Message>,
    what: &Copied<'_>,
    flags: PropertyCopyFlags,
) -> Result<(PropertyChanges, Vec<PropertyProblem>), ErrorCode> {
    let mut changes = PropertyChanges::new();
    let mut problems = Vec::new();
    let tags: Vec<PropertyTag> = match what {
        Copied::Only(tags) => tags.to_vec(),
        Copied::AllBut(excluded) => {
            let all = source.all()?.into_keys();
            all.filter(|tag| !excluded.iter().any(|excluded| excluded.property_id() == tag.property_id())).collect()
        }
    };
    for (index, tag) in (0_u16..).zip(&tags) {
        if let Some(error_code) = refusal(dest, message, *tag) {
            // All but some means all that can be written.
            if matches!(what, Copied::Only(_)) {
                problems.push(PropertyProblem { index, property_tag: *tag, error_code });
            }
            continue;
        }
        if flags.contains(PropertyCopyFlags::NO_OVERWRITE) && dest.raw(*tag)?.is_some() {
            continue;
        }
        // The two parts of PidTagSubject are properties of their own.
        if message.is_some() && means(t::PID_TAG_SUBJECT, *tag) {
            for part in [t::PID_TAG_SUBJECT_PREFIX, t::PID_TAG_NORMALIZED_SUBJECT] {
                copy_one(source, part, &mut changes)?;
            }
        } else if !copy_one(source, *tag, &mut changes)? && matches!(what, Copied::Only(_)) {
            problems.push(PropertyProblem { index, property_tag: *tag, error_code: ErrorCode::EC_NOT_FOUND });
        }
    }
    Ok((changes, problems))
}

/// Copies one property that is set; answers whether it is.
fn copy_one(source: &Properties<'_>, tag: PropertyTag, changes: &mut PropertyChanges) -> Result<bool, ErrorCode> {
    match source.raw(tag)? {
        None => Ok(false),
        Some(StoredValue::Value(value)) => {
            let (tag, value) = to_stored(tag, value, source.code_page);
            changes.set(tag, value);
            Ok(true)
        }
        Some(StoredValue::Large { .. }) => {
            let Some(content) = source.content(tag)? else { return Ok(false) };
            changes.set_blob(
                tag,
                write_blob(source.mailbox.mailbox.as_ref(), |position| content.read_at(position, PIECE))?,
            );
            Ok(true)
        }
    }
}

/// Writes content into a blob, piece by piece.
fn write_blob(
    mailbox: &dyn Mailbox,
    read: impl Fn(u64) -> Result<Vec<u8>, ErrorCode>,
) -> Result<crate::store::BlobRef, ErrorCode> {
    let mut writer = mailbox.create_blob()?;
    let mut position = 0;
    loop {
        let piece = read(position)?;
        if piece.is_empty() {
            return Ok(writer.finish()?);
        }
        writer.write(&piece)?;
        position += piece.len() as u64;
    }
}

/// Copies recipients and attachments, when they are not excluded.
fn copy_parts(source: &Message, dest: &mut Message, what: &Copied<'_>) -> Result<(), ErrorCode> {
    let excluded = |tag: PropertyTag| match what {
        Copied::AllBut(excluded) => excluded.iter().any(|own| own.property_id() == tag.property_id()),
        Copied::Only(_) => true,
    };
    let all = whole(source)?;
    if !excluded(t::PID_TAG_MESSAGE_RECIPIENTS) {
        dest.recipients = all.recipients;
        dest.removes_recipients = true;
    }
    if !excluded(t::PID_TAG_MESSAGE_ATTACHMENTS) {
        for (number, change) in all.attachments {
            let new = dest.next_attachment;
            dest.next_attachment = new.saturating_add(1);
            dest.attachments.insert(new, change);
            if let Some(embedded) = all.embedded.get(&number) {
                dest.embedded.insert(new, embedded.clone());
            }
        }
    }
    Ok(())
}

/// All recipients and attachments of a message as its handle has them.
fn whole(message: &Message) -> Result<MessageChange, ErrorCode> {
    let mut all = match message.version {
        Version::Saved { .. } => stored(&message.mailbox, message.id, 0)?,
        Version::New { .. } => MessageChange::new(MessageTarget::Embedded),
    };
    if message.removes_recipients {
        all.recipients.clear();
    }
    overlay(&mut all.recipients, &message.recipients);
    overlay(&mut all.attachments, &message.attachments);
    all.embedded.extend(message.embedded.iter().map(|(number, change)| (*number, change.clone())));
    Ok(all)
}

fn overlay(parts: &mut BTreeMap<u32, PartChange>, changes: &BTreeMap<u32, PartChange>) {
    for (number, change) in changes {
        match change {
            PartChange::Remove => _ = parts.remove(number),
            PartChange::Replace(_) => _ = parts.insert(*number, change.clone()),
            PartChange::Change(properties) => {
                let mut merged = match parts.get(number) {
                    Some(PartChange::Replace(before)) => before.clone(),
                    _ => PropertyChanges::new(),
                };
                take(&mut merged, properties);
                parts.insert(*number, PartChange::Replace(merged));
            }
        }
    }
}

/// A stored message as what would make it again in another mailbox, whose named properties have other ids.
pub(super) fn for_mailbox(from: &dyn Mailbox, id: MessageId, to: &dyn Mailbox) -> Result<MessageChange, ErrorCode> {
    stored_for(from, id, to, 0)
}

/// A stored message as what would make it again, inside another one of the mailbox.
fn stored(mailbox: &OpenMailbox, id: MessageId, depth: u32) -> Result<MessageChange, ErrorCode> {
    stored_for(mailbox.mailbox.as_ref(), id, mailbox.mailbox.as_ref(), depth)
}

fn stored_for(store: &dyn Mailbox, id: MessageId, to: &dyn Mailbox, depth: u32) -> Result<MessageChange, ErrorCode> {
    if depth > MAX_DEPTH {
        return Err(ErrorCode::EC_MSG_CYCLE);
    }
    let mut change = MessageChange::new(MessageTarget::Embedded);
    change.properties = object(store, to, ObjectId::Message(id))?;
    for row_id in store.recipients(id).map_err(of_open_object)? {
        let properties = object(store, to, ObjectId::Recipient(id, row_id))?;
        change.recipients.insert(row_id, PartChange::Replace(properties));
    }
    for number in store.attachments(id).map_err(of_open_object)? {
        let properties = object(store, to, ObjectId::Attachment(id, number))?;
        change.attachments.insert(number, PartChange::Replace(properties));
        if let Some(inner) = store.embedded(id, number)? {
            change.embedded.insert(number, stored_for(store, inner, to, depth + 1)?);
        }
    }
    Ok(change)
}

/// The properties of a stored object that can be written again.
fn object(store: &dyn Mailbox, to: &dyn Mailbox, id: ObjectId) -> Result<PropertyChanges, ErrorCode> {
    let mut changes = PropertyChanges::new();
    let properties = store.all_properties(id).map_err(of_open_object)?;
    let own = to.identity().mailbox == store.identity().mailbox;
    let named: Vec<u16> = properties.iter().map(|(tag, _)| tag.property_id()).filter(|id| *id >= FIRST_NAMED).collect();
    let mut ids: BTreeMap<u16, u16> = BTreeMap::new();
    if !own && !named.is_empty() {
        for (id, name) in named.iter().zip(store.named_property_names(&named)?) {
            if let Some(name) = name
                && let Some(new) = to.named_property_ids(&[name], true)?.pop().flatten()
            {
                ids.insert(*id, new);
            }
        }
    }
    for (stored, value) in properties {
        if crate::store::computed::is_read_only(id.into(), stored) || crate::store::computed::is_subject(stored) {
            continue;
        }
        let tag = match stored.property_id() {
            named if named >= FIRST_NAMED && !own => match ids.get(&named) {
                Some(new) => stored.with_property_id(*new),
                None => continue,
            },
            _ => stored,
        };
        match value {
            StoredValue::Value(value) => _ = changes.set(tag, value),
            StoredValue::Large { .. } => {
                let stream = store.open_stream(id, stored)?;
                let blob = write_blob(to, |position| Ok(stream.read_at(position, PIECE)?))?;
                changes.set_blob(tag, blob);
            }
        }
    }
    Ok(changes)
}
