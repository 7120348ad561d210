//! Properties of logons, folders, messages and attachments.

use protocol::oxcdata::{ErrorCode, FolderEntryId, MessageEntryId, PropertyTag, PropertyType, PropertyValue};
use protocol::oxcprpt::RopGetPropertiesSpecificRequest;
use protocol::rops::{RopReply, RopRequest};
use runtime::{Cursor, String8};
use server::rop::Locale;
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{ANNA_DN, Fixture, text};
use crate::record;

const SUBJECT: PropertyTag = tags::PID_TAG_SUBJECT;
const SUBJECT8: PropertyTag = PropertyTag(0x0037_001E);
const UNTYPED: PropertyTag = PropertyTag(0x0037_0000);

fn bytes(value: PropertyValue<'static>) -> Vec<u8> {
    match value {
        PropertyValue::PtypBinary(bytes) => bytes.into_owned(),
        other => panic!("another type: {other:?}"),
    }
}

#[test]
fn values_come_in_the_order_and_types_of_their_tags() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("Zürich", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let narrow = PropertyValue::PtypString8(String8::new(b"Z\xFCrich".to_vec()));
    let row = client.get(message, &[SUBJECT8, tags::PID_TAG_MESSAGE_CLASS, SUBJECT]);
    assert_eq!(row, [Ok(narrow.clone()), Ok(string("IPM.Note")), Ok(string("Zürich"))]);
    let typed = |value: PropertyValue<'static>| match value {
        PropertyValue::PtypUnspecified(typed) => typed.property_value,
        other => other,
    };
    let wide = client.get_limited(message, &[UNTYPED], 0, true).remove(0).map(typed);
    assert_eq!(wide, Ok(string("Zürich")));
    let row = client.get_limited(message, &[UNTYPED, tags::PID_TAG_EXPIRY_TIME], 0, false);
    assert_eq!(row, [Ok(narrow), Err(ErrorCode::EC_NOT_FOUND)]);
    let ids = [
        "MS-OXCPRPT_R56",
        "MS-OXCPRPT_R5801",
        "MS-OXCPRPT_R457001",
        "MS-OXCPRPT_R457002",
        "MS-OXCPRPT_R457003",
        "MS-OXCPRPT_R45701",
        "MS-OXCPRPT_R458",
        "MS-OXCPRPT_R459",
        "MS-OXCPRPT_R460",
        "MS-OXCPRPT_R462",
        "MS-OXCPRPT_R6401",
        "MS-OXCPRPT_R65",
        "MS-OXCPRPT_R45702",
    ];
    record("values_come_in_the_order_and_types_of_their_tags", &ids);
}

#[test]
fn eight_bit_strings_are_in_the_code_page_of_the_session() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("Привет", 0);
    let mut client = fixture.client_of(&fixture.anna, Locale { code_page: 1251, ..Locale::default() });
    let logon = client.log_on(Client::logon_request(ANNA_DN)).1;
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0x01).unwrap();
    let narrow = PropertyValue::PtypString8(String8::new(b"\xCF\xF0\xE8\xE2\xE5\xF2".to_vec()));
    assert_eq!(client.value(message, SUBJECT8), narrow);
    client.set(message, &[(SUBJECT8, PropertyValue::PtypString8(String8::new(b"\xC4\xE0".to_vec())))]).unwrap();
    assert_eq!(client.value(message, SUBJECT), string("Да"));
    assert_eq!(client.value(logon, tags::PID_TAG_CODE_PAGE_ID), PropertyValue::PtypInteger32(1251));
    record("eight_bit_strings_are_in_the_code_page_of_the_session", &["MS-OXCPRPT_R462", "MS-OXCSTOR_R667"]);
}

