//! Alignment: C706 14.2 for NDR 2.0, MS-RPCE 2.2.5.3 for NDR64, where a structure is filled up at its end.

use crate::assert_case;
use crate::cases::{Broad, Enums, Floats, Gaps, Halves, Inner, Narrow, Outer, Wide};

/// a at 0, b at 2, c at 4, d at 8, e at 12, f at 16, g1 at 24. The structure is aligned to 8: NDR64 ends at 32.
#[test]
fn integers_stand_at_multiples_of_their_size() {
    assert_case!(
        Gaps,
        Gaps { a: 1, b: 0x0203, c: 4, d: 0x0506_0708, e: 9, f: 0x0A0B_0C0D_0E0F_1011, g1: 0x12 },
        "01 00 0302  04 000000 08070605  09 000000 11100F0E0D0C0B0A  12",
        "01 00 0203  04 000000 05060708  09 000000 0A0B0C0D0E0F1011  12",
        "01 00 0302  04 000000 08070605  09 000000 11100F0E0D0C0B0A  12 00000000000000"
    );
}

/// The inner structure begins at 4. In NDR64 it ends at 12, a multiple of 4, and the outer one is filled up to 16.
#[test]
fn a_structure_stands_at_the_alignment_of_its_largest_member() {
    assert_case!(
        Outer,
        Outer { a: 1, inner: Inner { x: 2, y: 0x0304_0506 }, b: 7 },
        "01 000000  02 000000 06050403  07",
        "01 000000  02 000000 03040506  07",
        "01 000000  02 000000 06050403  07 000000"
    );
}

/// `enum` has 16 bits in NDR 2.0 and 32 in NDR64 (MS-RPCE 2.2.5.3.3.1), `v1_enum` always 32.
#[test]
fn enumerations_have_the_width_of_the_syntax() {
    assert_case!(
        Enums,
        Enums { a: 1, narrow: Narrow(0x0203), b: 4, broad: Broad(0x0506_0708) },
        "01 00 0302  04 000000 08070605",
        "01 00 0203  04 000000 05060708",
        "01 000000 03020000  04 000000 08070605"
    );
}

/// `__int3264` has 32 bits in NDR 2.0 (MS-RPCE 2.2.4.1.3) and 64 in NDR64 (2.2.5.3.1).
#[test]
fn pointer_sized_integers_have_the_width_of_the_syntax() {
    assert_case!(
        Wide,
        Wide { a: 1, wide: 0x0203_0405 },
        "01 000000 05040302",
        "01 000000 02030405",
        "01 00000000000000 0504030200000000"
    );
}

/// 1.0 is 3F800000 and 3FF0000000000000 in IEEE 754; both follow the byte order.
#[test]
fn floating_point_numbers_follow_the_byte_order() {
    assert_case!(
        Floats,
        Floats { yes: true, single: 1.0, twice: -2.0 },
        "01 000000 0000803F  00000000000000C0",
        "01 000000 3F800000  C000000000000000",
        "01 000000 0000803F  00000000000000C0"
    );
}

/// Times and other pairs of 32 bits (MS-DTYP 2.3.3): each half follows the byte order, the halves do not.
#[test]
fn halves_keep_their_order() {
    assert_case!(
        Halves,
        Halves { before: 1, low_first: -2, signless: 0x0102_0304_0506_0708, high_first: 0x0102_0304_0506_0708 },
        "01 000000 FEFFFFFF FFFFFFFF 08070605 04030201 04030201 08070605",
        "01 000000 FFFFFFFE FFFFFFFF 05060708 01020304 01020304 05060708",
        "01 000000 FEFFFFFF FFFFFFFF 08070605 04030201 04030201 08070605"
    );
}
