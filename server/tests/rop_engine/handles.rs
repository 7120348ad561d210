//! Handles, batches and releasing.

use protocol::client::Batch;
use protocol::oxcdata::{ErrorCode, PropertyValue};
use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags, RopOpenFolderRequest};
use protocol::oxcprpt::{AccessMode, RopGetPropertiesSpecificRequest, RopGetStreamSizeRequest, RopReadStreamRequest};
use protocol::oxcstor::RopLogonRequest;
use protocol::oxctabl::{AsynchronousFlags, Bookmark, QueryRowsFlags, RopQueryPositionRequest, RopSeekRowRequest};
use protocol::rops::{RopReply, RopRequest};
use runtime::rop::{CallError, INVALID_HANDLE};
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{ANNA_DN, Fixture, attachment, first_text};
use crate::record;

fn open_folder(input: u8, output: u8, fixture: &Fixture) -> RopRequest<'static> {
    RopRequest::RopOpenFolder(RopOpenFolderRequest {
        logon_id: 0,
        input_handle_index: input,
        output_handle_index: output,
        folder_id: fixture.inbox(),
        open_mode_flags: OpenModeFlags(0),
    })
}

/// The return value of the only reply.
fn folder_code(client: &mut Client, request: RopRequest<'static>, handles: &[u32]) -> ErrorCode {
    let output = client.run(&[request], handles);
    let [RopReply::RopOpenFolder(reply)] = output.replies.as_slice() else { panic!("another reply") };
    reply.result.clone().unwrap_err()
}

#[test]
fn a_batch_goes_the_whole_way_from_logon_to_rows() {
    let fixture = Fixture::new();
    fixture.deliver_many(2);
    let mut client = fixture.client();
    let mut batch = Batch::new();
    let RopLogonRequest { logon_flags, open_flags, essdn, .. } = Client::logon_request(ANNA_DN);
    let logon = batch.rop_logon(0, logon_flags, open_flags, essdn).unwrap();
    let folder = batch.rop_open_folder(&logon, fixture.inbox(), OpenModeFlags(0)).unwrap();
    let table = batch.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    batch.rop_set_columns(&table, AsynchronousFlags(0), vec![tags::PID_TAG_SUBJECT]).unwrap();
    let rows = batch.rop_query_rows(&table, QueryRowsFlags(0), true, 50).unwrap();
    let replies = client.run_batch(&batch);
    assert_eq!(replies.get(&rows).unwrap().row_data.len(), 2);

    // The handles go on in batches of their own.
    let (folder, table) = (replies.opened(&folder).unwrap(), replies.opened(&table).unwrap());
    let mut batch = Batch::new();
    let position = batch.rop_query_position(&table).unwrap();
    batch.rop_release(&folder).unwrap();
    let released = batch.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    let replies = client.run_batch(&batch);
    assert_eq!(replies.get(&position).unwrap().numerator, 2);
    assert_eq!(replies.opened(&released), Err(CallError::Failed(ErrorCode::EC_INVALID_OBJECT)));
}

#[test]
fn handles_that_name_no_object_of_the_right_kind_are_refused() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let request = || open_folder(0, 1, &fixture);
    let codes = [
        folder_code(&mut client, request(), &[INVALID_HANDLE, INVALID_HANDLE]),
        folder_code(&mut client, request(), &[0xDEAD, INVALID_HANDLE]),
        folder_code(&mut client, open_folder(5, 1, &fixture), &[logon, INVALID_HANDLE]),
    ];
    assert_eq!(codes, [ErrorCode::EC_NULL_OBJECT; 3]);
    // A handle of another kind.
    assert_eq!(folder_code(&mut client, request(), &[message, INVALID_HANDLE]), ErrorCode::EC_NOT_SUPPORTED);
    assert_eq!(client.contents(logon, 0).unwrap_err(), ErrorCode::EC_NOT_SUPPORTED);
    assert_eq!(client.position(logon).unwrap_err(), ErrorCode::EC_NOT_SUPPORTED);
    // No slot for the new object.
    assert_eq!(folder_code(&mut client, open_folder(0, 9, &fixture), &[logon]), ErrorCode::EC_INVALID_PARAM);
    // A handle that was released.
    client.release(message);
    let released = client.open_stream(message, tags::PID_TAG_SUBJECT, AccessMode::READ_ONLY).unwrap_err();
    assert_eq!(released, ErrorCode::EC_INVALID_OBJECT);
    let ids = ["MS-OXCFOLD_R472", "MS-OXCFOLD_R473", "MS-OXCFOLD_R671", "MS-OXCFOLD_R672", "MS-OXCTABL_R495"];
    record("handles_that_name_no_object_of_the_right_kind_are_refused", &ids);
}

