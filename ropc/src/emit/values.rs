//! Enumerations, bit records and constants.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::context::{Context, docs, hex, int};
use super::names::{screaming, snake, snake_text, verbatim};
use crate::ast::ReservedRule;
use crate::model::{BitsDef, BitsField, ConstValue, EnumDef, FormDef, IntKind, Type, TypeDef, TypeKind};

/// The value types of a module.
pub(crate) fn module_items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for def in cx.program.types.iter().filter(|def| def.module == cx.module) {
        match &def.kind {
            TypeKind::Enum(e) => items.push(enumeration(cx, def, e)),
            TypeKind::Bits(b) => items.push(bits(cx, def, b)),
            TypeKind::Form(f) => items.push(forms(def, f)),
            TypeKind::Struct(_) => {}
        }
    }
    if let Some(module) = cx.program.modules.get(cx.module) {
        for constant in module.consts.iter().filter(|constant| !super::properties::is_tag(cx, module, constant)) {
            let name = screaming(&constant.name);
            let docs = docs(&constant.docs, None, &format!("`{}`", constant.name));
            let ty = cx.rust(&constant.ty, &quote!('static));
            let value = const_value(cx, &constant.ty, &constant.value);
            items.push(quote!(#docs pub const #name: #ty = #value;));
        }
    }
    items
}

/// A constant's value as a Rust expression.
pub(crate) fn const_value(cx: &Context<'_>, ty: &Type, value: &ConstValue) -> TokenStream {
    match (ty, value) {
        (Type::Guid, ConstValue::Guid(bytes)) => {
            let bytes = bytes.iter().map(|b| hex(u64::from(*b), 1));
            let guid = cx.runtime("Guid");
            quote!(#guid([#(#bytes),*]))
        }
        (Type::Named(id, _), ConstValue::Int(value)) => {
            let name = cx.type_name(*id);
            let size = match &cx.program.ty(*id).kind {
                TypeKind::Enum(e) => e.base.size,
                TypeKind::Bits(b) => b.base.size,
                TypeKind::Struct(_) | TypeKind::Form(_) => 8,
            };
            let value = hex(*value, size);
            quote!(#name(#value))
        }
        (Type::Bool(_), ConstValue::Int(value)) => {
            if *value == 0 {
                quote!(false)
            } else {
                quote!(true)
            }
        }
        (Type::Int(IntKind { signed: true, .. }), ConstValue::Int(value)) => {
            let value = proc_macro2::Literal::i64_unsuffixed(value.cast_signed());
            quote!(#value)
        }
        (Type::Int(kind), ConstValue::Int(value)) => hex(*value, kind.size),
        (Type::IntByForm(by), ConstValue::Int(value)) => hex(*value, by.narrowest().size),
        (_, ConstValue::Int(value)) => hex(*value, 1),
        (_, ConstValue::Guid(_)) => quote!(),
    }
}

/// A closed set of wire forms: no newtype, since no byte says which it is.
fn forms(def: &TypeDef, f: &FormDef) -> TokenStream {
    let name = verbatim(&def.name);
    let docs_of_type = docs(&def.docs, def.spec.as_deref(), &format!("`{}`", def.name));
    let items = f.items.iter().map(|(item, lines)| {
        let (ident, docs) = (verbatim(item), docs(lines, None, &format!("`{item}`")));
        quote!(#docs #ident)
    });
    let widths = f.widths.iter().map(|width| {
        let method = snake(&format!("{}Size", width.name));
        let docs = docs(&[], None, &format!("Bytes of a `{}` in this form.", width.name));
        let mut arms: Vec<(u8, Vec<proc_macro2::Ident>)> = Vec::new();
        for ((item, _), kind) in f.items.iter().zip(&width.kinds) {
            match arms.iter_mut().find(|(size, _)| *size == kind.size) {
                Some((_, items)) => items.push(verbatim(item)),
                None => arms.push((kind.size, vec![verbatim(item)])),
            }
        }
        let arms = arms.iter().map(|(size, items)| {
            let size = super::context::usize_literal(u64::from(*size));
            quote!(#(Self::#items)|* => #size,)
        });
        quote! {
            #docs
            #[inline]
            #[must_use]
            pub const fn #method(self) -> usize {
                match self { #(#arms)* }
            }
        }
    });
    let widths = (!f.widths.is_empty()).then(|| quote!(impl #name { #(#widths)* }));
    quote! {
        #docs_of_type
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name { #(#items),* }

        #widths
    }
}

fn enumeration(cx: &Context<'_>, def: &TypeDef, e: &EnumDef) -> TokenStream {
    let method = own_method(cx, e.base);
    let name = verbatim(&def.name);
    let base = int(e.base);
    let docs_of_type = docs(&def.docs, def.spec.as_deref(), &format!("`{}`", def.name));
    let consts = e.items.iter().map(|(item, value, lines)| {
        let ident = screaming(item);
        let docs = docs(lines, None, &format!("`{item}`"));
        let value = hex(*value, e.base.size);
        quote!(#docs pub const #ident: Self = Self(#value);)
    });
    let mut seen = std::collections::BTreeSet::new();
    let names = e.items.iter().filter(|(_, value, _)| seen.insert(*value)).map(|(item, value, _)| {
        let value = hex(*value, e.base.size);
        quote!((#value, #item))
    });
    quote! {
        #docs_of_type
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct #name(pub #base);

        impl #name {
            #(#consts)*

            /// Values with their names in the specification.
            pub const NAMES: &'static [(#base, &'static str)] = &[#(#names),*];
        }

        runtime::open_enum!(#name, #base #method);
    }
}

fn bits(cx: &Context<'_>, def: &TypeDef, b: &BitsDef) -> TokenStream {
    let name = verbatim(&def.name);
    let base = int(b.base);
    let docs_of_type = docs(&def.docs, def.spec.as_deref(), &format!("`{}`", def.name));
    let masks = b.masks.iter().map(|(mask, value, lines)| {
        let ident = screaming(mask);
        let docs = docs(lines, None, &format!("`{mask}`"));
        let value = hex(*value, b.base.size);
        quote!(#docs pub const #ident: Self = Self(#value);)
    });
    let accessors = b.fields.iter().map(|field| accessors(cx, b.base, field));
    let flags = b.fields.iter().filter(|f| f.width == 1).map(|f| {
        let value = hex(1 << f.at, b.base.size);
        let name = &f.name;
        quote!((#value, #name))
    });
    let mask_names = b.masks.iter().map(|(mask, value, _)| {
        let value = hex(*value, b.base.size);
        quote!((#value, #mask))
    });
    let known = hex(b.known, b.base.size);
    let method = own_method(cx, b.base);
    let rule = match b.reserved {
        ReservedRule::Ignore => quote!(ignore),
        ReservedRule::Zero => quote!(zero),
        ReservedRule::Reject => quote!(reject),
    };
    quote! {
        #docs_of_type
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct #name(pub #base);

        impl #name {
            #(#masks)*

            /// Flags with their names in the specification.
            pub const NAMES: &'static [(#base, &'static str)] = &[#(#flags,)* #(#mask_names),*];

            #(#accessors)*
        }

        runtime::bit_record!(#name, #base, #known, #rule #method);
    }
}

/// The reader and writer of an integer behind a comma, where it is not that of its type.
fn own_method(cx: &Context<'_>, base: IntKind) -> Option<TokenStream> {
    let method = cx.int_method(base);
    (method != int(base).to_string()).then(|| quote!(, #method))
}

/// Tokens of an expression: one needs no parentheses.
fn words_of(tokens: &TokenStream) -> usize {
    match tokens.to_string().as_str() {
        "value . 0" => 1,
        _ => tokens.clone().into_iter().count(),
    }
}

/// Reader and changer of a sub-field.
fn accessors(cx: &Context<'_>, base: IntKind, field: &BitsField) -> TokenStream {
    let get = snake(&field.name);
    let with = format_ident!("with_{}", snake_text(&field.name));
    let base_ty = int(base);
    let at = super::context::usize_literal(u64::from(field.at));
    let mask = hex(if field.width >= 64 { u64::MAX } else { (1 << field.width) - 1 }, base.size);
    let read_docs = docs(&field.docs, None, &format!("`{}`", field.name));
    let with_docs = docs(&[], None, &format!("The same with another `{}`.", field.name));
    let shifted = if field.at == 0 { quote!(self.0 & #mask) } else { quote!((self.0 >> #at) & #mask) };
    let cleared = if field.at == 0 { quote!(self.0 & !#mask) } else { quote!(self.0 & !(#mask << #at)) };
    let put = |value: TokenStream| if field.at == 0 { value } else { quote!((#value) << #at) };
    if field.width == 1 && field.ty.is_none() {
        let set = put(quote!(value as #base_ty));
        return quote! {
            #read_docs
            #[must_use]
            pub const fn #get(self) -> bool {
                #shifted != 0
            }

            #with_docs
            #[must_use]
            pub const fn #with(self, value: bool) -> Self {
                Self((#cleared) | #set)
            }
        };
    }
    let (ty, read, raw) = match field.ty {
        Some(id) => {
            let name = cx.type_name(id);
            let inner = match &cx.program.ty(id).kind {
                TypeKind::Enum(e) => int(e.base),
                TypeKind::Bits(b) => int(b.base),
                TypeKind::Struct(_) | TypeKind::Form(_) => base_ty.clone(),
            };
            if inner.to_string() == base_ty.to_string() {
                (name.clone(), quote!(#name(#shifted)), quote!(value.0))
            } else {
                (name.clone(), quote!(#name((#shifted) as #inner)), quote!(value.0 as #base_ty))
            }
        }
        None if field.big_endian => {
            let spare = super::context::usize_literal(u64::from(64 - field.width));
            (
                quote!(u64),
                if base_ty.to_string() == "u64" {
                    quote!(u64::from_be(#shifted) >> #spare)
                } else {
                    quote!(u64::from_be((#shifted) as u64) >> #spare)
                },
                if base_ty.to_string() == "u64" {
                    quote!((value << #spare).to_be())
                } else {
                    quote!((value << #spare).to_be() as #base_ty)
                },
            )
        }
        None => {
            let narrow = match field.width {
                0..=8 => quote!(u8),
                9..=16 => quote!(u16),
                17..=32 => quote!(u32),
                _ => quote!(u64),
            };
            if narrow.to_string() == base_ty.to_string() {
                (narrow, shifted.clone(), quote!(value))
            } else {
                (narrow.clone(), quote!((#shifted) as #narrow), quote!(value as #base_ty))
            }
        }
    };
    let raw = if words_of(&raw) == 1 { raw } else { quote!((#raw)) };
    let set = put(quote!(#raw & #mask));
    quote! {
        #read_docs
        #[must_use]
        pub const fn #get(self) -> #ty {
            #read
        }

        #with_docs
        #[must_use]
        pub const fn #with(self, value: #ty) -> Self {
            Self((#cleared) | (#set))
        }
    }
}
