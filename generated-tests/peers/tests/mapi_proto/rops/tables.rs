//! Folders and the tables of their contents.

use super::prelude::*;

pub(super) fn open_folder(r: &mut Round) {
    let (slot, parent) = r.handle::<Folder>();
    let id = r.g.u64();
    r.theirs.open_folder(slot, theirs::FolderId::new(id));
    r.ours.rop_open_folder(&parent, FolderId(id), OpenModeFlags(0)).unwrap();
    let (has_rules, is_ghosted) = (r.g.bool(), r.g.bool());
    let servers: Vec<String> = r.g.list(|g| ascii(g, 30));
    let response = RopOpenFolderResponse {
        has_rules,
        is_ghosted,
        cheap_server_count: is_ghosted.then(|| r.g.u16()),
        servers: is_ghosted.then(|| servers.iter().map(|name| String8::new(name.clone().into_bytes())).collect()),
    };
    answer!(r, RopOpenFolder, ROP_OPEN_FOLDER, pack_rop_open_folder_reply(), response, RopResponse::OpenFolder(theirs) => {
        assert_eq!((theirs.has_rules(), theirs.is_ghosted()), (has_rules, is_ghosted));
        assert_eq!(theirs.replica_servers(), is_ghosted.then_some(&*servers));
    });
}

pub(super) fn hierarchy_table(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let deep = r.g.bool();
    r.theirs.hierarchy_table(slot, if deep { theirs::FolderDepth::Recursive } else { theirs::FolderDepth::Immediate });
    let flags = if deep { HierarchyTableFlags::DEPTH } else { HierarchyTableFlags(0) };
    r.ours.rop_get_hierarchy_table(&folder, flags).unwrap();
    let row_count = r.g.u32();
    let response = RopGetHierarchyTableResponse { row_count };
    answer!(r, RopGetHierarchyTable, ROP_GET_HIERARCHY_TABLE, pack_rop_get_hierarchy_table_reply(), response,
        RopResponse::GetTable(theirs) => assert_eq!(theirs.row_count(), row_count));
}

pub(super) fn rows(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let table = r.theirs.contents_table(slot);
    let our_table = r.ours.rop_get_contents_table(&folder, ContentsTableFlags(0)).unwrap();
    let index = r.newest();
    let row_count = r.g.u32();
    answer!(always r, RopGetContentsTable, index, pack_rop_get_contents_table_reply(),
        RopGetContentsTableResponse { row_count },
        RopResponse::GetTable(theirs) => assert_eq!(theirs.row_count(), row_count));

    let columns = r.g.list(any_tag);
    r.theirs.set_columns(table, &their_tags(&columns));
    r.ours.rop_set_columns(&our_table, AsynchronousFlags(0), columns.clone()).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(always r, RopSetColumns, index, pack_rop_set_columns_reply(), RopSetColumnsResponse { table_status },
        RopResponse::SetColumns(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));

    let count = r.g.u16();
    r.theirs.query_rows(table, count);
    r.ours.rop_query_rows(&our_table, QueryRowsFlags(0), true, count).unwrap();
    let origin = Bookmark(r.g.named(Bookmark::NAMES));
    let row_data: Vec<_> = r.g.list(|g| any_row(g, &columns, &mut r.arms));
    let (rows, tags) = (row_data.clone(), columns.clone());
    answer!(always r, RopQueryRows, index, pack_rop_query_rows_reply(&columns), RopQueryRowsResponse { origin, row_data },
    RopResponse::QueryRows(theirs) => {
        assert_eq!(theirs.bookmark().as_u8(), origin.0);
        assert_eq!(theirs.rows().len(), rows.len());
        for (theirs, ours) in theirs.rows().iter().zip(&rows) {
            let flagged = matches!(ours, PropertyRow::FlaggedPropertyRow(_));
            assert_eq!(theirs.form() == theirs::RowForm::Flagged, flagged);
            same_cells(theirs.cells(), &tags, ours, true);
        }
    });
}

pub(super) fn sort_table(r: &mut Round) {
    let (slot, table) = r.handle::<Table>();
    let (theirs, ours): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            let (property_tag, descending) = (PropertyTag(g.u32()), g.bool());
            let order = if descending { SortDirection::DESCENDING } else { SortDirection::ASCENDING };
            let make = if descending { theirs::SortOrder::descending } else { theirs::SortOrder::ascending };
            (make(tag(property_tag)), SortOrder { property_tag, order })
        })
        .into_iter()
        .unzip();
    r.theirs.sort_table(slot, &theirs::SortOrderSet::new(theirs));
    r.ours.rop_sort_table(&table, AsynchronousFlags(0), 0, 0, ours).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(r, RopSortTable, ROP_SORT_TABLE, pack_rop_sort_table_reply(), RopSortTableResponse { table_status },
        RopResponse::TableStatus(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));
}

pub(super) fn restrict(r: &mut Round) {
    let (slot, table) = r.handle::<Table>();
    let (theirs, ours) = any_restriction(&mut r.g, &mut r.arms, 3);
    r.theirs.restrict(slot, &theirs);
    r.ours.rop_restrict(&table, AsynchronousFlags(0), Some(ours)).unwrap();
    let table_status = TableStatus(r.g.named(TableStatus::NAMES));
    answer!(r, RopRestrict, ROP_RESTRICT, pack_rop_restrict_reply(), RopRestrictResponse { table_status },
        RopResponse::TableStatus(theirs) => assert_eq!(theirs.status().as_u8(), table_status.0));
}
