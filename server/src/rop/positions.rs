//! Positions in tables: bookmarks, moves, searches (MS-OXCTABL 3.2.5.9 to 3.2.5.15).

use std::collections::BTreeSet;

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyValue, Restriction};
use protocol::oxcperm::MemberRights;
use runtime::Cursor;

use super::categories::{Grouped, Header, Line};
use super::conditions::Conditions;
use super::entry_ids::packed;
use super::errors::of_query;
use super::known::Known;
use super::objects::{RowKey, Rows, Source, Table};
use super::permissions::MEMBER_COLUMNS;
use crate::store::computed::computed_tags;
use crate::store::restriction::{Matcher, PropertySource};
use crate::store::{self, ObjectId, StoreError, TableQuery};

/// Bookmarks that a table has at most.
const MAX_BOOKMARKS: usize = 1024;

/// Rows whose properties say which columns a table may have.
const SAMPLED: usize = 16;

/// The row of a bookmark.
pub(super) struct Marked {
    pub(super) position: usize,
    /// It is no longer in the table: the position is that of the next one.
    pub(super) gone: bool,
}

/// How far the cursor moved.
pub(super) struct Moved {
    /// An end of the table came first.
    pub(super) sought_less: bool,
    /// Negative when backwards.
    pub(super) rows: i32,
}

/// The number in a bookmark.
pub(super) fn bookmark_number(bookmark: &[u8]) -> Result<u32, ErrorCode> {
    let mut c = Cursor::new(bookmark);
    c.u32().ok().filter(|_| c.is_empty()).ok_or(ErrorCode::EC_INVALID_BOOKMARK)
}

impl Table {
    /// Tables of attachments have no bookmarks (MS-OXCTABL 3.2.5.10).
    pub(super) fn check_bookmarks(&self) -> Result<(), ErrorCode> {
        match self.source {
            Source::Attachments { .. } | Source::Permissions { .. } => Err(ErrorCode::EC_NOT_SUPPORTED),
            Source::Hierarchy { .. } | Source::Contents { .. } => Ok(()),
        }
    }

    /// Marks the row at the cursor.
    pub(super) fn mark(&mut self) -> Result<Vec<u8>, ErrorCode> {
        let position = self.cursor.min(self.length()?);
        let key = self.rows().map_or(RowKey::End, |rows| rows.key(position));
        self.mark_row(key, position)
    }

    /// Marks a row that is at a position, or was before the row that is there.
    pub(super) fn mark_row(&mut self, key: RowKey, position: usize) -> Result<Vec<u8>, ErrorCode> {
        if self.bookmarks.len() >= MAX_BOOKMARKS {
            return Err(ErrorCode::EC_INSUFFICIENT_RESRC);
        }
        let number = self.next_bookmark;
        self.next_bookmark = number.wrapping_add(1);
        self.bookmarks.insert(number, (key, position));
        packed(|e| e.u32(number))
    }

    /// Where the row of a bookmark is now.
    pub(super) fn marked(&mut self, bookmark: &[u8]) -> Result<Marked, ErrorCode> {
        let length = self.length()?;
        let marked = self.bookmarks.get(&bookmark_number(bookmark)?).copied();
        let (key, position) = marked.ok_or(ErrorCode::EC_INVALID_BOOKMARK)?;
        let found = self.rows().and_then(|rows| rows.find(key));
        Ok(Marked { position: found.unwrap_or(position).min(length), gone: found.is_none() })
    }

    /// Puts the cursor so many rows from a position.
    pub(super) fn move_by(&mut self, from: usize, row_count: i32) -> Result<Moved, ErrorCode> {
        let length = self.length()?;
        let distance = usize::try_from(row_count.unsigned_abs()).unwrap_or(usize::MAX);
        let to = if row_count < 0 { from.saturating_sub(distance) } else { from.saturating_add(distance).min(length) };
        self.cursor = to;
        let moved = from.abs_diff(to);
        // No further than asked, which is a signed number of 32 bits.
        let rows = i32::try_from(moved).unwrap_or(i32::MAX);
        Ok(Moved { sought_less: moved < distance, rows: if row_count < 0 { -rows } else { rows } })
    }

