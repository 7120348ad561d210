//! Negotiate over HTTP (RFC 4559): SPNEGO (RFC 4178, MS-SPNG) with Kerberos or NTLM inside, or one of them without it.
//!
//! A [`Negotiation`] goes along with its connection. It says which mechanism a token is for and wraps what that answers;
//! who the client is, is found out in [`super::connection`].

mod token;

use der::asn1::ObjectIdentifier;

use super::kerberos;
use super::ntlm;
use token::{NegState, Offer, Reply};

/// Kerberos (RFC 4121 1).
const KERBEROS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2");
/// Kerberos as some Windows clients name it first (MS-SPNG 3.1.5.2).
const KERBEROS_OF_WINDOWS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.48018.1.2.2");
/// NTLM (MS-NLMP 1.9).
const NTLM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.10");
/// How every message of NTLM begins (MS-NLMP 2.2.1).
const NTLM_SIGNATURE: &[u8] = b"NTLMSSP\0";

/// What proves the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Kerberos,
    Ntlm,
}

impl Mechanism {
    fn of(identifier: ObjectIdentifier) -> Option<Self> {
        match identifier {
            KERBEROS | KERBEROS_OF_WINDOWS => Some(Self::Kerberos),
            NTLM => Some(Self::Ntlm),
            _ => None,
        }
    }
}

/// What signs the list of mechanisms.
#[derive(Debug)]
pub(super) enum Signer {
    Kerberos(kerberos::Signer),
    Ntlm(ntlm::Signer),
}

impl Signer {
    fn sign(&self, list: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Kerberos(signer) => signer.sign(list).ok(),
            Self::Ntlm(signer) => signer.sign(ntlm::Direction::ToClient, list).map(|signature| signature.to_vec()),
        }
    }

    fn verify(&self, list: &[u8], code: &[u8]) -> bool {
        match self {
            Self::Kerberos(signer) => signer.verify(list, code),
            Self::Ntlm(signer) => signer.verify(ntlm::Direction::ToServer, list, code),
        }
    }
}

/// A token that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NegotiateError {
    /// It is not what it has to be.
    #[error("a token of Negotiate: {0}")]
    Token(#[from] der::Error),
    /// It is of no mechanism that is served.
    #[error("no mechanism that is served")]
    Mechanism,
    /// The client has given up.
    #[error("the client rejects")]
    Rejected,
    /// The code over the list of mechanisms is missing or wrong: somebody may have changed it.
    #[error("a wrong code over the list of mechanisms")]
    Code,
}

/// What a token of the client carries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) token: Option<Vec<u8>>,
    code: Option<Vec<u8>>,
}

/// One conversation: which mechanism it has come to, and how far it is.
#[derive(Debug)]
pub(super) struct Negotiation {
    mechanism: Mechanism,
    /// None where the mechanism's tokens go without SPNEGO.
    wrapped: Option<Wrapped>,
    pub(super) stage: Stage,
}

/// How far the mechanism is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Its first token is to come.
    Begun,
    /// NTLM's answer is to come.
    Challenged(Box<ntlm::Challenge>),
    /// The client has told the wrong time once.
    Skewed,
    /// The client is proven and has yet to sign the list of mechanisms.
    Proven { address: String, generation: u64, signer: Signer },
}

#[derive(Debug)]
struct Wrapped {
    identifier: ObjectIdentifier,
    list: Vec<u8>,
    /// The client has to sign the list (RFC 4178 5): the mechanism is not its first choice, or its first token failed.
    must_sign: bool,
    /// The mechanism has been told.
    told: bool,
}

/// What becomes of a client that its mechanism has proven.
pub(super) enum Verdict {
    /// It is who it is; the value of WWW-Authenticate on its response.
    Complete(Option<Vec<u8>>),
    /// It has to sign the list first.
    MustSign(Vec<u8>, Signer),
}

