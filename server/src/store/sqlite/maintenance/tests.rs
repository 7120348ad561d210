#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use protocol::oxcdata::FolderId;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::store::value::{binary, string};
use crate::store::{
    MemberChange, MessageChange, MessageTarget, NewUser, PartChange, PropertyChanges, PropertyName, SpecialFolder,
    User, tags,
};

const STORE: &str = "store";

/// A data directory with two users; the first has messages, attachments and large content.
struct Place {
    root: TempDir,
    users: Vec<User>,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        fs::create_dir_all(data.join("tls")).unwrap();
        fs::write(data.join("tls/ca.pem"), "authority").unwrap();
        let store = SqliteStore::open(&data.join(STORE)).unwrap();
        let users: Vec<User> = ["ada@example.test", "bob@example.test"]
            .map(|address| {
                let new = NewUser { address, display_name: address, legacy_dn: address, password_hash: "x" };
                store.create_user(&new).unwrap()
            })
            .to_vec();
        let mailbox = store.mailbox(users[0].mailbox).unwrap();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        for number in 0..3_u8 {
            mailbox.save_message(&message(inbox, number)).unwrap();
        }
        Self { root, users }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn store(&self) -> PathBuf {
        self.data().join(STORE)
    }

    /// Writes to the first user's database behind the store's back.
    fn sql(&self, statement: &str) {
        Connection::open(file_of(&self.store(), self.users[0].mailbox)).unwrap().execute_batch(statement).unwrap();
    }

    fn problems(&self) -> Vec<String> {
        check(&self.store()).unwrap().into_iter().map(|finding| finding.problem).collect()
    }
}

fn message(folder: FolderId, number: u8) -> MessageChange {
    let mut change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: None });
    change.properties.set(tags::PID_TAG_SUBJECT, string(format!("number {number}")));
    let mut attachment = PropertyChanges::new();
    attachment.set(tags::PID_TAG_ATTACH_DATA_BINARY, binary(vec![number; 100_000]));
    change.attachments.insert(0, PartChange::Replace(attachment));
    change
}

#[test]
fn a_sound_store_has_no_findings_also_while_it_is_served() {
    let place = Place::new();
    assert_eq!(place.problems(), Vec::<String>::new());
    let store = SqliteStore::open(&place.store()).unwrap();
    let _mailbox = store.mailbox(place.users[0].mailbox).unwrap();
    assert_eq!(place.problems(), Vec::<String>::new());
}

#[test]
fn figures_count_what_is_there() {
    let place = Place::new();
    let found = figures(&place.store(), place.users[0].mailbox).unwrap();
    assert_eq!((found.messages, found.unread, found.blobs, found.blob_bytes), (3, 3, 3, 300_000));
    assert!(found.message_bytes > 300_000 && found.file_bytes > 300_000);
    assert_eq!(figures(&place.store(), place.users[1].mailbox).unwrap().messages, 0);
    assert!(matches!(figures(&place.store(), Guid([9; 16])), Err(StoreError::NotFound(_))));
}

#[test]
fn each_kind_of_damage_is_found() {
    for (statement, problem) in [
        (
            "UPDATE folder SET child_count = child_count + 1 WHERE folder_type = 0",
            "1 folders with a wrong number of sub",
        ),
        ("UPDATE folder SET content_count = 9 WHERE content_count = 3", "1 folders with a wrong number of messages"),
        ("UPDATE folder SET unread_count = 9 WHERE unread_count = 3", "1 folders with a wrong number of unread"),
        (
            "UPDATE folder SET associated_count = 1 WHERE content_count = 3",
            "1 folders with a wrong number of associated",
        ),
        ("UPDATE blob SET reference_count = 2 WHERE id = 1", "1 contents with a wrong number of references"),
        ("UPDATE message SET attachment_count = 2", "3 messages with a wrong number of attachments"),
        ("UPDATE message SET recipient_count = 2", "3 messages with a wrong number of recipients"),
        ("UPDATE mailbox SET next_counter = 5", "ids that were never given out"),
        ("UPDATE message SET read_change_number = 1000000000000", "3 change numbers that were never given out"),
        ("UPDATE blob_piece SET data = zeroblob(length(data)) WHERE blob = 2 AND number = 1", "content 2 is not what"),
        ("DELETE FROM blob_piece WHERE blob = 1 AND number = 0", "content 1 is not what"),
        ("UPDATE blob SET hash = NULL WHERE id = 1", "1 contents without a hash"),
        ("UPDATE mailbox SET mailbox_guid = zeroblob(16)", "not the mailbox that its name says"),
        ("UPDATE migration SET checksum = 'x' WHERE number = 1", "its schema is not"),
        ("DELETE FROM special_folder WHERE role = 3", "1 special folders are missing"),
        (
            "PRAGMA foreign_keys = 0; INSERT INTO outgoing (number, message) SELECT 1, min(id) FROM message",
            "1 submissions without a message or without recipients",
        ),
        ("PRAGMA foreign_keys = 0; DELETE FROM object WHERE id = 1", "refer to what is not there"),
    ] {
        let place = Place::new();
        place.sql(statement);
        let found = place.problems();
        assert!(found.iter().any(|found| found.contains(problem)), "{statement}: {found:?}");
    }
}

