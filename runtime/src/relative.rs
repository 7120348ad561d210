//! What stands at offsets behind the fixed part of a structure (`relative_short` and `relative` of PIDL).
//!
//! Offsets count from a base: the first byte of the structure that is the base, else of the outermost
//! buffer. 0 stands for nothing. Offsets may be the same or overlap, so what they lead to is counted:
//! together it takes no more bytes than stand behind the fixed part, and little input stays little.

use crate::{Cursor, UnpackError, UnpackErrorKind};

/// The bytes behind the fixed part of a structure: see [`Cursor::referents`].
#[derive(Clone, Debug)]
pub struct Referents<'a> {
    region: Cursor<'a>,
    /// Offset of the region's first byte from the base.
    first: u64,
    /// Bytes that may still be referred to.
    left: usize,
}

impl<'a> Referents<'a> {
    pub(crate) fn new(region: Cursor<'a>, base: usize) -> Self {
        let first = region.offset().saturating_sub(base) as u64;
        Self { first, left: region.remaining(), region }
    }

    /// A cursor at an offset; `None` for 0.
    ///
    /// # Errors
    /// `InvalidValue` when the offset lies in the fixed part or beyond the end.
    pub fn start(&self, offset: impl Into<u64>) -> Result<Option<Cursor<'a>>, UnpackError> {
        let offset = offset.into();
        if offset == 0 {
            return Ok(None);
        }
        let mut start = self.region.clone();
        let skipped = offset.checked_sub(self.first).and_then(|skip| usize::try_from(skip).ok());
        match skipped.map(|skip| start.take(skip)) {
            Some(Ok(_)) => Ok(Some(start)),
            _ => Err(self.region.invalid(offset, "an offset behind the fixed part, within the extent", 0)),
        }
    }

    /// Takes note of what was read: `end` is a cursor that [`Referents::start`] gave, behind it.
    ///
    /// # Errors
    /// `TooLarge` when all that was referred to takes more bytes than there are.
    pub fn count(&mut self, start: &Cursor<'a>, end: &Cursor<'a>) -> Result<(), UnpackError> {
        let taken = start.remaining().saturating_sub(end.remaining());
        match self.left.checked_sub(taken) {
            Some(left) => self.left = left,
            None => {
                return Err(start.error(UnpackErrorKind::TooLarge { found: taken as u64, limit: self.left as u64 }));
            }
        }
        Ok(())
    }

    /// Reads what stands at an offset; `None` for 0.
    ///
    /// # Errors
    /// Those of [`Referents::start`], of `read` and of [`Referents::count`].
    pub fn read<T>(
        &mut self,
        offset: impl Into<u64>,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    ) -> Result<Option<T>, UnpackError> {
        let Some(start) = self.start(offset)? else { return Ok(None) };
        let mut c = start.clone();
        let value = read(&mut c)?;
        self.count(&start, &c)?;
        Ok(Some(value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{Encoder, PackErrorKind, Utf16};

    const BYTES: [u8; 12] = [0xFF, 0xFF, 6, 0, 8, 0, b'a', 0, 0, 0, 0xEE, 0xEE];

    /// Two offsets, counted from the third byte of the buffer.
    fn block() -> (u16, u16, Referents<'static>) {
        let mut c = Cursor::new(const { &BYTES });
        c.u16().unwrap();
        c.begin_base();
        (c.u16().unwrap() - 2, c.u16().unwrap() - 2, c.referents())
    }

    #[test]
    fn offsets_count_from_the_base_and_zero_is_nothing() {
        let (first, second, mut referents) = block();
        assert_eq!(referents.read(first, Utf16::unpack_nul).unwrap().unwrap(), "a".into());
        assert_eq!(referents.read(second, |c| c.take(2).map(<[u8]>::to_vec)).unwrap().unwrap(), [0, 0]);
        assert_eq!(referents.read(0_u16, |c| c.u64()), Ok(None));
    }

    #[test]
    fn refuses_offsets_outside_the_bytes_behind_the_fixed_part() {
        let (.., mut referents) = block();
        for outside in [1_u16, 3, 11, u16::MAX] {
            let error = referents.read(outside, |c| c.u8()).unwrap_err();
            assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { found, .. } if *found == outside.into()));
        }
        // the end itself has room for nothing
        assert_eq!(referents.read(10_u16, |c| c.take(0).map(<[u8]>::len)), Ok(Some(0)));
        assert!(referents.read(10_u16, |c| c.u8()).is_err());
    }

    #[test]
    fn the_same_bytes_are_not_referred_to_again_and_again() {
        let (first, _, mut referents) = block();
        assert!(referents.read(first, |c| c.take(4).map(drop)).is_ok());
        assert!(referents.read(first, |c| c.take(2).map(drop)).is_ok());
        let error = referents.read(first, |c| c.take(2).map(drop)).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&UnpackErrorKind::TooLarge { found: 2, limit: 0 }, 6));
    }

    #[test]
    fn a_sub_buffer_has_the_base_of_its_outer_one() {
        let mut c = Cursor::new(&BYTES);
        c.u16().unwrap();
        let outer = c.begin_base();
        let mut inner = c.sub(8).unwrap();
        inner.u32().unwrap();
        assert_eq!(inner.referents().read(4_u16, Utf16::unpack_nul).unwrap().unwrap(), "a".into());
        assert!(inner.is_empty(), "all of it is taken");
        c.end_base(outer);
        c.u8().unwrap();
        assert!(c.referents().start(2_u16).is_err(), "the base is the outermost buffer again");
    }

    #[test]
    fn an_encoder_fills_offsets_from_the_base() {
        let mut e = Encoder::new();
        e.u8(0xFF).unwrap();
        let outer = e.begin_base();
        let short = e.reserve_u16().unwrap();
        let long = e.reserve_u32().unwrap();
        e.refer_u16(short).unwrap();
        e.u8(1).unwrap();
        e.refer_u32(long).unwrap();
        e.end_base(outer);
        assert_eq!(e.as_slice(), [0xFF, 6, 0, 7, 0, 0, 0, 1]);
        let far = e.reserve_u16().unwrap();
        e.bytes(&[0; 0x1_0000]).unwrap();
        assert!(matches!(e.refer_u16(far).unwrap_err().kind(), PackErrorKind::TooLarge { .. }));
    }
}
