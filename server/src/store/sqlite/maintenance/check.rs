//! Whether a store agrees with itself.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::super::database::{Database, open_reader};
use super::super::migrate::{self, Migration};
use super::super::{directory, file_error, hold_lock};
use super::{directory_file, file_of};
use crate::store::{Result, SpecialFolder, system_clock};

/// Something that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, below the store's directory.
    pub file: String,
    /// What is wrong; nothing of a message's content.
    pub problem: String,
    /// Whether [`repair`] mends it: what can be counted again.
    pub repairable: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

/// What is counted a second time, and how. Each query answers rows that are wrong; each statement mends them.
const COUNTS: &[(&str, &str, &str)] = &[
    (
        "folders with a wrong number of subfolders",
        "SELECT count(*) FROM folder f WHERE child_count <> (SELECT count(*) FROM folder c WHERE c.parent = f.id)",
        "UPDATE folder SET child_count = (SELECT count(*) FROM folder c WHERE c.parent = folder.id)",
    ),
    (
        "folders with a wrong number of messages",
        "SELECT count(*) FROM folder f WHERE content_count <>
            (SELECT count(*) FROM message m WHERE m.folder = f.id AND m.associated = 0)
          + (SELECT count(*) FROM search_link l WHERE l.folder = f.id AND l.associated = 0)",
        "UPDATE folder SET content_count =
            (SELECT count(*) FROM message m WHERE m.folder = folder.id AND m.associated = 0)
          + (SELECT count(*) FROM search_link l WHERE l.folder = folder.id AND l.associated = 0)",
    ),
    (
        "folders with a wrong number of unread messages",
        "SELECT count(*) FROM folder f WHERE unread_count <>
            (SELECT count(*) FROM message m WHERE m.folder = f.id AND m.associated = 0 AND m.flags & 1 = 0)
          + (SELECT count(*) FROM search_link l WHERE l.folder = f.id AND l.associated = 0 AND l.unread = 1)",
        "UPDATE folder SET unread_count =
            (SELECT count(*) FROM message m WHERE m.folder = folder.id AND m.associated = 0 AND m.flags & 1 = 0)
          + (SELECT count(*) FROM search_link l WHERE l.folder = folder.id AND l.associated = 0 AND l.unread = 1)",
    ),
    (
        "folders with a wrong number of associated messages",
        "SELECT count(*) FROM folder f WHERE associated_count <>
            (SELECT count(*) FROM message m WHERE m.folder = f.id AND m.associated = 1)
          + (SELECT count(*) FROM search_link l WHERE l.folder = f.id AND l.associated = 1)",
        "UPDATE folder SET associated_count =
            (SELECT count(*) FROM message m WHERE m.folder = folder.id AND m.associated = 1)
          + (SELECT count(*) FROM search_link l WHERE l.folder = folder.id AND l.associated = 1)",
    ),
    (
        "contents with a wrong number of references",
        "SELECT count(*) FROM blob b WHERE reference_count <> (SELECT count(*) FROM property p WHERE p.blob = b.id)",
        "UPDATE blob SET reference_count = (SELECT count(*) FROM property p WHERE p.blob = blob.id)",
    ),
    (
        "messages with a wrong number of recipients",
        "SELECT count(*) FROM message m WHERE recipient_count <>
            (SELECT count(*) FROM recipient r WHERE r.message = m.id)",
        "UPDATE message SET recipient_count = (SELECT count(*) FROM recipient r WHERE r.message = message.id)",
    ),
    (
        "messages with a wrong number of attachments",
        "SELECT count(*) FROM message m WHERE attachment_count <>
            (SELECT count(*) FROM attachment a WHERE a.message = m.id)",
        "UPDATE message SET attachment_count = (SELECT count(*) FROM attachment a WHERE a.message = message.id)",
    ),
];

/// What nothing can mend here. Each query answers how many are wrong.
const RULES: &[(&str, &str)] = &[
    (
        "ids that were never given out",
        "SELECT (SELECT count(*) FROM folder WHERE id >= (SELECT next_counter FROM mailbox))
              + (SELECT count(*) FROM message WHERE id >= (SELECT next_counter FROM mailbox))",
    ),
    (
        "change numbers that were never given out",
        "SELECT (SELECT count(*) FROM folder WHERE change_number >= (SELECT next_counter FROM mailbox))
              + (SELECT count(*) FROM message
                 WHERE max(change_number, read_change_number) >= (SELECT next_counter FROM mailbox))",
    ),
    (
        "folders that the root does not lead to",
        "WITH RECURSIVE reached (id) AS (
            SELECT id FROM folder WHERE folder_type = 0 AND id > 0
            UNION SELECT folder.id FROM folder JOIN reached ON folder.parent = reached.id
         ) SELECT count(*) FROM folder WHERE id > 0 AND id NOT IN (SELECT id FROM reached)",
    ),
    (
        "embedded messages that no attachment has",
        "SELECT count(*) FROM message WHERE folder = 0
            AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.embedded = message.id)
            AND NOT EXISTS (SELECT 1 FROM outgoing WHERE outgoing.message = message.id)",
    ),
    (
        "attachments whose embedded message is in a folder",
        "SELECT count(*) FROM attachment JOIN message ON message.id = attachment.embedded WHERE message.folder <> 0",
    ),
    (
        "submissions without a message or without recipients",
        "SELECT count(*) FROM outgoing
            WHERE NOT EXISTS (SELECT 1 FROM message WHERE message.id = outgoing.message AND message.folder = 0)
            OR NOT EXISTS (SELECT 1 FROM outgoing_recipient WHERE outgoing_recipient.number = outgoing.number)",
    ),
    ("contents without a hash that are in use", "SELECT count(*) FROM blob WHERE hash IS NULL AND reference_count > 0"),
];

