//! Messages with their recipients and attachments.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use protocol::oxcdata::{PropertyTag, PropertyValue};
use runtime::FileTime;

use super::{
    Backend, add_user, attachment, create_in, inbox, recipient, record, save_with, store_with_user, update, value,
};
use crate::store::value::{binary, string};
use crate::store::{
    Mailbox, MessageChange, MessageTarget, ObjectId, PartChange, PropertyChanges, StoreError, ids, read_whole, tags,
};

/// A message with everything.
fn full(mailbox: &dyn Mailbox) -> MessageChange {
    let mut change = create_in(inbox(mailbox));
    change
        .properties
        .set(tags::PID_TAG_SUBJECT, string("RE: Mittagessen"))
        .set(tags::PID_TAG_BODY, string("Grüße"))
        .set(tags::PID_TAG_MESSAGE_DELIVERY_TIME, PropertyValue::PtypTime(FileTime(42)));
    change.recipients.insert(0, PartChange::Replace(recipient(1, "bert")));
    change.recipients.insert(1, PartChange::Replace(recipient(2, "carla")));
    change.recipients.insert(5, PartChange::Replace(recipient(1, "dora")));
    change.attachments.insert(0, attachment("bild.png", &[1, 2, 3]));
    change
}

pub(in crate::store) fn saves_and_reads_a_whole_message(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
    let message = mailbox.message(saved.id).unwrap();
    assert_eq!(message.folder, inbox(mailbox.as_ref()));
    assert_eq!(message.change_number, saved.change_number);
    assert_eq!((message.recipient_count, message.attachment_count), (3, 1));
    assert_eq!(message.message_flags & 0x10, 0x10, "mfHasAttach");
    record("MS-OXCMSG_R522", "saves_and_reads_a_whole_message");
    assert_eq!(mailbox.recipients(saved.id).unwrap(), [0, 1, 5]);
    assert_eq!(mailbox.attachments(saved.id).unwrap(), [0]);
    let id = ObjectId::Message(saved.id);
    assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_BODY), Some(string("Grüße")));
    assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_HTML), None);
    let carla = ObjectId::Recipient(saved.id, 1);
    assert_eq!(value(mailbox.as_ref(), carla, tags::PID_TAG_DISPLAY_NAME), Some(string("carla")));
    let picture = ObjectId::Attachment(saved.id, 0);
    assert_eq!(value(mailbox.as_ref(), picture, tags::PID_TAG_ATTACH_DATA_BINARY), Some(binary(vec![1, 2, 3])));
    assert_eq!(value(mailbox.as_ref(), picture, tags::PID_TAG_ATTACH_NUMBER), Some(PropertyValue::PtypInteger32(0)));
    let all = mailbox.all_properties(id).unwrap();
    let all_tags: Vec<PropertyTag> = all.iter().map(|(tag, _)| *tag).collect();
    assert!(all_tags.is_sorted());
    for tag in [tags::PID_TAG_SUBJECT, tags::PID_TAG_BODY, tags::PID_TAG_MID, tags::PID_TAG_SEARCH_KEY] {
        assert!(all_tags.contains(&tag), "{:#x}", tag.0);
    }
}

pub(in crate::store) fn subjects_have_two_parts(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = save_with(mailbox.as_ref(), tags::PID_TAG_SUBJECT, string("RE: Mittagessen"));
    let get = |tag| value(mailbox.as_ref(), ObjectId::Message(id), tag);
    assert_eq!(get(tags::PID_TAG_SUBJECT), Some(string("RE: Mittagessen")));
    assert_eq!(get(tags::PID_TAG_SUBJECT_PREFIX), Some(string("RE: ")));
    assert_eq!(get(tags::PID_TAG_NORMALIZED_SUBJECT), Some(string("Mittagessen")));
    let mut change = update(id);
    change.properties.set(tags::PID_TAG_NORMALIZED_SUBJECT, string("Abendessen"));
    mailbox.save_message(&change).unwrap();
    assert_eq!(get(tags::PID_TAG_SUBJECT), Some(string("RE: Abendessen")));
    record("MS-OXCMSG_R1239", "subjects_have_two_parts");
    let mut change = update(id);
    change.properties.delete(tags::PID_TAG_SUBJECT);
    mailbox.save_message(&change).unwrap();
    assert_eq!(get(tags::PID_TAG_SUBJECT), None);
    assert_eq!(get(tags::PID_TAG_NORMALIZED_SUBJECT), None);
}

