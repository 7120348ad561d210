//! What lists of a structure consist of: the memory that decoding takes follows from that.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::context::{Context, usize_literal};
use crate::lower::derive::each_field;
use crate::model::{Extent, StructDef, Text, Type, TypeKind};

/// The elements of all lists in a structure, and what is boxed in it: size in memory, and the fewest bytes on the
/// wire.
pub(super) fn of(cx: &Context<'_>, def: &StructDef) -> Vec<TokenStream> {
    let mut found = Found { cx, seen: BTreeSet::new(), elements: BTreeMap::new() };
    found.structure(def);
    found.elements.into_values().collect()
}

struct Found<'c, 'p> {
    cx: &'c Context<'p>,
    seen: BTreeSet<usize>,
    elements: BTreeMap<String, TokenStream>,
}

impl Found<'_, '_> {
    fn structure(&mut self, def: &StructDef) {
        let mut fields = Vec::new();
        each_field(&def.body, &mut |field| fields.push((field.ty.clone(), field.boxed)));
        for (ty, boxed) in fields {
            if boxed {
                self.element(&ty);
            }
            self.within(&ty);
        }
    }

    fn within(&mut self, ty: &Type) {
        match ty {
            Type::Array(element, extent) => {
                if !matches!(extent, Extent::Const(_)) {
                    self.element(element);
                }
                self.within(element);
            }
            Type::Named(id, _) => {
                if let TypeKind::Struct(def) = &self.cx.program.ty(*id).kind
                    && self.seen.insert(id.0)
                {
                    self.structure(def);
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, ty: &Type) {
        let memory = match ty {
            Type::Named(id, _) => {
                let def = self.cx.program.ty(*id);
                if self.cx.struct_def(*id).is_none() {
                    return;
                }
                self.cx.name_in(def.module, &def.name)
            }
            Type::Text(Text::Utf16Nul | Text::Utf16Counted(..)) => self.cx.runtime("Utf16"),
            Type::Text(Text::By(_)) => self.cx.runtime("StringValue"),
            Type::Text(_) => self.cx.runtime("String8"),
            Type::Bytes(_) => self.cx.runtime("Blob"),
            _ => return,
        };
        let wire = usize_literal(self.cx.layout(ty).min_size.max(1));
        self.elements.insert(memory.to_string(), quote!((size_of::<#memory>(), #wire)));
    }
}
