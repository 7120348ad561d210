//! Pipes: chunks of elements up to an empty one (C706 14.3.9, MS-RPCE 2.2.5.3.5).

use std::borrow::Cow;

use super::{NdrCursor, NdrEncoder};
use crate::At;
use crate::error::{PackError, UnpackError};

/// Elements of one chunk that is written.
const CHUNK: usize = 4096;

impl<'a> NdrCursor<'a> {
    /// The elements of all chunks, of at least `min_size` bytes each.
    ///
    /// # Errors
    /// `Truncated` when the bytes left cannot hold a chunk; `TooLarge` where all lists together claim many times the
    /// data; the error of an element, with its index.
    pub fn pipe<T>(
        &mut self,
        min_size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, UnpackError>,
    ) -> Result<Vec<T>, UnpackError> {
        let mut items = Vec::new();
        loop {
            let count = self.max_count()?;
            let needed = count.saturating_mul(min_size.max(1));
            self.claim(needed)?;
            for _ in 0..count {
                items.push(element(self).at_index(items.len())?);
            }
            self.chunk_end(count)?;
            if count == 0 {
                return Ok(items);
            }
        }
    }

    /// The bytes of all chunks.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn pipe_bytes(&mut self) -> Result<Cow<'a, [u8]>, UnpackError> {
        let mut bytes: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        loop {
            let count = self.max_count()?;
            let chunk = self.take(count)?;
            self.chunk_end(count)?;
            if count == 0 {
                return Ok(bytes);
            }
            if bytes.is_empty() {
                bytes = Cow::Borrowed(chunk);
            } else {
                bytes.to_mut().extend_from_slice(chunk);
            }
        }
    }

    /// In NDR64 the count comes again, negated.
    fn chunk_end(&mut self, count: usize) -> Result<(), UnpackError> {
        if !self.representation().is_ndr64() {
            return Ok(());
        }
        let negated = self.u64()?;
        if negated == (count as u64).wrapping_neg() {
            return Ok(());
        }
        Err(self.invalid(negated, "the count of the chunk, negated", 8))
    }
}

impl NdrEncoder {
    /// Elements in chunks.
    ///
    /// # Errors
    /// The error of an element, with its index; `Full` at the limit.
    pub fn pipe<T>(
        &mut self,
        items: &[T],
        mut element: impl FnMut(&mut Self, &T) -> Result<(), PackError>,
    ) -> Result<(), PackError> {
        for (chunk, part) in items.chunks(CHUNK).enumerate() {
            self.max_count(part.len())?;
            for (index, item) in part.iter().enumerate() {
                element(self, item).at_index(chunk * CHUNK + index)?;
            }
            self.chunk_end(part.len())?;
        }
        self.max_count(0)?;
        self.chunk_end(0)
    }

    /// Bytes in chunks.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pipe_bytes(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        for part in bytes.chunks(CHUNK) {
            self.max_count(part.len())?;
            self.bytes(part)?;
            self.chunk_end(part.len())?;
        }
        self.max_count(0)?;
        self.chunk_end(0)
    }

    fn chunk_end(&mut self, count: usize) -> Result<(), PackError> {
        if self.representation().is_ndr64() { self.u64((count as u64).wrapping_neg()) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    #[test]
    fn chunks_end_with_an_empty_one() {
        let mut e = NdrEncoder::new(Representation::NDR);
        e.pipe(&[7u16, 8], |e, &item| e.u16(item)).unwrap();
        assert_eq!(e.finish(), [2, 0, 0, 0, 7, 0, 8, 0, 0, 0, 0, 0]);
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
            let mut e = NdrEncoder::new(representation);
            let long: Vec<u8> = (0..10_000u32).map(|i| i.to_le_bytes()[0]).collect();
            e.pipe_bytes(&long).unwrap();
            let bytes = e.finish();
            let mut c = NdrCursor::new(&bytes, representation);
            assert_eq!(*c.pipe_bytes().unwrap(), long);
            c.finish().unwrap();
            assert_eq!(NdrCursor::new(&bytes, representation).pipe(1, NdrCursor::u8).unwrap(), long);
        }
    }

    #[test]
    fn refuses_lying_chunk() {
        assert!(NdrCursor::new(&[255; 8], Representation::NDR).pipe(1, NdrCursor::u8).is_err());
        let bytes = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        assert!(NdrCursor::new(&bytes, Representation::NDR64).pipe_bytes().is_err());
    }
}
