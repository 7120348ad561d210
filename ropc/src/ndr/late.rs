//! Types that only all of the interface shows to need code of one's own.

use super::model::{Expr, Field, Interface, Size, Struct, Type, TypeDef, TypeId, TypeKind};

/// Such types, each with its reason.
pub(super) fn needed(model: &Interface) -> Vec<(TypeId, String)> {
    let mut hooked: Vec<bool> = model.types.iter().map(|def| def.hook.is_some()).collect();
    let mut found = Vec::new();
    // each round finds those that look into the ones of the round before
    loop {
        let before = found.len();
        for (index, def) in model.types.iter().enumerate() {
            let TypeKind::Struct(record) = &def.kind else { continue };
            if hooked.get(index).copied().unwrap_or(true) {
                continue;
            }
            let reason = late(model, record).or_else(|| looks_into(model, record, &hooked));
            if let Some((reason, hooked)) = reason.zip(hooked.get_mut(index)) {
                *hooked = true;
                found.push((TypeId(index), reason));
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// What decides how many bytes follow comes after them.
fn late(model: &Interface, record: &Struct) -> Option<String> {
    record.fields.iter().enumerate().find_map(|(index, field)| {
        let mut read = None;
        decisive(model, &field.ty, &mut |expr| {
            expr.fields(&mut |other| read = read.or((other >= index).then_some(other)));
        });
        let other = record.fields.get(read?)?;
        Some(format!("`{}` depends on `{}`, which comes later", field.name, other.name))
    })
}

/// Expressions without which a value cannot be read, pointers aside.
fn decisive(model: &Interface, ty: &Type, f: &mut impl FnMut(&Expr)) {
    match ty {
        Type::Array(array) => {
            if let Size::Inline(expr) = &array.size {
                f(expr);
            }
            decisive(model, &array.element, f);
        }
        Type::Union(id, Some(switch)) => {
            let bare = |def: &TypeDef| matches!(&def.kind, TypeKind::Union(union) if union.bare);
            if model.get(*id).is_some_and(bare) {
                f(switch);
            }
        }
        Type::Formatted(_, inner) => decisive(model, inner, f),
        Type::Sub(sub) => decisive(model, &sub.inner, f),
        _ => {}
    }
}

/// An expression asks for a member of a type whose members are not known.
fn looks_into(model: &Interface, record: &Struct, hooked: &[bool]) -> Option<String> {
    let fields: Vec<&Field> = record.fields.iter().collect();
    record.fields.iter().find_map(|field| {
        let mut name = None;
        field.ty.exprs(&mut |expr| name = name.take().or_else(|| hidden(model, expr, &fields, hooked)));
        name.map(|name| format!("`{}` depends on `{name}` of a type of your own", field.name))
    })
}

/// The member that is asked for, and not known.
fn hidden(model: &Interface, expr: &Expr, fields: &[&Field], hooked: &[bool]) -> Option<String> {
    let within = |expr: &Expr| hidden(model, expr, fields, hooked);
    match expr {
        Expr::Const(_) | Expr::Whole | Expr::Field(_) | Expr::Deref(_) => None,
        Expr::Member(base, name) => {
            let own = is_hooked(type_of(model, base, fields)?, hooked);
            if own { Some(name.clone()) } else { within(base) }
        }
        Expr::Unary(_, a) | Expr::Call(_, a) => within(a),
        Expr::Binary(_, a, b) => within(a).or_else(|| within(b)),
        Expr::Ternary(a, b, c) => within(a).or_else(|| within(b)).or_else(|| within(c)),
    }
}

fn is_hooked(ty: &Type, hooked: &[bool]) -> bool {
    match ty {
        Type::Formatted(_, inner) | Type::Pointer(_, inner) => is_hooked(inner, hooked),
        Type::Sub(sub) => is_hooked(&sub.inner, hooked),
        Type::Named(id) | Type::Union(id, _) => hooked.get(id.0).copied().unwrap_or(false),
        _ => false,
    }
}

fn type_of<'t>(model: &'t Interface, expr: &Expr, fields: &[&'t Field]) -> Option<&'t Type> {
    match expr {
        Expr::Field(index) | Expr::Deref(index) => fields.get(*index).map(|field| &field.ty),
        Expr::Member(base, name) => member(model, type_of(model, base, fields)?, name),
        _ => None,
    }
}

fn member<'t>(model: &'t Interface, ty: &'t Type, name: &str) -> Option<&'t Type> {
    match ty {
        Type::Formatted(_, inner) | Type::Pointer(_, inner) => member(model, inner, name),
        Type::Sub(sub) => member(model, &sub.inner, name),
        Type::Named(id) => match &model.get(*id)?.kind {
            TypeKind::Struct(record) => record.fields.iter().find(|field| field.name == name).map(|field| &field.ty),
            _ => None,
        },
        _ => None,
    }
}
