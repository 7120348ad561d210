//! Bookmarks, searches, fractional positions; receive folders; submission.

use protocol::oxcdata::{
    ErrorCode, FolderId, FuzzyLevelHigh, FuzzyLevelLow, PropertyTag, PropertyValue, Restriction, TaggedPropertyValue,
};
use protocol::oxcmsg::*;
use protocol::oxcstor::*;
use protocol::oxctabl::*;
use protocol::oxomsg::*;
use runtime::Blob;
use server::rop::Locale;
use server::store::value::{binary, string};
use server::store::{PartChange, PropertyChanges, SpecialFolder, tags};

use crate::client::{Answer, Cells, Client, cells, one};
use crate::fixture::{BRUNO_DN, Fixture, first_text};
use crate::record;

impl Client {
    pub fn bookmark(&mut self, table: u32) -> Answer<Vec<u8>> {
        let request = RopCreateBookmarkRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, table, RopCreateBookmark, request).0.map(|response| response.bookmark.into_owned())
    }

    pub fn free(&mut self, table: u32, bookmark: &[u8]) -> Answer<()> {
        let request =
            RopFreeBookmarkRequest { logon_id: 0, input_handle_index: 0, bookmark: Blob::Owned(bookmark.to_vec()) };
        one!(self, table, RopFreeBookmark, request).0.map(|_| ())
    }

    pub fn seek_bookmark(&mut self, table: u32, bookmark: &[u8], row_count: i32) -> Answer<(bool, bool, i32)> {
        let request = RopSeekRowBookmarkRequest {
            logon_id: 0,
            input_handle_index: 0,
            bookmark: Blob::Owned(bookmark.to_vec()),
            row_count,
            want_row_moved_count: true,
        };
        let (result, _) = one!(self, table, RopSeekRowBookmark, request);
        result.map(|r| (r.row_no_longer_visible, r.has_sought_less, r.rows_sought))
    }

    pub fn seek_fractional(&mut self, table: u32, numerator: u32, denominator: u32) -> Answer<()> {
        let request = RopSeekRowFractionalRequest { logon_id: 0, input_handle_index: 0, numerator, denominator };
        one!(self, table, RopSeekRowFractional, request).0.map(|_| ())
    }

    pub fn find(&mut self, table: u32, backwards: bool, origin: Bookmark, subject: &'static str) -> Answer<Cells> {
        let restriction = Restriction::ContentRestriction {
            fuzzy_level_low: FuzzyLevelLow::FL_SUBSTRING,
            fuzzy_level_high: FuzzyLevelHigh::default(),
            property_tag: tags::PID_TAG_SUBJECT,
            tagged_value: TaggedPropertyValue { property_tag: tags::PID_TAG_SUBJECT, property_value: string(subject) },
        };
        let request = RopFindRowRequest {
            logon_id: 0,
            input_handle_index: 0,
            find_row_flags: FindRowFlags(u8::from(backwards)),
            restriction_data: Some(restriction),
            origin,
            bookmark: Blob::default(),
        };
        let (result, _) = one!(self, table, RopFindRow, request);
        result.map(|response| cells(response.row_data.unwrap()))
    }

    pub fn submit(&mut self, message: u32) -> Answer<()> {
        let submit_flags = SubmitFlags(0);
        let request = RopSubmitMessageRequest { logon_id: 0, input_handle_index: 0, submit_flags };
        one!(self, message, RopSubmitMessage, request).0.map(|_| ())
    }

    fn set_receive_folder(&mut self, logon: u32, folder_id: FolderId, class: &'static str) -> Answer<()> {
        let request =
            RopSetReceiveFolderRequest { logon_id: 0, input_handle_index: 0, folder_id, message_class: class.into() };
        one!(self, logon, RopSetReceiveFolder, request).0.map(|_| ())
    }
}

/// A contents table of five messages, newest first: message 4 to message 0.
fn table(fixture: &Fixture) -> (Client, u32) {
    fixture.deliver_many(5);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    (client, table)
}

