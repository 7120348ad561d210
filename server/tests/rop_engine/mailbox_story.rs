//! What a mailbox tells of itself, its receive folders and its ids; tables of folders moved in and searched.

use protocol::oxcdata::{
    ErrorCode, FuzzyLevelHigh, FuzzyLevelLow, LongTermId, ObjectId, PropertyType, PropertyValue, Restriction,
    TaggedPropertyValue,
};
use protocol::oxcstor::*;
use protocol::oxctabl::*;
use runtime::Blob;
use server::rop::Locale;
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::{Client, cells, one};
use crate::fixture::{ANNA_DN, BRUNO_DN, Fixture, first_text};
use crate::record;

fn prove(test: &str, document: &str, ids: &[&str]) {
    ids.iter().for_each(|id| record(test, &[&format!("{document}_R{id}")]));
}

#[test]
fn a_logon_tells_whose_mailbox_it_is() {
    const TEST: &str = "a_logon_tells_whose_mailbox_it_is";
    let fixture = Fixture::new();
    let mut client = fixture.client();
    let (result, logon) = client.log_on(Client::logon_request(ANNA_DN));
    let response = result.unwrap();
    assert_eq!(response.folder_ids, fixture.mailbox.special_folders().logon());
    let RopLogonResponseStore::Mailbox { response_flags, .. } = response.store else { panic!("no mailbox") };
    assert_eq!(response_flags.0 & 0x07, 0x07);
    prove(TEST, "MS-OXCSTOR", &["13", "106", "117", "122", "124", "126", "821", "165"]);
    for (tag, id) in [
        (tags::PID_TAG_CONTENT_COUNT, "3061"),
        (tags::PID_TAG_MAILBOX_OWNER_ENTRY_ID, "3062"),
        (tags::PID_TAG_MAILBOX_OWNER_NAME, "3063"),
        (tags::PID_TAG_USER_ENTRY_ID, "3066"),
        (tags::PID_TAG_DISPLAY_NAME, "3071"),
        (tags::PID_TAG_OUT_OF_OFFICE_STATE, "3072"),
    ] {
        let value = match client.value(logon, tag.with_property_type(PropertyType::PTYP_UNSPECIFIED)) {
            PropertyValue::PtypUnspecified(typed) => typed.property_value,
            value => value,
        };
        assert_eq!(value.property_type(), tag.property_type(), "{tag:?}");
        prove(TEST, "MS-OXCSTOR", &[id]);
    }
    for (tag, value, id) in [
        (tags::PID_TAG_MESSAGE_SIZE, PropertyValue::PtypInteger32(1), "3055009"),
        (tags::PID_TAG_MESSAGE_SIZE_EXTENDED, PropertyValue::PtypInteger64(1), "3055010"),
    ] {
        assert_eq!(client.set(logon, &[(tag, value)]).unwrap().len(), 1, "{tag:?}");
        prove(TEST, "MS-OXCSTOR", &[id]);
    }
    // Without a right to anything in it, another's mailbox stays closed.
    let mut bruno = fixture.client_of(&fixture.bruno, Locale::default());
    assert!(bruno.log_on(Client::logon_request(ANNA_DN)).0.is_err());
    assert!(bruno.log_on(Client::logon_request(BRUNO_DN)).0.is_ok());
}

