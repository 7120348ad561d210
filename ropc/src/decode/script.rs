//! Several buffers in one text: the exchanges of a conversation, or values a line.

use runtime::Cursor;
use runtime::ndr::Representation;

use super::conversation::Requests;
use super::input::hex;
use super::rops::Decoder;
use super::rpc::{Call, Interfaces, Named};
use super::target::Target;
use super::tree::{Decoded, Fault, Node};

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
    match reply {
        Some(bytes) => {
            all.push(decoder.buffer("RopOutputBuffer", bytes, |this, c, root| this.output(c, root, &mut requests)));
        }
        None => decoder.unanswered(&mut requests),
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
    match response {
        Some(bytes) => all.push(decoder.http_response(of, bytes, &mut requests)),
        None => decoder.unanswered(&mut requests),
    }
    Ok(all)
}

/// Decodes a line that stands for itself: for comparing many values with another implementation.
///
/// `TYPE[;PARAM=VALUE..] BYTES` answers `ok SIZE`, where bytes may be left; `rops REQUEST REPLY` answers `ok`, or
/// `opaque` where something was not known. Mistakes are answered by `error OFFSET PATH: MESSAGE`.
///
/// `rpc NAME in|out|type le|be|ndr64 BYTES [RESPONSE]` answers `ok`, and its size for a type; `out` has the request first.
pub fn answer<'p>(decoder: &mut Decoder<'p>, interfaces: Interfaces<'p>, line: &str) -> String {
    decoder.forget();
    let answer = match line.split_once(' ') {
        Some(("rops", _)) => buffers(decoder, line),
        Some(("rpc", rest)) => stub(decoder, interfaces, rest),
        _ => value(decoder, line),
    };
    answer.unwrap_or_else(|error| format!("unknown {error}"))
}

fn buffers(decoder: &mut Decoder<'_>, line: &str) -> Result<String, String> {
    let all = exchange(decoder, line)?;
    Ok(match all.iter().find_map(|decoded| decoded.fault.as_ref()) {
        Some(fault) => wrong(fault),
        None if all.iter().any(|decoded| decoded.root.has_opaque()) => "opaque".to_owned(),
        None => "ok".to_owned(),
    })
}

/// A line that begins with `rpc`.
struct Rpc<'a> {
    name: &'a str,
    /// `in`, `out` or `type`.
    what: &'a str,
    representation: Representation,
    given: Vec<Vec<u8>>,
}

impl<'a> Rpc<'a> {
    fn of(line: &'a str) -> Result<Self, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, what, order, rest @ ..] = words.as_slice() else { return Err("too few words".to_owned()) };
        let representation = match *order {
            "le" => Representation::NDR,
            "be" => Representation::NDR_BIG_ENDIAN,
            "ndr64" => Representation::NDR64,
            other => return Err(format!("representation {other}")),
        };
        let given = rest.iter().map(|word| Ok(bytes(word)?.unwrap_or_default())).collect::<Result<_, String>>()?;
        Ok(Self { name, what, representation, given })
    }
}

fn stub<'p>(decoder: &mut Decoder<'p>, interfaces: Interfaces<'p>, line: &str) -> Result<String, String> {
    let rpc = Rpc::of(line)?;
    if let ((interface, Named::Type(id)), "type", [data]) = (interfaces.find(rpc.name)?, rpc.what, rpc.given.as_slice())
    {
        decoder.interpreter.begin(data.len());
        let read = decoder.rpc_value(interface, id, rpc.representation, data, &mut Node::new(rpc.name, 0));
        return Ok(read.map_or_else(|fault| wrong(&fault), |size| format!("ok {size}")));
    }
    let last = stubs(decoder, interfaces, &rpc)?.pop();
    Ok(last.and_then(|decoded| decoded.fault).map_or_else(|| "ok".to_owned(), |fault| wrong(&fault)))
}

/// The request, or the request and the response that answers it, or a value of a type.
fn stubs<'p>(decoder: &mut Decoder<'p>, interfaces: Interfaces<'p>, rpc: &Rpc<'_>) -> Result<Vec<Decoded>, String> {
    let (interface, named) = interfaces.find(rpc.name)?;
    let representation = rpc.representation;
    match (named, rpc.what, rpc.given.as_slice()) {
        (Named::Type(id), "type", [data]) => Ok(vec![decoder.buffer(rpc.name, data, |this, c, root| {
            let size = this.rpc_value(interface, id, representation, c.peek(), root)?;
            c.take(size).map(|_| ()).map_err(|error| this.interpreter.refused(&error))
        })]),
        (Named::Operation(operation), "in", [data]) => {
            Ok(vec![decoder.rpc_request(Call { interface, operation, representation }, data).0])
        }
        (Named::Operation(operation), "out", [request, data]) => {
            let call = Call { interface, operation, representation };
            let (sent, asked) = decoder.rpc_request(call, request);
            Ok(vec![sent, decoder.rpc_response(call, data, Some(asked))])
        }
        _ => Err("no such form of `rpc`".to_owned()),
    }
}

/// The trees of a line as [`answer`] takes it: what it answers with an error has that in its tree.
///
/// # Errors
/// When the line has no such form; the text says why.
pub fn trees<'p>(decoder: &mut Decoder<'p>, interfaces: Interfaces<'p>, line: &str) -> Result<Vec<Decoded>, String> {
    decoder.forget();
    match line.split_once(' ') {
        Some(("rops", _)) => exchange(decoder, line),
        Some(("rpc", rest)) => stubs(decoder, interfaces, &Rpc::of(rest)?),
        _ => {
            let (name, target, bytes) = asked(decoder, line)?;
            Ok(vec![decoder.buffer(name, &bytes, |this, c, root| target.read(this, c, root))])
        }
    }
}

fn value(decoder: &mut Decoder<'_>, line: &str) -> Result<String, String> {
    let (name, target, bytes) = asked(decoder, line)?;
    decoder.interpreter.begin(bytes.len());
    let mut c = Cursor::new(&bytes);
    Ok(match target.read(decoder, &mut c, &mut Node::new(name, 0)) {
        Ok(()) => format!("ok {}", c.offset()),
        Err(fault) => wrong(&fault),
    })
}

/// What a line asks for, its parameters given: the name, the target, the bytes.
fn asked<'p, 'l>(decoder: &mut Decoder<'p>, line: &'l str) -> Result<(&'l str, Target<'p>, Vec<u8>), String> {
    let (head, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = head.split(';');
    let name = parts.next().unwrap_or_default();
    let target = Target::find(decoder.interpreter.program, name).ok_or(name)?;
    for part in parts {
        target.give(decoder, part)?;
    }
    Ok((name, target, hex(text).ok_or("bytes that are not hexadecimal")?))
}

fn wrong(fault: &Fault) -> String {
    format!("error {} {}: {}", fault.offset, fault.path, fault.message)
}
