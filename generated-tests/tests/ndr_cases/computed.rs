//! Values that are computed when something is packed, whatever the field holds.

use runtime::Utf16;
use runtime::ndr::{Representation, encode};

use crate::bytes::hex;
use crate::cases::{Measured, Whole};

/// The size of all, in the representation that it is packed in.
#[test]
fn a_structure_says_how_large_it_is() {
    let value = Whole { size: 99, name: Some(Utf16::new("a")) };
    for (representation, bytes) in [
        (Representation::NDR, "18000000 00000200 02000000 00000000 02000000 6100 0000"),
        (Representation::NDR_BIG_ENDIAN, "00000018 00020000 00000002 00000000 00000002 0061 0000"),
        (
            Representation::NDR64,
            "2C000000 00000000 0000020000000000 0200000000000000 0000000000000000 0200000000000000 6100 0000",
        ),
    ] {
        assert_eq!(encode(representation, |e| value.pack(e)).unwrap(), hex(bytes), "{representation:?}");
    }
}

/// A text that is not there has no terminator either; an empty one has.
#[test]
fn a_text_that_is_not_there_has_no_length() {
    for (name, bytes) in [
        (None, "0000 (gap) 0000 00000000"),
        (Some(""), "0200 (gap) 0000 00000200 01000000 00000000 01000000 0000"),
        (Some("ab"), "0600 (gap) 0000 00000200 03000000 00000000 03000000 6100 6200 0000"),
    ] {
        let value = Measured { length: 99, name: name.map(Utf16::new) };
        assert_eq!(encode(Representation::NDR, |e| value.pack(e)).unwrap(), hex(bytes), "{name:?}");
    }
}
