//! Auxiliary blocks as a reader that knows only the document sees them, and the statements about them
//! that this proves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use generated_tests::spec_coverage::record;
use generated_tests::vectors::hex;
use protocol::oxcrpc::*;
use runtime::{Cursor, Encoder, PackError, UnpackErrorKind, Utf16};

/// Bytes that are all different.
fn ramp(size: usize) -> Vec<u8> {
    (1..=u8::try_from(size).unwrap()).collect()
}

/// Little-endian.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A field as the number that its bytes are, or as bytes.
trait OnWire {
    fn stands_in(&self, bytes: &[u8]) -> bool;
}

macro_rules! on_wire {
    ($($ty:ty: $size:literal |$value:ident| $number:expr;)*) => {
        $(impl OnWire for $ty {
            fn stands_in(&self, bytes: &[u8]) -> bool {
                let $value = self;
                number(&bytes[..$size]) == u64::from($number)
            }
        })*
    };
}

on_wire! {
    u8: 1 |v| *v;
    u16: 2 |v| *v;
    u32: 4 |v| *v;
    EnableFlags: 4 |v| v.0;
    OrgFlags: 4 |v| v.0;
    ServerCapabilityFlags: 4 |v| v.0;
    EndpointCapabilityFlags: 4 |v| v.0;
}

impl<const N: usize> OnWire for [u8; N] {
    fn stands_in(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(self)
    }
}

impl OnWire for runtime::Guid {
    fn stands_in(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&self.0)
    }
}

/// The fields of a structure at the bytes where the document has them; what lies between is padding.
macro_rules! fields {
    ($($ty:ident of $size:literal { $($field:ident at $at:literal: $id:literal,)* })*) => {
        $({
            let bytes = ramp($size);
            let mut c = Cursor::new(&bytes);
            let value = $ty::unpack(&mut c).unwrap();
            assert!(c.is_empty(), "{}", stringify!($ty));
            assert_eq!(($ty::MIN_SIZE, value.packed_size()), ($size, $size), "{}", stringify!($ty));
            $(
                assert!(value.$field.stands_in(&bytes[$at..]), "{}.{}", stringify!($ty), stringify!($field));
                record($id, "fields_stand_where_the_document_has_them");
            )*
        })*
    };
}

