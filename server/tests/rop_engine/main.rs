//! The operations of a mailbox through the batch engine: packed requests in, decoded replies out, on a store in
//! memory.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod categories;
mod client;
mod conditions;
mod every_object;
mod fixture;
mod folder_changes;
mod folders;
mod handles;
mod logon;
mod mailbox_story;
mod message_changes;
mod messages;
mod notifications;
mod permissions;
mod positions;
mod properties;
mod property_types;
mod recipients;
mod reply_bytes;
mod reply_headers;
mod search_folders;
#[path = "../../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;
mod stream_changes;
mod streams;
mod success_replies;
mod table_notifications;
mod tables;
mod wire;

/// Records that a test has proved statements, after the assertions that would have failed otherwise.
fn record(test: &str, ids: &[&str]) {
    ids.iter().for_each(|id| spec_coverage::record(id, test));
}
