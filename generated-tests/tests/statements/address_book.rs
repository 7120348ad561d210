//! The address book's form of property values (MS-OXCMAPIHTTP 2.2.1).

use generated_tests::vectors::hex;
use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyType};
use protocol::oxcmapihttp::{
    AddressBookFlaggedPropertyValue, AddressBookPropertyRow, AddressBookPropertyValue, AddressBookString,
    AddressBookTaggedPropertyValue, LargePropertyTagArray, MinimalEntryID, STAT, TableSortOrder,
};
use runtime::{Cursor, UnpackErrorKind};

use crate::both_ways;

fn record(test: &str, statements: &[&str]) {
    crate::record(test, "MS-OXCMAPIHTTP", statements);
}

/// Values that say first whether they are there: type, what follows HasValue, statement.
const OPTIONAL: [(PropertyType, &str, &str); 15] = [
    (PropertyType::PTYP_STRING, "41 00 00 00", "R2001"),
    (PropertyType::PTYP_STRING8, "41 00", "R2002"),
    (PropertyType::PTYP_BINARY, "02 00 00 00  AB CD", "R2003"),
    (PropertyType::PTYP_MULTIPLE_INTEGER16, "02 00 00 00  2A 00  2B 00", "R2004"),
    (PropertyType::PTYP_MULTIPLE_INTEGER32, "01 00 00 00  2A 00 00 00", "R2004"),
    (PropertyType::PTYP_MULTIPLE_FLOATING32, "01 00 00 00  00 00 80 3F", "R2004"),
    (PropertyType::PTYP_MULTIPLE_FLOATING64, "01 00 00 00  00 00 00 00 00 00 F0 3F", "R2004"),
    (PropertyType::PTYP_MULTIPLE_CURRENCY, "01 00 00 00  10 27 00 00 00 00 00 00", "R2004"),
    (PropertyType::PTYP_MULTIPLE_FLOATING_TIME, "01 00 00 00  00 00 00 00 00 00 F0 3F", "R2004"),
    (PropertyType::PTYP_MULTIPLE_INTEGER64, "01 00 00 00  2A 00 00 00 00 00 00 00", "R2004"),
    (PropertyType::PTYP_MULTIPLE_TIME, "01 00 00 00  00 80 3E D5 DE B1 9D 01", "R2004"),
    (PropertyType::PTYP_MULTIPLE_GUID, "01 00 00 00  29 03 02 00 00 00 00 00 C0 00 00 00 00 00 00 46", "R2004"),
    (PropertyType::PTYP_MULTIPLE_BINARY, "01 00 00 00  FF 01 00 00 00 AB", "R2004"),
    (PropertyType::PTYP_MULTIPLE_STRING, "02 00 00 00  FF 41 00 00 00  00", "R2257"),
    (PropertyType::PTYP_MULTIPLE_STRING8, "01 00 00 00  FF 41 00", "R2258"),
];

#[test]
fn strings_binaries_and_lists_say_first_whether_they_are_there() {
    const TEST: &str = "strings_binaries_and_lists_say_first_whether_they_are_there";
    for (ty, value, statement) in OPTIONAL {
        let present = hex(&format!("FF {value}"));
        let (read, written) =
            both_ways(&present, |c| AddressBookPropertyValue::unpack(c, ty), |value, e| value.pack(e, ty));
        assert!(format!("{read:?}").contains("(Present("), "{read:?}");
        assert_eq!(written, present, "{ty:?}");
        let (read, written) =
            both_ways(&[0x00], |c| AddressBookPropertyValue::unpack(c, ty), |value, e| value.pack(e, ty));
        assert!(format!("{read:?}").ends_with("(Absent)"), "{read:?}");
        assert_eq!(written, [0x00], "{ty:?}");
        for neither in [0x01, 0x7F, 0xFE] {
            let bytes = [&[neither], &present[1..]].concat();
            let error = AddressBookPropertyValue::unpack(&mut Cursor::new(&bytes), ty).unwrap_err();
            assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{ty:?} {neither}: {error}");
        }
        record(TEST, &[statement]);
    }
    record(TEST, &["R2005", "R2006", "R2009"]);
}

