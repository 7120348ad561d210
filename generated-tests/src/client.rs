//! What a client writes: the builder of batches that comes of the descriptions.
//!
//! Calls chain the handles of one batch, and tickets fetch the replies:
//!
//! ```
//! use protocol::client::{Batch, Folder, Table};
//! use protocol::oxcdata::PropertyTag;
//! use protocol::oxcfold::ContentsTableFlags;
//! use protocol::oxctabl::{AsynchronousFlags, QueryRowsFlags};
//! use protocol::rops::Conversation;
//! use runtime::Encoder;
//! use runtime::rop::{CallError, Handle};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // From the replies of an earlier batch.
//! let inbox: Handle<Folder> = Handle::new(0x0000_0107, 0);
//!
//! let mut batch = Batch::new();
//! let table = batch.rop_get_contents_table(&inbox, ContentsTableFlags(0))?;
//! let columns = batch.rop_set_columns(&table, AsynchronousFlags(0), vec![PropertyTag(0x6748_0014)])?;
//! let rows = batch.rop_query_rows(&table, QueryRowsFlags(0), true, 50)?;
//! let mut input = Encoder::new();
//! batch.pack(&mut input)?;
//! # let send = |_: &[u8]| generated_tests::vectors::hex(
//! #     "19 00  05 01 00 00 00 00 01 00 00 00  12 01 00 00 00 00 00  15 01 57 00 07 80  07 01 00 00  08 01 00 00");
//!
//! let output = send(input.as_slice());
//! let mut conversation = Conversation::default();
//! let replies = batch.read(&output, &mut conversation)?;
//! assert_eq!(replies.get(&table)?.row_count, 1);
//! replies.get(&columns)?;
//! assert!(matches!(replies.get(&rows), Err(CallError::Failed(_))));
//! let table: Handle<Table> = replies.opened(&table)?;
//! assert_eq!(table.value(), 0x0108);
//! # Ok(())
//! # }
//! ```
//!
//! What an operation cannot take does not compile: a message is opened through a logon or a folder,
//!
//! ```
//! # use protocol::client::{Batch, Folder};
//! # use protocol::oxcdata::{FolderId, MessageId};
//! # use protocol::oxcmsg::MessageOpenModeFlags;
//! # use runtime::rop::{BatchError, Handle};
//! # fn open(batch: &mut Batch<'_>) -> Result<(), BatchError> {
//! let parent: Handle<Folder> = Handle::new(0x0107, 0);
//! batch.rop_open_message(&parent, 0x0FFF, FolderId(1), MessageOpenModeFlags(0), MessageId(2))?;
//! # Ok(())
//! # }
//! ```
//!
//! and not through a table:
//!
//! ```compile_fail,E0277
//! # use protocol::client::{Batch, Table};
//! # use protocol::oxcdata::{FolderId, MessageId};
//! # use protocol::oxcmsg::MessageOpenModeFlags;
//! # use runtime::rop::{BatchError, Handle};
//! # fn open(batch: &mut Batch<'_>) -> Result<(), BatchError> {
//! let parent: Handle<Table> = Handle::new(0x0107, 0);
//! batch.rop_open_message(&parent, 0x0FFF, FolderId(1), MessageOpenModeFlags(0), MessageId(2))?;
//! # Ok(())
//! # }
//! ```
//!
//! Nor does the ticket of an operation that opens nothing stand for a handle:
//!
//! ```compile_fail,E0277
//! # use protocol::client::{Batch, Table};
//! # use protocol::oxctabl::{AsynchronousFlags, QueryRowsFlags};
//! # use runtime::rop::{BatchError, Handle};
//! # fn query(batch: &mut Batch<'_>, table: Handle<Table>) -> Result<(), BatchError> {
//! let columns = batch.rop_set_columns(&table, AsynchronousFlags(0), Vec::new())?;
//! batch.rop_query_rows(&columns, QueryRowsFlags(0), true, 50)?;
//! # Ok(())
//! # }
//! ```