impl Negotiation {
    /// Begins with the first token of a client; `served` says which mechanisms there are.
    pub(super) fn begin(token: &[u8], served: impl Fn(Mechanism) -> bool) -> Result<(Self, Received), NegotiateError> {
        let bare = |mechanism| {
            let negotiation = Self { mechanism, wrapped: None, stage: Stage::Begun };
            Ok((negotiation, Received { token: Some(token.to_vec()), code: None }))
        };
        if token.starts_with(NTLM_SIGNATURE) && served(Mechanism::Ntlm) {
            return bare(Mechanism::Ntlm);
        }
        if token::mechanism(token).and_then(Mechanism::of) == Some(Mechanism::Kerberos) && served(Mechanism::Kerberos) {
            return bare(Mechanism::Kerberos);
        }
        let offer = Offer::parse(token)?;
        let choice = offer.mechanisms.iter().enumerate().find_map(|(place, identifier)| {
            let identifier = (*identifier)?;
            Mechanism::of(identifier).filter(|mechanism| served(*mechanism)).map(|found| (place, identifier, found))
        });
        let (place, identifier, mechanism) = choice.ok_or(NegotiateError::Mechanism)?;
        let preferred = place == 0;
        let wrapped = Wrapped { identifier, list: offer.list, must_sign: !preferred, told: false };
        let negotiation = Self { mechanism, wrapped: Some(wrapped), stage: Stage::Begun };
        // The first token is the preferred mechanism's, whatever was chosen.
        Ok((negotiation, Received { token: offer.token.filter(|_| preferred), code: None }))
    }

    /// Reads a later token.
    pub(super) fn read(&self, token: &[u8]) -> Result<Received, NegotiateError> {
        if self.wrapped.is_none() {
            return Ok(Received { token: Some(token.to_vec()), code: None });
        }
        let reply = Reply::parse(token)?;
        if reply.state == Some(NegState::Reject) {
            return Err(NegotiateError::Rejected);
        }
        Ok(Received { token: reply.token, code: reply.mic })
    }

    pub(super) fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Whether this client may take back a first token that was wrong.
    pub(super) fn may_retry(&self) -> bool {
        matches!(self.stage, Stage::Begun)
    }

    /// From now on the client has to sign the list.
    pub(super) fn must_sign(&mut self) {
        if let Some(wrapped) = &mut self.wrapped {
            wrapped.must_sign = true;
        }
    }

    /// The token that goes on with the conversation.
    pub(super) fn go_on(&mut self, token: Option<Vec<u8>>) -> Result<Vec<u8>, NegotiateError> {
        self.wrap(NegState::AcceptIncomplete, token, None).map(Option::unwrap_or_default)
    }

