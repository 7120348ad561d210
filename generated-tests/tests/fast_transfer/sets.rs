//! Identifier sets: the commands of their byte code, and which of them are written.

use generated_tests::vectors::hex;
use protocol::oxcfxics::{GlobsetCommand, ReplGuidGlobset, ReplGuidIdset, ReplIdGlobset, ReplIdIdset};
use runtime::globset::ReplicaSets;
use runtime::{Cursor, GlobSet, Guid, UnpackError};

use crate::{both_ways, packed, record};

fn set(bytes: &str) -> Result<Vec<(u64, u64)>, UnpackError> {
    let bytes = hex(bytes);
    let mut c = Cursor::new(&bytes);
    let set = GlobSet::unpack(&mut c)?;
    c.finish()?;
    Ok(set.ranges().collect())
}

fn written(ranges: &[(u64, u64)]) -> Vec<u8> {
    packed(|e| ranges.iter().copied().collect::<GlobSet>().pack(e))
}

#[test]
fn sets_of_several_replicas_are_pairs() {
    const TEST: &str = "sets_of_several_replicas_are_pairs";
    // The identifiers of MS-OXCFXICS 4.4.
    let bytes = hex("01 00  05 00 00 00 00 00  52 05 06  01 10  50 00   02 00  06 00 00 00 00 00 09  00");
    let read = both_ways(&bytes, ReplIdIdset::unpack, |set, e| set.pack(e));
    let sets: Vec<(u16, Vec<(u64, u64)>)> =
        read.sets.iter().map(|set: &ReplIdGlobset| (set.replid, set.globset.ranges().collect())).collect();
    assert_eq!(sets, [(1, vec![(5, 6), (0x10, 0x10)]), (2, vec![(9, 9)])]);
    record(TEST, &["R182", "R183"]);
    let bytes = hex("01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10  06 00 00 00 00 00 2A  00");
    let read = both_ways(&bytes, ReplGuidIdset::unpack, |set, e| set.pack(e));
    let [ReplGuidGlobset { replguid, globset }] = read.sets.as_slice() else { panic!("one replica") };
    assert_eq!(*replguid, Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]));
    assert_eq!(globset.ranges().collect::<Vec<_>>(), [(0x2A, 0x2A)]);
    record(TEST, &["R187", "R191"]);
    // What the identifiers of one replica become is the same in whatever order they come.
    let mut any_order = GlobSet::new();
    [0x10, 6, 5, 6].into_iter().for_each(|counter| any_order.insert(counter));
    assert_eq!(any_order, read_sets(&[(5, 6), (0x10, 0x10)]));
    record(TEST, &["R1935", "R1936", "R1937", "R1938"]);
}

