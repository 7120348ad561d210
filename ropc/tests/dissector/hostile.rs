//! Captures that are cut short or changed: what is shown is what decodes, and nothing in Lua fails.

use crate::compare::same;
use crate::decode::capture::decode;
use crate::decode::rpc::Interfaces;
use crate::exchanges::{capture, captured, request, response};
use crate::pdml::bodies;
use crate::support::{Tshark, program};
use crate::vectors::Random;

/// The captured conversation with every body changed by a function.
fn changed(mut change: impl FnMut(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut messages = Vec::new();
    for (key, asks, answers) in captured() {
        let asks = change(asks);
        // Headers before a body are text, and shown as such also where they are none.
        let head = answers.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        let answers = [&answers[..head], &change(answers[head..].to_vec())].concat();
        messages.push((request(&key, "one", &asks), response(&key, &answers, false)));
    }
    capture(messages)
}

#[test]
fn changed_conversations_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for round in 0..12 {
        let file = changed(|mut body| {
            for _ in 0..=round % 4 {
                let at = random.below(body.len());
                // Small changes make values of another meaning, large ones mostly none.
                body[at] = if random.below(2) == 0 { body[at] ^ 1 << random.below(8) } else { random.next() as u8 };
            }
            body
        });
        same(&bodies(&tshark.run(&file, &["-T", "pdml"])), &decode(program(), Interfaces(&[]), &file).unwrap());
    }
}

#[test]
fn conversations_cut_short_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for _ in 0..6 {
        let file = changed(|mut body| {
            body.truncate(random.below(body.len()).max(1));
            body
        });
        same(&bodies(&tshark.run(&file, &["-T", "pdml"])), &decode(program(), Interfaces(&[]), &file).unwrap());
    }
}

#[test]
fn changed_and_cut_captures_make_no_error_in_lua() {
    let Some(tshark) = Tshark::find() else { return };
    let whole = changed(|body| body);
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    for _ in 0..12 {
        let mut file = whole.clone();
        for _ in 0..200 {
            // Behind the header of the file and the first packet.
            let at = random.below(file.len() - 100) + 100;
            file[at] = random.next() as u8;
        }
        run_any(&tshark, &file);
        let mut file = whole.clone();
        file.truncate(random.below(file.len() - 100) + 100);
        run_any(&tshark, &file);
    }
}

/// A capture that need not be one: tshark may refuse the file.
fn run_any(tshark: &Tshark, file: &[u8]) {
    // Only what is a capture up to its end is accepted without an error.
    let mut packets = file[..24].to_vec();
    let mut at = 24;
    while let Some(size) = file.get(at + 8..at + 12).map(|size| u32::from_le_bytes(size.try_into().unwrap()) as usize) {
        let (Some(record), true) = (file.get(at..at + 16 + size), size <= 65_535) else { break };
        packets.extend(&record[..8]);
        packets.extend(&record[8..12]);
        packets.extend(&record[8..12]);
        packets.extend(&record[16..]);
        at += 16 + size;
    }
    tshark.run(&packets, &["-V"]);
    tshark.run(&packets, &["-2", "-T", "json"]);
}

#[test]
fn nested_and_large_bodies_end_at_limits() {
    use crate::exchanges::{buffer, execute};
    use crate::payloads::Form;
    let Some(tshark) = Tshark::find() else { return };
    // RopRestrict with a restriction of 6,000 negations inside each other.
    let restriction = vec![2; 6000];
    let mut nested = vec![0x14, 0, 0, 0];
    nested.extend(u16::try_from(restriction.len()).unwrap().to_le_bytes());
    nested.extend(restriction);
    // 20,000 releases.
    let many = [1, 0, 0].repeat(20_000);
    let body = |operations: &[u8]| execute(&buffer(operations, &[1]), Form { compressed: true, xored: false });
    let messages = [nested, many].iter().map(|rops| (request("Execute", "one", &body(rops)), Vec::new())).collect();
    let file = capture(messages);
    let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
    assert_eq!(shown.len(), 2);
    assert!(shown[0].experts().iter().any(|text| text.contains("nested deeper than")), "{:?}", shown[0].experts());
    assert!(shown[1].all().len() > 20_000);
}
