//! Lists of messages in the order of their tables, kept from one request to the next and shared by all sessions.
//!
//! A list that is behind is brought up to date from what later commits touched; only one that is far behind, or
//! counts rows, is made anew.

use std::sync::{Arc, Mutex};

use protocol::oxcdata::{MessageId, SortOrder, WireForm};
use runtime::{Encoder, Guid};
use rusqlite::Connection;

use super::database::{Database, lock};
use super::facts::Facts;
use super::feed::Feed;
use super::filter::{self, Filter};
use super::object::{self, View};
use super::order::{self, Scope};
use super::table;
use crate::store::collate::SortKey;
use crate::store::restriction::Matcher;
use crate::store::{ContentsKind, FolderType, Result, StoreError, TableQuery, ids};

/// Lists that are kept.
const MAX_LISTS: usize = 32;

/// Rows of all of them together.
const MAX_ROWS: usize = 4_000_000;

/// Messages that are put into a list one by one; more are worth a new list.
const MAX_STEPS: usize = 64;

/// Lists of one mailbox, the one that was used last at the end.
#[derive(Default)]
pub(super) struct Lists {
    entries: Mutex<Vec<Entry>>,
    /// Held while a list is made: what many sessions ask for at once is made once, and takes memory once.
    making: Mutex<()>,
}

struct Entry {
    key: Key,
    /// The commit whose messages it has.
    commit: u64,
    list: Arc<[MessageId]>,
}

/// What a list is of.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    folder: i64,
    associated: bool,
    sort: Vec<SortOrder>,
    /// Its bytes; empty for none.
    restriction: Vec<u8>,
    code_page: u16,
}

impl Key {
    fn new(scope: Scope, query: &TableQuery<'_>) -> Result<Self> {
        let mut restriction = Encoder::new();
        if let Some(own) = query.restriction {
            let packed = own.pack(&mut restriction, WireForm::Rule);
            packed.map_err(|_| StoreError::Unsupported("a restriction of this size"))?;
        }
        Ok(Self {
            folder: scope.folder,
            associated: scope.associated,
            sort: query.sort.to_vec(),
            restriction: restriction.finish().to_vec(),
            code_page: query.code_page,
        })
    }
}

/// The rows of `message` that a contents table of a folder has.
///
/// # Errors
/// `NotFound`.
pub(super) fn scope(connection: &Connection, folder: protocol::oxcdata::FolderId, kind: ContentsKind) -> Result<Scope> {
    let facts = object::folder(connection, folder)?;
    let search = facts.folder_type == FolderType::Search as i32;
    Ok(Scope { folder: super::transfer::shelf(facts.id, kind), associated: kind.is_associated(), search })
}

impl Lists {
    /// The messages of a folder that match, in order.
    pub(super) fn contents(
        &self,
        database: &Database,
        feed: &Feed,
        replica: Guid,
        folder: protocol::oxcdata::FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
    ) -> Result<Arc<[MessageId]>> {
        order::check(query)?;
        let found = database.read_commit(feed, |connection, commit| {
            self.kept(feed, connection, commit, replica, folder, kind, query)
        })?;
        if let Some(found) = found {
            return Ok(found);
        }
        let _making = lock(&self.making);
        database.read_commit(feed, |connection, commit| {
            if let Some(found) = self.kept(feed, connection, commit, replica, folder, kind, query)? {
                return Ok(found);
            }
            let scope = scope(connection, folder, kind)?;
            let list: Arc<[MessageId]> = table::contents(connection, replica, scope, query)?.into();
            self.keep(Key::new(scope, query)?, commit, &list);
            Ok(list)
        })
    }

