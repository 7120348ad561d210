//! Obfuscation: each byte exclusive-or 0xA5 (MS-OXCRPC 3.1.4.1.1.3).
//!
//! It keeps text from being readable at a glance on the network and is no protection.

use std::borrow::Cow;

/// What each byte is combined with.
pub const XOR_MAGIC: u8 = 0xA5;

/// Obfuscates in place; a second call undoes it.
pub fn apply(bytes: &mut [u8]) {
    for byte in bytes {
        *byte ^= XOR_MAGIC;
    }
}

/// The bytes obfuscated, or, of obfuscated bytes, the bytes themselves.
#[must_use]
pub fn applied(bytes: &[u8]) -> Cow<'static, [u8]> {
    Cow::Owned(bytes.iter().map(|byte| byte ^ XOR_MAGIC).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combines_every_byte_with_a5() {
        let mut bytes = [0x00, 0xFF, 0xA5, 0x5A];
        apply(&mut bytes);
        assert_eq!(bytes, [0xA5, 0x5A, 0x00, 0xFF]);
    }

    #[test]
    fn is_its_own_inverse() {
        let all: Vec<u8> = (0..=255).collect();
        assert_ne!(applied(&all), all);
        assert_eq!(applied(&applied(&all)), all);
    }
}
