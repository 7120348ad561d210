//! Connections of RPC: PDUs in both directions, calls put together from their fragments.
//!
//! A bind says which interface a context is, its answer in which transfer syntax; requests name the context and the
//! operation, and responses answer them by the id of their call. Data that is encrypted stays bytes.

use std::collections::{BTreeMap, VecDeque};

use runtime::Cursor;
use runtime::ndr::Representation;

use super::rops::Decoder;
use super::rpc::{Asked, Call, Interfaces};
use super::tree::{Decoded, Fault, Node, Value};

/// The structures of PDUs, and of what may follow the data of a call.
const PDU: &str = "RpcPdu";
const RTS: &str = "RtsPdu";
const TRAILER: &str = "RpcVerificationTrailer";
/// The type of RTS PDUs (MS-RPCH 2.2.3.6.1), the third byte of a PDU.
const TYPE_OF_RTS: u8 = 20;
/// What a verification trailer begins with, how near to the end (MS-RPCE 2.2.2.13), and at which places.
const SIGNATURE: [u8; 8] = [0x8A, 0xE3, 0x13, 0x71, 0x02, 0xF4, 0x36, 0x71];
const TRAILER_ROOM: usize = 1024;
const TRAILER_STEP: usize = 4;
/// NDR64 (MS-RPCE 3.1.1.4 and 2.2.5).
const NDR64: &str = "71710533-beba-4937-8319-b5dbef9ccc36";
/// The level of authentication at which data is encrypted.
const PRIVACY: u64 = 6;
/// The most data of one call that is put together.
const MOST_DATA: usize = 16 << 20;

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that binds and asks.
    Client,
    /// The one that answers.
    Server,
}

/// An interface that was asked for.
#[derive(Clone, Debug, Default)]
struct Context {
    interface: String,
    /// The transfer syntaxes; the chosen one alone once it is known.
    syntaxes: Vec<String>,
}

/// A call that was not answered yet.
#[derive(Debug, Default)]
struct Pending<'p> {
    data: Vec<u8>,
    answer: Vec<u8>,
    call: Option<Call<'p>>,
    asked: Option<Asked<'p>>,
}

/// A connection with what it has set so far.
#[derive(Debug)]
pub struct Connection<'p> {
    interfaces: Interfaces<'p>,
    contexts: BTreeMap<u64, Context>,
    /// Contexts in the order in which they were asked for last.
    asked: Vec<u64>,
    calls: BTreeMap<u64, Pending<'p>>,
}

/// What a PDU is for those that wait for an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    kind: u64,
    call: u64,
    last: bool,
}

impl Seen {
    const REQUEST: u64 = 0;
    const RESPONSE: u64 = 2;
    const FAULT: u64 = 3;
    const BIND: u64 = 11;
    const BIND_ACK: u64 = 12;
    const BIND_NAK: u64 = 13;
    const ALTER_CONTEXT: u64 = 14;
    const ALTER_CONTEXT_RESP: u64 = 15;

    /// Nothing more of the client is read before an answer.
    fn waits(self) -> bool {
        matches!(self.kind, Self::BIND | Self::ALTER_CONTEXT) || self.kind == Self::REQUEST && self.last
    }

    /// It is what the other one waits for.
    fn answers(self, asked: Self) -> bool {
        match asked.kind {
            Self::REQUEST => {
                self.call == asked.call && (self.kind == Self::FAULT || self.kind == Self::RESPONSE && self.last)
            }
            _ => {
                matches!(self.kind, Self::BIND_ACK | Self::BIND_NAK | Self::ALTER_CONTEXT_RESP | Self::FAULT)
            }
        }
    }
}

/// A PDU that was read, and where it begins in what its side sent.
#[derive(Debug)]
pub struct Read {
    /// Which side.
    pub side: Side,
    /// Bytes before it.
    pub offset: usize,
    /// Its bytes.
    pub size: usize,
    /// The tree.
    pub decoded: Decoded,
}

/// Bytes that begin as a PDU does: version 5 of the protocol.
pub fn looks_like(bytes: &[u8]) -> bool {
    matches!(bytes, [5, 0 | 1, kind, _, order, float, ..] if *kind <= TYPE_OF_RTS && order & 0xEE == 0 && *float < 4)
}

