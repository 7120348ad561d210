//! The keys of an issuer (RFC 7517), from a file or over HTTPS, read again when a token names one that is not among them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};

use crate::fetch::{FetchError, Fetcher, HttpsAddress};
use crate::tls::files::{self, FileError};

/// The largest set of keys, in bytes.
const MAX_SET: usize = 256 * 1024;
/// A set older than this is read again, so that a key that was taken back is not taken for longer.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// Tokens with unknown keys do not have the set read more often than this.
const MIN_AGE: Duration = Duration::from_secs(10);

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Keys do not come over a connection that anybody may change.
    #[error("{0} is neither a file nor an https address")]
    Address(String),
    /// It is no set of keys.
    #[error("{place} is no JSON Web Key Set: {source}")]
    Form {
        /// The file or address.
        place: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// They cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// An `https` address.
    Url(HttpsAddress),
}

impl KeySource {
    /// Tells a file from an address.
    ///
    /// # Errors
    /// [`KeyError::Address`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if !text.contains("://") {
            return Ok(Self::File(PathBuf::from(text)));
        }
        HttpsAddress::parse(text).map(Self::Url).ok_or_else(|| KeyError::Address(text.to_owned()))
    }
}

#[derive(Debug, Clone)]
struct Known {
    set: Arc<JwkSet>,
    read: Option<Instant>,
}

/// The keys as they were last read.
#[derive(Debug)]
pub(super) struct Keys {
    source: KeySource,
    fetcher: Fetcher,
    known: RwLock<Known>,
    reading: tokio::sync::Mutex<()>,
}

impl Keys {
    pub(super) fn new(source: &str, ca: Option<&Path>) -> Result<Self, KeyError> {
        let source = KeySource::parse(source)?;
        let set = match &source {
            KeySource::File(path) => read_file(path)?,
            KeySource::Url(_) => JwkSet { keys: Vec::new() },
        };
        let known = RwLock::new(Known { set: Arc::new(set), read: None });
        Ok(Self { source, fetcher: Fetcher::new(ca)?, known, reading: tokio::sync::Mutex::new(()) })
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key with this name; a token that names none means the only one.
    pub(super) async fn find(&self, name: Option<&str>, now: Instant) -> Option<Jwk> {
        let pick = |set: &JwkSet| match name {
            Some(name) => set.find(name).cloned(),
            None => match set.keys.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
        };
        let known = self.known();
        let key = pick(&known.set);
        let rest = if key.is_some() { MAX_AGE } else { MIN_AGE };
        if known.read.is_some_and(|read| now.saturating_duration_since(read) < rest) {
            return key;
        }
        self.read_again(now, known.read).await;
        pick(&self.known().set)
    }

    /// Reads the keys unless somebody has since; keys that cannot be had leave those that are known.
    async fn read_again(&self, now: Instant, read_before: Option<Instant>) {
        let _reading = self.reading.lock().await;
        if self.known().read != read_before {
            return;
        }
        let set = match &self.source {
            KeySource::File(path) => read_file(path),
            KeySource::Url(address) => match self.fetcher.get(address, MAX_SET).await {
                Ok(document) => parse(&document, &address.to_string()),
                Err(error) => Err(error.into()),
            },
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.read = Some(now);
        match set {
            Ok(set) => known.set = Arc::new(set),
            Err(error) => tracing::warn!(%error, "the keys of bearer tokens stay as they were"),
        }
    }
}

fn read_file(path: &Path) -> Result<JwkSet, KeyError> {
    parse(files::read(path)?.as_bytes(), &path.display().to_string())
}

fn parse(bytes: &[u8], place: &str) -> Result<JwkSet, KeyError> {
    serde_json::from_slice(bytes).map_err(|source| KeyError::Form { place: place.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_come_from_files_and_https_only() {
        assert_eq!(KeySource::parse("keys.json").unwrap(), KeySource::File(PathBuf::from("keys.json")));
        assert!(matches!(KeySource::parse("https://issuer.test/keys").unwrap(), KeySource::Url(_)));
        for text in ["http://issuer.test/keys", "ftp://x", "https://", "file:///x"] {
            assert!(matches!(KeySource::parse(text), Err(KeyError::Address(_))), "{text}");
        }
    }
}
