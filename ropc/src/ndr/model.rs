//! What an NDR interface means: names resolved, pointers and arrays in their levels, nothing
//! optional that a check ruled out.

use super::dialect::{Absent, Flat, Format, Function, Sub, Value};
use crate::ast::Span;

/// Index of a type in [`Interface::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub usize);

/// An interface: one Rust module.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// What names it in a bind.
    pub uuid: Option<String>,
    /// Major and minor.
    pub version: (u16, u16),
    /// Constants in order.
    pub consts: Vec<Const>,
    /// Own types in order of declaration, and those that they use from other interfaces.
    pub types: Vec<TypeDef>,
    /// In order of their numbers, without gaps.
    pub operations: Vec<Operation>,
    /// Fields of requests and responses that carry structures of `encoding(mapi)`.
    pub carried: Vec<Carried>,
}

/// A field whose bytes are a structure of `encoding(mapi)`.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// The request or response in Rust.
    pub message: String,
    /// The parameter as written.
    pub name: String,
    /// The same in Rust.
    pub rust: String,
    /// The module of the structure.
    pub module: String,
    /// The structure in Rust.
    pub structure: String,
    /// It borrows from the bytes.
    pub borrowed: bool,
    /// Something in it is compressed or obfuscated.
    pub transforms: bool,
}

/// A named number.
#[derive(Clone, Debug)]
pub struct Const {
    /// Its name.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its integer.
    pub scalar: Scalar,
    /// Its value, as wide as an expression.
    pub value: u64,
}

/// A type with a name of its own.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// As written.
    pub name: String,
    /// In Rust.
    pub rust: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited specification.
    pub spec: Option<String>,
    /// The Rust path of the module where it stands; `None`: in this interface.
    pub module: Option<String>,
    /// What it is.
    pub kind: TypeKind,
    /// Its Rust type comes from elsewhere: the path of that.
    pub hook: Option<String>,
    /// How its data deviates from what is around it.
    pub format: Format,
    /// Offsets inside count from its beginning.
    pub relative_base: bool,
    /// Its shape on the wire and in Rust.
    pub layout: Layout,
    /// Where it was declared.
    pub span: Span,
}

/// Every kind of named type.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// A structure.
    Struct(Struct),
    /// A union with its discriminant before it.
    Union(Union),
    /// An enumeration: a newtype with constants.
    Enum(Flags),
    /// A bitmap: a newtype with constants and set operations.
    Bitmap(Flags),
    /// Declared nowhere: its Rust type comes from elsewhere.
    Opaque,
}

/// A shape, computed once all types are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Alignment in NDR 2.0.
    pub align: usize,
    /// Alignment in NDR64.
    pub align64: usize,
    /// Bytes that it has at least, in either syntax.
    pub min_size: usize,
    /// It holds pointers whose referents come later.
    pub pointers: bool,
    /// It holds relative pointers.
    pub relative: bool,
    /// It ends in a conformant array, whose maximum count stands before it.
    pub conformant: bool,
    /// It borrows from the stub data.
    pub borrowed: bool,
    /// It can be copied bit by bit in Rust.
    pub copy: bool,
    /// It holds floating-point numbers.
    pub float: bool,
    /// It contains itself, perhaps behind pointers.
    pub recursive: bool,
    /// It contains itself in lists, without pointers between.
    pub nested: bool,
    /// Its bytes, where they are the same in both syntaxes and have no gaps; 0 where not.
    pub fixed: usize,
    /// Structures in each other in these bytes.
    pub fixed_depth: usize,
}

/// A structure.
#[derive(Clone, Debug, Default)]
pub struct Struct {
    /// In order.
    pub fields: Vec<Field>,
    /// How deep it may contain itself, where it says so.
    pub max_recursion: Option<u32>,
}

/// A field of a structure, a parameter of an operation.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written.
    pub name: String,
    /// In Rust.
    pub rust: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its type.
    pub ty: Type,
    /// What it is written as.
    pub value: Option<Value>,
    /// It has no Rust value.
    pub absent: Option<Absent>,
    /// Where it was declared.
    pub span: Span,
}

/// A union with its discriminant before it.
#[derive(Clone, Debug)]
pub struct Union {
    /// What the discriminant is.
    pub tag: Scalar,
    /// Its discriminant is not on the wire: what is around it chooses the arm.
    pub bare: bool,
    /// Its discriminant belongs to it alone: nothing around it chooses the arm.
    pub encapsulated: bool,
    /// Its arms stand at the alignment of the largest one in NDR 2.0, too (`ms_union`).
    pub aligned: bool,
    /// In order; at most one is the default.
    pub arms: Vec<Arm>,
    /// How deep it may contain itself, where it says so.
    pub max_recursion: Option<u32>,
}

