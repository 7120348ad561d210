//! Pointers: referent ids, and what they point to put off until the construction is complete.

use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, UnpackError};

/// Which of the pointers that wait are not null: a bit each, the first ones without memory of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    first: u128,
    more: Vec<u64>,
    len: usize,
}

impl Pending {
    const FIRST: usize = 128;

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn push(&mut self, is_some: bool) {
        let at = self.len;
        self.len += 1;
        if at < Self::FIRST {
            self.first = self.first & !(1 << at) | u128::from(is_some) << at;
        } else {
            self.push_more(at - Self::FIRST, is_some);
        }
    }

    #[cold]
    fn push_more(&mut self, at: usize, is_some: bool) {
        if at / 64 == self.more.len() {
            self.more.push(0);
        }
        if let Some(word) = self.more.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(is_some) << (at % 64);
        }
    }

    #[inline]
    fn get(&self, at: usize) -> bool {
        if at >= self.len {
            false
        } else if at < Self::FIRST {
            self.first >> at & 1 != 0
        } else {
            let at = at - Self::FIRST;
            self.more.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 != 0)
        }
    }

    #[inline]
    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

/// A construction whose pointers wait for their referents: from [`NdrCursor::open`] to
/// [`NdrCursor::close`].
#[derive(Debug)]
#[must_use = "a frame has to be closed"]
pub struct Frame {
    start: usize,
    outer_next: usize,
    target_start: usize,
    outer_next_target: usize,
}

impl NdrCursor<'_> {
    /// Opens a construction: the ids of its pointers are kept from its scalars to its buffers.
    #[inline]
    pub fn open(&mut self) -> Frame {
        let frame = Frame {
            start: self.pending.len(),
            outer_next: self.next_pending,
            target_start: self.targets.len(),
            outer_next_target: self.next_target,
        };
        self.next_pending = frame.start;
        self.next_target = frame.target_start;
        frame
    }

    /// Closes a construction, all of whose pointers were followed.
    #[inline]
    pub fn close(&mut self, frame: Frame) {
        debug_assert_eq!(self.next_pending, self.pending.len(), "every pointer is followed once");
        debug_assert_eq!(self.next_target, self.targets.len(), "every relative or full pointer is followed once");
        self.pending.truncate(frame.start);
        self.next_pending = frame.outer_next;
        self.targets.truncate(frame.target_start);
        self.next_target = frame.outer_next_target;
    }

    /// The id of a unique or full pointer, or 0 for null, which is followed now.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    #[inline]
    pub fn referent(&mut self) -> Result<u64, UnpackError> {
        self.u3264()
    }

    /// The id of a unique or full pointer that is followed with the buffers of its construction.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    #[inline]
    pub fn defer_pointer(&mut self) -> Result<(), UnpackError> {
        let id = self.referent()?;
        self.pending.push(id != 0);
        Ok(())
    }

    /// The id of a full pointer that is followed with the buffers of its construction.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn defer_full_pointer(&mut self) -> Result<(), UnpackError> {
        let id = self.referent()?;
        self.targets.push(id);
        Ok(())
    }

    /// The id of a reference pointer inside a construction. It means nothing, but is not null.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` when it is null.
    #[inline]
    pub fn defer_reference(&mut self) -> Result<(), UnpackError> {
        if self.referent()? == 0 {
            let size = if self.representation().is_ndr64() { 8 } else { 4 };
            return Err(self.invalid(0, "a reference pointer that is not null", size));
        }
        Ok(())
    }

    /// The next pointer of the construction, in the order of its scalars, is not null.
    #[inline]
    pub fn follow(&mut self) -> bool {
        let is_some = self.pending.get(self.next_pending);
        self.next_pending += 1;
        is_some
    }
}

impl NdrEncoder {
    /// The first id of the call; ids grow by four, as Windows and Samba write them.
    pub(super) const FIRST_REFERENT: u32 = 0x0002_0000;

