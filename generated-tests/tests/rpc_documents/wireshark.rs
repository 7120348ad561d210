//! Wireshark's own dissectors of NSPI, RFR, the endpoint mapper and management find the same values, and nothing left, in the calls that
//! they know. Where it has older names, `ulReserved` is dwAlignPad and a STAT is MAPI_SETTINGS.

use protocol::dcerpc::{
    RpcBindAckBody, RpcBindBody, RpcContextElement, RpcContextResult, RpcDataRepresentation,
    RpcFloatingPointRepresentation, RpcPdu, RpcPduBody, RpcPfcFlags, RpcResult, RpcSyntaxId,
};
use protocol::{epmapper, mgmt, nspi, rfr};
use runtime::ndr::TransferSyntax;
use runtime::{Blob, Encoder, Guid};

use crate::address_book::bytes;
use crate::address_book::calls::{GUID, HANDLE, NONE, PLACE, TAGS, row_text, rows_text};
use crate::peers;

/// EMSMDB 81.0 over TCP, port 6001 of 10.0.0.1, in NDR 2.0: the room, the length, five floors.
const TOWER: &str = "4B 00 00 00  4B 00 00 00  05 00
    13 00 0D 00 DB F1 A4 47 CA 67 10 B3 1F 00 DD 01 06 62 DA 51 00  02 00 00 00
    13 00 0D 04 5D 88 8A EB 1C C9 11 9F E8 08 00 2B 10 48 60 02 00  02 00 00 00
    01 00 0B  02 00 00 00  01 00 07  02 00 17 71  01 00 09  04 00 0A 00 00 01";

/// What Wireshark is asked for.
const FIELDS: [&str; 26] = [
    "nspi.handle",
    "nspi.MAPI_SETTINGS.handle",
    "nspi.MAPI_SETTINGS.codepage",
    "nspi.NspiBind.mapiuid",
    "nspi.NspiQueryRows.lRows",
    "nspi.NspiQueryRows.instance_key",
    "nspi.SPropTagArray.aulPropTag",
    "nspi.SRowSet.cRows",
    "nspi.SRow.cValues",
    "nspi.SPropValue.ulPropTag",
    "nspi.SPropValue_CTR.l",
    "nspi.NAME_STRING.str",
    "nspi.instance_key.value",
    "nspi.MAPISTATUS_status",
    "rfr.RfrGetNewDSA.pUserDN",
    "rfr.RfrGetNewDSA.ppszServer",
    "rfr.RfrGetFQDNFromLegacyDN.cbMailboxServerDN",
    "rfr.RfrGetFQDNFromLegacyDN.szMailboxServerDN",
    "rfr.RfrGetFQDNFromLegacyDN.ppszServerFQDN",
    "epm.if_id",
    "epm.uuid",
    "epm.proto.tcp_port",
    "epm.proto.ip",
    "epm.max_ents",
    "epm.max_towers",
    "mgmt.princ_name",
];

type Shown = &'static [(&'static str, &'static str)];

/// A call, and what is to be shown of request and response.
struct Call {
    interface: (Guid, (u16, u16)),
    opnum: u16,
    messages: [String; 2],
    shown: [Shown; 2],
}

const TAG_LIST: &str = "805371935,956301315";
const STATE: [(&str, &str); 2] = [("nspi.MAPI_SETTINGS.handle", "3"), ("nspi.MAPI_SETTINGS.codepage", "1252")];
const SESSION: (&str, &str) = ("nspi.handle", "0000000001020304 05060708090a0b0c0d0e0f10");

