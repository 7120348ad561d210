//! Engine calls on blocking threads: bounded in number, cut off from the rest of the process when they
//! panic, and reported to the client while they take their time.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::cookies::SessionCookies;
use super::framing::{self, Completion, Timing};
use super::response_code::ResponseCode;
use super::session::{Lease, SessionTable, Wait};
use crate::engine::doorbell::{Doorbell, Rung};
use crate::engine::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use crate::transport::clock::Clock;

/// One call of the engine, with the session it works in.
pub(super) enum Call<S> {
    Connect { principal: Principal, body: Bytes },
    Execute { session: S, request_type: &'static str, body: Bytes },
    Disconnect { session: S, body: Bytes },
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) completion: Completion,
    /// The cookies that the response sets, if it can still say.
    pub(super) cookies: Option<SessionCookies>,
}

impl Ended {
    /// The call was lost with the task that ran it.
    pub(super) fn lost() -> Self {
        Self { completion: Completion::Failed(ResponseCode::UNKNOWN_FAILURE), cookies: None }
    }
}

/// The moment a request began to be worked on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    instant: Instant,
    wall: SystemTime,
}

impl Started {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { instant: clock.now(), wall: clock.wall() }
    }

    pub(super) fn timing(self, clock: &dyn Clock) -> Timing {
        Timing { started: self.wall, elapsed: clock.now().saturating_duration_since(self.instant) }
    }
}

/// Runs calls of one endpoint.
pub(super) struct Worker<E: MailboxEndpoint> {
    endpoint: Arc<E>,
    sessions: Arc<SessionTable<E::Session>>,
    clock: Arc<dyn Clock>,
    calls: Arc<Semaphore>,
    limit: u32,
}

impl<E: MailboxEndpoint> Worker<E> {
    /// A worker for up to `limit` calls at a time, at least one.
    pub(super) fn new(
        endpoint: Arc<E>,
        sessions: Arc<SessionTable<E::Session>>,
        clock: Arc<dyn Clock>,
        limit: usize,
    ) -> Self {
        let limit = u32::try_from(limit.max(1)).unwrap_or(u32::MAX);
        Self { endpoint, sessions, clock, calls: Arc::new(Semaphore::new(limit as usize)), limit }
    }

    /// Starts a call as soon as there is a place for it. It runs to its end even if nobody waits for it, and
    /// then gives its session back.
    pub(super) fn start(&self, lease: Lease<E::Session>, call: Call<E::Session>) -> oneshot::Receiver<Ended> {
        let (sender, receiver) = oneshot::channel();
        let work = Work {
            endpoint: Arc::clone(&self.endpoint),
            sessions: Arc::clone(&self.sessions),
            clock: Arc::clone(&self.clock),
            lease,
            call,
            sender,
        };
        match Arc::clone(&self.calls).try_acquire_owned() {
            Ok(permit) => drop(tokio::task::spawn_blocking(move || work.run(permit))),
            Err(_) => {
                let calls = Arc::clone(&self.calls);
                tokio::spawn(async move {
                    if let Ok(permit) = calls.acquire_owned().await {
                        drop(tokio::task::spawn_blocking(move || work.run(permit)));
                    }
                });
            }
        }
        receiver
    }

    /// Drops the sessions that have ended.
    pub(super) async fn bury(&self) {
        let ended = self.sessions.take_ended();
        if !ended.is_empty() {
            let _ = tokio::task::spawn_blocking(move || drop_all(ended)).await;
        }
    }

    /// The endpoint, for what does not block.
    pub(super) fn endpoint(&self) -> &Arc<E> {
        &self.endpoint
    }

    /// Waits until no call runs.
    pub(super) async fn idle(&self) {
        let _ = self.calls.acquire_many(self.limit).await;
    }
}

/// A call that waits for its thread, with whom it is reported to.
struct Work<E: MailboxEndpoint> {
    endpoint: Arc<E>,
    sessions: Arc<SessionTable<E::Session>>,
    clock: Arc<dyn Clock>,
    lease: Lease<E::Session>,
    call: Call<E::Session>,
    sender: oneshot::Sender<Ended>,
}

impl<E: MailboxEndpoint> Work<E> {
    /// Where blocking is allowed.
    fn run(self, permit: OwnedSemaphorePermit) {
        let Self { endpoint, sessions, clock, lease, call, sender } = self;
        // What a Connect replaces is gone before the new session begins (MS-OXCMAPIHTTP 3.2.5.6).
        drop_all(sessions.take_ended());
        let outcome = run(&*endpoint, call);
        drop(permit);
        if let Some(doorbell) = outcome.doorbell {
            lease.attach(doorbell);
        }
        let cookies = outcome.keeps_cookies.then(|| lease.cookies());
        lease.finish(outcome.session, clock.now());
        // A client that has gone away hears of it nowhere.
        let _ = sender.send(Ended { completion: outcome.completion, cookies });
    }
}

struct Outcome<S> {
    completion: Completion,
    session: Option<S>,
    keeps_cookies: bool,
    /// Of a session that is new.
    doorbell: Option<Arc<Doorbell>>,
}