#[test]
fn other_values_are_always_there() {
    let fixed = [
        (PropertyType::PTYP_INTEGER16, "2A 00", "PtypInteger16(42)"),
        (PropertyType::PTYP_INTEGER32, "2A 00 00 00", "PtypInteger32(42)"),
        (PropertyType::PTYP_INTEGER64, "2A 00 00 00 00 00 00 00", "PtypInteger64(42)"),
        (PropertyType::PTYP_BOOLEAN, "01", "PtypBoolean(true)"),
        (PropertyType::PTYP_FLOATING64, "00 00 00 00 00 00 F0 3F", "PtypFloating64(1.0)"),
        (PropertyType::PTYP_CURRENCY, "10 27 00 00 00 00 00 00", "PtypCurrency(10000)"),
    ];
    for (ty, bytes, expected) in fixed {
        let bytes = hex(bytes);
        let (read, written) =
            both_ways(&bytes, |c| AddressBookPropertyValue::unpack(c, ty), |value, e| value.pack(e, ty));
        assert_eq!((format!("{read:?}").as_str(), written), (expected, bytes));
    }
    record("other_values_are_always_there", &["R2000", "R2010"]);
}

#[test]
fn a_tagged_value_is_a_type_a_number_and_a_value() {
    let bytes = hex("1F 00  01 30  FF 41 00 00 00");
    let (read, written) = both_ways(&bytes, AddressBookTaggedPropertyValue::unpack, |value, e| value.pack(e));
    assert_eq!(read.property_tag.property_type(), PropertyType::PTYP_STRING);
    assert_eq!(read.property_tag.property_id(), 0x3001);
    let text = AddressBookPropertyValue::PtypString(AddressBookString::Present("A".into()));
    assert_eq!((read.property_value, &written), (text, &bytes));
    // The value is of the type before it.
    let number = hex("03 00  FE 0F  06 00 00 00");
    let (read, _) = both_ways(&number, AddressBookTaggedPropertyValue::unpack, |value, e| value.pack(e));
    assert_eq!(read.property_value, AddressBookPropertyValue::PtypInteger32(6));
    record("a_tagged_value_is_a_type_a_number_and_a_value", &["R2011", "R2012", "R2013", "R2014"]);
}

#[test]
fn a_flag_tells_a_value_from_none_and_from_an_error() {
    const TEST: &str = "a_flag_tells_a_value_from_none_and_from_an_error";
    let ty = PropertyType::PTYP_STRING;
    let flagged = |bytes: &'static [u8]| {
        let (read, written) =
            both_ways(bytes, |c| AddressBookFlaggedPropertyValue::unpack(c, ty), |value, e| value.pack(e, ty));
        assert_eq!(written, bytes);
        read
    };
    let text = AddressBookPropertyValue::PtypString(AddressBookString::Present("A".into()));
    assert_eq!(flagged(b"\x00\xFFA\0\0\0"), AddressBookFlaggedPropertyValue::Present(text));
    record(TEST, &["R2018", "R2019", "R2022"]);
    assert_eq!(flagged(b"\x01"), AddressBookFlaggedPropertyValue::Absent);
    record(TEST, &["R2027"]);
    assert_eq!(flagged(b"\x0A\x0F\x01\x04\x80"), AddressBookFlaggedPropertyValue::Error(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["R2024"]);
    for other in (0..=0xFF).filter(|flag| ![0x00, 0x01, 0x0A].contains(flag)) {
        let bytes = [other, 0xFF, 0, 0, 0, 0];
        let error = AddressBookFlaggedPropertyValue::unpack(&mut Cursor::new(&bytes), ty).unwrap_err();
        assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{other}: {error}");
    }
    record(TEST, &["R2021"]);
}

