//! Values that select a layout: which constants of an enumeration the selected type has a variant
//! for, and which of them lead back into a type that contains itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lower::derive::each_field;
use crate::model::{Arm, Expr, Member, Param, Pattern, Program, Role, StructDef, Type, TypeId, TypeKind};

/// What is asked about: a field or parameter, or a sub-field of it or of its elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    root: Root,
    sub: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    Field(String),
    Param(String),
}

/// What becomes of one value of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Nothing looks at it.
    Free,
    /// It selects a variant.
    Leaf,
    /// The variant may contain a type that contains itself.
    Deep,
    /// No variant is for it.
    Refused,
}

/// The constants that a subject may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Selection {
    /// Their enumeration.
    pub(crate) of: TypeId,
    /// Names of constants that end recursion.
    pub(crate) leaves: Vec<String>,
    /// Names of the others.
    pub(crate) deep: Vec<String>,
}

impl Selection {
    fn is_same(&self, other: &Self) -> bool {
        let names = |s: &Self| s.leaves.iter().chain(&s.deep).cloned().collect::<BTreeSet<String>>();
        self.of == other.of && names(self) == names(other)
    }
}

/// A selection with a function of its own.
#[derive(Hash)]
pub(crate) struct Selector {
    pub(crate) name: String,
    pub(crate) module: usize,
    /// The structure that has the variants.
    pub(crate) owner: String,
    /// How many.
    arms: usize,
    pub(crate) selection: Selection,
}

/// Which types contain which, and what values may be.
pub(crate) struct Selections<'p> {
    program: &'p Program,
    reaches: Arc<BTreeMap<TypeId, BTreeSet<TypeId>>>,
    selectors: Arc<Vec<Selector>>,
}

