//! What a set of descriptions means: resolved, laid out, nothing optional that a check ruled out.
//!
//! This is the model of `encoding(mapi)`; NDR interfaces have their own under [`crate::ndr`].
//! Types are in one arena, [`Program::types`], in the order of their declaration.

mod naming;
mod stream;

pub use stream::{Class, Production, Recovery, Set, Step, Stream, TagRule, ValueType, Wire};

use crate::ast::{Span, Vector};

/// Index of a type in [`Program::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub usize);

/// All descriptions of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// One an interface, in the order of import.
    pub modules: Vec<Module>,
    /// All named types.
    pub types: Vec<TypeDef>,
    /// Server objects.
    pub objects: Vec<Object>,
    /// Remote operations, in the order of declaration.
    pub rops: Vec<Rop>,
    /// Operations of families.
    pub requests: Vec<Request>,
    /// Batches: ROP input and output buffers.
    pub batches: Vec<Batch>,
    /// Streams.
    pub streams: Vec<Stream>,
}

/// An interface: one Rust module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited specification.
    pub spec: Option<String>,
    /// Where it was declared.
    pub span: Span,
    /// Constants in order.
    pub consts: Vec<Const>,
    /// Named properties in order.
    pub properties: Vec<NamedProperty>,
}

/// A property that is named by its set and a number or a string.
#[derive(Clone, Debug)]
pub struct NamedProperty {
    /// As written: its canonical name.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// The constant of its property set.
    pub set: String,
    /// The property set, as on the wire.
    pub guid: [u8; 16],
    /// What names it within the set.
    pub id: NamedId,
    /// The constant of its type.
    pub ty: String,
    /// Its type, as on the wire.
    pub code: u16,
    /// Where its name stands.
    pub span: Span,
}

/// What names a property within its set; numbers come before strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedId {
    /// A LID.
    Lid(u32),
    /// A string.
    Name(String),
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Const {
    /// As written.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its type.
    pub ty: Type,
    /// Its value.
    pub value: ConstValue,
    /// Where its name stands.
    pub span: Span,
}

/// The value of a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstValue {
    /// A number.
    Int(u64),
    /// 16 bytes on the wire.
    Guid([u8; 16]),
}

/// A named type.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// As written; also its Rust name.
    pub name: String,
    /// Index of its module.
    pub module: usize,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited section.
    pub spec: Option<String>,
    /// Where it was declared.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// Kinds of named types.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// An open enumeration.
    Enum(EnumDef),
    /// A bit record.
    Bits(BitsDef),
    /// A structure.
    Struct(StructDef),
    /// A closed set of wire forms.
    Form(FormDef),
}

/// A closed set of wire forms: context that the bytes do not carry.
#[derive(Clone, Debug)]
pub struct FormDef {
    /// Its forms in order: name, documentation. A form's number is its place here.
    pub items: Vec<(String, Vec<String>)>,
    /// Integers whose width follows it.
    pub widths: Vec<FormWidth>,
}

/// `type Count<F> = match (F) { .. }` of integers.
#[derive(Clone, Debug)]
pub struct FormWidth {
    /// The name of the type.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// The integer in each form, in the order of the forms.
    pub kinds: Vec<IntKind>,
}

/// An integer whose width follows a wire form.
#[derive(Clone, Debug)]
pub struct ByForm {
    /// The name of its type: that of a [`FormWidth`].
    pub name: String,
    /// The form.
    pub form: Box<Expr>,
    /// The integer in each form, in the order of the forms.
    pub kinds: Vec<IntKind>,
}

impl ByForm {
    /// The integer in Rust: the widest.
    #[must_use]
    pub fn widest(&self) -> IntKind {
        self.kinds.iter().copied().max_by_key(|kind| kind.size).unwrap_or(IntKind { size: 8, signed: false })
    }

    /// What fits this fits every form.
    #[must_use]
    pub fn narrowest(&self) -> IntKind {
        self.kinds.iter().copied().min_by_key(|kind| kind.size).unwrap_or(IntKind { size: 1, signed: false })
    }
}

/// The integer that says how long a text is.
#[derive(Clone, Debug)]
pub enum Width {
    /// The same always.
    Always(IntKind),
    /// By a wire form.
    ByForm(ByForm),
}

impl Width {
    /// What fits this fits every form.
    #[must_use]
    pub fn narrowest(&self) -> IntKind {
        match self {
            Self::Always(kind) => *kind,
            Self::ByForm(by) => by.narrowest(),
        }
    }
}

/// Integers of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntKind {
    /// Bytes: 1, 2, 4, 8.
    pub size: u8,
    /// Two's complement.
    pub signed: bool,
}

