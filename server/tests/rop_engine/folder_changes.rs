//! Folders and messages of folders made, moved, copied and deleted.

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, PropertyValue};
use protocol::oxcfold::*;
use runtime::rop::INVALID_HANDLE;
use runtime::{String8, StringValue, Utf16};
use server::store::{MessageChange, MessageTarget, SpecialFolder, tags};

use crate::client::{Answer, Client, one, two};
use crate::fixture::{Fixture, first_text};
use crate::record;

pub fn wide(name: &str) -> StringValue<'static> {
    StringValue::Utf16(Utf16::new(name.to_owned()))
}

pub fn create_request(name: &str) -> RopCreateFolderRequest<'static> {
    RopCreateFolderRequest {
        logon_id: 0,
        input_handle_index: 0,
        output_handle_index: 1,
        folder_type: FolderType::GENERIC,
        use_unicode_strings: true,
        open_existing: false,
        display_name: wide(name),
        comment: wide(""),
    }
}

impl Client {
    pub fn create_folder(&mut self, parent: u32, request: RopCreateFolderRequest<'_>) -> Answer<(FolderId, u32)> {
        let (result, handle) = one!(self, parent, RopCreateFolder, request);
        result.map(|response| {
            assert!(!response.is_existing_folder);
            (response.folder_id, handle)
        })
    }

