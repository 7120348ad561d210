//! What only files of the MIDL and PIDL family write: aggregates in place and operations.

use super::{Builder, Built, Node};
use crate::ast::{
    Attr, EnumDecl, EnumItem, FunctionDecl, FunctionParam, Member, MemberKind, TypeSpec, Typedef, UnionCase,
};
use crate::parse::Rule;

impl Builder {
    /// A structure, union, enumeration or bitmap written in place.
    pub(super) fn aggregate(&mut self, node: Node<'_>) -> Built<TypeSpec> {
        let span = self.trimmed(&node);
        let rule = node.as_rule();
        let bug = self.bug(&node);
        let mut parts = self.parts(node);
        let tag = parts.opt(Rule::ident).map(|name| self.ident(&name));
        Ok(match rule {
            Rule::inline_struct => {
                let body = self.members(&mut parts)?;
                TypeSpec::Struct { attrs: Vec::new(), tag, body, span }
            }
            Rule::inline_union => {
                let switch = match parts.opt(Rule::union_switch) {
                    None => None,
                    Some(node) => {
                        let mut parts = self.parts(node);
                        let ty = parts.need(Rule::type_spec)?;
                        let ty = Box::new(self.type_spec(ty)?);
                        let name = self.ident(&parts.need(Rule::ident)?);
                        Some((ty, name, parts.opt(Rule::ident).map(|inner| self.ident(&inner))))
                    }
                };
                let cases =
                    parts.many(Rule::union_case).into_iter().map(|case| self.union_case(case)).collect::<Built<_>>()?;
                TypeSpec::Union { attrs: Vec::new(), tag, switch, cases, span }
            }
            Rule::inline_enum => {
                let base = self.enum_base(&mut parts)?;
                let items = self.enum_items(parts.many(Rule::enum_item))?;
                TypeSpec::Enum(Vec::new(), EnumDecl { name: tag, base, items }, span)
            }
            Rule::inline_bitmap => {
                let items = self.enum_items(parts.many(Rule::bitmap_item))?;
                TypeSpec::Bitmap { attrs: Vec::new(), tag, items, span }
            }
            _ => return Err(bug),
        })
    }

    pub(super) fn enum_items(&mut self, nodes: Vec<Node<'_>>) -> Built<Vec<EnumItem>> {
        nodes
            .into_iter()
            .map(|node| {
                let mut parts = self.parts(node);
                let docs = self.docs(&mut parts);
                let attrs = self.attrs(&mut parts)?;
                let name = self.ident(&parts.need(Rule::ident)?);
                let value = parts.opt(Rule::expr).map(|value| self.expr(value)).transpose()?;
                Ok(EnumItem { docs, attrs, name, value })
            })
            .collect()
    }

    fn union_case(&mut self, node: Node<'_>) -> Built<UnionCase> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let mut case = UnionCase { labels: Vec::new(), default: false, member: None, span };
        let mut docs = self.docs(&mut parts);
        let mut others = Vec::new();
        while let Some(part) = parts.any() {
            match part.as_rule() {
                Rule::default_label => case.default = true,
                Rule::case_label => {
                    let labels = self.parts(part).many(Rule::expr);
                    case.labels.append(&mut self.exprs(labels)?);
                }
                Rule::bracket_case => {
                    let list = self.parts(part).need(Rule::attr_list)?;
                    others.append(&mut self.bracket_case(&mut case, list)?);
                }
                Rule::member_decl => case.member = Some(self.member(part)?),
                _ => return Err(self.bug(&part)),
            }
        }
        if let Some(member) = &mut case.member {
            docs.append(&mut member.docs);
            member.docs = docs;
        }
        if let Some(Member { kind: MemberKind::Field(field), .. }) = &mut case.member {
            others.append(&mut field.attrs);
            field.attrs = others;
        }
        Ok(case)
    }

    /// `[case(1, 2)]`, `[default]`; the other attributes of the list belong to the member.
    fn bracket_case(&mut self, case: &mut UnionCase, list: Node<'_>) -> Built<Vec<Attr>> {
        let mut others = Vec::new();
        for attr in self.parts(list).many(Rule::attr) {
            let whole = attr.clone();
            let mut parts = self.parts(attr);
            let name = parts.need(Rule::ident)?;
            if !matches!(name.as_str(), "case" | "default") {
                others.push(self.attr(whole)?);
            } else if name.as_str() == "default" {
                case.default = true;
            } else if let Some(args) = parts.opt(Rule::attr_args) {
                for arg in self.parts(args).many(Rule::attr_arg) {
                    let value = self.parts(arg).need(Rule::expr)?;
                    case.labels.push(self.expr(value)?);
                }
            }
        }
        Ok(others)
    }

    pub(super) fn typedef(&mut self, node: Node<'_>) -> Built<Typedef> {
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        let pipe = parts.opt(Rule::pipe_spec);
        let is_pipe = pipe.is_some();
        let ty = match pipe {
            Some(pipe) => self.parts(pipe).need(Rule::type_spec)?,
            None => parts.need(Rule::type_spec)?,
        };
        let ty = self.type_spec(ty)?;
        let declarators =
            parts.many(Rule::declarator).into_iter().map(|node| self.declarator(node)).collect::<Built<_>>()?;
        Ok(Typedef { attrs, pipe: is_pipe, ty, declarators })
    }

    pub(super) fn function(&mut self, node: Node<'_>) -> Built<FunctionDecl> {
        let mut parts = self.parts(node);
        let returns = parts.need(Rule::type_spec)?;
        let returns = self.type_spec(returns)?;
        let pointers = parts.many(Rule::pointer).len();
        let name = self.ident(&parts.need(Rule::ident)?);
        let params = match parts.opt(Rule::function_params) {
            None => Vec::new(),
            Some(list) => {
                let nodes = self.parts(list).many(Rule::function_param);
                nodes.into_iter().map(|param| self.function_param(param)).collect::<Built<_>>()?
            }
        };
        Ok(FunctionDecl { returns, pointers, name, params })
    }

    fn function_param(&mut self, node: Node<'_>) -> Built<FunctionParam> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let attrs = self.attrs(&mut parts)?;
        let ty = parts.need(Rule::type_spec)?;
        let ty = self.type_spec(ty)?;
        let declarator = parts.opt(Rule::declarator).map(|node| self.declarator(node)).transpose()?;
        Ok(FunctionParam { docs, attrs, ty, declarator, span })
    }
}
