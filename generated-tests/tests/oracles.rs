//! The oracles themselves: a sound type passes them all, and each fault is found by the one that is
//! meant for it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use generated_tests::oracles::{self, Broken, End};
use generated_tests::vectors::hex;
use generated_tests::{Choices, check, choices};
use proptest::prelude::*;
use runtime::{Blob, Cursor, Encoder, PackError, UnpackError, UnpackErrorKind, Utf16};

/// A structure with a parameter, as generated code has them.
#[derive(Debug, PartialEq)]
struct Named<'a> {
    id: u64,
    weight: f64,
    name: Utf16<'a>,
    data: Blob<'a>,
    extra: Option<u16>,
}

impl<'a> Named<'a> {
    fn unpack(c: &mut Cursor<'a>, has_extra: bool) -> Result<Self, UnpackError> {
        let id = c.u64()?;
        let weight = c.f64()?;
        let name = Utf16::unpack_nul(c)?;
        let size = c.u16()?;
        let data = Blob::Borrowed(c.take(usize::from(size))?);
        let extra = if has_extra { Some(c.u16()?) } else { None };
        Ok(Self { id, weight, name, data, extra })
    }

    fn pack(&self, e: &mut Encoder, has_extra: bool) -> Result<(), PackError> {
        if has_extra != self.extra.is_some() {
            return Err(e.mismatch("extra where it is announced"));
        }
        e.u64(self.id)?;
        e.f64(self.weight)?;
        self.name.pack_nul(e)?;
        e.count_u16(self.data.len())?;
        e.bytes(&self.data)?;
        self.extra.map_or(Ok(()), |extra| e.u16(extra))
    }

    fn packed_size(&self, has_extra: bool) -> usize {
        8 + 8 + self.name.size_nul() + 2 + self.data.len() + if has_extra { 2 } else { 0 }
    }
}

fn named_value(g: &mut Choices, has_extra: bool) -> Named<'static> {
    Named {
        id: g.u64(),
        weight: g.f64(),
        name: g.utf16(300),
        data: g.blob(300),
        extra: if has_extra { Some(g.u16()) } else { None },
    }
}

proptest! {
    #[test]
    fn a_sound_type_passes(mut g in choices()) {
        let has_extra = g.bool();
        let value = named_value(&mut g, has_extra);
        check!(
            g,
            value,
            |v, e| v.pack(e, has_extra),
            |c| Named::unpack(c, has_extra),
            |v| v.packed_size(has_extra),
        );
    }

    #[test]
    fn a_type_that_takes_the_rest_passes(mut g in choices()) {
        let value = g.blob(500);
        check!(g, value, |v, e| e.bytes(v), |c| Ok(Blob::Borrowed(c.take_rest())), |v| v.len(), End::Rest);
    }
}

const BYTES: &[u8] = &[1, 2];

fn pack(value: &u16, e: &mut Encoder) -> Result<(), PackError> {
    e.u16(*value)
}

fn unpack(c: &mut Cursor<'_>) -> Result<u16, UnpackError> {
    c.u16()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Broken>, rule: &str) {
    let message = result.unwrap_err().to_string();
    assert!(message.starts_with(rule), "{message}");
}

#[test]
fn finds_a_wrong_size() {
    refused(oracles::packed(&0x0201, pack, |_| 3), "a value takes as many bytes as it says");
}

#[test]
fn finds_a_limit_that_is_not_kept() {
    let ignoring = |value: &u16, e: &mut Encoder| {
        e.set_limit(usize::MAX);
        e.u16(*value)
    };
    refused(oracles::packed(&0x0201, ignoring, |_| 2), "too little room is an error");
}

#[test]
fn finds_a_value_that_comes_back_changed() {
    let changed = |c: &mut Cursor<'_>| c.u16().map(|n| n | 0x8000);
    refused(oracles::round_trip(&0x0201, BYTES, pack, changed), "unpacking gives the value that was packed");
}

