//! Calls of RPC: names, what is missing, and input that is hostile.

use std::sync::OnceLock;

use ropc::ast::SourceId;
use ropc::driver::load_crate;
use ropc::ndr::model::Interface;
use runtime::ndr::Representation;

use crate::decode::input::hex;
use crate::decode::pdus;
use crate::decode::rops::Decoder;
use crate::decode::rpc::{Call, Interfaces, Named};
use crate::decode::tree::{Node, Value};
use crate::support::{nodes, program, root, ropc, text};

const REPRESENTATIONS: [Representation; 3] =
    [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];

fn interfaces() -> Interfaces<'static> {
    static ALL: OnceLock<Vec<(SourceId, String, Interface)>> = OnceLock::new();
    Interfaces(ALL.get_or_init(|| load_crate(&root().join("idl")).unwrap().check().compiled.ndr))
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.next() % 200;
        // Small numbers are counts, discriminants and pointers that lead somewhere.
        (0..length)
            .map(|_| if self.next().is_multiple_of(3) { self.next() as u8 } else { self.next() as u8 & 3 })
            .collect()
    }
}

#[test]
fn any_bytes_are_a_value_or_a_mistake() {
    let mut noise = Noise(7);
    let (mut right, mut wrong) = (0, 0);
    for (_, _, interface) in interfaces().0 {
        for operation in interface.operations.iter().filter(|operation| !operation.left_out) {
            for representation in REPRESENTATIONS.into_iter().cycle().take(90) {
                let call = Call { interface, operation, representation };
                let mut decoder = Decoder::new(program());
                let (request, asked) = decoder.rpc_request(call, &noise.bytes());
                let response = decoder.rpc_response(call, &noise.bytes(), Some(asked));
                for decoded in [request, response] {
                    *if decoded.fault.is_none() { &mut right } else { &mut wrong } += 1;
                    let all = nodes(&decoded.root);
                    assert!(all.len() < 10_000);
                }
            }
        }
    }
    assert!(right > 50 && wrong > 1_000, "{right} and {wrong}");
}

#[test]
fn changed_connections_are_read_as_far_as_they_go() {
    let capture = std::fs::read(root().join("docs/rpc.pcap")).unwrap();
    // Both sides as one: what belongs to which does not matter here.
    let mut noise = Noise(9);
    for _ in 0..300 {
        let mut bytes = capture[64..].to_vec();
        for _ in 0..4 {
            let at = noise.next() as usize % bytes.len();
            bytes[at] = noise.next() as u8;
        }
        let mut decoder = Decoder::new(program());
        let from = noise.next() as usize % 60;
        let read = pdus::decode(&mut decoder, interfaces(), &bytes[from..], &bytes);
        assert!(read.iter().map(|read| read.size).sum::<usize>() <= 2 * bytes.len());
    }
}

#[test]
fn names_that_are_not_there_are_answered_with_those_that_are() {
    assert!(matches!(interfaces().find("rfr.RfrGetNewDSA"), Ok((_, Named::Operation(_)))));
    assert!(matches!(interfaces().find("RfrGetNewDSA"), Ok((_, Named::Operation(_)))));
    assert!(matches!(interfaces().find("nspi.PropertyValue_r"), Ok((_, Named::Type(_)))));
    let error = interfaces().find("rfr.RfrGetNew").unwrap_err();
    assert!(error.contains("RfrGetNewDSA, RfrGetFQDNFromServerDN"), "{error}");
    assert!(interfaces().find("rf.X").unwrap_err().contains("asyncemsmdb"));
    for (arguments, expected) in [
        (&["rfr.RfrGetNewDSA", "00"][..], "say `in`"),
        (&["nspi.PropertyValue_r", "in", "00"], "neither `in` nor `out`"),
        (&["rfr.RfrGetNewDSA", "to", "00"], "expected `in` or `out`"),
        (&["rfr.RfrGetNewDSA", "in", "00", "--syntax", "ndr64", "--big-endian"], "little-endian always"),
    ] {
        let output = ropc(&[&["decode", "rpc"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_response_is_read_without_its_request_where_it_can_be() {
    let (interface, named) =
        interfaces().find("rpcecho.echo_EchoData").or_else(|_| interfaces().find("EchoData")).unwrap();
    let Named::Operation(operation) = named else { panic!("{named:?}") };
    let call = Call { interface, operation, representation: Representation::NDR };
    let mut decoder = Decoder::new(program());
    let data = hex("03000000 01020300").unwrap();
    let alone = decoder.rpc_response(call, &data, None);
    assert_eq!(alone.fault, None);
    // With a request of another length they contradict each other.
    let (_, asked) = decoder.rpc_request(call, &hex("04000000 04000000 01020304").unwrap());
    assert!(decoder.rpc_response(call, &data, Some(asked)).fault.is_some());
}

/// Nodes never lie outside of the buffer that they stand in.
fn within(node: &Node, size: usize) {
    let inner = node.payload.as_ref().map_or(size, Vec::len);
    assert!(node.offset + node.size <= size, "{} at {} of {size}", node.name, node.offset);
    node.children.iter().for_each(|child| within(child, inner));
}

#[test]
fn an_encrypted_call_stays_bytes() {
    let pdu = "05 00 00 03 10 00 00 00 34 00 04 00 01 00 00 00  00 00 00 00 00 00 0B 00  DE AD BE EF DE AD BE EF DE AD BE EF DE AD BE EF  0A 06 00 00 00 00 00 00 01 02 03 04";
    let mut decoder = Decoder::new(program());
    let read = pdus::decode(&mut decoder, interfaces(), &hex(pdu).unwrap(), &[]);
    let decoded = &read[0].decoded;
    assert_eq!(decoded.fault, None);
    within(&decoded.root, 52);
    let data = nodes(&decoded.root).into_iter().find(|node| node.name == "stub_data").unwrap();
    assert_eq!(data.value, Some(Value::Opaque("encrypted".to_owned())));
}
