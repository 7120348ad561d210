//! What is derived: discriminants from variants, presence bits from options.

use std::collections::HashMap;

use super::Lower;
use super::body::Scene;
use super::rust_names::STRUCTURE_METHODS;
use super::values::field_mask;
use crate::diagnostic::Diagnostic;
use crate::emit::names::snake_text;
use crate::model::{
    BitsSource, Count, DerivedBits, Discriminant, Ending, Expr, Extent, Field, Match, Member, Pattern, Role, StructDef,
    Text, Type, TypeId, TypeKind, Width,
};

impl Lower<'_> {
    /// Finds out what is derived in a body, and checks that what derivations name is there.
    pub(crate) fn derive(&mut self, scene: &Scene<'_>, def: &mut StructDef) {
        let owner = &scene.owner;
        if !scene.absent_is_zero {
            self.check_derivations(scene, &def.body);
            self.check_plain_sizes(scene, &def.body);
        }
        let mut matches = Vec::new();
        own_matches(&def.body, &mut matches);
        for (field, on) in matches {
            for (index, discriminant) in on.iter().enumerate() {
                let taken = |name: &str| {
                    let role = |member: &Member| matches!(member, Member::Field(f) if f.name == name && matches!(f.role, Role::Discriminant(_)));
                    def.body.iter().any(role)
                };
                let taken_bits = |name: &str, sub: &str| {
                    let by_match = |bits: &DerivedBits| bits.name == sub && matches!(bits.from, BitsSource::Match(_));
                    let member = |member: &Member| matches!(member, Member::Field(f) if f.name == name && f.derived_bits.iter().any(by_match));
                    def.body.iter().any(member)
                };
                if let Some(name) = match &discriminant.expr {
                    Expr::Field(name) if taken(name) => Some(name.clone()),
                    Expr::Bits(base, _, sub) => match base.as_ref() {
                        Expr::Field(name) if taken_bits(name, sub) => Some(format!("{name}.{sub}")),
                        _ => None,
                    },
                    _ => None,
                } {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "R0318",
                            format!("a second match on `{name}`"),
                            scene.span_of(&field),
                            "the field is the first one's already",
                        )
                        .help("put what both decide into the arms of one, or give the second a structure with a parameter"),
                    );
                    continue;
                }
                let derived = match &discriminant.expr {
                    Expr::Field(name) => set_role(&mut def.body, name, &Role::Discriminant(field.clone())),
                    Expr::Bits(base, id, sub) => match base.as_ref() {
                        Expr::Field(name) => {
                            let from = BitsSource::Match(field.clone());
                            self.derive_bits(&mut def.body, name, *id, sub, from)
                        }
                        _ => false,
                    },
                    _ => false,
                };
                if derived {
                    each_match_mut(&mut def.body, &mut |m| {
                        if m.field == field
                            && let Some(d) = m.on.get_mut(index)
                        {
                            d.derived = true;
                        }
                    });
                }
            }
        }
        each_match_mut(&mut def.body, &mut keep_open_discriminants);
        self.derive_presence(def);
        def.is_enum = match def.body.as_slice() {
            [Member::Match(_)] => true,
            [Member::Field(Field { role: Role::Discriminant(_), .. }), Member::Match(m)] => m.on.len() == 1,
            _ => false,
        } && !scene.headed;
        if def.is_enum {
            name_after_structure(owner, &mut def.body);
        }
        mark_selectors(&mut def.body);
        self.check_transforms(scene, def);
        self.check_methods(scene, def);
        self.check_extents(scene, &def.body, &def.body);
        self.check_own_size(scene, &def.body);
        self.check_offsets(scene, def);
    }

    /// Where the size of the whole decides whether members without a Rust field are there, nothing says how
    /// large the whole is.
    fn check_own_size(&mut self, scene: &Scene<'_>, body: &[Member]) {
        let mut sizes = Vec::new();
        each_field(body, &mut |field| {
            if matches!(field.role, Role::SizeOfThis) {
                sizes.push(field.name.clone());
            }
        });
        let Some(size) = sizes.first().cloned() else { return };
        if circular(body, &mut sizes) {
            let span = scene.span_of(&size);
            self.diagnostics.push(
                Diagnostic::error(
                    "R0330",
                    "a size that depends on itself",
                    span,
                    "whether members follow depends on it",
                )
                .help("let the caller choose: a field that is not derived makes its members options"),
            );
        }
    }

    /// The size of an extent comes from what stands in it, or from outside: two that the caller chooses could
    /// disagree.
    fn check_extents(&mut self, scene: &Scene<'_>, body: &[Member], whole: &[Member]) {
        for member in body {
            match member {
                Member::Sized(size, inner) => {
                    let mut known = false;
                    walk(size, &mut |expr| match expr {
                        Expr::Param(_) => known = true,
                        Expr::Field(name) => each_field(whole, &mut |field| {
                            let derived = matches!(
                                field.role,
                                Role::SizeOf(..) | Role::SizeOfFollowing | Role::SizeOfThis | Role::Count(_)
                            );
                            known |= field.name == *name && (derived || matches!(field.ty, Type::Later));
                        }),
                        _ => {}
                    });
                    if !known && scene.lost.is_empty() {
                        let first = inner
                            .iter()
                            .find_map(|m| if let Member::Field(f) = m { Some(f.name.as_str()) } else { None });
                        let span = scene.span_of(first.unwrap_or_default());
                        let help = format!("write `uint16 Size = sizeof({});` before it", first.unwrap_or("X"));
                        self.diagnostics.push(
                            Diagnostic::error(
                                "R0319",
                                "the size of an extent is nobody's",
                                span,
                                "its size is not derived from it",
                            )
                            .help(help),
                        );
                    }
                    self.check_extents(scene, inner, whole);
                }
                Member::Tail(inner) => self.check_extents(scene, inner, whole),
                Member::If(c) => {
                    self.check_extents(scene, &c.then, whole);
                    self.check_extents(scene, &c.otherwise, whole);
                }
                Member::Match(m) => m.arms.iter().for_each(|arm| self.check_extents(scene, &arm.body, whole)),
                Member::Field(_) | Member::Let(..) | Member::Require(_) => {}
            }
        }
    }

    /// Discriminants and records with derived bits become methods.
    fn check_methods(&mut self, scene: &Scene<'_>, def: &StructDef) {
        let mut names = Vec::new();
        each_match(&def.body, &mut |m| names.extend(m.on.iter().map(|d| d.name.clone())));
        each_field(&def.body, &mut |field| {
            if !field.derived_bits.is_empty() {
                names.push(field.name.clone());
            }
        });
        for name in names.iter().filter(|name| STRUCTURE_METHODS.contains(&snake_text(name).as_str())) {
            let span = scene.span_of(name);
            self.reserved(name, &span, "the structure has a method of this name in Rust");
        }
    }

    /// A one-bit sub-field that is the whole condition of exactly one `if` and nothing else comes
    /// from that option. A `require` sees the record with what is derived.
    fn derive_presence(&mut self, def: &mut StructDef) {
        let mut uses: HashMap<(String, String), usize> = HashMap::new();
        let members: Vec<Member> = def.body.iter().filter(|m| !matches!(m, Member::Require(_))).cloned().collect();
        each_expr(&members, &mut |expr| {
            if let Expr::Bits(base, _, sub) = expr
                && let Expr::Field(name) = base.as_ref()
            {
                *uses.entry((name.clone(), sub.clone())).or_default() += 1;
            }
        });
        let mut found = Vec::new();
        for member in &def.body {
            let Member::If(c) = member else { continue };
            let Expr::Bits(base, id, sub) = &c.cond else { continue };
            let Expr::Field(name) = base.as_ref() else { continue };
            let first = c.then.iter().find_map(|m| match m {
                Member::Field(Field { name, role: Role::Plain, .. }) => Some(name.clone()),
                _ => None,
            });
            if let (Some(&1), Some(first), true) =
                (uses.get(&(name.clone(), sub.clone())), first, c.otherwise.is_empty())
            {
                found.push((name.clone(), *id, sub.clone(), first));
            }
        }
        for (name, id, sub, first) in found {
            self.derive_bits(&mut def.body, &name, id, &sub, BitsSource::Present(first));
        }
    }

    /// Marks a sub-field of a bit-record field as derived; false when the field is not plain.
    fn derive_bits(&mut self, body: &mut [Member], name: &str, id: TypeId, sub: &str, from: BitsSource) -> bool {
        let TypeKind::Bits(bits) = &self.program.ty(id).kind else { return false };
        let Some(mask) = bits.fields.iter().find(|f| f.name == sub).map(|f| field_mask(f.at, f.width)) else {
            return false;
        };
        let mut done = false;
        for member in body {
            if let Member::Field(field) = member
                && field.name == name
                && matches!(field.role, Role::Plain)
            {
                field.derived_bits.push(DerivedBits { name: sub.to_owned(), mask, from: from.clone() });
                done = true;
            }
        }
        done
    }

    fn check_derivations(&mut self, scene: &Scene<'_>, body: &[Member]) {
        let mut names: Vec<(String, bool)> = scene.lost.iter().map(|name| (name.clone(), true)).collect();
        each_field(body, &mut |field| {
            names.push((field.name.clone(), matches!(field.ty, Type::Array(..) | Type::Bytes(_) | Type::Later)))
        });
        each_match(body, &mut |m| names.push((m.field.clone(), false)));
        let mut wrong = Vec::new();
        each_field(body, &mut |field| {
            let mut of: Vec<&String> = match &field.role {
                Role::Count(Count { of, .. }) | Role::Present(of) | Role::PlainSize(of) => vec![of],
                Role::SizeOf(of, _) => of.iter().collect(),
                _ => Vec::new(),
            };
            of.extend(scene.counted_too.iter().filter(|(count, _)| *count == field.name).map(|(_, of)| of));
            for of in of {
                match names.iter().find(|(name, _)| name == of) {
                    None => wrong.push((field.name.clone(), of.clone(), "no such field")),
                    Some((_, false)) if matches!(field.role, Role::Count(_)) => {
                        wrong.push((field.name.clone(), of.clone(), "not a list"));
                    }
                    Some(_) => {}
                }
            }
        });
        each_field(body, &mut |field| {
            if let Role::Present(of) = &field.role
                && names.iter().any(|(name, _)| name == of)
                && !scene.lost.contains(of)
                && !decides(body, &field.name, of)
            {
                wrong.push((field.name.clone(), of.clone(), "no `if` with this condition has it"));
            }
        });
        let mut without_list = Vec::new();
        each_field(body, &mut |field| {
            if let Role::Count(Count { of, none: Some(_) }) = &field.role
                && scene.lost.is_empty()
                && !is_optional_by(body, of, &field.name)
            {
                without_list.push((field.name.clone(), of.clone()));
            }
        });
        for (field, of) in without_list {
            let span = scene.span_of(&field);
            self.diagnostics.push(
                Diagnostic::error("R0321", format!("no list that `{field}` alone counts"), span, "none of what?")
                    .help(format!("write `{of}[{field}]` behind it, beside it and in no `if` of its own")),
            );
        }
        for (field, of, why) in wrong {
            let span = scene.span_of(&field);
            self.diagnostics.push(Diagnostic::error(
                "R0307",
                format!("`{field}` of `{}` is derived from `{of}`: {why}", scene.owner),
                span,
                "this field",
            ));
        }
        let mut read = std::collections::HashSet::new();
        each_expr(body, &mut |expr| {
            if let Expr::Field(name) = expr {
                read.insert(name.clone());
            }
        });
        let mut idle = Vec::new();
        each_field(body, &mut |field| {
            if matches!(field.role, Role::Count(_)) && !read.contains(&field.name) && !scene.lost.contains(&field.name)
            {
                idle.push(field.name.clone());
            }
        });
        // A list that is reported already cannot use its count.
        for field in idle.into_iter().filter(|_| scene.lost.is_empty()) {
            let span = scene.span_of(&field);
            self.diagnostics.push(
                Diagnostic::error(
                    "R0317",
                    format!("nothing is as long as `{field}` says"),
                    span,
                    "a count that no length uses",
                )
                .help(format!("write `X[{field}]`, behind the count")),
            );
        }
    }
}

