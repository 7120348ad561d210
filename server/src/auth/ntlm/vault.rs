//! NT hashes at rest: AES-256-GCM under a key that stands in a file of its own, not in the directory of users.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::NtHash;
use crate::tls::files::{FileError, read_private, write_private};

/// The file of the data directory with the key.
pub const KEY_FILE: &str = "ntlm-key.txt";

/// Why a sealed hash cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The key's file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key's file holds no key.
    #[error("{KEY_FILE} holds no key")]
    Key,
    /// The system's random source failed.
    #[error("no random bits")]
    Random,
    /// It was sealed under another key or for another user, or changed.
    #[error("a sealed hash cannot be opened")]
    Sealed,
}

/// Seals and opens NT hashes.
pub struct Vault(LessSafeKey);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// The vault of a data directory; the first call makes the key.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn ensure(data_dir: &Path) -> Result<Self, VaultError> {
        let path = data_dir.join(KEY_FILE);
        if !path.exists() {
            let mut key = [0_u8; 32];
            getrandom::fill(&mut key).map_err(|_| VaultError::Random)?;
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            write_private(&path, text.as_bytes())?;
        }
        Self::of_text(read_private(&path)?.trim())
    }

    fn of_text(text: &str) -> Result<Self, VaultError> {
        let digits = |index: usize| text.get(2 * index..2 * index + 2);
        let byte = |index| u8::from_str_radix(digits(index)?, 16).ok();
        let key: Vec<u8> = (0..text.len() / 2).map(byte).collect::<Option<_>>().ok_or(VaultError::Key)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| VaultError::Key)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a user's hash: a nonce, the ciphertext and its tag.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn seal(&self, address: &str, hash: &NtHash) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let mut sealed = hash.0.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(address.as_bytes()), &mut sealed)
            .map_err(|_| VaultError::Sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same user.
    ///
    /// # Errors
    /// [`VaultError::Sealed`].
    pub fn open(&self, address: &str, sealed: &[u8]) -> Result<NtHash, VaultError> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Sealed)?;
        let mut bytes = sealed.to_vec();
        let hash = self.0.open_in_place(nonce, Aad::from(address.as_bytes()), &mut bytes);
        let hash = hash.map_err(|_| VaultError::Sealed)?;
        <[u8; 16]>::try_from(&*hash).map(NtHash).map_err(|_| VaultError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_user_only() {
        let place = tempfile::tempdir().unwrap();
        let vault = Vault::ensure(place.path()).unwrap();
        let sealed = vault.seal("ada@example.test", &NtHash([7; 16])).unwrap();
        assert!(!sealed.windows(16).any(|window| window == [7; 16]));
        let again = Vault::ensure(place.path()).unwrap();
        assert_eq!(again.open("ada@example.test", &sealed).unwrap(), NtHash([7; 16]));
        assert!(matches!(again.open("bob@example.test", &sealed), Err(VaultError::Sealed)));
        for index in 0..sealed.len() {
            let mut broken = sealed.clone();
            *broken.get_mut(index).unwrap() ^= 1;
            assert!(matches!(again.open("ada@example.test", &broken), Err(VaultError::Sealed)), "{index}");
        }
        assert!(matches!(again.open("ada@example.test", &[1; 5]), Err(VaultError::Sealed)));
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        for text in ["", "00", "zz", &"0".repeat(63), &"é".repeat(32)] {
            assert!(matches!(Vault::of_text(text), Err(VaultError::Key)), "{text}");
        }
    }
}
