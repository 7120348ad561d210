//! Time as the transport sees it, so that tests can move it.

use std::time::{Instant, SystemTime};

/// A source of time. Timers of sockets do not ask it; deadlines of sessions and credentials do.
pub trait Clock: Send + Sync + 'static {
    /// A reading that never goes back.
    fn now(&self) -> Instant;
    /// The time of day.
    fn wall(&self) -> SystemTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
