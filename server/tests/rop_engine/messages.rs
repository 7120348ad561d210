//! Opening, creating and saving messages; their attachments.

use protocol::oxcdata::{ErrorCode, FolderId, PropertyTag, PropertyValue, TypedString};
use protocol::oxcprpt::AccessMode;
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::fixture::{Fixture, NOW, attachment};
use crate::record;

/// Open for writing.
const READ_WRITE: u8 = 0x01;

#[test]
fn opening_tells_the_subject_in_two_parts() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("RE: Lunch", 0);
    let bare = fixture.deliver(|_| {});
    let (mut client, logon) = fixture.logged_on();
    let (response, _) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(response.subject_prefix, TypedString::Unicode("RE: ".into()));
    assert_eq!(response.normalized_subject, TypedString::Unicode("Lunch".into()));
    assert!(!response.has_named_properties);
    assert_eq!(response.recipient_count, 0);
    let (response, _) = client.open_message(logon, fixture.inbox(), bare, 0).unwrap();
    assert_eq!(response.normalized_subject, TypedString::NoString);
    let ids =
        ["MS-OXCMSG_R675", "MS-OXCMSG_R676", "MS-OXCMSG_R677", "MS-OXCMSG_R678", "MS-OXCMSG_R673", "MS-OXCMSG_R679"];
    record("opening_tells_the_subject_in_two_parts", &ids);
}

#[test]
fn a_prefix_that_the_client_set_is_one() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let prefix = tags::PID_TAG_SUBJECT_PREFIX;
    let (whole, normalized) = (tags::PID_TAG_SUBJECT, tags::PID_TAG_NORMALIZED_SUBJECT);
    // Longer than any that a subject alone is known to begin with.
    for values in [
        vec![(prefix, string("Antwort: ")), (whole, string("Antwort: Mittag"))],
        vec![(whole, string("Antwort: Mittag")), (prefix, string("Antwort: "))],
    ] {
        let message = client.create_message(logon, fixture.inbox(), false).unwrap().1;
        assert_eq!(client.set(message, &values), Ok(Vec::new()));
        let parts = client.get(message, &[prefix, normalized, whole]);
        assert_eq!(parts, ["Antwort: ", "Mittag", "Antwort: Mittag"].map(|text| Ok(string(text))));
        // It stays one for a later subject that begins with it, and for no other.
        client.set(message, &[(whole, string("Antwort: Abend"))]).unwrap();
        assert_eq!(client.value(message, normalized), string("Abend"));
        client.set(message, &[(whole, string("Abend"))]).unwrap();
        let parts = client.get(message, &[prefix, normalized, whole]);
        assert_eq!(parts, ["", "Abend", "Abend"].map(|text| Ok(string(text))));
    }
    let ids = ["MS-OXCMSG_R58", "MS-OXCMSG_R64", "MS-OXCMSG_R1239", "MS-OXCMSG_R1802"];
    record("a_prefix_that_the_client_set_is_one", &ids);
}

#[test]
fn opening_tells_of_named_properties() {
    let fixture = Fixture::new();
    let name = server::store::PropertyName::Lid { guid: runtime::Guid([3; 16]), lid: 0x8501 };
    let property_id = fixture.mailbox.named_property_ids(&[name], true).unwrap()[0].unwrap();
    let tag = PropertyTag(0).with_property_id(property_id).with_property_type(tags::PID_TAG_IMPORTANCE.property_type());
    let id = fixture.deliver_with(tag, PropertyValue::PtypInteger32(5));
    let (mut client, logon) = fixture.logged_on();
    let (response, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert!(response.has_named_properties);
    assert_eq!(client.value(message, tags::PID_TAG_HAS_NAMED_PROPERTIES), PropertyValue::PtypBoolean(true));
    record("opening_tells_of_named_properties", &["MS-OXCMSG_R1668"]);
}

#[test]
fn messages_are_found_in_their_folder_only() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("here", 0);
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let code = |result: Result<_, ErrorCode>| result.map(|_: (_, u32)| ()).unwrap_err();
    assert_eq!(code(client.open_message(logon, drafts, id, 0)), ErrorCode::EC_NOT_FOUND);
    let unknown = id.with_global_counter(0xFFFF_FFFF);
    assert_eq!(code(client.open_message(logon, fixture.inbox(), unknown, 0)), ErrorCode::EC_NOT_FOUND);
    assert!(client.open_message(logon, FolderId(0), id, 0).is_ok());
    record("messages_are_found_in_their_folder_only", &["MS-OXCMSG_R323", "MS-OXCMSG_R333", "MS-OXCMSG_R1477"]);
}

