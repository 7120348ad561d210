//! A session of EMSMDB: bind, EcDoConnectEx, EcDoRpcExt2, another interface, EcDoAsyncWaitEx, and a call that fails.

use generated_tests::vectors::hex;
use protocol::asyncemsmdb::{AsyncWaitFlags, EcDoAsyncWaitExRequest, EcDoAsyncWaitExResponse};
use protocol::dcerpc::{
    RpcAuthVerifier, RpcAuthnLevel, RpcAuthnService, RpcBindAckBody, RpcBindBody, RpcContextElement, RpcContextResult,
    RpcDataRepresentation, RpcFloatingPointRepresentation, RpcPdu, RpcPduBody, RpcPfcFlags, RpcResult, RpcSecVtCommand,
    RpcSecVtCommandType, RpcSecVtCommandValue, RpcSyntaxId, RpcVerificationTrailer,
};
use protocol::emsmdb::{
    EcDoConnectExRequest, EcDoConnectExResponse, EcDoDisconnectRequest, EcDoRpcExt2Request, EcDoRpcExt2Response,
};
use protocol::oxcrpc::{
    AuxExorginfo, AuxiliaryBlock, AuxiliaryBlockPayload, AuxiliaryBuffer, ExtendedAuxiliaryBuffer,
    ExtendedBufferOfAuxiliaryBuffer, ExtendedBufferOfRopInputBuffer, ExtendedBufferOfRopOutputBuffer, OrgFlags,
    RopInputBuffers, RopOutputBuffers, RpcHeaderFlags,
};
use protocol::{asyncemsmdb, emsmdb};
use runtime::ndr::{ContextHandle, Representation};
use runtime::{Blob, Encoder, Guid};

use crate::capture::Direction;

const NDR: Guid = Guid::new(0x8A88_5D04, 0x1CEB, 0x11C9, [0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60]);
const NDR64: Guid = Guid::new(0x7171_0533, 0xBEBA, 0x4937, [0x83, 0x19, 0xB5, 0xDB, 0xEF, 0x9C, 0xCC, 0x36]);
/// The operation number is out of range (C706, appendix E).
const NCA_S_OP_RNG_ERROR: u32 = 0x1C01_0002;

/// How the conversation is written.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Transfer syntax and byte order.
    pub representation: Representation,
    /// The most data of a fragment.
    pub fragment: usize,
    /// Requests have a verification trailer.
    pub trailer: bool,
    /// PDUs have an authentication that encrypts nothing.
    pub signed: bool,
}

type Packets = Vec<(Direction, Vec<u8>)>;

fn packed(form: Form, flags: u8, call_id: u32, body: RpcPduBody<'_>) -> Vec<u8> {
    let verifier = form.signed.then_some(RpcAuthVerifier {
        auth_type: RpcAuthnService::RPC_C_AUTHN_WINNT,
        auth_level: RpcAuthnLevel::RPC_C_AUTHN_LEVEL_PKT_INTEGRITY,
        auth_pad_length: 0,
        auth_context_id: 1,
        auth_value: Blob::Borrowed(&[0x5A; 16]),
    });
    let big = form.representation.is_big_endian();
    let pdu = RpcPdu {
        rpc_vers_minor: 0,
        pfc_flags: RpcPfcFlags(flags),
        drep: RpcDataRepresentation(if big { 0x00 } else { 0x10 }),
        drep_float: RpcFloatingPointRepresentation::FLOAT_IEEE,
        drep_reserved: [0; 2],
        call_id,
        body,
        auth_verifier: verifier,
    };
    let mut e = Encoder::new();
    pdu.pack(&mut e).unwrap();
    e.as_slice().to_vec()
}

fn syntax(form: Form) -> RpcSyntaxId {
    match form.representation.is_ndr64() {
        true => RpcSyntaxId { if_uuid: NDR64, if_version: 1 },
        false => RpcSyntaxId { if_uuid: NDR, if_version: 2 },
    }
}

fn contexts(form: Form, id: u16, if_uuid: Guid, version: (u16, u16)) -> RpcBindBody<'static> {
    let if_version = u32::from(version.1) << 16 | u32::from(version.0);
    let element = RpcContextElement {
        p_cont_id: id,
        abstract_syntax: RpcSyntaxId { if_uuid, if_version },
        transfer_syntaxes: vec![syntax(form)],
    };
    RpcBindBody {
        max_xmit_frag: 5840,
        max_recv_frag: 5840,
        assoc_group_id: 0,
        p_cont_elem: vec![element],
        auth_padding: Blob::default(),
    }
}

