//! The tests that `ropc` makes of the examples: round trips, truncation, lying counts, random bytes.

include!(concat!(env!("OUT_DIR"), "/examples_tests.rs"));
