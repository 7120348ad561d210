//! The tests that `ropc` makes of the descriptions: round trips, truncation, lying counts, random bytes, and the vectors.

include!(concat!(env!("OUT_DIR"), "/ropc_tests.rs"));
