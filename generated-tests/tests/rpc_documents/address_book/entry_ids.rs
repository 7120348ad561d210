//! Entry identifiers of both kinds (MS-OXNSPI 2.2.9), which travel as bytes in values, and display types (2.2.1.3).

use generated_tests::vectors::hex;
use protocol::oxcdata::{AddressBookEntryId, AddressBookEntryType};
use protocol::oxcmapihttp::{EphemeralEntryID, MinimalEntryID};
use runtime::{Cursor, Encoder, Guid};

use super::record;

#[test]
fn an_ephemeral_entry_id_is_32_bytes() {
    const TEST: &str = "an_ephemeral_entry_id_is_32_bytes";
    let bytes =
        hex("87 00 00 00  11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20  01 00 00 00  06 00 00 00  10 20 30 40");
    let id = EphemeralEntryID {
        provider_uid: Guid(std::array::from_fn(|index| index as u8 + 0x11)),
        display_type: AddressBookEntryType::REMOTE_MAIL_USER,
        m_id: MinimalEntryID(0x4030_2010),
    };
    let mut e = Encoder::new();
    id.pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), bytes);
    assert_eq!(EphemeralEntryID::unpack(&mut Cursor::new(&bytes)).unwrap(), id);
    record(TEST, &["R361", "R364", "R366", "R368", "R370", "R372", "R374", "R375", "R380", "R381"]);
    // R1, R2, R3 and R4 are written as the document has them.
    record(TEST, &["R1713", "R1714", "R1715", "R1716"]);
    let with = |value: u8| {
        let changed = [&[value], &bytes[1..]].concat();
        EphemeralEntryID::unpack(&mut Cursor::new(&changed)).is_ok()
    };
    assert!(with(0x87) && !with(0x00) && !with(0x86));
    record(TEST, &["R362"]);
}

#[test]
fn a_permanent_entry_id_ends_with_a_name() {
    const TEST: &str = "a_permanent_entry_id_ends_with_a_name";
    let bytes =
        hex("00 00 00 00  DC A7 40 C8 C0 42 10 1A B4 B9 08 00 2B 2F E1 82  01 00 00 00  00 01 00 00  2F 6F 3D 78 00");
    let id = AddressBookEntryId { r#type: AddressBookEntryType::CONTAINER, x500_dn: "/o=x".into() };
    let mut e = Encoder::new();
    id.pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), bytes);
    assert_eq!(AddressBookEntryId::unpack(&mut Cursor::new(&bytes)).unwrap(), id);
    record(TEST, &["R392", "R393", "R395", "R397", "R399", "R1717", "R1718", "R1719", "R403", "R1720"]);
    record(TEST, &["R405", "R406", "R411"]);
    // The GUID is always the same.
    let mut other = bytes;
    other[4] ^= 1;
    assert!(AddressBookEntryId::unpack(&mut Cursor::new(&other)).is_err());
    record(TEST, &["R401", "R1664"]);
}
