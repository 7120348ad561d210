//! Contents tables: order, restrictions, columns.

use protocol::oxcdata::{
    BitmapRelOp, FuzzyLevelHigh, FuzzyLevelLow, MessageId, PropertyTag, PropertyValue, RelOp, Restriction,
    SortDirection, SortOrder, TaggedPropertyValue,
};
use runtime::FileTime;

use super::{Backend, attachment, create_in, inbox, recipient, record, save_with, store_with_user};
use crate::store::value::{binary, string};
use crate::store::{
    ContentsKind, Mailbox, MessageChange, MessageTarget, PartChange, ROW_VALUE, StoreError, TableQuery, ids, tags,
};

const UP: SortDirection = SortDirection::ASCENDING;
const DOWN: SortDirection = SortDirection::DESCENDING;

fn order(property_tag: PropertyTag, order: SortDirection) -> SortOrder {
    SortOrder { property_tag, order }
}

fn sorted(mailbox: &dyn Mailbox, sort: &[SortOrder]) -> Vec<MessageId> {
    let query = TableQuery { sort, ..TableQuery::default() };
    mailbox.contents(inbox(mailbox), ContentsKind::Normal, &query).unwrap().to_vec()
}

fn matching(mailbox: &dyn Mailbox, restriction: &Restriction<'_>) -> Vec<MessageId> {
    let sort = [order(tags::PID_TAG_MID, UP)];
    let query = TableQuery { restriction: Some(restriction), sort: &sort, ..TableQuery::default() };
    let found = mailbox.contents(inbox(mailbox), ContentsKind::Normal, &query).unwrap().to_vec();
    let count = mailbox.count_contents(inbox(mailbox), ContentsKind::Normal, &query).unwrap();
    assert_eq!(count as usize, found.len());
    found
}

pub(in crate::store) fn default_order_is_newest_first_in_pages(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let tag = tags::PID_TAG_MESSAGE_DELIVERY_TIME;
    // 5, 12, 19, 3, ... : each once.
    let times: Vec<u64> = (0..23).map(|n| (5 + n * 7) % 23).collect();
    let mut expected: Vec<(u64, MessageId)> = times
        .iter()
        .map(|time| (*time, save_with(mailbox.as_ref(), tag, PropertyValue::PtypTime(FileTime(*time)))))
        .collect();
    expected.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    // Never delivered: last where the newest are first.
    let draft = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("draft"));
    let expected: Vec<MessageId> = expected.into_iter().map(|(_, id)| id).chain([draft]).collect();
    for sort in [&[][..], &[order(tag, DOWN)]] {
        let query = TableQuery { sort, ..TableQuery::default() };
        let mut paged = Vec::new();
        for position in (0..30).step_by(5) {
            let folder = inbox(mailbox.as_ref());
            let rows = mailbox
                .query_contents(folder, ContentsKind::Normal, &query, &[tags::PID_TAG_MID], position, 5)
                .unwrap();
            for (id, row) in rows {
                assert_eq!(row, [Some(PropertyValue::PtypInteger64(ids::as_integer(id.0)))]);
                paged.push(id);
            }
        }
        assert_eq!(paged, expected);
        assert_eq!(sorted(mailbox.as_ref(), sort), expected);
    }
    let mut reversed = expected;
    reversed.reverse();
    assert_eq!(sorted(mailbox.as_ref(), &[order(tag, UP)]), reversed);
}

pub(in crate::store) fn sorts_by_any_property_with_missing_values_first(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let tag = tags::PID_TAG_IMPORTANCE;
    let two = save_with(mailbox.as_ref(), tag, PropertyValue::PtypInteger32(2));
    let none = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("x"));
    let negative = save_with(mailbox.as_ref(), tag, PropertyValue::PtypInteger32(-1));
    let also_two = save_with(mailbox.as_ref(), tag, PropertyValue::PtypInteger32(2));
    assert_eq!(sorted(mailbox.as_ref(), &[order(tag, UP)]), [none, negative, two, also_two]);
    assert_eq!(sorted(mailbox.as_ref(), &[order(tag, DOWN)]), [two, also_two, negative, none]);
}

pub(in crate::store) fn sorts_by_several_keys_in_both_directions(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let save = |importance, subject: &str| {
        let mut change = create_in(inbox(mailbox.as_ref()));
        change
            .properties
            .set(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(importance))
            .set(tags::PID_TAG_SUBJECT, string(subject));
        mailbox.save_message(&change).unwrap().id
    };
    let (low_a, high_b, high_a) = (save(0, "a"), save(2, "b"), save(2, "a"));
    let sort = [order(tags::PID_TAG_IMPORTANCE, DOWN), order(tags::PID_TAG_SUBJECT, UP)];
    assert_eq!(sorted(mailbox.as_ref(), &sort), [high_a, high_b, low_a]);
    let sort = [order(tags::PID_TAG_SUBJECT, DOWN), order(tags::PID_TAG_IMPORTANCE, UP)];
    assert_eq!(sorted(mailbox.as_ref(), &sort), [high_b, low_a, high_a]);
}