#[test]
fn fields_stand_where_the_document_has_them() {
    fields! {
        AuxPerfRequestid of 4 { session_id at 0: "MS-OXCRPC_R94", request_id at 2: "MS-OXCRPC_R95", }
        AuxPerfSessioninfo of 20 { session_id at 0: "MS-OXCRPC_R96", session_guid at 4: "MS-OXCRPC_R101", }
        AuxPerfSessioninfoV2 of 24 {
            session_id at 0: "MS-OXCRPC_R102", session_guid at 4: "MS-OXCRPC_R107", connection_id at 20: "MS-OXCRPC_R108",
        }
        AuxPerfDefmdbSuccess of 12 {
            time_since_request at 0: "MS-OXCRPC_R174", time_to_complete_request at 4: "MS-OXCRPC_R175",
            request_id at 8: "MS-OXCRPC_R176",
        }
        AuxPerfDefgcSuccess of 16 {
            server_id at 0: "MS-OXCRPC_R181", session_id at 2: "MS-OXCRPC_R182",
            time_since_request at 4: "MS-OXCRPC_R183", time_to_complete_request at 8: "MS-OXCRPC_R184",
            request_operation at 12: "MS-OXCRPC_R185", reserved at 13: "MS-OXCRPC_R186",
        }
        AuxPerfMdbSuccess of 16 {
            client_id at 0: "MS-OXCRPC_R190", server_id at 2: "MS-OXCRPC_R191", session_id at 4: "MS-OXCRPC_R192",
            request_id at 6: "MS-OXCRPC_R193", time_since_request at 8: "MS-OXCRPC_R194",
            time_to_complete_request at 12: "MS-OXCRPC_R195",
        }
        AuxPerfMdbSuccessV2 of 20 {
            process_id at 0: "MS-OXCRPC_R196", client_id at 2: "MS-OXCRPC_R197", server_id at 4: "MS-OXCRPC_R198",
            session_id at 6: "MS-OXCRPC_R199", request_id at 8: "MS-OXCRPC_R200",
            time_since_request at 12: "MS-OXCRPC_R204", time_to_complete_request at 16: "MS-OXCRPC_R205",
        }
        AuxPerfGcSuccess of 20 {
            client_id at 0: "MS-OXCRPC_R206", server_id at 2: "MS-OXCRPC_R207", session_id at 4: "MS-OXCRPC_R208",
            time_since_request at 8: "MS-OXCRPC_R213", time_to_complete_request at 12: "MS-OXCRPC_R214",
            request_operation at 16: "MS-OXCRPC_R215", reserved_2 at 17: "MS-OXCRPC_R216",
        }
        AuxPerfGcSuccessV2 of 20 {
            process_id at 0: "MS-OXCRPC_R220", client_id at 2: "MS-OXCRPC_R221", server_id at 4: "MS-OXCRPC_R222",
            session_id at 6: "MS-OXCRPC_R223", time_since_request at 8: "MS-OXCRPC_R224",
            time_to_complete_request at 12: "MS-OXCRPC_R225", request_operation at 16: "MS-OXCRPC_R226",
        }
        AuxPerfFailure of 24 {
            client_id at 0: "MS-OXCRPC_R231", server_id at 2: "MS-OXCRPC_R232", session_id at 4: "MS-OXCRPC_R233",
            request_id at 6: "MS-OXCRPC_R234", time_since_request at 8: "MS-OXCRPC_R235",
            time_to_fail_request at 12: "MS-OXCRPC_R236", result_code at 16: "MS-OXCRPC_R237",
            request_operation at 20: "MS-OXCRPC_R238", reserved at 21: "MS-OXCRPC_R239",
        }
        AuxPerfFailureV2 of 28 {
            process_id at 0: "MS-OXCRPC_R243", client_id at 2: "MS-OXCRPC_R244", server_id at 4: "MS-OXCRPC_R245",
            session_id at 6: "MS-OXCRPC_R246", request_id at 8: "MS-OXCRPC_R247",
            time_since_request at 12: "MS-OXCRPC_R252", time_to_fail_request at 16: "MS-OXCRPC_R253",
            result_code at 20: "MS-OXCRPC_R254", request_operation at 24: "MS-OXCRPC_R256",
        }
        AuxClientControl of 8 { enable_flags at 0: "MS-OXCRPC_R1842", expiry_time at 4: "MS-OXCRPC_R1843", }
        AuxOsversioninfo of 156 {
            major_version at 4: "MS-OXCRPC_R273", minor_version at 8: "MS-OXCRPC_R274",
            build_number at 12: "MS-OXCRPC_R275", reserved1 at 16: "MS-OXCRPC_R4819",
            service_pack_major at 148: "MS-OXCRPC_R278", service_pack_minor at 150: "MS-OXCRPC_R279",
        }
        AuxExorginfo of 4 { org_flags at 0: "MS-OXCRPC_R282", }
        AuxPerfAccountinfo of 20 { client_id at 0: "MS-OXCRPC_R285", account at 4: "MS-OXCRPC_R291", }
        AuxServerCapabilities of 4 { server_capability_flags at 0: "MS-OXCRPC_R291002", }
        AuxEndpointCapabilities of 4 { endpoint_capability_flag at 0: "MS-OXCRPC_R4826", }
    }
}

/// Bytes that a closure writes.
fn written(write: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    write(&mut e).unwrap();
    e.finish().to_vec()
}

/// A payload behind its AUX_HEADER.
fn block(version: u8, kind: u8, payload: &[u8]) -> Vec<u8> {
    written(|e| {
        e.count_u16(payload.len() + 4)?;
        e.u8(version)?;
        e.u8(kind)?;
        e.bytes(payload)
    })
}

fn decoded(bytes: &[u8]) -> AuxiliaryBlock<'_> {
    let mut c = Cursor::new(bytes);
    let block = AuxiliaryBlock::unpack(&mut c).unwrap();
    assert!(c.is_empty());
    block
}

fn packed(block: &AuxiliaryBlock<'_>) -> Vec<u8> {
    written(|e| block.pack(e))
}

