//! One function for each operation that mapi-proto knows: the request on both sides, a reply that the generated
//! code writes, and what they have to read in it.

use mapi_proto as theirs;
use mapi_proto::RopResponse;
use protocol::client::{Attachment, Folder, Logon, Message, Stream, Table};
use protocol::oxcdata::*;
use protocol::oxcfold::*;
use protocol::oxcmsg::*;
use protocol::oxcprpt::*;
use protocol::oxcrops::{BackoffRop, RopBackoffResponse};
use protocol::oxcstor::*;
use protocol::oxctabl::*;
use protocol::oxomsg::*;
use protocol::rops::*;
use runtime::rop::Reply;
use runtime::{Encoder, String8, StringValue, Utf16};

use crate::round::{Round, check_failed, hex};
use crate::values::{
    any_name, any_restriction, any_row, any_sent, any_tag, any_tagged, ascii, guid, same_cells, tag, text, their_tags,
    their_value,
};

/// The code page of the logon, and that they ask for nothing else.
const CODE_PAGE_OF_THE_LOGON: u16 = 0x0FFF;

/// Every operation that mapi-proto sends, and replies without a request.
pub const OPERATIONS: [(&str, fn(&mut Round)); 37] = [
    ("RopLogon", logon),
    ("RopLogon, redirected", redirected_logon),
    ("RopRelease", release),
    ("RopOpenFolder", open_folder),
    ("RopGetHierarchyTable", hierarchy_table),
    ("RopGetContentsTable, RopSetColumns, RopQueryRows", rows),
    ("RopSortTable", sort_table),
    ("RopRestrict", restrict),
    ("RopOpenMessage", open_message),
    ("RopGetAttachmentTable", attachment_table),
    ("RopOpenAttachment", open_attachment),
    ("RopOpenEmbeddedMessage", open_embedded_message),
    ("RopOpenStream", open_stream),
    ("RopReadStream", read_stream),
    ("RopGetStreamSize", stream_size),
    ("RopWriteStream", write_stream),
    ("RopCommitStream", commit_stream),
    ("RopIdFromLongTermId", id_from_long_term_id),
    ("RopLongTermIdFromId", long_term_id_from_id),
    ("RopGetPropertiesSpecific", get_properties),
    ("RopGetPropertiesAll", get_all_properties),
    ("RopSetProperties", set_properties),
    ("RopDeleteProperties", delete_properties),
    ("RopGetPropertyIdsFromNames", ids_from_names),
    ("RopGetNamesFromPropertyIds", names_from_ids),
    ("RopCreateMessage", create_message),
    ("RopSaveChangesMessage", save_message),
    ("RopModifyRecipients", modify_recipients),
    ("RopRemoveAllRecipients", remove_all_recipients),
    ("RopSubmitMessage", submit_message),
    ("RopMoveCopyMessages", move_copy_messages),
    ("RopMoveCopyMessages, no destination", move_copy_nowhere),
    ("RopSetReadFlags", set_read_flags),
    ("RopDeleteMessages", delete_messages),
    ("RopCreateAttachment", create_attachment),
    ("RopSaveChangesAttachment", save_attachment),
    ("RopBackoff", backoff),
];

/// Writes a reply and remembers what they have to read: `answer!(round, RopX(pack arguments), response, theirs
/// => check)`, where `theirs` is a pattern of [`RopResponse`]. The reply fails now and then with a return value
/// alone; after `always` it does not, because its failures have more.
macro_rules! answer {
    ($r:ident, $rop:ident, $id:ident, $pack:ident($($arg:expr),*), $response:expr, $theirs:pat => $check:expr) => {
        match $r.failure() {
            Some(code) => {
                $r.arms.met("failure");
                let reply = Reply { handle_index: $r.newest(), result: Err(code.into()) };
                $pack(&reply, &mut $r.replies $(, $arg)*).unwrap();
                $r.expected.push((RopReply::$rop(reply), Box::new(move |theirs| check_failed(theirs, RopId::$id.0, code))));
            }
            None => answer!(always $r, $rop, $r.newest(), $pack($($arg),*), $response, $theirs => $check),
        }
    };
    (always $r:ident, $rop:ident, $index:expr, $pack:ident($($arg:expr),*), $response:expr, $theirs:pat => $check:expr) => {{
        let reply = Reply { handle_index: $index, result: Ok($response) };
        $pack(&reply, &mut $r.replies $(, $arg)*).unwrap();
        let check = move |theirs: &RopResponse| {
            let $theirs = theirs else { panic!("they read {theirs:?}") };
            $check
        };
        $r.expected.push((RopReply::$rop(reply), Box::new(check)));
    }};
}