fn calls() -> Vec<Call> {
    let book = (nspi::UUID, nspi::VERSION);
    let row: Shown =
        &[("nspi.SRow.cValues", "2"), ("nspi.SPropValue.ulPropTag", TAG_LIST), ("nspi.SPropValue_CTR.l", "6")];
    let call = |interface, opnum, request: String, response: String, shown| Call {
        interface,
        opnum,
        messages: [request, response],
        shown,
    };
    let referral = (rfr::UUID, rfr::VERSION);
    let mapper = (epmapper::UUID, epmapper::VERSION);
    vec![
        call(
            book,
            0,
            format!("20 00 00 00  {PLACE}  P {GUID}"),
            format!("P {GUID}  {HANDLE}  00 00 00 00"),
            [
                &[("nspi.NspiBind.mapiuid", "14131211-1615-1817-191a-1b1c1d1e1f20"), STATE[0], STATE[1]],
                &[
                    ("nspi.NspiBind.mapiuid", "14131211-1615-1817-191a-1b1c1d1e1f20"),
                    SESSION,
                    ("nspi.MAPISTATUS_status", "0x00000000"),
                ],
            ],
        ),
        call(
            book,
            1,
            format!("{HANDLE}  00 00 00 00"),
            format!("{NONE}  01 00 00 00"),
            [&[SESSION], &[("nspi.MAPISTATUS_status", "0x00000001")]],
        ),
        call(
            book,
            3,
            format!(
                "{HANDLE}  02 00 00 00  {PLACE}  02 00 00 00  P 02 00 00 00  10 00 00 00  11 00 00 00  0A 00 00 00  P {TAGS}"
            ),
            format!("{PLACE}  P {}  00 00 00 00", rows_text()),
            [
                &[
                    SESSION,
                    STATE[0],
                    ("nspi.NspiQueryRows.lRows", "2"),
                    ("nspi.NspiQueryRows.instance_key", "16,17"),
                    ("nspi.SPropTagArray.aulPropTag", TAG_LIST),
                ],
                row,
            ],
        ),
        call(
            book,
            7,
            format!("{HANDLE}  00 00 00 00  02 00 00 00  02 00 00 00  P P  S\"alice\"  S\"bob\""),
            format!("P {TAGS}  00 00 00 00"),
            [&[("nspi.NAME_STRING.str", "alice,bob")], &[("nspi.instance_key.value", TAG_LIST)]],
        ),
        call(
            book,
            9,
            format!("{HANDLE}  02 00 00 00  {PLACE}  P {TAGS}"),
            format!("P {}  80 03 04 00", row_text()),
            [&[SESSION, STATE[1], ("nspi.SPropTagArray.aulPropTag", TAG_LIST)], row],
        ),
        call(
            book,
            12,
            format!("{HANDLE}  04 00 00 00  {PLACE}  07 00 00 00"),
            format!("08 00 00 00  P {}  00 00 00 00", rows_text()),
            [&[SESSION, STATE[0], STATE[1]], row],
        ),
        call(
            referral,
            0,
            "00 00 00 00  S\"/o=x/cn=alice\"  P 00 00 00 00  P P S\"\"".to_owned(),
            "00 00 00 00  P P S\"nspi.example.com\"  00 00 00 00".to_owned(),
            [&[("rfr.RfrGetNewDSA.pUserDN", "/o=x/cn=alice")], &[("rfr.RfrGetNewDSA.ppszServer", "nspi.example.com")]],
        ),
        call(
            referral,
            1,
            "00 00 00 00  0C 00 00 00  S\"/o=x/cn=srv\"".to_owned(),
            "P S\"srv.example.com\"  00 00 00 00".to_owned(),
            [
                &[
                    ("rfr.RfrGetFQDNFromLegacyDN.cbMailboxServerDN", "12"),
                    ("rfr.RfrGetFQDNFromLegacyDN.szMailboxServerDN", "/o=x/cn=srv"),
                ],
                &[("rfr.RfrGetFQDNFromLegacyDN.ppszServerFQDN", "srv.example.com")],
            ],
        ),
        // Wireshark 4.0 leaves the towers of responses where their pointers are: these have none.
        call(
            mapper,
            2,
            format!(
                "01 00 00 00  00 00 00 00  P 00 DB F1 A4 47 CA 67 10 B3 1F 00 DD 01 06 62 DA 51 00 00 00  03 00 00 00  {NONE}  05 00 00 00"
            ),
            format!("{NONE}  00 00 00 00  05 00 00 00  00 00 00 00  00 00 00 00  D6 A0 C9 16"),
            [&[("epm.if_id", "a4f1db00-ca47-1067-b31f-00dd010662da"), ("epm.max_ents", "5")], &[]],
        ),
        call(
            mapper,
            3,
            format!("00 00 00 00  P {TOWER} 00  {NONE}  04 00 00 00"),
            format!("{NONE}  00 00 00 00  04 00 00 00  00 00 00 00  00 00 00 00  D6 A0 C9 16"),
            [
                &[
                    ("epm.uuid", "a4f1db00-ca47-1067-b31f-00dd010662da,8a885d04-1ceb-11c9-9fe8-08002b104860"),
                    ("epm.proto.tcp_port", "6001"),
                    ("epm.proto.ip", "10.0.0.1"),
                    ("epm.max_towers", "4"),
                ],
                &[],
            ],
        ),
        call(
            (mgmt::UUID, mgmt::VERSION),
            4,
            "0A 00 00 00  10 00 00 00".to_owned(),
            "10 00 00 00  00 00 00 00  06 00 00 00  61 6C 69 63 65 00 00 00  00 00 00 00".to_owned(),
            [&[], &[("mgmt.princ_name", "alice")]],
        ),
    ]
}

