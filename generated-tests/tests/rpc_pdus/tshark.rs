//! Wireshark finds the same fields in PDUs of both byte orders.

use std::io::Write as _;
use std::process::Command;

use generated_tests::Choices;
use generated_tests::oracles::Noise;
use protocol::dcerpc::{
    RpcBindAckBody, RpcBindBody, RpcDataRepresentation, RpcFloatingPointRepresentation, RpcPdu, RpcPduBody,
    RpcRejectReason,
};
use runtime::Encoder;

use crate::dcerpc;

const COUNT: usize = 300;

const FIELDS: [&str; 22] = [
    "dcerpc.pkt_type",
    "dcerpc.cn_call_id",
    "dcerpc.cn_frag_len",
    "dcerpc.cn_auth_len",
    "dcerpc.cn_flags",
    "dcerpc.cn_max_xmit",
    "dcerpc.cn_max_recv",
    "dcerpc.cn_assoc_group",
    "dcerpc.cn_num_ctx_items",
    "dcerpc.cn_bind_to_uuid",
    "dcerpc.cn_bind_if_ver",
    "dcerpc.cn_sec_addr_len",
    "dcerpc.cn_num_results",
    "dcerpc.cn_ack_trans_id",
    "dcerpc.cn_alloc_hint",
    "dcerpc.cn_cancel_count",
    "dcerpc.cn_status",
    "dcerpc.cn_reject_reason",
    "dcerpc.cn_num_protocols",
    "dcerpc.auth_type",
    "dcerpc.auth_level",
    "dcerpc.auth_ctx_id",
];

/// A capture of IP packets: each PDU on a connection of its own.
fn capture(pdus: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xA1B2_C3D4_u32, 0x0002_0004, 0, 0, 0x0004_0000, 101].map(u32::to_be_bytes).concat();
    for (index, pdu) in pdus.iter().enumerate() {
        let port = 50_000 + index as u16;
        let length = 40 + pdu.len() as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2]);
        packet.extend(port.to_be_bytes());
        packet.extend(49_152_u16.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0]);
        packet.extend(pdu);
        let size = packet.len() as u32;
        file.extend([index as u32, 0, size, size].map(u32::to_be_bytes).concat());
        file.extend(packet);
    }
    file
}

fn joined<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(",")
}

/// What Wireshark is to say of a PDU, in the order of the fields.
fn expected(pdu: &RpcPdu<'_>, bytes: &[u8]) -> Vec<String> {
    let mut row = vec![String::new(); FIELDS.len()];
    let mut set = |name: &str, value: String| {
        row[FIELDS.iter().position(|field| *field == name).unwrap()] = value;
    };
    set("dcerpc.pkt_type", bytes[2].to_string());
    set("dcerpc.cn_call_id", pdu.call_id.to_string());
    set("dcerpc.cn_frag_len", bytes.len().to_string());
    set("dcerpc.cn_flags", format!("0x{:02x}", pdu.pfc_flags.0));
    let bind = |body: &RpcBindBody<'_>, set: &mut dyn FnMut(&str, String)| {
        set("dcerpc.cn_max_xmit", body.max_xmit_frag.to_string());
        set("dcerpc.cn_max_recv", body.max_recv_frag.to_string());
        set("dcerpc.cn_assoc_group", format!("0x{:08x}", body.assoc_group_id));
        set("dcerpc.cn_num_ctx_items", body.p_cont_elem.len().to_string());
        set("dcerpc.cn_bind_to_uuid", joined(&body.p_cont_elem, |e| e.abstract_syntax.if_uuid.to_string()));
        set(
            "dcerpc.cn_bind_if_ver",
            joined(&body.p_cont_elem, |e| (e.abstract_syntax.if_version & 0xFFFF).to_string()),
        );
    };
    let ack = |body: &RpcBindAckBody<'_>, set: &mut dyn FnMut(&str, String)| {
        set("dcerpc.cn_max_xmit", body.max_xmit_frag.to_string());
        set("dcerpc.cn_max_recv", body.max_recv_frag.to_string());
        set("dcerpc.cn_assoc_group", format!("0x{:08x}", body.assoc_group_id));
        set("dcerpc.cn_sec_addr_len", body.port_spec.len().to_string());
        set("dcerpc.cn_num_results", body.p_results.len().to_string());
        set("dcerpc.cn_ack_trans_id", joined(&body.p_results, |r| r.transfer_syntax.if_uuid.to_string()));
    };
    match &pdu.body {
        RpcPduBody::Request { alloc_hint, .. } => set("dcerpc.cn_alloc_hint", alloc_hint.to_string()),
        RpcPduBody::Response { alloc_hint, cancel_count, .. } => {
            set("dcerpc.cn_alloc_hint", alloc_hint.to_string());
            set("dcerpc.cn_cancel_count", cancel_count.to_string());
        }
        RpcPduBody::Fault { alloc_hint, cancel_count, status, .. } => {
            set("dcerpc.cn_alloc_hint", alloc_hint.to_string());
            set("dcerpc.cn_cancel_count", cancel_count.to_string());
            set("dcerpc.cn_status", format!("0x{status:08x}"));
        }
        RpcPduBody::Bind(body) | RpcPduBody::AlterContext(body) => bind(body, &mut set),
        RpcPduBody::BindAck(body) | RpcPduBody::AlterContextResp(body) => ack(body, &mut set),
        RpcPduBody::BindNak { provider_reject_reason, p_protocols, .. } => {
            set("dcerpc.cn_reject_reason", provider_reject_reason.0.to_string());
            // It knows them for this reason alone.
            if *provider_reject_reason == RpcRejectReason::PROTOCOL_VERSION_NOT_SUPPORTED {
                set("dcerpc.cn_num_protocols", p_protocols.len().to_string());
            }
        }
        _ => {}
    }
    let length = pdu.auth_verifier.as_ref().map_or(0, |verifier| verifier.auth_value.len());
    set("dcerpc.cn_auth_len", length.to_string());
    if let Some(verifier) = &pdu.auth_verifier {
        set("dcerpc.auth_type", verifier.auth_type.0.to_string());
        set("dcerpc.auth_level", verifier.auth_level.0.to_string());
        set("dcerpc.auth_ctx_id", verifier.auth_context_id.to_string());
    }
    row
}

