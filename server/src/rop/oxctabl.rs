//! Columns, order, filter, position and rows of tables (MS-OXCTABL 3.2.5).

use std::collections::BTreeSet;

use protocol::oxcdata::{ErrorCode, PropertyRow, PropertyTag, PropertyType, SortDirection, SortOrder};
use protocol::oxctabl::*;
use protocol::rops::{OxctablHandler, TableState};
use runtime::rop::{Fill, RopContext};

use super::RopHandlers;
use super::categories::Grouping;
use super::objects::{Source, Table};
use super::positions::{Marked, Moved, bookmark_number};
use crate::store::value::{MULTIVALUE_INSTANCE, is_storable};

/// The most rows of one RopQueryRows.
pub const MAX_ROWS: u16 = 127;

/// The most columns of a table.
pub const MAX_COLUMNS: usize = 512;

/// The most keys of a sort order.
pub const MAX_SORT_KEYS: usize = 64;

/// Rows that are read from the store at once: fewer where there are many columns.
const CHUNK: usize = 32;

/// Cells that are read from the store at once.
const CHUNK_CELLS: usize = 1024;

/// Checks a column (MS-OXCTABL 3.2.5.2).
fn check_column(tag: PropertyTag) -> Result<(), ErrorCode> {
    let kind = tag.property_type();
    if kind.0 & MULTIVALUE_INSTANCE != 0 {
        // One row for each value of a list: not served yet.
        return Err(ErrorCode::EC_NOT_SUPPORTED);
    }
    let empty = kind == PropertyType::PTYP_NULL || kind == PropertyType::PTYP_OBJECT;
    if empty || is_storable(tag) { Ok(()) } else { Err(ErrorCode::EC_INVALID_PARAM) }
}

/// Checks a sort key (MS-OXCTABL 2.2.2.3.1): the one after those that make categories may order these by their
/// greatest value.
fn check_key(order: &SortOrder, after_categories: bool) -> Result<(), ErrorCode> {
    if order.property_tag.property_type().0 & MULTIVALUE_INSTANCE != 0 {
        return Err(ErrorCode::EC_NOT_SUPPORTED);
    }
    let maximum = after_categories && order.order == SortDirection::MAXIMUM_CATEGORY;
    let direction = maximum || order.order == SortDirection::ASCENDING || order.order == SortDirection::DESCENDING;
    if direction && is_storable(order.property_tag) { Ok(()) } else { Err(ErrorCode::EC_INVALID_PARAM) }
}

/// Rows of one RopQueryRows, and how many rows of the table they stand for.
struct Read {
    rows: Vec<PropertyRow<'static>>,
    passed: usize,
}

impl Table {
    /// Reads up to `count` rows from the cursor on, or before it, as long as they have room.
    ///
    /// Rows before the cursor come in the table's order too: those closest to the cursor.
    ///
    /// # Errors
    /// ecBufferTooSmall when there are rows and not one has room.
    fn read(
        &mut self,
        columns: &[PropertyTag],
        forward: bool,
        count: usize,
        mut fill: Fill<PropertyRow<'static>>,
    ) -> Result<Read, ErrorCode> {
        let length = self.length()?;
        let cursor = self.cursor.min(length);
        let available = if forward { length - cursor } else { cursor };
        let wanted = count.min(available);
        let chunk = (CHUNK_CELLS / columns.len().max(1)).clamp(1, CHUNK);
        let mut passed = 0;
        let mut full = false;
        // Rows that are gone take no place in the reply, so that more of the table may be passed than asked.
        while fill.len() < wanted && passed < available && !full {
            let step = chunk.min(wanted - fill.len()).min(available - passed);
            let range =
                if forward { cursor + passed..cursor + passed + step } else { cursor - passed - step..cursor - passed };
            let mut rows = self.rows_in(range, columns)?;
            if !forward {
                rows.reverse();
            }
            for row in rows {
                full = row.is_some_and(|row| !fill.push(row));
                if full {
                    break;
                }
                passed += 1;
            }
        }
        let mut rows = fill.finish().ok_or(ErrorCode::EC_BUFFER_TOO_SMALL)?;
        if !forward {
            rows.reverse();
        }
        Ok(Read { rows, passed })
    }

