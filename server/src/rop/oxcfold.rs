//! Folders and the tables of what is in them (MS-OXCFOLD 3.2.5).

use std::sync::Arc;

use protocol::oxcdata::ErrorCode;
use protocol::oxcfold::{
    ContentsTableFlags, HierarchyTableFlags, RopGetContentsTableRequest, RopGetContentsTableResponse,
    RopGetHierarchyTableRequest, RopGetHierarchyTableResponse, RopOpenFolderRequest, RopOpenFolderResponse,
};
use protocol::rops::{LogonOrFolder, OxcfoldHandler};
use runtime::rop::RopContext;

use super::RopHandlers;
use super::errors::of_open_object;
use super::objects::{Folder, OpenMailbox, Source, Table};
use crate::store::{ContentsKind, HierarchyDepth, TableQuery};

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
        let kind = if associated { ContentsKind::Associated } else { ContentsKind::Normal };
        let soft_deleted = flags.contains(ContentsTableFlags::SOFT_DELETES);
        let source = Source::Contents { folder: folder.id, kind, soft_deleted };
        let table = Table::new(&folder.mailbox, source, folder.mailbox.code_page());
        // The ids are listed when rows are read: by then the table is sorted and restricted.
        let row_count = if soft_deleted {
            0
        } else {
            let store = &folder.mailbox.mailbox;
            store.count_contents(folder.id, kind, &TableQuery::default()).map_err(of_open_object)?
        };
        Ok((RopGetContentsTableResponse { row_count }, table))
    }
}
