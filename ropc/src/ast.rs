//! What was written: the syntax tree of one description file, with spans.
//!
//! Only `parse.rs` makes these, only `check` and `model` read them. Nothing here is resolved.

mod expr;
mod stream;

use std::ops::Range;

pub use expr::*;
pub use stream::*;

/// Index of a source in [`crate::source::Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A byte range of one source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The source that the range lies in.
    pub source: SourceId,
    /// First byte and one past the last.
    pub range: Range<usize>,
}

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringLit {
    /// The text.
    pub text: String,
    /// From the first quote to the last.
    pub span: Span,
}

/// `[attrs] interface Name : Base { ... }`
#[derive(Clone, Debug)]
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
    /// `carries(T until expr)`
    Carries(TypeRef, Expr),
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
    /// `map Content { ... }`
    Map(MapDecl),
    /// `struct X { ... };`, `union X { ... };`, a forward declaration: MIDL and PIDL spelling.
    Aggregate(TypeSpec),
    /// An operation of an NDR interface.
    Function(FunctionDecl),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservedRule {
    /// Kept as they came.
    Ignore,
    /// Written as zero, cleared on decoding.
    Zero,
    /// An error when set.
    Reject,
}

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

/// A type where it is used.
#[derive(Clone, Debug)]
pub enum TypeSpec {
    /// `unsigned long`
    Words(Vec<Ident>),
    /// A named type with arguments.
    Ref(TypeRef),
    /// `struct X`, `enum X`: by tag.
    Tag(TagKind, Ident),
    /// `struct X { .. }` in place.
    Struct {
        /// Attributes between `typedef` or the list before and `struct`.
        attrs: Vec<Attr>,
        /// Its tag.
        tag: Option<Ident>,
        /// Its members.
        body: Vec<Member>,
        /// All of it.
        span: Span,
    },
    /// `union X switch (T d) u { .. }` in place.
    Union {
        /// Attributes.
        attrs: Vec<Attr>,
        /// Its tag.
        tag: Option<Ident>,
        /// Encapsulated: type and name of the discriminant, name of the union inside.
        switch: Option<(Box<TypeSpec>, Ident, Option<Ident>)>,
        /// Its arms.
        cases: Vec<UnionCase>,
        /// All of it.
        span: Span,
    },
    /// `enum X { .. }` in place.
    Enum(Vec<Attr>, EnumDecl, Span),
    /// `bitmap X { .. }` in place.
    Bitmap {
        /// Attributes.
        attrs: Vec<Attr>,
        /// Its tag.
        tag: Option<Ident>,
        /// Its flags.
        items: Vec<EnumItem>,
        /// All of it.
        span: Span,
    },
}

/// The kinds of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagKind {
    /// `struct`
    Struct,
    /// `union`
    Union,
    /// `enum`
    Enum,
    /// `bitmap`
    Bitmap,
}

/// An arm of an NDR union.
#[derive(Clone, Debug)]
pub struct UnionCase {
    /// Its labels; empty with `default`.
    pub labels: Vec<Expr>,
    /// `default`
    pub default: bool,
    /// Its member; `None`: an empty arm.
    pub member: Option<Member>,
    /// All of it.
    pub span: Span,
}

/// `PropertyRow<F>(Table.Columns)`
#[derive(Clone, Debug)]
pub struct TypeRef {
    /// Its name.
    pub name: Ident,
    /// `<F>`, `handle_value<A | B>`: alternatives of paths.
    pub forms: Vec<Vec<Path>>,
    /// `(..)`; `None` when there are no parentheses.
    pub args: Option<Vec<TypeArg>>,
    /// All of it.
    pub span: Span,
}

/// An argument of a type.
#[derive(Clone, Debug)]
pub enum TypeArg {
    /// A value.
    Expr(Expr),
    /// `codepage = e`, `align = none`
    Named(Ident, Expr),
    /// `count uint16 chars`
    Count {
        /// The integer before the text.
        prefix: Ident,
        /// Its wire forms.
        forms: Vec<Vec<Path>>,
        /// The length counts UTF-16 units or characters; otherwise bytes.
        chars: bool,
    },
}

/// `type X<F> = ..`
#[derive(Clone, Debug)]
pub struct TypeDecl {
    /// Its name.
    pub name: Ident,
    /// `<WireForm F>`: wire form parameters.
    pub forms: Vec<FormParam>,
    /// What it stands for.
    pub kind: TypeDeclKind,
}

/// What a type name stands for.
#[derive(Clone, Debug)]
pub enum TypeDeclKind {
    /// Another type.
    Alias(TypeRef),
    /// One by wire form: patterns (empty for `else`) and type.
    Match(Path, Vec<(Vec<Path>, TypeRef)>),
}

/// A closed set of wire forms.
#[derive(Clone, Debug)]
pub struct FormDecl {
    /// Its name.
    pub name: Ident,
    /// The forms, each with its `///` lines.
    pub forms: Vec<(Vec<String>, Ident)>,
}

/// `WireForm F`, or `F` where the form itself has that name.
#[derive(Clone, Debug)]
pub struct FormParam {
    /// The declared form.
    pub form: Ident,
    /// The parameter's name.
    pub name: Ident,
}

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

/// `map Content { a = b; }`
#[derive(Clone, Debug)]
pub struct MapDecl {
    /// The variant or structure.
    pub name: Ident,
    /// Wire field and expression over logical fields.
    pub items: Vec<(Ident, Expr)>,
}

/// Bytes beside the definition, with what they mean.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub enum Expected {
    /// Values of named fields.
    Value(Value),
    /// A part of the error's text.
    Error(StringLit),
}

/// A literal value.
#[derive(Clone, Debug)]
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
