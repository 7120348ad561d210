//! Log-ons that belong to a connection: NTLM (MS-NTHT) and Negotiate (RFC 4559) are conversations, and whoever they have
//! verified stays who it is on this connection until it says otherwise.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::FileTime;

use super::authenticator::{AuthFailure, Authenticator, source_key};
use super::ntlm::{Challenge, Claim, MAX_MESSAGE, NtHash, NtlmError, ServerNames, Signer};
use super::{Account, Accounts};

#[cfg(feature = "negotiate")]
mod negotiated;

/// What NTLM needs to know of the server.
#[derive(Debug, Clone)]
pub struct NtlmSettings {
    /// The names that it tells.
    pub names: ServerNames,
}

/// Who a request is from, and what its response tells of that.
#[derive(Debug)]
pub struct LogOn {
    /// The account.
    pub account: Account,
    /// The value of WWW-Authenticate on the response, where the conversation ends with one.
    pub answer: Option<String>,
}

impl From<Account> for LogOn {
    fn from(account: Account) -> Self {
        Self { account, answer: None }
    }
}

/// Where a request comes from, and when.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The address of the client.
    pub source: IpAddr,
    /// A reading of a clock that never goes back.
    pub now: Instant,
    /// The time of day.
    pub wall: FileTime,
}

/// Where the conversation of one connection stands.
#[derive(Debug, Default)]
pub struct ConnectionLogOn {
    standing: Mutex<Standing>,
    channel: Option<[u8; 16]>,
}

#[derive(Debug, Default)]
enum Standing {
    #[default]
    Nobody,
    Challenged(Box<Challenge>),
    #[cfg(feature = "negotiate")]
    Negotiating(Box<super::negotiate::Negotiation>),
    Known {
        address: String,
        generation: u64,
    },
}

impl ConnectionLogOn {
    /// A connection over a channel with this hash, see [`super::ntlm::channel_hash`].
    #[must_use]
    pub fn over(channel: Option<[u8; 16]>) -> Self {
        Self { standing: Mutex::default(), channel }
    }

    fn take(&self) -> Standing {
        std::mem::take(&mut *self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    fn know(&self, account: &Account) {
        self.put(Standing::Known { address: account.address.clone(), generation: account.generation });
    }
}

impl<A: Accounts> Authenticator<A> {
    /// As [`Authenticator::authenticate`], on a connection that may have been logged on before.
    ///
    /// # Errors
    /// [`AuthFailure`]; [`AuthFailure::Continue`] carries the server's part of the conversation.
    pub async fn authenticate_on(
        &self,
        connection: &ConnectionLogOn,
        header: Option<&[u8]>,
        origin: Origin,
    ) -> Result<LogOn, AuthFailure> {
        let standing = connection.take();
        let Some(header) = header else {
            return if self.converses() {
                self.known(connection, standing).await.map(LogOn::from)
            } else {
                Err(AuthFailure::NoCredentials)
            };
        };
        if let (Some(settings), Some(token)) = (self.ntlm(), token(header, b"NTLM ")) {
            let message = token.ok_or(AuthFailure::NoCredentials)?;
            return self.challenge(connection, standing, &message, settings, origin).await.map(LogOn::from);
        }
        #[cfg(feature = "negotiate")]
        if let (true, Some(token)) = (self.negotiates(), token(header, b"Negotiate ")) {
            let token = token.ok_or(AuthFailure::NoCredentials)?;
            return self.negotiate(connection, standing, &token, origin).await;
        }
        #[cfg(feature = "bearer")]
        if let (Some(bearer), Some(token)) = (self.bearer(), super::bearer::token(header)) {
            return self.bear(bearer, token, origin).await.map(LogOn::from);
        }
        self.authenticate(Some(header), origin.source, origin.now).await.map(LogOn::from)
    }

    /// The account that a bearer token names. Tokens cannot be guessed: attempts are not counted.
    #[cfg(feature = "bearer")]
    async fn bear(&self, bearer: &super::bearer::Bearer, token: &str, origin: Origin) -> Result<Account, AuthFailure> {
        let address = bearer.verify(token, origin.now).await.map_err(|error| {
            tracing::debug!(%error, "bearer token");
            AuthFailure::Refused
        })?;
        self.find(&address).await?.filter(|account| !account.locked).ok_or(AuthFailure::Refused)
    }

    /// What WWW-Authenticate offers beside Basic.
    pub fn offers(&self) -> impl Iterator<Item = &'static str> + use<A> {
        #[cfg(feature = "bearer")]
        let bearer = self.bearer().map(|_| "Bearer realm=\"mail\"");
        #[cfg(not(feature = "bearer"))]
        let bearer = None;
        self.conversations().chain(bearer)
    }

    /// The schemes of WWW-Authenticate that are conversations.
    fn conversations(&self) -> impl Iterator<Item = &'static str> + use<A> {
        #[cfg(feature = "negotiate")]
        let negotiate = self.negotiates().then_some("Negotiate");
        #[cfg(not(feature = "negotiate"))]
        let negotiate = None;
        negotiate.into_iter().chain(self.ntlm().is_some().then_some("NTLM"))
    }

