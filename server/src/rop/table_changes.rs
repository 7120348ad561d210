//! Tables that tell of changes of their rows (MS-OXCNOTIF 3.1.4.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::oxcdata::PropertyTag;
use protocol::oxcnotif::{
    ChangedTableRow, ChangedTableRowTableRowData, DeletedTableRow, NotificationData, NotificationDataEvent,
    NotificationFlags, NotificationType, TableChange,
};

use super::notifications::{Interest, Subscription};
use super::objects::{RowKey, Rows, Source, Table};
use crate::store::changes::Event;

/// The longest table whose changes are told row by row; of a longer one it is told that it changed.
pub const MAX_TOLD_LENGTH: usize = 10_000;

/// The most rows that are told one by one.
pub const MAX_TOLD_ROWS: usize = 64;

/// The longest row that is told, in bytes. Longer ones might fit no reply.
const MAX_TOLD_ROW: usize = 16 * 1024;

/// How a table is told about.
#[derive(Debug, Default)]
pub(super) enum Telling {
    /// The client does not want it.
    #[default]
    Never,
    /// From the time on at which the rows are looked at; with `not_own` only of what others do.
    Ready { not_own: bool },
    /// It is.
    Told(Told),
}

/// A table that is told about.
#[derive(Debug)]
pub(super) struct Told {
    subscription: Arc<Subscription>,
    not_own: bool,
    /// The columns of the rows that were told last.
    columns: Option<Vec<PropertyTag>>,
    /// The rows as the client knows them; nothing when it has not read the table in this order.
    rows: Option<Rows>,
}

impl Table {
    /// The client wants to be told of changes.
    pub(super) fn tell(&mut self, not_own: bool) {
        self.telling = Telling::Ready { not_own };
    }

    /// A view of the rows is made: from now on their changes are told. Comes before the rows are listed, so that
    /// no change is between.
    pub(super) fn viewed(&mut self) {
        if let Telling::Ready { not_own } = self.telling {
            let interest = Interest::Table { source: self.source, not_own };
            let subscription = Subscription::new(&self.mailbox.mailbag, interest);
            self.mailbox.mailbox.changes().watch(&subscription);
            self.telling = Telling::Told(Told { subscription, not_own, columns: None, rows: None });
        }
    }

    /// The view is gone: nothing is told until there is another.
    pub(super) fn unviewed(&mut self) {
        if let Telling::Told(told) = &self.telling {
            self.telling = Telling::Ready { not_own: told.not_own };
        }
    }

    pub(super) fn is_told_as(&self, subscription: u64) -> bool {
        matches!(&self.telling, Telling::Told(told) if told.subscription.id == subscription)
    }

    /// The columns of the rows that were told last.
    pub(super) fn told_columns(&self) -> Option<&[PropertyTag]> {
        match &self.telling {
            Telling::Told(told) => told.columns.as_deref(),
            Telling::Never | Telling::Ready { .. } => None,
        }
    }