#[test]
fn a_row_is_values_in_the_order_of_known_columns() {
    const TEST: &str = "a_row_is_values_in_the_order_of_known_columns";
    let columns = [PropertyTag(0x3001_001F), PropertyTag(0x3900_0003)];
    let unpack = |bytes: &[u8], columns: &[PropertyTag]| {
        let (read, written) =
            both_ways(bytes, |c| AddressBookPropertyRow::unpack(c, columns), |row, e| row.pack(e, columns));
        assert_eq!(written, bytes);
        format!("{read:?}")
    };
    // No tags, nothing but values.
    let complete = hex("00  FF 41 00 00 00  06 00 00 00");
    let text = unpack(&complete, &columns);
    assert!(text.starts_with("Complete([PtypString(Present("), "{text}");
    assert!(text.ends_with("PtypInteger32(6)])"), "{text}");
    let turned = hex("00  06 00 00 00  FF 41 00 00 00");
    let text = unpack(&turned, &[columns[1], columns[0]]);
    assert!(text.starts_with("Complete([PtypInteger32(6), PtypString(Present("), "{text}");
    record(TEST, &["R15", "R16", "R17", "R450", "R2035"]);

    let flagged = hex("01  00 FF 41 00 00 00  0A 0F 01 04 80");
    let text = unpack(&flagged, &columns);
    assert!(text.starts_with("Flagged([Typed(Present(PtypString("), "{text}");
    assert!(text.contains("Typed(Error("), "{text}");
    // The same bytes without flags are another row, or none.
    let mut misread = flagged.clone();
    misread[0] = 0x00;
    let mut c = Cursor::new(&misread);
    assert!(AddressBookPropertyRow::unpack(&mut c, &columns).is_err() || !c.is_empty());
    record(TEST, &["R453", "R2036"]);

    for other in 2..=0xFF {
        let bytes = [&[other], &complete[1..]].concat();
        assert!(AddressBookPropertyRow::unpack(&mut Cursor::new(&bytes), &columns).is_err(), "{other}");
    }
    record(TEST, &["R18"]);
}

#[test]
fn a_tag_array_is_counted_by_32_bits() {
    let bytes = hex("02 00 00 00  1F 00 01 30  03 00 00 39");
    let (read, written) = both_ways(&bytes, LargePropertyTagArray::unpack, |value, e| value.pack(e));
    assert_eq!(read.property_tags, [PropertyTag(0x3001_001F), PropertyTag(0x3900_0003)]);
    assert_eq!(written, bytes);
    let more = hex("03 00 00 00  1F 00 01 30  03 00 00 39");
    assert!(LargePropertyTagArray::unpack(&mut Cursor::new(&more)).is_err());
    // More than 16 bits could count.
    let many = LargePropertyTagArray { property_tags: vec![PropertyTag(0x3001_001F); 70_000] };
    let mut e = runtime::Encoder::new();
    many.pack(&mut e).unwrap();
    let bytes = e.finish();
    assert_eq!(bytes[..4], hex("70 11 01 00"));
    assert_eq!(LargePropertyTagArray::unpack(&mut Cursor::new(&bytes)).unwrap(), many);
    record("a_tag_array_is_counted_by_32_bits", &["R23", "R24", "R26"]);
}

#[test]
fn a_state_is_nine_numbers_of_four_bytes() {
    const TEST: &str = "a_state_is_nine_numbers_of_four_bytes";
    let bytes = hex("03 00 00 00  14 13 12 11  02 00 00 00  FE FF FF FF  05 00 00 00  06 00 00 00
         E4 04 00 00  09 04 00 00  07 04 00 00");
    let (state, written) = both_ways(&bytes, STAT::unpack, |state, e| state.pack(e));
    assert_eq!((written.len(), &written), (36, &bytes));
    let expected = STAT {
        sort_type: TableSortOrder(3),
        container_id: MinimalEntryID(0x1112_1314),
        current_rec: MinimalEntryID(2),
        delta: -2,
        num_pos: 5,
        total_recs: 6,
        code_page: 1252,
        template_locale: 0x0409,
        sort_locale: 0x0407,
    };
    assert_eq!(state, expected);
    let statements = ["R1587", "R311", "R315", "R319", "R322", "R325", "R330", "R334", "R338", "R341"];
    crate::record(TEST, "MS-OXNSPI", &statements);
    let (id, written) = both_ways(&bytes[4..8], MinimalEntryID::unpack, |id, e| id.pack(e));
    assert_eq!((id, &written[..]), (MinimalEntryID(0x1112_1314), &bytes[4..8]));
    crate::record(TEST, "MS-OXNSPI", &["R347", "R1591"]);
}