impl Scene<'_> {
    /// Where a field is declared.
    pub(crate) fn span_of(&self, field: &str) -> crate::ast::Span {
        self.seen.iter().find(|(name, _)| name == field).map_or(&self.span, |(_, span)| span).clone()
    }
}

/// A condition over one of these sizes decides over members of which none is a Rust field.
fn circular(body: &[Member], sizes: &mut Vec<String>) -> bool {
    let reads = |expr: &Expr, sizes: &[String]| {
        let mut found = false;
        walk(expr, &mut |e| found |= matches!(e, Expr::Field(name) if sizes.contains(name)));
        found
    };
    body.iter().any(|member| match member {
        Member::Let(name, expr, _) => {
            if reads(expr, sizes) {
                sizes.push(name.clone());
            }
            false
        }
        Member::If(c) => {
            let chosen = |body: &[Member]| {
                let plain = |m: &Member| matches!(m, Member::Match(_) | Member::Field(Field { role: Role::Plain, .. }));
                body.iter().any(|m| {
                    matches!(m, Member::Sized(_, inner) | Member::Tail(inner) if inner.iter().any(plain)) || plain(m)
                })
            };
            reads(&c.cond, sizes) && !chosen(&c.then) && !chosen(&c.otherwise)
                || circular(&c.then, sizes)
                || circular(&c.otherwise, sizes)
        }
        Member::Match(m) => m.arms.iter().any(|arm| circular(&arm.body, sizes)),
        Member::Sized(_, inner) | Member::Tail(inner) => circular(inner, sizes),
        Member::Field(_) | Member::Require(_) => false,
    })
}

