//! A process that is killed while it writes: what it acknowledged is there, what it did not is there as a
//! whole or not at all, and no counter is given out twice.
#![cfg(all(feature = "sqlite", unix))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use protocol::oxcdata::{MessageId, PropertyValue};
use server::store::sqlite::SqliteStore;
use server::store::value::{binary, string};
use server::store::{
    ContentsKind, Mailbox, MessageChange, MessageTarget, NewUser, ObjectId, PartChange, PropertyChanges, SpecialFolder,
    Store, TableQuery, ids, read_whole, tags,
};

/// Names the directory in which the child writes.
const DIRECTORY: &str = "STORE_CRASH_DIRECTORY";
const RECIPIENTS: u32 = 3;
const CONTENT: usize = 80_000;

fn mailbox(store: &dyn Store) -> Arc<dyn Mailbox> {
    let user = store.user_by_address("anna@example.test").unwrap().unwrap();
    store.mailbox(user.mailbox).unwrap()
}

/// A message all of whose parts carry one number.
fn numbered(mailbox: &dyn Mailbox, number: u32) -> MessageChange {
    let folder = mailbox.special_folders().get(SpecialFolder::Inbox);
    let mut change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: None });
    change
        .properties
        .set(tags::PID_TAG_SUBJECT, string(format!("number {number}")))
        .set(tags::PID_TAG_BODY, string(format!("{number:06}").repeat(CONTENT / 12)));
    for row in 0..RECIPIENTS {
        let mut properties = PropertyChanges::new();
        properties
            .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(1))
            .set(tags::PID_TAG_DISPLAY_NAME, string(format!("r{number}")));
        change.recipients.insert(row, PartChange::Replace(properties));
    }
    let mut properties = PropertyChanges::new();
    properties.set(tags::PID_TAG_ATTACH_DATA_BINARY, binary(content(number)));
    change.attachments.insert(0, PartChange::Replace(properties));
    change
}

fn content(number: u32) -> Vec<u8> {
    format!("{number:04x}").into_bytes().repeat(CONTENT / 4)
}

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "run by the other test of this file"]
fn child_writes_until_it_is_killed() {
    let directory = std::env::var_os(DIRECTORY).unwrap();
    let store = SqliteStore::open(Path::new(&directory)).unwrap();
    let mailbox = mailbox(&store);
    let mut out = std::io::stdout();
    for number in 0.. {
        let saved = mailbox.save_message(&numbered(mailbox.as_ref(), number)).unwrap();
        let counter = mailbox.allocate_counters(1).unwrap();
        writeln!(out, "saved {number} {} {} {counter}", saved.id.0, saved.change_number).unwrap();
        out.flush().unwrap();
    }
}

/// Lets a child write for a while and kills it; answers what it acknowledged: number, id, counters.
fn crash(directory: &Path, at_least: usize, more: Duration) -> Vec<(u32, MessageId, Vec<u64>)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "child_writes_until_it_is_killed"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut note = |line: String| {
        if let Some(fields) = line.strip_prefix("saved ") {
            let fields: Vec<u64> = fields.split(' ').map(|field| field.parse().unwrap()).collect();
            let id = MessageId(fields[1]);
            let counters = vec![ids::message_counter(id).unwrap(), fields[2], fields[3]];
            acknowledged.push((u32::try_from(fields[0]).unwrap(), id, counters));
        }
        acknowledged.len()
    };
    while note(lines.next().unwrap().unwrap()) < at_least {}
    std::thread::sleep(more);
    // SIGKILL: no destructor runs.
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        note(line.unwrap());
    }
    acknowledged
}

#[test]
fn a_killed_writer_leaves_whole_messages_and_fresh_counters() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = SqliteStore::open(directory.path()).unwrap();
        store
            .create_user(&NewUser {
                address: "anna@example.test",
                display_name: "Anna",
                legacy_dn: "/o=Example/cn=anna",
                password_hash: "",
            })
            .unwrap();
    }
    let mut counters = HashSet::new();
    let mut known: Vec<(u32, MessageId)> = Vec::new();
    for pause in [0, 3, 11] {
        let acknowledged = crash(directory.path(), 5, Duration::from_millis(pause));
        for (number, id, used) in acknowledged {
            known.push((number, id));
            for counter in used {
                assert!(counters.insert(counter), "counter {counter} was given out twice");
            }
        }
        let store = SqliteStore::open(directory.path()).unwrap();
        let mailbox = mailbox(&store);
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        let found = mailbox.contents(inbox, ContentsKind::Normal, &TableQuery::default()).unwrap();
        for (number, id) in &known {
            assert!(found.contains(id), "message {number} was acknowledged and is gone");
        }
        assert_eq!(mailbox.folder(inbox).unwrap().content_count as usize, found.len());
        for id in found.iter() {
            check_whole(mailbox.as_ref(), *id);
        }
        let next = mailbox.allocate_counters(1).unwrap();
        assert!(counters.iter().all(|counter| *counter < next));
        counters.insert(next);
    }
}

fn check_whole(mailbox: &dyn Mailbox, id: MessageId) {
    let Some(PropertyValue::PtypString(subject)) =
        server::store::property(mailbox, ObjectId::Message(id), tags::PID_TAG_SUBJECT).unwrap()
    else {
        panic!("a message without subject");
    };
    let number: u32 = subject.to_text().strip_prefix("number ").unwrap().parse().unwrap();
    let body = read_whole(mailbox, ObjectId::Message(id), tags::PID_TAG_BODY, 1 << 20).unwrap();
    assert_eq!(body.len(), CONTENT / 12 * 6 * 2);
    assert_eq!(mailbox.recipients(id).unwrap(), (0..RECIPIENTS).collect::<Vec<_>>());
    let display_to = server::store::property(mailbox, ObjectId::Message(id), tags::PID_TAG_DISPLAY_TO).unwrap();
    assert_eq!(display_to, Some(string([format!("r{number}").as_str(); 3].join("; "))));
    let object = ObjectId::Attachment(id, 0);
    assert_eq!(read_whole(mailbox, object, tags::PID_TAG_ATTACH_DATA_BINARY, 1 << 20).unwrap(), content(number));
}
