//! Replies that answer no request: read with what the conversation knows of the objects behind their handle
//! values, written with what the server knows of them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::conversation::map_name;
use super::objects::served_objects;
use super::replies::{reply_fn, response_type, unsolicited};
use crate::emit::context::{Context, usize_literal};
use crate::emit::names::{screaming, snake, snake_text, verbatim};
use crate::model::{LookUp, Object, Param, Rop, State, StructDef};

/// The method of a conversation that reads them.
pub(super) fn unpack_fn(cx: &Context<'_>) -> TokenStream {
    let (cursor, unpack_error) = (cx.runtime("Cursor"), cx.runtime("UnpackError"));
    let arms = unsolicited(cx).map(|(rop, body)| {
        let (name, id) = (verbatim(&rop.name), screaming(&rop.name));
        let ty = cx.name_in(rop.module, &format!("{}Response", rop.name));
        let text = &rop.name;
        let lets = params(rop, body).map(|(param, look_up)| {
            let (ident, known) = (snake(&param.name), known(cx, look_up));
            quote!(let #ident = #known;)
        });
        let lets: TokenStream = lets.collect();
        let args = params(rop, body).map(|(param, _)| snake(&param.name));
        let value = quote!(Some(RopReply::#name(#ty::unpack(c #(, #args)*).at(#text)?)));
        if lets.is_empty() { quote!(RopId::#id => #value,) } else { quote!(RopId::#id => { #lets #value }) }
    });
    let arms: Vec<TokenStream> = arms.collect();
    if arms.is_empty() {
        return quote! {
            /// No reply answers no request of its own.
            ///
            /// # Errors
            /// Never.
            pub fn unpack_unsolicited<'a>(
                &self,
                _rop_id: RopId,
                _c: &mut #cursor<'a>,
            ) -> Result<Option<RopReply<'a>>, #unpack_error> {
                Ok(None)
            }
        };
    }
    quote! {
        /// Reads a reply that answers no request of its own, after its RopId; `None` for other RopIds.
        ///
        /// # Errors
        /// When the bytes are not such a reply.
        pub fn unpack_unsolicited<'a>(
            &self,
            rop_id: RopId,
            c: &mut #cursor<'a>,
        ) -> Result<Option<RopReply<'a>>, #unpack_error> {
            Ok(match rop_id {
                #(#arms)*
                _ => None,
            })
        }
    }
}

/// Functions that write them, and those that look up what they depend on.
pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for (rop, body) in unsolicited(cx) {
        items.push(pack_fn(cx, rop, body));
        items.extend(rop.looks_up.iter().filter_map(|look_up| look_up_fn(cx, rop, look_up)));
    }
    items
}

fn pack_fn(cx: &Context<'_>, rop: &Rop, body: &StructDef) -> TokenStream {
    let (encoder, pack_error) = (cx.runtime("Encoder"), cx.runtime("PackError"));
    let (name, id) = (reply_fn("pack", rop), screaming(&rop.name));
    let ty = response_type(cx, rop, &quote!('_));
    let text = format!(" Writes {}, RopId first.", rop.name);
    let declared = body.params.iter().map(|param| {
        let (ident, ty) = (snake(&param.name), cx.param_type(param));
        quote!(, #ident: #ty)
    });
    let passed = body.params.iter().map(|param| snake(&param.name));
    let docs = rop.looks_up.iter().map(|look_up| {
        let ident = snake(&look_up.state);
        format!(" `{ident}`: what [`{}`] answers when the reply is written.", look_up_name(rop, look_up))
    });
    let docs: Vec<String> = docs.collect();
    let blank = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
    quote! {
        #[doc = #text]
        #blank
        #(#[doc = #docs])*
        ///
        /// # Errors
        /// At the encoder's limit, or when the reply's fields contradict each other.
        pub fn #name(body: &#ty, e: &mut #encoder #(#declared)*) -> Result<(), #pack_error> {
            RopId::#id.pack(e)?;
            body.pack(e #(, #passed)*)
        }
    }
}

fn look_up_name(rop: &Rop, look_up: &LookUp) -> proc_macro2::Ident {
    format_ident!("{}_{}", snake_text(&rop.name), snake_text(&look_up.state))
}

/// State of an open object, for whoever serves it.
fn look_up_fn(cx: &Context<'_>, rop: &Rop, look_up: &LookUp) -> Option<TokenStream> {
    let (object, state) = found(cx, look_up)?;
    served_objects(cx.program).find(|served| served.name == object.name)?;
    let (name, variant, field) = (look_up_name(rop, look_up), verbatim(&object.name), snake(&state.name));
    let param = Param { name: state.name.clone(), ty: state.ty.clone(), list: state.list, optional: true };
    let ty = cx.param_type(&param);
    let known = of_state(state, &quote!(state.#field));
    let text = format!(
        " {} of the {} that {} of {} names; `None` for another object.",
        state.name, object.name, look_up.field, rop.name
    );
    let others = served_objects(cx.program).count() > 1;
    let otherwise = others.then(|| quote!(_ => None,));
    cx.import("runtime::rop::ObjectTable");
    Some(quote! {
        #[doc = #text]
        #[must_use]
        pub fn #name<H: Objects + ?Sized>(objects: &ObjectTable<ServerObject<H>>, handle: u32) -> #ty {
            match objects.get(handle)? {
                ServerObject::#variant(_, state) => #known,
                #otherwise
            }
        }
    })
}

/// The parameters of a body with where they come from.
fn params<'p>(rop: &'p Rop, body: &'p StructDef) -> impl Iterator<Item = (&'p Param, &'p LookUp)> {
    body.params.iter().filter_map(|param| {
        let look_up = rop.looks_up.iter().find(|look_up| look_up.state == param.name)?;
        Some((param, look_up))
    })
}

fn found<'p>(cx: &Context<'p>, look_up: &LookUp) -> Option<(&'p Object, &'p State)> {
    let object = cx.program.objects.get(look_up.object)?;
    Some((object, object.state.iter().find(|state| state.name == look_up.state)?))
}

/// What the conversation knows.
fn known(cx: &Context<'_>, look_up: &LookUp) -> TokenStream {
    let Some((object, state)) = found(cx, look_up) else { return quote!(None) };
    let (map, field, offset) = (map_name(object), snake(&state.name), usize_literal(look_up.offset));
    let states = quote!(runtime::rop::peek_handle(c, #offset).and_then(|handle| self.#map.get(&handle)));
    let value = of_state(state, &quote!(state.#field));
    if state.list || state.optional {
        return quote!(#states.and_then(|state| #value));
    }
    quote!(#states.map(|state| state.#field))
}

/// A state as an argument that may be unset.
fn of_state(state: &State, place: &TokenStream) -> TokenStream {
    match (state.list, state.optional) {
        (true, true) => quote!(#place.as_deref()),
        (true, false) => quote!(Some(&#place)),
        (false, true) => quote!(#place),
        (false, false) => quote!(Some(#place)),
    }
}