#[test]
fn receive_folders_are_asked_for_by_class() {
    const TEST: &str = "receive_folders_are_asked_for_by_class";
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let (folder, class) = client.receive_folder(logon, "IPM.Note.Long").unwrap();
    assert_eq!(folder, fixture.inbox());
    assert!(
        "IPM.Note.Long".to_ascii_lowercase().starts_with(&String::from_utf8(class.clone()).unwrap().to_lowercase())
    );
    prove(TEST, "MS-OXCSTOR", &["195", "197", "198", "208", "210", "232", "233", "1225"]);
    let well_formed = |class: &[u8]| {
        let dots = class.windows(2).any(|pair| pair == b"..");
        assert!(class.iter().all(|byte| (0x20..0x7F).contains(byte)) && class.len() < 255);
        assert!(!class.starts_with(b".") && !class.ends_with(b".") && !dots);
    };
    well_formed(&class);
    prove(TEST, "MS-OXCSTOR", &["212", "213", "214", "215", "216", "217"]);
    for (odd, id) in [(".IPM", "205"), ("IPM.", "206"), ("IPM..Note", "207"), ("IPM\u{1}", "204")] {
        assert_eq!(client.receive_folder(logon, odd), Err(ErrorCode::EC_INVALID_PARAM), "{odd:?}");
        prove(TEST, "MS-OXCSTOR", &[id]);
    }
    let request = RopGetReceiveFolderTableRequest { logon_id: 0, input_handle_index: 0 };
    let rows = one!(client, logon, RopGetReceiveFolderTable, request).0.unwrap().rows;
    assert!(!rows.is_empty());
    for row in rows {
        let ReceiveFolderRow::StandardPropertyRow { message_class, last_modification_time, .. } = row else {
            panic!("a flagged row")
        };
        well_formed(message_class.as_bytes());
        assert!(last_modification_time.0 > 0);
    }
    prove(TEST, "MS-OXCSTOR", &["308", "309", "310", "311", "312", "313", "314", "877", "879", "880", "320", "321"]);
    let request = RopGetStoreStateRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(client, logon, RopGetStoreState, request).0.unwrap().store_state.0 & !0x0100_0000, 0);
    prove(TEST, "MS-OXCSTOR", &["891", "339", "340"]);
}

#[test]
fn ids_have_a_long_and_a_short_form() {
    const TEST: &str = "ids_have_a_long_and_a_short_form";
    let fixture = Fixture::new();
    let message = fixture.deliver_subject("x", 0);
    let (mut client, logon) = fixture.logged_on();
    for (short, [to_long, to_short]) in [(fixture.inbox().0, ["59718", "454"]), (message.0, ["59799", "59724"])] {
        let short = ObjectId(short);
        let long = client.long_term_id(logon, short).unwrap();
        assert_eq!(long.database_guid, fixture.mailbox.identity().replica);
        assert_eq!(long.global_counter, short.global_counter());
        prove(TEST, "MS-OXCSTOR", &[to_long, "69742", "442", "449", "450"]);
        assert_eq!(client.short_id(logon, long), Ok(short));
        assert_eq!(short.repl_id(), fixture.mailbox.identity().repl_id);
        prove(TEST, "MS-OXCSTOR", &[to_short, "59721", "458", "459", "466", "467"]);
        // The same every time.
        assert_eq!(client.long_term_id(logon, short), Ok(long));
        prove(TEST, "MS-OXCSTOR", &["1242"]);
    }
    let unknown = ObjectId::default().with_repl_id(0x7777).with_global_counter(5);
    assert_eq!(client.long_term_id(logon, unknown), Err(ErrorCode::EC_NOT_FOUND));
    prove(TEST, "MS-OXCSTOR", &["440"]);
    let nobody = LongTermId { database_guid: runtime::Guid::default(), global_counter: 5 };
    assert_eq!(client.short_id(logon, nobody), Err(ErrorCode::EC_INVALID_PARAM));
}