/// MS-OXCTABL 3.2.5.8: RopSeekRow on what is no table ends the batch.
#[test]
fn seeking_in_what_is_no_table_stops_the_batch() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let seek = RopSeekRowRequest {
        logon_id: 0,
        input_handle_index: 0,
        origin: Bookmark::BOOKMARK_BEGINNING,
        row_count: 0,
        want_row_moved_count: false,
    };
    let requests = [RopRequest::RopSeekRow(seek), open_folder(0, 1, &fixture)];
    let output = client.run(&requests, &[logon, INVALID_HANDLE]);
    let [RopReply::RopSeekRow(only)] = output.replies.as_slice() else { panic!("{:?}", output.replies) };
    assert_eq!(only.result, Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(output.handles, [logon, INVALID_HANDLE]);
    record("seeking_in_what_is_no_table_stops_the_batch", &["MS-OXCTABL_R501", "MS-OXCTABL_R502"]);
}

#[test]
fn a_failing_operation_leaves_the_rest_running() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let missing = RopOpenFolderRequest {
        logon_id: 0,
        input_handle_index: 0,
        output_handle_index: 1,
        folder_id: fixture.inbox().with_global_counter(0xFFFF_FFFF),
        open_mode_flags: OpenModeFlags(0),
    };
    let requests = [
        RopRequest::RopOpenFolder(missing),
        // The folder that did not open.
        RopRequest::RopQueryPosition(RopQueryPositionRequest { logon_id: 0, input_handle_index: 1 }),
        open_folder(0, 2, &fixture),
    ];
    let output = client.run(&requests, &[logon, INVALID_HANDLE, INVALID_HANDLE]);
    let [RopReply::RopOpenFolder(first), RopReply::RopQueryPosition(second), RopReply::RopOpenFolder(third)] =
        output.replies.as_slice()
    else {
        panic!("other replies")
    };
    assert_eq!(first.result, Err(ErrorCode::EC_NOT_FOUND));
    assert_eq!(second.result, Err(ErrorCode::EC_NULL_OBJECT));
    assert!(third.result.is_ok());
    assert_eq!(output.handles[1], INVALID_HANDLE);
    assert_ne!(output.handles[2], INVALID_HANDLE);
}

#[test]
fn what_does_not_fit_is_sent_back_to_be_asked_again() {
    let fixture = Fixture::new();
    let id = fixture.deliver_with(tags::PID_TAG_SUBJECT, string("s".repeat(300)));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let folder = open_folder(0, 2, &fixture);
    let requests = [
        folder.clone(),
        RopRequest::RopOpenMessage(protocol::oxcmsg::RopOpenMessageRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            code_page_id: protocol::oxcmsg::CODE_PAGE_OF_LOGON,
            folder_id: fixture.inbox(),
            open_mode_flags: protocol::oxcmsg::MessageOpenModeFlags(0),
            message_id: id,
        }),
    ];
    client.limit = 200;
    let open = client.objects.len();
    let output = client.run(&requests, &[logon, INVALID_HANDLE, INVALID_HANDLE]);
    let [RopReply::RopOpenFolder(_), RopReply::RopBufferTooSmall(small)] = output.replies.as_slice() else {
        panic!("other replies: {:?}", output.replies)
    };
    let mut rest = runtime::Encoder::new();
    requests[1].pack(&mut rest).unwrap();
    assert_eq!(small.request_buffers.as_ref(), rest.as_slice());
    assert_eq!(client.objects.len(), open + 1);
    // The size counts the header in front of the output buffer, as the size that clients give does.
    client.limit = usize::from(small.size_needed) - protocol::oxcrpc::ExtendedBufferOfRopOutputBuffer::MIN_SIZE;
    let output = client.run(&requests[1..], &[logon, INVALID_HANDLE, INVALID_HANDLE]);
    assert!(matches!(output.replies.as_slice(), [RopReply::RopOpenMessage(reply)] if reply.result.is_ok()));
    client.release(message);
}

