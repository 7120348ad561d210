#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! The published example of MS-NLMP 4.2.4, and a client of our own for what it does not have.

use super::*;

/// `text` without anything but hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter_map(|digit| char::from(digit).to_digit(16).map(|d| d as u8)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];
const NOW: FileTime = FileTime(0x01DC_0000_0000_0000);

fn names() -> ServerNames {
    ServerNames { host: "mail.example.test".to_owned(), domain: "example.test".to_owned() }
}

fn negotiate(flags: u32) -> Vec<u8> {
    let message = NegotiateMessage { negotiate_flags: NegotiateFlags(flags), payload: Blob::Borrowed(&[]) };
    let mut packed = Encoder::new();
    message.pack(&mut packed).unwrap();
    packed.into_vec()
}

const ASKED: u32 = 0xE208_8297;

fn challenge() -> Challenge {
    Challenge::answer(&negotiate(ASKED), &names(), NONCE, NOW).unwrap()
}

#[test]
fn the_published_example_is_accepted_and_gives_the_published_key() {
    let authenticate = hex(
        "4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000100010005c0000001000
         1000d8000000358288e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d0050005500540045005200
         86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa68cd0ab851e51c96aabc927bebef6a1c0101000000000000000000000000
         0000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000
         c5dad2544fc9799094ce1ce90bc9d03e",
    );
    let sent = Challenge { negotiate: Vec::new(), message: Vec::new(), nonce: NONCE, sent: FileTime(0) };
    let claim = sent.claim(&authenticate).unwrap();
    assert_eq!((claim.user(), claim.domain()), ("User", "Domain"));
    let hash = NtHash::of_password("Password");
    assert_eq!(hash.response_key("User", "Domain").to_vec(), hex("0c868a403bfd7a93a3001ef22ef02e3f"));
    // RandomSessionKey of MS-NLMP 4.2.1.
    assert_eq!(claim.verify(&hash, None).unwrap(), SessionKey([0x55; 16]));
    assert!(matches!(claim.verify(&NtHash::of_password("password"), None), Err(NtlmError::Wrong("proof"))));
}

/// What a client sends, for what a test wants to be different.
struct Client {
    user: &'static str,
    password: &'static str,
    key: Option<[u8; 16]>,
    mic: bool,
    binding: Option<[u8; 16]>,
    time: FileTime,
}

impl Default for Client {
    fn default() -> Self {
        Self { user: "ada@example.test", password: "secret", key: Some([9; 16]), mic: true, binding: None, time: NOW }
    }
}

impl Client {
    fn authenticate(&self, challenge: &Challenge) -> Vec<u8> {
        let sent = ChallengeMessage::unpack(&mut Cursor::new(challenge.message())).unwrap();
        let info = sent.target_info.unwrap();
        let mut pairs = TargetInfo::unpack(&mut Cursor::new(&info)).unwrap().av_pairs;
        let end = pairs.pop().unwrap();
        if self.mic {
            pairs.push(AvPair { value: AvPairValue::Flags(AvFlags::MIC_PROVIDED) });
        }
        if let Some(hash) = self.binding {
            pairs.push(AvPair { value: AvPairValue::ChannelBindings(hash) });
        }
        pairs.push(end);
        let blob = Ntlmv2ClientChallenge {
            time_stamp: self.time,
            challenge_from_client: [3; 8],
            av_pairs: TargetInfo { av_pairs: pairs },
            trailer: Blob::Borrowed(&[0; 4]),
        };
        let mut packed = Encoder::new();
        blob.pack(&mut packed).unwrap();
        let temp = packed.into_vec();
        let key = NtHash::of_password(self.password).response_key(self.user, "");
        let proof = crypto::hmac_md5(&key, &[&sent.server_challenge, &temp]);
        let base = crypto::hmac_md5(&key, &[&proof]);
        let flags = sent.negotiate_flags.0 & !if self.key.is_none() { 0x4000_0000 } else { 0 };
        let response = [proof.as_slice(), &temp].concat();
        let mut message = AuthenticateMessage {
            lm_challenge_response_max_len: 0,
            nt_challenge_response_max_len: response.len() as u16,
            domain_name_max_len: 0,
            user_name_max_len: 0,
            workstation_max_len: 0,
            encrypted_random_session_key_max_len: 0,
            negotiate_flags: NegotiateFlags(flags),
            version: Some(VERSION),
            mic: Some([0; 16]),
            domain_name: Some(Blob::Borrowed(&[])),
            user_name: Some(Blob::Owned(utf16(self.user))),
            workstation: Some(Blob::Borrowed(&[])),
            lm_challenge_response: Some(Blob::Borrowed(&[0; 24])),
            nt_challenge_response: Some(Blob::Owned(response)),
            encrypted_random_session_key: self.key.map(|key| Blob::Owned(crypto::rc4(&base, key).to_vec())),
        };
        let pack = |message: &AuthenticateMessage<'_>| {
            let mut packed = Encoder::new();
            message.pack(&mut packed, AuthenticateForm::Mic).unwrap();
            packed.into_vec()
        };
        let without = pack(&message);
        let key = self.key.unwrap_or(base);
        message.mic = Some(crypto::hmac_md5(&key, &[&challenge.negotiate, challenge.message(), &without]));
        pack(&message)
    }

    fn outcome(&self, channel: Option<&[u8; 16]>) -> Result<SessionKey, NtlmError> {
        let challenge = challenge();
        let message = self.authenticate(&challenge);
        challenge.claim(&message)?.verify(&NtHash::of_password("secret"), channel)
    }
}

