//! Opening folders and their tables.

use protocol::oxcdata::{ErrorCode, FolderId, PropertyTag, PropertyValue};
use protocol::oxcfold::{OpenModeFlags, RopOpenFolderRequest};
use protocol::rops::{RopReply, RopRequest};
use runtime::rop::INVALID_HANDLE;
use server::store::{MessageChange, MessageTarget, SpecialFolder, tags};

use crate::fixture::{Fixture, first_text};
use crate::record;

#[test]
fn opens_folders_through_the_logon_and_through_folders() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let root = client.open_folder(logon, fixture.special(SpecialFolder::Root)).unwrap();
    let inbox = client.open_folder(root, fixture.inbox()).unwrap();
    let id = client.value(inbox, tags::PID_TAG_FOLDER_ID);
    assert_eq!(id, PropertyValue::PtypInteger64(fixture.inbox().0.cast_signed()));
    let ids = [
        "MS-OXCFOLD_R9",
        "MS-OXCFOLD_R90001",
        "MS-OXCFOLD_R14",
        "MS-OXCFOLD_R2014",
        "MS-OXCFOLD_R16",
        "MS-OXCFOLD_R17",
        "MS-OXCFOLD_R24",
        "MS-OXCFOLD_R26",
        "MS-OXCFOLD_R46202",
    ];
    record("opens_folders_through_the_logon_and_through_folders", &ids);
}

#[test]
fn folders_that_do_not_exist_are_not_found() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let other_replica = fixture.inbox().with_repl_id(2);
    for id in [FolderId(0), fixture.inbox().with_global_counter(0xFFFF_FFFF), other_replica] {
        assert_eq!(client.open_folder(logon, id), Err(ErrorCode::EC_NOT_FOUND));
    }
    record("folders_that_do_not_exist_are_not_found", &["MS-OXCFOLD_R462", "MS-OXCFOLD_R468", "MS-OXCFOLD_R469"]);
}

#[test]
fn ignores_all_bits_of_open_mode_flags_but_one() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    for bit in 0..8 {
        let request = RopOpenFolderRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            folder_id: fixture.inbox(),
            open_mode_flags: OpenModeFlags(1 << bit),
        };
        let output = client.run(&[RopRequest::RopOpenFolder(request)], &[logon, INVALID_HANDLE]);
        let [RopReply::RopOpenFolder(reply)] = output.replies.as_slice() else { panic!("another reply") };
        assert!(reply.result.is_ok(), "bit {bit}");
    }
    let ids = [
        "MS-OXCFOLD_R821",
        "MS-OXCFOLD_R465",
        "MS-OXCFOLD_R46501",
        "MS-OXCFOLD_R46502",
        "MS-OXCFOLD_R46503",
        "MS-OXCFOLD_R46504",
        "MS-OXCFOLD_R46505",
        "MS-OXCFOLD_R46506",
        "MS-OXCFOLD_R46507",
        "MS-OXCFOLD_R22",
        "MS-OXCFOLD_R21",
    ];
    record("ignores_all_bits_of_open_mode_flags_but_one", &ids);
}

#[test]
fn hierarchies_list_children_or_all_levels() {
    let fixture = Fixture::new();
    let projects = fixture.create_folder(fixture.inbox(), "Projects");
    fixture.create_folder(projects, "Alpha");
    fixture.create_folder(projects, "Beta");
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, count) = client.hierarchy(inbox, 0).unwrap();
    assert_eq!(count, 1);
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME, tags::PID_TAG_DEPTH]).unwrap();
    let rows = client.read_table(table, 10);
    assert_eq!(rows.len(), 1);
    assert_eq!(first_text(&rows[0]), "Projects");

    let (table, count) = client.hierarchy(inbox, 0x04).unwrap();
    assert_eq!(count, 3);
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME, tags::PID_TAG_DEPTH]).unwrap();
    let rows = client.read_table(table, 10);
    let names: Vec<String> = rows.iter().map(first_text).collect();
    assert_eq!(names, ["Projects", "Alpha", "Beta"]);
    assert_eq!(rows[2][1], Ok(PropertyValue::PtypInteger32(2)));
    let ids = [
        "MS-OXCFOLD_R305",
        "MS-OXCFOLD_R100002",
        "MS-OXCFOLD_R306",
        "MS-OXCFOLD_R801",
        "MS-OXCFOLD_R802",
        "MS-OXCFOLD_R318",
        "MS-OXCFOLD_R317",
        "MS-OXCFOLD_R648",
        "MS-OXCFOLD_R1163",
        "MS-OXCFOLD_R440",
    ];
    record("hierarchies_list_children_or_all_levels", &ids);
}

#[test]
fn soft_deleted_folders_and_messages_are_none() {
    let fixture = Fixture::new();
    fixture.deliver_many(3);
    fixture.create_folder(fixture.inbox(), "Projects");
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, count) = client.hierarchy(inbox, 0x20).unwrap();
    assert_eq!((count, client.position(table)), (0, Ok((0, 0))));
    let (table, count) = client.contents(inbox, 0x20).unwrap();
    assert_eq!((count, client.position(table)), (0, Ok((0, 0))));
    let ids = ["MS-OXCFOLD_R806", "MS-OXCFOLD_R1219", "MS-OXCFOLD_R1017", "MS-OXCFOLD_R665"];
    record("soft_deleted_folders_and_messages_are_none", &ids);
}

