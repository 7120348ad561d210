//! Arrays: conformance, variance, and room for no more elements than the bytes left could hold.

use std::borrow::Cow;

use super::{NdrCursor, NdrEncoder, Run};
use crate::At;
use crate::error::{PackError, PackErrorKind, UnpackError, UnpackErrorKind};

impl<'a> NdrCursor<'a> {
    /// The maximum count at the head of a conformant array, or of the structure that it ends.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `TooLarge` when it is no size of this machine.
    #[inline]
    pub fn max_count(&mut self) -> Result<usize, UnpackError> {
        let found = self.u3264()?;
        usize::try_from(found).map_err(|_| self.error(UnpackErrorKind::TooLarge { found, limit: usize::MAX as u64 }))
    }

    /// The actual count at the head of a varying array of at most `max_count` elements, after its
    /// offset, which is 0: a slice from the middle has no Rust type here.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` for another offset, `TooLarge` over
    /// the maximum count.
    #[inline]
    pub fn actual_count(&mut self, max_count: usize) -> Result<usize, UnpackError> {
        if !self.representation().is_ndr64()
            && let Some((bytes, end)) = self.peek_aligned::<8>(4)
            && let run = Run::new(bytes, self.representation())
            && run.u32(0) == 0
            && let Ok(count) = usize::try_from(run.u32(4))
            && count <= max_count
        {
            self.seek_to(end);
            return Ok(count);
        }
        self.any_actual_count(max_count)
    }

    /// The same number by number, which finds out what is wrong.
    fn any_actual_count(&mut self, max_count: usize) -> Result<usize, UnpackError> {
        let offset = self.u3264()?;
        if offset != 0 {
            return Err(self.invalid(offset, "an array from its first element", 4));
        }
        let found = self.u3264()?;
        usize::try_from(found)
            .ok()
            .filter(|&count| count <= max_count)
            .ok_or_else(|| self.error(UnpackErrorKind::TooLarge { found, limit: max_count as u64 }))
    }

    /// The same of an array of which a slice from the middle is sent: its offset is `first`, where that is known.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` for another offset, `TooLarge` for elements beyond the
    /// maximum count.
    pub fn actual_count_from(&mut self, max_count: usize, first: Option<u64>) -> Result<usize, UnpackError> {
        let offset = self.u3264()?;
        if first.is_some_and(|first| first != offset) {
            return Err(self.invalid(offset, "the offset of the first element that is sent", 4));
        }
        let found = self.u3264()?;
        let end = found.checked_add(offset).and_then(|end| usize::try_from(end).ok());
        let count = usize::try_from(found).ok().filter(|_| end.is_some_and(|end| end <= max_count));
        count.ok_or_else(|| self.error(UnpackErrorKind::TooLarge { found, limit: max_count as u64 }))
    }

    /// The count of an array all of whose elements follow, and where they begin; `None` where anything is out of the
    /// ordinary, or it is NDR64: then it has to be read number by number, which finds out what is wrong.
    #[inline]
    pub(super) fn whole_array(&self) -> Option<(usize, usize)> {
        if self.representation().is_ndr64() {
            return None;
        }
        let (bytes, end) = self.peek_aligned::<12>(4)?;
        let run = Run::new(bytes, self.representation());
        let (max_count, count) = (run.u32(0), run.u32(8));
        if run.u32(4) != 0 || count > max_count {
            return None;
        }
        Some((usize::try_from(count).ok()?, end))
    }

    /// The elements of a list take these bytes at least, one each where they have none. What is left bounds one list; what
    /// was claimed bounds all of them together: lists in each other, each as long as what is left.
    ///
    /// # Errors
    /// `Truncated` when fewer bytes are left, `TooLarge` when all lists together claim many times the data.
    #[inline]
    pub(super) fn claim(&mut self, needed: usize) -> Result<(), UnpackError> {
        if needed > self.remaining() {
            return Err(self.truncated(needed));
        }
        match self.claims_left.checked_sub(needed) {
            Some(left) => {
                self.claims_left = left;
                Ok(())
            }
            None => {
                let limit = self.claims_left as u64;
                Err(self.error(UnpackErrorKind::TooLarge { found: needed as u64, limit }))
            }
        }
    }

