//! Running a batch (MS-OXCROPS 3.2.5).

use bytes::Bytes;

use super::batch::{ROP_SIZE, unpack_batch};
use super::objects::{INVALID_HANDLE, ObjectTable};
use crate::error::UnpackErrorKind;
use crate::{Cursor, Encoder, PackError, UnpackError};

/// A batch that fails as a whole, without a reply to any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// It cannot be parsed, or names an operation that is reserved (MS-OXCROPS 2.2.2). Nothing of it has run.
    #[error("ROP input buffer: {0}")]
    Format(#[from] UnpackError),
    /// Neither a reply nor RopBufferTooSmall in its place fits the output buffer. What came before has run;
    /// what it opened is released again.
    #[error("{limit} bytes hold no reply to this batch")]
    NoRoom {
        /// The limit of the output buffer.
        limit: usize,
    },
}

/// What a handler may need to know besides its arguments.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RopContext {
    /// The logon that the request names.
    pub logon_id: u8,
    /// Bytes left for the reply's body.
    pub room: usize,
}

impl RopContext {
    /// A context; for tests of handlers.
    #[must_use]
    pub fn new(logon_id: u8, room: usize) -> Self {
        Self { logon_id, room }
    }
}

/// What an operation left to do once its reply is known to fit.
#[derive(Debug)]
pub enum RopOutcome<O> {
    /// Nothing.
    Done,
    /// Open this object in the slot of the request's output handle.
    Open {
        /// The object.
        object: O,
        /// The request's LogonId.
        logon_id: u8,
        /// The request's OutputHandleIndex.
        output_handle_index: u8,
        /// The object whose release takes it along.
        owner: Option<u32>,
        /// A logon: all objects of a logon with this id go first.
        replaces_logon: bool,
    },
    /// Release the object in this slot.
    Release {
        /// The request's InputHandleIndex.
        input_handle_index: u8,
    },
}

/// The state of a running batch that an operation sees.
#[derive(Debug)]
pub struct Running<'r, O> {
    /// Open objects.
    pub objects: &'r mut ObjectTable<O>,
    handles: &'r [u32],
}

/// Why a handle index names no object to work on (MS-OXCROPS 3.2.5.4, error codes of invalid objects).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidHandle {
    /// Never assigned to an open object: ecNullObject.
    NeverAssigned,
    /// Released: ecInvalidObject.
    Released,
    /// Opened under another logon: ecAccessDenied.
    OtherLogon,
}

impl<O> Running<'_, O> {
    /// The handle in a slot, if an object is open under it for this logon.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_handle(&self, index: u8, logon_id: u8) -> Result<u32, InvalidHandle> {
        let handle = self.handle(index).ok_or(InvalidHandle::NeverAssigned)?;
        match self.objects.logon_id(handle) {
            Some(id) if id == logon_id => Ok(handle),
            Some(_) => Err(InvalidHandle::OtherLogon),
            None if self.objects.was_issued(handle) => Err(InvalidHandle::Released),
            None => Err(InvalidHandle::NeverAssigned),
        }
    }

    /// The handle in a slot of the table.
    #[must_use]
    pub fn handle(&self, index: u8) -> Option<u32> {
        self.handles.get(usize::from(index)).copied().filter(|handle| *handle != INVALID_HANDLE)
    }

    /// The table has such a slot.
    #[must_use]
    pub fn has_slot(&self, index: u8) -> bool {
        usize::from(index) < self.handles.len()
    }
}

/// A reply that does not fit what is left of the output buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTooLarge {
    /// Bytes of the whole reply.
    pub needed: usize,
}

/// What generated dispatch does for the engine.
pub trait Dispatch {
    /// A parsed request of any kind.
    type Request<'a>;
    /// An open object of any kind.
    type Object;

