//! Transforms of payloads: compression, obfuscation, and the header that announces them.

pub mod lz77;
pub mod obfuscation;
pub mod rpc_header_ext;