#[test]
fn large_values_are_errors_and_streams() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.properties.set(tags::PID_TAG_HTML, binary(vec![b'x'; 40_000]));
        message.properties.set(tags::PID_TAG_CONVERSATION_INDEX, binary(vec![1; 5_000]));
        message.properties.set(SUBJECT, string("short"));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let columns = [tags::PID_TAG_HTML, tags::PID_TAG_CONVERSATION_INDEX, SUBJECT];
    let row = client.get(message, &columns);
    assert_eq!(row[0], Err(ErrorCode::EC_MAPIOOM));
    assert_eq!(row[1], Ok(binary(vec![1; 5_000])));
    let row = client.get_limited(message, &columns, 1_000, true);
    assert_eq!(row, [Err(ErrorCode::EC_MAPIOOM), Err(ErrorCode::EC_MAPIOOM), Ok(string("short"))]);
    client.limit = 2_000;
    let row = client.get(message, &columns);
    assert_eq!(row, [Err(ErrorCode::EC_MAPIOOM), Err(ErrorCode::EC_MAPIOOM), Ok(string("short"))]);
    let ids = ["MS-OXCPRPT_R62", "MS-OXCPRPT_R63", "MS-OXCPRPT_R86703", "MS-OXCPRPT_R41417"];
    record("large_values_are_errors_and_streams", &ids);
}

#[test]
fn tags_may_be_asked_for_many_times() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.properties.set(SUBJECT, string("one"));
        message.properties.set(tags::PID_TAG_CONVERSATION_INDEX, binary(vec![1; 3_000]));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let pair = [tags::PID_TAG_CONVERSATION_INDEX, SUBJECT, tags::PID_TAG_EXPIRY_TIME];
    let row = client.get(message, &pair.repeat(2));
    assert_eq!(row[..3], row[3..]);
    assert_eq!(row[0], Ok(binary(vec![1; 3_000])));
    // As many as the reply has no room for: the long values are left out.
    let row = client.get(message, &pair.repeat(300));
    assert_eq!(row.len(), 900);
    assert!(row.iter().skip(1).step_by(3).all(|cell| *cell == Ok(string("one"))));
    assert!(row.iter().step_by(3).all(|cell| *cell == Err(ErrorCode::EC_MAPIOOM)));
}

#[test]
fn all_properties_come_with_their_types() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.properties.set(SUBJECT, string("Zürich"));
        message.properties.set(tags::PID_TAG_HTML, binary(vec![b'x'; 40_000]));
        message.properties.set(tags::PID_TAG_CONVERSATION_INDEX, binary(vec![1; 5_000]));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0x01).unwrap();
    client.set(message, &[(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2))]).unwrap();
    let find = |all: &[protocol::oxcdata::TaggedPropertyValue<'static>], tag: PropertyTag| {
        let found = all.iter().filter(|tagged| tagged.property_tag.property_id() == tag.property_id());
        let found: Vec<_> = found.cloned().collect();
        assert_eq!(found.len(), 1, "{tag:?}");
        (found[0].property_tag.property_type(), found[0].property_value.clone())
    };
    let wide = client.all(message, 0, true);
    assert_eq!(find(&wide, SUBJECT), (PropertyType::PTYP_STRING, string("Zürich")));
    assert_eq!(find(&wide, tags::PID_TAG_IMPORTANCE).1, PropertyValue::PtypInteger32(2));
    let too_large = PropertyValue::PtypErrorCode(ErrorCode::EC_MAPIOOM);
    assert_eq!(find(&wide, tags::PID_TAG_HTML), (PropertyType::PTYP_ERROR_CODE, too_large.clone()));
    assert_eq!(find(&wide, tags::PID_TAG_CONVERSATION_INDEX).0, PropertyType::PTYP_BINARY);
    assert_eq!(find(&wide, tags::PID_TAG_ENTRY_ID).0, PropertyType::PTYP_BINARY);
    let narrow = client.all(message, 1_000, false);
    assert_eq!(find(&narrow, SUBJECT).0, PropertyType::PTYP_STRING8);
    assert_eq!(find(&narrow, tags::PID_TAG_CONVERSATION_INDEX), (PropertyType::PTYP_ERROR_CODE, too_large));

    let list = client.list(message);
    let ids: Vec<u16> = wide.iter().map(|tagged| tagged.property_tag.property_id()).collect();
    assert_eq!(list.iter().map(|tag| tag.property_id()).collect::<Vec<_>>(), ids);
    assert!(list.contains(&tags::PID_TAG_HTML));
    let ids = [
        "MS-OXCPRPT_R471",
        "MS-OXCPRPT_R643",
        "MS-OXCPRPT_R644",
        "MS-OXCPRPT_R472",
        "MS-OXCPRPT_R477",
        "MS-OXCPRPT_R85",
        "MS-OXCPRPT_R84",
    ];
    record("all_properties_come_with_their_types", &ids);
}

