//! Copies of a whole data directory, and what is made of one again.
//!
//! A backup is a directory: each database in one state of it, the other files of the data directory, and a
//! manifest with the hash and the size of each. It is made under another name and gets its own when it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::database::Database;
use super::super::{create_private_directory, directory, migrate, names, replicas};
use super::snapshot::copy_database;
use super::{checksum, directory_file, file_of};
use crate::store::{StoreError, ids, system_clock};

/// The list of a backup's files: hash, size and path in each line.
const MANIFEST: &str = "manifest.txt";
/// Counters that a restored mailbox leaves out: more than any mailbox has given out since a backup was made.
const SKIPPED_COUNTERS: u64 = 1 << 32;
/// The store in a data directory.
const STORE: &str = "store";

/// Why a backup could not be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The place where it is to be made is taken.
    #[error("{0} is there already")]
    Taken(PathBuf),
    /// A file could not be read or written.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A database could not be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backup is not what was written.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupFigures {
    /// Mailboxes.
    pub mailboxes: usize,
    /// Files, the manifest not counted.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { action, path, source }
}

/// Where something is made until it is complete.
fn unfinished(target: &Path) -> Result<PathBuf, BackupError> {
    let mut name = target.as_os_str().to_owned();
    name.push(".unfinished");
    let path = PathBuf::from(name);
    if path.exists() {
        fs::remove_dir_all(&path).map_err(file("remove", &path))?;
    }
    Ok(path)
}

/// Copies a data directory while a server may be using it.
///
/// # Errors
/// [`BackupError`]; `target` is there only when all went well.
pub fn backup(data_dir: &Path, target: &Path) -> Result<BackupFigures, BackupError> {
    if target.exists() {
        return Err(BackupError::Taken(target.to_owned()));
    }
    let store = data_dir.join(STORE);
    let users = directory_file(&store)?;
    let new = unfinished(target)?;
    let mailboxes = new.join(STORE).join("mailboxes");
    create_private_directory(&mailboxes)?;
    // Other files first, then the users, then what they own: who is in the copy has a mailbox in it.
    copy_files(data_dir, &new)?;
    let copied_users = new.join(STORE).join("directory.sqlite");
    copy_database(&users, &copied_users)?;
    let owners = directory::all(&Connection::open(&copied_users).map_err(StoreError::from)?)?;
    for owner in &owners {
        copy_database(&file_of(&store, owner.mailbox), &file_of(&new.join(STORE), owner.mailbox))?;
    }
    let (text, mut figures) = manifest(&new)?;
    figures.mailboxes = owners.len();
    write_durably(&new.join(MANIFEST), text.as_bytes())?;
    fs::rename(&new, target).map_err(file("rename", &new))?;
    sync_parent(target)?;
    Ok(figures)
}

/// Makes a data directory of a backup. Ids that mailboxes gave out after the backup are not given out again.
///
/// # Errors
/// `Taken` when the data directory is there and not empty; `Damaged` when a file is not what the manifest says;
/// `data_dir` is made only when all went well.
pub fn restore(backup: &Path, data_dir: &Path) -> Result<BackupFigures, BackupError> {
    let empty = || fs::read_dir(data_dir).is_ok_and(|mut entries| entries.next().is_none());
    if data_dir.exists() && !empty() {
        return Err(BackupError::Taken(data_dir.to_owned()));
    }
    let listed = fs::read_to_string(backup.join(MANIFEST)).map_err(file("read", &backup.join(MANIFEST)))?;
    let (found, mut figures) = manifest(backup)?;
    if let Some(difference) = difference(&listed, &found) {
        return Err(BackupError::Damaged(difference));
    }
    let new = unfinished(data_dir)?;
    create_private_directory(&new)?;
    copy_tree(backup, &new)?;
    let store = new.join(STORE);
    create_private_directory(&store.join("mailboxes"))?;
    let owners = directory::all(&Connection::open(store.join("directory.sqlite")).map_err(StoreError::from)?)?;
    for owner in &owners {
        skip_ids(&file_of(&store, owner.mailbox))?;
    }
    figures.mailboxes = owners.len();
    fs::rename(&new, data_dir).map_err(file("rename", &new))?;
    sync_parent(data_dir)?;
    Ok(figures)
}

