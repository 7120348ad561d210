//! Expressions of attributes, constants and labels: names to fields and numbers, constants folded.

use super::dialect::{Function, function};
use super::model::{Expr, Known, Scalar, Type};
use super::resolve::Resolver;
use crate::ast::{self, BinaryOp, ExprKind, UnaryOp};
use crate::diagnostic::Diagnostic;

impl Resolver<'_> {
    /// Resolves an expression over fields. Reports and gives `None` for what cannot be.
    pub(super) fn expr(&mut self, expr: &ast::Expr, fields: &[&str]) -> Option<Expr> {
        let resolved = match &expr.kind {
            ExprKind::Int(value) => Expr::Const(*value),
            ExprKind::Name(name) => match fields.iter().position(|field| *field == name.text) {
                Some(index) => Expr::Field(index),
                None => Expr::Const(self.named_constant(name, fields)?),
            },
            ExprKind::Unary(UnaryOp::Deref, inner) => match self.expr(inner, fields)? {
                Expr::Field(index) => Expr::Deref(index),
                _ => return self.no_expr(expr, "only a parameter or a field can be followed"),
            },
            // `r` is what PIDL calls the structure or operation itself
            ExprKind::Member(base, member) if is_name(base, "r") && fields.contains(&member.text.as_str()) => {
                Expr::Field(fields.iter().position(|field| *field == member.text).unwrap_or(0))
            }
            ExprKind::Member(base, member) if is_direction(base) && fields.contains(&member.text.as_str()) => {
                Expr::Field(fields.iter().position(|field| *field == member.text).unwrap_or(0))
            }
            ExprKind::Member(base, member) if !fields.is_empty() => {
                let base = match &base.kind {
                    ExprKind::Unary(UnaryOp::Deref, inner) => self.expr(inner, fields)?,
                    _ => self.expr(base, fields)?,
                };
                match base {
                    Expr::Field(_) | Expr::Member(..) => Expr::Member(Box::new(base), member.text.clone()),
                    _ => return self.no_expr(expr, "only a field has members"),
                }
            }
            ExprKind::Call(name, args) => return self.call(expr, name, args, fields),
            ExprKind::Unary(UnaryOp::AddressOf, _) => {
                return self.no_expr(expr, "an address means nothing on the wire");
            }
            ExprKind::Unary(op, inner) => fold_unary(*op, self.expr(inner, fields)?),
            // `(uint32_t)-1` of a type that is no word of C
            ExprKind::Binary(BinaryOp::Sub, ty, inner) if self.is_type(ty, fields) => {
                fold_unary(UnaryOp::Neg, self.expr(inner, fields)?)
            }
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.expr(left, fields), self.expr(right, fields));
                fold_binary(*op, left?, right?)
            }
            ExprKind::Ternary(cond, then, other) => {
                let (cond, then, other) = (self.expr(cond, fields), self.expr(then, fields), self.expr(other, fields));
                match cond? {
                    Expr::Const(0) => other?,
                    Expr::Const(_) => then?,
                    cond => Expr::Ternary(Box::new(cond), Box::new(then?), Box::new(other?)),
                }
            }
            ExprKind::Cast(_, inner) => self.expr(inner, fields)?,
            ExprKind::Member(..) | ExprKind::Index(..) | ExprKind::Slice(..) => {
                return self.no_expr(expr, "only names of the same level, numbers and operators can stand here");
            }
            ExprKind::SizeofType(spec) => match super::types::simple(spec).as_ref().and_then(size_of) {
                Some(size) => Expr::Const(size),
                None => return self.no_expr(expr, "its size differs from value to value"),
            },
            ExprKind::Str(_) | ExprKind::List(_) => {
                return self.no_expr(expr, "not a number");
            }
        };
        Some(resolved)
    }

    /// A call: of a function over a text or a structure, or rounding.
    fn call(&mut self, expr: &ast::Expr, name: &ast::Expr, args: &[ast::Expr], fields: &[&str]) -> Option<Expr> {
        let ExprKind::Name(name) = &name.kind else { return self.no_expr(expr, "not the name of a function") };
        match (name.text.as_str(), args) {
            // round up to a multiple
            ("NDR_ROUND", [value, to]) => {
                let (value, to) = (self.expr(value, fields)?, self.expr(to, fields)?);
                let less = fold_binary(BinaryOp::Sub, to, Expr::Const(1));
                let sum = fold_binary(BinaryOp::Add, value, less.clone());
                return Some(fold_binary(BinaryOp::BitAnd, sum, fold_unary(UnaryOp::BitNot, less)));
            }
            ("UINT32_C" | "UINT64_C" | "UINT16_C" | "UINT8_C", [value]) => return self.expr(value, fields),
            ("sizeof", [ast::Expr { kind: ExprKind::Name(name), .. }]) => {
                let ty = super::types::builtin(&name.text).or_else(|| self.lookup(name));
                return match ty.as_ref().and_then(size_of) {
                    Some(size) => Some(Expr::Const(size)),
                    None => self.no_expr(expr, "its size differs from value to value"),
                };
            }
            ("ndr_size_DATA_BLOB", [_, value, _]) => {
                let value = self.expr(value, fields)?;
                return Some(Expr::Call(Function::Length, Box::new(value)));
            }
            _ => {}
        }
        let Some((function, arg)) = function(&name.text).zip(args.first()) else {
            self.diagnostics.push(Diagnostic::error(
                "R0712",
                format!("`{}` is a function of C", name.text),
                expr.span.clone(),
                "cannot be computed here",
            ));
            return None;
        };
        // `ndr_size_X(r, flags)`: of the whole, from inside
        let whole = ["r", "this"].into_iter().any(|name| is_name(arg, name) && !fields.contains(&name));
        if whole && function == Function::Size && !fields.is_empty() {
            return Some(Expr::Whole);
        }
        // `&x` and `*x` are x: what is measured is the thing itself
        let arg = match &arg.kind {
            ExprKind::Unary(UnaryOp::AddressOf | UnaryOp::Deref, inner) => inner,
            _ => arg,
        };
        match self.expr(arg, fields)? {
            Expr::Const(_) => self.no_expr(expr, "needs a field"),
            arg @ (Expr::Field(_) | Expr::Member(..)) => Some(Expr::Call(function, Box::new(arg))),
            _ => self.no_expr(expr, "needs a field"),
        }
    }

    /// Resolves an expression that has to be a number.
    pub(super) fn constant(&mut self, expr: &ast::Expr) -> Option<u64> {
        match self.expr(expr, &[])? {
            Expr::Const(value) => Some(value),
            // Without fields everything folds, but for a division by zero.
            _ => self.no_expr(expr, "has no value"),
        }
    }

    fn is_type(&self, expr: &ast::Expr, fields: &[&str]) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => {
                let name = name.text.as_str();
                !fields.contains(&name) && !self.constants.contains_key(name) && super::types::builtin(name).is_some()
            }
            _ => false,
        }
    }

    fn named_constant(&mut self, name: &ast::Ident, fields: &[&str]) -> Option<u64> {
        if let Some(value) = self.constants.get(&name.text) {
            return Some(*value);
        }
        if let Some(value) = self.later_constant(&name.text) {
            return Some(value);
        }
        match name.text.as_str() {
            "true" | "TRUE" => return Some(1),
            "false" | "FALSE" | "NULL" | "error_status_ok" => return Some(0),
            _ => {}
        }
        let shout = name.text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if self.headers && shout {
            self.diagnostics.push(Diagnostic::error(
                "R0712",
                format!("`{}` is declared in no interface file", name.text),
                name.span.clone(),
                "a header of C may have it",
            ));
            return None;
        }
        let label = if fields.is_empty() { "no constant has this name" } else { "no sibling has this name" };
        let mut diagnostic =
            Diagnostic::error("R0704", format!("unknown name `{}`", name.text), name.span.clone(), label);
        let candidates = fields.iter().copied().chain(self.constants.keys().map(String::as_str));
        if let Some(near) = self.searches.nearest(&name.text, candidates) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
        None
    }

    fn no_expr<T>(&mut self, expr: &ast::Expr, label: &str) -> Option<T> {
        self.diagnostics.push(Diagnostic::error(
            "R0715",
            "this expression cannot be used here",
            expr.span.clone(),
            label,
        ));
        None
    }
}

