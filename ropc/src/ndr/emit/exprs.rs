//! Expressions over fields to expressions over `u64`.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::check::number_of;
use super::super::derive::Derived;
use super::super::model::{Expr, Field, Interface, Scalar, Type};
use super::ident;
use crate::ast::{BinaryOp, UnaryOp};

/// How the fields of a structure or the parameters of an operation are reached.
pub(super) struct Env<'m> {
    pub(super) model: &'m Interface,
    pub(super) fields: Vec<&'m Field>,
    /// One a field.
    pub(super) access: Vec<Access>,
}

/// How one field is reached.
#[derive(Clone)]
pub(super) enum Access {
    /// A place of its type: `self.level`, `level`, `request.level`.
    Place(TokenStream),
    /// A field that follows from the one at this place: its length, its discriminant.
    Derived(Derived, TokenStream),
    /// Not known here.
    Missing,
}

impl Env<'_> {
    /// Everything that the expression reads is known.
    pub(super) fn knows(&self, expr: &Expr) -> bool {
        let mut known = true;
        expr.fields(&mut |index| known &= !matches!(self.access.get(index), None | Some(Access::Missing)));
        known
    }

    /// The expression as a `u64`.
    pub(super) fn value(&self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Const(value) => {
                let literal = proc_macro2::Literal::u64_unsuffixed(*value);
                quote!(#literal)
            }
            Expr::Field(index) => self.field(*index, false),
            Expr::Deref(index) => self.field(*index, true),
            Expr::Unary(op, inner) => {
                let value = self.operand(inner);
                match op {
                    UnaryOp::Not => quote!(u64::from(#value == 0)),
                    UnaryOp::Neg => quote!(#value.wrapping_neg()),
                    _ => quote!(!#value),
                }
            }
            Expr::Binary(op, left, right) => self.binary(*op, left, right),
            Expr::Ternary(cond, then, other) => {
                let (cond, then, other) = (self.condition(cond), self.value(then), self.value(other));
                quote!(if #cond { #then } else { #other })
            }
        }
    }

    /// The expression as a `bool`.
    fn condition(&self, expr: &Expr) -> TokenStream {
        if let Expr::Field(index) = expr
            && let (Some(field), Some(Access::Place(place))) = (self.fields.get(*index), self.access.get(*index))
            && matches!(field.ty, Type::Pointer(..))
        {
            return quote!(#place.is_some());
        }
        let value = self.operand(expr);
        quote!(#value != 0)
    }

    /// The expression where an operator stands beside it; a number gets its type.
    fn operand(&self, expr: &Expr) -> TokenStream {
        let value = self.value(expr);
        match expr {
            Expr::Const(value) => {
                let literal = proc_macro2::Literal::u64_suffixed(*value);
                quote!(#literal)
            }
            // A cast binds less than a method call.
            Expr::Field(_) | Expr::Deref(_) if !value.to_string().contains(" as ") => value,
            _ => quote!((#value)),
        }
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> TokenStream {
        let (a, b) = (self.operand(left), self.operand(right));
        match op {
            BinaryOp::Add => quote!(#a.wrapping_add(#b)),
            BinaryOp::Sub => quote!(#a.wrapping_sub(#b)),
            BinaryOp::Mul => quote!(#a.wrapping_mul(#b)),
            BinaryOp::Div => quote!(#a.checked_div(#b).unwrap_or(0)),
            BinaryOp::Rem => quote!(#a.checked_rem(#b).unwrap_or(0)),
            BinaryOp::BitAnd => quote!(#a & #b),
            BinaryOp::BitOr => quote!(#a | #b),
            BinaryOp::BitXor => quote!(#a ^ #b),
            BinaryOp::Shl => quote!(u32::try_from(#b).ok().and_then(|by| #a.checked_shl(by)).unwrap_or(0)),
            BinaryOp::Shr => quote!(u32::try_from(#b).ok().and_then(|by| #a.checked_shr(by)).unwrap_or(0)),
            BinaryOp::Eq => quote!(u64::from(#a == #b)),
            BinaryOp::Ne => quote!(u64::from(#a != #b)),
            BinaryOp::Lt => quote!(u64::from(#a < #b)),
            BinaryOp::Le => quote!(u64::from(#a <= #b)),
            BinaryOp::Gt => quote!(u64::from(#a > #b)),
            BinaryOp::Ge => quote!(u64::from(#a >= #b)),
            BinaryOp::And => quote!(u64::from(#a != 0 && #b != 0)),
            BinaryOp::Or => quote!(u64::from(#a != 0 || #b != 0)),
        }
    }

    fn field(&self, index: usize, deref: bool) -> TokenStream {
        let (Some(field), Some(access)) = (self.fields.get(index), self.access.get(index)) else {
            return quote!(0);
        };
        let place = match access {
            Access::Place(place) => place,
            Access::Derived(Derived::Count(_), place) => return quote!(#place.len() as u64),
            Access::Derived(Derived::Discriminant(_), place) => {
                let scalar = number_of(self.model, &field.ty).unwrap_or(Scalar::U64);
                return widen(scalar, quote!(#place.discriminant()));
            }
            Access::Missing => return quote!(0),
        };
        match (&field.ty, deref) {
            (Type::Pointer(_, to), true) => match (&**to, number_of(self.model, to)) {
                (Type::Scalar(_) | Type::Ranged(..), Some(Scalar::U64 | Scalar::U3264)) => {
                    quote!(#place.unwrap_or(0))
                }
                (Type::Scalar(_) | Type::Ranged(..), Some(scalar)) if !scalar.is_signed() => {
                    quote!(#place.map_or(0, u64::from))
                }
                _ => {
                    let inner = self.number(to, quote!(value));
                    quote!(#place.map_or(0, |value| #inner))
                }
            },
            (Type::Pointer(..), false) => quote!(u64::from(#place.is_some())),
            (ty, _) => self.number(ty, place.clone()),
        }
    }

    /// A place of a number type as a `u64`.
    fn number(&self, ty: &Type, place: TokenStream) -> TokenStream {
        let scalar = number_of(self.model, ty).unwrap_or(Scalar::U64);
        match ty {
            Type::Named(_) => widen(scalar, quote!(#place.0)),
            _ => widen(scalar, place),
        }
    }
}

/// An integer as a `u64`; a negative one becomes a large one, which no count equals.
pub(super) fn widen(scalar: Scalar, value: TokenStream) -> TokenStream {
    match scalar {
        Scalar::U64 | Scalar::U3264 => value,
        _ if scalar.is_signed() => quote!(#value as u64),
        _ => quote!(u64::from(#value)),
    }
}

/// Variables of the generated code itself: a field of such a name gets an underscore.
const RESERVED: &[&str] = &["c", "count", "e", "frame", "item", "items", "max_count", "request", "tag", "value"];

/// The name of a field as a local variable.
pub(super) fn local(field: &Field) -> TokenStream {
    let name =
        if RESERVED.contains(&field.rust.as_str()) { ident(&format!("{}_", field.rust)) } else { ident(&field.rust) };
    quote!(#name)
}

/// A field of a structure from its local variable.
pub(super) fn init(field: &Field) -> TokenStream {
    let name = ident(&field.rust);
    if RESERVED.contains(&field.rust.as_str()) {
        let local = local(field);
        return quote!(#name: #local);
    }
    quote!(#name)
}

/// What an error says about a count or discriminant that contradicts its expression.
pub(super) fn describe(expr: &Expr, fields: &[&Field]) -> String {
    match expr {
        Expr::Const(value) => value.to_string(),
        Expr::Field(index) => fields.get(*index).map_or_else(String::new, |field| field.name.clone()),
        Expr::Deref(index) => fields.get(*index).map_or_else(String::new, |field| format!("*{}", field.name)),
        Expr::Unary(op, inner) => {
            let sign = match op {
                UnaryOp::Not => "!",
                UnaryOp::Neg => "-",
                _ => "~",
            };
            format!("{sign}{}", describe(inner, fields))
        }
        Expr::Binary(op, a, b) => format!("{} {} {}", describe(a, fields), sign(*op), describe(b, fields)),
        Expr::Ternary(c, a, b) => {
            format!("{} ? {} : {}", describe(c, fields), describe(a, fields), describe(b, fields))
        }
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::BitAnd => "&",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}