    /// Brings the rows up to date and says how they changed, in an order in which each change can be applied to the
    /// rows as they are after those before it.
    pub(super) fn changed(
        &mut self,
        events: &[Arc<Event>],
        columns: Option<&[PropertyTag]>,
    ) -> Vec<NotificationData<'static>> {
        if let Telling::Told(told) = &mut self.telling {
            told.columns = columns.map(<[PropertyTag]>::to_vec);
        }
        let changes = match columns {
            Some(columns) => self.changed_rows(&keys(self.source, events), columns),
            None => self.both().and(None),
        };
        // What cannot be told row by row: the client reads the table again.
        let changes = changes.unwrap_or_else(|| vec![TableChange::TableChanged]);
        let message = matches!(self.source, Source::Contents { .. });
        let flags =
            NotificationFlags::default().with_notification_type(NotificationType::TABLE_MODIFIED).with_m(message);
        let data = |change| NotificationData {
            notification_flags: flags,
            event: NotificationDataEvent::TableModified(change),
            total_message_count: None,
            unread_message_count: None,
        };
        changes.into_iter().map(data).collect()
    }

    /// The client knows the rows as they are listed now, unless it knows them from before already.
    pub(super) fn note_rows(&mut self, anew: bool) {
        let rows = self.listed.as_ref().map(|listed| listed.rows.clone());
        if let Telling::Told(told) = &mut self.telling
            && (anew || told.rows.is_none())
        {
            told.rows = rows;
        }
    }

    /// The client knows no rows of the table's new order.
    pub(super) fn forget_rows(&mut self) {
        if let Telling::Told(told) = &mut self.telling {
            told.rows = None;
        }
    }

    /// The rows as the client knows them and as they are, when both could be had.
    fn both(&mut self) -> Option<(Rows, Rows)> {
        let old = match &mut self.telling {
            Telling::Told(told) => told.rows.take()?,
            Telling::Never | Telling::Ready { .. } => return None,
        };
        if let Err(error) = self.refresh() {
            tracing::debug!(?error, "a table that changed cannot be listed");
            return None;
        }
        self.note_rows(true);
        let new = self.rows()?.clone();
        // Headers change with the rows below them.
        let grouped = matches!((&old, &new), (Rows::Grouped(_), _) | (_, Rows::Grouped(_)));
        (!grouped).then_some((old, new))
    }

    fn changed_rows(&mut self, keys: &BTreeSet<RowKey>, columns: &[PropertyTag]) -> Option<Vec<TableChange<'static>>> {
        let (old, new) = self.both()?;
        if old.len().max(new.len()) > MAX_TOLD_LENGTH || keys.len() > MAX_TOLD_ROWS {
            return None;
        }
        let mut changes = Vec::new();
        let mut places = Vec::new();
        for key in keys {
            match (old.find(*key), new.find(*key)) {
                (Some(_), None) => changes.push(TableChange::TableRowDeleted(self.row_id(*key)?)),
                (before, Some(now)) => places.push((now, before.is_some())),
                (None, None) => {}
            }
        }
        places.sort_unstable();
        for (position, was_there) in places {
            let row = self.rows_in(position..position + 1, columns).ok()?.pop().flatten()?;
            if row.packed_size() > MAX_TOLD_ROW {
                return None;
            }
            let key = self.row_id(new.key(position))?;
            let before = match position.checked_sub(1) {
                Some(before) => Some(self.row_id(new.key(before))?),
                None => None,
            };
            let message = matches!(self.source, Source::Contents { .. });
            let row = ChangedTableRow {
                table_row_folder_id: key.table_row_folder_id,
                table_row_message_id: key.table_row_message_id,
                table_row_instance: key.table_row_instance,
                insert_after_table_row_folder_id: before.map(|row| row.table_row_folder_id).unwrap_or_default(),
                insert_after_table_row_id: match before {
                    Some(row) => row.table_row_message_id,
                    None => message.then(Default::default),
                },
                insert_after_table_row_instance: message.then_some(0),
                table_row_data: ChangedTableRowTableRowData::Decoded(row),
            };
            changes.push(if was_there { TableChange::TableRowModified(row) } else { TableChange::TableRowAdded(row) });
        }
        Some(changes)
    }

    /// What a notification calls a row. Without categories a message has one instance.
    fn row_id(&self, key: RowKey) -> Option<DeletedTableRow> {
        match (self.source, key) {
            (Source::Contents { folder, .. }, RowKey::Message(id)) => Some(DeletedTableRow {
                table_row_folder_id: folder,
                table_row_message_id: Some(id),
                table_row_instance: Some(0),
            }),
            (Source::Hierarchy { .. }, RowKey::Folder(id)) => {
                Some(DeletedTableRow { table_row_folder_id: id, table_row_message_id: None, table_row_instance: None })
            }
            _ => None,
        }
    }
}

/// The rows that events may have changed.
fn keys(source: Source, events: &[Arc<Event>]) -> BTreeSet<RowKey> {
    let subjects = events.iter().flat_map(|event| [Some(&event.subject), event.from()]).flatten();
    subjects
        .filter_map(|subject| match (source, subject.message()) {
            (Source::Contents { .. }, Some(message)) => Some(RowKey::Message(message)),
            (Source::Hierarchy { .. }, None) => Some(RowKey::Folder(subject.folder())),
            _ => None,
        })
        .collect()
}
