//! Extended buffers as a reader that knows only the document sees them, and the statements about
//! them that this proves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use generated_tests::spec_coverage::record;
use generated_tests::vectors::hex;
use proptest::prelude::*;
use protocol::oxcrpc::{
    AuxiliaryBlockPayload, ExtendedAuxiliaryBuffer, ExtendedBufferOfRopInputBuffer, RopInputBuffers, RpcHeaderFlags,
};
use runtime::codec::lz77;
use runtime::{Blob, Cursor, Encoder, PackErrorKind, UnpackError, UnpackErrorKind};

const PLAIN: RpcHeaderFlags = RpcHeaderFlags(0);
const COMPRESSED: RpcHeaderFlags = RpcHeaderFlags::COMPRESSED;
const XOR_MAGIC: RpcHeaderFlags = RpcHeaderFlags::XOR_MAGIC;
const LAST: RpcHeaderFlags = RpcHeaderFlags::LAST;
/// Bytes of Version, Flags, Size and SizeActual.
const HEADER: usize = 8;

fn buffer(payload: &[u8], flags: RpcHeaderFlags) -> ExtendedBufferOfRopInputBuffer<'_> {
    ExtendedBufferOfRopInputBuffer { flags, payload: Blob::Borrowed(payload) }
}

/// One behind the other; the last one says that it is.
fn packed(payloads: &[&[u8]], flags: RpcHeaderFlags) -> Vec<u8> {
    let last = payloads.len() - 1;
    let flags = |index: usize| if index == last { flags | LAST } else { flags };
    let payloads = payloads.iter().enumerate().map(|(index, payload)| buffer(payload, flags(index))).collect();
    let mut e = Encoder::new();
    RopInputBuffers { payloads }.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn read(bytes: &[u8], room: usize) -> Result<Vec<Vec<u8>>, UnpackError> {
    let mut c = Cursor::new(bytes).with_plain_room(room);
    let buffers = RopInputBuffers::unpack(&mut c)?;
    c.finish()?;
    Ok(buffers.payloads.into_iter().map(|buffer| buffer.payload.into_owned()).collect())
}

fn unpacked(bytes: &[u8]) -> Result<Vec<Vec<u8>>, UnpackError> {
    read(bytes, 1 << 20)
}

/// What the error says, with path and offset.
fn refused(bytes: &str) -> String {
    unpacked(&hex(bytes)).unwrap_err().to_string()
}

/// The fields of a header: Version, Flags, Size, SizeActual.
fn header(bytes: &[u8]) -> [u16; 4] {
    let mut c = Cursor::new(bytes);
    [c.u16().unwrap(), c.u16().unwrap(), c.u16().unwrap(), c.u16().unwrap()]
}

fn text() -> Vec<u8> {
    b"Received: from mail.example.test by mail.example.test\r\n".repeat(30)
}

#[test]
fn a_plain_payload_has_two_equal_sizes() {
    let bytes = packed(&[b"abc"], PLAIN);
    assert_eq!(bytes, hex("00 00 | 04 00 | 03 00 | 03 00 | 61 62 63"));
    assert_eq!(
        refused("00 00 | 04 00 | 03 00 | 04 00 | 61 62 63"),
        "Payloads[0].SizeActual: expected as many bytes as there are, got 0x4 at offset 8"
    );
    assert!(refused("00 00 | 04 00 | 03 00 | 02 00 | 61 62 63").contains("Payloads[0].SizeActual"));
    assert!(refused("01 00 | 04 00 | 03 00 | 03 00 | 61 62 63").contains("the fixed value of Version"));
    assert!(refused("00 00 | 14 00 | 03 00 | 03 00 | 61 62 63").contains("Payloads[0].Flags: expected reserved bits"));
    for id in ["MS-OXCRPC_R33", "MS-OXCRPC_R35", "MS-OXCRPC_R38", "MS-OXCRPC_R46"] {
        record(id, "a_plain_payload_has_two_equal_sizes");
    }
}

#[test]
fn a_compressed_payload_is_one_that_another_implementation_reads() {
    let text = text();
    let bytes = packed(&[&text], COMPRESSED);
    let [_, flags, size, size_actual] = header(&bytes);
    assert_eq!((flags, usize::from(size_actual)), (0x0005, text.len()));
    assert!(size < size_actual);
    assert_eq!(usize::from(size), bytes.len() - HEADER);
    assert_eq!(lzxpress::data::decompress(&bytes[HEADER..]).unwrap(), text);
    for id in ["MS-OXCRPC_R36", "MS-OXCRPC_R4794", "MS-OXCRPC_R831"] {
        record(id, "a_compressed_payload_is_one_that_another_implementation_reads");
    }
}

#[test]
fn a_payload_that_does_not_shrink_is_written_as_it_is() {
    assert_eq!(packed(&[b"abcdefgh"], COMPRESSED), packed(&[b"abcdefgh"], PLAIN));
    // Read, it would have to be shorter than it says that it is.
    assert!(refused("00 00 | 05 00 | 07 00 | 07 00 | FF FF FF 1F 61 62 63").contains("requires"));
}

#[test]
fn an_obfuscated_payload_is_xored_after_it_is_compressed() {
    let text = text();
    let bytes = packed(&[&text], COMPRESSED | XOR_MAGIC);
    assert_eq!(header(&bytes)[1], 0x0007);
    let plain: Vec<u8> = bytes[HEADER..].iter().map(|byte| byte ^ 0xA5).collect();
    assert_eq!(lzxpress::data::decompress(&plain).unwrap(), text);
    assert_eq!(unpacked(&bytes).unwrap(), [text]);
    assert_eq!(packed(&[b"abc"], XOR_MAGIC)[HEADER..], [0xC4, 0xC7, 0xC6]);
    record("MS-OXCRPC_R39", "an_obfuscated_payload_is_xored_after_it_is_compressed");
}

#[test]
fn the_last_payload_and_only_that_says_so() {
    let bytes = packed(&[b"a", b"b", b"c"], PLAIN);
    assert_eq!([&bytes[..], &bytes[9..], &bytes[18..]].map(|rest| header(rest)[1]), [0, 0, 0x0004]);
    assert_eq!(unpacked(&bytes).unwrap(), [b"a", b"b", b"c"]);
    // Nothing follows it.
    let twice = [packed(&[b"a"], PLAIN), packed(&[b"b"], PLAIN)].concat();
    assert_eq!(unpacked(&twice).unwrap_err().kind(), &UnpackErrorKind::TrailingBytes { count: 9 });
    // Something follows any other.
    let error = unpacked(b"\x00\x00\x00\x00\x01\x00\x01\x00a").unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("Payloads[1].Version", 9));
    for payloads in [vec![], vec![buffer(b"a", PLAIN)], vec![buffer(b"a", LAST), buffer(b"b", LAST)]] {
        let error = RopInputBuffers { payloads }.pack(&mut Encoder::new()).unwrap_err();
        assert!(matches!(error.kind(), PackErrorKind::Unmet { .. }), "{error}");
    }
    for id in ["MS-OXCRPC_R40", "MS-OXCRPC_R778", "MS-OXCRPC_R779"] {
        record(id, "the_last_payload_and_only_that_says_so");
    }
}

