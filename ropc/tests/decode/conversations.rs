//! Exchanges in order: what one sets, the next ones need.

use crate::decode::rops::Decoder;
use crate::decode::script::{exchange, mapi_http, rops};
use crate::decode::text::{Style, render};
use crate::decode::tree::{Decoded, Value};
use crate::payloads::{Form, extended};
use crate::support::{nodes, program};

/// A session with a mailbox, both sides: compressed and obfuscated payloads, four kinds of tables.
const CAPTURED: &str = include_str!("conversation.txt");
/// Requests of another client, each with the handles that it got.
const REQUESTS: &str = include_str!("../../../server/tests/live_fuzz/captured.txt");

fn captured() -> Vec<Decoded> {
    let mut decoder = Decoder::new(program());
    let lines = CAPTURED.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| exchange(&mut decoder, line).unwrap()).collect()
}

#[test]
fn a_captured_conversation_leaves_nothing_undecoded() {
    let all = captured();
    assert!(all.len() > 40);
    let mut values = 0;
    for decoded in &all {
        assert_eq!(decoded.fault, None, "{}", decoded.root.name);
        assert!(!decoded.root.has_opaque(), "{}", render(decoded, Style::default()));
        values += nodes(&decoded.root).len();
    }
    assert!(values > 2_000, "{values}");
}

#[test]
fn the_rows_of_a_captured_conversation_name_their_columns() {
    let all: String = captured().iter().map(|decoded| render(decoded, Style::default())).collect();
    for part in [
        "[2] PidTagDisplayName: PtypString \"Calendar\"",
        "Flags: 0x0005 Compressed, Last",
        "Flags: 0x0006 XorMagic, Last",
        "[2] PidTagAttachLongFilename: ",
        "PidTagRecipientDisplayName",
    ] {
        assert!(all.contains(part), "{part} is missing");
    }
}

#[test]
fn requests_of_another_client_decode() {
    let mut decoder = Decoder::new(program());
    let mut count = 0;
    for line in REQUESTS.lines() {
        let request = line.split(' ').next().unwrap();
        let bytes = crate::decode::input::hex(request).unwrap();
        for decoded in rops(&mut decoder, Some(&bytes), None) {
            assert_eq!(decoded.fault, None, "{request}");
            assert!(!decoded.root.has_opaque());
            count += 1;
        }
    }
    assert!(count > 40);
}

/// A buffer of these operations and handles.
fn buffer(rops: &str, handles: &[u32]) -> Vec<u8> {
    let rops = crate::decode::input::hex(rops).unwrap();
    let mut bytes = u16::try_from(rops.len() + 2).unwrap().to_le_bytes().to_vec();
    bytes.extend(rops);
    handles.iter().for_each(|handle| bytes.extend(handle.to_le_bytes()));
    bytes
}

const SET_COLUMNS: &str = "12 00 00 00 01 00  14 00 4A 67";
const QUERY_ROWS: &str = "15 00 00 00 01 01 00";
const ROWS: &str = "15 00 00 00 00 00  02 01 00  00 01 00 00 00 00 00 01 45";

fn rows_of(decoder: &mut Decoder<'_>, handle: u32) -> Decoded {
    rops(decoder, Some(&buffer(QUERY_ROWS, &[handle])), Some(&buffer(ROWS, &[handle]))).pop().unwrap()
}

#[test]
fn rows_need_the_columns_that_were_set_for_their_table() {
    let mut decoder = Decoder::new(program());
    let opaque = rows_of(&mut decoder, 7);
    assert_eq!(opaque.fault, None);
    assert!(opaque.root.has_opaque());
    let text = render(&opaque, Style::default());
    assert!(text.contains("Opaque: 12 bytes not decoded: Columns of the Table not known"), "{text}");

    rops(&mut decoder, Some(&buffer(SET_COLUMNS, &[7])), Some(&buffer("12 00 00 00 00 00 00", &[7])));
    let decoded = rows_of(&mut decoder, 7);
    assert!(!decoded.root.has_opaque());
    let mid = nodes(&decoded.root).into_iter().find(|node| node.note.as_deref() == Some("PidTagMid")).unwrap();
    let value = &nodes(mid).last().unwrap().value;
    assert_eq!(*value, Some(Value::Number(0x4501_0000_0000_0001, 8)));
    assert!(rows_of(&mut decoder, 8).root.has_opaque(), "the columns of another table");
}

