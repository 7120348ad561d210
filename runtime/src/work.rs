//! How much work reading takes: steps that tests hold against the bytes that were read. A clock would say less, and say
//! it differently on a busy machine.

#[cfg(debug_assertions)]
use std::cell::Cell;

#[cfg(debug_assertions)]
thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Reads of a cursor in this thread, and one more for each 16 bytes that are looked through for an end. Where assertions
/// are off nothing is counted.
#[cfg(debug_assertions)]
#[must_use]
pub fn steps() -> u64 {
    STEPS.get()
}

/// Nothing is counted.
#[cfg(not(debug_assertions))]
#[must_use]
pub fn steps() -> u64 {
    0
}

/// A read that looks at so many bytes one by one.
#[cfg(debug_assertions)]
#[inline]
pub(crate) fn step(bytes: usize) {
    STEPS.set(STEPS.get().wrapping_add(1 + bytes as u64 / 16));
}

/// Nothing is counted.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn step(_: usize) {}