/// Reads everything and names what is wrong. Of each file one state is read; nothing is changed.
///
/// # Errors
/// `NotFound` when there is no store; when a file cannot be read at all, this is a finding.
pub fn check(store: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let directory_path = directory_file(store)?;
    let users = {
        let connection = open_reader(&directory_path)?;
        let mut note = Notes { file: "directory.sqlite".to_owned(), findings: &mut findings };
        note.database(&connection, migrate::DIRECTORY)?;
        directory::all(&connection)?
    };
    let mut owned = BTreeSet::new();
    for user in &users {
        let path = file_of(store, user.mailbox);
        let name = format!("mailboxes/{}.sqlite", user.mailbox);
        let mut note = Notes { file: name.clone(), findings: &mut findings };
        if !path.is_file() {
            note.add(format!("the mailbox of {} is missing", user.address));
        } else if let Err(error) = mailbox(&path, user.mailbox.0, &mut note) {
            note.add(format!("cannot be read: {error}"));
        }
        owned.insert(name);
    }
    for name in mailbox_files(store)? {
        if !owned.contains(&name) {
            Notes { file: name, findings: &mut findings }.add("belongs to no user".to_owned());
        }
    }
    Ok(findings)
}

/// Counts again what [`check`] finds repairable; answers what it found before.
///
/// # Errors
/// As [`check`]; `Backend` when another process has the store open.
pub fn repair(store: &Path) -> Result<Vec<Finding>> {
    let _lock = hold_lock(&store.join("lock"))?;
    let findings = check(store)?;
    let files: BTreeSet<&str> =
        findings.iter().filter(|finding| finding.repairable).map(|finding| finding.file.as_str()).collect();
    for file in files {
        let database = Database::open(Some(&store.join(file)), migrate::MAILBOX, system_clock)?;
        database.write(|transaction| {
            for (_, _, mend) in COUNTS {
                transaction.execute(mend, [])?;
            }
            Ok(())
        })?;
    }
    Ok(findings)
}

/// The files in the folder of mailboxes, but for those that stand beside a database.
fn mailbox_files(store: &Path) -> Result<Vec<String>> {
    let failed = file_error("list the mailboxes");
    let entries = match fs::read_dir(store.join("mailboxes")) {
        Ok(entries) => entries,
        Err(error) => return Err(failed(error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".sqlite"))
        .map(|name| format!("mailboxes/{name}"))
        .collect();
    names.sort();
    Ok(names)
}

/// Findings in one file.
struct Notes<'f> {
    file: String,
    findings: &'f mut Vec<Finding>,
}

impl Notes<'_> {
    fn add(&mut self, problem: String) {
        self.findings.push(Finding { file: self.file.clone(), problem, repairable: false });
    }

    /// What SQLite itself can say, and whether the schema is ours.
    fn database(&mut self, connection: &Connection, migrations: &[Migration]) -> Result<()> {
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        for row in statement.query_map([], |row| row.get::<_, String>(0))? {
            let row = row?;
            if row != "ok" {
                self.add(row);
            }
        }
        let mut statement =
            connection.prepare("SELECT count(*), \"table\" FROM pragma_foreign_key_check GROUP BY 2")?;
        for row in statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))? {
            let (count, table) = row?;
            self.add(format!("{count} rows of {table} refer to what is not there"));
        }
        if let Err(error) = migrate::verify(connection, migrations) {
            self.add(error.to_string());
        }
        Ok(())
    }
}

fn mailbox(path: &Path, guid: [u8; 16], note: &mut Notes<'_>) -> Result<()> {
    let connection = open_reader(path)?;
    let snapshot = connection.unchecked_transaction()?;
    note.database(&snapshot, migrate::MAILBOX)?;
    let found =
        snapshot.query_row("SELECT mailbox_guid FROM mailbox", [], |row| row.get::<_, [u8; 16]>(0)).optional()?;
    if found != Some(guid) {
        note.add("is not the mailbox that its name says".to_owned());
    }
    for (problem, sql, _) in COUNTS {
        let count: i64 = snapshot.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            let problem = format!("{count} {problem}");
            note.findings.push(Finding { file: note.file.clone(), problem, repairable: true });
        }
    }
    for (problem, sql) in RULES {
        let count: i64 = snapshot.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            note.add(format!("{count} {problem}"));
        }
    }
    let roles: i64 = snapshot.query_row("SELECT count(*) FROM special_folder", [], |row| row.get(0))?;
    if roles < SpecialFolder::ALL.len() as i64 {
        note.add(format!("{} special folders are missing", SpecialFolder::ALL.len() as i64 - roles));
    }
    blobs(&snapshot, note)
}

/// Whether the content of each blob is what its hash and its size say.
fn blobs(connection: &Connection, note: &mut Notes<'_>) -> Result<()> {
    let mut blobs = connection.prepare("SELECT id, hash, size FROM blob WHERE hash IS NOT NULL ORDER BY id")?;
    let mut pieces = connection.prepare("SELECT number, data FROM blob_piece WHERE blob = ?1 ORDER BY number")?;
    let mut rows = blobs.query([])?;
    while let Some(row) = rows.next()? {
        let (id, expected, size): (i64, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (mut hash, mut bytes, mut gap) = (Sha256::new(), 0_i64, false);
        let mut parts = pieces.query(params![id])?;
        let mut next = 0_i64;
        while let Some(part) = parts.next()? {
            gap |= part.get::<_, i64>(0)? != next;
            next += 1;
            let data = part.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            bytes += data.len() as i64;
            hash.update(data);
        }
        if gap || bytes != size || hash.finalize().as_slice() != expected {
            note.add(format!("content {id} is not what was written"));
        }
    }
    Ok(())
}
