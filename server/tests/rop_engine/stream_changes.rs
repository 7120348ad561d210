//! Streams that are written, copied and cloned; properties deleted and copied; named properties.

use protocol::oxcdata::{ErrorCode, FolderId, PropertyName, PropertyTag, PropertyValue};
use protocol::oxcprpt::*;
use runtime::{Blob, Guid, Utf16};
use server::store::value::{binary, string};
use server::store::{ObjectId, SpecialFolder, tags};

use crate::client::{Answer, Client, one, two};
use crate::fixture::Fixture;
use crate::record;

const DATA: PropertyTag = tags::PID_TAG_ATTACH_DATA_BINARY;

impl Client {
    pub fn write(&mut self, stream: u32, data: &[u8]) -> Answer<u16> {
        let request = RopWriteStreamRequest { logon_id: 0, input_handle_index: 0, data: Blob::Owned(data.to_vec()) };
        match one!(self, stream, RopWriteStream, request).0 {
            Ok(response) => Ok(response.written_size),
            Err(RopWriteStreamFailure::Other { code, .. }) => Err(code),
        }
    }

    pub fn seek_stream(&mut self, stream: u32, origin: u8, offset: i64) -> Answer<u64> {
        let origin = StreamOrigin(origin);
        let request = RopSeekStreamRequest { logon_id: 0, input_handle_index: 0, origin, offset };
        one!(self, stream, RopSeekStream, request).0.map(|response| response.new_position)
    }

    pub fn set_stream_size(&mut self, stream: u32, stream_size: u64) -> Answer<()> {
        let request = RopSetStreamSizeRequest { logon_id: 0, input_handle_index: 0, stream_size };
        one!(self, stream, RopSetStreamSize, request).0.map(|_| ())
    }

