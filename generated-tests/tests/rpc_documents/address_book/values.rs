//! Values of properties (MS-OXNSPI 2.2.1.1, 2.2.2): the arm of each type, as 32 bits, and what stands in it.

use protocol::nspi::*;
use runtime::ndr::{NdrCursor, NdrEncoder, Representation};

use super::{bytes, record};

const TEST: &str = "values_stand_in_the_arm_of_their_type";

#[track_caller]
fn holds(text: &str, value: PropertyValueR<'static>) {
    let mut e = NdrEncoder::new(Representation::NDR);
    value.pack(&mut e).unwrap();
    let expected = bytes(text);
    let packed = e.finish();
    assert_eq!(packed, expected);
    let mut c = NdrCursor::new(&expected, Representation::NDR);
    assert_eq!(PropertyValueR::unpack(&mut c).unwrap(), value);
}

fn property(ul_prop_tag: u32, value: PropValUnion<'static>) -> PropertyValueR<'static> {
    PropertyValueR { ul_prop_tag, ul_reserved: 0, value }
}

fn binary(data: &'static [u8]) -> BinaryR<'static> {
    BinaryR { cb: data.len() as u32, lpb: Some(data.into()) }
}

/// Tag, what stands behind the reserved field, the value, statements.
fn cases() -> Vec<(u32, &'static str, PropValUnion<'static>, &'static [&'static str])> {
    let guid = || Some(Box::new(FlatUIDR { ab: [0x5A; 16] }));
    vec![
        (0x3001_0002, "02 00 00 00  FE FF", PropValUnion::I(-2), &[]),
        (0x3900_0003, "03 00 00 00  06 00 00 00", PropValUnion::L(6), &["R1505", "R181"]),
        (0x3A40_000B, "0B 00 00 00  01 00", PropValUnion::B(1), &["R1506", "R182"]),
        (0x3001_001E, "1E 00 00 00  P  S\"abc\"", PropValUnion::LpszA(Some("abc".into())), &["R1507", "R184", "R185"]),
        (0x3001_001F, "1F 00 00 00  P  W\"abc\"", PropValUnion::LpszW(Some("abc".into())), &["R1509", "R188", "R189"]),
        (
            0x0FFF_0102,
            "02 01 00 00  03 00 00 00 P  03 00 00 00 AB CD EF",
            PropValUnion::Bin(binary(&[0xAB, 0xCD, 0xEF])),
            &["R1508", "R186"],
        ),
        (
            0x3001_0048,
            "48 00 00 00  P  5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A",
            PropValUnion::Lpguid(guid()),
            &[],
        ),
        (
            0x3007_0040,
            "40 00 00 00  00 80 3E D5  DE B1 9D 01",
            PropValUnion::Ft(FILETIME { dw_low_date_time: 0xD53E_8000, dw_high_date_time: 0x019D_B1DE }),
            &["R1511", "R192", "R193"],
        ),
        (0x3001_000A, "0A 00 00 00  0F 01 04 80", PropValUnion::Err(0x8004_010F_u32.cast_signed()), &["R1512", "R194"]),
        (
            0x3001_1002,
            "02 10 00 00  02 00 00 00 P  02 00 00 00  01 00 FF FF",
            PropValUnion::MVi(ShortArrayR { c_values: 2, lpi: Some(vec![1, -1]) }),
            &[],
        ),
        (
            0x3001_1003,
            "03 10 00 00  01 00 00 00 P  01 00 00 00  FF FF FF FF",
            PropValUnion::MVl(LongArrayR { c_values: 1, lpl: Some(vec![-1]) }),
            &[],
        ),
        (
            0x800F_101E,
            "1E 10 00 00  02 00 00 00 P  02 00 00 00  P P  S\"smtp:a\"  S\"x\"",
            PropValUnion::MVszA(StringArrayR {
                c_values: 2,
                lppsz_a: Some(vec![Some("smtp:a".into()), Some("x".into())]),
            }),
            &["R1515", "R199", "R200", "R1567", "R156", "R157", "R159", "R160"],
        ),
        (
            0x3A70_1102,
            "02 11 00 00  02 00 00 00 P  02 00 00 00  01 00 00 00 P  02 00 00 00 P  01 00 00 00 AB 00 00 00  02 00 00 00 CD EF",
            PropValUnion::MVbin(BinaryArrayR {
                c_values: 2,
                lpbin: Some(vec![binary(&[0xAB]), binary(&[0xCD, 0xEF])]),
            }),
            &["R1516", "R202"],
        ),
        (
            0x3001_1048,
            "48 10 00 00  02 00 00 00 P  02 00 00 00  P 00 00 00 00  5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A 5A",
            PropValUnion::MVguid(FlatUIDArrayR { c_values: 2, lpguid: Some(vec![guid(), None]) }),
            &[],
        ),
        (
            0x800F_101F,
            "1F 10 00 00  02 00 00 00 P  02 00 00 00  P P  W\"SMTP:a\"  W\"x\"",
            PropValUnion::MVszW(WStringArrayR {
                c_values: 2,
                lppsz_w: Some(vec![Some("SMTP:a".into()), Some("x".into())]),
            }),
            &["R1517", "R208", "R209", "R1570", "R169", "R170", "R172", "R173"],
        ),
        (
            0x3001_1040,
            "40 10 00 00  01 00 00 00 P  01 00 00 00  01 00 00 00 02 00 00 00",
            PropValUnion::MVft(DateTimeArrayR {
                c_values: 1,
                lpft: Some(vec![FILETIME { dw_low_date_time: 1, dw_high_date_time: 2 }]),
            }),
            &[],
        ),
        (0x3001_0001, "01 00 00 00  00 00 00 00", PropValUnion::LReserved(1, 0), &[]),
        (0x360F_000D, "0D 00 00 00  00 00 00 00", PropValUnion::LReserved(0xD, 0), &["R31"]),
    ]
}

#[test]
fn values_stand_in_the_arm_of_their_type() {
    for (tag, text, value, statements) in cases() {
        let tag_text: String = tag.to_le_bytes().map(|byte| format!("{byte:02X} ")).concat();
        holds(&format!("{tag_text} 00 00 00 00  {text}"), property(tag, value.clone()));
        record(TEST, statements);
        // Another type in the tag than in the value is no property.
        let mut e = NdrEncoder::new(Representation::NDR);
        assert!(property(tag ^ 0x0004, value).pack(&mut e).is_err(), "{tag:08X}");
    }
    record(TEST, &["R26", "R27", "R134", "R1572"]);
}
