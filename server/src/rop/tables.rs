//! The rows of tables: which there are, and what is in them.

use std::collections::BTreeSet;
use std::ops::Range;

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyRow, PropertyTag, PropertyType, PropertyValue};
use runtime::Utf16;

use super::conditions::Conditions;
use super::errors::{of_open_object, of_query};
use super::known::Known;
use super::objects::{Rows, Source, Table};
use super::properties::means;
use super::rows::property_row;
use super::values::{Cell, TextForm, convert, cut_for_row};
use crate::store::value::binary;
use crate::store::{ObjectId, PartChange, PropertyChange, ROW_VALUE, Row, StoreError, StoredValue, TableQuery};

/// Where the cells of a column come from.
#[derive(Clone, Copy)]
enum Column {
    /// A property of the store, by its place among those that are asked for.
    Stored(usize),
    /// A property that follows from what the row is.
    Known(PropertyTag),
}

/// The columns of a table, and the stored properties that they need.
struct Columns<'c> {
    tags: &'c [PropertyTag],
    columns: Vec<Column>,
    stored: Vec<PropertyTag>,
}

impl<'c> Columns<'c> {
    fn new(tags: &'c [PropertyTag], row: Known) -> Self {
        let mut stored: Vec<PropertyTag> = Vec::new();
        // A column that is there twice is read once.
        let mut place = |tag: PropertyTag| match stored.iter().position(|own| *own == tag) {
            Some(place) => place,
            None => {
                stored.push(tag);
                stored.len() - 1
            }
        };
        let columns = tags.iter().map(|tag| match row.row_tag(*tag) {
            Some(known) => Column::Known(known),
            None => Column::Stored(place(*tag)),
        });
        let columns = columns.collect();
        Self { tags, columns, stored }
    }
}

impl Table {
    /// The cursor goes to the beginning, and the rows are listed anew when they are needed.
    pub(super) fn rewind(&mut self) {
        self.cursor = 0;
        self.rows = None;
        self.bookmarks.clear();
    }

    /// How many rows there are.
    pub(super) fn length(&mut self) -> Result<usize, ErrorCode> {
        if let Some((rows, _)) = &self.rows {
            return Ok(rows.len());
        }
        let rows = self.list()?;
        let length = rows.len();
        self.keep(rows)?;
        Ok(length)
    }

    /// Keeps a list of rows in place of the one before.
    ///
    /// # Errors
    /// ecInsufficientResrc when the session's memory is used up; nothing changes then.
    pub(super) fn keep(&mut self, rows: Rows) -> Result<(), ErrorCode> {
        let held = self.mailbox.budget.hold(rows.size())?;
        self.rows = Some((rows, held));
        Ok(())
    }

    /// How many rows there are, as a reply has it.
    pub(super) fn row_count(&mut self) -> Result<u32, ErrorCode> {
        Ok(u32::try_from(self.length()?).unwrap_or(u32::MAX))
    }

    /// The rows as they are now.
    ///
    /// # Errors
    /// ecTooComplex for a restriction that the store does not have; ecObjectDeleted for a folder or message
    /// that is gone.
    pub(super) fn list(&self) -> Result<Rows, ErrorCode> {
        let conditions = Conditions { mailbox: &self.mailbox, source: self.source, code_page: self.code_page };
        let restriction = self.restriction.clone().map(|restriction| conditions.for_store(restriction)).transpose()?;
        let query = TableQuery { restriction: restriction.as_ref(), sort: &self.order, code_page: self.code_page };
        let store = &self.mailbox.mailbox;
        match self.source {
            Source::Hierarchy { soft_deleted: true, .. } => Ok(Rows::Folders(Vec::new())),
            Source::Hierarchy { folder, depth, .. } => {
                store.hierarchy(folder, depth, &query).map(Rows::Folders).map_err(of_query)
            }
            Source::Contents { folder, kind } => {
                store.contents(folder, kind, &query).map(Rows::Messages).map_err(of_query)
            }
            Source::Attachments { message } => {
                let stored = match message {
                    Some(message) => store.attachments(message).map_err(of_open_object)?,
                    None => Vec::new(),
                };
                let mut numbers: BTreeSet<u32> = stored.into_iter().collect();
                for (number, change) in &self.pending {
                    match change {
                        PartChange::Remove => _ = numbers.remove(number),
                        PartChange::Change(_) | PartChange::Replace(_) => _ = numbers.insert(*number),
                    }
                }
                Ok(Rows::Attachments(numbers.into_iter().collect()))
            }
        }
    }

