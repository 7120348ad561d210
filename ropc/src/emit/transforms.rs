//! Extents that are compressed or obfuscated: the bytes that go to the wire, and back from them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::body::{Env, rust_fields};
use super::context::Context;
use super::names::{screaming, snake, snake_text};
use super::packing;
use crate::model::{Expr, Extent, Field, Member, StructDef, Transform, TransformKind, TransformStep, Type, TypeKind};

/// The field with transforms.
pub(crate) fn field(def: &StructDef) -> Option<(&Field, &Transform)> {
    def.body.iter().find_map(|member| match member {
        Member::Sized(_, inner) => match inner.as_slice() {
            [Member::Field(field)] => Some((field, field.transform.as_ref()?)),
            _ => None,
        },
        _ => None,
    })
}

/// The structure as it stands on the wire: bytes where the field with transforms is.
pub(crate) fn written(def: &StructDef) -> StructDef {
    let mut written = def.clone();
    for member in &mut written.body {
        let Member::Sized(_, inner) = member else { continue };
        if let [Member::Field(field)] = inner.as_mut_slice()
            && field.transform.take().is_some()
        {
            field.ty = Type::Bytes(Extent::Rest);
        }
    }
    written
}

/// The method that makes the bytes of the wire.
pub(crate) fn method(cx: &Context<'_>, def: &StructDef) -> TokenStream {
    let Some((field, transform)) = field(def) else { return quote!() };
    let mut env = Env::new(def, true);
    let policy = policy_field(def, transform);
    rust_fields(&def.body).iter().for_each(|field| packing::bind(field, &mut env));
    let flags = policy.map(|policy| snake(&policy.name));
    let steps = transform.steps.iter().rev().map(|step| {
        let cond = env.expr(cx, &step.cond);
        let apply = match step.kind {
            TransformKind::Xor(mask) => {
                cx.import("runtime::codec::obfuscation");
                let mask = super::context::hex(u64::from(mask), 1);
                quote!(obfuscation::apply(&mut bytes_, #mask);)
            }
            TransformKind::Lz77 => {
                cx.import("runtime::codec::lz77");
                match &flags {
                    Some(flags) => {
                        let clear = clear(cx, flags, &step.cond);
                        quote! {
                            match lz77::shorter(&bytes_) {
                                Some(shorter) => bytes_ = shorter,
                                None => #clear,
                            }
                        }
                    }
                    None => quote!(bytes_ = lz77::compress(&bytes_);),
                }
            }
        };
        quote!(if #cond { #apply })
    });
    let steps: TokenStream = steps.collect();
    let (ident, encoder, error) = (snake(&field.name), cx.runtime("Encoder"), cx.runtime("PackError"));
    let plain = Field { transform: None, ..field.clone() };
    let write = packing::members(cx, &[Member::Field(plain)], &mut env);
    let copy = flags.as_ref().map(|flags| quote!(let mut #flags = *#flags;));
    let take_apart = super::structs::take_apart(&rust_fields(&def.body), &quote!(#copy #write #steps #ident), false);
    let (also, also_type, docs) = match policy {
        Some(policy) => {
            let (ident, ty) = (snake(&policy.name), cx.rust(&policy.ty, &quote!('_)));
            let docs = format!(
                " {} as it is written, its size before that, and the {} that say how.",
                field.name, policy.name
            );
            (quote!(, #ident), quote!(, #ty), docs)
        }
        None => (quote!(), quote!(), format!(" {} as it is written, and its size before that.", field.name)),
    };
    quote! {
        #[doc = #docs]
        fn transformed(&self, outer_: &#encoder) -> Result<(Vec<u8>, usize #also_type), #error> {
            #take_apart
            #copy
            let mut inner_ = outer_.inside();
            let e = &mut inner_;
            #write
            let mut bytes_ = inner_.into_vec();
            let size_ = bytes_.len();
            #steps
            Ok((bytes_, size_ #also))
        }
    }
}

/// Statements that make the locals that `pack` and `packed_size` write in place of the fields.
pub(crate) fn locals(cx: &Context<'_>, def: &StructDef, sizing: bool, used: &TokenStream) -> TokenStream {
    let Some((field, transform)) = field(def) else { return quote!() };
    cx.import("runtime::At");
    let words = super::context::words(used);
    let ident = snake(&field.name);
    let size = match &transform.plain_size {
        Some(Expr::Field(name)) if words.contains(super::names::word(name).as_str()) => {
            let size = snake(name);
            quote!(#size)
        }
        _ => quote!(_),
    };
    let encoder = cx.runtime("Encoder");
    if sizing {
        return quote! {
            // What cannot be packed has no size; packing says so.
            let #ident = self.transformed(&#encoder::new()).map(|(bytes, ..)| bytes).unwrap_or_default();
        };
    }
    let flags = policy_field(def, transform).map(|policy| {
        let ident = snake(&policy.name);
        quote!(, #ident)
    });
    quote!(let (#ident, #size #flags) = self.transformed(e)?; let #ident = &#ident;)
}

/// The fields that [`locals`] makes.
pub(crate) fn is_local(def: &StructDef, name: &str) -> bool {
    field(def).is_some_and(|(field, transform)| field.name == name || transform.policy.as_deref() == Some(name))
}

fn policy_field<'d>(def: &'d StructDef, transform: &Transform) -> Option<&'d Field> {
    let name = transform.policy.as_deref()?;
    def.body.iter().find_map(|member| match member {
        Member::Field(field) if field.name == name => Some(field),
        _ => None,
    })
}

/// Takes back the flag of a transform that is not applied.
fn clear(cx: &Context<'_>, flags: &proc_macro2::Ident, cond: &Expr) -> TokenStream {
    let Expr::Bits(_, id, name) = cond else { return quote!(()) };
    match &cx.program.ty(*id).kind {
        TypeKind::Bits(bits) if bits.masks.iter().any(|(mask, ..)| mask == name) => {
            let (ty, mask) = (cx.type_name(*id), screaming(name));
            quote!(#flags = #flags.without(#ty::#mask))
        }
        _ => {
            let with = format_ident!("with_{}", snake_text(name));
            quote!(#flags = #flags.#with(false))
        }
    }
}

/// The expression that reads the field from `c`, which holds its bytes as they were written.
pub(crate) fn read(cx: &Context<'_>, field: &Field, transform: &Transform, env: &Env) -> TokenStream {
    cx.import("runtime::At");
    let name = field.name.as_str();
    let plain = match &transform.plain_size {
        Some(size) => {
            let (size, at) = (env.len(cx, size), size.first_field().unwrap_or(name));
            quote!(c.plain(Some(#size)).at(#at)?)
        }
        None => quote!(c.plain(None).at(#name)?),
    };
    let step = |step: &TransformStep| {
        let cond = env.expr(cx, &step.cond);
        match step.kind {
            TransformKind::Xor(mask) => {
                let mask = super::context::hex(u64::from(mask), 1);
                quote!(if #cond { plain.xor(#mask); })
            }
            TransformKind::Lz77 => quote!(if #cond { plain.lz77().at(#name)?; }),
        }
    };
    let steps = transform.steps.iter().map(step);
    let check = transform.plain_size.as_ref().map(|size| {
        let at = size.first_field().unwrap_or(name);
        quote!(plain.check().at(#at)?;)
    });
    let value = match &field.ty {
        Type::Named(id, _) => {
            let (ty, owned) = (cx.type_name(*id), cx.layout(&field.ty).lifetime);
            let owned = if owned { quote!(|c| #ty::unpack(c).map(#ty::into_owned)) } else { quote!(#ty::unpack) };
            quote!(plain.read(c, #ty::unpack, #owned).at(#name)?)
        }
        _ => quote!(plain.into_bytes()),
    };
    quote!({
        let mut plain = #plain;
        #(#steps)*
        #check
        #value
    })
}
