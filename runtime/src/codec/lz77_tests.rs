#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn decompress_bytes(stream: &[u8], size: usize) -> Result<Vec<u8>, UnpackError> {
    decompress(Cursor::new(stream), size)
}

fn reason(result: Result<Vec<u8>, UnpackError>) -> (&'static str, usize) {
    let error = result.unwrap_err();
    match error.kind() {
        UnpackErrorKind::Compression { reason } => (reason, error.offset()),
        kind => panic!("not a compression error: {kind:?}"),
    }
}

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// The first example of MS-XCA 3.1.
fn published_literals() -> Vec<u8> {
    let mut stream = vec![0x3F, 0x00, 0x00, 0x00];
    stream.extend_from_slice(ALPHABET);
    stream
}

/// The second example of MS-XCA 3.1: "abc" a hundred times.
const PUBLISHED_REPETITION: &[u8] = &[0xFF, 0xFF, 0xFF, 0x1F, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0F, 0xFF, 0x26, 0x01];

#[test]
fn decompresses_the_published_literals() {
    assert_eq!(decompress_bytes(&published_literals(), 26).unwrap(), ALPHABET);
}

#[test]
fn decompresses_the_published_repetition() {
    assert_eq!(decompress_bytes(PUBLISHED_REPETITION, 300).unwrap(), b"abc".repeat(100));
}

#[test]
fn compresses_the_published_examples_to_the_published_bytes() {
    assert_eq!(compress(ALPHABET), published_literals());
    assert_eq!(compress(&b"abc".repeat(100)), PUBLISHED_REPETITION);
}

/// MS-OXCRPC 3.1.4.1.1.2.2.3: the element 0x0018 is a match of 3 bytes from 4 back.
#[test]
fn reads_distance_and_length_as_in_the_example() {
    let stream = [0xFF, 0xFF, 0xFF, 0x0F, b'w', b'x', b'y', b'z', 0x18, 0x00];
    assert_eq!(decompress_bytes(&stream, 7).unwrap(), b"wxyzwxy");
}

/// The table of MS-OXCRPC 3.1.4.1.1.2.2.4: what follows the 16 bits of a match, by its length.
#[test]
fn writes_and_reads_each_form_of_length() {
    let forms: [(usize, u8, &[u8]); 10] = [
        (3, 0, &[]),
        (9, 6, &[]),
        (10, 7, &[0x00]),
        (24, 7, &[0x0E]),
        (25, 7, &[0x0F, 0x00]),
        (26, 7, &[0x0F, 0x01]),
        (279, 7, &[0x0F, 0xFE]),
        (280, 7, &[0x0F, 0xFF, 0x15, 0x01]),
        (281, 7, &[0x0F, 0xFF, 0x16, 0x01]),
        (65_538, 7, &[0x0F, 0xFF, 0xFF, 0xFF]),
    ];
    for (length, low_bits, tail) in forms {
        let data = vec![b'a'; length + 1];
        let mut expected = vec![0xFF, 0xFF, 0xFF, 0x7F, b'a', low_bits, 0x00];
        expected.extend_from_slice(tail);
        assert_eq!(compress(&data), expected, "length {length}");
        assert_eq!(decompress_bytes(&expected, length + 1).unwrap(), data, "length {length}");
    }
}

#[test]
fn reads_a_length_of_32_bits() {
    let stream = [0xFF, 0xFF, 0xFF, 0x7F, b'a', 0x07, 0x00, 0x0F, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00];
    assert_eq!(decompress_bytes(&stream, 65_536 + 4).unwrap(), vec![b'a'; 65_536 + 4]);
}

#[test]
fn two_long_matches_share_a_byte() {
    // Two runs of twelve, of a and of b: the half bytes are 2 and 1, and stand in the first match's byte.
    let mut data = vec![b'a'; 13];
    data.extend_from_slice(&[b'b'; 12]);
    let stream = compress(&data);
    assert_eq!(stream, [0xFF, 0xFF, 0xFF, 0x5F, b'a', 0x07, 0x00, 0x12, b'b', 0x07, 0x00]);
    assert_eq!(decompress_bytes(&stream, data.len()).unwrap(), data);
}

#[test]
fn adds_a_mask_for_the_closing_bit() {
    let stream = compress(&(0..32).collect::<Vec<u8>>());
    assert_eq!(&stream[..4], [0; 4]);
    assert_eq!(&stream[36..], [0xFF; 4]);
    assert_eq!(decompress_bytes(&stream, 32).unwrap().len(), 32);
    // Without that mask everything is there all the same.
    assert_eq!(decompress_bytes(&stream[..36], 32).unwrap().len(), 32);
}

