//! Shapes: alignment in both syntaxes, least size, and what Rust code has to know.

use super::dialect::{Absent, Value};
use super::model::{Array, Interface, Known, Layout, Pointer, Scalar, Size, Struct, Type, TypeDef, TypeId, TypeKind};
use crate::diagnostic::Diagnostic;

/// Arrays of constant length up to this are Rust arrays, which have a default only so far.
pub(super) const MAX_RUST_ARRAY: u64 = 32;

/// Fixed sizes are of use up to so many bytes, and so many structures in each other.
const MAX_FIXED: usize = 256;
const MAX_FIXED_DEPTH: usize = 4;

/// Computes the layouts of all types; reports types that contain themselves (R0714).
pub(super) fn compute(model: &mut Interface, diagnostics: &mut Vec<Diagnostic>) {
    let (order, cycles, nested) = by_value(&model.types);
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
    // what is in lists of itself knows itself only the second time
    for _ in 0..if nested.is_empty() { 1 } else { 2 } {
        for id in &order {
            let mut layout = model.get(*id).map(|def| of_type(&model.types, def)).unwrap_or_default();
            layout.copy &= !nested.contains(id);
            if let Some(def) = model.types.get_mut(id.0) {
                def.layout = layout;
            }
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
                Known::Sid | Known::SidConformant => 8,
                Known::SidPadded => 28,
                Known::SidOptional | Known::Blob => 0,
            };
            let copy = !matches!(
                known,
                Known::Blob | Known::Sid | Known::SidConformant | Known::SidPadded | Known::SidOptional
            );
            let fixed = if copy { min_size } else { 0 };
            Layout {
                align: 4,
                align64: if *known == Known::SidConformant { 8 } else { 4 },
                min_size,
                copy,
                fixed,
                borrowed: *known == Known::Blob,
                ..Layout::default()
            }
        }
        Type::Flat(_) => Layout { align: 4, align64: 4, borrowed: true, ..Layout::default() },
        Type::Formatted(_, inner) => Layout { fixed: 0, ..of(types, inner) },
        // what is inside has its own beginning and end, and nothing of it waits
        Type::Sub(sub) => {
            let inner = of(types, &sub.inner);
            let shape = Layout { borrowed: inner.borrowed, float: inner.float, ..Layout::default() };
            Layout { align: 1, align64: 1, ..shape }
        }
        Type::Pipe(element) => {
            let bytes = is_byte(element);
            let element = of(types, element);
            let borrowed = bytes || element.borrowed;
            Layout { align: 4, align64: 8, float: element.float, borrowed, ..Layout::default() }
        }
        Type::Pointer(kind, to) if kind.is_relative() => {
            let to = of(types, to);
            // what they are in is aligned as if they were pointers
            let min_size = if *kind == Pointer::Relative { 4 } else { 2 };
            Layout {
                align: 4,
                align64: 8,
                min_size,
                pointers: true,
                relative: true,
                borrowed: to.borrowed,
                float: to.float,
                ..Layout::default()
            }
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
    let fixed = match scalar {
        Scalar::Enum16 | Scalar::U3264 | Scalar::Udlongr => 0,
        Scalar::Udlong | Scalar::Dlong => 8,
        _ => align,
    };
    Layout { align, align64, min_size: align, copy: true, float: scalar.is_float(), fixed, ..Layout::default() }
}

fn of_array(types: &[TypeDef], array: &Array) -> Layout {
    let element = of(types, &array.element);
    // arrays in arrays, and numbers that are checked one by one
    let plain = !matches!(*array.element, Type::Array(_) | Type::Ranged(..)) && !element.nested;
    let of_element = if plain { element.fixed } else { 0 };
    // of an array of conformant structures each has its own count before it
    let element = Layout { fixed: 0, conformant: false, ..element };
    let bytes = is_byte(&array.element) || is_unit(&array.element);
    let counts = if array.varying { 8 } else { 0 };
    match array.size {
        Size::Fixed(count) => {
            let elements = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(element.min_size);
            let small = count <= MAX_RUST_ARRAY && !array.varying;
            Layout {
                min_size: if array.varying { counts } else { elements },
                borrowed: element.borrowed || bytes && !small,
                copy: element.copy && small,
                fixed: usize::try_from(count)
                    .ok()
                    .and_then(|count| count.checked_mul(of_element))
                    .filter(|size| small && *size <= MAX_FIXED)
                    .unwrap_or(0),
                ..element
            }
        }
        Size::Headed(_) => Layout {
            min_size: counts,
            align: element.align.max(4),
            align64: element.align64.max(8),
            borrowed: element.borrowed || bytes,
            copy: false,
            ..element
        },
        Size::Inline(_) => Layout { min_size: counts, borrowed: element.borrowed || bytes, copy: false, ..element },
        Size::Conformant(_) => {
            Layout { min_size: counts, conformant: true, borrowed: element.borrowed || bytes, copy: false, ..element }
        }
    }
}

/// Elements that stay a slice of the stub data.
pub(super) fn is_byte(element: &Type) -> bool {
    matches!(element, Type::Scalar(Scalar::U8))
}

/// Elements that are a text together, which stays a slice of the stub data.
pub(super) fn is_unit(element: &Type) -> bool {
    matches!(element, Type::Scalar(Scalar::Unit))
}

fn of_type(types: &[TypeDef], def: &TypeDef) -> Layout {
    let mut layout = of_kind(types, &def.kind);
    layout.relative |= def.relative_base && layout.pointers;
    if def.format.unaligned {
        (layout.align, layout.align64) = (1, 1);
    }
    if !def.format.is_empty() || def.relative_base {
        layout.fixed = 0;
    }
    if def.hook.is_some() {
        // nothing is known of it but how it is aligned, and whether it comes in two phases
        let pointers = layout.pointers;
        layout = Layout { align: layout.align, align64: layout.align64, pointers, ..Layout::default() };
    }
    layout
}

fn of_kind(types: &[TypeDef], kind: &TypeKind) -> Layout {
    match kind {
        TypeKind::Opaque => Layout { align: 1, align64: 1, ..Layout::default() },
        TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => of_scalar(flags.scalar),
        TypeKind::Struct(record) => {
            let mut all = Layout { align: 1, align64: 1, copy: true, ..Layout::default() };
            for field in &record.fields {
                let one = match field.absent {
                    None => of(types, &field.ty),
                    Some(Absent::Skipped) => continue,
                    Some(Absent::Pointer) => {
                        Layout { align: 4, align64: 8, min_size: 4, copy: true, ..Layout::default() }
                    }
                };
                // what is always the same has no Rust value
                let constant = field.value.as_ref().is_some_and(Value::is_constant);
                all.join(if constant { Layout { borrowed: false, copy: true, ..one } } else { one });
                all.min_size = all.min_size.saturating_add(one.min_size);
                all.conformant |= one.conformant;
            }
            all.fixed = fixed_struct(types, record, &mut all.fixed_depth);
            if all.align != all.align64 || !all.fixed.is_multiple_of(all.align) {
                all.fixed = 0;
            }
            all
        }
        TypeKind::Union(union) => {
            let tag = of_scalar(union.tag);
            let mut all = if union.bare {
                Layout { align: 1, align64: 1, copy: true, ..Layout::default() }
            } else {
                Layout { copy: true, fixed: 0, ..tag }
            };
            let min_size = all.min_size;
            for ty in kind.members() {
                all.join(of(types, ty));
            }
            all.min_size = min_size;
            all
        }
    }
}

/// The bytes of a structure all of whose fields have a fixed size, without gaps; 0 for any other.
fn fixed_struct(types: &[TypeDef], record: &Struct, depth: &mut usize) -> usize {
    let mut size = 0_usize;
    for field in &record.fields {
        let one = of(types, &field.ty);
        let own = field.value.is_none() && field.absent.is_none() && !matches!(field.ty, Type::Ranged(..));
        *depth = (*depth).max(one.fixed_depth + 1);
        if !own || one.fixed == 0 || !size.is_multiple_of(one.align) || *depth > MAX_FIXED_DEPTH {
            return 0;
        }
        size += one.fixed;
        if size > MAX_FIXED {
            return 0;
        }
    }
    size
}

impl Layout {
    fn join(&mut self, other: Self) {
        self.align = self.align.max(other.align);
        self.align64 = self.align64.max(other.align64);
        self.pointers |= other.pointers;
        self.relative |= other.relative;
        self.borrowed |= other.borrowed;
        self.copy &= other.copy;
        self.float |= other.float;
    }
}

/// Its elements stand behind something in Rust, and there may be none.
fn is_list(ty: &Type) -> bool {
    match ty.plain() {
        Type::Array(_) => true,
        Type::Sub(sub) => is_list(&sub.inner),
        _ => false,
    }
}

/// Types, those that are inside others first, and those that contain themselves.
///
/// The third list: types in lists of themselves, which end where a list is empty.
fn by_value(types: &[TypeDef]) -> (Vec<TypeId>, Vec<TypeId>, Vec<TypeId>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; types.len()];
    let mut order = Vec::with_capacity(types.len());
    let mut nested = Vec::new();
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
                    Some(State::Open) => nested.push(inner),
                    _ => {}
                });
            }
        }
    }
    if nested.is_empty() {
        return (order, Vec::new(), nested);
    }
    // a cycle is one where no list is on the way
    let mut edges = vec![Vec::new(); types.len()];
    let mut users = vec![Vec::new(); types.len()];
    for (user, def) in types.iter().enumerate() {
        for ty in def.kind.members().filter(|ty| !is_list(ty)) {
            ty.named(false, &mut |id| {
                edges.iter_mut().skip(user).take(1).for_each(|list: &mut Vec<usize>| list.push(id.0));
                users.iter_mut().skip(id.0).take(1).for_each(|list: &mut Vec<usize>| list.push(user));
            });
        }
    }
    // one of each is enough to say
    let first = |component: Vec<usize>| component.into_iter().min();
    let mut cycles: Vec<TypeId> = components(&edges, &users).into_iter().filter_map(first).map(TypeId).collect();
    cycles.sort_unstable();
    (order, cycles, nested)
}

