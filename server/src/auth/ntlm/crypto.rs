//! The functions of MS-NLMP 3.3 and 6.

use hmac::{Hmac, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use rc4::consts::U16;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};

/// The MD4 of a password in UTF-16: as good as the password itself.
#[derive(Clone, PartialEq, Eq)]
pub struct NtHash(pub [u8; 16]);

/// Hashes stay out of logs.
impl std::fmt::Debug for NtHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NtHash(..)")
    }
}

impl NtHash {
    /// NTOWFv1 (MS-NLMP 3.3.1).
    #[must_use]
    pub fn of_password(password: &str) -> Self {
        Self(Md4::digest(super::utf16(password)).into())
    }

    /// NTOWFv2 (MS-NLMP 3.3.2). The user is taken in capitals, the domain as it is.
    pub(super) fn response_key(&self, user: &str, domain: &str) -> [u8; 16] {
        hmac_md5(&self.0, &[&super::utf16(&capitals(user)), &super::utf16(domain)])
    }
}

/// One character for one, as Windows does it: `ß` stays.
fn capitals(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                _ => letter,
            }
        })
        .collect()
}

pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// HMAC-MD5 of parts, one after the other.
pub(super) fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A key of 16 bytes fits a block: padded, no key is refused.
    let mut block = hmac::digest::generic_array::GenericArray::default();
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let mut mac = <Hmac<Md5> as hmac::digest::KeyInit>::new(&block);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// RC4 of the first bytes of its stream.
pub(super) fn rc4<const N: usize>(key: &[u8; 16], bytes: [u8; N]) -> [u8; N] {
    let mut bytes = bytes;
    Rc4::<U16>::new(key.into()).apply_keystream(&mut bytes);
    bytes
}