    /// Reads one request, RopId included.
    ///
    /// # Errors
    /// For bytes that are no request, and for RopIds that are reserved or unknown.
    fn unpack<'a>(&self, c: &mut Cursor<'a>) -> Result<Self::Request<'a>, UnpackError>;

    /// Bytes of the reply where that is known before it runs.
    fn fixed_reply_size(request: &Self::Request<'_>) -> Option<usize>;

    /// Runs one request and writes its reply, header included, or nothing for a ROP without reply.
    ///
    /// # Errors
    /// When the reply does not fit. Nothing is opened, released or changed in the objects' declared
    /// state then.
    fn run(
        &mut self,
        request: &Self::Request<'_>,
        running: &mut Running<'_, Self::Object>,
        e: &mut Encoder,
    ) -> Result<RopOutcome<Self::Object>, ReplyTooLarge>;

    /// After a reply with this return value no further request of the batch runs.
    fn stops_batch(request: &Self::Request<'_>, return_value: u32) -> bool;

    /// Writes the reply that fails this request with ecBufferTooSmall.
    ///
    /// # Errors
    /// `Full` when not even that fits.
    fn too_small(request: &Self::Request<'_>, e: &mut Encoder) -> Result<(), PackError>;
}

/// The RopId of RopBufferTooSmall (MS-OXCROPS 2.2.15.1).
const ROP_BUFFER_TOO_SMALL: u8 = 0xFF;
/// RopId and SizeNeeded of RopBufferTooSmall.
const TOO_SMALL_HEADER: usize = 3;
/// Bytes of the RPC_HEADER_EXT in front of a ROP output buffer, which clients count into the room that they give it
/// (MS-OXCRPC 3.1.4.2, pcbOut).
const PAYLOAD_HEADER: usize = 8;

/// Runs a ROP input buffer and answers a ROP output buffer of at most `limit` bytes.
///
/// The whole batch is parsed before anything runs. A failing ROP leaves the rest running, unless the
/// document says that it stops the batch. When a
/// reply does not fit, RopBufferTooSmall follows with the requests that did not run; a batch of one
/// ROP fails with ecBufferTooSmall instead (MS-OXCROPS 3.2.5.2).
///
/// # Errors
/// When the batch fails as a whole.
pub fn execute<D: Dispatch>(
    dispatch: &mut D,
    objects: &mut ObjectTable<D::Object>,
    input: &[u8],
    limit: usize,
) -> Result<Bytes, ExecuteError> {
    execute_then(dispatch, objects, input, limit, |_, _, _| {})
}

/// As [`execute`]; `after` writes what follows the replies without answering a request (MS-OXCROPS 2.2.14), within
/// the encoder's limit. Nothing follows the reply that says that the output buffer is too small.
///
/// # Errors
/// When the batch fails as a whole.
pub fn execute_then<D: Dispatch>(
    dispatch: &mut D,
    objects: &mut ObjectTable<D::Object>,
    input: &[u8],
    limit: usize,
    after: impl FnOnce(&mut D, &mut ObjectTable<D::Object>, &mut Encoder),
) -> Result<Bytes, ExecuteError> {
    let batch = unpack_batch(input)?;
    let mut c = Cursor::at_offset(batch.rops, ROP_SIZE);
    let mut requests = Vec::new();
    while !c.is_empty() {
        let start = c.offset() - ROP_SIZE;
        requests.push((start, dispatch.unpack(&mut c)?));
    }
    let mut handles = batch.handles;
    let table = handles.len() * 4;
    // RopSize is 16 bits wide whatever the client allows.
    let room = limit.saturating_sub(table).min(usize::from(u16::MAX));
    let no_room = |_| ExecuteError::NoRoom { limit };
    let mut e = Encoder::with_limit(room);
    let size = e.reserve_u16().map_err(no_room)?;
    let count = requests.len();
    let mut opened = Vec::new();
    let mut fits = true;
    for (number, (start, request)) in requests.iter().enumerate() {
        let next = requests.get(number + 1).map_or(batch.rops.len(), |(start, _)| *start);
        let after = batch.rops.len() - next;
        // What RopBufferTooSmall would need if the next request's reply did not fit. Requests that are longer
        // than the room for replies cannot be handed back; their replies may fit all the same.
        let hands_back = e.len() + TOO_SMALL_HEADER + batch.rops.len() - start <= room;
        let reserve = if after > 0 && hands_back { after + TOO_SMALL_HEADER } else { 0 };
        e.set_limit(room.saturating_sub(reserve));
        let mark = e.len();
        let mut running = Running { objects, handles: &handles };
        let result = match D::fixed_reply_size(request) {
            Some(needed) if needed > e.room() => Err(ReplyTooLarge { needed }),
            _ => dispatch.run(request, &mut running, &mut e),
        };
        match result {
            Ok(outcome) => {
                opened.extend(settle(outcome, objects, &mut handles));
                if return_value(&e, mark).is_some_and(|value| D::stops_batch(request, value)) {
                    break;
                }
            }
            Err(ReplyTooLarge { needed }) => {
                fits = false;
                e.truncate(mark);
                e.set_limit(room);
                if count == 1 {
                    D::too_small(request, &mut e).map_err(no_room)?;
                } else {
                    // With this much room the same requests, sent again, get past this one.
                    let needed = PAYLOAD_HEADER + ROP_SIZE + needed + reserve + table;
                    let rest = batch.rops.get(*start..).unwrap_or_default();
                    if let Err(full) = buffer_too_small(&mut e, needed, rest) {
                        // No one would ever learn their handles.
                        opened.into_iter().for_each(|handle| _ = objects.release(handle));
                        return Err(no_room(full));
                    }
                }
                break;
            }
        }
    }
    if fits {
        e.set_limit(room);
        after(dispatch, objects, &mut e);
    }
    e.set_limit(usize::MAX);
    let written = e.len();
    e.fill_u16(size, written).map_err(no_room)?;
    handles.iter().try_for_each(|handle| e.u32(*handle)).map_err(no_room)?;
    Ok(e.finish())
}

/// ReturnValue of the reply that begins at `mark`: after RopId and handle index (MS-OXCROPS 2.2).
fn return_value(e: &Encoder, mark: usize) -> Option<u32> {
    let mut c = Cursor::new(e.as_slice().get(mark..)?);
    c.take(2).and_then(|_| c.u32()).ok()
}

fn buffer_too_small(e: &mut Encoder, needed: usize, rest: &[u8]) -> Result<(), PackError> {
    e.u8(ROP_BUFFER_TOO_SMALL)?;
    e.u16(u16::try_from(needed).unwrap_or(u16::MAX))?;
    e.bytes(rest)
}

/// Carries out what an operation left to do; answers the handle of an object that it opened.
fn settle<O>(outcome: RopOutcome<O>, objects: &mut ObjectTable<O>, handles: &mut [u32]) -> Option<u32> {
    match outcome {
        RopOutcome::Done => None,
        RopOutcome::Open { object, logon_id, output_handle_index, owner, replaces_logon } => {
            let handle = if replaces_logon {
                objects.insert_logon(object, logon_id)
            } else {
                objects.insert(object, logon_id, owner)
            };
            if let Some(slot) = handles.get_mut(usize::from(output_handle_index)) {
                *slot = handle.unwrap_or(INVALID_HANDLE);
            }
            handle
        }
        RopOutcome::Release { input_handle_index } => {
            // The slot keeps the value: using it again is told apart from a slot never used.
            if let Some(slot) = handles.get(usize::from(input_handle_index)) {
                objects.release(*slot);
            }
            None
        }
    }
}

/// The error for a RopId that is reserved or that nothing describes.
#[must_use]
pub fn unknown_rop(c: &Cursor<'_>, rop_id: u8) -> UnpackError {
    UnpackError::new(
        UnpackErrorKind::InvalidValue { found: u64::from(rop_id), expected: "a known RopId" },
        c.offset().saturating_sub(1),
    )
}
