//! Property values and what is made of them, on both sides.

use std::collections::BTreeMap;

use generated_tests::Choices;
use mapi_proto as theirs;
use mapi_proto::TableString;
use protocol::oxcdata::{
    ErrorCode, FlaggedCell, FlaggedPropertyValue, FuzzyLevelHigh, FuzzyLevelLow, PropertyName, PropertyRow,
    PropertyTag, PropertyType, PropertyValue, RelOp, Restriction, TaggedPropertyValue,
};
use runtime::{Blob, FileTime, Guid, String8, Utf16};

/// The types that they know, those that a client can send first.
pub const TYPES: [PropertyType; 15] = [
    PropertyType::PTYP_INTEGER16,
    PropertyType::PTYP_INTEGER32,
    PropertyType::PTYP_INTEGER64,
    PropertyType::PTYP_FLOATING64,
    PropertyType::PTYP_BOOLEAN,
    PropertyType::PTYP_STRING,
    PropertyType::PTYP_TIME,
    PropertyType::PTYP_GUID,
    PropertyType::PTYP_BINARY,
    PropertyType::PTYP_SERVER_ID,
    PropertyType::PTYP_MULTIPLE_INTEGER32,
    PropertyType::PTYP_MULTIPLE_STRING,
    PropertyType::PTYP_MULTIPLE_BINARY,
    PropertyType::PTYP_STRING8,
    PropertyType::PTYP_ERROR_CODE,
];
/// How many of them a client can send.
const SENT: usize = 13;

/// Kinds of values that occurred, with how often.
#[derive(Debug, Default)]
pub struct Arms(BTreeMap<&'static str, usize>);

/// Every kind that has to occur.
const ARMS: [&str; 17] = [
    "standard row",
    "flagged row",
    "absent cell",
    "cell with an error",
    "long text",
    "and",
    "or",
    "not",
    "content",
    "property",
    "exist",
    "name by LID",
    "name by text",
    "no name",
    "failure",
    "recipient",
    "no subject prefix",
];

impl Arms {
    pub fn met(&mut self, arm: &'static str) {
        *self.0.entry(arm).or_default() += 1;
    }

    pub fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|(arm, count)| *self.0.entry(arm).or_default() += count);
    }

    pub fn assert_complete(&self) {
        println!("{self:?}");
        for ty in TYPES {
            let name = ty.name().unwrap();
            assert!(self.0.contains_key(name), "no value of type {name}");
        }
        for arm in ARMS {
            assert!(self.0.contains_key(arm), "no {arm}");
        }
    }
}

/// Text that both can hold: they refuse lone surrogates.
pub fn text(g: &mut Choices, max: usize) -> String {
    g.utf16(max).to_text().into_owned()
}

/// ASCII without NUL: they take no code pages.
pub fn ascii(g: &mut Choices, max: usize) -> String {
    g.string8(max).as_bytes().iter().map(|byte| char::from((byte & 0x7F).max(b' '))).collect()
}

pub fn guid(guid: Guid) -> theirs::Guid {
    theirs::Guid::from_bytes(guid.0)
}

pub fn tag(tag: PropertyTag) -> theirs::PropertyTag {
    theirs::PropertyTag::new(tag.0)
}

pub fn their_tags(tags: &[PropertyTag]) -> Vec<theirs::PropertyTag> {
    tags.iter().map(|one| tag(*one)).collect()
}

/// A tag of a type that they know.
pub fn any_tag(g: &mut Choices) -> PropertyTag {
    PropertyTag(0).with_property_type(*g.one_of(&TYPES)).with_property_id(g.u16())
}

