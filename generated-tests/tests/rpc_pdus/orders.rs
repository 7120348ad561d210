//! The byte order is that of the label, and sizes follow from what they measure.

use protocol::dcerpc::{
    RpcAuthVerifier, RpcAuthnLevel, RpcAuthnService, RpcBindBody, RpcBindTimeFeatureSyntax, RpcContextElement,
    RpcDataRepresentation, RpcFloatingPointRepresentation, RpcPdu, RpcPduBody, RpcPdus, RpcPfcFlags, RpcSyntaxId,
    RpcVerificationTrailer,
};
use runtime::{Blob, Cursor, Encoder, Guid};

const EMSMDB: Guid = Guid::new(0xA4F1_DB00, 0xCA47, 0x1067, [0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA]);

fn pdu(big_endian: bool, body: RpcPduBody<'static>) -> RpcPdu<'static> {
    RpcPdu {
        rpc_vers_minor: 0,
        pfc_flags: RpcPfcFlags(0x03),
        drep: RpcDataRepresentation(if big_endian { 0x00 } else { 0x10 }),
        drep_float: RpcFloatingPointRepresentation::FLOAT_IEEE,
        drep_reserved: [0; 2],
        call_id: 0x0102_0304,
        body,
        auth_verifier: None,
    }
}

fn bind() -> RpcPduBody<'static> {
    let element = RpcContextElement {
        p_cont_id: 1,
        abstract_syntax: RpcSyntaxId { if_uuid: EMSMDB, if_version: 0x0051_0000 },
        transfer_syntaxes: Vec::new(),
    };
    RpcPduBody::Bind(RpcBindBody {
        max_xmit_frag: 0x16D0,
        max_recv_frag: 0x16D0,
        assoc_group_id: 0x0A0B_0C0D,
        p_cont_elem: vec![element],
        auth_padding: Blob::Borrowed(&[]),
    })
}

fn request(data: &'static [u8]) -> RpcPduBody<'static> {
    RpcPduBody::Request { alloc_hint: 0, p_cont_id: 0, opnum: 0x000B, object: None, stub_data: Blob::Borrowed(data) }
}

fn packed(pdu: &RpcPdu<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    pdu.pack(&mut e).unwrap();
    assert!(!e.is_big_endian());
    assert_eq!(e.len(), pdu.packed_size());
    e.as_slice().to_vec()
}

fn unpacked(bytes: &[u8]) -> RpcPdu<'_> {
    let mut c = Cursor::new(bytes);
    let pdu = RpcPdu::unpack(&mut c).unwrap();
    assert!(!c.is_big_endian());
    c.finish().unwrap();
    pdu
}

#[test]
fn integers_and_guids_are_in_the_order_of_the_label() {
    let (little, big) = (packed(&pdu(false, bind())), packed(&pdu(true, bind())));
    assert_eq!(little[8..10], [little.len() as u8, 0]);
    assert_eq!(big[8..10], [0, big.len() as u8]);
    assert_eq!(little[12..16], [4, 3, 2, 1]);
    assert_eq!(big[12..16], [1, 2, 3, 4]);
    // The interface: its first three fields turn, the others do not.
    assert_eq!(little[32..42], [0x00, 0xDB, 0xF1, 0xA4, 0x47, 0xCA, 0x67, 0x10, 0xB3, 0x1F]);
    assert_eq!(big[32..42], [0xA4, 0xF1, 0xDB, 0x00, 0xCA, 0x47, 0x10, 0x67, 0xB3, 0x1F]);
    assert_eq!(big[48..52], [0x00, 0x51, 0x00, 0x00]);
    for bytes in [&little, &big] {
        assert_eq!(unpacked(bytes).body, bind());
    }
}

#[test]
fn each_pdu_of_a_connection_says_its_own_order() {
    let bytes = [packed(&pdu(true, request(&[1, 2]))), packed(&pdu(false, request(&[3])))].concat();
    let mut c = Cursor::new(&bytes);
    let all = RpcPdus::unpack(&mut c).unwrap();
    let opnums: Vec<_> = all.pdus.iter().map(|pdu| matches!(pdu.body, RpcPduBody::Request { opnum: 11, .. })).collect();
    assert_eq!(opnums, [true, true]);
    let mut e = Encoder::new();
    all.pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), bytes);
}

