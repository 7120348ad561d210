//! Reading: a position in a borrowed buffer.

use crate::error::{UnpackError, UnpackErrorKind};

/// A position in a buffer of little-endian, unaligned data (`encoding(mapi)`).
///
/// Offsets in errors count from the start of the outermost buffer, also inside sub-buffers.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    /// Bytes of the outermost buffer up to and including `rest`.
    end: usize,
    depth: u32,
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Truncated` when the buffer ends before it.
            #[inline]
            pub fn $name(&mut self) -> Result<$ty, UnpackError> {
                Ok(<$ty>::from_le_bytes(self.array()?))
            }
        )*
    };
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of a buffer.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: bytes.len(), depth: 0 }
    }

    /// A cursor at the start of a buffer that stands at this offset of an outer one.
    #[must_use]
    pub fn at_offset(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, end: offset.saturating_add(bytes.len()), depth: 0 }
    }

    /// Bytes read so far, from the start of the outermost buffer.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Bytes left.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Nothing is left.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left, without moving.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// The next bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], UnpackError> {
        match self.rest.split_at_checked(count) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(self.truncated(count)),
        }
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(self.truncated(N)),
        }
    }

    /// All that is left.
    #[inline]
    pub fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// A cursor over the next bytes, which have to be used up: see [`Cursor::finish`].
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn sub(&mut self, size: usize) -> Result<Cursor<'a>, UnpackError> {
        let bytes = self.take(size)?;
        Ok(Cursor { rest: bytes, end: self.offset(), depth: self.depth })
    }

    /// Ends a buffer that has to be used up.
    ///
    /// # Errors
    /// `TrailingBytes` when something is left.
    #[inline]
    pub fn finish(self) -> Result<(), UnpackError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.error(UnpackErrorKind::TrailingBytes { count: self.rest.len() }))
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

    /// Comes back up from [`Cursor::enter`].
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// How many elements to make room for at first: what the bytes claim, but no more than the
    /// bytes left could hold, so that a lying count costs nothing, and never many, since lists inside
    /// lists could each claim all bytes left.
    #[inline]
    #[must_use]
    pub fn capacity(&self, claimed: usize, min_size: usize) -> usize {
        const MOST: usize = 64;
        claimed.min(self.rest.len() / min_size.max(1)).min(MOST)
    }

    /// Checks that the bytes left can hold a list of so many elements, and says how many to make
    /// room for at first.
    ///
    /// Elements that may take no bytes at all (columns without a value) have to be few, or as many as
    /// there are bytes: lists of such lists would make little input large.
    ///
    /// # Errors
    /// `Truncated` when the elements need more bytes; `TooLarge` when too many need none.
    #[inline]
    pub fn list(&self, count: usize, min_size: usize) -> Result<usize, UnpackError> {
        const FEW: usize = 64;
        let available = self.rest.len();
        let needed = count.saturating_mul(min_size);
        if needed > available {
            return Err(self.truncated(needed));
        }
        let limit = available.saturating_add(FEW);
        if count > limit {
            return Err(self.error(UnpackErrorKind::TooLarge { found: count as u64, limit: limit as u64 }));
        }
        Ok(self.capacity(count, min_size))
    }

    /// An element of a list that the structure depends on (columns).
    ///
    /// # Errors
    /// `MissingContext` when the list is shorter.
    pub fn element<T: Copy>(&self, list: &[T], index: usize) -> Result<T, UnpackError> {
        let found = list.get(index).copied();
        found.ok_or_else(|| self.error(UnpackErrorKind::MissingContext { what: "element of the other list" }))
    }

    /// The first elements of a list that the structure depends on.
    ///
    /// # Errors
    /// `MissingContext` when the list is shorter.
    pub fn elements<'l, T>(&self, list: &'l [T], count: usize) -> Result<&'l [T], UnpackError> {
        let found = list.get(..count);
        found.ok_or_else(|| self.error(UnpackErrorKind::MissingContext { what: "as many elements of the other list" }))
    }

    /// An error at this position.
    #[cold]
    #[must_use]
    pub fn error(&self, kind: UnpackErrorKind) -> UnpackError {
        UnpackError::new(kind, self.offset())
    }

    /// A value that the document does not allow, just read from `size` bytes.
    #[cold]
    #[must_use]
    pub fn invalid(&self, found: u64, expected: &'static str, size: usize) -> UnpackError {
        UnpackError::new(UnpackErrorKind::InvalidValue { found, expected }, self.offset().saturating_sub(size))
    }

    #[cold]
    fn truncated(&self, needed: usize) -> UnpackError {
        self.error(UnpackErrorKind::Truncated { needed, available: self.rest.len() })
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

    /// A six-byte integer, most significant byte first (GlobalCounter, MS-OXCDATA 2.2.1).
    ///
    /// # Errors
    /// `Truncated` when the buffer ends before it.
    #[inline]
    pub fn u48be(&mut self) -> Result<u64, UnpackError> {
        let [a, b, c, d, e, f] = self.array()?;
        Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// A one-byte boolean: 0 is false, anything else true, as Exchange reads it.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends before it.
    #[inline]
    pub fn bool8(&mut self) -> Result<bool, UnpackError> {
        Ok(self.u8()? != 0)
    }

    /// A two-byte boolean: 0 is false, anything else true.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends before it.
    #[inline]
    pub fn bool16(&mut self) -> Result<bool, UnpackError> {
        Ok(self.u16()? != 0)
    }
}
