//! Properties and common structures that synchronization stands on, as MS-OXPROPS and MS-OXCDATA have them.

use generated_tests::spec_coverage;
use generated_tests::vectors::hex;
use protocol::oxcdata::{
    FolderId, GlobalIdentifier, LongTermId, MessageId, PropertyTag, PropertyType, PropertyValue, WireForm,
};
use protocol::oxprops;
use runtime::{Cursor, Encoder, Guid};

use crate::{both_ways, packed, record};

fn prove(test: &str, document: &str, statements: &[&str]) {
    statements.iter().for_each(|number| spec_coverage::record(&format!("{document}_{number}"), test));
}

#[test]
fn properties_of_changes_have_their_numbers_and_types() {
    const TEST: &str = "properties_of_changes_have_their_numbers_and_types";
    let (integer, boolean, long, time) = (0x0003, 0x000B, 0x0014, 0x0040);
    let (binary, text, object) = (0x0102, 0x001F, 0x000D);
    let table: [(PropertyTag, u16, u16, [&str; 2]); 15] = [
        (oxprops::PID_TAG_ASSOCIATED, 0x67AA, boolean, ["R5368", "R5369"]),
        (oxprops::PID_TAG_CHANGE_KEY, 0x65E2, binary, ["R5686", "R5687"]),
        (oxprops::PID_TAG_CHANGE_NUMBER, 0x67A4, long, ["R5699", "R5700"]),
        (oxprops::PID_TAG_DISPLAY_NAME, 0x3001, text, ["R6014", "R6015"]),
        (oxprops::PID_TAG_FOLDER_ID, 0x6748, long, ["R6212", "R6213"]),
        (oxprops::PID_TAG_LAST_MODIFICATION_TIME, 0x3008, time, ["R6783", "R6784"]),
        (oxprops::PID_TAG_MESSAGE_ATTACHMENTS, 0x0E13, object, ["R6925", "R6926"]),
        (oxprops::PID_TAG_MESSAGE_RECIPIENTS, 0x0E12, object, ["R6994", "R6995"]),
        (oxprops::PID_TAG_MESSAGE_SIZE, 0x0E08, integer, ["R7001", "R7002"]),
        (oxprops::PID_TAG_MID, 0x674A, long, ["R7035", "R7036"]),
        (oxprops::PID_TAG_PARENT_FOLDER_ID, 0x6749, long, ["R7463", "R7464"]),
        (oxprops::PID_TAG_PARENT_SOURCE_KEY, 0x65E1, binary, ["R7477", "R7478"]),
        (oxprops::PID_TAG_PREDECESSOR_CHANGE_LIST, 0x65E3, binary, ["R7518", "R7519"]),
        (oxprops::PID_TAG_RESOLVE_METHOD, 0x3FE7, integer, ["R7942", "R7943"]),
        (oxprops::PID_TAG_SOURCE_KEY, 0x65E0, binary, ["R8582", "R8583"]),
    ];
    for (tag, id, ty, statements) in table {
        assert_eq!((tag.property_id(), tag.property_type()), (id, PropertyType(ty)), "{statements:?}");
        prove(TEST, "MS-OXPROPS", &statements);
    }
    record(TEST, &["R1285"]);
}

#[test]
fn identifiers_are_a_replica_and_a_counter() {
    const TEST: &str = "identifiers_are_a_replica_and_a_counter";
    let bytes = hex("02 01  01 02 03 04 05 06");
    let folder = both_ways(&bytes, FolderId::unpack, |id, e| id.pack(e));
    assert_eq!((folder.repl_id(), folder.global_counter()), (0x0102, 0x0102_0304_0506));
    assert!(FolderId::unpack(&mut Cursor::new(&bytes[..7])).is_err());
    prove(TEST, "MS-OXCDATA", &["R2175", "R2176", "R2177"]);
    let message = both_ways(&bytes, MessageId::unpack, |id, e| id.pack(e));
    assert_eq!((message.repl_id(), message.global_counter()), (0x0102, 0x0102_0304_0506));
    assert!(MessageId::unpack(&mut Cursor::new(&bytes[..7])).is_err());
    prove(TEST, "MS-OXCDATA", &["R2180", "R2181", "R2182"]);
    let bytes = hex("01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10  01 02 03 04 05 06");
    let guid = Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    let id = both_ways(&bytes, GlobalIdentifier::unpack, |id, e| id.pack(e));
    assert_eq!((id.database_guid, id.global_counter), (guid, 0x0102_0304_0506));
    prove(TEST, "MS-OXCDATA", &["R2186", "R2187"]);
    let long = [bytes.clone(), vec![0, 0]].concat();
    let id = both_ways(&long, LongTermId::unpack, |id, e| id.pack(e));
    assert_eq!((id.database_guid, id.global_counter, long.len()), (guid, 0x0102_0304_0506, 24));
    let odd = [bytes, vec![0xFF, 0xFF]].concat();
    assert_eq!(packed(|e| LongTermId::unpack(&mut Cursor::new(&odd)).unwrap().pack(e)), long);
    prove(TEST, "MS-OXCDATA", &["R2188", "R2189"]);
}

#[test]
fn values_of_types_have_their_sizes() {
    const TEST: &str = "values_of_types_have_their_sizes";
    let value = |ty: PropertyType, bytes: &str| {
        let bytes = hex(bytes);
        let mut c = Cursor::new(&bytes);
        let value = PropertyValue::unpack(&mut c, WireForm::Rop, ty).unwrap().into_owned();
        assert!(c.is_empty(), "{value:?}");
        let mut e = Encoder::new();
        value.pack(&mut e, WireForm::Rop, ty).unwrap();
        (value, e.finish().to_vec() == bytes)
    };
    let (binary, same) = value(PropertyType(0x0102), "02 00 AB CD");
    assert!(matches!(&binary, PropertyValue::PtypBinary(bytes) if bytes[..] == [0xAB, 0xCD]) && same);
    prove(TEST, "MS-OXCDATA", &["R2707"]);
    let long = value(PropertyType(0x0014), "08 07 06 05 04 03 02 01");
    assert_eq!(long, (PropertyValue::PtypInteger64(0x0102_0304_0506_0708), true));
    prove(TEST, "MS-OXCDATA", &["R2699"]);
    assert_eq!(value(PropertyType(0x000B), "01"), (PropertyValue::PtypBoolean(true), true));
    assert_eq!(value(PropertyType(0x000B), "00"), (PropertyValue::PtypBoolean(false), true));
    // Nothing but 0 and 1 is written.
    assert_eq!(value(PropertyType(0x000B), "02"), (PropertyValue::PtypBoolean(true), false));
    prove(TEST, "MS-OXCDATA", &["R2698"]);
    assert_eq!(value(PropertyType(0x0003), "04 03 02 01"), (PropertyValue::PtypInteger32(0x0102_0304), true));
    prove(TEST, "MS-OXCDATA", &["R2691"]);
    assert_eq!(value(PropertyType(0x001F), "41 00 00 00"), (PropertyValue::PtypString("A".into()), true));
    assert_eq!(value(PropertyType(0x001E), "41 00"), (PropertyValue::PtypString8("A".into()), true));
    prove(TEST, "MS-OXCDATA", &["R2700", "R2701"]);
}