#[test]
fn each_payload_is_read_by_its_own_flags() {
    let text = b"hello ".repeat(50);
    let payloads = vec![buffer(&text, COMPRESSED), buffer(b"plain", PLAIN), buffer(b"hidden", XOR_MAGIC | LAST)];
    let mut e = Encoder::new();
    RopInputBuffers { payloads }.pack(&mut e).unwrap();
    assert_eq!(unpacked(e.as_slice()).unwrap(), [&text[..], b"plain", b"hidden"]);
    let buffers = RopInputBuffers::unpack(&mut Cursor::new(e.as_slice())).unwrap();
    assert!(matches!(buffers.payloads[1].payload, Blob::Borrowed(b"plain")), "not copied");
}

#[test]
fn the_limit_holds_for_the_whole_chain() {
    let text = vec![b'a'; 1000];
    let bytes = packed(&[&text, &text, &text], COMPRESSED);
    assert!(bytes.len() < 100);
    assert_eq!(read(&bytes, 3000).unwrap().len(), 3);
    let error = read(&bytes, 2999).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TooLarge { found: 1000, limit: 999 });
    assert_eq!(error.path(), "Payloads[2].SizeActual");
    // Without a limit of the reader's own, some of 64 KiB are too many.
    let most = vec![0; 65_535];
    let bytes = packed(&[&most[..]; 65], COMPRESSED);
    assert!(matches!(
        RopInputBuffers::unpack(&mut Cursor::new(&bytes)).unwrap_err().kind(),
        UnpackErrorKind::TooLarge { .. }
    ));
}

#[test]
fn sizes_that_lie_are_errors_at_their_place() {
    let error = unpacked(b"\x00\x00\x04\x00\xFF\xFF\xFF\xFFab").unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 0xFFFF, available: 2 });
    let mut bytes = packed(&[&[b'a'; 1000]], COMPRESSED);
    bytes[6] ^= 1;
    let error = unpacked(&bytes).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::Compression { .. }), "{error}");
    assert_eq!(error.path(), "Payloads[0].Payload");
    assert!(error.offset() >= HEADER && error.offset() <= bytes.len());
}

#[test]
fn each_truncation_is_an_error() {
    let bytes = packed(&[&b"hello ".repeat(50), b"abc"], COMPRESSED | XOR_MAGIC);
    for len in 0..bytes.len() {
        let error = unpacked(&bytes[..len]).unwrap_err();
        assert!(error.offset() <= len, "{error}");
    }
}