#[test]
fn bookmarks_lead_back_to_their_rows() {
    const TEST: &str = "bookmarks_lead_back_to_their_rows";
    let fixture = Fixture::new();
    let (mut client, table) = table(&fixture);
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 2).unwrap();
    let bookmark = client.bookmark(table).unwrap();
    client.seek(table, Bookmark::BOOKMARK_END, 0).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Ok((false, false, 0)));
    assert_eq!(client.position(table), Ok((2, 5)));
    assert_eq!(client.seek_bookmark(table, &bookmark, -5), Ok((false, true, -2)));
    assert_eq!(client.seek_bookmark(table, &bookmark, 2), Ok((false, false, 2)));
    assert_eq!(client.position(table), Ok((4, 5)));
    let ids = [
        "166", "168", "178", "180", "181", "183", "186", "187", "188", "189", "190", "192", "193", "194", "209", "211",
        "212", "213", "503", "504", "508", "861",
    ];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCTABL_R{id}")]));
    assert_eq!(client.seek_bookmark(table, b"nonsense", 0), Err(ErrorCode::EC_INVALID_BOOKMARK));
    assert_eq!(client.free(table, &bookmark), Ok(()));
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Err(ErrorCode::EC_INVALID_BOOKMARK));
    assert_eq!(client.free(table, &bookmark), Err(ErrorCode::EC_INVALID_BOOKMARK));
    assert_eq!(ErrorCode::EC_INVALID_BOOKMARK.0, 0x8004_0405);
    record(TEST, &["MS-OXCTABL_R511", "MS-OXCTABL_R2481"]);
    let attachments = fixture.deliver_subject("x", 9);
    let inbox = fixture_inbox(&mut client, &fixture);
    let (_, message) = client.open_message(inbox, FolderId(0), attachments, 0).unwrap();
    let attachments = client.attachment_table(message).unwrap();
    assert_eq!(client.bookmark(attachments), Err(ErrorCode::EC_NOT_SUPPORTED));
}

fn fixture_inbox(client: &mut Client, fixture: &Fixture) -> u32 {
    let (_, logon) = client.log_on(Client::logon_request(crate::fixture::ANNA_DN));
    client.open_folder(logon, fixture.inbox()).unwrap()
}

#[test]
fn a_fraction_of_a_table_is_a_position() {
    const TEST: &str = "a_fraction_of_a_table_is_a_position";
    let fixture = Fixture::new();
    let (mut client, table) = table(&fixture);
    for (numerator, denominator, position) in [(1, 2, 2), (0, 7, 0), (7, 7, 5), (9, 7, 5), (4, 5, 4)] {
        client.seek_fractional(table, numerator, denominator).unwrap();
        assert_eq!(client.position(table), Ok((position, 5)), "{numerator}/{denominator}");
    }
    record(TEST, &["MS-OXCTABL_R514", "MS-OXCTABL_R515", "MS-OXCTABL_R519", "MS-OXCTABL_R855", "MS-OXCTABL_R200"]);
    assert_eq!(client.seek_fractional(table, 1, 0), Err(ErrorCode::EC_INVALID_BOOKMARK));
}

#[test]
fn rows_are_found_in_both_directions() {
    const TEST: &str = "rows_are_found_in_both_directions";
    let fixture = Fixture::new();
    let (mut client, table) = table(&fixture);
    let found = client.find(table, false, Bookmark::BOOKMARK_BEGINNING, "message 1").unwrap();
    assert_eq!((first_text(&found), client.position(table)), ("message 1".to_owned(), Ok((3, 5))));
    record(TEST, &["MS-OXCTABL_R682", "MS-OXCTABL_R225", "MS-OXCTABL_R237", "MS-OXCTABL_R239", "MS-OXCTABL_R824"]);
    record(TEST, &["MS-OXCTABL_R242", "MS-OXCTABL_R243", "MS-OXCTABL_R244", "MS-OXCTABL_R245"]);
    let found = client.find(table, true, Bookmark::BOOKMARK_CURRENT, "message").unwrap();
    assert_eq!((first_text(&found), client.position(table)), ("message 2".to_owned(), Ok((2, 5))));
    record(TEST, &["MS-OXCTABL_R226"]);
    let none = client.find(table, false, Bookmark::BOOKMARK_CURRENT, "message 4");
    assert_eq!((none, client.position(table)), (Err(ErrorCode::EC_NOT_FOUND), Ok((2, 5))));
}

