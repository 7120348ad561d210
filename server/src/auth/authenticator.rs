//! Basic authentication against the accounts.
//!
//! Credentials verified lately pass by a keyed hash. All others pay an argon2 hash, computed in bounded
//! number where blocking is allowed, after their attempt has been counted for the user and for the source
//! address. A user that does not exist costs the same as one that does.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::basic::BasicCredentials;
use super::cache::{Digest, VerifiedCache};
use super::connection::NtlmSettings;
use super::limiter::AttemptLimiter;
use super::password::{self, HashError};
use super::{Account, Accounts, AccountsUnavailable};
use crate::config::AuthenticationLimits;

/// Why a request is not taken as coming from an account.
#[derive(Debug, thiserror::Error)]
pub enum AuthFailure {
    /// The request names nobody, or not in a way that is served here.
    #[error("no credentials")]
    NoCredentials,
    /// The client has to answer this: the value of WWW-Authenticate.
    #[error("the log-on goes on")]
    Continue(String),
    /// Unknown user, wrong password or locked account: which one is not told.
    #[error("wrong credentials")]
    Refused,
    /// Too many failed log-ons of this user or from this address.
    #[error("too many log-ons; retry after {retry_after:?}")]
    Limited {
        /// The time until another attempt is looked at.
        retry_after: Duration,
    },
    /// The accounts cannot be read; no verdict on the credentials.
    #[error("the log-on could not be looked at")]
    Unavailable(#[source] Option<AccountsUnavailable>),
}

/// How long a log-on is told to wait when too many wait for a hash.
const BUSY_RETRY: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct State {
    cache: VerifiedCache,
    by_user: AttemptLimiter<String>,
    by_source: AttemptLimiter<IpAddr>,
}

/// Authenticates requests.
#[derive(Debug)]
pub struct Authenticator<A> {
    accounts: Arc<A>,
    hashes: Arc<Semaphore>,
    places: Semaphore,
    unmatchable: Arc<str>,
    ntlm: Option<NtlmSettings>,
    #[cfg(feature = "negotiate")]
    kerberos: Option<super::kerberos::Acceptor>,
    #[cfg(feature = "bearer")]
    bearer: Option<super::bearer::Bearer>,
    state: Mutex<State>,
}

impl<A: Accounts> Authenticator<A> {
    /// An authenticator with nothing remembered. Computes one hash: takes tens of milliseconds.
    ///
    /// # Errors
    /// [`HashError`] when the system has no random bits.
    pub fn new(accounts: Arc<A>, limits: &AuthenticationLimits) -> Result<Self, HashError> {
        let cache = VerifiedCache::new(limits.cached, limits.cache_size).map_err(|_| HashError::Random)?;
        let state = State {
            cache,
            by_user: AttemptLimiter::new(limits.failures_per_user, limits.window, limits.tracked),
            by_source: AttemptLimiter::new(limits.failures_per_source, limits.window, limits.tracked),
        };
        Ok(Self {
            accounts,
            hashes: Arc::new(Semaphore::new(limits.hashes)),
            places: Semaphore::new(limits.hashes.saturating_add(limits.waiting)),
            unmatchable: password::unmatchable()?.into(),
            ntlm: None,
            #[cfg(feature = "negotiate")]
            kerberos: None,
            #[cfg(feature = "bearer")]
            bearer: None,
            state: Mutex::new(state),
        })
    }

    /// The same that serves NTLM, too.
    #[must_use]
    pub fn with_ntlm(self, settings: NtlmSettings) -> Self {
        Self { ntlm: Some(settings), ..self }
    }

    /// How NTLM is served; `None` where it is not.
    #[must_use]
    pub fn ntlm(&self) -> Option<&NtlmSettings> {
        self.ntlm.as_ref()
    }

    /// The same that serves Kerberos within Negotiate, too.
    #[cfg(feature = "negotiate")]
    #[must_use]
    pub fn with_kerberos(self, acceptor: super::kerberos::Acceptor) -> Self {
        Self { kerberos: Some(acceptor), ..self }
    }

    #[cfg(feature = "negotiate")]
    pub(super) fn kerberos(&self) -> Option<&super::kerberos::Acceptor> {
        self.kerberos.as_ref()
    }

    /// The same that takes bearer tokens, too.
    #[cfg(feature = "bearer")]
    #[must_use]
    pub fn with_bearer(self, bearer: super::bearer::Bearer) -> Self {
        Self { bearer: Some(bearer), ..self }
    }