#[test]
fn what_can_be_counted_is_repaired() {
    let place = Place::new();
    place.sql(
        "UPDATE folder SET child_count = 7, content_count = 7, unread_count = 7, associated_count = 7;
         UPDATE blob SET reference_count = 7; UPDATE message SET recipient_count = 7, attachment_count = 7",
    );
    let found = repair(&place.store()).unwrap();
    assert_eq!(found.len(), 7, "{found:?}");
    assert!(found.iter().all(|finding| finding.repairable));
    assert_eq!(place.problems(), Vec::<String>::new());
}

#[test]
fn nothing_is_repaired_while_a_server_runs() {
    let place = Place::new();
    let _store = SqliteStore::open(&place.store()).unwrap();
    assert!(matches!(repair(&place.store()), Err(StoreError::Backend { .. })));
}

#[test]
fn files_that_are_missing_foreign_or_unreadable_are_found() {
    let place = Place::new();
    let [first, second] = [0, 1].map(|user| file_of(&place.store(), place.users[user].mailbox));
    fs::write(&first, "this is no database at all, whatever its name says").unwrap();
    fs::rename(&second, second.with_file_name("other.sqlite")).unwrap();
    let found = place.problems();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("cannot be read"), "{found:?}");
    assert_eq!(found[1], "the mailbox of bob@example.test is missing");
    assert_eq!(found[2], "belongs to no user");
    assert!(matches!(check(place.root.path()), Err(StoreError::NotFound(_))));
}

#[test]
fn users_are_added_beside_a_server_and_it_sees_them() {
    let place = Place::new();
    let served = SqliteStore::open(&place.store()).unwrap();
    let beside = SqliteStore::open_beside(&place.store()).unwrap();
    let new = NewUser { address: "eve@example.test", display_name: "Eve", legacy_dn: "eve", password_hash: "y" };
    let eve = beside.create_user(&new).unwrap();
    assert_eq!(served.user_by_address("eve@example.test").unwrap(), Some(eve.clone()));
    served.mailbox(eve.mailbox).unwrap();
    assert!(matches!(beside.mailbox(eve.mailbox), Err(StoreError::Unsupported(_))));
    assert!(matches!(beside.delete_user("eve@example.test"), Err(StoreError::AccessDenied(_))));
    assert!(matches!(SqliteStore::open_beside(place.root.path()), Err(StoreError::NotFound(_))));
}

#[test]
fn a_user_goes_with_the_mailbox() {
    let place = Place::new();
    let store = SqliteStore::open(&place.store()).unwrap();
    let mailbox = store.mailbox(place.users[0].mailbox).unwrap();
    assert!(matches!(store.delete_user("ada@example.test"), Err(StoreError::AccessDenied(_))));
    drop(mailbox);
    store.delete_user("Ada@Example.Test").unwrap();
    assert!(matches!(store.delete_user("ada@example.test"), Err(StoreError::NotFound(_))));
    assert!(!file_of(&place.store(), place.users[0].mailbox).exists());
    assert_eq!(place.problems(), Vec::<String>::new());
}

