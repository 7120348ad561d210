#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use der::asn1::{Any, BitString};
use der::{Encode as _, Tag};

use super::messages::{Checksum, EncryptionKey};
use super::*;

const REALM: &str = "EXAMPLE.TEST";
const NOW: Duration = Duration::from_secs(1_800_000_000);
const CHANNEL: [u8; 16] = [0xC4; 16];

fn text_of(text: &str) -> Any {
    Any::new(Tag::GeneralString, text.as_bytes()).unwrap()
}

fn name(kind: i32, parts: &[&str]) -> PrincipalName {
    PrincipalName { name_type: kind, name_string: parts.iter().map(|part| text_of(part)).collect() }
}

fn at(time: Duration) -> GeneralizedTime {
    GeneralizedTime::from_unix_duration(time).unwrap()
}

fn key(byte: u8) -> EncryptionKey {
    EncryptionKey { keytype: 18, keyvalue: messages::octets(vec![byte; 32]).unwrap() }
}

fn sealed(key: u8, use_number: u32, message: &[u8], kvno: Option<u32>) -> EncryptedData {
    let cipher = Key::new(18, &[key; 32]).unwrap().encrypt(use_number, message).unwrap();
    EncryptedData { etype: 18, kvno, cipher: messages::octets(cipher).unwrap() }
}

/// What a client sends, with all that a test may want to be otherwise.
struct Client {
    part: EncTicketPart,
    authenticator: Authenticator,
    service_key: u8,
    sealing_key: u8,
}

impl Client {
    fn new() -> Self {
        let mut bindings = 16_u32.to_le_bytes().to_vec();
        bindings.extend(CHANNEL);
        bindings.extend(MUTUAL.to_le_bytes());
        let cksum = Checksum { cksumtype: GSS_CHECKSUM, checksum: messages::octets(bindings).unwrap() };
        Self {
            part: EncTicketPart {
                flags: BitString::from_bytes(&[0; 4]).unwrap(),
                key: key(2),
                crealm: text_of(REALM),
                cname: name(1, &["alice"]),
                transited: Any::new(Tag::Sequence, vec![]).unwrap(),
                authtime: at(NOW - Duration::from_secs(60)),
                starttime: None,
                endtime: at(NOW + Duration::from_secs(3600)),
                renew_till: None,
                caddr: None,
                authorization_data: None,
            },
            authenticator: Authenticator {
                authenticator_vno: VERSION,
                crealm: text_of(REALM),
                cname: name(1, &["alice"]),
                cksum: Some(cksum),
                cusec: 5,
                ctime: at(NOW),
                subkey: Some(key(3)),
                seq_number: None,
                authorization_data: None,
            },
            service_key: 1,
            sealing_key: 2,
        }
    }

    fn token(self) -> Vec<u8> {
        let part = messages::to_application(self.part, 3).unwrap();
        let ticket = Ticket {
            tkt_vno: VERSION,
            realm: text_of(REALM),
            sname: name(2, &["HTTP", "localhost"]),
            enc_part: sealed(self.service_key, usage::TICKET, &part, Some(4)),
        };
        let authenticator = messages::to_application(self.authenticator, 2).unwrap();
        let request = ApReq {
            pvno: VERSION,
            msg_type: 14,
            ap_options: BitString::from_bytes(&[0; 4]).unwrap(),
            ticket: der::Decode::from_der(&messages::to_application(ticket, 1).unwrap()).unwrap(),
            authenticator: sealed(self.sealing_key, usage::AP_REQ_AUTHENTICATOR, &authenticator, None),
        };
        messages::frame(messages::AP_REQ, &messages::to_application(request, 14).unwrap()).unwrap()
    }
}

fn acceptor() -> Acceptor {
    Acceptor::new(Keytab::parse(&keytab::tests::sample(18, &[1; 32], 4)).unwrap())
}

fn refused(change: impl FnOnce(&mut Client)) -> KerberosError {
    let mut client = Client::new();
    change(&mut client);
    acceptor().accept(&client.token(), Some(&CHANNEL), NOW).unwrap_err().error
}