#[test]
fn folders_and_the_mailbox_are_changed_at_once() {
    let fixture = Fixture::new();
    let folder_id = fixture.create_folder(fixture.inbox(), "Projects");
    fixture.create_folder(fixture.inbox(), "Taken");
    let (mut client, logon) = fixture.logged_on();
    let folder = client.open_folder(logon, folder_id).unwrap();
    let values = [(tags::PID_TAG_COMMENT, string("a comment")), (tags::PID_TAG_DISPLAY_NAME, string("Plans"))];
    assert_eq!(client.set(folder, &values), Ok(Vec::new()));
    let away = [(tags::PID_TAG_OUT_OF_OFFICE_STATE, PropertyValue::PtypBoolean(true))];
    assert_eq!(client.set(logon, &away), Ok(Vec::new()));
    let (mut other, other_logon) = fixture.logged_on();
    let folder = other.open_folder(other_logon, folder_id).unwrap();
    assert_eq!(other.value(folder, tags::PID_TAG_DISPLAY_NAME), string("Plans"));
    assert_eq!(other.value(folder, tags::PID_TAG_COMMENT), string("a comment"));
    assert_eq!(other.value(other_logon, tags::PID_TAG_OUT_OF_OFFICE_STATE), PropertyValue::PtypBoolean(true));

    // A name that is taken is a problem; the rest is set.
    let values = [(tags::PID_TAG_DISPLAY_NAME, string("TAKEN")), (tags::PID_TAG_COMMENT, string("another"))];
    let problems = other.set(folder, &values).unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].index, problems[0].error_code), (0, ErrorCode::EC_DUPLICATE_NAME));
    assert_eq!(problems[0].property_tag, tags::PID_TAG_DISPLAY_NAME);
    // What was set is seen by others without a save.
    let (mut third, third_logon) = fixture.logged_on();
    let folder = third.open_folder(third_logon, folder_id).unwrap();
    assert_eq!(third.value(folder, tags::PID_TAG_COMMENT), string("another"));
    let folder = other.open_folder(other_logon, folder_id).unwrap();
    assert_eq!(other.value(folder, tags::PID_TAG_COMMENT), string("another"));
    assert_eq!(other.value(folder, tags::PID_TAG_DISPLAY_NAME), string("Plans"));
    let ids = [
        "MS-OXCPRPT_R846",
        "MS-OXCPRPT_R847",
        "MS-OXCPRPT_R475",
        "MS-OXCPRPT_R47505",
        "MS-OXCSTOR_R3068004",
        "MS-OXCPRPT_R5802",
        "MS-OXCPRPT_R5804",
    ];
    record("folders_and_the_mailbox_are_changed_at_once", &ids);
}

#[test]
fn the_owner_of_a_mailbox_does_not_describe_it() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let name = client.value(logon, tags::PID_TAG_DISPLAY_NAME);
    let values = [
        (tags::PID_TAG_COMMENT, string("a comment")),
        (PropertyTag(0x0E01_000B), PropertyValue::PtypBoolean(true)),
        (tags::PID_TAG_DISPLAY_NAME, string("another")),
    ];
    let problems = client.set(logon, &values).unwrap();
    let found: Vec<_> = problems.iter().map(|problem| (problem.index, problem.error_code)).collect();
    assert_eq!(found, [0, 1, 2].map(|index| (index, ErrorCode::EC_ACCESS_DENIED)));
    assert_eq!(client.get(logon, &[tags::PID_TAG_COMMENT]), [Err(ErrorCode::EC_NOT_FOUND)]);
    assert_eq!(client.value(logon, tags::PID_TAG_DISPLAY_NAME), name);
    let ids = ["MS-OXCSTOR_R6280001", "MS-OXCSTOR_R3128", "MS-OXCSTOR_R306800301"];
    record("the_owner_of_a_mailbox_does_not_describe_it", &ids);
}