/// A value of a type that they know.
pub fn any_value(g: &mut Choices, ty: PropertyType) -> PropertyValue<'static> {
    match ty {
        PropertyType::PTYP_INTEGER16 => PropertyValue::PtypInteger16(g.i16()),
        PropertyType::PTYP_INTEGER32 => PropertyValue::PtypInteger32(g.i32()),
        PropertyType::PTYP_INTEGER64 => PropertyValue::PtypInteger64(g.i64()),
        PropertyType::PTYP_FLOATING64 => PropertyValue::PtypFloating64(g.f64()),
        PropertyType::PTYP_BOOLEAN => PropertyValue::PtypBoolean(g.bool()),
        PropertyType::PTYP_STRING => PropertyValue::PtypString(Utf16::new(text(g, 400))),
        PropertyType::PTYP_TIME => PropertyValue::PtypTime(g.filetime()),
        PropertyType::PTYP_GUID => PropertyValue::PtypGuid(g.guid()),
        PropertyType::PTYP_BINARY => PropertyValue::PtypBinary(g.blob(300)),
        PropertyType::PTYP_SERVER_ID => PropertyValue::PtypServerId(server_id(g)),
        PropertyType::PTYP_MULTIPLE_INTEGER32 => PropertyValue::PtypMultipleInteger32(g.list(Choices::i32)),
        PropertyType::PTYP_MULTIPLE_STRING => PropertyValue::PtypMultipleString(g.list(|g| Utf16::new(text(g, 300)))),
        PropertyType::PTYP_MULTIPLE_BINARY => PropertyValue::PtypMultipleBinary(g.list(|g| g.blob(40))),
        PropertyType::PTYP_STRING8 => PropertyValue::PtypString8(String8::new(ascii(g, 300).into_bytes())),
        PropertyType::PTYP_ERROR_CODE => PropertyValue::PtypErrorCode(ErrorCode(g.u32())),
        other => panic!("they do not know {other:?}"),
    }
}

/// A server identifier of theirs (an object of a store, no search), or bytes that only another client knows.
fn server_id(g: &mut Choices) -> Blob<'static> {
    let id = theirs::ServerEntryId::message(theirs::FolderId::new(g.u64()), theirs::MessageId::new(g.u64()));
    if g.bool() { Blob::Owned(id.to_bytes()) } else { g.blob(20) }
}

/// The same value on their side. Rows of tables mark long texts, because a server may have cut them off.
pub fn their_value(value: &PropertyValue<'_>, in_table: bool) -> theirs::PropertyValue {
    use theirs::PropertyValue as Theirs;
    let string = |text: String| if in_table { TableString::from_table(text) } else { TableString::Complete(text) };
    match value {
        PropertyValue::PtypInteger16(value) => Theirs::Integer16(value.cast_unsigned()),
        PropertyValue::PtypInteger32(value) => Theirs::Integer32(value.cast_unsigned()),
        PropertyValue::PtypInteger64(value) => Theirs::Integer64(value.cast_unsigned()),
        PropertyValue::PtypFloating64(value) => Theirs::Floating64(theirs::Floating64::new(*value)),
        PropertyValue::PtypBoolean(value) => Theirs::Boolean(*value),
        PropertyValue::PtypString(text) => Theirs::String(string(text.to_text().into_owned())),
        PropertyValue::PtypString8(text) => Theirs::String8(string(text.decode(1252).into_owned())),
        PropertyValue::PtypTime(FileTime(ticks)) => Theirs::Time(theirs::FileTime::new(*ticks)),
        PropertyValue::PtypGuid(value) => Theirs::Guid(guid(*value)),
        PropertyValue::PtypBinary(bytes) => Theirs::Binary(bytes.to_vec()),
        PropertyValue::PtypServerId(bytes) => Theirs::ServerId(theirs::ServerEntryId::from_bytes(bytes)),
        PropertyValue::PtypMultipleInteger32(values) => {
            Theirs::MultipleInteger32(values.iter().map(|value| value.cast_unsigned()).collect())
        }
        PropertyValue::PtypMultipleString(values) => {
            Theirs::MultipleString(values.iter().map(|text| string(text.to_text().into_owned())).collect())
        }
        PropertyValue::PtypMultipleBinary(values) => {
            Theirs::MultipleBinary(values.iter().map(|bytes| bytes.to_vec()).collect())
        }
        PropertyValue::PtypErrorCode(code) => Theirs::Error(theirs::ErrorCode::new(code.0)),
        other => panic!("they do not know {other:?}"),
    }
}

