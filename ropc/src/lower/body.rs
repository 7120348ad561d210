//! Members of structures.

use super::scope::Entity;
use super::{Lower, attr_text};
use crate::ast::{self, Decl, DeclKind, ExprKind, Ident, MemberKind, SizedContent, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Arm, Batch, BitsDef, Conditional, ConstValue, Discriminant, Expr, Field, Layout, Match, Member, Param, Pattern, Role, State,
    StructDef, Type, TypeDef, TypeId, TypeKind,
};

/// What is in sight while a body is lowered.
pub(crate) struct Scene<'a> {
    /// For messages and for the names of types in place.
    pub(crate) owner: String,
    pub(crate) module: usize,
    pub(crate) span: Span,
    /// Parameters, declared and found (`request.X`, `Table.Columns`).
    pub(crate) params: Vec<Param>,
    /// Fields so far: name, type, list.
    pub(crate) fields: Vec<(String, Type, bool)>,
    /// The handle whose object's state the body may read.
    pub(crate) reads: Option<String>,
    /// Parameters found, with where they come from.
    pub(crate) contexts: Vec<(String, String)>,
    /// Names in Rust so far, with name and place in the description.
    pub(crate) claimed: Vec<(String, String, Span)>,
    /// Header fields stand before the body.
    pub(crate) headed: bool,
    /// Nothing but a discriminant and its match.
    pub(crate) is_match: bool,
    /// Fields that are reported already.
    pub(crate) lost: Vec<String>,
    /// The request that a reply answers.
    pub(crate) request: Option<&'a StructDef>,
    /// Handles of the ROP and their objects.
    pub(crate) handles: Vec<(String, usize)>,
    /// What a size or count names may be missing, and counts as nothing then: a body that begins with
    /// what all replies of a ROP have.
    pub(crate) absent_is_zero: bool,
    /// State of handles that was asked for.
    pub(crate) needs_state: Vec<(String, String)>,
}

impl Scene<'_> {
    pub(crate) fn new(owner: &str, module: usize, span: &Span) -> Self {
        Self {
            owner: owner.to_owned(),
            module,
            span: span.clone(),
            params: Vec::new(),
            fields: Vec::new(),
            reads: None,
            contexts: Vec::new(),
            claimed: Vec::new(),
            headed: false,
            is_match: false,
            lost: Vec::new(),
            request: None,
            handles: Vec::new(),
            absent_is_zero: false,
            needs_state: Vec::new(),
        }
    }
}

impl<'a> Lower<'a> {
    /// Lowers a declaration with a body: structures, objects, batches; notes what is not emitted yet.
    pub(crate) fn structure(&mut self, module: usize, decl: &'a Decl) {
        match &decl.kind {
            DeclKind::Struct(s) if s.forms.is_empty() => self.struct_decl(module, decl, s),
            DeclKind::Struct(s) => self.later(&s.name.span, "structures with wire forms"),
            DeclKind::Form(f) => self.later(&f.name.span, "wire forms"),
            DeclKind::Stream(s) => self.later(&s.name.span, "streams"),
            DeclKind::Map(m) => self.later(&m.name.span, "maps between forms"),
            DeclKind::Object(o) => self.object(o),
            DeclKind::Batch(b) => self.program.batches.push(Batch {
                name: b.name.text.clone(),
                module,
                docs: decl.docs.clone(),
                spec: attr_text(&decl.attrs, "spec"),
                replies: b.body.iter().any(is_replies),
            }),
            _ => {}
        }
    }

    fn object(&mut self, o: &'a ast::ObjectDecl) {
        let Some(Entity::Object(id)) = self.scope.get(&o.name.text) else { return };
        let id = *id;
        let mut state = Vec::new();
        for item in &o.state {
            let mut scene = Scene::new(&o.name.text, 0, &item.name.span);
            let Some(ty) = self.named(&item.ty, &mut scene) else { continue };
            let optional =
                matches!(&item.initial, Some(e) if matches!(&e.kind, ExprKind::Name(n) if n.text == "unset"));
            let initial = match &item.initial {
                Some(value) if !optional => self.value_of(&ty, value),
                _ => None,
            };
            state.push(State {
                name: item.name.text.clone(),
                docs: item.docs.clone(),
                ty,
                list: item.list,
                optional,
                initial,
                span: item.name.span.clone(),
            });
        }
        if let Some(object) = self.program.objects.get_mut(id) {
            object.state = state;
        }
    }

