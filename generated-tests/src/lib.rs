//! Oracles, sources of values and other tools of the tests, generated and hand-written.
//!
//! | module | what it has |
//! |---|---|
//! | [`runs`] | how a property is run: seeds, filed cases, records |
//! | [`attacks`], [`fuzz`], [`finds`] | changed bytes; as many as there is time for; those that were filed |
//! | [`mod@choices`] | random choices that generated code builds values from |
//! | [`client`] | nothing: examples of the builders that clients use, which its tests run |
//! | [`oracles`] | what has to hold for every type: see [`check!`](crate::check) |
//! | [`operations`] | what stands around the bodies of operations |
//! | [`vectors`] | bytes written as hexadecimal text |
//! | [`mod@contexts`] | the same for types that depend on something outside |
//! | [`nesting`] | the limit of values inside themselves |
//! | [`ways`] | which ways the choices went |
//! | [`mod@settling`] | the same for types with a policy |
//! | [`layout`] | where fields of fixed size stand |
//! | [`ndr`] | values, oracles and samples of interfaces of `encoding(ndr)` |
//! | [`described`] | the vectors of the descriptions |
//! | [`streams`] | what has to hold for streams |
//! | [`suite`] | what the tests came to: a summary, JUnit, failures as vectors |
//! | [`spec_coverage`] | which statements of the specifications the tests prove |
// This crate is linked by tests only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod attacks;
pub mod choices;
pub mod client;
pub mod contexts;
pub mod described;
pub mod finds;
pub mod fuzz;
pub mod layout;
pub mod ndr;
pub mod nesting;
pub mod operations;
pub mod oracles;
pub mod runs;
pub mod samples;
pub mod settling;
mod sources;
pub mod spec_coverage;
pub mod streams;
pub mod suite;
pub mod vectors;
pub mod ways;

pub use choices::{Choices, choices};
