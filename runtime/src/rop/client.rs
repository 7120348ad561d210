//! Building batches as a client: handles of kinds, slots of the handle table, tickets for replies.
//!
//! Generated builders stand on this; no operation is known here.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Reply;
use super::objects::INVALID_HANDLE;

/// The most slots that an index of 8 bits tells apart.
const MOST_SLOTS: usize = 1 << 8;

/// Why a call cannot be added to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The handle table is full: 256 slots.
    #[error("a batch has no more than {MOST_SLOTS} handles")]
    TooManyHandles,
    /// A ticket stands for the handle of a batch that is another one: fetch the handle from its replies.
    #[error("the handle is one of another batch")]
    OtherBatch,
}

/// A kind of object, or a set of kinds that an operation takes: `T` is one of `K`.
#[diagnostic::on_unimplemented(
    message = "the operation takes no handle of a `{Self}`",
    label = "names a `{Self}`, not a `{K}`"
)]
pub trait IsA<K> {}

/// What an operation can take as the handle of an open object: a handle of the server, or the ticket of a
/// call in the same batch that opens one.
pub trait Input {
    /// The kind of object.
    type Kind;

    /// Where its handle is.
    fn source(&self) -> Source;
}

/// Where the handle of an open object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    logon_id: u8,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Value(u32),
    Slot { batch: u64, index: u8 },
}

/// The handle of an object that is open on the server, with the logon that it was opened under.
pub struct Handle<K> {
    value: u32,
    logon_id: u8,
    kind: PhantomData<fn() -> K>,
}

impl<K> Handle<K> {
    /// A handle value of the server.
    #[must_use]
    pub const fn new(value: u32, logon_id: u8) -> Self {
        Self { value, logon_id, kind: PhantomData }
    }

    /// The value in handle tables.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.value
    }

    /// The logon that it was opened under.
    #[must_use]
    pub const fn logon_id(self) -> u8 {
        self.logon_id
    }
}

impl<K> Clone for Handle<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Handle<K> {}

impl<K> PartialEq for Handle<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.value, self.logon_id) == (other.value, other.logon_id)
    }
}

impl<K> Eq for Handle<K> {}

impl<K> fmt::Debug for Handle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({:#X})", self.value)
    }
}

impl<K> Input for Handle<K> {
    type Kind = K;

    fn source(&self) -> Source {
        Source { logon_id: self.logon_id, place: Place::Value(self.value) }
    }
}

/// An operation that has a reply.
pub trait Call {
    /// A reply of any operation.
    type Reply<'a>: 'a;
    /// The body for return value 0.
    type Response<'a>: 'a;
    /// How it fails.
    type Failure<'a>: Clone + 'a;

    /// The reply, where it is one to this operation.
    fn reply<'r, 'a: 'r>(reply: &'r Self::Reply<'a>) -> Option<&'r Reply<Self::Response<'a>, Self::Failure<'a>>>;
}

/// An operation that opens an object.
pub trait Opens: Call {
    /// The kind of the object.
    type Object;
}

/// A call in a batch: fetches its reply, and stands for the handle of the object that it opens.
pub struct Ticket<C> {
    batch: u64,
    number: usize,
    output: u8,
    logon_id: u8,
    call: PhantomData<fn() -> C>,
}

impl<C> Clone for Ticket<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Ticket<C> {}

impl<C> fmt::Debug for Ticket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.number)
    }
}

impl<C: Opens> Input for Ticket<C> {
    type Kind = C::Object;

    fn source(&self) -> Source {
        Source { logon_id: self.logon_id, place: Place::Slot { batch: self.batch, index: self.output } }
    }
}

/// The handle table of a batch in the making.
#[derive(Debug)]
pub struct Slots {
    batch: u64,
    handles: Vec<u32>,
}

impl Default for Slots {
    fn default() -> Self {
        // Tells batches apart, so that a ticket of one is not taken for that of another.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { batch: NEXT.fetch_add(1, Ordering::Relaxed), handles: Vec::new() }
    }
}

impl Slots {
    /// The table as it is sent.
    #[must_use]
    pub fn handles(&self) -> &[u32] {
        &self.handles
    }

    /// The slot of an open object and its LogonId. The same handle gets the same slot.
    ///
    /// # Errors
    /// When the table is full, or the handle is one of another batch.
    pub fn input(&mut self, object: &impl Input) -> Result<(u8, u8), BatchError> {
        let source = object.source();
        let index = match source.place {
            Place::Slot { batch, index } if batch == self.batch => index,
            Place::Slot { .. } => return Err(BatchError::OtherBatch),
            Place::Value(value) => match self.handles.iter().position(|handle| *handle == value) {
                Some(index) if value != INVALID_HANDLE => {
                    u8::try_from(index).map_err(|_| BatchError::TooManyHandles)?
                }
                _ => self.push(value)?,
            },
        };
        Ok((index, source.logon_id))
    }

    /// A slot for a new object.
    ///
    /// # Errors
    /// When the table is full.
    pub fn output(&mut self) -> Result<u8, BatchError> {
        self.push(INVALID_HANDLE)
    }

    fn push(&mut self, value: u32) -> Result<u8, BatchError> {
        let index = u8::try_from(self.handles.len()).map_err(|_| BatchError::TooManyHandles)?;
        self.handles.push(value);
        Ok(index)
    }

    /// The ticket of the request with this number. `output` matters only to operations that open an object.
    #[must_use]
    pub fn ticket<C>(&self, number: usize, logon_id: u8, output: u8) -> Ticket<C> {
        Ticket { batch: self.batch, number, output, logon_id, call: PhantomData }
    }

