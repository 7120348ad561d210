//! Sizes, borrowing, recursion: what the Rust types will look like.

use std::collections::{HashMap, HashSet};

use super::Lower;
use super::derive::{each_field, each_field_mut, each_match_mut};
use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::model::{Expr, Extent, Field, Layout, Match, Member, Program, Role, StructDef, Type, TypeId, TypeKind};

impl Lower<'_> {
    /// Computes the layout of every structure, until nothing changes.
    pub(crate) fn layouts(&mut self) {
        self.recursion();
        // Each round fixes at least one more level of nesting; the number of types bounds it.
        for _ in 0..=self.program.types.len() {
            let mut changed = false;
            for index in 0..self.program.types.len() {
                let Some(TypeKind::Struct(old)) = self.program.types.get_mut(index).map(|t| &mut t.kind) else {
                    continue;
                };
                // Its old layout stays in its place: it may contain itself.
                let before = old.layout;
                let mut def = std::mem::replace(old, StructDef { layout: before, ..StructDef::default() });
                lay_out(&self.program, &mut def);
                changed |= def.layout != before;
                if let Some(TypeKind::Struct(place)) = self.program.types.get_mut(index).map(|t| &mut t.kind) {
                    *place = def;
                }
            }
            if !changed {
                break;
            }
        }
        self.empty_elements();
        self.unbounded_rest();
        self.negative_sizes();
        // Bodies of operations are no parts of others.
        let mut rops = std::mem::take(&mut self.program.rops);
        let mut requests = std::mem::take(&mut self.program.requests);
        let of_rops = rops.iter_mut().flat_map(|rop| {
            let others = [&mut rop.success, &mut rop.other, &mut rop.unsolicited].into_iter().flatten();
            others.chain([&mut rop.request]).chain(rop.on.iter_mut().map(|(_, def)| def))
        });
        let of_requests = requests
            .iter_mut()
            .flat_map(|request| [&mut request.request, &mut request.success].into_iter().chain(&mut request.failure));
        of_rops.chain(of_requests).for_each(|def| lay_out(&self.program, def));
        self.program.rops = rops;
        self.program.requests = requests;
    }

    /// A type that contains itself needs a declared limit; fields that lead into such a type from
    /// inside it are boxed.
    fn recursion(&mut self) {
        let mut unlimited = edges(&self.program, true);
        for targets in unlimited.values_mut() {
            targets.retain(
                |id| !matches!(&self.program.ty(*id).kind, TypeKind::Struct(def) if def.max_recursion.is_some()),
            );
        }
        let suspects = without_ends(&unlimited);
        let reaches = |from, to| suspects.contains(&from) && leads_to(&unlimited, from, to);
        for index in 0..self.program.types.len() {
            let id = TypeId(index);
            let TypeKind::Struct(def) = &self.program.ty(id).kind else { continue };
            if def.max_recursion.is_none() && reaches(id, id) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0308",
                        format!("`{}` contains itself without a limit", self.program.ty(id).name),
                        self.program.ty(id).span.clone(),
                        "decoding it could overflow the stack",
                    )
                    .help("put `[max_recursion(n)]` before one of the structures on the way"),
                );
            }
        }
        self.boxes();
    }

    /// Cuts cycles of values in values: a field of a limited structure is boxed where its type leads
    /// back to it without a list or a box between. Each cycle is cut once.
    fn boxes(&mut self) {
        let mut direct = edges(&self.program, false);
        for index in 0..self.program.types.len() {
            let id = TypeId(index);
            let TypeKind::Struct(def) = &self.program.ty(id).kind else { continue };
            if def.max_recursion.is_none() {
                continue;
            }
            for target in direct.get(&id).cloned().unwrap_or_default() {
                if target == id || leads_to(&direct, target, id) {
                    if let Some(targets) = direct.get_mut(&id) {
                        targets.retain(|t| *t != target);
                    }
                    if let Some(TypeKind::Struct(def)) = self.program.types.get_mut(index).map(|t| &mut t.kind) {
                        each_field_mut(&mut def.body, &mut |field| {
                            field.boxed |= matches!(&field.ty, Type::Named(id, _) if *id == target);
                        });
                    }
                }
            }
        }
    }

    /// Elements that take no bytes would let a count of the wire cost memory or time without end. As many
    /// as another list has are no more than were read before.
    fn empty_elements(&mut self) {
        let mut wrong = Vec::new();
        for (owner, span, body) in bodies(&self.program) {
            each_field(body, &mut |field| {
                let Type::Array(element, extent) = &field.ty else { return };
                let layout = self.program.layout(element);
                let never = layout.fixed && layout.min_size == 0;
                let bounded = matches!(extent, Extent::Const(_) | Extent::Count(Expr::Len(_)));
                if never || layout.min_size == 0 && !bounded {
                    wrong.push((span.clone(), field.name.clone(), owner.clone()));
                }
            });
        }
        for (span, field, owner) in wrong {
            if self.diagnostics.iter().any(|d| d.code == "R0309" && d.primary.0 == span) {
                continue;
            }
            self.diagnostics.push(Diagnostic::error(
                "R0309",
                format!("elements of `{owner}.{field}` may take no bytes"),
                span,
                "a lying count would cost memory without bound",
            ));
        }
    }

    /// `sizeof(X) - n` where X may take fewer bytes: no field says a size below 0.
    fn negative_sizes(&mut self) {
        let mut wrong = Vec::new();
        for (owner, span, body) in bodies(&self.program) {
            lessened(&self.program, body, &mut |field, minus, least| {
                if minus > least {
                    wrong.push((owner.clone(), span.clone(), field.to_owned(), minus, least));
                }
            });
        }
        for (owner, span, field, minus, least) in wrong {
            if self.diagnostics.iter().any(|d| d.code == "R0320" && d.primary.0 == span) {
                continue;
            }
            self.diagnostics.push(Diagnostic::error(
                "R0320",
                format!("`{owner}.{field}` could be less than nothing"),
                span,
                format!("{minus} is taken off what may be {least} bytes"),
            ));
        }
    }

    /// What runs to the end of the extent has to be the last member of it.
    fn unbounded_rest(&mut self) {
        let mut wrong = Vec::new();
        for (_, span, body) in bodies(&self.program) {
            if let Some((name, after)) = member_after_rest(&self.program, body) {
                wrong.push((span, name, after));
            }
        }
        for (span, name, after) in wrong {
            if self.diagnostics.iter().any(|d| d.code == "R0310" && d.primary.0 == span) {
                continue;
            }
            self.diagnostics.push(Diagnostic::error(
                "R0310",
                format!("nothing can follow `{name}`, which runs to the end"),
                span,
                format!("`{after}` stands after it"),
            ));
        }
    }
}

