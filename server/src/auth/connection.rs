//! Log-ons that belong to a connection: NTLM (MS-NTHT) is a conversation, and whoever it has verified stays who it is on
//! this connection until it says otherwise.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::FileTime;

use super::authenticator::{AuthFailure, Authenticator, source_key};
use super::ntlm::{Challenge, Claim, MAX_MESSAGE, NtHash, NtlmError, ServerNames};
use super::{Account, Accounts};

/// What NTLM needs to know of the server.
#[derive(Debug, Clone)]
pub struct NtlmSettings {
    /// The names that it tells.
    pub names: ServerNames,
    /// The hash of its TLS certificate's channel, see [`super::ntlm::channel_hash`].
    pub channel: Option<[u8; 16]>,
}

/// Where the conversation of one connection stands.
#[derive(Debug, Default)]
pub struct ConnectionLogOn(Mutex<Standing>);

#[derive(Debug, Default)]
enum Standing {
    #[default]
    Nobody,
    Challenged(Box<Challenge>),
    Known {
        address: String,
        generation: u64,
    },
}

impl ConnectionLogOn {
    fn take(&self) -> Standing {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, standing: Standing) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = standing;
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
        source: IpAddr,
        now: Instant,
        wall: FileTime,
    ) -> Result<Account, AuthFailure> {
        let standing = connection.take();
        match (header, self.ntlm()) {
            (None, Some(_)) => self.known(connection, standing).await,
            (Some(header), Some(settings)) if is_ntlm(header) => {
                let message = message(header).ok_or(AuthFailure::NoCredentials)?;
                match standing {
                    Standing::Challenged(challenge) if !is_negotiate(&message) => {
                        let claim = challenge.claim(&message).map_err(|error| refused(&error))?;
                        let account = self.verify_claim(claim, settings, source, now).await?;
                        let (address, generation) = (account.address.clone(), account.generation);
                        connection.put(Standing::Known { address, generation });
                        Ok(account)
                    }
                    _ => {
                        let mut nonce = [0_u8; 8];
                        getrandom::fill(&mut nonce).map_err(|_| AuthFailure::Unavailable(None))?;
                        let challenge = Challenge::answer(&message, &settings.names, nonce, wall);
                        let challenge = challenge.map_err(|error| refused(&error))?;
                        let answer = format!("NTLM {}", STANDARD.encode(challenge.message()));
                        connection.put(Standing::Challenged(Box::new(challenge)));
                        Err(AuthFailure::Continue(answer))
                    }
                }
            }
            _ => self.authenticate(header, source, now).await,
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
        settings: &NtlmSettings,
        source: IpAddr,
        now: Instant,
    ) -> Result<Account, AuthFailure> {
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
        let source = source_key(source);
        // A name that nobody has counts as well, or trying names would be free.
        let counted =
            found.as_ref().map_or_else(|| claim.user().to_lowercase(), |(account, _)| account.address.clone());
        self.count(&counted, source, now)?;
        let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
        let verdict = claim.verify(hash.as_ref().unwrap_or(&NtHash([0; 16])), settings.channel.as_ref());
        match (found, hash, verdict) {
            (Some((account, _)), Some(_), Ok(_)) if !account.locked => {
                self.forgive(&counted, &source);
                Ok(account)
            }
            (_, _, Err(error)) => Err(refused(&error)),
            _ => Err(AuthFailure::Refused),
        }
    }
}

/// What exactly was wrong is for the server's own eyes.
fn refused(error: &NtlmError) -> AuthFailure {
    tracing::debug!(%error, "NTLM");
    AuthFailure::Refused
}

fn is_ntlm(header: &[u8]) -> bool {
    header.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"NTLM "))
}

fn message(header: &[u8]) -> Option<Vec<u8>> {
    let text = header.get(5..)?.trim_ascii();
    if text.len() > MAX_MESSAGE.div_ceil(3) * 4 {
        return None;
    }
    STANDARD.decode(text).ok()
}

/// A client may begin anew at any time.
fn is_negotiate(message: &[u8]) -> bool {
    protocol::nlmp::NegotiateMessage::unpack(&mut runtime::Cursor::new(message)).is_ok()
}
