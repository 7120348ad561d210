//! The engine: sessions that run remote operations on mailboxes. Bytes in, bytes out, no sockets.
//!
//! What it does depends on its store, its clock and the requests alone.

pub mod endpoint;
mod extended_buffer;
mod failure;
mod mapi_http;
mod session;

#[cfg(all(test, feature = "sqlite"))]
mod tests;

use std::sync::Arc;

use crate::store::{Clock, Store};

pub use session::Session;

/// Objects that a session may have open at a time; what is opened beyond fails with ecMaxObjsExceeded.
pub const MAX_OPEN_OBJECTS: usize = 4096;

/// Serves the mailboxes of a store. It is the [`endpoint::MailboxEndpoint`] of every transport.
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Engine {
    /// An engine on this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock }
    }
}