    /// Some rows in the form of these columns; `None` for one that is gone.
    pub(super) fn rows_in(
        &mut self,
        range: Range<usize>,
        columns: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        self.length()?;
        let Some((rows, _)) = &self.rows else { return Ok(Vec::new()) };
        match (rows, self.source) {
            (Rows::Folders(ids), Source::Hierarchy { folder, .. }) => {
                self.folder_rows(folder, ids.get(range).unwrap_or_default(), columns)
            }
            (Rows::Messages(ids), Source::Contents { folder, .. }) => {
                self.message_rows(folder, ids.get(range).unwrap_or_default(), columns)
            }
            (Rows::Attachments(numbers), Source::Attachments { message }) => {
                let numbers = numbers.get(range).unwrap_or_default();
                numbers.iter().map(|number| self.attachment_row(message, *number, columns)).collect()
            }
            _ => Ok(Vec::new()),
        }
    }

    fn folder_rows(
        &self,
        folder: FolderId,
        ids: &[FolderId],
        tags: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        let columns = Columns::new(tags, Known::Folder(folder));
        let rows = self.mailbox.mailbox.hierarchy_rows(folder, ids, &columns.stored)?;
        let rows = ids.iter().zip(rows).map(|(id, row)| match row {
            Some(row) => self.row(&columns, Known::Folder(*id), row),
            None => Ok(None),
        });
        rows.collect()
    }

    fn message_rows(
        &self,
        folder: FolderId,
        ids: &[MessageId],
        tags: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        let known = |id| Known::Message { folder, id, saved: true, writable: true };
        let columns = Columns::new(tags, known(MessageId::default()));
        let rows = self.mailbox.mailbox.contents_rows(ids, &columns.stored)?;
        let rows = ids.iter().zip(rows).map(|(id, row)| match row {
            Some(row) => self.row(&columns, known(*id), row),
            None => Ok(None),
        });
        rows.collect()
    }

    fn attachment_row(
        &self,
        message: Option<MessageId>,
        number: u32,
        tags: &[PropertyTag],
    ) -> Result<Option<PropertyRow<'static>>, ErrorCode> {
        let known = Known::Attachment { message: message.unwrap_or_default(), number, writable: true };
        let columns = Columns::new(tags, known);
        let object = ObjectId::Attachment(message.unwrap_or_default(), number);
        let changes = match self.pending.get(&number) {
            Some(PartChange::Change(changes) | PartChange::Replace(changes)) => Some(changes),
            Some(PartChange::Remove) | None => None,
        };
        let found = match self.mailbox.mailbox.properties(object, &columns.stored) {
            Ok(found) => found,
            Err(StoreError::NotFound(_)) if changes.is_some() => vec![None; columns.stored.len()],
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut row = Row::with_capacity(found.len());
        for (tag, value) in columns.stored.iter().zip(found) {
            let change = changes.and_then(|changes| changes.iter().find(|(own, _)| means(*own, *tag)));
            row.push(match value {
                _ if matches!(change, Some((_, PropertyChange::Set(_)))) => match change {
                    Some((_, PropertyChange::Set(value))) => Some(value.clone()),
                    _ => None,
                },
                _ if change.is_some() => None,
                None => None,
                Some(StoredValue::Value(value)) => Some(value),
                Some(StoredValue::Large { .. }) => Some(self.beginning(object, *tag)?),
            });
        }
        self.row(&columns, known, row)
    }

    /// The first bytes of a large value; a row shows no more of it.
    fn beginning(&self, object: ObjectId, tag: PropertyTag) -> Result<PropertyValue<'static>, ErrorCode> {
        let bytes = self.mailbox.mailbox.open_stream(object, tag)?.read_at(0, ROW_VALUE)?;
        Ok(match tag.property_type() {
            PropertyType::PTYP_BINARY => binary(bytes),
            _ => PropertyValue::PtypString(Utf16::from_wire(&bytes).into_owned()),
        })
    }

    /// A row from its stored values, each converted, cut to size, or an error (MS-OXCTABL 2.2.2.5.2).
    fn row(&self, columns: &Columns<'_>, known: Known, stored: Row) -> Result<Option<PropertyRow<'static>>, ErrorCode> {
        let form = TextForm { unicode: true, code_page: self.code_page };
        let mut cells: Vec<Cell> = Vec::with_capacity(columns.tags.len());
        for (tag, column) in columns.tags.iter().zip(&columns.columns) {
            let value = match column {
                Column::Known(known_tag) => known.value(&self.mailbox, *known_tag)?,
                Column::Stored(place) => match stored.get(*place).cloned().flatten() {
                    Some(value) => Some(value),
                    None => self.default_value(known, *tag)?,
                },
            };
            cells.push(match value {
                Some(value) => {
                    convert(value, tag.property_type(), form).map(|value| cut_for_row(value, self.code_page))
                }
                None => Err(ErrorCode::EC_NOT_FOUND),
            });
        }
        Ok(Some(property_row(columns.tags, cells)))
    }

    fn default_value(&self, known: Known, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
        match known.default_tag(tag) {
            Some(tag) => known.value(&self.mailbox, tag),
            None => Ok(None),
        }
    }
}
