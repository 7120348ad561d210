//! Lists that are brought up to date agree with lists made anew; SQL agrees with row by row.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use proptest::prelude::*;
use protocol::oxcdata::{
    BitmapRelOp, FuzzyLevelHigh, FuzzyLevelLow, MessageId, PropertyTag, PropertyValue, RelOp, Restriction,
    SortDirection, SortOrder, TaggedPropertyValue,
};
use runtime::FileTime;

use super::SqliteStore;
use crate::store::restriction::{Matcher, PropertySource};
use crate::store::value::{binary, size_of, string};
use crate::store::{
    ContentsKind, Mailbox, MessageChange, MessageTarget, NewUser, ObjectId, Result, SpecialFolder, Store, StoredValue,
    TableQuery, tags,
};

const FLAG: PropertyTag = PropertyTag(0x1234_000B);
const SHORT: PropertyTag = PropertyTag(0x1235_0002);
const NUMBER: PropertyTag = tags::PID_TAG_IMPORTANCE;
const TIME: PropertyTag = tags::PID_TAG_MESSAGE_DELIVERY_TIME;
const BYTES: PropertyTag = tags::PID_TAG_CONVERSATION_INDEX;
const TEXT: PropertyTag = tags::PID_TAG_SUBJECT;

fn mailbox() -> (SqliteStore, Arc<dyn Mailbox>) {
    let store = SqliteStore::in_memory().unwrap();
    let user = NewUser { address: "a@example.test", display_name: "a", legacy_dn: "/cn=a", password_hash: "x" };
    let mailbox = store.mailbox(store.create_user(&user).unwrap().mailbox).unwrap();
    (store, mailbox)
}

/// Properties of one message: each may be missing.
fn values() -> impl Strategy<Value = Vec<(PropertyTag, PropertyValue<'static>)>> {
    let bytes = prop_oneof![proptest::collection::vec(0_u8..3, 0..3), Just(vec![7; 5000]),];
    let times = prop_oneof![0_u64..4, Just(u64::MAX), Just(1 << 63)];
    (
        proptest::option::of(any::<bool>()),
        proptest::option::of(-2_i16..3),
        proptest::option::of(-2_i32..3),
        proptest::option::of(times),
        proptest::option::of(bytes),
        proptest::option::of("[abA]{0,2}"),
    )
        .prop_map(|(flag, short, number, time, bytes, text)| {
            let found = [
                flag.map(|v| (FLAG, PropertyValue::PtypBoolean(v))),
                short.map(|v| (SHORT, PropertyValue::PtypInteger16(v))),
                number.map(|v| (NUMBER, PropertyValue::PtypInteger32(v))),
                time.map(|v| (TIME, PropertyValue::PtypTime(FileTime(v)))),
                bytes.map(|v| (BYTES, binary(v))),
                text.map(|v| (TEXT, string(v))),
            ];
            found.into_iter().flatten().collect()
        })
}

fn save(mailbox: &dyn Mailbox, target: MessageTarget, values: &[(PropertyTag, PropertyValue<'static>)]) -> MessageId {
    let mut change = MessageChange::new(target);
    for tag in [FLAG, SHORT, NUMBER, TIME, BYTES, TEXT] {
        match values.iter().find(|(own, _)| *own == tag) {
            Some((_, value)) => change.properties.set(tag, value.clone()),
            None => change.properties.delete(tag),
        };
    }
    mailbox.save_message(&change).unwrap().id
}

fn inbox(mailbox: &dyn Mailbox) -> protocol::oxcdata::FolderId {
    mailbox.special_folders().get(SpecialFolder::Inbox)
}

/// A message as [`Matcher`] sees it, through the store's own interface.
struct Row<'m>(&'m dyn Mailbox, MessageId);

impl PropertySource for Row<'_> {
    fn property(&self, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>> {
        let found = self.0.properties(ObjectId::Message(self.1), &[tag])?.pop().flatten();
        Ok(found.map(|value| match value {
            StoredValue::Value(value) => value,
            StoredValue::Large { .. } => unreachable!("values of these tests are small"),
        }))
    }

    fn size(&self, tag: PropertyTag) -> Result<Option<u64>> {
        Ok(self.property(tag)?.map(|value| size_of(&value)))
    }

    fn sub_objects(&self, _subobject: PropertyTag) -> Result<Vec<Box<dyn PropertySource + '_>>> {
        Ok(Vec::new())
    }
}

