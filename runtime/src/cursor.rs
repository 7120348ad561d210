//! Reading: a position in a borrowed buffer.

use crate::error::{UnpackError, UnpackErrorKind};
use crate::relative::Referents;
use crate::transform::PLAIN_ROOM;
use crate::work::step;

/// A position in a buffer of little-endian, unaligned data (`encoding(mapi)`).
///
/// Offsets in errors count from the start of the outermost buffer, also inside sub-buffers.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    /// Bytes of the outermost buffer up to and including `rest`.
    end: usize,
    /// Where offsets inside count from, in the outermost buffer.
    base: usize,
    depth: u32,
    beyond: Beyond,
    /// Bytes that transformed extents may still have.
    plain_room: usize,
    /// The order of what `either_order` is said of.
    big_endian: bool,
}

/// What stands behind the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// An error.
    Nothing,
    /// The rest of a tail that was cut off: it reads as zeros.
    Zeros,
    /// The same, inside a list of elements that are not there.
    ZerosInList,
}

/// The place of an element in a list that is being read: see [`Cursor::list_in_place`].
#[derive(Debug)]
pub struct Place<'p, T>(&'p mut T);

impl<T> Place<'_, T> {
    /// Puts the element there.
    #[inline]
    pub fn put(self, item: T) {
        // Not dropped: a blank owns nothing, and asking whether it does would take longer than reading the item.
        std::mem::forget(std::mem::replace(self.0, item));
    }
}

