//! Numbers that stand for contents.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Stands for some bytes: the same number, the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u128);

impl Key {
    /// The key of some bytes: 128 bits of their SHA-256.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        Self(hash.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte)))
    }

    /// The key of this and another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(&[self.bytes(), other.bytes()].concat())
    }

    pub(crate) fn bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Key {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}
