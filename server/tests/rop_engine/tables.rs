//! Columns, order, filter, position and rows.

use protocol::oxcdata::{
    ErrorCode, FuzzyLevelHigh, FuzzyLevelLow, PropertyTag, PropertyValue, RelOp, Restriction, SortDirection,
    TaggedPropertyValue,
};
use protocol::oxctabl::{Bookmark, RopSortTableRequest, TableStatus};
use protocol::rops::{RopReply, RopRequest};
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{Fixture, attachment, first_text};
use crate::record;

const SUBJECT: PropertyTag = tags::PID_TAG_SUBJECT;
const TIME: PropertyTag = tags::PID_TAG_MESSAGE_DELIVERY_TIME;

/// The Inbox's contents table with subjects as its only column.
fn subjects(fixture: &Fixture) -> (Client, u32) {
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    assert_eq!(client.set_columns(table, &[SUBJECT]), Ok(TableStatus::TBLSTAT_COMPLETE));
    (client, table)
}

fn names(rows: &[crate::client::Cells]) -> Vec<String> {
    rows.iter().map(first_text).collect()
}

fn expected(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|number| format!("message {number}")).collect()
}

fn contains(text: &'static str) -> Restriction<'static> {
    Restriction::ContentRestriction {
        fuzzy_level_low: FuzzyLevelLow::FL_SUBSTRING,
        fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
        property_tag: SUBJECT,
        tagged_value: TaggedPropertyValue { property_tag: SUBJECT, property_value: string(text) },
    }
}

#[test]
fn two_page_sizes_read_the_same_rows() {
    let fixture = Fixture::new();
    fixture.deliver_many(60);
    let (mut client, table) = subjects(&fixture);
    let newest_first = expected((0..60).rev());
    for page in [7, 50] {
        assert_eq!(names(&client.read_table(table, page)), newest_first, "{page} rows at a time");
        assert_eq!(client.position(table), Ok((60, 60)));
        let end = client.query(table, Client::query_request(0, true, page)).unwrap();
        assert_eq!(end, (Bookmark::BOOKMARK_END, Vec::new()));
        assert_eq!(client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0), Ok((false, 0)));
    }
    let ids = [
        "MS-OXCTABL_R95",
        "MS-OXCTABL_R108",
        "MS-OXCTABL_R112",
        "MS-OXCTABL_R113",
        "MS-OXCTABL_R118",
        "MS-OXCTABL_R462",
        "MS-OXCTABL_R463",
        "MS-OXCTABL_R467",
        "MS-OXCTABL_R725",
        "MS-OXCTABL_R726",
        "MS-OXCTABL_R724",
        "MS-OXCTABL_R110",
        "MS-OXCTABL_R468",
        "MS-OXCTABL_R427",
        "MS-OXCTABL_R426",
        "MS-OXCTABL_R472",
        "MS-OXCTABL_R837",
        "MS-OXCTABL_R97",
        "MS-OXCTABL_R105",
        "MS-OXCTABL_R831",
    ];
    record("two_page_sizes_read_the_same_rows", &ids);
}

#[test]
fn a_call_gives_at_most_127_rows() {
    let fixture = Fixture::new();
    fixture.deliver_many(130);
    let (mut client, table) = subjects(&fixture);
    let (origin, rows) = client.query(table, Client::query_request(0, true, 0xFFFF)).unwrap();
    assert_eq!((origin, rows.len()), (Bookmark::BOOKMARK_CURRENT, 127));
    let (origin, rows) = client.query(table, Client::query_request(0, true, 0xFFFF)).unwrap();
    assert_eq!((origin, rows.len()), (Bookmark::BOOKMARK_END, 3));
}

#[test]
fn rows_before_the_cursor_come_in_the_order_of_the_table() {
    let fixture = Fixture::new();
    fixture.deliver_many(10);
    let (mut client, table) = subjects(&fixture);
    client.seek(table, Bookmark::BOOKMARK_END, 0).unwrap();
    let (origin, rows) = client.query(table, Client::query_request(0, false, 4)).unwrap();
    assert_eq!(origin, Bookmark::BOOKMARK_CURRENT);
    assert_eq!(names(&rows), expected((0..4).rev()));
    assert_eq!(client.position(table), Ok((6, 10)));
    let (origin, rows) = client.query(table, Client::query_request(0, false, 40)).unwrap();
    assert_eq!(origin, Bookmark::BOOKMARK_BEGINNING);
    assert_eq!(names(&rows), expected((4..10).rev()));
    assert_eq!(client.position(table), Ok((0, 10)));
    let ids = ["MS-OXCTABL_R469", "MS-OXCTABL_R784", "MS-OXCTABL_R106", "MS-OXCTABL_R491", "MS-OXCTABL_R846"];
    record("rows_before_the_cursor_come_in_the_order_of_the_table", &ids);
}

