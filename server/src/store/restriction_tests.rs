#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use protocol::oxcdata::TaggedPropertyValue;
use runtime::{FileTime, String8};

use super::*;
use crate::store::tags::*;
use crate::store::value::{binary, same_type, string};

/// A row in memory.
#[derive(Default)]
struct Memory {
    properties: HashMap<PropertyTag, PropertyValue<'static>>,
    recipients: Vec<Memory>,
}

impl PropertySource for Memory {
    fn property(&self, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>> {
        let found = self.properties.iter().find(|(own, _)| {
            own.property_id() == tag.property_id() && same_type(tag.property_type(), own.property_type())
        });
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn sub_objects(&self, subobject: PropertyTag) -> Result<Vec<Box<dyn PropertySource + '_>>> {
        assert_eq!(subobject, PID_TAG_MESSAGE_RECIPIENTS);
        Ok(self.recipients.iter().map(|row| Box::new(row.clone_shallow()) as Box<dyn PropertySource>).collect())
    }
}

impl Memory {
    fn clone_shallow(&self) -> Self {
        Self { properties: self.properties.clone(), recipients: Vec::new() }
    }
}

const KEYWORDS: PropertyTag = PropertyTag(0x8001_101F);
const NUMBERS: PropertyTag = PropertyTag(0x8002_1003);

fn row() -> Memory {
    let recipient = |name: &str, kind| Memory {
        properties: HashMap::from([
            (PID_TAG_DISPLAY_NAME, string(name)),
            (PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(kind)),
        ]),
        recipients: Vec::new(),
    };
    Memory {
        properties: HashMap::from([
            (PID_TAG_SUBJECT, string("Résumé of the Year")),
            (PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2)),
            (PID_TAG_PRIORITY, PropertyValue::PtypInteger32(2)),
            (PID_TAG_SENSITIVITY, PropertyValue::PtypInteger32(-1)),
            (PID_TAG_MESSAGE_DELIVERY_TIME, PropertyValue::PtypTime(FileTime(1000))),
            (PID_TAG_SEARCH_KEY, binary(vec![1, 2, 3, 4])),
            (PID_TAG_HAS_ATTACHMENTS, PropertyValue::PtypBoolean(false)),
            (KEYWORDS, PropertyValue::PtypMultipleString(vec!["Red".into(), "Blue".into()])),
            (NUMBERS, PropertyValue::PtypMultipleInteger32(vec![3, 9])),
        ]),
        recipients: vec![recipient("Bert", 1), recipient("Carla", 2)],
    }
}

fn matches(restriction: &Restriction<'_>) -> bool {
    Matcher::new(restriction, 1251).unwrap().matches(&row()).unwrap()
}

