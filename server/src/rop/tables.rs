//! The rows of tables: which there are, and what is in them.

use std::collections::BTreeSet;
use std::ops::Range;

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyRow, PropertyTag, PropertyType, PropertyValue};
use protocol::oxcperm::MemberRights;
use runtime::Utf16;

use super::categories::{Grouped, Line, positions};
use super::conditions::Conditions;
use super::errors::{of_open_object, of_query};
use super::known::Known;
use super::objects::{Listed, RowKey, Rows, Source, Table};
use super::properties::means;
use super::rows::property_row;
use super::values::{Cell, TextForm, convert, cut_for_row};
use crate::store::tags as t;
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
        self.listed = None;
        self.bookmarks.clear();
        self.forget_rows();
    }

    /// How many rows there are now.
    pub(super) fn length(&mut self) -> Result<usize, ErrorCode> {
        self.refresh()?;
        Ok(self.rows().map_or(0, Rows::len))
    }

    /// The rows as they were listed last.
    pub(super) fn rows(&self) -> Option<&Rows> {
        self.listed.as_ref().map(|listed| &listed.rows)
    }

    /// The store's version of the rows.
    fn version(&self) -> u64 {
        let store = &self.mailbox.mailbox;
        match self.source {
            Source::Hierarchy { .. } | Source::Permissions { .. } => store.version(),
            Source::Contents { folder, kind, .. } => store.contents_version(folder, kind),
            Source::Attachments { .. } => 0,
        }
    }

    /// Lists the rows when the store has others than the table. The cursor and the bookmarks stay at their rows,
    /// or go to the next ones that are still there.
    ///
    /// # Errors
    /// As [`Table::list`].
    pub(super) fn refresh(&mut self) -> Result<(), ErrorCode> {
        let version = self.version();
        if self.listed.as_ref().is_some_and(|listed| listed.version == version) {
            self.note_rows(false);
            return Ok(());
        }
        let rows = self.list()?;
        self.replace(rows, version)?;
        self.note_rows(false);
        Ok(())
    }

    /// Lists the rows again in any case.
    pub(super) fn relist(&mut self) -> Result<(), ErrorCode> {
        let version = self.version();
        let rows = self.list()?;
        self.replace(rows, version)?;
        self.note_rows(true);
        Ok(())
    }

    /// Keeps a list of rows in place of the one before.
    ///
    /// # Errors
    /// ecInsufficientResrc when the session's memory is used up; nothing changes then.
    fn replace(&mut self, rows: Rows, version: u64) -> Result<(), ErrorCode> {
        let held = self.mailbox.budget.hold(rows.size())?;
        if let Some(Listed { rows: before, .. }) = &self.listed
            && *before != rows
        {
            let places = Places { before, now: &rows };
            self.cursor = places.of(before.key(self.cursor), self.cursor);
            for (key, position) in self.bookmarks.values_mut() {
                *position = places.of(*key, *position);
            }
        }
        self.listed = Some(Listed { rows, version, _held: held });
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
    /// that is gone; ecAccessDenied for permissions that the user may not see.
    pub(super) fn list(&self) -> Result<Rows, ErrorCode> {
        let conditions = Conditions { mailbox: &self.mailbox, source: self.source, code_page: self.code_page };
        let restriction = self.restriction.clone().map(|restriction| conditions.for_store(restriction)).transpose()?;
        let query = TableQuery { restriction: restriction.as_ref(), sort: &self.order, code_page: self.code_page };
        let store = &self.mailbox.mailbox;
        match self.source {
            Source::Hierarchy { soft_deleted: true, .. } => Ok(Rows::Folders(Vec::new())),
            Source::Hierarchy { folder, depth, .. } => {
                let folders = store.hierarchy(folder, depth, &query).map_err(of_query)?;
                Ok(Rows::Folders(self.mailbox.visible(folders)?))
            }
            Source::Contents { folder, kind, .. } => {
                let restriction = self.mailbox.readable(folder, restriction.clone())?;
                let order = self.grouping.row_order(&self.order);
                let query = TableQuery { restriction: restriction.as_ref(), sort: &order, ..query };
                if self.grouping.count == 0 {
                    return store.contents(folder, kind, &query).map(Rows::Messages).map_err(of_query);
                }
                let keys = self.grouping.keys(&self.order);
                let rows = store.keyed_contents(folder, kind, &query, &keys).map_err(of_query)?;
                Ok(Rows::Grouped(Grouped::new(rows, &self.grouping, &self.order, self.code_page).into()))
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
            Source::Permissions { folder, .. } => {
                self.mailbox.require(folder, MemberRights::FOLDER_VISIBLE)?;
                store.members(folder).map(Rows::Members).map_err(of_open_object)
            }
        }
    }

    /// Some rows in the form of these columns; `None` for one that is gone.
    pub(super) fn rows_in(
        &mut self,
        range: Range<usize>,
        columns: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        self.refresh()?;
        let Some(rows) = self.rows() else { return Ok(Vec::new()) };
        match (rows, self.source) {
            (Rows::Folders(ids), Source::Hierarchy { folder, .. }) => {
                self.folder_rows(folder, ids.get(range).unwrap_or_default(), columns)
            }
            (Rows::Messages(ids), Source::Contents { .. }) => {
                self.message_rows(ids.get(range).unwrap_or_default(), columns)
            }
            (Rows::Grouped(grouped), Source::Contents { .. }) => self.grouped_rows(grouped, range, columns),
            (Rows::Attachments(numbers), Source::Attachments { message }) => {
                let numbers = numbers.get(range).unwrap_or_default();
                numbers.iter().map(|number| self.attachment_row(message, *number, columns)).collect()
            }
            (Rows::Members(members), Source::Permissions { free_busy, .. }) => {
                let members = members.get(range).unwrap_or_default();
                members.iter().map(|member| self.member_row(member, free_busy, columns).map(Some)).collect()
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Headers and the messages between them.
    fn grouped_rows(
        &self,
        grouped: &Grouped,
        range: Range<usize>,
        tags: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        let lines = grouped.visible.get(range).unwrap_or_default();
        let leaves = lines.iter().filter_map(|line| match line {
            Line::Leaf(leaf) => grouped.leaf_at(*leaf).map(|leaf| leaf.message),
            Line::Header(_) => None,
        });
        let messages: Vec<MessageId> = leaves.collect();
        let mut messages = self.message_rows(&messages, tags)?.into_iter();
        let rows = lines.iter().map(|line| match line {
            Line::Leaf(_) => Ok(messages.next().flatten()),
            Line::Header(header) => {
                let Some(header) = grouped.header_at(*header) else { return Ok(None) };
                Ok(Some(self.cells_of(tags, |tag| Ok(header.value(tag)))?))
            }
        });
        rows.collect()
    }

    /// A row from one value a column, each converted, cut to size, or an error (MS-OXCTABL 2.2.2.5.2).
    pub(super) fn cells_of(
        &self,
        tags: &[PropertyTag],
        value: impl Fn(PropertyTag) -> Result<Option<PropertyValue<'static>>, ErrorCode>,
    ) -> Result<PropertyRow<'static>, ErrorCode> {
        let form = TextForm { unicode: true, code_page: self.code_page };
        let mut cells: Vec<Cell> = Vec::with_capacity(tags.len());
        for tag in tags {
            cells.push(match value(*tag)? {
                Some(value) => {
                    convert(value, tag.property_type(), form).map(|value| cut_for_row(value, self.code_page))
                }
                None => Err(ErrorCode::EC_NOT_FOUND),
            });
        }
        Ok(property_row(tags, cells))
    }

    fn folder_rows(
        &self,
        folder: FolderId,
        ids: &[FolderId],
        tags: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        let columns = Columns::new(tags, Known::Folder(folder, MemberRights::default()));
        let rows = self.mailbox.mailbox.hierarchy_rows(folder, ids, &columns.stored)?;
        let rows = ids.iter().zip(rows).map(|(id, row)| match row {
            Some(row) => self.row(&columns, Known::Folder(*id, self.mailbox.rights(*id)?), row),
            None => Ok(None),
        });
        rows.collect()
    }

    /// Messages, each with its own folder where the table's is a search folder.
    fn message_rows(
        &self,
        ids: &[MessageId],
        tags: &[PropertyTag],
    ) -> Result<Vec<Option<PropertyRow<'static>>>, ErrorCode> {
        let Source::Contents { folder: own, search, .. } = self.source else { return Ok(Vec::new()) };
        let rights = self.mailbox.rights(own)?;
        let depth = self.grouping.count;
        let known = |folder, id| Known::Message { folder, id, saved: true, writable: true, rights, depth };
        let mut columns = Columns::new(tags, known(own, MessageId::default()));
        let parent = search.then(|| {
            columns.stored.push(t::PID_TAG_PARENT_FOLDER_ID);
            columns.stored.len() - 1
        });
        let rows = self.mailbox.mailbox.contents_rows(ids, &columns.stored)?;
        let rows = ids.iter().zip(rows).map(|(id, row)| {
            let Some(row) = row else { return Ok(None) };
            let folder = match parent.and_then(|parent| row.get(parent)) {
                Some(Some(PropertyValue::PtypInteger64(folder))) => FolderId(folder.cast_unsigned()),
                _ => own,
            };
            self.row(&columns, known(folder, *id), row)
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

    /// A row from its stored values.
    fn row(&self, columns: &Columns<'_>, known: Known, stored: Row) -> Result<Option<PropertyRow<'static>>, ErrorCode> {
        let place = |tag| columns.tags.iter().position(|own| *own == tag).and_then(|at| columns.columns.get(at));
        let row = self.cells_of(columns.tags, |tag| match place(tag) {
            Some(Column::Known(known_tag)) => known.value(&self.mailbox, *known_tag),
            Some(Column::Stored(place)) => match stored.get(*place).cloned().flatten() {
                Some(value) => Ok(Some(value)),
                None => self.default_value(known, tag),
            },
            None => Ok(None),
        });
        row.map(Some)
    }

    fn default_value(&self, known: Known, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>, ErrorCode> {
        match known.default_tag(tag) {
            Some(tag) => known.value(&self.mailbox, tag),
            None => Ok(None),
        }
    }
}

/// Where rows of one list are in another.
struct Places<'r> {
    before: &'r Rows,
    now: &'r Rows,
}

impl Places<'_> {
    /// The row's place, or that of the next one after it that is still there.
    fn of(&self, key: RowKey, position: usize) -> usize {
        if let Some(found) = self.now.find(key) {
            return found;
        }
        if let (Rows::Grouped(grouped), RowKey::Message(_) | RowKey::Category(_)) = (self.now, key)
            && let Some(next) = grouped.next_visible(key)
        {
            return next;
        }
        let now = positions((0..self.now.len()).map(|at| self.now.key(at)));
        let mut later = (position..self.before.len()).map(|at| self.before.key(at));
        later.find_map(|key| now.get(&key).copied()).unwrap_or(self.now.len())
    }
}
