//! Negotiate on a connection: the mechanisms of [`crate::auth::negotiate`] held against the accounts.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::FileTime;

use super::{Account, Accounts, AuthFailure, Authenticator, ConnectionLogOn, LogOn, Origin, Standing};
use super::{answer_negotiate, is_negotiate, refused};
use crate::auth::canonical_address;
use crate::auth::kerberos::{Acceptor, KerberosError};
use crate::auth::negotiate::{Mechanism, NegotiateError, Negotiation, Received, Signer, Stage, Verdict};

/// 1970-01-01 in FILETIME.
const UNIX_EPOCH: u64 = 116_444_736_000_000_000;

impl<A: Accounts> Authenticator<A> {
    /// Whether Negotiate is served: there is a mechanism for it.
    pub(super) fn negotiates(&self) -> bool {
        self.ntlm().is_some() || self.kerberos().is_some()
    }

    fn serves(&self, mechanism: Mechanism) -> bool {
        match mechanism {
            Mechanism::Kerberos => self.kerberos().is_some(),
            Mechanism::Ntlm => self.ntlm().is_some(),
        }
    }

    /// One token of a client.
    pub(super) async fn negotiate(
        &self,
        connection: &ConnectionLogOn,
        standing: Standing,
        token: &[u8],
        origin: Origin,
    ) -> Result<LogOn, AuthFailure> {
        let continued = match standing {
            Standing::Negotiating(negotiation) => negotiation.read(token).ok().map(|received| (*negotiation, received)),
            _ => None,
        };
        // What does not go on with a conversation begins one.
        let (negotiation, received) = match continued {
            Some(continued) => continued,
            None => Negotiation::begin(token, |mechanism| self.serves(mechanism)).map_err(wrong)?,
        };
        match negotiation.mechanism() {
            Mechanism::Ntlm => self.negotiate_ntlm(connection, negotiation, received, origin).await,
            Mechanism::Kerberos => self.negotiate_kerberos(connection, negotiation, received, origin).await,
        }
    }

    async fn negotiate_ntlm(
        &self,
        connection: &ConnectionLogOn,
        mut negotiation: Negotiation,
        received: Received,
        origin: Origin,
    ) -> Result<LogOn, AuthFailure> {
        let settings = self.ntlm().ok_or(AuthFailure::NoCredentials)?;
        let Some(message) = &received.token else {
            return Err(go_on(connection, negotiation, None));
        };
        match std::mem::replace(&mut negotiation.stage, Stage::Begun) {
            Stage::Challenged(challenge) if !is_negotiate(message) => {
                let claim = challenge.claim(message).map_err(|error| refused(&error))?;
                let (account, signer) = self.verify_claim(claim, connection.channel.as_ref(), origin).await?;
                match negotiation.proven(&received, None, Signer::Ntlm(signer)).map_err(wrong)? {
                    Verdict::Complete(answer) => Ok(complete(connection, account, answer)),
                    Verdict::MustSign(..) => Err(AuthFailure::Refused),
                }
            }
            _ => {
                let challenge = answer_negotiate(message, settings, origin.wall)?;
                let answer = challenge.message().to_vec();
                negotiation.stage = Stage::Challenged(Box::new(challenge));
                Err(go_on(connection, negotiation, Some(answer)))
            }
        }
    }

    async fn negotiate_kerberos(
        &self,
        connection: &ConnectionLogOn,
        mut negotiation: Negotiation,
        received: Received,
        origin: Origin,
    ) -> Result<LogOn, AuthFailure> {
        let acceptor = self.kerberos().ok_or(AuthFailure::NoCredentials)?;
        if let Stage::Proven { address, generation, .. } = &negotiation.stage {
            let generation = *generation;
            let account = self.find(address).await?;
            let account = account.filter(|account| account.generation == generation && !account.locked);
            let account = account.ok_or(AuthFailure::Refused)?;
            let Stage::Proven { signer, .. } = std::mem::replace(&mut negotiation.stage, Stage::Begun) else {
                return Err(AuthFailure::Refused);
            };
            let answer = negotiation.signed(&received, &signer).map_err(wrong)?;
            return Ok(complete(connection, account, answer));
        }
        let Some(message) = &received.token else {
            return Err(go_on(connection, negotiation, None));
        };
        let accepted = match accept(acceptor, message, connection, origin.wall) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                tracing::debug!(error = %refusal.error, "Kerberos");
                return match refusal.answer {
                    Some(answer) if negotiation.may_retry() => {
                        negotiation.must_sign();
                        negotiation.stage = Stage::Skewed;
                        Err(go_on(connection, negotiation, Some(answer)))
                    }
                    _ if matches!(refusal.error, KerberosError::Unavailable(_)) => Err(AuthFailure::Unavailable(None)),
                    _ => Err(AuthFailure::Refused),
                };
            }
        };
        let address = canonical_address(&accepted.client).ok_or(AuthFailure::Refused)?;
        let account = self.find(&address).await?.filter(|account| !account.locked).ok_or(AuthFailure::Refused)?;
        let signer = Signer::Kerberos(accepted.signer);
        match negotiation.proven(&received, accepted.answer, signer).map_err(wrong)? {
            Verdict::Complete(answer) => Ok(complete(connection, account, answer)),
            Verdict::MustSign(answer, signer) => {
                negotiation.stage = Stage::Proven { address: account.address, generation: account.generation, signer };
                connection.put(Standing::Negotiating(Box::new(negotiation)));
                Err(AuthFailure::Continue(value(&answer)))
            }
        }
    }
}

fn accept(
    acceptor: &Acceptor,
    message: &[u8],
    connection: &ConnectionLogOn,
    wall: FileTime,
) -> Result<crate::auth::kerberos::Accepted, crate::auth::kerberos::Refusal> {
    let since = wall.0.saturating_sub(UNIX_EPOCH);
    let now = Duration::new(since / 10_000_000, u32::try_from(since % 10_000_000 * 100).unwrap_or_default());
    acceptor.accept(message, connection.channel.as_ref(), now)
}

/// Keeps the conversation and asks for the client's next token.
fn go_on(connection: &ConnectionLogOn, mut negotiation: Negotiation, answer: Option<Vec<u8>>) -> AuthFailure {
    match negotiation.go_on(answer) {
        Ok(answer) => {
            connection.put(Standing::Negotiating(Box::new(negotiation)));
            AuthFailure::Continue(value(&answer))
        }
        Err(error) => wrong(error),
    }
}

fn complete(connection: &ConnectionLogOn, account: Account, answer: Option<Vec<u8>>) -> LogOn {
    connection.know(&account);
    LogOn { account, answer: answer.map(|answer| value(&answer)) }
}

fn value(token: &[u8]) -> String {
    format!("Negotiate {}", STANDARD.encode(token))
}

/// What exactly was wrong is for the server's own eyes.
fn wrong(error: NegotiateError) -> AuthFailure {
    tracing::debug!(%error, "Negotiate");
    AuthFailure::Refused
}