#[test]
fn a_right_password_is_accepted_with_and_without_integrity_code_and_key_exchange() {
    for mic in [true, false] {
        for key in [Some([9; 16]), None] {
            let outcome = Client { mic, key, ..Client::default() }.outcome(None).unwrap();
            assert!(key.is_none_or(|key| outcome == SessionKey(key)));
        }
    }
}

#[test]
fn a_wrong_password_or_user_is_refused_with_and_without_integrity_code() {
    for mic in [true, false] {
        let outcome = Client { mic, password: "Secret", ..Client::default() }.outcome(None);
        assert!(matches!(outcome, Err(NtlmError::Wrong("proof"))));
    }
    let challenge = challenge();
    let message = Client { user: "bob@example.test", ..Client::default() }.authenticate(&challenge);
    // The proof is the other user's own: the name is part of it.
    let mut claim = challenge.claim(&message).unwrap();
    claim.user = "ada@example.test".to_owned();
    assert!(matches!(claim.verify(&NtHash::of_password("secret"), None), Err(NtlmError::Wrong("proof"))));
}

#[test]
fn a_changed_message_is_refused() {
    let challenge_of = || challenge();
    let message = Client::default().authenticate(&challenge_of());
    for index in [12, 60, 64, 72, 87, message.len() - 1] {
        let mut changed = message.clone();
        changed[index] ^= 1;
        let outcome =
            challenge_of().claim(&changed).and_then(|claim| claim.verify(&NtHash::of_password("secret"), None));
        assert!(outcome.is_err(), "{index}");
    }
    // The first message is under the code, too: asking for less than was asked for is noticed.
    let weakened = Challenge::answer(&negotiate(ASKED & !0x4000_0000), &names(), NONCE, NOW).unwrap();
    let sent = Challenge { negotiate: weakened.negotiate, ..challenge_of() };
    let outcome = sent.claim(&message).unwrap().verify(&NtHash::of_password("secret"), None);
    assert!(matches!(outcome, Err(NtlmError::Wrong("integrity code"))));
}

#[test]
fn a_replayed_answer_is_refused() {
    let message = Client::default().authenticate(&challenge());
    let other = Challenge::answer(&negotiate(ASKED), &names(), [8; 8], NOW).unwrap();
    let outcome = other.claim(&message).unwrap().verify(&NtHash::of_password("secret"), None);
    assert!(matches!(outcome, Err(NtlmError::Wrong("proof"))));
    let late = Client { time: FileTime(NOW.0 - MAX_SKEW - 1), ..Client::default() };
    assert!(matches!(late.outcome(None), Err(NtlmError::Wrong("time"))));
}

#[test]
fn a_relayed_channel_is_refused() {
    let [ours, theirs] = [channel_hash(&[1; 32]).unwrap(), channel_hash(&[2; 32]).unwrap()];
    let relayed = Client { binding: Some(theirs), ..Client::default() };
    assert!(matches!(relayed.outcome(Some(&ours)), Err(NtlmError::Wrong("channel"))));
    Client { binding: Some(ours), ..Client::default() }.outcome(Some(&ours)).unwrap();
    Client { binding: Some([0; 16]), ..Client::default() }.outcome(Some(&ours)).unwrap();
    Client::default().outcome(Some(&ours)).unwrap();
}

#[test]
fn clients_that_offer_too_little_are_refused() {
    let neither = Challenge::answer(&negotiate(ASKED & !3), &names(), NONCE, NOW);
    assert!(matches!(neither, Err(NtlmError::Unsupported("no form of texts"))));
    let nameless = Client { user: "", ..Client::default() }.outcome(None);
    assert!(matches!(nameless, Err(NtlmError::Unsupported("no name"))));
    let challenge = challenge();
    let message = Client::default().authenticate(&challenge);
    let mut parsed = AuthenticateMessage::unpack(&mut Cursor::new(&message), AuthenticateForm::Plain).unwrap();
    parsed.nt_challenge_response = Some(Blob::Borrowed(&[1; 24]));
    let mut packed = Encoder::new();
    parsed.pack(&mut packed, AuthenticateForm::Plain).unwrap();
    assert!(matches!(challenge.claim(packed.as_slice()), Err(NtlmError::Unsupported("no NTLMv2"))));
}

#[test]
fn truncated_messages_are_refused() {
    let first = negotiate(ASKED);
    for end in 0..first.len() {
        assert!(Challenge::answer(&first[..end], &names(), NONCE, NOW).is_err(), "{end}");
    }
    let message = Client::default().authenticate(&challenge());
    for end in 0..message.len() {
        let outcome =
            challenge().claim(&message[..end]).and_then(|claim| claim.verify(&NtHash::of_password("secret"), None));
        assert!(outcome.is_err(), "{end}");
    }
}

#[test]
fn capitals_are_one_for_one() {
    let hash = NtHash::of_password("x");
    assert_eq!(hash.response_key("zoë", "D"), hash.response_key("ZOË", "D"));
    assert_ne!(hash.response_key("straße", "D"), hash.response_key("STRASSE", "D"));
    assert_ne!(hash.response_key("a", "d"), hash.response_key("a", "D"));
}
