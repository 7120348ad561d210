//! Replies of the operations: their return value, what follows it, and when.

use generated_tests::described::vectors;
use generated_tests::vectors::hex;
use protocol::oxcdata::GlobalIdentifier;
use protocol::oxcfxics::{
    RopFastTransferDestinationPutBufferExtendedResponse, RopFastTransferDestinationPutBufferResponse,
    RopFastTransferSourceGetBufferResponse, RopGetLocalReplicaIdsResponse,
    RopSynchronizationImportHierarchyChangeResponse, RopSynchronizationImportMessageChangeResponse,
    RopSynchronizationImportMessageMoveResponse, TransferStatus,
};
use protocol::rops::{Conversation, RopInputBuffer, RopOutputBuffer};
use runtime::rop::pack_batch;
use runtime::{Cursor, Guid};

use crate::{both_ways, packed, record};

fn buffer(operation: &[u8]) -> Vec<u8> {
    packed(|e| pack_batch(e, operation, &[5, 6, 7, 8]))
}

/// The reply to a request, as text; nothing if it is none.
fn reply(request: &[u8], reply: &[u8]) -> Option<String> {
    let (input, output) = (buffer(request), buffer(reply));
    let requests = RopInputBuffer::unpack(&input).unwrap().requests;
    let output = RopOutputBuffer::unpack(&output, &requests, &mut Conversation::default()).ok()?;
    let [reply] = output.replies.as_slice() else { panic!("not one reply: {:?}", output.replies) };
    Some(format!("{reply:?}"))
}

#[test]
fn replies_have_a_return_value_and_a_body_for_success_only() {
    const TEST: &str = "replies_have_a_return_value_and_a_body_for_success_only";
    let eight = "00 00 00 00 00 00 00 00";
    let ids = "01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10  00 00 00 01 00 00";
    // The operation, the index that heads its reply, the body, what is proved.
    let table: [(&str, u8, &str, &[&str]); 19] = [
        ("RopFastTransferSourceCopyTo", 1, "", &["R382"]),
        ("RopFastTransferSourceCopyProperties", 1, "", &["R453"]),
        ("RopFastTransferSourceCopyMessages", 1, "", &["R485"]),
        ("RopFastTransferSourceCopyFolder", 1, "", &["R509"]),
        ("RopTellVersion", 0, "", &["R577"]),
        ("RopFastTransferDestinationConfigure", 1, "", &["R588"]),
        ("RopSynchronizationConfigure", 1, "", &["R667"]),
        ("RopSynchronizationUploadStateStreamBegin", 0, "", &["R736"]),
        ("RopSynchronizationUploadStateStreamContinue", 0, "", &["R747"]),
        ("RopSynchronizationUploadStateStreamEnd", 0, "", &["R754"]),
        ("RopSynchronizationGetTransferState", 1, "", &["R763"]),
        ("RopSynchronizationOpenCollector", 1, "", &["R776"]),
        ("RopSynchronizationImportMessageChange", 1, eight, &["R800", "R809"]),
        ("RopSynchronizationImportHierarchyChange", 0, eight, &["R830", "R836"]),
        ("RopSynchronizationImportMessageMove", 0, eight, &["R870", "R880"]),
        ("RopSynchronizationImportDeletes", 0, "", &["R896"]),
        ("RopSynchronizationImportReadStateChanges", 0, "", &["R919"]),
        ("RopGetLocalReplicaIds", 0, ids, &["R931", "R934", "R937"]),
        ("RopSetLocalReplicaMidsetDeleted", 0, "", &["R954"]),
    ];
    let vectors = vectors();
    for (rop, index, body, statements) in table {
        let (_, request) = vectors[rop].iter().find(|(target, _)| target == "request").unwrap();
        let with = |value: &str, body: &str| [vec![request[0], index], hex(value), hex(body)].concat();
        let success = reply(request, &with("00 00 00 00", body)).unwrap_or_else(|| panic!("{rop}"));
        assert!(success.contains("result: Ok("), "{success}");
        for (value, name) in [("02 01 04 80", "ecNotSupported"), ("05 40 00 80", "ecError")] {
            let failure = reply(request, &with(value, "")).unwrap_or_else(|| panic!("{rop}"));
            assert!(failure.contains(name), "{failure}");
            assert!(body.is_empty() || reply(request, &with(value, body)).is_none(), "{rop}: a body of failure");
        }
        assert!(
            body.is_empty() || reply(request, &with("00 00 00 00", "")).is_none(),
            "{rop}: success without its body"
        );
        assert!(reply(request, &with("00 00 00", "")).is_none(), "{rop}: three bytes of ReturnValue");
        record(TEST, statements);
    }
}

