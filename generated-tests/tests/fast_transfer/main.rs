//! What MS-OXCFXICS states about the bytes of streams, identifier sets and the structures in them, held against
//! generated code.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod elements;
mod properties;
mod replies;
mod required;
mod roots;
mod sets;
mod structures;
mod words;

use generated_tests::spec_coverage;
use protocol::oxcdata::PropertyTag;
use protocol::oxcfxics::{FastTransfer, FastTransferRoot, FastTransferWriter, Marker};
use runtime::stream::typed::Stream as _;
use runtime::stream::{StreamError, Wire};
use runtime::{Cursor, Encoder, PackError, UnpackError};

/// Records that a test has proved statements of the document: their numbers.
fn record(test: &str, statements: &[&str]) {
    statements.iter().for_each(|number| spec_coverage::record(&format!("MS-OXCFXICS_{number}"), test));
}

/// A word of a stream.
#[derive(Clone, Copy, Debug)]
enum Word {
    Mark(Marker),
    /// A property with the simplest value of its type.
    Prop(PropertyTag),
    /// A property of this value.
    Value(PropertyTag, u32),
}

fn write_word(writer: &mut FastTransferWriter, word: Word) -> Result<(), StreamError> {
    let (tag, value) = match word {
        Word::Mark(marker) => return writer.marker(marker),
        Word::Prop(tag) => (tag.0, 0),
        Word::Value(tag, value) => (tag.0, value),
    };
    match FastTransfer::GRAMMAR.wire(tag).unwrap() {
        Wire::Fixed(4) => writer.fixed(tag, None, &packed(|e| e.u32(value))),
        Wire::Fixed(size) => writer.fixed(tag, None, &vec![0; size.into()]),
        Wire::Variable => writer.variable(tag, None, b""),
        Wire::FixedList(_) | Wire::VariableList => {
            writer.raw().property(tag, None)?;
            writer.raw().count(0)
        }
    }
}

/// Writes words that may follow each other.
#[track_caller]
fn begun(root: FastTransferRoot, words: &[Word]) -> FastTransferWriter {
    let mut writer = FastTransferWriter::new(root);
    for word in words {
        if let Err(error) = write_word(&mut writer, *word) {
            panic!("{word:?} of {words:?}: {error}");
        }
    }
    writer
}

/// These words are a stream.
#[track_caller]
fn whole(root: FastTransferRoot, words: &[Word]) {
    if let Err(error) = begun(root, words).finish() {
        panic!("{words:?}: {error}");
    }
}

/// After these words the stream may not end, and this one may not follow.
#[track_caller]
fn not_after(root: FastTransferRoot, words: &[Word], next: Word) {
    let writer = begun(root, words);
    assert!(write_word(&mut writer.clone(), next).is_err(), "{next:?} after {words:?}");
}

fn packed(write: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    write(&mut e).unwrap();
    e.finish().to_vec()
}

/// Reads a value that takes all of these bytes, checks that it is written so, and returns it.
#[track_caller]
fn both_ways<'a, T>(
    bytes: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl FnOnce(&T, &mut Encoder) -> Result<(), PackError>,
) -> T {
    let mut c = Cursor::new(bytes);
    let value = unpack(&mut c).unwrap();
    c.finish().unwrap();
    assert_eq!(packed(|e| pack(&value, e)), bytes);
    value
}