    /// The replies to the batch: `requests` as many as it has, `handles` the table of the answer. Replies stand
    /// with the number of their request; without one they answer none.
    pub fn replies<R>(
        &self,
        requests: usize,
        handles: Vec<u32>,
        replies: impl IntoIterator<Item = (Option<usize>, R)>,
        is_opaque: impl Fn(&R) -> bool,
    ) -> Replies<R> {
        let mut answers: Vec<Answer<R>> = (0..requests).map(|_| Answer::NotRun).collect();
        let mut unsolicited = Vec::new();
        for (number, reply) in replies {
            match number {
                Some(number) if is_opaque(&reply) => {
                    // Nobody knows where one ends, so the later ones are in it too, if they ran.
                    answers.iter_mut().skip(number).for_each(|answer| *answer = Answer::Opaque);
                }
                Some(number) => {
                    if let Some(answer) = answers.get_mut(number) {
                        *answer = Answer::Reply(reply);
                    }
                }
                None => unsolicited.push(reply),
            }
        }
        Replies { batch: self.batch, answers, unsolicited, handles }
    }
}

/// Why a ticket fetches no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<F> {
    /// The operation failed.
    #[error("the operation failed: {0:?}")]
    Failed(F),
    /// The server has not run it: an earlier operation stopped the batch, or its reply had no room.
    #[error("the operation was not run")]
    NotRun,
    /// A reply depends on state that the conversation does not know, so it and all after it are not read.
    #[error("the reply cannot be read without what went before")]
    Opaque,
    /// Another operation's reply stands in place of the response: the operation is still running
    /// (MS-OXCPRPT 3.1.5). [`Replies::reply`] has it.
    #[error("another operation's reply stands in place of the response")]
    OtherReply,
    /// The operation succeeded without giving out a handle.
    #[error("the server gave no handle")]
    NoHandle,
    /// The ticket is one of another batch.
    #[error("the ticket is one of another batch")]
    OtherBatch,
}

#[derive(Clone, Debug)]
enum Answer<R> {
    Reply(R),
    Opaque,
    NotRun,
}

/// The replies to a batch, fetched with tickets.
#[derive(Clone, Debug)]
pub struct Replies<R> {
    batch: u64,
    answers: Vec<Answer<R>>,
    unsolicited: Vec<R>,
    handles: Vec<u32>,
}

impl<R> Replies<R> {
    /// The response to a call.
    ///
    /// # Errors
    /// When there is none.
    pub fn get<'r, 'a: 'r, C>(&'r self, ticket: &Ticket<C>) -> Result<&'r C::Response<'a>, CallError<C::Failure<'a>>>
    where
        C: Call<Reply<'a> = R>,
    {
        if ticket.batch != self.batch {
            return Err(CallError::OtherBatch);
        }
        match self.answers.get(ticket.number) {
            Some(Answer::Reply(reply)) => match C::reply(reply).map(|reply| &reply.result) {
                Some(Ok(response)) => Ok(response),
                Some(Err(failure)) => Err(CallError::Failed(failure.clone())),
                None => Err(CallError::OtherReply),
            },
            Some(Answer::Opaque) => Err(CallError::Opaque),
            Some(Answer::NotRun) | None => Err(CallError::NotRun),
        }
    }

    /// The reply to a call, of whatever operation it is; `None` where there is none that could be read.
    #[must_use]
    pub fn reply<C>(&self, ticket: &Ticket<C>) -> Option<&R> {
        match self.answers.get(ticket.number).filter(|_| ticket.batch == self.batch)? {
            Answer::Reply(reply) => Some(reply),
            Answer::Opaque | Answer::NotRun => None,
        }
    }

    /// The handle of the object that a call opened.
    ///
    /// # Errors
    /// When it opened none.
    pub fn opened<'r, 'a: 'r, C>(&'r self, ticket: &Ticket<C>) -> Result<Handle<C::Object>, CallError<C::Failure<'a>>>
    where
        C: Opens + Call<Reply<'a> = R>,
    {
        self.get(ticket)?;
        match self.handles.get(usize::from(ticket.output)) {
            Some(&value) if value != INVALID_HANDLE => Ok(Handle::new(value, ticket.logon_id)),
            _ => Err(CallError::NoHandle),
        }
    }

    /// Replies that answer no call: notifications, RopPending, RopBackoff, RopBufferTooSmall.
    #[must_use]
    pub fn unsolicited(&self) -> &[R] {
        &self.unsolicited
    }

    /// The handle table of the answer.
    #[must_use]
    pub fn handles(&self) -> &[u32] {
        &self.handles
    }
}

/// Makes a request type the [`Call`] of its operation; with an object, one that [`Opens`] it.
#[macro_export]
macro_rules! rop_call {
    ($a:lifetime, $request:ty, $any:ident::$rop:ident, $response:ty, $failure:ty $(=> $object:ty)?) => {
        impl $crate::rop::Call for $request {
            type Reply<$a> = $any<$a>;
            type Response<$a> = $response;
            type Failure<$a> = $failure;

            fn reply<'r, $a: 'r>(reply: &'r $any<$a>) -> Option<&'r $crate::rop::Reply<$response, $failure>> {
                if let $any::$rop(reply) = reply { Some(reply) } else { None }
            }
        }

        $(impl $crate::rop::Opens for $request {
            type Object = $object;
        })?
    };
}
