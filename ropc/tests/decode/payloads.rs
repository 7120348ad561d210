//! Payloads behind an RPC_HEADER_EXT (MS-OXCRPC 2.2.2.1), for tests of what reads them.

use runtime::codec::lz77;
use runtime::codec::obfuscation::{XOR_MAGIC, apply};

/// How a payload stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    pub compressed: bool,
    pub xored: bool,
}

/// A payload behind its header.
pub fn extended(payload: &[u8], form: Form, last: bool) -> Vec<u8> {
    let plain = u16::try_from(payload.len()).unwrap();
    let shorter = if form.compressed { lz77::shorter(payload) } else { None };
    let flags = u16::from(shorter.is_some()) | u16::from(form.xored) << 1 | u16::from(last) << 2;
    let mut bytes = shorter.unwrap_or_else(|| payload.to_vec());
    if form.xored {
        apply(&mut bytes, XOR_MAGIC);
    }
    let size = u16::try_from(bytes.len()).unwrap();
    [[0, flags, size, plain].map(u16::to_le_bytes).concat(), bytes].concat()
}
