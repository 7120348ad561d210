//! Categories that are opened and closed, and which ones are (MS-OXCTABL 3.2.5.17 to 3.2.5.20).

use protocol::oxcdata::{ErrorCode, MessageId, PropertyRow, PropertyTag, WireForm};
use protocol::oxctabl::CategoryStates;
use runtime::rop::Fill;
use runtime::{Cursor, Encoder};

use super::categories::fingerprint;
use super::entry_ids::packed;
use super::objects::{RowKey, Rows, Source, Table};

impl Table {
    /// Fails for tables that cannot be grouped, and before columns are set (MS-OXCTABL 3.2.5.2).
    pub(super) fn check_categories(&self, columns: Option<&[PropertyTag]>) -> Result<(), ErrorCode> {
        if !matches!(self.source, Source::Contents { .. }) {
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        columns.map(drop).ok_or(ErrorCode::EC_NULL_OBJECT)
    }

    /// Opens or closes a category; answers how many rows came or went.
    ///
    /// # Errors
    /// ecNotFound; `already` for one that is so already.
    fn turn(&mut self, id: u64, expand: bool, already: ErrorCode) -> Result<usize, ErrorCode> {
        let before = self.length()?;
        let header = match self.rows() {
            Some(Rows::Grouped(grouped)) => grouped.header(id),
            _ => None,
        };
        if header.ok_or(ErrorCode::EC_NOT_FOUND)?.is_expanded() == expand {
            return Err(already);
        }
        if !self.grouping.changed.remove(&id) {
            self.grouping.changed.insert(id);
        }
        self.relist()?;
        Ok(self.length()?.abs_diff(before))
    }

    /// Opens a category; answers how many rows came, and the first of them.
    pub(super) fn expand(
        &mut self,
        id: u64,
        columns: &[PropertyTag],
        count: u16,
        mut fill: Fill<PropertyRow<'static>>,
    ) -> Result<(u32, Vec<PropertyRow<'static>>), ErrorCode> {
        let more = self.turn(id, true, ErrorCode::EC_NOT_COLLAPSED)?;
        let rows = match self.rows() {
            Some(Rows::Grouped(grouped)) => grouped.rows_in(id),
            _ => 0..0,
        };
        let end = rows.end.min(rows.start.saturating_add(count.into()));
        for row in self.rows_in(rows.start..end, columns)?.into_iter().flatten() {
            if !fill.push(row) {
                break;
            }
        }
        // A row without room is the client's to read: the category is open in any case.
        Ok((u32::try_from(more).unwrap_or(u32::MAX), fill.finish().unwrap_or_default()))
    }

    /// Closes a category; answers how many rows went.
    pub(super) fn collapse(&mut self, id: u64) -> Result<u32, ErrorCode> {
        Ok(u32::try_from(self.turn(id, false, ErrorCode::EC_NOT_EXPANDED)?).unwrap_or(u32::MAX))
    }

    /// What the categories of a table follow from, as a number.
    fn view(&self) -> Result<u64, ErrorCode> {
        let mut restriction = Encoder::new();
        if let Some(own) = &self.restriction {
            own.pack(&mut restriction, WireForm::Extended).map_err(|_| ErrorCode::EC_TOO_COMPLEX)?;
        }
        let order: Vec<(u32, u8)> = self.order.iter().map(|key| (key.property_tag.0, key.order.0)).collect();
        Ok(fingerprint(&(order, self.grouping.count, self.grouping.expanded, restriction.finish().to_vec())))
    }

    /// Which categories are not as they began, and a row to remember.
    pub(super) fn collapse_state(&mut self, row_id: u64, row_instance_number: u32) -> Result<Vec<u8>, ErrorCode> {
        let length = self.length()?;
        let view = self.view()?;
        let there: Vec<u64> = match self.rows() {
            Some(Rows::Grouped(grouped)) => {
                self.grouping.changed.iter().copied().filter(|id| grouped.header(*id).is_some()).collect()
            }
            _ => Vec::new(),
        };
        let states = CategoryStates { view, row_id, row_instance_number, changed: there };
        let bytes = packed(|e| states.pack(e))?;
        tracing::trace!(length, bytes = bytes.len(), "the state of categories");
        if bytes.len() > usize::from(u16::MAX) { Err(ErrorCode::EC_INSUFFICIENT_RESRC) } else { Ok(bytes) }
    }

    /// Opens and closes categories as they were; answers a bookmark of the row to remember.
    ///
    /// # Errors
    /// ecInvalidParam for a state that is none, or one of another order or filter.
    pub(super) fn set_collapse_state(&mut self, state: &[u8]) -> Result<Vec<u8>, ErrorCode> {
        let mut c = Cursor::new(state);
        let states = CategoryStates::unpack(&mut c).map_err(|_| ErrorCode::EC_INVALID_PARAM)?;
        c.finish().map_err(|_| ErrorCode::EC_INVALID_PARAM)?;
        if states.view != self.view()? {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        self.grouping.changed = states.changed.into_iter().collect();
        self.relist()?;
        let length = self.length()?;
        let header = RowKey::Category(states.row_id);
        let message = RowKey::Message(MessageId(states.row_id));
        let Some(rows) = self.rows() else { return Err(ErrorCode::EC_INVALID_PARAM) };
        let (key, position) = match (rows.find(header), rows) {
            (Some(position), _) => (header, position),
            (None, Rows::Grouped(grouped)) => (message, grouped.next_visible(message).unwrap_or(length)),
            (None, rows) => (message, rows.find(message).unwrap_or(length)),
        };
        self.mark_row(key, position)
    }
}
