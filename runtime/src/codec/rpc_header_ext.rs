//! Extended buffers: payloads, each behind an RPC_HEADER_EXT (MS-OXCRPC 2.2.2.1, 3.1.4.1.1, 3.1.4.2.1).
//!
//! A chain is one or more of them up to the one with the flag Last; each is compressed,
//! obfuscated, both (compressed first) or neither, independently of the others.

use std::borrow::Cow;

use bitflags::bitflags;

use super::{lz77, obfuscation};
use crate::{At, Blob, Cursor, Encoder, PackError, UnpackError, UnpackErrorKind};

bitflags! {
    /// How the payload after the header stands (MS-OXCRPC 2.2.2.1, Flags).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
    pub struct Flags: u16 {
        /// It is compressed.
        const COMPRESSED = 0x0001;
        /// It is obfuscated.
        const XOR_MAGIC = 0x0002;
        /// No other header follows the payload.
        const LAST = 0x0004;
    }
}

/// RPC_HEADER_EXT (MS-OXCRPC 2.2.2.1); its Version is always 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcHeaderExt {
    /// How the payload stands.
    pub flags: Flags,
    /// Bytes of the payload as it follows.
    pub size: u16,
    /// Bytes of the payload when it is decompressed.
    pub size_actual: u16,
}

impl RpcHeaderExt {
    /// Bytes on the wire: Version (2) + Flags (2) + Size (2) + SizeActual (2).
    pub const SIZE: usize = 8;

    /// Reads a header and checks its fields against each other.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends before it; `InvalidValue` for a version other than 0, flags
    /// that are not defined, a SizeActual other than Size without compression, or not over Size
    /// with it.
    pub fn unpack(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
        let version = c.u16().at("Version")?;
        if version != 0 {
            return Err(c.invalid(u64::from(version), "version 0", 2)).at("Version");
        }
        let bits = c.u16().at("Flags")?;
        let Some(flags) = Flags::from_bits(bits) else {
            return Err(c.invalid(u64::from(bits), "Compressed, XorMagic and Last only", 2)).at("Flags");
        };
        let size = c.u16().at("Size")?;
        let size_actual = c.u16().at("SizeActual")?;
        if flags.contains(Flags::COMPRESSED) {
            if size >= size_actual {
                return Err(c.invalid(u64::from(size_actual), "more than Size", 2)).at("SizeActual");
            }
        } else if size != size_actual {
            return Err(c.invalid(u64::from(size_actual), "the same as Size", 2)).at("SizeActual");
        }
        Ok(Self { flags, size, size_actual })
    }

    /// Writes the header.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack(&self, e: &mut Encoder) -> Result<(), PackError> {
        e.u16(0)?;
        e.u16(self.flags.bits())?;
        e.u16(self.size)?;
        e.u16(self.size_actual)
    }
}