/// An open enumeration.
#[derive(Clone, Debug)]
pub struct EnumDef {
    /// The integer on the wire.
    pub base: IntKind,
    /// Constants: name, value, documentation.
    pub items: Vec<(String, u64, Vec<String>)>,
}

/// A record of bits.
#[derive(Clone, Debug)]
pub struct BitsDef {
    /// The integer on the wire.
    pub base: IntKind,
    /// Sub-fields.
    pub fields: Vec<BitsField>,
    /// Masks: name, value, documentation.
    pub masks: Vec<(String, u64, Vec<String>)>,
    /// Bits that something names.
    pub known: u64,
    /// What happens to the others.
    pub reserved: crate::ast::ReservedRule,
}

/// A sub-field of a bit record.
#[derive(Clone, Debug)]
pub struct BitsField {
    /// As written.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// First bit.
    pub at: u32,
    /// Bits.
    pub width: u32,
    /// Bytes most significant first.
    pub big_endian: bool,
    /// The enumeration or bit record of its value.
    pub ty: Option<TypeId>,
}

/// A structure.
#[derive(Clone, Debug, Default)]
pub struct StructDef {
    /// Context that the bytes do not carry.
    pub params: Vec<Param>,
    /// Its members in wire order.
    pub body: Vec<Member>,
    /// How deep it may contain itself.
    pub max_recursion: Option<u32>,
    /// Offsets inside it count from its first byte.
    pub relative_base: bool,
    /// It holds nothing but a discriminant and its match: its Rust type is the enum.
    pub is_enum: bool,
    /// What layout found out.
    pub layout: Layout,
    /// Byte vectors beside it.
    pub vectors: Vec<Vector>,
}

/// What layout found out about a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// It borrows from the buffer.
    pub lifetime: bool,
    /// It can be `Copy`, `Hash` and `Ord`.
    pub copy: bool,
    /// It holds floating-point numbers, so equality is not `Eq`.
    pub float: bool,
    /// The fewest bytes that it takes.
    pub min_size: u64,
    /// It always takes `min_size` bytes.
    pub fixed: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { lifetime: false, copy: true, float: false, min_size: 0, fixed: true }
    }
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// As written.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// A list of it.
    pub list: bool,
}

/// A type where it is used.
#[derive(Clone, Debug)]
pub enum Type {
    /// An integer.
    Int(IntKind),
    /// An unsigned integer whose width follows a wire form.
    IntByForm(ByForm),
    /// 4 or 8 bytes.
    Float(u8),
    /// 1 or 2 bytes.
    Bool(u8),
    /// Six bytes, most significant first.
    U48Be,
    /// 16 bytes.
    Guid,
    /// 8 bytes.
    FileTime,
    /// Commands up to End: a set of counters.
    GlobSet,
    /// A named type with arguments.
    Named(TypeId, Vec<Expr>),
    /// A string.
    Text(Text),
    /// Bytes.
    Bytes(Extent),
    /// Elements one after the other.
    Array(Box<Type>, Extent),
    /// Known to the language, emitted by nothing yet; names in it resolve. Building refuses it.
    Later,
}

/// How a string travels.
#[derive(Clone, Debug)]
pub enum Text {
    /// UTF-16 with terminator.
    Utf16Nul,
    /// 8-bit with terminator.
    String8Nul,
    /// One or the other by a flag.
    By(Box<Expr>),
    /// UTF-16, counted before it: width of the count; in units or in bytes.
    Utf16Counted(Width, bool),
    /// 8-bit, counted before it.
    String8Counted(Width),
    /// Plain bytes, counted before them.
    BytesCounted(Width),
    /// 8-bit, ended by carriage return and line feed.
    Line,
}

/// How long something is.
#[derive(Clone, Debug)]
pub enum Extent {
    /// So many, always.
    Const(u64),
    /// So many, by a derived field or another expression.
    Count(Expr),
    /// To the end of the enclosing extent.
    Rest,
    /// To the element that ends the list.
    Until(Box<Ending>),
}

/// What ends a list.
#[derive(Clone, Debug)]
pub enum Ending {
    /// An element with this text, which is no element of the list.
    Text(String),
    /// An element with this value, which is no element of the list.
    Value(u64),
    /// The first element for which this holds, the list's last; `or_rest`: or the end of the extent.
    When {
        /// Over [`Expr::Item`].
        cond: Expr,
        /// The extent may end before such an element.
        or_rest: bool,
    },
}

