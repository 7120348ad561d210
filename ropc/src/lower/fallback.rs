//! Extents that stay bytes where their context is not known, and what is not always known: parameters that may be
//! unset, and the state of objects behind handle values.

use super::Lower;
use super::body::{Scene, lost};
use crate::ast::{self, BinaryOp, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Arm, Discriminant, Expr, Extent, Field, Layout, LookUp, Match, Member, Param, Pattern, Role, StructDef, Type,
    TypeKind,
};

/// Field, object, state, and where it was asked for.
type Asked = Vec<(String, usize, String, Span)>;

impl Lower<'_> {
    /// `sized(n) T(Columns) X or bytes;`: a match on whether the context is known.
    pub(super) fn or_bytes(
        &mut self,
        docs: &[String],
        field: &ast::Field,
        or: &ast::TypeRef,
        scene: &mut Scene<'_>,
        inner: &mut Vec<Member>,
    ) {
        let declarators = || field.declarators.iter().map(|declarator| &declarator.name);
        if or.name.text != "bytes" || or.args.is_some() || !or.forms.is_empty() {
            self.no_fallback(&or.span, "an extent falls back to `bytes` and nothing else");
            declarators().for_each(|name| lost(scene, name));
            return;
        }
        let outer = scene.known.replace(Vec::new());
        let (fields, claimed) = (scene.fields.len(), scene.claimed.len());
        let mut decoded = Vec::new();
        self.field(&[], field, scene, &mut decoded);
        let known = std::mem::replace(&mut scene.known, outer).unwrap_or_default();
        let [Member::Field(Field { name, role: Role::Plain, ty, .. })] = decoded.as_slice() else {
            if let (Some(_), Some(declarator)) = (decoded.first(), field.declarators.first()) {
                self.no_fallback(&declarator.name.span, "one field that nothing derives can fall back");
            }
            return;
        };
        let Some(declarator) = field.declarators.first().filter(|_| field.declarators.len() == 1) else { return };
        if matches!(ty, Type::Later) {
            inner.append(&mut decoded);
            return;
        }
        let mut conditions = known.iter().map(|name| Expr::IsSet(name.clone()));
        let Some(first) = conditions.next() else {
            self.no_fallback(&or.span, "its content depends on nothing that may be unset");
            declarators().for_each(|name| lost(scene, name));
            return;
        };
        let expr = conditions.fold(first, |all, one| Expr::Binary(BinaryOp::And, Box::new(all), Box::new(one)));
        // The name is that of the match, which no expression can look into.
        let name = name.clone();
        scene.fields.truncate(fields);
        scene.claimed.truncate(claimed);
        if !self.claim(scene, &declarator.name) {
            return;
        }
        let arm = |variant: &str, value: bool, docs: &str, body: Vec<Member>| Arm {
            name: variant.to_owned(),
            docs: vec![docs.to_owned()],
            patterns: vec![vec![Pattern::Bool(value)]],
            body,
            guard: None,
            keeps: Vec::new(),
        };
        let opaque = Field::plain(&name, Vec::new(), Type::Bytes(Extent::Rest));
        let context = known.join(" and ");
        inner.push(Member::Match(Match {
            enum_name: format!("{}{name}", scene.owner),
            field: name,
            on: vec![Discriminant { expr, name: "IsDecoded".to_owned(), ty: Type::Bool(1), derived: false }],
            arms: vec![
                arm("Decoded", true, &format!("Where {context} is known."), decoded),
                arm("Opaque", false, &format!("The bytes, where {context} is not known."), vec![Member::Field(opaque)]),
            ],
            layout: Layout::default(),
            docs: docs.to_vec(),
        }));
    }

    fn no_fallback(&mut self, span: &Span, label: &str) {
        self.diagnostics.push(
            Diagnostic::error("R0323", "an extent that cannot fall back to bytes", span.clone(), label).help(
                "write `sized(Size) T(Columns) X or bytes;` in a structure with `PropertyTag Columns[] or unset`",
            ),
        );
    }

    /// A parameter that may be unset is a list or a value that is copied.
    pub(super) fn check_optional(&mut self, param: &ast::Param, ty: &Type) {
        if !param.or_unset || matches!(ty, Type::Later) {
            return;
        }
        let copied = match ty {
            Type::Named(id, _) => matches!(self.program.ty(*id).kind, TypeKind::Enum(_) | TypeKind::Bits(_)),
            Type::Text(_) | Type::Bytes(_) | Type::Array(..) | Type::GlobSet => false,
            _ => true,
        };
        if !param.list && !copied {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0324",
                    format!("`{}` cannot be unset", param.name.text),
                    param.name.span.clone(),
                    "a structure, a text or bytes",
                )
                .help("a number, a condition, an enumeration, a bit record, a GUID, a time or a list can be unset"),
            );
        }
    }

    /// `NotificationHandle.Columns`: state of the object behind a handle value.
    pub(super) fn state_behind(
        &mut self,
        field: &Ident,
        objects: &[usize],
        member: &Ident,
        scene: &mut Scene<'_>,
    ) -> Option<Expr> {
        let with_state = |object: &usize| {
            let state = self.program.objects.get(*object)?.state.iter().find(|state| state.name == member.text)?;
            Some((*object, state.clone()))
        };
        let found: Vec<_> = objects.iter().filter_map(with_state).collect();
        let [(object, state)] = found.as_slice() else {
            let label = match found.len() {
                0 => "none of the objects that it may name has this state",
                _ => "several of the objects that it may name have this state",
            };
            self.no_lookup(&member.span, label);
            return None;
        };
        let Some(asked) = &mut scene.looks_up else {
            self.no_lookup(&member.span, "the object behind a handle value is looked up in unsolicited replies only");
            return None;
        };
        asked.push((field.text.clone(), *object, state.name.clone(), member.span.clone()));
        let param = Param { name: state.name.clone(), ty: state.ty.clone(), list: state.list, optional: true };
        self.context(scene, param, &field.text, &member.span)?;
        Some(Expr::Param(member.text.clone()))
    }

    /// Where the handle values stand: they are looked at before the body is read.
    pub(super) fn places(&mut self, def: &StructDef, asked: Asked) -> Vec<LookUp> {
        let mut found: Vec<LookUp> = Vec::new();
        for (field, object, state, span) in asked {
            if found.iter().any(|known| known.field == field && known.state == state) {
                continue;
            }
            match self.place(def, &field) {
                Some(offset) => found.push(LookUp { field, offset, object, state }),
                None => self.no_lookup(&span, "the handle value stands behind something of no fixed size"),
            }
        }
        found
    }

    /// The offset of a field behind fields of fixed size.
    fn place(&self, def: &StructDef, name: &str) -> Option<u64> {
        let mut offset = 0_u64;
        for member in &def.body {
            let Member::Field(field) = member else { return None };
            if field.name == name {
                return Some(offset);
            }
            let layout = self.program.layout(&field.ty);
            if !layout.fixed || field.at.is_some() {
                return None;
            }
            offset = offset.checked_add(layout.min_size)?;
        }
        None
    }

    fn no_lookup(&mut self, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0415", "state that cannot be looked up", span.clone(), label));
    }
}
