//! Writing: bytes appended to a buffer, under a limit.

use bytes::Bytes;

use crate::error::{PackError, PackErrorKind};

/// Appends little-endian, unaligned data (`encoding(mapi)`) to a buffer, never past its limit.
#[derive(Debug)]
pub struct Encoder {
    buffer: Vec<u8>,
    limit: usize,
    /// Where offsets count from.
    base: usize,
    depth: u32,
    /// Bytes written outside before this encoder's own, for errors.
    before: usize,
    /// The order of what `either_order` is said of.
    big_endian: bool,
}

/// Where a length was left open: see [`Encoder::reserve_u16`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a reserved field has to be filled"]
pub struct Reserved {
    at: usize,
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
                self.bytes(&value.to_le_bytes())
            }
        )*
    };
}

macro_rules! reserved {
    ($($ty:ty: $reserve:ident, $fill:ident, $refer:ident;)*) => {
        $(
            /// Leaves room for a length that is known only after what it measures is written.
            ///
            /// # Errors
            /// `Full` at the limit.
            pub fn $reserve(&mut self) -> Result<Reserved, PackError> {
                let at = self.buffer.len();
                self.bytes(&<$ty>::default().to_le_bytes())?;
                Ok(Reserved { at })
            }

            /// Fills a reserved field.
            ///
            /// # Errors
            /// `TooLarge` when the field cannot carry the value; `Mismatch` when the field was
            /// taken back by [`Encoder::truncate`].
            pub fn $fill(&mut self, reserved: Reserved, value: usize) -> Result<(), PackError> {
                let narrow = <$ty>::try_from(value).map_err(|_| self.too_large(value, u64::from(<$ty>::MAX)))?;
                let bytes = narrow.to_le_bytes();
                match self.buffer.get_mut(reserved.at..).and_then(|rest| rest.first_chunk_mut()) {
                    Some(place) => *place = bytes,
                    None => return Err(self.mismatch("a reserved field that is still there")),
                }
                Ok(())
            }

            /// Fills a reserved field with the offset of what is written next.
            ///
            /// # Errors
            /// Those of filling it.
            pub fn $refer(&mut self, reserved: Reserved) -> Result<(), PackError> {
                self.$fill(reserved, self.buffer.len().saturating_sub(self.base))
            }
        )*
    };
}