/// They read that an operation succeeded, and nothing more.
macro_rules! succeeds {
    ($r:ident, $rop:ident, $id:ident, $pack:ident, $response:expr) => {
        answer!($r, $rop, $id, $pack(), $response, RopResponse::Succeeded { rop } => assert_eq!(rop.as_u8(), RopId::$id.0))
    };
}

fn logon_flags(g: &mut generated_tests::Choices) -> LogonFlags {
    LogonFlags(g.u8()).with_private(true)
}

fn request_logon(r: &mut Round) {
    let dn = format!("/o={}", ascii(&mut r.g, 60));
    r.theirs.logon(&theirs::LegacyDn::new(dn.clone()).unwrap());
    let essdn = String8::new(dn.into_bytes());
    let flags = LogonFlags(0).with_private(true);
    r.ours.rop_logon(0, flags, OpenFlags(0x0100_0000), Some(essdn)).unwrap();
}

fn logon(r: &mut Round) {
    request_logon(r);
    let g = &mut r.g;
    let (flags, folders) = (logon_flags(g), std::array::from_fn(|_| FolderId(g.u64())));
    let (mailbox_guid, repl_id, repl_guid) = (g.guid(), g.u16(), g.guid());
    let logon_time = LogonTime {
        seconds: g.u8(),
        minutes: g.u8(),
        hour: g.u8(),
        day_of_week: g.u8(),
        day: g.u8(),
        month: g.u8(),
        year: g.u16(),
    };
    let (response_flags, gwart_time) = (ResponseFlags(g.u8()), g.u64());
    let store =
        RopLogonResponseStore::Mailbox { response_flags, mailbox_guid, repl_id, repl_guid, logon_time, gwart_time };
    let response = RopLogonResponse { logon_flags: flags, folder_ids: folders, store };
    answer!(r, RopLogon, ROP_LOGON, pack_rop_logon_reply(), response, RopResponse::Logon(theirs) => {
        assert_eq!(theirs.logon_flags(), flags.with_private(true).0);
        assert_eq!(theirs.folder_ids().iter().map(|id| id.as_u64()).collect::<Vec<_>>(), folders.map(|id| id.0));
        assert_eq!(theirs.mailbox_guid(), guid(mailbox_guid));
        assert_eq!(theirs.replica_id().as_u16(), repl_id);
        assert_eq!(theirs.replica_guid(), guid(repl_guid));
    });
}

