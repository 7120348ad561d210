//! Kerberos 5 as the acceptor of a GSS-API context (RFC 4120, RFC 4121): AP-REQ in, AP-REP out, with the keys of a keytab.
//!
//! AES with HMAC-SHA1 only (RFC 3962); the keys of other encryption types in a keytab are passed over, and a ticket under one
//! is refused. Clients are users of the realms of the keytab's own principals: there is no trust to others.

mod crypto;
pub mod keytab;
mod messages;
mod mic;
mod replay;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use der::asn1::GeneralizedTime;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crypto::{Key, usage};
use keytab::{Keytab, KeytabError};
use messages::{
    ApRep, ApReq, Authenticator, EncApRepPart, EncTicketPart, EncryptedData, ErrorData, KrbError, PrincipalName,
    Ticket, application, in_application, text,
};
pub use mic::Signer;
use replay::ReplayCache;

/// How far the clocks of client and server may be apart (RFC 4120 8.2 recommends five minutes).
pub const MAX_SKEW: Duration = Duration::from_secs(300);
/// The only version of the protocol.
const VERSION: i32 = 5;
/// KRB_AP_ERR_SKEW (RFC 4120 7.5.9).
const ERR_SKEW: i32 = 37;
/// KERB_AP_ERR_TYPE_SKEW_RECOVERY (MS-KILE 2.2.2).
const SKEW_RECOVERY: i32 = 2;
/// The checksum of an authenticator that carries the bindings of a GSS-API context (RFC 4121 4.1.1).
const GSS_CHECKSUM: i32 = 0x8003;
/// GSS_C_MUTUAL_FLAG (RFC 4121 4.1.1.1).
const MUTUAL: u32 = 2;
/// Bit 7 of TicketFlags: invalid (RFC 4120 5.3).
const TICKET_INVALID: usize = 7;
/// Bit 2 of APOptions: mutual-required (RFC 4120 5.5.1).
const MUTUAL_REQUIRED: usize = 2;

/// Why a context is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KerberosError {
    /// A message is not what it has to be.
    #[error("a message of Kerberos: {0}")]
    Message(#[from] der::Error),
    /// A message is not what it has to be.
    #[error("a message of Kerberos: {0}")]
    Form(&'static str),
    /// The keytab has no key for the ticket.
    #[error("no key for the ticket")]
    NoKey,
    /// A message does not come out right under its key, or says other than its ticket.
    #[error("wrong {0}")]
    Wrong(&'static str),
    /// The ticket is not valid now.
    #[error("the ticket is {0}")]
    Ticket(&'static str),
    /// The clocks are too far apart.
    #[error("the clocks of client and server are too far apart")]
    Skew,
    /// This very message has been accepted before.
    #[error("a message that has been seen before")]
    Replay,
    /// The system has no random bits, or too many contexts are remembered.
    #[error("{0}")]
    Unavailable(&'static str),
}

/// A context that is not accepted.
#[derive(Debug)]
pub struct Refusal {
    /// Why, for the server's own eyes.
    pub error: KerberosError,
    /// A token with a KRB-ERROR by which the client may do better.
    pub answer: Option<Vec<u8>>,
}

impl<E: Into<KerberosError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self { error: error.into(), answer: None }
    }
}

/// A context that is accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The client, as `name@REALM`; a name of several parts has them joined by slashes.
    pub client: String,
    /// The token with the AP-REP, where the client wants one.
    pub answer: Option<Vec<u8>>,
    /// What signs and verifies in this context.
    pub signer: Signer,
}

/// Accepts contexts for the `HTTP` principals of a keytab.
#[derive(Debug)]
pub struct Acceptor {
    keytab: Keytab,
    seen: Mutex<ReplayCache>,
}

impl Acceptor {
    /// Reads a keytab, which only its owner may read.
    ///
    /// # Errors
    /// [`KeytabError`], also where it has no key of a principal `HTTP/...` that can be used.
    pub fn load(path: &Path) -> Result<Self, KeytabError> {
        Ok(Self::new(Keytab::load(path)?))
    }

    fn new(keytab: Keytab) -> Self {
        Self { keytab, seen: Mutex::new(ReplayCache::new(2 * MAX_SKEW)) }
    }

    /// Accepts the first token of a context (RFC 4121 4.1), at `now` since 1970. `channel` is the hash of the TLS channel's
    /// bindings; a client that binds to another channel is refused.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn accept(&self, token: &[u8], channel: Option<&[u8; 16]>, now: Duration) -> Result<Accepted, Refusal> {
        let request: ApReq = application(messages::unframe(token, messages::AP_REQ)?, 14)?;
        let ticket: Ticket = in_application(&request.ticket, 1)?;
        if request.pvno != VERSION || ticket.tkt_vno != VERSION || request.msg_type != 14 {
            return Err(KerberosError::Form("another version").into());
        }
        let part = self.open(&ticket)?;
        let session = Key::new(part.key.keytype, part.key.keyvalue.as_bytes())
            .ok_or(KerberosError::Form("an encryption type that is not served"))?;
        let plain = decrypt(&session, usage::AP_REQ_AUTHENTICATOR, &request.authenticator)
            .ok_or(KerberosError::Wrong("authenticator"))?;
        let authenticator: Authenticator = application(&plain, 2)?;
        let client = client_name(&part, &ticket)?;
        if authenticator.cname != part.cname || authenticator.crealm.value() != part.crealm.value() {
            return Err(KerberosError::Wrong("name in the authenticator").into());
        }
        check_times(&part, now)?;
        if authenticator.ctime.to_unix_duration().abs_diff(now) > MAX_SKEW {
            return Err(Refusal { error: KerberosError::Skew, answer: Some(skew_error(&ticket, now)?) });
        }
        let flags = check_bindings(&authenticator, channel)?;
        let seen = Sha256::digest(request.authenticator.cipher.as_bytes()).into();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(seen, now)?;

        let subkey = match &authenticator.subkey {
            Some(subkey) => Some(
                Key::new(subkey.keytype, subkey.keyvalue.as_bytes())
                    .ok_or(KerberosError::Form("an encryption type that is not served"))?,
            ),
            None => None,
        };
        let mutual = flags & MUTUAL != 0 || request.ap_options.get(MUTUAL_REQUIRED) == Some(true);
        let answer = if mutual { Some(reply(&session, &authenticator)?) } else { None };
        Ok(Accepted { client, answer, signer: Signer::new(subkey.unwrap_or(session)) })
    }

    /// Decrypts a ticket with the key of its service (RFC 4120 3.2.3).
    fn open(&self, ticket: &Ticket) -> Result<EncTicketPart, KerberosError> {
        let realm = text(&ticket.realm)?;
        let name = ticket.sname.components()?;
        let sealed = &ticket.enc_part;
        let mut tried = false;
        for key in self.keytab.keys(&realm, &name, sealed.etype, sealed.kvno) {
            tried = true;
            if let Some(plain) = decrypt(key, usage::TICKET, sealed) {
                return Ok(application(&plain, 3)?);
            }
        }
        Err(if tried { KerberosError::Wrong("ticket") } else { KerberosError::NoKey })
    }
}

