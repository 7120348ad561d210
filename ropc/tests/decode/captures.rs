//! Network traffic made of the captured conversation, in every form of file, link and TCP that is read.

use proptest::prelude::{ProptestConfig, any, proptest};

use crate::decode::capture::decode;
use crate::decode::input::hex;
use crate::decode::rops::Decoder;
use crate::decode::script::exchange;
use crate::decode::tree::{Decoded, Node};
use crate::support::{program, ropc, text};

const CONVERSATION: &str = include_str!("conversation.txt");

/// A TCP segment: from the client or to it, its sequence number, flags and data.
type Segment = (bool, u32, u8, Vec<u8>);

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

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
    // Close to the end of the numbers, so that they begin again at 0.
    let (mut client, mut server) = (u32::MAX - 1000, 77);
    let mut all = vec![(true, client - 1, SYN, Vec::new()), (false, server - 1, SYN | ACK, Vec::new())];
    for (request, response) in messages(chunked) {
        for (from_client, bytes) in [(true, request), (false, response)] {
            for part in bytes.chunks(size) {
                let next = if from_client { &mut client } else { &mut server };
                all.push((from_client, *next, ACK, part.to_vec()));
                *next = next.wrapping_add(u32::try_from(part.len()).unwrap());
            }
        }
    }
    all
}

fn tcp((from_client, sequence, flags, data): &Segment) -> Vec<u8> {
    let (from, to) = if *from_client { (50_000_u16, 80_u16) } else { (80, 50_000) };
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend(sequence.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0x50, *flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    bytes.extend(data);
    bytes
}

fn ipv4(segment: &Segment) -> Vec<u8> {
    let payload = tcp(segment);
    let mut bytes = vec![0x45, 0];
    bytes.extend(u16::try_from(payload.len() + 20).unwrap().to_be_bytes());
    bytes.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    let (client, server) = ([10, 0, 0, 2], [10, 0, 0, 1]);
    bytes.extend(if segment.0 { [client, server].concat() } else { [server, client].concat() });
    bytes.extend(payload);
    bytes
}

fn ipv6(segment: &Segment) -> Vec<u8> {
    let payload = tcp(segment);
    let mut bytes = vec![0x60, 0, 0, 0];
    // With a header of destination options before TCP.
    bytes.extend(u16::try_from(payload.len() + 8).unwrap().to_be_bytes());
    bytes.extend([60, 64]);
    let (client, server) = ([0xFD; 16], [0xFE; 16]);
    bytes.extend(if segment.0 { [client, server].concat() } else { [server, client].concat() });
    bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

fn ethernet(kind: [u8; 2], vlan: bool, packet: &[u8]) -> Vec<u8> {
    let tag: &[u8] = if vlan { &[0x81, 0, 0, 7] } else { &[] };
    // Short frames are filled up.
    [&[0; 12], tag, &kind, packet, &[0; 6]].concat()
}

fn pcap(big_endian: bool, link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let order = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file: Vec<u8> = [0xA1B2_C3D4, 0, 0, 0, 65_535, link].into_iter().flat_map(order).collect();
    for packet in packets {
        let size = u32::try_from(packet.len()).unwrap();
        file.extend([1, 2, size, size].into_iter().flat_map(order));
        file.extend(packet);
    }
    file
}

fn pcapng(big_endian: bool, link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let order = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let block = |kind: u32, body: Vec<u8>| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let size = order(u32::try_from(body.len() + padding.len() + 12).unwrap());
        [&order(kind)[..], &size, &body, &padding, &size].concat()
    };
    let link = if big_endian { link.to_be_bytes() } else { link.to_le_bytes() };
    let mut file = block(0x0A0D_0D0A, [&order(0x1A2B_3C4D)[..], &order(1), &[0xFF; 8]].concat());
    file.extend(block(1, [&link[..], &[0, 0], &order(65_535)].concat()));
    // A block of names, which is passed over.
    file.extend(block(4, vec![0; 4]));
    for packet in packets {
        let size = order(u32::try_from(packet.len()).unwrap());
        file.extend(block(6, [&order(0)[..], &order(1), &order(2), &size, &size, packet].concat()));
    }
    file
}

/// The conversation decoded from its own lines.
fn expected() -> Vec<Decoded> {
    let mut decoder = Decoder::new(program());
    let lines = CONVERSATION.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| exchange(&mut decoder, line).unwrap()).collect()
}

#[track_caller]
fn same(file: &[u8], client: &str) {
    let decoded = decode(program(), file).unwrap();
    let expected = expected();
    assert_eq!(decoded.len(), expected.len());
    for (decoded, expected) in decoded.into_iter().zip(expected) {
        let name = format!("{client} {}", expected.root.name);
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
    let decoded = decode(program(), &pcap(false, 101, &packets[2..])).unwrap();
    assert_eq!(decoded.len(), all);
    let file = pcap(false, 101, &packets);
    let cut = decode(program(), &file[..file.len() / 2]).unwrap();
    assert!(cut.len() > 10 && cut.len() < all, "{}", cut.len());
    assert!(cut.iter().all(|decoded| decoded.fault.is_none()));
    // A packet is missing: what follows it on that side is not guessed.
    let missing = [&packets[..10], &packets[11..]].concat();
    let decoded = decode(program(), &pcap(false, 101, &missing)).unwrap();
    assert!(decoded.len() < all && decoded.iter().all(|decoded| decoded.fault.is_none()));
}

#[test]
fn files_without_exchanges_are_told() {
    assert_eq!(decode(program(), b"DONE\r\n").unwrap_err(), "neither pcap nor pcapng");
    let nothing = decode(program(), &pcap(false, 101, &[vec![0x45, 0, 0]])).unwrap_err();
    assert!(nothing.contains("nothing in 1 packets and 0 connections"), "{nothing}");
}

#[test]
fn the_command_reads_a_capture() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.pcapng");
    let packets: Vec<Vec<u8>> = segments(1400, false).iter().map(ipv4).collect();
    std::fs::write(&file, pcapng(false, 101, &packets)).unwrap();
    let output = ropc(&["decode", "capture", file.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("10.0.0.2:50000 Execute response: "));
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
            _ = decode(program(), &file);
        }
    }
}
