//! AES with HMAC-SHA1 as Kerberos uses it (RFC 3961 5, RFC 3962).

use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use subtle::ConstantTimeEq as _;

use super::KerberosError;

/// Numbers of uses of a key (RFC 4120 7.5.1, RFC 4121 2).
pub(super) mod usage {
    pub(in super::super) const TICKET: u32 = 2;
    pub(in super::super) const AP_REQ_AUTHENTICATOR: u32 = 11;
    pub(in super::super) const AP_REP: u32 = 12;
    pub(in super::super) const ACCEPTOR_SIGN: u32 = 23;
    pub(in super::super) const INITIATOR_SIGN: u32 = 25;
}

/// Bytes of an AES block.
const BLOCK: usize = 16;
/// Bytes of a checksum.
pub(super) const CHECKSUM: usize = 12;

/// aes128-cts-hmac-sha1-96 (RFC 3962 7).
const AES128_CTS: i32 = 17;
/// aes256-cts-hmac-sha1-96.
const AES256_CTS: i32 = 18;

type Block = [u8; BLOCK];

/// A key of one of the two encryption types.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    etype: i32,
    bytes: Vec<u8>,
}

/// Keys stay out of logs.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("etype", &self.etype).finish_non_exhaustive()
    }
}

impl Key {
    /// A key of an encryption type that is served here, of its length.
    pub(super) fn new(etype: i32, bytes: &[u8]) -> Option<Self> {
        matches!((etype, bytes.len()), (AES128_CTS, 16) | (AES256_CTS, 32))
            .then(|| Self { etype, bytes: bytes.to_vec() })
    }

    pub(super) fn etype(&self) -> i32 {
        self.etype
    }

    /// Decrypts and verifies; nothing where the bytes are not what this key made for this use.
    pub(super) fn decrypt(&self, usage: u32, sealed: &[u8]) -> Option<Vec<u8>> {
        let split = sealed.len().checked_sub(CHECKSUM).filter(|length| *length >= BLOCK)?;
        let (cipher, checksum) = sealed.split_at_checked(split)?;
        let mut plain = Blocks::new(&self.derive(usage, 0xAA)?)?.decrypt(cipher)?;
        let expected = self.hmac(usage, 0x55, &[&plain])?;
        if !bool::from(expected.as_slice().ct_eq(checksum)) {
            return None;
        }
        plain.drain(..BLOCK);
        Some(plain)
    }

    /// Encrypts under a random confounder.
    pub(super) fn encrypt(&self, usage: u32, message: &[u8]) -> Result<Vec<u8>, KerberosError> {
        let mut plain = vec![0; BLOCK];
        getrandom::fill(&mut plain).map_err(|_| KerberosError::Unavailable("no random bits"))?;
        plain.extend_from_slice(message);
        self.seal(usage, &plain).ok_or(KerberosError::Unavailable("the message cannot be encrypted"))
    }

    fn seal(&self, usage: u32, plain: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = Blocks::new(&self.derive(usage, 0xAA)?)?.encrypt(plain)?;
        sealed.extend_from_slice(&self.hmac(usage, 0x55, &[plain])?);
        Some(sealed)
    }

    /// The checksum of parts, one after the other (RFC 3961 5.4).
    pub(super) fn checksum(&self, usage: u32, parts: &[&[u8]]) -> Option<[u8; CHECKSUM]> {
        self.hmac(usage, 0x99, parts)
    }

    fn hmac(&self, usage: u32, kind: u8, parts: &[&[u8]]) -> Option<[u8; CHECKSUM]> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.derive(usage, kind)?);
        let mut mac = hmac::Context::with_key(&key);
        for part in parts {
            mac.update(part);
        }
        mac.sign().as_ref().first_chunk().copied()
    }

    /// DK (RFC 3961 5.1): the key for one use.
    fn derive(&self, usage: u32, kind: u8) -> Option<Vec<u8>> {
        let [a, b, c, d] = usage.to_be_bytes();
        let blocks = Blocks::new(&self.bytes)?;
        let mut block: Block = fold(&[a, b, c, d, kind], BLOCK).try_into().ok()?;
        let mut derived = Vec::with_capacity(self.bytes.len());
        while derived.len() < self.bytes.len() {
            block = blocks.encrypt_block(block)?;
            derived.extend_from_slice(&block);
        }
        Some(derived)
    }
}

/// AES of single blocks, and what CBC with ciphertext stealing makes of it (RFC 3962 5).
struct Blocks {
    forth: EncryptingKey,
    back: DecryptingKey,
}

impl Blocks {
    fn new(key: &[u8]) -> Option<Self> {
        let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
        let key = || UnboundCipherKey::new(algorithm, key).ok();
        Some(Self { forth: EncryptingKey::ecb(key()?).ok()?, back: DecryptingKey::ecb(key()?).ok()? })
    }

    fn encrypt_block(&self, mut block: Block) -> Option<Block> {
        self.forth.encrypt(&mut block).ok()?;
        Some(block)
    }

    fn decrypt_block(&self, mut block: Block) -> Option<Block> {
        self.back.decrypt(&mut block, DecryptionContext::None).ok()?;
        Some(block)
    }

