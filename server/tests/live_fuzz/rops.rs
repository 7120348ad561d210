//! ROP buffers: what a real client sent to a mailbox with the same mail, and hostile forms of it.

use protocol::rops::RopRequest;
use runtime::codec::rpc_header_ext::{Flags, pack_chain};
use runtime::rop::{INVALID_HANDLE, pack_batch, unpack_batch};
use runtime::{Cursor, Encoder};

use crate::mailbox::dn;
use crate::random::Random;

/// ROP input buffers as lines of hexadecimal digits, in the order in which mapi-client sent them in one
/// session with a sample mailbox. `CAPTURE_FILE=... generated-tests/peers/run` writes such a file.
const CAPTURED: &str = include_str!("captured.txt");

/// RopIds that nothing may be sent with (MS-OXCROPS 2.2.2).
const RESERVED: [u8; 12] = [0x00, 0x28, 0x3C, 0x3D, 0x62, 0x65, 0x6A, 0x71, 0x7C, 0x7D, 0xB6, 0xFD];

pub fn captured() -> Vec<Vec<u8>> {
    CAPTURED.lines().map(from_hex).collect()
}

fn from_hex(line: &str) -> Vec<u8> {
    (0..line.len() / 2).map(|index| u8::from_str_radix(&line[2 * index..2 * index + 2], 16).unwrap()).collect()
}

pub fn batch(rops: &[u8], handles: &[u32]) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_batch(&mut e, rops, handles).unwrap();
    e.finish().to_vec()
}

/// Behind a header, in any of the forms that a client may choose.
pub fn extended(payload: &[u8], flags: Flags) -> Vec<u8> {
    let mut e = Encoder::new();
    pack_chain(&mut e, &[payload], flags).unwrap();
    e.finish().to_vec()
}

pub fn any_form(random: &mut Random) -> Flags {
    *random.pick(&[Flags::empty(), Flags::COMPRESSED, Flags::XOR_MAGIC, Flags::COMPRESSED | Flags::XOR_MAGIC])
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
            let size = if random.chance(3) { random.below(2) as u16 } else { beyond.saturating_add(random.byte().into()) };
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

/// Any number of requests of any kind, with handles that may be open, released or invented.
pub fn shuffled(random: &mut Random, valid: &[Vec<u8>]) -> Vec<u8> {
    let mut rops = Vec::new();
    let mut handles = Vec::new();
    for _ in 0..=random.below(6) {
        let parts = unpack_batch(random.pick(valid)).unwrap();
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
