//! A session: the objects that a client has open, and the handlers that work on them.

use std::sync::Arc;

use bytes::Bytes;
use protocol::oxcnotif::RopPendingResponse;
use protocol::rops::{RopDispatch, ServerObject, pack_rop_notify_reply, pack_rop_pending_reply, rop_notify_columns};
use runtime::rop::{ExecuteError, ObjectTable, execute_then};
use runtime::{Encoder, PackErrorKind};

use super::doorbell::Doorbell;
use super::{MAX_OPEN_OBJECTS, SessionHandlers};

/// Bytes of RopPending.
const PENDING_SIZE: usize = 3;

/// What the engine remembers between the requests of one client (MS-OXCRPC 3.1.1.1).
pub struct Session<H: SessionHandlers>
where
    ServerObject<H>: Send,
{
    objects: ObjectTable<ServerObject<H>>,
    handlers: H,
    /// SessionIndex: what RopPending calls it.
    index: u16,
    doorbell: Arc<Doorbell>,
}

impl<H: SessionHandlers> Session<H>
where
    ServerObject<H>: Send,
{
    pub(super) fn new(handlers: H, index: u16, doorbell: Arc<Doorbell>) -> Self {
        Self { objects: ObjectTable::new(MAX_OPEN_OBJECTS), handlers, index, doorbell }
    }

    pub(super) fn doorbell(&self) -> &Arc<Doorbell> {
        &self.doorbell
    }

    /// Runs a ROP input buffer and answers with a ROP output buffer of at most `limit` bytes. What the client is to
    /// be notified of follows the replies.
    pub(super) fn run(&mut self, rops: &[u8], limit: usize) -> Result<Bytes, ExecuteError> {
        let (index, handlers) = (self.index, &mut self.handlers);
        handlers.batch_begins();
        let result =
            execute_then(&mut RopDispatch(handlers), &mut self.objects, rops, limit, |dispatch, objects, e| {
                append_notifications(&mut *dispatch.0, objects, index, e);
            });
        self.handlers.batch_ends();
        result
    }
}

impl<H: SessionHandlers> Drop for Session<H>
where
    ServerObject<H>: Send,
{
    fn drop(&mut self) {
        self.doorbell.end();
    }
}

/// Writes what a session's client is to be notified of behind the replies of a batch, until one does not fit. It stays the first, and RopPending says that there are more
/// (MS-OXCNOTIF 3.1.5.5).
pub fn append_notifications<H: SessionHandlers>(
    handlers: &mut H,
    objects: &mut ObjectTable<ServerObject<H>>,
    index: u16,
    e: &mut Encoder,
) where
    ServerObject<H>: Send,
{
    let limit = e.limit();
    e.set_limit(limit.saturating_sub(PENDING_SIZE));
    while let Some(notification) = handlers.next_notification(objects) {
        let mark = e.len();
        let columns = rop_notify_columns::<H>(objects, notification.notification_handle);
        let Err(error) = pack_rop_notify_reply(&notification, e, columns) else { continue };
        e.truncate(mark);
        if matches!(error.kind(), PackErrorKind::Full { .. }) {
            handlers.keep_notification(notification);
            e.set_limit(limit);
            if pack_rop_pending_reply(&RopPendingResponse { session_index: index }, e).is_err() {
                // The doorbell goes on ringing, so that a client that waits is told.
                e.truncate(mark);
            }
            return;
        }
        tracing::error!(%error, "a notification cannot be written");
    }
    e.set_limit(limit);
}
