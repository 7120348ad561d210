//! Members of structures.

use super::scope::Entity;
use super::{Lower, attr_text};
use crate::ast::{self, Decl, DeclKind, ExprKind, Ident, MemberKind, SizedContent, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Batch, BitsDef, Conditional, ConstValue, Count, Expr, Extent, Field, Member, Param, Requirement, Role, State,
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
    /// All names with their places, also those of arms.
    pub(crate) seen: Vec<(String, Span)>,
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
    /// Counts with the further lists that they are of.
    pub(crate) counted_too: Vec<(String, String)>,
    /// Inside an alias with forms: what its parameters stand for.
    pub(crate) aliases: Option<Vec<super::forms::FormAlias>>,
    /// Inside an extent `or bytes`: the parameters that its content asked for and that may be unset.
    pub(crate) known: Option<Vec<String>>,
    /// Fields that are handle values, with the objects that they may name.
    pub(crate) handle_values: Vec<(String, Vec<usize>)>,
    /// In an unsolicited reply: what was asked for of objects behind handle values. Field, object, state, place.
    pub(crate) looks_up: Option<Vec<(String, usize, String, Span)>>,
    /// Parameters that are types.
    pub(crate) generics: Vec<super::generics::Given>,
    /// Extents with transforms: the field, and its transforms as written.
    pub(crate) transforms: Vec<super::transforms::Written>,
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
            seen: Vec::new(),
            headed: false,
            is_match: false,
            lost: Vec::new(),
            request: None,
            handles: Vec::new(),
            absent_is_zero: false,
            needs_state: Vec::new(),
            counted_too: Vec::new(),
            aliases: None,
            known: None,
            handle_values: Vec::new(),
            looks_up: None,
            generics: Vec::new(),
            transforms: Vec::new(),
        }
    }
}

impl<'a> Lower<'a> {
    /// Lowers a declaration with a body: structures, objects, batches; notes what is not emitted yet.
    pub(crate) fn structure(&mut self, module: usize, decl: &'a Decl) {
        match &decl.kind {
            DeclKind::Struct(s) if self.is_generic(&s.forms) => {}
            DeclKind::Struct(s) => self.struct_decl(module, decl, s),
            DeclKind::Type(t) => self.form_type(&decl.docs, t),
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
        self.form_params(&s.forms, &mut scene);
        let def = self.struct_body(decl, s, scene);
        self.define(id, TypeKind::Struct(def));
    }

    /// A structure's parameters and members, in a scene that has its forms and types.
    pub(crate) fn struct_body(&mut self, decl: &'a Decl, s: &'a ast::StructDecl, mut scene: Scene<'_>) -> StructDef {
        for param in &s.params {
            if let Some(ty) = self.named(&param.ty, &mut scene)
                && self.claim(&mut scene, &param.name)
            {
                self.check_optional(param, &ty);
                scene.params.push(Param {
                    name: param.name.text.clone(),
                    ty,
                    list: param.list,
                    optional: param.or_unset,
                });
            }
        }
        self.check_plain_body(&s.body);
        let mut def = self.struct_def(&s.body, scene);
        def.max_recursion =
            decl.attrs.iter().find(|attr| attr.name.text == "max_recursion").and_then(|attr| {
                match attr.args.as_ref()?.first()? {
                    ast::AttrArg::Expr(expr) => self.number(expr).and_then(|n| u32::try_from(n).ok()),
                    _ => None,
                }
            });
        def.relative_base = super::has_attr(&decl.attrs, "relative_base");
        def
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
        scene: Scene<'_>,
    ) -> (StructDef, Vec<(String, String)>) {
        let (def, scene) = self.struct_def_in(members, scene);
        (def, scene.needs_state)
    }

    /// The same, with the scene as the body left it.
    pub(super) fn struct_def_in<'s>(
        &mut self,
        members: &[ast::Member],
        mut scene: Scene<'s>,
    ) -> (StructDef, Scene<'s>) {
        scene.is_match = !scene.headed && is_match(members);
        let body = self.members(members, &mut scene);
        let mut def = StructDef { params: std::mem::take(&mut scene.params), body, ..StructDef::default() };
        self.derive(&scene, &mut def);
        (def, scene)
    }