/// Reads a chain up to the payload with the flag Last, which has to end the buffer.
///
/// `limit` is the most bytes that all payloads together may have when decompressed.
///
/// # Errors
/// Those of [`RpcHeaderExt::unpack`] and [`lz77::decompress`]; `Truncated` when the buffer ends
/// before a payload does or before one with Last; `TrailingBytes` when it does not end there;
/// `TooLarge` over the limit, before anything is decompressed beyond it.
pub fn unpack_chain(mut c: Cursor<'_>, limit: usize) -> Result<Vec<Blob<'_>>, UnpackError> {
    let mut payloads = Vec::new();
    let mut total = 0;
    loop {
        let index = payloads.len();
        let (flags, payload) = unpack_payload(&mut c, limit, &mut total).at_index(index)?;
        payloads.push(payload);
        if flags.contains(Flags::LAST) {
            c.finish().at_index(index)?;
            return Ok(payloads);
        }
    }
}

/// Reads a buffer of a single payload (rgbAuxIn, rgbAuxOut: MS-OXCRPC 3.1.4.1.1.1.1).
///
/// # Errors
/// Those of [`unpack_chain`]; `InvalidValue` when the flag Last is missing.
pub fn unpack_single(mut c: Cursor<'_>, limit: usize) -> Result<Blob<'_>, UnpackError> {
    let flags_at = c.offset() + 2;
    let (flags, payload) = unpack_payload(&mut c, limit, &mut 0)?;
    if !flags.contains(Flags::LAST) {
        let kind = UnpackErrorKind::InvalidValue { found: u64::from(flags.bits()), expected: "the flag Last" };
        return Err(UnpackError::new(kind, flags_at).at("Flags"));
    }
    c.finish()?;
    Ok(payload)
}

/// One header and its payload; adds the payload's size to the total.
fn unpack_payload<'a>(c: &mut Cursor<'a>, limit: usize, total: &mut usize) -> Result<(Flags, Blob<'a>), UnpackError> {
    let header = RpcHeaderExt::unpack(c)?;
    let size_actual = usize::from(header.size_actual);
    *total = total.saturating_add(size_actual);
    if *total > limit {
        let kind = UnpackErrorKind::TooLarge { found: *total as u64, limit: limit as u64 };
        return Err(c.error(kind).at("SizeActual"));
    }
    let offset = c.offset();
    let mut payload = Cow::Borrowed(c.take(usize::from(header.size)).at("Payload")?);
    if header.flags.contains(Flags::XOR_MAGIC) {
        payload = obfuscation::applied(&payload);
    }
    if header.flags.contains(Flags::COMPRESSED) {
        payload = Cow::Owned(lz77::decompress(Cursor::at_offset(&payload, offset), size_actual).at("Payload")?);
    }
    Ok((header.flags, payload))
}

/// Writes one payload behind its header, compressed and obfuscated as the flags say.
///
/// The flag Compressed is a wish: a payload that compression does not shorten is written as it is,
/// without the flag. So the payload never takes more than its own bytes and
/// [`RpcHeaderExt::SIZE`]. Answers the header as written.
///
/// # Errors
/// `TooLarge` when the payload is over 65,535 bytes; `Full` at the limit.
pub fn pack_payload(e: &mut Encoder, payload: &[u8], flags: Flags) -> Result<RpcHeaderExt, PackError> {
    let size_actual =
        u16::try_from(payload.len()).map_err(|_| e.too_large(payload.len(), u64::from(u16::MAX)).at("SizeActual"))?;
    let mut header = RpcHeaderExt { flags, size: size_actual, size_actual };
    let mut bytes = Cow::Borrowed(payload);
    if flags.contains(Flags::COMPRESSED) {
        let compressed = lz77::compress(payload);
        match u16::try_from(compressed.len()) {
            Ok(size) if size < size_actual => {
                header.size = size;
                bytes = Cow::Owned(compressed);
            }
            _ => header.flags.remove(Flags::COMPRESSED),
        }
    }
    if flags.contains(Flags::XOR_MAGIC) {
        obfuscation::apply(bytes.to_mut());
    }
    header.pack(e)?;
    e.bytes(&bytes).at("Payload")?;
    Ok(header)
}

/// Writes payloads as a chain: Last is set on the last one only, whatever the flags say.
///
/// # Errors
/// Those of [`pack_payload`]; `Mismatch` when there is none, since a chain has at least one.
pub fn pack_chain(e: &mut Encoder, payloads: &[impl AsRef<[u8]>], flags: Flags) -> Result<(), PackError> {
    let Some((last, others)) = payloads.split_last() else {
        return Err(e.mismatch("at least one payload"));
    };
    for (index, payload) in others.iter().enumerate() {
        pack_payload(e, payload.as_ref(), flags - Flags::LAST).at_index(index)?;
    }
    pack_payload(e, last.as_ref(), flags | Flags::LAST).at_index(others.len())?;
    Ok(())
}

#[cfg(test)]
#[path = "rpc_header_ext_tests.rs"]
mod tests;