#[test]
fn version_and_type_say_which_structure_follows() {
    use AuxiliaryBlockPayload as P;
    // type, size, variant for version 1, its statement; the same for version 2
    type Row = (u8, usize, fn(&P<'_>) -> bool, &'static str);
    let rows: [(u8, Row); 36] = [
        (1, (0x01, 4, |p| matches!(p, P::RequestId(_)), "R56")),
        (1, (0x02, 28, |p| matches!(p, P::ClientInfo(_)), "R57")),
        (1, (0x03, 8, |p| matches!(p, P::ServerInfo(_)), "R58")),
        (1, (0x04, 20, |p| matches!(p, P::SessionInfo(_)), "R59")),
        (1, (0x05, 12, |p| matches!(p, P::DefMdbSuccess { .. }), "R60")),
        (1, (0x06, 16, |p| matches!(p, P::DefGcSuccess { .. }), "R61")),
        (1, (0x07, 16, |p| matches!(p, P::MdbSuccess { .. }), "R62")),
        (1, (0x08, 20, |p| matches!(p, P::GcSuccess { .. }), "R63")),
        (1, (0x09, 24, |p| matches!(p, P::Failure { .. }), "R64")),
        (1, (0x0A, 8, |p| matches!(p, P::ClientControl(_)), "R65")),
        (1, (0x0B, 24, |p| matches!(p, P::ProcessInfo { .. }), "R66")),
        (1, (0x0C, 12, |p| matches!(p, P::DefMdbSuccess { .. }), "R67")),
        (1, (0x0D, 16, |p| matches!(p, P::DefGcSuccess { .. }), "R68")),
        (1, (0x0E, 16, |p| matches!(p, P::MdbSuccess { .. }), "R69")),
        (1, (0x0F, 20, |p| matches!(p, P::GcSuccess { .. }), "R70")),
        (1, (0x10, 24, |p| matches!(p, P::Failure { .. }), "R71")),
        (1, (0x11, 12, |p| matches!(p, P::DefMdbSuccess { .. }), "R72")),
        (1, (0x12, 16, |p| matches!(p, P::DefGcSuccess { .. }), "R73")),
        (1, (0x13, 16, |p| matches!(p, P::MdbSuccess { .. }), "R74")),
        (1, (0x14, 20, |p| matches!(p, P::GcSuccess { .. }), "R75")),
        (1, (0x15, 24, |p| matches!(p, P::Failure { .. }), "R76")),
        (1, (0x16, 156, |p| matches!(p, P::OsVersionInfo(_)), "R77")),
        (1, (0x17, 4, |p| matches!(p, P::ExOrgInfo(_)), "R78")),
        (1, (0x18, 20, |p| matches!(p, P::AccountInfo(_)), "R1350")),
        (1, (0x46, 4, |p| matches!(p, P::ServerCapabilities(_)), "R1350001")),
        (1, (0x48, 4, |p| matches!(p, P::EndpointCapabilities(_)), "R1518")),
        (1, (0x4A, 28, |p| matches!(p, P::ClientConnectionInfo(_)), "R1519")),
        (1, (0x4B, 2, |p| matches!(p, P::ServerSessionInfo(_)), "R1520")),
        (1, (0x4E, 10, |p| matches!(p, P::ProtocolDeviceIdentification(_)), "R1851")),
        (2, (0x04, 24, |p| matches!(p, P::SessionInfoV2(_)), "R80")),
        (2, (0x07, 20, |p| matches!(p, P::MdbSuccessV2 { .. }), "R81")),
        (2, (0x08, 20, |p| matches!(p, P::GcSuccessV2 { .. }), "R82")),
        (2, (0x09, 28, |p| matches!(p, P::FailureV2 { .. }), "R83")),
        (2, (0x0B, 24, |p| matches!(p, P::ProcessInfo { .. }), "R84")),
        (2, (0x0E, 20, |p| matches!(p, P::MdbSuccessV2 { .. }), "R85")),
        (2, (0x15, 28, |p| matches!(p, P::FailureV2 { .. }), "R90")),
    ];
    for (version, (kind, size, is, id)) in rows {
        // All offsets are 0 in a block of zeros.
        let bytes = block(version, kind, &vec![0; size]);
        let decoded = decoded(&bytes);
        assert!(is(&decoded.payload), "{version} {kind:#x}: {decoded:?}");
        if kind != 0x16 {
            assert_eq!(packed(&decoded), bytes, "{version} {kind:#x}");
        }
        record(&format!("MS-OXCRPC_{id}"), "version_and_type_say_which_structure_follows");
    }
    for (kind, is, id) in [(0x0F_u8, 20, "R86"), (0x10, 28, "R87"), (0x13, 20, "R88"), (0x14, 20, "R89")] {
        let bytes = block(2, kind, &vec![0; is]);
        assert!(!matches!(decoded(&bytes).payload, P::Unknown { .. }), "{kind:#x}");
        record(&format!("MS-OXCRPC_{id}"), "version_and_type_say_which_structure_follows");
    }
    for id in ["MS-OXCRPC_R49", "MS-OXCRPC_R50", "MS-OXCRPC_R51", "MS-OXCRPC_R53", "MS-OXCRPC_R55", "MS-OXCRPC_R1599"] {
        record(id, "version_and_type_say_which_structure_follows");
    }
}

#[test]
fn the_size_counts_header_and_payload_and_skips_what_is_unknown() {
    for (version, kind) in [(1, 0x49), (3, 0x01), (2, 0x02)] {
        let bytes = [block(version, kind, b"any"), block(1, 0x17, &[1, 0, 0, 0])].concat();
        let buffer = AuxiliaryBuffer::unpack(&mut Cursor::new(&bytes)).unwrap();
        let [unknown, known] = &buffer.blocks[..] else { panic!("{buffer:?}") };
        assert!(matches!(&unknown.payload, AuxiliaryBlockPayload::Unknown { data, .. } if data[..] == *b"any"));
        assert!(matches!(&known.payload, AuxiliaryBlockPayload::ExOrgInfo(info) if info.org_flags.0 == 1));
        assert_eq!(number(&packed(unknown)[..2]), 7);
        assert_eq!(written(|e| buffer.pack(e)), bytes);
    }
    for id in ["MS-OXCRPC_R47", "MS-OXCRPC_R48", "MS-OXCRPC_R52", "MS-OXCRPC_R1601", "MS-OXCRPC_R1602"] {
        record(id, "the_size_counts_header_and_payload_and_skips_what_is_unknown");
    }
}

/// AUX_PERF_CLIENTINFO with its texts in an order of their own.
fn client_info(order: [usize; 6], gap: usize) -> Vec<u8> {
    let texts = ["50 00 43 00 00 00", "61 00 00 00", "C0 00 02 07", "FF FF FF 00", "4C 00 00 00", "02 00 00 00 00 01"];
    let (mut offsets, mut behind) = ([0_u16; 6], Vec::new());
    for which in order {
        behind.extend(vec![0xEE; gap]);
        offsets[which] = 32 + u16::try_from(behind.len()).unwrap();
        behind.extend(hex(texts[which]));
    }
    let [machine, user, ip, mask, adapter, mac] = offsets;
    let payload = written(|e| {
        e.u32(1_000_000)?;
        [1, machine, user, 4, ip, 4, mask, adapter, 6, mac, 2, 0].into_iter().try_for_each(|short| e.u16(short))?;
        e.bytes(&behind)
    });
    block(1, 0x02, &payload)
}

#[test]
fn texts_are_found_by_their_offsets_from_the_header() {
    let in_order = client_info([0, 1, 2, 3, 4, 5], 0);
    for (order, gap) in [([0, 1, 2, 3, 4, 5], 0), ([5, 2, 4, 3, 1, 0], 0), ([1, 0, 3, 5, 2, 4], 2)] {
        let bytes = client_info(order, gap);
        let found = decoded(&bytes);
        let AuxiliaryBlockPayload::ClientInfo(info) = &found.payload else { panic!("{found:?}") };
        assert_eq!((info.adapter_speed, info.client_id), (1_000_000, 1));
        assert_eq!(info.machine_name, Some(Utf16::from("PC")));
        assert_eq!(info.user_name, Some(Utf16::from("a")));
        assert_eq!(info.client_ip.as_deref(), Some(&[192, 0, 2, 7][..]));
        assert_eq!(info.client_ip_mask.as_deref(), Some(&[255, 255, 255, 0][..]));
        assert_eq!(info.adapter_name, Some(Utf16::from("L")));
        assert_eq!(info.mac_address.as_deref(), Some(&[2, 0, 0, 0, 0, 1][..]));
        assert_eq!(info.client_mode, ClientMode::CLIENTMODE_CACHED);
        // Written in the order of the document, and from then on the same.
        assert_eq!(packed(&found), in_order);
        assert_eq!(decoded(&in_order), found);
    }
    for id in [
        109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 125, 126, 129, 133, 134, 135, 136,
        137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147,
    ] {
        record(&format!("MS-OXCRPC_R{id}"), "texts_are_found_by_their_offsets_from_the_header");
    }
}

#[test]
fn an_offset_of_zero_is_nothing() {
    let bytes = block(1, 0x02, &[0; 28]);
    let found = decoded(&bytes);
    let AuxiliaryBlockPayload::ClientInfo(info) = &found.payload else { panic!("{found:?}") };
    assert_eq!((&info.machine_name, &info.user_name, &info.adapter_name), (&None, &None, &None));
    assert_eq!((&info.client_ip, &info.client_ip_mask, &info.mac_address), (&None, &None, &None));
    for id in ["R1351", "R1352", "R1353", "R1354", "R1355", "R1356"] {
        record(&format!("MS-OXCRPC_{id}"), "an_offset_of_zero_is_nothing");
    }
    // A size beside it says nothing, and is not written again.
    let mut odd = bytes.clone();
    odd[14] = 4;
    assert_eq!(packed(&decoded(&odd)), bytes);
    for (kind, size, ids) in [
        (0x03, 8, &["R1357", "R1358"][..]),
        (0x0B, 24, &["R1359"]),
        (0x4A, 28, &["R1528"]),
        (0x4B, 2, &["R1536"]),
        (0x4E, 10, &["R1854", "R1856", "R1858", "R1860", "R1862"]),
    ] {
        let bytes = block(1, kind, &vec![0; size]);
        assert_eq!(packed(&decoded(&bytes)), bytes);
        ids.iter().for_each(|id| record(&format!("MS-OXCRPC_{id}"), "an_offset_of_zero_is_nothing"));
    }
}

#[test]
fn offsets_to_the_same_bytes_do_not_make_a_block_larger() {
    // Two names in the bytes of one: as many bytes as there are.
    let shared = block(1, 0x03, &hex("00 00 00 00 | 0C 00 | 0C 00 | 61 00 00 00 | 00 00 00 00"));
    let found = decoded(&shared);
    assert_eq!(packed(&found).len(), shared.len());
    assert_eq!(decoded(&packed(&found)), found);
    // Without room for both, the second is refused.
    let aliased = block(1, 0x03, &hex("00 00 00 00 | 0C 00 | 0C 00 | 61 00 00 00"));
    let error = AuxiliaryBlock::unpack(&mut Cursor::new(&aliased)).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TooLarge { found: 4, limit: 0 });
    assert_eq!(error.path(), "Block.ServerName");
    // An offset must lead behind the fields, and not out of the block.
    for outside in ["08 00", "0B 00", "11 00", "FF FF"] {
        let bytes = block(1, 0x03, &hex(&format!("00 00 00 00 | {outside} | 00 00 | 61 00 00 00")));
        let next = [&bytes[..], &block(1, 0x17, &[1, 0, 0, 0])].concat();
        let error = AuxiliaryBuffer::unpack(&mut Cursor::new(&next)).unwrap_err();
        assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{outside}: {error}");
        assert_eq!(error.path(), "Blocks[0].Block.ServerDN");
    }
}

