//! What one field says of another: counts and discriminants, at once or when both are known.

use ropc::ndr::model::{Expr, Field, Type};
use runtime::ndr::NdrCursor;

use super::Stub;
use super::values::{Datum, Env};
use crate::decode::tree::Fault;

/// Something in the type depends on what is not known yet.
pub(super) fn is_early(env: &Env<'_, '_>, field: &Field) -> bool {
    let mut early = false;
    field.ty.exprs(&mut |expr| early |= !env.knows(expr));
    early
}

impl<'p> Stub<'_, 'p> {
    pub(super) fn known_value(&self, c: &NdrCursor<'_>, expr: &Expr, env: &Env<'_, 'p>) -> Result<u64, Fault> {
        let mut known = true;
        expr.fields(&mut |index| known &= env.values.get(index).is_some_and(Option::is_some));
        if known { Ok(env.value(expr)) } else { Err(self.interpreter.missing(c.offset(), "the request")) }
    }

    pub(super) fn check_count(
        &self,
        c: &NdrCursor<'_>,
        found: usize,
        expr: &Expr,
        env: &Env<'_, 'p>,
    ) -> Result<(), Fault> {
        if !env.knows(expr) || env.value(expr) == found as u64 {
            return Ok(());
        }
        let message = format!("expected {} elements, got {found:#x}", env.value(expr));
        Err(self.wrong(c, message))
    }

    /// Checks what depends on what was read behind it.
    pub(super) fn late(
        &mut self,
        c: &NdrCursor<'_>,
        fields: &[&'p Field],
        values: &[Option<Datum>],
        early: &[usize],
    ) -> Result<(), Fault> {
        let env = Env { model: self.model, fields, values };
        for &index in early {
            let (Some(field), Some(Some(value))) = (fields.get(index), values.get(index)) else { continue };
            self.within(&field.name, |this| this.late_check(c, &field.ty, value, &env))?;
        }
        Ok(())
    }

    fn late_check(&self, c: &NdrCursor<'_>, ty: &'p Type, value: &Datum, env: &Env<'_, 'p>) -> Result<(), Fault> {
        match (ty, value) {
            (Type::Array(array), Datum::List(length, _)) => match array.length.as_ref().or(array.size.expr()) {
                Some(expr) => self.check_count(c, *length, expr, env),
                None => Ok(()),
            },
            (Type::Union(..), value) => self.check_tag(c, ty, value, env),
            (Type::Formatted(_, inner), value) => self.late_check(c, inner, value, env),
            (Type::Pointer(_, to), Datum::Pointer(Some(value))) => self.late_check(c, to, value, env),
            _ => Ok(()),
        }
    }
}