/// An `if` with nothing but this field as its condition has the other in it.
fn decides(body: &[Member], condition: &str, field: &str) -> bool {
    body.iter().any(|member| match member {
        Member::If(c) => {
            let here = matches!(&c.cond, Expr::Field(name) if name == condition)
                && c.then.iter().any(|m| match m {
                    Member::Field(f) => f.name == field,
                    Member::Match(m) => m.field == field,
                    Member::Sized(_, inner) => inner.iter().any(|m| matches!(m, Member::Field(f) if f.name == field)),
                    _ => false,
                });
            here || decides(&c.then, condition, field) || decides(&c.otherwise, condition, field)
        }
        Member::Match(m) => m.arms.iter().any(|arm| decides(&arm.body, condition, field)),
        Member::Sized(_, inner) | Member::Tail(inner) => decides(inner, condition, field),
        Member::Field(_) | Member::Let(..) | Member::Require(_) => false,
    })
}

/// The list is there where its count has not the value for none.
fn is_optional_by(body: &[Member], list: &str, count: &str) -> bool {
    body.iter().any(|member| match member {
        Member::If(c) => {
            let by_count = matches!(&c.cond, Expr::Binary(crate::ast::BinaryOp::Ne, a, _)
                if matches!(a.as_ref(), Expr::Field(name) if name == count));
            let here = matches!(c.then.as_slice(), [Member::Field(field)] if field.name == list);
            by_count && here || is_optional_by(&c.then, list, count) || is_optional_by(&c.otherwise, list, count)
        }
        Member::Match(m) => m.arms.iter().any(|arm| is_optional_by(&arm.body, list, count)),
        Member::Sized(_, inner) | Member::Tail(inner) => is_optional_by(inner, list, count),
        Member::Field(_) | Member::Let(..) | Member::Require(_) => false,
    })
}