/// `r->in` and `r->out`: the parameters of an operation, as PIDL calls them.
fn is_direction(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Member(base, name) if is_name(base, "r") && ["in", "out"].contains(&name.text.as_str()))
}

fn is_name(expr: &ast::Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(found) if found.text == name)
}

/// Bytes of a type that is always of one size.
fn size_of(ty: &Type) -> Option<u64> {
    match ty {
        Type::Scalar(scalar) | Type::Ranged(scalar, ..) => Some(match scalar {
            Scalar::Udlong | Scalar::Dlong | Scalar::Udlongr => 8,
            other => other.sizes().0 as u64,
        }),
        Type::Known(Known::Guid) => Some(16),
        Type::Known(Known::NtStatus | Known::WError | Known::HResult) => Some(4),
        _ => None,
    }
}

fn fold_unary(op: UnaryOp, inner: Expr) -> Expr {
    match (op, inner) {
        (UnaryOp::Not, Expr::Const(a)) => Expr::Const(u64::from(a == 0)),
        (UnaryOp::BitNot, Expr::Const(a)) => Expr::Const(!a),
        (UnaryOp::Neg, Expr::Const(a)) => Expr::Const(a.wrapping_neg()),
        (op, inner) => Expr::Unary(op, Box::new(inner)),
    }
}

fn fold_binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    if let (Expr::Const(a), Expr::Const(b)) = (&left, &right)
        && let Some(value) = evaluate(op, *a, *b)
    {
        return Expr::Const(value);
    }
    Expr::Binary(op, Box::new(left), Box::new(right))
}

/// C's operators over 64 bits without sign.
fn evaluate(op: BinaryOp, a: u64, b: u64) -> Option<u64> {
    let shift = u32::try_from(b).ok();
    Some(match op {
        BinaryOp::Or => u64::from(a != 0 || b != 0),
        BinaryOp::And => u64::from(a != 0 && b != 0),
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::BitAnd => a & b,
        BinaryOp::Eq => u64::from(a == b),
        BinaryOp::Ne => u64::from(a != b),
        BinaryOp::Lt => u64::from(a < b),
        BinaryOp::Le => u64::from(a <= b),
        BinaryOp::Gt => u64::from(a > b),
        BinaryOp::Ge => u64::from(a >= b),
        BinaryOp::Shl => a.checked_shl(shift?)?,
        BinaryOp::Shr => a.checked_shr(shift?)?,
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div => a.checked_div(b)?,
        BinaryOp::Rem => a.checked_rem(b)?,
    })
}