#[test]
fn computed_properties_are_problems_in_the_order_of_the_request() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0x01).unwrap();
    let number = PropertyValue::PtypInteger32;
    let values = [
        (tags::PID_TAG_IMPORTANCE, number(2)),
        (tags::PID_TAG_MID, PropertyValue::PtypInteger64(1)),
        (tags::PID_TAG_ENTRY_ID, binary(*b"x")),
        (tags::PID_TAG_LAST_MODIFIER_NAME, string("x")),
        (tags::PID_TAG_MESSAGE_FLAGS, number(0)),
        (PropertyTag(0x8005_0003), number(1)),
        (PropertyTag(0x1234_000D), PropertyValue::PtypObject),
        (tags::PID_TAG_SENSITIVITY, number(1)),
    ];
    let problems = client.set(message, &values).unwrap();
    let found: Vec<(u16, ErrorCode)> = problems.iter().map(|problem| (problem.index, problem.error_code)).collect();
    let expected = [
        (1, ErrorCode::EC_COMPUTED),
        (2, ErrorCode::EC_COMPUTED),
        (3, ErrorCode::EC_ACCESS_DENIED),
        (4, ErrorCode::EC_COMPUTED),
        (5, ErrorCode::EC_UNREGISTERED_NAMED_PROP),
        (6, ErrorCode::EC_INVALID_PARAM),
    ];
    assert_eq!(found, expected);
    assert_eq!(problems[0].property_tag, tags::PID_TAG_MID);
    client.save(message, 0x0A).unwrap();
    assert_eq!(fixture.stored(id, tags::PID_TAG_IMPORTANCE), Some(number(2)));
    assert_eq!(fixture.stored(id, tags::PID_TAG_SENSITIVITY), Some(number(1)));
    let ids = ["MS-OXCPRPT_R47506", "MS-OXCPRPT_R15", "MS-OXCPRPT_R857", "MS-OXCMSG_R31"];
    record("computed_properties_are_problems_in_the_order_of_the_request", &ids);
}

#[test]
fn a_reply_that_has_no_room_changes_nothing() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (_, message) = client.create_message(logon, drafts, false).unwrap();
    client.limit = 30;
    let values: Vec<_> = (0..9).map(|_| (tags::PID_TAG_MID, PropertyValue::PtypInteger64(1))).collect();
    let importance = [(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2))];
    let refused = client.set(message, &[values.as_slice(), importance.as_slice()].concat());
    assert_eq!(refused, Err(ErrorCode::EC_BUFFER_TOO_SMALL));
    assert_eq!(client.value(message, tags::PID_TAG_IMPORTANCE), PropertyValue::PtypInteger32(1));
    // Neither does that of a folder whose name might become one problem more.
    let folder_id = fixture.create_folder(fixture.inbox(), "Projects");
    let folder = client.open_folder(logon, folder_id).unwrap();
    let values =
        [(tags::PID_TAG_FOLDER_ID, PropertyValue::PtypInteger64(1)), (tags::PID_TAG_DISPLAY_NAME, string("x"))];
    client.limit = 8 + 6 + 2 + 2 + 10;
    assert_eq!(client.set(folder, &values), Err(ErrorCode::EC_BUFFER_TOO_SMALL));
    client.limit = 1000;
    assert_eq!(client.value(folder, tags::PID_TAG_DISPLAY_NAME), string("Projects"));
}

#[test]
fn entry_ids_name_mailbox_folder_and_message() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let identity = fixture.mailbox.identity();
    let folder_bytes = bytes(client.value(inbox, tags::PID_TAG_ENTRY_ID));
    let folder_id = FolderEntryId::unpack(&mut Cursor::new(&folder_bytes)).unwrap();
    assert_eq!(folder_id.provider_uid, identity.mailbox);
    assert_eq!(folder_id.database_guid, identity.replica);
    assert_eq!(folder_id.global_counter, fixture.inbox().global_counter());
    let message_bytes = bytes(client.value(message, tags::PID_TAG_ENTRY_ID));
    let message_id = MessageEntryId::unpack(&mut Cursor::new(&message_bytes)).unwrap();
    assert_eq!(message_id.folder_global_counter, fixture.inbox().global_counter());
    assert_eq!(message_id.message_global_counter, id.global_counter());
    assert_eq!(bytes(client.value(message, tags::PID_TAG_PARENT_ENTRY_ID)), folder_bytes);
    let store = client.value(logon, tags::PID_TAG_ENTRY_ID);
    for object in [logon, inbox, message] {
        assert_eq!(client.value(object, tags::PID_TAG_STORE_ENTRY_ID), store);
        assert_eq!(client.value(object, tags::PID_TAG_STORE_RECORD_KEY), binary(identity.mailbox.0));
    }
    assert_eq!(client.value(inbox, tags::PID_TAG_ACCESS), PropertyValue::PtypInteger32(0x3F));
    assert_eq!(client.value(message, tags::PID_TAG_ACCESS), PropertyValue::PtypInteger32(0x07));
    let ids = ["MS-OXCPRPT_R13", "MS-OXCPRPT_R311", "MS-OXCPRPT_R16", "MS-OXCPRPT_R17", "MS-OXCPRPT_R18"];
    record("entry_ids_name_mailbox_folder_and_message", &ids);
}

