//! Folders: creating, renaming, and what a mailbox starts with.

use std::sync::Arc;

use protocol::oxcdata::FolderId;
use runtime::FileTime;
use rusqlite::{Connection, Transaction, params};

use super::blob::Pins;
use super::facts::{Facts, FolderFacts, changed_text, check_writable, name_key};
use super::property::{self, Extent};
use super::{object, permission};
use crate::store::computed::ObjectKind;
use crate::store::message_class::INITIAL_RECEIVE_FOLDERS;
use crate::store::value::{string, text};
use crate::store::{
    Folder, FolderType, NewFolder, ObjectId, PropertyChanges, Result, SpecialFolder, SpecialFolders, StoreError, ids,
    tags,
};

/// A folder as callers see it.
pub(super) fn describe(connection: &Connection, facts: &FolderFacts) -> Result<Folder> {
    let name = match property::find(connection, facts.object, tags::PID_TAG_DISPLAY_NAME)? {
        Some(stored) => text(&stored.load_extent(connection, Extent::Searched)?, 1252).map(|name| name.into_owned()),
        None => None,
    };
    Ok(Folder {
        id: ids::folder_id(facts.id),
        parent: facts.parent.map(ids::folder_id),
        folder_type: match facts.folder_type {
            0 => FolderType::Root,
            2 => FolderType::Search,
            _ => FolderType::Generic,
        },
        display_name: name.unwrap_or_default(),
        change_number: facts.change_number,
        content_count: facts.content_count,
        content_unread_count: facts.unread_count,
        associated_content_count: facts.associated_count,
        has_subfolders: facts.child_count > 0,
    })
}

/// Writes a folder without its properties.
fn insert(
    transaction: &Transaction<'_>,
    counter: u64,
    parent: Option<u64>,
    folder_type: FolderType,
    display_name: &str,
    change_number: u64,
    now: FileTime,
) -> Result<i64> {
    let object = property::new_object(transaction)?;
    transaction
        .prepare_cached(
            "INSERT INTO folder (id, object, parent, folder_type, name_key, change_number, created, modified)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![
            counter.cast_signed(),
            object,
            parent.map(u64::cast_signed),
            folder_type as u8,
            name_key(display_name),
            change_number.cast_signed(),
            now.0.cast_signed(),
        ])?;
    property::set(transaction, object, tags::PID_TAG_DISPLAY_NAME, &string(display_name))?;
    Ok(object)
}

/// Creates a folder with this counter as its id.
pub(super) fn create(
    transaction: &Transaction<'_>,
    pins: &Arc<Pins>,
    folder: &NewFolder<'_>,
    counter: u64,
    change_number: u64,
    now: FileTime,
) -> Result<Folder> {
    if folder.folder_type == FolderType::Root {
        return Err(StoreError::InvalidParameter("folder type"));
    }
    let parent = object::folder(transaction, folder.parent)?.id;
    check_name(transaction, Some(parent), folder.display_name)?;
    let object =
        insert(transaction, counter, Some(parent), folder.folder_type, folder.display_name, change_number, now)?;
    permission::inherit(transaction, parent, counter)?;
    for (tag, change) in folder.properties.iter() {
        check_writable(ObjectKind::Folder, tag)?;
        if tag.property_id() != tags::PID_TAG_DISPLAY_NAME.property_id() {
            property::apply(transaction, pins, object, tag, change)?;
        }
    }
    describe(transaction, &object::folder(transaction, ids::folder_id(counter))?)
}

/// A name that a new or renamed folder may have.
pub(super) fn check_name(transaction: &Transaction<'_>, parent: Option<u64>, name: &str) -> Result<()> {
    if name.is_empty() || name.chars().count() > 255 {
        return Err(StoreError::InvalidParameter("folder name"));
    }
    let mut taken = transaction.prepare_cached("SELECT 1 FROM folder WHERE parent = ?1 AND name_key = ?2")?;
    if taken.exists(params![parent.map(u64::cast_signed), name_key(name)])? {
        return Err(StoreError::Exists("folder"));
    }
    Ok(())
}

/// Changes properties of a folder or the mailbox.
pub(super) fn change(
    transaction: &Transaction<'_>,
    pins: &Arc<Pins>,
    object: ObjectId,
    changes: &PropertyChanges,
    change_number: u64,
    now: FileTime,
) -> Result<()> {
    let facts = object::find(transaction, object)?;
    match &facts {
        Facts::Folder(folder) => {
            transaction
                .prepare_cached("UPDATE folder SET change_number = ?2, modified = ?3 WHERE id = ?1")?
                .execute([folder.id, change_number, now.0].map(u64::cast_signed))?;
        }
        Facts::Mailbox(_) => {
            transaction
                .prepare_cached("UPDATE mailbox SET change_number = ?1")?
                .execute([change_number.cast_signed()])?;
        }
        _ => return Err(StoreError::Unsupported("changing a part of a message alone")),
    }
    for (tag, change) in changes.iter() {
        check_writable(facts.kind(), tag)?;
        if let Facts::Folder(folder) = &facts
            && tag.property_id() == tags::PID_TAG_DISPLAY_NAME.property_id()
        {
            let name = changed_text(change, "folder name")?.ok_or(StoreError::InvalidParameter("folder name"))?;
            rename(transaction, folder, &name)?;
        } else {
            property::apply(transaction, pins, facts.object(), tag, change)?;
        }
    }
    Ok(())
}

