//! Stub data of DCE/RPC: an interpreter of the interfaces of `encoding(ndr)`, which accepts the bytes that generated code accepts.
//!
//! | step | module |
//! |---|---|
//! | requests and responses | here |
//! | types in their two phases: what stands in a value, then what its pointers lead to | [`types`], [`structures`], [`unions`], [`arrays`], [`pointers`] |
//! | parts with an order or a size of their own | [`formats`] |
//! | counts and discriminants against the fields that say them | [`checks`] |
//! | numbers, texts, identifiers | [`leaves`] |
//! | what expressions ask for | [`values`] |

mod arrays;
mod checks;
mod formats;
mod leaves;
mod pointers;
mod structures;
mod types;
mod unions;
mod values;

use ropc::ndr::dialect::Absent;
use ropc::ndr::model::{Field, Interface, Operation, Scalar, Type};
use runtime::ndr::NdrCursor;
use runtime::{UnpackError, UnpackErrorKind};

use ropc::ndr::model::TypeId;

use super::interpret::Interpreter;
use super::tree::{Fault, Node, Value};
pub use arrays::BYTES;
use values::{Datum, Env};

/// The value that an operation returns, where it stands among the fields.
const RESULT: &str = "return value";

/// Reads the stub data of one interface.
#[derive(Debug)]
pub struct Stub<'i, 'p> {
    /// The way to the field that is read, and names of values.
    interpreter: &'i mut Interpreter<'p>,
    /// The interface.
    model: &'p Interface,
}

/// What a request had, for the response that answers it.
#[derive(Clone, Debug, Default)]
pub struct Sent(Vec<Option<Datum>>);

impl<'i, 'p> Stub<'i, 'p> {
    /// A reader of this interface.
    pub fn new(interpreter: &'i mut Interpreter<'p>, model: &'p Interface) -> Self {
        Self { interpreter, model }
    }

    /// Reads the request of an operation, all bytes used.
    ///
    /// # Errors
    /// When the bytes are no such request.
    pub fn request(&mut self, c: &mut NdrCursor<'_>, of: &'p Operation, node: &mut Node) -> Result<Sent, Fault> {
        let name = of.name.as_str();
        let present: Vec<bool> = of.params.iter().map(|param| param.input).collect();
        let fields: Vec<&'p Field> = of.params.iter().map(|param| &param.field).collect();
        let values = vec![None; fields.len()];
        self.within(name, |this| {
            let values = this.message(c, &fields, &present, values, false, node)?;
            this.ended(c)?;
            Ok(Sent(values))
        })
    }

    /// Reads the response of an operation, all bytes used. Where the request is not known, what depends on it is not checked.
    ///
    /// # Errors
    /// When the bytes are no such response.
    pub fn response(
        &mut self,
        c: &mut NdrCursor<'_>,
        of: &'p Operation,
        sent: Option<&Sent>,
        node: &mut Node,
    ) -> Result<(), Fault> {
        let name = of.name.as_str();
        let present: Vec<bool> = of.params.iter().map(|param| param.output).collect();
        let fields: Vec<&'p Field> = of.params.iter().map(|param| &param.field).collect();
        let outside = |index: usize| {
            let value = sent.and_then(|sent| sent.0.get(index)?.clone());
            value.filter(|_| of.params.get(index).is_some_and(|param| !param.output))
        };
        let values = (0..fields.len()).map(outside).collect();
        self.within(name, |this| {
            // Pipes stand before everything else (C706 14.3.9).
            this.message(c, &fields, &present, values, true, node)?;
            if let Some(ty) = &of.returns {
                this.result(c, ty, node)?;
            }
            this.ended(c)
        })
    }

    /// Reads a value of a type with all that it points to.
    ///
    /// # Errors
    /// When the bytes are no such value.
    pub fn value(&mut self, c: &mut NdrCursor<'_>, id: TypeId, node: &mut Node) -> Result<(), Fault> {
        self.type_whole(c, id, None, node).map(|_| ())
    }

    fn within<T>(&mut self, name: &'p str, run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.interpreter.enter_field(name);
        let result = run(self);
        self.interpreter.leave_field();
        result
    }

