//! What spans the specifications: `rops.rs`.
//!
//! `objects` (server objects and their declared state), `requests` and `replies` (one enum each),
//! `handlers` (traits, one a specification), `serve` (running a request against handlers),
//! `conversation` (decoding replies with what the conversation has set), `unsolicited` (replies without a request),
//! `batches` (ROP buffers).

mod batches;
mod conversation;
mod handlers;
pub(super) mod objects;
pub(super) mod replies;
pub(super) mod requests;
mod serve;
mod unsolicited;

use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;

/// The items of `rops.rs`.
pub(crate) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = objects::items(cx);
    items.extend(requests::items(cx));
    items.extend(replies::items(cx));
    items.extend(handlers::items(cx));
    items.extend(serve::items(cx));
    items.extend(conversation::items(cx));
    items.extend(unsolicited::items(cx));
    items.extend(batches::items(cx));
    if cx.program.error_code().is_none() {
        items.push(own_error_code());
    }
    without_unused(items)
}

/// The return value of a reply, where the descriptions do not declare it.
fn own_error_code() -> TokenStream {
    quote! {
        /// The return value of a reply.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct ErrorCode(pub u32);

        impl ErrorCode {
            /// Values with their names in the specification.
            pub const NAMES: &'static [(u32, &'static str)] = &[];
        }

        runtime::open_enum!(ErrorCode, u32);
    }
}

/// Drops helpers of dispatch that the operations of these descriptions have no use for.
fn without_unused(items: Vec<TokenStream>) -> Vec<TokenStream> {
    let mut items: Vec<(String, TokenStream)> = items.into_iter().map(|item| (item.to_string(), item)).collect();
    for helper in ["sent", "failed", "refused", "pack_failure", "handle"] {
        let (plain, nested) = (format!(" {helper} ("), format!("({helper} ("));
        let calls = items.iter().map(|(text, _)| text.matches(&plain).count() + text.matches(&nested).count());
        let calls: usize = calls.sum();
        let generic = format!("fn {helper} < O >");
        let of_generic = items.iter().any(|(text, _)| text.contains(&generic));
        if calls == usize::from(!of_generic) {
            let declares = format!("fn {helper} ");
            items.retain(|(text, _)| !text.contains(&declares));
        }
    }
    items.into_iter().map(|(_, item)| item).collect()
}
