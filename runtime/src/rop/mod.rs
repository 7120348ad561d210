//! Remote operations: what generated dispatch stands on, without knowing a single ROP.
//!
//! | module | what it has |
//! |---|---|
//! | `batch` | ROP input and output buffers: operations, then the handle table (MS-OXCROPS 2.2.1) |
//! | `objects` | open server objects, their handles, ownership and release |
//! | `execute` | running a batch: order, limits, RopBufferTooSmall |
//! | `fill` | rows packed until the reply is full |
//! | `client` | the other side: batches in the making, and their replies |

mod batch;
mod client;
mod execute;
mod fill;
mod objects;

pub use batch::{Batch, ROP_SIZE, pack_batch, unpack_batch};
pub use client::{BatchError, Call, CallError, Handle, Input, IsA, Opens, Replies, Slots, Source, Ticket};
pub use execute::{
    Dispatch, ExecuteError, InvalidHandle, ReplyTooLarge, RopContext, RopOutcome, Running, execute, execute_then,
    unknown_rop,
};
pub use fill::Fill;
pub use objects::{INVALID_HANDLE, ObjectTable, peek_handle};

/// The header of a reply with what follows it, or why there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<S, F> {
    /// Index into the server object handle table.
    pub handle_index: u8,
    /// The body for return value 0, or the failure.
    pub result: Result<S, F>,
}