#[test]
fn what_a_server_says_of_itself_has_its_bits_and_sizes() {
    const TEST: &str = "what_a_server_says_of_itself_has_its_bits_and_sizes";
    let bits = [
        (ServerCapabilityFlags::PACKED_FAST_TRANSFER_UPLOAD_BUFFERS.0, 1, "R291004"),
        (ServerCapabilityFlags::PACKED_WRITE_STREAM_UPLOAD_BUFFERS.0, 2, "R291007"),
        (EndpointCapabilityFlags::ENDPOINT_CAPABILITIES_SINGLE_ENDPOINT.0, 1, "R1521"),
        (OrgFlags::PUBLIC_FOLDERS_ENABLED.0, 1, "R284"),
    ];
    for (bit, value, id) in bits {
        assert_eq!(bit, value, "{id}");
        record(&format!("MS-OXCRPC_{id}"), TEST);
    }
    // Another size than that of the structure is not written.
    let mut bytes = block(1, 0x16, &[0; 156]);
    bytes[4] = 7;
    let system = decoded(&bytes);
    assert!(matches!(system.payload, AuxiliaryBlockPayload::OsVersionInfo(_)), "{system:?}");
    assert_eq!(number(&packed(&system)[4..8]), 156);
    record("MS-OXCRPC_R272", TEST);
    for (gap, text) in [("", "s1"), ("EE EE", "s2")] {
        let at = 6 + gap.split_whitespace().count();
        let text_bytes = format!("73 00 3{} 00 00 00", &text[1..]);
        let bytes = block(1, 0x4B, &hex(&format!("{at:02X} 00 {gap} {text_bytes}")));
        let found = decoded(&bytes);
        let AuxiliaryBlockPayload::ServerSessionInfo(info) = &found.payload else { panic!("{found:?}") };
        assert_eq!(info.server_session_context_info, Some(Utf16::from(text)));
    }
    // Without its terminator it is none.
    let cut = block(1, 0x4B, &hex("06 00 73 00 31 00"));
    assert!(AuxiliaryBlock::unpack(&mut Cursor::new(&cut)).is_err());
    for id in ["R1535", "R1539", "R1540"] {
        record(&format!("MS-OXCRPC_{id}"), TEST);
    }
}
