//! How fast generated code reads and writes, beside mapi-proto on the same work and a plain copy of the
//! same bytes: `generated-tests/peers/run bench`.
//!
//! Sizes and composition of the batch, the rows and the values are those that others were measured with.
//! What is made is dropped within the measurement.

#![allow(missing_docs, clippy::unwrap_used)]

mod ours;
#[path = "../../../src/samples.rs"]
#[allow(clippy::indexing_slicing)]
mod samples;
mod theirs;

fn main() {
    assert_eq!(ours::texts_of(&samples::requests()).len(), 32);
    divan::main();
}
