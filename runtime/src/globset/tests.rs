#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::UnpackErrorKind;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn set(ranges: &[(u64, u64)]) -> GlobSet {
    ranges.iter().copied().collect()
}

fn packed(set: &GlobSet) -> Vec<u8> {
    let mut e = Encoder::new();
    set.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn unpacked(bytes: &[u8]) -> Result<GlobSet, UnpackError> {
    let mut c = Cursor::new(bytes);
    let set = GlobSet::unpack(&mut c)?;
    c.finish()?;
    Ok(set)
}

fn ranges(set: &GlobSet) -> Vec<(u64, u64)> {
    set.ranges().collect()
}

#[test]
fn merges_what_overlaps_or_touches() {
    let mut found = GlobSet::new();
    for (first, last) in [(10, 20), (30, 40), (21, 22), (5, 9), (24, 28), (1, 1), (23, 23), (41, 50), (15, 16)] {
        found.insert_range(first, last);
    }
    assert_eq!(ranges(&found), [(1, 1), (5, 28), (30, 50)]);
    assert!(found.contains(1) && found.contains(28) && !found.contains(29) && !found.contains(2));
    assert_eq!(found.count(), 1 + 24 + 21);
    found.insert_range(7, 6);
    found.insert_range(GlobSet::MAX + 1, u64::MAX);
    assert_eq!(found.ranges().len(), 3);
    found.insert_range(GlobSet::MAX, u64::MAX);
    assert_eq!(found.ranges().last(), Some((GlobSet::MAX, GlobSet::MAX)));
}

#[test]
fn removes_parts_of_ranges() {
    let mut found = set(&[(1, 10), (20, 30), (40, 50)]);
    found.remove_range(5, 5);
    found.remove_range(9, 44);
    found.remove_range(60, 50);
    assert_eq!(ranges(&found), [(1, 4), (6, 8), (45, 50)]);
    found.remove_range(0, u64::MAX);
    assert!(found.is_empty());
}

#[test]
fn writes_the_commands_that_fit() {
    type Ranges<'a> = &'a [(u64, u64)];
    let cases: [(Ranges<'_>, &[u8]); 8] = [
        (&[], b"\0"),
        (&[(5, 5)], b"\x06\0\0\0\0\0\x05\0"),
        (&[(5, 6)], b"\x05\0\0\0\0\0\x52\x05\x06\x50\0"),
        // The bits of MS-OXCFXICS 3.1.5.4.3.1.3.
        (&[(1, 3), (5, 5), (7, 9)], b"\x05\0\0\0\0\0\x42\x01\xEB\x50\0"),
        (&[(5, 6), (0x10, 0x10)], b"\x05\0\0\0\0\0\x52\x05\x06\x01\x10\x50\0"),
        (&[(1, 0x1234)], b"\x04\0\0\0\0\x52\0\x01\x12\x34\x50\0"),
        (&[(0, GlobSet::MAX)], b"\x52\0\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\0"),
        (&[(0x0101, 0x0102), (0x0301, 0x0301)], b"\x04\0\0\0\0\x01\x01\x52\x01\x02\x50\x02\x03\x01\x50\0"),
    ];
    for (ranges, bytes) in cases {
        let set = set(ranges);
        assert_eq!(packed(&set), bytes, "{ranges:x?}");
        assert_eq!(set.packed_size(), bytes.len());
        assert_eq!(unpacked(bytes).unwrap(), set);
    }
}

#[test]
fn reads_commands_in_any_order_and_nesting() {
    let bytes =
        b"\x02\0\0\x03\0\0\x09\x52\x07\x08\x42\x01\x03\x50\x50\x06\0\0\0\0\0\x07\x52\0\0\0\0\0\x06\0\0\0\0\0\x08\0";
    assert_eq!(ranges(&unpacked(bytes).unwrap()), [(6, 8), (0x0901, 0x0903), (0x0907, 0x0908)]);
}

#[test]
fn refuses_what_is_no_set() {
    let cases: [(&[u8], &str); 10] = [
        (b"", "expected 1 bytes, got 0"),
        (b"\x05\0\0\0\0\0\0", "expected End behind as many Pops as Pushes, got 0x0 at offset 6"),
        (b"\x50\0", "expected a Pop behind a Push"),
        (b"\x07", "expected a command of a GLOBSET, got 0x7"),
        (b"\x04\0\0\0\0\x03\0\0\0", "a counter has room for, got 0x3 at offset 5"),
        (b"\x04\0\0\0\0\x42\0\0", "a Bitmask behind five bytes on the stack"),
        (b"\x05\0\0\0\0\0\x42\xFF\x01", "bits for numbers of one byte"),
        (b"\x05\0\0\0\0\0\x52\x06\x05", "does not end before it begins, got 0x5 at offset 8"),
        (b"\x52\0\0\0", "expected 6 bytes, got 3"),
        (b"\0\0", "1 bytes left over"),
    ];
    for (bytes, message) in cases {
        let error = unpacked(bytes).unwrap_err();
        assert!(error.to_string().contains(message), "{error} is not {message}");
    }
}

#[test]
fn a_bitmask_may_reach_the_last_number_of_a_byte() {
    assert_eq!(ranges(&unpacked(b"\x05\0\0\0\0\0\x42\xFC\x05\x50\0").unwrap()), [(0xFC, 0xFD), (0xFF, 0xFF)]);
    let high = set(&[(0xF8, 0xF8), (0xFA, 0xFA), (0xFF, 0x0101)]);
    assert_eq!(unpacked(&packed(&high)).unwrap(), high);
}

fn counters() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..600, (0_u64..4).prop_map(|n| (n << 40) | (0xFFFE + n)), 0..=GlobSet::MAX]
}

