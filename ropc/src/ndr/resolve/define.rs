//! Types in the making, their names in Rust, and the bodies of those that are used.

use super::{Body, Resolver, Shape};
use crate::ast::{Decl, Ident, Span};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ndr::model::{Layout, Type, TypeDef, TypeId};
use crate::ndr::{attrs, names};

impl<'a> Resolver<'a> {
    pub(super) fn add_type(
        &mut self,
        name: &'a Ident,
        decl: &'a Decl,
        module: Option<&'a str>,
        body: Body<'a>,
    ) -> TypeId {
        self.new_type(&name.text, decl.docs.clone(), module.map(str::to_owned), name.span.clone(), body)
    }

    /// Adds a type whose body is lowered later.
    pub(in crate::ndr) fn new_type(
        &mut self,
        name: &str,
        docs: Vec<String>,
        module: Option<String>,
        span: Span,
        body: Body<'a>,
    ) -> TypeId {
        let id = TypeId(self.types.len());
        let own = module.is_none();
        let rust = self.rust_name(name, module.as_deref());
        self.types.push(TypeDef {
            name: name.to_owned(),
            rust,
            docs,
            spec: attrs::spec(&body.attrs),
            module,
            kind: body.shape.placeholder(),
            hook: None,
            format: Default::default(),
            relative_base: false,
            layout: Layout::default(),
            span,
        });
        self.bodies.push((id, body));
        self.queued.push(false);
        if own {
            self.enqueue(id);
        }
        id
    }

    /// A name in Rust that no other type of the module has.
    pub(super) fn rust_name(&mut self, name: &str, module: Option<&str>) -> String {
        let module = module.unwrap_or_default().to_owned();
        let plain = names::type_name(name);
        let taken = self.rust_names.entry(module).or_default();
        let mut rust = plain.clone();
        if taken.get(&rust).is_some_and(|other| other != name) {
            rust = names::exact_type_name(name);
        }
        let mut number = 2;
        while taken.get(&rust).is_some_and(|other| other != name) {
            rust = format!("{plain}{number}");
            number += 1;
        }
        taken.insert(rust.clone(), name.to_owned());
        rust
    }

    pub(super) fn enqueue(&mut self, id: TypeId) {
        if let Some(queued) = self.queued.get_mut(id.0).filter(|queued| !**queued) {
            *queued = true;
            self.queue.push(id);
        }
    }

    /// A type that every file uses and none declares.
    pub(super) fn opaque(&mut self, ident: &Ident) -> Option<Type> {
        let name = crate::ndr::types::OPAQUE_NAMES.iter().copied().find(|name| *name == ident.text)?;
        if let Some(id) = self.opaque.get(name) {
            return Some(Type::Named(*id));
        }
        let body = Body { attrs: Vec::new(), shape: Shape::Opaque };
        let id = self.new_type(name, Vec::new(), None, ident.span.clone(), body);
        self.opaque.insert(name, id);
        self.hook(id, None, "declared in no interface file");
        Some(Type::Named(id))
    }

    /// The Rust type comes from elsewhere: from the path, or from where such types stand.
    pub(in crate::ndr) fn hook(&mut self, id: TypeId, path: Option<String>, why: &str) {
        let mut types = std::mem::take(&mut self.types);
        self.hook_in(&mut types, id, path, why);
        self.types = types;
    }

    pub(super) fn hook_in(&mut self, types: &mut [TypeDef], id: TypeId, path: Option<String>, why: &str) {
        let Some(def) = types.get_mut(id.0) else { return };
        let is_said = path.is_some();
        let path = path.unwrap_or_else(|| format!("crate::hooks::{}", def.rust));
        if !is_said && def.module.is_none() {
            self.diagnostics.push(
                Diagnostic::warning(
                    "R0721",
                    format!("`{}` needs a Rust type of your own", def.name),
                    def.span.clone(),
                    why,
                )
                .help(format!("write `{path}`, or name another with `represent_as(\"..\")`")),
            );
        }
        def.hook = Some(path);
    }

    /// What a type is made of, lowered or not: bodies have the indexes of their types.
    pub(in crate::ndr) fn written_body(&self, id: TypeId) -> Option<Body<'a>> {
        self.bodies.get(id.0).map(|(_, body)| body.clone())
    }

    pub(super) fn lower_bodies(&mut self) {
        // Bodies use others, and bodies in place add to the list while it is worked off.
        while let Some(id) = self.queue.pop() {
            let Some(body) = self.written_body(id) else { continue };
            let before = self.diagnostics.len();
            let module = self.types.get(id.0).and_then(|def| def.module.as_deref()).unwrap_or_default();
            self.headers = self.with_headers.contains(module);
            let kind = self.body(id, &body);
            if let Some(def) = self.types.get_mut(id.0) {
                def.kind = kind;
            }
            let is_own = self.types.get(id.0).is_some_and(|def| def.module.is_none());
            let numbers = matches!(body.shape, Shape::Enum(_) | Shape::Bitmap(_));
            let reason = if numbers { None } else { self.unsupported(before).or_else(|| self.for_c(id, before)) };
            if let Some(reason) = reason {
                self.hook(id, None, &reason);
            }
            if !is_own {
                self.diagnostics.truncate(before);
            }
        }
    }

    /// In a local interface and in a file of declarations alone, much is for C: what is wrong with a type matters where it is used.
    pub(super) fn for_c(&mut self, id: TypeId, before: usize) -> Option<String> {
        let module = self.types.get(id.0).and_then(|def| def.module.as_deref()).unwrap_or_default();
        let is_wrong = |found: &&Diagnostic| found.severity == Severity::Error && found.code != "R0703";
        if !self.nameless.contains(module) || self.diagnostics.get(before..)?.iter().any(|found| found.code == "R0703")
        {
            return None;
        }
        let found = self.diagnostics.get(before..)?.iter().find(is_wrong)?;
        let reason = format!("{}: {}", found.message, found.primary.1);
        self.diagnostics.truncate(before);
        Some(reason)
    }

    /// What of the messages since then says that something cannot be compiled; they are taken back.
    pub(in crate::ndr) fn unsupported(&mut self, before: usize) -> Option<String> {
        let found = self.diagnostics.get(before..)?.iter().find(|found| found.code == "R0712")?;
        let reason = format!("{}: {}", found.message, found.primary.1);
        self.diagnostics.truncate(before);
        Some(reason)
    }
}
