//! Plain LZ77 with the DIRECT2 encoding (MS-XCA 2.3 and 2.4, MS-OXCRPC 3.1.4.1.1.2).
//!
//! A stream is a sequence of 32-bit masks, each followed by the 32 elements that it announces, the
//! first one in its highest bit: 0 is a literal byte, 1 a match. A match is 16 bits, the distance
//! less one in the upper 13 and the length less three in the lower 3; longer lengths continue in a
//! half byte that two matches share, then a byte, then 16 or 32 bits. A set bit where no element
//! follows ends the stream, even if a mask has to be added for it.
//!
//! Compressors differ in the matches that they find: compare what streams decompress to, not
//! the streams.

use crate::{Cursor, UnpackError, UnpackErrorKind};

/// The shortest match.
const MIN_MATCH: usize = 3;
/// The longest match that this compressor writes: what 16 bits of length can say.
const MAX_MATCH: usize = 0xFFFF + MIN_MATCH;
/// The farthest distance back: 13 bits.
const WINDOW: usize = 1 << 13;
/// Lengths less three from here on continue after the 16 bits of the match.
const IN_MATCH: usize = 7;
/// Lengths from here on continue after the half byte.
const IN_HALF_BYTE: usize = 15;
/// Lengths from here on continue after the byte.
const IN_BYTE: usize = 255;

/// Decompresses a whole stream that stands for exactly `size` bytes.
///
/// Takes time and memory in proportion to what it reads and writes, and never writes more than
/// `size`. A stream that ends with its last element and lacks the closing bit is accepted.
///
/// # Errors
/// `Truncated` when the stream ends inside an element; `Compression` when it stands for more or
/// fewer bytes, refers to bytes before the first, goes on after its end, or has a length in a form
/// that is too long for it. Offsets are those of the cursor.
pub fn decompress(mut stream: Cursor<'_>, size: usize) -> Result<Vec<u8>, UnpackError> {
    // A size that lies costs nothing: more room is made only when output needs it.
    let mut output = Vec::with_capacity(size.min(stream.remaining().saturating_mul(4)));
    let mut lengths = Lengths::default();
    let mut mask = Mask::default();
    loop {
        if stream.is_empty() && output.len() == size {
            return Ok(output);
        }
        if mask.left == 0 {
            mask = Mask { bits: stream.u32()?, left: u32::BITS };
        }
        let is_match = mask.next();
        if is_match && stream.is_empty() {
            return if output.len() == size { Ok(output) } else { Err(invalid(&stream, "less data than announced")) };
        }
        if is_match {
            let start = stream.clone();
            let element = stream.u16()?;
            let distance = usize::from(element >> 3) + 1;
            let length = lengths.read(&mut stream, element)?;
            if distance > output.len() {
                return Err(invalid(&start, "match before the start of the data"));
            }
            if length > size - output.len() {
                return Err(invalid(&start, "more data than announced"));
            }
            repeat(&mut output, distance, length);
        } else {
            if output.len() == size {
                return Err(invalid(&stream, "more data than announced"));
            }
            output.push(stream.u8()?);
        }
    }
}

/// The mask of the elements that come next.
#[derive(Clone, Copy, Default)]
struct Mask {
    bits: u32,
    left: u32,
}

impl Mask {
    /// The next element is a match, or the end.
    fn next(&mut self) -> bool {
        let set = self.bits >> (u32::BITS - 1) == 1;
        self.bits <<= 1;
        self.left -= 1;
        set
    }
}

/// Reads lengths; remembers the half byte that the next long length will use.
#[derive(Default)]
struct Lengths {
    half_byte: Option<u8>,
}

impl Lengths {
    fn read(&mut self, stream: &mut Cursor<'_>, element: u16) -> Result<usize, UnpackError> {
        let short = usize::from(element & 7);
        if short < IN_MATCH {
            return Ok(short + MIN_MATCH);
        }
        let half = match self.half_byte.take() {
            Some(high) => high,
            None => {
                let shared = stream.u8()?;
                self.half_byte = Some(shared >> 4);
                shared & 0x0F
            }
        };
        let half = usize::from(half);
        if half < IN_HALF_BYTE {
            return Ok(half + IN_MATCH + MIN_MATCH);
        }
        let byte = usize::from(stream.u8()?);
        if byte < IN_BYTE {
            return Ok(byte + IN_HALF_BYTE + IN_MATCH + MIN_MATCH);
        }
        let start = stream.clone();
        // The long forms hold the whole length less three, not what is left of it.
        let long = match stream.u16()? {
            0 => usize::try_from(stream.u32()?).unwrap_or(usize::MAX),
            long => usize::from(long),
        };
        if long < IN_HALF_BYTE + IN_MATCH {
            return Err(invalid(&start, "short length in a long form"));
        }
        Ok(long.saturating_add(MIN_MATCH))
    }
}

/// Appends `length` bytes from `distance` back, which may overlap what they make; `distance` is at
/// least 1 and at most what is there.
fn repeat(output: &mut Vec<u8>, distance: usize, length: usize) {
    let start = output.len() - distance;
    let mut left = length;
    while left > 0 {
        // Everything from `start` on repeats with the same period, so each copy can double it.
        let chunk = left.min(output.len() - start);
        output.extend_from_within(start..start + chunk);
        left -= chunk;
    }
}

fn invalid(at: &Cursor<'_>, reason: &'static str) -> UnpackError {
    at.error(UnpackErrorKind::Compression { reason })
}

/// Compresses; `None` where that makes nothing shorter.
#[must_use]
pub fn shorter(data: &[u8]) -> Option<Vec<u8>> {
    Some(compress(data)).filter(|compressed| compressed.len() < data.len())
}