fn redirected_logon(r: &mut Round) {
    request_logon(r);
    let server = ascii(&mut r.g, 250);
    let body = RopLogonWrongServer {
        logon_flags: LogonFlags(r.g.u8()),
        server_name: String8::new(server.clone().into_bytes()),
    };
    let reply = Reply { handle_index: r.newest(), result: Err(RopLogonFailure::WrongServer(body)) };
    pack_rop_logon_reply(&reply, &mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| assert_eq!(theirs.redirect_server(), Some(&*server));
    r.expected.push((RopReply::RopLogon(reply), Box::new(check)));
}

fn release(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    r.theirs.release(slot);
    r.ours.rop_release(&folder).unwrap();
}

fn open_folder(r: &mut Round) {
    let (slot, parent) = r.handle::<Folder>();
    let id = r.g.u64();
    r.theirs.open_folder(slot, theirs::FolderId::new(id));
    r.ours.rop_open_folder(&parent, FolderId(id), OpenModeFlags(0)).unwrap();
    let (has_rules, is_ghosted) = (r.g.bool(), r.g.bool());
    let servers: Vec<String> = r.g.list(|g| ascii(g, 30));
    let response = RopOpenFolderResponse {
        has_rules,
        is_ghosted,
        cheap_server_count: is_ghosted.then(|| r.g.u16()),
        servers: is_ghosted.then(|| servers.iter().map(|name| String8::new(name.clone().into_bytes())).collect()),
    };
    answer!(r, RopOpenFolder, ROP_OPEN_FOLDER, pack_rop_open_folder_reply(), response, RopResponse::OpenFolder(theirs) => {
        assert_eq!((theirs.has_rules(), theirs.is_ghosted()), (has_rules, is_ghosted));
        assert_eq!(theirs.replica_servers(), is_ghosted.then_some(&*servers));
    });
}

fn hierarchy_table(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let deep = r.g.bool();
    r.theirs.hierarchy_table(slot, if deep { theirs::FolderDepth::Recursive } else { theirs::FolderDepth::Immediate });
    let flags = if deep { HierarchyTableFlags::DEPTH } else { HierarchyTableFlags(0) };
    r.ours.rop_get_hierarchy_table(&folder, flags).unwrap();
    let row_count = r.g.u32();
    let response = RopGetHierarchyTableResponse { row_count };
    answer!(r, RopGetHierarchyTable, ROP_GET_HIERARCHY_TABLE, pack_rop_get_hierarchy_table_reply(), response,
        RopResponse::GetTable(theirs) => assert_eq!(theirs.row_count(), row_count));
}

fn rows(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let table = r.theirs.contents_table(slot);
    let our_table = r.ours.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    let index = r.newest();
    let row_count = r.g.u32();
    answer!(always r, RopGetContentsTable, index, pack_rop_get_contents_table_reply(),
        RopGetContentsTableResponse { row_count },
        RopResponse::GetTable(theirs) => assert_eq!(theirs.row_count(), row_count));

    let columns = r.g.list(any_tag);
    r.theirs.set_columns(table, &their_tags(&columns));
    r.ours.rop_set_columns(&our_table, AsynchronousFlags(0), columns.clone()).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(always r, RopSetColumns, index, pack_rop_set_columns_reply(), RopSetColumnsResponse { table_status },
        RopResponse::SetColumns(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));

    let count = r.g.u16();
    r.theirs.query_rows(table, count);
    r.ours.rop_query_rows(&our_table, QueryRowsFlags(0), true, count).unwrap();
    let origin = Bookmark(r.g.named(Bookmark::NAMES));
    let row_data: Vec<_> = r.g.list(|g| any_row(g, &columns, &mut r.arms));
    let (rows, tags) = (row_data.clone(), columns.clone());
    answer!(always r, RopQueryRows, index, pack_rop_query_rows_reply(&columns), RopQueryRowsResponse { origin, row_data },
    RopResponse::QueryRows(theirs) => {
        assert_eq!(theirs.bookmark().as_u8(), origin.0);
        assert_eq!(theirs.rows().len(), rows.len());
        for (theirs, ours) in theirs.rows().iter().zip(&rows) {
            let flagged = matches!(ours, PropertyRow::FlaggedPropertyRow(_));
            assert_eq!(theirs.form() == theirs::RowForm::Flagged, flagged);
            same_cells(theirs.cells(), &tags, ours, true);
        }
    });
}

fn sort_table(r: &mut Round) {
    let (slot, table) = r.handle::<Table>();
    let (theirs, ours): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            let (property_tag, descending) = (PropertyTag(g.u32()), g.bool());
            let order = if descending { SortDirection::DESCENDING } else { SortDirection::ASCENDING };
            let make = if descending { theirs::SortOrder::descending } else { theirs::SortOrder::ascending };
            (make(tag(property_tag)), SortOrder { property_tag, order })
        })
        .into_iter()
        .unzip();
    r.theirs.sort_table(slot, &theirs::SortOrderSet::new(theirs));
    r.ours.rop_sort_table(&table, AsynchronousFlags(0), 0, 0, ours).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(r, RopSortTable, ROP_SORT_TABLE, pack_rop_sort_table_reply(), RopSortTableResponse { table_status },
        RopResponse::TableStatus(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));
}

fn restrict(r: &mut Round) {
    let (slot, table) = r.handle::<Table>();
    let (theirs, ours) = any_restriction(&mut r.g, &mut r.arms, 3);
    r.theirs.restrict(slot, &theirs);
    r.ours.rop_restrict(&table, AsynchronousFlags(0), Some(ours)).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(r, RopRestrict, ROP_RESTRICT, pack_rop_restrict_reply(), RopRestrictResponse { table_status },
        RopResponse::TableStatus(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));
}

/// A subject's part, and how they read it.
fn typed_string(r: &mut Round) -> (TypedString<'static>, Option<String>) {
    let g = &mut r.g;
    match g.pick(5) {
        0 => {
            r.arms.met("no subject prefix");
            (TypedString::NoString, None)
        }
        1 => (TypedString::Empty, Some(String::new())),
        2 => {
            let text = ascii(g, 40);
            (TypedString::String8(String8::new(text.clone().into_bytes())), Some(text))
        }
        3 => {
            // Each byte is the low half of a UTF-16 unit.
            let bytes = g.string8(40);
            let text = bytes.as_bytes().iter().copied().map(char::from).collect();
            (TypedString::ReducedUnicode(bytes), Some(text))
        }
        _ => {
            let text = text(g, 40);
            (TypedString::Unicode(Utf16::new(text.clone())), Some(text))
        }
    }
}