/// A resolved expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A number.
    Int(u64),
    /// A boolean.
    Bool(bool),
    /// A field of the same structure, or a `let`.
    Field(String),
    /// A parameter.
    Param(String),
    /// Elements of a list parameter or field.
    Len(Box<Expr>),
    /// A sub-field or mask of a bit record.
    Bits(Box<Expr>, TypeId, String),
    /// A member of a structure-valued expression.
    Member(Box<Expr>, String),
    /// A constant of an enumeration.
    EnumConst(TypeId, String),
    /// The index of the element.
    Index,
    /// The element that may end its list.
    Item,
    /// `list[index]`
    At(Box<Expr>),
    /// `list[..n]`
    Slice(Box<Expr>, Box<Expr>),
    /// `a + b`
    Binary(crate::ast::BinaryOp, Box<Expr>, Box<Expr>),
    /// `!a`
    Not(Box<Expr>),
    /// `c ? a : b`
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// A member in wire order.
#[derive(Clone, Debug)]
pub enum Member {
    /// A field.
    Field(Field),
    /// Members by a condition.
    If(Conditional),
    /// Members by a discriminant.
    Match(Match),
    /// A name for an expression.
    Let(String, Expr, Type),
    /// What must hold.
    Require(Requirement),
    /// An extent that its members use up.
    Sized(Expr, Vec<Member>),
    /// When decoding, the bytes may end before any of these; packing writes all.
    Tail(Vec<Member>),
}

/// What must hold.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The condition.
    pub cond: Expr,
    /// Decoding tolerates a value for which it does not hold; packing refuses it.
    pub lenient: bool,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Conditional {
    /// What is looked at.
    pub cond: Expr,
    /// The condition's text, for messages.
    pub text: String,
    /// Members when true.
    pub then: Vec<Member>,
    /// Members when false.
    pub otherwise: Vec<Member>,
}

/// A field on the wire.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its type.
    pub ty: Type,
    /// What decides its value.
    pub role: Role,
    /// Its bytes stand behind the members of its structure, at the offset that this field has; 0: nowhere.
    pub at: Option<String>,
    /// Contained in itself without a list between: boxed in Rust.
    pub boxed: bool,
    /// The engine packs elements until the reply is full.
    pub fill: bool,
    /// Its value is an argument of another type: only named values are generated for tests.
    pub selects: bool,
    /// Bits of the record that are derived: cleared when decoded, put back when packed.
    pub derived_bits: Vec<DerivedBits>,
    /// Its bytes are a piece of the stream of this name.
    pub piece: Option<String>,
}

/// A sub-field that is derived.
#[derive(Clone, Debug)]
pub struct DerivedBits {
    /// The sub-field.
    pub name: String,
    /// Mask in the record.
    pub mask: u64,
    /// From what.
    pub from: BitsSource,
}

/// What a derived sub-field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BitsSource {
    /// Presence of this optional field.
    Present(String),
    /// The variant of the match with this Rust field name.
    Match(String),
}

/// What decides a field's value.
#[derive(Clone, Debug)]
pub enum Role {
    /// The caller: a field in Rust.
    Plain,
    /// The number of elements of a field.
    Count(Count),
    /// The bytes that fields take: names, plus a constant.
    SizeOf(Vec<String>, i64),
    /// The bytes of all that follows in the same extent.
    SizeOfFollowing,
    /// The bytes of the whole structure.
    SizeOfThis,
    /// Whether an optional field is there.
    Present(String),
    /// Written so; other values tolerated.
    Fixed(u64),
    /// Must have this value.
    Const(ConstValue),
    /// The variant of the match with this Rust field name.
    Discriminant(String),
    /// The handle index of the request again: which header field.
    Echo(String),
    /// Where this field stands; 0 when it is not there.
    OffsetOf(String),
}

/// A derived count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The list.
    pub of: String,
    /// The value where there is no list: the list is an option then.
    pub none: Option<u64>,
}

/// A match: one Rust enum.
#[derive(Clone, Debug)]
pub struct Match {
    /// The Rust field that holds it, in snake case.
    pub field: String,
    /// The Rust enum.
    pub enum_name: String,
    /// What is looked at.
    pub on: Vec<Discriminant>,
    /// Arms in order.
    pub arms: Vec<Arm>,
    /// What layout found out about the enum.
    pub layout: Layout,
    /// It is contained in itself: boxed where it is a field.
    pub docs: Vec<String>,
}

/// A discriminant.
#[derive(Clone, Debug)]
pub struct Discriminant {
    /// The expression.
    pub expr: Expr,
    /// The name of accessor and kept field: the last part of the expression, as written.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// It is a field or sub-field of the same structure and comes from the variant.
    pub derived: bool,
}

/// An arm.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The variant.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Patterns, one list a discriminant; empty for `else`.
    pub patterns: Vec<Vec<Pattern>>,
    /// Members.
    pub body: Vec<Member>,
    /// Guard.
    pub guard: Option<Expr>,
    /// Discriminants whose value the variant keeps as a field.
    pub keeps: Vec<usize>,
}

/// A pattern of an arm.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Anything.
    Any,
    /// A number.
    Int(u64),
    /// A range, both ends in it.
    Range(u64, u64),
    /// A boolean.
    Bool(bool),
    /// A constant of an enumeration.
    Const(TypeId, String, u64),
}

