//! Notifications in conversations: whose columns a row has, on either side, and replies in place of others.

use generated_tests::vectors::hex;
use protocol::client::{Batch, Folder, Table};
use protocol::oxcdata::{PropertyRow, PropertyTag, PropertyValue};
use protocol::oxcnotif::{
    ChangedTableRow, ChangedTableRowTableRowData, NotificationData, NotificationDataEvent, NotificationFlags,
    RopNotifyResponse, TableChange,
};
use protocol::oxctabl::AsynchronousFlags;
use protocol::rops::{
    Conversation, Objects, RopReply, ServerObject, TableState, pack_rop_notify_reply, pack_rop_pending_reply,
    rop_notify_columns,
};
use runtime::rop::{CallError, Handle, ObjectTable, Replies, Ticket};
use runtime::{Blob, Encoder, PackErrorKind};

use crate::{COLUMNS, record};

/// The handles of two tables.
const TABLES: [u32; 2] = [0x108, 0x109];
const NAME: PropertyTag = PropertyTag(0x3001_001F);
/// RopNotify from the RopId on, with a row of [`COLUMNS`].
const ROW_ADDED: &str =
    "2A 08 01 00 00 07  00 01 03 00  11 11 11 11 11 11 11 11  00 00 00 00 00 00 00 00  05 00  00 0A 00 41 00";

fn table(index: usize) -> Handle<Table> {
    Handle::new(TABLES[index], 0)
}

/// A ROP output buffer with these replies and handles.
fn output(replies: &str, handles: &[u32]) -> Vec<u8> {
    let mut e = Encoder::new();
    runtime::rop::pack_batch(&mut e, &hex(replies), handles).unwrap();
    e.finish().to_vec()
}

/// Sets the columns of a table, in what a client knows.
fn set_columns(conversation: &mut Conversation, index: usize, columns: &[PropertyTag]) {
    let mut batch = Batch::new();
    batch.rop_set_columns(&table(index), AsynchronousFlags(0), columns.to_vec()).unwrap();
    let bytes = output("12 00 00 00 00 00 00", &[TABLES[index]]);
    batch.read(&bytes, conversation).unwrap();
}

/// The only notification that comes with an empty batch.
fn notified(conversation: &mut Conversation, replies: &str) -> RopNotifyResponse<'static> {
    let bytes = output(replies, &[]);
    let read = Batch::new().read(&bytes, conversation).unwrap();
    let [RopReply::RopNotify(notify)] = read.unsolicited() else { panic!("{read:?}") };
    notify.clone().into_owned()
}

fn row<'r, 'a>(notify: &'r RopNotifyResponse<'a>) -> &'r ChangedTableRowTableRowData<'a> {
    let NotificationDataEvent::TableModified(TableChange::TableRowAdded(row)) = &notify.notification_data.event else {
        panic!("{notify:?}")
    };
    &row.table_row_data
}

#[test]
fn a_row_has_the_columns_of_the_table_that_the_handle_names() {
    const TEST: &str = "a_row_has_the_columns_of_the_table_that_the_handle_names";
    let mut conversation = Conversation::default();
    set_columns(&mut conversation, 0, &COLUMNS);
    set_columns(&mut conversation, 1, &[NAME]);
    let notify = notified(&mut conversation, ROW_ADDED);
    assert_eq!((notify.notification_handle, notify.logon_id), (TABLES[0], 7));
    let values = vec![PropertyValue::PtypInteger32(0x0041_000A)];
    assert_eq!(*row(&notify), ChangedTableRowTableRowData::Decoded(PropertyRow::StandardPropertyRow(values)));
    record(TEST, &["R97", "R136", "R97001", "R97002", "R166", "R166001"]);
    // The other table's columns are others: what does not fit them is malformed, and is no row of something else.
    let bytes = output(&ROW_ADDED.replace("08 01", "09 01"), &[]);
    let error = Batch::new().read(&bytes, &mut conversation).unwrap_err();
    assert!(error.path().contains(".TableRowData"), "{error}");
    // A subscription has no columns.
    let notify = notified(&mut conversation, &ROW_ADDED.replace("08 01", "55 01"));
    assert_eq!(*row(&notify), ChangedTableRowTableRowData::Opaque(Blob::from(hex("00 0A 00 41 00"))));
    record(TEST, &["R96"]);
}

