//! Constant expressions, enumerations, bit records and constants.

use super::Lower;
use super::scope::Entity;
use crate::ast::{self, BinaryOp, BitsItem, Decl, DeclKind, Expr, ExprKind, ReservedRule, Span, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::model::{BitsDef, BitsField, Const, ConstValue, EnumDef, IntKind, Type, TypeId, TypeKind};

impl<'a> Lower<'a> {
    /// Lowers a declaration whose meaning is a set of numbers.
    pub(crate) fn values(&mut self, module: usize, decl: &'a Decl) {
        match &decl.kind {
            DeclKind::Enum(e) => self.enumeration(e),
            DeclKind::Bits(b) => {
                if let (Some(id), Some(bits)) = (self.declared(&b.name), self.bits(b)) {
                    self.define(id, TypeKind::Bits(bits));
                }
            }
            DeclKind::Const(c) => self.constant(module, decl, c),
            DeclKind::Form(f) => self.form(f),
            _ => {}
        }
    }

    pub(crate) fn define(&mut self, id: TypeId, kind: TypeKind) {
        if let Some(def) = self.program.types.get_mut(id.0) {
            def.kind = kind;
        }
    }

    /// Evaluates a constant expression, or reports why it is none.
    pub(crate) fn number(&mut self, expr: &Expr) -> Option<u64> {
        match self.evaluate(expr) {
            Ok(value) => Some(value),
            Err((message, span)) => {
                self.diagnostics.push(Diagnostic::error("R0103", "expected a constant", span, message));
                None
            }
        }
    }

    /// Evaluates a constant expression.
    pub(crate) fn evaluate(&self, expr: &Expr) -> Result<u64, (String, Span)> {
        let fail = |text: &str| Err((text.to_owned(), expr.span.clone()));
        match &expr.kind {
            ExprKind::Int(value) => Ok(*value),
            ExprKind::Name(name) => match (self.scope.get(&name.text), self.scope.constant(&name.text, None)) {
                (Some(Entity::Const(ConstValue::Int(value))), _) => Ok(*value),
                (_, Some((_, value))) => Ok(value),
                _ => fail("not a constant number"),
            },
            ExprKind::Unary(op, inner) => {
                let value = self.evaluate(inner)?;
                match op {
                    UnaryOp::Not => Ok(u64::from(value == 0)),
                    UnaryOp::BitNot => Ok(!value),
                    UnaryOp::Neg => Ok(value.wrapping_neg()),
                    UnaryOp::Deref | UnaryOp::AddressOf => fail("not a constant number"),
                }
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                binary(*op, a, b).map_or_else(|| fail("overflows, or divides by zero"), Ok)
            }
            _ => fail("not a constant number"),
        }
    }

    fn enumeration(&mut self, e: &'a ast::EnumDecl) {
        let Some(id) = e.name.as_ref().and_then(|name| self.declared(name)) else { return };
        let Some(base) = e.base.as_deref().and_then(|base| self.int_kind(base)) else { return };
        let mut items = Vec::new();
        let mut next = 0;
        for item in &e.items {
            let value = match &item.value {
                Some(expr) => self.number(expr).unwrap_or(next),
                None => next,
            };
            if value > max(base) {
                self.diagnostics.push(Diagnostic::error(
                    "R0104",
                    format!("{value:#x} does not fit {} bits", u32::from(base.size) * 8),
                    item.name.span.clone(),
                    "too large for the enumeration's integer",
                ));
            }
            next = value.wrapping_add(1);
            if self.scope.add_constant(&item.name.text, id, value) {
                items.push((item.name.text.clone(), value, item.docs.clone()));
            } else {
                self.diagnostics.push(Diagnostic::error(
                    "R0101",
                    format!("`{}` is declared twice", item.name.text),
                    item.name.span.clone(),
                    "the enumeration has it already",
                ));
            }
        }
        self.define(id, TypeKind::Enum(EnumDef { base, items }));
    }

    /// Lowers a bit record, declared or in place.
    pub(crate) fn bits(&mut self, b: &ast::BitsDecl) -> Option<BitsDef> {
        let base = self.int_kind(&b.base)?;
        let width_of_base = u32::from(base.size) * 8;
        let mut def = BitsDef { base, fields: Vec::new(), masks: Vec::new(), known: 0, reserved: ReservedRule::Ignore };
        let mut next = 0;
        for item in &b.items {
            match item {
                BitsItem::Reserved(rule, _) => def.reserved = *rule,
                BitsItem::Mask { docs, name, value } => {
                    let value = self.number(value)?;
                    def.known |= value;
                    def.masks.push((name.text.clone(), value, docs.clone()));
                }
                BitsItem::Field { docs, name, width, big_endian, ty, at } => {
                    let at = at.unwrap_or(next);
                    next = at.saturating_add(*width);
                    let ty = match ty {
                        Some(name) => match self.type_id(&name.text) {
                            Some(id) => Some(id),
                            None => {
                                self.unknown("type", name);
                                None
                            }
                        },
                        None => None,
                    };
                    if *width == 0 || next > width_of_base {
                        self.diagnostics.push(Diagnostic::error(
                            "R0105",
                            format!("`{}` does not fit the record's {width_of_base} bits", name.text),
                            name.span.clone(),
                            format!("bits {at} to {next}"),
                        ));
                        continue;
                    }
                    let mask = field_mask(at, *width);
                    if def.known & mask != 0 && def.fields.iter().any(|f| field_mask(f.at, f.width) & mask != 0) {
                        self.diagnostics.push(Diagnostic::error(
                            "R0106",
                            format!("`{}` overlaps another sub-field", name.text),
                            name.span.clone(),
                            "these bits are taken",
                        ));
                    }
                    def.known |= mask;
                    def.fields.push(BitsField {
                        name: name.text.clone(),
                        docs: docs.clone(),
                        at,
                        width: *width,
                        big_endian: *big_endian,
                        ty,
                    });
                }
            }
        }
        Some(def)
    }

    fn constant(&mut self, module: usize, decl: &'a Decl, c: &'a ast::ConstDecl) {
        if self.is_named_property(&c.ty) {
            self.named_property(module, decl, c);
            return;
        }
        let Some(ty) = self.const_type(&c.ty) else { return };
        let Some(value) = self.value_of(&ty, &c.value) else { return };
        if self.name(&c.name, Entity::Const(value.clone()))
            && let Some(module) = self.program.modules.get_mut(module)
        {
            module.consts.push(Const {
                name: c.name.text.clone(),
                docs: decl.docs.clone(),
                ty,
                value,
                span: c.name.span.clone(),
            });
        }
    }
}

impl Lower<'_> {
    /// A constant as the value of a type, or reports why it is none.
    pub(crate) fn value_of(&mut self, ty: &Type, expr: &Expr) -> Option<ConstValue> {
        let most = match ty {
            Type::Guid => return self.guid(expr),
            // Reported, or to come.
            Type::Later => return None,
            Type::Bool(_) => 1,
            Type::U48Be => (1 << 48) - 1,
            Type::Int(kind) => largest(*kind),
            Type::IntByForm(by) => largest(by.narrowest()),
            Type::Named(id, _) => match &self.program.ty(*id).kind {
                TypeKind::Enum(e) => max(e.base),
                TypeKind::Bits(b) => max(b.base),
                TypeKind::Struct(_) | TypeKind::Form(_) => {
                    self.wrong_value(ty, &expr.span);
                    return None;
                }
            },
            _ => {
                self.wrong_value(ty, &expr.span);
                return None;
            }
        };
        let of_type = match (ty, &expr.kind) {
            (Type::Named(id, _), ExprKind::Name(name)) => self.scope.constant(&name.text, Some(*id)),
            (Type::Bool(_), ExprKind::Name(name)) if name.text == "true" => return Some(ConstValue::Int(1)),
            (Type::Bool(_), ExprKind::Name(name)) if name.text == "false" => return Some(ConstValue::Int(0)),
            _ => None,
        };
        let value = match of_type {
            Some((_, value)) => value,
            None => self.number(expr)?,
        };
        let negative = matches!(ty, Type::Int(kind) if kind.signed && value >= !most);
        if value > most && !negative {
            self.diagnostics.push(Diagnostic::error(
                "R0104",
                format!("{value:#x} does not fit the type"),
                expr.span.clone(),
                format!("at most {most:#x}"),
            ));
            return None;
        }
        Some(ConstValue::Int(value))
    }

    /// Only numbers, conditions and GUIDs have constants.
    pub(crate) fn wrong_value(&mut self, ty: &Type, span: &Span) {
        let found = super::typing::kind_of_type(ty);
        self.diagnostics.push(
            Diagnostic::error(
                "R0313",
                found
                    .map_or_else(|| "no constant".to_owned(), |kind| format!("{} has no constants", self.shown(&kind))),
                span.clone(),
                "no value of the type",
            )
            .help("constants are of integers, enumerations, bit records, bool8, bool16 and guid"),
        );
    }

    /// A GUID as text, or as the sixteen bytes of the wire.
    fn guid(&mut self, expr: &Expr) -> Option<ConstValue> {
        let guid = match &expr.kind {
            ExprKind::Str(text) => parse_guid(text),
            ExprKind::List(bytes) => {
                let mut guid = Vec::new();
                for byte in bytes {
                    guid.extend(u8::try_from(self.number(byte)?));
                }
                guid.try_into().ok()
            }
            _ => None,
        };
        if guid.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0107",
                    "not a GUID",
                    expr.span.clone(),
                    "expected \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"",
                )
                .help("the sixteen bytes of the wire are `{ 0x00, .. }`"),
            );
        }
        guid.map(ConstValue::Guid)
    }
}

