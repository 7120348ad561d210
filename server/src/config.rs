//! Settings of a server: where it listens, where its data is, and every bound it keeps.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

pub use file::ConfigError;

mod file;

/// The port a server listens on unless told otherwise; free of any registered use that matters here.
pub const DEFAULT_PORT: u16 = 8443;

/// The largest ROP input buffer of an Execute, in bytes; a larger one is a bad stub (MS-OXCRPC 3.1.4.2).
pub const MAX_ROP_INPUT: usize = 256 * 1024;
/// The largest auxiliary input buffer, in bytes (MS-OXCRPC 3.1.4.2).
pub const MAX_AUXILIARY_INPUT: usize = 0x1008;
/// The largest request body. Room for buffers past their bounds lets the engine refuse those by name.
pub const DEFAULT_REQUEST_BODY_LIMIT: usize = 2 * MAX_ROP_INPUT;
/// The largest Autodiscover request, in bytes.
pub const DEFAULT_AUTODISCOVER_BODY_LIMIT: usize = 16 * 1024;

/// X-PendingPeriod (MS-OXCMAPIHTTP 2.2.3.3.5).
pub const DEFAULT_PENDING_PERIOD: Duration = Duration::from_millis(30_000);
/// X-ExpirationInfo: how long an idle session is promised to live (MS-OXCMAPIHTTP 2.2.3.3.8).
pub const DEFAULT_SESSION_IDLE: Duration = Duration::from_millis(900_000);
/// What an idle session gets beyond the promise.
pub const DEFAULT_SESSION_GRACE: Duration = Duration::from_secs(60);

/// How long a NotificationWait waits for an event (MS-OXCMAPIHTTP 3.2.2): five minutes.
pub const DEFAULT_LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Everything a server is told at its start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Where certificates, accounts and mail are kept; made when missing.
    #[serde(rename = "data")]
    pub data_dir: PathBuf,
    /// `host` or `host:port` for the addresses that Autodiscover gives out; unset, the Host header of the
    /// request is used.
    pub public_authority: Option<String>,
    /// A certificate of the operator's own; unset, the local certificate authority makes one.
    pub certificate: Option<CertificateFiles>,
    /// Bounds of connections and requests.
    pub limits: Limits,
    /// Sessions of MAPI over HTTP.
    pub sessions: SessionSettings,
    /// Bounds of authentication.
    pub authentication: AuthenticationLimits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT),
            data_dir: PathBuf::from("ropc-data"),
            public_authority: None,
            certificate: None,
            limits: Limits::default(),
            sessions: SessionSettings::default(),
            authentication: AuthenticationLimits::default(),
        }
    }
}

/// A certificate chain and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// The leaf certificate, then the intermediates.
    pub chain: PathBuf,
    /// The key of the leaf certificate.
    pub key: PathBuf,
}

/// Bounds of connections and requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Connections at a time; further ones wait in the system's queue.
    pub connections: usize,
    /// Time for a TLS handshake.
    #[serde(deserialize_with = "file::duration")]
    pub handshake: Duration,
    /// Time from the first byte of a request to the end of its headers.
    #[serde(deserialize_with = "file::duration")]
    pub header_read: Duration,
    /// Time for a request body.
    #[serde(deserialize_with = "file::duration")]
    pub body_read: Duration,
    /// Time for which a client may take nothing of a response.
    #[serde(deserialize_with = "file::duration")]
    pub write_stall: Duration,
    /// Time for which a connection may carry no request.
    #[serde(deserialize_with = "file::duration")]
    pub keep_alive: Duration,
    /// Bytes of the headers of a request.
    pub headers: usize,
    /// Bytes of the body of a request to the mailbox endpoint.
    pub request_body: usize,
    /// Bytes of the body of an Autodiscover request.
    pub autodiscover_body: usize,
    /// Requests that the engine works on at a time; further ones are queued.
    pub engine_calls: usize,
    /// Time that requests get to end when the server stops.
    #[serde(deserialize_with = "file::duration")]
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(20),
            body_read: Duration::from_secs(60),
            write_stall: Duration::from_secs(60),
            keep_alive: Duration::from_secs(120),
            headers: 32 * 1024,
            request_body: DEFAULT_REQUEST_BODY_LIMIT,
            autodiscover_body: DEFAULT_AUTODISCOVER_BODY_LIMIT,
            engine_calls: 32,
            shutdown: Duration::from_secs(10),
        }
    }
}

