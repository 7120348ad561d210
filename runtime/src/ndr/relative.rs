//! Relative pointers: offsets from the beginning of something, `relative` and `relative_short` of the
//! PIDL dialect.

use super::cursor::align_up;
use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, PackErrorKind, UnpackError, UnpackErrorKind};

/// From where offsets count, and how far something was read at one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) at: usize,
    pub(super) highest: usize,
}

/// Where a relative pointer was left, to come back to.
#[derive(Debug)]
#[must_use = "what was followed has to be left"]
pub struct Jump {
    position: usize,
    start: usize,
}

/// From where offsets counted before, see [`NdrCursor::set_base`].
#[derive(Clone, Copy, Debug)]
#[must_use = "the old base has to come back"]
pub struct OuterBase(usize);

impl NdrCursor<'_> {
    /// Offsets inside count from here.
    #[inline]
    pub fn set_base(&mut self) -> OuterBase {
        let here = self.offset();
        OuterBase(std::mem::replace(&mut self.base.at, here))
    }

    /// Offsets inside count from here, and again when what its pointers lead to is read.
    pub fn begin_base(&mut self) -> OuterBase {
        self.targets.push(self.offset() as u64);
        self.set_base()
    }

    /// Offsets count from where those of this construction did.
    pub fn resume_base(&mut self) -> OuterBase {
        let at = self.targets.get(self.next_target).copied().unwrap_or(0);
        self.next_target += 1;
        let at = usize::try_from(at).unwrap_or(self.base.at);
        OuterBase(std::mem::replace(&mut self.base.at, at))
    }

    /// Offsets count from where they did before.
    #[inline]
    pub fn reset_base(&mut self, outer: OuterBase) {
        self.base.at = outer.0;
    }

    /// An offset that is followed with the buffers of its construction; 0 for null.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn defer_relative(&mut self, short: bool) -> Result<(), UnpackError> {
        let offset = if short { u64::from(self.u16()?) } else { u64::from(self.u32()?) };
        self.targets.push(if offset == 0 { 0 } else { offset.saturating_add(self.base.at as u64) });
        Ok(())
    }

    /// Goes where the next relative pointer of the construction leads; `None` for null.
    ///
    /// # Errors
    /// `InvalidValue` when that is outside, `TooLarge` when the same bytes are read over and over.
    pub fn follow_relative(&mut self) -> Result<Option<Jump>, UnpackError> {
        let target = self.targets.get(self.next_target).copied().unwrap_or(0);
        self.next_target += 1;
        if target == 0 {
            return Ok(None);
        }
        let Some(start) = usize::try_from(target).ok().filter(|start| *start <= self.bytes.len()) else {
            return Err(self.invalid(target, "an offset inside the data", 0));
        };
        // a pointer may lead to what another one leads to, but not without end
        self.jumps += 1;
        let limit = self.bytes.len().saturating_mul(4).saturating_add(64);
        if self.jumps > limit || self.jumped > limit {
            return Err(self.error(UnpackErrorKind::TooLarge { found: self.jumped as u64, limit: limit as u64 }));
        }
        let jump = Jump { position: self.offset(), start };
        self.seek(start);
        Ok(Some(jump))
    }

    /// Comes back from where a relative pointer led.
    pub fn leave_relative(&mut self, jump: Jump) {
        let end = self.offset();
        self.jumped = self.jumped.saturating_add(end.saturating_sub(jump.start));
        self.base.highest = self.base.highest.max(end);
        self.seek(jump.position);
    }

    /// Goes behind everything that relative pointers led to.
    pub fn skip_to_highest(&mut self) {
        if self.base.highest > self.offset() {
            self.seek(self.base.highest);
        }
    }
}

/// A relative pointer whose offset is written when it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    at: usize,
    base: usize,
    short: bool,
}

/// What a part is filled with from its end: `RELATIVE_REVERSE`.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The size of the part, where the description says it.
    size: Option<usize>,
    /// What stands there, each with its place in the part, the last one first.
    pieces: Vec<(usize, Vec<u8>)>,
}

impl Tail {
    /// The end of a part of this size.
    pub(super) fn of(size: Option<u64>) -> Self {
        Self { size: size.map(|size| usize::try_from(size).unwrap_or(usize::MAX)), pieces: Vec::new() }
    }
}

/// What a relative pointer leads to, while it is written: from [`NdrEncoder::place_relative`] to
/// [`NdrEncoder::leave_relative`].
#[derive(Debug)]
#[must_use = "what was begun has to be left"]
pub struct Placed {
    /// Where it begins until it is moved, and the pointer, where it is.
    moves: Option<(usize, Waiting)>,
}

/// A construction whose relative pointers wait, see [`NdrEncoder::open`].
#[derive(Debug)]
#[must_use = "a frame has to be closed"]
pub struct EncoderFrame {
    start: usize,
    outer_next: usize,
}

