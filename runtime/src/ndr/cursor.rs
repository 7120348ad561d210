//! Reading: a position in the stub data of a call.

use super::Representation;
use super::format::Format;
use super::pointer::Pending;
use super::relative::Base;
use crate::error::{UnpackError, UnpackErrorKind};

/// A position in stub data, with what its representation decides.
///
/// Every integer is read at its natural alignment, which counts from the start of the data.
#[derive(Clone, Debug)]
pub struct NdrCursor<'a> {
    pub(super) bytes: &'a [u8],
    /// At most the length of `bytes`.
    position: usize,
    pub(super) format: Format,
    /// Where alignment counts from: the beginning of the data, or of the part that is read.
    pub(super) origin: usize,
    /// Where relative pointers count from.
    pub(super) base: Base,
    /// Relative pointers that were followed, and bytes that were read there.
    pub(super) jumps: usize,
    pub(super) jumped: usize,
    depth: u32,
    /// How many bytes the elements of lists may still claim, see [`NdrCursor::claim`].
    pub(super) claims_left: usize,
    /// Pointers of the constructions that are open, see [`super::Frame`].
    pub(super) pending: Pending,
    /// The next of `pending` to be followed.
    pub(super) next_pending: usize,
    /// Where the relative pointers of the constructions that are open lead, and the ids of their full pointers.
    pub(super) targets: Vec<u64>,
    /// The next of `targets` to be followed.
    pub(super) next_target: usize,
    /// Full pointers that were followed so far.
    pub(super) full_pointers: super::full::Places,
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Truncated` when the data ends before it.
            #[inline]
            pub fn $name(&mut self) -> Result<$ty, UnpackError> {
                let bytes = self.aligned()?;
                Ok(if self.format.representation.is_big_endian() {
                    <$ty>::from_be_bytes(bytes)
                } else {
                    <$ty>::from_le_bytes(bytes)
                })
            }
        )*
    };
}

/// Lists in each other, and what several pointers lead to, claim bytes more than once.
const CLAIMS_PER_BYTE: usize = 16;

impl<'a> NdrCursor<'a> {
    /// Senders may round stub data up to this size.
    const STUB_PADDING: usize = 8;

    /// A cursor at the start of stub data.
    #[must_use]
    pub fn new(bytes: &'a [u8], representation: Representation) -> Self {
        Self {
            bytes,
            position: 0,
            format: Format::new(representation),
            origin: 0,
            base: Base::default(),
            jumps: 0,
            jumped: 0,
            depth: 0,
            claims_left: bytes.len().saturating_mul(CLAIMS_PER_BYTE).saturating_add(1024),
            pending: Pending::default(),
            next_pending: 0,
            targets: Vec::new(),
            next_target: 0,
            full_pointers: super::full::Places::new(),
        }
    }

    /// How the data is written.
    #[inline]
    #[must_use]
    pub fn representation(&self) -> Representation {
        self.format.representation
    }

    /// Bytes read so far.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> usize {
        self.position
    }

    /// Bytes left.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Ends the data of a call, behind what relative pointers led to. Less than eight bytes may be left: some senders
    /// round up.
    ///
    /// # Errors
    /// `TrailingBytes` when more is left.
    pub fn finish(mut self) -> Result<(), UnpackError> {
        self.skip_to_highest();
        let count = self.remaining();
        if count >= Self::STUB_PADDING {
            return Err(self.error(UnpackErrorKind::TrailingBytes { count }));
        }
        Ok(())
    }

    /// Skips to an alignment, a power of two: one for NDR 2.0, one for NDR64.
    ///
    /// # Errors
    /// `Truncated` when the data ends in the gap.
    #[inline]
    pub fn align(&mut self, ndr: usize, ndr64: usize) -> Result<(), UnpackError> {
        crate::work::step(0);
        let to = if self.format.representation.is_ndr64() { ndr64 } else { ndr };
        let start = self.gap(to);
        if start > self.bytes.len() {
            return Err(self.truncated(start - self.position));
        }
        self.position = start;
        Ok(())
    }

    /// Where something of this alignment begins.
    #[inline(always)]
    pub(super) fn gap(&self, to: usize) -> usize {
        self.position + gap(self.position, self.origin, to, self.format.unaligned)
    }

    /// Bytes at a position, without moving there.
    #[inline(always)]
    pub(super) fn peek(&self, start: usize, count: usize) -> Option<&'a [u8]> {
        self.bytes.get(start..)?.get(..count)
    }

    /// This many bytes at this alignment, without moving; gives where they end, too.
    #[inline(always)]
    pub(super) fn peek_aligned<const N: usize>(&self, to: usize) -> Option<(&'a [u8; N], usize)> {
        let start = self.gap(to);
        let bytes = self.bytes.get(start..)?.first_chunk()?;
        Some((bytes, start + N))
    }

    /// Goes on behind bytes that were there.
    #[inline(always)]
    pub(super) fn seek_to(&mut self, position: usize) {
        debug_assert!(position <= self.bytes.len(), "only behind what is there");
        self.position = position;
    }

    /// Goes on from another place, at most the end.
    pub(super) fn seek(&mut self, position: usize) {
        self.position = position.min(self.bytes.len());
    }

    /// The gap after a structure, and around the tag of a union, that only NDR64 has
    /// (MS-RPCE 2.2.5.3.4.1, 2.2.5.3.4.4).
    ///
    /// # Errors
    /// `Truncated` when the data ends in the gap.
    #[inline]
    pub fn align_ndr64(&mut self, to: usize) -> Result<(), UnpackError> {
        self.align(1, to)
    }

    /// The next bytes, unaligned.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], UnpackError> {
        crate::work::step(0);
        match self.bytes.get(self.position..).and_then(|rest| rest.get(..count)) {
            Some(taken) => {
                self.position += count;
                Ok(taken)
            }
            None => Err(self.truncated(count)),
        }
    }

    #[inline(always)]
    fn aligned<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        crate::work::step(0);
        match self.peek_aligned(N) {
            Some((bytes, end)) => {
                self.position = end;
                Ok(*bytes)
            }
            None => Err(self.truncated(self.gap(N) - self.position + N)),
        }
    }

    integers! {
        /// An unsigned byte.
        u8: u8;
        /// An unsigned 16-bit integer.
        u16: u16;
        /// An unsigned 32-bit integer.
        u32: u32;
        /// An unsigned 64-bit integer (`hyper`).
        u64: u64;
        /// A signed byte.
        i8: i8;
        /// A signed 16-bit integer.
        i16: i16;
        /// A signed 32-bit integer.
        i32: i32;
        /// A signed 64-bit integer (`hyper`).
        i64: i64;
        /// A 32-bit floating-point number.
        f32: f32;
        /// A 64-bit floating-point number.
        f64: f64;
    }

    /// A `boolean`: 0 is false, anything else true.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, UnpackError> {
        Ok(self.u8()? != 0)
    }

    /// An enumeration: 16 bits in NDR 2.0, 32 in NDR64.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` over 16 bits.
    #[inline]
    pub fn enum16(&mut self) -> Result<u16, UnpackError> {
        if !self.format.representation.is_ndr64() {
            return self.u16();
        }
        let value = self.u32()?;
        u16::try_from(value).map_err(|_| self.invalid(u64::from(value), "an enumeration of 16 bits", 4))
    }

    /// An integer as wide as a pointer (`__int3264`): 32 bits in NDR 2.0, 64 in NDR64.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    #[inline]
    pub fn u3264(&mut self) -> Result<u64, UnpackError> {
        if self.format.representation.is_ndr64() { self.u64() } else { self.u32().map(u64::from) }
    }

    /// A 64-bit integer as two of 32 bits, the low half first in either byte order (`udlong`, `NTTIME`).
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn udlong(&mut self) -> Result<u64, UnpackError> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// A signed 64-bit integer as two of 32 bits, the low half first (`dlong`).
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn dlong(&mut self) -> Result<i64, UnpackError> {
        Ok(self.udlong()?.cast_signed())
    }

    /// A 64-bit integer as two of 32 bits, the high half first in either byte order (`udlongr`).
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn udlongr(&mut self) -> Result<u64, UnpackError> {
        Ok(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }

    /// A pointer that is not followed: its id means nothing.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn ignored_pointer(&mut self) -> Result<(), UnpackError> {
        self.u3264().map(|_| ())
    }

    /// Goes one level down in a structure that contains itself.
    ///
    /// # Errors
    /// `TooDeep` at the limit.
    pub fn enter(&mut self, limit: u32) -> Result<(), UnpackError> {
        if self.depth >= limit {
            return Err(self.error(UnpackErrorKind::TooDeep { limit }));
        }
        self.depth += 1;
        Ok(())
    }

    /// Comes back up from [`NdrCursor::enter`].
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// An error at this position.
    #[cold]
    #[must_use]
    pub fn error(&self, kind: UnpackErrorKind) -> UnpackError {
        UnpackError::new(kind, self.position)
    }

    /// A value that the description does not allow, just read from `size` bytes.
    #[cold]
    #[must_use]
    pub fn invalid(&self, found: u64, expected: &'static str, size: usize) -> UnpackError {
        UnpackError::new(UnpackErrorKind::InvalidValue { found, expected }, self.position.saturating_sub(size))
    }

    #[cold]
    pub(super) fn truncated(&self, needed: usize) -> UnpackError {
        self.error(UnpackErrorKind::Truncated { needed, available: self.remaining() })
    }
}

