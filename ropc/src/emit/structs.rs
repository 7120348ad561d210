//! Structures: Rust types with `unpack`, `pack`, `packed_size` and `into_owned`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::body::{Env, Holds, RustField, accessor, arm_fields, has_accessor, rust_fields};
use super::context::{Context, docs, usize_literal, words};
use super::names::{snake, snake_text, verbatim, word};
use super::{packing, sizes, transforms, unpacking};
use crate::model::{BitsSource, Extent, Layout, Match, Member, Param, StructDef, Type, TypeId, TypeKind};

/// How `unpack` gives its value away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It returns it.
    Plain,
    /// It is inlined.
    Inlined,
    /// There is `unpack_with` beside it.
    InPlace,
}

/// The structures of a module.
pub(crate) fn module_items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for (index, def) in cx.program.types.iter().enumerate().filter(|(_, def)| def.module == cx.module) {
        if let TypeKind::Struct(s) = &def.kind {
            let docs = docs(&def.docs, def.spec.as_deref(), &format!("`{}`", def.name));
            let reading = match TypeId(index) {
                id if cx.is_in_place(id) => Reading::InPlace,
                id if cx.is_inlined(id) => Reading::Inlined,
                _ => Reading::Plain,
            };
            items.extend(items_of(cx, &def.name, &docs, s, reading));
        }
    }
    items
}

/// The items of a body that is no element of a list.
pub(crate) fn structure(cx: &Context<'_>, name: &str, docs: &TokenStream, def: &StructDef) -> Vec<TokenStream> {
    items_of(cx, name, docs, def, Reading::Plain)
}

/// The items of one structure: its type, its implementation, the enums of its matches.
fn items_of(cx: &Context<'_>, name: &str, docs: &TokenStream, def: &StructDef, reading: Reading) -> Vec<TokenStream> {
    let mut items = Vec::new();
    match (def.is_enum, def.body.last()) {
        (true, Some(Member::Match(m))) => items.push(enumeration(cx, m, docs)),
        _ => items.push(record(cx, name, docs, def)),
    }
    items.push(implementation(cx, name, def, reading));
    let mut enums = Vec::new();
    inner_matches(&def.body, &mut enums);
    for m in enums {
        if m.enum_name != name {
            let docs = super::context::docs(&m.docs, None, &format!("{} of [`{name}`].", m.field));
            items.push(enumeration(cx, m, &docs));
            items.extend(enum_methods(cx, m).map(|methods| {
                let (ident, generics, _) = generics(&m.enum_name, m.layout);
                quote!(impl #generics #ident #generics { #methods })
            }));
        }
    }
    items
}

fn inner_matches<'m>(body: &'m [Member], found: &mut Vec<&'m Match>) {
    for member in body {
        match member {
            Member::Match(m) => {
                found.push(m);
                m.arms.iter().for_each(|arm| inner_matches(&arm.body, found));
            }
            Member::If(c) => {
                inner_matches(&c.then, found);
                inner_matches(&c.otherwise, found);
            }
            Member::Sized(_, inner) | Member::Tail(inner) => inner_matches(inner, found),
            _ => {}
        }
    }
}