proptest! {
    #[test]
    fn keeps_sets(values in proptest::collection::vec((counters(), 0_u64..20), 0..60)) {
        let mut built = GlobSet::new();
        let mut expected = BTreeSet::new();
        for (first, more) in &values {
            built.insert_range(*first, first + more);
            expected.extend((*first..=first + more).filter(|n| *n <= GlobSet::MAX));
        }
        let all = ranges(&built);
        prop_assert!(all.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{all:x?}");
        prop_assert_eq!(all.iter().flat_map(|(first, last)| *first..=*last).collect::<BTreeSet<_>>(), expected.clone());
        prop_assert_eq!(built.count(), expected.len() as u64);
        let bytes = packed(&built);
        prop_assert_eq!(bytes.len(), built.packed_size());
        prop_assert_eq!(&unpacked(&bytes).unwrap(), &built);
        for cut in 0..bytes.len() {
            let short = unpacked(&bytes[..cut]);
            let truncated = matches!(short.as_ref().map_err(UnpackError::kind), Err(UnpackErrorKind::Truncated { .. }));
            prop_assert!(truncated, "{:?}", short);
        }
    }

    #[test]
    fn unites_and_removes_as_sets_do(
        a in proptest::collection::vec((counters(), 0_u64..20), 0..30),
        b in proptest::collection::vec((counters(), 0_u64..20), 0..30),
    ) {
        let of = |values: &[(u64, u64)]| values.iter().map(|(first, more)| (*first, first + more)).collect::<GlobSet>();
        let numbers = |set: &GlobSet| set.ranges().flat_map(|(first, last)| first..=last).collect::<BTreeSet<u64>>();
        let (a, b) = (of(&a), of(&b));
        let mut both = a.clone();
        both.union(&b);
        prop_assert_eq!(numbers(&both), &numbers(&a) | &numbers(&b));
        let mut left = a.clone();
        b.ranges().for_each(|(first, last)| left.remove_range(first, last));
        prop_assert_eq!(numbers(&left), &numbers(&a) - &numbers(&b));
    }

    #[test]
    fn reads_any_bytes_without_a_panic_in_bounded_memory(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(set) = unpacked(&bytes) {
            prop_assert!(set.ranges().len() <= bytes.len() * 2);
            prop_assert_eq!(unpacked(&packed(&set)).unwrap(), set);
        }
    }
}
