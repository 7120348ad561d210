//! NSPI and RFR (MS-OXNSPI, MS-OXABREF): bytes worked out from the interface definitions of the documents.
//!
//! Bytes are hexadecimal; `P` is the id of the next pointer that is not null, `S"text"` an 8-bit string and `W"text"` a Unicode
//! one, with counts, terminator and the gap up to four before what follows.

pub mod calls;
mod entry_ids;
mod limits;
mod values;

use generated_tests::spec_coverage;
use generated_tests::vectors::hex;

/// Records that a test has proved statements of MS-OXNSPI.
fn record(test: &str, statements: &[&str]) {
    statements.iter().for_each(|number| spec_coverage::record(&format!("MS-OXNSPI_{number}"), test));
}

/// The bytes of the text.
pub fn bytes(text: &str) -> Vec<u8> {
    let (mut all, mut id, mut rest) = (Vec::new(), 0x0002_0000_u32, text);
    // A string has its gap where something follows.
    let mut gap = false;
    let mut add = |all: &mut Vec<u8>, part: &[u8], string: bool| {
        if gap && !part.is_empty() {
            all.resize(all.len().next_multiple_of(4), 0);
            gap = false;
        }
        all.extend(part);
        gap |= string;
    };
    while let Some(at) = rest.find(['P', 'S', 'W']) {
        add(&mut all, &hex(&rest[..at]), false);
        let kind = &rest[at..=at];
        rest = &rest[at + 1..];
        if kind == "P" {
            add(&mut all, &id.to_le_bytes(), false);
            id += 4;
            continue;
        }
        let (string, after) = rest[1..].split_once('"').unwrap();
        rest = after;
        let units: Vec<u16> = string.encode_utf16().chain([0]).collect();
        let count = (units.len() as u32).to_le_bytes();
        let mut part = [count, [0; 4], count].concat();
        for unit in units {
            part.extend(&unit.to_le_bytes()[..if kind == "W" { 2 } else { 1 }]);
        }
        add(&mut all, &part, true);
    }
    add(&mut all, &hex(rest), false);
    all
}

/// Packing gives the bytes of the text, unpacking these gives the value.
macro_rules! both_ways {
    ($text:expr, $type:ident $fields:tt) => {{
        let (value, expected) = ($type $fields, $crate::address_book::bytes(&$text));
        let packed = value.encode(runtime::ndr::Representation::NDR).unwrap();
        let at = packed.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(packed, expected, "{} at {at:?}", stringify!($type));
        assert_eq!($type::decode(&expected, runtime::ndr::Representation::NDR).unwrap(), value);
    }};
}
use both_ways;
