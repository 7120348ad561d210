//! Replies read by hand, field by field: what stands in the bytes, whoever wrote them.

use protocol::oxcdata::{ModifyRecipientRow, PropertyTag, PropertyValue, RecipientClass, RecipientRow, TypedString};
use protocol::oxcmsg::{CODE_PAGE_OF_LOGON, MessageOpenModeFlags, RopOpenMessageRequest};
use protocol::oxcprpt::{
    RopGetPropertiesAllRequest, RopGetPropertiesListRequest, RopGetPropertiesSpecificRequest, RopSetPropertiesRequest,
};
use protocol::oxcstor::RopLogonRequest;
use protocol::oxctabl::{Bookmark, RopQueryRowsRequest};
use protocol::rops::RopRequest;
use runtime::rop::INVALID_HANDLE;
use runtime::{Cursor, Encoder, Guid};
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{ANNA_DN, Fixture};
use crate::recipients::smtp;
use crate::record;

/// The only reply of a batch, after RopSize, RopId, handle index and ReturnValue, which is 0.
fn body(client: &mut Client, request: RopRequest<'_>, object: u32) -> Vec<u8> {
    let output = client.run_bytes(&[request], &[object, INVALID_HANDLE]).unwrap();
    let mut c = Cursor::new(&output);
    let size = usize::from(c.u16().unwrap());
    let mut reply = c.sub(size - 2).unwrap();
    reply.take(2).unwrap();
    assert_eq!(reply.u32(), Ok(0));
    reply.take_rest().to_vec()
}

#[test]
fn a_logon_tells_flags_replica_and_time() {
    const TEST: &str = "a_logon_tells_flags_replica_and_time";
    let fixture = Fixture::new();
    let mut client = fixture.client();
    let request = |store_state: u8| {
        let mut e = Encoder::new();
        let request = RopLogonRequest { output_handle_index: 1, ..Client::logon_request(ANNA_DN) };
        RopRequest::RopLogon(request).pack(&mut e).unwrap();
        let mut bytes = e.finish().to_vec();
        // After RopId, LogonId, handle index, LogonFlags and OpenFlags.
        bytes[8..12].fill(store_state);
        bytes
    };
    let output = client.run_packed(&request(0), &[INVALID_HANDLE; 2]).unwrap();
    let mut c = Cursor::new(&output[8..]);

    let logon_flags = c.u8().unwrap();
    assert_eq!((logon_flags & 0x01, logon_flags & !0x07), (0x01, 0));
    record(TEST, &["MS-OXCROPS_R70"]);
    c.take(13 * 8).unwrap();
    let response_flags = c.u8().unwrap();
    // The owner's rights, and the bit that is always set.
    assert_eq!((response_flags & 0x07, response_flags & !0x17), (0x07, 0));
    record(TEST, &["MS-OXCROPS_R71"]);

    c.take(16).unwrap();
    let repl_id = c.u16().unwrap();
    let repl_guid = Guid(c.array().unwrap());
    assert_eq!(c.take(8).unwrap(), [15, 30, 6, 2, 24, 11, 0xEA, 0x07]);
    let time = ["R77", "R79", "R81", "R83", "R85", "R87", "R89"].map(|id| format!("MS-OXCROPS_{id}"));
    time.iter().for_each(|id| record(TEST, &[id]));

    // An id with this number is one of this replica.
    let logon = client.log_on(Client::logon_request(ANNA_DN)).1;
    let long = client.long_term_id(logon, protocol::oxcdata::ObjectId(fixture.inbox().0)).unwrap();
    assert_eq!((fixture.inbox().repl_id(), long.database_guid), (repl_id, repl_guid));
    record(TEST, &["MS-OXCROPS_R62"]);

    // Whatever the client sends as StoreState.
    let again = client.run_packed(&request(0xFF), &[INVALID_HANDLE; 2]).unwrap();
    let replies = |output: &[u8]| output[..output.len() - 2 * 4].to_vec();
    assert_eq!(replies(&again), replies(&output));
    record(TEST, &["MS-OXCROPS_R4678"]);
}

