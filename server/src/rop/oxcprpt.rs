//! Properties and streams of objects (MS-OXCPRPT 3.2.5).

use std::collections::HashMap;
use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, PropertyName, PropertyTag, PropertyType, PropertyValue, TaggedPropertyValue};
use protocol::oxcperm::MemberRights;
use protocol::oxcprpt::*;
use protocol::rops::{FolderOrMessageOrAttachment, OxcprptHandler};
use runtime::Blob;
use runtime::rop::RopContext;

use super::RopHandlers;
use super::changes::{AnyObject, absorb, delete, properties_of, refusal, set, wide};
use super::objects::{Content, OpenMailbox, Stream};
use super::properties::Properties;
use super::rows::{limit_cells, property_row};
use super::streams::{Buffer, FolderProperty, MAX_STREAM, Shared};
use super::values::{Cell, TextForm, cell};
use super::{copies, names};

/// The most bytes that MaximumByteCount may ask for: 2 GiB.
const MAX_BYTE_COUNT: u32 = 0x8000_0000;

/// PidTagSecurityDescriptorAsXml.
const SECURITY_DESCRIPTOR_AS_XML: u16 = 0x0E6A;

/// Bytes of DataSize before the data of RopReadStream.
const DATA_SIZE: usize = 2;

/// Bytes that RopCopyToStream copies at a time.
const PIECE: usize = 32 * 1024;

/// Properties that RopGetPropertiesSpecific reads from the store at once.
const TAGS_AT_ONCE: usize = 64;

/// Bytes of a list before its elements.
const COUNT: usize = 2;

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
fn open_existing(
    properties: &Properties<'_>,
    mailbox: &Arc<OpenMailbox>,
    tag: PropertyTag,
) -> Result<Shared, ErrorCode> {
    let content = properties.content(tag)?.ok_or(ErrorCode::EC_NOT_FOUND)?;
    Ok(Shared::new(Buffer::new(mailbox, content)?))
}

/// The Create mode: the value is deleted, and the stream begins empty (MS-OXCPRPT 2.2.14.1).
fn create(mailbox: &Arc<OpenMailbox>) -> Result<Shared, ErrorCode> {
    Ok(Shared::new(Buffer::new(mailbox, Content::Memory(Vec::new()))?))
}

impl Stream {
    /// Bytes as a reply has them.
    fn stream_size(&self) -> Result<u32, ErrorCode> {
        let size = self.buffer.lock().size();
        u32::try_from(size).ok().filter(|size| u64::from(*size) <= MAX_STREAM).ok_or(ErrorCode::EC_STREAM_SIZE_ERROR)
    }

    /// Up to `asked` bytes, as many as a reply of `room` bytes has room for; the seek pointer moves behind them.
    fn read(&mut self, asked: usize, room: usize) -> Result<Vec<u8>, ErrorCode> {
        let asked = asked.min(u16::MAX.into());
        let data_room = room.saturating_sub(DATA_SIZE);
        if data_room == 0 && asked > 0 {
            // No data would mean the end: a reply that does not fit is left to the engine, which starts over.
            return self.buffer.lock().read_at(self.position, asked.min(room.max(1)));
        }
        let data = self.buffer.lock().read_at(self.position, asked.min(data_room))?;
        self.position = self.position.saturating_add(data.len() as u64);
        Ok(data)
    }
}

