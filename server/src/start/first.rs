//! The first start: two users with random passwords and a sample mailbox.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use super::StartError;
use crate::auth::legacy_dn;
use crate::auth::password;
use crate::sample;
use crate::store::sqlite::SqliteStore;
use crate::store::{NewUser, Store, StoreError, User};
use crate::tls::FileError;
use crate::tls::files::write_private;

/// The file of the data directory that keeps the passwords of the sample accounts.
pub const SAMPLE_ACCOUNTS_FILE: &str = "sample-accounts.txt";
/// The addresses of the sample accounts; the first has the sample mailbox.
pub(super) const ADDRESSES: [&str; 2] = ["alice@example.test", "bob@example.test"];
const DISPLAY_NAMES: [&str; 2] = ["Alice Example", "Bob Example"];
/// The organisation in the distinguished names of the sample accounts.
const ORGANISATION: &str = "Example";

/// What the first start made.
#[derive(Debug)]
pub struct FirstStart {
    /// The sample accounts.
    pub accounts: Vec<SampleAccount>,
    /// Messages in the sample mailbox.
    pub messages: usize,
}

/// A sample account.
pub struct SampleAccount {
    /// Its mail address.
    pub address: &'static str,
    /// Its password, to be shown once.
    pub password: String,
}

/// Passwords stay out of logs.
impl fmt::Debug for SampleAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SampleAccount").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Makes users, mailboxes and the file with the passwords. The store is made beside `directory` and put in
/// its place when it is complete, so a start that is interrupted leaves none.
pub(super) fn make(data_dir: &Path, directory: &Path) -> Result<FirstStart, StartError> {
    let unfinished = directory.with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(|source| file("remove", &unfinished, source))?;
    }
    let mut accounts = Vec::new();
    for address in ADDRESSES {
        accounts.push(SampleAccount { address, password: password::random()? });
    }
    write_private(&data_dir.join(SAMPLE_ACCOUNTS_FILE), listing(&accounts).as_bytes())?;
    let messages = fill(&unfinished, &accounts)?;
    fs::rename(&unfinished, directory).map_err(|source| file("rename", &unfinished, source))?;
    Ok(FirstStart { accounts, messages })
}

/// Makes the store, closed again when this returns.
fn fill(directory: &Path, accounts: &[SampleAccount]) -> Result<usize, StartError> {
    let failed = |source| StartError::Store { directory: directory.to_owned(), source };
    let store = SqliteStore::open(directory).map_err(failed)?;
    let mut messages = 0;
    for (index, (account, display_name)) in accounts.iter().zip(DISPLAY_NAMES).enumerate() {
        let hash = password::hash(&account.password)?;
        let user = create_user(&store, account.address, display_name, &hash).map_err(failed)?;
        if index == 0 {
            let populated = sample::populate(&store, &user)?;
            for (mail, skipped) in &populated.skipped {
                tracing::debug!(mail, ?skipped, "not everything of a sample mail is in the mailbox");
            }
            messages = populated.messages;
        }
    }
    Ok(messages)
}

fn create_user(store: &dyn Store, address: &str, display_name: &str, password_hash: &str) -> Result<User, StoreError> {
    let id = address.split_once('@').map_or(address, |(local, _)| local);
    store.create_user(&NewUser { address, display_name, legacy_dn: &legacy_dn(ORGANISATION, id), password_hash })
}

/// The content of the file with the passwords.
fn listing(accounts: &[SampleAccount]) -> String {
    let mut text = String::from("# Sample accounts of this server, for this machine only: address, tab, password.\n");
    for account in accounts {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}\t{}", account.address, account.password);
    }
    text
}

fn file(action: &'static str, path: &Path, source: std::io::Error) -> StartError {
    FileError { action, path: path.to_owned(), source }.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn debug_output_hides_passwords() {
        let account = SampleAccount { address: "alice@example.test", password: "secret".to_owned() };
        assert!(!format!("{account:?}").contains("secret"));
    }
}
