//! ROP buffers: what a real client sent to a mailbox with the same mail, and hostile forms of it.

use protocol::oxcdata::ErrorCode;
use protocol::oxcrpc::{ExtendedBufferOfRopInputBuffer, RopOutputBuffers, RpcHeaderFlags};
use protocol::rops::RopRequest;
use runtime::rop::{INVALID_HANDLE, pack_batch, unpack_batch};
use runtime::{Cursor, Encoder};

use crate::mailbox::{ALICE, dn};
use crate::random::Random;

/// One line for each Execute that mapi-client sent in one session with a sample mailbox: the ROP input buffer
/// and the handle table of the answer in hexadecimal digits, `-` for none.
/// `CAPTURE_FILE=... generated-tests/peers/run` writes such a file.
const CAPTURED: &str = include_str!("captured.txt");

/// What a real client sent.
#[derive(Clone, Debug)]
pub struct Captured {
    /// ROP input buffer, with the handles of the captured session.
    pub input: Vec<u8>,
    /// The handle table of the answer.
    pub handles: Vec<u32>,
}

/// RopIds that nothing may be sent with (MS-OXCROPS 2.2.2).
const RESERVED: [u8; 12] = [0x00, 0x28, 0x3C, 0x3D, 0x62, 0x65, 0x6A, 0x71, 0x7C, 0x7D, 0xB6, 0xFD];

pub fn captured() -> Vec<Captured> {
    let parse = |line: &str| {
        let (input, handles) = line.split_once(' ').unwrap();
        let handles = from_hex(handles.trim_matches('-'));
        let handles = handles.chunks(4).map(|handle| u32::from_le_bytes(handle.try_into().unwrap())).collect();
        Captured { input: from_hex(input), handles }
    };
    CAPTURED.lines().map(parse).collect()
}

