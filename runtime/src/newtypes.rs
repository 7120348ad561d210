//! What generated newtypes over integers share: open enumerations and bit records.

/// Reading, writing and printing of an open enumeration: unknown values survive. The last word is the reader and writer
/// of its integer, where it is not that of its type.
#[macro_export]
macro_rules! open_enum {
    ($name:ident, $base:ident) => {
        $crate::open_enum!($name, $base, $base);
    };
    ($name:ident, $base:ident, $method:ident) => {
        impl $name {
            /// Bytes on the wire.
            pub const SIZE: usize = size_of::<$base>();

            /// Its name in the specification.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                Self::NAMES.iter().find(|(value, _)| *value == self.0).map(|(_, name)| *name)
            }

            /// Reads it.
            ///
            /// # Errors
            /// `Truncated` when the buffer ends before it.
            #[inline]
            pub fn unpack(c: &mut $crate::Cursor<'_>) -> Result<Self, $crate::UnpackError> {
                Ok(Self(c.$method()?))
            }

            /// Writes it.
            ///
            /// # Errors
            /// `Full` at the limit.
            #[inline]
            pub fn pack(&self, e: &mut $crate::Encoder) -> Result<(), $crate::PackError> {
                e.$method(self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}({:#x})", stringify!($name), self.0),
                }
            }
        }
    };
}

/// Reading, writing and combining of a bit record; a word says what becomes of bits that nothing names, and
/// another one is the reader and writer of its integer, where it is not that of its type.
#[macro_export]
macro_rules! bit_record {
    (@reserved $c:ident, $value:ident, $known:literal, $base:ident, ignore) => {
        Ok(Self($value))
    };
    (@reserved $c:ident, $value:ident, $known:literal, $base:ident, zero) => {
        Ok(Self($value & $known))
    };
    (@reserved $c:ident, $value:ident, $known:literal, $base:ident, reject) => {
        if $value & !$known == 0 {
            Ok(Self($value))
        } else {
            Err($c.invalid(u64::from($value), "reserved bits clear", size_of::<$base>()))
        }
    };
    ($name:ident, $base:ident, $known:literal, $rule:ident) => {
        $crate::bit_record!($name, $base, $known, $rule, $base);
    };
    ($name:ident, $base:ident, $known:literal, $rule:ident, $method:ident) => {
        impl $name {
            /// Bytes on the wire.
            pub const SIZE: usize = size_of::<$base>();

            /// All bits of the other are set here.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The same with the other's bits set.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The same with the other's bits cleared.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Reads it.
            ///
            /// # Errors
            /// `Truncated` when the buffer ends before it; `InvalidValue` where the specification
            /// refuses reserved bits.
            #[inline]
            pub fn unpack(c: &mut $crate::Cursor<'_>) -> Result<Self, $crate::UnpackError> {
                let value = c.$method()?;
                $crate::bit_record!(@reserved c, value, $known, $base, $rule)
            }

            /// Writes it.
            ///
            /// # Errors
            /// `Full` at the limit.
            #[inline]
            pub fn pack(&self, e: &mut $crate::Encoder) -> Result<(), $crate::PackError> {
                e.$method(self.0)
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({:#x}", stringify!($name), self.0)?;
                for (bit, name) in Self::NAMES {
                    if *bit != 0 && self.0 & bit == *bit {
                        write!(f, " {name}")?;
                    }
                }
                f.write_str(")")
            }
        }
    };
}
