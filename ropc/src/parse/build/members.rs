//! Members of a structure.

use super::{Builder, Built, Node, Parts};
use crate::ast::{
    Arm, ArrayLen, BitsDecl, BitsItem, Declarator, Derived, EnumDecl, Field, HandleRole, Match, Member, MemberKind,
    Pattern, ReservedRule, SizedContent, TypeRef, TypeSpec,
};
use crate::diagnostic::Diagnostic;
use crate::parse::Rule;

impl Builder {
    /// `{ .. }`
    pub(super) fn body(&mut self, node: Node<'_>) -> Built<Vec<Member>> {
        let mut parts = self.parts(node);
        self.members(&mut parts)
    }

    pub(super) fn members(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Member>> {
        parts.many(Rule::member_decl).into_iter().map(|node| self.member(node)).collect()
    }

    pub(super) fn member(&mut self, node: Node<'_>) -> Built<Member> {
        let mut span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let inner = parts.some()?;
        span.range.start = self.span(&inner).range.start;
        let kind = match inner.as_rule() {
            Rule::field => {
                let field = self.field(inner)?;
                self.roleless_handle(field)
            }
            Rule::if_member => self.if_member(inner)?,
            Rule::match_member => MemberKind::Match(self.match_member(inner)?),
            Rule::sized_member => self.sized_member(inner)?,
            Rule::bits_member => MemberKind::Bits(self.bits(inner)?),
            Rule::handle_member => self.handle_member(inner)?,
            Rule::vector_item => MemberKind::Vector(self.vector(inner)?),
            _ => self.small_member(inner)?,
        };
        Ok(Member { docs, kind, span })
    }

    fn small_member(&mut self, node: Node<'_>) -> Built<MemberKind> {
        let bug = self.bug(&node);
        let rule = node.as_rule();
        let mut parts = self.parts(node);
        Ok(match rule {
            Rule::let_member => {
                let name = self.ident(&parts.need(Rule::ident)?);
                let value = parts.need(Rule::expr)?;
                MemberKind::Let(name, self.expr(value)?)
            }
            Rule::require_member => {
                let cond = parts.need(Rule::expr)?;
                let cond = self.expr(cond)?;
                MemberKind::Require { cond, lenient: parts.word(Rule::kw_lenient) }
            }
            Rule::tail_member => {
                let body = parts.need(Rule::body)?;
                MemberKind::Tail(self.body(body)?)
            }
            Rule::const_member => {
                let ty = parts.need(Rule::type_ref)?;
                let ty = self.type_ref(ty)?;
                let name = self.ident(&parts.need(Rule::ident)?);
                let arrays = self.arrays(&mut parts)?;
                let value = parts.need(Rule::expr)?;
                MemberKind::Const { ty, name, arrays, value: self.expr(value)? }
            }
            Rule::echo_member => MemberKind::Echo(self.ident(&parts.need(Rule::ident)?)),
            _ => return Err(bug),
        })
    }

    fn field(&mut self, node: Node<'_>) -> Built<Field> {
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        let constant = parts.opt(Rule::kw_const).map(|word| self.span(&word));
        let ty = parts.need(Rule::type_spec)?;
        let ty = self.type_spec(ty)?;
        let declarators: Vec<Declarator> =
            parts.many(Rule::declarator).into_iter().map(|node| self.declarator(node)).collect::<Built<_>>()?;
        let derived = parts.opt(Rule::derived).map(|node| self.derived(node)).transpose()?;
        let mut marks = Vec::new();
        for mark in parts.many(Rule::field_mark) {
            let list = self.parts(mark).need(Rule::attr_list)?;
            marks.append(&mut self.attr_list(list)?);
        }
        if let Some(span) = constant
            && declarators.iter().all(|declarator| declarator.pointers == 0)
        {
            self.diagnostics.push(
                Diagnostic::error("R0024", "a constant member without its value", span, "constant")
                    .help("write `const Type Name = value;`: the only value that the bytes may have"),
            );
        }
        Ok(Field { attrs, ty, declarators, derived, marks })
    }

    /// `handle<Folder> Folder;` is refused and then taken for an input handle, so that nothing else is
    /// said about it.
    fn roleless_handle(&mut self, field: Field) -> MemberKind {
        let (TypeSpec::Ref(ty), [declarator]) = (&field.ty, field.declarators.as_slice()) else {
            return MemberKind::Field(field);
        };
        if ty.name.text != "handle" || ty.args.is_some() {
            return MemberKind::Field(field);
        }
        self.diagnostics.push(
            Diagnostic::error("R0022", "a handle without a role", ty.name.span.clone(), "which role?")
                .help("write `input handle<..>`, `output handle<..>` or `response handle<..>`")
                .note("`input` names an open object, `output` the slot for a new one, `response` is echoed at the head of the reply"),
        );
        let objects = ty.forms.iter().flatten().flat_map(|path| path.parts.clone()).collect();
        MemberKind::Handle { role: HandleRole::Input, objects, name: declarator.name.clone() }
    }

    pub(super) fn declarator(&mut self, node: Node<'_>) -> Built<Declarator> {
        let text = node.as_str();
        let pointers_before = text.bytes().take_while(|b| *b != b'(').filter(|b| *b == b'*').count();
        let mut parts = self.parts(node);
        let pointers = parts.many(Rule::pointer).len();
        let name = self.ident(&parts.need(Rule::ident)?);
        let arrays = self.arrays(&mut parts)?;
        // pointers inside the parentheses of `(*name)[n]`
        let pointer_to_array = text.contains('(') && pointers > pointers_before && !arrays.is_empty();
        Ok(Declarator { pointers, name, arrays, pointer_to_array })
    }

    pub(super) fn arrays(&mut self, parts: &mut Parts<'_>) -> Built<Vec<ArrayLen>> {
        parts.many(Rule::array).into_iter().map(|node| self.array(node)).collect()
    }

    fn array(&mut self, node: Node<'_>) -> Built<ArrayLen> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let Some(inner) = parts.any() else { return Ok(ArrayLen::Open(span)) };
        Ok(match inner.as_rule() {
            Rule::array_rest => ArrayLen::Rest(span),
            Rule::array_star => ArrayLen::Open(span),
            Rule::array_until => {
                let mut parts = self.parts(inner);
                let end = parts.need(Rule::expr)?;
                ArrayLen::Until { end: self.expr(end)?, or_rest: parts.opt(Rule::kw_rest).is_some() }
            }
            Rule::expr => {
                let first = self.expr(inner)?;
                match parts.opt(Rule::expr) {
                    Some(last) => ArrayLen::Range(first, self.expr(last)?),
                    None => ArrayLen::Expr(first),
                }
            }
            _ => return Err(self.bug(&inner)),
        })
    }

    fn derived(&mut self, node: Node<'_>) -> Built<Derived> {
        let mut parts = self.parts(node);
        let expr = parts.need(Rule::expr)?;
        let expr = self.expr(expr)?;
        let or = parts.many(Rule::expr);
        Ok(Derived { expr, or: self.exprs(or)? })
    }

    fn if_member(&mut self, node: Node<'_>) -> Built<MemberKind> {
        let mut parts = self.parts(node);
        let cond = parts.need(Rule::expr)?;
        let cond = self.expr(cond)?;
        let then = parts.need(Rule::block)?;
        let then = self.block(then)?;
        let otherwise = match parts.opt(Rule::block) {
            Some(block) => self.block(block)?,
            None => Vec::new(),
        };
        Ok(MemberKind::If { cond, then, otherwise })
    }

    /// Braces, or one member without them.
    fn block(&mut self, node: Node<'_>) -> Built<Vec<Member>> {
        let inner = self.parts(node).some()?;
        if inner.as_rule() == Rule::body {
            return self.body(inner);
        }
        Ok(vec![self.member(inner)?])
    }

    fn match_member(&mut self, node: Node<'_>) -> Built<Match> {
        let mut parts = self.parts(node);
        let on = parts.many(Rule::expr);
        let on = self.exprs(on)?;
        let name = parts.opt(Rule::ident).map(|name| self.ident(&name));
        let arms = parts.many(Rule::match_arm).into_iter().map(|arm| self.arm(arm)).collect::<Built<_>>()?;
        Ok(Match { on, name, arms })
    }

    fn arm(&mut self, node: Node<'_>) -> Built<Arm> {
        let mut span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let label = match parts.opt(Rule::arm_label) {
            Some(label) => Some(self.ident(&self.parts(label).need(Rule::ident)?)),
            None => None,
        };
        let pattern = parts.need(Rule::arm_pattern)?;
        if label.is_none() {
            span.range.start = self.span(&pattern).range.start;
        }
        let patterns = match self.parts(pattern).opt(Rule::pattern) {
            None => Vec::new(),
            Some(tuple) => {
                let alternatives = self.parts(tuple).many(Rule::pattern_alts);
                alternatives.into_iter().map(|node| self.pattern(node)).collect::<Built<_>>()?
            }
        };
        let guard = match parts.opt(Rule::arm_guard) {
            Some(guard) => {
                let cond = self.parts(guard).need(Rule::expr)?;
                Some(self.expr(cond)?)
            }
            None => None,
        };
        let inner = parts.some()?;
        let body = match inner.as_rule() {
            Rule::body => self.body(inner)?,
            _ => vec![self.field_arm(inner)?],
        };
        Ok(Arm { docs, label, patterns, guard, body, span })
    }

    fn pattern(&mut self, alternatives: Node<'_>) -> Built<Vec<Pattern>> {
        let atoms = self.parts(alternatives).many(Rule::pattern_atom);
        atoms
            .into_iter()
            .map(|atom| {
                let span = self.trimmed(&atom);
                let Some(inner) = self.parts(atom).any() else { return Ok(Pattern::Any(span)) };
                Ok(match inner.as_rule() {
                    Rule::int => Pattern::Int(self.int(&inner), span),
                    Rule::range_pattern => {
                        let mut parts = self.parts(inner);
                        let (first, last) = (parts.need(Rule::int)?, parts.need(Rule::int)?);
                        Pattern::Range(self.int(&first), self.int(&last), span)
                    }
                    _ => Pattern::Path(self.path(inner)),
                })
            })
            .collect()
    }

    /// `X => Type Name;`, `X => Type;`: a field, named as its type where it has no name.
    fn field_arm(&mut self, node: Node<'_>) -> Built<Member> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        let ty = parts.need(Rule::type_ref)?;
        let ty = self.type_ref(ty)?;
        let name = parts.opt(Rule::ident).map_or_else(|| ty.name.clone(), |name| self.ident(&name));
        let field = self.plain_field(attrs, ty, name, &mut parts)?;
        Ok(Member { docs: Vec::new(), kind: MemberKind::Field(field), span })
    }

    fn plain_field(
        &mut self,
        attrs: Vec<crate::ast::Attr>,
        ty: TypeRef,
        name: crate::ast::Ident,
        parts: &mut Parts<'_>,
    ) -> Built<Field> {
        let arrays = self.arrays(parts)?;
        let declarator = Declarator { pointers: 0, name, arrays, pointer_to_array: false };
        Ok(Field { attrs, ty: TypeSpec::Ref(ty), declarators: vec![declarator], derived: None, marks: Vec::new() })
    }

    fn sized_member(&mut self, node: Node<'_>) -> Built<MemberKind> {
        let mut parts = self.parts(node);
        let size = parts.need(Rule::expr)?;
        let size = self.expr(size)?;
        let inner = parts.some()?;
        let content = match inner.as_rule() {
            Rule::body => SizedContent::Body(self.body(inner)?),
            Rule::match_member => SizedContent::Match(self.match_member(inner)?),
            _ => self.sized_field(inner)?,
        };
        Ok(MemberKind::Sized { size, content })
    }

    fn sized_field(&mut self, node: Node<'_>) -> Built<SizedContent> {
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        let ty = parts.need(Rule::type_ref)?;
        let ty = self.type_ref(ty)?;
        let name = self.ident(&parts.need(Rule::ident)?);
        let mut field = self.plain_field(attrs, ty, name, &mut parts)?;
        let mut transform = Vec::new();
        if let Some(steps) = parts.opt(Rule::transform) {
            for step in self.parts(steps).many(Rule::transform_step) {
                let mut parts = self.parts(step);
                let (what, cond) = (parts.need(Rule::expr)?, parts.need(Rule::expr)?);
                transform.push((self.expr(what)?, self.expr(cond)?));
            }
        }
        let or = parts.opt(Rule::type_ref).map(|ty| self.type_ref(ty)).transpose()?;
        field.marks = self.attrs(&mut parts)?;
        Ok(SizedContent::Field { field: Box::new(field), transform, or })
    }

    fn handle_member(&mut self, node: Node<'_>) -> Built<MemberKind> {
        let mut parts = self.parts(node);
        let mut role = self.parts(parts.need(Rule::handle_role)?);
        let role = if role.word(Rule::kw_input) {
            HandleRole::Input
        } else if role.word(Rule::kw_output) {
            HandleRole::Output { owned: role.word(Rule::kw_owned) }
        } else {
            HandleRole::Response
        };
        let mut objects = Vec::new();
        for path in self.form_args(&mut parts).into_iter().flatten() {
            objects.extend(path.parts);
        }
        Ok(MemberKind::Handle { role, objects, name: self.ident(&parts.need(Rule::ident)?) })
    }

    pub(super) fn bits(&mut self, node: Node<'_>) -> Built<BitsDecl> {
        let mut parts = self.parts(node);
        let name = self.ident(&parts.need(Rule::ident)?);
        let base = parts.need(Rule::type_spec)?;
        let base = self.type_spec(base)?;
        let items = parts.many(Rule::bits_item).into_iter().map(|item| self.bits_item(item)).collect::<Built<_>>()?;
        Ok(BitsDecl { name, base, items })
    }

    fn bits_item(&mut self, node: Node<'_>) -> Built<BitsItem> {
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let inner = parts.some()?;
        let span = self.trimmed(&inner);
        let rule = inner.as_rule();
        let mut parts = self.parts(inner);
        if rule == Rule::bits_reserved {
            let rule = match parts.need(Rule::reserved_rule)?.as_str() {
                "ignore" => ReservedRule::Ignore,
                "zero" => ReservedRule::Zero,
                _ => ReservedRule::Reject,
            };
            return Ok(BitsItem::Reserved(rule, span));
        }
        let name = self.ident(&parts.need(Rule::ident)?);
        if rule == Rule::bits_mask {
            let value = parts.need(Rule::expr)?;
            return Ok(BitsItem::Mask { docs, name, value: self.expr(value)? });
        }
        let width = match parts.opt(Rule::bits_width) {
            Some(width) => self.small_int(&self.parts(width).need(Rule::int)?),
            None => 1,
        };
        let big_endian = parts.word(Rule::kw_bigendian);
        let ty = parts.opt(Rule::ident).map(|ty| self.ident(&ty));
        let at = parts.opt(Rule::int).map(|at| self.small_int(&at));
        Ok(BitsItem::Field { docs, name, width, big_endian, ty, at })
    }

    fn small_int(&mut self, node: &Node<'_>) -> u32 {
        let value = self.int(node);
        u32::try_from(value).unwrap_or_else(|_| {
            let span = self.span(node);
            self.diagnostics.push(Diagnostic::error("R0004", "number too large", span, "does not fit in 32 bits"));
            0
        })
    }

    pub(super) fn enum_base(&mut self, parts: &mut Parts<'_>) -> Built<Option<Box<TypeSpec>>> {
        let Some(base) = parts.opt(Rule::enum_base) else { return Ok(None) };
        let ty = self.parts(base).need(Rule::type_spec)?;
        Ok(Some(Box::new(self.type_spec(ty)?)))
    }

    pub(super) fn enum_decl(&mut self, node: Node<'_>) -> Built<EnumDecl> {
        let mut parts = self.parts(node);
        let name = Some(self.ident(&parts.need(Rule::ident)?));
        let base = self.enum_base(&mut parts)?;
        Ok(EnumDecl { name, base, items: self.enum_items(parts.many(Rule::enum_item))? })
    }
}
