//! Changed bytes of a value, for what has to hold for any bytes: a few in each case, or as many as there is time for
//! when fuzzing, or those that were filed.

use std::cell::{Cell, RefCell};

use crate::choices::Choices;
use crate::oracles::{Broken, mutated};
use crate::{fuzz, runs};

/// What has to hold for any bytes.
pub type Attack<'a> = &'a dyn Fn(&[u8]) -> Result<(), Broken>;

thread_local! {
    /// The bytes that are tried in place of others, and their slot.
    static FORCED: RefCell<Option<(String, Vec<u8>)>> = const { RefCell::new(None) };
    /// Where the last attack was.
    static SLOT: Cell<&'static str> = const { Cell::new("") };
}

/// Tries changed copies of a value's bytes. `slot` tells apart what one property reads in several ways.
///
/// # Errors
/// What does not hold.
pub fn each(slot: &'static str, bytes: &[u8], g: &Choices, holds: Attack<'_>) -> Result<(), Broken> {
    SLOT.set(slot);
    if let Some((of, forced)) = FORCED.with_borrow(Clone::clone) {
        return if of == slot { holds(&forced) } else { Ok(()) };
    }
    if fuzz::session(slot, bytes, g, holds) {
        return Ok(());
    }
    for changed in mutated(bytes, g) {
        runs::applied("changed bytes");
        holds(&changed)?;
    }
    Ok(())
}

/// The slot of the last attack.
#[must_use]
pub fn slot() -> &'static str {
    SLOT.get()
}

/// Runs something with these bytes in place of changed ones.
pub(crate) fn forced<T>(slot: &str, bytes: &[u8], run: impl FnOnce() -> T) -> T {
    FORCED.set(Some((slot.to_owned(), bytes.to_vec())));
    let result = run();
    FORCED.set(None);
    result
}