impl<'p> Selections<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let mut selectors = Vec::new();
        let mut all = Self { program, reaches: Arc::new(reaches(program)), selectors: Arc::default() };
        // Parameters that are the value itself come first: their names are the plainer ones.
        for direct in [true, false] {
            for (index, def) in program.types.iter().enumerate() {
                let TypeKind::Struct(body) = &def.kind else { continue };
                for param in &body.params {
                    for (sub, selection) in all.of_param(TypeId(index), param) {
                        let last = sub.as_deref().unwrap_or(&param.name);
                        if sub.is_none() == direct {
                            let name = format!("{}{last}", def.name);
                            let arms = arms(&body.body);
                            let owner = def.name.clone();
                            add(&mut selectors, Selector { name, module: def.module, owner, arms, selection });
                        }
                    }
                }
            }
        }
        all.selectors = Arc::new(selectors);
        all
    }

    /// The same selections, and the types of a slice of the program.
    pub(crate) fn within<'q>(&self, program: &'q Program) -> Selections<'q> {
        Selections { program, reaches: Arc::clone(&self.reaches), selectors: Arc::clone(&self.selectors) }
    }

    /// All selections with a function.
    pub(crate) fn all(&self) -> &[Selector] {
        &self.selectors
    }

    /// The selections with a function, by module.
    pub(crate) fn selectors(&self, module: usize) -> impl Iterator<Item = &Selector> {
        self.selectors.iter().filter(move |selector| selector.module == module)
    }

    pub(crate) fn selector(&self, selection: &Selection) -> Option<&Selector> {
        self.selectors.iter().find(|selector| selector.selection.is_same(selection))
    }

    /// The type can be inside itself.
    pub(crate) fn is_cyclic(&self, id: TypeId) -> bool {
        self.reaches.get(&id).is_some_and(|to| to.contains(&id))
    }

    /// One of the types of a body leads back to `id`.
    pub(crate) fn leads_back(&self, body: &[Member], id: Option<TypeId>) -> bool {
        let Some(id) = id else { return false };
        let mut found = false;
        each_named(body, &mut |other| {
            found |= other == id || self.reaches.get(&other).is_some_and(|to| to.contains(&id))
        });
        found && self.is_cyclic(id)
    }

    /// What a parameter, or sub-fields of it, may be.
    pub(crate) fn of_param(&self, id: TypeId, param: &Param) -> Vec<(Option<String>, Selection)> {
        match &self.program.ty(id).kind {
            TypeKind::Struct(def) => self.of_param_in(def, param),
            _ => Vec::new(),
        }
    }

    /// The same for a structure that is not among the types.
    pub(crate) fn of_param_in(&self, def: &StructDef, param: &Param) -> Vec<(Option<String>, Selection)> {
        self.of_root(&def.body, &Root::Param(param.name.clone()), &param.ty, &[])
    }

    /// What a field, or sub-fields of it, may be; `scope` has the members that may look at it.
    pub(crate) fn of_field(&self, scope: &[Member], field: &crate::model::Field) -> Vec<(Option<String>, Selection)> {
        let ty = if let Type::Array(element, _) = &field.ty { element } else { &field.ty };
        let derived: Vec<&str> = field.derived_bits.iter().map(|bits| bits.name.as_str()).collect();
        self.of_root(scope, &Root::Field(field.name.clone()), ty, &derived)
    }

    fn of_root(&self, scope: &[Member], root: &Root, ty: &Type, derived: &[&str]) -> Vec<(Option<String>, Selection)> {
        let Type::Named(id, _) = ty else { return Vec::new() };
        let subjects: Vec<(Option<String>, TypeId)> = match &self.program.ty(*id).kind {
            TypeKind::Enum(_) => vec![(None, *id)],
            TypeKind::Bits(bits) => bits
                .fields
                .iter()
                .filter(|f| !derived.contains(&f.name.as_str()))
                .filter_map(|f| Some((Some(f.name.clone()), f.ty?)))
                .collect(),
            TypeKind::Form(_) => vec![(None, *id)],
            TypeKind::Struct(_) => Vec::new(),
        };
        let select = |(sub, of): (Option<String>, TypeId)| {
            let subject = Subject { root: root.clone(), sub: sub.clone() };
            Some((sub, self.select(scope, &subject, of)?))
        };
        subjects.into_iter().filter_map(select).collect()
    }

    /// `None` when nothing looks at the subject.
    fn select(&self, scope: &[Member], subject: &Subject, of: TypeId) -> Option<Selection> {
        let items: Vec<(&String, u64)> = match &self.program.ty(of).kind {
            TypeKind::Enum(def) => def.items.iter().map(|(name, value, _)| (name, *value)).collect(),
            TypeKind::Form(def) => def.items.iter().zip(0..).map(|((name, _), value)| (name, value)).collect(),
            _ => return None,
        };
        let is_form = matches!(self.program.ty(of).kind, TypeKind::Form(_));
        let mut selection = Selection { of, leaves: Vec::new(), deep: Vec::new() };
        let mut seen = BTreeSet::new();
        let mut free = true;
        let count = items.len();
        for (name, value) in items.into_iter().filter(|(_, value)| seen.insert(*value)) {
            let verdict = self.verdict(scope, std::slice::from_ref(subject), value, &mut BTreeSet::new());
            // The depth of a value does not follow its form.
            let verdict = if is_form && verdict == Verdict::Deep { Verdict::Leaf } else { verdict };
            free &= verdict == Verdict::Free;
            match verdict {
                Verdict::Free | Verdict::Leaf => selection.leaves.push(name.clone()),
                Verdict::Deep => selection.deep.push(name.clone()),
                Verdict::Refused => {}
            }
        }
        let all = is_form && selection.leaves.len() == count;
        (!free && !all).then_some(selection)
    }

    fn verdict(
        &self,
        body: &[Member],
        subjects: &[Subject],
        value: u64,
        above: &mut BTreeSet<(TypeId, Subject)>,
    ) -> Verdict {
        let mut subjects = subjects.to_vec();
        let mut worst = Verdict::Free;
        for member in body {
            let verdict = match member {
                Member::Field(field) => self.in_type(&field.ty, &subjects, value, above),
                Member::If(c) => self.verdict(&c.then, &subjects, value, above).max(self.verdict(
                    &c.otherwise,
                    &subjects,
                    value,
                    above,
                )),
                Member::Sized(_, inner) | Member::Tail(inner) => self.verdict(inner, &subjects, value, above),
                Member::Match(m) => {
                    let on = m.on.iter().position(|d| !d.derived && subjects.iter().any(|s| is(&d.expr, s)));
                    let arms = m.arms.iter();
                    match on {
                        Some(index) => match arms.into_iter().find(|arm| fits(arm, index, value)) {
                            Some(arm) => self.in_arm(arm).max(self.verdict(&arm.body, &subjects, value, above)),
                            None => Verdict::Refused,
                        },
                        None => arms
                            .map(|arm| self.verdict(&arm.body, &subjects, value, above))
                            .max()
                            .unwrap_or(Verdict::Free),
                    }
                }
                Member::Let(name, expr, _) => {
                    if subjects.iter().any(|s| is(expr, s)) {
                        subjects.push(Subject { root: Root::Field(name.clone()), sub: None });
                    }
                    Verdict::Free
                }
                Member::Require(_) => Verdict::Free,
            };
            worst = worst.max(verdict);
        }
        worst
    }

    /// A selected arm: deep when something in it can contain itself.
    fn in_arm(&self, arm: &Arm) -> Verdict {
        let mut verdict = Verdict::Leaf;
        each_named(&arm.body, &mut |id| {
            if self.is_cyclic(id) {
                verdict = Verdict::Deep;
            }
        });
        verdict
    }

    /// What the types that take the subject as an argument do with it.
    fn in_type(&self, ty: &Type, subjects: &[Subject], value: u64, above: &mut BTreeSet<(TypeId, Subject)>) -> Verdict {
        let (id, args) = match ty {
            Type::Array(element, _) => return self.in_type(element, subjects, value, above),
            Type::Named(id, args) => (*id, args),
            _ => return Verdict::Free,
        };
        let TypeKind::Struct(def) = &self.program.ty(id).kind else { return Verdict::Free };
        let mut worst = Verdict::Free;
        for (param, arg) in def.params.iter().zip(args) {
            for subject in subjects {
                let sub = match &subject.sub {
                    _ if is(arg, subject) => None,
                    Some(sub) if is_root(arg, &subject.root) => Some(sub.clone()),
                    _ => continue,
                };
                let inner = Subject { root: Root::Param(param.name.clone()), sub };
                if above.insert((id, inner.clone())) {
                    worst = worst.max(self.verdict(&def.body, std::slice::from_ref(&inner), value, above));
                    above.remove(&(id, inner));
                }
            }
        }
        worst
    }
}

