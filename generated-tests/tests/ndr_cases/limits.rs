//! What hostile data may cost, shape by shape: memory in proportion to the bytes, a limit on depth, an error and no panic.

use crate::cases::{
    AllArms, Chain, Conformant, ConformantVarying, ConformantWide, CountedTail, DrawResponse, Fork, ListsRequest,
    PourRequest, StringList, Strings,
};
use runtime::ndr::{MAX_RECURSION, NdrCursor, NdrEncoder, Representation};
use runtime::{UnpackError, UnpackErrorKind};

/// Words, little-endian.
fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut e = NdrEncoder::new(Representation::NDR);
    words.into_iter().for_each(|word| e.u32(word).unwrap());
    e.finish()
}

/// The error of reading, which takes at most `factor` bytes of memory for each byte of the data.
#[track_caller]
fn refused<T>(bytes: &[u8], factor: u64, read: impl Fn(&[u8]) -> Result<T, UnpackError>) -> UnpackErrorKind {
    let mut kind = None;
    let memory = allocation_counter::measure(|| kind = read(bytes).err().map(|error| error.kind().clone()));
    let most = 1024 + factor * bytes.len() as u64;
    assert!(memory.bytes_max <= most, "{} bytes of memory for {}", memory.bytes_max, bytes.len());
    kind.expect("hostile data is refused")
}

fn cursor(bytes: &[u8]) -> NdrCursor<'_> {
    NdrCursor::new(bytes, Representation::NDR)
}

#[test]
fn counts_beyond_the_data_make_no_room() {
    let truncated = |kind: UnpackErrorKind| assert!(matches!(kind, UnpackErrorKind::Truncated { .. }), "{kind:?}");
    for count in [17, 0xffff] {
        truncated(refused(&words([count, count]), 0, |bytes| Conformant::unpack(&mut cursor(bytes)).map(drop)));
        truncated(refused(&words([count, count]), 0, |bytes| CountedTail::unpack(&mut cursor(bytes)).map(drop)));
        truncated(refused(&words([count, 1, count]), 0, |bytes| StringList::unpack(&mut cursor(bytes)).map(drop)));
        let varying = words([count, count | count << 16, 0, count]);
        truncated(refused(&varying, 0, |bytes| ConformantVarying::unpack(&mut cursor(bytes)).map(drop)));
    }
    for count in [17, 0x0001_0000, 0x7fff_ffff, u32::MAX] {
        let wide = words([count, 0, count, 0]);
        truncated(refused(&wide, 0, |bytes| ConformantWide::unpack(&mut cursor(bytes)).map(drop)));
        let text = words([1, 0, count, 0, count, 1]);
        truncated(refused(&text, 0, |bytes| Strings::unpack(&mut cursor(bytes)).map(drop)));
    }
    let values = words([200, 200, 1]);
    truncated(refused(&values, 0, |bytes| ListsRequest::decode(bytes, Representation::NDR).map(drop)));
    let values = words([200, 0, 200, 0, 1]);
    truncated(refused(&values, 0, |bytes| ListsRequest::decode(bytes, Representation::NDR64).map(drop)));
}

/// Each of four thousand structures claims all that is left for elements without bytes: a gigabyte of them.
#[test]
fn elements_without_bytes_do_not_multiply() {
    let count = 4000;
    let rest = |index: u32| (count - 1 - index) * 8;
    let bytes = words([count].into_iter().chain((0..count).flat_map(|index| [0, rest(index)])));
    let kind = refused(&bytes, 300, |bytes| AllArms::unpack(&mut cursor(bytes)).map(drop));
    assert!(matches!(kind, UnpackErrorKind::TooLarge { .. }), "{kind:?}");
    // a few of them are no mistake
    let bytes = words([2, 0, 5, 1, 1, 9]);
    let all = AllArms::unpack(&mut cursor(&bytes)).unwrap();
    assert_eq!(all.all.iter().map(|arms| arms.arms.len()).collect::<Vec<_>>(), [5, 1]);
}

/// Ninety structures, each of which two full pointers lead to: all paths are 2^90.
#[test]
fn values_that_are_shared_do_not_multiply() {
    let bytes = words((1..90).flat_map(|id| [id, id]).chain([0, 0]));
    let kind = refused(&bytes, 100, |bytes| Fork::unpack(&mut cursor(bytes)).map(drop));
    assert!(matches!(kind, UnpackErrorKind::TooLarge { .. }), "{kind:?}");
    // what it is part of
    let kind = refused(&words([1, 2, 1, 0]), 100, |bytes| Fork::unpack(&mut cursor(bytes)).map(drop));
    assert!(matches!(kind, UnpackErrorKind::InvalidValue { .. }), "{kind:?}");
}

#[test]
fn chains_of_pointers_end() {
    let bytes = vec![1; 100_000];
    let kind = refused(&bytes, 1, |bytes| Chain::unpack(&mut cursor(bytes)).map(drop));
    assert_eq!(kind, UnpackErrorKind::TooDeep { limit: MAX_RECURSION });
    let bytes = words((1..5000).flat_map(|id| [id, 0]));
    let kind = refused(&bytes, 1, |bytes| Fork::unpack(&mut cursor(bytes)).map(drop));
    assert_eq!(kind, UnpackErrorKind::TooDeep { limit: MAX_RECURSION });
}

/// Texts of nothing but a terminator: 20 bytes each, of which the value keeps 40.
#[test]
fn many_small_values_take_memory_in_proportion() {
    let count = 2000u32;
    let texts = (0..count).flat_map(|_| [1, 0, 1, 0]);
    let bytes = words([count, 1, count].into_iter().chain((0..count).map(|_| 1)).chain(texts));
    let mut found = 0;
    let memory = allocation_counter::measure(|| {
        found = StringList::unpack(&mut cursor(&bytes)).unwrap().list.unwrap().len();
    });
    assert_eq!(found, 2000);
    assert!(memory.bytes_max < 8 * bytes.len() as u64, "{} bytes", memory.bytes_max);
    assert!(memory.count_max < 64, "{} pieces at a time", memory.count_max);
}

#[test]
fn chunks_of_pipes_take_memory_in_proportion() {
    let bytes = words([7, u32::MAX, 1, 2]);
    refused(&bytes, 0, |bytes| PourRequest::decode(bytes, Representation::NDR).map(drop));
    refused(&bytes, 0, |bytes| DrawResponse::decode(bytes, Representation::NDR).map(drop));
    // chunks of one element each, without the empty one that ends them
    let bytes = words((0..4000).flat_map(|_| [1, 0, 5, 6]));
    refused(&bytes, 8, |bytes| DrawResponse::decode(bytes, Representation::NDR).map(drop));
    let bytes = words((0..4000).flat_map(|_| [1, 5]));
    refused(&bytes, 8, |bytes| PourRequest::decode(bytes, Representation::NDR).map(drop));
}
