//! Types where they are used, aliases and wire forms.

use super::{Attr, EnumDecl, EnumItem, Expr, Ident, Member, Path, Span};

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
