//! Captured network traffic: exchanges of MAPI over HTTP in clear, in the order of their requests.
//!
//! `packets` takes a pcap or pcapng file apart, `streams` puts the bytes of TCP connections in order, `http` finds
//! requests and responses in them.

mod http;
mod packets;
mod streams;

use std::collections::BTreeMap;

use ropc::model::Program;

use super::rops::Decoder;
use super::script::mapi_http;
use super::tree::{Decoded, Node, Value};
use http::Message;

/// The header that names the request type (MS-OXCMAPIHTTP 2.2.3.3.1).
const REQUEST_TYPE: &str = "X-RequestType";
/// The cookie that names the session (MS-OXCMAPIHTTP 3.1.5.2).
const SESSION_COOKIE: &str = "MapiContext";

/// An exchange with the packet that began it.
struct Exchange {
    packet: usize,
    client: String,
    connection: usize,
    request: Message,
    response: Option<Message>,
}

/// Decodes the exchanges of a capture; each session is a conversation of its own.
///
/// # Errors
/// When the file is no capture, or nothing in it is MAPI over HTTP; the text says which.
pub fn decode(program: &Program, file: &[u8]) -> Result<Vec<Decoded>, String> {
    let packets = packets::read(file)?;
    let connections = streams::connections(&packets);
    let mut exchanges = Vec::new();
    for (number, connection) in connections.iter().enumerate() {
        let mut responses = http::responses(&connection.from_server.bytes).into_iter();
        for request in http::requests(&connection.from_client.bytes) {
            exchanges.push(Exchange {
                packet: connection.from_client.packet_at(request.offset),
                client: connection.client.clone(),
                connection: number,
                response: responses.next(),
                request,
            });
        }
    }
    exchanges.retain(|exchange| exchange.request.header(REQUEST_TYPE).is_some());
    if exchanges.is_empty() {
        return Err(format!(
            "nothing in {} packets and {} connections is MAPI over HTTP in clear",
            packets.len(),
            connections.len()
        ));
    }
    exchanges.sort_by_key(|exchange| exchange.packet);
    let mut sessions: BTreeMap<String, Decoder<'_>> = BTreeMap::new();
    let mut all = Vec::new();
    for exchange in &exchanges {
        let decoder = sessions.entry(session(exchange)).or_insert_with(|| Decoder::new(program));
        let key = exchange.request.header(REQUEST_TYPE).unwrap_or_default();
        let response = exchange.response.as_ref().map(|response| response.body.as_slice());
        let decoded = mapi_http(decoder, key, Some(&exchange.request.body), response);
        for mut one in decoded.unwrap_or_else(|_| not_described(decoder, key, exchange)) {
            one.root.name = format!("{} {}", exchange.client, one.root.name);
            all.push(one);
        }
    }
    Ok(all)
}

/// Bodies of a request type that nothing describes.
fn not_described(decoder: &mut Decoder<'_>, key: &str, exchange: &Exchange) -> Vec<Decoded> {
    let bodies =
        [Some(("request", &exchange.request)), exchange.response.as_ref().map(|response| ("response", response))];
    let shown = bodies.into_iter().flatten().map(|(side, message)| {
        decoder.buffer(&format!("{key} {side}"), &message.body, |_, c, root| {
            let why = "a request type that is not described".to_owned();
            root.children.push(Node::leaf("Body", 0, c.take_rest().len(), Value::Opaque(why)));
            Ok(())
        })
    });
    shown.collect()
}

/// What tells sessions apart: the cookie of the request, or the one that its response sets, or the connection.
fn session(exchange: &Exchange) -> String {
    let of_request = exchange.request.cookie("Cookie", SESSION_COOKIE);
    let of_response = || exchange.response.as_ref()?.cookie("Set-Cookie", SESSION_COOKIE);
    of_request.or_else(of_response).unwrap_or_else(|| format!("connection {}", exchange.connection))
}
