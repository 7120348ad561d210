//! Expressions in generated code, and the Rust fields of a body.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

use super::context::{Context, usize_literal};
use super::names::{screaming, snake, snake_text};
use crate::ast::BinaryOp;
use crate::lower::derive::each_expr;
use crate::lower::typing::{WIDE, is_arithmetic, is_comparison, sub_field_int};
use crate::model::{ByForm, Expr, Field, IntKind, Match, Member, Param, Role, StructDef, Type, TypeId, TypeKind};

/// How names are to be read at a place of generated code.
#[derive(Clone, Default)]
pub(crate) struct Env {
    /// Types of locals and parameters.
    types: BTreeMap<String, Type>,
    /// Locals that are references (fields of a matched value).
    refs: BTreeSet<String>,
    /// Locals that are lengths already.
    lengths: BTreeSet<String>,
    /// Counts with the lists that they are derived from.
    counts: BTreeMap<String, String>,
    /// Locals that are options here.
    pub(crate) options: BTreeSet<String>,
    /// Names that some expression of the body reads.
    read: BTreeSet<String>,
    /// Where errors come from: `c` when unpacking, `e` when packing.
    packing: bool,
    /// Elements of lists are known to be there: tests make them first.
    known: bool,
    /// The type of the element that may end its list.
    item: Option<Type>,
    /// Parameters that may be unset: options.
    unset: BTreeSet<String>,
}

impl Env {
    pub(crate) fn new(def: &StructDef, packing: bool) -> Self {
        let types = def.params.iter().map(|p| (p.name.clone(), p.ty.clone())).collect();
        let mut read = BTreeSet::new();
        each_expr(&def.body, &mut |expr| {
            if let Expr::Field(name) = expr {
                read.insert(name.clone());
            }
        });
        let unset = def.params.iter().filter(|p| p.optional).map(|p| p.name.clone()).collect();
        Self { types, read, packing, unset, ..Self::default() }
    }

    /// For tests, where elements of lists are taken by plain indexing.
    pub(crate) fn of_test(def: &StructDef) -> Self {
        Self { known: true, ..Self::new(def, false) }
    }

    /// The same where `item` is an element of this type.
    pub(crate) fn with_item(&self, ty: &Type) -> Self {
        Self { item: Some(ty.clone()), ..self.clone() }
    }

    /// Some expression of the body reads this field.
    pub(crate) fn is_read(&self, name: &str) -> bool {
        self.read.contains(name)
    }

    /// A local that holds the value itself.
    pub(crate) fn value(&mut self, name: &str, ty: &Type) {
        self.types.insert(name.to_owned(), ty.clone());
        self.refs.remove(name);
        self.lengths.remove(name);
    }

    /// A local that refers to the value.
    pub(crate) fn reference(&mut self, name: &str, ty: &Type) {
        self.types.insert(name.to_owned(), ty.clone());
        self.refs.insert(name.to_owned());
    }

    /// A local that is a `usize`.
    pub(crate) fn length(&mut self, name: &str) {
        self.lengths.insert(name.to_owned());
        self.refs.remove(name);
    }

    /// A count that is derived from this list.
    pub(crate) fn counts(&mut self, count: &str, list: &str) {
        self.counts.insert(count.to_owned(), list.to_owned());
    }

    /// The list that a count is derived from.
    pub(crate) fn counted(&self, count: &str) -> Option<&str> {
        self.counts.get(count).map(String::as_str)
    }

    /// The local is a `usize`.
    pub(crate) fn is_length(&self, name: &str) -> bool {
        self.lengths.contains(name)
    }

