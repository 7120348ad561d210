//! Search folders: what they look for, and which messages they show.
//!
//! What they show is written down with the write that changes it, so that counts and tables agree with it.

use std::collections::BTreeSet;

use protocol::oxcdata::{FolderId, MessageId, Restriction, WireForm};
use runtime::{Cursor, Encoder, Guid};
use rusqlite::{Connection, Transaction, params};

use super::facts::{Facts, MessageFacts};
use super::feed;
use super::journal::{self, Journal};
use super::object::{self, View};
use super::order::Scope;
use super::table;
use crate::store::changes::{Happening, Subject};
use crate::store::restriction::Matcher;
use crate::store::tags::message_flags;
use crate::store::{FolderType, Result, SearchCriteria, StoreError, TableQuery, ids};

/// A search folder with its criteria.
struct Search {
    folder: i64,
    criteria: SearchCriteria,
}

/// What a search folder looks for.
pub(super) fn criteria(connection: &Connection, folder: FolderId) -> Result<Option<SearchCriteria>> {
    let folder = object::folder(connection, folder)?.id;
    Ok(read(connection, Some(folder))?.pop().map(|search| search.criteria))
}

/// One search folder's criteria, or those of all.
fn read(connection: &Connection, folder: Option<u64>) -> Result<Vec<Search>> {
    let mut statement = connection.prepare_cached(
        "SELECT folder, restriction, recursive, static, running, code_page FROM search
         WHERE ?1 IS NULL OR folder = ?1 ORDER BY folder",
    )?;
    let mut rows = statement.query([folder.map(u64::cast_signed)])?;
    let mut searches = Vec::new();
    while let Some(row) = rows.next()? {
        let folder: i64 = row.get(0)?;
        let bytes: Vec<u8> = row.get(1)?;
        let restriction = Restriction::unpack(&mut Cursor::new(&bytes), WireForm::Extended)
            .map_err(|_| StoreError::Damaged(format!("search folder {folder} has no valid restriction")))?;
        let criteria = SearchCriteria {
            restriction: restriction.into_owned(),
            folders: scope(connection, folder)?,
            recursive: row.get(2)?,
            is_static: row.get(3)?,
            running: row.get(4)?,
            code_page: row.get(5)?,
        };
        searches.push(Search { folder, criteria });
    }
    Ok(searches)
}

