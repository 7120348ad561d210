//! `ropc emit dissector`: tshark shows what `ropc decode` says, of the same bytes.
//!
//! Skips where tshark is missing; with `ROPC_REQUIRE_PEERS=1` that is a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)]

#[path = "../../src/decode/mod.rs"]
mod decode;
#[path = "../decode/payloads.rs"]
mod payloads;
#[path = "../decode/traffic.rs"]
mod traffic;

mod calls;
mod compare;
mod constructs;
mod conversations;
mod exchanges;
mod filters;
mod hostile;
mod later;
mod pdml;
mod streams;
mod support;
mod vectors;