    /// An expression in its own type.
    pub(crate) fn expr(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Int(n) => usize_literal(*n),
            Expr::Bool(b) => quote!(#b),
            Expr::Field(name) | Expr::Param(name) => {
                let ident = snake(name);
                let copy = self.types.get(name).is_some_and(|ty| cx.is_copy(ty));
                if self.refs.contains(name) && copy { quote!(*#ident) } else { quote!(#ident) }
            }
            Expr::IsSet(name) => {
                let ident = snake(name);
                quote!(#ident.is_some())
            }
            // Where it is not known, nothing asks for it.
            Expr::Known(name) => {
                let ident = snake(name);
                quote!(#ident.unwrap_or_default())
            }
            Expr::Len(list) => {
                let list = self.place(cx, list);
                quote!(#list.len())
            }
            Expr::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), list, zero)
                if let (Expr::Len(list), Expr::Int(0)) = (&**list, &**zero) =>
            {
                let (list, not) = (self.place(cx, list), (*op == BinaryOp::Ne).then(|| quote!(!)));
                quote!(#not #list.is_empty())
            }
            Expr::Bits(base, id, name) => {
                let base = self.place(cx, base);
                match &cx.program.ty(*id).kind {
                    TypeKind::Bits(bits) if bits.masks.iter().any(|(mask, ..)| mask == name) => {
                        let (ty, mask) = (cx.type_name(*id), screaming(name));
                        quote!(#base.contains(#ty::#mask))
                    }
                    _ => {
                        let get = snake(name);
                        quote!(#base.#get())
                    }
                }
            }
            Expr::Member(base, name) => {
                let (place, member) = (self.place(cx, base), snake(name));
                // What follows from other fields is not in the field itself.
                match self.follows(cx, base, name) {
                    None => quote!(#place.#member),
                    Some(None) => quote!(#place.#member()),
                    Some(Some(of)) => quote!(#place.#of.#member()),
                }
            }
            Expr::EnumConst(id, name) => cx.constant(*id, name),
            Expr::Index => quote!(index),
            Expr::Item => quote!(item),
            Expr::At(of) => {
                let list = self.place(cx, of);
                if self.known {
                    return if self.is_copied(cx, of) { quote!(#list[index]) } else { quote!(&#list[index]) };
                }
                let by_value = matches!(of.as_ref(), Expr::Field(name) if !self.refs.contains(name));
                let list = if by_value { quote!(&#list) } else { list };
                let from = self.side();
                if self.is_copied(cx, of) {
                    quote!(#from.element(#list, index)?)
                } else {
                    quote!(#from.element_ref(#list, index)?)
                }
            }
            Expr::Slice(list, end) => {
                let (list, end) = (self.place(cx, list), self.len(cx, end));
                if self.known {
                    return quote!(&#list[..#end]);
                }
                let from = self.side();
                quote!(#from.elements(#list, #end)?)
            }
            Expr::Binary(op, ..) if is_arithmetic(*op) => self.wide(cx, expr),
            Expr::Binary(op, a, b) => {
                let side = |side: &Expr| match side {
                    Expr::Binary(inner, ..) if binds_weaker(*inner, *op) => {
                        let side = self.expr(cx, side);
                        quote!((#side))
                    }
                    // An `if` at the start of a statement would be one itself.
                    Expr::Ternary(..) => {
                        let side = self.expr(cx, side);
                        quote!((#side))
                    }
                    _ => self.expr(cx, side),
                };
                let (left, right) = if is_comparison(*op) && !self.comparable(cx, a, b) {
                    (self.wide(cx, a), self.wide(cx, b))
                } else {
                    (side(a), side(b))
                };
                let op = operator(*op);
                quote!(#left #op #right)
            }
            // As an operand it keeps its parentheses.
            Expr::Not(inner) if matches!(**inner, Expr::Binary(BinaryOp::Or | BinaryOp::And, ..)) => {
                let value = self.expr(cx, inner);
                quote!(!(#value))
            }
            Expr::Not(inner) => self.negated(cx, inner),
            Expr::Ternary(c, a, b) => {
                let c = self.expr(cx, c);
                let (a, b) = if self.comparable(cx, a, b) {
                    (self.expr(cx, a), self.expr(cx, b))
                } else {
                    (self.wide(cx, a), self.wide(cx, b))
                };
                quote!(if #c { #a } else { #b })
            }
        }
    }

    /// What is true where a condition is not.
    pub(crate) fn negated(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        let opposite = |op: BinaryOp| match op {
            BinaryOp::Eq => Some(BinaryOp::Ne),
            BinaryOp::Ne => Some(BinaryOp::Eq),
            BinaryOp::Lt => Some(BinaryOp::Ge),
            BinaryOp::Ge => Some(BinaryOp::Lt),
            BinaryOp::Gt => Some(BinaryOp::Le),
            BinaryOp::Le => Some(BinaryOp::Gt),
            _ => None,
        };
        match expr {
            Expr::Binary(op, a, b) if let Some(op) = opposite(*op) => {
                self.expr(cx, &Expr::Binary(op, a.clone(), b.clone()))
            }
            Expr::Not(inner) => self.expr(cx, inner),
            Expr::Binary(BinaryOp::Or, a, b) => {
                let is_either = |side: &Expr| match side {
                    Expr::Not(inner) => matches!(**inner, Expr::Binary(BinaryOp::Or, ..)),
                    side => matches!(side, Expr::Binary(BinaryOp::And, ..)),
                };
                let side = |side: &Expr| {
                    let value = self.negated(cx, side);
                    if is_either(side) { quote!((#value)) } else { value }
                };
                let (a, b) = (side(a), side(b));
                quote!(#a && #b)
            }
            Expr::Binary(BinaryOp::And, a, b) => {
                let (a, b) = (self.negated(cx, a), self.negated(cx, b));
                quote!(#a || #b)
            }
            Expr::Bool(value) => {
                let value = !value;
                quote!(#value)
            }
            Expr::Binary(..) | Expr::Ternary(..) => {
                let value = self.expr(cx, expr);
                quote!(!(#value))
            }
            _ => {
                let value = self.expr(cx, expr);
                quote!(!#value)
            }
        }
    }

    /// Elements of a list are taken by copy.
    fn is_copied(&self, cx: &Context<'_>, list: &Expr) -> bool {
        self.type_of(cx, &Expr::At(Box::new(list.clone()))).is_none_or(|ty| cx.is_copy(&ty))
    }

    /// The member, or bits of it, follow from other members: it is a method, of the structure or of this field.
    fn follows(&self, cx: &Context<'_>, base: &Expr, member: &str) -> Option<Option<proc_macro2::Ident>> {
        let Some(Type::Named(id, _)) = self.type_of(cx, base) else { return None };
        let def = cx.struct_def(id)?;
        let mut found = None;
        crate::lower::derive::each_field(&def.body, &mut |field| match &field.role {
            Role::Discriminant(of) if field.name == member => found = Some((!def.is_enum).then(|| snake(of))),
            _ if field.name == member && !field.derived_bits.is_empty() => found = Some(None),
            _ => {}
        });
        found
    }

    /// An expression before a dot: no dereference needed.
    fn place(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        match expr {
            Expr::At(list) if self.known => {
                let list = self.place(cx, list);
                quote!(#list[index])
            }
            Expr::Field(name) | Expr::Param(name) => {
                let ident = snake(name);
                quote!(#ident)
            }
            _ => self.expr(cx, expr),
        }
    }

    /// An expression as a `usize`.
    pub(crate) fn len(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Int(n) => usize_literal(*n),
            Expr::Len(_) => self.expr(cx, expr),
            Expr::Field(name) if self.lengths.contains(name) => {
                let ident = snake(name);
                quote!(#ident)
            }
            Expr::Field(name) | Expr::Param(name) => {
                let value = self.expr(cx, expr);
                match self.types.get(name) {
                    Some(Type::Int(kind)) if kind.size <= 2 && !kind.signed => quote!(usize::from(#value)),
                    _ => quote!(#value as usize),
                }
            }
            Expr::Binary(op @ (BinaryOp::Sub | BinaryOp::Add | BinaryOp::Mul), a, b) => {
                let (a, b) = (operand(self.len(cx, a), a, "usize"), self.len(cx, b));
                let method = saturating(*op);
                quote!(#a.#method(#b))
            }
            _ => {
                let value = self.expr(cx, expr);
                quote!((#value) as usize)
            }
        }
    }

    /// An expression as an `u64`: arithmetic, and what values of different size are compared in. What
    /// overflows stays at the end of the range, so that no sum of the wire's numbers gets small.
    fn wide(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Int(n) => usize_literal(*n),
            Expr::Binary(op @ (BinaryOp::Sub | BinaryOp::Add | BinaryOp::Mul), a, b) => {
                let (a, b) = (operand(self.wide(cx, a), a, "u64"), self.wide(cx, b));
                let method = saturating(*op);
                quote!(#a.#method(#b))
            }
            Expr::Binary(op @ (BinaryOp::Div | BinaryOp::Rem), a, b) => {
                let (a, b) = (operand(self.wide(cx, a), a, "u64"), self.wide(cx, b));
                let method = if *op == BinaryOp::Div { quote!(checked_div) } else { quote!(checked_rem) };
                quote!(#a.#method(#b).unwrap_or(0))
            }
            Expr::Binary(op @ (BinaryOp::Shl | BinaryOp::Shr), a, b) => {
                let a = operand(self.wide(cx, a), a, "u64");
                let by = match b.as_ref() {
                    Expr::Int(n) => usize_literal(u64::from(u32::try_from(*n).unwrap_or(u32::MAX))),
                    b => {
                        let b = self.wide(cx, b);
                        quote!(u32::try_from(#b).unwrap_or(u32::MAX))
                    }
                };
                let method = if *op == BinaryOp::Shl { quote!(checked_shl) } else { quote!(checked_shr) };
                quote!(#a.#method(#by).unwrap_or(0))
            }
            Expr::Binary(op, a, b) if is_arithmetic(*op) => {
                let (a, b) = (self.wide(cx, a), self.wide(cx, b));
                let op = operator(*op);
                quote!((#a #op #b))
            }
            Expr::Ternary(c, a, b) => {
                let (c, a, b) = (self.expr(cx, c), self.wide(cx, a), self.wide(cx, b));
                quote!((if #c { #a } else { #b }))
            }
            _ => {
                let value = self.expr(cx, expr);
                match self.number(cx, expr) {
                    Number::Int(IntKind { size: 8, signed: false }) => value,
                    Number::Int(IntKind { signed: false, .. }) => quote!(u64::from(#value)),
                    _ => quote!((#value as u64)),
                }
            }
        }
    }

    /// The two have one type in Rust.
    fn comparable(&self, cx: &Context<'_>, a: &Expr, b: &Expr) -> bool {
        match (self.number(cx, a), self.number(cx, b)) {
            (Number::None, _) | (_, Number::None) | (Number::Literal, _) | (_, Number::Literal) => true,
            (a, b) => a == b,
        }
    }

    /// What kind of number an expression is in Rust.
    fn number(&self, cx: &Context<'_>, expr: &Expr) -> Number {
        match expr {
            Expr::Int(_) => Number::Literal,
            Expr::Index | Expr::Len(_) => Number::Length,
            Expr::Field(name) if self.lengths.contains(name) => Number::Length,
            Expr::Binary(op, ..) if is_arithmetic(*op) => Number::Int(WIDE),
            Expr::Ternary(_, a, b) => match (self.number(cx, a), self.number(cx, b)) {
                (Number::Literal, other) | (other, Number::Literal) => other,
                (a, b) if a == b => a,
                _ => Number::Int(WIDE),
            },
            _ => match self.type_of(cx, expr) {
                Some(Type::Int(kind)) => Number::Int(kind),
                Some(Type::IntByForm(by)) => Number::Int(by.widest()),
                Some(Type::U48Be) => Number::Int(WIDE),
                _ => Number::None,
            },
        }
    }

    /// The type of what is no arithmetic.
    fn type_of(&self, cx: &Context<'_>, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Field(name) | Expr::Param(name) | Expr::Known(name) => self.types.get(name).cloned(),
            Expr::Item => self.item.clone(),
            Expr::At(list) => match self.type_of(cx, list)? {
                Type::Array(element, _) => Some(*element),
                Type::Bytes(_) => Some(Type::Int(IntKind { size: 1, signed: false })),
                ty => Some(ty),
            },
            Expr::Bits(_, id, name) => match &cx.program.ty(*id).kind {
                TypeKind::Bits(bits) => {
                    let field = bits.fields.iter().find(|f| f.name == *name)?;
                    (field.ty.is_none() && field.width > 1).then(|| Type::Int(sub_field_int(field)))
                }
                _ => None,
            },
            Expr::Member(base, name) => match self.type_of(cx, base)? {
                Type::Named(id, _) => crate::lower::find_field(cx.struct_def(id)?, name),
                _ => None,
            },
            _ => None,
        }
    }

    /// An expression whose Rust type is exactly that of a field: a length is a `usize` otherwise.
    pub(crate) fn typed(&self, cx: &Context<'_>, expr: &Expr, ty: &Type) -> TokenStream {
        let value = self.expr(cx, expr);
        match (self.number(cx, expr), ty) {
            (Number::Length, Type::Int(kind)) => {
                let ty = super::context::int(*kind);
                quote!(#value as #ty)
            }
            (Number::Length, Type::U48Be) => quote!(#value as u64),
            _ => value,
        }
    }

    /// The bytes of an integer whose width follows a wire form.
    pub(crate) fn form_size(&self, cx: &Context<'_>, by: &ByForm) -> TokenStream {
        let (form, method) = (self.expr(cx, &by.form), snake(&format!("{}Size", by.name)));
        quote!(#form.#method())
    }

    /// The arguments of a structure's `packed_size`.
    pub(crate) fn form_args(&self, cx: &Context<'_>, id: TypeId, args: &[Expr]) -> TokenStream {
        let forms = cx.struct_def(id).map_or(&[][..], |def| cx.program.forms(def));
        let args = forms.iter().zip(args).map(|(_, arg)| self.expr(cx, arg));
        quote!(#(#args),*)
    }

    /// The arguments of a structure's `unpack` or `pack`, each preceded by a comma.
    pub(crate) fn args(&self, cx: &Context<'_>, params: &[Param], args: &[Expr]) -> TokenStream {
        let args = params.iter().zip(args).map(|(param, arg)| {
            let value = self.typed(cx, arg, &param.ty);
            let by_ref = match arg {
                Expr::Param(_) | Expr::Known(_) | Expr::Slice(..) => false,
                Expr::At(list) if !self.is_copied(cx, list) => false,
                Expr::Field(name) => !self.refs.contains(name) && (param.list || !cx.is_copy(&param.ty)),
                _ => param.list || !cx.is_copy(&param.ty),
            };
            let value = if by_ref { quote!(&#value) } else { value };
            let is_option = matches!(arg, Expr::Param(name) if self.unset.contains(name));
            if param.optional && !is_option { quote!(, Some(#value)) } else { quote!(, #value) }
        });
        quote!(#(#args)*)
    }

    /// The cursor or the encoder.
    fn side(&self) -> TokenStream {
        if self.packing { quote!(e) } else { quote!(c) }
    }
}

/// What a number is in Rust.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    /// No number.
    None,
    /// Of whatever type is wanted.
    Literal,
    /// A `usize`.
    Length,
    Int(IntKind),
}

/// What a method is called on: a literal needs a type, a conversion parentheses.
fn operand(value: TokenStream, expr: &Expr, ty: &str) -> TokenStream {
    match expr {
        Expr::Int(n) if ty == "u64" => proc_macro2::Literal::u64_suffixed(*n).into_token_stream(),
        Expr::Int(n) => {
            proc_macro2::Literal::usize_suffixed(usize::try_from(*n).unwrap_or(usize::MAX)).into_token_stream()
        }
        _ if super::sizes::bare(&value).to_string() != value.to_string() => value,
        _ if super::context::words(&value).contains("as") || value.to_string().starts_with('*') => quote!((#value)),
        _ => value,
    }
}

fn saturating(op: BinaryOp) -> proc_macro2::Ident {
    quote::format_ident!(
        "{}",
        match op {
            BinaryOp::Sub => "saturating_sub",
            BinaryOp::Mul => "saturating_mul",
            _ => "saturating_add",
        }
    )
}

/// As an operand of the other, it needs parentheses: comparisons do not chain in Rust.
fn binds_weaker(inner: BinaryOp, outer: BinaryOp) -> bool {
    let level = |op| match op {
        BinaryOp::Or => 0,
        BinaryOp::And => 1,
        _ => 2,
    };
    !is_arithmetic(inner) && (level(inner) < level(outer) || (level(inner) == 2 && level(outer) == 2))
}

fn operator(op: BinaryOp) -> TokenStream {
    match op {
        BinaryOp::Or => quote!(||),
        BinaryOp::And => quote!(&&),
        BinaryOp::BitOr => quote!(|),
        BinaryOp::BitXor => quote!(^),
        BinaryOp::BitAnd => quote!(&),
        BinaryOp::Eq => quote!(==),
        BinaryOp::Ne => quote!(!=),
        BinaryOp::Lt => quote!(<),
        BinaryOp::Le => quote!(<=),
        BinaryOp::Gt => quote!(>),
        BinaryOp::Ge => quote!(>=),
        BinaryOp::Shl => quote!(<<),
        BinaryOp::Shr => quote!(>>),
        BinaryOp::Add => quote!(+),
        BinaryOp::Sub => quote!(-),
        BinaryOp::Mul => quote!(*),
        BinaryOp::Div => quote!(/),
        BinaryOp::Rem => quote!(%),
    }
}

/// What holds a Rust field's value.
#[derive(Clone, Copy)]
pub(crate) enum Holds<'m> {
    Field(&'m Field),
    Match(&'m Match),
    /// A discriminant that the variant keeps.
    Kept(&'m crate::model::Discriminant),
}

/// A field of the Rust type.
#[derive(Clone, Copy)]
pub(crate) struct RustField<'m> {
    pub(crate) holds: Holds<'m>,
    pub(crate) optional: bool,
}

impl RustField<'_> {
    /// As written.
    pub(crate) fn name(&self) -> &str {
        match self.holds {
            Holds::Field(field) => &field.name,
            Holds::Match(m) => &m.field,
            Holds::Kept(d) => &d.name,
        }
    }

    /// In Rust.
    pub(crate) fn ident(&self) -> proc_macro2::Ident {
        snake(self.name())
    }

    /// Its Rust type, without `Option`.
    pub(crate) fn inner(&self, cx: &Context<'_>, lifetime: &TokenStream) -> TokenStream {
        match self.holds {
            Holds::Field(field) => {
                let ty = cx.rust(&field.ty, lifetime);
                if field.boxed { quote!(Box<#ty>) } else { ty }
            }
            Holds::Match(m) => {
                let name = super::names::verbatim(&m.enum_name);
                if m.layout.lifetime { quote!(#name<#lifetime>) } else { quote!(#name) }
            }
            Holds::Kept(d) => cx.rust(&d.ty, lifetime),
        }
    }

    /// Its Rust type.
    pub(crate) fn ty(&self, cx: &Context<'_>, lifetime: &TokenStream) -> TokenStream {
        let inner = self.inner(cx, lifetime);
        if self.optional { quote!(Option<#inner>) } else { inner }
    }

    /// It borrows from the buffer.
    pub(crate) fn lifetime(&self, cx: &Context<'_>) -> bool {
        match self.holds {
            Holds::Field(field) => cx.layout(&field.ty).lifetime,
            Holds::Match(m) => m.layout.lifetime,
            Holds::Kept(_) => false,
        }
    }

    pub(crate) fn docs(&self) -> TokenStream {
        match self.holds {
            Holds::Field(field) => super::context::docs(&field.docs, None, &format!("{}.", field.name)),
            Holds::Match(m) => super::context::docs(&m.docs, None, &format!("{}.", m.field)),
            Holds::Kept(d) => super::context::docs(&[], None, &format!("{}, as it was decoded.", d.name)),
        }
    }
}

/// The Rust fields of a body: those that the caller decides.
pub(crate) fn rust_fields(body: &[Member]) -> Vec<RustField<'_>> {
    let mut fields = Vec::new();
    collect(body, false, &mut fields);
    fields
}

fn collect<'m>(body: &'m [Member], optional: bool, fields: &mut Vec<RustField<'m>>) {
    for member in body {
        match member {
            Member::Field(field) if matches!(field.role, Role::Plain) => {
                fields.push(RustField { holds: Holds::Field(field), optional: optional || field.at.is_some() });
            }
            Member::Match(m) => fields.push(RustField { holds: Holds::Match(m), optional }),
            Member::If(c) => {
                collect(&c.then, true, fields);
                collect(&c.otherwise, true, fields);
            }
            Member::Sized(_, inner) | Member::Tail(inner) => collect(inner, optional, fields),
            Member::Field(_) | Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// The Rust fields of an arm: discriminants that it keeps, then its own.
pub(crate) fn arm_fields<'m>(m: &'m Match, arm: &'m crate::model::Arm) -> Vec<RustField<'m>> {
    let kept =
        arm.keeps.iter().filter_map(|&i| m.on.get(i)).map(|d| RustField { holds: Holds::Kept(d), optional: false });
    kept.chain(rust_fields(&arm.body)).collect()
}

/// The accessor of a discriminant.
pub(crate) fn accessor(m: &Match, index: usize) -> proc_macro2::Ident {
    let name = m.on.get(index).map(|d| d.name.as_str()).unwrap_or_default();
    snake(&snake_text(name))
}

/// Every variant knows the value of this discriminant.
pub(crate) fn has_accessor(m: &Match, index: usize) -> bool {
    m.arms.iter().all(|arm| {
        arm.keeps.contains(&index)
            || matches!(
                arm.patterns.get(index).map(Vec::as_slice),
                Some([crate::model::Pattern::Int(_)
                    | crate::model::Pattern::Bool(_)
                    | crate::model::Pattern::Const(..)])
            )
    })
}
