//! The framing of ROP buffers (MS-OXCROPS 2.2.1).

use crate::error::At;
use crate::{Cursor, Encoder, PackError, UnpackError, UnpackErrorKind};

/// A ROP input or output buffer taken apart; the operations are still bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// RopsList: operations one after the other.
    pub rops: &'a [u8],
    /// ServerObjectHandleTable.
    pub handles: Vec<u32>,
}

/// Bytes of the RopSize field, which counts itself.
pub const ROP_SIZE: usize = 2;

/// Takes a ROP buffer apart. RopSize counts itself; the handle table takes the rest.
///
/// # Errors
/// When RopSize lies, or the rest is no whole number of handles.
pub fn unpack_batch(bytes: &[u8]) -> Result<Batch<'_>, UnpackError> {
    let mut c = Cursor::new(bytes);
    let size = usize::from(c.u16().at("RopSize")?);
    if size < ROP_SIZE {
        return Err(c.invalid(size as u64, "a RopSize that counts itself", ROP_SIZE).at("RopSize"));
    }
    let rops = c.take(size - ROP_SIZE).at("RopsList")?;
    let mut handles = Vec::with_capacity(c.capacity(usize::from(u8::MAX) + 1, 4));
    while !c.is_empty() {
        if handles.len() > usize::from(u8::MAX) {
            let kind = UnpackErrorKind::TooLarge { found: handles.len() as u64, limit: u64::from(u8::MAX) + 1 };
            return Err(c.error(kind).at("ServerObjectHandleTable"));
        }
        handles.push(c.u32().at_index(handles.len()).at("ServerObjectHandleTable")?);
    }
    Ok(Batch { rops, handles })
}

/// Puts a ROP buffer together.
///
/// # Errors
/// When the operations are too long for RopSize, or at the encoder's limit.
pub fn pack_batch(e: &mut Encoder, rops: &[u8], handles: &[u32]) -> Result<(), PackError> {
    e.count_u16(rops.len().saturating_add(ROP_SIZE)).at("RopSize")?;
    e.bytes(rops).at("RopsList")?;
    handles.iter().try_for_each(|handle| e.u32(*handle)).at("ServerObjectHandleTable")
}
