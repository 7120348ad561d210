//! MAPI over HTTP (MS-OXCMAPIHTTP): the mailbox server endpoint between hyper and a [`MailboxEndpoint`].
//!
//! A request passes its header checks, gives up its body, is let into its session, and goes to the engine on
//! a blocking thread. The response says PROCESSING at once and PENDING at the promised period, unless the
//! engine is done within a moment.

pub mod cookies;
mod execution;
pub mod framing;
pub mod request;
mod response;
pub mod response_code;
pub mod session;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use tokio::sync::watch;

use crate::config::{Limits, SessionSettings};
use crate::engine::endpoint::{MailboxEndpoint, Principal};
use crate::transport::body::{self, BodyError, ReplyBody};
use crate::transport::clock::Clock;
use cookies::Received;
use execution::{Call, Ended, Started, Waiting, Worker};
use framing::Completion;
use request::{Echo, MapiRequest, RequestType, Served};
use response::ResponseHead;
use response_code::ResponseCode;
use session::{Lease, ReserveError, SessionLimits, SessionTable};

pub use response::SERVER_APPLICATION;

/// The mailbox server endpoint and its sessions.
pub(crate) struct MapiHttp<E: MailboxEndpoint> {
    worker: Worker<E>,
    sessions: Arc<SessionTable<E::Session>>,
    clock: Arc<dyn Clock>,
    settings: SessionSettings,
    limits: Limits,
    /// True when waits are to end.
    stopping: watch::Sender<bool>,
    served: &'static Served,
}

impl<E: MailboxEndpoint> MapiHttp<E> {
    pub(crate) fn new(
        served: &'static Served,
        endpoint: Arc<E>,
        clock: Arc<dyn Clock>,
        settings: SessionSettings,
        limits: Limits,
    ) -> Self {
        let sessions = SessionTable::new(SessionLimits {
            idle: settings.idle.saturating_add(settings.grace),
            per_user: settings.per_user,
            total: settings.total,
        });
        let worker = Worker::new(endpoint, Arc::clone(&sessions), Arc::clone(&clock), limits.engine_calls);
        Self { worker, sessions, clock, settings, limits, stopping: watch::Sender::new(false), served }
    }

