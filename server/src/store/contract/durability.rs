//! What is left when a store is closed and opened again.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use super::{Backend, attachment, create_in, inbox, save_with, store_with_user, value};
use crate::store::value::string;
use crate::store::{ObjectId, PropertyName, Store, ids, read_whole, tags};
use runtime::Guid;

fn anna(store: &dyn Store) -> Arc<dyn crate::store::Mailbox> {
    let user = store.user_by_address("anna@example.test").unwrap().unwrap();
    store.mailbox(user.mailbox).unwrap()
}

pub(in crate::store) fn everything_is_there_after_reopening(backend: &Backend) {
    if !backend.durable {
        return;
    }
    let (store, mailbox) = store_with_user(backend);
    let (identity, special) = (mailbox.identity(), mailbox.special_folders().clone());
    let mut change = create_in(inbox(mailbox.as_ref()));
    change.properties.set(tags::PID_TAG_SUBJECT, string("bleibt"));
    change.attachments.insert(0, attachment("a.bin", &[3; 90_000]));
    let saved = mailbox.save_message(&change).unwrap();
    let name = [PropertyName::Lid { guid: Guid([1; 16]), lid: 5 }];
    let property_id = mailbox.named_property_ids(&name, true).unwrap();
    let repl_id = mailbox.replica_id(Guid([2; 16])).unwrap();
    drop((mailbox, store));

    let store = (backend.open)();
    let mailbox = anna(store.as_ref());
    assert_eq!((mailbox.identity(), mailbox.special_folders()), (identity, &special));
    let message = mailbox.message(saved.id).unwrap();
    assert_eq!(message.change_number, saved.change_number);
    let object = ObjectId::Message(saved.id);
    assert_eq!(value(mailbox.as_ref(), object, tags::PID_TAG_SUBJECT), Some(string("bleibt")));
    let object = ObjectId::Attachment(saved.id, 0);
    let content = read_whole(mailbox.as_ref(), object, tags::PID_TAG_ATTACH_DATA_BINARY, 1 << 20).unwrap();
    assert_eq!(content, [3; 90_000]);
    assert_eq!(mailbox.named_property_ids(&name, false).unwrap(), property_id);
    assert_eq!(mailbox.replica(repl_id).unwrap(), Some(Guid([2; 16])));
    assert_eq!(mailbox.replica_id(Guid([2; 16])).unwrap(), repl_id);
}

pub(in crate::store) fn counters_never_repeat_after_reopening(backend: &Backend) {
    if !backend.durable {
        return;
    }
    let (mut store, mut mailbox) = store_with_user(backend);
    let mut last = 0;
    for round in 0..4 {
        for _ in 0..3 {
            let first = mailbox.allocate_counters(700).unwrap();
            assert!(first > last);
            last = first + 699;
            let id = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("x"));
            let change_number = mailbox.message(id).unwrap().change_number;
            let counter = ids::message_counter(id).unwrap();
            assert!(counter > last && change_number > counter, "round {round}");
            last = change_number;
        }
        drop((mailbox, store));
        store = (backend.open)();
        mailbox = anna(store.as_ref());
    }
}

pub(in crate::store) fn counters_never_repeat_among_threads(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || (0..200).map(|_| mailbox.allocate_counters(5).unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let firsts: HashSet<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_eq!(firsts.len(), 800);
    let mut firsts: Vec<u64> = firsts.into_iter().collect();
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] >= 5));
}

pub(in crate::store) fn unfinished_blobs_are_gone_after_reopening(backend: &Backend) {
    if !backend.durable {
        return;
    }
    let (store, mailbox) = store_with_user(backend);
    let mut writer = mailbox.create_blob().unwrap();
    writer.write(&[1; 200_000]).unwrap();
    // As a crash would leave it: no one ends or drops the writer.
    std::mem::forget(writer);
    drop((mailbox, store));
    let store = (backend.open)();
    let mailbox = anna(store.as_ref());
    let id = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("still works"));
    assert_eq!(mailbox.message(id).unwrap().attachment_count, 0);
}
