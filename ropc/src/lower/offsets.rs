//! Fields whose bytes stand elsewhere: behind the fixed part of their structure, at an offset from a base.

use super::Lower;
use super::body::Scene;
use super::derive::{each_expr, each_field};
use crate::ast::{self, Attr, AttrArg, ExprKind, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{Ending, Expr, Extent, Field, IntKind, Member, Role, StructDef, Type, TypeId, TypeKind};

/// The attribute that puts a field at an offset.
pub(crate) fn at_offset(attrs: &[Attr]) -> Option<&Attr> {
    attrs.iter().find(|attr| matches!(attr.name.text.as_str(), "relative" | "relative_short" | "offset_at"))
}

impl Lower<'_> {
    /// A pointer of this encoding: the offset, where it is not a field already, and the field behind it.
    pub(crate) fn referent(
        &mut self,
        docs: &[String],
        (attr, declarator): (&Attr, &ast::Declarator),
        base: Type,
        scene: &mut Scene<'_>,
        body: &mut Vec<Member>,
    ) {
        let name = &declarator.name;
        let Some(offset) = self.offset_field(attr, name, scene, body) else { return super::body::lost(scene, name) };
        let Some(ty) = self.arrays(base, &declarator.arrays, scene) else { return super::body::lost(scene, name) };
        if !self.claim(scene, name) {
            return;
        }
        if let Some(why) = self.no_referent(&ty) {
            self.wrong_offset(&name.span, "this cannot stand at an offset", why);
        }
        body.push(Member::Field(Field { at: Some(offset), ..Field::plain(&name.text, docs.to_vec(), ty) }));
    }

    /// The field that has the offset: made here for `relative`, found for `offset_at`.
    fn offset_field(
        &mut self,
        attr: &Attr,
        of: &Ident,
        scene: &mut Scene<'_>,
        body: &mut Vec<Member>,
    ) -> Option<String> {
        let role = Role::OffsetOf(of.text.clone());
        if attr.name.text != "offset_at" {
            let name = Ident { text: format!("{}Offset", of.text), span: of.span.clone() };
            if !self.claim(scene, &name) {
                return None;
            }
            let size = if attr.name.text == "relative" { 4 } else { 2 };
            let ty = Type::Int(IntKind { size, signed: false });
            body.push(Member::Field(Field { role, ..Field::plain(&name.text, Vec::new(), ty) }));
            return Some(name.text);
        }
        let Some([AttrArg::Expr(ast::Expr { kind: ExprKind::Name(name), .. })]) = attr.args.as_deref() else {
            self.wrong_offset(
                &attr.span,
                "`offset_at` names the field that has the offset",
                "write `offset_at(Field)`",
            );
            return None;
        };
        let found = body.iter_mut().find_map(|member| match member {
            Member::Field(field) if field.name == name.text => Some(field),
            _ => None,
        });
        match found {
            Some(field) if matches!((&field.role, &field.ty), (Role::Plain, Type::Int(kind)) if holds_offset(*kind)) => {
                field.role = role;
                Some(name.text.clone())
            }
            _ => {
                let label = "expected a field of uint16 or uint32 before it that nothing else decides";
                self.wrong_offset(&name.span, &format!("`{}` cannot have an offset", name.text), label);
                None
            }
        }
    }

    /// Why a value of the type cannot stand at an offset: it has to say itself where it ends.
    fn no_referent(&self, ty: &Type) -> Option<&'static str> {
        match ty {
            Type::Array(..) => Some("a list"),
            Type::Bytes(Extent::Rest) => Some("it has no end: write `bytes *X[n]`"),
            Type::Named(id, _) => match &self.program.ty(*id).kind {
                // Whether it has an end is known when all structures are: `check_referents`.
                TypeKind::Struct(_) | TypeKind::Enum(_) | TypeKind::Bits(_) | TypeKind::Form(_) => None,
            },
            _ => None,
        }
    }

    /// Structures at offsets have an end of their own.
    pub(crate) fn check_referents(&mut self) {
        let mut wrong = Vec::new();
        for def in &self.program.types {
            let TypeKind::Struct(outer) = &def.kind else { continue };
            for field in outer.referents() {
                if let Type::Named(id, _) = &field.ty
                    && let TypeKind::Struct(inner) = &self.program.ty(*id).kind
                    && !self.has_end(&inner.body, &mut vec![*id])
                {
                    wrong.push((
                        def.span.clone(),
                        format!("`{}` of `{}` cannot stand at an offset", field.name, def.name),
                    ));
                }
            }
        }
        for (span, message) in wrong {
            self.wrong_offset(&span, &message, "it runs to the end of what it stands in");
        }
    }

    /// The last of these members says itself where it ends.
    fn has_end(&self, body: &[Member], within: &mut Vec<TypeId>) -> bool {
        let is_at_offset = |member: &Member| matches!(member, Member::Field(field) if field.at.is_some());
        if body.iter().any(is_at_offset) {
            return false;
        }
        let last = body.iter().rev().find(|member| !matches!(member, Member::Let(..) | Member::Require(_)));
        match last {
            None | Some(Member::Sized(..) | Member::Let(..) | Member::Require(_)) => true,
            Some(Member::Tail(_)) => false,
            Some(Member::If(c)) => self.has_end(&c.then, within) && self.has_end(&c.otherwise, within),
            Some(Member::Match(m)) => m.arms.iter().all(|arm| self.has_end(&arm.body, within)),
            Some(Member::Field(field)) => match &field.ty {
                Type::Bytes(Extent::Rest) | Type::Array(_, Extent::Rest) => false,
                Type::Array(_, Extent::Until(ending)) => !matches!(**ending, Ending::When { or_rest: true, .. }),
                Type::Named(id, _) if within.contains(id) => true,
                Type::Named(id, _) => match &self.program.ty(*id).kind {
                    TypeKind::Struct(inner) => {
                        within.push(*id);
                        let has_end = self.has_end(&inner.body, within);
                        within.pop();
                        has_end
                    }
                    TypeKind::Enum(_) | TypeKind::Bits(_) | TypeKind::Form(_) => true,
                },
                _ => true,
            },
        }
    }

    /// Offsets and what they lead to stand in the structure itself, and nothing else takes its end.
    pub(crate) fn check_offsets(&mut self, scene: &Scene<'_>, def: &StructDef) {
        let own: Vec<&Field> = def.referents().collect();
        let mut inner = None;
        each_field(&def.body, &mut |field| {
            if field.at.is_some() && !own.iter().any(|other| other.name == field.name) {
                inner = Some(field.name.clone());
            }
        });
        if let Some(name) = inner {
            let message = format!("`{name}` cannot stand at an offset here");
            self.wrong_offset(&scene.span_of(&name), &message, "not a member of its structure itself");
            return;
        }
        let Some(first) = own.first() else { return };
        if scene.headed {
            let message = format!("`{}` cannot stand at an offset here", first.name);
            self.wrong_offset(&scene.span_of(&first.name), &message, "other operations follow the body of a ROP");
        }
        let mut read = None;
        each_expr(&def.body, &mut |expr| {
            if let Expr::Field(name) = expr
                && own.iter().any(|field| field.at.as_ref() == Some(name))
            {
                read = Some(name.clone());
            }
        });
        if let Some(name) = read {
            let message = format!("nothing else can depend on the offset `{name}`");
            self.wrong_offset(&scene.span_of(&name), &message, "known only when all is written");
        }
    }

    fn wrong_offset(&mut self, span: &Span, message: &str, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0331", message, span.clone(), label));
    }
}

fn holds_offset(kind: IntKind) -> bool {
    !kind.signed && matches!(kind.size, 2 | 4)
}