#[test]
fn no_advance_leaves_the_cursor_where_it_is() {
    let fixture = Fixture::new();
    fixture.deliver_many(5);
    let (mut client, table) = subjects(&fixture);
    let (origin, rows) = client.query(table, Client::query_request(0x01, true, 3)).unwrap();
    assert_eq!((origin, rows.len()), (Bookmark::BOOKMARK_CURRENT, 3));
    assert_eq!(client.position(table), Ok((0, 5)));
    let (origin, _) = client.query(table, Client::query_request(0x01, true, 5)).unwrap();
    assert_eq!(origin, Bookmark::BOOKMARK_END);
    assert_eq!(client.position(table), Ok((0, 5)));
    record("no_advance_leaves_the_cursor_where_it_is", &["MS-OXCTABL_R98", "MS-OXCTABL_R470"]);
}

#[test]
fn rows_fill_the_reply_and_the_rest_comes_next() {
    let fixture = Fixture::new();
    fixture.deliver_many(40);
    let (mut client, table) = subjects(&fixture);
    client.limit = 400;
    let (origin, first) = client.query(table, Client::query_request(0, true, 40)).unwrap();
    assert_eq!(origin, Bookmark::BOOKMARK_CURRENT);
    assert!((5..20).contains(&first.len()), "{} rows", first.len());
    let mut all = names(&first);
    all.extend(names(&client.read_table(table, 40)));
    assert_eq!(all, expected((0..40).rev()));
    // Before the cursor, the rows closest to it have room.
    let (_, last) = client.query(table, Client::query_request(0, false, 40)).unwrap();
    assert_eq!(names(&last), expected((0..last.len() as u64).rev()));
    record("rows_fill_the_reply_and_the_rest_comes_next", &["MS-OXCTABL_R464", "MS-OXCTABL_R465"]);
}

#[test]
fn a_reply_with_room_for_no_row_is_too_small() {
    let fixture = Fixture::new();
    fixture.deliver_subject(&"x".repeat(200), 0);
    let (mut client, table) = subjects(&fixture);
    client.limit = 200;
    let refused = client.query(table, Client::query_request(0, true, 10)).unwrap_err();
    assert_eq!(refused, ErrorCode::EC_BUFFER_TOO_SMALL);
    client.limit = 1000;
    assert_eq!(client.query(table, Client::query_request(0, true, 10)).unwrap().1.len(), 1);
    record("a_reply_with_room_for_no_row_is_too_small", &["MS-OXCTABL_R466", "MS-OXCTABL_R478"]);
}

#[test]
fn tables_without_columns_have_no_rows_to_give() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let request = Client::query_request(0, true, 1);
    assert_eq!(query_code(&mut client, table), ErrorCode::EC_NULL_OBJECT);
    client.set_columns(table, &[SUBJECT]).unwrap();
    assert!(client.query(table, request).is_ok());
    // A failure takes the columns away.
    assert_eq!(client.set_columns(table, &[]), Err(ErrorCode::EC_INVALID_PARAM));
    assert_eq!(query_code(&mut client, table), ErrorCode::EC_NULL_OBJECT);
    client.set_columns(table, &[SUBJECT]).unwrap();
    client.reset(table).unwrap();
    assert_eq!(query_code(&mut client, table), ErrorCode::EC_NULL_OBJECT);
    let ids = [
        "MS-OXCTABL_R428",
        "MS-OXCTABL_R429",
        "MS-OXCTABL_R476",
        "MS-OXCTABL_R768",
        "MS-OXCTABL_R866",
        "MS-OXCTABL_R867",
        "MS-OXCTABL_R610",
        "MS-OXCTABL_R553",
        "MS-OXCTABL_R554",
        "MS-OXCTABL_R560",
        "MS-OXCTABL_R49",
        "MS-OXCTABL_R51",
    ];
    record("tables_without_columns_have_no_rows_to_give", &ids);
}