    fn struct_decl(&mut self, module: usize, decl: &'a Decl, s: &'a ast::StructDecl) {
        let Some(id) = self.declared(&s.name) else { return };
        let mut scene = Scene::new(&s.name.text, module, &s.name.span);
        for param in &s.params {
            if let Some(ty) = self.named(&param.ty, &mut scene)
                && self.claim(&mut scene, &param.name)
            {
                scene.params.push(Param { name: param.name.text.clone(), ty, list: param.list });
            }
        }
        self.check_plain_body(&s.body);
        let mut def = self.struct_def(&s.body, scene);
        def.max_recursion = decl.attrs.iter().find(|attr| attr.name.text == "max_recursion").and_then(|attr| {
            match attr.args.as_ref()?.first()? {
                ast::AttrArg::Expr(expr) => self.number(expr).and_then(|n| u32::try_from(n).ok()),
                _ => None,
            }
        });
        self.define(id, TypeKind::Struct(def));
    }

    /// Lowers a body and finds out what is derived in it.
    pub(crate) fn struct_def(&mut self, members: &[ast::Member], mut scene: Scene<'_>) -> StructDef {
        scene.is_match = !scene.headed && is_match(members);
        let body = self.members(members, &mut scene);
        let vectors = members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Vector(vector) => Some(vector.clone()),
                _ => None,
            })
            .collect();
        let mut def = StructDef { params: std::mem::take(&mut scene.params), body, vectors, ..StructDef::default() };
        self.derive(&scene, &mut def);
        def
    }

    /// The same, with the state that the body asked for.
    pub(crate) fn struct_def_with_state(
        &mut self,
        members: &[ast::Member],
        mut scene: Scene<'_>,
    ) -> (StructDef, Vec<(String, String)>) {
        scene.is_match = !scene.headed && is_match(members);
        let body = self.members(members, &mut scene);
        let mut def = StructDef { params: std::mem::take(&mut scene.params), body, ..StructDef::default() };
        self.derive(&scene, &mut def);
        (def, scene.needs_state)
    }

    /// Arguments of structures: as many as parameters, of their kinds. Members: such as Rust has too.
    pub(crate) fn check_uses(&mut self) {
        for (id, member) in std::mem::take(&mut self.asked) {
            let TypeKind::Struct(def) = &self.program.ty(id).kind else { continue };
            let label = match (super::find_field(def, &member.text), is_plain(&def.body, &member.text)) {
                (_, true) => continue,
                (None, _) => format!("`{}` has no such member", self.program.ty(id).name),
                (Some(_), _) => "not always there, or derived: its value is not kept".to_owned(),
            };
            self.no_member(&member, &label);
        }
        for (id, given, span) in std::mem::take(&mut self.uses) {
            let params = match &self.program.ty(id).kind {
                TypeKind::Struct(def) => def.params.clone(),
                TypeKind::Enum(_) | TypeKind::Bits(_) => Vec::new(),
            };
            if params.len() != given.len() {
                let message = format!("`{}` takes {} arguments", self.program.ty(id).name, params.len());
                self.diagnostics.push(Diagnostic::error("R0206", message, span, format!("{} given", given.len())));
                continue;
            }
            for (param, kind) in params.iter().zip(given) {
                if let Some(kind) = kind {
                    self.check_argument(&kind, param, &span);
                }
            }
        }
    }

    pub(crate) fn members(&mut self, members: &[ast::Member], scene: &mut Scene<'_>) -> Vec<Member> {
        let mut body = Vec::new();
        for member in members {
            scene.span = member.span.clone();
            self.lower_member(member, scene, &mut body);
        }
        body
    }

    fn lower_member(&mut self, member: &ast::Member, scene: &mut Scene<'_>, body: &mut Vec<Member>) {
        match &member.kind {
            MemberKind::Field(field) => self.field(&member.docs, field, scene, body),
            MemberKind::If { cond, then, otherwise } => {
                let Some(lowered) = self.condition(cond, scene) else { return };
                let then = self.members(then, scene);
                let otherwise = self.members(otherwise, scene);
                body.push(Member::If(Conditional { cond: lowered, text: String::new(), then, otherwise }));
            }
            MemberKind::Match(m) => {
                if let Some(m) = self.lower_match(m, scene) {
                    body.push(Member::Match(m));
                }
            }
            MemberKind::Let(name, expr) => {
                let lowered = self.expr(expr, scene);
                let typed = lowered.and_then(|lowered| Some((self.let_type(&lowered, scene, &expr.span)?, lowered)));
                let Some((ty, lowered)) = typed else { return lost(scene, name) };
                if !self.claim(scene, name) {
                    return;
                }
                scene.fields.push((name.text.clone(), ty.clone(), false));
                body.push(Member::Let(name.text.clone(), lowered, ty));
            }
            MemberKind::Require { cond, .. } => {
                if let Some(cond) = self.condition(cond, scene) {
                    body.push(Member::Require(cond));
                }
            }
            MemberKind::Sized { size, content } => self.sized(&member.docs, size, content, scene, body),
            MemberKind::Tail(members) => {
                self.later(&member.span, "tails");
                body.extend(self.members(members, scene));
            }
            MemberKind::Bits(bits) => self.bits_in_place(&member.docs, bits, scene, body),
            MemberKind::Const { ty, name, value, .. } => {
                let Some(ty) = self.named(ty, scene) else { return };
                if let Some(value) = self.value_of(&ty, value)
                    && self.claim(scene, name)
                {
                    push(body, scene, name, member.docs.clone(), ty, Role::Const(value));
                }
            }
            MemberKind::Echo(name) => {
                let ty = Type::Int(crate::model::IntKind { size: 1, signed: false });
                scene.context(Param { name: "InputHandleIndex".to_owned(), ty: ty.clone(), list: false });
                let echo = Ident { text: "InputHandleIndex".to_owned(), span: name.span.clone() };
                push(body, scene, &echo, member.docs.clone(), ty, Role::Echo(name.text.clone()));
            }
            MemberKind::Handle { .. } | MemberKind::Vector(_) => {}
        }
    }

    fn field(&mut self, docs: &[String], field: &ast::Field, scene: &mut Scene<'_>, body: &mut Vec<Member>) {
        let Some((base, _)) = self.type_ref(&field.ty, scene) else {
            field.declarators.iter().for_each(|declarator| lost(scene, &declarator.name));
            return;
        };
        for declarator in &field.declarators {
            let at_offset = field.attrs.iter().find(|a| a.name.text.starts_with("relative") || a.name.text == "offset_at");
            if let (true, Some(attr)) = (declarator.pointers > 0, at_offset) {
                self.later(&attr.span, "fields at offsets");
                push(body, scene, &declarator.name, docs.to_vec(), Type::Later, Role::Plain);
                continue;
            }
            if declarator.pointers > 0 {
                self.diagnostics.push(Diagnostic::error(
                    "R0207",
                    "encoding(mapi) has no pointers",
                    declarator.name.span.clone(),
                    "write the value itself, perhaps inside an `if`",
                ));
                continue;
            }
            let Some(ty) = self.arrays(base.clone(), &declarator.arrays, scene) else {
                lost(scene, &declarator.name);
                continue;
            };
            if !self.claim(scene, &declarator.name) {
                continue;
            }
            let Some(role) = self.role(field.derived.as_ref(), &ty) else {
                lost(scene, &declarator.name);
                continue;
            };
            push(body, scene, &declarator.name, docs.to_vec(), ty, role);
            if let Some(Member::Field(last)) = body.last_mut() {
                last.fill = field.marks.iter().any(|mark| mark.name.text == "fill");
            }
        }
    }

    /// What `= ...` after a field says.
    fn role(&mut self, derived: Option<&ast::Derived>, ty: &Type) -> Option<Role> {
        let Some(derived) = derived else { return Some(Role::Plain) };
        if let Some(or) = derived.or.first() {
            self.later(&or.span, "counts with a value of their own");
            return None;
        }
        match derivation(&derived.expr) {
            Some(Role::SizeOf(names, _)) if names.iter().any(|name| name == "this") => {
                self.later(&derived.expr.span, "sizes of the whole structure");
                return Some(Role::Plain);
            }
            Some(role) => return self.holds_derived(&role, ty, &derived.expr.span).then_some(role),
            None => {}
        }
        if is_derivation(&derived.expr) {
            self.later(&derived.expr.span, "derivations of this form");
            return Some(Role::Plain);
        }
        match self.value_of(ty, &derived.expr)? {
            ConstValue::Int(value) => Some(Role::Fixed(value)),
            ConstValue::Guid(_) => {
                self.wrong_value(ty, &derived.expr.span);
                None
            }
        }
    }

    /// A count or size stands in an unsigned integer, presence in a boolean.
    fn holds_derived(&mut self, role: &Role, ty: &Type, span: &Span) -> bool {
        let (wanted, fits) = match role {
            Role::Present(_) => ("bool8 or bool16", matches!(ty, Type::Bool(_))),
            _ => ("an unsigned integer", matches!(ty, Type::Int(kind) if !kind.signed) || matches!(ty, Type::U48Be)),
        };
        if !fits && !matches!(ty, Type::Later) {
            self.diagnostics.push(Diagnostic::error(
                "R0312",
                "the field cannot hold what it is derived from",
                span.clone(),
                format!("the field has to be {wanted}"),
            ));
        }
        fits
    }

    fn sized(
        &mut self,
        docs: &[String],
        size: &ast::Expr,
        content: &SizedContent,
        scene: &mut Scene<'_>,
        body: &mut Vec<Member>,
    ) {
        let Some(size) = self.length(size, scene) else { return };
        let mut inner = Vec::new();
        match content {
            SizedContent::Body(members) => inner = self.members(members, scene),
            SizedContent::Match(m) => inner.extend(self.lower_match(m, scene).map(Member::Match)),
            SizedContent::Field { field, transform, or } => {
                if let Some((expr, _)) = transform.first() {
                    self.later(&expr.span, "transforms");
                }
                if let Some(or) = or {
                    self.later(&or.span, "extents that fall back to bytes");
                }
                self.field(docs, field, scene, &mut inner);
            }
        }
        body.push(Member::Sized(size, inner));
    }

    /// `bits X : uint16 { .. }` in place: a type named after structure and field.
    fn bits_in_place(
        &mut self,
        docs: &[String],
        bits: &ast::BitsDecl,
        scene: &mut Scene<'_>,
        body: &mut Vec<Member>,
    ) {
        let Some(def) = self.bits(bits) else { return };
        if !self.claim(scene, &bits.name) {
            return;
        }
        let ty = self.add_bits(&format!("{}{}", scene.owner, bits.name.text), scene.module, docs, &bits.name, def);
        push(body, scene, &bits.name, docs.to_vec(), Type::Named(ty, Vec::new()), Role::Plain);
    }

    fn add_bits(&mut self, name: &str, module: usize, docs: &[String], at: &Ident, def: BitsDef) -> TypeId {
        let id = TypeId(self.program.types.len());
        self.program.types.push(TypeDef {
            name: name.to_owned(),
            module,
            docs: docs.to_vec(),
            spec: None,
            span: at.span.clone(),
            kind: TypeKind::Bits(def),
        });
        self.name(&Ident { text: name.to_owned(), span: at.span.clone() }, Entity::Type(id));
        id
    }

    fn lower_match(&mut self, m: &ast::Match, scene: &mut Scene<'_>) -> Option<Match> {
        let mut on = Vec::new();
        for expr in &m.on {
            let lowered = self.expr(expr, scene)?;
            let Some(ty) = self.type_of(&lowered, scene).filter(|ty| self.is_discriminant(ty)) else {
                self.diagnostics.push(Diagnostic::error(
                    "R0305",
                    "nothing to match on",
                    expr.span.clone(),
                    "expected a number, a condition, an enumeration or a bit record",
                ));
                return None;
            };
            let name = match &lowered {
                Expr::Field(name) | Expr::Param(name) | Expr::Bits(_, _, name) => name.clone(),
                _ => "Discriminant".to_owned(),
            };
            on.push(Discriminant { expr: lowered, name, ty, derived: false });
        }
        let field = match &m.name {
            Some(name) => name.text.clone(),
            // A field of the same structure has the discriminant's name already.
            None => match on.first() {
                Some(Discriminant { expr: Expr::Bits(..), name, .. }) => name.clone(),
                _ => "Value".to_owned(),
            },
        };
        let at = m.name.as_ref().map_or_else(|| scene.span.clone(), |name| name.span.clone());
        let name = Ident { text: field.clone(), span: at };
        // A structure that is its match has no field of this name.
        if (m.name.is_some() || !scene.is_match) && !self.claim(scene, &name) {
            return None;
        }
        let claimed = scene.claimed.len();
        for discriminant in &on {
            // Arms of several values keep it beside their own fields.
            let rust = crate::emit::names::snake_text(&discriminant.name);
            if !scene.claimed.iter().any(|(known, ..)| *known == rust) {
                scene.claimed.push((rust, discriminant.name.clone(), scene.span.clone()));
            }
        }
        if let Some(empty) = m.arms.is_empty().then(|| scene.span.clone()) {
            self.diagnostics.push(Diagnostic::error("R0314", "a match without arms", empty, "nothing can be decoded"));
            return None;
        }
        let mut arms: Vec<(Arm, Span)> = Vec::new();
        for arm in &m.arms {
            let lowered = self.arm(arm, &on, scene);
            if let (Some(lowered), Some(label)) = (&lowered, &arm.label)
                && lowered.name.trim_matches('_').is_empty()
            {
                self.reserved(&lowered.name, &label.span, "a name needs a letter");
            }
            let Some(lowered) = lowered else { continue };
            let rust = crate::emit::names::verbatim(&lowered.name);
            if let Some(other) = arms.iter().find(|(a, _)| crate::emit::names::verbatim(&a.name) == rust) {
                let span = arm.label.as_ref().map_or(&arm.span, |label| &label.span);
                let (first, at) = (other.0.name.clone(), other.1.clone());
                self.one_in_rust((&lowered.name, span), (&first, &at), &rust.to_string());
            }
            let span = arm.label.as_ref().map_or(&arm.span, |label| &label.span);
            arms.push((lowered, span.clone()));
        }
        scene.claimed.truncate(claimed);
        if arms.len() < m.arms.len() {
            return None;
        }
        self.unreachable_arms(&on, &arms);
        let arms = arms.into_iter().map(|(arm, _)| arm).collect();
        Some(Match {
            enum_name: format!("{}{field}", scene.owner),
            field,
            on,
            arms,
            layout: Layout::default(),
            docs: Vec::new(),
        })
    }

    /// Values of the type can be told apart by patterns.
    fn is_discriminant(&self, ty: &Type) -> bool {
        match ty {
            Type::Int(_) | Type::Bool(_) | Type::U48Be | Type::Later => true,
            Type::Named(id, _) => !matches!(self.program.ty(*id).kind, TypeKind::Struct(_)),
            _ => false,
        }
    }

    /// A pattern that no value of the discriminant fits by its kind or size.
    fn wrong_pattern(&mut self, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error(
            "R0316",
            "a pattern that the discriminant cannot have",
            span.clone(),
            label,
        ));
    }

    fn arm(&mut self, arm: &ast::Arm, on: &[Discriminant], scene: &mut Scene<'_>) -> Option<Arm> {
        if !arm.patterns.is_empty() && arm.patterns.len() != on.len() {
            self.diagnostics.push(Diagnostic::error(
                "R0306",
                format!("{} patterns for {} discriminants", arm.patterns.len(), on.len()),
                arm.span.clone(),
                "give one pattern a discriminant",
            ));
            return None;
        }
        let mut patterns = Vec::new();
        for (alternatives, discriminant) in arm.patterns.iter().zip(on) {
            let mut lowered = Vec::new();
            for pattern in alternatives {
                lowered.push(self.pattern(pattern, discriminant)?);
            }
            patterns.push(lowered);
        }
        let guard = match &arm.guard {
            Some(guard) => Some(self.condition(guard, scene)?),
            None => None,
        };
        let (fields, claimed) = (scene.fields.len(), scene.claimed.len());
        let body = self.members(&arm.body, scene);
        scene.fields.truncate(fields);
        scene.claimed.truncate(claimed);
        let name = match (&arm.label, patterns.first().and_then(|p| p.first())) {
            (Some(label), _) => label.text.clone(),
            (None, Some(Pattern::Const(_, name, _))) => name.clone(),
            (None, Some(Pattern::Bool(true))) => "Yes".to_owned(),
            (None, Some(Pattern::Bool(false))) => "No".to_owned(),
            (None, Some(Pattern::Int(value) | Pattern::Range(value, _))) => format!("Value{value:X}"),
            (None, Some(Pattern::Any) | None) => "Other".to_owned(),
        };
        Some(Arm { name, docs: arm.docs.clone(), patterns, body, guard, keeps: Vec::new() })
    }

    fn pattern(&mut self, pattern: &ast::Pattern, on: &Discriminant) -> Option<Pattern> {
        Some(match pattern {
            ast::Pattern::Any(_) => Pattern::Any,
            ast::Pattern::Int(_, span) | ast::Pattern::Range(_, _, span) if matches!(on.ty, Type::Bool(_)) => {
                self.wrong_pattern(span, "expected `true` or `false`");
                return None;
            }
            ast::Pattern::Range(from, to, span) if from > to => {
                self.wrong_pattern(span, "the range is empty: its end stands before its beginning");
                return None;
            }
            ast::Pattern::Int(value, span) | ast::Pattern::Range(_, value, span) => {
                let int = match &on.ty {
                    Type::Int(kind) => Some(*kind),
                    Type::Named(id, _) => match &self.program.ty(*id).kind {
                        TypeKind::Enum(e) => Some(e.base),
                        TypeKind::Bits(b) => Some(b.base),
                        TypeKind::Struct(_) => None,
                    },
                    _ => None,
                };
                if let Some(kind) = int
                    && *value > super::values::largest(kind)
                {
                    self.diagnostics.push(Diagnostic::error(
                        "R0104",
                        format!("{value:#x} does not fit {} bits", u32::from(kind.size) * 8),
                        span.clone(),
                        "the discriminant never has this value",
                    ));
                }
                match pattern {
                    ast::Pattern::Range(from, to, _) => Pattern::Range(*from, *to),
                    _ => Pattern::Int(*value),
                }
            }
            ast::Pattern::Path(path) => {
                let name = path.parts.last()?;
                match name.text.as_str() {
                    "true" | "false" if !matches!(on.ty, Type::Bool(_) | Type::Later) => {
                        self.wrong_pattern(&name.span, "the discriminant is no condition");
                        return None;
                    }
                    "true" => return Some(Pattern::Bool(true)),
                    "false" => return Some(Pattern::Bool(false)),
                    _ => {}
                }
                let of = match &on.ty {
                    Type::Named(id, _) => Some(*id),
                    _ => None,
                };
                match (self.scope.constant(&name.text, of), self.scope.get(&name.text), &on.ty) {
                    (Some((id, value)), _, Type::Named(..)) => Pattern::Const(id, name.text.clone(), value),
                    (Some((_, value)), _, Type::Int(_)) => Pattern::Int(value),
                    (_, Some(Entity::Const(ConstValue::Int(value))), Type::Int(_)) => Pattern::Int(*value),
                    _ => {
                        self.unknown("constant of the discriminant's type", name);
                        return None;
                    }
                }
            }
        })
    }
}