    pub fn commit_stream(&mut self, stream: u32) -> Answer<()> {
        let request = RopCommitStreamRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, stream, RopCommitStream, request).0.map(|_| ())
    }

    pub fn clone_stream(&mut self, stream: u32) -> Answer<u32> {
        let request = RopCloneStreamRequest { logon_id: 0, input_handle_index: 0, output_handle_index: 1 };
        let (result, handle) = one!(self, stream, RopCloneStream, request);
        result.map(|_| handle)
    }

    pub fn copy_stream(&mut self, source: u32, dest: u32, byte_count: u64) -> Answer<(u64, u64)> {
        let request = RopCopyToStreamRequest { logon_id: 0, source_handle_index: 0, dest_handle_index: 1, byte_count };
        match two!(self, source, dest, RopCopyToStream, request) {
            Ok(response) => Ok((response.read_byte_count, response.written_byte_count)),
            Err(RopCopyToStreamFailure::Other { code, .. }) => Err(code),
            Err(RopCopyToStreamFailure::DstNullObject(_)) => Err(ErrorCode::EC_DST_NULL_OBJECT),
        }
    }

    pub fn delete_properties(&mut self, object: u32, tags: &[PropertyTag]) -> Answer<Vec<(u16, ErrorCode)>> {
        let request = RopDeletePropertiesRequest { logon_id: 0, input_handle_index: 0, property_tags: tags.to_vec() };
        let (result, _) = one!(self, object, RopDeleteProperties, request);
        result.map(|response| response.property_problems.iter().map(|p| (p.index, p.error_code)).collect())
    }

    pub fn copy_properties(&mut self, source: u32, dest: u32, flags: u8, tags: &[PropertyTag]) -> Answer<Vec<u16>> {
        let request = RopCopyPropertiesRequest {
            logon_id: 0,
            source_handle_index: 0,
            dest_handle_index: 1,
            want_asynchronous: false,
            copy_flags: PropertyCopyFlags(flags),
            property_tags: tags.to_vec(),
        };
        match two!(self, source, dest, RopCopyProperties, request) {
            Ok(response) => Ok(response.property_problems.iter().map(|problem| problem.index).collect()),
            Err(RopCopyPropertiesFailure::Code(code)) => Err(code),
            Err(RopCopyPropertiesFailure::DstNullObject(_)) => Err(ErrorCode::EC_DST_NULL_OBJECT),
        }
    }

    pub fn copy_to(&mut self, source: u32, dest: u32, parts: bool, excluded: &[PropertyTag]) -> Answer<usize> {
        let request = RopCopyToRequest {
            logon_id: 0,
            source_handle_index: 0,
            dest_handle_index: 1,
            want_asynchronous: false,
            want_sub_objects: parts,
            copy_flags: PropertyCopyFlags(0),
            excluded_tags: excluded.to_vec(),
        };
        match two!(self, source, dest, RopCopyTo, request) {
            Ok(response) => Ok(response.property_problems.len()),
            Err(RopCopyToFailure::Code(code)) => Err(code),
            Err(RopCopyToFailure::DstNullObject(_)) => Err(ErrorCode::EC_DST_NULL_OBJECT),
        }
    }

    pub fn ids(&mut self, object: u32, flags: u8, names: Vec<PropertyName<'_>>) -> (Answer<()>, Vec<u16>) {
        let request = RopGetPropertyIdsFromNamesRequest {
            logon_id: 0,
            input_handle_index: 0,
            flags: NameFlags(flags),
            property_names: names,
        };
        match one!(self, object, RopGetPropertyIdsFromNames, request).0 {
            Ok(response) => (Ok(()), response.property_ids),
            Err(RopGetPropertyIdsFromNamesFailure::WarnWithErrors(body)) => {
                (Err(ErrorCode::EC_WARN_WITH_ERRORS), body.property_ids)
            }
            Err(RopGetPropertyIdsFromNamesFailure::Code(code)) => (Err(code), Vec::new()),
        }
    }

    pub fn names_of(&mut self, object: u32, ids: &[u16]) -> Vec<PropertyName<'static>> {
        let request =
            RopGetNamesFromPropertyIdsRequest { logon_id: 0, input_handle_index: 0, property_ids: ids.to_vec() };
        one!(self, object, RopGetNamesFromPropertyIds, request).0.unwrap().property_names
    }

    pub fn query_names(&mut self, object: u32, flags: u8, property_guid: Option<Guid>) -> Vec<u16> {
        let request = RopQueryNamedPropertiesRequest {
            logon_id: 0,
            input_handle_index: 0,
            query_flags: QueryNamedFlags(flags),
            property_guid,
        };
        one!(self, object, RopQueryNamedProperties, request).0.unwrap().property_ids
    }
}

#[test]
fn what_is_written_is_the_property_of_the_handle_at_once() {
    const TEST: &str = "what_is_written_is_the_property_of_the_handle_at_once";
    let fixture = Fixture::new();
    let id = fixture.deliver_with(tags::PID_TAG_BODY, string("before"));
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, FolderId(0), id, 3).unwrap();
    let (stream, size) = client.open_stream(message, tags::PID_TAG_BODY, AccessMode::READ_WRITE).unwrap();
    assert_eq!(size, 12);
    assert_eq!(client.write(stream, b"B\0"), Ok(2));
    assert_eq!(client.seek_stream(stream, 1, 0), Ok(2));
    assert_eq!(client.value(message, tags::PID_TAG_BODY), string("Before"));
    assert_eq!(fixture.stored(id, tags::PID_TAG_BODY), Some(string("before")));
    record(TEST, &["MS-OXCPRPT_R560", "MS-OXCPRPT_R561", "MS-OXCPRPT_R56401", "MS-OXCPRPT_R56402"]);
    client.commit_stream(stream).unwrap();
    client.save(message, 0x02).unwrap();
    assert_eq!(fixture.stored(id, tags::PID_TAG_BODY), Some(string("Before")));
    record(TEST, &["MS-OXCPRPT_R56403", "MS-OXCPRPT_R571"]);

    assert_eq!(client.set_stream_size(stream, 4), Ok(()));
    assert_eq!(client.value(message, tags::PID_TAG_BODY), string("Be"));
    assert_eq!(client.set_stream_size(stream, 6), Ok(()));
    assert_eq!(client.stream_size(stream), Ok(6));
    assert_eq!(client.seek_stream(stream, 0, 0), Ok(0));
    assert_eq!(client.read_whole(stream), b"B\0e\0\0\0");
    record(TEST, &["MS-OXCPRPT_R57705", "MS-OXCPRPT_R57706", "MS-OXCPRPT_R57707", "MS-OXCPRPT_R575"]);
    // One that may only be read.
    let (stream, _) = client.open_stream(message, tags::PID_TAG_BODY, AccessMode::READ_ONLY).unwrap();
    assert_eq!(client.write(stream, b"x"), Err(ErrorCode::EC_STREAM_ACCESS_DENIED));
    assert_eq!(ErrorCode::EC_STREAM_ACCESS_DENIED.0, 0x8003_0005);
    record(TEST, &["MS-OXCPRPT_R900", "MS-OXCPRPT_R885"]);
}

