//! A session: the objects that a client has open, and the handlers that work on them.

use bytes::Bytes;
use protocol::rops::{RopDispatch, ServerObject};
use runtime::rop::{ExecuteError, ObjectTable, execute};

use super::MAX_OPEN_OBJECTS;
use crate::rop::RopHandlers;

/// What the engine remembers between the requests of one client (MS-OXCRPC 3.1.1.1).
pub struct Session {
    objects: ObjectTable<ServerObject<RopHandlers>>,
    handlers: RopHandlers,
}

impl Session {
    pub(super) fn new(handlers: RopHandlers) -> Self {
        Self { objects: ObjectTable::new(MAX_OPEN_OBJECTS), handlers }
    }

    /// Runs a ROP input buffer and answers with a ROP output buffer of at most `limit` bytes.
    pub(super) fn run(&mut self, rops: &[u8], limit: usize) -> Result<Bytes, ExecuteError> {
        execute(&mut RopDispatch(&mut self.handlers), &mut self.objects, rops, limit)
    }
}