    fn converses(&self) -> bool {
        self.conversations().next().is_some()
    }

    /// A message of NTLM without anything around it.
    async fn challenge(
        &self,
        connection: &ConnectionLogOn,
        standing: Standing,
        message: &[u8],
        settings: &NtlmSettings,
        origin: Origin,
    ) -> Result<Account, AuthFailure> {
        match standing {
            Standing::Challenged(challenge) if !is_negotiate(message) => {
                let claim = challenge.claim(message).map_err(|error| refused(&error))?;
                let (account, _) = self.verify_claim(claim, connection.channel.as_ref(), origin).await?;
                connection.know(&account);
                Ok(account)
            }
            _ => {
                let challenge = answer_negotiate(message, settings, origin.wall)?;
                let answer = format!("NTLM {}", STANDARD.encode(challenge.message()));
                connection.put(Standing::Challenged(Box::new(challenge)));
                Err(AuthFailure::Continue(answer))
            }
        }
    }

    /// Whoever the connection was logged on as, unless the account has changed since.
    async fn known(&self, connection: &ConnectionLogOn, standing: Standing) -> Result<Account, AuthFailure> {
        let Standing::Known { address, generation } = standing else {
            connection.put(standing);
            return Err(AuthFailure::NoCredentials);
        };
        let account = self.find(&address).await?;
        match account {
            Some(account) if account.generation == generation && !account.locked => {
                connection.put(Standing::Known { address, generation });
                Ok(account)
            }
            _ => Err(AuthFailure::NoCredentials),
        }
    }

    async fn verify_claim(
        &self,
        claim: Claim,
        channel: Option<&[u8; 16]>,
        origin: Origin,
    ) -> Result<(Account, Signer), AuthFailure> {
        let accounts = Arc::clone(self.accounts());
        let (user, domain) = (claim.user().to_owned(), claim.domain().to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let Some(account) = accounts.find_named(&user, &domain)? else { return Ok(None) };
            let hash = accounts.nt_hash(&account.address)?;
            Ok(Some((account, hash)))
        });
        let found = match found.await {
            Ok(found) => found.map_err(|error| AuthFailure::Unavailable(Some(error)))?,
            Err(_) => return Err(AuthFailure::Unavailable(None)),
        };
        let source = source_key(origin.source);
        // A name that nobody has counts as well, or trying names would be free.
        let counted =
            found.as_ref().map_or_else(|| claim.user().to_lowercase(), |(account, _)| account.address.clone());
        self.count(&counted, source, origin.now)?;
        let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
        let verdict = claim.verify(hash.as_ref().unwrap_or(&NtHash([0; 16])), channel);
        match (found, hash, verdict) {
            (Some((account, _)), Some(_), Ok(key)) if !account.locked => {
                self.forgive(&counted, &source);
                Ok((account, claim.signer(key)))
            }
            (_, _, Err(error)) => Err(refused(&error)),
            _ => Err(AuthFailure::Refused),
        }
    }
}

fn answer_negotiate(message: &[u8], settings: &NtlmSettings, wall: FileTime) -> Result<Challenge, AuthFailure> {
    let mut nonce = [0_u8; 8];
    getrandom::fill(&mut nonce).map_err(|_| AuthFailure::Unavailable(None))?;
    Challenge::answer(message, &settings.names, nonce, wall).map_err(|error| refused(&error))
}

/// What exactly was wrong is for the server's own eyes.
fn refused(error: &NtlmError) -> AuthFailure {
    tracing::debug!(%error, "NTLM");
    AuthFailure::Refused
}

/// The token behind a scheme, which has its blank with it; the inner `None` stands for what is no base64.
fn token(header: &[u8], scheme: &[u8]) -> Option<Option<Vec<u8>>> {
    let (name, text) = header.split_at_checked(scheme.len())?;
    if !name.eq_ignore_ascii_case(scheme) {
        return None;
    }
    let text = text.trim_ascii();
    let fits = text.len() <= MAX_MESSAGE.div_ceil(3) * 4;
    Some(fits.then(|| STANDARD.decode(text).ok()).flatten())
}

/// A client may begin anew at any time.
fn is_negotiate(message: &[u8]) -> bool {
    protocol::nlmp::NegotiateMessage::unpack(&mut runtime::Cursor::new(message)).is_ok()
}
