//! What the two sides do not agree on: docs/SECOND-OPINION.md has the statements that decide, and these tests
//! fail when one side changes its mind.

use mapi_proto as theirs;
use mapi_proto::{Error, RopBatch, RopResponse};
use protocol::client::{Batch, Folder, Message, Stream};
use protocol::oxcdata::*;
use protocol::oxcfold::*;
use protocol::oxcmsg::*;
use protocol::oxcprpt::*;
use protocol::oxcrops::RopBufferTooSmallResponse;
use protocol::rops::*;
use runtime::rop::{Handle, Reply};
use runtime::{Encoder, Utf16};

use crate::round::{check_failed, connected, execution};
use crate::values::tag;

const HANDLES: [u32; 2] = [0x101, 0x102];

/// Has them read replies to a batch of their own.
fn read(batch: RopBatch, replies: &Encoder) -> Result<Vec<RopResponse>, Error> {
    let mut session = connected();
    session.execute(batch).unwrap();
    execution(&mut session, replies.as_slice(), &HANDLES).map(|execution| execution.responses().to_vec())
}

/// Has the generated code read replies.
fn ours<'a>(batch: &Batch<'_>, replies: &'a Encoder) -> Result<Vec<RopReply<'a>>, runtime::UnpackError> {
    Conversation::default().unpack_replies(batch.requests(), &HANDLES, replies.as_slice())
}

/// The size of a stream: a reply that stands behind another one.
fn stream_size(replies: &mut Encoder) {
    let reply = Reply { handle_index: 0, result: Ok(RopGetStreamSizeResponse { stream_size: 0x1234 }) };
    pack_rop_get_stream_size_reply(&reply, replies).unwrap();
}

/// A failing reply that has fields after ReturnValue: they take these for the next reply.
#[track_caller]
fn they_lose_their_place(batch: &Batch<'_>, replies: &Encoder, rop: RopId, code: ErrorCode) {
    let read_by_us = ours(batch, replies).unwrap();
    assert_eq!(read_by_us.len(), 2);
    let RopReply::RopGetStreamSize(second) = &read_by_us[1] else { panic!("{read_by_us:?}") };
    assert_eq!(second.result.as_ref().unwrap().stream_size, 0x1234);
    let expected = RopResponse::Failed { rop: theirs::RopId::new(rop.0), code: theirs::ErrorCode::new(code.0) };
    match read(RopBatch::new(), replies) {
        Ok(responses) => assert!(responses[0] == expected && responses.len() != 2, "{responses:?}"),
        Err(Error::UnmodelledRop { .. } | Error::Truncated { .. }) => {}
        Err(other) => panic!("they fail with {other:?}"),
    }
}

const CODE: ErrorCode = ErrorCode::EC_ACCESS_DENIED;

fn stream() -> Handle<Stream> {
    Handle::new(HANDLES[0], 0)
}

fn folder() -> Handle<Folder> {
    Handle::new(HANDLES[0], 0)
}

fn message() -> Handle<Message> {
    Handle::new(HANDLES[0], 0)
}

#[test]
fn failures_of_folder_operations_say_whether_part_of_it_was_done() {
    let mut batch = Batch::new();
    batch.rop_delete_messages(&folder(), false, false, Vec::new()).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopDeleteMessagesOther { partial_completion: true };
    let result = Err(RopDeleteMessagesFailure::Other { code: CODE, body });
    pack_rop_delete_messages_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    they_lose_their_place(&batch, &replies, RopId::ROP_DELETE_MESSAGES, CODE);

    let mut batch = Batch::new();
    batch.rop_set_read_flags(&folder(), false, ReadFlags(0), Vec::new()).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopSetReadFlagsOther { partial_completion: true };
    let result = Err(RopSetReadFlagsFailure::Other { code: CODE, body });
    pack_rop_set_read_flags_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    they_lose_their_place(&batch, &replies, RopId::ROP_SET_READ_FLAGS, CODE);

    let mut batch = Batch::new();
    batch.rop_move_copy_messages(&folder(), &folder(), Vec::new(), false, false).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopMoveCopyMessagesOther { partial_completion: true };
    let result = Err(RopMoveCopyMessagesFailure::Other { code: CODE, body });
    pack_rop_move_copy_messages_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    they_lose_their_place(&batch, &replies, RopId::ROP_MOVE_COPY_MESSAGES, CODE);
}

