//! Calls of RPC: the stub data of an operation, and the MAPI structures that it carries.

use ropc::ast::SourceId;
use ropc::ndr::model::{Interface, Operation, TypeId};
use runtime::Cursor;
use runtime::ndr::{NdrCursor, Representation};

use super::conversation::Requests;
use super::mapi_http::Side;
use super::ndr::{BYTES, Sent, Stub};
use super::rops::Decoder;
use super::tree::{Decoded, Fault, Node, Value};

/// The interfaces of `encoding(ndr)`, as the compiler has them.
#[derive(Clone, Copy, Debug)]
pub struct Interfaces<'p>(pub &'p [(SourceId, String, Interface)]);

/// An operation, and how its data is written.
#[derive(Clone, Copy, Debug)]
pub struct Call<'p> {
    /// Where it belongs.
    pub interface: &'p Interface,
    /// What is called.
    pub operation: &'p Operation,
    /// Transfer syntax and byte order.
    pub representation: Representation,
}

/// What a request had, for the response that answers it.
#[derive(Clone, Debug)]
pub struct Asked<'p> {
    sent: Option<Sent>,
    requests: Requests<'p>,
}

/// What a name of an interface names.
#[derive(Clone, Copy, Debug)]
pub enum Named<'p> {
    /// An operation.
    Operation(&'p Operation),
    /// A structure, a union, an enumeration, a bitmap.
    Type(TypeId),
}

impl<'p> Interfaces<'p> {
    /// What `nspi.NspiBind` names, or `NspiBind` alone.
    ///
    /// # Errors
    /// When nothing is called so; the text says what there is.
    pub fn find(self, name: &str) -> Result<(&'p Interface, Named<'p>), String> {
        let (interface, member) =
            name.rsplit_once('.').map_or((None, name), |(interface, name)| (Some(interface), name));
        let wanted = |(_, module, model): &&(SourceId, String, Interface)| {
            interface.is_none_or(|name| name == module || name == model.name)
        };
        let of = |model: &'p Interface| {
            let operation = model.operations.iter().find(|operation| operation.name == member && !operation.left_out);
            let ty = || model.types.iter().position(|def| def.name == member && def.module.is_none());
            operation.map(Named::Operation).or_else(|| ty().map(|id| Named::Type(TypeId(id))))
        };
        let found = self.0.iter().filter(wanted).find_map(|(_, _, model)| Some((model, of(model)?)));
        found.ok_or_else(|| {
            let in_reach = self.0.iter().filter(wanted).map(|(_, _, model)| model);
            let names: Vec<&str> = match interface {
                Some(_) => {
                    in_reach.flat_map(|model| &model.operations).map(|operation| operation.name.as_str()).collect()
                }
                None => in_reach.map(|model| model.name.as_str()).collect(),
            };
            if names.is_empty() {
                let all: Vec<&str> = self.0.iter().map(|(_, module, _)| module.as_str()).collect();
                return format!("there is no interface of that name: {}", all.join(", "));
            }
            format!("nothing is called `{name}`; there are {}", names.join(", "))
        })
    }

    /// The interface with this identifier, as people write it.
    pub fn by_uuid(self, uuid: &str) -> Option<&'p Interface> {
        let same = |own: &str| own.eq_ignore_ascii_case(uuid);
        self.0.iter().map(|(_, _, model)| model).find(|model| model.uuid.as_deref().is_some_and(same))
    }
}

impl<'p> Decoder<'p> {
    /// Reads the stub data of a request.
    pub fn rpc_request(&mut self, call: Call<'p>, bytes: &[u8]) -> (Decoded, Asked<'p>) {
        let mut asked = Asked { sent: None, requests: Requests::default() };
        let decoded = self.buffer(&format!("{} request", call.operation.name), bytes, |this, c, root| {
            let data = c.take_rest();
            let mut stub = NdrCursor::new(data, call.representation);
            let sent = Stub::new(&mut this.interpreter, call.interface).request(&mut stub, call.operation, root)?;
            asked.sent = Some(sent);
            this.carried(call.operation, data, root, &mut Side::Requests(&mut asked.requests))
        });
        (decoded, asked)
    }

    /// Reads the stub data of a response; without the request, what depends on it is not checked.
    pub fn rpc_response(&mut self, call: Call<'p>, bytes: &[u8], asked: Option<Asked<'p>>) -> Decoded {
        let (sent, mut requests) = match asked {
            Some(asked) => (asked.sent, asked.requests),
            None => (None, Requests::unknown()),
        };
        self.buffer(&format!("{} response", call.operation.name), bytes, |this, c, root| {
            let data = c.take_rest();
            let mut stub = NdrCursor::new(data, call.representation);
            Stub::new(&mut this.interpreter, call.interface).response(
                &mut stub,
                call.operation,
                sent.as_ref(),
                root,
            )?;
            this.carried(call.operation, data, root, &mut Side::Replies(&mut requests))
        })
    }

    /// Reads a value of a type with all that it points to; how many bytes it takes.
    ///
    /// # Errors
    /// When the bytes are no such value.
    pub fn rpc_value(
        &mut self,
        interface: &'p Interface,
        id: TypeId,
        representation: Representation,
        bytes: &[u8],
        node: &mut Node,
    ) -> Result<usize, Fault> {
        let mut stub = NdrCursor::new(bytes, representation);
        Stub::new(&mut self.interpreter, interface).value(&mut stub, id, node)?;
        Ok(stub.offset())
    }

    /// Reads what the parameters of a message carry.
    fn carried(
        &mut self,
        operation: &'p Operation,
        stub: &[u8],
        root: &mut Node,
        side: &mut Side<'_, 'p>,
    ) -> Result<(), Fault> {
        for param in &operation.params {
            let Some(structure) = &param.carries else { continue };
            let Some(node) = root.children.iter_mut().find(|node| node.name == param.field.name) else { continue };
            let node = match node.children.iter().position(|child| child.name == BYTES) {
                Some(at) => node.children.get_mut(at),
                None => Some(node),
            };
            let Some(node) = node.filter(|node| node.size > 0 && node.value == Some(Value::Bytes)) else { continue };
            let content = node.bytes(stub);
            match structure.text.as_str() {
                "RopInputBuffers" | "RopOutputBuffers" => self.chain(&param.field.name, content, node, Some(side))?,
                "ExtendedAuxiliaryBuffer" => self.chain(&param.field.name, content, node, None)?,
                other => {
                    let mut c = Cursor::at_offset(content, node.offset);
                    let def = self.structure(other, &c)?;
                    node.value = None;
                    self.interpreter.inside(&param.field.name, |this| {
                        this.body(&mut c, def, Vec::new(), node)?;
                        this.used_up(&c)
                    })?;
                }
            }
        }
        Ok(())
    }
}