fn rename(transaction: &Transaction<'_>, folder: &FolderFacts, name: &str) -> Result<()> {
    let mut own = transaction.prepare_cached("SELECT name_key FROM folder WHERE id = ?1")?;
    let own: String = own.query_row([folder.id.cast_signed()], |row| row.get(0))?;
    if own != name_key(name) {
        check_name(transaction, folder.parent, name)?;
        transaction
            .prepare_cached("UPDATE folder SET name_key = ?2 WHERE id = ?1")?
            .execute(params![folder.id.cast_signed(), name_key(name)])?;
    }
    property::set(transaction, folder.object, tags::PID_TAG_DISPLAY_NAME, &string(name))
}

/// What a special folder starts with: its parent, name and PidTagContainerClass (MS-OXOSFLD 2.2.1, 2.2.2).
fn special(folder: SpecialFolder) -> (Option<SpecialFolder>, &'static str, Option<&'static str>) {
    use SpecialFolder as F;
    let (root, subtree) = (Some(F::Root), Some(F::IpmSubtree));
    match folder {
        F::Root => (None, "Root Container", None),
        F::DeferredAction => (root, "Deferred Action", None),
        F::SpoolerQueue => (root, "Spooler Queue", None),
        F::IpmSubtree => (root, "Top of Information Store", None),
        F::Inbox => (subtree, "Inbox", Some("IPF.Note")),
        F::Outbox => (subtree, "Outbox", Some("IPF.Note")),
        F::SentItems => (subtree, "Sent Items", Some("IPF.Note")),
        F::DeletedItems => (subtree, "Deleted Items", Some("IPF.Note")),
        F::CommonViews => (root, "Common Views", None),
        F::Schedule => (root, "Schedule", None),
        F::Search => (root, "Finder", None),
        F::Views => (root, "Views", None),
        F::Shortcuts => (root, "Shortcuts", None),
        F::Drafts => (subtree, "Drafts", Some("IPF.Note")),
        F::Calendar => (subtree, "Calendar", Some("IPF.Appointment")),
        F::Contacts => (subtree, "Contacts", Some("IPF.Contact")),
        F::Journal => (subtree, "Journal", Some("IPF.Journal")),
        F::Notes => (subtree, "Notes", Some("IPF.StickyNote")),
        F::Tasks => (subtree, "Tasks", Some("IPF.Task")),
        F::JunkEmail => (subtree, "Junk Email", Some("IPF.Note")),
    }
}

/// Makes the special folders and the Receive folder table of a new mailbox, using up the counters from
/// `first` on, one for each folder's id and one for its change number; answers the next that is free.
pub(super) fn provision(transaction: &Transaction<'_>, first: u64, now: FileTime) -> Result<u64> {
    let count = SpecialFolder::ALL.len() as u64;
    let id = |folder: SpecialFolder| first + folder as u64;
    for folder in SpecialFolder::ALL {
        let (parent, name, container_class) = special(folder);
        let folder_type = if parent.is_none() { FolderType::Root } else { FolderType::Generic };
        let change_number = id(folder) + count;
        let object = insert(transaction, id(folder), parent.map(id), folder_type, name, change_number, now)?;
        if let Some(class) = container_class {
            property::set(transaction, object, tags::PID_TAG_CONTAINER_CLASS, &string(class))?;
        }
        transaction.execute(
            "INSERT INTO special_folder (role, folder) VALUES (?1, ?2)",
            [folder as i64, id(folder).cast_signed()],
        )?;
    }
    for (class, folder) in INITIAL_RECEIVE_FOLDERS {
        transaction.execute(
            "INSERT INTO receive_folder (class_key, message_class, folder, modified) VALUES (?1, ?2, ?3, ?4)",
            params![class.to_ascii_lowercase(), class, id(folder).cast_signed(), now.0.cast_signed()],
        )?;
    }
    Ok(first + 2 * count)
}

/// The special folders of a mailbox.
///
/// # Errors
/// `Damaged` when one is missing.
pub(super) fn special_folders(connection: &Connection) -> Result<SpecialFolders> {
    let mut folders = [FolderId::default(); SpecialFolder::ALL.len()];
    let mut statement = connection.prepare("SELECT folder FROM special_folder WHERE role = ?1")?;
    for (role, folder) in folders.iter_mut().enumerate() {
        let found = property::optional(statement.query_row([role as i64], |row| row.get::<_, i64>(0)))?;
        let counter = found.ok_or_else(|| StoreError::Damaged(format!("special folder {role} is missing")))?;
        *folder = ids::folder_id(counter.cast_unsigned());
    }
    Ok(SpecialFolders(folders))
}
