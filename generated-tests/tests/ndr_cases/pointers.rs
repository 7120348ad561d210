//! Pointers: C706 14.3.10 to 14.3.12, MS-RPCE 2.2.5.3.5, where referent ids have 64 bits.

use crate::assert_case;
use crate::cases::{Always, Behind, Deep, Items, Jagged, Order, Pair, Strings, TwoFull, TwoUnique};
use runtime::{String8, Utf16};

/// Ids in place, what they point to behind all of the structure; null is 0. In NDR64 the structure ends at 24.
#[test]
fn what_pointers_point_to_follows_the_structure() {
    assert_case!(
        TwoUnique,
        TwoUnique { first: Some(7), between: 1, second: Some(8) },
        "00000200 01 000000 04000200  07000000 08000000",
        "00020000 01 000000 00020004  00000007 00000008",
        "0000020000000000 01 00000000000000 0400020000000000  07000000 08000000"
    );
    assert_case!(
        TwoUnique,
        TwoUnique { first: None, between: 1, second: Some(8) },
        "00000000 01 000000 00000200  08000000",
        "00000000 01 000000 00020000  00000008",
        "0000000000000000 01 00000000000000 0000020000000000  08000000"
    );
}

/// The inner pointer is what the outer one points to.
#[test]
fn a_pointer_to_a_pointer_is_followed_step_by_step() {
    assert_case!(
        Deep,
        Deep { deep: Some(Some(9)) },
        "00000200 04000200 09000000",
        "00020000 00020004 00000009",
        "0000020000000000 0400020000000000 09000000"
    );
    assert_case!(
        Deep,
        Deep { deep: Some(None) },
        "00000200 00000000",
        "00020000 00000000",
        "0000020000000000 0000000000000000"
    );
}

/// A reference pointer inside a structure has an id like others, though it is never null.
#[test]
fn a_reference_pointer_inside_has_an_id() {
    assert_case!(
        Always,
        Always { always: 5, after: 6 },
        "00000200 0600 0500",
        "00020000 0006 0005",
        "0000020000000000 0600 (fill) 000000000000 0500"
    );
}

/// Full pointers have ids of their own, from 1.
#[test]
fn full_pointers_are_numbered_on_their_own() {
    assert_case!(
        TwoFull,
        TwoFull { first: Some(7), second: Some(8) },
        "01000000 02000000 07000000 08000000",
        "00000001 00000002 00000007 00000008",
        "0100000000000000 0200000000000000 07000000 08000000"
    );
}

/// What two full pointers share, each of them has. In Rust each owns its value, so that packing says it twice.
#[test]
fn full_pointers_that_share_their_data_are_packed_as_two() {
    let shared = crate::bytes::hex("01000000 01000000 07000000");
    let value = runtime::ndr::decode(&shared, runtime::ndr::Representation::NDR, TwoFull::unpack).unwrap();
    assert_eq!(value, TwoFull { first: Some(7), second: Some(7) });
    let packed = runtime::ndr::encode(runtime::ndr::Representation::NDR, |e| value.pack(e)).unwrap();
    assert_eq!(packed, crate::bytes::hex("01000000 02000000 07000000 07000000"));
}

/// What the first pointer points to comes with all that it points to, before what the second one points to.
#[test]
fn buffers_come_in_the_order_of_the_ids_and_whole() {
    let inner = TwoUnique { first: Some(1), between: 2, second: Some(3) };
    assert_case!(
        Order,
        Order { inner: Some(Box::new(inner)), last: Some(4) },
        "00000200 04000200  (inner) 08000200 02 000000 0C000200 01000000 03000000  (last) 04000000",
        "00020000 00020004  (inner) 00020008 02 000000 0002000C 00000001 00000003  (last) 00000004",
        "0000020000000000 0400020000000000
         (inner) 0800020000000000 02 00000000000000 0C00020000000000 01000000 03000000  (last) 04000000"
    );
}

