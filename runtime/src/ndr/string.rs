//! `string`: varying arrays of characters that end with a zero, which counts.

use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, UnpackError, UnpackErrorKind};
use crate::text::{String8, Utf16};

impl<'a> NdrCursor<'a> {
    /// A conformant varying string of 16-bit characters: maximum count, offset, actual count,
    /// characters with terminator.
    ///
    /// # Errors
    /// Those of [`NdrCursor::actual_count`]; `Unterminated` when the last character is not zero.
    pub fn string16(&mut self) -> Result<Utf16<'a>, UnpackError> {
        if let Some((count, start)) = self.whole_array()
            && let Some(bytes) = self.peek(start, count.saturating_mul(2))
            && let Some((bytes, [0, 0])) = bytes.split_last_chunk()
        {
            self.seek_to(start + count * 2);
            return Ok(self.text_of(bytes));
        }
        let max_count = self.max_count()?;
        self.varying_string16(max_count)
    }

    /// A varying string of at most `max_count` 16-bit characters, terminator included.
    ///
    /// # Errors
    /// Those of [`NdrCursor::actual_count`]; `Unterminated` when the last character is not zero.
    pub fn varying_string16(&mut self, max_count: usize) -> Result<Utf16<'a>, UnpackError> {
        let count = self.actual_count(max_count)?;
        let Some(units) = count.checked_sub(1) else {
            return Err(self.error(UnpackErrorKind::Unterminated));
        };
        let bytes = self.take(units.saturating_mul(2))?;
        if self.u16()? != 0 {
            return Err(self.error(UnpackErrorKind::Unterminated));
        }
        Ok(self.text_of(bytes))
    }

    /// Characters in the byte order of here.
    #[inline]
    fn text_of(&self, bytes: &'a [u8]) -> Utf16<'a> {
        if self.representation().is_big_endian() { Utf16::from_swapped(bytes) } else { Utf16::from_wire(bytes) }
    }

    /// This many 16-bit characters, with zeros where there are some.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn units(&mut self, count: usize) -> Result<Utf16<'a>, UnpackError> {
        if count == 0 {
            return Ok(Utf16::default());
        }
        let (start, size) = (self.gap(2), count.saturating_mul(2));
        let Some(bytes) = self.peek(start, size) else {
            return Err(self.truncated((start - self.offset()).saturating_add(size)));
        };
        self.seek_to(start + size);
        Ok(self.text_of(bytes))
    }

    /// A conformant varying string of 8-bit characters.
    ///
    /// # Errors
    /// Those of [`NdrCursor::actual_count`]; `Unterminated` when the last character is not zero.
    pub fn string8(&mut self) -> Result<String8<'a>, UnpackError> {
        if let Some((count, start)) = self.whole_array()
            && let Some(bytes) = self.peek(start, count)
            && let Some((0, text)) = bytes.split_last()
        {
            self.seek_to(start + count);
            return Ok(String8::from_wire(text));
        }
        let max_count = self.max_count()?;
        self.varying_string8(max_count)
    }

    /// A varying string of at most `max_count` 8-bit characters, terminator included.
    ///
    /// # Errors
    /// Those of [`NdrCursor::actual_count`]; `Unterminated` when the last character is not zero.
    pub fn varying_string8(&mut self, max_count: usize) -> Result<String8<'a>, UnpackError> {
        let count = self.actual_count(max_count)?;
        match self.take(count)?.split_last() {
            Some((0, text)) => Ok(String8::new(text)),
            _ => Err(self.error(UnpackErrorKind::Unterminated)),
        }
    }
}

