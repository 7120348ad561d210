//! What the values of a notification and of its request mean (MS-OXCNOTIF 2.2.1.2.1 and 2.2.1.4.1.2).

use generated_tests::vectors::hex;
use protocol::oxcnotif::{
    NotificationDataEvent, NotificationFlags, NotificationType, NotificationTypes, RopRegisterNotificationRequest,
    TableEventType,
};
use protocol::rops::RopRequest;
use runtime::{Cursor, Encoder, StringValue};

use crate::{number, read, record, written};

#[test]
fn the_type_is_the_lower_twelve_bits_and_the_others_are_flags() {
    const TEST: &str = "the_type_is_the_lower_twelve_bits_and_the_others_are_flags";
    for (flags, ty, set) in [
        (0x0FFF, 0x0FFF, [false; 4]),
        (0x1000, 0, [true, false, false, false]),
        (0x2000, 0, [false, true, false, false]),
        (0x4000, 0, [false, false, true, false]),
        (0x8000, 0, [false, false, false, true]),
        (0xF010, 0x0010, [true; 4]),
    ] {
        let flags = NotificationFlags(flags);
        assert_eq!(flags.notification_type(), NotificationType(ty));
        assert_eq!([flags.t(), flags.u(), flags.s(), flags.m()], set);
    }
    record(TEST, &["R99", "R101", "R138", "R112", "R115", "R118", "R121"]);
}

#[test]
fn each_value_of_the_type_is_an_event() {
    const TEST: &str = "each_value_of_the_type_is_an_event";
    let events = [
        ("02 00  11 11 11 11 11 11 11 11  00 00 00 00  00 00", "NewMail", "R103"),
        ("04 00  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22  00 00", "ObjectCreated", "R104"),
        ("08 00  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22", "ObjectDeleted", "R105"),
        ("10 00  11 11 11 11 11 11 11 11  00 00", "ObjectModified", "R106"),
        (
            "20 80  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22  33 33 33 33 33 33 33 33  44 44 44 44 44 44 44 44",
            "ObjectMoved",
            "R107",
        ),
        (
            "40 80  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22  33 33 33 33 33 33 33 33  44 44 44 44 44 44 44 44",
            "ObjectCopied",
            "R108",
        ),
        ("80 00  11 11 11 11 11 11 11 11", "SearchCompleted", "R109"),
        ("00 01  01 00", "TableModified", "R110"),
        // Reserved, and nothing follows.
        ("00 04", "Extended", "R111"),
    ];
    for (bytes, name, statement) in events {
        let bytes = hex(bytes);
        let data = read(&bytes, None).unwrap();
        let event = format!("{:?}", data.event);
        assert_eq!(event.split([' ', '(']).next(), Some(name));
        assert_eq!(data.event.notification_type().name(), Some(name));
        assert_eq!(written(&data, None).unwrap(), bytes);
        record(TEST, &[statement]);
    }
    assert!(read(&hex("01 00"), None).unwrap_err().to_string().contains("NotificationType"));
    record(TEST, &["R102"]);
}

#[test]
fn each_value_of_the_table_event_is_a_change() {
    const TEST: &str = "each_value_of_the_table_event_is_a_change";
    let events = [
        ("01 00", "TableChanged", "R128"),
        ("03 00  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22  00 00", "TableRowAdded", "R129"),
        ("04 00  11 11 11 11 11 11 11 11", "TableRowDeleted", "R130"),
        ("05 00  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22  00 00", "TableRowModified", "R131"),
        ("07 00", "TableRestrictionChanged", "R132"),
    ];
    for (bytes, name, statement) in events {
        let bytes = hex(&format!("00 01 {bytes}"));
        let data = read(&bytes, None).unwrap();
        let NotificationDataEvent::TableModified(change) = &data.event else { panic!("{data:?}") };
        assert_eq!(format!("{change:?}").split([' ', '(']).next(), Some(name));
        assert_eq!(change.table_event_type().name(), Some(name));
        record(TEST, &[statement]);
    }
    record(TEST, &["R13201", "R126"]);
    // What is no change cannot be read on: nothing says how long it is.
    for value in [0, 2, 6, 8, 0xFFFF] {
        assert_eq!(TableEventType(value).name(), None);
        assert!(read(&[hex("00 01"), number(value, 2)].concat(), None).is_err());
    }
}

