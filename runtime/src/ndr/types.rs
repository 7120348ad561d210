//! Types that interface files take for granted.

use std::fmt;

use super::{NdrCursor, NdrEncoder};
use crate::Guid;
use crate::error::{PackError, UnpackError};

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
            pub struct $name(pub u32);

            impl $name {
                /// Success.
                pub const SUCCESS: Self = Self(0);

                /// Reads 32 bits.
                ///
                /// # Errors
                /// `Truncated` when the data ends before it.
                #[inline]
                pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
                    Ok(Self(c.u32()?))
                }

                /// Writes 32 bits.
                ///
                /// # Errors
                /// `Full` at the limit.
                #[inline]
                pub fn pack(self, e: &mut NdrEncoder) -> Result<(), PackError> {
                    e.u32(self.0)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($name), "({:#010x})"), self.0)
                }
            }
        )*
    };
}

statuses! {
    /// `NTSTATUS` (MS-ERREF 2.3).
    NtStatus;
    /// `WERROR`, a Win32 error code (MS-ERREF 2.2).
    WError;
    /// `HRESULT` (MS-ERREF 2.1).
    HResult;
}

/// A context handle on the wire: 20 bytes at an alignment of four (C706 14.3.10 and appendix N).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ContextHandle {
    /// Zero.
    pub attributes: u32,
    /// Names the context; all zero for none.
    pub uuid: Guid,
}

impl ContextHandle {
    /// No context.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.uuid == Guid::default()
    }

    /// Reads 20 bytes.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        Ok(c.run::<20>(4, &[])?.context_handle(0))
    }

    /// Writes 20 bytes.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        let mut run = e.run::<20>();
        run.context_handle(0, *self);
        e.put(&run, 4, &[])
    }
}

impl Guid {
    /// Reads a UUID, whose first three fields are integers of the representation (C706 A.1).
    ///
    /// # Errors
    /// `Truncated` when the data ends before it.
    pub fn unpack_ndr(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        Ok(c.run::<16>(4, &[])?.guid(0))
    }

    /// Writes a UUID.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack_ndr(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        let mut run = e.run::<16>();
        run.guid(0, *self);
        e.put(&run, 4, &[])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Representation, TransferSyntax};
    use super::*;

    #[test]
    fn writes_uuid_fields_in_the_byte_order_of_the_call() {
        let uuid = TransferSyntax::Ndr.uuid();
        let mut e = NdrEncoder::new(Representation::NDR_BIG_ENDIAN);
        uuid.pack_ndr(&mut e).unwrap();
        let bytes = e.finish();
        assert!(bytes.starts_with(&[0x8a, 0x88, 0x5d, 0x04, 0x1c, 0xeb, 0x11, 0xc9]));
        assert_eq!(Guid::unpack_ndr(&mut NdrCursor::new(&bytes, Representation::NDR_BIG_ENDIAN)).unwrap(), uuid);
        let mut e = NdrEncoder::new(Representation::NDR);
        uuid.pack_ndr(&mut e).unwrap();
        assert_eq!(e.finish(), uuid.0);
    }

    #[test]
    fn aligns_context_handle_to_four() {
        let handle = ContextHandle { attributes: 0, uuid: TransferSyntax::Ndr64.uuid() };
        let mut e = NdrEncoder::new(Representation::NDR);
        e.u8(1).unwrap();
        handle.pack(&mut e).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes.len(), 24);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        c.u8().unwrap();
        assert_eq!(ContextHandle::unpack(&mut c).unwrap(), handle);
        assert!(!handle.is_null());
    }
}