    /// Where a position is; the document's predefined bookmarks alone are known (MS-OXCTABL 2.2.2.1.1).
    fn bookmark(&mut self, bookmark: Bookmark) -> Result<usize, ErrorCode> {
        let length = self.length()?;
        match bookmark {
            Bookmark::BOOKMARK_BEGINNING => Ok(0),
            Bookmark::BOOKMARK_CURRENT => Ok(self.cursor.min(length)),
            Bookmark::BOOKMARK_END => Ok(length),
            _ => Err(ErrorCode::EC_INVALID_PARAM),
        }
    }
}

impl OxctablHandler for RopHandlers {
    /// MS-OXCTABL 3.2.5.2. With TBL_ASYNC too the work is done before the reply.
    fn rop_set_columns(
        &mut self,
        _context: RopContext,
        _table: &mut Table,
        _table_state: &TableState,
        request: &RopSetColumnsRequest,
    ) -> Result<RopSetColumnsResponse, ErrorCode> {
        if request.property_tags.is_empty() {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        if request.property_tags.len() > MAX_COLUMNS {
            return Err(ErrorCode::EC_TOO_MANY_COLS);
        }
        request.property_tags.iter().try_for_each(|tag| check_column(*tag))?;
        Ok(RopSetColumnsResponse { table_status: TableStatus::TBLSTAT_COMPLETE })
    }

    /// MS-OXCTABL 3.2.5.3; a failure leaves the order as it was.
    fn rop_sort_table(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopSortTableRequest,
    ) -> Result<RopSortTableResponse, ErrorCode> {
        if !matches!(table.source, Source::Contents { .. }) {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        let count = request.sort_orders.len();
        let beyond = |number: u16| usize::from(number) > count;
        if beyond(request.category_count) || request.expanded_count > request.category_count {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        if count > MAX_SORT_KEYS {
            return Err(ErrorCode::EC_TOO_COMPLEX);
        }
        let categories = usize::from(request.category_count);
        let check = |(at, key)| check_key(key, categories > 0 && at == categories);
        request.sort_orders.iter().enumerate().try_for_each(check)?;
        table.order.clone_from(&request.sort_orders);
        table.grouping =
            Grouping { count: categories, expanded: request.expanded_count.into(), changed: BTreeSet::new() };
        table.rewind();
        Ok(RopSortTableResponse { table_status: TableStatus::TBLSTAT_COMPLETE })
    }

    /// MS-OXCTABL 3.2.5.4; a failure leaves the filter as it was.
    fn rop_restrict(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopRestrictRequest<'_>,
    ) -> Result<RopRestrictResponse, ErrorCode> {
        if matches!(table.source, Source::Attachments { .. } | Source::Permissions { .. }) {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        let restriction = request.restriction_data.clone().map(protocol::oxcdata::Restriction::into_owned);
        let before = std::mem::replace(&mut table.restriction, restriction);
        // Listing the rows tells whether the filter can be applied at all.
        if let Err(error) = table.relist() {
            table.restriction = before;
            return Err(error);
        }
        table.cursor = 0;
        table.bookmarks.clear();
        Ok(RopRestrictResponse { table_status: TableStatus::TBLSTAT_COMPLETE })
    }

    /// MS-OXCTABL 3.2.5.5. EnablePackedBuffers concerns who calls: each call fills one buffer.
    fn rop_query_rows(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopQueryRowsRequest,
        row_data: Fill<PropertyRow<'static>>,
    ) -> Result<RopQueryRowsResponse<'static>, ErrorCode> {
        table.viewed();
        let columns = table_state.columns.as_deref().ok_or(ErrorCode::EC_NULL_OBJECT)?;
        let forward = request.forward_read;
        let count = usize::from(request.row_count.min(MAX_ROWS));
        let Read { rows, passed } = table.read(columns, forward, count, row_data)?;
        let length = table.length()?;
        let cursor = table.cursor.min(length);
        let reached = if forward { cursor + passed } else { cursor - passed };
        if !request.query_rows_flags.contains(QueryRowsFlags::NO_ADVANCE) {
            table.cursor = reached;
        }
        let origin = match (forward, reached) {
            (true, at) if at == length => Bookmark::BOOKMARK_END,
            (false, 0) => Bookmark::BOOKMARK_BEGINNING,
            _ => Bookmark::BOOKMARK_CURRENT,
        };
        Ok(RopQueryRowsResponse { origin, row_data: rows })
    }

    /// MS-OXCTABL 3.2.5.8.
    fn rop_query_position(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        _request: &RopQueryPositionRequest,
    ) -> Result<RopQueryPositionResponse, ErrorCode> {
        table.viewed();
        let length = table.length()?;
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Ok(RopQueryPositionResponse { numerator: number(table.cursor.min(length)), denominator: number(length) })
    }

    /// MS-OXCTABL 3.2.5.9.
    fn rop_seek_row(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopSeekRowRequest,
    ) -> Result<RopSeekRowResponse, ErrorCode> {
        table.viewed();
        let from = table.bookmark(request.origin)?;
        let Moved { sought_less, rows } = table.move_by(from, request.row_count)?;
        if !request.want_row_moved_count {
            return Ok(RopSeekRowResponse { has_sought_less: false, rows_sought: 0 });
        }
        Ok(RopSeekRowResponse { has_sought_less: sought_less, rows_sought: rows })
    }

    /// MS-OXCTABL 3.2.5.10.
    fn rop_seek_row_bookmark(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopSeekRowBookmarkRequest<'_>,
    ) -> Result<RopSeekRowBookmarkResponse, ErrorCode> {
        table.viewed();
        table.check_bookmarks()?;
        let Marked { position, gone } = table.marked(&request.bookmark)?;
        let Moved { sought_less, rows } = table.move_by(position, request.row_count)?;
        let told = request.want_row_moved_count;
        Ok(RopSeekRowBookmarkResponse {
            row_no_longer_visible: gone,
            has_sought_less: told && sought_less,
            rows_sought: if told { rows } else { 0 },
        })
    }

    /// MS-OXCTABL 3.2.5.11.
    fn rop_seek_row_fractional(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopSeekRowFractionalRequest,
    ) -> Result<RopSeekRowFractionalResponse, ErrorCode> {
        if request.denominator == 0 {
            return Err(ErrorCode::EC_INVALID_BOOKMARK);
        }
        let length = table.length()?;
        let rows = length as u64;
        let position = rows * u64::from(request.numerator) / u64::from(request.denominator);
        table.cursor = usize::try_from(position.min(rows)).unwrap_or(length);
        Ok(RopSeekRowFractionalResponse)
    }

    /// MS-OXCTABL 3.2.5.12.
    fn rop_create_bookmark(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        _request: &RopCreateBookmarkRequest,
    ) -> Result<RopCreateBookmarkResponse<'static>, ErrorCode> {
        table.check_bookmarks()?;
        let bookmark = table.mark()?;
        Ok(RopCreateBookmarkResponse { bookmark: bookmark.into() })
    }

    /// MS-OXCTABL 3.2.5.15.
    fn rop_free_bookmark(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        request: &RopFreeBookmarkRequest<'_>,
    ) -> Result<RopFreeBookmarkResponse, ErrorCode> {
        table.check_bookmarks()?;
        let number = bookmark_number(&request.bookmark)?;
        table.bookmarks.remove(&number).ok_or(ErrorCode::EC_INVALID_BOOKMARK)?;
        Ok(RopFreeBookmarkResponse)
    }

    /// MS-OXCTABL 3.2.5.14.
    fn rop_find_row(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopFindRowRequest<'_>,
    ) -> Result<RopFindRowResponse<'static>, ErrorCode> {
        table.viewed();
        let columns = table_state.columns.as_deref().ok_or(ErrorCode::EC_NULL_OBJECT)?;
        let Marked { position, gone } = match request.origin {
            Bookmark::BOOKMARK_CUSTOM => table.marked(&request.bookmark)?,
            origin => Marked { position: table.bookmark(origin)?, gone: false },
        };
        let backwards = request.find_row_flags.contains(FindRowFlags::BACKWARDS);
        let restriction = request.restriction_data.clone().map(protocol::oxcdata::Restriction::into_owned);
        let found = table.find(restriction, position, backwards)?.ok_or(ErrorCode::EC_NOT_FOUND)?;
        table.cursor = found;
        let row = table.rows_in(found..found + 1, columns)?.pop().flatten();
        Ok(RopFindRowResponse { row_no_longer_visible: gone, row_data: row })
    }

    /// MS-OXCTABL 3.2.5.13.
    fn rop_query_columns_all(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        _request: &RopQueryColumnsAllRequest,
    ) -> Result<RopQueryColumnsAllResponse, ErrorCode> {
        table.viewed();
        Ok(RopQueryColumnsAllResponse { property_tags: table.all_columns()? })
    }

    /// MS-OXCTABL 3.2.5.6: nothing goes on after its reply.
    fn rop_abort(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        _request: &RopAbortRequest,
    ) -> Result<RopAbortResponse, ErrorCode> {
        table.check_bookmarks()?;
        Err(ErrorCode::EC_UNABLE_TO_ABORT)
    }

    /// MS-OXCTABL 3.2.5.7.
    fn rop_get_status(
        &mut self,
        _context: RopContext,
        _table: &mut Table,
        _table_state: &TableState,
        _request: &RopGetStatusRequest,
    ) -> Result<RopGetStatusResponse, ErrorCode> {
        Ok(RopGetStatusResponse { table_status: TableStatus::TBLSTAT_COMPLETE })
    }

    /// MS-OXCTABL 3.2.5.17.
    fn rop_expand_row(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopExpandRowRequest,
        row_data: Fill<PropertyRow<'static>>,
    ) -> Result<RopExpandRowResponse<'static>, ErrorCode> {
        table.check_categories(table_state.columns.as_deref())?;
        let columns = table_state.columns.as_deref().unwrap_or_default();
        let (expanded_row_count, row_data) =
            table.expand(request.category_id, columns, request.max_row_count.min(MAX_ROWS), row_data)?;
        Ok(RopExpandRowResponse { expanded_row_count, row_data })
    }