/// Every body with the name and place of what it belongs to.
fn bodies(program: &Program) -> Vec<(String, Span, &[Member])> {
    let mut found: Vec<(String, Span, &[Member])> = Vec::new();
    for def in &program.types {
        if let TypeKind::Struct(s) = &def.kind {
            found.push((def.name.clone(), def.span.clone(), &s.body));
        }
    }
    for rop in &program.rops {
        let others = [&rop.success, &rop.other, &rop.unsolicited].into_iter().flatten();
        let all = std::iter::once(&rop.request).chain(others).chain(rop.on.iter().map(|(_, def)| def));
        found.extend(all.map(|def| (rop.name.clone(), rop.span.clone(), &def.body[..])));
    }
    for request in &program.requests {
        let all = [Some(&request.request), Some(&request.success), request.failure.as_ref()].into_iter().flatten();
        found.extend(all.map(|def| (request.name.clone(), request.span.clone(), &def.body[..])));
    }
    found
}

/// Calls `f` with each size that something is taken off: its field, how much, the fewest bytes of what it measures.
fn lessened(program: &Program, body: &[Member], f: &mut dyn FnMut(&str, u64, u64)) {
    for member in body {
        match member {
            Member::Field(Field { name, role: Role::SizeOf(of, plus), .. }) if *plus < 0 => {
                // What a condition leaves out takes nothing, unless the condition is that there is something.
                let size = name;
                let least = of.iter().map(|of| {
                    let field = |member: &Member| match member {
                        Member::Field(field) if field.name == *of && field.transform.is_some() => Some(0),
                        Member::Field(field) if field.name == *of => Some(program.layout(&field.ty).min_size),
                        Member::Match(m) if m.field == *of => Some(m.layout.min_size),
                        _ => None,
                    };
                    let extent = |member: &Member| match member {
                        Member::Sized(_, inner) | Member::Tail(inner) => inner.iter().find_map(field),
                        member => field(member),
                    };
                    let inner = |member: &Member| match member {
                        Member::If(c) if c.cond.is_some_of(size) => c.then.iter().find_map(extent),
                        member => extent(member),
                    };
                    body.iter().find_map(inner).unwrap_or(0)
                });
                f(name, plus.unsigned_abs(), least.sum());
            }
            Member::Sized(_, inner) | Member::Tail(inner) => lessened(program, inner, f),
            Member::If(c) => {
                lessened(program, &c.then, f);
                lessened(program, &c.otherwise, f);
            }
            Member::Match(m) => m.arms.iter().for_each(|arm| lessened(program, &arm.body, f)),
            Member::Field(_) | Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// A member that takes all the rest, and the member after it.
fn member_after_rest(program: &Program, body: &[Member]) -> Option<(String, String)> {
    let mut rest: Option<String> = None;
    let has_referents = body.iter().any(is_referent);
    for member in body.iter().filter(|member| !is_referent(member)) {
        if let (Some(name), Some(after)) = (&rest, name_of(member)) {
            return Some((name.clone(), after));
        }
        let inner: Vec<&[Member]> = match member {
            Member::Sized(_, inner) | Member::Tail(inner) => vec![inner],
            Member::If(c) => vec![&c.then, &c.otherwise],
            Member::Match(m) => m.arms.iter().map(|arm| &arm.body[..]).collect(),
            Member::Field(_) | Member::Let(..) | Member::Require(_) => Vec::new(),
        };
        if let Some(found) = inner.into_iter().find_map(|inner| member_after_rest(program, inner)) {
            return Some(found);
        }
        // Of elements that take all the rest there could be only one.
        if let Member::Field(Field { name, ty: Type::Array(element, Extent::Rest | Extent::Until(_)), .. }) = member
            && (Rest { program, seen: HashMap::new() }).of_type(element, 0)
        {
            return Some((name.clone(), "its next element".to_owned()));
        }
        rest = rest.or_else(|| takes_rest(program, std::slice::from_ref(member)));
    }
    rest.filter(|_| has_referents).map(|name| (name, "what stands at offsets".to_owned()))
}

/// A field that stands behind the others.
fn is_referent(member: &Member) -> bool {
    matches!(member, Member::Field(field) if field.at.is_some())
}

/// The name of a member that has bytes of its own.
fn name_of(member: &Member) -> Option<String> {
    match member {
        Member::Field(field) => Some(field.name.clone()),
        Member::Match(m) => Some(m.field.clone()),
        Member::If(c) => c.then.iter().chain(&c.otherwise).find_map(name_of),
        Member::Sized(_, inner) | Member::Tail(inner) => inner.iter().find_map(name_of),
        Member::Let(..) | Member::Require(_) => None,
    }
}

/// What runs to the end of the extent that these members stand in.
fn takes_rest(program: &Program, body: &[Member]) -> Option<String> {
    Rest { program, seen: HashMap::new() }.of_body(body, 0)
}

/// Looks for what runs to the end of an extent; into each structure once at each depth at most.
struct Rest<'p> {
    program: &'p Program,
    /// The depth at which a structure was looked into, without finding anything.
    seen: HashMap<TypeId, u32>,
}

impl Rest<'_> {
    fn of_body(&mut self, body: &[Member], depth: u32) -> Option<String> {
        body.iter().find_map(|member| match member {
            // What stands at offsets is all that follows the other members.
            Member::Field(field) if field.at.is_some() => Some(field.name.clone()),
            Member::Field(field) => self.of_type(&field.ty, depth).then(|| field.name.clone()),
            Member::If(c) => self.of_body(&c.then, depth).or_else(|| self.of_body(&c.otherwise, depth)),
            Member::Match(m) => m.arms.iter().find_map(|arm| self.of_body(&arm.body, depth)),
            // Where a tail is cut off, the extent ends.
            Member::Tail(inner) => inner.iter().find_map(name_of),
            Member::Sized(..) | Member::Let(..) | Member::Require(_) => None,
        })
    }

    fn of_type(&mut self, ty: &Type, depth: u32) -> bool {
        match ty {
            Type::Bytes(extent) | Type::Array(_, extent) => extent.is_rest(),
            Type::Named(id, _) if depth < DEEPEST => {
                if self.seen.get(id).is_some_and(|seen| *seen <= depth) {
                    return false;
                }
                self.seen.insert(*id, depth);
                let program = self.program;
                match &program.ty(*id).kind {
                    TypeKind::Struct(def) if def.max_recursion.is_none() => {
                        self.of_body(&def.body, depth + 1).is_some()
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// Structures in structures are looked into no deeper than this.
const DEEPEST: u32 = 32;

/// The structures from which one can go on for ever: all others are in no cycle.
fn without_ends(edges: &HashMap<TypeId, Vec<TypeId>>) -> HashSet<TypeId> {
    let mut ways: HashMap<TypeId, usize> = edges.iter().map(|(from, to)| (*from, to.len())).collect();
    let mut into: HashMap<TypeId, Vec<TypeId>> = HashMap::new();
    for (from, targets) in edges {
        for to in targets {
            into.entry(*to).or_default().push(*from);
        }
    }
    let is_end = |ways: &HashMap<TypeId, usize>, id: &TypeId| ways.get(id).is_none_or(|ways| *ways == 0);
    let mut ends: Vec<TypeId> = into.keys().chain(edges.keys()).copied().filter(|id| is_end(&ways, id)).collect();
    let mut ended: HashSet<TypeId> = HashSet::new();
    while let Some(end) = ends.pop() {
        if !ended.insert(end) {
            continue;
        }
        for from in into.get(&end).into_iter().flatten() {
            if let Some(ways) = ways.get_mut(from) {
                *ways = ways.saturating_sub(1);
            }
            if is_end(&ways, from) {
                ends.push(*from);
            }
        }
    }
    edges.keys().copied().filter(|id| !ended.contains(id)).collect()
}

/// There is a way from one structure to another.
fn leads_to(edges: &HashMap<TypeId, Vec<TypeId>>, from: TypeId, to: TypeId) -> bool {
    let mut seen = HashSet::new();
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        for &next in edges.get(&at).into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                stack.push(next);
            }
        }
    }
    false
}

/// Which structures each structure contains, those in lists too or not.
fn edges(program: &Program, lists: bool) -> HashMap<TypeId, Vec<TypeId>> {
    let mut edges: HashMap<TypeId, Vec<TypeId>> = HashMap::new();
    for (index, def) in program.types.iter().enumerate() {
        let TypeKind::Struct(s) = &def.kind else { continue };
        each_field(&s.body, &mut |field| {
            let mut ty = &field.ty;
            while let (true, Type::Array(element, _)) = (lists, ty) {
                ty = element;
            }
            if let Type::Named(id, _) = ty
                && matches!(program.ty(*id).kind, TypeKind::Struct(_))
            {
                edges.entry(TypeId(index)).or_default().push(*id);
            }
        });
    }
    edges
}

/// The layout of a structure and of the enums in it, given those of its parts.
fn lay_out(program: &Program, def: &mut StructDef) {
    each_match_mut(&mut def.body, &mut |m| m.layout = match_layout(program, m));
    def.layout = body_layout(program, &def.body);
    if def.is_enum
        && let Some(Member::Match(m)) = def.body.last()
    {
        def.layout.copy = m.layout.copy;
    }
}

fn body_layout(program: &Program, body: &[Member]) -> Layout {
    let mut sum = Layout::default();
    for member in body {
        let part = match member {
            Member::Field(field) => {
                let mut inner = program.layout(&field.ty);
                // What is compressed may take less.
                if field.at.is_some() || field.transform.is_some() {
                    (inner.min_size, inner.fixed) = (0, false);
                }
                Layout {
                    copy: inner.copy && !field.boxed && !matches!(field.ty, Type::Text(_)),
                    transforms: inner.transforms || field.transform.is_some(),
                    // A derived field is bytes on the wire and nothing in Rust.
                    lifetime: inner.lifetime && matches!(field.role, Role::Plain),
                    ..inner
                }
            }
            Member::If(c) => {
                let (then, otherwise) = (body_layout(program, &c.then), body_layout(program, &c.otherwise));
                Layout {
                    min_size: then.min_size.min(otherwise.min_size),
                    fixed: false,
                    copy: then.copy && otherwise.copy,
                    lifetime: then.lifetime || otherwise.lifetime,
                    float: then.float || otherwise.float,
                    transforms: then.transforms || otherwise.transforms,
                }
            }
            Member::Match(m) => m.layout,
            Member::Sized(_, inner) => Layout { fixed: false, ..body_layout(program, inner) },
            Member::Tail(inner) => Layout { fixed: false, min_size: 0, ..body_layout(program, inner) },
            Member::Let(..) | Member::Require(_) => continue,
        };
        sum = Layout {
            lifetime: sum.lifetime || part.lifetime,
            copy: sum.copy && part.copy,
            float: sum.float || part.float,
            transforms: sum.transforms || part.transforms,
            min_size: sum.min_size.saturating_add(part.min_size),
            fixed: sum.fixed && part.fixed,
        };
    }
    sum
}

fn match_layout(program: &Program, m: &Match) -> Layout {
    let arms: Vec<Layout> = m.arms.iter().map(|arm| body_layout(program, &arm.body)).collect();
    let min = arms.iter().map(|l| l.min_size).min().unwrap_or(0);
    let max = arms.iter().map(|l| l.min_size).max().unwrap_or(0);
    Layout {
        lifetime: arms.iter().any(|l| l.lifetime),
        copy: arms.iter().all(|l| l.copy),
        float: arms.iter().any(|l| l.float),
        transforms: arms.iter().any(|l| l.transforms),
        min_size: min,
        fixed: min == max && arms.iter().all(|l| l.fixed),
    }
}
