//! Tests of the compiler from outside, one binary for all of them.
//!
//! Expected files are compared byte for byte; `UPDATE_EXPECT=1 cargo test -p ropc` rewrites them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attributes;
mod bodies;
mod command_page;
mod commands;
mod config;
mod diagnostics;
mod enumerations;
mod expressions;
mod formatting;
mod fuzz;
mod golden;
mod language;
mod layouts;
mod midl;
mod page;
mod rebuilt;
mod recovery;
mod reference;
mod robustness;
mod streams;
mod support;
mod tree;
mod ui;
mod watching;
