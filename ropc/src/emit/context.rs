//! What every emitter needs: the program, the module, the imports that come up.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::file::Tokens;
use super::names::{as_written, verbatim};
use super::slice::Slice;
use crate::model::{Extent, IntKind, Layout, Param, Program, Text, Type, TypeId, TypeKind};

/// Return values that dispatch answers by itself, MS-OXCDATA 2.4.
pub(crate) const RETURN_VALUES: &[(&str, u64)] = &[
    ("ecNone", 0),
    ("ecError", 0x8000_4005),
    ("ecNullObject", 0x4B9),
    ("ecInvalidObject", 0x8004_0108),
    ("ecAccessDenied", 0x8007_0005),
    ("ecNotSupported", 0x8004_0102),
    ("ecBufferTooSmall", 0x47D),
    ("ecInvalidParam", 0x8007_0057),
    ("ecMaxObjsExceeded", 0x4DE),
];

/// One output file in the making.
pub(crate) struct Context<'p> {
    pub(crate) program: &'p Program,
    pub(crate) module: usize,
    imports: RefCell<BTreeSet<String>>,
    /// Of the whole program, when first asked for.
    in_place: OnceCell<BTreeSet<TypeId>>,
    inlined: OnceCell<BTreeSet<TypeId>>,
}

impl<'p> Context<'p> {
    pub(crate) fn new(program: &'p Program, module: usize) -> Self {
        Self { program, module, imports: RefCell::default(), in_place: OnceCell::new(), inlined: OnceCell::new() }
    }

    /// The context of a file that is made from a slice of the program.
    pub(crate) fn within(slice: &'p Slice, module: usize) -> Self {
        Self {
            program: &slice.program,
            module,
            imports: RefCell::default(),
            in_place: slice.in_place.clone().into(),
            inlined: slice.inlined.clone().into(),
        }
    }

    /// The `use` items of what was asked for and is named in the items.
    pub(crate) fn imports_of(&self, items: &[Tokens]) -> TokenStream {
        let mut used = HashSet::new();
        items.iter().for_each(|item| each_word(&item.text, &mut |word| _ = used.insert(word)));
        // A trait is named by its methods.
        let is_used = |name: &str| {
            used.contains(name.trim_start_matches("r#"))
                || name == "At" && (used.contains("at") || used.contains("at_index"))
        };
        self.imports.borrow_mut().retain(|path| path.rsplit("::").next().is_some_and(is_used));
        self.imports()
    }