#[test]
fn failures_of_stream_operations_have_their_sizes() {
    let mut batch = Batch::new();
    batch.rop_read_stream(&stream(), 10, None).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopReadStreamOther { data: (&[][..]).into() };
    let result = Err(RopReadStreamFailure::Other { code: CODE, body });
    pack_rop_read_stream_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    they_lose_their_place(&batch, &replies, RopId::ROP_READ_STREAM, CODE);

    let mut batch = Batch::new();
    batch.rop_write_stream(&stream(), (&[][..]).into()).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopWriteStreamOther { written_size: 0 };
    let result = Err(RopWriteStreamFailure::Other { code: CODE, body });
    pack_rop_write_stream_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    they_lose_their_place(&batch, &replies, RopId::ROP_WRITE_STREAM, CODE);
}

#[test]
fn a_warning_has_the_identifiers_all_the_same() {
    let mut batch = Batch::new();
    batch.rop_get_property_ids_from_names(&message(), NameFlags(0), Vec::new()).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let body = RopGetPropertyIdsFromNamesWarnWithErrors { property_ids: vec![0x8001, 0] };
    let result = Err(RopGetPropertyIdsFromNamesFailure::WarnWithErrors(body));
    pack_rop_get_property_ids_from_names_reply(&Reply { handle_index: 0, result }, &mut replies).unwrap();
    stream_size(&mut replies);
    let code = ErrorCode::EC_WARN_WITH_ERRORS;
    they_lose_their_place(&batch, &replies, RopId::ROP_GET_PROPERTY_IDS_FROM_NAMES, code);
}

/// A reply to RopGetPropertiesSpecific with one property.
fn property(property_tag: PropertyTag, row_data: PropertyRow<'_>) -> (RopBatch, Encoder) {
    let mut theirs = RopBatch::new();
    let slot = theirs.bind(theirs::ObjectHandle::new(HANDLES[0]));
    theirs.get_properties(slot, &[tag(property_tag)]);
    let request = RopGetPropertiesSpecificRequest {
        logon_id: 0,
        input_handle_index: 0,
        property_size_limit: 0,
        want_unicode: true,
        property_tags: vec![property_tag],
    };
    let mut replies = Encoder::new();
    let reply = Reply { handle_index: 0, result: Ok(RopGetPropertiesSpecificResponse { row_data }) };
    pack_rop_get_properties_specific_reply(&reply, &mut replies, &request).unwrap();
    (theirs, replies)
}

#[test]
fn text_that_is_no_unicode_is_kept_here_and_refused_there() {
    let tag = PropertyTag(0x0037_001F);
    let value = PropertyValue::PtypString(Utf16::from_units(&[0x61, 0xD800, 0x62]));
    let (theirs, replies) = property(tag, PropertyRow::StandardPropertyRow(vec![value.clone()]));
    assert!(matches!(read(theirs, &replies), Err(Error::InvalidUtf16 { .. })));
    let mut batch = Batch::new();
    let ticket = batch.rop_get_properties_specific(&message(), 0, true, vec![tag]).unwrap();
    let mut output = Encoder::new();
    runtime::rop::pack_batch(&mut output, replies.as_slice(), &HANDLES[..1]).unwrap();
    let mut conversation = Conversation::default();
    let read = batch.read(output.as_slice(), &mut conversation).unwrap();
    assert_eq!(read.get(&ticket).unwrap().row_data, PropertyRow::StandardPropertyRow(vec![value]));
}