/// The return value of a RopQueryRows that fails, from its bytes: nothing says how to decode rows.
fn query_code(client: &mut Client, table: u32) -> ErrorCode {
    let request = RopRequest::RopQueryRows(Client::query_request(0, true, 1));
    let bytes = client.run_bytes(&[request], &[table]).unwrap();
    ErrorCode::unpack(&mut runtime::Cursor::new(&bytes[4..])).unwrap()
}

#[test]
fn columns_of_types_without_values_are_refused() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    for invalid in [0x0037_0000, 0x0037_000A, 0x0037_0009, 0x0037_100B] {
        let columns = [SUBJECT, PropertyTag(invalid)];
        assert_eq!(client.set_columns(table, &columns), Err(ErrorCode::EC_INVALID_PARAM), "{invalid:#x}");
    }
    let instances = PropertyTag(0x8008_301F);
    assert_eq!(client.set_columns(table, &[instances]), Err(ErrorCode::EC_NOT_SUPPORTED));
    let ids = ["MS-OXCTABL_R435", "MS-OXCTABL_R434"];
    record("columns_of_types_without_values_are_refused", &ids);
}

#[test]
fn tables_have_a_bounded_number_of_columns_and_keys() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let columns: Vec<PropertyTag> = (0..513).map(|id| PropertyTag(0x1000_0003 + (id << 16))).collect();
    assert_eq!(client.set_columns(table, &columns), Err(ErrorCode::EC_TOO_MANY_COLS));
    assert!(client.set_columns(table, &columns[..512]).is_ok());
    let keys: Vec<_> = columns.iter().take(65).map(|tag| (*tag, SortDirection::ASCENDING)).collect();
    assert_eq!(client.sort(table, Client::sort_request(&keys)), Err(ErrorCode::EC_TOO_COMPLEX));
    assert!(client.sort(table, Client::sort_request(&keys[..64])).is_ok());
}

#[test]
fn a_column_may_be_there_twice() {
    let fixture = Fixture::new();
    fixture.deliver_many(1);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[SUBJECT, TIME, SUBJECT]).unwrap();
    let row = client.read_table(table, 1).remove(0);
    assert_eq!((&row[0], &row[2]), (&Ok(string("message 0")), &Ok(string("message 0"))));
    assert!(matches!(row[1], Ok(PropertyValue::PtypTime(_))));
}