    /// A number of elements that the description computes, as a size of this machine.
    ///
    /// # Errors
    /// `TooLarge` when it is none.
    #[inline]
    pub fn to_count(&self, found: u64) -> Result<usize, UnpackError> {
        usize::try_from(found).map_err(|_| self.error(UnpackErrorKind::TooLarge { found, limit: usize::MAX as u64 }))
    }

    /// This many bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn byte_array(&mut self, count: usize) -> Result<Cow<'a, [u8]>, UnpackError> {
        Ok(Cow::Borrowed(self.take(count)?))
    }

    /// This many elements, of at least `min_size` bytes each.
    ///
    /// # Errors
    /// `Truncated` when the bytes left cannot hold them, before room for them is made; `TooLarge` where all lists
    /// together claim many times the data; the error of an element, with its index.
    #[inline]
    pub fn array<T>(
        &mut self,
        count: usize,
        min_size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, UnpackError>,
    ) -> Result<Vec<T>, UnpackError> {
        let needed = count.saturating_mul(min_size.max(1));
        self.claim(needed)?;
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            items.push(element(self).at_index(index)?);
        }
        Ok(items)
    }

    /// An array of constant length.
    ///
    /// # Errors
    /// The error of an element, with its index.
    #[inline]
    pub fn fixed_array<T: Default, const N: usize>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, UnpackError>,
    ) -> Result<[T; N], UnpackError>
    where
        [T; N]: Default,
    {
        let mut items = <[T; N]>::default();
        for (index, item) in items.iter_mut().enumerate() {
            *item = element(self).at_index(index)?;
        }
        Ok(items)
    }

    /// What the pointers of the elements point to, after the scalars of all of them.
    ///
    /// # Errors
    /// The error of an element, with its index.
    #[inline]
    pub fn array_buffers<T>(
        &mut self,
        items: &mut [T],
        mut element: impl FnMut(&mut Self, &mut T) -> Result<(), UnpackError>,
    ) -> Result<(), UnpackError> {
        for (index, item) in items.iter_mut().enumerate() {
            element(self, item).at_index(index)?;
        }
        Ok(())
    }

    /// Exactly `N` bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn fixed_bytes<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    /// Checks the discriminant of a union against what the description says it has to be.
    ///
    /// # Errors
    /// `InvalidValue` when they differ.
    #[inline]
    pub fn require_tag(&self, found: u64, described: u64, expected: &'static str) -> Result<(), UnpackError> {
        if found == described { Ok(()) } else { Err(self.invalid(found, expected, 0)) }
    }

    /// Checks a number just read against the range of its declaration; `size` is its bytes.
    ///
    /// # Errors
    /// `InvalidValue` outside.
    #[inline]
    pub fn require_range(
        &self,
        found: u64,
        range: std::ops::RangeInclusive<u64>,
        expected: &'static str,
        size: usize,
    ) -> Result<(), UnpackError> {
        if range.contains(&found) { Ok(()) } else { Err(self.invalid(found, expected, size)) }
    }

    /// Checks a count of the bytes against what the description derives it from.
    ///
    /// # Errors
    /// `InvalidValue` when they differ.
    #[inline]
    pub fn require_count(&self, found: usize, described: u64, expected: &'static str) -> Result<(), UnpackError> {
        if found as u64 == described {
            return Ok(());
        }
        Err(self.invalid(found as u64, expected, 0))
    }

    /// Checks that what was read has room in what the description says.
    ///
    /// # Errors
    /// `InvalidValue` when it has not.
    #[inline]
    pub fn require_room(&self, found: usize, described: u64, expected: &'static str) -> Result<(), UnpackError> {
        if found as u64 <= described { Ok(()) } else { Err(self.invalid(found as u64, expected, 0)) }
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident: $method:ident, $ty:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// `TooLarge` when that is too narrow, `Full` at the limit.
            #[inline]
            pub fn $name(&mut self, count: usize) -> Result<(), PackError> {
                let value = count as u64;
                let narrow = <$ty>::try_from(count)
                    .map_err(|_| self.error(PackErrorKind::TooLarge { value, limit: <$ty>::MAX as u64 }))?;
                self.$method(narrow)
            }
        )*
    };
}