    fn wrap(
        &mut self,
        state: NegState,
        token: Option<Vec<u8>>,
        mic: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, NegotiateError> {
        let Some(wrapped) = &mut self.wrapped else { return Ok(token) };
        let mechanism = (!std::mem::replace(&mut wrapped.told, true)).then_some(wrapped.identifier);
        Ok(Some(Reply { state: Some(state), mechanism, token, mic }.pack()?))
    }

    /// The mechanism has proven the client and answers with `token`: looks at the code that came along.
    pub(super) fn proven(
        &mut self,
        received: &Received,
        token: Option<Vec<u8>>,
        signer: Signer,
    ) -> Result<Verdict, NegotiateError> {
        let Some(wrapped) = &self.wrapped else { return Ok(Verdict::Complete(token)) };
        let ours = match &received.code {
            Some(code) if signer.verify(&wrapped.list, code) => signer.sign(&wrapped.list),
            Some(_) => return Err(NegotiateError::Code),
            None if !wrapped.must_sign => None,
            // The last token of Kerberos may come before the code, that of NTLM never does.
            None if self.mechanism == Mechanism::Kerberos => {
                let ours = signer.sign(&wrapped.list);
                let answer = self.wrap(NegState::AcceptIncomplete, token, ours)?;
                return Ok(Verdict::MustSign(answer.unwrap_or_default(), signer));
            }
            None => return Err(NegotiateError::Code),
        };
        Ok(Verdict::Complete(self.wrap(NegState::AcceptCompleted, token, ours)?))
    }

    /// The client has signed the list.
    pub(super) fn signed(&mut self, received: &Received, signer: &Signer) -> Result<Option<Vec<u8>>, NegotiateError> {
        let list = self.wrapped.as_ref().map(|wrapped| wrapped.list.as_slice()).unwrap_or_default();
        match &received.code {
            Some(code) if signer.verify(list, code) => self.wrap(NegState::AcceptCompleted, None, None),
            _ => Err(NegotiateError::Code),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    const OTHER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.30");

    fn begin(token: &[u8], served: &[Mechanism]) -> Result<(Negotiation, Received), NegotiateError> {
        Negotiation::begin(token, |mechanism| served.contains(&mechanism))
    }

    #[test]
    fn the_first_mechanism_that_both_sides_have_is_chosen() {
        let both = [Mechanism::Kerberos, Mechanism::Ntlm];
        let offer = token::offer(&[KERBEROS_OF_WINDOWS, KERBEROS, NTLM], Some(b"first"));
        let (negotiation, received) = begin(&offer, &both).unwrap();
        assert_eq!((negotiation.mechanism(), received.token.as_deref()), (Mechanism::Kerberos, Some(&b"first"[..])));
        // The first token is not for a mechanism that was not preferred.
        let (mut negotiation, received) = begin(&offer, &[Mechanism::Ntlm]).unwrap();
        assert_eq!((negotiation.mechanism(), received.token), (Mechanism::Ntlm, None));
        let answer = Reply::parse(&negotiation.go_on(None).unwrap()).unwrap();
        assert_eq!((answer.state, answer.mechanism), (Some(NegState::AcceptIncomplete), Some(NTLM)));
        // The mechanism is told once.
        let answer = Reply::parse(&negotiation.go_on(Some(vec![1])).unwrap()).unwrap();
        assert_eq!((answer.mechanism, answer.token), (None, Some(vec![1])));
        assert!(matches!(begin(&token::offer(&[OTHER], None), &both), Err(NegotiateError::Mechanism)));
        assert!(begin(b"", &both).is_err());
    }

    #[test]
    fn tokens_without_spnego_are_taken_and_answered_without_it() {
        let (mut negotiation, received) = begin(b"NTLMSSP\0\x01", &[Mechanism::Ntlm]).unwrap();
        assert_eq!(received.token.as_deref(), Some(&b"NTLMSSP\0\x01"[..]));
        assert_eq!(negotiation.go_on(Some(vec![7])).unwrap(), [7]);
        assert!(begin(b"NTLMSSP\0\x01", &[Mechanism::Kerberos]).is_err());
    }

    #[test]
    fn who_chose_ntlm_second_has_to_sign_the_list() {
        let offer = token::offer(&[KERBEROS, NTLM], Some(b"first"));
        let signer = || Signer::Ntlm(ntlm::Signer::always());
        let proven = |code: Option<Vec<u8>>| {
            let (mut negotiation, _) = begin(&offer, &[Mechanism::Ntlm]).unwrap();
            negotiation.proven(&Received { token: None, code }, None, signer())
        };
        let mut code = vec![0; 16];
        code[0] = 1;
        let Ok(Verdict::Complete(Some(answer))) = proven(Some(code.clone())) else { panic!("not complete") };
        let answer = Reply::parse(&answer).unwrap();
        assert_eq!((answer.state, answer.mic), (Some(NegState::AcceptCompleted), Some(code.clone())));
        code[4] = 1;
        assert!(matches!(proven(Some(code)), Err(NegotiateError::Code)));
        assert!(matches!(proven(None), Err(NegotiateError::Code)));
    }
}