#[test]
fn auth_length_counts_the_token_alone() {
    let verifier = |token: &'static [u8]| RpcAuthVerifier {
        auth_type: RpcAuthnService::RPC_C_AUTHN_WINNT,
        auth_level: RpcAuthnLevel::RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
        auth_pad_length: 4,
        auth_context_id: 0x0102_0304,
        auth_value: Blob::Borrowed(token),
    };
    let mut secured = pdu(true, request(&[0; 16]));
    secured.auth_verifier = Some(verifier(&[0xAA, 0xBB, 0xCC]));
    let bytes = packed(&secured);
    assert_eq!(bytes[8..12], [0, 16 + 8 + 16 + 8 + 3, 0, 3]);
    assert_eq!(bytes[44..48], [1, 2, 3, 4]);
    assert_eq!(unpacked(&bytes), secured);
    // A length of 0 says that there is nothing, so an empty token cannot be sent.
    secured.auth_verifier = Some(verifier(&[]));
    assert!(secured.pack(&mut Encoder::new()).is_err());
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let bytes = packed(&pdu(false, request(&[1, 2, 3, 4])));
    let with = |at: usize, value: u16| {
        let mut bytes = bytes.clone();
        let [high, low] = value.to_be_bytes();
        bytes[at..at + 2].copy_from_slice(&[low, high]);
        RpcPdu::unpack(&mut Cursor::new(&bytes)).is_ok()
    };
    assert!(with(8, bytes.len() as u16));
    for length in [0, 15, 16, 23, bytes.len() as u16 + 1, u16::MAX] {
        assert!(!with(8, length), "frag_length {length}");
    }
    for length in [1, 5, 12, u16::MAX] {
        assert!(!with(10, length), "auth_length {length}");
    }
}

#[test]
fn padding_behind_a_port_is_written_and_not_looked_at() {
    let port = [0x35, 0x39, 0x33, 0x00];
    let bytes = [
        &[5, 0, 12, 3, 0x10, 0, 0, 0, 36, 0, 0, 0, 1, 0, 0, 0][..],
        &[0, 16, 0, 16, 1, 0, 0, 0, 4, 0],
        &port,
        // Two bytes that may be anything, and no results.
        &[0xEE, 0xEE, 0, 0, 0, 0],
    ]
    .concat();
    let pdu = unpacked(&bytes);
    let RpcPduBody::BindAck(ack) = &pdu.body else { panic!("{pdu:?}") };
    assert_eq!(*ack.port_spec, port);
    let again = packed(&pdu);
    assert_eq!(again[30..32], [0, 0]);
    assert_eq!(again[..30], bytes[..30]);
}

#[test]
fn the_verification_trailer_is_little_endian_behind_any_data() {
    let bytes = [0x8A, 0xE3, 0x13, 0x71, 0x02, 0xF4, 0x36, 0x71, 0x01, 0x40, 0x04, 0x00, 0x01, 0x00, 0x00, 0x00];
    let trailer = RpcVerificationTrailer::unpack(&mut Cursor::new(&bytes)).unwrap();
    assert!(trailer.commands[0].command.sec_vt_command_end());
    assert_eq!(trailer.packed_size(), 16);
}

#[test]
fn features_stand_in_the_second_half_of_a_uuid() {
    let uuid = Guid::new(0x6CB7_1C2C, 0x9812, 0x4540, [3, 0, 0, 0, 0, 0, 0, 0]);
    let mut e = Encoder::new();
    RpcSyntaxId { if_uuid: uuid, if_version: 1 }.pack(&mut e).unwrap();
    let features = RpcBindTimeFeatureSyntax::unpack(&mut Cursor::new(e.as_slice())).unwrap();
    assert_eq!(features.bitmask.0, 3);
}
