//! What kind of value an expression has, and what is wanted where it stands.

use super::Lower;
use super::body::Scene;
use crate::ast::{BinaryOp, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{BitsField, Expr, IntKind, Param, Program, Text, Type, TypeId, TypeKind};

/// The integer that arithmetic is done in.
pub(crate) const WIDE: IntKind = IntKind { size: 8, signed: false };

/// What a value is, as far as operators and places tell values apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A number that is written down: it has no type of its own.
    Literal(u64),
    Number(IntKind),
    Flag,
    /// An enumeration, a bit record or a structure.
    Named(TypeId),
    List(Box<Kind>),
    /// A parameter that may be unset.
    Optional(Box<Kind>),
    Bytes,
    Text,
    Guid,
    Time,
    Float,
}

impl Kind {
    /// A number that a length or arithmetic can use.
    pub(crate) fn is_unsigned(&self) -> bool {
        matches!(self, Self::Literal(_) | Self::Number(IntKind { signed: false, .. }))
    }

    /// It has elements to count.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Bytes)
    }

    /// The two can be compared, or take each other's place.
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(_), Self::Literal(_)) => true,
            (Self::Literal(value), Self::Number(kind)) | (Self::Number(kind), Self::Literal(value)) => {
                *value <= super::values::largest(*kind)
            }
            (Self::Optional(value), Self::Optional(wanted)) => value.fits(wanted),
            (value, Self::Optional(wanted)) => value.fits(wanted),
            // Bytes are a list of them.
            (Self::Bytes, Self::List(element)) => **element == Self::Number(IntKind { size: 1, signed: false }),
            _ => self == other,
        }
    }

    /// Rust compares two of them.
    fn is_comparable(&self, program: &Program) -> bool {
        match self {
            Self::Literal(_) | Self::Number(_) | Self::Flag | Self::Guid | Self::Time => true,
            Self::Named(id) => !matches!(program.ty(*id).kind, TypeKind::Struct(_)),
            Self::List(_) | Self::Optional(_) | Self::Bytes | Self::Text | Self::Float => false,
        }
    }
}

/// The kind of a type's values; `None` where nothing is known about them yet.
pub(crate) fn kind_of_type(ty: &Type) -> Option<Kind> {
    Some(match ty {
        Type::Int(kind) => Kind::Number(*kind),
        Type::IntByForm(by) => Kind::Number(by.widest()),
        Type::U48Be => Kind::Number(WIDE),
        Type::Bool(_) => Kind::Flag,
        Type::Float(_) => Kind::Float,
        Type::Guid => Kind::Guid,
        Type::FileTime => Kind::Time,
        Type::Named(id, _) => Kind::Named(*id),
        Type::Text(Text::BytesCounted(_)) | Type::Bytes(_) => Kind::Bytes,
        Type::Text(_) => Kind::Text,
        Type::Array(element, _) => Kind::List(Box::new(kind_of_type(element)?)),
        Type::Later | Type::GlobSet => return None,
    })
}

/// The integer that the accessor of a sub-field without a type gives.
pub(crate) fn sub_field_int(field: &BitsField) -> IntKind {
    let size = match field.width {
        _ if field.big_endian => 8,
        0..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        _ => 8,
    };
    IntKind { size, signed: false }
}

