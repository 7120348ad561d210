//! Texts and blobs outside NDR's own rules: `string` with `flag(STR_..)`, `string_array`, `DATA_BLOB` of
//! the PIDL dialect.

use std::borrow::Cow;

use super::cursor::align_up;
use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, PackErrorKind, UnpackError, UnpackErrorKind};
use crate::text::{String8, Utf16};

/// The numbers before a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// None: a terminator ends it, or the data.
    None,
    /// Its size in 16 bits.
    Size2,
    /// Its size in 32 bits.
    Size4,
    /// An offset of 0 and its size, 32 bits each.
    Length4,
    /// Its size, an offset of 0, its size again, 32 bits each.
    SizeLength4,
}

/// The shape of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlatText {
    counts: Counts,
    terminated: bool,
    bytes: bool,
    uncounted: bool,
}

impl FlatText {
    /// A terminator ends it.
    pub const NUL: Self = Self::counted(Counts::None);

    /// These numbers stand before it and count its terminator.
    #[must_use]
    pub const fn counted(counts: Counts) -> Self {
        Self { counts, terminated: true, bytes: false, uncounted: false }
    }

    /// It has no terminator; without numbers it runs to the end of the data.
    #[must_use]
    pub const fn unterminated(self) -> Self {
        Self { terminated: false, ..self }
    }

    /// Its size is in bytes.
    #[must_use]
    pub const fn in_bytes(self) -> Self {
        Self { bytes: true, ..self }
    }

    /// Its terminator is there, and not counted.
    #[must_use]
    pub const fn uncounted(self) -> Self {
        Self { uncounted: true, ..self }
    }
}

impl<'a> NdrCursor<'a> {
    /// The bytes of a text, without its terminator.
    fn flat(&mut self, shape: FlatText, width: usize) -> Result<&'a [u8], UnpackError> {
        let count = match shape.counts {
            Counts::None => return self.uncounted(shape, width),
            Counts::Size2 => u32::from(self.u16()?),
            Counts::Size4 => self.u32()?,
            Counts::Length4 => {
                self.zero_offset()?;
                self.u32()?
            }
            Counts::SizeLength4 => {
                let limit = self.u32()?;
                self.zero_offset()?;
                let count = self.u32()?;
                if count > limit {
                    let kind = UnpackErrorKind::TooLarge { found: u64::from(count), limit: u64::from(limit) };
                    return Err(self.error(kind));
                }
                count
            }
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX).saturating_add(usize::from(shape.uncounted));
        let size = if shape.bytes { count } else { count.saturating_mul(width) };
        let bytes = self.take(size)?;
        Ok(if shape.terminated { without_terminator(bytes, width) } else { bytes })
    }

    fn zero_offset(&mut self) -> Result<(), UnpackError> {
        match self.u32()? {
            0 => Ok(()),
            offset => Err(self.invalid(u64::from(offset), "a text from its first character", 4)),
        }
    }

    fn uncounted(&mut self, shape: FlatText, width: usize) -> Result<&'a [u8], UnpackError> {
        let rest = self.bytes.get(self.offset()..).unwrap_or_default();
        if !shape.terminated {
            return self.take(rest.len());
        }
        let end = rest.chunks_exact(width).position(|unit| unit.iter().all(|b| *b == 0));
        match end {
            Some(units) => {
                let text = self.take(units * width)?;
                self.take(width)?;
                Ok(text)
            }
            None if self.format.remaining && !rest.is_empty() => self.take(rest.len()),
            None => Err(self.error(UnpackErrorKind::Unterminated)),
        }
    }

    /// A text of 16-bit characters.
    ///
    /// # Errors
    /// `Truncated`, `TooLarge`, `InvalidValue` for its numbers; `Unterminated`.
    pub fn flat16(&mut self, shape: FlatText) -> Result<Utf16<'a>, UnpackError> {
        let bytes = self.flat(shape, 2)?;
        if !self.representation().is_big_endian() {
            return Ok(Utf16::from_wire(bytes));
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
        Ok(Utf16::from_units(&units))
    }

    /// A text of 8-bit characters.
    ///
    /// # Errors
    /// `Truncated`, `TooLarge`, `InvalidValue` for its numbers; `Unterminated`.
    pub fn flat8(&mut self, shape: FlatText) -> Result<String8<'a>, UnpackError> {
        Ok(String8::new(self.flat(shape, 1)?))
    }

    /// Texts up to an empty one, or to the end of the data where it may run there.
    ///
    /// # Errors
    /// The error of a text.
    pub fn flat_array16(&mut self) -> Result<Vec<Utf16<'a>>, UnpackError> {
        let mut texts = Vec::new();
        while !(self.format.remaining && self.remaining() == 0) {
            let text = self.flat16(FlatText::NUL)?;
            if text.is_empty() {
                break;
            }
            texts.push(text);
        }
        Ok(texts)
    }

    /// Like [`NdrCursor::flat_array16`], of 8-bit characters.
    ///
    /// # Errors
    /// The error of a text.
    pub fn flat_array8(&mut self) -> Result<Vec<String8<'a>>, UnpackError> {
        let mut texts = Vec::new();
        while !(self.format.remaining && self.remaining() == 0) {
            let text = self.flat8(FlatText::NUL)?;
            if text.is_empty() {
                break;
            }
            texts.push(text);
        }
        Ok(texts)
    }

    /// A blob: with its length before it, to the end, or only padding, as the format says.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn data_blob(&mut self) -> Result<Cow<'a, [u8]>, UnpackError> {
        let length = if self.format.remaining {
            self.remaining()
        } else if self.format.padding > 0 {
            let position = self.offset().saturating_sub(self.origin);
            (align_up(position, usize::from(self.format.padding)) - position).min(self.remaining())
        } else {
            let length = self.u3264()?;
            usize::try_from(length).unwrap_or(usize::MAX)
        };
        Ok(Cow::Borrowed(self.take(length)?))
    }
}