    fn message(
        &mut self,
        c: &mut NdrCursor<'_>,
        fields: &[&'p Field],
        present: &[bool],
        mut values: Vec<Option<Datum>>,
        pipes_first: bool,
        node: &mut Node,
    ) -> Result<Vec<Option<Datum>>, Fault> {
        let mut early = Vec::new();
        for pipes in [pipes_first, !pipes_first] {
            for (index, field) in fields.iter().copied().enumerate() {
                let is_pipe = matches!(field.ty.plain(), Type::Pipe(_));
                if is_pipe != pipes || present.get(index) != Some(&true) {
                    continue;
                }
                let value = {
                    let env = Env { model: self.model, fields, values: &values };
                    if checks::is_early(&env, field) {
                        early.push(index);
                    }
                    self.field(c, field, &env, true, node)?
                };
                if let (Some(value), Some(slot)) = (value, values.get_mut(index)) {
                    *slot = Some(value);
                }
            }
        }
        self.late(c, fields, &values, &early)?;
        Ok(values)
    }

    /// Reads a field or a parameter; `None` where it has no value for others.
    fn field(
        &mut self,
        c: &mut NdrCursor<'_>,
        field: &'p Field,
        env: &Env<'_, 'p>,
        whole: bool,
        out: &mut Node,
    ) -> Result<Option<Datum>, Fault> {
        self.count(c)?;
        let mut node = Node::new(field.name.as_str(), c.offset());
        let result = self.within(&field.name, |this| match field.absent {
            Some(Absent::Skipped) => Ok(None),
            Some(Absent::Pointer) => {
                node.value = Some(Value::Bytes);
                c.ignored_pointer().map(|()| None).map_err(|error| this.refused(&error))
            }
            None if whole => this.whole(c, &field.ty, env, &mut node).map(Some),
            None => this.scalars(c, &field.ty, env, None, &mut node).map(Some),
        });
        if node.size == 0 {
            node.size = c.offset().saturating_sub(node.offset);
        }
        if field.absent != Some(Absent::Skipped) && (result.is_ok() || !node.children.is_empty()) {
            out.children.push(node);
        }
        // What is always the same is nothing that others look at in a message.
        let constant = field.value.as_ref().is_some_and(ropc::ndr::dialect::Value::is_constant);
        result.map(|value| value.filter(|_| !(whole && constant)))
    }

    fn result(&mut self, c: &mut NdrCursor<'_>, ty: &'p Type, out: &mut Node) -> Result<(), Fault> {
        let mut node = Node::new(RESULT, c.offset());
        let env = Env { model: self.model, fields: &[], values: &[] };
        let value = self.within(RESULT, |this| this.whole(c, ty, &env, &mut node))?;
        if let (Type::Scalar(Scalar::I32), Datum::Number(code)) = (ty, value) {
            node.value = Some(self.error_code(code & u64::from(u32::MAX)));
        }
        out.children.push(node);
        Ok(())
    }

    /// A return value with its name, where the descriptions have return values.
    fn error_code(&self, code: u64) -> Value {
        let program = self.interpreter.program;
        match program.types.iter().position(|def| def.name == "ErrorCode") {
            Some(id) => self.interpreter.names.named(ropc::model::TypeId(id), code, 4),
            None => Value::Number(i128::from(code), 4),
        }
    }

    fn count(&mut self, c: &NdrCursor<'_>) -> Result<(), Fault> {
        self.interpreter.another(c.offset())
    }

    fn refused(&self, error: &UnpackError) -> Fault {
        self.interpreter.refused(error)
    }

    fn wrong(&self, c: &NdrCursor<'_>, message: String) -> Fault {
        self.interpreter.fault(c.offset(), 1, message)
    }

    /// Senders may round the data up.
    fn ended(&self, c: &NdrCursor<'_>) -> Result<(), Fault> {
        let (offset, count) = (c.offset(), c.remaining());
        match c.clone().finish() {
            Ok(()) => Ok(()),
            Err(error) if matches!(error.kind(), UnpackErrorKind::TrailingBytes { .. }) => {
                Err(self.interpreter.fault(offset, count, format!("{count} bytes left over")))
            }
            Err(error) => Err(self.refused(&error)),
        }
    }
}