fn tagged(property_tag: PropertyTag, property_value: PropertyValue<'static>) -> TaggedPropertyValue<'static> {
    TaggedPropertyValue { property_tag, property_value }
}

fn content(tag: PropertyTag, value: PropertyValue<'static>, low: u16, high: u16) -> Restriction<'static> {
    let tagged_value = tagged(tag, value);
    let (fuzzy_level_low, fuzzy_level_high) = (FuzzyLevelLow(low), FuzzyLevelHigh(high));
    Restriction::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag: tag, tagged_value }
}

fn relation(tag: PropertyTag, rel_op: u8, value: PropertyValue<'static>) -> Restriction<'static> {
    Restriction::PropertyRestriction { rel_op: RelOp(rel_op), prop_tag: tag, tagged_value: tagged(tag, value) }
}

fn exists(prop_tag: PropertyTag) -> Restriction<'static> {
    Restriction::ExistRestriction(prop_tag)
}

fn not(restriction: Restriction<'static>) -> Restriction<'static> {
    Restriction::NotRestriction(Box::new(restriction))
}

#[test]
fn content_matches_whole_parts_and_prefixes() {
    let subject = |text: &str, low, high| matches(&content(PID_TAG_SUBJECT, string(text), low, high));
    assert!(subject("Résumé of the Year", 0, 0));
    assert!(!subject("Résumé", 0, 0));
    assert!(subject("of the", 1, 0));
    assert!(subject("Résumé", 2, 0));
    assert!(!subject("of the", 2, 0));
    assert!(subject("", 1, 0));
}

#[test]
fn content_matches_words() {
    let subject = |text: &str, low| matches(&content(PID_TAG_SUBJECT, string(text), low, 1));
    assert!(subject("the ye", 0x10) && subject("rés", 0x10) && !subject("ear", 0x10));
    assert!(subject("the year", 0x20) && subject("of", 0x20) && !subject("the ye", 0x20));
}

#[test]
fn content_ignores_case_marks_or_both_as_asked() {
    let subject = |text: &str, high| matches(&content(PID_TAG_SUBJECT, string(text), 1, high));
    assert!(!subject("YEAR", 0));
    assert!(subject("YEAR", 1));
    assert!(!subject("Resume", 1));
    assert!(subject("Resume", 2));
    assert!(!subject("RESUME", 2));
    assert!(subject("RESUME", 3));
    assert!(subject("RESUME", 4));
}

#[test]
fn content_matches_bytes() {
    let key = |bytes: &[u8], low| matches(&content(PID_TAG_SEARCH_KEY, binary(bytes), low, 0));
    assert!(key(&[1, 2, 3, 4], 0) && key(&[2, 3], 1) && key(&[1, 2], 2));
    assert!(!key(&[1, 2], 0) && !key(&[3, 2], 1) && !key(&[2, 3], 2));
}

#[test]
fn content_of_lists_needs_one_value() {
    assert!(matches(&content(KEYWORDS, string("blue"), 0, 1)));
    assert!(!matches(&content(KEYWORDS, string("green"), 1, 1)));
    // The tag of a column with one row a value.
    assert!(matches(&content(PropertyTag(0x8001_301F), string("Red"), 0, 0)));
}

#[test]
fn eight_bit_text_is_read_in_the_code_page() {
    let cyrillic = PropertyValue::PtypString8(String8::new(vec![0xD0]));
    let row = Memory { properties: HashMap::from([(PID_TAG_COMMENT, string("РАЗ"))]), recipients: Vec::new() };
    let restriction = content(PID_TAG_COMMENT, cyrillic, 2, 0);
    assert!(Matcher::new(&restriction, 1251).unwrap().matches(&row).unwrap());
    assert!(!Matcher::new(&restriction, 1252).unwrap().matches(&row).unwrap());
}

#[test]
fn relations_hold_on_each_type() {
    use PropertyValue as V;
    // The operators in the order LT LE GT GE EQ NE.
    let holding = |tag, value: PropertyValue<'static>| -> Vec<u8> {
        (0..6).filter(|op| matches(&relation(tag, *op, value.clone()))).collect()
    };
    let (less, equal, greater) = (vec![0, 1, 5], vec![1, 3, 4], vec![2, 3, 5]);
    assert_eq!(holding(PID_TAG_IMPORTANCE, V::PtypInteger32(3)), less);
    assert_eq!(holding(PID_TAG_IMPORTANCE, V::PtypInteger32(2)), equal);
    assert_eq!(holding(PID_TAG_SENSITIVITY, V::PtypInteger32(0)), less, "signed");
    assert_eq!(holding(PID_TAG_MESSAGE_DELIVERY_TIME, V::PtypTime(FileTime(999))), greater);
    assert_eq!(holding(PID_TAG_MESSAGE_DELIVERY_TIME, V::PtypTime(FileTime(u64::MAX))), less);
    assert_eq!(holding(PID_TAG_SUBJECT, string("RÉSUMÉ OF THE YEAR")), equal);
    assert_eq!(holding(PID_TAG_SUBJECT, string("Aaa")), greater);
    assert_eq!(holding(PID_TAG_SEARCH_KEY, binary(vec![1, 2, 3, 4])), equal);
    assert_eq!(holding(PID_TAG_SEARCH_KEY, binary(vec![2])), less);
    assert_eq!(holding(PID_TAG_HAS_ATTACHMENTS, V::PtypBoolean(true)), less);
    // One value of the list is enough; whole lists compare element by element.
    assert_eq!(holding(NUMBERS, V::PtypInteger32(9)), vec![0, 1, 3, 4, 5]);
    assert_eq!(holding(NUMBERS, V::PtypMultipleInteger32(vec![3, 9])), equal);
    // Text and numbers have no order.
    assert_eq!(holding(PID_TAG_SUBJECT, V::PtypInteger32(1)), Vec::<u8>::new());
}

#[test]
fn missing_properties_match_nothing_but_their_negation() {
    let missing = PID_TAG_BODY;
    for restriction in [
        content(missing, string(""), 1, 0),
        relation(missing, 5, string("x")),
        exists(missing),
        Restriction::BitMaskRestriction { bitmap_rel_op: BitmapRelOp(0), prop_tag: PID_TAG_ICON_INDEX, mask: 1 },
        Restriction::SizeRestriction { rel_op: RelOp(5), prop_tag: missing, size: 0 },
        Restriction::ComparePropertiesRestriction { rel_op: RelOp(5), prop_tag1: missing, prop_tag2: PID_TAG_SUBJECT },
    ] {
        assert!(!matches(&restriction), "{restriction:?}");
        assert!(matches(&not(restriction)));
    }
}

#[test]
fn properties_compare_with_each_other() {
    let compare = |rel_op, prop_tag1, prop_tag2| {
        matches(&Restriction::ComparePropertiesRestriction { rel_op: RelOp(rel_op), prop_tag1, prop_tag2 })
    };
    assert!(compare(4, PID_TAG_IMPORTANCE, PID_TAG_PRIORITY));
    assert!(compare(2, PID_TAG_IMPORTANCE, PID_TAG_SENSITIVITY));
    assert!(!compare(5, PID_TAG_IMPORTANCE, PID_TAG_SUBJECT));
}

#[test]
fn bits_are_all_zero_or_not() {
    let bits = |operator, mask| {
        let bitmap_rel_op = BitmapRelOp(operator);
        matches(&Restriction::BitMaskRestriction { bitmap_rel_op, prop_tag: PID_TAG_IMPORTANCE, mask })
    };
    assert!(bits(0, 1) && !bits(0, 2) && !bits(0, 3));
    assert!(!bits(1, 1) && bits(1, 2) && bits(1, 3));
    let top =
        Restriction::BitMaskRestriction { bitmap_rel_op: BitmapRelOp(1), prop_tag: PID_TAG_SENSITIVITY, mask: 1 << 31 };
    assert!(matches(&top), "the sign is a bit");
}

#[test]
fn sizes_are_bytes() {
    let size =
        |prop_tag, rel_op, size| matches(&Restriction::SizeRestriction { rel_op: RelOp(rel_op), prop_tag, size });
    assert!(size(PID_TAG_SEARCH_KEY, 4, 4));
    assert!(size(PID_TAG_IMPORTANCE, 4, 4));
    assert!(size(NUMBERS, 4, 8));
    assert!(size(PID_TAG_SUBJECT, 4, 18 * 2 + 2));
    assert!(size(PID_TAG_SEARCH_KEY, 2, 3) && !size(PID_TAG_SEARCH_KEY, 2, 4));
}

#[test]
fn and_or_not_combine() {
    let (yes, no) = (exists(PID_TAG_SUBJECT), exists(PID_TAG_BODY));
    let and = |restricts| matches(&Restriction::AndRestriction(restricts));
    let or = |restricts| matches(&Restriction::OrRestriction(restricts));
    assert!(and(vec![yes.clone(), yes.clone()]) && !and(vec![yes.clone(), no.clone()]));
    assert!(or(vec![no.clone(), yes.clone()]) && !or(vec![no.clone(), no.clone()]));
    assert!(and(vec![]) && !or(vec![]));
    assert!(matches(&not(no)) && !matches(&not(yes)));
}

#[test]
fn sub_objects_need_one_that_matches_as_a_whole() {
    let recipients = |restriction| {
        let restriction = Box::new(restriction);
        matches(&Restriction::SubObjectRestriction { subobject: PID_TAG_MESSAGE_RECIPIENTS, restriction })
    };
    let both = |name: &str, kind| {
        Restriction::AndRestriction(vec![
            content(PID_TAG_DISPLAY_NAME, string(name), 0, 1),
            relation(PID_TAG_RECIPIENT_TYPE, 4, PropertyValue::PtypInteger32(kind)),
        ])
    };
    assert!(recipients(both("carla", 2)));
    assert!(!recipients(both("carla", 1)));
}

#[test]
fn comments_are_what_they_enclose() {
    let comment = |restriction: Option<Restriction<'static>>| {
        let tagged_values = vec![tagged(PID_TAG_COMMENT, string("ignored"))];
        matches(&Restriction::CommentRestriction { tagged_values, restriction: restriction.map(Box::new) })
    };
    assert!(comment(None));
    assert!(comment(Some(exists(PID_TAG_SUBJECT))));
    assert!(!comment(Some(exists(PID_TAG_BODY))));
}