#[test]
fn replicas_are_written_in_their_order() {
    const TEST: &str = "replicas_are_written_in_their_order";
    // GUIDs by their bytes, which is not how they are read as numbers.
    let guid = |first: u8, last: u8| Guid([first, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    let order = [guid(1, 9), guid(2, 1), guid(2, 2), guid(0x10, 0)];
    let mut sets = ReplicaSets::new();
    for at in [3, 1, 0, 2, 1] {
        sets.insert_range(order[at], at as u64, at as u64 + 1);
    }
    assert!(sets.contains(&order[2], 3) && !sets.contains(&order[2], 4) && !sets.contains(&guid(9, 9), 1));
    let pairs = sets.into_iter().map(|(replguid, globset)| ReplGuidGlobset { replguid, globset });
    let bytes = packed(|e| ReplGuidIdset { sets: pairs.collect() }.pack(e));
    let read = ReplGuidIdset::unpack(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!(read.sets.iter().map(|set| set.replguid).collect::<Vec<_>>(), order);
    record(TEST, &["R186"]);
    // Replicas that come twice, and in no order, are one.
    let mut numbers: ReplicaSets<u16> =
        [(300, read_sets(&[(1, 1)])), (2, read_sets(&[(5, 6)])), (300, read_sets(&[(2, 2)]))].into_iter().collect();
    let mut other = ReplicaSets::new();
    other.insert_range(2, 7, 7);
    other.insert_range(4, 9, 8);
    numbers.union(&other);
    let all: Vec<(u16, Vec<(u64, u64)>)> =
        numbers.iter().map(|(replica, set)| (*replica, set.ranges().collect())).collect();
    assert_eq!(all, [(2, vec![(5, 7)]), (300, vec![(1, 2)])]);
    record(TEST, &["R1934"]);
}

fn read_sets(ranges: &[(u64, u64)]) -> GlobSet {
    ranges.iter().copied().collect()
}

#[test]
fn commands_have_the_published_numbers() {
    const TEST: &str = "commands_have_the_published_numbers";
    for (command, value, ids) in [
        (GlobsetCommand::GLOBSET_POP, 0x50, ["R3068"]),
        (GlobsetCommand::GLOBSET_BITMASK, 0x42, ["R3071"]),
        (GlobsetCommand::GLOBSET_RANGE, 0x52, ["R3074"]),
        (GlobsetCommand::GLOBSET_END, 0x00, ["R3077"]),
    ] {
        assert_eq!(command.0, value);
        record(TEST, &ids);
    }
    // A Push brings as many bytes as its number says, and a counter has six.
    let counter = "01 02 03 04 05 06";
    for count in 1..=6_usize {
        let (pushed, rest) = counter.split_at((count * 3 - 1).min(counter.len()));
        let command =
            if count == 6 { format!("06 {pushed} 00") } else { format!("{count:02X} {pushed} 52 {rest} {rest} 50 00") };
        assert_eq!(set(&command).unwrap(), [(0x0102_0304_0506, 0x0102_0304_0506)], "{command}");
    }
    for number in [0x07, 0x41, 0x43, 0x4F, 0x51, 0x53, 0xFF] {
        assert!(set(&format!("{number:02X} 00 00 00 00 00 00 00")).is_err());
    }
    assert!(set("05 00 00 00 00 00  02 00 00 50 00").is_err(), "seven bytes");
    record(TEST, &["R3059", "R3064", "R3065", "R202"]);
}

#[test]
fn ranges_have_what_the_stack_lacks() {
    const TEST: &str = "ranges_have_what_the_stack_lacks";
    assert_eq!(set("52 00 00 00 00 00 01 00 00 00 00 00 05 00").unwrap(), [(1, 5)]);
    assert_eq!(set("03 0A 0B 0C  52 00 00 01 00 00 05  50 00").unwrap(), [(0x0A0B_0C00_0001, 0x0A0B_0C00_0005)]);
    assert_eq!(set("02 0A 0B 01 0C  52 00 00 01 00 00 05  50 50 00").unwrap(), [(0x0A0B_0C00_0001, 0x0A0B_0C00_0005)]);
    assert!(set("03 0A 0B 0C  52 00 00 01  50 00").is_err());
    record(TEST, &["R213", "R216", "R2009", "R2012"]);
    assert_eq!(set("05 00 00 00 00 00  52 05 05  50 00").unwrap(), [(5, 5)]);
    assert!(set("05 00 00 00 00 00  52 06 05  50 00").is_err());
    record(TEST, &["R214", "R217"]);
}

#[test]
fn bits_stand_for_the_numbers_behind_the_first() {
    const TEST: &str = "bits_stand_for_the_numbers_behind_the_first";
    for bit in 0..8_u64 {
        let found = set(&format!("05 00 00 00 00 07  42 10 {:02X}  50 00", 1 << bit)).unwrap();
        let first = 0x0710;
        let expected =
            if bit == 0 { vec![(first, first + 1)] } else { vec![(first, first), (first + bit + 1, first + bit + 1)] };
        assert_eq!(found, expected);
    }
    assert_eq!(set("05 00 00 00 00 00  42 01 EB  50 00").unwrap(), [(1, 3), (5, 5), (7, 9)]);
    record(TEST, &["R207", "R208", "R2007"]);
    assert_eq!(written(&[(1, 3), (5, 5), (7, 9)]), hex("05 00 00 00 00 00  42 01 EB  50 00"));
    record(TEST, &["R1973", "R1974", "R1978"]);
    for depth in ["", "04 00 00 00 00"] {
        assert!(set(&format!("{depth} 42 01 EB 50 00")).is_err());
    }
    record(TEST, &["R1970"]);
}

#[test]
fn the_end_comes_behind_an_empty_stack() {
    const TEST: &str = "the_end_comes_behind_an_empty_stack";
    assert!(set("50 00").is_err());
    assert!(set("01 00 50 50 00").is_err());
    assert!(set("06 00 00 00 00 00 01 50 00").is_err(), "a counter alone is gone already");
    record(TEST, &["R1966"]);
    assert!(set("05 00 00 00 00 00 52 05 06 00").is_err());
    assert_eq!(set("00").unwrap(), []);
    record(TEST, &["R1992", "R2014"]);
    for ranges in [&[][..], &[(1, 9)], &[(1, 1), (300, 400)], &[(1, 1), (70_000, 70_001)], &[(0, GlobSet::MAX)]] {
        let bytes = written(ranges);
        assert_eq!(bytes.last(), Some(&0));
        let mut c = Cursor::new(&bytes);
        // Nothing is left, so that the stack was empty at the End.
        assert_eq!(GlobSet::unpack(&mut c).unwrap().ranges().collect::<Vec<_>>(), ranges);
        assert!(c.is_empty());
    }
    record(TEST, &["R1987", "R1989"]);
}

#[test]
fn longer_ranges_are_range_commands() {
    const TEST: &str = "longer_ranges_are_range_commands";
    assert_eq!(written(&[(5, 6)]), hex("05 00 00 00 00 00 52 05 06 50 00"));
    record(TEST, &["R1980"]);
    assert_eq!(written(&[(5, 14)]), hex("05 00 00 00 00 00 52 05 0E 50 00"));
    record(TEST, &["R1981"]);
    assert_eq!(written(&[(5, 0x1234)]), hex("04 00 00 00 00 52 00 05 12 34 50 00"));
    record(TEST, &["R1982", "R2661"]);
    // Counters that begin alike share what was pushed once.
    assert_eq!(written(&[(0x0101, 0x0101), (0x0201, 0x0201)]), hex("04 00 00 00 00  02 01 01  02 02 01  50 00"));
    record(TEST, &["R2660"]);
}
