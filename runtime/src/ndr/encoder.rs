//! Writing: the stub data of a call.

use super::Representation;
use super::cursor::gap;
use super::format::Format;
use super::relative::{Base, Tail, Waiting};
use crate::error::{PackError, PackErrorKind};

/// Appends stub data, every integer at its natural alignment, never past its limit.
///
/// Gaps are zero.
#[derive(Debug)]
pub struct NdrEncoder {
    buffer: Vec<u8>,
    limit: usize,
    pub(super) format: Format,
    /// Where alignment counts from: the beginning of the data, or of the part that is written.
    pub(super) origin: usize,
    /// Where relative pointers count from.
    pub(super) base: Base,
    /// Relative pointers of the constructions that are open.
    pub(super) waiting: Vec<Waiting>,
    /// The next of `waiting` to be used.
    pub(super) next_waiting: usize,
    /// How the part that is written is filled from its end.
    pub(super) tail: Tail,
    depth: u32,
    /// The id of the next pointer that is not null.
    pub(super) next_referent: u32,
    /// The id of the next full pointer that is not null.
    pub(super) next_full: u32,
    pub(super) reference_id: Option<u32>,
    /// It only finds out how large something is.
    measures: bool,
    /// It packs something alone, whose size is asked for.
    pub(super) sizes: bool,
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Full` at the limit.
            #[inline]
            pub fn $name(&mut self, value: $ty) -> Result<(), PackError> {
                self.aligned(if self.format.representation.is_big_endian() {
                    value.to_be_bytes()
                } else {
                    value.to_le_bytes()
                })
            }
        )*
    };
}

impl NdrEncoder {
    /// Room that is made at once: most calls need no more, and the allocator has it at hand.
    const ROOM: usize = 1024;

    /// An encoder without a limit.
    #[must_use]
    pub fn new(representation: Representation) -> Self {
        Self::with_limit(representation, usize::MAX)
    }

    /// An encoder that never holds more than `limit` bytes.
    #[must_use]
    pub fn with_limit(representation: Representation, limit: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(Self::ROOM.min(limit)),
            limit,
            format: Format::new(representation),
            origin: 0,
            base: Base::default(),
            waiting: Vec::new(),
            next_waiting: 0,
            tail: Tail::default(),
            depth: 0,
            next_referent: Self::FIRST_REFERENT,
            next_full: 1,
            reference_id: None,
            measures: false,
            sizes: false,
        }
    }

    /// How the data is written.
    #[inline]
    #[must_use]
    pub fn representation(&self) -> Representation {
        self.format.representation
    }

    /// Bytes written so far.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Nothing is written yet.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Ends writing.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.buffer
    }

    /// Fills up to an alignment, a power of two: one for NDR 2.0, one for NDR64.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn align(&mut self, ndr: usize, ndr64: usize) -> Result<(), PackError> {
        let to = if self.format.representation.is_ndr64() { ndr64 } else { ndr };
        if self.make_room(to, 0) { Ok(()) } else { Err(self.full(self.gap(to) - self.buffer.len())) }
    }

    /// The most bytes that it may hold.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Where something of this alignment begins.
    #[inline(always)]
    pub(super) fn gap(&self, to: usize) -> usize {
        let end = self.buffer.len();
        end + gap(end, self.origin, to, self.format.unaligned)
    }

    /// Fills up to an alignment, with room for `count` bytes behind it; whether there is so much.
    #[inline(always)]
    pub(super) fn make_room(&mut self, to: usize, count: usize) -> bool {
        let start = self.gap(to);
        if self.limit.checked_sub(start).is_none_or(|room| count > room) {
            return false;
        }
        if start != self.buffer.len() {
            self.buffer.resize(start, 0);
        }
        true
    }

    /// What is written, for those who made room.
    #[inline(always)]
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// This many zeros.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn zeros(&mut self, count: usize) -> Result<(), PackError> {
        if count > self.limit.saturating_sub(self.buffer.len()) {
            return Err(self.full(count));
        }
        self.buffer.resize(self.buffer.len() + count, 0);
        Ok(())
    }

    /// Takes away what was written from here on.
    pub(super) fn cut(&mut self, at: usize) -> Vec<u8> {
        if at < self.buffer.len() { self.buffer.split_off(at) } else { Vec::new() }
    }

    /// Writes over bytes that are there already.
    pub(super) fn patch<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        if let Some(place) = self.buffer.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            *place = bytes;
        }
    }

    /// How many bytes something takes when it is packed alone, in the format of here.
    ///
    /// # Errors
    /// What `pack` answers.
    pub fn size_of(&self, pack: impl FnOnce(&mut Self) -> Result<(), PackError>) -> Result<usize, PackError> {
        let mut e = Self::with_limit(self.format.representation, self.limit);
        e.format = self.format;
        e.measures = self.measures;
        e.sizes = true;
        pack(&mut e)?;
        Ok(e.len())
    }

    /// How many bytes the structure takes that is being packed: what `pack` packs is the same, and asks it, too.
    ///
    /// # Errors
    /// What `pack` answers.
    pub fn size_of_whole(&self, pack: impl FnOnce(&mut Self) -> Result<(), PackError>) -> Result<usize, PackError> {
        if self.measures {
            return Ok(0);
        }
        self.size_of(|e| {
            e.measures = true;
            pack(e)
        })
    }

    /// The gap after a structure, and around the tag of a union, that only NDR64 has
    /// (MS-RPCE 2.2.5.3.4.1, 2.2.5.3.4.4).
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn align_ndr64(&mut self, to: usize) -> Result<(), PackError> {
        self.align(1, to)
    }

    /// Appends bytes as they are.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        if bytes.len() > self.limit.saturating_sub(self.buffer.len()) {
            return Err(self.full(bytes.len()));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    #[inline(always)]
    fn aligned<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), PackError> {
        if !self.make_room(N, N) {
            return Err(self.full(self.gap(N) - self.buffer.len() + N));
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(())
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

    /// A `boolean`.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn bool(&mut self, value: bool) -> Result<(), PackError> {
        self.u8(u8::from(value))
    }

    /// An enumeration: 16 bits in NDR 2.0, 32 in NDR64.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn enum16(&mut self, value: u16) -> Result<(), PackError> {
        if self.format.representation.is_ndr64() { self.u32(u32::from(value)) } else { self.u16(value) }
    }

    /// An integer as wide as a pointer (`__int3264`): 32 bits in NDR 2.0, 64 in NDR64.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    #[inline]
    pub fn u3264(&mut self, value: u64) -> Result<(), PackError> {
        if self.format.representation.is_ndr64() {
            return self.u64(value);
        }
        let narrow = u32::try_from(value)
            .map_err(|_| self.error(PackErrorKind::TooLarge { value, limit: u64::from(u32::MAX) }))?;
        self.u32(narrow)
    }

    /// A 64-bit integer as two of 32 bits, the low half first in either byte order (`udlong`, `NTTIME`).
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn udlong(&mut self, value: u64) -> Result<(), PackError> {
        self.align(4, 4)?;
        let big = self.format.representation.is_big_endian();
        self.bytes(&if big { value.rotate_left(32).to_be_bytes() } else { value.to_le_bytes() })
    }

    /// A signed 64-bit integer as two of 32 bits, the low half first (`dlong`).
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn dlong(&mut self, value: i64) -> Result<(), PackError> {
        self.udlong(value.cast_unsigned())
    }

    /// A 64-bit integer as two of 32 bits, the high half first in either byte order (`udlongr`).
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn udlongr(&mut self, value: u64) -> Result<(), PackError> {
        self.udlong(value.rotate_left(32))
    }

    /// A pointer that is not followed.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn ignored_pointer(&mut self) -> Result<(), PackError> {
        self.u3264(0)
    }

    /// Goes one level down in a structure that contains itself.
    ///
    /// # Errors
    /// `TooDeep` at the limit.
    pub fn enter(&mut self, limit: u32) -> Result<(), PackError> {
        if self.depth >= limit {
            return Err(self.error(PackErrorKind::TooDeep { limit }));
        }
        self.depth += 1;
        Ok(())
    }

    /// Comes back up from [`NdrEncoder::enter`].
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// An error at this position.
    #[cold]
    #[must_use]
    pub fn error(&self, kind: PackErrorKind) -> PackError {
        PackError::new(kind, self.buffer.len())
    }

    /// A value that contradicts what it depends on.
    #[cold]
    #[must_use]
    pub fn mismatch(&self, expected: &'static str) -> PackError {
        self.error(PackErrorKind::Mismatch { expected })
    }

    #[cold]
    pub(super) fn full(&self, needed: usize) -> PackError {
        self.error(PackErrorKind::Full { needed, limit: self.limit })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn pack(representation: Representation, f: impl Fn(&mut NdrEncoder) -> Result<(), PackError>) -> Vec<u8> {
        let mut e = NdrEncoder::new(representation);
        f(&mut e).unwrap();
        e.finish()
    }

    #[test]
    fn fills_gaps_with_zeros() {
        let values = |e: &mut NdrEncoder| {
            e.u8(1)?;
            e.u16(2)?;
            e.u8(3)?;
            e.u64(4)
        };
        assert_eq!(pack(Representation::NDR, values), [1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pack(Representation::NDR_BIG_ENDIAN, values), [1, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    }

    #[test]
    fn widens_enumerations_in_ndr64() {
        assert_eq!(pack(Representation::NDR, |e| e.enum16(0x102)), [2, 1]);
        assert_eq!(pack(Representation::NDR64, |e| e.enum16(0x102)), [2, 1, 0, 0]);
    }

    #[test]
    fn refuses_pointer_sized_integer_that_ndr_cannot_carry() {
        let mut e = NdrEncoder::new(Representation::NDR);
        assert!(e.u3264(1 << 32).is_err());
        assert!(e.is_empty());
        assert_eq!(pack(Representation::NDR64, |e| e.u3264(1 << 32)), [0, 0, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn stays_within_its_limit_with_gaps_counted() {
        let mut e = NdrEncoder::with_limit(Representation::NDR, 7);
        e.u8(1).unwrap();
        assert_eq!(e.u32(2).unwrap_err().kind(), &PackErrorKind::Full { needed: 7, limit: 7 });
        e.u16(2).unwrap();
        assert!(e.bytes(&[0; 4]).is_err());
        assert!(e.align(8, 8).is_err());
        e.bytes(&[0; 3]).unwrap();
    }

    #[test]
    fn aligns_for_ndr64_alone() {
        let values = |e: &mut NdrEncoder| {
            e.u8(1)?;
            e.align_ndr64(4)
        };
        assert_eq!(pack(Representation::NDR, values), [1]);
        assert_eq!(pack(Representation::NDR64, values), [1, 0, 0, 0]);
    }
}
