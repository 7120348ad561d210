//! Shapes: alignment in both syntaxes, least size, and what Rust code has to know.

use super::model::{Array, Interface, Known, Layout, Scalar, Size, Type, TypeDef, TypeId, TypeKind};
use crate::diagnostic::Diagnostic;

/// Arrays of constant length up to this are Rust arrays, which have a default only so far.
pub(super) const MAX_RUST_ARRAY: u64 = 32;

/// Computes the layouts of all types; reports types that contain themselves (R0714).
pub(super) fn compute(model: &mut Interface, diagnostics: &mut Vec<Diagnostic>) {
    let (order, cycles) = by_value(&model.types);
    for id in cycles {
        if let Some(def) = model.get(id) {
            diagnostics.push(
                Diagnostic::error(
                    "R0714",
                    format!("`{}` contains itself", def.name),
                    def.span.clone(),
                    "its size would be infinite",
                )
                .help("put a pointer between"),
            );
        }
    }
    for id in order {
        let layout = model.get(id).map(|def| of_kind(&model.types, &def.kind)).unwrap_or_default();
        if let Some(def) = model.types.get_mut(id.0) {
            def.layout = layout;
        }
    }
    spread(&mut model.types);
}

/// The layout of a type where it is used.
pub(super) fn of(types: &[TypeDef], ty: &Type) -> Layout {
    match ty {
        Type::Scalar(scalar) | Type::Ranged(scalar, ..) => of_scalar(*scalar),
        Type::Named(id) | Type::Union(id, _) => types.get(id.0).map(|def| def.layout).unwrap_or_default(),
        Type::Known(known) => {
            let min_size = match known {
                Known::NtStatus | Known::WError | Known::HResult => 4,
                Known::Guid => 16,
                Known::ContextHandle => 20,
            };
            Layout { align: 4, align64: 4, min_size, copy: true, ..Layout::default() }
        }
        Type::Pointer(_, to) => {
            let to = of(types, to);
            Layout {
                align: 4,
                align64: 8,
                min_size: 4,
                pointers: true,
                borrowed: to.borrowed,
                float: to.float,
                ..Layout::default()
            }
        }
        Type::Array(array) => of_array(types, array),
        Type::Text(text) => {
            let align = if text.wide { 2 } else { 1 };
            let conformant = matches!(text.size, Size::Conformant(_));
            Layout { align, align64: align, min_size: 8 + align, conformant, borrowed: true, ..Layout::default() }
        }
    }
}

fn of_scalar(scalar: Scalar) -> Layout {
    let (align, align64) = scalar.sizes();
    Layout { align, align64, min_size: align, copy: true, float: scalar.is_float(), ..Layout::default() }
}

fn of_array(types: &[TypeDef], array: &Array) -> Layout {
    let element = of(types, &array.element);
    let bytes = is_byte(&array.element);
    let counts = if array.varying { 8 } else { 0 };
    match array.size {
        Size::Fixed(count) => {
            let elements = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(element.min_size);
            let small = count <= MAX_RUST_ARRAY && !array.varying;
            Layout {
                min_size: if array.varying { counts } else { elements },
                borrowed: element.borrowed || bytes && !small,
                copy: element.copy && small,
                ..element
            }
        }
        Size::Conformant(_) => {
            Layout { min_size: counts, conformant: true, borrowed: element.borrowed || bytes, copy: false, ..element }
        }
    }
}

/// Elements that stay a slice of the stub data.
pub(super) fn is_byte(element: &Type) -> bool {
    matches!(element, Type::Scalar(Scalar::U8))
}

fn of_kind(types: &[TypeDef], kind: &TypeKind) -> Layout {
    match kind {
        TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => of_scalar(flags.scalar),
        TypeKind::Struct(record) => {
            let mut all = Layout { align: 1, align64: 1, copy: true, ..Layout::default() };
            for field in &record.fields {
                let one = of(types, &field.ty);
                all.join(one);
                all.min_size = all.min_size.saturating_add(one.min_size);
                all.conformant |= one.conformant;
            }
            all
        }
        TypeKind::Union(union) => {
            let tag = of_scalar(union.tag);
            let mut all = Layout { copy: true, ..tag };
            for ty in kind.members() {
                all.join(of(types, ty));
            }
            all.min_size = tag.min_size;
            all
        }
    }
}