/// An arm of a union.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Values of the discriminant.
    pub labels: Vec<u64>,
    /// Taken for every other value.
    pub default: bool,
    /// The Rust variant.
    pub variant: String,
    /// As written; the label's where there is no member.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its member.
    pub ty: Option<Type>,
    /// Where it was declared.
    pub span: Span,
}

impl Arm {
    /// Exactly one value of the discriminant leads here.
    #[must_use]
    pub fn single(&self) -> Option<u64> {
        match (self.default, self.labels.as_slice()) {
            (false, [label]) => Some(*label),
            _ => None,
        }
    }
}

/// An enumeration or a bitmap.
#[derive(Clone, Debug)]
pub struct Flags {
    /// Its integer on the wire.
    pub scalar: Scalar,
    /// Its constants.
    pub items: Vec<FlagItem>,
}

/// A constant of an enumeration or a bitmap.
#[derive(Clone, Debug)]
pub struct FlagItem {
    /// As written.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Its value.
    pub value: u64,
}

/// A type where it is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// An integer, a floating-point number.
    Scalar(Scalar),
    /// A number that has to lie between two, both included.
    Ranged(Scalar, u64, u64),
    /// A structure, an enumeration, a bitmap.
    Named(TypeId),
    /// A union, and what its discriminant has to be, where the description says so.
    Union(TypeId, Option<Expr>),
    /// A type that every interface knows.
    Known(Known),
    /// A pointer.
    Pointer(Pointer, Box<Type>),
    /// An array.
    Array(Array),
    /// Characters that end with a zero.
    Text(Text),
    /// A text or a list of texts outside NDR's own rules.
    Flat(Flat),
    /// Data that deviates from what is around it.
    Formatted(Format, Box<Type>),
    /// Data inside data.
    Sub(Sub),
    /// Elements in chunks: a parameter of an operation.
    Pipe(Box<Type>),
}

/// What a pointer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// Never null, without an id at the top of a parameter.
    Ref,
    /// May be null.
    Unique,
    /// May be null, may point to what another one points to.
    Full,
    /// An offset of 32 bits, 0 for null.
    Relative,
    /// An offset of 16 bits, 0 for null.
    RelativeShort,
}

impl Pointer {
    /// An offset instead of an id.
    #[must_use]
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Relative | Self::RelativeShort)
    }
}

/// An array of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its elements.
    pub element: Box<Type>,
    /// How many.
    pub size: Size,
    /// How many of them are sent, where that may be fewer.
    pub length: Option<Expr>,
    /// The first of those that are sent, where that may be another than the first of all.
    pub first: Option<Expr>,
    /// A varying array: an offset and an actual count stand before the elements.
    pub varying: bool,
}

/// How many elements an array has.
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// A constant.
    Fixed(u64),
    /// A maximum count on the wire, before what the array ends; derived where the description says from what.
    Conformant(Option<Expr>),
    /// A maximum count directly before the array, which is in the middle of a structure.
    Headed(Option<Expr>),
    /// Computed, with nothing on the wire.
    Inline(Expr),
}

impl Size {
    /// From what the number of elements follows.
    #[must_use]
    pub fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Fixed(_) => None,
            Self::Conformant(expr) | Self::Headed(expr) => expr.as_ref(),
            Self::Inline(expr) => Some(expr),
        }
    }

    fn expr_mut(&mut self) -> Option<&mut Expr> {
        match self {
            Self::Fixed(_) => None,
            Self::Conformant(expr) | Self::Headed(expr) => expr.as_mut(),
            Self::Inline(expr) => Some(expr),
        }
    }

    /// A maximum count is on the wire.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(self, Self::Conformant(_) | Self::Headed(_))
    }
}

/// Characters that end with a zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// UTF-16 instead of 8-bit characters.
    pub wide: bool,
    /// Room for a constant number, or a maximum count on the wire.
    pub size: Size,
}

/// A number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scalar {
    U8,
    U16,
    /// A character of 16 bits: many of them are a text.
    Unit,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    Bool,
    /// 16 bits in NDR 2.0, 32 in NDR64.
    Enum16,
    /// 32 bits in NDR 2.0, 64 in NDR64.
    U3264,
    /// 64 bits at an alignment of four.
    Udlong,
    /// 64 bits with a sign at an alignment of four.
    Dlong,
    /// 64 bits at an alignment of four, the high half first.
    Udlongr,
}

