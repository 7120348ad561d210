//! Sets of counters and their byte code (GLOBSET, MS-OXCFXICS 2.2.2.6, 3.1.5.4.3).

mod replicas;

pub use replicas::ReplicaSets;

use crate::{Cursor, Encoder, PackError, UnpackError};

/// Bytes of a counter.
const COUNTER: usize = 6;

/// The commands. Numbers from 1 to 6 push as many bytes that follow.
mod command {
    pub(super) const END: u8 = 0x00;
    pub(super) const BITMASK: u8 = 0x42;
    pub(super) const POP: u8 = 0x50;
    pub(super) const RANGE: u8 = 0x52;
}

/// A set of counters of 48 bits (GLOBCNT), as ranges.
///
/// Of the encodings that a set has, packing takes one: each run of counters that share their high-order bytes is
/// behind one Push; a counter alone is a Push of all its bytes, ranges within nine counters are a Bitmask, each other
/// range is a Range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GlobSet {
    /// First and last of each range, ascending, with gaps between them.
    ranges: Vec<(u64, u64)>,
}

impl GlobSet {
    /// The largest counter.
    pub const MAX: u64 = (1 << 48) - 1;
    /// The fewest bytes that a set takes.
    pub const MIN_SIZE: usize = 1;

    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// There is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many counters are in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// First and last of each range, ascending; between two ranges there is a gap.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().copied()
    }

    /// The counter is in it.
    #[must_use]
    pub fn contains(&self, counter: u64) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= counter);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|(_, last)| counter <= *last)
    }

    /// Adds a counter.
    pub fn insert(&mut self, counter: u64) {
        self.insert_range(counter, counter);
    }

    /// Adds all counters from one to another; none where the first is larger. Counters above [`GlobSet::MAX`] do not
    /// exist.
    pub fn insert_range(&mut self, first: u64, last: u64) {
        let last = last.min(Self::MAX);
        if first > last {
            return;
        }
        // The ranges that the new one touches become part of it.
        let from = self.ranges.partition_point(|(_, end)| end.saturating_add(1) < first);
        let to = self.ranges.partition_point(|(start, _)| *start <= last.saturating_add(1));
        let touched = self.ranges.get(from..to).unwrap_or_default();
        let merged = match touched {
            [] => (first, last),
            [only] => (first.min(only.0), last.max(only.1)),
            [begin, .., end] => (first.min(begin.0), last.max(end.1)),
        };
        self.ranges.splice(from..to.max(from), [merged]);
    }

    /// Takes all counters from one to another away.
    pub fn remove_range(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let from = self.ranges.partition_point(|(_, end)| *end < first);
        let to = self.ranges.partition_point(|(start, _)| *start <= last).max(from);
        let touched = self.ranges.get(from..to).unwrap_or_default();
        let (head, tail) = (touched.first().copied(), touched.last().copied());
        let before = head.filter(|(start, _)| *start < first).map(|(start, _)| (start, first.saturating_sub(1)));
        let after = tail.filter(|(_, end)| *end > last).map(|(_, end)| (last.saturating_add(1), end));
        self.ranges.splice(from..to, before.into_iter().chain(after));
    }

    /// Adds what is in another set.
    pub fn union(&mut self, other: &Self) {
        let all = std::mem::take(&mut self.ranges);
        *self = all.into_iter().chain(other.ranges.iter().copied()).collect();
    }

    /// Reads commands up to and including End, in time and memory proportional to their bytes (if they come in
    /// ascending order, as they do; others are sorted).
    ///
    /// # Errors
    /// `Truncated` without an End; `InvalidValue` for a number that is no command, a command that the bytes on the
    /// stack do not allow, a range that ends before it begins.
    pub fn unpack(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
        let mut stack = Stack::default();
        let mut found: Vec<(u64, u64)> = Vec::new();
        let mut add = |first: u64, last: u64| match found.last_mut() {
            // Ascending and overlapping or next to each other.
            Some(end) if end.0 <= first && first <= end.1.saturating_add(1) => end.1 = end.1.max(last),
            _ => found.push((first, last)),
        };
        loop {
            let number = c.u8()?;
            match number {
                command::END if stack.depth == 0 => break,
                command::END => return Err(c.invalid(number.into(), "End behind as many Pops as Pushes", 1)),
                1..=6 => {
                    let count = usize::from(number);
                    if stack.depth + count > COUNTER {
                        return Err(c.invalid(number.into(), "a Push of bytes that a counter has room for", 1));
                    }
                    stack.push(c.take(count)?);
                    if stack.depth == COUNTER {
                        // A counter alone: what was pushed goes without a Pop.
                        let counter = stack.counter(&[]);
                        add(counter, counter);
                        stack.pop();
                    }
                }
                command::POP => {
                    if !stack.pop() {
                        return Err(c.invalid(number.into(), "a Pop behind a Push", 1));
                    }
                }
                command::BITMASK => {
                    if stack.depth != COUNTER - 1 {
                        return Err(c.invalid(number.into(), "a Bitmask behind five bytes on the stack", 1));
                    }
                    let [start, mask] = c.array()?;
                    let first = stack.counter(&[start]);
                    let most = u64::from(u8::MAX - start);
                    if u64::from(8 - mask.leading_zeros()) > most {
                        return Err(c.invalid(mask.into(), "bits for numbers of one byte", 1));
                    }
                    add(first, first);
                    for bit in (0..8).filter(|bit| mask >> bit & 1 == 1) {
                        add(first + bit + 1, first + bit + 1);
                    }
                }
                command::RANGE => {
                    let size = COUNTER - stack.depth;
                    let first = stack.counter(c.take(size)?);
                    let last = stack.counter(c.take(size)?);
                    if first > last {
                        return Err(c.invalid(last, "a range that does not end before it begins", size));
                    }
                    add(first, last);
                }
                _ => return Err(c.invalid(number.into(), "a command of a GLOBSET", 1)),
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Writes commands up to and including End.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack(&self, e: &mut Encoder) -> Result<(), PackError> {
        group(&self.ranges, 0, &mut |bytes| e.bytes(bytes))?;
        e.u8(command::END)
    }

    /// Bytes that packing writes.
    #[must_use]
    pub fn packed_size(&self) -> usize {
        let mut size = 1;
        // Counting does not fail.
        _ = group(&self.ranges, 0, &mut |bytes| -> Result<(), UnpackError> {
            size += bytes.len();
            Ok(())
        });
        size
    }
}

impl FromIterator<(u64, u64)> for GlobSet {
    /// A set of ranges in any order.
    fn from_iter<T: IntoIterator<Item = (u64, u64)>>(iter: T) -> Self {
        let mut ranges: Vec<(u64, u64)> = iter.into_iter().collect();
        ranges.retain_mut(|(first, last)| {
            *last = (*last).min(Self::MAX);
            first <= last
        });
        if !ranges.is_sorted() {
            ranges.sort_unstable();
        }
        ranges.dedup_by(|next, before| {
            let touches = next.0 <= before.1.saturating_add(1);
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
        Self { ranges }
    }
}

/// High-order bytes that the counters of the next commands share.
#[derive(Default)]
struct Stack {
    bytes: [u8; COUNTER],
    depth: usize,
    /// How many bytes each Push brought.
    pushes: [usize; COUNTER],
    pushed: usize,
}

impl Stack {
    /// Pushes bytes; the caller has checked that there is room.
    fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().skip(self.depth).zip(bytes) {
            *place = *byte;
        }
        self.depth += bytes.len();
        if let Some(place) = self.pushes.get_mut(self.pushed) {
            *place = bytes.len();
            self.pushed += 1;
        }
    }

    /// Takes back the last push; false where there is none.
    fn pop(&mut self) -> bool {
        let Some(last) = self.pushed.checked_sub(1) else { return false };
        self.pushed = last;
        self.depth -= self.pushes.get(last).copied().unwrap_or(0).min(self.depth);
        true
    }

    /// The counter of the bytes on the stack and these.
    fn counter(&self, low: &[u8]) -> u64 {
        let high = self.bytes.iter().take(self.depth);
        high.chain(low).take(COUNTER).fold(0, |counter, byte| counter << 8 | u64::from(*byte))
    }
}

/// The bytes of a counter, most significant first.
fn bytes_of(counter: u64) -> [u8; COUNTER] {
    let [_, _, bytes @ ..] = counter.to_be_bytes();
    bytes
}

/// Bytes that two counters share from the first on.
fn shared(a: u64, b: u64) -> usize {
    bytes_of(a).iter().zip(bytes_of(b)).take_while(|(a, b)| **a == *b).count()
}

/// Bytes of a counter from one on, up to another.
fn part(counter: &[u8; COUNTER], from: usize, to: usize) -> &[u8] {
    counter.get(from..to).unwrap_or_default()
}

/// Writes ranges whose first `depth` bytes are on the stack. Goes as deep as a counter has bytes.
fn group<E>(ranges: &[(u64, u64)], depth: usize, write: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let (Some((first, _)), Some((_, last))) = (ranges.first(), ranges.last()) else { return Ok(()) };
    let common = shared(*first, *last);
    if common > depth {
        // At most six.
        write(&[(common - depth) as u8])?;
        write(part(&bytes_of(*first), depth, common))?;
        if common == COUNTER {
            return Ok(());
        }
    }
    if common == COUNTER - 1 {
        low_bytes(ranges, write)?;
    } else {
        let mut rest = ranges;
        while let Some((first, last)) = rest.first().copied() {
            if shared(first, last) <= common {
                write(&[command::RANGE])?;
                write(part(&bytes_of(first), common, COUNTER))?;
                write(part(&bytes_of(last), common, COUNTER))?;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            // As many as share one byte more.
            let with = rest.iter().take_while(|(_, last)| shared(first, *last) > common).count();
            let (run, after) = rest.split_at(with);
            group(run, common, write)?;
            rest = after;
        }
    }
    if common > depth { write(&[command::POP]) } else { Ok(()) }
}

/// Writes ranges that differ in their last byte only.
fn low_bytes<E>(ranges: &[(u64, u64)], write: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut rest = ranges;
    while let Some((first, last)) = rest.first().copied() {
        let with = rest.iter().take_while(|(_, last)| last - first <= 8).count().max(1);
        let (together, after) = rest.split_at(with);
        let low = |counter: u64| (counter & 0xFF) as u8;
        match together {
            [_] if first == last => write(&[1, low(first)])?,
            [_] => write(&[command::RANGE, low(first), low(last)])?,
            _ => {
                let counters = together.iter().flat_map(|(first, last)| *first..=*last).skip(1);
                let mask = counters.fold(0_u8, |mask, counter| mask | 1 << ((counter - first - 1) & 7));
                write(&[command::BITMASK, low(first), mask])?;
            }
        }
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
