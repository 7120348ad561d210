//! Submitted messages between mailboxes.

use protocol::oxcdata::{FolderId, MessageId, PropertyValue};
use runtime::Guid;

use super::{Backend, add_user, attachment, create_in, inbox, recipient, store_with_user, update, value};
use crate::store::value::string;
use crate::store::{
    ContentsKind, Filing, Mailbox, ObjectId, PartChange, SpecialFolder, StoreError, Submission, TableQuery, ids,
    read_whole, tags,
};

const ALL: [Guid; 2] = [Guid([1; 16]), Guid([2; 16])];

fn draft(mailbox: &dyn Mailbox) -> MessageId {
    let mut change = create_in(inbox(mailbox));
    change.properties.set(tags::PID_TAG_SUBJECT, string("on its way"));
    change.recipients.insert(0, PartChange::Replace(recipient(1, "bert")));
    change.attachments.insert(0, attachment("a", &[4; 70_000]));
    mailbox.save_message(&change).unwrap().id
}

fn filed(id: MessageId, to: Option<FolderId>) -> Filing {
    let mut change = update(id);
    change.properties.set(tags::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(1));
    Filing::Keep(Box::new(change), to)
}

fn list(mailbox: &dyn Mailbox, folder: FolderId) -> Vec<MessageId> {
    mailbox.contents(folder, ContentsKind::Normal, &TableQuery::default()).unwrap().to_vec()
}

pub(in crate::store) fn submissions_wait_until_every_recipient_has_them(backend: &Backend) {
    let (mut store, mut mailbox) = store_with_user(backend);
    let sent = mailbox.special_folders().get(SpecialFolder::SentItems);
    let id = draft(mailbox.as_ref());
    let first = mailbox.submit(id, &ALL, &filed(id, Some(sent))).unwrap();
    let second = draft(mailbox.as_ref());
    let second = mailbox.submit(second, &ALL[..1], &Filing::Delete).unwrap();
    assert!(first.number < second.number && first.recipients == ALL);
    if backend.durable {
        let id = mailbox.identity().mailbox;
        drop((mailbox, store));
        store = (backend.open)();
        mailbox = store.mailbox(id).unwrap();
    }
    assert_eq!(mailbox.outgoing().unwrap(), [first.clone(), second.clone()]);
    // The messages themselves are where they were to go, and the copies nowhere that a client looks.
    assert_eq!((list(mailbox.as_ref(), inbox(mailbox.as_ref())).len(), list(mailbox.as_ref(), sent).len()), (0, 1));
    assert!(mailbox.message(first.message).unwrap().embedded);
    assert_eq!(mailbox.folder(inbox(mailbox.as_ref())).unwrap().content_count, 0);
    let object = ObjectId::Message(first.message);
    assert_eq!(value(mailbox.as_ref(), object, tags::PID_TAG_SUBJECT), Some(string("on its way")));
    let content = ObjectId::Attachment(first.message, 0);
    let content = read_whole(mailbox.as_ref(), content, tags::PID_TAG_ATTACH_DATA_BINARY, 1 << 20).unwrap();
    assert_eq!(content, [4; 70_000]);

    mailbox.delivered(first.number, &ALL[..1]).unwrap();
    assert_eq!(mailbox.outgoing().unwrap()[0].recipients, ALL[1..]);
    mailbox.delivered(first.number, &ALL).unwrap();
    mailbox.delivered(first.number, &ALL).unwrap();
    assert_eq!(mailbox.outgoing().unwrap(), std::slice::from_ref(&second));
    assert!(matches!(mailbox.message(first.message), Err(StoreError::NotFound(_))));
    mailbox.delivered(second.number, &ALL).unwrap();
    assert!(mailbox.outgoing().unwrap().is_empty());
    assert_eq!(list(mailbox.as_ref(), sent).len(), 1, "the sender's copy stays");
    drop(store);
}

pub(in crate::store) fn a_submission_that_fails_has_changed_nothing(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let id = draft(mailbox.as_ref());
    let before = mailbox.message(id).unwrap();
    let nowhere = Some(ids::folder_id(0xFFFF_FFFF));
    assert!(matches!(mailbox.submit(id, &ALL, &filed(id, nowhere)), Err(StoreError::NotFound(_))));
    let missing = ids::message_id(0xFFFF_FFFF);
    assert!(matches!(mailbox.submit(missing, &ALL, &Filing::Delete), Err(StoreError::NotFound(_))));
    assert_eq!(mailbox.message(id).unwrap(), before);
    assert!(mailbox.outgoing().unwrap().is_empty());
}

pub(in crate::store) fn nothing_arrives_twice(backend: &Backend) {
    let (mut store, mailbox) = store_with_user(backend);
    let mut bert = add_user(store.as_ref(), "bert");
    let sender = mailbox.identity().mailbox;
    let change = |bert: &dyn Mailbox| create_in(inbox(bert));
    let submission = |number| Submission { sender, number };
    assert!(bert.receive(&change(bert.as_ref()), submission(7)).unwrap().is_some());
    // What failed has not arrived.
    let mut forged = change(bert.as_ref());
    forged.properties.set(tags::PID_TAG_MID, PropertyValue::PtypInteger64(1));
    assert!(bert.receive(&forged, submission(8)).is_err());
    if backend.durable {
        let id = bert.identity().mailbox;
        drop((bert, mailbox, store));
        store = (backend.open)();
        bert = store.mailbox(id).unwrap();
    }
    assert!(bert.receive(&change(bert.as_ref()), submission(7)).unwrap().is_none());
    assert!(bert.receive(&change(bert.as_ref()), submission(8)).unwrap().is_some());
    let other = Submission { sender: Guid([9; 16]), number: 7 };
    assert!(bert.receive(&change(bert.as_ref()), other).unwrap().is_some());
    assert_eq!(list(bert.as_ref(), inbox(bert.as_ref())).len(), 3);
    drop(store);
}