fn pdu(body: RpcPduBody<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    let pdu = RpcPdu {
        rpc_vers_minor: 0,
        pfc_flags: RpcPfcFlags(0x03),
        drep: RpcDataRepresentation(0x10),
        drep_float: RpcFloatingPointRepresentation::FLOAT_IEEE,
        drep_reserved: [0; 2],
        call_id: 1,
        body,
        auth_verifier: None,
    };
    pdu.pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// Bind, its answer, request and response.
fn conversation(call: &Call) -> [Vec<u8>; 4] {
    let syntax = RpcSyntaxId { if_uuid: TransferSyntax::Ndr.uuid(), if_version: 2 };
    let (if_uuid, (major, minor)) = call.interface;
    let element = RpcContextElement {
        p_cont_id: 0,
        abstract_syntax: RpcSyntaxId { if_uuid, if_version: u32::from(minor) << 16 | u32::from(major) },
        transfer_syntaxes: vec![syntax],
    };
    let bind = RpcBindBody {
        max_xmit_frag: 5840,
        max_recv_frag: 5840,
        assoc_group_id: 0,
        p_cont_elem: vec![element],
        auth_padding: Blob::default(),
    };
    let ack = RpcBindAckBody {
        max_xmit_frag: 5840,
        max_recv_frag: 5840,
        assoc_group_id: 1,
        port_spec: Blob::Borrowed(b"6001\0"),
        p_results: vec![RpcResult { result: RpcContextResult::RESULT_ACCEPTANCE, reason: 0, transfer_syntax: syntax }],
        auth_padding: Blob::default(),
    };
    let [request, response] = call.messages.each_ref().map(|text| bytes(text));
    let request = RpcPduBody::Request {
        alloc_hint: request.len() as u32,
        p_cont_id: 0,
        opnum: call.opnum,
        object: None,
        stub_data: request.into(),
    };
    let response = RpcPduBody::Response {
        alloc_hint: response.len() as u32,
        p_cont_id: 0,
        cancel_count: 0,
        stub_data: response.into(),
    };
    [pdu(RpcPduBody::Bind(bind)), pdu(RpcPduBody::BindAck(ack)), pdu(request), pdu(response)]
}

#[test]
fn wireshark_finds_the_same_values_in_calls() {
    let calls = calls();
    let mut fields = vec!["_ws.malformed", "_ws.expert.message", "_ws.col.Protocol"];
    fields.extend(FIELDS);
    let conversations: Vec<_> = calls.iter().map(conversation).collect();
    let Some(found) = peers::tshark(&peers::conversations(&conversations), &fields) else { return };
    assert_eq!(found.len(), 4 * calls.len());
    for (call, found) in calls.iter().zip(found.chunks(4)) {
        for (shown, found) in call.shown.iter().zip(&found[2..]) {
            assert_eq!(found[..2], ["", ""], "{} {found:?}", call.opnum);
            assert_ne!(found[2], "DCERPC", "{} {found:?}", call.opnum);
            for (field, value) in *shown {
                let at = fields.iter().position(|known| known == field).unwrap();
                assert_eq!(found[at].replace(':', ""), value.replace([':', ' '], ""), "{field} of {}", call.opnum);
            }
        }
    }
}