#[test]
fn transfers_say_how_far_they_are() {
    const TEST: &str = "transfers_say_how_far_they_are";
    let vectors = vectors();
    for (rop, id) in [
        ("RopFastTransferSourceGetBuffer", "R540"),
        ("RopFastTransferDestinationPutBuffer", "R3171"),
        ("RopFastTransferDestinationPutBufferExtended", "R3183015"),
    ] {
        let (_, request) = vectors[rop].iter().find(|(target, _)| target == "request").unwrap();
        let (_, usual) = vectors[rop].iter().find(|(target, _)| target == "success").unwrap();
        // These fields are there whatever the return value is.
        let failing = [&usual[..2], &hex("05 40 00 80"), &usual[6..]].concat();
        let text = reply(request, &failing).unwrap();
        assert!(text.contains("ecError") && text.contains("transfer_status"), "{text}");
        record(TEST, &[id]);
    }
    let bytes = hex("01 00  02 01  04 03  00  03 00  AA BB CC");
    let read = both_ways(&bytes, RopFastTransferSourceGetBufferResponse::unpack, |body, e| body.pack(e));
    assert_eq!(
        (read.transfer_status, read.in_progress_count, read.total_step_count),
        (TransferStatus::PARTIAL, 0x0102, 0x0304)
    );
    assert_eq!(read.transfer_buffer.as_ref(), [0xAA, 0xBB, 0xCC]);
    for size in ["02 00", "04 00"] {
        let lying = hex(&format!("01 00  02 01  04 03  00  {size}  AA BB CC"));
        let mut c = Cursor::new(&lying);
        let result = RopFastTransferSourceGetBufferResponse::unpack(&mut c).map(drop);
        assert!(result.is_err() || !c.is_empty());
    }
    record(TEST, &["R543", "R545", "R548", "R552", "R553"]);
    let odd = hex("01 00  02 01  04 03  FF  03 00  AA BB CC");
    let read = RopFastTransferSourceGetBufferResponse::unpack(&mut Cursor::new(&odd)).unwrap();
    assert_eq!(packed(|e| read.pack(e)), bytes);
    record(TEST, &["R551"]);

    let bytes = hex("02 00  02 01  04 03  00  06 05");
    let read = both_ways(&bytes, RopFastTransferDestinationPutBufferResponse::unpack, |body, e| body.pack(e));
    assert_eq!(
        (read.transfer_status, read.in_progress_count, read.total_step_count),
        (TransferStatus::NO_ROOM, 0x0102, 0x0304)
    );
    assert_eq!(read.buffer_used_size, 0x0506);
    record(TEST, &["R3172", "R3173", "R3176", "R3179", "R3181"]);
    assert_eq!((TransferStatus::PARTIAL.0, TransferStatus::NO_ROOM.0), (1, 2));
    record(TEST, &["R568", "R3149"]);
    let bytes = hex("03 00  04 03 02 01  08 07 06 05  00  0A 09");
    let read = both_ways(&bytes, RopFastTransferDestinationPutBufferExtendedResponse::unpack, |body, e| body.pack(e));
    assert_eq!((read.transfer_status, read.in_progress_count), (TransferStatus::DONE, 0x0102_0304));
    assert_eq!((read.total_step_count, read.buffer_used_size), (0x0506_0708, 0x090A));
    record(TEST, &["R3183017", "R3183019", "R3183023", "R3183027", "R3183029"]);
}

#[test]
fn imports_and_identifiers_have_their_sizes() {
    const TEST: &str = "imports_and_identifiers_have_their_sizes";
    // Identifiers that are of no use: read whatever they are, written as 0.
    let id = hex("01 00  00 00 00 00 00 2A");
    let zero = [0; 8];
    let read = |bytes: &[u8]| RopSynchronizationImportMessageChangeResponse::unpack(&mut Cursor::new(bytes));
    assert_eq!(packed(|e| read(&id).unwrap().pack(e)), zero);
    assert!(read(&id[..7]).is_err());
    record(TEST, &["R807", "R808"]);
    let read = |bytes: &[u8]| RopSynchronizationImportHierarchyChangeResponse::unpack(&mut Cursor::new(bytes));
    assert_eq!(packed(|e| read(&id).unwrap().pack(e)), zero);
    assert!(read(&id[..7]).is_err());
    record(TEST, &["R833", "R834", "R835"]);
    let read = |bytes: &[u8]| RopSynchronizationImportMessageMoveResponse::unpack(&mut Cursor::new(bytes));
    assert_eq!(packed(|e| read(&id).unwrap().pack(e)), zero);
    assert!(read(&id[..7]).is_err());
    record(TEST, &["R878", "R879", "R879001"]);
    for statement in ["R4694", "R4695", "R4696"] {
        generated_tests::spec_coverage::record(&format!("MS-OXCROPS_{statement}"), TEST);
    }
    let bytes = hex("01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10  00 00 00 01 00 02");
    let ids = both_ways(&bytes, RopGetLocalReplicaIdsResponse::unpack, |body, e| body.pack(e));
    assert_eq!(ids.repl_guid, Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]));
    assert_eq!(ids.global_count, 0x1_0002);
    record(TEST, &["R933", "R935"]);
    // Both together are the first of the identifiers.
    let first = GlobalIdentifier::unpack(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!((first.database_guid, first.global_counter), (ids.repl_guid, ids.global_count));
    record(TEST, &["R936"]);
}
