//! Data inside data, with an alignment of its own: `subcontext(..)` of the PIDL dialect.

use super::format::Format;
use super::relative::{Base, Tail};
use super::representation::ByteOrder;
use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, PackErrorKind, UnpackError};

/// What stands before the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubHeader {
    /// Nothing: the data runs to its size, or to the end.
    None,
    /// Its size in 16 bits.
    Size2,
    /// Its size, as wide as a count.
    Size4,
    /// The headers of type serialization version 1 (MS-RPCE 2.2.6), and padding to eight bytes.
    Serialized,
}

/// The data around a part, from [`NdrCursor::enter_sub`] to [`NdrCursor::leave_sub`].
#[derive(Debug)]
#[must_use = "what was entered has to be left"]
pub struct Outer<'a> {
    bytes: &'a [u8],
    end: usize,
    origin: usize,
    base: Base,
    format: Format,
}

/// The data around a part, from [`NdrEncoder::enter_sub`] to [`NdrEncoder::leave_sub`].
#[derive(Debug)]
#[must_use = "what was entered has to be left"]
pub struct OuterEncoder {
    header: SubHeader,
    size_at: usize,
    start: usize,
    origin: usize,
    base: Base,
    tail: Tail,
    size: Option<u64>,
    format: Format,
}

impl<'a> NdrCursor<'a> {
    /// Goes into a part that has its own beginning and end; `size` is what the description says of it.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` for a header that means something else.
    pub fn enter_sub(&mut self, header: SubHeader, size: Option<u64>) -> Result<Outer<'a>, UnpackError> {
        let format = self.format;
        let found = match header {
            SubHeader::None => size.unwrap_or(self.remaining() as u64),
            SubHeader::Size2 => u64::from(self.u16()?),
            SubHeader::Size4 => self.u3264()?,
            SubHeader::Serialized => self.serialization_header()?,
        };
        if size.is_some_and(|size| size != found) {
            return Err(self.invalid(found, "the size that the part is said to have", 0));
        }
        let needed = usize::try_from(found).unwrap_or(usize::MAX);
        if needed > self.remaining() {
            return Err(self.truncated(needed));
        }
        let end = self.offset() + needed;
        let outer = Outer { bytes: self.bytes, end, origin: self.origin, base: std::mem::take(&mut self.base), format };
        self.bytes = self.bytes.get(..end).unwrap_or_default();
        self.origin = self.offset();
        self.base = Base { at: self.origin, highest: self.origin };
        Ok(outer)
    }

    fn serialization_header(&mut self) -> Result<u64, UnpackError> {
        let version = self.u8()?;
        if version != 1 {
            return Err(self.invalid(u64::from(version), "type serialization version 1", 1));
        }
        let order = self.u8()?;
        let format = match order {
            0x10 => self.format.little_endian(),
            0x00 => self.format.big_endian(),
            _ => return Err(self.invalid(u64::from(order), "a byte order of 0x10 or 0", 1)),
        };
        self.set_format(format);
        let length = self.u16()?;
        if length != 8 {
            return Err(self.invalid(u64::from(length), "a header of eight bytes", 2));
        }
        self.take(4)?;
        let size = self.u32()?;
        if size % 8 != 0 {
            return Err(self.invalid(u64::from(size), "a size of whole eights", 4));
        }
        self.take(4)?;
        Ok(u64::from(size))
    }

    /// Comes back after the part; what it has left is passed over.
    pub fn leave_sub(&mut self, outer: Outer<'a>) {
        self.bytes = outer.bytes;
        self.seek(outer.end);
        self.origin = outer.origin;
        self.base = outer.base;
        self.format = outer.format;
    }
}