#[test]
fn the_inbox_and_the_root_know_the_special_folders() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    for known in [SpecialFolder::Inbox, SpecialFolder::Root] {
        let folder = client.open_folder(logon, fixture.special(known)).unwrap();
        for (tag, special) in [
            (tags::PID_TAG_IPM_APPOINTMENT_ENTRY_ID, SpecialFolder::Calendar),
            (tags::PID_TAG_IPM_DRAFTS_ENTRY_ID, SpecialFolder::Drafts),
            (tags::PID_TAG_IPM_CONTACT_ENTRY_ID, SpecialFolder::Contacts),
        ] {
            let target = client.open_folder(logon, fixture.special(special)).unwrap();
            assert_eq!(client.value(folder, tag), client.value(target, tags::PID_TAG_ENTRY_ID), "{tag:?}");
        }
        let PropertyValue::PtypMultipleBinary(list) = client.value(folder, tags::PID_TAG_ADDITIONAL_REN_ENTRY_IDS)
        else {
            panic!("another type")
        };
        assert_eq!(list.len(), 5);
    }
    let other = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
    let missing = client.get(other, &[tags::PID_TAG_IPM_DRAFTS_ENTRY_ID]).remove(0);
    assert_eq!(missing, Err(ErrorCode::EC_NOT_FOUND));
    // What a client sets there counts.
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    client.set(inbox, &[(tags::PID_TAG_IPM_DRAFTS_ENTRY_ID, binary(*b"mine"))]).unwrap();
    assert_eq!(client.value(inbox, tags::PID_TAG_IPM_DRAFTS_ENTRY_ID), binary(*b"mine"));
}

