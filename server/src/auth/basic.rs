//! Basic credentials (RFC 7617) as an Authorization header carries them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::password::MAX_PASSWORD;
use super::{MAX_ADDRESS, canonical_address};

/// The longest header value read: the longest credentials, coded.
const MAX_HEADER: usize = 16 + (MAX_ADDRESS + 2 + MAX_PASSWORD).div_ceil(3) * 4;

/// A name and a password that nobody has verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    /// The canonical mail address.
    pub address: String,
    /// The password.
    pub password: String,
}

/// Passwords stay out of logs.
impl std::fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BasicCredentials").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The header holds no Basic credentials for a mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header holds no Basic credentials of a mail address")]
pub struct NotBasic;

impl BasicCredentials {
    /// Reads the value of an Authorization header. The user name is a mail address; a domain before a
    /// backslash, as some clients send it, is passed over.
    ///
    /// # Errors
    /// [`NotBasic`] for another scheme, broken coding, or a name that is no mail address.
    pub fn parse(header: &[u8]) -> Result<Self, NotBasic> {
        if header.len() > MAX_HEADER {
            return Err(NotBasic);
        }
        let text = std::str::from_utf8(header).map_err(|_| NotBasic)?;
        let (scheme, coded) = text.trim().split_once(' ').ok_or(NotBasic)?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(NotBasic);
        }
        let plain = STANDARD.decode(coded.trim()).map_err(|_| NotBasic)?;
        let plain = String::from_utf8(plain).map_err(|_| NotBasic)?;
        let (name, password) = plain.split_once(':').ok_or(NotBasic)?;
        let name = name.rsplit_once('\\').map_or(name, |(_, name)| name);
        let address = canonical_address(name).ok_or(NotBasic)?;
        Ok(Self { address, password: password.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header(scheme: &str, plain: &str) -> Vec<u8> {
        format!("{scheme} {}", STANDARD.encode(plain)).into_bytes()
    }

    #[test]
    fn reads_a_name_and_a_password_with_colons() {
        let credentials = BasicCredentials::parse(&header("basic", "Ada@Example.test:p:w\u{e9}")).unwrap();
        assert_eq!(credentials.address, "ada@example.test");
        assert_eq!(credentials.password, "p:w\u{e9}");
        assert!(!format!("{credentials:?}").contains("p:w"));
    }

    #[test]
    fn a_domain_before_a_backslash_is_passed_over() {
        let credentials = BasicCredentials::parse(&header("Basic", "EXAMPLE\\ada@example.test:x")).unwrap();
        assert_eq!(credentials.address, "ada@example.test");
    }

    #[test]
    fn rejects_everything_else() {
        for value in [
            b"".to_vec(),
            b"Basic".to_vec(),
            b"Basic !!!!".to_vec(),
            header("Bearer", "ada@example.test:x"),
            header("Basic", "ada@example.test"),
            header("Basic", "ada:x"),
            b"Basic \xff\xff".to_vec(),
            format!("Basic {}", STANDARD.encode(b"a@b:\xff\xfe")).into_bytes(),
            header("Basic", &format!("ada@example.test:{}", "x".repeat(2 * MAX_PASSWORD))),
        ] {
            assert_eq!(BasicCredentials::parse(&value), Err(NotBasic));
        }
    }

    #[test]
    fn the_longest_credentials_fit() {
        let name = format!("{}@example.test", "a".repeat(MAX_ADDRESS - 13));
        let plain = format!("{name}:{}", "x".repeat(MAX_PASSWORD));
        assert_eq!(BasicCredentials::parse(&header("Basic", &plain)).unwrap().password.len(), MAX_PASSWORD);
    }
}