#[test]
fn counts_let_through_so_many_rows_each() {
    let count = |count, inner| Restriction::CountRestriction { count, sub_restriction: Box::new(inner) };
    let restriction =
        Restriction::OrRestriction(vec![count(2, exists(PID_TAG_SUBJECT)), count(1, exists(PID_TAG_SUBJECT))]);
    let mut matcher = Matcher::new(&restriction, 1252).unwrap();
    let found: Vec<bool> = (0..5).map(|_| matcher.matches(&row()).unwrap()).collect();
    assert_eq!(found, [true, true, true, false, false]);
    let never = count(3, exists(PID_TAG_BODY));
    assert!(!matches(&never));
}

#[test]
fn refuses_operators_before_the_first_row() {
    let refused = |restriction: Restriction<'static>| {
        let restriction = not(restriction);
        Matcher::new(&restriction, 1252).err().unwrap()
    };
    let text = || string("x");
    assert!(matches!(refused(relation(PID_TAG_SUBJECT, 0x06, text())), StoreError::Unsupported(_)));
    assert!(matches!(refused(relation(PID_TAG_SUBJECT, 0x64, text())), StoreError::Unsupported(_)));
    assert!(matches!(refused(relation(PID_TAG_SUBJECT, 0x07, text())), StoreError::InvalidParameter(_)));
    assert!(matches!(refused(content(PID_TAG_SUBJECT, text(), 3, 0)), StoreError::InvalidParameter(_)));
    let bits = Restriction::BitMaskRestriction { bitmap_rel_op: BitmapRelOp(2), prop_tag: PID_TAG_IMPORTANCE, mask: 1 };
    assert!(matches!(refused(bits), StoreError::InvalidParameter(_)));
    let inner = Box::new(exists(PID_TAG_SUBJECT));
    let folders = Restriction::SubObjectRestriction { subobject: PID_TAG_SUBJECT, restriction: inner };
    assert!(matches!(refused(folders), StoreError::Unsupported(_)));
    let deep = (0..300).fold(exists(PID_TAG_SUBJECT), |inner, _| not(inner));
    assert!(matches!(Matcher::new(&deep, 1252), Err(StoreError::Unsupported(_))));
}
