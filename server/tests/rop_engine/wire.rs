//! ROP output buffers read by hand: size, replies, handle table (MS-OXCROPS 2.2.1, 3.2.5).

use protocol::oxcfold::{ContentsTableFlags, OpenModeFlags, RopGetContentsTableRequest, RopOpenFolderRequest};
use protocol::oxcrops::RopReleaseRequest;
use protocol::oxctabl::{AsynchronousFlags, RopQueryPositionRequest, RopSetColumnsRequest};
use protocol::rops::RopRequest;
use runtime::Cursor;
use runtime::rop::INVALID_HANDLE;
use server::store::{SpecialFolder, tags};

use crate::fixture::Fixture;
use crate::record;

fn open_folder(input: u8, output: u8, fixture: &Fixture) -> RopRequest<'static> {
    RopRequest::RopOpenFolder(RopOpenFolderRequest {
        logon_id: 0,
        input_handle_index: input,
        output_handle_index: output,
        folder_id: fixture.inbox(),
        open_mode_flags: OpenModeFlags(0),
    })
}

fn contents(input: u8, output: u8) -> RopRequest<'static> {
    RopRequest::RopGetContentsTable(RopGetContentsTableRequest {
        logon_id: 0,
        input_handle_index: input,
        output_handle_index: output,
        table_flags: ContentsTableFlags(0),
    })
}

fn set_columns(input: u8) -> RopRequest<'static> {
    RopRequest::RopSetColumns(RopSetColumnsRequest {
        logon_id: 0,
        input_handle_index: input,
        set_columns_flags: AsynchronousFlags(0),
        property_tags: vec![tags::PID_TAG_SUBJECT],
    })
}

fn position(input: u8) -> RopRequest<'static> {
    RopRequest::RopQueryPosition(RopQueryPositionRequest { logon_id: 0, input_handle_index: input })
}

/// The replies' bytes of an output buffer and its handles.
fn parts(output: &[u8]) -> (&[u8], Vec<u32>) {
    let mut c = Cursor::new(output);
    let size = c.u16().unwrap();
    let replies = c.take(usize::from(size) - 2).unwrap();
    let mut handles = Vec::new();
    while !c.is_empty() {
        handles.push(c.u32().unwrap());
    }
    (replies, handles)
}

#[test]
fn an_output_buffer_is_its_size_the_replies_and_the_handles() {
    const TEST: &str = "an_output_buffer_is_its_size_the_replies_and_the_handles";
    let fixture = Fixture::new();
    fixture.deliver_many(0x0102);
    let (mut client, logon) = fixture.logged_on();
    // Slots in no order, with an entry that nothing names and that no object has.
    let requests = [open_folder(4, 2, &fixture), contents(2, 0), set_columns(0), position(0)];
    let before = [INVALID_HANDLE, 0x5A5A_0001, INVALID_HANDLE, INVALID_HANDLE, logon];
    let output = client.run_bytes(&requests, &before).unwrap();
    let (replies, handles) = parts(&output);

    assert_eq!(handles.len(), before.len());
    assert_eq!([handles[1], handles[3], handles[4]], [before[1], before[3], before[4]]);
    record(TEST, &["MS-OXCROPS_R4565", "MS-OXCROPS_R4675", "MS-OXCROPS_R11"]);

    // One after the other, each as long as its kind is.
    let heads = [(0x02, 2, 8), (0x05, 0, 10), (0x12, 0, 7), (0x17, 0, 14)];
    let mut c = Cursor::new(replies);
    let mut each = Vec::new();
    for (rop_id, index, size) in heads {
        let reply = c.take(size).unwrap();
        assert_eq!(reply[..6], [rop_id, index, 0, 0, 0, 0]);
        each.push(reply);
    }
    assert!(c.is_empty(), "{} bytes more", c.remaining());
    record(TEST, &["MS-OXCROPS_R4671", "MS-OXCROPS_R4673", "MS-OXCROPS_R4550", "MS-OXCROPS_R4719"]);

    // RowCount and Denominator are 0x102: the low byte comes first.
    assert_eq!(each[1][6..], [0x02, 0x01, 0, 0]);
    assert_eq!(each[3][6..], [0, 0, 0, 0, 0x02, 0x01, 0, 0]);
    record(TEST, &["MS-OXCROPS_R3"]);

    // What was opened stands in the slot of its output index, and the requests after it have worked on it.
    assert!(client.objects.get(handles[2]).is_some() && client.objects.get(handles[0]).is_some());
    assert_ne!(handles[0], handles[2]);
    assert!(!handles[..3].contains(&INVALID_HANDLE));
    record(TEST, &["MS-OXCROPS_R4558", "MS-OXCROPS_R4559"]);
}

#[test]
fn a_size_counts_without_a_sign() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.limit = 60_000;
    // 3 bytes ask, 14 answer; both buffers are longer than a signed number could say.
    let output = client.run_bytes(&vec![position(0); 4000], &[table]).unwrap();
    assert_eq!((output.len(), parts(&output).0.len()), (2 + 4000 * 14 + 4, 4000 * 14));
    let release = RopRequest::RopRelease(RopReleaseRequest { logon_id: 0, input_handle_index: 1 });
    let mut requests = vec![release; 11_000];
    requests.push(position(0));
    let output = client.run_bytes(&requests, &[table, INVALID_HANDLE]).unwrap();
    assert_eq!(parts(&output).0.len(), 14);
    record("a_size_counts_without_a_sign", &["MS-OXCROPS_R6"]);
}

#[test]
fn a_release_has_no_reply() {
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let release = RopRequest::RopRelease(RopReleaseRequest { logon_id: 0, input_handle_index: 1 });
    let open = client.objects.len();
    let output = client.run_bytes(std::slice::from_ref(&release), &[table, inbox]).unwrap();
    assert_eq!((parts(&output).0.len(), client.objects.len()), (0, open - 1));
    let output = client.run_bytes(&[release.clone(), position(0), release], &[table, inbox]).unwrap();
    assert_eq!(parts(&output).0.len(), 14);
    record("a_release_has_no_reply", &["MS-OXCROPS_R4581"]);
}

#[test]
fn handles_without_an_object_have_return_values_of_their_own() {
    const TEST: &str = "handles_without_an_object_have_return_values_of_their_own";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    let mut value = |request: RopRequest<'static>, handle| {
        let output = client.run_bytes(&[request], &[handle]).unwrap();
        output[4..8].to_vec()
    };
    assert_eq!(value(position(0), 0x5A5A_0001), [0xB9, 0x04, 0, 0]);
    assert_eq!(value(position(0), INVALID_HANDLE), [0xB9, 0x04, 0, 0]);
    record(TEST, &["MS-OXCROPS_R457302"]);
    let other = RopRequest::RopQueryPosition(RopQueryPositionRequest { logon_id: 1, input_handle_index: 0 });
    assert_eq!(value(position(0), table), [0; 4]);
    assert_eq!(value(other, table), [0x05, 0x00, 0x07, 0x80]);
    record(TEST, &["MS-OXCROPS_R457303"]);
}