/// A value under the id of a tag, with its own type.
fn tagged(tag: PropertyTag, property_value: PropertyValue<'static>) -> TaggedPropertyValue<'static> {
    TaggedPropertyValue { property_tag: tag.with_property_type(property_value.property_type()), property_value }
}

fn condition() -> impl Strategy<Value = Restriction<'static>> {
    let tag = prop_oneof![
        Just(FLAG),
        Just(SHORT),
        Just(NUMBER),
        Just(TIME),
        Just(BYTES),
        Just(TEXT),
        Just(tags::PID_TAG_READ),
        Just(tags::PID_TAG_MESSAGE_FLAGS),
        Just(tags::PID_TAG_HAS_ATTACHMENTS),
        Just(tags::PID_TAG_MESSAGE_SIZE),
    ];
    let value = prop_oneof![
        any::<bool>().prop_map(PropertyValue::PtypBoolean),
        (-2_i16..3).prop_map(PropertyValue::PtypInteger16),
        (-2_i32..3).prop_map(PropertyValue::PtypInteger32),
        prop_oneof![0_u64..4, Just(u64::MAX), Just(1 << 63)].prop_map(|v| PropertyValue::PtypTime(FileTime(v))),
        proptest::collection::vec(0_u8..3, 0..3).prop_map(binary),
        "[abA]{0,2}".prop_map(string),
    ];
    (tag, value, 0_u8..6, any::<u32>(), 0_u8..5).prop_map(|(tag, value, operator, mask, kind)| match kind {
        0 => Restriction::ExistRestriction(tag),
        1 => {
            let bitmap_rel_op = if operator % 2 == 0 { BitmapRelOp::BMR_EQZ } else { BitmapRelOp::BMR_NEZ };
            Restriction::BitMaskRestriction { bitmap_rel_op, prop_tag: tag, mask }
        }
        2 => Restriction::ContentRestriction {
            fuzzy_level_low: FuzzyLevelLow::FL_SUBSTRING,
            fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
            property_tag: tag,
            tagged_value: tagged(tag, value),
        },
        3 => Restriction::SizeRestriction { rel_op: RelOp(operator), prop_tag: tag, size: mask % 8 },
        _ => Restriction::PropertyRestriction {
            rel_op: RelOp(operator),
            prop_tag: tag,
            tagged_value: tagged(tag, value),
        },
    })
}

fn restriction() -> impl Strategy<Value = Restriction<'static>> {
    condition().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Restriction::AndRestriction),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Restriction::OrRestriction),
            inner.clone().prop_map(|part| Restriction::NotRestriction(Box::new(part))),
            (0_u32..3, inner)
                .prop_map(|(count, part)| Restriction::CountRestriction { count, sub_restriction: Box::new(part) }),
        ]
    })
}

