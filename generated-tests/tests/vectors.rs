//! The vectors of `vectors/*.toml`, made into tests by the build script.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]
// Types that borrow need the closure, others would do without.
#![allow(clippy::redundant_closure)]

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

#[test]
fn there_are_vectors_of_values_and_of_errors() {
    let (all, errors) = COUNTS;
    assert!(errors >= 30 && all > errors, "{all} vectors, {errors} of errors");
}
