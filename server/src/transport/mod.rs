//! The network: TLS listeners, HTTP, and the protocols that carry requests to the engine.
//!
//! Only this module, those below it and the client `fetch` name the HTTP library.

pub mod body;
mod certificates;
pub mod clock;
mod connection;
pub mod mapi_http;
mod router;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

#[cfg(feature = "bearer")]
use crate::auth::bearer::{Bearer, KeyError};
use crate::auth::connection::{ConnectionLogOn, NtlmSettings};
#[cfg(feature = "negotiate")]
use crate::auth::kerberos::{Acceptor, keytab::KeytabError};
use crate::auth::ntlm::{NtlmError, ServerNames};
use crate::auth::password::HashError;
use crate::auth::{Accounts, Authenticator};
use crate::autodiscover::Deployment;
use crate::autodiscover::deployment::DeploymentError;
use crate::config::{BearerSettings, Config, Limits};
use crate::engine::endpoint::MailboxEndpoint;
use crate::tls::TlsError;
use certificates::Presented;
use clock::{Clock, SystemClock};
use connection::GuardedBody;
use mapi_http::MapiHttp;
use mapi_http::request::{ADDRESS_BOOK, MAILBOX};
use router::Router;

pub use certificates::Certificates;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Authentication cannot be set up.
    #[error("cannot set up authentication: {0}")]
    Authentication(#[from] HashError),
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] TlsError),
    /// NTLM cannot be set up.
    #[error("cannot set up NTLM: {0}")]
    Ntlm(#[from] NtlmError),
    /// The keytab cannot be used.
    #[cfg(feature = "negotiate")]
    #[error("cannot set up Kerberos: {0}")]
    Keytab(#[from] KeytabError),
    /// The keys of bearer tokens cannot be used.
    #[cfg(feature = "bearer")]
    #[error("cannot set up bearer tokens: {0}")]
    Bearer(#[from] KeyError),
    /// A setting wants what this program was built without.
    #[error("the program was built without the feature {0}")]
    NotBuilt(&'static str),
    /// The identity of the installation is missing.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
}

/// A server that listens; [`Server::run`] makes it answer.
pub struct Server<E: MailboxEndpoint, B: MailboxEndpoint, A> {
    listener: TcpListener,
    address: SocketAddr,
    tls: Certificates,
    router: Arc<Router<E, B, A>>,
    limits: Arc<Limits>,
}

/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(15);
/// How long accepting rests after the system refused a connection, for want of file descriptors mostly.
const ACCEPT_REST: Duration = Duration::from_millis(100);

impl<E: MailboxEndpoint, B: MailboxEndpoint, A: Accounts> Server<E, B, A> {
    /// Listens on the address of `config`; port 0 takes any free one.
    ///
    /// # Errors
    /// [`TransportError`].
    pub async fn bind(
        config: &Config,
        tls: Arc<rustls::ServerConfig>,
        endpoint: Arc<E>,
        address_book: Arc<B>,
        accounts: Arc<A>,
    ) -> Result<Self, TransportError> {
        Self::bind_with_clock(config, tls, endpoint, address_book, accounts, Arc::new(SystemClock)).await
    }

    /// [`Server::bind`] with a clock of the caller's for the age of sessions and credentials.
    ///
    /// # Errors
    /// [`TransportError`].
    pub async fn bind_with_clock(
        config: &Config,
        tls: Arc<rustls::ServerConfig>,
        endpoint: Arc<E>,
        address_book: Arc<B>,
        accounts: Arc<A>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TransportError> {
        let failed = |source| TransportError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let limits = config.limits.clone();
        let mut authenticator = Authenticator::new(accounts, &config.authentication)?;
        if config.authentication.ntlm {
            authenticator = authenticator.with_ntlm(ntlm_settings(config));
        }
        if let Some(keytab) = &config.authentication.keytab {
            authenticator = with_keytab(authenticator, keytab)?;
        }
        if let Some(bearer) = &config.authentication.bearer {
            authenticator = with_bearer(authenticator, bearer)?;
        }
        let router = Router {
            mapi: MapiHttp::new(&MAILBOX, endpoint, Arc::clone(&clock), config.sessions.clone(), limits.clone()),
            book: MapiHttp::new(
                &ADDRESS_BOOK,
                address_book,
                Arc::clone(&clock),
                config.sessions.clone(),
                limits.clone(),
            ),
            authenticator,
            deployment: Deployment::ensure(&config.data_dir)?,
            public_authority: config.public_authority.clone(),
            limits: limits.clone(),
            clock,
            stopping: AtomicBool::new(false),
        };
        let tls = Certificates::new(Presented::new(config, tls)?);
        Ok(Self { listener, address, tls, router: Arc::new(router), limits: Arc::new(limits) })
    }

    /// The address that is listened on, with its port.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What reads the certificate again while the server runs.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.tls.clone()
    }

    /// Answers requests until `shutdown` is ready. Then no connection is taken any more, requests being
    /// answered get [`Limits::shutdown`] to end, and every session ends.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopping) = watch::channel(false);
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut connections = JoinSet::new();
        let mut sweep = tokio::time::interval(SWEEP);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = sweep.tick() => {
                    let router = Arc::clone(&self.router);
                    tokio::spawn(async move {
                        router.mapi.sweep().await;
                        router.book.sweep().await;
                    });
                }
                Some(_) = connections.join_next() => {}
                Some((stream, peer, place)) = self.accept(&places) => {
                    connections.spawn(self.connection(stream, peer, place, stopping.clone()));
                }
            }
        }
        drop(self.listener);
        self.router.stopping.store(true, Ordering::Relaxed);
        self.router.mapi.end_waits();
        // Nobody listens when there is no connection.
        let _ = stop.send(true);
        let ending = async {
            while connections.join_next().await.is_some() {}
            self.router.mapi.end().await;
            self.router.book.end().await;
        };
        if tokio::time::timeout(self.limits.shutdown, ending).await.is_err() {
            tracing::warn!(open = connections.len(), "requests are cut off");
            connections.shutdown().await;
        }
    }

    /// The next connection, once there is a place for it.
    async fn accept(&self, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => Some((stream, peer, place)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
                None
            }
        }
    }

    /// Serves one connection; its place is free again when it ends.
    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
        stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<E, B, A> {
        let Presented { acceptor, channel } = self.tls.presented();
        let (limits, router) = (Arc::clone(&self.limits), Arc::clone(&self.router));
        async move {
            let _place = place;
            // Keep-alive meta-tags must not wait for more to send (MS-OXCMAPIHTTP 3.2.5.2).
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
            let handshake = Box::pin(tokio::time::timeout(limits.handshake, acceptor.accept(stream)));
            let stream = match handshake.await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, %peer, "TLS handshake failed"),
                Err(_) => return tracing::debug!(%peer, "TLS handshake took too long"),
            };
            let log_on = Arc::new(ConnectionLogOn::over(channel));
            connection::serve(stream, &limits, stopping, |activity| {
                service_fn(move |request| {
                    let (router, guard) = (Arc::clone(&router), activity.request());
                    let log_on = Arc::clone(&log_on);
                    // Of its own, so that a connection without a request has no room for one.
                    Box::pin(async move {
                        let response = router.route(request, peer, &log_on).await;
                        Ok::<_, Infallible>(response.map(|body| GuardedBody::new(body, guard)))
                    })
                })
            })
            .await;
        }
    }
}

