//! Bodies and messages of MAPI over HTTP around operations, and connections that carry them.

use crate::decode::input::hex;
use crate::payloads::{Form, extended};
use crate::traffic::{ipv4, pcap, segments_of};

/// The captured conversation: request type, request, response.
pub fn captured() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let lines = include_str!("../decode/conversation.txt").lines();
    let lines = lines.filter_map(|line| line.strip_prefix("mapihttp "));
    let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
    words.map(|words| (words[0].to_owned(), hex(words[1]).unwrap(), hex(words[2]).unwrap())).collect()
}

/// A request of this type with a cookie of the session.
pub fn request(key: &str, session: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /mapi/emsmdb/ HTTP/1.1\r\nHost: mail.example.test\r\nContent-Type: application/mapi-http\r\n\
         X-RequestType: {key}\r\nCookie: a=b; MapiContext={session}; c=d\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A response, in one piece or in chunks.
pub fn response(key: &str, body: &[u8], chunked: bool) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/mapi-http\r\nX-RequestType: {key}\r\n");
    if !chunked {
        return [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    }
    let (first, rest) = body.split_at(body.len() / 2);
    let mut message = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in [first, rest].into_iter().filter(|chunk| !chunk.is_empty()) {
        message.extend(format!("{:x}\r\n", chunk.len()).bytes());
        message.extend(chunk);
        message.extend(b"\r\n");
    }
    message.extend(b"0\r\n\r\n");
    message
}

/// A capture of one connection with these messages in turn; an empty one is not sent.
pub fn capture(messages: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let packets: Vec<Vec<u8>> = segments_of(messages, 1400).iter().map(ipv4).collect();
    pcap(false, 101, &packets)
}

/// A ROP buffer of these operations with a handle table.
pub fn buffer(operations: &[u8], handles: &[u32]) -> Vec<u8> {
    let mut bytes = u16::try_from(operations.len() + 2).unwrap().to_le_bytes().to_vec();
    bytes.extend(operations);
    bytes.extend(handles.iter().flat_map(|handle| handle.to_le_bytes()));
    bytes
}

/// The body of an Execute request.
pub fn execute(buffer: &[u8], form: Form) -> Vec<u8> {
    let payload = packed(buffer, form);
    let mut body = vec![0; 4];
    body.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    body.extend(payload);
    body.extend([0, 0x80, 0, 0, 0, 0, 0, 0]);
    body
}

/// The body of a response to it, with or without meta-tags.
pub fn executed(buffer: &[u8], form: Form, tagged: bool) -> Vec<u8> {
    let payload = packed(buffer, form);
    let mut body = Vec::new();
    if tagged {
        body.extend(b"PROCESSING\r\nPENDING\r\nDONE\r\nX-ResponseCode: 0\r\n\r\n");
    }
    body.extend([0; 12]);
    body.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    body.extend(payload);
    body.extend([0; 4]);
    body
}

/// The body of a Connect response that failed, with an auxiliary buffer.
pub fn refused(auxiliary: &[u8], form: Form) -> Vec<u8> {
    let payload = packed(auxiliary, form);
    let mut body = vec![5, 0, 4, 0x80];
    body.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    body.extend(payload);
    body
}

fn packed(buffer: &[u8], form: Form) -> Vec<u8> {
    extended(buffer, form, true)
}

/// How payloads stand, one after the other.
pub fn forms() -> impl Iterator<Item = Form> {
    let forms = [(false, false), (false, true), (true, false), (true, true)];
    forms.map(|(compressed, xored)| Form { compressed, xored }).into_iter().cycle()
}