#[test]
fn nothing_but_the_row_stays_bytes_where_the_columns_are_not_known() {
    let mut conversation = Conversation::default();
    let bytes = output(&format!("{ROW_ADDED} 6E 02 00 {ROW_ADDED}"), &[]);
    let read = Batch::new().read(&bytes, &mut conversation).unwrap();
    let [RopReply::RopNotify(first), RopReply::RopPending(pending), RopReply::RopNotify(second)] = read.unsolicited()
    else {
        panic!("{read:?}")
    };
    assert_eq!(pending.session_index, 2);
    assert_eq!((first, row(first).is_decoded()), (second, false));
}

#[test]
fn columns_count_from_the_reply_that_sets_them_to_the_one_that_takes_them_away() {
    let mut conversation = Conversation::default();
    let mut batch = Batch::new();
    batch.rop_set_columns(&table(0), AsynchronousFlags(0), COLUMNS.to_vec()).unwrap();
    batch.rop_reset_table(&table(0)).unwrap();
    let (set, reset) = ("12 00 00 00 00 00 00", "81 00 00 00 00 00");
    let bytes = output(&format!("{ROW_ADDED} {set} {ROW_ADDED} {reset} {ROW_ADDED}"), &[TABLES[0]]);
    let read = batch.read(&bytes, &mut conversation).unwrap();
    let known = |reply: &RopReply<'_>| matches!(reply, RopReply::RopNotify(notify) if row(notify).is_decoded());
    assert_eq!(read.unsolicited().iter().map(known).collect::<Vec<_>>(), [false, true, false]);
    set_columns(&mut conversation, 0, &COLUMNS);
    conversation.forget(TABLES[0]);
    assert!(!row(&notified(&mut conversation, ROW_ADDED)).is_decoded());
}

#[test]
fn a_table_that_is_opened_has_no_columns_though_another_one_had_its_handle() {
    let mut conversation = Conversation::default();
    set_columns(&mut conversation, 0, &COLUMNS);
    let folder: Handle<Folder> = Handle::new(0x107, 0);
    // It could not be opened: the table of before is the one that is open.
    for (code, known) in [("0F 01 04 80", true), ("00 00 00 00  03 00 00 00", false)] {
        let mut batch = Batch::new();
        batch.rop_get_contents_table(&folder, protocol::oxcfold::ContentsTableFlags(0)).unwrap();
        let bytes = output(&format!("05 01 {code}"), &[0x107, TABLES[0]]);
        batch.read(&bytes, &mut conversation).unwrap();
        assert_eq!(row(&notified(&mut conversation, ROW_ADDED)).is_decoded(), known, "{code}");
    }
}

/// Objects of a server that keeps nothing but their state.
#[derive(Debug)]
struct Server;

impl Objects for Server {
    type Logon = ();
    type Folder = ();
    type Message = ();
    type Attachment = ();
    type Table = ();
    type Stream = ();
    type NotificationSubscription = ();
}

/// A notification of a row that is made when it is written.
fn notification(objects: &ObjectTable<ServerObject<Server>>, handle: u32) -> Result<Vec<u8>, PackErrorKind> {
    let columns = rop_notify_columns(objects, handle);
    let value = |tag: &PropertyTag| match *tag {
        NAME => PropertyValue::PtypString("Name".into()),
        _ => PropertyValue::PtypInteger32(10),
    };
    let row = columns.map(|columns| PropertyRow::StandardPropertyRow(columns.iter().map(value).collect()));
    let row = ChangedTableRow {
        table_row_folder_id: protocol::oxcdata::FolderId(1),
        table_row_message_id: None,
        table_row_instance: None,
        insert_after_table_row_folder_id: protocol::oxcdata::FolderId(0),
        insert_after_table_row_id: None,
        insert_after_table_row_instance: None,
        table_row_data: row
            .map_or(ChangedTableRowTableRowData::Opaque(Blob::from(Vec::new())), ChangedTableRowTableRowData::Decoded),
    };
    written(handle, row, columns)
}