    /// The list that is kept, brought up to date; `None` when it has to be made.
    #[allow(clippy::too_many_arguments)]
    fn kept(
        &self,
        feed: &Feed,
        connection: &Connection,
        commit: u64,
        replica: Guid,
        folder: protocol::oxcdata::FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
    ) -> Result<Option<Arc<[MessageId]>>> {
        let scope = scope(connection, folder, kind)?;
        let key = Key::new(scope, query)?;
        let Some((own, list)) = self.find(&key) else { return Ok(None) };
        if feed.last(scope.folder) <= own {
            return Ok(Some(list));
        }
        if query.restriction.is_some_and(filter::counts) {
            return Ok(None);
        }
        let Some(touched) = feed.since(scope.folder, own).filter(|touched| touched.len() <= MAX_STEPS) else {
            return Ok(None);
        };
        let list: Arc<[MessageId]> = follow(connection, replica, scope, query, &list, &touched)?.into();
        self.keep(key, commit, &list);
        Ok(Some(list))
    }

    fn find(&self, key: &Key) -> Option<(u64, Arc<[MessageId]>)> {
        let mut entries = lock(&self.entries);
        let at = entries.iter().position(|entry| entry.key == *key)?;
        let entry = entries.remove(at);
        let found = (entry.commit, Arc::clone(&entry.list));
        entries.push(entry);
        Some(found)
    }

    fn keep(&self, key: Key, commit: u64, list: &Arc<[MessageId]>) {
        let mut entries = lock(&self.entries);
        // Another session may have made a later one meanwhile.
        if entries.iter().any(|entry| entry.key == key && entry.commit > commit) {
            return;
        }
        entries.retain(|entry| entry.key != key);
        entries.push(Entry { key, commit, list: Arc::clone(list) });
        let rows = |entries: &[Entry]| entries.iter().map(|entry| entry.list.len()).sum::<usize>();
        while entries.len() > MAX_LISTS || (entries.len() > 1 && rows(&entries) > MAX_ROWS) {
            entries.remove(0);
        }
    }
}

/// A list with these messages where they belong now.
fn follow(
    connection: &Connection,
    replica: Guid,
    scope: Scope,
    query: &TableQuery<'_>,
    list: &[MessageId],
    touched: &[i64],
) -> Result<Vec<MessageId>> {
    let is_touched = |id: MessageId| touched.binary_search(&id.global_counter().cast_signed()).is_ok();
    let mut list: Vec<MessageId> = list.iter().copied().filter(|id| !is_touched(*id)).collect();
    let sort = if query.sort.is_empty() { &order::DEFAULT[..] } else { query.sort };
    let mut matcher = query.restriction.map(|own| Matcher::new(own, query.code_page)).transpose()?;
    for message in touched {
        let id = ids::message_id(message.cast_unsigned());
        let facts = match object::message(connection, id) {
            Ok(facts) => facts,
            Err(StoreError::NotFound(_)) => continue,
            Err(error) => return Err(error),
        };
        if !scope.has(connection, &facts)? {
            continue;
        }
        let view = View { connection, replica, facts: Facts::Message(facts) };
        if let Some(matcher) = &mut matcher
            && !matcher.matches(&view)?
        {
            continue;
        }
        let keys = order::keys(&view, sort, query.code_page)?;
        let at = place(connection, replica, &list, (&keys, id), sort, query.code_page)?;
        list.insert(at, id);
    }
    Ok(list)
}

/// Where a message goes among others that are in order.
fn place(
    connection: &Connection,
    replica: Guid,
    list: &[MessageId],
    (keys, id): (&[SortKey], MessageId),
    sort: &[SortOrder],
    code_page: u16,
) -> Result<usize> {
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(other) = list.get(middle).copied() else { break };
        let facts = object::message(connection, other)?;
        let view = View { connection, replica, facts: Facts::Message(facts) };
        let others = order::keys(&view, sort, code_page)?;
        if order::compare((&others, other.global_counter()), (keys, id.global_counter()), sort).is_lt() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What a restriction asks of SQL, for the parameters after folder and associated.
pub(super) fn filter<'a>(query: &TableQuery<'a>) -> Result<Filter<'a>> {
    Filter::new(query.restriction, query.code_page, 3)
}
