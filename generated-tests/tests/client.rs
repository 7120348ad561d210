//! Batches as a client builds them, and replies as it reads them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use generated_tests::vectors::hex;
use protocol::client::{Batch, Folder, Logon, Table};
use protocol::oxcdata::{ErrorCode, FolderId, PropertyRow, PropertyTag, PropertyValue};
use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags, RopCopyFolderFailure};
use protocol::oxcmapihttp::{ConnectRequest, DisconnectRequest, PINGRequest};
use protocol::oxcstor::{LogonFlags, OpenFlags};
use protocol::oxctabl::{AsynchronousFlags, QueryRowsFlags};
use protocol::rops::{Conversation, RopReply};
use runtime::keyed::KeyedRequest;
use runtime::rop::{BatchError, CallError, Handle, Replies};
use runtime::{Encoder, StringValue, UnpackErrorKind, Utf16};

const PID_TAG_FOLDER_ID: PropertyTag = PropertyTag(0x6748_0014);

fn packed(batch: &Batch<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    batch.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn folder() -> Handle<Folder> {
    Handle::new(0x107, 0)
}

fn table() -> Handle<Table> {
    Handle::new(0x108, 0)
}

/// A batch of RopQueryRows with its ticket, and the output buffer of one row.
macro_rules! query {
    ($batch:ident, $ticket:ident, $output:ident) => {
        let mut $batch = Batch::new();
        let $ticket = $batch.rop_query_rows(&table(), QueryRowsFlags(0), true, 50).unwrap();
        let $output = hex("14 00  15 00 00 00 00 00 02 01 00  00 07 00 00 00 00 00 00 00  08 01 00 00");
    };
}

#[test]
fn chains_handles_through_the_slots_of_one_batch() {
    let mut batch = Batch::new();
    let logon =
        batch.rop_logon(0, LogonFlags(0).with_private(true), OpenFlags(0x0100_0000), Some("/o=A".into())).unwrap();
    let folder = batch.rop_open_folder(&logon, FolderId(0x0D00_0000_0000_0001), OpenModeFlags(0)).unwrap();
    let table = batch.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    batch.rop_set_columns(&table, AsynchronousFlags(0), vec![PID_TAG_FOLDER_ID]).unwrap();
    batch.rop_query_rows(&table, QueryRowsFlags(0), true, 50).unwrap();
    batch.rop_release(&folder).unwrap();
    let expected = hex("3B 00
        FE 00 00  01  00 00 00 01  00 00 00 00  05 00 2F 6F 3D 41 00
        02 00 00 01  01 00 00 00 00 00 00 0D  00
        05 00 01 02 00
        12 00 02 00 01 00 14 00 48 67
        15 00 02 00 01 32 00
        01 00 01
        FF FF FF FF  FF FF FF FF  FF FF FF FF");
    assert_eq!(packed(&batch), expected);
}

#[test]
fn takes_handles_and_their_logon_from_earlier_replies() {
    let mut batch = Batch::new();
    let logon: Handle<Logon> = Handle::new(0x2A, 3);
    let folder = batch.rop_open_folder(&logon, FolderId(1), OpenModeFlags(0)).unwrap();
    batch.rop_open_folder(&logon, FolderId(2), OpenModeFlags(0)).unwrap();
    batch.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    assert_eq!(batch.handles(), [0x2A, u32::MAX, u32::MAX, u32::MAX], "one slot for one handle");
    assert_eq!(batch.requests().iter().map(|request| request.logon_id()).collect::<Vec<_>>(), [3; 3]);

    let output = hex("16 00  02 01 00 00 00 00 00 00  02 02 0F 01 04 80  05 03 B9 04 00 00
        2A 00 00 00  01 03 00 00  FF FF FF FF  FF FF FF FF");
    let replies = batch.read(&output, &mut Conversation::default()).unwrap();
    let opened = replies.opened(&folder).unwrap();
    assert_eq!((opened.value(), opened.logon_id()), (0x301, 3));
}

#[test]
fn fetches_responses_and_failures_by_ticket() {
    let mut batch = Batch::new();
    let contents = batch.rop_get_contents_table(&folder(), ContentsTableFlags(0)).unwrap();
    let missing = batch.rop_open_folder(&folder(), FolderId(2), OpenModeFlags(0)).unwrap();
    let copied = batch
        .rop_copy_folder(&folder(), &folder(), true, true, true, FolderId(3), StringValue::Utf16(Utf16::new("A")))
        .unwrap();
    let output = hex("1D 00  05 01 00 00 00 00 05 00 00 00  02 02 0F 01 04 80
        36 00 03 05 00 00  00 00 00 00  01
        07 01 00 00  09 01 00 00  FF FF FF FF");
    let replies = batch.read(&output, &mut Conversation::default()).unwrap();
    assert_eq!(replies.get(&contents).unwrap().row_count, 5);
    assert_eq!(replies.opened(&contents).unwrap(), Handle::new(0x109, 0));
    assert_eq!(replies.get(&missing), Err(CallError::Failed(ErrorCode::EC_NOT_FOUND)));
    assert_eq!(replies.opened(&missing), Err(CallError::Failed(ErrorCode::EC_NOT_FOUND)));
    let Err(CallError::Failed(RopCopyFolderFailure::DstNullObject(body))) = replies.get(&copied) else {
        panic!("{:?}", replies.get(&copied))
    };
    assert!(body.partial_completion);
    assert!(replies.unsolicited().is_empty());
}

#[test]
fn reads_rows_with_the_columns_of_an_earlier_batch() {
    let mut conversation = Conversation::default();
    let mut batch = Batch::new();
    let columns = batch.rop_set_columns(&table(), AsynchronousFlags(0), vec![PID_TAG_FOLDER_ID]).unwrap();
    let output = hex("09 00  12 00 00 00 00 00 00  08 01 00 00");
    batch.read(&output, &mut conversation).unwrap().get(&columns).unwrap();

    query!(batch, rows, output);
    let replies = batch.read(&output, &mut conversation).unwrap();
    let [PropertyRow::StandardPropertyRow(property_values)] = &replies.get(&rows).unwrap().row_data[..] else {
        panic!("{replies:?}")
    };
    assert_eq!(*property_values, [PropertyValue::PtypInteger64(7)]);
}

#[test]
fn says_that_rows_cannot_be_read_without_their_columns() {
    query!(batch, rows, output);
    let position = batch.rop_query_position(&table()).unwrap();
    let replies = batch.read(&output, &mut Conversation::default()).unwrap();
    assert_eq!(replies.get(&rows), Err(CallError::Opaque));
    assert_eq!(replies.get(&position), Err(CallError::Opaque), "nobody knows where the reply before ends");
}

#[test]
fn tells_what_was_not_run() {
    let mut batch = Batch::new();
    let first = batch.rop_query_position(&table()).unwrap();
    batch.rop_release(&folder()).unwrap();
    let second = batch.rop_query_position(&table()).unwrap();
    let output = hex("16 00  17 00 00 00 00 00 01 00 00 00 02 00 00 00  FF 40 00 17 00 00
        08 01 00 00  07 01 00 00");
    let replies: Replies<RopReply<'_>> = batch.read(&output, &mut Conversation::default()).unwrap();
    assert_eq!(replies.get(&first).unwrap().denominator, 2);
    assert_eq!(replies.get(&second), Err(CallError::NotRun));
    let [RopReply::RopBufferTooSmall(small)] = replies.unsolicited() else { panic!("{replies:?}") };
    assert_eq!(small.size_needed, 0x40);
}

#[test]
fn refuses_what_belongs_to_another_batch() {
    let mut one = Batch::new();
    let folder = one.rop_open_folder(&folder(), FolderId(1), OpenModeFlags(0)).unwrap();
    let mut other = Batch::new();
    let refused = other.rop_get_contents_table(&folder, ContentsTableFlags(0));
    assert_eq!(refused.unwrap_err(), BatchError::OtherBatch);
    let output = hex("02 00");
    let replies = other.read(&output, &mut Conversation::default()).unwrap();
    assert_eq!(replies.get(&folder), Err(CallError::OtherBatch));
}

#[test]
fn refuses_more_handles_than_an_index_tells_apart() {
    let mut batch = Batch::new();
    for id in 0..255 {
        batch.rop_open_folder(&folder(), FolderId(id), OpenModeFlags(0)).unwrap();
    }
    let refused = batch.rop_open_folder(&folder(), FolderId(0), OpenModeFlags(0));
    assert_eq!(refused.unwrap_err(), BatchError::TooManyHandles);
    assert_eq!(batch.handles().len(), 256);
    assert_eq!(batch.requests().len(), 255, "what is refused is not added");
}

#[test]
fn refuses_an_answer_to_another_batch() {
    query!(batch, _rows, _output);
    let output = hex("09 00  12 00 00 00 00 00 00  08 01 00 00");
    let error = batch.read(&output, &mut Conversation::default()).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { found: 0x12, .. }), "{error}");
}

#[test]
fn reads_the_answer_to_a_request_by_its_type() {
    let request = ConnectRequest {
        user_dn: "/o=A".into(),
        flags: protocol::oxcrpc::ConnectFlags(0),
        default_code_page: 1252,
        lcid_sort: 1033,
        lcid_string: 1033,
        auxiliary_buffer: (&[][..]).into(),
    };
    let body = hex("2F 6F 3D 41 00  00 00 00 00  E4 04 00 00  09 04 00 00  09 04 00 00  00 00 00 00");
    assert_eq!(request.to_body().unwrap(), body);
    let Ok(Err(failure)) = ConnectRequest::read_reply(&[0x05, 0, 0x07, 0x80, 0, 0, 0, 0]) else { panic!("no failure") };
    assert_eq!(failure.status_code, 0x8007_0005);
    let reply = hex("00 00 00 00  00 00 00 00  60 EA 00 00  06 00 00 00  10 27 00 00  2F 00  41 00 00 00  00 00 00 00");
    let response = ConnectRequest::read_reply(&reply).unwrap().unwrap();
    assert_eq!((response.polls_max, response.retry_count), (60_000, 6));
    let longer = [&reply[..], &[0]].concat();
    let error = ConnectRequest::read_reply(&longer).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::TrailingBytes { .. }), "{error}");

    assert_eq!((ConnectRequest::KEY, DisconnectRequest::KEY, PINGRequest::KEY), ("Connect", "Disconnect", "PING"));
    PINGRequest::read_reply(&[]).unwrap().unwrap();
}
