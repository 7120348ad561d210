//! Named properties: `const NamedProperty PidLidBusyStatus = { PSETID_Appointment, 0x8205, PtypInteger32 };`

use std::collections::HashMap;

use super::Lower;
use super::scope::Entity;
use crate::ast::{self, Decl, Expr, ExprKind, TypeSpec};
use crate::diagnostic::Diagnostic;
use crate::model::{ConstValue, NamedId, NamedProperty};

impl<'a> Lower<'a> {
    /// The constant is a named property: the type of this name, unless a declaration has it.
    pub(crate) fn is_named_property(&self, ty: &TypeSpec) -> bool {
        matches!(ty, TypeSpec::Ref(r) if r.name.text == "NamedProperty") && self.scope.get("NamedProperty").is_none()
    }

    pub(crate) fn named_property(&mut self, module: usize, decl: &'a Decl, c: &'a ast::ConstDecl) {
        let parts = match &c.value.kind {
            ExprKind::List(parts) => parts.as_slice(),
            _ => &[],
        };
        let [set, id, ty] = parts else {
            self.malformed(&c.value, "expected the property set, the number or string, and the type");
            return;
        };
        // All three, so that one run reports everything.
        let found = (self.property_set(set), self.named_id(id), self.property_type(ty));
        let (Some((set, guid)), Some(id), Some((ty, code))) = found else { return };
        if self.name(&c.name, Entity::Later)
            && let Some(module) = self.program.modules.get_mut(module)
        {
            module.properties.push(NamedProperty {
                name: c.name.text.clone(),
                docs: decl.docs.clone(),
                set,
                guid,
                id,
                ty,
                code,
                span: c.name.span.clone(),
            });
        }
    }

    fn malformed(&mut self, expr: &Expr, label: &str) {
        self.diagnostics.push(
            Diagnostic::error(
                "R0110",
                "a named property has a set, an identifier and a type",
                expr.span.clone(),
                label,
            )
            .help("write `{ PSETID_Appointment, 0x8205, PtypInteger32 }`"),
        );
    }

    /// The constant of a property set, and its GUID.
    fn property_set(&mut self, expr: &Expr) -> Option<(String, [u8; 16])> {
        let ExprKind::Name(name) = &expr.kind else {
            self.malformed(expr, "expected the name of a property set");
            return None;
        };
        match self.scope.get(&name.text) {
            Some(Entity::Const(ConstValue::Guid(guid))) => Some((name.text.clone(), *guid)),
            Some(_) => {
                self.malformed(expr, "not a constant GUID");
                None
            }
            None => {
                self.unknown("property set", name);
                None
            }
        }
    }

    fn named_id(&mut self, expr: &Expr) -> Option<NamedId> {
        if let ExprKind::Str(text) = &expr.kind {
            return Some(NamedId::Name(text.clone()));
        }
        let value = self.number(expr)?;
        let lid = u32::try_from(value);
        if lid.is_err() {
            self.diagnostics.push(Diagnostic::error(
                "R0104",
                format!("{value:#x} does not fit 32 bits"),
                expr.span.clone(),
                "at most 0xffffffff",
            ));
        }
        lid.ok().map(NamedId::Lid)
    }

    /// A constant of the enumeration `PropertyType`, and its value.
    fn property_type(&mut self, expr: &Expr) -> Option<(String, u16)> {
        let ExprKind::Name(name) = &expr.kind else {
            self.malformed(expr, "expected the name of a property type");
            return None;
        };
        let of = self.type_id("PropertyType");
        match of.and_then(|of| self.scope.constant(&name.text, Some(of))) {
            Some((_, value)) => Some((name.text.clone(), u16::try_from(value).unwrap_or(u16::MAX))),
            None => {
                self.unknown("property type", name);
                None
            }
        }
    }

    /// One identifier may have several names, but only one type.
    pub(crate) fn check_properties(&mut self) {
        let mut seen: HashMap<(&[u8; 16], &NamedId), &NamedProperty> = HashMap::new();
        let mut found = Vec::new();
        for property in self.program.modules.iter().flat_map(|module| &module.properties) {
            let first = *seen.entry((&property.guid, &property.id)).or_insert(property);
            if first.code != property.code {
                found.push(
                    Diagnostic::error(
                        "R0111",
                        format!("`{}` and `{}` are one property", first.name, property.name),
                        property.span.clone(),
                        format!("here it is of {}", property.ty),
                    )
                    .also(first.span.clone(), format!("and here of {}", first.ty)),
                );
            }
        }
        self.diagnostics.append(&mut found);
    }
}