fn sort() -> impl Strategy<Value = Vec<SortOrder>> {
    let tag = prop_oneof![Just(NUMBER), Just(TIME), Just(TEXT), Just(BYTES), Just(tags::PID_TAG_MESSAGE_SIZE)];
    let key = (tag, any::<bool>()).prop_map(|(property_tag, up)| SortOrder {
        property_tag,
        order: if up { SortDirection::ASCENDING } else { SortDirection::DESCENDING },
    });
    proptest::collection::vec(key, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sql_and_row_by_row_find_the_same(
        messages in proptest::collection::vec((values(), any::<bool>()), 1..10),
        restrictions in proptest::collection::vec(restriction(), 1..24),
    ) {
        let (_store, mailbox) = mailbox();
        let folder = inbox(mailbox.as_ref());
        for (values, read) in &messages {
            let id = save(mailbox.as_ref(), MessageTarget::Create { folder, associated: false, id: None }, values);
            mailbox.set_read(id, *read).unwrap();
        }
        let all = mailbox.contents(folder, ContentsKind::Normal, &TableQuery::default()).unwrap();
        for restriction in &restrictions {
            let query = TableQuery { restriction: Some(restriction), ..TableQuery::default() };
            let found = mailbox.contents(folder, ContentsKind::Normal, &query).unwrap();
            let mut matcher = Matcher::new(restriction, 1252).unwrap();
            let expected: Vec<MessageId> =
                all.iter().copied().filter(|id| matcher.matches(&Row(mailbox.as_ref(), *id)).unwrap()).collect();
            prop_assert_eq!(&*found, expected, "{:?}", restriction);
        }
    }

    #[test]
    fn lists_that_are_kept_are_as_those_made_anew(
        begun in proptest::collection::vec(values(), 1..12),
        steps in proptest::collection::vec((0_u8..5, any::<prop::sample::Index>(), values()), 1..16),
        sort in sort(),
        restriction in proptest::option::of(restriction()),
    ) {
        let (_store, mailbox) = mailbox();
        let folder = inbox(mailbox.as_ref());
        let create = MessageTarget::Create { folder, associated: false, id: None };
        for values in &begun {
            save(mailbox.as_ref(), create, values);
        }
        let query = TableQuery { restriction: restriction.as_ref(), sort: &sort, code_page: 1252 };
        for (step, which, values) in &steps {
            // Kept from here on.
            mailbox.contents(folder, ContentsKind::Normal, &query).unwrap();
            let all = mailbox.contents(folder, ContentsKind::Normal, &TableQuery::default()).unwrap();
            let chosen = (!all.is_empty()).then(|| all[which.index(all.len())]);
            match (step, chosen) {
                (1, Some(id)) => _ = save(mailbox.as_ref(), MessageTarget::Update { id, expected_change_number: None }, values),
                (2, Some(id)) => _ = mailbox.delete_messages(folder, &[id], false).unwrap(),
                (3, Some(id)) => mailbox.delete_message(id).unwrap(),
                (4, Some(id)) => _ = mailbox.set_read(id, which.index(2) == 0).unwrap(),
                _ => _ = save(mailbox.as_ref(), create, values),
            }
            let kept = mailbox.contents(folder, ContentsKind::Normal, &query).unwrap();
            // Another code page is another list, for which nothing was kept; no text here depends on it.
            let anew = mailbox.contents(folder, ContentsKind::Normal, &TableQuery { code_page: 1250, ..query }).unwrap();
            prop_assert_eq!(&*kept, &*anew, "{:?} {:?}", step, sort);
        }
    }
}

#[test]
fn a_list_is_shared_as_long_as_nothing_in_it_changes() {
    let (_store, mailbox) = mailbox();
    let folder = inbox(mailbox.as_ref());
    let create = |folder| MessageTarget::Create { folder, associated: false, id: None };
    save(mailbox.as_ref(), create(folder), &[]);
    let query = TableQuery::default();
    let list = || mailbox.contents(folder, ContentsKind::Normal, &query).unwrap();
    let first = list();
    let version = mailbox.contents_version(folder, ContentsKind::Normal);
    save(mailbox.as_ref(), create(mailbox.special_folders().get(SpecialFolder::Drafts)), &[]);
    assert!(Arc::ptr_eq(&first, &list()));
    assert_eq!(mailbox.contents_version(folder, ContentsKind::Normal), version);
    let second = save(mailbox.as_ref(), create(folder), &[]);
    assert!(list().contains(&second) && list().len() == 2);
    assert!(mailbox.contents_version(folder, ContentsKind::Normal) > version);
}

#[test]
fn what_many_ask_for_at_once_is_made_once() {
    let (_store, mailbox) = mailbox();
    let folder = inbox(mailbox.as_ref());
    for number in 0..200 {
        let values = [(TEXT, string(format!("{number}")))];
        save(mailbox.as_ref(), MessageTarget::Create { folder, associated: false, id: None }, &values);
    }
    let sort = [SortOrder { property_tag: TEXT, order: SortDirection::ASCENDING }];
    let query = TableQuery { sort: &sort, ..TableQuery::default() };
    let lists: Vec<Arc<[MessageId]>> = std::thread::scope(|scope| {
        let ask = || mailbox.contents(folder, ContentsKind::Normal, &query).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(lists.iter().all(|list| Arc::ptr_eq(list, &lists[0])));
}