#[test]
fn the_seek_pointer_goes_where_it_is_told() {
    const TEST: &str = "the_seek_pointer_goes_where_it_is_told";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let (_, attachment) = client.create_attachment(message).unwrap();
    let (stream, _) = client.open_stream(attachment, DATA, AccessMode::CREATE).unwrap();
    client.write(stream, b"0123456789").unwrap();
    assert_eq!(client.seek_stream(stream, 0, 3), Ok(3));
    assert_eq!(client.read_stream(stream, 2, None).unwrap(), b"34");
    assert_eq!(client.seek_stream(stream, 1, -1), Ok(4));
    assert_eq!(client.seek_stream(stream, 2, -2), Ok(8));
    assert_eq!(client.read_stream(stream, 9, None).unwrap(), b"89");
    record(TEST, &["MS-OXCPRPT_R581"]);
    assert_eq!(client.seek_stream(stream, 0, 12), Ok(12));
    assert_eq!(client.stream_size(stream), Ok(12));
    assert_eq!(client.value(attachment, DATA), binary(b"0123456789\0\0".to_vec()));
    record(TEST, &["MS-OXCPRPT_R583"]);
    for (origin, offset) in [(0, -1), (2, 0x8000_0000), (0, 0x8000_0001), (0, i64::MAX)] {
        assert_eq!(client.seek_stream(stream, origin, offset), Err(ErrorCode::EC_STREAM_SEEK_ERROR), "{offset}");
    }
    record(TEST, &["MS-OXCPRPT_R582", "MS-OXCPRPT_R584"]);
    assert_eq!(client.seek_stream(stream, 3, 0), Err(ErrorCode::EC_STREAM_INVALID_PARAM));
    record(TEST, &["MS-OXCPRPT_R902"]);
}

#[test]
fn large_content_is_written_piece_by_piece() {
    const TEST: &str = "large_content_is_written_piece_by_piece";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let (_, attachment) = client.create_attachment(message).unwrap();
    let content: Vec<u8> = (0..700_000_u32).map(|at| (at % 251) as u8).collect();
    let (stream, _) = client.open_stream(attachment, DATA, AccessMode::CREATE).unwrap();
    for piece in content.chunks(16 * 1024) {
        assert_eq!(usize::from(client.write(stream, piece).unwrap()), piece.len());
    }
    client.release(stream);
    client.save_attachment(attachment).unwrap();
    let id = client.save(message, 0x02).unwrap();
    let stored = server::store::read_whole(fixture.mailbox.as_ref(), ObjectId::Attachment(id, 0), DATA, 1 << 20);
    assert!(stored.unwrap() == content);
    record(TEST, &["MS-OXCPRPT_R56404"]);
    // Changed in the middle.
    let (_, message) = client.open_message(drafts, FolderId(0), id, 3).unwrap();
    let attachment = client.open_attachment(message, 0, AccessMode::READ_WRITE).unwrap();
    let (stream, _) = client.open_stream(attachment, DATA, AccessMode::READ_WRITE).unwrap();
    client.seek_stream(stream, 0, 300_000).unwrap();
    client.write(stream, b"here").unwrap();
    client.seek_stream(stream, 0, 299_999).unwrap();
    assert_eq!(client.read_stream(stream, 6, None).unwrap()[1..5], *b"here");
    client.save_attachment(attachment).unwrap();
    client.save(message, 0x02).unwrap();
    let stored = server::store::read_whole(fixture.mailbox.as_ref(), ObjectId::Attachment(id, 0), DATA, 1 << 20);
    let stored = stored.unwrap();
    assert_eq!((stored.len(), &stored[300_000..300_004]), (700_000, b"here".as_slice()));
}

