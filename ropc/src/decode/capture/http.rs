//! HTTP/1.1 messages in what one side of a connection sent (RFC 9112).

/// A request or a response.
#[derive(Debug)]
pub(super) struct Message {
    /// Bytes of the stream before it.
    pub(super) offset: usize,
    /// Bytes of the stream up to its end.
    pub(super) end: usize,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The value of a header, the first one of the name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
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

fn messages(stream: &[u8], is_first: fn(&str) -> bool, responses: bool) -> Vec<Message> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = stream.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else { break };
        let head = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        if !is_first(first) {
            break;
        }
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        let mut message = Message { offset: at, end: at, headers, body: Vec::new() };
        let status = if responses { first.split(' ').nth(1).unwrap_or_default() } else { "" };
        let after = rest.get(end.saturating_add(4)..).unwrap_or_default();
        let Some((body, size)) = body(&message, after, responses, status) else { break };
        message.body = body;
        at = at.saturating_add(end).saturating_add(4).saturating_add(size);
        message.end = at;
        if !status.starts_with('1') {
            found.push(message);
        }
    }
    found
}

/// A body, and the bytes that it takes in the stream; `None` when it is cut off.
fn body(message: &Message, after: &[u8], response: bool, status: &str) -> Option<(Vec<u8>, usize)> {
    if status.starts_with('1') || status == "204" || status == "304" {
        return Some((Vec::new(), 0));
    }
    if message.header("Transfer-Encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with("chunked")) {
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
        let size = std::str::from_utf8(line(&mut rest)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
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

/// The next line, its end taken off.
fn line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let end = rest.windows(2).position(|window| window == b"\r\n")?;
    let line = rest.get(..end)?;
    *rest = rest.get(end.checked_add(2)?..)?;
    Some(line)
}
