//! ROP buffers: requests, and the replies that answer them.

use std::collections::BTreeMap;

use ropc::model::{Program, Rop, StructDef, TypeId};
use runtime::Cursor;
use runtime::rop::{INVALID_HANDLE, ROP_SIZE};

use super::conversation::{Requests, Sent, States};
use super::datum::{Datum, Record};
use super::interpret::Interpreter;
use super::pieces::{Place, Transfer};
use super::tree::{Decoded, Fault, Node, Value};

/// Reads the buffers of one conversation in their order.
#[derive(Debug)]
pub struct Decoder<'p> {
    /// Reads structures.
    pub interpreter: Interpreter<'p>,
    /// Context from outside, for bytes that stand alone.
    pub given: Record<'p>,
    /// What a stream that stands alone is, by the number of its production.
    pub root: Option<u16>,
    /// What operations have set so far.
    pub(super) states: States<'p>,
    /// How far the streams of open objects were read.
    pub(super) transfers: BTreeMap<Place, Transfer>,
    /// The handle table of the requests that are being read.
    pub(super) table: Vec<u32>,
    error_code: Option<TypeId>,
    /// Buffers inside buffers.
    depth: u32,
}

/// A ROP buffer before its operations are read.
struct Framing<'b> {
    rops: Cursor<'b>,
    table: Option<Node>,
    handles: Vec<u32>,
    /// Why the table does not go further.
    fault: Option<Fault>,
}

/// Slots that a handle table can have: what an index of one byte reaches.
const MOST_HANDLES: usize = 256;

impl<'p> Decoder<'p> {
    /// A conversation that has set nothing yet.
    pub fn new(program: &'p Program) -> Self {
        let error_code = program.types.iter().position(|def| def.name == "ErrorCode").map(TypeId);
        Self {
            interpreter: Interpreter::new(program),
            given: Vec::new(),
            root: None,
            states: States::new(),
            transfers: BTreeMap::new(),
            table: Vec::new(),
            error_code,
            depth: 0,
        }
    }