#[test]
fn streams_are_copied_and_cloned() {
    const TEST: &str = "streams_are_copied_and_cloned";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let (_, one) = client.create_attachment(message).unwrap();
    let (_, two) = client.create_attachment(message).unwrap();
    let (source, _) = client.open_stream(one, DATA, AccessMode::CREATE).unwrap();
    let (dest, _) = client.open_stream(two, DATA, AccessMode::CREATE).unwrap();
    client.write(source, b"0123456789").unwrap();
    client.seek_stream(source, 0, 2).unwrap();
    assert_eq!(client.copy_stream(source, dest, 5), Ok((5, 5)));
    assert_eq!(client.value(two, DATA), binary(b"23456".to_vec()));
    assert_eq!((client.seek_stream(source, 1, 0), client.seek_stream(dest, 1, 0)), (Ok(7), Ok(5)));
    assert_eq!(client.copy_stream(source, dest, 50), Ok((3, 3)));
    record(TEST, &["MS-OXCPRPT_R59201", "MS-OXCPRPT_R592", "MS-OXCPRPT_R591"]);
    assert_eq!(client.copy_stream(source, 0xFFFF_FFFF, 1), Err(ErrorCode::EC_DST_NULL_OBJECT));
    assert_eq!(ErrorCode::EC_DST_NULL_OBJECT.0, 0x503);
    record(TEST, &["MS-OXCPRPT_R593"]);

    let clone = client.clone_stream(dest).unwrap();
    assert_eq!(client.seek_stream(clone, 1, 0), Ok(8));
    record(TEST, &["MS-OXCPRPT_R75606", "MS-OXCPRPT_R758"]);
    client.seek_stream(clone, 0, 0).unwrap();
    assert_eq!(client.seek_stream(dest, 1, 0), Ok(8));
    client.write(clone, b"ab").unwrap();
    client.seek_stream(dest, 0, 0).unwrap();
    assert_eq!(client.read_whole(dest), b"ab456789");
    record(TEST, &["MS-OXCPRPT_R756", "MS-OXCPRPT_R757", "MS-OXCPRPT_R759"]);
}

#[test]
fn streams_of_folders_are_stored_when_they_are_committed_or_released() {
    const TEST: &str = "streams_of_folders_are_stored_when_they_are_committed_or_released";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let tag = tags::PID_TAG_COMMENT;
    let stored = || server::store::property(fixture.mailbox.as_ref(), ObjectId::Folder(fixture.inbox()), tag).unwrap();
    let (stream, _) = client.open_stream(inbox, tag, AccessMode::CREATE).unwrap();
    client.write(stream, b"H\0i\0").unwrap();
    assert_eq!(stored(), None);
    client.commit_stream(stream).unwrap();
    assert_eq!(stored(), Some(string("Hi")));
    client.write(stream, b"!\0").unwrap();
    client.release(stream);
    assert_eq!(stored(), Some(string("Hi!")));
    record(TEST, &["MS-OXCPRPT_R56405"]);
}

