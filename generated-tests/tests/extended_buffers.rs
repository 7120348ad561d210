//! Extended buffers as a reader that knows only the document sees them, and the statements about
//! them that this proves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use generated_tests::spec_coverage::record;
use generated_tests::vectors::hex;
use runtime::codec::rpc_header_ext::{Flags, pack_chain, unpack_chain};
use runtime::codec::{lz77, obfuscation};
use runtime::{Cursor, Encoder, UnpackErrorKind};

fn packed(payloads: &[&[u8]], flags: Flags) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_chain(&mut e, payloads, flags).unwrap();
    e.finish().to_vec()
}

fn unpacked(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let payloads = unpack_chain(Cursor::new(bytes), 1 << 20).map_err(|error| error.to_string())?;
    Ok(payloads.into_iter().map(|payload| payload.into_owned()).collect())
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
    let bytes = packed(&[b"abc"], Flags::empty());
    assert_eq!(bytes, hex("00 00 | 04 00 | 03 00 | 03 00 | 61 62 63"));
    assert!(unpacked(&hex("00 00 | 04 00 | 03 00 | 04 00 | 61 62 63")).unwrap_err().contains("the same as Size"));
    assert!(unpacked(&hex("01 00 | 04 00 | 03 00 | 03 00 | 61 62 63")).unwrap_err().contains("version 0"));
    assert!(unpacked(&hex("00 00 | 14 00 | 03 00 | 03 00 | 61 62 63")).unwrap_err().contains("only"));
    for id in ["MS-OXCRPC_R33", "MS-OXCRPC_R35", "MS-OXCRPC_R38", "MS-OXCRPC_R46"] {
        record(id, "a_plain_payload_has_two_equal_sizes");
    }
}

#[test]
fn a_compressed_payload_is_one_that_another_implementation_reads() {
    let text = text();
    let bytes = packed(&[&text], Flags::COMPRESSED);
    let [_, flags, size, size_actual] = header(&bytes);
    assert_eq!((flags, usize::from(size_actual)), (0x0005, text.len()));
    assert!(size < size_actual);
    assert_eq!(usize::from(size), bytes.len() - 8);
    assert_eq!(lzxpress::data::decompress(&bytes[8..]).unwrap(), text);
    for id in ["MS-OXCRPC_R36", "MS-OXCRPC_R4794", "MS-OXCRPC_R831"] {
        record(id, "a_compressed_payload_is_one_that_another_implementation_reads");
    }
}

#[test]
fn an_obfuscated_payload_is_xored_after_it_is_compressed() {
    let text = text();
    let bytes = packed(&[&text], Flags::COMPRESSED | Flags::XOR_MAGIC);
    assert_eq!(header(&bytes)[1], 0x0007);
    let plain: Vec<u8> = bytes[8..].iter().map(|byte| byte ^ 0xA5).collect();
    assert_eq!(lzxpress::data::decompress(&plain).unwrap(), text);
    assert_eq!(unpacked(&bytes).unwrap(), [text]);
    assert_eq!(packed(&[b"abc"], Flags::XOR_MAGIC)[8..], obfuscation::applied(b"abc")[..]);
    record("MS-OXCRPC_R39", "an_obfuscated_payload_is_xored_after_it_is_compressed");
}

#[test]
fn the_last_payload_and_only_that_says_so() {
    let bytes = packed(&[b"a", b"b", b"c"], Flags::LAST);
    assert_eq!([&bytes[..], &bytes[9..], &bytes[18..]].map(|rest| header(rest)[1]), [0, 0, 0x0004]);
    assert_eq!(unpacked(&bytes).unwrap(), [b"a", b"b", b"c"]);
    // Nothing follows it.
    let twice = [packed(&[b"a"], Flags::LAST), packed(&[b"b"], Flags::LAST)].concat();
    let error = unpack_chain(Cursor::new(&twice), 1 << 20).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TrailingBytes { count: 9 });
    for id in ["MS-OXCRPC_R40", "MS-OXCRPC_R778", "MS-OXCRPC_R779"] {
        record(id, "the_last_payload_and_only_that_says_so");
    }
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
    let bytes = packed(&[b"a", b"b"], Flags::LAST);
    assert_eq!(unpacked(&bytes).unwrap(), [b"a", b"b"]);
    record("MS-OXCRPC_R777", "a_proved_statement_is_recorded_once");
    record("MS-OXCRPC_R777", "a_proved_statement_is_recorded_once");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/spec-coverage/generated-tests.tsv");
    let line = "MS-OXCRPC_R777\ta_proved_statement_is_recorded_once";
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().filter(|known| *known == line).count(), 1);
}
