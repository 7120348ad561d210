//! Recipients of messages.

use protocol::oxcdata::{
    DisplayType, ErrorCode, FlaggedCell, FlaggedPropertyValue, ModifyRecipientRow, PropertyRow, PropertyTag,
    PropertyValue, RecipientClass, RecipientFlags, RecipientRow, RecipientRowAddress, RecipientType,
};
use runtime::{String8, StringValue};
use server::store::value::string;
use server::store::{ObjectId, PartChange, PropertyChanges, SpecialFolder, tags};

use crate::fixture::Fixture;
use crate::record;

const COLUMNS: [PropertyTag; 2] = [tags::PID_TAG_RECIPIENT_ORDER, tags::PID_TAG_RECIPIENT_TRACK_STATUS];

fn kind(class: RecipientClass) -> RecipientType {
    RecipientType::default().with_type(class)
}

/// A recipient with an SMTP address and one column of two.
pub fn smtp(row_id: u32, class: RecipientClass, name: &str) -> ModifyRecipientRow<'static> {
    let wide = |text: String| Some(StringValue::Utf16(text.into()));
    let cells = vec![FlaggedCell::Typed(FlaggedPropertyValue::Present(PropertyValue::PtypInteger32(7)))];
    let row = RecipientRow {
        recipient_flags: RecipientFlags::default()
            .with_type(RecipientRowAddress::SMTP.r#type())
            .with_e(true)
            .with_d(true)
            .with_s(true)
            .with_u(true),
        address: RecipientRowAddress::SMTP,
        email_address: wide(format!("{name}@example.test")),
        display_name: wide(name.to_owned()),
        simple_display_name: None,
        transmittable_display_name: None,
        recipient_column_count: 1,
        recipient_properties: PropertyRow::FlaggedPropertyRow(cells),
    };
    ModifyRecipientRow { row_id, recipient_type: kind(class), recipient_row: Some(row) }
}

/// A recipient of the directory whose distinguished name is given without the prefix of 33 bytes.
fn directory(row_id: u32, class: RecipientClass) -> ModifyRecipientRow<'static> {
    let address = RecipientRowAddress::X500DN {
        address_prefix_used: 33,
        display_type: DisplayType::DT_MAILUSER,
        x500_dn: String8::from_text("/cn=bruno"),
    };
    let row = RecipientRow {
        recipient_flags: RecipientFlags::default().with_type(address.r#type()).with_d(true).with_t(true),
        address,
        email_address: None,
        display_name: Some(StringValue::String8(String8::new(b"Br\xFCno".to_vec()))),
        simple_display_name: None,
        transmittable_display_name: Some(StringValue::String8("Bruno".into())),
        recipient_column_count: 0,
        recipient_properties: PropertyRow::StandardPropertyRow(Vec::new()),
    };
    ModifyRecipientRow { row_id, recipient_type: kind(class), recipient_row: Some(row) }
}

