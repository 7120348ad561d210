//! Accounts in memory, with a file of one account a line when they are to outlive the process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use super::{Account, Accounts, AccountsUnavailable, canonical_address};
use crate::tls::files::{FileError, read_private, write_private};

/// A set of accounts by address.
#[derive(Debug, Default)]
pub struct UserDirectory {
    accounts: RwLock<BTreeMap<String, Account>>,
}

/// Why a directory file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not an account.
    #[error("line {line} of the accounts file: {problem}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A field of an account would not fit into a line.
    #[error("the account {address} has a field with a tab or a line break")]
    Field {
        /// The account.
        address: String,
    },
}

/// The first line of a directory file.
const HEADING: &str = "# address\tdisplay name\tlegacy DN\tmailbox GUID\tgeneration\tlocked\tpassword hash";

impl UserDirectory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an account or replaces the one with its address.
    pub fn insert(&self, account: Account) {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account.address.clone(), account);
    }

    /// Gives an account a new password hash and the next generation; whether it exists.
    pub fn set_password_hash(&self, address: &str, password_hash: String) -> bool {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.get_mut(address);
        let found = account.is_some();
        if let Some(account) = account {
            account.password_hash = password_hash;
            account.generation = account.generation.wrapping_add(1);
        }
        found
    }

    /// Reads a directory file, which only its owner may read.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn load(path: &Path) -> Result<Self, DirectoryError> {
        let text = read_private(path)?;
        let directory = Self::new();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let account = parse_line(line).map_err(|problem| DirectoryError::Line { line: index + 1, problem })?;
            directory.insert(account);
        }
        Ok(directory)
    }

    /// Writes a directory file, whole or not at all.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn save(&self, path: &Path) -> Result<(), DirectoryError> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!("{HEADING}\n");
        for account in accounts.values() {
            text.push_str(&format_line(account)?);
        }
        drop(accounts);
        Ok(write_private(path, text.as_bytes())?)
    }
}

impl Accounts for UserDirectory {
    fn find(&self, address: &str) -> Result<Option<Account>, AccountsUnavailable> {
        Ok(self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(address).cloned())
    }
}

fn format_line(account: &Account) -> Result<String, DirectoryError> {
    let generation = account.generation.to_string();
    let fields = [
        account.address.as_str(),
        &account.display_name,
        &account.legacy_dn,
        &account.mailbox_guid,
        &generation,
        if account.locked { "locked" } else { "" },
        &account.password_hash,
    ];
    if fields.iter().any(|field| field.contains(['\t', '\n', '\r'])) {
        return Err(DirectoryError::Field { address: account.address.clone() });
    }
    Ok(format!("{}\n", fields.join("\t")))
}

fn parse_line(line: &str) -> Result<Account, &'static str> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [address, display_name, legacy_dn, mailbox_guid, generation, locked, password_hash] = *fields else {
        return Err("expected seven fields separated by tabs");
    };
    if canonical_address(address).as_deref() != Some(address) {
        return Err("the address is not in canonical form");
    }
    Ok(Account {
        address: address.to_owned(),
        display_name: display_name.to_owned(),
        legacy_dn: legacy_dn.to_owned(),
        mailbox_guid: mailbox_guid.to_owned(),
        password_hash: password_hash.to_owned(),
        generation: generation.parse().map_err(|_| "the generation is not a number")?,
        locked: match locked {
            "" => false,
            "locked" => true,
            _ => return Err("expected \"locked\" or nothing in the sixth field"),
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::auth::legacy_dn;

    fn account(address: &str) -> Account {
        Account {
            address: address.to_owned(),
            display_name: "Zoë Example".to_owned(),
            legacy_dn: legacy_dn("Example", "zoe"),
            mailbox_guid: "00112233-4455-6677-8899-aabbccddeeff".to_owned(),
            password_hash: "$argon2id$x".to_owned(),
            generation: 3,
            locked: true,
        }
    }

    #[test]
    fn accounts_survive_their_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accounts");
        let directory = UserDirectory::new();
        directory.insert(account("zoe@example.test"));
        directory.insert(Account { locked: false, ..account("ada@example.test") });
        directory.save(&path).unwrap();
        let read = UserDirectory::load(&path).unwrap();
        assert_eq!(read.find("zoe@example.test").unwrap(), Some(account("zoe@example.test")));
        assert!(!read.find("ada@example.test").unwrap().unwrap().locked);
        assert_eq!(read.find("nobody@example.test").unwrap(), None);
    }

    #[test]
    fn a_new_password_is_a_new_generation() {
        let directory = UserDirectory::new();
        directory.insert(account("zoe@example.test"));
        assert!(directory.set_password_hash("zoe@example.test", "$argon2id$y".to_owned()));
        assert_eq!(directory.find("zoe@example.test").unwrap().unwrap().generation, 4);
        assert!(!directory.set_password_hash("nobody@example.test", String::new()));
    }

    #[test]
    fn fields_that_would_break_a_line_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let directory = UserDirectory::new();
        directory.insert(Account { display_name: "a\tb".to_owned(), ..account("zoe@example.test") });
        let saved = directory.save(&dir.path().join("accounts"));
        assert!(matches!(saved, Err(DirectoryError::Field { .. })));
    }

    #[test]
    fn broken_lines_are_named() {
        for line in ["x", "a\tb\tc\td\te\tf\tg", "A@b\t\t\t\t1\t\t", "a@b\t\t\t\tx\t\t", "a@b\t\t\t\t1\tmaybe\t"] {
            assert!(parse_line(line).is_err(), "{line}");
        }
        assert!(parse_line("a@b\t\t\t\t1\t\t").is_ok());
    }
}
