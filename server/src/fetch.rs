//! A small document from an `https` address, such as the keys of an issuer of tokens.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, HOST};
use hyper::http::uri::Scheme;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls::files::{self, FileError};

/// Time for the whole document.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a document cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The file with the authorities to trust could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The authorities to trust cannot be used.
    #[error("the authorities to trust cannot be used: {0}")]
    Authority(String),
    /// The address does not answer as it should.
    #[error("{place} cannot be fetched: {problem}")]
    Answer {
        /// The address.
        place: String,
        /// What went wrong.
        problem: String,
    },
}

/// An `https` address: nothing is read over a connection that anybody may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsAddress(Uri);

impl HttpsAddress {
    /// None for text that is no `https` address with a host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri = text.parse::<Uri>().ok()?;
        (uri.scheme() == Some(&Scheme::HTTPS) && uri.host().is_some()).then_some(Self(uri))
    }
}

impl fmt::Display for HttpsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Fetches documents and trusts certain authorities.
#[derive(Debug, Clone)]
pub struct Fetcher {
    tls: Arc<ClientConfig>,
}

impl Fetcher {
    /// Trusts the authorities of a PEM file, or those that the system trusts.
    ///
    /// # Errors
    /// [`FetchError::File`], [`FetchError::Authority`].
    pub fn new(ca: Option<&Path>) -> Result<Self, FetchError> {
        let failed = |problem: &dyn fmt::Display| FetchError::Authority(problem.to_string());
        let mut roots = RootCertStore::empty();
        match ca {
            Some(path) => {
                let text = files::read(path)?;
                for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                    let certificate = certificate.map_err(|error| failed(&error))?;
                    roots.add(certificate).map_err(|error| failed(&error))?;
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
        Ok(Self { tls: Arc::new(config) })
    }

    /// A document of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError::Answer`], also for an answer other than 200 and for one that takes too long.
    pub async fn get(&self, address: &HttpsAddress, limit: usize) -> Result<Bytes, FetchError> {
        let problem = match tokio::time::timeout(PATIENCE, self.exchange(&address.0, limit)).await {
            Ok(Ok(document)) => return Ok(document),
            Ok(Err(problem)) => problem.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        Err(FetchError::Answer { place: address.to_string(), problem })
    }

    async fn exchange(&self, uri: &Uri, limit: usize) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443))).await?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(ServerName::try_from(host)?, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let carrying = tokio::spawn(connection);
        let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
            .header(ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(response.status().to_string().into());
        }
        let body = Limited::new(response.into_body(), limit).collect().await?;
        drop(sender);
        carrying.abort();
        Ok(body.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_with_a_host_are_addresses() {
        assert!(HttpsAddress::parse("https://issuer.test/keys").is_some());
        for text in ["http://issuer.test/keys", "ftp://x", "https://", "file:///x", "keys.json"] {
            assert!(HttpsAddress::parse(text).is_none(), "{text}");
        }
    }
}