#[test]
fn an_empty_payload_is_a_closing_bit() {
    assert_eq!(compress(&[]), [0xFF; 4]);
    assert_eq!(decompress_bytes(&[0xFF; 4], 0).unwrap(), []);
}

#[test]
fn rejects_a_match_before_the_start() {
    let none_written = [0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00];
    assert_eq!(reason(decompress_bytes(&none_written, 3)), ("match before the start of the data", 4));
    let two_written = [0xFF, 0xFF, 0xFF, 0x3F, b'a', b'b', 0x10, 0x00];
    assert_eq!(reason(decompress_bytes(&two_written, 5)), ("match before the start of the data", 6));
}

#[test]
fn rejects_more_data_than_announced() {
    assert_eq!(reason(decompress_bytes(PUBLISHED_REPETITION, 299)).0, "more data than announced");
    assert_eq!(reason(decompress_bytes(&published_literals(), 25)).0, "more data than announced");
}

#[test]
fn rejects_less_data_than_announced() {
    assert_eq!(reason(decompress_bytes(PUBLISHED_REPETITION, 301)).0, "less data than announced");
    assert_eq!(reason(decompress_bytes(&published_literals(), 27)).0, "less data than announced");
}

#[test]
fn rejects_bytes_after_the_end() {
    let mut stream = PUBLISHED_REPETITION.to_vec();
    stream.push(0);
    assert!(decompress_bytes(&stream, 300).is_err());
    stream.push(0);
    assert_eq!(reason(decompress_bytes(&stream, 300)).0, "more data than announced");
}

#[test]
fn rejects_a_short_length_in_a_long_form() {
    let stream = [0xFF, 0xFF, 0xFF, 0x7F, b'a', 0x07, 0x00, 0x0F, 0xFF, 0x15, 0x00];
    assert_eq!(reason(decompress_bytes(&stream, 25)), ("short length in a long form", 9));
}

#[test]
fn rejects_each_truncation() {
    for len in 0..PUBLISHED_REPETITION.len() {
        let error = decompress_bytes(&PUBLISHED_REPETITION[..len], 300).unwrap_err();
        assert!(error.offset() <= len, "{error}");
    }
}

#[test]
fn offsets_count_from_the_outer_buffer() {
    let error = decompress(Cursor::at_offset(&[0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00], 100), 3).unwrap_err();
    assert_eq!(error.offset(), 104);
}

#[test]
fn a_lying_size_takes_no_room() {
    assert!(decompress_bytes(&[0x3F, 0x00, 0x00, 0x00, b'a'], usize::MAX).is_err());
}

#[test]
fn text_becomes_smaller() {
    let text = "Subject: the quarterly figures\r\nFrom: anna@example.test\r\n".repeat(20);
    assert!(compress(text.as_bytes()).len() * 10 < text.len());
}

/// Data with repetitions at all distances.
fn repetitive() -> impl Strategy<Value = Vec<u8>> {
    let piece = (proptest::collection::vec(0u8..4, 0..12), 1usize..40);
    proptest::collection::vec(piece, 0..60)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(bytes, times)| bytes.repeat(times)).collect())
}

proptest! {
    #[test]
    fn round_trips(data in repetitive()) {
        let stream = compress(&data);
        prop_assert_eq!(decompress_bytes(&stream, data.len()).unwrap(), data);
    }

    #[test]
    fn round_trips_what_does_not_compress(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let stream = compress(&data);
        prop_assert!(stream.len() <= data.len() + data.len() / 8 + 8);
        prop_assert_eq!(decompress_bytes(&stream, data.len()).unwrap(), data);
    }

    #[test]
    fn random_streams_never_write_more_than_announced(
        stream in proptest::collection::vec(prop_oneof![Just(0u8), Just(7u8), Just(0xFFu8), any::<u8>()], 0..300),
        size in 0usize..100_000,
    ) {
        if let Ok(data) = decompress_bytes(&stream, size) {
            prop_assert_eq!(data.len(), size);
        }
    }

    #[test]
    fn each_other_size_is_an_error(data in repetitive(), other in 0usize..5000) {
        prop_assume!(other != data.len());
        prop_assert!(decompress_bytes(&compress(&data), other).is_err());
    }
}
