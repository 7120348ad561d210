#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
//! The contract suite on both kinds of SQLite store, and what only SQLite can show.

use std::path::Path;

use super::*;
use crate::store::contract::{self, Backend, contract_tests};
use crate::store::{ObjectId, tags, value::binary};

mod file {
    use super::*;

    fn backend() -> Backend {
        let directory = tempfile::tempdir().unwrap();
        Backend { open: Box::new(move || Box::new(SqliteStore::open(directory.path()).unwrap())), durable: true }
    }

    contract_tests!(backend());
}

mod memory {
    use super::*;

    fn backend() -> Backend {
        Backend { open: Box::new(|| Box::new(SqliteStore::in_memory().unwrap())), durable: false }
    }

    contract_tests!(backend());
}

fn file_backend(directory: &Path) -> Backend {
    let directory = directory.to_path_buf();
    Backend { open: Box::new(move || Box::new(SqliteStore::open(&directory).unwrap())), durable: true }
}

/// The file of the only mailbox.
fn mailbox_path(directory: &Path) -> PathBuf {
    let mut files = fs::read_dir(directory.join("mailboxes")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "sqlite")).unwrap()
}

/// A second look into it.
fn count(directory: &Path, sql: &str) -> i64 {
    rusqlite::Connection::open(mailbox_path(directory)).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_directory_that_is_open_cannot_be_opened_twice() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path()).unwrap();
    assert!(matches!(SqliteStore::open(directory.path()), Err(StoreError::Backend { .. })));
    drop(store);
    SqliteStore::open(directory.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("data");
    let (_store, _mailbox) = contract::store_with_user(&file_backend(&place));
    let mut seen = 0;
    for folder in [place.clone(), place.join("mailboxes")] {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
                seen += 1;
            }
        }
    }
    assert!(seen >= 3);
}

#[test]
fn equal_content_is_kept_once_and_goes_with_its_last_user() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, mailbox) = contract::store_with_user(&file_backend(directory.path()));
    let blobs = || count(directory.path(), "SELECT count(*) FROM blob");
    let content = binary(vec![5; 100_000]);
    let first = contract::save_with(mailbox.as_ref(), tags::PID_TAG_HTML, content.clone());
    let second = contract::save_with(mailbox.as_ref(), tags::PID_TAG_HTML, content);
    assert_eq!(blobs(), 1);
    let mut writer = mailbox.create_blob().unwrap();
    writer.write(&[5; 100_000]).unwrap();
    let same = writer.finish().unwrap();
    mailbox.delete_message(first).unwrap();
    assert_eq!(blobs(), 1, "the copy is gone, the second message has the content");
    mailbox.delete_message(second).unwrap();
    assert_eq!(blobs(), 1, "a handle still has it");
    let mut change = contract::create_in(contract::inbox(mailbox.as_ref()));
    change.properties.set_blob(tags::PID_TAG_HTML, same);
    let third = mailbox.save_message(&change).unwrap().id;
    drop(change);
    let size = mailbox.open_stream(ObjectId::Message(third), tags::PID_TAG_HTML).unwrap().size();
    assert_eq!(size, 100_000);
    mailbox.delete_message(third).unwrap();
    assert_eq!(blobs(), 0);
}

#[test]
fn deleting_leaves_no_rows_behind() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, mailbox) = contract::store_with_user(&file_backend(directory.path()));
    let rows = || {
        let tables = ["object", "property", "blob", "blob_piece", "recipient", "attachment", "message"];
        tables.map(|table| count(directory.path(), &format!("SELECT count(*) FROM {table}")))
    };
    let before = rows();
    let mut change = contract::create_in(contract::inbox(mailbox.as_ref()));
    change.recipients.insert(0, super::super::PartChange::Replace(contract::recipient(1, "bert")));
    change.attachments.insert(0, contract::attachment("a", &[1; 70_000]));
    let id = mailbox.save_message(&change).unwrap().id;
    assert_ne!(rows(), before);
    mailbox.delete_message(id).unwrap();
    assert_eq!(rows(), before);
    assert_eq!(count(directory.path(), "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#[test]
fn blobs_left_by_a_crash_are_removed_at_the_next_opening() {
    let directory = tempfile::tempdir().unwrap();
    let backend = file_backend(directory.path());
    let (store, mailbox) = contract::store_with_user(&backend);
    let mut writer = mailbox.create_blob().unwrap();
    writer.write(&[1; 200_000]).unwrap();
    std::mem::forget(writer);
    assert_eq!(count(directory.path(), "SELECT count(*) FROM blob"), 1);
    let id = mailbox.identity().mailbox;
    drop((mailbox, store));
    // The forgotten writer still holds the database, as another process' remains would not.
    let store = (backend.open)();
    store.mailbox(id).unwrap();
    assert_eq!(count(directory.path(), "SELECT count(*) FROM blob"), 0);
    assert_eq!(count(directory.path(), "SELECT count(*) FROM blob_piece"), 0);
}

#[test]
fn default_order_needs_no_sorting() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, mailbox) = contract::store_with_user(&file_backend(directory.path()));
    drop(mailbox);
    let connection = rusqlite::Connection::open(mailbox_path(directory.path())).unwrap();
    for order in ["delivered DESC, id", "modified DESC, id"] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT id FROM message WHERE folder = 1 AND associated = 0 ORDER BY {order} LIMIT 5"
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let steps: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
    }
}

#[test]
fn sorting_by_what_is_sorted_by_most_reads_one_index() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, mailbox) = contract::store_with_user(&file_backend(directory.path()));
    drop(mailbox);
    let connection = rusqlite::Connection::open(mailbox_path(directory.path())).unwrap();
    let sql = format!("EXPLAIN QUERY PLAN {}", order::sorted_sql());
    let mut statement = connection.prepare(&sql).unwrap();
    let steps: Vec<String> =
        statement.query_map([0x0E1D_001F], |row| row.get(3)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
    let index = "SEARCH property USING COVERING INDEX property_sorted (tag=?)";
    assert!(steps[0].contains(index) && steps.iter().skip(1).all(|step| step.contains("blob")), "{steps:?}");
    let page = "EXPLAIN QUERY PLAN SELECT object, id FROM message WHERE folder = 1 AND associated = 0";
    let step: String = connection.prepare(page).unwrap().query_row([], |row| row.get(3)).unwrap();
    assert!(step.contains("USING COVERING INDEX message_by_object"), "{step}");
}
