//! Shapes of NDR that the echo interface does not have, generated from `shapes.idl`: deferred
//! pointers, conformant structures, expressions, recursion, every kind of field. Operations that
//! Samba knows are compared with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bytes;
mod hostile;
#[path = "../ndr_peer/mod.rs"]
mod peer;
mod samples;
#[rustfmt::skip]
#[allow(dead_code)]
mod shapes;
