//! Captured network traffic: exchanges of MAPI over HTTP in clear and connections of RPC, in the order of their requests.
//!
//! `packets` takes a pcap or pcapng file apart, `streams` puts the bytes of TCP connections in order, `http` finds
//! requests and responses in them, `channels` joins those of RPC over HTTP.

mod channels;
mod http;
mod packets;
mod streams;

use std::collections::BTreeMap;

use ropc::model::Program;

use super::pdus::{self, Side};
use super::rops::Decoder;
use super::rpc::Interfaces;
use super::script::mapi_http;
use super::tree::{Decoded, Node, Value};
use http::Message;

/// The header that names the request type (MS-OXCMAPIHTTP 2.2.3.3.1).
const REQUEST_TYPE: &str = "X-RequestType";
/// The cookie that names the session (MS-OXCMAPIHTTP 3.1.5.2).
const SESSION_COOKIE: &str = "MapiContext";

/// An exchange with the packet that began it, and those that completed request and response.
struct Exchange {
    packet: usize,
    complete: [usize; 2],
    client: String,
    connection: usize,
    request: Message,
    response: Option<Message>,
}

/// Decodes the exchanges of a capture; each session is a conversation of its own.
///
/// # Errors
/// When the file is no capture, or nothing in it is MAPI over HTTP or RPC; the text says which.
pub fn decode<'p>(program: &'p Program, interfaces: Interfaces<'p>, file: &[u8]) -> Result<Vec<Decoded>, String> {
    let packets = packets::read(file)?;
    let connections = streams::connections(&packets);
    let mut exchanges = Vec::new();
    for (number, connection) in connections.iter().enumerate() {
        let mut responses = http::responses(&connection.from_server.bytes).into_iter();
        for request in http::requests(&connection.from_client.bytes) {
            let response = responses.next();
            let last = |stream: &streams::Stream, message: &Message| stream.packet_at(message.end.saturating_sub(1));
            let answered = response.as_ref().map_or(0, |message| last(&connection.from_server, message));
            exchanges.push(Exchange {
                packet: connection.from_client.packet_at(request.offset),
                complete: [last(&connection.from_client, &request), answered],
                client: connection.client.clone(),
                connection: number,
                response,
                request,
            });
        }
    }
    exchanges.retain(|exchange| exchange.request.header(REQUEST_TYPE).is_some());
    let calls = calls(program, interfaces, &connections);
    if exchanges.is_empty() && calls.is_empty() {
        let encrypted = connections.iter().filter(|connection| connection.is_encrypted()).count();
        let hint = match encrypted {
            0 => String::new(),
            count => format!("; {count} of them are TLS, which has to be decrypted before"),
        };
        return Err(format!(
            "nothing in {} packets and {} connections is MAPI over HTTP or RPC in clear{hint}",
            packets.len(),
            connections.len()
        ));
    }
    exchanges.sort_by_key(|exchange| exchange.packet);
    let mut sessions: BTreeMap<String, Decoder<'_>> = BTreeMap::new();
    let mut all = calls;
    for exchange in &exchanges {
        let decoder = sessions.entry(session(exchange)).or_insert_with(|| Decoder::new(program));
        let key = exchange.request.header(REQUEST_TYPE).unwrap_or_default();
        for (mut one, packet) in exchanged(decoder, key, exchange).into_iter().zip(exchange.complete) {
            one.root.name = format!("{} {} in packet {packet}", exchange.client, one.root.name);
            all.push(one);
        }
    }
    Ok(all)
}

/// The PDUs of connections of RPC.
fn calls<'p>(program: &'p Program, interfaces: Interfaces<'p>, connections: &[streams::Connection]) -> Vec<Decoded> {
    let mut all = Vec::new();
    for connection in channels::of(&mut Decoder::new(program), connections) {
        let mut decoder = Decoder::new(program);
        let (client, server) = (connection.side(Side::Client), connection.side(Side::Server));
        for mut read in pdus::decode(&mut decoder, interfaces, client, server) {
            let (of, packet) = connection.origin(read.side, read.offset.saturating_add(read.size));
            read.decoded.root.name = format!("{of} {} in packet {packet}", read.decoded.root.name);
            all.push(read.decoded);
        }
    }
    all
}

/// The bodies of an exchange.
fn exchanged(decoder: &mut Decoder<'_>, key: &str, exchange: &Exchange) -> Vec<Decoded> {
    let (request, response) = (&exchange.request, exchange.response.as_ref());
    if request.encoding().is_none() && response.is_none_or(|response| response.encoding().is_none()) {
        let body = response.map(|response| response.body.as_slice());
        if let Ok(decoded) = mapi_http(decoder, key, Some(&request.body), body) {
            return decoded;
        }
    }
    let mut all = Vec::new();
    for (side, message) in
        [Some(("request", request)), response.map(|response| ("response", response))].into_iter().flatten()
    {
        let read = match (message.encoding(), side) {
            (None, "request") => mapi_http(decoder, key, Some(&message.body), None),
            (None, _) => mapi_http(decoder, key, None, Some(&message.body)),
            (Some(encoding), _) => Err(format!("Content-Encoding {encoding}")),
        };
        match read {
            Ok(decoded) => all.extend(decoded),
            Err(why) => {
                let why =
                    if message.encoding().is_some() { why } else { "a request type that is not described".to_owned() };
                all.push(opaque(decoder, &format!("{key} {side}"), &message.body, why));
            }
        }
    }
    all
}

/// A body that is not decoded.
fn opaque(decoder: &mut Decoder<'_>, name: &str, body: &[u8], why: String) -> Decoded {
    decoder.buffer(name, body, |_, c, root| {
        root.children.push(Node::leaf("Body", 0, c.take_rest().len(), Value::Opaque(why)));
        Ok(())
    })
}

/// The body of a whole HTTP message with its request type, where the bytes are one.
pub fn message(bytes: &[u8]) -> Option<(Option<String>, Vec<u8>)> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let mut found = match (begins(b"POST "), begins(b"HTTP/1.")) {
        (true, _) => http::requests(bytes),
        (_, true) => http::responses(bytes),
        _ => return None,
    };
    let first = found.drain(..).next()?;
    let key = first.header(REQUEST_TYPE).map(str::to_owned);
    Some((key, first.body))
}

/// What tells sessions apart: the cookie of the request, or the one that its response sets, or the connection.
fn session(exchange: &Exchange) -> String {
    let of_request = exchange.request.cookie("Cookie", SESSION_COOKIE);
    let of_response = || exchange.response.as_ref()?.cookie("Set-Cookie", SESSION_COOKIE);
    of_request.or_else(of_response).unwrap_or_else(|| format!("connection {}", exchange.connection))
}
