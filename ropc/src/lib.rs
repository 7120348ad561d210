//! `ropc`: the compiler for Exchange protocol descriptions.
//!
//! Descriptions in (NDR interfaces and MAPI ROPs, one language), Rust out. [`compile`] reads no
//! file and prints nothing; `driver` and the binary do that.
//!
//! | step | module |
//! |---|---|
//! | directives and macros | [`preprocess`] |
//! | text to syntax tree, with recovery | [`parse`] (only it knows pest) |
//! | syntax tree to meaning, in named passes | [`lower`] |
//! | what it means | [`model`] |
//! | meaning to Rust | [`emit`] |
//!
//! [`Config`] is for build scripts; [`mod@format`] lays descriptions out.

pub mod ast;
pub mod codes;
pub mod compile;
pub mod config;
pub mod configure;
pub mod diagnostic;
pub mod driver;
pub mod emit;
pub mod format;
pub mod key;
pub mod lower;
pub mod model;
pub mod ndr;
mod parallel;
pub mod parse;
pub mod preprocess;
pub mod render;
pub mod source;
pub mod spelling;

pub use config::Config;