#[test]
fn recipients_of_an_opened_message_are_rows_of_their_size() {
    const TEST: &str = "recipients_of_an_opened_message_are_rows_of_their_size";
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (id, message) = client.create_message(logon, drafts, false).unwrap();
    let sent = [(0, RecipientClass::TO, "carla"), (1, RecipientClass::CC, "dora"), (2, RecipientClass::BCC, "erna")];
    let rows: Vec<ModifyRecipientRow<'_>> = sent.map(|(id, class, name)| smtp(id, class, name)).into();
    client.modify_recipients(message, &[tags::PID_TAG_RECIPIENT_ORDER], rows).unwrap();
    client.save(message, 0x0A).unwrap();
    let request = RopOpenMessageRequest {
        logon_id: 0,
        input_handle_index: 0,
        output_handle_index: 1,
        code_page_id: CODE_PAGE_OF_LOGON,
        folder_id: drafts,
        open_mode_flags: MessageOpenModeFlags(0),
        message_id: id,
    };
    let bytes = body(&mut client, RopRequest::RopOpenMessage(request), logon);
    let mut c = Cursor::new(&bytes);
    c.bool8().unwrap();
    for _ in 0..2 {
        TypedString::unpack(&mut c).unwrap();
    }
    assert_eq!(c.u16(), Ok(3));
    let columns: Vec<PropertyTag> = (0..c.u16().unwrap()).map(|_| PropertyTag(c.u32().unwrap())).collect();
    assert_eq!(columns, [tags::PID_TAG_RECIPIENT_ORDER]);
    assert_eq!(c.u8(), Ok(3));
    for expected in 1..=3 {
        let recipient_type = c.u8().unwrap();
        assert_eq!(recipient_type, expected);
        let (_, reserved, size) = (c.u16().unwrap(), c.u16().unwrap(), c.u16().unwrap());
        assert_eq!(reserved, 0);
        let mut row = c.sub(size.into()).unwrap();
        let of_row = RecipientRow::unpack(&mut row, &columns).unwrap();
        row.finish().unwrap();
        assert_eq!(of_row.recipient_column_count, 1);
        assert!(format!("{of_row:?}").contains("PtypInteger32(7)"), "{of_row:?}");
    }
    c.finish().unwrap();
    let ids = ["R1718", "R1724", "R1725", "R1727", "R1729", "R1730", "R1731", "R1733", "R1735"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCROPS_{id}")]));
}

#[test]
fn a_problem_is_an_index_a_tag_and_a_code() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let value = |property_tag, property_value| protocol::oxcdata::TaggedPropertyValue { property_tag, property_value };
    let request = RopSetPropertiesRequest {
        logon_id: 0,
        input_handle_index: 0,
        property_values: vec![
            value(tags::PID_TAG_COMMENT, string("fine")),
            value(tags::PID_TAG_FOLDER_FLAGS, PropertyValue::PtypInteger32(0)),
        ],
    };
    let bytes = body(&mut client, RopRequest::RopSetProperties(request), inbox);
    let mut c = Cursor::new(&bytes);
    assert_eq!((c.u16(), c.u16()), (Ok(1), Ok(1)));
    assert_eq!(c.u32(), Ok(tags::PID_TAG_FOLDER_FLAGS.0));
    // ecComputed: the property follows from others.
    assert_eq!(c.u32(), Ok(0x8004_011A));
    c.finish().unwrap();
    record("a_problem_is_an_index_a_tag_and_a_code", &["MS-OXCDATA_R46", "MS-OXCDATA_R48", "MS-OXCDATA_R50"]);
}

