//! Properties set and deleted through the handle of an object (MS-OXCPRPT 3.2.5.4, 3.2.5.5).

use protocol::oxcdata::{ErrorCode, PropertyProblem, PropertyTag, PropertyType, TaggedPropertyValue};
use protocol::oxcperm::MemberRights;
use protocol::rops::LogonOrFolderOrMessageOrAttachment;

use super::RopHandlers;
use super::errors::of_open_object;
use super::known::Known;
use super::objects::{Attachment, Message, OpenMailbox, Version};
use super::properties::{FIRST_NAMED, Properties, changes_size, means};
use super::values::to_stored;
use crate::store::computed::is_read_only;
use crate::store::tags as t;
use crate::store::value::{is_storable, string, text};
use crate::store::{ObjectId, PropertyChange, PropertyChanges, StoreError, subject};

/// Bytes of a list before its elements.
const COUNT: usize = 2;

pub(super) type AnyObject<'o> = LogonOrFolderOrMessageOrAttachment<'o, RopHandlers>;

/// Properties of a message that a client cannot set although they do not follow from what it is
/// (MS-OXCPRPT 2.2.1).
const CLIENT_READ_ONLY: &[PropertyTag] = &[
    t::PID_TAG_READ,
    t::PID_TAG_HAS_NAMED_PROPERTIES,
    t::PID_TAG_CREATION_TIME,
    t::PID_TAG_LAST_MODIFICATION_TIME,
    t::PID_TAG_LAST_MODIFIER_NAME,
    t::PID_TAG_LAST_MODIFIER_ENTRY_ID,
    t::PID_TAG_LOCAL_COMMIT_TIME,
    t::PID_TAG_SEARCH_KEY,
];

/// Properties of a mailbox that its owner may not set (MS-OXCSTOR 2.2.2.1.2, as servers since 2013 have it).
const LOGON_READ_ONLY: &[PropertyTag] = &[t::PID_TAG_COMMENT, t::PID_TAG_DELETE_AFTER_SUBMIT, t::PID_TAG_DISPLAY_NAME];

pub(super) fn properties_of<'o>(object: &'o AnyObject<'_>) -> Properties<'o> {
    match object {
        AnyObject::Logon(logon) => logon.properties(),
        AnyObject::Folder(folder) => folder.properties(),
        AnyObject::Message(message) => message.properties(),
        AnyObject::Attachment(attachment) => attachment.properties(),
    }
}

/// Why a client may not set a property; `None` when it may.
pub(super) fn refusal(properties: &Properties<'_>, message: Option<&Message>, tag: PropertyTag) -> Option<ErrorCode> {
    if !is_storable(tag) {
        return Some(ErrorCode::EC_INVALID_PARAM);
    }
    let known = properties.known;
    let read_only = match known {
        Known::Message { .. } => CLIENT_READ_ONLY,
        Known::Logon => LOGON_READ_ONLY,
        Known::Folder(..) | Known::Attachment { .. } => &[],
    };
    if read_only.iter().any(|own| means(*own, tag)) {
        return Some(ErrorCode::EC_ACCESS_DENIED);
    }
    if known.tag(tag).is_some() || is_read_only(known.kind(), tag) {
        return Some(ErrorCode::EC_COMPUTED);
    }
    // The flags are the client's until the first save (MS-OXCMSG 2.2.1.6).
    let saved = message.is_some_and(|message| matches!(message.version, Version::Saved { .. }));
    (saved && means(t::PID_TAG_MESSAGE_FLAGS, tag)).then_some(ErrorCode::EC_COMPUTED)
}

/// Properties that are to be set, and those that cannot be.
struct Sorted {
    changes: PropertyChanges,
    problems: Vec<PropertyProblem>,
    /// Where in the request PidTagDisplayName is: the one property whose value an object may refuse.
    display_name: Option<(usize, PropertyTag)>,
    /// PidTagSubject of a message: it sets its two parts.
    subject: Option<String>,
}