impl OxcprptHandler for RopHandlers {
    /// MS-OXCPRPT 3.2.5.1.
    fn rop_get_properties_specific(
        &mut self,
        context: RopContext,
        mut object: AnyObject<'_>,
        request: &RopGetPropertiesSpecificRequest,
    ) -> Result<RopGetPropertiesSpecificResponse<'static>, ErrorCode> {
        absorb(&mut object)?;
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
        mut object: AnyObject<'_>,
        request: &RopGetPropertiesAllRequest,
    ) -> Result<RopGetPropertiesAllResponse<'static>, ErrorCode> {
        absorb(&mut object)?;
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
        mut object: AnyObject<'_>,
        _request: &RopGetPropertiesListRequest,
    ) -> Result<RopGetPropertiesListResponse, ErrorCode> {
        absorb(&mut object)?;
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
        let property_problems = set(object, &request.property_values, context.room)?;
        Ok(RopSetPropertiesResponse { property_problems })
    }

    /// MS-OXCPRPT 2.2.6; nothing here synchronizes yet, so that it is as RopSetProperties.
    fn rop_set_properties_no_replicate(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopSetPropertiesNoReplicateRequest<'_>,
    ) -> Result<RopSetPropertiesNoReplicateResponse, ErrorCode> {
        let property_problems = set(object, &request.property_values, context.room)?;
        Ok(RopSetPropertiesNoReplicateResponse { property_problems })
    }

    /// MS-OXCPRPT 3.2.5.5.
    fn rop_delete_properties(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopDeletePropertiesRequest,
    ) -> Result<RopDeletePropertiesResponse, ErrorCode> {
        Ok(RopDeletePropertiesResponse { property_problems: delete(object, &request.property_tags, context.room)? })
    }

    /// MS-OXCPRPT 2.2.8, as RopDeleteProperties.
    fn rop_delete_properties_no_replicate(
        &mut self,
        context: RopContext,
        object: AnyObject<'_>,
        request: &RopDeletePropertiesNoReplicateRequest,
    ) -> Result<RopDeletePropertiesNoReplicateResponse, ErrorCode> {
        let property_problems = delete(object, &request.property_tags, context.room)?;
        Ok(RopDeletePropertiesNoReplicateResponse { property_problems })
    }

    /// MS-OXCPRPT 3.2.5.10. A name of PS_MAPI is an id itself.
    fn rop_get_property_ids_from_names(
        &mut self,
        _context: RopContext,
        object: AnyObject<'_>,
        request: &RopGetPropertyIdsFromNamesRequest<'_>,
    ) -> Result<RopGetPropertyIdsFromNamesResponse, RopGetPropertyIdsFromNamesFailure> {
        let mailbox = properties_of(&object).mailbox;
        let all = request.property_names.is_empty() && matches!(object, AnyObject::Logon(_));
        let property_ids = if all {
            names::registered(mailbox)?.into_iter().map(|(id, _)| id).collect()
        } else {
            let create = match request.flags {
                NameFlags::LOOKUP => false,
                NameFlags::CREATE => true,
                _ => return Err(ErrorCode::EC_INVALID_PARAM.into()),
            };
            names::ids(mailbox, &request.property_names, create)?
        };
        // Names without an id have 0 and are no failure: mapi-client, which was held against Exchange, reads no ids
        // behind another return value (MS-OXCROPS 2.2.8.1.3).
        Ok(RopGetPropertyIdsFromNamesResponse { property_ids })
    }

    /// MS-OXCPRPT 3.2.5.9.
    fn rop_get_names_from_property_ids(
        &mut self,
        _context: RopContext,
        object: AnyObject<'_>,
        request: &RopGetNamesFromPropertyIdsRequest,
    ) -> Result<RopGetNamesFromPropertyIdsResponse<'static>, ErrorCode> {
        let property_names = names::names(properties_of(&object).mailbox, &request.property_ids)?;
        Ok(RopGetNamesFromPropertyIdsResponse { property_names })
    }

    /// MS-OXCPRPT 3.2.5.6.
    fn rop_query_named_properties(
        &mut self,
        _context: RopContext,
        object: AnyObject<'_>,
        request: &RopQueryNamedPropertiesRequest,
    ) -> Result<RopQueryNamedPropertiesResponse<'static>, RopQueryNamedPropertiesFailure<'static>> {
        let found = names::registered(properties_of(&object).mailbox)?;
        let wanted = found.into_iter().filter(|(_, name)| {
            let (guid, flag) = match name {
                PropertyName::LID { guid, .. } => (guid, QueryNamedFlags::NO_IDS),
                PropertyName::Name { guid, .. } => (guid, QueryNamedFlags::NO_STRINGS),
                PropertyName::Unnamed => return false,
            };
            !request.query_flags.contains(flag) && request.property_guid.is_none_or(|wanted| wanted == *guid)
        });
        let (property_ids, property_names) = wanted.unzip();
        Ok(RopQueryNamedPropertiesResponse { property_ids, property_names })
    }

    /// MS-OXCPRPT 3.2.5.7.
    fn rop_copy_properties(
        &mut self,
        _context: RopContext,
        source: FolderOrMessageOrAttachment<'_, Self>,
        dest: Option<FolderOrMessageOrAttachment<'_, Self>>,
        request: &RopCopyPropertiesRequest,
    ) -> Result<RopCopyPropertiesResponse, RopCopyPropertiesFailure> {
        let what = copies::Copied::Only(&request.property_tags);
        let property_problems = copies::copy(source, dest, &what, request.copy_flags, false)?;
        Ok(RopCopyPropertiesResponse { property_problems })
    }

    /// MS-OXCPRPT 3.2.5.8.
    fn rop_copy_to(
        &mut self,
        _context: RopContext,
        source: FolderOrMessageOrAttachment<'_, Self>,
        dest: Option<FolderOrMessageOrAttachment<'_, Self>>,
        request: &RopCopyToRequest,
    ) -> Result<RopCopyToResponse, RopCopyToFailure> {
        let what = copies::Copied::AllBut(&request.excluded_tags);
        let property_problems = copies::copy(source, dest, &what, request.copy_flags, request.want_sub_objects)?;
        Ok(RopCopyToResponse { property_problems })
    }

    /// MS-OXCPRPT 3.2.5.11.
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
        let asked = mode == AccessMode::READ_WRITE || mode == AccessMode::CREATE;
        // BestAccess writes where that is allowed.
        let writes = |allowed: bool| match mode {
            AccessMode::READ_ONLY => Ok(false),
            _ if allowed => Ok(true),
            _ if asked => Err(ErrorCode::EC_ACCESS_DENIED),
            _ => Ok(false),
        };
        let creates = mode == AccessMode::CREATE;
        let mut of_folder = None;
        let (buffer, writable) = match object {
            FolderOrMessageOrAttachment::Folder(folder) => {
                if tag.property_id() == SECURITY_DESCRIPTOR_AS_XML {
                    // MS-OXCPERM 3.2.5.3: permissions are shown in their table alone.
                    return Err(ErrorCode::EC_NOT_IMPLEMENTED);
                }
                let owner = folder.mailbox.rights(folder.id)?.contains(MemberRights::FOLDER_OWNER);
                let writable = writes(owner && refusal(&folder.properties(), None, tag).is_none())?;
                if writable {
                    of_folder = Some(FolderProperty { mailbox: Arc::clone(&folder.mailbox), folder: folder.id, tag });
                }
                let buffer = if creates {
                    create(&folder.mailbox)?
                } else {
                    open_existing(&folder.properties(), &folder.mailbox, tag)?
                };
                (buffer, writable)
            }
            FolderOrMessageOrAttachment::Message(message) => {
                message.absorb()?;
                let allowed = message.writable && refusal(&message.properties(), Some(message), tag).is_none();
                let writable = writes(allowed)?;
                let buffer = if creates {
                    message.properties.delete(wide(tag));
                    create(&message.mailbox)?
                } else {
                    open_existing(&message.properties(), &message.mailbox, tag)?
                };
                if writable {
                    message.streams.add(tag, buffer.clone());
                }
                (buffer, writable)
            }
            FolderOrMessageOrAttachment::Attachment(attachment) => {
                attachment.absorb()?;
                let allowed = attachment.writable && refusal(&attachment.properties(), None, tag).is_none();
                let writable = writes(allowed)?;
                let buffer = if creates {
                    attachment.properties.delete(wide(tag));
                    create(&attachment.mailbox)?
                } else {
                    open_existing(&attachment.properties(), &attachment.mailbox, tag)?
                };
                if writable {
                    attachment.streams.add(tag, buffer.clone());
                }
                (buffer, writable)
            }
        };
        let stream = Stream { buffer, position: 0, writable, of_folder };
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

    /// MS-OXCPRPT 3.2.5.13.
    fn rop_write_stream(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        request: &RopWriteStreamRequest<'_>,
    ) -> Result<RopWriteStreamResponse, RopWriteStreamFailure> {
        stream.write(&request.data)?;
        Ok(RopWriteStreamResponse { written_size: length(&request.data) })
    }

    /// MS-OXCPRPT 3.2.5.14.
    fn rop_write_stream_extended(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        request: &RopWriteStreamExtendedRequest<'_>,
    ) -> Result<RopWriteStreamExtendedResponse, RopWriteStreamExtendedFailure> {
        stream.write(&request.data)?;
        Ok(RopWriteStreamExtendedResponse { written_size: length(&request.data).into() })
    }

    /// MS-OXCPRPT 3.2.5.23.
    fn rop_write_and_commit_stream(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        request: &RopWriteAndCommitStreamRequest<'_>,
    ) -> Result<RopWriteAndCommitStreamResponse, RopWriteAndCommitStreamFailure> {
        stream.write(&request.data)?;
        stream.commit()?;
        Ok(RopWriteAndCommitStreamResponse { written_size: length(&request.data) })
    }

    /// MS-OXCPRPT 3.2.5.15.
    fn rop_commit_stream(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        _request: &RopCommitStreamRequest,
    ) -> Result<RopCommitStreamResponse, ErrorCode> {
        stream.commit()?;
        Ok(RopCommitStreamResponse)
    }

    /// MS-OXCPRPT 3.2.5.17.
    fn rop_set_stream_size(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        request: &RopSetStreamSizeRequest,
    ) -> Result<RopSetStreamSizeResponse, ErrorCode> {
        if !stream.writable {
            return Err(ErrorCode::EC_STREAM_ACCESS_DENIED);
        }
        stream.buffer.lock().set_size(request.stream_size)?;
        Ok(RopSetStreamSizeResponse)
    }

    /// MS-OXCPRPT 3.2.5.18. Beyond its end a stream that can be written grows.
    fn rop_seek_stream(
        &mut self,
        _context: RopContext,
        stream: &mut Stream,
        request: &RopSeekStreamRequest,
    ) -> Result<RopSeekStreamResponse, ErrorCode> {
        let size = stream.buffer.lock().size();
        let from = match request.origin {
            StreamOrigin::BEGINNING => 0,
            StreamOrigin::CURRENT => stream.position,
            StreamOrigin::END => size,
            _ => return Err(ErrorCode::EC_STREAM_INVALID_PARAM),
        };
        let to = from.checked_add_signed(request.offset).filter(|to| *to <= MAX_STREAM);
        let new_position = to.ok_or(ErrorCode::EC_STREAM_SEEK_ERROR)?;
        if new_position > size && stream.writable {
            stream.buffer.lock().set_size(new_position)?;
        }
        stream.position = new_position;
        Ok(RopSeekStreamResponse { new_position })
    }

    /// MS-OXCPRPT 3.2.5.19.
    fn rop_copy_to_stream(
        &mut self,
        _context: RopContext,
        source: &mut Stream,
        dest: Option<&mut Stream>,
        request: &RopCopyToStreamRequest,
    ) -> Result<RopCopyToStreamResponse, RopCopyToStreamFailure> {
        // A stream that is copied to itself would read what it has just written.
        let dest = dest.ok_or(ErrorCode::EC_STREAM_INVALID_PARAM)?;
        let mut copied: u64 = 0;
        while copied < request.byte_count {
            let wanted = usize::try_from(request.byte_count - copied).unwrap_or(usize::MAX).min(PIECE);
            let piece = source.buffer.lock().read_at(source.position, wanted)?;
            if piece.is_empty() {
                break;
            }
            let length = piece.len() as u64;
            if let Err(code) = dest.write(&piece) {
                let body = RopCopyToStreamOther { read_byte_count: copied + length, written_byte_count: copied };
                return Err(RopCopyToStreamFailure::Other { code, body });
            }
            source.position = source.position.saturating_add(length);
            copied += length;
        }
        Ok(RopCopyToStreamResponse { read_byte_count: copied, written_byte_count: copied })
    }

    /// MS-OXCPRPT 3.2.5.24.
    fn rop_clone_stream(
        &mut self,
        _context: RopContext,
        source: &mut Stream,
        _request: &RopCloneStreamRequest,
    ) -> Result<(RopCloneStreamResponse, Stream), ErrorCode> {
        let clone = Stream {
            buffer: source.buffer.clone(),
            position: source.position,
            writable: source.writable,
            of_folder: source.of_folder.clone(),
        };
        Ok((RopCloneStreamResponse, clone))
    }
}

/// DataSize of a request, which has 16 bits.
fn length(data: &[u8]) -> u16 {
    u16::try_from(data.len()).unwrap_or(u16::MAX)
}