#[test]
fn recipients_are_added_changed_and_deleted() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (id, message) = client.create_message(logon, drafts, false).unwrap();
    let rows = vec![
        smtp(0, RecipientClass::TO, "carla"),
        directory(1, RecipientClass::CC),
        smtp(2, RecipientClass::TO, "dora"),
    ];
    client.modify_recipients(message, &COLUMNS, rows).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_DISPLAY_TO), string("carla; dora"));
    assert_eq!(client.value(message, tags::PID_TAG_DISPLAY_CC), string("Brüno"));
    client.save(message, 0x0A).unwrap();

    let (response, _) = client.open_message(logon, drafts, id, 0).unwrap();
    assert_eq!((response.recipient_count, response.recipient_rows.len()), (3, 3));
    assert!(response.recipient_columns.contains(&COLUMNS[0]) && !response.recipient_columns.contains(&COLUMNS[1]));
    let first = &response.recipient_rows[0];
    assert_eq!(first.recipient_type, kind(RecipientClass::TO));
    assert_eq!(first.recipient_row.address, RecipientRowAddress::SMTP);
    assert_eq!(first.recipient_row.email_address, Some(StringValue::Utf16("carla@example.test".into())));
    assert!(first.recipient_row.recipient_flags.s());
    let second = &response.recipient_rows[1];
    assert_eq!(second.recipient_type, kind(RecipientClass::CC));
    let RecipientRowAddress::X500DN { x500_dn, .. } = &second.recipient_row.address else { panic!("another address") };
    assert_eq!(x500_dn.as_bytes(), crate::fixture::BRUNO_DN.as_bytes());
    assert_eq!(second.recipient_row.display_name, Some(StringValue::Utf16("Brüno".into())));
    assert_eq!(second.recipient_row.transmittable_display_name, Some(StringValue::Utf16("Bruno".into())));

    // RowId 2 goes, RowId 0 becomes another; both shows before saving, but not through another handle.
    let gone = ModifyRecipientRow { row_id: 2, recipient_type: kind(RecipientClass::TO), recipient_row: None };
    client.modify_recipients(message, &COLUMNS, vec![gone, smtp(0, RecipientClass::TO, "erna")]).unwrap();
    assert_eq!(client.value(message, tags::PID_TAG_DISPLAY_TO), string("erna"));
    let (response, other) = client.open_message(logon, drafts, id, 0).unwrap();
    assert_eq!(response.recipient_count, 3);
    assert_eq!(client.value(other, tags::PID_TAG_DISPLAY_TO), string("carla; dora"));
    client.save(message, 0x0A).unwrap();
    assert_eq!(fixture.mailbox.recipients(id).unwrap(), [0, 1]);
    assert_eq!(fixture.stored(id, tags::PID_TAG_DISPLAY_TO), Some(string("erna")));
    let ids = [
        "MS-OXCMSG_R388",
        "MS-OXCMSG_R389",
        "MS-OXCMSG_R390",
        "MS-OXCMSG_R391",
        "MS-OXCMSG_R393",
        "MS-OXCMSG_R394",
        "MS-OXCMSG_R395",
        "MS-OXCMSG_R327",
        "MS-OXCMSG_R328",
        "MS-OXCMSG_R330",
        "MS-OXCMSG_R684",
        "MS-OXCMSG_R977",
        "MS-OXCMSG_R978",
        "MS-OXCMSG_R685",
        "MS-OXCMSG_R681",
    ];
    record("recipients_are_added_changed_and_deleted", &ids);
}

#[test]
fn messages_open_for_reading_keep_their_recipients() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let refused = client.modify_recipients(message, &COLUMNS, vec![smtp(0, RecipientClass::TO, "carla")]);
    assert_eq!(refused, Err(ErrorCode::EC_ACCESS_DENIED));
}

#[test]
fn opening_lists_as_many_recipients_as_have_room() {
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        for row_id in 0..300 {
            let mut properties = PropertyChanges::new();
            properties
                .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(1))
                .set(tags::PID_TAG_DISPLAY_NAME, string(format!("recipient {row_id}")))
                .set(tags::PID_TAG_ADDRESS_TYPE, string("SMTP"))
                .set(tags::PID_TAG_EMAIL_ADDRESS, string(format!("r{row_id}@example.test")));
            message.recipients.insert(row_id, PartChange::Replace(properties));
        }
    });
    let (mut client, logon) = fixture.logged_on();
    let mut listed = |limit| {
        client.limit = limit;
        let (response, _) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
        assert_eq!(response.recipient_count, 300);
        response.recipient_rows.len()
    };
    assert_eq!(listed(60_000), 254);
    let some = listed(8_000);
    assert!((20..100).contains(&some), "{some}");
    assert_eq!(listed(600), 5);
    assert!((1..5).contains(&listed(300)));
}

#[test]
fn flags_of_an_earlier_try_are_kept() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let (id, message) = client.create_message(logon, drafts, false).unwrap();
    let mut row = smtp(0, RecipientClass::BCC, "carla");
    row.recipient_type = row.recipient_type.with_failed(true);
    client.modify_recipients(message, &COLUMNS, vec![row]).unwrap();
    client.save(message, 0x0A).unwrap();
    let (response, _) = client.open_message(logon, drafts, id, 0).unwrap();
    assert_eq!(response.recipient_rows[0].recipient_type.0, 0x13);
    assert_eq!(fixture.stored(id, tags::PID_TAG_DISPLAY_BCC), Some(string("carla")));
    let order = server::store::property(fixture.mailbox.as_ref(), ObjectId::Recipient(id, 0), COLUMNS[0]).unwrap();
    assert_eq!(order, Some(PropertyValue::PtypInteger32(7)));
    record("flags_of_an_earlier_try_are_kept", &["MS-OXCMSG_R686", "MS-OXCMSG_R979", "MS-OXCMSG_R1298"]);
}
