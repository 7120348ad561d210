//! Session Contexts (MS-OXCMAPIHTTP 3.2.1, 3.2.5.1): who owns them, what comes next in them, when they end.
//!
//! The table holds sessions of any kind and never runs or drops one while it is locked: sessions that end
//! gather in a graveyard, which the caller empties where blocking is allowed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::cookies::{Received, RequestCookies, SessionCookies, Token};
use super::response_code::ResponseCode;
use crate::engine::doorbell::Doorbell;
use crate::transport::clock::Clock;

/// Bounds of a session table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// How long a session may go without a request.
    pub idle: Duration,
    /// Sessions of one user; one more replaces the user's longest idle session.
    pub per_user: usize,
    /// Sessions of all users together.
    pub total: usize,
}

/// Why a request was not let into a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the response.
    pub code: ResponseCode,
    /// The current cookies of the session, when it exists and belongs to the caller.
    pub cookies: Option<SessionCookies>,
}

impl Refusal {
    fn bare(code: ResponseCode) -> Self {
        Self { code, cookies: None }
    }
}

/// Why no session could be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The bounds of the table are reached by sessions that may not be replaced.
    #[error("too many sessions")]
    TooMany,
    /// The system's random source failed.
    #[error("no random bits for a session cookie")]
    Random,
}

#[derive(Debug)]
enum Slot<S> {
    /// No request is being worked on.
    Idle(S),
    /// A request has the session, or the Connect that makes it is still running.
    Busy,
}

#[derive(Debug)]
struct Entry<S> {
    user: String,
    sequence: Token,
    /// The sequence before: of a request that is still running, or that has just ended.
    previous: Token,
    last_used: Instant,
    slot: Slot<S>,
    /// Known once the session is there.
    doorbell: Option<Arc<Doorbell>>,
    /// A NotificationWait waits for it.
    waiting: bool,
}

#[derive(Debug)]
struct Inner<S> {
    entries: HashMap<Token, Entry<S>>,
    graveyard: Vec<S>,
}

impl<S> Inner<S> {
    fn bury(&mut self, context: &Token) {
        if let Some(Entry { slot: Slot::Idle(session), .. }) = self.entries.remove(context) {
            self.graveyard.push(session);
        }
    }
}

/// All sessions of one endpoint.
#[derive(Debug)]
pub struct SessionTable<S> {
    limits: SessionLimits,
    inner: Mutex<Inner<S>>,
}

