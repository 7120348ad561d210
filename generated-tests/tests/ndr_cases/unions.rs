//! Unions: C706 14.3.8; in NDR64 the discriminant and every arm stand at the alignment of the largest arm
//! (MS-RPCE 2.2.5.3.4.4).

use crate::assert_case;
use crate::cases::{
    Broad, ByBoolean, ByBroad, ByByte, ByEnum, ByHyper, ByLong, ByShort, Chosen, Narrow, OtherFirst, Own, OwnBroad,
    OwnNarrow, Owner, Roomy,
};

#[test]
fn a_discriminant_of_8_bits() {
    assert_case!(ByByte, ByByte::Small(7), "01 07", "01 07", "01 00000000000000 07");
    assert_case!(
        ByByte,
        ByByte::Large(7),
        "02 00000000000000 0700000000000000",
        "02 00000000000000 0000000000000007",
        "02 00000000000000 0700000000000000"
    );
    assert_case!(ByByte, ByByte::Case3, "03", "03", "03 00000000000000");
}

#[test]
fn a_discriminant_of_16_bits() {
    assert_case!(ByShort, ByShort::Number(7), "0100 0000 07000000", "0001 0000 00000007", "0100 0000 07000000");
    assert_case!(ByShort, ByShort::Byte(7), "0200 07", "0002 07", "0200 0000 07");
}

/// -1 is all ones. The arm with a pointer has an id in place; the number follows.
#[test]
fn a_signed_discriminant_and_an_arm_behind_a_pointer() {
    assert_case!(ByLong, ByLong::Minus(7), "FFFFFFFF 0700", "FFFFFFFF 0007", "FFFFFFFF 00000000 0700");
    assert_case!(
        ByLong,
        ByLong::Pointer(Some(7)),
        "01000000 00000200 07000000",
        "00000001 00020000 00000007",
        "01000000 00000000 0000020000000000 07000000"
    );
    assert_case!(ByLong, ByLong::Default(9), "09000000", "00000009", "09000000 00000000");
}

#[test]
fn a_discriminant_that_is_a_boolean() {
    assert_case!(ByBoolean, ByBoolean::No(7), "00 07", "00 07", "00 000000 07");
    assert_case!(ByBoolean, ByBoolean::Yes(7), "01 000000 07000000", "01 000000 00000007", "01 000000 07000000");
}

/// 16 bits in NDR 2.0, 32 in NDR64.
#[test]
fn a_discriminant_that_is_an_enumeration() {
    assert_case!(ByEnum, ByEnum::One(7), "0100 07", "0001 07", "01000000 07");
    assert_case!(
        ByEnum,
        ByEnum::Other(Narrow(2).0, 7),
        "0200 0000 07000000",
        "0002 0000 00000007",
        "02000000 07000000"
    );
}

/// 32 bits in every syntax.
#[test]
fn a_discriminant_that_is_a_broad_enumeration() {
    assert_case!(ByBroad, ByBroad::One(7), "01000000 07", "00000001 07", "01000000 07");
    assert_case!(ByBroad, ByBroad::Other(Broad(0x10002).0, 7), "02000100 0700", "00010002 0007", "02000100 0700");
}

#[test]
fn a_discriminant_of_64_bits() {
    assert_case!(ByHyper, ByHyper::Five(7), "0500000000000000 07", "0000000000000005 07", "0500000000000000 07");
}

/// `ms_union`: in NDR 2.0, too, every arm stands at the alignment of the largest one.
#[test]
fn a_union_of_microsofts_kind() {
    assert_case!(Roomy, Roomy::Byte(7), "0100 000000000000 07", "0001 000000000000 07", "0100 000000000000 07");
    assert_case!(
        Roomy,
        Roomy::Large(7),
        "0200 000000000000 0700000000000000",
        "0002 000000000000 0000000000000007",
        "0200 000000000000 0700000000000000"
    );
    assert_case!(Roomy, Roomy::Default(9), "0900 000000000000", "0009 000000000000", "0900 000000000000");
}

#[test]
fn the_arm_for_every_other_value_takes_no_value_that_has_an_arm() {
    assert_case!(OtherFirst, OtherFirst::Seven(1), "0700 0000 01000000", "0007 0000 00000001", "0700 0000 01000000");
    assert_case!(OtherFirst, OtherFirst::Other(8, 1), "0800 01", "0008 01", "0800 0000 01");
}

/// The level stands in the structure and again before the arm. In NDR 2.0 the arm is aligned on its own; in NDR64 the
/// union begins at 8 and its arm at 16, and the structure, which is aligned to 8, ends at 24.
#[test]
fn the_discriminant_stands_twice() {
    assert_case!(
        Chosen,
        Chosen { before: 9, choice: ByByte::Small(7), after: 8 },
        "01 09  01 07  08",
        "01 09  01 07  08",
        "01 09 000000000000  01 00000000000000 07  08 000000000000"
    );
    assert_case!(
        Chosen,
        Chosen { before: 9, choice: ByByte::Large(7), after: 8 },
        "02 09  02 0000000000 0700000000000000  08",
        "02 09  02 0000000000 0000000000000007  08",
        "02 09 000000000000  02 00000000000000 0700000000000000  08 00000000000000"
    );
}

/// In NDR 2.0 discriminant and arm are aligned each on its own, as Windows sends them: the discriminant at 2, the small
/// arm at 4, the large one at 8. In NDR64 the union begins at 8, its arm at 16, and the structure ends at 24 or 32.
#[test]
fn the_discriminant_of_an_encapsulated_union_stands_once() {
    assert_case!(
        Owner,
        Owner { before: 9, choice: Own::Small(7), after: 8 },
        "09 00  0100 07  08",
        "09 00  0001 07  08",
        "09 00000000000000  0100 000000000000 07  08 (fill) 000000000000"
    );
    assert_case!(
        Owner,
        Owner { before: 9, choice: Own::Large(7), after: 8 },
        "09 00  0200 00000000 0700000000000000  08",
        "09 00  0002 00000000 0000000000000007  08",
        "09 00000000000000  0200 000000000000 0700000000000000  08 (fill) 00000000000000"
    );
    assert_case!(
        Owner,
        Owner { before: 9, choice: Own::Default(5), after: 8 },
        "09 00  0500  08",
        "09 00  0005  08",
        "09 00000000000000  0500 000000000000  08 (fill) 00000000000000"
    );
}

#[test]
fn the_arms_of_an_encapsulated_union_stand_where_they_stood_without_ms_union() {
    assert_case!(OwnNarrow, OwnNarrow::Small(7), "0100 07", "0001 07", "01000000 00000000 07");
    assert_case!(
        OwnNarrow,
        OwnNarrow::Large(2, 7),
        "0200 000000000000 0700000000000000",
        "0002 000000000000 0000000000000007",
        "02000000 00000000 0700000000000000"
    );
}

/// The pointer is of 32 bits in NDR 2.0 and of 64 in NDR64, where the arm stands at 8.
#[test]
fn an_encapsulated_union_with_a_pointer() {
    assert_case!(
        OwnBroad,
        OwnBroad::Behind(Some(7)),
        "01000000 00000200 0700",
        "00000001 00020000 0007",
        "01000000 00000000 0000020000000000 0700"
    );
}
