//! What was read, as far as expressions ask for it, and the expressions.

use ropc::ast::{BinaryOp, UnaryOp};
use ropc::ndr::dialect::{Function, Value};
use ropc::ndr::model::{Expr, Field, Interface, Pointer, Type, TypeKind};

/// A value as expressions see it.
#[derive(Clone, Debug, Default)]
pub enum Datum {
    /// Nothing that an expression asks for.
    #[default]
    Other,
    /// A number; a negative one is a large one.
    Number(u64),
    /// Units of a text, bytes of a blob.
    Length(usize),
    /// The number of elements, and those that have pointers.
    List(usize, Vec<Datum>),
    /// A pointer with what it points to, where that was read.
    Pointer(Option<Box<Datum>>),
    /// The discriminant of a union, and its member.
    Union(u64, Box<Datum>),
    /// The fields of a structure.
    Record(Vec<Option<Datum>>),
}

/// The fields of a structure or the parameters of an operation.
#[derive(Debug)]
pub struct Env<'e, 'p> {
    /// The interface.
    pub model: &'p Interface,
    /// In order.
    pub fields: &'e [&'p Field],
    /// One a field; `None` where it is not known here.
    pub values: &'e [Option<Datum>],
}

impl Env<'_, '_> {
    /// Everything that the expression reads is known.
    pub fn knows(&self, expr: &Expr) -> bool {
        let mut known = true;
        expr.fields(&mut |index| known &= self.values.get(index).is_some_and(Option::is_some));
        known && !measures(expr)
    }

    /// The expression; what is not known counts as 0.
    pub fn value(&self, expr: &Expr) -> u64 {
        match expr {
            Expr::Const(value) => *value,
            // it is measured when it is packed
            Expr::Whole => 0,
            Expr::Field(index) => self.datum(*index).map_or(0, |datum| number(datum, false)),
            Expr::Deref(index) => self.datum(*index).map_or(0, |datum| number(datum, true)),
            Expr::Unary(op, inner) => {
                let value = self.value(inner);
                match op {
                    UnaryOp::Not => u64::from(value == 0),
                    UnaryOp::Neg => value.wrapping_neg(),
                    _ => !value,
                }
            }
            Expr::Binary(op, left, right) => binary(*op, self.value(left), self.value(right)),
            Expr::Ternary(cond, then, other) => self.value(if self.value(cond) != 0 { then } else { other }),
            Expr::Member(..) => self.reach(expr).map_or(0, |(datum, _)| number(&datum, true)),
            Expr::Call(function, arg) => {
                let length = self.reach(arg).map_or(0, |(datum, _)| length(&datum));
                match function {
                    Function::Length | Function::Size => length,
                    Function::LengthTerminated => length.wrapping_add(1),
                    Function::LengthTerminatedOrNone if length == 0 => 0,
                    Function::LengthTerminatedOrNone => length.wrapping_add(1),
                }
            }
        }
    }

    fn datum(&self, index: usize) -> Option<&Datum> {
        self.values.get(index)?.as_ref()
    }

    /// A field, or a member of one behind any pointers.
    fn reach(&self, expr: &Expr) -> Option<(Datum, Type)> {
        match expr {
            Expr::Field(index) | Expr::Deref(index) => {
                Some((self.datum(*index)?.clone(), self.fields.get(*index)?.ty.clone()))
            }
            Expr::Member(base, name) => {
                let (datum, ty) = self.reach(base)?;
                self.member(datum, &ty, name)
            }
            _ => None,
        }
    }

    fn member(&self, datum: Datum, ty: &Type, name: &str) -> Option<(Datum, Type)> {
        match (ty, datum) {
            (Type::Formatted(_, inner), datum) => self.member(datum, inner, name),
            (Type::Sub(sub), datum) => self.member(datum, &sub.inner, name),
            (Type::Pointer(_, to), Datum::Pointer(Some(value))) => self.member(*value, to, name),
            (Type::Pointer(Pointer::Ref, to), datum) => self.member(datum, to, name),
            (Type::Named(id), Datum::Record(mut values)) => {
                let TypeKind::Struct(record) = &self.model.get(*id)?.kind else { return None };
                let index = record.fields.iter().position(|field| field.name == name)?;
                let field = record.fields.get(index)?;
                Some((values.get_mut(index)?.take()?, field.ty.clone()))
            }
            (_, Datum::Length(length)) if name == "length" => {
                Some((Datum::Number(length as u64), Type::Pipe(Box::new(ty.clone()))))
            }
            _ => None,
        }
    }
}

/// A value as a number; `deref`: a pointer is what it points to, else whether it points to something.
fn number(datum: &Datum, deref: bool) -> u64 {
    match datum {
        Datum::Number(value) => *value,
        Datum::Length(length) | Datum::List(length, _) => *length as u64,
        Datum::Union(tag, _) => *tag,
        Datum::Pointer(Some(value)) if deref => number(value, true),
        Datum::Pointer(Some(_)) => 1,
        Datum::Pointer(None) | Datum::Record(_) | Datum::Other => 0,
    }
}

fn length(datum: &Datum) -> u64 {
    match datum {
        Datum::Length(length) | Datum::List(length, _) => *length as u64,
        Datum::Pointer(Some(value)) => length(value),
        _ => 0,
    }
}

/// What a field is where only its description says it.
pub fn constant(field: &Field) -> Option<Datum> {
    match &field.value {
        Some(Value::Number(Expr::Const(value))) => Some(Datum::Number(*value)),
        _ => None,
    }
}

/// It asks how many bytes something takes.
fn measures(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::Field(_) | Expr::Deref(_) => false,
        Expr::Whole => true,
        Expr::Call(function, _) => *function == Function::Size,
        Expr::Unary(_, a) | Expr::Member(a, _) => measures(a),
        Expr::Binary(_, a, b) => measures(a) || measures(b),
        Expr::Ternary(a, b, c) => measures(a) || measures(b) || measures(c),
    }
}

fn binary(op: BinaryOp, a: u64, b: u64) -> u64 {
    let by = || u32::try_from(b).ok();
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div => a.checked_div(b).unwrap_or(0),
        BinaryOp::Rem => a.checked_rem(b).unwrap_or(0),
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::Shl => by().and_then(|by| a.checked_shl(by)).unwrap_or(0),
        BinaryOp::Shr => by().and_then(|by| a.checked_shr(by)).unwrap_or(0),
        BinaryOp::Eq => u64::from(a == b),
        BinaryOp::Ne => u64::from(a != b),
        BinaryOp::Lt => u64::from(a < b),
        BinaryOp::Le => u64::from(a <= b),
        BinaryOp::Gt => u64::from(a > b),
        BinaryOp::Ge => u64::from(a >= b),
        BinaryOp::And => u64::from(a != 0 && b != 0),
        BinaryOp::Or => u64::from(a != 0 || b != 0),
    }
}
