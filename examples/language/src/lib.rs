//! The examples of docs/LANGUAGE.md: what they compile to builds, and its tests pass.

include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Types that examples leave to code of one's own.
pub mod packed;
