//! Who is declared: names to entities, before anything is looked into.

use std::collections::{HashMap, HashSet};

use super::generics::Template;
use super::{Lower, attr_text};
use crate::ast::{self, Decl, DeclKind, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{ConstValue, Object, StructDef, TypeDef, TypeId, TypeKind};
use crate::spelling::Searches;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entity<'a> {
    Type(TypeId),
    Alias(&'a ast::TypeDecl),
    Const(ConstValue),
    Object(usize),
    Family(&'a ast::FamilyDecl),
    Stream,
    Template(Template<'a>),
    Batch,
    /// Known to the syntax, not to the model yet: maps.
    Later,
}

/// All names, with the place of their declaration.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    names: HashMap<String, (Entity<'a>, Span)>,
    /// Constants of enumerations: each enumeration has names of its own.
    constants: HashMap<String, Vec<(TypeId, u64)>>,
    /// Parameters in angle brackets of structures that have some.
    pub(crate) forms: HashMap<&'a str, &'a [ast::FormParam]>,
    /// Names of declarations that did not parse.
    pub(crate) lost: HashSet<&'a str>,
    /// Names of sets of wire forms.
    pub(crate) form_names: HashSet<&'a str>,
    searches: Searches,
}

impl<'a> Scope<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Entity<'a>> {
        self.names.get(name).map(|(entity, _)| entity)
    }

    /// Takes out types of this number and up, which are no longer there.
    pub(crate) fn forget_types_from(&mut self, first: usize) {
        self.names.retain(|_, (entity, _)| !matches!(entity, Entity::Type(id) if id.0 >= first));
    }

    /// Declares a constant of an enumeration; false when the enumeration has it already.
    pub(crate) fn add_constant(&mut self, name: &str, of: TypeId, value: u64) -> bool {
        let known = self.constants.entry(name.to_owned()).or_default();
        if known.iter().any(|(id, _)| *id == of) {
            return false;
        }
        known.push((of, value));
        true
    }

    /// A constant by name: of this enumeration, or the only one of that name.
    pub(crate) fn constant(&self, name: &str, of: Option<TypeId>) -> Option<(TypeId, u64)> {
        let known = self.constants.get(name)?;
        match (of, known.as_slice()) {
            (Some(of), _) => known.iter().find(|(id, _)| *id == of).copied(),
            (None, [one]) => Some(*one),
            (None, _) => None,
        }
    }

    /// Some enumeration has a constant of this name.
    pub(crate) fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name)
    }

    /// The nearest known name, for "did you mean".
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        self.searches.nearest(name, self.names.keys().chain(self.constants.keys()).map(String::as_str))
    }
}

impl<'a> Lower<'a> {
    /// Puts a name into the scope, or reports that it is taken.
    pub(crate) fn name(&mut self, name: &Ident, entity: Entity<'a>) -> bool {
        if let Some((_, first)) = self.scope.names.get(&name.text) {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0101",
                    format!("`{}` is declared twice", name.text),
                    name.span.clone(),
                    "declared again here",
                )
                .also(first.clone(), "first declared here"),
            );
            return false;
        }
        self.scope.names.insert(name.text.clone(), (entity, name.span.clone()));
        true
    }

    /// A name that nothing declares.
    pub(crate) fn unknown(&mut self, what: &str, name: &Ident) {
        if self.scope.lost.contains(name.text.as_str()) {
            return;
        }
        let mut diagnostic =
            Diagnostic::error("R0102", format!("no {what} `{}`", name.text), name.span.clone(), "not declared");
        if let Some(near) = self.scope.nearest(&name.text) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// Declares the name of a declaration.
    pub(crate) fn declare(&mut self, module: usize, decl: &'a Decl) {
        match &decl.kind {
            DeclKind::Struct(s) if self.is_generic(&s.forms) => self.declare_template(module, decl, s),
            DeclKind::Struct(s) => {
                self.declare_type(module, decl, &s.name);
                if self.declared(&s.name).is_some() {
                    self.scope.forms.insert(&s.name.text, &s.forms);
                }
            }
            DeclKind::Bits(b) => self.declare_type(module, decl, &b.name),
            DeclKind::Enum(ast::EnumDecl { name: Some(name), .. }) => self.declare_type(module, decl, name),
            DeclKind::Type(t) => _ = self.name(&t.name, Entity::Alias(t)),
            DeclKind::Form(f) => self.declare_type(module, decl, &f.name),
            DeclKind::Stream(s) => _ = self.name(&s.name, Entity::Stream),
            DeclKind::Family(f) => _ = self.name(&f.name, Entity::Family(f)),
            DeclKind::Object(o) => {
                let id = self.program.objects.len();
                self.program.objects.push(Object {
                    name: o.name.text.clone(),
                    docs: decl.docs.clone(),
                    state: Vec::new(),
                    owns_all: o.owns_all,
                    span: o.name.span.clone(),
                });
                self.name(&o.name, Entity::Object(id));
            }
            DeclKind::Rop(op) | DeclKind::Request(op) => _ = self.name(&op.name, Entity::Later),
            DeclKind::Batch(b) => _ = self.name(&b.name, Entity::Batch),
            _ => {}
        }
    }

    /// Declares a type whose meaning follows.
    pub(crate) fn declare_type(&mut self, module: usize, decl: &Decl, name: &Ident) {
        let id = TypeId(self.program.types.len());
        self.program.types.push(TypeDef {
            name: name.text.clone(),
            module,
            docs: decl.docs.clone(),
            spec: attr_text(&decl.attrs, "spec"),
            span: name.span.clone(),
            kind: TypeKind::Struct(StructDef::default()),
        });
        self.name(name, Entity::Type(id));
    }

    /// The id of the type that this name declares; `None` where another declaration has the name.
    pub(crate) fn declared(&self, name: &Ident) -> Option<TypeId> {
        self.type_id(&name.text).filter(|id| self.program.ty(*id).span == name.span)
    }

    /// The id of a type by name.
    pub(crate) fn type_id(&self, name: &str) -> Option<TypeId> {
        match self.scope.get(name) {
            Some(Entity::Type(id)) => Some(*id),
            _ => None,
        }
    }
}
