//! Properties that are read and written piece by piece (MS-OXCPRPT 3.2.5.11 to 3.2.5.24).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::oxcdata::{ErrorCode, FolderId, PropertyTag, PropertyType, PropertyValue};
use runtime::{String8, Utf16};

use super::budget::Held;
use super::objects::{Content, OpenMailbox};
use super::values::widen;
use crate::store::value::binary;
use crate::store::{BlobRef, BlobWriter, ObjectId, PropertyChange, PropertyChanges};

/// The most bytes of a stream: 2 GiB.
pub(super) const MAX_STREAM: u64 = 0x8000_0000;

/// Bytes up to which what is written stays in memory; beyond, what is appended goes to the store.
const IN_MEMORY: usize = 256 * 1024;

/// Bytes that are copied at a time.
const COPIED: usize = 32 * 1024;

/// What streams of one property share: its content.
pub(super) struct Buffer {
    mailbox: Arc<OpenMailbox>,
    state: State,
    /// It has changed since its object last took it over.
    dirty: bool,
    /// The memory of the content.
    held: Held,
}

enum State {
    Content(Content),
    /// Appended to.
    Growing {
        writer: Box<dyn BlobWriter>,
        size: u64,
    },
    /// Complete in the store.
    Blob {
        blob: BlobRef,
        content: Content,
    },
    /// Lost when the store failed.
    Broken,
}

impl Buffer {
    pub(super) fn new(mailbox: &Arc<OpenMailbox>, content: Content) -> Result<Self, ErrorCode> {
        let held = match &content {
            Content::Memory(bytes) => mailbox.budget.hold(bytes.len())?,
            Content::Stored(_) => mailbox.budget.hold(0)?,
        };
        Ok(Self { mailbox: Arc::clone(mailbox), state: State::Content(content), dirty: false, held })
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        match &self.state {
            State::Content(Content::Memory(bytes)) => bytes.len() as u64,
            State::Content(Content::Stored(stream)) => stream.size(),
            State::Growing { size, .. } => *size,
            State::Blob { blob, .. } => blob.size(),
            State::Broken => 0,
        }
    }

    /// Ends what is being appended to, so that it can be read.
    fn settle(&mut self) -> Result<(), ErrorCode> {
        if let State::Growing { .. } = self.state
            && let State::Growing { writer, .. } = std::mem::replace(&mut self.state, State::Broken)
        {
            let blob = writer.finish()?;
            let content = Content::Stored(self.mailbox.mailbox.open_blob(&blob)?);
            self.state = State::Blob { blob, content };
        }
        Ok(())
    }

    /// Up to `len` bytes from a position on.
    pub(super) fn read_at(&mut self, position: u64, len: usize) -> Result<Vec<u8>, ErrorCode> {
        self.settle()?;
        match &self.state {
            State::Content(content) | State::Blob { content, .. } => content.read_at(position, len),
            State::Growing { .. } | State::Broken => Err(ErrorCode::EC_STREAM_READ_FAULT),
        }
    }

    /// The whole content in memory, to be changed anywhere.
    fn in_memory(&mut self) -> Result<&mut Vec<u8>, ErrorCode> {
        if !matches!(self.state, State::Content(Content::Memory(_))) {
            let size = usize::try_from(self.size()).map_err(|_| ErrorCode::EC_INSUFFICIENT_RESRC)?;
            self.held.resize(size)?;
            let mut bytes = Vec::with_capacity(size);
            while bytes.len() < size {
                let piece = self.read_at(bytes.len() as u64, COPIED)?;
                if piece.is_empty() {
                    break;
                }
                bytes.extend_from_slice(&piece);
            }
            self.state = State::Content(Content::Memory(bytes));
        }
        match &mut self.state {
            State::Content(Content::Memory(bytes)) => Ok(bytes),
            _ => Err(ErrorCode::EC_STREAM_READ_FAULT),
        }
    }

    /// Writes at a position that is no further than the end.
    pub(super) fn write_at(&mut self, position: u64, data: &[u8]) -> Result<(), ErrorCode> {
        let end = position.saturating_add(data.len() as u64);
        if end > MAX_STREAM {
            return Err(ErrorCode::EC_TOO_BIG);
        }
        self.dirty = true;
        let appends = position == self.size();
        if let State::Growing { writer, size } = &mut self.state
            && appends
        {
            writer.write(data)?;
            *size = end;
            return Ok(());
        }
        let bytes = self.in_memory()?;
        if appends && bytes.len().saturating_add(data.len()) > IN_MEMORY {
            let before = std::mem::take(bytes);
            let mut writer = self.mailbox.mailbox.create_blob()?;
            writer.write(&before)?;
            writer.write(data)?;
            self.state = State::Growing { writer, size: end };
            return self.held.resize(0);
        }
        let (start, end) = (to_usize(position)?, to_usize(end)?);
        let whole = end.max(bytes.len());
        self.held.resize(whole)?;
        let bytes = self.in_memory()?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        if let Some(place) = bytes.get_mut(start..end) {
            place.copy_from_slice(data);
        }
        Ok(())
    }

