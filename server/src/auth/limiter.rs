//! A bound on failed attempts: so many per key within a window that starts with the first failure.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Window {
    since: Instant,
    attempts: u32,
}

/// Attempts by key. Each is counted before its outcome is known, so that many at a time cannot pass the
/// bound together; a success takes its own count back.
#[derive(Debug)]
pub struct AttemptLimiter<K> {
    limit: u32,
    window: Duration,
    capacity: usize,
    windows: HashMap<K, Window>,
}

impl<K: Eq + Hash + Clone> AttemptLimiter<K> {
    /// Allows `limit` failed attempts per key within `window`, and remembers up to `capacity` keys.
    #[must_use]
    pub fn new(limit: u32, window: Duration, capacity: usize) -> Self {
        Self { limit, window, capacity, windows: HashMap::new() }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// The time until the next attempt is allowed, when the bound is reached; the attempt is not counted.
    pub fn attempt(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        if let Some(window) = self.windows.get_mut(key) {
            let age = now.saturating_duration_since(window.since);
            if age >= self.window {
                *window = Window { since: now, attempts: 0 };
            }
            if window.attempts >= self.limit {
                return Err(self.window.saturating_sub(age));
            }
            window.attempts += 1;
            return Ok(());
        }
        self.make_room(now);
        self.windows.insert(key.clone(), Window { since: now, attempts: 1 });
        Ok(())
    }

    /// Takes back one counted attempt.
    pub fn refund(&mut self, key: &K) {
        if let Some(window) = self.windows.get_mut(key) {
            window.attempts = window.attempts.saturating_sub(1);
            if window.attempts == 0 {
                self.windows.remove(key);
            }
        }
    }

    /// Forgets the failures of a key.
    pub fn forgive(&mut self, key: &K) {
        self.windows.remove(key);
    }

    /// Drops windows that have passed, and if that is not enough the oldest.
    fn make_room(&mut self, now: Instant) {
        if self.windows.len() < self.capacity {
            return;
        }
        let window = self.window;
        self.windows.retain(|_, entry| now.saturating_duration_since(entry.since) < window);
        if self.windows.len() >= self.capacity {
            let oldest = self.windows.iter().min_by_key(|(_, entry)| entry.since);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.windows.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn refuses_past_the_limit_and_says_how_long() {
        let (mut limiter, now) = (AttemptLimiter::new(2, WINDOW, 10), Instant::now());
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        let later = now + Duration::from_secs(20);
        assert_eq!(limiter.attempt(&"a", later), Err(Duration::from_secs(40)));
        assert_eq!(limiter.attempt(&"b", later), Ok(()));
        assert_eq!(limiter.attempt(&"a", now + WINDOW), Ok(()));
    }

    #[test]
    fn refused_attempts_do_not_make_the_wait_longer() {
        let (mut limiter, now) = (AttemptLimiter::new(1, WINDOW, 10), Instant::now());
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        for second in 1..60 {
            assert!(limiter.attempt(&"a", now + Duration::from_secs(second)).is_err());
        }
        assert_eq!(limiter.attempt(&"a", now + WINDOW), Ok(()));
    }

    #[test]
    fn a_success_takes_back_its_own_attempt_only() {
        let (mut limiter, now) = (AttemptLimiter::new(2, WINDOW, 10), Instant::now());
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        limiter.refund(&"a");
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
        assert!(limiter.attempt(&"a", now).is_err());
        limiter.forgive(&"a");
        assert_eq!(limiter.attempt(&"a", now), Ok(()));
    }

    #[test]
    fn many_keys_do_not_grow_it_past_its_capacity() {
        let (mut limiter, now) = (AttemptLimiter::new(1, WINDOW, 100), Instant::now());
        for key in 0..1000_u64 {
            assert_eq!(limiter.attempt(&key, now + Duration::from_millis(key)), Ok(()));
            assert!(limiter.windows.len() <= 100);
        }
        assert!(limiter.attempt(&999, now + Duration::from_secs(1)).is_err());
    }
}
