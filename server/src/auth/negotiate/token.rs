//! The tokens of SPNEGO (RFC 4178 4.2), in DER.

use der::asn1::{Any, AnyRef, BitString, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _, Enumerated, Reader as _, Sequence, SliceReader, Tag, TagNumber, Tagged as _};

/// SPNEGO itself (RFC 4178 appendix A).
const SPNEGO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.2");

/// negState (4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumerated)]
#[repr(u8)]
pub(super) enum NegState {
    AcceptCompleted = 0,
    AcceptIncomplete = 1,
    Reject = 2,
    RequestMic = 3,
}

/// NegTokenInit (4.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
struct NegTokenInit {
    #[asn1(context_specific = "0")]
    mech_types: Any,
    #[asn1(context_specific = "1", optional = "true")]
    req_flags: Option<BitString>,
    #[asn1(context_specific = "2", optional = "true")]
    mech_token: Option<OctetString>,
    #[asn1(context_specific = "3", optional = "true")]
    mech_list_mic: Option<OctetString>,
}

/// NegTokenResp (4.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
struct NegTokenResp {
    #[asn1(context_specific = "0", optional = "true")]
    neg_state: Option<NegState>,
    #[asn1(context_specific = "1", optional = "true")]
    supported_mech: Option<ObjectIdentifier>,
    #[asn1(context_specific = "2", optional = "true")]
    response_token: Option<OctetString>,
    #[asn1(context_specific = "3", optional = "true")]
    mech_list_mic: Option<OctetString>,
}

/// The first token of an initiator.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The mechanisms, the preferred one first; one whose identifier cannot be read is nobody's.
    pub(super) mechanisms: Vec<Option<ObjectIdentifier>>,
    /// MechTypeList as it was sent, which codes are made of.
    pub(super) list: Vec<u8>,
    /// The first token of the preferred mechanism.
    pub(super) token: Option<Vec<u8>>,
}

/// A later token of either side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) state: Option<NegState>,
    pub(super) mechanism: Option<ObjectIdentifier>,
    pub(super) token: Option<Vec<u8>>,
    pub(super) mic: Option<Vec<u8>>,
}

fn bytes(octets: Option<OctetString>) -> Option<Vec<u8>> {
    octets.map(|octets| octets.as_bytes().to_vec())
}

fn choice(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// What a token begins with (RFC 2743 3.1): the mechanism that it is of.
pub(super) fn mechanism(token: &[u8]) -> Option<ObjectIdentifier> {
    let outer = AnyRef::from_der(token).ok()?;
    outer.tag().assert_eq(Tag::Application { constructed: true, number: TagNumber(0) }).ok()?;
    ObjectIdentifier::decode(&mut SliceReader::new(outer.value()).ok()?).ok()
}

impl Offer {
    pub(super) fn parse(token: &[u8]) -> Result<Self, der::Error> {
        let outer = AnyRef::from_der(token)?;
        outer.tag().assert_eq(Tag::Application { constructed: true, number: TagNumber(0) })?;
        let mut reader = SliceReader::new(outer.value())?;
        let identifier = ObjectIdentifier::decode(&mut reader)?;
        if identifier != SPNEGO {
            return Err(der::ErrorKind::OidUnknown { oid: identifier }.into());
        }
        let inner = AnyRef::decode(&mut reader)?;
        reader.finish()?;
        inner.tag().assert_eq(choice(0))?;
        let init = NegTokenInit::from_der(inner.value())?;
        let list: Vec<Any> = init.mech_types.decode_as()?;
        let mechanisms = list.iter().map(|mechanism| mechanism.decode_as().ok()).collect();
        Ok(Self { mechanisms, list: init.mech_types.to_der()?, token: bytes(init.mech_token) })
    }
}

impl Reply {
    pub(super) fn parse(token: &[u8]) -> Result<Self, der::Error> {
        let outer = AnyRef::from_der(token)?;
        outer.tag().assert_eq(choice(1))?;
        let reply = NegTokenResp::from_der(outer.value())?;
        Ok(Self {
            state: reply.neg_state,
            mechanism: reply.supported_mech,
            token: bytes(reply.response_token),
            mic: bytes(reply.mech_list_mic),
        })
    }

    pub(super) fn pack(self) -> Result<Vec<u8>, der::Error> {
        let octets = |bytes: Option<Vec<u8>>| bytes.map(OctetString::new).transpose();
        let reply = NegTokenResp {
            neg_state: self.state,
            supported_mech: self.mechanism,
            response_token: octets(self.token)?,
            mech_list_mic: octets(self.mic)?,
        };
        Any::new(choice(1), reply.to_der()?)?.to_der()
    }
}

#[cfg(test)]
pub(super) fn offer(mechanisms: &[ObjectIdentifier], token: Option<&[u8]>) -> Vec<u8> {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    let mech_token = token.map(|token| OctetString::new(token.to_vec()).unwrap());
    let mech_types = Any::encode_from(&mechanisms.to_vec()).unwrap();
    let init = NegTokenInit { mech_types, req_flags: None, mech_token, mech_list_mic: None };
    let mut content = SPNEGO.to_der().unwrap();
    content.extend(Any::new(choice(0), init.to_der().unwrap()).unwrap().to_der().unwrap());
    let tag = Tag::Application { constructed: true, number: TagNumber(0) };
    Any::new(tag, content).unwrap().to_der().unwrap()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn replies_survive_their_bytes() {
        let reply = || Reply {
            state: Some(NegState::AcceptIncomplete),
            mechanism: Some(SPNEGO),
            token: Some(vec![1, 2]),
            mic: Some(vec![3; 200]),
        };
        let packed = reply().pack().unwrap();
        assert_eq!(Reply::parse(&packed).unwrap(), reply());
        // As a server that is done says it in full.
        let done = Reply { state: Some(NegState::AcceptCompleted), ..Reply::default() }.pack().unwrap();
        assert_eq!(done, [0xA1, 0x07, 0x30, 0x05, 0xA0, 0x03, 0x0A, 0x01, 0x00]);
        for length in 0..packed.len() {
            assert!(Reply::parse(&packed[..length]).is_err());
        }
    }

    #[test]
    fn an_offer_names_its_mechanisms_in_order() {
        let ntlm = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.10");
        let token = offer(&[SPNEGO, ntlm], Some(b"token"));
        let parsed = Offer::parse(&token).unwrap();
        assert_eq!(parsed.mechanisms, [Some(SPNEGO), Some(ntlm)]);
        assert_eq!(parsed.token.as_deref(), Some(b"token".as_slice()));
        assert_eq!(parsed.list.first(), Some(&0x30));
        assert_eq!(mechanism(&token), Some(SPNEGO));
        for length in 0..token.len() {
            assert!(Offer::parse(&token[..length]).is_err());
        }
    }
}