/// A read of a stream that is none: the reply is a return value and a size of 0, 8 bytes.
#[test]
fn a_failing_reply_with_a_body_fits_in_the_size_that_was_asked_for() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    let read = RopRequest::RopReadStream(RopReadStreamRequest {
        logon_id: 0,
        input_handle_index: 0,
        byte_count: 10,
        maximum_byte_count: None,
    });
    let requests = [read.clone(), read];
    // Room to hand both back, and no more.
    client.limit = 2 + 3 + 10 + 4;
    let output = client.run(&requests, &[INVALID_HANDLE]);
    let [RopReply::RopBufferTooSmall(small)] = output.replies.as_slice() else { panic!("{:?}", output.replies) };
    let needed = usize::from(small.size_needed) - protocol::oxcrpc::ExtendedBufferOfRopOutputBuffer::MIN_SIZE;
    client.limit = needed - 1;
    let output = client.run(&requests, &[INVALID_HANDLE]);
    assert!(matches!(output.replies.as_slice(), [RopReply::RopBufferTooSmall(again)] if again == small));
    client.limit = needed;
    let output = client.run(&requests, &[INVALID_HANDLE]);
    assert!(matches!(output.replies.as_slice(), [RopReply::RopReadStream(_), RopReply::RopReadStream(_)]));
}

#[test]
fn requests_longer_than_the_room_for_replies_run_as_long_as_it_lasts() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    // 13 bytes ask, 8 answer.
    let requests = vec![open_folder(0, 1, &fixture); 60];
    client.limit = 2 + 60 * 8 + 2 * 4;
    let output = client.run(&requests, &[logon, INVALID_HANDLE]);
    assert_eq!(output.replies.len(), 60);
    assert!(output.replies.iter().all(|reply| matches!(reply, RopReply::RopOpenFolder(_))));
    record("requests_longer_than_the_room_for_replies_run_as_long_as_it_lasts", &["MS-OXCROPS_R4545"]);
}

#[test]
fn tables_and_messages_outlive_their_folder() {
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(20);
    let (mut client, folder) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(folder, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    let (_, rows) = client.query(table, Client::query_request(0, true, 5)).unwrap();
    assert_eq!(first_text(&rows[0]), "message 19");
    let (_, message) = client.open_message(folder, fixture.inbox(), ids[0], 0).unwrap();
    let (stream, _) = client.open_stream(folder, tags::PID_TAG_ENTRY_ID, AccessMode::READ_ONLY).unwrap();
    client.release(folder);
    let (_, rows) = client.query(table, Client::query_request(0, true, 50)).unwrap();
    assert_eq!((rows.len(), first_text(&rows[0])), (15, "message 14".to_owned()));
    assert_eq!(client.value(message, tags::PID_TAG_SUBJECT), string("message 0"));
    // A stream does not.
    assert_eq!(client.stream_size(stream), Err(ErrorCode::EC_INVALID_OBJECT));
    assert_eq!(client.contents(folder, 0).unwrap_err(), ErrorCode::EC_INVALID_OBJECT);
}

#[test]
fn a_message_takes_its_attachments_tables_and_streams_along() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.attachments.insert(0, attachment("a.bin", b"content"));
        message.properties.set(tags::PID_TAG_HTML, binary(*b"<p>"));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let before = client.objects.len();
    let table = client.attachment_table(message).unwrap();
    let opened = client.open_attachment(message, 0, AccessMode::READ_ONLY).unwrap();
    let (body, _) = client.open_stream(message, tags::PID_TAG_HTML, AccessMode::READ_ONLY).unwrap();
    let (data, _) = client.open_stream(opened, tags::PID_TAG_ATTACH_DATA_BINARY, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.objects.len(), before + 4);
    client.release(message);
    assert_eq!(client.objects.len(), before - 1);
    assert_eq!(client.position(table), Err(ErrorCode::EC_INVALID_OBJECT));
    for stream in [body, data] {
        assert_eq!(client.stream_size(stream), Err(ErrorCode::EC_INVALID_OBJECT));
    }
    assert!(client.open_folder(logon, fixture.inbox()).is_ok());
}

