//! Subscriptions, and what is told of folders and messages, byte by byte.

use protocol::oxcdata::{FolderId, MessageId, PropertyValue};
use protocol::oxcmsg::{ReadFlags, RopSetMessageReadFlagRequest};
use protocol::oxcnotif::{NotificationTypes, RopRegisterNotificationRequest};
use protocol::rops::RopReply;
use runtime::Encoder;
use server::rop::{Locale, MAX_WAITING};
use server::store::value::string;
use server::store::{
    ContentsKind, MessageChange, MessageTarget, PartChange, PropertyChanges, SpecialFolder, TableQuery, tags,
};

use crate::client::{Client, SESSION_INDEX, one};
use crate::fixture::{BRUNO_DN, Fixture};
use crate::folder_changes::{create_request, wide};
use crate::record;

const NEW_MAIL: u16 = 0x0002;
const CREATED: u16 = 0x0004;
const DELETED: u16 = 0x0008;
const MODIFIED: u16 = 0x0010;
const MOVED: u16 = 0x0020;
const COPIED: u16 = 0x0040;

/// Statement numbers of MS-OXCNOTIF.
pub fn proved(test: &str, numbers: &[u32]) {
    numbers.iter().for_each(|number| record(test, &[&format!("MS-OXCNOTIF_R{number}")]));
}

/// Bytes in a row.
pub fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A number in so many bytes.
pub fn number(value: u64, size: usize) -> Vec<u8> {
    let mut e = Encoder::new();
    e.uint(value, size).unwrap();
    e.into_vec()
}

pub fn folder(id: FolderId) -> Vec<u8> {
    number(id.0, 8)
}

pub fn message(id: MessageId) -> Vec<u8> {
    number(id.0, 8)
}

impl Client {
    /// Subscribes in the whole mailbox or about a folder or a message.
    fn subscribe(&mut self, logon: u32, types: u16, scope: Option<(FolderId, MessageId)>) -> u32 {
        let request = RopRegisterNotificationRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            notification_types: NotificationTypes(types),
            want_whole_store: scope.is_none(),
            folder_id: scope.map(|(folder, _)| folder),
            message_id: scope.map(|(_, message)| message),
        };
        let (result, handle) = one!(self, logon, RopRegisterNotification, request);
        result.unwrap();
        handle
    }

    /// What a batch without requests is answered with, between RopSize and the handles: notifications.
    pub fn news(&mut self) -> Vec<u8> {
        let output = self.run_bytes(&[], &[]).unwrap();
        assert_eq!(output[..2], number(output.len() as u64, 2));
        output[2..].to_vec()
    }

    fn read_flag(&mut self, message: u32, read_flags: u8) {
        let request = RopSetMessageReadFlagRequest {
            logon_id: 0,
            response_handle_index: 1,
            input_handle_index: 0,
            read_flags: ReadFlags(read_flags),
        };
        one!(self, message, RopSetMessageReadFlag, request).0.unwrap();
    }
}

/// RopId, NotificationHandle, LogonId and NotificationFlags.
pub fn head(handle: u32, flags: u16) -> Vec<u8> {
    bytes(&[&[0x2A], &number(handle.into(), 4), &[0], &number(flags.into(), 2)])
}

/// A message to Anna in a folder of Bruno's mailbox.
fn draft_of_bruno(fixture: &Fixture) -> (FolderId, MessageId) {
    let mailbox = fixture.store.mailbox(fixture.bruno.mailbox).unwrap();
    let folder = mailbox.special_folders().get(SpecialFolder::Outbox);
    let mut change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: None });
    change.properties.set(tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"));
    let mut recipient = PropertyChanges::new();
    recipient
        .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(1))
        .set(tags::PID_TAG_ADDRESS_TYPE, string("SMTP"))
        .set(tags::PID_TAG_EMAIL_ADDRESS, string("anna@example.test"));
    change.recipients.insert(0, PartChange::Replace(recipient));
    (folder, mailbox.save_message(&change).unwrap().id)
}

