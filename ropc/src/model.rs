//! What a set of descriptions means: resolved, laid out, nothing optional that a check ruled out.
//!
//! This is the model of `encoding(mapi)`; NDR interfaces have their own under [`crate::ndr`].
//! Types are in one arena, [`Program::types`], in the order of their declaration.

mod members;
mod naming;
mod operations;
mod stream;

pub use members::*;
pub use operations::*;
pub use stream::{
    Class, Opener, Production, Recovery, Required, Set, Step, Stream, TagRule, ValueRule, ValueType, Wire,
};

use std::hash::{Hash, Hasher};

use crate::ast::{Span, Vector};

/// Index of a type in [`Program::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId(pub usize);

impl TypeId {
    /// What a hasher gets before the number: one that knows the program takes the type's name instead.
    pub(crate) const MARK: &[u8] = b"\0type of program\0";
}

impl Hash for TypeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(Self::MARK);
        state.write_usize(self.0);
    }
}

/// All descriptions of one compilation.
#[derive(Clone, Debug, Default, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
    /// Its numbers are in the order that a structure around them says.
    pub either_order: bool,
}

/// A property that is named by its set and a number or a string.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConstValue {
    /// A number.
    Int(u64),
    /// 16 bytes on the wire.
    Guid([u8; 16]),
}

/// A named type.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
pub struct FormDef {
    /// Its forms in order: name, documentation. A form's number is its place here.
    pub items: Vec<(String, Vec<String>)>,
    /// Integers whose width follows it.
    pub widths: Vec<FormWidth>,
}

/// `type Count<F> = match (F) { .. }` of integers.
#[derive(Clone, Debug, Hash)]
pub struct FormWidth {
    /// The name of the type.
    pub name: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// The integer in each form, in the order of the forms.
    pub kinds: Vec<IntKind>,
}

/// An integer whose width follows a wire form.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
pub struct EnumDef {
    /// The integer on the wire.
    pub base: IntKind,
    /// Constants: name, value, documentation.
    pub items: Vec<(String, u64, Vec<String>)>,
}

/// A record of bits.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Debug, Default, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Something in it is compressed or obfuscated.
    pub transforms: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { lifetime: false, copy: true, float: false, min_size: 0, fixed: true, transforms: false }
    }
}

/// A parameter.
#[derive(Clone, Debug, Hash)]
pub struct Param {
    /// As written.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// A list of it.
    pub list: bool,
    /// It is not always known: an option in Rust.
    pub optional: bool,
}

/// A type where it is used.
#[derive(Clone, Debug, Hash)]
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

impl StructDef {
    /// Fields that stand at offsets behind the others, in the order in which they are written.
    pub fn referents(&self) -> impl Iterator<Item = &Field> {
        self.body.iter().filter_map(|member| match member {
            Member::Field(field) if field.at.is_some() => Some(field),
            _ => None,
        })
    }

    /// The field that says in which order the numbers behind it are.
    #[must_use]
    pub fn order_field(&self) -> Option<&Field> {
        self.body.iter().find_map(|member| match member {
            Member::Field(field) if field.big_endian.is_some() => Some(field),
            _ => None,
        })
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
