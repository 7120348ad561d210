//! NTLM, as the server of an authentication (MS-NLMP): NTLMv2 only, the proof verified here.
//!
//! [`Challenge::answer`] takes the client's NEGOTIATE_MESSAGE and makes the CHALLENGE_MESSAGE;
//! [`Challenge::claim`] takes the AUTHENTICATE_MESSAGE and says who the client claims to be; [`Claim::verify`] holds
//! it against that user's NT hash. NTLMv1, LM and anonymous log-ons are refused.
//!
//! NTLM wants a hash that is as good as the password, so a user has one only where the administrator says so, and the
//! directory has it sealed ([`Vault`]).

mod crypto;
mod signature;
mod vault;

use protocol::nlmp::{
    AuthenticateForm, AuthenticateMessage, AvFlags, AvId, AvPair, AvPairValue, ChallengeMessage, GssChannelBindings,
    NegotiateFlags, NegotiateMessage, NtlmVersion, Ntlmv2ClientChallenge, Ntlmv2Response, TargetInfo,
};
use runtime::{Blob, Cursor, Encoder, FileTime, UnpackError, Utf16};
use subtle::ConstantTimeEq as _;

pub use crypto::NtHash;
pub use signature::{Direction, Signature, Signer};
pub use vault::{Vault, VaultError};

/// The longest message taken, in bytes.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// Bytes before the Mic of an AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3).
const MIC_OFFSET: usize = 72;
/// Bytes of a Mic.
const MIC_SIZE: usize = 16;
/// How far the clocks of client and server may be apart, in 100 ns (MS-NLMP 3.1.5.1.2 sends the server's time back;
/// clients that do not use their own): 36 hours.
const MAX_SKEW: u64 = 36 * 3600 * 10_000_000;

/// The product is not told; 15 is NTLMSSP_REVISION_W2K3.
const VERSION: NtlmVersion = NtlmVersion {
    product_major_version: 0,
    product_minor_version: 0,
    product_build: 0,
    reserved: [0; 3],
    ntlm_revision_current: 15,
};

/// What the server agrees to where the client asks for it.
const SUPPORTED: u32 = NegotiateFlags::NTLMSSP_NEGOTIATE_UNICODE.0
    | NegotiateFlags::NTLMSSP_REQUEST_TARGET.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_SIGN.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_SEAL.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_NTLM.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_ALWAYS_SIGN.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_IDENTIFY.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_VERSION.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_128.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_KEY_EXCH.0
    | NegotiateFlags::NTLMSSP_NEGOTIATE_56.0;

