//! Rows that are grouped, opened and closed.

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyValue, SortDirection};
use protocol::oxctabl::*;
use protocol::rops::RopRequest;
use runtime::Blob;
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::{Answer, Cells, Client, cells, one};
use crate::fixture::{Fixture, attachment, text};
use crate::record;

const UP: SortDirection = SortDirection::ASCENDING;
const DOWN: SortDirection = SortDirection::DESCENDING;
const CLASS: PropertyTag = tags::PID_TAG_MESSAGE_CLASS;
const SUBJECT: PropertyTag = tags::PID_TAG_SUBJECT;
const IMPORTANCE: PropertyTag = tags::PID_TAG_IMPORTANCE;
const TIME: PropertyTag = tags::PID_TAG_MESSAGE_DELIVERY_TIME;

const COLUMNS: [PropertyTag; 9] = [
    CLASS,
    SUBJECT,
    tags::PID_TAG_ROW_TYPE,
    tags::PID_TAG_DEPTH,
    tags::PID_TAG_INST_ID,
    tags::PID_TAG_INSTANCE_NUM,
    tags::PID_TAG_CONTENT_COUNT,
    tags::PID_TAG_CONTENT_UNREAD_COUNT,
    IMPORTANCE,
];

impl Client {
    pub fn expand(&mut self, table: u32, category_id: u64, max_row_count: u16) -> Answer<(u32, Vec<Cells>)> {
        let request = RopExpandRowRequest { logon_id: 0, input_handle_index: 0, max_row_count, category_id };
        let (result, _) = one!(self, table, RopExpandRow, request);
        result.map(|response| (response.expanded_row_count, response.row_data.into_iter().map(cells).collect()))
    }

    pub fn collapse(&mut self, table: u32, category_id: u64) -> Answer<u32> {
        let request = RopCollapseRowRequest { logon_id: 0, input_handle_index: 0, category_id };
        one!(self, table, RopCollapseRow, request).0.map(|response| response.collapsed_row_count)
    }

    pub fn collapse_state(&mut self, table: u32, row_id: u64) -> Answer<Vec<u8>> {
        let request = RopGetCollapseStateRequest { logon_id: 0, input_handle_index: 0, row_id, row_instance_number: 0 };
        one!(self, table, RopGetCollapseState, request).0.map(|response| response.collapse_state.into_owned())
    }

    pub fn set_collapse_state(&mut self, table: u32, state: &[u8]) -> Answer<Vec<u8>> {
        let collapse_state = Blob::Owned(state.to_vec());
        let request = RopSetCollapseStateRequest { logon_id: 0, input_handle_index: 0, collapse_state };
        one!(self, table, RopSetCollapseState, request).0.map(|response| response.bookmark.into_owned())
    }

    /// The whole table from its beginning, a line for each row: its type, and its class or its subject.
    fn lines(&mut self, table: u32) -> Vec<String> {
        self.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
        self.read_table(table, 50).iter().map(line).collect()
    }
}

fn number(cell: &Result<PropertyValue<'static>, ErrorCode>) -> i64 {
    match cell {
        Ok(PropertyValue::PtypInteger32(number)) => (*number).into(),
        Ok(PropertyValue::PtypInteger64(number)) => *number,
        other => panic!("{other:?} is no number"),
    }
}

/// `+ IPM.Note 2/1 @0` for a closed header of two rows, one unread; `- ..` for an open one; the subject of a message.
fn line(row: &Cells) -> String {
    match number(&row[2]) {
        1 => format!("{} @{}", text(row[1].as_ref().unwrap()), number(&row[3])),
        kind @ (3 | 4) => {
            let sign = if kind == 3 { '-' } else { '+' };
            let name = row[0].as_ref().map_or_else(|_| "none".to_owned(), text);
            let inner = row[8].as_ref().map_or_else(|_| String::new(), |_| format!("/{}", number(&row[8])));
            format!("{sign} {name}{inner} {}/{} @{}", number(&row[6]), number(&row[7]), number(&row[3]))
        }
        other => panic!("row type {other}"),
    }
}

fn id(row: &Cells) -> u64 {
    number(&row[4]).cast_unsigned()
}

/// Messages of two classes: notes "a" (read), "c", tasks "b", "d", each with an importance.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    for (minute, (subject, class, importance)) in
        [("a", "IPM.Note", 1), ("b", "IPM.Task", 2), ("c", "IPM.Note", 2), ("d", "IPM.Task", 2)].into_iter().enumerate()
    {
        let id = fixture.deliver(|message| {
            let time = runtime::FileTime(crate::fixture::NOW.0 + minute as u64);
            message
                .properties
                .set(SUBJECT, string(subject))
                .set(CLASS, string(class))
                .set(IMPORTANCE, PropertyValue::PtypInteger32(importance))
                .set(TIME, PropertyValue::PtypTime(time));
        });
        if subject == "a" {
            fixture.mailbox.set_read(id, true).unwrap();
        }
    }
    fixture
}

