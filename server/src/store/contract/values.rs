//! Values of all types and sizes, streams, blobs, named properties.

use std::borrow::Cow;

use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue, Restriction};
use protocol::oxorule::{ActionBlock, ActionBlockAction, RuleAction};
use runtime::{FileTime, Guid, String8, Utf16};

use super::{Backend, add_user, create_in, inbox, save_with, store_with_user, update, value};
use crate::store::value::{binary, string};
use crate::store::{LARGE_VALUE, ObjectId, PropertyName, StoreError, StoredValue, read_whole, tags};

fn rule_action() -> RuleAction<'static> {
    RuleAction { action_blocks: vec![ActionBlock { action: ActionBlockAction::OpDelete(0) }] }
}

pub(in crate::store) fn every_type_is_stored_and_found_again(backend: &Backend) {
    use PropertyValue as V;
    let (_store, mailbox) = store_with_user(backend);
    let values = [
        V::PtypInteger16(-3),
        V::PtypInteger32(i32::MIN),
        V::PtypFloating32(0.1),
        V::PtypFloating64(-1e300),
        V::PtypCurrency(99),
        V::PtypFloatingTime(43_000.25),
        V::PtypBoolean(true),
        V::PtypInteger64(i64::MIN),
        V::PtypString8(String8::new(vec![0xE4, 0xFF])),
        V::PtypString("Ελληνικά 漢字 🎈".into()),
        V::PtypString(Utf16::from_units(&[0xDC00, 0x20])),
        V::PtypTime(FileTime(1 << 60)),
        V::PtypGuid(Guid([3; 16])),
        V::PtypServerId(Cow::Borrowed(&[1, 2])),
        V::PtypRuleAction(rule_action()),
        V::PtypRestriction(Box::new(Restriction::ExistRestriction(tags::PID_TAG_BODY))),
        binary(vec![0, 1, 255]),
        V::PtypMultipleInteger16(vec![1, -1]),
        V::PtypMultipleInteger32(vec![5]),
        V::PtypMultipleFloating32(vec![1.5]),
        V::PtypMultipleFloating64(vec![2.5]),
        V::PtypMultipleCurrency(vec![1]),
        V::PtypMultipleFloatingTime(vec![2.0]),
        V::PtypMultipleInteger64(vec![1 << 40]),
        V::PtypMultipleString8(vec!["a".into(), "".into()]),
        V::PtypMultipleString(vec!["rot".into(), "grün".into()]),
        V::PtypMultipleTime(vec![FileTime(9)]),
        V::PtypMultipleGuid(vec![Guid([1; 16])]),
        V::PtypMultipleBinary(vec![Cow::Borrowed(&[1]), Cow::Borrowed(&[])]),
    ];
    let mut change = create_in(inbox(mailbox.as_ref()));
    let tag = |index: usize, value: &PropertyValue<'_>| {
        let id = 0x6800 + u16::try_from(index).unwrap();
        PropertyTag::default().with_property_id(id).with_property_type(value.property_type())
    };
    for (index, value) in values.iter().enumerate() {
        change.properties.set(tag(index, value), value.clone());
    }
    let id = ObjectId::Message(mailbox.save_message(&change).unwrap().id);
    for (index, expected) in values.iter().enumerate() {
        let asked = tag(index, expected);
        assert_eq!(value(mailbox.as_ref(), id, asked).as_ref(), Some(expected));
        let unspecified = asked.with_property_type(PropertyType::PTYP_UNSPECIFIED);
        assert_eq!(value(mailbox.as_ref(), id, unspecified).as_ref(), Some(expected));
    }
    let mut wrong = create_in(inbox(mailbox.as_ref()));
    wrong.properties.set(tags::PID_TAG_BODY, PropertyValue::PtypInteger32(1));
    assert!(matches!(mailbox.save_message(&wrong), Err(StoreError::TypeMismatch { .. })));
}

