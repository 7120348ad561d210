//! Extents that are compressed or obfuscated: their bytes as they were before that, under one limit for all of a buffer.

use std::borrow::Cow;

use crate::codec::{lz77, obfuscation};
use crate::{Blob, Cursor, UnpackError, UnpackErrorKind};

/// What all such extents of a buffer may have together, where [`Cursor::with_plain_room`] says nothing else.
pub(crate) const PLAIN_ROOM: usize = 4 << 20;

/// The bytes of an extent on their way back: transforms are undone in the order in which they are called.
#[derive(Debug)]
pub struct Plain<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where the extent stands in the outermost buffer.
    offset: usize,
    /// What the bytes say that it has at the end.
    size: Option<usize>,
    /// A byte stands no longer where it stood in the buffer.
    moved: bool,
}

impl<'a> Cursor<'a> {
    /// All that is left, to be transformed; `size` is what the bytes say that it has then.
    ///
    /// # Errors
    /// `TooLarge` when it is more than all transformed extents of the buffer may have together.
    pub fn plain(&mut self, size: Option<usize>) -> Result<Plain<'a>, UnpackError> {
        let offset = self.offset();
        let wanted = size.unwrap_or_else(|| self.remaining());
        match self.plain_room().checked_sub(wanted) {
            Some(room) => self.set_plain_room(room),
            None => {
                let limit = self.plain_room() as u64;
                return Err(self.error(UnpackErrorKind::TooLarge { found: wanted as u64, limit }));
            }
        }
        Ok(Plain { bytes: Cow::Borrowed(self.take_rest()), offset, size, moved: false })
    }
}

impl<'a> Plain<'a> {
    /// Each byte exclusive-or `mask`.
    pub fn xor(&mut self, mask: u8) {
        obfuscation::apply(self.bytes.to_mut(), mask);
    }

    /// Decompressed, to as many bytes as were said.
    ///
    /// # Errors
    /// Those of [`lz77::decompress`].
    pub fn lz77(&mut self) -> Result<(), UnpackError> {
        let stream = Cursor::at_offset(&self.bytes, self.offset);
        let plain = lz77::decompress(stream, self.size.unwrap_or(self.bytes.len()))?;
        self.bytes = Cow::Owned(plain);
        self.moved = true;
        Ok(())
    }

    /// Checks that there are as many bytes as were said.
    ///
    /// # Errors
    /// `InvalidValue` when there are not.
    pub fn check(&self) -> Result<(), UnpackError> {
        match self.size {
            Some(size) if size != self.bytes.len() => {
                let kind = UnpackErrorKind::InvalidValue { found: size as u64, expected: "as many bytes as there are" };
                Err(UnpackError::new(kind, self.offset))
            }
            _ => Ok(()),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Blob<'a> {
        self.bytes
    }

    /// The bytes where they are those of the buffer itself.
    #[must_use]
    pub fn in_place(&self) -> Option<&'a [u8]> {
        match self.bytes {
            Cow::Borrowed(bytes) => Some(bytes),
            Cow::Owned(_) => None,
        }
    }

    /// The bytes, for as long as this is there.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads a value of all bytes: borrowed where they are those of the buffer itself, else with what makes it its own.
    /// `c` is the cursor that this came from: depth and limits go on.
    ///
    /// # Errors
    /// Those of reading, at their offset, which of decompressed bytes is that of the extent; `TrailingBytes` when
    /// something is left.
    pub fn read<T>(
        self,
        c: &mut Cursor<'_>,
        borrowed: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
        owned: impl FnOnce(&mut Cursor<'_>) -> Result<T, UnpackError>,
    ) -> Result<T, UnpackError> {
        match self.bytes {
            Cow::Borrowed(bytes) => whole(c, bytes, self.offset, borrowed),
            Cow::Owned(bytes) => {
                let result = whole(c, &bytes, self.offset, |inner| owned(inner));
                result.map_err(|error| if self.moved { error.moved(self.offset) } else { error })
            }
        }
    }
}

fn whole<'b, T>(
    c: &mut Cursor<'_>,
    bytes: &'b [u8],
    offset: usize,
    read: impl FnOnce(&mut Cursor<'b>) -> Result<T, UnpackError>,
) -> Result<T, UnpackError> {
    let mut inner = c.over(bytes, offset);
    let value = read(&mut inner)?;
    c.set_plain_room(inner.plain_room());
    inner.finish()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_that_nothing_changes_are_borrowed() {
        let mut c = Cursor::new(b"abc");
        let plain = c.plain(Some(3)).unwrap();
        plain.check().unwrap();
        assert!(matches!(plain.into_bytes(), Cow::Borrowed(b"abc")));
        assert!(c.is_empty());
    }

    #[test]
    fn transforms_are_undone_in_their_order() {
        let mut bytes = lz77::compress(&b"abc".repeat(50));
        obfuscation::apply(&mut bytes, 0xA5);
        let mut c = Cursor::new(&bytes);
        let mut plain = c.plain(Some(150)).unwrap();
        plain.xor(0xA5);
        plain.lz77().unwrap();
        plain.check().unwrap();
        assert_eq!(plain.into_bytes(), b"abc".repeat(50));
    }

    #[test]
    fn extents_share_one_limit() {
        let mut c = Cursor::new(b"abcdef").with_plain_room(5);
        assert!(c.sub(3).unwrap().plain(Some(6)).is_err());
        let mut first = c.sub(0).unwrap();
        first.plain(Some(4)).unwrap();
        c.set_plain_room(first.plain_room());
        let error = c.plain(Some(2)).unwrap_err();
        assert_eq!(error.kind(), &UnpackErrorKind::TooLarge { found: 2, limit: 1 });
    }

    #[test]
    fn a_size_that_lies_is_an_error_where_the_bytes_stand() {
        let mut c = Cursor::at_offset(b"abc", 7);
        let error = c.plain(Some(4)).unwrap().check().unwrap_err();
        assert_eq!(error.offset(), 7);
    }

    #[test]
    fn depth_and_limit_go_on_inside() {
        let mut c = Cursor::new(b"abc");
        c.enter(1).unwrap();
        let mut plain = c.plain(None).unwrap();
        plain.xor(0xFF);
        let result = plain.read(&mut c, |c| c.enter(1), |c| c.enter(1));
        assert!(matches!(result.unwrap_err().kind(), UnpackErrorKind::TooDeep { limit: 1 }));
    }
}
