//! Names where they are used.

use super::{MAX_ALIASES, Name, Resolver};
use crate::ast::{self, Attr, Declarator, Ident, TypeSpec};
use crate::diagnostic::Diagnostic;
use crate::ndr::attrs;
use crate::ndr::model::{Type, TypeId, TypeKind};
use crate::ndr::types::Level;

impl<'a> Resolver<'a> {
    /// The type of a name.
    pub(in crate::ndr) fn lookup(&mut self, ident: &Ident) -> Option<Type> {
        if let Some(name) = self.names.get(ident.text.as_str()).or_else(|| self.tags.get(ident.text.as_str())) {
            return self.named(ident, *name);
        }
        if let Some(ty) = crate::ndr::types::builtin(&ident.text) {
            return Some(ty);
        }
        if let Some(ty) = self.opaque(ident) {
            return Some(ty);
        }
        self.unknown(ident);
        None
    }

    /// The type of `struct X`, `enum X`.
    pub(in crate::ndr) fn lookup_tag(&mut self, ident: &Ident) -> Option<Type> {
        match self.tags.get(ident.text.as_str()).or_else(|| self.names.get(ident.text.as_str())) {
            Some(name) => self.named(ident, *name),
            None if crate::ndr::types::builtin(&ident.text).is_some() => crate::ndr::types::builtin(&ident.text),
            None => {
                if let Some(ty) = self.opaque(ident) {
                    return Some(ty);
                }
                self.unknown(ident);
                None
            }
        }
    }

    pub(super) fn named(&mut self, ident: &Ident, name: Name<'a>) -> Option<Type> {
        match name {
            Name::Type(id, _) => Some(self.reference(id)),
            Name::Forward(_) if crate::ndr::types::builtin(&ident.text).is_some() => {
                crate::ndr::types::builtin(&ident.text)
            }
            Name::Forward(_) if crate::ndr::types::OPAQUE_NAMES.contains(&ident.text.as_str()) => self.opaque(ident),
            Name::Forward(span) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0701",
                        format!("`{}` is declared and never defined", ident.text),
                        ident.span.clone(),
                        "its shape is needed here",
                    )
                    .also(span.clone(), "declared here"),
                );
                None
            }
            Name::Known(known) => crate::ndr::types::builtin(known),
            Name::Alias(..) | Name::PointerTo(..) | Name::Sent(..) => {
                let level = self.alias_level(name)?;
                self.settle(level, false, &ident.span)
            }
        }
    }

    /// What an alias stands for: pointers that say nothing are what its use makes of them.
    pub(super) fn alias_level(&mut self, name: Name<'a>) -> Option<Level> {
        let (typedef, declarator, decl) = match name {
            Name::Alias(typedef, declarator, decl) => (typedef, declarator, decl),
            Name::PointerTo(known, declarator) => {
                let level = Level::Leaf(crate::ndr::types::builtin(known)?);
                return self.declared(level, declarator, &[]);
            }
            Name::Sent(arg, declarator) => return self.sent(arg, declarator),
            _ => return None,
        };
        let key = declarator.name.text.as_str();
        if self.open.contains(&key) || self.open.len() >= MAX_ALIASES {
            self.diagnostics.push(Diagnostic::error(
                "R0714",
                format!("`{key}` is defined by itself"),
                declarator.name.span.clone(),
                "leads back here",
            ));
            return None;
        }
        self.open.push(key);
        let attrs: Vec<&Attr> = decl.attrs.iter().chain(&typedef.attrs).collect();
        attrs::unsupported(&attrs, &mut self.diagnostics);
        let level = self.alias(typedef, declarator, &attrs);
        self.open.pop();
        level
    }

    /// `handle_t`, or a name of it: nothing of it travels.
    pub(in crate::ndr) fn is_binding_handle(&self, spec: &TypeSpec) -> bool {
        let mut spec = spec;
        for _ in 0..MAX_ALIASES {
            match spec {
                TypeSpec::Words(words) => return words.iter().any(|word| word.text == "handle_t"),
                TypeSpec::Ref(name) => match self.names.get(name.name.text.as_str()) {
                    Some(Name::Alias(typedef, declarator, _)) if declarator.pointers == 0 => spec = &typedef.ty,
                    _ => return name.name.text == "handle_t",
                },
                _ => return false,
            }
        }
        false
    }

    /// What travels instead of a type of C's.
    pub(super) fn sent(&mut self, arg: &'a ast::AttrArg, declarator: &'a Declarator) -> Option<Level> {
        let key = declarator.name.text.as_str();
        if self.open.contains(&key) || self.open.len() >= MAX_ALIASES {
            let (message, span) = (format!("`{key}` is defined by itself"), declarator.name.span.clone());
            self.diagnostics.push(Diagnostic::error("R0714", message, span, "leads back here"));
            return None;
        }
        self.open.push(key);
        let level = match arg {
            ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Name(name), .. }) => self.lookup_level(name),
            ast::AttrArg::Type(spec) => self.base_type(spec, &[]).flatten().map(crate::ndr::types::loosen),
            _ => None,
        };
        self.open.pop();
        level
    }

    /// What a name stands for where it is used.
    pub(in crate::ndr) fn lookup_level(&mut self, ident: &Ident) -> Option<Level> {
        match self.names.get(ident.text.as_str()).or_else(|| self.tags.get(ident.text.as_str())) {
            Some(name @ (Name::Alias(..) | Name::PointerTo(..) | Name::Sent(..))) => {
                let name = *name;
                self.alias_level(name)
            }
            None if crate::ndr::types::builtin_pointer(&ident.text).is_some() => {
                crate::ndr::types::builtin_pointer(&ident.text)
            }
            _ => self.lookup(ident).map(crate::ndr::types::loosen),
        }
    }

    /// The type that is written in place here, if it has a name already.
    pub(in crate::ndr) fn named_in_place(&mut self, spec: &TypeSpec) -> Option<Type> {
        let id = self.in_place.get(&std::ptr::from_ref(spec)).copied()?;
        Some(self.reference(id))
    }

    /// The type of a use of a named type.
    pub(in crate::ndr) fn reference(&mut self, id: TypeId) -> Type {
        self.enqueue(id);
        let is_union = self.types.get(id.0).is_some_and(|def| matches!(def.kind, TypeKind::Union(_)));
        if is_union { Type::Union(id, None) } else { Type::Named(id) }
    }

    pub(super) fn unknown(&mut self, ident: &Ident) {
        if self.scope.lost.contains(&ident.text) {
            return;
        }
        let mut diagnostic = Diagnostic::error(
            "R0701",
            format!("unknown type `{}`", ident.text),
            ident.span.clone(),
            "not declared here or in an imported interface",
        );
        let candidates = self.names.keys().copied().chain(crate::ndr::types::BUILTIN_NAMES.iter().copied());
        if let Some(near) = self.searches.nearest(&ident.text, candidates) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }
}
