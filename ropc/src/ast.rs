//! What was written: the syntax tree of one description file, with spans.
//!
//! Only `parse.rs` makes these, only `check` and `model` read them. Nothing here is resolved.

mod acf;
mod expr;
mod members;
mod operations;
mod stream;
mod types;

use std::hash::{Hash, Hasher};
use std::ops::Range;

pub use acf::*;
pub use expr::*;
pub use members::*;
pub use operations::*;
pub use stream::*;
pub use types::*;

/// Index of a source in [`crate::source::Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A byte range of one source. It has no part in hashes: where something stands is not what it means.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// The source that the range lies in.
    pub source: SourceId,
    /// First byte and one past the last.
    pub range: Range<usize>,
}

impl Hash for Span {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A name as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ident {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A dotted name: `Table.Columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// At least one part.
    pub parts: Vec<Ident>,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// In the order of the text.
    pub items: Vec<Item>,
    /// Names of declarations that did not parse at all: reported, and not to be reported as unknown.
    pub lost: Vec<Ident>,
    /// What its quotes for C define.
    pub macros: Vec<MacroDef>,
    /// The files that its imports are, as far as they could be read; parsing leaves it empty.
    pub imports: Vec<SourceId>,
    /// The name of the file without its ending; parsing leaves it empty.
    pub stem: String,
}

/// What a file holds at its top level.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a file has few items")]
pub enum Item {
    /// `import "a.idl", "b.idl";`
    Import(Vec<StringLit>),
    /// `cpp_quote("...")`: kept, never compiled.
    CppQuote(StringLit),
    /// `interface X { ... }`
    Interface(Interface),
    /// A declaration outside an interface.
    Decl(Decl),
}

/// A string literal, escapes resolved, adjacent literals joined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StringLit {
    /// The text.
    pub text: String,
    /// From the first quote to the last.
    pub span: Span,
}

/// `[attrs] interface Name : Base { ... }`
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// `///` lines, without the slashes.
    pub docs: Vec<String>,
    /// All attribute lists before it, joined.
    pub attrs: Vec<Attr>,
    /// Its name.
    pub name: Ident,
    /// The interface that it extends.
    pub base: Option<Ident>,
    /// Declarations in order; those that did not parse are missing here and reported.
    pub decls: Vec<Decl>,
    /// Attributes that did not parse are missing here and reported: what looks absent may only be lost.
    pub damaged: bool,
    /// It is one of COM and was reported: nothing is made of it.
    pub com: bool,
    /// It is a file that has no interface.
    pub nameless: bool,
}

impl Interface {
    /// It says `encoding(mapi)`.
    #[must_use]
    pub fn is_mapi(&self) -> bool {
        let said =
            self.attrs.iter().filter(|attr| attr.name.text == "encoding").filter_map(|attr| attr.args.as_deref());
        said.flatten().any(|arg| match arg {
            AttrArg::Expr(Expr { kind: ExprKind::Name(name), .. }) => name.text == "mapi",
            _ => false,
        })
    }
}

/// `cpp_quote("#define NAME value")`: a name that expressions may use.
#[derive(Clone, Debug)]
pub struct MacroDef {
    /// Its name.
    pub name: Ident,
    /// What it stands for.
    pub value: Expr,
}

/// One attribute: `size_is(len)`.
#[derive(Clone, Debug)]
pub struct Attr {
    /// Its name.
    pub name: Ident,
    /// Its arguments; `None` when there are no parentheses.
    pub args: Option<Vec<AttrArg>>,
    /// Name and arguments.
    pub span: Span,
}

/// An argument of an attribute.
#[derive(Clone, Debug)]
pub enum AttrArg {
    /// `uuid(...)`, lower case, without quotes.
    Uuid(String),
    /// `version(1.0)`
    Version(u32, u32),
    /// Words of a type: `switch_type(unsigned long)`.
    Type(TypeSpec),
    /// `implicit_handle(handle_t hServer)`
    Handle(Ident, Ident),
    /// Anything else.
    Expr(Expr),
    /// `size_is(, n)`
    Empty,
}

/// A declaration.
#[derive(Clone, Debug)]
pub struct Decl {
    /// `///` lines, without the slashes.
    pub docs: Vec<String>,
    /// All attribute lists before it, joined.
    pub attrs: Vec<Attr>,
    /// What it declares.
    pub kind: DeclKind,
    /// Parts that did not parse are missing here and reported: what looks undeclared or too short may
    /// only be lost, so checks that need all of it do not apply.
    pub damaged: bool,
    /// The whole declaration.
    pub span: Span,
}

/// Every kind of declaration of the language.
#[derive(Clone, Debug)]
pub enum DeclKind {
    /// `const PropertyTag PidTagSubject = 0x0037001F;`
    Const(ConstDecl),
    /// `typedef ... a, *b;`
    Typedef(Typedef),
    /// `enum X : uint16 { ... }`
    Enum(EnumDecl),
    /// `bits X : uint16 { ... }`
    Bits(BitsDecl),
    /// `struct X<F>(params) { ... }`
    Struct(StructDecl),
    /// `type Count<F> = match (F) { ... };`
    Type(TypeDecl),
    /// `form F { rop, rule }`
    Form(FormDecl),
    /// `object Table { ... }`
    Object(ObjectDecl),
    /// `rop RopRelease = 0x01 { ... }`
    Rop(OperationDecl),
    /// `request Connect = "Connect" in mailbox { ... }`
    Request(OperationDecl),
    /// `family mailbox { ... }`
    Family(FamilyDecl),
    /// `batch RopInputBuffer { ... }`
    Batch(StructDecl),
    /// `stream FastTransfer { ... }`
    Stream(StreamDecl),
    /// `struct X { ... };`, `union X { ... };`, a forward declaration: MIDL and PIDL spelling.
    Aggregate(TypeSpec),
    /// An operation of an NDR interface.
    Function(FunctionDecl),
}

impl DeclKind {
    /// The name of the set of wire forms that it declares.
    #[must_use]
    pub fn form_name(&self) -> Option<&str> {
        match self {
            Self::Form(form) => Some(&form.name.text),
            _ => None,
        }
    }
}

/// A constant.
#[derive(Clone, Debug)]
pub struct ConstDecl {
    /// Its type.
    pub ty: TypeSpec,
    /// `const char *x`: number of stars.
    pub pointers: usize,
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub value: Expr,
}

/// A type definition of the MIDL family.
#[derive(Clone, Debug)]
pub struct Typedef {
    /// Attributes between `typedef` and the type (the declaration's own stand on [`Decl`]).
    pub attrs: Vec<Attr>,
    /// `typedef pipe T x;`
    pub pipe: bool,
    /// What is named.
    pub ty: TypeSpec,
    /// The names.
    pub declarators: Vec<Declarator>,
}

/// `PropertyType : uint16 { A = 1, B }`
#[derive(Clone, Debug)]
pub struct EnumDecl {
    /// `None` for an anonymous one in place.
    pub name: Option<Ident>,
    /// The integer on the wire; `None`: NDR's default of 16 bits.
    pub base: Option<Box<TypeSpec>>,
    /// Its constants.
    pub items: Vec<EnumItem>,
}

/// One constant of an enumeration.
#[derive(Clone, Debug)]
pub struct EnumItem {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Attributes before it.
    pub attrs: Vec<Attr>,
    /// Its name.
    pub name: Ident,
    /// Its value; one more than the one before where missing.
    pub value: Option<Expr>,
}

/// A record of bits in one integer.
#[derive(Clone, Debug)]
pub struct BitsDecl {
    /// Its name.
    pub name: Ident,
    /// The integer on the wire.
    pub base: TypeSpec,
    /// Sub-fields, masks and the rule for the rest.
    pub items: Vec<BitsItem>,
}

/// What a bit record holds.
#[derive(Clone, Debug)]
pub enum BitsItem {
    /// `Type : 3 as AddressType @0;`
    Field {
        /// `///` lines.
        docs: Vec<String>,
        /// Its name.
        name: Ident,
        /// Bits; 1 where not written.
        width: u32,
        /// The bytes of the sub-field stand most significant first (GlobalCounter).
        big_endian: bool,
        /// The enumeration or bit record that its value belongs to.
        ty: Option<Ident>,
        /// First bit; after the field before where not written.
        at: Option<u32>,
    },
    /// `ReadWrite = 0x01;`
    Mask {
        /// `///` lines.
        docs: Vec<String>,
        /// Its name.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `reserved ignore;`
    Reserved(ReservedRule, Span),
}

/// What decoding does with bits that nothing names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReservedRule {
    /// Kept as they came.
    Ignore,
    /// Written as zero, cleared on decoding.
    Zero,
    /// An error when set.
    Reject,
}
