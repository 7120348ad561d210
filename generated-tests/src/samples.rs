//! Batches and rows such as a busy client causes: what the benchmarks measure.

use protocol::oxcdata::{
    FolderId, FuzzyLevelHigh, FuzzyLevelLow, MessageId, ModifyRecipientRow, PropertyRow, PropertyTag, PropertyType,
    PropertyValue, RecipientFlags, RecipientRow, RecipientRowAddress, RecipientType, RelOp, Restriction, SortDirection,
    SortOrder, TaggedPropertyValue, WireForm,
};
use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags, RopGetContentsTableRequest, RopOpenFolderRequest};
use protocol::oxcmsg::{
    MessageOpenModeFlags, RopModifyRecipientsRequest, RopOpenMessageRequest, RopSaveChangesMessageRequest, SaveFlags,
};
use protocol::oxcprpt::{RopGetPropertiesSpecificRequest, RopSetPropertiesRequest};
use protocol::oxcrops::RopReleaseRequest;
use protocol::oxctabl::{
    AsynchronousFlags, QueryRowsFlags, RopQueryRowsRequest, RopRestrictRequest, RopSetColumnsRequest,
    RopSortTableRequest,
};
use protocol::rops::RopRequest;
use runtime::{Blob, FileTime, StringValue, Utf16};

const INTEGER32: u32 = PropertyType::PTYP_INTEGER32.0 as u32;
const INTEGER64: u32 = PropertyType::PTYP_INTEGER64.0 as u32;
const STRING: u32 = PropertyType::PTYP_STRING.0 as u32;
const TIME: u32 = PropertyType::PTYP_TIME.0 as u32;
const BOOLEAN: u32 = PropertyType::PTYP_BOOLEAN.0 as u32;
const BINARY: u32 = PropertyType::PTYP_BINARY.0 as u32;

/// Columns of a contents table: five texts, three binaries, twelve of fixed size.
const TABLE: [u32; 20] = [
    INTEGER64, STRING, INTEGER32, TIME, STRING, BOOLEAN, BINARY, INTEGER32, STRING, TIME, INTEGER64, BINARY, STRING,
    BOOLEAN, INTEGER32, TIME, STRING, BINARY, INTEGER64, BOOLEAN,
];

/// Columns of recipients: seven texts, two binaries, three of fixed size.
const RECIPIENT: [u32; 12] =
    [INTEGER32, STRING, STRING, BINARY, STRING, STRING, INTEGER32, STRING, STRING, BINARY, STRING, BOOLEAN];

/// What a client sets on a message: four texts, two binaries, four of fixed size.
const MESSAGE: [u32; 10] = [INTEGER32, STRING, BINARY, TIME, STRING, BOOLEAN, STRING, BINARY, INTEGER64, STRING];

/// What opening a message sets: six texts, three binaries, eleven of fixed size.
const VALUES: [u32; 20] = [
    INTEGER32, STRING, INTEGER32, TIME, STRING, BOOLEAN, BINARY, INTEGER32, STRING, TIME, STRING, INTEGER64, BINARY,
    STRING, BOOLEAN, INTEGER32, STRING, TIME, BINARY, BOOLEAN,
];

fn of_types(types: &[u32]) -> Vec<PropertyTag> {
    (0x0037u32..).zip(types).map(|(id, ty)| PropertyTag(id << 16 | ty)).collect()
}

/// The columns of a contents table.
#[must_use]
pub fn table_columns() -> Vec<PropertyTag> {
    of_types(&TABLE)
}

fn text(length: usize) -> Utf16<'static> {
    Utf16::new(
        "Minutes of the weekly meeting, with all that was said in it ".chars().cycle().take(length).collect::<String>(),
    )
}