/// Compresses; the result may be longer than `data` when nothing in it repeats.
#[must_use]
pub fn compress(data: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(data.len());
    let mut matches = Matches::new(data);
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        let length = match matches.longest(at) {
            Some((distance, length)) => {
                writer.copy(distance, length);
                length
            }
            None => {
                writer.literal(byte);
                1
            }
        };
        matches.add(at, length);
        at += length;
    }
    writer.finish()
}

/// Entries of the table of three-byte beginnings.
const BUCKETS: usize = 1 << 12;
/// Candidates that are compared for one position.
const TRIES: usize = 32;
/// A match of this length is not bettered.
const GOOD_MATCH: usize = 64;

/// Finds earlier occurrences: positions with the same three-byte beginning form a chain.
struct Matches<'a> {
    data: &'a [u8],
    /// The latest position of each beginning.
    latest: Vec<Option<usize>>,
    /// The position before, for each of the last `WINDOW` positions.
    earlier: Vec<Option<usize>>,
}

impl<'a> Matches<'a> {
    fn new(data: &'a [u8]) -> Self {
        Self { data, latest: vec![None; BUCKETS], earlier: vec![None; WINDOW.min(data.len())] }
    }

    /// Distance and length of a long match for what stands at this position.
    fn longest(&self, at: usize) -> Option<(usize, usize)> {
        let ahead = self.data.get(at..)?;
        let mut candidate = self.latest.get(self.bucket(at)?).copied().flatten();
        let mut best = None;
        let mut best_length = MIN_MATCH - 1;
        for _ in 0..TRIES {
            let Some(earlier) = candidate.filter(|&earlier| at - earlier <= WINDOW) else {
                break;
            };
            let behind = self.data.get(earlier..)?;
            let length = ahead.iter().zip(behind).take(MAX_MATCH).take_while(|(a, b)| a == b).count();
            if length > best_length {
                best = Some((at - earlier, length));
                best_length = length;
            }
            if length >= GOOD_MATCH {
                break;
            }
            candidate = self.earlier.get(earlier % WINDOW).copied().flatten().filter(|&next| next < earlier);
        }
        best
    }

    /// Makes these positions known.
    fn add(&mut self, start: usize, count: usize) {
        for at in start..start + count {
            let Some(bucket) = self.bucket(at) else {
                return;
            };
            if let (Some(latest), Some(earlier)) = (self.latest.get_mut(bucket), self.earlier.get_mut(at % WINDOW)) {
                *earlier = latest.replace(at);
            }
        }
    }

    fn bucket(&self, at: usize) -> Option<usize> {
        let &[a, b, c] = self.data.get(at..)?.first_chunk::<3>()?;
        let key = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1);
        Some((key >> (u32::BITS - BUCKETS.trailing_zeros())) as usize)
    }
}

/// Writes elements and the masks before them.
struct Writer {
    output: Vec<u8>,
    /// Where the mask of the current elements goes.
    mask_at: usize,
    mask: u32,
    used: u32,
    /// Where the half byte is that the next long length will use.
    half_byte_at: Option<usize>,
}

impl Writer {
    fn new(data: usize) -> Self {
        let mut output = Vec::with_capacity(data + data / 8 + 4);
        output.extend_from_slice(&[0; 4]);
        Self { output, mask_at: 0, mask: 0, used: 0, half_byte_at: None }
    }

    fn literal(&mut self, byte: u8) {
        self.output.push(byte);
        self.announce(0);
    }

    fn copy(&mut self, distance: usize, length: usize) {
        let length = length - MIN_MATCH;
        let short = length.min(IN_MATCH);
        // The distance is at most 13 bits, so nothing is cut off.
        let element = ((distance - 1) << 3 | short) as u16;
        self.output.extend_from_slice(&element.to_le_bytes());
        if short == IN_MATCH {
            self.long_length(length);
        }
        self.announce(1);
    }

    fn long_length(&mut self, length: usize) {
        let half = (length - IN_MATCH).min(IN_HALF_BYTE) as u8;
        match self.half_byte_at.take() {
            Some(at) => {
                if let Some(shared) = self.output.get_mut(at) {
                    *shared |= half << 4;
                }
            }
            None => {
                self.half_byte_at = Some(self.output.len());
                self.output.push(half);
            }
        }
        if usize::from(half) < IN_HALF_BYTE {
            return;
        }
        let byte = (length - IN_MATCH - IN_HALF_BYTE).min(IN_BYTE) as u8;
        self.output.push(byte);
        if usize::from(byte) == IN_BYTE {
            // At most MAX_MATCH - MIN_MATCH.
            self.output.extend_from_slice(&(length as u16).to_le_bytes());
        }
    }

    /// Announces the element just written; a full mask is followed by a new one at once, since the
    /// closing bit needs a place.
    fn announce(&mut self, bit: u32) {
        self.mask = self.mask << 1 | bit;
        self.used += 1;
        if self.used == u32::BITS {
            self.put_mask(self.mask);
            self.mask_at = self.output.len();
            self.output.extend_from_slice(&[0; 4]);
            (self.mask, self.used) = (0, 0);
        }
    }

    fn put_mask(&mut self, mask: u32) {
        if let Some(place) = self.output.get_mut(self.mask_at..).and_then(|rest| rest.first_chunk_mut()) {
            *place = mask.to_le_bytes();
        }
    }

    /// Sets the closing bit and those after it.
    fn finish(mut self) -> Vec<u8> {
        let unused = u32::BITS - self.used;
        let mask = u64::from(self.mask) << unused | ((1 << unused) - 1);
        self.put_mask(mask as u32);
        self.output
    }
}

#[cfg(test)]
#[path = "lz77_tests.rs"]
mod tests;