impl Sorted {
    fn new(
        values: &[TaggedPropertyValue<'_>],
        properties: &Properties<'_>,
        message: Option<&Message>,
    ) -> Result<Self, ErrorCode> {
        let changes = PropertyChanges::new();
        let mut sorted = Self { changes, problems: Vec::new(), display_name: None, subject: None };
        let unnamed = unnamed_ids(values, properties.mailbox)?;
        for (index, tagged) in values.iter().enumerate() {
            let tag = tagged.property_tag;
            if unnamed.contains(&tag.property_id()) {
                sorted.problem(index, tag, ErrorCode::EC_UNREGISTERED_NAMED_PROP);
                continue;
            }
            if let Some(code) = refusal(properties, message, tag) {
                sorted.problem(index, tag, code);
                continue;
            }
            if means(t::PID_TAG_DISPLAY_NAME, tag) {
                sorted.display_name = Some((index, tag));
            }
            let value = tagged.property_value.clone().into_owned();
            let (tag, value) = to_stored(tag, value, properties.code_page);
            if message.is_some() && means(t::PID_TAG_SUBJECT, tag) {
                // The value has become UTF-16.
                sorted.subject = Some(text(&value, 1252).unwrap_or_default().into_owned());
            } else {
                sorted.changes.set(tag, value);
            }
        }
        sorted.split_subject(properties)?;
        Ok(sorted)
    }

    /// Sets the two parts of PidTagSubject (MS-OXCMSG 2.2.1.46). A prefix that the client has set is one as long
    /// as the subject begins with it (MS-OXCMAIL 2.2.3.2.6.1).
    fn split_subject(&mut self, properties: &Properties<'_>) -> Result<(), ErrorCode> {
        let Some(subject) = self.subject.take() else { return Ok(()) };
        let prefix = match self.changes.get(t::PID_TAG_SUBJECT_PREFIX) {
            Some(PropertyChange::Set(value)) => text(value, 1252).map(std::borrow::Cow::into_owned),
            _ => properties.text(t::PID_TAG_SUBJECT_PREFIX)?,
        };
        let own = prefix.as_deref().filter(|prefix| !prefix.is_empty() && subject.starts_with(prefix));
        let (prefix, normalized) = match own {
            Some(prefix) => subject.split_at(prefix.len()),
            None => subject::split(&subject),
        };
        self.changes.set(t::PID_TAG_SUBJECT_PREFIX, string(prefix));
        self.changes.set(t::PID_TAG_NORMALIZED_SUBJECT, string(normalized));
        Ok(())
    }

    fn problem(&mut self, index: usize, property_tag: PropertyTag, error_code: ErrorCode) {
        // A request has at most 65,535 values.
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        self.problems.push(PropertyProblem { index, property_tag, error_code });
    }

    /// The changes and the reply; `None` for changes when the reply has no room, and nothing may be done.
    fn into_reply(mut self, room: usize) -> (Vec<PropertyProblem>, Option<PropertyChanges>) {
        self.problems.sort_by_key(|problem| problem.index);
        let fits = COUNT + self.problems.len() * PropertyProblem::MIN_SIZE <= room;
        (self.problems, fits.then_some(self.changes))
    }

    /// Sets the properties of a folder or of the mailbox at once; a name that is refused becomes a problem.
    fn apply(
        mut self,
        mailbox: &OpenMailbox,
        object: ObjectId,
        room: usize,
    ) -> Result<Vec<PropertyProblem>, ErrorCode> {
        // Whether the name is refused shows only when it is set: the reply needs room for that, too.
        let count = self.problems.len() + usize::from(self.display_name.is_some());
        if COUNT + count * PropertyProblem::MIN_SIZE > room {
            if let Some((index, tag)) = self.display_name {
                self.problem(index, tag, ErrorCode::EC_BUFFER_TOO_SMALL);
            }
            // It does not fit: the engine does not send it.
            return Ok(self.into_reply(room).0);
        }
        if self.changes.is_empty() {
            return Ok(self.into_reply(room).0);
        }
        let error = match mailbox.mailbox.change_properties(object, &self.changes) {
            Ok(_) => return Ok(self.into_reply(room).0),
            Err(error) => error,
        };
        let (code, (index, tag)) = match (&error, self.display_name) {
            (StoreError::Exists(_), Some(name)) => (ErrorCode::EC_DUPLICATE_NAME, name),
            (StoreError::InvalidParameter(_), Some(name)) => (ErrorCode::EC_BAD_FOLDER_NAME, name),
            _ => return Err(of_open_object(error)),
        };
        self.problem(index, tag, code);
        let mut rest = PropertyChanges::new();
        merge(&mut rest, self.changes.iter().filter(|(own, _)| !means(t::PID_TAG_DISPLAY_NAME, *own)));
        if !rest.is_empty() {
            mailbox.mailbox.change_properties(object, &rest).map_err(of_open_object)?;
        }
        Ok(self.into_reply(room).0)
    }
}

/// The ids of named properties in a request that no name stands for.
fn unnamed_ids(values: &[TaggedPropertyValue<'_>], mailbox: &OpenMailbox) -> Result<Vec<u16>, ErrorCode> {
    let ids = values.iter().map(|tagged| tagged.property_tag.property_id());
    let ids: Vec<u16> = ids.filter(|id| *id >= FIRST_NAMED).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let names = mailbox.mailbox.named_property_names(&ids)?;
    Ok(ids.into_iter().zip(names).filter(|(_, name)| name.is_none()).map(|(id, _)| id).collect())
}

/// Adds values that are set to other changes.
fn merge<'c>(pending: &mut PropertyChanges, changes: impl Iterator<Item = (PropertyTag, &'c PropertyChange)>) {
    for (tag, change) in changes {
        if let PropertyChange::Set(value) = change {
            pending.set(tag, value.clone());
        }
    }
}

