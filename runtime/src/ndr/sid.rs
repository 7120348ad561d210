//! Security identifiers (MS-DTYP 2.4.2) in the forms that interface files give them.

use super::{NdrCursor, NdrEncoder};
use crate::error::{PackError, PackErrorKind, UnpackError};

/// A security identifier: S-revision-authority-sub-authorities.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Sid {
    /// 1.
    pub revision: u8,
    /// The identifier authority, most significant byte first.
    pub authority: [u8; 6],
    /// At most 15.
    pub sub_authorities: Vec<u32>,
}

/// Sub-authorities that there can be.
const MAX_SUB_AUTHORITIES: u8 = 15;
/// Bytes of the padded form.
const PADDED: usize = 28;

impl Sid {
    /// Reads the plain form (`dom_sid`): revision, count, authority, sub-authorities.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` over 15 sub-authorities.
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        c.align(4, 4)?;
        let revision = c.u8()?;
        let count = c.u8()?;
        if count > MAX_SUB_AUTHORITIES {
            return Err(c.invalid(u64::from(count), "at most 15 sub-authorities", 1));
        }
        let authority = c.fixed_bytes()?;
        let sub_authorities = c.array(usize::from(count), 4, NdrCursor::u32)?;
        Ok(Self { revision, authority, sub_authorities })
    }

    /// Writes the plain form (`dom_sid`).
    ///
    /// # Errors
    /// `TooLarge` over 15 sub-authorities, `Full` at the limit.
    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        e.align(4, 4)?;
        e.u8(self.revision)?;
        e.u8(self.count(e)?)?;
        e.bytes(&self.authority)?;
        self.sub_authorities.iter().try_for_each(|part| e.u32(*part))
    }

    fn count(&self, e: &NdrEncoder) -> Result<u8, PackError> {
        let value = self.sub_authorities.len() as u64;
        let limit = u64::from(MAX_SUB_AUTHORITIES);
        u8::try_from(value)
            .ok()
            .filter(|count| *count <= MAX_SUB_AUTHORITIES)
            .ok_or_else(|| e.error(PackErrorKind::TooLarge { value, limit }))
    }

    /// Reads the conformant form (`dom_sid2`, RPC_SID): the count stands before it, too.
    ///
    /// # Errors
    /// Those of [`Sid::unpack`]; `InvalidValue` for two different counts.
    pub fn unpack_conformant(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        let count = c.max_count()?;
        let sid = Self::unpack(c)?;
        c.require_count(sid.sub_authorities.len(), count as u64, "the count before the identifier")?;
        Ok(sid)
    }

    /// Writes the conformant form (`dom_sid2`, RPC_SID).
    ///
    /// # Errors
    /// Those of [`Sid::pack`].
    pub fn pack_conformant(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        e.max_count(self.sub_authorities.len())?;
        self.pack(e)
    }

    /// Reads the form that is always 28 bytes long (`dom_sid28`).
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` over 5 sub-authorities.
    pub fn unpack_padded(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        let outer = c.enter_sub(super::SubHeader::None, Some(PADDED as u64))?;
        let sid = Self::unpack(c)?;
        c.leave_sub(outer);
        Ok(sid)
    }

    /// Writes the form that is always 28 bytes long (`dom_sid28`).
    ///
    /// # Errors
    /// `TooLarge` over 5 sub-authorities, `Full` at the limit.
    pub fn pack_padded(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        let outer = e.enter_sub(super::SubHeader::None)?;
        self.pack(e)?;
        e.leave_sub(outer, Some(PADDED as u64))
    }

    /// Reads the form that may be missing at the end of the data (`dom_sid0`).
    ///
    /// # Errors
    /// Those of [`Sid::unpack`].
    pub fn unpack_optional(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        if c.remaining() == 0 { Ok(Self::default()) } else { Self::unpack(c) }
    }

    /// Writes the form that may be missing (`dom_sid0`): nothing for an identifier of zeros.
    ///
    /// # Errors
    /// Those of [`Sid::pack`].
    pub fn pack_optional(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        if *self == Self::default() { Ok(()) } else { self.pack(e) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    fn everyone() -> Sid {
        Sid { revision: 1, authority: [0, 0, 0, 0, 0, 1], sub_authorities: vec![0] }
    }

    #[test]
    fn forms_differ_in_what_stands_around() {
        let plain = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        let mut e = NdrEncoder::new(Representation::NDR);
        everyone().pack_conformant(&mut e).unwrap();
        everyone().pack_padded(&mut e).unwrap();
        Sid::default().pack_optional(&mut e).unwrap();
        let bytes = e.finish();
        assert_eq!(bytes.get(..4).unwrap(), [1, 0, 0, 0]);
        assert_eq!(bytes.get(4..16).unwrap(), plain);
        assert_eq!(bytes.len(), 16 + 28);
        let mut c = NdrCursor::new(&bytes, Representation::NDR);
        assert_eq!(Sid::unpack_conformant(&mut c).unwrap(), everyone());
        assert_eq!(Sid::unpack_padded(&mut c).unwrap(), everyone());
        assert_eq!(Sid::unpack_optional(&mut c).unwrap(), Sid::default());
    }

    #[test]
    fn refuses_too_many_parts_and_two_counts() {
        let many = Sid { sub_authorities: vec![0; 16], ..everyone() };
        assert!(many.pack(&mut NdrEncoder::new(Representation::NDR)).is_err());
        assert!(Sid::unpack(&mut NdrCursor::new(&[1, 16, 0, 0], Representation::NDR)).is_err());
        let two = [2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        assert!(Sid::unpack_conformant(&mut NdrCursor::new(&two, Representation::NDR)).is_err());
    }
}
