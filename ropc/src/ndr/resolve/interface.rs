//! The interface itself: what its attributes say, its bases, its operations.

use super::{Name, Resolver, is_called};
use crate::ast::{self, Attr, DeclKind};
use crate::diagnostic::Diagnostic;
use crate::ndr::attrs;
use crate::ndr::model::{Interface, Operation};

impl<'a> Resolver<'a> {
    /// The attributes of other names for types, used or not.
    pub(super) fn check_aliases(&mut self, interface: &'a ast::Interface) {
        for decl in &interface.decls {
            let DeclKind::Typedef(typedef) = &decl.kind else { continue };
            let names = typedef.declarators.iter().map(|declarator| self.names.get(declarator.name.text.as_str()));
            if names.flatten().any(|name| matches!(name, Name::Alias(..))) {
                let attrs: Vec<&Attr> = decl.attrs.iter().chain(&typedef.attrs).collect();
                // what cannot be compiled is said where the name is used
                attrs::unknown(&attrs, &mut self.diagnostics);
            }
        }
    }

    pub(super) fn interface_attrs(&mut self, interface: &'a ast::Interface, model: &mut Interface) {
        let list: Vec<&Attr> = interface.attrs.iter().collect();
        attrs::check(&list, &mut self.diagnostics);
        attrs::lost(&list, &mut self.diagnostics);
        if let Some(attr) = attrs::find(&list, "uuid") {
            match attr.args.as_deref() {
                Some([ast::AttrArg::Uuid(uuid)]) => model.uuid = Some(uuid.clone()),
                // PIDL takes any text
                Some([ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Str(_), .. })]) => {
                    self.diagnostics.push(Diagnostic::warning(
                        "R0710",
                        "this is no UUID",
                        attr.span.clone(),
                        "nothing can bind to the interface",
                    ));
                }
                _ if !interface.decls.iter().any(is_called) => {
                    self.diagnostics.push(Diagnostic::warning(
                        "R0710",
                        "this is no UUID",
                        attr.span.clone(),
                        "nothing could bind to it; there is nothing to bind to",
                    ));
                }
                _ => self.diagnostics.push(Diagnostic::error(
                    "R0710",
                    "`uuid` needs a UUID",
                    attr.span.clone(),
                    "expected `uuid(60a15ec5-4de8-11d7-a637-005056a20182)`",
                )),
            }
        } else if let Some(function) = interface.decls.iter().find(|decl| matches!(decl.kind, DeclKind::Function(_))) {
            self.diagnostics.push(
                Diagnostic::warning(
                    "R0710",
                    format!("interface `{}` has operations and no `uuid`", interface.name.text),
                    interface.name.span.clone(),
                    "a client has nothing to bind to",
                )
                .also(function.span.clone(), "an operation"),
            );
        }
        if let Some(attr) = attrs::find(&list, "version") {
            let version = match attr.args.as_deref() {
                Some([ast::AttrArg::Version(major, minor)]) => (u16::try_from(*major), u16::try_from(*minor)),
                // as it is on the wire: the minor version in the high half
                Some([ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Int(both), .. })]) => {
                    (u16::try_from(*both & 0xFFFF), u16::try_from(*both >> 16))
                }
                _ => (u16::try_from(-1), Ok(0)),
            };
            match version {
                (Ok(major), Ok(minor)) => model.version = (major, minor),
                _ => self.diagnostics.push(Diagnostic::error(
                    "R0710",
                    "`version` needs two numbers of 16 bits",
                    attr.span.clone(),
                    "expected `version(1.0)`",
                )),
            }
        }
    }

    /// The interfaces that this one extends, the farthest first.
    pub(super) fn bases(&mut self, interface: &ast::Interface) -> Vec<&'a ast::Interface> {
        let mut found: Vec<&'a ast::Interface> = Vec::new();
        let mut next = interface.base.as_ref();
        while let Some(name) = next {
            let scope = self.scope;
            let base = scope.imports.iter().rev().map(|import| import.interface).find(|i| i.name.text == name.text);
            let again = found.iter().any(|other| other.name.text == name.text);
            let Some(base) = base.filter(|_| !again && name.text != interface.name.text) else {
                let (message, label) = if again || name.text == interface.name.text {
                    (format!("`{}` extends itself", interface.name.text), "leads back here")
                } else {
                    (format!("no interface `{}`", name.text), "not in this file before it, nor in an imported one")
                };
                let candidates = scope.imports.iter().map(|import| import.interface.name.text.as_str());
                let near = crate::spelling::nearest(&name.text, candidates);
                let mut found = Diagnostic::error("R0724", message, name.span.clone(), label);
                found.help = near.map(|near| format!("did you mean `{near}`?"));
                self.diagnostics.push(found);
                break;
            };
            found.push(base);
            next = base.base.as_ref();
        }
        found.reverse();
        found
    }

    /// Operations in order of their numbers.
    pub(super) fn operations(&mut self, interface: &'a ast::Interface) -> Vec<Operation> {
        self.headers = self.with_headers.contains("");
        let inherited = self.bases(interface).into_iter().flat_map(|base| &base.decls);
        let functions = inherited.chain(&interface.decls).filter_map(|decl| match &decl.kind {
            DeclKind::Function(function) => Some((decl, function)),
            _ => None,
        });
        let local = interface.attrs.iter().any(|attr| attr.name.text == "local");
        // what never travels has no number
        let numbered = functions.filter(|(decl, _)| !local && is_called(decl));
        let mut operations: Vec<Operation> = Vec::new();
        for (opnum, (decl, function)) in (0u16..).zip(numbered) {
            if let Some(before) = operations.iter().find(|operation| operation.name == function.name.text) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0703",
                        format!("operation `{}` is declared twice", function.name.text),
                        function.name.span.clone(),
                        "declared again here",
                    )
                    .also(before.span.clone(), "first declared here"),
                );
                continue;
            }
            let before = self.diagnostics.len();
            let mut operation = self.operation(opnum, decl, function);
            if let Some(reason) = self.unsupported(before) {
                operation.left_out = true;
                operation.params.clear();
                operation.returns = None;
                self.diagnostics.push(Diagnostic::warning(
                    "R0722",
                    format!("operation `{}` is left out", operation.name),
                    operation.span.clone(),
                    reason,
                ));
            }
            operations.push(operation);
        }
        let own = interface.decls.iter().filter(|decl| matches!(decl.kind, DeclKind::Function(_)));
        for attr in own.filter_map(|decl| decl.attrs.iter().find(|attr| attr.name.text == "callback")) {
            self.diagnostics.push(Diagnostic::warning(
                "R0722",
                "a `callback` operation is left out",
                attr.span.clone(),
                "a server calls it at its client while it answers a call: no code is made for that",
            ));
        }
        // parameters may have brought types of their own
        self.lower_bodies();
        operations
    }
}