pub(in crate::store) fn updates_change_only_what_they_name(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
    let mut change = update(saved.id);
    change.properties.set(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2)).delete(tags::PID_TAG_BODY);
    let again = mailbox.save_message(&change).unwrap();
    assert_eq!(again.id, saved.id);
    assert!(again.change_number > saved.change_number);
    let id = ObjectId::Message(saved.id);
    assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_BODY), None);
    assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_SUBJECT), Some(string("RE: Mittagessen")));
    assert_eq!(mailbox.recipients(saved.id).unwrap().len(), 3);
    assert_eq!(mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count, 1);
}

pub(in crate::store) fn recipients_are_replaced_changed_and_removed(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = mailbox.save_message(&full(mailbox.as_ref())).unwrap().id;
    let mut replaced = PropertyChanges::new();
    replaced.set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(3));
    let mut changed = PropertyChanges::new();
    changed.set(tags::PID_TAG_DISPLAY_NAME, string("Carla C."));
    let mut change = update(id);
    change.recipients.insert(0, PartChange::Replace(replaced));
    change.recipients.insert(1, PartChange::Change(changed));
    change.recipients.insert(5, PartChange::Remove);
    change.recipients.insert(9, PartChange::Remove);
    mailbox.save_message(&change).unwrap();
    assert_eq!(mailbox.recipients(id).unwrap(), [0, 1]);
    let get = |row, tag| value(mailbox.as_ref(), ObjectId::Recipient(id, row), tag);
    assert_eq!(get(0, tags::PID_TAG_DISPLAY_NAME), None);
    assert_eq!(get(1, tags::PID_TAG_DISPLAY_NAME), Some(string("Carla C.")));
    assert_eq!(get(1, tags::PID_TAG_RECIPIENT_TYPE), Some(PropertyValue::PtypInteger32(2)));
    let gone = mailbox.properties(ObjectId::Recipient(id, 5), &[tags::PID_TAG_DISPLAY_NAME]);
    assert!(matches!(gone, Err(StoreError::NotFound(_))));
    let mut change = update(id);
    change.remove_all_recipients = true;
    change.recipients.insert(2, PartChange::Change(recipient(1, "emil")));
    mailbox.save_message(&change).unwrap();
    assert_eq!(mailbox.recipients(id).unwrap(), [2]);
}

pub(in crate::store) fn attachments_are_changed_and_removed(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = mailbox.save_message(&full(mailbox.as_ref())).unwrap().id;
    let large = vec![7; 100_000];
    let mut change = update(id);
    change.attachments.insert(1, attachment("gross.bin", &large));
    mailbox.save_message(&change).unwrap();
    assert_eq!(mailbox.attachments(id).unwrap(), [0, 1]);
    let object = ObjectId::Attachment(id, 1);
    let content = read_whole(mailbox.as_ref(), object, tags::PID_TAG_ATTACH_DATA_BINARY, 1 << 20).unwrap();
    assert_eq!(content, large);
    let Some(PropertyValue::PtypInteger32(size)) = value(mailbox.as_ref(), object, tags::PID_TAG_ATTACH_SIZE) else {
        panic!("no PidTagAttachSize");
    };
    assert!(size > 100_000);
    assert!(mailbox.message(id).unwrap().size > 100_000);
    let mut change = update(id);
    change.attachments.insert(0, PartChange::Remove);
    change.attachments.insert(1, PartChange::Remove);
    mailbox.save_message(&change).unwrap();
    assert!(mailbox.attachments(id).unwrap().is_empty());
    let message = ObjectId::Message(id);
    assert_eq!(
        value(mailbox.as_ref(), message, tags::PID_TAG_HAS_ATTACHMENTS),
        Some(PropertyValue::PtypBoolean(false))
    );
    assert!(mailbox.message(id).unwrap().size < 100_000);
}

