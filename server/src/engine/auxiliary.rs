//! Auxiliary buffers: what clients report of themselves, and what the server tells them when they connect.

use bytes::Bytes;
use protocol::oxcrpc::{
    AuxClientControl, AuxEndpointCapabilities, AuxExorginfo, AuxiliaryBlock, AuxiliaryBlockPayload, AuxiliaryBuffer,
    EnableFlags, EndpointCapabilityFlags, ExtendedAuxiliaryBuffer, ExtendedAuxiliaryBytes,
    ExtendedBufferOfAuxiliaryBuffer, OrgFlags, RpcHeaderFlags,
};
use runtime::{Cursor, Encoder, PackError};

use super::failure::Failure;

/// The largest AuxiliaryBuffer of a request, in bytes (MS-OXCRPC 3.1.4.2, cbAuxIn).
const MAX_BUFFER: usize = 0x1008;
/// Milliseconds that a client keeps performance data that it has not sent: a week.
const EXPIRY_TIME: u32 = 7 * 24 * 60 * 60 * 1000;

/// Reads the AuxiliaryBuffer of a request.
///
/// What clients report in it is for information only, and blocks that are not known are skipped
/// (MS-OXCRPC 3.1.4.1.2): only a buffer without a whole payload fails the call, not one whose blocks are odd.
pub(super) fn receive(buffer: &[u8]) -> Result<(), Failure> {
    match buffer.len() {
        0 => return Ok(()),
        1..ExtendedAuxiliaryBytes::MIN_SIZE => return Err(Failure::RPC_FAILED),
        ExtendedAuxiliaryBytes::MIN_SIZE..=MAX_BUFFER => {}
        _ => return Err(Failure::TooLarge),
    }
    let mut c = Cursor::new(buffer).with_plain_room(usize::from(u16::MAX));
    let blocks = ExtendedAuxiliaryBytes::unpack(&mut c)?.buffer.payload;
    c.finish()?;
    match AuxiliaryBuffer::unpack(&mut Cursor::new(&blocks)) {
        Ok(report) => tracing::trace!(blocks = report.blocks.len(), "a client reports"),
        Err(error) => tracing::debug!(%error, "auxiliary blocks that cannot be read are passed over"),
    }
    Ok(())
}

/// The AuxiliaryBuffer of a Connect reply (MS-OXCRPC 3.1.4.1.2.1): there are no public folders, the client may
/// compress what it sends and need not report on its performance, and no endpoint serves more than mailboxes.
pub(super) fn topology() -> Result<Bytes, PackError> {
    let blocks = [
        AuxiliaryBlockPayload::ExOrgInfo(AuxExorginfo { org_flags: OrgFlags::default() }),
        AuxiliaryBlockPayload::ClientControl(AuxClientControl {
            enable_flags: EnableFlags::ENABLE_COMPRESSION | EnableFlags::ENABLE_HTTP_TUNNELING,
            expiry_time: EXPIRY_TIME,
        }),
        AuxiliaryBlockPayload::EndpointCapabilities(AuxEndpointCapabilities {
            endpoint_capability_flag: EndpointCapabilityFlags::default(),
        }),
    ];
    let payload = AuxiliaryBuffer { blocks: blocks.into_iter().map(|payload| AuxiliaryBlock { payload }).collect() };
    let buffer = ExtendedBufferOfAuxiliaryBuffer { flags: RpcHeaderFlags::LAST, payload };
    let mut e = Encoder::new();
    ExtendedAuxiliaryBuffer { buffer }.pack(&mut e)?;
    Ok(e.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use protocol::oxcrpc::ExtendedBufferOfBytes;

    #[test]
    fn refuses_buffers_by_their_size_and_header() {
        assert_eq!(receive(&[]), Ok(()));
        assert_eq!(receive(&[0; 7]), Err(Failure::RPC_FAILED));
        assert_eq!(receive(&[0, 0, 4, 0, 0, 0, 0, 0]), Ok(()));
        assert_eq!(receive(&[0, 0, 4, 0, 1, 0, 1, 0]), Err(Failure::RPC_FORMAT));
        assert_eq!(receive(&[0; MAX_BUFFER + 1]), Err(Failure::TooLarge));
    }

    /// Blocks behind a header.
    fn buffer(blocks: &[u8]) -> Bytes {
        let mut e = Encoder::new();
        let buffer = ExtendedBufferOfBytes { flags: RpcHeaderFlags::LAST, payload: blocks.into() };
        ExtendedAuxiliaryBytes { buffer }.pack(&mut e).unwrap();
        e.finish()
    }

    #[test]
    fn passes_over_blocks_that_are_unknown_or_odd() {
        // AUX_PERF_REQUESTID, and a type that no document has
        assert_eq!(receive(&buffer(&[8, 0, 1, 1, 1, 0, 5, 0, 5, 0, 1, 0x99, 7])), Ok(()));
        // a size below that of its own header, one beyond the buffer, an offset to nowhere
        for odd in [&[0, 0, 1, 1][..], &[9, 0, 1, 1, 1, 0, 5, 0], &[6, 0, 1, 0x4B, 0xFF, 0xFF]] {
            assert_eq!(receive(&buffer(odd)), Ok(()), "{odd:?}");
        }
    }

    #[test]
    fn what_it_says_is_what_a_client_reads() {
        let buffer = topology().unwrap();
        let blocks = ExtendedAuxiliaryBuffer::unpack(&mut Cursor::new(&buffer)).unwrap().buffer.payload.blocks;
        assert_eq!(blocks.len(), 3);
        let control = blocks.iter().find_map(|block| match &block.payload {
            AuxiliaryBlockPayload::ClientControl(control) => Some(control),
            _ => None,
        });
        let flags = control.unwrap().enable_flags;
        assert!(flags.contains(EnableFlags::ENABLE_COMPRESSION));
        assert!(!flags.contains(EnableFlags::ENABLE_PERF_SENDTOSERVER));
    }
}