/// Matches that are there whenever their structure is: only from these a discriminant can come.
fn own_matches(body: &[Member], found: &mut Vec<(String, Vec<Discriminant>)>) {
    for member in body {
        match member {
            Member::Match(m) => found.push((m.field.clone(), m.on.clone())),
            Member::Sized(_, inner) | Member::Tail(inner) => own_matches(inner, found),
            Member::Field(_) | Member::If(_) | Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// The enum takes the structure's name; the local that holds it, one that no field has.
fn name_after_structure(owner: &str, body: &mut [Member]) {
    for member in body {
        match member {
            Member::Match(m) => {
                owner.clone_into(&mut m.enum_name);
                "Variant".clone_into(&mut m.field);
            }
            Member::Field(field) => field.role = Role::Discriminant("Variant".to_owned()),
            _ => {}
        }
    }
}

/// A variant for more than one value keeps the value that it was decoded from.
fn keep_open_discriminants(m: &mut Match) {
    let derived: Vec<usize> = m.on.iter().enumerate().filter(|(_, d)| d.derived).map(|(i, _)| i).collect();
    for arm in &mut m.arms {
        arm.keeps = derived
            .iter()
            .copied()
            .filter(|&i| {
                !matches!(
                    arm.patterns.get(i).map(Vec::as_slice),
                    Some([Pattern::Int(_) | Pattern::Bool(_) | Pattern::Const(..)])
                )
            })
            .collect();
    }
}

/// Gives a plain field another role; false when there is no such plain field.
fn set_role(body: &mut [Member], name: &str, role: &Role) -> bool {
    let mut done = false;
    for member in body {
        match member {
            Member::Field(field) if field.name == name && matches!(field.role, Role::Plain) => {
                field.role = role.clone();
                done = true;
            }
            Member::Sized(_, inner) | Member::Tail(inner) => done |= set_role(inner, name, role),
            _ => {}
        }
    }
    done
}

/// Marks fields whose value selects the layout of another field.
fn mark_selectors(body: &mut [Member]) {
    let mut selectors = Vec::new();
    each_field(body, &mut |field| {
        each_type_expr(&field.ty, &mut |expr| {
            if let Expr::Field(name) = expr {
                selectors.push(name.clone());
            }
        });
    });
    each_field_mut(body, &mut |field| field.selects |= selectors.contains(&field.name));
}

/// Calls `f` with every field, also inside conditions, arms and extents.
pub(crate) fn each_field(body: &[Member], f: &mut dyn FnMut(&Field)) {
    for member in body {
        match member {
            Member::Field(field) => f(field),
            Member::If(c) => {
                each_field(&c.then, f);
                each_field(&c.otherwise, f);
            }
            Member::Match(m) => m.arms.iter().for_each(|arm| each_field(&arm.body, f)),
            Member::Sized(_, inner) | Member::Tail(inner) => each_field(inner, f),
            Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// The same, to change them.
pub(crate) fn each_field_mut(body: &mut [Member], f: &mut dyn FnMut(&mut Field)) {
    for member in body {
        match member {
            Member::Field(field) => f(field),
            Member::If(c) => {
                each_field_mut(&mut c.then, f);
                each_field_mut(&mut c.otherwise, f);
            }
            Member::Match(m) => m.arms.iter_mut().for_each(|arm| each_field_mut(&mut arm.body, f)),
            Member::Sized(_, inner) | Member::Tail(inner) => each_field_mut(inner, f),
            Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// Calls `f` with every match, inner ones too.
pub(crate) fn each_match(body: &[Member], f: &mut dyn FnMut(&Match)) {
    for member in body {
        match member {
            Member::Match(m) => {
                f(m);
                m.arms.iter().for_each(|arm| each_match(&arm.body, f));
            }
            Member::If(c) => {
                each_match(&c.then, f);
                each_match(&c.otherwise, f);
            }
            Member::Sized(_, inner) | Member::Tail(inner) => each_match(inner, f),
            _ => {}
        }
    }
}

/// The same, to change them.
pub(crate) fn each_match_mut(body: &mut [Member], f: &mut dyn FnMut(&mut Match)) {
    for member in body {
        match member {
            Member::Match(m) => {
                f(m);
                m.arms.iter_mut().for_each(|arm| each_match_mut(&mut arm.body, f));
            }
            Member::If(c) => {
                each_match_mut(&mut c.then, f);
                each_match_mut(&mut c.otherwise, f);
            }
            Member::Sized(_, inner) | Member::Tail(inner) => each_match_mut(inner, f),
            _ => {}
        }
    }
}

/// Calls `f` with every expression and sub-expression of a body.
pub(crate) fn each_expr(body: &[Member], f: &mut dyn FnMut(&Expr)) {
    for member in body {
        match member {
            Member::Field(field) => {
                each_type_expr(&field.ty, f);
                field.big_endian.iter().for_each(|cond| walk(cond, f));
                if let Some(transform) = &field.transform {
                    transform.plain_size.iter().for_each(|size| walk(size, f));
                    transform.steps.iter().for_each(|step| walk(&step.cond, f));
                }
            }
            Member::If(c) => {
                walk(&c.cond, f);
                each_expr(&c.then, f);
                each_expr(&c.otherwise, f);
            }
            Member::Match(m) => {
                m.on.iter().for_each(|d| walk(&d.expr, f));
                for arm in &m.arms {
                    arm.guard.iter().for_each(|g| walk(g, f));
                    each_expr(&arm.body, f);
                }
            }
            Member::Let(_, expr, _) => walk(expr, f),
            Member::Require(requirement) => walk(&requirement.cond, f),
            Member::Sized(size, inner) => {
                walk(size, f);
                each_expr(inner, f);
            }
            Member::Tail(inner) => each_expr(inner, f),
        }
    }
}

/// Calls `f` with every expression in a type.
pub(crate) fn each_type_expr(ty: &Type, f: &mut dyn FnMut(&Expr)) {
    match ty {
        Type::Named(_, args) => args.iter().for_each(|arg| walk(arg, f)),
        Type::Text(Text::By(flag)) => walk(flag, f),
        Type::IntByForm(by) => walk(&by.form, f),
        Type::Text(
            Text::Utf16Counted(Width::ByForm(by), _)
            | Text::String8Counted(Width::ByForm(by))
            | Text::BytesCounted(Width::ByForm(by)),
        ) => walk(&by.form, f),
        Type::Bytes(Extent::Count(n)) => walk(n, f),
        Type::Array(element, extent) => {
            each_type_expr(element, f);
            match extent {
                Extent::Count(n) => walk(n, f),
                Extent::Until(ending) => {
                    if let Ending::When { cond, .. } = &**ending {
                        walk(cond, f);
                    }
                }
                Extent::Const(_) | Extent::Rest => {}
            }
        }
        _ => {}
    }
}

/// Calls `f` with an expression and its parts.
pub(crate) fn walk(expr: &Expr, f: &mut dyn FnMut(&Expr)) {
    f(expr);
    match expr {
        Expr::Len(a) | Expr::Bits(a, ..) | Expr::Member(a, _) | Expr::At(a) | Expr::Not(a) => walk(a, f),
        Expr::Slice(a, b) | Expr::Binary(_, a, b) => {
            walk(a, f);
            walk(b, f);
        }
        Expr::Ternary(a, b, c) => {
            walk(a, f);
            walk(b, f);
            walk(c, f);
        }
        Expr::Int(_)
        | Expr::Bool(_)
        | Expr::Field(_)
        | Expr::Param(_)
        | Expr::IsSet(_)
        | Expr::Known(_)
        | Expr::EnumConst(..)
        | Expr::Index
        | Expr::Item => {}
    }
}
