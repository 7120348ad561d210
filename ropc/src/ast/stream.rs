//! Stream grammars as written.

use super::{ArrayLen, Attr, Expr, Ident, Member, Span, TypeRef};

/// `stream FastTransfer [..] { .. }`
#[derive(Clone, Debug)]
pub struct StreamDecl {
    /// Its name.
    pub name: Ident,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// Its items in order.
    pub items: Vec<StreamItem>,
}

/// An item of a stream grammar.
#[derive(Clone, Debug)]
pub enum StreamItem {
    /// `token marker : uint32 in FxMarkers;`
    Token {
        /// Its name.
        name: Ident,
        /// What it is on the wire.
        ty: TypeRef,
        /// The enumeration whose constants it may have.
        of: Option<Ident>,
        /// Parts by kind.
        parts: Option<(Expr, Vec<TokenArm>)>,
    },
    /// `atom propDef { .. }`: never cut by the writer.
    Atom(Ident, Vec<Member>),
    /// `override Tag: wire var, value T;`
    Override {
        /// What it applies to.
        on: Expr,
        /// Word and argument.
        parts: Vec<(Ident, OverrideArg)>,
    },
    /// `value PtypBoolean = uint16;`
    Value {
        /// The property type.
        of: Ident,
        /// What it is there.
        ty: TypeRef,
    },
    /// `structural MetaTagFXDelProp, MetaTagDnPrefix;`
    Structural(Vec<Expr>),
    /// `recover errorInfo in contentsSync, messageList;`
    Recover(Ident, Vec<Ident>),
    /// `production messageContent = ..;`
    Production(Ident, Vec<Alternative>),
    /// `root a | b by context;`
    Root(Vec<Ident>, Ident),
}

/// What follows a word of an `override`.
#[derive(Clone, Debug)]
pub enum OverrideArg {
    /// `value IdSet<guid>`, `wire var`
    Type(TypeRef),
    /// `accept 0x40170102`
    Expr(Expr),
}

/// `fixed => atom Value<fx>(Type) Value;`
#[derive(Clone, Debug)]
pub struct TokenArm {
    /// The kind.
    pub on: Ident,
    /// (cuttable, type, name, lengths)
    pub parts: Vec<(bool, TypeRef, Ident, Vec<ArrayLen>)>,
}

/// One alternative of a production.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// `full:`
    pub label: Option<Ident>,
    /// In order.
    pub terms: Vec<Term>,
}

/// A term with its repetition.
#[derive(Clone, Debug)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// How often.
    pub repeat: Repeat,
    /// Where it stands.
    pub span: Span,
}

/// How often a term comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Once.
    Once,
    /// `?`
    Optional,
    /// `*`
    Many,
    /// `+`
    Some,
}

/// What a term is.
#[derive(Clone, Debug)]
pub enum TermKind {
    /// A marker or a production.
    Name(Ident),
    /// `prop(..)`; `None`: any.
    Prop(Option<Expr>),
    /// `( .. )`
    Group(Vec<Alternative>),
}
