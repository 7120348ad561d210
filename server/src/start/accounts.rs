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

    fn shared_with(&self, account: &Account, address: &str) -> Result<Option<Account>, AccountsUnavailable> {
        let Some(owner) = self.store.user_by_address(address).map_err(unavailable)? else {
            return Ok(None);
        };
        let mailbox = self.store.mailbox(owner.mailbox).map_err(unavailable)?;
        if mailbox.has_rights(&account.legacy_dn).map_err(unavailable)? { self.find(address) } else { Ok(None) }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::auth::legacy_dn;
    use crate::store::sqlite::SqliteStore;
    use crate::store::{MemberChange, NewUser, SpecialFolder};

    #[test]
    fn a_mailbox_is_shared_with_whoever_may_see_a_folder_of_it() {
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let create = |name: &str| {
            let (address, legacy_dn) = (format!("{name}@example.test"), legacy_dn("Example", name));
            let user = NewUser { address: &address, display_name: name, legacy_dn: &legacy_dn, password_hash: "" };
            store.create_user(&user).unwrap()
        };
        let (alice, bob) = (create("alice"), create("bob"));
        let accounts = StoreAccounts::new(Arc::<SqliteStore>::clone(&store));
        let account = accounts.find(&alice.address).unwrap().unwrap();
        let shared = |address: &str| accounts.shared_with(&account, address).unwrap().map(|shared| shared.address);
        assert_eq!(shared(&bob.address), None);

        let mailbox = store.mailbox(bob.mailbox).unwrap();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        // FolderVisible and ReadAny.
        let add = MemberChange::Add { legacy_dn: alice.legacy_dn, name: "Alice".to_owned(), rights: 0x401 };
        mailbox.change_members(inbox, &[add]).unwrap();
        assert_eq!(shared(&bob.address).as_deref(), Some("bob@example.test"));
        assert_eq!(shared("carol@example.test"), None);
        mailbox.change_members(inbox, &[MemberChange::Clear]).unwrap();
        assert_eq!(shared(&bob.address), None);
    }
}
