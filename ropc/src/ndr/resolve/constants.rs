//! Constants, and those of enumerations and bitmaps; others may use them before they come.

use std::collections::HashSet;

use super::Resolver;
use crate::ast::{self, Decl, DeclKind, TypeSpec};
use crate::ndr::model::{Const, Scalar, Type};

impl<'a> Resolver<'a> {
    /// Notes the expressions of constants: others may use them before they come.
    pub(super) fn announce(&mut self, decl: &'a Decl) {
        let items = match &decl.kind {
            DeclKind::Const(declared) => {
                match &declared.value.kind {
                    ast::ExprKind::Str(text) => _ = self.texts.insert(&declared.name.text, text),
                    _ => _ = self.pending.insert(&declared.name.text, &declared.value),
                }
                return;
            }
            DeclKind::Typedef(typedef) => match &typedef.ty {
                TypeSpec::Enum(_, declared, _) => &declared.items,
                TypeSpec::Bitmap { items, .. } => items,
                _ => return,
            },
            DeclKind::Aggregate(TypeSpec::Enum(_, declared, _)) | DeclKind::Enum(declared) => &declared.items,
            DeclKind::Aggregate(TypeSpec::Bitmap { items, .. }) => items,
            _ => return,
        };
        for item in items {
            if let Some(value) = &item.value {
                self.pending.insert(&item.name.text, value);
            }
        }
    }

    /// A constant that comes later. Those that it needs come first: a long chain of them does not fit the stack.
    pub(in crate::ndr) fn later_constant(&mut self, name: &str) -> Option<u64> {
        let mut entered = HashSet::new();
        let mut open: Vec<&'a str> = self.pending.get_key_value(name).map(|(name, _)| *name).into_iter().collect();
        while let Some(top) = open.last().copied() {
            if entered.insert(top) {
                let mut names = Vec::new();
                if let Some(expr) = self.pending.get(top) {
                    expr.names(&mut names);
                }
                open.extend(
                    names.into_iter().filter(|name| self.pending.contains_key(name) && !entered.contains(name)),
                );
            } else {
                open.pop();
                if top != name && self.pending.contains_key(top) {
                    self.computed(top);
                }
            }
        }
        self.computed(name)
    }

    /// A constant that comes later; what it needs is known or comes to nothing.
    pub(super) fn computed(&mut self, name: &str) -> Option<u64> {
        let value = match self.pending.remove(name) {
            Some(expr) => self.constant(expr)?,
            None => {
                // whatever is no number is for C
                let expr = self.macros.remove(name)?;
                let before = self.diagnostics.len();
                let value = self.constant(expr);
                self.diagnostics.truncate(before);
                value?
            }
        };
        self.constants.insert(name.to_owned(), value);
        Some(value)
    }

    /// Takes up a constant, or the constants of an enumeration or bitmap.
    pub(super) fn constant_decl(&mut self, decl: &'a Decl) -> Option<Const> {
        match &decl.kind {
            DeclKind::Const(declared) => {
                if matches!(declared.value.kind, ast::ExprKind::Str(_)) {
                    return None;
                }
                let value = self.constant(&declared.value)?;
                self.constants.insert(declared.name.text.clone(), value);
                let scalar = match self.base_type(&declared.ty, &[]) {
                    Some(Some(Type::Scalar(scalar))) if !scalar.is_float() => scalar,
                    _ => Scalar::U32,
                };
                Some(Const { name: declared.name.text.clone(), docs: decl.docs.clone(), scalar, value })
            }
            DeclKind::Typedef(typedef) => {
                self.constants_of(&typedef.ty);
                None
            }
            DeclKind::Aggregate(spec) => {
                self.constants_of(spec);
                None
            }
            DeclKind::Enum(declared) => {
                self.flag_values(&declared.items);
                None
            }
            _ => None,
        }
    }

    pub(in crate::ndr) fn constants_of(&mut self, spec: &'a TypeSpec) {
        match spec {
            TypeSpec::Enum(_, declared, _) => _ = self.flag_values(&declared.items),
            TypeSpec::Bitmap { items, .. } => _ = self.flag_values(items),
            _ => {}
        }
    }

    /// The values of constants: as written, or one more than the one before.
    pub(in crate::ndr) fn flag_values(&mut self, items: &'a [ast::EnumItem]) -> Vec<(&'a ast::EnumItem, u64)> {
        let mut next = 0u64;
        let mut values = Vec::new();
        for item in items {
            let value = match &item.value {
                Some(expr) => self.constant(expr).unwrap_or(next),
                None => next,
            };
            next = value.wrapping_add(1);
            self.constants.insert(item.name.text.clone(), value);
            values.push((item, value));
        }
        values
    }
}