/// Recipients of a reply, with the bytes of their rows.
fn recipients(r: &mut Round, columns: &[PropertyTag]) -> (Vec<OpenRecipientRow<'static>>, Vec<(u8, u16, String)>) {
    let rows: Vec<_> = r.g.list(|g| {
        let unicode = g.bool();
        let address = match g.pick(3) {
            0 => RecipientRowAddress::NoType(g.bool().then(|| g.string8(10))),
            1 => RecipientRowAddress::X500DN {
                address_prefix_used: g.u8(),
                display_type: DisplayType(g.u8()),
                x500_dn: g.string8(30),
            },
            _ => RecipientRowAddress::SMTP,
        };
        let typed = matches!(address, RecipientRowAddress::NoType(Some(_)));
        let kind = match address {
            RecipientRowAddress::NoType(_) => AddressType::NO_TYPE,
            RecipientRowAddress::SMTP => AddressType::SMTP,
            _ => AddressType::X500_DN,
        };
        let text = |g: &mut generated_tests::Choices| g.bool().then(|| g.string_value(unicode, 20));
        let count = g.pick(columns.len() + 1);
        let [email_address, display_name, simple_display_name, transmittable_display_name] =
            std::array::from_fn(|_| text(g));
        let recipient_flags = RecipientFlags(0)
            .with_type(kind)
            .with_u(unicode)
            .with_o(typed)
            .with_e(email_address.is_some())
            .with_d(display_name.is_some())
            .with_i(simple_display_name.is_some())
            .with_t(transmittable_display_name.is_some());
        let recipient_row = RecipientRow {
            recipient_flags,
            address,
            email_address,
            display_name,
            simple_display_name,
            transmittable_display_name,
            recipient_column_count: u16::try_from(count).unwrap(),
            recipient_properties: any_row(g, &columns[..count], &mut r.arms),
        };
        OpenRecipientRow { recipient_type: RecipientType(g.u8()), code_page_id: g.u16(), recipient_row }
    });
    let their = rows.iter().map(|row| {
        let mut e = Encoder::new();
        row.recipient_row.pack(&mut e, columns).unwrap();
        (row.recipient_type.0, row.code_page_id, hex(e.as_slice()))
    });
    let their = their.collect();
    (rows, their)
}

/// What they have to read in a message that was opened.
struct Opened {
    named: bool,
    prefix: Option<String>,
    subject: Option<String>,
    count: u16,
    rows: Vec<(u8, u16, String)>,
}

impl Opened {
    fn check(&self, theirs: &theirs::OpenMessageResponse) {
        assert_eq!(theirs.has_named_properties(), self.named);
        assert_eq!(theirs.subject_prefix(), self.prefix.as_deref());
        assert_eq!(theirs.normalized_subject(), self.subject.as_deref());
        assert_eq!(theirs.recipient_count(), self.count);
        let row = |row: &theirs::OpenRecipient| (row.recipient_type().as_u8(), row.code_page(), hex(row.row_bytes()));
        assert_eq!(theirs.recipients().iter().map(row).collect::<Vec<_>>(), self.rows);
    }
}

fn open_message(r: &mut Round) {
    let (slot, parent) = r.handle::<Logon>();
    let (folder, message) = (r.g.u64(), r.g.u64());
    let (mode, flags) = *r.g.one_of(&[
        (theirs::MessageMode::ReadOnly, 0),
        (theirs::MessageMode::ReadWrite, 1),
        (theirs::MessageMode::BestAccess, 3),
    ]);
    r.theirs.open_message(slot, theirs::FolderId::new(folder), theirs::MessageId::new(message), mode);
    let flags = MessageOpenModeFlags(flags);
    r.ours.rop_open_message(&parent, CODE_PAGE_OF_THE_LOGON, FolderId(folder), flags, MessageId(message)).unwrap();
    let ((subject_prefix, prefix), (normalized_subject, subject)) = (typed_string(r), typed_string(r));
    let recipient_columns = r.g.list(any_tag);
    let (recipient_rows, rows) = recipients(r, &recipient_columns);
    let (named, count) = (r.g.bool(), r.g.u16());
    let opened = Opened { named, prefix, subject, count, rows };
    let response = RopOpenMessageResponse {
        has_named_properties: named,
        subject_prefix,
        normalized_subject,
        recipient_count: count,
        recipient_columns,
        recipient_rows,
    };
    answer!(r, RopOpenMessage, ROP_OPEN_MESSAGE, pack_rop_open_message_reply(), response,
        RopResponse::OpenMessage(theirs) => opened.check(theirs));
}

fn open_embedded_message(r: &mut Round) {
    let (slot, attachment) = r.handle::<Attachment>();
    r.theirs.open_embedded_message(slot);
    r.ours.rop_open_embedded_message(&attachment, CODE_PAGE_OF_THE_LOGON, AccessMode(0)).unwrap();
    let ((subject_prefix, prefix), (normalized_subject, subject)) = (typed_string(r), typed_string(r));
    let recipient_columns = r.g.list(any_tag);
    let (recipient_rows, rows) = recipients(r, &recipient_columns);
    let (id, named, count) = (r.g.u64(), r.g.bool(), r.g.u16());
    let opened = Opened { named, prefix, subject, count, rows };
    let response = RopOpenEmbeddedMessageResponse {
        message_id: MessageId(id),
        has_named_properties: named,
        subject_prefix,
        normalized_subject,
        recipient_count: count,
        recipient_columns,
        recipient_rows,
    };
    answer!(r, RopOpenEmbeddedMessage, ROP_OPEN_EMBEDDED_MESSAGE, pack_rop_open_embedded_message_reply(), response,
    RopResponse::OpenMessage(theirs) => {
        assert_eq!(theirs.embedded_id(), Some(theirs::MessageId::new(id)));
        opened.check(theirs);
    });
}

