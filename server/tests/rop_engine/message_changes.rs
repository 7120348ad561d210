//! Recipients, attachments, embedded messages, read flags and status changed through their handles.

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyTag, PropertyValue};
use protocol::oxcmsg::*;
use protocol::oxcprpt::AccessMode;
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::{Answer, Client, one};
use crate::fixture::Fixture;
use crate::record;

impl Client {
    pub fn create_attachment(&mut self, message: u32) -> Answer<(u32, u32)> {
        let request = RopCreateAttachmentRequest { logon_id: 0, input_handle_index: 0, output_handle_index: 1 };
        let (result, handle) = one!(self, message, RopCreateAttachment, request);
        result.map(|response| (response.attachment_id, handle))
    }

    pub fn save_attachment(&mut self, attachment: u32) -> Answer<()> {
        let save_flags = SaveFlags(0x02);
        let request = RopSaveChangesAttachmentRequest {
            logon_id: 0,
            response_handle_index: 1,
            input_handle_index: 0,
            save_flags,
        };
        one!(self, attachment, RopSaveChangesAttachment, request).0.map(|_| ())
    }

    pub fn delete_attachment(&mut self, message: u32, attachment_id: u32) -> Answer<()> {
        let request = RopDeleteAttachmentRequest { logon_id: 0, input_handle_index: 0, attachment_id };
        one!(self, message, RopDeleteAttachment, request).0.map(|_| ())
    }

    pub fn valid_attachments(&mut self, message: u32) -> Answer<Vec<u32>> {
        let request = RopGetValidAttachmentsRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, message, RopGetValidAttachments, request).0.map(|response| response.attachment_id_array)
    }

    pub fn open_embedded(
        &mut self,
        attachment: u32,
        mode: AccessMode,
        code_page_id: u16,
    ) -> Answer<(RopOpenEmbeddedMessageResponse<'static>, u32)> {
        let request = RopOpenEmbeddedMessageRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            code_page_id,
            open_mode_flags: mode,
        };
        let (result, handle) = one!(self, attachment, RopOpenEmbeddedMessage, request);
        result.map(|response| (response, handle))
    }

    pub fn set_read_flags(&mut self, folder: u32, flags: u8, messages: &[MessageId]) -> Answer<bool> {
        let request = RopSetReadFlagsRequest {
            logon_id: 0,
            input_handle_index: 0,
            want_asynchronous: false,
            read_flags: ReadFlags(flags),
            message_ids: messages.to_vec(),
        };
        match one!(self, folder, RopSetReadFlags, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopSetReadFlagsFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn set_message_read_flag(&mut self, message: u32, flags: u8) -> Answer<bool> {
        let request = RopSetMessageReadFlagRequest {
            logon_id: 0,
            response_handle_index: 1,
            input_handle_index: 0,
            read_flags: ReadFlags(flags),
        };
        one!(self, message, RopSetMessageReadFlag, request).0.map(|response| response.read_status_changed)
    }

    pub fn status(&mut self, folder: u32, message_id: MessageId) -> Answer<u32> {
        let request = RopGetMessageStatusRequest { logon_id: 0, input_handle_index: 0, message_id };
        one!(self, folder, RopGetMessageStatus, request).0.map(|response| response.message_status_flags.0)
    }

    pub fn set_status(&mut self, folder: u32, message_id: MessageId, flags: u32, mask: u32) -> Answer<u32> {
        let request = RopSetMessageStatusRequest {
            logon_id: 0,
            input_handle_index: 0,
            message_id,
            message_status_flags: MessageStatusFlags(flags),
            message_status_mask: MessageStatusFlags(mask),
        };
        one!(self, folder, RopSetMessageStatus, request).0.map(|response| response.message_status_flags.0)
    }

    pub fn remove_all_recipients(&mut self, message: u32) -> Answer<()> {
        let request = RopRemoveAllRecipientsRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, message, RopRemoveAllRecipients, request).0.map(|_| ())
    }

    pub fn read_recipients(&mut self, message: u32, row_id: u32) -> Answer<Vec<u32>> {
        let request = RopReadRecipientsRequest { logon_id: 0, input_handle_index: 0, row_id };
        let (result, _) = one!(self, message, RopReadRecipients, request);
        result.map(|response| response.recipient_rows.iter().map(|row| row.row_id).collect())
    }

    pub fn reload(&mut self, message: u32) -> Answer<RopReloadCachedInformationResponse<'static>> {
        let request = RopReloadCachedInformationRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, message, RopReloadCachedInformation, request).0
    }

    /// A new message in a folder that is open.
    pub fn draft(&mut self, fixture: &Fixture, folder: u32) -> u32 {
        self.create_message(folder, fixture.special(SpecialFolder::Drafts), false).unwrap().1
    }
}

