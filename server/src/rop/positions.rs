//! Positions in tables: bookmarks, moves, searches (MS-OXCTABL 3.2.5.9 to 3.2.5.15).

use std::collections::BTreeSet;

use protocol::oxcdata::{ErrorCode, PropertyTag, Restriction};
use runtime::Cursor;

use super::entry_ids::packed;
use super::known::Known;
use super::objects::{RowKey, Rows, Source, Table};
use crate::store::computed::computed_tags;
use crate::store::{ObjectId, StoreError};

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
            Source::Attachments { .. } => Err(ErrorCode::EC_NOT_SUPPORTED),
            Source::Hierarchy { .. } | Source::Contents { .. } => Ok(()),
        }
    }

    /// Marks the row at the cursor.
    pub(super) fn mark(&mut self) -> Result<Vec<u8>, ErrorCode> {
        if self.bookmarks.len() >= MAX_BOOKMARKS {
            return Err(ErrorCode::EC_INSUFFICIENT_RESRC);
        }
        let position = self.cursor.min(self.length()?);
        let key = self.rows.as_ref().map_or(RowKey::End, |(rows, _)| rows.key(position));
        let number = self.next_bookmark;
        self.next_bookmark = number.wrapping_add(1);
        self.bookmarks.insert(number, (key, position));
        packed(|e| e.u32(number))
    }

    /// Where the row of a bookmark is now.
    pub(super) fn marked(&mut self, bookmark: &[u8]) -> Result<Marked, ErrorCode> {
        let marked = self.bookmarks.get(&bookmark_number(bookmark)?).copied();
        let (key, before) = marked.ok_or(ErrorCode::EC_INVALID_BOOKMARK)?;
        let length = self.length()?;
        let found = self.rows.as_ref().and_then(|(rows, _)| rows.find(key));
        let position = found.unwrap_or(before).min(length);
        let there = match (key, found) {
            (RowKey::End, _) => true,
            (_, Some(position)) => self.rows_in(position..position + 1, &[])?.iter().any(Option::is_some),
            (_, None) => false,
        };
        Ok(Marked { position, gone: !there })
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
        let narrowed = match (self.restriction.clone(), condition) {
            (Some(own), Some(condition)) => Some(Restriction::AndRestriction(vec![own, condition])),
            (own, condition) => own.or(condition),
        };
        let own = std::mem::replace(&mut self.restriction, narrowed);
        let matching = self.list();
        self.restriction = own;
        let raw = |rows: &Rows| -> Vec<u64> {
            match rows {
                Rows::Folders(ids) => ids.iter().map(|id| id.0).collect(),
                Rows::Messages(ids) => ids.iter().map(|id| id.0).collect(),
                Rows::Attachments(numbers) => numbers.iter().map(|number| u64::from(*number)).collect(),
            }
        };
        let matching: BTreeSet<u64> = raw(&matching?).into_iter().collect();
        let Some((rows, _)) = &self.rows else { return Ok(None) };
        let all = raw(rows);
        let meets = |(_, id): &(usize, &u64)| matching.contains(id);
        let found = if backwards {
            all.iter().enumerate().take(position).rev().find(meets)
        } else {
            all.iter().enumerate().skip(position).find(meets)
        };
        Ok(found.map(|(at, _)| at))
    }

    /// Columns that the table may have: what all its objects have, and what the first of them have.
    pub(super) fn all_columns(&mut self) -> Result<Vec<PropertyTag>, ErrorCode> {
        self.length()?;
        let Some((rows, _)) = &self.rows else { return Ok(Vec::new()) };
        let (known, objects): (Known, Vec<ObjectId>) = match (rows, self.source) {
            (Rows::Folders(ids), Source::Hierarchy { folder, .. }) => {
                (Known::Folder(folder), ids.iter().take(SAMPLED).map(|id| ObjectId::Folder(*id)).collect())
            }
            (Rows::Messages(ids), Source::Contents { folder, .. }) => {
                let known = Known::Message { folder, id: Default::default(), saved: true, writable: true };
                (known, ids.iter().take(SAMPLED).map(|id| ObjectId::Message(*id)).collect())
            }
            (Rows::Attachments(numbers), Source::Attachments { message: Some(message) }) => {
                let known = Known::Attachment { message, number: 0, writable: true };
                (known, numbers.iter().take(SAMPLED).map(|number| ObjectId::Attachment(message, *number)).collect())
            }
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
