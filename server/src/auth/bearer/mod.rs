//! Bearer tokens (RFC 6750) that are JSON Web Tokens (RFC 7519): signed by a known key of one issuer, for one audience, and
//! valid now.
//!
//! Algorithms are those of [`ALGORITHMS`], all asymmetric: `none` and HMAC, with which a public key could be taken for a
//! secret, are not among them whatever a token or a key says.

mod keys;

use std::collections::BTreeMap;
use std::time::Instant;

use jsonwebtoken::jwk::PublicKeyUse;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::canonical_address;
use crate::config::BearerSettings;
use keys::Keys;
pub use keys::{KeyError, KeySource};

/// The algorithms of signatures that are taken.
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// The longest token taken, in bytes.
const MAX_TOKEN: usize = 16 * 1024;
/// How far the clocks of issuer and server may be apart, in seconds.
const LEEWAY: u64 = 60;

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// It is no token, is signed with an algorithm that is not served, is not for this server, or not valid now.
    #[error("the token is not taken: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// It is not what it has to be.
    #[error("the token has {0}")]
    Form(&'static str),
    /// The issuer has no such key.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
}

/// The claims that are looked at here; the others are looked at by the library.
#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(flatten)]
    all: BTreeMap<String, serde_json::Value>,
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Bearer {
    settings: BearerSettings,
    keys: Keys,
}

impl Bearer {
    /// Reads the keys; those of a URL come when the first token does.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn new(settings: &BearerSettings) -> Result<Self, KeyError> {
        Ok(Self { settings: settings.clone(), keys: Keys::new(&settings.keys, settings.ca.as_deref())? })
    }

    /// The canonical mail address that a token names.
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn verify(&self, token: &str, now: Instant) -> Result<String, BearerError> {
        if token.len() > MAX_TOKEN {
            return Err(BearerError::Form("too many bytes"));
        }
        let header = decode_header(token)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(BearerError::Form("an algorithm that is not served"));
        }
        // What a critical extension asks for is not done here (RFC 7515 4.1.11).
        if header.crit.is_some() {
            return Err(BearerError::Form("a critical extension"));
        }
        let key = self.keys.find(header.kid.as_deref(), now).await.ok_or(BearerError::UnknownKey)?;
        let made_for = key.common.key_algorithm.map(|algorithm| algorithm.to_string());
        if made_for.is_some_and(|algorithm| algorithm != format!("{:?}", header.alg)) {
            return Err(BearerError::Form("another algorithm than its key is for"));
        }
        if key.common.public_key_use.as_ref().is_some_and(|r#use| *r#use != PublicKeyUse::Signature) {
            return Err(BearerError::Form("a key that is not for signatures"));
        }
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        let claims = decode::<Claims>(token, &DecodingKey::from_jwk(&key)?, &validation)?.claims;
        let address = claims.all.get(&self.settings.claim).and_then(serde_json::Value::as_str);
        address.and_then(canonical_address).ok_or(BearerError::Form("no mail address"))
    }
}

/// The token of an Authorization header (RFC 6750 2.1); `None` for other schemes.
pub(super) fn token(header: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests;