/// Why an authentication fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NtlmError {
    /// A message is not what it has to be.
    #[error("a message of NTLM: {0}")]
    Message(#[from] UnpackError),
    /// The client does not offer what is needed: NTLMv2, a name, a form of texts.
    #[error("the client offers {0}")]
    Unsupported(&'static str),
    /// The proof, the integrity code or the channel is wrong.
    #[error("wrong {0}")]
    Wrong(&'static str),
    /// A message could not be made.
    #[error("a message of NTLM cannot be made")]
    Make,
}

/// The names that the server tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerNames {
    /// The name of the machine, as `host.example.test`.
    pub host: String,
    /// The domain of its users, as `example.test`.
    pub domain: String,
}

/// The first label of a name in capitals, as NetBIOS has it.
fn netbios(name: &str) -> String {
    name.split('.').next().unwrap_or(name).chars().take(15).collect::<String>().to_uppercase()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A challenge that has been sent, with all that the answer is verified against.
#[derive(Debug)]
pub struct Challenge {
    negotiate: Vec<u8>,
    message: Vec<u8>,
    nonce: [u8; 8],
    sent: FileTime,
}

impl Challenge {
    /// Answers a NEGOTIATE_MESSAGE (MS-NLMP 3.2.5.1.1) with this nonce, which is never used twice.
    ///
    /// # Errors
    /// [`NtlmError::Message`], and `Unsupported` for a client that offers neither UTF-16 nor OEM texts.
    pub fn answer(negotiate: &[u8], names: &ServerNames, nonce: [u8; 8], now: FileTime) -> Result<Self, NtlmError> {
        let mut cursor = Cursor::new(negotiate);
        let asked = NegotiateMessage::unpack(&mut cursor)?.negotiate_flags;
        let wide = asked.contains(NegotiateFlags::NTLMSSP_NEGOTIATE_UNICODE);
        if !wide && !asked.contains(NegotiateFlags::NTLM_NEGOTIATE_OEM) {
            return Err(NtlmError::Unsupported("no form of texts"));
        }
        let agreed = NegotiateFlags(
            (asked.0 & SUPPORTED)
                | if wide { 0 } else { NegotiateFlags::NTLM_NEGOTIATE_OEM.0 }
                | NegotiateFlags::NTLMSSP_NEGOTIATE_NTLM.0
                | NegotiateFlags::NTLMSSP_TARGET_TYPE_DOMAIN.0
                | NegotiateFlags::NTLMSSP_NEGOTIATE_TARGET_INFO.0,
        );
        let text = |av_id, text: &str| AvPair { value: AvPairValue::Other { av_id, data: Blob::Owned(utf16(text)) } };
        let info = TargetInfo {
            av_pairs: vec![
                text(AvId::MSV_AV_NB_DOMAIN_NAME, &netbios(&names.domain)),
                text(AvId::MSV_AV_NB_COMPUTER_NAME, &netbios(&names.host)),
                text(AvId::MSV_AV_DNS_DOMAIN_NAME, &names.domain),
                text(AvId::MSV_AV_DNS_COMPUTER_NAME, &names.host),
                // Clients that are told the time send an integrity code over all messages.
                AvPair { value: AvPairValue::Timestamp(now) },
                text(AvId::MSV_AV_EOL, ""),
            ],
        };
        let mut packed = Encoder::new();
        info.pack(&mut packed).map_err(|_| NtlmError::Make)?;
        let info = packed.into_vec();
        let target = netbios(&names.domain);
        let target = if wide { utf16(&target) } else { target.into_bytes() };
        let size = |bytes: &[u8]| u16::try_from(bytes.len()).map_err(|_| NtlmError::Make);
        let message = ChallengeMessage {
            target_name_max_len: size(&target)?,
            negotiate_flags: agreed,
            server_challenge: nonce,
            target_info_max_len: size(&info)?,
            version: VERSION,
            target_name: Some(Blob::Owned(target)),
            target_info: Some(Blob::Owned(info)),
        };
        let mut packed = Encoder::new();
        message.pack(&mut packed).map_err(|_| NtlmError::Make)?;
        Ok(Self { negotiate: negotiate.to_vec(), message: packed.into_vec(), nonce, sent: now })
    }

    /// The CHALLENGE_MESSAGE.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Reads an AUTHENTICATE_MESSAGE (MS-NLMP 3.2.5.1.2).
    ///
    /// # Errors
    /// [`NtlmError::Message`], and `Unsupported` for NTLMv1 and clients without a name.
    pub fn claim(self, authenticate: &[u8]) -> Result<Claim, NtlmError> {
        let message = AuthenticateMessage::unpack(&mut Cursor::new(authenticate), AuthenticateForm::Plain)?;
        let flags = message.negotiate_flags;
        let wide = flags.contains(NegotiateFlags::NTLMSSP_NEGOTIATE_UNICODE);
        // Nothing says which code page OEM texts have: what is not UTF-8 is nobody's name.
        let text = |bytes: &Option<Blob<'_>>| match bytes.as_deref() {
            Some(bytes) if wide => Utf16::from_wire(bytes).to_text().into_owned(),
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => String::new(),
        };
        let user = text(&message.user_name);
        if user.is_empty() || flags.contains(NegotiateFlags::NTLMSSP_ANONYMOUS) {
            return Err(NtlmError::Unsupported("no name"));
        }
        let response = message.nt_challenge_response.as_deref().unwrap_or_default();
        // A response of NTLMv1 has 24 bytes (MS-NLMP 2.2.2.6).
        if response.len() <= 24 {
            return Err(NtlmError::Unsupported("no NTLMv2"));
        }
        let response = Ntlmv2Response::unpack(&mut Cursor::new(response))?;
        let blob = Ntlmv2ClientChallenge::unpack(&mut Cursor::new(&response.client_challenge))?;
        let pairs = || blob.av_pairs.av_pairs.iter().map(|pair| &pair.value);
        let has_mic =
            pairs().any(|pair| matches!(pair, AvPairValue::Flags(flags) if flags.contains(AvFlags::MIC_PROVIDED)));
        let mic = if has_mic {
            let mut cursor = Cursor::new(authenticate);
            AuthenticateMessage::unpack(&mut cursor, AuthenticateForm::Mic)?.mic
        } else {
            None
        };
        let binding = pairs().find_map(|pair| match pair {
            AvPairValue::ChannelBindings(hash) if *hash != [0; 16] => Some(*hash),
            _ => None,
        });
        Ok(Claim {
            user,
            domain: text(&message.domain_name),
            proof: response.response,
            client_challenge: response.client_challenge.to_vec(),
            time: blob.time_stamp,
            encrypted_key: message.encrypted_random_session_key.as_deref().map(<[u8]>::to_vec),
            flags,
            mic,
            binding,
            authenticate: authenticate.to_vec(),
            challenge: self,
        })
    }
}

/// Who a client claims to be, with its proof.
#[derive(Debug)]
pub struct Claim {
    user: String,
    domain: String,
    proof: [u8; 16],
    client_challenge: Vec<u8>,
    time: FileTime,
    encrypted_key: Option<Vec<u8>>,
    flags: NegotiateFlags,
    mic: Option<[u8; 16]>,
    binding: Option<[u8; 16]>,
    authenticate: Vec<u8>,
    challenge: Challenge,
}

/// The key that a verified client and the server share (ExportedSessionKey).
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(pub [u8; 16]);

/// Keys stay out of logs.
impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl Claim {
    /// The name of the user as the client wrote it: a mail address, or a name within [`Claim::domain`].
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What signs in the session whose key [`Claim::verify`] gives.
    #[must_use]
    pub fn signer(&self, key: SessionKey) -> Signer {
        Signer::new(key, self.flags)
    }

    /// The domain as the client wrote it; may be empty.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Holds the claim against a user's hash (MS-NLMP 3.3.2), its integrity code against all messages (3.2.5.1.2),
    /// and its channel against `channel`, the hash that [`channel_hash`] makes, where both sides have one.
    ///
    /// # Errors
    /// [`NtlmError::Wrong`].
    pub fn verify(&self, hash: &NtHash, channel: Option<&[u8; 16]>) -> Result<SessionKey, NtlmError> {
        let key = hash.response_key(&self.user, &self.domain);
        let proof = crypto::hmac_md5(&key, &[&self.challenge.nonce, &self.client_challenge]);
        if !bool::from(proof.ct_eq(&self.proof)) {
            return Err(NtlmError::Wrong("proof"));
        }
        if self.time.0.abs_diff(self.challenge.sent.0) > MAX_SKEW {
            return Err(NtlmError::Wrong("time"));
        }
        let base = crypto::hmac_md5(&key, &[&proof]);
        let exchanges = self.flags.contains(NegotiateFlags::NTLMSSP_NEGOTIATE_KEY_EXCH);
        let session_key = match (&self.encrypted_key, exchanges) {
            (Some(encrypted), true) if !encrypted.is_empty() => {
                let encrypted = encrypted.as_slice().try_into().map_err(|_| NtlmError::Wrong("session key"))?;
                crypto::rc4(&base, encrypted)
            }
            _ => base,
        };
        if let Some(mic) = &self.mic {
            let mut message = self.authenticate.clone();
            if let Some(place) = message.get_mut(MIC_OFFSET..MIC_OFFSET + MIC_SIZE) {
                place.fill(0);
            }
            let expected =
                crypto::hmac_md5(&session_key, &[&self.challenge.negotiate, &self.challenge.message, &message]);
            if !bool::from(expected.ct_eq(mic)) {
                return Err(NtlmError::Wrong("integrity code"));
            }
        }
        match (channel, &self.binding) {
            (Some(ours), Some(theirs)) if !bool::from(ours.ct_eq(theirs)) => Err(NtlmError::Wrong("channel")),
            _ => Ok(SessionKey(session_key)),
        }
    }
}

/// MsvAvChannelBindings for a TLS server's certificate (RFC 5929 4, MS-NLMP 3.1.5.1.2): `certificate_hash` is by the
/// hash function of the certificate's signature, SHA-256 where that is MD5 or SHA-1.
///
/// # Errors
/// [`NtlmError::Make`].
pub fn channel_hash(certificate_hash: &[u8]) -> Result<[u8; 16], NtlmError> {
    let mut data = b"tls-server-end-point:".to_vec();
    data.extend_from_slice(certificate_hash);
    let bindings = GssChannelBindings { application_data: Blob::Owned(data) };
    let mut packed = Encoder::new();
    bindings.pack(&mut packed).map_err(|_| NtlmError::Make)?;
    Ok(crypto::md5(packed.as_slice()))
}

#[cfg(test)]
mod tests;