    pub(super) fn program(&self) -> &'p Program {
        self.interpreter.program
    }

    /// Reads a whole buffer with a function, all bytes used.
    pub fn buffer(
        &mut self,
        name: &str,
        bytes: &[u8],
        read: impl FnOnce(&mut Self, &mut Cursor<'_>, &mut Node) -> Result<(), Fault>,
    ) -> Decoded {
        if self.depth == 0 {
            self.interpreter.begin(bytes.len());
        }
        self.depth += 1;
        let mut root = Node { size: bytes.len(), payload: Some(bytes.to_vec()), ..Node::new(name, 0) };
        let mut c = Cursor::new(bytes);
        let result = read(self, &mut c, &mut root).and_then(|()| self.interpreter.used_up(&c));
        self.depth -= 1;
        Decoded { root, fault: result.err().map(|fault| fault.within(bytes)) }
    }

    /// Reads a ROP input buffer into a node. What was read of the requests is there also after an error.
    ///
    /// # Errors
    /// When it is malformed, or an operation in it is not described.
    pub fn input(&mut self, c: &mut Cursor<'_>, node: &mut Node) -> Result<Requests<'p>, Fault> {
        let Framing { mut rops, table, handles, fault } = self.framing(c, node)?;
        let mut list = Node::new("RopsList", rops.offset());
        list.size = rops.remaining();
        self.transfers.retain(|place, _| matches!(place, Place::Handle(_)));
        self.table.clone_from(&handles);
        let mut requests = Requests { handles, ..Requests::default() };
        let mut result = Ok(());
        while result.is_ok() && !rops.is_empty() {
            match self.request(&mut rops, &mut list) {
                Ok(sent) => requests.sent.push(sent),
                Err(fault) => result = Err(fault),
            }
        }
        node.children.push(list);
        result?;
        node.children.extend(table);
        fault.map_or(Ok(requests), Err)
    }

    /// Reads a ROP output buffer that answers these requests, and notes what it sets.
    ///
    /// # Errors
    /// When it is malformed, or a reply in it answers none of the requests.
    pub fn output(&mut self, c: &mut Cursor<'_>, node: &mut Node, requests: &mut Requests<'p>) -> Result<(), Fault> {
        let Framing { mut rops, table, handles, fault } = self.framing(c, node)?;
        requests.outputs += 1;
        let mut list = Node::new("RopsList", rops.offset());
        list.size = rops.remaining();
        let result = self.replies(&mut rops, &mut list, requests, &handles);
        node.children.push(list);
        result?;
        node.children.extend(table);
        fault.map_or(Ok(()), Err)
    }

    /// RopSize, the operations as a cursor, the handle table. What is wrong with the table comes after what is
    /// wrong with the operations before it.
    fn framing<'b>(&mut self, c: &mut Cursor<'b>, node: &mut Node) -> Result<Framing<'b>, Fault> {
        let start = c.offset();
        let rops = self.interpreter.inside("RopSize", |this| {
            let size = usize::from(c.u16().map_err(|error| this.refused(&error))?);
            node.children.push(Node::leaf("RopSize", start, ROP_SIZE, Value::Number(size as i128, 2)));
            match size.checked_sub(ROP_SIZE) {
                Some(size) => Ok(size),
                None => Err(this.fault(start, ROP_SIZE, format!("expected a size that counts itself, got {size}"))),
            }
        })?;
        let rops = self.interpreter.inside("RopsList", |this| c.sub(rops).map_err(|error| this.refused(&error)))?;
        let mut table = Node::new("ServerObjectHandleTable", c.offset());
        table.size = c.remaining();
        let result = self.interpreter.inside("ServerObjectHandleTable", |this| {
            while !c.is_empty() {
                let (index, at) = (table.children.len(), c.offset());
                if index >= MOST_HANDLES {
                    return Err(this.fault(at, 4, format!("expected {MOST_HANDLES} handles at most")));
                }
                let handle = this.inside_element(index, |this| c.u32().map_err(|error| this.refused(&error)))?;
                let names = (handle == INVALID_HANDLE).then(|| "no object".to_owned()).into_iter().collect();
                let value = Value::Named { value: u64::from(handle), size: 4, names };
                table.children.push(Node::leaf(format!("[{index}]"), at, 4, value));
            }
            Ok(())
        });
        let handles = table.children.iter().map(handle_of).collect();
        let table = Some(table).filter(|table| !table.children.is_empty());
        Ok(Framing { rops, table, handles, fault: result.err() })
    }

    /// Reads a request, RopId first.
    ///
    /// # Errors
    /// When the operation is not described, or the bytes are no such request.
    pub fn request(&mut self, c: &mut Cursor<'_>, out: &mut Node) -> Result<Sent<'p>, Fault> {
        let start = c.offset();
        let id = self.byte(c, "RopId")?;
        let program = self.program();
        let sent = program.rops.iter().find(|rop| rop.id == id && rop.unsolicited.is_none());
        let Some(rop) = sent else {
            return Err(self.unknown_rop(start, id));
        };
        let mut node = Node::new(rop.name.as_str(), start);
        node.children.push(rop_id(rop, start, id));
        let result = self.interpreter.inside(&rop.name, |this| {
            let mut fields = index(this, c, "LogonId", &mut node)?;
            for field in &rop.header {
                fields.extend(index(this, c, field, &mut node)?);
            }
            Ok(fields)
        });
        let result = result.and_then(|header| self.request_body(c, rop, header, &mut node));
        node.size = c.offset().saturating_sub(start);
        out.children.push(node);
        Ok(Sent { rop, fields: result? })
    }

    /// The header after the RopId and the body of a request, as the generated structure has them.
    ///
    /// # Errors
    /// When the bytes are no such request.
    pub fn request_after_id(&mut self, c: &mut Cursor<'_>, rop: &'p Rop, node: &mut Node) -> Result<(), Fault> {
        let mut fields = index(&mut self.interpreter, c, "LogonId", node)?;
        for field in &rop.header {
            fields.extend(index(&mut self.interpreter, c, field, node)?);
        }
        self.request_body(c, rop, fields, node).map(|_| ())
    }

    fn request_body(
        &mut self,
        c: &mut Cursor<'_>,
        rop: &'p Rop,
        mut header: Record<'p>,
        node: &mut Node,
    ) -> Result<Record<'p>, Fault> {
        let args = self.arguments(c, rop, &rop.request, &header, None)?;
        self.will_open(rop, &header);
        let place = self.place_of_request(rop, &header);
        let read = |this: &mut Self| this.interpreter.inside(&rop.name, |this| this.body(c, &rop.request, args, node));
        let body = self.with_transfer(place, read)?;
        header.extend(body);
        Ok(header)
    }

    /// Reads a reply, RopId first, that answers this request, or one that nobody knows.
    ///
    /// # Errors
    /// When the bytes are no such reply; when the state or request that it depends on is not known.
    pub fn reply(
        &mut self,
        c: &mut Cursor<'_>,
        rop: &'p Rop,
        request: Option<&Sent<'p>>,
        handles: &[u32],
        out: &mut Node,
    ) -> Result<(), Fault> {
        let start = c.offset();
        let id = self.byte(c, "RopId")?;
        let expected = rop.reply_id.unwrap_or(rop.id);
        if id != expected {
            let message = format!("expected {expected:#04x}, the reply to {}, got {id:#04x}", rop.name);
            return Err(self.at_rop_id(start, message));
        }
        let mut node = Node::new(rop.name.as_str(), start);
        node.children.push(rop_id(rop, start, id));
        let result = self.reply_body(c, rop, request, handles, &mut node);
        node.size = c.offset().saturating_sub(start);
        out.children.push(node);
        result
    }

    fn reply_body(
        &mut self,
        c: &mut Cursor<'_>,
        rop: &'p Rop,
        request: Option<&Sent<'p>>,
        handles: &[u32],
        node: &mut Node,
    ) -> Result<(), Fault> {
        index(&mut self.interpreter, c, "HandleIndex", node)?;
        let at = c.offset();
        let code = self.interpreter.inside("ReturnValue", |this| c.u32().map_err(|error| this.refused(&error)))?;
        let value = match self.error_code {
            Some(id) => self.interpreter.names.named(id, u64::from(code), 4),
            None => Value::Number(i128::from(code), 4),
        };
        node.children.push(Node::leaf("ReturnValue", at, 4, value));
        let none = Vec::new();
        let fields = request.map_or(&none, |sent| &sent.fields);
        self.answered_transfer(rop, fields, handles, code == 0);
        let Some(body) = body_for(rop, code) else {
            self.effects(rop, request, None, handles);
            return Ok(());
        };
        let args = self.arguments(c, rop, body, fields, Some(handles))?;
        let place = self.place_of_reply(rop, fields, handles);
        let read = |this: &mut Self| this.interpreter.inside(&rop.name, |this| this.body(c, body, args, node));
        let reply = self.with_transfer(place, read)?;
        self.effects(rop, request, (code == 0).then_some(reply), handles);
        Ok(())
    }

    fn replies(
        &mut self,
        c: &mut Cursor<'_>,
        list: &mut Node,
        requests: &mut Requests<'p>,
        handles: &[u32],
    ) -> Result<(), Fault> {
        while !c.is_empty() {
            let start = c.offset();
            let id = c.peek().first().copied().unwrap_or_default();
            let program = self.program();
            let unsolicited = program
                .rops
                .iter()
                .find_map(|rop| rop.unsolicited.as_ref().filter(|_| rop.id == id).map(|body| (rop, body)));
            let result = if let Some((rop, body)) = unsolicited {
                self.unsolicited(c, rop, body, list)
            } else if requests.unknown {
                let rop = program.rops.iter().find(|rop| rop.success.is_some() && rop.reply_id.unwrap_or(rop.id) == id);
                match rop {
                    Some(rop) => self.reply(c, rop, None, handles, list),
                    None => Err(self.unknown_rop(c.offset(), id)),
                }
            } else {
                match self.answered(requests, handles, id) {
                    Some(sent) => match self.instead(sent.rop, id) {
                        Some(other) => self.reply(c, other, None, handles, list),
                        None => self.reply(c, sent.rop, Some(&sent), handles, list),
                    },
                    None => Err(self.no_request(c.offset(), id)),
                }
            };
            match result {
                Err(fault) if fault.missing_context => {
                    let rest = opaque(c, &fault);
                    match list.children.last_mut().filter(|last| last.offset == start) {
                        Some(reply) => reply.children.push(rest),
                        None => list.children.push(rest),
                    }
                    c.take_rest();
                }
                result => result?,
            }
        }
        self.pass_silent(requests, handles);
        Ok(())
    }

    /// Reads a reply that answers no request of its own, RopId first.
    ///
    /// # Errors
    /// When the bytes are no such reply.
    pub fn lone(&mut self, c: &mut Cursor<'_>, rop: &'p Rop, out: &mut Node) -> Result<(), Fault> {
        let id = c.peek().first().copied().unwrap_or(rop.id);
        match &rop.unsolicited {
            Some(body) if id == rop.id => self.unsolicited(c, rop, body, out),
            _ => Err(self.unknown_rop(c.offset(), id)),
        }
    }

    fn unsolicited(
        &mut self,
        c: &mut Cursor<'_>,
        rop: &'p Rop,
        body: &'p StructDef,
        list: &mut Node,
    ) -> Result<(), Fault> {
        let start = c.offset();
        let id = self.byte(c, "RopId")?;
        let mut node = Node::new(rop.name.as_str(), start);
        node.children.push(rop_id(rop, start, id));
        let args = self.looked_up(c, rop, body);
        let result = self.interpreter.inside(&rop.name, |this| this.body(c, body, args, &mut node));
        node.size = c.offset().saturating_sub(start);
        list.children.push(node);
        result.map(|_| ())
    }

    fn byte(&mut self, c: &mut Cursor<'_>, name: &'p str) -> Result<u8, Fault> {
        self.interpreter.inside(name, |this| c.u8().map_err(|error| this.refused(&error)))
    }

    fn unknown_rop(&mut self, offset: usize, id: u8) -> Fault {
        self.at_rop_id(offset, format!("expected a known RopId, got {id:#04x}"))
    }

    fn no_request(&mut self, offset: usize, id: u8) -> Fault {
        let known = self.program().rops.iter().find(|rop| rop.id == id).map_or("", |rop| rop.name.as_str());
        self.at_rop_id(offset, format!("a reply without a request: {id:#04x} {known}").trim_end().to_owned())
    }

    fn at_rop_id(&mut self, offset: usize, message: String) -> Fault {
        Fault { path: "RopId".to_owned(), ..self.interpreter.fault(offset, 1, message) }
    }
}

