//! What is told of the rows of tables.

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue};
use protocol::oxcnotif::{NotificationDataEvent, TableEventType};
use protocol::oxctabl::{Bookmark, RopQueryColumnsAllRequest};
use protocol::rops::RopReply;
use server::rop::MAX_TOLD_ROWS;
use server::store::{SpecialFolder, tags};

use crate::client::{Client, one};
use crate::fixture::Fixture;
use crate::folder_changes::create_request;
use crate::notifications::{bytes, folder, head, message, number, proved};

/// No notifications about this table.
const NO_NOTIFICATIONS: u8 = 0x10;
/// None about what this session does to it.
const SUPPRESSES_NOTIFICATIONS: u8 = 0x80;

/// The subjects of the Inbox, in a view.
fn viewed(fixture: &Fixture, flags: u8) -> (Client, u32) {
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, flags).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    client.read_table(table, 50);
    (client, table)
}

/// Where a row of a contents table is: FolderId, MessageId, instance.
fn row(fixture: &Fixture, id: MessageId) -> Vec<u8> {
    bytes(&[&folder(fixture.inbox()), &message(id), &[0; 4]])
}

/// TableRowDataSize and a standard row of one string.
fn subject(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.bytes().chain([0]).flat_map(|letter| [letter, 0]).collect();
    bytes(&[&number(units.len() as u64 + 1, 2), &[0], &units])
}

const FIRST: [u8; 20] = [0; 20];

#[test]
fn rows_that_come_change_and_go_are_told_with_their_places() {
    const TEST: &str = "rows_that_come_change_and_go_are_told_with_their_places";
    let fixture = Fixture::new();
    let old = fixture.deliver_subject("old", 1);
    let (mut client, table) = viewed(&fixture, 0);
    assert_eq!(client.news(), [0_u8; 0]);

    let new = fixture.deliver_subject("new", 3);
    let added = bytes(&[&head(table, 0x8100), &[3, 0], &row(&fixture, new), &FIRST, &subject("new")]);
    assert_eq!(client.news(), added);
    proved(TEST, &[18, 23, 97, 110, 129, 139, 140, 141, 144, 145, 148, 149, 152, 156, 160, 162, 163, 166, 166_001]);
    proved(TEST, &[12401, 14201, 14601, 15001, 15401, 15801, 161_002, 16401, 16701, 17101, 17502, 261, 40001]);

    let middle = fixture.deliver_subject("middle", 2);
    let added =
        bytes(&[&head(table, 0x8100), &[3, 0], &row(&fixture, middle), &row(&fixture, new), &subject("middle")]);
    assert_eq!(client.news(), added);
    proved(TEST, &[153, 157, 161]);

    fixture.mailbox.set_read(old, true).unwrap();
    let modified =
        bytes(&[&head(table, 0x8100), &[5, 0], &row(&fixture, old), &row(&fixture, middle), &subject("old")]);
    assert_eq!(client.news(), modified);
    proved(TEST, &[25, 131, 14203, 14603, 15003, 15402, 15802, 161_003, 16402, 16702, 263]);

    fixture.mailbox.delete_messages(fixture.inbox(), &[middle], false).unwrap();
    assert_eq!(client.news(), bytes(&[&head(table, 0x8100), &[4, 0], &row(&fixture, middle)]));
    proved(TEST, &[24, 130, 14202, 14602, 15002, 262]);
    // The table is as it was told.
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    let subjects: Vec<String> = client.read_table(table, 50).iter().map(crate::fixture::first_text).collect();
    assert_eq!(subjects, ["new", "old"]);
}

#[test]
fn the_rows_of_folders_are_told_by_their_folder_alone() {
    const TEST: &str = "the_rows_of_folders_are_told_by_their_folder_alone";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.hierarchy(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_CONTENT_COUNT]).unwrap();
    client.read_table(table, 50);
    let (first, second) = (fixture.create_folder(fixture.inbox(), "a"), fixture.create_folder(fixture.inbox(), "b"));
    let row = |kind: u16, id: FolderId, after: FolderId, count: u8| {
        bytes(&[&head(table, 0x0100), &number(kind.into(), 2), &folder(id), &folder(after), &[5, 0, 0, count, 0, 0, 0]])
    };
    let added = bytes(&[&row(3, first, FolderId(0), 0), &row(3, second, first, 0)]);
    assert_eq!(client.news(), added);
    proved(TEST, &[161_004]);

    let change = server::store::MessageChange::new(server::store::MessageTarget::Create {
        folder: second,
        associated: false,
        id: None,
    });
    fixture.mailbox.save_message(&change).unwrap();
    assert_eq!(client.news(), row(5, second, first, 1));
    fixture.mailbox.delete_folder(first).unwrap();
    assert_eq!(client.news(), bytes(&[&head(table, 0x0100), &[4, 0], &folder(first)]));
}

