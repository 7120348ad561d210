//! The inner response stream (MS-OXCMAPIHTTP 2.2.2.2 and 2.2.7): meta-tag lines, additional headers, an
//! empty line, the response body, packed as described.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use protocol::oxcmapihttp::{CommonResponse, ResponseMetaTag};
use runtime::{Blob, Encoder, PackError, String8};

use super::response_code::ResponseCode;

/// The meta-tag that says the request is queued.
const PROCESSING: &str = "PROCESSING";
/// The meta-tag that keeps the connection alive while the request is worked on.
const PENDING: &str = "PENDING";

/// The media type of a body that reports a refusal (MS-OXCMAPIHTTP 2.2.3.2.2).
pub const DIAGNOSTIC_CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// When a request began and how long the server took, for X-StartTime and X-ElapsedTime.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Wall clock time at which processing began; X-StartTime gives it to the second.
    pub started: SystemTime,
    /// Time from then to the end; X-ElapsedTime gives whole milliseconds.
    pub elapsed: Duration,
}

/// How the work behind a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// The response body of the request type.
    Body(Vec<u8>),
    /// No response body, and why.
    Failed(ResponseCode),
}

/// The first part of an inner response stream.
#[must_use]
pub fn processing() -> Bytes {
    packed(|e| ResponseMetaTag { meta_tag: PROCESSING.into() }.pack(e))
}

/// A part of an inner response stream while the work goes on.
#[must_use]
pub fn pending() -> Bytes {
    packed(|e| ResponseMetaTag { meta_tag: PENDING.into() }.pack(e))
}

/// The end of an inner response stream: DONE, the additional headers, and the body.
///
/// A failure carries a second X-ResponseCode and the Content-Type of its diagnostic body, because the
/// first X-ResponseCode has said 0 already (MS-OXCMAPIHTTP 3.2.5.2).
#[must_use]
pub fn final_part(completion: &Completion, timing: Timing) -> Bytes {
    response(Vec::new(), completion, timing)
}

/// A whole inner response stream for a request whose work ended before anything was sent.
#[must_use]
pub fn complete(completion: &Completion, timing: Timing) -> Bytes {
    response(vec![PROCESSING.into()], completion, timing)
}

fn response(meta_tags: Vec<String8<'_>>, completion: &Completion, timing: Timing) -> Bytes {
    let mut additional_headers = vec![
        format!("X-ElapsedTime: {}", timing.elapsed.as_millis()),
        format!("X-StartTime: {}", httpdate::fmt_http_date(timing.started)),
    ];
    let diagnostic;
    let body: &[u8] = match completion {
        Completion::Body(body) => body,
        Completion::Failed(code) => {
            additional_headers.push(format!("X-ResponseCode: {code}"));
            additional_headers.push(format!("Content-Type: {DIAGNOSTIC_CONTENT_TYPE}"));
            diagnostic = diagnostic_html(*code);
            diagnostic.as_bytes()
        }
    };
    let response = CommonResponse {
        meta_tags,
        additional_headers: additional_headers.into_iter().map(|line| String8::new(line.into_bytes())).collect(),
        response_body: Blob::Borrowed(body),
    };
    packed(|e| response.pack(e))
}

/// What a structure packs to; a stream that could not be packed ends there.
fn packed(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Bytes {
    let mut e = Encoder::new();
    if let Err(error) = pack(&mut e) {
        tracing::error!(%error, "a response could not be framed");
        return Bytes::new();
    }
    e.finish()
}

/// The diagnostic page of a refusal. It names the code and nothing of the request.
#[must_use]
pub fn diagnostic_html(code: ResponseCode) -> String {
    format!(
        "<html><head><title>X-ResponseCode {code}</title></head>\
         <body><p>{}</p></body></html>\r\n",
        code.description()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn timing() -> Timing {
        Timing {
            started: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            elapsed: Duration::from_micros(12_999),
        }
    }

    #[test]
    fn a_body_follows_done_and_the_additional_headers() {
        let whole = complete(&Completion::Body(vec![0, 13, 10, 255]), timing());
        assert_eq!(
            whole.as_ref(),
            b"PROCESSING\r\nDONE\r\nX-ElapsedTime: 12\r\n\
              X-StartTime: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n\x00\r\n\xff"
        );
    }

    #[test]
    fn a_late_failure_carries_its_own_code_and_content_type() {
        let end = final_part(&Completion::Failed(ResponseCode::INVALID_REQUEST_BODY), timing());
        let text = std::str::from_utf8(&end).unwrap();
        assert!(text.starts_with("DONE\r\n"));
        assert!(text.contains("\r\nX-ResponseCode: 12\r\n"));
        assert!(text.contains("\r\nContent-Type: text/html"));
        assert!(text.contains("<p>The request body is invalid.</p>"));
    }
}
