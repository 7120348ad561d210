#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

fn files(directory: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else if name.ends_with(".eml") {
            found.insert(name);
        }
    }
}

#[test]
fn all_files_of_the_directory_are_embedded() {
    let mut found = BTreeSet::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/mail"), "", &mut found);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), MAILS.map(|(path, _)| path));
}

#[cfg(feature = "sqlite")]
mod in_a_store {
    use protocol::oxcdata::PropertyValue;

    use super::*;
    use crate::store::value::text;
    use crate::store::{ContentsKind, HierarchyDepth, NewUser, ObjectId, TableQuery, property};

    #[test]
    fn a_sample_mailbox_has_mail_in_its_folders() {
        let store = crate::store::sqlite::SqliteStore::in_memory().unwrap();
        let user = store
            .create_user(&NewUser {
                address: "anna@example.test",
                display_name: "Anna Ånström",
                legacy_dn: "/o=Example/cn=anna",
                password_hash: "",
            })
            .unwrap();
        let populated = populate(&store, &user).unwrap();
        assert_eq!(populated.messages, 30 + notes::COUNT);
        let skipped: Vec<_> = populated.skipped.iter().map(|(path, _)| *path).collect();
        assert_eq!(skipped, ["inbox/16-long-subject.eml", "inbox/24-before-mime.eml"], "{:?}", populated.skipped);

        let mailbox = store.mailbox(user.mailbox).unwrap();
        let special = mailbox.special_folders();
        let count = |folder| {
            let folder = mailbox.folder(folder).unwrap();
            (folder.content_count, folder.content_unread_count)
        };
        let inbox = special.get(SpecialFolder::Inbox);
        assert_eq!(count(inbox), (24 + 60, 24 + 45));
        assert_eq!(count(special.get(SpecialFolder::SentItems)), (3, 0));
        assert_eq!(count(special.get(SpecialFolder::Drafts)), (1, 0));
        let below = mailbox.hierarchy(inbox, HierarchyDepth::Descendants, &TableQuery::default()).unwrap();
        assert_eq!(below.iter().map(|folder| count(*folder)).collect::<Vec<_>>(), [(2, 0), (30, 0)]);

        // Newest first, each with a time and a subject.
        let found = mailbox.contents(inbox, ContentsKind::Normal, &TableQuery::default()).unwrap();
        let mut last = u64::MAX;
        for id in found.iter().copied() {
            let object = ObjectId::Message(id);
            let time = property(mailbox.as_ref(), object, tags::PID_TAG_MESSAGE_DELIVERY_TIME).unwrap();
            let Some(PropertyValue::PtypTime(time)) = time else { panic!("no delivery time") };
            assert!(time.0 <= last);
            last = time.0;
            let subject = property(mailbox.as_ref(), object, tags::PID_TAG_SUBJECT).unwrap().unwrap();
            assert!(text(&subject, 1252).is_some());
        }
        assert!(matches!(populate(&store, &user), Err(ImportError::Store(StoreError::Exists(_)))));
    }
}
