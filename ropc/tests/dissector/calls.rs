//! Calls of RPC: what the post-dissector shows of the data that Wireshark has put together.

use ropc::driver::load_crate;

use crate::compare::same;
use crate::decode::capture::decode;
use crate::decode::rpc::Interfaces;
use crate::decode::tree::{Decoded, Node};
use crate::pdml::bodies;
use crate::support::{Tshark, program, root};

/// What Wireshark knows itself: it leaves no data.
const KNOWN: &str = "EcDoDisconnect request";

/// The data of calls in a tree of a PDU.
fn stub(node: &Node) -> Option<&Node> {
    if node.name == "stub_data" && node.payload.is_some() {
        return Some(node).filter(|node| node.note.as_deref() != Some(KNOWN));
    }
    node.children.iter().find_map(stub)
}

#[test]
fn calls_are_shown_as_they_decode_down_to_the_operations() {
    let Some(tshark) = Tshark::find() else { return };
    let file = std::fs::read(root().join("docs/rpc.pcap")).unwrap();
    let compiled = load_crate(&root().join("idl")).unwrap().check().compiled;
    let decoded = decode(program(), Interfaces(&compiled.ndr), &file).unwrap();
    let calls: Vec<Decoded> = decoded
        .iter()
        .filter_map(|pdu| stub(&pdu.root))
        .map(|stub| Decoded { root: stub.clone(), fault: None })
        .collect();
    assert_eq!(calls.len(), 6);
    for arguments in [&["-T", "pdml"][..], &["-2", "-T", "pdml"]] {
        let shown = bodies(&tshark.run(&file, arguments));
        same(&shown, &calls);
        let has = |index: usize, label: &str| shown[index].all().iter().any(|item| item.label.ends_with(label));
        assert!(has(0, "szUserDN: \"/o=Example/cn=Recipients/cn=alice\""));
        assert!(has(1, "Type: 0x17 AUX_TYPE_EXORGINFO"));
        assert!(
            has(2, "RopId: 0x12 RopSetColumns")
                && has(3, "[0] PidTagMid: PtypInteger64 4972255463593738241 (0x4501000000000001)")
        );
        assert!(has(5, "pulFlagsOut: 0x00000001 NotificationPending"));
    }
    let filtered = tshark.run(&file, &["-Y", "mapi.rop == \"RopQueryRows\"", "-T", "fields", "-e", "frame.number"]);
    assert_eq!(filtered.split_whitespace().count(), 2, "{filtered}");
}