#[test]
fn access_follows_the_open_mode() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    for (mode, writable) in [(0x00, false), (0x01, true), (0x03, true), (0x04, false), (0x05, true), (0xF8, false)] {
        let (_, message) = client.open_message(logon, fixture.inbox(), id, mode).unwrap();
        let level = client.value(message, tags::PID_TAG_ACCESS_LEVEL);
        assert_eq!(level, PropertyValue::PtypInteger32(i32::from(writable)), "{mode:#x}");
        let set = client.set(message, &[(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2))]);
        assert_eq!(set, if writable { Ok(Vec::new()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }, "{mode:#x}");
    }
    let ids = [
        "MS-OXCMSG_R661",
        "MS-OXCMSG_R663",
        "MS-OXCMSG_R665",
        "MS-OXCMSG_R1293",
        "MS-OXCMSG_R325",
        "MS-OXCPRPT_R24",
        "MS-OXCPRPT_R27",
        "MS-OXCPRPT_R28",
        "MS-OXCPRPT_R312",
    ];
    record("access_follows_the_open_mode", &ids);
}

#[test]
fn new_messages_begin_with_the_properties_of_the_document() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (id, message) = client.create_message(logon, drafts, false).unwrap();
    let number = PropertyValue::PtypInteger32;
    for (tag, value, requirement) in [
        (tags::PID_TAG_IMPORTANCE, number(1), "MS-OXCMSG_R341"),
        (tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"), "MS-OXCMSG_R342"),
        (tags::PID_TAG_SENSITIVITY, number(0), "MS-OXCMSG_R343"),
        (tags::PID_TAG_DISPLAY_BCC, string(""), "MS-OXCMSG_R344"),
        (tags::PID_TAG_DISPLAY_CC, string(""), "MS-OXCMSG_R345"),
        (tags::PID_TAG_DISPLAY_TO, string(""), "MS-OXCMSG_R346"),
        (tags::PID_TAG_MESSAGE_FLAGS, number(0x9), "MS-OXCMSG_R347"),
        (tags::PID_TAG_HAS_ATTACHMENTS, PropertyValue::PtypBoolean(false), "MS-OXCMSG_R349"),
        (PropertyTag(0x0E79_0003), number(1), "MS-OXCMSG_R352"),
        (tags::PID_TAG_ACCESS, number(3), "MS-OXCMSG_R353"),
        (tags::PID_TAG_ACCESS_LEVEL, number(1), "MS-OXCMSG_R354"),
        (tags::PID_TAG_CREATION_TIME, PropertyValue::PtypTime(NOW), "MS-OXCMSG_R356"),
        (tags::PID_TAG_LAST_MODIFICATION_TIME, PropertyValue::PtypTime(NOW), "MS-OXCMSG_R357"),
        (tags::PID_TAG_MESSAGE_LOCALE_ID, number(0x0409), "MS-OXCMSG_R359"),
        (tags::PID_TAG_CREATOR_NAME, string("anna"), "MS-OXCMSG_R360"),
        (tags::PID_TAG_LAST_MODIFIER_NAME, string("anna"), "MS-OXCMSG_R362"),
        (tags::PID_TAG_HAS_NAMED_PROPERTIES, PropertyValue::PtypBoolean(false), "MS-OXCMSG_R364"),
        (tags::PID_TAG_LOCALE_ID, number(0x0409), "MS-OXCMSG_R365"),
        (tags::PID_TAG_MID, PropertyValue::PtypInteger64(id.0.cast_signed()), "MS-OXCMSG_R699"),
        (tags::PID_TAG_FOLDER_ID, PropertyValue::PtypInteger64(drafts.0.cast_signed()), "MS-OXCMSG_R693"),
    ] {
        assert_eq!(client.value(message, tag), value, "{tag:?}");
        record("new_messages_begin_with_the_properties_of_the_document", &[requirement]);
    }
    let PropertyValue::PtypBinary(key) = client.value(message, tags::PID_TAG_SEARCH_KEY) else {
        panic!("another type")
    };
    assert_eq!(key.len(), 16);
    let creator = client.value(message, tags::PID_TAG_CREATOR_ENTRY_ID);
    assert_eq!(client.value(message, tags::PID_TAG_LAST_MODIFIER_ENTRY_ID), creator);
    let ids = ["MS-OXCMSG_R358", "MS-OXCMSG_R361", "MS-OXCMSG_R363", "MS-OXCMSG_R992", "MS-OXCMSG_R340"];
    record("new_messages_begin_with_the_properties_of_the_document", &ids);
}