/// Sessions of MAPI over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SessionSettings {
    /// The period of PENDING meta-tags; X-PendingPeriod.
    #[serde(deserialize_with = "file::duration")]
    pub pending_period: Duration,
    /// How long an idle session is promised to live; X-ExpirationInfo.
    #[serde(deserialize_with = "file::duration")]
    pub idle: Duration,
    /// What an idle session gets beyond the promise.
    #[serde(deserialize_with = "file::duration")]
    pub grace: Duration,
    /// How long a response waits for the engine before it says PROCESSING. A request that fails within it
    /// has its code in the response headers, where every client looks.
    #[serde(deserialize_with = "file::duration")]
    pub prompt: Duration,
    /// How long a NotificationWait waits for an event at most (MS-OXCMAPIHTTP 3.2.2).
    #[serde(deserialize_with = "file::duration")]
    pub longest_wait: Duration,
    /// Sessions of one user; one more replaces the longest idle one.
    pub per_user: usize,
    /// Sessions of all users together.
    pub total: usize,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            pending_period: DEFAULT_PENDING_PERIOD,
            idle: DEFAULT_SESSION_IDLE,
            grace: DEFAULT_SESSION_GRACE,
            prompt: Duration::from_millis(20),
            longest_wait: DEFAULT_LONGEST_WAIT,
            per_user: 32,
            total: 4096,
        }
    }
}

/// Bounds of authentication, and which kinds there are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuthenticationLimits {
    /// Password hashes computed at a time; each takes 19 MiB.
    pub hashes: usize,
    /// Log-ons that may wait for a hash; further ones are refused as over the limit.
    pub waiting: usize,
    /// How long verified credentials are taken without a hash.
    #[serde(deserialize_with = "file::duration")]
    pub cached: Duration,
    /// Users whose verified credentials are remembered.
    pub cache_size: usize,
    /// Failed log-ons of one user within `window`.
    pub failures_per_user: u32,
    /// Failed log-ons from one source address within `window`.
    pub failures_per_source: u32,
    /// The time over which failures count.
    #[serde(deserialize_with = "file::duration")]
    pub window: Duration,
    /// Whether NTLM is served to the users that are set up for it, beside Basic.
    pub ntlm: bool,
    /// The keytab of this server's `HTTP` principals: Kerberos is served within Negotiate.
    pub keytab: Option<PathBuf>,
    /// Whose bearer tokens are taken; none are without it.
    pub bearer: Option<BearerSettings>,
    /// Users and source addresses whose failures are remembered.
    pub tracked: usize,
}

/// The issuer of bearer tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BearerSettings {
    /// What `iss` has to be.
    pub issuer: String,
    /// What `aud` has to be, or to have among it.
    pub audience: String,
    /// The JSON Web Key Set of the issuer: a file or an `https` address.
    pub keys: String,
    /// The claim that names the mail address.
    #[serde(default = "default_claim")]
    pub claim: String,
    /// Certificate authorities (PEM) for the address of the keys; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
}

fn default_claim() -> String {
    "email".to_owned()
}

impl Default for AuthenticationLimits {
    fn default() -> Self {
        Self {
            hashes: 2,
            waiting: 64,
            cached: Duration::from_secs(300),
            cache_size: 4096,
            failures_per_user: 10,
            failures_per_source: 50,
            window: Duration::from_secs(300),
            ntlm: false,
            keytab: None,
            bearer: None,
            tracked: 16_384,
        }
    }
}

/// Sample accounts were to be served beyond loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refusing to serve the sample accounts on {0}: they are for loopback addresses only")]
pub struct SampleAccountsRefused(pub SocketAddr);

/// Allows sample accounts only where the machine alone can reach them.
///
/// # Errors
/// [`SampleAccountsRefused`] when `listen` is not a loopback address, the unspecified ones included.
pub fn allow_sample_accounts(listen: SocketAddr) -> Result<(), SampleAccountsRefused> {
    if listen.ip().to_canonical().is_loopback() { Ok(()) } else { Err(SampleAccountsRefused(listen)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn listens_on_loopback_unless_told_otherwise() {
        assert!(Config::default().listen.ip().is_loopback());
        assert!(allow_sample_accounts(Config::default().listen).is_ok());
    }

    #[test]
    fn refuses_sample_accounts_beyond_loopback() {
        for loopback in ["127.0.0.1:1", "127.9.8.7:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(allow_sample_accounts(loopback.parse().unwrap()).is_ok(), "{loopback}");
        }
        for beyond in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
            let listen = beyond.parse().unwrap();
            assert_eq!(allow_sample_accounts(listen), Err(SampleAccountsRefused(listen)), "{beyond}");
        }
    }

    #[test]
    fn a_request_body_may_hold_the_largest_buffers() {
        let execute_fields = 4 * 4;
        assert!(Limits::default().request_body > MAX_ROP_INPUT + MAX_AUXILIARY_INPUT + execute_fields);
    }
}