/// A field that is there whatever the others are, and no other decides.
pub(crate) fn is_plain(body: &[Member], name: &str) -> bool {
    body.iter().any(|member| match member {
        Member::Field(field) => field.name == name && matches!(field.role, Role::Plain),
        Member::Sized(_, inner) => is_plain(inner, name),
        _ => false,
    })
}

/// A body of nothing but a match, perhaps behind its discriminant.
fn is_match(members: &[ast::Member]) -> bool {
    let mut kinds = members.iter().map(|member| &member.kind).filter(|kind| !matches!(kind, MemberKind::Vector(_)));
    matches!(
        (kinds.next(), kinds.next(), kinds.next()),
        (Some(MemberKind::Match(_)), None, None) | (Some(MemberKind::Field(_)), Some(MemberKind::Match(_)), None)
    )
}

/// `replies Ops[rest];`, in an extent or not.
fn is_replies(member: &ast::Member) -> bool {
    let field = match &member.kind {
        MemberKind::Field(field) => field,
        MemberKind::Sized { content: SizedContent::Field { field, .. }, .. } => field,
        _ => return false,
    };
    matches!(&field.ty, ast::TypeSpec::Ref(r) if r.name.text == "replies")
}

/// `count(x)`, `sizeof(x)`, `sizeof(following)`, `present(x)`, sums with numbers.
fn derivation(expr: &ast::Expr) -> Option<Role> {
    match &expr.kind {
        ExprKind::Call(f, args) => {
            let ExprKind::Name(function) = &f.kind else { return None };
            let names: Option<Vec<String>> = args
                .iter()
                .map(|arg| match &arg.kind {
                    ExprKind::Name(name) => Some(name.text.clone()),
                    _ => None,
                })
                .collect();
            let names = names?;
            match function.text.as_str() {
                "count" => Some(Role::Count(names.first()?.clone())),
                "present" => Some(Role::Present(names.first()?.clone())),
                "sizeof" if names.first().is_some_and(|n| n == "following") => Some(Role::SizeOfFollowing),
                "sizeof" => Some(Role::SizeOf(names, 0)),
                _ => None,
            }
        }
        ExprKind::Binary(ast::BinaryOp::Add, a, b) => match (derivation(a), derivation(b), &b.kind) {
            (Some(Role::SizeOf(mut names, n)), Some(Role::SizeOf(more, m)), _) => {
                names.extend(more);
                Some(Role::SizeOf(names, n + m))
            }
            (Some(Role::SizeOf(names, n)), None, ExprKind::Int(m)) => Some(Role::SizeOf(names, n + m)),
            _ => None,
        },
        _ => None,
    }
}

/// The expression derives something, in a form that is not emitted yet: `sizeof(x) - 1`, `policy(p)`.
fn is_derivation(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(f, _) => {
            matches!(&f.kind, ExprKind::Name(name)
                if matches!(name.text.as_str(), "count" | "sizeof" | "present" | "plainsize" | "policy"))
        }
        ExprKind::Binary(_, a, b) => is_derivation(a) || is_derivation(b),
        _ => false,
    }
}

/// A field that is reported already: what names it is no mistake too.
fn lost(scene: &mut Scene<'_>, name: &Ident) {
    scene.fields.push((name.text.clone(), Type::Later, false));
    scene.lost.push(name.text.clone());
}

fn push(body: &mut Vec<Member>, scene: &mut Scene<'_>, name: &Ident, docs: Vec<String>, ty: Type, role: Role) {
    let list = matches!(ty, Type::Array(..));
    scene.fields.push((name.text.clone(), ty.clone(), list));
    body.push(Member::Field(Field {
        name: name.text.clone(),
        docs,
        ty,
        role,
        boxed: false,
        fill: false,
        selects: false,
        derived_bits: Vec::new(),
    }));
}