    /// Writes this id for every reference pointer inside a construction, instead of the next one.
    /// Readers ignore it; implementations differ in what they write.
    pub fn set_reference_id(&mut self, id: u32) {
        self.reference_id = Some(id);
    }

    /// The id of a unique pointer: the next one, or 0 for null.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn pointer(&mut self, is_some: bool) -> Result<(), PackError> {
        if !is_some {
            return self.u3264(0);
        }
        let id = self.next_referent;
        self.next_referent = self.next_referent.wrapping_add(4);
        self.u3264(u64::from(id))
    }

    /// The id of a full pointer, or 0 for null. They are numbered from 1 on their own, as Windows does it.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn full_pointer(&mut self, is_some: bool) -> Result<(), PackError> {
        if !is_some {
            return self.u3264(0);
        }
        let id = self.next_full;
        self.next_full = self.next_full.wrapping_add(1);
        self.u3264(u64::from(id))
    }

    /// The id of a reference pointer inside a construction.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn reference(&mut self) -> Result<(), PackError> {
        match self.reference_id {
            Some(id) => self.u3264(u64::from(id)),
            None => self.pointer(true),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn numbers_referents_from_20000_in_steps_of_four() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.pointer(true).unwrap();
        e.pointer(false).unwrap();
        e.reference().unwrap();
        assert_eq!(e.finish(), [0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 2, 0]);
    }

    #[test]
    fn numbers_full_pointers_from_one() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.full_pointer(true).unwrap();
        e.pointer(true).unwrap();
        e.full_pointer(false).unwrap();
        e.full_pointer(true).unwrap();
        assert_eq!(e.finish(), [1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn writes_eight_byte_referents_in_ndr64() {
        let mut e = NdrEncoder::new(Representation::NDR64);
        e.u8(1).unwrap();
        e.set_reference_id(0xaef1_aef1);
        e.reference().unwrap();
        assert_eq!(e.finish(), [1, 0, 0, 0, 0, 0, 0, 0, 0xf1, 0xae, 0xf1, 0xae, 0, 0, 0, 0]);
    }

    /// struct { *a; *b; } where a points to struct { *c; } : ids a, b, then a's scalars with c, then
    /// what c points to, then b's.
    #[test]
    fn follows_pointers_in_order_with_inner_constructions_between() {
        let bytes: Vec<u8> = [1u32, 2, 3, 30, 20].iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let outer = c.open();
        c.defer_pointer().unwrap();
        c.defer_pointer().unwrap();
        assert!(c.follow());
        let inner = c.open();
        c.defer_pointer().unwrap();
        assert!(c.follow());
        assert_eq!(c.u32().unwrap(), 30);
        c.close(inner);
        assert!(c.follow());
        assert_eq!(c.u32().unwrap(), 20);
        c.close(outer);
        assert_eq!(c.pending.len(), 0);
    }

    #[test]
    fn follows_many_pointers_that_wait_at_once() {
        let is_some = |index: usize| index.is_multiple_of(3) || index > 390;
        let bytes: Vec<u8> = (0..400).flat_map(|index| u32::from(is_some(index)).to_le_bytes()).collect();
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        for _ in 0..2 {
            let frame = c.open();
            c.seek(0);
            for _ in 0..400 {
                c.defer_pointer().unwrap();
            }
            assert!((0..400).all(|index| c.follow() == is_some(index)));
            c.close(frame);
            // another construction in the same place
            let frame = c.open();
            c.seek(4);
            (0..200).for_each(|_| c.defer_pointer().unwrap());
            assert!((1..=200).all(|index| c.follow() == is_some(index)));
            c.close(frame);
        }
    }

    #[test]
    fn rejects_null_reference_pointer() {
        let error = NdrCursor::new(&[0; 4], Representation::NDR).defer_reference().unwrap_err();
        assert_eq!(error.to_string(), "expected a reference pointer that is not null, got 0x0 at offset 0");
    }
}
