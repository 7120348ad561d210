//! Conversations: the captured one, and sessions side by side.

use crate::compare::same;
use crate::decode::capture::decode;
use crate::decode::rops::Decoder;
use crate::decode::rpc::Interfaces;
use crate::decode::script::mapi_http;
use crate::decode::tree::Decoded;
use crate::exchanges::{buffer, capture, captured, execute, executed, request, response};
use crate::payloads::Form;
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
    let plain = Form::default();
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
    let decoded = decode(program(), Interfaces(&[]), &file).unwrap();
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

/// The packets of connections one after the other, each with a port of its own.
fn connections(all: Vec<Vec<(Vec<u8>, Vec<u8>)>>) -> Vec<u8> {
    let mut packets = Vec::new();
    for (number, messages) in all.into_iter().enumerate() {
        for mut packet in segments_of(messages, 300).iter().map(ipv4) {
            // The client's port, wherever it stands.
            let port = if packet[20..22] == [0, 80] { 23 } else { 21 };
            packet[port] ^= u8::try_from(number).unwrap();
            packets.push(packet);
        }
    }
    pcap(false, 101, &packets)
}

/// A request and its response for the table behind handle 5.
fn exchange(asks: &[u8], answers: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let asks = execute(&buffer(asks, &[5]), Form::default());
    let answers = executed(&buffer(answers, &[5]), Form::default(), true);
    (request("Execute", "one", &asks), response("Execute", &answers, true))
}

/// A message with a part of its head in another form.
fn with(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = message.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&message[..at], to.as_bytes(), &message[at + from.len()..]].concat()
}

const SUBJECT: [u8; 4] = [0x1F, 0, 0x37, 0];

#[test]
fn a_session_goes_on_in_another_connection() {
    let Some(tshark) = Tshark::find() else { return };
    let (first, second) =
        (exchange(&set_columns(&SUBJECT), &COLUMNS_SET), exchange(&QUERY_ROWS, &rows(&[b'A', 0, 0, 0])));
    // In the second run the first response says which session it is.
    let without = with(&first.0, "Cookie: a=b; MapiContext=one; c=d\r\n", "");
    let said = with(&first.1, "\r\n", "\r\nSet-Cookie: x=y\r\nSet-Cookie: MapiContext=one; path=/\r\n");
    for first in [first, (without, said)] {
        let file = connections(vec![vec![first], vec![second.clone()]]);
        let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
        same(&shown, &decode(program(), Interfaces(&[]), &file).unwrap());
        assert!(shown[3].all().iter().any(|item| item.label.ends_with("PidTagSubject: PtypString \"A\"")));
    }
}

#[test]
fn messages_that_share_packets_are_told_apart() {
    let Some(tshark) = Tshark::find() else { return };
    let all = [
        exchange(&set_columns(&SUBJECT), &COLUMNS_SET),
        exchange(&QUERY_ROWS, &rows(&[b'A', 0, 0, 0])),
        exchange(&RELEASE, &[]),
        exchange(&QUERY_ROWS, &rows(&[b'A', 0, 0, 0])),
    ];
    let together =
        (all.iter().flat_map(|(q, _)| q.clone()).collect(), all.iter().flat_map(|(_, r)| r.clone()).collect());
    let file = capture(vec![together]);
    let expected = decode(program(), Interfaces(&[]), &file).unwrap();
    for arguments in [&["-T", "pdml"][..], &["-2", "-T", "pdml"]] {
        let shown = bodies(&tshark.run(&file, arguments));
        // All requests stand before all responses here.
        let (requests, responses) = shown.split_at(4);
        same(requests, &expected.iter().step_by(2).cloned().collect::<Vec<_>>());
        same(responses, &expected.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>());
    }
}

#[test]
fn a_request_that_the_server_refuses_leaves_the_others_in_step() {
    let Some(tshark) = Tshark::find() else { return };
    let refused =
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno".to_vec();
    let (good, bad) = (exchange(&RELEASE, &[]), exchange(&set_columns(&SUBJECT), &[]));
    let columns = exchange(&set_columns(&SUBJECT), &COLUMNS_SET);
    let file = capture(vec![good.clone(), (bad.0.clone(), refused), columns.clone()]);
    let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
    let expected = decode(program(), Interfaces(&[]), &capture(vec![good, (bad.0, Vec::new())])).unwrap();
    assert_eq!(shown.len(), 5);
    same(&shown[..3], &expected);
    same(&shown[3..], &decode(program(), Interfaces(&[]), &capture(vec![columns])).unwrap());
}

#[test]
fn a_capture_that_wireshark_has_written_decodes_alike() {
    let Some(tshark) = Tshark::find() else { return };
    let file =
        capture(vec![exchange(&set_columns(&SUBJECT), &COLUMNS_SET), exchange(&QUERY_ROWS, &rows(&[b'A', 0, 0, 0]))]);
    for format in ["pcapng", "nsecpcap", "pcap"] {
        let written = tshark.path("written");
        tshark.run(&file, &["-F", format, "-w", written.to_str().unwrap()]);
        let bytes = std::fs::read(&written).unwrap();
        assert!(
            decode(program(), Interfaces(&[]), &bytes).unwrap() == decode(program(), Interfaces(&[]), &file).unwrap(),
            "{format}"
        );
    }
}

/// RopNotify: a row of one value is new in the table behind a handle.
fn row_added(handle: u8, value: &[u8]) -> Vec<u8> {
    let size = u8::try_from(value.len() + 1).unwrap();
    [&[0x2A, handle, 0, 0, 0, 0, 0, 1, 3, 0][..], &[0x11; 8], &[0; 8], &[size, 0, 0], value].concat()
}

#[test]
fn notifications_have_the_columns_of_their_table_and_rop_progress_stands_in_place_of_others() {
    let Some(tshark) = Tshark::find() else { return };
    let plain = Form::default();
    let exchange = |asks: &[u8], answers: &[u8]| {
        let (asks, answers) = (execute(&buffer(asks, &[5]), plain), executed(&buffer(answers, &[5]), plain, false));
        (request("Execute", "one", &asks), response("Execute", &answers, false))
    };
    let (subject, under_way) =
        (row_added(5, &[b'A', 0, 0, 0]), [&[0x50, 0][..], &[0; 5], &[1, 0, 0, 0, 9, 0, 0, 0]].concat());
    let messages = vec![
        exchange(&set_columns(&[0x1F, 0, 0x37, 0]), &[&COLUMNS_SET[..], &subject, &row_added(6, &[1])].concat()),
        exchange(&[], &subject),
        exchange(&[5, 0, 0, 0, 0], &[&[5, 0, 0, 0, 0, 0, 3, 0, 0, 0][..], &subject].concat()),
        exchange(&set_columns(&[0x1F, 0, 0x37, 0]), &COLUMNS_SET),
        exchange(&[0x81, 0, 0], &[&subject[..], &[0x81, 0, 0, 0, 0, 0], &subject].concat()),
        exchange(&[0x58, 0, 0, 1, 0], &under_way),
        exchange(&[0x50, 0, 0, 0], &under_way),
        exchange(&[0x50, 0, 0, 0], &[0x58, 0, 0, 0, 0, 0, 1]),
    ];
    let file = capture(messages);
    let decoded = decode(program(), Interfaces(&[]), &file).unwrap();
    assert!(decoded.iter().all(|decoded| decoded.fault.is_none()));
    for arguments in [&["-T", "pdml"][..], &["-2", "-T", "pdml"]] {
        same(&bodies(&tshark.run(&file, arguments)), &decoded);
    }
}