    /// The `use` items of everything that was asked for, one a module.
    pub(crate) fn imports(&self) -> TokenStream {
        let imports = self.imports.borrow();
        let mut modules: BTreeMap<&str, Vec<proc_macro2::Ident>> = BTreeMap::new();
        for (module, name) in imports.iter().filter_map(|path| path.rsplit_once("::")) {
            modules.entry(module).or_default().push(as_written(name));
        }
        let uses = modules.iter().filter_map(|(module, names)| {
            let module: TokenStream = module.parse().ok()?;
            Some(match names.as_slice() {
                [one] => quote!(use #module::#one;),
                many => quote!(use #module::{#(#many),*};),
            })
        });
        quote!(#(#uses)*)
    }

    pub(crate) fn import(&self, path: impl Into<String>) {
        self.imports.borrow_mut().insert(path.into());
    }

    /// A name of `runtime`, imported.
    pub(crate) fn runtime(&self, name: &str) -> TokenStream {
        self.import(format!("runtime::{name}"));
        let ident = verbatim(name);
        quote!(#ident)
    }

    /// A name of another module, imported where it is not ours.
    pub(crate) fn name_in(&self, module: usize, name: &str) -> TokenStream {
        if module != self.module
            && let Some(m) = self.program.modules.get(module)
        {
            self.import(format!("crate::{}::{}", m.name, verbatim(name)));
        }
        let ident = verbatim(name);
        quote!(#ident)
    }

    /// A named type, without lifetime.
    pub(crate) fn type_name(&self, id: TypeId) -> TokenStream {
        let def = self.program.ty(id);
        self.name_in(def.module, &def.name)
    }

    /// The `ErrorCode` of the descriptions; where they have none, the one that dispatch has for itself.
    pub(crate) fn error_code(&self) -> TokenStream {
        match self.program.error_code() {
            Some((def, _)) => self.name_in(def.module, "ErrorCode"),
            None => {
                if self.module != usize::MAX {
                    self.import("crate::rops::ErrorCode");
                }
                quote!(ErrorCode)
            }
        }
    }

    /// A return value by its name; by its number where the descriptions do not declare it.
    pub(crate) fn return_value(&self, name: &str) -> TokenStream {
        let error_code = self.error_code();
        self.return_value_of(&error_code, name)
    }

    /// The same where the type has another name, as `Self`.
    pub(crate) fn return_value_of(&self, error_code: &TokenStream, name: &str) -> TokenStream {
        let declared = self.program.error_code().is_some_and(|(_, e)| e.items.iter().any(|(item, ..)| item == name));
        if declared {
            let name = super::names::screaming(name);
            return quote!(#error_code::#name);
        }
        let known = RETURN_VALUES.iter().find(|(known, _)| *known == name).map_or(0x8000_4005, |(_, value)| *value);
        let value = hex(known, 4);
        quote!(#error_code(#value))
    }

    pub(crate) fn layout(&self, ty: &Type) -> Layout {
        self.program.layout(ty)
    }

    /// A type in Rust, borrowed for `lifetime`.
    pub(crate) fn rust(&self, ty: &Type, lifetime: &TokenStream) -> TokenStream {
        match ty {
            Type::Int(kind) => int(*kind),
            Type::IntByForm(by) => int(by.widest()),
            Type::Float(4) => quote!(f32),
            Type::Float(_) => quote!(f64),
            Type::Bool(_) => quote!(bool),
            Type::U48Be => quote!(u64),
            // Never reached: building refuses what is not emitted yet.
            Type::Later => quote!(()),
            Type::Guid => self.runtime("Guid"),
            Type::FileTime => self.runtime("FileTime"),
            Type::GlobSet => self.runtime("GlobSet"),
            Type::Named(id, _) => {
                let name = self.type_name(*id);
                if self.layout(ty).lifetime { quote!(#name<#lifetime>) } else { name }
            }
            Type::Text(text) => {
                let name = self.runtime(match text {
                    Text::Utf16Nul | Text::Utf16Counted(..) => "Utf16",
                    Text::String8Nul | Text::String8Counted(_) | Text::Line => "String8",
                    Text::By(_) => "StringValue",
                    Text::BytesCounted(_) => "Blob",
                });
                quote!(#name<#lifetime>)
            }
            Type::Bytes(Extent::Const(n)) => {
                let n = usize_literal(*n);
                quote!([u8; #n])
            }
            Type::Bytes(_) => {
                let name = self.runtime("Blob");
                quote!(#name<#lifetime>)
            }
            Type::Array(element, Extent::Const(n)) => {
                let (element, n) = (self.rust(element, lifetime), usize_literal(*n));
                quote!([#element; #n])
            }
            Type::Array(element, _) => {
                let element = self.rust(element, lifetime);
                quote!(Vec<#element>)
            }
        }
    }

    /// Values of this type are passed and read by copy.
    pub(crate) fn is_copy(&self, ty: &Type) -> bool {
        self.layout(ty).copy && !matches!(ty, Type::Text(_))
    }

    /// The parameters of `unpack` and `pack` as `name: type`, each preceded by a comma.
    pub(crate) fn params(&self, params: &[Param], used: &TokenStream) -> TokenStream {
        let words = words(used);
        let params = params.iter().map(|param| {
            let name = super::names::word(&param.name);
            let name = if words.contains(&name) { super::names::snake(&param.name) } else { format_ident!("_{name}") };
            let ty = self.param_type(param);
            quote!(, #name: #ty)
        });
        quote!(#(#params)*)
    }

    /// The type of a parameter.
    pub(crate) fn param_type(&self, param: &Param) -> TokenStream {
        let ty = self.rust(&param.ty, &quote!('_));
        let ty = if param.list {
            quote!(&[#ty])
        } else if self.is_copy(&param.ty) {
            ty
        } else {
            quote!(&#ty)
        };
        if param.optional { quote!(Option<#ty>) } else { ty }
    }

    /// The `unpack` of the structure is inlined.
    pub(crate) fn is_inlined(&self, id: TypeId) -> bool {
        self.inlined.get_or_init(|| super::in_place::inlined(self.program)).contains(&id)
    }

    /// The type has `unpack_with`.
    pub(crate) fn is_in_place(&self, id: TypeId) -> bool {
        self.in_place.get_or_init(|| super::in_place::types(self.program)).contains(&id)
    }

    /// A constant of an enumeration or bit record, or a wire form.
    pub(crate) fn constant(&self, id: TypeId, name: &str) -> TokenStream {
        let ty = self.type_name(id);
        let name = match &self.program.ty(id).kind {
            TypeKind::Form(_) => verbatim(name),
            _ => super::names::screaming(name),
        };
        quote!(#ty::#name)
    }

    /// The structure behind a named type, if it is one.
    pub(crate) fn struct_def(&self, id: TypeId) -> Option<&'p crate::model::StructDef> {
        match &self.program.ty(id).kind {
            TypeKind::Struct(def) => Some(def),
            _ => None,
        }
    }
}

/// An integer in Rust.
pub(crate) fn int(kind: IntKind) -> TokenStream {
    let name = format_ident!("{}{}", if kind.signed { "i" } else { "u" }, u32::from(kind.size) * 8);
    quote!(#name)
}

impl Context<'_> {
    /// Numbers of the module are in the order that a structure around them says.
    pub(crate) fn is_either_order(&self) -> bool {
        self.program.modules.get(self.module).is_some_and(|module| module.either_order)
    }

    /// The reader and writer of an integer: `u16`, `ordered_u16`.
    pub(crate) fn int_method(&self, kind: IntKind) -> proc_macro2::Ident {
        match int_method(kind) {
            method if kind.size > 1 && self.is_either_order() => format_ident!("ordered_{method}"),
            method => method,
        }
    }
}

/// An integer as a word: `u16`.
pub(crate) fn int_method(kind: IntKind) -> proc_macro2::Ident {
    format_ident!("{}{}", if kind.signed { "i" } else { "u" }, u32::from(kind.size) * 8)
}

/// A number as a `usize` or untyped literal.
pub(crate) fn usize_literal(n: u64) -> TokenStream {
    let literal = proc_macro2::Literal::u64_unsuffixed(n);
    quote!(#literal)
}

/// A number in hexadecimal, with as many digits as its bytes take.
pub(crate) fn hex(value: u64, bytes: u8) -> TokenStream {
    let width = usize::from(bytes) * 2;
    let digits = format!("{value:0width$X}");
    let mut text = String::from("0x");
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 4 == 0 {
            text.push('_');
        }
        text.push(c);
    }
    text.parse().unwrap_or_else(|_| usize_literal(value))
}

/// `///` lines; at least one, so that nothing public is without.
pub(crate) fn docs(lines: &[String], spec: Option<&str>, otherwise: &str) -> TokenStream {
    let mut all: Vec<String> = lines.iter().map(|line| format!(" {}", line.trim())).collect();
    if all.is_empty() {
        all.push(format!(" {otherwise}"));
    }
    if let Some(spec) = spec {
        all.push(String::new());
        all.push(format!(" {spec}."));
    }
    quote!(#(#[doc = #all])*)
}

/// Every word in some tokens.
pub(crate) fn words(tokens: &TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_word(&tokens.to_string(), &mut |word| _ = found.insert(word.to_owned()));
    found
}

/// Calls `found` with every word in the text of some tokens: not with what stands in strings.
pub(crate) fn each_word<'t>(text: &'t str, found: &mut dyn FnMut(&'t str)) {
    let bytes = text.as_bytes();
    let is_part = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || !b.is_ascii());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_literal(bytes, at),
            // a character, or a lifetime
            b'\'' if bytes.get(at + 1) == Some(&b'\\') || bytes.get(at + 2) == Some(&b'\'') => {
                at = end_of_literal(bytes, at);
            }
            _ if is_part(at) => {
                let start = at;
                while is_part(at) {
                    at += 1;
                }
                let word = text.get(start..at).unwrap_or_default();
                let is_raw = word == "r" && bytes.get(at) == Some(&b'#');
                if !byte.is_ascii_digit() && !is_raw {
                    found(word);
                }
            }
            _ => at += 1,
        }
    }
}

/// The place behind a literal that begins here and ends with the same sign.
fn end_of_literal(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if Some(&byte) == bytes.get(start) => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_names_and_keywords_outside_of_literals() {
        let tokens = quote! {
            #[doc = " An \"Apple\" \\ `Pear`."]
            fn r#type<'a>(x: &'a str) -> u8 { if x == "Plum" { b'q' } else { '\'' as u8 + 0x1F_u8 + '"' as u8 } }
        };
        let expected = ["a", "as", "b", "doc", "else", "fn", "if", "str", "type", "u8", "x"];
        assert_eq!(words(&tokens).into_iter().collect::<Vec<_>>(), expected);
    }
}