impl NdrEncoder {
    /// Begins a part that has its own beginning and end; `size` is what the description says of it.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn enter_sub(&mut self, header: SubHeader, size: Option<u64>) -> Result<OuterEncoder, PackError> {
        let format = self.format;
        let mut size_at = self.len();
        match header {
            SubHeader::None => {}
            SubHeader::Size2 => {
                self.u16(0)?;
                size_at = self.len() - 2;
            }
            SubHeader::Size4 => {
                self.u3264(0)?;
                size_at = self.len() - if self.representation().is_ndr64() { 8 } else { 4 };
            }
            SubHeader::Serialized => {
                let big = self.representation().byte_order == ByteOrder::Big;
                self.set_format(if big { format.big_endian() } else { format.little_endian() });
                self.u8(1)?;
                self.u8(if big { 0x00 } else { 0x10 })?;
                self.u16(8)?;
                self.bytes(&[0xCC; 4])?;
                size_at = self.len();
                self.bytes(&[0; 8])?;
            }
        }
        let start = self.len();
        let outer = OuterEncoder {
            header,
            size_at,
            start,
            origin: self.origin,
            base: std::mem::take(&mut self.base),
            tail: std::mem::replace(&mut self.tail, Tail::of(size)),
            size,
            format,
        };
        self.origin = start;
        self.base = Base { at: start, highest: start };
        Ok(outer)
    }

    /// Ends the part: fills it up to the size that the description says, and writes its size before it.
    ///
    /// # Errors
    /// `TooLarge` when it is longer than that or than its header can say, `Full` at the limit.
    pub fn leave_sub(&mut self, outer: OuterEncoder) -> Result<(), PackError> {
        self.append_tail()?;
        let length = self.len() - outer.start;
        let target = match (outer.size, outer.header) {
            (Some(size), _) => usize::try_from(size).unwrap_or(usize::MAX),
            (None, SubHeader::Serialized) => length.next_multiple_of(8),
            (None, _) => length,
        };
        let Some(gap) = target.checked_sub(length) else {
            return Err(self.error(PackErrorKind::TooLarge { value: length as u64, limit: target as u64 }));
        };
        self.zeros(gap)?;
        let big = self.representation().is_big_endian();
        let at = outer.size_at;
        let too_large = PackErrorKind::TooLarge { value: target as u64, limit: u64::from(u32::MAX) };
        match outer.header {
            SubHeader::None => {}
            SubHeader::Size2 => {
                let limit = u64::from(u16::MAX);
                let size = u16::try_from(target)
                    .map_err(|_| self.error(PackErrorKind::TooLarge { value: target as u64, limit }))?;
                self.patch(at, if big { size.to_be_bytes() } else { size.to_le_bytes() });
            }
            SubHeader::Size4 if outer.format.representation.is_ndr64() => {
                self.patch(at, (target as u64).to_le_bytes());
            }
            SubHeader::Size4 | SubHeader::Serialized => {
                let size = u32::try_from(target).map_err(|_| self.error(too_large))?;
                self.patch(at, if big { size.to_be_bytes() } else { size.to_le_bytes() });
            }
        }
        self.origin = outer.origin;
        self.base = outer.base;
        self.tail = outer.tail;
        self.format = outer.format;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn a_part_is_aligned_from_its_own_beginning() {
        for (header, head) in [(SubHeader::Size2, vec![8, 0]), (SubHeader::Size4, vec![0, 0, 0, 8, 0, 0, 0])] {
            let mut e = NdrEncoder::new(Representation::NDR);
            e.u8(9).unwrap();
            let outer = e.enter_sub(header, None).unwrap();
            e.u8(1).unwrap();
            e.u32(2).unwrap();
            e.leave_sub(outer).unwrap();
            let bytes = e.finish();
            let gap = usize::from(header == SubHeader::Size2);
            assert_eq!(bytes.get(1 + gap..1 + gap + head.len()).unwrap(), head);
            assert_eq!(bytes.get(1 + gap + head.len()..).unwrap(), [1, 0, 0, 0, 2, 0, 0, 0]);
            let mut c = NdrCursor::new(&bytes, Representation::NDR);
            assert_eq!(c.u8().unwrap(), 9);
            let outer = c.enter_sub(header, None).unwrap();
            assert_eq!((c.u8().unwrap(), c.u32().unwrap(), c.remaining()), (1, 2, 0));
            assert!(c.u8().is_err());
            c.leave_sub(outer);
            c.finish().unwrap();
        }
    }

    #[test]
    fn serialized_part_has_its_headers_and_whole_eights() {
        let mut e = NdrEncoder::new(Representation::NDR);
        let outer = e.enter_sub(SubHeader::Serialized, None).unwrap();
        e.u32(7).unwrap();
        e.leave_sub(outer).unwrap();
        let bytes = e.finish();
        let head = [1, 0x10, 8, 0, 0xCC, 0xCC, 0xCC, 0xCC, 8, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(bytes.get(..16).unwrap(), head);
        assert_eq!(bytes.get(16..).unwrap(), [7, 0, 0, 0, 0, 0, 0, 0]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR_BIG_ENDIAN);
        let outer = c.enter_sub(SubHeader::Serialized, None).unwrap();
        assert_eq!(c.u32().unwrap(), 7);
        c.leave_sub(outer);
        assert!(c.representation().is_big_endian());
        assert!(NdrCursor::new(&[2; 16], Representation::NDR).enter_sub(SubHeader::Serialized, None).is_err());
    }

    #[test]
    fn sizes_are_kept_to() {
        let mut e = NdrEncoder::new(Representation::NDR);
        let outer = e.enter_sub(SubHeader::None, Some(3)).unwrap();
        e.u8(1).unwrap();
        e.leave_sub(outer).unwrap();
        let outer = e.enter_sub(SubHeader::None, Some(3)).unwrap();
        e.u32(1).unwrap();
        assert!(e.leave_sub(outer).is_err());
        let mut c = NdrCursor::new(&[1, 0, 0], Representation::NDR);
        assert!(c.enter_sub(SubHeader::None, Some(4)).is_err());
        let outer = c.enter_sub(SubHeader::None, Some(2)).unwrap();
        assert_eq!(c.remaining(), 2);
        c.leave_sub(outer);
        assert_eq!(c.remaining(), 1);
    }
}
