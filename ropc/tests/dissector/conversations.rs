//! Conversations: the captured one, and sessions side by side.

use runtime::codec::rpc_header_ext::Flags;

use crate::compare::same;
use crate::decode::capture::decode;
use crate::decode::rops::Decoder;
use crate::decode::script::mapi_http;
use crate::decode::tree::Decoded;
use crate::exchanges::{buffer, capture, captured, execute, executed, request, response};
use crate::pdml::bodies;
use crate::support::{Tshark, program};
use crate::traffic::{ipv4, pcap, segments_of};

fn expected() -> Vec<Decoded> {
    let mut decoder = Decoder::new(program());
    let exchanges = captured();
    exchanges.iter().flat_map(|(key, q, r)| mapi_http(&mut decoder, key, Some(q), Some(r)).unwrap()).collect()
}

#[test]
fn the_captured_conversation_is_shown_as_it_decodes() {
    let Some(tshark) = Tshark::find() else { return };
    for chunked in [false, true] {
        let messages = captured().into_iter();
        let messages = messages.map(|(key, q, r)| (request(&key, "one", &q), response("", &r, chunked)));
        let file = capture(messages.collect());
        same(&bodies(&tshark.run(&file, &["-T", "pdml"])), &expected());
        // The second time packets are read again with what is known by then.
        same(&bodies(&tshark.run(&file, &["-2", "-T", "pdml"])), &expected());
    }
}

/// RopSetColumns for the handle in the first slot, and RopQueryRows.
fn set_columns(tag: &[u8; 4]) -> Vec<u8> {
    [&[0x12, 0, 0, 0, 1, 0], tag.as_slice()].concat()
}
const COLUMNS_SET: [u8; 7] = [0x12, 0, 0, 0, 0, 0, 0];
const QUERY_ROWS: [u8; 7] = [0x15, 0, 0, 0, 1, 1, 0];
const RELEASE: [u8; 3] = [1, 0, 0];

/// A row of one value.
fn rows(value: &[u8]) -> Vec<u8> {
    [&[0x15, 0, 0, 0, 0, 0, 2, 1, 0, 0], value].concat()
}

#[test]
fn rows_are_read_by_the_columns_of_their_session_at_their_time() {
    let Some(tshark) = Tshark::find() else { return };
    let plain = Flags::empty();
    let exchange = |session: &str, asks: &[u8], answers: &[u8], handle: u32| {
        let (asks, answers) =
            (execute(&buffer(asks, &[handle]), plain), executed(&buffer(answers, &[handle]), plain, false));
        (request("Execute", session, &asks), response("Execute", &answers, false))
    };
    let subject = rows(&[b'A', 0, 0, 0]);
    let number = rows(&[7, 0, 0, 0, 0, 0, 0, 0]);
    let messages = vec![
        exchange("one", &set_columns(&[0x1F, 0, 0x37, 0]), &COLUMNS_SET, 5),
        exchange("two", &set_columns(&[0x14, 0, 0x4A, 0x67]), &COLUMNS_SET, 5),
        exchange("one", &QUERY_ROWS, &subject, 5),
        exchange("two", &QUERY_ROWS, &number, 5),
        // Other columns for the same table, in the batch that asks for rows.
        exchange(
            "one",
            &[set_columns(&[0x14, 0, 0x4A, 0x67]), QUERY_ROWS.to_vec()].concat(),
            &[&COLUMNS_SET[..], &number].concat(),
            5,
        ),
        // No table is known by this handle, and after its release none by the other.
        exchange("one", &QUERY_ROWS, &number, 6),
        exchange("one", &RELEASE, &[], 5),
        exchange("one", &QUERY_ROWS, &number, 5),
    ];
    let file = capture(messages);
    let decoded = decode(program(), &file).unwrap();
    assert!(decoded.iter().all(|decoded| decoded.fault.is_none()));
    for arguments in [&["-T", "pdml"][..], &["-2", "-T", "pdml"]] {
        let shown = bodies(&tshark.run(&file, arguments));
        same(&shown, &decoded);
        let has = |index: usize, label: &str| shown[index].all().iter().any(|item| item.label.ends_with(label));
        assert!(has(5, "[0] PidTagSubject: PtypString \"A\"") && has(7, "[0] PidTagMid: PtypInteger64 7"));
        assert!(has(9, "[0] PidTagMid: PtypInteger64 7"));
        for opaque in [11, 15] {
            assert!(shown[opaque].experts().iter().any(|text| text.contains("Columns of the Table not known")));
        }
    }
}

#[test]
fn a_session_goes_on_in_another_connection() {
    let Some(tshark) = Tshark::find() else { return };
    let plain = Flags::empty();
    let first = execute(&buffer(&set_columns(&[0x1F, 0, 0x37, 0]), &[5]), plain);
    let first_reply = executed(&buffer(&COLUMNS_SET, &[5]), plain, true);
    let second = execute(&buffer(&QUERY_ROWS, &[5]), plain);
    let second_reply = executed(&buffer(&rows(&[b'A', 0, 0, 0]), &[5]), plain, true);
    let mut packets: Vec<Vec<u8>> =
        segments_of(vec![(request("Execute", "one", &first), response("Execute", &first_reply, true))], 300)
            .iter()
            .map(ipv4)
            .collect();
    let other = segments_of(vec![(request("Execute", "one", &second), response("Execute", &second_reply, true))], 300);
    for mut packet in other.iter().map(ipv4) {
        // The client's port, wherever it stands.
        let port = if packet[20..22] == [0, 80] { 22 } else { 20 };
        packet[port] ^= 1;
        packets.push(packet);
    }
    let file = pcap(false, 101, &packets);
    let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
    same(&shown, &decode(program(), &file).unwrap());
    assert!(shown[3].all().iter().any(|item| item.label.ends_with("PidTagSubject: PtypString \"A\"")));
}
