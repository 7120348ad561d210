//! Which types are read where they stay.
//!
//! A value that is an enum goes through memory each time that a function returns it, and reading back in wide
//! pieces what was just written in narrow ones stalls the processor: that was most of the time of reading
//! rows. So these types have `unpack_with`, which hands the value on from within each arm, and the elements of
//! a list are written once, to their place in the list.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::body::{Holds, RustField, arm_fields, rust_fields};
use super::context::Context;
use super::names::verbatim;
use crate::model::{Field, Member, Program, Role, StructDef, Type, TypeId, TypeKind};

/// The types that have `unpack_with`: elements of lists that are an enum, or end in one.
pub(crate) fn types(program: &Program) -> BTreeSet<TypeId> {
    let mut found = BTreeSet::new();
    for_each_body(program, &mut |def| {
        each_list(program, &def.body, &mut |element| {
            let mut at = Some(element);
            while let Some(id) = at.filter(|id| is_handed_on(program, *id)) {
                found.insert(id);
                at = tail(program, id).map(|(_, id)| id);
            }
        });
    });
    found
}

/// Everything that has members.
fn for_each_body(program: &Program, then: &mut dyn FnMut(&StructDef)) {
    let defs = program.types.iter().filter_map(|def| match &def.kind {
        TypeKind::Struct(def) => Some(def),
        _ => None,
    });
    let rops = program.rops.iter().flat_map(|rop| {
        let replies = rop.success.iter().chain(rop.on.iter().map(|(_, def)| def)).chain(&rop.other);
        [&rop.request].into_iter().chain(replies)
    });
    let requests = program.requests.iter();
    let requests =
        requests.flat_map(|request| [&request.request, &request.success].into_iter().chain(&request.failure));
    defs.chain(rops).chain(requests).for_each(then);
}

/// Structures whose `unpack` is inlined: rows of lists and what stands in them, which would be copied from
/// function to function on the way to their list.
pub(crate) fn inlined(program: &Program) -> BTreeSet<TypeId> {
    let structure = |id: TypeId| match &program.ty(id).kind {
        TypeKind::Struct(def) if !def.is_enum && def.max_recursion.is_none() => Some(def),
        _ => None,
    };
    let mut found = BTreeSet::new();
    for_each_body(program, &mut |def| {
        each_list(program, &def.body, &mut |element| {
            let Some(row) = structure(element) else { return };
            found.insert(element);
            each_structure(&row.body, &mut |id| {
                if structure(id).is_some() {
                    found.insert(id);
                }
            });
        });
    });
    found
}

/// The named types that stand in a body, not in lists of it.
fn each_structure(body: &[Member], found: &mut dyn FnMut(TypeId)) {
    for member in body {
        match member {
            Member::Field(Field { ty: Type::Named(id, _), .. }) => found(*id),
            Member::If(c) => {
                each_structure(&c.then, found);
                each_structure(&c.otherwise, found);
            }
            Member::Sized(_, inner) => each_structure(inner, found),
            _ => {}
        }
    }
}

/// A value that owns nothing, if the type has one.
pub(crate) fn blank(cx: &Context<'_>, ty: &Type) -> Option<TokenStream> {
    Some(match ty {
        Type::Int(_) | Type::IntByForm(_) | Type::U48Be => quote!(0),
        Type::Float(_) => quote!(0.0),
        Type::Bool(_) => quote!(false),
        Type::Guid | Type::FileTime => quote!(Default::default()),
        Type::Named(id, _) => match &cx.program.ty(*id).kind {
            TypeKind::Enum(_) | TypeKind::Bits(_) => quote!(Default::default()),
            TypeKind::Form(_) => return None,
            TypeKind::Struct(def) => return blank_structure(cx, &cx.type_name(*id), def),
        },
        _ => return None,
    })
}

/// The same for a structure or a body of this name in Rust.
pub(crate) fn blank_structure(cx: &Context<'_>, name: &TokenStream, def: &StructDef) -> Option<TokenStream> {
    if def.is_enum {
        let Some(Member::Match(m)) = def.body.last() else { return None };
        return m.arms.iter().find_map(|arm| {
            let variant = verbatim(&arm.name);
            match arm_fields(m, arm).as_slice() {
                [] => Some(quote!(#name::#variant)),
                [one] => blank_field(cx, one).map(|value| quote!(#name::#variant(#value))),
                _ => None,
            }
        });
    }
    let fields = rust_fields(&def.body).into_iter().map(|field| {
        let (ident, value) = (field.ident(), blank_field(cx, &field)?);
        Some(quote!(#ident: #value))
    });
    let fields: Vec<TokenStream> = fields.collect::<Option<_>>()?;
    Some(quote!(#name { #(#fields),* }))
}

fn blank_field(cx: &Context<'_>, field: &RustField<'_>) -> Option<TokenStream> {
    match field.holds {
        _ if field.optional => Some(quote!(None)),
        Holds::Field(field) if !field.boxed => blank(cx, &field.ty),
        _ => None,
    }
}

/// The last field of a structure that ends in another one.
pub(crate) fn tail_of(def: &StructDef) -> Option<(&Field, TypeId)> {
    match def.body.last() {
        Some(Member::Field(field)) if matches!(field.role, Role::Plain) && !field.boxed => match &field.ty {
            Type::Named(id, _) => Some((field, *id)),
            _ => None,
        },
        _ => None,
    }
}

fn tail(program: &Program, id: TypeId) -> Option<(&Field, TypeId)> {
    match &program.ty(id).kind {
        TypeKind::Struct(def) if !def.is_enum => tail_of(def),
        _ => None,
    }
}

fn is_handed_on(program: &Program, id: TypeId) -> bool {
    let TypeKind::Struct(def) = &program.ty(id).kind else { return false };
    let mut lists = false;
    // What follows a value that is handed on is not reached.
    if def.relative_base || def.order_field().is_some() || def.referents().next().is_some() {
        return false;
    }
    // A list in it is read into its own place already; and a closure within a closure would have no end.
    each_list(program, &def.body, &mut |_| lists = true);
    if lists {
        return false;
    }
    def.is_enum || def.max_recursion.is_none() && tail_of(def).is_some_and(|(_, id)| is_handed_on(program, id))
}

/// The structures that lists of a body are made of.
fn each_list(program: &Program, body: &[Member], found: &mut dyn FnMut(TypeId)) {
    for member in body {
        match member {
            Member::Field(field) => {
                if let Type::Array(element, _) = &field.ty
                    && let Type::Named(id, _) = element.as_ref()
                    && matches!(program.ty(*id).kind, TypeKind::Struct(_))
                {
                    found(*id);
                }
            }
            Member::If(c) => {
                each_list(program, &c.then, found);
                each_list(program, &c.otherwise, found);
            }
            Member::Match(m) => m.arms.iter().for_each(|arm| each_list(program, &arm.body, found)),
            Member::Sized(_, inner) | Member::Tail(inner) => each_list(program, inner, found),
            Member::Let(..) | Member::Require(_) => {}
        }
    }
}
