//! What spans the specifications.

use proc_macro2::TokenStream;

use super::context::Context;

/// The items of `rops.rs`.
pub(crate) fn items(_cx: &Context<'_>) -> Vec<TokenStream> {
    Vec::new()
}