#[test]
fn many_changes_become_one_that_says_nothing_of_rows() {
    const TEST: &str = "many_changes_become_one_that_says_nothing_of_rows";
    let fixture = Fixture::new();
    let (mut client, table) = viewed(&fixture, 0);
    fixture.deliver_many(MAX_TOLD_ROWS as u64 + 1);
    assert_eq!(client.news(), bytes(&[&head(table, 0x8100), &[1, 0]]));
    proved(TEST, &[22, 128, 14204, 14604, 15004, 15403, 15803, 16403, 16703, 264, 271]);
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    assert_eq!(client.read_table(table, 100).len(), MAX_TOLD_ROWS + 1);
}

fn columns_all(client: &mut Client, table: u32) -> Vec<PropertyTag> {
    let request = RopQueryColumnsAllRequest { logon_id: 0, input_handle_index: 0 };
    one!(client, table, RopQueryColumnsAll, request).0.unwrap().property_tags
}

#[test]
fn a_table_is_told_about_once_it_is_viewed_and_until_it_is_reset() {
    const TEST: &str = "a_table_is_told_about_once_it_is_viewed_and_until_it_is_reset";
    let fixture = Fixture::new();
    fixture.deliver_subject("x", 1);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    type View = fn(&mut Client, u32);
    let views: [(View, u32); 5] = [
        (|client, table| drop(client.find(table, false, Bookmark::BOOKMARK_BEGINNING, "x").unwrap()), 249),
        (|client, table| drop(columns_all(client, table)), 250),
        (|client, table| _ = client.position(table).unwrap(), 251),
        (|client, table| drop(client.read_table(table, 50)), 252),
        (|client, table| _ = client.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap(), 253),
    ];
    for (view, statement) in views {
        let (table, _) = client.contents(inbox, 0).unwrap();
        client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
        fixture.deliver_subject("before", 2);
        assert_eq!(client.news(), [0_u8; 0], "{statement}");
        view(&mut client, table);
        fixture.deliver_subject("after", 3);
        let told = client.news();
        assert_eq!(told[..head(table, 0x8100).len()], head(table, 0x8100), "{statement}");
        proved(TEST, &[245, 257, statement]);
        client.reset(table).unwrap();
        fixture.deliver_subject("reset", 4);
        assert_eq!(client.news(), [0_u8; 0], "{statement}");
        client.release(table);
    }
    proved(TEST, &[275, 277, 279, 281, 283]);

    let (table, _) = client.contents(inbox, 0).unwrap();
    let bookmark = client.bookmark(table).unwrap();
    fixture.deliver_subject("before", 2);
    assert_eq!(client.news(), [0_u8; 0]);
    client.seek_bookmark(table, &bookmark, 0).unwrap();
    fixture.deliver_subject("after", 3);
    assert_eq!(client.news(), bytes(&[&head(table, 0x8100), &[1, 0]]), "a table without columns has no rows to tell");
    proved(TEST, &[255, 286]);
}

#[test]
fn a_table_that_wants_none_is_not_told_about() {
    const TEST: &str = "a_table_that_wants_none_is_not_told_about";
    let fixture = Fixture::new();
    let (mut client, _) = viewed(&fixture, NO_NOTIFICATIONS);
    fixture.deliver_subject("x", 1);
    assert_eq!(client.news(), [0_u8; 0]);
    proved(TEST, &[258]);
}

#[test]
fn a_table_of_folders_can_do_without_what_its_own_session_does() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.hierarchy(inbox, SUPPRESSES_NOTIFICATIONS).unwrap();
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME]).unwrap();
    client.read_table(table, 50);
    client.create_folder(inbox, create_request("own")).unwrap();
    assert_eq!(client.notifications, []);
    assert_eq!(client.news(), [0_u8; 0]);
    let (mut other, of_other) = fixture.opened(SpecialFolder::Inbox);
    other.create_folder(of_other, create_request("of another")).unwrap();
    assert!(!client.news().is_empty());
}

#[test]
fn rows_are_told_in_the_columns_that_the_table_has() {
    let fixture = Fixture::new();
    let (mut client, table) = viewed(&fixture, 0);
    let ids: Vec<MessageId> = (0..3).map(|minute| fixture.deliver_subject(&"x".repeat(20), minute)).collect();
    // Room for one only; then the columns change.
    client.limit = 110;
    let told = client.news();
    assert_eq!(told[told.len() - 3], 0x6E, "{told:?}");
    client.limit = 32 * 1024;
    client.set_columns(table, &[tags::PID_TAG_IMPORTANCE]).unwrap();
    let kinds: Vec<_> = client.notifications.iter().map(kind).collect();
    assert_eq!(kinds, vec![TableEventType::TABLE_CHANGED; ids.len() - 1]);
    let new = fixture.deliver_with(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2));
    let place = bytes(&[&head(table, 0x8100), &[3, 0], &row(&fixture, new)]);
    let news = client.news();
    assert_eq!(news[..place.len()], place);
    assert_eq!(news[news.len() - 7..], [5, 0, 0, 2, 0, 0, 0]);
    proved("rows_are_told_in_the_columns_that_the_table_has", &[166_001]);
}

fn kind(notification: &RopReply<'_>) -> TableEventType {
    match notification {
        RopReply::RopNotify(notify) => match &notify.notification_data.event {
            NotificationDataEvent::TableModified(change) => change.table_event_type(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
