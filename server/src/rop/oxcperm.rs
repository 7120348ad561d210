//! Permissions of folders shown and changed (MS-OXCPERM 3.2.5).

use protocol::oxcdata::ErrorCode;
use protocol::oxcperm::*;
use protocol::rops::OxcpermHandler;
use runtime::rop::RopContext;

use super::RopHandlers;
use super::errors::of_open_object;
use super::objects::{Folder, Source, Table};
use super::permissions::Changes;
use crate::store::MemberChange;

impl OxcpermHandler for RopHandlers {
    /// MS-OXCPERM 3.2.5.1. Whether the user may see the permissions is looked at when rows are read.
    fn rop_get_permissions_table(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopGetPermissionsTableRequest,
    ) -> Result<(RopGetPermissionsTableResponse, Table), ErrorCode> {
        folder.mailbox.mailbox.folder(folder.id).map_err(of_open_object)?;
        let free_busy = request.table_flags.contains(PermissionsTableFlags::INCLUDE_FREE_BUSY);
        let source = Source::Permissions { folder: folder.id, free_busy };
        let table = Table::new(&folder.mailbox, source, folder.mailbox.code_page());
        Ok((RopGetPermissionsTableResponse, table))
    }

    /// MS-OXCPERM 3.2.5.2: all changes or none.
    fn rop_modify_permissions(
        &mut self,
        _context: RopContext,
        folder: &mut Folder,
        request: &RopModifyPermissionsRequest<'_>,
    ) -> Result<RopModifyPermissionsResponse, ErrorCode> {
        folder.mailbox.require(folder.id, MemberRights::FOLDER_OWNER)?;
        let flags = request.modify_flags;
        let replace = flags.contains(ModifyPermissionsFlags::REPLACE_ROWS);
        let only_added =
            request.permissions_data.iter().all(|data| data.permission_data_flags == PermissionDataFlags::ADD_ROW);
        if replace && !only_added {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        let store = &folder.mailbox.mailbox;
        let members = store.members(folder.id).map_err(of_open_object)?;
        let free_busy = flags.contains(ModifyPermissionsFlags::INCLUDE_FREE_BUSY);
        let changes = Changes { store: self.store.as_ref(), folder, free_busy };
        let changes = request.permissions_data.iter().map(|data| changes.of(data, &members));
        let mut changes: Vec<MemberChange> = changes.filter_map(Result::transpose).collect::<Result<_, ErrorCode>>()?;
        if replace {
            changes.insert(0, MemberChange::Clear);
        }
        store.change_members(folder.id, &changes).map_err(of_open_object)?;
        Ok(RopModifyPermissionsResponse)
    }
}
