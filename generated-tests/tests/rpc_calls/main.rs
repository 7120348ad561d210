//! Connections of RPC with EMSMDB on them: captures made with generated code, and what `ropc decode` shows of them.
//!
//! docs/rpc.pcap is one of these captures; `UPDATE_EXPECT=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod capture;
mod channels;
mod conversation;

use std::path::PathBuf;
use std::process::Command;

use capture::{Direction, pcap};
use conversation::{Form, conversation};
use generated_tests::described::root;
use runtime::ndr::Representation;

/// What `ropc` prints with these arguments, and whether it was content.
fn ropc(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--locked", "--package", "ropc", "--"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (output.status.success(), text)
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("rpc-calls-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What has to be shown of any of the conversations, in this order.
const SHOWN: &[&str] = &[
    "client Bind",
    "server BindAck",
    "client Request",
    "stub_data EcDoConnectEx request",
    "szUserDN: \"/o=Example/cn=Recipients/cn=alice\"",
    "Type: 0x17 AUX_TYPE_EXORGINFO",
    "server Response",
    "stub_data EcDoConnectEx response",
    "*szDisplayName: \"Alice\"",
    "return value: 0x00000000 ecNone",
    "stub_data EcDoRpcExt2 request",
    "RopId: 0x12 RopSetColumns",
    "0x674A0014 PidTagMid",
    "RopId: 0x15 RopQueryRows",
    "stub_data EcDoRpcExt2 response",
    "[0] PidTagMid: PtypInteger64",
    "client AlterContext",
    "server AlterContextResp",
    "stub_data EcDoAsyncWaitEx request",
    "stub_data EcDoAsyncWaitEx response",
    "pulFlagsOut: 0x00000001 NotificationPending",
    "stub_data EcDoDisconnect request",
    "server Fault",
    "status: 469827586 (0x1C010002)",
];

fn shows(text: &str, what: &[&str]) {
    let mut from = 0;
    for wanted in what {
        match text[from..].find(wanted) {
            Some(at) => from += at + wanted.len(),
            None => panic!("{wanted} is not in\n{text}"),
        }
    }
}

#[test]
fn a_capture_is_read_down_to_the_operations_in_every_form() {
    let representations = [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];
    for (index, representation) in representations.into_iter().enumerate() {
        for (fragment, trailer, signed) in [(5840, false, false), (64, true, false), (5840, true, true)] {
            let form = Form { representation, fragment, trailer, signed };
            let path = file(&format!("{index}-{fragment}-{signed}.pcap"), &pcap(&conversation(form)));
            let (fine, text) = ropc(&["decode", "capture", path.to_str().unwrap()]);
            std::fs::remove_file(path).unwrap();
            assert!(fine, "{form:?}: {text}");
            shows(&text, SHOWN);
            assert_eq!(text.contains("Signature: 8157976066352472970"), trailer, "{form:?}");
            assert_eq!(text.contains("goes on in the next fragment"), fragment < 5840, "{form:?}");
        }
    }
}

#[test]
fn both_sides_of_a_connection_are_read_as_a_capture_is() {
    let form = Form { representation: Representation::NDR, fragment: 5840, trailer: true, signed: false };
    let packets = conversation(form);
    let side = |direction| -> Vec<u8> {
        packets.iter().filter(|(way, _)| *way == direction).flat_map(|(_, bytes)| bytes.clone()).collect()
    };
    // As RPC over HTTP has it: a head before the PDUs.
    let head = b"RPC_IN_DATA /rpc/rpcproxy.dll?exchange:6001 HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n";
    let client = file("client", &[head.as_slice(), &side(Direction::ToServer)].concat());
    let server = file("server", &side(Direction::ToClient));
    let arguments = ["decode", "pdus", "--client", client.to_str().unwrap(), "--server", server.to_str().unwrap()];
    let (fine, text) = ropc(&arguments);
    assert!(fine, "{text}");
    shows(&text, SHOWN);
    let (fine, text) = ropc(&arguments[..4]);
    assert!(fine, "{text}");
    shows(&text, &["client Bind", "stub_data EcDoRpcExt2 request", "RopId: 0x12 RopSetColumns"]);
    for path in [client, server] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_is_wrong_in_a_call_is_said_with_its_place() {
    let form = Form { representation: Representation::NDR, fragment: 5840, trailer: false, signed: false };
    let mut packets = conversation(form);
    let request = packets.iter_mut().filter(|(way, _)| *way == Direction::ToServer).nth(2).unwrap();
    // The count of rgbIn, behind the handle and the flags.
    request.1[24 + 24] ^= 1;
    let path = file("wrong.pcap", &pcap(&packets));
    let (fine, text) = ropc(&["decode", "capture", path.to_str().unwrap()]);
    std::fs::remove_file(path).unwrap();
    assert!(!fine);
    assert!(text.contains("error: RpcPdu.stub_data.EcDoRpcExt2.rgbIn"), "{text}");
}

#[test]
fn the_capture_of_the_documentation_is_one_of_these() {
    let form = Form { representation: Representation::NDR, fragment: 5840, trailer: false, signed: false };
    let bytes = pcap(&conversation(form));
    let path = root().join("docs/rpc.pcap");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(std::fs::read(path).unwrap() == bytes, "UPDATE_EXPECT=1 writes it");
}
