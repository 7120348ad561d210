//! Statements of the specifications about bytes, held against generated code: what it reads, and what it writes again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod address_book;
mod entry_ids;
mod headers;
mod property_types;
mod return_values;
mod rules;
mod structures;
mod success_bodies;

use generated_tests::spec_coverage;
use runtime::{Cursor, Encoder, PackError, UnpackError};

/// Records that a test has proved statements of a document: their numbers.
fn record(test: &str, document: &str, statements: &[&str]) {
    statements.iter().for_each(|number| spec_coverage::record(&format!("{document}_{number}"), test));
}

/// Reads a value that takes all of these bytes, and writes it again.
#[track_caller]
fn both_ways<'a, T>(
    bytes: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl FnOnce(&T, &mut Encoder) -> Result<(), PackError>,
) -> (T, Vec<u8>) {
    let mut c = Cursor::new(bytes);
    let value = unpack(&mut c).unwrap();
    c.finish().unwrap();
    let mut e = Encoder::new();
    pack(&value, &mut e).unwrap();
    (value, e.finish().to_vec())
}
