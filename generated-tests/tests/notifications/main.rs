//! MS-OXCNOTIF against generated code: where each field of a notification stands and when, whose columns its row has,
//! and replies in place of others.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod conversations;
mod fields;
mod layout;
mod meaning;

use generated_tests::spec_coverage;
use protocol::oxcdata::PropertyTag;
use protocol::oxcnotif::NotificationData;
use runtime::{Cursor, Encoder, PackError, UnpackError};

/// PidTagContentCount, the column of the rows here.
pub const COLUMNS: [PropertyTag; 1] = [PropertyTag(0x3602_0003)];

/// Records that a test has proved statements of MS-OXCNOTIF: their numbers.
pub fn record(test: &str, statements: &[&str]) {
    statements.iter().for_each(|number| spec_coverage::record(&format!("MS-OXCNOTIF_{number}"), test));
}

/// Reads a notification that takes all of these bytes.
pub fn read<'a>(bytes: &'a [u8], columns: Option<&[PropertyTag]>) -> Result<NotificationData<'a>, UnpackError> {
    let mut c = Cursor::new(bytes);
    let data = NotificationData::unpack(&mut c, columns)?;
    c.finish()?;
    Ok(data)
}

/// A number in so many bytes.
pub fn number(value: impl Into<u64>, size: usize) -> Vec<u8> {
    let mut e = Encoder::new();
    e.uint(value.into(), size).unwrap();
    e.finish().to_vec()
}

/// Its bytes.
pub fn written(data: &NotificationData<'_>, columns: Option<&[PropertyTag]>) -> Result<Vec<u8>, PackError> {
    let mut e = Encoder::new();
    data.pack(&mut e, columns)?;
    Ok(e.finish().to_vec())
}
