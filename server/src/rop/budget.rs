//! How much memory the open objects of a session hold: lists of rows, unsaved changes, converted values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::oxcdata::ErrorCode;

/// The most bytes that the open objects of a session hold together.
pub const SESSION_MEMORY: usize = 128 * 1024 * 1024;

/// The memory of one session.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Takes bytes until they are dropped.
    ///
    /// # Errors
    /// ecInsufficientResrc when the session holds too much.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, ErrorCode> {
        let mut held = Held { bytes: 0, budget: self.clone() };
        held.resize(bytes)?;
        Ok(held)
    }
}

/// Bytes that an object holds.
#[derive(Debug)]
pub(super) struct Held {
    bytes: usize,
    budget: Budget,
}

impl Held {
    /// Holds this many bytes from now on; fewer always succeed.
    ///
    /// # Errors
    /// ecInsufficientResrc when the session would hold too much; nothing changes then.
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), ErrorCode> {
        let used = &self.budget.0;
        if let Some(more) = bytes.checked_sub(self.bytes) {
            let before = used.fetch_add(more, Ordering::Relaxed);
            if before.saturating_add(more) > SESSION_MEMORY {
                used.fetch_sub(more, Ordering::Relaxed);
                return Err(ErrorCode::EC_INSUFFICIENT_RESRC);
            }
        } else {
            used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_session_holds_no_more_than_its_memory() {
        let budget = Budget::default();
        let mut held = budget.hold(SESSION_MEMORY - 10).unwrap();
        assert_eq!(budget.hold(11).unwrap_err(), ErrorCode::EC_INSUFFICIENT_RESRC);
        assert_eq!(held.resize(SESSION_MEMORY + 1), Err(ErrorCode::EC_INSUFFICIENT_RESRC));
        let rest = budget.hold(10).unwrap();
        held.resize(5).unwrap();
        drop(rest);
        let rest = budget.hold(SESSION_MEMORY - 5).unwrap();
        drop((held, rest));
        assert!(budget.hold(SESSION_MEMORY).is_ok());
    }
}
