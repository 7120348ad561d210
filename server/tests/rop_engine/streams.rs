//! Properties read piece by piece.

use protocol::oxcdata::{ErrorCode, PropertyTag};
use protocol::oxcprpt::{AccessMode, BYTE_COUNT_IS_MAXIMUM, RopReadStreamFailure};
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::fixture::{Fixture, attachment};
use crate::record;

const READ_ONLY: AccessMode = AccessMode::READ_ONLY;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

#[test]
fn a_body_larger_than_a_reply_is_read_in_pieces() {
    let fixture = Fixture::new();
    let body = "Grüße ".repeat(30_000);
    let id = fixture.deliver_with(tags::PID_TAG_BODY, string(body.clone()));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(client.get(message, &[tags::PID_TAG_BODY]), [Err(ErrorCode::EC_MAPIOOM)]);
    let (stream, size) = client.open_stream(message, tags::PID_TAG_BODY, READ_ONLY).unwrap();
    let mut units = runtime::Encoder::new();
    runtime::Utf16::new(body.as_str()).pack_units(&mut units).unwrap();
    let units = units.finish();
    assert_eq!(size as usize, units.len());
    assert_eq!(client.stream_size(stream), Ok(size));
    assert_eq!(client.read_whole(stream), units);
    // The same in 8 bits a character.
    let (stream, size) = client.open_stream(message, PropertyTag(0x1000_001E), READ_ONLY).unwrap();
    assert_eq!(size as usize, body.chars().count());
    assert_eq!(client.read_stream(stream, 6, None).unwrap(), b"Gr\xFC\xDFe ");
    let ids = [
        "MS-OXCPRPT_R251",
        "MS-OXCPRPT_R25301",
        "MS-OXCPRPT_R25509",
        "MS-OXCPRPT_R25508",
        "MS-OXCPRPT_R277",
        "MS-OXCPRPT_R267",
        "MS-OXCPRPT_R547",
        "MS-OXCPRPT_R552",
        "MS-OXCPRPT_R55206",
        "MS-OXCPRPT_R555",
        "MS-OXCPRPT_R556",
        "MS-OXCPRPT_R25901",
        "MS-OXCPRPT_R28601",
        "MS-OXCPRPT_R296",
    ];
    record("a_body_larger_than_a_reply_is_read_in_pieces", &ids);
}

#[test]
fn attachments_are_read_in_pieces() {
    let fixture = Fixture::new();
    let content = pattern(200_000);
    let id = fixture.deliver(|message| _ = message.attachments.insert(0, attachment("a.bin", &content)));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let opened = client.open_attachment(message, 0, READ_ONLY).unwrap();
    for tag in [tags::PID_TAG_ATTACH_DATA_BINARY, tags::PID_TAG_ATTACH_DATA_OBJECT] {
        let (stream, size) = client.open_stream(opened, tag, READ_ONLY).unwrap();
        assert_eq!(size, 200_000);
        assert_eq!(client.read_whole(stream), content);
    }
    let (name, _) = client.open_stream(opened, tags::PID_TAG_ATTACH_LONG_FILENAME, READ_ONLY).unwrap();
    assert_eq!(client.read_whole(name), b"a\0.\0b\0i\0n\0");
    let ids = ["MS-OXCPRPT_R25303", "MS-OXCPRPT_R25502", "MS-OXCPRPT_R25503", "MS-OXCPRPT_R25505"];
    record("attachments_are_read_in_pieces", &ids);
}

#[test]
fn a_piece_is_what_was_asked_for_or_has_room() {
    let fixture = Fixture::new();
    let content = pattern(50_000);
    let id = fixture.deliver_with(tags::PID_TAG_HTML, binary(content.clone()));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let (stream, _) = client.open_stream(message, tags::PID_TAG_HTML, READ_ONLY).unwrap();
    assert_eq!(client.read_stream(stream, 0, None).unwrap(), b"");
    assert_eq!(client.read_stream(stream, 10, None).unwrap(), content[..10]);
    let maximum = client.read_stream(stream, BYTE_COUNT_IS_MAXIMUM, Some(20)).unwrap();
    assert_eq!(maximum, content[10..30]);
    // RopSize, the handle table, and the reply before its data take 24 bytes of the buffer.
    let piece = client.read_stream(stream, BYTE_COUNT_IS_MAXIMUM, Some(0x8000_0000)).unwrap();
    assert_eq!(piece.len(), 32 * 1024 - 2 - 8 - 8);
    assert_eq!(piece, content[30..30 + piece.len()]);
    client.limit = 100;
    let next = client.read_stream(stream, 1000, None).unwrap();
    assert_eq!(next.len(), 100 - 18);
    client.limit = 18;
    let refused = client.read_stream(stream, 1000, None).unwrap_err();
    assert!(matches!(refused, RopReadStreamFailure::Other { code: ErrorCode::EC_BUFFER_TOO_SMALL, .. }), "{refused:?}");
    client.limit = 1000;
    let at = 30 + piece.len() + next.len();
    assert_eq!(client.read_stream(stream, 5, None).unwrap(), content[at..at + 5]);
    let refused = client.read_stream(stream, BYTE_COUNT_IS_MAXIMUM, Some(0x8000_0001)).unwrap_err();
    assert!(matches!(refused, RopReadStreamFailure::Other { code: ErrorCode::EC_STREAM_INVALID_PARAM, .. }));
    let ids = [
        "MS-OXCPRPT_R55205",
        "MS-OXCPRPT_R28303",
        "MS-OXCPRPT_R2830401",
        "MS-OXCPRPT_R2830201",
        "MS-OXCPRPT_R283",
        "MS-OXCPRPT_R886",
        "MS-OXCROPS_R3227",
        "MS-OXCROPS_R3228",
    ];
    record("a_piece_is_what_was_asked_for_or_has_room", &ids);
}

