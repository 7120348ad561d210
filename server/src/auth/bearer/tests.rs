#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

struct Issuer {
    key: EncodingKey,
    pair: rcgen::KeyPair,
    place: tempfile::TempDir,
}

impl Issuer {
    /// An issuer with one ES256 key named `first` in its file.
    fn new() -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_der(pair.serialized_der());
        let issuer = Self { key, pair, place: tempfile::tempdir().unwrap() };
        let mut jwk = Jwk::from_encoding_key(&issuer.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("first".to_owned());
        issuer.write(vec![jwk]);
        issuer
    }

    fn write(&self, keys: Vec<Jwk>) {
        std::fs::write(self.place.path().join("keys"), serde_json::to_vec(&JwkSet { keys }).unwrap()).unwrap();
    }

    fn bearer(&self) -> Bearer {
        let settings = BearerSettings {
            issuer: "https://issuer.test".to_owned(),
            audience: "https://mail.example.test".to_owned(),
            keys: self.place.path().join("keys").display().to_string(),
            claim: "email".to_owned(),
            ca: None,
        };
        Bearer::new(&settings).unwrap()
    }

    fn token(&self, kid: Option<&str>, change: impl FnOnce(&mut Value)) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": "https://issuer.test", "aud": "https://mail.example.test", "email": "Ada@Example.test",
            "exp": now + 600, "nbf": now - 10,
        });
        change(&mut claims);
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &self.key).unwrap()
    }
}

async fn verify(bearer: &Bearer, token: &str) -> Result<String, BearerError> {
    bearer.verify(token, Instant::now()).await
}

#[tokio::test]
async fn a_token_of_the_issuer_names_its_account() {
    let issuer = Issuer::new();
    let bearer = issuer.bearer();
    assert_eq!(verify(&bearer, &issuer.token(Some("first"), |_| ())).await.unwrap(), "ada@example.test");
    assert_eq!(verify(&bearer, &issuer.token(None, |_| ())).await.unwrap(), "ada@example.test");
    let several = issuer.token(Some("first"), |claims| claims["aud"] = json!(["x", "https://mail.example.test"]));
    assert!(verify(&bearer, &several).await.is_ok());
}

#[tokio::test]
async fn tokens_for_others_of_others_or_out_of_their_time_are_refused() {
    let issuer = Issuer::new();
    let bearer = issuer.bearer();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let changes: [(&str, Option<Value>); 10] = [
        ("iss", Some(json!("https://other.test"))),
        ("iss", None),
        ("aud", Some(json!("https://other.test"))),
        ("aud", None),
        ("exp", Some(json!(now - 2 * LEEWAY))),
        ("exp", None),
        ("nbf", Some(json!(now + 2 * LEEWAY))),
        ("email", Some(json!("no address"))),
        ("email", Some(json!(["ada@example.test"]))),
        ("email", None),
    ];
    for (name, value) in changes {
        let token = issuer.token(Some("first"), |claims| match &value {
            Some(value) => claims[name] = value.clone(),
            None => drop(claims.as_object_mut().unwrap().remove(name)),
        });
        assert!(verify(&bearer, &token).await.is_err(), "{name}: {value:?}");
    }
}

#[tokio::test]
async fn no_other_key_algorithm_or_signature_is_taken() {
    let issuer = Issuer::new();
    let bearer = issuer.bearer();
    let token = issuer.token(Some("first"), |_| ());
    // An unknown name of a key, and another's key of the right name.
    assert!(matches!(verify(&bearer, &issuer.token(Some("second"), |_| ())).await, Err(BearerError::UnknownKey)));
    assert!(verify(&bearer, &Issuer::new().token(Some("first"), |_| ())).await.is_err());
    // The public key taken for a secret.
    let public = issuer.pair.public_key_raw().to_vec();
    let header = Header { kid: Some("first".to_owned()), ..Header::new(Algorithm::HS256) };
    let claims =
        json!({"iss": "https://issuer.test", "aud": "https://mail.example.test", "email": "a@b.c", "exp": 9e9});
    let forged = encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap();
    assert!(verify(&bearer, &forged).await.is_err());
    // No signature at all, in both spellings of the header.
    let parts: Vec<&str> = token.split('.').collect();
    for header in ["{\"alg\":\"none\",\"kid\":\"first\"}", "{\"alg\":\"None\",\"kid\":\"first\",\"typ\":\"JWT\"}"] {
        use base64::Engine as _;
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        for unsigned in [format!("{header}.{}.", parts[1]), format!("{header}.{}.{}", parts[1], parts[2])] {
            assert!(verify(&bearer, &unsigned).await.is_err());
        }
    }
    assert!(verify(&bearer, &format!("{}.{}.", parts[0], parts[1])).await.is_err());
    assert!(verify(&bearer, &token[..token.len() - 4]).await.is_err());
    assert!(verify(&bearer, "").await.is_err());
}

#[tokio::test]
async fn a_key_is_for_its_algorithm_and_use() {
    let issuer = Issuer::new();
    let mut jwk = Jwk::from_encoding_key(&issuer.key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("first".to_owned());
    jwk.common.key_algorithm = Some(KeyAlgorithm::ES384);
    issuer.write(vec![jwk.clone()]);
    assert!(matches!(verify(&issuer.bearer(), &issuer.token(Some("first"), |_| ())).await, Err(BearerError::Form(_))));
    jwk.common.key_algorithm = Some(KeyAlgorithm::ES256);
    jwk.common.public_key_use = Some(PublicKeyUse::Encryption);
    issuer.write(vec![jwk]);
    assert!(matches!(verify(&issuer.bearer(), &issuer.token(Some("first"), |_| ())).await, Err(BearerError::Form(_))));
}

#[tokio::test]
async fn new_keys_are_found_and_old_ones_forgotten() {
    let (issuer, next) = (Issuer::new(), Issuer::new());
    let bearer = issuer.bearer();
    let now = Instant::now();
    assert!(bearer.verify(&issuer.token(Some("first"), |_| ()), now).await.is_ok());
    let mut jwk = Jwk::from_encoding_key(&next.key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("second".to_owned());
    issuer.write(vec![jwk]);
    // Not read again for every unknown key, yet soon.
    let second = next.token(Some("second"), |_| ());
    assert!(bearer.verify(&second, now + std::time::Duration::from_secs(1)).await.is_err());
    let later = now + std::time::Duration::from_secs(30);
    assert!(bearer.verify(&second, later).await.is_ok());
    assert!(bearer.verify(&issuer.token(Some("first"), |_| ()), later).await.is_err());
    // Keys that cannot be had leave those that are known.
    issuer.write(vec![]);
    std::fs::write(issuer.place.path().join("keys"), "x").unwrap();
    assert!(bearer.verify(&second, later + std::time::Duration::from_secs(7200)).await.is_ok());
}