impl NdrEncoder {
    /// A conformant varying string of 16-bit characters, with terminator.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    pub fn string16(&mut self, text: &Utf16<'_>) -> Result<(), PackError> {
        let count = text.len_units() + 1;
        self.whole_array(count)?;
        self.terminated(text, count - 1, &[0; 2])
    }

    /// A varying string of at most `max_count` 16-bit characters, terminator included.
    ///
    /// # Errors
    /// `TooLarge` over the maximum count, `Full` at the limit.
    pub fn varying_string16(&mut self, text: &Utf16<'_>, max_count: usize) -> Result<(), PackError> {
        let count = text.len_units() + 1;
        self.actual_count(count, max_count)?;
        self.terminated(text, count - 1, &[0; 2])
    }

    /// The units of a text as they are.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn units(&mut self, text: &Utf16<'_>) -> Result<(), PackError> {
        match text.len_units() {
            0 => Ok(()),
            count => self.terminated(text, count, &[]),
        }
    }

    /// The units of a text, and what ends it.
    fn terminated(&mut self, text: &Utf16<'_>, count: usize, end: &[u8]) -> Result<(), PackError> {
        let size = count.saturating_mul(2).saturating_add(end.len());
        if !self.make_room(2, size) {
            return Err(self.full((self.gap(2) - self.len()).saturating_add(size)));
        }
        let big = self.representation().is_big_endian();
        let buffer = self.buffer();
        buffer.reserve(size);
        text.append_to(buffer, big);
        buffer.extend_from_slice(end);
        Ok(())
    }

    /// A conformant varying string of 8-bit characters, with terminator.
    ///
    /// # Errors
    /// `TooLarge` over 32 bits in NDR 2.0, `Full` at the limit.
    pub fn string8(&mut self, text: &String8<'_>) -> Result<(), PackError> {
        let count = text.as_bytes().len() + 1;
        self.whole_array(count)?;
        self.bytes(text.as_bytes())?;
        self.u8(0)
    }

    /// A varying string of at most `max_count` 8-bit characters, terminator included.
    ///
    /// # Errors
    /// `TooLarge` over the maximum count, `Full` at the limit.
    pub fn varying_string8(&mut self, text: &String8<'_>, max_count: usize) -> Result<(), PackError> {
        self.actual_count(text.as_bytes().len() + 1, max_count)?;
        self.bytes(text.as_bytes())?;
        self.u8(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    const ABC: [u8; 20] = [4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, b'a', 0, b'b', 0, b'c', 0, 0, 0];

    #[test]
    fn counts_the_terminator() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.string16(&Utf16::new("abc")).unwrap();
        assert_eq!(e.finish(), ABC);
        assert_eq!(NdrCursor::new(&ABC, Representation::NDR).string16().unwrap(), Utf16::new("abc"));
    }

    #[test]
    fn writes_big_endian_characters() {
        let mut e = NdrEncoder::new(Representation::NDR_BIG_ENDIAN);
        e.string16(&Utf16::new("é")).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes, [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xe9, 0, 0]);
        assert_eq!(NdrCursor::new(&bytes, Representation::NDR_BIG_ENDIAN).string16().unwrap(), Utf16::new("é"));
    }

    #[test]
    fn keeps_lone_surrogates_and_zeros_inside() {
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
            let text = Utf16::from_units(&[0xd800, 0, 0x41]);
            let mut e = NdrEncoder::new(representation);
            e.string16(&text).unwrap();
            let bytes = e.finish();
            assert_eq!(NdrCursor::new(&bytes, representation).string16().unwrap(), text);
        }
    }

    #[test]
    fn characters_without_terminator_are_a_text_in_either_byte_order() {
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
            for text in [Utf16::new("a ß 中 and \u{1F4E7}"), Utf16::from_units(&[0xd800, 0, 0x41, 0])] {
                let mut e = NdrEncoder::new(representation);
                e.u8(1).unwrap();
                e.units(&Utf16::default()).unwrap();
                assert_eq!(e.len(), 1);
                e.units(&text).unwrap();
                let bytes = e.finish();
                let mut c = NdrCursor::new(&bytes, representation);
                c.u8().unwrap();
                assert!(c.units(0).unwrap().is_empty());
                assert!(c.units(usize::MAX).is_err());
                assert!(c.units(text.len_units() + 1).is_err());
                assert_eq!(c.offset(), 1);
                let again = c.units(text.len_units()).unwrap();
                assert_eq!((&again, again.len_units(), again.to_text()), (&text, text.len_units(), text.to_text()));
                assert_eq!(again.clone().into_owned(), text);
                assert_eq!(c.remaining(), 0);
                let mut e = NdrEncoder::new(representation);
                e.u8(1).unwrap();
                e.units(&again).unwrap();
                assert_eq!(e.finish(), bytes);
            }
        }
    }

    #[test]
    fn big_endian_text_is_that_of_the_other_order() {
        for text in
            ["", "short", "exactly sixteen.", &"long enough for several pieces of ASCII ".repeat(9), &"ж".repeat(99)]
        {
            let swapped: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let found = Utf16::from_swapped(&swapped);
            assert_eq!(found.to_text(), text);
            assert_eq!(found, Utf16::new(text));
            let mut e = crate::Encoder::new();
            found.pack_nul(&mut e).unwrap();
            let mut same = crate::Encoder::new();
            Utf16::new(text).pack_nul(&mut same).unwrap();
            assert_eq!(e.finish(), same.finish());
        }
    }

    #[test]
    fn rejects_string_without_terminator() {
        let mut bytes = ABC;
        *bytes.last_mut().unwrap() = 1;
        let error = NdrCursor::new(&bytes, Representation::NDR).string16().unwrap_err();
        assert_eq!(error.kind(), &UnpackErrorKind::Unterminated);
        let empty = [0; 12];
        assert!(NdrCursor::new(&empty, Representation::NDR).string16().is_err());
        assert!(NdrCursor::new(&empty, Representation::NDR).string8().is_err());
    }

    #[test]
    fn rejects_lying_character_count() {
        let mut bytes = ABC;
        bytes[0..4].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(
            NdrCursor::new(&bytes, Representation::NDR).string16().unwrap_err().kind(),
            UnpackErrorKind::Truncated { .. }
        ));
    }

    #[test]
    fn refuses_string_longer_than_its_array() {
        let mut e = NdrEncoder::new(Representation::NDR);
        assert!(e.varying_string8(&String8::from_text("abcd"), 4).is_err());
        e.varying_string8(&String8::from_text("abc"), 4).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes, [0, 0, 0, 0, 4, 0, 0, 0, b'a', b'b', b'c', 0]);
        assert_eq!(NdrCursor::new(&bytes, Representation::NDR).varying_string8(4).unwrap().as_bytes(), b"abc");
    }
}