/// The first line in which two manifests differ.
fn difference(listed: &str, found: &str) -> Option<String> {
    let path = |line: &str| line.splitn(3, ' ').nth(2).unwrap_or(line).to_owned();
    let missing = listed.lines().find(|line| !found.lines().any(|other| other == *line));
    let added = found.lines().find(|line| !listed.lines().any(|other| path(other) == path(line)));
    match (missing, added) {
        (Some(line), _) => Some(format!("{} is not what was written", path(line))),
        (None, Some(line)) => Some(format!("{} was not written", path(line))),
        (None, None) => None,
    }
}

/// Leaves out what the mailbox may have given out since the backup: counters, ids of names, replicas and members.
fn skip_ids(mailbox: &Path) -> Result<(), StoreError> {
    // A backup of an earlier version has an earlier schema.
    let database = Database::open(Some(mailbox), migrate::MAILBOX, system_clock)?;
    database.write(|transaction| {
        transaction.execute(
            "UPDATE mailbox SET next_counter = min(next_counter + ?1, ?2)",
            [SKIPPED_COUNTERS.cast_signed(), ids::MAX_COUNTER.cast_signed()],
        )?;
        // Their rows are there once the tables have had one.
        for table in ["member", "replica"] {
            transaction.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0
                 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
                [table],
            )?;
        }
        transaction.execute(
            "UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'member'",
            [SKIPPED_COUNTERS.cast_signed()],
        )?;
        names::skip(transaction)?;
        replicas::skip(transaction)
    })
}

/// All files below a directory but the manifest, by path relative to it, in order.
fn files_below(root: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).map_err(file("list", &directory))? {
            let entry = entry.map_err(file("list", &directory))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(file("look at", &path))?;
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file()
                && let Ok(relative) = path.strip_prefix(root)
                && relative != Path::new(MANIFEST)
            {
                found.push(relative.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The manifest that a directory ought to have.
fn manifest(root: &Path) -> Result<(String, BackupFigures), BackupError> {
    let mut text = String::new();
    let mut figures = BackupFigures::default();
    for relative in files_below(root)? {
        let path = root.join(&relative);
        let (hash, size) = checksum::of_file(&path).map_err(file("read", &path))?;
        text += &format!("{hash} {size} {}\n", relative.display());
        figures.files += 1;
        figures.bytes += size;
    }
    Ok((text, figures))
}

/// Copies what is not the store's.
fn copy_files(data_dir: &Path, new: &Path) -> Result<(), BackupError> {
    for relative in files_below(data_dir)? {
        if !relative.starts_with(STORE) {
            copy_file(&data_dir.join(&relative), &new.join(&relative))?;
        }
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), BackupError> {
    for relative in files_below(from)? {
        copy_file(&from.join(&relative), &to.join(&relative))?;
    }
    Ok(())
}

/// Copies a file with its permissions, durably.
fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(parent) = to.parent() {
        create_private_directory(parent)?;
    }
    fs::copy(from, to).map_err(file("copy", from))?;
    fs::File::open(to).and_then(|copied| copied.sync_all()).map_err(file("write", to))
}

fn write_durably(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    fs::write(path, content)
        .and_then(|()| fs::File::open(path))
        .and_then(|written| written.sync_all())
        .map_err(file("write", path))
}

/// A rename is durable when its directory is.
fn sync_parent(path: &Path) -> Result<(), BackupError> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if cfg!(unix) {
        fs::File::open(parent).and_then(|directory| directory.sync_all()).map_err(file("write", parent))?;
    }
    Ok(())
}
