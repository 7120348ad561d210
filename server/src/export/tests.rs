#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::oxcdata::{PropertyTag, PropertyValue};
use runtime::{FileTime, Utf16};
use serde_json::Value;

use super::*;
use crate::store::sqlite::SqliteStore;
use crate::store::value::{binary, string};
use crate::store::{MessageChange, MessageTarget, NewUser, PartChange, PropertyChanges, Store as _, tags};

fn lines(mailbox: &dyn Mailbox) -> (Vec<Value>, Exported) {
    let mut text = Vec::new();
    let exported = export(mailbox, &mut text).unwrap();
    assert!(text.is_ascii());
    (
        text.split(|byte| *byte == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect(),
        exported,
    )
}

/// The value of a property in a line's `properties`.
fn value(object: &Value, tag: PropertyTag) -> Value {
    let wanted = format!("{:#010x}", tag.0);
    let list = object["properties"].as_array().unwrap();
    list.iter().find(|property| property["tag"] == wanted.as_str()).map(|property| property["value"].clone()).unwrap()
}

#[test]
fn everything_of_a_message_is_in_its_line() {
    let store = SqliteStore::in_memory().unwrap();
    let new = NewUser { address: "ada@example.test", display_name: "Ada", legacy_dn: "ada", password_hash: "x" };
    let user = store.create_user(&new).unwrap();
    let mailbox = store.mailbox(user.mailbox).unwrap();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    let name = PropertyName::Name { guid: runtime::Guid([7; 16]), name: "Größe".to_owned() };
    let named = mailbox.named_property_ids(&[name], true).unwrap()[0].unwrap();
    let named = PropertyTag(u32::from(named) << 16 | 0x0003);

    let long: String = "Zwölf Boxkämpfer \u{1F94A} \"jagen\" \\ \n".repeat(3000);
    let bytes: Vec<u8> = (0..100_001_u32).map(|index| (index % 251) as u8).collect();
    let mut change = MessageChange::new(MessageTarget::Create { folder: inbox, associated: false, id: None });
    change.properties.set(tags::PID_TAG_SUBJECT, string("A \"subject\" – \u{1F600}"));
    change.properties.set(PropertyTag(0x1000_001F), string(long.clone()));
    change.properties.set(PropertyTag(0x6700_0040), PropertyValue::PtypTime(FileTime(0x01D9_1234_5678_9ABC)));
    change.properties.set(PropertyTag(0x6701_0005), PropertyValue::PtypFloating64(f64::NAN));
    change.properties.set(PropertyTag(0x6702_1003), PropertyValue::PtypMultipleInteger32(vec![1, -2]));
    change.properties.set(PropertyTag(0x6703_000B), PropertyValue::PtypBoolean(true));
    change.properties.set(named, PropertyValue::PtypInteger32(-5));
    let mut recipient = PropertyChanges::new();
    recipient.set(PropertyTag(0x3001_001F), string("Bob"));
    change.recipients.insert(4, PartChange::Replace(recipient));
    let mut attachment = PropertyChanges::new();
    attachment.set(tags::PID_TAG_ATTACH_DATA_BINARY, binary(bytes.clone()));
    change.attachments.insert(2, PartChange::Replace(attachment));
    mailbox.save_message(&change).unwrap();

    let (lines, exported) = lines(mailbox.as_ref());
    assert_eq!(exported.messages, 1);
    let kinds = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count() as u64;
    assert_eq!((kinds("mailbox"), kinds("folder"), kinds("message")), (1, exported.folders, 1));
    let line = lines.iter().find(|line| line["kind"] == "named-property").unwrap();
    assert_eq!(line["name"], "Größe");
    assert_eq!(line["id"], format!("{:#06x}", named.0 >> 16));

    let message = lines.last().unwrap();
    assert_eq!(message["folder"], format!("{:#018x}", inbox.0));
    assert_eq!(value(message, tags::PID_TAG_SUBJECT), "A \"subject\" – \u{1F600}");
    assert_eq!(value(message, PropertyTag(0x1000_001F)), long);
    assert_eq!(value(message, PropertyTag(0x6700_0040)), 0x01D9_1234_5678_9ABC_u64);
    assert_eq!(value(message, PropertyTag(0x6701_0005)), "NaN");
    assert_eq!(value(message, PropertyTag(0x6702_1003)), serde_json::json!([1, -2]));
    assert_eq!(value(message, PropertyTag(0x6703_000B)), true);
    assert_eq!(value(message, named), -5);
    assert_eq!(message["recipients"][0]["row"], 4);
    assert_eq!(value(&message["recipients"][0], PropertyTag(0x3001_001F)), "Bob");
    let attached = value(&message["attachments"][0], tags::PID_TAG_ATTACH_DATA_BINARY);
    assert_eq!(message["attachments"][0]["number"], 2);
    assert_eq!(STANDARD.decode(attached.as_str().unwrap()).unwrap(), bytes);
}

#[test]
fn lone_surrogates_are_written_as_they_are() {
    let mut text = Vec::new();
    json::string(&mut text, Utf16::from_units(&[0x61, 0xD83D, 0x62]).units()).unwrap();
    assert_eq!(text, br#""a\ud83db""#);
}