/// Selections of the same constants have one function; what is deep for one of them is deep.
fn add(selectors: &mut Vec<Selector>, selector: Selector) {
    let same = |s: &&mut Selector| s.selection.is_same(&selector.selection);
    let Some(known) = selectors.iter_mut().find(same) else {
        selectors.push(selector);
        return;
    };
    if selector.arms > known.arms {
        known.name = selector.name;
        known.owner = selector.owner;
        known.module = selector.module;
        known.arms = selector.arms;
    }
    let deep = selector.selection.deep;
    known.selection.leaves.retain(|name| !deep.contains(name));
    for name in deep {
        if !known.selection.deep.contains(&name) {
            known.selection.deep.push(name);
        }
    }
}

/// Arms of the largest match.
fn arms(body: &[Member]) -> usize {
    let arms = body.iter().map(|member| if let Member::Match(m) = member { m.arms.len() } else { 0 });
    arms.max().unwrap_or(0)
}

/// The expression is the subject, or may be.
fn is(expr: &Expr, subject: &Subject) -> bool {
    match (expr, &subject.sub) {
        (Expr::Ternary(_, a, b), _) => is(a, subject) || is(b, subject),
        (Expr::Bits(base, _, name), Some(sub)) => {
            let base = if let Expr::At(list) = base.as_ref() { list } else { base };
            name == sub && is_root(base, &subject.root)
        }
        (_, None) => is_root(expr, &subject.root),
        _ => false,
    }
}

fn is_root(expr: &Expr, root: &Root) -> bool {
    match (expr, root) {
        (Expr::Field(name), Root::Field(wanted)) | (Expr::Param(name) | Expr::Known(name), Root::Param(wanted)) => {
            name == wanted
        }
        (Expr::Slice(list, _) | Expr::At(list), _) => is_root(list, root),
        _ => false,
    }
}

fn fits(arm: &Arm, index: usize, value: u64) -> bool {
    arm.patterns.is_empty()
        || arm.patterns.get(index).is_some_and(|patterns| patterns.iter().any(|p| matches(p, value)))
}

/// The pattern takes this value.
pub(crate) fn matches(pattern: &Pattern, value: u64) -> bool {
    match pattern {
        Pattern::Any => true,
        Pattern::Int(wanted) | Pattern::Const(_, _, wanted) => *wanted == value,
        Pattern::Range(from, to) => (*from..=*to).contains(&value),
        Pattern::Bool(wanted) => u64::from(*wanted) == value,
    }
}

/// Calls `f` with every named type in a body.
fn each_named(body: &[Member], f: &mut dyn FnMut(TypeId)) {
    each_field(body, &mut |field| {
        let mut ty = &field.ty;
        while let Type::Array(element, _) = ty {
            ty = element;
        }
        if let (Type::Named(id, _), Role::Plain) = (ty, &field.role) {
            f(*id);
        }
    });
}

/// The types that each structure contains, at any depth.
fn reaches(program: &Program) -> BTreeMap<TypeId, BTreeSet<TypeId>> {
    let mut reaches = BTreeMap::new();
    for (index, def) in program.types.iter().enumerate() {
        let mut found = BTreeSet::new();
        let TypeKind::Struct(body) = &def.kind else { continue };
        let mut open = vec![&body.body];
        while let Some(body) = open.pop() {
            each_named(body, &mut |id| {
                if let (true, TypeKind::Struct(inner)) = (found.insert(id), &program.ty(id).kind) {
                    open.push(&inner.body);
                }
            });
        }
        reaches.insert(TypeId(index), found);
    }
    reaches
}
