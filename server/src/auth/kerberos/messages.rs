//! The messages of RFC 4120 5 that an acceptor reads and writes, in DER, and their frame in GSS-API (RFC 4121 4.1).

use der::asn1::{Any, AnyRef, ApplicationRef, BitString, GeneralizedTime, ObjectIdentifier, OctetString};
use der::{
    Decode, DecodeOwned, DecodeValue, Encode, EncodeValue, Reader as _, Sequence, SliceReader, Tag, TagNumber, Tagged,
};

use super::KerberosError;

/// The mechanism (RFC 4121 1).
pub(in crate::auth) const MECHANISM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2");

/// TOK_ID of an AP-REQ (RFC 4121 4.1).
pub(super) const AP_REQ: [u8; 2] = [1, 0];
/// TOK_ID of an AP-REP.
pub(super) const AP_REP: [u8; 2] = [2, 0];
/// TOK_ID of a KRB-ERROR.
pub(super) const ERROR: [u8; 2] = [3, 0];

/// PrincipalName (5.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct PrincipalName {
    #[asn1(context_specific = "0")]
    pub(super) name_type: i32,
    #[asn1(context_specific = "1")]
    pub(super) name_string: Vec<Any>,
}

impl PrincipalName {
    pub(super) fn components(&self) -> Result<Vec<String>, KerberosError> {
        self.name_string.iter().map(text).collect()
    }
}

/// EncryptedData (5.2.9).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct EncryptedData {
    #[asn1(context_specific = "0")]
    pub(super) etype: i32,
    #[asn1(context_specific = "1", optional = "true")]
    pub(super) kvno: Option<u32>,
    #[asn1(context_specific = "2")]
    pub(super) cipher: OctetString,
}

/// EncryptionKey (5.2.9).
#[derive(Clone, PartialEq, Eq, Sequence)]
pub(super) struct EncryptionKey {
    #[asn1(context_specific = "0")]
    pub(super) keytype: i32,
    #[asn1(context_specific = "1")]
    pub(super) keyvalue: OctetString,
}

/// Keys stay out of logs.
impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionKey").field("keytype", &self.keytype).finish_non_exhaustive()
    }
}

/// Checksum (5.2.9).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct Checksum {
    #[asn1(context_specific = "0")]
    pub(super) cksumtype: i32,
    #[asn1(context_specific = "1")]
    pub(super) checksum: OctetString,
}

/// Ticket (5.3), APPLICATION 1.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct Ticket {
    #[asn1(context_specific = "0")]
    pub(super) tkt_vno: i32,
    #[asn1(context_specific = "1")]
    pub(super) realm: Any,
    #[asn1(context_specific = "2")]
    pub(super) sname: PrincipalName,
    #[asn1(context_specific = "3")]
    pub(super) enc_part: EncryptedData,
}

/// EncTicketPart (5.3), APPLICATION 3.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct EncTicketPart {
    #[asn1(context_specific = "0")]
    pub(super) flags: BitString,
    #[asn1(context_specific = "1")]
    pub(super) key: EncryptionKey,
    #[asn1(context_specific = "2")]
    pub(super) crealm: Any,
    #[asn1(context_specific = "3")]
    pub(super) cname: PrincipalName,
    #[asn1(context_specific = "4")]
    pub(super) transited: Any,
    #[asn1(context_specific = "5")]
    pub(super) authtime: GeneralizedTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(super) starttime: Option<GeneralizedTime>,
    #[asn1(context_specific = "7")]
    pub(super) endtime: GeneralizedTime,
    #[asn1(context_specific = "8", optional = "true")]
    pub(super) renew_till: Option<GeneralizedTime>,
    #[asn1(context_specific = "9", optional = "true")]
    pub(super) caddr: Option<Any>,
    #[asn1(context_specific = "10", optional = "true")]
    pub(super) authorization_data: Option<Any>,
}

/// AP-REQ (5.5.1), APPLICATION 14.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct ApReq {
    #[asn1(context_specific = "0")]
    pub(super) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(super) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(super) ap_options: BitString,
    #[asn1(context_specific = "3")]
    pub(super) ticket: Any,
    #[asn1(context_specific = "4")]
    pub(super) authenticator: EncryptedData,
}

