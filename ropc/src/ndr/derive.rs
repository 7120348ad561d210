//! Fields that follow from others: a count from its array, a discriminant from its union.
//!
//! Such a field is none in Rust. It has to be a plain sibling of a thing that is always there: what
//! stands behind a pointer may be missing while its count is not zero.

use super::check::number_of;
use super::dialect::Value;
use super::model::{Expr, Field, Interface, Type, TypeKind};

/// From what a field follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derived {
    /// The number of elements of the field with this index.
    Count(usize),
    /// The discriminant of the union with this index.
    Discriminant(usize),
    /// Nothing: it is always the same, or not there.
    Nothing,
}

/// For every field, whether and from what it follows. `present` says which fields there are.
pub(super) fn derived(model: &Interface, fields: &[&Field], present: impl Fn(usize) -> bool) -> Vec<Option<Derived>> {
    let mut list = vec![None; fields.len()];
    for (index, field) in fields.iter().enumerate() {
        if !present(index) {
            continue;
        }
        if field.absent.is_some() || field.value.as_ref().is_some_and(Value::is_constant) {
            if let Some(slot) = list.get_mut(index) {
                *slot = Some(Derived::Nothing);
            }
            continue;
        }
        let (source, derived) = match &field.ty {
            Type::Array(array) => {
                let counted = array.length.as_ref().or(array.size.expr());
                (counted.and_then(Expr::plain_field), Derived::Count(index))
            }
            Type::Union(_, Some(switch)) => (switch.plain_field(), Derived::Discriminant(index)),
            _ => continue,
        };
        let Some(source) = source.filter(|&source| present(source)) else { continue };
        if let (Some(of), Some(slot)) = (fields.get(source), list.get_mut(source))
            && slot.is_none()
            && of.value.is_none()
            && of.absent.is_none()
            && carries(model, of, derived, field)
        {
            *slot = Some(derived);
        }
    }
    list
}

/// The field can hold nothing but what it is derived from.
fn carries(model: &Interface, field: &Field, derived: Derived, from: &Field) -> bool {
    match derived {
        Derived::Count(_) => match &field.ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => !scalar.is_float() && scalar.rust() != "bool",
            _ => false,
        },
        Derived::Nothing => false,
        Derived::Discriminant(_) => {
            let tag = match &from.ty {
                Type::Union(id, _) => match model.get(*id).map(|def| &def.kind) {
                    Some(TypeKind::Union(union)) => Some(union.tag),
                    _ => None,
                },
                _ => None,
            };
            match (tag, number_of(model, &field.ty)) {
                (Some(tag), Some(scalar)) => tag.rust() == scalar.rust() && !matches!(field.ty, Type::Ranged(..)),
                _ => false,
            }
        }
    }
}
