//! The users of the store as authentication and Autodiscover see them.

use std::sync::Arc;

use crate::auth::ntlm::{NtHash, Vault, VaultError};
use crate::auth::{Account, Accounts, AccountsUnavailable, canonical_address};
use crate::store::{Store, StoreError};

/// The users of a store.
pub struct StoreAccounts {
    store: Arc<dyn Store>,
    vault: Option<Vault>,
}

impl StoreAccounts {
    /// The users of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, vault: None }
    }

    /// The same with what opens the secrets of NTLM.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault: Some(vault), ..self }
    }

    fn read(&self, address: &str) -> Result<Option<Account>, StoreError> {
        let Some(user) = self.store.user_by_address(address)? else {
            return Ok(None);
        };
        let credentials = self.store.credentials(address)?;
        Ok(credentials.map(|credentials| Account {
            address: user.address,
            display_name: user.display_name,
            legacy_dn: user.legacy_dn,
            mailbox_guid: user.mailbox.to_string(),
            password_hash: credentials.password_hash,
            generation: credentials.generation,
            locked: false,
        }))
    }
}

impl Accounts for StoreAccounts {
    fn find(&self, address: &str) -> Result<Option<Account>, AccountsUnavailable> {
        self.read(address).map_err(unavailable)
    }

    /// A domain without a dot is the first label of one, as NetBIOS has it; an empty one is any. A name that two
    /// domains have is nobody's.
    fn find_named(&self, user: &str, domain: &str) -> Result<Option<Account>, AccountsUnavailable> {
        if user.contains('@') || domain.contains('.') {
            let address = if user.contains('@') { user.to_owned() } else { format!("{user}@{domain}") };
            return canonical_address(&address).map_or(Ok(None), |address| self.find(&address));
        }
        let (user, domain) = (user.to_lowercase(), domain.to_lowercase());
        let means = |address: &str| {
            address.split_once('@').is_some_and(|(local, its)| {
                let label = its.split('.').next().unwrap_or(its);
                local == user && (domain.is_empty() || label == domain)
            })
        };
        let users = self.store.users().map_err(unavailable)?;
        let mut meant = users.iter().filter(|known| means(&known.address));
        match (meant.next(), meant.next()) {
            (Some(only), None) => self.find(&only.address),
            _ => Ok(None),
        }
    }

    fn nt_hash(&self, address: &str) -> Result<Option<NtHash>, AccountsUnavailable> {
        let credentials = self.store.credentials(address).map_err(unavailable)?;
        let secret = credentials.and_then(|credentials| credentials.nt_secret);
        let (Some(vault), Some(secret)) = (&self.vault, secret) else {
            return Ok(None);
        };
        vault.open(address, &secret).map(Some).map_err(|error: VaultError| AccountsUnavailable(Box::new(error)))
    }
}

fn unavailable(error: StoreError) -> AccountsUnavailable {
    AccountsUnavailable(Box::new(error))
}
