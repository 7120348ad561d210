//! Which messages each write touched: what lists of rows are kept up to date by.
//!
//! Triggers of the writer's connection note every row of `message` that comes, goes or changes, whichever way it is
//! written. A write hands them over when it commits, under the number of that commit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, RwLock, RwLockReadGuard};

use rusqlite::{Connection, Transaction};

use super::database::{lock, read_lock, write_lock};
use crate::store::Result;

/// Touched messages that are remembered; lists that are further behind are made anew.
const REMEMBERED: usize = 8192;

/// A message and the row of `folder` that it was or is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) folder: i64,
    pub(super) message: i64,
}

/// The commits of one mailbox since it was opened.
#[derive(Default)]
pub(super) struct Feed {
    /// Held for reading while a snapshot begins, so that the snapshot and the number of its commit agree.
    gate: RwLock<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last commit.
    commit: u64,
    /// Commits up to this one are forgotten.
    forgotten: u64,
    touched: VecDeque<(u64, Touched)>,
    /// The last commit that touched a message of a folder.
    folders: HashMap<i64, u64>,
}

/// What the writer's connection has for it; gone with the connection.
pub(super) fn install(writer: &Connection) -> Result<()> {
    Ok(writer.execute_batch(include_str!("schema/feed.sql"))?)
}

/// What the transaction has touched so far, each once.
pub(super) fn touched(transaction: &Transaction<'_>) -> Result<Vec<Touched>> {
    let mut statement = transaction.prepare_cached("SELECT DISTINCT folder, message FROM touched WHERE folder <> 0")?;
    let rows = statement.query_map([], |row| Ok(Touched { folder: row.get(0)?, message: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Feed {
    /// Commits a write and remembers what it touched.
    pub(super) fn commit(&self, transaction: Transaction<'_>) -> Result<()> {
        let touched = touched(&transaction)?;
        transaction.prepare_cached("DELETE FROM touched")?.execute([])?;
        let _gate = write_lock(&self.gate);
        transaction.commit()?;
        let mut state = lock(&self.state);
        state.commit += 1;
        let commit = state.commit;
        for touched in touched {
            state.folders.insert(touched.folder, commit);
            state.touched.push_back((commit, touched));
        }
        while state.touched.len() > REMEMBERED {
            if let Some((commit, _)) = state.touched.pop_front() {
                state.forgotten = commit;
            }
        }
        Ok(())
    }

    /// Nothing commits until this is dropped.
    pub(super) fn hold(&self) -> RwLockReadGuard<'_, ()> {
        read_lock(&self.gate)
    }

    /// The number of the last commit.
    pub(super) fn commits(&self) -> u64 {
        lock(&self.state).commit
    }

    /// The number of the last commit that touched a message of a folder; 0 for none.
    pub(super) fn last(&self, folder: i64) -> u64 {
        lock(&self.state).folders.get(&folder).copied().unwrap_or_default()
    }

    /// The messages of a folder that commits after this one have touched, each once; `None` when that is no longer
    /// known.
    pub(super) fn since(&self, folder: i64, commit: u64) -> Option<Vec<i64>> {
        let state = lock(&self.state);
        if commit < state.forgotten {
            return None;
        }
        let first = state.touched.partition_point(|(own, _)| *own <= commit);
        let later = state.touched.range(first..).filter(|(_, touched)| touched.folder == folder);
        let mut messages: Vec<i64> = later.map(|(_, touched)| touched.message).collect();
        messages.sort_unstable();
        messages.dedup();
        Some(messages)
    }
}