/// The body of a reply with this return value.
pub fn body_for(rop: &Rop, code: u32) -> Option<&StructDef> {
    if code == 0 {
        return rop.success.as_ref();
    }
    let on = rop.on.iter().find(|(codes, _)| codes.iter().any(|(_, value)| *value == u64::from(code)));
    on.map(|(_, body)| body).or(rop.other.as_ref())
}

/// A field of one byte in a header.
fn index<'p>(
    interpreter: &mut Interpreter<'p>,
    c: &mut Cursor<'_>,
    name: &'p str,
    node: &mut Node,
) -> Result<Record<'p>, Fault> {
    let at = c.offset();
    let value = interpreter.inside(name, |this| c.u8().map_err(|error| this.refused(&error)))?;
    node.children.push(Node::leaf(name, at, 1, Value::Number(i128::from(value), 1)));
    Ok(vec![(name, Datum::Number(i128::from(value)))])
}

fn rop_id(rop: &Rop, at: usize, id: u8) -> Node {
    Node::leaf("RopId", at, 1, Value::Named { value: u64::from(id), size: 1, names: vec![rop.name.clone()] })
}

fn handle_of(node: &Node) -> u32 {
    match &node.value {
        Some(Value::Named { value, .. }) => u32::try_from(*value).unwrap_or(INVALID_HANDLE),
        _ => INVALID_HANDLE,
    }
}

/// All that is left from here on, because something is not known.
fn opaque(from: &Cursor<'_>, fault: &Fault) -> Node {
    Node::leaf("Opaque", from.offset(), from.remaining(), Value::Opaque(fault.message.clone()))
}
