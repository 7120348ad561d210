//! Types where they are used, and attributes.

use super::{Builder, Built, Node, Parts};
use crate::ast::{Attr, AttrArg, Expr, ExprKind, Path, TagKind, TypeArg, TypeRef, TypeSpec};
use crate::parse::{Grammar, Rule};
use pest::Parser as _;

impl Builder {
    /// All attribute lists that come now, joined.
    pub(super) fn attrs(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Attr>> {
        let mut attrs = Vec::new();
        for node in parts.many(Rule::attrs) {
            for list in self.parts(node).many(Rule::attr_list) {
                attrs.append(&mut self.attr_list(list)?);
            }
        }
        Ok(attrs)
    }

    pub(super) fn attr_list(&mut self, node: Node<'_>) -> Built<Vec<Attr>> {
        self.parts(node).many(Rule::attr).into_iter().map(|attr| self.attr(attr)).collect()
    }

    pub(super) fn attr(&mut self, node: Node<'_>) -> Built<Attr> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let args = match parts.opt(Rule::attr_args) {
            None => None,
            Some(list) => {
                let nodes = self.parts(list).many(Rule::attr_arg);
                Some(nodes.into_iter().map(|arg| self.attr_arg(arg)).collect::<Built<Vec<_>>>()?)
            }
        };
        let of_type = ["represent_as", "switch_type", "transmit_as", "user_marshal", "wire_marshal"];
        let args = if of_type.contains(&name.text.as_str()) { args.map(type_arguments) } else { args };
        Ok(Attr { name, args, span })
    }

    fn attr_arg(&mut self, node: Node<'_>) -> Built<AttrArg> {
        let inner = self.parts(node).some()?;
        Ok(match inner.as_rule() {
            Rule::uuid => AttrArg::Uuid(inner.as_str().trim_matches('"').to_ascii_lowercase()),
            Rule::version => {
                let (major, minor) = inner.as_str().split_once('.').ok_or_else(|| self.bug(&inner))?;
                AttrArg::Version(major.parse().unwrap_or(u32::MAX), minor.parse().unwrap_or(u32::MAX))
            }
            Rule::sized_type => {
                let mut parts = self.parts(inner);
                let words = parts.many(Rule::type_word);
                AttrArg::Type(if words.is_empty() {
                    TypeSpec::Tag(TagKind::Enum, self.ident(&parts.need(Rule::ident)?))
                } else {
                    TypeSpec::Words(self.idents(&words))
                })
            }
            Rule::handle_arg => {
                let mut parts = self.parts(inner);
                let ty = self.ident(&parts.need(Rule::ident)?);
                AttrArg::Handle(ty, self.ident(&parts.need(Rule::ident)?))
            }
            Rule::expr => AttrArg::Expr(self.expr(inner)?),
            Rule::empty_arg => AttrArg::Empty,
            _ => return Err(self.bug(&inner)),
        })
    }

    pub(super) fn type_spec(&mut self, node: Node<'_>) -> Built<TypeSpec> {
        let inner = self.parts(node).some()?;
        Ok(match inner.as_rule() {
            Rule::type_ref => TypeSpec::Ref(self.type_ref(inner)?),
            Rule::type_words => {
                let words = self.parts(inner).many(Rule::type_word);
                TypeSpec::Words(self.idents(&words))
            }
            Rule::tag_ref => self.tag_ref(inner)?,
            _ => self.aggregate(inner)?,
        })
    }

    /// `struct X`, `enum X`
    pub(super) fn tag_ref(&mut self, node: Node<'_>) -> Built<TypeSpec> {
        let mut parts = self.parts(node);
        let kind = if parts.word(Rule::kw_struct) {
            TagKind::Struct
        } else if parts.word(Rule::kw_union) {
            TagKind::Union
        } else if parts.word(Rule::kw_enum) {
            TagKind::Enum
        } else {
            TagKind::Bitmap
        };
        Ok(TypeSpec::Tag(kind, self.ident(&parts.need(Rule::ident)?)))
    }

    pub(super) fn type_ref(&mut self, node: Node<'_>) -> Built<TypeRef> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let forms = self.form_args(&mut parts);
        let args = match parts.opt(Rule::type_args) {
            None => None,
            Some(list) => {
                let nodes = self.parts(list).many(Rule::type_arg);
                Some(nodes.into_iter().map(|arg| self.type_arg(arg)).collect::<Built<Vec<_>>>()?)
            }
        };
        Ok(TypeRef { name, forms, args, span })
    }

    /// `<A | B, C>`
    pub(super) fn form_args(&mut self, parts: &mut Parts<'_>) -> Vec<Vec<Path>> {
        let Some(list) = parts.opt(Rule::form_args) else { return Vec::new() };
        let forms = self.parts(list).many(Rule::form_arg);
        forms
            .into_iter()
            .map(|form| self.parts(form).many(Rule::path).into_iter().map(|path| self.path(path)).collect())
            .collect()
    }

    fn type_arg(&mut self, node: Node<'_>) -> Built<TypeArg> {
        let inner = self.parts(node).some()?;
        let rule = inner.as_rule();
        if rule == Rule::expr {
            return Ok(TypeArg::Expr(self.expr(inner)?));
        }
        let mut parts = self.parts(inner);
        let name = self.ident(&parts.need(Rule::ident)?);
        if rule == Rule::text_count {
            let forms = self.form_args(&mut parts);
            let chars = parts.need(Rule::unit)?.as_str() == "chars";
            return Ok(TypeArg::Count { prefix: name, forms, chars });
        }
        let value = parts.need(Rule::expr)?;
        Ok(TypeArg::Named(name, self.expr(value)?))
    }
}

/// `switch_type(long)`: one word of C's is a type here, not a name.
fn type_arguments(args: Vec<AttrArg>) -> Vec<AttrArg> {
    args.into_iter()
        .map(|arg| match arg {
            AttrArg::Expr(Expr { kind: ExprKind::Name(word), .. }) if is_type_word(&word.text) => {
                AttrArg::Type(TypeSpec::Words(vec![word]))
            }
            other => other,
        })
        .collect()
}

fn is_type_word(text: &str) -> bool {
    Grammar::parse(Rule::type_word, text).is_ok_and(|pairs| pairs.as_str() == text)
}
