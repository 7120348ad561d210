//! Fields of constant size that stand one after the other without gaps: one check for all of them.

use super::{ContextHandle, NdrCursor, NdrEncoder, Representation};
use crate::Guid;
use crate::error::{At as _, PackError, PackErrorKind, UnpackError, UnpackErrorKind};

/// The fields of a run for the path of an error, each with where it ends.
pub type Fields = [(&'static str, usize)];

/// Bytes that hold several fields, read at once. Places are counted from the beginning of the run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a, const N: usize> {
    bytes: &'a [u8; N],
    big: bool,
}

/// Bytes that hold several fields, written at once. Places are counted from the beginning of the run.
#[derive(Clone, Copy, Debug)]
pub struct RunMut<const N: usize> {
    bytes: [u8; N],
    big: bool,
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {
        impl<const N: usize> Run<'_, N> {
            $(
                $(#[$doc])*
                #[inline(always)]
                #[must_use]
                pub fn $name(&self, at: usize) -> $ty {
                    let bytes = self.array(at);
                    if self.big { <$ty>::from_be_bytes(bytes) } else { <$ty>::from_le_bytes(bytes) }
                }
            )*
        }

        impl<const N: usize> RunMut<N> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $name(&mut self, at: usize, value: $ty) {
                    self.array(at, if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
                }
            )*
        }
    };
}

integers! {
    /// An unsigned byte.
    u8: u8;
    /// An unsigned 16-bit integer.
    u16: u16;
    /// An unsigned 32-bit integer.
    u32: u32;
    /// An unsigned 64-bit integer.
    u64: u64;
    /// A signed byte.
    i8: i8;
    /// A signed 16-bit integer.
    i16: i16;
    /// A signed 32-bit integer.
    i32: i32;
    /// A signed 64-bit integer.
    i64: i64;
    /// A 32-bit floating-point number.
    f32: f32;
    /// A 64-bit floating-point number.
    f64: f64;
}

impl<'a, const N: usize> Run<'a, N> {
    #[inline(always)]
    pub(super) fn new(bytes: &'a [u8; N], representation: Representation) -> Self {
        Self { bytes, big: representation.is_big_endian() }
    }

    /// Bytes as they are; zeros outside of the run.
    #[inline(always)]
    #[must_use]
    pub fn array<const M: usize>(&self, at: usize) -> [u8; M] {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; M])
    }

    /// A `boolean`: 0 is false, anything else true.
    #[inline(always)]
    #[must_use]
    pub fn bool(&self, at: usize) -> bool {
        self.u8(at) != 0
    }

    /// A 64-bit integer as two of 32 bits, the low half first.
    #[inline(always)]
    #[must_use]
    pub fn udlong(&self, at: usize) -> u64 {
        u64::from(self.u32(at)) | u64::from(self.u32(at + 4)) << 32
    }

    /// The same with a sign.
    #[inline(always)]
    #[must_use]
    pub fn dlong(&self, at: usize) -> i64 {
        self.udlong(at).cast_signed()
    }

    /// A UUID, whose first three fields are integers.
    #[inline(always)]
    #[must_use]
    pub fn guid(&self, at: usize) -> Guid {
        Guid::new(self.u32(at), self.u16(at + 4), self.u16(at + 6), self.array(at + 8))
    }

    /// A context handle.
    #[inline(always)]
    #[must_use]
    pub fn context_handle(&self, at: usize) -> ContextHandle {
        ContextHandle { attributes: self.u32(at), uuid: self.guid(at + 4) }
    }
}