fn grouped(fixture: &Fixture, count: u16, expanded: u16, keys: &[(PropertyTag, SortDirection)]) -> (Client, u32) {
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &COLUMNS).unwrap();
    let request = RopSortTableRequest { category_count: count, expanded_count: expanded, ..Client::sort_request(keys) };
    assert_eq!(client.sort(table, request), Ok(TableStatus::TBLSTAT_COMPLETE));
    (client, table)
}

fn prove(test: &str, ids: &[&str]) {
    ids.iter().for_each(|id| record(test, &[&format!("MS-OXCTABL_R{id}")]));
}

#[test]
fn headers_stand_before_their_rows_and_count_them() {
    const TEST: &str = "headers_stand_before_their_rows_and_count_them";
    let fixture = fixture();
    let (mut client, table) = grouped(&fixture, 1, 1, &[(CLASS, UP), (SUBJECT, DOWN)]);
    let lines = ["- IPM.Note 2/1 @0", "c @1", "a @1", "- IPM.Task 2/2 @0", "d @1", "b @1"];
    assert_eq!(client.lines(table), lines);
    assert_eq!(client.position(table), Ok((6, 6)));
    prove(TEST, &["4", "13", "17", "19", "20", "21", "22", "66", "67", "71", "72", "617", "618", "619"]);
    // One more of the class: the header counts it at once.
    fixture.deliver(|message| _ = message.properties.set(SUBJECT, string("b2")));
    let lines = ["- IPM.Note 3/2 @0", "c @1", "b2 @1", "a @1", "- IPM.Task 2/2 @0", "d @1", "b @1"];
    assert_eq!(client.lines(table), lines);
    // Closed from the beginning: the headers alone, with the same counts.
    let (mut client, table) = grouped(&fixture, 1, 0, &[(CLASS, DOWN)]);
    assert_eq!(client.lines(table), ["+ IPM.Task 2/2 @0", "+ IPM.Note 3/2 @0"]);
    prove(TEST, &["18", "23"]);
}

#[test]
fn categories_are_in_categories() {
    const TEST: &str = "categories_are_in_categories";
    let fixture = fixture();
    let keys = [(CLASS, UP), (IMPORTANCE, DOWN), (SUBJECT, UP)];
    let (mut client, table) = grouped(&fixture, 2, 2, &keys);
    let lines = [
        "- IPM.Note 2/1 @0",
        "- IPM.Note/2 1/1 @1",
        "c @2",
        "- IPM.Note/1 1/0 @1",
        "a @2",
        "- IPM.Task 2/2 @0",
        "- IPM.Task/2 2/2 @1",
        "b @2",
        "d @2",
    ];
    assert_eq!(client.lines(table), lines);
    prove(TEST, &["621"]);
    // The outer ones begin open, the inner ones closed.
    let (mut client, table) = grouped(&fixture, 2, 1, &keys);
    let lines =
        ["- IPM.Note 2/1 @0", "+ IPM.Note/2 1/1 @1", "+ IPM.Note/1 1/0 @1", "- IPM.Task 2/2 @0", "+ IPM.Task/2 2/2 @1"];
    assert_eq!(client.lines(table), lines);
}

#[test]
fn categories_come_in_the_order_of_their_greatest_values() {
    const TEST: &str = "categories_come_in_the_order_of_their_greatest_values";
    let fixture = fixture();
    // The newest task is newer than the newest note.
    let maximum = (TIME, SortDirection::MAXIMUM_CATEGORY);
    let (mut client, table) = grouped(&fixture, 1, 1, &[(CLASS, DOWN), maximum, (SUBJECT, UP)]);
    let lines = ["- IPM.Task 2/2 @0", "b @1", "d @1", "- IPM.Note 2/1 @0", "a @1", "c @1"];
    assert_eq!(client.lines(table), lines);
    fixture.deliver(|message| {
        let time = runtime::FileTime(crate::fixture::NOW.0 + 99);
        message.properties.set(SUBJECT, string("e")).set(TIME, PropertyValue::PtypTime(time));
    });
    let lines = ["- IPM.Note 3/2 @0", "a @1", "c @1", "e @1", "- IPM.Task 2/2 @0", "b @1", "d @1"];
    assert_eq!(client.lines(table), lines);
    prove(TEST, &["81", "82"]);
    let (mut client, table) = grouped(&fixture, 1, 1, &[(CLASS, UP), maximum]);
    assert_eq!(client.lines(table)[0], "- IPM.Task 2/2 @0");
    let request = RopSortTableRequest { category_count: 0, ..Client::sort_request(&[maximum]) };
    assert_eq!(client.sort(table, request), Err(ErrorCode::EC_INVALID_PARAM));
}

