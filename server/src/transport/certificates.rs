//! The certificate that connections are shown, and another in its place while the server runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use tokio_rustls::TlsAcceptor;

use super::TransportError;
use crate::auth::ntlm::channel_hash;
use crate::config::Config;
use crate::tls;

/// What new connections are shown, and the hash that clients bind to it.
#[derive(Clone)]
pub(super) struct Presented {
    pub(super) acceptor: TlsAcceptor,
    pub(super) channel: Option<[u8; 16]>,
}

impl Presented {
    pub(super) fn new(config: &Config, settings: Arc<rustls::ServerConfig>) -> Result<Self, TransportError> {
        let certificate = tls::certificate_hash(&config.data_dir, config.certificate.as_ref())?;
        let channel = certificate.map(|hash| channel_hash(&hash)).transpose()?;
        Ok(Self { acceptor: TlsAcceptor::from(settings), channel })
    }
}

/// The certificate of a server.
#[derive(Clone)]
pub struct Certificates(Arc<RwLock<Presented>>);

impl Certificates {
    pub(super) fn new(presented: Presented) -> Self {
        Self(Arc::new(RwLock::new(presented)))
    }

    pub(super) fn presented(&self) -> Presented {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads certificate and key again: connections from now on are shown them, those that are open go on. May block.
    ///
    /// # Errors
    /// [`TransportError`]; the certificate stays as it was.
    pub fn reload(&self, config: &Config, now: SystemTime) -> Result<(), TransportError> {
        let settings = tls::server_config(&config.data_dir, config.certificate.as_ref(), now)?;
        let presented = Presented::new(config, settings)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = presented;
        Ok(())
    }
}