#[test]
fn counts_are_of_folders_that_were_modified_and_searches_find_messages() {
    const TEST: &str = "counts_are_of_folders_that_were_modified_and_searches_find_messages";
    let search = "80 {}  11 11 11 11 11 11 11 11";
    let with = |flags: &str, more: &str| hex(&format!("{} {more}", search.replace("{}", flags)));
    for (flags, more, statement) in [("10", "05 00 00 00", "R114"), ("20", "05 00 00 00", "R117")] {
        let data = with(flags, more);
        let mut data = read(&data, None).unwrap();
        assert_eq!(data.total_message_count.or(data.unread_message_count), Some(5));
        // Read all the same, but never written.
        assert!(written(&data, None).is_err());
        (data.total_message_count, data.unread_message_count) = (None, None);
        written(&data, None).unwrap();
        record(TEST, &[statement]);
    }
    // New mail has fields behind the counts: there is no telling where they would stand.
    assert!(read(&hex("02 10  11 11 11 11 11 11 11 11  05 00 00 00  00 00 00 00  00 00"), None).is_err());
    let bytes = with("40", "");
    let mut data = read(&bytes, None).unwrap();
    assert!(written(&data, None).is_err());
    data.notification_flags = data.notification_flags.with_s(false);
    written(&data, None).unwrap();
    let bytes = with("C0", "22 22 22 22 22 22 22 22");
    written(&read(&bytes, None).unwrap(), None).unwrap();
    record(TEST, &["R120"]);
}

#[test]
fn tags_are_counted_and_0xffff_stands_for_none() {
    const TEST: &str = "tags_are_counted_and_0xffff_stands_for_none";
    for (text, tags) in [
        ("00 00", Some(vec![])),
        ("02 00  03 00 02 36  03 00 03 36", Some(vec![0x3602_0003, 0x3603_0003])),
        ("FF FF", None),
    ] {
        let bytes = hex(&format!("10 00  11 11 11 11 11 11 11 11  {text}"));
        let data = read(&bytes, None).unwrap();
        let NotificationDataEvent::ObjectModified { tags: found, .. } = &data.event else { panic!("{data:?}") };
        let found = found.tags.as_ref().map(|tags| tags.iter().map(|tag| tag.0).collect::<Vec<_>>());
        assert_eq!(found, tags);
        assert_eq!(written(&data, None).unwrap(), bytes);
    }
    record(TEST, &["R194", "R202", "R20301", "R20302", "R20303"]);
}

#[test]
fn the_class_of_new_mail_is_in_unicode_where_the_flag_says_so() {
    const TEST: &str = "the_class_of_new_mail_is_in_unicode_where_the_flag_says_so";
    for (text, unicode, statements) in
        [("00  49 50 4D 00", false, &["R219", "R225"]), ("01  49 00 50 00 4D 00 00 00", true, &["R218", "R224"])]
    {
        let bytes = hex(&format!("02 00  11 11 11 11 11 11 11 11  00 00 00 00  {text}"));
        let data = read(&bytes, None).unwrap();
        let NotificationDataEvent::NewMail { unicode_flag, message_class, .. } = &data.event else {
            panic!("{data:?}")
        };
        assert_eq!(*unicode_flag, unicode);
        assert_eq!(matches!(message_class, StringValue::Utf16(_)), unicode);
        assert_eq!(message_class.to_text(1252), "IPM");
        assert_eq!(written(&data, None).unwrap(), bytes);
        record(TEST, statements);
        // It ends with its terminator: without one there is no class.
        assert!(read(&bytes[..bytes.len() - 1], None).is_err());
    }
    record(TEST, &["R223"]);
}

fn registration(bytes: &[u8]) -> RopRegisterNotificationRequest {
    let mut c = Cursor::new(bytes);
    let RopRequest::RopRegisterNotification(request) = RopRequest::unpack(&mut c).unwrap() else { panic!() };
    c.finish().unwrap();
    let mut e = Encoder::new();
    RopRequest::RopRegisterNotification(request).pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), bytes);
    request
}

#[test]
fn a_registration_is_for_the_mailbox_or_for_an_object() {
    const TEST: &str = "a_registration_is_for_the_mailbox_or_for_an_object";
    let whole = registration(&hex("29 00 00 01  02 00  01"));
    assert!(whole.want_whole_store && whole.folder_id.is_none() && whole.message_id.is_none());
    record(TEST, &["R52", "R135"]);
    let one = registration(&hex("29 00 00 01  02 00  00  11 11 11 11 11 11 11 11  22 22 22 22 22 22 22 22"));
    assert!(!one.want_whole_store);
    assert_eq!(one.folder_id.unwrap().0, 0x1111_1111_1111_1111);
    assert_eq!(one.message_id.unwrap().0, 0x2222_2222_2222_2222);
    record(TEST, &["R53"]);
    // Two bytes of types; the reserved byte is there with Extended only, and is 0.
    let extended = registration(&hex("29 00 00 01  02 04  00  01"));
    assert!(extended.notification_types.contains(NotificationTypes::EXTENDED | NotificationTypes::NEW_MAIL));
    record(TEST, &["R133", "R134", "R50", "R49001", "R49002"]);
}
