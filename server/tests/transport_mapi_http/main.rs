//! MAPI over HTTP as a client sees it: raw HTTP over TLS to a server on a loopback port, with a toy endpoint
//! behind it.

#![cfg(feature = "transport")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod limits;
mod log_on;
mod requests;
mod sessions;
mod slow;
mod support;
mod waits;