#[test]
fn deleted_properties_are_gone_at_once_and_stored_when_saved() {
    const TEST: &str = "deleted_properties_are_gone_at_once_and_stored_when_saved";
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("subject", 0);
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (_, message) = client.open_message(inbox, FolderId(0), id, 3).unwrap();
    let deleted = client.delete_properties(message, &[tags::PID_TAG_SUBJECT, tags::PID_TAG_MID]);
    assert_eq!(deleted, Ok(vec![(1, ErrorCode::EC_COMPUTED)]));
    assert_eq!(client.get(message, &[tags::PID_TAG_SUBJECT]), [Err(ErrorCode::EC_NOT_FOUND)]);
    assert!(!client.list(message).contains(&tags::PID_TAG_NORMALIZED_SUBJECT));
    assert_eq!(fixture.stored(id, tags::PID_TAG_SUBJECT), Some(string("subject")));
    client.save(message, 0x02).unwrap();
    assert_eq!(fixture.stored(id, tags::PID_TAG_SUBJECT), None);
    let ids = ["486", "48405", "485", "874", "487", "488", "489"];
    ids.iter().for_each(|id| record(TEST, &[&format!("MS-OXCPRPT_R{id}")]));
    client.set(inbox, &[(tags::PID_TAG_COMMENT, string("comment"))]).unwrap();
    let deleted = client.delete_properties(inbox, &[tags::PID_TAG_COMMENT, tags::PID_TAG_DISPLAY_NAME]);
    assert_eq!(deleted, Ok(vec![(1, ErrorCode::EC_ACCESS_DENIED)]));
    assert_eq!(client.get(inbox, &[tags::PID_TAG_COMMENT]), [Err(ErrorCode::EC_NOT_FOUND)]);
    record(TEST, &["MS-OXCPRPT_R492"]);
}