/// The cookie of the virtual connection that the first PDU of a channel of RPC over HTTP names: the first of its cookies
/// (MS-RPCH 2.2.4.2, 2.2.4.5, 2.2.4.10, 2.2.4.25).
pub fn virtual_connection(decoder: &mut Decoder<'_>, bytes: &[u8]) -> Option<String> {
    if name_of(bytes) != RTS {
        return None;
    }
    let size = size(decoder, bytes);
    let decoded = decoder.buffer(RTS, bytes.get(..size)?, |this, c, root| {
        let def = this.structure(RTS, c)?;
        this.interpreter.body(c, def, Vec::new(), root).map(|_| ())
    });
    find(&decoded.root, "Cookie").and_then(guid)
}

/// Reads both directions of a connection, each answer behind what it answers.
pub fn decode<'p>(decoder: &mut Decoder<'p>, interfaces: Interfaces<'p>, client: &[u8], server: &[u8]) -> Vec<Read> {
    let mut connection = Connection::new(interfaces);
    let mut all = Vec::new();
    let (mut asking, mut answering) = (Stream::new(Side::Client, client), Stream::new(Side::Server, server));
    while let Some(seen) = asking.next(decoder, &mut connection, &mut all) {
        if !seen.waits() {
            continue;
        }
        while let Some(answer) = answering.next(decoder, &mut connection, &mut all) {
            if answer.answers(seen) {
                break;
            }
        }
    }
    while answering.next(decoder, &mut connection, &mut all).is_some() {}
    all
}

/// What one side sent, and how far it was read.
struct Stream<'b> {
    side: Side,
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Stream<'b> {
    fn new(side: Side, bytes: &'b [u8]) -> Self {
        // In RPC over HTTP the head of a request or a response stands before the PDUs.
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").filter(|_| !looks_like(bytes));
        Self { side, bytes, at: head.map_or(0, |end| end.saturating_add(4)) }
    }

    /// Reads the next PDU; `None` at the end, or where there is none.
    fn next<'p>(
        &mut self,
        decoder: &mut Decoder<'p>,
        connection: &mut Connection<'p>,
        all: &mut Vec<Read>,
    ) -> Option<Seen> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let size = size(decoder, rest);
        let (decoded, seen) = connection.pdu(decoder, self.side, rest.get(..size).unwrap_or(rest));
        let broken = decoded.fault.is_some() && size == rest.len();
        all.push(Read { side: self.side, offset: self.at, size, decoded });
        self.at = self.at.saturating_add(size.max(1));
        if broken { None } else { Some(seen) }
    }
}

/// The bytes of the PDU at the beginning; all where there is none.
fn size(decoder: &mut Decoder<'_>, bytes: &[u8]) -> usize {
    let mut c = Cursor::new(bytes);
    let Ok(def) = decoder.structure(name_of(bytes), &c) else { return bytes.len() };
    decoder.interpreter.begin(bytes.len());
    match decoder.interpreter.body(&mut c, def, Vec::new(), &mut Node::new(PDU, 0)) {
        Ok(_) => c.offset().max(1),
        Err(_) => bytes.len(),
    }
}

fn name_of(bytes: &[u8]) -> &'static str {
    if bytes.get(2) == Some(&TYPE_OF_RTS) { RTS } else { PDU }
}

impl<'p> Connection<'p> {
    /// A connection on which nothing was said yet.
    pub fn new(interfaces: Interfaces<'p>) -> Self {
        Self { interfaces, contexts: BTreeMap::new(), asked: Vec::new(), calls: BTreeMap::new() }
    }