fn attachment_table(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.attachment_table(slot);
    r.ours.rop_get_attachment_table(&message, AttachmentTableFlags::UNICODE).unwrap();
    succeeds!(
        r,
        RopGetAttachmentTable,
        ROP_GET_ATTACHMENT_TABLE,
        pack_rop_get_attachment_table_reply,
        RopGetAttachmentTableResponse
    );
}

fn open_attachment(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let number = r.g.u32();
    r.theirs.open_attachment(slot, number);
    r.ours.rop_open_attachment(&message, AccessMode(0), number).unwrap();
    succeeds!(r, RopOpenAttachment, ROP_OPEN_ATTACHMENT, pack_rop_open_attachment_reply, RopOpenAttachmentResponse);
}

fn open_stream(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let property_tag = PropertyTag(r.g.u32());
    let (mode, flags) = *r.g.one_of(&[
        (theirs::StreamMode::ReadOnly, 0),
        (theirs::StreamMode::ReadWrite, 1),
        (theirs::StreamMode::Create, 2),
    ]);
    r.theirs.open_stream(slot, tag(property_tag), mode);
    r.ours.rop_open_stream(&object, property_tag, AccessMode(flags)).unwrap();
    let stream_size = r.g.u32();
    answer!(r, RopOpenStream, ROP_OPEN_STREAM, pack_rop_open_stream_reply(), RopOpenStreamResponse { stream_size },
        RopResponse::StreamSize(theirs) => assert_eq!(theirs.size(), stream_size));
}

fn read_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    // 0xBABE says that the size follows: they never ask so, and neither agrees by accident.
    let count = match r.g.u16() {
        0xBABE => 0,
        count => count,
    };
    r.theirs.read_stream(slot, count.into());
    r.ours.rop_read_stream(&stream, count, None).unwrap();
    let data = r.g.blob(300);
    let index = r.newest();
    let read = data.to_vec();
    answer!(always r, RopReadStream, index, pack_rop_read_stream_reply(), RopReadStreamResponse { data },
        RopResponse::ReadStream(theirs) => assert_eq!(theirs.data(), read));
}

fn stream_size(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    r.theirs.stream_size(slot);
    r.ours.rop_get_stream_size(&stream).unwrap();
    let stream_size = r.g.u32();
    answer!(r, RopGetStreamSize, ROP_GET_STREAM_SIZE, pack_rop_get_stream_size_reply(),
        RopGetStreamSizeResponse { stream_size },
        RopResponse::StreamSize(theirs) => assert_eq!(theirs.size(), stream_size));
}

fn write_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    let data = r.g.blob(300);
    r.theirs.write_stream(slot, &data);
    r.ours.rop_write_stream(&stream, data).unwrap();
    let (written_size, index) = (r.g.u16(), r.newest());
    answer!(always r, RopWriteStream, index, pack_rop_write_stream_reply(), RopWriteStreamResponse { written_size },
        RopResponse::WriteStream(theirs) => assert_eq!(theirs.written(), written_size));
}

fn commit_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    r.theirs.commit_stream(slot);
    r.ours.rop_commit_stream(&stream).unwrap();
    succeeds!(r, RopCommitStream, ROP_COMMIT_STREAM, pack_rop_commit_stream_reply, RopCommitStreamResponse);
}

/// A LongTermId on both sides; they keep the bytes of the counter, most significant first on the wire.
fn long_term_id(r: &mut Round) -> (theirs::LongTermId, LongTermId) {
    let (database_guid, counter) = (r.g.guid(), r.g.bytes::<6>());
    let global_counter = counter.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    (theirs::LongTermId::new(guid(database_guid), counter), LongTermId { database_guid, global_counter })
}

fn id_from_long_term_id(r: &mut Round) {
    let (slot, logon) = r.handle::<Logon>();
    let (theirs, ours) = long_term_id(r);
    r.theirs.id_from_long_term_id(slot, &theirs);
    r.ours.rop_id_from_long_term_id(&logon, ours).unwrap();
    let id = r.g.u64();
    answer!(r, RopIdFromLongTermId, ROP_ID_FROM_LONG_TERM_ID, pack_rop_id_from_long_term_id_reply(),
        RopIdFromLongTermIdResponse { object_id: ObjectId(id) },
        RopResponse::IdFromLongTermId(theirs) => assert_eq!(theirs.id().as_u64(), id));
}