impl NdrEncoder {
    /// Opens a construction: its relative pointers are kept from its scalars to its buffers.
    pub fn open(&mut self) -> EncoderFrame {
        let frame = EncoderFrame { start: self.waiting.len(), outer_next: self.next_waiting };
        self.next_waiting = frame.start;
        frame
    }

    /// Closes a construction, all of whose pointers were written.
    pub fn close(&mut self, frame: EncoderFrame) {
        self.waiting.truncate(frame.start);
        self.next_waiting = frame.outer_next;
    }

    /// Offsets inside count from here.
    #[inline]
    pub fn set_base(&mut self) -> OuterBase {
        let here = self.len();
        OuterBase(std::mem::replace(&mut self.base.at, here))
    }

    /// Offsets inside count from here, and again when what its pointers lead to is written.
    pub fn begin_base(&mut self) -> OuterBase {
        let at = self.len();
        self.waiting.push(Waiting { at, base: at, short: false });
        self.set_base()
    }

    /// Offsets count from where those of this construction did.
    pub fn resume_base(&mut self) -> OuterBase {
        let at = self.waiting.get(self.next_waiting).map_or(self.base.at, |waiting| waiting.base);
        self.next_waiting += 1;
        OuterBase(std::mem::replace(&mut self.base.at, at))
    }

    /// Offsets count from where they did before.
    #[inline]
    pub fn reset_base(&mut self, outer: OuterBase) {
        self.base.at = outer.0;
    }