pub(in crate::store) fn sorts_text_without_case(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let words = ["zwei", "Äpfel", "apfel", "BERG", "Яблоко", "арбуз"];
    let ids = words.map(|word| (word, save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string(word))));
    let found = sorted(mailbox.as_ref(), &[order(tags::PID_TAG_SUBJECT, UP)]);
    let found: Vec<&str> = found.iter().map(|id| ids.iter().find(|(_, own)| own == id).unwrap().0).collect();
    assert_eq!(found, ["apfel", "Äpfel", "BERG", "zwei", "арбуз", "Яблоко"]);
}

pub(in crate::store) fn restrictions_look_at_messages_and_their_parts(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let plain = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("Rechnung 12"));
    let mut change = create_in(inbox(mailbox.as_ref()));
    change
        .properties
        .set(tags::PID_TAG_SUBJECT, string("Offer"))
        .set(tags::PID_TAG_BODY, string(format!("{} needle", "hay ".repeat(50_000))));
    change.recipients.insert(0, PartChange::Replace(recipient(2, "bert")));
    change.attachments.insert(0, attachment("offer.pdf", &[0; 40_000]));
    let full = mailbox.save_message(&change).unwrap().id;

    let content = |tag: PropertyTag, text: &str| Restriction::ContentRestriction {
        fuzzy_level_low: FuzzyLevelLow::FL_SUBSTRING,
        fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
        property_tag: tag,
        tagged_value: TaggedPropertyValue { property_tag: tag, property_value: string(text) },
    };
    let find = |restriction: &Restriction<'_>| matching(mailbox.as_ref(), restriction);
    assert_eq!(find(&content(tags::PID_TAG_SUBJECT, "RECHNUNG")), [plain]);
    assert_eq!(find(&content(tags::PID_TAG_BODY, "needle")), [full], "beyond what a row shows");
    let flags = |operator| Restriction::BitMaskRestriction {
        bitmap_rel_op: BitmapRelOp(operator),
        prop_tag: tags::PID_TAG_MESSAGE_FLAGS,
        mask: 0x10,
    };
    assert_eq!((find(&flags(1)), find(&flags(0))), (vec![full], vec![plain]));
    let exists = Restriction::ExistRestriction(tags::PID_TAG_BODY);
    assert_eq!(find(&exists), [full]);
    assert_eq!(find(&Restriction::NotRestriction(Box::new(exists))), [plain]);
    for (subobject, inner) in [
        (tags::PID_TAG_MESSAGE_RECIPIENTS, content(tags::PID_TAG_DISPLAY_NAME, "Bert")),
        (tags::PID_TAG_MESSAGE_ATTACHMENTS, content(tags::PID_TAG_ATTACH_LONG_FILENAME, ".pdf")),
        (
            tags::PID_TAG_MESSAGE_ATTACHMENTS,
            Restriction::SizeRestriction {
                rel_op: RelOp::RELATIONAL_OPERATOR_EQUAL,
                prop_tag: tags::PID_TAG_ATTACH_DATA_BINARY,
                size: 40_000,
            },
        ),
    ] {
        assert_eq!(find(&Restriction::SubObjectRestriction { subobject, restriction: Box::new(inner) }), [full]);
    }
    let none = content(tags::PID_TAG_SUBJECT, "nothing");
    assert_eq!(find(&none), []);
    assert_eq!(find(&Restriction::OrRestriction(vec![none, flags(1)])), [full]);
    let first_only = Restriction::CountRestriction {
        count: 1,
        sub_restriction: Box::new(Restriction::ExistRestriction(tags::PID_TAG_SUBJECT)),
    };
    assert_eq!(find(&first_only).len(), 1);
}

pub(in crate::store) fn associated_messages_have_their_own_table(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let folder = inbox(mailbox.as_ref());
    let normal = mailbox.save_message(&create_in(folder)).unwrap().id;
    let target = MessageTarget::Create { folder, associated: true, id: None };
    let associated = mailbox.save_message(&MessageChange::new(target)).unwrap().id;
    for (kind, expected) in [(ContentsKind::Normal, normal), (ContentsKind::Associated, associated)] {
        assert_eq!(*mailbox.contents(folder, kind, &TableQuery::default()).unwrap(), [expected]);
        assert_eq!(mailbox.count_contents(folder, kind, &TableQuery::default()).unwrap(), 1);
    }
    assert_eq!(mailbox.message(associated).unwrap().message_flags & 0x40, 0x40, "mfFAI");
    record("MS-OXCMSG_R527", "associated_messages_have_their_own_table");
}

