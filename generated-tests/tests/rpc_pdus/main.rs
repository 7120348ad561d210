//! PDUs of RPC on connections: both byte orders, what is derived, and what other implementations make of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../generated/dcerpc.rs"]
mod dcerpc;
mod orders;
#[path = "../ndr_peer/mod.rs"]
#[allow(dead_code)]
mod peer;
mod samba;
mod tshark;

/// A port as text with its terminator.
fn port(digits: usize) -> runtime::Blob<'static> {
    let digits = digits.clamp(1, 5);
    let text = "65535".bytes().take(digits).chain([0]).collect();
    runtime::Blob::Owned(text)
}