fn decrypt(key: &Key, usage: u32, sealed: &EncryptedData) -> Option<Vec<u8>> {
    if key.etype() != sealed.etype { None } else { key.decrypt(usage, sealed.cipher.as_bytes()) }
}

/// The client of a ticket: one of the service's own realm.
fn client_name(part: &EncTicketPart, ticket: &Ticket) -> Result<String, KerberosError> {
    let realm = text(&part.crealm)?;
    if realm != text(&ticket.realm)? {
        return Err(KerberosError::Ticket("of a client of another realm"));
    }
    let name = part.cname.components()?;
    if name.is_empty() || name.iter().any(|part| part.contains(['@', '/', '\0'])) {
        return Err(KerberosError::Form("a client without a plain name"));
    }
    Ok(format!("{}@{realm}", name.join("/")))
}

fn check_times(part: &EncTicketPart, now: Duration) -> Result<(), KerberosError> {
    if part.flags.get(TICKET_INVALID) == Some(true) {
        return Err(KerberosError::Ticket("invalid"));
    }
    let start = part.starttime.unwrap_or(part.authtime).to_unix_duration();
    if start > now.saturating_add(MAX_SKEW) {
        return Err(KerberosError::Ticket("not yet valid"));
    }
    if part.endtime.to_unix_duration().saturating_add(MAX_SKEW) < now {
        return Err(KerberosError::Ticket("expired"));
    }
    Ok(())
}

/// Holds the bindings in the checksum against the channel, and answers the context's flags (RFC 4121 4.1.1).
fn check_bindings(authenticator: &Authenticator, channel: Option<&[u8; 16]>) -> Result<u32, KerberosError> {
    let checksum = authenticator.cksum.as_ref().filter(|checksum| checksum.cksumtype == GSS_CHECKSUM);
    let bytes = checksum.map(|checksum| checksum.checksum.as_bytes());
    let Some((length, rest)) = bytes.and_then(|bytes| bytes.split_first_chunk::<4>()) else {
        return Err(KerberosError::Form("no checksum of a context"));
    };
    let (Some((binding, rest)), 16) = (rest.split_first_chunk::<16>(), u32::from_le_bytes(*length)) else {
        return Err(KerberosError::Form("a short checksum of a context"));
    };
    let Some((flags, _)) = rest.split_first_chunk::<4>() else {
        return Err(KerberosError::Form("a short checksum of a context"));
    };
    match channel {
        Some(ours) if *binding != [0; 16] && !bool::from(ours.ct_eq(binding)) => Err(KerberosError::Wrong("channel")),
        _ => Ok(u32::from_le_bytes(*flags)),
    }
}

/// The token that proves the server (RFC 4120 3.2.4).
fn reply(session: &Key, authenticator: &Authenticator) -> Result<Vec<u8>, KerberosError> {
    let part =
        EncApRepPart { ctime: authenticator.ctime, cusec: authenticator.cusec, subkey: None, seq_number: Some(0) };
    let cipher = session.encrypt(usage::AP_REP, &messages::to_application(part, 27)?)?;
    let enc_part = EncryptedData { etype: session.etype(), kvno: None, cipher: messages::octets(cipher)? };
    let reply = messages::to_application(ApRep { pvno: VERSION, msg_type: 15, enc_part }, 15)?;
    Ok(messages::frame(messages::AP_REP, &reply)?)
}

/// The token that tells the client the server's time (RFC 4120 3.2.3, MS-KILE 3.4.5).
fn skew_error(ticket: &Ticket, now: Duration) -> Result<Vec<u8>, KerberosError> {
    let data = ErrorData { data_type: SKEW_RECOVERY, data_value: None };
    let error = KrbError {
        pvno: VERSION,
        msg_type: 30,
        stime: GeneralizedTime::from_unix_duration(Duration::from_secs(now.as_secs()))?,
        susec: now.subsec_micros(),
        error_code: ERR_SKEW,
        realm: ticket.realm.clone(),
        sname: PrincipalName { name_type: ticket.sname.name_type, name_string: ticket.sname.name_string.clone() },
        e_data: Some(messages::octets(der::Encode::to_der(&data)?)?),
    };
    Ok(messages::frame(messages::ERROR, &messages::to_application(error, 30)?)?)
}

#[cfg(test)]
mod tests;
