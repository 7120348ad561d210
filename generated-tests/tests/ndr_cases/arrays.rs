//! Arrays: C706 14.3.3, MS-RPCE 2.2.5.3.2, where counts have 64 bits.

use crate::assert_case;
use crate::cases::{
    Conformant, ConformantVarying, ConformantWide, Fixed, Hoisted, Room, Rows, SentRows, Square, StringList, Varying,
};
use runtime::String8;

/// Elements and nothing else. NDR64 fills the structure up to its alignment of 2.
#[test]
fn fixed_arrays_are_their_elements() {
    assert_case!(Fixed, Fixed { a: [1, 2, 3], b: 4 }, "0100 0200 0300 04", "0001 0002 0003 04", "0100 0200 0300 04 00");
}

/// The last index runs fastest.
#[test]
fn arrays_of_arrays_are_sent_row_by_row() {
    assert_case!(
        Square,
        Square { a: [[1, 2, 3], [4, 5, 6]] },
        "0100 0200 0300 0400 0500 0600",
        "0001 0002 0003 0004 0005 0006",
        "0100 0200 0300 0400 0500 0600"
    );
}

/// Rows of a constant size are elements: only their number is said, and their columns are not. Windows has it so.
#[test]
fn an_open_dimension_has_the_only_count() {
    assert_case!(
        Rows,
        Rows { a: vec![[1, 2], [3, 4]] },
        "02000000 (rows) 02 00 0100 0200 0300 0400",
        "00000002 (rows) 02 00 0001 0002 0003 0004",
        "0200000000000000 (rows) 02 00 0100 0200 0300 0400"
    );
    assert_case!(
        SentRows,
        SentRows { a: vec![[1, 2], [3, 4]] },
        "02000000 (offset) 00000000 (actual) 02000000 0100 0200 0300 0400",
        "00000002 (offset) 00000000 (actual) 00000002 0001 0002 0003 0004",
        "02000000 00000000 (offset) 0000000000000000 (actual) 0200000000000000 0100 0200 0300 0400"
    );
}

/// The maximum count stands before the structure (C706 14.3.7.1): count at 4, elements at 8. In NDR64 the maximum
/// count has 64 bits: count at 8, elements at 12.
#[test]
fn the_maximum_count_stands_before_the_structure() {
    assert_case!(
        Conformant,
        Conformant { a: vec![7, 8] },
        "02000000 (count) 0200 0000 (a) 07000000 08000000",
        "00000002 (count) 0002 0000 (a) 00000007 00000008",
        "0200000000000000 (count) 0200 0000 (a) 07000000 08000000"
    );
}

/// The structure is aligned to 8, so that in NDR 2.0 a gap follows the maximum count.
#[test]
fn the_structure_after_a_maximum_count_is_aligned() {
    assert_case!(
        ConformantWide,
        ConformantWide { a: vec![5] },
        "01000000 (gap) 00000000 (count) 01000000 (gap) 00000000 0500000000000000",
        "00000001 (gap) 00000000 (count) 00000001 (gap) 00000000 0000000000000005",
        "0100000000000000 (count) 01000000 (gap) 00000000 0500000000000000"
    );
}

/// Offset and actual count, then the elements that are sent.
#[test]
fn varying_arrays_say_where_they_begin_and_how_many_they_are() {
    assert_case!(
        Varying,
        Varying { a: vec![1, 2, 3, 4] },
        "04000000 (offset) 00000000 (actual) 04000000 0100 0200 0300 0400",
        "00000004 (offset) 00000000 (actual) 00000004 0001 0002 0003 0004",
        "04000000 00000000 (offset) 0000000000000000 (actual) 0400000000000000 0100 0200 0300 0400"
    );
}

/// Maximum count before the structure, offset and actual count before the elements.
#[test]
fn conformant_varying_arrays_have_their_maximum_count_in_front_and_the_others_in_place() {
    assert_case!(
        ConformantVarying,
        ConformantVarying { room: 3, a: vec![9] },
        "03000000 (room) 0300 (used) 0100 (offset) 00000000 (actual) 01000000 0900",
        "00000003 (room) 0003 (used) 0001 (offset) 00000000 (actual) 00000001 0009",
        "0300000000000000 (room) 0300 (used) 0100 (gap) 00000000 (offset) 0000000000000000 (actual) 0100000000000000 0900"
    );
}

/// The maximum count of the innermost structure stands before the outermost one. In NDR64 the flag is at 8, the inner
/// structure at 12, its elements at 16.
#[test]
fn conformance_is_hoisted_out_of_all_structures() {
    assert_case!(
        Hoisted,
        Hoisted { flag: 1, tail: Conformant { a: vec![6] } },
        "01000000 (flag) 01 000000 (count) 0100 0000 (a) 06000000",
        "00000001 (flag) 01 000000 (count) 0001 0000 (a) 00000006",
        "0100000000000000 (flag) 01 000000 (count) 0100 0000 (a) 06000000"
    );
}

/// A string in a fixed array is varying (C706 14.3.4.2): offset, actual count with terminator.
#[test]
fn a_string_in_a_fixed_array_is_varying() {
    assert_case!(
        Room,
        Room { room: String8::from_text("ab"), after: 0x0102 },
        "00000000 03000000 61 62 00 (gap) 00 0201",
        "00000000 00000003 61 62 00 (gap) 00 0102",
        "0000000000000000 0300000000000000 61 62 00 (gap) 00 0201"
    );
}

/// The pointers of all elements, then the strings in their order.
#[test]
fn strings_of_a_list_follow_all_of_its_pointers() {
    let list = Some(vec![Some(String8::from_text("a")), None, Some(String8::from_text("bc"))]);
    assert_case!(
        StringList,
        StringList { count: 3, list: list.clone() },
        "0300 0000 00000200 (maximum) 03000000 04000200 00000000 08000200
         02000000 00000000 02000000 6100 (gap) 0000 03000000 00000000 03000000 626300",
        "0003 0000 00020000 (maximum) 00000003 00020004 00000000 00020008
         00000002 00000000 00000002 6100 (gap) 0000 00000003 00000000 00000003 626300",
        "0300 000000000000 0000020000000000 (maximum) 0300000000000000
         0400020000000000 0000000000000000 0800020000000000
         0200000000000000 0000000000000000 0200000000000000 6100 (gap) 000000000000
         0300000000000000 0000000000000000 0300000000000000 626300"
    );
}