fn flags_of(fixture: &Fixture, message: MessageId) -> i32 {
    match fixture.stored(message, tags::PID_TAG_MESSAGE_FLAGS) {
        Some(PropertyValue::PtypInteger32(flags)) => flags,
        other => panic!("{other:?}"),
    }
}

#[test]
fn attachments_come_into_the_store_with_their_message() {
    const TEST: &str = "attachments_come_into_the_store_with_their_message";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let (first, handle) = client.create_attachment(message).unwrap();
    let (second, _) = client.create_attachment(message).unwrap();
    assert_eq!((first, second), (0, 1));
    record(TEST, &["MS-OXCMSG_R448"]);
    let initial = [tags::PID_TAG_ATTACH_NUMBER, tags::PID_TAG_RENDERING_POSITION, tags::PID_TAG_ACCESS_LEVEL];
    let integer = PropertyValue::PtypInteger32;
    assert_eq!(client.get(handle, &initial), [integer(0), integer(-1), integer(1)].map(Ok));
    assert!(client.get(handle, &[tags::PID_TAG_CREATION_TIME])[0].is_ok());
    record(TEST, &["MS-OXCMSG_R451", "MS-OXCMSG_R2035"]);
    let values = [
        (tags::PID_TAG_ATTACH_METHOD, integer(1)),
        (tags::PID_TAG_ATTACH_LONG_FILENAME, string("plan.txt")),
        (tags::PID_TAG_ATTACH_DATA_BINARY, binary(b"content".to_vec())),
    ];
    assert!(client.set(handle, &values).unwrap().is_empty());
    // The message has it once it is saved, the store once the message is.
    assert_eq!(client.valid_attachments(message), Ok(vec![]));
    client.save_attachment(handle).unwrap();
    assert_eq!(client.valid_attachments(message), Ok(vec![0]));
    let table = client.attachment_table(message).unwrap();
    client.set_columns(table, &[tags::PID_TAG_ATTACH_NUMBER, tags::PID_TAG_ATTACH_LONG_FILENAME]).unwrap();
    assert_eq!(client.read_table(table, 10), [[Ok(integer(0)), Ok(string("plan.txt"))]]);
    let again = client.open_attachment(message, 0, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.value(again, tags::PID_TAG_ATTACH_DATA_BINARY), binary(b"content".to_vec()));
    let id = client.save(message, 0x02).unwrap();
    assert_eq!(fixture.mailbox.attachments(id).unwrap(), [0]);
    assert_eq!(client.value(message, tags::PID_TAG_HAS_ATTACHMENTS), PropertyValue::PtypBoolean(true));
    record(TEST, &["MS-OXCMSG_R446", "MS-OXCMSG_R1062"]);
    // One that was never saved is not there.
    assert_eq!(client.open_attachment(message, 1, AccessMode::READ_ONLY), Err(ErrorCode::EC_NOT_FOUND));

    assert_eq!(client.delete_attachment(message, 7), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCMSG_R1063"]);
    client.delete_attachment(message, 0).unwrap();
    assert_eq!(client.valid_attachments(message), Ok(vec![]));
    assert_eq!(fixture.mailbox.attachments(id).unwrap(), [0]);
    client.save(message, 0x02).unwrap();
    assert!(fixture.mailbox.attachments(id).unwrap().is_empty());
    assert_eq!(client.value(message, tags::PID_TAG_HAS_ATTACHMENTS), PropertyValue::PtypBoolean(false));
    record(TEST, &["MS-OXCMSG_R1523", "MS-OXCMSG_R469"]);
}

#[test]
fn messages_in_messages_are_saved_from_the_inside_out() {
    const TEST: &str = "messages_in_messages_are_saved_from_the_inside_out";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let outer = client.draft(&fixture, drafts);
    let (_, attachment) = client.create_attachment(outer).unwrap();
    client.set(attachment, &[(tags::PID_TAG_ATTACH_METHOD, PropertyValue::PtypInteger32(5))]).unwrap();
    let none = client.open_embedded(attachment, AccessMode::READ_ONLY, CODE_PAGE_OF_LOGON);
    assert_eq!(none.err(), Some(ErrorCode::EC_NOT_FOUND));
    let unknown = client.open_embedded(attachment, AccessMode::CREATE, 4711);
    assert_eq!(unknown.err(), Some(ErrorCode::EC_UNKNOWN_CODE_PAGE));
    record(TEST, &["MS-OXCMSG_R1068"]);
    let (_, inner) = client.open_embedded(attachment, AccessMode::CREATE, CODE_PAGE_OF_LOGON).unwrap();
    client.set(inner, &[(tags::PID_TAG_SUBJECT, string("inside"))]).unwrap();
    let (_, deepest) = client.create_attachment(inner).unwrap();
    client.set(deepest, &[(tags::PID_TAG_ATTACH_LONG_FILENAME, string("deep.txt"))]).unwrap();
    client.save_attachment(deepest).unwrap();
    client.save(inner, 0x02).unwrap();
    client.save_attachment(attachment).unwrap();
    let id = client.save(outer, 0x02).unwrap();
    record(TEST, &["MS-OXCMSG_R881", "MS-OXCMSG_R913", "MS-OXCMSG_R481"]);

    let (_, outer) = client.open_message(drafts, FolderId(0), id, 3).unwrap();
    let attachment = client.open_attachment(outer, 0, AccessMode::READ_WRITE).unwrap();
    let (header, inner) = client.open_embedded(attachment, AccessMode::READ_WRITE, CODE_PAGE_OF_LOGON).unwrap();
    assert_eq!(client.value(inner, tags::PID_TAG_SUBJECT), string("inside"));
    record(TEST, &["MS-OXCMSG_R912", "MS-OXCMSG_R889"]);
    let deepest = client.open_attachment(inner, 0, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.value(deepest, tags::PID_TAG_ATTACH_LONG_FILENAME), string("deep.txt"));
    // No folder has it, and no one opens it but through its attachment.
    let direct = client.open_message(drafts, FolderId(0), header.message_id, 0);
    assert_eq!(direct.err(), Some(ErrorCode::EC_NOT_FOUND));
    client.set(inner, &[(tags::PID_TAG_SUBJECT, string("changed"))]).unwrap();
    client.save(inner, 0x02).unwrap();
    client.save_attachment(attachment).unwrap();
    let before = fixture.stored(header.message_id, tags::PID_TAG_NORMALIZED_SUBJECT);
    assert_eq!(before, Some(string("inside")));
    client.save(outer, 0x02).unwrap();
    let after = fixture.stored(header.message_id, tags::PID_TAG_NORMALIZED_SUBJECT);
    assert_eq!(after, Some(string("changed")));
    // It goes with the outermost.
    fixture.mailbox.delete_message(id).unwrap();
    assert!(fixture.mailbox.message(header.message_id).is_err());
}

#[test]
fn recipients_are_removed_and_read_again() {
    const TEST: &str = "recipients_are_removed_and_read_again";
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        for row in [2, 5] {
            let mut properties = server::store::PropertyChanges::new();
            properties.set(tags::PID_TAG_DISPLAY_NAME, string(format!("recipient {row}")));
            properties.set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(1));
            message.recipients.insert(row, server::store::PartChange::Replace(properties));
        }
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, FolderId(0), id, 3).unwrap();
    assert_eq!(client.read_recipients(message, 0), Ok(vec![2, 5]));
    assert_eq!(client.read_recipients(message, 5), Ok(vec![5]));
    record(TEST, &["MS-OXCMSG_R400", "MS-OXCMSG_R1495"]);
    assert_eq!(client.read_recipients(message, 3), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCMSG_R1055"]);
    assert_eq!(client.reload(message).unwrap().recipient_count, 2);
    client.remove_all_recipients(message).unwrap();
    assert_eq!(client.read_recipients(message, 0), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCMSG_R403"]);
    assert_eq!(client.reload(message).unwrap().recipient_count, 0);
    assert_eq!(client.value(message, tags::PID_TAG_DISPLAY_TO), string(""));
    assert_eq!(fixture.mailbox.recipients(id).unwrap(), [2, 5]);
    client.save(message, 0x02).unwrap();
    assert!(fixture.mailbox.recipients(id).unwrap().is_empty());
    client.remove_all_recipients(message).unwrap();
    record(TEST, &["MS-OXCMSG_R381", "MS-OXCMSG_R382", "MS-OXCMSG_R1491"]);
}

#[test]
fn read_flags_are_set_and_cleared_at_once() {
    const TEST: &str = "read_flags_are_set_and_cleared_at_once";
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(2);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.set_read_flags(inbox, 0x00, &ids), Ok(false));
    assert!(ids.iter().all(|id| flags_of(&fixture, *id) & 1 == 1));
    assert_eq!(client.value(inbox, tags::PID_TAG_CONTENT_UNREAD_COUNT), PropertyValue::PtypInteger32(0));
    record(TEST, &["MS-OXCMSG_R795", "MS-OXCMSG_R815", "MS-OXCMSG_R1145", "MS-OXCMSG_R1703", "MS-OXCMSG_R834"]);
    assert_eq!(client.set_read_flags(inbox, 0x04, &ids[..1]), Ok(false));
    assert_eq!([flags_of(&fixture, ids[0]) & 1, flags_of(&fixture, ids[1]) & 1], [0, 1]);
    record(TEST, &["MS-OXCMSG_R822"]);
    assert_eq!(client.set_read_flags(inbox, 0x01, &ids[..1]), Ok(false));
    assert_eq!(flags_of(&fixture, ids[0]) & 1, 1);
    record(TEST, &["MS-OXCMSG_R818"]);
    for kept in [0x10, 0x20, 0x40] {
        assert_eq!(client.set_read_flags(inbox, kept, &ids), Ok(false));
        assert!(ids.iter().all(|id| flags_of(&fixture, *id) & 1 == 1));
    }
    record(TEST, &["MS-OXCMSG_R825"]);
    let missing = ids[0].with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.set_read_flags(inbox, 0x04, &[missing, ids[1]]), Ok(true));
    assert_eq!(flags_of(&fixture, ids[1]) & 1, 0);
    record(TEST, &["MS-OXCMSG_R1514", "MS-OXCMSG_R1512"]);

    let (_, message) = client.open_message(inbox, FolderId(0), ids[1], 0).unwrap();
    assert_eq!(client.set_message_read_flag(message, 0x01), Ok(false));
    assert_eq!(flags_of(&fixture, ids[1]) & 1, 1);
    assert_eq!(client.set_message_read_flag(message, 0x04), Ok(false));
    assert_eq!(flags_of(&fixture, ids[1]) & 1, 0);
    assert_eq!(client.set_message_read_flag(message, 0x14), Err(ErrorCode::EC_INVALID_PARAM));
    record(TEST, &["MS-OXCMSG_R1710"]);
}

