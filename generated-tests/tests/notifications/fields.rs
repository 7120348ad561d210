//! The fields of a decoded notification by the names of the document, as the bytes that they stand for.

use protocol::oxcdata::{FolderId, MessageId, PropertyRow, PropertyValue};
use protocol::oxcnotif::{
    ChangedTableRow, ChangedTableRowTableRowData, ChangedTags, NotificationData, NotificationDataEvent, TableChange,
};
use runtime::StringValue;

use crate::layout::{Field, Kind};
use crate::number;

/// Bytes of a field that no other field of the kind has.
pub fn bytes_of(field: &Field, kind: Kind, at: usize) -> Vec<u8> {
    let mark = u8::try_from(at).unwrap() * 8 + 0x11;
    let other = |count: usize| (0..count).map(|place| mark.wrapping_add(u8::try_from(place % 8).unwrap())).collect();
    match field.name {
        "NotificationFlags" => number(kind.flags(), 2),
        "TableEventType" => number(kind.event, 2),
        "TableRowDataSize" => vec![5, 0],
        // A standard row of one number.
        "TableRowData" => [vec![0], other(4)].concat(),
        "TagCount" => number(kind.tags, 2),
        "Tags" => other(4 * usize::from(kind.tags)),
        "UnicodeFlag" => vec![u8::from(kind.unicode)],
        "MessageClass" if kind.unicode => b"I\0P\0M\0\0\0".to_vec(),
        "MessageClass" => b"IPM\0".to_vec(),
        _ => other(field.size),
    }
}

/// The fields that a value has, in the order of the document.
#[derive(Default)]
struct Found(Vec<(&'static str, Vec<u8>)>);

impl Found {
    fn add(&mut self, name: &'static str, bytes: impl AsRef<[u8]>) {
        self.0.push((name, bytes.as_ref().to_vec()));
    }

    fn folder(&mut self, name: &'static str, id: Option<FolderId>) {
        id.iter().for_each(|id| self.add(name, number(id.0, 8)));
    }

    fn message(&mut self, name: &'static str, id: Option<MessageId>) {
        id.iter().for_each(|id| self.add(name, number(id.0, 8)));
    }

    fn number(&mut self, name: &'static str, value: Option<u32>) {
        value.iter().for_each(|value| self.add(name, number(*value, 4)));
    }

    fn tags(&mut self, tags: &ChangedTags) {
        let count = tags.tags.as_ref().map_or(0xFFFF, |tags| u16::try_from(tags.len()).unwrap());
        self.add("TagCount", number(count, 2));
        let tags: Vec<u8> = tags.tags.iter().flatten().flat_map(|tag| number(tag.0, 4)).collect();
        if !tags.is_empty() {
            self.add("Tags", tags);
        }
    }

    fn row(&mut self, row: &ChangedTableRow<'_>) {
        self.folder("TableRowFolderID", Some(row.table_row_folder_id));
        self.message("TableRowMessageID", row.table_row_message_id);
        self.number("TableRowInstance", row.table_row_instance);
        self.folder("InsertAfterTableRowFolderID", Some(row.insert_after_table_row_folder_id));
        self.message("InsertAfterTableRowID", row.insert_after_table_row_id);
        self.number("InsertAfterTableRowInstance", row.insert_after_table_row_instance);
        let data = match &row.table_row_data {
            ChangedTableRowTableRowData::Opaque(bytes) => bytes.to_vec(),
            ChangedTableRowTableRowData::Decoded(PropertyRow::StandardPropertyRow(values)) => {
                let [PropertyValue::PtypInteger32(value)] = values[..] else { panic!("{values:?}") };
                [vec![0], number(u32::try_from(value).unwrap(), 4)].concat()
            }
            ChangedTableRowTableRowData::Decoded(other) => panic!("{other:?}"),
        };
        self.add("TableRowDataSize", number(u16::try_from(data.len()).unwrap(), 2));
        self.add("TableRowData", data);
    }

    fn change(&mut self, change: &TableChange<'_>) {
        self.add("TableEventType", number(change.table_event_type().0, 2));
        match change {
            TableChange::TableRowAdded(row) | TableChange::TableRowModified(row) => self.row(row),
            TableChange::TableRowDeleted(row) => {
                self.folder("TableRowFolderID", Some(row.table_row_folder_id));
                self.message("TableRowMessageID", row.table_row_message_id);
                self.number("TableRowInstance", row.table_row_instance);
            }
            TableChange::TableChanged | TableChange::TableRestrictionChanged => {}
        }
    }
}

/// The fields of a notification.
pub fn fields_of(data: &NotificationData<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let mut found = Found::default();
    found.add("NotificationFlags", number(data.notification_flags().0, 2));
    let mut new_mail = None;
    match &data.event {
        NotificationDataEvent::NewMail { folder_id, message_id, message_flags, unicode_flag, message_class } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
            new_mail = Some((message_flags, unicode_flag, message_class));
        }
        NotificationDataEvent::ObjectCreated { folder_id, message_id, parent_folder_id, tags } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
            found.folder("ParentFolderId", *parent_folder_id);
            found.tags(tags);
        }
        NotificationDataEvent::ObjectDeleted { folder_id, message_id, parent_folder_id } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
            found.folder("ParentFolderId", *parent_folder_id);
        }
        NotificationDataEvent::ObjectModified { folder_id, message_id, tags } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
            found.tags(tags);
        }
        NotificationDataEvent::ObjectMoved {
            folder_id,
            message_id,
            parent_folder_id,
            old_folder_id,
            old_message_id,
            old_parent_folder_id,
        }
        | NotificationDataEvent::ObjectCopied {
            folder_id,
            message_id,
            parent_folder_id,
            old_folder_id,
            old_message_id,
            old_parent_folder_id,
        } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
            found.folder("ParentFolderId", *parent_folder_id);
            found.folder("OldFolderId", Some(*old_folder_id));
            found.message("OldMessageId", *old_message_id);
            found.folder("OldParentFolderId", *old_parent_folder_id);
        }
        NotificationDataEvent::SearchCompleted { folder_id, message_id } => {
            found.folder("FolderId", Some(*folder_id));
            found.message("MessageId", *message_id);
        }
        NotificationDataEvent::TableModified(change) => found.change(change),
        NotificationDataEvent::Extended => {}
    }
    found.number("TotalMessageCount", data.total_message_count);
    found.number("UnreadMessageCount", data.unread_message_count);
    if let Some((flags, unicode, class)) = new_mail {
        found.number("MessageFlags", Some(*flags));
        found.add("UnicodeFlag", [u8::from(*unicode)]);
        match class {
            StringValue::String8(text) => found.add("MessageClass", [text.as_bytes(), &[0]].concat()),
            StringValue::Utf16(text) => {
                let units =
                    text.to_text().encode_utf16().chain([0]).flat_map(|unit| number(unit, 2)).collect::<Vec<u8>>();
                found.add("MessageClass", units);
            }
        }
    }
    found.0
}