fn long_term_id_from_id(r: &mut Round) {
    let (slot, logon) = r.handle::<Logon>();
    let id = r.g.u64();
    r.theirs.long_term_id_from_id(slot, theirs::ShortTermId::new(id));
    r.ours.rop_long_term_id_from_id(&logon, ObjectId(id)).unwrap();
    let (expected, long_term_id) = long_term_id(r);
    answer!(r, RopLongTermIdFromId, ROP_LONG_TERM_ID_FROM_ID, pack_rop_long_term_id_from_id_reply(),
        RopLongTermIdFromIdResponse { long_term_id },
        RopResponse::LongTermIdFromId(theirs) => assert_eq!(theirs.id(), expected));
}

fn get_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let tags = r.g.list(any_tag);
    r.theirs.get_properties(slot, &their_tags(&tags));
    r.ours.rop_get_properties_specific(&object, 0, true, tags.clone()).unwrap();
    let Some(RopRequest::RopGetPropertiesSpecific(request)) = r.ours.requests().last().cloned() else {
        panic!("another request");
    };
    let row_data = any_row(&mut r.g, &tags, &mut r.arms);
    let row = row_data.clone();
    answer!(r, RopGetPropertiesSpecific, ROP_GET_PROPERTIES_SPECIFIC,
        pack_rop_get_properties_specific_reply(&request), RopGetPropertiesSpecificResponse { row_data },
        RopResponse::GetProperties(theirs) => same_cells(theirs.properties().cells(), &tags, &row, false));
}

fn get_all_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    r.theirs.get_all_properties(slot);
    r.ours.rop_get_properties_all(&object, 0, true).unwrap();
    let property_values: Vec<_> = r.g.list(|g| any_tagged(g, &mut r.arms));
    let values = property_values.clone();
    answer!(r, RopGetPropertiesAll, ROP_GET_PROPERTIES_ALL, pack_rop_get_properties_all_reply(),
    RopGetPropertiesAllResponse { property_values },
    RopResponse::GetProperties(theirs) => {
        let theirs: Vec<_> = theirs.properties().iter().map(|cell| (cell.tag(), cell.value().clone())).collect();
        let ours = values.iter().map(|value| (tag(value.property_tag), their_value(&value.property_value, false)));
        assert_eq!(theirs, ours.collect::<Vec<_>>());
    });
}

fn problems(r: &mut Round) -> Vec<PropertyProblem> {
    r.g.list(|g| PropertyProblem { index: g.u16(), property_tag: PropertyTag(g.u32()), error_code: ErrorCode(g.u32()) })
}

fn check_problems(theirs: &theirs::PropertyProblemsResponse, ours: &[PropertyProblem]) {
    let theirs: Vec<_> = theirs.problems().iter().map(|p| (p.index(), p.tag().as_u32(), p.code().as_u32())).collect();
    assert_eq!(theirs, ours.iter().map(|p| (p.index, p.property_tag.0, p.error_code.0)).collect::<Vec<_>>());
}

fn set_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let (theirs, ours): (Vec<_>, Vec<_>) = r.g.list(|g| any_sent(g, &mut r.arms)).into_iter().unzip();
    r.theirs.set_properties(slot, &theirs);
    r.ours.rop_set_properties(&object, ours).unwrap();
    let property_problems = problems(r);
    let ours = property_problems.clone();
    answer!(r, RopSetProperties, ROP_SET_PROPERTIES, pack_rop_set_properties_reply(),
        RopSetPropertiesResponse { property_problems },
        RopResponse::PropertyProblems(theirs) => check_problems(theirs, &ours));
}

fn delete_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let tags: Vec<PropertyTag> = r.g.list(|g| PropertyTag(g.u32()));
    r.theirs.delete_properties(slot, &their_tags(&tags));
    r.ours.rop_delete_properties(&object, tags).unwrap();
    let property_problems = problems(r);
    let ours = property_problems.clone();
    answer!(r, RopDeleteProperties, ROP_DELETE_PROPERTIES, pack_rop_delete_properties_reply(),
        RopDeletePropertiesResponse { property_problems },
        RopResponse::PropertyProblems(theirs) => check_problems(theirs, &ours));
}

fn ids_from_names(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let (theirs, ours): (Vec<_>, Vec<_>) = r.g.list(|g| any_name(g, &mut r.arms)).into_iter().unzip();
    let (registration, flags) = *r.g.one_of(&[
        (theirs::NameRegistration::Existing, NameFlags(0)),
        (theirs::NameRegistration::CreateIfMissing, NameFlags::CREATE),
    ]);
    r.theirs.property_ids_from_names(slot, &theirs, registration);
    r.ours.rop_get_property_ids_from_names(&object, flags, ours).unwrap();
    let property_ids: Vec<u16> = r.g.list(|g| g.u16());
    let ids = property_ids.clone();
    answer!(r, RopGetPropertyIdsFromNames, ROP_GET_PROPERTY_IDS_FROM_NAMES,
        pack_rop_get_property_ids_from_names_reply(), RopGetPropertyIdsFromNamesResponse { property_ids },
        RopResponse::PropertyIds(theirs) => assert_eq!(theirs.ids(), ids));
}