fn accepted(form: Form, port: &'static [u8]) -> RpcBindAckBody<'static> {
    RpcBindAckBody {
        max_xmit_frag: 5840,
        max_recv_frag: 5840,
        assoc_group_id: 0x5A,
        port_spec: Blob::Borrowed(port),
        p_results: vec![RpcResult {
            result: RpcContextResult::RESULT_ACCEPTANCE,
            reason: 0,
            transfer_syntax: syntax(form),
        }],
        auth_padding: Blob::default(),
    }
}

/// Data in fragments: first and last one marked, each with what is left.
fn fragments(form: Form, data: &[u8], body: impl Fn(u32, Vec<u8>) -> RpcPduBody<'static>, call: u32) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut left = data;
    let mut flags = 0x01;
    loop {
        let (now, rest) = left.split_at(left.len().min(form.fragment));
        flags |= if rest.is_empty() { 0x02 } else { 0 };
        let mut now = now.to_vec();
        let padding = if form.signed { now.len().next_multiple_of(16) - now.len() } else { 0 };
        now.resize(now.len() + padding, 0xBB);
        let mut pdu = packed(form, flags, call, body(left.len() as u32, now));
        if form.signed {
            // auth_pad_length, third byte of the verifier, which is 8 bytes with 16 of the token behind.
            let at = pdu.len() - 22;
            pdu[at] = padding as u8;
        }
        all.push(pdu);
        if rest.is_empty() {
            return all;
        }
        (left, flags) = (rest, 0);
    }
}

fn request(form: Form, packets: &mut Packets, call: u32, context: u16, opnum: u16, mut data: Vec<u8>) {
    if form.trailer {
        data.resize(data.len().next_multiple_of(4), 0);
        let command = RpcSecVtCommandType(0).with_sec_vt_command_end(true);
        let commands = vec![RpcSecVtCommand { command, value: RpcSecVtCommandValue::Bitmask1(1) }];
        let mut e = Encoder::new();
        RpcVerificationTrailer { commands }.pack(&mut e).unwrap();
        data.extend(e.as_slice());
    }
    let body = |alloc_hint, data: Vec<u8>| RpcPduBody::Request {
        alloc_hint,
        p_cont_id: context,
        opnum,
        object: None,
        stub_data: Blob::Owned(data),
    };
    packets.extend(fragments(form, &data, body, call).into_iter().map(|pdu| (Direction::ToServer, pdu)));
}

fn response(form: Form, packets: &mut Packets, call: u32, context: u16, data: Vec<u8>) {
    let body = |alloc_hint, data: Vec<u8>| RpcPduBody::Response {
        alloc_hint,
        p_cont_id: context,
        cancel_count: 0,
        stub_data: Blob::Owned(data),
    };
    packets.extend(fragments(form, &data, body, call).into_iter().map(|pdu| (Direction::ToClient, pdu)));
}

fn auxiliary() -> ExtendedAuxiliaryBuffer<'static> {
    let payload = AuxiliaryBlockPayload::ExOrgInfo(AuxExorginfo { org_flags: OrgFlags(1) });
    let payload = AuxiliaryBuffer { blocks: vec![AuxiliaryBlock { payload }] };
    let flags = RpcHeaderFlags::LAST | RpcHeaderFlags::XOR_MAGIC;
    ExtendedAuxiliaryBuffer { buffer: ExtendedBufferOfAuxiliaryBuffer { flags, payload } }
}

/// RopSetColumns of PidTagMid, RopQueryRows of one row.
const ASKS: &str = "13 00  12 00 00 00 01 00 14 00 4A 67  15 00 00 00 01 01 00  07 00 00 00";
/// Their replies.
const ANSWERS: &str =
    "1B 00  12 00 00 00 00 00 00  15 00 00 00 00 00 02 01 00  00 01 00 00 00 00 00 01 45  07 00 00 00";