#[test]
fn categories_open_and_close() {
    const TEST: &str = "categories_open_and_close";
    let fixture = fixture();
    let (mut client, table) = grouped(&fixture, 1, 0, &[(CLASS, UP), (SUBJECT, UP)]);
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    let headers = client.read_table(table, 9);
    let (notes, tasks) = (id(&headers[0]), id(&headers[1]));
    let (count, rows) = client.expand(table, tasks, 1).unwrap();
    assert_eq!((count, rows.iter().map(line).collect::<Vec<_>>()), (2, vec!["b @1".to_owned()]));
    prove(TEST, &["272", "273", "275", "278", "279", "280", "281", "814", "825", "274"]);
    assert_eq!(client.lines(table), ["+ IPM.Note 2/1 @0", "- IPM.Task 2/2 @0", "b @1", "d @1"]);
    prove(TEST, &["567", "568"]);
    assert_eq!(client.expand(table, tasks, 1), Err(ErrorCode::EC_NOT_COLLAPSED));
    assert_eq!(ErrorCode::EC_NOT_COLLAPSED.0, 0x0000_04F8);
    prove(TEST, &["571"]);
    assert_eq!(client.expand(table, 0x1234_FFFF, 1), Err(ErrorCode::EC_NOT_FOUND));
    prove(TEST, &["570"]);
    assert_eq!(client.collapse(table, tasks), Ok(2));
    assert_eq!(client.lines(table), ["+ IPM.Note 2/1 @0", "+ IPM.Task 2/2 @0"]);
    prove(TEST, &["283", "284", "287", "573", "574"]);
    assert_eq!(client.collapse(table, notes), Err(ErrorCode::EC_NOT_EXPANDED));
    assert_eq!(ErrorCode::EC_NOT_EXPANDED.0, 0x0000_04F7);
    prove(TEST, &["577"]);
    assert_eq!(client.collapse(table, 7), Err(ErrorCode::EC_NOT_FOUND));
    prove(TEST, &["576"]);
    // No rows are wanted in the reply.
    assert_eq!(client.expand(table, notes, 0), Ok((2, Vec::new())));
    assert_eq!(client.lines(table), ["- IPM.Note 2/1 @0", "a @1", "c @1", "+ IPM.Task 2/2 @0"]);
}

#[test]
fn a_bookmark_in_a_closed_category_leads_to_the_next_row() {
    const TEST: &str = "a_bookmark_in_a_closed_category_leads_to_the_next_row";
    let fixture = fixture();
    let (mut client, table) = grouped(&fixture, 1, 1, &[(CLASS, UP), (SUBJECT, UP)]);
    let rows = client.read_table(table, 9);
    // At "a", the first note; the next that can be seen when notes are closed are the tasks.
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 1).unwrap();
    let bookmark = client.bookmark(table).unwrap();
    assert_eq!(client.collapse(table, id(&rows[0])), Ok(2));
    assert_eq!(client.position(table), Ok((1, 4)), "the cursor goes along");
    client.seek(table, Bookmark::BOOKMARK_END, 0).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Ok((true, false, 0)));
    assert_eq!(client.position(table), Ok((1, 4)));
    prove(TEST, &["182", "506"]);
    client.expand(table, id(&rows[0]), 0).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Ok((false, false, 0)));
    assert_eq!(client.position(table), Ok((1, 6)));
}

#[test]
fn the_state_of_categories_is_kept_and_set_again() {
    const TEST: &str = "the_state_of_categories_is_kept_and_set_again";
    let fixture = fixture();
    let keys = [(CLASS, UP), (SUBJECT, UP)];
    let (mut client, table) = grouped(&fixture, 1, 1, &keys);
    let rows = client.read_table(table, 9);
    let (notes, d) = (id(&rows[0]), id(&rows[5]));
    client.collapse(table, notes).unwrap();
    let state = client.collapse_state(table, d).unwrap();
    assert!(!state.is_empty());
    prove(TEST, &["288", "289", "290", "294", "579", "582"]);
    client.expand(table, notes, 0).unwrap();
    let bookmark = client.set_collapse_state(table, &state).unwrap();
    let closed = ["+ IPM.Note 2/1 @0", "- IPM.Task 2/2 @0", "b @1", "d @1"];
    assert_eq!(client.lines(table), closed);
    prove(TEST, &["301", "304", "306", "585", "588"]);
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Ok((false, false, 0)));
    assert_eq!(client.position(table), Ok((3, 4)));
    prove(TEST, &["305", "314", "315"]);
    assert_eq!(client.free(table, &bookmark), Ok(()));
    // In another session, in a table of the same order.
    let (mut other, table) = grouped(&fixture, 1, 1, &keys);
    other.set_collapse_state(table, &state).unwrap();
    assert_eq!(other.lines(table), closed);
    prove(TEST, &["307"]);
    // Not in one of another order, nor from other bytes.
    let (mut other, table) = grouped(&fixture, 1, 1, &keys[..1]);
    assert_eq!(other.set_collapse_state(table, &state), Err(ErrorCode::EC_INVALID_PARAM));
    prove(TEST, &["308"]);
    assert_eq!(other.set_collapse_state(table, &state[1..]), Err(ErrorCode::EC_INVALID_PARAM));
    assert_eq!(other.set_collapse_state(table, b""), Err(ErrorCode::EC_INVALID_PARAM));
}