impl NdrEncoder {
    counts! {
        /// A count as an unsigned byte.
        count_u8: u8, u8;
        /// A count as an unsigned 16-bit integer.
        count_u16: u16, u16;
        /// A count as an unsigned 32-bit integer.
        count_u32: u32, u32;
        /// A count as an unsigned 64-bit integer.
        count_u64: u64, u64;
        /// A count as a signed byte.
        count_i8: i8, i8;
        /// A count as a signed 16-bit integer.
        count_i16: i16, i16;
        /// A count as a signed 32-bit integer.
        count_i32: i32, i32;
        /// A count as a signed 64-bit integer.
        count_i64: i64, i64;
        /// A count as wide as an enumeration.
        count_enum16: enum16, u16;
        /// A count as an unsigned 64-bit integer at an alignment of four.
        count_udlong: udlong, u64;
        /// A count as a signed 64-bit integer at an alignment of four.
        count_dlong: dlong, i64;
        /// A count as an unsigned 64-bit integer whose high half stands first.
        count_udlongr: udlongr, u64;
        /// A count as wide as a pointer.
        count_u3264: u3264, u64;
    }

    /// The maximum count at the head of a conformant array.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    #[inline]
    pub fn max_count(&mut self, count: usize) -> Result<(), PackError> {
        self.u3264(count as u64)
    }

    /// The three numbers at the head of an array all of whose elements follow.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    #[inline]
    pub(super) fn whole_array(&mut self, count: usize) -> Result<(), PackError> {
        match u32::try_from(count) {
            Ok(narrow) if !self.representation().is_ndr64() => {
                let mut run = self.run::<12>();
                run.u32(0, narrow);
                run.u32(8, narrow);
                self.put(&run, 4, &[])
            }
            _ => {
                self.max_count(count)?;
                self.actual_count(count, count)
            }
        }
    }

    /// Offset 0 and actual count at the head of a varying array.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0 or over the maximum count, `Full` at the limit.
    #[inline]
    pub fn actual_count(&mut self, count: usize, max_count: usize) -> Result<(), PackError> {
        if count > max_count {
            return Err(self.error(PackErrorKind::TooLarge { value: count as u64, limit: max_count as u64 }));
        }
        match u32::try_from(count) {
            Ok(narrow) if !self.representation().is_ndr64() => {
                let mut run = self.run::<8>();
                run.u32(4, narrow);
                self.put(&run, 4, &[])
            }
            _ => {
                self.u3264(0)?;
                self.u3264(count as u64)
            }
        }
    }

    /// Offset and actual count of a slice from the middle of an array.
    ///
    /// # Errors
    /// `TooLarge` for elements beyond the maximum count, `Full` at the limit.
    pub fn actual_count_from(&mut self, count: usize, max_count: usize, first: u64) -> Result<(), PackError> {
        let end = first.checked_add(count as u64).filter(|end| *end <= max_count as u64);
        if end.is_none() {
            return Err(self.error(PackErrorKind::TooLarge { value: count as u64, limit: max_count as u64 }));
        }
        self.u3264(first)?;
        self.u3264(count as u64)
    }

    /// Every element in order.
    ///
    /// # Errors
    /// The error of an element, with its index.
    #[inline]
    pub fn array<T>(
        &mut self,
        items: &[T],
        mut element: impl FnMut(&mut Self, &T) -> Result<(), PackError>,
    ) -> Result<(), PackError> {
        for (index, item) in items.iter().enumerate() {
            element(self, item).at_index(index)?;
        }
        Ok(())
    }

    /// A count that the description computes, as a size of this machine.
    ///
    /// # Errors
    /// `TooLarge` when it is none.
    #[inline]
    pub fn to_count(&self, value: u64) -> Result<usize, PackError> {
        usize::try_from(value).map_err(|_| self.error(PackErrorKind::TooLarge { value, limit: usize::MAX as u64 }))
    }

    /// Checks the discriminant of a union against what the description says it has to be.
    ///
    /// # Errors
    /// `Mismatch` when they differ.
    #[inline]
    pub fn require_tag(&self, found: u64, described: u64, expected: &'static str) -> Result<(), PackError> {
        if found == described { Ok(()) } else { Err(self.mismatch(expected)) }
    }

