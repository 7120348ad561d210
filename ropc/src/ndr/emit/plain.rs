//! Of which types tests make values by themselves.
//!
//! Not of what ends where the data ends, of what is code of one's own, and of what is measured before it is packed.

use super::super::dialect::{Absent, Format, Header, Value};
use super::super::model::{Expr, Field, Interface, Known, Operation, Size, Type, TypeDef, TypeKind};

/// For every type, whether values of it and of everything in it can be made.
pub(super) fn plain_types(model: &Interface) -> Vec<bool> {
    spread(model, model.types.iter().map(is_plain).collect(), false)
}

/// For every type, whether something in it is computed when it is packed.
pub(super) fn computed_types(model: &Interface) -> Vec<bool> {
    let computes = |def: &TypeDef| match &def.kind {
        TypeKind::Struct(record) => record.fields.iter().any(is_computed),
        _ => false,
    };
    spread(model, model.types.iter().map(computes).collect(), true)
}

/// What uses something that is so is so itself.
fn spread(model: &Interface, mut list: Vec<bool>, so: bool) -> Vec<bool> {
    loop {
        let mut changed = false;
        for (index, def) in model.types.iter().enumerate() {
            let mut found = false;
            for ty in def.kind.members() {
                ty.named(true, &mut |id| found |= list.get(id.0).copied().unwrap_or(false) == so);
            }
            if let Some(slot) = list.get_mut(index).filter(|slot| **slot != so && found) {
                *slot = so;
                changed = true;
            }
        }
        if !changed {
            return list;
        }
    }
}

/// Values of an operation's messages can be made.
pub(super) fn is_plain_operation(operation: &Operation, types: &[bool]) -> bool {
    let fields: Vec<&Field> = operation.params.iter().map(|param| &param.field).collect();
    !operation.left_out
        && are_plain(&fields)
        && fields.iter().map(|field| &field.ty).chain(&operation.returns).all(|ty| {
            let mut plain = is_plain_type(ty);
            ty.named(true, &mut |id| plain &= types.get(id.0).copied().unwrap_or(false));
            plain
        })
}

/// Something in an operation's messages is computed when they are packed.
pub(super) fn is_computed_operation(operation: &Operation, types: &[bool]) -> bool {
    operation.params.iter().map(|param| &param.field).any(|field| {
        let mut computed = is_computed(field);
        field.ty.named(true, &mut |id| computed |= types.get(id.0).copied().unwrap_or(false));
        computed
    })
}

fn is_computed(field: &Field) -> bool {
    field.value.as_ref().is_some_and(|value| !value.is_constant())
}

fn is_plain(def: &TypeDef) -> bool {
    let own = def.hook.is_none() && !def.format.remaining && !def.layout.nested;
    own && match &def.kind {
        TypeKind::Struct(record) => are_plain(&record.fields.iter().collect::<Vec<_>>()),
        TypeKind::Union(union) => union.arms.iter().filter_map(|arm| arm.ty.as_ref()).all(is_plain_type),
        TypeKind::Enum(_) | TypeKind::Bitmap(_) => true,
        TypeKind::Opaque => false,
    }
}

/// Counts and discriminants have to be there before what depends on them.
fn are_plain(fields: &[&Field]) -> bool {
    fields.iter().all(|field| {
        let mut plain = is_plain_type(&field.ty);
        field.ty.exprs(&mut |expr| {
            expr.fields(&mut |index| {
                plain &= fields.get(index).is_some_and(|of| of.absent.is_none() && !is_computed(of));
                plain &= !fields.get(index).is_some_and(|of| matches!(of.value, Some(Value::Text(_))));
            });
        });
        plain && !matches!((field.absent, &field.ty), (Some(Absent::Skipped), Type::Union(..)))
    })
}

fn is_plain_type(ty: &Type) -> bool {
    let mut plain = true;
    ty.exprs(&mut |expr| plain &= is_plain_expr(expr));
    plain && is_plain_shape(ty, Format::default())
}

fn is_plain_shape(ty: &Type, around: Format) -> bool {
    match ty {
        Type::Scalar(_) | Type::Ranged(..) | Type::Named(_) | Type::Union(..) => true,
        // padding holds nothing
        Type::Known(Known::Blob) => around.padded.is_none(),
        Type::Known(known) => *known != Known::SidOptional,
        Type::Pointer(_, to) => is_plain_shape(to, around),
        Type::Array(array) => is_plain_size(&array.size) && is_plain_shape(&array.element, around),
        Type::Text(text) => is_plain_size(&text.size),
        Type::Flat(flat) => {
            let flags = flat.flags;
            flat.list || !flags.noterm || flags.size2 || flags.size4 || flags.len4
        }
        Type::Formatted(format, inner) => {
            let padded = format.padded.or(around.padded);
            !format.remaining && is_plain_shape(inner, Format { padded, ..*format })
        }
        Type::Sub(sub) => sub.size.is_none() && sub.header != Header::None && is_plain_shape(&sub.inner, around),
        Type::Pipe(_) => false,
    }
}

fn is_plain_size(size: &Size) -> bool {
    !matches!(size, Size::Fixed(0))
}

fn is_plain_expr(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::Field(_) | Expr::Deref(_) => true,
        Expr::Member(..) | Expr::Call(..) | Expr::Whole => false,
        Expr::Unary(_, a) => is_plain_expr(a),
        Expr::Binary(_, a, b) => is_plain_expr(a) && is_plain_expr(b),
        Expr::Ternary(a, b, c) => [a, b, c].into_iter().all(|part| is_plain_expr(part)),
    }
}
