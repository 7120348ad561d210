//! Request bodies read within bounds, and response bodies whole or in parts.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{EXPECT, HeaderMap};
use tokio::sync::mpsc;

/// Why a request body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than allowed.
    #[error("the request body is too large")]
    TooLarge,
    /// It ended early, broke the transfer coding, or took too long.
    #[error("the request body did not arrive whole")]
    Incomplete,
}

/// Reads a whole request body of at most `limit` bytes within `patience`.
///
/// Memory grows with what arrives, not with what was announced.
///
/// # Errors
/// [`BodyError`].
pub async fn read(mut body: Incoming, limit: usize, patience: Duration) -> Result<Bytes, BodyError> {
    let reading = async {
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Incomplete)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if whole.len().saturating_add(data.len()) > limit {
                return Err(BodyError::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(patience, reading).await.unwrap_or(Err(BodyError::Incomplete))
}

/// Reads and drops a body that nobody wants, so that the connection can carry the next request. Gives up
/// after `limit` bytes or `patience`; the connection then closes after the response. A body that is
/// announced as longer, or that waits for leave to come (`Expect`), is not read at all.
pub async fn discard(headers: &HeaderMap, mut body: Incoming, limit: usize, patience: Duration) {
    if body.size_hint().lower() > limit as u64 || headers.contains_key(EXPECT) {
        return;
    }
    let reading = async {
        let mut length = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if length > limit {
                break;
            }
        }
    };
    // Running out of patience is an outcome like any other here.
    let _ = tokio::time::timeout(patience, reading).await;
}

/// A response body: known whole, or parts that arrive while the request is worked on.
#[derive(Debug)]
pub enum ReplyBody {
    /// All of it; the response has a Content-Length.
    Whole(Bytes),
    /// Parts; the response has the chunked transfer coding.
    Parts(mpsc::Receiver<Bytes>),
}

impl ReplyBody {
    /// A body that is known whole but goes out in the chunked transfer coding.
    #[must_use]
    pub fn one_part(part: Bytes) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        // The channel is new and has room for one part.
        let _ = sender.try_send(part);
        Self::Parts(receiver)
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(std::mem::take(bytes)),
            Self::Parts(receiver) => ready!(receiver.poll_recv(cx)),
        };
        Poll::Ready(part.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Parts(_) => SizeHint::default(),
        }
    }
}