#[test]
fn tables_with_undefined_flags_are_refused() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    for flags in [0x01, 0x02] {
        assert_eq!(client.hierarchy(inbox, flags).unwrap_err(), ErrorCode::EC_NOT_SUPPORTED, "{flags:#x}");
    }
    for flags in [0x01, 0x04] {
        assert_eq!(client.contents(inbox, flags).unwrap_err(), ErrorCode::EC_INVALID_PARAM, "{flags:#x}");
    }
    assert_eq!(client.contents(inbox, 0x80).unwrap_err(), ErrorCode::EC_NOT_SUPPORTED);
    assert!(client.hierarchy(inbox, 0xD8).is_ok());
    assert!(client.contents(inbox, 0x58).is_ok());
    let ids = ["MS-OXCFOLD_R314", "MS-OXCFOLD_R657", "MS-OXCFOLD_R330", "MS-OXCFOLD_R1178", "MS-OXCFOLD_R1179"];
    record("tables_with_undefined_flags_are_refused", &ids);
}

#[test]
fn contents_list_messages_or_associated_messages() {
    let fixture = Fixture::new();
    fixture.deliver_many(3);
    let target = MessageTarget::Create { folder: fixture.inbox(), associated: true, id: None };
    fixture.mailbox.save_message(&MessageChange::new(target)).unwrap();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.contents(inbox, 0).unwrap().1, 3);
    assert_eq!(client.contents(inbox, 0x02).unwrap().1, 1);
    let ids = [
        "MS-OXCFOLD_R320",
        "MS-OXCFOLD_R100502",
        "MS-OXCFOLD_R321",
        "MS-OXCFOLD_R662",
        "MS-OXCFOLD_R663",
        "MS-OXCFOLD_R333",
        "MS-OXCFOLD_R332",
        "MS-OXCFOLD_R661",
        "MS-OXCFOLD_R1170",
        "MS-OXCFOLD_R444",
    ];
    record("contents_list_messages_or_associated_messages", &ids);
}

#[test]
fn string_columns_come_in_the_type_of_their_tags() {
    let fixture = Fixture::new();
    fixture.create_folder(fixture.inbox(), "Grüße");
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.hierarchy(inbox, 0x40).unwrap();
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME, PropertyTag(0x3001_001E)]).unwrap();
    let row = client.read_table(table, 1).remove(0);
    assert_eq!(row[0], Ok(PropertyValue::PtypString("Grüße".into())));
    let narrow = runtime::String8::new(b"Gr\xFC\xDFe".to_vec());
    assert_eq!(row[1], Ok(PropertyValue::PtypString8(narrow)));
    record("string_columns_come_in_the_type_of_their_tags", &["MS-OXCFOLD_R807", "MS-OXCFOLD_R1020"]);
}

#[test]
fn folders_tell_what_is_in_them() {
    let fixture = Fixture::new();
    let integer = PropertyValue::PtypInteger32;
    let columns = [
        tags::PID_TAG_MESSAGE_SIZE,
        tags::PID_TAG_MESSAGE_SIZE_EXTENDED,
        tags::PID_TAG_HIERARCHY_CHANGE_NUMBER,
        tags::PID_TAG_FOLDER_FLAGS,
    ];
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let empty = [integer(0), PropertyValue::PtypInteger64(0), integer(0), integer(0x05)];
    assert_eq!(client.get(inbox, &columns), empty.map(Ok));

    let messages = [fixture.deliver_subject("one", 0), fixture.deliver_subject("two", 1)];
    fixture.create_folder(fixture.inbox(), "Projects");
    let size = |message| match fixture.stored(message, tags::PID_TAG_MESSAGE_SIZE) {
        Some(PropertyValue::PtypInteger32(size)) => size,
        other => panic!("{other:?} is no size"),
    };
    let sum = size(messages[0]) + size(messages[1]);
    assert!(sum > 0);
    let full = [integer(sum), PropertyValue::PtypInteger64(sum.into()), integer(1), integer(0x05)];
    assert_eq!(client.get(inbox, &columns), full.map(Ok));
    assert_eq!(client.get(logon, &columns[..2]), [Ok(integer(sum)), Ok(PropertyValue::PtypInteger64(sum.into()))]);
    let last = fixture.stored(messages[1], tags::PID_TAG_LAST_MODIFICATION_TIME).unwrap();
    assert_eq!(client.value(inbox, tags::PID_TAG_LOCAL_COMMIT_TIME_MAX), last);
    // The root is no folder of the user's.
    let root = client.open_folder(logon, fixture.special(SpecialFolder::Root)).unwrap();
    assert_eq!(client.value(root, tags::PID_TAG_FOLDER_FLAGS), integer(0x04));
    let refused = client.set(inbox, &[(tags::PID_TAG_FOLDER_FLAGS, integer(0))]).unwrap();
    assert_eq!(refused.len(), 1);
    let ids = [
        "MS-OXCFOLD_R353",
        "MS-OXCFOLD_R10353",
        "MS-OXCFOLD_R354",
        "MS-OXCFOLD_R10354",
        "MS-OXCFOLD_R1028",
        "MS-OXCFOLD_R352",
        "MS-OXCFOLD_R35101",
        "MS-OXCFOLD_R1035103",
        "MS-OXCFOLD_R1035107",
        "MS-OXCFOLD_R3002",
        "MS-OXCSTOR_R3064",
        "MS-OXCSTOR_R3065",
    ];
    record("folders_tell_what_is_in_them", &ids);
}