#[test]
fn new_mail_is_told_with_its_flags_and_class() {
    const TEST: &str = "new_mail_is_told_with_its_flags_and_class";
    let fixture = Fixture::new();
    let (mut anna, logon) = fixture.logged_on();
    let subscription = anna.subscribe(logon, NEW_MAIL, None);
    proved(TEST, &[6, 35, 288]);
    let (outbox, draft) = draft_of_bruno(&fixture);
    let mut bruno = fixture.client_of(&fixture.bruno, Locale::default());
    let (_, of_bruno) = bruno.log_on(Client::logon_request(BRUNO_DN));
    let (_, opened) = bruno.open_message(of_bruno, outbox, draft, 1).unwrap();
    bruno.submit(opened).unwrap();
    assert_eq!(bruno.notifications, []);

    let news = anna.news();
    let opened = anna.open_folder(logon, fixture.inbox()).unwrap();
    let (table, _) = anna.contents(opened, 0).unwrap();
    anna.set_columns(table, &[tags::PID_TAG_MID]).unwrap();
    let row = anna.read_table(table, 1).remove(0).remove(0);
    let Ok(PropertyValue::PtypInteger64(arrived)) = row else { panic!("{row:?}") };
    let expected = bytes(&[
        &head(subscription, 0x8002),
        &folder(fixture.inbox()),
        &number(arrived.cast_unsigned(), 8),
        // mfUnmodified
        &[2, 0, 0, 0],
        &[1],
        b"I\0P\0M\0.\0N\0o\0t\0e\0\0\0",
    ]);
    assert_eq!(news, expected);
    proved(TEST, &[1, 5, 8, 10, 11, 41, 52, 96, 97001, 97002, 103, 121, 136, 137, 138, 169, 170, 173, 174, 213, 217]);
    proved(TEST, &[223, 240, 241, 290, 12402, 17103, 17501, 17905, 18303, 18703, 19103, 19503, 20702, 21102, 21501]);
    proved(TEST, &[22101, 22601]);
    assert_eq!(anna.news(), [0_u8; 0]);
}

#[test]
fn messages_that_are_made_changed_and_deleted_are_told() {
    const TEST: &str = "messages_that_are_made_changed_and_deleted_are_told";
    let fixture = Fixture::new();
    let (mut anna, logon) = fixture.logged_on();
    let inbox = fixture.inbox();
    let (created, modified) =
        (anna.subscribe(logon, CREATED, None), anna.subscribe(logon, MODIFIED, Some((inbox, MessageId(0)))));
    proved(TEST, &[292]);
    let deleted = anna.subscribe(logon, DELETED, None);

    let (mut other, other_inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, draft) = other.create_message(other_inbox, inbox, false).unwrap();
    assert_eq!(anna.news(), [0_u8; 0], "a message that is not saved is nothing to tell of");
    let id = other.save(draft, 0x0C).unwrap();
    // The folder has one message more, which its author has read.
    let counts = bytes(&[&[2, 0, 3, 0, 2, 0x36, 3, 0, 3, 0x36], &[1, 0, 0, 0, 0, 0, 0, 0]]);
    let expected = bytes(&[
        &head(created, 0x8004),
        &folder(inbox),
        &message(id),
        &[0xFF, 0xFF],
        &head(modified, 0x3010),
        &folder(inbox),
        &counts,
    ]);
    assert_eq!(anna.news(), expected);
    proved(TEST, &[13, 42, 53, 104, 112, 115, 193, 194, 202, 203, 205, 206, 207, 209, 210, 211, 19501, 19502, 20301]);
    proved(TEST, &[114, 117, 20701, 21101, 21502, 22102, 22602]);

    other.set(draft, &[(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(2))]).unwrap();
    other.save(draft, 0x0C).unwrap();
    let news = anna.news();
    let expected = bytes(&[&head(modified, 0x8010), &folder(inbox), &message(id), &[0xFF, 0xFF]]);
    assert_eq!(news[..expected.len()], expected);
    proved(TEST, &[15, 44, 106]);

    // rfClearReadFlag
    other.read_flag(draft, 0x04);
    let counts = bytes(&[&[2, 0, 3, 0, 2, 0x36, 3, 0, 3, 0x36], &[1, 0, 0, 0, 1, 0, 0, 0]]);
    let expected = bytes(&[
        &head(modified, 0x8010),
        &folder(inbox),
        &message(id),
        &[1, 0, 3, 0, 7, 0x0E],
        &head(modified, 0x3010),
        &folder(inbox),
        &counts,
    ]);
    assert_eq!(anna.news(), expected);

    other.delete_messages(other_inbox, &[id]).unwrap();
    let expected = bytes(&[&head(deleted, 0x8008), &folder(inbox), &message(id)]);
    let news = anna.news();
    assert_eq!(news[..expected.len()], expected);
    proved(TEST, &[14, 43, 105]);
}

