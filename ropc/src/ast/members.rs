//! Structures and their members.

use super::{Attr, BitsDecl, Expr, FormParam, Ident, Path, Span, TypeRef, TypeSpec, Vector};

/// A structure, or a batch.
#[derive(Clone, Debug)]
pub struct StructDecl {
    /// Its name.
    pub name: Ident,
    /// `<WireForm F>`: wire form parameters.
    pub forms: Vec<FormParam>,
    /// `(PropertyTag Columns[])`
    pub params: Vec<Param>,
    /// Its members.
    pub body: Vec<Member>,
}

/// A parameter of a structure.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its type.
    pub ty: TypeRef,
    /// Its name.
    pub name: Ident,
    /// `Columns[]`
    pub list: bool,
    /// `or unset`: it is not always known.
    pub or_unset: bool,
}

/// A member of a structure, with what stands before it.
#[derive(Clone, Debug)]
pub struct Member {
    /// `///` lines.
    pub docs: Vec<String>,
    /// What it is.
    pub kind: MemberKind,
    /// All of it.
    pub span: Span,
}

/// Every kind of member.
#[derive(Clone, Debug)]
pub enum MemberKind {
    /// A field; the one shape of both encodings.
    Field(Field),
    /// `if (e) { .. } else { .. }`; an `else if` is a block of one `if`.
    If {
        /// The condition.
        cond: Expr,
        /// Members when true.
        then: Vec<Member>,
        /// Members when false.
        otherwise: Vec<Member>,
    },
    /// `match (a, b) Name { .. }`
    Match(Match),
    /// `let T = e;`
    Let(Ident, Expr),
    /// `require e [lenient];`
    Require {
        /// What must hold.
        cond: Expr,
        /// Reported, not refused, on decoding.
        lenient: bool,
    },
    /// `sized(n) { .. }`, `sized(n) match ..`, `sized(n) T Name ..;`
    Sized {
        /// Bytes.
        size: Expr,
        /// What fills them.
        content: SizedContent,
    },
    /// `tail { .. }`: may end before any member on decoding.
    Tail(Vec<Member>),
    /// `bits Name : uint16 { .. }` in place: a field with a type of its own.
    Bits(BitsDecl),
    /// `const guid ProviderUID = {..};`
    Const {
        /// Its type.
        ty: TypeRef,
        /// Its name.
        name: Ident,
        /// Array lengths.
        arrays: Vec<ArrayLen>,
        /// The only value that the bytes may have.
        value: Expr,
    },
    /// `echo Message;`: the handle index of the request again.
    Echo(Ident),
    /// `input handle<Folder> Folder;`
    Handle {
        /// Its role.
        role: HandleRole,
        /// Object types that it may have; empty: any.
        objects: Vec<Ident>,
        /// Its name.
        name: Ident,
    },
    /// A byte vector of the structure.
    Vector(Vector),
}

/// What a handle index of a ROP is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleRole {
    /// Names an open object.
    Input,
    /// Names the slot for a new object; `owned`: a release of the input object takes it along.
    Output {
        /// By the closed list of MS-OXCROPS 3.2.5.3.
        owned: bool,
    },
    /// Echoed at the head of the reply.
    Response,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Attributes before the type.
    pub attrs: Vec<Attr>,
    /// Its type.
    pub ty: TypeSpec,
    /// One or more names with their pointers and arrays; none for an anonymous aggregate.
    pub declarators: Vec<Declarator>,
    /// `= count(x) or 0xFFFF`
    pub derived: Option<Derived>,
    /// Attributes after the name: `[fill]`.
    pub marks: Vec<Attr>,
}

/// `= expr or expr`
#[derive(Clone, Debug)]
pub struct Derived {
    /// What it is derived from.
    pub expr: Expr,
    /// Values of the field that stand for "none" instead.
    pub or: Vec<Expr>,
}

/// `**name[n][*]`
#[derive(Clone, Debug)]
pub struct Declarator {
    /// Stars.
    pub pointers: usize,
    /// The name.
    pub name: Ident,
    /// From left to right.
    pub arrays: Vec<ArrayLen>,
    /// `(*name)[n]`: the pointer points to the array.
    pub pointer_to_array: bool,
}

/// What stands in the brackets of an array.
#[derive(Clone, Debug)]
pub enum ArrayLen {
    /// `[]` or `[*]`: conformant in NDR.
    Open(Span),
    /// `[expr]`
    Expr(Expr),
    /// `[a..b]`
    Range(Expr, Expr),
    /// `[rest]`: to the end of the buffer.
    Rest(Span),
    /// `[until e]`: to the element that satisfies it; `[until e or rest]`: or to the end of the buffer.
    Until {
        /// A value, or a condition over the members of the element.
        end: Expr,
        /// `or rest`
        or_rest: bool,
    },
}

/// `match (a, b) Name { .. }`
#[derive(Clone, Debug)]
pub struct Match {
    /// What is looked at.
    pub on: Vec<Expr>,
    /// Name of the Rust field and enum; derived from the structure where missing.
    pub name: Option<Ident>,
    /// Arms in order; the first that fits is taken.
    pub arms: Vec<Arm>,
}

/// An arm of a match.
#[derive(Clone, Debug)]
pub struct Arm {
    /// `///` lines.
    pub docs: Vec<String>,
    /// `Name:`: name of the variant; the first pattern's where missing.
    pub label: Option<Ident>,
    /// One list of alternatives a discriminant; empty for `else`.
    pub patterns: Vec<Vec<Pattern>>,
    /// `if expr`
    pub guard: Option<Expr>,
    /// Its members.
    pub body: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// A pattern.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `_`, or `else` inside a tuple.
    Any(Span),
    /// A number.
    Int(u64, Span),
    /// `0x10..=0x1F`
    Range(u64, u64, Span),
    /// A constant of the discriminant's type, `true`, `false`.
    Path(Path),
}

/// What a sized extent holds.
#[derive(Clone, Debug)]
pub enum SizedContent {
    /// Members.
    Body(Vec<Member>),
    /// A match.
    Match(Match),
    /// One field, perhaps transformed, perhaps falling back to bytes.
    Field {
        /// The field.
        field: Box<Field>,
        /// `transform(xor(0xA5) if Flags.XorMagic, ..)`, in unpacking order: (transform, condition).
        transform: Vec<(Expr, Expr)>,
        /// `or bytes`: the type when the context is unset.
        or: Option<TypeRef>,
    },
}