#[test]
fn the_logon_tells_of_owner_and_mailbox() {
    let fixture = Fixture::new();
    fixture.deliver_many(3);
    let (mut client, logon) = fixture.logged_on();
    assert!(!client.list(logon).contains(&tags::PID_TAG_MAILBOX_OWNER_ENTRY_ID), "only by name");
    let number = PropertyValue::PtypInteger32;
    for (tag, value, requirement) in [
        (tags::PID_TAG_MAILBOX_OWNER_NAME, string("anna"), "MS-OXCSTOR_R657"),
        (tags::PID_TAG_CONTENT_COUNT, number(3), "MS-OXCSTOR_R651"),
        (tags::PID_TAG_STORE_STATE, number(0), "MS-OXCSTOR_R1141"),
        (tags::PID_TAG_CODE_PAGE_ID, number(1252), "MS-OXCSTOR_R667"),
        (tags::PID_TAG_OUT_OF_OFFICE_STATE, PropertyValue::PtypBoolean(false), "MS-OXCSTOR_R661"),
        (tags::PID_TAG_DISPLAY_NAME, string("anna"), "MS-OXCSTOR_R655"),
    ] {
        assert_eq!(client.value(logon, tag), value, "{tag:?}");
        record("the_logon_tells_of_owner_and_mailbox", &[requirement]);
    }
    let user = bytes(client.value(logon, tags::PID_TAG_USER_ENTRY_ID));
    assert!(user.windows(ANNA_DN.len()).any(|window| window == ANNA_DN.as_bytes()));
    assert_eq!(bytes(client.value(logon, tags::PID_TAG_MAILBOX_OWNER_ENTRY_ID)), user);
    let read_only = [
        (tags::PID_TAG_CONTENT_COUNT, number(9)),
        (tags::PID_TAG_MAILBOX_OWNER_NAME, string("x")),
        (tags::PID_TAG_STORE_STATE, number(1)),
        (tags::PID_TAG_USER_ENTRY_ID, binary(*b"x")),
        (tags::PID_TAG_CODE_PAGE_ID, number(1)),
        (tags::PID_TAG_MAILBOX_OWNER_ENTRY_ID, binary(*b"x")),
    ];
    assert_eq!(client.set(logon, &read_only).unwrap().len(), read_only.len());
    let sort_locale = client.get(logon, &[tags::PID_TAG_SORT_LOCALE_ID]).remove(0);
    assert_eq!(sort_locale, Err(ErrorCode::EC_NOT_FOUND));
    let writable = [
        (tags::PID_TAG_OUT_OF_OFFICE_STATE, PropertyValue::PtypBoolean(true)),
        (tags::PID_TAG_SORT_LOCALE_ID, number(0x0407)),
        (tags::PID_TAG_LOCALE_ID, number(0x0407)),
    ];
    assert_eq!(client.set(logon, &writable), Ok(Vec::new()));
    for (tag, value) in writable {
        assert_eq!(client.value(logon, tag), value);
    }
    let ids = [
        "MS-OXCSTOR_R656",
        "MS-OXCSTOR_R664",
        "MS-OXCSTOR_R3055005",
        "MS-OXCSTOR_R3055006",
        "MS-OXCSTOR_R3055007",
        "MS-OXCSTOR_R3055008",
        "MS-OXCSTOR_R3055011",
        "MS-OXCSTOR_R3055012",
        "MS-OXCSTOR_R3105",
        "MS-OXCSTOR_R3104",
        "MS-OXCSTOR_R3068004",
        "MS-OXCSTOR_R3068006",
        "MS-OXCSTOR_R3068007",
    ];
    record("the_logon_tells_of_owner_and_mailbox", &ids);
}

#[test]
fn plain_text_is_made_of_html() {
    let fixture = Fixture::new();
    let html = "<html><body><p>Grüße &amp; mehr</p></body></html>";
    let id = fixture.deliver(|message| {
        message.properties.set(tags::PID_TAG_HTML, binary(html.as_bytes()));
        message.properties.set(tags::PID_TAG_INTERNET_CODEPAGE, PropertyValue::PtypInteger32(65001));
    });
    let plain = fixture.deliver_with(tags::PID_TAG_BODY, string("only text"));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_NATIVE_BODY), PropertyValue::PtypInteger32(3));
    assert_eq!(text(&client.value(message, tags::PID_TAG_BODY)), "Grüße & mehr\r\n");
    let narrow = client.value(message, PropertyTag(0x1000_001E));
    assert_eq!(narrow, PropertyValue::PtypString8(String8::new(b"Gr\xFC\xDFe & mehr\r\n".to_vec())));
    assert_eq!(text(&client.value(message, tags::PID_TAG_BODY_HTML)), html);
    assert_eq!(client.get(message, &[tags::PID_TAG_RTF_COMPRESSED]), [Err(ErrorCode::EC_NOT_FOUND)]);
    let (_, message) = client.open_message(logon, fixture.inbox(), plain, 0).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_NATIVE_BODY), PropertyValue::PtypInteger32(1));
    assert_eq!(client.get(message, &[tags::PID_TAG_HTML]), [Err(ErrorCode::EC_NOT_FOUND)]);
}

#[test]
fn read_follows_the_message_flags() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_READ), PropertyValue::PtypBoolean(false));
    fixture.mailbox.set_read(id, true).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_READ), PropertyValue::PtypBoolean(true));
}

#[test]
fn a_request_for_no_properties_has_an_empty_row() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let request = RopGetPropertiesSpecificRequest {
        logon_id: 0,
        input_handle_index: 0,
        property_size_limit: 0,
        want_unicode: true,
        property_tags: Vec::new(),
    };
    let output = client.run(&[RopRequest::RopGetPropertiesSpecific(request)], &[logon]);
    let [RopReply::RopGetPropertiesSpecific(reply)] = output.replies.as_slice() else { panic!("another reply") };
    assert!(reply.result.is_ok());
}