fn without_terminator(bytes: &[u8], width: usize) -> &[u8] {
    match bytes.len().checked_sub(width).and_then(|end| bytes.split_at_checked(end)) {
        Some((text, last)) if last.iter().all(|b| *b == 0) => text,
        _ => bytes,
    }
}

impl NdrEncoder {
    /// The numbers before a text of this many characters.
    fn flat_counts(&mut self, shape: FlatText, length: usize, width: usize) -> Result<(), PackError> {
        let counted = length + usize::from(shape.terminated && !shape.uncounted);
        let value = if shape.bytes { counted * width } else { counted } as u64;
        let limit = if shape.counts == Counts::Size2 { u64::from(u16::MAX) } else { u64::from(u32::MAX) };
        let narrow = u32::try_from(value).ok().filter(|_| value <= limit);
        let Some(count) = narrow else {
            return Err(self.error(PackErrorKind::TooLarge { value, limit }));
        };
        match shape.counts {
            Counts::None => Ok(()),
            Counts::Size2 => self.u16(u16::try_from(count).unwrap_or(u16::MAX)),
            Counts::Size4 => self.u32(count),
            Counts::Length4 => {
                self.u32(0)?;
                self.u32(count)
            }
            Counts::SizeLength4 => {
                self.u32(count)?;
                self.u32(0)?;
                self.u32(count)
            }
        }
    }

    /// A text of 16-bit characters.
    ///
    /// # Errors
    /// `TooLarge` when its numbers are too narrow, `Full` at the limit.
    pub fn flat16(&mut self, text: &Utf16<'_>, shape: FlatText) -> Result<(), PackError> {
        self.flat_counts(shape, text.len_units(), 2)?;
        let big = self.representation().is_big_endian();
        let terminator = shape.terminated.then_some(0);
        for unit in text.units().chain(terminator) {
            self.bytes(&if big { unit.to_be_bytes() } else { unit.to_le_bytes() })?;
        }
        Ok(())
    }

    /// A text of 8-bit characters.
    ///
    /// # Errors
    /// `TooLarge` when its numbers are too narrow, `Full` at the limit.
    pub fn flat8(&mut self, text: &String8<'_>, shape: FlatText) -> Result<(), PackError> {
        self.flat_counts(shape, text.as_bytes().len(), 1)?;
        self.bytes(text.as_bytes())?;
        if shape.terminated { self.bytes(&[0]) } else { Ok(()) }
    }

