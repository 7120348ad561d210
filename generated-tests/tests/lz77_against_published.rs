//! LZ77 against an independent published implementation.
//!
//! That one is fed valid data only. It does not read a closing bit that stands alone in a mask, so
//! that mask is taken off for it, and it encodes 32 elements or more wrongly, so it is asked for
//! fewer. Compressed bytes are never compared: compressors differ.
#![allow(clippy::unwrap_used, missing_docs)]

use generated_tests::vectors::hex;
use proptest::collection::vec;
use proptest::prelude::*;
use runtime::Cursor;
use runtime::codec::lz77;

/// Data with matches of all lengths, at all distances.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (vec(0u8..4, 0..12), 1usize..40),
        1 => (vec(any::<u8>(), 0..400), 1usize..3),
        1 => (vec(any::<u8>(), 1..4), 200usize..6000),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.into_iter().flat_map(|(bytes, times)| bytes.repeat(times)).collect())
}

proptest! {
    #[test]
    fn it_decompresses_what_we_compress(data in data()) {
        let stream = lz77::compress(&data);
        let without_closing_mask = stream.strip_suffix(&[0xFF; 4]).unwrap_or(&stream);
        prop_assert!(lzxpress::data::decompress(without_closing_mask).unwrap() == data);
    }

    #[test]
    fn we_decompress_what_it_compresses(piece in vec(any::<u8>(), 1..20), times in 1usize..400) {
        let data = piece.repeat(times);
        let stream = lzxpress::data::compress(&data).unwrap();
        prop_assert!(lz77::decompress(Cursor::new(&stream), data.len()).unwrap() == data);
    }
}

#[test]
fn both_read_the_published_example() {
    // MS-XCA 3.1, second example.
    let stream = hex("ff ff ff 1f  61 62 63  17 00 0f ff 26 01");
    let expected = b"abc".repeat(100);
    assert_eq!(lzxpress::data::decompress(&stream).unwrap(), expected);
    assert_eq!(lz77::decompress(Cursor::new(&stream), 300).unwrap(), expected);
}