/// The largest value of an integer, as bits.
pub(crate) fn max(kind: IntKind) -> u64 {
    u64::MAX >> (64 - u32::from(kind.size) * 8)
}

/// The largest value of an integer, its sign considered.
pub(crate) fn largest(kind: IntKind) -> u64 {
    if kind.signed { max(kind) >> 1 } else { max(kind) }
}

/// The mask of a sub-field.
pub(crate) fn field_mask(at: u32, width: u32) -> u64 {
    let ones = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
    ones.checked_shl(at).unwrap_or(0)
}

fn binary(op: BinaryOp, a: u64, b: u64) -> Option<u64> {
    let shift = u32::try_from(b).unwrap_or(u32::MAX);
    match op {
        BinaryOp::Or => Some(u64::from(a != 0 || b != 0)),
        BinaryOp::And => Some(u64::from(a != 0 && b != 0)),
        BinaryOp::BitOr => Some(a | b),
        BinaryOp::BitXor => Some(a ^ b),
        BinaryOp::BitAnd => Some(a & b),
        BinaryOp::Eq => Some(u64::from(a == b)),
        BinaryOp::Ne => Some(u64::from(a != b)),
        BinaryOp::Lt => Some(u64::from(a < b)),
        BinaryOp::Le => Some(u64::from(a <= b)),
        BinaryOp::Gt => Some(u64::from(a > b)),
        BinaryOp::Ge => Some(u64::from(a >= b)),
        BinaryOp::Shl => a.checked_shl(shift),
        BinaryOp::Shr => a.checked_shr(shift),
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Rem => a.checked_rem(b),
    }
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, braces allowed, to its 16 bytes on the wire.
pub(crate) fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let hex: String = text.trim_matches(['{', '}']).split('-').collect();
    if hex.len() != 32 {
        return None;
    }
    let value = u128::from_str_radix(&hex, 16).ok()?;
    let [a, b, c, d, e, f, g, h, rest @ ..] = value.to_be_bytes();
    let [i, j, k, l, m, n, o, p] = rest;
    Some([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
}