/// Maximum count, offset, actual count, characters with terminator. The second string is aligned to its counts.
#[test]
fn strings_behind_pointers_are_conformant_and_varying() {
    assert_case!(
        Strings,
        Strings { wide: Some(Utf16::new("a")), narrow: Some(String8::from_text("b")) },
        "00000200 04000200  02000000 00000000 02000000 6100 0000  02000000 00000000 02000000 62 00",
        "00020000 00020004  00000002 00000000 00000002 0061 0000  00000002 00000000 00000002 62 00",
        "0000020000000000 0400020000000000
         0200000000000000 0000000000000000 0200000000000000 6100 0000 (gap) 00000000
         0200000000000000 0000000000000000 0200000000000000 62 00"
    );
}

fn two_elements() -> [TwoUnique; 2] {
    [TwoUnique { first: Some(1), between: 2, second: Some(3) }, TwoUnique { first: None, between: 4, second: Some(5) }]
}

/// All elements, then what the pointers of the first point to, then those of the second.
#[test]
fn what_elements_point_to_follows_all_of_them() {
    assert_case!(
        Items,
        Items { items: two_elements().to_vec() },
        "(maximum) 02000000 (count) 0200 0000  00000200 02 000000 04000200  00000000 04 000000 08000200
         01000000 03000000  05000000",
        "(maximum) 00000002 (count) 0002 0000  00020000 02 000000 00020004  00000000 04 000000 00020008
         00000001 00000003  00000005",
        "(maximum) 0200000000000000 (count) 0200 000000000000
         0000020000000000 02 00000000000000 0400020000000000  0000000000000000 04 00000000000000 0800020000000000
         01000000 03000000  05000000"
    );
}

/// It follows the whole structure, too.
#[test]
fn what_elements_of_a_fixed_array_point_to_follows_the_structure() {
    assert_case!(
        Pair,
        Pair { items: two_elements(), last: 9 },
        "00000200 02 000000 04000200  00000000 04 000000 08000200  09 (gap) 000000  01000000 03000000  05000000",
        "00020000 02 000000 00020004  00000000 04 000000 00020008  09 (gap) 000000  00000001 00000003  00000005",
        "0000020000000000 02 00000000000000 0400020000000000  0000000000000000 04 00000000000000 0800020000000000
         09 (fill) 00000000000000  01000000 03000000  05000000"
    );
}

#[test]
fn what_elements_behind_a_pointer_point_to_follows_them() {
    assert_case!(
        Behind,
        Behind { count: 2, items: Some(two_elements().to_vec()) },
        "0200 0000 00000200 (maximum) 02000000  04000200 02 000000 08000200  00000000 04 000000 0C000200
         01000000 03000000  05000000",
        "0002 0000 00020000 (maximum) 00000002  00020004 02 000000 00020008  00000000 04 000000 0002000C
         00000001 00000003  00000005",
        "0200 000000000000 0000020000000000 (maximum) 0200000000000000
         0400020000000000 02 00000000000000 0800020000000000  0000000000000000 04 00000000000000 0C00020000000000
         01000000 03000000  05000000"
    );
}

/// Each row has a maximum count of its own.
#[test]
fn rows_behind_pointers_have_their_counts() {
    assert_case!(
        Jagged,
        Jagged { rows: 2, columns: 1, a: Some(vec![Some(vec![5]), Some(vec![6])]) },
        "0200 0100 00000200 (maximum) 02000000 04000200 08000200
         (maximum) 01000000 0500 (gap) 0000 (maximum) 01000000 0600",
        "0002 0001 00020000 (maximum) 00000002 00020004 00020008
         (maximum) 00000001 0005 (gap) 0000 (maximum) 00000001 0006",
        "0200 0100 00000000 0000020000000000 (maximum) 0200000000000000 0400020000000000 0800020000000000
         (maximum) 0100000000000000 0500 (gap) 000000000000 (maximum) 0100000000000000 0600"
    );
}
