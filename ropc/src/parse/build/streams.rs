//! Stream grammars.

use super::{Builder, Built, Node};
use crate::ast::{
    Alternative, Attr, Opener, OverrideArg, Repeat, StreamDecl, StreamItem, StreamRule, Term, TermKind, TokenArm,
};
use crate::parse::Rule;

impl Builder {
    /// The attributes before the declaration stand on it; those after the name stand here.
    pub(super) fn stream(&mut self, node: Node<'_>) -> Built<StreamDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let attrs: Vec<Attr> = self.attrs(&mut parts)?;
        let items =
            parts.many(Rule::stream_item).into_iter().map(|item| self.stream_item(item)).collect::<Built<_>>()?;
        Ok(StreamDecl { name, attrs, items })
    }

    fn stream_item(&mut self, node: Node<'_>) -> Built<StreamItem> {
        let mut parts = self.parts(node);
        self.docs(&mut parts);
        let inner = parts.some()?;
        let bug = self.bug(&inner);
        let rule = inner.as_rule();
        if rule == Rule::stream_token {
            return self.token(inner);
        }
        let mut parts = self.parts(inner);
        Ok(match rule {
            Rule::stream_atom => {
                let name = self.ident(&parts.need(Rule::ident)?);
                let body = parts.need(Rule::body)?;
                StreamItem::Atom(name, self.body(body)?)
            }
            Rule::stream_override => {
                let on = parts.need(Rule::expr)?;
                let on = self.expr(on)?;
                let within = parts.opt(Rule::ident).map(|within| self.ident(&within));
                let nodes = parts.many(Rule::override_part);
                let parts = nodes.into_iter().map(|part| self.override_part(part)).collect::<Built<_>>()?;
                StreamItem::Override { on, within, parts }
            }
            Rule::stream_value => {
                let of = self.ident(&parts.need(Rule::ident)?);
                let ty = parts.need(Rule::type_ref)?;
                StreamItem::Value { of, ty: self.type_ref(ty)? }
            }
            Rule::stream_structural => {
                let nodes = parts.many(Rule::expr);
                StreamItem::Structural(nodes.into_iter().map(|node| self.expr(node)).collect::<Built<_>>()?)
            }
            Rule::stream_recover => {
                let production = self.ident(&parts.need(Rule::ident)?);
                StreamItem::Recover(production, self.idents(&parts.many(Rule::ident)))
            }
            Rule::stream_require => {
                let production = self.ident(&parts.need(Rule::ident)?);
                let rule = match parts.need(Rule::stream_rule)?.as_str() {
                    "has" => StreamRule::Has,
                    "leads" => StreamRule::Leads,
                    _ => StreamRule::Lacks,
                };
                let tags = self.idents(&parts.many(Rule::ident));
                let roots = match parts.opt(Rule::require_within) {
                    Some(node) => {
                        let mut parts = self.parts(node);
                        self.idents(&parts.many(Rule::ident))
                    }
                    None => Vec::new(),
                };
                StreamItem::Require { production, rule, tags, roots, lenient: parts.word(Rule::kw_lenient) }
            }
            Rule::stream_context => {
                let root = self.ident(&parts.need(Rule::ident)?);
                let nodes = parts.many(Rule::opener);
                StreamItem::Context(root, nodes.into_iter().map(|node| self.opener(node)).collect::<Built<_>>()?)
            }
            Rule::production => {
                let name = self.ident(&parts.need(Rule::ident)?);
                let alternatives = parts.need(Rule::alternatives)?;
                StreamItem::Production(name, self.alternatives(alternatives)?)
            }
            Rule::stream_root => {
                let mut names = self.idents(&parts.many(Rule::ident));
                let by = names.pop().ok_or(bug)?;
                StreamItem::Root(names, by)
            }
            _ => return Err(bug),
        })
    }