impl Lower<'_> {
    /// The kind of an expression's value; `None` where it cannot be told.
    pub(crate) fn kind(&self, expr: &Expr, scene: &Scene<'_>) -> Option<Kind> {
        match expr {
            Expr::Int(value) => Some(Kind::Literal(*value)),
            Expr::Len(_) | Expr::Index => Some(Kind::Number(WIDE)),
            Expr::Slice(list, _) => self.kind(list, scene),
            Expr::At(list) => match self.kind(list, scene)? {
                Kind::List(element) => Some(*element),
                Kind::Bytes => Some(Kind::Number(IntKind { size: 1, signed: false })),
                _ => None,
            },
            Expr::Param(name) | Expr::Known(name) => {
                let of_element = kind_of_type(&self.type_of(expr, scene)?)?;
                let param = scene.params.iter().find(|p| p.name == *name).filter(|_| !scene.is_field(name));
                let list = param.is_some_and(|param| param.list);
                let kind = if list { Kind::List(Box::new(of_element)) } else { of_element };
                let unset = matches!(expr, Expr::Param(_)) && param.is_some_and(|param| param.optional);
                Some(if unset { Kind::Optional(Box::new(kind)) } else { kind })
            }
            Expr::Binary(op, ..) if is_arithmetic(*op) => Some(Kind::Number(WIDE)),
            Expr::Binary(..) | Expr::Not(_) | Expr::Bool(_) | Expr::IsSet(_) => Some(Kind::Flag),
            Expr::Ternary(_, a, b) => match (self.kind(a, scene)?, self.kind(b, scene)?) {
                (Kind::Literal(_), Kind::Literal(_)) => Some(Kind::Number(WIDE)),
                (Kind::Literal(_), other) | (other, Kind::Literal(_)) => Some(other),
                (Kind::Number(a), Kind::Number(b)) if a != b => Some(Kind::Number(WIDE)),
                (first, _) => Some(first),
            },
            _ => kind_of_type(&self.type_of(expr, scene)?),
        }
    }

    /// A kind in messages.
    pub(crate) fn shown(&self, kind: &Kind) -> String {
        let text = match kind {
            Kind::Named(id) => return format!("a `{}`", self.program.ty(*id).name),
            Kind::Number(IntKind { size, signed }) => {
                return format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8);
            }
            Kind::Optional(inner) => return format!("{} that may be unset", self.shown(inner)),
            Kind::Literal(_) => "a number",
            Kind::Flag => "a condition",
            Kind::List(_) => "a list",
            Kind::Bytes => "bytes",
            Kind::Text => "a text",
            Kind::Guid => "a GUID",
            Kind::Time => "a time",
            Kind::Float => "a fraction",
        };
        text.to_owned()
    }

    /// Reports a value that cannot stand where it does.
    pub(crate) fn wrong_kind(&mut self, wanted: &str, found: &Kind, span: &Span) {
        let mut diagnostic = Diagnostic::error(
            "R0311",
            format!("expected {wanted}, found {}", self.shown(found)),
            span.clone(),
            "not of this kind",
        );
        match (found, wanted) {
            (Kind::Number(_) | Kind::Literal(_), "a condition") => {
                diagnostic = diagnostic.help("compare it: `Flags != 0`");
            }
            (Kind::Optional(_), _) => {
                diagnostic =
                    diagnostic.help("its value can be used in an extent: `sized(Size) T(Columns) X or bytes;`");
            }
            _ => {}
        }
        self.diagnostics.push(diagnostic);
    }

    /// Reports an operand that its operator does not take; false where it did.
    pub(crate) fn check_binary(
        &mut self,
        op: BinaryOp,
        sides: [&Expr; 2],
        scene: &Scene<'_>,
        spans: [&Span; 2],
    ) -> bool {
        let kinds = sides.map(|side| self.kind(side, scene));
        let [Some(left), Some(right)] = kinds else { return true };
        let before = self.diagnostics.len();
        for (kind, span) in [(&left, spans[0]), (&right, spans[1])] {
            match op {
                BinaryOp::Or | BinaryOp::And if *kind != Kind::Flag => self.wrong_kind("a condition", kind, span),
                _ if is_arithmetic(op) && !kind.is_unsigned() => self.wrong_kind("an unsigned number", kind, span),
                _ if is_comparison(op) && !kind.is_comparable(&self.program) => {
                    self.wrong_kind("something that can be compared", kind, span);
                }
                _ => {}
            }
        }
        if before == self.diagnostics.len() && is_comparison(op) {
            let both_unsigned = left.is_unsigned() && right.is_unsigned();
            let is_form = matches!(&left, Kind::Named(id) if self.is_form(*id));
            let ordered = matches!(op, BinaryOp::Eq | BinaryOp::Ne) || left != Kind::Flag && !is_form;
            if !(left.fits(&right) || both_unsigned && !is_too_large(&left, &right)) || !ordered {
                self.incomparable(&left, &right, spans[1]);
            }
        }
        before == self.diagnostics.len()
    }

    fn incomparable(&mut self, left: &Kind, right: &Kind, span: &Span) {
        let mut diagnostic = Diagnostic::error(
            "R0311",
            format!("{} cannot be compared with {}", self.shown(left), self.shown(right)),
            span.clone(),
            "of another kind than what it is compared with",
        );
        diagnostic = match (left, right) {
            (Kind::Named(id), Kind::Literal(_)) if matches!(self.program.ty(*id).kind, TypeKind::Enum(_)) => {
                diagnostic.help(format!("write a constant of `{}`", self.program.ty(*id).name))
            }
            (Kind::Number(_), Kind::Literal(_)) | (Kind::Literal(_), Kind::Number(_)) => {
                diagnostic.note("the field never has this value")
            }
            _ => diagnostic,
        };
        self.diagnostics.push(diagnostic);
    }

    /// The argument cannot be the value of the parameter.
    pub(crate) fn check_argument(&mut self, kind: &Kind, param: &Param, span: &Span) {
        let Some(wanted) = kind_of_type(&param.ty) else { return };
        let wanted = if param.list { Kind::List(Box::new(wanted)) } else { wanted };
        let wanted = if param.optional { Kind::Optional(Box::new(wanted)) } else { wanted };
        // A condition of one byte or two is the same in Rust, and so is an integer that arithmetic was done in.
        if !kind.fits(&wanted) {
            self.diagnostics.push(Diagnostic::error(
                "R0311",
                format!("`{}` is {}, not {}", param.name, self.shown(&wanted), self.shown(kind)),
                span.clone(),
                "an argument of another kind or size",
            ));
        }
    }
}

/// A literal beyond the other side's integer.
fn is_too_large(left: &Kind, right: &Kind) -> bool {
    match (left, right) {
        (Kind::Literal(value), Kind::Number(kind)) | (Kind::Number(kind), Kind::Literal(value)) => {
            *value > super::values::largest(*kind)
        }
        _ => false,
    }
}

pub(crate) fn is_arithmetic(op: BinaryOp) -> bool {
    !matches!(op, BinaryOp::Or | BinaryOp::And) && !is_comparison(op)
}

pub(crate) fn is_comparison(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge)
}