#[test]
fn cells_without_value_are_not_found_and_long_values_are_cut() {
    let fixture = Fixture::new();
    fixture.deliver(|message| {
        message.properties.set(SUBJECT, string("s".repeat(600)));
        message.properties.set(tags::PID_TAG_CONVERSATION_INDEX, binary(vec![7; 600]));
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let columns = [SUBJECT, PropertyTag(0x0037_001E), tags::PID_TAG_CONVERSATION_INDEX, TIME];
    client.set_columns(table, &columns).unwrap();
    let row = client.read_table(table, 1).remove(0);
    assert_eq!(row[0], Ok(string("s".repeat(254))));
    let PropertyValue::PtypString8(narrow) = row[1].clone().unwrap() else { panic!("another type") };
    assert_eq!(narrow.as_bytes().len(), 509);
    assert_eq!(row[2], Ok(binary(vec![7; 510])));
    assert_eq!(row[3], Err(ErrorCode::EC_NOT_FOUND));
    let ids = ["MS-OXCTABL_R116", "MS-OXCTABL_R121", "MS-OXCTABL_R122", "MS-OXCTABL_R115"];
    record("cells_without_value_are_not_found_and_long_values_are_cut", &ids);
}

#[test]
fn rows_have_ids_and_keys() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let columns = [tags::PID_TAG_MID, tags::PID_TAG_ENTRY_ID, tags::PID_TAG_INSTANCE_KEY, tags::PID_TAG_READ];
    client.set_columns(table, &columns).unwrap();
    let row = client.read_table(table, 1).remove(0);
    assert_eq!(row[0], Ok(PropertyValue::PtypInteger64(id.0.cast_signed())));
    let (_, message) = client.open_message(inbox, fixture.inbox(), id, 0).unwrap();
    assert_eq!(row[1].clone().unwrap(), client.value(message, tags::PID_TAG_ENTRY_ID));
    assert_eq!(row[2].clone().unwrap(), client.value(message, tags::PID_TAG_INSTANCE_KEY));
    assert_eq!(row[3], Ok(PropertyValue::PtypBoolean(false)));
}

#[test]
fn sorts_and_restricts() {
    let fixture = Fixture::new();
    for (minute, subject) in ["beta", "Alpha", "gamma", "alphabet", "delta"].iter().enumerate() {
        fixture.deliver_subject(subject, minute as u64);
    }
    let (mut client, table) = subjects(&fixture);
    let keys = [(SUBJECT, SortDirection::ASCENDING)];
    assert_eq!(client.sort(table, Client::sort_request(&keys)), Ok(TableStatus::TBLSTAT_COMPLETE));
    assert_eq!(names(&client.read_table(table, 3)), ["Alpha", "alphabet", "beta", "delta", "gamma"]);
    assert_eq!(client.restrict(table, Some(contains("ALPHA"))), Ok(TableStatus::TBLSTAT_COMPLETE));
    assert_eq!(client.position(table), Ok((0, 2)));
    assert_eq!(names(&client.read_table(table, 3)), ["Alpha", "alphabet"]);
    // The new order keeps the filter and takes the cursor back.
    let keys = [(TIME, SortDirection::DESCENDING)];
    client.sort(table, Client::sort_request(&keys)).unwrap();
    assert_eq!(client.position(table), Ok((0, 2)));
    assert_eq!(names(&client.read_table(table, 3)), ["alphabet", "Alpha"]);
    client.restrict(table, None).unwrap();
    assert_eq!(names(&client.read_table(table, 3)), ["delta", "alphabet", "gamma", "Alpha", "beta"]);
    client.restrict(table, Some(contains("nothing"))).unwrap();
    assert_eq!(client.position(table), Ok((0, 0)));
    client.reset(table).unwrap();
    assert_eq!(client.position(table), Ok((0, 5)));
    let ids = [
        "MS-OXCTABL_R437",
        "MS-OXCTABL_R438",
        "MS-OXCTABL_R439",
        "MS-OXCTABL_R447",
        "MS-OXCTABL_R451",
        "MS-OXCTABL_R452",
        "MS-OXCTABL_R453",
        "MS-OXCTABL_R454",
        "MS-OXCTABL_R834",
        "MS-OXCTABL_R56",
        "MS-OXCTABL_R76",
        "MS-OXCTABL_R77",
        "MS-OXCTABL_R85",
        "MS-OXCTABL_R87",
        "MS-OXCTABL_R117",
        "MS-OXCTABL_R119",
        "MS-OXCTABL_R555",
        "MS-OXCTABL_R556",
        "MS-OXCTABL_R557",
        "MS-OXCTABL_R561",
        "MS-OXCTABL_R564",
    ];
    record("sorts_and_restricts", &ids);
}

#[test]
fn failures_leave_order_and_filter_as_they_were() {
    let fixture = Fixture::new();
    for (minute, subject) in ["beta", "alpha", "alphabet"].iter().enumerate() {
        fixture.deliver_subject(subject, minute as u64);
    }
    let (mut client, table) = subjects(&fixture);
    client.sort(table, Client::sort_request(&[(SUBJECT, SortDirection::ASCENDING)])).unwrap();
    client.restrict(table, Some(contains("alpha"))).unwrap();
    let by_time = Client::sort_request(&[(TIME, SortDirection::ASCENDING)]);
    let too_many = RopSortTableRequest { category_count: 2, ..by_time.clone() };
    assert_eq!(client.sort(table, too_many), Err(ErrorCode::EC_INVALID_PARAM));
    let too_many = RopSortTableRequest { category_count: 0, expanded_count: 1, ..by_time };
    assert_eq!(client.sort(table, too_many), Err(ErrorCode::EC_INVALID_PARAM));
    for direction in [SortDirection::MAXIMUM_CATEGORY, SortDirection(7)] {
        let request = Client::sort_request(&[(TIME, direction)]);
        assert_eq!(client.sort(table, request), Err(ErrorCode::EC_INVALID_PARAM));
    }
    let members = Restriction::PropertyRestriction {
        rel_op: RelOp::RELATIONAL_OPERATOR_MEMBER_OF_DL,
        prop_tag: SUBJECT,
        tagged_value: TaggedPropertyValue { property_tag: SUBJECT, property_value: string("x") },
    };
    assert_eq!(client.restrict(table, Some(members)), Err(ErrorCode::EC_TOO_COMPLEX));
    assert_eq!(names(&client.read_table(table, 9)), ["alpha", "alphabet"]);
    let ids = ["MS-OXCTABL_R445", "MS-OXCTABL_R457", "MS-OXCTABL_R63", "MS-OXCTABL_R78"];
    record("failures_leave_order_and_filter_as_they_were", &ids);
}

#[test]
fn seeks_from_the_beginning_the_cursor_and_the_end() {
    let fixture = Fixture::new();
    fixture.deliver_many(10);
    let (mut client, table) = subjects(&fixture);
    for (origin, count, moved, position) in [
        (Bookmark::BOOKMARK_BEGINNING, 4, (false, 4), 4),
        (Bookmark::BOOKMARK_CURRENT, 3, (false, 3), 7),
        (Bookmark::BOOKMARK_CURRENT, -2, (false, -2), 5),
        (Bookmark::BOOKMARK_CURRENT, -9, (true, -5), 0),
        (Bookmark::BOOKMARK_END, -1, (false, -1), 9),
        (Bookmark::BOOKMARK_CURRENT, 5, (true, 1), 10),
        (Bookmark::BOOKMARK_BEGINNING, i32::MAX, (true, 10), 10),
        (Bookmark::BOOKMARK_END, i32::MIN, (true, -10), 0),
        (Bookmark::BOOKMARK_END, 0, (false, 0), 10),
    ] {
        assert_eq!(client.seek(table, origin, count), Ok(moved), "{origin:?} {count}");
        assert_eq!(client.position(table), Ok((position, 10)), "{origin:?} {count}");
    }
    for origin in [Bookmark::BOOKMARK_CUSTOM, Bookmark(9)] {
        assert_eq!(client.seek(table, origin, 0), Err(ErrorCode::EC_INVALID_PARAM));
    }
    let ids = [
        "MS-OXCTABL_R140",
        "MS-OXCTABL_R141",
        "MS-OXCTABL_R145",
        "MS-OXCTABL_R150",
        "MS-OXCTABL_R152",
        "MS-OXCTABL_R154",
        "MS-OXCTABL_R155",
        "MS-OXCTABL_R156",
        "MS-OXCTABL_R157",
        "MS-OXCTABL_R159",
        "MS-OXCTABL_R160",
        "MS-OXCTABL_R161",
        "MS-OXCTABL_R162",
        "MS-OXCTABL_R163",
        "MS-OXCTABL_R496",
        "MS-OXCTABL_R497",
        "MS-OXCTABL_R850",
        "MS-OXCTABL_R133",
        "MS-OXCTABL_R136",
        "MS-OXCTABL_R137",
        "MS-OXCTABL_R138",
        "MS-OXCTABL_R139",
    ];
    record("seeks_from_the_beginning_the_cursor_and_the_end", &ids);
}

#[test]
fn tables_follow_the_folder_and_the_cursor_stays_at_its_row() {
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(6);
    let (mut client, table) = subjects(&fixture);
    let (_, rows) = client.query(table, Client::query_request(0, true, 2)).unwrap();
    assert_eq!(names(&rows), expected((4..6).rev()));
    fixture.mailbox.delete_message(ids[3]).unwrap();
    fixture.mailbox.delete_message(ids[2]).unwrap();
    fixture.deliver_subject("newest", 100);
    // The row of the cursor is gone, so that the next one is read; what is new is before it.
    assert_eq!(client.position(table), Ok((3, 5)));
    let (origin, rows) = client.query(table, Client::query_request(0, true, 10)).unwrap();
    assert_eq!((origin, names(&rows)), (Bookmark::BOOKMARK_END, expected((0..2).rev())));
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    let rows = names(&client.read_table(table, 10));
    assert_eq!(rows, ["newest", "message 5", "message 4", "message 1", "message 0"]);
    client.reset(table).unwrap();
    client.set_columns(table, &[SUBJECT]).unwrap();
    assert_eq!(client.read_table(table, 10).len(), 5);
}

#[test]
fn hierarchy_tables_are_restricted_but_not_sorted() {
    let fixture = Fixture::new();
    for name in ["Alpha", "Beta", "Alphabet"] {
        fixture.create_folder(fixture.inbox(), name);
    }
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.hierarchy(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME]).unwrap();
    let restriction = Restriction::ContentRestriction {
        fuzzy_level_low: FuzzyLevelLow::FL_PREFIX,
        fuzzy_level_high: FuzzyLevelHigh(0),
        property_tag: tags::PID_TAG_DISPLAY_NAME,
        tagged_value: TaggedPropertyValue { property_tag: tags::PID_TAG_DISPLAY_NAME, property_value: string("Alpha") },
    };
    client.restrict(table, Some(restriction)).unwrap();
    assert_eq!(names(&client.read_table(table, 9)), ["Alpha", "Alphabet"]);
    assert_eq!(client.seek(table, Bookmark::BOOKMARK_END, -1), Ok((false, -1)));
    assert_eq!(client.position(table), Ok((1, 2)));
    let keys = [(tags::PID_TAG_DISPLAY_NAME, SortDirection::DESCENDING)];
    assert_eq!(client.sort(table, Client::sort_request(&keys)), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.reset(table), Err(ErrorCode::EC_NOT_SUPPORTED));
    let ids = [
        "MS-OXCTABL_R833",
        "MS-OXCTABL_R835",
        "MS-OXCTABL_R829",
        "MS-OXCTABL_R844",
        "MS-OXCTABL_R848",
        "MS-OXCTABL_R450",
        "MS-OXCTABL_R566",
    ];
    record("hierarchy_tables_are_restricted_but_not_sorted", &ids);
}