/// Spreads what also comes through pointers, and finds the types that reach themselves.
fn spread(types: &mut [TypeDef]) {
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(types.len());
    let mut inside: Vec<Vec<usize>> = Vec::with_capacity(types.len());
    let mut around: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    for (user, def) in types.iter().enumerate() {
        let mut used = Vec::new();
        let members = def.kind.members();
        for ty in members.filter(|_| def.hook.is_none()) {
            ty.named(true, &mut |id| used.push(id.0));
        }
        let mut held = Vec::new();
        for ty in def.kind.members().filter(|_| def.hook.is_none()) {
            ty.named(false, &mut |id| held.push(id.0));
        }
        for (list, targets) in [(&mut users, &used), (&mut around, &held)] {
            for id in targets {
                if let Some(list) = list.get_mut(*id) {
                    list.push(user);
                }
            }
        }
        edges.push(used);
        inside.push(held);
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
    for id in recursive(&inside, &around) {
        types.iter_mut().skip(id).take(1).for_each(|def| def.layout.nested = true);
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
    components(edges, users).into_iter().flatten().collect()
}

/// Cycles, each with its members.
fn components(edges: &[Vec<usize>], users: &[Vec<usize>]) -> Vec<Vec<usize>> {
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
            found.push(component);
        }
    }
    found
}