fn from_hex(digits: &str) -> Vec<u8> {
    let byte = |index| u8::from_str_radix(&digits[index..index + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A buffer with other handles.
pub fn with_handles(input: &[u8], handle: impl Fn(u32) -> u32) -> Vec<u8> {
    let parts = unpack_batch(input).unwrap();
    let handles: Vec<u32> = parts.handles.iter().map(|known| handle(*known)).collect();
    batch(parts.rops, &handles)
}

pub fn batch(rops: &[u8], handles: &[u32]) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_batch(&mut e, rops, handles).unwrap();
    e.finish().to_vec()
}

/// Behind a header, in any of the forms that a client may choose.
pub fn extended(payload: &[u8], flags: RpcHeaderFlags) -> Vec<u8> {
    let mut e = Encoder::new();
    ExtendedBufferOfRopInputBuffer { flags, payload: payload.into() }.pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// The ROP output buffer of a RopBuffer: at most 32 KiB of replies in one payload.
pub fn payload(rop_buffer: &[u8]) -> Vec<u8> {
    let mut c = Cursor::new(rop_buffer).with_plain_room(0x8000);
    let mut payloads = RopOutputBuffers::unpack(&mut c).expect("at most 32 KiB of replies").payloads;
    assert_eq!((payloads.len(), c.remaining()), (1, 0));
    payloads.remove(0).payload.into_owned()
}

/// No flag but Last.
pub const PLAIN: RpcHeaderFlags = RpcHeaderFlags::LAST;

pub fn any_form(random: &mut Random) -> RpcHeaderFlags {
    let (compressed, xored) = (RpcHeaderFlags::COMPRESSED, RpcHeaderFlags::XOR_MAGIC);
    *random.pick(&[PLAIN, PLAIN | compressed, PLAIN | xored, PLAIN | compressed | xored])
}

/// The logon that opens a user's mailbox.
pub fn logon(address: &str) -> Vec<u8> {
    let essdn = format!("{}\0", dn(address));
    let mut rops = vec![0xFE, 0x00, 0x00, 0x01];
    rops.extend(0x0100_000C_u32.to_le_bytes());
    rops.extend(0_u32.to_le_bytes());
    rops.extend(u16::try_from(essdn.len()).unwrap().to_le_bytes());
    rops.extend(essdn.as_bytes());
    batch(&rops, &[INVALID_HANDLE])
}

/// Where each request of a well-formed buffer begins, and the end of the last.
fn boundaries(rops: &[u8]) -> Vec<usize> {
    let mut c = Cursor::new(rops);
    let mut boundaries = vec![0];
    while !c.is_empty() {
        RopRequest::unpack(&mut c).expect("what was captured is well formed");
        boundaries.push(rops.len() - c.remaining());
    }
    boundaries
}

/// A well-formed buffer made into one that cannot be parsed.
pub fn unparsable(random: &mut Random, valid: &[u8]) -> Vec<u8> {
    let parts = unpack_batch(valid).unwrap();
    match random.below(4) {
        // Ends within a request: everything of a request counts.
        0 => {
            let boundaries = boundaries(parts.rops);
            let ends: Vec<usize> = (1..parts.rops.len()).filter(|end| !boundaries.contains(end)).collect();
            batch(&parts.rops[..*random.pick(&ends)], &parts.handles)
        }
        // A reserved RopId after requests that are sound.
        1 => {
            let mut rops = parts.rops.to_vec();
            rops.push(*random.pick(&RESERVED));
            rops.extend(random.bytes(16));
            batch(&rops, &parts.handles)
        }
        // RopSize larger than the buffer, or smaller than itself.
        2 => {
            let mut buffer = valid.to_vec();
            let beyond = u16::try_from(valid.len()).unwrap() + 1;
            let size =
                if random.chance(3) { random.below(2) as u16 } else { beyond.saturating_add(random.byte().into()) };
            buffer[..2].copy_from_slice(&size.to_le_bytes());
            buffer
        }
        // A handle table that is no whole number of handles.
        _ => {
            let mut buffer = valid.to_vec();
            buffer.extend((0..=random.below(3)).map(|_| 0xFF));
            buffer
        }
    }
}

/// One request again and again, as often as a buffer has room for.
pub fn flood(random: &mut Random, valid: &[u8]) -> Vec<u8> {
    const FULL: usize = 30_000;
    let parts = unpack_batch(valid).unwrap();
    let boundaries = boundaries(parts.rops);
    let first = random.below(boundaries.len() - 1);
    let request = &parts.rops[boundaries[first]..boundaries[first + 1]];
    let mut rops = parts.rops[..boundaries[first]].to_vec();
    let count = (FULL - rops.len()) / request.len();
    rops.extend(request.repeat(1 + random.below(count)));
    batch(&rops, &parts.handles)
}

/// Requests with a failure reply of [`FAILURE`] bytes, as far as their input handle index: RopId and what
/// follows the index.
const SHORT: [(u8, &[u8]); 6] = [
    (0x04, &[1, 0]),                         // RopGetHierarchyTable
    (0x05, &[1, 0]),                         // RopGetContentsTable
    (0x02, &[1, 1, 0, 0, 0, 0, 0, 0, 4, 0]), // RopOpenFolder
    (0x17, &[]),                             // RopQueryPosition
    (0x5E, &[]),                             // RopGetStreamSize
    (0x81, &[]),                             // RopResetTable
];
/// RopId, handle index, ReturnValue.
const FAILURE: usize = 6;

/// A buffer whose last request with a reply names a handle that it cannot work on, and the ReturnValue that
/// it has to get (MS-OXCROPS 3.2.5.4).
pub fn wrong_handle(random: &mut Random) -> (Vec<u8>, ErrorCode) {
    // A logon of its own, so that nothing else in the session is touched.
    const LOGON_ID: u8 = 5;
    let logon = logon(ALICE);
    let mut rops = unpack_batch(&logon).unwrap().rops.to_vec();
    rops[1] = LOGON_ID;
    let case = random.below(5);
    // On a logon, tables and streams are the wrong kind, folders are not.
    let kinds = if case == 4 { &SHORT[3..] } else { &SHORT[..] };
    let (rop_id, rest) = kinds[random.below(kinds.len())];
    let mut request = |logon_id: u8, index: u8| rops.extend([&[rop_id, logon_id, index], rest].concat());
    let release = [0x01, LOGON_ID, 0];
    let expected = match case {
        0 => {
            request(LOGON_ID, 1);
            ErrorCode::EC_NULL_OBJECT
        }
        1 => {
            request(LOGON_ID, 2 + random.byte() / 2);
            ErrorCode::EC_NULL_OBJECT
        }
        2 => {
            rops.extend(release);
            rops.extend([&[rop_id, LOGON_ID, 0], rest].concat());
            ErrorCode::EC_INVALID_OBJECT
        }
        3 => {
            request(LOGON_ID + 1, 0);
            ErrorCode::EC_ACCESS_DENIED
        }
        _ => {
            request(LOGON_ID, 0);
            ErrorCode::EC_NOT_SUPPORTED
        }
    };
    rops.extend(release);
    (batch(&rops, &[INVALID_HANDLE, INVALID_HANDLE]), expected)
}

/// The ReturnValue of the last reply, one of those that are a failure and nothing else.
pub fn last_return_value(output: &[u8]) -> ErrorCode {
    let rops = unpack_batch(output).unwrap().rops;
    let value = &rops[rops.len() - FAILURE + 2..];
    ErrorCode(u32::from_le_bytes(value.try_into().unwrap()))
}

/// Any number of requests of any kind, with handles that may be open, released or invented.
pub fn shuffled(random: &mut Random, valid: &[Vec<u8>]) -> Vec<u8> {
    let mut rops = Vec::new();
    let mut handles = Vec::new();
    for _ in 0..=random.below(6) {
        let parts = unpack_batch(&valid[random.below(valid.len())]).unwrap();
        let boundaries = boundaries(parts.rops);
        let first = random.below(boundaries.len() - 1);
        rops.extend(&parts.rops[boundaries[first]..boundaries[first + 1]]);
        handles = parts.handles;
    }
    for handle in &mut handles {
        if random.chance(3) {
            *handle = if random.chance(3) { INVALID_HANDLE } else { random.below(200) as u32 };
        }
    }
    if random.chance(4) {
        handles.truncate(random.below(handles.len() + 1));
    }
    batch(&rops, &handles)
}