#[test]
fn attachment_tables_list_the_attachments() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.attachments.insert(0, attachment("first.txt", b"one"));
        message.attachments.insert(3, attachment("large.bin", &[9; 100_000]));
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, fixture.inbox(), id, 0).unwrap();
    let table = client.attachment_table(message).unwrap();
    let columns = [
        tags::PID_TAG_ATTACH_LONG_FILENAME,
        tags::PID_TAG_ATTACH_NUMBER,
        tags::PID_TAG_ATTACH_DATA_BINARY,
        tags::PID_TAG_ATTACH_MIME_TAG,
    ];
    client.set_columns(table, &columns).unwrap();
    let rows = client.read_table(table, 9);
    assert_eq!(names(&rows), ["first.txt", "large.bin"]);
    assert_eq!(rows[1][1], Ok(PropertyValue::PtypInteger32(3)));
    assert_eq!(rows[0][2], Ok(binary(*b"one")));
    assert_eq!(rows[1][2], Ok(binary(vec![9; 510])));
    assert_eq!(rows[0][3], Err(ErrorCode::EC_NOT_FOUND));
    let keys = [(tags::PID_TAG_ATTACH_NUMBER, SortDirection::DESCENDING)];
    assert_eq!(client.sort(table, Client::sort_request(&keys)), Err(ErrorCode::EC_NOT_SUPPORTED));
    let exists = Restriction::ExistRestriction(tags::PID_TAG_ATTACH_NUMBER);
    assert_eq!(client.restrict(table, Some(exists)), Err(ErrorCode::EC_NOT_SUPPORTED));
    let ids = ["MS-OXCMSG_R490", "MS-OXCTABL_R461", "MS-OXCTABL_R450", "MS-OXCMSG_R905"];
    record("attachment_tables_list_the_attachments", &ids);
}

#[test]
fn asynchronous_requests_are_done_at_once() {
    let fixture = Fixture::new();
    fixture.deliver_many(2);
    let (mut client, table) = subjects(&fixture);
    let asynchronous = protocol::oxctabl::AsynchronousFlags::TBL_ASYNC;
    let sort = RopSortTableRequest {
        sort_table_flags: asynchronous,
        ..Client::sort_request(&[(TIME, SortDirection::ASCENDING)])
    };
    let output = client.run(&[RopRequest::RopSortTable(sort)], &[table]);
    let [RopReply::RopSortTable(reply)] = output.replies.as_slice() else { panic!("another reply") };
    assert_eq!(reply.result.as_ref().unwrap().table_status, TableStatus::TBLSTAT_COMPLETE);
    assert_eq!(names(&client.read_table(table, 9)), expected(0..2));
    record("asynchronous_requests_are_done_at_once", &["MS-OXCTABL_R797", "MS-OXCTABL_R772", "MS-OXCTABL_R799"]);
}