    /// At least one block.
    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut before = [0; BLOCK];
        let mut made: Vec<Block> = Vec::with_capacity(plain.len() / BLOCK + 1);
        for piece in plain.chunks(BLOCK) {
            before = self.encrypt_block(xor(before, padded(piece)))?;
            made.push(before);
        }
        // The last two change places, and the new last one is as long as the last piece of plain text.
        let last = made.len().checked_sub(1)?;
        if let Some(one_before) = last.checked_sub(1) {
            made.swap(one_before, last);
        }
        let mut cipher = made.concat();
        cipher.truncate(plain.len());
        Some(cipher)
    }

    /// At least one block.
    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let pieces: Vec<&[u8]> = cipher.chunks(BLOCK).collect();
        let Some((whole, [one_before, last])) = pieces.split_last_chunk::<2>() else {
            return Some(self.decrypt_block(padded(pieces.first()?))?.to_vec());
        };
        let mut before = [0; BLOCK];
        let mut plain = Vec::with_capacity(cipher.len());
        for piece in whole {
            let block = padded(piece);
            plain.extend_from_slice(&xor(before, self.decrypt_block(block)?));
            before = block;
        }
        let tail = self.decrypt_block(padded(one_before))?;
        // What the last piece lacks of a block is in the block before it.
        let mut stolen = tail;
        for (place, byte) in stolen.iter_mut().zip(*last) {
            *place = *byte;
        }
        plain.extend_from_slice(&xor(before, self.decrypt_block(stolen)?));
        plain.extend(tail.iter().zip(*last).map(|(left, right)| left ^ right));
        Some(plain)
    }
}

fn padded(piece: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    for (place, byte) in block.iter_mut().zip(piece) {
        *place = *byte;
    }
    block
}

fn xor(mut left: Block, right: Block) -> Block {
    for (place, byte) in left.iter_mut().zip(right) {
        *place ^= byte;
    }
    left
}

/// n-fold (RFC 3961 5.1): copies of `bytes`, each turned right by 13 bits more, added up in pieces of `length` bytes with the
/// carry brought round.
fn fold(bytes: &[u8], length: usize) -> Vec<u8> {
    let bits = bytes.len() * 8;
    let total = least_common_multiple(bytes.len(), length);
    // Byte `index` of all copies one after the other.
    let byte = |index: usize| {
        let turned = 13 * (index / bytes.len()) % bits;
        let start = (index % bytes.len()) * 8 + bits - turned;
        (0..8).fold(0_u8, |made, bit| {
            let place = (start + bit) % bits;
            let source = bytes.get(place / 8).copied().unwrap_or_default();
            made << 1 | (source >> (7 - place % 8) & 1)
        })
    };
    let mut sum = vec![0_u8; length];
    for piece in 0..total / length {
        let mut carry = 0_u16;
        for (place, value) in sum.iter_mut().enumerate().rev() {
            let added = u16::from(*value) + u16::from(byte(piece * length + place)) + carry;
            *value = added.to_le_bytes()[0];
            carry = added >> 8;
        }
        for value in sum.iter_mut().rev() {
            let added = u16::from(*value) + carry;
            *value = added.to_le_bytes()[0];
            carry = added >> 8;
        }
    }
    sum
}

fn least_common_multiple(left: usize, right: usize) -> usize {
    let (mut larger, mut smaller) = (left, right);
    while smaller != 0 {
        (larger, smaller) = (smaller, larger % smaller);
    }
    left / larger * right
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 3961 A.1.
    #[test]
    fn folds_as_the_document_does() {
        for (text, length, folded) in [
            ("012345", 8, "be072631276b1955"),
            ("password", 7, "78a07b6caf85fa"),
            ("Rough Consensus, and Running Code", 8, "bb6ed30870b7f0e0"),
            ("password", 21, "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"),
            ("MASSACHVSETTS INSTITVTE OF TECHNOLOGY", 24, "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b"),
            ("Q", 21, "518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15"),
            ("ba", 21, "fb25d531ae8974499f52fd92ea9857c4ba24cf297e"),
            ("kerberos", 16, "6b65726265726f737b9b5b2b93132b93"),
        ] {
            assert_eq!(hex(&fold(text.as_bytes(), length)), folded.replace(' ', ""), "{text}");
        }
    }

    /// RFC 3962 B: AES with ciphertext stealing under the key `chicken teriyaki`.
    #[test]
    fn steals_ciphertext_as_the_document_does() {
        let blocks = Blocks::new(b"chicken teriyaki").unwrap();
        let plain = b"I would like the General Gau's Chicken, please, and wonton soup.";
        for (length, cipher) in [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
            (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
            (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
            (47, "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5"),
        ] {
            let made = blocks.encrypt(&plain[..length]).unwrap();
            assert_eq!(hex(&made), cipher);
            assert_eq!(blocks.decrypt(&made).unwrap(), &plain[..length]);
        }
    }

    #[test]
    fn what_is_changed_or_for_another_use_does_not_open() {
        let key = Key::new(AES256_CTS, &[7; 32]).unwrap();
        for length in [0, 1, 15, 16, 17, 40] {
            let message = vec![3; length];
            let sealed = key.encrypt(usage::TICKET, &message).unwrap();
            assert_eq!(key.decrypt(usage::TICKET, &sealed).unwrap(), message);
            assert_eq!(key.decrypt(usage::AP_REP, &sealed), None);
            for place in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[place] ^= 1;
                assert_eq!(key.decrypt(usage::TICKET, &changed), None);
                assert_eq!(key.decrypt(usage::TICKET, &sealed[..place]), None);
            }
        }
    }

    #[test]
    fn other_encryption_types_and_lengths_are_no_keys() {
        assert!(Key::new(23, &[0; 16]).is_none());
        assert!(Key::new(AES128_CTS, &[0; 32]).is_none());
        assert!(Key::new(AES256_CTS, &[]).is_none());
    }
}
