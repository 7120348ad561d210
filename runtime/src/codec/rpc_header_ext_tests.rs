#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::PackErrorKind;

const NO_LIMIT: usize = usize::MAX;

fn packed(payloads: &[&[u8]], flags: Flags) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_chain(&mut e, payloads, flags).unwrap();
    e.finish().to_vec()
}

fn chain(bytes: &[u8]) -> Result<Vec<Blob<'_>>, UnpackError> {
    unpack_chain(Cursor::new(bytes), NO_LIMIT)
}

fn invalid_field(bytes: &[u8]) -> (String, usize) {
    let error = chain(bytes).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{error}");
    (error.path(), error.offset())
}

#[test]
fn writes_a_plain_payload_behind_its_header() {
    assert_eq!(packed(&[b"abc"], Flags::LAST), *b"\x00\x00\x04\x00\x03\x00\x03\x00abc");
}

#[test]
fn compresses_before_it_obfuscates() {
    let payload = b"abc".repeat(100);
    let bytes = packed(&[&payload], Flags::COMPRESSED | Flags::XOR_MAGIC);
    assert_eq!(&bytes[..8], [0x00, 0x00, 0x07, 0x00, 0x0D, 0x00, 0x2C, 0x01]);
    assert_eq!(obfuscation::applied(&bytes[8..]), lz77::compress(&payload));
    assert_eq!(chain(&bytes).unwrap(), [payload]);
}

#[test]
fn a_payload_that_does_not_shrink_is_written_as_it_is() {
    let mut e = Encoder::new();
    let header = pack_payload(&mut e, b"abcdefgh", Flags::COMPRESSED | Flags::LAST).unwrap();
    assert_eq!(header, RpcHeaderExt { flags: Flags::LAST, size: 8, size_actual: 8 });
    assert_eq!(chain(e.as_slice()).unwrap(), [&b"abcdefgh"[..]]);
}

#[test]
fn only_the_last_header_of_a_chain_has_last() {
    let bytes = packed(&[b"a", b"b", b"c"], Flags::LAST);
    assert_eq!([bytes[2], bytes[11], bytes[20]], [0, 0, 4]);
    assert_eq!(chain(&bytes).unwrap(), [&b"a"[..], b"b", b"c"]);
}

#[test]
fn each_payload_is_read_by_its_own_flags() {
    let mut e = Encoder::new();
    let text = b"hello ".repeat(50);
    pack_payload(&mut e, &text, Flags::COMPRESSED).unwrap();
    pack_payload(&mut e, b"plain", Flags::empty()).unwrap();
    pack_payload(&mut e, b"hidden", Flags::XOR_MAGIC | Flags::LAST).unwrap();
    assert_eq!(chain(e.as_slice()).unwrap(), [&text[..], b"plain", b"hidden"]);
}

#[test]
fn a_plain_payload_is_borrowed() {
    let bytes = packed(&[b"abc"], Flags::LAST);
    assert!(matches!(chain(&bytes).unwrap()[0], Cow::Borrowed(b"abc")));
}

#[test]
fn rejects_another_version() {
    assert_eq!(invalid_field(b"\x01\x00\x04\x00\x00\x00\x00\x00"), ("[0].Version".to_owned(), 0));
}

#[test]
fn rejects_unknown_flags() {
    assert_eq!(invalid_field(b"\x00\x00\x0C\x00\x00\x00\x00\x00"), ("[0].Flags".to_owned(), 2));
}

#[test]
fn rejects_sizes_that_differ_without_compression() {
    assert_eq!(invalid_field(b"\x00\x00\x04\x00\x01\x00\x02\x00a"), ("[0].SizeActual".to_owned(), 6));
    assert_eq!(invalid_field(b"\x00\x00\x06\x00\x02\x00\x01\x00ab"), ("[0].SizeActual".to_owned(), 6));
}

#[test]
fn rejects_compression_that_does_not_shrink() {
    let mut bytes = b"\x00\x00\x05\x00\x07\x00\x03\x00\xFF\xFF\xFF\x1Fabc".to_vec();
    assert_eq!(invalid_field(&bytes), ("[0].SizeActual".to_owned(), 6));
    bytes[6] = 7;
    assert_eq!(invalid_field(&bytes), ("[0].SizeActual".to_owned(), 6));
}

#[test]
fn rejects_bytes_after_last() {
    let mut bytes = packed(&[b"abc"], Flags::LAST);
    bytes.push(0);
    assert_eq!(chain(&bytes).unwrap_err().kind(), &UnpackErrorKind::TrailingBytes { count: 1 });
}

#[test]
fn rejects_a_chain_without_last() {
    let bytes = b"\x00\x00\x00\x00\x01\x00\x01\x00a";
    let error = chain(bytes).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 2, available: 0 });
    assert_eq!((error.path().as_str(), error.offset()), ("[1].Version", 9));
}

