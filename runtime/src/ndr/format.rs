//! How a part of the data deviates from the rest: `flag(..)` in interface files of the PIDL dialect.

use super::representation::{ByteOrder, TransferSyntax};
use super::{NdrCursor, NdrEncoder, Representation};

/// How data is written here. It holds for everything inside, until something inside deviates itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub(super) representation: Representation,
    pub(super) unaligned: bool,
    /// Blobs are padding up to this alignment; 0: they are what they are.
    pub(super) padding: u8,
    /// Blobs and texts run to the end.
    pub(super) remaining: bool,
    /// What relative pointers lead to is written from the end of the part backwards.
    pub(super) reversed: bool,
}

impl Format {
    /// Nothing deviates.
    #[must_use]
    pub(super) const fn new(representation: Representation) -> Self {
        Self { representation, unaligned: false, padding: 0, remaining: false, reversed: false }
    }

    /// Most significant byte first, and NDR 2.0 (`BIGENDIAN`).
    #[must_use]
    pub const fn big_endian(self) -> Self {
        Self { representation: Representation { syntax: TransferSyntax::Ndr, byte_order: ByteOrder::Big }, ..self }
    }

    /// Least significant byte first, and NDR 2.0 (`LITTLE_ENDIAN`).
    #[must_use]
    pub const fn little_endian(self) -> Self {
        Self { representation: Representation { syntax: TransferSyntax::Ndr, byte_order: ByteOrder::Little }, ..self }
    }

    /// No gaps (`NOALIGN`).
    #[must_use]
    pub const fn unaligned(self) -> Self {
        Self { unaligned: true, padding: 0, ..self }
    }

    /// Blobs are padding up to this power of two, and relative pointers lead there (`ALIGN2`, `ALIGN4`, `ALIGN8`).
    #[must_use]
    pub const fn padded(self, to: u8) -> Self {
        Self { unaligned: false, padding: to, ..self }
    }

    /// Blobs and texts without a length run to the end (`REMAINING`).
    #[must_use]
    pub const fn remaining(self) -> Self {
        Self { remaining: true, ..self }
    }

    /// What relative pointers lead to is written from the end of the part backwards (`RELATIVE_REVERSE`). Readers go
    /// where the offsets lead.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { reversed: true, ..self }
    }

    /// What relative pointers lead to is written where they are followed (`NO_RELATIVE_REVERSE`).
    #[must_use]
    pub const fn forward(self) -> Self {
        Self { reversed: false, ..self }
    }
}

impl NdrCursor<'_> {
    /// How data is read here.
    #[inline]
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads what follows like this.
    #[inline]
    pub fn set_format(&mut self, format: Format) {
        self.format = format;
    }
}

impl NdrEncoder {
    /// How data is written here.
    #[inline]
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes what follows like this.
    #[inline]
    pub fn set_format(&mut self, format: Format) {
        self.format = format;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_part_deviates_and_what_follows_does_not() {
        let mut e = NdrEncoder::new(Representation::NDR64);
        e.u8(1).unwrap();
        let format = e.format();
        e.set_format(format.big_endian().unaligned());
        e.u16(2).unwrap();
        e.u3264(3).unwrap();
        e.set_format(format);
        e.u16(4).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes, [1, 0, 2, 0, 0, 0, 3, 0, 4, 0]);
        let mut c = NdrCursor::new(&bytes, Representation::NDR64);
        assert_eq!(c.u8().unwrap(), 1);
        let format = c.format();
        c.set_format(format.big_endian().unaligned());
        assert_eq!((c.u16().unwrap(), c.u3264().unwrap()), (2, 3));
        c.set_format(format);
        assert_eq!(c.u16().unwrap(), 4);
    }
}
