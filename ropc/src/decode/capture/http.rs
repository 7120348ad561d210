//! HTTP/1.1 messages in what one side of a connection sent (RFC 9112).

use std::ops::Range;

/// A request or a response.
#[derive(Debug)]
pub(super) struct Message {
    /// Bytes of the stream before it.
    pub(super) offset: usize,
    /// Bytes of the stream up to its end.
    pub(super) end: usize,
    headers: Headers,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The value of a header, the first one of the name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn is_chunked(&self) -> bool {
        self.header("Transfer-Encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with("chunked"))
    }

    /// How the body is compressed, where it is.
    pub(super) fn encoding(&self) -> Option<&str> {
        self.header("Content-Encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    }

    /// The value of a cookie in headers of this name.
    pub(super) fn cookie(&self, header: &str, cookie: &str) -> Option<String> {
        let headers = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
        let mut pairs = headers.flat_map(|(_, value)| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == cookie).map(|(_, value)| value.to_owned())
    }
}

/// The requests of a stream, up to the first that is cut off or no request.
pub(super) fn requests(stream: &[u8]) -> Vec<Message> {
    messages(stream, |first| first.ends_with("HTTP/1.1") || first.ends_with("HTTP/1.0"), false)
}

/// The responses of a stream; those with a status below 200 answer nothing yet and are left out.
pub(super) fn responses(stream: &[u8]) -> Vec<Message> {
    messages(stream, |first| first.starts_with("HTTP/1."), true)
}

/// A body that may go on when the stream ends, where its bytes stand in the stream.
#[derive(Debug)]
pub(super) struct Body {
    /// The line that begins its message.
    pub(super) first: String,
    pub(super) pieces: Vec<Range<usize>>,
}

/// The bodies of a stream of requests or of responses, the last one as far as it goes.
pub(super) fn bodies(stream: &[u8], responses: bool) -> Vec<Body> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((first, headers, size)) = stream.get(at..).and_then(head) {
        let is_first = if responses { first.starts_with("HTTP/1.") } else { first.contains(" HTTP/1.") };
        if !is_first {
            break;
        }
        let message = Message { offset: at, end: at, headers, body: Vec::new() };
        let start = at.saturating_add(size);
        let status = if responses { first.split(' ').nth(1).unwrap_or_default() } else { "" };
        let length = message.header("Content-Length").and_then(|length| length.parse::<usize>().ok());
        let (pieces, end) = match length {
            _ if has_none(status) => (Vec::new(), start),
            _ if message.is_chunked() => pieces(stream, start),
            Some(length) => whole(stream, start, start.saturating_add(length)),
            None if responses => whole(stream, start, stream.len()),
            None => (Vec::new(), start),
        };
        found.push(Body { first, pieces });
        at = end;
    }
    found
}

fn whole(stream: &[u8], start: usize, end: usize) -> (Vec<Range<usize>>, usize) {
    let piece = start..end.min(stream.len()).max(start);
    (Vec::from([piece]), end)
}

/// The chunks from here on, and where they end; beyond the stream where they do not.
fn pieces(stream: &[u8], start: usize) -> (Vec<Range<usize>>, usize) {
    let mut found = Vec::new();
    let mut at = start;
    loop {
        let mut rest = stream.get(at..).unwrap_or_default();
        let before = rest.len();
        let size = line(&mut rest).and_then(chunk_size);
        let Some(size) = size else { return (found, usize::MAX) };
        at = at.saturating_add(before.saturating_sub(rest.len()));
        if size == 0 {
            while line(&mut rest).is_some_and(|line| !line.is_empty()) {}
            return (found, stream.len().saturating_sub(rest.len()));
        }
        let end = at.saturating_add(size);
        found.push(at..end.min(stream.len()));
        at = end.saturating_add(2);
    }
}

/// Names and values.
type Headers = Vec<(String, String)>;

/// The head of a message: its first line, its headers, the bytes that it takes.
fn head(rest: &[u8]) -> Option<(String, Headers, usize)> {
    let end = rest.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(rest.get(..end)?);
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
    Some((first, headers, end.saturating_add(4)))
}

fn messages(stream: &[u8], is_first: fn(&str) -> bool, responses: bool) -> Vec<Message> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((first, headers, size)) = stream.get(at..).and_then(head) {
        if !is_first(&first) {
            break;
        }
        let mut message = Message { offset: at, end: at, headers, body: Vec::new() };
        let status = if responses { first.split(' ').nth(1).unwrap_or_default() } else { "" };
        let start = at.saturating_add(size);
        let after = stream.get(start..).unwrap_or_default();
        let Some((body, size)) = body(&message, after, responses, status) else { break };
        message.body = body;
        at = start.saturating_add(size);
        message.end = at;
        if !status.starts_with('1') {
            found.push(message);
        }
    }
    found
}

/// A body, and the bytes that it takes in the stream; `None` when it is cut off.
fn body(message: &Message, after: &[u8], response: bool, status: &str) -> Option<(Vec<u8>, usize)> {
    if has_none(status) {
        return Some((Vec::new(), 0));
    }
    if message.is_chunked() {
        return chunks(after);
    }
    match message.header("Content-Length") {
        Some(length) => {
            let length = length.parse().ok()?;
            Some((after.get(..length)?.to_vec(), length))
        }
        // The end of the connection ends it.
        None if response => Some((after.to_vec(), after.len())),
        None => Some((Vec::new(), 0)),
    }
}

fn chunks(mut rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let whole = rest.len();
    let mut body = Vec::new();
    loop {
        let size = chunk_size(line(&mut rest)?)?;
        if size == 0 {
            // Trailers, up to an empty line.
            while !line(&mut rest)?.is_empty() {}
            return Some((body, whole - rest.len()));
        }
        let (chunk, after) = rest.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
}

/// No message of this status has a body.
fn has_none(status: &str) -> bool {
    status.starts_with('1') || status == "204" || status == "304"
}

/// How many bytes follow, as the line before a chunk says.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let size = std::str::from_utf8(line).ok()?;
    usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()
}

/// The next line, its end taken off.
fn line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let end = rest.windows(2).position(|window| window == b"\r\n")?;
    let line = rest.get(..end)?;
    *rest = rest.get(end.checked_add(2)?..)?;
    Some(line)
}
