//! A session: the objects that a client has open, and the handlers that work on them.

use bytes::Bytes;
use protocol::rops::{Handlers, RopDispatch, ServerObject};
use runtime::rop::{ExecuteError, ObjectTable, execute};

use super::MAX_OPEN_OBJECTS;

/// What the engine remembers between the requests of one client (MS-OXCRPC 3.1.1.1).
pub struct Session<H: Handlers> {
    objects: ObjectTable<ServerObject<H>>,
    handlers: H,
}

impl<H: Handlers> Session<H> {
    pub(super) fn new(handlers: H) -> Self {
        Self { objects: ObjectTable::new(MAX_OPEN_OBJECTS), handlers }
    }

    /// Runs a ROP input buffer and answers with a ROP output buffer of at most `limit` bytes.
    pub(super) fn run(&mut self, rops: &[u8], limit: usize) -> Result<Bytes, ExecuteError> {
        execute(&mut RopDispatch(&mut self.handlers), &mut self.objects, rops, limit)
    }
}
