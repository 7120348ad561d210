//! RopBuffer in the bodies of Execute: payloads behind an RPC_HEADER_EXT, and their bounds.

use bytes::Bytes;
use protocol::oxcrpc::{
    ExecuteFlags, ExtendedBufferOfRopInputBuffer, ExtendedBufferOfRopOutputBuffer, RopInputBuffers, RpcHeaderFlags,
};
use runtime::{Blob, Cursor, Encoder, PackError};

use super::failure::Failure;

/// The largest RopBuffer, in or out, in bytes (MS-OXCRPC 3.1.4.2, cbIn and pcbOut).
pub(super) const MAX_ROP_BUFFER: usize = 0x0004_0000;
/// The most bytes of replies in one payload, handles included (MS-OXCRPC 3.1.4.2.1).
pub(super) const MAX_PAYLOAD: usize = 32 * 1024;
/// Bytes of an RPC_HEADER_EXT.
const HEADER: usize = ExtendedBufferOfRopOutputBuffer::MIN_SIZE;
/// Bytes from which on compression is worth its time.
const WORTH_COMPRESSING: usize = 1024;

/// Takes the ROP input buffer out of RopBuffer, deobfuscated and decompressed.
///
/// A client may pack several payloads only where the server announced that it takes them
/// (MS-OXCRPC 3.1.4.2.1.1.1), which this one does not.
pub(super) fn rop_input(buffer: &[u8]) -> Result<Blob<'_>, Failure> {
    if buffer.len() > MAX_ROP_BUFFER {
        return Err(Failure::TooLarge);
    }
    if buffer.len() < HEADER {
        return Err(Failure::RPC_FAILED);
    }
    let mut c = Cursor::new(buffer).with_plain_room(MAX_ROP_BUFFER);
    let mut payloads = RopInputBuffers::unpack(&mut c)?.payloads;
    c.finish()?;
    match (payloads.pop(), payloads.is_empty()) {
        (Some(ExtendedBufferOfRopInputBuffer { payload, .. }), true) => Ok(payload),
        _ => Err(Failure::RPC_FORMAT),
    }
}

/// Bytes that the ROP output buffer may have in a RopBuffer of at most `max_rop_out` bytes.
pub(super) fn rop_output_limit(max_rop_out: u32) -> Result<usize, Failure> {
    let whole = usize::try_from(max_rop_out).unwrap_or(usize::MAX).min(MAX_ROP_BUFFER);
    match whole.checked_sub(HEADER) {
        Some(payload) => Ok(payload.min(MAX_PAYLOAD)),
        None => Err(Failure::RPC_FAILED),
    }
}

/// Puts a ROP output buffer behind its header, compressed when the client takes that and it is shorter.
/// Nothing is obfuscated: the transport encrypts.
pub(super) fn rop_output(payload: &[u8], flags: ExecuteFlags) -> Result<Bytes, PackError> {
    let compress = !flags.contains(ExecuteFlags::NO_COMPRESSION) && payload.len() >= WORTH_COMPRESSING;
    let flags = if compress { RpcHeaderFlags::LAST | RpcHeaderFlags::COMPRESSED } else { RpcHeaderFlags::LAST };
    let mut e = Encoder::with_limit(HEADER + payload.len());
    ExtendedBufferOfRopOutputBuffer { flags, payload: Blob::Borrowed(payload) }.pack(&mut e)?;
    Ok(e.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn leaves_replies_one_payload_of_at_most_32_kib() {
        assert_eq!(rop_output_limit(8).unwrap(), 0);
        assert_eq!(rop_output_limit(0x1000).unwrap(), 0x1000 - 8);
        for generous in [0x8008, 0x0004_0000, u32::MAX] {
            assert_eq!(rop_output_limit(generous).unwrap(), MAX_PAYLOAD, "{generous}");
        }
        assert_eq!(rop_output_limit(7), Err(Failure::RPC_FAILED));
    }

    #[test]
    fn compresses_only_for_clients_that_take_it() {
        let payload = [b'x'; 4096];
        let compressed = rop_output(&payload, ExecuteFlags(0)).unwrap();
        assert!(compressed.len() < 1024);
        assert_eq!(&*rop_input(&compressed).unwrap(), &payload[..]);
        let plain = rop_output(&payload, ExecuteFlags::NO_COMPRESSION).unwrap();
        assert_eq!(&plain[8..], &payload[..]);
        assert_eq!(rop_output(&[b'x'; 100], ExecuteFlags(0)).unwrap().len(), 108);
    }

    #[test]
    fn takes_one_payload_only() {
        let twice = [0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 4, 0, 2, 0, 2, 0, 2, 0];
        assert_eq!(rop_input(&twice), Err(Failure::RPC_FORMAT));
        assert_eq!(&*rop_input(&twice[10..]).unwrap(), [2, 0]);
        assert_eq!(rop_input(&twice[..7]), Err(Failure::RPC_FAILED));
        assert_eq!(rop_input(&vec![0; MAX_ROP_BUFFER + 1]), Err(Failure::TooLarge));
    }
}