#[test]
fn types_that_they_do_not_know_are_refused_there() {
    for value in [
        PropertyValue::PtypNull,
        PropertyValue::PtypFloating32(0.5),
        PropertyValue::PtypCurrency(1),
        PropertyValue::PtypFloatingTime(0.5),
        PropertyValue::PtypRestriction(Box::new(Restriction::ExistRestriction(PropertyTag(0x0037_001F)))),
        PropertyValue::PtypMultipleInteger16(vec![1]),
        PropertyValue::PtypMultipleFloating32(vec![0.5]),
        PropertyValue::PtypMultipleFloating64(vec![0.5]),
        PropertyValue::PtypMultipleCurrency(vec![1]),
        PropertyValue::PtypMultipleFloatingTime(vec![0.5]),
        PropertyValue::PtypMultipleInteger64(vec![1]),
        PropertyValue::PtypMultipleString8(vec!["a".into()]),
        PropertyValue::PtypMultipleTime(vec![runtime::FileTime(1)]),
        PropertyValue::PtypMultipleGuid(vec![runtime::Guid([1; 16])]),
    ] {
        let tag = PropertyTag(0x0037_0000).with_property_type(value.property_type());
        let (theirs, replies) = property(tag, PropertyRow::StandardPropertyRow(vec![value]));
        assert!(matches!(read(theirs, &replies), Err(Error::UnsupportedPropertyType { .. })), "{tag:?}");
    }
}

/// The six bytes of a counter are the same on both sides; as a number they are not.
#[test]
fn counters_have_their_most_significant_byte_first() {
    let id = FolderId(0).with_repl_id(1).with_global_counter(0x0000_0E8E_DF36);
    let theirs = theirs::FolderId::new(id.0);
    assert_eq!(theirs.replica_id().as_u16(), id.repl_id());
    assert_eq!(id.global_counter(), 0x0000_0E8E_DF36);
    assert_eq!(theirs.global_counter(), 0x36DF_8E0E_0000);
}

/// They read RopProgress wherever it stands; here it answers RopProgress and what may be done in the background.
#[test]
fn progress_agrees_where_it_may_stand() {
    let mut batch = Batch::new();
    batch.rop_progress(&message(), false).unwrap();
    let response = RopProgressResponse { logon_id: 0, completed_task_count: 29, total_task_count: 729 };
    let mut replies = Encoder::new();
    pack_rop_progress_reply(&Reply { handle_index: 0, result: Ok(response) }, &mut replies).unwrap();
    let responses = read(RopBatch::new(), &replies).unwrap();
    let [RopResponse::Progress(progress)] = &responses[..] else { panic!("{responses:?}") };
    assert_eq!((progress.completed(), progress.total()), (29, 729));
    assert_eq!(ours(&batch, &replies).unwrap().len(), 1);

    let mut batch = Batch::new();
    batch.rop_move_copy_messages(&folder(), &folder(), Vec::new(), true, false).unwrap();
    assert!(matches!(ours(&batch, &replies).unwrap()[..], [RopReply::RopProgress(_)]));

    let mut batch = Batch::new();
    batch.rop_get_stream_size(&stream()).unwrap();
    assert!(ours(&batch, &replies).is_err());
}

#[test]
fn what_did_not_fit_agrees() {
    let mut batch = Batch::new();
    batch.rop_get_stream_size(&stream()).unwrap();
    batch.rop_get_stream_size(&stream()).unwrap();
    let mut replies = Encoder::new();
    let failed = Reply { handle_index: 0, result: Err(CODE) };
    pack_rop_get_stream_size_reply(&failed, &mut replies).unwrap();
    let mut rest = Encoder::new();
    batch.requests()[1].pack(&mut rest).unwrap();
    let small = RopBufferTooSmallResponse { size_needed: 0x8123, request_buffers: rest.as_slice().into() };
    RopId::ROP_BUFFER_TOO_SMALL.pack(&mut replies).unwrap();
    small.pack(&mut replies).unwrap();
    let responses = read(RopBatch::new(), &replies).unwrap();
    assert_eq!(responses.len(), 2);
    check_failed(&responses[0], RopId::ROP_GET_STREAM_SIZE.0, CODE);
    assert_eq!(responses[1], RopResponse::BufferTooSmall { size_needed: 0x8123 });
    assert_eq!(ours(&batch, &replies).unwrap()[1], RopReply::RopBufferTooSmall(small));
}
