//! One case for each rule of NDR (C706 14, MS-RPCE 2.2.5), with bytes that were worked out from the rules by hand, in
//! NDR 2.0 of both byte orders and in NDR64. `cases.rs` is generated from `cases.idl`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod alignment;
mod arrays;
mod bytes;
#[rustfmt::skip]
#[allow(dead_code)]
mod cases;
mod computed;
mod limits;
mod pipes;
mod pointers;
mod reversed;
mod texts;
mod unions;
