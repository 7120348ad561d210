//! Interfaces whose numbers are big-endian or little-endian by a field of a structure around them.

use super::Lower;
use super::body::Scene;
use super::derive::each_field;
use crate::ast::{Attr, AttrArg};
use crate::diagnostic::Diagnostic;
use crate::model::{Extent, Field, Member, Program, Role, Type, TypeKind};

impl Lower<'_> {
    /// `[big_endian(condition)]` on the field that was lowered last.
    pub(super) fn byte_order(&mut self, attrs: &[Attr], scene: &mut Scene<'_>, body: &mut [Member]) {
        let Some(attr) = attrs.iter().find(|attr| attr.name.text == "big_endian") else { return };
        let cond = match attr.args.as_deref() {
            Some([AttrArg::Expr(cond)]) => self.condition(cond, scene),
            _ => return self.wrong_byte_order(attr, "write `big_endian(condition)`"),
        };
        let either = self.program.modules.get(scene.module).is_some_and(|module| module.either_order);
        if !either {
            return self.wrong_byte_order(attr, "the interface is not `either_order`");
        }
        if scene.is_match || body.iter().any(|member| matches!(member, Member::Field(f) if f.big_endian.is_some())) {
            return self.wrong_byte_order(attr, "it is said once in a structure, which has members behind it");
        }
        if let Some(Member::Field(last)) = body.last_mut() {
            last.big_endian = cond;
        }
    }

    /// Every structure says it at its top, and has only what can be in either order where that is said.
    pub(crate) fn check_byte_orders(&mut self) {
        let mut wrong = Vec::new();
        for def in &self.program.types {
            let TypeKind::Struct(body) = &def.kind else { continue };
            let either = self.program.modules.get(def.module).is_some_and(|module| module.either_order);
            let said = body.order_field().map(|field| field.name.as_str());
            each_field(&body.body, &mut |field| {
                let why = if field.big_endian.is_some() && said != Some(&field.name) {
                    Some("inside a condition or an extent no byte order can be said")
                } else if either {
                    one_order(&self.program, field, &field.ty)
                } else {
                    None
                };
                if let Some(why) = why {
                    wrong.push((def.span.clone(), format!("`{}` has no byte order", field.name), why));
                }
            });
        }
        for (span, message, why) in wrong {
            self.diagnostics.push(Diagnostic::error("R0333", message, span, why));
        }
    }

    fn wrong_byte_order(&mut self, attr: &Attr, label: &str) {
        let message = "a byte order in the wrong place";
        self.diagnostics.push(Diagnostic::error("R0333", message, attr.span.clone(), label));
    }
}

/// Why a type stays in one order in an interface where numbers may be in either.
fn one_order(program: &Program, field: &Field, ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Array(element, extent) => match extent {
            Extent::Until(_) if !matches!(**element, Type::Named(..)) => {
                Some("the value that ends the list is in one order")
            }
            _ => one_order(program, field, element),
        },
        Type::Named(id, _) => {
            let either = program.modules.get(program.ty(*id).module).is_some_and(|module| module.either_order);
            (!either).then_some("its type is of an interface with one order")
        }
        Type::Int(_) if matches!(field.role, Role::OffsetOf(_)) => Some("offsets are in one order"),
        Type::Int(_) | Type::Guid | Type::Bytes(_) | Type::Bool(1) | Type::Later => None,
        Type::Text(crate::model::Text::String8Nul | crate::model::Text::Line) => None,
        _ => Some(
            "only integers, enumerations, bit records, GUIDs, bytes, 8-bit text and structures of them can be in either",
        ),
    }
}
