//! Expressions as written.

use super::{Ident, Span, TypeSpec};

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

impl Expr {
    /// The names in it that may be those of constants.
    pub fn names<'e>(&'e self, found: &mut Vec<&'e str>) {
        match &self.kind {
            ExprKind::Name(name) => found.push(&name.text),
            ExprKind::Member(inner, _) | ExprKind::Unary(_, inner) | ExprKind::Cast(_, inner) => inner.names(found),
            ExprKind::Index(left, right) | ExprKind::Slice(left, right) | ExprKind::Binary(_, left, right) => {
                left.names(found);
                right.names(found);
            }
            ExprKind::Ternary(condition, then, other) => {
                [condition, then, other].into_iter().for_each(|part| part.names(found));
            }
            ExprKind::Call(_, parts) | ExprKind::List(parts) => parts.iter().for_each(|part| part.names(found)),
            ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::SizeofType(_) => {}
        }
    }
}

/// Every kind of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number.
    Int(u64),
    /// A text.
    Str(String),
    /// A name.
    Name(Ident),
    /// `a.b`, `a->b`
    Member(Box<Expr>, Ident),
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[..n]`
    Slice(Box<Expr>, Box<Expr>),
    /// `f(x)`, `count(x)`
    Call(Box<Expr>, Vec<Expr>),
    /// `!x`, `*x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `(unsigned long) x`
    Cast(Vec<Ident>, Box<Expr>),
    /// `sizeof(unsigned long)`, `sizeof(struct X)`
    SizeofType(Box<TypeSpec>),
    /// `{ .. }`
    List(Vec<Expr>),
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `~`
    BitNot,
    /// `-`
    Neg,
    /// `*`
    Deref,
    /// `&`
    AddressOf,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
    /// `&`
    BitAnd,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}
