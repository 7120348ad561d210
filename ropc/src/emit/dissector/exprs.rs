//! Expressions as tables: `{ "==", { "field", "Flag" }, 0 }`.

use super::text::{number, quoted};
use crate::ast::BinaryOp;
use crate::model::{Expr, Program, TypeKind};

/// An expression as the runtime computes it.
pub fn expr(program: &Program, e: &Expr) -> String {
    let of = |inner: &Expr| expr(program, inner);
    match e {
        Expr::Int(value) => number(*value),
        Expr::Bool(value) => value.to_string(),
        Expr::Field(name) => format!("{{ \"field\", {} }}", quoted(name)),
        Expr::Param(name) | Expr::Known(name) => format!("{{ \"param\", {} }}", quoted(name)),
        Expr::IsSet(name) => format!("{{ \"set\", {} }}", quoted(name)),
        Expr::Len(list) => format!("{{ \"count\", {} }}", of(list)),
        Expr::Bits(base, id, name) => format!("{{ \"part\", {}, {}, {} }}", of(base), id.0 + 1, quoted(name)),
        Expr::Member(base, name) => format!("{{ \"member\", {}, {} }}", of(base), quoted(name)),
        Expr::EnumConst(id, name) => {
            if let TypeKind::Form(def) = &program.ty(*id).kind {
                let place = def.items.iter().position(|(item, _)| item == name);
                return place.map_or_else(|| later("wire form"), |place| place.to_string());
            }
            let items = match &program.ty(*id).kind {
                TypeKind::Enum(def) => def.items.as_slice(),
                TypeKind::Bits(def) => def.masks.as_slice(),
                TypeKind::Struct(_) | TypeKind::Form(_) => &[],
            };
            let value = items.iter().find(|(item, ..)| item == name).map(|(_, value, _)| number(*value));
            value.unwrap_or_else(|| later("constant"))
        }
        Expr::Index => "{ \"index\" }".to_owned(),
        Expr::Item => "{ \"item\" }".to_owned(),
        Expr::At(list) => format!("{{ \"at\", {} }}", of(list)),
        Expr::Slice(list, end) => format!("{{ \"first\", {}, {} }}", of(list), of(end)),
        Expr::Binary(op, a, b) => format!("{{ \"{}\", {}, {} }}", operator(*op), of(a), of(b)),
        Expr::Not(inner) => format!("{{ \"not\", {} }}", of(inner)),
        Expr::Ternary(c, a, b) => format!("{{ \"if\", {}, {}, {} }}", of(c), of(a), of(b)),
    }
}

fn later(what: &str) -> String {
    format!("{{ \"later\", {} }}", quoted(what))
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::BitAnd => "&",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "~=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}
