//! Transforms of payloads: compression and obfuscation.

pub mod lz77;
pub mod obfuscation;