impl<const N: usize> RunMut<N> {
    /// Bytes as they are; nothing outside of the run.
    #[inline(always)]
    pub fn array<const M: usize>(&mut self, at: usize, bytes: [u8; M]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
            *place = bytes;
        }
    }

    /// A `boolean`.
    #[inline(always)]
    pub fn bool(&mut self, at: usize, value: bool) {
        self.u8(at, u8::from(value));
    }

    /// A 64-bit integer as two of 32 bits, the low half first.
    #[inline(always)]
    pub fn udlong(&mut self, at: usize, value: u64) {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        self.u32(at, u32::from_le_bytes([a, b, c, d]));
        self.u32(at + 4, u32::from_le_bytes([e, f, g, h]));
    }

    /// The same with a sign.
    #[inline(always)]
    pub fn dlong(&mut self, at: usize, value: i64) {
        self.udlong(at, value.cast_unsigned());
    }

    /// A UUID, whose first three fields are integers.
    #[inline(always)]
    pub fn guid(&mut self, at: usize, value: Guid) {
        let [a, b, c, d, e, f, g, h, rest @ ..] = value.0;
        self.u32(at, u32::from_le_bytes([a, b, c, d]));
        self.u16(at + 4, u16::from_le_bytes([e, f]));
        self.u16(at + 6, u16::from_le_bytes([g, h]));
        self.array(at + 8, rest);
    }

    /// A context handle.
    #[inline(always)]
    pub fn context_handle(&mut self, at: usize, value: ContextHandle) {
        self.u32(at, value.attributes);
        self.guid(at + 4, value.uuid);
    }
}

impl<'a> NdrCursor<'a> {
    /// The fields of a run, whose first stands at this alignment.
    ///
    /// # Errors
    /// `Truncated` when the data ends before one of them, in that field.
    #[inline(always)]
    pub fn run<const N: usize>(&mut self, align: usize, fields: &'static Fields) -> Result<Run<'a, N>, UnpackError> {
        match self.peek_aligned(align) {
            Some((bytes, end)) => {
                self.seek_to(end);
                Ok(Run::new(bytes, self.format.representation))
            }
            None => Err(self.cut_run(align, N, fields)),
        }
    }

    /// The first field that is not there as a whole.
    #[cold]
    #[inline(never)]
    fn cut_run(&self, align: usize, size: usize, fields: &'static Fields) -> UnpackError {
        let start = self.gap(align);
        let length = self.offset() + self.remaining();
        let mut before = 0;
        for (name, end) in fields {
            if start + end > length {
                // a gap belongs to the field behind it
                let at = if before == 0 { self.offset() } else { start + before };
                let kind =
                    UnpackErrorKind::Truncated { needed: start + end - at, available: length.saturating_sub(at) };
                return UnpackError::new(kind, at).at(name);
            }
            before = *end;
        }
        self.truncated(start + size - self.offset())
    }

    /// This many elements of `N` bytes each, the first at this alignment, to which their size keeps.
    ///
    /// # Errors
    /// `Truncated` when fewer are left, before room for them is made.
    #[inline]
    pub fn runs<T, const N: usize>(
        &mut self,
        count: usize,
        align: usize,
        element: impl Fn(&Run<'a, N>) -> T,
    ) -> Result<Vec<T>, UnpackError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let (start, size) = (self.gap(align), count.saturating_mul(N));
        let Some(bytes) = self.peek(start, size) else {
            return Err(self.truncated((start - self.offset()).saturating_add(size)));
        };
        self.seek_to(start + size);
        let representation = self.format.representation;
        Ok(bytes.as_chunks().0.iter().map(|bytes| element(&Run::new(bytes, representation))).collect())
    }
}

impl NdrEncoder {
    /// A run to be filled, for [`NdrEncoder::put`].
    #[inline(always)]
    #[must_use]
    pub fn run<const N: usize>(&self) -> RunMut<N> {
        RunMut { bytes: [0; N], big: self.format.representation.is_big_endian() }
    }

    /// Writes the fields of a run, whose first stands at this alignment.
    ///
    /// # Errors
    /// `Full` at the limit, in the field that is beyond it.
    #[inline(always)]
    pub fn put<const N: usize>(
        &mut self,
        run: &RunMut<N>,
        align: usize,
        fields: &'static Fields,
    ) -> Result<(), PackError> {
        if !self.make_room(align, N) {
            return Err(self.full_run(align, N, fields));
        }
        self.buffer().extend_from_slice(&run.bytes);
        Ok(())
    }

