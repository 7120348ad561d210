//! Expressions of descriptions, computed as generated code computes them: unsigned, 64 bits, and what
//! overflows stays at the end of the range.

use ropc::ast::BinaryOp;
use ropc::model::{BitsDef, BitsField, Expr, Program, TypeKind};

use super::datum::{Datum, Scope, find};

/// An expression looks at what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(pub &'static str);

/// The value of an expression.
///
/// # Errors
/// When it looks at an element beyond a list, or at a name that has no value here.
pub fn eval<'p>(program: &'p Program, expr: &'p Expr, scope: &Scope<'p>) -> Result<Datum<'p>, Missing> {
    let eval = |expr| eval(program, expr, scope);
    Ok(match expr {
        Expr::Int(value) => Datum::Number(i128::from(*value)),
        Expr::Bool(value) => Datum::Bool(*value),
        Expr::Field(name) => scope.field(name).map(|(value, _)| value.clone()).ok_or(Missing("field"))?,
        Expr::Param(name) => find(&scope.params, name).cloned().ok_or(Missing("context"))?,
        Expr::IsSet(name) => Datum::Bool(!matches!(find(&scope.params, name), None | Some(Datum::Unset))),
        Expr::Known(name) => match find(&scope.params, name) {
            None | Some(Datum::Unset) => return Err(Missing("context")),
            Some(value) => value.clone(),
        },
        Expr::Len(list) => Datum::Number(eval(list)?.count() as i128),
        Expr::Bits(base, id, name) => {
            let value = eval(base)?.wide();
            match &program.ty(*id).kind {
                TypeKind::Bits(bits) => part(program, bits, name, value).ok_or(Missing("sub-field"))?,
                _ => return Err(Missing("bit record")),
            }
        }
        Expr::Member(base, name) => match eval(base)? {
            Datum::Record(record) => find(&record, name).cloned().ok_or(Missing("field"))?,
            _ => return Err(Missing("field of a structure")),
        },
        Expr::EnumConst(id, name) => match &program.ty(*id).kind {
            TypeKind::Enum(def) => {
                let item = def.items.iter().find(|(item, ..)| item == name);
                Datum::Number(item.map(|(_, value, _)| i128::from(*value)).ok_or(Missing("constant"))?)
            }
            // A mask of a bit record as a value.
            TypeKind::Bits(def) => {
                let mask = def.masks.iter().find(|(mask, ..)| mask == name);
                Datum::Number(mask.map(|(_, value, _)| i128::from(*value)).ok_or(Missing("mask"))?)
            }
            TypeKind::Form(def) => {
                let place = def.items.iter().position(|(item, _)| item == name);
                Datum::Number(place.map(|place| place as i128).ok_or(Missing("wire form"))?)
            }
            TypeKind::Struct(_) => return Err(Missing("constant")),
        },
        Expr::Index => Datum::Number(scope.index.ok_or(Missing("index"))? as i128),
        Expr::Item => scope.item.clone().ok_or(Missing("element"))?,
        Expr::At(list) => element(&eval(list)?, scope.index.ok_or(Missing("index"))?)?,
        Expr::Slice(list, end) => {
            let (list, end) = (eval(list)?, usize::try_from(eval(end)?.wide()).unwrap_or(usize::MAX));
            if end > list.count() {
                return Err(Missing("as many elements of the other list"));
            }
            match list {
                Datum::List(items, _) => Datum::List(items, end),
                Datum::Bytes(bytes) => Datum::Bytes(bytes.get(..end).unwrap_or_default().into()),
                _ => return Err(Missing("list")),
            }
        }
        Expr::Binary(BinaryOp::Or, a, b) => Datum::Bool(eval(a)?.truth() || eval(b)?.truth()),
        Expr::Binary(BinaryOp::And, a, b) => Datum::Bool(eval(a)?.truth() && eval(b)?.truth()),
        Expr::Binary(op, a, b) => binary(*op, &eval(a)?, &eval(b)?),
        Expr::Not(inner) => Datum::Bool(!eval(inner)?.truth()),
        Expr::Ternary(c, a, b) => {
            if eval(c)?.truth() {
                eval(a)?
            } else {
                eval(b)?
            }
        }
    })
}

