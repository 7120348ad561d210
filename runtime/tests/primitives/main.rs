//! What generated code stands on: reading, writing, errors, strings and common values.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod cursor;
mod encoder;
mod error;
mod text;
mod value;