pub(in crate::store) fn rows_have_computed_columns(backend: &Backend) {
    use PropertyValue as V;
    let (_store, mailbox) = store_with_user(backend);
    let folder = inbox(mailbox.as_ref());
    let mut change = create_in(folder);
    change
        .properties
        .set(tags::PID_TAG_SUBJECT, string("RE: Plan"))
        .set(tags::PID_TAG_MESSAGE_FLAGS, V::PtypInteger32(0x9));
    change.attachments.insert(3, attachment("a", &[1]));
    let saved = mailbox.save_message(&change).unwrap();
    let number = |raw: u64| Some(V::PtypInteger64(raw.cast_signed()));
    let key = |counter| Some(binary(ids::key(mailbox.identity().replica, counter)));
    let counter = ids::message_counter(saved.id).unwrap();
    let expected = [
        (tags::PID_TAG_MID, number(saved.id.0)),
        (tags::PID_TAG_INST_ID, number(saved.id.0)),
        (tags::PID_TAG_INSTANCE_NUM, Some(V::PtypInteger32(0))),
        (tags::PID_TAG_FOLDER_ID, number(folder.0)),
        (tags::PID_TAG_PARENT_FOLDER_ID, number(folder.0)),
        (tags::PID_TAG_HAS_ATTACHMENTS, Some(V::PtypBoolean(true))),
        (tags::PID_TAG_MESSAGE_FLAGS, Some(V::PtypInteger32(0x9 | 0x10 | 0x400))),
        (tags::PID_TAG_SUBJECT, Some(string("RE: Plan"))),
        (tags::PID_TAG_SOURCE_KEY, key(counter)),
        (tags::PID_TAG_CHANGE_KEY, key(saved.change_number)),
        (tags::PID_TAG_PARENT_SOURCE_KEY, key(ids::folder_counter(folder).unwrap())),
        (tags::PID_TAG_ASSOCIATED, Some(V::PtypBoolean(false))),
        (tags::PID_TAG_HTML, None),
    ];
    let columns: Vec<PropertyTag> = expected.iter().map(|(tag, _)| *tag).collect();
    let row = mailbox.contents_rows(&[saved.id], &columns).unwrap().pop().flatten().unwrap();
    for ((tag, expected), found) in expected.into_iter().zip(row) {
        assert_eq!(found, expected, "{:#010x}", tag.0);
    }
    let sizes = [tags::PID_TAG_MESSAGE_SIZE, tags::PID_TAG_MESSAGE_SIZE_EXTENDED];
    let row = mailbox.contents_rows(&[saved.id], &sizes).unwrap().pop().flatten().unwrap();
    let size = mailbox.message(saved.id).unwrap().size;
    assert_eq!(row, [Some(V::PtypInteger32(i32::try_from(size).unwrap())), number(size)]);
}

pub(in crate::store) fn rows_cut_large_values(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let mut change = create_in(inbox(mailbox.as_ref()));
    change
        .properties
        .set(tags::PID_TAG_BODY, string("ä".repeat(60_000)))
        .set(tags::PID_TAG_HTML, binary(vec![5; 60_000]))
        .set(tags::PID_TAG_COMMENT, string("ö".repeat(1_000)));
    let id = mailbox.save_message(&change).unwrap().id;
    let columns = [tags::PID_TAG_BODY, tags::PID_TAG_HTML, tags::PID_TAG_COMMENT];
    let row = mailbox.contents_rows(&[id], &columns).unwrap().pop().flatten().unwrap();
    let expected = [string("ä".repeat(ROW_VALUE / 2)), binary(vec![5; ROW_VALUE]), string("ö".repeat(ROW_VALUE / 2))];
    assert_eq!(row, expected.map(Some));
}

pub(in crate::store) fn rows_of_messages_that_are_gone_are_empty(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let gone = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("gone"));
    let kept = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("kept"));
    mailbox.delete_message(gone).unwrap();
    let rows = mailbox.contents_rows(&[gone, kept], &[tags::PID_TAG_SUBJECT]).unwrap();
    assert_eq!(rows, [None, Some(vec![Some(string("kept"))])]);
    let folder = ids::folder_id(0xFFFF_FFFF);
    let missing = mailbox.contents(folder, ContentsKind::Normal, &TableQuery::default());
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
}

pub(in crate::store) fn categories_are_not_sorted_by(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let sort = [order(tags::PID_TAG_SUBJECT, SortDirection::MAXIMUM_CATEGORY)];
    let query = TableQuery { sort: &sort, ..TableQuery::default() };
    let result = mailbox.contents(inbox(mailbox.as_ref()), ContentsKind::Normal, &query);
    assert!(matches!(result, Err(StoreError::Unsupported(_))));
}
