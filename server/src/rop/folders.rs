//! What is done with folders and with messages of a folder: made, moved, copied, deleted (MS-OXCFOLD 3.2.5).

use std::collections::BTreeSet;

use protocol::oxcdata::{ErrorCode, FolderId, MessageId};
use protocol::oxcfold::{DeleteFolderFlags, FolderType as WireFolderType, RopCreateFolderRequest};
use protocol::oxcperm::MemberRights;
use runtime::StringValue;

use super::errors::of_open_object;
use super::objects::Folder;
use super::permissions::{self, Act};
use crate::store::value::string;
use crate::store::{
    Folder as StoredFolder, FolderType, MemberChange, NewFolder, PropertyChanges, SpecialFolder, StoreError, tags as t,
};

/// A folder's name as a request has it.
fn name_of(folder: &Folder, name: &StringValue<'_>) -> String {
    name.to_text(folder.mailbox.code_page()).into_owned()
}

/// The return value for a name that a folder cannot have.
fn of_name(error: StoreError) -> ErrorCode {
    match error {
        StoreError::InvalidParameter("folder name") => ErrorCode::EC_INVALID_PARAM,
        other => of_open_object(other),
    }
}

/// Makes a folder, or finds the one of that name when that is wanted.
pub(super) fn create(parent: &Folder, request: &RopCreateFolderRequest<'_>) -> Result<FolderId, ErrorCode> {
    let folder_type = match request.folder_type {
        WireFolderType::GENERIC => FolderType::Generic,
        WireFolderType::SEARCH => FolderType::Search,
        _ => return Err(ErrorCode::EC_INVALID_PARAM),
    };
    let name = name_of(parent, &request.display_name);
    let store = &parent.mailbox.mailbox;
    if let Some(id) = store.folder_named(parent.id, &name).map_err(of_open_object)? {
        if !request.open_existing {
            return Err(ErrorCode::EC_DUPLICATE_NAME);
        }
        parent.mailbox.require(id, MemberRights::FOLDER_VISIBLE)?;
        return Ok(id);
    }
    parent.mailbox.require(parent.id, MemberRights::CREATE_SUB_FOLDER)?;
    let mut properties = PropertyChanges::new();
    properties.set(t::PID_TAG_COMMENT, string(name_of(parent, &request.comment)));
    let new = NewFolder { parent: parent.id, display_name: &name, folder_type, properties };
    let id = store.create_folder(&new).map_err(of_name)?.id;
    if !parent.mailbox.is_owner() {
        let user = &parent.mailbox.user;
        let (legacy_dn, name) = (user.legacy_dn.clone(), user.display_name.clone());
        // Who makes a folder may do everything with it.
        store.change_members(id, &[MemberChange::Add { legacy_dn, name, rights: permissions::ALL.0 }])?;
    }
    Ok(id)
}

/// A folder that is in another one.
fn child(parent: &Folder, id: FolderId) -> Result<StoredFolder, ErrorCode> {
    let found = parent.mailbox.mailbox.folder(id)?;
    if found.folder_type == FolderType::Root {
        return Err(ErrorCode::EC_NOT_SUPPORTED);
    }
    if found.parent == Some(parent.id) { Ok(found) } else { Err(ErrorCode::EC_NOT_FOUND) }
}

/// Deletes a folder of a folder; answers whether that was left undone for what is in it.
pub(super) fn delete(parent: &Folder, id: FolderId, flags: DeleteFolderFlags) -> Result<bool, ErrorCode> {
    let known = DeleteFolderFlags::NAMES.iter().fold(0, |known, (bit, _)| known | bit);
    if flags.0 & !known != 0 {
        return Err(ErrorCode::EC_INVALID_PARAM);
    }
    let found = child(parent, id)?;
    parent.mailbox.require(id, MemberRights::FOLDER_OWNER)?;
    // What a search folder shows is not in it.
    let holds = found.folder_type != FolderType::Search;
    let messages = holds && (found.content_count > 0 || found.associated_content_count > 0);
    let kept_messages = messages && !flags.contains(DeleteFolderFlags::DEL_MESSAGES);
    let kept_folders = found.has_subfolders && !flags.contains(DeleteFolderFlags::DEL_FOLDERS);
    if kept_messages || kept_folders {
        return Ok(true);
    }
    parent.mailbox.mailbox.delete_folder(id)?;
    Ok(false)
}