impl<S> SessionTable<S> {
    /// An empty table.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Arc<Self> {
        let inner = Inner { entries: HashMap::new(), graveyard: Vec::new() };
        Arc::new(Self { limits, inner: Mutex::new(inner) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        // No code of ours panics while holding the lock; were it to, the table would still be consistent.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for a new session of `user` and gives it its cookies; it counts as busy until
    /// [`Lease::finish`]. A valid session of the same user named by `cookies` is destroyed first, whatever
    /// its sequence cookie says (MS-OXCMAPIHTTP 3.2.5.6).
    ///
    /// # Errors
    /// [`ReserveError`] when a bound is reached or no random bits are to be had.
    pub fn reserve(
        self: &Arc<Self>,
        user: &str,
        cookies: &RequestCookies,
        now: Instant,
    ) -> Result<Lease<S>, ReserveError> {
        let context = Token::random().map_err(|_| ReserveError::Random)?;
        let sequence = Token::random().map_err(|_| ReserveError::Random)?;
        let mut inner = self.lock();
        if let Received::Value(previous) = cookies.context
            && inner.entries.get(&previous).is_some_and(|entry| entry.user == user)
        {
            inner.bury(&previous);
        }
        self.make_room(&mut inner, user)?;
        let entry = Entry {
            user: user.to_owned(),
            sequence,
            previous: sequence,
            last_used: now,
            slot: Slot::Busy,
            doorbell: None,
            waiting: false,
        };
        inner.entries.insert(context, entry);
        drop(inner);
        let cookies = SessionCookies { context, sequence };
        Ok(Lease { table: Arc::clone(self), cookies, open: true })
    }

    fn make_room(&self, inner: &mut Inner<S>, user: &str) -> Result<(), ReserveError> {
        let of_user = inner.entries.values().filter(|entry| entry.user == user).count();
        if of_user >= self.limits.per_user || inner.entries.len() >= self.limits.total {
            let oldest = inner
                .entries
                .iter()
                .filter(|(_, entry)| entry.user == user && matches!(entry.slot, Slot::Idle(_)))
                .min_by_key(|(_, entry)| (entry.waiting, entry.last_used))
                .map(|(context, _)| *context)
                .ok_or(ReserveError::TooMany)?;
            inner.bury(&oldest);
        }
        Ok(())
    }

    /// Lets one request of `user` into the session its cookies name, and takes the session out for it.
    /// The sequence moves on: the lease's cookies are the ones the next request must bring.
    ///
    /// # Errors
    /// A [`Refusal`] with code 13 for a missing cookie, 6 for a malformed context cookie, 10 for a session
    /// that does not exist, has been idle too long or belongs to another user, 15 for a second request at
    /// the same time and for a wrong sequence, 1 when no random bits are to be had.
    pub fn begin(
        self: &Arc<Self>,
        user: &str,
        cookies: &RequestCookies,
        now: Instant,
    ) -> Result<(Lease<S>, S), Refusal> {
        let context = context_of(cookies)?;
        let next = Token::random().map_err(|_| Refusal::bare(ResponseCode::UNKNOWN_FAILURE))?;
        let mut inner = self.lock();
        let entry = inner
            .entries
            .get_mut(&context)
            .filter(|entry| entry.user == user && !self.is_expired(entry, now))
            .ok_or(Refusal::bare(ResponseCode::CONTEXT_NOT_FOUND))?;
        let current = SessionCookies { context, sequence: entry.sequence };
        let refuse = |code| Refusal { code, cookies: Some(current) };
        if matches!(entry.slot, Slot::Busy) {
            return Err(refuse(ResponseCode::INVALID_SEQUENCE));
        }
        match cookies.sequence {
            Received::Missing => return Err(refuse(ResponseCode::MISSING_COOKIE)),
            Received::Value(sequence) if sequence.matches(&entry.sequence) => {}
            _ => return Err(refuse(ResponseCode::INVALID_SEQUENCE)),
        }
        let Slot::Idle(session) = std::mem::replace(&mut entry.slot, Slot::Busy) else {
            return Err(refuse(ResponseCode::INVALID_SEQUENCE));
        };
        entry.previous = std::mem::replace(&mut entry.sequence, next);
        drop(inner);
        let cookies = SessionCookies { context, sequence: next };
        Ok((Lease { table: Arc::clone(self), cookies, open: true }, session))
    }

    /// Lets a NotificationWait of `user` wait for the session its cookies name, beside any other request
    /// (MS-OXCMAPIHTTP 3.1.5.5). The sequence stays where it is: the cookies are those that the next request brings,
    /// and those of a request that is still running are taken as well.
    ///
    /// # Errors
    /// As [`SessionTable::begin`]; code 15 for a second wait at the same time.
    pub fn begin_wait(
        self: &Arc<Self>,
        user: &str,
        cookies: &RequestCookies,
        clock: &Arc<dyn Clock>,
    ) -> Result<Wait<S>, Refusal> {
        let context = context_of(cookies)?;
        let mut inner = self.lock();
        let found = inner
            .entries
            .get_mut(&context)
            .filter(|entry| entry.user == user && !self.is_expired(entry, clock.now()))
            .and_then(|entry| entry.doorbell.clone().map(|doorbell| (entry, doorbell)));
        let (entry, doorbell) = found.ok_or(Refusal::bare(ResponseCode::CONTEXT_NOT_FOUND))?;
        let current = SessionCookies { context, sequence: entry.sequence };
        let refuse = |code| Refusal { code, cookies: Some(current) };
        match cookies.sequence {
            Received::Missing => return Err(refuse(ResponseCode::MISSING_COOKIE)),
            Received::Value(sequence) if sequence.matches(&entry.sequence) || sequence.matches(&entry.previous) => {}
            _ => return Err(refuse(ResponseCode::INVALID_SEQUENCE)),
        }
        if std::mem::replace(&mut entry.waiting, true) {
            return Err(refuse(ResponseCode::INVALID_SEQUENCE));
        }
        drop(inner);
        Ok(Wait { table: Arc::clone(self), cookies: current, doorbell, clock: Arc::clone(clock) })
    }

    /// Whether the session has had no request for longer than allowed. A busy one never has
    /// (MS-OXCMAPIHTTP 3.2.6).
    fn is_expired(&self, entry: &Entry<S>, now: Instant) -> bool {
        matches!(entry.slot, Slot::Idle(_))
            && !entry.waiting
            && now.saturating_duration_since(entry.last_used) > self.limits.idle
    }

    /// Ends every session that has been idle too long; their number.
    pub fn expire(&self, now: Instant) -> usize {
        self.end_where(|table, entry| table.is_expired(entry, now))
    }

    /// Ends every session. A busy one ends when its request does.
    pub fn end_all(&self) -> usize {
        self.end_where(|_, _| true)
    }

    fn end_where(&self, ends: impl Fn(&Self, &Entry<S>) -> bool) -> usize {
        let mut inner = self.lock();
        let ended: Vec<Token> =
            inner.entries.iter().filter(|(_, entry)| ends(self, entry)).map(|(context, _)| *context).collect();
        for context in &ended {
            inner.bury(context);
        }
        ended.len()
    }

    /// Takes the sessions that have ended since the last call, to be dropped where blocking is allowed.
    #[must_use]
    pub fn take_ended(&self) -> Vec<S> {
        std::mem::take(&mut self.lock().graveyard)
    }

    /// The number of sessions, busy ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The session that a request names.
fn context_of(cookies: &RequestCookies) -> Result<Token, Refusal> {
    match cookies.context {
        Received::Missing => Err(Refusal::bare(ResponseCode::MISSING_COOKIE)),
        Received::Malformed => Err(Refusal::bare(ResponseCode::INVALID_CONTEXT_COOKIE)),
        Received::Value(context) => Ok(context),
    }
}

/// The right of one NotificationWait to wait for events of a session. When it is dropped, the session's idle time
/// begins anew (MS-OXCMAPIHTTP 3.2.5.5).
pub struct Wait<S> {
    table: Arc<SessionTable<S>>,
    cookies: SessionCookies,
    doorbell: Arc<Doorbell>,
    clock: Arc<dyn Clock>,
}

impl<S> Wait<S> {
    /// The cookies that the response sets.
    #[must_use]
    pub fn cookies(&self) -> SessionCookies {
        self.cookies
    }

    /// What is waited for.
    #[must_use]
    pub fn doorbell(&self) -> &Doorbell {
        &self.doorbell
    }
}

impl<S> Drop for Wait<S> {
    fn drop(&mut self) {
        let now = self.clock.now();
        if let Some(entry) = self.table.lock().entries.get_mut(&self.cookies.context) {
            entry.waiting = false;
            entry.last_used = now;
        }
    }
}

/// The right of one request to a session. Dropped without [`Lease::finish`], the session ends: whoever held
/// it failed.
#[derive(Debug)]
pub struct Lease<S> {
    table: Arc<SessionTable<S>>,
    cookies: SessionCookies,
    open: bool,
}

impl<S> Lease<S> {
    /// The cookies that the response sets.
    #[must_use]
    pub fn cookies(&self) -> SessionCookies {
        self.cookies
    }

    /// What rings while there are events for the session.
    pub fn attach(&self, doorbell: Arc<Doorbell>) {
        if let Some(entry) = self.table.lock().entries.get_mut(&self.cookies.context) {
            entry.doorbell = Some(doorbell);
        }
    }

    /// Gives the session back for the next request, or ends it with `None`. A session that has been
    /// destroyed meanwhile stays so.
    pub fn finish(mut self, session: Option<S>, now: Instant) {
        self.open = false;
        let mut inner = self.table.lock();
        match session {
            None => {
                inner.entries.remove(&self.cookies.context);
            }
            Some(session) => match inner.entries.get_mut(&self.cookies.context) {
                Some(entry) => {
                    entry.last_used = now;
                    entry.slot = Slot::Idle(session);
                }
                None => inner.graveyard.push(session),
            },
        }
    }
}

impl<S> Drop for Lease<S> {
    fn drop(&mut self) {
        if self.open {
            self.table.lock().entries.remove(&self.cookies.context);
        }
    }
}

#[cfg(test)]
mod tests;