/// The same with Kerberos for the principals of a keytab.
#[cfg(feature = "negotiate")]
fn with_keytab<A: Accounts>(authenticator: Authenticator<A>, path: &Path) -> Result<Authenticator<A>, TransportError> {
    Ok(authenticator.with_kerberos(Acceptor::load(path)?))
}

/// There is no Kerberos in this program.
#[cfg(not(feature = "negotiate"))]
fn with_keytab<A: Accounts>(_: Authenticator<A>, _: &Path) -> Result<Authenticator<A>, TransportError> {
    Err(TransportError::NotBuilt("negotiate"))
}

/// The same with the tokens of an issuer.
#[cfg(feature = "bearer")]
fn with_bearer<A: Accounts>(
    authenticator: Authenticator<A>,
    settings: &BearerSettings,
) -> Result<Authenticator<A>, TransportError> {
    Ok(authenticator.with_bearer(Bearer::new(settings)?))
}

/// No tokens are taken in this program.
#[cfg(not(feature = "bearer"))]
fn with_bearer<A: Accounts>(_: Authenticator<A>, _: &BearerSettings) -> Result<Authenticator<A>, TransportError> {
    Err(TransportError::NotBuilt("bearer"))
}

/// The names that NTLM tells: those of the public address.
fn ntlm_settings(config: &Config) -> NtlmSettings {
    let authority = config.public_authority.as_deref().unwrap_or("localhost");
    let host = authority.split(':').next().unwrap_or(authority).to_owned();
    let domain = host.split_once('.').map_or(host.as_str(), |(_, domain)| domain).to_owned();
    NtlmSettings { names: ServerNames { host, domain } }
}

/// Listens and answers as `config` says until `shutdown` is ready: [`Server::bind`] and [`Server::run`].
///
/// # Errors
/// [`TransportError`] when the server does not start.
pub async fn serve<E: MailboxEndpoint, B: MailboxEndpoint, A: Accounts>(
    config: &Config,
    tls: Arc<rustls::ServerConfig>,
    endpoint: Arc<E>,
    address_book: Arc<B>,
    accounts: Arc<A>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), TransportError> {
    let server = Server::bind(config, tls, endpoint, address_book, accounts).await?;
    tracing::info!(address = %server.local_addr(), "listening");
    server.run(shutdown).await;
    Ok(())
}