    /// Answers one authenticated request of `user`.
    pub(crate) async fn handle(&self, parts: &Parts, body: Incoming, user: &str) -> Response<ReplyBody> {
        let head = self.response_head(Echo::of(&parts.headers));
        let request = match MapiRequest::parse(parts, self.limits.request_body as u64, self.served) {
            Ok(request) => request,
            Err(code) => return self.refuse_unread(&head, code, parts, body).await,
        };
        tracing::debug!(
            request_type = ?request.request_type,
            client_application = ?parts.headers.get(request::X_CLIENT_APPLICATION),
            "request"
        );
        let body = match body::read(body, self.limits.request_body, self.limits.body_read).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return head.refuse(ResponseCode::TOO_LARGE, None),
            Err(BodyError::Incomplete) => {
                return head.refuse(ResponseCode::INVALID_REQUEST_BODY, None);
            }
        };
        if request.content_length.is_some_and(|length| length != body.len() as u64) {
            return head.refuse(ResponseCode::INVALID_REQUEST_BODY, None);
        }
        match request.request_type {
            RequestType::Connect => self.connect(&head, &request, body, user).await,
            RequestType::Execute => {
                let request_type = "Execute";
                self.in_session(&head, &request, user, |session| Call::Execute { session, request_type, body }).await
            }
            RequestType::Disconnect => {
                self.in_session(&head, &request, user, |session| Call::Disconnect { session, body }).await
            }
            RequestType::Call(request_type) => {
                self.in_session(&head, &request, user, |session| Call::Execute { session, request_type, body }).await
            }
            RequestType::NotificationWait => self.wait(&head, &request, &body, user).await,
            RequestType::Ping => self.ping(&head, &request, user),
        }
    }

    /// The head of responses to a request with these headers to repeat.
    pub(crate) fn response_head(&self, echo: Echo) -> ResponseHead {
        ResponseHead::new(echo, self.settings.pending_period, self.settings.idle, self.served.path)
    }

    /// Refuses a request whose body nobody has read, and reads it away to keep the connection usable.
    pub(crate) async fn refuse_unread(
        &self,
        head: &ResponseHead,
        code: ResponseCode,
        parts: &Parts,
        body: Incoming,
    ) -> Response<ReplyBody> {
        body::discard(&parts.headers, body, 2 * self.limits.request_body, self.limits.body_read).await;
        head.refuse(code, None)
    }

    async fn connect(
        &self,
        head: &ResponseHead,
        request: &MapiRequest,
        body: Bytes,
        user: &str,
    ) -> Response<ReplyBody> {
        match self.sessions.reserve(user, &request.cookies, self.clock.now()) {
            Ok(lease) => {
                let principal = Principal { user: user.to_owned() };
                self.run(head, lease, Call::Connect { principal, body }).await
            }
            Err(error) => {
                tracing::warn!(user, %error, "no session for Connect");
                let status = match error {
                    ReserveError::TooMany => StatusCode::SERVICE_UNAVAILABLE,
                    ReserveError::Random => StatusCode::INTERNAL_SERVER_ERROR,
                };
                head.fail(status, ResponseCode::UNKNOWN_FAILURE)
            }
        }
    }

    async fn in_session(
        &self,
        head: &ResponseHead,
        request: &MapiRequest,
        user: &str,
        call: impl FnOnce(E::Session) -> Call<E::Session>,
    ) -> Response<ReplyBody> {
        match self.sessions.begin(user, &request.cookies, self.clock.now()) {
            Ok((lease, session)) => self.run(head, lease, call(session)).await,
            Err(refusal) => head.refuse(refusal.code, refusal.cookies),
        }
    }

    /// PING asks whether the endpoint works (MS-OXCMAPIHTTP 2.2.6). In a session it keeps it from expiring;
    /// without one there is nothing to keep.
    fn ping(&self, head: &ResponseHead, request: &MapiRequest, user: &str) -> Response<ReplyBody> {
        let started = Started::now(&*self.clock);
        let mut cookies = None;
        if request.cookies.context != Received::Missing {
            match self.sessions.begin(user, &request.cookies, self.clock.now()) {
                Ok((lease, session)) => {
                    cookies = Some(lease.cookies());
                    lease.finish(Some(session), self.clock.now());
                }
                Err(refusal) => return head.refuse(refusal.code, refusal.cookies),
            }
        }
        head.complete(&Completion::Body(Vec::new()), started.timing(&*self.clock), cookies)
    }

    /// Waits for events of a session, without an engine call (MS-OXCMAPIHTTP 3.2.5.5).
    async fn wait(&self, head: &ResponseHead, request: &MapiRequest, body: &[u8], user: &str) -> Response<ReplyBody> {
        let started = Started::now(&*self.clock);
        let wait = match self.sessions.begin_wait(user, &request.cookies, &self.clock) {
            Ok(wait) => wait,
            Err(refusal) => return head.refuse(refusal.code, refusal.cookies),
        };
        let cookies = wait.cookies();
        let endpoint = self.worker.endpoint();
        let completion = match endpoint.begin_wait(body) {
            Err(failure) => return head.refuse(failure.into(), Some(cookies)),
            Ok(Some(body)) => Completion::Body(body),
            Ok(None) => match poll_fn(|context| Poll::Ready(wait.doorbell().poll(context))).await {
                Poll::Ready(rung) => execution::waited(&**endpoint, Some(rung)),
                Poll::Pending => {
                    let (period, longest) = (self.settings.pending_period, self.settings.longest_wait);
                    let waiting = Waiting { period, longest, stopping: self.stopping.subscribe() };
                    let (endpoint, clock) = (Arc::clone(endpoint), Arc::clone(&self.clock));
                    return head.begin(execution::wait_parts(endpoint, wait, waiting, started, clock), cookies);
                }
            },
        };
        match completion {
            Completion::Failed(code) => head.refuse(code, Some(cookies)),
            completion => head.complete(&completion, started.timing(&*self.clock), Some(cookies)),
        }
    }

    /// Ends all waits: the server stops.
    pub(crate) fn end_waits(&self) {
        self.stopping.send_replace(true);
    }

    /// Runs a call and answers whole if it ends within a moment, in parts if not.
    async fn run(&self, head: &ResponseHead, lease: Lease<E::Session>, call: Call<E::Session>) -> Response<ReplyBody> {
        let started = Started::now(&*self.clock);
        let cookies = lease.cookies();
        let mut done = self.worker.start(lease, call);
        match tokio::time::timeout(self.settings.prompt, &mut done).await {
            Ok(ended) => {
                let Ended { completion, cookies } = ended.unwrap_or_else(|_| Ended::lost());
                match completion {
                    Completion::Failed(code) => head.refuse(code, cookies),
                    completion => head.complete(&completion, started.timing(&*self.clock), cookies),
                }
            }
            Err(_) => {
                let period = self.settings.pending_period;
                head.begin(execution::parts(done, period, started, Arc::clone(&self.clock)), cookies)
            }
        }
    }

    /// Ends the sessions that have been idle too long.
    pub(crate) async fn sweep(&self) {
        let ended = self.sessions.expire(self.clock.now());
        if ended > 0 {
            tracing::info!(ended, "idle sessions have ended");
        }
        self.worker.bury().await;
    }

    /// Ends every session once the calls that run have ended.
    pub(crate) async fn end(&self) {
        self.worker.idle().await;
        self.sessions.end_all();
        self.worker.bury().await;
    }
}