fn scope(connection: &Connection, search: i64) -> Result<Vec<FolderId>> {
    let mut statement =
        connection.prepare_cached("SELECT folder FROM search_scope WHERE search = ?1 ORDER BY position")?;
    let rows = statement.query_map([search], |row| Ok(ids::folder_id(row.get::<_, i64>(0)?.cast_unsigned())))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Tells a search folder what to look for, and looks for it.
pub(super) fn set(
    transaction: &Transaction<'_>,
    replica: Guid,
    folder: FolderId,
    criteria: &SearchCriteria,
) -> Result<()> {
    let facts = object::folder(transaction, folder)?;
    if facts.folder_type != FolderType::Search as i32 {
        return Err(StoreError::InvalidParameter("folder type"));
    }
    Matcher::new(&criteria.restriction, criteria.code_page)?;
    let mut restriction = Encoder::new();
    let packed = criteria.restriction.pack(&mut restriction, WireForm::Extended);
    packed.map_err(|_| StoreError::Unsupported("a restriction of this size"))?;
    let id = facts.id.cast_signed();
    transaction
        .prepare_cached(
            "INSERT INTO search (folder, restriction, recursive, static, running, code_page)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (folder) DO UPDATE SET restriction = ?2, recursive = ?3, static = ?4, running = ?5,
                code_page = ?6",
        )?
        .execute(params![
            id,
            restriction.finish().to_vec(),
            criteria.recursive,
            criteria.is_static,
            criteria.running,
            criteria.code_page
        ])?;
    transaction.prepare_cached("DELETE FROM search_scope WHERE search = ?1")?.execute([id])?;
    for (position, folder) in criteria.folders.iter().enumerate() {
        let folder = object::folder(transaction, *folder)?.id.cast_signed();
        transaction
            .prepare_cached("INSERT INTO search_scope (search, position, folder) VALUES (?1, ?2, ?3)")?
            .execute([id, i64::try_from(position).unwrap_or(i64::MAX), folder])?;
    }
    if criteria.running {
        fill(transaction, replica, &Search { folder: id, criteria: criteria.clone() })?;
    }
    Ok(())
}

/// Whether a folder searches.
pub(super) fn any(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM search WHERE running")?.exists([])?)
}

/// Whether a message is in a folder or shown by it.
pub(super) fn shows(connection: &Connection, folder: u64, message: &MessageFacts) -> Result<bool> {
    if message.folder == folder {
        return Ok(true);
    }
    let mut linked = connection.prepare_cached("SELECT 1 FROM search_link WHERE folder = ?1 AND message = ?2")?;
    Ok(linked.exists([folder, message.id].map(u64::cast_signed))?)
}

/// As [`shows`], by ids.
pub(super) fn contains(connection: &Connection, folder: FolderId, message: MessageId) -> Result<bool> {
    let folder = object::folder(connection, folder)?.id;
    match object::message(connection, message) {
        Ok(facts) => shows(connection, folder, &facts),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The folders that are searched.
fn searched(connection: &Connection, search: &Search) -> Result<BTreeSet<u64>> {
    let folders = search.criteria.folders.iter().map(|folder| folder.global_counter());
    if !search.criteria.recursive {
        return Ok(folders.collect());
    }
    let mut below = connection.prepare_cached(
        "WITH RECURSIVE below (id) AS (
            SELECT ?1 UNION SELECT folder.id FROM folder JOIN below ON folder.parent = below.id
         ) SELECT id FROM below",
    )?;
    let mut all = BTreeSet::new();
    for folder in folders {
        let rows = below.query_map([folder.cast_signed()], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?;
        for folder in rows {
            all.insert(folder?);
        }
    }
    Ok(all)
}

/// Looks through all folders that are searched.
fn fill(transaction: &Transaction<'_>, replica: Guid, search: &Search) -> Result<()> {
    transaction.prepare_cached("DELETE FROM search_link WHERE folder = ?1")?.execute([search.folder])?;
    let query =
        TableQuery { restriction: Some(&search.criteria.restriction), sort: &[], code_page: search.criteria.code_page };
    let mut link = transaction.prepare_cached(
        "INSERT INTO search_link (folder, message, associated, unread)
         SELECT ?1, id, associated, flags & 1 = 0 FROM message WHERE id = ?2",
    )?;
    for folder in searched(transaction, search)? {
        let scope = Scope { folder: folder.cast_signed(), associated: false, search: false };
        for message in table::contents(transaction, replica, scope, &query)? {
            link.execute([search.folder, message.global_counter().cast_signed()])?;
        }
    }
    Ok(())
}

/// Looks again where folders have moved.
pub(super) fn refill(transaction: &Transaction<'_>, replica: Guid) -> Result<()> {
    for search in read(transaction, None)? {
        if search.criteria.running && !search.criteria.is_static {
            fill(transaction, replica, &search)?;
        }
    }
    Ok(())
}

/// Brings what search folders show up to date with what a transaction has touched.
pub(super) fn follow(transaction: &Transaction<'_>, replica: Guid, journal: &Journal) -> Result<()> {
    if !any(transaction)? {
        return Ok(());
    }
    let messages: BTreeSet<i64> = feed::touched(transaction)?.into_iter().map(|touched| touched.message).collect();
    if messages.is_empty() {
        return Ok(());
    }
    for search in read(transaction, None)? {
        if !search.criteria.running {
            continue;
        }
        let folders = searched(transaction, &search)?;
        for message in &messages {
            follow_one(transaction, replica, &search, &folders, *message, journal)?;
        }
    }
    Ok(())
}

/// Shows a message, or no longer, or with another read state.
fn follow_one(
    transaction: &Transaction<'_>,
    replica: Guid,
    search: &Search,
    folders: &BTreeSet<u64>,
    message: i64,
    journal: &Journal,
) -> Result<()> {
    let facts = match object::message(transaction, ids::message_id(message.cast_unsigned())) {
        Ok(facts) => facts,
        // Its links went with it.
        Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let unread = facts.flags & message_flags::READ == 0;
    let linked = shows(transaction, search.folder.cast_unsigned(), &facts)?;
    let matches = if facts.soft_deleted {
        false
    } else if search.criteria.is_static {
        linked
    } else {
        let within = !facts.associated && folders.contains(&facts.folder);
        let mut matcher = Matcher::new(&search.criteria.restriction, search.criteria.code_page)?;
        within && matcher.matches(&View { connection: transaction, replica, facts: Facts::Message(facts) })?
    };
    let here = |happening| {
        let folder = ids::folder_id(search.folder.cast_unsigned());
        journal.record(
            Subject::Message { id: ids::message_id(message.cast_unsigned()), folder, associated: false },
            happening,
        );
    };
    match (linked, matches) {
        (true, true) => here(journal::modified(None)),
        (false, true) => here(Happening::Created),
        (true, false) => here(Happening::Deleted),
        (false, false) => {}
    }
    let key = params![search.folder, message, unread];
    match (linked, matches) {
        (true, true) => transaction
            .prepare_cached("UPDATE search_link SET unread = ?3 WHERE folder = ?1 AND message = ?2 AND unread <> ?3")?
            .execute(key)?,
        (false, true) => transaction
            .prepare_cached("INSERT INTO search_link (folder, message, associated, unread) VALUES (?1, ?2, 0, ?3)")?
            .execute(key)?,
        (true, false) => transaction
            .prepare_cached("DELETE FROM search_link WHERE folder = ?1 AND message = ?2")?
            .execute([search.folder, message])?,
        (false, false) => 0,
    };
    Ok(())
}