    /// Writes the first bytes of a run.
    #[inline]
    pub(super) fn put_first<const N: usize>(
        &mut self,
        run: &RunMut<N>,
        count: usize,
        align: usize,
    ) -> Result<(), PackError> {
        if !self.make_room(align, count) {
            return Err(self.full((self.gap(align) - self.len()).saturating_add(count)));
        }
        self.buffer().extend_from_slice(run.bytes.get(..count).unwrap_or_default());
        Ok(())
    }

    /// The first field that there is no room for.
    #[cold]
    #[inline(never)]
    fn full_run(&self, align: usize, size: usize, fields: &'static Fields) -> PackError {
        let (limit, start) = (self.limit(), self.gap(align));
        let mut before = 0;
        for (name, end) in fields {
            if start.saturating_add(*end) > limit {
                let at = if before == 0 { self.len() } else { start + before };
                let kind = PackErrorKind::Full { needed: start + end - at, limit };
                return PackError::new(kind, at).at(name);
            }
            before = *end;
        }
        self.full(start - self.len() + size)
    }

    /// Writes elements of `N` bytes each, the first at this alignment, to which their size keeps.
    ///
    /// # Errors
    /// `Full` at the limit.
    #[inline]
    pub fn runs<T, const N: usize>(
        &mut self,
        items: &[T],
        align: usize,
        element: impl Fn(&mut RunMut<N>, &T),
    ) -> Result<(), PackError> {
        if items.is_empty() {
            return Ok(());
        }
        let size = items.len().saturating_mul(N);
        if !self.make_room(align, size) {
            return Err(self.full((self.gap(align) - self.len()).saturating_add(size)));
        }
        let mut run = self.run();
        let buffer = self.buffer();
        let start = buffer.len();
        buffer.resize(start + size, 0);
        let (places, _) = buffer.get_mut(start..).unwrap_or_default().as_chunks_mut();
        for (place, item) in places.iter_mut().zip(items) {
            element(&mut run, item);
            *place = run.bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Representation;
    use super::*;

    const FIELDS: &Fields = &[("Low", 4), ("High", 8), ("Kind", 10)];

    fn read(c: &mut NdrCursor<'_>) -> Result<(u32, i32, u16), UnpackError> {
        let run = c.run::<10>(4, FIELDS)?;
        Ok((run.u32(0), run.i32(4), run.u16(8)))
    }

    fn one_by_one(c: &mut NdrCursor<'_>) -> Result<(u32, i32, u16), UnpackError> {
        Ok((c.u32().at("Low")?, c.i32().at("High")?, c.u16().at("Kind")?))
    }

    fn write(e: &mut NdrEncoder) -> Result<(), PackError> {
        let mut run = e.run::<10>();
        run.u32(0, 0x0102_0304);
        run.i32(4, -2);
        run.u16(8, 0x0506);
        e.put(&run, 4, FIELDS)
    }

    fn write_one_by_one(e: &mut NdrEncoder) -> Result<(), PackError> {
        e.u32(0x0102_0304).at("Low")?;
        e.i32(-2).at("High")?;
        e.u16(0x0506).at("Kind")
    }

    #[test]
    fn a_run_is_its_fields_one_by_one() {
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
            for before in 0..5 {
                let mut runs = NdrEncoder::new(representation);
                let mut fields = NdrEncoder::new(representation);
                runs.zeros(before).unwrap();
                fields.zeros(before).unwrap();
                write(&mut runs).unwrap();
                write_one_by_one(&mut fields).unwrap();
                let bytes = runs.finish();
                assert_eq!(bytes, fields.finish());
                let mut c = NdrCursor::new(&bytes, representation);
                c.take(before).unwrap();
                assert_eq!(read(&mut c).unwrap(), (0x0102_0304, -2, 0x0506));
                assert_eq!(c.remaining(), 0);
            }
        }
    }

    #[test]
    fn errors_are_those_of_the_field_that_is_cut() {
        let bytes = [7; 16];
        for before in 0..5 {
            for length in before..before + 13 {
                let bytes = bytes.get(..length).unwrap();
                let (mut run, mut fields) =
                    (NdrCursor::new(bytes, Representation::NDR), NdrCursor::new(bytes, Representation::NDR));
                run.take(before).unwrap();
                fields.take(before).unwrap();
                assert_eq!(read(&mut run), one_by_one(&mut fields), "{length} bytes, {before} before");
                let mut run = NdrEncoder::with_limit(Representation::NDR, length);
                let mut fields = NdrEncoder::with_limit(Representation::NDR, length);
                run.zeros(before).unwrap();
                fields.zeros(before).unwrap();
                assert_eq!(write(&mut run), write_one_by_one(&mut fields), "limit {length}, {before} before");
            }
        }
    }

    #[test]
    fn errors_without_fields_count_the_whole_run() {
        let error = NdrCursor::new(&[0; 9], Representation::NDR).run::<20>(4, &[]).unwrap_err();
        assert_eq!(error.kind(), &UnpackErrorKind::Truncated { needed: 20, available: 9 });
        let mut e = NdrEncoder::with_limit(Representation::NDR, 9);
        e.u8(1).unwrap();
        let error = e.put(&e.run::<20>(), 4, &[]).unwrap_err();
        assert_eq!(error.kind(), &PackErrorKind::Full { needed: 23, limit: 9 });
    }

    #[test]
    fn elements_stand_where_they_would_one_by_one() {
        let items: Vec<u32> = (0..9).collect();
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN] {
            let mut e = NdrEncoder::new(representation);
            e.u8(1).unwrap();
            e.runs::<_, 4>(&[], 4, |run, item: &u32| run.u32(0, *item)).unwrap();
            assert_eq!(e.len(), 1);
            e.runs::<_, 4>(&items, 4, |run, item| run.u32(0, *item)).unwrap();
            let bytes = e.finish();
            let mut c = NdrCursor::new(&bytes, representation);
            c.u8().unwrap();
            assert!(c.runs::<u32, 4>(0, 4, |run| run.u32(0)).unwrap().is_empty());
            assert_eq!(c.offset(), 1);
            assert!(c.runs::<u32, 4>(10, 4, |run| run.u32(0)).is_err());
            assert!(c.runs::<u32, 4>(usize::MAX, 4, |run| run.u32(0)).is_err());
            assert_eq!(c.runs::<u32, 4>(9, 4, |run| run.u32(0)).unwrap(), items);
            assert_eq!(c.remaining(), 0);
        }
    }

