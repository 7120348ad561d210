//! Properties and streams of objects (MS-OXCPRPT 3.2.5).

use std::collections::HashMap;

use protocol::oxcdata::{ErrorCode, PropertyProblem, PropertyTag, PropertyType, PropertyValue, TaggedPropertyValue};
use protocol::oxcprpt::{
    AccessMode, BYTE_COUNT_IS_MAXIMUM, RopGetPropertiesAllRequest, RopGetPropertiesAllResponse,
    RopGetPropertiesListRequest, RopGetPropertiesListResponse, RopGetPropertiesSpecificRequest,
    RopGetPropertiesSpecificResponse, RopGetStreamSizeRequest, RopGetStreamSizeResponse, RopOpenStreamRequest,
    RopOpenStreamResponse, RopReadStreamFailure, RopReadStreamRequest, RopReadStreamResponse, RopSetPropertiesRequest,
    RopSetPropertiesResponse,
};
use protocol::rops::{FolderOrMessageOrAttachment, LogonOrFolderOrMessageOrAttachment, OxcprptHandler};
use runtime::Blob;
use runtime::rop::RopContext;

use super::RopHandlers;
use super::errors::of_open_object;
use super::known::Known;
use super::objects::{Attachment, Content, Message, OpenMailbox, Stream, Version};
use super::properties::{FIRST_NAMED, Properties, changes_size, means};
use super::rows::{limit_cells, property_row};
use super::values::{Cell, TextForm, cell, to_stored};
use crate::store::computed::is_read_only;
use crate::store::tags as t;
use crate::store::value::{is_storable, string, text};
use crate::store::{ObjectId, PropertyChange, PropertyChanges, StoreError, subject};

/// The most bytes that MaximumByteCount may ask for: 2 GiB.
const MAX_BYTE_COUNT: u32 = 0x8000_0000;

/// Bytes of DataSize before the data of RopReadStream.
const DATA_SIZE: usize = 2;

/// Properties that RopGetPropertiesSpecific reads from the store at once.
const TAGS_AT_ONCE: usize = 64;

/// Bytes of a list before its elements.
const COUNT: usize = 2;

type AnyObject<'o> = LogonOrFolderOrMessageOrAttachment<'o, RopHandlers>;

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

fn properties_of<'o>(object: &'o AnyObject<'_>) -> Properties<'o> {
    match object {
        AnyObject::Logon(logon) => logon.properties(),
        AnyObject::Folder(folder) => folder.properties(),
        AnyObject::Message(message) => message.properties(),
        AnyObject::Attachment(attachment) => attachment.properties(),
    }
}

