//! Obfuscation: each byte exclusive-or a mask, 0xA5 in extended buffers (MS-OXCRPC 3.1.4.1.1.3).
//!
//! It keeps text from being readable at a glance on the network and is no protection.

/// What each byte of an extended buffer is combined with.
pub const XOR_MAGIC: u8 = 0xA5;

/// Combines each byte with `mask` in place; a second call undoes it.
pub fn apply(bytes: &mut [u8], mask: u8) {
    for byte in bytes {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combines_every_byte_with_a5() {
        let mut bytes = [0x00, 0xFF, 0xA5, 0x5A];
        apply(&mut bytes, XOR_MAGIC);
        assert_eq!(bytes, [0xA5, 0x5A, 0x00, 0xFF]);
    }

    #[test]
    fn is_its_own_inverse() {
        let all: Vec<u8> = (0..=255).collect();
        let mut bytes = all.clone();
        apply(&mut bytes, XOR_MAGIC);
        assert_ne!(bytes, all);
        apply(&mut bytes, XOR_MAGIC);
        assert_eq!(bytes, all);
    }
}