#[test]
fn what_its_fields_cannot_say_is_not_written() {
    let mut e = Encoder::new();
    let error = buffer(&vec![0; 65_536], COMPRESSED | LAST).pack(&mut e).unwrap_err();
    assert_eq!(error.kind(), &PackErrorKind::TooLarge { value: 65_536, limit: 65_535 });
    assert_eq!(error.path(), "SizeActual");
    let whole = vec![b'a'; 65_535];
    assert_eq!(unpacked(&packed(&[&whole], COMPRESSED)).unwrap(), [whole]);
    let error = buffer(b"abc", LAST).pack(&mut Encoder::with_limit(10)).unwrap_err();
    assert!(matches!(error.kind(), PackErrorKind::Full { needed: 3, limit: 10 }));
}

#[test]
fn an_error_in_an_obfuscated_structure_has_its_path_and_offset() {
    // A block of five bytes, of which the last is missing.
    let plain = hex("00 00 | 04 00 | 04 00 | 04 00 | 05 00 01 17");
    let hidden = hex("00 00 | 06 00 | 04 00 | 04 00 | A0 A5 A4 B2");
    for bytes in [plain, hidden] {
        let error = ExtendedAuxiliaryBuffer::unpack(&mut Cursor::new(&bytes)).unwrap_err();
        assert_eq!(error.path(), "Buffer.Payload.Blocks[0].Payload", "{error}");
        assert_eq!(error.offset(), 12);
    }
}

#[test]
fn a_structure_that_was_compressed_owns_what_it_read() {
    let text = "a".repeat(200);
    let block = AuxiliaryBlockPayload::ServerSessionInfo(protocol::oxcrpc::AuxServerSessionInfo {
        server_session_context_info: Some(text.as_str().into()),
    });
    let blocks = vec![protocol::oxcrpc::AuxiliaryBlock { payload: block }];
    let payload = protocol::oxcrpc::AuxiliaryBuffer { blocks };
    let buffer = protocol::oxcrpc::ExtendedBufferOfAuxiliaryBuffer { flags: COMPRESSED | LAST, payload };
    let value = ExtendedAuxiliaryBuffer { buffer };
    let mut e = Encoder::new();
    value.pack(&mut e).unwrap();
    assert!(e.len() < 100 && e.len() == value.packed_size());
    assert_eq!(ExtendedAuxiliaryBuffer::unpack(&mut Cursor::new(e.as_slice())).unwrap(), value);
}

#[test]
fn bits_of_the_mask_tell_data_from_matches_and_end_it() {
    // Three bytes of data, three more that repeat them, three of data, the closing bit: the
    // document's example, whose mask is 00010001 in its first eight bits.
    let stream = lz77::compress(b"ABCABCDEF");
    assert_eq!(stream, hex("ff ff ff 11 | 41 42 43 | 10 00 | 44 45 46"));
    assert_eq!(lz77::decompress(Cursor::new(&stream), 9).unwrap(), b"ABCABCDEF");
    for id in ["MS-OXCRPC_R881", "MS-OXCRPC_R887", "MS-OXCRPC_R888", "MS-OXCRPC_R1873"] {
        record(id, "bits_of_the_mask_tell_data_from_matches_and_end_it");
    }
}

#[test]
fn the_closing_bit_gets_a_mask_of_its_own_where_it_has_to() {
    let data: Vec<u8> = (0..32).collect();
    let stream = lz77::compress(&data);
    assert_eq!((&stream[..4], &stream[4..36], &stream[36..]), (&[0; 4][..], &data[..], &[0xFF; 4][..]));
    record("MS-OXCRPC_R1877", "the_closing_bit_gets_a_mask_of_its_own_where_it_has_to");
}

#[test]
fn a_proved_statement_is_recorded_once() {
    let bytes = packed(&[b"a", b"b"], PLAIN);
    assert_eq!(unpacked(&bytes).unwrap(), [b"a", b"b"]);
    record("MS-OXCRPC_R777", "a_proved_statement_is_recorded_once");
    record("MS-OXCRPC_R777", "a_proved_statement_is_recorded_once");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/spec-coverage/generated-tests.tsv");
    let line = "MS-OXCRPC_R777\ta_proved_statement_is_recorded_once";
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().filter(|known| *known == line).count(), 1);
}

proptest! {
    #[test]
    fn random_headers_never_panic_nor_pass_the_limit(
        sizes in proptest::collection::vec((0u8..8, 0u8..40, 0u8..60), 1..6),
        noise in proptest::collection::vec(prop_oneof![Just(0u8), Just(0xFFu8), any::<u8>()], 1..60),
        room in 0usize..100,
    ) {
        let mut bytes = Vec::new();
        for (flags, size, size_actual) in sizes {
            bytes.extend([0, 0, flags, 0, size, 0, size_actual, 0]);
            bytes.extend(noise.iter().cycle().take(usize::from(size)));
        }
        if let Ok(payloads) = read(&bytes, room) {
            prop_assert!(payloads.iter().map(Vec::len).sum::<usize>() <= room);
        }
    }
}