#[test]
fn tables_tell_their_columns_and_that_they_are_not_busy() {
    const TEST: &str = "tables_tell_their_columns_and_that_they_are_not_busy";
    let fixture = Fixture::new();
    let (mut client, table) = table(&fixture);
    let request = RopQueryColumnsAllRequest { logon_id: 0, input_handle_index: 0 };
    let columns = one!(client, table, RopQueryColumnsAll, request).0.unwrap().property_tags;
    for tag in [tags::PID_TAG_MID, tags::PID_TAG_ENTRY_ID, tags::PID_TAG_NORMALIZED_SUBJECT] {
        assert!(columns.contains(&tag), "{tag:?}");
    }
    record(TEST, &["MS-OXCTABL_R218", "MS-OXCTABL_R220", "MS-OXCTABL_R221", "MS-OXCTABL_R222"]);
    let request = RopGetStatusRequest { logon_id: 0, input_handle_index: 0 };
    let status = one!(client, table, RopGetStatus, request).0.unwrap().table_status;
    assert_eq!(status, TableStatus::TBLSTAT_COMPLETE);
    record(TEST, &["MS-OXCTABL_R129", "MS-OXCTABL_R132", "MS-OXCTABL_R488", "MS-OXCTABL_R842"]);
    let request = RopAbortRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(client, table, RopAbort, request).0.err(), Some(ErrorCode::EC_UNABLE_TO_ABORT));
    record(TEST, &["MS-OXCTABL_R124", "MS-OXCTABL_R479", "MS-OXCTABL_R483", "MS-OXCTABL_R485"]);
}

#[test]
fn receive_folders_are_set_listed_and_taken_away() {
    const TEST: &str = "receive_folders_are_set_listed_and_taken_away";
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    assert_eq!(client.set_receive_folder(logon, drafts, "IPM.Plan"), Ok(()));
    assert_eq!(client.receive_folder(logon, "IPM.Plan.Big").unwrap().0, drafts);
    let request = RopGetReceiveFolderTableRequest { logon_id: 0, input_handle_index: 0 };
    let rows = one!(client, logon, RopGetReceiveFolderTable, request).0.unwrap().rows;
    let row = rows.iter().find_map(|row| match row {
        ReceiveFolderRow::StandardPropertyRow { folder_id, message_class, .. } => {
            (message_class.as_bytes() == b"IPM.Plan").then_some(*folder_id)
        }
        ReceiveFolderRow::FlaggedPropertyRow { .. } => None,
    });
    assert_eq!(row, Some(drafts));
    let ids = [
        "241", "249", "282", "287", "294", "296", "297", "299", "301", "305", "306", "307", "59754", "868", "870",
        "872", "59756", "59757",
    ];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCSTOR_R{id}")]));
    assert_eq!(client.set_receive_folder(logon, fixture.inbox(), "ipm.PLAN"), Ok(()));
    assert_eq!(client.receive_folder(logon, "IPM.Plan").unwrap().0, fixture.inbox());
    record(TEST, &["MS-OXCSTOR_R247", "MS-OXCSTOR_R862", "MS-OXCSTOR_R1235"]);
    assert_eq!(client.set_receive_folder(logon, FolderId(0), "IPM.Plan"), Ok(()));
    assert_ne!(client.receive_folder(logon, "IPM.Plan").unwrap().1, b"IPM.Plan");
    record(TEST, &["MS-OXCSTOR_R864"]);
    assert_eq!(client.set_receive_folder(logon, drafts, "IPM"), Err(ErrorCode::EC_ACCESS_DENIED));
    record(TEST, &["MS-OXCSTOR_R859", "MS-OXCSTOR_R271", "MS-OXCSTOR_R272"]);
    assert_eq!(client.set_receive_folder(logon, drafts, ".IPM"), Err(ErrorCode::EC_INVALID_PARAM));
    record(TEST, &["MS-OXCSTOR_R845", "MS-OXCSTOR_R858", "MS-OXCSTOR_R273", "MS-OXCSTOR_R274"]);
    assert_eq!(client.set_receive_folder(logon, FolderId(0), ""), Err(ErrorCode::EC_ERROR));
    record(TEST, &["MS-OXCSTOR_R860", "MS-OXCSTOR_R275", "MS-OXCSTOR_R277"]);
    let request = RopGetStoreStateRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(client, logon, RopGetStoreState, request).0.unwrap().store_state.0, 0);
    record(TEST, &["MS-OXCSTOR_R331", "MS-OXCSTOR_R332", "MS-OXCSTOR_R334"]);
}