fn written(handle: u32, row: ChangedTableRow<'_>, columns: Option<&[PropertyTag]>) -> Result<Vec<u8>, PackErrorKind> {
    let notify = RopNotifyResponse {
        notification_handle: handle,
        logon_id: 7,
        notification_data: NotificationData {
            notification_flags: NotificationFlags(0),
            event: NotificationDataEvent::TableModified(TableChange::TableRowAdded(row)),
            total_message_count: None,
            unread_message_count: None,
        },
    };
    let mut e = Encoder::new();
    pack_rop_notify_reply(&notify, &mut e, columns).map_err(|error| error.kind().clone())?;
    pack_rop_pending_reply(&protocol::oxcnotif::RopPendingResponse { session_index: 2 }, &mut e).unwrap();
    Ok(e.finish().to_vec())
}

#[test]
fn a_server_writes_rows_in_the_columns_of_the_moment_and_a_client_reads_them_so() {
    let mut objects: ObjectTable<ServerObject<Server>> = ObjectTable::new(10);
    let handle = objects.insert(ServerObject::Table((), TableState { columns: None }), 7, None).unwrap();
    let folder = objects.insert(ServerObject::Folder(()), 7, None).unwrap();
    for other in [folder, 99] {
        assert_eq!(rop_notify_columns(&objects, other), None);
    }
    for columns in [None, Some(COLUMNS.to_vec()), Some(vec![NAME]), Some(vec![NAME, COLUMNS[0]])] {
        let Some(ServerObject::Table((), state)) = objects.get_mut(handle) else { panic!() };
        state.columns = columns.clone();
        let replies = notification(&objects, handle).unwrap();
        let mut e = Encoder::new();
        runtime::rop::pack_batch(&mut e, &replies, &[]).unwrap();
        let mut conversation = Conversation::default();
        if let Some(columns) = &columns {
            let mut batch = Batch::new();
            batch.rop_set_columns(&Handle::<Table>::new(handle, 7), AsynchronousFlags(0), columns.clone()).unwrap();
            batch.read(&output("12 00 00 00 00 00 00", &[handle]), &mut conversation).unwrap();
        }
        let read = Batch::new().read(e.as_slice(), &mut conversation).unwrap();
        let [RopReply::RopNotify(notify), RopReply::RopPending(_)] = read.unsolicited() else { panic!("{read:?}") };
        match (&columns, row(notify)) {
            (None, ChangedTableRowTableRowData::Opaque(bytes)) => assert!(bytes.is_empty()),
            (Some(columns), ChangedTableRowTableRowData::Decoded(PropertyRow::StandardPropertyRow(values))) => {
                assert_eq!(values.len(), columns.len());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_made_for_other_columns_is_not_written() {
    let row = |data| ChangedTableRow {
        table_row_folder_id: protocol::oxcdata::FolderId(1),
        table_row_message_id: None,
        table_row_instance: None,
        insert_after_table_row_folder_id: protocol::oxcdata::FolderId(0),
        insert_after_table_row_id: None,
        insert_after_table_row_instance: None,
        table_row_data: data,
    };
    let decoded = || {
        let values = vec![PropertyValue::PtypInteger32(10)];
        row(ChangedTableRowTableRowData::Decoded(PropertyRow::StandardPropertyRow(values)))
    };
    let opaque = || row(ChangedTableRowTableRowData::Opaque(Blob::from(hex("00 0A 00 00 00"))));
    assert!(written(1, decoded(), Some(&COLUMNS)).is_ok());
    assert!(written(1, opaque(), None).is_ok());
    for (row, columns) in [
        (decoded(), None),
        (decoded(), Some(&[NAME][..])),
        (decoded(), Some(&[COLUMNS[0], NAME][..])),
        (opaque(), Some(&COLUMNS[..])),
    ] {
        let error = written(1, row, columns).unwrap_err();
        assert!(matches!(error, PackErrorKind::Mismatch { .. }), "{error:?}");
    }
}

#[test]
fn a_registration_gives_the_handle_of_the_subscription() {
    let mut batch = Batch::new();
    let logon: Handle<protocol::client::Logon> = Handle::new(0x107, 0);
    let types = protocol::oxcnotif::NotificationTypes::NEW_MAIL;
    let ticket = batch.rop_register_notification(&logon, types, true, None, None).unwrap();
    let bytes = output("29 01 00 00 00 00", &[0x107, 0x155]);
    let replies = batch.read(&bytes, &mut Conversation::default()).unwrap();
    assert_eq!(replies.opened(&ticket).unwrap().value(), 0x155);
    record("a_registration_gives_the_handle_of_the_subscription", &["R35"]);
}

/// RopProgress of MS-OXCPRPT 4.5: 29 of 729 are done.
const UNDER_WAY: &str = "50 00 00 00 00 00  00  1D 00 00 00  D9 02 00 00";

fn under_way<C>(replies: &Replies<RopReply<'_>>, ticket: &Ticket<C>) -> (u32, u32) {
    let Some(RopReply::RopProgress(progress)) = replies.reply(ticket) else { panic!("{replies:?}") };
    let progress = progress.result.as_ref().unwrap();
    (progress.completed_task_count, progress.total_task_count)
}

#[test]
fn rop_progress_stands_in_place_of_the_reply_and_the_reply_in_place_of_rop_progress() {
    let folder: Handle<Folder> = Handle::new(0x107, 0);
    let mut conversation = Conversation::default();
    let mut batch = Batch::new();
    let empty = batch.rop_empty_folder(&folder, true, false).unwrap();
    let release = output(UNDER_WAY, &[0x107]);
    let replies = batch.read(&release, &mut conversation).unwrap();
    assert_eq!(replies.get(&empty).unwrap_err(), CallError::OtherReply);
    assert_eq!(under_way(&replies, &empty), (29, 729));

    // It is still under way, and then done: that is told by the reply to the first request.
    let mut batch = Batch::new();
    let progress = batch.rop_progress(&folder, false).unwrap();
    let bytes = output(UNDER_WAY, &[0x107]);
    let replies = batch.read(&bytes, &mut conversation).unwrap();
    assert_eq!(replies.get(&progress).unwrap().total_task_count, 729);
    let bytes = output("58 00 00 00 00 00 01", &[0x107]);
    let replies = batch.read(&bytes, &mut conversation).unwrap();
    assert_eq!(replies.get(&progress).unwrap_err(), CallError::OtherReply);
    let Some(RopReply::RopEmptyFolder(done)) = replies.reply(&progress) else { panic!("{replies:?}") };
    assert!(done.result.as_ref().unwrap().partial_completion);

    // A ROP that is done with its reply has no other.
    let mut batch = Batch::new();
    batch.rop_set_columns(&table(0), AsynchronousFlags(0), COLUMNS.to_vec()).unwrap();
    assert!(batch.read(&output(UNDER_WAY, &[TABLES[0]]), &mut conversation).is_err());
}

#[test]
fn all_operations_that_may_go_on_after_their_reply_are_known() {
    // MS-OXCPRPT 3.1.5.
    let requests = [
        "33 00 00 01  00 00  01 00",
        "35 00 00 01  01 01  11 11 11 11 11 11 11 11  00 00",
        "36 00 00 01  01 00 01  11 11 11 11 11 11 11 11  00 00",
        "58 00 00 01 00",
        "92 00 00 01 00",
        "1E 00 00 01 00  00 00",
        "91 00 00 01 00  00 00",
        "66 00 00 01 00  00 00",
        "67 00 00 01  01  00  00 00",
        "39 00 00 01  01  00  00  00 00",
    ];
    for request in requests {
        let mut e = Encoder::new();
        runtime::rop::pack_batch(&mut e, &hex(request), &[1, 2]).unwrap();
        let input = protocol::rops::RopInputBuffer::unpack(e.as_slice()).unwrap();
        let bytes = output(UNDER_WAY, &[1, 2]);
        let read = protocol::rops::RopOutputBuffer::unpack(&bytes, &input.requests, &mut Conversation::default());
        assert!(matches!(read.unwrap().replies[..], [RopReply::RopProgress(_)]), "{request}");
    }
}
