//! Pointers: referent ids, and what they point to put off until the construction is complete.

use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, UnpackError};

/// A construction whose pointers wait for their referents: from [`NdrCursor::open`] to
/// [`NdrCursor::close`].
#[derive(Debug)]
#[must_use = "a frame has to be closed"]
pub struct Frame {
    start: usize,
    outer_next: usize,
}

impl NdrCursor<'_> {
    /// Opens a construction: the ids of its pointers are kept from its scalars to its buffers.
    #[inline]
    pub fn open(&mut self) -> Frame {
        let frame = Frame { start: self.referents.len(), outer_next: self.next_referent };
        self.next_referent = frame.start;
        frame
    }

    /// Closes a construction, all of whose pointers were followed.
    #[inline]
    pub fn close(&mut self, frame: Frame) {
        debug_assert_eq!(self.next_referent, self.referents.len(), "every pointer is followed once");
        self.referents.truncate(frame.start);
        self.next_referent = frame.outer_next;
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
        self.referents.push(id);
        Ok(())
    }

    /// The id of a full pointer that is followed with the buffers of its construction.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn defer_full_pointer(&mut self) -> Result<(), UnpackError> {
        self.defer_pointer()
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
        let id = self.referents.get(self.next_referent).copied().unwrap_or(0);
        self.next_referent += 1;
        id != 0
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
        assert!(c.referents.is_empty());
    }

    #[test]
    fn rejects_null_reference_pointer() {
        let error = NdrCursor::new(&[0; 4], Representation::NDR).defer_reference().unwrap_err();
        assert_eq!(error.to_string(), "expected a reference pointer that is not null, got 0x0 at offset 0");
    }
}