/// Authenticator (5.5.1), APPLICATION 2.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct Authenticator {
    #[asn1(context_specific = "0")]
    pub(super) authenticator_vno: i32,
    #[asn1(context_specific = "1")]
    pub(super) crealm: Any,
    #[asn1(context_specific = "2")]
    pub(super) cname: PrincipalName,
    #[asn1(context_specific = "3", optional = "true")]
    pub(super) cksum: Option<Checksum>,
    #[asn1(context_specific = "4")]
    pub(super) cusec: u32,
    #[asn1(context_specific = "5")]
    pub(super) ctime: GeneralizedTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(super) subkey: Option<EncryptionKey>,
    /// Some clients write it as a negative number: nobody here looks at it.
    #[asn1(context_specific = "7", optional = "true")]
    pub(super) seq_number: Option<Any>,
    #[asn1(context_specific = "8", optional = "true")]
    pub(super) authorization_data: Option<Any>,
}

/// AP-REP (5.5.2), APPLICATION 15.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct ApRep {
    #[asn1(context_specific = "0")]
    pub(super) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(super) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(super) enc_part: EncryptedData,
}

/// EncAPRepPart (5.5.2), APPLICATION 27.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct EncApRepPart {
    #[asn1(context_specific = "0")]
    pub(super) ctime: GeneralizedTime,
    #[asn1(context_specific = "1")]
    pub(super) cusec: u32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(super) subkey: Option<EncryptionKey>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(super) seq_number: Option<u32>,
}

/// KRB-ERROR (5.9.1), APPLICATION 30, with the fields that are written here.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct KrbError {
    #[asn1(context_specific = "0")]
    pub(super) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(super) msg_type: i32,
    #[asn1(context_specific = "4")]
    pub(super) stime: GeneralizedTime,
    #[asn1(context_specific = "5")]
    pub(super) susec: u32,
    #[asn1(context_specific = "6")]
    pub(super) error_code: i32,
    #[asn1(context_specific = "9")]
    pub(super) realm: Any,
    #[asn1(context_specific = "10")]
    pub(super) sname: PrincipalName,
    #[asn1(context_specific = "12", optional = "true")]
    pub(super) e_data: Option<OctetString>,
}

/// KERB-ERROR-DATA (MS-KILE 2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct ErrorData {
    #[asn1(context_specific = "1")]
    pub(super) data_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(super) data_value: Option<OctetString>,
}

/// The text of a KerberosString (5.2.1): a GeneralString that has to be UTF-8.
pub(super) fn text(value: &Any) -> Result<String, KerberosError> {
    if value.tag() != Tag::GeneralString {
        return Err(KerberosError::Form("a name that is no GeneralString"));
    }
    String::from_utf8(value.value().to_vec()).map_err(|_| KerberosError::Form("a name that is not UTF-8"))
}

/// Reads a message that stands in `[APPLICATION number]`, with nothing behind it.
pub(super) fn application<T: DecodeOwned<Error = der::Error>>(bytes: &[u8], number: u32) -> Result<T, der::Error> {
    in_application(&Any::from_der(bytes)?, number)
}

/// Reads what stands in `[APPLICATION number]`.
pub(super) fn in_application<T: DecodeOwned<Error = der::Error>>(outer: &Any, number: u32) -> Result<T, der::Error> {
    let expected = Tag::Application { constructed: true, number: TagNumber(number) };
    outer.tag().assert_eq(expected)?;
    T::from_der(outer.value())
}

/// Writes a message into `[APPLICATION number]`.
pub(super) fn to_application<T>(value: T, number: u32) -> Result<Vec<u8>, der::Error>
where
    T: EncodeValue + Tagged + for<'a> DecodeValue<'a>,
{
    let outer = ApplicationRef { tag_number: TagNumber(number), tag_mode: der::TagMode::Explicit, value: &value };
    outer.to_der()
}

pub(super) fn octets(bytes: Vec<u8>) -> Result<OctetString, der::Error> {
    OctetString::new(bytes)
}

/// The message of a token with this TOK_ID (RFC 4121 4.1).
pub(super) fn unframe(token: &[u8], id: [u8; 2]) -> Result<&[u8], KerberosError> {
    let outer = AnyRef::from_der(token)?;
    outer.tag().assert_eq(Tag::Application { constructed: true, number: TagNumber(0) })?;
    let mut reader = SliceReader::new(outer.value())?;
    if ObjectIdentifier::decode(&mut reader)? != MECHANISM {
        return Err(KerberosError::Form("another mechanism"));
    }
    let message = reader.read_slice(reader.remaining_len())?;
    message.strip_prefix(&id).ok_or(KerberosError::Form("another token"))
}

/// A token with a message.
pub(super) fn frame(id: [u8; 2], message: &[u8]) -> Result<Vec<u8>, der::Error> {
    let mut content = MECHANISM.to_der()?;
    content.extend_from_slice(&id);
    content.extend_from_slice(message);
    Any::new(Tag::Application { constructed: true, number: TagNumber(0) }, content)?.to_der()
}