fn element<'p>(list: &Datum<'p>, index: usize) -> Result<Datum<'p>, Missing> {
    let missing = Missing("element of the other list");
    match list {
        Datum::List(items, length) if index < *length => items.get(index).cloned().ok_or(missing),
        Datum::Bytes(bytes) => bytes.get(index).map(|byte| Datum::Number(i128::from(*byte))).ok_or(missing),
        _ => Err(missing),
    }
}

/// A mask or sub-field of a bit record.
fn part<'p>(program: &Program, bits: &BitsDef, name: &str, value: u64) -> Option<Datum<'p>> {
    if let Some((_, mask, _)) = bits.masks.iter().find(|(mask, ..)| mask == name) {
        return Some(Datum::Bool(value & mask == *mask));
    }
    let field = bits.fields.iter().find(|field| field.name == name)?;
    let part = sub_field(field, value);
    Some(match field.ty {
        None if field.width == 1 => Datum::Bool(part != 0),
        None => Datum::Number(i128::from(part)),
        Some(id) => {
            let size = match &program.ty(id).kind {
                TypeKind::Enum(def) => def.base.size,
                TypeKind::Bits(def) => def.base.size,
                TypeKind::Struct(_) | TypeKind::Form(_) => 8,
            };
            Datum::Number(i128::from(part & ones(u32::from(size) * 8)))
        }
    })
}

/// The bits of a sub-field as a number.
pub fn sub_field(field: &BitsField, value: u64) -> u64 {
    let part = value.checked_shr(field.at).unwrap_or(0) & ones(field.width);
    if field.big_endian {
        // The first byte of the wire is the most significant one.
        return part.swap_bytes().checked_shr(64_u32.saturating_sub(field.width)).unwrap_or(0);
    }
    part
}

fn ones(bits: u32) -> u64 {
    u64::MAX.checked_shr(64_u32.saturating_sub(bits)).unwrap_or(0)
}

fn binary<'p>(op: BinaryOp, a: &Datum<'p>, b: &Datum<'p>) -> Datum<'p> {
    if let Some(order) = comparison(op) {
        return Datum::Bool(compare(a, b).is_some_and(order));
    }
    let (a, b) = (a.wide(), b.wide());
    let by = u32::try_from(b).unwrap_or(u32::MAX);
    let value = match op {
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::BitAnd => a & b,
        BinaryOp::Shl => a.checked_shl(by).unwrap_or(0),
        BinaryOp::Shr => a.checked_shr(by).unwrap_or(0),
        BinaryOp::Add => a.saturating_add(b),
        BinaryOp::Sub => a.saturating_sub(b),
        BinaryOp::Mul => a.saturating_mul(b),
        BinaryOp::Div => a.checked_div(b).unwrap_or(0),
        BinaryOp::Rem => a.checked_rem(b).unwrap_or(0),
        // Comparisons and conditions are done.
        _ => 0,
    };
    Datum::Number(i128::from(value))
}

fn comparison(op: BinaryOp) -> Option<fn(std::cmp::Ordering) -> bool> {
    use std::cmp::Ordering;
    Some(match op {
        BinaryOp::Eq => Ordering::is_eq,
        BinaryOp::Ne => Ordering::is_ne,
        BinaryOp::Lt => Ordering::is_lt,
        BinaryOp::Le => Ordering::is_le,
        BinaryOp::Gt => Ordering::is_gt,
        BinaryOp::Ge => Ordering::is_ge,
        _ => return None,
    })
}

fn compare(a: &Datum<'_>, b: &Datum<'_>) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Datum::Number(a), Datum::Number(b)) => Some(a.cmp(b)),
        (Datum::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
        (Datum::Bytes(a), Datum::Bytes(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