#[test]
fn finds_bytes_left_over() {
    let half = |c: &mut Cursor<'_>| c.u8().map(u16::from);
    refused(oracles::round_trip(&1, BYTES, pack, half), "unpacking uses up what was packed");
}

#[test]
fn finds_packing_that_is_not_the_inverse() {
    let swapped = |value: &u16, e: &mut Encoder| e.u16(value.swap_bytes());
    refused(oracles::round_trip(&0x0201, BYTES, swapped, unpack), "packing again gives the same bytes");
}

#[test]
fn finds_a_prefix_that_passes() {
    let lenient = |c: &mut Cursor<'_>| c.u16().or(Ok(0));
    refused(oracles::truncation(BYTES, lenient, End::Fixed), "a prefix is an error");
    oracles::truncation(BYTES, lenient, End::Tolerant).unwrap();
}

#[test]
fn finds_an_error_outside_the_bytes() {
    let far = |c: &mut Cursor<'_>| -> Result<u16, UnpackError> {
        c.u16().map_err(|_| UnpackError::new(UnpackErrorKind::Unterminated, 9))
    };
    refused(oracles::truncation(BYTES, far, End::Fixed), "the error of a prefix lies in the prefix");
    refused(oracles::random_bytes(&[1], far, pack), "an error lies in the bytes");
}

#[test]
fn finds_greed() {
    let greedy = |c: &mut Cursor<'_>| {
        let value = c.u16();
        c.take_rest();
        value
    };
    refused(
        oracles::trailing(&0x0201, &oracles::longer(BYTES), greedy, End::Fixed),
        "what follows a value is left alone",
    );
}

#[test]
fn finds_a_decoded_value_that_does_not_pack() {
    let picky = |value: &u16, e: &mut Encoder| if *value > 9 { Err(e.mismatch("one digit")) } else { e.u16(*value) };
    refused(oracles::random_bytes(BYTES, unpack, picky), "what was unpacked packs");
}

#[test]
fn finds_memory_out_of_proportion() {
    let trusting = |c: &mut Cursor<'_>| {
        let count = c.u32()?;
        let mut list = Vec::with_capacity(count as usize);
        for _ in 0..count {
            list.push(c.u8()?);
        }
        Ok(list)
    };
    let lying = hex("ff ff ff 00  01");
    refused(oracles::bounded(&lying, trusting), "unpacking takes memory in proportion to the bytes");
    let careful = |c: &mut Cursor<'_>| c.take(4).map(<[u8]>::to_vec);
    assert!(oracles::bounded(&lying, careful).unwrap().is_ok());
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_panic_passes_through() {
    let panicking = |_: &mut Cursor<'_>| -> Result<u16, UnpackError> { panic!("on purpose") };
    let _ = oracles::bounded(BYTES, panicking);
}

#[test]
fn accepts_a_nan_that_keeps_its_bytes() {
    let mut e = Encoder::new();
    e.f64(f64::NAN).unwrap();
    oracles::round_trip(&f64::NAN, e.as_slice(), |v, e| e.f64(*v), |c| c.f64()).unwrap();
}

#[test]
fn mutations_are_many_and_always_the_same() {
    let g = Choices::new(vec![1, 2, 3]);
    let bytes = [7; 40];
    let mutated = oracles::mutated(&bytes, &g);
    assert_eq!(mutated, oracles::mutated(&bytes, &g));
    assert!(mutated.iter().filter(|copy| **copy != bytes).count() * 10 > mutated.len() * 9);
    assert!(mutated.iter().any(|copy| copy.len() < bytes.len()) && mutated.iter().any(|copy| copy.len() > bytes.len()));
}

#[test]
fn holds_for_a_property_that_holds() {
    oracles::property(|g| oracles::packed(&g.u8(), |v, e| e.u8(*v), |_| 1).map(drop));
}

#[test]
#[should_panic(expected = "a value takes as many bytes as it says")]
fn fails_for_a_property_that_does_not_hold() {
    oracles::property(|g| oracles::packed(&g.u8(), |v, e| e.u8(*v), |v| usize::from(*v < 4)).map(drop));
}