/// PDUs that Wireshark takes for such: versions, labels and types that there are.
fn pdus() -> Vec<RpcPdu<'static>> {
    let mut noise = Noise::new(0x7544);
    let mut found = Vec::new();
    while found.len() < COUNT {
        let mut g = Choices::new((0..600).map(|_| noise.number() as u32).collect());
        let mut pdu = dcerpc::rpc_pdu_value(&mut g);
        pdu.rpc_vers_minor = 0;
        pdu.drep = RpcDataRepresentation(if found.len() % 2 == 0 { 0x10 } else { 0 });
        pdu.drep_float = RpcFloatingPointRepresentation::FLOAT_IEEE;
        pdu.drep_reserved = [0; 2];
        // First and last fragment, nothing else: others wait for more.
        pdu.pfc_flags.0 = pdu.pfc_flags.0 & 0x80 | 0x03;
        if let Some(verifier) = &mut pdu.auth_verifier {
            // What it does not know it does not show.
            verifier.auth_type.0 = 0x44;
            verifier.auth_pad_length = 0;
        }
        let shown = match &mut pdu.body {
            // No authentication belongs to it.
            RpcPduBody::BindNak { .. } => pdu.auth_verifier.is_none(),
            RpcPduBody::Other { .. } | RpcPduBody::Shutdown | RpcPduBody::Orphaned | RpcPduBody::CoCancel => false,
            RpcPduBody::Auth3(pad) => {
                *pad = runtime::Blob::Owned(vec![0; 4]);
                true
            }
            RpcPduBody::Bind(body) | RpcPduBody::AlterContext(body) => !body.p_cont_elem.is_empty(),
            RpcPduBody::BindAck(body) | RpcPduBody::AlterContextResp(body) => {
                body.port_spec = crate::port(body.port_spec.len());
                true
            }
            _ => true,
        };
        if shown {
            found.push(pdu);
        }
    }
    found
}

#[test]
fn tshark_finds_the_same_fields() {
    if Command::new("tshark").arg("--version").output().is_err() {
        let required = std::env::var("ROPC_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "tshark is missing (apt-get install tshark)");
        std::io::stderr().write_all(b"SKIPPED: tshark is missing (apt-get install tshark)\n").unwrap();
        return;
    }
    let pdus = pdus();
    let bytes: Vec<Vec<u8>> = pdus
        .iter()
        .map(|pdu| {
            let mut e = Encoder::new();
            pdu.pack(&mut e).unwrap();
            e.as_slice().to_vec()
        })
        .collect();
    let directory = std::env::temp_dir().join(format!("rpc-pdus-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("a.pcap");
    std::fs::write(&file, capture(&bytes)).unwrap();
    let mut command = Command::new("tshark");
    command.env("HOME", &directory).env("LC_ALL", "C.UTF-8").arg("-r").arg(&file).args(["-T", "fields"]);
    command.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), COUNT, "{}", String::from_utf8_lossy(&output.stderr));
    let mut problems = Vec::new();
    for ((pdu, bytes), line) in pdus.iter().zip(&bytes).zip(text.lines()) {
        let found: Vec<&str> = line.split('\t').collect();
        for ((field, expected), found) in FIELDS.iter().zip(expected(pdu, bytes)).zip(found) {
            if expected != found {
                problems.push(format!("{field}: {found} instead of {expected} in {pdu:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} of them: {:.3000}", problems.len(), problems.join("\n"));
}
