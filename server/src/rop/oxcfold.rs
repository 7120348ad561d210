//! Folders and the tables of what is in them (MS-OXCFOLD 3.2.5).

use std::sync::Arc;

use protocol::oxcdata::ErrorCode;
use protocol::oxcfold::*;
use protocol::oxcperm::MemberRights;
use protocol::rops::{LogonOrFolder, OxcfoldHandler};
use runtime::rop::RopContext;

use super::errors::of_open_object;
use super::objects::{Folder, OpenMailbox, Source, Table};
use super::{RopHandlers, folders, searches};
use crate::store::{ContentsKind, FolderType, HierarchyDepth, TableQuery};

/// The mailbox that an object belongs to.
pub(super) fn mailbox_of<'o>(parent: &'o LogonOrFolder<'_, RopHandlers>) -> &'o Arc<OpenMailbox> {
    match parent {
        LogonOrFolder::Logon(logon) => &logon.mailbox,
        LogonOrFolder::Folder(folder) => &folder.mailbox,
    }
}

/// Bits that no flag of the document has.
fn undefined_bits(names: &[(u8, &str)], flags: u8) -> u8 {
    names.iter().fold(flags, |left, (bit, _)| left & !bit)
}

impl OxcfoldHandler for RopHandlers {
    /// MS-OXCFOLD 3.2.5.1. OpenSoftDeleted finds no more than its absence: deleted folders cannot be
    /// recovered. All other bits are ignored.
    fn rop_open_folder(
        &mut self,
        _context: RopContext,
        parent: LogonOrFolder<'_, Self>,
        request: &RopOpenFolderRequest,
    ) -> Result<(RopOpenFolderResponse<'static>, Folder), ErrorCode> {
        let mailbox = Arc::clone(mailbox_of(&parent));
        let id = mailbox.mailbox.folder(request.folder_id)?.id;
        mailbox.require(id, MemberRights::FOLDER_VISIBLE)?;
        let response =
            RopOpenFolderResponse { has_rules: false, is_ghosted: false, cheap_server_count: None, servers: None };
        Ok((response, Folder { mailbox, id }))
    }

