//! Types as a description names them in `represent_as`: what they have to have.

use runtime::ndr::{NdrCursor, NdrEncoder};
use runtime::{PackError, UnpackError};

/// A length in 16 bits, and so many bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record(pub Vec<u8>);

impl Record {
    /// Reads the value.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        let length = c.u16()?;
        Ok(Self(c.take(length.into())?.to_vec()))
    }

    /// Writes the value.
    ///
    /// # Errors
    /// `TooLarge` over 65535 bytes, `Full` at the limit.
    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        e.count_u16(self.0.len())?;
        e.bytes(&self.0)
    }
}

/// Two numbers, whatever their order means to the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point(pub (i32, i32));

impl Point {
    /// Reads the value.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        Ok(Self((c.i32()?, c.i32()?)))
    }

    /// Writes the value.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        e.i32(self.0.0)?;
        e.i32(self.0.1)
    }
}
