//! Expressions over fields to expressions over `u64`.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::check::number_of;
use super::super::derive::{Derived, derived};
use super::super::dialect::{Function, Value};
use super::super::model::{Expr, Field, Interface, Known, Pointer, Scalar, Type, TypeKind};
use super::{Emit, ident};
use crate::ast::{BinaryOp, UnaryOp};

/// How the fields of a structure or the parameters of an operation are reached.
pub(super) struct Env<'m> {
    pub(super) model: &'m Interface,
    pub(super) fields: Vec<&'m Field>,
    /// One a field.
    pub(super) access: Vec<Access>,
    /// There is an encoder `e`: what something takes can be found out.
    pub(super) writing: bool,
}

/// How one field is reached.
#[derive(Clone)]
pub(super) enum Access {
    /// A place of its type: `self.level`, `level`, `request.level`.
    Place(TokenStream),
    /// A field that follows from the one at this place: its length, its discriminant.
    Derived(Derived, TokenStream),
    /// What it is written as.
    Computed(Expr),
    /// Not known here.
    Missing,
}

impl Env<'_> {
    /// Everything that the expression reads is known.
    pub(super) fn knows(&self, expr: &Expr) -> bool {
        let mut known = true;
        expr.fields(&mut |index| known &= !matches!(self.access.get(index), None | Some(Access::Missing)));
        known && (self.writing || !measures(expr))
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
            Expr::Whole => quote!(e.size_of_whole(|e| self.pack(e))? as u64),
            Expr::Member(..) => self.reach(expr, &|env, place, ty| env.number(ty, place)),
            Expr::Call(function, arg) => self.reach(arg, &|env, place, ty| env.measure(*function, place, ty)),
        }
    }

    /// What `f` makes of the place of a field or member; 0 where a pointer on the way is null.
    fn reach(&self, expr: &Expr, f: &dyn Fn(&Self, TokenStream, &Type) -> TokenStream) -> TokenStream {
        match expr {
            Expr::Field(index) | Expr::Deref(index) => match (self.fields.get(*index), self.access.get(*index)) {
                (Some(field), Some(Access::Place(place))) => f(self, place.clone(), &field.ty),
                (Some(_), Some(Access::Computed(expr))) => self.value(expr),
                (Some(_), Some(Access::Derived(..))) => self.field(*index, false),
                _ => quote!(0),
            },
            Expr::Member(base, name) => self.reach(base, &|env, place, ty| env.member(place, ty, name, f)),
            _ => quote!(0),
        }
    }

    fn member(
        &self,
        place: TokenStream,
        ty: &Type,
        name: &str,
        f: &dyn Fn(&Self, TokenStream, &Type) -> TokenStream,
    ) -> TokenStream {
        match ty {
            Type::Formatted(_, inner) | Type::Pointer(Pointer::Ref, inner) => self.member(place, inner, name, f),
            Type::Sub(sub) => self.member(place, &sub.inner, name, f),
            Type::Known(Known::Blob) if name == "length" => quote!(#place.len() as u64),
            Type::Pointer(_, to) => {
                let inner = self.member(quote!(value), to, name, f);
                quote!(#place.as_ref().map_or(0, |value| #inner))
            }
            Type::Named(id) => {
                let Some(TypeKind::Struct(record)) = self.model.get(*id).map(|def| &def.kind) else { return quote!(0) };
                let fields: Vec<&Field> = record.fields.iter().collect();
                let Some(index) = fields.iter().position(|field| field.name == name) else { return quote!(0) };
                let derived = derived(self.model, &fields, |_| true);
                let access = fields
                    .iter()
                    .enumerate()
                    .map(|(index, _)| {
                        let derived = derived.get(index).copied().flatten();
                        super::shapes::member_access(&fields, derived, index, &place)
                    })
                    .collect();
                let env = Env { model: self.model, fields, access, writing: self.writing };
                env.reach(&Expr::Field(index), f)
            }
            _ => quote!(0),
        }
    }

    /// How long something is, or how many bytes it takes.
    fn measure(&self, function: Function, place: TokenStream, ty: &Type) -> TokenStream {
        match ty {
            // the terminator of a text that is not there is none
            Type::Pointer(kind, to) if *kind != Pointer::Ref && function == Function::LengthTerminated => {
                let inner = self.measure(function, quote!(value), to);
                return quote!(#place.as_ref().map_or(0, |value| #inner));
            }
            Type::Formatted(_, inner) => return self.measure(function, place, inner),
            _ => {}
        }
        let length = self.length(function, place, ty);
        match function {
            Function::Length | Function::Size => length,
            Function::LengthTerminated => quote!((#length).wrapping_add(1)),
            Function::LengthTerminatedOrNone => quote!(match #length { 0 => 0, length => length.wrapping_add(1) }),
        }
    }

    fn length(&self, function: Function, place: TokenStream, ty: &Type) -> TokenStream {
        match ty {
            Type::Formatted(_, inner) | Type::Pointer(Pointer::Ref, inner) => self.length(function, place, inner),
            Type::Sub(sub) => self.length(function, place, &sub.inner),
            Type::Pointer(_, to) => {
                if function == Function::Size {
                    let inner = self.length(function, quote!(value), to);
                    return quote!(match &#place { Some(value) => #inner, None => 0 });
                }
                let inner = self.length(function, quote!(value), to);
                quote!(#place.as_ref().map_or(0, |value| #inner))
            }
            Type::Text(text) if text.wide => quote!(#place.len_units() as u64),
            Type::Flat(flat) if !flat.flags.narrow && !flat.list => match function {
                Function::Size => quote!(#place.len_units() as u64 * 2),
                _ => quote!(#place.len_units() as u64),
            },
            Type::Text(_) => quote!(#place.as_bytes().len() as u64),
            Type::Flat(flat) if !flat.list => quote!(#place.as_bytes().len() as u64),
            Type::Flat(flat) => {
                let method = ident(if flat.flags.narrow { "flat_array8" } else { "flat_array16" });
                quote!(e.size_of(|e| e.#method(&#place))? as u64)
            }
            // `ndr_size_string_array`: characters with their terminators
            Type::Array(array) if function == Function::Size => match array.element.plain() {
                Type::Flat(flat) if !flat.list => {
                    let units =
                        if flat.flags.narrow { quote!(text.as_bytes().len()) } else { quote!(text.len_units()) };
                    quote!(#place.iter().map(|text| #units as u64 + 1).sum::<u64>())
                }
                _ => self.list_len(ty, &place),
            },
            Type::Array(_) => self.list_len(ty, &place),
            Type::Known(Known::Blob) => quote!(#place.len() as u64),
            Type::Named(_) | Type::Union(..) | Type::Known(_) => {
                let pack = match ty {
                    Type::Known(known) => known.methods().1,
                    _ => ident("pack"),
                };
                quote!(e.size_of(|e| #place.#pack(e))? as u64)
            }
            _ => quote!(0),
        }
    }

    /// The expression as a `bool`.
    fn condition(&self, expr: &Expr) -> TokenStream {
        if let Expr::Field(index) = expr
            && let (Some(field), Some(Access::Place(place))) = (self.fields.get(*index), self.access.get(*index))
            && matches!(field.ty.plain(), Type::Pointer(..))
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
            Expr::Field(index) | Expr::Deref(index)
                if !matches!(self.access.get(*index), Some(Access::Computed(_)))
                    && !value.to_string().contains(" as ") =>
            {
                value
            }
            _ => quote!((#value)),
        }
    }

    /// The expression as an argument; a number gets its type.
    fn argument(&self, expr: &Expr) -> TokenStream {
        if matches!(expr, Expr::Const(_)) { self.operand(expr) } else { self.value(expr) }
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> TokenStream {
        let (a, b) = (self.operand(left), self.operand(right));
        let b = match op {
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Rem
            | BinaryOp::Shl
            | BinaryOp::Shr => self.argument(right),
            _ => b,
        };
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
            Access::Derived(Derived::Count(from), place) => {
                return match self.fields.get(*from) {
                    Some(from) => self.list_len(&from.ty, place),
                    None => quote!(0),
                };
            }
            Access::Derived(Derived::Discriminant(_), place) => {
                let scalar = number_of(self.model, &field.ty).unwrap_or(Scalar::U64);
                return widen(scalar, quote!(#place.discriminant()));
            }
            // in a structure it is always the same; what that is, its own description says
            Access::Derived(Derived::Nothing, _) => {
                return match &field.value {
                    Some(Value::Number(expr)) => self.argument(expr),
                    _ => quote!(0u64),
                };
            }
            Access::Computed(expr) => return self.argument(expr),
            Access::Missing => return quote!(0),
        };
        match (&field.ty, deref) {
            (Type::Pointer(_, to), true) => match (&**to, number_of(self.model, to)) {
                (
                    Type::Scalar(_) | Type::Ranged(..),
                    Some(Scalar::U64 | Scalar::U3264 | Scalar::Udlong | Scalar::Udlongr),
                ) => {
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
            (Type::Formatted(_, inner), true) if matches!(**inner, Type::Pointer(..)) => {
                let Type::Pointer(_, to) = &**inner else { return quote!(0) };
                let number = self.number(to, quote!((*value)));
                quote!(#place.as_ref().map_or(0, |value| #number))
            }
            (ty, _) => self.number(ty, place.clone()),
        }
    }

    /// How many elements a list has.
    fn list_len(&self, ty: &Type, place: &TokenStream) -> TokenStream {
        let length = Emit { model: self.model }.list_len(ty, place);
        quote!(#length as u64)
    }

    /// A place of a number type as a `u64`.
    fn number(&self, ty: &Type, place: TokenStream) -> TokenStream {
        let scalar = number_of(self.model, ty).unwrap_or(Scalar::U64);
        match ty.plain() {
            Type::Named(_) | Type::Known(_) => widen(scalar, quote!(#place.0)),
            Type::Array(_) => self.list_len(ty, &place),
            Type::Text(_) => quote!(#place.len() as u64),
            _ => widen(scalar, place),
        }
    }
}

/// It asks how many bytes something takes.
fn measures(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::Field(_) | Expr::Deref(_) => false,
        Expr::Whole => true,
        Expr::Call(function, _) => *function == Function::Size,
        Expr::Unary(_, a) | Expr::Member(a, _) => measures(a),
        Expr::Binary(_, a, b) => measures(a) || measures(b),
        Expr::Ternary(a, b, c) => measures(a) || measures(b) || measures(c),
    }
}

/// An integer as a `u64`; a negative one becomes a large one, which no count equals.
pub(super) fn widen(scalar: Scalar, value: TokenStream) -> TokenStream {
    match scalar {
        Scalar::U64 | Scalar::U3264 | Scalar::Udlong | Scalar::Udlongr => value,
        _ if scalar.is_signed() => quote!(#value as u64),
        _ => quote!(u64::from(#value)),
    }
}

/// Variables of the generated code itself: a field of such a name gets an underscore.
const RESERVED: &[&str] = &[
    "run",
    "base",
    "c",
    "count",
    "e",
    "format",
    "frame",
    "full",
    "item",
    "items",
    "jump",
    "max_count",
    "outer",
    "request",
    "tag",
    "value",
];

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
        Expr::Whole => "the size of all".to_owned(),
        Expr::Field(index) => fields.get(*index).map_or_else(String::new, |field| field.name.clone()),
        Expr::Deref(index) => fields.get(*index).map_or_else(String::new, |field| format!("*{}", field.name)),
        Expr::Member(base, name) => format!("{}.{name}", describe(base, fields)),
        Expr::Call(Function::Size, arg) => format!("the size of {}", describe(arg, fields)),
        Expr::Call(_, arg) => format!("the length of {}", describe(arg, fields)),
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
