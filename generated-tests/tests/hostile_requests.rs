//! Requests that are small and would be large in memory: bounds hold for the whole batch, also where
//! each field by itself is harmless.
#![allow(clippy::unwrap_used, missing_docs)]

use generated_tests::oracles;
use protocol::oxcmsg::RopModifyRecipientsRequest;
use runtime::{Cursor, Encoder};

/// Rows of no bytes for columns: each row says nothing and has all columns.
fn recipients(property_type: u16, columns: u16, rows: u16) -> Vec<u8> {
    let mut e = Encoder::new();
    e.u8(0).unwrap();
    e.u8(0).unwrap();
    e.u16(columns).unwrap();
    for id in 0..columns {
        e.u16(property_type).unwrap();
        e.u16(id).unwrap();
    }
    e.u16(rows).unwrap();
    for row in 0..rows {
        e.u32(row.into()).unwrap();
        e.u8(1).unwrap();
        // RecipientRowSize; RecipientFlags, RecipientColumnCount and the flag of a standard row.
        e.u16(5).unwrap();
        e.u16(0).unwrap();
        e.u16(columns).unwrap();
        e.u8(0).unwrap();
    }
    e.finish().to_vec()
}

#[test]
fn rows_of_columns_without_bytes_do_not_multiply() {
    for property_type in [0x0001, 0x000D] {
        let few = recipients(property_type, 3, 2);
        let request = RopModifyRecipientsRequest::unpack(&mut Cursor::new(&few)).unwrap();
        assert_eq!((request.recipient_columns.len(), request.recipient_rows.len()), (3, 2));
        let many = recipients(property_type, 1000, 500);
        let _refused_or_small = oracles::bounded(&many, RopModifyRecipientsRequest::unpack).unwrap();
    }
}
