//! TLS: the settings of the listener, and certificates that a fresh machine makes for itself.

pub mod authority;
pub mod files;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::config::CertificateFiles;
pub use authority::{CA_FILE, LocalCertificates};
pub use files::FileError;

/// Why there is no TLS to serve with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// A file holds no certificate or key that could be read.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong with it; never its content.
        problem: &'static str,
    },
    /// The certificate and the key do not go together, or TLS cannot be set up with them.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The settings of a listener that serves HTTP/1.1 over TLS 1.2 and up with the operator's certificate, or
/// else with one of the local certificate authority in `data_dir` (see [`LocalCertificates`]).
///
/// # Errors
/// [`TlsError`].
pub fn server_config(
    data_dir: &Path,
    operators: Option<&CertificateFiles>,
    now: SystemTime,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = match operators {
        Some(files) => (read_chain(&files.chain)?, read_key(&files.key)?),
        None => LocalCertificates::ensure(&data_dir.join("tls"), now)?.into_chain_and_key(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The hash of the certificate that [`server_config`] serves, by the hash function of its signature (RFC 5929 4.1);
/// `None` where there is no such certificate yet.
///
/// # Errors
/// [`TlsError`].
pub fn certificate_hash(data_dir: &Path, operators: Option<&CertificateFiles>) -> Result<Option<Vec<u8>>, TlsError> {
    let path = match operators {
        Some(files) => files.chain.clone(),
        None => data_dir.join("tls").join(authority::LEAF_FILE),
    };
    if !path.exists() {
        return Ok(None);
    }
    let chain = read_chain(&path)?;
    let leaf = chain.first().ok_or_else(|| content(&path, "no certificate in PEM form"))?;
    let (_, parsed) =
        x509_parser::parse_x509_certificate(leaf).map_err(|_| content(&path, "a certificate that cannot be read"))?;
    // SHA-384 and SHA-512 with RSA and with ECDSA; all others are SHA-256 here, MD5 and SHA-1 by the document.
    let hash = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(leaf).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(leaf).to_vec(),
        _ => Sha256::digest(leaf).to_vec(),
    };
    Ok(Some(hash))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = files::read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(content(path, "no certificate in PEM form")),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = files::read_private(path)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| content(path, "no private key in PEM form"))
}

fn content(path: &Path, problem: &'static str) -> TlsError {
    TlsError::Content { path: path.display().to_string(), problem }
}
