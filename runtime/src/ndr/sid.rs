//! Security identifiers (MS-DTYP 2.4.2) in the forms that interface files give them.

use super::{NdrCursor, NdrEncoder, Representation, Run};
use crate::error::{PackError, UnpackError};

/// A security identifier: S-revision-authority-sub-authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Sid {
    /// 1.
    pub revision: u8,
    /// The identifier authority, most significant byte first.
    pub authority: [u8; 6],
    /// At most 15.
    pub sub_authorities: SubAuthorities,
}

/// The numbers of a security identifier, at most 15 of them, in place: identifiers come in long lists.
#[derive(Clone, Copy, Default)]
pub struct SubAuthorities {
    count: u8,
    parts: [u32; MAX_SUB_AUTHORITIES as usize],
}

/// Sub-authorities that there can be.
const MAX_SUB_AUTHORITIES: u8 = 15;

impl SubAuthorities {
    /// These; `None` over 15.
    #[must_use]
    pub fn new(parts: &[u32]) -> Option<Self> {
        let mut all = Self { count: u8::try_from(parts.len()).ok()?, ..Self::default() };
        all.parts.get_mut(..parts.len())?.copy_from_slice(parts);
        Some(all)
    }
}

impl std::ops::Deref for SubAuthorities {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        self.parts.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl PartialEq for SubAuthorities {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SubAuthorities {}

impl std::hash::Hash for SubAuthorities {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::fmt::Debug for SubAuthorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

/// Bytes of the padded form.
const PADDED: usize = 28;

impl Sid {
    /// Reads the plain form (`dom_sid`): revision, count, authority, sub-authorities.
    ///
    /// # Errors
    /// `Truncated` when the data ends before it, `InvalidValue` over 15 sub-authorities.
    #[inline]
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        let mut sid = Self::default();
        sid.fill(c)?;
        Ok(sid)
    }

    fn fill(&mut self, c: &mut NdrCursor<'_>) -> Result<(), UnpackError> {
        let head = c.run::<8>(4, &[])?;
        let (revision, count) = (head.u8(0), head.u8(1));
        if count > MAX_SUB_AUTHORITIES {
            return Err(c.invalid(u64::from(count), "at most 15 sub-authorities", 7));
        }
        let bytes = c.take(usize::from(count) * 4)?;
        self.set(c.representation(), revision, head.array(2), bytes);
        Ok(())
    }

    /// Takes the sub-authorities from their bytes.
    #[inline]
    fn set(&mut self, representation: Representation, revision: u8, authority: [u8; 6], parts: &[u8]) {
        self.revision = revision;
        self.authority = authority;
        let big = representation.is_big_endian();
        for (part, bytes) in self.sub_authorities.parts.iter_mut().zip(parts.as_chunks().0) {
            *part = if big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
            self.sub_authorities.count += 1;
        }
    }

    /// Writes the plain form (`dom_sid`).
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        self.pack_all(e, None)
    }

    /// The plain form behind a count that stands before it, all of it at once.
    fn pack_all(&self, e: &mut NdrEncoder, before: Option<u32>) -> Result<(), PackError> {
        let mut run = e.run::<{ 12 + 4 * MAX_SUB_AUTHORITIES as usize }>();
        let mut at = 0;
        if let Some(count) = before {
            run.u32(0, count);
            at = 4;
        }
        run.u8(at, self.revision);
        run.u8(at + 1, self.sub_authorities.count);
        run.array(at + 2, self.authority);
        at += 8;
        for part in self.sub_authorities.iter() {
            run.u32(at, *part);
            at += 4;
        }
        e.put_first(&run, at, 4)
    }

    /// Reads the conformant form (`dom_sid2`, RPC_SID): the count stands before it, too.
    ///
    /// # Errors
    /// Those of [`Sid::unpack`]; `InvalidValue` for two different counts.
    #[inline]
    pub fn unpack_conformant(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        let mut sid = Self::default();
        sid.fill_conformant(c)?;
        Ok(sid)
    }

    fn fill_conformant(&mut self, c: &mut NdrCursor<'_>) -> Result<(), UnpackError> {
        let representation = c.representation();
        if !representation.is_ndr64()
            && let Some((head, end)) = c.peek_aligned::<12>(4)
            && let head = Run::new(head, representation)
            && let count = head.u8(5)
            && count <= MAX_SUB_AUTHORITIES
            && u32::from(count) == head.u32(0)
            && let Some(parts) = c.peek(end, usize::from(count) * 4)
        {
            self.set(representation, head.u8(4), head.array(6), parts);
            c.seek_to(end + parts.len());
            return Ok(());
        }
        let count = c.max_count()?;
        self.fill(c)?;
        c.require_count(self.sub_authorities.len(), count as u64, "the count before the identifier")
    }

    /// Writes the conformant form (`dom_sid2`, RPC_SID).
    ///
    /// # Errors
    /// Those of [`Sid::pack`].
    pub fn pack_conformant(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        if e.representation().is_ndr64() {
            e.max_count(self.sub_authorities.len())?;
            return self.pack(e);
        }
        self.pack_all(e, Some(u32::from(self.sub_authorities.count)))
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
        let outer = e.enter_sub(super::SubHeader::None, Some(PADDED as u64))?;
        self.pack(e)?;
        e.leave_sub(outer)
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
    use super::*;

    fn everyone() -> Sid {
        Sid { revision: 1, authority: [0, 0, 0, 0, 0, 1], sub_authorities: SubAuthorities::new(&[0]).unwrap() }
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
        assert_eq!(SubAuthorities::new(&[0; 16]), None);
        assert_eq!(SubAuthorities::new(&[7; 15]).unwrap().len(), 15);
        assert!(Sid::unpack(&mut NdrCursor::new(&[1, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Representation::NDR)).is_err());
        let two = [2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        assert!(Sid::unpack_conformant(&mut NdrCursor::new(&two, Representation::NDR)).is_err());
    }
}
