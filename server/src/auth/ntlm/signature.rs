//! Message signatures (MS-NLMP 3.4.4), for the codes of a negotiation.

use protocol::nlmp::NegotiateFlags;
use subtle::ConstantTimeEq as _;

use super::{SessionKey, crypto};

/// A signature (MS-NLMP 2.2.2.9).
pub type Signature = [u8; 16];

/// Who has made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The client.
    ToServer,
    /// The server.
    ToClient,
}

impl Direction {
    /// The constants of SIGNKEY and SEALKEY (MS-NLMP 3.4.5.2, 3.4.5.3).
    fn constants(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::ToServer => (
                b"session key to client-to-server signing key magic constant\0",
                b"session key to client-to-server sealing key magic constant\0",
            ),
            Self::ToClient => (
                b"session key to server-to-client signing key magic constant\0",
                b"session key to server-to-client sealing key magic constant\0",
            ),
        }
    }
}

/// Signs and verifies the first message of each direction of a session.
#[derive(Debug)]
pub struct Signer {
    key: SessionKey,
    flags: NegotiateFlags,
}

impl Signer {
    pub(super) fn new(key: SessionKey, flags: NegotiateFlags) -> Self {
        Self { key, flags }
    }

    /// A signer of a session that only always signs.
    #[cfg(test)]
    pub(in crate::auth) fn always() -> Self {
        Self::new(SessionKey([0; 16]), NegotiateFlags::NTLMSSP_NEGOTIATE_ALWAYS_SIGN)
    }

    /// The signature of the first message in a direction; none where the session has not agreed on signatures, or on those
    /// without extended session security, which are not made here.
    #[must_use]
    pub fn sign(&self, direction: Direction, message: &[u8]) -> Option<Signature> {
        let has = |flag| self.flags.contains(flag);
        let mut signature = [0; 16];
        if let Some(version) = signature.first_mut() {
            *version = 1;
        }
        if !has(NegotiateFlags::NTLMSSP_NEGOTIATE_SIGN) {
            return has(NegotiateFlags::NTLMSSP_NEGOTIATE_ALWAYS_SIGN).then_some(signature);
        }
        if !has(NegotiateFlags::NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY) {
            return None;
        }
        let (signing, sealing) = direction.constants();
        let key = crypto::md5(&[self.key.0.as_slice(), signing].concat());
        let code = crypto::hmac_md5(&key, &[&0_u32.to_le_bytes(), message]);
        let mut checksum: [u8; 8] = *code.first_chunk()?;
        if has(NegotiateFlags::NTLMSSP_NEGOTIATE_KEY_EXCH) {
            let length = if has(NegotiateFlags::NTLMSSP_NEGOTIATE_128) {
                16
            } else if has(NegotiateFlags::NTLMSSP_NEGOTIATE_56) {
                7
            } else {
                5
            };
            let key = crypto::md5(&[self.key.0.get(..length)?, sealing].concat());
            checksum = crypto::rc4(&key, checksum);
        }
        for (place, byte) in signature.iter_mut().skip(4).zip(checksum) {
            *place = byte;
        }
        Some(signature)
    }

    /// Whether this is the signature of the first message in a direction.
    #[must_use]
    pub fn verify(&self, direction: Direction, message: &[u8], signature: &[u8]) -> bool {
        self.sign(direction, message).is_some_and(|expected| bool::from(expected.as_slice().ct_eq(signature)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const EXTENDED: u32 = NegotiateFlags::NTLMSSP_NEGOTIATE_SIGN.0
        | NegotiateFlags::NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY.0
        | NegotiateFlags::NTLMSSP_NEGOTIATE_128.0
        | NegotiateFlags::NTLMSSP_NEGOTIATE_KEY_EXCH.0;

    /// MS-NLMP 4.2.4.4: the signature of `Plaintext` under the key `UUUUUUUUUUUUUUUU`. The document seals the message before
    /// its signature, with the same stream: the checksum is the encrypted one only in its first part.
    #[test]
    fn the_checksum_is_the_one_of_the_document() {
        let flags = NegotiateFlags(EXTENDED & !NegotiateFlags::NTLMSSP_NEGOTIATE_KEY_EXCH.0);
        let signer = Signer::new(SessionKey([0x55; 16]), flags);
        let plain: Vec<u8> = "Plaintext".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let signature = signer.sign(Direction::ToServer, &plain).unwrap();
        // 4.2.4.4: HMAC_MD5(SignKey, 0 and the message), of which the first 8 bytes count.
        assert_eq!(signature[4..12], [0x70, 0x35, 0x28, 0x51, 0xF2, 0x56, 0x43, 0x09]);
    }

    #[test]
    fn each_direction_and_message_has_its_own() {
        let signer = Signer::new(SessionKey([7; 16]), NegotiateFlags(EXTENDED));
        let signature = signer.sign(Direction::ToServer, b"list").unwrap();
        assert!(signer.verify(Direction::ToServer, b"list", &signature));
        assert!(!signer.verify(Direction::ToClient, b"list", &signature));
        assert!(!signer.verify(Direction::ToServer, b"lisu", &signature));
        assert!(!signer.verify(Direction::ToServer, b"list", &signature[..15]));
    }

    #[test]
    fn a_session_that_only_always_signs_has_a_constant() {
        let signer = Signer::new(SessionKey([7; 16]), NegotiateFlags::NTLMSSP_NEGOTIATE_ALWAYS_SIGN);
        let constant = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(signer.sign(Direction::ToClient, b"x"), Some(constant));
        let without = Signer::new(SessionKey([7; 16]), NegotiateFlags(0));
        assert_eq!(without.sign(Direction::ToClient, b"x"), None);
        assert!(!without.verify(Direction::ToServer, b"x", &constant));
    }
}