/// Where a folder goes.
#[derive(Clone, Copy)]
pub(super) enum Put {
    Move,
    Copy { recursive: bool },
}

/// Moves or copies a folder of a folder into another one.
pub(super) fn put(
    source: &Folder,
    dest: &Folder,
    id: FolderId,
    name: &StringValue<'_>,
    how: Put,
) -> Result<(), ErrorCode> {
    child(source, id)?;
    let needed = if matches!(how, Put::Move) { MemberRights::FOLDER_OWNER } else { MemberRights::READ_ANY };
    source.mailbox.require(id, needed)?;
    dest.mailbox.require(dest.id, MemberRights::CREATE_SUB_FOLDER)?;
    let name = name_of(source, name);
    let store = &source.mailbox.mailbox;
    match how {
        Put::Move => store.move_folder(id, dest.id, &name).map(drop).map_err(of_name),
        Put::Copy { recursive } => store.copy_folder(id, dest.id, &name, recursive).map(drop).map_err(of_name),
    }
}

/// How many different messages a request names.
fn different(messages: &[MessageId]) -> usize {
    messages.iter().collect::<BTreeSet<_>>().len()
}

/// Moves or copies messages of a folder; answers whether some are not there.
pub(super) fn transfer(source: &Folder, dest: &Folder, messages: &[MessageId], copy: bool) -> Result<bool, ErrorCode> {
    let store = &source.mailbox.mailbox;
    if store.folder(dest.id).map_err(of_open_object)?.folder_type == FolderType::Search {
        return Err(ErrorCode::EC_SEARCH_FOLDER);
    }
    dest.mailbox.require(dest.id, MemberRights::CREATE)?;
    let act = if copy { Act::Read } else { Act::Delete };
    let allowed = source.mailbox.allowed(act, source.id, messages)?;
    let done = if copy {
        store.copy_messages(source.id, dest.id, &allowed)
    } else {
        store.move_messages(source.id, dest.id, &allowed)
    };
    Ok(done.map_err(of_open_object)? < different(messages))
}

/// Deletes messages of a folder; answers whether some are not there or not for the user to delete.
pub(super) fn delete_messages(folder: &Folder, messages: &[MessageId], hard: bool) -> Result<bool, ErrorCode> {
    let allowed = folder.mailbox.allowed(Act::Delete, folder.id, messages)?;
    let deleted = folder.mailbox.mailbox.delete_messages(folder.id, &allowed, hard).map_err(of_open_object)?;
    Ok(deleted < different(messages))
}

/// Deletes all that is in a folder; answers whether something stayed.
pub(super) fn empty(folder: &Folder, associated: bool, hard: bool) -> Result<bool, ErrorCode> {
    let store = &folder.mailbox.mailbox;
    if folder.id == store.special_folders().get(SpecialFolder::Root) {
        return Err(ErrorCode::EC_NOT_SUPPORTED);
    }
    let stored = store.folder(folder.id).map_err(of_open_object)?;
    if stored.folder_type == FolderType::Search {
        return Err(ErrorCode::EC_NOT_SUPPORTED);
    }
    folder.mailbox.require(folder.id, MemberRights::DELETE_ANY)?;
    if stored.has_subfolders {
        folder.mailbox.require(folder.id, MemberRights::FOLDER_OWNER)?;
    }
    Ok(!store.empty_folder(folder.id, associated, hard).map_err(of_open_object)?)
}
