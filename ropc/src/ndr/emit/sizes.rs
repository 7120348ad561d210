//! How large Rust values are, more or less: for a lint that asks it of unions.

use super::super::model::{Known, Pointer, Scalar, Type, TypeKind, Union};
use super::Emit;

/// Bytes by which one variant may be larger than all others; clippy says something at 200.
const UNEVEN: usize = 120;
/// Structures in structures are followed so far.
const DEPTH: usize = 16;

impl Emit<'_> {
    /// One variant is much larger than all others.
    pub(super) fn is_uneven(&self, union: &Union) -> bool {
        let mut sizes: Vec<usize> =
            union.arms.iter().map(|arm| arm.ty.as_ref().map_or(0, |ty| self.rust_size(ty, DEPTH))).collect();
        sizes.sort_unstable();
        match sizes.as_slice() {
            [.., second, first] => first - second > UNEVEN,
            _ => false,
        }
    }

    /// Bytes of a value in Rust, without what alignment adds.
    fn rust_size(&self, ty: &Type, depth: usize) -> usize {
        let Some(below) = depth.checked_sub(1) else { return 0 };
        let sum = |all: &mut dyn Iterator<Item = &Type>| all.map(|ty| self.rust_size(ty, below)).sum::<usize>();
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => bytes(*scalar),
            Type::Known(Known::NtStatus | Known::WError | Known::HResult) => 4,
            Type::Known(_) | Type::Flat(_) | Type::Text(_) | Type::Pipe(_) => 24,
            Type::Named(id) | Type::Union(id, _) => match self.model.get(*id).map(|def| &def.kind) {
                Some(TypeKind::Struct(record)) => sum(&mut record.fields.iter().map(|field| &field.ty)),
                Some(kind @ TypeKind::Union(_)) => {
                    8 + kind.members().map(|ty| self.rust_size(ty, below)).max().unwrap_or(0)
                }
                Some(TypeKind::Enum(flags) | TypeKind::Bitmap(flags)) => bytes(flags.scalar),
                _ => 8,
            },
            Type::Formatted(_, inner) => self.rust_size(inner, depth),
            Type::Sub(sub) => self.rust_size(&sub.inner, depth),
            Type::Pointer(kind, to) if self.is_boxed(*kind, to) => 8,
            Type::Pointer(Pointer::Ref, to) => self.rust_size(to, below),
            Type::Pointer(_, to) => 8 + self.rust_size(to, below),
            Type::Array(array) => match self.small_array(array) {
                Some(count) => {
                    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(self.rust_size(&array.element, below))
                }
                None => 24,
            },
        }
    }
}

fn bytes(scalar: Scalar) -> usize {
    if scalar.rust().ends_with("64") { 8 } else { scalar.sizes().0 }
}
