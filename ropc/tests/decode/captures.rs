//! Network traffic made of the captured conversation, in every form of file, link and TCP that is read.

use proptest::prelude::{ProptestConfig, any, proptest};

use crate::decode::capture::decode;
use crate::decode::input::hex;
use crate::decode::rops::Decoder;
use crate::decode::rpc::Interfaces;
use crate::decode::script::exchange;
use crate::decode::tree::{Decoded, Node, Value};
use crate::support::{program, ropc, text};
use crate::traffic::{Segment, ethernet, ipv4, ipv6, pcap, pcapng, segments_of};

const CONVERSATION: &str = include_str!("conversation.txt");

/// Requests and responses as HTTP, one after the other.
fn messages(chunked: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lines = CONVERSATION.lines().filter_map(|line| line.strip_prefix("mapihttp "));
    let exchange = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (body, answer) = (hex(words[1]).unwrap(), hex(words[2]).unwrap());
        let request = format!(
            "POST /mapi/emsmdb/ HTTP/1.1\r\nHost: mail.example.test\r\nContent-Type: application/mapi-http\r\n\
             X-RequestType: {}\r\nCookie: a=b; MapiContext=one\r\nContent-Length: {}\r\n\r\n",
            words[0],
            body.len()
        );
        let response = if chunked {
            let middle = answer.len() / 2;
            let (first, rest) = answer.split_at(middle);
            let head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            [
                format!("{head}{middle:x}\r\n").as_bytes(),
                first,
                format!("\r\n{:X};x=y\r\n", rest.len()).as_bytes(),
                rest,
                b"\r\n0\r\n\r\n",
            ]
            .concat()
        } else {
            [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len()).as_bytes(), &answer].concat()
        };
        ([request.as_bytes(), &body].concat(), response)
    };
    lines.map(exchange).collect()
}

/// The segments of one connection, at most so many bytes each.
fn segments(size: usize, chunked: bool) -> Vec<Segment> {
    segments_of(messages(chunked), size)
}

/// The conversation decoded from its own lines.
fn expected() -> Vec<Decoded> {
    let mut decoder = Decoder::new(program());
    let lines = CONVERSATION.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| exchange(&mut decoder, line).unwrap()).collect()
}

#[track_caller]
fn same(file: &[u8], client: &str) {
    let decoded = decode(program(), Interfaces(&[]), file).unwrap();
    let expected = expected();
    assert_eq!(decoded.len(), expected.len());
    for (decoded, expected) in decoded.into_iter().zip(expected) {
        let name = decoded.root.name.clone();
        assert!(name.starts_with(&format!("{client} {} in packet ", expected.root.name)), "{name}");
        assert!(decoded == Decoded { root: Node { name, ..expected.root }, fault: None }, "{}", decoded.root.name);
    }
}

#[test]
fn every_kind_of_file_and_link_gives_the_conversation() {
    const V4: [u8; 2] = [8, 0];
    const V6: [u8; 2] = [0x86, 0xDD];
    let segments = segments(1400, false);
    let v4: Vec<Vec<u8>> = segments.iter().map(ipv4).collect();
    let v6: Vec<Vec<u8>> = segments.iter().map(ipv6).collect();
    let framed = |packets: &[Vec<u8>], kind, vlan| -> Vec<Vec<u8>> {
        packets.iter().map(|packet| ethernet(kind, vlan, packet)).collect()
    };
    let before = |head: &[u8]| -> Vec<Vec<u8>> { v4.iter().map(|packet| [head, packet].concat()).collect() };
    let client = "10.0.0.2:50000";
    same(&pcap(false, 1, &framed(&v4, V4, false)), client);
    same(&pcap(true, 1, &framed(&v4, V4, true)), client);
    same(&pcap(false, 101, &v4), client);
    same(&pcap(false, 0, &before(&[2, 0, 0, 0])), client);
    same(&pcap(true, 113, &before(&[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0])), client);
    same(&pcapng(false, 276, &before(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0])), client);
    same(&pcapng(true, 1, &framed(&v4, V4, false)), client);
    same(&pcapng(false, 1, &framed(&v6, V6, true)), "[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd]:50000");
}

#[test]
fn segments_may_come_late_twice_and_in_small_pieces() {
    let mut all = segments(100, true);
    // Each pair in the wrong order, every tenth again, and one that overlaps its neighbour.
    let opening = 2;
    all[opening..].chunks_mut(2).for_each(<[Segment]>::reverse);
    let again: Vec<Segment> = all.iter().skip(opening).step_by(10).cloned().collect();
    all.extend(again);
    let (from_client, sequence, flags, data) = all[opening + 1].clone();
    all.push((from_client, sequence.wrapping_add(50), flags, data[50..].to_vec()));
    let packets: Vec<Vec<u8>> = all.iter().map(ipv4).collect();
    same(&pcap(false, 101, &packets), "10.0.0.2:50000");
}