fn met(arms: &mut Arms, ty: PropertyType, value: &PropertyValue<'_>) {
    arms.met(ty.name().unwrap());
    if matches!(value, PropertyValue::PtypString(text) if text.len_units() > 254) {
        arms.met("long text");
    }
}

/// A value with its tag that a client can send, on both sides.
pub fn any_sent(g: &mut Choices, arms: &mut Arms) -> (theirs::TaggedValue, TaggedPropertyValue<'static>) {
    let ty = *g.one_of(&TYPES[..SENT]);
    let property_tag = PropertyTag(0).with_property_type(ty).with_property_id(g.u16());
    let property_value = any_value(g, ty);
    met(arms, ty, &property_value);
    let theirs = theirs::TaggedValue::new(tag(property_tag), their_value(&property_value, false)).unwrap();
    (theirs, TaggedPropertyValue { property_tag, property_value })
}

/// A value with its tag that a server can send.
pub fn any_tagged(g: &mut Choices, arms: &mut Arms) -> TaggedPropertyValue<'static> {
    let property_tag = any_tag(g);
    let property_value = any_value(g, property_tag.property_type());
    met(arms, property_tag.property_type(), &property_value);
    TaggedPropertyValue { property_tag, property_value }
}

/// A row of these columns, standard or flagged.
pub fn any_row(g: &mut Choices, columns: &[PropertyTag], arms: &mut Arms) -> PropertyRow<'static> {
    let value = |g: &mut Choices, column: &PropertyTag, arms: &mut Arms| {
        let value = any_value(g, column.property_type());
        met(arms, column.property_type(), &value);
        value
    };
    if g.bool() {
        arms.met("standard row");
        return PropertyRow::StandardPropertyRow(columns.iter().map(|column| value(g, column, arms)).collect());
    }
    arms.met("flagged row");
    let cell = |column: &PropertyTag| {
        FlaggedCell::Typed(match g.pick(3) {
            0 => FlaggedPropertyValue::Present(value(g, column, arms)),
            1 => {
                arms.met("absent cell");
                FlaggedPropertyValue::Absent
            }
            _ => {
                arms.met("cell with an error");
                FlaggedPropertyValue::Error(ErrorCode(g.u32()))
            }
        })
    };
    PropertyRow::FlaggedPropertyRow(columns.iter().map(cell).collect())
}

/// The cells of a row on their side.
pub fn their_cells(row: &PropertyRow<'_>, in_table: bool) -> Vec<theirs::PropertyValue> {
    match row {
        PropertyRow::StandardPropertyRow(values) => values.iter().map(|value| their_value(value, in_table)).collect(),
        PropertyRow::FlaggedPropertyRow(cells) => cells
            .iter()
            .map(|cell| match cell {
                FlaggedCell::Typed(FlaggedPropertyValue::Present(value)) => their_value(value, in_table),
                FlaggedCell::Typed(FlaggedPropertyValue::Absent) => theirs::PropertyValue::Absent,
                FlaggedCell::Typed(FlaggedPropertyValue::Error(code)) => {
                    theirs::PropertyValue::Error(theirs::ErrorCode::new(code.0))
                }
                FlaggedCell::Untyped(_) => panic!("they do not know columns without a type"),
            })
            .collect(),
    }
}

/// Compares what they read in a row, tags included.
#[track_caller]
pub fn same_cells(cells: &[theirs::Cell], tags: &[PropertyTag], row: &PropertyRow<'_>, in_table: bool) {
    assert_eq!(cells.iter().map(theirs::Cell::tag).collect::<Vec<_>>(), their_tags(tags));
    let values: Vec<_> = cells.iter().map(|cell| cell.value().clone()).collect();
    assert_eq!(values, their_cells(row, in_table));
}

/// A name of a property on both sides.
pub fn any_name(g: &mut Choices, arms: &mut Arms) -> (theirs::PropertyName, PropertyName<'static>) {
    let set = g.guid();
    let their_set = theirs::PropertySetId::from_guid(guid(set));
    if g.bool() {
        arms.met("name by LID");
        let lid = g.u32();
        return (theirs::PropertyName::lid(their_set, lid), PropertyName::LID { guid: set, lid });
    }
    arms.met("name by text");
    // NameSize has a byte and counts the terminator.
    let name: String = text(g, 126);
    let theirs = theirs::PropertyName::named(their_set, name.clone()).unwrap();
    (theirs, PropertyName::Name { guid: set, name: Utf16::new(name) })
}

