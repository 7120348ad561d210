//! Bytes of shapes worked out by hand.

use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
use runtime::{String8, Utf16};

use crate::samples;
use crate::shapes::{
    Ace, Choice, Mix, Node, RegString, RpcSid, ShareCtr, ShareCtr1, ShareInfo1, ShareInfoCtr, ShareType, Tree, Twins,
};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digits = digits.as_chunks::<2>().0;
    digits.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

macro_rules! assert_bytes {
    ($value:expr, $type:ident, $representation:ident, $text:expr) => {
        let (value, bytes) = ($value, hex($text));
        let mut e = NdrEncoder::new(Representation::$representation);
        value.pack(&mut e).unwrap();
        assert_eq!(e.finish(), bytes);
        let mut c = NdrCursor::new(&bytes, Representation::$representation);
        assert_eq!($type::unpack(&mut c).unwrap(), value);
        assert_eq!(c.remaining(), 0);
    };
}

/// First all scalars of the elements, then what their pointers point to, element by element.
#[test]
fn defers_the_pointers_of_array_elements() {
    let share = |name: &'static str, comment| ShareInfo1 {
        name: Some(Utf16::new(name)),
        r#type: ShareType::STYPE_IPC,
        comment,
    };
    let ctr = ShareCtr1 { count: 2, array: Some(vec![share("a", None), share("b", Some(Utf16::new("c")))]) };
    let info = ShareInfoCtr { ctr: ShareCtr::Ctr1(Some(Box::new(ctr))) };
    let expected = "
        01000000                            level
        01000000 00000200                   discriminant, pointer to the container
        02000000 04000200                   count, pointer to the array
        02000000                            maximum count
        08000200 03000000 00000000          first share
        0c000200 03000000 10000200          second share
        02000000 00000000 02000000 6100 0000
        02000000 00000000 02000000 6200 0000
        02000000 00000000 02000000 6300 0000";
    let digits: String = expected.lines().map(|line| line.get(..44).unwrap_or(line)).collect();
    assert_bytes!(info, ShareInfoCtr, NDR, &digits);
}

/// A structure that ends in a conformant structure is conformant itself: the count stands first.
#[test]
fn hoists_the_count_out_of_nested_structures() {
    let sid = RpcSid { revision: 1, identifier_authority: [0, 0, 0, 0, 0, 5], sub_authority: vec![32, 544] };
    let ace = Ace { flags: 0x0302, sid };
    assert_bytes!(ace.clone(), Ace, NDR, "02000000 0203 0000 01 02 000000000005 20000000 20020000");
    assert_bytes!(ace.clone(), Ace, NDR_BIG_ENDIAN, "00000002 0302 0000 01 02 000000000005 00000020 00000220");
    assert_bytes!(ace, Ace, NDR64, "0200000000000000 0203 0000 01 02 000000000005 20000000 20020000");
}

#[test]
fn sends_fewer_elements_than_there_is_room_for() {
    let name = RegString { name_len: 4, name_size: 8, name: Some(vec![0x61, 0x62]) };
    assert_bytes!(name.clone(), RegString, NDR, "0400 0800 00000200 04000000 00000000 02000000 6100 6200");
    assert_bytes!(
        name,
        RegString,
        NDR64,
        "0400 0800 00000000 0000020000000000 0400000000000000 0000000000000000 0200000000000000 6100 6200"
    );
    let wrong = RegString { name_len: 2, name_size: 8, name: Some(vec![0x61, 0x62]) };
    let error = wrong.pack(&mut NdrEncoder::new(Representation::NDR)).unwrap_err();
    assert_eq!(error.to_string(), "name: expected name_len / 2 elements");
    let bytes = hex("0200 0800 00000200 04000000 00000000 02000000 6100 6200");
    let error = RegString::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap_err();
    assert_eq!(error.to_string(), "name: expected name_len / 2 elements, got 0x2 at offset 20");
}

#[test]
fn chains_a_list_through_its_pointers() {
    let list = Node { value: 1, next: Some(Box::new(Node { value: 2, next: None })) };
    assert_bytes!(list.clone(), Node, NDR, "0100 0000 00000200 0200 0000 00000000");
    assert_bytes!(list, Node, NDR64, "0100 000000000000 0000020000000000 0200 000000000000 0000000000000000");
}

/// Full pointers have ids of their own; of those that repeat one, each has the value, whose data stand once.
#[test]
fn full_pointers_that_are_one_have_the_same_value() {
    assert_bytes!(Twins { first: Some(1), second: Some(2) }, Twins, NDR, "01000000 02000000 01000000 02000000");
    let bytes = hex("01000000 01000000 01000000");
    let twins = Twins::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap();
    assert_eq!(twins, Twins { first: Some(1), second: Some(1) });
}

#[test]
fn keeps_a_count_whose_array_is_null() {
    let tree = Tree { label: Some(String8::from_text("x")), count: 3, children: None };
    assert_bytes!(tree, Tree, NDR, "00000200 03000000 00000000 02000000 00000000 02000000 78 00");
}

#[test]
fn stores_the_discriminant_of_arms_for_several_values() {
    assert_bytes!(Choice::Number(2, 7), Choice, NDR, "02 000000 07000000");
    assert_bytes!(Choice::Number(2, 7), Choice, NDR64, "02 00000000000000 07000000");
    assert_bytes!(Choice::Case4, Choice, NDR, "04");
    assert_bytes!(Choice::Other(9, 0.5), Choice, NDR, "09 00000000000000 000000000000e03f");
    assert_bytes!(Choice::Text(None), Choice, NDR, "03 000000 00000000");
    // A discriminant that leads to another arm.
    for wrong in [Choice::Number(3, 7), Choice::Other(4, 0.5)] {
        assert!(wrong.pack(&mut NdrEncoder::new(Representation::NDR)).is_err());
    }
}

#[test]
fn checks_lengths_ranges_and_room_before_it_writes() {
    let mut runner = TestRunner::deterministic();
    let (request, _) = samples::everything().new_tree(&mut runner).unwrap().current();
    let error = |mix: Mix<'_>| mix.pack(&mut NdrEncoder::new(Representation::NDR)).unwrap_err().to_string();
    let mix = || request.mix.clone();
    assert_eq!(error(Mix { many: vec![0; 39].into(), ..mix() }), "many: expected 40 elements");
    assert_eq!(error(Mix { lots: vec![0; 34], ..mix() }), "lots: expected 33 elements");
    assert_eq!(error(Mix { room: Utf16::new("12345678"), ..mix() }), "room: 9 is over the field's limit of 8");
    assert_eq!(error(Mix { part: vec![0; 7], ..mix() }), "part: 7 is over the field's limit of 6");
    assert_eq!(error(Mix { limited: 11, ..mix() }), "limited: expected 5 to 10, got 0xb");
    assert_eq!(error(Mix { wide: 1 << 32, ..mix() }), "wide: 4294967296 is over the field's limit of 4294967295");
}