pub(in crate::store) fn display_names_follow_the_recipients(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = mailbox.save_message(&full(mailbox.as_ref())).unwrap().id;
    let get = |tag| value(mailbox.as_ref(), ObjectId::Message(id), tag);
    assert_eq!(get(tags::PID_TAG_DISPLAY_TO), Some(string("bert; dora")));
    assert_eq!(get(tags::PID_TAG_DISPLAY_CC), Some(string("carla")));
    assert_eq!(get(tags::PID_TAG_DISPLAY_BCC), Some(string("")));
    let mut change = update(id);
    change.recipients.insert(0, PartChange::Remove);
    mailbox.save_message(&change).unwrap();
    assert_eq!(get(tags::PID_TAG_DISPLAY_TO), Some(string("dora")));
}

pub(in crate::store) fn stale_saves_conflict(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
    let target = MessageTarget::Update { id: saved.id, expected_change_number: Some(saved.change_number) };
    let mut first = MessageChange::new(target);
    first.properties.set(tags::PID_TAG_BODY, string("first"));
    let mut second = MessageChange::new(target);
    second.properties.set(tags::PID_TAG_BODY, string("second"));
    mailbox.save_message(&first).unwrap();
    assert!(matches!(mailbox.save_message(&second), Err(StoreError::Conflict)));
    let id = ObjectId::Message(saved.id);
    assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_BODY), Some(string("first")));
}

pub(in crate::store) fn ids_made_before_saving_are_kept(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = ids::message_id(mailbox.allocate_counters(1).unwrap());
    let folder = inbox(mailbox.as_ref());
    let change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: Some(id) });
    assert_eq!(mailbox.save_message(&change).unwrap().id, id);
    assert!(matches!(mailbox.save_message(&change), Err(StoreError::Exists(_))));
    assert_eq!(mailbox.folder(folder).unwrap().content_count, 1);
}

pub(in crate::store) fn ids_that_were_not_allocated_are_refused(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let folder = inbox(mailbox.as_ref());
    for id in [ids::message_id(ids::MAX_COUNTER), protocol::oxcdata::MessageId(0)] {
        let change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: Some(id) });
        assert!(matches!(mailbox.save_message(&change), Err(StoreError::InvalidParameter(_))));
    }
}

pub(in crate::store) fn read_state_is_counted_and_never_conflicts(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
    let unread = || mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_unread_count;
    assert_eq!(unread(), 1);
    assert!(mailbox.set_read(saved.id, true).unwrap().is_some());
    assert_eq!(mailbox.set_read(saved.id, true).unwrap(), None);
    assert_eq!(unread(), 0);
    assert_eq!(mailbox.message(saved.id).unwrap().message_flags & 0x401, 0x401, "mfRead and mfEverRead");
    record("MS-OXCMSG_R1141", "read_state_is_counted_and_never_conflicts");
    let target = MessageTarget::Update { id: saved.id, expected_change_number: Some(saved.change_number) };
    mailbox.save_message(&MessageChange::new(target)).unwrap();
    assert!(mailbox.set_read(saved.id, false).unwrap().is_some());
    assert_eq!(mailbox.message(saved.id).unwrap().message_flags & 0x401, 0);
    record("MS-OXCMSG_R1142", "read_state_is_counted_and_never_conflicts");
    assert_eq!(unread(), 1);
}

pub(in crate::store) fn deleting_takes_all_parts_along(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = mailbox.save_message(&full(mailbox.as_ref())).unwrap().id;
    mailbox.delete_message(id).unwrap();
    for object in [ObjectId::Message(id), ObjectId::Attachment(id, 0), ObjectId::Recipient(id, 0)] {
        assert!(matches!(mailbox.properties(object, &[]), Err(StoreError::NotFound(_))), "{object:?}");
    }
    assert!(matches!(mailbox.recipients(id), Err(StoreError::NotFound(_))));
    assert!(matches!(mailbox.delete_message(id), Err(StoreError::NotFound(_))));
    assert!(matches!(mailbox.save_message(&update(id)), Err(StoreError::NotFound(_))));
}