    /// Makes it shorter, or longer with zeros.
    pub(super) fn set_size(&mut self, size: u64) -> Result<(), ErrorCode> {
        if size > MAX_STREAM {
            return Err(ErrorCode::EC_TOO_BIG);
        }
        if size == self.size() {
            return Ok(());
        }
        let size = to_usize(size)?;
        self.in_memory()?;
        self.held.resize(size)?;
        self.dirty = true;
        self.in_memory()?.resize(size, 0);
        Ok(())
    }

    /// The property's new value when it has changed.
    fn changed(
        &mut self,
        tag: PropertyTag,
        code_page: u16,
    ) -> Result<Option<(PropertyTag, PropertyChange)>, ErrorCode> {
        if !self.dirty {
            return Ok(None);
        }
        self.settle()?;
        let kind = tag.property_type();
        if kind == PropertyType::PTYP_STRING8 {
            self.in_memory()?;
        }
        let change = match &self.state {
            State::Blob { blob, .. } => PropertyChange::SetBlob(blob.clone()),
            State::Content(Content::Memory(bytes)) => PropertyChange::Set(match kind {
                PropertyType::PTYP_STRING => PropertyValue::PtypString(Utf16::from_wire(bytes).into_owned()),
                PropertyType::PTYP_STRING8 => PropertyValue::PtypString(widen(&String8::new(bytes.clone()), code_page)),
                _ => binary(bytes.clone()),
            }),
            _ => return Err(ErrorCode::EC_STREAM_READ_FAULT),
        };
        self.dirty = false;
        let tag =
            if kind == PropertyType::PTYP_STRING8 { tag.with_property_type(PropertyType::PTYP_STRING) } else { tag };
        Ok(Some((tag, change)))
    }
}

fn to_usize(size: u64) -> Result<usize, ErrorCode> {
    usize::try_from(size).map_err(|_| ErrorCode::EC_TOO_BIG)
}

impl Content {
    /// Up to `len` bytes from a position on.
    pub(super) fn read_at(&self, position: u64, len: usize) -> Result<Vec<u8>, ErrorCode> {
        match self {
            Self::Stored(stream) => Ok(stream.read_at(position, len)?),
            Self::Memory(bytes) => {
                let start = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(len).min(bytes.len());
                Ok(bytes.get(start..end).unwrap_or_default().to_vec())
            }
        }
    }
}

/// A buffer that several streams, and the object whose property it is, have at once.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Buffer>>);

impl Shared {
    pub(super) fn new(buffer: Buffer) -> Self {
        Self(Arc::new(Mutex::new(buffer)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The properties of an object that are being written.
#[derive(Default)]
pub(super) struct Streams(Vec<(PropertyTag, Shared)>);

impl Streams {
    pub(super) fn add(&mut self, tag: PropertyTag, buffer: Shared) {
        self.0.push((tag, buffer));
    }

    /// Puts what was written among the object's changes, and forgets streams that are closed.
    pub(super) fn absorb(&mut self, changes: &mut PropertyChanges, code_page: u16) -> Result<(), ErrorCode> {
        for (tag, buffer) in &self.0 {
            match buffer.lock().changed(*tag, code_page)? {
                Some((tag, PropertyChange::Set(value))) => _ = changes.set(tag, value),
                Some((tag, PropertyChange::SetBlob(blob))) => _ = changes.set_blob(tag, blob),
                Some((_, PropertyChange::Delete)) | None => {}
            }
        }
        self.0.retain(|(_, buffer)| Arc::strong_count(&buffer.0) > 1);
        Ok(())
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(tag, _)| tag)).finish()
    }
}

/// The property of a folder that a stream writes when it is committed or closed.
#[derive(Clone)]
pub(super) struct FolderProperty {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) folder: FolderId,
    pub(super) tag: PropertyTag,
}

/// One property, open as a stream, with its seek pointer.
pub struct Stream {
    pub(super) buffer: Shared,
    pub(super) position: u64,
    pub(super) writable: bool,
    pub(super) of_folder: Option<FolderProperty>,
}

impl Stream {
    /// Stores what was written into a folder's property; an object's other properties are stored with it.
    pub(super) fn commit(&self) -> Result<(), ErrorCode> {
        let Some(FolderProperty { mailbox, folder, tag }) = &self.of_folder else { return Ok(()) };
        let mut changes = PropertyChanges::new();
        match self.buffer.lock().changed(*tag, mailbox.code_page())? {
            Some((tag, PropertyChange::Set(value))) => _ = changes.set(tag, value),
            Some((tag, PropertyChange::SetBlob(blob))) => _ = changes.set_blob(tag, blob),
            Some((_, PropertyChange::Delete)) | None => return Ok(()),
        }
        mailbox.mailbox.change_properties(ObjectId::Folder(*folder), &changes)?;
        Ok(())
    }

    /// Writes from the seek pointer on, which moves behind what is written.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), ErrorCode> {
        if !self.writable {
            return Err(ErrorCode::EC_STREAM_ACCESS_DENIED);
        }
        self.buffer.lock().write_at(self.position, data)?;
        self.position = self.position.saturating_add(data.len() as u64);
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Err(code) = self.commit() {
            tracing::warn!(?code, "what was written into a folder's property is lost");
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("position", &self.position).finish_non_exhaustive()
    }
}