pub(in crate::store) fn string_types_find_each_other(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let unicode = tags::PID_TAG_COMMENT;
    let eight_bit = unicode.with_property_type(PropertyType::PTYP_STRING8);
    let id = save_with(mailbox.as_ref(), unicode, string("wide"));
    let object = ObjectId::Message(id);
    assert_eq!(value(mailbox.as_ref(), object, eight_bit), Some(string("wide")));
    let narrow = PropertyValue::PtypString8("narrow".into());
    let mut change = update(id);
    change.properties.set(eight_bit, narrow.clone());
    mailbox.save_message(&change).unwrap();
    assert_eq!(value(mailbox.as_ref(), object, unicode), Some(narrow));
    let stored = mailbox.all_properties(object).unwrap();
    assert_eq!(stored.iter().filter(|(tag, _)| tag.property_id() == unicode.property_id()).count(), 1);
    let mut change = update(id);
    change.properties.delete(unicode);
    mailbox.save_message(&change).unwrap();
    assert_eq!(value(mailbox.as_ref(), object, eight_bit), None);
}

pub(in crate::store) fn large_values_are_streams(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    // 150,000 UTF-16 units, no two stretches alike.
    let text: String = (0..30_000).map(|n| format!("{n:05}")).collect();
    let id = save_with(mailbox.as_ref(), tags::PID_TAG_BODY, string(text.clone()));
    let object = ObjectId::Message(id);
    let size = text.len() as u64 * 2;
    let found = mailbox.properties(object, &[tags::PID_TAG_BODY]).unwrap();
    assert_eq!(found, [Some(StoredValue::Large { size })]);
    let stream = mailbox.open_stream(object, tags::PID_TAG_BODY).unwrap();
    assert_eq!(stream.size(), size);
    let mut encoder = runtime::Encoder::new();
    Utf16::new(text.as_str()).pack_units(&mut encoder).unwrap();
    let expected = encoder.finish();
    for (offset, len) in [(0, 10), (32_760, 20), (65_535, 70_000), (size - 3, 10), (size, 5), (size + 9, 5)] {
        let start = usize::try_from(offset.min(size)).unwrap();
        let end = (start + len).min(expected.len());
        assert_eq!(stream.read_at(offset, len).unwrap(), expected[start..end], "{len} at {offset}");
    }
    assert_eq!(stream.read_at(u64::MAX, usize::MAX).unwrap(), [0_u8; 0]);
    let small = save_with(mailbox.as_ref(), tags::PID_TAG_BODY, string("kurz"));
    let bytes = read_whole(mailbox.as_ref(), ObjectId::Message(small), tags::PID_TAG_BODY, 100).unwrap();
    assert_eq!(bytes, [b'k', 0, b'u', 0, b'r', 0, b'z', 0]);
    let subject = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("a"));
    let bytes = read_whole(mailbox.as_ref(), ObjectId::Message(subject), tags::PID_TAG_SUBJECT, 100).unwrap();
    assert_eq!(bytes, [b'a', 0]);
    let result = mailbox.open_stream(object, tags::PID_TAG_MESSAGE_FLAGS).err();
    assert!(matches!(result, Some(StoreError::Unsupported(_))));
    let result = mailbox.open_stream(object, tags::PID_TAG_HTML).err();
    assert!(matches!(result, Some(StoreError::NotFound(_))));
}

pub(in crate::store) fn blobs_are_written_in_pieces(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let content: Vec<u8> = (0..200_001_u32).map(|n| (n % 251) as u8).collect();
    for (cut, whole) in [(1_000, content.as_slice()), (70_000, &content), (7, &content[..100]), (1, &[])] {
        let mut writer = mailbox.create_blob().unwrap();
        for piece in whole.chunks(cut) {
            writer.write(piece).unwrap();
        }
        let blob = writer.finish().unwrap();
        assert_eq!(blob.size(), whole.len() as u64);
        let stream = mailbox.open_blob(&blob).unwrap();
        assert_eq!((stream.size(), stream.read_at(0, usize::MAX).unwrap()), (blob.size(), whole.to_vec()));
        let mut change = create_in(inbox(mailbox.as_ref()));
        change.properties.set_blob(tags::PID_TAG_HTML, blob);
        let id = ObjectId::Message(mailbox.save_message(&change).unwrap().id);
        assert_eq!(read_whole(mailbox.as_ref(), id, tags::PID_TAG_HTML, 1 << 20).unwrap(), whole);
        let large =
            matches!(mailbox.properties(id, &[tags::PID_TAG_HTML]).unwrap()[..], [Some(StoredValue::Large { .. })]);
        assert_eq!(large, whole.len() > LARGE_VALUE);
    }
}

