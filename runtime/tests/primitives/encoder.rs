use runtime::{Cursor, Encoder, PackErrorKind};

#[test]
fn writes_integers_little_endian() {
    let mut e = Encoder::new();
    e.u8(0x01).unwrap();
    e.u16(0x0302).unwrap();
    e.u32(0x0706_0504).unwrap();
    e.u64(0x0F0E_0D0C_0B0A_0908).unwrap();
    e.u48be(0x1011_1213_1415).unwrap();
    assert_eq!(e.len(), 21);
    assert_eq!(e.finish(), (1..=21).collect::<Vec<u8>>());
}

#[test]
fn writes_signed_numbers_and_booleans() {
    let mut e = Encoder::default();
    e.i8(-1).unwrap();
    e.i16(-2).unwrap();
    e.i32(i32::MIN).unwrap();
    e.f32(1.0).unwrap();
    e.bool8(true).unwrap();
    e.bool16(true).unwrap();
    e.bool8(false).unwrap();
    assert_eq!(e.as_slice(), b"\xFF\xFE\xFF\x00\x00\x00\x80\x00\x00\x80\x3F\x01\x01\x00\x00");
}

#[test]
fn refuses_a_number_of_more_than_48_bits() {
    let mut e = Encoder::new();
    e.u48be((1 << 48) - 1).unwrap();
    let error = e.u48be(1 << 48).unwrap_err();
    assert_eq!(error.kind(), &PackErrorKind::TooLarge { value: 1 << 48, limit: (1 << 48) - 1 });
    assert_eq!((error.offset(), e.len()), (6, 6));
}

#[test]
fn counts_have_to_fit_their_field() {
    let mut e = Encoder::new();
    e.count_u8(255).unwrap();
    e.count_u16(65_535).unwrap();
    assert_eq!(e.count_u8(256).unwrap_err().kind(), &PackErrorKind::TooLarge { value: 256, limit: 255 });
    assert_eq!(e.count_u16(65_536).unwrap_err().kind(), &PackErrorKind::TooLarge { value: 65_536, limit: 65_535 });
    assert!(e.count_u32(usize::MAX).is_err());
    assert_eq!(e.as_slice(), [0xFF, 0xFF, 0xFF]);
}

#[test]
fn an_integer_of_a_form_has_to_fit_its_bytes() {
    let mut e = Encoder::new();
    e.uint(0xAB, 1).unwrap();
    e.count(0x0102, 2).unwrap();
    e.uint(3, 4).unwrap();
    e.uint(u64::MAX, 8).unwrap();
    for (value, size) in [(0x100, 1), (0x1_0000, 2), (0x1_0000_0000, 4)] {
        let error = e.uint(value, size).unwrap_err();
        assert!(
            matches!(error.kind(), PackErrorKind::TooLarge { value: found, limit } if *found == value && *limit == value - 1)
        );
    }
    assert_eq!(e.as_slice(), [&[0xAB, 2, 1, 3, 0, 0, 0][..], &[0xFF; 8]].concat());
    let bytes = e.finish();
    let mut c = Cursor::new(&bytes);
    let read = [1, 2, 4, 8].map(|size| c.uint(size).unwrap());
    assert_eq!(read, [0xAB, 0x0102, 3, u64::MAX]);
    assert!(c.uint(4).is_err());
}

#[test]
fn never_writes_past_its_limit() {
    let mut e = Encoder::with_limit(5);
    e.u32(1).unwrap();
    let error = e.u16(2).unwrap_err();
    assert_eq!(error.kind(), &PackErrorKind::Full { needed: 2, limit: 5 });
    assert_eq!(error.offset(), 4);
    assert_eq!((e.len(), e.room(), e.limit()), (4, 1, 5));
    e.u8(3).unwrap();
    assert!(e.u8(4).is_err());
    e.bytes(&[]).unwrap();
    e.set_limit(3);
    assert_eq!(e.room(), 0);
    assert_eq!(e.len(), 5);
}

#[test]
fn making_room_does_not_pass_the_limit() {
    let mut e = Encoder::with_limit(16);
    e.reserve(usize::MAX);
    assert!(e.is_empty());
}

#[test]
fn a_reserved_length_is_filled_later() {
    let mut e = Encoder::new();
    let size = e.reserve_u16().unwrap();
    let count = e.reserve_u8().unwrap();
    let total = e.reserve_u32().unwrap();
    e.bytes(b"abc").unwrap();
    e.fill_u16(size, 3).unwrap();
    e.fill_u8(count, 255).unwrap();
    e.fill_u32(total, 0x0102_0304).unwrap();
    assert_eq!(e.as_slice(), b"\x03\x00\xFF\x04\x03\x02\x01abc");
}

#[test]
fn a_reserved_field_refuses_what_it_cannot_carry() {
    let mut e = Encoder::new();
    let size = e.reserve_u8().unwrap();
    assert_eq!(e.fill_u8(size, 256).unwrap_err().kind(), &PackErrorKind::TooLarge { value: 256, limit: 255 });
    assert!(Encoder::with_limit(1).reserve_u16().is_err());
}

#[test]
fn a_reserved_field_that_was_taken_back_cannot_be_filled() {
    let mut e = Encoder::new();
    e.u8(1).unwrap();
    let size = e.reserve_u16().unwrap();
    e.truncate(2);
    assert!(matches!(e.fill_u16(size, 1).unwrap_err().kind(), PackErrorKind::Mismatch { .. }));
    assert_eq!(e.as_slice(), [1, 0]);
}

#[test]
fn a_row_that_does_not_fit_is_taken_back() {
    let mut e = Encoder::with_limit(4);
    e.u16(1).unwrap();
    let before = e.len();
    assert!(e.u8(2).and_then(|()| e.u16(3)).is_err());
    e.truncate(before);
    assert_eq!(e.as_slice(), [1, 0]);
    assert_eq!(e.room(), 2);
}

#[test]
fn depth_is_limited() {
    let mut e = Encoder::new();
    e.enter(1).unwrap();
    assert_eq!(e.enter(1).unwrap_err().kind(), &PackErrorKind::TooDeep { limit: 1 });
    e.leave();
    e.enter(1).unwrap();
}

#[test]
fn ordered_numbers_and_guids_turn() {
    let guid = runtime::Guid::new(0x0102_0304, 0x0506, 0x0708, [9; 8]);
    for big in [false, true] {
        let mut e = Encoder::new();
        e.set_big_endian(big);
        e.count_ordered_u16(0x0A0B).unwrap();
        guid.pack_ordered(&mut e).unwrap();
        e.zeros(1).unwrap();
        let expected: &[u8] = if big {
            &[0x0A, 0x0B, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 0]
        } else {
            &[0x0B, 0x0A, 4, 3, 2, 1, 6, 5, 8, 7, 9, 9, 9, 9, 9, 9, 9, 9, 0]
        };
        assert_eq!(e.as_slice(), expected);
    }
    let mut e = Encoder::with_limit(3);
    assert!(e.zeros(4).is_err());
}
