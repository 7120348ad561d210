//! Several buffers in one text: the exchanges of a conversation, or values a line.

use ropc::model::Program;
use runtime::Cursor;

use super::input::hex;
use super::rops::{Decoder, Requests};
use super::target::{Target, parameter};
use super::tree::{Decoded, Node};

/// Reads a line of a conversation and decodes its buffers:
/// `rops REQUEST REPLY` or `mapihttp TYPE REQUEST RESPONSE`, all hexadecimal, `-` for what is not there.
///
/// # Errors
/// When it is no such line; the text says why.
pub fn exchange(decoder: &mut Decoder<'_>, line: &str) -> Result<Vec<Decoded>, String> {
    let mut words = line.split_whitespace();
    let (kind, rest): (_, Vec<&str>) = (words.next().unwrap_or_default(), words.collect());
    match (kind, rest.as_slice()) {
        ("rops", [request, rest @ ..]) if rest.len() <= 1 => {
            Ok(rops(decoder, bytes(request)?.as_deref(), optional(rest.first().copied())?.as_deref()))
        }
        ("mapihttp", [key, request, rest @ ..]) if rest.len() <= 1 => {
            mapi_http(decoder, key, bytes(request)?.as_deref(), optional(rest.first().copied())?.as_deref())
        }
        _ => Err(format!("`{kind}`: expected `rops REQUEST REPLY` or `mapihttp TYPE REQUEST RESPONSE`")),
    }
}

fn optional(word: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    word.map_or(Ok(None), bytes)
}

fn bytes(word: &str) -> Result<Option<Vec<u8>>, String> {
    match word {
        "-" => Ok(None),
        word => hex(word).map(Some).ok_or_else(|| format!("`{word}` is not hexadecimal")),
    }
}

/// Decodes a ROP input buffer and the output buffer that answers it.
pub fn rops(decoder: &mut Decoder<'_>, request: Option<&[u8]>, reply: Option<&[u8]>) -> Vec<Decoded> {
    let mut requests = Requests::unknown();
    let mut all = Vec::new();
    if let Some(bytes) = request {
        all.push(decoder.buffer("RopInputBuffer", bytes, |this, c, root| {
            requests = this.input(c, root)?;
            Ok(())
        }));
    }
    if let Some(bytes) = reply {
        all.push(decoder.buffer("RopOutputBuffer", bytes, |this, c, root| this.output(c, root, &mut requests)));
    }
    all
}

/// Decodes the bodies of an HTTP exchange of a request type.
///
/// # Errors
/// When there is no such request type; the text names those that there are.
pub fn mapi_http(
    decoder: &mut Decoder<'_>,
    key: &str,
    request: Option<&[u8]>,
    response: Option<&[u8]>,
) -> Result<Vec<Decoded>, String> {
    let program = decoder.interpreter.program;
    let Some(of) = program.requests.iter().find(|request| request.key.eq_ignore_ascii_case(key)) else {
        let known: Vec<&str> = program.requests.iter().map(|request| request.key.as_str()).collect();
        return Err(format!("there is no request type `{key}`: {}", known.join(", ")));
    };
    let mut requests = Requests::unknown();
    let mut all = Vec::new();
    if let Some(bytes) = request {
        let (decoded, sent) = decoder.http_request(of, bytes);
        requests = sent;
        all.push(decoded);
    }
    if let Some(bytes) = response {
        all.push(decoder.http_response(of, bytes, &mut requests));
    }
    Ok(all)
}

/// Decodes `TYPE[;PARAM=VALUE..] HEX` and answers `ok CONSUMED` or `error OFFSET MESSAGE`: for comparing
/// many values with another implementation. Bytes after the value are no mistake.
pub fn value_line(program: &Program, line: &str) -> String {
    let (head, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = head.split(';');
    let name = parts.next().unwrap_or_default();
    let Some(target) = Target::find(program, name) else { return format!("unknown {name}") };
    let mut decoder = Decoder::new(program);
    for part in parts {
        match parameter(&decoder, target.params(), part) {
            Ok(value) => decoder.given.push(value),
            Err(error) => return format!("unknown {error}"),
        }
    }
    let Some(bytes) = hex(text) else { return "unknown bytes that are not hexadecimal".to_owned() };
    decoder.interpreter.begin(bytes.len());
    let mut c = Cursor::new(&bytes);
    match target.read(&mut decoder, &mut c, &mut Node::new(name, 0)) {
        Ok(()) => format!("ok {}", c.offset()),
        Err(fault) => format!("error {} {}: {}", fault.offset, fault.path, fault.message),
    }
}
