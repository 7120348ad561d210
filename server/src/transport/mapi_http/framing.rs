//! The inner response stream (MS-OXCMAPIHTTP 2.2.2.2 and 2.2.7): meta-tag lines, additional headers, an
//! empty line, the response body.
//!
//! Everything before the body is text in lines ended by CRLF, and all of it is written here.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::response_code::ResponseCode;

/// The meta-tag line that says the request is queued.
pub const PROCESSING: &[u8] = b"PROCESSING\r\n";
/// The meta-tag line that keeps the connection alive while the request is worked on.
pub const PENDING: &[u8] = b"PENDING\r\n";
/// The meta-tag line that says the request is done; additional headers follow it.
pub const DONE: &[u8] = b"DONE\r\n";

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

/// The end of an inner response stream: DONE, the additional headers, and the body.
///
/// A failure carries a second X-ResponseCode and the Content-Type of its diagnostic body, because the
/// first X-ResponseCode has said 0 already (MS-OXCMAPIHTTP 3.2.5.2).
#[must_use]
pub fn final_part(completion: &Completion, timing: Timing) -> Bytes {
    let diagnostic;
    let (failure, body): (Option<ResponseCode>, &[u8]) = match completion {
        Completion::Body(body) => (None, body),
        Completion::Failed(code) => {
            diagnostic = diagnostic_html(*code);
            (Some(*code), diagnostic.as_bytes())
        }
    };
    let mut headers = format!(
        "X-ElapsedTime: {}\r\nX-StartTime: {}\r\n",
        timing.elapsed.as_millis(),
        httpdate::fmt_http_date(timing.started),
    );
    if let Some(code) = failure {
        headers.push_str(&format!("X-ResponseCode: {code}\r\nContent-Type: {DIAGNOSTIC_CONTENT_TYPE}\r\n"));
    }
    headers.push_str("\r\n");
    let mut part = Vec::with_capacity(DONE.len() + headers.len() + body.len());
    part.extend_from_slice(DONE);
    part.extend_from_slice(headers.as_bytes());
    part.extend_from_slice(body);
    Bytes::from(part)
}

/// A whole inner response stream for a request whose work ended before anything was sent.
#[must_use]
pub fn complete(completion: &Completion, timing: Timing) -> Bytes {
    let end = final_part(completion, timing);
    let mut whole = Vec::with_capacity(PROCESSING.len() + end.len());
    whole.extend_from_slice(PROCESSING);
    whole.extend_from_slice(&end);
    Bytes::from(whole)
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
