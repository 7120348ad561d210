//! Declarations: the names that they give.

use super::{Body, Name, Resolver, Shape, parts};
use crate::ast::{self, Attr, Decl, DeclKind, Ident, Span, TypeSpec, Typedef};
use crate::diagnostic::Diagnostic;
use crate::ndr::attrs;
use crate::ndr::model::Type;

impl<'a> Resolver<'a> {
    /// `GUID`, `NTSTATUS`: what every interface knows, declared once more, is still the same.
    pub(super) fn is_known(name: &str) -> bool {
        matches!(crate::ndr::types::builtin(name), Some(Type::Known(_)))
    }

    /// Takes up the names of a declaration.
    pub(super) fn declare(&mut self, decl: &'a Decl, module: Option<&'a str>) {
        match &decl.kind {
            DeclKind::Typedef(typedef) => self.declare_typedef(decl, typedef, module),
            DeclKind::Aggregate(spec) => self.declare_aggregate(decl, spec, module),
            DeclKind::Struct(declared) if declared.forms.is_empty() && declared.params.is_empty() => {
                let body = Body { attrs: decl.attrs.iter().collect(), shape: Shape::Struct(&declared.body) };
                let id = self.add_type(&declared.name, decl, module, body);
                self.bind_tag(&declared.name, Name::Type(id, &declared.name.span));
                self.bind(&declared.name, Name::Type(id, &declared.name.span), module);
            }
            DeclKind::Enum(declared) => {
                let Some(name) = &declared.name else { return };
                let body = Body { attrs: decl.attrs.iter().collect(), shape: Shape::Enum(declared) };
                let id = self.add_type(name, decl, module, body);
                self.bind_tag(name, Name::Type(id, &name.span));
                self.bind(name, Name::Type(id, &name.span), module);
            }
            DeclKind::Const(_) | DeclKind::Function(_) => {}
            _ if module.is_none() => self.diagnostics.push(Diagnostic::error(
                "R0702",
                "this declaration belongs to `encoding(mapi)`",
                decl.span.clone(),
                "not part of an NDR interface",
            )),
            _ => {}
        }
    }

    pub(super) fn declare_aggregate(&mut self, decl: &'a Decl, spec: &'a TypeSpec, module: Option<&'a str>) {
        if let TypeSpec::Tag(_, tag) = spec {
            self.tags.entry(&tag.text).or_insert(Name::Forward(&tag.span));
            return;
        }
        let (Some((tag, shape, inner)), attrs) = (parts(spec), &decl.attrs) else { return };
        let Some(tag) = tag else { return };
        let body = Body { attrs: attrs.iter().chain(inner).collect(), shape };
        let id = self.add_type(tag, decl, module, body);
        self.bind_tag(tag, Name::Type(id, &tag.span));
        self.bind(tag, Name::Type(id, &tag.span), module);
    }

    pub(super) fn declare_typedef(&mut self, decl: &'a Decl, typedef: &'a Typedef, module: Option<&'a str>) {
        let written = decl.attrs.iter().chain(&typedef.attrs).chain(parts(&typedef.ty).map_or(&[][..], |(_, _, a)| a));
        let attrs: Vec<&Attr> = written.collect();
        if ["nopush", "nopull"].iter().any(|name| attrs::has(&attrs, name))
            && let [declarator] = typedef.declarators.as_slice()
            && crate::ndr::types::builtin(&declarator.name.text).is_some()
        {
            // written by hand elsewhere, and part of the language here
            return;
        }
        // the type of C stays where it is: another one travels
        let sent = attrs::find(&attrs, "transmit_as").or(attrs::find(&attrs, "wire_marshal"));
        if let Some(arg) = sent.and_then(|attr| attr.args.as_deref()).and_then(<[_]>::first)
            && matches!(arg, ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Name(_), .. }) | ast::AttrArg::Type(_))
        {
            for declarator in &typedef.declarators {
                self.bind(&declarator.name, Name::Sent(arg, declarator), module);
            }
            return;
        }
        let plain = typedef.declarators.iter().find(|d| d.pointers == 0 && d.arrays.is_empty());
        let known = plain.filter(|declarator| Self::is_known(&declarator.name.text));
        if let Some(known) = known {
            if let Some((Some(tag), ..)) = parts(&typedef.ty) {
                self.bind_tag(tag, Name::Known(&known.name.text));
            }
            for declarator in typedef.declarators.iter().filter(|other| other.name.text != known.name.text) {
                let name = if declarator.pointers == 0 && declarator.arrays.is_empty() {
                    Name::Known(&known.name.text)
                } else {
                    Name::PointerTo(&known.name.text, declarator)
                };
                self.bind(&declarator.name, name, module);
            }
            return;
        }
        let defined = match (parts(&typedef.ty), plain) {
            (Some((tag, shape, inner)), plain) => {
                // of a type that only its pointers name, the first of them
                let Some(name) = plain.or(typedef.declarators.first()).map(|d| &d.name) else { return };
                let name = plain.map(|d| &d.name).or(tag).unwrap_or(name);
                let attrs = decl.attrs.iter().chain(&typedef.attrs).chain(inner).collect();
                let id = self.add_type(name, decl, module, Body { attrs, shape });
                self.in_place.insert(&raw const typedef.ty, id);
                if let Some(tag) = tag {
                    self.bind_tag(tag, Name::Type(id, &tag.span));
                }
                Some(id)
            }
            _ => None,
        };
        for declarator in &typedef.declarators {
            // `typedef struct X X;` announces a type that is defined elsewhere.
            if let TypeSpec::Tag(_, tag) = &typedef.ty
                && tag.text == declarator.name.text
            {
                self.tags.entry(&tag.text).or_insert(Name::Forward(&tag.span));
                continue;
            }
            let direct = declarator.pointers == 0 && declarator.arrays.is_empty();
            let name = match defined {
                Some(id) if direct => Name::Type(id, &declarator.name.span),
                _ => Name::Alias(typedef, declarator, decl),
            };
            self.bind(&declarator.name, name, module);
        }
    }

    pub(super) fn bind(&mut self, ident: &'a Ident, name: Name<'a>, module: Option<&'a str>) {
        if let Some(before) = self.names.insert(&ident.text, name)
            && module.is_none()
            && self.is_own(before)
        {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0703",
                    format!("`{}` is declared twice", ident.text),
                    ident.span.clone(),
                    "declared again here",
                )
                .also(self.name_span(before), "first declared here"),
            );
        }
    }

    pub(super) fn bind_tag(&mut self, tag: &'a Ident, name: Name<'a>) {
        self.tags.insert(&tag.text, name);
    }

    pub(super) fn is_own(&self, name: Name<'_>) -> bool {
        match name {
            Name::Type(id, _) => self.types.get(id.0).is_some_and(|def| def.module.is_none()),
            Name::Alias(_, _, decl) => {
                let is_other =
                    |import: &crate::ndr::Import<'_>| import.interface.decls.iter().all(|d| d.span != decl.span);
                self.scope.imports.iter().all(is_other)
            }
            Name::Forward(_) | Name::Known(_) | Name::PointerTo(..) | Name::Sent(..) => false,
        }
    }

    pub(super) fn name_span(&self, name: Name<'_>) -> Span {
        match name {
            Name::Known(_) => Span::default(),
            Name::PointerTo(_, declarator) | Name::Sent(_, declarator) => declarator.name.span.clone(),
            Name::Type(_, span) | Name::Forward(span) => span.clone(),
            Name::Alias(_, declarator, _) => declarator.name.span.clone(),
        }
    }
}