    /// Arguments of structures: as many as parameters, of their kinds. Members: such as Rust has too.
    pub(crate) fn check_uses(&mut self) {
        for (id, member) in std::mem::take(&mut self.asked) {
            let TypeKind::Struct(def) = &self.program.ty(id).kind else { continue };
            let known = is_plain(&def.body, &member.text) || is_discriminant(&def.body, &member.text);
            let label = match (super::find_field(def, &member.text), known) {
                (_, true) => continue,
                (None, _) => format!("`{}` has no such member", self.program.ty(id).name),
                (Some(_), _) => {
                    self.later(&member.span, "members that are derived or not always there");
                    continue;
                }
            };
            self.no_member(&member, &label);
        }
        for (id, given, span) in std::mem::take(&mut self.uses) {
            let params = match &self.program.ty(id).kind {
                TypeKind::Struct(def) => def.params.clone(),
                TypeKind::Enum(_) | TypeKind::Bits(_) | TypeKind::Form(_) => Vec::new(),
            };
            if params.len() != given.len() {
                // As many forms as are wanted are given always.
                let forms = self.forms_of(&self.program.ty(id).name).len();
                let message = match params.len().saturating_sub(forms) {
                    1 => format!("`{}` takes one argument", self.program.ty(id).name),
                    many => format!("`{}` takes {many} arguments", self.program.ty(id).name),
                };
                let label = format!("{} given", given.len().saturating_sub(forms));
                self.diagnostics.push(Diagnostic::error("R0206", message, span, label));
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
            MemberKind::Require { cond, lenient } => {
                if let Some(cond) = self.condition(cond, scene) {
                    body.push(Member::Require(Requirement { cond, lenient: *lenient }));
                }
            }
            MemberKind::Sized { size, content } => self.sized(&member.docs, size, content, scene, body),
            MemberKind::Tail(members) => {
                let inner = self.members(members, scene);
                body.push(Member::Tail(inner));
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
                let index = "InputHandleIndex".to_owned();
                scene.context(Param { name: index, ty: ty.clone(), list: false, optional: false });
                let echo = Ident { text: "InputHandleIndex".to_owned(), span: name.span.clone() };
                push(body, scene, &echo, member.docs.clone(), ty, Role::Echo(name.text.clone()));
            }
            MemberKind::Handle { .. } | MemberKind::Vector(_) => {}
        }
    }

    pub(super) fn field(&mut self, docs: &[String], field: &ast::Field, scene: &mut Scene<'_>, body: &mut Vec<Member>) {
        let Some((base, _)) = self.type_ref(&field.ty, scene) else {
            field.declarators.iter().for_each(|declarator| lost(scene, &declarator.name));
            return;
        };
        for declarator in &field.declarators {
            if let (1, Some(attr)) = (declarator.pointers, super::offsets::at_offset(&field.attrs)) {
                self.referent(docs, (attr, declarator), base.clone(), scene, body);
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
            let Some(role) = self.role(&declarator.name, field.derived.as_ref(), &ty, scene) else {
                lost(scene, &declarator.name);
                continue;
            };
            if field.derived.as_ref().is_some_and(|derived| policy(derived).is_none()) && matches!(role, Role::Plain) {
                // Derived in a way that is not emitted yet, and said so.
                scene.lost.push(declarator.name.text.clone());
            }
            if let Some(objects) = self.handle_value(&field.ty) {
                scene.handle_values.push((declarator.name.text.clone(), objects));
            }
            if let Some(more) = field.derived.as_ref().and_then(|derived| counted_too(&derived.expr)) {
                scene.counted_too.extend(more.into_iter().map(|of| (declarator.name.text.clone(), of)));
            }
            push(body, scene, &declarator.name, docs.to_vec(), ty, role);
            if let Some(Member::Field(last)) = body.last_mut() {
                last.fill = field.marks.iter().any(|mark| mark.name.text == "fill");
                last.order = super::order::order(&field.marks);
                last.piece = super::types::piece_of(&field.ty).map(|stream| stream.text.clone());
            }
            self.byte_order(&field.attrs, scene, body);
            optional_list(body);
        }
    }

    /// What `= ...` after a field says.
    fn role(&mut self, name: &Ident, derived: Option<&ast::Derived>, ty: &Type, scene: &mut Scene<'_>) -> Option<Role> {
        let Some(derived) = derived else { return Some(Role::Plain) };
        if let Some(of) = policy(derived) {
            self.policy(name, of, scene);
            return Some(Role::Plain);
        }
        if let Some(or) = derived.or.first() {
            return self.count_or(derived, or, ty);
        }
        match derivation(&derived.expr) {
            Some(Role::SizeOfThis) if scene.headed => {
                self.diagnostics.push(Diagnostic::error(
                    "R0307",
                    "`this` is a structure, and the body of a ROP is none",
                    derived.expr.span.clone(),
                    "the header before it is not its own",
                ));
                return None;
            }
            Some(Role::SizeOf(names, _)) if names.iter().any(|name| name == "this") => {
                self.later(&derived.expr.span, "sums with the size of the whole structure");
                return Some(Role::Plain);
            }
            Some(role) => return self.holds_derived(&role, ty, &derived.expr.span).then_some(role),
            None => {}
        }
        if is_derivation(&derived.expr) {
            self.later(&derived.expr.span, "derivations of this form");
            return Some(Role::Plain);
        }
        // So many zeros.
        if matches!((ty, &derived.expr.kind), (Type::Bytes(Extent::Count(_)), ExprKind::Int(0))) {
            return Some(Role::Fixed(0));
        }
        match self.value_of(ty, &derived.expr)? {
            ConstValue::Int(value) => Some(Role::Fixed(value)),
            ConstValue::Guid(_) => {
                self.wrong_value(ty, &derived.expr.span);
                None
            }
        }
    }

    /// `= count(X) or 0xFFFF`
    fn count_or(&mut self, derived: &ast::Derived, or: &ast::Expr, ty: &Type) -> Option<Role> {
        let (Some(Role::Count(count)), [_]) = (derivation(&derived.expr), derived.or.as_slice()) else {
            self.diagnostics.push(
                Diagnostic::error("R0321", "a value that stands for none", or.span.clone(), "of what?")
                    .help("write one value behind a count: `= count(X) or 0xFFFF`"),
            );
            return None;
        };
        let ConstValue::Int(none) = self.value_of(ty, or)? else { return None };
        let role = Role::Count(Count { none: Some(none), ..count });
        self.holds_derived(&role, ty, &derived.expr.span).then_some(role)
    }

    /// A count or size stands in an unsigned integer, presence in a boolean.
    fn holds_derived(&mut self, role: &Role, ty: &Type, span: &Span) -> bool {
        let (wanted, fits) = match role {
            Role::Present(_) => ("bool8 or bool16", matches!(ty, Type::Bool(_))),
            _ => (
                "an unsigned integer",
                matches!(ty, Type::Int(kind) if !kind.signed) || matches!(ty, Type::U48Be | Type::IntByForm(_)),
            ),
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
                match or {
                    Some(or) => self.or_bytes(docs, field, or, scene, &mut inner),
                    None => self.field(docs, field, scene, &mut inner),
                }
                self.transform(transform, body, &mut inner, scene);
            }
        }
        body.push(Member::Sized(size, inner));
    }

    /// `bits X : uint16 { .. }` in place: a type named after structure and field.
    fn bits_in_place(&mut self, docs: &[String], bits: &ast::BitsDecl, scene: &mut Scene<'_>, body: &mut Vec<Member>) {
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
}

/// A field that is there whatever the others are, and no other decides.
pub(crate) fn is_plain(body: &[Member], name: &str) -> bool {
    body.iter().any(|member| match member {
        Member::Field(field) => field.name == name && matches!(field.role, Role::Plain) && field.at.is_none(),
        Member::Sized(_, inner) | Member::Tail(inner) => is_plain(inner, name),
        _ => false,
    })
}

/// A field that the variant of a match of the same structure decides.
fn is_discriminant(body: &[Member], name: &str) -> bool {
    body.iter().any(|member| match member {
        Member::Field(field) => field.name == name && matches!(field.role, Role::Discriminant(_)),
        Member::Sized(_, inner) | Member::Tail(inner) => is_discriminant(inner, name),
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
                "count" => Some(Role::Count(Count { of: names.first()?.clone(), none: None })),
                "present" => Some(Role::Present(names.first()?.clone())),
                "sizeof" if names.first().is_some_and(|n| n == "following") => Some(Role::SizeOfFollowing),
                "sizeof" if names == ["this"] => Some(Role::SizeOfThis),
                "sizeof" => Some(Role::SizeOf(names, 0)),
                "plainsize" => Some(Role::PlainSize(names.first()?.clone())),
                _ => None,
            }
        }
        ExprKind::Binary(op @ (ast::BinaryOp::Add | ast::BinaryOp::Sub), a, b) => {
            let adds = *op == ast::BinaryOp::Add;
            match (derivation(a), derivation(b), &b.kind) {
                (Some(Role::SizeOf(mut names, n)), Some(Role::SizeOf(more, m)), _) if adds => {
                    names.extend(more);
                    Some(Role::SizeOf(names, n.checked_add(m)?))
                }
                (Some(Role::SizeOf(names, n)), None, ExprKind::Int(m)) => {
                    let m = i64::try_from(*m).ok()?;
                    Some(Role::SizeOf(names, if adds { n.checked_add(m)? } else { n.checked_sub(m)? }))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What `= policy(X)` is about.
fn policy(derived: &ast::Derived) -> Option<&ast::Expr> {
    match &derived.expr.kind {
        ExprKind::Call(f, args) => match (&f.kind, args.as_slice()) {
            (ExprKind::Name(name), [of]) if name.text == "policy" && derived.or.is_empty() => Some(of),
            _ => None,
        },
        _ => None,
    }
}

/// The lists behind the first of `count(a, b)`.
fn counted_too(expr: &ast::Expr) -> Option<Vec<String>> {
    let ExprKind::Call(f, args) = &expr.kind else { return None };
    let counts = matches!(&f.kind, ExprKind::Name(name) if name.text == "count");
    let name = |arg: &ast::Expr| if let ExprKind::Name(name) = &arg.kind { Some(name.text.clone()) } else { None };
    counts.then(|| args.iter().skip(1).filter_map(name).collect())
}

/// A list whose count has a value for none, pushed last: it is there where the count has another value.
fn optional_list(body: &mut Vec<Member>) {
    let Some(Member::Field(Field { name, ty: Type::Array(_, extent) | Type::Bytes(extent), .. })) = body.last() else {
        return;
    };
    let Extent::Count(Expr::Field(length)) = extent else { return };
    let counts = |member: &Member| match member {
        Member::Field(Field { name: of, role: Role::Count(count), .. }) if of == length && count.of == *name => {
            count.none
        }
        _ => None,
    };
    let Some(none) = body.iter().find_map(counts) else { return };
    let (length, text) = (length.clone(), format!("{length} != {none:#x}"));
    let Some(list) = body.pop() else { return };
    let cond = Expr::Binary(ast::BinaryOp::Ne, Box::new(Expr::Field(length)), Box::new(Expr::Int(none)));
    body.push(Member::If(Conditional { cond, text, then: vec![list], otherwise: Vec::new() }));
}

/// The expression derives something, in a form that is not emitted yet.
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
pub(crate) fn lost(scene: &mut Scene<'_>, name: &Ident) {
    scene.fields.push((name.text.clone(), Type::Later, false));
    scene.lost.push(name.text.clone());
}

fn push(body: &mut Vec<Member>, scene: &mut Scene<'_>, name: &Ident, docs: Vec<String>, ty: Type, role: Role) {
    let list = matches!(ty, Type::Array(..));
    scene.fields.push((name.text.clone(), ty.clone(), list));
    body.push(Member::Field(Field { role, ..Field::plain(&name.text, docs, ty) }));
}