#[test]
fn tables_of_folders_are_moved_in_and_searched() {
    const TEST: &str = "tables_of_folders_are_moved_in_and_searched";
    let fixture = Fixture::new();
    for name in ["Alpha", "Beta", "Gamma", "Delta"] {
        fixture.create_folder(fixture.inbox(), name);
    }
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, count) = client.hierarchy(inbox, 0).unwrap();
    assert_eq!(count, 4);
    client.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME, tags::PID_TAG_FOLDER_ID]).unwrap();
    client.seek(table, Bookmark::BOOKMARK_BEGINNING, 1).unwrap();
    let bookmark = client.bookmark(table).unwrap();
    prove(TEST, "MS-OXCTABL", &["857", "862", "522"]);
    client.seek(table, Bookmark::BOOKMARK_END, 0).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 1), Ok((false, false, 1)));
    assert_eq!(client.position(table), Ok((2, 4)));
    prove(TEST, "MS-OXCTABL", &["852", "861"]);
    client.seek_fractional(table, 1, 2).unwrap();
    assert_eq!(client.position(table), Ok((2, 4)));
    prove(TEST, "MS-OXCTABL", &["853"]);
    let name = tags::PID_TAG_DISPLAY_NAME;
    let request = RopFindRowRequest {
        logon_id: 0,
        input_handle_index: 0,
        find_row_flags: FindRowFlags(0),
        restriction_data: Some(Restriction::ContentRestriction {
            fuzzy_level_low: FuzzyLevelLow::FL_FULLSTRING,
            fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
            property_tag: name,
            tagged_value: TaggedPropertyValue { property_tag: name, property_value: string("gamma") },
        }),
        origin: Bookmark::BOOKMARK_BEGINNING,
        bookmark: Blob::default(),
    };
    let found = one!(client, table, RopFindRow, request.clone()).0.unwrap();
    assert_eq!(first_text(&cells(found.row_data.unwrap())), "Gamma");
    assert_eq!(client.position(table), Ok((3, 4)));
    prove(TEST, "MS-OXCTABL", &["534", "540", "542", "858", "813"]);
    let later = RopFindRowRequest { find_row_flags: FindRowFlags(1), ..request };
    assert_eq!(one!(client, table, RopFindRow, later).0.err(), Some(ErrorCode(0x8004_010F)));
    prove(TEST, "MS-OXCTABL", &["536", "544001"]);
    let request = RopQueryColumnsAllRequest { logon_id: 0, input_handle_index: 0 };
    let columns = one!(client, table, RopQueryColumnsAll, request).0.unwrap().property_tags;
    assert!(columns.contains(&tags::PID_TAG_FOLDER_ID) && columns.contains(&name));
    prove(TEST, "MS-OXCTABL", &["875"]);
    let request = RopGetStatusRequest { logon_id: 0, input_handle_index: 0 };
    let status = one!(client, table, RopGetStatus, request).0.unwrap().table_status;
    assert_eq!(status, TableStatus::TBLSTAT_COMPLETE);
    prove(TEST, "MS-OXCTABL", &["840", "33"]);
    let request = RopAbortRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(client, table, RopAbort, request).0.err(), Some(ErrorCode::EC_UNABLE_TO_ABORT));
    prove(TEST, "MS-OXCTABL", &["839", "860"]);
    assert_eq!(client.free(table, &bookmark), Ok(()));
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), Err(ErrorCode(0x8004_0405)));
    prove(TEST, "MS-OXCTABL", &["545", "547", "5521"]);
}

#[test]
fn bookmarks_go_with_the_order_the_filter_and_the_table() {
    const TEST: &str = "bookmarks_go_with_the_order_the_filter_and_the_table";
    let fixture = Fixture::new();
    fixture.deliver_many(3);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    let invalid = Err(ErrorCode::EC_INVALID_BOOKMARK);
    let bookmark = client.bookmark(table).unwrap();
    client.sort(table, Client::sort_request(&[])).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), invalid);
    prove(TEST, "MS-OXCTABL", &["864"]);
    let bookmark = client.bookmark(table).unwrap();
    client.restrict(table, None).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), invalid);
    prove(TEST, "MS-OXCTABL", &["865"]);
    let bookmark = client.bookmark(table).unwrap();
    client.reset(table).unwrap();
    assert_eq!(client.seek_bookmark(table, &bookmark, 0), invalid);
    prove(TEST, "MS-OXCTABL", &["562", "863"]);
}

#[test]
fn soft_deleted_messages_are_opened_with_that_flag_alone() {
    const TEST: &str = "soft_deleted_messages_are_opened_with_that_flag_alone";
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("x", 0);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.delete_messages(inbox, &[id]), Ok(false));
    assert_eq!(client.open_message(inbox, fixture.inbox(), id, 0).err(), Some(ErrorCode(0x8004_010F)));
    prove(TEST, "MS-OXCMSG", &["326", "335"]);
    assert!(client.open_message(inbox, fixture.inbox(), id, 0x04).is_ok());
}