/// Types that every interface knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Known {
    NtStatus,
    WError,
    HResult,
    Guid,
    ContextHandle,
    /// A blob as its surroundings say: counted, the rest, padding.
    Blob,
    /// A security identifier.
    Sid,
    /// With its count before it.
    SidConformant,
    /// Always 28 bytes.
    SidPadded,
    /// Missing at the end of the data.
    SidOptional,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// As written.
    pub name: String,
    /// Its number.
    pub opnum: u16,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited specification.
    pub spec: Option<String>,
    /// In order.
    pub params: Vec<Param>,
    /// What it returns.
    pub returns: Option<Type>,
    /// It has its number, and nothing is generated for it.
    pub left_out: bool,
    /// Where it was declared.
    pub span: Span,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name, type and documentation. A reference pointer at the top is not part of the type.
    pub field: Field,
    /// Sent with the request.
    pub input: bool,
    /// Sent with the response.
    pub output: bool,
    /// The structure of `encoding(mapi)` that its bytes hold.
    pub carries: Option<crate::ast::Ident>,
}

/// An expression over the fields of a structure or the parameters of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number.
    Const(u64),
    /// A field by its index.
    Field(usize),
    /// What a field points to; 0 where it is null.
    Deref(usize),
    /// `!x`, `~x`, `-x`
    Unary(crate::ast::UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(crate::ast::BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a.b`, `a->b`
    Member(Box<Expr>, String),
    /// `f(a)`
    Call(Function, Box<Expr>),
    /// How many bytes the structure takes that the expression stands in.
    Whole,
}

impl Expr {
    /// The field that it is, and nothing else.
    #[must_use]
    pub fn plain_field(&self) -> Option<usize> {
        match self {
            Self::Field(index) => Some(*index),
            _ => None,
        }
    }

    /// Calls `f` for every field that it reads.
    pub fn fields(&self, f: &mut impl FnMut(usize)) {
        match self {
            Self::Const(_) | Self::Whole => {}
            Self::Field(index) | Self::Deref(index) => f(*index),
            Self::Unary(_, a) | Self::Member(a, _) | Self::Call(_, a) => a.fields(f),
            Self::Binary(_, a, b) => {
                a.fields(f);
                b.fields(f);
            }
            Self::Ternary(a, b, c) => {
                a.fields(f);
                b.fields(f);
                c.fields(f);
            }
        }
    }
}

impl Expr {
    /// Calls `f` for every field whose number it reads: not for those that it measures or looks into.
    pub fn numbers(&self, f: &mut impl FnMut(usize)) {
        match self {
            Self::Const(_) | Self::Whole | Self::Member(..) | Self::Call(..) => {}
            Self::Field(index) | Self::Deref(index) => f(*index),
            Self::Unary(_, a) => a.numbers(f),
            Self::Binary(_, a, b) => {
                a.numbers(f);
                b.numbers(f);
            }
            Self::Ternary(a, b, c) => {
                // `p ? p->x : 0` asks whether there is something
                if !matches!(**a, Self::Field(_)) {
                    a.numbers(f);
                }
                b.numbers(f);
                c.numbers(f);
            }
        }
    }

    /// Calls `f` for every part, outermost last.
    fn each_mut(&mut self, f: &mut impl FnMut(&mut Expr)) {
        match self {
            Self::Const(_) | Self::Whole | Self::Field(_) | Self::Deref(_) => {}
            Self::Unary(_, a) | Self::Member(a, _) | Self::Call(_, a) => a.each_mut(f),
            Self::Binary(_, a, b) => {
                a.each_mut(f);
                b.each_mut(f);
            }
            Self::Ternary(a, b, c) => {
                a.each_mut(f);
                b.each_mut(f);
                c.each_mut(f);
            }
        }
        f(self);
    }
}

impl Type {
    /// Calls `f` for every part of every expression in it.
    pub fn exprs_mut(&mut self, f: &mut impl FnMut(&mut Expr)) {
        match self {
            Self::Union(_, Some(expr)) => expr.each_mut(f),
            Self::Pointer(_, to) | Self::Formatted(_, to) | Self::Pipe(to) => to.exprs_mut(f),
            Self::Sub(sub) => {
                if let Some(expr) = &mut sub.size {
                    expr.each_mut(f);
                }
                sub.inner.exprs_mut(f);
            }
            Self::Array(array) => {
                for expr in array.size.expr_mut().into_iter().chain(&mut array.length).chain(&mut array.first) {
                    expr.each_mut(f);
                }
                array.element.exprs_mut(f);
            }
            Self::Text(text) => {
                if let Some(expr) = text.size.expr_mut() {
                    expr.each_mut(f);
                }
            }
            _ => {}
        }
    }

    /// Every expression in it.
    pub fn exprs(&self, f: &mut impl FnMut(&Expr)) {
        match self {
            Self::Union(_, Some(expr)) => f(expr),
            Self::Pointer(_, to) | Self::Formatted(_, to) | Self::Pipe(to) => to.exprs(f),
            Self::Sub(sub) => {
                if let Some(expr) = &sub.size {
                    f(expr);
                }
                sub.inner.exprs(f);
            }
            Self::Array(array) => {
                for expr in array.size.expr().into_iter().chain(&array.length).chain(&array.first) {
                    f(expr);
                }
                array.element.exprs(f);
            }
            Self::Text(text) => {
                if let Some(expr) = text.size.expr() {
                    f(expr);
                }
            }
            _ => {}
        }
    }

    /// Without formats around it.
    #[must_use]
    pub fn plain(&self) -> &Self {
        match self {
            Self::Formatted(_, inner) => inner.plain(),
            other => other,
        }
    }

    /// The named types in it: of its own bytes, and behind pointers where `pointers` says so.
    pub fn named(&self, pointers: bool, f: &mut impl FnMut(TypeId)) {
        match self {
            Self::Named(id) | Self::Union(id, _) => f(*id),
            Self::Pointer(_, to) if pointers => to.named(pointers, f),
            Self::Array(array) => array.element.named(pointers, f),
            Self::Formatted(_, inner) | Self::Pipe(inner) => inner.named(pointers, f),
            Self::Sub(sub) => sub.inner.named(pointers, f),
            _ => {}
        }
    }
}

impl TypeKind {
    /// The types of its members.
    pub fn members(&self) -> impl Iterator<Item = &Type> {
        let (fields, arms) = match self {
            Self::Struct(record) => (record.fields.as_slice(), [].as_slice()),
            Self::Union(union) => ([].as_slice(), union.arms.as_slice()),
            Self::Enum(_) | Self::Bitmap(_) | Self::Opaque => ([].as_slice(), [].as_slice()),
        };
        fields.iter().map(|field: &Field| &field.ty).chain(arms.iter().filter_map(|arm: &Arm| arm.ty.as_ref()))
    }
}

impl Scalar {
    /// Alignment and size in NDR 2.0 and in NDR64.
    #[must_use]
    pub fn sizes(self) -> (usize, usize) {
        match self {
            Self::U8 | Self::I8 | Self::Bool => (1, 1),
            Self::U16 | Self::Unit | Self::I16 => (2, 2),
            Self::U32 | Self::I32 | Self::F32 => (4, 4),
            Self::U64 | Self::I64 | Self::F64 => (8, 8),
            Self::Enum16 => (2, 4),
            Self::U3264 => (4, 8),
            Self::Udlong | Self::Dlong | Self::Udlongr => (4, 4),
        }
    }

    /// Its Rust type.
    #[must_use]
    pub fn rust(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 | Self::Unit | Self::Enum16 => "u16",
            Self::U32 => "u32",
            Self::U64 | Self::U3264 | Self::Udlong | Self::Udlongr => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 | Self::Dlong => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bool => "bool",
        }
    }

    /// The method of cursor and encoder.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Enum16 => "enum16",
            Self::U3264 => "u3264",
            Self::Udlong => "udlong",
            Self::Dlong => "dlong",
            Self::Udlongr => "udlongr",
            other => other.rust(),
        }
    }

    /// A floating-point number.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// An integer whose highest bit is its sign.
    #[must_use]
    pub fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::Dlong)
    }

    /// The largest value of an integer.
    #[must_use]
    pub fn max(self) -> u64 {
        match self {
            Self::U8 => u64::from(u8::MAX),
            Self::U16 | Self::Unit | Self::Enum16 => u64::from(u16::MAX),
            Self::U32 => u64::from(u32::MAX),
            Self::I8 => i8::MAX as u64,
            Self::I16 => i16::MAX as u64,
            Self::I32 => i32::MAX as u64,
            Self::I64 | Self::Dlong => i64::MAX as u64,
            Self::Bool => 1,
            Self::U64 | Self::U3264 | Self::Udlong | Self::Udlongr | Self::F32 | Self::F64 => u64::MAX,
        }
    }
}

impl Interface {
    /// The shape of a type where it is used.
    #[must_use]
    pub fn layout(&self, ty: &Type) -> Layout {
        super::layout::of(&self.types, ty)
    }

    /// The type with this index. Indexes come from this interface alone.
    #[must_use]
    pub fn get(&self, id: TypeId) -> Option<&TypeDef> {
        self.types.get(id.0)
    }

    /// The Rust name of a message of an operation.
    #[must_use]
    pub fn message_name(&self, operation: &Operation, suffix: &str) -> String {
        super::names::message_name(&operation.name, suffix, |name| {
            self.types.iter().any(|def| def.module.is_none() && def.rust == name)
        })
    }
}