/// Why a client may not set a property; `None` when it may.
fn refusal(properties: &Properties<'_>, message: Option<&Message>, tag: PropertyTag) -> Option<ErrorCode> {
    if !is_storable(tag) {
        return Some(ErrorCode::EC_INVALID_PARAM);
    }
    let known = properties.known;
    let read_only = match known {
        Known::Message { .. } => CLIENT_READ_ONLY,
        Known::Logon => LOGON_READ_ONLY,
        Known::Folder(_) | Known::Attachment { .. } => &[],
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
        request: &RopSetPropertiesRequest<'_>,
        properties: &Properties<'_>,
        message: Option<&Message>,
    ) -> Result<Self, ErrorCode> {
        let changes = PropertyChanges::new();
        let mut sorted = Self { changes, problems: Vec::new(), display_name: None, subject: None };
        let unnamed = unnamed_ids(request, properties.mailbox)?;
        for (index, tagged) in request.property_values.iter().enumerate() {
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
    fn into_reply(mut self, room: usize) -> (RopSetPropertiesResponse, Option<PropertyChanges>) {
        self.problems.sort_by_key(|problem| problem.index);
        let response = RopSetPropertiesResponse { property_problems: self.problems };
        let fits = response.packed_size() <= room;
        (response, fits.then_some(self.changes))
    }

    /// Sets the properties of a folder or of the mailbox at once; a name that is refused becomes a problem.
    fn apply(
        mut self,
        mailbox: &OpenMailbox,
        object: ObjectId,
        room: usize,
    ) -> Result<RopSetPropertiesResponse, ErrorCode> {
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

/// The cells of RopGetPropertiesSpecific, as far as the reply has room for their values.
///
/// They are made in pieces, each cut to the room at once: a short request cannot gather much memory.
fn specific_cells(
    properties: &Properties<'_>,
    request: &RopGetPropertiesSpecificRequest,
    form: TextForm,
    room: usize,
) -> Result<Vec<Cell>, ErrorCode> {
    let tags = &request.property_tags;
    let mut cells: Vec<Cell> = Vec::with_capacity(tags.len());
    let mut places: HashMap<PropertyTag, usize> = HashMap::new();
    for piece in tags.chunks(TAGS_AT_ONCE) {
        let mut new = Vec::new();
        for tag in piece {
            if !places.contains_key(tag) && !new.contains(tag) {
                new.push(*tag);
            }
        }
        let mut found = new.iter().zip(properties.get(&new)?);
        for tag in piece {
            let known = places.get(tag).and_then(|place| cells.get(*place)).cloned();
            let next = match known {
                Some(cell) => cell,
                None => {
                    places.insert(*tag, cells.len());
                    cell(found.next().and_then(|(_, value)| value), tag.property_type(), form)
                }
            };
            cells.push(next);
        }
        limit_cells(&mut cells, request.property_size_limit, room);
    }
    Ok(cells)
}

/// The ids of named properties in a request that no name stands for.
fn unnamed_ids(request: &RopSetPropertiesRequest<'_>, mailbox: &OpenMailbox) -> Result<Vec<u16>, ErrorCode> {
    let ids = request.property_values.iter().map(|tagged| tagged.property_tag.property_id());
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
    fn check_writable(&self) -> Result<(), ErrorCode> {
        if self.writable { Ok(()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }
    }
}

/// The property that a stream is opened on; an object's data is what is stored under the same id
/// (MS-OXCPRPT 2.2.14).
fn streamed(tag: PropertyTag) -> Result<PropertyTag, ErrorCode> {
    match tag.property_type() {
        PropertyType::PTYP_BINARY | PropertyType::PTYP_STRING | PropertyType::PTYP_STRING8 => Ok(tag),
        PropertyType::PTYP_OBJECT => Ok(tag.with_property_type(PropertyType::PTYP_BINARY)),
        _ => Err(ErrorCode::EC_NOT_SUPPORTED),
    }
}

/// Opens what is there (MS-OXCPRPT 3.2.5.11).
fn open_existing(properties: &Properties<'_>, tag: PropertyTag) -> Result<Stream, ErrorCode> {
    let content = properties.content(tag)?.ok_or(ErrorCode::EC_NOT_FOUND)?;
    let held = match &content {
        Content::Memory(bytes) => properties.mailbox.budget.hold(bytes.len())?,
        Content::Stored(_) => properties.mailbox.budget.hold(0)?,
    };
    Ok(Stream { content, position: 0, _held: held })
}

/// The Create mode: the value is deleted, and the stream begins empty (MS-OXCPRPT 2.2.14.1).
fn create(mailbox: &OpenMailbox, pending: &mut PropertyChanges, tag: PropertyTag) -> Result<Stream, ErrorCode> {
    let tag = match tag.property_type() {
        // Pending text is UTF-16.
        PropertyType::PTYP_STRING8 => tag.with_property_type(PropertyType::PTYP_STRING),
        _ => tag,
    };
    let held = mailbox.budget.hold(0)?;
    pending.delete(tag);
    Ok(Stream { content: Content::Memory(Vec::new()), position: 0, _held: held })
}

impl Stream {
    /// Bytes.
    fn size(&self) -> u64 {
        match &self.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::Stored(stream) => stream.size(),
        }
    }

    /// Bytes as a reply has them.
    fn stream_size(&self) -> Result<u32, ErrorCode> {
        u32::try_from(self.size()).ok().filter(|size| *size <= MAX_BYTE_COUNT).ok_or(ErrorCode::EC_STREAM_SIZE_ERROR)
    }

    /// Up to `len` bytes from the seek pointer on; it stays where it is.
    fn peek(&self, len: usize) -> Result<Vec<u8>, ErrorCode> {
        match &self.content {
            Content::Stored(stream) => Ok(stream.read_at(self.position, len)?),
            Content::Memory(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(len).min(bytes.len());
                Ok(bytes.get(start..end).unwrap_or_default().to_vec())
            }
        }
    }

    /// Up to `asked` bytes, as many as a reply of `room` bytes has room for; the seek pointer moves behind them.
    fn read(&mut self, asked: usize, room: usize) -> Result<Vec<u8>, ErrorCode> {
        let asked = asked.min(u16::MAX.into());
        let data_room = room.saturating_sub(DATA_SIZE);
        if data_room == 0 && asked > 0 {
            // No data would mean the end: a reply that does not fit is left to the engine, which starts over.
            return self.peek(asked.min(room.max(1)));
        }
        let data = self.peek(asked.min(data_room))?;
        self.position = self.position.saturating_add(data.len() as u64);
        Ok(data)
    }
}

impl OxcprptHandler for RopHandlers {
    /// MS-OXCPRPT 3.2.5.1.
    fn rop_get_properties_specific(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopGetPropertiesSpecificRequest,
    ) -> Result<RopGetPropertiesSpecificResponse<'static>, ErrorCode> {
        let properties = properties_of(&object);
        let form = TextForm { unicode: request.want_unicode, code_page: properties.code_page };
        let tags = &request.property_tags;
        let cells = specific_cells(&properties, request, form, context.room)?;
        Ok(RopGetPropertiesSpecificResponse { row_data: property_row(tags, cells) })
    }

    /// MS-OXCPRPT 3.2.5.2; an error has the type PtypErrorCode in place of that of its property.
    fn rop_get_properties_all(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopGetPropertiesAllRequest,
    ) -> Result<RopGetPropertiesAllResponse<'static>, ErrorCode> {
        let properties = properties_of(&object);
        let form = TextForm { unicode: request.want_unicode, code_page: properties.code_page };
        let (tags, values): (Vec<_>, Vec<_>) = properties.all()?.into_iter().unzip();
        let untyped = PropertyType::PTYP_UNSPECIFIED;
        let mut cells: Vec<Cell> = values.into_iter().map(|value| cell(Some(value), untyped, form)).collect();
        limit_cells(&mut cells, request.property_size_limit, context.room.saturating_sub(COUNT));
        let tagged = tags.into_iter().zip(cells).map(|(tag, cell)| {
            let property_value = cell.unwrap_or_else(PropertyValue::PtypErrorCode);
            let property_tag = tag.with_property_type(property_value.property_type());
            TaggedPropertyValue { property_tag, property_value }
        });
        Ok(RopGetPropertiesAllResponse { property_values: tagged.collect() })
    }

    /// MS-OXCPRPT 3.2.5.3.
    fn rop_get_properties_list(
        &mut self,
        _context: RopContext,
        object: AnyObject<'_>,
        _request: &RopGetPropertiesListRequest,
    ) -> Result<RopGetPropertiesListResponse, ErrorCode> {
        let property_tags = properties_of(&object).all()?.into_keys().collect();
        Ok(RopGetPropertiesListResponse { property_tags })
    }

    /// MS-OXCPRPT 3.2.5.4: at once for folders and the mailbox, on saving for messages and attachments.
    fn rop_set_properties(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopSetPropertiesRequest<'_>,
    ) -> Result<RopSetPropertiesResponse, ErrorCode> {
        let room = context.room;
        match object {
            AnyObject::Logon(logon) => {
                let sorted = Sorted::new(request, &logon.properties(), None)?;
                sorted.apply(&logon.mailbox, ObjectId::Mailbox, room)
            }
            AnyObject::Folder(folder) => {
                let sorted = Sorted::new(request, &folder.properties(), None)?;
                sorted.apply(&folder.mailbox, ObjectId::Folder(folder.id), room)
            }
            AnyObject::Message(message) => {
                message.check_writable()?;
                let sorted = Sorted::new(request, &message.properties(), Some(message))?;
                let (response, changes) = sorted.into_reply(room);
                if let Some(changes) = changes {
                    message.held.resize(message.pending_size().saturating_add(changes_size(&changes)))?;
                    merge(&mut message.properties, changes.iter());
                    message.held.resize(message.pending_size())?;
                }
                Ok(response)
            }
            AnyObject::Attachment(attachment) => {
                attachment.check_writable()?;
                let sorted = Sorted::new(request, &attachment.properties(), None)?;
                let (response, changes) = sorted.into_reply(room);
                if let Some(changes) = changes {
                    let pending = changes_size(&attachment.properties);
                    attachment.held.resize(pending.saturating_add(changes_size(&changes)))?;
                    merge(&mut attachment.properties, changes.iter());
                    attachment.held.resize(changes_size(&attachment.properties))?;
                }
                Ok(response)
            }
        }
    }

    /// MS-OXCPRPT 3.2.5.11. Folders' values are not created as streams yet.
    fn rop_open_stream(
        &mut self,
        _context: RopContext,
        object: FolderOrMessageOrAttachment<'_, Self>,
        request: &RopOpenStreamRequest,
    ) -> Result<(RopOpenStreamResponse, Stream), ErrorCode> {
        let tag = streamed(request.property_tag)?;
        let mode = request.open_mode_flags;
        let modes = [AccessMode::READ_ONLY, AccessMode::READ_WRITE, AccessMode::CREATE, AccessMode::BEST_ACCESS];
        if !modes.contains(&mode) {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        let writes = mode == AccessMode::READ_WRITE || mode == AccessMode::CREATE;
        let check = |properties: &Properties<'_>, message: Option<&Message>| match refusal(properties, message, tag) {
            Some(_) if writes => Err(ErrorCode::EC_ACCESS_DENIED),
            _ => Ok(()),
        };
        let stream = match object {
            FolderOrMessageOrAttachment::Folder(_) if mode == AccessMode::CREATE => {
                return Err(ErrorCode::EC_NOT_SUPPORTED);
            }
            FolderOrMessageOrAttachment::Folder(folder) => {
                check(&folder.properties(), None)?;
                open_existing(&folder.properties(), tag)?
            }
            FolderOrMessageOrAttachment::Message(message) => {
                if writes {
                    message.check_writable()?;
                }
                check(&message.properties(), Some(message))?;
                match mode {
                    AccessMode::CREATE => create(&message.mailbox, &mut message.properties, tag)?,
                    _ => open_existing(&message.properties(), tag)?,
                }
            }
            FolderOrMessageOrAttachment::Attachment(attachment) => {
                if writes {
                    attachment.check_writable()?;
                }
                check(&attachment.properties(), None)?;
                match mode {
                    AccessMode::CREATE => create(&attachment.mailbox, &mut attachment.properties, tag)?,
                    _ => open_existing(&attachment.properties(), tag)?,
                }
            }
        };
        Ok((RopOpenStreamResponse { stream_size: stream.stream_size()? }, stream))
    }

    /// MS-OXCPRPT 3.2.5.12.
    fn rop_read_stream(
        &mut self,
        context: RopContext,
        stream: &mut Stream,
        request: &RopReadStreamRequest,
    ) -> Result<RopReadStreamResponse<'static>, RopReadStreamFailure<'static>> {
        let asked = match request.maximum_byte_count {
            Some(maximum) if request.byte_count == BYTE_COUNT_IS_MAXIMUM => maximum,
            _ => request.byte_count.into(),
        };
        if asked > MAX_BYTE_COUNT {
            return Err(ErrorCode::EC_STREAM_INVALID_PARAM.into());
        }
        let asked = usize::try_from(asked).unwrap_or(usize::MAX);
        Ok(RopReadStreamResponse { data: Blob::Owned(stream.read(asked, context.room)?) })
    }

    /// MS-OXCPRPT 3.2.5.16.
    fn rop_get_stream_size(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        _request: &RopGetStreamSizeRequest,
    ) -> Result<RopGetStreamSizeResponse, ErrorCode> {
        Ok(RopGetStreamSizeResponse { stream_size: stream.stream_size()? })
    }
}
