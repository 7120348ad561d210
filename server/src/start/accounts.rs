//! The users of the store as authentication and Autodiscover see them.

use std::sync::Arc;

use crate::auth::{Account, Accounts, AccountsUnavailable};
use crate::store::{Store, StoreError};

/// The users of a store.
pub struct StoreAccounts {
    store: Arc<dyn Store>,
}

impl StoreAccounts {
    /// The users of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
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
        self.read(address).map_err(|error| AccountsUnavailable(Box::new(error)))
    }
}