/// A recipient with these address properties.
fn recipient(kind: i32, address_type: &str, address: &str) -> PartChange {
    let mut properties = PropertyChanges::new();
    properties
        .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(kind))
        .set(tags::PID_TAG_DISPLAY_NAME, string(address))
        .set(tags::PID_TAG_ADDRESS_TYPE, string(address_type))
        .set(tags::PID_TAG_EMAIL_ADDRESS, string(address));
    PartChange::Replace(properties)
}

#[test]
fn submitted_mail_is_delivered_to_local_users() {
    let fixture = Fixture::new();
    let named = server::store::PropertyName::Lid { guid: runtime::Guid([7; 16]), lid: 9 };
    let own = fixture.mailbox.named_property_ids(std::slice::from_ref(&named), true).unwrap()[0].unwrap();
    let bruno = fixture.store.mailbox(fixture.bruno.mailbox).unwrap();
    // The same name has another id there.
    let other = server::store::PropertyName::Lid { guid: runtime::Guid([8; 16]), lid: 1 };
    bruno.named_property_ids(&[other], true).unwrap();
    let sent = fixture.special(SpecialFolder::SentItems);
    let server_eid = protocol::oxorule::ServerEid { folder_id: sent, message_id: Default::default(), instance: 0 };
    let mut e = runtime::Encoder::new();
    server_eid.pack(&mut e).unwrap();
    let svr_eid = e.finish().to_vec();
    let id = fixture.deliver(|message| {
        message.properties.set(tags::PID_TAG_SUBJECT, string("To all"));
        message.properties.set(tags::PID_TAG_BODY, string("y".repeat(40_000)));
        message.properties.set(PropertyTag((u32::from(own) << 16) | 3), PropertyValue::PtypInteger32(42));
        message.properties.set(tags::PID_TAG_SENT_MAIL_SVR_EID, PropertyValue::PtypServerId(svr_eid.clone().into()));
        message.attachments.insert(0, crate::fixture::attachment("a.bin", &[5; 9000]));
        message.recipients.insert(0, recipient(1, "SMTP", "Bruno@Example.Test"));
        message.recipients.insert(1, recipient(2, "EX", BRUNO_DN));
        message.recipients.insert(2, recipient(3, "SMTP", "anna@example.test"));
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, FolderId(0), id, 3).unwrap();
    client.submit(message).unwrap();
    // Once to Bruno, once to Anna herself, and the original is among the sent.
    assert_eq!(client.subjects(inbox, 0), ["To all"]);
    let sent = client.open_folder(inbox, sent).unwrap();
    assert_eq!(client.subjects(sent, 0), ["To all"]);

    let mut client = fixture.client_of(&fixture.bruno, Locale::default());
    let (_, logon) = client.log_on(Client::logon_request(BRUNO_DN));
    let inbox_id = bruno.special_folders().get(SpecialFolder::Inbox);
    let inbox = client.open_folder(logon, inbox_id).unwrap();
    assert_eq!(client.subjects(inbox, 0), ["To all"]);
    let query = server::store::TableQuery::default();
    let id = bruno.contents(inbox_id, server::store::ContentsKind::Normal, &query).unwrap()[0];
    let there = bruno.named_property_ids(&[named], false).unwrap()[0].unwrap();
    assert_ne!(there, own);
    let (response, message) = client.open_message(inbox, FolderId(0), id, 0).unwrap();
    assert_eq!(client.value(message, PropertyTag((u32::from(there) << 16) | 3)), PropertyValue::PtypInteger32(42));
    assert_eq!(client.value(message, tags::PID_TAG_SENDER_NAME), string("anna"));
    assert_eq!(client.value(message, tags::PID_TAG_RECEIVED_BY_NAME), string("bruno"));
    // Unread, with its attachment; no one is told of blind copies.
    assert_eq!(client.value(message, tags::PID_TAG_READ), PropertyValue::PtypBoolean(false));
    assert_eq!(response.recipient_count, 2);
    let attachment = client.open_attachment(message, 0, protocol::oxcprpt::AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.value(attachment, tags::PID_TAG_ATTACH_DATA_BINARY), binary(vec![5; 9000]));
}

#[test]
fn what_was_taken_for_delivery_is_delivered_once_whatever_breaks_off() {
    let fixture = Fixture::new();
    let bruno = fixture.store.mailbox(fixture.bruno.mailbox).unwrap();
    let inbox = bruno.special_folders().get(SpecialFolder::Inbox);
    let count = || bruno.folder(inbox).unwrap().content_count;
    let to = [fixture.bruno.mailbox, fixture.anna.mailbox];
    let submit = || {
        let id = fixture.deliver_subject("late", 0);
        fixture.mailbox.submit(id, &to, &server::store::Filing::Delete).unwrap()
    };
    // As a process leaves it that ends after it took the message, and before anybody has it.
    submit();
    assert_eq!((count(), fixture.mailbox.folder(fixture.inbox()).unwrap().content_count), (0, 0));
    let resume = || server::rop::resume_deliveries(fixture.store.as_ref(), || crate::fixture::NOW).unwrap();
    assert_eq!((resume(), count()), (1, 1));
    assert_eq!(fixture.mailbox.folder(fixture.inbox()).unwrap().content_count, 1);
    assert_eq!((resume(), count()), (0, 1), "it is off the list");

    // As one leaves it that ends when one of two recipients has it.
    let outgoing = submit();
    let target = server::store::MessageTarget::Create { folder: inbox, associated: false, id: None };
    let submission = server::store::Submission { sender: fixture.mailbox.identity().mailbox, number: outgoing.number };
    bruno.receive(&server::store::MessageChange::new(target), submission).unwrap().unwrap();
    assert_eq!((resume(), count()), (1, 2));
    assert_eq!(fixture.mailbox.folder(fixture.inbox()).unwrap().content_count, 2);
    assert!(fixture.mailbox.outgoing().unwrap().is_empty());
}

#[test]
fn mail_for_no_one_or_for_strangers_is_not_submitted() {
    let fixture = Fixture::new();
    let stranger = fixture.deliver(|message| {
        message.recipients.insert(0, recipient(1, "SMTP", "bruno@example.test"));
        message.recipients.insert(1, recipient(1, "SMTP", "stranger@elsewhere.test"));
    });
    let none = fixture.deliver_subject("none", 0);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, FolderId(0), none, 3).unwrap();
    assert_eq!(client.submit(message), Err(ErrorCode::EC_NO_RECIPIENTS));
    let (_, message) = client.open_message(inbox, FolderId(0), stranger, 3).unwrap();
    assert_eq!(client.submit(message), Err(ErrorCode::EC_INVALID_RECIPS));
    let bruno = fixture.store.mailbox(fixture.bruno.mailbox).unwrap();
    let inbox = bruno.special_folders().get(SpecialFolder::Inbox);
    assert_eq!(bruno.folder(inbox).unwrap().content_count, 0);
    assert_eq!(CODE_PAGE_OF_LOGON, 0x0FFF);
}
