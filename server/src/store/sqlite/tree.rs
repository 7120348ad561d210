//! Folders that are moved, copied and deleted, with all that is in them.

use protocol::oxcdata::FolderId;
use rusqlite::{Connection, params};

use super::content::{MAX_DEPTH, depth_below};
use super::facts::{FolderFacts, name_key};
use super::transfer::{Transfer, copy_object};
use super::{folder, journal, object, permission, property};
use crate::store::changes::{Happening, Subject};
use crate::store::value::string;
use crate::store::{Result, StoreError, ids, tags};

/// The folder of this name in another one.
pub(super) fn named(connection: &Connection, parent: FolderId, name: &str) -> Result<Option<FolderId>> {
    let parent = object::folder(connection, parent)?.id;
    let mut statement = connection.prepare_cached("SELECT id FROM folder WHERE parent = ?1 AND name_key = ?2")?;
    let row = statement.query_row(params![parent.cast_signed(), name_key(name)], |row| row.get::<_, i64>(0));
    Ok(property::optional(row)?.map(|id| ids::folder_id(id.cast_unsigned())))
}

/// The children of a folder.
fn children(connection: &Connection, parent: u64) -> Result<Vec<FolderFacts>> {
    let sql = format!("SELECT {} FROM folder WHERE parent = ?1", super::facts::FOLDER_COLUMNS);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([parent.cast_signed()], FolderFacts::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Refuses what every mailbox has to have.
fn check_not_special(connection: &Connection, folder: u64) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM special_folder WHERE folder = ?1")?;
    if statement.exists([folder.cast_signed()])? { Err(StoreError::AccessDenied("a special folder")) } else { Ok(()) }
}

impl Transfer<'_, '_> {
    /// Puts a folder into another one, under a new name.
    pub(super) fn move_folder(&mut self, moved: FolderId, parent: FolderId, name: &str) -> Result<u64> {
        let facts = object::folder(self.transaction, moved)?;
        check_not_special(self.transaction, facts.id)?;
        let parent = self.destination(&facts, parent)?;
        let same = facts.parent == Some(parent.id) && self.has_name(&facts, name)?;
        if !same {
            folder::check_name(self.transaction, Some(parent.id), name)?;
        }
        let change_number = self.counter()?;
        self.transaction
            .prepare_cached(
                "UPDATE folder SET parent = ?2, name_key = ?3, change_number = ?4, modified = ?5 WHERE id = ?1",
            )?
            .execute(params![
                facts.id.cast_signed(),
                parent.id.cast_signed(),
                name_key(name),
                change_number.cast_signed(),
                self.now.0.cast_signed()
            ])?;
        property::set(self.transaction, facts.object, tags::PID_TAG_DISPLAY_NAME, &string(name))?;
        let moved = Subject::Folder { id: moved, parent: Some(ids::folder_id(parent.id)) };
        self.journal.record(moved, Happening::Moved { from: journal::folder(&facts) });
        Ok(change_number)
    }

    fn has_name(&self, facts: &FolderFacts, name: &str) -> Result<bool> {
        let mut own = self.transaction.prepare_cached("SELECT name_key FROM folder WHERE id = ?1")?;
        let own: String = own.query_row([facts.id.cast_signed()], |row| row.get(0))?;
        Ok(own == name_key(name))
    }

    /// A folder that another may be put into: not that one itself, and none below it.
    fn destination(&self, moved: &FolderFacts, parent: FolderId) -> Result<FolderFacts> {
        let parent = object::folder(self.transaction, parent)?;
        if parent.id == moved.id || depth_below(self.transaction, moved.id, &parent)?.is_some() {
            return Err(StoreError::Cycle);
        }
        Ok(parent)
    }

    /// Copies a folder with its messages into another one, under a new name; with `recursive` all below it, too.
    pub(super) fn copy_folder(
        &mut self,
        copied: FolderId,
        parent: FolderId,
        name: &str,
        recursive: bool,
    ) -> Result<FolderId> {
        let facts = object::folder(self.transaction, copied)?;
        let parent = self.destination(&facts, parent)?;
        folder::check_name(self.transaction, Some(parent.id), name)?;
        let copy = self.copy_one(&facts, parent.id, Some(name), recursive, 0)?;
        Ok(ids::folder_id(copy))
    }

    fn copy_one(
        &mut self,
        facts: &FolderFacts,
        parent: u64,
        name: Option<&str>,
        recursive: bool,
        depth: u32,
    ) -> Result<u64> {
        if depth > MAX_DEPTH {
            return Err(StoreError::Damaged("folders are nested in a loop".to_owned()));
        }
        let (id, change_number) = (self.counter()?, self.counter()?);
        let object = copy_object(self.transaction, facts.object)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO folder (id, object, parent, folder_type, name_key, change_number, created, modified)
                 SELECT ?2, ?3, ?4, max(folder_type, 1), coalesce(?5, name_key), ?6, ?7, ?7 FROM folder WHERE id = ?1",
            )?
            .execute(params![
                facts.id.cast_signed(),
                id.cast_signed(),
                object,
                parent.cast_signed(),
                name.map(name_key),
                change_number.cast_signed(),
                self.now.0.cast_signed()
            ])?;
        if let Some(name) = name {
            property::set(self.transaction, object, tags::PID_TAG_DISPLAY_NAME, &string(name))?;
        }
        let copy = Subject::Folder { id: ids::folder_id(id), parent: Some(ids::folder_id(parent)) };
        self.journal.record(copy, Happening::Copied { from: journal::folder(facts) });
        permission::inherit(self.transaction, parent, id)?;
        self.copy_contents(facts.id, id)?;
        if recursive {
            for child in children(self.transaction, facts.id)? {
                self.copy_one(&child, id, None, true, depth + 1)?;
            }
        }
        Ok(id)
    }

    /// Deletes a folder and all in it for good.
    pub(super) fn delete_folder(&self, deleted: FolderId) -> Result<()> {
        let facts = object::folder(self.transaction, deleted)?;
        self.check_deletable(&facts, 0)?;
        self.delete_tree(&facts)
    }

    /// Deletes the folders of a folder; those that every mailbox has stay. Answers whether all went.
    pub(super) fn delete_children(&self, parent: FolderId) -> Result<bool> {
        let parent = object::folder(self.transaction, parent)?;
        let mut all = true;
        for child in children(self.transaction, parent.id)? {
            match self.check_deletable(&child, 0) {
                Ok(()) => self.delete_tree(&child)?,
                Err(StoreError::AccessDenied(_)) => all = false,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn check_deletable(&self, facts: &FolderFacts, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(StoreError::Damaged("folders are nested in a loop".to_owned()));
        }
        check_not_special(self.transaction, facts.id)?;
        children(self.transaction, facts.id)?.iter().try_for_each(|child| self.check_deletable(child, depth + 1))
    }

    fn delete_tree(&self, facts: &FolderFacts) -> Result<()> {
        for child in children(self.transaction, facts.id)? {
            self.delete_tree(&child)?;
        }
        let id = facts.id.cast_signed();
        self.transaction.prepare_cached("DELETE FROM receive_folder WHERE folder = ?1")?.execute([id])?;
        for shelf in [id, -id] {
            self.transaction
                .prepare_cached("DELETE FROM object WHERE id IN (SELECT object FROM message WHERE folder = ?1)")?
                .execute([shelf])?;
        }
        self.transaction
            .prepare_cached("DELETE FROM object WHERE id = (SELECT object FROM folder WHERE id = ?1)")?
            .execute([-id])?;
        self.journal.record(journal::folder(facts), Happening::Deleted);
        property::delete_object(self.transaction, facts.object)
    }
}