    /// PartialCompletion.
    pub fn delete_folder(&mut self, parent: u32, folder_id: FolderId, flags: u8) -> Answer<bool> {
        let delete_folder_flags = DeleteFolderFlags(flags);
        let request = RopDeleteFolderRequest { logon_id: 0, input_handle_index: 0, delete_folder_flags, folder_id };
        match one!(self, parent, RopDeleteFolder, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopDeleteFolderFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn delete_messages(&mut self, folder: u32, messages: &[MessageId]) -> Answer<bool> {
        let request = RopDeleteMessagesRequest {
            logon_id: 0,
            input_handle_index: 0,
            want_asynchronous: false,
            notify_non_read: false,
            message_ids: messages.to_vec(),
        };
        match one!(self, folder, RopDeleteMessages, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopDeleteMessagesFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn hard_delete_messages(&mut self, folder: u32, messages: &[MessageId]) -> Answer<bool> {
        let request = RopHardDeleteMessagesRequest {
            logon_id: 0,
            input_handle_index: 0,
            want_asynchronous: false,
            notify_non_read: false,
            message_ids: messages.to_vec(),
        };
        match one!(self, folder, RopHardDeleteMessages, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopHardDeleteMessagesFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn empty_folder(&mut self, folder: u32, associated: bool) -> Answer<bool> {
        let request = RopEmptyFolderRequest {
            logon_id: 0,
            input_handle_index: 0,
            want_asynchronous: false,
            want_delete_associated: associated,
        };
        match one!(self, folder, RopEmptyFolder, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopEmptyFolderFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn hard_empty_folder(&mut self, folder: u32, associated: bool) -> Answer<bool> {
        let request = RopHardDeleteMessagesAndSubfoldersRequest {
            logon_id: 0,
            input_handle_index: 0,
            want_asynchronous: false,
            want_delete_associated: associated,
        };
        match one!(self, folder, RopHardDeleteMessagesAndSubfolders, request).0 {
            Ok(response) => Ok(response.partial_completion),
            Err(RopHardDeleteMessagesAndSubfoldersFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn transfer(&mut self, source: u32, dest: u32, messages: &[MessageId], copy: bool) -> Answer<bool> {
        let request = RopMoveCopyMessagesRequest {
            logon_id: 0,
            source_handle_index: 0,
            dest_handle_index: 1,
            message_ids: messages.to_vec(),
            want_asynchronous: false,
            want_copy: copy,
        };
        match two!(self, source, dest, RopMoveCopyMessages, request) {
            Ok(response) => Ok(response.partial_completion),
            Err(RopMoveCopyMessagesFailure::Other { code, .. }) => Err(code),
            Err(RopMoveCopyMessagesFailure::DstNullObject(body)) => {
                assert_eq!((body.dest_handle_index, body.partial_completion), (1, false));
                Err(ErrorCode::EC_DST_NULL_OBJECT)
            }
        }
    }

    pub fn move_folder(&mut self, source: u32, dest: u32, folder_id: FolderId, name: StringValue<'_>) -> Answer<bool> {
        let request = RopMoveFolderRequest {
            logon_id: 0,
            source_handle_index: 0,
            dest_handle_index: 1,
            want_asynchronous: false,
            use_unicode: matches!(name, StringValue::Utf16(_)),
            folder_id,
            new_folder_name: name,
        };
        match two!(self, source, dest, RopMoveFolder, request) {
            Ok(response) => Ok(response.partial_completion),
            Err(RopMoveFolderFailure::Other { code, .. }) => Err(code),
            Err(RopMoveFolderFailure::DstNullObject(_)) => Err(ErrorCode::EC_DST_NULL_OBJECT),
        }
    }

    pub fn copy_folder(
        &mut self,
        (source, dest): (u32, u32),
        folder_id: FolderId,
        name: StringValue<'_>,
        want_recursive: bool,
    ) -> Answer<bool> {
        let request = RopCopyFolderRequest {
            logon_id: 0,
            source_handle_index: 0,
            dest_handle_index: 1,
            want_asynchronous: false,
            want_recursive,
            use_unicode: matches!(name, StringValue::Utf16(_)),
            folder_id,
            new_folder_name: name,
        };
        match two!(self, source, dest, RopCopyFolder, request) {
            Ok(response) => Ok(response.partial_completion),
            Err(RopCopyFolderFailure::Other { code, .. }) => Err(code),
            Err(RopCopyFolderFailure::DstNullObject(_)) => Err(ErrorCode::EC_DST_NULL_OBJECT),
        }
    }

    /// The first column of all rows of a folder's contents table with these flags.
    pub fn subjects(&mut self, folder: u32, flags: u8) -> Vec<String> {
        let (table, _) = self.contents(folder, flags).unwrap();
        self.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
        let mut subjects: Vec<String> = self.read_table(table, 50).iter().map(first_text).collect();
        subjects.sort();
        subjects
    }

    /// The names of the folders of a folder, all levels.
    fn names(&mut self, folder: u32) -> Vec<String> {
        let (table, _) = self.hierarchy(folder, 0x04).unwrap();
        self.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME]).unwrap();
        self.read_table(table, 50).iter().map(first_text).collect()
    }
}

#[test]
fn folders_are_created_with_name_and_comment() {
    const TEST: &str = "folders_are_created_with_name_and_comment";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let request =
        RopCreateFolderRequest { comment: wide("What is planned"), ..create_request("Projekte – Übersicht") };
    let (id, folder) = client.create_folder(inbox, request).unwrap();
    let string = |text: &str| PropertyValue::PtypString(Utf16::new(text.to_owned()));
    assert_eq!(client.value(folder, tags::PID_TAG_DISPLAY_NAME), string("Projekte – Übersicht"));
    assert_eq!(client.value(folder, tags::PID_TAG_COMMENT), string("What is planned"));
    assert_eq!(client.value(folder, tags::PID_TAG_FOLDER_ID), PropertyValue::PtypInteger64(id.0.cast_signed()));
    assert_eq!(client.value(folder, tags::PID_TAG_FOLDER_TYPE), PropertyValue::PtypInteger32(1));
    assert!(client.open_folder(inbox, id).is_ok());
    let ids = ["37", "3801", "43", "46", "48", "54", "56", "58", "476", "61", "1197", "478", "483", "926", "931"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));

    let narrow = |bytes: &[u8]| StringValue::String8(String8::new(bytes.to_vec()));
    let request = RopCreateFolderRequest {
        use_unicode_strings: false,
        display_name: narrow(b"Gr\xFC\xDFe"),
        comment: narrow(b""),
        ..create_request("")
    };
    let (_, folder) = client.create_folder(inbox, request).unwrap();
    assert_eq!(client.value(folder, tags::PID_TAG_DISPLAY_NAME), string("Grüße"));
    record(TEST, &["MS-OXCFOLD_R49"]);
}

#[test]
fn a_name_is_taken_once_in_a_folder() {
    const TEST: &str = "a_name_is_taken_once_in_a_folder";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (id, folder) = client.create_folder(inbox, create_request("Projects")).unwrap();
    let again = client.create_folder(inbox, create_request("PROJECTS"));
    assert_eq!(again, Err(ErrorCode::EC_DUPLICATE_NAME));
    assert_eq!(ErrorCode::EC_DUPLICATE_NAME.0, 0x8004_0604);
    record(TEST, &["MS-OXCFOLD_R1065", "MS-OXCFOLD_R480", "MS-OXCFOLD_R481", "MS-OXCFOLD_R491", "MS-OXCFOLD_R493"]);
    record(TEST, &["MS-OXCFOLD_R51"]);
    let existing = RopCreateFolderRequest { open_existing: true, ..create_request("Projects") };
    assert_eq!(client.create_folder(inbox, existing).unwrap().0, id);
    record(TEST, &["MS-OXCFOLD_R482", "MS-OXCFOLD_R50"]);
    // Elsewhere the name is free.
    let below = RopCreateFolderRequest { open_existing: true, ..create_request("Projects") };
    assert_ne!(client.create_folder(folder, below).unwrap().0, id);
    record(TEST, &["MS-OXCFOLD_R483"]);
}

#[test]
fn folders_without_name_or_of_unknown_kinds_are_refused() {
    const TEST: &str = "folders_without_name_or_of_unknown_kinds_are_refused";
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    assert_eq!(client.create_folder(inbox, create_request("")), Err(ErrorCode::EC_INVALID_PARAM));
    record(TEST, &["MS-OXCFOLD_R477"]);
    for kind in [0, 3, 0xFF] {
        let request = RopCreateFolderRequest { folder_type: FolderType(kind), ..create_request("X") };
        assert_eq!(client.create_folder(inbox, request), Err(ErrorCode::EC_INVALID_PARAM), "{kind}");
    }
    assert_eq!(ErrorCode::EC_INVALID_PARAM.0, 0x8007_0057);
    record(TEST, &["MS-OXCFOLD_R486", "MS-OXCFOLD_R487"]);
    assert_eq!(client.create_folder(logon, create_request("X")), Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCFOLD_R494", "MS-OXCFOLD_R495"]);
}

#[test]
fn a_folder_is_deleted_with_what_the_flags_allow() {
    const TEST: &str = "a_folder_is_deleted_with_what_the_flags_allow";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let empty = fixture.create_folder(fixture.inbox(), "Empty");
    assert_eq!(client.delete_folder(inbox, empty, 0), Ok(false));
    assert_eq!(client.open_folder(inbox, empty), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCFOLD_R75", "MS-OXCFOLD_R76", "MS-OXCFOLD_R94401", "MS-OXCFOLD_R95", "MS-OXCFOLD_R1076"]);
    record(TEST, &["MS-OXCFOLD_R97", "MS-OXCFOLD_R405"]);

    let full = fixture.create_folder(fixture.inbox(), "Full");
    let below = fixture.create_folder(full, "Below");
    let target = MessageTarget::Create { folder: full, associated: false, id: None };
    let message = fixture.mailbox.save_message(&MessageChange::new(target)).unwrap().id;
    // Messages alone, folders alone: nothing goes.
    for flags in [0x00, 0x01, 0x04, 0x10] {
        assert_eq!(client.delete_folder(inbox, full, flags), Ok(true), "{flags:#x}");
        assert!(client.open_folder(inbox, below).is_ok());
        assert!(client.open_message(inbox, full, message, 0).is_ok());
    }
    let ids = ["371", "1079", "816", "817", "1080", "1081", "948", "408"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    assert_eq!(client.delete_folder(inbox, full, 0x15), Ok(false));
    for gone in [full, below] {
        assert_eq!(client.open_folder(inbox, gone), Err(ErrorCode::EC_NOT_FOUND));
    }
    assert_eq!(client.open_message(inbox, full, message, 0).err(), Some(ErrorCode::EC_NOT_FOUND));
    let ids = ["82", "762", "763", "764", "497"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
}

#[test]
fn folders_that_cannot_be_deleted_say_why() {
    const TEST: &str = "folders_that_cannot_be_deleted_say_why";
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let subtree = client.open_folder(logon, fixture.special(SpecialFolder::IpmSubtree)).unwrap();
    assert_eq!(client.delete_folder(subtree, fixture.inbox(), 0x05), Err(ErrorCode::EC_ACCESS_DENIED));
    record(TEST, &["MS-OXCFOLD_R2500", "MS-OXCFOLD_R503"]);
    let nowhere = fixture.inbox().with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.delete_folder(subtree, nowhere, 0x05), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCFOLD_R504", "MS-OXCFOLD_R507"]);
    assert_eq!(client.delete_folder(subtree, fixture.inbox(), 0x02), Err(ErrorCode::EC_INVALID_PARAM));
    record(TEST, &["MS-OXCFOLD_R1235", "MS-OXCFOLD_R1236"]);
    let root = fixture.special(SpecialFolder::Root);
    assert_eq!(client.delete_folder(subtree, root, 0x05), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.delete_folder(logon, fixture.inbox(), 0x05), Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCFOLD_R510", "MS-OXCFOLD_R509", "MS-OXCFOLD_R2509"]);
}

#[test]
fn messages_are_moved_and_copied_with_their_parts() {
    const TEST: &str = "messages_are_moved_and_copied_with_their_parts";
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(3);
    let with_parts = fixture.deliver(|message| {
        message.properties.set(tags::PID_TAG_SUBJECT, server::store::value::string("with parts"));
        message.attachments.insert(0, crate::fixture::attachment("a.txt", b"content"));
    });
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let drafts = client.open_folder(inbox, fixture.special(SpecialFolder::Drafts)).unwrap();
    assert_eq!(client.transfer(inbox, drafts, &[ids[0], with_parts], false), Ok(false));
    assert_eq!(client.subjects(inbox, 0), ["message 1", "message 2"]);
    assert_eq!(client.subjects(drafts, 0), ["message 0", "with parts"]);
    let moved = ["144", "14901", "15101", "121701", "121801", "155", "160", "161", "163", "1105"];
    moved.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    // The old id is gone, the content is not.
    assert_eq!(client.open_message(inbox, FolderId(0), with_parts, 0).err(), Some(ErrorCode::EC_NOT_FOUND));
    assert_eq!(client.transfer(inbox, drafts, &[ids[1]], true), Ok(false));
    assert_eq!(client.subjects(inbox, 0), ["message 1", "message 2"]);
    assert_eq!(client.subjects(drafts, 0), ["message 0", "message 1", "with parts"]);
    let copied = ["14902", "15102", "121702", "121802", "159"];
    copied.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));

    let (table, _) = client.contents(drafts, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT, tags::PID_TAG_MID]).unwrap();
    let rows = client.read_table(table, 10);
    let row = rows.iter().find(|row| first_text(row) == "with parts").unwrap();
    let Ok(PropertyValue::PtypInteger64(id)) = row[1] else { panic!("no id") };
    let id = MessageId(id.cast_unsigned());
    let (_, message) = client.open_message(drafts, FolderId(0), id, 0).unwrap();
    let attachment = client.open_attachment(message, 0, protocol::oxcprpt::AccessMode::READ_ONLY).unwrap();
    let data = client.value(attachment, tags::PID_TAG_ATTACH_DATA_BINARY);
    assert_eq!(data, server::store::value::binary(b"content".to_vec()));
}

#[test]
fn messages_that_are_not_there_make_a_move_partial() {
    const TEST: &str = "messages_that_are_not_there_make_a_move_partial";
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(2);
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let drafts = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
    let missing = ids[0].with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.transfer(inbox, drafts, &[ids[0], missing], false), Ok(true));
    assert_eq!(client.subjects(drafts, 0), ["message 0"]);
    record(TEST, &["MS-OXCFOLD_R586", "MS-OXCFOLD_R10163"]);
    // One of the same folder under both handles.
    assert_eq!(client.transfer(inbox, inbox, &[ids[1]], true), Ok(false));
    assert_eq!(client.subjects(inbox, 0), ["message 1", "message 1"]);
    assert_eq!(client.transfer(inbox, logon, &[ids[1]], true), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.transfer(logon, inbox, &[ids[1]], true), Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCFOLD_R589", "MS-OXCFOLD_R590"]);
    assert_eq!(client.transfer(inbox, INVALID_HANDLE, &[ids[1]], true), Err(ErrorCode::EC_DST_NULL_OBJECT));
}

#[test]
fn folders_are_moved_with_all_that_is_in_them() {
    const TEST: &str = "folders_are_moved_with_all_that_is_in_them";
    let fixture = Fixture::new();
    let projects = fixture.create_folder(fixture.inbox(), "Projects");
    let alpha = fixture.create_folder(projects, "Alpha");
    let target = MessageTarget::Create { folder: alpha, associated: false, id: None };
    let message = fixture.mailbox.save_message(&MessageChange::new(target)).unwrap().id;
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let drafts = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
    assert_eq!(client.move_folder(inbox, drafts, projects, wide("Plans")), Ok(false));
    assert_eq!(client.names(inbox), [""; 0]);
    assert_eq!(client.names(drafts), ["Plans", "Alpha"]);
    assert!(client.open_message(inbox, alpha, message, 0).is_ok());
    assert_eq!(client.value(inbox, tags::PID_TAG_SUBFOLDERS), PropertyValue::PtypBoolean(false));
    let ids = ["169", "170", "180", "183", "185", "186", "188", "190", "1111", "423"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    let narrow = StringValue::String8(String8::new(b"Pl\xE4ne".to_vec()));
    assert_eq!(client.move_folder(drafts, drafts, projects, narrow), Ok(false));
    assert_eq!(client.names(drafts), ["Pläne", "Alpha"]);
    record(TEST, &["MS-OXCFOLD_R184"]);

    let nowhere = projects.with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.move_folder(drafts, inbox, nowhere, wide("X")), Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCFOLD_R599", "MS-OXCFOLD_R600"]);
    assert_eq!(client.move_folder(drafts, logon, projects, wide("X")), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.move_folder(logon, drafts, projects, wide("X")), Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCFOLD_R601", "MS-OXCFOLD_R602"]);
    // Not into itself.
    let alpha = client.open_folder(logon, alpha).unwrap();
    assert_eq!(client.move_folder(drafts, alpha, projects, wide("X")), Err(ErrorCode::EC_ROOT_FOLDER));
    assert_eq!(client.move_folder(drafts, INVALID_HANDLE, projects, wide("X")), Err(ErrorCode::EC_DST_NULL_OBJECT));
}

#[test]
fn folders_are_copied_alone_or_with_those_in_them() {
    const TEST: &str = "folders_are_copied_alone_or_with_those_in_them";
    let fixture = Fixture::new();
    let projects = fixture.create_folder(fixture.inbox(), "Projects");
    fixture.create_folder(projects, "Alpha");
    let target = MessageTarget::Create { folder: projects, associated: false, id: None };
    fixture.mailbox.save_message(&MessageChange::new(target)).unwrap();
    let (mut client, logon) = fixture.logged_on();
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let drafts = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
    assert_eq!(client.copy_folder((inbox, drafts), projects, wide("All"), true), Ok(false));
    assert_eq!(client.names(drafts), ["All", "Alpha"]);
    assert_eq!(client.names(inbox), ["Projects", "Alpha"]);
    let ids = ["196", "198", "207", "210", "212", "217", "219", "1118", "1122", "1048", "429"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    let copy = fixture.mailbox.folder_named(fixture.special(SpecialFolder::Drafts), "All").unwrap().unwrap();
    assert_eq!(fixture.mailbox.folder(copy).unwrap().content_count, 1);
    record(TEST, &["MS-OXCFOLD_R605"]);
    let narrow = StringValue::String8(String8::from_text("Alone"));
    assert_eq!(client.copy_folder((inbox, inbox), projects, narrow, false), Ok(false));
    assert_eq!(client.names(inbox), ["Alone", "Projects", "Alpha"]);
    record(TEST, &["MS-OXCFOLD_R211", "MS-OXCFOLD_R213"]);
    let taken = client.copy_folder((inbox, inbox), projects, wide("Alone"), false);
    assert_eq!(taken, Err(ErrorCode::EC_DUPLICATE_NAME));
    let nowhere = projects.with_global_counter(0xFFFF_FFFF);
    let missing = client.copy_folder((inbox, drafts), nowhere, wide("X"), false);
    assert_eq!(missing, Err(ErrorCode::EC_NOT_FOUND));
    record(TEST, &["MS-OXCFOLD_R611", "MS-OXCFOLD_R612"]);
    let wrong = client.copy_folder((inbox, logon), projects, wide("X"), false);
    assert_eq!(wrong, Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCFOLD_R613", "MS-OXCFOLD_R614"]);
}

#[test]
fn soft_deleted_messages_are_listed_and_restored() {
    const TEST: &str = "soft_deleted_messages_are_listed_and_restored";
    let fixture = Fixture::new();
    let ids = fixture.deliver_many(3);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let missing = ids[0].with_global_counter(0xFFFF_FFFF);
    assert_eq!(client.delete_messages(inbox, &ids[..2]), Ok(false));
    assert_eq!(client.subjects(inbox, 0), ["message 2"]);
    assert_eq!(client.subjects(inbox, 0x20), ["message 0", "message 1"]);
    assert_eq!(client.value(inbox, tags::PID_TAG_DELETED_COUNT_TOTAL), PropertyValue::PtypInteger32(2));
    assert_eq!(client.value(inbox, tags::PID_TAG_CONTENT_COUNT), PropertyValue::PtypInteger32(1));
    let all = ["262", "271", "280", "282", "1143", "632", "436"];
    all.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    assert_eq!(client.open_message(inbox, FolderId(0), ids[0], 0).err(), Some(ErrorCode::EC_NOT_FOUND));
    assert!(client.open_message(inbox, FolderId(0), ids[0], 0x04).is_ok());
    // Moving one into its folder restores it.
    assert_eq!(client.transfer(inbox, inbox, &ids[..1], false), Ok(false));
    assert_eq!(client.subjects(inbox, 0), ["message 0", "message 2"]);
    assert_eq!(client.delete_messages(inbox, &[ids[2], missing]), Ok(true));
    record(TEST, &["MS-OXCFOLD_R991", "MS-OXCFOLD_R1147"]);

    assert_eq!(client.hard_delete_messages(inbox, &[ids[1]]), Ok(false));
    assert_eq!(client.subjects(inbox, 0x20), ["message 2"]);
    assert_eq!(client.hard_delete_messages(inbox, &[missing]), Ok(true));
    let all = ["283", "293", "302", "304", "997", "1153", "1156", "115602", "437"];
    all.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
    let (table, _) = client.contents(inbox, 0).unwrap();
    assert_eq!(client.delete_messages(table, &ids), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.hard_delete_messages(table, &ids), Err(ErrorCode::EC_NOT_SUPPORTED));
    let all = ["637", "638", "644", "645"];
    all.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
}

#[test]
fn a_folder_is_emptied_of_messages_and_folders() {
    const TEST: &str = "a_folder_is_emptied_of_messages_and_folders";
    for hard in [false, true] {
        let fixture = Fixture::new();
        fixture.deliver_many(2);
        let target = MessageTarget::Create { folder: fixture.inbox(), associated: true, id: None };
        fixture.mailbox.save_message(&MessageChange::new(target)).unwrap();
        let projects = fixture.create_folder(fixture.inbox(), "Projects");
        fixture.create_folder(projects, "Alpha");
        let (mut client, logon) = fixture.logged_on();
        let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
        let mut empty = |folder: u32, associated: bool| match hard {
            false => client.empty_folder(folder, associated),
            true => client.hard_empty_folder(folder, associated),
        };
        assert_eq!(empty(inbox, false), Ok(false));
        assert_eq!(empty(logon, false), Err(ErrorCode::EC_NOT_SUPPORTED));
        assert_eq!((client.contents(inbox, 0).unwrap().1, client.contents(inbox, 0x02).unwrap().1), (0, 1));
        assert_eq!(client.names(inbox), [""; 0]);
        assert_eq!(client.contents(inbox, 0x20).unwrap().1, if hard { 0 } else { 2 });
        let mut empty = |folder: u32, associated: bool| match hard {
            false => client.empty_folder(folder, associated),
            true => client.hard_empty_folder(folder, associated),
        };
        assert_eq!(empty(inbox, true), Ok(false));
        assert_eq!(client.contents(inbox, 0x02).unwrap().1, 0);
        // Folders that every mailbox has stay.
        let subtree = client.open_folder(logon, fixture.special(SpecialFolder::IpmSubtree)).unwrap();
        let partial = if hard { client.hard_empty_folder(subtree, true) } else { client.empty_folder(subtree, true) };
        assert_eq!(partial, Ok(true));
        assert!(client.open_folder(logon, fixture.inbox()).is_ok());
        let root = client.open_folder(logon, fixture.special(SpecialFolder::Root)).unwrap();
        assert_eq!(client.empty_folder(root, true), Err(ErrorCode::EC_NOT_SUPPORTED));
    }
    let ids = [
        "225", "235", "238", "239", "241", "980", "243", "43201", "1126", "1131", "617", "618", "625", "3012", "244",
        "251", "256", "257", "259", "2721", "261", "43202", "1135", "1138", "113801", "113803", "113804", "113805",
        "629", "630",
    ];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCFOLD_R{id}")]));
}