    #[cfg(feature = "bearer")]
    pub(super) fn bearer(&self) -> Option<&super::bearer::Bearer> {
        self.bearer.as_ref()
    }

    pub(super) fn accounts(&self) -> &Arc<A> {
        &self.accounts
    }

    /// The account behind the value of an Authorization header sent from `source`.
    ///
    /// # Errors
    /// [`AuthFailure`].
    pub async fn authenticate(
        &self,
        header: Option<&[u8]>,
        source: IpAddr,
        now: Instant,
    ) -> Result<Account, AuthFailure> {
        let header = header.ok_or(AuthFailure::NoCredentials)?;
        let credentials = BasicCredentials::parse(header).map_err(|_| AuthFailure::NoCredentials)?;
        let account = self.find(&credentials.address).await?;
        let digest = self.lock().cache.digest(&credentials);
        if let Some(account) = &account
            && !account.locked
            && self.lock().cache.contains(account, &digest, now)
        {
            return Ok(account.clone());
        }
        self.verify(credentials, account, digest, source, now).await
    }

    /// Whether the accounts can be read and a blocking call gets its turn.
    ///
    /// # Errors
    /// [`AuthFailure::Unavailable`].
    pub async fn check(&self) -> Result<(), AuthFailure> {
        self.find("health@localhost").await.map(|_| ())
    }

    /// As [`Accounts::shared_with`], where blocking is allowed.
    ///
    /// # Errors
    /// [`AuthFailure::Unavailable`].
    pub async fn shared_with(&self, account: &Account, address: String) -> Result<Option<Account>, AuthFailure> {
        let (accounts, account) = (Arc::clone(&self.accounts), account.clone());
        match tokio::task::spawn_blocking(move || accounts.shared_with(&account, &address)).await {
            Ok(found) => found.map_err(|error| AuthFailure::Unavailable(Some(error))),
            Err(_) => Err(AuthFailure::Unavailable(None)),
        }
    }

    #[allow(clippy::unused_async)]
    pub(super) async fn find(&self, address: &str) -> Result<Option<Account>, AuthFailure> {
        // Every request asks: two rows by their keys cost less than another thread's turn.
        self.accounts.find(address).map_err(|error| AuthFailure::Unavailable(Some(error)))
    }

    async fn verify(
        &self,
        credentials: BasicCredentials,
        account: Option<Account>,
        digest: Digest,
        source: IpAddr,
        now: Instant,
    ) -> Result<Account, AuthFailure> {
        let (user, source) = (credentials.address.clone(), source_key(source));
        let _place = self.places.try_acquire().map_err(|_| AuthFailure::Limited { retry_after: BUSY_RETRY })?;
        self.count(&user, source, now)?;
        let matches = self.matches(credentials.password, account.as_ref()).await?;
        match account {
            Some(account) if matches && !account.locked => {
                let mut state = self.lock();
                state.cache.insert(&account, digest, now);
                drop(state);
                self.forgive(&user, &source);
                Ok(account)
            }
            _ => Err(AuthFailure::Refused),
        }
    }

    /// Counts an attempt against both bounds, or against neither.
    pub(super) fn count(&self, user: &String, source: IpAddr, now: Instant) -> Result<(), AuthFailure> {
        let limited = |retry_after| AuthFailure::Limited { retry_after };
        let mut state = self.lock();
        state.by_source.attempt(&source, now).map_err(limited)?;
        state.by_user.attempt(user, now).map_err(|retry_after| {
            state.by_source.refund(&source);
            limited(retry_after)
        })
    }

    /// Takes back an attempt that was right, and what the user got wrong before.
    pub(super) fn forgive(&self, user: &String, source: &IpAddr) {
        let mut state = self.lock();
        state.by_user.forgive(user);
        state.by_source.refund(source);
    }

    /// Verifies a password where blocking is allowed; without an account, against the unmatchable hash.
    async fn matches(&self, password: String, account: Option<&Account>) -> Result<bool, AuthFailure> {
        let hash: Arc<str> = match account {
            Some(account) => account.password_hash.as_str().into(),
            None => Arc::clone(&self.unmatchable),
        };
        let permit = Arc::clone(&self.hashes).acquire_owned().await.map_err(|_| AuthFailure::Unavailable(None))?;
        // The permit moves along, so that a request given up on still counts until its hash is done.
        let verifying = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            password::verify(&password, &hash)
        });
        verifying.await.map_err(|_| AuthFailure::Unavailable(None))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address that failures count for: an IPv6 host has a whole /64 to come from.
pub(super) fn source_key(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