#[test]
fn a_backup_made_while_writing_restores_to_one_state() {
    let place = Place::new();
    let store = SqliteStore::open(&place.store()).unwrap();
    let mailbox = store.mailbox(place.users[0].mailbox).unwrap();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    let target = place.root.path().join("backup");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let copied = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                mailbox.save_message(&message(inbox, 7)).unwrap();
            }
        });
        let copied = backup(&place.data(), &target).unwrap();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        copied
    });
    assert_eq!((copied.mailboxes, copied.files), (2, 4));

    let restored = place.root.path().join("restored");
    assert_eq!(restore(&target, &restored).unwrap(), copied);
    assert_eq!(fs::read_to_string(restored.join("tls/ca.pem")).unwrap(), "authority");
    assert_eq!(check(&restored.join(STORE)).unwrap(), []);
    assert!(figures(&restored.join(STORE), place.users[0].mailbox).unwrap().messages >= 3);
}

#[test]
fn a_restored_mailbox_gives_out_no_id_a_second_time() {
    let place = Place::new();
    let target = place.root.path().join("backup");
    backup(&place.data(), &target).unwrap();
    let name = |lid| [PropertyName::Lid { guid: Guid([7; 16]), lid }];
    let next = |data: &Path, lid: u32| {
        let store = SqliteStore::open(&data.join(STORE)).unwrap();
        let mailbox = store.mailbox(place.users[0].mailbox).unwrap();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        let add = MemberChange::Add { legacy_dn: format!("/cn={lid}"), name: "m".to_owned(), rights: 0 };
        mailbox.change_members(inbox, &[add]).unwrap();
        let member = mailbox.members(inbox).unwrap().into_iter().map(|member| member.id).max().unwrap();
        let property = mailbox.named_property_ids(&name(lid), true).unwrap()[0].unwrap();
        let replica = mailbox.replica_id(Guid([u8::try_from(lid).unwrap(); 16])).unwrap();
        (mailbox.allocate_counters(1000).unwrap(), property, replica, member)
    };
    let before = next(&place.data(), 1);
    let last = next(&place.data(), 2);
    assert_eq!((last.1, last.2, last.3), (before.1 + 1, before.2 + 1, before.3 + 1));
    let restored = place.root.path().join("restored");
    restore(&target, &restored).unwrap();
    // Others ask first, after a restored backup of a backup that was restored, too.
    let first = next(&restored, 3);
    assert!(first.0 > last.0 + 1000 && first.1 > last.1 && first.2 > last.2 && first.3 > last.3, "{last:?} {first:?}");
    let (again, twice) = (place.root.path().join("again"), place.root.path().join("twice"));
    backup(&restored, &again).unwrap();
    restore(&again, &twice).unwrap();
    let second = next(&twice, 4);
    assert!(second.0 > first.0 && second.1 > first.1 + 1 && second.2 > first.2 + 1 && second.3 > first.3 + 1);
}

#[test]
fn a_damaged_backup_and_a_taken_place_are_refused() {
    let place = Place::new();
    let target = place.root.path().join("backup");
    backup(&place.data(), &target).unwrap();
    assert!(matches!(backup(&place.data(), &target), Err(BackupError::Taken(_))));
    assert!(matches!(restore(&target, &place.data()), Err(BackupError::Taken(_))));

    let restored = place.root.path().join("restored");
    fs::write(target.join("tls/extra"), "x").unwrap();
    assert!(matches!(restore(&target, &restored), Err(BackupError::Damaged(text)) if text.contains("tls/extra")));
    fs::remove_file(target.join("tls/extra")).unwrap();
    fs::write(target.join("tls/ca.pem"), "Authority").unwrap();
    assert!(matches!(restore(&target, &restored), Err(BackupError::Damaged(text)) if text.contains("tls/ca.pem")));
    fs::remove_file(target.join("tls/ca.pem")).unwrap();
    assert!(matches!(restore(&target, &restored), Err(BackupError::Damaged(text)) if text.contains("tls/ca.pem")));
    assert!(!restored.exists());
}

#[test]
fn a_snapshot_is_read_while_the_mailbox_changes_and_leaves_nothing() {
    let place = Place::new();
    let store = SqliteStore::open(&place.store()).unwrap();
    let mailbox = store.mailbox(place.users[0].mailbox).unwrap();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    let file = place.root.path().join("copy.sqlite");
    let snapshot = snapshot(&place.store(), place.users[0].mailbox, &file).unwrap();
    mailbox.save_message(&message(inbox, 9)).unwrap();
    assert_eq!(snapshot.mailbox().unwrap().folder(inbox).unwrap().content_count, 3);
    drop(snapshot);
    let left: Vec<_> = fs::read_dir(place.root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data"]);
}
