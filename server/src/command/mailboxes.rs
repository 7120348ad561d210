//! `mailbox list`, `mailbox export`, `stats`.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use server::export;
use server::store::Store as _;
use server::store::sqlite::SqliteStore;
use server::store::sqlite::maintenance::{figures, snapshot};

use super::{STORE, bytes};
use crate::say;

#[derive(Debug, Subcommand)]
pub enum MailboxCommand {
    /// Lists the mailboxes with their sizes
    List,
    /// Writes all of a mailbox as lines of JSON, also while the server runs
    Export {
        /// The owner's mail address
        address: String,
        /// The file to make
        file: PathBuf,
    },
}

impl MailboxCommand {
    pub fn run(&self, data_dir: &Path) -> anyhow::Result<()> {
        match self {
            Self::List => list(data_dir),
            Self::Export { address, file } => write_out(data_dir, address, file),
        }
    }
}

fn list(data_dir: &Path) -> anyhow::Result<()> {
    let store = data_dir.join(STORE);
    let users = SqliteStore::open_beside(&store)?.users()?;
    let width = users.iter().map(|user| user.address.chars().count()).max().unwrap_or(0);
    say(&format!("{:<width$}  {:>8}  {:>8}  {:>8}  {:>11}\n", "address", "folders", "messages", "unread", "size"));
    for user in users {
        let found = figures(&store, user.mailbox).with_context(|| format!("the mailbox of {}", user.address))?;
        say(&format!(
            "{:<width$}  {:>8}  {:>8}  {:>8}  {:>11}\n",
            user.address,
            found.folders,
            found.messages,
            found.unread,
            bytes(found.message_bytes)
        ));
    }
    Ok(())
}

/// Sums over all mailboxes.
pub fn statistics(data_dir: &Path) -> anyhow::Result<()> {
    let store = data_dir.join(STORE);
    let users = SqliteStore::open_beside(&store)?.users()?;
    let (mut folders, mut messages, mut restorable, mut size) = (0, 0, 0, 0);
    let (mut blobs, mut blob_size, mut file_size) = (0, 0, 0);
    for user in &users {
        let found = figures(&store, user.mailbox).with_context(|| format!("the mailbox of {}", user.address))?;
        folders += found.folders;
        messages += found.messages;
        restorable += found.soft_deleted;
        size += found.message_bytes;
        blobs += found.blobs;
        blob_size += found.blob_bytes;
        file_size += found.file_bytes;
    }
    say(&format!("users             {}\nfolders           {folders}\n", users.len()));
    say(&format!("messages          {messages}, and {restorable} that can be restored: {}\n", bytes(size)));
    say(&format!("large contents    {blobs}, each kept once in a mailbox: {}\n", bytes(blob_size)));
    say(&format!("files             {}\n", bytes(file_size)));
    Ok(())
}

fn write_out(data_dir: &Path, address: &str, file: &Path) -> anyhow::Result<()> {
    let store = data_dir.join(STORE);
    let user = SqliteStore::open_beside(&store)?.user_by_address(address)?;
    let user = user.with_context(|| format!("no user has the address {address}"))?;
    ensure!(!file.exists(), "{} is there already", file.display());
    // One state of the mailbox, whatever happens to it meanwhile.
    let mut copy = file.as_os_str().to_owned();
    copy.push(".copy");
    let snapshot = snapshot(&store, user.mailbox, Path::new(&copy))?;
    let mailbox = snapshot.mailbox().context("the copy is closed")?;
    let mut new = file.as_os_str().to_owned();
    new.push(".unfinished");
    let new = PathBuf::from(new);
    let output = private_file(&new).with_context(|| format!("cannot write {}", new.display()))?;
    let mut writer = BufWriter::new(output);
    let exported = export::export(mailbox, &mut writer)?;
    writer.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    std::fs::rename(&new, file).with_context(|| format!("cannot write {}", file.display()))?;
    say(&format!("Wrote {} folders and {} messages to {}.\n", exported.folders, exported.messages, file.display()));
    Ok(())
}

/// Mail is for its owner only.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
