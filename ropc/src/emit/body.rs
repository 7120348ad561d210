//! Expressions in generated code, and the Rust fields of a body.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, usize_literal};
use super::names::{screaming, snake, snake_text};
use crate::ast::BinaryOp;
use crate::lower::derive::each_expr;
use crate::model::{Expr, Field, Match, Member, Param, Role, StructDef, Type, TypeKind};

/// How names are to be read at a place of generated code.
#[derive(Clone, Default)]
pub(crate) struct Env {
    /// Types of locals and parameters.
    types: BTreeMap<String, Type>,
    /// Locals that are references (fields of a matched value).
    refs: BTreeSet<String>,
    /// Locals that are lengths already.
    lengths: BTreeSet<String>,
    /// Locals that are options here.
    pub(crate) options: BTreeSet<String>,
    /// Names that some expression of the body reads.
    read: BTreeSet<String>,
    /// Where errors come from: `c` when unpacking, `e` when packing.
    packing: bool,
    /// Elements of lists are known to be there: tests make them first.
    known: bool,
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
        Self { types, read, packing, ..Self::default() }
    }

    /// For tests, where elements of lists are taken by plain indexing.
    pub(crate) fn of_test(def: &StructDef) -> Self {
        Self { known: true, ..Self::new(def, false) }
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
            Expr::Len(list) => {
                let list = self.place(cx, list);
                quote!(#list.len())
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
                let (base, member) = (self.place(cx, base), snake(name));
                quote!(#base.#member)
            }
            Expr::EnumConst(id, name) => {
                let (ty, name) = (cx.type_name(*id), screaming(name));
                quote!(#ty::#name)
            }
            Expr::Index => quote!(index),
            Expr::At(list) => {
                let list = self.place(cx, list);
                if self.known {
                    return quote!(#list[index]);
                }
                let from = self.side();
                quote!(#from.element(#list, index)?)
            }
            Expr::Slice(list, end) => {
                let (list, end) = (self.place(cx, list), self.len(cx, end));
                if self.known {
                    return quote!(&#list[..#end]);
                }
                let from = self.side();
                quote!(#from.elements(#list, #end)?)
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.expr(cx, a), self.expr(cx, b));
                let op = operator(*op);
                quote!(#a #op #b)
            }
            Expr::Not(inner) => {
                let inner = self.expr(cx, inner);
                quote!(!(#inner))
            }
            Expr::Ternary(c, a, b) => {
                let (c, a, b) = (self.expr(cx, c), self.expr(cx, a), self.expr(cx, b));
                quote!(if #c { #a } else { #b })
            }
        }
    }

    /// An expression before a dot: no dereference needed.
    fn place(&self, cx: &Context<'_>, expr: &Expr) -> TokenStream {
        match expr {
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
            Expr::Binary(BinaryOp::Sub, a, b) => {
                let (a, b) = (self.len(cx, a), self.len(cx, b));
                quote!(#a.saturating_sub(#b))
            }
            Expr::Binary(BinaryOp::Add, a, b) => {
                let (a, b) = (self.len(cx, a), self.len(cx, b));
                quote!(#a.saturating_add(#b))
            }
            Expr::Binary(BinaryOp::Mul, a, b) => {
                let (a, b) = (self.len(cx, a), self.len(cx, b));
                quote!(#a.saturating_mul(#b))
            }
            _ => {
                let value = self.expr(cx, expr);
                quote!((#value) as usize)
            }
        }
    }

    /// The arguments of a structure's `unpack` or `pack`, each preceded by a comma.
    pub(crate) fn args(&self, cx: &Context<'_>, params: &[Param], args: &[Expr]) -> TokenStream {
        let args = params.iter().zip(args).map(|(param, arg)| {
            let value = self.expr(cx, arg);
            let by_ref = match arg {
                Expr::Param(_) | Expr::Slice(..) => false,
                Expr::Field(name) => !self.refs.contains(name) && (param.list || !cx.is_copy(&param.ty)),
                _ => param.list || !cx.is_copy(&param.ty),
            };
            if by_ref { quote!(, &#value) } else { quote!(, #value) }
        });
        quote!(#(#args)*)
    }

    /// The cursor or the encoder.
    fn side(&self) -> TokenStream {
        if self.packing { quote!(e) } else { quote!(c) }
    }
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
                fields.push(RustField { holds: Holds::Field(field), optional });
            }
            Member::Match(m) => fields.push(RustField { holds: Holds::Match(m), optional }),
            Member::If(c) => {
                collect(&c.then, true, fields);
                collect(&c.otherwise, true, fields);
            }
            Member::Sized(_, inner) => collect(inner, optional, fields),
            Member::Field(_) | Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// The Rust fields of an arm: discriminants that it keeps, then its own.
pub(crate) fn arm_fields<'m>(m: &'m Match, arm: &'m crate::model::Arm) -> Vec<RustField<'m>> {
    let kept = arm.keeps.iter().filter_map(|&i| m.on.get(i)).map(|d| RustField { holds: Holds::Kept(d), optional: false });
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
                Some([crate::model::Pattern::Int(_) | crate::model::Pattern::Bool(_) | crate::model::Pattern::Const(..)])
            )
    })
}
