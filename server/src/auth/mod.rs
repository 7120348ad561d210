//! Who is calling: accounts, Basic authentication, and the bounds that keep guessing expensive.

pub mod authenticator;
pub mod basic;
#[cfg(feature = "bearer")]
pub mod bearer;
pub mod cache;
pub mod connection;
pub mod directory;
#[cfg(feature = "negotiate")]
pub mod kerberos;
pub mod limiter;
#[cfg(feature = "negotiate")]
mod negotiate;
pub mod ntlm;
pub mod password;

pub use authenticator::{AuthFailure, Authenticator};
pub use directory::UserDirectory;

/// One account as authentication and Autodiscover see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The canonical mail address, in lower case.
    pub address: String,
    /// The name shown to people.
    pub display_name: String,
    /// The legacyExchangeDN, as [`legacy_dn`] makes it.
    pub legacy_dn: String,
    /// The GUID of the mailbox as 8-4-4-4-12 hexadecimal digits.
    pub mailbox_guid: String,
    /// The argon2id hash of the password in PHC string form.
    pub password_hash: String,
    /// A number that changes whenever the password does or the account is locked.
    pub generation: u64,
    /// A locked account is refused whatever the password.
    pub locked: bool,
}

/// Password hashes stay out of logs.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("address", &self.address)
            .field("legacy_dn", &self.legacy_dn)
            .field("generation", &self.generation)
            .field("locked", &self.locked)
            .finish_non_exhaustive()
    }
}

/// Where accounts are kept.
pub trait Accounts: Send + Sync + 'static {
    /// The account with this canonical mail address (lower case). May block.
    ///
    /// # Errors
    /// [`AccountsUnavailable`] when the answer cannot be had; it is never mistaken for an unknown user.
    fn find(&self, address: &str) -> Result<Option<Account>, AccountsUnavailable>;

    /// The account that a user means by a name and a domain, as in `DOMAIN\\name`; a mail address stands for itself.
    /// May block.
    ///
    /// # Errors
    /// As [`Accounts::find`].
    fn find_named(&self, user: &str, domain: &str) -> Result<Option<Account>, AccountsUnavailable> {
        let address = if user.contains('@') { user.to_owned() } else { format!("{user}@{domain}") };
        canonical_address(&address).map_or(Ok(None), |address| self.find(&address))
    }

    /// The account of somebody else with this address, where `account` has rights in its mailbox. May block.
    ///
    /// # Errors
    /// As [`Accounts::find`].
    fn shared_with(&self, _account: &Account, _address: &str) -> Result<Option<Account>, AccountsUnavailable> {
        Ok(None)
    }

    /// What NTLM verifies the account with this address against; `None` where NTLM is not for it. May block.
    ///
    /// # Errors
    /// As [`Accounts::find`].
    fn nt_hash(&self, _address: &str) -> Result<Option<ntlm::NtHash>, AccountsUnavailable> {
        Ok(None)
    }
}

/// The accounts could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the accounts cannot be read: {0}")]
pub struct AccountsUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The longest mail address taken, in bytes (RFC 5321 4.5.3.1.3).
pub const MAX_ADDRESS: usize = 254;

/// The canonical form of a mail address: lower case, one `@`, nothing that would need quoting.
#[must_use]
pub fn canonical_address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let sound = |part: &str| {
        !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c))
    };
    (text.len() <= MAX_ADDRESS && sound(local) && sound(domain)).then(|| text.to_lowercase())
}

/// The legacyExchangeDN of a recipient of `organisation`; `id` is its last part.
#[must_use]
pub fn legacy_dn(organisation: &str, id: &str) -> String {
    format!("/o={organisation}/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(canonical_address(" Ada@Example.TEST ").as_deref(), Some("ada@example.test"));
        assert_eq!(canonical_address("zoë@example.test").as_deref(), Some("zoë@example.test"));
    }

    #[test]
    fn rejects_what_is_no_plain_address() {
        let long = format!("{}@example.test", "a".repeat(MAX_ADDRESS));
        for text in ["", "ada", "@example.test", "ada@", "a@b@c", "a b@c", "a\r\n@c", "<a@b>", "a@b,c@d", &long] {
            assert_eq!(canonical_address(text), None, "{text}");
        }
    }

    #[test]
    fn a_legacy_dn_has_the_four_parts() {
        assert_eq!(
            legacy_dn("Example", "ada"),
            "/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=ada"
        );
    }

    #[test]
    fn debug_output_hides_the_password_hash() {
        let account = Account {
            address: "ada@example.test".to_owned(),
            display_name: "Ada".to_owned(),
            legacy_dn: legacy_dn("Example", "ada"),
            mailbox_guid: String::new(),
            password_hash: "$argon2id$secret".to_owned(),
            generation: 1,
            locked: false,
        };
        assert!(!format!("{account:?}").contains("secret"));
    }
}