#[test]
fn messages_that_are_moved_and_copied_are_told_with_what_they_were() {
    const TEST: &str = "messages_that_are_moved_and_copied_are_told_with_what_they_were";
    let fixture = Fixture::new();
    let original = fixture.deliver_subject("x", 1);
    let (mut anna, logon) = fixture.logged_on();
    let subscription = anna.subscribe(logon, MOVED | COPIED, None);
    let drafts_id = fixture.special(SpecialFolder::Drafts);
    let (mut other, of_other) = fixture.logged_on();
    let inbox = other.open_folder(of_other, fixture.inbox()).unwrap();
    let drafts = other.open_folder(of_other, drafts_id).unwrap();
    other.transfer(inbox, drafts, &[original], true).unwrap();
    let in_drafts = || fixture.mailbox.contents(drafts_id, ContentsKind::Normal, &TableQuery::default()).unwrap();
    let copy = in_drafts()[0];
    let places = |flags: u16, id: MessageId| {
        bytes(&[
            &head(subscription, flags),
            &folder(drafts_id),
            &message(id),
            &folder(fixture.inbox()),
            &message(original),
        ])
    };
    assert_eq!(anna.news(), places(0x8040, copy));
    proved(TEST, &[12, 46, 108, 18302, 18702]);

    other.transfer(inbox, drafts, &[original], false).unwrap();
    let moved = in_drafts().iter().copied().find(|id| *id != copy).unwrap();
    assert_eq!(anna.news(), places(0x8020, moved));
    proved(TEST, &[16, 45, 107, 181, 182, 185, 186, 18301, 18701]);
}

#[test]
fn folders_are_told_of_with_their_parents() {
    const TEST: &str = "folders_are_told_of_with_their_parents";
    let fixture = Fixture::new();
    let (mut anna, logon) = fixture.logged_on();
    let subscription = anna.subscribe(logon, CREATED | DELETED | MOVED | COPIED, None);
    let (mut other, of_other) = fixture.logged_on();
    let (inbox_id, drafts_id) = (fixture.inbox(), fixture.special(SpecialFolder::Drafts));
    let inbox = other.open_folder(of_other, inbox_id).unwrap();
    let drafts = other.open_folder(of_other, drafts_id).unwrap();
    let (id, _) = other.create_folder(inbox, create_request("plans")).unwrap();
    let expected = bytes(&[&head(subscription, 0x0004), &folder(id), &folder(inbox_id), &[0xFF, 0xFF]]);
    assert_eq!(anna.news(), expected);
    proved(TEST, &[177, 178, 17901]);

    other.move_folder(inbox, drafts, id, wide("plans")).unwrap();
    let moved = bytes(&[&head(subscription, 0x0020), &folder(id), &folder(drafts_id), &folder(id), &folder(inbox_id)]);
    assert_eq!(anna.news(), moved);
    proved(TEST, &[189, 190, 19101]);

    other.copy_folder((drafts, inbox), id, wide("copy"), false).unwrap();
    let copy = fixture.mailbox.folder_named(inbox_id, "copy").unwrap().unwrap();
    let copied =
        bytes(&[&head(subscription, 0x0040), &folder(copy), &folder(inbox_id), &folder(id), &folder(drafts_id)]);
    assert_eq!(anna.news(), copied);

    other.delete_folder(inbox, copy, 0).unwrap();
    assert_eq!(anna.news(), bytes(&[&head(subscription, 0x0008), &folder(copy), &folder(inbox_id)]));
    proved(TEST, &[17902]);
}