fn names_from_ids(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let ids: Vec<u16> = r.g.list(|g| g.u16());
    r.theirs.names_from_property_ids(slot, &ids);
    r.ours.rop_get_names_from_property_ids(&object, ids).unwrap();
    let (expected, property_names): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            if g.pick(4) == 0 {
                r.arms.met("no name");
                return (None, PropertyName::Unnamed);
            }
            let (theirs, ours) = any_name(g, &mut r.arms);
            (Some(theirs), ours)
        })
        .into_iter()
        .unzip();
    answer!(r, RopGetNamesFromPropertyIds, ROP_GET_NAMES_FROM_PROPERTY_IDS,
        pack_rop_get_names_from_property_ids_reply(), RopGetNamesFromPropertyIdsResponse { property_names },
        RopResponse::PropertyNames(theirs) => assert_eq!(theirs.names(), expected));
}

fn create_message(r: &mut Round) {
    let (slot, parent) = r.handle::<Logon>();
    let id = r.g.u64();
    r.theirs.create_message(slot, theirs::FolderId::new(id));
    r.ours.rop_create_message(&parent, CODE_PAGE_OF_THE_LOGON, FolderId(id), false).unwrap();
    let id = r.g.bool().then(|| r.g.u64());
    answer!(r, RopCreateMessage, ROP_CREATE_MESSAGE, pack_rop_create_message_reply(),
        RopCreateMessageResponse { message_id: id.map(MessageId) },
        RopResponse::CreateMessage(theirs) => assert_eq!(theirs.message_id().map(|id| id.as_u64()), id));
}

fn save_message(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.save_message(slot);
    r.ours.rop_save_changes_message(&message, SaveFlags(2)).unwrap();
    let Some(RopRequest::RopSaveChangesMessage(request)) = r.ours.requests().last().cloned() else {
        panic!("another request");
    };
    let id = r.g.u64();
    answer!(r, RopSaveChangesMessage, ROP_SAVE_CHANGES_MESSAGE, pack_rop_save_changes_message_reply(&request),
        RopSaveChangesMessageResponse { message_id: MessageId(id) },
        RopResponse::SaveChanges(theirs) => assert_eq!(theirs.message_id().as_u64(), id));
}

fn modify_recipients(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let mut row_id = 0;
    let (theirs, ours): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            r.arms.met("recipient");
            let kind = *g.one_of(&[1, 2, 3]);
            let (name, address) = (text(g, 40), text(g, 40));
            let kind_of_theirs = theirs::RecipientType::new(kind);
            let theirs = theirs::Recipient::smtp(kind_of_theirs, name.clone(), address.clone()).unwrap();
            let recipient_row = RecipientRow {
                recipient_flags: RecipientFlags(0).with_u(true).with_s(true).with_o(true).with_e(true).with_d(true),
                address: RecipientRowAddress::NoType(Some("SMTP".into())),
                email_address: Some(StringValue::Utf16(Utf16::new(address))),
                display_name: Some(StringValue::Utf16(Utf16::new(name))),
                simple_display_name: None,
                transmittable_display_name: None,
                recipient_column_count: 0,
                recipient_properties: PropertyRow::StandardPropertyRow(Vec::new()),
            };
            row_id += 1;
            let recipient_type = RecipientType(kind);
            (theirs, ModifyRecipientRow { row_id: row_id - 1, recipient_type, recipient_row: Some(recipient_row) })
        })
        .into_iter()
        .unzip();
    r.theirs.modify_recipients(slot, &theirs);
    r.ours.rop_modify_recipients(&message, Vec::new(), ours).unwrap();
    succeeds!(
        r,
        RopModifyRecipients,
        ROP_MODIFY_RECIPIENTS,
        pack_rop_modify_recipients_reply,
        RopModifyRecipientsResponse
    );
}

fn remove_all_recipients(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.remove_all_recipients(slot);
    r.ours.rop_remove_all_recipients(&message).unwrap();
    succeeds!(
        r,
        RopRemoveAllRecipients,
        ROP_REMOVE_ALL_RECIPIENTS,
        pack_rop_remove_all_recipients_reply,
        RopRemoveAllRecipientsResponse
    );
}

fn submit_message(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let (theirs, flags) = *r.g.one_of(&[
        (theirs::SubmitFlags::None, 0),
        (theirs::SubmitFlags::PreProcess, 1),
        (theirs::SubmitFlags::NeedsSpooler, 2),
    ]);
    r.theirs.submit_message(slot, theirs);
    r.ours.rop_submit_message(&message, SubmitFlags(flags)).unwrap();
    succeeds!(r, RopSubmitMessage, ROP_SUBMIT_MESSAGE, pack_rop_submit_message_reply, RopSubmitMessageResponse);
}

