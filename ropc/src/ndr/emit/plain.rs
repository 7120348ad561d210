//! Which types are NDR's own from end to end: of these, tests make values by themselves.

use super::super::model::{Expr, Interface, Known, Operation, Size, Type, TypeDef, TypeKind};

/// For every type, whether it and everything in it has nothing that the PIDL dialect adds.
pub(super) fn plain_types(model: &Interface) -> Vec<bool> {
    let mut plain: Vec<bool> = model.types.iter().map(is_plain).collect();
    // what uses something else is something else
    loop {
        let mut changed = false;
        for (index, def) in model.types.iter().enumerate() {
            let mut holds = true;
            for ty in def.kind.members() {
                ty.named(true, &mut |id| holds &= plain.get(id.0).copied().unwrap_or(false));
            }
            if let Some(slot) = plain.get_mut(index).filter(|slot| **slot && !holds) {
                *slot = false;
                changed = true;
            }
        }
        if !changed {
            return plain;
        }
    }
}

/// Nothing in an operation is of the PIDL dialect.
pub(super) fn is_plain_operation(operation: &Operation, types: &[bool]) -> bool {
    let params = operation.params.iter().map(|param| &param.field);
    !operation.left_out
        && params.clone().all(|field| field.value.is_none() && field.absent.is_none())
        && params.map(|field| &field.ty).chain(&operation.returns).all(|ty| {
            let mut plain = is_plain_type(ty);
            ty.named(true, &mut |id| plain &= types.get(id.0).copied().unwrap_or(false));
            plain
        })
}

fn is_plain(def: &TypeDef) -> bool {
    let own = def.hook.is_none() && def.format.is_empty() && !def.relative_base && !def.layout.nested;
    own && match &def.kind {
        TypeKind::Struct(record) => record
            .fields
            .iter()
            .all(|field| field.value.is_none() && field.absent.is_none() && is_plain_type(&field.ty)),
        TypeKind::Union(union) => {
            !union.bare && !union.encapsulated && union.arms.iter().filter_map(|arm| arm.ty.as_ref()).all(is_plain_type)
        }
        TypeKind::Enum(_) | TypeKind::Bitmap(_) => true,
        TypeKind::Opaque => false,
    }
}

fn is_plain_type(ty: &Type) -> bool {
    let mut plain = true;
    ty.exprs(&mut |expr| plain &= is_plain_expr(expr));
    plain && is_plain_shape(ty)
}

fn is_plain_shape(ty: &Type) -> bool {
    match ty {
        Type::Scalar(_) | Type::Ranged(..) | Type::Named(_) | Type::Union(..) => true,
        Type::Known(known) => {
            matches!(known, Known::NtStatus | Known::WError | Known::HResult | Known::Guid | Known::ContextHandle)
        }
        Type::Pointer(kind, to) => !kind.is_relative() && is_plain_shape(to),
        Type::Array(array) => is_plain_size(&array.size) && is_plain_shape(&array.element),
        Type::Text(text) => is_plain_size(&text.size),
        Type::Flat(_) | Type::Formatted(..) | Type::Sub(_) | Type::Pipe(_) => false,
    }
}

fn is_plain_size(size: &Size) -> bool {
    matches!(size, Size::Conformant(_)) || matches!(size, Size::Fixed(count) if *count > 0)
}

fn is_plain_expr(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::Field(_) | Expr::Deref(_) => true,
        Expr::Member(..) | Expr::Call(..) => false,
        Expr::Unary(_, a) => is_plain_expr(a),
        Expr::Binary(_, a, b) => is_plain_expr(a) && is_plain_expr(b),
        Expr::Ternary(a, b, c) => [a, b, c].into_iter().all(|part| is_plain_expr(part)),
    }
}