#[test]
fn a_capture_that_begins_or_ends_in_the_middle_gives_what_it_has() {
    let packets: Vec<Vec<u8>> = segments(1400, false).iter().map(ipv4).collect();
    let all = expected().len();
    // Without the packets that open the connection.
    let decoded = decode(program(), Interfaces(&[]), &pcap(false, 101, &packets[2..])).unwrap();
    assert_eq!(decoded.len(), all);
    let file = pcap(false, 101, &packets);
    let cut = decode(program(), Interfaces(&[]), &file[..file.len() / 2]).unwrap();
    assert!(cut.len() > 10 && cut.len() < all, "{}", cut.len());
    assert!(cut.iter().all(|decoded| decoded.fault.is_none()));
    // A packet is missing: what follows it on that side is not guessed.
    let missing = [&packets[..10], &packets[11..]].concat();
    let decoded = decode(program(), Interfaces(&[]), &pcap(false, 101, &missing)).unwrap();
    assert!(decoded.len() < all && decoded.iter().all(|decoded| decoded.fault.is_none()));
}

#[test]
fn files_without_exchanges_are_told() {
    assert_eq!(decode(program(), Interfaces(&[]), b"DONE\r\n").unwrap_err(), "neither pcap nor pcapng");
    let nothing = decode(program(), Interfaces(&[]), &pcap(false, 101, &[vec![0x45, 0, 0]])).unwrap_err();
    assert!(nothing.contains("nothing in 1 packets and 0 connections"), "{nothing}");
}

#[test]
fn bodies_have_the_number_of_the_packet_that_completes_them() {
    // Two packets open the connection, and one is none of IP.
    let mut packets: Vec<Vec<u8>> =
        segments(100, false).iter().map(|segment| ethernet([8, 0], false, &ipv4(segment))).collect();
    packets.insert(2, vec![0; 60]);
    let first: Vec<String> = decode(program(), Interfaces(&[]), &pcap(false, 1, &packets))
        .unwrap()
        .into_iter()
        .take(2)
        .map(|one| one.root.name)
        .collect();
    let (request, response) = messages(false).remove(0);
    let (request, response) = (3 + request.len().div_ceil(100), response.len().div_ceil(100));
    let numbers = [request, request + response];
    let expected = ["request", "response"].into_iter().zip(numbers);
    let expected: Vec<String> =
        expected.map(|(side, number)| format!("10.0.0.2:50000 Connect {side} in packet {number}")).collect();
    assert_eq!(first, expected);
}

#[test]
fn what_is_compressed_or_encrypted_is_told() {
    let (request, _) = messages(false).remove(1);
    let of = |messages| pcap(false, 101, &segments_of(messages, 1400).iter().map(ipv4).collect::<Vec<_>>());
    let compressed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc".to_vec();
    let decoded = decode(program(), Interfaces(&[]), &of(vec![(request, compressed)])).unwrap();
    assert!(!decoded[0].root.has_opaque() && decoded[0].fault.is_none());
    assert_eq!(decoded[1].root.children[0].value, Some(Value::Opaque("Content-Encoding gzip".to_owned())));
    let hello = [0x16, 3, 1, 0, 1, 0].to_vec();
    let refused = decode(program(), Interfaces(&[]), &of(vec![(hello.clone(), hello)])).unwrap_err();
    assert!(refused.ends_with("; 1 of them are TLS, which has to be decrypted before"), "{refused}");
}

/// The capture that docs/DECODE.md shows: the first exchange of the conversation and the last.
#[test]
fn the_capture_of_the_documentation_is_made_of_the_conversation() {
    let mut messages = messages(true);
    let messages = vec![messages.remove(0), messages.pop().unwrap()];
    let packets: Vec<Vec<u8>> =
        segments_of(messages, 1400).iter().map(|segment| ethernet([8, 0], false, &ipv4(segment))).collect();
    let made = pcap(false, 1, &packets);
    let path = crate::support::root().join("docs/session.pcap");
    if std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == made, "UPDATE_EXPECT=1 writes it anew");
}

#[test]
fn a_whole_message_has_its_request_type_and_body() {
    let directory = tempfile::tempdir().unwrap();
    let (asks, answers) = (directory.path().join("q"), directory.path().join("r"));
    let (request, response) = messages(true).remove(0);
    // What comes before the response is none.
    let at = response.windows(15).position(|window| window == b"HTTP/1.1 200 OK").unwrap();
    std::fs::write(&asks, request).unwrap();
    std::fs::write(&answers, &response[at..]).unwrap();
    let (asks, answers) = (asks.to_str().unwrap(), answers.to_str().unwrap());
    let output = ropc(&["decode", "mapihttp", "--request", asks, "--response", answers], "");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(shown.starts_with("Connect request: ") && shown.contains("DisplayName: \"Alice Example\""), "{shown}");
    let output = ropc(&["decode", "mapihttp", "--response", answers], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("say the request type"), "{}", text(&output.stderr));
}

#[test]
fn the_command_reads_a_capture() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.pcapng");
    let packets: Vec<Vec<u8>> = segments(1400, false).iter().map(ipv4).collect();
    std::fs::write(&file, pcapng(false, 101, &packets)).unwrap();
    let output = ropc(&["decode", "capture", file.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("10.0.0.2:50000 Execute response in packet "));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_captures_never_panic(places in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..40), end in any::<u32>()) {
        let packets: Vec<Vec<u8>> = segments(1400, true).iter().take(12).map(ipv6).collect();
        for mut file in [pcap(true, 101, &packets), pcapng(false, 101, &packets)] {
            for (at, value) in &places {
                let at = *at as usize % file.len();
                file[at] = *value;
            }
            file.truncate(end as usize % 3 * file.len() / 2 + file.len() / 3);
            _ = decode(program(), Interfaces(&[]), &file);
        }
    }
}
