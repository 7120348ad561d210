//! Credentials verified lately, kept as keyed hashes so that a memory image gives no password to guess at.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Account;
use super::basic::BasicCredentials;

/// HMAC-SHA256 of an address and a password under the key of this process.
pub type Digest = [u8; 32];

#[derive(Debug)]
struct Entry {
    digest: Digest,
    generation: u64,
    verified: Instant,
}

/// Verified credentials, one per user.
pub struct VerifiedCache {
    key: [u8; 32],
    lifetime: Duration,
    capacity: usize,
    entries: HashMap<String, Entry>,
}

/// The key stays out of logs.
impl std::fmt::Debug for VerifiedCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedCache").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl VerifiedCache {
    /// An empty cache for up to `capacity` users, with a random key that lives as long as it does.
    ///
    /// # Errors
    /// The system's random source failed.
    pub fn new(lifetime: Duration, capacity: usize) -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key, lifetime, capacity, entries: HashMap::new() })
    }

    /// The digest of credentials; the length of the address keeps the two parts apart.
    #[must_use]
    pub fn digest(&self, credentials: &BasicCredentials) -> Digest {
        // A key of the block size or less is taken as it is; `new_from_slice` takes any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return [0; 32];
        };
        mac.update(&(credentials.address.len() as u64).to_le_bytes());
        mac.update(credentials.address.as_bytes());
        mac.update(credentials.password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether these credentials were verified lately for the account as it is now.
    #[must_use]
    pub fn contains(&self, account: &Account, digest: &Digest, now: Instant) -> bool {
        self.entries.get(&account.address).is_some_and(|entry| {
            entry.generation == account.generation
                && now.saturating_duration_since(entry.verified) < self.lifetime
                && bool::from(entry.digest.ct_eq(digest))
        })
    }

    /// Remembers credentials just verified. A full cache forgets what it verified longest ago.
    pub fn insert(&mut self, account: &Account, digest: Digest, now: Instant) {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&account.address) {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.verified);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                self.entries.remove(&oldest);
            }
        }
        let entry = Entry { digest, generation: account.generation, verified: now };
        self.entries.insert(account.address.clone(), entry);
    }
}