/// The PDUs in their order.
pub fn conversation(form: Form) -> Packets {
    let session = ContextHandle { attributes: 0, uuid: Guid([7; 16]) };
    let waiting = ContextHandle { attributes: 0, uuid: Guid([8; 16]) };
    let order = form.representation;
    let mut all = Packets::new();
    let bind = contexts(form, 0, emsmdb::UUID, emsmdb::VERSION);
    all.push((Direction::ToServer, packed(form, 0x03, 1, RpcPduBody::Bind(bind))));
    all.push((Direction::ToClient, packed(form, 0x03, 1, RpcPduBody::BindAck(accepted(form, b"6001\0")))));

    let connect = EcDoConnectExRequest {
        sz_user_dn: "/o=Example/cn=Recipients/cn=alice".into(),
        ul_flags: 0,
        ul_con_mod: 0x1234_5678,
        cb_limit: 0,
        ul_cpid: 1252,
        ul_lcid_string: 0x0409,
        ul_lcid_sort: 0x0409,
        ul_icxr_link: u32::MAX,
        us_f_can_convert_code_pages: 1,
        rgw_client_version: [16, 0, 1],
        pul_time_stamp: 0,
        rgb_aux_in: EcDoConnectExRequest::pack_rgb_aux_in(&auxiliary()).unwrap(),
        pcb_aux_out: 0x1008,
    };
    request(form, &mut all, 2, 0, EcDoConnectExRequest::OPNUM, connect.encode(order).unwrap());
    let connected = EcDoConnectExResponse {
        pcxh: session,
        pcms_polls_max: 60_000,
        pc_retry: 6,
        pcms_retry_delay: 10_000,
        picxr: 1,
        sz_dn_prefix: Some("".into()),
        sz_display_name: Some("Alice".into()),
        rgw_server_version: [15, 0, 1],
        rgw_best_version: [16, 0, 1],
        pul_time_stamp: 7,
        rgb_aux_out: EcDoConnectExResponse::pack_rgb_aux_out(&auxiliary()).unwrap(),
        return_value: 0,
    };
    response(form, &mut all, 2, 0, connected.encode(order).unwrap());

    let (asks, answers) = (hex(ASKS), hex(ANSWERS));
    let flags = RpcHeaderFlags::LAST | RpcHeaderFlags::XOR_MAGIC;
    let payloads = vec![ExtendedBufferOfRopInputBuffer { flags, payload: Blob::Borrowed(&asks) }];
    let execute = EcDoRpcExt2Request {
        pcxh: session,
        pul_flags: 0,
        rgb_in: EcDoRpcExt2Request::pack_rgb_in(&RopInputBuffers { payloads }).unwrap(),
        pcb_out: 0x8000,
        rgb_aux_in: Blob::default(),
        pcb_aux_out: 0x1008,
    };
    request(form, &mut all, 3, 0, EcDoRpcExt2Request::OPNUM, execute.encode(order).unwrap());
    let flags = RpcHeaderFlags::LAST | RpcHeaderFlags::COMPRESSED;
    let payloads = vec![ExtendedBufferOfRopOutputBuffer { flags, payload: Blob::Borrowed(&answers) }];
    let executed = EcDoRpcExt2Response {
        pcxh: session,
        pul_flags: 0,
        rgb_out: EcDoRpcExt2Response::pack_rgb_out(&RopOutputBuffers { payloads }).unwrap(),
        rgb_aux_out: Blob::default(),
        pul_trans_time: 1,
        return_value: 0,
    };
    response(form, &mut all, 3, 0, executed.encode(order).unwrap());

    let alter = contexts(form, 1, asyncemsmdb::UUID, asyncemsmdb::VERSION);
    all.push((Direction::ToServer, packed(form, 0x03, 4, RpcPduBody::AlterContext(alter))));
    let altered = accepted(form, b"");
    all.push((Direction::ToClient, packed(form, 0x03, 4, RpcPduBody::AlterContextResp(altered))));
    let wait = EcDoAsyncWaitExRequest { acxh: waiting, ul_flags_in: 0 };
    request(form, &mut all, 5, 1, EcDoAsyncWaitExRequest::OPNUM, wait.encode(order).unwrap());
    let waited = EcDoAsyncWaitExResponse { pul_flags_out: AsyncWaitFlags::NOTIFICATION_PENDING, return_value: 0 };
    response(form, &mut all, 5, 1, waited.encode(order).unwrap());

    let disconnect = EcDoDisconnectRequest { pcxh: session };
    request(form, &mut all, 6, 0, EcDoDisconnectRequest::OPNUM, disconnect.encode(order).unwrap());
    let fault = RpcPduBody::Fault {
        alloc_hint: 0x20,
        p_cont_id: 0,
        cancel_count: 0,
        flags: 0,
        status: NCA_S_OP_RNG_ERROR,
        stub_data: Blob::default(),
    };
    all.push((Direction::ToClient, packed(form, 0x03, 6, fault)));
    all
}
