//! `user add`, `user passwd`, `user list`, `user delete`.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use server::auth::ntlm::{NtHash, Vault};
use server::auth::{canonical_address, legacy_dn, password};
use server::store::sqlite::SqliteStore;
use server::store::{NewUser, Store as _};

use super::STORE;
use crate::say;

/// The organisation in distinguished names.
const ORGANISATION: &str = "Example";

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a user with an empty mailbox; without a password of yours makes one and shows it
    Add {
        /// The mail address
        address: String,
        /// The name that people see; by default the part of the address before the @
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Let the user log on by NTLM, too: the server then keeps a hash that is as good as the password
        #[arg(long)]
        ntlm: bool,
    },
    /// Gives a user another password; without one of yours makes one and shows it
    Passwd {
        /// The mail address
        address: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Let the user log on by NTLM, too; without it the user no longer can
        #[arg(long)]
        ntlm: bool,
    },
    /// Lists the users
    List,
    /// Removes a user with all mail (the server has to be stopped)
    Delete {
        /// The mail address
        address: String,
        /// The address once more: what is removed cannot be brought back
        #[arg(long, value_name = "ADDRESS")]
        confirm: String,
    },
}

impl UserCommand {
    pub fn run(&self, data_dir: &Path) -> anyhow::Result<()> {
        let store = data_dir.join(STORE);
        match self {
            Self::Add { address, name, password_stdin, ntlm } => {
                let directory = SqliteStore::open_beside(&store)?;
                let address = canonical_address(address).with_context(|| format!("{address} is no mail address"))?;
                let id = address.split('@').next().unwrap_or(&address);
                let chosen = Password::get(*password_stdin)?;
                let user = NewUser {
                    address: &address,
                    display_name: name.as_deref().unwrap_or(id),
                    // Addresses are unique; what stands before the @ need not be.
                    legacy_dn: &legacy_dn(ORGANISATION, &address.replace('@', "-")),
                    password_hash: &password::hash(&chosen.text)?,
                };
                let secret = chosen.nt_secret(*ntlm, data_dir, &address)?;
                directory.create_user(&user)?;
                if secret.is_some() {
                    directory.set_password(&address, user.password_hash, secret.as_deref())?;
                }
                say(&format!("Added {address}.\n{}", chosen.shown()));
            }
            Self::Passwd { address, password_stdin, ntlm } => {
                let directory = SqliteStore::open_beside(&store)?;
                let user = directory.user_by_address(address)?;
                let address = &user.with_context(|| format!("no user has the address {address}"))?.address;
                let chosen = Password::get(*password_stdin)?;
                let secret = chosen.nt_secret(*ntlm, data_dir, address)?;
                directory.set_password(address, &password::hash(&chosen.text)?, secret.as_deref())?;
                say(&format!("{address} has a new password.\n{}", chosen.shown()));
            }
            Self::List => {
                let users = SqliteStore::open_beside(&store)?.users()?;
                let width = users.iter().map(|user| user.address.chars().count()).max().unwrap_or(0);
                for user in users {
                    say(&format!("{:<width$}  {}  {}\n", user.address, user.mailbox, user.display_name));
                }
            }
            Self::Delete { address, confirm } => {
                ensure!(
                    address.eq_ignore_ascii_case(confirm),
                    "nothing removed: --confirm has to repeat the address {address}"
                );
                // Not made when it is missing.
                drop(SqliteStore::open_beside(&store)?);
                SqliteStore::open(&store).context("the server has to be stopped")?.delete_user(address)?;
                say(&format!("Removed {address} and the mailbox.\n"));
            }
        }
        Ok(())
    }
}

/// A password, chosen or made.
struct Password {
    text: String,
    made: bool,
}

impl Password {
    fn get(from_stdin: bool) -> anyhow::Result<Self> {
        if !from_stdin {
            return Ok(Self { text: password::random()?, made: true });
        }
        let input = std::io::stdin();
        if input.is_terminal() {
            say("Password (end with Enter): ");
            let mut text = String::new();
            input.read_line(&mut text).context("no password can be read")?;
            return Self::chosen(&text);
        }
        let mut text = String::new();
        input.take(2 * password::MAX_PASSWORD as u64).read_to_string(&mut text).context("no password can be read")?;
        Self::chosen(&text)
    }

    fn chosen(text: &str) -> anyhow::Result<Self> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            bail!("the password is empty");
        }
        Ok(Self { text: text.to_owned(), made: false })
    }

    /// What NTLM verifies, sealed for this user.
    fn nt_secret(&self, wanted: bool, data_dir: &Path, address: &str) -> anyhow::Result<Option<Vec<u8>>> {
        if !wanted {
            return Ok(None);
        }
        let vault = Vault::ensure(data_dir)?;
        Ok(Some(vault.seal(address, &NtHash::of_password(&self.text))?))
    }

    fn shown(&self) -> String {
        if self.made { format!("The password, not shown again: {}\n", self.text) } else { String::new() }
    }
}
