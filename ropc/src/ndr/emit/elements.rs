//! What lists consist of and what is boxed: the memory that decoding takes follows from that.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::super::layout;
use super::super::model::{Array, Type, TypeDef, TypeId, TypeKind};
use super::{Emit, usize_literal, values};

impl Emit<'_> {
    /// The elements of a type: size in memory, and the fewest bytes on the wire.
    pub(super) fn memory_of_type(self, def: &TypeDef) -> Vec<TokenStream> {
        let mut found = Found { emit: self, seen: BTreeSet::new(), elements: BTreeMap::new() };
        found.def(def);
        found.elements.into_values().collect()
    }

    /// The elements of all of these together.
    pub(super) fn memory_of<'t>(self, types: impl Iterator<Item = &'t Type>) -> Vec<TokenStream> {
        let mut found = Found { emit: self, seen: BTreeSet::new(), elements: BTreeMap::new() };
        types.for_each(|ty| found.within(ty));
        found.elements.into_values().collect()
    }
}

struct Found<'m> {
    emit: Emit<'m>,
    seen: BTreeSet<usize>,
    elements: BTreeMap<String, TokenStream>,
}

impl Found<'_> {
    fn def(&mut self, def: &TypeDef) {
        match &def.kind {
            TypeKind::Struct(record) => record.fields.iter().for_each(|field| self.within(&field.ty)),
            TypeKind::Union(union) => {
                union.arms.iter().filter_map(|arm| arm.ty.as_ref()).for_each(|ty| self.within(ty))
            }
            TypeKind::Enum(_) | TypeKind::Bitmap(_) | TypeKind::Opaque => {}
        }
    }

    fn named(&mut self, id: TypeId) {
        if let Some(def) = self.emit.model.get(id)
            && self.seen.insert(id.0)
        {
            self.def(def);
        }
    }

    fn within(&mut self, ty: &Type) {
        match ty {
            Type::Named(id) | Type::Union(id, _) => self.named(*id),
            Type::Pointer(kind, to) => {
                if self.emit.is_boxed(*kind, to) {
                    self.element(to);
                }
                self.within(to);
            }
            Type::Array(array) => self.array(array),
            Type::Pipe(element) => self.list(element),
            Type::Formatted(_, inner) => self.within(inner),
            Type::Sub(sub) => self.within(&sub.inner),
            Type::Scalar(_) | Type::Ranged(..) | Type::Known(_) | Type::Text(_) | Type::Flat(_) => {}
        }
    }

    fn array(&mut self, array: &Array) {
        if self.emit.small_array(array).is_some() {
            self.within(&array.element);
        } else {
            self.list(&array.element);
        }
    }

    fn list(&mut self, element: &Type) {
        if !layout::is_byte(element) {
            self.element(element);
        }
        self.within(element);
    }

    fn element(&mut self, ty: &Type) {
        // Numbers take no more in memory than on the wire.
        if matches!(ty, Type::Scalar(_) | Type::Ranged(..)) {
            return;
        }
        let memory = values::in_protocol(&forever(self.emit.rust_type(ty)));
        let wire = usize_literal(self.emit.layout(ty).min_size.max(1));
        self.elements.insert(memory.to_string(), quote!((size_of::<#memory>(), #wire)));
    }
}

/// The type without the lifetime of what it borrows.
fn forever(ty: TokenStream) -> TokenStream {
    ty.into_iter()
        .map(|token| match token {
            TokenTree::Ident(word) if word == "a" => super::ident("static").into(),
            TokenTree::Group(group) => proc_macro2::Group::new(group.delimiter(), forever(group.stream())).into(),
            other => other,
        })
        .collect()
}
