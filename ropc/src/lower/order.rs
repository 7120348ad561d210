//! The order of lists: `[ascending(Field)]`, `[uniform(Field)]`.

use super::Lower;
use super::derive::each_field;
use crate::ast::{Attr, AttrArg, Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::model::{Field, Member, Order, Role, StructDef, Type, TypeKind};

/// The order that the attributes after a field give it.
pub(crate) fn order(marks: &[Attr]) -> Option<Order> {
    let named = |word: &str| {
        let mark = marks.iter().find(|mark| mark.name.text == word)?;
        match mark.args.as_deref() {
            Some([AttrArg::Expr(Expr { kind: ExprKind::Name(name), .. })]) => Some(name.text.clone()),
            // No field is called so, which is said later.
            _ => Some(String::new()),
        }
    };
    let (by, uniform) = (named("ascending"), named("uniform"));
    if by.is_none() && uniform.is_none() {
        return None;
    }
    Some(Order { by: by.unwrap_or_default(), uniform })
}

impl Lower<'_> {
    /// Lists are ordered by fields that their elements always have.
    pub(crate) fn check_orders(&mut self) {
        let mut wrong = Vec::new();
        for def in &self.program.types {
            let TypeKind::Struct(outer) = &def.kind else { continue };
            each_field(&outer.body, &mut |field| {
                if let Some(why) = self.wrong_order(field) {
                    wrong.push((def.span.clone(), field.name.clone(), why));
                }
            });
        }
        for (span, name, why) in wrong {
            let message = format!("`{name}` cannot be ordered so");
            self.diagnostics.push(Diagnostic::error("R0332", message, span, why));
        }
    }

    fn wrong_order(&self, field: &Field) -> Option<&'static str> {
        let order = field.order.as_ref()?;
        let Type::Array(element, _) = &field.ty else { return Some("it is no list") };
        let Type::Named(id, _) = &**element else { return Some("its elements have no fields") };
        let TypeKind::Struct(def) = &self.program.ty(*id).kind else { return Some("its elements have no fields") };
        let by = plain_field(def, &order.by)
            .is_some_and(|field| matches!(field.ty, Type::Int(_) | Type::U48Be | Type::Guid));
        if !by {
            return Some("`ascending` names a number or a GUID that each element has");
        }
        let of_bytes = |name: &String| plain_field(def, name).is_some_and(|field| matches!(field.ty, Type::Bytes(_)));
        if !order.uniform.as_ref().is_none_or(of_bytes) {
            return Some("`uniform` names bytes that each element has");
        }
        None
    }
}

/// A field that is one in Rust, not in a condition or a match.
fn plain_field<'d>(def: &'d StructDef, name: &str) -> Option<&'d Field> {
    fn find<'d>(body: &'d [Member], name: &str) -> Option<&'d Field> {
        body.iter().find_map(|member| match member {
            Member::Field(field) if field.name == name && matches!(field.role, Role::Plain) && field.at.is_none() => {
                Some(field)
            }
            Member::Sized(_, inner) => find(inner, name),
            _ => None,
        })
    }
    find(&def.body, name)
}