#[test]
fn a_status_changes_within_its_mask() {
    const TEST: &str = "a_status_changes_within_its_mask";
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("with status", 0);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.status(inbox, id), Ok(0));
    assert_eq!(client.set_status(inbox, id, 0x1800, 0x1000), Ok(0));
    assert_eq!(client.status(inbox, id), Ok(0x1000));
    assert_eq!(client.set_status(inbox, id, 0x2000, 0x3000), Ok(0x1000));
    assert_eq!(client.status(inbox, id), Ok(0x2000));
    record(TEST, &["MS-OXCMSG_R416", "MS-OXCMSG_R1500", "MS-OXCMSG_R1501", "MS-OXCMSG_R421"]);
    let missing = id.with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.status(inbox, missing), Err(ErrorCode::EC_NOT_FOUND));
    let drafts = client.open_folder(inbox, fixture.special(SpecialFolder::Drafts)).unwrap();
    assert_eq!(client.status(drafts, id), Err(ErrorCode::EC_NOT_FOUND));
    // A tag that no test of properties uses.
    assert_eq!(tags::PID_TAG_MESSAGE_STATUS, PropertyTag(0x0E17_0003));
}

#[test]
fn without_ids_all_messages_of_the_folder_are_marked() {
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(3);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.set_read_flags(inbox, 0x01, &[]), Ok(false));
    assert!(ids.iter().all(|id| flags_of(&fixture, *id) & 1 == 1));
}
