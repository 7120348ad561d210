use runtime::{Cursor, UnpackErrorKind};

#[test]
fn reads_integers_little_endian() {
    let bytes: Vec<u8> = (1..=30).collect();
    let mut c = Cursor::new(&bytes);
    assert_eq!(c.u8().unwrap(), 0x01);
    assert_eq!(c.u16().unwrap(), 0x0302);
    assert_eq!(c.u32().unwrap(), 0x0706_0504);
    assert_eq!(c.u64().unwrap(), 0x0F0E_0D0C_0B0A_0908);
    assert_eq!(c.u48be().unwrap(), 0x1011_1213_1415);
    assert_eq!((c.offset(), c.remaining()), (21, 9));
}

#[test]
fn reads_signed_and_floating_numbers() {
    let mut c = Cursor::new(b"\xFF\xFE\xFF\x00\x00\x00\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x00\x80\x3F");
    assert_eq!((c.i8().unwrap(), c.i16().unwrap()), (-1, -2));
    assert_eq!((c.i32().unwrap(), c.i64().unwrap()), (i32::MIN, -1));
    assert_eq!(c.f32().unwrap(), 1.0);
    assert_eq!(Cursor::new(b"\x00\x00\x00\x00\x00\x00\xF0\x3F").f64().unwrap(), 1.0);
}

#[test]
fn every_byte_but_zero_is_true() {
    let mut c = Cursor::new(&[0, 1, 2, 0xFF]);
    assert_eq!([(); 4].map(|()| c.bool8().unwrap()), [false, true, true, true]);
    let mut c = Cursor::new(&[0, 0, 0, 1]);
    assert_eq!((c.bool16().unwrap(), c.bool16().unwrap()), (false, true));
}

#[test]
fn a_failed_read_says_what_was_missing_and_does_not_move() {
    let mut c = Cursor::new(&[1, 2, 3]);
    c.u8().unwrap();
    let error = c.u32().unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 4, available: 2 });
    assert_eq!(error.offset(), 1);
    assert_eq!(c.take(3).unwrap_err().kind(), &UnpackErrorKind::Truncated { needed: 3, available: 2 });
    assert_eq!(c.take(usize::MAX).unwrap_err().offset(), 1);
    assert_eq!(c.u16().unwrap(), 0x0302);
    assert!(c.is_empty());
    c.finish().unwrap();
}

#[test]
fn reads_nothing_at_the_end() {
    let mut c = Cursor::new(&[]);
    assert!(c.is_empty());
    assert_eq!(c.take(0).unwrap(), []);
    assert_eq!(c.array::<0>().unwrap(), []);
    assert!(c.u8().is_err());
}

#[test]
fn a_sub_buffer_ends_where_it_should_and_has_to_be_used_up() {
    let mut c = Cursor::at_offset(&[1, 2, 3, 4, 5], 100);
    c.u8().unwrap();
    let mut sub = c.sub(2).unwrap();
    assert_eq!((c.offset(), sub.offset(), sub.remaining()), (103, 101, 2));
    assert_eq!(sub.u8().unwrap(), 2);
    assert_eq!(sub.u16().unwrap_err().offset(), 102);
    let error = sub.finish().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::TrailingBytes { count: 1 }, 102));
    assert_eq!(c.take_rest(), [4, 5]);
    assert_eq!((c.offset(), c.remaining()), (105, 0));
    assert!(c.sub(1).is_err());
}

#[test]
fn peeking_does_not_move() {
    let mut c = Cursor::new(&[1, 2]);
    assert_eq!(c.peek(), [1, 2]);
    c.u8().unwrap();
    assert_eq!(c.peek(), [2]);
}

#[test]
fn depth_is_limited_also_across_sub_buffers() {
    let mut c = Cursor::new(&[0; 4]);
    c.enter(2).unwrap();
    let mut sub = c.sub(2).unwrap();
    sub.enter(2).unwrap();
    assert_eq!(sub.enter(2).unwrap_err().kind(), &UnpackErrorKind::TooDeep { limit: 2 });
    sub.leave();
    sub.enter(2).unwrap();
    c.leave();
    c.leave();
    c.enter(1).unwrap();
    assert!(c.enter(1).is_err());
}

#[test]
fn a_lying_count_makes_no_room() {
    let c = Cursor::new(&[0; 10]);
    assert_eq!(c.capacity(usize::MAX, 4), 2);
    assert_eq!(c.capacity(1, 4), 1);
    // Elements that may be empty still cost no more than a byte each.
    assert_eq!(c.capacity(usize::MAX, 0), 10);
    // Lists inside lists would each make room for all that is left.
    assert_eq!(Cursor::new(&[0; 10_000]).capacity(10_000, 1), 64);
}

