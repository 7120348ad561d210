use std::collections::HashSet;

use proptest::prelude::*;
use runtime::{Cursor, Encoder, PackErrorKind, String8, UnpackErrorKind, Utf16};

fn packed(pack: impl FnOnce(&mut Encoder) -> Result<(), runtime::PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    pack(&mut e).unwrap();
    e.finish().to_vec()
}

#[test]
fn reads_utf16_up_to_its_terminator() {
    let mut c = Cursor::new(b"H\0\xE9\0\0\0rest");
    let text = Utf16::unpack_nul(&mut c).unwrap();
    assert_eq!((text.to_text().as_ref(), text.len_units()), ("Hé", 2));
    assert_eq!(c.peek(), b"rest");
    assert_eq!(packed(|e| text.pack_nul(e)), b"H\0\xE9\0\0\0");
}

#[test]
fn a_terminator_is_a_unit_not_two_bytes() {
    // 0x0100 and 0x0001: zero bytes beside each other, in no unit together.
    let mut c = Cursor::new(&[0x00, 0x01, 0x01, 0x00, 0x61, 0x00, 0x00, 0x61, 0x00, 0x00]);
    assert_eq!(Utf16::unpack_nul(&mut c).unwrap().len_units(), 4);
    assert!(c.is_empty());
}

#[test]
fn text_without_terminator_is_an_error_at_its_start() {
    for bytes in [&b"\xFFa\0b\0"[..], b"\xFFa\0\0", b"\xFF"] {
        let mut c = Cursor::new(bytes);
        c.u8().unwrap();
        let error = Utf16::unpack_nul(&mut c).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::Unterminated, 1));
    }
    let error = String8::unpack_nul(&mut Cursor::new(b"abc")).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::Unterminated, 0));
}

#[test]
fn reads_counted_text_with_zeros_inside() {
    let mut c = Cursor::new(b"a\0\0\0b\0rest");
    let text = Utf16::unpack_units(&mut c, 3).unwrap();
    assert_eq!(text.to_text(), "a\0b");
    assert_eq!(packed(|e| text.pack_units(e)), b"a\0\0\0b\0");
    assert!(Utf16::unpack_units(&mut c, 3).is_err());
    assert!(Utf16::unpack_units(&mut c, usize::MAX).is_err());
    assert_eq!(String8::unpack_bytes(&mut c, 4).unwrap().as_bytes(), b"rest");
}

#[test]
fn a_zero_inside_does_not_pack_with_a_terminator() {
    let mut e = Encoder::new();
    let mismatch = |error: runtime::PackError| matches!(error.kind(), PackErrorKind::Mismatch { .. });
    assert!(mismatch(Utf16::new("a\0b").pack_nul(&mut e).unwrap_err()));
    assert!(mismatch(Utf16::from_wire(b"\0\0").pack_nul(&mut e).unwrap_err()));
    assert!(mismatch(String8::from_text("a\0b").pack_nul(&mut e).unwrap_err()));
    assert!(e.is_empty());
}

#[test]
fn lone_surrogates_survive_and_read_as_replacement() {
    let text = Utf16::from_units(&[0x61, 0xD83D, 0x62]);
    assert_eq!(text.to_text(), "a\u{FFFD}b");
    assert_eq!(packed(|e| text.pack_nul(e)), b"a\0\x3D\xD8b\0\0\0");
    assert_eq!(text.clone().into_owned(), text);
}

#[test]
fn text_and_its_bytes_are_equal_and_hash_alike() {
    for text in ["", "a", "mañana 📧"] {
        let units: Vec<u16> = text.encode_utf16().collect();
        let wire = Utf16::from_units(&units);
        assert_eq!(wire, Utf16::new(text));
        assert_eq!(wire.len_units(), Utf16::new(text).len_units());
        assert_eq!(wire.is_empty(), text.is_empty());
        assert_eq!(HashSet::from([wire, Utf16::new(text), Utf16::from(text.to_owned())]).len(), 1);
    }
    assert_ne!(Utf16::new("a"), Utf16::new("ab"));
    assert_ne!(Utf16::from_wire(b"a\0"), Utf16::new("b"));
    assert_eq!(Utf16::default(), Utf16::new(""));
}

#[test]
fn an_odd_last_byte_is_left_out() {
    assert_eq!(Utf16::from_wire(b"a\0b"), Utf16::new("a"));
}

