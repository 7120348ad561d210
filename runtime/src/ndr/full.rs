//! Full pointers: several may point to one value, whose data stand where the first of them is followed.

use super::NdrCursor;
use crate::error::{UnpackError, UnpackErrorKind};

/// Where the data of full pointers stand, by their ids: from the first byte to behind the last, once they were read.
pub(super) type Places = std::collections::BTreeMap<u64, (usize, Option<usize>)>;

/// A full pointer that is followed: from [`NdrCursor::full_pointer`] or [`NdrCursor::follow_full`] to
/// [`NdrCursor::leave_full`].
#[derive(Debug)]
#[must_use = "a pointer that was followed has to be left"]
pub struct Full {
    id: u64,
    start: usize,
    /// Where reading goes on, when the data stand elsewhere.
    back: Option<usize>,
}

impl NdrCursor<'_> {
    /// A full pointer that is followed now; `None` for null.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, and those of [`NdrCursor::follow_full`].
    pub fn full_pointer(&mut self) -> Result<Option<Full>, UnpackError> {
        let id = self.referent()?;
        self.enter_full(id)
    }

    /// The next pointer of the construction, a full one, is followed; `None` for null. What another one points to is
    /// read where its data stand.
    ///
    /// # Errors
    /// `InvalidValue` when it leads back to what it is part of, `TooLarge` when the same bytes are read over and over.
    pub fn follow_full(&mut self) -> Result<Option<Full>, UnpackError> {
        let id = self.targets.get(self.next_target).copied().unwrap_or(0);
        self.next_target += 1;
        self.enter_full(id)
    }

    fn enter_full(&mut self, id: u64) -> Result<Option<Full>, UnpackError> {
        let here = self.offset();
        let full = |start, back| Ok(Some(Full { id, start, back }));
        if id == 0 {
            return Ok(None);
        }
        match self.full_pointers.get(&id).copied() {
            None => {
                self.full_pointers.insert(id, (here, None));
                full(here, None)
            }
            // inside of something that is read once more
            Some((start, Some(_))) if start == here => full(here, None),
            Some((start, Some(end))) => {
                self.jumps += 1;
                let limit = self.bytes.len().saturating_mul(4).saturating_add(64);
                self.jumped = self.jumped.saturating_add(end.saturating_sub(start));
                if self.jumps > limit || self.jumped > limit {
                    return Err(
                        self.error(UnpackErrorKind::TooLarge { found: self.jumped as u64, limit: limit as u64 })
                    );
                }
                self.seek(start);
                full(start, Some(here))
            }
            Some((_, None)) => Err(self.invalid(id, "a full pointer that does not lead back", 0)),
        }
    }

    /// What a full pointer points to was read.
    pub fn leave_full(&mut self, full: Full) {
        let end = self.offset();
        self.full_pointers.insert(full.id, (full.start, Some(end)));
        if let Some(back) = full.back {
            self.seek(back);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn pair(c: &mut NdrCursor<'_>) -> Result<[Option<u32>; 2], UnpackError> {
        let frame = c.open();
        c.defer_full_pointer()?;
        c.defer_full_pointer()?;
        let mut values = [None; 2];
        for value in &mut values {
            if let Some(full) = c.follow_full()? {
                *value = Some(c.u32()?);
                c.leave_full(full);
            }
        }
        c.close(frame);
        Ok(values)
    }

    #[test]
    fn two_pointers_to_one_value_give_it_twice() {
        let bytes = words(&[1, 1, 7, 9]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!(pair(&mut c).unwrap(), [Some(7), Some(7)]);
        assert_eq!(c.u32().unwrap(), 9);
        let bytes = words(&[1, 2, 7, 9]);
        assert_eq!(pair(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap(), [Some(7), Some(9)]);
        let bytes = words(&[0, 0]);
        assert_eq!(pair(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap(), [None, None]);
    }

    /// The ids of the whole are 1 and 1; what it points to holds pointers itself, which are read again with it.
    #[test]
    fn what_is_read_again_has_its_own_pointers_in_place() {
        let bytes = words(&[1, 1, 5, 5, 7, 9]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let frame = c.open();
        c.defer_full_pointer().unwrap();
        c.defer_full_pointer().unwrap();
        for _ in 0..2 {
            let full = c.follow_full().unwrap().unwrap();
            assert_eq!(pair(&mut c).unwrap(), [Some(7), Some(7)]);
            c.leave_full(full);
        }
        c.close(frame);
        assert_eq!(c.u32().unwrap(), 9);
    }

    #[test]
    fn rejects_what_leads_back_and_what_is_read_without_end() {
        let bytes = words(&[1, 1]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let outer = c.full_pointer().unwrap().unwrap();
        let error = c.full_pointer().unwrap_err();
        assert_eq!(error.to_string(), "expected a full pointer that does not lead back, got 0x1 at offset 8");
        c.leave_full(outer);
        // a hundred numbers, and as many pointers to them as there is room for
        let bytes = words(&[1; 1000]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let mut follow = || -> Result<(), UnpackError> {
            while let Some(full) = c.full_pointer()? {
                for _ in 0..100 {
                    c.u32()?;
                }
                c.leave_full(full);
            }
            Ok(())
        };
        assert!(matches!(follow().unwrap_err().kind(), UnpackErrorKind::TooLarge { limit: 16064, .. }));
    }
}