    /// Reads a PDU of one side.
    fn pdu(&mut self, decoder: &mut Decoder<'p>, side: Side, bytes: &[u8]) -> (Decoded, Seen) {
        let name = name_of(bytes);
        let mut decoded = decoder.buffer(name, bytes, |this, c, root| {
            let def = this.structure(name, c)?;
            this.interpreter.body(c, def, Vec::new(), root).map(|_| ())
        });
        let who = if side == Side::Client { "client" } else { "server" };
        let what = child(&decoded.root, "Body").and_then(|body| match &body.value {
            Some(Value::Variant(name, _)) => Some(name.clone()),
            _ => None,
        });
        decoded.root.name = format!("{who} {}", what.as_deref().unwrap_or(name));
        let flag = |bit: u64| number(&decoded.root, "pfc_flags").is_some_and(|flags| flags & bit != 0);
        let seen = Seen {
            kind: number(&decoded.root, "PTYPE").unwrap_or(u64::MAX),
            call: number(&decoded.root, "call_id").unwrap_or_default(),
            last: flag(0x02),
        };
        if decoded.fault.is_none() {
            match seen.kind {
                Seen::BIND | Seen::ALTER_CONTEXT => self.bound(&decoded.root),
                Seen::BIND_ACK | Seen::ALTER_CONTEXT_RESP => self.accepted(&decoded.root),
                Seen::REQUEST | Seen::RESPONSE => {
                    if let Err(fault) = self.data(decoder, &mut decoded.root, bytes, seen) {
                        decoded.fault = Some(fault);
                    }
                }
                Seen::FAULT => {
                    self.calls.remove(&seen.call);
                }
                _ => {}
            }
        }
        (decoded, seen)
    }

    /// Takes note of interfaces that are asked for.
    fn bound(&mut self, root: &Node) {
        self.asked.clear();
        let Some(list) = find(root, "p_cont_elem") else { return };
        for element in &list.children {
            let syntax = |node: &Node| child(node, "if_uuid").and_then(guid);
            let Some(id) = number(element, "p_cont_id") else { continue };
            let interface = child(element, "abstract_syntax").and_then(syntax).unwrap_or_default();
            let offered = child(element, "transfer_syntaxes").map(|list| list.children.as_slice()).unwrap_or_default();
            let syntaxes = offered.iter().filter_map(syntax).collect();
            self.asked.push(id);
            self.contexts.insert(id, Context { interface, syntaxes });
        }
    }

    /// Takes note of what was chosen; answers stand in the order of what was asked for.
    fn accepted(&mut self, root: &Node) {
        let Some(list) = find(root, "p_results") else { return };
        for (id, result) in self.asked.iter().zip(&list.children) {
            let chosen = child(result, "transfer_syntax").and_then(|node| child(node, "if_uuid")).and_then(guid);
            if let (Some(0), Some(chosen), Some(context)) =
                (number(result, "result"), chosen, self.contexts.get_mut(id))
            {
                context.syntaxes = vec![chosen];
            }
        }
    }

    /// The data of a call, read with its last fragment.
    fn data(&mut self, decoder: &mut Decoder<'p>, root: &mut Node, bytes: &[u8], seen: Seen) -> Result<(), Fault> {
        let verifier = child(root, "auth_verifier");
        let encrypted = verifier.and_then(|node| number(node, "auth_level")) == Some(PRIVACY);
        let padding = verifier.and_then(|node| number(node, "auth_pad_length")).unwrap_or_default();
        let little = number(root, "drep").is_some_and(|label| label & 0x10 != 0);
        let first = number(root, "pfc_flags").is_some_and(|flags| flags & 0x01 != 0);
        let context = find(root, "p_cont_id").and_then(value);
        let opnum = find(root, "opnum").and_then(value);
        let Some(node) = find_mut(root, "stub_data") else { return Ok(()) };
        if encrypted {
            node.value = Some(Value::Opaque("encrypted".to_owned()));
            return Ok(());
        }
        let end = node.size.saturating_sub(usize::try_from(padding).unwrap_or(usize::MAX));
        let fragment = node.bytes(bytes).get(..end).unwrap_or_default();
        let request = seen.kind == Seen::REQUEST;
        if request && first {
            let call = self.call(context, opnum, little);
            self.calls.insert(seen.call, Pending { call, ..Pending::default() });
        }
        let Some(pending) = self.calls.get_mut(&seen.call) else {
            node.value = Some(Value::Opaque("an answer to a call that is not there".to_owned()));
            return Ok(());
        };
        let data = if request { &mut pending.data } else { &mut pending.answer };
        if data.len().saturating_add(fragment.len()) > MOST_DATA {
            node.value = Some(Value::Opaque("more data than is put together".to_owned()));
            return Ok(());
        }
        data.extend_from_slice(fragment);
        if !seen.last {
            node.value = Some(Value::Opaque("goes on in the next fragment".to_owned()));
            return Ok(());
        }
        let data = std::mem::take(data);
        let Some(call) = pending.call else {
            node.value = Some(Value::Opaque("an operation that is not described".to_owned()));
            return Ok(());
        };
        // The server's label may be another one.
        let call = Call { representation: turned(call.representation, little), ..call };
        let (stub, trailer) = if request { split(&data) } else { (data.as_slice(), None) };
        let decoded = if request {
            let (decoded, asked) = decoder.rpc_request(call, stub);
            pending.asked = Some(asked);
            decoded
        } else {
            let asked = pending.asked.take();
            self.calls.remove(&seen.call);
            decoder.rpc_response(call, stub, asked)
        };
        node.value = None;
        node.note = Some(decoded.root.name.clone());
        node.children = decoded.root.children;
        node.payload = Some(data.clone());
        if let Some(fault) = decoded.fault {
            let path = format!("{}.stub_data.{}", PDU, fault.path).trim_end_matches('.').to_owned();
            return Err(Fault { path, ..fault });
        }
        if let Some(at) = trailer {
            let mut of_trailer = Node::new(TRAILER, at);
            let mut c = Cursor::at_offset(data.get(at..).unwrap_or_default(), at);
            let def = decoder.structure(TRAILER, &c)?;
            decoder.interpreter.body(&mut c, def, Vec::new(), &mut of_trailer)?;
            of_trailer.size = c.offset().saturating_sub(at);
            node.children.push(of_trailer);
        }
        Ok(())
    }

