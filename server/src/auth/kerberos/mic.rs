//! Message integrity codes of a context (RFC 4121 4.2.6.1).

use subtle::ConstantTimeEq as _;

use super::KerberosError;
use super::crypto::{CHECKSUM, Key, usage};

/// TOK_ID.
const ID: [u8; 2] = [4, 4];
/// Flag SentByAcceptor (RFC 4121 4.2.2).
const SENT_BY_ACCEPTOR: u8 = 1;
/// Flag AcceptorSubkey: this acceptor never asserts one.
const ACCEPTOR_SUBKEY: u8 = 4;
/// Bytes before the checksum.
const HEADER: usize = 16;

/// Signs what the acceptor sends and verifies what the initiator has signed.
#[derive(Debug)]
pub struct Signer(Key);

impl Signer {
    pub(super) fn new(key: Key) -> Self {
        Self(key)
    }

    /// The acceptor's code of a message, the first in its context.
    ///
    /// # Errors
    /// [`KerberosError::Unavailable`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KerberosError> {
        let mut token = ID.to_vec();
        token.push(SENT_BY_ACCEPTOR);
        token.extend_from_slice(&[0xFF; 5]);
        token.extend_from_slice(&0_u64.to_be_bytes());
        let checksum = self.0.checksum(usage::ACCEPTOR_SIGN, &[message, &token]);
        token.extend_from_slice(&checksum.ok_or(KerberosError::Unavailable("no code can be made"))?);
        Ok(token)
    }

    /// Whether this is the initiator's code of a message.
    #[must_use]
    pub fn verify(&self, message: &[u8], token: &[u8]) -> bool {
        let Some((header, checksum)) = token.split_first_chunk::<HEADER>() else { return false };
        let (&[first, second, flags, ..], CHECKSUM) = (header, checksum.len()) else { return false };
        if [first, second] != ID || flags & (SENT_BY_ACCEPTOR | ACCEPTOR_SUBKEY) != 0 {
            return false;
        }
        let expected = self.0.checksum(usage::INITIATOR_SIGN, &[message, header]);
        expected.is_some_and(|expected| bool::from(expected.as_slice().ct_eq(checksum)))
    }

    #[cfg(test)]
    pub(super) fn sign_as_initiator(&self, message: &[u8]) -> Vec<u8> {
        let mut token = vec![4, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5];
        let checksum = self.0.checksum(usage::INITIATOR_SIGN, &[message, &token]);
        token.extend_from_slice(&checksum.unwrap_or_default());
        token
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn only_the_other_sides_code_of_the_same_message_is_taken() {
        let signer = Signer(Key::new(18, &[1; 32]).unwrap());
        let token = signer.sign_as_initiator(b"message");
        assert!(signer.verify(b"message", &token));
        assert!(!signer.verify(b"messagf", &token));
        assert!(!signer.verify(b"message", &signer.sign(b"message").unwrap()));
        for place in 0..token.len() {
            let mut changed = token.clone();
            changed[place] ^= 1;
            assert!(!signer.verify(b"message", &changed), "{place}");
            assert!(!signer.verify(b"message", &token[..place]), "{place}");
        }
    }
}
