//! `ropc decode`: bytes of the wire shown as what a description says they are.
//!
//! An interpreter of the checked model, so that it reads whatever is described without compiling Rust. It
//! accepts the bytes that generated code accepts, no more and no fewer.
//!
//! | step | module |
//! |---|---|
//! | hex or binary to bytes | [`input`] |
//! | captured traffic to exchanges | [`capture`] |
//! | what was asked for | [`target`], [`script`] |
//! | bytes to a tree of values | [`interpret`] (structures), [`primitive`], [`rops`], [`conversation`], [`mapi_http`] |
//! | stub data of RPC to a tree | [`ndr`]; [`rpc`]: what it carries; [`pdus`]: connections |
//! | streams to trees | [`stream`]: the tables of a grammar, [`words`]: the tree, [`pieces`]: what travels cut |
//! | expressions and what they look at | [`expr`], [`datum`] |
//! | what a value means | [`meaning`] |
//! | the tree | [`tree`] |
//! | the tree to text | [`text`], [`json`], [`dump`] |
//! | arguments and files | [`command`] |

pub mod capture;
pub mod command;
pub mod conversation;
pub mod datum;
pub mod dump;
pub mod expr;
pub mod input;
pub mod interpret;
pub mod json;
pub mod mapi_http;
pub mod meaning;
pub mod ndr;
pub mod pdus;
pub mod pieces;
pub mod primitive;
pub mod rops;
pub mod rpc;
pub mod script;
pub mod stream;
pub mod target;
pub mod text;
pub mod tree;
pub mod words;