    /// MS-OXCTABL 3.2.5.18.
    fn rop_collapse_row(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopCollapseRowRequest,
    ) -> Result<RopCollapseRowResponse, ErrorCode> {
        table.check_categories(table_state.columns.as_deref())?;
        Ok(RopCollapseRowResponse { collapsed_row_count: table.collapse(request.category_id)? })
    }

    /// MS-OXCTABL 3.2.5.19.
    fn rop_get_collapse_state(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopGetCollapseStateRequest,
    ) -> Result<RopGetCollapseStateResponse<'static>, ErrorCode> {
        table.check_categories(table_state.columns.as_deref())?;
        let state = table.collapse_state(request.row_id, request.row_instance_number)?;
        Ok(RopGetCollapseStateResponse { collapse_state: state.into() })
    }

    /// MS-OXCTABL 3.2.5.20.
    fn rop_set_collapse_state(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        table_state: &TableState,
        request: &RopSetCollapseStateRequest<'_>,
    ) -> Result<RopSetCollapseStateResponse<'static>, ErrorCode> {
        table.check_categories(table_state.columns.as_deref())?;
        let bookmark = table.set_collapse_state(&request.collapse_state)?;
        Ok(RopSetCollapseStateResponse { bookmark: bookmark.into() })
    }

    /// MS-OXCTABL 3.2.5.16.
    fn rop_reset_table(
        &mut self,
        _context: RopContext,
        table: &mut Table,
        _table_state: &TableState,
        _request: &RopResetTableRequest,
    ) -> Result<RopResetTableResponse, ErrorCode> {
        if !matches!(table.source, Source::Contents { .. }) {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        table.order.clear();
        table.grouping = Grouping::default();
        table.restriction = None;
        table.rewind();
        table.unviewed();
        Ok(RopResetTableResponse)
    }
}
