//! ROP buffers: published bytes, and what has to be refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use generated_tests::vectors::hex;
use generated_tests::{samples, spec_coverage};
use protocol::rops::{Conversation, RopInputBuffer, RopOutputBuffer, RopReply, RopRequest};
use runtime::{Encoder, UnpackErrorKind};

fn packed(batch: &RopInputBuffer<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    batch.pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// MS-OXCROPS 4.1: a buffer without operations.
#[test]
fn reads_the_published_empty_buffer() {
    let bytes = hex("02 00");
    let batch = RopInputBuffer::unpack(&bytes).unwrap();
    assert_eq!(batch, RopInputBuffer::default());
    assert_eq!(packed(&batch), bytes);
}

/// MS-OXORULE 4.2.1: the operations of a rules table, with the published handle table.
#[test]
fn reads_published_requests_with_their_handle_table() {
    let rops = hex("12 00 01 00 03 00  14 00 74 66  02 01 84 66  1F 00 82 66
         15 00 01 00 01 32 00");
    let mut e = Encoder::new();
    e.count_u16(rops.len() + 2).unwrap();
    e.bytes(&rops).unwrap();
    e.bytes(&hex("23 02 00 00  FF FF FF FF")).unwrap();
    let bytes = e.finish().to_vec();
    let batch = RopInputBuffer::unpack(&bytes).unwrap();
    assert_eq!(batch.handles, [0x0000_0223, 0xFFFF_FFFF]);
    assert!(matches!(batch.requests[..], [RopRequest::RopSetColumns(_), RopRequest::RopQueryRows(_)]));
    assert_eq!(packed(&batch), bytes);
}

/// MS-OXORULE 4.2.2: rows decode with the columns that the conversation has set.
#[test]
fn reads_published_rows_with_the_columns_of_the_conversation() {
    let requests = RopInputBuffer::unpack(&hex(
        "1B 00  12 00 01 00 03 00 14 00 74 66 02 01 84 66 1F 00 82 66  15 00 01 00 01 32 00  23 02 00 00  24 02 00 00",
    ))
    .unwrap()
    .requests
    .into_iter()
    .map(RopRequest::into_owned)
    .collect::<Vec<_>>();
    let replies = hex("41 00  12 01 00 00 00 00 00
         15 01 00 00 00 00 02 01 00 00  01 00 00 00 01 3F F8 56  10 00 01 00 00 00 01 00 00 00 55 55 55 55 D1 44 E3 40
         50 00 72 00 6F 00 6A 00 65 00 63 00 74 00 20 00 58 00 00 00  23 02 00 00  24 02 00 00");
    let mut conversation = Conversation::default();
    let output = RopOutputBuffer::unpack(&replies, &requests, &mut conversation).unwrap();
    let RopReply::RopQueryRows(rows) = &output.replies[1] else { panic!("{:?}", output.replies) };
    assert_eq!(rows.result.as_ref().unwrap().row_data.len(), 1);

    // Without the columns there is no telling where a row ends: all that follows stays bytes.
    let mut stranger = Conversation::default();
    let bytes = hex("0C 00 15 01 00 00 00 00 02 01 00 00");
    let output = RopOutputBuffer::unpack(&bytes, &requests[1..], &mut stranger).unwrap();
    assert!(matches!(output.replies[..], [RopReply::Opaque(_)]));
}

#[test]
fn refuses_a_batch_with_a_reserved_operation() {
    // RopId 0x00 is reserved: its length is unknown, and so is all that follows (MS-OXCROPS 2.2.2).
    let error = RopInputBuffer::unpack(&hex("0B 00  01 00 00  00 00 00  01 00 00")).unwrap_err();
    assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { found: 0, .. }), "{error}");
    assert_eq!((error.offset(), error.path().as_str()), (5, "RopId"));
    spec_coverage::record("MS-OXCROPS_R180001", "refuses_a_batch_with_a_reserved_operation");
}

#[test]
fn refuses_a_size_that_lies() {
    for bytes in ["01 00", "00 00", "05 00 01 00", "02", ""] {
        let bytes = hex(bytes);
        let error = RopInputBuffer::unpack(&bytes).unwrap_err();
        assert!(error.path().starts_with("Rop"), "{error}");
    }
}

#[test]
fn refuses_half_a_handle() {
    let error = RopInputBuffer::unpack(&hex("02 00  01 02 03")).unwrap_err();
    assert_eq!(error.path(), "ServerObjectHandleTable[0]");
}

/// The lists of twelve requests and of their rows, and one boxed restriction: texts and bytes stay where they are.
#[test]
fn twelve_requests_take_few_allocations() {
    let bytes = packed(&RopInputBuffer { requests: samples::requests(), handles: vec![1, 2, 3, 4] });
    let mut requests = Vec::new();
    let memory = allocation_counter::measure(|| requests = RopInputBuffer::unpack(&bytes).unwrap().requests);
    assert_eq!((requests.len(), memory.count_total), (12, 13));
}

#[test]
fn packs_what_it_has_read() {
    let batch = RopInputBuffer { requests: samples::requests(), handles: vec![1, 0xFFFF_FFFF, 0xFFFF_FFFF, 7] };
    let bytes = packed(&batch);
    let read = RopInputBuffer::unpack(&bytes).unwrap();
    assert_eq!((read.requests.len(), &read.handles), (batch.requests.len(), &batch.handles));
    for (number, (read, sent)) in read.requests.iter().zip(&batch.requests).enumerate() {
        assert_eq!(read, sent, "request {number}");
    }
    for end in 0..bytes.len() - 4 * batch.handles.len() {
        assert!(RopInputBuffer::unpack(&bytes[..end]).is_err(), "{end} bytes");
    }
}