/// What ends a line of text.
pub(crate) const LINE_END: &[u8] = b"\r\n";

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Truncated` when the buffer ends before it.
            #[inline]
            pub fn $name(&mut self) -> Result<$ty, UnpackError> {
                step(0);
                // Not by `array`: a result that holds an array goes through memory byte by byte.
                match self.rest.split_first_chunk() {
                    Some((head, rest)) => {
                        self.rest = rest;
                        Ok(<$ty>::from_le_bytes(*head))
                    }
                    None if self.is_beyond() => Ok(<$ty>::from_le_bytes([0; size_of::<$ty>()])),
                    None => Err(self.truncated(size_of::<$ty>())),
                }
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
            /// `Truncated` when the buffer ends before it.
            #[inline]
            pub fn $name(&mut self) -> Result<$plain, UnpackError> {
                let value = self.$plain()?;
                Ok(if self.big_endian { value.swap_bytes() } else { value })
            }
        )*
    };
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of a buffer.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::at_offset(bytes, 0)
    }

    /// A cursor at the start of a buffer that stands at this offset of an outer one.
    #[must_use]
    pub fn at_offset(bytes: &'a [u8], offset: usize) -> Self {
        Self {
            rest: bytes,
            end: offset.saturating_add(bytes.len()),
            base: offset,
            depth: 0,
            beyond: Beyond::Nothing,
            plain_room: PLAIN_ROOM,
            big_endian: false,
        }
    }

    /// The same where all extents that are compressed or obfuscated have no more bytes together, when they are not:
    /// 4 MiB otherwise.
    #[must_use]
    pub fn with_plain_room(self, bytes: usize) -> Self {
        Self { plain_room: bytes, ..self }
    }

    /// Bytes that transformed extents may still have.
    #[must_use]
    pub fn plain_room(&self) -> usize {
        self.plain_room
    }

    /// Takes over what an extent has left of the room.
    pub fn set_plain_room(&mut self, bytes: usize) {
        self.plain_room = bytes;
    }

    /// Numbers of descriptions in `either_order` are big-endian from here on, or little-endian as at first; answers what
    /// they were. The buffers inside are as this one.
    pub fn set_big_endian(&mut self, big_endian: bool) -> bool {
        std::mem::replace(&mut self.big_endian, big_endian)
    }

    /// Numbers of descriptions in `either_order` are big-endian here.
    #[inline]
    #[must_use]
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// A cursor over other bytes in place of those at this offset: depth and limits go on.
    #[must_use]
    pub fn over<'b>(&self, bytes: &'b [u8], offset: usize) -> Cursor<'b> {
        let Self { depth, plain_room, big_endian, .. } = *self;
        Cursor { depth, plain_room, big_endian, ..Cursor::at_offset(bytes, offset) }
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
        step(0);
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
        step(0);
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None if self.is_beyond() => Ok([0; N]),
            None => Err(self.truncated(N)),
        }
    }

    /// The bytes before a 16-bit terminator, which is read, too.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    #[inline]
    pub fn utf16_nul(&mut self) -> Result<&'a [u8], UnpackError> {
        let Some(units) = crate::text::zero_unit(self.rest) else {
            step(self.rest.len());
            return self.unterminated();
        };
        step(units * 2);
        let bytes = self.take(units * 2)?;
        self.u16()?;
        Ok(bytes)
    }

    /// The bytes before an 8-bit terminator, which is read, too.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    #[inline]
    pub fn string8_nul(&mut self) -> Result<&'a [u8], UnpackError> {
        let Some(len) = self.rest.iter().position(|&byte| byte == 0) else {
            step(self.rest.len());
            return self.unterminated();
        };
        step(len);
        let bytes = self.take(len)?;
        self.u8()?;
        Ok(bytes)
    }

    /// The bytes before carriage return and line feed, which are read, too.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    pub fn line(&mut self) -> Result<&'a [u8], UnpackError> {
        let Some(len) = self.rest.windows(LINE_END.len()).position(|pair| pair == LINE_END) else {
            step(self.rest.len());
            return self.unterminated();
        };
        step(len);
        let bytes = self.take(len)?;
        self.take(LINE_END.len())?;
        Ok(bytes)
    }

    /// A text without its end; empty in a tail that was cut off.
    #[cold]
    fn unterminated(&self) -> Result<&'a [u8], UnpackError> {
        if self.is_beyond() { Ok(&[]) } else { Err(self.error(UnpackErrorKind::Unterminated)) }
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
        // What is not there has no size either.
        let bytes = if self.is_beyond() { &[] } else { self.take(size)? };
        Ok(Cursor { rest: bytes, end: self.offset(), ..*self })
    }

    /// Begins a member of a tail. Where no bytes are left, it and what follows up to [`Cursor::end_tail`] read as
    /// zeros: numbers are 0, texts and blocks empty, a list has as many such elements as its count says.
    #[inline]
    pub fn tail_member(&mut self) {
        self.beyond = if self.rest.is_empty() { Beyond::Zeros } else { Beyond::Nothing };
    }

    /// Ends a tail: what stands behind it has to be there again.
    #[inline]
    pub fn end_tail(&mut self) {
        self.beyond = Beyond::Nothing;
    }

    /// In the part of a tail that was cut off.
    #[inline]
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        self.beyond != Beyond::Nothing
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
    #[inline]
    pub fn enter(&mut self, limit: u32) -> Result<(), UnpackError> {
        if self.depth >= limit {
            return Err(self.error(UnpackErrorKind::TooDeep { limit }));
        }
        self.depth += 1;
        Ok(())
    }

    /// One more level would be within the limit.
    ///
    /// # Errors
    /// `TooDeep` at the limit.
    #[inline]
    pub fn within(&self, limit: u32) -> Result<(), UnpackError> {
        if self.depth >= limit {
            return Err(self.error(UnpackErrorKind::TooDeep { limit }));
        }
        Ok(())
    }

    /// Comes back up from [`Cursor::enter`].
    #[inline]
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// From here on offsets count from this position; answers what they counted from.
    pub fn begin_base(&mut self) -> usize {
        let here = self.offset();
        std::mem::replace(&mut self.base, here)
    }

    /// Comes back from [`Cursor::begin_base`].
    pub fn end_base(&mut self, outer: usize) {
        self.base = outer;
    }

    /// All that is left, to be read at offsets.
    #[must_use]
    pub fn referents(&mut self) -> Referents<'a> {
        let region = self.clone();
        self.rest = &[];
        Referents::new(region, self.base)
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
    pub fn list(&mut self, count: usize, min_size: usize) -> Result<usize, UnpackError> {
        const FEW: usize = 64;
        let available = self.rest.len();
        let needed = count.saturating_mul(min_size);
        if needed > available {
            return self.list_beyond(count, needed);
        }
        let limit = available.saturating_add(FEW);
        if count > limit {
            return Err(self.error(UnpackErrorKind::TooLarge { found: count as u64, limit: limit as u64 }));
        }
        Ok(self.capacity(count, min_size))
    }

    /// A list in a tail that was cut off: its elements are zeros, no more of them than there were bytes before,
    /// and in none of them a list that has elements.
    #[cold]
    fn list_beyond(&mut self, count: usize, needed: usize) -> Result<usize, UnpackError> {
        if self.beyond != Beyond::Zeros || count > self.end {
            return Err(self.truncated(needed));
        }
        self.beyond = Beyond::ZerosInList;
        Ok(0)
    }

    /// Reads a list whose elements are written once, to their place in it: `read` gets the place, and puts the
    /// element there. `blank` makes what stands in a place before; it must own nothing, as it is not dropped.
    ///
    /// Pushing a value that is an enum writes it elsewhere first, and reading it back in wide pieces right after it
    /// was written in narrow ones stalls the processor: that was most of the time of reading rows.
    ///
    /// # Errors
    /// As [`Cursor::list`], and those of `read`.
    #[inline]
    pub fn list_in_place<T>(
        &mut self,
        count: usize,
        min_size: usize,
        blank: impl Fn() -> T,
        mut read: impl FnMut(&mut Self, usize, Place<'_, T>) -> Result<(), UnpackError>,
    ) -> Result<Vec<T>, UnpackError> {
        // Few at a time: what is claimed need not come.
        const BLANKS: usize = 32;
        let mut items = Vec::with_capacity(self.list(count, min_size)?);
        while items.len() < count {
            let from = items.len();
            items.resize_with(count.min(from + BLANKS), &blank);
            for (index, item) in items.iter_mut().enumerate().skip(from) {
                read(self, index, Place(item))?;
            }
        }
        Ok(items)
    }

    /// Reads an element to the end of a list, in the way of [`Cursor::list_in_place`].
    ///
    /// # Errors
    /// Those of `read`; then the blank is the last element.
    #[inline]
    pub fn push_in_place<T>(
        &mut self,
        items: &mut Vec<T>,
        blank: T,
        read: impl FnOnce(&mut Self, Place<'_, T>) -> Result<(), UnpackError>,
    ) -> Result<(), UnpackError> {
        items.push(blank);
        match items.last_mut() {
            Some(item) => read(self, Place(item)),
            None => Ok(()),
        }
    }

    /// An element of a list that the structure depends on (columns).
    ///
    /// # Errors
    /// `MissingContext` when the list is shorter.
    pub fn element<T: Copy>(&self, list: &[T], index: usize) -> Result<T, UnpackError> {
        let found = list.get(index).copied();
        found.ok_or_else(|| self.error(UnpackErrorKind::MissingContext { what: "element of the other list" }))
    }

    /// The same of elements that are not copied.
    ///
    /// # Errors
    /// `MissingContext` when the list is shorter.
    pub fn element_ref<'l, T>(&self, list: &'l [T], index: usize) -> Result<&'l T, UnpackError> {
        let found = list.get(index);
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

    /// An unsigned integer of 1, 2, 4 or 8 bytes, where the wire form says how many.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends before it.
    #[inline]
    pub fn uint(&mut self, size: usize) -> Result<u64, UnpackError> {
        Ok(match size {
            1 => u64::from(self.u8()?),
            2 => u64::from(self.u16()?),
            4 => u64::from(self.u32()?),
            _ => self.u64()?,
        })
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