    /// Texts, and an empty one where the data does not end them.
    ///
    /// # Errors
    /// `Mismatch` for an empty text, `Full` at the limit.
    pub fn flat_array16(&mut self, texts: &[Utf16<'_>]) -> Result<(), PackError> {
        for text in texts {
            if text.is_empty() {
                return Err(self.mismatch("texts that are not empty"));
            }
            self.flat16(text, FlatText::NUL)?;
        }
        self.flat16(&Utf16::default(), FlatText::NUL)
    }

    /// Like [`NdrEncoder::flat_array16`], of 8-bit characters.
    ///
    /// # Errors
    /// `Mismatch` for an empty text, `Full` at the limit.
    pub fn flat_array8(&mut self, texts: &[String8<'_>]) -> Result<(), PackError> {
        for text in texts {
            if text.is_empty() {
                return Err(self.mismatch("texts that are not empty"));
            }
            self.flat8(text, FlatText::NUL)?;
        }
        self.flat8(&String8::default(), FlatText::NUL)
    }

    /// A blob: with its length before it, as it is, or as padding whatever it holds, as the format says.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    pub fn data_blob(&mut self, blob: &[u8]) -> Result<(), PackError> {
        if self.format.remaining {
            return self.bytes(blob);
        }
        if self.format.padding > 0 {
            let position = self.len().saturating_sub(self.origin);
            return self.zeros(align_up(position, usize::from(self.format.padding)) - position);
        }
        self.u3264(blob.len() as u64)?;
        self.bytes(blob)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn texts_have_the_numbers_of_their_shape() {
        for (shape, bytes) in [
            (FlatText::NUL, vec![b'a', 0, b'b', 0, 0, 0]),
            (FlatText::counted(Counts::Size2), vec![3, 0, b'a', 0, b'b', 0, 0, 0]),
            (FlatText::counted(Counts::Size2).unterminated().in_bytes(), vec![4, 0, b'a', 0, b'b', 0]),
            (FlatText::counted(Counts::Size4).uncounted(), vec![2, 0, 0, 0, b'a', 0, b'b', 0, 0, 0]),
            (FlatText::counted(Counts::Length4), vec![0, 0, 0, 0, 3, 0, 0, 0, b'a', 0, b'b', 0, 0, 0]),
            (FlatText::counted(Counts::None).unterminated(), vec![b'a', 0, b'b', 0]),
        ] {
            let mut e = NdrEncoder::new(Representation::NDR);
            e.flat16(&Utf16::new("ab"), shape).unwrap();
            assert_eq!(e.finish(), bytes, "{shape:?}");
            let mut c = NdrCursor::new(&bytes, Representation::NDR);
            assert_eq!(c.flat16(shape).unwrap(), Utf16::new("ab"), "{shape:?}");
            c.finish().unwrap();
        }
        assert!(NdrCursor::new(b"ab", Representation::NDR).flat8(FlatText::NUL).is_err());
        assert!(NdrCursor::new(&[9, 0, 1], Representation::NDR).flat8(FlatText::counted(Counts::Size2)).is_err());
    }

    #[test]
    fn arrays_of_texts_end_with_an_empty_one() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.flat_array8(&[String8::from_text("a"), String8::from_text("b")]).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes, *b"a\0b\0\0");
        assert_eq!(NdrCursor::new(&bytes, Representation::NDR).flat_array8().unwrap().len(), 2);
        assert!(NdrEncoder::new(Representation::NDR).flat_array16(&[Utf16::new("")]).is_err());
    }

    #[test]
    fn blobs_are_counted_the_rest_or_padding() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.data_blob(b"abc").unwrap();
        let format = e.format();
        e.set_format(format.padded(4));
        e.data_blob(b"ignored").unwrap();
        e.set_format(format.remaining());
        e.data_blob(b"xy").unwrap();
        let bytes = e.finish();
        assert_eq!(bytes, *b"\x03\0\0\0abc\0xy");
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!(&*c.data_blob().unwrap(), b"abc");
        c.set_format(format.padded(4));
        assert_eq!(&*c.data_blob().unwrap(), b"\0");
        c.set_format(format.remaining());
        assert_eq!(&*c.data_blob().unwrap(), b"xy");
    }
}