#[test]
fn a_row_has_the_columns_that_were_asked_for() {
    const TEST: &str = "a_row_has_the_columns_that_were_asked_for";
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("AB", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let specific = |property_tags: &[PropertyTag]| {
        RopRequest::RopGetPropertiesSpecific(RopGetPropertiesSpecificRequest {
            logon_id: 0,
            input_handle_index: 0,
            property_size_limit: 0,
            want_unicode: true,
            property_tags: property_tags.to_vec(),
        })
    };
    let (subject, class) = (b"A\0B\0\0\0", b"I\0P\0M\0.\0N\0o\0t\0e\0\0\0");
    let narrow = PropertyTag(0x0037_001E);
    let both = body(&mut client, specific(&[tags::PID_TAG_SUBJECT, tags::PID_TAG_MESSAGE_CLASS]), message);
    assert_eq!(both, [&[0], &subject[..], class].concat());
    let turned = body(&mut client, specific(&[tags::PID_TAG_MESSAGE_CLASS, narrow]), message);
    assert_eq!(turned, [&[0], &class[..], b"AB\0"].concat());
    record(TEST, &["MS-OXCROPS_R2704"]);

    // A property that is not there makes each value one with a flag.
    let flagged = body(&mut client, specific(&[tags::PID_TAG_SUBJECT, tags::PID_TAG_EXPIRY_TIME]), message);
    assert_eq!(flagged, [&[1, 0], &subject[..], &[0x0A, 0x0F, 0x01, 0x04, 0x80]].concat());
    record(TEST, &["MS-OXCDATA_R76", "MS-OXCDATA_R80"]);

    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let (table, _) = client.contents(inbox, 0).unwrap();
    for (columns, row) in [
        (vec![tags::PID_TAG_SUBJECT, tags::PID_TAG_MESSAGE_CLASS], [&subject[..], class].concat()),
        (vec![tags::PID_TAG_MESSAGE_CLASS, tags::PID_TAG_SUBJECT], [&class[..], subject].concat()),
        (vec![narrow], b"AB\0".to_vec()),
    ] {
        client.set_columns(table, &columns).unwrap();
        client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
        let bytes = body(&mut client, RopRequest::RopQueryRows(Client::query_request(0, true, 5)), table);
        // Origin is BOOKMARK_END, one row follows.
        assert_eq!(bytes, [&[0x02, 1, 0, 0], &row[..]].concat());
    }
    record(TEST, &["MS-OXCROPS_R1192"]);
}

#[test]
fn rows_tell_where_the_cursor_stands_after_them() {
    let fixture = Fixture::new();
    fixture.deliver_many(3);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    let mut origin = |forward_read, row_count| {
        let request = RopQueryRowsRequest { forward_read, row_count, ..Client::query_request(0, true, 0) };
        body(&mut client, RopRequest::RopQueryRows(request), table)[0]
    };
    assert_eq!([origin(true, 2), origin(true, 2), origin(false, 9)], [0x01, 0x02, 0x00]);
    record("rows_tell_where_the_cursor_stands_after_them", &["MS-OXCROPS_R1185"]);
}

#[test]
fn a_tag_is_a_type_and_a_number() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| _ = message.properties.set(tags::PID_TAG_SUBJECT, string("AB")));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let request = RopGetPropertiesListRequest { logon_id: 0, input_handle_index: 0 };
    let list = body(&mut client, RopRequest::RopGetPropertiesList(request), message);
    let (count, tags_of_list) = list.split_at(2);
    let count = usize::from(count[0]) | usize::from(count[1]) << 8;
    assert_eq!(tags_of_list.len(), 4 * count);
    // PtypString, then the number of the subject.
    assert!(tags_of_list.chunks(4).any(|tag| tag == [0x1F, 0x00, 0x37, 0x00]), "{list:02x?}");
    record("a_tag_is_a_type_and_a_number", &["MS-OXCDATA_R181", "MS-OXCDATA_R182"]);

    let request =
        RopGetPropertiesAllRequest { logon_id: 0, input_handle_index: 0, property_size_limit: 0, want_unicode: true };
    let all = body(&mut client, RopRequest::RopGetPropertiesAll(request), message);
    // The value follows its tag.
    assert!(all.windows(10).any(|bytes| bytes == b"\x1F\0\x37\0A\0B\0\0\0"), "{all:02x?}");
    record("a_tag_is_a_type_and_a_number", &["MS-OXCDATA_R468"]);
}