#[test]
fn columns_are_gone_when_setting_them_failed_or_the_table_is_released() {
    for (request, reply) in [(SET_COLUMNS, "12 00 05 00 07 80"), ("01 00 00", ""), ("81 00 00", "81 00 00 00 00 00")] {
        let mut decoder = Decoder::new(program());
        rops(&mut decoder, Some(&buffer(SET_COLUMNS, &[7])), Some(&buffer("12 00 00 00 00 00 00", &[7])));
        assert!(!rows_of(&mut decoder, 7).root.has_opaque());
        let decoded = rops(&mut decoder, Some(&buffer(request, &[7])), Some(&buffer(reply, &[7])));
        assert!(decoded.iter().all(|decoded| decoded.fault.is_none()), "{decoded:?}");
        assert!(rows_of(&mut decoder, 7).root.has_opaque(), "{request}");
    }
}

#[test]
fn operations_without_a_reply_are_passed_over() {
    let requests = format!("01 00 01 {SET_COLUMNS} 01 00 02 {QUERY_ROWS}");
    let replies = format!("12 00 00 00 00 00 00 {ROWS}");
    let mut decoder = Decoder::new(program());
    let all = rops(&mut decoder, Some(&buffer(&requests, &[7, 8, 9])), Some(&buffer(&replies, &[7, 8, 9])));
    assert!(all.iter().all(|decoded| decoded.fault.is_none() && !decoded.root.has_opaque()));
}

#[test]
fn a_reply_that_answers_nothing_is_a_mistake() {
    let mut decoder = Decoder::new(program());
    let all = rops(&mut decoder, Some(&buffer(QUERY_ROWS, &[7])), Some(&buffer("12 00 00 00 00 00 00", &[7])));
    let fault = all.last().unwrap().fault.clone().unwrap();
    assert_eq!((fault.offset, fault.path.as_str()), (2, "RopId"));
    assert!(fault.message.contains("expected 0x15, the reply to RopQueryRows, got 0x12"), "{}", fault.message);
}

/// Payloads behind their headers, the last one marked.
fn chain(payloads: &[Vec<u8>]) -> Vec<u8> {
    let last = payloads.len() - 1;
    payloads.iter().enumerate().flat_map(|(at, payload)| extended(payload, Form::default(), at == last)).collect()
}

/// Bodies of Execute with these extended buffers.
fn execute(request: &[u8], reply: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let body = [&[0; 4][..], &size(request), request, &[0, 0, 1, 0], &[0; 4]].concat();
    (body, [&[0; 12][..], &size(reply), reply, &[0; 4]].concat())
}

#[test]
fn rows_of_a_chain_answer_the_last_request_again() {
    let requests = chain(&[buffer(&format!("{SET_COLUMNS} {QUERY_ROWS}"), &[7])]);
    let first = buffer(&format!("12 00 00 00 00 00 00 {ROWS}"), &[7]);
    let (request, response) = execute(&requests, &chain(&[first.clone(), buffer(ROWS, &[7])]));
    let mut decoder = Decoder::new(program());
    let all = mapi_http(&mut decoder, "execute", Some(&request), Some(&response)).unwrap();
    assert!(all.iter().all(|decoded| decoded.fault.is_none() && !decoded.root.has_opaque()));
    let rows = nodes(&all[1].root).into_iter().filter(|node| node.note.as_deref() == Some("PidTagMid")).count();
    assert_eq!(rows, 2);
    // Another operation's reply there answers nothing.
    let (request, response) = execute(&requests, &chain(&[first, buffer("81 00 00 00 00 00", &[7])]));
    let all = mapi_http(&mut decoder, "Execute", Some(&request), Some(&response)).unwrap();
    assert_eq!(all[1].fault.as_ref().unwrap().path, "RopBuffer[1].RopId");
}

#[test]
fn responses_without_success_have_no_body_of_the_type() {
    let mut decoder = Decoder::new(program());
    let failed = b"PROCESSING\r\nPENDING\r\nDONE\r\nX-ResponseCode: 5\r\n\r\n<html>".as_slice();
    let all = mapi_http(&mut decoder, "Execute", None, Some(failed)).unwrap();
    assert_eq!(all[0].fault, None);
    let text = render(&all[0], Style::default());
    for part in ["MetaTag: \"PENDING\"", "X-ResponseCode: \"5\"", "Body: 6 bytes"] {
        assert!(text.contains(part), "{text}");
    }
    // A status other than 0 is followed by nothing but auxiliary data.
    let all = mapi_http(&mut decoder, "Connect", None, Some(&[0x57, 0, 7, 0x80, 0, 0, 0, 0])).unwrap();
    assert_eq!(all[0].fault, None);
    assert!(render(&all[0], Style::default()).contains("StatusCode: 2147942487 (0x80070057)"));
    let cut = mapi_http(&mut decoder, "Connect", None, Some(b"DONE\r\nX-ResponseCode: 0")).unwrap();
    assert_eq!(cut[0].fault.as_ref().unwrap().path, "AdditionalHeaders[0]");
}
