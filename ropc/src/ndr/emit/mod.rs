//! The model to Rust, as tokens.

mod dialect;
mod elements;
mod exprs;
mod messages;
mod owned;
mod plain;
mod read;
mod runs;
mod server;
mod shapes;
mod sizes;
mod types;
mod values;
mod write;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::Module;
use super::layout;
use super::model::{Array, Interface, Known, Layout, Pointer, Scalar, Size, Type, TypeDef, TypeKind};

/// The module of an interface.
pub(super) fn module(model: &Interface) -> Module {
    let emit = Emit { model };
    let mut items = emit.constants();
    for def in model.types.iter().filter(|def| def.module.is_none()) {
        items.extend(emit.type_def(def));
    }
    for operation in model.operations.iter().filter(|operation| !operation.left_out) {
        items.extend(emit.operation(operation));
    }
    items.extend(emit.server());
    items.extend(model.carried.iter().map(super::carries::methods));
    let mut all = emit.uses(&items);
    all.extend(items);
    let docs =
        if model.docs.is_empty() { vec![format!("The interface `{}`.", model.name)] } else { model.docs.clone() };
    Module { docs, items: all }
}

/// The tests of an interface.
pub(super) fn tests(model: &Interface) -> Vec<TokenStream> {
    Emit { model }.tests()
}

/// What every part of the emitter reads.
#[derive(Clone, Copy)]
struct Emit<'m> {
    model: &'m Interface,
}