    /// What a request calls, where it is described.
    fn call(&self, context: Option<u64>, opnum: Option<u64>, little: bool) -> Option<Call<'p>> {
        let context = self.contexts.get(&context?)?;
        let interface = self.interfaces.by_uuid(&context.interface)?;
        let operation = interface.operations.iter().find(|operation| Some(u64::from(operation.opnum)) == opnum)?;
        if operation.left_out {
            return None;
        }
        let ndr64 = matches!(context.syntaxes.as_slice(), [one] if one.eq_ignore_ascii_case(NDR64));
        let representation = if ndr64 { Representation::NDR64 } else { turned(Representation::NDR, little) };
        Some(Call { interface, operation, representation })
    }
}

/// NDR 2.0 in this order; NDR64 has one.
fn turned(representation: Representation, little: bool) -> Representation {
    match (representation.is_ndr64(), little) {
        (true, _) => representation,
        (false, true) => Representation::NDR,
        (false, false) => Representation::NDR_BIG_ENDIAN,
    }
}

/// The data before a verification trailer, and where that begins.
fn split(data: &[u8]) -> (&[u8], Option<usize>) {
    let from = data.len().saturating_sub(TRAILER_ROOM) / TRAILER_STEP * TRAILER_STEP;
    let places = (from..data.len()).step_by(TRAILER_STEP);
    let found = places.rev().find(|at| data.get(*at..).is_some_and(|rest| rest.starts_with(&SIGNATURE)));
    (data.get(..found.unwrap_or(data.len())).unwrap_or(data), found)
}

fn child<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.children.iter().find(|child| child.name == name)
}

/// A node of this name, the nearest to the root.
fn find<'n>(root: &'n Node, name: &str) -> Option<&'n Node> {
    let mut queue = VecDeque::from([root]);
    while let Some(node) = queue.pop_front() {
        if let Some(found) = child(node, name) {
            return Some(found);
        }
        queue.extend(&node.children);
    }
    None
}

fn find_mut<'n>(root: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let mut queue = VecDeque::from([root]);
    while let Some(node) = queue.pop_front() {
        for child in &mut node.children {
            if child.name == name {
                return Some(child);
            }
            queue.push_back(child);
        }
    }
    None
}

fn value(node: &Node) -> Option<u64> {
    match &node.value {
        Some(Value::Number(value, _)) => u64::try_from(*value).ok(),
        Some(Value::Named { value, .. }) => Some(*value),
        _ => None,
    }
}

fn number(node: &Node, name: &str) -> Option<u64> {
    child(node, name).and_then(value)
}

fn guid(node: &Node) -> Option<String> {
    match &node.value {
        Some(Value::Guid(text, _)) => Some(text.clone()),
        _ => None,
    }
}