#[test]
fn an_attachment_takes_its_streams_along_and_leaves_the_message() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| _ = message.attachments.insert(0, attachment("a.bin", b"content")));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let opened = client.open_attachment(message, 0, AccessMode::READ_ONLY).unwrap();
    let (data, _) = client.open_stream(opened, tags::PID_TAG_ATTACH_DATA_BINARY, AccessMode::READ_ONLY).unwrap();
    client.release(opened);
    assert_eq!(client.stream_size(data), Err(ErrorCode::EC_INVALID_OBJECT));
    assert_eq!(client.value(message, tags::PID_TAG_HAS_ATTACHMENTS), PropertyValue::PtypBoolean(true));
}

#[test]
fn the_logon_takes_everything_along() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let folder = client.open_folder(logon, fixture.inbox()).unwrap();
    let (table, _) = client.contents(folder, 0).unwrap();
    let (_, message) = client.open_message(folder, fixture.inbox(), id, 0).unwrap();
    client.open_stream(message, tags::PID_TAG_SUBJECT, AccessMode::READ_ONLY).unwrap();
    client.release(logon);
    assert!(client.objects.is_empty(), "{} objects are open", client.objects.len());
    assert_eq!(client.position(table), Err(ErrorCode::EC_INVALID_OBJECT));
}

#[test]
fn a_logon_with_the_same_id_replaces_the_first() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let folder = client.open_folder(logon, fixture.inbox()).unwrap();
    let (result, again) = client.log_on(Client::logon_request(ANNA_DN));
    result.unwrap();
    assert_eq!(client.objects.len(), 1);
    assert_ne!(again, logon);
    assert_eq!(client.contents(folder, 0).unwrap_err(), ErrorCode::EC_INVALID_OBJECT);
}

#[test]
fn objects_of_one_logon_are_closed_to_another() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let request = RopGetPropertiesSpecificRequest {
        logon_id: 1,
        input_handle_index: 0,
        property_size_limit: 0,
        want_unicode: true,
        property_tags: vec![tags::PID_TAG_COMMENT],
    };
    let output = client.run(&[RopRequest::RopGetPropertiesSpecific(request)], &[logon]);
    let [RopReply::RopGetPropertiesSpecific(reply)] = output.replies.as_slice() else { panic!("another reply") };
    assert_eq!(reply.result, Err(ErrorCode::EC_ACCESS_DENIED));
}

#[test]
fn no_more_objects_are_opened_than_allowed() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    client.objects = runtime::rop::ObjectTable::new(2);
    let logon = client.log_on(Client::logon_request(ANNA_DN)).1;
    assert!(client.open_folder(logon, fixture.inbox()).is_ok());
    assert_eq!(client.open_folder(logon, fixture.inbox()), Err(ErrorCode::EC_MAX_OBJS_EXCEEDED));
}

#[test]
fn an_operation_of_streams_needs_a_stream() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let request = RopGetStreamSizeRequest { logon_id: 0, input_handle_index: 0 };
    let output = client.run(&[RopRequest::RopGetStreamSize(request)], &[logon]);
    let [RopReply::RopGetStreamSize(reply)] = output.replies.as_slice() else { panic!("another reply") };
    assert_eq!(reply.result, Err(ErrorCode::EC_NOT_SUPPORTED));
}
