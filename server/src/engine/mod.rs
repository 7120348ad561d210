//! The engine: sessions that run remote operations on mailboxes. Bytes in, bytes out, no sockets.
//!
//! What it does depends on its store, its clock and the requests alone.

mod auxiliary;
pub mod doorbell;
pub mod endpoint;
mod extended_buffer;
mod failure;
mod mapi_http;
mod session;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;

use protocol::oxcnotif::RopNotifyResponse;
use protocol::rops::{Handlers, ServerObject};
use runtime::rop::ObjectTable;

use crate::store::{Clock, Store, User};
use doorbell::Doorbell;

pub use session::{Session, append_notifications};

/// Objects that a session may have open at a time; what is opened beyond fails with ecMaxObjsExceeded.
pub const MAX_OPEN_OBJECTS: usize = 4096;

/// How a session wants its text: from the Connect request (MS-OXCMAPIHTTP 2.2.4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// The code page of 8-bit strings.
    pub code_page: u32,
    /// The locale that rows are sorted in.
    pub lcid_sort: u32,
    /// The locale of everything else.
    pub lcid_string: u32,
}

impl Default for Locale {
    /// Windows-1252, United States English.
    fn default() -> Self {
        Self { code_page: 1252, lcid_sort: 0x0409, lcid_string: 0x0409 }
    }
}

/// The handlers of a session: what stands above the engine and does the work of its operations.
pub trait SessionHandlers: Handlers + Send + Sized + 'static
where
    ServerObject<Self>: Send,
{
    /// The handlers of a new session of this user; they ring `doorbell` as long as there are notifications.
    fn open(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock, doorbell: Arc<Doorbell>) -> Self;

    /// A batch of operations begins: what changes until it ends, the session has done itself.
    fn batch_begins(&mut self);

    /// The batch has ended.
    fn batch_ends(&mut self);

    /// Takes the next notification. It can be written with what is in `objects` now.
    fn next_notification(
        &mut self,
        objects: &mut ObjectTable<ServerObject<Self>>,
    ) -> Option<RopNotifyResponse<'static>>;

    /// Takes back a notification that did not fit: it is the next again.
    fn keep_notification(&mut self, notification: RopNotifyResponse<'static>);
}

/// Serves the mailboxes of a store. It is the [`endpoint::MailboxEndpoint`] of every transport.
pub struct Engine<H> {
    store: Arc<dyn Store>,
    clock: Clock,
    /// The SessionIndex of the next session.
    sessions: AtomicU16,
    handlers: PhantomData<fn() -> H>,
}

impl<H> Engine<H> {
    /// An engine on this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, sessions: AtomicU16::new(1), handlers: PhantomData }
    }
}