    /// Room for an offset, or 0 for null.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn defer_relative(&mut self, is_some: bool, short: bool) -> Result<(), PackError> {
        if short {
            self.u16(0)?
        } else {
            self.u32(0)?
        }
        if is_some {
            let at = self.len() - if short { 2 } else { 4 };
            self.waiting.push(Waiting { at, base: self.base.at, short });
        }
        Ok(())
    }

    /// What the next relative pointer of the construction leads to begins here, at its alignment, or is moved to the
    /// end of the part when it is complete.
    ///
    /// # Errors
    /// `TooLarge` when the offset does not fit, `Full` at the limit.
    pub fn place_relative(&mut self) -> Result<Placed, PackError> {
        let Some(waiting) = self.waiting.get(self.next_waiting).copied() else {
            return Err(self.mismatch("a relative pointer that was announced"));
        };
        self.next_waiting += 1;
        if self.format.reversed {
            return Ok(Placed { moves: Some((self.len(), waiting)) });
        }
        let from_base = self.len().saturating_sub(waiting.base);
        let align = usize::from(self.format.padding.max(1));
        self.zeros(align_up(from_base, align) - from_base)?;
        self.point(waiting, self.len())?;
        Ok(Placed { moves: None })
    }

    /// What a relative pointer leads to is complete. Where parts are filled from their end it moves there, before what
    /// is there already.
    ///
    /// # Errors
    /// `Mismatch` when the description says no size of the part, `TooLarge` when that leaves no room.
    pub fn leave_relative(&mut self, placed: Placed) -> Result<(), PackError> {
        let Some((begin, waiting)) = placed.moves else { return Ok(()) };
        if self.sizes && self.tail.size.is_none() {
            // how large it is depends on where it ends: rather too large than too small
            return self.align(8, 8);
        }
        let Some(end) = self.tail.pieces.last().map(|(at, _)| *at).or(self.tail.size) else {
            return Err(self.mismatch("a part whose size is said, which is filled from its end"));
        };
        let length = self.len().saturating_sub(begin);
        let align = usize::from(self.format.padding.max(1));
        let place = end.checked_sub(length).map(|place| place & !(align - 1));
        let Some(place) = place.filter(|place| place.saturating_add(self.origin) >= begin) else {
            let used = self.len().saturating_sub(self.origin);
            return Err(self.error(PackErrorKind::TooLarge { value: used as u64, limit: end as u64 }));
        };
        self.point(waiting, place.saturating_add(self.origin))?;
        let piece = self.cut(begin);
        self.tail.pieces.push((place, piece));
        Ok(())
    }

    /// Writes what the part is filled with from its end.
    pub(super) fn append_tail(&mut self) -> Result<(), PackError> {
        for (place, piece) in std::mem::take(&mut self.tail.pieces).into_iter().rev() {
            let used = self.len().saturating_sub(self.origin);
            let Some(gap) = place.checked_sub(used) else {
                return Err(self.error(PackErrorKind::TooLarge { value: used as u64, limit: place as u64 }));
            };
            self.zeros(gap)?;
            self.bytes(&piece)?;
        }
        Ok(())
    }

    /// Writes the offset of a pointer that leads to this place.
    fn point(&mut self, waiting: Waiting, to: usize) -> Result<(), PackError> {
        let offset = to.saturating_sub(waiting.base);
        let big = self.representation().is_big_endian();
        let limit = if waiting.short { u64::from(u16::MAX) } else { u64::from(u32::MAX) };
        let too_large = PackErrorKind::TooLarge { value: offset as u64, limit };
        if waiting.short {
            let offset = u16::try_from(offset).map_err(|_| self.error(too_large))?;
            self.patch(waiting.at, if big { offset.to_be_bytes() } else { offset.to_le_bytes() });
        } else {
            let offset = u32::try_from(offset).map_err(|_| self.error(too_large))?;
            self.patch(waiting.at, if big { offset.to_be_bytes() } else { offset.to_le_bytes() });
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn offsets_count_from_the_base_and_lead_back() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.u32(9).unwrap();
        let base = e.set_base();
        let frame = e.open();
        e.defer_relative(true, false).unwrap();
        e.defer_relative(false, true).unwrap();
        e.defer_relative(true, true).unwrap();
        let placed = e.place_relative().unwrap();
        e.u8(1).unwrap();
        e.leave_relative(placed).unwrap();
        let format = e.format();
        e.set_format(format.padded(4));
        let placed = e.place_relative().unwrap();
        e.set_format(format);
        e.u8(2).unwrap();
        e.leave_relative(placed).unwrap();
        e.close(frame);
        e.reset_base(base);
        let bytes = e.finish();
        assert_eq!(bytes, [9, 0, 0, 0, 8, 0, 0, 0, 0, 0, 12, 0, 1, 0, 0, 0, 2]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        c.u32().unwrap();
        let base = c.set_base();
        let frame = c.open();
        for short in [false, true, true] {
            c.defer_relative(short).unwrap();
        }
        let jump = c.follow_relative().unwrap().unwrap();
        assert_eq!(c.u8().unwrap(), 1);
        c.leave_relative(jump);
        assert!(c.follow_relative().unwrap().is_none());
        let jump = c.follow_relative().unwrap().unwrap();
        assert_eq!(c.u8().unwrap(), 2);
        c.leave_relative(jump);
        c.close(frame);
        c.reset_base(base);
        assert_eq!(c.offset(), 12);
        c.skip_to_highest();
        assert_eq!(c.remaining(), 0);
    }

    /// Ten bytes: a pointer to two, one to three at an even place, and before both what is left.
    #[test]
    fn parts_are_filled_from_their_end() {
        let pack = |size: Option<u64>| {
            let mut e = NdrEncoder::new(Representation::NDR);
            e.u8(9)?;
            let outer = e.enter_sub(super::super::SubHeader::None, size)?;
            let base = e.set_base();
            e.set_format(e.format().reversed());
            let frame = e.open();
            e.defer_relative(true, true)?;
            e.defer_relative(true, true)?;
            let placed = e.place_relative()?;
            e.bytes(&[1, 2])?;
            e.leave_relative(placed)?;
            e.set_format(e.format().padded(2));
            let placed = e.place_relative()?;
            e.bytes(&[3, 4, 5])?;
            e.leave_relative(placed)?;
            e.close(frame);
            e.reset_base(base);
            e.leave_sub(outer)?;
            e.u8(9)?;
            Ok::<_, PackError>(e.finish())
        };
        assert_eq!(pack(Some(11)).unwrap(), [9, 9, 0, 6, 0, 0, 0, 3, 4, 5, 1, 2, 9]);
        assert_eq!(pack(Some(10)).unwrap(), [9, 8, 0, 4, 0, 3, 4, 5, 0, 1, 2, 9]);
        assert!(pack(Some(8)).is_err() && pack(Some(3)).is_err() && pack(None).is_err());
        let bytes = pack(Some(11)).unwrap();
        let mut c = NdrCursor::new(bytes.get(1..12).unwrap(), Representation::NDR);
        let frame = c.open();
        c.defer_relative(true).unwrap();
        c.defer_relative(true).unwrap();
        for expected in [&[1, 2][..], &[3, 4, 5]] {
            let jump = c.follow_relative().unwrap().unwrap();
            assert_eq!(c.take(expected.len()).unwrap(), expected);
            c.leave_relative(jump);
        }
        c.close(frame);
    }

    #[test]
    fn offset_outside_and_endless_reading_are_refused() {
        let mut c = NdrCursor::new(&[9, 0, 0, 0], Representation::NDR);
        c.defer_relative(false).unwrap();
        assert!(c.follow_relative().is_err());
        let bytes = [1; 1000];
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        let mut last = Ok(());
        for _ in 0..100 {
            c.seek(0);
            c.targets.push(1);
            match c.follow_relative() {
                Ok(Some(jump)) => {
                    c.take(900).unwrap();
                    c.leave_relative(jump);
                }
                Ok(None) => {}
                Err(error) => last = Err(error),
            }
        }
        assert!(last.is_err());
    }
}
