//! What spans the specifications: `rops.rs`.
//!
//! `objects` (server objects and their declared state), `requests` and `replies` (one enum each),
//! `handlers` (traits, one a specification), `serve` (running a request against handlers),
//! `conversation` (decoding replies with what the conversation has set), `batches` (ROP buffers).

mod batches;
mod conversation;
mod handlers;
mod objects;
mod replies;
mod requests;
mod serve;

use proc_macro2::TokenStream;

use super::context::Context;

/// The items of `rops.rs`.
pub(crate) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = objects::items(cx);
    items.extend(requests::items(cx));
    items.extend(replies::items(cx));
    items.extend(handlers::items(cx));
    items.extend(serve::items(cx));
    items.extend(conversation::items(cx));
    items.extend(batches::items(cx));
    items
}