impl Layout {
    fn join(&mut self, other: Self) {
        self.align = self.align.max(other.align);
        self.align64 = self.align64.max(other.align64);
        self.pointers |= other.pointers;
        self.borrowed |= other.borrowed;
        self.copy &= other.copy;
        self.float |= other.float;
    }
}

/// Types, those that are inside others first, and those that contain themselves.
fn by_value(types: &[TypeDef]) -> (Vec<TypeId>, Vec<TypeId>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; types.len()];
    let mut order = Vec::with_capacity(types.len());
    let mut cycles = Vec::new();
    for root in 0..types.len() {
        let mut stack = vec![(TypeId(root), false)];
        while let Some((id, leave)) = stack.pop() {
            let (Some(state), Some(def)) = (states.get_mut(id.0), types.get(id.0)) else { continue };
            if leave {
                *state = State::Done;
                order.push(id);
                continue;
            }
            if *state != State::New {
                continue;
            }
            *state = State::Open;
            stack.push((id, true));
            for ty in def.kind.members() {
                ty.named(false, &mut |inner| match states.get(inner.0) {
                    Some(State::New) => stack.push((inner, false)),
                    Some(State::Open) => cycles.push(inner),
                    _ => {}
                });
            }
        }
    }
    cycles.sort_unstable();
    cycles.dedup();
    (order, cycles)
}

/// Spreads what also comes through pointers, and finds the types that reach themselves.
fn spread(types: &mut [TypeDef]) {
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(types.len());
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    for (user, def) in types.iter().enumerate() {
        let mut used = Vec::new();
        for ty in def.kind.members() {
            ty.named(true, &mut |id| used.push(id.0));
        }
        for id in &used {
            if let Some(list) = users.get_mut(*id) {
                list.push(user);
            }
        }
        edges.push(used);
    }
    let marked = |get: fn(&Layout) -> bool| -> Vec<usize> {
        types.iter().enumerate().filter(|(_, def)| get(&def.layout)).map(|(id, _)| id).collect()
    };
    let (borrowed, float) = (marked(|l| l.borrowed), marked(|l| l.float));
    for id in reach(&users, borrowed) {
        types.iter_mut().skip(id).take(1).for_each(|def| def.layout.borrowed = true);
    }
    for id in reach(&users, float) {
        types.iter_mut().skip(id).take(1).for_each(|def| def.layout.float = true);
    }
    for id in recursive(&edges, &users) {
        types.iter_mut().skip(id).take(1).for_each(|def| def.layout.recursive = true);
    }
}

/// Everything that is reached along the edges, the start included.
fn reach(edges: &[Vec<usize>], start: Vec<usize>) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut found = Vec::new();
    let mut stack = start;
    while let Some(id) = stack.pop() {
        let Some(seen) = seen.get_mut(id).filter(|seen| !**seen) else { continue };
        *seen = true;
        found.push(id);
        stack.extend(edges.get(id).into_iter().flatten());
    }
    found
}

/// Members of cycles: strongly connected components of more than one type, or with an edge to itself.
fn recursive(edges: &[Vec<usize>], users: &[Vec<usize>]) -> Vec<usize> {
    let mut finished = Vec::with_capacity(edges.len());
    let mut seen = vec![false; edges.len()];
    for root in 0..edges.len() {
        let mut stack = vec![(root, false)];
        while let Some((id, leave)) = stack.pop() {
            if leave {
                finished.push(id);
                continue;
            }
            let Some(seen) = seen.get_mut(id).filter(|seen| !**seen) else { continue };
            *seen = true;
            stack.push((id, true));
            stack.extend(edges.get(id).into_iter().flatten().map(|&next| (next, false)));
        }
    }
    let mut taken = vec![false; edges.len()];
    let mut found = Vec::new();
    for &root in finished.iter().rev() {
        let mut component = Vec::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let Some(taken) = taken.get_mut(id).filter(|taken| !**taken) else { continue };
            *taken = true;
            component.push(id);
            stack.extend(users.get(id).into_iter().flatten());
        }
        let itself = edges.get(root).is_some_and(|list| list.contains(&root));
        if component.len() > 1 || itself {
            found.append(&mut component);
        }
    }
    found
}