#[test]
fn strings_from_a_buffer_are_borrowed_and_shown_as_text() {
    let text = Utf16::from_wire(b"a\0\n\0");
    assert_eq!((format!("{text}"), format!("{text:?}")), ("a\n".to_owned(), "\"a\\n\"".to_owned()));
    assert_eq!(format!("{:?}", String8::new(&b"a\xFF"[..])), "b\"a\\xff\"");
}

#[test]
fn reads_8_bit_text_up_to_its_terminator() {
    let mut c = Cursor::new(b"caf\xE9\0rest");
    let text = String8::unpack_nul(&mut c).unwrap();
    assert_eq!((text.decode(1252).as_ref(), text.decode(1251).as_ref()), ("café", "cafй"));
    assert_eq!(c.peek(), b"rest");
    assert_eq!(packed(|e| text.pack_nul(e)), b"caf\xE9\0");
    assert_eq!(text.size_nul(), 5);
}

#[test]
fn code_pages_are_those_of_windows() {
    for (code_page, bytes, text) in [
        (874, &b"\xA1"[..], "ก"),
        (932, b"\x93\xFA\x96\x7B", "日本"),
        (936, b"\xD6\xD0", "中"),
        (949, b"\xC7\xD1", "한"),
        (950, b"\xA4\xA4", "中"),
        (1250, b"\xB3", "ł"),
        (1251, b"\xFF", "я"),
        (1252, b"\x80", "€"),
        (1253, b"\xE1", "α"),
        (1254, b"\xFD", "ı"),
        (1255, b"\xE0", "א"),
        (1256, b"\xC7", "ا"),
        (1257, b"\xE0", "ą"),
        (1258, b"\xFE", "₫"),
        (20866, b"\xD1", "я"),
        (28592, b"\xB3", "ł"),
        (54936, b"\x81\x30\x81\x30", "\u{80}"),
        (65001, b"\xE2\x82\xAC", "€"),
        (0, b"\xE9", "é"),
    ] {
        assert_eq!(String8::new(bytes).decode(code_page), text, "{code_page}");
        assert_eq!(String8::encode(text, code_page).as_bytes(), bytes, "{code_page}");
    }
}

#[test]
fn what_a_code_page_lacks_becomes_a_question_mark() {
    assert_eq!(String8::encode("aя€", 1252).as_bytes(), b"a?\x80");
    assert_eq!(String8::encode("📧!", 932).as_bytes(), b"?!");
    assert_eq!(String8::new(&b"a\xFF"[..]).decode(65001), "a\u{FFFD}");
}

#[test]
fn a_byte_order_mark_is_text() {
    assert_eq!(String8::new(&b"\xEF\xBB\xBFa"[..]).decode(65001), "\u{FEFF}a");
}

proptest! {
    #[test]
    fn any_text_packs_and_reads_back(text in "[^\0]{0,40}") {
        let value = Utf16::new(text.as_str());
        let bytes = packed(|e| value.pack_nul(e));
        prop_assert_eq!(bytes.len(), value.size_nul());
        let mut c = Cursor::new(&bytes);
        let read = Utf16::unpack_nul(&mut c).unwrap();
        prop_assert!(c.is_empty());
        prop_assert_eq!(read.to_text(), text.as_str());
        prop_assert_eq!(read, value);
    }

    #[test]
    fn any_units_pack_and_read_back(units in proptest::collection::vec(any::<u16>(), 0..40)) {
        let value = Utf16::from_units(&units);
        prop_assert!(value.units().eq(units.iter().copied()));
        let bytes = packed(|e| value.pack_units(e));
        let read = Utf16::unpack_units(&mut Cursor::new(&bytes), units.len()).unwrap();
        prop_assert_eq!(&read, &value);
    }
}

#[test]
fn a_line_ends_with_carriage_return_and_line_feed() {
    let mut c = Cursor::new(b"a\rb\nc\r\r\n\r\nrest");
    assert_eq!(String8::unpack_line(&mut c).unwrap().as_bytes(), b"a\rb\nc\r");
    assert!(String8::unpack_line(&mut c).unwrap().is_empty());
    let error = String8::unpack_line(&mut c).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::Unterminated, 10));
    let mut e = Encoder::new();
    String8::from("a\rb").pack_line(&mut e).unwrap();
    assert_eq!(e.as_slice(), b"a\rb\r\n");
    assert_eq!(String8::from("a\rb").size_line(), e.len());
    assert!(String8::from("a\r\nb").pack_line(&mut e).is_err());
}
