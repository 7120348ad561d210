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
        /// The production that the property stands in; elsewhere it does not apply.
        within: Option<Ident>,
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
    /// `require message has PidTagMid in messageList, topFolder [lenient];`
    Require {
        /// The production.
        production: Ident,
        /// What is required.
        rule: StreamRule,
        /// The properties.
        tags: Vec<Ident>,
        /// The roots for which it holds; empty for all.
        roots: Vec<Ident>,
        /// Not by decoders.
        lenient: bool,
    },
    /// `context messageList: RopX, RopY of Folder when SourceOperation == CopyMessages;`
    Context(Ident, Vec<Opener>),
    /// `production messageContent = ..;`
    Production(Ident, Vec<Alternative>),
    /// `root a | b by context;`
    Root(Vec<Ident>, Ident),
}

/// What is required of the properties of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamRule {
    /// `has`: all of them are there.
    Has,
    /// `leads`: those that are there stand before all others, in this order.
    Leads,
    /// `lacks`: none of them is there, nor in anything inside.
    Lacks,
}

/// A ROP that opens a stream.
#[derive(Clone, Debug)]
pub struct Opener {
    /// The ROP.
    pub rop: Ident,
    /// `of Folder | Message`: the kinds of its input object; empty for any.
    pub of: Vec<Ident>,
    /// `when SourceOperation == CopyTo`: a field of its request with a value.
    pub when: Option<(Ident, Expr)>,
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