#[test]
fn a_client_with_a_ticket_is_accepted_once_and_has_the_server_proven() {
    let (acceptor, token) = (acceptor(), Client::new().token());
    let accepted = acceptor.accept(&token, Some(&CHANNEL), NOW).unwrap();
    assert_eq!(accepted.client, "alice@EXAMPLE.TEST");
    let answer = accepted.answer.unwrap();
    let reply: ApRep = application(messages::unframe(&answer, messages::AP_REP).unwrap(), 15).unwrap();
    let plain = decrypt(&Key::new(18, &[2; 32]).unwrap(), usage::AP_REP, &reply.enc_part).unwrap();
    let part: EncApRepPart = application(&plain, 27).unwrap();
    assert_eq!((part.ctime, part.cusec), (at(NOW), 5));
    // Codes are under the client's subkey.
    let signer = Signer::new(Key::new(18, &[3; 32]).unwrap());
    assert!(accepted.signer.verify(b"list", &signer.sign_as_initiator(b"list")));

    let again = acceptor.accept(&token, Some(&CHANNEL), NOW + Duration::from_secs(1)).unwrap_err();
    assert!(matches!(again.error, KerberosError::Replay));
}

#[test]
fn a_clock_too_far_off_is_told_the_time() {
    for off in [NOW - MAX_SKEW - Duration::from_secs(1), NOW + MAX_SKEW + Duration::from_secs(1)] {
        let mut client = Client::new();
        client.authenticator.ctime = at(off);
        let refusal = acceptor().accept(&client.token(), Some(&CHANNEL), NOW).unwrap_err();
        assert!(matches!(refusal.error, KerberosError::Skew));
        let answer = refusal.answer.unwrap();
        let error: KrbError = application(messages::unframe(&answer, messages::ERROR).unwrap(), 30).unwrap();
        assert_eq!((error.error_code, error.stime), (37, at(NOW)));
    }
}

#[test]
fn tickets_out_of_their_time_are_refused() {
    let late = refused(|client| client.part.endtime = at(NOW - MAX_SKEW - Duration::from_secs(1)));
    assert!(matches!(late, KerberosError::Ticket("expired")));
    let early = refused(|client| client.part.starttime = Some(at(NOW + MAX_SKEW + Duration::from_secs(1))));
    assert!(matches!(early, KerberosError::Ticket("not yet valid")));
    let invalid = refused(|client| client.part.flags = BitString::from_bytes(&[1, 0, 0, 0]).unwrap());
    assert!(matches!(invalid, KerberosError::Ticket("invalid")));
}

#[test]
fn keys_names_and_channels_have_to_agree() {
    assert!(matches!(refused(|client| client.service_key = 9), KerberosError::Wrong("ticket")));
    assert!(matches!(refused(|client| client.sealing_key = 9), KerberosError::Wrong("authenticator")));
    let other = refused(|client| client.authenticator.cname = name(1, &["bob"]));
    assert!(matches!(other, KerberosError::Wrong("name in the authenticator")));
    let realm = refused(|client| {
        client.part.crealm = text_of("OTHER.TEST");
        client.authenticator.crealm = text_of("OTHER.TEST");
    });
    assert!(matches!(realm, KerberosError::Ticket("of a client of another realm")));
    let slash = refused(|client| {
        client.part.cname = name(1, &["alice@OTHER.TEST"]);
        client.authenticator.cname = name(1, &["alice@OTHER.TEST"]);
    });
    assert!(matches!(slash, KerberosError::Form(_)));
    let elsewhere = acceptor().accept(&Client::new().token(), Some(&[1; 16]), NOW).unwrap_err();
    assert!(matches!(elsewhere.error, KerberosError::Wrong("channel")));
    assert!(acceptor().accept(&Client::new().token(), None, NOW).is_ok());
    assert!(matches!(refused(|client| client.authenticator.cksum = None), KerberosError::Form(_)));
}

#[test]
fn a_token_cut_or_changed_anywhere_is_refused() {
    let token = Client::new().token();
    let acceptor = acceptor();
    for place in 0..token.len() {
        let mut changed = token.clone();
        changed[place] ^= 0x10;
        // The times and texts that stand in the clear do not decide anything; the keys and what they seal do.
        let _ = acceptor.accept(&changed, Some(&CHANNEL), NOW);
        assert!(acceptor.accept(&token[..place], Some(&CHANNEL), NOW).is_err(), "{place}");
    }
    let other = Any::new(Tag::Sequence, vec![]).unwrap().to_der().unwrap();
    assert!(acceptor.accept(&other, Some(&CHANNEL), NOW).is_err());
}