#[test]
fn properties_and_parts_are_copied_to_another_message() {
    const TEST: &str = "properties_and_parts_are_copied_to_another_message";
    let fixture = Fixture::new();
    let id = fixture.deliver(|message| {
        message.properties.set(tags::PID_TAG_SUBJECT, string("RE: plan"));
        message.properties.set(tags::PID_TAG_BODY, string("x".repeat(50_000)));
        message.attachments.insert(3, crate::fixture::attachment("a.txt", b"content"));
    });
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let (_, source) = client.open_message(drafts, FolderId(0), id, 3).unwrap();
    let dest = client.draft(&fixture, drafts);
    assert_eq!(client.copy_to(source, dest, true, &[tags::PID_TAG_IMPORTANCE]), Ok(0));
    assert_eq!(client.value(dest, tags::PID_TAG_SUBJECT), string("RE: plan"));
    record(TEST, &["MS-OXCPRPT_R5070501", "MS-OXCPRPT_R821"]);
    let copy = client.save(dest, 0x02).unwrap();
    record(TEST, &["MS-OXCPRPT_R5070507"]);
    assert_eq!(fixture.mailbox.attachments(copy).unwrap(), [0]);
    let body =
        server::store::read_whole(fixture.mailbox.as_ref(), ObjectId::Message(copy), tags::PID_TAG_BODY, 1 << 20);
    assert_eq!(body.unwrap().len(), 100_000);
    assert_eq!(client.copy_to(source, drafts, false, &[]), Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCPRPT_R508"]);

    // NoOverwrite, then with it off; a flag that is none.
    client.set(dest, &[(tags::PID_TAG_SUBJECT, string("own"))]).unwrap();
    let subject = [tags::PID_TAG_NORMALIZED_SUBJECT, tags::PID_TAG_MID];
    assert_eq!(client.copy_properties(source, dest, 0x02, &subject), Ok(vec![1]));
    assert_eq!(client.value(dest, tags::PID_TAG_NORMALIZED_SUBJECT), string("own"));
    record(TEST, &["MS-OXCPRPT_R879", "MS-OXCPRPT_R50006"]);
    assert_eq!(client.copy_properties(source, dest, 0x00, &subject[..1]), Ok(vec![]));
    assert_eq!(client.value(dest, tags::PID_TAG_NORMALIZED_SUBJECT), string("plan"));
    record(TEST, &["MS-OXCPRPT_R500"]);
    assert_eq!(client.copy_properties(source, dest, 0x04, &subject), Err(ErrorCode::EC_INVALID_PARAM));
    record(TEST, &["MS-OXCPRPT_R880"]);
    let inbox = client.open_folder(drafts, fixture.inbox()).unwrap();
    let moved = client.copy_properties(drafts, inbox, 0x01, &[tags::PID_TAG_COMMENT]);
    assert_eq!(moved, Err(ErrorCode::EC_NOT_SUPPORTED));
    record(TEST, &["MS-OXCPRPT_R881"]);
    client.set(drafts, &[(tags::PID_TAG_COMMENT, string("comment"))]).unwrap();
    assert_eq!(client.copy_properties(drafts, inbox, 0x00, &[tags::PID_TAG_COMMENT]), Ok(vec![]));
    assert_eq!(client.value(inbox, tags::PID_TAG_COMMENT), string("comment"));
    record(TEST, &["MS-OXCPRPT_R503"]);
}

#[test]
fn names_have_ids_that_stay_theirs() {
    const TEST: &str = "names_have_ids_that_stay_theirs";
    let set = Guid([0x29, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
    let mapi = Guid([0x28, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
    let numbered = |lid| PropertyName::LID { guid: set, lid };
    let worded = |name: &str| PropertyName::Name { guid: mapi_free(), name: Utf16::new(name.to_owned()) };
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let unknown = client.ids(logon, 0, vec![numbered(0x8580), PropertyName::LID { guid: mapi, lid: 0x37 }]);
    assert_eq!(unknown, (Ok(()), vec![0, 0x37]));
    let (result, ids) = client.ids(logon, 2, vec![numbered(0x8580), worded("Topic")]);
    assert_eq!(result, Ok(()));
    assert!(ids.iter().all(|id| *id >= 0x8000) && ids[0] != ids[1]);
    assert_eq!(client.ids(logon, 0, vec![worded("Topic"), numbered(0x8580)]), (Ok(()), vec![ids[1], ids[0]]));
    assert_eq!(client.ids(logon, 0, vec![]), (Ok(()), ids.clone()));
    record(TEST, &["MS-OXCPRPT_R526", "MS-OXCPRPT_R529", "MS-OXCPRPT_R530", "MS-OXCPRPT_R531"]);
    let names = client.names_of(logon, &[ids[0], 0x0037, 0xFFFE, ids[1]]);
    let fixed = PropertyName::LID { guid: mapi, lid: 0x37 };
    assert_eq!(names, [numbered(0x8580), fixed, PropertyName::Unnamed, worded("Topic")]);
    let proved = ["518", "519", "520", "521", "523", "524"];
    proved.iter().for_each(|id| record(TEST, &[&format!("MS-OXCPRPT_R{id}")]));
    assert_eq!(client.query_names(logon, 0, None), ids);
    assert_eq!(client.query_names(logon, 1, None), ids[..1]);
    assert_eq!(client.query_names(logon, 2, None), ids[1..]);
    assert_eq!(client.query_names(logon, 0, Some(set)), ids[..1]);
    assert_eq!(client.query_names(logon, 0xF0, None), ids);
    let proved = ["495", "876", "877", "878", "87801", "87802"];
    proved.iter().for_each(|id| record(TEST, &[&format!("MS-OXCPRPT_R{id}")]));
    // A property of a name.
    let tag = PropertyTag((u32::from(ids[0]) << 16) | 0x0003);
    let drafts = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
    let message = client.draft(&fixture, drafts);
    assert!(client.set(message, &[(tag, PropertyValue::PtypInteger32(42))]).unwrap().is_empty());
    let id = client.save(message, 0x02).unwrap();
    assert_eq!(fixture.stored(id, tag), Some(PropertyValue::PtypInteger32(42)));
}

/// PS_PUBLIC_STRINGS.
fn mapi_free() -> Guid {
    Guid([0x29, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x47])
}