    #[test]
    fn elements_stay_within_the_limit() {
        let mut e = NdrEncoder::with_limit(Representation::NDR, 11);
        e.u8(1).unwrap();
        assert!(e.runs::<_, 4>(&[1, 2], 4, |run, item: &u32| run.u32(0, *item)).is_err());
        assert_eq!(e.len(), 1);
        e.runs::<_, 2>(&[1, 2], 2, |run, item: &u16| run.u16(0, *item)).unwrap();
        assert_eq!(e.finish(), [1, 0, 1, 0, 2, 0]);
    }

    #[test]
    fn halves_stand_in_the_order_of_the_cursor() {
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN] {
            let mut run = NdrEncoder::new(representation).run::<16>();
            run.udlong(0, 0x0102_0304_0506_0708);
            run.dlong(8, -3);
            let mut e = NdrEncoder::new(representation);
            e.udlong(0x0102_0304_0506_0708).unwrap();
            e.dlong(-3).unwrap();
            assert_eq!(run.bytes.as_slice(), e.finish());
            let run = Run::new(&run.bytes, representation);
            assert_eq!((run.udlong(0), run.dlong(8)), (0x0102_0304_0506_0708, -3));
        }
    }

    #[test]
    fn guids_and_handles_are_those_of_their_own_methods() {
        let handle = ContextHandle { attributes: 7, uuid: super::super::TransferSyntax::Ndr64.uuid() };
        for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN] {
            let mut run = NdrEncoder::new(representation).run::<22>();
            run.bool(0, true);
            run.context_handle(1, handle);
            run.u8(21, 9);
            let mut e = NdrEncoder::new(representation);
            handle.pack(&mut e).unwrap();
            assert_eq!(run.bytes.get(1..21).unwrap(), e.finish());
            let run = Run::new(&run.bytes, representation);
            assert_eq!((run.bool(0), run.context_handle(1), run.u8(21)), (true, handle, 9));
        }
    }
}