impl<S> Outcome<S> {
    fn new(result: Result<Vec<u8>, RequestFailure>, session: Option<S>, keeps_cookies: bool) -> Self {
        let completion = match result {
            Ok(body) => Completion::Body(body),
            Err(failure) => Completion::Failed(failure.into()),
        };
        Self { completion, session, keeps_cookies, doorbell: None }
    }
}

/// Runs one call. A panic ends its session, whose state nobody can vouch for, and nothing else.
fn run<E: MailboxEndpoint>(endpoint: &E, call: Call<E::Session>) -> Outcome<E::Session> {
    let panicked = || Outcome::new(Err(RequestFailure::Internal), None, false);
    match call {
        Call::Connect { principal, body } => {
            match catch_unwind(AssertUnwindSafe(|| endpoint.connect(&principal, &body))) {
                Ok(Ok((body, session))) => {
                    let doorbell = session.as_ref().map(|session| endpoint.doorbell(session));
                    let connected = session.is_some();
                    Outcome { doorbell, ..Outcome::new(Ok(body), session, connected) }
                }
                Ok(Err(failure)) => Outcome::new(Err(failure), None, false),
                Err(_) => panicked(),
            }
        }
        Call::Execute { mut session, request_type, body } => {
            match catch_unwind(AssertUnwindSafe(|| endpoint.call(&mut session, request_type, &body))) {
                Ok(result) => Outcome::new(result, Some(session), true),
                Err(_) => {
                    drop_all([session]);
                    panicked()
                }
            }
        }
        Call::Disconnect { session, body } => {
            match catch_unwind(AssertUnwindSafe(|| endpoint.disconnect(session, &body))) {
                // The session is over, yet its cookies are in the response (MS-OXCMAPIHTTP 3.2.5.4).
                Ok(result) => Outcome::new(result, None, true),
                Err(_) => panicked(),
            }
        }
    }
}

/// Drops sessions one by one, so that one that panics takes no other along.
fn drop_all<S>(sessions: impl IntoIterator<Item = S>) {
    for session in sessions {
        if catch_unwind(AssertUnwindSafe(|| drop(session))).is_err() {
            tracing::error!("a session panicked while it ended");
        }
    }
}

/// The inner response stream of a call that takes its time: PROCESSING, PENDING at each period, the end.
pub(super) fn parts(
    mut done: oneshot::Receiver<Ended>,
    period: Duration,
    started: Started,
    clock: Arc<dyn Clock>,
) -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let mut part = framing::processing();
        let ended = loop {
            if sender.send(part).await.is_err() {
                return;
            }
            match tokio::time::timeout(period, &mut done).await {
                Ok(ended) => break ended.unwrap_or_else(|_| Ended::lost()),
                Err(_) => part = framing::pending(),
            }
        };
        let end = framing::final_part(&ended.completion, started.timing(&*clock));
        // The client may have gone away.
        let _ = sender.send(end).await;
    });
    receiver
}

/// Bounds of a wait for events.
pub(super) struct Waiting {
    /// Between PENDING meta-tags.
    pub(super) period: Duration,
    /// The whole wait (MS-OXCMAPIHTTP 3.2.5.5).
    pub(super) longest: Duration,
    /// True when the server stops.
    pub(super) stopping: watch::Receiver<bool>,
}

/// How a wait ended: the NotificationWait response body, or why there is none.
pub(super) fn waited<E: MailboxEndpoint>(endpoint: &E, rung: Option<Rung>) -> Completion {
    match rung {
        Some(Rung::SessionEnded) => Completion::Failed(ResponseCode::CONTEXT_NOT_FOUND),
        rung => match endpoint.end_wait(rung.is_some()) {
            Ok(body) => Completion::Body(body),
            Err(failure) => Completion::Failed(failure.into()),
        },
    }
}

/// The inner response stream of a wait: PROCESSING, PENDING at each period, the end.
pub(super) fn wait_parts<E: MailboxEndpoint>(
    endpoint: Arc<E>,
    wait: Wait<E::Session>,
    mut waiting: Waiting,
    started: Started,
    clock: Arc<dyn Clock>,
) -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let longest = tokio::time::sleep(waiting.longest);
        tokio::pin!(longest);
        let mut part = framing::processing();
        let rung = loop {
            if sender.send(part).await.is_err() {
                return;
            }
            tokio::select! {
                rung = poll_fn(|context| wait.doorbell().poll(context)) => break Some(rung),
                () = &mut longest => break None,
                _ = waiting.stopping.wait_for(|stopping| *stopping) => break None,
                () = sender.closed() => return,
                () = tokio::time::sleep(waiting.period) => part = framing::pending(),
            }
        };
        // Whoever reads the end may wait again at once.
        drop(wait);
        let end = framing::final_part(&waited(&*endpoint, rung), started.timing(&*clock));
        // The client may have gone away.
        let _ = sender.send(end).await;
    });
    receiver
}
