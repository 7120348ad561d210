//! ROPs and requests, families, objects, forms.

use super::{Builder, Built, Node, Parts};
use crate::ast::{
    Attr, AttrArg, Expr, ExprKind, FamilyDecl, FormDecl, Ident, Member, ObjectDecl, OperationDecl, Section,
    SectionKind, StateItem,
};
use crate::parse::Rule;

impl Builder {
    pub(super) fn rop(&mut self, node: Node<'_>) -> Built<OperationDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let id = parts.need(Rule::expr)?;
        let id = self.expr(id)?;
        Ok(OperationDecl { name, id, family: None, sections: self.sections(&mut parts)? })
    }

    pub(super) fn request(&mut self, node: Node<'_>) -> Built<OperationDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let key = self.strings(&[parts.need(Rule::string)?]);
        let id = Expr { kind: ExprKind::Str(key.text), span: key.span };
        let family = Some(self.ident(&parts.need(Rule::ident)?));
        Ok(OperationDecl { name, id, family, sections: self.sections(&mut parts)? })
    }

    fn sections(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Section>> {
        parts.many(Rule::rop_item).into_iter().map(|item| self.section(item)).collect()
    }

    fn section(&mut self, node: Node<'_>) -> Built<Section> {
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let inner = parts.some()?;
        let span = self.trimmed(&inner);
        let rule = inner.as_rule();
        if rule == Rule::vector_item {
            return Ok(Section { docs, kind: SectionKind::Vector(self.vector(inner)?), span });
        }
        let bug = self.bug(&inner);
        let mut parts = self.parts(inner);
        let kind = match rule {
            Rule::request_section => SectionKind::Request(self.section_body(&mut parts)?),
            Rule::success_section => SectionKind::Success(self.section_body(&mut parts)?),
            Rule::failure_section => SectionKind::Failure(self.section_body(&mut parts)?),
            Rule::always_section => SectionKind::Always(self.section_body(&mut parts)?),
            Rule::else_section => SectionKind::Else(self.section_body(&mut parts)?),
            Rule::no_reply => SectionKind::NoReply,
            Rule::on_section => {
                let codes =
                    parts.many(Rule::on_code).into_iter().map(|code| self.on_code(code)).collect::<Built<_>>()?;
                SectionKind::On(codes, self.section_body(&mut parts)?)
            }
            Rule::unsolicited => {
                let attrs = self.unsolicited_attrs(&mut parts)?;
                SectionKind::Unsolicited(attrs, self.section_body(&mut parts)?)
            }
            Rule::effect => self.effect(&mut parts)?,
            _ => return Err(bug),
        };
        Ok(Section { docs, kind, span })
    }

    /// `header none` is the attribute `header(none)`.
    fn unsolicited_attrs(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Attr>> {
        let mut attrs = Vec::new();
        let Some(list) = parts.opt(Rule::unsolicited_attrs) else { return Ok(attrs) };
        let mut parts = self.parts(list);
        while let Some(node) = parts.any() {
            if node.as_rule() == Rule::attr {
                attrs.push(self.attr(node)?);
                continue;
            }
            let span = self.trimmed(&node);
            let mut words = self.parts(node);
            let name = self.ident(&words.need(Rule::header)?);
            let none = self.ident(&words.need(Rule::none)?);
            let value = Expr { span: none.span.clone(), kind: ExprKind::Name(none) };
            attrs.push(Attr { name, args: Some(vec![AttrArg::Expr(value)]), span });
        }
        Ok(attrs)
    }

    fn section_body(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Member>> {
        let body = parts.need(Rule::body)?;
        self.body(body)
    }

    fn on_code(&mut self, node: Node<'_>) -> Built<(Ident, Option<u64>)> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let value = parts.opt(Rule::int).map(|value| self.int(&value));
        Ok((name, value))
    }

    fn effect(&mut self, parts: &mut Parts<'_>) -> Built<SectionKind> {
        let outcome = parts.need(Rule::outcome)?;
        let on_success = outcome.as_str() == "success";
        let target = parts.need(Rule::path)?;
        let target = self.path(target);
        let value = parts.need(Rule::expr)?;
        Ok(SectionKind::Effect { on_success, target, value: self.expr(value)? })
    }

    pub(super) fn family(&mut self, node: Node<'_>) -> Built<FamilyDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let mut family = FamilyDecl { name, request: Vec::new(), reply: Vec::new(), trailer: Vec::new() };
        for item in parts.many(Rule::family_item) {
            let mut parts = self.parts(item);
            self.docs(&mut parts);
            let inner = parts.some()?;
            let rule = inner.as_rule();
            let mut members = self.section_body(&mut self.parts(inner))?;
            match rule {
                Rule::family_request => family.request.append(&mut members),
                Rule::family_reply => family.reply.append(&mut members),
                _ => family.trailer.append(&mut members),
            }
        }
        Ok(family)
    }

    pub(super) fn object(&mut self, node: Node<'_>) -> Built<ObjectDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let mut object = ObjectDecl { name, state: Vec::new(), owns_all: false, owns: Vec::new() };
        for item in parts.many(Rule::object_item) {
            let mut parts = self.parts(item);
            let docs = self.docs(&mut parts);
            if let Some(state) = parts.opt(Rule::state_item) {
                object.state.push(self.state_item(docs, state)?);
                continue;
            }
            let mut owns = self.parts(parts.need(Rule::owns_item)?);
            match owns.opt(Rule::kw_all) {
                Some(_) => object.owns_all = true,
                None => object.owns.append(&mut self.idents(&owns.many(Rule::ident))),
            }
        }
        Ok(object)
    }

    fn state_item(&mut self, docs: Vec<String>, node: Node<'_>) -> Built<StateItem> {
        let mut parts = self.parts(node);
        let ty = parts.need(Rule::type_ref)?;
        let ty = self.type_ref(ty)?;
        let name = self.ident(&parts.need(Rule::ident)?);
        let list = parts.opt(Rule::list_mark).is_some();
        let initial = parts.opt(Rule::expr).map(|value| self.expr(value)).transpose()?;
        Ok(StateItem { docs, ty, name, list, initial })
    }

    pub(super) fn form(&mut self, node: Node<'_>) -> Built<FormDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let mut forms = Vec::new();
        for item in parts.many(Rule::form_item) {
            let mut parts = self.parts(item);
            let docs = self.docs(&mut parts);
            forms.push((docs, self.ident(&parts.need(Rule::ident)?)));
        }
        Ok(FormDecl { name, forms })
    }
}
