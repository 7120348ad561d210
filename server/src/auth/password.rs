//! Password hashes: argon2id in PHC string form.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{Output, PasswordHash, PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The longest password that is hashed, in bytes; longer ones are wrong.
pub const MAX_PASSWORD: usize = 1024;

/// Why a password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The password is empty or longer than [`MAX_PASSWORD`] bytes.
    #[error("a password has 1 to {MAX_PASSWORD} bytes")]
    Length,
    /// The system's random source failed.
    #[error("no random bits for a salt")]
    Random,
    /// The hash function refused its parameters.
    #[error("the password cannot be hashed")]
    Hash,
}

/// The hasher of new passwords: 19 MiB, two passes, one lane. Hashes of other costs verify as well.
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// Hashes a password under a new salt.
///
/// # Errors
/// [`HashError`].
pub fn hash(password: &str) -> Result<String, HashError> {
    if password.is_empty() || password.len() > MAX_PASSWORD {
        return Err(HashError::Length);
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| HashError::Random)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| HashError::Hash)?;
    let hash = hasher().hash_password(password.as_bytes(), &salt).map_err(|_| HashError::Hash)?;
    Ok(hash.to_string())
}

/// Whether the password is the one of this PHC string. Takes as long for a wrong password as for the right
/// one; a string that is no argon2 hash matches nothing.
#[must_use]
pub fn verify(password: &str, phc: &str) -> bool {
    password.len() <= MAX_PASSWORD && matches(password, phc).unwrap_or(false)
}

/// The memory of the last verification, for the next one: allocators keep what is given back to them, in each thread
/// some of it.
static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// `None` for a string that is no argon2 hash.
fn matches(password: &str, phc: &str) -> Option<bool> {
    let hash = PasswordHash::new(phc).ok()?;
    let (salt, expected) = (hash.salt?, hash.hash?);
    let algorithm = Algorithm::try_from(hash.algorithm).ok()?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let blocks = params.block_count();
    let mut salt_bytes = [0; argon2::password_hash::Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut salt_bytes).ok()?;
    let mut found = [0; Output::MAX_LENGTH];
    let found = found.get_mut(..expected.len())?;
    let mut memory = std::mem::take(&mut *MEMORY.lock().unwrap_or_else(PoisonError::into_inner));
    memory.resize(blocks.max(memory.len()), Block::default());
    let hasher = Argon2::new(algorithm, version, params);
    let hashed = hasher.hash_password_into_with_memory(password.as_bytes(), salt, found, &mut memory);
    *MEMORY.lock().unwrap_or_else(PoisonError::into_inner) = memory;
    hashed.ok()?;
    // Compared in constant time.
    Some(Output::new(found).ok()? == expected)
}

/// A hash that no password of a user has, of the cost of new hashes. Verifying against it makes an unknown
/// user take as long as a known one.
///
/// # Errors
/// [`HashError`] when the system has no random bits.
pub fn unmatchable() -> Result<String, HashError> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|_| HashError::Random)?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    hash(&secret)
}

/// Letters and digits that are hard to mistake for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password of 100 random bits, in groups that can be read out and typed.
///
/// # Errors
/// [`HashError::Random`] when the system has none.
pub fn random() -> Result<String, HashError> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(|_| HashError::Random)?;
    let mut password = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            password.push('-');
        }
        // A byte modulo 32 is as random as five of its bits.
        password.push(ALPHABET.get(usize::from(byte % 32)).map_or('x', |letter| char::from(*letter)));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let phc = hash("correct horse").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", &phc));
        assert!(!verify("correct horsf", &phc));
        assert!(!verify("", &phc));
        assert_ne!(phc, hash("correct horse").unwrap());
    }

    #[test]
    fn the_unmatchable_hash_has_the_cost_of_new_hashes() {
        let cost = |phc: &str| phc.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(cost(&unmatchable().unwrap()), cost(&hash("x").unwrap()));
    }

    #[test]
    fn rejects_overlong_passwords_and_broken_hashes() {
        assert_eq!(hash(&"x".repeat(MAX_PASSWORD + 1)), Err(HashError::Length));
        assert_eq!(hash(""), Err(HashError::Length));
        for phc in ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", "$2y$10$abcdefghijklmnopqrstuv"] {
            assert!(!verify("x", phc), "{phc}");
        }
    }

    #[test]
    fn passwords_are_random_and_long() {
        let (first, second) = (random().unwrap(), random().unwrap());
        assert_ne!(first, second);
        assert_eq!(first.len(), 23);
        assert!(first.bytes().all(|letter| letter == b'-' || ALPHABET.contains(&letter)), "{first}");
    }
}
