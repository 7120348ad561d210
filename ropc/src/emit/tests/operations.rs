//! What stands around the body of an operation: RopId, handle index, ReturnValue.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::values::Maker;
use crate::emit::dispatch::replies::{failure_variant, reply_fn};
use crate::emit::names::{snake, verbatim};
use crate::model::Rop;

/// Which body of an operation a structure is.
#[derive(Clone, Copy)]
pub(super) enum Body<'p> {
    /// Of a structure that is none.
    None,
    /// Of its request.
    Request(&'p Rop),
    /// Of its successful reply.
    Success(&'p Rop),
    /// Of its reply with one of these codes.
    On(&'p Rop, &'p [(String, u64)]),
    /// Of its reply with any other code.
    Other(&'p Rop),
}

/// A code of failures that no description says more about (MS-OXCDATA 2.4: GeneralFailure).
const FAILURE: u64 = 0x8000_4005;

impl Body<'_> {
    /// Statements over `value`, packed with these arguments.
    pub(super) fn checks(self, maker: &Maker<'_, '_>, args: &[proc_macro2::Ident]) -> Option<TokenStream> {
        let cx = maker.cx;
        let body = quote!(|e: &mut runtime::Encoder| value.pack(e #(, #args)*));
        let value = if maker.def.layout.copy { quote!(value) } else { quote!(value.clone()) };
        match self {
            Self::None => None,
            Self::Request(rop) => {
                let (id, name, variant) = (Literal::u8_suffixed(rop.id), &rop.name, verbatim(&rop.name));
                cx.import("protocol::rops::RopRequest");
                cx.import("generated_tests::operations::request");
                Some(quote!(request(#id, #name, &RopRequest::#variant(#value), &#body)?;))
            }
            Self::Success(rop) => {
                let success = reply(maker, rop, 0, &quote!(Ok(#value)), &body)?;
                let failure = if rop.has_failure_bodies() {
                    None
                } else {
                    let code = error_code(maker, FAILURE);
                    reply(maker, rop, FAILURE, &quote!(Err(#code)), &quote!(|_| Ok(())))
                };
                Some(quote!(#success #failure))
            }
            Self::On(rop, codes) => {
                let (_, code) = codes.first()?;
                let (failure, variant) = (failure(maker, rop), failure_variant(rop, codes));
                reply(maker, rop, *code, &quote!(Err(#failure::#variant(#value))), &body)
            }
            Self::Other(rop) => {
                let (failure, code) = (failure(maker, rop), error_code(maker, FAILURE));
                reply(maker, rop, FAILURE, &quote!(Err(#failure::Other { code: #code, body: #value })), &body)
            }
        }
    }
}

fn failure(maker: &Maker<'_, '_>, rop: &Rop) -> TokenStream {
    maker.cx.name_in(rop.module, &format!("{}Failure", rop.name))
}

fn error_code(maker: &Maker<'_, '_>, code: u64) -> TokenStream {
    let (name, code) = (maker.cx.error_code(), crate::emit::context::hex(code, 4));
    quote!(#name(#code))
}

/// `None` where the reply is read with more than the structure itself is.
fn reply(maker: &Maker<'_, '_>, rop: &Rop, code: u64, result: &TokenStream, body: &TokenStream) -> Option<TokenStream> {
    let params = rop.success.as_ref().map_or(&[][..], |def| &def.params);
    let bodies = rop.success.iter().chain(rop.on.iter().map(|(_, body)| body)).chain(&rop.other);
    let is_state = |name: &str| rop.needs_state.iter().any(|(_, state)| state == name);
    let of_requests = bodies.flat_map(|def| &def.params).any(|param| !is_state(&param.name));
    let same_params = maker.def.params.len() == params.len();
    if of_requests || !same_params {
        return None;
    }
    let (pack, unpack) = (reply_fn("pack", rop), reply_fn("unpack", rop));
    let cx = maker.cx;
    cx.import("generated_tests::reply");
    cx.import(format!("protocol::rops::{pack}"));
    cx.import(format!("protocol::rops::{unpack}"));
    let args = params.iter().map(|param| snake(&param.name));
    let id = crate::emit::context::hex(rop.reply_id.unwrap_or(rop.id).into(), 1);
    let code = crate::emit::context::hex(code, 4);
    Some(quote!(reply!(g, #id, #code, #result, #body, #pack, #unpack #(, #args)*);))
}