/// Name, generics, and the lifetime to use inside.
fn generics(name: &str, layout: Layout) -> (proc_macro2::Ident, TokenStream, TokenStream) {
    let ident = verbatim(name);
    if layout.lifetime { (ident, quote!(<'a>), quote!('a)) } else { (ident, quote!(), quote!('_)) }
}

fn derives(layout: Layout) -> TokenStream {
    let copy = (layout.copy).then(|| quote!(Copy,));
    let eq = (!layout.float).then(|| quote!(, Eq));
    quote!(#[derive(Clone, #copy Debug, PartialEq #eq)])
}

fn record(cx: &Context<'_>, name: &str, docs: &TokenStream, def: &StructDef) -> TokenStream {
    let (ident, generics, lifetime) = generics(name, def.layout);
    let derives = derives(def.layout);
    let fields = rust_fields(&def.body);
    if fields.is_empty() {
        return quote!(#docs #derives pub struct #ident;);
    }
    let fields = fields.iter().map(|field| {
        let (docs, ident, ty) = (field.docs(), field.ident(), field.ty(cx, &lifetime));
        quote!(#docs pub #ident: #ty)
    });
    quote!(#docs #derives pub struct #ident #generics { #(#fields),* })
}

fn enumeration(cx: &Context<'_>, m: &Match, docs: &TokenStream) -> TokenStream {
    let (ident, generics, lifetime) = generics(&m.enum_name, m.layout);
    let derives = derives(m.layout);
    let variants = m.arms.iter().map(|arm| {
        let variant = verbatim(&arm.name);
        let docs = super::context::docs(&arm.docs, None, &format!("`{}`", arm.name));
        let fields = arm_fields(m, arm);
        match fields.as_slice() {
            [] => quote!(#docs #variant),
            [one] => {
                let ty = one.ty(cx, &lifetime);
                quote!(#docs #variant(#ty))
            }
            many => {
                let fields = many.iter().map(|field| {
                    let (docs, ident, ty) = (field.docs(), field.ident(), field.ty(cx, &lifetime));
                    quote!(#docs #ident: #ty)
                });
                quote!(#docs #variant { #(#fields),* })
            }
        }
    });
    quote!(#docs #derives pub enum #ident #generics { #(#variants),* })
}

fn implementation(cx: &Context<'_>, name: &str, def: &StructDef, reading: Reading) -> TokenStream {
    let (ident, generics, lifetime) = generics(name, def.layout);
    let min = usize_literal(def.layout.min_size);
    let min_docs = if def.layout.fixed { " Bytes on the wire." } else { " The fewest bytes on the wire." };
    let (cursor, encoder) = (cx.runtime("Cursor"), cx.runtime("Encoder"));
    let (unpack_error, pack_error) = (cx.runtime("UnpackError"), cx.runtime("PackError"));

    let unpack_body = unpack_body(cx, def, reading == Reading::InPlace);
    let unpack_params = cx.params(&def.params, &unpack_body);
    let pack_body = pack_body(cx, def);
    let pack_params = cx.params(&def.params, &pack_body);
    let size_body = size_body(cx, def);
    let size_params = cx.params(cx.program.forms(def), &size_body);
    let owned = def.layout.lifetime.then(|| into_owned(cx, &ident, def));
    let methods = match (def.is_enum, def.body.last()) {
        (true, Some(Member::Match(m))) => accessors(cx, m),
        _ => with_derived_bits(cx, def),
    };
    let transformed = transforms::method(cx, def);
    let c = if words(&unpack_body).contains("c") { quote!(c) } else { quote!(_c) };
    let e = if words(&pack_body).contains("e") { quote!(e) } else { quote!(_e) };
    let unpack = if reading == Reading::InPlace {
        let args = arguments(&def.params);
        quote! {
            /// Reads it.
            ///
            /// # Errors
            /// When the bytes are not such a structure; the error names field and offset.
            pub fn unpack(#c: &mut #cursor<#lifetime> #unpack_params) -> Result<Self, #unpack_error> {
                Self::unpack_with(#c #args, |value| value)
            }

            /// Reads it and hands it on to where it stays.
            ///
            /// # Errors
            /// As `unpack`.
            #[inline]
            pub fn unpack_with<R>(
                #c: &mut #cursor<#lifetime> #unpack_params,
                hand_on: impl FnOnce(Self) -> R,
            ) -> Result<R, #unpack_error> {
                #unpack_body
            }
        }
    } else {
        // A handful of loads, or a row, which can go where the value stays.
        let inline = (def.layout.fixed || reading == Reading::Inlined).then(|| quote!(#[inline]));
        quote! {
            /// Reads it.
            ///
            /// # Errors
            /// When the bytes are not such a structure; the error names field and offset.
            #inline
            pub fn unpack(#c: &mut #cursor<#lifetime> #unpack_params) -> Result<Self, #unpack_error> {
                #unpack_body
            }
        }
    };
    quote! {
        impl #generics #ident #generics {
            #[doc = #min_docs]
            pub const MIN_SIZE: usize = #min;

            #unpack

            /// Writes it.
            ///
            /// # Errors
            /// At the encoder's limit, or when its fields contradict each other; the error names the field.
            pub fn pack(&self, #e: &mut #encoder #pack_params) -> Result<(), #pack_error> {
                #pack_body
            }

            /// Bytes that `pack` writes.
            #[must_use]
            pub fn packed_size(&self #size_params) -> usize {
                #size_body
            }

            #owned
            #methods
            #transformed
        }
    }
}

/// Bit records with sub-fields that follow from other fields, as they go to the wire.
fn with_derived_bits(cx: &Context<'_>, def: &StructDef) -> TokenStream {
    let derived = rust_fields(&def.body);
    let derived = derived.iter().filter_map(|field| match field.holds {
        Holds::Field(f) if !f.derived_bits.is_empty() => Some(f),
        _ => None,
    });
    derived
        .map(|field| {
            let (ident, ty) = (snake(&field.name), cx.rust(&field.ty, &quote!('_)));
            let mut value = quote!(self.#ident);
            let mut names = Vec::new();
            for bits in &field.derived_bits {
                let with = format_ident!("with_{}", snake_text(&bits.name));
                let source = match &bits.from {
                    BitsSource::Present(of) => {
                        let of = snake(of);
                        quote!(self.#of.is_some())
                    }
                    BitsSource::Match(of) => {
                        let (of, get) = (snake(of), snake(&bits.name));
                        quote!(self.#of.#get())
                    }
                };
                names.push(bits.name.as_str());
                value = quote!(#value.#with(#source));
            }
            let text =
                format!(" {} as it is packed, with what follows from other fields: {}.", field.name, names.join(", "));
            quote! {
                #[doc = #text]
                #[must_use]
                pub fn #ident(&self) -> #ty {
                    #value
                }
            }
        })
        .collect()
}

/// What a body begins and ends with: one level of recursion, and the base of its offsets.
fn brackets(def: &StructDef, side: &TokenStream) -> (TokenStream, TokenStream) {
    let (mut enter, mut leave) = (quote!(), quote!());
    if let Some(limit) = def.max_recursion {
        let limit = usize_literal(u64::from(limit));
        enter.extend(quote!(#side.enter(#limit)?;));
        leave.extend(quote!(#side.leave();));
    }
    if def.relative_base {
        // No field has an underscore at its end in Rust.
        enter.extend(quote!(let outer_base_ = #side.begin_base();));
        leave.extend(quote!(#side.end_base(outer_base_);));
    }
    if def.order_field().is_some() {
        leave.extend(quote!(#side.set_big_endian(outer_order_);));
    }
    (enter, leave)
}

/// Parameters passed on, each preceded by a comma.
fn arguments(params: &[Param]) -> TokenStream {
    let names = params.iter().map(|param| snake(&param.name));
    quote!(#(, #names)*)
}

fn unpack_body(cx: &Context<'_>, def: &StructDef, in_place: bool) -> TokenStream {
    let mut env = Env::new(def, false);
    let limit = def.max_recursion.map(|limit| usize_literal(u64::from(limit)));
    if def.is_enum
        && let [before @ .., Member::Match(m)] = def.body.as_slice()
    {
        let within = limit.as_ref().map(|limit| quote!(c.within(#limit)?;));
        let statements = unpacking::members(cx, before, &mut env);
        let value = unpacking::read_variant(cx, m, &env, limit.as_ref(), in_place);
        if def.relative_base {
            return quote! {
                let outer_base_ = c.begin_base();
                #within #statements
                let value = #value;
                c.end_base(outer_base_);
                Ok(value)
            };
        }
        return quote!(#within #statements Ok(#value));
    }
    if in_place
        && let Some((field, id)) = super::in_place::tail_of(def)
        && let Some((_, before)) = def.body.split_last()
    {
        let statements = unpacking::members(cx, before, &mut env);
        let (ident, name) = (snake(&field.name), &field.name);
        let idents = rust_fields(&def.body);
        let idents = idents.iter().map(RustField::ident);
        let whole = quote!(|#ident| hand_on(Self { #(#idents),* }));
        let tail = unpacking::named_with(cx, &field.ty, id, &env, &whole);
        cx.import("runtime::At");
        return quote!(#statements #tail.at(#name));
    }
    let (enter, leave) = brackets(def, &quote!(c));
    let mut statements = unpacking::members(cx, &def.body, &mut env);
    statements.extend(unpacking::referents(cx, def, &env));
    let fields = rust_fields(&def.body);
    if fields.is_empty() {
        return quote!(#enter #statements #leave Ok(Self));
    }
    let idents = fields.iter().map(RustField::ident);
    quote!(#enter #statements #leave Ok(Self { #(#idents),* }))
}

/// A field of a constructor, short where the value has its name.
fn init(ident: &proc_macro2::Ident, value: &TokenStream) -> TokenStream {
    if *ident == value.to_string() { quote!(#ident) } else { quote!(#ident: #value) }
}

fn pack_body(cx: &Context<'_>, def: &StructDef) -> TokenStream {
    let whole = def;
    let written = transforms::field(def).map(|_| transforms::written(def));
    let def = written.as_ref().unwrap_or(def);
    let mut env = Env::new(def, true);
    let (enter, leave) = brackets(def, &quote!(e));
    let head = if def.is_enum {
        match def.body.last() {
            Some(Member::Match(m)) => {
                let field = snake(&m.field);
                quote!(let #field = self;)
            }
            _ => quote!(),
        }
    } else {
        let fields = rust_fields(&def.body);
        fields.iter().for_each(|field| packing::bind(field, &mut env));
        quote!()
    };
    let mut statements = packing::members(cx, &def.body, &mut env);
    statements.extend(packing::referents(cx, def, &env));
    let take_apart = if def.is_enum {
        head
    } else {
        // Bit records with derived parts are asked for as a whole.
        let is_asked = |f: &RustField<'_>| {
            transforms::is_local(whole, f.name()) || matches!(f.holds, Holds::Field(f) if !f.derived_bits.is_empty())
        };
        let (asked, taken): (Vec<_>, Vec<_>) = rust_fields(&def.body).into_iter().partition(is_asked);
        take_apart(&taken, &statements, !asked.is_empty())
    };
    let locals = transforms::locals(cx, whole, false, &statements);
    quote!(#enter #take_apart #locals #statements #leave Ok(()))
}

/// `let Self { a, b, .. } = self;` with the fields that the code names.
pub(crate) fn take_apart(fields: &[RustField<'_>], used: &TokenStream, more: bool) -> TokenStream {
    let words = words(used);
    let named: Vec<_> =
        fields.iter().filter(|f| words.contains(word(f.name()).as_str())).map(RustField::ident).collect();
    if named.is_empty() {
        return quote!();
    }
    if named.len() == fields.len() && !more {
        quote!(let Self { #(#named),* } = self;)
    } else {
        quote!(let Self { #(#named,)* .. } = self;)
    }
}

fn size_body(cx: &Context<'_>, def: &StructDef) -> TokenStream {
    if def.layout.fixed {
        return quote!(Self::MIN_SIZE);
    }
    let whole = def;
    let written = transforms::field(def).map(|_| transforms::written(def));
    let def = written.as_ref().unwrap_or(def);
    let mut env = Env::new(def, true);
    if def.is_enum
        && let [before @ .., Member::Match(m)] = def.body.as_slice()
    {
        let head = sizes::of_members(cx, before, &env);
        let rest = sizes::of_match(cx, m, &quote!(self), &env);
        return if head.to_string() == "0" { sizes::bare(&rest) } else { quote!(#head + #rest) };
    }
    let fields = rust_fields(&def.body);
    fields.iter().for_each(|field| packing::bind(field, &mut env));
    sizes::bind_derived(&def.body, &mut env);
    let size = sizes::of_members(cx, &def.body, &env);
    let derived = sizes::prelude(cx, &def.body, &size, &env);
    let taken: Vec<_> = fields.into_iter().filter(|f| !transforms::is_local(whole, f.name())).collect();
    let take_apart = take_apart(&taken, &quote!(#derived #size), written.is_some());
    let locals = transforms::locals(cx, whole, true, &size);
    quote!(#take_apart #locals #derived #size)
}

fn into_owned(cx: &Context<'_>, ident: &proc_macro2::Ident, def: &StructDef) -> TokenStream {
    let body = match (def.is_enum, def.body.last()) {
        (true, Some(Member::Match(m))) => owned_match(cx, m),
        _ => {
            let inits = rust_fields(&def.body).into_iter().map(|field| {
                let ident = field.ident();
                let value = owned_field(cx, &field, &quote!(self.#ident));
                init(&ident, &value)
            });
            quote!(#ident { #(#inits),* })
        }
    };
    quote! {
        /// The same, independent of the buffer that it was read from.
        #[must_use]
        pub fn into_owned(self) -> #ident<'static> {
            #body
        }
    }
}

fn owned_match(cx: &Context<'_>, m: &Match) -> TokenStream {
    let name = verbatim(&m.enum_name);
    let arms = m.arms.iter().map(|arm| {
        let variant = verbatim(&arm.name);
        let fields = arm_fields(m, arm);
        let idents: Vec<_> = fields.iter().map(RustField::ident).collect();
        let values: Vec<_> = fields.iter().zip(&idents).map(|(f, ident)| owned_field(cx, f, &quote!(#ident))).collect();
        match fields.len() {
            0 => quote!(Self::#variant => #name::#variant,),
            1 => quote!(Self::#variant(#(#idents),*) => #name::#variant(#(#values),*),),
            _ => {
                let inits = idents.iter().zip(&values).map(|(ident, value)| init(ident, value));
                quote!(Self::#variant { #(#idents),* } => #name::#variant { #(#inits),* },)
            }
        }
    });
    quote!(match self { #(#arms)* })
}

fn owned_field(cx: &Context<'_>, field: &RustField<'_>, place: &TokenStream) -> TokenStream {
    if !field.lifetime(cx) {
        return place.clone();
    }
    let owned = |place: &TokenStream| match field.holds {
        Holds::Field(f) => owned(cx, &f.ty, f.boxed, place),
        _ => quote!(#place.into_owned()),
    };
    if field.optional {
        let inner = owned(&quote!(value));
        return quote!(#place.map(|value| #inner));
    }
    owned(place)
}

fn owned(cx: &Context<'_>, ty: &Type, boxed: bool, place: &TokenStream) -> TokenStream {
    if boxed {
        return quote!(Box::new(#place.into_owned()));
    }
    match ty {
        Type::Array(element, extent) => {
            let inner = owned_blob(cx, element);
            if matches!(extent, Extent::Const(_)) {
                return quote!(#place.map(|item| #inner));
            }
            quote!(#place.into_iter().map(|item| #inner).collect())
        }
        Type::Bytes(_) | Type::Text(crate::model::Text::BytesCounted(_)) => {
            let blob = cx.runtime("Blob");
            quote!(#blob::Owned(#place.into_owned()))
        }
        _ => quote!(#place.into_owned()),
    }
}

fn owned_blob(cx: &Context<'_>, element: &Type) -> TokenStream {
    owned(cx, element, false, &quote!(item))
}

/// `into_owned` and accessors of an enum that is part of a structure.
fn enum_methods(cx: &Context<'_>, m: &Match) -> Option<TokenStream> {
    let owned = m.layout.lifetime.then(|| {
        let name = verbatim(&m.enum_name);
        let body = owned_match(cx, m);
        quote! {
            /// The same, independent of the buffer that it was read from.
            #[must_use]
            pub fn into_owned(self) -> #name<'static> {
                #body
            }
        }
    });
    let accessors = accessors(cx, m);
    let methods = quote!(#owned #accessors);
    (!methods.is_empty()).then_some(methods)
}

/// The discriminants of a variant.
fn accessors(cx: &Context<'_>, m: &Match) -> TokenStream {
    let mut out = TokenStream::new();
    for (index, d) in m.on.iter().enumerate() {
        if !has_accessor(m, index) {
            continue;
        }
        let get = accessor(m, index);
        let ty = cx.rust(&d.ty, &quote!('_));
        let arms = m.arms.iter().map(|arm| {
            let kept = arm.keeps.contains(&index);
            let ident = snake(&d.name);
            let used = if kept { quote!(#ident) } else { quote!() };
            let pattern = packing::destructure(&quote!(Self), m, arm, &used);
            let value = match arm.patterns.get(index).and_then(|p| p.first()) {
                Some(p) if !kept => packing::single(cx, p, &d.ty),
                _ => quote!(*#ident),
            };
            quote!(#pattern => #value,)
        });
        let docs = docs(&[], None, &format!("The `{}` that selects this variant.", d.name));
        out.extend(quote! {
            #docs
            #[must_use]
            pub fn #get(&self) -> #ty {
                match self { #(#arms)* }
            }
        });
    }
    out
}
