//! Objects, ROPs, requests of families and batches.

use super::{ConstValue, Expr, StructDef, Type};
use crate::ast::{Span, Vector};

/// A server object.
#[derive(Clone, Debug, Hash)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// State that operations set and read.
    pub state: Vec<State>,
    /// A release takes all objects of the logon along.
    pub owns_all: bool,
    /// Where its name stands.
    pub span: Span,
}

/// A state of an object.
#[derive(Clone, Debug, Hash)]
pub struct State {
    /// As written.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its type.
    pub ty: Type,
    /// A list.
    pub list: bool,
    /// It may be unset.
    pub optional: bool,
    /// What it is at first, where that is a value.
    pub initial: Option<ConstValue>,
    /// Where its name stands.
    pub span: Span,
}

/// A handle index of a ROP.
#[derive(Clone, Debug, Hash)]
pub struct Handle {
    /// As written.
    pub name: String,
    /// Name of the index field, as written in the document.
    pub index_field: String,
    /// Objects that it may name; empty: any.
    pub objects: Vec<usize>,
    /// A release of the input takes it along.
    pub owned: bool,
}

/// A remote operation.
#[derive(Clone, Debug, Hash)]
pub struct Rop {
    /// As written.
    pub name: String,
    /// Its RopId.
    pub id: u8,
    /// Index of its module.
    pub module: usize,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited section.
    pub spec: Option<String>,
    /// Where it was declared.
    pub span: Span,
    /// Open objects.
    pub inputs: Vec<Handle>,
    /// A slot for a new object.
    pub output: Option<Handle>,
    /// An echo slot.
    pub response: Option<Handle>,
    /// Order of the header's index fields.
    pub header: Vec<String>,
    /// Request body.
    pub request: StructDef,
    /// Body for return value 0; `None` without a reply.
    pub success: Option<StructDef>,
    /// Bodies for other return values: code constants, body.
    pub on: Vec<(Vec<(String, u64)>, StructDef)>,
    /// Body for all other return values (`always`, `else`).
    pub other: Option<StructDef>,
    /// The reply is unsolicited and has no header but the RopId.
    pub unsolicited: Option<StructDef>,
    /// Effects on state.
    pub effects: Vec<Effect>,
    /// Described, not served: why.
    pub unserved: Option<String>,
    /// The engine releases the input object itself.
    pub releases: bool,
    /// The RopId of the reply where it is not that of the request.
    pub reply_id: Option<u8>,
    /// The return value where the input is an object of another kind.
    pub wrong_object: String,
    /// Return values after which the rest of the batch does not run.
    pub stops_batch: Vec<String>,
    /// State that the reply's rows depend on: handle and state.
    pub needs_state: Vec<(String, String)>,
    /// State behind handle values that the unsolicited reply depends on.
    pub looks_up: Vec<LookUp>,
    /// RopIds of the ROPs whose reply may stand in place of its own: `asynchronous`, in both directions.
    pub answered_by: Vec<u8>,
    /// Byte vectors.
    pub vectors: Vec<Vector>,
}

/// State of the object behind a handle value in an unsolicited reply: an argument of its body.
#[derive(Clone, Debug, Hash)]
pub struct LookUp {
    /// The field with the handle value.
    pub field: String,
    /// Where it stands in the body.
    pub offset: u64,
    /// The object that has the state.
    pub object: usize,
    /// The state, and the parameter.
    pub state: String,
}

/// An effect on an object's state.
#[derive(Clone, Debug, Hash)]
pub struct Effect {
    /// On success or on failure.
    pub on_success: bool,
    /// The handle.
    pub handle: String,
    /// Its state.
    pub state: String,
    /// The new value; `None`: unset.
    pub value: Option<EffectValue>,
}

/// Where an effect's value comes from.
#[derive(Clone, Debug, Hash)]
pub enum EffectValue {
    /// From the request's fields.
    Request(Expr),
    /// From the reply's fields.
    Reply(Expr),
    /// A constant.
    Const(ConstValue),
}

/// An operation of a family.
#[derive(Clone, Debug, Hash)]
pub struct Request {
    /// As written.
    pub name: String,
    /// Its key: the request type.
    pub key: String,
    /// Index of its module.
    pub module: usize,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited section.
    pub spec: Option<String>,
    /// Where it was declared.
    pub span: Span,
    /// Request body with the family's parts.
    pub request: StructDef,
    /// Reply body for status 0, with the family's parts.
    pub success: StructDef,
    /// Reply body for other statuses, with the family's parts.
    pub failure: Option<StructDef>,
    /// The field of the reply that says which.
    pub status: Option<String>,
    /// Byte vectors.
    pub vectors: Vec<Vector>,
}

/// A ROP buffer.
#[derive(Clone, Debug, Hash)]
pub struct Batch {
    /// As written.
    pub name: String,
    /// Index of its module.
    pub module: usize,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited section.
    pub spec: Option<String>,
    /// It holds replies, not requests.
    pub replies: bool,
}

impl Rop {
    /// A failing reply is more than its return value: failures have a type of their own.
    #[must_use]
    pub fn has_failure_bodies(&self) -> bool {
        !self.on.is_empty() || self.other.is_some()
    }

    /// Some body of a failing reply borrows from the buffer.
    #[must_use]
    pub fn failure_borrows(&self) -> bool {
        self.on.iter().map(|(_, body)| body).chain(&self.other).any(|body| body.layout.lifetime)
    }
}