#[test]
fn rows_are_found_among_headers() {
    let fixture = fixture();
    let (mut client, table) = grouped(&fixture, 1, 1, &[(CLASS, UP), (SUBJECT, UP)]);
    let found = client.find(table, false, Bookmark::BOOKMARK_BEGINNING, "d").unwrap();
    assert_eq!((line(&found), client.position(table)), ("d @1".to_owned(), Ok((5, 6))));
    let found = client.find(table, true, Bookmark::BOOKMARK_CURRENT, "a").unwrap();
    assert_eq!((line(&found), client.position(table)), ("a @1".to_owned(), Ok((1, 6))));
    // What cannot be seen is not found.
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    let notes = id(&client.read_table(table, 1)[0]);
    client.collapse(table, notes).unwrap();
    assert_eq!(client.find(table, false, Bookmark::BOOKMARK_BEGINNING, "a"), Err(ErrorCode::EC_NOT_FOUND));
}

/// The return value of a request whose reply holds rows, from its bytes.
fn code(client: &mut Client, table: u32, request: RopRequest<'_>) -> ErrorCode {
    let bytes = client.run_bytes(&[request], &[table]).unwrap();
    ErrorCode::unpack(&mut runtime::Cursor::new(&bytes[4..])).unwrap()
}

#[test]
fn only_contents_tables_with_columns_have_categories() {
    const TEST: &str = "only_contents_tables_with_columns_have_categories";
    let fixture = fixture();
    let id = fixture.deliver(|message| {
        message.properties.set(SUBJECT, string("e"));
        message.attachments.insert(0, attachment("a", b"1"));
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (contents, _) = client.contents(inbox, 0).unwrap();
    let expand = RopExpandRowRequest { logon_id: 0, input_handle_index: 0, max_row_count: 0, category_id: 1 };
    assert_eq!(code(&mut client, contents, RopRequest::RopExpandRow(expand)), ErrorCode::EC_NULL_OBJECT);
    assert_eq!(client.collapse(contents, 1), Err(ErrorCode::EC_NULL_OBJECT));
    assert_eq!(client.collapse_state(contents, 1), Err(ErrorCode::EC_NULL_OBJECT));
    assert_eq!(client.set_collapse_state(contents, b"x"), Err(ErrorCode::EC_NULL_OBJECT));
    prove(TEST, &["8261", "8263", "8265", "8267"]);
    let (hierarchy, _) = client.hierarchy(inbox, 0).unwrap();
    let (_, message) = client.open_message(inbox, fixture.inbox(), id, 0).unwrap();
    let attachments = client.attachment_table(message).unwrap();
    for table in [hierarchy, attachments] {
        client.set_columns(table, &[tags::PID_TAG_INST_ID]).unwrap();
        assert_eq!(client.expand(table, 1, 0), Err(ErrorCode::EC_NOT_SUPPORTED));
        assert_eq!(client.collapse(table, 1), Err(ErrorCode::EC_NOT_SUPPORTED));
        assert_eq!(client.collapse_state(table, 1), Err(ErrorCode::EC_NOT_SUPPORTED));
        assert_eq!(client.set_collapse_state(table, b"x"), Err(ErrorCode::EC_NOT_SUPPORTED));
    }
    prove(TEST, &["572", "578", "584", "590"]);
    assert_eq!(ErrorCode::EC_NOT_SUPPORTED.0, 0x8004_0102);
    // Without categories there is none to open.
    client.set_columns(contents, &COLUMNS).unwrap();
    assert_eq!(client.expand(contents, 1, 0), Err(ErrorCode::EC_NOT_FOUND));
    assert_eq!(client.lines(contents).len(), 5);
    prove(TEST, &["636"]);
}
