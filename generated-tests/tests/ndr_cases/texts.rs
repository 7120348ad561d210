//! Texts that are arrays of characters without `string`: counted, with or without a terminator.

use crate::assert_case;
use crate::cases::{Counted, CountedTail, StringList};
use runtime::Utf16;
use runtime::ndr::{NdrCursor, NdrEncoder, Representation};

/// Maximum count, offset, actual count and units, as of every varying array: 3 units of room, 2 of them sent.
#[test]
fn counted_characters_are_a_text() {
    assert_case!(
        Counted,
        Counted { length: 4, size: 6, text: Some(Utf16::new("aß")) },
        "0400 0600 00000200 (max) 03000000 (offset) 00000000 (actual) 02000000 6100 df00",
        "0004 0006 00020000 (max) 00000003 (offset) 00000000 (actual) 00000002 0061 00df",
        "0400 0600 (gap) 00000000 0000020000000000 (max) 0300000000000000 (offset) 0000000000000000
         (actual) 0200000000000000 6100 df00"
    );
}

/// The count follows from the text: two units for a character beyond the first plane.
#[test]
fn the_count_of_a_text_is_that_of_its_units() {
    assert_case!(
        CountedTail,
        CountedTail { text: Utf16::new("a\u{1F4E7}") },
        "03000000 (count) 0300 6100 3dd8 e7dc",
        "00000003 (count) 0003 0061 d83d dce7",
        "0300000000000000 (count) 0300 6100 3dd8 e7dc"
    );
}

#[test]
fn zeros_and_halves_of_pairs_come_back() {
    for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
        let value = CountedTail { text: Utf16::from_units(&[0, 0xdc00, 0x41, 0]) };
        let mut e = NdrEncoder::new(representation);
        value.pack(&mut e).unwrap();
        let bytes = e.finish();
        assert_eq!(CountedTail::unpack(&mut NdrCursor::new(&bytes, representation)).unwrap(), value);
    }
}

/// Each in its own data, which are gone before the values are.
#[test]
fn values_of_their_own_outlive_their_data() {
    let counted = |representation| -> Counted<'static> {
        let mut e = NdrEncoder::new(representation);
        Counted { length: 4, size: 4, text: Some(Utf16::new("aß")) }.pack(&mut e).unwrap();
        let bytes = e.finish();
        Counted::unpack(&mut NdrCursor::new(&bytes, representation)).unwrap().into_owned()
    };
    let list = |representation| -> StringList<'static> {
        let mut e = NdrEncoder::new(representation);
        StringList { count: 2, list: Some(vec![Some("one".into()), None]) }.pack(&mut e).unwrap();
        let bytes = e.finish();
        StringList::unpack(&mut NdrCursor::new(&bytes, representation)).unwrap().into_owned()
    };
    for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
        assert_eq!(counted(representation).text, Some(Utf16::new("aß")));
        assert_eq!(list(representation).list, Some(vec![Some("one".into()), None]));
    }
}

#[test]
fn counts_that_contradict_the_text_are_refused() {
    let value = Counted { length: 6, size: 6, text: Some(Utf16::new("ab")) };
    assert!(value.pack(&mut NdrEncoder::new(Representation::NDR)).is_err());
    let bytes = crate::bytes::hex("0600 0600 00000200 03000000 00000000 02000000 6100 6200");
    assert!(Counted::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).is_err());
    // room for a terminator that is not sent is no contradiction
    let value = Counted { length: 4, size: 6, text: Some(Utf16::new("ab")) };
    assert!(value.pack(&mut NdrEncoder::new(Representation::NDR)).is_ok());
}
