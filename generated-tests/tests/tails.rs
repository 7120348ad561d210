//! Tails that writers leave away: the bytes may end before each member, and packing writes all of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use generated_tests::vectors::hex;
use protocol::oxocal::{AppointmentRecurrencePattern, ExtendedException};
use runtime::{Blob, Cursor, Encoder, PackErrorKind, Utf16};

/// MS-OXOCAL 4.1.1.2: one instance with a subject, a place and a time of its own.
const EXCEPTION: &str = "043004300b2001000000c0210000010000000000000032000000222000000c00
    00000000000001000000a096bc0c01000000a096bc0c8020bc0c20adbc0c0630
    000009300000580200007602000001003499bc0c5299bc0cf898bc0c11002200
    210053696d706c6520526563757272656e636520776974682065786365707469
    6f6e730800070033342f34313431
    | 00000000
    | 0400000000000000000000003499bc0c5299bc0cf898bc0c2100530069006d0070006c006500200052006500
    63007500720072006500 6e0063006500200077006900740068002000650078006300
    65007000740069006f006e0073000700330034002f0034003100340031000000 0000
    | 00000000";

fn packed(value: &AppointmentRecurrencePattern<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    value.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn unpacked(bytes: &[u8]) -> AppointmentRecurrencePattern<'_> {
    let mut c = Cursor::new(bytes);
    let value = AppointmentRecurrencePattern::unpack(&mut c).unwrap();
    c.finish().unwrap();
    value
}

#[test]
fn the_bytes_may_end_before_each_member_of_a_tail() {
    let parts: Vec<Vec<u8>> = EXCEPTION.split('|').map(hex).collect();
    let whole = parts.concat();
    let value = unpacked(&whole);
    assert_eq!(packed(&value), whole);
    let missing = ExtendedException {
        change_highlight: Some(protocol::oxocal::ChangeHighlight {
            change_highlight_value: protocol::oxocal::ChangeHighlightFlags(0),
            reserved: Blob::default(),
        }),
        reserved_block_ee1: Blob::default(),
        start_date_time: Some(0),
        end_date_time: Some(0),
        original_start_date: Some(0),
        wide_char_subject: Some(Utf16::default()),
        wide_char_location: Some(Utf16::default()),
        reserved_block_ee2: Some(Blob::default()),
    };
    for there in 1..parts.len() {
        let cut = parts[..there].concat();
        let found = unpacked(&cut);
        assert_eq!(found.recurrence_pattern, value.recurrence_pattern);
        assert_eq!(found.exception_info, value.exception_info);
        let expected = if there > 2 { &value.extended_exception[0] } else { &missing };
        assert_eq!(found.extended_exception, std::slice::from_ref(expected), "{there} parts");
        // All of it is written, and a second pass changes nothing.
        let again = packed(&found);
        assert!(again.starts_with(&cut), "{there} parts");
        assert_eq!(unpacked(&again), found);
        assert_eq!(packed(&unpacked(&again)), again);
    }
}

#[test]
fn the_bytes_may_not_end_inside_a_member_of_a_tail() {
    let parts: Vec<Vec<u8>> = EXCEPTION.split('|').map(hex).collect();
    let whole = parts.concat();
    let begins: Vec<usize> = (1..=parts.len()).map(|there| parts[..there].concat().len()).collect();
    for length in 0..whole.len() {
        let mut c = Cursor::new(&whole[..length]);
        assert_eq!(AppointmentRecurrencePattern::unpack(&mut c).is_ok(), begins.contains(&length), "{length} bytes");
    }
}

#[test]
fn what_others_get_wrong_is_read_and_not_written() {
    let whole = hex(&EXCEPTION.replace('|', ""));
    let mut value = unpacked(&whole);
    value.recurrence_pattern.modified_instance_dates.clear();
    let error = value.pack(&mut Encoder::new()).unwrap_err();
    assert!(matches!(error.kind(), PackErrorKind::Unmet { .. }), "{error}");
    // The same in bytes: one modified instance less than there are exceptions.
    let mut bytes = whole;
    let at = 22 + 4 + 12 + 4 + 4;
    assert_eq!(bytes[at..at + 4], [1, 0, 0, 0]);
    bytes[at] = 0;
    bytes.drain(at + 4..at + 8);
    let value = unpacked(&bytes);
    assert_eq!((value.exception_info.len(), value.recurrence_pattern.modified_instance_dates.len()), (1, 0));
    assert!(value.pack(&mut Encoder::new()).is_err());
}
