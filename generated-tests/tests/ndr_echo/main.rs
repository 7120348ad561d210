//! The echo interface, generated from `idl/echo.idl`: bytes worked out by hand in NDR 2.0 of either
//! byte order and in NDR64, the oracles, and Samba's library as the other opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bytes;
mod dispatch;
mod hostile;
#[path = "../ndr_peer/mod.rs"]
mod peer;
mod samba;
mod samples;