#[test]
fn an_open_stream_stays_as_it_was() {
    let fixture = Fixture::new();
    let id = fixture.deliver_with(tags::PID_TAG_HTML, binary(pattern(50_000)));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0x01).unwrap();
    let (stream, _) = client.open_stream(message, tags::PID_TAG_HTML, READ_ONLY).unwrap();
    client.set(message, &[(tags::PID_TAG_HTML, binary(*b"new"))]).unwrap();
    client.save(message, 0x0A).unwrap();
    assert_eq!(client.read_whole(stream), pattern(50_000));
    let (stream, size) = client.open_stream(message, tags::PID_TAG_HTML, READ_ONLY).unwrap();
    assert_eq!((size, client.read_whole(stream)), (3, b"new".to_vec()));
}

#[test]
fn streams_of_other_types_and_of_nothing_are_refused() {
    let fixture = Fixture::new();
    let id = fixture.deliver_subject("one", 0);
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    let code = |result: Result<(u32, u32), ErrorCode>| result.unwrap_err();
    let integer = client.open_stream(message, tags::PID_TAG_IMPORTANCE, READ_ONLY);
    assert_eq!(code(integer), ErrorCode::EC_NOT_SUPPORTED);
    let list = client.open_stream(message, PropertyTag(0x36D8_1102), READ_ONLY);
    assert_eq!(code(list), ErrorCode::EC_NOT_SUPPORTED);
    for mode in [READ_ONLY, AccessMode::BEST_ACCESS] {
        assert_eq!(code(client.open_stream(message, tags::PID_TAG_HTML, mode)), ErrorCode::EC_NOT_FOUND);
    }
    assert_eq!(code(client.open_stream(message, tags::PID_TAG_SUBJECT, AccessMode(9))), ErrorCode::EC_INVALID_PARAM);
    for mode in [AccessMode::READ_WRITE, AccessMode::CREATE] {
        assert_eq!(code(client.open_stream(message, tags::PID_TAG_SUBJECT, mode)), ErrorCode::EC_ACCESS_DENIED);
    }
    record(
        "streams_of_other_types_and_of_nothing_are_refused",
        &["MS-OXCPRPT_R548", "MS-OXCPRPT_R549", "MS-OXCPRPT_R272"],
    );
}

#[test]
fn the_create_mode_deletes_the_value() {
    let fixture = Fixture::new();
    let id = fixture.deliver_with(tags::PID_TAG_COMMENT, string("old"));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0x01).unwrap();
    let (stream, size) = client.open_stream(message, tags::PID_TAG_COMMENT, AccessMode::READ_WRITE).unwrap();
    assert_eq!((size, client.read_whole(stream)), (6, b"o\0l\0d\0".to_vec()));
    let (stream, size) = client.open_stream(message, tags::PID_TAG_COMMENT, AccessMode::CREATE).unwrap();
    assert_eq!((size, client.read_whole(stream)), (0, Vec::new()));
    assert_eq!(client.get(message, &[tags::PID_TAG_COMMENT]), [Err(ErrorCode::EC_NOT_FOUND)]);
    assert_eq!(fixture.stored(id, tags::PID_TAG_COMMENT), Some(string("old")));
    let computed = client.open_stream(message, tags::PID_TAG_ENTRY_ID, AccessMode::CREATE).unwrap_err();
    assert_eq!(computed, ErrorCode::EC_ACCESS_DENIED);
    record("the_create_mode_deletes_the_value", &["MS-OXCPRPT_R269", "MS-OXCPRPT_R271", "MS-OXCPRPT_R885"]);
}

#[test]
fn folders_have_streams_to_read() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    client.set(inbox, &[(PropertyTag(0x36DA_0102), binary(*b"flags"))]).unwrap();
    let (stream, size) = client.open_stream(inbox, PropertyTag(0x36DA_0102), READ_ONLY).unwrap();
    assert_eq!((size, client.read_whole(stream)), (5, b"flags".to_vec()));
    let (entry_id, _) = client.open_stream(inbox, tags::PID_TAG_ENTRY_ID, READ_ONLY).unwrap();
    assert_eq!(client.read_whole(entry_id).len(), 46);
    let refused = client.open_stream(inbox, tags::PID_TAG_ENTRY_ID, AccessMode::CREATE).unwrap_err();
    assert_eq!(refused, ErrorCode::EC_ACCESS_DENIED);
    record("folders_have_streams_to_read", &["MS-OXCPRPT_R25302", "MS-OXCPRPT_R256"]);
}

#[test]
fn plain_text_made_of_html_is_a_stream_too() {
    let fixture = Fixture::new();
    let html = format!("<p>{}</p>", "word ".repeat(20_000));
    let id = fixture.deliver_with(tags::PID_TAG_HTML, binary(html.into_bytes()));
    let (mut client, logon) = fixture.logged_on();
    let (_, message) = client.open_message(logon, fixture.inbox(), id, 0).unwrap();
    assert_eq!(client.get(message, &[tags::PID_TAG_BODY]), [Err(ErrorCode::EC_MAPIOOM)]);
    let (stream, size) = client.open_stream(message, tags::PID_TAG_BODY, READ_ONLY).unwrap();
    assert_eq!(size, 2 * (20_000 * 5 - 1 + 2));
    assert_eq!(client.read_stream(stream, 8, None).unwrap(), b"w\0o\0r\0d\0");
}