#[test]
fn rejects_each_truncation() {
    let text = b"hello ".repeat(50);
    let bytes = packed(&[&text, b"abc"], Flags::COMPRESSED | Flags::XOR_MAGIC);
    for len in 0..bytes.len() {
        let error = chain(&bytes[..len]).unwrap_err();
        assert!(error.offset() <= len, "{error}");
    }
}

#[test]
fn rejects_a_size_over_the_buffer() {
    let error = chain(b"\x00\x00\x04\x00\xFF\xFF\xFF\xFFab").unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 0xFFFF, available: 2 });
}

#[test]
fn the_limit_holds_for_the_whole_chain() {
    let text = vec![b'a'; 1000];
    let bytes = packed(&[&text, &text, &text], Flags::COMPRESSED);
    assert!(bytes.len() < 100);
    assert_eq!(unpack_chain(Cursor::new(&bytes), 3000).unwrap().len(), 3);
    let error = unpack_chain(Cursor::new(&bytes), 2999).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TooLarge { found: 3000, limit: 2999 });
    assert_eq!(error.path(), "[2].SizeActual");
}

#[test]
fn a_compressed_payload_has_exactly_its_announced_size() {
    let mut bytes = packed(&[&[b'a'; 1000]], Flags::COMPRESSED);
    bytes[6] ^= 1;
    let error = chain(&bytes).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::Compression { .. }), "{error}");
    assert_eq!(error.path(), "[0].Payload");
    assert!(error.offset() >= RpcHeaderExt::SIZE);
}

#[test]
fn a_single_payload_needs_last() {
    let bytes = packed(&[b"abc"], Flags::LAST);
    assert_eq!(unpack_single(Cursor::new(&bytes), NO_LIMIT).unwrap(), &b"abc"[..]);
    let error = unpack_single(Cursor::new(b"\x00\x00\x00\x00\x01\x00\x01\x00a"), NO_LIMIT).unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("Flags", 2));
    let two = packed(&[b"a", b"b"], Flags::LAST);
    assert!(unpack_single(Cursor::new(&two), NO_LIMIT).is_err());
}

#[test]
fn refuses_to_write_what_its_fields_cannot_say() {
    let mut e = Encoder::new();
    let error = pack_payload(&mut e, &vec![0; 65_536], Flags::COMPRESSED).unwrap_err();
    assert_eq!(error.kind(), &PackErrorKind::TooLarge { value: 65_536, limit: 65_535 });
    assert!(e.is_empty());
    assert!(pack_chain(&mut e, &[] as &[&[u8]], Flags::empty()).is_err());
}

#[test]
fn the_largest_payload_passes() {
    let payload = vec![b'a'; 65_535];
    let bytes = packed(&[&payload], Flags::COMPRESSED);
    assert_eq!(chain(&bytes).unwrap(), [payload]);
}

#[test]
fn honours_the_limit_of_the_encoder() {
    let mut e = Encoder::with_limit(10);
    assert!(matches!(
        pack_payload(&mut e, b"abc", Flags::LAST).unwrap_err().kind(),
        PackErrorKind::Full { needed: 3, limit: 10 }
    ));
}

proptest! {
    #[test]
    fn round_trips(
        payloads in proptest::collection::vec((proptest::collection::vec(0u8..3, 0..300), 0u16..4), 1..5),
    ) {
        let mut e = Encoder::new();
        for (index, (payload, flags)) in payloads.iter().enumerate() {
            let mut flags = Flags::from_bits_retain(*flags);
            flags.set(Flags::LAST, index + 1 == payloads.len());
            let before = e.len();
            let header = pack_payload(&mut e, payload, flags).unwrap();
            prop_assert!(e.len() - before <= payload.len() + RpcHeaderExt::SIZE);
            prop_assert_eq!(e.len() - before, usize::from(header.size) + RpcHeaderExt::SIZE);
        }
        let read = unpack_chain(Cursor::new(e.as_slice()), NO_LIMIT).unwrap();
        prop_assert!(read.iter().eq(payloads.iter().map(|(payload, _)| payload)));
    }

    #[test]
    fn random_bytes_never_panic_nor_pass_the_limit(
        sizes in proptest::collection::vec((0u16..8, 0u16..40, 0u16..60), 1..6),
        noise in proptest::collection::vec(prop_oneof![Just(0u8), Just(0xFFu8), any::<u8>()], 0..60),
        limit in 0usize..100,
    ) {
        let mut e = Encoder::new();
        for (flags, size, size_actual) in sizes {
            let header = RpcHeaderExt { flags: Flags::from_bits_retain(flags), size, size_actual };
            header.pack(&mut e).unwrap();
            let payload: Vec<u8> = noise.iter().copied().cycle().take(usize::from(size).min(noise.len() * 9)).collect();
            e.bytes(&payload).unwrap();
        }
        if let Ok(payloads) = unpack_chain(Cursor::new(e.as_slice()), limit) {
            prop_assert!(payloads.iter().map(|payload| payload.len()).sum::<usize>() <= limit);
        }
    }
}