/// A value of the tag's type; texts of so many characters, binaries of so many bytes.
fn value(tag: PropertyTag, characters: usize, bytes: usize) -> PropertyValue<'static> {
    match u32::from(tag.property_type().0) {
        INTEGER32 => PropertyValue::PtypInteger32(7),
        INTEGER64 => PropertyValue::PtypInteger64(1 << 40),
        TIME => PropertyValue::PtypTime(FileTime(133_000_000_000_000_000)),
        BOOLEAN => PropertyValue::PtypBoolean(true),
        BINARY => PropertyValue::PtypBinary(Blob::Owned(vec![0x5A; bytes])),
        _ => PropertyValue::PtypString(text(characters)),
    }
}

fn tagged(tags: &[PropertyTag], characters: usize, bytes: usize) -> Vec<TaggedPropertyValue<'static>> {
    let of_tag = |&tag| TaggedPropertyValue { property_tag: tag, property_value: value(tag, characters, bytes) };
    tags.iter().map(of_tag).collect()
}

/// Twenty tagged values in 533 bytes.
#[must_use]
pub fn values() -> Vec<TaggedPropertyValue<'static>> {
    let mut values = tagged(&of_types(&VALUES), 22, 22);
    fill(&mut values, 533);
    values
}

/// Lengthens the last binary until the values take so many bytes.
fn fill(values: &mut [TaggedPropertyValue<'static>], size: usize) {
    let missing = size - values.iter().map(|value| value.packed_size(WireForm::Rop)).sum::<usize>();
    let last = values.iter_mut().rev().find_map(|value| match &mut value.property_value {
        PropertyValue::PtypBinary(bytes) => Some(bytes),
        _ => None,
    });
    if let Some(Blob::Owned(bytes)) = last {
        bytes.resize(bytes.len() + missing, 0x5A);
    }
}

/// The ten properties that the batch sets on a message.
#[must_use]
pub fn message() -> Vec<TaggedPropertyValue<'static>> {
    let mut values = tagged(&of_types(&MESSAGE), 120, 160);
    // What stands before the values in the request takes seven bytes.
    fill(&mut values, 1_387 - 7);
    values
}

fn row(columns: &[PropertyTag], characters: usize, bytes: usize) -> PropertyRow<'static> {
    PropertyRow::StandardPropertyRow(columns.iter().map(|&tag| value(tag, characters, bytes)).collect())
}

/// Fifty rows of a contents table in 22 KB.
#[must_use]
pub fn rows() -> Vec<PropertyRow<'static>> {
    (0..50).map(|_| row(&table_columns(), 24, 40)).collect()
}

fn restriction() -> Restriction<'static> {
    let subject = PropertyTag(0x0037 << 16 | STRING);
    let importance = PropertyTag(0x0017 << 16 | INTEGER32);
    Restriction::AndRestriction(vec![
        Restriction::ContentRestriction {
            fuzzy_level_low: FuzzyLevelLow(1),
            fuzzy_level_high: FuzzyLevelHigh(1),
            property_tag: subject,
            tagged_value: TaggedPropertyValue { property_tag: subject, property_value: value(subject, 31, 0) },
        },
        Restriction::NotRestriction(Box::new(Restriction::PropertyRestriction {
            rel_op: RelOp(4),
            prop_tag: importance,
            tagged_value: TaggedPropertyValue { property_tag: importance, property_value: value(importance, 0, 0) },
        })),
    ])
}

fn recipient(number: u32, columns: &[PropertyTag]) -> ModifyRecipientRow<'static> {
    let mut row = RecipientRow {
        recipient_flags: RecipientFlags(0).with_u(true),
        address: RecipientRowAddress::SMTP,
        email_address: Some(StringValue::Utf16(Utf16::new(format!("person{number}@example.test")))),
        display_name: Some(StringValue::Utf16(text(if number == 0 { 23 } else { 22 }))),
        simple_display_name: None,
        transmittable_display_name: None,
        recipient_column_count: u16::try_from(columns.len()).unwrap_or(u16::MAX),
        recipient_properties: row(columns, 24, 20),
    };
    // As it is decoded: with the bits that follow from the other fields.
    row.recipient_flags = row.recipient_flags();
    ModifyRecipientRow { row_id: number, recipient_type: RecipientType(1), recipient_row: Some(row) }
}

