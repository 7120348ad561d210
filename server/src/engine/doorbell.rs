//! Tells whoever waits for a session's events that there are some, without knowing how they wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// Events wait for the client's next Execute.
    Event,
    /// The session has ended.
    SessionEnded,
}

#[derive(Debug, Default)]
struct State {
    pending: bool,
    ended: bool,
    waker: Option<Waker>,
}

/// The doorbell of one session: rings as long as events wait. One at a time waits for it.
#[derive(Debug, Default)]
pub struct Doorbell {
    state: Mutex<State>,
}

impl Doorbell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waker = if state.pending || state.ended { state.waker.take() } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// There are events.
    pub fn ring(&self) {
        self.change(|state| state.pending = true);
    }

    /// There are none any more.
    pub fn silence(&self) {
        self.change(|state| state.pending = false);
    }

    /// There is no session any more, and there will be no events.
    pub fn end(&self) {
        self.change(|state| state.ended = true);
    }

    /// Ready when it rings. A later caller takes the place of an earlier one.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<Rung> {
        let mut state = self.state();
        if state.ended {
            return Poll::Ready(Rung::SessionEnded);
        }
        if state.pending {
            return Poll::Ready(Rung::Event);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn rings_until_it_is_silenced_and_wakes_who_waits_once() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let bell = Doorbell::default();
        assert_eq!(bell.poll(&mut context), Poll::Pending);
        bell.ring();
        bell.ring();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(bell.poll(&mut context), Poll::Ready(Rung::Event));
        bell.silence();
        assert_eq!(bell.poll(&mut context), Poll::Pending);
        bell.end();
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
        assert_eq!(bell.poll(&mut context), Poll::Ready(Rung::SessionEnded));
    }
}