    /// MS-OXCFOLD 3.2.5.13.
    ///
    /// The work is done before the reply also with DeferredErrors. String columns come in the type of their
    /// tags, which UseUnicode does not change. Tables do not notify, so that two flags hold by themselves.
    fn rop_get_hierarchy_table(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopGetHierarchyTableRequest,
    ) -> Result<(RopGetHierarchyTableResponse, Table), ErrorCode> {
        let flags = request.table_flags;
        if undefined_bits(HierarchyTableFlags::NAMES, flags.0) != 0 {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        let all = flags.contains(HierarchyTableFlags::DEPTH);
        let source = Source::Hierarchy {
            folder: folder.id,
            depth: if all { HierarchyDepth::Descendants } else { HierarchyDepth::Children },
            soft_deleted: flags.contains(HierarchyTableFlags::SOFT_DELETES),
        };
        let mut table = Table::new(&folder.mailbox, source, folder.mailbox.code_page());
        let row_count = table.row_count()?;
        if !flags.contains(HierarchyTableFlags::NO_NOTIFICATIONS) {
            table.tell(flags.contains(HierarchyTableFlags::SUPPRESSES_NOTIFICATIONS));
        }
        Ok((RopGetHierarchyTableResponse { row_count }, table))
    }

    /// MS-OXCFOLD 3.2.5.14; flags as with [`Self::rop_get_hierarchy_table`]. There are no conversations.
    fn rop_get_contents_table(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopGetContentsTableRequest,
    ) -> Result<(RopGetContentsTableResponse, Table), ErrorCode> {
        let flags = request.table_flags;
        if undefined_bits(ContentsTableFlags::NAMES, flags.0) != 0 {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        if flags.contains(ContentsTableFlags::CONVERSATION_MEMBERS) {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        let associated = flags.contains(ContentsTableFlags::ASSOCIATED);
        let kind = match (associated, flags.contains(ContentsTableFlags::SOFT_DELETES)) {
            (false, false) => ContentsKind::Normal,
            (true, false) => ContentsKind::Associated,
            (false, true) => ContentsKind::SoftDeleted,
            (true, true) => ContentsKind::SoftDeletedAssociated,
        };
        let store = &folder.mailbox.mailbox;
        let search = store.folder(folder.id).map_err(of_open_object)?.folder_type == FolderType::Search;
        let source = Source::Contents { folder: folder.id, kind, search };
        let mut table = Table::new(&folder.mailbox, source, folder.mailbox.code_page());
        if !flags.contains(ContentsTableFlags::NO_NOTIFICATIONS) {
            table.tell(false);
        }
        // The ids are listed when rows are read: by then the table is sorted and restricted.
        let restriction = folder.mailbox.readable(folder.id, None)?;
        let query = TableQuery { restriction: restriction.as_ref(), ..TableQuery::default() };
        let row_count = store.count_contents(folder.id, kind, &query).map_err(of_open_object)?;
        Ok((RopGetContentsTableResponse { row_count }, table))
    }

    /// MS-OXCFOLD 3.2.5.2. IsExistingFolder tells of public folders only.
    fn rop_create_folder(
        &mut self,
        _context: RopContext,
        parent: &mut Folder,
        request: &RopCreateFolderRequest<'_>,
    ) -> Result<(RopCreateFolderResponse<'static>, Folder), ErrorCode> {
        let id = folders::create(parent, request)?;
        let response = RopCreateFolderResponse {
            folder_id: id,
            is_existing_folder: false,
            has_rules: None,
            is_ghosted: None,
            cheap_server_count: None,
            servers: None,
        };
        Ok((response, Folder { mailbox: Arc::clone(&parent.mailbox), id }))
    }

    /// MS-OXCFOLD 3.2.5.4; the search is done before the reply.
    fn rop_set_search_criteria(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopSetSearchCriteriaRequest<'_>,
    ) -> Result<RopSetSearchCriteriaResponse, ErrorCode> {
        searches::set(folder, request)?;
        Ok(RopSetSearchCriteriaResponse)
    }

    /// MS-OXCFOLD 3.2.5.5.
    fn rop_get_search_criteria(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopGetSearchCriteriaRequest,
    ) -> Result<RopGetSearchCriteriaResponse<'static>, ErrorCode> {
        searches::get(folder, request)
    }

    /// MS-OXCFOLD 3.2.5.3. Deleted folders cannot be restored, whatever DELETE_HARD_DELETE says.
    fn rop_delete_folder(
        &mut self,
        _context: RopContext,
        parent: &mut Folder,
        request: &RopDeleteFolderRequest,
    ) -> Result<RopDeleteFolderResponse, RopDeleteFolderFailure> {
        let partial_completion = folders::delete(parent, request.folder_id, request.delete_folder_flags)?;
        Ok(RopDeleteFolderResponse { partial_completion })
    }

    /// MS-OXCFOLD 3.2.5.6; the work is done before the reply, whatever WantAsynchronous says, as with all that
    /// follow.
    fn rop_move_copy_messages(
        &mut self,
        _context: RopContext,
        source: &mut Folder,
        dest: Option<&mut Folder>,
        request: &RopMoveCopyMessagesRequest,
    ) -> Result<RopMoveCopyMessagesResponse, RopMoveCopyMessagesFailure> {
        let dest = dest.as_deref().unwrap_or(source);
        let partial_completion = folders::transfer(source, dest, &request.message_ids, request.want_copy)?;
        Ok(RopMoveCopyMessagesResponse { partial_completion })
    }

    /// MS-OXCFOLD 3.2.5.7.
    fn rop_move_folder(
        &mut self,
        _context: RopContext,
        source: &mut Folder,
        dest: Option<&mut Folder>,
        request: &RopMoveFolderRequest<'_>,
    ) -> Result<RopMoveFolderResponse, RopMoveFolderFailure> {
        let dest = dest.as_deref().unwrap_or(source);
        folders::put(source, dest, request.folder_id, &request.new_folder_name, folders::Put::Move)?;
        Ok(RopMoveFolderResponse { partial_completion: false })
    }

    /// MS-OXCFOLD 3.2.5.8.
    fn rop_copy_folder(
        &mut self,
        _context: RopContext,
        source: &mut Folder,
        dest: Option<&mut Folder>,
        request: &RopCopyFolderRequest<'_>,
    ) -> Result<RopCopyFolderResponse, RopCopyFolderFailure> {
        let dest = dest.as_deref().unwrap_or(source);
        let how = folders::Put::Copy { recursive: request.want_recursive };
        folders::put(source, dest, request.folder_id, &request.new_folder_name, how)?;
        Ok(RopCopyFolderResponse { partial_completion: false })
    }

    /// MS-OXCFOLD 3.2.5.9.
    fn rop_empty_folder(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopEmptyFolderRequest,
    ) -> Result<RopEmptyFolderResponse, RopEmptyFolderFailure> {
        let partial_completion = folders::empty(folder, request.want_delete_associated, false)?;
        Ok(RopEmptyFolderResponse { partial_completion })
    }

    /// MS-OXCFOLD 3.2.5.10.
    fn rop_hard_delete_messages_and_subfolders(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopHardDeleteMessagesAndSubfoldersRequest,
    ) -> Result<RopHardDeleteMessagesAndSubfoldersResponse, RopHardDeleteMessagesAndSubfoldersFailure> {
        let partial_completion = folders::empty(folder, request.want_delete_associated, true)?;
        Ok(RopHardDeleteMessagesAndSubfoldersResponse { partial_completion })
    }

    /// MS-OXCFOLD 3.2.5.11.
    fn rop_delete_messages(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopDeleteMessagesRequest,
    ) -> Result<RopDeleteMessagesResponse, RopDeleteMessagesFailure> {
        let partial_completion = folders::delete_messages(folder, &request.message_ids, false)?;
        Ok(RopDeleteMessagesResponse { partial_completion })
    }

    /// MS-OXCFOLD 3.2.5.12.
    fn rop_hard_delete_messages(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopHardDeleteMessagesRequest,
    ) -> Result<RopHardDeleteMessagesResponse, RopHardDeleteMessagesFailure> {
        let partial_completion = folders::delete_messages(folder, &request.message_ids, true)?;
        Ok(RopHardDeleteMessagesResponse { partial_completion })
    }
}
