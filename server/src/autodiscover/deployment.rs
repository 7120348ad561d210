//! The identity of this installation, made once and kept.

use std::path::Path;

use crate::tls::files::{self, FileError};

/// The file of the data directory that keeps it.
const FILE: &str = "deployment-id";

/// An installation, as DeploymentId names it (MS-OXDSCLI 2.2.4.1.1.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    id: u128,
}

/// Why an installation has no identity.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds no GUID.
    #[error("{FILE} in the data directory holds no GUID")]
    Content,
    /// The system's random source failed.
    #[error("no random bits for a deployment id")]
    Random,
}

impl Deployment {
    /// Reads the identity kept in `data_dir`, or makes one and keeps it there.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub fn ensure(data_dir: &Path) -> Result<Self, DeploymentError> {
        let path = data_dir.join(FILE);
        if path.exists() {
            return Self::parse(files::read(&path)?.trim()).ok_or(DeploymentError::Content);
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| DeploymentError::Random)?;
        // The marks of a random GUID (RFC 9562 5.4).
        let random = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62);
        let made = Self { id: random | 0x4 << 76 | 0x2 << 62 };
        files::create_private_dir(data_dir)?;
        files::write_private(&path, format!("{}\n", made.guid()).as_bytes())?;
        Ok(made)
    }

    fn parse(text: &str) -> Option<Self> {
        let id = u128::from_str_radix(&text.replace('-', ""), 16).ok()?;
        let parsed = Self { id };
        (parsed.guid() == text).then_some(parsed)
    }

    /// The GUID as 8-4-4-4-12 hexadecimal digits.
    #[must_use]
    pub fn guid(&self) -> String {
        let part = |shift: u32, digits: u32| (self.id >> shift) & ((1 << (4 * digits)) - 1);
        format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12))
    }

    /// A short number for error answers.
    #[must_use]
    pub fn short(&self) -> u32 {
        (self.id >> 96) as u32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_identity_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = Deployment::ensure(dir.path()).unwrap();
        assert_eq!(Deployment::ensure(dir.path()).unwrap(), first);
        let guid = first.guid();
        assert_eq!((guid.len(), &guid[14..15]), (36, "4"));
        assert!("89ab".contains(&guid[19..20]));
        std::fs::write(dir.path().join(FILE), "x").unwrap();
        assert!(matches!(Deployment::ensure(dir.path()), Err(DeploymentError::Content)));
    }

    #[test]
    fn a_guid_survives_its_text() {
        let guid = "00112233-4455-6677-8899-aabbccddeeff";
        let parsed = Deployment::parse(guid).unwrap();
        assert_eq!((parsed.guid().as_str(), parsed.short()), (guid, 0x0011_2233));
        assert_eq!(Deployment::parse("00112233-4455-6677-8899aabbccddeeff"), None);
    }
}