#[test]
fn an_invalid_value_is_reported_where_it_stands() {
    let mut c = Cursor::new(&[9, 9, 7, 0]);
    c.u16().unwrap();
    let found = c.u16().unwrap();
    let error = c.invalid(found.into(), "0 to 3", 2);
    assert_eq!(error.kind(), &UnpackErrorKind::InvalidValue { found: 7, expected: "0 to 3" });
    assert_eq!(error.offset(), 2);
}

#[test]
fn a_list_has_to_fit_the_bytes_that_are_left() {
    let mut c = Cursor::at_offset(&[0; 10], 5);
    assert_eq!((c.list(2, 4).unwrap(), c.list(10, 1).unwrap(), c.list(0, 4).unwrap()), (2, 10, 0));
    let error = c.list(3, 4).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::Truncated { needed: 12, available: 10 }, 5));
    assert!(c.list(usize::MAX, 4).is_err());
}

#[test]
fn elements_without_bytes_are_few_or_as_many_as_the_bytes() {
    let mut c = Cursor::new(&[0; 10]);
    assert_eq!(c.list(74, 0).unwrap(), 10);
    assert_eq!(c.list(75, 0).unwrap_err().kind(), &UnpackErrorKind::TooLarge { found: 75, limit: 74 });
    assert!(Cursor::new(&[]).list(65, 0).is_err());
}

#[test]
fn an_element_of_another_list_has_to_be_there() {
    let c = Cursor::new(&[]);
    assert_eq!((c.element(&[7, 8], 1).unwrap(), c.elements(&[7, 8], 1).unwrap()), (8, &[7][..]));
    assert!(matches!(c.element(&[7, 8], 2).unwrap_err().kind(), UnpackErrorKind::MissingContext { .. }));
    assert!(matches!(c.elements(&[7, 8], 3).unwrap_err().kind(), UnpackErrorKind::MissingContext { .. }));
}

#[test]
fn a_tail_that_is_cut_off_reads_as_zeros() {
    let mut c = Cursor::new(&[7, 0]);
    c.tail_member();
    assert_eq!((c.u16().unwrap(), c.is_beyond()), (7, false));
    c.tail_member();
    assert_eq!((c.u32().unwrap(), c.bool8().unwrap(), c.is_beyond()), (0, false, true));
    assert_eq!(runtime::Utf16::unpack_nul(&mut c).unwrap(), "".into());
    assert_eq!(runtime::String8::unpack_nul(&mut c).unwrap(), "".into());
    assert_eq!(runtime::String8::unpack_line(&mut c).unwrap(), "".into());
    let mut inner = c.sub(9).unwrap();
    assert_eq!((inner.u64().unwrap(), inner.take_rest()), (0, &[][..]));
    inner.finish().unwrap();
    // A size that stands before the tail is no size of what is missing.
    assert_eq!(c.take(1).unwrap_err().kind(), &UnpackErrorKind::Truncated { needed: 1, available: 0 });
    c.end_tail();
    assert!(c.u8().is_err() && c.array::<1>().is_err());
}

#[test]
fn a_member_of_a_tail_is_there_whole() {
    let mut c = Cursor::new(&[7]);
    c.tail_member();
    assert_eq!(c.u16().unwrap_err().kind(), &UnpackErrorKind::Truncated { needed: 2, available: 1 });
}

#[test]
fn lists_in_a_cut_off_tail_are_bounded_by_what_was_read() {
    let bytes = [0; 5];
    let mut c = Cursor::new(&bytes);
    c.take_rest();
    c.tail_member();
    assert!(c.list(6, 1).is_err());
    assert_eq!(c.list(5, 1).unwrap(), 0);
    // In elements of nothing are no lists: they would multiply.
    assert!(c.list(1, 1).is_err() && c.sub(0).unwrap().list(1, 1).is_err());
    assert_eq!(c.list(0, 1).unwrap(), 0);
    c.tail_member();
    assert_eq!(c.list(2, 4).unwrap(), 0);
}

#[test]
fn ordered_numbers_turn_and_others_do_not() {
    let mut c = Cursor::new(&[1, 2, 1, 2, 1, 2, 3, 4]);
    assert!(!c.set_big_endian(true));
    assert_eq!((c.ordered_u16().unwrap(), c.u16().unwrap()), (0x0102, 0x0201));
    let mut inner = c.sub(4).unwrap();
    assert_eq!(inner.ordered_u32().unwrap(), 0x0102_0304);
    assert!(c.set_big_endian(false));
}