/// The bytes from a position up to an alignment, a power of two, that counts from `origin`.
#[inline(always)]
pub(super) const fn gap(position: usize, origin: usize, to: usize, unaligned: bool) -> usize {
    let mask = (unaligned as usize).wrapping_sub(1);
    origin.wrapping_sub(position) & (to - 1) & mask
}

/// The next multiple of a power of two. Positions are below `isize::MAX`, so nothing overflows.
#[inline]
pub(super) const fn align_up(position: usize, to: usize) -> usize {
    (position + to - 1) & !(to - 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn aligns_integers_from_the_start_of_the_data() {
        let bytes = [0x01, 0xee, 0x02, 0x00, 0x03, 0x00, 0x00, 0x00];
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!((c.u8().unwrap(), c.u16().unwrap(), c.u32().unwrap()), (1, 2, 3));
        c.finish().unwrap();
    }

    #[test]
    fn reads_either_byte_order() {
        let bytes = [0x01, 0x02, 0x03, 0x04];
        assert_eq!(NdrCursor::new(&bytes, Representation::NDR).u32().unwrap(), 0x0403_0201);
        assert_eq!(NdrCursor::new(&bytes, Representation::NDR_BIG_ENDIAN).u32().unwrap(), 0x0102_0304);
    }

    #[test]
    fn widens_enumerations_and_pointer_sized_integers_in_ndr64() {
        let bytes = [0x02, 0x00, 0x00, 0x00, 0, 0, 0, 0, 0x07, 0, 0, 0, 0, 0, 0, 0x80];
        let mut c = NdrCursor::new(&bytes, Representation::NDR64);
        assert_eq!(c.enum16().unwrap(), 2);
        assert_eq!(c.u3264().unwrap(), 0x8000_0000_0000_0007);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!(c.enum16().unwrap(), 2);
        assert_eq!(c.u3264().unwrap(), 0);
        assert_eq!(c.offset(), 8);
    }

    #[test]
    fn rejects_enumeration_over_16_bits_in_ndr64() {
        let error = NdrCursor::new(&[0, 0, 1, 0], Representation::NDR64).enum16().unwrap_err();
        assert_eq!(error.to_string(), "expected an enumeration of 16 bits, got 0x10000 at offset 0");
    }

    #[test]
    fn rejects_integer_that_ends_in_its_gap() {
        let mut c = NdrCursor::new(&[1, 0], Representation::NDR);
        c.u8().unwrap();
        let error = c.u32().unwrap_err();
        assert_eq!(error.to_string(), "expected 7 bytes, got 1 at offset 1");
        assert!(c.align(4, 4).is_err());
    }

    #[test]
    fn tolerates_rounding_of_the_stub_but_no_more() {
        NdrCursor::new(&[0; 7], Representation::NDR).finish().unwrap();
        assert!(NdrCursor::new(&[0; 8], Representation::NDR).finish().is_err());
    }

    #[test]
    fn limits_depth() {
        let mut c = NdrCursor::new(&[], Representation::NDR);
        c.enter(2).unwrap();
        c.enter(2).unwrap();
        assert_eq!(c.enter(2).unwrap_err().kind(), &UnpackErrorKind::TooDeep { limit: 2 });
        c.leave();
        c.enter(2).unwrap();
    }
}
