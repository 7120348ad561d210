//! Objects, operations, families and vectors.

use super::{Attr, Declarator, Expr, Ident, Member, Path, Span, StringLit, TypeRef, TypeSpec};

/// A kind of server object.
#[derive(Clone, Debug)]
pub struct ObjectDecl {
    /// Its name.
    pub name: Ident,
    /// State that operations set and read.
    pub state: Vec<StateItem>,
    /// `owns all`: a release takes everything along (a logon).
    pub owns_all: bool,
    /// `owns A, B;`
    pub owns: Vec<Ident>,
}

/// `state PropertyTag Columns[] = unset;`
#[derive(Clone, Debug)]
pub struct StateItem {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its type.
    pub ty: TypeRef,
    /// Its name.
    pub name: Ident,
    /// `Columns[]`
    pub list: bool,
    /// Its first value; `unset` where it has none.
    pub initial: Option<Expr>,
}

/// A ROP, or an operation of a family.
#[derive(Clone, Debug)]
pub struct OperationDecl {
    /// Its name.
    pub name: Ident,
    /// Its id: a number for a ROP, a string for a request.
    pub id: Expr,
    /// `in family`
    pub family: Option<Ident>,
    /// Its sections in order.
    pub sections: Vec<Section>,
}

/// A section of an operation.
#[derive(Clone, Debug)]
pub struct Section {
    /// `///` lines.
    pub docs: Vec<String>,
    /// What it is.
    pub kind: SectionKind,
    /// All of it.
    pub span: Span,
}

/// Every kind of section.
#[derive(Clone, Debug)]
pub enum SectionKind {
    /// `request { .. }`
    Request(Vec<Member>),
    /// `success { .. }`
    Success(Vec<Member>),
    /// `failure { .. }`
    Failure(Vec<Member>),
    /// `always { .. }`: after the return value, whatever it is.
    Always(Vec<Member>),
    /// `on ecWrongServer { .. }`: (code, value where it has no name yet).
    On(Vec<(Ident, Option<u64>)>, Vec<Member>),
    /// `else { .. }`
    Else(Vec<Member>),
    /// `no reply;`
    NoReply,
    /// `unsolicited reply [header none] { .. }`
    Unsolicited(Vec<Attr>, Vec<Member>),
    /// `effect on success Table.Columns = request.PropertyTags;`
    Effect {
        /// On success or on failure.
        on_success: bool,
        /// The state.
        target: Path,
        /// Its new value.
        value: Expr,
    },
    /// A byte vector.
    Vector(Vector),
}

/// `family mailbox { .. }`
#[derive(Clone, Debug)]
pub struct FamilyDecl {
    /// Its name.
    pub name: Ident,
    /// Members before every request's own.
    pub request: Vec<Member>,
    /// Members before every reply's own.
    pub reply: Vec<Member>,
    /// Members after every body.
    pub trailer: Vec<Member>,
}

/// Bytes beside the definition, with what they mean.
#[derive(Clone, Debug, Hash)]
pub struct Vector {
    /// `request`, `success`, `failure`, `reply`; `None`: the structure itself.
    pub target: Option<Ident>,
    /// Hexadecimal text.
    pub bytes: StringLit,
    /// `with { .. }`: values of parameters, which the bytes do not hold.
    pub context: Vec<(Ident, Value)>,
    /// The expected value, or the error that must come.
    pub expected: Option<Expected>,
    /// All of it.
    pub span: Span,
}

/// What a vector must give.
#[derive(Clone, Debug, Hash)]
pub enum Expected {
    /// Values of named fields.
    Value(Value),
    /// A part of the error's text.
    Error(StringLit),
}

/// A literal value.
#[derive(Clone, Debug, Hash)]
pub enum Value {
    /// A number.
    Int(i128, Span),
    /// A text.
    Str(StringLit),
    /// A constant.
    Name(Ident),
    /// `[..]`
    List(Vec<Value>, Span),
    /// `{ A: 1 }`
    Record(Vec<(Ident, Value)>, Span),
    /// `Variant { .. }`, `Variant(..)`
    Variant(Ident, Box<Value>),
}

impl Value {
    /// All of it; of a variant its name.
    #[must_use]
    pub fn span(&self) -> &Span {
        match self {
            Self::Int(_, span) | Self::List(_, span) | Self::Record(_, span) => span,
            Self::Str(text) => &text.span,
            Self::Name(name) | Self::Variant(name, _) => &name.span,
        }
    }
}

/// An operation of an NDR interface.
#[derive(Clone, Debug)]
pub struct FunctionDecl {
    /// What it returns.
    pub returns: TypeSpec,
    /// Stars of the return type.
    pub pointers: usize,
    /// Its name.
    pub name: Ident,
    /// Its parameters; empty for `void`.
    pub params: Vec<FunctionParam>,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct FunctionParam {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// Its type.
    pub ty: TypeSpec,
    /// Its name; `None` for an unnamed handle.
    pub declarator: Option<Declarator>,
    /// All of it.
    pub span: Span,
}
