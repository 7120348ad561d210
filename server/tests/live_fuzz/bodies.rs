//! Bodies of Execute requests that are wrong, or likely to be, with the answer that each has to get.

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::ExecuteRequest;
use protocol::oxcrpc::ExecuteFlags;
use runtime::{Blob, Encoder};

use crate::random::Random;
use crate::rops::{PLAIN, any_form, extended, unparsable};

/// What an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The operations run.
    Run,
    /// The operations run and their replies fit this many bytes, or not one does.
    RunWithin(u32),
    /// This X-ResponseCode, and no body of the request type.
    Code(u32),
    /// This ErrorCode and no replies.
    Error(ErrorCode),
    /// Whatever a request may lead to that nobody has looked at.
    Anything,
}

pub const NAMES: [&str; 18] = [
    "body ends early",
    "RopBufferSize too large",
    "AuxiliaryBufferSize too large",
    "buffer shorter than its header",
    "no room for a header",
    "bad header version",
    "bad header flags",
    "sizes that differ",
    "Last missing",
    "two payloads",
    "auxiliary buffer shorter than its header",
    "auxiliary buffer with a bad header",
    "auxiliary buffer too large",
    "ROPs that cannot be parsed",
    "more than the body",
    "little room for replies",
    "random body",
    "mutated body",
];

/// A sound Execute request body for these ROPs.
pub fn sound(rops: &[u8]) -> Vec<u8> {
    body(&extended(rops, PLAIN), 0x8000, &[])
}

/// The same in any of the forms that a client may choose.
pub fn sound_in_any_form(random: &mut Random, rops: &[u8]) -> Vec<u8> {
    let auxiliary = if random.chance(4) { extended(&random.bytes(100), any_form(random)) } else { Vec::new() };
    let room = *random.pick(&[0x8000, 0x8008, 0x0001_0000, 0x0004_0000, u32::MAX]);
    let flags = ExecuteFlags(*random.pick(&[0, 1, 2, 3, 4, 7, 0xFFFF_FFF8]));
    body_with(flags, &extended(rops, any_form(random)), room, &auxiliary)
}

fn body(rop_buffer: &[u8], max_rop_out: u32, auxiliary_buffer: &[u8]) -> Vec<u8> {
    body_with(ExecuteFlags::NO_COMPRESSION, rop_buffer, max_rop_out, auxiliary_buffer)
}

fn body_with(flags: ExecuteFlags, rop_buffer: &[u8], max_rop_out: u32, auxiliary_buffer: &[u8]) -> Vec<u8> {
    let request = ExecuteRequest {
        flags,
        rop_buffer: Blob::Borrowed(rop_buffer),
        max_rop_out,
        auxiliary_buffer: Blob::Borrowed(auxiliary_buffer),
    };
    let mut e = Encoder::new();
    request.pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// A body of the class with this number, made of sound ROPs.
pub fn spoil(class: usize, random: &mut Random, rops: &[u8]) -> (Vec<u8>, Expected) {
    const FORMAT: Expected = Expected::Error(ErrorCode::EC_RPC_FORMAT);
    const FAILED: Expected = Expected::Error(ErrorCode::EC_RPC_FAILED);
    let sound_body = sound(rops);
    let mut buffer = extended(rops, PLAIN);
    match NAMES[class] {
        "body ends early" => (sound_body[..random.below(sound_body.len())].to_vec(), Expected::Code(12)),
        "RopBufferSize too large" => (with_size(random, sound_body, 4), Expected::Code(12)),
        "AuxiliaryBufferSize too large" => {
            let at = sound_body.len() - 4;
            (with_size(random, sound_body, at), Expected::Code(12))
        }
        "buffer shorter than its header" => (body(&buffer[..random.below(8)], 0x8000, &[]), FAILED),
        "no room for a header" => (body(&buffer, random.below(8) as u32, &[]), FAILED),
        "bad header version" => {
            buffer[random.below(2)] = random.byte() | 1;
            (body(&buffer, 0x8000, &[]), FORMAT)
        }
        "bad header flags" => {
            buffer[2] |= 8 << random.below(5);
            (body(&buffer, 0x8000, &[]), FORMAT)
        }
        "sizes that differ" => {
            let at = 4 + random.below(4);
            buffer[at] ^= 1 << random.below(8);
            (body(&buffer, 0x8000, &[]), FORMAT)
        }
        "Last missing" => {
            buffer[2] = 0;
            (body(&buffer, 0x8000, &[]), FORMAT)
        }
        "two payloads" => {
            let mut first = buffer.clone();
            first[2] = 0;
            first.extend(buffer);
            (body(&first, 0x8000, &[]), FORMAT)
        }
        "auxiliary buffer shorter than its header" => (body(&buffer, 0x8000, &vec![0; 1 + random.below(7)]), FAILED),
        "auxiliary buffer with a bad header" => {
            let mut auxiliary = extended(&random.bytes(64), PLAIN);
            auxiliary[0] = 1;
            (body(&buffer, 0x8000, &auxiliary), FORMAT)
        }
        "auxiliary buffer too large" => (body(&buffer, 0x8000, &vec![0; 0x1009 + random.below(99)]), Expected::Code(9)),
        "ROPs that cannot be parsed" => {
            let form = any_form(random);
            (body(&extended(&unparsable(random, rops), form), 0x8000, &[]), FORMAT)
        }
        "more than the body" => {
            let mut long = sound_body;
            long.extend(random.bytes(50));
            (long, Expected::Run)
        }
        "little room for replies" => {
            let room = 8 + random.below(600) as u32;
            (body(&buffer, room, &[]), Expected::RunWithin(room))
        }
        "random body" => (random.bytes(300), Expected::Anything),
        _ => {
            let mut mutated = sound_body;
            random.mutate(&mut mutated);
            (mutated, Expected::Anything)
        }
    }
}

/// A size field that claims more than there is.
fn with_size(random: &mut Random, mut body: Vec<u8>, at: usize) -> Vec<u8> {
    let beyond = (body.len() as u32).saturating_add(random.integer());
    body[at..at + 4].copy_from_slice(&beyond.to_le_bytes());
    body
}