macro_rules! in_either_order {
    ($($(#[$doc:meta])* $name:ident: $plain:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Full` at the limit.
            #[inline]
            pub fn $name(&mut self, value: $plain) -> Result<(), PackError> {
                self.$plain(if self.big_endian { value.swap_bytes() } else { value })
            }
        )*
    };
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder without a limit.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(usize::MAX)
    }

    /// An encoder that never holds more than `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { buffer: Vec::new(), limit, base: 0, depth: 0, before: 0, big_endian: false }
    }

    /// An encoder for bytes that are changed before they are written here: without a limit, as deep as this one.
    #[must_use]
    pub fn inside(&self) -> Self {
        let before = self.before.saturating_add(self.buffer.len());
        Self { depth: self.depth, before, big_endian: self.big_endian, ..Self::new() }
    }

    /// Ends writing; the bytes to be changed.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.buffer
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

    /// Bytes that may still be written.
    #[inline]
    #[must_use]
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.buffer.len())
    }

    /// The most bytes that it may hold.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the most bytes that it may hold; what is written stays.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Makes room in one step.
    pub fn reserve(&mut self, bytes: usize) {
        self.buffer.reserve(bytes.min(self.room()));
    }

    /// Takes back what was written after this length (rows that did not fit).
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// What is written.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.buffer
    }

    /// Ends writing.
    #[must_use]
    pub fn finish(self) -> Bytes {
        Bytes::from(self.buffer)
    }

    /// Numbers of descriptions in `either_order` are big-endian from here on, or little-endian as at first; answers what
    /// they were.
    pub fn set_big_endian(&mut self, big_endian: bool) -> bool {
        std::mem::replace(&mut self.big_endian, big_endian)
    }

    /// Numbers of descriptions in `either_order` are big-endian here.
    #[inline]
    #[must_use]
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// Appends so many zeros.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn zeros(&mut self, count: usize) -> Result<(), PackError> {
        if count > self.room() {
            return Err(self.full(count));
        }
        self.buffer.resize(self.buffer.len().saturating_add(count), 0);
        Ok(())
    }

    /// Appends bytes as they are.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        if bytes.len() > self.room() {
            return Err(self.full(bytes.len()));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Goes one level down in a structure that contains itself.
    ///
    /// # Errors
    /// `TooDeep` at the limit.
    #[inline]
    pub fn enter(&mut self, limit: u32) -> Result<(), PackError> {
        if self.depth >= limit {
            return Err(self.error(PackErrorKind::TooDeep { limit }));
        }
        self.depth += 1;
        Ok(())
    }

    /// Comes back up from [`Encoder::enter`].
    #[inline]
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// From here on offsets count from this position; answers what they counted from.
    pub fn begin_base(&mut self) -> usize {
        std::mem::replace(&mut self.base, self.buffer.len())
    }

    /// Comes back from [`Encoder::begin_base`].
    pub fn end_base(&mut self, outer: usize) {
        self.base = outer;
    }

    /// An element of a list that the structure depends on (columns).
    ///
    /// # Errors
    /// `Mismatch` when the list is shorter.
    pub fn element<T: Copy>(&self, list: &[T], index: usize) -> Result<T, PackError> {
        list.get(index).copied().ok_or_else(|| self.mismatch("an element of the other list"))
    }

    /// The same of elements that are not copied.
    ///
    /// # Errors
    /// `Mismatch` when the list is shorter.
    pub fn element_ref<'l, T>(&self, list: &'l [T], index: usize) -> Result<&'l T, PackError> {
        list.get(index).ok_or_else(|| self.mismatch("an element of the other list"))
    }

    /// The first elements of a list that the structure depends on.
    ///
    /// # Errors
    /// `Mismatch` when the list is shorter.
    pub fn elements<'l, T>(&self, list: &'l [T], count: usize) -> Result<&'l [T], PackError> {
        list.get(..count).ok_or_else(|| self.mismatch("as many elements of the other list"))
    }

    /// An error at this position.
    #[cold]
    #[must_use]
    pub fn error(&self, kind: PackErrorKind) -> PackError {
        PackError::new(kind, self.before.saturating_add(self.buffer.len()))
    }

    /// A count or length that its field cannot carry.
    #[cold]
    #[must_use]
    pub fn too_large(&self, value: usize, limit: u64) -> PackError {
        self.error(PackErrorKind::TooLarge { value: value as u64, limit })
    }

    /// A value that contradicts what it depends on.
    #[cold]
    #[must_use]
    pub fn mismatch(&self, expected: &'static str) -> PackError {
        self.error(PackErrorKind::Mismatch { expected })
    }

    /// A value that `require` or the end of a list rules out.
    #[cold]
    #[must_use]
    pub fn unmet(&self, requirement: &'static str) -> PackError {
        self.error(PackErrorKind::Unmet { requirement })
    }

    #[cold]
    fn full(&self, needed: usize) -> PackError {
        self.error(PackErrorKind::Full { needed, limit: self.limit })
    }

    integers! {
        /// An unsigned byte.
        u8: u8;
        /// An unsigned 16-bit integer.
        u16: u16;
        /// An unsigned 32-bit integer.
        u32: u32;
        /// An unsigned 64-bit integer.
        u64: u64;
        /// A signed byte.
        i8: i8;
        /// A signed 16-bit integer.
        i16: i16;
        /// A signed 32-bit integer.
        i32: i32;
        /// A signed 64-bit integer.
        i64: i64;
        /// A 32-bit floating-point number.
        f32: f32;
        /// A 64-bit floating-point number.
        f64: f64;
    }

    reserved! {
        u8: reserve_u8, fill_u8, refer_u8;
        u16: reserve_u16, fill_u16, refer_u16;
        u32: reserve_u32, fill_u32, refer_u32;
    }

    in_either_order! {
        /// An unsigned 16-bit integer in the order that was chosen.
        ordered_u16: u16;
        /// An unsigned 32-bit integer in the order that was chosen.
        ordered_u32: u32;
        /// An unsigned 64-bit integer in the order that was chosen.
        ordered_u64: u64;
        /// A signed 16-bit integer in the order that was chosen.
        ordered_i16: i16;
        /// A signed 32-bit integer in the order that was chosen.
        ordered_i32: i32;
        /// A signed 64-bit integer in the order that was chosen.
        ordered_i64: i64;
    }

    /// A count or length in a byte.
    ///
    /// # Errors
    /// `TooLarge` over 255, `Full` at the limit.
    #[inline]
    pub fn count_u8(&mut self, count: usize) -> Result<(), PackError> {
        let narrow = u8::try_from(count).map_err(|_| self.too_large(count, u64::from(u8::MAX)))?;
        self.u8(narrow)
    }

    /// A count or length in 16 bits.
    ///
    /// # Errors
    /// `TooLarge` over 65,535, `Full` at the limit.
    #[inline]
    pub fn count_u16(&mut self, count: usize) -> Result<(), PackError> {
        let narrow = u16::try_from(count).map_err(|_| self.too_large(count, u64::from(u16::MAX)))?;
        self.u16(narrow)
    }

    /// A count or length in 32 bits.
    ///
    /// # Errors
    /// `TooLarge` over 4,294,967,295, `Full` at the limit.
    #[inline]
    pub fn count_u32(&mut self, count: usize) -> Result<(), PackError> {
        let narrow = u32::try_from(count).map_err(|_| self.too_large(count, u64::from(u32::MAX)))?;
        self.u32(narrow)
    }

    /// A count or length in 16 bits, in the order that was chosen.
    ///
    /// # Errors
    /// `TooLarge` over 65,535, `Full` at the limit.
    #[inline]
    pub fn count_ordered_u16(&mut self, count: usize) -> Result<(), PackError> {
        let narrow = u16::try_from(count).map_err(|_| self.too_large(count, u64::from(u16::MAX)))?;
        self.ordered_u16(narrow)
    }

    /// A count or length in 32 bits, in the order that was chosen.
    ///
    /// # Errors
    /// `TooLarge` over 4,294,967,295, `Full` at the limit.
    #[inline]
    pub fn count_ordered_u32(&mut self, count: usize) -> Result<(), PackError> {
        let narrow = u32::try_from(count).map_err(|_| self.too_large(count, u64::from(u32::MAX)))?;
        self.ordered_u32(narrow)
    }

    /// An unsigned integer in 1, 2, 4 or 8 bytes, where the wire form says how many.
    ///
    /// # Errors
    /// `TooLarge` over what so many bytes carry, `Full` at the limit.
    #[inline]
    pub fn uint(&mut self, value: u64, size: usize) -> Result<(), PackError> {
        let limit = match size {
            1 => u64::from(u8::MAX),
            2 => u64::from(u16::MAX),
            4 => u64::from(u32::MAX),
            _ => u64::MAX,
        };
        if value > limit {
            return Err(self.error(PackErrorKind::TooLarge { value, limit }));
        }
        match size {
            1 => self.u8(value as u8),
            2 => self.u16(value as u16),
            4 => self.u32(value as u32),
            _ => self.u64(value),
        }
    }

    /// A count or length in 1, 2, 4 or 8 bytes, where the wire form says how many.
    ///
    /// # Errors
    /// `TooLarge` over what so many bytes carry, `Full` at the limit.
    #[inline]
    pub fn count(&mut self, count: usize, size: usize) -> Result<(), PackError> {
        self.uint(count as u64, size)
    }

    /// A six-byte integer, most significant byte first (GlobalCounter, MS-OXCDATA 2.2.1).
    ///
    /// # Errors
    /// `TooLarge` over 48 bits, `Full` at the limit.
    #[inline]
    pub fn u48be(&mut self, value: u64) -> Result<(), PackError> {
        let [0, 0, a, b, c, d, e, f] = value.to_be_bytes() else {
            return Err(self.error(PackErrorKind::TooLarge { value, limit: (1 << 48) - 1 }));
        };
        self.bytes(&[a, b, c, d, e, f])
    }

    /// A one-byte boolean.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn bool8(&mut self, value: bool) -> Result<(), PackError> {
        self.u8(u8::from(value))
    }

    /// A two-byte boolean.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn bool16(&mut self, value: bool) -> Result<(), PackError> {
        self.u16(u16::from(value))
    }
}
