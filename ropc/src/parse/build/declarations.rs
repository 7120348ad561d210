//! Declarations: one function decides by rule, the others are in the files of their subject.

use super::{Builder, Built, Node, Parts};
use crate::ast::{
    ConstDecl, Decl, DeclKind, FormParam, Ident, Param, Path, StructDecl, TypeDecl, TypeDeclKind, TypeRef, TypeSpec,
};
use crate::parse::Rule;

impl Builder {
    pub(in crate::parse) fn decl(&mut self, node: Node<'_>, damaged: bool) -> Built<Decl> {
        let mut span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let attrs = self.attrs(&mut parts)?;
        let inner = parts.some()?;
        if attrs.is_empty() {
            span.range.start = self.span(&inner).range.start;
        }
        let kind = match inner.as_rule() {
            Rule::const_decl => DeclKind::Const(self.constant(inner)?),
            Rule::typedef_decl => DeclKind::Typedef(self.typedef(inner)?),
            Rule::bits_decl => DeclKind::Bits(self.bits(inner)?),
            Rule::form_decl => DeclKind::Form(self.form(inner)?),
            Rule::object_decl => DeclKind::Object(self.object(inner)?),
            Rule::rop_decl => DeclKind::Rop(self.rop(inner)?),
            Rule::family_decl => DeclKind::Family(self.family(inner)?),
            Rule::request_decl => DeclKind::Request(self.request(inner)?),
            Rule::batch_decl => DeclKind::Batch(self.structure(inner)?),
            Rule::stream_decl => DeclKind::Stream(self.stream(inner)?),
            Rule::type_decl => DeclKind::Type(self.type_decl(inner)?),
            Rule::enum_decl => DeclKind::Enum(self.enum_decl(inner)?),
            Rule::struct_decl => DeclKind::Struct(self.structure(inner)?),
            Rule::function_decl => DeclKind::Function(self.function(inner)?),
            Rule::aggregate_decl => {
                let inner = self.parts(inner).some()?;
                DeclKind::Aggregate(match inner.as_rule() {
                    Rule::tag_ref => self.tag_ref(inner)?,
                    _ => self.aggregate(inner)?,
                })
            }
            _ => return Err(self.bug(&inner)),
        };
        Ok(Decl { docs, attrs, kind, damaged, span })
    }

    fn constant(&mut self, node: Node<'_>) -> Built<ConstDecl> {
        let mut parts = self.parts(node);
        let ty = parts.opt(Rule::type_spec).map(|ty| self.type_spec(ty)).transpose()?;
        let pointers = parts.many(Rule::pointer).len();
        let name = self.ident(&parts.need(Rule::ident)?);
        let int = || TypeSpec::Words(vec![Ident { text: "int".to_owned(), span: name.span.clone() }]);
        let ty = ty.unwrap_or_else(int);
        let value = parts.need(Rule::expr)?;
        Ok(ConstDecl { ty, pointers, name, value: self.expr(value)? })
    }

    /// A structure, or a batch (which has no parameters).
    fn structure(&mut self, node: Node<'_>) -> Built<StructDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let forms = self.form_params(&mut parts)?;
        let params = match parts.opt(Rule::params) {
            None => Vec::new(),
            Some(list) => {
                let nodes = self.parts(list).many(Rule::param);
                nodes.into_iter().map(|param| self.param(param)).collect::<Built<_>>()?
            }
        };
        let body = parts.need(Rule::body)?;
        Ok(StructDecl { name, forms, params, body: self.body(body)? })
    }

    fn form_params(&mut self, parts: &mut Parts<'_>) -> Built<Vec<FormParam>> {
        let Some(list) = parts.opt(Rule::form_params) else { return Ok(Vec::new()) };
        let params = self.parts(list).many(Rule::form_param);
        params.into_iter().map(|param| self.form_param(param)).collect()
    }

    fn form_param(&mut self, node: Node<'_>) -> Built<FormParam> {
        let mut parts = self.parts(node);
        let form = self.ident(&parts.need(Rule::ident)?);
        let name = parts.opt(Rule::ident).map_or_else(|| form.clone(), |name| self.ident(&name));
        Ok(FormParam { form, name })
    }

    fn param(&mut self, node: Node<'_>) -> Built<Param> {
        let mut parts = self.parts(node);
        let ty = parts.need(Rule::type_ref)?;
        let ty = self.type_ref(ty)?;
        let name = self.ident(&parts.need(Rule::ident)?);
        let list = parts.opt(Rule::list_mark).is_some();
        Ok(Param { ty, name, list, or_unset: parts.opt(Rule::or_unset).is_some() })
    }

    fn type_decl(&mut self, node: Node<'_>) -> Built<TypeDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let forms = self.form_params(&mut parts)?;
        let kind = match parts.opt(Rule::type_match) {
            None => {
                let ty = parts.need(Rule::type_ref)?;
                TypeDeclKind::Alias(self.type_ref(ty)?)
            }
            Some(node) => {
                let mut parts = self.parts(node);
                let on = parts.need(Rule::path)?;
                let on = self.path(on);
                let arms = parts.many(Rule::type_match_arm);
                let arms = arms.into_iter().map(|arm| self.type_match_arm(arm)).collect::<Built<_>>()?;
                TypeDeclKind::Match(on, arms)
            }
        };
        Ok(TypeDecl { name, forms, kind })
    }

    fn type_match_arm(&mut self, node: Node<'_>) -> Built<(Vec<Path>, TypeRef)> {
        let mut parts = self.parts(node);
        let patterns = parts.many(Rule::path).into_iter().map(|path| self.path(path)).collect();
        let ty = parts.need(Rule::type_ref)?;
        Ok((patterns, self.type_ref(ty)?))
    }
}
