//! Values that every protocol of the family shares: blobs, GUIDs, times.

use std::borrow::Cow;
use std::fmt;

use crate::{Cursor, Encoder, PackError, UnpackError};

/// Bytes, borrowed from a buffer or owned.
pub type Blob<'a> = Cow<'a, [u8]>;

/// A GUID as it stands on the wire: first three fields little-endian (MS-DTYP 2.3.4.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Bytes on the wire.
    pub const SIZE: usize = 16;

    /// From the fields as a person writes them: `{a-b-c-de-fghijk}`.
    #[must_use]
    pub const fn new(data1: u32, data2: u16, data3: u16, data4: [u8; 8]) -> Self {
        let [a, b, c, d] = data1.to_le_bytes();
        let [e, f] = data2.to_le_bytes();
        let [g, h] = data3.to_le_bytes();
        let [i, j, k, l, m, n, o, p] = data4;
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// Reads 16 bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn unpack(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
        Ok(Self(c.array()?))
    }

    /// Writes 16 bytes.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn pack(&self, e: &mut Encoder) -> Result<(), PackError> {
        e.bytes(&self.0)
    }

    /// Reads 16 bytes whose first three fields are in the order that was chosen.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn unpack_ordered(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
        let guid = Self::unpack(c)?;
        Ok(if c.is_big_endian() { guid.turned() } else { guid })
    }

    /// Writes 16 bytes, the first three fields in the order that was chosen.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack_ordered(&self, e: &mut Encoder) -> Result<(), PackError> {
        if e.is_big_endian() { self.turned().pack(e) } else { self.pack(e) }
    }

    /// With the bytes of the first three fields in the other order.
    fn turned(self) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0;
        let [i, j, k, l, m, n, o, p] = rest;
        Self([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, rest @ ..] = self.0;
        let [j, k, l, m, n, o, p, q] = rest;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{j:02x}{k:02x}-{l:02x}{m:02x}{n:02x}{o:02x}{p:02x}{q:02x}",
            u32::from_le_bytes([a, b, c, d]),
            u16::from_le_bytes([e, g]),
            u16::from_le_bytes([h, i]),
        )
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// A time in units of 100 nanoseconds since 1601-01-01 UTC (MS-DTYP 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileTime(pub u64);

impl FileTime {
    /// Bytes on the wire.
    pub const SIZE: usize = 8;
    /// 1970-01-01.
    pub const UNIX_EPOCH: Self = Self(116_444_736_000_000_000);

    /// From seconds since 1970; times before 1601 become 0.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let ticks = i128::from(seconds) * 10_000_000 + i128::from(Self::UNIX_EPOCH.0);
        Self(u64::try_from(ticks.max(0)).unwrap_or(u64::MAX))
    }

    /// Seconds since 1970, rounded down.
    #[must_use]
    pub fn to_unix_seconds(self) -> i64 {
        let ticks = i128::from(self.0) - i128::from(Self::UNIX_EPOCH.0);
        // A u64 of ticks is at most 1.8e12 seconds.
        i64::try_from(ticks.div_euclid(10_000_000)).unwrap_or(i64::MAX)
    }

    /// Reads 8 bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    #[inline]
    pub fn unpack(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
        Ok(Self(c.u64()?))
    }

    /// Writes 8 bytes.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn pack(&self, e: &mut Encoder) -> Result<(), PackError> {
        e.u64(self.0)
    }
}
