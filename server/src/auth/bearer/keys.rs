//! The keys of an issuer (RFC 7517), from a file or over HTTPS, read again when a token names one that is not among them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, HOST};
use hyper::http::uri::Scheme;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls::files::{self, FileError};

/// The largest set of keys, in bytes.
const MAX_SET: usize = 256 * 1024;
/// Time to fetch one.
const PATIENCE: Duration = Duration::from_secs(10);
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
    /// The address does not answer as it should.
    #[error("the keys cannot be fetched: {0}")]
    Fetch(String),
}

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// An `https` address.
    Url(Uri),
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
        match text.parse::<Uri>() {
            Ok(uri) if uri.scheme() == Some(&Scheme::HTTPS) && uri.host().is_some() => Ok(Self::Url(uri)),
            _ => Err(KeyError::Address(text.to_owned())),
        }
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
    tls: Arc<ClientConfig>,
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
        Ok(Self { source, tls: client_config(ca)?, known, reading: tokio::sync::Mutex::new(()) })
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
            KeySource::Url(uri) => match tokio::time::timeout(PATIENCE, self.fetch(uri)).await {
                Ok(fetched) => fetched,
                Err(_) => Err(KeyError::Fetch("no answer in time".to_owned())),
            },
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.read = Some(now);
        match set {
            Ok(set) => known.set = Arc::new(set),
            Err(error) => tracing::warn!(%error, "the keys of bearer tokens stay as they were"),
        }
    }

    async fn fetch(&self, uri: &Uri) -> Result<JwkSet, KeyError> {
        let failed = |problem: &dyn std::fmt::Display| KeyError::Fetch(problem.to_string());
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let stream =
            TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443))).await.map_err(|error| failed(&error))?;
        let name = ServerName::try_from(host).map_err(|error| failed(&error))?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = TokioIo::new(stream.map_err(|error| failed(&error))?);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(|error| failed(&error))?;
        let carrying = tokio::spawn(connection);
        let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
            .header(ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())
            .map_err(|error| failed(&error))?;
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        if response.status() != StatusCode::OK {
            return Err(failed(&response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_SET).collect().await.map_err(|error| failed(&error))?;
        drop(sender);
        carrying.abort();
        parse(&body.to_bytes(), &uri.to_string())
    }
}

fn read_file(path: &Path) -> Result<JwkSet, KeyError> {
    parse(files::read(path)?.as_bytes(), &path.display().to_string())
}

fn parse(bytes: &[u8], place: &str) -> Result<JwkSet, KeyError> {
    serde_json::from_slice(bytes).map_err(|source| KeyError::Form { place: place.to_owned(), source })
}

/// Trusts the authorities of a PEM file, or those that the system trusts.
fn client_config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, KeyError> {
    let failed = |problem: &dyn std::fmt::Display| KeyError::Fetch(problem.to_string());
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let text = files::read(path)?;
            for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                let added = certificate
                    .map_err(|error| failed(&error))
                    .and_then(|certificate| roots.add(certificate).map_err(|error| failed(&error)));
                added?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
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
