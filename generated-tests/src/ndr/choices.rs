//! Choices that only NDR asks for: counts that several fields share, discriminants, numbers in a range.

use std::borrow::Cow;

use runtime::ndr::{ContextHandle, Sid, SubAuthorities};
use runtime::{Blob, Utf16};

use crate::choices::{Choices, broke};

/// Lists and blobs of described length get no longer than this; a longer one is a value that contradicts itself.
const MAX_DESCRIBED: u64 = 4096;
/// The same for a count that is larger than the description allows.
const MAX_BROKEN: u64 = 1 << 17;
/// Counts are at most so much above what they have to be.
const MAX_COUNT: usize = 6;

/// A number as the expressions of a description have it: 64 bits, a negative one as its two's complement.
pub trait Wide {
    /// The low bits.
    fn narrow(value: u64) -> Self;
    /// The largest.
    const MOST: u64;
}

macro_rules! wide {
    ($($name:ident)*) => {
        $(impl Wide for $name {
            fn narrow(value: u64) -> Self {
                value as $name
            }
            const MOST: u64 = $name::MAX as u64;
        })*
    };
}

wide!(u8 u16 u32 u64 i8 i16 i32 i64);

impl Wide for bool {
    fn narrow(value: u64) -> Self {
        value != 0
    }
    const MOST: u64 = 1;
}

/// The longest that something of described length gets.
fn described() -> u64 {
    if broke() { MAX_BROKEN } else { MAX_DESCRIBED }
}

impl Choices {
    /// A count that is at least `low`, few above it, and at most `high`; `low` in what is nested too deep.
    pub fn count<T: Wide>(&mut self, low: u64, high: u64) -> T {
        // Lists get as long as a count that breaks its rule says: few of the long ones.
        let tried = high < MAX_DESCRIBED || high < MAX_BROKEN && self.mutations().number().is_multiple_of(8);
        if tried && let Some(beyond) = self.beyond::<T>(low, high) {
            return beyond;
        }
        let more = if self.deeper() { self.len(MAX_COUNT) as u64 } else { 0 };
        T::narrow(low.saturating_add(more).min(high.max(low)))
    }

    /// A number outside of its range, where that rule is broken.
    fn beyond<T: Wide>(&mut self, low: u64, high: u64) -> Option<T> {
        let (below, above) = (low > 0 && low <= T::MOST, high < T::MOST);
        if !below && !above || !self.breaks_here() {
            return None;
        }
        Some(T::narrow(if above && (!below || self.bool()) { high + 1 } else { low - 1 }))
    }

    /// The discriminant of one arm, or with `default` at times one of no arm.
    #[track_caller]
    pub fn tag<T: Wide>(&mut self, labels: &[u64], default: bool) -> T {
        // The last way is one of no arm.
        match labels.get(self.pick(labels.len() + usize::from(default))) {
            Some(label) => T::narrow(*label),
            None => T::narrow(u64::from(self.u8())),
        }
    }

    /// A number from `low` to `high`, small or large ones of them.
    pub fn within<T: Wide>(&mut self, low: u64, high: u64) -> T {
        if let Some(beyond) = self.beyond(low, high) {
            return beyond;
        }
        let span = high.wrapping_sub(low).saturating_add(1);
        let value = self.u64();
        T::narrow(low.wrapping_add(if span == 0 { value } else { value % span }))
    }

    /// Null or not; null in what is nested too deep.
    #[track_caller]
    pub fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.pick(if self.deeper() { 5 } else { 1 }) == 0 { None } else { Some(make(self)) }
    }

    /// A list as long as described.
    pub fn list_of<T>(&mut self, count: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count.min(described())).map(|_| make(self)).collect()
    }

    /// Bytes as many as described.
    pub fn blob_as(&mut self, count: u64) -> Blob<'static> {
        let size = usize::try_from(count.min(described())).unwrap_or(0);
        if size == 0 { Cow::Borrowed(&[]) } else { self.blob_of(size) }
    }

    /// Units as many as described, zeros and lone surrogates among them.
    pub fn utf16_of(&mut self, count: u64) -> Utf16<'static> {
        let unit = |g: &mut Self| if g.pick(4) == 3 { g.u16() } else { u16::from(b'a') };
        Utf16::from_units(&self.list_of(count, unit))
    }

    /// Room for a text with its terminator, as described, to the most characters that it may have.
    #[must_use]
    pub fn room(size: u64) -> usize {
        usize::try_from(size.saturating_sub(1)).unwrap_or(usize::MAX)
    }

    /// A security identifier of at most `max` sub-authorities.
    pub fn sid(&mut self, max: usize) -> Sid {
        let count = self.len(max);
        let authority = self.bytes();
        let parts: Vec<u32> = (0..count).map(|_| self.u32()).collect();
        Sid { revision: 1, authority, sub_authorities: SubAuthorities::new(&parts).unwrap_or_default() }
    }

    /// A handle, zeros now and then.
    pub fn context_handle(&mut self) -> ContextHandle {
        if self.pick(4) == 3 {
            return ContextHandle::default();
        }
        ContextHandle { attributes: self.u32(), uuid: self.guid() }
    }
}