/// A restriction on both sides, of every kind that they know.
pub fn any_restriction(g: &mut Choices, arms: &mut Arms, depth: u32) -> (theirs::Restriction, Restriction<'static>) {
    let kinds = if depth == 0 { 3 } else { 6 };
    match g.pick(kinds) {
        0 => {
            arms.met("exist");
            let prop_tag = PropertyTag(g.u32());
            (theirs::Restriction::exists(tag(prop_tag)), Restriction::ExistRestriction(prop_tag))
        }
        1 => {
            arms.met("content");
            content(g, arms)
        }
        2 => {
            arms.met("property");
            property(g, arms)
        }
        3 => {
            arms.met("not");
            let (theirs, ours) = any_restriction(g, arms, depth - 1);
            (theirs::Restriction::negate(theirs), Restriction::NotRestriction(Box::new(ours)))
        }
        kind => {
            let (theirs, ours): (Vec<_>, Vec<_>) = g.list(|g| any_restriction(g, arms, depth - 1)).into_iter().unzip();
            if kind == 4 {
                arms.met("and");
                (theirs::Restriction::all(theirs), Restriction::AndRestriction(ours))
            } else {
                arms.met("or");
                (theirs::Restriction::any(theirs), Restriction::OrRestriction(ours))
            }
        }
    }
}

fn content(g: &mut Choices, arms: &mut Arms) -> (theirs::Restriction, Restriction<'static>) {
    use theirs::FuzzyLevel;
    let (mut level, fuzzy_level_low) = match g.pick(3) {
        0 => (FuzzyLevel::full_string(), FuzzyLevelLow::FL_FULLSTRING),
        1 => (FuzzyLevel::substring(), FuzzyLevelLow::FL_SUBSTRING),
        _ => (FuzzyLevel::prefix(), FuzzyLevelLow::FL_PREFIX),
    };
    let mut fuzzy_level_high = FuzzyLevelHigh(0);
    if g.bool() {
        (level, fuzzy_level_high) = (level.ignoring_case(), fuzzy_level_high | FuzzyLevelHigh::FL_IGNORECASE);
    }
    if g.bool() {
        (level, fuzzy_level_high) = (level.ignoring_diacritics(), fuzzy_level_high | FuzzyLevelHigh::FL_IGNORENONSPACE);
    }
    if g.bool() {
        (level, fuzzy_level_high) = (level.loose(), fuzzy_level_high | FuzzyLevelHigh::FL_LOOSE);
    }
    let (value, tagged_value) = any_sent(g, arms);
    let property_tag = tagged_value.property_tag;
    (
        theirs::Restriction::content(level, value),
        Restriction::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag, tagged_value },
    )
}

fn property(g: &mut Choices, arms: &mut Arms) -> (theirs::Restriction, Restriction<'static>) {
    use theirs::RelationalOperator as Theirs;
    let (operator, rel_op) = *g.one_of(&[
        (Theirs::LessThan, RelOp::RELATIONAL_OPERATOR_LESS_THAN),
        (Theirs::LessThanOrEqual, RelOp::RELATIONAL_OPERATOR_LESS_THAN_OR_EQUAL),
        (Theirs::GreaterThan, RelOp::RELATIONAL_OPERATOR_GREATER_THAN),
        (Theirs::GreaterThanOrEqual, RelOp::RELATIONAL_OPERATOR_GREATER_THAN_OR_EQUAL),
        (Theirs::Equal, RelOp::RELATIONAL_OPERATOR_EQUAL),
        (Theirs::NotEqual, RelOp::RELATIONAL_OPERATOR_NOT_EQUAL),
    ]);
    let (value, tagged_value) = any_sent(g, arms);
    let prop_tag = tagged_value.property_tag;
    (
        theirs::Restriction::property(operator, value),
        Restriction::PropertyRestriction { rel_op, prop_tag, tagged_value },
    )
}