/// A batch of twelve requests: open a folder, look through it, open a message, change and save it.
#[must_use]
pub fn requests() -> Vec<RopRequest<'static>> {
    let folder_id = FolderId(0).with_repl_id(1).with_global_counter(0x0D);
    let columns = of_types(&RECIPIENT);
    vec![
        RopRequest::RopOpenFolder(RopOpenFolderRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            folder_id,
            open_mode_flags: OpenModeFlags(0),
        }),
        RopRequest::RopGetContentsTable(RopGetContentsTableRequest {
            logon_id: 0,
            input_handle_index: 1,
            output_handle_index: 2,
            table_flags: ContentsTableFlags(0),
        }),
        RopRequest::RopSetColumns(RopSetColumnsRequest {
            logon_id: 0,
            input_handle_index: 2,
            set_columns_flags: AsynchronousFlags(0),
            property_tags: [TABLE.as_slice(), &MESSAGE]
                .concat()
                .iter()
                .zip(0x0037u32..)
                .map(|(ty, id)| PropertyTag(id << 16 | ty))
                .collect(),
        }),
        RopRequest::RopSortTable(RopSortTableRequest {
            logon_id: 0,
            input_handle_index: 2,
            sort_table_flags: AsynchronousFlags(0),
            category_count: 0,
            expanded_count: 0,
            sort_orders: vec![SortOrder { property_tag: PropertyTag(0x0E06 << 16 | TIME), order: SortDirection(1) }],
        }),
        RopRequest::RopRestrict(RopRestrictRequest {
            logon_id: 0,
            input_handle_index: 2,
            restrict_flags: AsynchronousFlags(0),
            restriction_data: Some(restriction()),
        }),
        RopRequest::RopQueryRows(RopQueryRowsRequest {
            logon_id: 0,
            input_handle_index: 2,
            query_rows_flags: QueryRowsFlags(0),
            forward_read: true,
            row_count: 50,
        }),
        RopRequest::RopOpenMessage(RopOpenMessageRequest {
            logon_id: 0,
            input_handle_index: 1,
            output_handle_index: 3,
            code_page_id: 0x0FFF,
            folder_id,
            open_mode_flags: MessageOpenModeFlags(1),
            message_id: MessageId(0).with_repl_id(1).with_global_counter(0x1234),
        }),
        RopRequest::RopGetPropertiesSpecific(RopGetPropertiesSpecificRequest {
            logon_id: 0,
            input_handle_index: 3,
            property_size_limit: 0,
            want_unicode: true,
            property_tags: of_types(&VALUES),
        }),
        RopRequest::RopSetProperties(RopSetPropertiesRequest {
            logon_id: 0,
            input_handle_index: 3,
            property_values: message(),
        }),
        RopRequest::RopModifyRecipients(RopModifyRecipientsRequest {
            logon_id: 0,
            input_handle_index: 3,
            recipient_rows: (0..3).map(|number| recipient(number, &columns)).collect(),
            recipient_columns: columns,
        }),
        RopRequest::RopSaveChangesMessage(RopSaveChangesMessageRequest {
            logon_id: 0,
            response_handle_index: 1,
            input_handle_index: 3,
            save_flags: SaveFlags(0x0A),
        }),
        RopRequest::RopRelease(RopReleaseRequest { logon_id: 0, input_handle_index: 3 }),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sizes_are_those_that_others_were_measured_with() {
        let sizes: Vec<usize> = super::requests().iter().map(super::RopRequest::packed_size).collect();
        assert_eq!(sizes, [13, 5, 126, 15, 101, 7, 23, 89, 1_387, 1_566, 5, 3]);
        assert_eq!(sizes.iter().sum::<usize>(), 3_340);
        let size = |value: &super::TaggedPropertyValue<'_>| value.packed_size(super::WireForm::Rop);
        assert_eq!(super::values().iter().map(size).sum::<usize>(), 533);
        let rows = super::rows().iter().map(super::PropertyRow::packed_size).sum::<usize>();
        assert!((22_000..22_600).contains(&rows), "{rows}");
    }
}