/// An identifier; the names of the model are valid ones.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A range of numbers, and what an error says about it.
fn range(low: u64, high: u64) -> (TokenStream, String) {
    let expected = format!("{low} to {high}");
    let (low, high) = (proc_macro2::Literal::u64_unsuffixed(low), proc_macro2::Literal::u64_unsuffixed(high));
    (quote!(#low..=#high), expected)
}

/// A size as a literal without suffix.
fn usize_literal(value: usize) -> proc_macro2::Literal {
    proc_macro2::Literal::usize_unsuffixed(value)
}

/// A number as a literal without suffix, signed where its type is.
fn literal(scalar: Scalar, value: u64) -> TokenStream {
    let mask = super::bodies::width_mask(scalar);
    if scalar == Scalar::Bool {
        let truth = value != 0;
        return quote!(#truth);
    }
    if scalar.is_signed() && value & !(mask >> 1) != 0 {
        let magnitude = proc_macro2::Literal::u64_unsuffixed((value | !mask).wrapping_neg());
        return quote!(-#magnitude);
    }
    let literal = proc_macro2::Literal::u64_unsuffixed(value & mask);
    quote!(#literal)
}

/// `#[doc]` attributes from lines; the fallback where there are none.
fn docs(lines: &[String], fallback: &str) -> TokenStream {
    let fallback = [fallback.to_owned()];
    let lines = if lines.iter().all(|line| line.trim().is_empty()) { &fallback[..] } else { lines };
    let lines = lines.iter().map(|line| format!(" {}", line.trim()));
    quote!(#(#[doc = #lines])*)
}

impl Emit<'_> {
    fn layout(&self, ty: &Type) -> Layout {
        layout::of(&self.model.types, ty)
    }

    /// Path of a named type without lifetime.
    fn path(&self, def: &TypeDef) -> TokenStream {
        if let Some(path) = def.hook.as_deref().and_then(|path| syn::parse_str::<syn::Path>(path).ok()) {
            return quote!(#path);
        }
        let name = ident(&def.rust);
        match def.module.as_deref().and_then(|module| syn::parse_str::<syn::Path>(module).ok()) {
            Some(module) => quote!(#module::#name),
            None => quote!(#name),
        }
    }

    /// The Rust type.
    fn rust_type(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => self.scalar(*scalar),
            Type::Named(id) | Type::Union(id, _) => match self.model.get(*id) {
                Some(def) => {
                    let path = self.path(def);
                    if def.layout.borrowed { quote!(#path<'a>) } else { path }
                }
                None => quote!(()),
            },
            Type::Known(Known::Blob) => quote!(Blob<'a>),
            Type::Known(known) => known.path(),
            Type::Formatted(_, inner) => self.rust_type(inner),
            Type::Sub(sub) => self.rust_type(&sub.inner),
            Type::Flat(flat) => {
                let text = if flat.flags.narrow { quote!(String8<'a>) } else { quote!(Utf16<'a>) };
                if flat.list { quote!(Vec<#text>) } else { text }
            }
            Type::Pipe(element) if layout::is_byte(element) => quote!(Blob<'a>),
            Type::Pipe(element) => {
                let element = self.rust_type(element);
                quote!(Vec<#element>)
            }
            Type::Pointer(Pointer::Ref, to) => {
                let inner = self.rust_type(to);
                if self.is_boxed(Pointer::Ref, to) { quote!(Box<#inner>) } else { inner }
            }
            Type::Pointer(kind, to) => {
                let inner = self.rust_type(to);
                if self.is_boxed(*kind, to) { quote!(Option<Box<#inner>>) } else { quote!(Option<#inner>) }
            }
            Type::Array(array) => self.array_type(array),
            Type::Text(text) => {
                if text.wide {
                    quote!(Utf16<'a>)
                } else {
                    quote!(String8<'a>)
                }
            }
        }
    }

    fn array_type(&self, array: &Array) -> TokenStream {
        let element = self.rust_type(&array.element);
        match self.small_array(array) {
            Some(count) => {
                let count = proc_macro2::Literal::u64_unsuffixed(count);
                quote!([#element; #count])
            }
            None if layout::is_byte(&array.element) => quote!(Blob<'a>),
            None if layout::is_unit(&array.element) => quote!(Utf16<'a>),
            None => quote!(Vec<#element>),
        }
    }

    /// How many elements a value of a type has that is a list in Rust.
    fn list_len(&self, ty: &Type, place: &TokenStream) -> TokenStream {
        match ty {
            Type::Array(array) => self.array_len(array, place),
            Type::Formatted(_, inner) | Type::Pointer(_, inner) => self.list_len(inner, place),
            _ => quote!(#place.len()),
        }
    }

    fn array_len(&self, array: &Array, place: &TokenStream) -> TokenStream {
        if self.is_text(array) { quote!(#place.len_units()) } else { quote!(#place.len()) }
    }

    /// An array of characters that is a text in Rust.
    fn is_text(&self, array: &Array) -> bool {
        layout::is_unit(&array.element) && self.small_array(array).is_none()
    }

    /// The length of an array that is one in Rust too.
    fn small_array(&self, array: &Array) -> Option<u64> {
        match array.size {
            Size::Fixed(count)
                if count <= layout::MAX_RUST_ARRAY && !array.varying && !self.layout(&array.element).nested =>
            {
                Some(count)
            }
            _ => None,
        }
    }

    /// A pointer to a structure or union is a box; a reference pointer only in a cycle.
    fn is_boxed(&self, kind: Pointer, to: &Type) -> bool {
        let to = match to.plain() {
            Type::Sub(sub) => sub.inner.plain(),
            other => other,
        };
        let (Type::Named(id) | Type::Union(id, _)) = to else { return false };
        self.model.get(*id).is_some_and(|def| {
            matches!(def.kind, TypeKind::Struct(_) | TypeKind::Union(_))
                && (kind != Pointer::Ref || def.layout.recursive)
        })
    }

    fn scalar(&self, scalar: Scalar) -> TokenStream {
        let name = ident(scalar.rust());
        quote!(#name)
    }

    /// `<'a>` for a type that borrows.
    fn lifetime(&self, borrowed: bool) -> TokenStream {
        if borrowed { quote!(<'a>) } else { TokenStream::new() }
    }

    /// The imports that the items need.
    fn uses(&self, items: &[TokenStream]) -> Vec<TokenStream> {
        let mut words = std::collections::HashSet::new();
        for item in items {
            collect_words(item.clone(), &mut words);
        }
        let mut list = Vec::new();
        for (module, names) in [
            (
                "runtime::ndr",
                [
                    "ContextHandle",
                    "Fault",
                    "HResult",
                    "NdrCursor",
                    "NdrEncoder",
                    "NtStatus",
                    "Representation",
                    "WError",
                ]
                .as_slice(),
            ),
            ("runtime", ["At", "Blob", "Guid", "PackError", "String8", "UnpackError", "Utf16"].as_slice()),
        ] {
            let own = |name: &&&str| self.model.types.iter().all(|def| def.rust != ***name);
            let used: Vec<Ident> = names
                .iter()
                .filter(|name| words.contains(**name) || **name == "At" && words.contains("at"))
                .filter(own)
                .map(|name| ident(name))
                .collect();
            if !used.is_empty()
                && let Ok(module) = syn::parse_str::<syn::Path>(module)
            {
                list.push(match used.as_slice() {
                    [one] => quote!(use #module::#one;),
                    many => quote!(use #module::{#(#many),*};),
                });
            }
        }
        list
    }
}

/// A word stands in the tokens.
fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(found) => found == word,
        proc_macro2::TokenTree::Group(group) => has_word(&group.stream(), word),
        _ => false,
    })
}

fn collect_words(tokens: TokenStream, words: &mut std::collections::HashSet<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Ident(word) => _ = words.insert(word.to_string()),
            proc_macro2::TokenTree::Group(group) => collect_words(group.stream(), words),
            _ => {}
        }
    }
}

impl Known {
    /// The type in `runtime`.
    fn path(self) -> TokenStream {
        match self {
            Self::NtStatus => quote!(NtStatus),
            Self::WError => quote!(WError),
            Self::HResult => quote!(HResult),
            Self::Guid => quote!(Guid),
            Self::ContextHandle => quote!(ContextHandle),
            Self::Blob => quote!(NdrCursor),
            Self::Sid | Self::SidConformant | Self::SidPadded | Self::SidOptional => quote!(runtime::ndr::Sid),
        }
    }

    /// Its methods for reading and writing.
    fn methods(self) -> (Ident, Ident) {
        let (unpack, pack) = match self {
            Self::Guid => ("unpack_ndr", "pack_ndr"),
            Self::Blob => ("data_blob", "data_blob"),
            Self::SidConformant => ("unpack_conformant", "pack_conformant"),
            Self::SidPadded => ("unpack_padded", "pack_padded"),
            Self::SidOptional => ("unpack_optional", "pack_optional"),
            _ => ("unpack", "pack"),
        };
        (ident(unpack), ident(pack))
    }
}