pub(in crate::store) fn a_save_that_fails_late_has_changed_nothing(backend: &Backend) {
    let (store, mailbox) = store_with_user(backend);
    let stranger = add_user(store.as_ref(), "stranger");
    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
    let before = mailbox.message(saved.id).unwrap();
    // The last part of this change cannot be written: its content is in another mailbox.
    let foreign = {
        let mut writer = stranger.create_blob().unwrap();
        writer.write(&[1; 50_000]).unwrap();
        writer.finish().unwrap()
    };
    let mut broken = PropertyChanges::new();
    broken.set_blob(tags::PID_TAG_ATTACH_DATA_BINARY, foreign);
    for mut change in [update(saved.id), create_in(inbox(mailbox.as_ref()))] {
        change.properties.set(tags::PID_TAG_BODY, string("half")).set(tags::PID_TAG_SUBJECT, string("half"));
        change.remove_all_recipients = true;
        change.attachments.insert(0, PartChange::Remove);
        change.attachments.insert(7, PartChange::Replace(broken.clone()));
        assert!(matches!(mailbox.save_message(&change), Err(StoreError::NotFound(_))));
    }
    assert_eq!(mailbox.message(saved.id).unwrap(), before);
    assert_eq!(value(mailbox.as_ref(), ObjectId::Message(saved.id), tags::PID_TAG_BODY), Some(string("Grüße")));
    assert_eq!(mailbox.recipients(saved.id).unwrap(), [0, 1, 5]);
    assert_eq!(mailbox.attachments(saved.id).unwrap(), [0]);
    assert_eq!(mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count, 1);
}

pub(in crate::store) fn several_saves_are_one(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let (create, count) =
        (|| full(mailbox.as_ref()), || mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count);
    let mut forged = create();
    forged.properties.set(tags::PID_TAG_MID, PropertyValue::PtypInteger64(1));
    assert!(matches!(mailbox.save_messages(&[create(), forged]), Err(StoreError::ReadOnly(_))));
    assert_eq!(count(), 0);
    let saved = mailbox.save_messages(&[create(), create(), create()]).unwrap();
    let mut numbers: Vec<u64> = saved.iter().map(|saved| saved.change_number).collect();
    numbers.extend(saved.iter().filter_map(|saved| ids::message_counter(saved.id)));
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 6, "no counter twice: {numbers:?}");
    assert_eq!(count(), 3);
    for saved in saved {
        assert_eq!(mailbox.message(saved.id).unwrap().change_number, saved.change_number);
        assert_eq!(mailbox.recipients(saved.id).unwrap(), [0, 1, 5]);
    }
}

pub(in crate::store) fn computed_message_properties_cannot_be_set(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    for (tag, forged) in [
        (tags::PID_TAG_MID, PropertyValue::PtypInteger64(1)),
        (tags::PID_TAG_HAS_ATTACHMENTS, PropertyValue::PtypBoolean(true)),
        (tags::PID_TAG_MESSAGE_SIZE, PropertyValue::PtypInteger32(1)),
        (tags::PID_TAG_DISPLAY_TO, string("forged")),
    ] {
        let mut change = create_in(inbox(mailbox.as_ref()));
        change.properties.set(tag, forged);
        assert!(matches!(mailbox.save_message(&change), Err(StoreError::ReadOnly(found)) if found == tag));
    }
    assert_eq!(mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count, 0);
}

pub(in crate::store) fn concurrent_saves_all_arrive(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || {
                let mut numbers = Vec::new();
                for _ in 0..10 {
                    let saved = mailbox.save_message(&full(mailbox.as_ref())).unwrap();
                    assert_eq!(mailbox.recipients(saved.id).unwrap().len(), 3);
                    numbers.push(saved.change_number);
                }
                assert!(numbers.is_sorted());
                numbers
            })
        })
        .collect();
    let numbers: HashSet<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_eq!(numbers.len(), 40);
    assert_eq!(mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count, 40);
}