impl Attachment {
    pub(super) fn check_writable(&self) -> Result<(), ErrorCode> {
        if self.writable { Ok(()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }
    }
}

/// The tag under which a change of a string is pending: UTF-16.
pub(super) fn wide(tag: PropertyTag) -> PropertyTag {
    match tag.property_type() {
        PropertyType::PTYP_STRING8 => tag.with_property_type(PropertyType::PTYP_STRING),
        _ => tag,
    }
}

/// Takes over what an object's parts have left for it.
pub(super) fn absorb(object: &mut AnyObject<'_>) -> Result<(), ErrorCode> {
    match object {
        AnyObject::Message(message) => message.absorb(),
        AnyObject::Attachment(attachment) => attachment.absorb(),
        AnyObject::Logon(_) | AnyObject::Folder(_) => Ok(()),
    }
}

/// Sets properties; answers those that could not be set.
pub(super) fn set(
    mut object: AnyObject<'_>,
    values: &[TaggedPropertyValue<'_>],
    room: usize,
) -> Result<Vec<PropertyProblem>, ErrorCode> {
    absorb(&mut object)?;
    match object {
        AnyObject::Logon(logon) => {
            logon.mailbox.require_owner()?;
            let sorted = Sorted::new(values, &logon.properties(), None)?;
            sorted.apply(&logon.mailbox, ObjectId::Mailbox, room)
        }
        AnyObject::Folder(folder) => {
            folder.mailbox.require(folder.id, MemberRights::FOLDER_OWNER)?;
            let sorted = Sorted::new(values, &folder.properties(), None)?;
            sorted.apply(&folder.mailbox, ObjectId::Folder(folder.id), room)
        }
        AnyObject::Message(message) => {
            message.check_writable()?;
            let sorted = Sorted::new(values, &message.properties(), Some(message))?;
            let (problems, changes) = sorted.into_reply(room);
            if let Some(changes) = changes {
                message.held.resize(message.pending_size().saturating_add(changes_size(&changes)))?;
                merge(&mut message.properties, changes.iter());
                message.held.resize(message.pending_size())?;
            }
            Ok(problems)
        }
        AnyObject::Attachment(attachment) => {
            attachment.check_writable()?;
            let sorted = Sorted::new(values, &attachment.properties(), None)?;
            let (problems, changes) = sorted.into_reply(room);
            if let Some(changes) = changes {
                let pending = changes_size(&attachment.properties);
                attachment.held.resize(pending.saturating_add(changes_size(&changes)))?;
                merge(&mut attachment.properties, changes.iter());
                attachment.held.resize(changes_size(&attachment.properties))?;
            }
            Ok(problems)
        }
    }
}

/// Deletes properties; answers those that could not be deleted.
pub(super) fn delete(
    mut object: AnyObject<'_>,
    tags: &[PropertyTag],
    room: usize,
) -> Result<Vec<PropertyProblem>, ErrorCode> {
    absorb(&mut object)?;
    let of_message = match &object {
        AnyObject::Message(message) => Some(&**message),
        _ => None,
    };
    match &object {
        AnyObject::Message(message) => message.check_writable()?,
        AnyObject::Attachment(attachment) => attachment.check_writable()?,
        AnyObject::Logon(logon) => logon.mailbox.require_owner()?,
        AnyObject::Folder(folder) => folder.mailbox.require(folder.id, MemberRights::FOLDER_OWNER)?,
    }
    let mut problems = Vec::new();
    let mut changes = PropertyChanges::new();
    let properties = properties_of(&object);
    for (index, tag) in (0_u16..).zip(tags) {
        let name_of_folder = of_message.is_none() && means(t::PID_TAG_DISPLAY_NAME, *tag);
        let refused = match refusal(&properties, of_message, *tag) {
            None if name_of_folder && !matches!(object, AnyObject::Attachment(_)) => Some(ErrorCode::EC_ACCESS_DENIED),
            refused => refused,
        };
        match refused {
            Some(error_code) => problems.push(PropertyProblem { index, property_tag: *tag, error_code }),
            None if of_message.is_some() && means(t::PID_TAG_SUBJECT, *tag) => {
                changes.delete(t::PID_TAG_SUBJECT_PREFIX).delete(t::PID_TAG_NORMALIZED_SUBJECT);
            }
            None => _ = changes.delete(wide(*tag)),
        }
    }
    // Nothing may be done when the reply has no room.
    if changes.is_empty() || COUNT + problems.len() * PropertyProblem::MIN_SIZE > room {
        return Ok(problems);
    }
    match object {
        AnyObject::Logon(logon) => {
            logon.mailbox.mailbox.change_properties(ObjectId::Mailbox, &changes).map_err(of_open_object)?;
        }
        AnyObject::Folder(folder) => {
            let id = ObjectId::Folder(folder.id);
            folder.mailbox.mailbox.change_properties(id, &changes).map_err(of_open_object)?;
        }
        AnyObject::Message(message) => changes.iter().for_each(|(tag, _)| _ = message.properties.delete(tag)),
        AnyObject::Attachment(attachment) => {
            changes.iter().for_each(|(tag, _)| _ = attachment.properties.delete(tag));
        }
    }
    Ok(problems)
}
