//! Which return value makes which reply: the vectors of the descriptions, with their own value and with others.

use generated_tests::described::vectors;
use generated_tests::spec_coverage;
use protocol::rops::{Conversation, RopInputBuffer, RopOutputBuffer};
use runtime::rop::pack_batch;
use runtime::{Cursor, Encoder};

/// Statements of MS-OXCROPS about ReturnValue: id, ROP, which reply, values.
const STATEMENTS: &str = include_str!("../data/return-values.tsv");

/// Where ReturnValue stands in a reply.
const RETURN_VALUE: std::ops::Range<usize> = 2..6;

/// Values that no reply of these is sent with, but failures: ecError, ecNotSupported and one that nobody names.
const OTHERS: [u32; 3] = [0x8000_4005, 0x8004_0102, 0x0000_0001];

/// A ROP buffer of these operations with four handles.
pub fn buffer(operations: &[&[u8]]) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_batch(&mut e, &operations.concat(), &[5, 6, 7, 8]).unwrap();
    e.finish().to_vec()
}

fn with_value(reply: &[u8], value: u32) -> Vec<u8> {
    let mut e = Encoder::new();
    e.bytes(&reply[..RETURN_VALUE.start]).unwrap();
    e.u32(value).unwrap();
    e.bytes(&reply[RETURN_VALUE.end..]).unwrap();
    e.finish().to_vec()
}

/// The reply to this request as generated code reads it, as text; nothing if the bytes are none.
pub fn decoded(request: &[u8], reply: &[u8]) -> Option<String> {
    // The columns of the tables behind the first two indexes, so that rows can be read.
    const SET: [&[u8]; 2] = [b"\x12\x00\x00\x00\x01\x00\x1F\x00\x37\x00", b"\x12\x00\x01\x00\x01\x00\x1F\x00\x37\x00"];
    const DONE: [&[u8]; 2] = [b"\x12\x00\0\0\0\0\0", b"\x12\x01\0\0\0\0\0"];
    let input = buffer(&[SET[0], SET[1], request]);
    let output = buffer(&[DONE[0], DONE[1], reply]);
    let requests = RopInputBuffer::unpack(&input).unwrap().requests;
    let output = RopOutputBuffer::unpack(&output, &requests, &mut Conversation::default()).ok()?;
    let [_, _, reply] = &output.replies[..] else { return None };
    Some(format!("{reply:?}"))
}

/// Which reply generated code reads: `success`, `DstNullObject`, `WrongServer`, `ServerBusy`, `other`; nothing if it
/// is none.
pub fn kind(request: &[u8], reply: &[u8]) -> Option<&'static str> {
    let text = decoded(request, reply)?;
    let (_, result) = text.split_once("result: ").unwrap_or_else(|| panic!("no result: {text}"));
    Some(match result {
        _ if result.starts_with("Ok(") => "success",
        _ if result.starts_with("Err(DstNullObject(") => "DstNullObject",
        _ if result.starts_with("Err(WrongServer(") => "WrongServer",
        _ if result.starts_with("Err(ServerBusy(") => "ServerBusy",
        _ if result.starts_with("Err(WarnWithErrors(") => "success",
        _ => "other",
    })
}

/// What does not hold of a statement.
fn wrong(all: &[(String, Vec<u8>)], which: &str, values: &str) -> Option<String> {
    let request = all.iter().find(|(target, _)| target == "request").map(|(_, bytes)| bytes.clone());
    let replies: Vec<&Vec<u8>> = all.iter().filter(|(target, _)| target != "request").map(|(_, bytes)| bytes).collect();
    let request = request.unwrap_or_else(|| vec![replies[0][0], 0, 1]);
    let value = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let of = |reply: &[u8]| Cursor::new(&reply[RETURN_VALUE]).u32().unwrap();
    if let Some(excluded) = values.strip_prefix("not ") {
        // Whatever else comes is a reply of this form; with that value none is.
        let usual = replies.iter().find(|reply| kind(&request, reply) == Some("success"))?;
        let with = |value| kind(&request, &with_value(usual, value));
        let plain = OTHERS.iter().all(|value| with(*value) == Some("other"));
        let same = matches!(with(value(excluded)), Some("success" | "other"));
        return (!plain || same).then(|| format!("{:?}, {:?}", OTHERS.map(with), with(value(excluded))));
    }
    let values: Vec<u32> = values.split(' ').map(value).collect();
    for wanted in &values {
        let fitting = replies.iter().filter(|reply| kind(&request, reply) == Some(which) && of(reply) == *wanted);
        let mut seen = 0;
        for reply in fitting {
            seen += 1;
            for other in OTHERS.into_iter().chain([0, 0x503, 0x478]).filter(|other| !values.contains(other)) {
                if kind(&request, &with_value(reply, other)) == Some(which) {
                    return Some(format!("{which} with {other:#x} too"));
                }
            }
        }
        if seen == 0 {
            let kinds: Vec<_> = replies.iter().map(|reply| (of(reply), kind(&request, reply))).collect();
            return Some(format!("no vector is {which} with {wanted:#x}: {kinds:?}"));
        }
    }
    None
}

#[test]
fn a_return_value_makes_the_reply_that_is_stated() {
    let vectors = vectors();
    let (mut failures, mut proved) = (Vec::new(), Vec::new());
    for line in STATEMENTS.lines().skip(1) {
        let [statement, rop, which, values] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        match wrong(&vectors[rop], which, values) {
            None => proved.push(statement),
            Some(why) => failures.push(format!("{statement} {rop} {which}: {why}")),
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(proved.len() > 50);
    let test = "a_return_value_makes_the_reply_that_is_stated";
    proved.into_iter().for_each(|statement| spec_coverage::record(statement, test));
}