#[test]
fn nothing_is_stored_before_saving() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (id, message) = client.create_message(logon, drafts, false).unwrap();
    client.set(message, &[(tags::PID_TAG_SUBJECT, string("FW: Draft"))]).unwrap();
    assert!(fixture.mailbox.message(id).is_err());
    // What was set shows through the same handle at once.
    assert_eq!(client.value(message, tags::PID_TAG_SUBJECT), string("FW: Draft"));
    assert_eq!(client.value(message, tags::PID_TAG_NORMALIZED_SUBJECT), string("Draft"));
    assert_eq!(client.value(message, PropertyTag(0x003D_001E)), PropertyValue::PtypString8("FW: ".into()));

    assert_eq!(client.save(message, 0x0A), Ok(id));
    assert_eq!(fixture.stored(id, tags::PID_TAG_SUBJECT), Some(string("FW: Draft")));
    assert_eq!(fixture.stored(id, tags::PID_TAG_MESSAGE_CLASS), Some(string("IPM.Note")));
    assert_eq!(fixture.stored(id, tags::PID_TAG_LOCAL_COMMIT_TIME), Some(PropertyValue::PtypTime(NOW)));
    assert_eq!(client.value(message, tags::PID_TAG_ACCESS), PropertyValue::PtypInteger32(7));
    let (response, _) = client.open_message(logon, drafts, id, 0).unwrap();
    assert_eq!(response.normalized_subject, TypedString::Unicode("Draft".into()));
    let ids = [
        "MS-OXCMSG_R339",
        "MS-OXCMSG_R372",
        "MS-OXCMSG_R728",
        "MS-OXCMSG_R1890",
        "MS-OXCPRPT_R476",
        "MS-OXCPRPT_R478",
        "MS-OXCMSG_R1485",
    ];
    record("nothing_is_stored_before_saving", &ids);
}

#[test]
fn associated_messages_are_created_as_such() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let (id, message) = client.create_message(logon, fixture.inbox(), true).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_MESSAGE_FLAGS), PropertyValue::PtypInteger32(0x49));
    client.save(message, 0x0C).unwrap();
    assert!(fixture.mailbox.message(id).unwrap().associated);
    let (id, message) = client.create_message(logon, fixture.inbox(), false).unwrap();
    client.save(message, 0x0C).unwrap();
    assert!(!fixture.mailbox.message(id).unwrap().associated);
    record("associated_messages_are_created_as_such", &["MS-OXCMSG_R987", "MS-OXCMSG_R988"]);
}

#[test]
fn messages_are_created_in_folders_that_exist() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let refused = client.create_message(logon, FolderId(0), false).unwrap_err();
    assert_eq!(refused, ErrorCode::EC_NOT_FOUND);
}

#[test]
fn changes_of_one_handle_are_not_seen_by_another() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("old", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, one) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    let (_, other) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    assert_ne!(one, other);
    client.set(one, &[(tags::PID_TAG_SUBJECT, string("new"))]).unwrap();
    client.set(other, &[(tags::PID_TAG_SUBJECT, string("newest"))]).unwrap();
    assert_eq!(client.value(one, tags::PID_TAG_SUBJECT), string("new"));
    assert_eq!(client.value(other, tags::PID_TAG_SUBJECT), string("newest"));
    assert_eq!(client.save(one, 0x0A), Ok(id));
    // The other handle's changes come too late, unless they are forced.
    assert_eq!(client.save(other, 0x0A), Err(ErrorCode::EC_OBJECT_MODIFIED));
    assert_eq!(fixture.stored(id, tags::PID_TAG_SUBJECT), Some(string("new")));
    assert_eq!(client.save(other, 0x0C), Ok(id));
    assert_eq!(fixture.stored(id, tags::PID_TAG_SUBJECT), Some(string("newest")));
    let ids = [
        "MS-OXCMSG_R1475",
        "MS-OXCMSG_R703",
        "MS-OXCMSG_R704",
        "MS-OXCMSG_R705",
        "MS-OXCMSG_R1053",
        "MS-OXCMSG_R721",
        "MS-OXCMSG_R724",
        "MS-OXCMSG_R718",
    ];
    record("changes_of_one_handle_are_not_seen_by_another", &ids);
}

#[test]
fn save_flags_say_how_the_message_stays_open() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    for (flags, level) in [(0x09, 0), (0x0A, 1), (0x0C, 1)] {
        let (_, message) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
        assert_eq!(client.save(message, flags), Ok(id));
        assert_eq!(
            client.value(message, tags::PID_TAG_ACCESS_LEVEL),
            PropertyValue::PtypInteger32(level),
            "{flags:#x}"
        );
        let again = if level == 1 { Ok(id) } else { Err(ErrorCode::EC_ERROR) };
        assert_eq!(client.save(message, flags), again, "{flags:#x}");
    }
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(client.save(message, 0x0C), Err(ErrorCode::EC_ERROR));
    let ids = [
        "MS-OXCMSG_R713",
        "MS-OXCMSG_R1671",
        "MS-OXCMSG_R717",
        "MS-OXCMSG_R719",
        "MS-OXCMSG_R723",
        "MS-OXCMSG_R1699",
        "MS-OXCMSG_R3019",
        "MS-OXCMSG_R370",
    ];
    record("save_flags_say_how_the_message_stays_open", &ids);
}

