//! One connection: the TLS handshake, HTTP/1.1 on it, and a watch over how long each side takes.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Instant;

use super::body::ReplyBody;
use crate::config::Limits;

/// What the client is expected to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Begin a request.
    Idle,
    /// Finish the headers it has begun.
    Head,
    /// Wait for the response; the handler watches over the body.
    Request,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    write_stalled: Option<Instant>,
}

/// What a connection is doing, shared between its stream, its requests and its watch.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<State>>);

/// Which limit a client has overstepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overdue {
    KeepAlive,
    Head,
    Write,
}

impl Activity {
    fn new() -> Self {
        let state = State { phase: Phase::Idle, since: Instant::now(), write_stalled: None };
        Self(Arc::new(Mutex::new(state)))
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn enter(&self, phase: Phase) {
        self.update(|state| {
            state.phase = phase;
            state.since = Instant::now();
        });
    }

    /// Marks the time of one request; it ends when the guard is dropped, which the response body does.
    pub(crate) fn request(&self) -> RequestGuard {
        self.enter(Phase::Request);
        RequestGuard(self.clone())
    }

    fn overdue(&self, limits: &Limits) -> Option<Overdue> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, age) = (Instant::now(), state.since.elapsed());
        if state.write_stalled.is_some_and(|since| now.duration_since(since) > limits.write_stall) {
            return Some(Overdue::Write);
        }
        match state.phase {
            Phase::Idle if age > limits.keep_alive => Some(Overdue::KeepAlive),
            Phase::Head if age > limits.header_read => Some(Overdue::Head),
            _ => None,
        }
    }

    /// Returns when a limit is overstepped.
    async fn watch(&self, limits: &Limits) -> Overdue {
        let shortest = limits.keep_alive.min(limits.header_read).min(limits.write_stall);
        let step = (shortest / 4).clamp(Duration::from_millis(5), Duration::from_secs(5));
        loop {
            tokio::time::sleep(step).await;
            if let Some(overdue) = self.overdue(limits) {
                return overdue;
            }
        }
    }
}

/// A request is being answered as long as this lives.
#[derive(Debug)]
pub(crate) struct RequestGuard(Activity);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// A response body that keeps its request open until it has been taken.
#[derive(Debug)]
pub(crate) struct GuardedBody {
    body: ReplyBody,
    _guard: RequestGuard,
}

impl GuardedBody {
    pub(crate) fn new(body: ReplyBody, guard: RequestGuard) -> Self {
        Self { body, _guard: guard }
    }
}

impl hyper::body::Body for GuardedBody {
    type Data = <ReplyBody as hyper::body::Body>::Data;
    type Error = <ReplyBody as hyper::body::Body>::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// A stream that notes when bytes arrive and when none are taken.
struct WatchedStream<T> {
    inner: T,
    activity: Activity,
}

impl<T> WatchedStream<T> {
    fn note_write<R>(&self, progress: &Poll<R>) {
        self.activity.update(|state| match progress {
            Poll::Ready(_) => state.write_stalled = None,
            Poll::Pending => {
                state.write_stalled.get_or_insert_with(Instant::now);
            }
        });
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WatchedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.update(|state| {
                if state.phase == Phase::Idle {
                    state.phase = Phase::Head;
                    state.since = Instant::now();
                }
            });
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WatchedStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.note_write(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.note_write(&flushed);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let closed = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.note_write(&closed);
        closed
    }
}

/// Serves requests on a connection until either side ends it, a limit is overstepped, or `stopping` says so;
/// a request that is being answered then comes to its end.
pub(crate) async fn serve<T, S>(
    stream: T,
    limits: &Limits,
    mut stopping: watch::Receiver<bool>,
    service: impl FnOnce(Activity) -> S,
) where
    T: AsyncRead + AsyncWrite + Unpin,
    S: HttpService<hyper::body::Incoming, ResBody = GuardedBody>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let activity = Activity::new();
    let io = TokioIo::new(WatchedStream { inner: stream, activity: activity.clone() });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // The watch tells waiting for a request from reading one; hyper's timer would not.
            .header_read_timeout(None)
            .max_buf_size(limits.headers.max(MIN_BUFFER))
            .serve_connection(io, service(activity.clone()))
    );
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection failed");
                }
                return;
            }
            overdue = activity.watch(limits) => {
                tracing::debug!(?overdue, "connection closed");
                if overdue != Overdue::KeepAlive || ending {
                    return;
                }
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = stopping.wait_for(|stopping| *stopping), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The smallest buffer that hyper takes.
const MIN_BUFFER: usize = 8192;