/// A server object.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
    /// Byte vectors.
    pub vectors: Vec<Vector>,
}

/// An effect on an object's state.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub enum EffectValue {
    /// From the request's fields.
    Request(Expr),
    /// From the reply's fields.
    Reply(Expr),
    /// A constant.
    Const(ConstValue),
}

/// An operation of a family.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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

impl Extent {
    /// It may go to the end of the enclosing extent.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        match self {
            Self::Rest => true,
            Self::Until(ending) => matches!(**ending, Ending::When { or_rest: true, .. }),
            Self::Const(_) | Self::Count(_) => false,
        }
    }
}

impl Field {
    /// A field that the caller decides.
    #[must_use]
    pub fn plain(name: &str, docs: Vec<String>, ty: Type) -> Self {
        Self {
            name: name.to_owned(),
            docs,
            ty,
            role: Role::Plain,
            at: None,
            boxed: false,
            fill: false,
            selects: false,
            derived_bits: Vec::new(),
            piece: None,
        }
    }
}

impl StructDef {
    /// Fields that stand at offsets behind the others, in the order in which they are written.
    pub fn referents(&self) -> impl Iterator<Item = &Field> {
        self.body.iter().filter_map(|member| match member {
            Member::Field(field) if field.at.is_some() => Some(field),
            _ => None,
        })
    }
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

impl Program {
    /// A type.
    ///
    /// # Panics
    /// Never for ids of this program: they are made by pushing.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids are made by pushing to this arena")]
    pub fn ty(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0]
    }

    /// The leading parameters that are wire forms.
    #[must_use]
    pub fn forms<'d>(&self, def: &'d StructDef) -> &'d [Param] {
        let is_form =
            |param: &Param| matches!(&param.ty, Type::Named(id, _) if matches!(self.ty(*id).kind, TypeKind::Form(_)));
        let count = def.params.iter().take_while(|param| is_form(param)).count();
        def.params.get(..count).unwrap_or_default()
    }

    /// The enumeration of return values.
    #[must_use]
    pub fn error_code(&self) -> Option<(&TypeDef, &EnumDef)> {
        self.types.iter().find_map(|def| match &def.kind {
            TypeKind::Enum(e) if def.name == "ErrorCode" => Some((def, e)),
            _ => None,
        })
    }

    /// Layout of a type where it is used.
    #[must_use]
    pub fn layout(&self, ty: &Type) -> Layout {
        let sized = |min_size| Layout { min_size, ..Layout::default() };
        let borrowed = |min_size| Layout { lifetime: true, copy: false, min_size, fixed: false, ..Layout::default() };
        match ty {
            Type::Int(kind) => sized(u64::from(kind.size)),
            Type::IntByForm(by) => Layout { fixed: false, ..sized(u64::from(by.narrowest().size)) },
            Type::Float(size) => Layout { float: true, ..sized(u64::from(*size)) },
            Type::Bool(size) => sized(u64::from(*size)),
            Type::U48Be => sized(6),
            Type::Guid => sized(16),
            Type::FileTime => sized(8),
            Type::GlobSet => Layout { copy: false, min_size: 1, fixed: false, ..Layout::default() },
            // At least a byte: what it may be is checked when it is emitted.
            Type::Later => borrowed(1),
            Type::Named(id, _) => match &self.ty(*id).kind {
                TypeKind::Enum(e) => sized(u64::from(e.base.size)),
                TypeKind::Bits(b) => sized(u64::from(b.base.size)),
                TypeKind::Struct(s) => s.layout,
                TypeKind::Form(_) => sized(0),
            },
            Type::Text(Text::Utf16Nul | Text::Line) => borrowed(2),
            Type::Text(Text::String8Nul | Text::By(_)) => borrowed(1),
            Type::Text(Text::Utf16Counted(width, _) | Text::String8Counted(width) | Text::BytesCounted(width)) => {
                borrowed(u64::from(width.narrowest().size))
            }
            Type::Bytes(Extent::Const(n)) => sized(*n),
            Type::Bytes(_) => borrowed(0),
            Type::Array(element, Extent::Const(n)) => {
                let inner = self.layout(element);
                Layout { min_size: inner.min_size.saturating_mul(*n), ..inner }
            }
            Type::Array(element, extent) => {
                let inner = self.layout(element);
                let min_size = match extent {
                    Extent::Until(ending) if !matches!(**ending, Ending::When { or_rest: true, .. }) => {
                        let text = if let Ending::Text(text) = &**ending { text.len() as u64 } else { 0 };
                        inner.min_size.saturating_add(text)
                    }
                    _ => 0,
                };
                Layout { copy: false, min_size, fixed: false, ..inner }
            }
        }
    }
}
