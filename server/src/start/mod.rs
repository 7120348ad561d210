//! What a server needs before it listens: its data directory, certificates, users, and at the first start
//! a sample mailbox.
//!
//! ```text
//! DATA/tls/                 certificate authority and certificate
//! DATA/store/               users and mailboxes
//! DATA/sample-accounts.txt  the sample accounts with their passwords
//! ```
//!
//! Everything is for its owner only, but for the certificate of the authority. Interrupted at any point,
//! the first start begins anew the next time.

mod accounts;
mod first;
mod welcome;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::auth::ntlm::{Vault, VaultError};
use crate::auth::password::HashError;
use crate::config::{Config, SampleAccountsRefused, allow_sample_accounts};
use crate::import::ImportError;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use crate::tls::files::create_private_dir;
use crate::tls::{self, FileError, TlsError};

pub use accounts::StoreAccounts;
pub use first::{FirstStart, SAMPLE_ACCOUNTS_FILE, SampleAccount};
pub use welcome::Welcome;

/// The directory of the store in the data directory.
const STORE_DIRECTORY: &str = "store";

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The sample accounts would be reachable from other machines.
    #[error("{0}; a server for other machines needs a data directory without them")]
    SampleAccounts(#[from] SampleAccountsRefused),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store cannot be used.
    #[error("the store in {directory}: {source}")]
    Store {
        /// Where it is.
        directory: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The key of NTLM's secrets cannot be used.
    #[error("NTLM: {0}")]
    Vault(#[from] VaultError),
    /// A password could not be made.
    #[error("no password can be made: {0}")]
    Password(#[from] HashError),
    /// The sample mailbox could not be filled.
    #[error("the sample mailbox cannot be made: {0}")]
    Sample(#[from] ImportError),
}

/// All that [`crate::transport::Server::bind`] wants besides the configuration.
pub struct Prepared {
    /// Users and mailboxes.
    pub store: Arc<dyn Store>,
    /// The users as authentication sees them.
    pub accounts: Arc<StoreAccounts>,
    /// Certificates.
    pub tls: Arc<rustls::ServerConfig>,
    /// The sample accounts, when this start made them.
    pub first: Option<FirstStart>,
}

/// Makes what is missing in the data directory and opens it.
///
/// # Errors
/// [`StartError`]. On [`StartError::SampleAccounts`] nothing has been made.
pub fn prepare(config: &Config, now: SystemTime) -> Result<Prepared, StartError> {
    let directory = config.data_dir.join(STORE_DIRECTORY);
    let is_first = !directory.exists();
    if is_first {
        allow_sample_accounts(config.listen)?;
    }
    create_private_dir(&config.data_dir)?;
    let tls = tls::server_config(&config.data_dir, config.certificate.as_ref(), now)?;
    let first = if is_first { Some(first::make(&config.data_dir, &directory)?) } else { None };
    let failed = |source| StartError::Store { directory: directory.clone(), source };
    let store = SqliteStore::open(&directory).map_err(failed)?;
    if has_sample_accounts(&store).map_err(failed)? {
        allow_sample_accounts(config.listen)?;
    }
    let store: Arc<dyn Store> = Arc::new(store);
    let mut accounts = StoreAccounts::new(Arc::clone(&store));
    if config.authentication.ntlm {
        accounts = accounts.with_vault(Vault::ensure(&config.data_dir)?);
    }
    let accounts = Arc::new(accounts);
    Ok(Prepared { store, accounts, tls, first })
}

fn has_sample_accounts(store: &dyn Store) -> Result<bool, StoreError> {
    for address in first::ADDRESSES {
        if store.user_by_address(address)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
