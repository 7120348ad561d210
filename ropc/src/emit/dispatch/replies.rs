//! Every reply in one enum, written and read in the context of its request.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::requests::request_type;
use crate::emit::context::{Context, hex, usize_literal};
use crate::emit::names::{screaming, snake, verbatim};
use crate::emit::operations::failure_body;
use crate::model::{Param, Rop, StructDef};

/// ROPs with a reply of their own.
pub(in crate::emit) fn answered<'p>(cx: &Context<'p>) -> impl Iterator<Item = &'p Rop> {
    cx.program.rops.iter().filter(|rop| rop.success.is_some())
}

pub(super) fn unsolicited<'p>(cx: &Context<'p>) -> impl Iterator<Item = (&'p Rop, &'p StructDef)> {
    cx.program.rops.iter().filter_map(|rop| rop.unsolicited.as_ref().map(|body| (rop, body)))
}

/// The body of a successful reply, imported, with lifetime where it has one.
pub(in crate::emit) fn response_type(cx: &Context<'_>, rop: &Rop, lifetime: &TokenStream) -> TokenStream {
    let name = cx.name_in(rop.module, &format!("{}Response", rop.name));
    let borrowed = rop.success.as_ref().or(rop.unsolicited.as_ref()).is_some_and(|def| def.layout.lifetime);
    if borrowed { quote!(#name<#lifetime>) } else { name }
}

/// How a ROP fails: a code, or an enum with the bodies of some codes.
pub(in crate::emit) fn failure_type(cx: &Context<'_>, rop: &Rop, lifetime: &TokenStream) -> TokenStream {
    if !rop.has_failure_bodies() {
        return cx.error_code();
    }
    let name = cx.name_in(rop.module, &format!("{}Failure", rop.name));
    if rop.failure_borrows() { quote!(#name<#lifetime>) } else { name }
}

/// The request's index that heads the reply.
pub(super) fn reply_index(rop: &Rop) -> proc_macro2::Ident {
    let handle = rop.output.as_ref().or(rop.response.as_ref()).or(rop.inputs.first());
    snake(handle.map_or("InputHandleIndex", |h| h.index_field.as_str()))
}

/// The RopId that heads the reply.
pub(super) fn reply_id(rop: &Rop) -> TokenStream {
    match rop.reply_id {
        Some(id) => {
            let id = hex(u64::from(id), 1);
            quote!(RopId(#id))
        }
        None => {
            let id = screaming(&rop.name);
            quote!(RopId::#id)
        }
    }
}

/// What a reply's body takes from its context: the arguments in order, each preceded by a comma.
pub(super) fn arguments(cx: &Context<'_>, rop: &Rop, params: &[Param]) -> TokenStream {
    let args = params.iter().map(|param| {
        let name = snake(&param.name);
        if rop.needs_state.iter().any(|(_, state)| *state == param.name) {
            quote!(, #name)
        } else if param.list || !cx.is_copy(&param.ty) {
            quote!(, &request.#name)
        } else {
            quote!(, request.#name)
        }
    });
    quote!(#(#args)*)
}

/// State that the reply's body needs, as parameters, each preceded by a comma.
fn state_params(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let params = states(rop).into_iter().map(|param| {
        let (name, ty) = (snake(&param.name), cx.param_type(&param));
        quote!(, #name: #ty)
    });
    quote!(#(#params)*)
}

/// State that the reply's body needs.
pub(super) fn states(rop: &Rop) -> Vec<Param> {
    let params = rop.success.as_ref().map_or(&[][..], |def| &def.params);
    params.iter().filter(|p| rop.needs_state.iter().any(|(_, state)| *state == p.name)).cloned().collect()
}

/// The request is looked at while its reply is packed or unpacked.
fn needs_request(rop: &Rop) -> bool {
    let bodies = rop.success.iter().chain(rop.on.iter().map(|(_, body)| body)).chain(&rop.other);
    bodies.flat_map(|def| &def.params).any(|p| !rop.needs_state.iter().any(|(_, state)| *state == p.name))
}

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    cx.import("runtime::rop::Reply");
    let mut items = Vec::new();
    let variants = answered(cx).map(|rop| {
        let name = verbatim(&rop.name);
        let (body, failure) = (response_type(cx, rop, &quote!('a)), failure_type(cx, rop, &quote!('a)));
        let text = format!("{}.", rop.name);
        quote!(#[doc = #text] #name(Reply<#body, #failure>))
    });
    let extra = unsolicited(cx).map(|(rop, _)| {
        let (name, ty) = (verbatim(&rop.name), response_type(cx, rop, &quote!('a)));
        let text = format!("{}, which answers no request of its own.", rop.name);
        quote!(#[doc = #text] #name(#ty))
    });
    let blob = cx.runtime("Blob");
    items.push(quote! {
        /// A reply of any operation, MS-OXCROPS 2.2.
        #[derive(Clone, Debug, PartialEq)]
        pub enum RopReply<'a> {
            #(#variants,)*
            #(#extra,)*
            /// Replies that cannot be decoded, because state that they depend on is not known: all that follows.
            Opaque(#blob<'a>),
        }
    });
    for rop in answered(cx) {
        items.push(pack_fn(cx, rop));
        items.push(unpack_fn(cx, rop));
    }
    items
}

/// Name of the function that writes or reads the reply of a ROP.
pub(in crate::emit) fn reply_fn(verb: &str, rop: &Rop) -> proc_macro2::Ident {
    format_ident!("{verb}_{}_reply", crate::emit::names::snake_text(&rop.name))
}

fn request_param(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let ty = request_type(cx, rop, &quote!('_));
    if needs_request(rop) { quote!(, request: &#ty) } else { quote!() }
}

/// The request as an argument where the reply's function takes it.
pub(super) fn request_argument(rop: &Rop) -> TokenStream {
    if needs_request(rop) { quote!(, request) } else { quote!() }
}

fn pack_fn(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let none = cx.return_value("ecNone");
    let name = reply_fn("pack", rop);
    let (encoder, pack_error) = (cx.runtime("Encoder"), cx.runtime("PackError"));
    let (body, failure) = (response_type(cx, rop, &quote!('_)), failure_type(cx, rop, &quote!('_)));
    let request = request_param(cx, rop);
    let states = state_params(cx, rop);
    let args = arguments(cx, rop, rop.success.as_ref().map_or(&[][..], |def| &def.params));
    let id = reply_id(rop);
    let text = format!("Writes a reply to {}, RopId first.", rop.name);
    let failures = rop.on.iter().map(|(codes, def)| {
        let variant = failure_variant(rop, codes);
        let code = codes.first().map_or_else(|| quote!(), |(code, _)| cx.return_value(code));
        let failure_name = format_ident!("{}Failure", rop.name);
        let args = arguments(cx, rop, &def.params);
        quote!(Err(#failure_name::#variant(body)) => { #code.pack(e)?; body.pack(e #args) })
    });
    let failure_name = format_ident!("{}Failure", rop.name);
    let plain = match &rop.other {
        _ if !rop.has_failure_bodies() => quote!(Err(code) => code.pack(e),),
        None => quote!(Err(#failure_name::Code(code)) => code.pack(e),),
        Some(def) => {
            let args = arguments(cx, rop, &def.params);
            quote!(Err(#failure_name::Other { code, body }) => { code.pack(e)?; body.pack(e #args) })
        }
    };
    quote! {
        #[doc = #text]
        ///
        /// # Errors
        /// At the encoder's limit, or when the reply's fields contradict each other.
        pub fn #name(reply: &Reply<#body, #failure>, e: &mut #encoder #request #states) -> Result<(), #pack_error> {
            #id.pack(e)?;
            e.u8(reply.handle_index)?;
            match &reply.result {
                Ok(body) => {
                    #none.pack(e)?;
                    body.pack(e #args)
                }
                #(#failures)*
                #plain
            }
        }
    }
}

/// The variant of a failure enum for some codes.
pub(in crate::emit) fn failure_variant(rop: &Rop, codes: &[(String, u64)]) -> proc_macro2::Ident {
    format_ident!("{}", failure_body(rop, codes).trim_start_matches(rop.name.as_str()))
}

fn unpack_fn(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let none = cx.return_value("ecNone");
    let name = reply_fn("unpack", rop);
    let (cursor, unpack_error) = (cx.runtime("Cursor"), cx.runtime("UnpackError"));
    let (body, failure) = (response_type(cx, rop, &quote!('a)), failure_type(cx, rop, &quote!('a)));
    let borrowed = words_lifetime(&body) || words_lifetime(&failure);
    let (generics, lifetime) = if borrowed { (quote!(<'a>), quote!('a)) } else { (quote!(), quote!('_)) };
    let error_code = cx.error_code();
    let request = request_param(cx, rop);
    let states = state_params(cx, rop);
    let args = arguments(cx, rop, rop.success.as_ref().map_or(&[][..], |def| &def.params));
    let response = cx.name_in(rop.module, &format!("{}Response", rop.name));
    let text = format!("Reads a reply to {}, after its RopId.", rop.name);
    let rop_name = &rop.name;
    let failures = rop.on.iter().map(|(codes, def)| {
        let ty = cx.name_in(rop.module, &failure_body(rop, codes));
        let (variant, failure_name) = (failure_variant(rop, codes), format_ident!("{}Failure", rop.name));
        let codes = codes.iter().map(|(code, _)| cx.return_value(code));
        let args = arguments(cx, rop, &def.params);
        quote!(#(#codes)|* => Err(#failure_name::#variant(#ty::unpack(c #args).at(#rop_name)?)),)
    });
    let plain = match &rop.other {
        _ if !rop.has_failure_bodies() => quote!(Err(code)),
        None => quote!(Err(code.into())),
        Some(def) => {
            let ty = cx.name_in(rop.module, &format!("{}Other", rop.name));
            let (args, failure_name) = (arguments(cx, rop, &def.params), format_ident!("{}Failure", rop.name));
            quote!(Err(#failure_name::Other { code, body: #ty::unpack(c #args).at(#rop_name)? }))
        }
    };
    quote! {
        #[doc = #text]
        ///
        /// # Errors
        /// When the bytes are not such a reply.
        pub fn #name #generics(c: &mut #cursor<#lifetime> #request #states) -> Result<Reply<#body, #failure>, #unpack_error> {
            let handle_index = c.u8().at("HandleIndex")?;
            let result = match #error_code::unpack(c).at("ReturnValue")? {
                #none => Ok(#response::unpack(c #args).at(#rop_name)?),
                #(#failures)*
                code => #plain,
            };
            Ok(Reply { handle_index, result })
        }
    }
}

fn words_lifetime(tokens: &TokenStream) -> bool {
    tokens.to_string().contains("'a")
}

/// Bytes of a successful reply where they are always the same, and no failure has more.
pub(super) fn fixed_size(rop: &Rop) -> Option<TokenStream> {
    let success = rop.success.as_ref()?;
    (success.layout.fixed && !rop.has_failure_bodies()).then(|| usize_literal(HEADER + success.layout.min_size))
}

/// RopId, handle index, ReturnValue.
pub(super) const HEADER: u64 = 6;