    /// Checks a number against the range of its declaration.
    ///
    /// # Errors
    /// `InvalidValue` outside.
    #[inline]
    pub fn require_range(
        &self,
        found: u64,
        range: std::ops::RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<(), PackError> {
        if range.contains(&found) { Ok(()) } else { Err(self.error(PackErrorKind::InvalidValue { found, expected })) }
    }

    /// Checks the length of a list against what the description derives it from.
    ///
    /// # Errors
    /// `Mismatch` when they differ.
    #[inline]
    pub fn require_count(&self, found: usize, described: u64, expected: &'static str) -> Result<(), PackError> {
        if found as u64 == described { Ok(()) } else { Err(self.mismatch(expected)) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn reads_conformant_varying_array() {
        let bytes: Vec<u8> = [4u32, 0, 2].iter().flat_map(|v| v.to_le_bytes()).chain([7, 0, 9, 0]).collect();
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let max = c.max_count().unwrap();
        let actual = c.actual_count(max).unwrap();
        assert_eq!((max, actual), (4, 2));
        assert_eq!(c.array(actual, 2, NdrCursor::u16).unwrap(), [7, 9]);
    }

    #[test]
    fn refuses_lying_count_before_making_room() {
        let mut c = NdrCursor::new(&[0; 8], Representation::NDR);
        assert!(c.array(usize::MAX, 8, |_| Ok([0u64; 64])).is_err());
        // Elements without bytes of their own still cost one each.
        let error = c.array(9, 0, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 9, available: 8 });
        assert_eq!(c.offset(), 0);
    }

    /// Each of the outer elements takes four bytes and claims the rest of the data for inner ones that take none.
    #[test]
    fn lists_in_lists_do_not_multiply() {
        let bytes = [0; 4000];
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let mut made = 0;
        let error = c
            .array(1000, 4, |c| {
                c.u32()?;
                made += c.remaining();
                c.array(c.remaining(), 0, |_| Ok(7u64))
            })
            .unwrap_err();
        assert!(matches!(error.kind(), UnpackErrorKind::TooLarge { .. }), "{error}");
        assert!(made < 20 * bytes.len(), "{made} elements");
        // what takes bytes has enough of them: four levels, each element read in full
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let grid = c.array(10, 400, |c| c.array(10, 40, |c| c.array(10, 4, |c| c.array(4, 1, NdrCursor::u8))));
        assert_eq!(grid.unwrap().len(), 10);
        assert_eq!(c.remaining(), 0);
    }

    #[test]
    fn rejects_actual_count_over_maximum_and_offsets() {
        let bytes: Vec<u8> = [0u32, 3, 1, 1].iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!(c.actual_count(2).unwrap_err().kind(), &UnpackErrorKind::TooLarge { found: 3, limit: 2 });
        assert!(c.actual_count(2).is_err());
    }

    #[test]
    fn names_the_element_that_failed() {
        let error = NdrCursor::new(&[1, 1, 2], Representation::NDR)
            .array(3, 1, |c| match c.u8()? {
                2 => Err(c.invalid(2, "one", 1)),
                value => Ok(value),
            })
            .at("Levels")
            .unwrap_err();
        assert_eq!(error.to_string(), "Levels[2]: expected one, got 0x2 at offset 2");
    }

    #[test]
    fn writes_counts_as_wide_as_the_syntax() {
        let mut e = NdrEncoder::new(Representation::NDR64);
        e.max_count(3).unwrap();
        e.actual_count(2, 3).unwrap();
        assert_eq!(e.finish(), [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        let mut e = NdrEncoder::new(Representation::NDR);
        assert!(e.actual_count(4, 3).is_err());
        assert!(e.count_u8(256).is_err());
        e.count_u16(256).unwrap();
        assert_eq!(e.finish(), [0, 1]);
    }

    /// Five elements, of which the second and the third are sent.
    #[test]
    fn slices_from_the_middle_have_their_offset() {
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
            let mut e = NdrEncoder::new(representation);
            e.actual_count_from(2, 5, 1).unwrap();
            assert!(e.actual_count_from(2, 5, 4).is_err());
            assert!(e.actual_count_from(2, 5, u64::MAX).is_err());
            let bytes = e.finish();
            let read = |max_count, first| NdrCursor::new(&bytes, representation).actual_count_from(max_count, first);
            assert_eq!(read(5, Some(1)).unwrap(), 2);
            assert_eq!(read(3, None).unwrap(), 2);
            assert!(read(2, None).is_err() && read(5, Some(2)).is_err());
        }
    }
}
