//! Members of structures: fields, conditions, matches, and what they hold.

use super::{ConstValue, Layout, Type, TypeId, Width};

/// How a string travels.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
pub enum Expr {
    /// A number.
    Int(u64),
    /// A boolean.
    Bool(bool),
    /// A field of the same structure, or a `let`.
    Field(String),
    /// A parameter.
    Param(String),
    /// A parameter that is not always known is known.
    IsSet(String),
    /// The value of such a parameter, where it is known.
    Known(String),
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
#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant, reason = "most members are fields")]
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
#[derive(Clone, Debug, Hash)]
pub struct Requirement {
    /// The condition.
    pub cond: Expr,
    /// Decoding tolerates a value for which it does not hold; packing refuses it.
    pub lenient: bool,
}

/// A condition.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
    /// Its bytes are changed on their way to the extent that they fill.
    pub transform: Option<Transform>,
    /// The order of its elements: only so are they written.
    pub order: Option<Order>,
    /// When this holds, numbers behind it in its structure are big-endian, and little-endian otherwise.
    pub big_endian: Option<Expr>,
}

/// How the bytes of a field are changed after packing, and changed back before unpacking.
#[derive(Clone, Debug, Hash)]
pub struct Transform {
    /// In the order of unpacking.
    pub steps: Vec<TransformStep>,
    /// The field that has the size before all of them.
    pub plain_size: Option<Expr>,
    /// The bit record by whose flags the steps are chosen, corrected by packing where one is not applied.
    pub policy: Option<String>,
}

/// One change of bytes.
#[derive(Clone, Debug, Hash)]
pub struct TransformStep {
    /// Which.
    pub kind: TransformKind,
    /// When it is applied.
    pub cond: Expr,
}

/// Changes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransformKind {
    /// Each byte exclusive-or this one.
    Xor(u8),
    /// LZ77 with the DIRECT2 encoding.
    Lz77,
}

/// The order of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The field of the elements by which they ascend.
    pub by: String,
    /// A field of the elements that is of one size where they are alike in the other.
    pub uniform: Option<String>,
}

/// A sub-field that is derived.
#[derive(Clone, Debug, Hash)]
pub struct DerivedBits {
    /// The sub-field.
    pub name: String,
    /// Mask in the record.
    pub mask: u64,
    /// From what.
    pub from: BitsSource,
}

/// What a derived sub-field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BitsSource {
    /// Presence of this optional field.
    Present(String),
    /// The variant of the match with this Rust field name.
    Match(String),
}

/// What decides a field's value.
#[derive(Clone, Debug, Hash)]
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
    /// The bytes of a field before it is transformed.
    PlainSize(String),
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Count {
    /// The list.
    pub of: String,
    /// The value where there is no list: the list is an option then.
    pub none: Option<u64>,
}

/// A match: one Rust enum.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, PartialEq, Hash)]
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

impl Match {
    /// The parameters that have to be known for its first variant; the other one is bytes. Empty for a match that
    /// is no extent `or bytes`.
    #[must_use]
    pub fn waits_for(&self) -> Vec<&str> {
        fn collect<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) {
            match expr {
                Expr::IsSet(name) => found.push(name),
                Expr::Binary(_, a, b) => {
                    collect(a, found);
                    collect(b, found);
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.on.iter().for_each(|d| collect(&d.expr, &mut found));
        found
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
            transform: None,
            order: None,
            big_endian: None,
        }
    }
}