    /// The first row from a position on, or before it, that meets a condition.
    pub(super) fn find(
        &mut self,
        condition: Option<Restriction<'static>>,
        position: usize,
        backwards: bool,
    ) -> Result<Option<usize>, ErrorCode> {
        self.check_bookmarks()?;
        self.length()?;
        let Some(rows) = self.rows() else { return Ok(None) };
        let positions: Vec<usize> =
            if backwards { (0..position).rev().collect() } else { (position..rows.len()).collect() };
        let Some(condition) = condition else { return Ok(positions.first().copied()) };
        let conditions = Conditions { mailbox: &self.mailbox, source: self.source, code_page: self.code_page };
        let of_headers = condition.clone();
        let condition = conditions.for_store(condition)?;
        match rows {
            Rows::Folders(ids) => {
                let Source::Hierarchy { folder, depth, .. } = self.source else { return Ok(None) };
                let query =
                    TableQuery { restriction: Some(&condition), code_page: self.code_page, ..TableQuery::default() };
                let matching = self.mailbox.mailbox.hierarchy(folder, depth, &query).map_err(of_query)?;
                let matching: BTreeSet<_> = matching.into_iter().collect();
                Ok(positions.into_iter().find(|at| ids.get(*at).is_some_and(|id| matching.contains(id))))
            }
            Rows::Messages(ids) => {
                let mut messages = positions.iter().filter_map(|at| ids.get(*at).copied());
                let found = self.mailbox.mailbox.first_match(&mut messages, &condition, self.code_page);
                Ok(found.map_err(of_query)?.and_then(|at| positions.get(at).copied()))
            }
            Rows::Grouped(grouped) => self.find_grouped(grouped, &condition, &of_headers, &positions),
            Rows::Attachments(_) | Rows::Members(_) => Ok(None),
        }
    }

    /// The first of some rows that meets a condition, headers by their own columns.
    fn find_grouped(
        &self,
        grouped: &Grouped,
        condition: &Restriction<'_>,
        of_headers: &Restriction<'_>,
        positions: &[usize],
    ) -> Result<Option<usize>, ErrorCode> {
        let mut headers = Matcher::new(of_headers, self.code_page).map_err(of_query)?;
        for at in positions {
            let found = match grouped.visible.get(*at) {
                Some(Line::Header(header)) => match grouped.header_at(*header) {
                    Some(header) => headers.matches(&Columns(header)).map_err(of_query)?,
                    None => false,
                },
                Some(Line::Leaf(leaf)) => {
                    let mut message = grouped.leaf_at(*leaf).map(|leaf| leaf.message).into_iter();
                    let found = self.mailbox.mailbox.first_match(&mut message, condition, self.code_page);
                    found.map_err(of_query)?.is_some()
                }
                None => false,
            };
            if found {
                return Ok(Some(*at));
            }
        }
        Ok(None)
    }

    /// Columns that the table may have: what all its objects have, and what the first of them have.
    pub(super) fn all_columns(&mut self) -> Result<Vec<PropertyTag>, ErrorCode> {
        self.length()?;
        let Some(rows) = self.rows() else { return Ok(Vec::new()) };
        let rights = MemberRights::default();
        let (known, objects): (Known, Vec<ObjectId>) = match (rows, self.source) {
            (Rows::Folders(ids), Source::Hierarchy { folder, .. }) => {
                (Known::Folder(folder, rights), ids.iter().take(SAMPLED).map(|id| ObjectId::Folder(*id)).collect())
            }
            (Rows::Messages(ids), Source::Contents { folder, .. }) => {
                let id = Default::default();
                let known = Known::Message { folder, id, saved: true, writable: true, rights, depth: 0 };
                (known, ids.iter().take(SAMPLED).map(|id| ObjectId::Message(*id)).collect())
            }
            (Rows::Attachments(numbers), Source::Attachments { message: Some(message) }) => {
                let known = Known::Attachment { message, number: 0, writable: true };
                (known, numbers.iter().take(SAMPLED).map(|number| ObjectId::Attachment(message, *number)).collect())
            }
            (Rows::Grouped(grouped), Source::Contents { folder, .. }) => {
                let id = Default::default();
                let known = Known::Message { folder, id, saved: true, writable: true, rights, depth: 0 };
                let leaves = (0..SAMPLED).filter_map(|at| grouped.leaf_at(at));
                (known, leaves.map(|leaf| ObjectId::Message(leaf.message)).collect())
            }
            (Rows::Members(_), _) => return Ok(MEMBER_COLUMNS.to_vec()),
            _ => return Ok(Vec::new()),
        };
        let mut tags: BTreeSet<PropertyTag> = known.tags().iter().chain(computed_tags(known.kind())).copied().collect();
        tags.extend(known.default_tags());
        for object in objects {
            match self.mailbox.mailbox.all_properties(object) {
                Ok(properties) => tags.extend(properties.into_iter().map(|(tag, _)| tag)),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tags.into_iter().collect())
    }
}

/// A header as a row that conditions are about.
struct Columns<'h>(&'h Header);

impl PropertySource for Columns<'_> {
    fn property(&self, tag: PropertyTag) -> store::Result<Option<PropertyValue<'static>>> {
        Ok(self.0.value(tag))
    }

    fn sub_objects(&self, _subobject: PropertyTag) -> store::Result<Vec<Box<dyn PropertySource + '_>>> {
        Ok(Vec::new())
    }
}