#[test]
fn a_message_that_was_deleted_cannot_be_saved_or_read() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    fixture.mailbox.delete_message(id).unwrap();
    assert_eq!(client.save(message, 0x0A), Err(ErrorCode::EC_OBJECT_DELETED));
    assert_eq!(client.attachment_table(message), Err(ErrorCode::EC_OBJECT_DELETED));
}

#[test]
fn attachments_are_opened_by_number() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.attachments.insert(2, attachment("two.txt", b"content"));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, reading) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let (_, writing) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    let opened = client.open_attachment(reading, 2, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.value(opened, tags::PID_TAG_ATTACH_LONG_FILENAME), string("two.txt"));
    assert_eq!(client.value(opened, tags::PID_TAG_ATTACH_DATA_BINARY), binary(*b"content"));
    assert_eq!(client.open_attachment(reading, 0, AccessMode::READ_ONLY), Err(ErrorCode::EC_NOT_FOUND));
    assert_eq!(client.open_attachment(reading, 2, AccessMode::READ_WRITE), Err(ErrorCode::EC_ACCESS_DENIED));
    assert_eq!(client.open_attachment(reading, 2, AccessMode::CREATE), Err(ErrorCode::EC_INVALID_PARAM));
    for (message, mode, level) in [
        (reading, AccessMode::BEST_ACCESS, 0),
        (writing, AccessMode::BEST_ACCESS, 1),
        (writing, AccessMode::READ_WRITE, 1),
        (writing, AccessMode::READ_ONLY, 0),
    ] {
        let opened = client.open_attachment(message, 2, mode).unwrap();
        assert_eq!(client.value(opened, tags::PID_TAG_ACCESS_LEVEL), PropertyValue::PtypInteger32(level), "{mode:?}");
    }
    let ids = [
        "MS-OXCMSG_R436",
        "MS-OXCMSG_R440",
        "MS-OXCMSG_R442",
        "MS-OXCMSG_R858",
        "MS-OXCMSG_R917",
        "MS-OXCMSG_R918",
        "MS-OXCMSG_R919",
    ];
    record("attachments_are_opened_by_number", &ids);
}

#[test]
fn attachment_changes_show_through_their_handle_and_are_not_stored() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.attachments.insert(0, attachment("old.txt", b"content"));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    let opened = client.open_attachment(message, 0, AccessMode::READ_WRITE).unwrap();
    let name = tags::PID_TAG_ATTACH_LONG_FILENAME;
    assert_eq!(client.set(opened, &[(name, string("new.txt"))]), Ok(Vec::new()));
    assert_eq!(client.value(opened, name), string("new.txt"));
    client.save(message, 0x0A).unwrap();
    let other = client.open_attachment(message, 0, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.value(other, name), string("old.txt"));
    let ids = ["MS-OXCPRPT_R479", "MS-OXCPRPT_R480"];
    record("attachment_changes_show_through_their_handle_and_are_not_stored", &ids);
}

#[test]
fn messages_and_attachments_have_their_general_properties() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.attachments.insert(0, attachment("a.txt", b"a"));
        message.attachments.insert(1, attachment("b.txt", b"b"));
    });
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, READ_WRITE).unwrap();
    let name = tags::PID_TAG_LAST_MODIFIER_NAME;
    assert_eq!(client.value(message, name), string("anna"));
    assert!(client.list(message).contains(&name));
    let values = [(name, string("x")), (tags::PID_TAG_SEARCH_KEY, binary(*b"x"))];
    let problems = client.set(message, &values).unwrap();
    assert!(problems.iter().all(|problem| problem.error_code == ErrorCode::EC_ACCESS_DENIED), "{problems:?}");
    assert_eq!(problems.len(), 2);

    let keys = [0, 1].map(|number| {
        let attachment = client.open_attachment(message, number, AccessMode::READ_ONLY).unwrap();
        assert_eq!(client.value(attachment, tags::PID_TAG_ACCESS_LEVEL), PropertyValue::PtypInteger32(0));
        assert_eq!(client.value(attachment, tags::PID_TAG_OBJECT_TYPE), PropertyValue::PtypInteger32(7));
        client.value(attachment, tags::PID_TAG_RECORD_KEY)
    });
    assert_ne!(keys[0], keys[1]);
    let table = client.attachment_table(message).unwrap();
    client.set_columns(table, &[tags::PID_TAG_RECORD_KEY]).unwrap();
    assert_eq!(client.read_table(table, 10), keys.map(|key| vec![Ok(key)]));
    let ids = ["MS-OXCMSG_R1102", "MS-OXCMSG_R1724", "MS-OXCMSG_R219", "MS-OXCMSG_R1825", "MS-OXCMSG_R1078"];
    record("messages_and_attachments_have_their_general_properties", &ids);
}