fn message_ids(r: &mut Round) -> (Vec<theirs::MessageId>, Vec<MessageId>) {
    let ids: Vec<u64> = r.g.list(|g| g.u64());
    (ids.iter().copied().map(theirs::MessageId::new).collect(), ids.into_iter().map(MessageId).collect())
}

/// The index of the source's slot.
fn request_move(r: &mut Round) -> u8 {
    let ((slot, source), (their_dest, dest)) = (r.handle::<Folder>(), r.handle::<Folder>());
    let (theirs, ours) = message_ids(r);
    let copy = r.g.bool();
    r.theirs.move_copy_messages(slot, their_dest, &theirs, copy);
    r.ours.rop_move_copy_messages(&source, &dest, ours, false, copy).unwrap();
    r.newest() - 1
}

fn move_copy_messages(r: &mut Round) {
    let index = request_move(r);
    let partial_completion = r.g.bool();
    answer!(always r, RopMoveCopyMessages, index, pack_rop_move_copy_messages_reply(),
        RopMoveCopyMessagesResponse { partial_completion },
        RopResponse::MoveCopyMessages(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}

fn move_copy_nowhere(r: &mut Round) {
    let index = request_move(r);
    let (dest_handle_index, partial_completion) = (r.g.u32(), r.g.bool());
    let body = RopMoveCopyMessagesDstNullObject { dest_handle_index, partial_completion };
    let reply = Reply { handle_index: index, result: Err(RopMoveCopyMessagesFailure::DstNullObject(body)) };
    pack_rop_move_copy_messages_reply(&reply, &mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| {
        let RopResponse::MoveCopyMessages(theirs) = theirs else { panic!("they read {theirs:?}") };
        assert_eq!(theirs.is_partial(), partial_completion);
    };
    r.expected.push((RopReply::RopMoveCopyMessages(reply), Box::new(check)));
}

fn set_read_flags(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let (theirs, ours) = message_ids(r);
    let (flags, our_flags) = *r.g.one_of(&[
        (theirs::ReadFlags::Read, 0),
        (theirs::ReadFlags::ReadQuietly, 0x01),
        (theirs::ReadFlags::Unread, 0x05),
        (theirs::ReadFlags::ReceiptOnly, 0x10),
    ]);
    r.theirs.set_read_flags(slot, flags, &theirs);
    r.ours.rop_set_read_flags(&folder, false, ReadFlags(our_flags), ours).unwrap();
    let (partial_completion, index) = (r.g.bool(), r.newest());
    answer!(always r, RopSetReadFlags, index, pack_rop_set_read_flags_reply(),
        RopSetReadFlagsResponse { partial_completion },
        RopResponse::SetReadFlags(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}

fn delete_messages(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let (theirs, ours) = message_ids(r);
    r.theirs.delete_messages(slot, &theirs);
    r.ours.rop_delete_messages(&folder, false, false, ours).unwrap();
    let (partial_completion, index) = (r.g.bool(), r.newest());
    answer!(always r, RopDeleteMessages, index, pack_rop_delete_messages_reply(),
        RopDeleteMessagesResponse { partial_completion },
        RopResponse::DeleteMessages(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}

fn create_attachment(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.create_attachment(slot);
    r.ours.rop_create_attachment(&message).unwrap();
    let attachment_id = r.g.u32();
    answer!(r, RopCreateAttachment, ROP_CREATE_ATTACHMENT, pack_rop_create_attachment_reply(),
        RopCreateAttachmentResponse { attachment_id },
        RopResponse::CreateAttachment(theirs) => assert_eq!(theirs.number().as_u32(), attachment_id));
}

fn save_attachment(r: &mut Round) {
    let (slot, attachment) = r.handle::<Attachment>();
    r.theirs.save_attachment(slot);
    r.ours.rop_save_changes_attachment(&attachment, SaveFlags(2)).unwrap();
    succeeds!(
        r,
        RopSaveChangesAttachment,
        ROP_SAVE_CHANGES_ATTACHMENT,
        pack_rop_save_changes_attachment_reply,
        RopSaveChangesAttachmentResponse
    );
}

/// Answers no request; stands between replies.
fn backoff(r: &mut Round) {
    let duration = r.g.u32();
    let response = RopBackoffResponse {
        logon_id: r.g.u8(),
        duration,
        backoff_rop_data: r.g.list(|g| BackoffRop { rop_id_backoff: g.u8(), duration: g.u32() }),
        additional_data: r.g.blob(40),
    };
    RopId::ROP_BACKOFF.pack(&mut r.replies).unwrap();
    response.pack(&mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| assert_eq!(*theirs, RopResponse::Backoff { duration_ms: duration });
    r.expected.push((RopReply::RopBackoff(response), Box::new(check)));
}