    fn opener(&mut self, node: Node<'_>) -> Built<Opener> {
        let mut parts = self.parts(node);
        let rop = self.ident(&parts.need(Rule::ident)?);
        let of = match parts.opt(Rule::opener_of) {
            Some(node) => {
                let mut parts = self.parts(node);
                self.idents(&parts.many(Rule::ident))
            }
            None => Vec::new(),
        };
        let when = match parts.opt(Rule::opener_when) {
            Some(node) => {
                let mut parts = self.parts(node);
                let field = self.ident(&parts.need(Rule::ident)?);
                let value = parts.need(Rule::expr)?;
                Some((field, self.expr(value)?))
            }
            None => None,
        };
        Ok(Opener { rop, of, when })
    }

    fn token(&mut self, node: Node<'_>) -> Built<StreamItem> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let ty = parts.need(Rule::type_ref)?;
        let ty = self.type_ref(ty)?;
        let of = parts.opt(Rule::ident).map(|of| self.ident(&of));
        let parts = match parts.opt(Rule::token_match) {
            None => None,
            Some(node) => {
                let mut parts = self.parts(node);
                let on = parts.need(Rule::expr)?;
                let on = self.expr(on)?;
                let arms =
                    parts.many(Rule::token_arm).into_iter().map(|arm| self.token_arm(arm)).collect::<Built<_>>()?;
                Some((on, arms))
            }
        };
        Ok(StreamItem::Token { name, ty, of, parts })
    }

    fn token_arm(&mut self, node: Node<'_>) -> Built<TokenArm> {
        let mut parts = self.parts(node);
        let on = self.ident(&parts.need(Rule::ident)?);
        let mut pieces = Vec::new();
        for part in parts.many(Rule::token_part) {
            let mut parts = self.parts(part);
            let chunk = parts.word(Rule::kw_chunk);
            let ty = parts.need(Rule::type_ref)?;
            let ty = self.type_ref(ty)?;
            let name = self.ident(&parts.need(Rule::ident)?);
            pieces.push((chunk, ty, name, self.arrays(&mut parts)?));
        }
        Ok(TokenArm { on, parts: pieces })
    }

    fn override_part(&mut self, node: Node<'_>) -> Built<(crate::ast::Ident, OverrideArg)> {
        let mut parts = self.parts(node);
        let word = self.ident(&parts.need(Rule::ident)?);
        let arg = match parts.opt(Rule::type_ref) {
            Some(ty) => OverrideArg::Type(self.type_ref(ty)?),
            None => {
                let value = parts.need(Rule::expr)?;
                OverrideArg::Expr(self.expr(value)?)
            }
        };
        Ok((word, arg))
    }

    fn alternatives(&mut self, node: Node<'_>) -> Built<Vec<Alternative>> {
        self.parts(node)
            .many(Rule::alternative)
            .into_iter()
            .map(|node| {
                let mut parts = self.parts(node);
                let label = match parts.opt(Rule::arm_label) {
                    Some(label) => Some(self.ident(&self.parts(label).need(Rule::ident)?)),
                    None => None,
                };
                let terms = parts.many(Rule::term).into_iter().map(|term| self.term(term)).collect::<Built<_>>()?;
                Ok(Alternative { label, terms })
            })
            .collect()
    }

    fn term(&mut self, node: Node<'_>) -> Built<Term> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let primary = parts.need(Rule::term_primary)?;
        let repeat = match parts.opt(Rule::repeat).as_ref().map(Node::as_str) {
            Some("*") => Repeat::Many,
            Some("?") => Repeat::Optional,
            Some(_) => Repeat::Some,
            None => Repeat::Once,
        };
        let inner = self.parts(primary).some()?;
        let kind = match inner.as_rule() {
            Rule::ident => TermKind::Name(self.ident(&inner)),
            Rule::alternatives => TermKind::Group(self.alternatives(inner)?),
            Rule::prop_term => {
                TermKind::Prop(self.parts(inner).opt(Rule::expr).map(|expr| self.expr(expr)).transpose()?)
            }
            _ => return Err(self.bug(&inner)),
        };
        Ok(Term { kind, repeat, span })
    }
}
