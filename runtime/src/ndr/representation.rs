//! Which NDR: transfer syntax and byte order.

use crate::Guid;

/// A transfer syntax that both sides agreed on when they bound the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransferSyntax {
    /// NDR 2.0 (C706 14): counts and referent ids of 32 bits, enumerations of 16 bits.
    #[default]
    Ndr,
    /// NDR64 (MS-RPCE 2.2.5): counts and referent ids of 64 bits, enumerations of 32 bits.
    Ndr64,
}

impl TransferSyntax {
    /// The UUID that names it in a bind.
    #[must_use]
    pub const fn uuid(self) -> Guid {
        match self {
            Self::Ndr => Guid::new(0x8a88_5d04, 0x1ceb, 0x11c9, [0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60]),
            Self::Ndr64 => Guid::new(0x7171_0533, 0xbeba, 0x4937, [0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36]),
        }
    }

    /// The version that goes with the UUID.
    #[must_use]
    pub const fn version(self) -> u32 {
        match self {
            Self::Ndr => 2,
            Self::Ndr64 => 1,
        }
    }
}

/// Order of the bytes of an integer, from the data representation label of a PDU (C706 14.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant first.
    #[default]
    Little,
    /// Most significant first.
    Big,
}

/// How the stub data of a call is written. Characters are ASCII, floating point is IEEE 754.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Representation {
    /// The transfer syntax.
    pub syntax: TransferSyntax,
    /// The byte order.
    pub byte_order: ByteOrder,
}

impl Representation {
    /// NDR 2.0, little-endian: what almost every peer speaks.
    pub const NDR: Self = Self { syntax: TransferSyntax::Ndr, byte_order: ByteOrder::Little };
    /// NDR 2.0, big-endian.
    pub const NDR_BIG_ENDIAN: Self = Self { syntax: TransferSyntax::Ndr, byte_order: ByteOrder::Big };
    /// NDR64, little-endian: the only byte order that MS-RPCE allows for it.
    pub const NDR64: Self = Self { syntax: TransferSyntax::Ndr64, byte_order: ByteOrder::Little };

    /// Counts and referent ids have 64 bits.
    #[inline]
    #[must_use]
    pub const fn is_ndr64(self) -> bool {
        matches!(self.syntax, TransferSyntax::Ndr64)
    }

    /// Integers stand most significant byte first.
    #[inline]
    #[must_use]
    pub const fn is_big_endian(self) -> bool {
        matches!(self.byte_order, ByteOrder::Big)
    }
}
