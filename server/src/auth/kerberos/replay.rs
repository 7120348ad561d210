//! Authenticators that have been accepted (RFC 4120 3.2.3): none is accepted twice.

use std::collections::HashMap;
use std::time::Duration;

use super::KerberosError;

/// The most that are remembered; past that no context is accepted until some are old. Only clients with a valid ticket
/// fill it.
const CAPACITY: usize = 1 << 18;

/// What has been seen within the time in which it could be sent again.
#[derive(Debug)]
pub(super) struct ReplayCache {
    keep: Duration,
    seen: HashMap<[u8; 32], Duration>,
    swept: Duration,
}

impl ReplayCache {
    pub(super) fn new(keep: Duration) -> Self {
        Self { keep, seen: HashMap::new(), swept: Duration::ZERO }
    }

    /// Remembers a hash at `now` since 1970.
    pub(super) fn insert(&mut self, hash: [u8; 32], now: Duration) -> Result<(), KerberosError> {
        if now.abs_diff(self.swept) > self.keep / 10 || self.seen.len() >= CAPACITY {
            let keep = self.keep;
            self.seen.retain(|_, since| now.abs_diff(*since) <= keep);
            self.swept = now;
        }
        if self.seen.contains_key(&hash) {
            return Err(KerberosError::Replay);
        }
        if self.seen.len() >= CAPACITY {
            return Err(KerberosError::Unavailable("too many contexts are remembered"));
        }
        self.seen.insert(hash, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn nothing_is_taken_twice_and_old_things_are_forgotten() {
        let mut cache = ReplayCache::new(Duration::from_secs(600));
        for second in 0..2000 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&u64::to_be_bytes(second));
            let now = Duration::from_secs(1_000_000 + second);
            cache.insert(hash, now).unwrap();
            assert!(matches!(cache.insert(hash, now + Duration::from_secs(300)), Err(KerberosError::Replay)));
        }
        assert!(cache.seen.len() <= 1000, "{}", cache.seen.len());
    }
}
