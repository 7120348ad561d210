//! `ropc decode`: published bytes, a captured conversation, mistakes, hostile input, the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)]

#[path = "../../src/decode/mod.rs"]
mod decode;

mod captures;
mod commands;
mod conversations;
mod hostile;
mod mistakes;
mod notifications;
mod page;
mod payloads;
mod rpc;
mod streams;
mod support;
mod traffic;
mod vectors;