#[test]
fn a_subscription_is_told_of_nothing_else_and_not_after_its_release() {
    const TEST: &str = "a_subscription_is_told_of_nothing_else_and_not_after_its_release";
    let fixture = Fixture::new();
    let first = fixture.deliver_subject("first", 1);
    let (mut anna, logon) = fixture.logged_on();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let of_drafts = anna.subscribe(logon, CREATED, Some((drafts, MessageId(0))));
    let of_first = anna.subscribe(logon, MODIFIED, Some((fixture.inbox(), first)));
    let second = fixture.deliver_subject("second", 2);
    fixture.mailbox.set_read(second, true).unwrap();
    assert_eq!(anna.news(), [0_u8; 0]);
    fixture.mailbox.set_read(first, true).unwrap();
    let expected = bytes(&[&head(of_first, 0x8010), &folder(fixture.inbox()), &message(first), &[1, 0, 3, 0, 7, 0x0E]]);
    assert_eq!(anna.news(), expected);
    proved(TEST, &[53]);
    let change = MessageChange::new(MessageTarget::Create { folder: drafts, associated: false, id: None });
    fixture.mailbox.save_message(&change).unwrap();
    fixture.mailbox.set_read(first, false).unwrap();
    anna.release(of_drafts);
    anna.release(of_first);
    assert_eq!(anna.news(), [0_u8; 0]);
}

#[test]
fn notifications_that_do_not_fit_wait_behind_a_rop_pending() {
    const TEST: &str = "notifications_that_do_not_fit_wait_behind_a_rop_pending";
    let fixture = Fixture::new();
    let (mut anna, logon) = fixture.logged_on();
    let subscription = anna.subscribe(logon, CREATED, None);
    let ids = fixture.deliver_many(5);
    let one = 1 + 4 + 1 + 2 + 8 + 8 + 2;
    // Room for two and a half.
    anna.limit = 2 + 5 * one / 2;
    let told = |ids: &[MessageId]| -> Vec<u8> {
        ids.iter()
            .flat_map(|id| {
                bytes(&[&head(subscription, 0x8004), &folder(fixture.inbox()), &message(*id), &[0xFF, 0xFF]])
            })
            .collect()
    };
    let pending = bytes(&[&[0x6E], &number(SESSION_INDEX.into(), 2)]);
    assert_eq!(anna.news(), bytes(&[&told(&ids[..2]), &pending]));
    proved(TEST, &[334, 335, 348]);
    assert_eq!(anna.news(), bytes(&[&told(&ids[2..4]), &pending]));
    proved(TEST, &[342, 346]);
    assert_eq!(anna.news(), told(&ids[4..]));
    proved(TEST, &[337]);
    // Where there is no room for anything, they wait without a word.
    fixture.deliver_many(1);
    anna.limit = 4;
    assert_eq!(anna.news(), [0_u8; 0]);
    anna.limit = 1000;
    assert_eq!(anna.news().len(), one);
}

#[test]
fn a_client_that_fetches_nothing_is_told_of_the_latest() {
    let fixture = Fixture::new();
    let (mut anna, logon) = fixture.logged_on();
    anna.subscribe(logon, MODIFIED, None);
    let message = fixture.deliver_subject("x", 1);
    for turn in 0..=MAX_WAITING {
        fixture.mailbox.set_read(message, turn % 2 == 0).unwrap();
    }
    let mut told = 0;
    loop {
        anna.limit = 32 * 1024;
        let output = anna.run(&[], &[]);
        assert!(output.replies.is_empty());
        told += anna.notifications.iter().filter(|reply| matches!(reply, RopReply::RopNotify(_))).count();
        if !anna.notifications.iter().any(|reply| matches!(reply, RopReply::RopPending(_))) {
            break;
        }
    }
    assert_eq!(told, MAX_WAITING);
}