pub(in crate::store) fn open_streams_outlive_their_property(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let content = vec![9; 100_000];
    let id = save_with(mailbox.as_ref(), tags::PID_TAG_HTML, binary(content.clone()));
    let stream = mailbox.open_stream(ObjectId::Message(id), tags::PID_TAG_HTML).unwrap();
    mailbox.delete_message(id).unwrap();
    save_with(mailbox.as_ref(), tags::PID_TAG_HTML, binary(vec![8; 100_000]));
    assert_eq!(stream.read_at(50_000, 100_000).unwrap(), content[50_000..]);
}

pub(in crate::store) fn blobs_of_other_mailboxes_are_refused(backend: &Backend) {
    let (store, mailbox) = store_with_user(backend);
    let other = add_user(store.as_ref(), "other");
    let mut writer = other.create_blob().unwrap();
    writer.write(&[1; 40_000]).unwrap();
    let blob = writer.finish().unwrap();
    assert!(matches!(mailbox.open_blob(&blob).err(), Some(StoreError::NotFound(_))));
    let mut change = create_in(inbox(mailbox.as_ref()));
    change.properties.set_blob(tags::PID_TAG_HTML, blob);
    assert!(matches!(mailbox.save_message(&change), Err(StoreError::NotFound(_))));
}

pub(in crate::store) fn odd_utf16_is_refused(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let mut writer = mailbox.create_blob().unwrap();
    writer.write(b"abc").unwrap();
    let blob = writer.finish().unwrap();
    let mut change = create_in(inbox(mailbox.as_ref()));
    change.properties.set_blob(tags::PID_TAG_BODY, blob.clone());
    assert!(matches!(mailbox.save_message(&change), Err(StoreError::InvalidParameter(_))));
    change.properties.delete(tags::PID_TAG_BODY).set_blob(tags::PID_TAG_IMPORTANCE, blob);
    assert!(matches!(mailbox.save_message(&change), Err(StoreError::Unsupported(_))));
}

pub(in crate::store) fn named_properties_keep_their_ids(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let guid = Guid([6; 16]);
    let names = [
        PropertyName::Lid { guid, lid: 0x8205 },
        PropertyName::Name { guid, name: "Color".into() },
        PropertyName::Name { guid, name: "color".into() },
        PropertyName::Lid { guid: Guid([7; 16]), lid: 0x8205 },
    ];
    assert_eq!(mailbox.named_property_ids(&names, false).unwrap(), [None; 4]);
    let ids: Vec<u16> = mailbox.named_property_ids(&names, true).unwrap().into_iter().map(Option::unwrap).collect();
    assert_eq!(ids, [0x8000, 0x8001, 0x8002, 0x8003]);
    let more = [PropertyName::Lid { guid, lid: 1 }, names[2].clone()];
    assert_eq!(mailbox.named_property_ids(&more, true).unwrap(), [Some(0x8004), Some(0x8002)]);
    let found = mailbox.named_property_names(&[0x8001, 0x8004, 0x8005, 0x0037]).unwrap();
    assert_eq!(found, [Some(names[1].clone()), Some(more[0].clone()), None, None]);
}

pub(in crate::store) fn replicas_keep_their_ids(backend: &Backend) {
    let (store, mailbox) = store_with_user(backend);
    let identity = mailbox.identity();
    assert_eq!(mailbox.replica_id(identity.replica).unwrap(), identity.repl_id);
    assert_eq!(mailbox.replica(identity.repl_id).unwrap(), Some(identity.replica));
    let ids = [7, 8, 7].map(|byte| mailbox.replica_id(Guid([byte; 16])).unwrap());
    assert_eq!(ids[0], ids[2]);
    assert!(ids[0] != ids[1] && !ids.contains(&identity.repl_id) && !ids.contains(&0), "{ids:?}");
    assert_eq!(mailbox.replica(ids[0]).unwrap(), Some(Guid([7; 16])));
    assert_eq!(mailbox.replica(ids[1]).unwrap(), Some(Guid([8; 16])));
    assert_eq!(mailbox.replica(0).unwrap(), None);
    assert_eq!(mailbox.replica(u16::MAX).unwrap(), None);
    let other = add_user(store.as_ref(), "other");
    assert_eq!(other.replica(ids[0]).unwrap(), None);
}
